"""Primary Care Networks and their member practices (`ePCN`), and the monthly map of practices (`gp-reg-pat-prac-map`).

The membership file keeps ended relationships: only those without an end date are current.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from geodata.errors import Finding
from geodata.published import cells
from geodata.published.cells import PRACTICE_CODE, Origin

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile

NETWORK_COLUMNS = ("practice_code", "network_code", "network_name", "commissioner", "started", "ended")
MAP_COLUMNS = ("practice_code", "network_code", "network_name", "commissioner", "board")

_NETWORK_CODE = re.compile(r"[A-Z][A-Z0-9]{3,7}")
_NO_NETWORK = re.compile(r"(?i)un-?allocated|not? (in|allocated|aligned).*|none|unknown|null|-+")


def read_networks(file: PublishedFile) -> tuple[pd.DataFrame, list[Finding]]:
    """Read the member practices of an `ePCN` file, ended relationships included (see `current`).

    Parameters
    ----------
    file
        A recognised file of the kind `networks`.

    Returns
    -------
    members
        One row a relationship: `practice_code, network_code, network_name, commissioner` (of the network), `started,
        ended` (YYYYMMDD or empty); all text.
    findings
        Malformed codes, repeated rows, cells that are no date.
    """
    return parse_networks(file.read(file.columns), cells.origin_of(file))


def read_practice_map(file: PublishedFile) -> tuple[pd.DataFrame, list[Finding]]:
    """Read which network, commissioner and board each practice belongs to from a `gp-reg-pat-prac-map` file.

    Returns
    -------
    practices
        One row a practice: `practice_code, network_code, network_name, commissioner, board`; the network is empty for a
        practice in none.
    findings
        Malformed and repeated codes.
    """
    return parse_practice_map(file.read(file.columns), cells.origin_of(file))


def parse_networks(raw: pd.DataFrame, origin: Origin) -> tuple[pd.DataFrame, list[Finding]]:
    """Parse the text cells of `read_networks`; the index of `raw` holds the file's rows."""
    findings: list[Finding] = []
    frame = _practices_and_networks(raw)
    frame["started"] = cells.dates(cells.column(raw, "started"), origin, "started", findings)
    frame["ended"] = cells.dates(cells.column(raw, "ended"), origin, "ended", findings)
    frame = _well_coded(frame, origin, findings)
    unnamed = ~cells.well_formed(frame["network_code"], _NETWORK_CODE)
    findings += cells.tell(
        origin,
        "warning",
        frame["network_code"][unnamed],
        "{value} is not the code of a network; the row is left out.",
        "Give the ODS code of the network, such as U42510.",
        "malformed-code",
        column="network_code",
    )
    frame = frame[~unnamed]
    repeated = frame.duplicated(list(NETWORK_COLUMNS))
    findings += cells.tell(
        origin,
        "note",
        frame["practice_code"][repeated],
        "This membership of {value} stands here already; it counts once.",
        "Nothing to do.",
        "duplicate-row",
        column="practice_code",
    )
    return frame.loc[~repeated, list(NETWORK_COLUMNS)].reset_index(drop=True), findings


def parse_practice_map(raw: pd.DataFrame, origin: Origin) -> tuple[pd.DataFrame, list[Finding]]:
    """Parse the text cells of `read_practice_map`; the index of `raw` holds the file's rows."""
    findings: list[Finding] = []
    frame = _practices_and_networks(raw)
    frame["board"] = cells.codes(cells.column(raw, "board"))
    alone = ~cells.well_formed(frame["network_code"], _NETWORK_CODE) | frame["network_code"].eq("UNALLOCATED")
    alone |= cells.by_value(frame["network_name"], lambda text: _NO_NETWORK.fullmatch(text) is not None, bool)
    frame[["network_code", "network_name"]] = frame[["network_code", "network_name"]].mask(alone, "")
    frame = _well_coded(frame, origin, findings)
    repeated = frame.duplicated("practice_code", keep="last")
    findings += cells.tell(
        origin,
        "warning",
        frame["practice_code"][repeated],
        "{value} stands here more than once; the last row is used.",
        "Keep one row for each practice.",
        "duplicate-code",
        column="practice_code",
    )
    return frame.loc[~repeated, list(MAP_COLUMNS)].reset_index(drop=True), findings


def current(frame: pd.DataFrame, when: date | None = None, *, file: str = "") -> tuple[pd.DataFrame, list[Finding]]:
    """The relationships open on a day, one network a practice.

    Parameters
    ----------
    frame
        Memberships as `read_networks` gives them.
    when
        The day; a relationship counts if it has started by then and has not ended by then. None: those without an end
        date.
    file
        Name of the file, for messages.

    Returns
    -------
    members
        One row a practice, sorted by code. Of several open relationships the one that started last is taken, and of
        those with the same start the one with the smallest code.
    findings
        Practices in more than one network.
    """
    if when is None:
        chosen = frame[frame["ended"] == ""]
    else:
        day = when.strftime("%Y%m%d")
        chosen = frame[(frame["ended"].eq("") | frame["ended"].gt(day)) & frame["started"].le(day)]
    ordered = chosen.iloc[_order(chosen)]
    findings = []
    for code, rows in ordered[ordered["practice_code"].duplicated(keep=False)].groupby("practice_code"):
        networks = list(dict.fromkeys(rows["network_code"]))
        if len(networks) > 1:
            text = f"Practice {code} is in more than one network ({', '.join(networks)}); {networks[0]} is used, "
            text += "the one it joined last (of the same day, the smallest code)."
            fix = "Ask the networks which it is, and write it as current_group in practices.csv."
            findings.append(Finding("warning", file, text, fix, value=str(code), code="two-networks"))
    return ordered.drop_duplicates("practice_code").reset_index(drop=True), findings


def _order(frame: pd.DataFrame) -> list[int]:
    """Positions sorted by practice, latest start, smaller network code."""
    starts = [-int(text) if text.isdigit() else 0 for text in frame["started"]]
    keys = zip(frame["practice_code"], starts, frame["network_code"], range(len(frame)), strict=True)
    return [key[-1] for key in sorted(keys)]


def _practices_and_networks(raw: pd.DataFrame) -> pd.DataFrame:
    """What both files have in common."""
    return pd.DataFrame(
        {
            "practice_code": cells.codes(cells.column(raw, "practice_code")),
            "network_code": cells.codes(cells.column(raw, "network_code")),
            "network_name": cells.names(cells.column(raw, "network_name")),
            "commissioner": cells.by_value(cells.column(raw, "commissioner"), cells.tidy_commissioner),
        },
        index=raw.index,
    )


def _well_coded(frame: pd.DataFrame, origin: Origin, findings: list[Finding]) -> pd.DataFrame:
    """Leave out the rows without the code of a practice."""
    message, fix = "{value} is not the code of a practice; the row is left out.", "Give the ODS code, such as J81012."
    return cells.well_coded(frame, origin, "practice_code", PRACTICE_CODE, message, fix, findings)
