"""The page about travel: what it says, that it needs nothing but itself, and that it works in a browser."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console
from selenium.common.exceptions import NoAlertPresentException

from geodata.errors import Finding
from grouping.escape import visible
from grouping.impact.answer import answer_sentences, over_options
from grouping.impact.communities import OUTSIDE
from grouping.impact.curve import curve_of
from grouping.impact.words import figures, people_words, share_cell, signed_minutes
from grouping.page import environment
from grouping.report.impact import impact_view, render_impact
from grouping.say_impact import say_impact
from tests.browsing import asks_for_nothing, open_page
from tests.grouping.impact.made_impact import ABOUT, made_impact
from tests.grouping.made_run import HOSTILE_NAMES
from tests.page_text import body_of, broken_bones, leads_outside


@pytest.fixture(scope="module")
def page() -> str:
    return render_impact(made_impact(), ABOUT)


def text_of(page: str) -> str:
    """The words of a page, without scripts, styles and markup."""
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    page = re.sub(r"</?(?:bdi|span|strong|em|a|code)\b[^>]*>", "", page)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def section(page: str, name: str) -> str:
    return text_of(re.search(rf'<section id="impact-{name}".*?</section>', page, flags=re.S).group())


# ------------------------------------------------------------------------------------------------------- what it says


def test_the_first_sentence_says_that_no_site_closes_and_routine_care_stays() -> None:
    first = answer_sentences(made_impact())[0]
    assert first.startswith("Grouping practices closes no site. Routine care")
    assert first.endswith("every difference is zero.")


def test_with_site_options_the_first_sentence_says_what_they_change() -> None:
    impact = made_impact(moved=True, options=1)
    table = impact.tables["summary"]
    one = table[(table["journey"] == "routine") & (table["mode"] == "car") & (table["population"] == "all")]
    longer = one[one["setting"] == "all"]["longer_5"].iloc[0]
    first = answer_sentences(impact)[0]
    assert first.startswith("Grouping practices closes no site. But site options are switched on.")
    assert f"longer by more than 5 minutes for {longer:,.0f} people" in first
    assert "every difference is zero" not in first


def test_a_change_that_nobody_asked_for_is_not_called_zero() -> None:
    impact = replace(made_impact(moved=True), site_options=None)
    assert "every difference is zero" not in answer_sentences(impact)[0]


def test_the_answer_gives_the_figures_of_the_summary() -> None:
    impact = made_impact(options=1)
    table = impact.tables["summary"]
    row = table[
        (table["scenario"] == "")
        & (table["journey"] == "hub")
        & (table["mode"] == "car")
        & (table["population"] == "all")
        & (table["setting"] == "all")
    ].iloc[0]
    said = " ".join(answer_sentences(impact))
    assert f"the mean journey by car would be {row['mean']:.1f} minutes" in said
    assert f"longer by more than 5 minutes for {row['longer_5']:,.0f} people" in said
    assert f"Beyond 30 minutes by car from the hub: {row['beyond']:,.0f} people" in said


def test_without_a_before_nobody_is_called_better_or_worse_off() -> None:
    impact = made_impact(baseline=False)
    said = " ".join(answer_sentences(impact))
    assert "a level, not a change" in said
    assert "Compared with before" not in said
    hub = section(render_impact(impact, ABOUT), "hub")
    assert "Longer by over" not in hub
    assert "Change of the mean" not in hub


def test_figures_under_a_scenario_are_its_own_and_it_is_named() -> None:
    impact = made_impact(scenario="winter")
    table = impact.tables["summary"]
    table.loc[table["scenario"] == "winter", "mean"] = 77.7
    page = render_impact(impact, ABOUT)
    assert "Scenario: Winter roads." in section(page, "answer")
    assert "77.7" in section(page, "answer")


def test_under_a_scenario_nothing_is_called_as_it_stands_but_the_assumption_of_that_name() -> None:
    page = render_impact(made_impact(scenario="winter"), ABOUT)
    text = text_of(page)
    assert "as things stand" not in text
    assert text.replace("The case as it stands", "").count("as it stands") == 0
    assert "under the assumption “Winter roads”" in section(page, "stress")
    assert "The case as it stands" in section(page, "stress")
    captions = re.findall(r"<caption>(.*?)</caption>", page, flags=re.S)
    named = [caption for caption in captions if "Scenario: <bdi>Winter roads</bdi>." in caption]
    others = [caption for caption in captions if caption not in named and "Files these figures" not in caption]
    assert len(others) == 2
    assert all("assumption" in caption for caption in others)


def test_a_partial_plan_says_whom_it_covers_and_of_how_many_it_counts() -> None:
    impact = made_impact(options=1, partial=True)
    every = impact.tables["people"]["people"].iloc[0]
    summary = impact.tables["summary"]
    hub = summary[(summary["journey"] == "hub") & (summary["mode"] == "car") & (summary["scenario"] == "")].iloc[0]
    assert hub["people"] < every
    said = answer_sentences(impact)
    assert (
        f"Option 1 covers {hub['people']:,.0f} of {every:,.0f} registered patients; the others are in no figure here."
        in said[1]
    )
    of = f"of {hub['people']:,.0f} people"
    assert f"longer by more than 5 minutes for {hub['longer_5']:,.0f} {of}" in " ".join(said)
    assert f"from the hub: none {of}; newly beyond: none {of}." in " ".join(said)
    both = answer_sentences(made_impact(partial=True))
    assert both[1].startswith("Every option covers ")
    assert not any("covers" in sentence for sentence in answer_sentences(made_impact()))


def test_patients_of_a_practice_that_keeps_no_site_are_counted_apart() -> None:
    impact = made_impact(options=1, moved=True, kept_no_site=2)
    row = figures(impact, "routine", "car", setting="all").iloc[0]
    assert row["kept_no_site"] == 800 + 837
    assert answer_sentences(impact)[1] == (
        f"Besides, 1,637 people belong to a practice that keeps no site: they would use the sites of its group, at a "
        f"mean of {row['kept_no_site_after']:.1f} minutes by car instead of {row['kept_no_site_before']:.1f}; 800 of "
        "them travel more than 5 minutes longer. They are in none of the figures of change."
    )
    both = answer_sentences(made_impact(moved=True, kept_no_site=2))
    assert both[1].startswith("Besides, 1,637 people belong to a practice that keeps no site under every option: they")
    assert not any("Besides" in sentence for sentence in answer_sentences(made_impact(moved=True)))


@pytest.mark.parametrize(
    ("kept", "longer", "said"),
    [
        (1.0, 1.0, "one person belongs to a practice that keeps no site: "),
        (1.0, 0.0, "; not more than 5 minutes longer. They"),
        (5.0, 1.0, "; one of them travels more than 5 minutes longer. They"),
        (5.0, 0.0, "; none of them travels more than 5 minutes longer. They"),
        ("*", "*", "a small or hidden number of people belong to a practice"),
        ("*", "*", "; how many of them travel more than 5 minutes longer is hidden. They"),
    ],
)
def test_people_counted_apart_in_the_right_number(kept: object, longer: object, said: str) -> None:
    impact = made_impact(options=1, moved=True, kept_no_site=2)
    table = impact.tables["summary"].astype({"kept_no_site": object, "kept_no_site_longer_5": object})
    table["kept_no_site"], table["kept_no_site_longer_5"] = kept, longer
    impact = replace(impact, tables=impact.tables | {"summary": table})
    assert said in answer_sentences(impact)[1]


@pytest.mark.parametrize(
    ("value", "of", "words"),
    [
        (0.0, None, "nobody"),
        (0.0, 90.0, "none of 90 people"),
        (0.3, None, "less than one person"),
        (0.3, 90.0, "less than one of 90 people"),
        (1.0, None, "one person"),
        (1.0, 90.0, "one of 90 people"),
        (1200.0, None, "1,200 people"),
        (1200.0, 9000.0, "1,200 of 9,000 people"),
        ("*", 9000.0, "a small or hidden number of people"),
        (1200.0, "*", "1,200 people"),
    ],
)
def test_people_in_a_sentence(value: object, of: object, words: str) -> None:
    assert people_words(value, public=False, of=of) == words


def test_nobody_does_not_live_or_travel_in_the_plural() -> None:
    impact = made_impact()
    table = impact.tables["summary"]
    counts = ["longer_5", "shorter_5", "beyond", "newly_beyond", "no_route"]
    for number in (0.0, 1.0):
        table[counts] = number
        said = " ".join(answer_sentences(impact))
        assert not re.search(r"(nobody|one person|every option) (live|travel|belong|have)\b", said)
        assert f"for {'nobody' if number == 0 else 'one person'} under every option" in said


def test_practices_whose_patients_cannot_be_compared_stand_last_with_their_level() -> None:
    impact = made_impact(options=1)
    table = impact.tables["practices"]
    table.loc[table["practice_code"] == "J80004", ["people_compared"]] = 0.0
    table.loc[table["practice_code"] == "J80004", ["mean_before", "mean_after", "change"]] = None
    level = table[(table["practice_code"] == "J80004") & (table["journey"] == "hub") & (table["mode"] == "car")]["mean"]
    shown = impact_view(impact, ABOUT).options[0].practices[0]
    assert "cannot be compared" in shown.caption
    row = dict(zip(shown.columns, shown.rows[-1], strict=True))
    assert row["Code"] == "J80004"
    assert (row["People compared"], row["Mean before"], row["Change"]) == ("0", "–", "–")
    assert row["Mean minutes"] == f"{level.iloc[0]:.1f}"


def test_people_compared_stand_there_where_they_are_fewer_than_all() -> None:
    view = impact_view(made_impact(options=1), ABOUT)
    by_car, by_bus = (part.tables[0] for part in view.options[0].modes[:2])
    assert by_car.spans[0][0] == "Mean before"
    assert by_bus.spans[0][0] == "People compared"


def test_homes_that_are_not_in_the_inputs_are_named_where_there_are_any() -> None:
    assert "home not in the inputs" not in section(render_impact(made_impact(), ABOUT), "communities")
    impact = made_impact(names=(OUTSIDE,))
    assert "No route, or home not in the inputs" in render_impact(impact, ABOUT)


def test_warnings_of_the_inputs_are_folded_with_their_number() -> None:
    findings = tuple(Finding("warning", "areas.csv", f"odd <b>{n}</b>.", code="odd") for n in range(30))
    page = render_impact(replace(made_impact(), findings=findings), ABOUT)
    folded = re.search(r'<details id="impact-findings">.*?</details>', page, flags=re.S).group()
    assert "<summary>30 warnings of the inputs</summary>" in folded
    assert folded.count("<li>") == 30
    assert "<b>" not in folded
    one = render_impact(replace(made_impact(), findings=findings[:1]), ABOUT)
    assert "<summary>One warning of the inputs</summary>" in one


def test_find_my_place_says_what_before_is_only_where_it_is_a_plan() -> None:
    assert "“Before” in these sentences means the plan compared with" in section(
        render_impact(made_impact(), ABOUT), "places"
    )
    today = "Before: hub services as they run today at 3 sites named in hubs.csv; patients go to the nearest."
    for baseline in (today, ""):
        impact = replace(made_impact(baseline=bool(baseline)), baseline=baseline)
        assert "“Before”" not in section(render_impact(impact, ABOUT), "places")


def test_no_assumption_is_sure() -> None:
    text = text_of(render_impact(made_impact(), ABOUT))
    assert "surely" not in text
    assert "whatever is assumed" not in text
    assert "under every assumption tried here" in text


def test_the_command_names_the_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    job = SimpleNamespace(impact=made_impact(scenario="winter", options=1), about=ABOUT)
    say_impact(Console(stderr=True), job, Path("out"), as_json=False)
    said = capsys.readouterr().out
    assert "  Scenario: Winter roads. All figures are for it" in said
    assert "as it stands" not in said
    assert "people compared)" in said


def test_says_no_closure_beside_every_table_and_is_a_draft(page: str) -> None:
    text = text_of(page)
    assert text.index("Draft for discussion. Not a decision.") < text.index("Travel-time impact for Made-up Vale", 100)
    assert "Made-up data." in text
    captions = re.findall(r"<caption>(.*?)</caption>", page, flags=re.S)
    travel = [caption for caption in captions if "Files these figures" not in caption]
    assert len(travel) > 20
    assert all("Grouping practices closes no site." in caption for caption in travel)


def test_has_every_section_in_its_order(page: str) -> None:
    names = ("answer", "hub", "routine", "communities", "inequality", "stress", "mitigation", "places", "practices")
    at = [page.index(f'<section id="impact-{name}"') for name in (*names, "limits", "equality")]
    assert at == sorted(at)


def test_rural_and_urban_stand_side_by_side_in_every_table_of_a_journey(page: str) -> None:
    hub = re.search(r'<section id="impact-hub".*?</section>', page, flags=re.S).group()
    spanned = re.findall(r'<table class="figures from-1 spanned">.*?</thead>', hub, flags=re.S)
    assert len(spanned) == 2 * 3 * 5
    for head in spanned:
        columns = re.findall(r'<th scope="col">([^<]+)</th>', head)
        assert columns[0:3] == ["All", "Rural", "Urban"]
        assert columns == columns[0:3] * (len(columns) // 3)


def test_every_population_of_the_inputs_has_a_row_and_what_is_missing_is_named(page: str) -> None:
    hub = section(page, "hub")
    for label in ("Aged 65 and over", "Aged 85 and over", "Children", "In a household without a car"):
        assert label in hub
    limits = section(page, "limits")
    assert "Carers: not in the inputs" in limits
    assert "residents’ share of each area" in limits


def test_a_mode_without_minutes_is_named_not_guessed() -> None:
    page = render_impact(made_impact(transport=False), ABOUT)
    assert "By public transport: not in the inputs" in section(page, "limits")
    assert "by public transport" not in section(page, "inequality")


def test_the_worst_communities_come_first_and_at_most_so_many() -> None:
    impact = replace(made_impact(options=1, communities=40), worst=7)
    view = impact_view(impact, ABOUT)
    rows = view.options[0].communities.rows
    assert len(rows) == 7
    at = view.options[0].communities.columns.index("Change")
    changes = [float(row[at].replace("−", "-")) for row in rows]
    assert changes == sorted(changes, reverse=True)
    assert changes[-1] > 0


def test_robust_communities_are_told_apart_from_the_others(page: str) -> None:
    stress = section(page, "stress")
    assert "Ward 024" in stress
    assert "Ward 023" not in stress
    assert "peak (not tried)" in stress


def test_mitigation_asks_and_names_people_and_minutes(page: str) -> None:
    asked = section(page, "mitigation")
    assert "could Holt Cross branch (a branch site of J80010, 12.5 minutes away by car) offer" in asked
    assert "38.0 minutes away for 905 people" in asked
    assert "1,640 people of all communities" in asked


def test_every_place_has_its_sentences_by_car_and_without_one() -> None:
    impact = made_impact()
    places = impact_view(impact, ABOUT).places
    assert [place.name for place in places] == sorted(place.name for place in places)
    assert len(places) == 24
    assert sum(len(place.sentences) for place in places) == len(impact.tables["places"])
    assert any("on foot" in sentence for sentence in places[0].sentences)


def test_public_mode_says_what_the_star_is_and_writes_about() -> None:
    page = render_impact(made_impact(public=True), ABOUT)
    assert "* = 1 to 7 people" in section(page, "answer")
    assert re.search(r"about [\d,]+0 people|about [\d,]+5 people", section(page, "answer"))
    assert ">*<" in page


def test_what_is_only_rounding_is_not_called_fewer_people() -> None:
    impact = made_impact(options=1, public=True)
    table = impact.tables["people"]
    whole = table.loc[table["population"] == "all", "people"].iloc[0]
    table.loc[table["population"] == "all", "people"] = whole + 2
    assert not any("covers" in sentence for sentence in answer_sentences(impact))
    table.loc[table["population"] == "all", "people"] = whole + 500
    covered = f"Option 1 covers about {whole:,.0f} of about {whole + 500:,.0f} registered patients; the others"
    assert answer_sentences(impact)[1].startswith(covered)


def test_a_hidden_figure_of_one_option_is_never_ranged_over() -> None:
    said = over_options({"option-1": 120.0, "option-2": "*"}, lambda value: people_words(value, public=True))
    assert said == "about 120 people under Option 1 and a small or hidden number of people under Option 2"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"option-1": 3.0}, "3"),
        ({"option-1": 3.0, "option-2": 3.0}, "3 under every option"),
        ({"option-1": 9.0, "option-2": 3.0, "option-3": 5.0}, "3 (Option 2) to 9 (Option 1)"),
        ({}, ""),
    ],
)
def test_one_figure_over_options(values: dict[str, float], said: str) -> None:
    assert over_options(values, lambda value: f"{value:.0f}") == said


@pytest.mark.parametrize(("share", "words"), [(1.0, "100%"), (0.999, "over 99%"), (0.0, "0%"), (0.001, "under 1%")])
def test_a_share_short_of_everybody_never_reads_everybody(share: float, words: str) -> None:
    assert share_cell(share) == words


@pytest.mark.parametrize(("change", "words"), [(-0.04, "0.0"), (0.06, "+0.1"), (-12.34, "−12.3")])
def test_a_change_has_its_sign(change: float, words: str) -> None:
    assert signed_minutes(change) == words


def test_the_curve_goes_through_its_shares_and_leaves_out_what_is_hidden() -> None:
    shares = {10: 0.0, 15: 0.25, 20: 0.5, 30: 0.75, 45: 1.0}
    curve = curve_of("Option 1", {"rural": shares, "urban": shares | {20: "*"}})
    assert [line.setting for line in curve.lines] == ["rural"]
    assert curve.missing == ("urban",)
    heights = [y for _, y in curve.lines[0].spots]
    assert heights[0] - heights[1] == pytest.approx(heights[3] - heights[4], abs=0.2)
    assert "25% within 15 minutes" in curve.words


def test_sections_stand_in_another_page_with_a_link_to_the_rest() -> None:
    engine = environment()
    template = engine.from_string(
        '{% from "impact/pieces.html.j2" import impact_sections with context %}'
        '{{ impact_sections(view, "impact/impact.html") }}'
    )
    part = template.render(view=impact_view(made_impact(), ABOUT), no_closure="Grouping practices closes no site.")
    assert 'href="impact/impact.html"' in part
    assert 'id="impact-answer"' in part
    assert 'id="impact-places"' not in part


# ------------------------------------------------------------------------------------------------------ how it is made


def test_is_the_same_every_time_and_small() -> None:
    impact = made_impact(options=5, communities=250)
    page = render_impact(impact, ABOUT)
    assert page == render_impact(made_impact(options=5, communities=250), ABOUT)
    assert len(page.encode("utf-8")) < 1_000_000


def test_names_no_address_to_load_from_and_allows_only_its_own_script(page: str) -> None:
    assert leads_outside(page) == []


def test_has_the_bones_of_an_accessible_page(page: str) -> None:
    assert broken_bones(page) == []
    assert all("aria-label=" in tag for tag in re.findall(r"<svg[^>]*>", body_of(page)))


def test_hostile_names_are_text_in_the_file() -> None:
    page = render_impact(made_impact(names=HOSTILE_NAMES), ABOUT)
    text = text_of(page)
    for name in HOSTILE_NAMES:
        assert visible(name) in text
    assert "<img src=x" not in page
    assert "<script>alert" not in page


# ------------------------------------------------------------------------------------------------------- in a browser


@pytest.mark.browser
def test_opens_without_a_request_or_a_word_on_the_console(browser, page: str, tmp_path: Path) -> None:
    path = open_page(browser, page, tmp_path)
    assert asks_for_nothing(browser, path)


@pytest.mark.browser
def test_find_my_place_shows_what_is_typed(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    field = browser.find_element("id", "impact-place")
    shown = "return Array.from(document.querySelectorAll('#impact-place-list > details')).filter(d => !d.hidden).length"
    assert browser.execute_script(shown) == 24
    field.send_keys("WARD 00")
    assert browser.execute_script(shown) == 9
    assert browser.find_element("id", "impact-place-count").text == "9 of 24 places"
    field.send_keys("7")
    assert browser.execute_script(shown) == 1
    assert (
        browser.execute_script(
            "return document.querySelector('#impact-place-list > details[open] summary').textContent"
        )
        == "Ward 007"
    )
    field.send_keys("x")
    assert browser.find_element("id", "impact-place-count").text.startswith("No place of this name.")
    field.clear()
    field.send_keys(" ")
    assert browser.execute_script(shown) == 24


@pytest.mark.browser
def test_without_the_script_all_places_stand_there(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, re.sub(r"<script>.*?</script>", "", page, flags=re.S), tmp_path)
    assert not browser.find_element("id", "impact-place").is_displayed()
    boxes = browser.find_elements("css selector", "#impact-place-list > details")
    assert len(boxes) == 24
    assert all(box.is_displayed() for box in boxes)


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_never_scrolls_sideways(browser, tmp_path: Path, width: int) -> None:
    open_page(browser, render_impact(made_impact(options=5, names=("W" * 60,)), ABOUT), tmp_path, width)
    browser.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_hostile_names_do_nothing(browser, tmp_path: Path) -> None:
    open_page(browser, render_impact(made_impact(names=HOSTILE_NAMES), ABOUT), tmp_path)
    with pytest.raises(NoAlertPresentException):
        browser.switch_to.alert  # noqa: B018
    assert browser.get_log("browser") == []


@pytest.mark.browser
def test_what_is_folded_is_opened_for_print_and_folded_again(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    closed = "return document.querySelectorAll('main details:not([open]):not(#impact-place-list > details)').length"
    before = browser.execute_script(closed)
    assert before > 0
    browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.execute_script(closed) == 0
    browser.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert browser.execute_script(closed) == before
