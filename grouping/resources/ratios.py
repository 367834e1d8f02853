"""The ratios: the built-in table with its sources, or the planner's own; what is wrong with it is told."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files

import pandas as pd

from geodata.errors import Finding
from geodata.tables.columns import plain_name, plain_word
from geodata.tables.schemas import Table
from grouping.programme.ground import Ground
from grouping.resources.exact import as_fraction
from grouping.rollout import waves_of
from grouping.rollout.problems import unknown_waves

TABLE = "ratios"
BUILT_IN = "ratios.csv"
COLUMNS = (
    "resource", "kind", "amount", "per_patients", "covered_share", "wave", "years", "unit", "stated",
    "stated_patients", "source",
)  # fmt: skip
"""Columns of the table, as in `geodata.tables.schemas`."""

MONEY, POSTS, HOURS = "money", "posts", "hours"

ONCE = ("", "pounds", "gbp", "pound", "pounds once")
EACH_YEAR = ("pounds a year", "gbp a year", "pounds per year", "gbp per year", "pounds each year", "pounds every year")
MINUTES = ("minutes a week", "minutes", "minutes per week", "minutes each week")
WHOLE_HOURS = ("hours a week", "hours", "hours per week", "hours each week")
"""What `unit` may say, in small words."""


@dataclass(frozen=True)
class Ratio:
    """So much per so many patients, from a wave on.

    Parameters
    ----------
    resource
        What is needed.
    kind
        `money` (pounds), `posts` (full time equivalents) or `hours` (a week).
    amount
        Pounds, posts or hours per `per_patients` patients.
    covered_share
        Share of the patients of each group that are counted.
    wave
        Position of the wave from which it holds.
    years
        Waves over which money that is needed once is spread.
    each_year
        Whether money is needed in every wave anew.
    unit, source
        As the table says.
    stated, stated_patients
        What somebody else stated for the whole, and for how many patients; None where nothing is stated, or where it is
        stated for this place.
    """

    resource: str
    kind: str
    amount: Fraction
    per_patients: Fraction
    covered_share: Fraction
    wave: int
    years: int
    each_year: bool
    unit: str
    stated: Fraction | None
    stated_patients: int | None
    source: str

    @property
    def once(self) -> bool:
        """Whether it is paid once, and not a level that holds from a wave on."""
        return self.kind == MONEY and not self.each_year

    @property
    def key(self) -> str:
        """What makes two rows the same resource."""
        return plain_word(self.resource)

    def needed(self, patients: int) -> Fraction:
        """What so many patients need: pounds, full time equivalents, or hours a week; exact."""
        return self.amount * patients * self.covered_share / self.per_patients


Cell = Callable[[int, str], str]
"""The text of a row and column, empty where there is none."""


def ratios_of(ground: Ground, waves: Sequence[str]) -> tuple[Ratio, ...]:
    """The ratios in force, each resource's rows in the order of their waves.

    Parameters
    ----------
    ground
        What the planner says; rows with errors (see `problems`) are left out.
    waves
        Names of the waves.
    """
    table = ground.inputs.table(TABLE)
    if table is not None:
        cell: Cell = table.text
        named = [k for k in range(len(table)) if find_wave(table.text(k, "wave"), waves) is not None]
        rows = [k for k in named if not _unit_problems(table, k)]
        kinds = table.frame["kind"].astype(str).tolist()
    else:
        records = built_in()
        cell = lambda k, column: records[k][column]  # noqa: E731
        rows, kinds = list(range(len(records))), [record["kind"] for record in records]
    found = [_ratio(cell, k, kinds[k], waves) for k in rows]
    # With fewer waves than the built-in table has steps, the last step that falls on a wave is the one that holds.
    found = list({(one.key, one.wave): one for one in found}.values())
    order = list(dict.fromkeys(one.key for one in found))
    return tuple(sorted(found, key=lambda one: (order.index(one.key), one.wave)))


def built_in() -> list[dict[str, str]]:
    """The rows of the built-in table, as text; `wave` is the number of a wave."""
    text = (files("grouping") / "resources" / BUILT_IN).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def template_tables(ground: Ground) -> dict[str, pd.DataFrame]:
    """The built-in ratios, ready to be edited; waves by the names they have here."""
    waves = wave_names(ground)
    rows = built_in()
    for row in rows:
        if row["wave"] and waves:
            row["wave"] = waves[_position(row["wave"], waves)]
    return {TABLE: pd.DataFrame(rows, columns=list(COLUMNS))}


def wave_names(ground: Ground) -> tuple[str, ...]:
    """The names of the waves of the rollout."""
    return tuple(wave.name for wave in waves_of(ground))


def _ratio(cell: Cell, k: int, kind: str, waves: Sequence[str]) -> Ratio:
    unit = cell(k, "unit")
    said = plain_word(unit.replace("£", " pounds "))
    amount = as_fraction(cell(k, "amount"))
    stated = _optional(cell(k, "stated"))
    for_patients = _optional(cell(k, "stated_patients"))
    return Ratio(
        cell(k, "resource"),
        kind,
        amount / 60 if kind == HOURS and said in MINUTES else amount,
        as_fraction(cell(k, "per_patients")),
        _optional(cell(k, "covered_share"), Fraction(1)),
        _position(cell(k, "wave"), waves),
        int(_optional(cell(k, "years"), Fraction(1))),
        kind == MONEY and said in EACH_YEAR,
        unit,
        stated,
        None if for_patients is None else int(for_patients),
        cell(k, "source"),
    )


def _optional(text: str, otherwise: Fraction | None = None) -> Fraction | None:
    return as_fraction(text) if text.strip() else otherwise


def _position(text: str, waves: Sequence[str]) -> int:
    """The wave a cell names, by its name or its number; the first where it is empty, the last where it is beyond."""
    found = find_wave(text, waves)
    if found is not None:
        return found
    return max(0, len(waves) - 1) if re.fullmatch(r"\d+", text.strip()) and int(text) > 0 else 0


def find_wave(text: str, waves: Sequence[str]) -> int | None:
    """Position of the wave a cell names, by its name or its number from 1; 0 for an empty cell, None for an unknown."""
    said = plain_name(text)
    if not said:
        return 0
    names = [plain_name(name) for name in waves]
    if said in names:
        return names.index(said)
    number = int(text) if re.fullmatch(r"\s*\d{1,3}\s*", text) else 0
    return number - 1 if 0 < number <= len(waves) else None


# ----------------------------------------------------------------------------------------------------------- problems


def problems(ground: Ground) -> list[Finding]:
    """What is wrong in the planner's table of ratios beyond single cells; empty without such a table."""
    table = ground.inputs.table(TABLE)
    if table is None:
        return []
    waves = wave_names(ground)
    unknown = [(k, text) for k in range(len(table)) if find_wave(text := table.text(k, "wave"), waves) is None]
    named = sum(table.text(k, "wave").strip() != "" for k in range(len(table)))
    more = " You can also write the number of a wave, from 1, or leave the cell empty for the first."
    findings = unknown_waves(table, "wave", unknown, waves, named, more, "ratio-wave")
    findings += [finding for k in range(len(table)) for finding in _unit_problems(table, k)]
    return findings + _same_rows(table, waves) + _remarks(table)


def _unit_problems(table: Table, k: int) -> list[Finding]:
    """Whether the unit says what is counted: minutes or hours a week, pounds once or every year."""
    kind = str(table.frame["kind"].iloc[k])
    said = plain_word(table.text(k, "unit").replace("£", " pounds "))
    if kind == HOURS and said not in (*MINUTES, *WHOLE_HOURS):
        message = "The unit must say whether the amount is minutes or hours."
        return [table.finding(k, "unit", message, "Write minutes a week, or hours a week.", "ratio-unit")]
    if kind == MONEY and said not in (*ONCE, *EACH_YEAR):
        message = "The unit must say whether the pounds are needed once or every year."
        return [table.finding(k, "unit", message, "Write pounds (once), or pounds a year.", "ratio-unit")]
    if kind == MONEY and said in EACH_YEAR and table.text(k, "years"):
        message = "Money that is needed every year cannot be spread over years as well."
        fix = "Leave years empty, or write pounds as the unit."
        return [table.finding(k, "years", message, fix, "ratio-unit")]
    return []


def _same_rows(table: Table, waves: Sequence[str]) -> list[Finding]:
    """Rows of one resource that contradict each other: the same wave twice, or another kind."""
    findings = []
    first: dict[str, int] = {}
    seen: dict[tuple[str, int], int] = {}
    for k in range(len(table)):
        resource, wave = plain_word(table.text(k, "resource")), find_wave(table.text(k, "wave"), waves)
        if not resource or wave is None:
            continue
        before = seen.setdefault((resource, wave), k)
        if before != k:
            message = f"The same resource and wave stand in {table.where(before)} and here, {table.where(k)}."
            fix = "Keep one of the two rows, or name another wave in one of them."
            findings.append(table.finding(k, "resource", message, fix, "ratio-twice"))
            continue
        start = first.setdefault(resource, k)
        if _kind(table, start) != _kind(table, k):
            message = f"In {table.where(start)} this resource is of another kind ({' '.join(_kind(table, start))})."
            fix = "Use one kind (and, of money, once or every year) for one resource, or another name."
            findings.append(table.finding(k, "kind", message, fix, "ratio-kind"))
    return findings


def _kind(table: Table, k: int) -> tuple[str, ...]:
    kind = str(table.frame["kind"].iloc[k])
    yearly = plain_word(table.text(k, "unit").replace("£", " pounds ")) in EACH_YEAR
    return (kind, "every year") if kind == MONEY and yearly else (kind,)


def _remarks(table: Table) -> list[Finding]:
    """Cells that say nothing, since what they belong to is missing."""
    findings = []
    for k in range(len(table)):
        if table.text(k, "stated_patients") and not table.text(k, "stated"):
            message = "Patients are given for a stated figure, and no figure is stated."
            fix = "Fill in stated, or leave stated_patients empty."
            findings.append(table.finding(k, "stated_patients", message, fix, "ratio-idle", "warning"))
        if table.text(k, "years") and _kind(table, k)[0] != MONEY:
            message = "Only money is spread over years; posts and hours are needed from their wave on."
            findings.append(table.finding(k, "years", message, "Leave the cell empty.", "ratio-idle", "warning"))
        if not table.text(k, "source"):
            message = "The ratio has no source."
            fix = "Write where it comes from: every figure on the page names its source."
            findings.append(table.finding(k, "source", message, fix, "ratio-no-source", "warning"))
    return findings
