"""Minutes without a car: on foot on the same roads, and by public transport where a table is given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geodata.case_times import travel_times
from geodata.modes import mode_times
from geodata.place import TransportFacts
from tests.geodata.road_cases import EAST, ISLE, MAINLAND, NORTH, OPPOSITE, WAYS, place_at, road_settings, write_roads

KMH = 4.8
PATH = (20, [1, 4], {"highway": "footway"})


def walked(folder: Path, place, **given) -> np.ndarray:
    found = mode_times(place, road_settings(**given), folder)
    assert found.walk is not None, found.absent
    return found.walk.area_to_site


def test_a_footpath_by_hand(tmp_path: Path) -> None:
    """Across the bay on foot: 500 m of road, 6,000 m of path, 500 m of road, at 4.8 km/h: 87.5 minutes."""
    place = place_at([MAINLAND], [OPPOSITE])
    folder = write_roads(tmp_path, [way for way in WAYS if way[0] == 10] + [PATH])
    found = mode_times(place, road_settings(), folder)
    assert found.walk.area_to_site[0, 0] == pytest.approx(7.0 / KMH * 60, abs=0.01)
    sentence = found.walk.method.sentence
    assert sentence.startswith(
        "Walking times on OpenStreetMap roads (roads.osm.pbf, data of 2024-05-06): on foot at 4.8"
    )
    assert "many older people walk more slowly" in sentence and "no footpath" not in sentence
    assert found.walk.method.kind == "roads" and found.walk.method.details["mode"] == "walk"
    assert np.isnan(found.walk.between_sites).all(), "only journeys from homes are timed"
    car, _ = travel_times(place, road_settings(), folder)
    assert car.area_to_site[0, 0] == pytest.approx(17 / (45 * 1.609344) * 60, abs=0.1), "the car goes round"


def test_where_the_file_holds_no_footpath_walkers_keep_to_the_road_and_it_is_said(tmp_path: Path) -> None:
    place = place_at([MAINLAND], [(0, 1700)])
    found = mode_times(place, road_settings(), write_roads(tmp_path))
    assert found.walk.area_to_site[0, 0] == pytest.approx(1.2 / KMH * 60, abs=0.01)
    assert "The road file holds no footpath" in found.walk.method.sentence


def test_the_way_to_the_road_is_walked_too(tmp_path: Path) -> None:
    place = place_at([(80, 1000)], [(0, 1800)])
    assert walked(write_roads(tmp_path), place)[0, 0] == pytest.approx((0.8 + 0.08) / KMH * 60, abs=0.01)


def test_traffic_does_not_slow_walkers_and_boats_carry_them(tmp_path: Path) -> None:
    place, folder = place_at([MAINLAND, ISLE], [OPPOSITE]), write_roads(tmp_path)
    usual = walked(folder, place)
    # 500 m, the boat (6 minutes, and 5 of wait), 500 m; and 2 km on the island, the other boat, 500 m.
    assert usual[:, 0] == pytest.approx([1.0 / KMH * 60 + 11, 2.5 / KMH * 60 + 11], abs=0.01)
    for other in ({"profile": "peak"}, {"speed_factor": 0.5}, {"ferries": "queue"}):
        assert np.array_equal(walked(folder, place, **other), usual), other
    off = walked(folder, place, ferries="off")
    assert off[0, 0] == pytest.approx(17.0 / KMH * 60, abs=0.05)
    assert np.isinf(off[1, 0])
    assert "Ferries do not run" in mode_times(place, road_settings(ferries="off"), folder).walk.method.sentence


def test_the_pace_is_that_of_the_speed_table(tmp_path: Path) -> None:
    folder = write_roads(tmp_path)
    (folder / "own.toml").write_text("[walk]\nkmh = 3.0\n", encoding="utf-8")
    found = mode_times(place_at([MAINLAND], [(0, 2000)]), road_settings(speeds="own.toml"), folder)
    assert found.walk.area_to_site[0, 0] == pytest.approx(1.5 / 3.0 * 60, abs=0.01)
    assert "at 3 km/h" in found.walk.method.sentence


def test_a_road_that_is_closed_is_closed_on_foot_where_there_is_a_way(tmp_path: Path) -> None:
    """The first point closes a short cut; the second lies on a motorway, where nobody walks."""
    motorway = (21, [7, 8], {"highway": "motorway"})
    folder = write_roads(
        tmp_path, [*WAYS, (22, [1, 3], {"highway": "secondary"}), motorway], nodes={7: (-4000, 0), 8: (-4000, 6000)}
    )
    text = f"id,easting,northing\nhill,{EAST + 3000},{NORTH + 3000}\nfast,{EAST - 4000},{NORTH + 3000}\n"
    (folder / "closed.csv").write_text(text, encoding="utf-8")
    place = place_at([(0, 0)], [(6000, 6000)])
    assert walked(folder, place, ferries="off")[0, 0] == pytest.approx(np.hypot(6, 6) / KMH * 60, abs=0.01)
    found = mode_times(place, road_settings(closed="closed.csv", ferries="off"), folder)
    assert found.walk.area_to_site[0, 0] == pytest.approx(12.0 / KMH * 60, abs=0.01)
    assert "Closed roads: unnamed road." in found.walk.method.sentence


def test_several_points_in_an_area_are_averaged(tmp_path: Path) -> None:
    """A quarter of the people 1 km from the site, three quarters 2 km: 1.75 km."""
    place = place_at([MAINLAND], [(0, 1000)])
    points = pd.DataFrame({"area_code": ["E000", "E000"], "x": [EAST] * 2, "y": [NORTH + 2000, NORTH + 3000]})
    place = replace(place, area_points=points.assign(weight=[100.0, 300.0]))
    assert walked(write_roads(tmp_path), place)[0, 0] == pytest.approx(1.75 / KMH * 60, abs=0.01)
    straight = mode_times(place, road_settings(method="straight-line"), tmp_path)
    assert straight.walk.area_to_site[0, 0] == pytest.approx(1.75 * 1.3 / KMH * 60, abs=1e-4)
    assert "2 points stand for the homes of 1 areas" in straight.walk.method.sentence


def test_straight_lines_by_hand(tmp_path: Path) -> None:
    """4.8 km: 1.3 hours in towns, 1.4 in the country, 1.35 between the two."""
    place = place_at([(0, 0), (0, 100_000)], [(4800, 0), (4800, 100_000)], [False, True])
    found = mode_times(place, road_settings(method="straight-line"), tmp_path)
    assert np.diag(found.walk.area_to_site) == pytest.approx([78.0, 84.0], abs=1e-4)
    assert found.walk.area_to_site[0, 1] == pytest.approx(np.hypot(4.8, 100) / KMH * 1.35 * 60, abs=1e-3)
    assert found.walk.method.estimate and found.walk.method.details["mode"] == "walk"
    assert "ESTIMATE" in found.walk.method.sentence and "walked at 4.8 km/h" in found.walk.method.sentence
    assert "many older people walk more slowly" in found.walk.method.sentence
    assert not (tmp_path / ".cache").exists()


def test_public_transport_stands_beside_it_or_is_told_as_absent(tmp_path: Path) -> None:
    place = place_at([MAINLAND, OPPOSITE], [(0, 1000)])
    without = mode_times(place, road_settings(method="straight-line"), tmp_path)
    assert without.public_transport is None
    ((mode, sentence),) = without.absent
    assert mode == "public-transport" and "not in the inputs" in sentence
    table = pd.DataFrame({"area_code": ["E000"], "site_code": ["S000"], "minutes": [17.5], "reachable": [True]})
    registered = pd.DataFrame({"practice_code": ["P"], "area_code": ["E000"], "patients": [5.0]})
    facts = TransportFacts(departure="Tue 2026-10-06 07:30-09:30")
    given = replace(place, public_transport=table, public_transport_facts=facts, registrations=registered)
    found = mode_times(given, road_settings(method="straight-line"), tmp_path)
    assert found.absent == ()
    assert found.public_transport.area_to_site.tolist() == [[17.5], [np.inf]]
    assert "07:30-09:30" in found.public_transport.method.sentence


def test_roads_that_nobody_may_walk_are_told_and_stop_nothing(tmp_path: Path) -> None:
    place = place_at([MAINLAND], [OPPOSITE])
    fast = write_roads(tmp_path, [(10, [1, 2, 3, 4], {"highway": "trunk", "foot": "no"})])
    car, _ = travel_times(place, road_settings(), fast)
    assert np.isfinite(car.area_to_site).all()
    found = mode_times(place, road_settings(), fast)
    assert found.walk is None
    assert [mode for mode, _ in found.absent] == ["walk", "public-transport"]
    assert found.absent[0][1].startswith("Journeys on foot are not timed")
