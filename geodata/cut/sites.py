"""The sites of a case: the main site of each practice, its branches, each building once, and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from geodata.cut.record import Record, count, listed
from geodata.errors import Finding
from geodata.published.ods import open_branches

SITE_COLUMNS = ["site_code", "practice_code", "name", "kind", "postcode", "x", "y"]


def plain(postcodes: pd.Series) -> pd.Series:
    """Postcodes without blanks, upper-case."""
    return postcodes.str.upper().str.replace(r"\s+", "", regex=True)


def site_records(
    practices: pd.DataFrame,
    branches: pd.DataFrame | None,
    *,
    everyone: pd.DataFrame,
    day: date | None,
    branch_file: str,
    branch_vintage: str,
    branch_day: date | None,
    record: Record,
) -> pd.DataFrame:
    """Main sites and branches of the practices, without branches that closed, came later or repeat a site.

    Parameters
    ----------
    practices
        Practices of the case, indexed by code: `name`, `postcode`.
    branches
        All branches of the branch file, or None without one.
    everyone
        Every record of the list of practices, open or not: tells former practices that are listed as branches, and the
        branches of practices that closed.
    day
        The day the case speaks of.
    branch_file, branch_vintage
        For the findings.
    branch_day
        The last day of the branch file's own date.

    Returns
    -------
    pandas.DataFrame
        `site_code`, `practice_code`, `name`, `kind`, `postcode`, sorted by code; main sites have the practice's code.
    """
    main = pd.DataFrame(
        {
            "site_code": practices.index,
            "practice_code": practices.index,
            "name": practices["name"].to_numpy(),
            "kind": "main",
            "postcode": practices["postcode"].to_numpy(),
        }
    )
    if branches is None:
        message = "The folder holds no list of branch surgeries: every practice has its main site only."
        record.warn("no-branches", "", message, "Add ebranchs.csv (ODS, NHS England) of about the same date.")
        return main.sort_values("site_code", ignore_index=True)
    own = branches[branches["practice_code"].isin(practices.index)].sort_values("site_code")
    own = own.drop_duplicates("site_code").assign(kind="branch")
    _tell_records(main, own, branch_file, record)
    kept = _open_branches(own, day, branch_day, record)
    taken = len(kept)
    kept = _without_repeats(main, kept, record)
    repeats = taken - len(kept)
    parts = [
        f"Branches of {branch_vintage} with a practice of the case as parent: {len(own)}",
        f"{len(kept)} kept",
        f"{len(own) - taken} opened after the date of the case or closed by then",
        f"{repeats} at the postcode of another site of the same practice",
    ]
    message = "; ".join(parts) + ". left_out.csv lists those left out."
    record.note("branches", branch_file, message, value=str(len(kept)))
    _tell_former_practices(kept, everyone, branch_file, record)
    sites = pd.concat([main, kept[main.columns]], ignore_index=True).sort_values("site_code", ignore_index=True)
    _tell_shared(sites, record)
    return sites


def lost_branches(branches: pd.DataFrame | None, parents: pd.DataFrame, *, branch_file: str, record: Record) -> None:
    """Branches whose parent is not in the case: listed one by one, and counted by what the parent is.

    Parameters
    ----------
    branches
        All branches of the branch file, or None without one.
    parents
        Records of the commissioner, or practices asked for, that are not in the case, indexed by code: `reason`, why it
        is no open GP practice (empty: it is one, and was left out), and `gp`, whether it is or was a GP practice.
    branch_file
        For the findings.
    record
        Branches that are listed there already are passed over.
    """
    if branches is None:
        return
    lost = branches[branches["practice_code"].isin(parents.index)].drop_duplicates("site_code")
    lost = lost[~lost["site_code"].isin(record.codes("sites"))]
    theirs = parents.loc[lost["practice_code"]]
    reason, gp = theirs["reason"].to_numpy(dtype=object), theirs["gp"].to_numpy(dtype=bool)
    for row, why, of_practice in zip(lost.itertuples(), reason, gp, strict=True):
        parent = row.practice_code
        words = f"its practice {parent} is not open ({why})" if why else f"its practice {parent} is left out itself"
        words = words if of_practice else f"it belongs to {parent}: {why}"
        record.leave_out("sites", row.site_code, words, name=row.name, postcode=row.postcode)
    closed, left = gp & (reason != ""), reason == ""
    if closed.any():
        message = (
            f"Left out: {_branches_of(lost[closed], 'practice')} of the commissioner that closed or merged. The file "
            "does not say who runs them now."
        )
        fix = "Add those still in use to sites.csv under the practice that took them over; left_out.csv lists them."
        record.warn("branches-of-closed", branch_file, message, fix, value=listed(sorted(lost["site_code"][closed])))
    if left.any():
        message = f"Left out with their practice: {_branches_of(lost[left], 'practice')}."
        record.note("branches-of-left-out", branch_file, message, value=listed(sorted(lost["site_code"][left])))
    if not gp.all():
        what = _branches_of(lost[~gp], "organisation")
        message = f"Left out, as their parent is no GP practice: {what} of the commissioner."
        record.note("branches-of-others", branch_file, message, value=listed(sorted(lost["site_code"][~gp])))


def _branches_of(lost: pd.DataFrame, parent: str) -> str:
    """2 branches of 1 practice."""
    return f"{count(len(lost), 'branch', 'branches')} of {count(lost['practice_code'].nunique(), parent)}"


def _tell_records(main: pd.DataFrame, own: pd.DataFrame, branch_file: str, record: Record) -> None:
    postcodes = plain(pd.concat([main["postcode"], own["postcode"]]))
    distinct = postcodes[postcodes != ""].nunique()
    message = (
        f"{count(len(main) + len(own), 'practice and branch record')} "
        f"({count(len(main), 'practice')}, {count(len(own), 'branch', 'branches')}) on {count(distinct, 'postcode')}."
    )
    record.note("records-on-postcodes", branch_file, message, value=f"{len(main) + len(own)} on {distinct}")


def _open_branches(own: pd.DataFrame, day: date | None, as_of: date | None, record: Record) -> pd.DataFrame:
    is_open, reasons = open_branches(own, day, as_of=as_of)
    for row in own[~is_open].itertuples():
        record.leave_out("sites", row.site_code, reasons[row.Index], name=row.name, postcode=row.postcode)
    return own[is_open]


def _without_repeats(main: pd.DataFrame, branches: pd.DataFrame, record: Record) -> pd.DataFrame:
    """Each building of a practice once: the main site first, then the smaller code."""
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for row, postcode in zip(main.itertuples(), plain(main["postcode"]), strict=True):
        if postcode:
            first[row.practice_code, postcode] = ("the main site of", row.practice_code)
    keep = []
    for row, postcode in zip(branches.itertuples(), plain(branches["postcode"]), strict=True):
        key = (row.practice_code, postcode)
        what = first.setdefault(key, ("branch", row.site_code)) if postcode else ("branch", row.site_code)
        keep.append(what == ("branch", row.site_code))
        if not keep[-1]:
            reason = f"repeats {what[0]} {what[1]}: same practice, same postcode"
            record.leave_out("sites", row.site_code, reason, name=row.name, postcode=row.postcode)
    return branches[np.array(keep, dtype=bool)]


def _tell_former_practices(branches: pd.DataFrame, everyone: pd.DataFrame, branch_file: str, record: Record) -> None:
    """Branches at the postcode of a practice that is no longer open: a practice taken over, most likely."""
    own_code = branches["site_code"].isin(set(everyone["practice_code"]))
    gone = everyone[(everyone["status"] == "C") | (everyone["closed"] != "")]
    former = set(plain(gone.loc[gone["setting"] == "4", "postcode"])) - {""}
    theirs = branches[own_code | plain(branches["postcode"]).isin(former)]
    if len(theirs):
        message = (
            f"Branches of the case that stand where a former practice was: {len(theirs)}. Most likely that practice "
            "was taken over."
        )
        record.note("former-practices", branch_file, message, value=listed(theirs["site_code"]))


def _tell_shared(sites: pd.DataFrame, record: Record) -> None:
    postcodes = plain(sites["postcode"])
    several = sites.groupby(postcodes)["practice_code"].nunique()
    shared = several[(several > 1) & (several.index != "")]
    if len(shared):
        number = sites.loc[postcodes.isin(shared.index), "practice_code"].nunique()
        message = (
            f"{count(number, 'practice')} share a building: {count(len(shared), 'postcode')} with sites of more than "
            "one practice. All are kept."
        )
        written = sites.loc[postcodes.isin(shared.index), "postcode"].groupby(postcodes).first()
        record.note("shared-buildings", "", message, value=listed(written.sort_index()))


def tell_postcodes(sites: pd.DataFrame, points: pd.DataFrame, findings: Sequence[Finding], record: Record) -> None:
    """Say of each site whose postcode has no coordinate of its own how it was placed.

    Parameters
    ----------
    sites
        From `site_records`.
    points
        From `read_postcodes`, indexed by postcode without blanks.
    findings
        What `read_postcodes` noticed: sentences about postcodes get the codes of their sites; others pass unchanged.
    """
    sentences = {(finding.value or "").replace(" ", ""): finding for finding in findings}
    of_postcodes = {"terminated-postcode", "postcode-by-neighbours", "unknown-postcode", "bad-postcode"}
    record.findings += [f for f in findings if f.code not in of_postcodes | {"package-postcode"}]
    keys = plain(sites["postcode"])
    untold: list[str] = []  # many of one kind are told one by one only up to a number
    for postcode, row in points[~points["how"].isin(["postcode", ""])].iterrows():
        theirs = sites[keys == postcode]
        codes = listed(theirs["site_code"])
        written = theirs["postcode"].iloc[0] if len(theirs) else str(postcode)
        told = sentences.get(str(postcode))
        if row["how"] == "package":
            message = f"{codes}: {written} has no coordinate in the files; it is placed by the {row['source']}."
            record.note("postcode-without-coordinate", "", message, value=codes)
        elif told is not None:
            code = "terminated-postcode" if row["how"] == "terminated postcode" else "postcode-without-coordinate"
            record.warn(code, told.file, f"{codes}: {told.message}", told.fix, value=codes)
        else:
            untold.extend(theirs["site_code"])
    if untold:
        message = (
            f"{count(len(untold), 'more site')} with a postcode that is out of use or has no coordinate: placed where "
            "it was, else at the mean of its neighbours' postcodes."
        )
        fix = "Give x and y (easting, northing) of these sites in sites.csv if it matters."
        record.warn("postcode-without-coordinate", "", message, fix, value=listed(untold))


# --- Where they stand ----------------------------------------------------------------------------------------------


def place_sites(
    sites: pd.DataFrame,
    points: pd.DataFrame,
    registrations: pd.DataFrame,
    areas: pd.DataFrame,
    *,
    postcode_file: str,
    list_sizes: pd.Series,
    record: Record,
) -> pd.DataFrame:
    """Give each site its easting and northing.

    A main site whose postcode is nowhere takes the mean of the points of the areas its patients live in, weighted by
    patients, which is said; without registrations its practice is left out. A branch that is nowhere is left out.

    Parameters
    ----------
    sites
        From `site_records`.
    points
        Index: postcode without blanks; columns `easting`, `northing`.
    registrations
        `practice_code`, `area_code`, `patients` of the practices of the case.
    areas
        Index `area_code`, columns `x`, `y` (metres), of all areas known.
    postcode_file
        For the findings.
    list_sizes
        Patients by practice code, for what is left out.

    Returns
    -------
    pandas.DataFrame
        The sites that are placed, with `x` and `y` in whole metres (EPSG:27700).
    """
    keys = plain(sites["postcode"])
    x = keys.map(points["easting"]).to_numpy(dtype=float, copy=True)
    y = keys.map(points["northing"]).to_numpy(dtype=float, copy=True)
    lost = ~(np.isfinite(x) & np.isfinite(y))
    main = (sites["kind"] == "main").to_numpy()
    centres = _patients_centres(registrations, areas)
    dropped: set[str] = set()
    for i in np.flatnonzero(lost & main):
        code = sites["practice_code"].iloc[i]
        if code in centres.index:
            x[i], y[i] = centres.at[code, "x"], centres.at[code, "y"]
            message = (
                f"The postcode {sites['postcode'].iloc[i] or '(empty)'} of {code} ({sites['name'].iloc[i]}) has no "
                f"coordinates: its main site is put in the middle of where its patients live."
            )
            fix = "Write the easting and northing of the building into sites.csv."
            record.warn("site-at-patients", postcode_file, message, fix, value=code)
        else:
            dropped.add(code)
    for code in sorted(dropped):
        row = sites[(sites["site_code"] == code) & main].iloc[0]
        patients = float(list_sizes.get(code, np.nan))
        reason = f"no coordinates for its postcode {row['postcode'] or '(empty)'}, and no registrations to place it by"
        record.leave_out("practices", code, reason, name=row["name"], postcode=row["postcode"], patients=patients)
    if dropped:
        patients = int(list_sizes.reindex(sorted(dropped)).sum())
        message = (
            f"{count(len(dropped), 'practice')} with {count(patients, 'patient')} cannot be placed (no coordinates for "
            "the postcode, no registrations): left out."
        )
        fix = "Add Code-Point Open or the ONS postcode directory to the folder."
        record.warn("practices-not-placed", postcode_file, message, fix, value=listed(sorted(dropped)))
    nowhere = lost & ~main & ~sites["practice_code"].isin(dropped).to_numpy()
    for row in sites[nowhere].itertuples():
        reason = f"no coordinates for its postcode {row.postcode or '(empty)'}"
        record.leave_out("sites", row.site_code, reason, name=row.name, postcode=row.postcode)
    if nowhere.any():
        codes = sites.loc[nowhere, "site_code"]
        message = f"{count(len(codes), 'branch', 'branches')} cannot be placed (no coordinates): left out."
        fix = "Add a newer or older file of postcodes to the folder, or the site by hand to sites.csv."
        record.warn("branches-not-placed", postcode_file, message, fix, value=listed(codes))
    placed = sites.assign(x=x, y=y)[~nowhere & ~sites["practice_code"].isin(dropped)]
    return placed.assign(x=placed["x"].round().astype(int), y=placed["y"].round().astype(int))[SITE_COLUMNS]


def _patients_centres(registrations: pd.DataFrame, areas: pd.DataFrame) -> pd.DataFrame:
    """Mean area point of each practice's patients, weighted by patients; index `practice_code`."""
    known = registrations[registrations["area_code"].isin(areas.index) & (registrations["patients"] > 0)]
    at = areas.loc[known["area_code"], ["x", "y"]].to_numpy(dtype=float)
    weight = known["patients"].to_numpy(dtype=float)
    here = np.isfinite(at).all(axis=1)
    table = pd.DataFrame({"w": weight[here], "x": at[here, 0] * weight[here], "y": at[here, 1] * weight[here]})
    sums = table.groupby(known["practice_code"].to_numpy()[here]).sum()
    return pd.DataFrame({"x": sums["x"] / sums["w"], "y": sums["y"] / sums["w"]})
