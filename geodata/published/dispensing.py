"""Practices that dispense medicines, and which practice each of them is.

The prescribing service (NHSBSA) published a report without codes: a heading for each commissioner, then one cell a
practice, "name, address, postcode". Its records are linked to practices by postcode, then by name; what could be more
than one practice, or none, stays unlinked and is told. Newer tables carry codes and are linked by them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from geodata.errors import Finding
from geodata.published import cells
from geodata.published.cells import PRACTICE_CODE, Origin
from geodata.tables.columns import plain_word

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile

DISPENSING_COLUMNS = ("name", "address", "postcode", "practice_code", "commissioner")
LINK_COLUMNS = ("name", "postcode", "how", "practice_code", "reason")
WAYS = ("code", "postcode", "name", "unlinked")

_POSTCODE_AT_END = re.compile(r"(?i)[\s,]*\b([A-Z]{1,2}[0-9][A-Z0-9]?)\s*([0-9][A-Z]{2})[\s.,]*$")
_HEADING = re.compile(
    r"(?i)\s*(dispensing practices?\b.*|primary care trust|report for|practice name and address|ccg|commissioner|"
    r"clinical commissioning group|sub.?icb.*|total.*)\s*:?\s*"
)
_COMMISSIONER = re.compile(r"\(([A-Z0-9]{3}(?:00)?|[A-Z0-9]{5})\)\s*$")
_SPELLINGS = {
    **dict.fromkeys(["ctr", "cntr", "center"], "centre"),
    **dict.fromkeys(["pract", "practise", "prac", "practices"], "practice"),
    **dict.fromkeys(["med", "medic"], "medical"),
    **dict.fromkeys(["surg", "surgeries"], "surgery"),
    **dict.fromkeys(["drs", "doctor", "doctors"], "dr"),
    **dict.fromkeys(["ptnrs", "ptns", "partner", "ptners"], "partners"),
    **dict.fromkeys(["hth", "hlth"], "health"),
    **dict.fromkeys(["grp"], "group"),
    **dict.fromkeys(["saint"], "st"),
}
_COMMON = re.compile(
    "the|a|of|at|and|dr|partners|surgery|practice|medical|centre|health|group|partnership|clinic|family|gp|pms|gms|care|"
    "primary"
)
"""Words that most names share; a name is not known by them."""


def read_dispensing(file: PublishedFile) -> tuple[pd.DataFrame, list[Finding]]:
    """Read the records of a list of dispensing practices.

    Parameters
    ----------
    file
        A recognised file of the kind `dispensing`: the report, or a table with columns.

    Returns
    -------
    records
        One row a record: `name, address, postcode, practice_code, commissioner`, all text, empty where not told.
    findings
        Records without a postcode, malformed codes.
    """
    raw = file.read(file.columns)
    origin = cells.origin_of(file)
    return parse_report(raw, origin) if "record" in raw else parse_table(raw, origin)


def parse_report(raw: pd.DataFrame, origin: Origin) -> tuple[pd.DataFrame, list[Finding]]:
    """Find the records in the report: the cells that are no heading.

    Parameters
    ----------
    raw
        Text cells `record` (the heading, or name and address) and, if there is one, `detail` (the cell beside it, which
        names the commissioner); the index holds the file's rows.
    """
    detail = raw["detail"] if "detail" in raw else pd.Series("", index=raw.index, dtype="str")
    commissioner = ""
    records = []
    for row, cell, beside in zip(raw.index, raw["record"], detail, strict=True):
        if _HEADING.fullmatch(cell):
            named = _COMMISSIONER.search(beside.upper())
            commissioner = cells.tidy_commissioner(named[1]) if named else commissioner
        elif "," in cell or _POSTCODE_AT_END.search(cell):
            records.append((row, *_split(cell), "", commissioner))
    rows = [record[0] for record in records]
    frame = pd.DataFrame([record[1:] for record in records], index=rows, columns=list(DISPENSING_COLUMNS), dtype="str")
    findings = cells.tell(
        origin,
        "note",
        frame["name"][frame["postcode"] == ""],
        "No postcode is told for {value}; it can be linked by its name only.",
        "Add the postcode at the end of the address.",
        "no-postcode",
        column="record",
    )
    return frame.reset_index(drop=True), findings


def parse_table(raw: pd.DataFrame, origin: Origin) -> tuple[pd.DataFrame, list[Finding]]:
    """Parse a table of records with a code, or with name and postcode, in columns of their own."""
    empty = pd.Series("", index=raw.index, dtype="str")
    lines = [cells.names(raw[column]) for column in raw.columns if str(column).startswith("address")]
    frame = pd.DataFrame(
        {
            "name": cells.names(raw.get("name", empty)),
            "address": [", ".join(filter(None, parts)) for parts in zip(*lines, strict=True)] if lines else empty,
            "postcode": cells.postcodes(raw.get("postcode", empty)),
            "practice_code": cells.codes(raw.get("practice_code", empty)),
            "commissioner": cells.by_value(raw.get("commissioner", empty), cells.tidy_commissioner),
        },
        index=raw.index,
    )
    malformed = (frame["practice_code"] != "") & ~cells.well_formed(frame["practice_code"], PRACTICE_CODE)
    findings = cells.tell(
        origin,
        "warning",
        frame["practice_code"][malformed],
        "{value} is not the code of a practice; the record is linked by postcode and name.",
        "Give the ODS code, such as J81012.",
        "malformed-code",
        column="practice_code",
    )
    frame.loc[malformed, "practice_code"] = ""
    nothing = (frame[["practice_code", "postcode", "name"]] == "").all(axis=1)
    frame = frame[~nothing].drop_duplicates()
    return frame.loc[:, list(DISPENSING_COLUMNS)].astype("str").reset_index(drop=True), findings


def link_records(rows: pd.DataFrame, practices: pd.DataFrame) -> pd.DataFrame:
    """Say of each record which practice it is, and how that is known.

    By code where the record has one. Else by postcode: the only practice there, or the only one there with the same
    name. Else by name: the only practice of that name under the same commissioner or, where the record tells none
    that the practices have, in the same postcode area. Names are compared without case, punctuation and the usual
    abbreviations, then without the words that most practices share. Two candidates are never chosen between.

    Parameters
    ----------
    rows
        Records as `read_dispensing` gives them; `practice_code` and `commissioner` may be missing.
    practices
        `practice_code, name, postcode` and perhaps `commissioner`; a practice may have several rows (branches). Give
        open practices only.

    Returns
    -------
    links
        One row a record, in the order of `rows`: `name, postcode, how` (code, postcode, name or unlinked),
        `practice_code` (empty when unlinked), `reason` (why it is unlinked, or what was chosen between).
    """
    there = _Practices(practices)
    links = []
    for record in _text_columns(rows, DISPENSING_COLUMNS).to_dict("records"):
        how, code, reason = there.find({str(key): str(value) for key, value in record.items()})
        links.append((record["name"], record["postcode"], how, code, reason))
    return pd.DataFrame(links, columns=list(LINK_COLUMNS), dtype="str")


def link_dispensing(rows: pd.DataFrame, practices: pd.DataFrame) -> tuple[set[str], dict[str, int]]:
    """Which practices dispense, and how many records were linked by code, postcode, name, or not at all.

    The unlinked records themselves, with the reason, are in `link_records(rows, practices)`.

    Returns
    -------
    codes
        The codes of the practices that dispense.
    counts
        Records by how they were linked: `code`, `postcode`, `name`, `unlinked`.
    """
    links = link_records(rows, practices)
    found = links["how"].value_counts()
    return set(links["practice_code"]) - {""}, {way: int(found.get(way, 0)) for way in WAYS}


class _Practices:
    """The practices by code, postcode and name."""

    def __init__(self, practices: pd.DataFrame) -> None:
        wanted = ["practice_code", "name", "postcode", "commissioner"]
        table = _text_columns(practices, wanted).sort_values(wanted)
        self.rows = list(table.itertuples(index=False, name=None))
        self.codes = {row[0] for row in self.rows}
        self.commissioners = {cells.tidy_commissioner(row[3]) for row in self.rows} - {""}
        self.at_postcode: dict[str, list[tuple[str, ...]]] = {}
        self.named: dict[str, list[tuple[str, ...]]] = {}
        for row in self.rows:
            self.at_postcode.setdefault(cells.tidy_code(row[2]), []).append(row)
            for key in {_plain(row[1]), _core(row[1])} - {""}:
                self.named.setdefault(key, []).append(row)

    def find(self, record: dict[str, str]) -> tuple[str, str, str]:
        """How a record is linked, to which practice, and why not."""
        if record["practice_code"]:
            if record["practice_code"] in self.codes:
                return "code", record["practice_code"], ""
            return "unlinked", "", "its code is not among the practices"
        postcode = cells.tidy_code(record["postcode"])
        here = self.at_postcode.get(postcode, []) if postcode else []
        codes = {row[0] for row in here}
        if len(codes) == 1:
            return "postcode", codes.pop(), ""
        if here:
            chosen = _same_name(record["name"], here)
            if chosen:
                return "postcode", chosen, f"one of {len(codes)} practices at this postcode, chosen by its name"
            return "unlinked", "", f"{len(codes)} practices share its postcode, and its name does not tell which it is"
        return self._by_name(record, postcode)

    def _by_name(self, record: dict[str, str], postcode: str) -> tuple[str, str, str]:
        no_one = "no practice has its postcode" if postcode else "it has no postcode"
        if not _core(record["name"]):
            return "unlinked", "", f"{no_one}, and its name is too common to link by"
        same = {row for key in (_plain(record["name"]), _core(record["name"])) for row in self.named.get(key, [])}
        commissioner = cells.tidy_commissioner(record["commissioner"])
        commissioner = commissioner if commissioner in self.commissioners else ""
        near = sorted(row for row in same if _near(commissioner, postcode, row))
        chosen = _same_name(record["name"], near)
        if chosen:
            return "name", chosen, f"{no_one}; the only practice of this name near by"
        if near:
            return "unlinked", "", f"{no_one}, and several practices near by have its name"
        return "unlinked", "", f"{no_one}, and no practice near by has its name"


def _text_columns(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Some columns as text; empty where there is no such column or nothing in it."""
    table = frame.reindex(columns=list(columns)).astype(object)
    return table.where(table.notna(), "").astype("str")


def _near(commissioner: str, postcode: str, row: tuple[str, ...]) -> bool:
    """Whether a practice of the same name may be meant: under the same commissioner, else in the same postcode area.

    A commissioner none of the practices has (it was merged since the list was made) does not count.
    """
    if commissioner and row[3]:
        return commissioner == cells.tidy_commissioner(row[3])
    return bool(postcode) and _postcode_area(postcode) == _postcode_area(cells.tidy_code(row[2]))


def _postcode_area(postcode: str) -> str:
    found = re.match(r"[A-Z]+", postcode)
    return found[0] if found else ""


def _same_name(name: str, rows: list[tuple[str, ...]]) -> str:
    """The only practice with this name, by the whole name, then by its telling words; empty if none or several."""
    likenesses: tuple[Callable[[str], bool], ...] = (
        lambda other: _plain(name) == _plain(other),
        lambda other: bool(_core(name)) and _core(name) == _core(other),
        lambda other: _contained(_core(name), _core(other)),
    )
    for alike in likenesses:
        codes = {row[0] for row in rows if alike(row[1])}
        if codes:
            return codes.pop() if len(codes) == 1 else ""
    return ""


def _contained(one: str, other: str) -> bool:
    """Whether the telling words of one name are all among those of the other."""
    first, second = set(one.split()), set(other.split())
    return bool(first) and bool(second) and (first <= second or second <= first)


def _plain(name: str) -> str:
    """A name in one spelling: DR X & PARTNERS and Drs X and Ptnrs are the same."""
    words = plain_word(name.replace("'", "")).split()
    return " ".join(_SPELLINGS.get(word, word) for word in words if word != "the")


def _core(name: str) -> str:
    """The telling words of a name, sorted: without doctors' initials and the words most practices share."""
    words = {word for word in _plain(name).split() if not _COMMON.fullmatch(word) and (len(word) > 2 or word.isdigit())}
    return " ".join(sorted(words))


def _split(cell: str) -> tuple[str, str, str]:
    """Name, address and postcode of one cell."""
    found = _POSTCODE_AT_END.search(cell)
    postcode = cells.tidy_postcode(found[1] + found[2]) if found else ""
    text = cells.tidy_name(cell[: found.start()] if found else cell)
    name, _, address = text.partition(",")
    return name.strip(), ", ".join(part.strip() for part in address.split(",") if part.strip()), postcode
