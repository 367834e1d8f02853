"""Roads behind a map and the reach of hubs: few numbers, and the minutes of the travel times."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geodata.demo import write_demo_case
from grouping import maps
from grouping.escape import script_data
from grouping.maps.backdrop import LIMITS, MOST_CELLS, MOST_POINTS, backdrop_of
from grouping.maps.behind import reach_data, roads_data, run_lengths
from grouping.maps.parts import DEGREE_UNITS, to_degrees
from grouping.pipeline import prepare
from grouping.prepared import Prepared
from tests.grouping.made_backdrop import with_backdrop
from tests.grouping.made_run import made_run
from tests.small_case import write_small_case


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(write_demo_case(tmp_path_factory.mktemp("demo") / "case"))


@pytest.fixture(scope="module")
def backdrop(ready: Prepared) -> maps.Backdrop:
    made = backdrop_of(ready, ready.place.practices["main_site_code"].head(40))
    assert made is not None
    return made


def test_straight_lines_have_no_roads_behind_them(tmp_path: Path) -> None:
    assert backdrop_of(prepare(write_small_case(tmp_path / "case")), ["X00001-1"]) is None


def test_main_roads_are_few_lines_around_the_place(ready: Prepared, backdrop: maps.Backdrop) -> None:
    lines = np.concatenate(list(backdrop.roads.values()))
    assert list(backdrop.roads) == ["trunk", "primary", "secondary"]
    assert 0 < shapely.get_num_coordinates(lines).sum() <= MOST_POINTS
    west, south, east, north = shapely.total_bounds(ready.place.areas.geometry.to_numpy())
    low_x, low_y, high_x, high_y = shapely.total_bounds(lines)
    assert low_x > west - 7_000
    assert low_y > south - 7_000
    assert high_x < east + 7_000
    assert high_y < north + 7_000


def test_made_up_roads_are_nobodys_and_real_ones_are_openstreetmaps(ready: Prepared, backdrop: maps.Backdrop) -> None:
    assert backdrop.attribution == ""
    real = backdrop_of(replace(ready, place=replace(ready.place, made_up=False)), [])
    assert real is not None
    assert real.attribution == "Roads © OpenStreetMap contributors"
    assert real.reach.classes == {}


def test_the_reach_of_a_hub_is_that_of_the_travel_times(ready: Prepared, backdrop: maps.Backdrop) -> None:
    reach, times, areas = backdrop.reach, ready.times, ready.place.areas
    column = ((areas["x"] - reach.west) // reach.cell_m).astype(int).to_numpy()
    row = ((reach.north - areas["y"]) // reach.cell_m).astype(int).to_numpy()
    agree = []
    for code, classes in reach.classes.items():
        minutes = times.area_to_site[:, times.site_codes.index(code)]
        minutes = minutes[[times.area_codes.index(area) for area in areas.index]]
        # no limit within two minutes: the middle of a cell lies up to 350 m from the area's point
        clear = np.all(np.abs(minutes[:, None] - np.array(LIMITS)) > 2, axis=1) & reach.land[row, column]
        agree.append(classes[row, column][clear] == np.searchsorted(LIMITS, minutes[clear]))
    share = np.concatenate(agree).mean()
    assert share > 0.97


def test_the_grid_is_small_nested_and_ends_with_the_land(ready: Prepared, backdrop: maps.Backdrop) -> None:
    reach = backdrop.reach
    assert reach.land.size <= 1.1 * MOST_CELLS
    assert reach.west % reach.cell_m == reach.north % reach.cell_m == 0
    for classes in reach.classes.values():
        assert classes.shape == reach.land.shape
        assert np.all(classes[~reach.land] == len(LIMITS))
        assert set(np.unique(classes)) <= set(range(len(LIMITS) + 1))
    assert backdrop_of(ready, ["nobody"][:0]) is not None


def test_the_backdrop_of_forty_hubs_stays_small(backdrop: maps.Backdrop) -> None:
    assert len(script_data(roads_data(backdrop))) < 90_000
    assert len(script_data(reach_data(backdrop.reach))) < 60_000


def _read(text: str) -> list[int]:
    """What the script of the page reads (`readCells` in map_shapes.js)."""
    cells: list[int] = []
    for kind, length in re.findall(r"([A-Z])([0-9a-z]*)", text):
        cells += [ord(kind) - 65] * (int(length, 36) if length else 1)
    return cells


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3_000)), max_size=12))
def test_cells_are_read_as_they_were_written(runs: list[tuple[int, int]]) -> None:
    cells = [kind for kind, length in runs for _ in range(length)]
    assert _read(run_lengths(np.array(cells, dtype=np.int8))) == cells


def test_roads_are_told_by_their_steps_and_the_least_important_is_drawn_first() -> None:
    backdrop = with_backdrop(made_run()).backdrop
    assert backdrop is not None
    told = roads_data(backdrop)
    assert [road["kind"] for road in told] == ["primary", "trunk"]
    for road in told:
        for flat, line in zip(road["lines"], backdrop.roads[road["kind"]], strict=True):
            points = np.cumsum(np.array(flat).reshape(-1, 2), axis=0) / DEGREE_UNITS
            assert np.allclose(points, to_degrees(shapely.get_coordinates(line)), atol=1e-5)


def test_the_corners_of_the_grid_are_those_of_the_map() -> None:
    backdrop = with_backdrop(made_run()).backdrop
    assert backdrop is not None
    data = reach_data(backdrop.reach)
    reach = backdrop.reach
    rows, columns = reach.land.shape
    assert (data["rows"], data["columns"]) == (rows, columns)
    south_east = to_degrees(np.array([[reach.west + columns * reach.cell_m, reach.north - rows * reach.cell_m]]))[0]
    assert data["corners"][3] == pytest.approx(south_east[::-1], abs=1e-6)
    assert data["corners"][0][0] > data["corners"][2][0]
