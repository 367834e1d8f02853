"""The page for one locality: its groups and nobody else's, safe file names, and that it needs nothing but itself."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from grouping.agreement import COLUMNS, Agreement
from grouping.report.locality import (
    _Shared,
    areas_of_locality,
    file_word,
    locality_names,
    locality_page,
    write_locality_pages,
)
from grouping.result import Run
from tests.browsing import accessibility_violations, asks_for_nothing, open_page
from tests.grouping.made_run import HOSTILE_NAMES, made_run, scored_run
from tests.page_text import body_of, broken_bones


@pytest.fixture(scope="module")
def run() -> Run:
    rows = [
        ("J80004", "a", "J80006", "b", True, 0.42, 10, "choice", None, "every plan"),
        ("J80008", "a", "J80009", "b", True, 1.0, 10, "settled-together", 0.01, "every plan"),
        ("J80001", "a", "J80002", "b", True, 1.0, 10, "settled-together", 0.01, "every plan"),
    ]
    made = made_run()
    return replace(made, agreement=Agreement(pd.DataFrame(rows, columns=list(COLUMNS)), "the 10 plans", True))


@pytest.fixture(scope="module")
def vale(run: Run) -> str:
    return locality_page(run, "Vale")


def _text(page: str) -> str:
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    page = re.sub(r"</?(?:bdi|span|strong|b|em|a|code)\b[^>]*>", "", page)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def _section(page: str, name: str) -> str:
    start = page.index(f'<section id="{name}"')
    return page[start : page.index("</section>", start)]


def _option(page: str, number: int) -> str:
    start = page.index(f'aria-labelledby="option-{number}-title"')
    return _text(page[start : page.index("</article>", start)])


def test_says_first_that_it_is_a_draft_and_closes_nothing(vale: str) -> None:
    text = _text(vale)
    assert text.index("Draft for discussion. Not a decision.") < text.index("Vale: what the draft groups mean here", 90)
    assert text.count("Grouping practices closes no site.") >= 8
    assert "Made-up data." in text


def test_its_practices_and_their_companions_stand_under_each_option(run: Run, vale: str) -> None:
    """Riverside, Market Place, Abbey Court and Vale Family are in Vale: rows 2 to 4 of columns 2 to 5."""
    names = run.place.practices["name"]
    ours = {"J80006", "J80007", "J80008", "J80010"}
    assert set(run.place.practices.index[run.place.practices["locality"] == "Vale"]) == ours
    for number, option in enumerate(run.options, start=1):
        said = _option(vale, number)
        for group in option.option.plan.groups:
            for code in group.members:
                assert (names[code] in said) == bool(ours & set(group.members)), (code, number)
    assert "4 practices of Vale in 2 groups, with 2 practices from elsewhere." in _option(vale, 1)


def test_figures_are_those_of_the_groups(run: Run, vale: str) -> None:
    for number, option in enumerate(run.options, start=1):
        said = _option(vale, number)
        for row, group in zip(option.groups.itertuples(), option.option.plan.groups, strict=True):
            if set(group.members) & {"J80006", "J80007", "J80008", "J80010"}:
                sign = "−" if row.margin < 0 else "+"
                assert f"{row.list_size:,} {row.minimum:,} {row.kind} {sign}{abs(row.margin):,}" in said
                assert f"{row.mean_minutes_to_hub:.1f}" in said


def test_what_is_settled_and_what_is_a_choice_concerns_its_practices(vale: str) -> None:
    said = _text(_section(vale, "settled"))
    assert "Abbey Court Practice and Downs View Surgery" in said
    assert "Harbour Road Surgery" not in said
    assert "Riverside Medical Centre Chestnut Avenue Practice (Coast) 42%" in said


def test_five_questions_are_made_from_facts(run: Run, vale: str) -> None:
    for name in locality_names(run):
        page = locality_page(run, name)
        questions = re.findall(r"<li>(.*?)</li>", _section(page, "questions"), flags=re.S)
        assert len(questions) == len(set(questions)) == 5
        assert all(question.count("?") >= 1 for question in questions)
    said = _text(_section(vale, "questions"))
    assert "Riverside Medical Centre and Chestnut Avenue Practice (Coast) are together in 42% of the plans" in said
    west = _text(_section(locality_page(run, "West"), "questions"))
    assert "patients short of its minimum of" in west


def test_the_words_of_draft_stand_inside_each_map(vale: str) -> None:
    drawings = re.findall(r'<svg class="drawing" viewBox="([^"]+)".*?</svg>', vale, flags=re.S)
    whole = re.findall(r'<svg class="drawing".*?</svg>', vale, flags=re.S)
    assert len(drawings) == 3
    for box, drawing in zip(drawings, whole, strict=True):
        left, top, wide, high = map(float, box.split())
        assert "Draft for discussion" in drawing
        spots = re.findall(r'<tspan x="([-\d.]+)" y="([-\d.]+)"', drawing)
        assert spots
        for x, y in spots:
            assert left <= float(x) <= left + wide
            assert top <= float(y) <= top + high


def test_a_map_shows_less_than_the_whole_place(run: Run) -> None:
    """The sites of the east are not on the map of the west; its own are."""
    west, coast = (locality_page(run, name) for name in ("West", "Coast"))
    circles = [
        re.search(r'<g id="drawn-sites">(.*?)</g>', page, flags=re.S)[1].count("<circle") for page in (west, coast)
    ]
    assert 1 <= circles[0] < len(run.place.sites)
    assert circles[1] >= 6


def test_file_names_are_safe_in_order_and_never_the_same(tmp_path: Path) -> None:
    run = made_run()
    names = ["../../etc", "a/b", "A:B", "con", "\u05de\u05e8\u05e4", "=cmd()", "Straße & Co", "x" * 300, "a b", ""]
    practices = run.place.practices.assign(locality=[*names, "con", "a b"])
    hostile = replace(run, place=replace(run.place, practices=practices, localities=run.place.localities.head(0)))
    written = write_locality_pages(hostile, tmp_path / "out")
    assert len(written) == len({path.name for path in written}) == len(locality_names(hostile)) == 9
    assert sorted(path.name for path in written) == [path.name for path in written]
    for path in written:
        assert path.parent == tmp_path / "out"
        assert re.fullmatch(r"\d\d-[a-z0-9-]{1,40}\.html", path.name)
        assert path.read_bytes().startswith(b"<!doctype html>")
        assert b"\r" not in path.read_bytes()
    assert file_word("..") == "locality"


def test_without_localities_there_is_nothing_to_write(tmp_path: Path) -> None:
    run = made_run()
    place = replace(run.place, practices=run.place.practices.assign(locality=""))
    assert write_locality_pages(replace(run, place=place), tmp_path / "none") == []
    assert not (tmp_path / "none").exists()
    with pytest.raises(KeyError):
        locality_page(run, "Nowhere")


def test_every_community_is_on_one_page_also_one_that_two_localities_share() -> None:
    shared = _Shared(made_run())
    inside = {name: sorted(areas_of_locality(shared, name)) for name in locality_names(shared.run)}
    first, second = [name for name, areas in inside.items() if len(areas) > 1][:2]
    half = f"{inside[first][0]} {inside[second][0]}"
    most = f"{inside[first][0]} {inside[second][0]} {inside[second][1]}"
    rows = [("half", half), ("most", most), ("outside", "W01000001"), ("mixed", f"{inside[second][0]} W01000001")]
    shared.table = lambda name: pd.DataFrame(rows, columns=["community", "areas"])
    assert shared.locality_of == {"half": first, "most": second, "mixed": second}


def test_is_the_same_every_time(run: Run, vale: str) -> None:
    assert locality_page(run, "Vale") == vale


def test_a_partial_plan_names_who_is_left_out() -> None:
    page = locality_page(scored_run(), "West")
    assert "Not in this plan: Marsh Green Surgery." in _text(page)


def test_hostile_names_are_text() -> None:
    run = made_run(names=HOSTILE_NAMES)
    for name in locality_names(run):
        page = locality_page(run, name)
        assert "<img src=x" not in page
        assert "<script" not in page
        assert "\u202e" not in page
        assert "49" not in _section(page, "answer"), "{{ 7 * 7 }} is text"


def test_who_stays_together_in_every_option_is_a_list(run: Run) -> None:
    page = locality_page(run, "Coast")
    listed = re.findall(r"<li><bdi>(.*?)</bdi></li>", _section(page, "answer"))
    assert listed
    groups = [option.option.plan.group_of for option in run.options]
    place = run.place.practices
    ours = [code for code in place.index if place.at[code, "locality"] == "Coast"]
    for names in listed:
        codes = [code for code in ours if place.at[code, "name"] in names]
        assert len(codes) > 1
        assert all(len({of[code].group_id for code in codes}) == 1 for of in groups)
    alone = run.options[:1]
    assert "stay together" not in locality_page(replace(run, options=alone), "Coast")


def test_the_bones_of_an_accessible_page(vale: str) -> None:
    body = body_of(vale)
    assert broken_bones(vale) == []
    assert "script-src &#39;none&#39;" in body
    assert "http" not in re.sub(r"https?://www\.w3\.org/\S+", "", body.split("</head>")[1])


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 1280])
def test_opens_alone_and_fits_a_phone(browser, tmp_path: Path, width: int) -> None:
    long = made_run(names=tuple(name * 6 for name in HOSTILE_NAMES))
    for run in (made_run(), long):
        path = open_page(browser, locality_page(run, locality_names(run)[0]), tmp_path, width)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert asks_for_nothing(browser, path)
        assert accessibility_violations(browser) == []
