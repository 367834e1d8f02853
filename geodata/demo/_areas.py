"""The invented county: its outline, its small census areas and its localities."""

from __future__ import annotations

import csv
import heapq
import itertools
import math
from collections import defaultdict
from dataclasses import dataclass
from importlib.resources import files
from random import Random

import numpy as np
import shapely
from scipy.spatial import Voronoi
from shapely import MultiPolygon, Point, Polygon

PEOPLE_PER_AREA = 1735
"""Residents of an average small census area; gives about 450 areas."""

PEOPLE_PER_KM2 = {"suburb": 3600, "town": 2800, "small town": 2000}
"""How densely a built-up place is lived in, by kind; sets how far its areas spread."""

LATTICE_M = 1050
"""Spacing of the countryside cells that are dealt out to the villages."""

RELUCTANCE_M = {"village": 0, "small town": 1200, "town": 5000, "suburb": 5000}
"""Head start of the others when countryside is dealt out, so that towns stay tight and villages reach far."""


@dataclass(frozen=True)
class Settlement:
    """A real place (name and position are facts; population and shares are rough)."""

    name: str
    easting: int
    northing: int
    population: int
    kind: str
    locality: str
    older_share: float
    deprivation_decile: int

    @property
    def built_up(self) -> bool:
        """Whether the place has streets rather than lanes."""
        return self.kind in PEOPLE_PER_KM2

    @property
    def radius_m(self) -> float:
        """Radius of the built-up place, metres."""
        if not self.built_up:
            return 300.0
        return 1000 * math.sqrt(self.population / PEOPLE_PER_KM2[self.kind] / math.pi)


@dataclass(frozen=True)
class Area:
    """One invented small census area; `x`, `y` is the point most people live near."""

    area_code: str
    name: str
    settlement: Settlement
    x: int
    y: int
    population: int
    population_65_plus: int
    population_75_plus: int
    rural_urban: str
    deprivation_decile: int
    no_car_share: float
    shape: Polygon | MultiPolygon


def read_rows(name: str) -> list[dict[str, str]]:
    """Rows of one of the fact tables that lie beside this module."""
    text = files("geodata.demo").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def read_outline() -> Polygon:
    """The county's outline from its headlands and border places, metres on the British National Grid."""
    return Polygon([(int(row["easting"]), int(row["northing"])) for row in read_rows("outline.csv")])


def read_settlements() -> list[Settlement]:
    """Towns, suburbs, villages and hamlets in the order of the file."""
    return [
        Settlement(
            row["name"],
            int(row["easting"]),
            int(row["northing"]),
            int(row["population"]),
            row["kind"],
            row["locality"],
            float(row["older_share"]),
            int(row["deprivation_decile"]),
        )
        for row in read_rows("settlements.csv")
    ]


def share_out(total: int, weights: list[float]) -> list[int]:
    """Whole numbers in proportion to the weights that sum to `total` (largest remainders; ties: the first)."""
    scale = total / sum(weights)
    exact = [weight * scale for weight in weights]
    whole = [math.floor(value) for value in exact]
    order = sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], i))
    for i in order[: total - sum(whole)]:
        whole[i] += 1
    return whole


def _seeds(settlements: list[Settlement], outline: Polygon, rng: Random) -> list[tuple[Settlement, int, int]]:
    """Where people live: one point per area, spread evenly over its settlement."""
    # half a grid square inside the shore, so that a seed never sits on the edge
    shore = outline.buffer(-60)
    shapely.prepare(shore)
    seeds: list[tuple[Settlement, int, int]] = []
    for place in settlements:
        if place.kind == "hamlet":
            continue
        wanted = max(1, round(place.population / PEOPLE_PER_AREA))
        own: list[tuple[int, int]] = []
        while len(own) < wanted:
            if wanted == 1:
                own.append((place.easting, place.northing))
                break
            candidates = _candidates(place, settlements, shore, rng)
            taken = [(x, y) for _, x, y in seeds if abs(x - place.easting) < 5000] + own
            own.append(max(candidates, key=lambda c: min((math.dist(c, t) for t in taken), default=0.0)))
        seeds += [(place, x, y) for x, y in own]
    return seeds


def _candidates(place: Settlement, settlements: list[Settlement], shore: Polygon, rng: Random) -> list[tuple[int, int]]:
    """Forty random points on land inside the settlement and nearest to it of all."""
    found: list[tuple[int, int]] = []
    for _ in range(4000):
        angle, reach = rng.random() * math.tau, place.radius_m * math.sqrt(rng.random())
        x, y = round(place.easting + reach * math.cos(angle)), round(place.northing + reach * math.sin(angle))
        nearest = min(settlements, key=lambda s: math.dist((x, y), (s.easting, s.northing)))
        if nearest is place and shore.contains(Point(x, y)):
            found.append((x, y))
            if len(found) == 40:
                break
    return found or [(place.easting, place.northing)]


def _lattice(outline: Polygon, built: np.ndarray, rng: Random) -> list[tuple[int, int]]:
    """Countryside points: a jittered triangular lattice that keeps off the built-up places."""
    left, bottom, right, top = outline.bounds
    points = []
    for row, y in enumerate(range(int(bottom), int(top), round(LATTICE_M * 0.866))):
        for x0 in range(int(left), int(right), LATTICE_M):
            x = x0 + (row % 2) * LATTICE_M / 2 + (rng.random() - 0.5) * LATTICE_M * 0.6
            jittered = y + (rng.random() - 0.5) * LATTICE_M * 0.6
            apart = np.hypot(built[:, 0] - x, built[:, 1] - jittered).min()
            if apart > 620 and outline.distance(Point(x, jittered)) < 300:
                points.append((round(x), round(jittered)))
    return points


def _pieces(points: list[tuple[int, int]], outline: Polygon) -> list[tuple[int, Polygon]]:
    """Voronoi cells of the points clipped to the outline, as single polygons on whole metres.

    Returns
    -------
    list of (int, Polygon)
        The number of the point and one piece of its cell; the piece that holds the point comes first.
    """
    far = 400_000
    x, y = outline.centroid.coords[0]
    frame = [(x - far, y - far), (x - far, y + far), (x + far, y - far), (x + far, y + far)]
    diagram = Voronoi(np.array([*points, *frame], dtype=float))
    corners = np.round(diagram.vertices)
    pieces: list[tuple[int, Polygon]] = []
    for number, point in enumerate(points):
        region = diagram.regions[diagram.point_region[number]]
        centre = np.array(point)
        ring = sorted(region, key=lambda v: math.atan2(*(corners[v] - centre)[::-1]))
        clipped = Polygon(corners[ring]).intersection(outline)
        parts = [part for part in getattr(clipped, "geoms", [clipped]) if part.geom_type == "Polygon"]
        parts = [_on_metres(part) for part in parts]
        parts = [part for part in parts if part.is_valid and part.area > 0]
        parts.sort(key=lambda part: (part.distance(Point(point)), -part.area))
        pieces += [(number, part) for part in parts]
    return pieces


def _on_metres(part: Polygon) -> Polygon:
    """The polygon with whole coordinates and no repeated corner."""
    ring = [(round(x), round(y)) for x, y in part.exterior.coords[:-1]]
    ring = [corner for corner, following in zip(ring, ring[1:] + ring[:1], strict=True) if corner != following]
    return Polygon(ring) if len(ring) > 2 else Polygon()


def _neighbours(pieces: list[tuple[int, Polygon]]) -> dict[int, list[int]]:
    """Pieces that share an edge."""
    owners: dict[tuple[tuple[float, float], ...], list[int]] = defaultdict(list)
    for number, (_, shape) in enumerate(pieces):
        for edge in itertools.pairwise(shape.exterior.coords):
            owners[tuple(sorted(edge))].append(number)
    touching: dict[int, list[int]] = defaultdict(list)
    for pair in owners.values():
        if len(pair) == 2:
            touching[pair[0]].append(pair[1])
            touching[pair[1]].append(pair[0])
    return touching


def _deal_out(pieces: list[tuple[int, Polygon]], seeds: list[tuple[Settlement, int, int]]) -> dict[int, list[Polygon]]:
    """Give every piece to a seed so that each area hangs together (Dijkstra over touching pieces)."""
    touching = _neighbours(pieces)
    middle = [shape.centroid.coords[0] for _, shape in pieces]
    home: dict[int, int] = {}
    for number, (point, _) in enumerate(pieces):
        if point < len(seeds) and point not in home.values():
            home[number] = point
    heap = [(0.0 + RELUCTANCE_M[seeds[seed][0].kind], seed, number) for number, seed in home.items()]
    heapq.heapify(heap)
    owner: dict[int, int] = {}
    while heap:
        cost, seed, number = heapq.heappop(heap)
        if number in owner or home.get(number, seed) != seed:
            continue
        owner[number] = seed
        for other in touching[number]:
            if other not in owner:
                heapq.heappush(heap, (cost + math.dist(middle[number], middle[other]), seed, other))
    dealt: dict[int, list[Polygon]] = defaultdict(list)
    for number, seed in sorted(owner.items()):
        dealt[seed].append(pieces[number][1])
    return dealt


def make_areas(outline: Polygon, settlements: list[Settlement], rng: Random) -> list[Area]:
    """Invent about 450 census areas that cover the outline without gaps or overlaps.

    Parameters
    ----------
    outline
        The county, metres.
    settlements
        The real places people live in.
    rng
        Source of chance; the same state gives the same areas.

    Returns
    -------
    list of Area
        In the order of the settlements; codes count up in that order.
    """
    seeds = _seeds(settlements, outline, rng)
    built = np.array([(x, y) for _, x, y in seeds], dtype=float)
    points = [(x, y) for _, x, y in seeds] + _lattice(outline, built, rng)
    dealt = _deal_out(_pieces(points, outline), seeds)
    numbers_of: dict[str, list[int]] = defaultdict(list)
    for number, (place, _, _) in enumerate(seeds):
        numbers_of[place.name].append(number)
    residents = _residents(settlements, seeds, numbers_of, rng)
    areas = []
    for number, (place, x, y) in enumerate(seeds):
        shape = shapely.normalize(shapely.coverage_union_all(np.array(dealt[number])))
        letter = chr(ord("A") + numbers_of[place.name].index(number))
        areas.append(
            _area(f"D01{number + 1:06d}", f"{place.name} 001{letter}", place, (x, y), residents[number], shape, rng)
        )
    return areas


def _residents(
    settlements: list[Settlement],
    seeds: list[tuple[Settlement, int, int]],
    numbers_of: dict[str, list[int]],
    rng: Random,
) -> dict[int, int]:
    """Population by area; a hamlet's people count in the nearest village's area."""
    residents: dict[int, int] = defaultdict(int)
    for place in settlements:
        numbers = numbers_of[place.name]
        if numbers:
            weights = [rng.uniform(0.82, 1.22) for _ in numbers]
            for number, people in zip(numbers, share_out(place.population, weights), strict=True):
                residents[number] += people
            continue
        here = (place.easting, place.northing)
        villages = [n for n, (other, _, _) in enumerate(seeds) if other.kind == "village"]
        residents[min(villages, key=lambda n: math.dist(here, seeds[n][1:]))] += place.population
    return residents


def _area(
    code: str,
    name: str,
    place: Settlement,
    point: tuple[int, int],
    people: int,
    shape: Polygon | MultiPolygon,
    rng: Random,
) -> Area:
    """One area with its invented age, deprivation and car ownership."""
    older = min(0.55, place.older_share * rng.uniform(0.88, 1.26))
    oldest = older * rng.uniform(0.42, 0.54)
    decile = min(10, max(1, place.deprivation_decile + rng.choice((-2, -1, -1, 0, 0, 0, 1, 1, 2))))
    urban = place.kind in ("suburb", "town")
    # rough English pattern: few rural homes are without a car, many in poor town centres are
    no_car = (0.40 - 0.034 * decile if urban else 0.17 - 0.012 * decile) * rng.uniform(0.85, 1.15)
    rural_class = "D1" if place.kind == "small town" or place.population >= 2000 else "E1"
    return Area(
        code,
        name,
        place,
        *point,
        people,
        round(people * older),
        round(people * oldest),
        "C1" if urban else rural_class,
        decile,
        round(max(0.03, no_car), 3),
        shape,
    )


def make_localities(areas: list[Area]) -> dict[str, Polygon | MultiPolygon]:
    """The 13 planning areas: the areas of each locality joined, by name."""
    shapes: dict[str, list[Polygon | MultiPolygon]] = defaultdict(list)
    for area in areas:
        shapes[area.settlement.locality].append(area.shape)
    return {
        name: shapely.normalize(shapely.coverage_union_all(np.array(parts))) for name, parts in sorted(shapes.items())
    }
