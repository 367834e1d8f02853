"""Every figure in a table of the page is the one in the tables of the run of the same mode.

The tables of the run (`grouping.tables_of_run`) are what the CSV files and the workbook hold. For each table of the
page `SOURCES` declares which of their rows its cells show. A table without a source fails, and so does a cell with a
figure that nothing was compared with: whoever adds a table to the page adds its source here.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from grouping.pipeline import run_case, score_case
from grouping.plain_words import option_title
from grouping.plan_file import write_plan
from grouping.public import public_run
from grouping.report import render_report
from grouping.result import Run
from tests.grouping.made_run import HOSTILE_NAMES, made_run
from tests.grouping.report import run_sources as of_run
from tests.grouping.report import travel_sources as of_travel
from tests.grouping.report.page_tables import Shown, agrees, holds, tables_of_page, unchecked
from tests.grouping.report.tables_beside import Checked, Tables
from tests.small_case import write_small_case

Source = Callable[[Shown, Tables], Checked]

SOURCES: tuple[tuple[str, Source], ...] = (
    (r"groups: .*: the groups\.", of_run.groups),
    (r"groups: .*: the (people|practices and sites) of each group\.", of_run.more_of_groups),
    (r"groups: .*: (patients by minutes|minutes from home to the hub, before)", of_run.travel),
    (r"groups: .*: the areas furthest from their hub", of_run.far_areas),
    (r"groups: .*: partnerships of groups", of_run.partnerships),
    (r"impact-answer: Journeys to the hub by car, the options side by side", of_travel.overview),
    (r"impact-hub: Share of people within so many minutes", of_travel.curve),
    (
        r"impact-(hub|routine): .*: (minutes|near and far|before and after|people whose|what else)",
        of_travel.by_population,
    ),
    (r"impact-(communities|routine): .*: communities (whose|with)", of_travel.communities),
    (r"impact-inequality: Difference of the mean minutes", of_travel.inequality),
    (r"impact-mitigation: .*: existing sites that together", of_travel.near_sites),
    (r"impact-practices: .*: (practices|groups) whose patients", of_travel.practices_and_groups),
    (r"impact-stress: Journeys to the hub by car under each assumption", of_travel.scenarios),
    (r"impact-stress: Communities that are worse off under every assumption", of_travel.robust),
    (r"impact-equality: Who the patients are", of_travel.equality_who),
    (r"impact-equality: Households without a car: ", of_travel.equality_without_car),
    (r"impact-equality: Journeys to the hub", of_travel.equality_journeys),
    (r"impact-equality: Differences between populations", of_travel.equality_gaps),
    (r"impact-equality: (Questions that data cannot answer|To be completed by people)", of_travel.only_words),
    (r"compare: The options in figures", of_run.comparison),
    (r"compare: The (options|plan) by the criteria", of_run.criteria),
    (r"today: .*: what becomes of each", of_run.todays_groups),
    (r"today: How many companions stay", of_run.leavers),
    (r"today: The group of each", of_run.borders),
    (r"agreement: Neighbours that share a group", of_run.open_borders),
    (r".*-G\d+: Practices of ", of_run.members),
    (r"left-out: Practices left out", of_run.left_out),
    (r"method: What decides how sure", of_run.sureness),
    (r"method: Travel time: details", of_run.details),
    (r"method: Rule set ", of_run.rules),
    (r"verification: Check of ", of_run.checks),
    (r"input-check: Findings by kind", of_run.findings),
    (r"sources: Files this run read", of_run.sources),
    (r"downloads: Tables of this run", of_run.downloads),
)
"""Section and caption of a table of the page, and where its figures come from. Add yours when you add a table."""


def source_of(shown: Shown) -> Source | None:
    return next((source for pattern, source in SOURCES if re.match(pattern, shown.called)), None)


def differences(run: Run, page: str) -> list[str]:
    """Every cell of the page that is not what the tables of the run hold, and every table nobody has declared."""
    tables, told = Tables(run), []
    for shown in tables_of_page(page):
        source = source_of(shown)
        if source is None:
            told.append(f"{shown.called}: no source is declared for this table")
            continue
        checked = list(source(shown, tables))
        for r, c, value in checked:
            cell = shown.rows[r][c] if c < len(shown.rows[r]) else "no such cell"
            if not holds(cell, value):
                told.append(f"{shown.called}: row {r}, column {c} shows “{cell}”, the table holds {value!r}")
        told += [
            f"{shown.called}: nothing was compared with “{cell}”" for cell in unchecked(shown, [c[:2] for c in checked])
        ]
    return told


# --- the tests


def rich_case(folder: Path) -> Path:
    """The small case with whatever the inputs may hold about practices, sites and areas."""
    case = write_small_case(folder)
    practices = pd.read_csv(case / "practices.csv")
    n = range(len(practices))
    practices = practices.assign(
        age_65_plus=(practices["list_size"] * 0.2).astype(int),
        age_75_plus=(practices["list_size"] * 0.1).astype(int),
        age_85_plus=(practices["list_size"] * 0.03).astype(int),
        vulnerability=[i % 5 + 1 for i in n],
        clinical_system=["One" if i % 3 else "Two" for i in n],
        current_group=["North" if i > 4 else "South" if i else "" for i in n],
        dispensing=["yes" if i % 2 else "no" for i in n],
    )
    sites = pd.read_csv(case / "sites.csv")
    m = range(len(sites))
    sites = sites.assign(
        floor_area_m2=[410.5 + 37 * i if i else None for i in m],
        annual_cost=[90_000 + 1_234 * i for i in m],
        condition=["good" if i % 2 else "poor" for i in m],
    )
    areas = pd.read_csv(case / "areas.csv")
    k = range(len(areas))
    areas = areas.assign(no_car_share=[0.05 + 0.01 * (i % 20) for i in k], deprivation_decile=[i % 10 + 1 for i in k])
    for name, table in (("practices", practices), ("sites", sites), ("areas", areas)):
        table.to_csv(case / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")
    return case


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rich_case(tmp_path_factory.mktemp("figures") / "case")


@pytest.fixture(scope="module")
def pages(case: Path) -> dict[tuple[str, bool], tuple[Run, str]]:
    """Runs and their pages: with nothing to compare with, and compared with the last plan found; whole and public."""
    plain = run_case(case, options=3)
    write_plan(plain.options[-1].option.plan, case / "before.csv")
    made = {("plain", False): plain, ("compared", False): run_case(case, options=2, before=case / "before.csv")}
    made |= {(name, True): public_run(run) for (name, _), run in made.items()}
    return {key: (run, render_report(run)) for key, run in made.items()}


@pytest.mark.parametrize("which", ["plain", "compared"])
@pytest.mark.parametrize("public", [False, True])
def test_every_figure_in_a_table_is_the_one_in_the_tables_of_the_run(pages: dict, which: str, public: bool) -> None:
    run, page = pages[which, public]
    assert run.public is public
    found = differences(run, page)
    assert not found, "\n".join(found)
    assert len(tables_of_page(page)) > 40


def test_a_plan_by_hand_shows_the_figures_of_its_tables(case: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    rows = ["X00001,A", "X00002,A", "X00003,A", "X00004,B", "X00005,B", "X00006,C", "X00007,C"]
    plan.write_text("practice_code,group_id\n" + "\n".join(rows) + "\n", encoding="utf-8")
    run = score_case(case, plan)
    assert differences(run, render_report(run)) == []


def test_a_wrong_figure_and_an_undeclared_table_are_noticed(pages: dict) -> None:
    plain_run, page = pages["plain", False]
    size = f"{int(plain_run.options[0].groups['list_size'].iloc[0]):,}"
    wrong = page.replace(f'<span class="size">{size}</span>', '<span class="size">12,345</span>', 1)
    assert wrong != page
    assert any("12,345" in line for line in differences(plain_run, wrong))
    more = page.replace("</main>", "<table><caption>New</caption><tr><td>7</td></tr></table></main>")
    assert any("no source is declared" in line for line in differences(plain_run, more))


@pytest.mark.parametrize("public", [False, True])
def test_what_stands_first_is_what_the_table_of_options_holds(pages: dict, public: bool) -> None:
    run, page = pages["plain", public]
    option = Tables(run).records["options"][0]
    tiles = re.search(r'<ul class="tiles">(.*?)</ul>', page, flags=re.S).group(1)
    shown = re.findall(r"<strong>([^<]*)</strong>", tiles)
    keys = ("groups", "smallest", "exceptions", "mean_minutes_to_hub")
    assert len(shown) >= len(keys)
    assert all(agrees(cell, option[key]) for cell, key in zip(shown, keys, strict=False)), shown


@pytest.mark.parametrize("public", [False, True])
def test_the_sentences_of_every_place_are_those_of_its_table(pages: dict, public: bool) -> None:
    run, page = pages["compared", public]
    held = re.search(r'id="impact-places-data">([^<]*)</script>', page).group(1)
    told = json.loads(gzip.decompress(base64.b64decode(held)))
    rows = Tables(run).records["impact-places"]
    assert {name for name, _ in told} == {str(row["community"]) for row in rows}
    for name, sentences in told:
        own = [row for row in rows if row["community"] == name]
        rests = {(row["option"] or "", row["sentence"].removeprefix(option_title(row["option"] or ""))) for row in own}
        for said in sentences:
            who = re.match(r"(Every option|Options? [\d, and]+\d|Option \d+)?", said).group(0)
            named = {f"option-{number}" for number in re.findall(r"\d+", who)}
            named = named or ({row["option"] for row in own} - {"", None} if who else {""})
            assert all((option, said[len(who) :]) in rests for option in named), said
        assert sum(1 for _ in own) >= len(sentences)


def test_hostile_names_do_not_hide_a_wrong_figure() -> None:
    run = made_run(names=HOSTILE_NAMES)
    assert differences_of_groups(run) == []


def differences_of_groups(run: Run) -> list[str]:
    """Only the tables of groups: a run made by hand has no tables about travel to compare with."""
    kept = {of_run.groups, of_run.more_of_groups, of_run.far_areas, of_run.downloads, of_run.rules, of_run.sources}
    tables = Tables(run)
    return [
        f"{shown.called}: {shown.rows[r][c]} {value!r}"
        for shown in tables_of_page(render_report(run))
        if source_of(shown) in kept
        for r, c, value in source_of(shown)(shown, tables)
        if not holds(shown.rows[r][c], value)
    ]
