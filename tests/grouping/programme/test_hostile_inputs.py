"""Odd and hostile tables of a programme: one clear message each, all in one go, and no figure that is none."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from geodata.errors import InputProblems
from grouping.cli import app
from grouping.engagement.persons import reached_by
from grouping.pipeline import run_case
from grouping.programme.inputs import MOST_OF_A_NAME, MOST_OF_A_TEXT, read_inputs
from grouping.programme.settings import read_programme_settings
from grouping.runs import write_run
from tests.small_case import write_small_case


def _write(folder: Path, settings: str, **tables: str) -> Path:
    path = folder / "programme.toml"
    path.write_text(settings, encoding="utf-8")
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def _told(path: Path) -> list[str]:
    with pytest.raises(InputProblems) as problems:
        read_inputs(path)
    return [str(finding) for finding in problems.value.findings]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("Pläne für alle")
    case = write_small_case(folder / "case")
    write_run(run_case(case, options=2), folder / "run", case_dir=case)
    return folder / "run"


def _programme(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["programme", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.stderr.split())


def test_minus_nothing_is_nothing(tmp_path: Path) -> None:
    text = '[tables]\nwaves = "w.csv"\n[rollout]\nlate_weight = -0.0\n'
    inputs = read_inputs(_write(tmp_path, text, w="wave,target_share,most_groups\na,-0.0,-0\n"))
    assert str(inputs.settings.rollout.late_weight) == "0.0"
    assert str(inputs.rows("waves")["target_share"].iloc[0]) == "0.0"
    assert str(inputs.rows("waves")["most_groups"].iloc[0]) == "0.0"


def test_a_cell_without_end_is_told_shortly(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        '[tables]\nwaves = "w.csv"\nengagement = "e.csv"\n',
        w=f"wave,target_share\n{'x' * (MOST_OF_A_NAME + 1)},0.5\n",
        e=f"role,said,changed\nCouncillor,{'x' * (MOST_OF_A_TEXT + 1)},y\n",
    )
    told = _told(path)
    assert len(told) == 2
    assert all("characters" in line and "quotation mark" in line and len(line) < 400 for line in told)
    assert "row 2, column wave" in "".join(told) and "row 2, column said" in "".join(told)


def test_figures_beyond_measure_are_refused(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        '[tables]\nwaves = "w.csv"\ncapacity = "c.csv"\nratios = "r.csv"\n[growth]\nstated_people = 99999999999\n',
        w="wave,most_groups\na,1e99\n",
        c="practice_code,places\nX00001,99999999999999999999\n",
        r="resource,kind,amount,per_patients\nGold,posts,1e99,1e99\n",
    )
    with pytest.raises(InputProblems) as problems:
        read_programme_settings(path)
    assert len(problems.value.findings) == 1
    path.write_text(path.read_text(encoding="utf-8").split("[growth]")[0], encoding="utf-8")
    told = _told(path)
    assert len(told) == 4
    assert any("places must be 1,000,000,000 or less" in line for line in told)


def test_a_score_need_not_be_whole(tmp_path: Path) -> None:
    (told,) = _told(
        _write(tmp_path, '[tables]\nscores = "s.csv"\n', s="option,criterion,score\n1,Access,10.5\n2,Access,9.5\n")
    )
    assert "Write a number from 0 to 10" in told


def test_tables_of_a_programme_are_not_said_to_stand_in_the_case_file(tmp_path: Path) -> None:
    text = '[tables]\nwaves = "w.csv"\norder = "o.csv"\n[tables.scores]\nfile = "s.csv"\nwhere = {who = "me"}\n'
    told = _told(
        _write(tmp_path, text, w="wave,target\n", o="sort,practices\nfirst,A\n", s="option,criterion,score\n1,a,2\n")
    )
    assert len(told) >= 3
    assert all("case.toml" not in line and "programme_" not in line for line in told)
    assert any("programme.toml" in line for line in told)


def test_settings_of_another_kind_are_told_as_they_should_be(tmp_path: Path) -> None:
    text = '[tables]\nwaves = ""\norder = 1\n[tables.scores]\n[estates]\nmajor = "D"\n[rollout]\nready_shares = 0.5\n'
    path = _write(tmp_path, text + f'first_year = "{"x" * 300}"\n')
    with pytest.raises(InputProblems) as problems:
        read_programme_settings(path)
    told = {str(one.column): str(one) for one in problems.value.findings}
    assert set(told) == {
        *("tables.waves", "tables.order", "tables.scores", "estates.major", "rollout.ready_shares"),
        "rollout.first_year",
    }
    assert "file name in quotes" in told["tables.waves"] and "file name in quotes" in told["tables.order"]
    assert "in which file" in told["tables.scores"]
    assert 'a list, such as ["A"]' in told["estates.major"]
    assert "[0.75, 0.5]" in told["rollout.ready_shares"]
    assert "at most 200 characters" in told["rollout.first_year"]


def test_a_long_word_is_searched_for_addresses_at_once() -> None:
    began = time.perf_counter()
    assert not reached_by("x" * 100_000)
    assert not reached_by("x-" * 50_000)
    assert reached_by("write to (jane.smith@example.org)") == "an email address"
    assert reached_by("a@b@example.org") == "an email address"
    assert time.perf_counter() - began < 60  # it took minutes


def test_wrong_cells_and_unknown_codes_are_told_together(run: Path, tmp_path: Path) -> None:
    settings = '[tables]\nwaves = "w.csv"\nreadiness = "r.csv"\ncapacity = "c.csv"\nscores = "s.csv"\n'
    _write(
        tmp_path,
        settings,
        w="wave,target_share\n2031/32,many\n",
        r="practice_code,ready_from\nX00001,2031/32\n",  # right, had the waves been read
        c="practice_code,places\nX0001,3\n",
        s="option,criterion,score\n1,Acess,3\n",
    )
    code, said = _programme(run, "--settings", tmp_path, "--out", tmp_path / "out")
    assert code == 1
    assert "3 problems" in said, said
    for word in ("many", "X0001", "Acess"):
        assert word in said
    assert "There is no wave" not in said
    assert not (tmp_path / "out").exists()


def test_of_many_alike_the_first_are_told(run: Path, tmp_path: Path) -> None:
    rows = "".join(f"Q{i},now\n" for i in range(500))
    _write(tmp_path, '[tables]\nreadiness = "r.csv"\n', r=f"practice_code,ready_from\n{rows}")
    code, said = _programme(run, "--settings", tmp_path, "--out", tmp_path / "out")
    assert code == 1
    assert "500 rows have this mistake" in said
    assert "Q499" not in said


def test_figures_are_weighed_as_they_are_written(run: Path, tmp_path: Path) -> None:
    """Scores that the machine's numbers cannot tell apart, and weights with a sign of pounds or a comma."""
    names = ("Access", "Quality", "Affordability", "Workforce", "Time", "Other")
    scores = [f"{o},{name},3.{'3' * 22}{o}" for o in (1, 2) for name in names]
    weights = [f'{name},"£1,00{i}.50"' for i, name in enumerate(names)]
    _write(
        tmp_path,
        '[tables]\nscores = "s.csv"\nweights = "w.csv"\n',
        s="\n".join(["option,criterion,score", *scores]) + "\n",
        w="\n".join(["criterion,weight", *weights]) + "\n",
    )
    code, said = _programme(run, "--settings", tmp_path, "--out", tmp_path / "out")
    assert code == 0, said
    ranking = pd.read_csv(tmp_path / "out" / "tables" / "scorecard-ranking.csv")
    by_scores = ranking[ranking["basis"].str.contains("scores")].set_index("option")["rank"]
    assert by_scores["option-2"] == 1
    assert by_scores["option-1"] == 2


def test_a_single_wave_holds_the_last_step_of_what_is_built_in(run: Path, tmp_path: Path) -> None:
    """Both steps of the additional consultations fall on it: 45 minutes for all patients, once."""
    _write(tmp_path, '[tables]\nwaves = "w.csv"\n', w="wave,target_share\nall at once,1\n")
    code, said = _programme(run, "--settings", tmp_path, "--out", tmp_path / "out")
    assert code == 0, said
    ratios = pd.read_csv(tmp_path / "out" / "tables" / "resources-ratios.csv")
    held = ratios[ratios["resource"] == "Additional consultations"]
    assert list(held["amount"]) == [0.75]


def test_templates_are_not_written_into_the_run(run: Path) -> None:
    before = sorted(run.rglob("*"))
    for folder in (run, run / "mine"):
        code, said = _programme(run, "--template", folder)
        assert code == 1
        assert "--template" in said
    assert sorted(run.rglob("*")) == before


def test_a_formula_without_its_result_is_told(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["wave", "target_share", "notes"], ["a", "=1/5", "=1+1"], ["b", "=SUM(B2)", "=1+1"], ["c", 1, None]):
        book.active.append(row)
    book.save(tmp_path / "w.xlsx")
    told = _told(_write(tmp_path, '[tables]\nwaves = "w.xlsx"\n'))
    assert len([line for line in told if "formula" in line]) == 1
    assert any("row 2, column target_share" in line and "1 more" in line for line in told)


def test_a_folder_without_settings_is_told_with_the_file_that_is_missing(run: Path, tmp_path: Path) -> None:
    code, said = _programme(run, "--settings", tmp_path, "--out", tmp_path / "out")
    assert code == 1
    assert str(tmp_path / "programme.toml") in said
