"""All tables of small areas put together: one row per area of one code year, each column from its newest source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.errors import Finding
from geodata.published.area_changes import carry_over
from geodata.published.area_columns import AREA_COLUMNS, TEXT_COLUMNS
from geodata.published.area_tables import code_year, columns_of, read_areas, told_in
from geodata.published.coordinates import POINT_KINDS

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile

__all__ = ["combine_areas", "read_areas"]

_POINT = ("x", "y", "point_kind")
_SAYS = {
    "name": "names",
    "population": "the population",
    "population_65_plus": "the population aged 65 and over",
    "population_75_plus": "the population aged 75 and over",
    "population_85_plus": "the population aged 85 and over",
    "population_children": "the number of children",
    "rural_urban": "the rural-urban class",
    "deprivation_decile": "the deprivation decile",
    "no_car_share": "the share of households without a car",
    "x": "points",
    "authority_code": "the local authority's code",
    "authority": "the local authority",
    "commissioner": "the commissioner",
    "board": "the board",
    "geometry": "outlines",
}


@dataclass(frozen=True)
class _Told:
    """One column as one file tells it: indexed by area code; `rank` sorts the best first."""

    file: PublishedFile
    frame: pd.DataFrame
    rank: tuple[object, ...]
    year: int


def combine_areas(
    files: Sequence[PublishedFile],
    codes: Collection[str] | None = None,
    *,
    year: int | None = None,
    changes: pd.DataFrame | None = None,
    bounds: tuple[float, float, float, float] | None = None,
) -> tuple[pd.DataFrame, dict[str, PublishedFile], list[Finding]]:
    """Merge what many files tell about small areas.

    A column that several files tell comes from the newest (the year in the column's or the sheet's name, else the
    file's); population-weighted points come before geometric ones. Areas that the chosen file lacks are filled from the
    next, and that is said. Files of the other code year are carried over by the lookup, or, without one, used for the
    areas whose code is the same in both years (such areas did not change).

    Parameters
    ----------
    files
        Recognised files of the kind `areas`.
    codes
        The areas wanted; None for all.
    year
        2011 or 2021: the year of the area codes; None to take that of the codes wanted, or else of the newest
        population.
    changes
        The lookup of `read_area_changes`; None without.
    bounds
        Only outlines that touch this box (metres on EPSG:27700).

    Returns
    -------
    frame
        Index `area_code`, sorted; all of `AREA_COLUMNS` (empty text or NaN where nobody tells), and `geometry`
        (EPSG:27700; then it is a `GeoDataFrame`) where a file has outlines.
    sources
        Column -> the file it mainly comes from; only columns that are told.
    findings
        What was chosen and what was passed over, gaps, areas that no file knows.
    """
    files, findings = _of_one_level(files, codes)
    years = {file.table.label: code_year(file) for file in files}
    wanted = None if codes is None else frozenset(codes)
    frames: list[tuple[PublishedFile, pd.DataFrame]] = []
    for file in files:
        # the other year's areas are needed whole: a merged area gathers from codes nobody asked for
        one_year = changes is None or years[file.table.label] is None
        frame, told = read_areas(file, codes=wanted if one_year else None, bounds=bounds)
        findings += told
        frames.append((file, frame.set_index("area_code")))
    if year is None:
        year = _year_wanted(frames, years, wanted)
    candidates: dict[str, list[_Told]] = {}
    for file, frame in frames:
        other = years[file.table.label] not in {None, year}
        here = frame
        if other and year is not None:
            here, told = _from_other_year(file, frame, years[file.table.label], year, changes, wanted)
            findings += told
        if wanted is not None:
            here = here[here.index.isin(wanted)]
        for column in [c for c in here.columns if c not in {"y", "point_kind"}]:
            values = _filled(here[list(_POINT)] if column == "x" else here[[column]], column)
            if len(values):
                when = told_in(file, column)
                candidates.setdefault(column, []).append(
                    _Told(
                        file, values, _rank(file, column, values, when, other=other, carried=changes is not None), when
                    )
                )
    out, sources, told = _choose(candidates, wanted)
    return out, sources, findings + told


def _of_one_level(
    files: Sequence[PublishedFile], codes: Collection[str] | None
) -> tuple[list[PublishedFile], list[Finding]]:
    """Files about LSOAs, or about output areas when only these are wanted or told; a note names the others."""
    levels = [columns.level if (columns := columns_of(file)) else "" for file in files]
    level = "LSOA" if "LSOA" in levels or not levels else "OA"
    if codes is not None and sum(code[2:3] == "0" for code in codes) * 2 > len(codes):
        level = "OA"
    other = [file for file, of in zip(files, levels, strict=True) if of and of != level]
    findings = []
    if other:
        what = "output areas" if level == "LSOA" else "LSOAs"
        listed = ", ".join(file.table.label for file in other)
        tables = "table is" if len(other) == 1 else "tables are"
        message = f"{len(other)} {tables} about {what} and not used here: {listed}."
        findings.append(Finding("note", "", message, code="other-level"))
    return [file for file, of in zip(files, levels, strict=True) if not of or of == level], findings


def _year_wanted(
    frames: list[tuple[PublishedFile, pd.DataFrame]], years: dict[str, int | None], wanted: frozenset[str] | None
) -> int | None:
    """The code year of the areas wanted: that in which most of them are known; else that of the newest population."""
    if wanted is not None:
        known: dict[int, set[str]] = {}
        for file, frame in frames:
            when = years[file.table.label]
            if when is not None:
                known.setdefault(when, set()).update(wanted & set(frame.index))
        if known:
            return max(known, key=lambda when: (len(known[when]), when))
    newest = [
        (told_in(file, "population"), when)
        for file, frame in frames
        if (when := years[file.table.label]) is not None and "population" in frame
    ]
    if newest:
        return max(newest)[1]
    counts = Counter(when for when in years.values() if when is not None)
    return max(counts, key=lambda when: (counts[when], when)) if counts else None


def _from_other_year(
    file: PublishedFile,
    frame: pd.DataFrame,
    of: int | None,
    year: int,
    changes: pd.DataFrame | None,
    wanted: frozenset[str] | None,
) -> tuple[pd.DataFrame, list[Finding]]:
    label = file.table.label
    if changes is not None:
        carried, told = carry_over(frame, changes, year, file=label, keep=wanted)
        return carried, told
    message = (
        f"The area codes are of {of}, those of the case of {year}, and no lookup between them is here: the file is "
        "used for areas whose code is the same in both years."
    )
    fix = "Add the ONS lookup of LSOA 2011 to LSOA 2021, or a file of the same code year."
    return frame, [Finding("warning", label, message, fix, code="other-code-year")]


def _filled(values: pd.DataFrame, column: str) -> pd.DataFrame:
    cells = values[column]
    there = cells.notna() & (cells != "") if column in TEXT_COLUMNS else cells.notna()
    return values[there]


def _rank(
    file: PublishedFile, column: str, values: pd.DataFrame, when: int, *, other: bool, carried: bool
) -> tuple[object, ...]:
    """The best first; what serves only areas that did not change (no lookup) comes after what serves all."""
    kind = POINT_KINDS.index(values["point_kind"].iloc[0]) if column == "x" else 0
    last = file.vintage.last.toordinal() if file.vintage.last else 0
    return (kind, other and not carried, -when, other, -len(values), -last, file.table.label)


def _choose(
    candidates: dict[str, list[_Told]], wanted: frozenset[str] | None
) -> tuple[pd.DataFrame, dict[str, PublishedFile], list[Finding]]:
    every = sorted({code for told in candidates.values() for one in told for code in one.frame.index})
    index = pd.Index(every, name="area_code", dtype="str")
    out = pd.DataFrame(index=index)
    sources: dict[str, PublishedFile] = {}
    findings: list[Finding] = []
    gaps: dict[tuple[str, str, int, bool], list[str]] = {}
    choices: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for column in (*AREA_COLUMNS, "geometry"):
        if column in {"y", "point_kind"}:
            continue
        told = _best_first(candidates.get(column, []))
        group = _POINT if column == "x" else (column,)
        if not told:
            for name in group if column != "geometry" else ():
                out[name] = "" if name in TEXT_COLUMNS or name == "point_kind" else np.nan
            continue
        merged = told[0].frame
        for one in told[1:]:
            missing = one.frame[~one.frame.index.isin(merged.index)]
            if len(missing):
                mixed = one.year != told[0].year or column == "x"
                gaps.setdefault((_of(told[0]), _of(one), len(missing), mixed), []).append(_SAYS[column])
                merged = pd.concat([merged, missing])
        if len(told) > 1:
            key = (told[0].file.table.label, _of(told[0]), tuple(_of(one) for one in told[1:]))
            choices.setdefault(key, []).append(_said(column, told))
        for name in group:
            sources[name] = told[0].file
            values = merged[name].reindex(index)
            out[name] = values.fillna("") if name in TEXT_COLUMNS or name == "point_kind" else values
    findings += [_passed_over(*key, said) for key, said in choices.items()]
    findings += [_gap(*key, len(index), said) for key, said in gaps.items()]
    if "geometry" in out and (bare := int(out["geometry"].isna().sum())):
        message = f"{len(out) - bare:,} of {len(out):,} areas have an outline, the others only a point."
        fix = "Add boundaries that cover all areas."
        findings.append(Finding("note", sources["geometry"].table.label, message, fix, code="partial-outlines"))
    if wanted is not None and (unknown := sorted(wanted - set(every))):
        message = f"{len(unknown):,} of {len(wanted):,} areas are in no table of areas."
        fix = "Check that the tables are of the same code year as the registrations; Welsh areas need a Welsh table."
        findings.append(Finding("warning", "", message, fix, value=", ".join(unknown[:5]), code="unknown-area"))
    if "geometry" in out:
        out = gpd.GeoDataFrame(out, geometry=gpd.GeoSeries(out["geometry"], index=index, crs="EPSG:27700"))
    return out, sources, findings


def _best_first(told: list[_Told]) -> list[_Told]:
    """By rank; but a file of another region, that knows only a few of the areas, comes after those that know them."""
    most = max((len(one.frame) for one in told), default=0)
    return sorted(told, key=lambda one: (len(one.frame) < FEW * most, one.rank))


FEW = 0.1
"""A file that knows less than this share of the areas that another knows is of another region."""


def _of(one: _Told) -> str:
    return f"{one.file.table.label}" + (f" ({one.year})" if one.year else "")


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _gap(first: str, other: str, count: int, mixed: bool, of: int, said: list[str]) -> Finding:
    message = f"For {count:,} of {of:,} areas {_listed(said)} come from {other}: {first} does not have them."
    if not mixed:
        return Finding("note", "", message, code="mixed-sources")
    fix = "Two kinds or years are mixed in one column: add one file that covers all areas."
    return Finding("warning", "", message, fix, code="mixed-sources")


def _said(column: str, told: list[_Told]) -> str:
    """What is told, and how often the next file tells another thing."""
    if column == "geometry":
        return _SAYS[column]
    if column == "x":
        return f"{_SAYS[column]} ({told[0].frame['point_kind'].iloc[0]})"
    both = told[0].frame[[column]].join(told[1].frame[[column]].rename(columns={column: "other"}), how="inner")
    differ = int((both[column] != both["other"]).sum())
    return _SAYS[column] + (f" (other values for {differ:,} of {len(both):,} areas)" if differ else "")


def _passed_over(file: str, first: str, others: tuple[str, ...], said: list[str]) -> Finding:
    message = f"Several files tell {_listed(said)}: taken from {first}, not from {', '.join(others)}."
    return Finding("note", file, message, code="newest-source")
