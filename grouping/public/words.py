"""Texts of a public page: nothing that stays in the house, no number of people that no table holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from geodata.errors import Finding
from geodata.tables.personal import holds_personal_number
from grouping.impact.disclosure import public_sentence
from grouping.input_check.kinds import effect_of

PRIVATE_COLUMNS = (
    "vulnerability", "condition", "annual_cost", "suitability", "quality", "utilisation", "tenure", "scheme",
    "scheme_year", "investment_cost", "totals.annual_cost",
)  # fmt: skip
"""Columns of the input tables that stay in the house."""

PRIVATE_RULES = (
    "practices.most_vulnerable_share",
    "resilience.loss_of",
    "resilience.keeps_share",
    "weights.fragile",
    "hub.conditions",
    "hub.budget",
    "weights.hub_cost",
)
"""Rules whose value or effect tells of such columns: each hub of a plan is in one of the conditions asked for."""

REASON_LEFT_OUT = "not published here"
"""Stands for a reason that speaks of what stays in the house."""

_PRIVATE = re.compile(
    r"vulnerab|resilien|special measures|\bcqc\b|\binadequate\b|\bconditions?\b|dilapidat|"
    r"\bcosts?\b|\brents?\b|£|\bpounds\b|\bbudget|\bfinanc|\bdebt|"
    r"\bstaff|\bworkforce|\bvacan|\brecruit|\bretir|\bsick|\billness|\bresign|"
    r"\bpartners? (?:is|are|will|to|has|have)\b|\bdr\.? [a-z]",
    re.IGNORECASE,
)
_OF_COLUMNS = re.compile(
    r"vulnerab|in condition|condition of the building|annual cost|yearly cost|£|\bpounds\b|\bbudget", re.IGNORECASE
)
_REASON = re.compile(r"Reason: .*", re.DOTALL)
_SHARE = re.compile(r"\b([Rr]ural share) (\d+(?:\.\d+)?)%")
_BETWEEN = re.compile(r"\bThe homes of [\d,]+ of ([\d,]+) patients are estimated")
_DECIMALS = re.compile(r"(\d+)\.(\d+)(?!\d*%)")


def is_private(text: str) -> bool:
    """Whether a text speaks of what stays in the house: vulnerability, condition, money, staff, a doctor, a patient."""
    return bool(_PRIVATE.search(text)) or holds_personal_number(text)


def _tells_of_columns(text: str) -> bool:
    """Whether a sentence of the program tells of private columns; its own words on proofs speak of costs as well."""
    return bool(_OF_COLUMNS.search(text))


def public_reason(reason: str) -> str:
    """A planner's reason as it may be published, or words that stand for it."""
    return REASON_LEFT_OUT if is_private(reason) else reason


def without_private_reason(text: str) -> str:
    """A text that may end with a reason, the reason taken out where it must not be published."""
    found = _REASON.search(text)
    if found is None or not is_private(found.group()):
        return text
    return f"{text[: found.start()]}Reason: {REASON_LEFT_OUT}."


def public_note(note: str) -> str:
    """A remark on a group: shares in whole percent, no number of people whose homes are estimated."""
    note = _BETWEEN.sub(r"The homes of some of \1 patients are estimated", note)
    note = _SHARE.sub(lambda found: f"{found[1]} {float(found[2]):.0f}%", note)
    return without_private_reason(note)


def public_lines(lines: Iterable[str], digits: int = 3) -> tuple[str, ...]:
    """Sentences about a search or a method: those that tell of private columns are gone, decimals are cut."""
    return tuple(cut_decimals(line, digits) for line in lines if not _tells_of_columns(line))


def cut_decimals(text: str, digits: int) -> str:
    """A text whose numbers, percentages aside, have so many decimals at most."""
    return _DECIMALS.sub(lambda found: f"{found[1]}.{found[2][:digits]}", text)


def public_notes(notes: Iterable[str]) -> tuple[str, ...]:
    """Notes of the impact without those that tell of private columns."""
    return tuple(note for note in notes if not _tells_of_columns(note))


def public_findings(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What the input check found, in general words: each kind and file once, without rows, values or numbers.

    What a finding says of a row may be anything that stands in the inputs, so that only what its kind always means
    (`grouping/effects.toml`) is published. Findings about columns that stay in the house are gone.
    """
    kept = (
        replace(one, message=public_sentence(effect_of(one).what), fix="", row=None, column=None, value=None)
        for one in findings
        if one.column not in PRIVATE_COLUMNS and not is_private(one.message) and not is_private(one.code)
    )
    return tuple(dict.fromkeys(kept))
