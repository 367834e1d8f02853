"""The section of the page: from the files of a case, for the public, and with names that try to run."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from geodata.demo import write_demo_case
from geodata.errors import InputProblems
from geodata.load import load_place
from grouping.estates import estates_of
from grouping.input_check.checked import check_case
from grouping.input_check.facts import counts
from grouping.input_check.folder import write_check
from grouping.named_table import csv_bytes
from grouping.page import environment
from grouping.programme.ground import Ground
from grouping.programme.inputs import ProgrammeInputs
from grouping.programme.settings import EstatesSettings, ProgrammeSettings
from grouping.public import public_run
from tests.grouping.estates.made_estates import estates_ground
from tests.grouping.estates.test_facts import FULL, gaps
from tests.grouping.hostile import NASTY
from tests.grouping.made_run import made_run
from tests.small_case import write_small_case

SURVEY = {
    "suitability": "Crampedhall",
    "quality": "Draughtywing",
    "utilisation": "Bulgingfull",
    "tenure": "Peppercornlease",
    "scheme": "Ashlarannexe",
    "condition": "Mouldywall",
    "investment_cost": "827364",
    "annual_cost": "918273",
    "floor_area_m2": "412",
}
PRIVATE = [value for name, value in SURVEY.items() if name != "floor_area_m2"] + ["827,364", "918,273"]


def page_of(ground: Ground) -> str:
    template = environment().get_template("programme/estates.html.j2")
    return template.render(estates=estates_of(ground), ground=ground, public=ground.run.public)


def made_ground(**settings: object) -> Ground:
    """A made-up run whose every site has the survey above."""
    run = made_run()
    sites = run.place.sites.assign(**{name: float(v) if v.isdigit() else v for name, v in SURVEY.items()})
    run = replace(run, place=replace(run.place, sites=sites, settings={"totals": {"modern_share": 0.4}}))
    said = ProgrammeSettings(estates=EstatesSettings(**settings))
    return Ground(run, run.options[0], ProgrammeInputs(said, file="programme.toml"))


def test_tables_have_captions_and_headers_and_scroll_by_keyboard() -> None:
    page = page_of(estates_ground(FULL, totals={"floor_area_m2": 2_400}, modern=("A",), m2_per_1000=60))
    tables = page.count("<table")
    assert tables == page.count("<caption>") == page.count('role="region"') == page.count('tabindex="0"') == 4
    assert page.count('<th scope="col"') == page.count("<th scope") - page.count('<th scope="row">')
    assert len(set(re.findall(r'aria-label="([^"]+)"', page))) == tables
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert levels[0] == 2
    assert set(levels[1:]) == {3}
    assert "<script" not in page


def test_without_anything_known_the_section_is_two_sentences() -> None:
    page = page_of(estates_ground())
    assert page.count("<p>") == 2
    assert "<table" not in page
    assert "<h3" not in page


def test_nothing_private_is_left_for_the_public() -> None:
    ground = made_ground(modern=("Mouldywall",), major=("Crampedhall",))
    inside = page_of(ground)
    assert all(secret in inside for secret in PRIVATE if not secret.isdigit())
    run = public_run(ground.run)
    outside = Ground(run, run.options[0], ground.inputs)
    estates = estates_of(outside)
    said = page_of(outside) + "\n".join(csv_bytes(one.table).decode("utf-8") for one in estates.tables)
    assert [secret for secret in PRIVATE if secret in said] == []
    assert "Left out of this public version: the condition" in said
    assert "6,592 m² of floor area" in said  # 16 sites of 412 m²
    assert "£" not in said.replace("what they cost", "")
    assert "modern" not in said.lower()
    assert estates.stated == ()


def test_the_public_section_without_floor_areas_says_so() -> None:
    estates = estates_of(estates_ground(public=True))
    assert not estates.known
    assert estates.lines[0] == "Nothing that may be published is known of the buildings: no floor area is given."
    assert estates.lines[1].startswith("Left out of this public version")


@pytest.mark.parametrize("text", NASTY[:12])
def test_labels_and_names_do_not_run(text: str) -> None:
    columns = gaps(condition=[text, "B", "", "", ""], tenure=[text] * 5, scheme=[text, "", "", "", ""])
    page = page_of(estates_ground(columns, modern=(text,), totals={"modern_share": 0.4}))
    assert text not in page or not re.search(r"[<>\"']", text)
    assert "<script" not in page
    assert "<img" not in page
    assert "<svg" not in page


def test_the_columns_are_read_from_the_files_of_a_case(tmp_path: Path) -> None:
    place = load_place(_with_columns(write_small_case(tmp_path / "case"), {**SURVEY, "scheme_year": "2029"}))
    first = place.sites.iloc[0]
    for name, value in SURVEY.items():
        assert str(first[name]).removesuffix(".0") == value
    assert first["scheme_year"] == 2029


def test_other_names_of_the_columns_are_known(tmp_path: Path) -> None:
    columns = {
        "Functional suitability": "B",
        "Space utilisation": "F",
        "Ownership": "freehold",
        "Capital cost": "£12,000",
    }
    sites = load_place(_with_columns(write_small_case(tmp_path / "case"), columns)).sites
    told = sites.iloc[0][["suitability", "utilisation", "tenure", "investment_cost"]].tolist()
    assert told == ["B", "F", "freehold", 12_000.0]


def test_a_use_of_space_in_percent_without_its_sign_is_refused(tmp_path: Path) -> None:
    case = _with_columns(write_small_case(tmp_path / "case"), {"utilisation": "85"})
    with pytest.raises(InputProblems) as told:
        load_place(case)
    assert {(one.code, one.column, one.value) for one in told.value.findings if one.severity == "error"} == {
        ("out-of-range", "utilisation", "85")
    }
    assert "divide by 100" in told.value.findings[0].fix


def test_totals_of_the_case_are_checked_with_the_inputs(tmp_path: Path) -> None:
    """Nine sites of 412 m² are 3,708 m²."""
    case = _with_columns(write_small_case(tmp_path / "case"), SURVEY)
    with (case / "case.toml").open("a", encoding="utf-8") as handle:
        handle.write("\n[totals]\nfloor_area_m2 = 3708\nannual_cost = 9000000.5\nmodern_share = 0.4\n")
    told = {one.column: one for one in load_place(case).findings if one.code.startswith("total-")}
    assert set(told) == {"totals.floor_area_m2", "totals.annual_cost"}
    assert told["totals.floor_area_m2"].code == "total-agrees"
    assert told["totals.annual_cost"].code == "total-differs"
    assert "8,264,457 pounds of annual cost" in told["totals.annual_cost"].message


def test_the_demonstration_holds_what_its_case_states(tmp_path: Path) -> None:
    place = load_place(write_demo_case(tmp_path / "demo"))
    assert place.settings["totals"] == {
        "patients": 766_000,
        "practices": 96,
        "sites": 131,
        "floor_area_m2": 48_000.0,
        "annual_cost": 10_700_000.0,
        "modern_share": 0.4,
        "major_investment_share": 0.1,
    }
    assert place.sites["floor_area_m2"].sum() == 48_000
    assert place.sites["annual_cost"].sum() == 10_700_000
    grades = place.sites["suitability"].value_counts()
    assert grades.to_dict() == {"A": 52, "B": 40, "C": 26, "D": 13}
    assert abs(grades["A"] / 131 - 0.4) < 0.005
    assert abs(grades["D"] / 131 - 0.1) < 0.005
    assert ((place.sites["scheme"] != "") == (place.sites["committed"] == True)).all()  # noqa: E712 - it may be None


def _with_columns(case: Path, columns: dict[str, str]) -> Path:
    path = case / "sites.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        rows = [{**row, **columns} for row in csv.DictReader(handle)]
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return case


def test_the_check_page_compares_floor_area_and_cost(tmp_path: Path) -> None:
    """Nine sites, one of which gives no floor area; nobody gives a cost, which is asked for."""
    case = _with_columns(write_small_case(tmp_path / "case"), {"floor_area_m2": "412"})
    path = case / "sites.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",412", ",", 1), encoding="utf-8")
    with (case / "case.toml").open("a", encoding="utf-8") as handle:
        handle.write("\n[totals]\nannual_cost = 1000\n")
    lines = {line.label: line for line in counts(check_case(case))}
    area, cost = lines["Floor area of the sites, m²"], lines["Cost of the sites, £ a year"]
    assert (area.number, area.expected, area.remark) == (3_296, None, "not given for 1 site")
    assert math.isnan(cost.number)
    assert (cost.expected, cost.remark) == (1_000, "not given for 9 sites")
    page = write_check(check_case(case), tmp_path / "out").read_text(encoding="utf-8")
    assert "Cost of the sites, £ a year" in page
    assert "nan" not in page.split('id="counts"')[1].split("</section>")[0]
