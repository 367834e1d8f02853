"""Read journeys by public transport from a table that another program wrote, and say what is wrong with it.

R5 and r5py, Conveyal and TRACC write one row a journey: where from, where to, and minutes or seconds. Pairs without a
way are left out, empty, -1 or enormous there; here they are not reachable, never a large number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.case import PublicTransportSpec
from geodata.errors import Finding, Severity
from geodata.locate import plain_postcode
from geodata.place import SourceFile, TransportFacts
from geodata.tables.blocks import read_in_blocks
from geodata.tables.columns import nearest
from geodata.tables.readers import FilePart
from geodata.tables.schemas import Table, parse_number

TABLE = "public_transport"

NOT_REACHED_MINUTES = 1440.0
"""A journey of a day or more is how some programs say that there is no way."""

NO_TIME = frozenset({"", "nan", "na", "n/a", "#n/a", "null", "none", "inf", "infinity", "unreachable"})
"""Words that stand for no way."""

SURELY_SECONDS = 300.0
"""Where the middle journey takes more minutes than this, they are seconds."""

MEANINGS = (
    ("from", "in which area a journey begins", ("from_id", "origin", "area_code")),
    ("to", "at which site it ends", ("to_id", "destination", "site_code")),
    ("minutes", "how long it takes", ("minutes", "travel_time", "seconds")),
)
"""The columns that are needed: their name, what they say, and names they are likely to have."""

LISTED = 5


@dataclass
class TransportTable:
    """What was read: `frame` has the columns of `Place.public_transport`, or is None."""

    frame: pd.DataFrame | None = None
    facts: TransportFacts | None = None
    findings: list[Finding] = field(default_factory=list)
    sources: list[SourceFile] = field(default_factory=list)


@dataclass(frozen=True)
class _Known:
    """What the ends of a journey may be called.

    `areas` are the area codes, `sites` the site codes; the mappings lead from a code to the numbers of the sites meant.
    """

    areas: pd.Index
    sites: tuple[str, ...]
    by_site: Mapping[str, tuple[int, ...]]
    by_practice: Mapping[str, tuple[int, ...]]
    by_postcode: Mapping[str, tuple[int, ...]]

    def meant(self, code: str) -> tuple[tuple[int, ...], str]:
        """The sites that a code means, and by what: the site's own code, its practice (the main site), a postcode."""
        for name, numbers in (("site", self.by_site), ("practice", self.by_practice)):
            if code in numbers:
                return numbers[code], name
        found = self.by_postcode.get(plain_postcode(code), ())
        return found, "postcode" if found else ""


@dataclass
class _Some:
    """Rows that are alike: how many, and the first of them."""

    rows: int = 0
    first: tuple[FilePart, int, str, str] | None = None
    codes: set[str] = field(default_factory=set)

    def add(self, part: FilePart, column: str, which: NDArray[np.bool_], codes: Sequence[str] = ()) -> None:
        self.rows += int(np.count_nonzero(which))
        self.codes.update(codes)
        if self.first is None and which.any():
            i = int(np.argmax(which))
            self.first = part, int(part.rows[i]), column, str(part.columns[column][i])

    def finding(self, severity: Severity, message: str, fix: str, code: str) -> Finding:
        """A finding that names the first row."""
        assert self.first is not None
        part, row, column, value = self.first
        return Finding(severity, part.file, message, fix, row, part.spelling.get(column, column), value, code)


@dataclass
class _Journeys:
    """The rows of one file that are of the case, and what is wrong with the others."""

    known: _Known
    area: list[NDArray[np.int32]] = field(default_factory=list)
    site: list[NDArray[np.int32]] = field(default_factory=list)
    minutes: list[NDArray[np.float64]] = field(default_factory=list)
    percentiles: set[str] = field(default_factory=set)
    by: dict[str, set[str]] = field(default_factory=dict)
    exchanged: int = 0
    kept: int = 0
    named_percentile: int | None = None
    from_elsewhere: _Some = field(default_factory=_Some)
    to_elsewhere: _Some = field(default_factory=_Some)
    nameless: _Some = field(default_factory=_Some)
    not_numbers: _Some = field(default_factory=_Some)
    negative: _Some = field(default_factory=_Some)

    def take(self, part: FilePart) -> None:
        """Keep the journeys of a block that begin in an area of the case and end at one of its sites."""
        column = _time_column(part)
        if column is None or not {"from", "to"} <= set(part.columns):
            return
        if named := re.search(r"p(\d\d?)$", part.spelling.get(column, "")):
            self.named_percentile = int(named.group(1))
        starts, start_of = _distinct(part.columns["from"])
        ends, end_of = _distinct(part.columns["to"])
        area = self.known.areas.get_indexer(starts)[start_of]
        meant = [self.known.meant(code) for code in ends]
        sites = np.array([len(found) for found, _ in meant], dtype=np.int64)[end_of]
        self._strangers(part, (starts, start_of, area), (ends, end_of, sites))
        keep = np.flatnonzero((area >= 0) & (sites > 0))
        for i in np.unique(end_of[keep]).tolist():
            self.by.setdefault(meant[i][1], set()).add(ends[i])
        if "percentile" in part.columns:
            self.percentiles.update(part.columns["percentile"][keep])
        minutes = self._minutes(part, column, keep)
        self.kept += len(keep)
        for nth in range(int(sites[keep].max(initial=0))):  # a postcode may stand for several sites
            at = np.array([found[nth] if nth < len(found) else -1 for found, _ in meant], dtype=np.int32)[end_of[keep]]
            self.area.append(area[keep][at >= 0].astype(np.int32))
            self.site.append(at[at >= 0])
            self.minutes.append(minutes[at >= 0])

    def _strangers(
        self,
        part: FilePart,
        start: tuple[list[str], NDArray[np.int64], NDArray[np.int64]],
        end: tuple[list[str], NDArray[np.int64], NDArray[np.int64]],
    ) -> None:
        """Note the ends that are empty or not of the case."""
        for column, (codes, of, found), some, none in (
            ("from", start, self.from_elsewhere, -1),
            ("to", end, self.to_elsewhere, 0),
        ):
            empty = np.array([not code for code in codes], dtype=bool)[of]
            self.nameless.add(part, column, empty)
            unknown = (found == none) & ~empty
            if column == "to":  # whoever starts elsewhere may end anywhere
                unknown &= start[2] >= 0
            some.add(part, column, unknown, [codes[i] for i in np.unique(of[unknown]).tolist()])
        starts_at_site = np.array([bool(self.known.meant(code)[1]) for code in start[0]], dtype=bool)[start[1]]
        ends_in_area = (self.known.areas.get_indexer(end[0]) >= 0)[end[1]]
        self.exchanged += int(np.count_nonzero(starts_at_site & ends_in_area))

    def _minutes(self, part: FilePart, column: str, keep: NDArray[np.int64]) -> NDArray[np.float64]:
        """Minutes of the kept rows as the file says, `inf` where it says that there is no way."""
        texts = part.columns[column][keep]
        numbers = np.array(pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce"), dtype=np.float64)
        for i in np.flatnonzero(~np.isfinite(numbers)).tolist():
            word = texts[i].strip().casefold()
            number = np.inf if word in NO_TIME else parse_number(texts[i])
            numbers[i] = np.nan if number is None else number
        numbers[numbers == -1.0] = np.inf
        for some, wrong in ((self.not_numbers, np.isnan(numbers)), (self.negative, numbers < 0)):
            at = np.zeros(len(part.rows), dtype=bool)
            at[keep[wrong]] = True
            some.add(part, column, at)
        return numbers / 60.0 if column == "seconds" else numbers


def _distinct(codes: NDArray[np.object_]) -> tuple[list[str], NDArray[np.int64]]:
    """The codes in capitals, each once, and for each row the number of its code."""
    of, texts = pd.factorize(codes)
    return [str(text).strip().upper() for text in texts], of.astype(np.int64)


def _time_column(part: FilePart) -> str | None:
    """The column of times: the one that case.toml names, else minutes before seconds."""
    both = [name for name in ("minutes", "seconds") if name in part.columns]
    named = [name for name in both if part.spec.columns.get(name)]
    return next(iter(named or both), None)


def read_public_transport(
    folder: Path,
    specs: Sequence[PublicTransportSpec],
    areas: Table | None,
    sites: Table | None,
    mains: Mapping[str, int],
) -> TransportTable:
    """Read and check the journeys by public transport of a case.

    Only journeys from areas of the case to its sites are kept while a file is read, so that a table of a whole
    country may be named. A destination may be a site's code, a practice's code (its main site) or a postcode (the
    sites there).

    Parameters
    ----------
    folder
        The case folder.
    specs
        The files of the table, those that are not there left out.
    areas, sites
        As checked.
    mains
        Practice code -> row of its main site.
    """
    out = TransportTable()
    known = _known(areas, sites, mains)
    kept: list[_Journeys] = []
    for spec in specs:
        journeys = _Journeys(known or _Known(pd.Index([], dtype=object), (), {}, {}, {}))
        part, findings, source = read_in_blocks(folder, TABLE, spec, journeys.take)
        out.findings += findings
        if part is None or source is None:
            continue
        out.sources.append(source)
        out.findings += _columns_missing(part, known)
        if known is not None:
            out.findings += _findings_of(journeys, part, source.rows)
            kept.append(journeys)
    out.findings += _window_findings(specs)
    if known is None or not kept or any(finding.severity == "error" for finding in out.findings):
        return out
    out.facts = _facts(specs, kept, out)
    out.frame = _frame(known, kept, out)
    out.findings += _cover_findings(out, known, areas)
    return out


def _known(areas: Table | None, sites: Table | None, mains: Mapping[str, int]) -> _Known | None:
    if areas is None or sites is None or not (areas.complete and sites.complete):
        return None
    if "area_code" not in areas.frame or "site_code" not in sites.frame:
        return None
    listed = sites.frame["site_code"].astype(str).to_numpy()
    codes = tuple(sorted({code for code, sound in zip(listed, sites.sound, strict=True) if sound and code}))
    number = {code: i for i, code in enumerate(codes)}
    postcodes: dict[str, tuple[int, ...]] = {}
    for i, text in enumerate(sites.raw.get("postcode", ())):
        if plain_postcode(text) and listed[i] in number:
            at = plain_postcode(text)
            postcodes[at] = tuple(sorted({*postcodes.get(at, ()), number[listed[i]]}))
    practices = {code: (number[listed[i]],) for code, i in mains.items() if listed[i] in number}
    area_codes = pd.Index(sorted({str(code) for code in areas.frame["area_code"]} - {""}), dtype=object)
    return _Known(area_codes, codes, {code: (i,) for code, i in number.items()}, practices, postcodes)


# --- What is wrong with a file -----------------------------------------------------------------------------------


def _columns_missing(part: FilePart, known: _Known | None) -> list[Finding]:
    """Columns without which nothing can be read; a matrix with one column a site is known by its header."""
    has = {"from": "from" in part.columns, "to": "to" in part.columns, "minutes": _time_column(part) is not None}
    if all(has.values()):
        return []
    row = part.spec.header_row or None
    matrix = [] if known is None else [name for name in part.header if known.meant(name.strip().upper())[1]]
    if len(matrix) > 1:
        message = f"The file is a matrix with a column for each site ({', '.join(matrix[:3])}, ...)."
        fix = "Save it as a list with the columns from, to and minutes, one row a journey."
        return [Finding("error", part.file, message, fix, row, matrix[0], code="matrix-form")]
    used, findings = set(part.spelling.values()), []
    others = [name for name in part.header if name and name not in used]
    listed = ", ".join(part.header[:10])
    for column, says, close_to in MEANINGS:
        asked = [name for name in (column, "seconds" if column == "minutes" else "") if part.spec.columns.get(name)]
        if has[column] or asked:  # a column that case.toml names and the file has not is told already
            continue
        close = next(filter(None, (nearest(name, others, cutoff=0.5) for name in close_to)), None)
        message = f"No column says {says}. The columns of the file are: {listed}."
        example = f'columns = {{ {column} = "{close or "the name in the file"}" }}'
        fix = f"Say which it is. {part.spec.hint(TABLE, example)}"
        fix += " (or seconds = ..., if it holds seconds)" if column == "minutes" else ""
        findings.append(Finding("error", part.file, message, fix, row, column, close, "missing-column"))
    return findings


def _findings_of(journeys: _Journeys, part: FilePart, rows: int) -> list[Finding]:
    if _time_column(part) is None or not {"from", "to"} <= set(part.columns):
        return []
    if journeys.nameless.rows:
        message = f"{_rows_have(journeys.nameless.rows)} no code at one end of the journey; this is the first."
        return [journeys.nameless.finding("error", message, "Fill the cell in, or delete the row.", "empty-value")]
    if not journeys.kept:
        return [_no_match(journeys, part, rows)]
    return [*_wrong_values(journeys, part), *_percentiles(journeys, part), *_strange(journeys, part)]


def _no_match(journeys: _Journeys, part: FilePart, rows: int) -> Finding:
    if journeys.exchanged:
        message = f"{journeys.exchanged:,} of {rows:,} journeys go from a site to an area: from and to are exchanged."
        ends = {name: part.spelling.get(name, name) for name in ("from", "to")}
        example = f'columns = {{ from = "{ends["to"]}", to = "{ends["from"]}" }}'
        fix = f"If these are journeys from home to the site: {part.spec.hint(TABLE, example)}"
        some = journeys.from_elsewhere if journeys.from_elsewhere.rows else journeys.to_elsewhere
        return some.finding("error", message, fix, "journeys-exchanged")
    start = journeys.from_elsewhere.rows == rows
    some = journeys.from_elsewhere if start or not journeys.to_elsewhere.rows else journeys.to_elsewhere
    what = "area of the case" if some is journeys.from_elsewhere else "site of the case"
    message = f"No journey can be used: no row has a known {what} as its {'start' if start else 'end'}."
    fix = (
        "from must hold the codes of the areas table (of the same year: LSOA 2011 and LSOA 2021 differ)."
        if start
        else "to must hold codes of the sites table, or the practices' codes, or the postcodes of sites."
    )
    return some.finding("error", message, fix, "no-match")


def _wrong_values(journeys: _Journeys, part: FilePart) -> list[Finding]:
    findings = []
    column = _time_column(part)
    if journeys.not_numbers.rows:
        message = f"{_rows_have(journeys.not_numbers.rows)} a time that is not a number; this is the first."
        fix = f"Write {column} in digits (95, not 1:35), and leave the cell empty where there is no way."
        findings.append(journeys.not_numbers.finding("error", message, fix, "not-a-number"))
    if journeys.negative.rows:
        message = f"{_rows_have(journeys.negative.rows)} a negative time; this is the first."
        fix = "Correct it. Only -1 is read as: there is no way."
        findings.append(journeys.negative.finding("error", message, fix, "negative"))
    minutes = np.concatenate(journeys.minutes)
    minutes = minutes[np.isfinite(minutes) & (minutes > 0)]
    if len(minutes) and minutes.max() >= NOT_REACHED_MINUTES:
        minutes = minutes[minutes < minutes.max()]  # the largest may stand for no way
    if column == "minutes" and len(minutes) and (middle := float(np.median(minutes))) > SURELY_SECONDS:
        name = part.spelling.get("minutes", "minutes")
        message = f"The middle journey would take {middle:,.0f} minutes: these are probably seconds."
        fix = f"If so: {part.spec.hint(TABLE, f'columns = {{ seconds = {chr(34)}{name}{chr(34)} }}')}"
        row, value = part.spec.header_row or None, f"{middle:,.0f}"
        findings.append(Finding("error", part.file, message, fix, row, name, value, "probably-seconds"))
    return findings


def _percentiles(journeys: _Journeys, part: FilePart) -> list[Finding]:
    """Several percentiles of one journey are not several journeys: the quickest of them would flatter."""
    found = sorted(journeys.percentiles - {""}, key=lambda text: (parse_number(text) or 0.0, text))
    name = part.spelling.get("percentile", "percentile")
    row = part.spec.header_row or None
    if len(found) > 1:
        middle = "50" if "50" in found else found[len(found) // 2]
        message = f"The file holds the times of {len(found)} percentiles ({', '.join(found[:LISTED])}) of each journey."
        fix = f"Keep one of them, usually the middle. {part.spec.hint(TABLE, f'where = {{ {name} = {middle} }}')}"
        return [Finding("error", part.file, message, fix, row, name, found[0], "several-percentiles")]
    stated = part.spec.percentile if isinstance(part.spec, PublicTransportSpec) else None
    if found and stated is not None and parse_number(found[0]) != stated:
        message = f"case.toml says percentile = {stated}, but the file holds the percentile {found[0]}."
        fix = "Correct one of the two; what the file says is shown with the minutes."
        return [Finding("warning", part.file, message, fix, row, name, found[0], "percentile-differs")]
    return []


def _strange(journeys: _Journeys, part: FilePart) -> list[Finding]:
    """Journeys of others, and destinations that were not named by their own code."""
    findings = []
    begin, end = journeys.from_elsewhere, journeys.to_elsewhere
    if begin.rows:
        message = (
            f"{_count(begin.rows, 'journey')} from {_count(len(begin.codes), 'area')} not of this case, left out: "
        )
        message += f"{_list(sorted(begin.codes))}."
        fix = "Nothing needs doing where the table covers more than the case."
        findings.append(begin.finding("note", message, fix, "journeys-not-in-case"))
    if end.rows:
        message = f"{_count(end.rows, 'journey')} to {_count(len(end.codes), 'place')} not among the sites, left out: "
        message += f"{_list(sorted(end.codes))}."
        fix = "If one of them is a site of yours, write its code as in the sites table."
        findings.append(end.finding("note", message, fix, "journeys-not-in-case"))
    for name, words in (
        ("practice", "codes of practices (their main site is meant)"),
        ("postcode", "postcodes of sites"),
    ):
        if codes := sorted(journeys.by.get(name, ())):
            message = f"{_count(len(codes), 'destination')} read as {words}: {_list(codes)}."
            column = part.spelling.get("to", "to")
            findings.append(Finding("note", part.file, message, column=column, code="journeys-to-practices"))
    return findings


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def _rows_have(number: int) -> str:
    return "1 row has" if number == 1 else f"{number:,} rows have"


def _list(codes: Sequence[str]) -> str:
    return ", ".join(codes[:LISTED]) + (f" and {len(codes) - LISTED:,} more" if len(codes) > LISTED else "")


# --- What the minutes mean ---------------------------------------------------------------------------------------


def _window_findings(specs: Sequence[PublicTransportSpec]) -> list[Finding]:
    findings = []
    for spec in specs:
        if not spec.departure.strip():
            message = "No departure window is stated: every page would print minutes whose hour nobody knows."
            fix = spec.hint(TABLE, 'departure = "Tue 2026-10-06 07:30-09:30"')
            column = f"tables.{TABLE}.departure"
            findings.append(
                Finding("warning", "case.toml", message, fix, None, column, spec.file, "no-departure-window")
            )
    windows = list(dict.fromkeys(spec.departure.strip() for spec in specs if spec.departure.strip()))
    if len(windows) > 1:
        message = f"The files of this table are of different departures: {'; '.join(windows)}."
        fix = "Name the files of one departure window only: of two times for a journey the quicker one counts."
        column = f"tables.{TABLE}.departure"
        findings.append(Finding("warning", "case.toml", message, fix, None, column, windows[1], "departures-differ"))
    return findings


def _facts(specs: Sequence[PublicTransportSpec], kept: Sequence[_Journeys], out: TransportTable) -> TransportFacts:
    said = [spec for spec in specs if any(source.file == spec.file for source in out.sources)]
    percentiles = [_percentile(spec, journeys) for spec, journeys in zip(said, kept, strict=False)]
    return TransportFacts(
        departure="; ".join(dict.fromkeys(spec.departure.strip() for spec in said if spec.departure.strip())),
        percentile=percentiles[0] if len(set(percentiles)) == 1 else None,
        made_with="; ".join(dict.fromkeys(spec.made_with.strip() for spec in said if spec.made_with.strip())),
    )


def _percentile(spec: PublicTransportSpec, journeys: _Journeys) -> int | None:
    """What the file's own column says, else case.toml, else the name of the column (`travel_time_p50`)."""
    found = [number for text in sorted(journeys.percentiles) if (number := parse_number(text)) is not None]
    if found:
        return round(found[0])
    if spec.percentile is not None:
        return spec.percentile
    return journeys.named_percentile


# --- The table ---------------------------------------------------------------------------------------------------


def _frame(known: _Known, kept: Sequence[_Journeys], out: TransportTable) -> pd.DataFrame:
    """One row a pair, sorted; of several times for a pair the quickest."""
    area = np.concatenate([block for journeys in kept for block in journeys.area])
    site = np.concatenate([block for journeys in kept for block in journeys.site])
    minutes = np.concatenate([block for journeys in kept for block in journeys.minutes])
    minutes[minutes >= NOT_REACHED_MINUTES] = np.inf
    pair = area.astype(np.int64) * max(len(known.sites), 1) + site
    order = np.lexsort((minutes, pair))
    first = np.append(True, np.diff(pair[order]) != 0) if len(order) else np.zeros(0, dtype=bool)
    if more := int(np.count_nonzero(~first)):
        again = order[int(np.argmin(first))]
        message = f"{_count(more, 'journey')} in the table for a second time or more; the quickest of each counts."
        fix = "Check that the table holds one departure window and one percentile."
        value = f"{known.areas[area[again]]} / {known.sites[site[again]]}"
        out.findings.append(
            Finding("warning", out.sources[0].file, message, fix, value=value, code="journeys-repeated")
        )
    chosen = order[first]
    return pd.DataFrame(
        {
            "area_code": known.areas.to_numpy()[area[chosen]],
            "site_code": np.array(known.sites, dtype=object)[site[chosen]],
            "minutes": minutes[chosen],
            "reachable": np.isfinite(minutes[chosen]),
        }
    ).astype({"area_code": "str", "site_code": "str"})


def _cover_findings(out: TransportTable, known: _Known, areas: Table | None) -> list[Finding]:
    """Areas and sites that no row speaks of."""
    assert out.frame is not None and areas is not None
    over = set()
    if "neighbour" in areas.frame:
        over = set(areas.frame["area_code"][(areas.frame["neighbour"] == "yes").to_numpy()])
    findings = []
    for what, every, column, means in (
        ("area", [code for code in known.areas if code not in over], "area_code", "nobody there reaches any site"),
        ("site", list(known.sites), "site_code", "nobody reaches them"),
    ):
        without = sorted(set(every) - set(out.frame[column].unique()))
        if without:
            stand = "stands" if len(without) == 1 else "stand"
            message = (
                f"{len(without):,} of {_count(len(every), what)} {stand} in no row of the table, so that by public "
                f"transport {means}: {_list(without)}."
            )
            fix = "Check that they were part of the calculation; if so, nothing needs doing."
            findings.append(
                Finding("warning", out.sources[0].file, message, fix, value=without[0], code="not-in-journeys")
            )
    return findings
