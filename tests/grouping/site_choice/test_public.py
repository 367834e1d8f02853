"""A programme for the public holds nothing of the questions about sites: every file is searched."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from grouping.pipeline import run_case
from grouping.programme.job import make_programme
from grouping.runs import write_run
from tests.page_text import body_of
from tests.small_case import write_small_case

SETTINGS = """\
[estates]
major = ["D"]
[site_options]
look = true
budget = 271828
beyond_minutes = 40
longer_minutes = 30
protect = []
protect_sites = ["X00001-1"]
"""
NEVER = re.compile(
    r"considere?d? further|invested|invest in|investment (?:in|that)|major investment|put right|putting it right"
    r"|running costs today|questions about sites|not of decisions|access floor|271,?828"
)
"""What no file for the public may say; that investment is not assessed, or not shown, it may."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("public")
    case = write_small_case(folder / "case")
    sites = pd.read_csv(case / "sites.csv", dtype=str)
    cost = ["", "200000", "", "", "", "", "", "", ""]
    sites = sites.assign(condition=list("ADAAAAAAD"), annual_cost="90000", investment_cost=cost)
    sites.to_csv(case / "sites.csv", index=False)
    (case / "programme.toml").write_text(SETTINGS, encoding="utf-8")
    write_run(run_case(case, options=1), folder / "run", case_dir=case)
    return folder / "run"


def everything(folder: Path) -> str:
    """All a reader can find in the files of a programme, in small letters."""
    texts = [body_of((folder / "programme.html").read_text(encoding="utf-8"))]
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".xlsx":
            for sheet in load_workbook(path).worksheets:
                texts.append(sheet.title)
                texts += [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
        elif path.suffix in {".csv", ".json"}:
            texts += [path.name, path.read_text(encoding="utf-8")]
    return " ".join(" ".join(texts).casefold().split())


def test_inside_the_house_there_is_all_of_it(run: Path, tmp_path: Path) -> None:
    make_programme(run, tmp_path / "inside")
    told = everything(tmp_path / "inside")
    wanted = {
        "considered further",
        "consider further",
        "invest in",
        "major investment",
        "put right",
        "running costs today",
    }
    assert wanted <= set(NEVER.findall(told))
    sites = pd.read_csv(tmp_path / "inside" / "tables" / "site_choice-sites.csv").set_index("site_code")["decision"]
    assert sites[sites != "keep"].to_dict() == {"X00007-2": "consider further", "X00002-1": "invest in"}


def test_the_public_gets_none_of_it(run: Path, tmp_path: Path) -> None:
    make_programme(run, tmp_path / "outside", public=True)
    told = everything(tmp_path / "outside")
    assert not NEVER.findall(told)
    assert not re.findall(r"site[_ -]choice|site_floor", told)
    page = (tmp_path / "outside" / "programme.html").read_text(encoding="utf-8")
    assert 'id="site_choice"' not in page and "considered further" not in page.casefold()
    settings = json.loads((tmp_path / "outside" / "programme.json").read_text(encoding="utf-8"))["settings"]
    said = settings.get("site_options", {"look": False, "budget": 0, "protect_sites": []})
    assert (said["look"], said["budget"], said["protect_sites"]) == (False, 0, [])
