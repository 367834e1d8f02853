"""Areas of 2011 and of 2021: the lookup between them, values carried from one to the other, the year of codes.

About six in a hundred areas were changed for the census of 2021. The lookup of ONS marks each pair: U unchanged, S
split, M merged, X changed in another way. Unchanged areas kept their code, all others were given a new one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.errors import Finding, InputProblems
from geodata.published.area_columns import AREA_CODE, COUNT_COLUMNS, LAST_LSOA_2011, TEXT_COLUMNS, code_columns
from geodata.published.cells import codes as tidy_codes
from geodata.tables.columns import plain_name

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile

CHANGES = {"U": "unchanged", "S": "split", "M": "merged", "X": "changed in another way"}


def read_area_changes(file: PublishedFile) -> tuple[pd.DataFrame, list[Finding]]:
    """Read a lookup of areas of 2011 and 2021.

    Returns
    -------
    frame
        `area_code_2011`, `area_code_2021`, `change` (U, S, M or X), one row per pair. A lookup without marks (ONS's
        best fit) gets them from how often each code stands in it.
    findings
        Rows without two codes, marks that are not known.
    """
    table = file.table
    label = table.label
    empty = pd.DataFrame({"area_code_2011": [], "area_code_2021": [], "change": []}, dtype="str")
    plain = [plain_name(name) for name in table.header]
    levels = code_columns(table.header, table.sample)
    wanted: dict[str, int] = {}
    for year, digits in (("2011", "(20)?11"), ("2021", "(20)?21")):
        found = [i for i in levels if i < len(plain) and re.search(f"{digits}(?![0-9])", plain[i])]
        if found:
            wanted[f"area_code_{year}"] = found[0]
    if len(wanted) < 2:
        message = "The lookup lacks a column of area codes of 2011 or of 2021."
        fix = "Download the ONS lookup of LSOA (2011) to LSOA (2021)."
        return empty, [Finding("error", label, message, fix, code="missing-column")]
    mark = next((i for i, name in enumerate(plain) if re.fullmatch(r"ch(an?|n)?ge?ind(icator)?|change", name)), None)
    if mark is not None:
        wanted["change"] = mark
    try:
        frame = table.read(wanted)
    except InputProblems as problem:
        return empty, list(problem.findings)
    frame = frame.apply(tidy_codes)
    findings = []
    whole = frame["area_code_2011"].str.fullmatch(AREA_CODE.pattern) & frame["area_code_2021"].str.fullmatch(
        AREA_CODE.pattern
    )
    if not whole.all():
        message = f"{int((~whole).sum()):,} rows lack one of the two area codes; they are left out."
        row = int(whole.index[~whole][0])
        findings.append(Finding("warning", label, message, "Download the lookup again.", row, code="empty-value"))
    frame = frame[whole].drop_duplicates(["area_code_2011", "area_code_2021"])
    marks = _marks(frame)
    if mark is None:
        message = "The lookup does not say how areas changed; that is told from how often each code stands in it."
        findings.append(Finding("note", label, message, code="change-derived"))
        frame["change"] = marks
    elif (odd := ~frame["change"].isin(list(CHANGES))).any():
        message = (
            f"{int(odd.sum()):,} rows have a mark other than U, S, M and X; it is told from how often codes occur."
        )
        value = str(frame["change"][odd].iloc[0])
        row = int(frame.index[odd][0])
        findings.append(Finding("warning", label, message, "", row, table.header[mark], value, "unknown-word"))
        frame["change"] = frame["change"].mask(odd, marks)
    return frame[["area_code_2011", "area_code_2021", "change"]].reset_index(drop=True), findings


def _marks(frame: pd.DataFrame) -> pd.Series[str]:
    into = frame.groupby("area_code_2011")["area_code_2021"].transform("size")
    out_of = frame.groupby("area_code_2021")["area_code_2011"].transform("size")
    marks = np.select(
        [
            (into > 1) & (out_of > 1),
            into > 1,
            out_of > 1,
            (frame["area_code_2011"] == frame["area_code_2021"]).to_numpy(),
        ],
        ["X", "S", "M", "U"],
        default="X",
    )
    return pd.Series(marks, index=frame.index, dtype="str")


def _pairs(changes: pd.DataFrame, to_year: int, weights: Mapping[str, float] | None) -> pd.DataFrame:
    """`source`, `target`, `change` and `share`: what part of the source's people the target gets."""
    if to_year not in {2011, 2021}:
        raise ValueError(f"areas are of 2011 or 2021, not {to_year}")
    of_year = 2021 if to_year == 2011 else 2011
    pairs = pd.DataFrame(
        {
            "source": changes[f"area_code_{of_year}"].to_numpy(),
            "target": changes[f"area_code_{to_year}"].to_numpy(),
            "change": changes["change"].to_numpy(),
        }
    )
    weight = pd.Series(1.0, index=pairs.index)
    if weights is not None:
        given = pairs["target"].map(lambda code: weights.get(code, np.nan)).astype(float)
        known = given.notna() & (given >= 0)
        usable = known.groupby(pairs["source"]).transform("all")
        usable &= given.where(known, 0).groupby(pairs["source"]).transform("sum") > 0
        weight = given.where(usable, weight)  # a source with a target of unknown weight is shared equally
    pairs["share"] = weight / weight.groupby(pairs["source"]).transform("sum")
    return pairs.sort_values(["target", "source"], kind="stable").reset_index(drop=True)


def carry_over(
    frame: pd.DataFrame,
    changes: pd.DataFrame,
    to_year: int,
    *,
    weights: Mapping[str, float] | None = None,
    file: str = "",
    keep: Collection[str] | None = None,
) -> tuple[pd.DataFrame, list[Finding]]:
    """Carry what is known about areas of one year over to the areas of the other.

    Counts of people are shared among the areas that one was split into (equally, or by `weights`) and summed where
    several became one. Shares become the population-weighted mean; points too; deciles, classes and names of
    bodies are those of the more populous part. Outlines of merged areas are joined; a split area's is not known.

    Parameters
    ----------
    frame
        Index `area_code`, columns as `AREA_COLUMNS`.
    changes
        The lookup, see `read_area_changes`.
    to_year
        2011 or 2021: the year of the areas wanted.
    weights
        Area code of `to_year` -> weight by which a split area's counts are shared, its population for instance.
    file
        Name for the findings.
    keep
        Only these areas of `to_year`; None for all. What is counted in the findings refers to these.

    Returns
    -------
    frame
        Index `area_code` of `to_year`, sorted; the same columns.
    findings
        How many areas were split, merged or otherwise changed, and areas that the lookup does not know (with their
        population): those keep their code, so that nothing is lost.
    """
    pairs = _pairs(changes, to_year, weights)
    known = frame.index.isin(pairs["source"])
    findings: list[Finding] = []
    if not known.all():
        findings.append(_unknown(frame[~known], file))
    joined = pairs[pairs["source"].isin(frame.index)]
    if keep is not None:
        joined = joined[joined["target"].isin(list(keep))]
    stay = frame[~known]
    if keep is not None:
        stay = stay[stay.index.isin(list(keep))]
    one_source = ~joined["target"].duplicated(keep=False)
    simple = joined[one_source]
    rest = joined[~one_source]
    out = frame.loc[simple["source"].to_numpy()].copy()
    out.index = pd.Index(simple["target"].to_numpy(), name="area_code", dtype="str")
    for column in COUNT_COLUMNS:
        if column in out:
            out[column] = out[column] * simple["share"].to_numpy()
    split = (simple["change"] != "U").to_numpy()
    if "name" in out:
        out["name"] = out["name"].mask(split, "")
    if "geometry" in out:
        shared = simple["source"].isin(pairs["source"][pairs["source"].duplicated()]).to_numpy()
        shapes = np.array(out["geometry"], dtype=object)
        shapes[shared] = None
        out["geometry"] = gpd.GeoSeries(shapes, index=out.index, crs="EPSG:27700")
    merged = [_merge(frame, target, rows) for target, rows in rest.groupby("target")]
    parts = [out, *([pd.DataFrame(merged).set_index("area_code")] if merged else []), stay]
    whole = pd.concat([part for part in parts if len(part)]) if any(len(part) for part in parts) else out
    whole = whole[~whole.index.duplicated()].sort_index()
    whole.index.name = "area_code"
    findings += _carried(joined, frame, to_year, file, weights is not None)
    columns = list(frame.columns)
    if "geometry" in columns:
        return gpd.GeoDataFrame(whole[columns], geometry="geometry", crs="EPSG:27700"), findings
    return whole[columns].astype({c: float for c in COUNT_COLUMNS if c in columns}), findings


def _merge(frame: pd.DataFrame, target: str, rows: pd.DataFrame) -> dict[str, object]:
    """One area out of several parts."""
    parts = frame.loc[rows["source"].to_numpy()]
    share = rows["share"].to_numpy()
    people = np.ones(len(parts))
    if "population" in parts:
        people = parts["population"].to_numpy(dtype=float)
    people = np.where(np.isfinite(people), people, 0.0) * share
    if people.sum() == 0:
        people = share
    order = np.argsort(-people, kind="stable")
    out: dict[str, object] = {"area_code": target}
    for column in frame.columns:
        values = parts[column].to_numpy()
        if column in COUNT_COLUMNS:
            out[column] = float((values.astype(float) * share).sum())
        elif column in {"no_car_share", "x", "y"}:
            numbers = values.astype(float)
            there = np.isfinite(numbers) & (people > 0)
            out[column] = float(np.average(numbers[there], weights=people[there])) if there.any() else np.nan
        elif column == "geometry":
            whole = (rows["change"] == "M").all() and all(shape is not None for shape in values)
            out[column] = shapely.union_all(list(values)) if whole else None
        elif column == "name":
            out[column] = ""
        else:
            filled = [values[i] for i in order if values[i] == values[i] and values[i] != ""]
            out[column] = filled[0] if filled else ("" if column in TEXT_COLUMNS else np.nan)
    return out


def _carried(joined: pd.DataFrame, frame: pd.DataFrame, to_year: int, file: str, weighted: bool) -> list[Finding]:
    changed = joined[joined["change"] != "U"]
    if not len(changed):
        return []
    of_year = 2021 if to_year == 2011 else 2011
    kinds = [
        f"{rows['source'].nunique():,} {CHANGES.get(str(mark), 'changed')}" for mark, rows in changed.groupby("change")
    ]
    people = ""
    if "population" in frame:
        total = float((frame["population"].reindex(changed["source"]).to_numpy() * changed["share"].to_numpy()).sum())
        people = f", {total:,.0f} people" if np.isfinite(total) else ""
    how = "by weight" if weighted else "equally"
    message = (
        f"Values of areas of {of_year} were carried over to areas of {to_year}: {changed['target'].nunique():,} areas "
        f"are not the same in both years ({', '.join(kinds)}{people}). Where an area is divided, people are shared "
        f"{how}; classes and deciles are those of the more populous part."
    )
    if "x" in frame and (changed["change"] != "M").any():
        message += " The parts of a divided area share its point."
    fix = f"A file of {to_year} areas would be exact."
    return [Finding("warning", file, message, fix, code="carried-over")]


def _unknown(frame: pd.DataFrame, file: str) -> Finding:
    people = ""
    if "population" in frame and frame["population"].notna().any():
        people = f" with {frame['population'].sum():,.0f} people"
    message = f"{len(frame):,} areas{people} are not in the lookup of 2011 and 2021; they keep their codes."
    value = ", ".join(str(code) for code in frame.index[:5])
    return Finding("warning", file, message, "Check the lookup's region.", value=value, code="not-in-lookup")


def carry_registrations(
    registrations: pd.DataFrame,
    changes: pd.DataFrame,
    to_year: int,
    *,
    weights: Mapping[str, float] | None = None,
    file: str = "",
) -> tuple[pd.DataFrame, list[Finding]]:
    """Carry registered patients (`practice_code`, `area_code`, `patients`) over to the areas of the other year.

    Patients of an area that was split are shared equally or by `weights`; areas that the lookup does not know keep
    their code. The sum per practice does not change (patients become decimal numbers).
    """
    pairs = _pairs(changes, to_year, weights)
    joined = registrations.merge(pairs, how="left", left_on="area_code", right_on="source")
    unknown = joined["target"].isna()
    joined["area_code"] = joined["target"].where(~unknown, joined["area_code"])
    joined["patients"] = joined["patients"] * joined["share"].fillna(1.0)
    findings = []
    changed = joined[~unknown & (joined["change"] != "U")]
    if len(changed):
        message = (
            f"{changed['patients'].sum():,.0f} patients of {changed['source'].nunique():,} areas that were changed "
            f"between 2011 and 2021 are carried over to {changed['area_code'].nunique():,} areas of {to_year}."
        )
        fix = f"Registrations by areas of {to_year} would be exact."
        findings.append(Finding("warning", file, message, fix, code="carried-over"))
    if unknown.any():
        message = (
            f"{joined['patients'][unknown].sum():,.0f} patients live in {joined['area_code'][unknown].nunique():,} "
            "areas that are not in the lookup of 2011 and 2021; they keep their codes."
        )
        value = ", ".join(sorted(set(joined["area_code"][unknown]))[:5])
        findings.append(Finding("warning", file, message, "", value=value, code="not-in-lookup"))
    summed = joined.groupby(["practice_code", "area_code"], as_index=False, sort=True)["patients"].sum()
    return summed, findings


@dataclass(frozen=True)
class CodeYear:
    """Which year area codes are of.

    Parameters
    ----------
    year
        2011 or 2021; None when the codes fit both (they are all of unchanged areas) or neither.
    fitting
        How many codes are known in that year.
    misfits
        The codes that are not, sorted.
    """

    year: int | None
    fitting: int
    misfits: tuple[str, ...]


def code_year_of(
    codes: Collection[str], areas_2011: Collection[str] = (), areas_2021: Collection[str] = ()
) -> CodeYear:
    """Guess whether area codes are of 2011 or 2021.

    Parameters
    ----------
    codes
        The codes in question; those that are no codes of small areas (`CLOSED`, `NO2011`) fit no year.
    areas_2011, areas_2021
        All codes of either year, as far as known. Where neither is given, an English LSOA code later than the last of
        2011 tells the year.
    """
    ours = frozenset(codes)
    if not areas_2011 and not areas_2021:
        small = {code for code in ours if AREA_CODE.fullmatch(code)}
        late = any(code[:3] == "E01" and code > LAST_LSOA_2011 for code in small)
        return CodeYear(2021 if late else None, len(small), tuple(sorted(ours - small)))
    fits = {2011: ours & frozenset(areas_2011), 2021: ours & frozenset(areas_2021)}
    best = max(fits, key=lambda year: len(fits[year]))
    one_only = not areas_2011 or not areas_2021
    tie = len(fits[2011]) == len(fits[2021])
    year = None if (tie and not one_only) or not fits[best] else best
    return CodeYear(year, len(fits[best]), tuple(sorted(ours - fits[best])))


def codes_not_found(
    patients: pd.Series[float], known: Collection[str], *, file: str = "", where: str = "the tables of areas"
) -> tuple[pd.Series[float], list[Finding]]:
    """Patients of area codes that are not known, counted: nothing is dropped without being said.

    Parameters
    ----------
    patients
        Patients by area code (codes may repeat).
    known
        The codes that are known.
    file, where
        For the message.

    Returns
    -------
    patients
        Those of unknown codes, summed by code, most first.
    findings
        One warning with the number of codes and patients; none if all are known.
    """
    lost = patients[~patients.index.isin(list(known))]
    lost = lost.groupby(level=0).sum().sort_index().sort_values(ascending=False, kind="stable")
    if not len(lost):
        return lost, []
    message = f"{lost.sum():,.0f} patients live in {len(lost):,} areas that are not in {where}."
    fix = "Add a table of areas of the same code year; Welsh and Scottish areas need tables of their own."
    value = ", ".join(str(code) for code in lost.index[:5])
    return lost, [Finding("warning", file, message, fix, value=value, code="unknown-area")]
