"""`blueprint times` and `blueprint calibrate` as a planner uses them: files, messages, exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from typer.testing import CliRunner

import geodata.times.job
import geodata.times.work
from geodata.matrix_file import read_method
from geodata.roads import read_roads
from geodata.routing.matrix import milliseconds_between
from geodata.routing.snapping import snap
from geodata.times.job import TimesJob, run_times
from grouping.cli import app
from tests.geodata.osm_files import write_pbf

COLUMNS = ["from", "to", "minutes", "reachable", "snap_from_m", "snap_to_m"]
HOMES = {"west": (400_000, 100_000), "shore": (401_900, 100_040), "far": (430_000, 130_000)}
SITES = {"east": (405_000, 100_000), "north": (400_000, 102_500), "west 2": (400_000, 100_000)}


def call(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def write_points(path: Path, points: dict[str, tuple[float, float]], head: str = "id,easting,northing") -> Path:
    rows = "".join(f"{name},{x},{y}\n" for name, (x, y) in points.items())
    path.write_text(f"{head}\n{rows}", encoding="utf-8")
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two shores with a ferry of 400 m between them, and a road of some 50 km round."""
    nodes = {
        1: (400_000, 100_000),
        2: (402_000, 100_000),
        3: (402_400, 100_000),
        4: (405_000, 100_000),
        5: (400_000, 104_000),
        6: (400_000, 120_000),
        7: (405_000, 120_000),
    }
    road = {"highway": "primary", "maxspeed": "60 mph", "name": "Shore | Road"}
    ways = [
        (1, [1, 2], road),
        (2, [2, 3], {"route": "ferry", "motor_vehicle": "yes", "name": "Chain Ferry"}),
        (3, [3, 4], road),
        (4, [1, 5, 6, 7, 4], {"highway": "secondary", "name": "Long Way"}),
    ]
    write_pbf(tmp_path / "roads.osm.pbf", nodes, ways)
    write_points(tmp_path / "homes.csv", HOMES)
    write_points(tmp_path / "sites.csv", SITES)
    return tmp_path


def times(place: Path, *words: object, out: str = "m.parquet", roads: str = "roads.osm.pbf", to: str = "sites.csv"):
    given = ("--roads", place / roads, "--from", place / "homes.csv", "--to", place / to, "--out", place / out)
    return call("times", *given, *words)


def minutes_of(place: Path, *words: object) -> pd.DataFrame:
    done = times(place, *words)
    assert done.exit_code == 0, done.output + done.stderr
    table = pq.read_table(place / "m.parquet").to_pandas()
    return table.pivot(index="from", columns="to", values="minutes")


# ---------------------------------------------------------------------------------------------------------- results


def test_every_pair_in_the_order_of_the_files(place: Path) -> None:
    done = times(place)
    assert done.exit_code == 0, done.output + done.stderr
    table = pq.read_table(place / "m.parquet")
    assert table.column_names == COLUMNS
    frame = table.to_pandas()
    assert frame["from"].tolist() == [name for name in HOMES for _ in SITES]
    assert frame["to"].tolist() == [*SITES] * 3
    assert frame["reachable"].tolist() == [True] * 6 + [False] * 3
    assert frame["minutes"].isna().tolist() == [False] * 6 + [True] * 3
    assert frame["minutes"][2] == 0.0, "two points at one place"
    assert frame["snap_from_m"][3] == pytest.approx(40, abs=0.1)
    assert "1 of 3 points" in done.stderr
    assert "far" in done.stderr
    assert "9 journeys, 3 of them not reachable" in done.stdout


def test_the_minutes_are_those_of_the_engine_with_the_ways_to_the_road(place: Path) -> None:
    found = minutes_of(place).loc[["west", "shore"], list(SITES)].to_numpy()
    network = read_roads(place / "roads.osm.pbf")
    x, y = (np.array([HOMES[name][i] for name in ("west", "shore")], dtype=float) for i in (0, 1))
    to_x, to_y = (np.array([SITES[name][i] for name in SITES], dtype=float) for i in (0, 1))
    start, stop = snap(network, x, y), snap(network, to_x, to_y)
    ms = milliseconds_between(network, start, stop)
    legs = [np.rint(one.distance_m / network.access_kmh * 3600) for one in (start, stop)]
    expected = (ms + legs[0][:, None] + legs[1]) / 60_000
    expected[0, 2] = 0.0
    assert found == pytest.approx(expected, abs=0)


def test_a_ferry_can_queue_or_stay_away_and_a_road_can_be_closed(place: Path) -> None:
    on, queue, off = (minutes_of(place, "--ferries", state).loc["shore"] for state in ("on", "queue", "off"))
    assert on["east"] + 10 < queue["east"] < off["east"]
    assert off["east"] > 30
    assert on["north"] == queue["north"] == off["north"]
    write_points(place / "closed.csv", {"works": (402_200, 100_010)})
    closed = minutes_of(place, "--closed", place / "closed.csv")
    assert closed.loc["shore"].tolist() == off.tolist()
    assert "Chain Ferry" in times(place, "--closed", place / "closed.csv").stdout
    note = (place / "m.method.md").read_text(encoding="utf-8")
    assert "| works | the ferry Chain Ferry |" in note
    write_points(place / "closed.csv", {"works": (401_000, 100_000), "more": (404_000, 100_000)})
    cut = minutes_of(place, "--closed", place / "closed.csv")
    assert np.isnan(cut.loc["shore", "east"]), "both ends of the crossing are closed"
    note = (place / "m.method.md").read_text(encoding="utf-8")
    assert "| works | Shore \\| Road (primary) |" in note, "a name from the map cannot break the table"
    assert cut.loc["west", "north"] == minutes_of(place).loc["west", "north"], "it uses none of the closed roads"


def test_where_no_journey_is_possible_the_whole_share_is_told(place: Path) -> None:
    write_points(place / "homes.csv", {"shore": HOMES["shore"]})
    write_points(place / "sites.csv", {"east": SITES["east"]})
    write_points(place / "closed.csv", {"works": (401_000, 100_000), "more": (404_000, 100_000)})
    assert times(place, "--closed", place / "closed.csv").exit_code == 0
    assert read_method(place / "m.parquet")["details"]["unreachable_share"] == 1.0
    assert pq.read_table(place / "m.parquet")["minutes"].null_count == 1
    assert "1 of them (100.00%) not reachable" in (place / "m.method.md").read_text(encoding="utf-8")


def test_speeds_profiles_and_walking(place: Path) -> None:
    usual = minutes_of(place).loc["west", "north"]
    assert minutes_of(place, "--profile", "winter").loc["west", "north"] > usual
    assert minutes_of(place, "--speed-factor", "0.5").loc["west", "north"] == pytest.approx(2 * usual, rel=0.05)
    walked = minutes_of(place, "--mode", "walk").loc["west", "north"]
    assert walked == pytest.approx(2500 / 80, rel=0.1)
    own = place / "my.toml"
    own.write_text('[profile.slow]\nbased_on = "free-flow"\nsentence = "our own"\nsource = "us"\nparking_minutes = 7\n')
    slow = minutes_of(place, "--speeds", own, "--profile", "slow").loc["west", "north"]
    assert slow == pytest.approx(usual + 7, abs=1e-9)
    assert "our own" in (place / "m.method.md").read_text(encoding="utf-8")


def test_a_limit_leaves_longer_journeys_out(place: Path) -> None:
    whole = minutes_of(place)
    limit = whole.loc["west", "north"] + 0.01
    near = minutes_of(place, "--limit", limit)
    assert near.max().max() <= limit
    assert near.loc["west", "north"] == whole.loc["west", "north"]
    assert near.notna().sum().sum() == (whole <= limit).sum().sum() < whole.notna().sum().sum()


def test_the_nearest_with_their_rank(place: Path) -> None:
    whole = minutes_of(place)
    assert times(place, "--nearest", 2).exit_code == 0
    frame = pq.read_table(place / "m.parquet").to_pandas()
    assert list(frame.columns) == ["from", "to", "rank", *COLUMNS[2:]]
    assert frame["from"].tolist() == ["west", "west", "shore", "shore"]
    assert frame["rank"].tolist() == [1, 2, 1, 2]
    for name in ("west", "shore"):
        own = frame[frame["from"] == name]
        assert own["minutes"].tolist() == sorted(whole.loc[name])[:2]
        assert whole.loc[name, own["to"]].tolist() == own["minutes"].tolist()
    assert times(place, "--nearest", 50).exit_code == 0
    assert len(pq.read_table(place / "m.parquet")) == 6


def test_the_nearest_of_points_at_one_place_is_as_far_as_the_matrix_says(place: Path) -> None:
    """Homes that are sites as well, off the road: no minutes to the road and back are counted."""
    yard, lane = (401_900, 100_040), (400_700, 100_030)
    write_points(place / "homes.csv", {"a": yard, "b": lane, "c": yard, "d": (400_700, 100_031)})
    write_points(place / "sites.csv", {"s": lane, "t": yard, "u": yard})
    for words in ((), ("--back",)):
        whole = minutes_of(place, *words)
        whole = whole.T if words else whole
        assert times(place, "--nearest", 3, *words).exit_code == 0
        frame = pq.read_table(place / "m.parquet").to_pandas()
        home, site = ("to", "from") if words else ("from", "to")
        for name, own in frame.groupby(home):
            assert own["minutes"].tolist() == sorted(whole.loc[name]), name
            assert whole.loc[name, own[site]].tolist() == own["minutes"].tolist()
        assert frame.loc[frame[home] == "a", site].tolist() == ["t", "u", "s"]
        assert frame["minutes"].tolist().count(0.0) == 5


def test_the_way_back(place: Path) -> None:
    there = minutes_of(place)
    done = times(place, "--back")
    assert done.exit_code == 0
    frame = pq.read_table(place / "m.parquet").to_pandas()
    assert frame["from"].tolist() == [name for name in SITES for _ in HOMES]
    assert frame["to"].tolist() == [*HOMES] * 3
    back = frame.pivot(index="to", columns="from", values="minutes")
    assert back.notna().equals(there.loc[back.index, back.columns].notna())
    note = (place / "m.method.md").read_text(encoding="utf-8")
    assert "the way back" in note
    assert times(place, "--back", "--nearest", 1).exit_code == 0
    near = pq.read_table(place / "m.parquet").to_pandas()
    assert near["to"].tolist() == ["west", "shore"]
    assert near["minutes"].tolist() == back.loc[["west", "shore"]].min(axis=1).tolist()


def test_one_way_roads_tell_there_from_back(place: Path) -> None:
    """Round a ring of one-way road, the way back is the rest of the ring."""
    nodes = {1: (400_000, 100_000), 2: (403_000, 100_000), 3: (403_000, 103_000), 4: (400_000, 103_000)}
    write_pbf(place / "ring.osm.pbf", nodes, [(1, [1, 2, 3, 4, 1], {"highway": "primary", "oneway": "yes"})])
    write_points(place / "homes.csv", {"south": (401_500, 100_000), "east": (403_000, 101_000)})
    write_points(place / "sites.csv", {"north": (402_000, 103_000), "west": (400_000, 101_000)})
    ring = {"roads": "ring.osm.pbf"}
    metres = {("south", "north"): 5500, ("south", "west"): 9500, ("east", "north"): 3000, ("east", "west"): 7000}
    assert times(place, "--routes", "--isochrones", "5", **ring).exit_code == 0
    there = pq.read_table(place / "m.parquet").to_pandas().set_index(["from", "to"])["minutes"]
    each = there["south", "west"] / 9500
    assert there.to_dict() == pytest.approx({pair: each * far for pair, far in metres.items()}, abs=0.001)
    routes = gpd.read_file(place / "m.gpkg", layer="routes").set_index(["from", "to"])
    assert routes["km"].to_dict() == {pair: far / 1000 for pair, far in metres.items()}
    near = gpd.read_file(place / "m.gpkg", layer="inside")
    assert set(zip(near["from"], near["to"], strict=True)) == set(there[there <= 5].index)
    shapes = {"there": gpd.read_file(place / "m.gpkg", layer="isochrones").set_index("to").geometry}
    assert times(place, "--back", "--routes", "--isochrones", "5", **ring).exit_code == 0
    back = pq.read_table(place / "m.parquet").to_pandas().set_index(["from", "to"])["minutes"]
    assert back.to_dict() == pytest.approx({(s, h): each * (12_000 - far) for (h, s), far in metres.items()}, abs=0.001)
    routes = gpd.read_file(place / "m.gpkg", layer="routes").set_index(["from", "to"])
    assert routes["km"].to_dict() == {(s, h): 12 - far / 1000 for (h, s), far in metres.items()}
    shapes["back"] = gpd.read_file(place / "m.gpkg", layer="isochrones").set_index("from").geometry
    before, after = shapely.Point(402_500, 103_000), shapely.Point(401_500, 103_000)
    assert [shapes["there"]["north"].contains(spot) for spot in (before, after)] == [True, False]
    assert [shapes["back"]["north"].contains(spot) for spot in (before, after)] == [False, True]
    for words, wanted in ((("--nearest", 1), [("south", "north"), ("east", "north")]),
                          (("--nearest", 1, "--back"), [("west", "south"), ("west", "east")])):  # fmt: skip
        assert times(place, *words, **ring).exit_code == 0
        found = pq.read_table(place / "m.parquet").to_pandas()
        assert list(zip(found["from"], found["to"], strict=True)) == wanted
        assert found["minutes"].tolist() == [(back if "--back" in words else there)[pair] for pair in wanted]
        assert times(place, *words, "--routes", **ring).exit_code == 0
        drawn = gpd.read_file(place / "m.gpkg", layer="routes")
        assert list(zip(drawn["from"], drawn["to"], strict=True)) == wanted


def test_blocks_change_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert times(place).exit_code == 0
    whole = (place / "m.parquet").read_bytes()
    monkeypatch.setattr(geodata.times.work, "BLOCK_CELLS", 1)
    assert times(place, out="n.parquet").exit_code == 0
    assert pq.read_table(place / "n.parquet").equals(pq.read_table(place / "m.parquet"))
    monkeypatch.undo()
    assert times(place, "--engine", "scipy").exit_code == 0
    assert (place / "m.parquet").read_bytes() == whole


def test_every_engine_gives_the_same_minutes(place: Path) -> None:
    frames = [minutes_of(place, "--engine", engine) for engine in ("scipy", "hierarchy", "auto")]
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])
    for engine in ("scipy", "hierarchy"):
        assert times(place, "--engine", engine).exit_code == 0
        assert read_method(place / "m.parquet")["details"]["engine"] == engine
        note = (place / "m.method.md").read_text(encoding="utf-8")
        assert ("a hierarchy of the junctions" in note) is (engine == "hierarchy")


def test_the_same_question_gives_the_same_bytes(place: Path) -> None:
    def written() -> dict[str, bytes]:
        done = times(place, "--routes", "--isochrones", "5,10")
        assert done.exit_code == 0, done.output + done.stderr
        return {suffix: (place / f"m{suffix}").read_bytes() for suffix in (".parquet", ".method.md", ".gpkg")}

    first = written()
    (place / "m.parquet").unlink()
    again = written()  # now from the kept roads
    assert list((place / ".cache").glob("roads-*.npz"))
    assert first == again


def test_where_nothing_can_be_kept_the_roads_are_built_each_time(place: Path) -> None:
    (place / ".cache").write_text("a file where the folder should be", encoding="utf-8")
    assert not minutes_of(place).isna().all().all()


def test_csv_and_points_with_themselves(place: Path) -> None:
    done = call("times", "--roads", place / "roads.osm.pbf", "--from", place / "sites.csv", "--to", place / "sites.csv",
                "--out", place / "new" / "own.csv")  # fmt: skip
    assert done.exit_code == 0, done.output + done.stderr
    frame = pd.read_csv(place / "new" / "own.csv")
    assert list(frame.columns) == COLUMNS
    assert (frame.loc[frame["from"] == frame["to"], "minutes"] == 0).all()
    assert sorted(path.name for path in (place / "new").iterdir()) == ["own.csv", "own.method.md"]


def test_layers_for_a_gis(place: Path) -> None:
    done = times(place, "--routes", "--isochrones", "5,10")
    assert done.exit_code == 0, done.output + done.stderr
    path = place / "m.gpkg"
    names = [name for name, _ in pyogrio.list_layers(path)]
    assert sorted(names) == ["inside", "isochrones", "roads", "routes", "snap_from", "snap_to"]
    layers = {name: gpd.read_file(path, layer=name) for name in names}
    assert all(layer.crs.to_epsg() == 27700 for layer in layers.values())
    frame = pq.read_table(place / "m.parquet").to_pandas()
    assert layers["routes"][["from", "to"]].equals(frame[["from", "to"]])
    assert layers["routes"]["minutes"].round(9).equals(frame["minutes"].round(9))
    assert layers["isochrones"]["to"].unique().tolist() == [*SITES, ""]
    inside = frame[frame["minutes"] <= 10].reset_index(drop=True)
    assert layers["inside"][["from", "to"]].equals(inside[["from", "to"]])
    assert layers["inside"]["within"].tolist() == [5.0 if minutes <= 5 else 10.0 for minutes in inside["minutes"]]
    assert layers["inside"].geometry.x.tolist() == [HOMES[name][0] for name in inside["from"]]
    assert layers["snap_from"]["code"].tolist() == [*HOMES]
    assert len(layers["roads"]) >= 4


def test_a_point_called_any_is_not_taken_for_the_nearest_of_all(place: Path) -> None:
    write_points(place / "sites.csv", {"any": SITES["east"], "west": SITES["north"]})
    done = times(place, "--isochrones", "5,10")
    assert done.exit_code == 0, done.output + done.stderr
    shapes = gpd.read_file(place / "m.gpkg", layer="isochrones")
    of_all = shapes["nearest_of_all"].astype(bool)
    assert shapes.loc[~of_all, "to"].tolist() == ["any", "any", "west", "west"]
    assert of_all.sum() == 2
    assert "any" not in shapes.loc[of_all, "to"].tolist()
    every, own = (shapes[mask & (shapes["minutes"] == 10)].union_all() for mask in (of_all, shapes["to"] == "any"))
    assert every.area > own.area * 1.5


def test_what_isochrones_leave_out_is_told_where_they_were_asked_for(place: Path) -> None:
    times(place, "--isochrones", "5,10")
    note = (place / "m.method.md").read_text(encoding="utf-8")
    assert "Drawn for 5, 10 minutes." in note
    assert "open land more than 200 m from such a road is left out" in note
    assert 'the layer "inside" count each point by its own journey' in note
    times(place, "--routes")
    assert "Isochrones" not in (place / "m.method.md").read_text(encoding="utf-8")


def test_points_far_from_roads_are_told_of_both_files_and_of_one_file_once(place: Path) -> None:
    write_points(place / "homes.csv", {"west": HOMES["west"]})
    write_points(place / "sites.csv", SITES | {"hill": (400_000, 99_300), "away": (400_000, 60_000)})
    told = [("sites.csv", "roads-do-not-cover", "away", 6), ("sites.csv", "far-from-road", "hill", 5)]

    def found(text: str) -> list[tuple[str, str, str, int]]:
        return [(Path(f["file"]).name, f["code"], f["value"], f["row"]) for f in json.loads(text)["findings"]]

    assert found(times(place, "--json").stdout) == told
    same = call("times", "--roads", place / "roads.osm.pbf", "--from", place / "sites.csv", "--to", place / "sites.csv",
                "--out", place / "own.csv", "--json")  # fmt: skip
    assert found(same.stdout) == told


@pytest.mark.parametrize("spare", [-1, 0, 1])
def test_pairs_inside_are_listed_up_to_a_number_of_them(
    place: Path, monkeypatch: pytest.MonkeyPatch, spare: int
) -> None:
    minutes = minutes_of(place)
    inside = int((minutes <= 10).sum().sum())
    for module in (geodata.times.work, geodata.times.job):
        monkeypatch.setattr(module, "MOST_INSIDE", inside + spare)
    assert times(place, "--isochrones", "5,10").exit_code == 0
    assert len(gpd.read_file(place / "m.gpkg", layer="inside")) == (inside if spare >= 0 else 0)


def test_the_engine_on_its_own_is_silent_or_tells_its_stages(place: Path) -> None:
    job = TimesJob(place / "roads.osm.pbf", place / "homes.csv", place / "sites.csv", place / "m.parquet")
    done = run_times(job)
    assert (done.origins, done.destinations, done.rows, done.pairs, done.reachable) == (3, 3, 9, 9, 6)
    assert done.files == (place / "m.parquet", place / "m.method.md")
    stages, rows = [], []
    run_times(job, tell=lambda *told: stages.append(told), progress=lambda *told: rows.append(told))
    assert [stage for stage, _ in stages] == ["Reading points", "Reading roads", "Timing journeys", "Writing"]
    assert [detail for _, detail in stages] == ["homes.csv, sites.csv", "roads.osm.pbf", "3 x 3", "m.parquet"]
    assert rows == [(3, 3)]


def test_distances_to_roads_are_counted_up_to_five_kilometres() -> None:
    facts = geodata.times.work.snap_facts(np.array([0.0, 500.0, 500.1, 5000.0, 5000.1, np.inf]))
    assert facts == {"median": 500.1, "p90": 3650.0, "max": 5000.0, "over_500_m": 2, "without_road": 2}
    nobody = geodata.times.work.snap_facts(np.array([np.inf]))
    assert nobody == {"median": 0.0, "p90": 0.0, "max": 0.0, "over_500_m": 0, "without_road": 1}


def test_json_for_machines(place: Path) -> None:
    done = times(place, "--json")
    record = json.loads(done.stdout)
    assert (record["from"], record["to"], record["rows"], record["journeys"], record["reachable"]) == (3, 3, 9, 9, 6)
    assert [Path(name).name for name in record["files"]] == ["m.parquet", "m.method.md"]
    assert record["method"] == read_method(place / "m.parquet")
    assert record["method"]["details"]["unreachable_share"] == pytest.approx(1 / 3, abs=1e-6)
    assert record["findings"][0]["code"] == "roads-do-not-cover"


# -------------------------------------------------------------------------------------------------------- mistakes


def test_every_problem_of_every_file_in_one_go(place: Path) -> None:
    write_points(place / "homes.csv", {"a": (400_000, 100_000), "b": (50, 100_000)}, "id,x,y")
    write_points(place / "sites.csv", {"s": (50.7, -1.9)}, "id,lon,lat")
    (place / "sites.csv").open("a").write("s,-1.9,50.7\nt,-1.9,north\n")
    done = times(place, "--profile", "wintre", "--closed", place / "none.csv", "--json", roads="none.osm.pbf")
    assert done.exit_code == 1
    codes = [finding["code"] for finding in json.loads(done.stdout)["problems"]]
    assert codes == ["no-crs", "swapped-coordinates", "duplicate-code", "not-a-number", "missing-file",
                     "unknown-profile", "missing-file"]  # fmt: skip
    assert "Did you mean winter?" in done.stderr
    assert "case" not in done.stderr.lower()
    assert not (place / "m.parquet").exists()
    assert not (place / "m.method.md").exists()


def test_points_elsewhere_are_told_with_the_likely_mistake(place: Path) -> None:
    write_points(place / "homes.csv", {"a": (100_000, 400_000), "b": (100_500, 401_000)})
    done = times(place)
    assert done.exit_code == 1
    assert "exchange the two columns" in done.stderr
    assert "None of 2 points lies within 5 km" in done.stderr


def test_roads_of_elsewhere_speak_of_the_points_not_of_a_case(place: Path) -> None:
    for name in ("homes", "sites"):
        write_points(place / f"{name}.csv", {"a": (600_000, 300_000), "b": (601_000, 300_000)})
    told = times(place).stderr
    assert "no drivable road around the points" in told
    assert "check their coordinates" in told
    assert "case" not in told


def test_a_longitude_that_lost_its_minus_is_found_by_the_roads(place: Path) -> None:
    write_points(place / "homes.csv", {"east": (1.0, 51.2)}, head="id,lon,lat")
    assert "minus" not in times(place).stderr, "no mistake explains it"
    write_points(place / "homes.csv", {"west": (1.9999, 50.8)}, head="id,lon,lat")
    done = times(place)
    assert done.exit_code == 1
    assert "With a minus before the longitude they would lie among the roads" in done.stderr


def test_what_the_road_file_cannot_give_is_told(place: Path) -> None:
    assert "holds no footpath" in times(place, "--mode", "walk").stderr
    assert "holds no footpath" not in times(place).stderr
    assert "no ferry in the roads" not in times(place, "--ferries", "off").stderr
    nodes = {1: (400_000, 100_000), 2: (405_000, 100_000), 3: (405_000, 103_000)}
    ways = [(1, [1, 2], {"highway": "primary"}), (2, [2, 3], {"highway": "footway"})]
    write_pbf(place / "dry.osm.pbf", nodes, ways)
    assert "no ferry in the roads" in times(place, "--ferries", "queue", roads="dry.osm.pbf").stderr
    assert "holds no footpath" not in times(place, "--mode", "walk", roads="dry.osm.pbf").stderr


def test_a_closure_that_closes_nothing(place: Path) -> None:
    write_points(place / "closed.csv", {"works": (401_000, 100_000), "lost": (401_000, 100_060)})
    done = times(place, "--closed", place / "closed.csv", "--json")
    assert done.exit_code == 1
    problems = json.loads(done.stdout)["problems"]
    assert [(one["code"], one["row"], one["value"]) for one in problems] == [("closure-without-road", 3, "lost")]


def test_too_many_routes_or_isochrones(place: Path) -> None:
    write_points(place / "homes.csv", {f"h{i}": (400_000 + i, 100_000) for i in range(700)})
    done = times(place, "--routes")
    assert done.exit_code == 1
    assert "2,100 routes are asked for; at most 2,000 are drawn" in done.stderr
    assert times(place, "--routes", "--nearest", 1).exit_code == 0
    done = times(place, "--isochrones", "5", to="homes.csv")
    assert done.exit_code == 1
    assert "around 700 points are asked for; at most 500 are drawn" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--speed-factor", "0"], "--speed-factor"),
        (["--speed-factor", "0.05"], "The number must be at least 0.1."),
        (["--speed-factor", "3.5"], "The number must be at most 3."),
        (["--speed-factor", "nan"], "--speed-factor"),
        (["--limit", "-5"], "--limit"),
        (["--nearest", "0"], "--nearest"),
        (["--isochrones", "10;20"], "--isochrones"),
        (["--isochrones", ""], "--isochrones"),
        (["--crs", "EPSG:1"], "EPSG:27700"),
        (["--mode", "fly"], "--mode"),
        (["--bridge-gaps", "5000"], "--bridge-gaps"),
    ],
)
def test_wrong_use_is_told_before_anything_is_read(tmp_path: Path, words: list[str], said: str) -> None:
    given = ["--roads", tmp_path / "no.pbf", "--from", tmp_path / "a.csv", "--to", tmp_path / "b.csv"]
    done = call("times", *given, "--out", tmp_path / "m.parquet", *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_result_never_replaces_what_it_was_made_of(place: Path) -> None:
    assert times(place, out="m.xlsx").exit_code == 2
    before = (place / "homes.csv").read_bytes()
    assert times(place, out="homes.csv").exit_code == 2
    assert (place / "homes.csv").read_bytes() == before
    frame = gpd.GeoDataFrame({"id": ["a"]}, geometry=gpd.points_from_xy([400_000], [100_000]), crs=27700)
    frame.to_file(place / "m.gpkg", layer="points")
    kept = (place / "m.gpkg").read_bytes()
    done = call("times", "--roads", place / "roads.osm.pbf", "--from", place / "m.gpkg" / "points", "--to",
                place / "sites.csv", "--out", place / "m.parquet", "--routes")  # fmt: skip
    assert done.exit_code == 2
    assert (place / "m.gpkg").read_bytes() == kept


def test_a_file_of_somebody_else_is_never_replaced(place: Path) -> None:
    frame = gpd.GeoDataFrame({"id": ["a"]}, geometry=gpd.points_from_xy([400_000], [100_000]), crs=27700)
    frame.to_file(place / "m.gpkg", layer="surgeries")
    (place / "m.html").write_text("<html>our own page", encoding="utf-8")
    (place / "m.method.md").write_text("# Notes of the meeting\n", encoding="utf-8")
    before = {name: (place / name).read_bytes() for name in ("m.gpkg", "m.html", "m.method.md")}
    done = times(place, "--isochrones", "5", "--page", "--json")
    assert done.exit_code == 1
    problems = json.loads(done.stdout)["problems"]
    assert {(one["file"], one["code"]) for one in problems} == {(name, "foreign-file") for name in before}
    assert "choose another name with --out" in problems[0]["fix"]
    assert {name: (place / name).read_bytes() for name in before} == before
    assert not (place / "m.parquet").exists()
    (place / "m.method.md").unlink()
    assert times(place).exit_code == 0, "what is not asked for is in nobody's way"
    assert "earlier run" not in times(place).stderr
    assert (place / "m.gpkg").read_bytes() == before["m.gpkg"]


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00 torn"])
def test_a_file_that_is_no_geopackage_is_not_replaced_either(place: Path, content: bytes) -> None:
    (place / "m.gpkg").write_bytes(content)
    done = times(place, "--routes")
    assert done.exit_code == 1
    assert "has not made" in done.stderr
    assert (place / "m.gpkg").read_bytes() == content


def test_our_layers_are_replaced_unless_somebody_added_one(place: Path) -> None:
    assert times(place, "--isochrones", "5", "--page").exit_code == 0
    again = times(place, "--routes", "--page")
    assert again.exit_code == 0, again.output + again.stderr
    assert "isochrones" not in [name for name, _ in pyogrio.list_layers(place / "m.gpkg")]
    assert "earlier run" not in again.stderr
    frame = gpd.GeoDataFrame({"id": ["a"]}, geometry=gpd.points_from_xy([400_000], [100_000]), crs=27700)
    frame.to_file(place / "m.gpkg", layer="my drawing", mode="a")
    assert times(place, "--routes").exit_code == 1
    assert "my drawing" in [name for name, _ in pyogrio.list_layers(place / "m.gpkg")]


def test_what_is_left_of_an_earlier_run_is_told(place: Path) -> None:
    assert times(place, "--routes", "--page").exit_code == 0
    kept = {name: (place / name).read_bytes() for name in ("m.gpkg", "m.html")}
    done = times(place, "--speed-factor", "0.5", "--json")
    assert done.exit_code == 0
    told = {one["file"]: one for one in json.loads(done.stdout)["findings"] if one["code"] == "earlier-run"}
    assert sorted(told) == ["m.gpkg", "m.html"]
    assert all(one["severity"] == "warning" for one in told.values())
    assert "does not show these minutes" in told["m.gpkg"]["message"]
    assert "--page" in told["m.html"]["fix"]
    assert {name: (place / name).read_bytes() for name in kept} == kept


def test_a_workbook_that_begins_with_a_title_page_tells_its_other_sheets(place: Path) -> None:
    homes = pd.read_csv(place / "homes.csv")
    for number, title in enumerate(([["Survey of homes"]], [["Survey of homes"], ["made in May"]], [])):
        path = place / f"homes{number}.xlsx"
        with pd.ExcelWriter(path) as book:
            pd.DataFrame(title).to_excel(book, sheet_name="About", index=False, header=False)
            homes.to_excel(book, sheet_name="Homes", index=False)
            homes.to_excel(book, sheet_name="Old", index=False)
        given = ("--roads", place / "roads.osm.pbf", "--to", place / "sites.csv", "--out", place / "x.csv")
        done = call("times", *given, "--from", path, "--json")
        assert done.exit_code == 1
        (problem,) = json.loads(done.stdout)["problems"]
        assert problem["code"] == "wrong-sheet"
        assert "The others are: Homes, Old." in problem["message"]
        assert f"{path}/Homes" in problem["fix"]
        assert call("times", *given, "--from", path / "Homes").exit_code == 0


def test_a_gap_that_is_left_open_is_told_with_the_option_that_closes_it(place: Path) -> None:
    nodes = {1: (400_000, 100_000), 2: (406_000, 100_000), 3: (402_000, 100_036), 4: (402_000, 107_000)}
    write_pbf(
        place / "torn.osm.pbf", nodes, [(i, pair, {"highway": "primary"}) for i, pair in ((1, [1, 2]), (2, [3, 4]))]
    )
    told = times(place, roads="torn.osm.pbf").stderr
    value = re.search(r"raise --bridge-gaps to (\d+):", told)
    assert value is not None, told
    assert "not joined" not in times(place, "--bridge-gaps", value[1], roads="torn.osm.pbf").stderr


def test_stopping_leaves_what_was_there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "m.parquet").write_text("before", encoding="utf-8")
    names = sorted(path.name for path in place.iterdir())

    def stopped(*_: object, **__: object):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(geodata.times.work, "row_blocks", stopped)
    done = times(place)
    assert done.exit_code == 1
    assert "Stopped. Nothing was written." in done.stderr
    assert (place / "m.parquet").read_text(encoding="utf-8") == "before"
    assert sorted(path.name for path in place.iterdir() if path.name != ".cache") == names


def test_a_folder_that_cannot_be_written(place: Path) -> None:
    done = times(place, out="homes.csv/m.parquet")
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


# ------------------------------------------------------------------------------------------------------- calibrate


def observed(place: Path, factor: float) -> Path:
    """Journeys along the two primary and the long secondary road, slower by a factor than the program takes them."""
    spots = {f"p{i}": (400_000, 100_000 + 450 * i) for i in range(12)}
    write_points(place / "spots.csv", spots)
    done = call("times", "--roads", place / "roads.osm.pbf", "--from", place / "spots.csv", "--to",
                place / "spots.csv", "--out", place / "spots.parquet")  # fmt: skip
    assert done.exit_code == 0, done.output + done.stderr
    frame = pq.read_table(place / "spots.parquet").to_pandas()
    frame = frame[frame["minutes"] > 1]
    rows = [
        (*spots[a], *spots[b], m * factor) for a, b, m in zip(frame["from"], frame["to"], frame["minutes"], strict=True)
    ]
    path = place / "observed.csv"
    columns = ["from_easting", "from_northing", "to_easting", "to_northing", "minutes"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    return path


def calibrated(place: Path, *words: object):
    return call("calibrate", "--roads", place / "roads.osm.pbf", "--times", place / "observed.csv", "--out",
                place / "my.toml", *words)  # fmt: skip


def test_speeds_are_fitted_told_and_used(place: Path) -> None:
    observed(place, 1.25)
    done = calibrated(place)
    assert done.exit_code == 0, done.output + done.stderr
    assert "Before: computed times are 20.0% too short" in done.stdout
    assert "secondary roads in the country: x 0.8" in done.stdout
    assert "--speeds" in done.stdout
    before = minutes_of(place).loc["west", "north"]
    after = minutes_of(place, "--speeds", place / "my.toml", "--profile", "calibrated").loc["west", "north"]
    assert after == pytest.approx(1.25 * before, rel=0.02)
    record = json.loads(calibrated(place, "--json", "--name", "ours").stdout)
    assert record["profile"] == "ours"
    assert record["fit"]["after"]["median_error"] < record["fit"]["before"]["median_error"]


def test_what_is_wrong_with_a_calibration(place: Path) -> None:
    (place / "observed.csv").write_text("from_lon,from_lat,to_lon,minutes\n1,2,3,4\n", encoding="utf-8")
    done = calibrated(place, "--profile", "wintre")
    assert done.exit_code == 1
    assert "to_lat" in done.stderr
    assert "Did you mean winter?" in done.stderr
    assert not (place / "my.toml").exists()
    observed(place, 1.1)
    assert calibrated(place, "--name", "peak").exit_code == 1
    assert calibrated(place, "--out", place / "my.txt").exit_code == 2
    assert calibrated(place, "--out", place / "observed.toml").exit_code == 0


# ------------------------------------------------------------------------------------------------------ real files


@pytest.mark.real
def test_made_points_on_the_roads_of_rutland(shared_data: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    x, y = rng.uniform(486_000, 500_000, 150), rng.uniform(300_000, 314_000, 150)
    write_points(tmp_path / "homes.csv", {f"h{i}": (x[i], y[i]) for i in range(150)})
    write_points(tmp_path / "sites.csv", {f"s{i}": (x[i] + 100, y[i]) for i in range(9)})
    source = tmp_path / "rutland.osm.pbf"
    shutil.copy(shared_data / "osm" / "rutland-latest.osm.pbf", source)
    given = ["--roads", source, "--from", tmp_path / "homes.csv", "--to", tmp_path / "sites.csv"]
    done = call("times", *given, "--out", tmp_path / "m.parquet")
    assert done.exit_code == 0, done.output + done.stderr
    frame = pq.read_table(tmp_path / "m.parquet").to_pandas()
    assert len(frame) == 150 * 9
    assert frame["reachable"].all()
    assert 1 < frame["minutes"].median() < 25
    assert frame["minutes"].max() < 60
    note = (tmp_path / "m.method.md").read_text(encoding="utf-8")
    assert "data of 2018" in note
    assert "OpenStreetMap contributors" in note
    assert call("times", *given, "--out", tmp_path / "k.parquet", "--nearest", 2).exit_code == 0
    near = pq.read_table(tmp_path / "k.parquet").to_pandas()
    best = frame.sort_values(["from", "minutes"], kind="stable").groupby("from").head(2)
    assert near.set_index(["from", "to"])["minutes"].to_dict() == best.set_index(["from", "to"])["minutes"].to_dict()
    walk = call("times", *given, "--out", tmp_path / "w.parquet", "--mode", "walk", "--limit", 60)
    assert walk.exit_code == 0, walk.output + walk.stderr
    walked = pq.read_table(tmp_path / "w.parquet").to_pandas()
    both = walked["reachable"]
    assert both.any()
    assert (walked["minutes"][both] >= frame["minutes"][both] - 1).mean() > 0.99


@pytest.mark.real
def test_practices_and_areas_of_the_isle_of_wight(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "isle-of-wight"
    source = tmp_path / "roads.gpkg"
    shutil.copy(folder / "osm_roads_2023.gpkg", source)
    areas = gpd.read_file(folder / "lsoa11.gpkg")
    code = next(name for name in areas.columns if name.lower() in {"lsoa11_code", "lsoa11cd", "code", "area_code"})
    points = areas.geometry.to_crs(27700).representative_point()
    pd.DataFrame({"id": areas[code], "easting": points.x, "northing": points.y}).to_csv(tmp_path / "a.csv", index=False)
    done = call("times", "--roads", source, "--from", tmp_path / "a.csv", "--to", folder / "practices_2016Q1.csv",
                "--out", tmp_path / "m.parquet")  # fmt: skip
    assert done.exit_code == 0, done.output + done.stderr
    frame = pq.read_table(tmp_path / "m.parquet").to_pandas()
    assert frame["reachable"].all(), "the gap in the file is mended"
    assert "raise --bridge-gaps to 43:" in done.stderr, "other breaks make Bembridge far from Ryde"
    assert frame["minutes"].max() < 90
    assert frame["to"].str.fullmatch(r"[A-Z]\d{5}").all()


def test_it_runs_as_a_program_of_its_own(place: Path) -> None:
    words = ["times", "--roads", "roads.osm.pbf", "--from", "homes.csv", "--to", "sites.csv", "--out", "m.csv"]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "grouping", *words],
        cwd=place,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(root)},
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "Minutes: m.csv (9 rows)" in done.stdout
    assert str(place) not in (place / "m.method.md").read_text(encoding="utf-8")
