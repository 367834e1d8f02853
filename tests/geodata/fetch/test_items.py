"""What entries may say, and what the list of known files holds."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.case import CaseSettings, FetchSpec, RoadSettings, Tables
from geodata.errors import InputProblems
from geodata.fetch.items import choose, items_of_case, known_items, known_sources, national_items


def settings(*entries: dict, roads: RoadSettings | None = None) -> CaseSettings:
    specs = [FetchSpec(**({"name": f"entry {number}"} | entry)) for number, entry in enumerate(entries)]
    return CaseSettings(name="Somewhere", tables=Tables(), roads=roads or RoadSettings(), fetch=specs)


def refused(*entries: dict) -> list:
    with pytest.raises(InputProblems) as caught:
        items_of_case(settings(*entries))
    assert all(found.fix and found.file == "case.toml" for found in caught.value.findings)
    return list(caught.value.findings)


def test_known_sources_are_complete_and_their_names_usable():
    items = known_items()
    assert len(items) == sum(len(source.items()) for source in known_sources())
    assert {"practices", "postcodes", "lsoa-2021-points", "roads-isle-of-wight", "imd-2025"} <= set(items)
    assert len({item.to for item in items.values() if item.to}) == sum(bool(item.to) for item in items.values())
    for item in items.values():
        assert re.fullmatch(r"[a-z0-9-]+", item.name)
        assert item.title and item.purpose and item.publisher and item.licence
        assert urlsplit(item.page).scheme == "https"
        assert bool(item.url) == bool(item.to)
        if item.url:
            assert urlsplit(item.url).scheme == "https"
            assert "{" not in item.url + item.to
            assert not items_of_case(settings({"name": "x", "source": item.name}))[0].place


def test_only_confirmed_addresses_are_national():
    assert {item.checked and bool(item.url) for item in national_items()} == {True}
    assert 8 <= len(national_items()) <= 20


def test_an_entry_may_name_a_known_source():
    (item,) = items_of_case(settings({"name": "areas", "source": "lsoa-2021-points", "where": "LSOA21CD LIKE 'E%'"}))
    assert item.kind == "features"
    assert item.to == "lsoa-2021-points.geojson"
    assert item.where == "LSOA21CD LIKE 'E%'"
    assert item.licence == "OGL v3"


def test_a_source_without_an_address_needs_one():
    (found,) = refused({"source": "list-sizes", "to": "a.csv"})
    assert "address is missing" in found.message
    assert "https://digital.nhs.uk/" in found.fix
    (item,) = items_of_case(settings({"source": "list-sizes", "url": "https://files.example/a.csv", "to": "a.csv"}))
    assert item.publisher == "NHS England"


def test_the_place_of_the_roads_is_a_download(monkeypatch):
    monkeypatch.setattr("geodata.roads.roads_file_of_place", lambda place: f"roads-{place.lower()}.osm.pbf")
    (item,) = items_of_case(settings(roads=RoadSettings(method="roads", place="Rutland")))
    assert (item.kind, item.place, item.to) == ("roads", "Rutland", "roads-rutland.osm.pbf")


def test_all_mistakes_of_all_entries_in_one_go():
    url = "https://files.example/a.csv"
    found = refused(
        {"url": "files.example/a.csv", "to": "1.csv"},
        {"url": "ftp://files.example/a.csv", "to": "2.csv"},
        {"url": "https://me:secret@files.example/a.csv", "to": "3.csv"},
        {"url": "http://[::1", "to": "4.csv"},
        {"to": "5.csv"},
        {"url": url},
        {"url": url, "to": "7.csv", "sha256": "abc"},
        {"url": url, "to": "8.gpkg", "kind": "features"},
        {"to": "9.graphml", "kind": "roads"},
        {"source": "nothing", "to": "10.csv", "url": url},
        {"url": url, "to": "same.csv"},
        {"url": url, "to": "SAME.csv", "name": "entry 10"},
    )
    assert len(found) == 12
    assert "secret" not in str([str(one) for one in found])


ABSOLUTE = ["/etc/a.csv", "C:\\a.csv", "C:/a.csv"]
OUTSIDE = ["../a.csv", "a/../../b.csv", "data\\..\\..\\a.csv"]
OURS = ["case.toml", "FETCHED.json", "a.part", "x.part.json", ".hidden"]
NOT_ON_WINDOWS = ["nul.csv", "data/con", "a?.csv", "a.csv ", "a.", ".", "a/", "a\nb.csv"]


@pytest.mark.parametrize("to", ABSOLUTE + OUTSIDE + OURS + NOT_ON_WINDOWS)
def test_names_that_would_leave_the_folder_or_hide(to):
    assert "name of a download" in refused({"url": "https://files.example/a.csv", "to": to})[0].message


@given(st.text(alphabet="ab./\\:~ \x00", min_size=1, max_size=12))
def test_no_name_leads_out_of_the_folder(to):
    try:
        (item,) = items_of_case(settings({"url": "https://files.example/a.csv", "to": to}))
    except InputProblems:
        return
    root = Path("/somewhere/case")
    assert (root / item.to).resolve().is_relative_to(root)


@pytest.mark.parametrize("other", ["./a.csv", "A.csv", ".\\a.csv"])
def test_one_file_under_two_spellings_is_noticed(other):
    url = "https://files.example/a.csv"
    assert "same file name" in refused({"url": url, "to": "a.csv"}, {"url": url, "to": other, "name": "two"})[0].message


def test_choosing_by_name():
    items = items_of_case(settings({"name": "one", "url": "https://files.example/a.csv", "to": "a.csv"}))
    assert choose(items, ()) == items
    assert [item.name for item in choose(items, ["imd-2025", "one", "one"])] == ["imd-2025", "one"]
    with pytest.raises(InputProblems) as caught:
        choose(items, ["nothing", "registrations"])
    assert [found.code for found in caught.value.findings] == ["fetch-unknown-name", "fetch-by-hand"]
