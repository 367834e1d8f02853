"""The evidence pack as a folder: what lies in it, that it is written whole, and what its files promise."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pandas as pd
import pytest

from geodata.errors import InputProblems
from geodata.tables.readers import sha256_of
from grouping.impact.pack import pack_tables, put_pack, write_pack
from tests.grouping.impact.made_impact import ABOUT, made_impact
from tests.grouping.made_run import HOSTILE_NAMES

NAMES = ("=cmd()", "+1", "@sum", *HOSTILE_NAMES)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pack(made_impact(), tmp_path_factory.mktemp("made") / "pack", ABOUT)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_holds_every_table_the_page_the_workbook_and_the_draft(pack: Path) -> None:
    tables = {f"{name}.csv" for name in made_impact().tables}
    written = {path.name for path in pack.iterdir()}
    assert written == tables | {"impact.html", "impact.xlsx", "equality.md", "impact.json"}


def test_the_record_names_every_file_with_its_hash_and_every_column(pack: Path) -> None:
    record = json.loads((pack / "impact.json").read_text(encoding="utf-8"))
    assert record["status"] == "Draft for discussion. Not a decision."
    assert record["said_first"] == "Grouping practices closes no site."
    assert record["files"] == {path.name: sha256_of(path) for path in pack.iterdir() if path.name != "impact.json"}
    for table in record["tables"].values():
        with (pack / table["file"]).open(encoding="utf-8", newline="") as handle:
            header, *rows = csv.reader(handle)
        assert header == list(table["columns"])
        assert len(rows) == table["rows"]


def test_figures_are_the_ones_of_the_impact_to_three_decimals(pack: Path) -> None:
    impact = made_impact()
    written = pd.read_csv(pack / "summary.csv")
    given = impact.tables["summary"]
    assert len(written) == len(given)
    for column in ("people", "mean", "p90", "longer_5", "change_in_patient_minutes"):
        assert (written[column] - given[column]).abs().max() < 0.000501
        assert (written[column].isna() == given[column].isna()).all()


def test_whole_numbers_have_no_decimals_and_unknown_ones_are_empty() -> None:
    tables = pack_tables(made_impact(baseline=False))
    hub = tables["summary"][tables["summary"]["journey"] == "hub"]
    assert all(value is None for value in hub["mean_before"])
    assert all(isinstance(value, int) for value in tables["communities"]["people"])
    assert not any(isinstance(value, float) and math.isnan(value) for value in hub["mean"])


def test_the_same_impact_gives_the_same_bytes(pack: Path, tmp_path: Path) -> None:
    put_pack(made_impact(), tmp_path, ABOUT)
    for path in pack.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
        assert path.suffix == ".xlsx" or b"\r" not in path.read_bytes()


def test_names_that_look_like_formulas_are_harmless_in_every_table(tmp_path: Path) -> None:
    pack = write_pack(made_impact(names=NAMES), tmp_path / "pack", ABOUT)
    communities = {row["community"] for row in rows_of(pack / "communities.csv")}
    assert {"'=cmd()", "'+1", "'@sum"} <= communities
    for path in pack.glob("*.csv"):
        for row in rows_of(path):
            for cell in row.values():
                assert not cell.startswith(("=", "+", "@", "\t")), (path.name, cell)
                assert not cell.startswith("-") or float(cell) < 0


def test_hidden_numbers_stay_hidden_in_every_file(tmp_path: Path) -> None:
    impact = made_impact(public=True)
    hidden = impact.tables["people"]["people"].tolist().index("*")
    pack = write_pack(impact, tmp_path / "pack", ABOUT)
    assert rows_of(pack / "people.csv")[hidden]["people"] == "*"
    assert "* = 1 to 7 people" in (pack / "impact.html").read_text(encoding="utf-8")
    assert "1 to 7 people" in (pack / "equality.md").read_text(encoding="utf-8")
    assert "1 to 7 people" in json.loads((pack / "impact.json").read_text(encoding="utf-8"))["small_numbers"]


def test_an_earlier_pack_is_replaced_and_anything_else_left_alone(tmp_path: Path) -> None:
    folder = write_pack(made_impact(), tmp_path / "pack", ABOUT)
    (folder / "old.txt").write_text("old", encoding="utf-8")
    write_pack(made_impact(options=1), folder, ABOUT)
    assert not (folder / "old.txt").exists()
    other = tmp_path / "letters"
    other.mkdir()
    (other / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(InputProblems) as told:
        write_pack(made_impact(), other, ABOUT)
    assert "not an evidence pack" in told.value.findings[0].message
    assert [path.name for path in other.iterdir()] == ["letter.txt"]
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(InputProblems, match="this is a file"):
        write_pack(made_impact(), file, ABOUT)


def test_site_options_stand_in_the_pack_only_where_they_were_given(pack: Path, tmp_path: Path) -> None:
    assert not (pack / "site_options.csv").exists()
    moved = write_pack(made_impact(moved=True), tmp_path / "pack", ABOUT)
    assert rows_of(moved / "site_options.csv") == [{"site_code": "S1", "change": "consider further"}]
