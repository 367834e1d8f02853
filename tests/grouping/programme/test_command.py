"""`blueprint programme` on run folders: what it writes, what it says, what it refuses, and what the public gets."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from geodata.tables.readers import sha256_of
from grouping.cli import app
from grouping.pipeline import run_case
from grouping.programme.job import option_called
from grouping.runs import write_run
from tests.page_text import body_of, broken_bones, leads_outside
from tests.small_case import write_small_case

INSIDE = ("rollout", "resources", "growth", "estates", "scorecard", "resilience", "engagement")
SETTINGS = """\
[tables]
engagement = "said.csv"
scores = "scores.csv"
readiness = "ready.csv"
capacity = "room.csv"
[estates]
modern = ["A"]
major = ["D"]
[site_options]
look = true
budget = 100000
cost_per_m2 = 1000
protect = []
[rollout]
first_year = "2027/28"
publish_years = true
"""
SAID = (
    "date,option,practice_code,place,role,said,changed,why_not,public\n"
    "2026-05-01,option-1,X00001,,Practice manager,We can go first,It goes first,,yes\n"
    "2026-05-02,option-1,X00006,,Practice manager,One of our partners retires,,Nothing is known yet,no\n"
)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with ratings and conditions, a run of two options, and the planner's tables beside it."""
    folder = tmp_path_factory.mktemp("prögramme of runs")
    case = write_small_case(folder / "case")
    rated = pd.read_csv(case / "practices.csv", dtype=str).assign(vulnerability=list("12345125"))
    rated.to_csv(case / "practices.csv", index=False)
    sites = pd.read_csv(case / "sites.csv", dtype=str)
    sites = sites.assign(condition=list("ABCDABCDD"), floor_area_m2="400", annual_cost="90000")
    sites.to_csv(case / "sites.csv", index=False)
    (case / "programme.toml").write_text(SETTINGS, encoding="utf-8")
    (case / "said.csv").write_text(SAID, encoding="utf-8")
    criteria = ("Access for all", "Workforce")
    scores = [f"option-{n},{name},{5 + n}" for n in (1, 2) for name in criteria]
    (case / "scores.csv").write_text("\n".join(["option,criterion,score", *scores]) + "\n", encoding="utf-8")
    (case / "ready.csv").write_text("practice_code,ready_from\nX00002,2028/29\n", encoding="utf-8")
    (case / "room.csv").write_text("practice_code,places\nX00001,4321\n", encoding="utf-8")
    write_run(run_case(case, options=2), folder / "run", case_dir=case)
    return folder


def _programme(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["programme", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


@pytest.fixture(scope="module")
def made(small: Path) -> Path:
    code, out, said = _programme(small / "run", "--option", "A", "--out", small / "programme")
    assert code == 0, said
    assert "Programme of option 1. Grouping practices closes no site." in out
    return small / "programme"


@pytest.fixture(scope="module")
def public(small: Path) -> Path:
    code, out, said = _programme(small / "run", "--out", small / "for all", "--public")
    assert code == 0, said
    assert "Left out for the public" in out
    return small / "for all"


def test_every_file_is_named_with_its_hash(made: Path) -> None:
    record = json.loads((made / "programme.json").read_text(encoding="utf-8"))
    held = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()} - {"programme.json"}
    assert set(record["files"]) == held
    assert all(sha256_of(made / name) == digest for name, digest in record["files"].items())
    assert record["option"] == "option-1"
    assert record["settings"]["estates"]["major"] == ["D"]
    assert {one["file"] for one in record["inputs"]} == {"said.csv", "scores.csv", "ready.csv", "room.csv"}


def test_the_page_has_a_section_for_every_part_and_asks_for_nothing(made: Path) -> None:
    text = (made / "programme.html").read_text(encoding="utf-8")
    assert broken_bones(text) == []
    assert leads_outside(text) == []
    assert [name for name in (*INSIDE, "site_choice") if f'<section id="{name}"' not in text] == []
    assert "<script" not in text
    assert len(text.encode("utf-8")) < 1_000_000


def test_the_workbook_holds_the_same_tables_as_the_folder(made: Path) -> None:
    book = load_workbook(made / "programme.xlsx", read_only=True)
    tables = sorted(path.stem for path in (made / "tables").glob("*.csv"))
    assert len(book.sheetnames) >= len(tables) + 2
    for part in INSIDE:
        assert any(name.startswith(part) for name in tables), part


def test_the_same_run_gives_the_same_bytes(small: Path, made: Path) -> None:
    assert _programme(small / "run", "--option", "1", "--out", small / "again")[0] == 0
    first = {path.relative_to(made): path.read_bytes() for path in made.rglob("*") if path.is_file()}
    again = {
        path.relative_to(small / "again"): path.read_bytes() for path in (small / "again").rglob("*") if path.is_file()
    }
    assert first == again


def test_an_earlier_programme_is_replaced_and_another_folder_left_alone(
    small: Path, made: Path, tmp_path: Path
) -> None:
    assert _programme(small / "run", "--out", made, "--option", "option-1")[0] == 0
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    code, _, said = _programme(small / "run", "--out", tmp_path)
    assert code == 1
    assert "not a programme" in said
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_option_that_is_not_there_is_told_with_those_that_are(small: Path, tmp_path: Path) -> None:
    code, _, said = _programme(small / "run", "--option", "C", "--out", tmp_path / "x")
    assert code == 1
    assert "option-1" in said and "option-2" in said
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("said", "meant"),
    [("", ""), ("2", "option-2"), ("B", "option-2"), ("Option 2", "option-2"), ("option-1", "option-1"), ("9", "9")],
)
def test_options_are_called_as_people_call_them(said: str, meant: str) -> None:
    assert option_called(said, ["option-1", "option-2"]) == meant


def test_the_problems_of_all_tables_are_told_together(small: Path, tmp_path: Path) -> None:
    settings = tmp_path / "programme.toml"
    text = '[tables]\nreadiness = "r.csv"\nscores = "s.csv"\ncapacity = "c.csv"\n'
    settings.write_text(text, encoding="utf-8")
    (tmp_path / "r.csv").write_text("practice_code,ready_from\nX00009,2017/18\nX00001,2031/32\n", encoding="utf-8")
    (tmp_path / "s.csv").write_text("option,criterion,score\nbest,Acess for all,3\n", encoding="utf-8")
    (tmp_path / "c.csv").write_text("practice_code,places\nX0001,3\n", encoding="utf-8")
    code, _, said = _programme(small / "run", "--settings", settings, "--out", tmp_path / "x")
    assert code == 1
    for word in ("X00009", "2031/32", "best", "Acess for all", "X0001"):
        assert word in said, word
    assert "Traceback" not in said
    assert not (tmp_path / "x").exists()


def test_the_template_is_read_as_it_was_written_and_changes_nothing(small: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(small / "case", bare / "case")
    shutil.copytree(small / "run", bare / "run")
    (bare / "case" / "programme.toml").unlink()
    assert _programme(bare / "run", "--out", bare / "built in")[0] == 0
    code, out, said = _programme(bare / "run", "--template", bare / "mine")
    assert code == 0, said
    assert "programme.toml" in out
    code, _, said = _programme(bare / "run", "--settings", bare / "mine", "--out", bare / "edited")
    assert code == 0, said
    for name in ("rollout-groups", "resources-totals", "resilience-groups"):
        before = pd.read_csv(bare / "built in" / "tables" / f"{name}.csv")
        after = pd.read_csv(bare / "edited" / "tables" / f"{name}.csv")
        pd.testing.assert_frame_equal(before, after)
    code, _, said = _programme(bare / "run", "--template", bare / "mine")
    assert code == 1
    assert "already" in said


def test_a_template_with_a_first_year_has_it_in_every_table_and_is_read_back(small: Path, tmp_path: Path) -> None:
    code, _, said = _programme(small / "run", "--template", tmp_path / "mine", "--first-year", "2031/32")
    assert code == 0, said
    for name in ("waves", "milestones", "ratios"):
        text = (tmp_path / "mine" / f"programme_{name}.csv").read_text(encoding="utf-8")
        assert "2031/32" in text and "2017/18" not in text, name
    waves = (tmp_path / "mine" / "programme_waves.csv").read_text(encoding="utf-8").splitlines()
    assert waves[1] == "2031/32,0.2,6,"
    code, _, said = _programme(small / "run", "--settings", tmp_path / "mine", "--out", tmp_path / "made")
    assert code == 0, said
    told = pd.read_csv(tmp_path / "made" / "tables" / "rollout-waves.csv")
    assert told["wave"].iloc[0] == "2031/32"
    code, _, said = _programme(small / "run", "--template", tmp_path / "other", "--first-year", "2031")
    assert code == 1
    assert "2026/27" in said
    assert _programme(small / "run", "--out", tmp_path / "more", "--first-year", "2031/32")[0] == 2


def test_tables_as_a_spreadsheet_saves_them(small: Path, tmp_path: Path) -> None:
    """Semicolons, a byte order mark, percentages, pounds, empty rows at the end; built-in years are not shown."""
    settings = tmp_path / "programme.toml"
    tables = 'waves = "w.csv"\nratios = "r.csv"\nweights = "g.csv"\n'
    settings.write_text(f"[tables]\n{tables}", encoding="utf-8")
    rows = {
        "w": "Wave;Target share\r\n2026/27;20%\r\n2027/28;66.5%\r\n;\r\n;\r\n",
        "r": "resource;kind;amount;per_patients;covered_share;unit\r\nGrant;money;£3;1;50%;pounds\r\n;;;;;\r\n",
        "g": "criterion;weight\r\nQuality of care for all;60%\r\nAccess for all;20%\r\n"
        "Affordability and value for money;20%\r\nWorkforce;0\r\nTime to deliver;0\r\n"
        "Other: research and education;0\r\n;\r\n",
    }
    for name, text in rows.items():
        (tmp_path / f"{name}.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    code, _, said = _programme(small / "run", "--settings", settings, "--out", tmp_path / "made")
    assert code == 0, said
    waves = pd.read_csv(tmp_path / "made" / "tables" / "rollout-waves.csv")
    assert waves["target_share"].tolist() == [0.2, 0.665]
    ratios = pd.read_csv(tmp_path / "made" / "tables" / "resources-ratios.csv")
    assert ratios["covered_share"].tolist() == [0.5]
    page = (tmp_path / "made" / "programme.html").read_text(encoding="utf-8")
    assert "Further milestones are not shown" in page
    assert "2017/18" not in body_of(page)
    (tmp_path / "w.csv").write_text('wave,target_share\n2026/27,120%\n2027/28,"0,665"\n', encoding="utf-8")
    (tmp_path / "r.csv").write_text("resource;kind\r\nGrant;money\r\n", encoding="utf-8")
    code, _, said = _programme(small / "run", "--settings", settings, "--out", tmp_path / "made")
    said = " ".join(said.split())
    assert code == 1
    assert "or a percentage, such as 20%" in said
    assert "Write the decimals after a point" in said
    assert "In programme.toml write: ratios = { file" in said


PRIVATE = (
    "vulnerab",
    "readiness",
    "consider further",
    "considered further",
    "hands back",
    "site_choice",
    "annual_cost",
)


def test_nothing_of_what_stays_in_the_house_is_in_a_public_programme(public: Path) -> None:
    names = {path.relative_to(public).as_posix() for path in public.rglob("*") if path.is_file()}
    assert not any(part in name for name in names for part in ("resilience", "site_choice", "readiness"))
    told = body_of((public / "programme.html").read_text(encoding="utf-8"))
    told = re.sub(r'<p class="public-note">.*?</p>', "", told, flags=re.S)
    tables = "".join(path.read_text(encoding="utf-8") for path in (public / "tables").glob("*.csv"))
    record = (public / "programme.json").read_text(encoding="utf-8")
    for word in ("One of our partners retires", "4321", "partners"):
        assert word not in told + tables + record, word
    tables = re.sub(r"[^\n]*not shown in the public version[^\n]*", "", tables)
    for word in PRIVATE:
        assert word not in tables.casefold(), word
    for word in ("consider further", "considered further", "invest in", "hands back its"):
        assert word not in told.casefold(), word
    assert "We can go first" in told


def test_a_public_programme_has_the_same_years_as_the_one_for_inside(made: Path, public: Path) -> None:
    columns = ["group_id", "start", "at_scale_from"]
    inside = pd.read_csv(made / "tables" / "rollout-groups.csv")
    outside = pd.read_csv(public / "tables" / "rollout-groups.csv")
    pd.testing.assert_frame_equal(inside[columns], outside[columns])


def test_a_pack_takes_the_programme_onto_the_page_and_into_the_workbook(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLUEPRINT_BROWSER", "none")
    words = ["pack", str(small / "run"), "--out", str(tmp_path / "pack"), "--programme", "--no-pdf"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.stderr
    text = (tmp_path / "pack" / "report.html").read_text(encoding="utf-8")
    assert broken_bones(text) == []
    assert [name for name in ("programme", *INSIDE) if f'<section id="{name}"' not in text] == []
    assert (tmp_path / "pack" / "tables" / "rollout-groups.csv").is_file()
    assert any("rollout" in name.casefold() or "years" in name.casefold() for name in _sheets(tmp_path / "pack"))


def _sheets(folder: Path) -> list[str]:
    return load_workbook(folder / "blueprint.xlsx", read_only=True).sheetnames
