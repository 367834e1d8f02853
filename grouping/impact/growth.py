"""More patients to come: projected residents, and planned housing.

Either gives a factor on the patients of each row of the journeys. Who these people are stays as it is: the shares of
every population within a row are those of today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geodata.errors import Finding, InputProblems
from geodata.place import Place
from grouping.journeys import Journeys

PERSONS_PER_DWELLING = 2.4
"""Average household size in England and Wales, Census 2021 (Office for National Statistics)."""

USUAL_GROWTH = (0.5, 3.0)
"""A projected factor outside these is a finding: not even a large development explains it, but moved boundaries may."""

FEW_REGISTERED = 0.5
"""Below this many patients a resident, most of an area's people use practices outside the case, and so may new ones."""

EQUALLY_NEAR = 8
"""Points that are looked at where several are equally near: more are not around a point in any regular pattern."""

LISTED = 5
"""So many areas are named where some are told of."""


@dataclass(frozen=True)
class Growth:
    """What is assumed to change in the number of patients.

    Parameters
    ----------
    factor
        Patients then over patients today, shape (R,).
    sentence
        What was assumed, for the page.
    people_added
        Patients more than today, exact; below 0 where there are fewer.
    findings
        What could not be used.
    """

    factor: NDArray[np.float64]
    sentence: str
    people_added: float
    findings: tuple[Finding, ...] = ()


def growth_factors(
    place: Place,
    journeys: Journeys,
    kind: Literal["projected", "housing"],
    persons_per_dwelling: float = PERSONS_PER_DWELLING,
    *,
    year: int | None = None,
) -> Growth:
    """Factors on the patients of each row.

    Parameters
    ----------
    place
        With `projections` or `housing`.
    journeys
        Its registrations, R rows.
    kind
        `projected`: the patients of an area grow as its residents are projected to. `housing`: the people of planned
        homes all register, with the practices of the area in proportion to their patients there.
    persons_per_dwelling
        People in each planned home.
    year
        Projected: the year to use, else the latest one of the table. Housing: homes planned for a later year are left
        out; without it all are counted.

    Raises
    ------
    InputProblems
        If the place has no such table, or no projection for the year asked for.
    """
    if kind == "projected":
        return _projected(place, journeys, year)
    return _housing(place, journeys, persons_per_dwelling, year)


def _file(place: Place, table: str) -> str:
    return next((source.file for source in place.sources if source.table == table), "")


def _table(place: Place, name: str) -> pd.DataFrame:
    table = getattr(place, name, None)
    if table is None or not len(table):
        message = f"There is no table of {'projected residents' if name == 'projections' else 'planned housing'}."
        fix = f"Name it under [tables.{name}] in case.toml, or leave this scenario out."
        raise InputProblems([Finding("error", "", message, fix, code="no-growth-table")])
    return table


def _of_rows(place: Place, journeys: Journeys, of_area: NDArray[np.float64], instead: float) -> NDArray[np.float64]:
    """Figures of the case's areas for the rows of the journeys."""
    at = place.areas.index.get_indexer(list(journeys.area_codes))[journeys.area]
    return np.where(at >= 0, of_area[np.maximum(at, 0)], instead)


def patients_of_areas(place: Place, journeys: Journeys) -> NDArray[np.float64]:
    """Registered patients who live in each area of the case, shape (A,)."""
    at = place.areas.index.get_indexer(list(journeys.area_codes))[journeys.area]
    return np.bincount(at[at >= 0], journeys.patients[at >= 0], minlength=len(place.areas)).astype(float)


def _named(codes: Sequence[str]) -> str:
    return ", ".join(codes[:LISTED]) + (f" and {len(codes) - LISTED:,} more" if len(codes) > LISTED else "")


def _are(number: int, one: str, many: str) -> str:
    return f"1 {one}" if number == 1 else f"{number:,} {many}"


def _signed(value: float) -> str:
    return f"{value:+,.0f}" if round(value) else "+0"


# --- Projected residents -----------------------------------------------------------------------------------------


def _projected(place: Place, journeys: Journeys, year: int | None) -> Growth:
    table = _table(place, "projections")
    years = sorted({int(value) for value in table["year"].dropna()})
    chosen = year if year is not None else years[-1]
    if chosen not in years:
        listed = ", ".join(map(str, years))
        message = f"There is no projection for {chosen}; the table has {listed}."
        file, fix = _file(place, "projections"), "Ask for one of these years."
        raise InputProblems([Finding("error", file, message, fix, column="year", code="projection-year")])
    then = table[table["year"] == chosen].drop_duplicates("area_code").set_index("area_code")["population"]
    residents = place.areas["population"].to_numpy(dtype=float, na_value=np.nan)
    projected = then.reindex(place.areas.index).to_numpy(dtype=float, na_value=np.nan)
    usable = (residents > 0) & (projected >= 0)
    factor = np.divide(projected, residents, out=np.ones(len(residents)), where=usable)
    of_row = _of_rows(place, journeys, factor, 1.0)
    known = _of_rows(place, journeys, usable.astype(float), 0.0) > 0
    added = float((journeys.patients * (of_row - 1.0)).sum())
    whole = float(journeys.patients.sum())
    sentence = (
        f"Residents as projected for {chosen}: the patients of each area grow or shrink as its residents do, and who "
        f"they are stays as it is. {_signed(added)} patients on {whole:,.0f}"
        + (f" ({100.0 * added / whole:+.1f}%)." if whole > 0 else ".")
    )
    left = float(journeys.patients[~known].sum())
    if left > 0:
        without = len(np.unique(journeys.area[~known]))
        sentence += (
            f" {_are(without, 'area has', 'areas have')} no projection; their {left:,.0f} patients stay as today."
        )
    return Growth(of_row, sentence, added, _projection_findings(place, journeys, known, factor))


def _projection_findings(
    place: Place, journeys: Journeys, known: NDArray[np.bool_], factor: NDArray[np.float64]
) -> tuple[Finding, ...]:
    file, findings = _file(place, "projections"), []
    without = [journeys.area_codes[k] for k in np.unique(journeys.area[~known])]
    if without:
        message = (
            f"Without a projection, or without residents today: {_are(len(without), 'area', 'areas')} with "
            f"{journeys.patients[~known].sum():,.0f} registered patients ({_named(without)}), as many as today."
        )
        fix = "Add their projected population under the codes of the areas table, if it is known."
        findings.append(Finding("note", file, message, fix, column="area_code", code="projection-missing"))
    low, high = USUAL_GROWTH
    odd = [str(code) for code in place.areas.index[(factor < low) | (factor > high)]]
    if odd:
        message = (
            f"{_are(len(odd), 'area is', 'areas are')} projected to fall below {low:g} or rise above {high:g} times "
            f"the residents of today: {_named(odd)}."
        )
        fix = "Check that both tables use the same boundaries, and that the population is all ages in both."
        findings.append(Finding("warning", file, message, fix, column="population", code="projection-factor"))
    return tuple(findings)


# --- Planned housing ---------------------------------------------------------------------------------------------


def _housing(place: Place, journeys: Journeys, persons: float, year: int | None) -> Growth:
    table = _table(place, "housing")
    if year is not None and "year" in table:
        table = table[~(table["year"].to_numpy(dtype=float, na_value=np.nan) > year)]
    dwellings = np.nan_to_num(table["dwellings"].to_numpy(dtype=float, na_value=np.nan))
    at = area_of(place, table)
    registered = patients_of_areas(place, journeys)
    own = ~over_the_border(place)
    # Homes over the border: nearly everybody there registers with practices outside the case.
    counted = (at >= 0) & (registered[at] > 0) & own[at]
    homes = np.bincount(at[counted], dwellings[counted], minlength=len(place.areas)).astype(float)
    factor = np.divide(registered + homes * persons, registered, out=np.ones(len(homes)), where=registered > 0)
    added = float(dwellings[counted].sum() * persons)
    source = " (average household size, Census 2021, England and Wales)" if persons == PERSONS_PER_DWELLING else ""
    until = f" up to {year}" if year is not None else ""
    built = dwellings[counted].sum()
    sentence = (
        f"Planned housing{until}: {built:,.0f} homes at {_are(int(counted.sum()), 'place', 'places')} with "
        f"{persons:g} people each{source} give {added:,.0f} more patients. All of them register with the practices of "
        "the area, in proportion to their patients there, and who they are is as in the area today."
    )
    left = ~counted
    if dwellings[left].sum() > 0:
        sentence += (
            f" {_are(int(left.sum()), 'place', 'places')} with {dwellings[left].sum():,.0f} homes in areas without a "
            "registered patient or over the border are not counted."
        )
    findings = _not_counted(place, table, counted) + few_registered(place, homes, registered)
    return Growth(_of_rows(place, journeys, factor, 1.0), sentence, added, findings)


def over_the_border(place: Place) -> NDArray[np.bool_]:
    """Areas of others, over the border, where nearly everybody registers outside the case, shape (A,)."""
    areas = place.areas
    return areas["neighbour"].to_numpy(dtype=bool) if "neighbour" in areas else np.zeros(len(areas), dtype=bool)


def _not_counted(place: Place, table: pd.DataFrame, counted: NDArray[np.bool_]) -> tuple[Finding, ...]:
    left = table[~counted & (table["dwellings"].to_numpy(dtype=float, na_value=np.nan) > 0)]
    if not len(left):
        return ()
    names = [str(name) or "a place without a name" for name in left["name"]]
    message = (
        f"Not counted, because nobody is registered there or it is over the border: {left['dwellings'].sum():,.0f} "
        f"planned homes at {_are(len(left), 'place', 'places')} ({_named(names)})."
    )
    fix = "Check where they lie; registrations by area decide which practices new patients go to."
    return (Finding("warning", _file(place, "housing"), message, fix, column="dwellings", code="housing-not-counted"),)


def few_registered(place: Place, homes: NDArray[np.float64], registered: NDArray[np.float64]) -> tuple[Finding, ...]:
    """Warns of homes in areas most of whose people use practices outside the case.

    Parameters
    ----------
    place
        With the residents of its areas.
    homes, registered
        Planned homes and registered patients of each area, shape (A,).
    """
    residents = place.areas["population"].to_numpy(dtype=float, na_value=np.nan)
    few = (homes > 0) & (registered < FEW_REGISTERED * residents)
    if not few.any():
        return ()
    message = (
        f"{homes[few].sum():,.0f} planned homes are in {_are(int(few.sum()), 'area', 'areas')} with fewer than "
        f"{FEW_REGISTERED:g} patients a resident ({_named([str(code) for code in place.areas.index[few]])}). All new "
        "people there are counted as patients all the same."
    )
    fix = "Leave the places out whose people will use practices outside the case."
    return (Finding("warning", _file(place, "housing"), message, fix, column="dwellings", code="housing-few-patients"),)


def area_of(place: Place, table: pd.DataFrame) -> NDArray[np.int64]:
    """Position of the area of each place: the one named or whose point it is, else its polygon, else the nearest.

    Among several polygons on a shared edge, and points that are equally near, the first by code. -1 where there are no
    areas or no coordinates.
    """
    areas = place.areas
    points = table[["x", "y"]].to_numpy(dtype=float, na_value=np.nan)
    found = np.full(len(table), -1, dtype=np.int64)
    if "area_code" in table:
        found = areas.index.get_indexer(table["area_code"].fillna("")).astype(np.int64)
    located = np.flatnonzero((found < 0) & np.isfinite(points).all(axis=1))
    if not len(located) or not len(areas):
        return found
    shapes = np.asarray(areas.geometry.array, dtype=object)
    inside = np.full(len(located), len(areas), dtype=np.int64)
    pairs = shapely.STRtree(shapes).query(shapely.points(points[located]), predicate="intersects")
    np.minimum.at(inside, pairs[0], pairs[1])
    homes = areas[["x", "y"]].to_numpy(dtype=float, na_value=np.nan)
    known = np.flatnonzero(np.isfinite(homes).all(axis=1))
    if len(known):
        metres, nearest = _nearest(homes[known], points[located])
        # A row that names its area by code was put on the area's point, which can lie outside the area's own polygon.
        inside = np.where((inside < len(areas)) & (metres > 0), inside, known[nearest])
    found[located] = np.where(inside < len(areas), inside, -1)
    return found


def _nearest(homes: NDArray[np.float64], points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Metres to the nearest of some homes, shape (n,), and which it is; of several equally near the first."""
    metres, at = cKDTree(homes).query(points, k=list(range(1, min(len(homes), EQUALLY_NEAR) + 1)))
    return metres[:, 0], np.where(metres == metres[:, :1], at, len(homes)).min(axis=1)
