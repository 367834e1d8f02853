"""How many people an area may have later: planned homes, and projections of its residents."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.errors import Finding
from geodata.locate import Located, Points
from geodata.named_points import settle
from geodata.tables.schemas import Table

UNLIKELY_FACTOR = 2.0
"""Projections for which the middle area more than doubles (or halves) are probably other figures."""

LISTED = 5

AGES = ("population_65_plus", "population_75_plus", "population_85_plus", "population_children")
"""Residents by age, where a table of projections has them: columns of the areas table as well."""

# --- Planned homes -----------------------------------------------------------------------------------------------


def named_areas(table: Table) -> NDArray[np.bool_]:
    """Rows that name an area, so that they need no place of their own, bool, shape (n,)."""
    if "area_code" not in table.frame:
        return np.zeros(len(table), dtype=bool)
    return np.array([code != "" for code in table.frame["area_code"]], dtype=bool)


def planned_homes(
    table: Table, at: Located, codes: NDArray[np.object_] | None, points: Points | None
) -> tuple[pd.DataFrame | None, list[Finding]]:
    """Planned homes near the case, each at its place or at the point of its area.

    Parameters
    ----------
    table, at
        Checked table of housing, and where its rows are by themselves.
    codes, points
        Codes of the areas, shape (A,), and their points (A, 2); None if they are not known.

    Returns
    -------
    tuple
        `name`, `x`, `y` (metres), `dwellings`, `year` (NaN where not given), sorted; None without the column of
        dwellings. And the findings.
    """
    if "dwellings" not in table.frame:
        return None, list(at.findings)
    dwellings = table.frame["dwellings"].to_numpy(dtype=np.float64)

    def homes(which: NDArray[np.bool_]) -> str:
        return f", with {np.nansum(dwellings[which]):,.0f} planned homes"

    by_area = named_areas(table) & ~np.isfinite(at.points).all(axis=1) & ~at.told
    if codes is not None and points is not None:
        _place_at_areas(table, at, by_area, codes, points)
    elsewhere = by_area & ~np.isfinite(at.points).all(axis=1)
    kept, findings = settle(table, at, points, homes)
    if elsewhere.any() and codes is not None:
        findings.append(_not_ours(table, elsewhere, homes(elsewhere), nothing=not kept.any()))
    names = [" ".join(str(name).split()) for name in table.raw.get("name", np.full(len(table), "", dtype=object))]
    years = table.frame["year"].to_numpy(dtype=np.float64) if "year" in table.frame else np.full(len(table), np.nan)
    frame = pd.DataFrame(
        {"name": names, "x": at.points[:, 0], "y": at.points[:, 1], "dwellings": dwellings, "year": years}
    )
    return frame[kept].sort_values(["name", "x", "y", "year", "dwellings"], ignore_index=True), findings


def _place_at_areas(
    table: Table, at: Located, by_area: NDArray[np.bool_], codes: NDArray[np.object_], points: Points
) -> None:
    """Give rows the points of the areas they name."""
    position = {code: number for number, code in reversed(list(enumerate(codes)))}
    for i in np.flatnonzero(by_area).tolist():
        number = position.get(table.frame["area_code"].iloc[i])
        if number is not None:
            at.points[i] = at.given[i] = points[number]
            at.degrees[i] = False


def _not_ours(table: Table, which: NDArray[np.bool_], homes: str, *, nothing: bool) -> Finding:
    first = int(np.flatnonzero(which)[0])
    codes = sorted(set(table.frame["area_code"].to_numpy()[which]))
    if nothing:
        message = "No area code of the planned homes is in the areas table."
        fix = "Both must use the same areas of the same year: LSOA 2011 and LSOA 2021 have different codes."
        return table.finding(first, "area_code", message, fix, "no-match")
    message = f"Left out, because their areas are not in the areas table: {int(which.sum()):,} of {len(table):,} rows"
    message += f"{homes}."
    fix = "If these areas belong to the case, correct the codes; both tables must be of the same year's areas."
    return table.finding(first, "area_code", message, fix, "homes-not-in-case", "warning", value=_list(codes))


def _list(items: list[str]) -> str:
    return ", ".join(items[:LISTED]) + (f" and {len(items) - LISTED} more" if len(items) > LISTED else "")


# --- Projections -------------------------------------------------------------------------------------------------


def projected_people(
    table: Table, codes: NDArray[np.object_] | None, population: NDArray[np.float64] | None
) -> tuple[pd.DataFrame | None, list[Finding]]:
    """Projected residents of the areas of the case.

    Parameters
    ----------
    table
        Checked table of projections.
    codes
        Codes of the areas, shape (A,); None if they are not known.
    population
        Their residents today, shape (A,), NaN where unknown; None without that column.

    Returns
    -------
    tuple
        `area_code`, `year` (int), `population` and those of `AGES` that are given (NaN where a cell is empty), sorted;
        None where columns are missing. And the findings.
    """
    if not {"area_code", "year", "population"} <= set(table.frame):
        return None, []
    ages = [name for name in AGES if name in table.frame]
    findings = _parts_above_whole(table, ages)
    frame = table.frame[["area_code", "year", "population", *ages]][table.sound]
    if codes is not None and len(frame):
        ours = frame["area_code"].isin(set(codes))
        if not ours.any():
            message = "No area code of the projections is in the areas table."
            fix = "Both must use the same areas of the same year: LSOA 2011 and LSOA 2021 have different codes."
            return None, [table.finding(int(frame.index[0]), "area_code", message, fix, "no-match")]
        findings += _others(table, frame[~ours])
        frame = frame[ours]
        if table.sound.all():
            findings += _without(table, frame, codes)
            findings += _unlikely(table, frame, codes, population)
    frame = frame.astype({"year": np.int64, **dict.fromkeys(ages, float)})
    return frame.sort_values(["area_code", "year"], ignore_index=True), findings


def _parts_above_whole(table: Table, ages: list[str]) -> list[Finding]:
    """Rows with more residents of an age than residents."""
    findings = []
    everybody = table.frame["population"].to_numpy(dtype=np.float64)
    for name in ages:
        for i in np.flatnonzero(table.frame[name].to_numpy(dtype=np.float64) > everybody).tolist():
            message = f"{name} is more than population ({table.text(i, 'population')})."
            fix = "Check both figures; perhaps the columns are exchanged."
            findings.append(table.finding(i, name, message, fix, "part-exceeds-whole", "warning"))
    return findings


def _others(table: Table, rows: pd.DataFrame) -> list[Finding]:
    if rows.empty:
        return []
    message = f"Left out, because their areas are not in the areas table: {len(rows):,} of {len(table):,} rows."
    fix = "Nothing needs doing where the file covers more than the case."
    first = int(rows.index[0])
    return [table.finding(first, "area_code", message, fix, "projections-outside-case", "note")]


def _without(table: Table, frame: pd.DataFrame, codes: NDArray[np.object_]) -> list[Finding]:
    """Areas that have no row in some year."""
    findings = []
    years = sorted(set(frame["year"].astype(int)))
    for year in years:
        missing = sorted(set(codes) - set(frame.loc[frame["year"] == year, "area_code"]))
        if missing:
            when = f" for {year}" if len(years) > 1 else ""
            message = f"{len(missing):,} of {len(set(codes)):,} areas have no projection{when}."
            fix = "Add their rows; without them these areas stay as they are today."
            where = {"column": table.parts[0].spelling.get("area_code"), "value": _list(missing)}
            findings.append(Finding("warning", table.files, message, fix, code="without-projection", **where))
    return findings


def _unlikely(
    table: Table, frame: pd.DataFrame, codes: NDArray[np.object_], population: NDArray[np.float64] | None
) -> list[Finding]:
    """The middle area more than doubles or halves: probably thousands, one age or one sex."""
    if population is None:
        return []
    today = pd.Series(population, index=codes)
    today = today[~today.index.duplicated()].reindex(frame["area_code"]).to_numpy()
    known = np.isfinite(today) & (today > 0)
    if not known.any():
        return []
    middle = float(np.median(frame["population"].to_numpy()[known] / today[known]))
    if 1 / UNLIKELY_FACTOR <= middle <= UNLIKELY_FACTOR:
        return []
    message = f"The middle projection is {middle:.2f} times the residents of its area today."
    fix = "Check that the figures are persons (not thousands), of all ages and both sexes."
    column = table.parts[0].spelling.get("population", "population")
    return [Finding("warning", table.files, message, fix, column=column, value=f"{middle:.2f}", code="unlikely-growth")]
