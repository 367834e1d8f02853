"""Which practices are neighbours: catchments from registrations, and the edges that hold a group together.

A practice's catchment is the areas where more patients are registered with it than with any other practice.
Two practices are neighbours when their catchments meet. The number of neighbours decides how many candidate
groups exist, so the rules here keep the edge list close to that of a flat map: contact in a point does not
count, and a cell that only brushes a catchment does not make a neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

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

HULL_RATIO = 0.3
"""Areas without polygons: how far their hull follows the coast, from 0 (as closely as it can) to 1 (convex).

Measured on Dorset and the Isle of Wight with their areas taken as points: 0.3 drops the neighbours across the sea that
a convex hull makes (Portland and Wool) and loses two others; 0.1 loses a dozen.
"""

POINT_AREA_MARGIN = 0.5
"""Areas without polygons: land reaches this many median distances to the next point beyond the outermost."""

REASONS = ("same building", "shared boundary", "overlap", "nearest link", "planner")
"""Why two practices are neighbours, in the order in which a reason is chosen when several hold."""

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


def catchments(place: Place) -> gpd.GeoDataFrame:
    """Give every practice the areas it serves most.

    An area belongs to the practice with the most registrations there (ties: the smaller code); an area where
    nobody is registered belongs to the practice with the nearest main site, so that no hole separates
    neighbours. A practice that wins no area, or whose main site lies within `SAME_BUILDING_M` of another's,
    also takes the Voronoi cell of its main site (among the distinct main sites, clipped to the areas, only
    the part of it that the site stands on). Such cells overlap what others won. Areas known only as points
    are represented by the Voronoi cells of the points, clipped to the concave hull of the points widened by half the
    usual distance between them (an estuary inside it is not seen).

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
    pieces = _pieces(place)
    geometry = [
        _polygons(shapely.union_all([part for part in parts if part is not None]))
        for parts in zip(pieces.won, pieces.cells, strict=True)
    ]
    return gpd.GeoDataFrame(
        {"areas_won": pieces.areas_won},
        geometry=geometry,
        index=pd.Index(pieces.codes, name="practice_code"),
        crs=BRITISH_NATIONAL_GRID,
    )


def adjacency_edges(place: Place) -> pd.DataFrame:
    """List the pairs of neighbouring practices; the graph they form is connected.

    Practices in one building are neighbours. So are practices whose won areas share at least
    `MINIMUM_CONTACT_M` of boundary within `BOUNDARY_TOLERANCE_M`, whose Voronoi cells share such a boundary,
    or where the cell of one overlaps what the other won by at least `MINIMUM_OVERLAP_SHARE` of the smaller of
    the two. Components that are left (islands, the far side of a harbour) are joined by the shortest straight
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
    practices = place.practices.sort_index()
    codes = practices.index.to_numpy(dtype=object)
    own_list = place.adjacency
    found = _edges_of_pieces(_pieces(place)) if own_list is None else _planner_edges(own_list, codes)
    found |= dict.fromkeys(_nearest_links(found, practices.geometry.to_numpy()), "nearest link")
    rows = [(codes[a], codes[b], reason) for (a, b), reason in sorted(found.items())]
    return pd.DataFrame(rows, columns=["practice_a", "practice_b", "reason"], dtype="str")


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
    return _Pieces(codes, sites, won, cells, np.diff(starts).astype(np.int64), buildings)


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
    best = counts.sort_values(["area_code", "patients", "practice_code"], ascending=[True, False, True])
    best = best.drop_duplicates("area_code").set_index("area_code")["practice_code"]

    winner = pd.Index(codes).get_indexer(best.reindex(areas.index))
    empty = np.flatnonzero(winner < 0)
    if len(empty):
        metres = cdist(areas[["x", "y"]].to_numpy(dtype=float)[empty], shapely.get_coordinates(sites))
        winner[empty] = np.argmin(metres.round(3), axis=1)
    return winner.astype(np.int64)


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


def _edges_of_pieces(pieces: _Pieces) -> dict[tuple[int, int], str]:
    """Neighbours by building, boundary and overlap: pair of positions -> reason."""
    found: dict[tuple[int, int], str] = {}
    order = np.argsort(pieces.buildings, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(pieces.buildings[order])) + 1):
        pairs = [(int(a), int(b)) for i, a in enumerate(members) for b in members[i + 1 :]]
        found |= dict.fromkeys(pairs, "same building")
    by_reason = (
        ("shared boundary", _touching(pieces.won)),
        ("shared boundary", _touching(pieces.cells)),
        ("overlap", _overlapping(pieces.cells, pieces.won)),
    )
    for reason, pairs in by_reason:
        for pair in pairs:
            found.setdefault(pair, reason)
    return found


def _touching(geometries: _Geometries) -> list[tuple[int, int]]:
    """Pairs that share an edge, give or take the tolerance."""
    present = np.flatnonzero(~shapely.is_missing(geometries))
    wide = shapely.buffer(geometries[present], BOUNDARY_TOLERANCE_M, quad_segs=4)
    left, right = shapely.STRtree(geometries[present]).query(wide, predicate="intersects")
    once = left < right
    a, b = left[once], right[once]
    contact = shapely.length(shapely.intersection(shapely.boundary(geometries[present][b]), wide[a]))
    enough = contact >= MINIMUM_CONTACT_M
    return [(int(i), int(j)) for i, j in zip(present[a[enough]], present[b[enough]], strict=True)]


def _overlapping(cells: _Geometries, won: _Geometries) -> list[tuple[int, int]]:
    """Pairs of a cell and somebody else's won areas that overlap by enough of the smaller one."""
    with_cell = np.flatnonzero(~shapely.is_missing(cells))
    with_won = np.flatnonzero(~shapely.is_missing(won))
    left, right = shapely.STRtree(won[with_won]).query(cells[with_cell], predicate="intersects")
    a, b = with_cell[left], with_won[right]
    a, b = a[a != b], b[a != b]
    common = shapely.area(shapely.intersection(cells[a], won[b]))
    enough = common >= MINIMUM_OVERLAP_SHARE * np.minimum(shapely.area(cells[a]), shapely.area(won[b]))
    return sorted({(int(min(i, j)), int(max(i, j))) for i, j in zip(a[enough], b[enough], strict=True)})


def _planner_edges(adjacency: pd.DataFrame, codes: NDArray[np.object_]) -> dict[tuple[int, int], str]:
    """Take the planner's own list, without pairs of an unknown practice or of one practice with itself."""
    a = pd.Index(codes).get_indexer(adjacency["practice_a"])
    b = pd.Index(codes).get_indexer(adjacency["practice_b"])
    usable = (a >= 0) & (b >= 0) & (a != b)
    pairs = zip(np.minimum(a, b)[usable].tolist(), np.maximum(a, b)[usable].tolist(), strict=True)
    return dict.fromkeys(pairs, "planner")


def _nearest_links(found: dict[tuple[int, int], str], sites: _Geometries) -> list[tuple[int, int]]:
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
