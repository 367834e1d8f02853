"""GeoPackage and GeoJSON: what a map program reads back is what the run holds."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyogrio
import pytest
import shapely

from grouping.board_pack import write_geojson, write_geopackage
from grouping.result import Run
from tests.grouping.made_run import CELL_M, HOSTILE_NAMES, made_run, scored_run

CELL_KM2 = (CELL_M / 1000) ** 2


@pytest.fixture(scope="module")
def run() -> Run:
    return made_run()


@pytest.fixture(scope="module")
def package(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gpkg") / "map.gpkg"
    write_geopackage(run, path)
    return path


def test_layers_hold_what_the_run_holds(run: Run, package: Path) -> None:
    read = {name: pyogrio.read_dataframe(package, layer=name) for name in ("areas", "groups", "localities", "sites")}
    assert {name: len(frame) for name, frame in read.items()} == {
        "areas": len(run.place.areas),
        "groups": sum(len(option.groups) for option in run.options),
        "localities": len(run.place.localities),
        "sites": len(run.place.sites),
    }
    assert all(frame.crs.to_epsg() == 27700 for frame in read.values())
    areas, groups = read["areas"], read["groups"]
    np.testing.assert_allclose(areas.area.to_numpy() / 1e6, CELL_KM2)
    for option in run.options:
        mine = groups[groups["option"] == option.option.option_id].set_index("group_id")
        assert list(mine["list_size"]) == list(option.groups["list_size"])
        assert list(mine["margin"]) == list(option.groups["margin"])
        # a group is as large as the areas that say they go with it
        column = option.option.option_id.replace("-", "_") + "_group"
        counted = areas[column].replace("", np.nan).dropna().value_counts()
        shown = mine.geometry.area.div(1e6 * CELL_KM2).round(6)
        assert {name: count for name, count in shown.items() if count == count} == counted.to_dict()


def test_sites_name_their_group_and_whether_they_are_its_hub(run: Run, package: Path) -> None:
    sites = pyogrio.read_dataframe(package, layer="sites").set_index("site_code")
    first = run.options[0]
    for group in first.option.plan.groups:
        own = sites[sites["practice_code"].isin(group.members)]
        assert set(own["option_1_group"]) == {group.group_id}
    assert set(sites.index[sites["option_1_hub"]]) == set(first.groups["hub_site_code"])
    hubs = pyogrio.read_dataframe(package, layer="hubs")
    at = hubs[hubs["option"] == "option-1"].set_index("site_code").geometry
    assert all(at[code].equals(run.place.sites.geometry[code]) for code in at.index)


def test_nothing_of_the_state_of_a_practice_or_building_is_in_a_file(run: Run, package: Path, tmp_path: Path) -> None:
    files = write_geojson(run, tmp_path)
    columns = {name for layer, _ in pyogrio.list_layers(package) for name in _fields(package, layer)}
    columns |= {name for path in files for name in json.loads(path.read_text("utf-8"))["features"][0]["properties"]}
    assert "list_size" in columns
    assert not [name for name in columns if any(word in name for word in ("vulnerab", "condition", "cost", "staff"))]


def _fields(path: Path, layer: str) -> list[str]:
    return list(pyogrio.read_info(path, layer=layer)["fields"])


def test_every_layer_is_styled_and_says_that_it_is_a_draft(package: Path) -> None:
    with closing(sqlite3.connect(package)) as database:
        styles = database.execute("SELECT f_table_name, useAsDefault, styleQML, styleSLD FROM layer_styles").fetchall()
        said = dict(database.execute("SELECT table_name, description FROM gpkg_contents WHERE data_type = 'features'"))
        kept = database.execute("PRAGMA integrity_check").fetchone()[0]
        metadata = " ".join(row[0] for row in database.execute("SELECT metadata FROM gpkg_metadata"))
    assert kept == "ok"
    assert {row[0] for row in styles} == set(said)
    for name, default, qml, sld in styles:
        renderer = ElementTree.fromstring(qml.split("\n", 1)[1]).find("renderer-v2")
        symbols = {symbol.get("name") for symbol in renderer.iter("symbol")}
        used = {rule.get("symbol") for rule in renderer.iter("rule")} - {None}
        assert default, name
        assert used, name
        assert used <= symbols, name
        assert list(ElementTree.fromstring(sld.split("\n", 1)[1]).iter("{http://www.opengis.net/sld}Rule")), name
        assert "Draft for discussion. Not a decision." in said[name]
        assert "Grouping practices closes no site." in said[name]
        assert "Contains ONS and OS data" in said[name]
    assert "Contains ONS and OS data" in metadata


def test_qgis_shows_the_first_option_and_offers_the_others(package: Path) -> None:
    with closing(sqlite3.connect(package)) as database:
        qml = database.execute("SELECT styleQML FROM layer_styles WHERE f_table_name = 'groups'").fetchone()[0]
    rules = ElementTree.fromstring(qml.split("\n", 1)[1]).find("renderer-v2/rules")
    assert [(rule.get("label"), rule.get("checkstate")) for rule in rules] == [
        ("Option 1", None),
        ("Option 2", "0"),
        ("Option 3", "0"),
    ]
    assert next(iter(rules)).get("filter") == "\"option\" = 'option-1'"


def test_the_same_run_gives_the_same_bytes(run: Run, package: Path, tmp_path: Path) -> None:
    time.sleep(1.1)  # a time of writing would show
    write_geopackage(run, tmp_path / "again.gpkg")
    assert (tmp_path / "again.gpkg").read_bytes() == package.read_bytes()
    first = {path.name: path.read_bytes() for path in write_geojson(run, tmp_path)}
    assert {path.name: path.read_bytes() for path in write_geojson(run, tmp_path)} == first


def test_geojson_is_what_rfc_7946_asks_for(run: Run, tmp_path: Path) -> None:
    files = write_geojson(run, tmp_path)
    assert [path.name for path in files] == ["groups.geojson", "areas.geojson", "sites.geojson"]
    for path in files:
        read = json.loads(path.read_text("utf-8"))
        assert read["type"] == "FeatureCollection"
        assert "crs" not in read
        assert "Contains ONS and OS data" in read["attribution"]
        assert read["status"].startswith("Draft for discussion. Not a decision. Grouping practices closes no site.")
        shapes = [shapely.from_geojson(json.dumps(one["geometry"])) for one in read["features"] if one["geometry"]]
        assert shapes
        assert all(shape.is_valid for shape in shapes)
        for ring in (part.exterior for shape in shapes for part in shapely.get_parts(shape) if path.stem != "sites"):
            assert ring.is_ccw
        corners = shapely.get_coordinates(np.array(shapes, dtype=object))
        assert ((corners > (-4, 50)) & (corners < (0, 52))).all()  # longitude first
        np.testing.assert_array_equal(corners, corners.round(6))


def test_geojson_counts_and_figures_are_those_of_the_run(run: Run, tmp_path: Path) -> None:
    groups, areas, sites = (json.loads(path.read_text("utf-8"))["features"] for path in write_geojson(run, tmp_path))
    assert (len(areas), len(sites)) == (len(run.place.areas), len(run.place.sites))
    for option in run.options:
        mine = [one["properties"] for one in groups if one["properties"]["option"] == option.option.option_id]
        assert [one["list_size"] for one in mine] == list(option.groups["list_size"])
    minutes = {one["properties"]["area_code"]: one["properties"]["option_1_minutes_to_hub"] for one in areas}
    told = run.options[0].areas.set_index("area_code")["minutes_hub"]
    assert all(minutes[code] == pytest.approx(told[code], abs=0.005) for code in ("E01000001", "E01000010"))
    assert minutes["E01000024"] is None  # no route from there


def test_hostile_names_are_texts_in_both(tmp_path: Path) -> None:
    run = made_run(names=HOSTILE_NAMES)
    write_geopackage(run, tmp_path / "map.gpkg")
    names = set(pyogrio.read_dataframe(tmp_path / "map.gpkg", layer="areas")["name"])
    assert "<img src=x onerror=alert(1)>" in names
    assert "[U+202E]right to left" in names
    files = write_geojson(run, tmp_path)
    assert "\u202e" not in "".join(path.read_text("utf-8") for path in files)
    areas = json.loads(files[1].read_text("utf-8"))["features"]
    assert {one["properties"]["name"] for one in areas} == names
    with closing(sqlite3.connect(tmp_path / "map.gpkg")) as database:
        styles = " ".join(" ".join(row) for row in database.execute("SELECT styleQML, styleSLD FROM layer_styles"))
    assert "onerror" not in styles


@pytest.mark.parametrize("run", [scored_run(), made_run(points_only=True, estimate=True)], ids=["partial", "points"])
def test_partial_plans_and_areas_known_as_points_are_written(run: Run, tmp_path: Path) -> None:
    write_geopackage(run, tmp_path / "map.gpkg")
    sites = pyogrio.read_dataframe(tmp_path / "map.gpkg", layer="sites").set_index("practice_code")
    column = run.options[0].option.option_id.replace("-", "_") + "_group"
    assert set(sites.index[sites[column] == ""]) - {""} == set(run.options[0].left_out["practice_code"])
    assert len(write_geojson(run, tmp_path)) == 3
