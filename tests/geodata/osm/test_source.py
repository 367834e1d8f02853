"""Ways, tags and restrictions come out of the blocks of a file as the OpenStreetMap library reads them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import osmium
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from osmium.osm.mutable import Node, Relation, Way

from geodata.errors import InputProblems
from geodata.osm.nodes import joined
from geodata.osm.protobuf import DamagedFile, Rows, messages
from geodata.osm.source import BlockSource, LibrarySource, open_source
from geodata.osm.ways import WayBatch
from geodata.roads import read_roads
from tests.geodata.osm_files import HEADER, block, content, number, same_network, signed, varint

WHEN = "2021-02-03T04:05:06Z"
PACKINGS = ["pbf", "pbf,pbf_compression=none", "pbf,pbf_dense_nodes=false", "pbf,pbf_compression=lz4", "osm"]
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=6)
tags = st.dictionaries(
    st.sampled_from(["highway", "route", "name", "ref", "oneway:conditional", "maxspeed"]) | texts,
    st.sampled_from(["ferry", "residential", "highway"]) | texts,
    max_size=5,
)
numbers = st.integers(-(2**40), 2**40)


def told_of(batches: list[WayBatch]) -> list[tuple]:
    rows = []
    for batch in batches:
        for i, (first, last) in enumerate(zip(batch.offset[:-1], batch.offset[1:], strict=True)):
            facts = (batch.tags[i], batch.naming[i], bool(batch.timed[i]), int(batch.seconds[i]))
            rows.append((int(batch.key[i]), batch.refs[first:last].tolist(), *facts))
    return rows


def everything(source: BlockSource | LibrarySource, keys: np.ndarray, near=None) -> tuple:
    nodes, found = joined(list(source.nodes())), source.find(keys)
    places = [(batch.key.tolist(), batch.x.tolist(), batch.y.tolist(), batch.tags) for batch in (nodes, found)]
    return places, told_of(list(source.ways(near))), list(source.restrictions())


def write(path: Path, form: str, nodes: dict, ways: list, relations: list) -> Path:
    with osmium.SimpleWriter(osmium.io.File(str(path), form), overwrite=True) as writer:
        for key, (lon, lat, facts) in nodes.items():
            writer.add_node(Node(id=key, location=(lon, lat), tags=facts))
        for key, refs, facts in ways:
            writer.add_way(Way(id=key, nodes=refs, tags=facts, timestamp=WHEN))
        for key, (members, facts) in enumerate(relations):
            writer.add_relation(Relation(id=key, members=members, tags=facts))
    return path


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("form", PACKINGS[:3])
def test_any_file_is_read_as_the_library_reads_it(tmp_path, form, data):
    place = st.tuples(st.floats(-180, 180), st.floats(-90, 90), tags | st.just({"barrier": "gate"}))
    nodes = data.draw(st.dictionaries(numbers, place, max_size=6))
    refs = st.lists(st.sampled_from(sorted(nodes)) | numbers if nodes else numbers, max_size=5)
    ways = data.draw(st.lists(st.tuples(numbers, refs, tags), max_size=6))
    member = st.tuples(st.sampled_from("nwr"), numbers, st.sampled_from(["from", "via", "to", ""]))
    facts = tags.map(lambda facts: facts | {"type": "restriction", "restriction": "no_u_turn"}) | tags
    relations = data.draw(st.lists(st.tuples(st.lists(member, max_size=4), facts), max_size=4))
    path = write(tmp_path / "r.osm.pbf", form, nodes, ways, relations)
    wanted = np.array(sorted(list(nodes)[::2]), dtype=np.int64)
    near = data.draw(st.sampled_from([None, lambda refs, offset: np.diff(offset) > 2]))
    source = open_source(path)
    assert isinstance(source, BlockSource)
    assert everything(source, wanted, near) == everything(LibrarySource(path), wanted, near)
    assert everything(source, wanted, near) == everything(source, wanted, near), "as often as asked"


@pytest.mark.parametrize("form", PACKINGS)
def test_the_date_of_a_file_that_states_none_is_that_of_its_newest_road(tmp_path, form):
    nodes = {1: (-1.0, 52.0, {}), 2: (-1.0, 52.001, {})}
    ways = [(1, [1, 2], {"highway": "residential"})]
    try:
        path = write(tmp_path / ("r.osm" if form == "osm" else "r.osm.pbf"), form, nodes, ways, [])
    except (ValueError, RuntimeError) as problem:
        pytest.skip(f"this build of the library cannot write it: {problem}")
    assert read_roads(path).summary["timestamp"] == WHEN


@pytest.mark.real
@pytest.mark.parametrize("near", [None, lambda refs, offset: refs[np.minimum(offset[:-1], len(refs) - 1)] % 3 == 0])
def test_a_published_extract(shared_data, near):
    path = shared_data / "osm" / "rutland-latest.osm.pbf"
    ours, library = open_source(path), LibrarySource(path)
    assert ours.timestamp == library.timestamp != ""
    library.timestamp = ""
    wanted = np.arange(0, 6_000_000_000, 1_000_003)
    found, by_library = everything(ours, wanted, near), everything(library, wanted, near)
    assert found[0] == by_library[0]
    assert [row[:-1] for row in found[1]] == [row[:-1] for row in by_library[1]]
    assert found[2] == by_library[2]
    assert len(found[1]) > 1_000
    ours.timestamp = ""
    assert told_of(list(ours.ways(near))) == by_library[1], "with the dates"


def test_a_file_of_history_is_told_by_the_library_and_refused(tmp_path):
    path = tmp_path / "r.osm.pbf"
    path.write_bytes(block(b"OSMHeader", content(4, b"OsmSchema-V0.6") + content(4, b"HistoricalInformation")))
    with pytest.raises(InputProblems, match="history"):
        open_source(path)


# ---------------------------------------------------------------------- blocks written by hand

STRINGS = content(1, b"".join(content(1, word) for word in (b"", b"highway", b"road", b"type", b"restriction")))


def packed(field: int, *values: int) -> bytes:
    return content(field, b"".join(varint(value) for value in values))


WAY = number(1, 7) + packed(2, 1) + packed(3, 2) + packed(8, signed(5), signed(1))
RULE = number(1, 1) + packed(2, 3) + packed(3, 4) + packed(8, 0) + packed(9, signed(-9)) + packed(10, 1)


def file_of(path: Path, *things: bytes) -> Path:
    groups = b"".join(content(2, thing) for thing in things)
    path.write_bytes(HEADER + block(b"OSMData", STRINGS + groups))
    return path


def test_fields_may_come_in_any_order_and_unknown_ones_are_passed_over(tmp_path):
    turned = packed(8, signed(5), signed(1)) + number(99, 2**63) + packed(3, 2) + content(98, b"?") + packed(2, 1)
    path = file_of(tmp_path / "r.osm.pbf", content(3, turned + number(1, 7)) + content(3, WAY), content(4, RULE))
    source = open_source(path)
    (batch,) = source.ways()
    assert batch.key.tolist() == [7, 7]
    assert batch.refs.tolist() == [5, 6] * 2
    assert batch.tags == [(("highway", "road"),)] * 2
    (rule,) = source.restrictions()
    assert rule.ways == ()


@pytest.mark.parametrize(
    "thing",
    [
        content(3, WAY + packed(2, 1, 1)),
        content(3, WAY + packed(3, 77)),
        content(3, WAY + b"\x0d\xff\xff\xff\xff"),
        content(3, WAY + b"\x08" + b"\xff" * 10),
        content(3, WAY + content(8, b"\xff")),
        content(3, WAY + content(8, b"\x01")[:-1] + b"\xff" * 9),
        content(3, WAY + varint(8 << 3 | 2) + varint(2**62)),
        content(3, WAY) + varint(3 << 3 | 2) + b"\x7f",
        content(4, RULE + packed(10, 3)),
        content(4, RULE + packed(9, 1, 2)),
        content(4, RULE + packed(8, 77)),
    ],
)
def test_damage_is_told(tmp_path, thing):
    source = open_source(file_of(tmp_path / "r.osm.pbf", thing))
    with pytest.raises(DamagedFile):
        print(told_of(list(source.ways())), list(source.restrictions()))


def test_tags_of_nodes_that_do_not_come_in_pairs_are_damage(tmp_path):
    for row in ((1, 0), (1, 2), (1, 2, 0, 0)):
        nodes = packed(1, signed(3)) + packed(8, 0) + packed(9, 0) + packed(10, *row)
        with pytest.raises(DamagedFile):
            list(open_source(file_of(tmp_path / "r.osm.pbf", content(2, nodes))).nodes())


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mangled_blocks_fail_in_one_way(tmp_path, data):
    nodes = packed(1, signed(3)) + packed(8, 0) + packed(9, 0) + packed(10, 1, 2, 0)
    groups = content(2, content(2, nodes)) + content(2, content(3, WAY) * 2) + content(2, content(4, RULE))
    whole = bytearray(HEADER + block(b"OSMData", STRINGS + groups, raw=True))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "r.osm.pbf"
    path.write_bytes(bytes(whole))
    with contextlib.suppress(ValueError, RuntimeError):
        everything(open_source(path), np.array([1, 3], dtype=np.int64))


@given(st.lists(st.lists(st.tuples(st.integers(1, 3), st.integers(-(2**63), 2**63 - 1)), max_size=5), max_size=5))
@settings(max_examples=100, deadline=None)
def test_many_messages_at_once_hold_what_each_holds(rows):
    data = b"".join(content(6, b"".join(number(field, value) for field, value in row)) for row in rows)
    read = Rows.of(data, *messages(data, 6), (1, 2, 3))
    for field in (1, 2, 3):
        assert read.held[field].tolist() == [dict(row).get(field, 0) for row in rows]


def test_reading_roads_loads_no_table_library():
    """Reading a road file holds little memory, so nothing large may come in by the way."""
    import subprocess  # noqa: PLC0415 - only here
    import sys  # noqa: PLC0415

    heavy = "pandas", "geopandas", "networkx", "osmnx", "pyogrio", "requests", "osmium", "matplotlib", "numba"
    code = f"import sys, geodata.roads; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"


def test_networks_of_every_packing_are_the_same(tmp_path):
    lights = {"highway": "traffic_signals"}
    nodes = {i: (-1 + i / 1000, 52 + (i % 3) / 1000, lights if i % 4 else {}) for i in range(1, 30)}
    ways = [(i, [i, i + 1, i + 2], {"highway": "primary", "name": f"Road {i}"}) for i in range(1, 26, 2)]
    rule = {"type": "restriction", "restriction": "no_right_turn"}
    turn = ([("w", 1, "from"), ("n", 3, "via"), ("w", 3, "to")], rule)
    read = [
        read_roads(write(tmp_path / f"{i}.osm{'' if form == 'osm' else '.pbf'}", form, nodes, ways, [turn]))
        for i, form in enumerate(form for form in PACKINGS if "lz4" not in form)
    ]
    assert read[0].summary["turns_restricted"] == 1
    assert all(same_network(read[0], other) for other in read[1:])
