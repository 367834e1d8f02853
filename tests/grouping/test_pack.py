"""`blueprint pack` on run folders: what a pack holds, what is refused, and that the same run gives the same pack."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from geodata.tables.readers import sha256_of
from grouping.board_pack import files as board
from grouping.cli import app
from grouping.pipeline import run_case, score_case
from grouping.plan_file import PLAN_COLUMNS
from grouping.runs import write_run
from tests.small_case import write_small_case

HELD = {"report.html", "blueprint.xlsx", "summary.html", "map.html", "map.png", "map.gpkg", "pack.json"}
LAYERS = {"areas.geojson", "groups.geojson", "sites.geojson"}
PRIVATE = ("vulnerability", "condition", "annual_cost", "staff")
"""What the columns are called that say how a practice or a building fares."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two options, a plan scored by hand that leaves a practice out, and a run without localities."""
    folder = tmp_path_factory.mktemp("päck of runs")
    case = write_small_case(folder / "case")
    rated = pd.read_csv(case / "practices.csv", dtype=str).assign(vulnerability=list("12345125"))
    rated.to_csv(case / "practices.csv", index=False)
    write_run(run_case(case, options=2), folder / "run", case_dir=case)
    plan = pd.read_csv(folder / "run" / "options" / "option-2" / "plan.csv", dtype=str)
    plan[plan["practice_code"] != "X00005"].to_csv(folder / "partial.csv", index=False)
    write_run(score_case(case, folder / "partial.csv"), folder / "scored", case_dir=case)
    bare = write_small_case(folder / "bare")
    pd.read_csv(bare / "practices.csv").drop(columns="locality").to_csv(bare / "practices.csv", index=False)
    write_run(run_case(bare, options=1), folder / "bare-run", case_dir=bare)
    return folder


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """PDFs are tested beside their module; a browser is slow."""
    monkeypatch.setenv("BLUEPRINT_BROWSER", "none")


def _pack(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["pack", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def packed(small: Path) -> Path:
    code, out, said = _pack(small / "run", "--out", small / "pack", "--localities", "--no-pdf")
    assert code == 0, said
    assert "Pack, for use inside" in out and "Grouping practices closes no site." in out
    return small / "pack"


@pytest.fixture(scope="module")
def public(small: Path) -> Path:
    code, out, said = _pack(small / "run", "--out", small / "public", "--public", "--localities", "--no-pdf")
    assert code == 0, said
    assert "Public pack" in out and "how vulnerable practices are" in out
    return small / "public"


def test_a_pack_holds_what_is_promised_and_every_file_is_named_with_its_hash(packed: Path) -> None:
    held = _files(packed)
    record = json.loads(held["pack.json"])
    beside = {name for name in held if "/" not in name}
    assert beside == HELD | LAYERS
    assert {name.split("/")[0] for name in held if "/" in name} == {"impact", "localities", "tables"}
    assert record["files"] == {name: sha256_of(packed / name) for name in sorted(held) if name != "pack.json"}
    assert record["printed"] == [] and not record["public"] and record["option_shown"] == "option-1"
    names = sorted(name.split("-", 1)[1] for name in held if name.startswith("localities/"))
    assert names == ["east-town.html", "hills.html", "west-town.html"]


def test_the_tables_are_those_of_the_run_and_of_the_workbook(small: Path, packed: Path) -> None:
    for option in ("option-1", "option-2"):
        plan = packed / "tables" / f"{option}-plan.csv"
        assert plan.read_bytes() == (small / "run" / "options" / option / "plan.csv").read_bytes()
        assert list(pd.read_csv(plan, dtype=str).columns) == list(PLAN_COLUMNS)
    for name in ("agreement", "findings", "option_differences"):
        assert (packed / "tables" / f"{name}.csv").read_bytes() == (small / "run" / f"{name}.csv").read_bytes()
    assert pd.read_csv(packed / "tables" / "plans.csv").groupby("option")["list_size"].sum().to_dict() == {
        "option-1": 102_500,
        "option-2": 102_500,
    }
    assert len(load_workbook(packed / "blueprint.xlsx", read_only=True).sheetnames) > len(
        list((packed / "tables").iterdir())
    )


def test_the_page_of_a_pack_names_the_files_that_stand_beside_it(small: Path, packed: Path) -> None:
    page = (packed / "report.html").read_text(encoding="utf-8")
    section = page[page.index('<section id="downloads"') :]
    for path in (packed / "tables").iterdir():
        assert f"tables/{path.name}<" in section
    assert "options/option-1/plan.csv" not in section
    of_the_run = (small / "run" / "report.html").read_text(encoding="utf-8")
    assert "options/option-1/plan.csv" in of_the_run[of_the_run.index('<section id="downloads"') :]


def test_the_same_run_gives_the_same_bytes_but_for_the_pdfs(
    small: Path, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = small / "again"
    again.mkdir()
    (again / "pack.json").write_text("{}", encoding="utf-8")
    (again / "old.html").write_text("of last week", encoding="utf-8")
    monkeypatch.setattr(board, "find_browser", lambda: Path("browser"))
    monkeypatch.setattr(board, "print_pdf", lambda browser, page, pdf: pdf.write_bytes(b"%PDF at another time"))
    code, _, said = _pack(small / "run", "--out", again, "--localities")
    assert code == 0, said
    held, earlier = _files(again), _files(packed)
    record = json.loads(held["pack.json"])
    assert record["printed"] == ["map.pdf", "summary.pdf"] and held.keys() - earlier.keys() == set(record["printed"])
    assert [name for name, content in earlier.items() if held[name] != content] == ["pack.json"]
    assert record | {"printed": []} == json.loads(earlier["pack.json"])


def test_a_scored_plan_of_a_case_that_has_moved_without_a_browser(small: Path, tmp_path: Path) -> None:
    shutil.copytree(small / "scored", tmp_path / "run")
    code, _, told = _pack(tmp_path / "run", "--out", tmp_path / "out")
    assert code == 1 and "is not where it was (../case, seen from the run)" in told and "--case" in told
    code, out, told = _pack(tmp_path / "run", "--out", tmp_path / "out", "--case", small / "case", "--json")
    assert code == 0 and "No PDF was made" in told and "summary.html" in told
    held = _files(tmp_path / "out")
    assert json.loads(out) == json.loads(held["pack.json"])
    assert "summary.pdf" not in held and b"The first option" not in held["summary.html"]
    assert "Priory Gardens" in held["tables/left_out.csv"].decode("utf-8")


def test_nothing_private_is_in_a_public_pack(packed: Path, public: Path) -> None:
    inside, outside = _files(packed), _files(public)
    record = json.loads(outside["pack.json"])
    assert record["public"] and not record["try_your_own"] and "vulnerable" in record["left_out"]
    assert outside.keys() == inside.keys()
    heads = {
        column
        for name, content in outside.items()
        if name.endswith(".csv")
        for column in content.decode("utf-8").split("\n", 1)[0].split(",")
    }
    assert not [head for head in heads for word in PRIVATE if word in head]
    assert any(
        "vulnerab" in content.decode("utf-8").split("\n", 1)[0]
        for name, content in inside.items()
        if name.endswith(".csv")
    )
    inputs = json.loads((packed.parent / "run" / "run.json").read_text(encoding="utf-8"))["inputs"]
    hashes = [one["sha256"] for one in inputs if one["table"] != "areas"]  # a rating could be found by trying
    texts = {name: content for name, content in outside.items() if name.endswith((".html", ".json", ".csv", ".md"))}
    assert not [name for name, content in texts.items() for one in hashes if one[:12].encode() in content]
    assert b'id="try-' not in outside["report.html"]


def test_another_option_is_shown(small: Path, tmp_path: Path) -> None:
    code, _, said = _pack(small / "run", "--out", tmp_path / "out", "--option", "option-2", "--no-try", "--no-pdf")
    assert code == 0, said
    record = json.loads((tmp_path / "out" / "pack.json").read_text(encoding="utf-8"))
    assert record["option_shown"] == "option-2" and not record["try_your_own"]
    assert "Option 2" in (tmp_path / "out" / "map.html").read_text(encoding="utf-8")
    assert "Option 1:" not in (tmp_path / "out" / "map.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--option", "option-9"), "Use one of option-1 and option-2"),
        (("scored", "--option", "option-1"), "The only one is scored"),
        (("bare-run", "--localities"), "are in no locality"),
        (("nowhere",), "there is no such folder"),
        (("case",), "this is a case, not a run of it"),
        (("partial.csv",), "this is a file, not a run folder"),
        (("run", "--case", "bare"), "practices.csv this file is not the one that the run was made from"),
    ],
)
def test_what_cannot_be_packed_is_said_and_nothing_is_written(
    small: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    named = [
        small / word if word in {"case", "bare", "partial.csv", "run", "scored", "bare-run", "nowhere"} else word
        for word in words
    ]
    code, out, told = _pack(*named, "--out", tmp_path / "out")
    assert code == 1 and out == "" and said in told and "Fix: " in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("case", "holds files that are not a pack"),
        ("partial.csv", "this is a file, not a folder"),
        ("partial.csv/pack", "is a file, so there can be no folder in it"),
        ("run", "this is the run itself"),
        ("run/board", "this folder is in the run"),
    ],
)
def test_folders_that_must_not_be_written_are_left_alone(small: Path, out: str, said: str) -> None:
    before = _files(small / "case") | _files(small / "run")
    code, _, told = _pack(small / "run", "--out", small / out, "--no-pdf")
    assert code == 1 and said in told and "Nothing was written." in told
    assert _files(small / "case") | _files(small / "run") == before


def test_a_run_within_an_earlier_pack_is_not_taken_away(small: Path, tmp_path: Path) -> None:
    shutil.copytree(small / "run", tmp_path / "pack" / "run")
    (tmp_path / "pack" / "pack.json").write_text("{}", encoding="utf-8")
    code, _, told = _pack(tmp_path / "pack" / "run", "--case", small / "case", "--out", tmp_path / "pack", "--no-pdf")
    assert code == 1 and "the run is in this folder" in told
    assert (tmp_path / "pack" / "run" / "run.json").is_file()


def test_tiles_of_the_web_are_not_for_the_public(small: Path, tmp_path: Path) -> None:
    code, _, told = _pack(small / "run", "--out", tmp_path / "out", "--public", "--online-tiles")
    assert code == 2 and "asks nothing of the web" in told and not (tmp_path / "out").exists()
