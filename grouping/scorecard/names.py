"""The six criteria used for reconfiguration: their keys, their names, and which one a planner's words mean."""

from __future__ import annotations

from collections.abc import Mapping

from geodata.tables.columns import nearest, plain_word

FULL: Mapping[str, str] = {
    "quality": "Quality of care for all",
    "access": "Access for all",
    "affordability": "Affordability and value for money",
    "workforce": "Workforce",
    "time": "Time to deliver",
    "other": "Other: research and education",
}
"""Key and full name of each, in the order in which they are used; the keys are those of `grouping.report.criteria`."""

SHORT: Mapping[str, str] = {
    "quality": "Quality",
    "access": "Access",
    "affordability": "Affordability",
    "workforce": "Workforce",
    "time": "Time",
    "other": "Other",
}
"""What a narrow column is called."""

_FURTHER: Mapping[str, str] = {
    "quality of care": "quality",
    "value for money": "affordability",
    "research and education": "other",
    "other research": "other",
    "deliverability": "time",
}


def _spellings() -> dict[str, str]:
    """Everything that is understood, plain, and the key it means."""
    named = {plain_word(name): key for names in (FULL, SHORT) for key, name in names.items()}
    return named | {key: key for key in FULL} | dict(_FURTHER)


def criterion_of(text: str) -> str | None:
    """The key of the criterion that is meant: by its key, its full or its short name; None where it is not known."""
    return _spellings().get(plain_word(text))


def like_criterion(text: str) -> str | None:
    """The name of the criterion that reads most alike, for "did you mean"."""
    return nearest(text, [*FULL.values(), *SHORT.values()])
