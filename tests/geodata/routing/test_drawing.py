"""Roads as lines: cut, described, cut off; and layers in one file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.ops import substring

from geodata.errors import InputProblems
from geodata.osm.lines import LineCollector
from geodata.osm.tags import CLASS_INDEX, Way
from geodata.roads.build import build_network
from geodata.roads.network import RoadNetwork
from geodata.routing.drawing import RoadPoints, RoadShapes, cut_off_frame, roads_frame, snap_frame, write_layers
from geodata.routing.snapping import Snapped, snap
from geodata.speeds import load_speeds


def road(name: str = "secondary", **facts) -> Way:
    return Way(CLASS_INDEX[name], **facts)


def network_of(points, ways, turns=(), names=(), **options) -> RoadNetwork:
    """A network of ways (nodes, `Way`), numbered from 1, with names where given; points in metres."""
    collector = LineCollector("EPSG:27700")
    for number, (keys, way) in enumerate(ways, 1):
        name = names[number - 1] if number <= len(names) else ""
        collector.add(keys, [points[k][0] for k in keys], [points[k][1] for k in keys], way, way_id=number, name=name)
    collector.restrictions.extend(turns)
    return build_network(collector.finish("test"), load_speeds(), **({"bridge_gaps_m": 0} | options))


def points_on(network: RoadNetwork, *places: tuple[float, float], limit_m: float = np.inf) -> RoadPoints:
    """Points called P0, P1, ... joined to the nearest roads."""
    x, y = np.array(places, dtype=float).reshape(-1, 2).T
    return RoadPoints(tuple(f"P{i}" for i in range(len(x))), x, y, snap(network, x, y, limit_m))


BENT = {0: (0, 0), 1: (300, 0), 2: (300, 400), 3: (900, 400), 4: (900, 0), 5: (2000, 2000), 6: (2600, 2000)}


def bent() -> RoadNetwork:
    ways = [
        ([0, 1, 2, 3], road("tertiary", built_up=0, toll=True)),
        ([3, 4], road("primary", backward=False, limit_forward_kmh=80.0, limit_backward_kmh=80.0, limit_source=1)),
        ([4, 0], road("residential", built_up=1)),
        ([5, 6], road("unclassified", built_up=0)),
    ]
    return network_of(BENT, ways, names=["Bent Lane", "A1"])


# ------------------------------------------------------------------------------------------------------------ cutting


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3), st.floats(0, 1), st.floats(0, 1))
def test_a_part_of_a_road_is_what_shapely_cuts(number, start, stop):
    network = bent()
    line = RoadShapes(network).whole(np.array([number]))[0]
    assert shapely.length(line) == pytest.approx(network.road_length_m[number])
    part = RoadShapes(network).cut(np.array([number]), np.array([start]), np.array([stop]))[0]
    expected = substring(line, start, stop, normalized=True)
    ends = [line.interpolate(share, normalized=True) for share in (start, stop)]
    assert shapely.Point(part.coords[0]).distance(ends[0]) < 1e-6
    assert shapely.Point(part.coords[-1]).distance(ends[1]) < 1e-6
    assert part.length == pytest.approx(expected.length, abs=1e-6)
    assert shapely.hausdorff_distance(part, expected) < 1e-6


def test_many_parts_at_once_and_whole_roads_end_exactly_at_their_nodes():
    network = bent()
    shapes, every = RoadShapes(network), np.arange(4)
    for lines, first, last in (
        (shapes.whole(every), network.road_from, network.road_to),
        (shapes.cut(every, np.ones(4), np.zeros(4)), network.road_to, network.road_from),
    ):
        ends = np.array([(line.coords[0], line.coords[-1]) for line in lines])
        assert np.array_equal(ends[:, 0], np.column_stack((network.node_x[first], network.node_y[first])))
        assert np.array_equal(ends[:, 1], np.column_stack((network.node_x[last], network.node_y[last])))
    assert len(shapes.whole(np.zeros(0, dtype=np.int64))) == 0


# ----------------------------------------------------------------------------------------------------------- describing


def test_each_road_is_told_with_what_decides_its_time():
    frame = roads_frame(bent())
    assert frame.crs.to_epsg() == 27700
    assert sorted(frame["way_id"]) == [1, 2, 3, 4]
    row = frame.set_index("way_id")
    assert row.loc[1, "name"] == "Bent Lane" and row.loc[1, "class"] == "tertiary" and row.loc[1, "toll"]
    assert row.loc[1, "metres"] == 1300 and row.loc[1, "geometry"].length == pytest.approx(1300)
    assert row.loc[2, "one_way"] and not row.loc[[1, 3, 4], "one_way"].any()
    assert "limit in the map data" in row.loc[2, "speed_source"]
    assert "among houses" in row.loc[3, "speed_source"] and "in the country" in row.loc[4, "speed_source"]
    assert not frame["ferry"].any()
    assert row["in_main"].to_dict() == {1: True, 2: True, 3: True, 4: False}
    assert 20 < row.loc[4, "kmh"] < 80
    begins = np.array([line.coords[0] for line in frame.geometry])
    nodes = np.column_stack((bent().node_x, bent().node_y))
    assert np.array_equal(begins, nodes[bent().road_from]), "every line runs from the first node of its road"


def test_walkers_have_one_pace():
    frame = roads_frame(replace(bent(), mode="walk"))
    assert set(frame["speed_source"]) == {"walking pace"}


def test_the_line_of_a_one_way_road_runs_as_the_traffic_does():
    ways = [([0, 1], road(forward=False)), ([0, 2], road()), ([2, 1], road())]
    network = network_of({0: (0, 0), 1: (500, 0), 2: (250, 300)}, ways)
    line = roads_frame(network).set_index("way_id").loc[1, "geometry"]
    assert line.coords[0] == (500, 0) and line.coords[-1] == (0, 0)


def test_roads_that_were_closed_have_no_speed():
    network = bent()
    closed = np.full(len(network.road_from), -1)
    still = replace(network, road_ms_forward=closed, road_ms_backward=closed)
    frame = roads_frame(still, np.array([2, 0]))
    assert frame["kmh"].isna().all() and frame["road"].tolist() == [2, 0] and not frame["one_way"].any()


def test_ways_to_the_road_are_short_lines():
    network = bent()
    frame = snap_frame(points_on(network, (150, 30), (150, -3000), limit_m=500))
    assert frame["code"].tolist() == ["P0", "P1"]
    assert frame["metres"].tolist() == [30, 3000]
    assert frame["joined"].tolist() == [True, False]
    assert frame.geometry.length.tolist() == [30, 3000]
    assert frame.geometry[0].coords[0] == (150, 30) and frame.geometry[0].coords[-1] == (150, 0)
    nowhere = Snapped(np.array([-1]), np.zeros(1), np.array([np.inf]), np.zeros(1), np.zeros(1))
    frame = snap_frame(RoadPoints(("X",), np.zeros(1), np.zeros(1), nowhere))
    assert frame.geometry.isna().all() and frame["metres"].isna().all()


def test_what_is_cut_off_is_told_part_by_part_with_the_reason():
    points = {0: (0, 0), 1: (1000, 0), 2: (500, 800), 3: (500, 2000), 4: (0, 5000), 5: (300, 5000), 6: (300, 5400)}
    ways = [([0, 1], road()), ([1, 2], road()), ([2, 0], road()), ([2, 3], road(backward=False)), ([4, 5, 6], road())]
    frame = cut_off_frame(network_of(points, ways))
    assert frame["way_id"].tolist() == [4, 5]
    assert frame["reason"].tolist() == ["one-way only", "not connected"]
    assert frame["part"].tolist() == [1, 2] and frame["part_km"].tolist() == [1.2, 0.7]
    whole = network_of(points, ways[:3])
    assert len(cut_off_frame(whole)) == 0 and list(cut_off_frame(whole).columns) == list(frame.columns)


# ---------------------------------------------------------------------------------------------------------- GeoPackage


def layers() -> dict[str, gpd.GeoDataFrame]:
    network = bent()
    polygons = gpd.GeoDataFrame(
        {"minutes": [5.0, 10.0]},
        geometry=[shapely.Point(0, 0).buffer(5), shapely.MultiPolygon([shapely.Point(0, 0).buffer(9)])],
        crs="EPSG:27700",
    )
    return {
        "roads by speed": roads_frame(network),
        "polygons": polygons,
        "cut_off": cut_off_frame(network).iloc[:0],
        "snap": snap_frame(points_on(network, (1, 1))).assign(second=gpd.GeoSeries([shapely.Point(0, 0)], crs=27700)),
    }


def test_layers_are_written_whole_and_the_same_twice(tmp_path):
    for name in ("one.gpkg", "two.gpkg"):
        (tmp_path / name).write_bytes(b"an earlier file")
        write_layers(tmp_path / name, layers())
    assert (tmp_path / "one.gpkg").read_bytes() == (tmp_path / "two.gpkg").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.gpkg", "two.gpkg"]
    kinds = {str(name): str(kind) for name, kind in pyogrio.list_layers(tmp_path / "one.gpkg")}
    assert kinds["roads by speed"] == "LineString" and kinds["polygons"] == "MultiPolygon"
    assert set(kinds) == set(layers())
    back = gpd.read_file(tmp_path / "one.gpkg", layer="roads by speed")
    assert back.crs.to_epsg() == 27700
    assert back["name"].fillna("").tolist() == layers()["roads by speed"]["name"].tolist()
    assert back.geometry.geom_equals(layers()["roads by speed"].geometry).all()
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None


def test_a_folder_that_is_not_there_is_made(tmp_path: Path):
    path = tmp_path / "new" / "folder" / "layers.gpkg"
    write_layers(path, {"snap": layers()["snap"]})
    assert [one.name for one in path.parent.iterdir()] == ["layers.gpkg"]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path):
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    (tmp_path / "folder.gpkg").mkdir()
    for path in (tmp_path / "taken" / "layers.gpkg", tmp_path / "folder.gpkg"):
        with pytest.raises(InputProblems) as caught:
            write_layers(path, layers())
        assert [finding.code for finding in caught.value.findings] == ["cannot-write"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.gpkg", "taken"]


def test_a_failure_in_the_midst_leaves_the_earlier_file(tmp_path, monkeypatch):
    write_layers(tmp_path / "layers.gpkg", layers())
    before, write, calls = (tmp_path / "layers.gpkg").read_bytes(), pyogrio.write_dataframe, []

    def full_after_two(*args, **options):
        calls.append(options["layer"])
        if len(calls) == 3:
            raise OSError("no space left on the disk")
        write(*args, **options)

    monkeypatch.setattr(pyogrio, "write_dataframe", full_after_two)
    with pytest.raises(InputProblems, match="no space left"):
        write_layers(tmp_path / "layers.gpkg", layers())
    assert len(calls) == 3
    assert (tmp_path / "layers.gpkg").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["layers.gpkg"]
