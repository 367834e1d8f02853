"""Site options: a table of sites that open, move or are considered further, laid over a case.

The layer is separate from grouping and off by default: grouping practices changes no site. Of a site that is
*considered further* the figures say what would follow if it could not be used; nothing is decided about it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.case import TableSpec
from geodata.errors import Finding, InputProblems
from geodata.locate import Located, check_on_the_map, locate, plain_postcode, postcode_points
from geodata.place import SITE_KINDS, Place
from geodata.tables.columns import nearest, plain_word, vocabulary
from geodata.tables.readers import read_table
from geodata.tables.schemas import Table, cap_findings, combine, parse_number
from grouping.escape import spreadsheet_cell
from grouping.impact.own_table import own_words, read_own_table

OPEN, MOVE, CONSIDER = "open", "move", "consider further"
OPTION_COLUMNS = ("site_code", "change", "practice_code", "name", "kind", "note")

CHANGES = {
    OPEN: OPEN, "opens": OPEN, "opened": OPEN, "new": OPEN, "new site": OPEN,
    MOVE: MOVE, "moves": MOVE, "moved": MOVE, "relocate": MOVE, "relocated": MOVE,
    CONSIDER: CONSIDER, "considered further": CONSIDER, "considers further": CONSIDER,
}  # fmt: skip
"""What a cell may say (case, blanks and punctuation do not matter) and what it means."""

REFUSED = re.compile(r"\b(clos|shut|remov|ceas|delet|withdr|axe)\w*")
"""Words that decide about a site; a travel check decides nothing."""

NOT_DECIDED = "This word would decide about a site; a travel check decides nothing."
WRITE_INSTEAD = (
    "Write 'consider further': the site is then looked at as if it could not be used, so that everybody sees what would"
    " follow; nothing is decided about it."
)
OWN_PLACE = "Give x and y (easting and northing in metres), or lon and lat (degrees)."
_COORDINATES = ("x", "y", "lon", "lat")


@dataclass(frozen=True)
class SiteLayer:
    """A case with the sites of a table of options laid over it.

    Parameters
    ----------
    place
        The case with the opened sites, and the new places of those that move, as further sites. Today's sites all stay
        in it, so that before and after are timed together.
    before
        Codes of the sites that can be used today.
    after
        Codes of the sites that can be used with the options.
    replaced
        Code of a site that moves -> code of its new place.
    options
        The table as read, one row a site: `site_code`, `change`, `practice_code`, `name`, `kind`, `note`. Empty cells
        about a site of the case are filled in from it.
    findings
        Warnings and notes.
    keeps_none
        Practices that have no site of their own with the options, sorted. Their patients use the sites of their group
        and are counted apart.
    file
        Name of the table.
    """

    place: Place
    before: frozenset[str]
    after: frozenset[str]
    replaced: Mapping[str, str]
    options: pd.DataFrame
    findings: tuple[Finding, ...] = ()
    keeps_none: tuple[str, ...] = ()
    file: str = ""

    @property
    def added(self) -> tuple[str, ...]:
        """Codes of the sites that the layer adds: those that open, and new places of those that move; sorted."""
        return tuple(sorted(self.after - self.before))

    @property
    def sentence(self) -> str:
        """What the layer holds, in one plain sentence."""
        count = {change: int((self.options["change"] == change).sum()) for change in (OPEN, MOVE, CONSIDER)}
        words = {OPEN: ("opens", "open"), MOVE: ("moves", "move")}
        words[CONSIDER] = ("is considered further", "are considered further")
        parts = [
            f"{number} {'site' if number == 1 else 'sites'} {words[change][number != 1]}"
            for change, number in count.items()
            if number
        ]
        text = f"Site options, a layer separate from grouping: {', '.join(parts)}."
        if count[CONSIDER]:
            text += " A site considered further is looked at as if it could not be used; nothing is decided about it."
        return text


def read_site_options(path: Path, place: Place, *, case_dir: Path | None = None) -> SiteLayer:
    """Read a table of sites that open, move or are considered further.

    Parameters
    ----------
    path
        A table in any format the tables of a case may have. Columns `site_code` and `change` (`open`, `move` or
        `consider further`); for a site that opens also `name`, `practice_code` (empty only for a community or mobile
        site of nobody) and `kind` (`branch` where a practice is named and nothing is said); for a site that opens or
        moves its (new) location as `x,y`, `lon,lat` or `postcode`; `note` if wanted.
    place
        The case.
    case_dir
        Folder of the case, whose table of postcodes is then used for rows that give a postcode only.

    Raises
    ------
    InputProblems
        With every mistake: unknown words, sites and practices, a site in two rows, a location that is missing or lies
        outside the surroundings of the case.
    """
    part, findings = read_own_table(path, "site_options")
    findings += _missing_columns(part.columns, path.name)
    table, told = combine("site_options", [part], complete=True)
    findings += told
    if any(finding.code == "missing-column" for finding in findings):
        raise InputProblems(cap_findings(findings))
    rows = _Rows(table, place)
    rows.check()
    points = _points(table, rows, place, case_dir, findings)
    findings = sorted([*findings, *rows.findings], key=lambda finding: finding.row or 0)
    if any(finding.severity == "error" for finding in findings):
        raise InputProblems(cap_findings(findings))
    return _layer(rows, points, place, findings)


def _missing_columns(columns: Mapping[str, object], file: str) -> list[Finding]:
    fix = "The first line needs site_code and change; then practice_code, name, kind, x and y (or lon and lat), note."
    return [
        Finding("error", file, f"The file has no column {column}.", fix, 1, column, code="missing-column")
        for column in vocabulary().required["site_options"]
        if column not in columns
    ]


# --- The rows ----------------------------------------------------------------------------------------------------


class _Rows:
    """The rows of the table, read into our words, and what is wrong with them."""

    def __init__(self, table: Table, place: Place) -> None:
        self.table, self.sites = table, place.sites
        self.practices = place.practices.index
        self.findings: list[Finding] = []
        self.code = [text.upper() for text in self._column("site_code")]
        self.practice = [text.upper() for text in self._column("practice_code")]
        self.name, self.note = self._column("name"), self._column("note")
        words = vocabulary().words["kind"]
        self.kind = [words.get(plain_word(text), text) for text in self._column("kind")]
        self.change = [CHANGES.get(plain_word(text), "") for text in self._column("change")]

    def _column(self, name: str) -> list[str]:
        raw = self.table.raw.get(name)
        return [""] * len(self.table) if raw is None else [str(text) for text in raw]

    def error(self, i: int, column: str, message: str, fix: str, *, told: str = "") -> None:
        """Gather an error about a cell; `told` is the value where the cell itself does not say it."""
        value = self.table.text(i, column) or told
        self.findings.append(self.table.finding(i, column, message, fix, "site-options", value=value))

    def remark(self, i: int, column: str, message: str, fix: str = "") -> None:
        self.findings.append(self.table.finding(i, column, message, fix, "site-options-remark", "warning"))

    def check(self) -> None:
        """Look at every row; what is missing about a site of the case is filled in from it."""
        first: dict[str, int] = {}
        for i, code in enumerate(self.code):
            self._check_change(i)
            if not code:
                fix = "Give the code of the site; for a site that opens, make up a new one."
                self.error(i, "site_code", "The row has no site code.", fix)
                continue
            if code in first:
                message = f"The site stands in the table twice, first in {self.table.where(first[code])}."
                self.error(i, "site_code", message, "Keep one row for each site.")
                continue
            first[code] = i
            if self.change[i] == OPEN:
                self._check_open(i)
            elif self.change[i]:
                self._check_existing(i)
            if REFUSED.search(self.note[i].casefold()):
                self.remark(i, "note", "The note speaks of a decision about the site; it is shown as it is.",
                            "Say 'considered further', if nothing is decided.")  # fmt: skip

    def _check_change(self, i: int) -> None:
        text = self.table.text(i, "change")
        if self.change[i]:
            return
        if not text:
            self.error(i, "change", "The row does not say what changes.", "Write open, move or consider further.")
        elif REFUSED.search(text.casefold()):
            self.error(i, "change", NOT_DECIDED, WRITE_INSTEAD)
        else:
            close = nearest(text, (OPEN, MOVE, CONSIDER))
            fix = "Write open, move or consider further."
            fix = f"Did you mean {close}? {fix}" if close else fix
            self.error(i, "change", "This change is not known.", fix)

    def _check_open(self, i: int) -> None:
        code, practice, kind = self.code[i], self.practice[i], self.kind[i]
        if code in self.sites.index:
            fix = "Give a new code, or write move if this site gets a new place."
            self.error(i, "site_code", "A site that opens has a code that the case has already.", fix)
        elif spreadsheet_cell(code) != code:
            message = "A spreadsheet would run this code as a formula, or it holds hidden characters."
            self.error(i, "site_code", message, "Begin the code with a letter or a digit.")
        if not self.name[i]:
            self.error(i, "name", "A site that opens has no name.", "Give the name people will know it by.")
        if practice and practice not in self.practices:
            self._unknown(i, "practice_code", practice, "practice", self.practices)
        if kind and kind not in SITE_KINDS:
            self.error(i, "kind", "This kind of site is not known.", "Write branch, community or mobile.")
        elif kind == "main":
            fix = "Write branch; or write move in the row of the practice's main site."
            self.error(i, "kind", "A practice has one main site, which it has already.", fix)
        elif not practice and kind not in {"community", "mobile"}:
            fix = "Fill in the practice's code, or write community or mobile as its kind: only these may be nobody's."
            self.error(i, "practice_code", "A site that opens names no practice.", fix)
        self.kind[i] = kind or "branch"

    def _check_existing(self, i: int) -> None:
        code = self.code[i]
        if code not in self.sites.index:
            self._unknown(i, "site_code", code, "site", self.sites.index)
            return
        site = self.sites.loc[code]
        for column, here in (("practice_code", self.practice), ("kind", self.kind)):
            known = str(site[column])
            if here[i] and here[i] != known:
                other = f"the case says {known}" if known else "in the case it is a site of nobody"
                message = f"{column} is not that of site {code}: {other}."
                self.error(i, column, message, "Correct the site code, or leave this cell empty.")
            here[i] = known
        self.name[i] = self.name[i] or str(site["name"])

    def _unknown(self, i: int, column: str, code: str, what: str, known: pd.Index) -> None:
        close = nearest(code, [str(other) for other in known])
        fix = f"Did you mean {close}?" if close else f"Use the code that the table of {what}s has."
        self.error(i, column, f"This {what} is not in the case.", fix, told=code)


# --- Where they are ----------------------------------------------------------------------------------------------


def _points(
    table: Table, rows: _Rows, place: Place, case_dir: Path | None, findings: list[Finding]
) -> NDArray[np.float64]:
    """Points of the rows that open or move, metres, shape (n, 2); NaN for the others."""
    points = np.full((len(table), 2), np.nan)
    needed = np.flatnonzero([change in {OPEN, MOVE} for change in rows.change])
    if not len(needed):
        return points
    part, told = _with_numbers(_taken(table, needed))
    postcodes = None
    if case_dir is not None and "postcode" in part.raw:
        wanted = {plain_postcode(str(text)) for text in part.raw["postcode"]} - {""}
        postcodes, more = _case_postcodes(place, Path(case_dir), wanted)
        told += more
    at = locate(part, postcodes)
    told += at.findings
    told += _around(part, at, place)
    findings += own_words([_plainer(finding) for finding in told], "site_options")
    points[needed] = at.points
    return points


def _taken(table: Table, rows: NDArray[np.int64]) -> Table:
    """Some rows of the table, as sites to be placed."""
    return Table(
        "sites",
        table.frame.iloc[rows].reset_index(drop=True),
        table.parts,
        table.part[rows],
        table.row[rows],
        {column: (parts[rows], numbers[rows]) for column, (parts, numbers) in table.origins.items()},
        None if table.geometry is None else table.geometry[rows],
        sound=np.ones(len(rows), dtype=bool),
        raw={column: values[rows] for column, values in table.raw.items()},
    )


def _with_numbers(table: Table) -> tuple[Table, list[Finding]]:
    """The same table with its coordinates as numbers, and the cells that are none."""
    findings = []
    for column in [column for column in _COORDINATES if column in table.frame]:
        numbers = [parse_number(text) if text else np.nan for text in table.raw[column]]
        for i, number in enumerate(numbers):
            if number is None:
                message = f"{column} must be a number; this is text."
                findings.append(table.finding(i, column, message, "Write it in digits only.", "not-a-number"))
        table.frame[column] = np.array([np.nan if n is None else n for n in numbers], dtype=np.float64)
    return table, findings


def _case_postcodes(
    place: Place, case_dir: Path, wanted: set[str]
) -> tuple[dict[str, tuple[float, float]] | None, list[Finding]]:
    """Points of some postcodes by the case's own table; None where it names none."""
    tables = place.settings.get("tables")
    specs = tables.get("postcodes", ()) if isinstance(tables, dict) else ()
    if not specs or not wanted:
        return None, []
    parts, findings = [], []
    for spec in specs:
        part, told, _ = read_table(case_dir, "postcodes", TableSpec.model_validate(spec))
        parts += [] if part is None else [part]
        findings += [finding for finding in told if finding.severity == "error"]
    if not parts:
        return None, findings
    table, told = combine("postcodes", parts, complete=True)
    points, more = postcode_points(table, wanted)
    return points, findings + [finding for finding in (*told, *more) if finding.severity == "error"]


def _around(table: Table, at: Located, place: Place) -> list[Finding]:
    """Points off the grid or far from every area of the case."""
    near = place.areas[["x", "y"]].to_numpy(dtype=np.float64)
    return check_on_the_map(table, at, near[np.isfinite(near).all(axis=1)])


def _plainer(finding: Finding) -> Finding:
    """Advice that fits a table of options: coordinates beside the row."""
    if finding.code in {"no-location", "no-postcode-table"}:
        return replace(finding, fix=OWN_PLACE)
    if finding.code == "wrong-crs":
        return replace(finding, fix=f"{OWN_PLACE} Columns x and y are metres of the British National Grid.")
    return replace(finding, fix=finding.fix.replace("take the row out of the case", "take the row out"))


# --- The layer ---------------------------------------------------------------------------------------------------


def _layer(rows: _Rows, points: NDArray[np.float64], place: Place, findings: list[Finding]) -> SiteLayer:
    before = frozenset(str(code) for code in place.sites.index)
    taken = before | set(rows.code)
    replaced, added = {}, []
    for i, change in enumerate(rows.change):
        code = rows.code[i]
        if change == MOVE:
            replaced[code] = _new_code(code, taken)
            taken = taken | {replaced[code]}
            _check_distance(rows, i, points[i])
        if change in {OPEN, MOVE}:
            added.append(_Added(replaced.get(code, code), i))
    given_up = {code for code, change in zip(rows.code, rows.change, strict=True) if change in {MOVE, CONSIDER}}
    after = (before - given_up) | {new.code for new in added}
    if not after:
        fix = "Keep at least one site in use."
        raise InputProblems(
            [Finding("error", rows.table.files, "No site would be left to use.", fix, code="site-options")]
        )
    sites = _sites_with(place.sites, rows, points, added)
    keeps_none = _without_site(place.sites, sites, after)
    # the remarks about distances came last
    findings = list(dict.fromkeys([*findings, *rows.findings]))
    findings += _told_of(rows, place, keeps_none, added)
    return SiteLayer(
        place=replace(place, sites=sites),
        before=before,
        after=frozenset(after),
        replaced=replaced,
        options=_options(rows),
        findings=tuple(cap_findings(findings)),
        keeps_none=keeps_none,
        file=rows.table.files,
    )


@dataclass(frozen=True)
class _Added:
    """A further site, and the row that gives it."""

    code: str
    row: int


def _new_code(code: str, taken: frozenset[str] | set[str]) -> str:
    """The old code with `-new`, and a number where that is taken."""
    made, number = f"{code}-new", 2
    while made.upper() in {other.upper() for other in taken}:
        made, number = f"{code}-new-{number}", number + 1
    return made


def _check_distance(rows: _Rows, i: int, point: NDArray[np.float64]) -> None:
    old = rows.sites.geometry.loc[rows.code[i]]
    if shapely.distance(old, shapely.Point(*point)) < 1:
        rows.remark(i, "site_code", "The site moves to where it is already.", "Give its new location.")


def _sites_with(
    sites: gpd.GeoDataFrame, rows: _Rows, points: NDArray[np.float64], added: list[_Added]
) -> gpd.GeoDataFrame:
    """The sites with the added ones; what is not known of them stays empty."""
    if not added:
        return sites
    at = [new.row for new in added]
    postcodes = rows.table.raw.get("postcode")
    known = {
        "practice_code": [rows.practice[i] for i in at],
        "name": [rows.name[i] for i in at],
        "kind": [rows.kind[i] for i in at],
        "postcode": ["" if postcodes is None else " ".join(str(postcodes[i]).upper().split()) for i in at],
    }
    columns = {
        column: known.get(column, _nothing(sites[column], len(at)))
        for column in sites.columns
        if column != sites.geometry.name
    }
    more = gpd.GeoDataFrame(
        columns,
        index=pd.Index([new.code for new in added], name=sites.index.name),
        geometry=shapely.points(points[at]),
        crs=sites.crs,
    )
    more = more.rename_geometry(sites.geometry.name) if sites.geometry.name != "geometry" else more
    return gpd.GeoDataFrame(pd.concat([sites, more[list(sites.columns)]])).sort_index()


def _nothing(like: pd.Series, count: int) -> object:
    if pd.api.types.is_float_dtype(like):
        return np.full(count, np.nan)
    return pd.Series([None] * count, dtype=object).to_numpy() if like.dtype == object else [""] * count


def _without_site(today: pd.DataFrame, sites: pd.DataFrame, after: set[str]) -> tuple[str, ...]:
    """Practices that have a site today and none with the options."""
    own = sites[sites.index.isin(after)]["practice_code"]
    return tuple(sorted({str(code) for code in today["practice_code"] if code} - set(own)))


def _told_of(rows: _Rows, place: Place, keeps_none: tuple[str, ...], added: list[_Added]) -> list[Finding]:
    file, findings = rows.table.files, []
    for code in keeps_none:
        name = place.practices["name"].get(code, "")
        message = f"Practice {code} ({name}) would keep no site of its own."
        fix = "Its patients use the sites of their group, if it keeps any, and are counted apart."
        findings.append(Finding("note", file, message, fix, value=code, code="site-options-keeps-none"))
    if added and place.public_transport is not None:
        codes = ", ".join(new.code for new in added)
        message = f"The minutes by public transport do not hold the added sites ({codes}): that mode is left out."
        fix = "Read the other modes, or put the sites that open or move into a case of their own."
        findings.append(Finding("warning", file, message, fix, value=codes, code="site-options-no-transport"))
    return findings


def _options(rows: _Rows) -> pd.DataFrame:
    values = (rows.code, rows.change, rows.practice, rows.name, rows.kind, rows.note)
    return pd.DataFrame(dict(zip(OPTION_COLUMNS, values, strict=True)), columns=list(OPTION_COLUMNS), dtype=object)
