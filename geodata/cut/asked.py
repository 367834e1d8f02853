"""What a planner asked for, from the words of the command: a date, and codes of commissioners or practices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NoReturn

from geodata.cut.named import is_name
from geodata.cut.record import listed
from geodata.errors import Finding, InputProblems
from geodata.published.cells import PRACTICE_CODE

_CODE = re.compile(r"[A-Z0-9]{2,9}")


def parse_when(text: str | None) -> date | None:
    """A date such as 2016, 2022-05 or 2022-05-01; a year or a month is taken in its middle.

    Raises
    ------
    InputProblems
        The text is no date.
    """
    if text is None:
        return None
    parts = re.fullmatch(r"\s*(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?\s*", text)
    try:
        if parts:
            year, month, day = (int(part) if part else None for part in parts.groups())
            assert year is not None
            return date(year, 7, 1) if month is None else date(year, month, day or 15)
    except ValueError:
        pass
    _refuse("--date", text, "This is not a date.", "Write a year (2016), a month (2022-05) or a day (2022-05-01).")


def codes_asked(commissioners: Sequence[str], practices: str | None) -> tuple[str, ...]:
    """All codes that were asked for, upper-case, each once.

    Parameters
    ----------
    commissioners
        Codes, or comma lists of codes. A name (`Isle of Wight`) is kept as it is: what its codes are is told later.
    practices
        A comma list of practice codes, or the name of a file with one a line (in the first column of a table).

    Raises
    ------
    InputProblems
        A text is no code; a file cannot be read or holds none.
    """
    parts = [part.strip() for text in commissioners for part in re.split("[,;]", text)]
    codes = [code for part in parts for code in ([part] if is_name(part) else part.split())]
    for code in codes:
        if not is_name(code) and not _CODE.fullmatch(code.upper()):
            fix = "Write the code of a sub-ICB (11J), of an ICB (QVV) or of practices, with commas between."
            _refuse("--commissioner", code, "This is not a code.", fix)
    if practices is not None:
        codes += _practice_codes(practices)
    return tuple(dict.fromkeys(code if is_name(code) else code.upper() for code in codes))


def _practice_codes(text: str) -> list[str]:
    path = Path(text)
    if _is_file(path):
        return _codes_in(path)
    codes = [code for code in re.split(r"[,;\s]+", text.strip()) if code]
    wrong = [code for code in codes if not PRACTICE_CODE.fullmatch(code.upper())]
    if wrong or not codes:
        message = "These are no practice codes, and there is no such file."
        fix = "Write codes such as J81012 with commas between, or the name of a file with one code a line."
        _refuse("--practices", listed(wrong) or text, message, fix)
    return codes


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a long list of codes is no file name
        return False


def _codes_in(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as problem:
        _refuse("--practices", str(path), f"The file cannot be read ({problem}).", "Close it in other programs.")
    codes: list[str] = []
    wrong: list[str] = []
    for number, line in enumerate(lines):
        cells = [cell.strip().strip('"').strip().upper() for cell in re.split(r"[,;\t]", line)]
        words = [word for cell in cells for word in cell.split()]
        if words and all(PRACTICE_CODE.fullmatch(word) for word in words):
            codes += words  # several codes a line are meant, too
        elif PRACTICE_CODE.fullmatch(cells[0]):
            codes.append(cells[0])
        elif cells[0] and number:
            wrong.append(cells[0])
    if wrong or not codes:
        message = f"{len(wrong)} lines begin with no practice code." if codes else "No practice code is in it."
        fix = "Write one code a line, such as J81012, in a text file or in the first column of a CSV file."
        _refuse("--practices", listed(wrong) or str(path), message, fix)
    return codes


def _refuse(option: str, value: str, message: str, fix: str) -> NoReturn:
    raise InputProblems([Finding("error", option, message, fix, value=value, code="wrong-option")])
