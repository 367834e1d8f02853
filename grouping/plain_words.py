"""Numbers and words as the page prints them."""

from __future__ import annotations

import math
import re

import numpy as np

from grouping.rules import RuleSet

UNKNOWN = "not known"
NO_CLOSURE = "Grouping practices closes no site."
WHAT_IS_LEFT_OUT = (
    "Public version. Left out: how vulnerable practices are, the condition and cost of buildings, staff, numbers of "
    "patients by area, and the part for trying a grouping of your own. * stands for 1 to 7 people, or for a figure "
    "from which so few could be worked out; other counts of people are rounded to the nearest 5. List sizes of "
    "practices and groups are published figures and are exact."
)
"""What a public page, workbook or map says of itself."""


def is_missing(value: object) -> bool:
    """Whether a figure is not known: None, NaN or infinite."""
    return value is None or (isinstance(value, float | np.floating) and not math.isfinite(value))


def count(value: object) -> str:
    """A whole number with commas."""
    return UNKNOWN if is_missing(value) else f"{round(float(value)):,}"


def minutes(value: object) -> str:
    """Minutes with one decimal."""
    return UNKNOWN if is_missing(value) else f"{float(value):.1f}"


def percent(value: object, digits: int = 0) -> str:
    """A share as a percentage."""
    return UNKNOWN if is_missing(value) else f"{100 * float(value):.{digits}f}%"


def share_in_words(value: object) -> str:
    """A share as a whole percentage; what is neither nobody nor everybody never reads like it."""
    if not is_missing(value) and 0 < float(value) < 0.005:
        return "under 1%"
    return "over 99%" if not is_missing(value) and 0.995 <= float(value) < 1 else percent(value)


def share_of_plans(share: float) -> str:
    """A share of plans that is known to be neither none nor all of them: rounding must not make it look like that."""
    if share < 0.01:
        return "fewer than 1%"
    return "more than 99%" if share > 0.99 else percent(share)


def signed(value: object) -> str:
    """A whole number with its sign."""
    return UNKNOWN if is_missing(value) else f"{'−' if value < 0 else '+'}{abs(round(float(value))):,}"


def cut(text: str, letters: int) -> str:
    """A text for a drawing: in full where it has room, else its beginning and an ellipsis."""
    return text if len(text) <= letters else f"{text[: letters - 1].rstrip()}…"


def option_title(option_id: str) -> str:
    """How an option is called on the page."""
    number = re.fullmatch(r"option-(\d+)", option_id)
    if number:
        return f"Option {number.group(1)}"
    return "The scored plan" if option_id == "scored" else option_id


def plural(number: int, one: str, *, start: bool = False) -> str:
    """A number with its word; `start` at the start of a sentence."""
    if number == 1 and start:
        return f"One {one}"
    return f"{number:,} {one if number == 1 else one + 's'}"


def listed(parts: list[str]) -> str:
    """Parts of a sentence joined by commas and a last "and"."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


CRITERION_WORDS = {
    "shortfall": "the number of patients by which groups fall short of their minimum",
    "exceptions": "the number of groups below their minimum",
    "score": "the score (minutes to the hub, with the penalties of the rule set)",
    "minutes": "the minutes from home to the hub, summed over patients",
    "outside_preferred": "the patients by which groups lie outside the preferred sizes",
    "split_locality": "the patients who are not in the largest locality of their group",
    "change_of_group": "the patients who are not from the largest of today's groups in their group",
    "mixed_systems": "the patients on another clinical system than most of their group",
    "worst_practice": "the longest way from a practice to its hub in each group, weighted by patients",
    "size_balance": "the patients by which groups lie off the size they are drawn to",
    "hub_cost": "the cost of all hubs",
    "fragile": "the patients of groups that would be below their minimum without their largest practice (or their "
    "largest vulnerable one: as the rules say)",
    "longest_practice": "the longest way of any practice to its hub",
    "groups": "the number of groups",
}
"""Criteria of `objective.order` as the page says them."""


def order_in_words(rules: RuleSet) -> str:
    """What is made small first, next and last."""
    order = [CRITERION_WORDS[name] for name in rules.objective.order]
    return "first " + ", then ".join(order)
