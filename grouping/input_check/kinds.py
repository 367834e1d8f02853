"""Findings as a planner reads them: by kind, with what each would change in the result and what to do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from geodata.errors import Finding, Severity

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
EXAMPLES = 5
"""Examples of each kind on the page; `findings.csv` holds all."""

FIXES = 3
_COUNTED = re.compile(r"(\d+) rows have this mistake; the first \d+ are listed\.")
"""How `geodata.tables.schemas.cap_findings` tells that it left some of many alike out."""


@dataclass(frozen=True)
class Effect:
    """What a kind of finding is, what it would change in a result, and whether it is about where a point lies."""

    what: str
    effect: str
    place: bool = False


NOT_ERROR = Effect("Something in the inputs that is worth a look.", "It may change a result: read the examples.")
ERROR = Effect("Something in the inputs is wrong.", "There is no result until it is corrected.")
"""What is said of a kind without an entry of its own."""


@cache
def effects() -> Mapping[str, Effect]:
    """What `effects.toml` says, by the code of the finding."""
    text = (files("grouping") / "effects.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)
    return MappingProxyType(
        {code: Effect(entry["is"], entry["effect"], entry.get("place", False)) for code, entry in entries.items()}
    )


def effect_of(finding: Finding) -> Effect:
    """What a finding would change, or a general sentence where its kind is not known."""
    return effects().get(finding.code, ERROR if finding.severity == "error" else NOT_ERROR)


@dataclass(frozen=True)
class FindingKind:
    """All findings of one kind: how many, the first of them, what they change and what to do."""

    severity: Severity
    code: str
    what: str
    effect: str
    number: int
    examples: tuple[str, ...]
    fixes: tuple[str, ...]
    more_fixes: bool


def finding_kinds(findings: Sequence[Finding]) -> tuple[FindingKind, ...]:
    """Findings by kind: errors, warnings, notes; within these the most frequent first."""
    kinds: dict[tuple[Severity, str], list[Finding]] = {}
    for finding in findings:
        kinds.setdefault((finding.severity, finding.code), []).append(finding)
    views = [_kind(severity, code, found) for (severity, code), found in kinds.items()]
    return tuple(sorted(views, key=lambda kind: (SEVERITIES.index(kind.severity), -kind.number, kind.code)))


def _kind(severity: Severity, code: str, found: list[Finding]) -> FindingKind:
    about = effect_of(found[0])
    singly = [finding for finding in found if not _counted(finding)]
    fixes = list(dict.fromkeys(finding.fix for finding in singly if finding.fix))
    return FindingKind(
        severity,
        code,
        about.what,
        about.effect,
        _number(found),
        tuple(_example(finding) for finding in singly[:EXAMPLES]),
        tuple(fixes[:FIXES]),
        len(fixes) > FIXES,
    )


def _example(finding: Finding) -> str:
    """One line without the fix; without the value where that is a figure the message tells anyway."""
    told = set(re.findall(r"\w+", finding.message.replace(",", "")))
    repeats = finding.row is None and set(re.findall(r"\w+", (finding.value or "").replace(",", ""))) <= told
    return str(replace(finding, fix="", value=None if repeats else finding.value))


def _counted(finding: Finding) -> int:
    """How many rows a finding that only counts stands for; 0 for any other."""
    match = _COUNTED.fullmatch(finding.message) if finding.row is None else None
    return int(match.group(1)) if match else 0


def _number(found: Iterable[Finding]) -> int:
    """How many rows findings of one kind are about, those that were only counted included."""
    told: dict[tuple[str, str | None], int] = {}
    counted: dict[tuple[str, str | None], int] = {}
    for finding in found:
        key = (finding.file, finding.column)
        if total := _counted(finding):
            counted[key] = total
        else:
            told[key] = told.get(key, 0) + 1
    return sum((told | counted).values())


def named_codes(
    findings: Sequence[Finding], codes: Iterable[str], rows: Mapping[tuple[str, int], set[str]]
) -> list[set[str]]:
    """Which of the codes each finding names: in its value or message, or by the row it is about.

    Parameters
    ----------
    findings
        The findings.
    codes
        Codes in capitals.
    rows
        Codes that stand in each row, by file and row number.
    """
    known = {code.upper() for code in codes}
    plain = {code for code in known if re.fullmatch(r"[0-9A-Z]+", code)}
    odd = known - plain
    named = []
    for finding in findings:
        text = f"{finding.value or ''} {finding.message}".upper()
        found = plain.intersection(re.findall(r"[0-9A-Z]+", text)) | {code for code in odd if code in text}
        if finding.row is not None:
            found |= known & rows.get((finding.file, finding.row), set())
        named.append(found)
    return named
