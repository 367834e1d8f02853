"""Places unlike the usual: very large ones, very small ones, odd names; no page is too large or says nonsense."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from grouping.board_pack import picture, summary
from grouping.board_pack.pdf import print_pdf
from grouping.board_pack.summary import MOST_GROUPS, render_map_page, render_summary
from grouping.cli import app
from grouping.maps.letters import group_letters
from grouping.maps.still import letters_apart
from grouping.pipeline import run_case, score_case
from grouping.public import public_run
from grouping.report import render_report, try_own
from grouping.report.fitting import MOST_BYTES, first_options, largest_that_fits
from grouping.report.locality import write_locality_pages
from grouping.result import Run
from tests.browsing import asks_for_nothing, open_page, unpacked
from tests.grouping.made_many import run_of_many
from tests.grouping.made_run import made_run
from tests.small_case import write_small_case

NONSENSE = re.compile(r"(?<![\w'’.-])(nan|NaN|NaT|None(?! of|\.)|inf|undefined|<NA>)(?![\w-])")


def _words(page: str) -> str:
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


# ------------------------------------------------------------------------------------------------------- large places


@pytest.mark.parametrize(("options", "fixed", "each"), [(1, 10, 90), (2, 10, 45), (9, 10, 10), (9, 40, 20), (40, 1, 7)])
def test_as_many_options_stand_in_a_page_as_fit_and_one_always(options: int, fixed: int, each: int) -> None:
    page = largest_that_fits(lambda number: "x" * (fixed + each * number), options, most=100)
    assert len(page) == fixed + each * max(min((100 - fixed) // each, options), 1)


def test_where_the_later_options_are_larger_one_after_the_other_goes() -> None:
    sizes = {1: 10, 2: 20, 3: 95, 4: 170, 5: 180}
    assert len(largest_that_fits(lambda number: "x" * sizes[number], 5, most=94)) == 20


def test_letters_of_more_than_one_byte_count_as_such() -> None:
    assert len(largest_that_fits(lambda number: "é" * 10 * number, 3, most=40)) == 20


def test_a_page_with_too_many_options_says_which_are_left_out() -> None:
    run = made_run()
    whole = render_report(run)
    assert len(whole.encode("utf-8")) < MOST_BYTES
    assert "too large to send" not in whole
    most = len(whole.encode("utf-8")) - 1
    page = render_report(run, most=most)
    assert len(page.encode("utf-8")) <= most
    assert "first 2 of 3 options: with all of them it would be too large to send. Option 3 stands in" in _words(page)
    assert 'id="option-2"' in page
    assert 'id="option-3"' not in page
    targets = set(re.findall(r' id="([^"]+)"', page))
    assert {href for href in re.findall(r'href="#([^"]+)"', page) if href != "close"} <= targets  # Leaflet's own


def test_tables_about_travel_lose_the_same_options(tmp_path: Path) -> None:
    run = run_case(write_small_case(tmp_path / "case"), options=2, time_limit=20)
    assert len(run.options) == 2
    assert first_options(run, 2) is run
    one = first_options(run, 1)
    assert one.impact.option_ids == ("option-1",)
    for name, table in run.impact.tables.items():
        kept = one.impact.tables[name]
        assert len(kept) == (int((table["option"] != "option-2").sum()) if "option" in table else len(table))


def test_a_trial_too_large_for_a_page_is_replaced_by_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = write_small_case(tmp_path / "case")
    plan = tmp_path / "plan.csv"
    codes = pd.read_csv(case / "practices.csv")["practice_code"]
    plan.write_text("practice_code,group_id,hub_site_code\n" + "".join(f"{code},G1,\n" for code in codes), "utf-8")
    run = score_case(case, plan)
    pairs = run.problem.practice_to_site.size
    monkeypatch.setattr(try_own, "MOST_PAIRS", pairs)
    assert 'id="try-data"' in render_report(run)
    monkeypatch.setattr(try_own, "MOST_PAIRS", pairs - 1)
    page = render_report(run)
    assert 'id="try-data"' not in page
    assert "This page does without it: for 8 practices and 9 sites" in _words(page)
    assert '<a href="#try">' in page
    public = render_report(public_run(run))
    assert "does without it" not in public
    assert '<a href="#try">' not in public


# ------------------------------------------------------------------------------------------------------ for the board


@pytest.mark.browser
@pytest.mark.parametrize(("groups", "pages"), [(MOST_GROUPS, 2), (MOST_GROUPS + 1, 3), (2 * 34 + 1, 5)])
def test_the_groups_of_a_large_board_are_an_annex_to_two_pages(
    groups: int, pages: int, chromium: Path, tmp_path: Path
) -> None:
    import pypdf  # noqa: PLC0415

    run = run_of_many(groups)
    (tmp_path / "s.html").write_text(render_summary(run, "option-1"), encoding="utf-8")
    print_pdf(chromium, tmp_path / "s.html", tmp_path / "s.pdf")
    sheets = [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(tmp_path / "s.pdf").pages]
    assert len(sheets) == pages
    assert all("Draft for discussion. Not a decision." in sheet for sheet in sheets)
    assert "What this does not say" in sheets[1]
    assert ("Annex: the groups" in sheets[-1]) == (groups > MOST_GROUPS)
    text = " ".join(sheets)
    assert all(f" {group} " in text for group in run.options[0].groups["group_id"])


@pytest.mark.browser
@pytest.mark.parametrize(("groups", "pages"), [(24, 1), (60, 2)])
def test_the_map_keeps_its_page_and_many_groups_are_listed_on_the_next(
    groups: int, pages: int, chromium: Path, tmp_path: Path
) -> None:
    import pypdf  # noqa: PLC0415

    (tmp_path / "m.html").write_text(render_map_page(run_of_many(groups), "option-1"), encoding="utf-8")
    print_pdf(chromium, tmp_path / "m.html", tmp_path / "m.pdf")
    sheets = [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(tmp_path / "m.pdf").pages]
    assert len(sheets) == pages
    assert all("Draft for discussion. Not a decision." in sheet for sheet in sheets)


def test_parts_of_the_annex_have_names_of_their_own() -> None:
    page = render_summary(run_of_many(70), "option-1")
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert summary.MOST_GROUPS < 70


@pytest.mark.parametrize(("groups", "columns"), [(24, 1), (60, 2), (130, 3)])
def test_the_legend_of_the_picture_stays_in_its_columns(
    groups: int, columns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = _legend_of(run_of_many(groups), tmp_path, monkeypatch)
    assert len(drawn) == groups
    assert len({round(x, 6) for x, *_ in drawn}) == columns
    points = picture.LEGEND_BOX[2] * picture.WIDTH_IN * 72
    for x, y, words, size in drawn:
        assert size >= 5
        assert y < 1
        column_end = (int((x - 0.15 + 1e-9) * columns) + 1) / columns
        assert x * points + picture._width(words, size) <= column_end * points
    if columns < 3:
        assert all(re.match(r"(KNOWLE|The Old|WWWWW)", words) for _, _, words, _ in drawn)


def _legend_of(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float, str, float]]:
    """Where each line of the legend stands, its words and the size of its letters."""
    seen: list[tuple[float, float, str, float]] = []
    write = picture._write

    def _seen(target: object, x: float, y: float, words: str, **look: object) -> None:
        if re.search(r"(^|, )\d\d,\d{3}$", str(words)):
            seen.append((x, y, words, float(look["fontsize"])))
        write(target, x, y, words, **look)

    monkeypatch.setattr(picture, "_write", _seen)
    picture.write_picture(replace(run, options=run.options[:1]), "option-1", folder / "map.png")
    return seen


def test_letters_are_not_cut_off_by_the_edge_of_the_drawing() -> None:
    ids = [f"G{i:02d}" for i in range(5)]
    corner = [(40, 30)] * 5
    placed = letters_apart(corner, corner, ids, within=(2000, 1500))
    wide, high = 0.62 * 54 * 3 + 14, 54
    assert all(x >= wide / 2 and y >= high / 2 for x, y in placed)
    assert len(set(placed)) == 5


def test_groups_with_whole_names_are_numbered_on_the_maps_and_named_in_the_tables(tmp_path: Path) -> None:
    """Today's networks may be scored as they are called, and their names do not fit on a map."""
    case = write_small_case(tmp_path / "case")
    codes = list(pd.read_csv(case / "practices.csv")["practice_code"])
    names = ["Harbour & Mill Lane Network"] * 4 + ["The Hills Alliance"] * 4
    rows = "".join(f"{code},{name},\n" for code, name in zip(codes, names, strict=True))
    (tmp_path / "plan.csv").write_text("practice_code,group_id,hub_site_code\n" + rows, encoding="utf-8")
    run = score_case(case, tmp_path / "plan.csv")
    page, two, drawn = render_report(run), render_summary(run, "scored"), render_map_page(run, "scored")
    for text in (page, two, drawn):
        assert set(re.findall(r'dy="\.36em">([^<]*)</text>', text)) == {"1", "2"}
        assert re.search(r'class="tag"[^>]*>1</span>\s*(<bdi>)?Harbour &amp; Mill Lane Network', text)
    assert [group["short"] for group in unpacked(page, "map-data")["options"][0]["groups"]] == ["1", "2"]
    assert group_letters(["G01", "U75079"]) == {"G01": "G01", "U75079": "U75079"}


# ------------------------------------------------------------------------------------------------------- small and odd

ODD_LOCALITIES = ("a" * 40, "A" * 40, "CON", 'East/West \\ "x"?*[1]', "🏥🚑 Nord", "dots...", "dots", "")


def _change(folder: Path, table: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    read = pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)
    change(read).to_csv(folder / f"{table}.csv", index=False)


def _first_practices(folder: Path, number: int) -> None:
    codes = [f"X{i:05d}" for i in range(1, number + 1)]
    for table in ("practices", "sites", "registrations"):
        _change(folder, table, lambda read: read[read["practice_code"].isin(codes)])


def _bare(folder: Path) -> None:
    """Nothing that can be left out: no homes of patients, no localities, no names of areas."""
    settings = (folder / "case.toml").read_text(encoding="utf-8")
    settings = settings.replace('registrations = "registrations.csv"\n', "")
    (folder / "case.toml").write_text(settings, encoding="utf-8")
    _change(folder, "practices", lambda read: read.drop(columns="locality"))
    _change(folder, "areas", lambda read: read.drop(columns=["name", "rural_urban"]))


@pytest.mark.browser
@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda folder: _first_practices(folder, 1), id="one practice"),
        pytest.param(lambda folder: _first_practices(folder, 2), id="two practices, areas as points"),
        pytest.param(_bare, id="nothing that can be left out"),
        pytest.param(
            lambda folder: _change(folder, "practices", lambda read: read.assign(locality=list(ODD_LOCALITIES))),
            id="odd localities",
        ),
    ],
)
def test_the_page_of_an_odd_place_opens_and_says_no_nonsense(
    made: Callable[[Path], None], browser, tmp_path: Path
) -> None:
    case = write_small_case(tmp_path / "case")
    made(case)
    run = run_case(case, options=2, time_limit=10)
    for page in (render_report(run), render_report(public_run(run))):
        assert NONSENSE.findall(_words(page)) == []
        path = open_page(browser, page, tmp_path, 320)
        assert asks_for_nothing(browser, path)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 320
    pages = write_locality_pages(run, tmp_path / "localities")
    assert len({path.name.casefold() for path in pages}) == len(pages)
    assert all(path.stat().st_size > 5_000 for path in pages)
    assert len(pages) == run.place.practices["locality"].fillna("").loc[lambda names: names != ""].nunique()


# ------------------------------------------------------------------------------------------------------- the largest


@pytest.mark.real
@pytest.mark.slow
def test_the_largest_board_of_england_has_a_page_that_can_be_sent(shared_data: Path, tmp_path: Path) -> None:
    """Greater Manchester of 2022: 424 practices on 488 sites, its networks scored as they are called."""
    case = tmp_path / "case"
    files = ["--files", str(shared_data / "england"), "--date", "2022"]
    made = CliRunner().invoke(app, ["init", str(case), "--commissioner", "QOP", *files])
    assert made.exit_code == 0, made.output
    run = score_case(case, case / "practices.csv")
    assert len(run.place.practices) == 424
    page = render_report(run)
    assert len(page.encode("utf-8")) < 2_000_000
    assert "This page does without it: for 424 practices and 488 sites" in _words(page)
    numbers = [str(number) for number in range(1, len(run.options[0].groups) + 1)]
    assert re.findall(r'dy="\.36em">([^<]*)</text>', page) == numbers
