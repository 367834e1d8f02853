"""Postcodes to coordinates, offline, from the published directories.

A postcode that no file places is put where its neighbours are, and that is said: first at the mean of the postcodes of
its small area, then of its sector (`BH22 9`), then of its district.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geodata.errors import Finding, InputProblems, Severity
from geodata.published.postcode_package import package_postcodes, package_version
from geodata.published.postcode_rows import layout_of, no_rows, read_postcode_rows
from geodata.published.postcode_words import plain_postcode, postcode_parts, postcodes_of

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile

POSTCODE_COLUMNS = (
    "postcode",
    "easting",
    "northing",
    "terminated",
    "area_code",
    "how",
    "neighbours",
    "spread_m",
    "source",
)

TOLD_SINGLY = 20
"""Postcodes of one kind of finding that are told one by one; the rest is counted."""

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def read_postcodes(
    files: Sequence[PublishedFile],
    only: Collection[str] | None = None,
    *,
    code_year: int | None = None,
    package: bool = False,
) -> tuple[pd.DataFrame, list[Finding]]:
    """Find where postcodes are, from many files; those that no file places are put where their neighbours are.

    Parameters
    ----------
    files
        Recognised files of the kind `postcodes`, the preferred first.
    only
        The postcodes wanted, in any spelling; None for all that the files hold (none is then put beside neighbours).
    code_year
        2011 or 2021: which area codes to give where a file has both; None for the latest.
    package
        Whether to ask the installed package (see `postcode_package`) before neighbours.

    Returns
    -------
    frame
        One row per postcode wanted, sorted: `postcode` (no blanks), `easting`, `northing` (metres on EPSG:27700, NaN
        where nothing places it), `terminated` (year and month, as `200006`; ""), `area_code` ("" if not told),
        `how` (`postcode`, `terminated postcode`, `package`, `small area`, `sector`, `district`, or "" when it is not
        located), `neighbours` (how many postcodes the place is the mean of; 0), `spread_m` (root mean square
        distance of these from their mean; NaN), `source` (file that places it).
    findings
        Terminated postcodes, places taken from neighbours, postcodes that are not located.
    """
    wanted = None if only is None else sorted({plain_postcode(code) for code in only} - {""})
    findings: list[Finding] = []
    found = _from_files(files, wanted, code_year, findings)
    if wanted is None:
        return found[list(POSTCODE_COLUMNS)], findings
    out = found.set_index("postcode").reindex(wanted)
    for column in ("terminated", "area_code", "output_area", "how", "source"):
        out[column] = out[column].fillna("")
    out["neighbours"] = out["neighbours"].fillna(0).astype(int)
    if package:
        _from_package(out)
    missing = [str(code) for code in out.index[out["easting"].isna()] if postcode_parts(str(code))]
    if missing and files:
        _beside_neighbours(out, missing, files, code_year, findings)
    findings += _told(out)
    out.index.name = "postcode"
    return out.reset_index()[list(POSTCODE_COLUMNS)], findings


def _from_files(
    files: Sequence[PublishedFile], wanted: list[str] | None, code_year: int | None, findings: list[Finding]
) -> pd.DataFrame:
    """The best row of each postcode: placed before not placed, in use before terminated, earlier files first."""
    parts = []
    open_codes = None if wanted is None else set(wanted)
    for file in files:
        if open_codes is not None and not open_codes:
            break
        rows, told = read_postcode_rows(file, only=open_codes, code_year=code_year)
        findings += told
        rows["source"] = file.table.label
        parts.append(rows)
        if open_codes is not None:  # a postcode that has both place and area need not be looked up again
            done = (
                rows["easting"].notna() & ((rows["area_code"] != "") | (len(files) == 1)) & (rows["terminated"] == "")
            )
            open_codes -= set(rows["postcode"][done])
    rows = pd.concat(parts, ignore_index=True) if parts else no_rows().assign(source="")
    rows = rows[rows["postcode"] != ""]
    rows["order"] = rows["easting"].isna() * 2 + (rows["terminated"] != "") * 1
    rows = rows.sort_values(["postcode", "order"], kind="stable")
    best = rows.drop_duplicates("postcode").set_index("postcode")
    for column in ("terminated", "area_code", "output_area"):  # another file may know what the best does not tell
        filled = rows[rows[column] != ""].drop_duplicates("postcode").set_index("postcode")[column]
        known = best[column] != ""
        if column == "terminated":  # a file that places it as in use is believed
            known |= best["easting"].notna()
        best[column] = best[column].where(known, filled.reindex(best.index).fillna(""))
    placed = best["easting"].notna()
    best["how"] = np.where(~placed, "", np.where(best["terminated"] == "", "postcode", "terminated postcode"))
    best["source"] = best["source"].where(placed, "")
    return best.drop(columns="order").assign(neighbours=0, spread_m=np.nan).reset_index()


def _from_package(out: pd.DataFrame) -> None:
    missing = [str(code) for code in out.index[out["easting"].isna()] if postcode_parts(str(code))]
    rows = package_postcodes(missing) if missing else None
    if rows is None:
        return
    rows = rows[rows["easting"].notna()].set_index("postcode")
    out.loc[rows.index, ["easting", "northing"]] = rows[["easting", "northing"]]
    out.loc[rows.index, "how"] = "package"
    out.loc[rows.index, "source"] = f"installed package of postcodes {package_version()}"


# --- Neighbours --------------------------------------------------------------------------------------------------


def _beside_neighbours(
    out: pd.DataFrame,
    missing: list[str],
    files: Sequence[PublishedFile],
    code_year: int | None,
    findings: list[Finding],
) -> None:
    """Place postcodes at the mean of their small area's, else their sector's, else their district's postcodes."""
    placing = [file for file in files if any((s := layout_of(t)) and s.places for t in (file.tables or (file.table,)))]
    same_area = _same_area(out, missing, files, code_year)
    districts = sorted({parts.district for code in missing if (parts := postcode_parts(code))})
    candidates = {code for district in districts for code in postcodes_of(district)}
    candidates |= {code for codes in same_area.values() for code in codes}
    live = _from_files(placing, sorted(candidates), code_year, findings)
    live = live[live["easting"].notna() & (live["terminated"] == "") & ~live["postcode"].isin(missing)]
    live = live.drop_duplicates("postcode").set_index("postcode")
    known = [postcode_parts(str(code)) for code in live.index]
    sector = np.array([parts.sector if parts else "" for parts in known])
    district = np.array([parts.district if parts else "" for parts in known])
    for code in missing:
        ours = postcode_parts(code)
        assert ours is not None
        steps = (
            ("small area", live.index.isin(same_area.get(code, ()))),
            ("sector", sector == ours.sector),
            ("district", district == ours.district),
        )
        for how, beside in steps:
            points = live.loc[beside, ["easting", "northing"]].to_numpy(dtype=np.float64)
            if len(points):
                middle = points.mean(axis=0)
                spread = float(np.sqrt(((points - middle) ** 2).sum(axis=1).mean())) if len(points) > 1 else np.nan
                out.loc[code, ["easting", "northing"]] = middle
                out.loc[code, ["how", "source"]] = how, live.loc[beside, "source"].iloc[0]
                out.loc[code, "neighbours"], out.loc[code, "spread_m"] = len(points), spread
                break


def _same_area(
    out: pd.DataFrame, missing: list[str], files: Sequence[PublishedFile], code_year: int | None
) -> dict[str, set[str]]:
    """The postcodes in use that share the smallest known area with each missing one."""
    area = {code: out.loc[code, "output_area"] or out.loc[code, "area_code"] for code in missing}
    wanted = {str(value) for value in area.values() if value}
    members: dict[str, set[str]] = {}
    for file in files if wanted else ():
        for table in file.tables or (file.table,):
            layout = layout_of(table)
            if layout is None:
                continue
            for level in ("OA", "LSOA"):
                position = layout.area(level, code_year)
                if position is None:
                    continue
                columns = {"area": position, "postcode": layout.postcode}
                if layout.ended is not None:
                    columns["ended"] = layout.ended
                try:
                    rows = table.read(columns, only=("area", wanted))
                except InputProblems:
                    continue  # told when the file was read for its postcodes
                if "ended" in rows:
                    rows = rows[rows["ended"] == ""]
                for code, postcode in zip(rows["area"].str.upper(), rows["postcode"], strict=True):
                    members.setdefault(str(code), set()).add(plain_postcode(str(postcode)))
    return {code: members.get(str(value), set()) for code, value in area.items() if value}


# --- What is said ------------------------------------------------------------------------------------------------


def _told(out: pd.DataFrame) -> list[Finding]:
    findings: list[Finding] = []
    for how, placed in _KINDS.items():
        severity: Severity = "note" if how == "package" else "warning"
        rows = out[out["how"] == how]
        for code, row in rows.iloc[:TOLD_SINGLY].iterrows():
            message, fix, kind = _sentence(str(code), row)
            findings.append(Finding(severity, str(row["source"]), message, fix, value=_written(str(code)), code=kind))
        if len(rows) > TOLD_SINGLY:
            _, fix, kind = _sentence(str(rows.index[0]), rows.iloc[0])
            message = f"{len(rows) - TOLD_SINGLY:,} more postcodes like the {TOLD_SINGLY} before: {placed}."
            findings.append(Finding(severity, "", message, fix, code=kind))
    return findings


_KINDS = {
    "terminated postcode": "no longer in use, placed where they were",
    "package": "in no file with a coordinate, placed by the installed package of postcodes",
    "small area": "without a coordinate, placed among the postcodes of their small area",
    "sector": "without a coordinate, placed at the mean of their sector",
    "district": "without a coordinate, placed at the mean of their district",
    "": "not located",
}


def _written(code: str) -> str:
    parts = postcode_parts(code)
    return parts.written if parts else code


def _sentence(code: str, row: pd.Series[Any]) -> tuple[str, str, str]:
    written, parts = _written(code), postcode_parts(code)
    ended = _since(str(row["terminated"]))
    give = "Give x and y (easting, northing) of this site if it matters."
    if row["how"] == "terminated postcode":
        return f"{written} is not in use any more{ended}; its last coordinate is used.", give, "terminated-postcode"
    if row["how"] == "package":
        message = f"{written} is in no postcode file with a coordinate{ended}; it is placed by the {row['source']}."
        return message, give, "package-postcode"
    if not row["how"]:
        if parts is None:
            return f"{written!r} is not a postcode.", "Correct it, or give x and y.", "bad-postcode"
        message = f"{written} is in no postcode file with a coordinate{ended}, nor is any postcode of {parts.district}."
        return message, "Add Code-Point Open or the ONS Postcode Directory, or give x and y.", "unknown-postcode"
    assert parts is not None
    count = int(row["neighbours"])
    near = "the one postcode in use" if count == 1 else f"the mean of {count:,} postcodes in use"
    of = {
        "small area": "in its census area",
        "sector": f"in its sector {parts.sector}",
        "district": f"in its district {parts.district}",
    }[str(row["how"])]
    spread = f", which lie {row['spread_m']:,.0f} m from it on average" if count > 1 else ""
    message = f"{written} has no coordinate{ended}; it is placed at {near} {of}{spread}."
    if count < 5:
        message += " The files hold few postcodes there: the place is rough."
    return message, give, "postcode-by-neighbours"


def _since(terminated: str) -> str:
    if len(terminated) != 6 or not 1 <= int(terminated[4:]) <= 12:
        return ""
    return f" (out of use since {_MONTHS[int(terminated[4:]) - 1]} {terminated[:4]})"
