"""Registrations of another date, or none at all: scaled to the list sizes, or estimated, and said so.

The rule: the registrations of a practice are scaled to its list size, the factor is reported, and a factor outside
0.8-1.25 is a finding. A practice without any has its list spread over areas in proportion to
population x exp(-minutes to its nearest site / 5), within 30 minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.errors import Finding
from geodata.place import Place
from geodata.travel import TravelTimes

USUAL_FACTORS = (0.8, 1.25)
"""A factor outside these is a finding: the practice has merged or moved, or its code has changed hands."""

DECAY_MINUTES = 5.0
"""Minutes after which the estimated number of registrations per resident falls to 1/e."""

REACH_MINUTES = 30.0
"""No patients are estimated farther away than this."""


def _practices_have(number: int) -> str:
    return "1 practice has" if number == 1 else f"{number} practices have"


def scaling_factors(list_size: Mapping[str, float], registrations: pd.DataFrame) -> pd.Series:
    """List size over registered patients, by practice code, for practices that have registrations and a list."""
    sums = registrations.groupby("practice_code")["patients"].sum()
    lists = pd.Series(dict(list_size), dtype=float).reindex(sums.index)
    factors = lists / sums
    return factors[(sums > 0) & lists.notna()].sort_index()


def scaling_findings(list_size: Mapping[str, float], registrations: pd.DataFrame, file: str) -> list[Finding]:
    """Tell each practice whose factor is unusual, and the range of all factors."""
    factors = scaling_factors(list_size, registrations)
    low, high = USUAL_FACTORS
    findings = []
    sums = registrations.groupby("practice_code")["patients"].sum()
    for code, factor in factors.items():
        if not low <= factor <= high:
            message = (
                f"The registrations of {code} sum to {sums[code]:,.0f}, its list is {list_size[str(code)]:,.0f}: "
                f"they are scaled by {factor:.2f}, outside {low:g}-{high:g}."
            )
            fix = "Check whether the practice merged, split or changed its code between the dates of the two files."
            findings.append(
                Finding("warning", file, message, fix, column="patients", value=str(code), code="scaling-factor")
            )
    if len(factors) and not np.allclose(factors, 1.0):
        message = (
            f"Registrations are scaled to the lists: {_practices_have(len(factors))} some, the factors range from "
            f"{factors.min():.2f} to {factors.max():.2f} (median {factors.median():.2f})."
        )
        findings.append(Finding("note", file, message, column="patients", code="scaling-range"))
    return findings


def complete_registrations(place: Place, times: TravelTimes) -> Place:
    """Scale registrations to the list sizes, and estimate those of practices that have none.

    Parameters
    ----------
    place
        As loaded.
    times
        Minutes from areas to sites; its areas and sites are found by their codes.

    Returns
    -------
    Place
        The same place with registrations that sum to the list size of every practice, one row per practice and area,
        sorted; `basis` is `published` (factor 1), `scaled` or `estimated`. Findings say what was done.
    """
    list_size = {str(code): float(size) for code, size in place.practices["list_size"].items()}
    given = place.registrations.astype({"patients": float})
    given = given[given["practice_code"].isin(set(list_size)) & (given["patients"] > 0)]
    given = given.groupby(["practice_code", "area_code"], as_index=False).agg({"patients": "sum", "basis": "first"})
    scaled = _scale(list_size, given)
    registered = set(given["practice_code"])
    without = [code for code in place.practices.index if code not in registered]
    estimated, findings = _estimate(place, times, without)
    filled = [frame for frame in (scaled, estimated) if len(frame)] or [scaled]
    table = pd.concat(filled, ignore_index=True)
    table = table.sort_values(["practice_code", "area_code"], ignore_index=True)
    file = next((source.file for source in place.sources if source.table == "registrations"), "")
    told = {(finding.code, finding.value) for finding in place.findings}
    more = [f for f in scaling_findings(list_size, given, file) if (f.code, f.value) not in told]
    more += [f for f in findings if (f.code, f.value) not in told]
    return replace(place, registrations=table, findings=(*place.findings, *more))


def _scale(list_size: Mapping[str, float], given: pd.DataFrame) -> pd.DataFrame:
    factors = scaling_factors(list_size, given)
    factor = given["practice_code"].map(factors).to_numpy(dtype=float)
    exact = np.isclose(factor, 1.0, rtol=0, atol=1e-12)
    basis = np.where(exact | (given["basis"] == "estimated"), given["basis"], "scaled")
    # Share first, then list: a product of list and factor overflows where next to nobody is registered.
    sums = given.groupby("practice_code")["patients"].transform("sum").to_numpy(dtype=float)
    lists = given["practice_code"].map(dict(list_size)).to_numpy(dtype=float)
    patients = given["patients"].to_numpy(dtype=float) / sums * lists
    patients = np.where(exact, given["patients"], patients)
    kept = pd.DataFrame({"practice_code": given["practice_code"], "area_code": given["area_code"]})
    return kept.assign(patients=patients, basis=basis)[patients > 0]


def _estimate(place: Place, times: TravelTimes, codes: list[str]) -> tuple[pd.DataFrame, list[Finding]]:
    """Spread the lists of some practices over the areas around their sites."""
    columns = ["practice_code", "area_code", "patients", "basis"]
    if not codes:
        return pd.DataFrame(columns=columns).astype({"patients": float}), []
    minutes = _minutes_to_nearest_site(place, times, codes)
    population = place.areas["population"].to_numpy(dtype=float)
    population = np.ones(len(population)) if np.isnan(population).all() else np.nan_to_num(population)
    # Over the border nearly everybody is registered with practices outside the case.
    if "neighbour" in place.areas:
        population = np.where(place.areas["neighbour"].to_numpy(dtype=bool), 0.0, population)
    area_codes = place.areas.index.to_numpy()
    rows, far = [], []
    for k, code in enumerate(codes):
        near = minutes[k] <= REACH_MINUTES
        weight = np.where(near, population * np.exp(-np.where(near, minutes[k], 0.0) / DECAY_MINUTES), 0.0)
        if weight.sum() <= 0:
            weight = np.zeros(len(weight))
            weight[_nearest_area(place, code, minutes[k])] = 1.0
            far.append(code)
        patients = float(place.practices.at[code, "list_size"]) * weight / weight.sum()
        here = patients > 0
        rows.append(pd.DataFrame({"practice_code": code, "area_code": area_codes[here], "patients": patients[here]}))
    table = pd.concat(rows, ignore_index=True).assign(basis="estimated")
    return table[columns], _estimate_findings(place, codes, far)


def _estimate_findings(place: Place, codes: list[str], far: list[str]) -> list[Finding]:
    patients = int(place.practices.loc[codes, "list_size"].sum())
    listed = ", ".join(codes[:12]) + (f" and {len(codes) - 12} more" if len(codes) > 12 else "")
    message = (
        f"{_practices_have(len(codes))} no registrations ({patients:,} patients): where these live is "
        f"estimated from the population within {REACH_MINUTES:g} minutes of their sites."
    )
    fix = "Give registrations under their present codes, if there are any."
    findings = [Finding("warning", "", message, fix, value=listed, code="estimated-registrations")]
    if far:
        message = f"No populated area lies within {REACH_MINUTES:g} minutes of a site of {', '.join(far[:5])}"
        message += f" and {len(far) - 5} more" if len(far) > 5 else ""
        message += ": the patients are placed in the nearest area."
        fix = "Check the location of these sites and the road network around them."
        findings.append(Finding("warning", "", message, fix, value=", ".join(far), code="estimated-nearest"))
    return findings


def _minutes_to_nearest_site(place: Place, times: TravelTimes, codes: list[str]) -> NDArray[np.float64]:
    """Minutes from each area of the place to the nearest site of each practice, shape (practices, areas)."""
    row = {code: i for i, code in enumerate(times.area_codes)}
    column = {code: i for i, code in enumerate(times.site_codes)}
    areas = np.array([row.get(code, -1) for code in place.areas.index], dtype=np.int64)
    owner = place.sites["practice_code"].to_numpy()
    out = np.full((len(codes), len(areas)), np.inf)
    for k, code in enumerate(codes):
        own = [column[site] for site in place.sites.index[owner == code] if site in column]
        if own and (areas >= 0).any():
            out[k, areas >= 0] = times.area_to_site[np.ix_(areas[areas >= 0], own)].min(axis=1)
    return out


def _nearest_area(place: Place, code: str, minutes: NDArray[np.float64]) -> int:
    """The area nearest in minutes; where none has a route, the nearest in a straight line."""
    if np.isfinite(minutes).any():
        return int(np.argmin(minutes))
    point = place.practices.geometry.loc[code]
    gap = np.hypot(place.areas["x"].to_numpy(dtype=float) - point.x, place.areas["y"].to_numpy(dtype=float) - point.y)
    return int(np.argmin(gap))
