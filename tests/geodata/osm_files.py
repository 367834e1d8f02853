"""Small OpenStreetMap files for the tests."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import osmium
from osmium.osm.mutable import Node, Way
from pyproj import Transformer

from geodata.roads.network import RoadNetwork

TO_LONLAT = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)
WHEN = "2024-05-06T07:08:09Z"


def lonlat(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a point in metres."""
    return TO_LONLAT.transform(x, y)


def write_pbf(
    path: Path,
    nodes: Mapping[int, tuple[float, float]],
    ways: Iterable[tuple[int, list[int], dict[str, str]]],
    node_tags: Mapping[int, dict[str, str]] | None = None,
    form: str = "pbf",
    relations: Iterable[object] = (),
) -> Path:
    """Write a file; points in metres of EPSG:27700, in the order given; `form` is osmium's name of the packing."""
    header = osmium.io.Header()
    header.set("osmosis_replication_timestamp", WHEN)
    with osmium.SimpleWriter(osmium.io.File(str(path), form), header=header) as writer:
        for key, place in nodes.items():
            writer.add_node(Node(id=key, location=lonlat(*place), tags=(node_tags or {}).get(key)))
        for key, refs, tags in ways:
            writer.add_way(Way(id=key, nodes=refs, tags=tags))
        for relation in relations:
            writer.add_relation(relation)
    return path


def arrays_of(network: RoadNetwork) -> dict[str, np.ndarray]:
    """All arrays of a network, by name."""
    return {name: value for name, value in vars(network).items() if isinstance(value, np.ndarray)}


def same_network(one: RoadNetwork, other: RoadNetwork) -> bool:
    """Whether two networks are alike to the last digit, apart from the name of their file."""
    facts = [dict(network.summary) | {"source": ""} for network in (one, other)]
    first, second = arrays_of(one), arrays_of(other)
    alike = all(np.array_equal(first[name], second[name], equal_nan=first[name].dtype.kind == "f") for name in first)
    return alike and facts[0] == facts[1]


# ------------------------------------------------------------------------------------- blocks written by hand


def varint(value: int) -> bytes:
    """A whole number as protocol buffers write it."""
    value &= 2**64 - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    """A field with a whole number."""
    return varint(field << 3) + varint(value)


def content(field: int, data: bytes) -> bytes:
    """A field with bytes."""
    return varint(field << 3 | 2) + varint(len(data)) + data


def signed(value: int) -> int:
    """Zigzag: small numbers stay small whatever their sign."""
    return value * 2 if value >= 0 else -value * 2 - 1


def block(kind: bytes, data: bytes, *, raw: bool = False, field: int | None = None) -> bytes:
    """One block of a file, packed with zlib or not, or claiming another packing (`field`)."""
    if field is not None:
        blob = number(2, len(data)) + content(field, data)
    else:
        blob = content(1, data) if raw else number(2, len(data)) + content(3, zlib.compress(data))
    head = content(1, kind) + number(3, len(blob))
    return struct.pack(">I", len(head)) + head + blob


HEADER = block(b"OSMHeader", content(4, b"OsmSchema-V0.6") + content(4, b"DenseNodes"))
