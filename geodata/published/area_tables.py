"""One published table of small areas: population, class, deprivation, cars, points, outlines, bodies above.

Whatever a file tells about areas comes out under the same names, whoever published it: mid-year estimates by age, the
rural-urban classifications of 2011 and 2021, the indices of deprivation of 2019 and 2025, census car availability,
centroids, boundaries, and lookups to local authorities and commissioners.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.errors import Finding, InputProblems
from geodata.published.area_columns import (
    AREA_CODE,
    AREA_COLUMNS,
    COUNT_COLUMNS,
    TEXT_COLUMNS,
    AreaColumns,
    area_columns,
)
from geodata.published.boundaries import join_pieces, mend_outlines
from geodata.published.cells import by_value, names
from geodata.published.coordinates import on_the_grid, point_kind
from geodata.tables.columns import plain_word, vocabulary
from geodata.tables.content import clip
from geodata.tables.schemas import parse_number

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile

_WITHHELD = frozenset(["", "*", "-", "--", "c", "[c]", "x", "[x]", ":", "..", "n/a", "na", "null", "none", "nan"])
_LIMITS = {
    **dict.fromkeys(COUNT_COLUMNS, (0.0, np.inf)),
    "deprivation_decile": (1.0, 10.0),
    "no_car_share": (0.0, 1.0),
}
_FIRST_AGE = {"population": 0, "population_65_plus": 65, "population_75_plus": 75, "population_85_plus": 85}
_ADDED = "age {}"


def columns_of(file: PublishedFile) -> AreaColumns | None:
    """Which columns of a file tell what; None when it holds no codes of small areas."""
    table = file.table
    place = " ".join(part for part in (table.file, table.sheet, table.layer) if part)
    return area_columns(table.header, table.sample, place)


def code_year(file: PublishedFile) -> int | None:
    """Whether a file's area codes are of 2011 or 2021; None when it does not say."""
    columns = columns_of(file)
    return columns.code_year if columns else None


def told_in(file: PublishedFile, column: str) -> int:
    """The year that a column of a file is of: its own name's, else the file's; 0 if unknown."""
    columns = columns_of(file)
    if columns and column in columns.year:
        return columns.year[column]
    if columns and column in COUNT_COLUMNS and "population" in columns.year:
        return columns.year["population"]
    last = file.vintage.last
    return last.year if last else 0


def read_areas(
    file: PublishedFile,
    *,
    codes: Collection[str] | None = None,
    bounds: tuple[float, float, float, float] | None = None,
) -> tuple[pd.DataFrame, list[Finding]]:
    """Read what one file tells about small areas.

    Parameters
    ----------
    file
        A recognised file of the kind `areas`.
    codes
        Only these areas; None for all.
    bounds
        Only outlines that touch this box (west, south, east, north; metres on EPSG:27700).

    Returns
    -------
    frame
        One row per area: `area_code` and those of `AREA_COLUMNS` that the file tells; counts as numbers (NaN where
        withheld), `no_car_share` from 0 to 1, `x` and `y` in metres on EPSG:27700. With outlines it is a
        `GeoDataFrame` whose `geometry` is in EPSG:27700.
    findings
        What was noticed: cells that are no numbers, unknown classes, areas that stand twice, mended outlines.
    """
    label = file.table.label
    columns = columns_of(file)
    if columns is None:
        fix = "It needs a column of codes such as E01020484 (LSOA) or E00103317 (output area)."
        message = "No column of this table holds codes of small areas."
        return pd.DataFrame({"area_code": []}, dtype="str"), [
            Finding("error", label, message, fix, code="no-area-code")
        ]
    try:
        raw, shapes = _read(file, columns, codes, bounds)
    except InputProblems as problem:
        return pd.DataFrame({"area_code": []}, dtype="str"), list(problem.findings)
    findings: list[Finding] = []
    raw["area_code"] = by_value(raw["area_code"], _area_code)
    keep = raw["area_code"] != ""
    if codes is not None:
        keep &= raw["area_code"].isin(list(codes))
    raw = raw[keep]
    shapes = None if shapes is None else shapes[keep.to_numpy()]
    if columns.cars_long is not None:
        return _from_rows(raw, label, findings)
    out = pd.DataFrame({"area_code": raw["area_code"]})
    for column in TEXT_COLUMNS:
        if column in raw:
            out[column] = names(raw[column])
    if "rural_urban" in out:
        findings += _unknown_classes(out, label)
    for column in ("commissioner", "board", "authority_code"):
        if column in out:
            out[column] = out[column].str.upper()
    for column, values in _numbers(raw, columns, label, findings).items():
        out[column] = values
    _place(out, raw, columns, shapes, file, findings)
    return _once(out[["area_code", *(c for c in (*AREA_COLUMNS, "geometry") if c in out)]], label, findings), findings


def _read(
    file: PublishedFile,
    columns: AreaColumns,
    codes: Collection[str] | None,
    bounds: tuple[float, float, float, float] | None,
) -> tuple[pd.DataFrame, NDArray[np.object_] | None]:
    wanted = {"area_code": columns.code, **columns.position}
    if columns.cars_long is not None:
        wanted["category"], wanted["count"] = columns.cars_long
    if columns.cars is not None:
        wanted["no car"] = columns.cars[0]
        wanted.update({f"households {n}": position for n, position in enumerate(columns.cars[1])})
    if columns.ages is not None:
        wanted.update({_ADDED.format(position): position for position in sorted(columns.ages.positions)})
    table = file.table
    if table.form == "layer" and table.geometry:
        layer = table.read_shapes(wanted, bounds=bounds)
        shapes = np.asarray(layer.geometry.array, dtype=object)
        return pd.DataFrame(layer.drop(columns=layer.geometry.name)), shapes
    plain = all(AREA_CODE.fullmatch(row[columns.code]) for row in table.sample if columns.code < len(row))
    only = ("area_code", codes) if codes is not None and plain else None
    return table.read(wanted, only=only), None


def _area_code(text: str) -> str:
    """The code of a cell such as `E01020484` or `E01020484 : Dorset 001A`; "" where there is none."""
    match = AREA_CODE.match(text.strip().upper())
    return match.group(0) if match else ""


# --- Numbers -----------------------------------------------------------------------------------------------------


def to_numbers(cells: pd.Series[Any]) -> tuple[pd.Series[float], pd.Series[bool]]:
    """Numbers of text cells, NaN where they are empty or withheld, and which cells are no numbers at all."""

    def parse(text: str) -> float:
        if text.strip().casefold() in _WITHHELD:
            return np.nan
        number = parse_number(text)
        return -np.inf if number is None else number

    numbers = by_value(cells, parse, np.float64)
    unread = numbers == -np.inf
    return numbers.mask(unread), unread


def _checked(cells: pd.Series[Any], column: str, spelled: str, label: str, findings: list[Finding]) -> pd.Series[float]:
    numbers, wrong = to_numbers(cells)
    low, high = _LIMITS.get(column, (-np.inf, np.inf))
    wrong |= (numbers < low) | (numbers > high)
    if column == "deprivation_decile":
        wrong |= numbers.notna() & (numbers % 1 != 0)
    if wrong.any():
        first = wrong.idxmax()
        span = f"{low:g} to {high:g}" if np.isfinite(high) else f"{low:g} or more" if np.isfinite(low) else "a number"
        message = f"{int(wrong.sum()):,} cells are not {span}; they are taken as empty. This is the first."
        fix = "Check the column, or download the file again."
        findings.append(
            Finding("warning", label, message, fix, int(first), spelled, clip(str(cells[first])), "bad-number")
        )
    return numbers.mask(wrong)


def _numbers(
    raw: pd.DataFrame, columns: AreaColumns, label: str, findings: list[Finding]
) -> dict[str, pd.Series[float]]:
    out: dict[str, pd.Series[float]] = {}
    for column in (*COUNT_COLUMNS, "deprivation_decile", "no_car_share"):
        if column in raw:
            out[column] = _checked(raw[column], column, column, label, findings)
    if columns.ages is not None:
        for column in COUNT_COLUMNS:
            positions = columns.ages.from_age(_FIRST_AGE[column]) if column in _FIRST_AGE else columns.ages.children()
            if column not in out and positions:
                parts = [
                    _checked(raw[_ADDED.format(position)], "population", "ages", label, findings)
                    for position in positions
                ]
                out[column] = pd.concat(parts, axis=1).sum(axis=1, skipna=False)
    if columns.cars is not None:
        none = _checked(raw["no car"], "population", "no cars", label, findings)
        others = [
            _checked(raw[f"households {n}"], "population", "households", label, findings)
            for n in range(len(columns.cars[1]))
        ]
        households = pd.concat(others, axis=1).sum(axis=1, skipna=False) + (0 if columns.cars[2] else none)
        out["no_car_share"] = (none / households.where(households > 0)).where(lambda share: share <= 1)
    return out


def _from_rows(raw: pd.DataFrame, label: str, findings: list[Finding]) -> tuple[pd.DataFrame, list[Finding]]:
    """Share of households without a car from a table with a row per area and number of cars."""
    category, _ = to_numbers(raw["category"])
    count = _checked(raw["count"], "population", "Observation", label, findings)
    raw = raw.assign(category=category, count=count)[category >= 0]  # below 0: "does not apply"
    households = raw.groupby("area_code")["count"].sum(min_count=1)
    none = raw[raw["category"] == 0].groupby("area_code")["count"].sum(min_count=1).reindex(households.index)
    share = (none / households.where(households > 0)).rename("no_car_share")
    return share.reset_index().astype({"area_code": "str"}), findings


def _unknown_classes(out: pd.DataFrame, label: str) -> list[Finding]:
    known = vocabulary().words["rural_urban"]
    texts = out["rural_urban"]
    unknown = ~by_value(texts, lambda text: text == "" or plain_word(text) in known, bool)
    if not unknown.any():
        return []
    first = unknown.idxmax()
    message = f"{int(unknown.sum()):,} areas have a rural-urban class that is not known here; it is taken as empty."
    fix = "Use the ONS classification of 2011 (A1 to F2) or of 2021 (UN1 to RSF1)."
    value = clip(str(texts[first]))
    out["rural_urban"] = texts.mask(unknown, "")
    return [Finding("warning", label, message, fix, int(first), "rural_urban", value, "unknown-class")]


# --- Places ------------------------------------------------------------------------------------------------------


def _place(
    out: pd.DataFrame,
    raw: pd.DataFrame,
    columns: AreaColumns,
    shapes: NDArray[np.object_] | None,
    file: PublishedFile,
    findings: list[Finding],
) -> None:
    """Points from columns or from a layer of points; outlines from a layer of polygons."""
    table = file.table
    label = table.label
    for east, north in (("x", "y"), ("lon", "lat")):
        if east in raw:
            numbers = pd.concat([to_numbers(raw[east])[0], to_numbers(raw[north])[0]], axis=1).to_numpy()
            points, told = on_the_grid(numbers, label)
            findings += told
            if np.isfinite(points).any():
                out["x"], out["y"] = points[:, 0], points[:, 1]
                spelled = table.header[columns.position[east]]
                out["point_kind"] = point_kind(table.file, table.layer or "", spelled, table.geometry == "polygon")
                break
    if shapes is None:
        return
    if table.geometry == "point":
        coordinates = np.array([_middle(shape) for shape in shapes], dtype=np.float64).reshape(-1, 2)
        out["x"], out["y"] = coordinates[:, 0], coordinates[:, 1]
        out["point_kind"] = point_kind(table.file, table.layer or "", "", False)
    elif table.geometry == "polygon":
        mended, told = mend_outlines(shapes, out.index.to_numpy(), label)
        findings += told
        out["geometry"] = gpd.GeoSeries(mended, index=out.index, crs="EPSG:27700")


def _middle(shape: Any) -> tuple[float, float]:
    """A point, or the middle of several."""
    if shape is None or shape.is_empty:
        return np.nan, np.nan
    middle = shape.centroid
    return (middle.x, middle.y) if np.isfinite([middle.x, middle.y]).all() else (np.nan, np.nan)


def _once(out: pd.DataFrame, label: str, findings: list[Finding]) -> pd.DataFrame:
    """One row per area: the outlines of several rows are joined, of anything else the first row counts."""
    twice = out["area_code"].duplicated()
    if twice.any():
        first = twice.idxmax()
        message = f"{int(twice.sum()):,} rows repeat an area; the first row of each area counts."
        if "geometry" in out:
            message = f"{int(twice.sum()):,} rows repeat an area; their outlines are joined, else the first row counts."
            out = out.assign(geometry=join_pieces(out["area_code"], out["geometry"]))
        fix = "Check that the file has one row per area."
        value = str(out["area_code"][first])
        findings.append(Finding("warning", label, message, fix, int(first), "area_code", value, "duplicate-code"))
        out = out[~twice]
    out = out.reset_index(drop=True)
    return gpd.GeoDataFrame(out, geometry="geometry", crs="EPSG:27700") if "geometry" in out else out
