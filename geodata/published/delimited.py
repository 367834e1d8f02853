"""Text tables (CSV, tab-separated) of any size: how they are written, and some of their columns, read as a stream.

Records are counted as a spreadsheet counts them: a line break inside quotation marks does not begin a new row, an
empty line is a row.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from statistics import median_low, mode
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from geodata.errors import Finding, InputProblems
from geodata.tables.content import clip
from geodata.tables.sheets import decode_text, delimiter_of

HEAD_BYTES = 256_000
"""How much of a file is looked at to learn how it is written."""

BLOCK_BYTES = 4_000_000
"""How much is parsed at a time; a single record cannot be longer."""

Rows = tuple[tuple[str, ...], ...]
Opener = Callable[[], AbstractContextManager[IO[bytes]]]


@dataclass(frozen=True)
class Writing:
    """How a text table is written: encoding, separator, cells in most records, and its first records."""

    encoding: str
    delimiter: str
    width: int
    top: Rows
    findings: tuple[Finding, ...] = ()


def look_at(head: bytes, file: str, rows: int, *, whole: bool) -> Writing:
    """Learn from the first bytes how a text table is written.

    Parameters
    ----------
    head
        The first bytes; `whole` tells that there are no more.
    file
        Name for messages.
    rows
        How many records to return.

    Raises
    ------
    Unreadable
        When it is not text.
    """
    if not whole and (cut := head.rfind(b"\n")) > 0:
        head = head[: cut + (2 if head.startswith(b"\xff\xfe") else 1)]
    text, findings = decode_text(head, file)
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "cp1252" if findings else "utf-8"
    delimiter = _delimiter(text)
    top: list[tuple[str, ...]] = []
    for record in _lenient(io.StringIO(text, newline=""), delimiter):
        top.append(tuple(cell.strip() for cell in record))
        if len(top) == rows:
            break
    if top and re.fullmatch(r"sep=.?", "".join(top[0]).casefold()):
        top[0] = ()
    widths = [len(record) for record in top if any(record)]
    common = mode(widths) if widths else 0
    return Writing(encoding, delimiter, common, tuple(top), tuple(findings))


def _delimiter(text: str) -> str:
    lines = [line for line in text.splitlines()[:200] if line.strip()]
    if not lines:
        return ","
    if match := re.fullmatch(r"sep=(.)", lines[0].strip(), re.IGNORECASE):
        return match.group(1)
    bare = [re.sub(r'"[^"]*"', "", line) for line in lines]
    first = delimiter_of(lines)
    usual = {mark: median_low([line.count(mark) for line in bare]) for mark in (",", ";", "\t", "|")}
    best = max(usual, key=lambda mark: (usual[mark], mark == first))
    return best if usual[best] else first


def _lenient(stream: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Records of a text; a record that cannot be parsed ends them."""
    try:
        yield from csv.reader(stream, delimiter=delimiter)
    except csv.Error:
        return


# --- Reading -----------------------------------------------------------------------------------------------------


def plain_keys(values: Any) -> Any:
    """Codes as they are compared: without white space, in upper case (an Arrow array of text)."""
    return pc.replace_substring_regex(pc.utf8_upper(values), r"\s+", "")


def plain_key(value: str) -> str:
    """One code as `plain_keys` gives it."""
    return re.sub(r"\s+", "", value.upper())


@dataclass
class _Ragged:
    """Records with more or fewer cells than usual, which the fast parser hands over one by one."""

    delimiter: str
    keep: Callable[[int, list[str]], bool]
    kept: list[tuple[int, list[str]]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    swallowed: tuple[int, str] | None = None

    def __call__(self, row: Any) -> str:
        self.numbers.append(row.number)
        cells = next(csv.reader(io.StringIO(row.text, newline=""), delimiter=self.delimiter), [])
        if "\n" in row.text and row.actual_columns > 1 and self.swallowed is None:
            self.swallowed = (row.number, row.text)
        if self.keep(row.number, cells):
            self.kept.append((row.number, cells))
        return "skip"


class _Counted(io.RawIOBase):
    """A stream that counts the quotation marks which pass through it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.quotes = stream, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.quotes += data.count(b'"')
        return data


class _OddQuotes(Exception):
    """The quotation marks of the file do not pair."""


def read_columns(
    opener: Opener,
    writing: Writing,
    positions: Sequence[int],
    *,
    file: str,
    after_row: int,
    only: tuple[int, Collection[str]] | None = None,
) -> tuple[pa.Table, np.ndarray]:
    """Read some columns of a text table.

    Parameters
    ----------
    opener
        Gives the stream; called again when a file has to be read another way.
    positions
        Which cells of each record, from 0.
    after_row
        Records up to this row (the header) are left out.
    only
        Position of a column and the codes to keep there, compared without white space and case. Other records are
        dropped block by block, so that memory follows what is kept and not the file.

    Returns
    -------
    (table, rows)
        Columns "0", "1", ... in the order of `positions`, as stripped text; row numbers as a spreadsheet counts.

    Raises
    ------
    InputProblems
        When the quotation marks do not match or the file is damaged.
    """
    encodings = list(dict.fromkeys([writing.encoding, "cp1252", "latin-1"]))
    for encoding in encodings:
        try:
            return _fast(opener, writing, encoding, positions, file=file, after_row=after_row, only=only)
        except (UnicodeDecodeError, pa.ArrowInvalid) as error:
            if isinstance(error, UnicodeDecodeError) or "UTF8" in str(error):
                continue
            break
        except _OddQuotes:
            break
    return _slow(opener, writing, positions, file=file, after_row=after_row, only=only)


def _fast(
    opener: Opener,
    writing: Writing,
    encoding: str,
    positions: Sequence[int],
    *,
    file: str,
    after_row: int,
    only: tuple[int, Collection[str]] | None,
) -> tuple[pa.Table, np.ndarray]:
    width = max([writing.width, 1])
    names = [f"c{i}" for i in range(width)]
    wanted = [names[p] for p in sorted({*positions, *([only[0]] if only else [])}) if p < width]
    if not wanted or (only and only[0] >= width):
        return _slow(opener, writing, positions, file=file, after_row=after_row, only=only)
    codes = pa.array(sorted({plain_key(code) for code in only[1]}), pa.string()) if only else None
    keep = _keeper(after_row, only)
    ragged = _Ragged(writing.delimiter, keep)
    batches: list[pa.RecordBatch] = []
    ordinals: list[np.ndarray] = []
    seen = 0
    with opener() as raw:
        counted = _Counted(raw)
        reader = pacsv.open_csv(
            counted,
            read_options=pacsv.ReadOptions(
                column_names=names, block_size=BLOCK_BYTES, use_threads=False, encoding=encoding
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=writing.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=ragged,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False, include_columns=wanted
            ),
        )
        for batch in reader:
            count = batch.num_rows
            here = np.arange(seen, seen + count)
            seen += count
            part = batch
            if only is not None:
                hit = pc.is_in(plain_keys(batch.column(names[only[0]])), value_set=codes)
                part = batch.filter(hit)
                here = here[hit.to_numpy(zero_copy_only=False)]
            if part.num_rows:
                batches.append(part)
                ordinals.append(here)
    if counted.quotes % 2 or (ragged.swallowed and ragged.swallowed[0] > after_row):
        raise _OddQuotes
    table = pa.Table.from_batches(batches, schema=pa.schema([(name, pa.string()) for name in wanted]))
    ordinal = np.concatenate(ordinals) if ordinals else np.empty(0, dtype=np.int64)
    before = np.array(ragged.numbers, dtype=np.int64) - 1 - np.arange(len(ragged.numbers))
    rows = ordinal + 1 + np.searchsorted(before, ordinal, side="right")
    late = rows > after_row
    if not late.all():
        table, rows = table.filter(pa.array(late)), rows[late]
    empty = pa.chunked_array([pa.nulls(table.num_rows, pa.string()).fill_null("")], pa.string())
    table = pa.table({str(i): table[names[p]] if p < width else empty for i, p in enumerate(positions)})
    if ragged.kept:
        extra = _table([cells for _, cells in ragged.kept], positions)
        table = pa.concat_tables([table, extra])
        rows = np.concatenate([rows, np.array([number for number, _ in ragged.kept], dtype=np.int64)])
        order = np.argsort(rows, kind="stable")
        table, rows = table.take(pa.array(order)), rows[order]
    return stripped(table), rows


def _keeper(after_row: int, only: tuple[int, Collection[str]] | None) -> Callable[[int, list[str]], bool]:
    codes = {plain_key(code) for code in only[1]} if only else set()

    def keep(number: int, cells: list[str]) -> bool:
        if number <= after_row:
            return False
        if only is None:
            return True
        return only[0] < len(cells) and plain_key(cells[only[0]]) in codes

    return keep


def _slow(
    opener: Opener,
    writing: Writing,
    positions: Sequence[int],
    *,
    file: str,
    after_row: int,
    only: tuple[int, Collection[str]] | None,
) -> tuple[pa.Table, np.ndarray]:
    """Python's own parser, for what the fast one does not take; strict about quotation marks."""
    keep = _keeper(after_row, only)
    kept: list[list[str]] = []
    rows: list[int] = []
    number = 0
    with opener() as raw:
        encoding = (
            "cp1252" if writing.encoding == "cp1252" else writing.encoding + "-sig" * (writing.encoding == "utf-8")
        )
        text = io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")
        try:
            for number, cells in enumerate(csv.reader(text, delimiter=writing.delimiter, strict=True), 1):
                if keep(number, cells):
                    kept.append([cells[p] if p < len(cells) else "" for p in positions])
                    rows.append(number)
        except csv.Error as error:
            raise InputProblems(
                [
                    Finding(
                        "error",
                        file,
                        "From this row on the quotation marks do not match.",
                        'Look for a " that is not closed; a quotation mark inside a name is written twice, "".',
                        row=number + 1,
                        value=clip(str(error)),
                        code="bad-quotes",
                    )
                ]
            ) from error
    table = _table(kept, range(len(positions)))
    return stripped(table), np.array(rows, dtype=np.int64)


def _table(records: Sequence[Sequence[str]], positions: Iterable[int]) -> pa.Table:
    return pa.table(
        {
            str(i): pa.array([cells[p] if p < len(cells) else "" for cells in records], pa.string())
            for i, p in enumerate(positions)
        }
    )


def stripped(table: pa.Table) -> pa.Table:
    """Text without blanks around it; a whole number that a program wrote as 20201130.0 reads 20201130."""
    columns = {}
    for name in table.column_names:
        column = pc.utf8_trim_whitespace(table[name].cast(pa.string()))
        if pc.any(pc.ends_with(column, ".0")).as_py():
            column = pc.replace_substring_regex(column, r"^(-?\d+)\.0$", r"\1")
        columns[name] = column
    return pa.table(columns)
