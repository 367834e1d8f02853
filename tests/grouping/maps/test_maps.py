"""Shapes, colours and data of the maps."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geodata.catchments import area_polygons
from grouping import maps
from grouping.escape import script_data
from grouping.maps.still import DRAWING_WIDTH, LETTER_HEIGHT, letters_apart
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
    patients = place.registrations[place.registrations["practice_code"] == "J80002"]
    served = set(patients.loc[patients["patients"] > 0, "area_code"]) & set(place.areas.index)
    assert set(found.index[found == "G01"]) == served
    assert set(found.index[found == ""]) == set(place.areas.index) - served != set()


def test_ties_go_to_the_smaller_group_id() -> None:
    place = made_place()
    table = place.registrations.head(0).copy()
    table.loc[0] = ("J80002", "E01000003", 50.0, "published")
    table.loc[1] = ("J80001", "E01000003", 50.0, "published")
    plan = Plan.from_groups([(("J80001",), "J80001"), (("J80002",), "J80002")])
    even = type(place)(**{**place.__dict__, "registrations": table})
    assert maps.group_of_area(even, plan)["E01000003"] == "G01"


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
    placed = letters_apart(middles, middles, ids)
    for i, (x, y) in enumerate(placed):
        for other_x, other_y in placed[:i]:
            assert abs(x - other_x) > 60 or abs(y - other_y) > 35


def test_the_frame_of_the_map_is_south_west_to_north_east_and_sites_lie_in_it() -> None:
    run = made_run()
    data = maps.map_data(run, *_prepared(run))
    degrees = run.place.sites.geometry.to_crs("EPSG:4326")
    for code, _name, kind, owner, lat, lon in data["sites"]:
        assert (lat, lon) == (round(degrees[code].y, 5), round(degrees[code].x, 5))
        assert kind == run.place.sites.at[code, "kind"]
        practice = run.place.sites.at[code, "practice_code"]
        assert owner == (list(run.place.practices.index).index(practice) if practice else -1)
    corners = np.array(data["bounds"])
    for option in data["options"]:
        for group in option["groups"]:
            assert (corners[0] < group["label"]).all()
            assert (group["label"] < corners[1]).all()


def test_areas_carry_the_minutes_and_the_group_of_each_option() -> None:
    run = made_run()
    data = maps.map_data(run, *_prepared(run))
    codes = [area[0] for area in data["areas"]]
    routines = data["options"][0]["areaRoutine"]  # the same in all options, so that it is told once
    for option, drawn in zip(run.options, data["options"], strict=True):
        table = option.areas.set_index("area_code")
        belongs = maps.group_of_area(run.place, option.option.plan)
        for code, hub, routine, group in zip(
            codes, drawn["areaHub"], drawn.get("areaRoutine", routines), drawn["areaGroup"], strict=True
        ):
            for shown, column in ((hub, "minutes_hub"), (routine, "minutes_routine")):
                known = table[column].get(code, np.nan)
                assert shown == (None if np.isnan(known) else round(known, 1))
            assert (drawn["groups"][group]["id"] if group >= 0 else "") == belongs[code]
        for practice, group in enumerate(drawn["practiceGroup"]):
            assert practice in drawn["groups"][group]["members"]
        for group in drawn["groups"]:
            assert data["sites"][group["hub"]][0] in set(option.groups["hub_site_code"])


def test_what_a_partial_plan_leaves_out_has_no_group_on_the_map() -> None:
    run = made_run()
    option = run.options[0]
    plan = Plan(option.option.plan.groups[:1])
    alone = replace(option, option=replace(option.option, plan=plan), groups=option.groups.head(1))
    data = maps.map_data(replace(run, options=(alone,)), maps.drawn_areas(run.place.areas), [{"G01": 0}])
    (drawn,) = data["options"]
    belongs = maps.group_of_area(run.place, plan)
    assert drawn["areaGroup"] == [0 if group else -1 for group in belongs]
    assert -1 in drawn["areaGroup"]
    assert drawn["practiceGroup"].count(0) == len(plan.groups[0].members)


def test_an_island_of_another_area_is_a_hole() -> None:
    run = made_run()
    polygons, colours = _prepared(run)
    hole = polygons[0].centroid.buffer(500)
    polygons[0] = polygons[0] - hole
    data = maps.map_data(run, polygons, colours)
    (polygon,) = data["areas"][0][3]
    assert len(polygon) == 2
    assert maps.draw(run, polygons, colours).land.count("M") == 2


def test_letters_stand_in_the_largest_part_of_a_group() -> None:
    run = made_run()
    polygons, colours = _prepared(run)
    option = run.options[0]
    belongs = maps.group_of_area(run.place, option.option.plan).to_numpy()
    for group, drawn in zip(
        option.option.plan.groups, maps.map_data(run, polygons, colours)["options"][0]["groups"], strict=True
    ):
        parts = shapely.get_parts(shapely.union_all(polygons[belongs == group.group_id]))
        largest = gpd.GeoSeries([max(parts, key=shapely.area)], crs="EPSG:27700").to_crs("EPSG:4326")[0]
        lat, lon = drawn["label"]
        assert largest.contains(shapely.Point(lon, lat))


def test_letters_stand_in_the_larger_of_two_parts_whichever_comes_first() -> None:
    run = made_run()
    plan = Plan.from_groups([(("J80001",), "J80001")])
    option = replace(run.options[0], option=replace(run.options[0].option, plan=plan), groups=run.options[0].groups[:1])
    for wide in (0, 5):  # the cell in the west or in the east is the larger part
        polygons = np.array([shapely.box(410_000, 80_000, 410_001, 80_001)] * 30, dtype=object)
        served = run.place.registrations.head(0).copy()
        for number, (cell, patients) in enumerate(((0, 10.0), (5, 10.0))):
            served.loc[number] = ("J80001", run.place.areas.index[cell], patients, "published")
            side = 9_000 if cell == wide else 2_000
            polygons[cell] = shapely.box(360_000 + 20_000 * cell, 80_000, 360_000 + 20_000 * cell + side, 80_000 + side)
        changed = replace(run, place=replace(run.place, registrations=served), options=(option,))
        (group,) = maps.draw(changed, polygons, [{"G01": 0}]).options[0].groups
        assert (group.spot[0] > DRAWING_WIDTH / 2) == (wide == 5)


def test_north_is_up_and_the_scale_is_true_in_a_static_drawing() -> None:
    run = made_run()
    drawing = maps.draw(run, *_prepared(run))
    sites = run.place.sites.geometry
    spots = {code: (x, y) for code, (x, y, _kind) in zip(sites.index, drawing.sites, strict=True)}
    for a in sites.index:
        for b in sites.index:
            if sites[a].y > sites[b].y + 100:
                assert spots[a][1] < spots[b][1]
            if sites[a].x > sites[b].x + 100:
                assert spots[a][0] > spots[b][0]
    assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in spots.values())
    a, b = "J80001", "J80012"
    units = np.hypot(spots[a][0] - spots[b][0], spots[a][1] - spots[b][1])
    assert units / sites[a].distance(sites[b]) == pytest.approx(
        drawing.scale_length / drawing.scale_km / 1000, rel=0.01
    )
    for group in drawing.options[0].groups:
        inside = [int(number) for number in re.findall(r"M(\d+) (\d+)", group.path)[0]]
        assert 0 <= inside[0] <= drawing.width
        assert 0 <= inside[1] <= drawing.height


def test_letters_avoid_the_hub_where_there_is_room() -> None:
    (label,) = letters_apart([(1000, 1000)], [(1000, 1010)], ["G01"])
    assert abs(label[1] - 1010) > LETTER_HEIGHT / 2
    assert letters_apart([(1000, 1000)], [(3000, 1000)], ["G01"]) == [(1000, 1000)]
