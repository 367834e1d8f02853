"""Read a long table a block of rows at a time, so that a file of millions of rows needs the memory of one block.

Each block goes through the same readers as any other table (`geodata.tables.readers`): columns, choices of rows,
spelling and findings are theirs. Only text files and Parquet come in blocks; a spreadsheet or a layer is read whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from geodata.case import TableSpec
from geodata.errors import Finding
from geodata.place import SourceFile
from geodata.tables.columns import match_columns, plain_name
from geodata.tables.content import Content, Unreadable
from geodata.tables.personal import SAMPLE
from geodata.tables.readers import (
    PARQUET_FILES,
    TEXT_FILES,
    FilePart,
    match_content,
    read_table,
    refuse_personal,
    sha256_of,
)
from geodata.tables.sheets import text_content

BLOCK_BYTES = 4 << 20
"""A larger text file is read in blocks of this size."""

BLOCK_ROWS = 1 << 17
"""A longer Parquet file is read in blocks of this many rows."""

HEAD_BYTES = 1 << 16
"""The column names of a text file are looked for in this many bytes."""

NOT_IN_A_BLOCK = frozenset({"nothing-left", "header-only"})
"""What one block may lack without the file lacking it."""


@dataclass
class _Reading:
    """What was gathered from the blocks so far."""

    take: Callable[[FilePart], None]
    rows: int = 0
    part: FilePart | None = None
    findings: list[Finding] = field(default_factory=list)
    lacking: tuple[Finding, ...] = ()


def read_in_blocks(
    folder: Path, table: str, spec: TableSpec, take: Callable[[FilePart], None]
) -> tuple[FilePart | None, list[Finding], SourceFile | None]:
    """Read one file of a table, giving away its rows block by block.

    Parameters
    ----------
    folder, table, spec
        As for `geodata.tables.readers.read_table`.
    take
        Called with each block in turn; it keeps what is wanted of it.

    Returns
    -------
    tuple
        The file without its rows (None if it could not be read), all findings, and the entry for the list of sources.
    """
    path = folder / spec.path
    contents = _contents(path, table, spec)
    if contents is None:
        part, findings, source = read_table(folder, table, spec)
        if part is not None:
            take(part)
        return None if part is None else _without_rows(part), findings, source
    reading = _Reading(take)
    try:
        _refuse_personal(path, table, spec)
        for content in contents:
            _add(reading, content, table, spec)
        sha256 = sha256_of(path)
    except Unreadable as problem:
        return None, [*reading.findings, *problem.findings], None
    except (OSError, MemoryError, pa.ArrowException):
        return None, read_table(folder, table, spec)[1] or [_not_read(spec)], None
    if reading.part is None:
        return None, list(reading.lacking), None
    source = SourceFile(table, spec.file, sha256, reading.rows, spec.vintage, spec.licence, spec.attribution)
    return reading.part, list(dict.fromkeys(reading.findings)), source


def _refuse_personal(path: Path, table: str, spec: TableSpec) -> None:
    """Refuse a file with columns about single people by its first rows, all columns of them (`Unreadable`)."""
    if path.suffix.lower() not in PARQUET_FILES:
        first = next(_text_blocks(path, table, spec), None)
        if first is not None:
            refuse_personal(first, table, spec)
        return
    batch = next(pq.ParquetFile(path).iter_batches(SAMPLE), None)
    if batch is not None:
        columns = [values.to_pylist() for values in batch.columns]
        refuse_personal(Content(batch.schema.names, np.arange(batch.num_rows), columns.__getitem__), table, spec)


def _not_read(spec: TableSpec) -> Finding:
    message = "The file cannot be read to its end."
    return Finding("error", spec.file, message, "Save it again from where it came from.", code="unreadable-file")


def _add(reading: _Reading, content: Content, table: str, spec: TableSpec) -> None:
    try:
        part, findings = match_content(content, table, spec)
    except Unreadable as problem:
        if not {finding.code for finding in problem.findings} <= NOT_IN_A_BLOCK:
            raise
        reading.lacking = problem.findings
        return
    reading.take(part)
    reading.rows += len(part.rows)
    reading.part = reading.part or _without_rows(part)
    reading.findings += [*content.findings, *findings]


def _without_rows(part: FilePart) -> FilePart:
    none = np.zeros(0, dtype=np.int64)
    return chosen_rows(part, none)


def chosen_rows(part: FilePart, rows: NDArray[np.int64] | NDArray[np.bool_]) -> FilePart:
    """The file with some of its rows only, by their position or by a mask."""
    return replace(
        part,
        columns={name: values[rows] for name, values in part.columns.items()},
        rows=part.rows[rows],
        geometry=None if part.geometry is None else part.geometry[rows],
    )


def one_part(parts: list[FilePart]) -> FilePart:
    """The blocks of one file put together again.

    Parameters
    ----------
    parts
        At least one; all of one file, in its order.
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    return replace(
        first,
        columns={name: np.concatenate([part.columns[name] for part in parts]) for name in first.columns},
        rows=np.concatenate([part.rows for part in parts]),
        geometry=None if first.geometry is None else np.concatenate([part.geometry for part in parts]),
        left_out=frozenset().union(*(part.left_out for part in parts)),
        broken=frozenset().union(*(part.broken for part in parts)),
    )


def _contents(path: Path, table: str, spec: TableSpec) -> Iterator[Content] | None:
    """The blocks of a file; None where it is read whole."""
    suffix = path.suffix.lower()
    try:
        if suffix in TEXT_FILES and path.stat().st_size > BLOCK_BYTES:
            return _text_blocks(path, table, spec)
        if suffix in PARQUET_FILES:
            about = pq.ParquetFile(path)
            if about.metadata.num_rows > BLOCK_ROWS and b"geo" not in (about.schema_arrow.metadata or {}):
                return _parquet_blocks(about, table, spec)
    except (OSError, pa.ArrowException):
        pass  # the reader of whole files says what is wrong
    return None


# --- Text --------------------------------------------------------------------------------------------------------


def _text_blocks(path: Path, table: str, spec: TableSpec) -> Iterator[Content]:
    """Blocks of whole rows, each read with the lines of the file's head before it."""
    with path.open("rb") as handle:
        start = handle.read(HEAD_BYTES)
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):  # in UTF-16 a line does not end where a byte says so
            yield text_content(start + handle.read(), path.suffix, table, spec)
            return
        head = _head(start, spec)
        handle.seek(len(head))
        before, rest, first = head.count(b"\n"), b"", True
        while block := handle.read(BLOCK_BYTES):
            whole, rest = _whole_rows(rest + block)
            if whole:
                yield from _block(head, whole, before, first, path.suffix, table, spec)
                first, before = False, before + whole.count(b"\n")
        if rest or first:
            yield from _block(head, rest, before, first, path.suffix, table, spec)


def _head(start: bytes, spec: TableSpec) -> bytes:
    """The lines up to the column names; nothing for a file without any."""
    if spec.header_row == 0:
        return b""
    lines = start.splitlines(keepends=True)
    at = spec.header_row - 1
    if at == 0:
        at = next((i for i, line in enumerate(lines) if line.strip(b'\xef\xbb\xbf,;|\t \r\n"')), 0)
        at += lines[at].strip().removeprefix(b"\xef\xbb\xbf").lower().startswith(b"sep=")
    return b"".join(lines[: at + 1])


def _whole_rows(data: bytes) -> tuple[bytes, bytes]:
    """The rows that are complete, and the beginning of the next one: a line end inside quotation marks ends none."""
    at = data.rfind(b"\n")
    if data.count(b'"', 0, max(at, 0)) % 2:
        at = data.rfind(b"\n", 0, data.rfind(b'"', 0, at))
    return data[: at + 1], data[at + 1 :]


def _block(
    head: bytes, body: bytes, before: int, first: bool, suffix: str, table: str, spec: TableSpec
) -> Iterator[Content]:
    """One block as the content of a file of its own; rows are then counted on from the blocks before it."""
    try:
        content = text_content(head + body, suffix, table, spec)
    except Unreadable as problem:
        if not first and {finding.code for finding in problem.findings} <= NOT_IN_A_BLOCK:
            return  # nothing but blank lines
        moved = tuple(_moved(finding, before - head.count(b"\n")) for finding in problem.findings)
        raise Unreadable(*moved) from problem
    on = before - head.count(b"\n")
    findings = [_moved(finding, on) for finding in content.findings]
    yield Content(content.header, content.rows + on, content.column, findings=findings)


def _moved(finding: Finding, rows: int) -> Finding:
    return finding if finding.row is None else replace(finding, row=finding.row + rows)


# --- Parquet -----------------------------------------------------------------------------------------------------


def _parquet_blocks(file: pq.ParquetFile, table: str, spec: TableSpec) -> Iterator[Content]:
    """Blocks of rows; only the columns that are asked for are read."""
    names = file.schema_arrow.names
    asked = {plain_name(name) for name in (*spec.where, *spec.where_not)}
    wanted = set(match_columns(table, names, spec.columns).position.values())
    read = [name for i, name in enumerate(names) if i in wanted or plain_name(name) in asked]
    row = 2
    for batch in file.iter_batches(BLOCK_ROWS, columns=read):
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))

        def column(position: int, columns: dict[str, pa.Array] = columns, rows: int = batch.num_rows) -> list[object]:
            values = columns.get(names[position])
            return [None] * rows if values is None else values.to_pylist()

        yield Content(names, np.arange(row, row + batch.num_rows, dtype=np.int64), column)
        row += batch.num_rows
