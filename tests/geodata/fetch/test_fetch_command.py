"""`blueprint fetch` from outside: plan, consent, downloads, record, second call."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from typer.testing import CliRunner

import geodata.fetch.plan
import geodata.fetch.web
from geodata.fetch.items import Item
from geodata.fetch.lock import LOCK_FILE, only_one
from geodata.published.catalogue import read_catalogue
from grouping import cli
from tests.conftest import REPOSITORY
from tests.geodata.fetch.replay import File, Layer, Server, page, serving, status, village
from tests.small_case import write_small_case

TABLE = b"a,b\n" + b"1,2\n" * 500
LAYER = "/arcgis/rest/services/AREAS/FeatureServer/0"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = geodata.fetch.web.Patience(connect_s=1.0, read_s=2.0, sleep=lambda _: None)
    monkeypatch.setattr(geodata.fetch.web, "Patience", lambda: quick)


@pytest.fixture
def server():
    with serving({"/a.csv": File(TABLE), **Layer(7).routes()}) as one:
        yield one


def call(*words: object, answer: str | None = None, terminal: bool = False):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "_on_terminal", lambda: terminal)
        return CliRunner().invoke(cli.app, ["fetch", *map(str, words)], input=answer)


def make_case(folder: Path, server: Server, more: str = "") -> Path:
    case = write_small_case(folder / "case")
    toml = case / "case.toml"
    entries = f"""
[[fetch]]
name = "table"
url = "{server.address}/a.csv"
to = "a.csv"
licence = "OGL v3"

[[fetch]]
name = "areas"
kind = "features"
url = "{server.address}{LAYER}"
to = "data/areas.geojson"
where = "1=1"
{more}"""
    toml.write_text(toml.read_text(encoding="utf-8") + entries, encoding="utf-8")
    return case


def manifest(folder: Path) -> dict[str, dict]:
    record = json.loads((folder / "fetched.json").read_text(encoding="utf-8"))
    assert record["schema_version"] == 1
    return {entry["file"]: entry for entry in record["files"]}


def downloads(server: Server) -> list[str]:
    return [path for method, path, _ in server.log if method == "GET" and "returnCountOnly" not in path]


def test_the_plan_comes_first_and_nobody_to_ask_means_no_download(tmp_path, server):
    case = make_case(tmp_path, server)
    done = call(case)
    assert done.exit_code == 2
    assert "a.csv  (2.0 kB)" in done.stdout
    assert f"from {server.address}/a.csv" in done.stdout
    assert "data/areas.geojson  (7 features)" in done.stdout
    assert "2 files, 2.0 kB and 1 download of untold size;" in done.stdout
    assert "free on the disk" in done.stdout
    assert "Add --yes" in done.stderr
    assert downloads(server) == []
    assert not (case / "fetched.json").exists()


def test_dry_run_stops_after_the_plan(tmp_path, server):
    case = make_case(tmp_path, server)
    done = call(case, "--dry-run", "--yes")
    assert done.exit_code == 0
    assert "2 files" in done.stdout
    assert downloads(server) == []


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("", 1), ("y\n", 0)])
def test_a_person_is_asked(tmp_path, server, answer, code):
    case = make_case(tmp_path, server)
    done = call(case, answer=answer, terminal=True)
    assert done.exit_code == code, done.output
    assert "Download this?" in done.stderr
    assert (case / "a.csv").exists() == (code == 0)


def test_downloads_are_recorded_and_not_repeated(tmp_path, server):
    case = make_case(tmp_path, server)
    assert "1 file downloaded; recorded in" in call(case, "--yes", "--only", "areas").stdout
    done = call(case, "--yes")
    assert done.exit_code == 0, done.output
    assert "1 file downloaded; recorded in" in done.stdout
    assert (case / "a.csv").read_bytes() == TABLE
    record = manifest(case)
    assert list(record) == ["a.csv", "data/areas.geojson"]
    entry = record["a.csv"]
    assert entry["url"] == server.address + "/a.csv"
    assert entry["sha256"] == hashlib.sha256(TABLE).hexdigest()
    assert entry["bytes"] == len(TABLE)
    assert entry["licence"] == "OGL v3"
    assert entry["date"].endswith("Z")
    before = len(server.log)
    second = call(case, "--yes")
    assert second.exit_code == 0
    assert second.stdout.count("already here (fetched on ") == 2
    assert "Nothing to download." in second.stdout
    assert len(server.log) == before
    third = call(case, "--yes", "--again", "--only", "table")
    assert third.exit_code == 0
    assert "replaces the file there" in third.stdout
    assert len(manifest(case)) == 2
    assert not list(case.rglob("*.part*"))


def test_a_planners_own_or_changed_file_is_left_alone(tmp_path, server):
    case = make_case(tmp_path, server)
    (case / "a.csv").write_bytes(b"my,own\n")
    done = call(case, "--yes")
    assert "left alone: a file of that name is there and was not fetched" in done.stdout
    assert (case / "a.csv").read_bytes() == b"my,own\n"
    with (case / "data" / "areas.geojson").open("a", encoding="utf-8") as handle:
        handle.write(" ")
    assert "left alone: the file was changed after it was fetched" in call(case, "--yes").stdout
    assert call(case, "--yes", "--again").exit_code == 0
    assert (case / "a.csv").read_bytes() == TABLE


def test_another_condition_of_the_same_layer_is_noticed(tmp_path, server):
    case = make_case(tmp_path, server)
    call(case, "--yes")
    toml = case / "case.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('"1=1"', '"FID > 3"'), encoding="utf-8")
    assert "was fetched from elsewhere" in call(case, "--yes").stdout


def test_one_failure_does_not_stop_the_others_and_names_what_to_do(tmp_path, server):
    server.routes["/gone.zip"] = status(404)
    server.routes["/login.xlsx"] = page
    entries = "".join(
        f'\n[[fetch]]\nname = "{name}"\nurl = "{server.address}/{name}"\nto = "{name}"\n'
        for name in ("gone.zip", "login.xlsx")
    )
    case = make_case(tmp_path, server, entries)
    done = call(case, "--yes")
    assert done.exit_code == 1
    assert "There is no such file at this address any more (404)." in done.stdout
    assert "2 downloads failed. Nothing half-finished stands under its name." in done.stderr
    assert (
        f"gone.zip: There is no such file at this address any more (404).\n     Asked: {server.address}" in done.stderr
    )
    assert "login.xlsx: Refused: a web page arrived" in done.stderr
    assert done.stderr.count("Fix:") == 2
    assert "Traceback" not in done.output
    assert set(manifest(case)) == {"a.csv", "data/areas.geojson"}
    assert not (case / "gone.zip").exists()


def test_json_for_machines(tmp_path, server):
    server.routes["/gone.zip"] = status(404)
    case = make_case(tmp_path, server, f'\n[[fetch]]\nname = "x"\nurl = "{server.address}/gone.zip"\nto = "x.zip"\n')
    planned = call(case, "--json")
    assert planned.exit_code == 2
    assert [step["bytes"] for step in json.loads(planned.stdout)["steps"]] == [len(TABLE), None, None]
    done = call(case, "--yes", "--json")
    assert done.exit_code == 1
    record = json.loads(done.stdout)
    assert [entry["file"] for entry in record["fetched"]] == ["a.csv", "data/areas.geojson"]
    assert [problem["code"] for problem in record["problems"]] == ["fetch-not-found"]


def test_the_size_may_stay_untold(tmp_path, server):
    server.routes["/a.csv"] = File(TABLE, head=False)
    case = make_case(tmp_path, server)
    done = call(case, "--yes", "--only", "table")
    assert "a.csv  (size not told)" in done.stdout
    assert done.exit_code == 0
    assert (case / "a.csv").exists()


def test_files_go_where_they_are_wanted(tmp_path, server):
    case = make_case(tmp_path, server)
    assert call(case, "--files", tmp_path / "national", "--yes").exit_code == 0
    assert (tmp_path / "national" / "a.csv").exists()
    assert (tmp_path / "national" / "fetched.json").exists()
    assert not (case / "a.csv").exists()


def test_a_disk_without_room_is_told_before_the_download(tmp_path, server, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(geodata.fetch.plan.shutil, "disk_usage", lambda _: usage(9, 9, 100))
    case = make_case(tmp_path, server)
    done = call(case, "--yes")
    assert done.exit_code == 1
    assert "The downloads need 2,004 bytes, and the disk has 100 free." in done.stderr
    assert downloads(server) == []


def test_stopped_by_hand(tmp_path, server, monkeypatch):
    def stop(*_: object, **__: object):
        raise KeyboardInterrupt

    case = make_case(tmp_path, server)
    monkeypatch.setattr("geodata.fetch.downloads.download_features", stop)
    done = call(case, "--yes")
    assert done.exit_code == 1
    assert "What has arrived is kept (.part)" in done.stderr
    assert set(manifest(case)) == {"a.csv"}


# ---------------------------------------------------------------------- wrong use


def test_missing_files_do_not_stop_a_fetch_but_other_mistakes_do(tmp_path, server):
    case = make_case(tmp_path, server)
    toml = case / "case.toml"
    plain = toml.read_text(encoding="utf-8")
    toml.write_text(plain.replace('"areas.csv"', '"data/areas.geojson"'), encoding="utf-8")
    check = CliRunner().invoke(cli.app, ["check", str(case)])
    assert "Download it with: blueprint fetch CASE" in check.stderr
    assert call(case, "--yes").exit_code == 0
    toml.write_text(
        plain.replace('kind = "features"', 'kind = "feature"').replace("[[fetch]]", "[[fetch]]\nlink = 1", 1)
    )
    done = call(case, "--yes", "--again")
    assert done.exit_code == 1
    assert "The key link is not known here." in done.stderr
    assert "value 'feature'" in done.stderr


def test_a_folder_without_a_case_needs_to_know_what_is_wanted(tmp_path):
    done = call(tmp_path)
    assert done.exit_code == 1
    assert "no case.toml" in done.stderr
    assert "--national" in done.stderr
    assert call(tmp_path, "--only", "nothing").exit_code == 1
    assert call(tmp_path, "--only", "list-sizes").exit_code == 1


def test_a_damaged_record_is_told(tmp_path, server):
    case = make_case(tmp_path, server)
    (case / "fetched.json").write_text("{", encoding="utf-8")
    done = call(case, "--yes")
    assert done.exit_code == 1
    assert "record of what was downloaded cannot be understood" in done.stderr


@pytest.mark.parametrize("key", ["date", "sha256", "url", "bytes"])
def test_a_record_with_values_of_another_kind_is_told(tmp_path, server, key):
    case = make_case(tmp_path, server)
    assert call(case, "--yes").exit_code == 0
    record = json.loads((case / "fetched.json").read_text(encoding="utf-8"))
    record["files"][0][key] = ["odd"]
    (case / "fetched.json").write_text(json.dumps(record), encoding="utf-8")
    done = call(case, "--yes")
    assert done.exit_code == 1
    assert "record of what was downloaded cannot be understood" in done.stderr


def test_two_fetches_at_once_do_not_write_the_same_files(tmp_path, server):
    case = make_case(tmp_path, server)
    with only_one(case):
        done = call(case, "--yes")
        assert done.exit_code == 1
        assert "Another fetch is at work" in done.stderr
        assert not (case / "a.csv").exists()
    assert call(case, "--yes").exit_code == 0
    assert not (case / LOCK_FILE).exists()


def test_a_lock_left_behind_does_not_bar_the_folder(tmp_path, server):
    case = make_case(tmp_path, server)
    (case / LOCK_FILE).write_bytes(b"")
    assert call(case, "--yes").exit_code == 0


def test_the_list_asks_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the list used the network"))
    done = call(tmp_path / "nowhere", "--list")
    assert done.exit_code == 0
    assert "practices: GP practices (ODS report epraccur) [national]" in done.stdout
    assert "changes with every publication" in done.stdout
    assert "NOT CHECKED" in done.stdout
    assert "roads-COUNTY" in done.stdout
    record = json.loads(call(tmp_path / "nowhere", "--list", "--json").stdout)
    assert {source["checked"] for source in record["sources"]} == {True, False}
    assert not (tmp_path / "nowhere").exists()


def test_national_files_into_a_new_folder(tmp_path, server, monkeypatch):
    items = (
        Item("practices", "file", server.address + "/a.csv", "epraccur.csv", publisher="NHS England", licence="OGL v3"),
        Item("lsoa", "features", server.address + LAYER, "lsoa.geojson"),
    )
    monkeypatch.setattr("geodata.fetch.plan.national_items", lambda: items)
    folder = tmp_path / "national" / "2026"
    done = call(folder, "--national", "--yes")
    assert done.exit_code == 0, done.output
    assert "By hand, as its address changes: Patients registered at a GP practice" in done.stdout
    assert sorted(path.name for path in folder.iterdir()) == ["epraccur.csv", "fetched.json", "lsoa.geojson"]
    assert manifest(folder)["epraccur.csv"]["publisher"] == "NHS England"


def test_what_was_fetched_can_be_read_and_the_record_does_not_disturb(tmp_path, server, monkeypatch):
    changes = b"LSOA11CD,LSOA21CD,CHGIND\n" + b"".join(b"E0100%04d,E0100%04d,U\n" % (i, i) for i in range(1, 40))
    server.routes["/changes.csv"] = File(changes)
    layer = Layer(40)
    server.routes |= layer.routes()
    items = (
        Item("changes", "file", server.address + "/changes.csv", "lsoa-2011-to-2021.csv"),
        Item("points", "features", server.address + LAYER, "lsoa-2021-points.geojson"),
        Item("broken", "file", server.address + "/broken.csv", "broken.csv"),
    )
    server.routes["/broken.csv"] = File(TABLE, faults=[hang_up_after_a_third(TABLE)] + [status(500)] * 9)
    monkeypatch.setattr("geodata.fetch.plan.national_items", lambda: items)
    monkeypatch.setattr("geodata.fetch.transfer.CHUNK", 500)
    folder = tmp_path / "national"
    assert call(folder, "--national", "--yes").exit_code == 1
    assert {"broken.csv.part", "broken.csv.part.json", "fetched.json"} <= {path.name for path in folder.iterdir()}
    catalogue = read_catalogue(folder)
    assert sorted((file.kind, file.table.file) for file in catalogue.files) == [
        ("area_changes", "lsoa-2011-to-2021.csv"),
        ("areas", "lsoa-2021-points.geojson"),
    ]
    assert [str(found) for found in catalogue.findings] == []


def hang_up_after_a_third(body: bytes):
    return lambda handler: handler.reply(200, body, {"ETag": '"x"'}, cut=len(body) // 3)


# ---------------------------------------------------------------------- roads


@pytest.fixture
def osm(monkeypatch):
    osmnx = pytest.importorskip("osmnx")
    with serving({"/search": village, "/api/interpreter": village, "/api/status": village}) as one:
        monkeypatch.setattr(osmnx.settings, "nominatim_url", one.address + "/")
        monkeypatch.setattr(osmnx.settings, "overpass_url", one.address + "/api")
        monkeypatch.setattr(osmnx.settings, "overpass_rate_limit", False)
        monkeypatch.setattr(osmnx.settings, "use_cache", False)
        yield one


def test_roads_of_a_place_and_of_the_case_itself(tmp_path, server, osm):
    case = make_case(tmp_path, server, '\n[[fetch]]\nname = "around"\nkind = "roads"\n')
    toml = case / "case.toml"
    roads = 'place = "Village"\nbridge_gaps_m = 15'
    toml.write_text(toml.read_text(encoding="utf-8").replace('method = "straight-line"', roads), encoding="utf-8")
    done = call(case, "--yes", "--only", "around", "--only", "roads")
    assert "OpenStreetMap (Nominatim and Overpass): the surroundings of the case" in done.stdout
    assert "OpenStreetMap (Nominatim and Overpass): Village" in done.stdout
    assert done.exit_code == 0, done.output
    record = manifest(case)
    assert {entry["asked"] for entry in record.values()} == {"Village", "surroundings of the case"}
    assert {entry["licence"] for entry in record.values()} == {"ODbL 1.0"}
    for name, entry in record.items():
        assert (case / name).stat().st_size == entry["bytes"]
        assert name in {"roads.osm.pbf", "roads-village.osm.pbf"}
    assert call(case, "--only", "roads").stdout.count("already here") == 1


def test_roads_that_cannot_be_had(tmp_path, server, osm):
    osm.routes.clear()
    case = make_case(tmp_path, server, '\n[[fetch]]\nname = "around"\nkind = "roads"\nplace = "Nowhere"\n')
    done = call(case, "--yes", "--only", "around")
    assert done.exit_code == 1
    assert "Fix:" in done.stderr
    assert "Traceback" not in done.output
    assert not list(case.glob("*roads*"))


# ---------------------------------------------------------------------- nothing else uses the network

NO_NETWORK = """
import json, socket, sys, traceback

def refuse(*what, **more):
    raise SystemExit(f"the network was used: {what}")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
from grouping.cli import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["blueprint", *words]
    try:
        main()
    except SystemExit as done:
        if done.code:
            sys.exit(f"{words}: {done.code}")
"""


def without_network(*calls: tuple[object, ...]) -> subprocess.CompletedProcess[str]:
    words = json.dumps([[str(word) for word in call] for call in calls])
    return subprocess.run(
        [sys.executable, "-c", NO_NETWORK, words], capture_output=True, encoding="utf-8", check=False, cwd=REPOSITORY
    )


def test_no_other_command_opens_a_connection(tmp_path):
    case, run = write_small_case(tmp_path / "case"), tmp_path / "run"
    plan = run / "options" / "option-1" / "plan.csv"
    done = without_network(
        ("init", tmp_path / "new"),
        ("check", case),
        ("run", case, "--out", run, "--options", 1),
        ("score", case, "--plan", plan, "--out", tmp_path / "scored"),
        ("verify", run),
        ("rules",),
        ("fetch", case, "--list"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "scored" / "report.html").exists()


def test_the_watch_on_the_network_works(tmp_path):
    done = without_network(("fetch", tmp_path, "--only", "imd-2025", "--yes"))
    assert "the network was used" in done.stderr
