"""The invented practices, their sites, and who is registered where."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from importlib.resources import files
from random import Random

import shapely
from shapely import LineString, Point, Polygon

from geodata.demo._areas import Area, Settlement, read_rows, share_out

PATIENTS = 766_000
FLOOR_AREA_M2 = 48_000
ANNUAL_COST = 10_700_000

MIDDLE_WORDS = ("Street", "Lane", "Road", "Hill", "Green", "Walk", "Row", "Court")
LAST_WORDS = ("Surgery", "Surgery", "Surgery", "Medical Centre", "Practice", "Health Centre")

COMMUNITY_SITES = (("XC001", "Demonstration Community Clinic, Weymouth", "Weymouth"),
                   ("XC002", "Demonstration Community Clinic, Blandford", "Blandford St Mary"))  # fmt: skip

BEYOND = (("Lyme Regis", "D09000001", 420), ("Charmouth", "D09000001", 60), ("Beaminster", "D09000002", 170),
          ("Yetminster", "D09000002", 310), ("Sherborne", "D09000003", 260), ("Gillingham", "D09000004", 340),
          ("Shaftesbury", "D09000005", 480), ("Cranborne", "D09000006", 290), ("Verwood", "D09000006", 110),
          ("St Leonards", "D09000007", 130), ("Highcliffe", "D09000008", 210), ("Burton", "D09000008", 70))  # fmt: skip
"""Patients who live over the border: settlement of the (first) practice, code of an area nobody described, patients."""

LIST_RANGE = (2_600, 17_500)
"""Lists outside this range are pulled back towards it."""


@dataclass
class Site:
    """A building patients are seen in."""

    site_code: str
    practice_code: str
    name: str
    kind: str
    x: int
    y: int
    floor_area_m2: int = 0
    condition: str = ""
    annual_cost: int = 0
    committed: bool = False


@dataclass
class Practice:
    """An invented practice with its sites and its patients by area."""

    practice_code: str
    name: str
    settlement: Settlement
    network: str
    weight: float
    sites: list[Site] = field(default_factory=list)
    patients: dict[str, int] = field(default_factory=dict)
    age_65_plus: int = 0
    age_75_plus: int = 0
    clinical_system: str = ""
    vulnerability: int = 3
    dispensing: bool = False

    @property
    def list_size(self) -> int:
        """Registered patients."""
        return sum(self.patients.values())


def make_practices(
    outline: Polygon, settlements: list[Settlement], areas: list[Area], rng: Random
) -> tuple[list[Practice], list[Site]]:
    """Invent the practices, their main sites, branches and patients, and the community sites.

    Parameters
    ----------
    outline
        The county, metres; home and site on two shores of a harbour are far apart.
    settlements, areas
        Where people live.
    rng
        Source of chance.

    Returns
    -------
    (list of Practice, list of Site)
        The practices by code, and the sites that belong to nobody.
    """
    by_name = {place.name: place for place in settlements}
    practices = _practices_without_patients(by_name, areas, outline, rng)
    community = []
    for code, name, where in COMMUNITY_SITES:
        x, y = _spot(by_name[where], areas, [], outline, rng)
        community.append(Site(code, "", name, "community", x, y))
    _register(practices, areas, outline)
    _describe(practices, areas, rng)
    _furnish([site for practice in practices for site in practice.sites] + community, practices, rng)
    return practices, community


def _practices_without_patients(
    by_name: dict[str, Settlement], areas: list[Area], outline: Polygon, rng: Random
) -> list[Practice]:
    """Practices with codes, names and sites; two in Oakdale share a building."""
    text = files("geodata.demo").joinpath("surgery_words.txt").read_text(encoding="utf-8")
    words = text.split()
    rng.shuffle(words)
    taken: dict[str, list[tuple[int, int]]] = defaultdict(list)
    practices: list[Practice] = []
    for number, row in enumerate(read_rows("surgeries.csv")):
        place = by_name[row["settlement"]]
        code = f"X81{number + 1:03d}"
        name = f"{words[number]} {rng.choice(MIDDLE_WORDS)} {rng.choice(LAST_WORDS)}"
        practice = Practice(code, name, place, row["network"], float(row["weight"]))
        if place.name == "Oakdale" and taken[place.name]:
            spot = taken[place.name][0]
        else:
            spot = _spot(place, areas, taken[place.name], outline, rng)
        taken[place.name].append(spot)
        practice.sites.append(Site(code, code, name, "main", *spot))
        for count, branch in enumerate(filter(None, row["branches"].split(";")), start=1):
            spot = _spot(by_name[branch], areas, taken[branch], outline, rng)
            taken[branch].append(spot)
            title = f"{name} ({branch} branch)"
            practice.sites.append(Site(f"{code}{count:03d}", code, title, "branch", *spot))
        practices.append(practice)
    return practices


def _spot(
    place: Settlement, areas: list[Area], taken: list[tuple[int, int]], outline: Polygon, rng: Random
) -> tuple[int, int]:
    """A building plot near where the settlement's people live, away from the plots already taken."""
    homes = [(area.x, area.y) for area in areas if area.settlement is place]
    centre = (place.easting, place.northing)
    homes = sorted(homes or [centre], key=lambda home: math.dist(home, centre))
    nearest_first = [home for home in homes if all(math.dist(home, other) > 350 for other in taken)] or homes
    home = nearest_first[0]
    for _ in range(200):
        x, y = home[0] + rng.randint(-160, 160), home[1] + rng.randint(-160, 160)
        if outline.contains(Point(x, y).buffer(40)) and (x, y) not in taken:
            return x, y
    return home


def _register(practices: list[Practice], areas: list[Area], outline: Polygon) -> None:
    """Share out every area's people over the practices near it, and round so that all add up to `PATIENTS`.

    A gravity rule: the chance to be registered falls off as exp(-distance / reach), with a longer reach in the
    country. The attraction of a practice is nudged until its list is of a usual size.
    """
    land = outline.buffer(150)
    shapely.prepare(land)
    pull = {
        (practice.practice_code, area.area_code): _pull(practice, area, land)
        for practice in practices
        for area in areas
    }
    weight = {practice.practice_code: practice.weight for practice in practices}
    expected: dict[str, dict[str, float]] = {}
    for _ in range(25):
        expected = {code: {} for code in weight}
        for area in areas:
            drawn = {code: weight[code] * pull[code, area.area_code] for code in weight}
            # nobody travels past a dozen surgeries: small shares go to the others
            floor = 0.03 * max(drawn.values())
            drawn = {code: value for code, value in drawn.items() if value > floor}
            total = sum(drawn.values())
            for code, value in drawn.items():
                expected[code][area.area_code] = area.population * value / total
        for code, people in expected.items():
            size = sum(people.values())
            wanted = min(LIST_RANGE[1], max(LIST_RANGE[0], size))
            weight[code] *= (wanted / size) ** 0.7
    beyond: dict[str, dict[str, int]] = defaultdict(dict)
    for where, area_code, patients in BEYOND:
        first = next(practice for practice in practices if practice.settlement.name == where)
        beyond[first.practice_code][area_code] = patients
    inside = PATIENTS - sum(sum(people.values()) for people in beyond.values())
    sizes = share_out(inside, [sum(expected[practice.practice_code].values()) for practice in practices])
    for practice, size in zip(practices, sizes, strict=True):
        people = expected[practice.practice_code]
        codes = sorted(people, key=lambda area_code: (-people[area_code], area_code))[:40]
        whole = share_out(size, [people[code] for code in codes])
        practice.patients = {code: n for code, n in zip(codes, whole, strict=True) if n}
        practice.patients.update(beyond[practice.practice_code])


def _pull(practice: Practice, area: Area, land: Polygon) -> float:
    """How strongly a practice draws an area's people, before its own weight."""
    home = (area.x, area.y)
    site = min(practice.sites, key=lambda s: math.dist(home, (s.x, s.y)))
    metres = math.dist(home, (site.x, site.y))
    if metres > 22_000:
        return 0.0
    if not land.covers(LineString([home, (site.x, site.y)])):
        metres *= 2.5
    reach = 750 if area.rural_urban == "C1" else 1900
    # a branch draws less than a main site
    return math.exp(-metres / reach) * (1.0 if site.kind == "main" else 0.75)


def _describe(practices: list[Practice], areas: list[Area], rng: Random) -> None:
    """Age of the patients, software, resilience score and dispensing."""
    by_code = {area.area_code: area for area in areas}
    for practice in practices:
        older = oldest = rural = 0.0
        for code, patients in practice.patients.items():
            area = by_code.get(code)
            if area is None:
                older, oldest, rural = older + 0.28 * patients, oldest + 0.13 * patients, rural + patients
                continue
            older += patients * area.population_65_plus / area.population
            oldest += patients * area.population_75_plus / area.population
            rural += patients * (area.rural_urban != "C1")
        practice.age_65_plus, practice.age_75_plus = round(older), round(oldest)
        practice.clinical_system = "System A" if rng.random() < 0.85 else "System B"
        practice.vulnerability = rng.choices((1, 2, 3, 4, 5), (2, 12, 40, 34, 12))[0]
        # in England mostly villages more than a mile from a pharmacy
        practice.dispensing = rural > 0.5 * practice.list_size and practice.settlement.kind == "village"


def _furnish(sites: list[Site], practices: list[Practice], rng: Random) -> None:
    """Floor area, condition and yearly cost, adding up to the county's totals."""
    list_size = {practice.practice_code: practice.list_size for practice in practices}
    wanted = []
    for site in sites:
        if site.kind == "main":
            wanted.append((70 + 0.047 * list_size[site.practice_code]) * rng.uniform(0.7, 1.3))
        else:
            wanted.append(rng.uniform(70, 240) if site.kind == "branch" else rng.uniform(500, 800))
    rent = []
    for site, floor_area in zip(sites, share_out(FLOOR_AREA_M2, wanted), strict=True):
        site.floor_area_m2 = floor_area
        site.condition = rng.choices("ABCD", (18, 47, 28, 7))[0]
        site.committed = rng.random() < 0.06
        rent.append(floor_area * rng.uniform(0.75, 1.3))
    for site, cost in zip(sites, share_out(ANNUAL_COST, rent), strict=True):
        site.annual_cost = cost
