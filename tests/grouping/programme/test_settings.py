"""`programme.toml` and its tables: what is right is read, everything that is wrong is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from geodata.errors import InputProblems
from grouping.programme.inputs import find_programme_file, read_inputs
from grouping.programme.settings import ProgrammeSettings, read_programme_settings


def _write(folder: Path, settings: str, **tables: str) -> Path:
    path = folder / "programme.toml"
    path.write_text(settings, encoding="utf-8")
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def _problems(path: Path) -> list[str]:
    with pytest.raises(InputProblems) as problems:
        read_inputs(path)
    return [str(finding) for finding in problems.value.findings]


def test_without_a_file_everything_is_built_in() -> None:
    inputs = read_inputs(None)
    assert inputs.settings == ProgrammeSettings()
    assert inputs.table("waves") is None
    assert inputs.rows("waves") is None


def test_an_empty_file_is_the_built_in_settings(tmp_path: Path) -> None:
    assert read_programme_settings(_write(tmp_path, "")) == ProgrammeSettings()


def test_lists_and_whole_numbers_are_taken(tmp_path: Path) -> None:
    text = '[estates]\nmodern = ["A", "B"]\n[site_options]\nbudget = 1000\nprotect = ["rural"]\n'
    settings = read_programme_settings(_write(tmp_path, text))
    assert settings.estates.modern == ("A", "B")
    assert settings.site_options.budget == 1000
    assert settings.site_options.protect == ("rural",)


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    text = '[rollout]\nlate_wait = 2\nexceptions_count = "yes"\n[growth]\nyear = 20266\n[sites]\nlook = true\n'
    told = _problems(_write(tmp_path, text))
    assert len(told) == 4
    assert any("row 2" in line and "Did you mean late_weight?" in line for line in told)
    assert any("row 3" in line and "true or false" in line for line in told)
    assert any("row 5" in line and "2200" in line for line in told)
    assert any("sites" in line and "site_options" in line for line in told)


def test_an_unknown_protection_names_the_known_ones(tmp_path: Path) -> None:
    (told,) = _problems(_write(tmp_path, '[site_options]\nprotect = ["rurall"]\n'))
    assert "rural" in told
    assert "dispensing" in told


def test_a_table_is_read_with_the_names_people_use(tmp_path: Path) -> None:
    path = _write(tmp_path, '[tables]\nwaves = "w.csv"\n', w="year,target\n2027/28,0.2\n2028/29,\n")
    rows = read_inputs(path).rows("waves")
    assert rows is not None
    assert list(rows["wave"]) == ["2027/28", "2028/29"]
    assert rows["target_share"].iloc[0] == 0.2
    assert rows["target_share"].isna().iloc[1]


def test_a_percentage_is_told_with_row_column_and_fix(tmp_path: Path) -> None:
    path = _write(tmp_path, '[tables]\nwaves = "w.csv"\n', w="wave,target\n2027/28,20\n")
    (told,) = _problems(path)
    assert "w.csv" in told
    assert "row 2" in told
    assert "target" in told
    assert "20" in told
    assert "such as 20%" in told


def test_mistakes_in_several_tables_are_told_together(tmp_path: Path) -> None:
    text = '[tables]\nwaves = "w.csv"\nscores = "s.csv"\nweights = "gone.csv"\n'
    told = _problems(_write(tmp_path, text, w="wave\n,\n", s="option,criterion,score\noption-1,Access,11\n"))
    assert any("gone.csv" in line for line in told)
    assert any("s.csv" in line and "11" in line for line in told)
    assert any("w.csv" in line for line in told)


def test_the_same_wave_twice_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, '[tables]\nwaves = "w.csv"\n', w="wave\n2027/28\n2027/28\n")
    (told,) = _problems(path)
    assert "row 2" in told
    assert "row 3" in told


def test_a_named_file_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputProblems, match="no such file"):
        find_programme_file(tmp_path, tmp_path / "mine.toml")
    assert find_programme_file(tmp_path, None) is None


def test_a_folder_stands_for_the_file_in_it(tmp_path: Path) -> None:
    path = _write(tmp_path, "")
    assert find_programme_file(tmp_path / "case", tmp_path) == path
