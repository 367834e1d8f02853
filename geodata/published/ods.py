"""GP practices and branch surgeries of the Organisation Data Service (`epraccur`, `ebranchs`), and which are open.

The files have no header and 27 columns in a fixed order (ODS, "GP and GP practice related data": 1 code, 2 name, 3 and
4 the regions above, 5 to 9 address, 10 postcode, 11 opened, 12 closed, 13 status, 15 commissioner or, for a branch, its
parent practice, 26 prescribing setting). Exports with a header, or without the last empty column, hold the same.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from geodata.errors import Finding
from geodata.published import cells
from geodata.published.cells import PRACTICE_CODE, SITE_CODE, Origin
from geodata.tables.columns import plain_word

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile

PRACTICE_COLUMNS = (
    "practice_code",
    "name",
    "postcode",
    "opened",
    "closed",
    "status",
    "commissioner",
    "board",
    "setting",
    "address",
)
BRANCH_COLUMNS = ("site_code", "name", "postcode", "opened", "closed", "status", "practice_code", "address")

GP_PRACTICE = "4"
"""The prescribing setting of a GP practice."""

GP_PRACTICE_ROLE = "RO76"
"""The role of a GP practice: newer exports name an organisation's roles where older ones gave its setting."""

SETTINGS = {
    "0": "other",
    "1": "walk-in centre",
    "2": "out of hours",
    "3": "walk-in centre and out of hours",
    "8": "public health service",
    "9": "community health service",
    "10": "hospital service",
    "11": "optometry service",
    "12": "urgent and emergency care",
    "13": "hospice",
    "14": "care home or nursing home",
    "15": "border force",
    "16": "young offender institution",
    "17": "secure training centre",
    "18": "secure children's home",
    "19": "immigration removal centre",
    "20": "court",
    "21": "police custody",
    "22": "sexual assault referral centre",
    "24": "other justice estate",
    "25": "prison",
}
"""Prescribing settings as ODS names them."""

_STATUSES = {
    **dict.fromkeys(("a", "active", "open"), "A"),
    **dict.fromkeys(("c", "closed", "inactive", "i"), "C"),
    **dict.fromkeys(("d", "dormant"), "D"),
    **dict.fromkeys(("p", "proposed"), "P"),
}
_NOT_OPEN = {"C": "closed", "D": "dormant", "P": "proposed"}


def read_practices(file: PublishedFile) -> tuple[pd.DataFrame, list[Finding]]:
    """Read the practices of an `epraccur` file.

    Parameters
    ----------
    file
        A recognised file of the kind `practices`.

    Returns
    -------
    practices
        One row a code: `practice_code, name, postcode, opened, closed, status, commissioner, board, setting, address`,
        all text; dates as YYYYMMDD or empty; status A (active), C (closed), D (dormant) or P (proposed).
    findings
        Malformed and repeated codes, cells that are no date, statuses that are no status.
    """
    return parse_practices(file.read(file.columns), cells.origin_of(file))


def read_branches(file: PublishedFile) -> tuple[pd.DataFrame, list[Finding]]:
    """Read the branch surgeries of an `ebranchs` file.

    Returns
    -------
    branches
        One row a code: `site_code, name, postcode, opened, closed, status, practice_code, address`; `practice_code` is
        the parent. The file tells no status: C where there is a date of closing, else A.
    findings
        As for practices; also branches without a parent.
    """
    return parse_branches(file.read(file.columns), cells.origin_of(file))


def parse_practices(raw: pd.DataFrame, origin: Origin) -> tuple[pd.DataFrame, list[Finding]]:
    """Parse the text cells of `read_practices`; the index of `raw` holds the file's rows."""
    findings: list[Finding] = []
    frame = _common(raw, origin, "practice_code", findings)
    frame["commissioner"] = cells.by_value(cells.column(raw, "commissioner"), cells.tidy_commissioner)
    frame["board"] = cells.codes(cells.column(raw, "board"))
    frame["setting"] = cells.by_value(cells.codes(cells.column(raw, "setting")), _setting)
    if len(frame) and not frame["setting"].ne("").any():
        findings.append(
            Finding(
                "warning",
                origin.file,
                "The file tells no prescribing setting: GP practices cannot be told from hospitals and clinics.",
                "Use the complete epraccur file (27 columns; the 26th is the prescribing setting, 4 = GP practice).",
                code="no-prescribing-setting",
            )
        )
    frame = _well_coded(frame, origin, "practice_code", PRACTICE_CODE, "J81012", findings)
    frame = _once(frame, origin, "practice_code", findings)
    return frame.loc[:, list(PRACTICE_COLUMNS)].reset_index(drop=True), findings


def parse_branches(raw: pd.DataFrame, origin: Origin) -> tuple[pd.DataFrame, list[Finding]]:
    """Parse the text cells of `read_branches`; the index of `raw` holds the file's rows."""
    findings: list[Finding] = []
    frame = _common(raw, origin, "site_code", findings)
    frame["practice_code"] = cells.codes(cells.column(raw, "practice_code"))
    frame = _well_coded(frame, origin, "site_code", SITE_CODE, "J81006001", findings)
    orphan = ~cells.well_formed(frame["practice_code"], PRACTICE_CODE)
    findings += cells.tell(
        origin,
        "warning",
        frame["practice_code"][orphan],
        "This branch names no parent practice; it belongs to none.",
        "Give the code of its practice, such as J81006, or leave it out.",
        "branch-without-parent",
        column="practice_code",
    )
    frame.loc[orphan, "practice_code"] = ""
    frame = _once(frame, origin, "site_code", findings)
    return frame.loc[:, list(BRANCH_COLUMNS)].reset_index(drop=True), findings


def open_practices(
    frame: pd.DataFrame, when: date | None = None, *, as_of: date | None = None
) -> tuple[pd.Series[bool], pd.Series[Any]]:
    """Which practices are open GP practices, and why the others are not.

    At the file's own date the status decides: only A is open. At an earlier date the dates decide: opened by then and
    not closed by then. A practice that is dormant in the file counts as open at an earlier date, because the file does
    not say since when it is (most dormant practices of 2022 in Dorset still had a list in 2016); a proposed one never
    does. Prescribing setting 4 is required wherever the file tells settings at all.

    Parameters
    ----------
    frame
        Practices as `read_practices` gives them.
    when
        The day in question; None for the file's own.
    as_of
        The file's own date; None for the newest date in it.

    Returns
    -------
    is_open
        One flag a row of `frame`.
    reasons
        One text a row, empty where open: "closed 2015-09-30", "prescribing setting 10 (hospital service), not a GP
        practice", "dormant", "proposed", "opened 2016-04-01, after 2016-02-29".
    """
    reasons = _closed_reasons(frame, when, as_of)
    if len(frame) and frame["setting"].ne("").any():
        other = frame["setting"] != GP_PRACTICE
        reasons = reasons.mask(reasons.eq("") & other, frame["setting"].map(_setting_reason))
    return reasons == "", reasons


def open_branches(
    frame: pd.DataFrame, when: date | None = None, *, as_of: date | None = None
) -> tuple[pd.Series[bool], pd.Series[Any]]:
    """Which branches are open, and why the others are not; as `open_practices`, without the prescribing setting."""
    reasons = _closed_reasons(frame, when, as_of)
    return reasons == "", reasons


def newest_date(frame: pd.DataFrame) -> date | None:
    """The newest opening or closing date in a file: the file is not older than that."""
    newest = max((str(frame[column].max()) for column in ("opened", "closed") if len(frame)), default="")
    return date(int(newest[:4]), int(newest[4:6]), int(newest[6:])) if len(newest) == 8 else None


def _common(raw: pd.DataFrame, origin: Origin, key: str, findings: list[Finding]) -> pd.DataFrame:
    """What practices and branches have in common."""
    closed = cells.dates(cells.column(raw, "closed"), origin, "closed", findings)
    return pd.DataFrame(
        {
            key: cells.codes(cells.column(raw, key)),
            "name": cells.names(cells.column(raw, "name")),
            "postcode": cells.postcodes(cells.column(raw, "postcode")),
            "opened": cells.dates(cells.column(raw, "opened"), origin, "opened", findings),
            "closed": closed,
            "status": _statuses(cells.column(raw, "status"), closed, origin, findings),
            "address": _address(raw),
        },
        index=raw.index,
    )


def _statuses(told: pd.Series[Any], closed: pd.Series[Any], origin: Origin, findings: list[Finding]) -> pd.Series[Any]:
    """One letter a row; where the file tells none, the date of closing decides."""
    status = cells.by_value(told, lambda text: _STATUSES.get(plain_word(text), "" if not text.strip() else "?"))
    findings += cells.tell(
        origin,
        "warning",
        told[status == "?"],
        "This is not a status; the date of closing decides whether the record is open.",
        "Write A (active), C (closed), D (dormant) or P (proposed).",
        "bad-status",
        column="status",
    )
    from_date = pd.Series("A", index=told.index, dtype="str").mask(closed != "", "C")
    return status.mask(status.isin(["", "?"]), from_date)


def _address(raw: pd.DataFrame) -> pd.Series[Any]:
    """The address lines, joined by commas, empty ones left out."""
    lines = [column for column in raw.columns if str(column).startswith("address")]
    joined = pd.Series("", index=raw.index, dtype="str")
    for line in lines:
        text = cells.names(raw[line])
        joined = joined.where(text == "", joined.mask(joined != "", joined + ", ") + text)
    return joined


def _well_coded(
    frame: pd.DataFrame, origin: Origin, key: str, form: Any, example: str, findings: list[Finding]
) -> pd.DataFrame:
    """Leave out the rows whose code has not the form of a code."""
    message = "{value} is not an ODS code; the row is left out."
    fix = f"Give the code, such as {example}, or remove the row."
    return cells.well_coded(frame, origin, key, form, message, fix, findings)


def _once(frame: pd.DataFrame, origin: Origin, key: str, findings: list[Finding]) -> pd.DataFrame:
    """Keep one row a code: the open one, else the last."""
    if not frame[key].duplicated().any():
        return frame
    open_last = frame[[key]].assign(is_open=frame["status"] == "A").sort_values("is_open", kind="stable")
    kept = open_last.drop_duplicates(key, keep="last").index
    dropped = frame.loc[~frame.index.isin(kept), key]
    row_of = pd.Series(kept, index=frame.loc[kept, key])
    for row, code in dropped.iloc[: cells.SHOWN_SINGLY].items():
        findings += cells.tell(
            origin,
            "warning",
            pd.Series([code], index=[row]),
            f"{{value}} stands here more than once; row {row_of[code]} is used (the open one, else the last).",
            "Keep one row for each code.",
            "duplicate-code",
            column=key,
        )
    more = len(dropped) - cells.SHOWN_SINGLY
    if more > 0:
        text = f"{more:,} more rows repeat a code; one row for each is used (the open one, else the last)."
        findings.append(Finding("warning", origin.file, text, "Keep one row for each code.", code="duplicate-code"))
    return frame[frame.index.isin(kept)]


def _closed_reasons(frame: pd.DataFrame, when: date | None, as_of: date | None) -> pd.Series[Any]:
    """Why a record is not open; empty where it is."""
    status, opened, closed = frame["status"], frame["opened"], frame["closed"]
    reasons = pd.Series("", index=frame.index, dtype="str")
    own_date = as_of or newest_date(frame)
    by_date = when is not None and own_date is not None and when < own_date
    if by_date and when is not None:
        day = when.strftime("%Y%m%d")
        gone = closed.ne("") & closed.le(day) | closed.eq("") & status.eq("C")
        later = opened.ne("") & opened.gt(day)
        reasons = reasons.mask(later, "opened " + opened.map(cells.day_text) + f", after {when.isoformat()}")
        resting = status.eq("P") & closed.eq("")
    else:
        gone = status == "C"
        resting = status.isin(["D", "P"])
    reasons = reasons.mask(resting, status.map(_NOT_OPEN))
    dated = "closed " + closed.map(cells.day_text)
    return reasons.mask(gone, dated.mask(closed == "", "closed"))


def _setting(text: str) -> str:
    """The prescribing setting, also where the file names roles ("RO177|RO76")."""
    return GP_PRACTICE if GP_PRACTICE_ROLE in re.split(r"[^A-Z0-9]+", text) else text


def _setting_reason(setting: str) -> str:
    if not setting:
        return "prescribing setting not told, not known to be a GP practice"
    if setting.startswith("RO"):
        return f"role {setting} in the Organisation Data Service, not that of a GP practice ({GP_PRACTICE_ROLE})"
    word = f" ({SETTINGS[setting]})" if setting in SETTINGS else ""
    return f"prescribing setting {setting}{word}, not a GP practice"
