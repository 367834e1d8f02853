"""What the invented areas and practices hold besides: wards, children, the oldest, people with poor health.

Everything here is drawn from sources of chance of its own, so that the figures made before stay as they are.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass
from random import Random

from geodata.demo._areas import Area
from geodata.demo._surgeries import Practice

AREAS_OF_TWO_WARDS = 8
"""A settlement with at least so many areas is cut into two wards."""

BEYOND_SHARES = (0.042, 0.15)
"""Shares of people of 85 and over and of children among patients whose area nobody described."""


@dataclass(frozen=True)
class Residents:
    """Further invented figures of one area: the oldest, children, and people with a health problem or disability."""

    ward: str
    population_85_plus: int
    population_children: int
    long_term_health: int


def make_residents(areas: list[Area], rng: Random) -> dict[str, Residents]:
    """Invent the further figures of every area.

    Parameters
    ----------
    areas
        As made; nothing of them changes.
    rng
        Source of chance.

    Returns
    -------
    dict of str to Residents
        By area code, in the order of the areas.
    """
    wards = ward_names(areas)
    return {area.area_code: _residents(area, wards[area.area_code], rng) for area in areas}


def _residents(area: Area, ward: str, rng: Random) -> Residents:
    older = area.population_65_plus / area.population
    # where many are old, many are very old: the coast has the retired of two generations
    oldest = (0.21 + 0.3 * older) * rng.uniform(0.88, 1.12)
    # few children where the retired live, more where homes are cheap
    young = (0.245 - 0.28 * older - 0.005 * (area.deprivation_decile - 5)) * rng.uniform(0.88, 1.12)
    poorly = (0.055 + 0.40 * older + 0.011 * (10 - area.deprivation_decile)) * rng.uniform(0.9, 1.1)
    return Residents(
        ward=ward,
        population_85_plus=min(area.population_75_plus, round(area.population_75_plus * oldest)),
        population_children=min(area.population - area.population_65_plus, round(area.population * max(0.05, young))),
        long_term_health=min(area.population, round(area.population * poorly)),
    )


def ward_names(areas: list[Area]) -> dict[str, str]:
    """Name of the ward of every area: its settlement, or the half of a large one, named by the compass."""
    of_place: dict[str, list[Area]] = defaultdict(list)
    for area in areas:
        of_place[area.settlement.name].append(area)
    wards: dict[str, str] = {}
    for name, own in of_place.items():
        if len(own) < AREAS_OF_TWO_WARDS:
            wards |= {area.area_code: name for area in own}
            continue
        wide = max(area.x for area in own) - min(area.x for area in own)
        high = max(area.y for area in own) - min(area.y for area in own)
        cuts = [("x", "West", "East"), ("y", "South", "North")]
        if high > wide:
            cuts.reverse()
        # Boscombe East is a place of its own
        axis, low, far = next(cut for cut in cuts if not {f"{name} {half}" for half in cut[1:]} & set(of_place))
        middle = statistics.median(getattr(area, axis) for area in own)
        wards |= {a.area_code: f"{name} {low if getattr(a, axis) < middle else far}" for a in own}
    return wards


def ages_of_patients(
    practices: list[Practice], areas: list[Area], residents: dict[str, Residents], rng: Random
) -> dict[str, tuple[int, int]]:
    """Patients of 85 and over, and children, of every practice.

    They follow the residents where the patients live, a little more or less, as lists do.

    Parameters
    ----------
    practices, areas
        As made; nothing of them changes.
    residents
        By area code.
    rng
        Source of chance.

    Returns
    -------
    dict of str to (int, int)
        By practice code: people of 85 and over (never more than those of 75 and over), and children.
    """
    people = {area.area_code: area.population for area in areas}
    ages = {}
    for practice in practices:
        oldest = young = 0.0
        for code, patients in practice.patients.items():
            here = residents.get(code)
            shares = BEYOND_SHARES
            if here is not None:
                shares = (here.population_85_plus / people[code], here.population_children / people[code])
            oldest, young = oldest + patients * shares[0], young + patients * shares[1]
        oldest, young = oldest * rng.uniform(0.94, 1.06), young * rng.uniform(0.96, 1.04)
        room = practice.list_size - practice.age_65_plus
        ages[practice.practice_code] = min(practice.age_75_plus, round(oldest)), min(room, round(young))
    return ages
