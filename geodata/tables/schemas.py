"""What each table must look like, and what is said of a cell that does not.

Cells are parsed strictly from their text, then checked by pandera schemas, lazily: every failure is collected and told
with file, row, column, value and fix.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import NDArray

from geodata.errors import Finding, Severity
from geodata.tables.columns import nearest, plain_word, vocabulary
from geodata.tables.readers import FilePart

MOST_ALIKE = 20
"""Findings of one kind about one column that are told singly; the rest is counted."""

TOLD_SINGLY = frozenset({"scaling-factor"})
"""Findings that are never counted together: each changes the result of one practice."""

BEYOND_ALL = 1e9
"""A highest value from here on is no fact about the column: it only stops slips of the keyboard."""

SMALL_LIST = 1000
"""A practice with fewer patients is kept and flagged."""

_NUMBER = re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(,\d{3})+)(\.\d*)?([eE][+-]?\d{1,2})?|[+-]?\.\d+")

_FORMULA = re.compile(r"[=+@\uff1d\uff0b\uff0d\uff20]|-(?!\d*$)")
"""How a code may not begin: files of plans give codes as they are, and a spreadsheet would run such a cell."""

Kind = Literal["code", "name", "text", "whole", "number", "word"]


@dataclass(frozen=True)
class Column:
    """What a column holds: `filled` cells may not be empty; numbers lie from `low` to `high`; words are known.

    `called` is what messages call it; empty for its own name. `percent`: a number may be written as a percentage (see
    `without_percent`), which is divided by this much.
    """

    kind: Kind
    filled: bool = False
    low: float | None = None
    high: float | None = None
    words: str = ""
    called: str = ""
    percent: int | None = None


_CODE, _NAME, _TEXT = Column("code", filled=True), Column("name", filled=True), Column("text")
_COUNT, _WHOLE, _PLACE = Column("number", low=0), Column("whole", low=0), Column("number")
_PEOPLE, _AMOUNT = Column("whole", low=0, high=1e9), Column("number", low=0, high=1e12)
_YEAR, _SHARE = Column("whole", low=1900, high=2200), Column("number", low=0, high=1, percent=100)
_LOCATION = {"postcode": _TEXT, "x": _PLACE, "y": _PLACE, "lon": _PLACE, "lat": _PLACE}

TABLE_COLUMNS: dict[str, dict[str, Column]] = {
    "practices": {
        "practice_code": _CODE,
        "name": _NAME,
        "list_size": _WHOLE,
        "locality": _TEXT,
        "age_65_plus": _COUNT,
        "age_75_plus": _COUNT,
        "age_85_plus": _COUNT,
        "age_children": _COUNT,
        "clinical_system": _TEXT,
        "vulnerability": Column("word", words="vulnerability"),
        "dispensing": Column("word", words="yes_no"),
        "current_group": _TEXT,
        "keep_together": _TEXT,
    },
    "sites": {
        "site_code": _CODE,
        "practice_code": Column("code"),
        "name": _NAME,
        "kind": Column("word", filled=True, words="kind"),
        "postcode": _TEXT,
        "x": _PLACE,
        "y": _PLACE,
        "lon": _PLACE,
        "lat": _PLACE,
        "floor_area_m2": _COUNT,
        "condition": _TEXT,
        "annual_cost": _COUNT,
        "committed": Column("word", words="yes_no"),
        "suitability": _TEXT,
        "quality": _TEXT,
        "utilisation": _TEXT,
        "tenure": _TEXT,
        "scheme": _TEXT,
        "scheme_year": _YEAR,
        "investment_cost": _COUNT,
    },
    "areas": {
        "area_code": _CODE,
        "name": _TEXT,
        "ward": _TEXT,
        "population": Column("number", filled=True, low=0),
        "population_65_plus": _COUNT,
        "population_75_plus": _COUNT,
        "population_85_plus": _COUNT,
        "population_children": _COUNT,
        "rural_urban": Column("word", words="rural_urban"),
        "deprivation_decile": Column("whole", low=1, high=10),
        "no_car_share": Column("number", low=0, high=1),
        "neighbour": Column("word", words="yes_no"),
        "x": _PLACE,
        "y": _PLACE,
        "lon": _PLACE,
        "lat": _PLACE,
    },
    "registrations": {
        "practice_code": _CODE,
        "area_code": _CODE,
        "patients": Column("number", filled=True, low=0),
    },
    "localities": {"name": _NAME},
    "locality_of": {"practice_code": _CODE, "locality": _NAME},
    "postcodes": {"postcode": _TEXT},
    "adjacency": {"practice_a": _CODE, "practice_b": _CODE, "reason": _TEXT},
    "area_points": {
        "area_code": _CODE,
        "point": Column("code"),
        "postcode": _TEXT,
        "x": _PLACE,
        "y": _PLACE,
        "lon": _PLACE,
        "lat": _PLACE,
        "weight": _COUNT,
    },
    "pharmacies": {"name": _TEXT, **_LOCATION},
    "settlements": {"name": _NAME, **_LOCATION},
    "housing": {
        "name": _TEXT,
        "area_code": Column("code"),
        "dwellings": Column("number", filled=True, low=0),
        "year": _YEAR,
        **_LOCATION,
    },
    "projections": {
        "area_code": _CODE,
        "year": replace(_YEAR, filled=True),
        "population": Column("number", filled=True, low=0),
        "population_65_plus": _COUNT,
        "population_75_plus": _COUNT,
        "population_85_plus": _COUNT,
        "population_children": _COUNT,
    },
    "programme_waves": {"wave": _NAME, "target_share": _SHARE, "most_groups": _PEOPLE, "most_patients": _PEOPLE},
    "programme_milestones": {
        "milestone": _NAME,
        "wave": _NAME,
        "target_share": replace(_SHARE, filled=True),
        "source": _TEXT,
    },
    "programme_readiness": {"practice_code": _CODE, "ready_from": _NAME, "note": _TEXT},
    "programme_order": {
        "kind": Column("word", filled=True, words="order"),
        "practices": _NAME,
        "after": _TEXT,
        "wave": _TEXT,
        "reason": _TEXT,
    },
    "programme_ratios": {
        "resource": _NAME,
        "kind": Column("word", filled=True, words="resource"),
        "amount": replace(_AMOUNT, filled=True),
        "per_patients": Column("number", filled=True, low=1, high=1e9),
        "covered_share": _SHARE,
        "wave": _TEXT,
        "years": Column("whole", low=1, high=50),
        "unit": _TEXT,
        "stated": _AMOUNT,
        "stated_patients": Column("whole", low=1, high=1e9),
        "source": _TEXT,
    },
    "programme_capacity": {"practice_code": _CODE, "places": _PEOPLE},
    "programme_scores": {
        "option": _NAME,
        "criterion": _NAME,
        "score": Column("number", low=0, high=10),
        "who": _TEXT,
        "note": _TEXT,
    },
    "programme_weights": {"criterion": _NAME, "weight": replace(_AMOUNT, percent=1)},
    "programme_engagement": {
        "date": _TEXT,
        "option": _TEXT,
        "practice_code": Column("code"),
        "place": _TEXT,
        "role": _NAME,
        "said": _NAME,
        "changed": _TEXT,
        "why_not": _TEXT,
        "public": Column("word", words="yes_no"),
    },
    "programme_history": {
        "option": _NAME,
        "came_from": _NAME,
        "date": _TEXT,
        "reason": _TEXT,
        "public": Column("word", words="yes_no"),
    },
}

KEY_MAY_REPEAT = frozenset({"area_points"})
"""Tables whose key only serves to join files: it may stand in several rows."""


@dataclass
class Table:
    """The parts of one table, one after another.

    Parameters
    ----------
    name
        `practices`, `sites`, ...
    frame
        Our columns as text, one row a record; after `check_table` parsed.
    parts
        The files it came from.
    part, row
        For each record the number of its part and its row there, shape (n,).
    origins
        Columns that were joined from another file: column -> (part, row); -1 where they come with the record.
    geometry
        Shapely geometries, shape (n,); None without.
    complete
        Whether every part could be read and has the columns that name a row: otherwise nothing is said about what
        other tables look for in it.
    sound
        Records without an error, bool, shape (n,).
    further
        Columns beyond those that every case may have, and what they hold.
    """

    name: str
    frame: pd.DataFrame
    parts: list[FilePart]
    part: NDArray[np.int64]
    row: NDArray[np.int64]
    origins: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = field(default_factory=dict)
    geometry: NDArray[np.object_] | None = None
    complete: bool = True
    sound: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    raw: dict[str, NDArray[np.object_]] = field(default_factory=dict)
    further: Mapping[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.frame)

    def about(self) -> dict[str, Column]:
        """What each of its columns holds."""
        return {**TABLE_COLUMNS[self.name], **self.further}

    def called(self, column: str) -> str:
        """What messages call a column."""
        return (self.further[column].called if column in self.further else "") or column

    def origin(self, i: int, column: str | None = None) -> tuple[FilePart, int]:
        """The file and row that a cell came from."""
        part, row = self.part[i], self.row[i]
        if column in self.origins and self.origins[column][0][i] >= 0:
            part, row = self.origins[column][0][i], self.origins[column][1][i]
        return self.parts[part], int(row)

    def text(self, i: int, column: str) -> str:
        """What a cell says in the file."""
        return str(self.raw[column][i]) if column in self.raw else ""

    def finding(
        self,
        i: int,
        column: str | None,
        message: str,
        fix: str,
        code: str,
        severity: Severity = "error",
        value: str | None = None,
    ) -> Finding:
        """A finding about one record; errors mark it as unsound."""
        part, row = self.origin(i, column)
        if severity == "error":
            self.sound[i] = False
        if value is None and column in self.raw:
            value = self.text(i, column)
        spelling = part.spelling.get(column, column) if column else None
        return Finding(severity, part.file, message, fix, row, spelling, value, code)

    def where(self, i: int) -> str:
        """`row 7` of a record, with the file's name where the table has several."""
        part, row = self.origin(i)
        return f"row {row}" + (f" of {part.file}" if len(self.parts) > 1 else "")

    @property
    def files(self) -> str:
        """The names of the files."""
        return ", ".join(dict.fromkeys(part.file for part in self.parts))


def combine(name: str, parts: Sequence[FilePart], *, complete: bool) -> tuple[Table, list[Finding]]:
    """Put the parts of a table one after another; parts with `join` add columns to the records before them."""
    stacked = [(number, part) for number, part in enumerate(parts) if not part.spec.join]
    known = list(vocabulary().columns[name])
    given = dict.fromkeys(column for _, part in stacked for column in sorted(part.columns))
    columns = [column for column in known if column in given] + [column for column in given if column not in known]
    frame = pd.DataFrame(
        {
            column: np.concatenate(
                [part.columns.get(column, np.full(len(part.rows), "", dtype=object)) for _, part in stacked]
            )
            for column in columns
        },
        index=range(sum(len(part.rows) for _, part in stacked)),
        dtype=object,
    )
    geometry = None
    if any(part.geometry is not None for _, part in stacked):
        geometry = np.concatenate(
            [np.full(len(p.rows), None) if p.geometry is None else p.geometry for _, p in stacked]
        )
    empty = np.zeros(0, dtype=np.int64)
    table = Table(
        name,
        frame,
        list(parts),
        np.concatenate([empty, *(np.full(len(part.rows), number) for number, part in stacked)]),
        np.concatenate([empty, *(part.rows for _, part in stacked)]),
        geometry=geometry,
        complete=complete and bool(stacked),
    )
    rows = zip(table.part, table.row, strict=True)
    table.sound = np.array([row not in parts[number].broken for number, row in rows], dtype=bool)
    findings: list[Finding] = []
    for number, part in enumerate(parts):
        if part.spec.join:
            findings += _join(table, number, part)
    table.raw = {column: table.frame[column].to_numpy(dtype=object) for column in table.frame.columns}
    return table, findings


def _join(table: Table, number: int, part: FilePart) -> list[Finding]:
    """Fill the empty cells of the records from another file, by their code."""
    keys = vocabulary().keys[table.name]
    if len(keys) != 1 or keys[0] not in part.columns or keys[0] not in table.frame:
        message = f"join needs the column {keys[0] if keys else 'of codes'} in this file and in those before it."
        fix = "Name that column under columns in case.toml, or take join out."
        return [Finding("error", part.file, message, fix, column=keys[0] if keys else None, code="bad-join")]
    codes = part.columns[keys[0]]
    position = {code: i for i, code in reversed(list(enumerate(codes))) if code}
    at = np.array([position.get(code, -1) for code in table.frame[keys[0]]], dtype=np.int64)
    findings: list[Finding] = []
    seen: dict[str, int] = {}
    for i, code in enumerate(codes):
        if code and code in seen:
            message = f"The code stands in this file twice (rows {part.rows[seen[code]]} and {part.rows[i]})."
            where = {"row": int(part.rows[i]), "column": part.spelling.get(keys[0], keys[0]), "value": code}
            findings.append(
                Finding("error", part.file, message, "Keep one of the two rows.", code="duplicate-code", **where)
            )
        seen.setdefault(code, i)
    if not (at >= 0).any():
        message = "No code of this file matches a code of the files before it."
        where = {"column": part.spelling.get(keys[0], keys[0]), "value": str(codes[0])}
        fix = "Check that both files use the same kind and year of codes."
        return [*findings, Finding("error", part.file, message, fix, code="bad-join", **where)]
    if (missing := int((at < 0).sum())) and table.name != "postcodes":
        example = table.frame[keys[0]].to_numpy()[at < 0][0]
        message = f"{missing} of {len(at)} codes have no row in this file; their cells stay empty."
        findings.append(
            Finding("warning", part.file, message, "Check the codes.", value=str(example), code="join-unmatched")
        )
    for column, values in part.columns.items():
        if column != keys[0]:
            here = table.frame[column].to_numpy(dtype=object) if column in table.frame else np.full(len(at), "", object)
            take = (at >= 0) & (here == "")
            table.frame[column] = np.where(take, values[at], here)
            _note_origin(table, column, take, number, part.rows[at])
    if part.geometry is not None:
        here = np.full(len(at), None) if table.geometry is None else table.geometry
        take = (at >= 0) & np.array([item is None for item in here], dtype=bool)
        table.geometry = np.where(take, part.geometry[at], here)
        _note_origin(table, "geometry", take, number, part.rows[at])
    return findings


def _note_origin(table: Table, column: str, take: NDArray[np.bool_], number: int, rows: NDArray[np.int64]) -> None:
    parts, numbers = table.origins.get(column, (np.full(len(take), -1), np.full(len(take), -1)))
    table.origins[column] = np.where(take, number, parts), np.where(take, rows, numbers)


# --- Parsing -----------------------------------------------------------------------------------------------------


def parse_number(text: str) -> float | None:
    """A number as people write it (`9,431`, `9431.0`, `£1,200`), or None if it is none; never `inf`, `nan` or `-0`."""
    text = text.strip().removeprefix("£").strip()
    return float(text.replace(",", "")) + 0.0 if _NUMBER.fullmatch(text) else None


def _parse(values: NDArray[np.object_], column: Column) -> tuple[NDArray[np.object_] | NDArray[np.float64], set[str]]:
    """The parsed cells and the texts that are no number (words keep what is not known, for the schema to refuse)."""
    texts = list(dict.fromkeys(values))
    if column.kind in {"whole", "number"}:
        parsed = {text: parse_number(text) if text else np.nan for text in texts}
        bad = {text for text, number in parsed.items() if number is None}
        if column.kind == "whole":
            bad |= {t for t, n in parsed.items() if n is not None and not np.isnan(n) and not n.is_integer()}
        return np.array([np.nan if text in bad else parsed[text] for text in values], dtype=np.float64), bad
    if column.kind == "word":
        words = vocabulary().words[column.words]
        known = {text: words.get(plain_word(text), text) for text in texts}
        if column.words == "vulnerability":  # "2.0" from a spreadsheet
            known |= {t: str(int(n)) for t in texts if (n := parse_number(t)) in {1.0, 2.0, 3.0, 4.0, 5.0}}
        return np.array([known[text] for text in values], dtype=object), set()
    if column.kind == "code":
        return np.array([text.upper() for text in values], dtype=object), set()
    return values, set()


def without_percent(table: Table) -> None:
    """Turn percentages of a table that is not checked yet into plain numbers: `66.5%` of a share reads `0.665`."""
    for name, column in table.about().items():
        if column.percent is None or name not in table.raw:
            continue
        cells = [_without_percent(str(text), column.percent) for text in table.raw[name]]
        table.raw[name] = np.array(cells, dtype=object)
        table.frame[name] = table.raw[name]


def _without_percent(text: str, divisor: int) -> str:
    number = text.strip().removesuffix("%").strip()
    if number == text.strip() or parse_number(number) is None:
        return text
    return format(Decimal(number.removeprefix("£").replace(",", "")) / divisor, "f")


# --- Schemas -----------------------------------------------------------------------------------------------------


def _filled(values: pd.Series) -> pd.Series:
    return values.notna() & (values.astype(object) != "")


def _plain_codes(values: pd.Series) -> pd.Series:
    told = {code: _FORMULA.match(str(code)) is None for code in pd.unique(values)}
    return values.map(told).astype(bool)


def table_schema(name: str, columns: Iterable[str], further: Mapping[str, Column] | None = None) -> pa.DataFrameSchema:
    """The pandera schema of a table, over those of its columns that are there."""
    present = set(columns)
    fields: dict[str, pa.Column] = {}
    for column, about in {**TABLE_COLUMNS[name], **(further or {})}.items():
        if column not in present:
            continue
        checks = []
        if about.filled:
            checks.append(pa.Check(_filled, error="empty-value", ignore_na=False))
        if about.kind == "code":
            checks.append(pa.Check(_plain_codes, error="formula-code"))
        if about.low is not None:
            checks.append(pa.Check.ge(about.low, error="too-low"))
        if about.high is not None:
            checks.append(pa.Check.le(about.high, error="too-high"))
        if about.kind == "word":
            known = sorted({*vocabulary().words[about.words].values(), ""})
            checks.append(pa.Check.isin(known, error="unknown-word"))
        fields[column] = pa.Column(None, checks=checks, nullable=True)
    keys = [key for key in vocabulary().keys[name] if key in present]
    whole = []
    if keys and len(keys) == len(vocabulary().keys[name]) and name not in KEY_MAY_REPEAT:
        whole.append(pa.Check(_unique(keys), error="duplicate-code", ignore_na=False))
    return pa.DataFrameSchema(fields, checks=whole, strict=False)


def _unique(keys: list[str]) -> Callable[[pd.DataFrame], pd.Series]:
    def check(frame: pd.DataFrame) -> pd.Series:
        return ~frame.duplicated(keys) | (frame[keys] == "").any(axis=1)

    return check


def check_table(table: Table) -> list[Finding]:
    """Parse and check the cells of a table; the parsed columns replace the text in its frame.

    Returns every finding, and marks unsound records in `table.sound`.
    """
    findings = _missing_columns(table)
    parsed: dict[str, NDArray[np.object_] | NDArray[np.float64]] = {}
    for column, about in table.about().items():
        if column in table.frame:
            parsed[column], bad = _parse(table.raw[column], about)
            wrong = np.flatnonzero(np.isin(table.raw[column].astype(str), list(bad))) if bad else np.zeros(0, np.int64)
            findings += [_not_a_number(table, i, column, about) for i in wrong.tolist()]
    frame = pd.DataFrame(parsed, index=range(len(table)))
    already = {(finding.row, finding.column, finding.file) for finding in findings}
    for i, column, check in _failures(table, frame):
        finding = _explain(table, frame, i, column, check)
        if (finding.row, finding.column, finding.file) not in already:
            findings.append(finding)
    table.frame = frame
    return findings


def _failures(table: Table, frame: pd.DataFrame) -> list[tuple[int, str, str]]:
    """Record, column and name of every failed check, in the order of the records."""
    try:
        table_schema(table.name, frame.columns, table.further).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        found = {
            (int(index), "" if context == "DataFrameSchema" else str(column), str(check))
            for context, column, check, index in zip(
                cases["schema_context"], cases["column"], cases["check"], cases["index"], strict=True
            )
        }
        return sorted(found)
    return []


def _missing_columns(table: Table) -> list[Finding]:
    findings = []
    for part in table.parts:
        if part.spec.join:
            continue
        used = set(part.spelling.values())
        for column in vocabulary().required[table.name]:
            if column in part.columns:
                continue
            if column in vocabulary().keys[table.name]:
                table.complete = False
            theirs = part.spec.columns.get(column)
            if theirs:  # told already: case.toml names a column that is not there
                continue
            close = nearest(column, [name for name in part.header if name and name not in used], cutoff=0.5)
            example = f'columns = {{ {column} = "{close or "the name in the file"}" }}'
            fix = f"Rename the column to {column}. Or: {part.spec.hint(table.name, example)}"
            listed = ", ".join([name for name in part.header if name][:10])
            near = f" The nearest column there is {close}." if close else f" Its columns are: {listed}."
            if column == "kind":
                fix += ' (If all rows are alike: defaults = { kind = "branch" }.)'
            if table.name == "projections" and column != "area_code":
                fix += " (One row an area and year: turn a column for each year into rows.)"
            message = f"The file has no column {column}.{near}"
            findings.append(
                Finding(
                    "error", part.file, message, fix, part.spec.header_row or None, column, close, code="missing-column"
                )
            )
    return findings


def _not_a_number(table: Table, i: int, column: str, about: Column) -> Finding:
    text = table.text(i, column)
    number, said = parse_number(text), table.called(column)
    if number is not None and number < 0:
        return _explain(table, table.frame, i, column, "too-low")
    if number is not None:
        return table.finding(i, column, f"{said} must be a whole number.", "Write it without decimals.", "not-whole")
    fix = "Write the number in digits only, such as 9431."
    if re.fullmatch(r"[*]|[<>]\s*\d+|\.\.|-|~|c|\[c\]", text.strip().lower()):
        fix = "This looks like a suppressed figure: write your best estimate, or leave the row out."
    elif re.fullmatch(r"\d+,\d+", text.strip()):
        fix = "Write the decimals after a point (1.5); a comma may only separate thousands (9,431)."
    elif re.fullmatch(r"\d+,\d+\s*%", text.strip()):
        fix = "Write the decimals after a point, such as 66.5%."
    elif "%" in text and about.percent is not None:
        fix = "Write a number and the % sign, such as 20%, or a share such as 0.2."
    elif "%" in text:
        fix = "Take out the % sign and divide by 100, so that 12% reads 0.12."
    elif re.fullmatch(r"[\dOoIl,. ]+", text) and re.search(r"\d", text):
        fix = "Look for the letters O or l, or a space, among the digits."
    elif not about.filled and column != "list_size":
        fix = "Write the number in digits only, or leave the cell empty if it is not known."
    return table.finding(i, column, f"{said} must be a number; this is text.", fix, "not-a-number")


_KNOWN_WORDS = {
    "kind": "Write main, branch, community or mobile.",
    "yes_no": "Write yes or no, or leave the cell empty.",
    "vulnerability": "Write 1 to 5 (1 special measures, 2 vulnerable, 3 surviving, 4 sustainable, 5 succeeding), yes "
    "or no, or leave the cell empty.",
    "order": "Write first, before, together, not before or not after.",
    "resource": "Write money, posts or hours.",
    "rural_urban": "Write the ONS class, by its code (A1 to F2 of 2011; UN1, UF1, RLN1, RLF1, RSN1, RSF1 of 2021) or "
    "its name (such as Rural town and fringe), or simply rural or urban.",
}


def _explain(table: Table, frame: pd.DataFrame, i: int, column: str, check: str) -> Finding:
    if check == "duplicate-code":
        keys = list(vocabulary().keys[table.name])
        same = (frame[keys] == frame[keys].iloc[i]).all(axis=1).to_numpy()
        first = table.where(int(np.flatnonzero(same)[0]))
        what = " and ".join(keys)
        value = " / ".join(table.text(i, key) for key in keys)
        fix = "Keep one of the two rows, or correct the code that is wrong."
        if table.name == "registrations":
            fix = "Keep one of the two rows, or add their patients together in one row."
            spec, sex = table.origin(i)[0].spec, nearest("sex", table.origin(i)[0].header, cutoff=0.99)
            if sex:
                fix = spec.hint(table.name, f'where = {{ {sex} = "ALL" }}')
                fix = f"The file has rows by sex: keep those of all patients. {fix}"
        message = f"The same {what} stands in {first} and here, {table.where(i)}."
        return table.finding(i, keys[0], message, fix, "duplicate-code", value=value)
    about, said = table.about()[column], table.called(column)
    if check == "empty-value":
        fix = "Fill the cell in, or delete the row."
        if column == "population":
            fix = "Write the number of residents, 0 if nobody lives there."
        return table.finding(i, column, f"{column} is empty.", fix, "empty-value", value="")
    if check == "formula-code":
        message = "A spreadsheet would run this code as a formula."
        return table.finding(i, column, message, "Begin the code with a letter or a digit.", "formula-code")
    if check == "unknown-word":
        message = f"This value is not known for {column}."
        close = nearest(table.text(i, column), [w for w in vocabulary().words[about.words] if len(w) > 2], cutoff=0.75)
        fix = (f"Did you mean {close}? " if close else "") + _KNOWN_WORDS[about.words]
        return table.finding(i, column, message, fix, "unknown-word")
    if check == "too-low" and about.low == 0:
        fix = "Correct the number, or leave the row out if it is not known."
        return table.finding(i, column, f"{said} is negative.", fix, "negative")
    if about.high == 1:
        fix = "If it is a percentage, divide by 100: 12% reads 0.12."
        if about.percent is not None:
            fix = "Write a share from 0 to 1, such as 0.2, or a percentage, such as 20%."
        return table.finding(i, column, f"{said} must lie between 0 and 1.", fix, "out-of-range")
    if about.high is None or about.high >= BEYOND_ALL:  # a limit nobody meets but by a slip: told one side at a time
        bound = f"{about.low:g} or more" if check == "too-low" else f"{about.high:,.0f} or less"
        fix = f"Write {bound}" + ("." if about.filled else ", or leave the cell empty.")
        return table.finding(i, column, f"{said} must be {bound}.", fix, "out-of-range")
    message = f"{column} must lie between {about.low:g} and {about.high:.15g}."
    fix = f"Write a {'whole number' if about.kind == 'whole' else 'number'} from {about.low:g} to {about.high:.15g}"
    fix += "." if about.filled else ", or leave the cell empty."
    if column == "deprivation_decile":
        fix += " 1 is the most deprived tenth; a rank or a score is not a decile."
    return table.finding(i, column, message, fix, "out-of-range")


def cap_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Each finding once, errors first; of many alike the first ones and how many more there are."""
    unique = list(dict.fromkeys(findings))
    counts: dict[tuple[str, str | None, str, Severity], int] = {}
    kept: list[Finding] = []
    for finding in unique:
        key = (finding.file, finding.column, finding.code, finding.severity)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= MOST_ALIKE or finding.code in TOLD_SINGLY:
            kept.append(finding)
    severity: Severity
    for (file, column, code, severity), count in counts.items():
        if count > MOST_ALIKE and code not in TOLD_SINGLY:
            message = f"{count} rows have this mistake; the first {MOST_ALIKE} are listed."
            fix = "Where so many rows are alike, the cause is probably the whole column or file."
            kept.append(Finding(severity, file, message, fix, column=column, code=code))
    order = {"error": 0, "warning": 1, "note": 2}
    return sorted(kept, key=lambda finding: order[finding.severity])
