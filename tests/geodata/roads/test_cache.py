"""What was built is used again only for the same file, settings and speeds; a large file is not read to find out."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geodata.case_times import road_file_name, travel_times
from geodata.errors import InputProblems
from geodata.place import BRITISH_NATIONAL_GRID
from geodata.roads import cache as road_cache
from geodata.roads import kept
from geodata.roads.cache import file_hash, load_cached
from tests.geodata.osm_files import write_pbf
from tests.geodata.test_travel import place_of

HERE = [(400_000.0, 100_000.0), (403_000.0, 100_000.0)]


def roads(**facts: object) -> SimpleNamespace:
    base = {"method": "roads", "source": None, "place": None, "bridge_gaps_m": 15, "straight_line": None}
    return SimpleNamespace(**base | facts)


@pytest.fixture
def place():
    return place_of(HERE[:1], HERE[1:])


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """Names of the road files that were read, one for each time."""
    names: list[str] = []
    read = kept.read_roads

    def watched(path: Path, **rest: object):
        names.append(path.name)
        return read(path, **rest)

    monkeypatch.setattr(kept, "read_roads", watched)
    return names


def write_roads(path: Path, limit: str = "30 mph") -> Path:
    tags = {"highway": "primary", "maxspeed": limit}
    return write_pbf(path, {1: HERE[0], 2: HERE[1]}, [(1, [1, 2], tags)])


def test_roads_are_read_again_only_where_they_would_be_read_otherwise(tmp_path, place, reads):
    write_roads(tmp_path / "r.osm.pbf")
    plain, _ = travel_times(place, roads(source="r.osm.pbf"), tmp_path)
    (tmp_path / "slow.toml").write_text("[class.primary]\nrural = 20\nbuilt_up = 20\n", encoding="utf-8")
    slow, _ = travel_times(place, roads(source="r.osm.pbf", speeds="slow.toml"), tmp_path)
    assert reads == ["r.osm.pbf"], "other speeds are timed on the same roads"
    assert slow.area_to_site[0, 0] > plain.area_to_site[0, 0]
    (tmp_path / "town.toml").write_text("[built_up]\nstreet_m = 10\n", encoding="utf-8")
    travel_times(place, roads(source="r.osm.pbf", speeds="town.toml"), tmp_path)
    assert len(reads) == 2, "what counts as built-up decides how roads are described"


def test_a_changed_file_is_read_again_even_with_the_same_size_and_time(tmp_path, place, reads):
    path = write_roads(tmp_path / "r.osm.pbf", "30 mph")
    facts = path.stat()
    slow, _ = travel_times(place, roads(source="r.osm.pbf"), tmp_path)
    path.unlink()
    write_roads(path, "60 mph")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert path.stat().st_size == facts.st_size
    fast, _ = travel_times(place, roads(source="r.osm.pbf"), tmp_path)
    assert len(reads) == 2
    assert fast.area_to_site[0, 0] < slow.area_to_site[0, 0]


@pytest.fixture
def hashed(monkeypatch) -> list[str]:
    names: list[str] = []
    digest = road_cache._sha256

    def watched(path: Path) -> str:
        names.append(path.name)
        return digest(path)

    monkeypatch.setattr(road_cache, "_sha256", watched)
    return names


def test_a_large_file_is_read_for_its_checksum_once(tmp_path, hashed):
    path, cache = tmp_path / "country.osm.pbf", tmp_path / ".cache"
    path.write_bytes(b"x" * 1000)
    hour = 3600 * 10**9
    then = time.time_ns() - hour
    os.utime(path, ns=(then, then))
    first = file_hash(path, cache, always_read_bytes=10)
    assert file_hash(path, cache, always_read_bytes=10) == first
    assert len(hashed) == 1
    path.write_bytes(b"y" * 1000)  # a new time
    assert file_hash(path, cache, always_read_bytes=10) != first
    assert len(hashed) == 2
    path.write_bytes(b"x" * 1001)
    os.utime(path, ns=(then, then))
    assert file_hash(path, cache, always_read_bytes=10) != first
    assert not list(cache.glob("*.tmp"))


def test_a_file_that_has_just_changed_is_not_remembered(tmp_path, hashed):
    path, cache = tmp_path / "country.osm.pbf", tmp_path / ".cache"
    path.write_bytes(b"x" * 1000)
    for _ in range(2):
        file_hash(path, cache, always_read_bytes=10)
    assert len(hashed) == 2, "it might change again without a new time"


def test_a_file_that_changes_while_it_is_read_is_not_remembered(tmp_path, monkeypatch):
    path, cache = tmp_path / "country.osm.pbf", tmp_path / ".cache"
    path.write_bytes(b"x" * 1000)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    digest = road_cache._sha256

    def grows(file: Path) -> str:
        found = digest(file)
        with file.open("ab") as stream:
            stream.write(b"more")
        os.utime(file, (1_700_000_000, 1_700_000_000))
        return found

    monkeypatch.setattr(road_cache, "_sha256", grows)
    file_hash(path, cache, always_read_bytes=10)
    assert not (cache / road_cache.INDEX).exists()


def test_what_cannot_be_kept_leaves_nothing_behind(tmp_path):
    path, cache = tmp_path / "country.osm.pbf", tmp_path / ".cache"
    path.write_bytes(b"x" * 1000)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    (cache / road_cache.INDEX).mkdir(parents=True)
    (cache / road_cache.INDEX / "in the way").write_text("x", encoding="utf-8")
    assert len(file_hash(path, cache, always_read_bytes=10)) == 64
    assert [item.name for item in cache.iterdir()] == [road_cache.INDEX]


@pytest.mark.parametrize("content", [b"", b"broken", b"PK\x03\x04" + b"\0" * 40])
def test_a_damaged_network_is_built_anew(tmp_path, content):
    (tmp_path / "network.npz").write_bytes(content)
    assert load_cached(tmp_path / "network.npz") is None
    assert load_cached(tmp_path / "none.npz") is None


@pytest.mark.parametrize(
    "content",
    [
        b"broken",
        b"[1, 2]",
        b'{"country.osm.pbf": 5}',
        b"\xff\xfe\x00",
        b'{"country.osm.pbf": [1000, 1700000000000000000]}',
    ],
)
def test_a_broken_index_is_no_harm(tmp_path, hashed, content):
    path, cache = tmp_path / "country.osm.pbf", tmp_path / ".cache"
    path.write_bytes(b"x" * 1000)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    cache.mkdir()
    (cache / road_cache.INDEX).write_bytes(content)
    for _ in range(2):
        file_hash(path, cache, always_read_bytes=10)
    assert len(hashed) == 1
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert len(file_hash(path, tmp_path / "file" / "cache", always_read_bytes=10)) == 64


# ---------------------------------------------------------------------- places


def test_a_place_that_was_not_downloaded_is_told_and_nothing_is_asked(tmp_path, place, monkeypatch):
    def no_network(*_: object, **__: object):
        raise AssertionError("only fetch uses the network")

    monkeypatch.setattr("socket.socket.connect", no_network)
    with pytest.raises(InputProblems) as caught:
        travel_times(place, roads(place="Dorset, England"), tmp_path)
    (finding,) = caught.value.findings
    assert finding.code == "roads-not-fetched"
    assert "roads-dorset-england.osm.pbf" in finding.message
    assert "blueprint fetch CASE" in finding.fix
    assert (finding.file, finding.column, finding.value) == ("case.toml", "roads.place", "Dorset, England")


def test_a_place_uses_the_downloaded_file(tmp_path, place, reads):
    named = write_roads(tmp_path / road_file_name(roads(place="Dorset, England")))
    times, _ = travel_times(place, roads(place="Dorset, England"), tmp_path)
    assert np.isfinite(times.area_to_site).all()
    assert times.method.details["source"] == named.name == "roads-dorset-england.osm.pbf"
    travel_times(place, roads(place="Dorset, England"), tmp_path)
    assert reads == [named.name], "kept like any other"


def test_a_file_outranks_a_place():
    assert road_file_name(roads(source="a.gpkg", place="Dorset")) == "a.gpkg"
    with pytest.raises(InputProblems, match="Neither a road file nor a place"):
        road_file_name(roads())


def test_other_kinds_of_files_are_kept_alike(tmp_path, place, reads):
    frame = gpd.GeoDataFrame({"highway": ["primary"]}, geometry=[shapely.LineString(HERE)], crs=BRITISH_NATIONAL_GRID)
    frame.to_file(tmp_path / "r.gpkg", layer="network")
    for _ in range(2):
        travel_times(place, roads(source="r.gpkg"), tmp_path)
    assert reads == ["r.gpkg"]
