"""Layers of ArcGIS feature services: every feature once, however the service pages and fails."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import geopandas as gpd
import pytest

from geodata.fetch.features import Query, count_features, download_features
from geodata.fetch.web import FetchFailed, Web
from tests.geodata.fetch.replay import Layer, Server, hang, page, reset, serving, status

PATH = "/arcgis/rest/services/AREAS/FeatureServer/0"


def of(server: Server, **more: object) -> Query:
    return Query(server.address + PATH, **more)


def fails(web: Web, query: Query, target: Path) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        download_features(web, query, target)
    assert caught.value.finding.fix
    assert not target.exists()
    return caught.value


def names(path: Path) -> list[str]:
    return [feature["properties"]["LSOA21CD"] for feature in json.loads(path.read_text(encoding="utf-8"))["features"]]


def wanted(count: int) -> list[str]:
    return [f"E0100{number:04d}" for number in range(1, count + 1)]


@pytest.mark.parametrize("count", [0, 1, 3, 6, 10])
@pytest.mark.parametrize("flag", [True, False], ids=["says there is more", "does not say"])
@pytest.mark.parametrize("pages", [True, False], ids=["by offset", "by ids"])
def test_all_pages_arrive_in_order(web, tmp_path, count, flag, pages):
    layer = Layer(count, flag=flag, pages=pages)
    with serving(layer.routes()) as server:
        assert count_features(web, of(server)) == count
        got = download_features(web, of(server), tmp_path / "a.geojson")
    assert got.features == count
    assert names(tmp_path / "a.geojson") == wanted(count)
    assert [path.name for path in tmp_path.iterdir()] == ["a.geojson"]
    for asked in layer.asked:
        if "outFields" in asked:
            assert asked["orderByFields"] == "FID ASC"
            assert int(asked.get("resultRecordCount", 3)) == 3


@pytest.mark.parametrize("crs", [27700, 4326, None])
def test_the_file_says_the_coordinate_system_the_service_used(web, tmp_path, crs):
    with serving(Layer(7, crs=crs).routes()) as server:
        download_features(web, of(server), tmp_path / "a.geojson")
    frame = gpd.read_file(tmp_path / "a.geojson")
    assert frame.crs == (4326 if crs == 4326 else 27700)
    x = frame.to_crs(27700).geometry.x
    assert x.between(390_000, 410_000).all()


def test_the_same_layer_gives_the_same_bytes(web, tmp_path):
    with serving(Layer(7).routes()) as server:
        one = download_features(web, of(server), tmp_path / "a.geojson")
        two = download_features(web, of(server), tmp_path / "b.geojson")
    assert one.sha256 == two.sha256


def test_a_table_becomes_csv(web, tmp_path):
    with serving(Layer(7, shapes=False).routes()) as server:
        got = download_features(web, of(server), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["LSOA21CD"] for row in rows] == wanted(7)
    assert rows[0]["LSOA21NM"] == 'Área 1, "north"'
    assert got.features == 7


def test_condition_and_fields_are_passed_on(web, tmp_path):
    layer = Layer(4)
    with serving(layer.routes()) as server:
        query = of(server, where="LSOA21NM LIKE 'Á%'", out_fields=("LSOA21CD",))
        download_features(web, query, tmp_path / "a.geojson")
    assert {asked["where"] for asked in layer.asked} == {"LSOA21NM LIKE 'Á%'"}
    assert {asked["outFields"] for asked in layer.asked if "outFields" in asked} == {"LSOA21CD,FID"}
    found = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))["features"]
    assert set(found[0]["properties"]) == {"LSOA21CD", "FID"}


def test_a_long_condition_is_posted(web, tmp_path):
    layer = Layer(4)
    long = "LSOA21CD IN (" + ",".join(f"'{code}'" for code in wanted(400)) + ")"
    with serving(layer.routes()) as server:
        download_features(web, of(server, where=long), tmp_path / "a.geojson")
    assert "POST" in {method for method, path, _ in server.log if "query" in path}
    assert names(tmp_path / "a.geojson") == wanted(4)


@pytest.mark.parametrize("ending", ["", "/", "/query", "/query?where=1%3D1&f=geojson"])
def test_the_address_as_people_copy_it(web, tmp_path, ending):
    with serving(Layer(4).routes()) as server:
        download_features(web, Query(server.address + PATH + ending), tmp_path / "a.geojson")
    assert names(tmp_path / "a.geojson") == wanted(4)


def error(code: int, message: str = "Unable to complete operation.", details: tuple[str, ...] = ()):
    return lambda handler: handler.json({"error": {"code": code, "message": message, "details": list(details)}})


@pytest.mark.parametrize(
    "fault",
    [error(500), error(429), error(504), status(500), status(429, Retry_After="3"), hang(0.6), reset],
    ids=["500 as 200", "429 as 200", "504 as 200", "500", "429", "no answer", "reset"],
)
def test_faults_that_pass(web, waits, tmp_path, fault):
    layer = Layer(10)
    layer.faults = [fault, error(500)]
    with serving(layer.routes()) as server:
        download_features(web, of(server), tmp_path / "a.geojson")
    assert names(tmp_path / "a.geojson") == wanted(10)
    assert len(waits) == 2


def test_a_page_that_breaks_off_is_asked_again(web, waits, tmp_path):
    with serving(Layer(10, cuts=[200, 300]).routes()) as server:
        download_features(web, of(server), tmp_path / "a.geojson")
    assert names(tmp_path / "a.geojson") == wanted(10)
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (error(400, "Cannot perform query.", ("'Invalid field: X' parameter is invalid",)), "Invalid field: X"),
        (error(499, "Token Required"), "wants a login (499: Token Required)"),
        (status(404), "no such file"),
        (page, "web page"),
    ],
)
def test_final_answers_are_told_and_not_asked_again(web, waits, tmp_path, fault, words):
    layer = Layer(10)
    layer.faults = [fault]
    with serving(layer.routes()) as server:
        failed = fails(web, of(server), tmp_path / "a.geojson")
    assert words in failed.finding.message
    assert waits == []


def test_a_service_that_ignores_the_offset_is_noticed(web, tmp_path):
    with serving(Layer(10, heeds_offset=False).routes()) as server:
        failed = fails(web, of(server), tmp_path / "a.geojson")
    assert "same features again and again" in failed.finding.message


@pytest.mark.parametrize("says", [8, 12])
def test_another_number_than_counted_is_no_success(web, tmp_path, says):
    with serving(Layer(10, says=says).routes()) as server:
        failed = fails(web, of(server), tmp_path / "a.geojson")
    assert f"counts {says} features" in failed.finding.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("answer", [{"services": []}, {"currentVersion": 11.2}, [1, 2]])
def test_an_address_that_is_no_layer(web, tmp_path, answer):
    with serving({PATH: lambda handler: handler.json(answer)}) as server:
        failed = fails(web, of(server), tmp_path / "a.geojson")
    assert "not a layer" in failed.finding.message


LAYER = {"objectIdField": "FID", "maxRecordCount": 1}
ODD_LAYERS = [
    {"fields": [1, 2]},
    {"objectIdField": "FID", "advancedQueryCapabilities": [1]},
    {"objectIdField": "FID", "editingInfo": "now"},
]
ODD_PAGES = [
    {"features": [1, 2]},
    {"features": ["a"]},
    {"features": [{"id": [1]}]},
    {"features": [{"properties": {"FID": {}}}]},
    {"features": [{"properties": 3, "id": 1}]},
    {"features": [{"properties": {"FID": 1}, "geometry": {"coordinates": ["x", "y"]}}]},
    {"features": [{"properties": {"FID": 1}, "geometry": 7}]},
    {"features": [{"properties": {"FID": 1}}], "crs": {"properties": {"name": "EPSG:north"}}},
    {"features": [{"properties": {"FID": 1}}], "crs": [1]},
    {"objectIds": [[1], {}]},
]


@pytest.mark.parametrize("to", ["a.geojson", "a.csv"])
@pytest.mark.parametrize(("about", "answer"), [(odd, {}) for odd in ODD_LAYERS] + [(LAYER, odd) for odd in ODD_PAGES])
def test_answers_of_no_known_form_are_told_and_leave_no_file(web, tmp_path, about, answer, to):
    if "objectIds" in answer:
        about = about | {"advancedQueryCapabilities": {"supportsPagination": False}}
    routes = {
        PATH: lambda handler: handler.json(about),
        PATH + "/query": lambda handler: handler.json({"count": 2} if "returnCountOnly" in handler.query else answer),
    }
    if to == "a.csv" and "geometry" in str(answer) + str(about):
        return  # a table is not asked for shapes
    with serving(routes) as server:
        failed = fails(web, of(server), tmp_path / to)
    assert "not a layer" in failed.finding.message or "again and again" in failed.finding.message


def test_a_service_that_gives_one_feature_at_a_time(web, tmp_path):
    with serving(Layer(5, most=1).routes()) as server:
        download_features(web, of(server), tmp_path / "a.geojson")
    assert names(tmp_path / "a.geojson") == wanted(5)


@pytest.mark.parametrize("pages", [True, False], ids=["by offset", "by ids"])
def test_a_broken_download_goes_on_at_the_next_page(web, tmp_path, pages):
    layer = Layer(10, pages=pages)
    target = tmp_path / "a.geojson"

    def stop(done: int, total: int | None) -> None:
        if done >= 6:
            raise KeyboardInterrupt

    with serving(layer.routes()) as server:
        with pytest.raises(KeyboardInterrupt):
            download_features(web, of(server), target, tell=stop)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.geojson.part", "a.geojson.part.json"]
        with (tmp_path / "a.geojson.part").open("a", encoding="utf-8") as handle:
            handle.write('{"type":"Feature","id":7,"prop')  # a write that was interrupted
        before = sum("outFields" in asked for asked in layer.asked)
        download_features(web, of(server), target)
        assert sum("outFields" in asked for asked in layer.asked) - before == 2
    assert names(target) == wanted(10)
    assert [path.name for path in tmp_path.iterdir()] == ["a.geojson"]


def test_a_layer_that_was_edited_in_between_starts_again(web, tmp_path):
    layer = Layer(10)
    target = tmp_path / "a.geojson"

    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with serving(layer.routes()) as server:
        with pytest.raises(KeyboardInterrupt):
            download_features(web, of(server), target, tell=stop)
        layer.edited = 2
        download_features(web, of(server), target)
    assert sum(asked.get("resultOffset") == "0" for asked in layer.asked) == 2
    assert names(target) == wanted(10)
