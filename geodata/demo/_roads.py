"""The invented road network: real main roads, made-up streets and lanes, written as an OpenStreetMap file."""

from __future__ import annotations

import itertools
import math
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from random import Random

import numpy as np
import osmium
import shapely
from pyproj import Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay
from shapely import LineString, Point, Polygon

from geodata.demo._areas import Area, Settlement

Position = tuple[float, float]

STREET_M = 330
"""Spacing of street corners in built-up places."""

LANE_M = 1500
"""Spacing of lane corners in the country."""

MAIN_STEP_M = 800
"""Longest stretch of main road without a turning in the country; about half of it in towns."""

SIGNALS_SHARE = 0.8
"""Share of the turnings of town main roads that have traffic lights."""

CARRIAGEWAY_M = 9.0
"""From the middle of a dual carriageway to each of its two sides."""

TO_DEGREES = (
    "+proj=pipeline +step +inv +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 "
    "+ellps=airy +step +proj=push +v_3 +step +proj=cart +ellps=airy +step +proj=helmert +x=446.448 +y=-125.157 "
    "+z=542.06 +rx=0.15 +ry=0.247 +rz=0.842 +s=-20.489 +convention=position_vector +step +inv +proj=cart "
    "+ellps=WGS84 +step +proj=pop +v_3 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
)
"""National Grid to WGS 84 by the Ordnance Survey's seven parameters, spelt out: the best transformation that a
machine offers differs with the grid files it happens to have, and the file must be the same everywhere."""


@dataclass
class Way:
    """A stretch of road between two junctions: numbers of its nodes, and its tags."""

    nodes: list[int]
    tags: dict[str, str]


@dataclass
class Network:
    """Nodes by number with their position in metres, and the ways over them."""

    positions: list[Position] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    named: dict[Position, int] = field(default_factory=dict)
    signals: set[int] = field(default_factory=set)

    def node(self, position: Position) -> int:
        """The junction at this position, made if there is none."""
        if position not in self.named:
            self.named[position] = self.bend(position)
        return self.named[position]

    def bend(self, position: Position) -> int:
        """A new node that no other road will meet."""
        self.positions.append((float(position[0]), float(position[1])))
        return len(self.positions) - 1


class Ground:
    """What is asked of the land: whether a line stays dry, whether a point lies in a town."""

    def __init__(self, outline: Polygon, settlements: list[Settlement], areas: list[Area]) -> None:
        self.shore = outline.buffer(40)
        shapely.prepare(self.shore)
        self.places = np.array([(s.easting, s.northing, s.radius_m) for s in settlements])
        homes = [Point(area.x, area.y).buffer(420) for area in areas if area.settlement.built_up]
        centres = [Point(s.easting, s.northing).buffer(s.radius_m) for s in settlements if s.built_up]
        self.town = shapely.union_all(homes + centres).intersection(outline)
        shapely.prepare(self.town)

    def dry(self, line: Sequence[Position]) -> bool:
        """Whether the whole line is on land."""
        return bool(self.shore.covers(LineString(line)))

    def in_town(self, position: Position) -> bool:
        """Whether the position lies in a built-up place."""
        return bool(self.town.contains(Point(position)))

    def in_place(self, position: Position) -> bool:
        """Whether the position lies in a built-up place or a village."""
        near = np.hypot(self.places[:, 0] - position[0], self.places[:, 1] - position[1]) < self.places[:, 2]
        return bool(near.any()) or self.in_town(position)


def make_roads(outline: Polygon, settlements: list[Settlement], areas: list[Area], rng: Random) -> Network:
    """Invent a network that reaches every area.

    Parameters
    ----------
    outline, settlements, areas
        The invented county, metres.
    rng
        Source of chance.

    Returns
    -------
    Network
        Connected both ways: every node reaches every other along the one-way streets.
    """
    facts = tomllib.loads(files("geodata.demo").joinpath("main_roads.toml").read_text(encoding="utf-8"))
    ground = Ground(outline, settlements, areas)
    where: dict[str, Position] = {place.name: (place.easting, place.northing) for place in settlements}
    where |= {name: tuple(position) for name, position in facts["junctions"].items()}
    network = Network()
    for road in facts["roads"]:
        _main_road(network, road, [where[v] if isinstance(v, str) else tuple(v) for v in road["via"]], ground, rng)
    turnings = _turnings(network)
    ferry = [network.node(where[name]) for name in facts["ferry"]["via"]]
    barriers = [LineString([network.positions[n] for n in way.nodes]) for way in network.ways]
    barriers += [LineString(course) for course in facts["rivers"].values()]
    _minor_roads(network, turnings, barriers, areas, settlements, ground, rng)
    tags = {"route": "ferry"} | {key: facts["ferry"][key] for key in ("name", "duration", "interval")}
    network.ways.append(Way(ferry, tags | {"motor_vehicle": "yes"}))
    _drop_loose_ends(network)
    _one_way_streets(network, ground, rng)
    _traffic_lights(network, turnings, ground, rng)
    for name in facts["roundabouts"]:
        _roundabout(network, network.named[where[name]])
    return network


def _main_road(network: Network, road: dict[str, object], via: list[Position], ground: Ground, rng: Random) -> None:
    """Add one main road: a turning at every position of its course and every 800 m between (none on duals)."""
    for start, end in itertools.pairwise(via):
        length = math.dist(start, end)
        town = ground.in_town(_beside(start, end, 0.5, 0))
        steps = max(1, math.ceil(length / (0.5 * MAIN_STEP_M if town and not road.get("dual") else MAIN_STEP_M)))
        wriggle = 30 if town or road.get("dual") else 130
        sway = rng.uniform(-0.05, 0.05) * length
        middle = [_beside(start, end, k / steps, sway * math.sin(math.pi * k / steps)) for k in range(1, steps)]
        # bends of the real road are not known here: a gentle bow, and a wriggle on top
        middle = [(x + rng.uniform(-wriggle, wriggle), y + rng.uniform(-wriggle, wriggle)) for x, y in middle]
        if not ground.dry([start, *middle, end]):
            middle = [_beside(start, end, k / steps, 0.0) for k in range(1, steps)]
        course = [start, *middle, end]
        if road.get("dual"):
            _dual_carriageway(network, road, course, ground)
            continue
        for a, b in itertools.pairwise(course):
            tags = {"highway": str(road["highway"]), "ref": str(road["ref"])}
            tags |= _limit(str(road["highway"]), _beside(a, b, 0.5, 0), ground)
            bend = network.bend(_beside(a, b, 0.5, rng.uniform(-0.06, 0.06) * math.dist(a, b)))
            network.ways.append(Way([network.node(a), bend, network.node(b)], tags))


def _limit(highway: str, position: Position, ground: Ground) -> dict[str, str]:
    """Signed limit of a main road; B roads in the country are left untagged, as many are."""
    if ground.in_place(position):
        return {"maxspeed": "40 mph" if highway == "trunk" else "30 mph"}
    return {"trunk": {"maxspeed": "60 mph"}, "primary": {"maxspeed": "50 mph"}}.get(highway, {})


def _dual_carriageway(network: Network, road: dict[str, object], course: list[Position], ground: Ground) -> None:
    """Two one-way roads between the junctions at both ends."""
    tags = {"highway": str(road["highway"]), "ref": str(road["ref"]), "oneway": "yes"}
    tags["maxspeed"] = "50 mph" if ground.in_town(course[len(course) // 2]) else "70 mph"
    for line in (course, course[::-1]):
        inner = [_beside(a, b, 0.5, CARRIAGEWAY_M) for a, b in itertools.pairwise(line)]
        ends = network.node(line[0]), network.node(line[-1])
        network.ways.append(Way([ends[0], *(network.bend(p) for p in inner), ends[1]], dict(tags)))


def _beside(start: Position, end: Position, share: float, left: float) -> Position:
    """The point at a share of the way, so many metres to the left."""
    length = math.dist(start, end) or 1.0
    ux, uy = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    return start[0] + share * length * ux - left * uy, start[1] + share * length * uy + left * ux


def _turnings(network: Network) -> list[int]:
    """Junctions that side roads may join (all that main roads have made so far)."""
    return sorted(network.named.values())


def _minor_roads(
    network: Network,
    turnings: list[int],
    barriers: list[LineString],
    areas: list[Area],
    settlements: list[Settlement],
    ground: Ground,
    rng: Random,
) -> None:
    """Streets in towns and lanes in the country between corners, main-road turnings, homes and village centres.

    Corners are joined as a Gabriel graph; in the country mostly only as a relative neighbourhood graph, which leaves
    few ways round, as real lanes do.
    """
    taken = [network.positions[n] for n in turnings]
    # the point of an area lies among its homes, seldom on a road
    by_homes = [(area.x + rng.randint(-90, 90), area.y + rng.randint(-90, 90)) for area in areas]
    wanted = [(s.easting, s.northing) for s in settlements] + by_homes
    for position in [*wanted, *_corners(ground, rng)]:
        if all(math.dist(position, other) > 110 for other in _close(taken, position)):
            taken.append(position)
    points = np.array(taken, dtype=float)
    tree = shapely.STRtree(barriers)
    on_main = set(taken[: len(turnings)])
    for a, b, neighbourly in _gabriel(points):
        start, end = taken[a], taken[b]
        if start in on_main and end in on_main and math.dist(start, end) < 1.3 * MAIN_STEP_M:
            continue
        town = ground.in_town(_beside(start, end, 0.5, 0))
        if math.dist(start, end) > (1200 if town else 4500):
            continue
        if not neighbourly and rng.random() > (0.75 if town else 0.25):
            continue
        if not ground.dry([start, end]) or _blocked(tree, barriers, start, end):
            continue
        _minor_road(network, start, end, town, ground, rng)


def _close(taken: list[Position], position: Position) -> Iterable[Position]:
    """Positions within 110 m in both directions (a cheap first sieve)."""
    x, y = position
    return (other for other in taken if abs(other[0] - x) < 110 and abs(other[1] - y) < 110)


def _corners(ground: Ground, rng: Random) -> list[Position]:
    """Jittered lattices: close in towns, wide in the country."""
    left, bottom, right, top = (round(value) for value in ground.shore.bounds)
    corners: list[Position] = []
    for spacing, for_town in ((STREET_M, True), (LANE_M, False)):
        for y0, x0 in itertools.product(range(bottom, top, spacing), range(left, right, spacing)):
            shift = spacing * 0.35
            position = (round(x0 + rng.uniform(-shift, shift)), round(y0 + rng.uniform(-shift, shift)))
            if ground.in_town(position) == for_town and ground.shore.contains(Point(position)):
                corners.append(position)
    return corners


def _gabriel(points: np.ndarray) -> Iterable[tuple[int, int, bool]]:
    """Edges with no other point in the circle over them; True where the wider lens is empty too."""
    corners = Delaunay(points).simplices
    pairs = np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1)
    pairs = np.unique(pairs, axis=0)
    around: list[set[int]] = [set() for _ in points]
    for a, b in pairs.tolist():
        around[a].add(b)
        around[b].add(a)
    for a, b in pairs.tolist():
        length2 = float(((points[a] - points[b]) ** 2).sum())
        others = list((around[a] | around[b]) - {a, b})
        to_a = ((points[others] - points[a]) ** 2).sum(axis=1)
        to_b = ((points[others] - points[b]) ** 2).sum(axis=1)
        if (to_a + to_b < length2).any():
            continue
        yield a, b, not bool((np.maximum(to_a, to_b) < length2).any())


def _blocked(tree: shapely.STRtree, barriers: list[LineString], start: Position, end: Position) -> bool:
    """Whether a street would cross a main road away from its turnings, or a river."""
    line = LineString([start, end])
    for number in sorted(tree.query(line, predicate="intersects").tolist()):
        meeting = line.intersection(barriers[number])
        if meeting.distance(Point(start)) > 1.0 and meeting.distance(Point(end)) > 1.0:
            return True
        if meeting.length > 1.0:
            return True
    return False


def _minor_road(network: Network, start: Position, end: Position, town: bool, ground: Ground, rng: Random) -> None:
    """Add a street with at most one bend, or a winding lane."""
    length = math.dist(start, end)
    if town:
        shares, swing = ((0.5,) if rng.random() < 0.4 else ()), 0.06
        kind = rng.choices(("residential", "unclassified", "tertiary"), (70, 15, 15))[0]
        tags = {"highway": kind} | ({"maxspeed": "30 mph"} if kind != "residential" or rng.random() < 0.5 else {})
        if kind == "residential" and rng.random() < 0.15:
            tags["maxspeed"] = "20 mph"
    else:
        shares, swing = (0.33, 0.67), 0.13
        kind = rng.choices(("unclassified", "tertiary"), (75, 25))[0]
        tags = {"highway": kind}
        if ground.in_place(_beside(start, end, 0.5, 0)):
            tags["maxspeed"] = "30 mph"
    bends = [_beside(start, end, share, rng.uniform(-swing, swing) * length) for share in shares]
    if not ground.dry([start, *bends, end]):
        bends = []
    network.ways.append(Way([network.node(start), *(network.bend(p) for p in bends), network.node(end)], tags))


def _drop_loose_ends(network: Network) -> None:
    """Keep the ways of the largest connected part, without the ferry's help."""
    roads = [way for way in network.ways if "highway" in way.tags]
    label = _components(network, roads, "weak")
    sizes = np.bincount([label[way.nodes[0]] for way in roads])
    keep = int(sizes.argmax())
    network.ways = [way for way in network.ways if label[way.nodes[0]] == keep]


def _components(network: Network, ways: list[Way], connection: str) -> np.ndarray:
    """Label of the connected part of every node, along one-way streets if `connection` is strong."""
    tails, heads = [], []
    for way in ways:
        tails.append(way.nodes[0])
        heads.append(way.nodes[-1])
        if way.tags.get("oneway") != "yes":
            tails.append(way.nodes[-1])
            heads.append(way.nodes[0])
    size = len(network.positions)
    graph = coo_array((np.ones(len(tails)), (tails, heads)), shape=(size, size)).tocsr()
    return connected_components(graph, directed=True, connection=connection)[1]


def _one_way_streets(network: Network, ground: Ground, rng: Random) -> None:
    """Make some town streets one-way, as long as everybody can still get everywhere."""
    streets = [way for way in network.ways if way.tags.get("highway") == "residential"]
    for way in rng.sample(streets, round(0.06 * len(streets))):
        way.tags["oneway"] = "yes"
    while True:
        label = _components(network, network.ways, "strong")
        stuck = [way for way in streets if way.tags.get("oneway") and label[way.nodes[0]] != label[way.nodes[-1]]]
        if not stuck:
            return
        for way in stuck:
            del way.tags["oneway"]


def _traffic_lights(network: Network, turnings: list[int], ground: Ground, rng: Random) -> None:
    """Put lights on most town turnings of main roads where streets meet (roundabouts replace theirs later)."""
    meeting = Counter(number for way in network.ways for number in (way.nodes[0], way.nodes[-1]))
    for number in turnings:
        if meeting[number] > 2 and ground.in_town(network.positions[number]) and rng.random() < SIGNALS_SHARE:
            network.signals.add(number)


def _roundabout(network: Network, junction: int) -> None:
    """Replace a junction by a ring that is driven clockwise."""
    x, y = network.positions[junction]
    count, radius = 8, 24.0
    angles = [-math.tau * k / count for k in range(count)]
    ring = [network.bend((x + radius * math.cos(t), y + radius * math.sin(t))) for t in angles]
    for way in network.ways:
        for end, inner in ((0, 1), (-1, -2)):
            if way.nodes[end] == junction:
                towards = network.positions[way.nodes[inner]]
                way.nodes[end] = min(ring, key=lambda n: (math.dist(network.positions[n], towards), n))
    tags = {"highway": "primary", "junction": "roundabout", "oneway": "yes", "maxspeed": "30 mph"}
    network.ways.append(Way([*ring, ring[0]], tags))


def write_roads(network: Network, path: Path) -> int:
    """Write the network as `.osm.pbf`, the same bytes for the same network, and return the number of nodes.

    Nodes are numbered along a grid of 4 km squares, so that the file's differences are small. It is not compressed:
    compressed bytes depend on the version of the compressor.
    """
    used = {number for way in network.ways for number in way.nodes}
    order = sorted(used, key=lambda n: (*(int(v // 4000) for v in network.positions[n]), network.positions[n]))
    number_of = {old: new for new, old in enumerate(order, start=1)}
    to_degrees = Transformer.from_pipeline(TO_DEGREES)
    lon, lat = to_degrees.transform(*zip(*(network.positions[n] for n in order), strict=True))
    header = osmium.io.Header()
    header.set("generator", "geodata.demo.make_demo (invented data)")
    path.unlink(missing_ok=True)
    target = osmium.io.File(str(path), "pbf,pbf_compression=none,add_metadata=none")
    with osmium.SimpleWriter(target, header=header) as writer:
        for number, (x, y) in enumerate(zip(lon, lat, strict=True), start=1):
            tags = {"highway": "traffic_signals"} if order[number - 1] in network.signals else {}
            writer.add_node(osmium.osm.mutable.Node(id=number, location=(round(x, 6), round(y, 6)), tags=tags))
        ways = sorted(network.ways, key=lambda way: [number_of[n] for n in way.nodes])
        for number, way in enumerate(ways, start=1):
            nodes = [number_of[n] for n in way.nodes]
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=nodes, tags=dict(sorted(way.tags.items()))))
    return len(order)
