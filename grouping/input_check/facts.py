"""Figures of a check: what was read against what was expected, and one line for each practice."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geodata.crosscheck import SummedUp
from geodata.place import Place, TransportFacts
from geodata.public_transport import coverage
from geodata.registrations import USUAL_FACTORS
from grouping.input_check.checked import Checked
from grouping.input_check.kinds import SEVERITIES, named_codes
from grouping.plain_words import plural

EXTREMES = 5
"""How many of the largest and of the smallest lists are shown."""


ESTIMATED = "estimated-registrations"
"""The one finding that tells of all practices whose patients' homes are estimated."""


@dataclass(frozen=True)
class Count:
    """One line of the table of counts; `expected` is the figure of `case.toml`, None where it gives none."""

    label: str
    number: float
    expected: float | None = None
    remark: str = ""

    @property
    def difference(self) -> float | None:
        """What was read minus what was expected."""
        return None if self.expected is None else self.number - self.expected


@dataclass(frozen=True)
class PracticeLine:
    """What a planner takes to one practice; figures that are not known are NaN.

    Parameters
    ----------
    code, name, locality
        The practice.
    list_size, registrations, ratio
        Registered patients on its list, in the table of registrations, and the second over the first.
    unusual
        Whether the ratio lies outside 0.8-1.25.
    sites
        How many sites it has.
    rural_share
        Share of its patients living in rural areas.
    estimated
        Whether where its patients live is estimated.
    snap_m
        Metres from its main site to the road.
    findings
        How many findings name it or one of its sites; `kinds` are their codes.
    """

    code: str
    name: str
    locality: str
    list_size: float
    registrations: float
    ratio: float
    unusual: bool
    sites: int
    rural_share: float
    estimated: bool
    snap_m: float
    findings: int
    kinds: tuple[str, ...]


def counts(checked: Checked) -> tuple[Count, ...]:
    """What was read, beside the figures expected in `case.toml`."""
    totals = checked.settings.totals
    found = _found(checked)
    sites = checked.placed["kind"].value_counts()
    words = [f"{sites[kind]:,} {word}" for kind, word in _SITE_WORDS.items() if sites.get(kind, 0)]
    lines = [
        Count("Practices", found["practices"], totals.practices),
        Count("Sites", found["sites"], totals.sites, ", ".join(words)),
        Count("Registered patients on the lists", found["patients"], totals.patients),
        *_of_buildings(checked),
        Count("Areas", found["areas"], None, _rural_words(checked)),
        Count("Patients in the table of registrations", found["registrations"], None, _basis_words(checked)),
        Count("Localities", found["localities"]),
        *_optional_tables(checked.loaded),
        Count("Files read", len({source.file for source in checked.sources})),
    ]
    return tuple(lines)


def _of_buildings(checked: Checked) -> list[Count]:
    """Floor area and cost of the sites, where they are given or expected, with how many sites give none."""
    lines, sites = [], None if checked.loaded is None else checked.loaded.sites
    asked = (("Floor area of the sites, m²", "floor_area_m2"), ("Cost of the sites, £ a year", "annual_cost"))
    for label, column in asked:
        expected = getattr(checked.settings.totals, column)
        if sites is None or (column not in sites and expected is None):
            continue
        found = SummedUp.of(sites, column)
        total = math.nan if found.lacking == found.sites else found.total
        remark = f"not given for {plural(found.lacking, 'site')}" if found.lacking else ""
        lines.append(Count(label, total, expected, remark))
    return lines


def _optional_tables(place: Place | None) -> list[Count]:
    """The points inside areas and the journeys by public transport, where the case has them."""
    lines = []
    if place is not None and place.area_points is not None:
        remark = f"in {place.area_points['area_code'].nunique():,} of {len(place.areas):,} areas"
        lines.append(Count("Points inside areas", len(place.area_points), None, remark))
    if place is not None and (covered := coverage(place)) is not None:
        share = covered.patients_share
        remark = f"from {covered.areas_reached:,} of {covered.areas:,} areas to at least one site"
        remark += "" if math.isnan(share) else f", the homes of {share:.0%} of the patients"
        remark += f"; {covered.sites_listed:,} of {covered.sites:,} sites"
        remark += f"; {(place.public_transport_facts or TransportFacts()).window()}"
        lines.append(Count("Journeys by public transport", covered.pairs, None, remark))
    return lines + ([] if place is None else _tables_for_impact(place))


def _tables_for_impact(place: Place) -> list[Count]:
    """What impact on travel is worked out with, where the case has it."""
    lines = []
    for label, frame in (("Pharmacies", place.pharmacies), ("Settlements", place.settlements)):
        if frame is not None:
            lines.append(Count(f"{label} in or near the case", len(frame)))
    if place.housing is not None:
        rows = len(place.housing)
        remark = f"in {rows:,} {'place' if rows == 1 else 'places'}"
        lines.append(Count("Planned homes", float(place.housing["dwellings"].sum()), None, remark))
    if place.projections is not None and len(place.projections):
        years = ", ".join(str(year) for year in sorted(set(place.projections["year"])))
        lines.append(Count("Areas with projections", place.projections["area_code"].nunique(), None, f"for {years}"))
    return lines


_SITE_WORDS = {"main": "main", "branch": "branch", "community": "community", "mobile": "mobile"}


def _found(checked: Checked) -> dict[str, float]:
    place = checked.loaded
    if place is not None:
        return {
            "practices": len(place.practices),
            "sites": len(place.sites),
            "areas": len(place.areas),
            "patients": place.list_total,
            "registrations": float(place.registrations["patients"].sum()),
            "localities": int(place.practices["locality"].replace("", None).nunique()),
        }
    found: dict[str, float] = {}
    for name in ("practices", "sites", "areas", "localities"):
        table = checked.tables.get(name)
        found[name] = 0 if table is None else len(table)
    for label, name, column in (("patients", "practices", "list_size"), ("registrations", "registrations", "patients")):
        table = checked.tables.get(name)
        known = table is not None and column in table.frame
        found[label] = float(np.nansum(table.frame[column].to_numpy(dtype=float))) if known else math.nan
    return found


def _rural_words(checked: Checked) -> str:
    if checked.loaded is None or not len(checked.loaded.areas):
        return ""
    rural = int(checked.loaded.areas["rural"].sum())
    words = f"{rural:,} rural, {len(checked.loaded.areas) - rural:,} urban"
    beyond = int(checked.loaded.areas["neighbour"].sum())
    return f"{words}; {beyond:,} of them over the border" if beyond else words


def _basis_words(checked: Checked) -> str:
    """Where the homes of all patients come from, once the registrations were scaled and completed."""
    if checked.ready is None:
        return ""
    basis = checked.ready.place.registrations.groupby("basis")["patients"].sum()
    words = {"published": "as published", "scaled": "scaled to the lists", "estimated": "estimated"}
    parts = [f"{basis[name]:,.0f} {word}" for name, word in words.items() if basis.get(name, 0) >= 0.5]
    return "used: " + ", ".join(parts) if parts else ""


def practice_lines(checked: Checked) -> tuple[PracticeLine, ...]:
    """One line for each practice, by code."""
    frame = _practices(checked)
    owners = checked.placed.loc[checked.placed["kind"] != "area"]
    sites = owners.groupby("practice_code")["code"].agg(list).to_dict()
    named = _findings_of(checked, list(frame.index), sites)
    any_estimated = any(finding.code == ESTIMATED for finding in checked.findings)
    lines = []
    for row in frame.itertuples():
        ratio = row.registrations / row.list_size if row.list_size > 0 else math.nan
        about = named.get(row.Index, [])
        if row.estimated and any_estimated and ESTIMATED not in about:  # the finding names the first practices only
            about = [*about, ESTIMATED]
        lines.append(
            PracticeLine(
                row.Index,
                row.name,
                row.locality,
                row.list_size,
                row.registrations,
                ratio,
                math.isfinite(ratio) and not USUAL_FACTORS[0] <= ratio <= USUAL_FACTORS[1],
                len(sites.get(row.Index, [])),
                row.rural_share,
                bool(row.estimated),
                row.snap_m,
                len(about),
                tuple(dict.fromkeys(about)),
            )
        )
    return tuple(lines)


def _practices(checked: Checked) -> pd.DataFrame:
    """Index `code`; `name`, `locality`, `list_size`, `registrations`, `rural_share`, `estimated`, `snap_m`."""
    place, ready = checked.loaded, checked.ready
    if place is None:
        return _practices_of_tables(checked)
    codes = place.practices.index.astype(str)
    registered = place.registrations.groupby("practice_code")["patients"].sum()
    frame = pd.DataFrame(
        {
            "name": place.practices["name"].astype(str).to_numpy(),
            "locality": place.practices["locality"].fillna("").astype(str).to_numpy(),
            "list_size": place.practices["list_size"].to_numpy(dtype=float),
            "registrations": registered.reindex(codes).to_numpy(dtype=float),
            "rural_share": np.nan,
            "estimated": False,
            "snap_m": np.nan,
        },
        index=codes,
    )
    if ready is not None:
        problem = ready.problem
        share = problem.rural_patients / np.maximum(problem.list_size, 1)
        frame["rural_share"] = pd.Series(share, index=list(problem.practice_codes)).reindex(codes).to_numpy()
        basis = ready.place.registrations
        frame["estimated"] = codes.isin(basis.loc[basis["basis"] == "estimated", "practice_code"])
        snap = checked.placed.loc[checked.placed["kind"] != "area"].set_index("code")["snap_m"]
        frame["snap_m"] = snap.reindex(place.practices["main_site_code"]).to_numpy(dtype=float)
    return frame.sort_index()


def _practices_of_tables(checked: Checked) -> pd.DataFrame:
    """The practices of a case with errors, as far as their table can be read; a code that comes twice, once."""
    table = checked.tables.get("practices")
    columns = ["name", "locality", "list_size", "registrations", "rural_share", "estimated", "snap_m"]
    if table is None or "practice_code" not in table.frame:
        return pd.DataFrame(columns=columns)
    number = table.frame["list_size"].to_numpy(dtype=float) if "list_size" in table.frame else np.nan
    frame = pd.DataFrame(
        {
            "name": [table.text(i, "name") for i in range(len(table))],
            "locality": [table.text(i, "locality") for i in range(len(table))],
            "list_size": number,
            "registrations": np.nan,
            "rural_share": np.nan,
            "estimated": False,
            "snap_m": np.nan,
        },
        index=[str(code) for code in table.frame["practice_code"]],
    )
    listed = checked.tables.get("registrations")
    if listed is not None and {"practice_code", "patients"} <= set(listed.frame):
        sums = listed.frame.assign(patients=listed.frame["patients"].to_numpy(dtype=float))
        sums = sums.groupby("practice_code")["patients"].sum()
        frame["registrations"] = sums.reindex(frame.index).to_numpy(dtype=float)
    return frame[~frame.index.duplicated()].sort_index()


def _findings_of(checked: Checked, codes: list[str], sites: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The codes of the findings that name each practice or one of its sites, errors first."""
    practice_of = {site: code for code, own in sites.items() for site in own if code} | {code: code for code in codes}
    findings = sorted(checked.findings, key=lambda finding: SEVERITIES.index(finding.severity))
    named = named_codes(findings, practice_of, checked.tables.codes_of_rows())
    found: dict[str, list[str]] = {}
    for finding, about in zip(findings, named, strict=True):
        for code in {practice_of[name] for name in about}:
            found.setdefault(code, []).append(finding.code)
    return found


def largest_and_smallest(lines: tuple[PracticeLine, ...]) -> tuple[list[PracticeLine], list[PracticeLine]]:
    """The largest and the smallest lists that are known; a practice is in one of them only."""
    known = sorted((line for line in lines if math.isfinite(line.list_size)), key=lambda line: line.code)
    by_size = sorted(known, key=lambda line: -line.list_size)
    each = min(EXTREMES, len(by_size) // 2)
    return by_size[:each], list(reversed(by_size[len(by_size) - each :]))
