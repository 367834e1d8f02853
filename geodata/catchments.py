"""Which practices are neighbours: catchments from registrations, and the edges that hold a group together.

A practice's catchment is the areas where more patients are registered with it than with any other practice.
Two practices are neighbours when their catchments meet. The number of neighbours decides how many candidate
groups exist, so the rules here keep the edge list close to that of a flat map: contact in a point does not
count, and a cell that only brushes a catchment does not make a neighbour. Where catchments are so scattered that
they still have more borders than a flat map can have, each is brought into one piece (`geodata.one_piece`).
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from geodata.errors import Finding
from geodata.one_piece import Pair, flat, in_one_piece, share_out
from geodata.place import BRITISH_NATIONAL_GRID, Place

SAME_BUILDING_M = 25.0
"""Main sites at most this far apart share a building (a postcode's point stands for some 15 addresses)."""

BOUNDARY_TOLERANCE_M = 5.0
"""Gaps and overlaps up to this width between neighbouring polygons are drawing errors, not land.

Measured on Dorset's areas: 189 pairs of won areas touch whether the tolerance is 0 or 20 m, the published polygons
being clean; with every polygon moved by some 2 m at random an exact test finds 166 of them and 5 m all 189.
"""

MINIMUM_CONTACT_M = 30.0
"""Length of boundary within the tolerance that makes an edge; meeting in a point gives about 10-20 m of it."""

MINIMUM_OVERLAP_SHARE = 0.1
"""A cell and another's areas make neighbours when their overlap is at least this share of the smaller one.

Measured on Dorset: any overlap at all gives 5.8 neighbours a practice and twice as many candidate groups, a tenth gives
5.1, a fifth 4.9; a flat map has at most 6.
"""

OUTSKIRTS_SHARE = 0.1
"""An area where fewer than this share of the residents are registered with practices of the case is won by nobody.

Beyond the border of a commissioner nearly all residents have a practice that is not in the case, and two patients more
or less would decide. Measured on eleven commissioners: shares lie below 0.05 or above 0.5 with few between.
"""

HULL_RATIO = 0.3
"""Areas without polygons: how far their hull follows the coast, from 0 (as closely as it can) to 1 (convex).

Measured on Dorset and the Isle of Wight with their areas taken as points: 0.3 drops the neighbours across the sea that
a convex hull makes (Portland and Wool) and loses two others; 0.1 loses a dozen.
"""

POINT_AREA_MARGIN = 0.5
"""Areas without polygons: land reaches this many median distances to the next point beyond the outermost."""

ONE_PIECE = "boundary in one piece"
"""Reason of a border between catchments that were brought into one piece."""

REASONS = ("same building", "shared boundary", "overlap", ONE_PIECE, "nearest link", "planner")
"""Why two practices are neighbours, in the order in which a reason is chosen when several hold."""

LEFT_OUT = "left out"
"""Marks a border, in the list written with a run, that was not used (the list of groups would have been too long)."""

_Geometries = NDArray[np.object_]


@dataclass(frozen=True)
class _Pieces:
    """What the catchments are made of: arrays with one entry a practice, None where it has no such piece."""

    codes: NDArray[np.object_]
    sites: _Geometries
    won: _Geometries
    cells: _Geometries
    areas_won: NDArray[np.int64]
    buildings: NDArray[np.int64]
    polygons: _Geometries
    winner: NDArray[np.int64]


@dataclass(frozen=True)
class _Drawn:
    """Catchments and borders: geometry by practice, pair of positions -> reason, and the areas that changed hands."""

    pieces: _Pieces
    geometry: _Geometries
    found: dict[Pair, str]
    before: int = 0
    moved: int = 0


def catchments(place: Place) -> gpd.GeoDataFrame:
    """Give every practice the areas it serves most.

    An area belongs to the practice with the most registrations there (ties: the smaller code); an area where nobody
    is registered, or fewer than `OUTSKIRTS_SHARE` of the residents, belongs to the practice with the nearest main
    site, so that no hole separates neighbours. A practice that wins no area, or whose main site lies within
    `SAME_BUILDING_M` of another's, also takes the Voronoi cell of its main site (among the distinct main sites,
    clipped to the areas, only the part of it that the site stands on). Such cells overlap what others won. Areas
    known only as points are represented by the Voronoi cells of the points, clipped to the concave hull of the points
    widened by half the usual distance between them (an estuary inside it is not seen).

    Where these catchments have more borders than a flat map of as many practices can have (three for each, less six;
    those inside a building not counted), they are brought into one piece each. A practice that wins no area first
    gets the areas nearest to its main site, or shares the catchment of a practice in its building that wins some. Then
    every catchment keeps the connected piece with most of its patients, and each area left over goes to the practice
    with the most patients there whose catchment it borders on, the strongest claim first.

    Parameters
    ----------
    place
        A place whose registrations are complete (scaled and estimated).

    Returns
    -------
    geopandas.GeoDataFrame
        Index `practice_code`, sorted; `geometry` (EPSG:27700) and `areas_won`, the number of areas won by
        registrations or by distance.
    """
    drawn = _drawn(place)
    return gpd.GeoDataFrame(
        {"areas_won": drawn.pieces.areas_won},
        geometry=drawn.geometry,
        index=pd.Index(drawn.pieces.codes, name="practice_code"),
        crs=BRITISH_NATIONAL_GRID,
    )


def adjacency_edges(place: Place) -> pd.DataFrame:
    """List the pairs of neighbouring practices; the graph they form is connected.

    Practices in one building are neighbours. So are practices whose won areas share at least
    `MINIMUM_CONTACT_M` of boundary within `BOUNDARY_TOLERANCE_M`, whose Voronoi cells share such a boundary,
    or where the cell of one overlaps what the other won by at least `MINIMUM_OVERLAP_SHARE` of the smaller of
    the two. Catchments brought into one piece (see `catchments`) are neighbours when areas of theirs share such a
    boundary; the graph can then be drawn on a flat map, but for pairs in one building and practices that share a
    catchment. Components that are left (islands, the far side of a harbour) are joined by the shortest straight
    link between main sites, again and again until one component remains.

    A planner's own list (`place.adjacency`) replaces all of this except the joining of components.

    Parameters
    ----------
    place
        A place whose registrations are complete (scaled and estimated).

    Returns
    -------
    pandas.DataFrame
        Columns `practice_a`, `practice_b` (the smaller code first) and `reason`, one of `REASONS`;
        sorted, no pair twice.
    """
    return borders(place)[0]


def borders(place: Place) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """`adjacency_edges`, and what is worth telling about them: that catchments were brought into one piece."""
    practices = place.practices.sort_index()
    codes = practices.index.to_numpy(dtype=object)
    findings: tuple[Finding, ...] = ()
    if place.adjacency is None:
        drawn = _drawn(place)
        found = dict(drawn.found)
        findings = (_brought_together(drawn),) if drawn.before else ()
    else:
        found = _planner_edges(place.adjacency, codes)
    found |= dict.fromkeys(_nearest_links(found, practices.geometry.to_numpy()), "nearest link")
    rows = [(codes[a], codes[b], reason) for (a, b), reason in sorted(found.items())]
    return pd.DataFrame(rows, columns=["practice_a", "practice_b", "reason"], dtype="str"), findings


def _drawn(place: Place) -> _Drawn:
    """Draw the catchments and find their borders, in one piece each where they would have too many."""
    pieces = _pieces(place)
    found = _edges_of_pieces(pieces)
    if not _too_many(found, len(pieces.codes)):
        parts = zip(pieces.won, pieces.cells, strict=True)
        geometry = [_polygons(shapely.union_all([part for part in both if part is not None])) for both in parts]
        return _Drawn(pieces, np.array(geometry, dtype=object), found)
    return _drawn_in_one_piece(place, pieces, before=len(found))


def _too_many(found: dict[Pair, str], practices: int) -> bool:
    """Whether there are more borders than a flat map can have (Euler), pairs in one building not counted."""
    return practices > 2 and sum(reason != "same building" for reason in found.values()) > 3 * practices - 6


def _drawn_in_one_piece(place: Place, pieces: _Pieces, before: int) -> _Drawn:
    """Bring every catchment into one piece; practices that share one have the same geometry."""
    catchment, sites = _shared_catchments(pieces)
    areas = place.areas.sort_index()
    count = len(sites)
    metres = cdist(areas[["x", "y"]].to_numpy(dtype=float), shapely.get_coordinates(sites))
    owner = catchment[pieces.winner]
    landless = np.flatnonzero(np.bincount(owner, minlength=count) == 0)
    given, shares = share_out(owner, landless.tolist(), np.argmin(metres.round(3), axis=1), metres)
    catchment = np.array([shares.get(int(c), int(c)) for c in catchment], dtype=np.int64)
    a, b, contact = _touching(pieces.polygons)
    patients = _patients(place.registrations, areas, pieces.codes, catchment, count)
    final = in_one_piece(given, np.column_stack((a, b)), patients, metres)

    between: dict[Pair, float] = {}
    for i, j, length in zip(final[a].tolist(), final[b].tolist(), contact.tolist(), strict=True):
        if i != j:
            pair = (min(i, j), max(i, j))
            between[pair] = between.get(pair, 0.0) + length
    found = _same_building(pieces.buildings)
    members = [np.flatnonzero(catchment == c).tolist() for c in range(count)]
    for c in range(count):
        for i, one in enumerate(members[c]):
            for other in members[c][i + 1 :]:
                found.setdefault((one, other), "overlap")
    for c, d in flat(between):
        for one in members[c]:
            for other in members[d]:
                found.setdefault((min(one, other), max(one, other)), ONE_PIECE)
    shapes = np.array([_polygons(shapely.union_all(pieces.polygons[final == c])) for c in range(count)], dtype=object)
    return _Drawn(pieces, shapes[catchment], found, before, int((final != owner).sum()))


def _shared_catchments(pieces: _Pieces) -> tuple[NDArray[np.int64], _Geometries]:
    """Catchment of each practice, and the sites of the catchments.

    A practice that wins no area has the catchment of the one in its building that wins most (ties: the smaller
    code); practices of one building that all win none have one together.
    """
    whose = np.arange(len(pieces.codes))
    for practice in np.flatnonzero(pieces.areas_won == 0):
        mates = np.flatnonzero(pieces.buildings == pieces.buildings[practice])
        whose[practice] = mates[int(np.argmax(pieces.areas_won[mates]))]
    kept, catchment = np.unique(whose, return_inverse=True)
    return catchment.astype(np.int64), pieces.sites[kept]


def _patients(
    registrations: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    codes: NDArray[np.object_],
    catchment: NDArray[np.int64],
    count: int,
) -> csr_array:
    """Patients by area and catchment, shape (areas, count)."""
    area = areas.index.get_indexer(registrations["area_code"])
    practice = pd.Index(codes).get_indexer(registrations["practice_code"])
    known = (area >= 0) & (practice >= 0)
    patients = registrations["patients"].to_numpy(dtype=float)[known]
    return csr_array((patients, (area[known], catchment[practice[known]])), shape=(len(areas), count))


def _brought_together(drawn: _Drawn) -> Finding:
    """How many borders the scattered catchments had, and what was done."""
    practices = len(drawn.pieces.codes)
    message = (
        f"The areas where practices have the most patients lie scattered: they give {drawn.before:,} borders between "
        f"{practices:,} practices, more than a flat map can have. Each catchment was brought into one piece "
        f"({drawn.moved:,} of {len(drawn.pieces.winner):,} areas went to a catchment around them); now there are "
        f"{len(drawn.found):,} borders."
    )
    fix = "Look through adjacency.csv of the run; a list of your own (the adjacency table) takes its place."
    return Finding("note", "", message, fix, code="catchments-in-one-piece")


def _pieces(place: Place) -> _Pieces:
    """Find what each practice wins, and the cells of those that need one."""
    practices = place.practices.sort_index()
    codes = practices.index.to_numpy(dtype=object)
    sites = practices.geometry.to_numpy()
    if shapely.is_missing(sites).any() or shapely.is_empty(sites).any():
        raise ValueError("every practice needs the point of its main site before catchments can be drawn")
    areas = place.areas.sort_index()
    polygons = area_polygons(areas)
    winner = _winners(place.registrations, areas, codes, sites)

    order = np.argsort(winner, kind="stable")
    starts = np.searchsorted(winner[order], np.arange(len(codes) + 1))
    won = np.full(len(codes), None, dtype=object)
    for i in np.flatnonzero(np.diff(starts)):
        won[i] = _polygons(shapely.union_all(polygons[order[starts[i] : starts[i + 1]]]))

    buildings = _buildings(sites)
    shared = np.bincount(buildings)[buildings] > 1
    needs_cell = np.flatnonzero(shared | (np.diff(starts) == 0))
    cells = np.full(len(codes), None, dtype=object)
    if len(needs_cell):
        cells[needs_cell] = _site_cells(sites, buildings, _land(polygons))[needs_cell]
    return _Pieces(codes, sites, won, cells, np.diff(starts).astype(np.int64), buildings, polygons, winner)


def area_polygons(areas: gpd.GeoDataFrame) -> _Geometries:
    """Give every area a valid polygon, in the order of the frame.

    Invalid polygons are mended. If any area is known only as a point, all areas are represented by the
    Voronoi cells of their points, because drawn and made-up boundaries would not meet; areas at the same
    point get the same cell.

    Parameters
    ----------
    areas
        Frame with `geometry` and the point columns `x` and `y`, in metres.

    Returns
    -------
    numpy.ndarray
        Polygons and multipolygons, shape (areas,).
    """
    geometry = areas.geometry.to_numpy()
    if len(geometry) and (shapely.get_dimensions(geometry) == 2).all():
        mended = np.where(shapely.is_valid(geometry), geometry, shapely.make_valid(geometry))
        return np.array([_polygons(polygon) for polygon in mended], dtype=object)
    points, place_of = np.unique(areas[["x", "y"]].to_numpy(dtype=float), axis=0, return_inverse=True)
    return _voronoi(points, _hull(points))[place_of.ravel()]


def _winners(
    registrations: pd.DataFrame, areas: gpd.GeoDataFrame, codes: NDArray[np.object_], sites: _Geometries
) -> NDArray[np.int64]:
    """Position of the practice each area belongs to, shape (areas,)."""
    known = registrations[
        registrations["area_code"].isin(areas.index)
        & registrations["practice_code"].isin(codes)
        & (registrations["patients"] > 0)
    ]
    # Rounding: two practices scaled by different factors may tie but for the last bit of a float.
    counts = known.groupby(["area_code", "practice_code"], as_index=False)["patients"].sum()
    counts["patients"] = counts["patients"].round(6)
    counts = counts[~counts["area_code"].isin(_outskirts(counts, areas))]
    best = counts.sort_values(["area_code", "patients", "practice_code"], ascending=[True, False, True])
    best = best.drop_duplicates("area_code").set_index("area_code")["practice_code"]

    winner = pd.Index(codes).get_indexer(best.reindex(areas.index))
    empty = np.flatnonzero(winner < 0)
    if len(empty):
        metres = cdist(areas[["x", "y"]].to_numpy(dtype=float)[empty], shapely.get_coordinates(sites))
        winner[empty] = np.argmin(metres.round(3), axis=1)
    return winner.astype(np.int64)


def _outskirts(counts: pd.DataFrame, areas: gpd.GeoDataFrame) -> pd.Index:
    """Areas of whose residents hardly any is registered with a practice of the case.

    Where no population is given, areas are taken to be as large as those in which patients usually live.
    """
    total = counts.groupby("area_code")["patients"].sum().sort_values(kind="stable")
    usual = total[total.cumsum() >= total.sum() / 2].min()  # half of all patients live in areas with more
    residents = pd.Series(np.nan, index=areas.index) if "population" not in areas else areas["population"]
    residents = residents.reindex(total.index).astype(float)
    return total.index[total < OUTSKIRTS_SHARE * residents.where(residents > 0, usual)]


def _buildings(sites: _Geometries) -> NDArray[np.int64]:
    """Number the buildings: main sites within `SAME_BUILDING_M` of each other, chains included, share one."""
    near = shapely.STRtree(sites).query(sites, predicate="dwithin", distance=SAME_BUILDING_M)
    return _components(len(sites), near[0], near[1])


def _components(count: int, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(count, count))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _site_cells(sites: _Geometries, buildings: NDArray[np.int64], land: shapely.Geometry) -> _Geometries:
    """Voronoi cell of each practice's building on the land, only the part nearest to it."""
    first = np.unique(buildings, return_index=True)[1]
    cells = _voronoi(shapely.get_coordinates(sites[first]), land)
    nearest = np.empty(len(cells), dtype=object)
    for i, (cell, site) in enumerate(zip(cells, sites[first], strict=True)):
        parts = shapely.get_parts(cell) if not cell.is_empty else np.array([site.buffer(SAME_BUILDING_M)])
        # A cell that reaches over an estuary would make neighbours of practices an hour apart by road.
        nearest[i] = parts[int(np.argmin(shapely.distance(parts, site)))]
    return nearest[buildings]


def _voronoi(points: NDArray[np.float64], within: shapely.Geometry) -> _Geometries:
    """Voronoi cells of distinct points, in their order, clipped."""
    if len(points) == 1:
        return np.array([_polygons(within)], dtype=object)
    multipoint = shapely.multipoints(points)
    diagram = shapely.get_parts(shapely.voronoi_polygons(multipoint, extend_to=within.envelope))
    seeds = shapely.points(points)
    of_seed, cell = shapely.STRtree(diagram).query_nearest(seeds, all_matches=False)
    cells = np.full(len(points), shapely.Polygon(), dtype=object)
    cells[of_seed] = diagram[cell]
    return np.array([_polygons(cell) for cell in shapely.intersection(cells, within)], dtype=object)


def _hull(points: NDArray[np.float64]) -> shapely.Geometry:
    """Land around points: their concave hull, widened by half the usual distance from one to the next."""
    multipoint = shapely.multipoints(points)
    margin = 1000.0
    if len(points) > 1:
        to_next = KDTree(points).query(points, k=2)[0][:, 1]
        margin = max(POINT_AREA_MARGIN * float(np.median(to_next)), 1.0)
    return shapely.concave_hull(multipoint, ratio=HULL_RATIO).buffer(margin)


def _land(polygons: _Geometries) -> shapely.Geometry:
    """Union of the areas without the hairline gaps between them."""
    return shapely.union_all(shapely.buffer(polygons, BOUNDARY_TOLERANCE_M, join_style="mitre"))


def _polygons(geometry: shapely.Geometry) -> shapely.Geometry:
    """Return only the polygons in a geometry: mending and clipping can leave lines and points behind."""
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        return geometry
    parts = [part for part in shapely.get_parts(geometry) if shapely.get_dimensions(part) == 2]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _edges_of_pieces(pieces: _Pieces) -> dict[Pair, str]:
    """Neighbours by building, boundary and overlap: pair of positions -> reason."""
    found = _same_building(pieces.buildings)
    by_reason = (
        ("shared boundary", _touching_pairs(pieces.won)),
        ("shared boundary", _touching_pairs(pieces.cells)),
        ("overlap", _overlapping(pieces.cells, pieces.won)),
    )
    for reason, pairs in by_reason:
        for pair in pairs:
            found.setdefault(pair, reason)
    return found


def _same_building(buildings: NDArray[np.int64]) -> dict[Pair, str]:
    """All pairs of practices in one building."""
    found: dict[Pair, str] = {}
    order = np.argsort(buildings, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(buildings[order])) + 1):
        pairs = [(int(a), int(b)) for i, a in enumerate(members) for b in members[i + 1 :]]
        found |= dict.fromkeys(pairs, "same building")
    return found


def _touching_pairs(geometries: _Geometries) -> list[Pair]:
    """Pairs that share an edge, give or take the tolerance."""
    a, b, _ = _touching(geometries)
    return list(zip(a.tolist(), b.tolist(), strict=True))


def _touching(geometries: _Geometries) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs that share an edge, give or take the tolerance: the smaller position, the larger, and the metres shared."""
    present = np.flatnonzero(~shapely.is_missing(geometries))
    wide = shapely.buffer(geometries[present], BOUNDARY_TOLERANCE_M, quad_segs=4)
    left, right = shapely.STRtree(geometries[present]).query(wide, predicate="intersects")
    once = left < right
    a, b = left[once], right[once]
    contact = shapely.length(shapely.intersection(shapely.boundary(geometries[present][b]), wide[a]))
    enough = contact >= MINIMUM_CONTACT_M
    a, b, contact = present[a[enough]], present[b[enough]], contact[enough]
    order = np.lexsort((b, a))
    return a[order], b[order], contact[order]


def _overlapping(cells: _Geometries, won: _Geometries) -> list[Pair]:
    """Pairs of a cell and somebody else's won areas that overlap by enough of the smaller one."""
    with_cell = np.flatnonzero(~shapely.is_missing(cells))
    with_won = np.flatnonzero(~shapely.is_missing(won))
    left, right = shapely.STRtree(won[with_won]).query(cells[with_cell], predicate="intersects")
    a, b = with_cell[left], with_won[right]
    a, b = a[a != b], b[a != b]
    common = shapely.area(shapely.intersection(cells[a], won[b]))
    enough = common >= MINIMUM_OVERLAP_SHARE * np.minimum(shapely.area(cells[a]), shapely.area(won[b]))
    return sorted({(int(min(i, j)), int(max(i, j))) for i, j in zip(a[enough], b[enough], strict=True)})


def _planner_edges(adjacency: pd.DataFrame, codes: NDArray[np.object_]) -> dict[Pair, str]:
    """Take the planner's own list, without pairs of an unknown practice or of one practice with itself."""
    a = pd.Index(codes).get_indexer(adjacency["practice_a"])
    b = pd.Index(codes).get_indexer(adjacency["practice_b"])
    usable = (a >= 0) & (b >= 0) & (a != b)
    pairs = zip(np.minimum(a, b)[usable].tolist(), np.maximum(a, b)[usable].tolist(), strict=True)
    return dict.fromkeys(pairs, "planner")


def _nearest_links(found: dict[Pair, str], sites: _Geometries) -> list[Pair]:
    """Find the shortest links between main sites that join the components (ties: the smaller codes)."""
    count = len(sites)
    pairs = np.array(list(found), dtype=np.int64).reshape(-1, 2)
    component = _components(count, pairs[:, 0], pairs[:, 1])
    if component.max(initial=0) == 0:
        return []
    coordinates = shapely.get_coordinates(sites)
    a, b = np.triu_indices(count, k=1)
    apart = component[a] != component[b]
    a, b = a[apart], b[apart]
    metres = np.hypot(*(coordinates[a] - coordinates[b]).T).round(3)
    links = []
    for i in np.lexsort((b, a, metres)):
        one, other = component[a[i]], component[b[i]]
        if one != other:
            links.append((int(a[i]), int(b[i])))
            component[component == other] = one
    return links
