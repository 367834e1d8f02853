"""The roads of a place arrive from services that are slow, busy, cut off or not there, and nothing half is left."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from pathlib import Path
from urllib.parse import unquote_plus

import osmium
import osmnx
import pytest
import shapely

from geodata.errors import InputProblems
from geodata.osm.download import download_place, roads_file_of_place
from geodata.roads import read_roads

RING = [[-1.31, 50.69], [-1.28, 50.69], [-1.28, 50.71], [-1.31, 50.71], [-1.31, 50.69]]
PLACE = {
    "display_name": "Village, Hampshire, England",
    "importance": 1.0,
    "boundingbox": ["50.69", "50.71", "-1.31", "-1.28"],
    "lat": "50.70",
    "lon": "-1.295",
    "geojson": {"type": "Polygon", "coordinates": [RING]},
}
NODES = [{"type": "node", "id": i, "lon": -1.30 + 0.002 * i, "lat": 50.70} for i in range(1, 5)]
NODES[1]["tags"] = {"barrier": "gate", "access": "private"}
ROADS = [
    {"type": "way", "id": 1, "nodes": [1, 2, 3], "tags": {"highway": "tertiary", "oneway:motorcar": "yes"}},
    {"type": "way", "id": 2, "nodes": [3, 4], "tags": {"highway": "motorway", "maxspeed": "70 mph", "lanes": "3"}},
]
TURN = {"type": "restriction", "restriction": "no_straight_on"}
ROLES = [("way", 1, "from"), ("node", 3, "via"), ("way", 2, "to")]
TURNS = [
    *ROADS,
    {
        "type": "relation",
        "id": 9,
        "members": [{"type": kind, "ref": ref, "role": role} for kind, ref, role in ROLES],
        "tags": TURN,
    },
]
FERRY = [{"type": "way", "id": 3, "nodes": [4, 1], "tags": {"route": "ferry", "motor_vehicle": "yes"}}]


class Services(http.server.BaseHTTPRequestHandler):
    """A geocoder and a map server; `faults` are answered first, one by one."""

    def do_GET(self):
        self.server.asked.append(self.path)
        self.reply(200, json.dumps([] if "Nowhere" in self.path else [PLACE]).encode())

    def do_POST(self):
        query = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.asked.append(query)
        if self.server.faults:
            self.server.faults.pop(0)(self)
            return
        ways = FERRY if "ferry" in query else TURNS if "restriction" in query else ROADS
        if self.server.empty:
            ways = []
        about = {"timestamp_osm_base": "2024-05-06T07:08:09Z"}
        self.reply(200, json.dumps({"version": 0.6, "osm3s": about, "elements": [*NODES, *ways]}).encode())

    def reply(self, code: int, body: bytes, missing: int = 0, **headers: str):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) + missing))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def answers(code: int, body: bytes = b"{}", missing: int = 0, **headers: str):
    return lambda handler: handler.reply(code, body, missing, **headers)


@pytest.fixture
def services(monkeypatch):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Services)
    server.faults, server.asked, server.empty = [], [], False
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setattr(osmnx.settings, "nominatim_url", address + "/")
    monkeypatch.setattr(osmnx.settings, "overpass_url", address + "/api")
    monkeypatch.setattr("osmnx._nominatim.time.sleep", lambda _: None)
    yield server
    server.shutdown()
    server.server_close()


def test_a_place_is_downloaded_with_all_tags(services, tmp_path):
    target = tmp_path / "case" / roads_file_of_place("Village")
    resolver, settings = socket.getaddrinfo, dict(vars(osmnx.settings))
    told = download_place("Village", target)
    assert socket.getaddrinfo is resolver
    assert dict(vars(osmnx.settings)) == settings
    assert told["place"] == "Village, Hampshire, England"
    assert (told["nodes"], told["ways"], told["file"]) == (4, 3, "roads-village.osm.pbf")
    assert told["bytes"] == target.stat().st_size
    assert told["timestamp"] == "2024-05-06T07:08:09Z"
    assert told["urls"] == (osmnx.settings.nominatim_url, osmnx.settings.overpass_url)
    assert [item.name for item in target.parent.iterdir()] == [target.name]
    held = {
        (thing.type_str(), thing.id): {tag.k: tag.v for tag in thing.tags} for thing in osmium.FileProcessor(target)
    }
    assert held["w", 1] == {"highway": "tertiary", "oneway:motorcar": "yes"}
    assert held["w", 2]["lanes"] == "3"
    assert held["n", 2] == {"barrier": "gate", "access": "private"}
    assert held["r", 9] == TURN
    assert told["turns"] == 1
    places = {node.id: (node.location.lon, node.location.lat) for node in osmium.FileProcessor(target, osmium.osm.NODE)}
    assert places[1] == (-1.298, 50.70)
    network = read_roads(target)
    assert network.summary["ferries"] == 1
    assert network.summary["left_out"] == {"barriers": 1}
    assert network.summary["turns_restricted"] == 1
    assert network.summary["timestamp"] == "2024-05-06T07:08:09Z"
    assert network.summary["one_way_share"] > 0.4
    first = target.read_bytes()
    (tmp_path / "before").hardlink_to(target)
    download_place("Village", target)
    assert target.read_bytes() == first, "the same answers give the same bytes"
    assert not target.samefile(tmp_path / "before"), "replaced in one step, never half-written"


def test_a_polygon_needs_no_geocoder(services, tmp_path):
    target = tmp_path / "roads.osm.pbf"
    told = download_place(shapely.Polygon(RING), target)
    assert told["urls"] == (osmnx.settings.overpass_url,)
    assert not [path for path in services.asked if path.startswith("/search")]
    assert len(services.asked) == 3
    assert 'rel["type"="restriction"](poly:' in unquote_plus(services.asked[2])
    assert "footway" in services.asked[0], "paths are not asked for"


@pytest.mark.parametrize(
    "fault",
    [
        answers(429, Retry_After="0"),
        answers(500),
        answers(504),
        answers(200, b'{"elements": [', missing=50),
        answers(200, b"<html>Log in"),
        answers(200, b'{"elements": [], "remark": "runtime error: Query timed out"}'),
    ],
    ids=["429", "500", "504", "truncated", "page", "gave up"],
)
def test_a_service_that_stumbles_is_asked_again(services, tmp_path, fault):
    services.faults = [fault, fault]
    told = download_place("Village", tmp_path / "roads.osm.pbf", first_pause_s=0.01)
    assert told["ways"] == 3
    services.faults = [fault] * 9
    (tmp_path / "other").mkdir()
    with pytest.raises(InputProblems, match="could not be downloaded") as caught:
        download_place("Village", tmp_path / "other" / "roads.osm.pbf", tries=2, first_pause_s=0.01)
    assert len(services.faults) == 7
    assert "127.0.0.1" not in caught.value.findings[0].message
    assert not list((tmp_path / "other").iterdir())


def test_what_arrived_is_not_asked_for_twice(services, tmp_path):
    whole = json.dumps({"elements": [*NODES, *ROADS]}).encode()
    services.faults = [answers(200, whole), answers(500), answers(500)]
    told = download_place(shapely.Polygon(RING), tmp_path / "roads.osm.pbf", first_pause_s=0.01)
    assert told["ways"] == 3
    assert sum("ferry" in query for query in services.asked) == 3
    assert len(services.asked) == 5


@pytest.mark.parametrize("newer_first", [True, False])
def test_of_several_answers_all_tags_and_the_newest_date_are_kept(services, tmp_path, newer_first):
    bare = [{name: node[name] for name in ("type", "id", "lon", "lat")} for node in NODES]
    parts = [
        ({"timestamp_osm_base": "2024-05-07T00:00:00Z"}, bare),
        ({"timestamp_osm_base": "2023-01-01T00:00:00Z"}, NODES),
    ]
    parts = parts if newer_first else parts[::-1]
    services.faults = [
        answers(200, json.dumps({"osm3s": about, "elements": [*nodes, *ways]}).encode())
        for (about, nodes), ways in zip(parts, (ROADS, FERRY), strict=True)
    ]
    told = download_place(shapely.Polygon(RING), tmp_path / "roads.osm.pbf")
    assert told["timestamp"] == "2024-05-07T00:00:00Z"
    tags = {node.id: dict(node.tags) for node in osmium.FileProcessor(tmp_path / "roads.osm.pbf", osmium.osm.NODE)}
    assert tags[2] == {"barrier": "gate", "access": "private"}


def test_a_pause_as_long_as_the_service_asks(services, tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr("geodata.osm.download.time.sleep", waits.append)
    services.faults = [answers(429, Retry_After="45"), answers(503), answers(429, Retry_After="9999")]
    download_place(shapely.Polygon(RING), tmp_path / "roads.osm.pbf")
    assert [wait for wait in waits if wait] == [45, 20, 120]


def test_a_refusal_is_final(services, tmp_path):
    services.faults = [answers(403)] * 2
    with pytest.raises(InputProblems, match="the service answered 403"):
        download_place("Village", tmp_path / "roads.osm.pbf", first_pause_s=30)
    assert len(services.faults) == 1


def test_no_such_place_and_no_roads(services, tmp_path):
    with pytest.raises(InputProblems, match="could not be downloaded"):
        download_place("Nowhere", tmp_path / "roads.osm.pbf", first_pause_s=30)
    services.empty = True
    with pytest.raises(InputProblems, match="no road was found there"):
        download_place("Village", tmp_path / "roads.osm.pbf", first_pause_s=30)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["Dorset, England", shapely.Polygon(RING)])
def test_without_a_network(monkeypatch, tmp_path, place):
    monkeypatch.setattr(osmnx.settings, "nominatim_url", "http://127.0.0.1:9/")
    monkeypatch.setattr(osmnx.settings, "overpass_url", "http://127.0.0.1:9/api")
    waits = []
    monkeypatch.setattr("osmnx._nominatim.time.sleep", lambda _: None)
    monkeypatch.setattr("geodata.osm.download.time.sleep", waits.append)
    with pytest.raises(InputProblems, match="no connection to the service") as caught:
        download_place(place, tmp_path / "roads.osm.pbf", first_pause_s=30)
    (finding,) = caught.value.findings
    assert "127.0.0.1" not in finding.message
    assert "network connection" in finding.fix
    assert finding.value == (place if isinstance(place, str) else "the area of the case")
    assert not list(tmp_path.iterdir())
    assert 30 not in waits, "where nobody is, asking again is no use"


def test_no_third_service_is_asked_for_an_address(services, tmp_path, monkeypatch):
    lookup = socket.getaddrinfo

    def unknown(*_: object):
        raise socket.gaierror("unknown")

    def only_here(host: str, *rest: object, **more: object):
        return lookup(host, *rest, **more) if host == "127.0.0.1" else unknown()

    there = osmnx.settings.overpass_url.removesuffix("/api")
    monkeypatch.setattr(osmnx.settings, "doh_url_template", there + "/{hostname}")
    monkeypatch.setattr(osmnx.settings, "overpass_url", "http://nowhere.invalid/api")
    monkeypatch.setattr(socket, "gethostbyname", unknown)
    monkeypatch.setattr(socket, "getaddrinfo", only_here)
    with pytest.raises(InputProblems, match="could not be downloaded"):
        download_place(shapely.Polygon(RING), tmp_path / "roads.osm.pbf", tries=1)
    assert services.asked == []


def test_a_service_that_is_too_slow(services, tmp_path, monkeypatch):
    monkeypatch.setattr(osmnx.settings, "requests_timeout", 0.2)
    done = threading.Event()
    services.faults = [lambda _: done.wait(3)] * 2
    try:
        with pytest.raises(InputProblems, match="did not answer in time"):
            download_place(shapely.Polygon(RING), tmp_path / "roads.osm.pbf", tries=2, first_pause_s=0.01)
    finally:
        done.set()


def test_a_target_that_cannot_be_written(services, tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        download_place("Village", tmp_path / "file" / "roads.osm.pbf")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("Dorset, England", "roads-dorset-england.osm.pbf"),
        ("  Ynys Môn / Anglesey ", "roads-ynys-mon-anglesey.osm.pbf"),
        ("../../etc", "roads-etc.osm.pbf"),
        ("x" * 200, f"roads-{'x' * 60}.osm.pbf"),
    ],
)
def test_file_names_of_places(place, name):
    assert roads_file_of_place(place) == name


def test_places_in_other_scripts_have_names_of_their_own():
    names = {roads_file_of_place(place) for place in ("東京", "京都")}
    assert len(names) == 2
    assert all(Path(name).name == name for name in names)
