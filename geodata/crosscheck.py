"""Do the tables fit together? Practices with their sites, registrations with practices and areas, localities, totals.

Records that already have an error of their own are known by their code but not asked any further, so that one mistake
is told once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from geodata.case import Totals
from geodata.errors import Finding, Severity
from geodata.tables.columns import nearest
from geodata.tables.schemas import SMALL_LIST, Table, parse_number

TOTAL_TOLERANCE = 0.01
"""A total of patients, floor area or cost may differ by this share before it is a warning: they are quoted rounded."""

FULLEST = 1.5
"""A use of space above this many times what a building is made for is a percentage, or a grade written as a number."""

FEW_OUTSIDE = 0.02
"""This share of the patients of a cut case may live outside its areas without a warning."""

WRONG_SUM = 2.0
"""Registrations that sum to more than this many times the lists (or less than one part) are the wrong figures."""


@dataclass(frozen=True)
class Known:
    """Practice codes: of the case, left out for want of a list, left out by `where`; and whether that is all."""

    codes: frozenset[str]
    without_list: frozenset[str]
    filtered: frozenset[str]
    complete: bool


def known_practices(practices: Table | None) -> tuple[Known, list[Finding]]:
    """The practices of the case; those without a list are left out, small ones are flagged."""
    if practices is None or "practice_code" not in practices.frame:
        return Known(frozenset(), frozenset(), frozenset(), complete=False), []
    findings, without = [], set()
    codes = practices.frame["practice_code"].to_numpy()
    for i in range(len(practices) if "list_size" in practices.frame else 0):
        size, text = practices.frame["list_size"].iloc[i], practices.raw["list_size"][i]
        if text == "" or size == 0:
            without.add(codes[i])
            message = (
                f"The practice {_label(practices, i)} has no list size; it is left out of the case, with its sites."
            )
            fix = "Fill in its registered patients if it belongs to the case."
            finding = practices.finding(i, "list_size", message, fix, "no-list-size", "warning")
            practices.sound[i] = False
            findings.append(finding)
        elif size < SMALL_LIST:
            message = f"The practice {_label(practices, i)} has fewer than {SMALL_LIST:,} patients; it is kept."
            fix = "Check that it is an ordinary practice; where_not in case.toml leaves it out."
            findings.append(practices.finding(i, "list_size", message, fix, "small-list", "note"))
    findings += _ages(practices, "list_size", "age")
    filtered = {code.upper() for part in practices.parts for code in part.left_out}
    present = frozenset(codes) - {""}
    return Known(present - without, frozenset(without), frozenset(filtered) - present, practices.complete), findings


def _label(table: Table, i: int) -> str:
    name = table.raw["name"][i] if "name" in table.raw else ""
    key = "practice_code" if table.name == "practices" else "site_code"
    code = table.raw[key][i] if key in table.raw else ""
    return f"{code} ({name})" if name else str(code)


def _ages(table: Table, whole: str, start: str) -> list[Finding]:
    """Age groups larger than the group they are part of: each against the next wider one that is given."""
    older = [whole, *(f"{start}_{age}_plus" for age in (65, 75, 85))]
    given = [column for column in older if column in table.frame]
    findings = [finding for pair in pairwise(given) for finding in _not_more_than(table, *pair)]
    return findings + _not_more_than(table, whole, f"{start}_children")


def _not_more_than(table: Table, big: str, small: str) -> list[Finding]:
    if big not in table.frame or small not in table.frame:
        return []
    over = table.frame[small].to_numpy(dtype=float) > table.frame[big].to_numpy(dtype=float)
    return [
        table.finding(
            int(i),
            small,
            f"{table.called(small)} is more than {big} ({table.text(int(i), big)}).",
            "Check both figures; perhaps the columns are exchanged or of different dates.",
            "part-exceeds-whole",
            "warning",
        )
        for i in np.flatnonzero(over)
    ]


def check_areas(areas: Table) -> list[Finding]:
    """Columns that matter and are not there, and parts larger than the whole."""
    findings = []
    for column, meaning in (
        ("population", "Practices without registrations are then estimated as if every area had as many people."),
        ("rural_urban", "Every area is then taken as urban."),
    ):
        if column not in areas.frame:
            fix = f"Add the column {column}, or name it under columns in case.toml."
            findings.append(
                Finding("warning", areas.files, f"There is no {column}. {meaning}", fix, 1, column, code="no-column")
            )
    if "rural_urban" in areas.frame:
        empty = np.flatnonzero(areas.raw["rural_urban"] == "")
        if len(empty):
            first = int(empty[0])
            message = f"{len(empty)} areas have no rural-urban class, this is the first; they are taken as urban."
            fix = "Fill in the class of every area."
            findings.append(areas.finding(first, "rural_urban", message, fix, "no-class", "warning"))
    findings += _ages(areas, "population", "population")
    for column, about in areas.further.items():
        if about.kind == "number" and about.high is None and column in areas.frame:
            findings += _not_more_than(areas, "population", column)
    return findings


# --- Sites -------------------------------------------------------------------------------------------------------


def check_sites(sites: Table, practices: Table | None, known: Known) -> tuple[dict[str, int], list[Finding]]:
    """Whose sites they are, and each practice's main site.

    Sites of practices that are left out become unsound without an error; a lone site becomes its practice's main site.

    Returns
    -------
    tuple
        Practice code -> number of its main site in the table, and the findings.
    """
    findings: list[Finding] = []
    if "practice_code" not in sites.frame or "kind" not in sites.frame:
        return {}, findings
    owners, kinds = sites.frame["practice_code"].to_numpy(dtype=object), sites.frame["kind"].to_numpy(dtype=object)
    left_out: dict[str, int] = {}
    for i, (owner, kind) in enumerate(zip(owners, kinds, strict=True)):
        if owner == "" and kind in {"main", "branch"}:
            message = f"The {kind} site {_label(sites, i)} names no practice."
            fix = "Fill in the practice's code; only community and mobile sites may be nobody's."
            findings.append(sites.finding(i, "practice_code", message, fix, "site-without-practice"))
        elif owner in known.without_list or owner in known.filtered:
            left_out[owner] = left_out.get(owner, 0) + 1
            sites.sound[i] = False
        elif owner and known.complete and owner not in known.codes:
            findings.append(_unknown_practice(sites, i, "practice_code", owner, known, "A site names a practice"))
    if left_out:
        message = f"{_count(sum(left_out.values()), 'site')} left out with the practice: {_list(sorted(left_out))}."
        findings.append(Finding("note", sites.files, message, code="sites-left-out"))
    if practices is None or not known.complete or not sites.complete:
        return {}, findings
    mains, more = _main_sites(sites, practices, known, owners, kinds)
    return mains, findings + more


def check_buildings(sites: Table) -> list[Finding]:
    """The use of space is a share, a percentage with its sign, or a word: a larger number could be anything."""
    findings: list[Finding] = []
    for i in range(len(sites) if "utilisation" in sites.raw else 0):
        text = sites.text(i, "utilisation").strip()
        number = parse_number(text.removesuffix("%"))
        if number is None:
            continue
        share = number / 100 if text.endswith("%") else number
        if share < 0:
            fix = "Correct the number, or leave the cell empty if it is not known."
            findings.append(sites.finding(i, "utilisation", "utilisation is negative.", fix, "negative"))
        elif share > FULLEST:
            message = f"utilisation is a share: 0.85 where 85% of the space is used, and at most {FULLEST:g}."
            fix = "If it is a percentage, divide by 100. If it is a grade, write its word, such as under-used."
            findings.append(sites.finding(i, "utilisation", message, fix, "out-of-range"))
    return findings


def _unknown_practice(table: Table, i: int, column: str, code: str, known: Known, what: str) -> Finding:
    close = nearest(code, known.codes, cutoff=0.65)
    fix = f"The nearest code is {close}: correct it, or" if close else "Correct the code, or"
    fix += " add the practice to the practices table."
    return table.finding(i, column, f"{what} that is not in the practices table.", fix, "unknown-practice")


def _list(items: Sequence[str], most: int = 10) -> str:
    return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")


def _main_sites(
    sites: Table, practices: Table, known: Known, owners: np.ndarray, kinds: np.ndarray
) -> tuple[dict[str, int], list[Finding]]:
    findings: list[Finding] = []
    of: dict[str, list[int]] = {}
    for i, owner in enumerate(owners):
        of.setdefault(owner, []).append(i)
    mains: dict[str, int] = {}
    told: set[str] = set()
    for p, code in enumerate(practices.frame["practice_code"]):
        if code not in known.codes or code in told:
            continue
        told.add(code)
        own = of.get(code, [])
        main = [i for i in own if kinds[i] == "main"]
        if len(main) == 1:
            mains[code] = main[0]
        elif not own:
            message = f"The practice {_label(practices, p)} has no site."
            fix = f"Add its main site to {sites.files}, with practice_code {code} and kind main."
            findings.append(practices.finding(p, "practice_code", message, fix, "practice-without-site"))
        elif len(main) > 1:
            rows = " and ".join(sites.where(i) for i in main)
            message = f"The practice {code} has {len(main)} main sites ({rows})."
            fix = "Keep main for one of them and write branch for the others."
            findings.append(sites.finding(main[1], "kind", message, fix, "two-main-sites"))
        elif any(not sites.sound[i] and kinds[i] not in {"branch", "community", "mobile"} for i in own):
            continue  # the kind of one of them could not be read, which is told already
        elif len(own) == 1:
            mains[code] = own[0]
            message = f"The only site of practice {code} is called {kinds[own[0]]}; it is taken as its main site."
            findings.append(sites.finding(own[0], "kind", message, "Write main to be clear.", "lone-site-main", "note"))
        else:
            rows = ", ".join(sites.where(i) for i in own)
            message = f"The practice {code} has {len(own)} sites ({rows}), and none is called main."
            fix = "Write main as the kind of the one that patients know as the practice."
            findings.append(sites.finding(own[0], "kind", message, fix, "no-main-site"))
    return mains, findings


# --- Localities --------------------------------------------------------------------------------------------------


def check_localities(
    localities: Table | None, locality_of: Table | None, practices: Table | None, known: Known
) -> list[Finding]:
    """Names of localities that have no polygon, and practices the assignment table does not know."""
    findings: list[Finding] = []
    names: list[str] = []
    if localities is not None and "name" in localities.frame:
        names = [name for name in dict.fromkeys(localities.raw["name"]) if name]
    by_case = {name.casefold() for name in names}
    for table, column in ((practices, "locality"), (locality_of, "locality")):
        if table is None or column not in table.frame or not names or (localities and not localities.complete):
            continue
        for i, name in enumerate(table.raw[column]):
            if name and name.casefold() not in by_case:
                close = nearest(name, names, cutoff=0.6)
                fix = f"The nearest name is {close}: correct it." if close else f"Known names: {_list(names)}."
                message = "This locality is not in the table of localities."
                findings.append(table.finding(i, column, message, fix, "unknown-locality"))
    if locality_of is not None and "practice_code" in locality_of.frame and known.complete:
        codes = locality_of.frame["practice_code"].to_numpy()
        unknown = [i for i, c in enumerate(codes) if c and c not in known.codes | known.without_list | known.filtered]
        if unknown:
            what = f"The assignment table names {_count(len(unknown), 'practice')} not in the practices table"
            finding = _unknown_practice(locality_of, unknown[0], "practice_code", codes[unknown[0]], known, what)
            findings.append(replace(finding, severity="warning", message=f"{what}; left out."))
            locality_of.sound[unknown] = True
        missing = sorted(known.codes - set(locality_of.frame["practice_code"]))
        if missing:
            message = f"{len(missing)} practices are not in the assignment table: {_list(missing)}."
            fix = "Add a row for each of them."
            findings.append(Finding("warning", locality_of.files, message, fix, code="practice-without-locality"))
    return findings


def check_adjacency(adjacency: Table, known: Known) -> list[Finding]:
    """Edges between practices that are not in the case."""
    findings = []
    for column in ("practice_a", "practice_b"):
        if column not in adjacency.frame or not known.complete:
            continue
        for i, code in enumerate(adjacency.frame[column]):
            if code in known.without_list or code in known.filtered:
                adjacency.sound[i] = False
            elif code and code not in known.codes:
                what = "The list of neighbours names a practice"
                findings.append(_unknown_practice(adjacency, i, column, code, known, what))
    return findings


# --- Registrations -----------------------------------------------------------------------------------------------


def check_registrations(
    table: Table,
    known: Known,
    area_codes: Collection[str] | None,
    list_size: Mapping[str, float],
    *,
    published: bool = False,
) -> tuple[pd.DataFrame, list[Finding]]:
    """Registrations of the practices of the case, and what does not fit.

    Parameters
    ----------
    published
        Whether the program itself cut the table out of published files: sums far from the lists are then those of
        another date (practices that merged), not those of a wrong column.

    Returns
    -------
    tuple
        `practice_code`, `area_code`, `patients` of known practices with patients, sorted; and the findings.
    """
    empty = pd.DataFrame({"practice_code": [], "area_code": [], "patients": []})
    if not {"practice_code", "area_code", "patients"} <= set(table.frame):
        return empty, []
    frame = table.frame[["practice_code", "area_code", "patients"]]
    sound = frame[table.sound]
    findings: list[Finding] = []
    if known.complete and known.codes:
        ours = sound["practice_code"].isin(known.codes)
        if not ours.any() and len(sound):
            first = int(sound.index[0])
            message = "No practice code of the registrations is in the practices table."
            fix = "Check that practice_code is the right column and the codes are of the same kind, such as J81012."
            return empty, [table.finding(first, "practice_code", message, fix, "no-match")]
        findings += _left_out(table, sound[~ours], "practice_code")
        sound = sound[ours]
    if area_codes is not None:
        inside = sound["area_code"].isin(set(area_codes))
        if not inside.any() and len(sound):
            first = int(sound.index[0])
            message = "No area code of the registrations is in the areas table."
            fix = "Both must use the same areas of the same year: LSOA 2011 and LSOA 2021 have different codes."
            return empty, [*findings, table.finding(first, "area_code", message, fix, "no-match")]
        few = sound.loc[~inside, "patients"].sum() <= FEW_OUTSIDE * sound["patients"].sum()
        # A cut keeps far areas out on purpose and has told so: only more than a few are news.
        findings += _left_out(table, sound[~inside], "area_code", "note" if published and few else "warning")
    findings += _wrong_sum(table, sound, list_size, published=published)
    return sound[sound["patients"] > 0].sort_values(["practice_code", "area_code"], ignore_index=True), findings


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def _left_out(table: Table, rows: pd.DataFrame, column: str, severity: Severity = "warning") -> list[Finding]:
    if rows.empty:
        return []
    codes = sorted(set(rows[column]))
    patients = rows["patients"].sum()
    first = int(rows.index[0])
    count = f"{_count(len(rows), 'row')} with {_count(round(patients), 'patient')}"
    if column == "practice_code":
        message = f"{count}: {_count(len(codes), 'practice')} not in this case. They are left out."
        fix = "If one of them is yours, check its code in both tables (practices merge and change codes)."
        return [table.finding(first, column, message, fix, "practices-not-in-case", "warning", value=_list(codes, 5))]
    message = f"{count}: {_count(len(codes), 'area')} not in the areas table. They are counted, but not timed."
    fix = "If these areas belong to the case, add them; both tables must be of the same year's areas."
    return [table.finding(first, column, message, fix, "areas-not-in-case", severity, value=_list(codes, 5))]


def _wrong_sum(table: Table, sound: pd.DataFrame, list_size: Mapping[str, float], *, published: bool) -> list[Finding]:
    """All registrations together against all lists together: far apart means that these are not patients.

    A wrong column is wrong for nearly every practice. Where the middle practice fits, some have taken over others
    between the dates of the two tables: that is no error.
    """
    sums = sound.groupby("practice_code")["patients"].sum()
    lists = pd.Series(list_size, dtype=float).reindex(sums.index)
    both = lists.notna() & (sums > 0)
    total, expected = float(sums[both].sum()), float(lists[both].sum())
    if not total or expected / WRONG_SUM <= total <= expected * WRONG_SUM:
        return []
    middle = float((sums[both] / lists[both]).median())
    merged = published or 1 / WRONG_SUM <= middle <= WRONG_SUM
    number = int(both.sum())
    message = (
        f"The registrations do not sum to the lists: {total:,.0f} against {expected:,.0f} patients "
        f"of the same {_count(number, 'practice')}."
    )
    if merged:
        message += (
            f" In the middle practice they are {middle:.2f} times the list, so that some of them have probably merged."
            if number > 2
            else " Probably they are of another date, and practices have merged."
        )
        fix = "Use registrations of the date of the lists, if they were published, or look at the largest factors."
    else:
        fix = (
            "Check that the column patients counts all patients (not a share, one sex or one age) and covers all areas."
        )
    part = table.parts[0]
    spelling = part.spelling.get("patients", "patients")
    value = f"{total:,.0f}"
    severity: Severity = "warning" if merged else "error"
    return [Finding(severity, part.file, message, fix, None, spelling, value, "registrations-sum")]


# --- Totals ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SummedUp:
    """What the sites that tell a figure hold together, and how many of them tell none."""

    total: float
    lacking: int
    sites: int

    @classmethod
    def of(cls, sites: pd.DataFrame, column: str) -> SummedUp:
        """The sum of a column of the sites; a column that is not there is lacking everywhere."""
        values = sites[column] if column in sites else pd.Series(np.nan, index=sites.index)
        return cls(float(values.sum()), int(values.isna().sum()), len(sites))


def check_totals(totals: Totals, patients: int, practices: int, sites: pd.DataFrame) -> list[Finding]:
    """The figures of `case.toml` against what was read; shares of buildings are compared in a programme."""
    findings = []
    for name, expected, found in (
        ("patients", totals.patients, patients),
        ("practices", totals.practices, practices),
        ("sites", totals.sites, len(sites)),
    ):
        if expected is None:
            continue
        tolerance = TOTAL_TOLERANCE * expected if name == "patients" else 0
        if abs(found - expected) <= tolerance:
            findings.append(_agrees(name, f"The tables hold {found:,} {name}; case.toml expects {expected:,}."))
            continue
        message = f"The tables hold {found:,} {name}, but case.toml expects {expected:,} ({found - expected:+,})."
        findings.append(_differs(name, message, expected))
    for name, expected, what, unit in (
        ("floor_area_m2", totals.floor_area_m2, "floor area", "m²"),
        ("annual_cost", totals.annual_cost, "annual cost", "pounds"),
    ):
        if expected is not None:
            findings.append(_check_sum(name, expected, SummedUp.of(sites, name), what, unit))
    return findings


def _check_sum(name: str, expected: float, found: SummedUp, what: str, unit: str) -> Finding:
    """A sum over sites against its total, with how many sites tell nothing."""
    stated = f"{expected:,.0f} {unit}"
    if found.lacking == found.sites:
        message = f"The sites table gives no {what}, but case.toml expects {stated} of it."
        return _differs(name, message, expected)
    held = f"{found.total:,.0f} {unit} of {what}"
    gives = "gives" if found.lacking == 1 else "give"
    gap = f" {_count(found.lacking, 'site')} of {found.sites:,} {gives} none." if found.lacking else ""
    if abs(found.total - expected) <= TOTAL_TOLERANCE * expected:
        return _agrees(name, f"The sites hold {held}; case.toml expects {stated}.{gap}")
    by = f"{found.total - expected:+,.0f}"
    return _differs(name, f"The sites hold {held}, but case.toml expects {stated} ({by}).{gap}", expected)


def _agrees(name: str, message: str) -> Finding:
    return Finding("note", "case.toml", message, column=f"totals.{name}", code="total-agrees")


def _differs(name: str, message: str, expected: float) -> Finding:
    fix = "Look for missing or extra rows, or correct the figure under [totals]."
    if name in {"floor_area_m2", "annual_cost"}:
        fix = "Look for missing rows and cells, or correct the figure under [totals]."
    where = {"column": f"totals.{name}", "value": f"{expected:.15g}"}
    return Finding("warning", "case.toml", message, fix, code="total-differs", **where)
