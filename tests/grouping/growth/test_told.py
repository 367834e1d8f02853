"""What is told of settings and tables that do not fit, what the public gets, and the section of the page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from selenium import webdriver

from geodata.load import load_place
from grouping.growth import growth_of, problems, public_growth, template_tables
from grouping.page import environment, own_file
from grouping.programme.ground import Ground
from tests.browsing import accessibility_violations, open_page
from tests.grouping.growth.made_ground import NAN, ground, housing, place, projections
from tests.grouping.made_run import HOSTILE_NAMES, made_run
from tests.small_case import write_small_case

TO_COME = projections(("R1", 2030, 9_900.0), ("R1", 2035, 10_800.0), ("U1", 2035, 18_000.0))
HOMES = housing(("Quay", 0.0, 0.0, 100.0, 2030.0), ("Some day", 0.0, 0.0, 50.0, NAN))


def told(of: Ground) -> list[tuple[str, str]]:
    return [(finding.severity, finding.code) for finding in problems(of)]


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, []),
        ({"year": 2030}, []),
        ({"year": 2036}, [("error", "growth-year")]),
        ({"year": 2025}, [("error", "growth-year")]),
        ({"base_year": 2031}, [("note", "growth-base-year")]),
        ({"base_year": 2035}, [("error", "growth-base-year")]),
        ({"stated_by": 2035}, [("error", "growth-stated")]),
        ({"stated_people": 5}, [("warning", "growth-stated")]),
        ({"stated_people": 5, "stated_by": 2035}, []),
        ({"stated_people": 5, "stated_by": 2040}, [("warning", "growth-stated")]),
        ({"together": "housing"}, [("error", "growth-together")]),
        ({"together": "both"}, [("error", "growth-together")]),
    ],
)
def test_settings_that_do_not_fit_are_told(settings: dict, wanted: list) -> None:
    assert told(ground(place(projections=TO_COME), **settings)) == wanted


def test_a_guessed_first_year_adding_up_and_homes_without_a_year_are_told() -> None:
    of = place(projections=TO_COME, housing=HOMES, vintage="invented")
    assert told(ground(of)) == [("warning", "growth-base-year")]
    assert told(ground(of, together="both", base_year=2025)) == [
        ("warning", "growth-together"), ("warning", "growth-undated"),
    ]  # fmt: skip
    (undated,) = [
        one for one in problems(ground(of, together="housing", base_year=2025)) if one.code == "growth-undated"
    ]
    assert undated.file == "homes-to-come.csv"
    assert "50 planned homes at 1 place" in undated.message


def test_unlikely_growth_and_homes_whose_people_use_other_practices_are_told() -> None:
    odd = place(projections=projections(("R1", 2035, 90_000.0)))
    (finding,) = problems(ground(odd))
    assert finding.code == "projection-factor"
    assert "In 1 area residents" in finding.message and "R1" in finding.message
    few = place({"population": [9_000.0, 50_000.0, 12_000.0, 100.0]}, housing=HOMES.iloc[:1])
    assert told(ground(few)) == [("warning", "housing-few-patients")]


def test_lists_that_would_be_empty_are_an_error() -> None:
    """All residents gone from where a practice has its patients: told, where it once was divided by nothing."""
    of = place(projections=projections(*((code, 2035, 0.0) for code in ("R1", "U1", "U2", "X"))))
    found = [one for one in problems(ground(of)) if one.severity == "error"]
    assert [one.code for one in found] == ["growth-nobody"]
    assert "2035" in found[0].message and "people-to-come.csv" in str(found[0])


def test_a_case_without_later_years_says_so() -> None:
    assert told(ground(place())) == []
    assert told(ground(place(), year=2030)) == [("error", "growth-year")]
    assert template_tables(ground(place())) == {}


# --- Public ------------------------------------------------------------------------------------------------------


def made_ground(names: tuple[str, ...] = ()) -> Ground:
    run = made_run(names=names)
    areas = run.place.areas
    rows = [(code, 2036, 5_500 + 40 * n, 1_300 + 25 * n) for n, code in enumerate(areas.index)]
    table = pd.DataFrame(rows, columns=["area_code", "year", "population", "population_65_plus"])
    homes = housing((names[0] if names else "Field", areas["x"].iloc[3], areas["y"].iloc[3], 800.0, 2030.0))
    run = replace(run, place=replace(run.place, projections=table, housing=homes))
    return Ground(run, run.options[0])


def test_public_lists_are_worked_out_from_public_registrations_and_rounded() -> None:
    inside = growth_of(made_ground())
    outside = public_growth(inside)
    assert outside.found.ground.run.public
    assert public_growth(outside) is outside
    base = outside.years[0]
    assert outside.lists[base].equals(inside.lists[base])
    later = outside.lists[list(outside.years[1:])].to_numpy()
    moved = later != outside.lists[[base]].to_numpy()
    assert (later[moved] % 5 == 0).all()
    assert np.abs(later - inside.lists[list(inside.years[1:])].to_numpy()).max() < 150
    assert len(outside.found.lists.case.place.registrations) < len(inside.found.lists.case.place.registrations)


def test_no_public_table_or_text_names_an_area() -> None:
    outside = public_growth(growth_of(made_ground()))
    codes = tuple(outside.found.ground.run.place.areas.index)
    text = page(outside, public=True) + "".join(one.table.to_csv() for one in outside.tables)
    assert not [code for code in codes if code in text]
    for one in outside.tables:
        assert not {"area_code", "area"} & set(one.table.columns)
    sums = next(one.table for one in outside.tables if one.name == "growth-sums")
    assert (sums.drop(columns=["year", "patients_today"]).fillna(0).to_numpy() % 5 == 0).all()


# --- The page ----------------------------------------------------------------------------------------------------


def page(made: object, *, public: bool = False) -> str:
    template = environment().get_template("programme/growth.html.j2")
    return template.render(growth=made, ground=made.found.ground, public=public)


def test_the_section_holds_the_answer_the_chart_and_its_facts() -> None:
    made = growth_of(made_ground())
    text = page(made)
    assert '<section id="growth" aria-labelledby="growth-title">' in text
    assert text.count("<svg") == 1
    assert re.search(r'<svg[^>]*role="img"[^>]*aria-label="Chart of the lists of 5 groups', text)
    assert text.count("<table") == text.count("<caption>") == text.count('tabindex="0"') - 1
    groups = next(one.table for one in made.tables if one.name == "growth-groups")
    for size in groups["list_2036"]:
        assert text.count(f"{size:,}") >= 2  # beside the row of the chart, and in the table
    assert "The groups by age" in text
    for word in ("closure", "optimal"):
        assert word not in text.lower()


def test_the_section_meets_wcag(browser: webdriver.Chrome, tmp_path: Path) -> None:
    styles = "".join(map(own_file, ("shared.css", "programme/programme.css", "programme/growth.css")))
    for made in (growth_of(made_ground()), growth_of(ground(place()))):
        whole = (
            '<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Growth</title>'
            f"<style>{styles}</style></head><body><main><h1>Programme</h1>{page(made)}</main></body></html>"
        )
        open_page(browser, whole, tmp_path)
        assert accessibility_violations(browser) == []


def test_hostile_names_stay_text() -> None:
    text = page(growth_of(made_ground(names=HOSTILE_NAMES)))
    assert "<img" not in text and "<script" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_a_section_without_later_years_says_what_to_add() -> None:
    text = page(growth_of(ground(place())))
    assert "tables.projections" in text
    assert "<svg" not in text and "<table" not in text


def test_the_same_ground_gives_the_same_page_and_tables() -> None:
    first, second = (growth_of(made_ground()) for _ in range(2))
    assert page(first) == page(second)
    assert [one.table.to_csv() for one in first.tables] == [one.table.to_csv() for one in second.tables]


# --- Ages in the table of projections ----------------------------------------------------------------------------


def test_projections_by_age_are_read_and_a_part_above_the_whole_is_told(tmp_path: Path) -> None:
    folder = write_small_case(tmp_path / "case")
    text = (folder / "case.toml").read_text(encoding="utf-8") + 'projections = "projections.csv"\n'
    (folder / "case.toml").write_text(text, encoding="utf-8")
    lines = "area_code,year,population,65+,pop_85_plus\nE00,2035,2100,600,\nE01,2035,2200,2300,90\n"
    (folder / "projections.csv").write_text(lines, encoding="utf-8")
    of = load_place(folder)
    assert of.projections is not None
    assert list(of.projections.columns) == [
        "area_code",
        "year",
        "population",
        "population_65_plus",
        "population_85_plus",
    ]
    assert of.projections["population_65_plus"].tolist() == [600, 2300]
    assert np.isnan(of.projections["population_85_plus"].iloc[0])
    (odd,) = [finding for finding in of.findings if finding.code == "part-exceeds-whole"]
    assert (odd.severity, odd.row, odd.column) == ("warning", 3, "65+")


def test_lists_that_grow_where_homes_are_only_estimated_are_called_so() -> None:
    of = place(projections=TO_COME)
    assert "estimated" not in " ".join(growth_of(ground(of)).lines)
    rows = of.registrations.copy()
    code = str(rows["practice_code"].iloc[0])
    rows.loc[rows["practice_code"] == code, "basis"] = "estimated"
    assert "the patients of 1 practice live is estimated" in growth_of(ground(replace(of, registrations=rows))).lines[3]
