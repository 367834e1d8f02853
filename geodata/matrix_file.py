"""Write minutes from many points to many others: whole or not at all, in blocks, and with the method beside them.

A block holds some rows of the matrix, so that a matrix of any size needs the memory of one block.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

METHOD_KEY = "travel_method"
"""Where the metadata of a Parquet file says how the minutes were made (JSON)."""

ROWS_AT_ONCE = 1 << 20
"""Rows of the file that are put together at a time."""

CSV_DECIMALS = {"minutes": 5, "snap_from_m": 1, "snap_to_m": 1}
"""Decimals in CSV; five decimals of a minute still tell every millisecond apart."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet runs a cell that begins with one of these; in CSV such an id gets a leading apostrophe."""

FileKind = Literal["parquet", "csv"]


class Writer(Protocol):
    """What Parquet and CSV writers of pyarrow share."""

    def write_table(self, table: pa.Table) -> None:
        """Add the rows of a table."""

    def close(self) -> None:
        """Finish the file."""


def columns_of(*, ranked: bool = False) -> tuple[str, ...]:
    """Columns of a file of minutes; ranked ones tell the nearest points only."""
    first = ("from", "to", "rank") if ranked else ("from", "to")
    return (*first, "minutes", "reachable", "snap_from_m", "snap_to_m")


def kind_of(path: Path) -> FileKind | None:
    """How a file of minutes is written, by the end of its name; None if it is neither Parquet nor CSV."""
    kinds: dict[str, FileKind] = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv"}
    return kinds.get(Path(path).suffix.lower())


class MatrixFile:
    """A file of minutes that is being written, one row a pair.

    Columns `from, to, minutes, reachable, snap_from_m, snap_to_m`; `minutes` is null where there is no way. Used as a
    context: the file appears when everything in it is complete, and not at all if anything fails on the way. The
    same minutes give the same bytes.

    Parameters
    ----------
    path
        `.parquet` or `.csv`.
    from_ids, to_ids
        A and B ids.
    snap_from_m, snap_to_m
        Metres from each point to its road, shape (A,) and (B,).
    method
        How the minutes were made, written into the metadata of a Parquet file at the end (the attribute may be set
        until then). CSV has no place for it.
    ranked
        Whether rows are added by `add_ranked` and have a rank.

    Raises
    ------
    ValueError
        The name ends with something else.
    OSError
        The file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        from_ids: Sequence[str],
        to_ids: Sequence[str],
        snap_from_m: NDArray[np.float64],
        snap_to_m: NDArray[np.float64],
        method: dict[str, object] | None = None,
        *,
        ranked: bool = False,
    ) -> None:
        kind = kind_of(path)
        if kind is None:
            raise ValueError(f"{path.name} must end with .parquet or .csv")
        self.path, self.kind, self.ranked, self.rows = Path(path), kind, ranked, 0
        guard = _spreadsheet_id if kind == "csv" else str
        self._from = pa.array([guard(text) for text in from_ids], pa.string())
        self._to = pa.array([guard(text) for text in to_ids], pa.string())
        self._snap = np.asarray(snap_from_m, dtype=float), np.asarray(snap_to_m, dtype=float)
        self.method = method or {}
        self._schema = _schema(ranked=ranked)
        self._stack = ExitStack()
        self._writer: Writer

    def __enter__(self) -> MatrixFile:
        with ExitStack() as stack:
            part = stack.enter_context(whole_file(self.path))
            if self.kind == "csv":
                options = pc.WriteOptions(quoting_style="needed")
                self._writer = pc.CSVWriter(part, self._schema, write_options=options)
            else:
                # Without a copy of the schema, what is added at the end reads as metadata of the table.
                self._writer = pq.ParquetWriter(part, self._schema, compression="zstd", store_schema=False)
            stack.callback(self._finish)  # before the file is put in its place
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def _finish(self) -> None:
        if isinstance(self._writer, pq.ParquetWriter):
            facts = json.dumps(self.method, sort_keys=True, ensure_ascii=False)
            self._writer.add_key_value_metadata({METHOD_KEY: facts})
        self._writer.close()

    def add(self, start: int, minutes: NDArray[np.float64]) -> None:
        """Add rows of the matrix.

        Parameters
        ----------
        start
            Position of the first of them among the A points.
        minutes
            Minutes to all B points, `inf` (or NaN) where there is no way, shape (rows, B).
        """
        columns = minutes.shape[1]
        step = max(ROWS_AT_ONCE // max(columns, 1), 1)
        for low in range(0, len(minutes), step):
            piece = minutes[low : low + step]
            origin = np.repeat(np.arange(start + low, start + low + len(piece)), columns)
            self._write(origin, np.tile(np.arange(columns), len(piece)), piece.ravel())

    def add_ranked(
        self,
        origin: NDArray[np.int64],
        target: NDArray[np.int64],
        rank: NDArray[np.int64],
        minutes: NDArray[np.float64],
    ) -> None:
        """Add single pairs with a rank.

        Parameters
        ----------
        origin, target
            Positions among the A and the B points, shape (K,).
        rank, minutes
            1 for the nearest; and minutes; shape (K,).
        """
        for low in range(0, len(origin), ROWS_AT_ONCE):
            here = slice(low, low + ROWS_AT_ONCE)
            self._write(origin[here], target[here], minutes[here], rank[here])

    def _write(
        self,
        origin: NDArray[np.int64],
        target: NDArray[np.int64],
        minutes: NDArray[np.float64],
        rank: NDArray[np.int64] | None = None,
    ) -> None:
        reachable = np.isfinite(minutes)
        cells = {
            "from": self._from.take(pa.array(origin)),
            "to": self._to.take(pa.array(target)),
            "minutes": self._numbers("minutes", np.where(reachable, minutes, 0.0), ~reachable),
            "reachable": pa.array(reachable, pa.bool_()),
            "snap_from_m": self._metres("snap_from_m", self._snap[0][origin]),
            "snap_to_m": self._metres("snap_to_m", self._snap[1][target]),
        }
        if rank is not None:
            cells["rank"] = pa.array(rank, pa.int32())
        self._writer.write_table(pa.table([cells[name] for name in self._schema.names], schema=self._schema))
        self.rows += len(origin)

    def _metres(self, name: str, values: NDArray[np.float64]) -> pa.Array:
        """Distances; null where there is no road at all."""
        known = np.isfinite(values)
        return self._numbers(name, np.where(known, values, 0.0), ~known)

    def _numbers(self, name: str, values: NDArray[np.float64], empty: NDArray[np.bool_]) -> pa.Array:
        values = np.round(values, CSV_DECIMALS[name]) if self.kind == "csv" else values
        return pa.array(values, pa.float64(), mask=empty)


def _schema(*, ranked: bool) -> pa.Schema:
    kinds = {
        "from": pa.string(),
        "to": pa.string(),
        "rank": pa.int32(),
        "minutes": pa.float64(),
        "reachable": pa.bool_(),
        "snap_from_m": pa.float64(),
        "snap_to_m": pa.float64(),
    }
    return pa.schema([(name, kinds[name]) for name in columns_of(ranked=ranked)])


def _spreadsheet_id(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary file beside `path`; put it there at the end, remove it if anything fails.

    Parameters
    ----------
    path
        The file to make, or to replace. Its folder is made if it is not there.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        if os.name == "posix":
            part.chmod(0o644)  # temporary files are private to their maker; results are meant for colleagues
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def read_method(path: Path) -> dict[str, object]:
    """How the minutes of a Parquet file were made, as its metadata tells; nothing if it tells nothing."""
    metadata = pq.read_schema(path).metadata or {}
    facts = metadata.get(METHOD_KEY.encode())
    return json.loads(facts) if facts else {}
