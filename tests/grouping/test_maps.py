"""Shapes, colours and data of the maps."""

from __future__ import annotations

import json

import numpy as np
import shapely

from geodata.catchments import area_polygons
from grouping import maps
from grouping.escape import script_data
from grouping.plan import Plan
from grouping.result import Run
from tests.grouping.made_run import made_place, made_run


def _prepared(run: Run) -> tuple[np.ndarray, list[dict[str, int]]]:
    polygons = maps.drawn_areas(run.place.areas)
    colours = [
        maps.group_colours(
            polygons, maps.group_of_area(run.place, option.option.plan).to_numpy(), list(option.groups["group_id"])
        )
        for option in run.options
    ]
    return polygons, colours


def _rings(shape: list[list[list[int]]]) -> list[np.ndarray]:
    return [np.cumsum(np.array(ring).reshape(-1, 2), axis=0) for polygon in shape for ring in polygon]


def test_every_area_goes_with_the_group_that_has_most_of_its_patients() -> None:
    run = made_run()
    plan = run.options[0].option.plan
    found = maps.group_of_area(run.place, plan)
    table = run.place.registrations.copy()
    table["group"] = [plan.group_of[code].group_id for code in table["practice_code"]]
    for area_code in run.place.areas.index:
        sums = table[table["area_code"] == area_code].groupby("group")["patients"].sum()
        assert found[area_code] == sums.idxmax()


def test_an_area_without_patients_of_the_plan_goes_with_no_group() -> None:
    place = made_place()
    plan = Plan.from_groups([(("J80002",), "J80002")])
    found = maps.group_of_area(place, plan)
    assert found["E01000000"] == "" or found["E01000000"] == "G01"
    assert found.iloc[12] == ""  # the west, 25 km away
    assert set(found) == {"", "G01"}


def test_ties_go_to_the_smaller_group_id() -> None:
    place = made_place()
    table = place.registrations.head(0).copy()
    table.loc[0] = ("J80002", "E01000003", 50.0, "published")
    table.loc[1] = ("J80001", "E01000003", 50.0, "published")
    plan = Plan.from_groups([(("J80001",), "J80001"), (("J80002",), "J80002")])
    even = type(place)(**{**place.__dict__, "registrations": table})
    assert maps.group_of_area(even, plan)["E01000003"] == "G01"


def test_groups_that_touch_differ_in_colour() -> None:
    run = made_run()
    polygons, colours = _prepared(run)
    for option, colour in zip(run.options, colours, strict=True):
        belongs = maps.group_of_area(run.place, option.option.plan).to_numpy()
        for i, j in zip(*shapely.STRtree(polygons).query(polygons, predicate="intersects"), strict=True):
            if belongs[i] and belongs[j] and belongs[i] != belongs[j]:
                assert colour[belongs[i]] != colour[belongs[j]]


def test_neighbours_still_share_their_edges_after_simplifying_and_rounding() -> None:
    run = made_run(points_only=True)
    polygons, colours = _prepared(run)
    data = maps.map_data(run, polygons, colours)
    edges: dict[frozenset, int] = {}
    for _code, _name, _rural, shape in data["areas"]:
        for ring in _rings(shape):
            for a, b in zip(ring, np.roll(ring, -1, axis=0), strict=True):
                key = frozenset((tuple(a), tuple(b)))
                edges[key] = edges.get(key, 0) + 1
    assert max(edges.values()) == 2
    inner = sum(times == 2 for times in edges.values())
    assert inner == 49  # a grid of 6 x 5: 5 x 5 + 6 x 4


def test_drawn_areas_are_a_gapless_cover_of_the_same_land() -> None:
    areas = made_place().areas
    drawn = maps.drawn_areas(areas)
    assert shapely.coverage_is_valid(drawn)
    original = shapely.union_all(area_polygons(areas))
    assert shapely.union_all(drawn).symmetric_difference(original).area < 1e-3 * original.area


def test_coordinates_are_those_of_the_place() -> None:
    run = made_run()
    data = maps.map_data(run, *_prepared(run))
    points = np.concatenate([ring for area in data["areas"] for ring in _rings(area[3])]) / data["units"]
    (south, west), (north, east) = data["bounds"]
    assert np.all((points[:, 0] >= west - 1e-4) & (points[:, 0] <= east + 1e-4))
    assert np.all((points[:, 1] >= south - 1e-4) & (points[:, 1] <= north + 1e-4))
    assert 50 < south < 51  # the south coast of England
    assert -3 < west < -2


def test_data_are_plain_json_and_geometry_is_there_once() -> None:
    run = made_run()
    data = json.loads(str(script_data(maps.map_data(run, *_prepared(run)))))
    assert len(data["areas"]) == 30
    assert len(data["options"]) == 3
    assert len(data["options"][0]["areaGroup"]) == 30
    assert all(isinstance(option["groups"][0]["size"], int) for option in data["options"])
    assert "E01000000" not in json.dumps(data["options"])


def test_minutes_without_a_route_are_null_never_infinite() -> None:
    run = made_run()
    data = maps.map_data(run, *_prepared(run))
    codes = [area[0] for area in data["areas"]]
    assert data["options"][0]["areaHub"][codes.index("E01000024")] is None


def test_classes_of_minutes_include_their_upper_end() -> None:
    assert [maps.minute_class(value) for value in (0, 10, 10.1, 45, 45.1, float("inf"), float("nan"))] == [
        0, 0, 1, 4, 5, -1, -1,
    ]  # fmt: skip


def test_letters_of_a_drawing_never_cover_each_other() -> None:
    middles = [(1000 + 10 * i, 1000 + 7 * i) for i in range(8)]
    ids = [f"G{i:02d}" for i in range(8)]
    placed = maps._letters_apart(middles, middles, ids)
    for i, (x, y) in enumerate(placed):
        for other_x, other_y in placed[:i]:
            assert abs(x - other_x) > 60 or abs(y - other_y) > 35


def test_the_frame_is_the_same_every_time_and_names_no_address() -> None:
    run = made_run()
    first, second = maps.folium_frame(run), maps.folium_frame(run)
    assert first == second
    assert "http" not in first.html + first.script
    assert "L.map(" in first.script
    assert "L.control.layers(" in first.script
