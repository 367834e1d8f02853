"""What the page says of groups: figures worked by hand, the same as in the tables about travel, and what is hidden."""

from __future__ import annotations

import html
import itertools
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.place import Place, SourceFile
from grouping.agreement import Agreement
from grouping.impact.disclosure.counts import is_small
from grouping.pipeline import run_case
from grouping.plan import Group, Plan
from grouping.problem import build_problem
from grouping.report import render_report
from grouping.report.group_figures import all_figures, group_figures
from grouping.report.group_section import _furthest_community, _furthest_practice, rural_words, told_before
from grouping.report.option import more_tables, option_view, option_views, shown
from grouping.report.public_counts import hidden_counts, printed_counts
from grouping.result import Run
from tests.browsing import asks_for_nothing, open_page
from tests.grouping.made_run import HOSTILE_NAMES, made_run
from tests.small_case import write_small_case

WEST = ("J80011", "J80012")
"""Members of G05 of the first option."""


def rich_run(**changes: object) -> Run:
    """The made-up run with every column that a planner may give."""
    run = made_run(**changes)
    practices = run.place.practices.assign(
        vulnerability=[3.0, 1.0, np.nan, 4.0, 5.0, 2.0, 3.0, 3.0, 3.0, 3.0, 2.0, np.nan],
        clinical_system=["System A"] * 5 + ["System B"] * 6 + [""],
        current_group=["Coast"] * 5 + ["Vale"] * 5 + ["West"] * 2,
        dispensing=[False] * 7 + [True] * 5,
        age_65_plus=[1_000 + 100 * i for i in range(12)],
    )
    sites = run.place.sites
    sites = sites.assign(
        floor_area_m2=[400.0 if kind == "main" else np.nan for kind in sites["kind"]],
        condition=["B" if kind == "main" else "" for kind in sites["kind"]],
        annual_cost=[100_000.0 if kind == "main" else 20_000.0 for kind in sites["kind"]],
        committed=[code == "J80011" for code in sites.index],
    )
    areas = run.place.areas.assign(deprivation_decile=[1 if i % 3 == 0 else 6 for i in range(len(run.place.areas))])
    source = SourceFile("sites", "sites.csv", "3" * 64, 16, "2024-04")
    place = replace(run.place, practices=practices, sites=sites, areas=areas, sources=(*run.place.sources, source))
    return replace(run, place=place)


def grown_run(factor: float, where: str = "") -> Run:
    """With projections: residents times a factor, in all areas or in one."""
    run = rich_run()
    areas = run.place.areas
    population = [5_500.0 * (factor if not where or code == where else 1.0) for code in areas.index]
    table = pd.DataFrame({"area_code": areas.index, "year": 2035, "population": population})
    return replace(run, place=replace(run.place, projections=table))


@pytest.fixture(scope="module")
def run() -> Run:
    return rich_run()


@pytest.fixture(scope="module")
def page(run: Run) -> str:
    return render_report(solved_run(run))


@pytest.fixture(scope="module")
def plain_page() -> str:
    """Of a run with few columns."""
    return render_report(made_run())


@pytest.fixture(scope="module")
def west(run: Run) -> pd.Series:
    """Chesil Lane (5,900 patients; main site and a branch) and Marsh Green (4,750, not rated)."""
    return group_figures(run, run.options[0]).loc["G05"]


# ----------------------------------------------------------------------------------------------------------- by hand


def test_practices_and_sites_by_hand(west: pd.Series) -> None:
    wanted = {
        "practices": 2, "main_sites": 2, "branch_sites": 1, "list_size": 10_650, "margin": -9_350,
        "outside_preferred": -9_350, "vulnerable": 1, "vulnerable_patients": 5_900, "not_rated": 1, "dispensing": 2,
        "systems_used": 1, "clinical_systems": "System B 5,900; not given 4,750", "condition": "B 2; not given 1",
        "floor_area_m2": 800.0, "floor_area_m2_unknown": 1, "annual_cost": 220_000.0, "annual_cost_unknown": 0,
        "committed": 1,
    }  # fmt: skip
    assert {key: west[key] for key in wanted} == wanted
    assert west["floor_area_per_1000"] == pytest.approx(800 / 10.65)
    assert west["cost_per_patient"] == pytest.approx(220_000 / 10_650)


def test_people_by_hand(run: Run, west: pd.Series) -> None:
    """The practices' own counts of their age, scaled from the list to those registered; others by area."""
    table = run.place.registrations
    table = table[table["practice_code"].isin(WEST)]
    registered = table.groupby("practice_code")["patients"].sum()
    own = 2_000 * registered["J80011"] / 5_900 + 2_100 * registered["J80012"] / 4_750
    assert west["age_65_plus"] == pytest.approx(own)
    located = table[table["area_code"].isin(run.place.areas.index)]
    assert west["no_car"] == pytest.approx(0.17 * located["patients"].sum())
    assert west["no_car_share"] == pytest.approx(0.17)
    poor = located["area_code"].map(run.place.areas["deprivation_decile"]) == 1
    assert west["most_deprived"] == pytest.approx(located.loc[poor, "patients"].sum())
    assert west["most_deprived_share"] == pytest.approx(located.loc[poor, "patients"].sum() / located["patients"].sum())


def test_what_the_inputs_do_not_hold_has_no_column(plain_page: str) -> None:
    figures = all_figures(made_run())
    keys = {figure.key for figure in figures.columns}
    assert keys.isdisjoint(
        {
            "age_85_plus",
            "list_projected",
            "vulnerable",
            "dispensing",
            "clinical_systems",
            "floor_area_m2",
            "annual_cost",
        }
    )
    assert {"age_65_plus", "no_car", "practices", "margin"} <= keys
    assert "More about each group" in plain_page
    assert all(
        "Clinical systems" not in table for table in re.findall(r'<table class="figures">.*?</table>', plain_page, re.S)
    )


def test_growth_moves_the_list_and_names_the_minimum_that_then_applies() -> None:
    run = grown_run(1.5)
    table, first = group_figures(run, run.options[0]), run.options[0]
    outside = 40.0  # patients of each practice who live outside the areas: they stay
    for row in first.groups.itertuples():
        members = first.option.plan.groups[list(table.index).index(row.group_id)].members
        assert table.at[row.group_id, "list_projected"] == pytest.approx(
            1.5 * row.list_size - 0.5 * outside * len(members)
        )
        assert table.at[row.group_id, "minimum_projected"] == row.minimum
    assert table["margin_projected"].to_numpy() == pytest.approx(
        table["list_projected"].to_numpy() - table["minimum_projected"].to_numpy()
    )
    text = _text(render_report(run))
    assert "List in 2035 (margin)" in text
    assert "Registered in 2035: 15,935 patients, 4,065 short of the minimum of 20,000 that would then apply." in text


def test_growth_in_one_place_can_turn_the_kind_of_a_group() -> None:
    """Many new homes in an urban area make a rural group urban: 30,000 apply then, and the page says so."""
    run = grown_run(60.0, "E01000014")  # row 2, column 2
    areas = run.place.areas.copy()
    areas.loc["E01000014", "rural"] = False
    run = replace(run, place=replace(run.place, areas=areas))
    option = run.options[0]
    table = group_figures(run, option)
    turned = [
        group_id for group_id in table.index if table.at[group_id, "minimum_projected"] != table.at[group_id, "minimum"]
    ]
    assert turned
    view = option_view(option, run, dict.fromkeys(table.index, 0))
    cells = view.more[0].rows[list(table.index).index(turned[0])]
    assert "minimum then 30,000" in cells[0]


def test_figures_are_those_of_the_tables_about_travel(tmp_path: Path) -> None:
    """The groups of every option add up to the people that the tables about travel count, growth included."""
    case = write_small_case(tmp_path / "case")
    areas = pd.read_csv(case / "areas.csv")
    codes, numbers = areas["area_code"], range(len(areas))
    more = {
        "population_65_plus": [300 + i for i in numbers],
        "population_85_plus": [30 + i for i in numbers],
        "no_car_share": [0.1 + 0.001 * i for i in numbers],
        "deprivation_decile": [1 + i % 10 for i in numbers],
    }
    areas.assign(**more).to_csv(case / "areas.csv", index=False, encoding="utf-8")
    rows = "".join(f"{code},2036,{1_900 + 50 * i}\n" for i, code in enumerate(codes))
    (case / "projections.csv").write_text(f"area_code,year,population\n{rows}", encoding="utf-8")
    with (case / "case.toml").open("a", encoding="utf-8") as file:
        file.write('\n[tables.projections]\nfile = "projections.csv"\n')
    run = run_case(case, options=2)
    people = run.impact.tables["people"].set_index("population")["people"]
    summary = run.impact.tables["summary"].query("population == 'all' and setting == 'all' and journey == 'hub'")
    then = summary[summary["scenario"] == "projected"].set_index("option")["people"]
    for option_id, table in all_figures(run).tables.items():
        assert table["list_size"].sum() == pytest.approx(people["all"])
        assert table["list_projected"].sum() == pytest.approx(then[option_id])
        for key in ("age_65_plus", "age_85_plus", "no_car", "most_deprived"):
            assert table[key].sum() == pytest.approx(people[key])


def test_numbers_are_printed_by_their_kind() -> None:
    printed = [
        shown(value, kind)
        for value, kind in (
            (1234.6, "people"), ("*", "people"), (None, "people"), (np.nan, "minutes"), (12.34, "minutes"),
            (-5, "signed"), (0.256, "share"), (220_000.0, "money"), (20.657, "money"), (81.2, "area"), ("A; B", "text"),
        )
    ]  # fmt: skip
    assert printed == ["1,235", "*", "not known", "not known", "12.3", "−5", "26%", "£220,000", "£20.66", "81", "A; B"]


# ----------------------------------------------------------------------------------------------------- what is hidden

MANY = np.array([500.0, 480.0, 3.0, 900.0, 0.0, 260.0])
PATIENTS = np.array([5_000.0] * 6)


def groups_of(*groups: tuple[int, ...]) -> list[np.ndarray]:
    return [np.array(group, dtype=np.int64) for group in groups]


def test_small_counts_are_hidden_with_a_second_one_and_others_rounded() -> None:
    shown_now = printed_counts(MANY, PATIENTS, [groups_of((0, 1), (2,), (3,), (4,), (5,))])
    assert shown_now == [[980, "*", 900, 0, "*"]], "the smallest other count is hidden too: 260"


def test_a_rest_of_a_few_people_is_hidden_too() -> None:
    people = np.array([4_997.0, 100.0, 200.0])
    assert printed_counts(people, PATIENTS[:3], [groups_of((0,), (1,), (2,))]) == [["*", "*", 200]]


def test_what_is_hidden_in_one_option_is_hidden_in_the_others() -> None:
    options = [groups_of((0, 1), (2,), (3, 4, 5)), groups_of((0, 1), (2, 4), (3,), (5,))]
    first, second = hidden_counts(MANY, PATIENTS, options)
    assert first.tolist() == [True, True, False]
    assert second[0], "the same group as the first of option 1"
    assert second[1], "differs from the hidden one by nobody"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=6, max_size=6), st.permutations(range(6)), st.integers(1, 5))
def test_no_option_gives_a_small_count_away(people: list[int], order: list[int], cut: int) -> None:
    counts = np.array(people, dtype=float)
    options = [groups_of(*((i,) for i in range(6))), groups_of(tuple(order[:cut]), tuple(order[cut:]))]
    printed = printed_counts(counts, PATIENTS, options)
    for groups, cells in zip(options, printed, strict=True):
        sums = np.array([counts[group].sum() for group in groups])
        stars = np.array([cell == "*" for cell in cells])
        assert (stars | ~is_small(sums)).all()
        left = (sums[~stars] >= 0.5).any()
        assert stars.sum() != 1 or not left, "one hidden count alone is the total less the others"
        for cell, value in zip(cells, sums, strict=True):
            assert cell == "*" or (cell % 5 == 0 and abs(cell - value) <= 2.5)


def test_a_public_table_tells_nothing_that_stays_in_the_house(run: Run, page: str) -> None:
    table = group_figures(replace(run, public=True), run.options[0])
    assert set(table.columns).isdisjoint(
        {"vulnerable", "vulnerable_patients", "condition", "annual_cost", "cost_per_patient"}
    )
    assert all(value % 5 == 0 for value in table["age_65_plus"])
    exact = group_figures(run, run.options[0])
    assert table["list_size"].tolist() == exact["list_size"].tolist()
    assert all(round(100 * value, 6) == round(100 * value) for value in table["no_car_share"])
    text = _text(render_report(replace(run, public=True)))
    assert "rated 1 of 5" not in text
    assert "rated 1 of 5 (special measures)" in _text(page)


# --------------------------------------------------------------------------------------------------- the sections


def _text(page: str) -> str:
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    page = re.sub(r"</?(?:bdi|span|strong|b|em|a|code)\b[^>]*>", "", page)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def solved_run(run: Run) -> Run:
    """With the arrays of the problem and neighbours in a row."""
    codes = list(run.place.practices.index)
    edges = pd.DataFrame(
        [(a, b, "edge") for a, b in itertools.pairwise(codes)], columns=["practice_a", "practice_b", "reason"]
    )
    return replace(run, adjacency=edges, problem=build_problem(run.place, run.times, edges, run.rules))


def sections(run: Run) -> dict[str, object]:
    option = run.options[0]
    view = option_view(option, run, dict.fromkeys(option.groups["group_id"], 0))
    return {group.group_id: group.section for group in view.groups}


def test_a_section_says_which_minimum_applies_and_why(run: Run) -> None:
    said = sections(run)
    west = said["G05"].sentences[0]
    assert west.startswith("10,650 registered patients in 2 practices on 3 sites.")
    assert "that make a group rural: the rural minimum of 20,000 applies, and the group is 9,350 short of it" in west
    alone = said["G04"] if "62,300" in said["G04"].sentences[0] else said["G03"]
    assert "12,300 above the preferred 50,000." in alone.sentences[0]


def test_a_section_says_why_the_hub_is_where_it_is(run: Run) -> None:
    solved = solved_run(run)
    problem = solved.problem
    for group_id, section in sections(solved).items():
        group = next(g for g in run.options[0].option.plan.groups if g.group_id == group_id)
        index = [problem.practice_codes.index(code) for code in group.members]
        sites = [i for i in range(len(problem.site_codes)) if problem.site_owner[i] in index]
        minutes = {
            problem.site_codes[i]: problem.patient_minutes[index, i].sum() / problem.timed_patients[index].sum()
            for i in sites
            if problem.hub_allowed[i]
        }
        hub = next(sentence for sentence in section.sentences if sentence.startswith("Hub: "))
        if len(minutes) == 1:
            assert "It is the only site of its practices that may be a hub." in hub
        elif min(minutes, key=minutes.get) == group.hub_site_code:
            second = sorted(minutes.values())[1]
            assert f"Of the {len(minutes)} sites that may be its hub it is the nearest" in hub
            assert f"{second:.1f} minutes on average." in hub
        else:
            assert f"would be nearer on average: {min(minutes.values()):.1f} minutes." in hub


def test_a_public_section_does_not_rank_hubs_by_rounded_registrations(run: Run) -> None:
    for section in sections(replace(solved_run(run), public=True)).values():
        assert not any("nearest to its patients" in said or "nearer on average" in said for said in section.sentences)


def test_a_section_names_neighbours_and_open_borders(run: Run) -> None:
    solved = solved_run(run)
    rows = [
        ("J80003", "a", "J80004", "b", True, 0.4, 10, "choice", None, "every plan"),
        ("J80001", "a", "J80002", "b", True, 0.004, 10, "choice", None, "every plan"),
        ("J80002", "a", "J80003", "b", True, 1.0, 10, "settled-together", 0.01, "every plan"),
    ]
    columns = [
        "practice_a",
        "name_a",
        "practice_b",
        "name_b",
        "border",
        "together_share",
        "plans",
        "verdict",
        "settled_within",
        "basis",
    ]
    said = sections(replace(solved, agreement=Agreement(pd.DataFrame(rows, columns=columns), "the 10 plans", True)))
    first = next(section for section in said.values() if "J80001" in {member.code for member in section.members})
    second = next(section for section in said.values() if "J80004" in {member.code for member in section.members})
    assert first.choices == (
        "Pier Medical Practice and Chestnut Avenue Practice of G02: 40%",
        "Harbour Road Surgery and Quay Health Centre: fewer than 1%",
    )
    assert second.choices == ("Chestnut Avenue Practice and Pier Medical Practice of G01: 40%",)
    assert "G02" in first.neighbours
    assert "G01" in second.neighbours


def test_travel_is_told_with_the_furthest_practice_and_community(run: Run) -> None:
    said = sections(run)["G05"].sentences
    travel = next(sentence for sentence in said if sentence.startswith("From home to the hub: "))
    row = run.options[0].groups.set_index("group_id").loc["G05"]
    assert f"{row.mean_minutes_to_hub:.1f} minutes by car on average" in travel
    assert f"Marsh Green Surgery, {row.max_practice_minutes:.1f}" in travel
    table = run.place.registrations
    table = table[table["practice_code"].isin(WEST) & table["area_code"].isin(run.place.areas.index)]
    hub = run.times.site_codes.index(row.hub_site_code)
    by_area = table.groupby("area_code")["patients"].sum()
    way = {
        code: run.times.area_to_site[run.times.area_codes.index(code), hub]
        for code in by_area.index
        if by_area[code] >= 50
    }
    worst = min(
        (-round(minutes, 3), run.place.areas.at[code, "name"]) for code, minutes in way.items() if np.isfinite(minutes)
    )
    assert f"the furthest community with at least 50 of its patients, {worst[1]}, {-worst[0]:.1f}." in travel


def test_marks_and_groups_of_today_stand_beside_the_practices(run: Run) -> None:
    members = {member.code: member for section in sections(run).values() for member in section.members}
    assert members["J80002"].marks == ("rated 1 of 5 (special measures)", "System A")
    assert members["J80012"].marks == ("dispensing", "homes of its patients estimated")
    assert members["J80011"].facts == ("Coast", "today West", "rated 2 of 5 (vulnerable)", "dispensing", "System B")


def test_a_group_of_two_options_is_told_of_once(plain_page: str) -> None:
    run = made_run()
    same = told_before(run.options)
    assert not any(same[0].values())
    plans = [option.option.plan for option in run.options]
    alone = {plan.group_of["J80005"].group_id for plan in plans[1:]}
    assert all(same[k][plans[k].group_of["J80005"].group_id] is not None for k in (1, 2)), alone
    each = plain_page[plain_page.index('<section id="each-group"') :]
    refers = sum(found is not None for one in same for found in one.values())
    assert each.count("where more is said") == refers
    assert each.count('class="group-card"') == sum(len(plan.groups) for plan in plans)


def test_a_hub_elsewhere_makes_another_group() -> None:
    run = made_run()
    first = run.options[0].option.plan
    moved = Plan(tuple(replace(g, hub_site_code="J80001") if "J80001" in g.members else g for g in first.groups))
    second = replace(run.options[1], option=replace(run.options[1].option, plan=moved))
    same = told_before((run.options[0], second))[1]
    assert [group_id for group_id, found in same.items() if found is None] == [first.group_of["J80001"].group_id]


def test_wide_tables_keep_to_ten_columns(run: Run) -> None:
    grown = grown_run(1.2)
    figures = all_figures(grown)
    for table in more_tables("Option 1", figures, figures.tables["option-1"]):
        assert 1 + len(table.heads) <= 10
        assert all(len(cells) == len(table.heads) for cells in table.rows)
    assert len(option_views(run, [dict.fromkeys(o.groups["group_id"], 0) for o in run.options], all_figures(run))) == 3


def test_every_figure_of_the_tables_stands_on_the_page(run: Run, page: str) -> None:
    figures = all_figures(run)
    for option in run.options:
        option_id = option.option.option_id
        start = page.index(f'id="{option_id}"')
        part = _text(page[start : page.index("</article>", start)])
        for row in figures.tables[option_id].itertuples():
            assert f"{row.age_65_plus:,.0f} ({100 * row.age_65_plus_share:.0f}%)" in part
            assert f"£{row.annual_cost:,.0f}" in part
            assert row.clinical_systems in part


def test_hostile_names_stay_text() -> None:
    run = rich_run(names=HOSTILE_NAMES)
    practices = run.place.practices.assign(
        clinical_system=[*HOSTILE_NAMES, "x", "y"], current_group=[*HOSTILE_NAMES, "x", "y"]
    )
    sites = run.place.sites.assign(condition=[*HOSTILE_NAMES, *["x"] * 6])
    place: Place = replace(run.place, practices=practices, sites=sites)
    page = render_report(replace(run, place=place))
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "\u202e" not in page


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
def test_tables_and_sections_fit_a_phone(browser, tmp_path, width: int, page: str) -> None:
    path = open_page(browser, page, tmp_path, width)
    wide = browser.execute_script(
        "return Array.from(document.querySelectorAll('#groups, #each-group, #groups .figure-words, .group-card'))"
        ".filter(e => e.getBoundingClientRect().right > arguments[0] + 1).length",
        width,
    )
    assert wide == 0
    assert asks_for_nothing(browser, path)


@pytest.mark.browser
def test_a_reference_to_another_option_shows_it(browser, tmp_path, plain_page: str) -> None:
    open_page(browser, plain_page, tmp_path)
    browser.execute_script("document.querySelectorAll('#each-group .option-switch input')[1].click()")
    link = browser.find_element("css selector", "#each-group [data-of-option=option-2] .group-card a")
    browser.execute_script("arguments[0].click()", link)
    shown_now = browser.execute_script(
        "return Array.from(document.querySelectorAll('#each-group .option.is-shown')).map(e => e.dataset.ofOption)"
    )
    assert shown_now == ["option-1"]


@pytest.mark.parametrize(
    ("share", "kind", "public", "said"),
    [
        (0.496, "urban", False, "49.6%"),
        (0.4996, "urban", False, "just under 50%"),
        (0.5, "rural", False, "50.0%"),
        (0.5, "urban", True, "just under 50%"),  # 49.6%, in whole percent
        (0.5, "rural", True, "50%"),
        (0.997, "rural", False, "over 99%"),
        (0.001, "urban", False, "under 1%"),
        (float("nan"), "urban", True, "not known"),
    ],
)
def test_a_rural_share_never_reads_like_the_other_side_of_the_threshold(
    share: float, kind: str, public: bool, said: str
) -> None:
    assert rural_words(share, kind, replace(made_run(), public=public)) == said


def test_the_furthest_is_rounded_once_and_a_tie_goes_to_the_smaller_code() -> None:
    group = Group("G01", ("A", "B"), "H")
    ways = SimpleNamespace(between_sites=np.array([[0.0, 4.0, 4.0]] * 3).T, area_to_site=np.array([[7.85032], [1.0]]))
    around = SimpleNamespace(
        site_at={"H": 0, "MA": 1, "MB": 2},
        names={"A": "First", "B": "Second"},
        place=SimpleNamespace(practices=pd.DataFrame({"main_site_code": ["MA", "MB"]}, index=["A", "B"])),
        registered={code: (np.array([0, 1]), np.array([60.0, 60.0])) for code in "AB"},
        community_of=(("Far", "Near"), np.array([0, 1])),
        run=SimpleNamespace(times=ways, public=False, rules=made_run().rules),
    )
    assert f"{_furthest_community(group, around)[1]:.1f}" == "7.9"  # 7.850 would read 7.8
    assert _furthest_practice(group, around) == ("First", 4.0)
