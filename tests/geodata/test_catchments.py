"""Catchments and neighbours on hand-made places with known answers."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.catchments import (
    MINIMUM_OVERLAP_SHARE,
    ONE_PIECE,
    adjacency_edges,
    area_polygons,
    borders,
    catchments,
)
from geodata.place import BRITISH_NATIONAL_GRID, Place

KM = 1000.0


def square(column: int, row: int, side: float = KM, gap: float = 0.0) -> shapely.Polygon:
    """A square of a grid, its edges drawn in by half the gap."""
    edge = gap / 2
    return shapely.box(column * side + edge, row * side + edge, (column + 1) * side - edge, (row + 1) * side - edge)


def make_place(
    sites: dict[str, tuple[float, float]],
    areas: dict[str, shapely.Geometry],
    patients: list[tuple[str, str, float]],
    adjacency: list[tuple[str, str]] | None = None,
) -> Place:
    """A place from sites in kilometres, areas and (practice, area, patients)."""
    practices = gpd.GeoDataFrame(
        {"name": list(sites), "list_size": 1000},
        geometry=[shapely.Point(x * KM, y * KM) for x, y in sites.values()],
        index=pd.Index(list(sites), name="practice_code"),
        crs=BRITISH_NATIONAL_GRID,
    )
    shapes = np.array(list(areas.values()), dtype=object)
    points = shapely.centroid(shapes)
    frame = gpd.GeoDataFrame(
        {"x": shapely.get_x(points), "y": shapely.get_y(points)},
        geometry=shapes,
        index=pd.Index(list(areas), name="area_code"),
        crs=BRITISH_NATIONAL_GRID,
    )
    registrations = pd.DataFrame(patients, columns=["practice_code", "area_code", "patients"])
    edges = None if adjacency is None else pd.DataFrame(adjacency, columns=["practice_a", "practice_b"])
    nowhere = gpd.GeoDataFrame(geometry=[], crs=BRITISH_NATIONAL_GRID)
    return Place("made", practices, practices, frame, registrations, nowhere, adjacency=edges)


def pairs(place: Place) -> dict[tuple[str, str], str]:
    edges = adjacency_edges(place)
    assert list(edges.columns) == ["practice_a", "practice_b", "reason"]
    assert (edges["practice_a"] < edges["practice_b"]).all()
    assert not edges.duplicated(["practice_a", "practice_b"]).any()
    pd.testing.assert_frame_equal(edges, edges.sort_values(["practice_a", "practice_b"], ignore_index=True))
    return {(row.practice_a, row.practice_b): row.reason for row in edges.itertuples()}


def grid_place(columns: int, rows: int, gap: float = 0.0, as_points: bool = False) -> Place:
    """One practice a square, in its middle, and all of the square's people."""
    sites, areas, patients = {}, {}, []
    for column in range(columns):
        for row in range(rows):
            code = f"P{column}{row}"
            sites[code] = (column + 0.5, row + 0.5)
            areas[f"A{column}{row}"] = square(column, row, gap=gap)
            patients.append((code, f"A{column}{row}", 10.0))
    if as_points:
        areas = {code: shape.centroid for code, shape in areas.items()}
    return make_place(sites, areas, patients)


def grid_edges(columns: int, rows: int) -> set[tuple[str, str]]:
    right = {(f"P{c}{r}", f"P{c + 1}{r}") for c in range(columns - 1) for r in range(rows)}
    up = {(f"P{c}{r}", f"P{c}{r + 1}") for c in range(columns) for r in range(rows - 1)}
    return right | up


@pytest.mark.parametrize("gap", [0.0, 1.0, 4.0, -4.0])
def test_squares_of_a_grid_touch_their_four_neighbours_and_not_the_corners(gap: float) -> None:
    found = pairs(grid_place(4, 3, gap=gap))
    assert set(found) == grid_edges(4, 3)
    assert set(found.values()) == {"shared boundary"}


def test_real_strips_of_other_land_separate() -> None:
    found = pairs(grid_place(2, 1, gap=40.0))
    assert found == {("P00", "P10"): "nearest link"}


def test_areas_known_as_points_make_the_same_grid() -> None:
    place = grid_place(4, 3, as_points=True)
    assert set(pairs(place)) == grid_edges(4, 3)
    cells = catchments(place)
    assert (shapely.contains(cells.geometry.to_numpy(), place.practices.geometry.to_numpy())).all()
    # Land reaches half the usual distance beyond the outermost points: the squares themselves, corners rounded.
    assert cells.total_bounds == pytest.approx([0, 0, 4 * KM, 3 * KM])


@pytest.mark.parametrize(
    "points",
    [
        [(0, 0), (1, 0), (2, 0), (3, 0)],  # in one line
        [(0, 0), (0, 0), (1, 0)],  # two areas at one point
        [(0, 0)],
        [(0, 0), (5, 5)],
    ],
)
def test_few_or_lined_up_points_have_cells_too(points: list[tuple[float, float]]) -> None:
    areas = {f"A{i}": shapely.Point(x * KM, y * KM) for i, (x, y) in enumerate(points)}
    place = make_place({"P": (0, 0)}, areas, [])
    cells = area_polygons(place.areas)
    assert (shapely.area(cells) > 0).all()
    assert shapely.covers(cells, place.areas.geometry.to_numpy()).all()


def test_the_most_registrations_win_and_the_smaller_code_on_a_tie() -> None:
    place = make_place(
        {"B": (0.5, 0.5), "A": (1.5, 0.5)},
        {"1": square(0, 0), "2": square(1, 0), "3": square(2, 0)},
        [("A", "1", 5), ("B", "1", 5), ("B", "2", 6), ("A", "2", 5), ("A", "3", 2), ("B", "3", 1), ("B", "3", 1)],
    )
    won = catchments(place)
    assert won.index.tolist() == ["A", "B"]
    assert won["areas_won"].to_dict() == {"A": 2, "B": 1}
    assert won.geometry["A"].equals(shapely.union(square(0, 0), square(2, 0)))
    assert won.crs == BRITISH_NATIONAL_GRID


def test_patients_of_unknown_areas_and_of_other_practices_count_for_nothing() -> None:
    place = make_place(
        {"A": (0.5, 0.5), "B": (1.5, 0.5)},
        {"1": square(0, 0), "2": square(1, 0)},
        [("A", "1", 5), ("B", "2", 5), ("A", "elsewhere", 500), ("ZZ", "1", 500)],
    )
    assert catchments(place)["areas_won"].to_dict() == {"A": 1, "B": 1}


def test_an_area_without_patients_goes_to_the_nearest_main_site_so_that_no_hole_separates() -> None:
    areas = {f"{column}": square(column, 0) for column in range(5)}
    place = make_place({"A": (0.5, 0.5), "B": (4.5, 0.5)}, areas, [("A", "0", 9), ("B", "4", 9), ("B", "2", 0)])
    assert catchments(place)["areas_won"].to_dict() == {"A": 3, "B": 2}  # the middle one is as near to both
    assert pairs(place) == {("A", "B"): "shared boundary"}


def test_a_practice_that_wins_nothing_takes_its_cell_and_is_a_neighbour_of_whom_it_overlaps() -> None:
    areas = {f"{column}{row}": square(column, row) for column in range(6) for row in range(2)}
    patients = [("A" if int(code[0]) < 3 else "B", code, 10.0) for code in areas]
    place = make_place(
        {"A": (0.5, 1), "B": (5.5, 1), "C": (1.5, 1)}, areas, [*patients, ("C", "10", 3.0), ("C", "20", 3.0)]
    )
    cells = catchments(place)
    assert cells["areas_won"].to_dict() == {"A": 6, "B": 6, "C": 0}
    # C's cell reaches from half way to A (1 km) to half way to B (3.5 km): 2 km of A's land, half a kilometre of B's.
    assert cells.geometry["C"].bounds == pytest.approx((KM, 0, 3.5 * KM, 2 * KM), abs=10)
    assert MINIMUM_OVERLAP_SHARE < 0.5 / 2.5
    assert pairs(place) == {
        ("A", "B"): "shared boundary",
        ("A", "C"): "overlap",
        ("B", "C"): "overlap",
    }


def test_a_cell_that_only_brushes_a_catchment_makes_no_neighbour() -> None:
    areas = {f"{column}": square(column, 0) for column in range(10)}
    patients = [("A" if int(code) < 8 else "B", code, 10.0) for code in areas]
    place = make_place({"A": (1, 0.5), "B": (9.7, 0.5), "C": (6.5, 0.5)}, areas, patients)
    cells = catchments(place)
    brushed = cells.geometry["C"].intersection(shapely.union(square(8, 0), square(9, 0))).area
    assert 0 < brushed < MINIMUM_OVERLAP_SHARE * 2 * KM**2
    assert set(pairs(place)) == {("A", "B"), ("A", "C")}


def test_a_large_cell_is_a_neighbour_of_a_small_catchment_it_covers_a_part_of() -> None:
    areas = {f"{column:02}": square(column, 0) for column in range(12)}
    patients = [("B" if code == "11" else "A", code, 10.0) for code in areas]
    place = make_place({"A": (0.5, 0.5), "B": (11.9, 0.5), "C": (10.5, 0.5)}, areas, patients)
    # C's cell reaches from 5.5 to 11.2 km: a fifth of B's one square, and a small part of the cell itself.
    cell = catchments(place).geometry["C"]
    common = cell.intersection(square(11, 0)).area
    assert common / cell.area < MINIMUM_OVERLAP_SHARE < common / KM**2
    assert pairs(place)["B", "C"] == "overlap"


def test_two_practices_without_areas_are_neighbours_where_their_cells_meet() -> None:
    areas = {f"{column}{row}": square(column, row) for column in range(6) for row in range(2)}
    patients = [("A", code, 10.0) for code in areas]
    place = make_place({"A": (0.2, 1), "B": (3.5, 1), "C": (5.5, 1)}, areas, patients)
    assert pairs(place)["B", "C"] == "shared boundary"


def test_a_part_of_a_patient_decides_an_area() -> None:
    place = make_place(
        {"A": (0.5, 0.5), "B": (1.5, 0.5)}, {"1": square(0, 0)}, [("A", "1", 10.2), ("B", "1", 10.4), ("A", "1", 0.1)]
    )
    assert catchments(place)["areas_won"].to_dict() == {"A": 0, "B": 1}


@pytest.mark.parametrize(("metres", "shared"), [(24.0, True), (26.0, False)])
def test_main_sites_within_25_m_share_a_building(metres: float, shared: bool) -> None:
    areas = {f"{column}": square(column, 0) for column in range(2)}
    place = make_place({"A": (0.99, 0.5), "B": (0.99 + metres / KM, 0.5)}, areas, [("A", "0", 9), ("B", "1", 9)])
    assert (pairs(place)["A", "B"] == "same building") == shared


def test_practices_in_one_building_are_neighbours_and_share_a_cell_beside_what_they_won() -> None:
    areas = {f"{column}": square(column, 0) for column in range(4)}
    patients = [("A", "0", 9), ("B", "1", 9), ("D", "2", 9), ("D", "3", 9)]
    place = make_place({"A": (0.5, 0.5), "B": (0.51, 0.5), "C": (0.52, 0.5), "D": (3.5, 0.5)}, areas, patients)
    cells = catchments(place)
    found = pairs(place)
    assert found["A", "B"] == found["B", "C"] == found["A", "C"] == "same building"
    assert cells["areas_won"].to_dict() == {"A": 1, "B": 1, "C": 0, "D": 2}
    assert cells.geometry["A"].covers(square(0, 0))
    assert cells.geometry["C"].area == pytest.approx(2 * KM**2, rel=0.02)
    assert cells.geometry["D"].equals(shapely.union(square(2, 0), square(3, 0)))


def test_a_cell_does_not_reach_over_water() -> None:
    # Two shores: the cell of C covers land on both, but C stands on the southern one.
    areas = {"south": square(0, 0, side=3 * KM), "north": shapely.box(0, 3.5 * KM, 3 * KM, 5 * KM)}
    place = make_place({"A": (0.2, 0.5), "B": (1.5, 9), "C": (1.5, 2.5)}, areas, [("A", "south", 9), ("B", "north", 9)])
    found = pairs(place)
    assert catchments(place).geometry["C"].bounds[3] == pytest.approx(3 * KM, abs=10)
    assert found == {("A", "C"): "overlap", ("B", "C"): "nearest link"}


def test_islands_are_joined_by_their_shortest_links_ties_by_code() -> None:
    # Four islands on the corners of a square: three of the four equal sides join them, the smaller codes first.
    corners = {"A": (0, 0), "B": (10, 0), "C": (10, 10), "D": (0, 10)}
    areas = {code: square(x, y) for code, (x, y) in corners.items()}
    sites = {code: (x + 0.5, y + 0.5) for code, (x, y) in corners.items()}
    place = make_place(sites, areas, [(code, code, 5.0) for code in corners])
    assert pairs(place) == dict.fromkeys([("A", "B"), ("A", "D"), ("B", "C")], "nearest link")


def test_the_planners_list_is_taken_as_it_is_and_joined() -> None:
    place = grid_place(3, 1)
    own = make_place(
        {code: (point.x / KM, point.y / KM) for code, point in place.practices.geometry.items()},
        place.areas.geometry.to_dict(),
        list(place.registrations.itertuples(index=False, name=None)),
        adjacency=[("P20", "P00"), ("P00", "P20"), ("P00", "P00"), ("P00", "unknown")],
    )
    assert pairs(own) == {("P00", "P10"): "nearest link", ("P00", "P20"): "planner"}


def test_invalid_polygons_are_mended() -> None:
    bow_tie = shapely.Polygon([(0, 0), (KM, KM), (KM, 0), (0, KM)])
    place = make_place(
        {"A": (0.2, 0.5), "B": (1.5, 0.5)}, {"1": bow_tie, "2": square(1, 0)}, [("A", "1", 5), ("B", "2", 5)]
    )
    assert catchments(place).is_valid.all()
    assert pairs(place) == {("A", "B"): "shared boundary"}


def test_one_practice_alone_has_no_neighbours() -> None:
    place = make_place({"A": (0.5, 0.5)}, {"1": square(0, 0)}, [])
    assert pairs(place) == {}
    assert catchments(place)["areas_won"].tolist() == [1]


def test_a_practice_without_a_place_is_refused() -> None:
    place = make_place({"A": (0.5, 0.5)}, {"1": square(0, 0)}, [])
    place.practices.loc["A", "geometry"] = None
    with pytest.raises(ValueError, match="main site"):
        catchments(place)


@st.composite
def places(draw: st.DrawFn) -> Place:
    columns, rows = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    coordinate = st.integers(0, 40).map(lambda tenth: tenth / 10)
    count = draw(st.integers(1, 8))
    sites = {f"P{i}": (draw(coordinate), draw(coordinate)) for i in range(count)}
    areas: dict[str, shapely.Geometry] = {f"{c}{r}": square(c, r) for c in range(columns) for r in range(rows)}
    if draw(st.booleans()):
        areas = {code: shapely.Point(draw(coordinate) * KM, draw(coordinate) * KM) for code in areas}
    rows_of = st.tuples(st.sampled_from(sorted(sites)), st.sampled_from(sorted(areas)), st.integers(0, 5))
    patients = draw(st.lists(rows_of, max_size=30))
    return make_place(sites, areas, [(p, a, float(n)) for p, a, n in patients])


@settings(max_examples=120, deadline=None)
@given(places(), st.randoms(use_true_random=False))
def test_any_place_gives_one_component_all_land_and_the_same_answer_in_any_order(place: Place, random) -> None:
    edges = adjacency_edges(place)
    graph = nx.Graph()
    graph.add_nodes_from(place.practices.index)
    graph.add_edges_from(edges[["practice_a", "practice_b"]].itertuples(index=False, name=None))
    assert nx.is_connected(graph)
    assert set(graph) == set(place.practices.index)

    cells = catchments(place)
    land = shapely.union_all(area_polygons(place.areas))
    assert cells["areas_won"].sum() == len(place.areas)
    assert shapely.union_all(cells.geometry.to_numpy()).area >= land.area - 1
    assert not cells.is_empty.any()

    order = list(range(len(place.registrations)))
    random.shuffle(order)
    shuffled = Place(
        place.name,
        place.practices.iloc[::-1],
        place.sites,
        place.areas.iloc[::-1],
        place.registrations.iloc[order],
        place.localities,
    )
    pd.testing.assert_frame_equal(adjacency_edges(shuffled), edges)


def test_an_area_of_whose_residents_hardly_any_is_registered_here_is_won_by_nobody() -> None:
    areas = {f"{column}": square(column, 0) for column in range(6)}
    patients = [("A", "0", 900.0), ("B", "1", 900.0), ("A", "5", 99.0), ("A", "4", 100.0)]
    place = make_place({"A": (0.5, 0.5), "B": (1.5, 0.5)}, areas, patients)
    assert catchments(place)["areas_won"].to_dict() == {"A": 3, "B": 3}  # in proportion to where patients usually live
    place.areas["population"] = 1000.0
    assert catchments(place)["areas_won"].to_dict() == {"A": 2, "B": 4}  # 99 of 1,000 are too few, 100 are not
    place.areas["population"] = float("nan")
    assert catchments(place)["areas_won"].to_dict() == {"A": 3, "B": 3}


def scattered_place(as_points: bool = False) -> Place:
    """Nine practices, each in the middle of a block of three by three areas, but most chosen here and there besides."""
    rng = np.random.default_rng(4)
    areas: dict[str, shapely.Geometry] = {f"{c}{r}": square(c, r) for c in range(9) for r in range(9)}
    sites = {f"P{i}": (1.6 + 3 * (i % 3), 1.6 + 3 * (i // 3)) for i in range(9)}
    patients = []
    for code in areas:
        home = f"P{int(code[0]) // 3 + 3 * (int(code[1]) // 3)}"
        patients += [(home, code, 50.0), (f"P{rng.integers(9)}", code, float(rng.choice([20.0, 20.0, 60.0])))]
    if as_points:
        areas = {code: shape.centroid for code, shape in areas.items()}
    return make_place(sites, areas, patients)


@pytest.mark.parametrize("as_points", [False, True])
def test_scattered_catchments_are_brought_into_one_piece(as_points: bool) -> None:
    place = scattered_place(as_points=as_points)
    edges, findings = borders(place)
    assert set(edges["reason"]) == {ONE_PIECE}
    (finding,) = findings
    assert finding.code == "catchments-in-one-piece"
    assert f"now there are {len(edges)} borders." in finding.message
    drawn = catchments(place)
    assert (shapely.get_num_geometries(drawn.geometry.to_numpy()) == 1).all()
    side_by_side = {(f"P{i}", f"P{i + 1}") for i in range(9) if i % 3 < 2} | {(f"P{i}", f"P{i + 3}") for i in range(6)}
    assert side_by_side <= set(pairs(place))


def test_a_flat_map_is_left_as_it_is() -> None:
    edges, findings = borders(grid_place(4, 4))
    assert set(edges["reason"]) == {"shared boundary"}
    assert findings == ()


def test_a_planners_list_is_never_tidied() -> None:
    place = scattered_place()
    own = replace(place, adjacency=pd.DataFrame([("P0", "P8")], columns=["practice_a", "practice_b"]))
    edges, findings = borders(own)
    assert findings == ()
    assert set(edges["reason"]) == {"planner", "nearest link"}


def test_practices_that_win_nothing_in_a_crowd_get_land_or_share_it() -> None:
    place = scattered_place()
    sites = {code: (point.x / KM, point.y / KM) for code, point in place.practices.geometry.items()}
    crowd = {"Q1": (3.1, 3.2), "Q2": (1.6, 1.61), "Q3": (6.9, 6.9), "Q4": (6.9, 6.91)}  # Q2 is in the building of P0
    rows = list(place.registrations.itertuples(index=False, name=None))
    place = make_place(sites | crowd, place.areas.geometry.to_dict(), rows)
    drawn, found = catchments(place), pairs(place)
    assert drawn["areas_won"][list(crowd)].tolist() == [0, 0, 0, 0]
    assert drawn.geometry["Q1"].distance(place.practices.geometry["Q1"]) < KM
    assert drawn.geometry["Q2"].equals(drawn.geometry["P0"])
    assert drawn.geometry["Q3"].equals(drawn.geometry["Q4"])
    assert found["P0", "Q2"] == found["Q3", "Q4"] == "same building"
    others = {b if a == "P0" else a for a, b in found if "P0" in (a, b)} - {"Q2"}
    assert others == {b if a == "Q2" else a for a, b in found if "Q2" in (a, b)} - {"P0"}


@st.composite
def crowds(draw: st.DrawFn) -> Place:
    side = draw(st.integers(3, 6))
    areas: dict[str, shapely.Geometry] = {f"{c}{r}": square(c, r) for c in range(side) for r in range(side)}
    coordinate = st.integers(0, 10 * side).map(lambda tenth: tenth / 10)
    sites = {f"P{i:02}": (draw(coordinate), draw(coordinate)) for i in range(draw(st.integers(6, 14)))}
    if draw(st.booleans()):
        areas = {code: shapely.Point(draw(coordinate) * KM, draw(coordinate) * KM) for code in areas}
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    patients = [
        (str(rng.choice(list(sites))), code, float(rng.integers(1, 9)))
        for code in areas
        for _ in range(rng.integers(4))
    ]
    return make_place(sites, areas, patients)


@settings(max_examples=60, deadline=None)
@given(crowds(), st.randoms(use_true_random=False))
def test_a_crowd_becomes_a_flat_map_of_whole_catchments(place: Place, random) -> None:
    edges = adjacency_edges(place)
    graph = nx.Graph()
    graph.add_nodes_from(place.practices.index)
    graph.add_edges_from(edges[["practice_a", "practice_b"]].itertuples(index=False, name=None))
    assert nx.is_connected(graph)
    assert all(degree for _, degree in graph.degree)
    order = list(range(len(place.registrations)))
    random.shuffle(order)
    shuffled = replace(
        place,
        practices=place.practices.iloc[::-1],
        areas=place.areas.iloc[::-1],
        registrations=place.registrations.iloc[order],
    )
    pd.testing.assert_frame_equal(adjacency_edges(shuffled), edges)
    tidied = edges[edges["reason"] == ONE_PIECE]
    if tidied.empty:
        return
    drawn = catchments(place)
    shapes = {code: shape.wkb for code, shape in drawn.geometry.items()}
    flat = nx.Graph([(shapes[row.practice_a], shapes[row.practice_b]) for row in tidied.itertuples()])
    assert nx.check_planarity(flat)[0]
    polygons = area_polygons(place.areas)
    whole = shapely.union_all(polygons).buffer(1).geom_type == "Polygon"
    if whole and (shapely.get_num_geometries(polygons) == 1).all():
        assert (shapely.get_num_geometries(shapely.buffer(drawn.geometry.to_numpy(), 10)) == 1).all()
