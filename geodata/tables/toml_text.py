"""Read a settings file in TOML, and say where in it a mistake stands: the line, the key, the value, what to do."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from geodata.errors import Finding

WANTED = {
    "string_type": "text in quotes",
    "int_type": "a whole number without quotes",
    "int_from_float": "a whole number",
    "float_type": "a number without quotes",
    "float_parsing": "a number without quotes",
    "bool_type": "true or false, without quotes",
    "dict_type": 'a list of pairs in curly brackets, such as { practice_code = "Code" }',
    "model_type": "a section of its own, in square brackets",
    "model_attributes_type": "a section of its own, in square brackets",
    "tuple_type": 'a file name in quotes, or a section with file = "..."',
    "list_type": "a list in square brackets",
    "finite_number": "an ordinary number",
}
"""What pydantic wanted, in plain words, by the type of its error."""


def read_text(path: Path) -> tuple[str | None, list[Finding]]:
    """The text of a settings file in UTF-8 (or in UTF-16 with its mark); None with a finding if it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"The file cannot be read ({error.strerror or error})."
        fix = "Close it in other programs and check that you may read it."
        return None, [Finding("error", path.name, message, fix, value=str(path.parent), code="unreadable-file")]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace"), []
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, [
            Finding(
                "error",
                path.name,
                "The file holds a character that is not UTF-8 text.",
                "Save it again with the encoding UTF-8 (in Notepad: Save as, Encoding, UTF-8).",
                row=line,
                value=data[max(0, error.start - 12) : error.start + 12].decode("cp1252", errors="replace"),
                code="wrong-encoding",
            )
        ]


def parse_toml(file: str, text: str) -> tuple[dict[str, Any] | None, list[Finding]]:
    """What a text in TOML says; None with a finding that names the line if it is no TOML."""
    try:
        return tomllib.loads(text), []
    except RecursionError:
        error: Exception = ValueError("brackets within brackets without end")
    except ValueError as problem:  # also numbers of thousands of digits
        error = problem
    return None, [_toml_finding(file, text, error)]


def _toml_finding(file: str, text: str, error: Exception) -> Finding:
    message = str(error)
    place = re.search(r"\(at line (\d+), column \d+\)", message)
    row = int(place.group(1)) if place else len(text.splitlines()) or 1
    lines = text.splitlines()
    value = lines[row - 1].strip() if 0 < row <= len(lines) else None
    fix = 'Each line reads: key = value; text stands in straight quotes, such as name = "Dorset".'
    if value and "\\" in value:
        fix = "Write folders with forward slashes, such as data/practices.csv (a backslash has a meaning of its own)."
    elif value and re.search(r"[\u201c\u201d\u2018\u2019]", value):
        fix = "Replace the curly quotes by straight ones."
    elif "overwrite" in message or "twice" in message:
        fix = "The same key or [section] stands in the file twice: keep one of them."
    what = re.sub(r"\s*\(at .*\)$", "", message)
    return Finding(
        "error", file, f"The line cannot be understood ({what}).", fix, row=row, value=value, code="bad-toml"
    )


_PART = re.compile(r"""\"[^\"]*\"|'[^']*'|[\w\-]+""")
_KEY = re.compile(rf"\s*((?:{_PART.pattern})(?:\s*\.\s*(?:{_PART.pattern}))*)\s*=")
"""A key before its equals sign: words, or text in quotes, with points between."""


class Keys:
    """Finds the line of a key, so that a finding can name it."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines: dict[tuple[str, ...], int] = {}
        section: tuple[str, ...] = ()
        counts: dict[tuple[str, ...], int] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if heading := re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line):
                section = tuple(part.strip("\"'") for part in _PART.findall(heading.group(2)))
                if heading.group(1) == "[[":
                    counts[section] = counts.get(section, -1) + 1
                    section = (*section, str(counts[section]))
                self.lines.setdefault(section, number)
            elif key := _KEY.match(line):
                parts = tuple(part.strip("\"'") for part in _PART.findall(key.group(1)))
                self.lines.setdefault((*section, *parts), number)

    def row(self, loc: tuple[object, ...]) -> int | None:
        """Line of the key, or of the nearest section above it."""
        path = tuple(str(part) for part in loc)
        while path:
            for candidate in (path, tuple(part for part in path if not part.isdigit())):
                if candidate in self.lines:
                    return self.lines[candidate]
            path = path[:-1]
        return None

    def finding(self, loc: tuple[object, ...], message: str, fix: str, code: str, value: object = None) -> Finding:
        """An error about one key."""
        name = ".".join(str(part) if not isinstance(part, int) else f"[{part + 1}]" for part in _without_single(loc))
        return Finding(
            "error",
            self.file,
            message,
            fix,
            row=self.row(loc),
            column=name.replace(".[", "[") or None,
            value=None if value is None else _short(value),
            code=code,
        )


def _without_single(loc: tuple[object, ...]) -> tuple[object, ...]:
    """Leave out the number of the first part of a table: most tables have one part."""
    return tuple(part for part in loc if part != 0)


def _short(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def beyond_limit(item: Any, loc: tuple[object, ...], book: Keys) -> Finding | None:
    """A finding about a number that is too large or too small; None where that is not what pydantic says."""
    limits = {
        "greater_than_equal": ("ge", "at least"),
        "greater_than": ("gt", "more than"),
        "less_than_equal": ("le", "at most"),
    }
    if item["type"] not in limits:
        return None
    name, words = limits[item["type"]]
    wanted = f"{words} {item['ctx'][name]:g}"
    return book.finding(
        loc, f"The number must be {wanted}.", f"Write a number of {wanted}.", "wrong-value", item.get("input")
    )
