"""Columns of the areas table that a case asks for under `[impact.columns]`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from geodata.place import FurtherColumn, Place
from tests.geodata.test_load import case

AREAS = "area_code,x,y,population,rural_urban,No broadband,carers,Coast\n"
AREAS += "E2,376000,88000,3000,Rural village,0.25,300,inland\nE1,371500,91500,4000,C1,,400,Open  Sea\n"
AREAS += "E3,371600,91400,1000,C1,0.5,0,open sea\nE4,371700,91300,1000,C1,1,,Open sea\n"


def asked(**columns: tuple[str, str]) -> str:
    lines = [f'"{label}" = {{ column = "{name}", kind = "{kind}" }}\n' for label, (name, kind) in columns.items()]
    return "[impact.columns]\n" + "".join(lines)


def load(folder: Path, areas: str = AREAS, **columns: tuple[str, str]) -> Place:
    return load_place(case(folder, asked(**columns), areas=areas))


def refused(folder: Path, areas: str = AREAS, **columns: tuple[str, str]) -> list[Finding]:
    with pytest.raises(InputProblems) as caught:
        load(folder, areas, **columns)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


def test_numbers_and_words_stand_in_the_areas(tmp_path: Path) -> None:
    place = load(tmp_path, Offline=("no_broadband", "share"), Carers=("carers", "count"), Coast=("COAST", "class"))
    assert place.further == (
        FurtherColumn("Offline", "further_1", "share"),
        FurtherColumn("Carers", "further_2", "count"),
        FurtherColumn("Coast", "further_3", "class"),
    )
    np.testing.assert_array_equal(place.areas["further_1"], [np.nan, 0.25, 0.5, 1.0])
    np.testing.assert_array_equal(place.areas["further_2"], [400, 300, 0, np.nan])
    # One word in three spellings is one class, in its commonest spelling (of two as common, the first by letter).
    assert list(place.areas["further_3"]) == ["Open Sea", "inland", "Open Sea", "Open Sea"]
    assert not [f for f in place.findings if "No broadband" in f.message]  # it is used


def test_without_the_section_nothing_is_there(tmp_path: Path) -> None:
    place = load_place(case(tmp_path, areas=AREAS))
    assert place.further == ()
    assert not [name for name in place.areas if name.startswith("further")]


def test_a_joined_file_may_hold_the_column(tmp_path: Path) -> None:
    joined = '[[tables.areas]]\nfile = "areas.csv"\n[[tables.areas]]\nfile = "more.csv"\njoin = true\n'
    (tmp_path / "more.csv").write_text("area_code,lonely\nE1,0.1\nE2,0.2\nE3,\nE4,3\n", encoding="utf-8")
    extra = joined + asked(Lonely=("lonely", "share"))
    with pytest.raises(InputProblems) as caught:
        load_place(case(tmp_path, extra, areas=AREAS))
    (told,) = [f for f in caught.value.findings if f.severity == "error"]
    assert (told.file, told.row, told.column, told.value) == ("more.csv", 5, "lonely", "3")
    assert told.message == "lonely must lie between 0 and 1."
    (tmp_path / "more.csv").write_text("area_code,lonely\nE1,0.1\nE2,0.2\nE3,\nE4,0.3\n", encoding="utf-8")
    place = load_place(tmp_path)
    np.testing.assert_array_equal(place.areas["further_1"], [0.1, 0.2, np.nan, 0.3])


def test_a_known_column_may_be_asked_for_besides(tmp_path: Path) -> None:
    place = load(tmp_path, Rural=("rural_urban", "class"), Everybody=("population", "count"))
    assert set(place.areas["further_1"]) == {"C1", "Rural village"}
    assert list(place.areas["rural"]) == [False, True, False, False]
    assert list(place.areas["further_2"]) == list(place.areas["population"])


def test_every_column_that_is_not_there_is_told(tmp_path: Path) -> None:
    told = refused(tmp_path, Offline=("no_brodband", "share"), Other=("zzz", "count"))
    assert [(f.file, f.column, f.value, f.code) for f in told] == [
        ("case.toml", "impact.columns.Offline", "no_brodband", "missing-column"),
        ("case.toml", "impact.columns.Other", "zzz", "missing-column"),
    ]
    assert "No broadband" in told[0].fix
    assert "carers" in told[1].fix and "join = true" in told[1].fix


@pytest.mark.parametrize(
    ("name", "kind", "code", "says"),
    [
        ("carers", "share", "another-kind", 'kind = "count"'),
        ("Coast", "count", "another-kind", 'kind = "class"'),
        ("percent", "share", "another-kind", "Divide percentages by 100"),
        ("code", "class", "too-many-classes", 'kind = "share" or "count"'),
    ],
)
def test_a_column_of_another_kind_is_told_once(tmp_path: Path, name: str, kind: str, code: str, says: str) -> None:
    areas = AREAS.replace("Coast\n", "Coast,percent,code\n")
    areas = "".join(
        line + "\n" if number == 0 else f"{line},{number * 10},K{number}\n"
        for number, line in enumerate(areas.splitlines())
    )
    rows = [f"F{number},372000,91000,10,C1,0.1,5,inland,{number + 10},K{number}\n" for number in range(40)]
    (told,) = refused(tmp_path, areas + "".join(rows), Asked=(name, kind))
    assert (told.file, told.column, told.code) == ("areas.csv", name, code)
    assert says in told.fix


def test_single_cells_are_told_by_row_and_by_the_name_in_the_file(tmp_path: Path) -> None:
    areas = AREAS.replace("0.25,300", "25%,-3")
    told = refused(tmp_path, areas, Offline=("no broadband", "share"), Carers=("carers", "count"))
    assert [(f.row, f.column, f.value, f.code) for f in told] == [
        (2, "No broadband", "25%", "not-a-number"),
        (2, "carers", "-3", "negative"),
    ]
    assert not [f for f in told if "further" in f.message + f.fix]


def test_more_people_than_there_are_is_warned_of(tmp_path: Path) -> None:
    place = load(tmp_path, AREAS.replace("0.25,300", "0.25,3001"), Carers=("carers", "count"))
    (told,) = [f for f in place.findings if f.code == "part-exceeds-whole"]
    assert (told.severity, told.row, told.column, told.value) == ("warning", 2, "carers", "3001")


def test_a_count_needs_the_number_of_residents(tmp_path: Path) -> None:
    areas = "area_code,x,y,carers\nE1,371500,91500,4\nE2,376000,88000,5\n"
    assert [f.code for f in refused(tmp_path, areas, Carers=("carers", "count"))] == ["count-of-nothing"]


@pytest.mark.parametrize("kind", ["share", "count", "class"])
def test_an_empty_column_is_not_known_and_is_warned_of(tmp_path: Path, kind: str) -> None:
    areas = "area_code,x,y,population,rural_urban,no\nE1,371500,91500,4,C1,\nE2,376000,88000,5,C1,\n"
    place = load(tmp_path, areas, Nothing=("no", kind))
    assert [f.severity for f in place.findings if f.code == "empty-column"] == ["warning"]
    values = place.areas["further_1"]
    assert (values == "").all() if kind == "class" else pd.isna(values).all()
