"""Files of minutes: their columns, their order, their bytes, and that they appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from geodata import matrix_file
from geodata.matrix_file import MatrixFile, kind_of, read_method, whole_file

COLUMNS = ["from", "to", "minutes", "reachable", "snap_from_m", "snap_to_m"]
A, B = ("h1", "=2", "ü"), ("s1", "s2")
SNAP = np.array([1.25, 2.0, np.inf]), np.array([0.0, 7.125])
MINUTES = np.array([[1.0, 1234.5678912], [0.0, np.inf], [np.nan, 3.0]])


def write(path: Path, blocks: int = 3, **more) -> Path:
    with MatrixFile(path, A, B, *SNAP, {"kind": "roads"}, **more) as file:
        for start in range(0, 3, blocks):
            file.add(start, MINUTES[start : start + blocks])
        assert file.rows == 6
    return path


def test_parquet_has_every_pair_in_order_and_no_number_where_there_is_no_way(tmp_path: Path) -> None:
    table = pq.read_table(write(tmp_path / "m.parquet"))
    assert table.column_names == COLUMNS
    assert [str(kind) for kind in table.schema.types] == ["string", "string", "double", "bool", "double", "double"]
    assert table["from"].to_pylist() == ["h1", "h1", "=2", "=2", "ü", "ü"]
    assert table["to"].to_pylist() == ["s1", "s2"] * 3
    assert table["minutes"].to_pylist() == [1.0, 1234.5678912, 0.0, None, None, 3.0]
    assert table["reachable"].to_pylist() == [True, True, True, False, False, True]
    assert table["snap_from_m"].to_pylist() == [1.25, 1.25, 2.0, 2.0, None, None]
    assert table["snap_to_m"].to_pylist() == [0.0, 7.125] * 3


def test_the_method_is_in_the_file_and_may_be_completed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    with MatrixFile(path, A, B, *SNAP) as file:
        file.add(0, MINUTES)
        file.method = {"kind": "roads", "details": {"unreachable_share": 1 / 3, "name": "Straße"}}
    assert read_method(path) == file.method
    assert b"travel_method" in pq.read_table(path).schema.metadata
    plain = tmp_path / "plain.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(plain)
    assert read_method(plain) == {}


def test_a_file_without_a_method_tells_none(tmp_path: Path) -> None:
    with MatrixFile(tmp_path / "m.parquet", A, B, *SNAP) as file:
        file.add(0, MINUTES)
    assert read_method(tmp_path / "m.parquet") == {}


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
def test_a_large_block_is_written_in_pieces_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    whole = pq.read_table(write(tmp_path / "whole.parquet"))
    monkeypatch.setattr(matrix_file, "ROWS_AT_ONCE", rows)
    assert pq.read_table(write(tmp_path / "pieces.parquet")).equals(whole)
    assert pq.read_table(write(tmp_path / "blocks.parquet", blocks=2)).equals(whole)
    origin, target, rank = np.array([2, 0, 1]), np.array([1, 0, 1]), np.array([1, 1, 2])
    with MatrixFile(tmp_path / "ranked.parquet", A, B, *SNAP, ranked=True) as file:
        file.add_ranked(origin, target, rank, np.array([1.0, 2.0, 3.0]))
    told = pq.read_table(tmp_path / "ranked.parquet").select(["from", "to", "rank", "minutes"]).to_pydict()
    assert list(zip(*told.values(), strict=True)) == [("ü", "s2", 1, 1.0), ("h1", "s1", 1, 2.0), ("=2", "s2", 2, 3.0)]


def test_csv_reads_back_to_the_millisecond_and_runs_no_formula(tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv")
    frame = pd.read_csv(path)
    assert list(frame.columns) == COLUMNS
    assert frame["from"].tolist() == ["h1", "h1", "'=2", "'=2", "ü", "ü"]
    assert frame["reachable"].tolist() == [True, True, True, False, False, True]
    assert np.isnan(frame["minutes"][3])
    assert round(frame["minutes"][1] * 60_000) == round(1234.5678912 * 60_000)
    assert frame["minutes"][1] == 1234.56789
    assert frame["snap_from_m"][:4].tolist() == [1.2, 1.2, 2.0, 2.0]
    assert frame["snap_to_m"][1] == 7.1
    assert "inf" not in path.read_text(encoding="utf-8").lower()


@pytest.mark.parametrize("name", ["m.parquet", "m.csv"])
def test_the_same_minutes_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    first, again = write(tmp_path / name).read_bytes(), write(tmp_path / name).read_bytes()
    assert first == again
    rows = pq.read_table if name.endswith("parquet") else pd.read_csv
    whole = rows(write(tmp_path / name))
    assert whole.equals(rows(write(tmp_path / name, blocks=1)))


def test_only_the_nearest_with_their_rank(tmp_path: Path) -> None:
    path = tmp_path / "near.parquet"
    origin, target, rank = np.array([0, 0, 1]), np.array([1, 0, 0]), np.array([1, 2, 1])
    with MatrixFile(path, A, B, *SNAP, ranked=True) as file:
        file.add_ranked(origin, target, rank, np.array([2.0, 3.0, 1.0]))
    table = pq.read_table(path)
    assert table.column_names == ["from", "to", "rank", *COLUMNS[2:]]
    assert table["from"].to_pylist() == ["h1", "h1", "=2"]
    assert table["to"].to_pylist() == ["s2", "s1", "s1"]
    assert table["rank"].to_pylist() == [1, 2, 1]
    assert table["minutes"].to_pylist() == [2.0, 3.0, 1.0]


def test_a_file_without_rows_has_its_columns(tmp_path: Path) -> None:
    for name in ("none.parquet", "none.csv"):
        with MatrixFile(tmp_path / name, A, B, *SNAP, ranked=True) as file:
            file.add_ranked(*(np.zeros(0, dtype=np.int64),) * 3, np.zeros(0))
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0
    assert pd.read_csv(tmp_path / "none.csv").columns.tolist() == ["from", "to", "rank", *COLUMNS[2:]]


@pytest.mark.parametrize("name", ["m.parquet", "m.csv"])
@pytest.mark.parametrize("earlier", [False, True])
def test_what_is_stopped_leaves_nothing_behind_and_what_was_there_before(
    tmp_path: Path, name: str, earlier: bool
) -> None:
    path = tmp_path / name
    if earlier:
        path.write_text("before", encoding="utf-8")

    def stopped() -> None:
        with MatrixFile(path, A, B, *SNAP) as file:
            file.add(0, MINUTES[:1])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert [one.name for one in tmp_path.iterdir()] == ([name] if earlier else [])
    assert not earlier or path.read_text(encoding="utf-8") == "before"


def test_a_name_that_ends_with_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.parquet or \.csv"):
        MatrixFile(tmp_path / "m.xlsx", A, B, *SNAP)
    assert [kind_of(Path(name)) for name in ("a.CSV", "a.pq", "a.gpkg", "a")] == ["csv", "parquet", None, None]


def test_a_whole_file_makes_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "note.md"
    with whole_file(path) as part:
        part.write_text("text", encoding="utf-8")
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "text"
    assert [one.name for one in path.parent.iterdir()] == ["note.md"]
