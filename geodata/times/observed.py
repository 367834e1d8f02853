"""Read observed or published journey times: from where, to where, how many minutes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.errors import Finding, InputProblems
from geodata.locate import LONGITUDE_LATITUDE, outside_britain, transform_points
from geodata.place import BRITISH_NATIONAL_GRID
from geodata.tables.readers import FilePart, read_table
from geodata.tables.schemas import cap_findings, parse_number
from geodata.times.points import SAID_HERE, SILENT, known_crs, spec_of

TABLE = "journeys"
PAIRS = (("easting", "northing"), ("lon", "lat"), ("x", "y"))
OWN_SYSTEM = {"easting": BRITISH_NATIONAL_GRID, "lon": LONGITUDE_LATITUDE}
COLUMNS = "from_x, from_y, to_x, to_y (or from_lon, from_lat, to_lon, to_lat) and minutes"
LONGEST_MINUTES = 24 * 60.0

SAID_OF_JOURNEYS = SAID_HERE | {"no-header": f"Add a first row with the column names: {COLUMNS}."}


@dataclass(frozen=True)
class Observed:
    """J observed journeys by car.

    Parameters
    ----------
    from_x, from_y, to_x, to_y
        Metres in EPSG:27700, shape (J,).
    minutes
        Observed or published time, shape (J,).
    weight
        How much each journey counts (1 where the file does not say), shape (J,).
    source
        Name of the file, for the record.
    findings
        What was noticed, short of an error.
    """

    from_x: NDArray[np.float64]
    from_y: NDArray[np.float64]
    to_x: NDArray[np.float64]
    to_y: NDArray[np.float64]
    minutes: NDArray[np.float64]
    weight: NDArray[np.float64]
    source: str = ""
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return len(self.minutes)

    @classmethod
    def of(
        cls,
        from_xy: NDArray[np.float64],
        to_xy: NDArray[np.float64],
        minutes: NDArray[np.float64],
        weight: NDArray[np.float64] | None = None,
        source: str = "",
    ) -> Observed:
        """Journeys from arrays: places in metres (EPSG:27700), shape (J, 2); minutes and weights, shape (J,)."""
        start, end = np.asarray(from_xy, dtype=float).reshape(-1, 2), np.asarray(to_xy, dtype=float).reshape(-1, 2)
        times = np.asarray(minutes, dtype=float)
        counts = np.ones(len(times)) if weight is None else np.asarray(weight, dtype=float)
        return cls(start[:, 0], start[:, 1], end[:, 0], end[:, 1], times, counts, source)


def read_observed(path: Path | str, crs: str | None = None) -> Observed:
    """Read a table of observed journeys from CSV, Excel or Parquet.

    Parameters
    ----------
    path
        The file; one sheet of several is named after it, as in `times.xlsx/Survey`. Columns: `minutes`; `from_lon`,
        `from_lat`, `to_lon`, `to_lat`, or `from_easting` and so on, or `from_x`, `from_y`, `to_x`, `to_y`; and
        `weight` if some journeys count more than others (such as the mean of many). Rows without a time are left out.
    crs
        Coordinate system of the columns `from_x`, `from_y`, `to_x`, `to_y`; British National Grid unless said.

    Raises
    ------
    InputProblems
        With every problem of the file.
    """
    system = crs or BRITISH_NATIONAL_GRID
    try:
        known_crs(system)
    except ValueError as error:
        fix = f"Write an EPSG code, such as {BRITISH_NATIONAL_GRID} or {LONGITUDE_LATITUDE}."
        raise InputProblems([Finding("error", str(path), str(error), fix, value=crs, code="wrong-crs")]) from error
    part, found, _ = read_table(Path(), TABLE, spec_of(path))
    findings = [_said_here(finding) for finding in found if finding.code not in SILENT]
    if part is None:
        raise InputProblems(cap_findings(findings))
    reading = _Reading(part, findings)
    observed = _journeys(reading, system)
    if any(finding.severity == "error" for finding in findings):
        raise InputProblems(cap_findings(findings))
    return replace(observed, source=Path(part.spec.path).name, findings=tuple(cap_findings(findings)))


def _said_here(finding: Finding) -> Finding:
    fix = SAID_OF_JOURNEYS.get(finding.code, finding.fix)
    if finding.code == "first-sheet":
        names = finding.fix.partition("there are: ")[2].rstrip(".")
        fix = f"To read another one, name it after the file, as in {finding.file}/NAME; there are: {names}."
    return replace(finding, fix=fix)


@dataclass
class _Reading:
    """A file, and what is told of it."""

    part: FilePart
    findings: list[Finding]

    def tell(self, i: int | None, column: str, message: str, fix: str, code: str) -> None:
        """An error of a cell, or of a column where `i` is None."""
        row = self.part.spec.header_row or None if i is None else int(self.part.rows[i])
        value = None if i is None or column not in self.part.columns else str(self.part.columns[column][i])
        name = self.part.spelling.get(column, column)
        self.findings.append(Finding("error", self.part.file, message, fix, row, name, value, code))

    def numbers(self, column: str, needed: NDArray[np.bool_]) -> NDArray[np.float64]:
        """A column as numbers; what is empty where it is needed, or no number, is told and NaN."""
        values = np.full(len(self.part.rows), np.nan)
        for i, text in enumerate(self.part.columns[column]):
            if not text:
                if needed[i]:
                    fix = "Fill the cell in, or delete the row."
                    self.tell(i, column, f"The journey has no {column}.", fix, "empty-value")
                continue
            number = parse_number(text)
            if number is None or (column.endswith(("lon", "lat")) and "," in text):
                fix = "Write the number in digits only, with a point before the decimals."
                self.tell(i, column, f"{column} must be a number; this is text.", fix, "not-a-number")
            else:
                values[i] = number
        return values


def _journeys(reading: _Reading, crs: str) -> Observed:
    count = len(reading.part.rows)
    nothing = Observed.of(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0))
    if "minutes" not in reading.part.columns:
        reading.tell(None, "minutes", "The file has no column minutes.", f"It needs {COLUMNS}.", "missing-column")
    start, end = (_places(reading, side, crs) for side in ("from", "to"))
    if start is None or end is None or "minutes" not in reading.part.columns:
        return nothing
    minutes = _minutes(reading)
    weight = _weights(reading, count)
    timed = np.array([bool(text) for text in reading.part.columns["minutes"]], dtype=bool)
    if not timed.all():
        message = f"Of {count} rows, {count - int(timed.sum())} have no time and are left out."
        reading.findings.append(
            Finding("note", reading.part.file, message, column="minutes", code="journey-without-time")
        )
    return Observed.of(start[timed], end[timed], minutes[timed], weight[timed])


def _minutes(reading: _Reading) -> NDArray[np.float64]:
    minutes = reading.numbers("minutes", np.zeros(len(reading.part.rows), dtype=bool))
    for i in np.flatnonzero(minutes <= 0):
        reading.tell(
            int(i), "minutes", "A journey takes more than 0 minutes.", "Correct or delete the row.", "out-of-range"
        )
    for i in np.flatnonzero(minutes > LONGEST_MINUTES):
        message = "The journey takes more than a day; the times may be in seconds."
        reading.tell(int(i), "minutes", message, "Give the times in minutes.", "out-of-range")
    return minutes


def _weights(reading: _Reading, count: int) -> NDArray[np.float64]:
    if "weight" not in reading.part.columns:
        return np.ones(count)
    weight = reading.numbers("weight", np.zeros(count, dtype=bool))
    for i in np.flatnonzero(weight <= 0):
        message, fix = "A weight must be more than 0.", "Delete rows that should not count."
        reading.tell(int(i), "weight", message, fix, "out-of-range")
    return np.where(np.isnan(weight), 1.0, weight)


def _places(reading: _Reading, side: str, crs: str) -> NDArray[np.float64] | None:
    """Where the journeys begin or end, metres, shape (J, 2); None where no pair of columns says so."""
    columns = reading.part.columns
    pair = next((pair for pair in PAIRS if all(f"{side}_{name}" in columns for name in pair)), None)
    if pair is None:
        half = next((f"{side}_{name}" for pair in PAIRS for name in pair if f"{side}_{name}" in columns), None)
        message = f"The file has no columns that say where its journeys {'begin' if side == 'from' else 'end'}."
        if half:
            message = f"The file has {half}, but not the column that belongs to it."
        reading.tell(None, f"{side}_x", message, f"It needs {COLUMNS}.", "no-location")
        return None
    needed = np.array([bool(text) for text in columns.get("minutes", np.full(len(reading.part.rows), "1"))], dtype=bool)
    given = np.column_stack([reading.numbers(f"{side}_{name}", needed) for name in pair])
    system = OWN_SYSTEM.get(pair[0], crs)
    known = np.isfinite(given).all(axis=1)
    points = np.full(given.shape, np.nan)
    points[known] = transform_points(given[known], system)
    lost = known & (~np.isfinite(points).all(axis=1) | outside_britain(points))
    for i in np.flatnonzero(lost):
        message, fix, code = _why_outside(given[i], pair[0], system)
        reading.tell(int(i), f"{side}_{pair[0]}", message, fix, code)
    return points


def _why_outside(given: NDArray[np.float64], column: str, system: str) -> tuple[str, str, str]:
    """Say what most likely put a place outside Great Britain."""

    def fits(x: float, y: float, crs: str) -> bool:
        degrees = crs == LONGITUDE_LATITUDE
        if degrees and not (abs(x) <= 180 and abs(y) <= 90):
            return False
        point = transform_points(np.array([[x, y]]), crs)
        return bool(np.isfinite(point).all() and not outside_britain(point)[0])

    x, y = float(given[0]), float(given[1])
    swapped = column == "lon" or system == LONGITUDE_LATITUDE
    if swapped and fits(y, x, LONGITUDE_LATITUDE):
        fix = "Exchange the two columns (longitude is the small number)."
        return "Longitude and latitude are swapped.", fix, "swapped-coordinates"
    if swapped and fits(-x, y, LONGITUDE_LATITUDE):
        return "The longitude has lost its minus sign: it lies east of Greenwich.", f"Write {-x:g}.", "lost-minus"
    if not swapped and fits(x, y, LONGITUDE_LATITUDE):
        fix = "Call the columns from_lon, from_lat, to_lon and to_lat, or state the coordinate system."
        return "The numbers look like longitude and latitude, but are read as metres.", fix, "wrong-crs"
    message = "The place lies outside Great Britain: the coordinates or their system are wrong."
    return message, "Correct the coordinates, or delete the row.", "outside-britain"
