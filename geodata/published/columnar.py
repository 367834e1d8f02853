"""Parquet files: names, first records, and some columns of some records."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from geodata.published.delimited import plain_key, plain_keys, stripped
from geodata.published.layered import geo_column
from geodata.published.workbooks import text_of

Opener = Callable[[], AbstractContextManager[IO[bytes]]]


@contextmanager
def _parquet(opener: Opener, dictionaries: list[str] | None = None) -> Iterator[pq.ParquetFile]:
    with opener() as stream, pq.ParquetFile(stream, read_dictionary=dictionaries) as file:
        yield file


def look_at(opener: Opener, rows: int) -> tuple[tuple[tuple[str, ...], ...], str]:
    """Names and first records as text (without the geometry column), and the kind of geometry ("" without)."""
    with _parquet(opener) as file:
        geo, kind = geo_column(file.schema_arrow.metadata)
        names = [name for name in file.schema_arrow.names if name != geo]
        batch = next(file.iter_batches(rows, columns=names), None)
    records: list[tuple[str, ...]] = []
    if batch is not None:
        columns = [[text_of(value) for value in column.to_pylist()] for column in batch.columns]
        records = list(zip(*columns, strict=True))
    return (tuple(" ".join(name.split()) for name in names), *records), kind


def read_columns(
    opener: Opener, positions: list[int], only: tuple[int, Collection[str]] | None
) -> tuple[pa.Table, np.ndarray]:
    """Columns "0", "1", ... in the order of `positions` as text, and rows counted from 2."""
    with opener() as stream, pq.ParquetFile(stream) as file:
        schema = file.schema_arrow
    geo, _ = geo_column(schema.metadata)
    names = [name for name in schema.names if name != geo]
    wanted = [names[p] for p in dict.fromkeys([*positions, *([only[0]] if only else [])])]
    coded = [name for name in wanted if pa.types.is_string(schema.field(name).type)]
    codes = pa.array(sorted({plain_key(code) for code in only[1]}), pa.string()) if only else None
    parts: list[pa.Table] = []
    rows: list[np.ndarray] = []
    seen = 2
    with _parquet(opener, coded) as file:
        for batch in file.iter_batches(262_144, columns=wanted, use_threads=False):
            here = np.arange(seen, seen + batch.num_rows)
            seen += batch.num_rows
            part = pa.Table.from_batches([batch])
            if only is not None:
                hit = _is_in(batch.column(batch.schema.get_field_index(names[only[0]])), codes)
                part, here = part.filter(hit), here[hit.to_numpy(zero_copy_only=False)]
            parts.append(pa.table({str(i): as_text(part[names[p]]) for i, p in enumerate(positions)}))
            rows.append(here)
    if not parts:
        return pa.table({str(i): pa.array([], pa.string()) for i in range(len(positions))}), np.empty(0, np.int64)
    return stripped(pa.concat_tables(parts)), np.concatenate(rows)


def read_shapes(opener: Opener) -> tuple[np.ndarray, str]:
    """Geometries of a GeoParquet file and their coordinate system ("" when it does not say)."""
    with opener() as stream:
        frame = gpd.read_parquet(io.BytesIO(stream.read()))
    return frame.geometry.to_numpy(), frame.crs.to_wkt() if frame.crs else ""


def _is_in(column: Any, codes: pa.Array) -> pa.Array:
    if not pa.types.is_dictionary(column.type):
        return pc.is_in(plain_keys(as_text(column)), value_set=codes)
    among = pc.is_in(plain_keys(as_text(column.dictionary)), value_set=codes)
    return pc.fill_null(among.take(column.indices), False)


def as_text(column: Any) -> Any:
    """An Arrow column as text; nothing and "not a number" are the empty text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), None, column)
    elif not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)):
        values = pa.array([text_of(value) for value in column.to_pylist()], pa.string())
        return pa.chunked_array([values]) if isinstance(column, pa.ChunkedArray) else values
    return pc.fill_null(column.cast(pa.string()), "")
