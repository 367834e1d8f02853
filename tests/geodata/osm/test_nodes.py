"""Positions come out of an OpenStreetMap file as the library reads them, whatever the packing, and damage is told."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import osmium
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.osm.nodes import NodeBatch, joined
from geodata.osm.protobuf import DamagedFile, varints, zigzag
from geodata.osm.source import open_source
from tests.geodata.osm_files import HEADER, block, content, number, signed, varint, write_pbf


def by_library(path: Path) -> dict[int, tuple[int, int]]:
    nodes = osmium.FileProcessor(str(path), osmium.osm.NODE)
    return {node.id: (node.location.x, node.location.y) for node in nodes if node.location.valid()}


def by_blocks(path: Path) -> dict[int, tuple[int, int]]:
    batch = joined(list(open_source(path).nodes()))
    return {key: (x, y) for key, x, y in zip(batch.key.tolist(), batch.x.tolist(), batch.y.tolist(), strict=True)}


def many_nodes(count: int = 20_000) -> dict[int, tuple[float, float]]:
    """Enough for three blocks, with far jumps between the numbers."""
    rng = np.random.default_rng(1)
    keys = np.sort(rng.choice(12_000_000_000, count, replace=False))
    return {int(key): (float(x), float(y)) for key, x, y in zip(keys, *rng.uniform(1e5, 6e5, (2, count)), strict=True)}


@pytest.mark.parametrize(
    "form", ["pbf", "pbf,pbf_compression=none", "pbf,pbf_dense_nodes=false", "pbf,pbf_compression=lz4", "osm", "osm.gz"]
)
def test_every_packing_gives_what_the_library_gives(tmp_path, form):
    name = "r." + ("osm.pbf" if form.startswith("pbf") else form)
    path = tmp_path / name
    try:
        write_pbf(path, many_nodes(9_000), [(1, [1, 2], {"highway": "primary"})], form=form)
    except (ValueError, RuntimeError) as problem:
        pytest.skip(f"this build of the library cannot write it: {problem}")
    found = by_blocks(path)
    assert len(found) == 9_000
    assert found == by_library(path)


@pytest.mark.real
def test_a_published_extract(shared_data):
    path = shared_data / "osm" / "rutland-latest.osm.pbf"
    found = by_blocks(path)
    assert len(found) == 113_647
    assert found == by_library(path)


def test_nodes_out_of_order_with_negative_numbers_and_twice(tmp_path):
    path = write_pbf(tmp_path / "r.osm.pbf", {5: (4e5, 1e5), -7: (4e5, 2e5), 3: (4e5, 3e5)}, [])
    assert list(by_blocks(path)) == [-7, 3, 5]
    assert by_blocks(path) == by_library(path)
    two = joined([*open_source(path).nodes(), *open_source(path).nodes()])
    assert two.key.tolist() == [-7, 3, 5], "each once"
    key = np.array([3, 3], np.int64)
    last = joined([NodeBatch(key, np.array([1, 2], np.int32), np.array([3, 4], np.int32))])
    assert (last.x.tolist(), last.y.tolist()) == ([2], [4]), "of a node that comes twice, the last"


def test_nodes_after_the_ways_of_an_unsorted_file_count(tmp_path):
    ways = content(1, content(1, b"")) + content(2, content(3, number(1, 7)))
    path = tmp_path / "r.osm.pbf"
    path.write_bytes(HEADER + block(b"OSMData", ways) + block(b"OSMData", GROUP))
    assert list(by_blocks(path)) == [1]


def test_fields_of_a_fixed_width_are_passed_over(tmp_path):
    unknown = varint(98 << 3 | 1) + b"\x08\xff\xff\xff\xff\xff\xff\xff" + varint(99 << 3 | 5) + b"\xff" * 4
    path = tmp_path / "r.osm.pbf"
    path.write_bytes(HEADER + block(b"OSMData", unknown + GROUP))
    assert list(by_blocks(path)) == [1]


def test_nodes_without_a_place_are_none(tmp_path):
    path = tmp_path / "r.osm"
    path.write_text('<osm version="0.6"><node id="1" lat="51" lon="-1"/><node id="2"/></osm>', encoding="utf-8")
    assert by_blocks(path) == {1: (-10_000_000, 510_000_000)}


def test_finding_again_reads_what_is_asked_for(tmp_path):
    nodes = many_nodes()
    path = write_pbf(tmp_path / "r.osm.pbf", nodes, [])
    everything = by_library(path)
    keys = np.array(sorted(nodes), dtype=np.int64)
    wanted = np.sort(np.append(keys[[0, 7, 8_000, -1]], 5))
    reader = open_source(path)
    for _ in range(2):  # first without, then with what it knows of the blocks
        found = reader.find(wanted)
        assert found.key.tolist() == [int(key) for key in wanted if int(key) in everything]
        assert [(x, y) for x, y in zip(found.x.tolist(), found.y.tolist(), strict=True)] == [
            everything[key] for key in found.key.tolist()
        ]
        list(reader.nodes())
    assert not len(reader.find(np.zeros(0, np.int64)).key)


def dense(keys: list[int], lat: list[int], lon: list[int]) -> bytes:
    columns = ((1, keys), (8, lat), (9, lon))
    return b"".join(
        content(field, b"".join(varint(signed(value)) for value in np.diff(values, prepend=0).tolist()))
        for field, values in columns
    )


def test_other_units_and_offsets(tmp_path):
    group = content(2, content(2, dense([1, 2, 3], [500, -7, 0], [-100, 33, 2 * 10**8])))
    units = number(17, 1000) + number(19, 50_000_000_007) + number(20, -1_000_000_009)
    path = tmp_path / "r.osm.pbf"
    path.write_bytes(HEADER + block(b"OSMData", content(1, content(1, b"")) + group + units))
    assert by_blocks(path) == by_library(path)
    assert 3 not in by_blocks(path), "two hundred degrees is nowhere"


def test_unknown_blocks_are_passed_over(tmp_path):
    group = content(1, content(1, b"")) + content(2, content(2, dense([1], [5], [6])))
    path = tmp_path / "r.osm.pbf"
    path.write_bytes(HEADER + block(b"Other", b"anything", raw=True) + block(b"OSMData", group, raw=True))
    assert list(by_blocks(path)) == [1]


GROUP = content(1, content(1, b"")) + content(2, content(2, dense([1], [5], [6])))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<!DOCTYPE html><p>no", "not a .osm.pbf"),
        (HEADER + b"\x00\x00", "not a .osm.pbf"),
        (HEADER + block(b"OSMData", GROUP)[:-3], "cut off"),
        (HEADER + b"\x00\x00\x00\x05abcde", "damaged"),
        (HEADER + block(b"OSMData", b"")[:4] + content(1, b"OSMData") + number(3, 2**31), "damaged"),
        (HEADER + block(b"OSMData", b"\x07" * 9), "damaged"),
        (HEADER + block(b"OSMData", b"not packed", field=3), "cannot be unpacked"),
        (HEADER + block(b"OSMData", content(2, content(2, dense([1, 2], [5], [6])))), "more nodes than positions"),
        (HEADER + block(b"OSMData", content(2, content(2, content(1, b"\xff")))), "damaged"),
        (HEADER + block(b"OSMData", content(2, content(2, content(1, b"\xff" * 11 + b"\x00")))), "damaged"),
        (HEADER + block(b"OSMData", content(2, content(1, number(1, 2)))), "no position"),
    ],
)
def test_damage_is_told(tmp_path, data, words):
    path = tmp_path / "r.osm.pbf"
    path.write_bytes(data)
    with pytest.raises(DamagedFile, match=words):
        list(open_source(path).nodes())


def test_a_block_that_unpacks_to_a_flood_is_refused(tmp_path):
    path = tmp_path / "r.osm.pbf"
    path.write_bytes(HEADER + block(b"OSMData", bytes(33 * 1024 * 1024)))
    with pytest.raises(DamagedFile, match="cannot be unpacked"):
        list(open_source(path).nodes())


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=50))
@settings(max_examples=100, deadline=None)
def test_any_numbers_survive_the_packing(values):
    assert zigzag(varints(b"".join(varint(signed(value)) for value in values))).tolist() == values


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mangled_blocks_fail_in_one_way(tmp_path, data):
    whole = bytearray(HEADER + block(b"OSMData", GROUP, raw=True) + block(b"OSMData", GROUP))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "r.osm.pbf"
    path.write_bytes(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    with contextlib.suppress(ValueError, RuntimeError):
        list(open_source(path).nodes())
