"""What the invented county plans and offers: pharmacies, homes to be built, projected people, services and sites."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

import shapely
from shapely import Point, Polygon

from geodata.demo._areas import Area, Settlement, share_out
from geodata.demo._surgeries import Practice, Site

PEOPLE_PER_PHARMACY = {"suburb": 4_900, "town": 4_300, "small town": 3_900}
"""How many people a pharmacy serves, by kind of place; every built-up place of `LEAST_PEOPLE` has one."""

LEAST_PEOPLE = 1_500
VILLAGE_PEOPLE = 1_600
"""A village of so many people may have a pharmacy, unless the practice there dispenses."""

VILLAGES_WITH = 0.45
"""Share of such villages that have one."""

DWELLINGS, PLANS = 20_000, {"suburb": 8, "town": 7, "small town": 4, "village": 6}
"""Homes planned in all, in tens at each place; places by kind."""

PLAN_WEIGHTS = {"suburb": (350, 900), "town": (700, 1900), "small town": (400, 1200), "village": (60, 240)}
FIRST_YEAR, LAST_YEAR = 2027, 2036

PLANS_IN_LOCALITY = 3
"""At most so many in one planning area."""

GROWTH, GROWTH_BY_HOMES = 50_000, 20_000
"""People more in `LAST_YEAR`, and how many of them live in the planned homes."""

COMPASS = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")

SERVICES_AT = ("Bournemouth Centre", "Longfleet", "Christchurch", "Ferndown", "Dorchester", "Bridport")
"""Where evening and weekend services run today: the first practice's main site; and the community sites."""


@dataclass(frozen=True)
class Pharmacy:
    """An invented pharmacy."""

    name: str
    x: int
    y: int


@dataclass(frozen=True)
class PlannedHomes:
    """An invented place where homes are to be built."""

    name: str
    x: int
    y: int
    dwellings: int
    year: int


@dataclass(frozen=True)
class SiteOption:
    """An example of a question about a site: `open`, `move` or `consider further`."""

    site_code: str
    change: str
    practice_code: str
    name: str
    kind: str
    x: int | str
    y: int | str
    note: str


def make_pharmacies(
    outline: Polygon, settlements: list[Settlement], areas: list[Area], practices: list[Practice], rng: Random
) -> list[Pharmacy]:
    """Invent about 150 pharmacies: in every town and suburb, in some villages, in none where the practice dispenses.

    Parameters
    ----------
    outline
        The county, metres.
    settlements, areas, practices
        Where people live, and where practices dispense.
    rng
        Source of chance.
    """
    dispensing = {practice.settlement.name for practice in practices if practice.dispensing}
    land = outline.buffer(-40)
    shapely.prepare(land)
    found = []
    for place in settlements:
        own = [area for area in areas if area.settlement is place]
        wanted = _pharmacies_of(place, rng) if own and place.name not in dispensing else 0
        # one in the middle first, then where the homes are
        spots = [(place.easting, place.northing)] + [(a.x, a.y) for a in rng.sample(own, len(own)) if len(own) > 1]
        for number in range(wanted):
            x, y = _near(spots[number % len(spots)], land, rng)
            title = f"Demonstration Pharmacy {number + 1}" if wanted > 1 else "Demonstration Pharmacy"
            found.append(Pharmacy(f"{title}, {place.name}", x, y))
    return found


def _pharmacies_of(place: Settlement, rng: Random) -> int:
    chance = rng.random()
    if place.built_up:
        least = 1 if place.population >= LEAST_PEOPLE else 0
        return max(least, round(place.population / PEOPLE_PER_PHARMACY[place.kind]))
    return int(place.kind == "village" and place.population >= VILLAGE_PEOPLE and chance < VILLAGES_WITH)


def _near(spot: tuple[int, int], land: Polygon, rng: Random) -> tuple[int, int]:
    """A point on land within 180 m."""
    for _ in range(200):
        x, y = spot[0] + rng.randint(-180, 180), spot[1] + rng.randint(-180, 180)
        if land.contains(Point(x, y)):
            return x, y
    return spot


def make_housing(outline: Polygon, settlements: list[Settlement], rng: Random) -> list[PlannedHomes]:
    """Invent 25 places for new homes, by year and name.

    Parameters
    ----------
    outline
        The county, metres.
    settlements
        The places at whose edge (or within which) they are built.
    rng
        Source of chance.
    """
    land = outline.buffer(-120)
    shapely.prepare(land)
    chosen: list[Settlement] = []
    weights: list[float] = []
    for kind, wanted in PLANS.items():
        number = wanted
        places = [place for place in settlements if place.kind == kind]
        for place in rng.sample(places, len(places)):
            there = sum(other.locality == place.locality for other in chosen)
            if number > 0 and there < PLANS_IN_LOCALITY:
                chosen.append(place)
                weights.append(rng.uniform(*PLAN_WEIGHTS[kind]))
                number -= 1
    plans = []
    for place, tens in zip(chosen, share_out(DWELLINGS // 10, weights), strict=True):
        x, y, side = _at_the_edge(place, settlements, land, rng)
        where = f"within {place.name}" if place.kind == "suburb" else f"{side} of {place.name}"
        plans.append((rng.randint(FIRST_YEAR, LAST_YEAR), where, x, y, tens * 10))
    return [
        PlannedHomes(f"Invented plan {number}: {where}", x, y, dwellings, year)
        for number, (year, where, x, y, dwellings) in enumerate(sorted(plans), start=1)
    ]


def _at_the_edge(place: Settlement, settlements: list[Settlement], land: Polygon, rng: Random) -> tuple[int, int, str]:
    """A point on land at the edge of a settlement, nearest to it of all, and the side it lies on."""
    for _ in range(500):
        turn = rng.random()
        reach = place.radius_m * (0.7 if place.kind == "suburb" else 1.0) + rng.uniform(0, 250)
        x = round(place.easting + reach * math.cos(turn * math.tau))
        y = round(place.northing + reach * math.sin(turn * math.tau))
        nearest = min(settlements, key=lambda s: math.dist((x, y), (s.easting, s.northing)))
        if nearest is place and land.contains(Point(x, y)):
            return x, y, COMPASS[round(turn * 8) % 8]
    return place.easting, place.northing, "middle"


def make_projections(areas: list[Area], housing: list[PlannedHomes], rng: Random) -> list[tuple[str, int, int]]:
    """Invent the residents of every area in ten years: 50,000 more, fewer of them in old rural areas.

    Parameters
    ----------
    areas
        Residents now.
    housing
        Planned homes bring people to the nearest area.
    rng
        Source of chance.

    Returns
    -------
    list of (str, int, int)
        Area code, year, residents.
    """
    weights = []
    for area in areas:
        older = area.population_65_plus / area.population
        rate = 0.05 - 0.16 * (older - 0.24) - (0.02 if area.rural_urban != "C1" else 0.0) + rng.uniform(-0.015, 0.015)
        weights.append(area.population * (1 + rate))
    people = share_out(sum(area.population for area in areas) + GROWTH - GROWTH_BY_HOMES, weights)
    for plan, more in zip(housing, share_out(GROWTH_BY_HOMES, [float(p.dwellings) for p in housing]), strict=True):
        people[min(range(len(areas)), key=lambda i: math.dist((plan.x, plan.y), (areas[i].x, areas[i].y)))] += more
    return [(area.area_code, LAST_YEAR, number) for area, number in zip(areas, people, strict=True)]


def services_today(practices: list[Practice], community: list[Site]) -> list[Site]:
    """Sites at which, in the demonstration, evening and weekend services run today."""
    first = [next(p for p in practices if p.settlement.name == place) for place in SERVICES_AT]
    return [practice.sites[0] for practice in first] + community


def site_options(settlements: list[Settlement], practices: list[Practice]) -> list[SiteOption]:
    """One example of each question about a site: a branch more, another place, a thought about a branch."""
    by_name = {place.name: place for place in settlements}

    def of(where: str) -> list[Practice]:
        return [practice for practice in practices if practice.settlement.name == where]

    # not a site of `SERVICES_AT`, so that each question stands by itself
    opens, moves, thinks = of("Maiden Newton")[0], of("Dorchester")[1], of("Blandford Forum")[0]
    new, to, branch = by_name["Evershot"], by_name["Charminster"], thinks.sites[1]
    code = f"{opens.practice_code}{len(opens.sites):03d}"
    main = moves.sites[0]
    return [
        SiteOption(code, "open", opens.practice_code, f"{opens.name} (Evershot branch)", "branch", new.easting,
                   new.northing, "Example: a branch more, in rooms of the village hall"),
        SiteOption(main.site_code, "move", moves.practice_code, main.name, main.kind, to.easting, to.northing - 900,
                   "Example: a new building north of the town"),
        SiteOption(branch.site_code, "consider further", thinks.practice_code, branch.name, branch.kind, "", "",
                   "Example: the lease ends in 2029; nothing is decided"),
    ]  # fmt: skip
