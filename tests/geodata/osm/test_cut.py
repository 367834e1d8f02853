"""A country's roads are cut to a box in bounded memory, and the cut is worth as much as the whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import osmium
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from osmium.osm.mutable import Relation

from geodata.errors import InputProblems
from geodata.osm.cut import covers, cut_roads
from geodata.roads import read_roads
from tests.geodata.osm_files import WHEN, same_network, write_pbf

E, N = 450_000.0, 300_000.0
BOX = (E, N, E + 5_000, N + 5_000)
ROAD = {"highway": "tertiary"}
RUTLAND_MIDDLE = (483_000.0, 300_000.0, 493_000.0, 312_000.0)


def around(*spots: tuple[float, float]) -> list[tuple[float, float]]:
    return [(E + x, N + y) for x, y in spots]


@pytest.fixture
def country(tmp_path) -> Path:
    """Roads in the box, beside it, far away, and of every kind that matters."""
    places = around(
        (1_000, 1_000), (2_000, 1_000), (3_000, 1_000), (9_000, 1_000),  # 1-4: a road that leaves the box
        (2_000, 2_000), (2_000, 3_000),  # 5, 6: a path to a lane
        (60_000, 60_000), (61_000, 60_000),  # 7, 8: far away
        (-4_000, 4_000), (12_000, 4_500),  # 9, 10: a ferry that crosses the box without a point in it
        (2_500, 1_000), (2_600, 1_500),  # 11, 12
        (-40_000, 4_000), (60_000, 4_100),  # 13, 14: a ferry that only passes
        (30_000, 1_000),  # 15
        (14_000, 12_000), (16_000, 16_000),  # 16, 17: a ferry near by that does not come to the box
    )  # fmt: skip
    nodes = {10 * key: place for key, place in enumerate(places, 1)}
    tags = {20: {"highway": "traffic_signals", "crossing": "yes"}, 110: {"barrier": "bollard", "material": "stone"}}
    tags |= {70: {"barrier": "gate"}, 50: {"amenity": "bench"}}
    ferry = {"route": "ferry", "motor_vehicle": "yes", "duration": "00:10"}
    ways = [
        (1, [10, 20, 110, 30, 40], ROAD | {"name": "High Street", "maxspeed": "30 mph"}),
        (2, [20, 50], {"highway": "footway"}),
        (3, [50, 60], ROAD),
        (4, [70, 80], ROAD),
        (5, [90, 100], ferry),
        (6, [10, 60], {"building": "yes"}),
        (7, [110, 120], ROAD | {"oneway": "yes"}),
        (8, [130, 140], ferry),
        (9, [10, 60], {"route": "bus"}),
        (10, [40, 150], ROAD),
        (11, [150, 80], ROAD),
        (12, [160, 170], ferry),
    ]
    relations = [
        Relation(id=1, members=[("w", 1, "from"), ("n", 110, "via"), ("w", 7, "to")], tags={"type": "restriction"}),
        Relation(id=2, members=[("w", 1, "from"), ("n", 80, "via"), ("w", 4, "to")], tags={"type": "restriction"}),
        Relation(id=3, members=[("w", 1, "")], tags={"type": "route", "route": "bus"}),
        Relation(id=4, members=[("w", 1, "from"), ("n", 5, "via"), ("r", 1, "to")], tags={"type": "restriction"}),
    ]
    return write_pbf(tmp_path / "country.osm.pbf", nodes, ways, tags, relations=relations)


def things(path: Path) -> dict[str, dict[int, dict[str, str]]]:
    found: dict[str, dict[int, dict[str, str]]] = {"n": {}, "w": {}, "r": {}}
    for thing in osmium.FileProcessor(str(path)):
        found[thing.type_str()][thing.id] = {tag.k: tag.v for tag in thing.tags}
    return found


def test_the_cut_holds_what_driving_needs(country, tmp_path):
    told = cut_roads(country, BOX, tmp_path / "out" / "cut.osm.pbf")
    held = things(told.file)
    assert sorted(held["w"]) == [1, 2, 3, 5, 7]
    assert held["w"][1] == ROAD | {"name": "High Street", "maxspeed": "30 mph"}
    assert sorted(held["n"]) == [10, 20, 30, 40, 50, 60, 90, 100, 110, 120], "ways are whole"
    assert held["n"][20] == {"highway": "traffic_signals", "crossing": "yes"}
    assert held["n"][110] == {"barrier": "bollard", "material": "stone"}
    assert sorted(held["r"]) == [1]
    assert (told.nodes, told.ways, told.relations) == (10, 5, 1)
    assert told.bytes == told.file.stat().st_size
    assert told.sha256 == hashlib.sha256(country.read_bytes()).hexdigest()
    assert told.timestamp == WHEN
    assert str(told) == f"5 ways with 10 points ({told.bytes / 1e6:.1f} MB, data of 2024-05-06)"
    assert [item.name for item in (tmp_path / "out").iterdir()] == ["cut.osm.pbf"], "nothing is left behind"
    assert covers(told.file, BOX)
    assert osmium.FileProcessor(str(told.file)).header.get("sorting") == "Type_then_ID", "readers may stop early"


def test_the_cut_gives_the_network_of_the_source(country, tmp_path):
    cut = cut_roads(country, BOX, tmp_path / "cut.osm.pbf").file
    assert same_network(read_roads(country, bounds=BOX), read_roads(cut, bounds=BOX))
    within = (BOX[0] + 900, BOX[1] + 900, BOX[2] - 2_000, BOX[3] - 2_000)
    assert same_network(read_roads(country, bounds=within), read_roads(cut, bounds=within))
    network = read_roads(cut, bounds=BOX)
    assert network.summary["ferries"] == 1, "the one that crosses, not the one that passes"
    assert network.summary["left_out"]["ways not open to cars"] == 1
    assert network.summary["left_out"]["barriers"] == 1 + 1, "two roads meet at the bollard"


def test_the_cut_is_the_same_each_time_and_from_any_packing(country, tmp_path):
    first = cut_roads(country, BOX, tmp_path / "a.osm.pbf").file.read_bytes()
    assert cut_roads(country, BOX, tmp_path / "a.osm.pbf").file.read_bytes() == first, "replaced"
    plain = tmp_path / "plain.osm.pbf"
    with osmium.SimpleWriter(osmium.io.File(str(plain), "pbf,pbf_compression=none,pbf_dense_nodes=false")) as writer:
        for thing in osmium.FileProcessor(str(country)):
            writer.add(thing)
    xml = tmp_path / "country.osm.bz2"
    with osmium.SimpleWriter(str(xml)) as writer:
        for thing in osmium.FileProcessor(str(country)):
            writer.add(thing)
    for other in (plain, xml):
        cut = cut_roads(other, BOX, tmp_path / "b.osm.pbf").file
        assert things(cut) == things(tmp_path / "a.osm.pbf")
    again = cut_roads(tmp_path / "a.osm.pbf", BOX, tmp_path / "c.osm.pbf").file
    assert again.read_bytes() == first, "a cut of the cut"


def test_the_source_itself_can_be_replaced_by_its_cut(country):
    before = hashlib.sha256(country.read_bytes()).hexdigest()
    (country.parent / "before").hardlink_to(country)
    told = cut_roads(country, BOX, country)
    assert told.sha256 == before
    assert not country.samefile(country.parent / "before"), "replaced in one step, never half-written"
    assert sorted(things(country)["w"]) == [1, 2, 3, 5, 7]


def test_files_of_editors_are_cut(tmp_path):
    nodes = dict(zip([-3, -2, -1], around((100, 100), (900, 100), (900, 900)), strict=True))
    path = write_pbf(tmp_path / "e.osm", nodes, [(-1, [-3, -2, -1], ROAD)], form="osm")
    rows = path.read_text(encoding="utf-8").splitlines()
    ways = [i for i, row in enumerate(rows) if "<way" in row]
    ends = [i for i, row in enumerate(rows) if "</way>" in row]
    way = rows[ways[0] : ends[0] + 1]
    body = [row for i, row in enumerate(rows) if not ways[0] <= i <= ends[0]]
    path.write_text("\n".join([*body[:2], *way, *body[2:]]), encoding="utf-8")  # the way comes first
    cut = cut_roads(path, BOX, tmp_path / "cut.osm.pbf").file
    assert same_network(read_roads(path, bounds=BOX), read_roads(cut, bounds=BOX))
    assert read_roads(cut).summary["km"] == pytest.approx(1.6, abs=0.01)


def test_ways_with_missing_points_fall_into_pieces(tmp_path):
    nodes = dict(enumerate(around((100, 100), (200, 100), (400, 100), (500, 100)), 1))
    path = write_pbf(tmp_path / "m.osm.pbf", nodes, [(1, [1, 2, 99, 3, 4], ROAD), (2, [98, 99], ROAD), (3, [], ROAD)])
    network = read_roads(path, bounds=BOX)
    assert network.summary["km"] == pytest.approx(0.2, abs=0.001)
    assert same_network(network, read_roads(path))
    cut = cut_roads(path, BOX, tmp_path / "cut.osm.pbf").file
    assert same_network(network, read_roads(cut, bounds=BOX))


def test_a_way_whose_first_point_is_missing_is_found(tmp_path):
    nodes = {**dict(enumerate(around((100, 100), (200, 100)), 1)), 50: (E - 90_000, N)}
    path = write_pbf(tmp_path / "m.osm.pbf", nodes, [(1, [99, 1, 2], ROAD), (2, [1, 50], ROAD)])
    assert cut_roads(path, BOX, tmp_path / "cut.osm.pbf").ways == 2


def test_more_ways_and_signals_than_fit_one_batch(tmp_path, monkeypatch):
    monkeypatch.setattr("geodata.osm.source.WAYS_AT_ONCE", 3)
    monkeypatch.setattr("geodata.osm.source.NODES_AT_ONCE", 2)
    nodes = {i: (E + 100 * i, N + 50 * (i % 2)) for i in range(1, 40)}
    ways = [(i, [i, i + 1], ROAD) for i in range(1, 39)]
    tags = {i: {"highway": "traffic_signals"} for i in range(1, 40, 3)}
    path = write_pbf(tmp_path / "r.osm", nodes, ways, tags, form="osm")
    assert same_network(read_roads(path, bounds=BOX), read_roads(path))
    told = cut_roads(path, (E, N, E + 1_000, N + 1_000), tmp_path / "cut.osm.pbf")
    held = things(told.file)
    assert told.ways == len(held["w"]) < 38
    assert {key: facts for key, facts in held["n"].items() if facts} == {i: tags[i] for i in tags if i in held["n"]}


# ---------------------------------------------------------------------- memory


def test_positions_outside_the_box_are_not_kept(tmp_path, monkeypatch):
    """What is held between the passes is what lies in the box, however large the file."""
    import geodata.osm.select as roadselect  # noqa: PLC0415 - to see what is joined

    rng = np.random.default_rng(0)
    far = {i: (float(x), float(y)) for i, (x, y) in enumerate(rng.uniform(1e5, 2e5, (30_000, 2)), 1_000)}
    near = {i: (E + 10 * i, N + 100) for i in range(1, 400)}
    path = write_pbf(tmp_path / "r.osm.pbf", near | far, [(1, list(near), ROAD), (2, [1_001, 1_002, 1_003], ROAD)])
    sizes = []
    joined = roadselect.joined

    def watched(batches):
        batch = joined(batches)
        sizes.append(len(batch.key))
        return batch

    monkeypatch.setattr(roadselect, "joined", watched)
    read_roads(path, bounds=BOX)
    assert max(sizes) == len(near)


# ---------------------------------------------------------------------- what fails


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("r.osm.pbf", b"", "empty"),
        ("r.osm.pbf", b"<!DOCTYPE html><html>Log in", "web page"),
        ("r.osm.gz", b"\n<html>Log in", "web page"),
        ("r.osm.pbf", b"<?xml version='1.0'?><osm/>", "OpenStreetMap XML, not a .osm.pbf"),
        ("r.osm.pbf", b"PK\x03\x04" + b"\0" * 40, "zip archive"),
        ("r.osm.pbf", b"\x1f\x8b" + b"\0" * 40, "packed with gzip"),
        ("r.osm.gz", b"<osm/>", "not packed with gzip"),
        ("r.osm.bz2", b"<osm/>", "not packed with bzip2"),
        ("r.osm.pbf", b"\x00\x01\x02\x03" * 50, "cannot be read"),
        ("r.graphml", b"<graphml/>", "cannot be cut"),
    ],
)
def test_files_that_cannot_be_cut(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputProblems) as caught:
        cut_roads(path, BOX, tmp_path / "cut.osm.pbf")
    (finding,) = caught.value.findings
    assert words in finding.message
    assert finding.file == name
    assert finding.fix
    assert not (tmp_path / "cut.osm.pbf").exists()


@pytest.mark.parametrize(
    ("form", "name", "better"),
    [
        ("pbf", "vale.osm", "vale.osm.pbf"),
        ("pbf", "vale.osm.gz", "vale.osm.pbf"),
        ("osm", "vale.osm.pbf", "vale.osm"),
        ("osm", "vale.pbf", "vale.osm"),
        ("osm.gz", "vale.osm.pbf", "vale.osm.gz"),
        ("osm.bz2", "vale.osm", "vale.osm.bz2"),
    ],
)
def test_a_sound_file_under_the_wrong_name_is_told_its_right_one(tmp_path, form, name, better):
    nodes, ways = {1: (400_000, 100_000), 2: (401_000, 100_000)}, [(1, [1, 2], {"highway": "primary"})]
    path = write_pbf(tmp_path / name, nodes, ways, form=form)
    with pytest.raises(InputProblems) as caught:
        read_roads(path)
    (finding,) = caught.value.findings
    assert f"Rename it to {better}," in finding.fix
    path.rename(tmp_path / better)
    assert len(read_roads(tmp_path / better).road_from) == 1


def test_cut_off_downloads(country, tmp_path):
    whole = country.read_bytes()
    for end in (len(whole) // 3, len(whole) // 2, len(whole) - 1):
        part = tmp_path / "part.osm.pbf"
        part.write_bytes(whole[:end])
        with pytest.raises(InputProblems, match="cannot be read"):
            cut_roads(part, BOX, tmp_path / "cut.osm.pbf")
        with pytest.raises(InputProblems, match="cannot be read"):
            read_roads(part, bounds=BOX)
    with pytest.raises(InputProblems, match="no such road file"):
        cut_roads(tmp_path / "none.osm.pbf", BOX, tmp_path / "cut.osm.pbf")
    assert not (tmp_path / "cut.osm.pbf").exists()


def test_a_box_elsewhere(country, tmp_path):
    cut = cut_roads(country, BOX, tmp_path / "cut.osm.pbf").file
    elsewhere = (200_000.0, 700_000.0, 210_000.0, 710_000.0)
    assert covers(country, BOX) is None, "its header does not say"
    assert covers(cut, BOX) is True
    assert covers(cut, elsewhere) is False
    inner = (BOX[0] + 1_000, BOX[1] + 1_000, BOX[2] - 1_000, BOX[3] - 1_000)
    for side, further in enumerate((-2_000, -2_000, 2_000, 2_000)):
        wider = [edge + further * (side == i) for i, edge in enumerate(inner)]
        assert covers(cut, tuple(wider)) is False, "only a part"
    with pytest.raises(InputProblems, match="in the area of the case: it covers longitude"):
        cut_roads(cut, elsewhere, tmp_path / "two.osm.pbf")
    with pytest.raises(InputProblems, match=r"in the area of the case\."):
        cut_roads(country, elsewhere, tmp_path / "two.osm.pbf")
    assert not (tmp_path / "two.osm.pbf").exists()
    assert covers(write_pbf(tmp_path / "x.osm", {}, [], form="osm"), BOX) is None


def test_only_paths_are_no_roads(tmp_path):
    path = write_pbf(tmp_path / "r.osm.pbf", {1: (E, N), 2: (E + 9, N)}, [(1, [1, 2], {"highway": "path"})])
    with pytest.raises(InputProblems, match="no drivable road"):
        cut_roads(path, BOX, tmp_path / "cut.osm.pbf")


def test_a_target_that_cannot_be_written(country, tmp_path):
    (tmp_path / "in-the-way").write_text("x", encoding="utf-8")
    with pytest.raises(InputProblems, match="cannot be written"):
        cut_roads(country, BOX, tmp_path / "in-the-way" / "cut.osm.pbf")


@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("suffix", ["osm.pbf", "osm", "osm.gz"])
def test_mangled_files_give_one_message_or_roads(country, tmp_path, suffix, data):
    whole = tmp_path / f"whole.{suffix}"
    if not whole.exists():
        with osmium.SimpleWriter(str(whole)) as writer:
            for thing in osmium.FileProcessor(str(country)):
                writer.add(thing)
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    path = tmp_path / f"mangled.{suffix}"
    path.write_bytes(bytes(content))
    for work in (lambda: cut_roads(path, BOX, tmp_path / "cut.osm.pbf"), lambda: read_roads(path, bounds=BOX)):
        try:
            work()
        except InputProblems as problems:
            assert len(problems.findings) == 1
            assert str(tmp_path) not in problems.findings[0].message
    assert not list(tmp_path.glob(".cut-*"))


# ---------------------------------------------------------------------- real files


@pytest.mark.real
def test_rutland_cut_and_whole_give_the_same(shared_data, tmp_path):
    source = shared_data / "osm" / "rutland-latest.osm.pbf"
    told = cut_roads(source, RUTLAND_MIDDLE, tmp_path / "cut.osm.pbf")
    assert told.bytes < source.stat().st_size / 4
    assert covers(source, RUTLAND_MIDDLE)
    for gaps in (0, 15):
        whole = read_roads(source, bounds=RUTLAND_MIDDLE, bridge_gaps_m=gaps)
        assert same_network(whole, read_roads(told.file, bounds=RUTLAND_MIDDLE, bridge_gaps_m=gaps))
    again = cut_roads(source, RUTLAND_MIDDLE, tmp_path / "again.osm.pbf")
    assert again.file.read_bytes() == told.file.read_bytes()
    everywhere = (400_000.0, 200_000.0, 600_000.0, 400_000.0)
    assert same_network(read_roads(source, bounds=everywhere), read_roads(source))
