"""The page: what it says, that it needs nothing but itself, and that it works in a browser."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from selenium.webdriver.common.keys import Keys

from geodata.errors import Finding
from grouping.escape import visible
from grouping.plan import Plan
from grouping.report import render_report, write_report
from grouping.report.answer import answer_lines, comparison_rows, more_lines
from grouping.report.criteria import criteria_view
from grouping.report.method import findings_by_kind
from grouping.report.option import option_view
from grouping.result import Run
from tests.browsing import asks_for_nothing, open_page, unpacked
from tests.grouping.made_run import HOSTILE_NAMES, made_run, scored_run
from tests.page_text import broken_bones, leads_outside


@pytest.fixture(scope="module")
def page() -> str:
    return render_report(made_run())


def _text(page: str) -> str:
    """The words of a page, without scripts, styles and markup."""
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    page = re.sub(r"</?(?:bdi|span|strong|em|a|code)\b[^>]*>", "", page)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


# ------------------------------------------------------------------------------------------------------- what it says


def test_says_first_that_it_is_a_draft_and_closes_nothing(page: str) -> None:
    text = _text(page)
    assert text.index("Draft for discussion. Not a decision.") < text.index("Practice groups for Made-up Vale", 100)
    assert text.count("Grouping practices closes no site.") >= 10
    assert "Made-up data." in text


def test_estimated_minutes_are_marked_only_when_they_are(page: str) -> None:
    assert "Estimated minutes: straight-line." not in _text(page)
    estimated = _text(render_report(made_run(estimate=True)))
    assert "Estimated minutes: straight-line." in estimated
    assert estimated.count("(estimate)") > 10


def test_never_says_optimal(page: str) -> None:
    assert "optimal" not in _text(page).lower()


def test_every_group_stands_with_its_figures(page: str) -> None:
    text = _text(page)
    for option in made_run().options:
        for row in option.groups.itertuples():
            assert f"{row.list_size:,}" in text
            assert f"{'−' if row.margin < 0 else '+'}{abs(row.margin):,}" in text


def test_exceptions_and_remarks_are_in_words(page: str) -> None:
    text = _text(page)
    assert "One group stays below its minimum as a named exception: G05 (9,350 short); 9,350 patients in all." in text
    assert "Exception 9,350 patients short of the minimum." in text
    assert "Oversize One practice alone" in text
    assert "Near the rural threshold" in text
    assert "Estimated homes Where patients of J80012 live is estimated." in text
    assert "registered patients have no route to their hub" in text


def test_every_practice_and_site_is_named_in_every_option(page: str) -> None:
    """A group that an earlier option has too refers to it: its sites stand there."""
    run = made_run()
    each = page[page.index('<section id="each-group"') :]
    each = each[: each.index("</section>")]
    sites = run.place.sites.query("practice_code != ''")
    for option in run.options:
        for group in option.option.plan.groups:
            card = _card(each, option.option.option_id, group.group_id)
            same = re.search(r'href="#(option-\d)-(G\d+)">', card)
            full = card if same is None else _card(each, same[1], same[2])
            for code in group.members:
                assert run.place.practices.at[code, "name"] in _text(card)
                for name in sites.loc[sites["practice_code"] == code, "name"]:
                    assert name in _text(full)


def _card(each: str, option: str, group: str) -> str:
    start = each.index(f'<div class="group-card" id="{option}-{group}"')
    end = each.find('<div class="group-card"', start + 1)
    return each[start:] if end < 0 else each[start:end]


def test_shares_of_journeys_are_the_figures_of_the_option(page: str) -> None:
    figures = made_run().options[1].headline
    start = page.index('id="option-2"')
    part = _text(page[start : page.index("</article>", start)])
    for limit in (10, 15, 20, 30, 45):
        cells = " ".join(f"{100 * figures[f'share_within_{limit}_minutes{s}']:.1f}%" for s in ("", "_rural", "_urban"))
        assert f"Within {limit} minutes {cells}" in part
    assert "No baseline" in part


def test_all_rules_and_sources_are_listed(page: str) -> None:
    run = made_run()
    text = _text(page)
    for section, values in run.rules.model_dump().items():
        for key in values if isinstance(values, dict) else ():
            assert f"{section}.{key}" in text
    for source in run.place.sources:
        assert source.file in text
        assert source.licence in text
        assert source.attribution in text


def test_openstreetmap_is_named_when_its_roads_are_used() -> None:
    run = made_run()
    real = replace(run, place=replace(run.place, made_up=False))
    assert "© OpenStreetMap contributors" in _text(render_report(real))
    straight = made_run(estimate=True)
    straight = replace(straight, place=replace(straight.place, made_up=False))
    assert "© OpenStreetMap contributors" not in _text(render_report(straight))


def test_a_plan_by_hand_claims_nothing_and_names_what_it_leaves_out() -> None:
    text = _text(render_report(scored_run()))
    assert "This plan was made by hand" in text
    assert "nothing is proven" in text
    assert "2 practices with 10,650 registered patients" in text
    assert "Chesil Lane Surgery" in text
    assert "The options side by side" not in text
    assert "The plan by six criteria" in text


def test_the_answer_names_broken_rules_and_who_is_left_out() -> None:
    run = scored_run()
    breach = pd.DataFrame([("G02", "breach", "Not met: too far (31 minutes).")], columns=["group_id", "kind", "note"])
    option = replace(run.options[0], notes=pd.concat([run.options[0].notes, breach]))
    answer = _text(render_report(replace(run, options=(option,)))).split("Patients keep their practice")[0]
    assert "one group does not meet a rule of the set: G02; 2 practices" in answer
    assert "2 practices with 10,650 registered patients are not in this plan" in answer


def test_a_comparison_with_a_plan_before_is_shown_and_no_baseline_else(page: str) -> None:
    assert "No baseline" in _text(page)
    run = made_run()
    first = run.options[0]
    change = {"patients_compared": 150_000.0, "mean_minutes_before": 8.5, "mean_minutes_compared": 9.25}
    change |= {"share_longer": 0.31, "share_shorter": 0.12, "share_longer_rural": 0.57, "share_shorter_rural": 0.05}
    compared = replace(first, headline=first.headline | change)
    text = _text(render_report(replace(run, options=(compared,), before=first.option.plan)))
    assert "No baseline" not in text
    assert "31% of the patients compared have a journey to the hub that is more than a minute longer" in text
    assert "in rural areas 57% longer and 5% shorter" in text
    assert "Mean minutes before 8.5" in text
    assert "Patients compared 150,000" in text


def test_a_county_without_rural_patients_and_with_estimated_homes_says_so() -> None:
    run = made_run()
    first = run.options[0]
    figures = first.headline | {"mean_minutes_hub_rural": float("nan"), "patients_estimated": 4_750.0}
    text = _text(render_report(replace(run, options=(replace(first, headline=figures),))))
    assert "not known for patients in rural areas" not in text
    assert "Where 4,750 of these patients live is estimated" in text


def test_neighbours_given_by_the_planner_are_called_so(page: str) -> None:
    assert "share an edge" in _text(page)
    run = made_run()
    text = _text(render_report(replace(run, adjacency=run.adjacency.assign(reason="planner"))))
    assert "Which practices are neighbours was given with the case" in text
    assert "share an edge" not in text


def test_a_search_cut_short_says_so() -> None:
    run = made_run()
    cut = replace(run, solver=replace(run.solver, status="feasible", bound=9.1, gap=0.0162))
    text = _text(render_report(cut))
    assert "The search was stopped before it was complete" in text
    assert "no other plan scores better" not in text
    assert "so nothing is proven: a better plan may exist" in text
    assert "With these rules no plan has less total shortfall" not in text
    assert "because the rules leave no plan without it" not in text
    hopeless = replace(run, solver=replace(run.solver, status="feasible", bound=-3.0, gap=1.4))
    assert "140" not in _text(render_report(hopeless)).split("What the figures prove")[1].split("Rural and urban")[0]


def test_bars_and_marks_show_size_and_minimum_to_one_scale() -> None:
    run = made_run()
    first = run.options[0]
    view = option_view(first, run, dict.fromkeys(first.groups["group_id"], 0))
    for group in view.groups:
        assert group.bar == round(100 * group.list_size / 62_300, 1)
        assert group.mark == round(100 * group.minimum / 62_300, 1)


def test_the_browser_is_told_to_load_nothing(page: str) -> None:
    policy = re.search(r"Content-Security-Policy\"\s+content=\"([^\"]+)\"", page)[1]
    rules = dict(part.strip().split(" ", 1) for part in html.unescape(policy).split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:"
    allowed = re.findall(r"'sha256-([^']+)'", rules["script-src"])
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.S)
    assert [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts] == allowed


def with_headline(run: Run, **figures: object) -> Run:
    return replace(run, options=tuple(replace(o, headline=o.headline | figures) for o in run.options))


def test_the_five_sentences_stand_first_and_the_rest_directly_below(page: str) -> None:
    section = re.search(r'<section id="answer".*?</section>', page, flags=re.S)[0]
    aloud, below = section.split("<details", 1)
    sentences = [_text(part).strip() for part in re.findall(r"<p>(.*?)</p>", aloud, flags=re.S)]
    assert sentences == answer_lines(made_run())
    points = [_text(part).strip() for part in re.findall(r"<li>(.*?)</li>", below, flags=re.S)]
    assert points == more_lines(made_run())
    assert any("One other option lies within 1.2% of the first one's score; in it 31% of patients" in p for p in points)
    assert any("1 option is simply the next best plan there is, at most 2.4% behind" in point for point in points)


def test_kinds_of_group_that_do_not_occur_are_not_counted() -> None:
    assert "5 groups (5 urban)," in answer_lines(with_headline(made_run(), urban_groups=5, rural_groups=0))[0]


def test_other_options_are_never_called_nearer_than_they_are() -> None:
    run = made_run()
    second = replace(run.options[1], option=replace(run.options[1].option, behind_best=0.01101))
    text = " ".join(more_lines(replace(run, options=(run.options[0], second))))
    assert "lies within 1.2% of" in text


def test_estimated_minutes_are_said_to_be_so_in_the_answer() -> None:
    assert not any("estimate" in line for line in [*answer_lines(made_run()), *more_lines(made_run())])
    estimated = made_run(estimate=True)
    assert "(estimated)" in answer_lines(estimated)[2]
    assert any("within 15 minutes of the hub by car, estimated on straight lines" in p for p in more_lines(estimated))


def test_the_criteria_of_the_page_are_those_of_the_table(page: str) -> None:
    body = re.search(r'<table class="criteria">.*?</table>', page, flags=re.S)[0]
    text, rows = _text(body), re.findall(r"<tr>.*?</tr>", body, flags=re.S)
    shown = {_text(row).strip() for row in rows}
    for criterion in criteria_view(made_run()):
        assert criterion.name in text
        for row in criterion.rows:
            assert " ".join((row.label, f"({row.direction})", *row.cells, row.best)) in shown
        for line in criterion.absent:
            assert line in text


def test_how_sure_it_is_stands_in_one_table(page: str) -> None:
    body = _text(re.search(r'<table class="sureness">.*?</table>', page, flags=re.S)[0])
    assert "Proof gap 0.00% no plan under these rules" in body
    assert "Near the rural threshold none in any option" in body or "Near the rural threshold Option 1:" in body
    # G04 has 22,350 where 20,000 is the minimum: no group lies within 5% of its minimum
    assert "Thin margins none in any option" in body
    assert "Input check 1 remarks" in body
    assert "Independent check 3 of 3" in body
    run = made_run()
    groups = run.options[0].groups.copy()
    groups.loc[groups["group_id"] == "G04", "margin"] = 999  # of 20,000
    thin = replace(run, options=(replace(run.options[0], groups=groups),))
    assert "Thin margins 1 of 5 groups" in _text(render_report(thin))


def test_what_the_map_does_not_say_stands_in_a_section_of_its_own(page: str) -> None:
    section = _text(re.search(r'<section id="not-said".*?</section>', page, flags=re.S)[0])
    assert section.strip().startswith("What this map does not say")
    assert "It closes nothing." in section
    assert page.index('id="not-said"') < page.index('id="sources"')
    assert 'href="#not-said"' in page


def test_how_the_page_was_made_can_be_repeated(page: str) -> None:
    text = _text(re.search(r'<section id="sources".*?</section>', page, flags=re.S)[0])
    assert "Run made-up-vale-20240101-abc123, seed 0" in text
    assert "practice-blueprint" in text
    assert "Dorset primary care strategy 2017 (dorset-2017, version 1)" in text
    run = made_run()
    hidden = tuple(replace(source, sha256="") for source in run.place.sources)
    public = _text(render_report(replace(run, run_id="", place=replace(run.place, sources=hidden))))
    assert "(its id is not published)" in public
    assert public.count("not published") >= 4


def test_the_table_side_by_side_holds_the_figures_of_each_option() -> None:
    run = made_run()
    before = with_headline(
        run, share_longer=0.31, share_longer_rural=0.57, share_shorter=0.12, share_shorter_rural=0.05
    )
    doubtful = replace(before.options[1], verified=False)
    before = replace(
        before, before=run.options[0].option.plan, options=(before.options[0], doubtful, before.options[2])
    )
    rows = comparison_rows(before)
    table = dict(row for row in rows if not row[0].startswith("…"))
    assert table["Patients more than a minute further from the hub than before"] == ["31%"] * 3
    assert table["Patients more than a minute nearer to the hub than before"] == ["12%"] * 3
    assert [cells[0] for label, cells in rows if label == "… in rural areas"] == ["57%", "5%"]
    assert table["Independent check agrees"] == ["yes", "no", "yes"]
    assert table["Score behind option 1"] == ["–", "1.19%", "2.38%"]
    assert table["Patients whose group has other members than in option 1"] == [
        "–", "31%", "7% (simply the next best plan)",
    ]  # fmt: skip
    assert "Mean minutes from home to the hub" in table
    assert "Mean minutes from home to the hub, estimate" in dict(comparison_rows(made_run(estimate=True)))


def test_journeys_for_routine_care_go_to_the_nearest_own_site() -> None:
    run = made_run()
    option = run.options[0]
    view = option_view(option, run, dict.fromkeys(option.groups["group_id"], 0))
    table = run.place.registrations
    rural = table["area_code"].map(run.place.areas["rural"].astype(float))
    area = pd.Index(run.times.area_codes).get_indexer(table["area_code"])
    nearest = []
    for practice, row in zip(table["practice_code"], area, strict=True):
        own = [
            i for i, code in enumerate(run.times.site_codes) if run.place.sites.at[code, "practice_code"] == practice
        ]
        nearest.append(run.times.area_to_site[row, own].min() if row >= 0 else np.inf)
    table = table.assign(minutes=nearest, rural=rural)
    for row, limit in zip(view.routine_journeys[1:], (10, 15, 20, 30, 45), strict=True):
        parts = (table, table[table["rural"] == 1], table[table["rural"] == 0])
        shares = (part.loc[part["minutes"] <= limit, "patients"].sum() / part["patients"].sum() for part in parts)
        assert row.cells == tuple(f"{100 * share:.1f}%" for share in shares)
    patients = (table, table[table["rural"] == 1], table[table["rural"] == 0])
    assert view.hub_journeys[-1].cells == tuple(f"{part['patients'].sum():,.0f}" for part in patients)


def test_a_journey_as_long_as_a_limit_is_within_it() -> None:
    run = made_run()
    times = replace(run.times, area_to_site=np.full_like(run.times.area_to_site, 15.0))
    run = replace(run, times=times)
    view = option_view(run.options[0], run, dict.fromkeys(run.options[0].groups["group_id"], 0))
    shares = {row.label: row.cells[1:] for row in view.routine_journeys}  # rural and urban: all homes are timed
    assert (shares["Within 10 minutes"], shares["Within 15 minutes"]) == (("0.0%", "0.0%"), ("100.0%", "100.0%"))


def test_a_partial_plan_counts_its_own_patients_only() -> None:
    run = scored_run()
    view = option_view(run.options[0], run, dict.fromkeys(run.options[0].groups["group_id"], 0))
    covered = set(run.options[0].option.plan.practice_codes)
    table = run.place.registrations
    ours = table.loc[table["practice_code"].isin(covered), "patients"].sum()
    assert view.hub_journeys[-1].cells[0] == f"{ours:,.0f}"


def test_the_ten_areas_furthest_from_their_hub_are_listed_the_furthest_first() -> None:
    run = made_run()
    option = run.options[0]
    far = option_view(option, run, dict.fromkeys(option.groups["group_id"], 0)).far_areas
    minutes = option.areas.set_index("area_code")["minutes_hub"].drop("W01000001").dropna()
    assert [area.to_hub for area in far] == sorted(minutes, reverse=True)[:10]
    assert [area.to_hub for area in far] == [minutes[area.code] for area in far]


def test_what_may_change_a_result_is_listed_first() -> None:
    def made(severity: str, code: str, number: int) -> list[Finding]:
        return [Finding(severity, "f.csv", f"{code} {i}", code=code) for i in range(number)]

    found = (*made("note", "many", 9), *made("warning", "few", 1), *made("warning", "more", 4))
    views = findings_by_kind(found)
    assert [(view.code, view.number, len(view.examples)) for view in views] == [
        ("more", 4, 3), ("few", 1, 1), ("many", 9, 3),
    ]  # fmt: skip


def test_hidden_characters_of_a_finding_are_spelt_out() -> None:
    run = made_run()
    odd = replace(run.findings[0], message="turned \u202e round", value="\u200b")
    groups = run.options[0].groups.copy()
    groups.loc[0, "exception"] = "short \u202e of it"
    option = replace(run.options[0], groups=groups)
    rules = run.rules.model_copy(update={"version": "2 \u202e b"})
    changed = replace(run, rules=rules, findings=(odd, *run.findings[1:]))
    page = render_report(replace(changed, options=(option, *run.options[1:])))
    assert "version 2 [U+202E] b)" in page, "also where the page does not treat it as a name"
    assert "short [U+202E] of it" in page
    assert "turned [U+202E] round" in page
    assert not set("\u202e\u200b") & set(page)


def test_a_run_without_options_still_gives_a_page() -> None:
    run = made_run()
    text = _text(render_report(replace(run, options=())))
    assert "No plan obeys the rules." in text
    assert "What the input check found" in text


def test_a_place_without_localities_or_areas_gives_a_page() -> None:
    run = made_run()
    place = replace(run.place, localities=run.place.localities.head(0))
    practices = place.practices.assign(locality="")
    assert "Locality" not in _text(render_report(replace(run, place=replace(place, practices=practices))))


def test_a_group_that_wins_no_area_is_shown_all_the_same() -> None:
    run = made_run()
    first = run.options[0]
    table = run.place.registrations
    table = table[~table["practice_code"].isin(["J80011", "J80012"])]
    page = render_report(replace(run, place=replace(run.place, registrations=table), options=(first,)))
    assert "Chesil Lane Surgery" in _text(page)


def test_a_plan_with_one_group_gives_a_page() -> None:
    run = made_run()
    first = run.options[0]
    plan = Plan(first.option.plan.groups[:1])
    notes = pd.DataFrame(columns=["group_id", "kind", "note"])
    single = replace(first, option=replace(first.option, plan=plan), groups=first.groups.head(1), notes=notes)
    assert "Harbour Road Surgery" in render_report(replace(run, options=(single,)))


# ------------------------------------------------------------------------------------------------------ how it is made


def test_is_the_same_every_time_and_small(tmp_path: Path, page: str) -> None:
    write_report(made_run(), tmp_path / "report.html")
    written = (tmp_path / "report.html").read_bytes()
    assert written == page.encode("utf-8")
    assert b"\r" not in written
    assert len(written) < 400_000


def test_names_no_address_to_load_from_and_allows_only_its_own_scripts(page: str) -> None:
    assert leads_outside(page) == []


def test_has_the_bones_of_an_accessible_page(page: str) -> None:
    assert broken_bones(page) == []


def test_hostile_names_are_text_in_the_file() -> None:
    page = render_report(made_run(names=HOSTILE_NAMES))
    text = _text(page)
    data = unpacked(page, "map-data")
    for name in HOSTILE_NAMES:
        assert visible(name) in text
        assert visible(name) in [area[1] for area in data["areas"]]
    assert "<img src=x" not in page
    assert "<script>alert" not in page


# ------------------------------------------------------------------------------------------------------- in a browser


def _count(driver, selector: str) -> int:
    return driver.execute_script("return document.querySelectorAll(arguments[0]).length", selector)


@pytest.mark.browser
def test_opens_without_a_request_or_a_word_on_the_console(browser, page: str, tmp_path: Path) -> None:
    path = open_page(browser, page, tmp_path)
    assert asks_for_nothing(browser, path)


@pytest.mark.browser
def test_options_switch_by_keyboard_and_the_first_stop_is_the_skip_link(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    body = browser.find_element("css selector", "body")
    body.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("class") == "skip"
    first = browser.find_element("css selector", "input[name=option-at-groups]")
    first.send_keys(Keys.ARROW_RIGHT)
    assert browser.find_element("css selector", ".option.is-shown").get_attribute("id") == "option-2"
    assert browser.find_element("id", "map-option").text == "Option 2"


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 390])
def test_nothing_scrolls_sideways_on_a_phone(browser, tmp_path: Path, width: int) -> None:
    for run in (made_run(), made_run(names=tuple(name * 6 for name in HOSTILE_NAMES))):
        open_page(browser, render_report(run), tmp_path, width)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
