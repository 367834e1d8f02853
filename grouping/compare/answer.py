"""The comparison in a few plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from grouping.compare.alike import Alike, how_alike, same_in_all
from grouping.compare.best_at import NO_WINNER, Best, best_lines
from grouping.compare.comparison import Comparison
from grouping.compare.together import ALL, NONE, SOME
from grouping.plain_words import count, listed, percent, plural

WORDS = ("no", "one", "two", "three", "four", "five")
MOST_SAID = 3
"""Figures named in the sentence on what a plan is best at; the table has all."""


def answer_lines(comparison: Comparison, together: pd.DataFrame, bests: Sequence[Best]) -> list[str]:
    """What is compared, how alike the plans are, and what each is best at.

    Parameters
    ----------
    comparison
        The plans.
    together
        What `together_table` returns.
    bests
        What `best_at` returns.
    """
    return [
        _what(comparison),
        *_alike_lines(comparison),
        _pairs(together),
        *_best(comparison, bests),
    ]


def _what(comparison: Comparison) -> str:
    plans = comparison.plans
    patients = sum(comparison.patients.values())
    rules = list(dict.fromkeys(one.run.rules.title for one in plans))
    if comparison.same_rules:
        under = f"under the same rule set ({rules[0]})"
    elif len(rules) > 1:
        under = f"under different rule sets ({listed(rules)})"
    else:
        under = f"under different values of one rule set ({rules[0]})"
    same = "from different inputs" if comparison.unequal else "from the same inputs"
    return (
        f"{WORDS[len(plans)].capitalize()} plans are compared: {listed([one.title for one in plans])}; made {same} "
        f"{under}. They have {plural(len(comparison.codes), 'practice')} with {count(patients)} registered patients in "
        "common."
    )


def share_words(share: float) -> str:
    """A share of patients; what is neither nobody nor everybody never reads like it."""
    if 0 < share < 0.01:
        return "under 1%"
    return "over 99%" if 0.99 < share < 1 else percent(share)


def _alike_lines(comparison: Comparison) -> list[str]:
    pairs = how_alike(comparison)
    if len(comparison.plans) == 2:
        return [_two_alike(pairs[0])]
    total = sum(comparison.patients.values())
    everywhere = same_in_all(comparison)
    lines = [
        f"{share_words(everywhere / total) if total else '100%'} of the patients ({count(everywhere)}) belong to a "
        f"practice that has exactly the same companions in all {WORDS[len(comparison.plans)]} plans."
    ]
    nearest = max(pairs, key=lambda pair: (pair.kept, -pair.first, -pair.second))
    furthest = min(pairs, key=lambda pair: (pair.kept, pair.first, pair.second))
    if nearest.kept == furthest.kept:
        return [*lines, f"Any two of them have {share_words(nearest.kept)} of a patient’s companions in common."]
    names = [one.title for one in comparison.plans]
    return [
        *lines,
        f"Most alike are {names[nearest.first]} and {names[nearest.second]}: on average "
        f"{share_words(nearest.kept)} of the patients grouped with a patient in either are so in both. Least alike are "
        f"{names[furthest.first]} and {names[furthest.second]}, with {share_words(furthest.kept)}.",
    ]


def _two_alike(pair: Alike) -> str:
    if pair.same_share == 1:
        hubs = f" {plural(pair.other_hub, 'group', start=True)} of them with another hub." if pair.other_hub else ""
        return f"There is no difference in who works with whom: both plans hold the same groups.{hubs}"
    return (
        f"{share_words(pair.same_share)} of the patients ({count(pair.same)}) belong to a practice that has exactly "
        f"the same companions in both; on average {share_words(pair.kept)} of the patients grouped with a patient in "
        "either plan are so in both."
    )


def _pairs(together: pd.DataFrame) -> str:
    said = together.loc[together["neighbours"], "together_in"]
    number = {word: int((said == word).sum()) for word in (ALL, SOME, NONE)}
    return (
        f"Of {plural(len(said), 'pair')} of neighbouring practices, {number[ALL]:,} are together in every plan, "
        f"{number[NONE]:,} in none, and {number[SOME]:,} in some."
    )


def _best(comparison: Comparison, bests: Sequence[Best]) -> list[str]:
    """What each plan is best at, as far as plans can be held against each other."""
    if not bests:
        return [
            "What each plan is best at is not told, because the figures do not rest on the same practices, inputs and "
            "rules."
        ]
    if all(best.no_difference for best in bests):
        return ["In the figures compared there is no difference between the plans."]
    lines = []
    for title, alone, shared in best_lines(comparison, bests):
        if alone:
            more = f", and in {len(alone) - MOST_SAID} more" if len(alone) > MOST_SAID else ""
            lines.append(f"{title} is best at: {'; '.join(alone[:MOST_SAID])}{more}.")
        elif shared:
            lines.append(f"{title} is best at nothing alone; it shares the best figure in {len(shared)}.")
        else:
            lines.append(f"{title} is best at none of the figures compared.")
    return [*lines, NO_WINNER]
