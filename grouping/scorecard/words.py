"""The sentences of a scorecard: which option comes first by what, what cannot be told, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor

from grouping.plain_words import listed, option_title
from grouping.resources.exact import written
from grouping.scorecard.judged import Judged
from grouping.scorecard.names import FULL, SHORT
from grouping.scorecard.ranking import Ranking
from grouping.scorecard.said import Weights
from grouping.scorecard.sensitivity import Change, Flip

DECIMALS = (1, 2, 3, 4, 6, 9, 12)


def titles(ranking: Ranking, options: Sequence[int]) -> str:
    """Options by their titles: "Option 1", "Options 1, 2 and 3"."""
    named = [option_title(ranking.options[i]) for i in options]
    numbers = [name.removeprefix("Option ") for name in named]
    if len(named) > 1 and all(number.isdigit() for number in numbers):
        return f"Options {listed(numbers)}"
    return listed(named)


def mark(value: Fraction | None, scale: Fraction) -> str:
    """A mark or a total: two decimals on the scale to 10, three on that to 1, halves upwards."""
    if value is None:
        return "not scored" if scale > 1 else "not assessed"
    return written(value, 2 if scale > 1 else 3)


def share(value: Fraction) -> str:
    """A weight as a percentage with one decimal, without one where it is whole."""
    return f"{written(100 * value, 1)}%".replace(".0%", "%")


def beyond(level: Fraction, *, more: bool, limit: Fraction) -> str:
    """A weight beyond which something holds, rounded so that it does hold beyond the figure that is printed."""
    for decimals in DECIMALS:
        unit = Fraction(1, 100 * 10**decimals)
        turned = unit * (ceil(level / unit) if more else floor(level / unit))
        if (turned < limit) if more else (turned > 0):
            break
    text = f"{float(100 * turned):.{decimals}f}%"
    return f"above {text}" if more else f"below {text}"


def points(distance: Fraction) -> str:
    """How much weight moves from some criteria to others, in percent points, rounded down: "more than" holds."""
    moved = distance / 2
    for decimals in DECIMALS:
        unit = Fraction(1, 100 * 10**decimals)
        if moved == 0 or moved >= unit:
            break
    figure = float(100 * unit * floor(moved / unit))
    return f"more than {figure:.{decimals}f} points" if moved else "any change at all"


def weights_in_words(weights: Weights) -> str:
    """What the criteria weigh."""
    if not weights.agreed:
        return "Equal weights: nobody has agreed on any."
    told = [f"{SHORT[key]} {share(value)}" for key, value in zip(FULL, weights.shares, strict=True)]
    if len(set(weights.shares)) == 1:
        return "Weights as agreed by the planner: the same for all six criteria."
    return f"Weights as agreed by the planner: {listed(told)}."


def trial_in_words(ranking: Ranking, weights: Sequence[Fraction] | None) -> str:
    """Weights to try, in the decimals that were checked."""
    if weights is None:
        return ""
    told = [f"{SHORT[key]} {_plain(value)}%" for key, value in zip(ranking.criteria, weights, strict=True)]
    return ", ".join(told)


def _plain(value: Fraction) -> str:
    """A percentage with all its decimals (weights to try have finitely many)."""
    text = f"{float(100 * value):.12f}".rstrip("0").rstrip(".")
    return text or "0"


def missing_in_words(judged: Judged) -> str:
    """What is missing under which criteria, a clause each; empty where nothing is."""
    ranking = judged.ranking
    done = "scored" if judged.basis == "scores" else "measured"
    told = []
    for c, options in ranking.missing():
        name = FULL[ranking.criteria[c]]
        if len(options) == len(ranking.options):
            part = "" if ranking.marks[0][c].value is None else " in full"
            told.append(f"{name} is not {done}{part}" + ("" if part else " for any option"))
        else:
            told.append(f"{name} is not {done} for {titles(ranking, options)}")
    return listed(told) if told else ""


def answer(judged: Judged) -> str:
    """Which option comes first, and whether that is certain; one or two sentences."""
    ranking = judged.ranking
    if not ranking.possible:
        why = missing_in_words(judged) or "no criterion that is scored for every option has a weight"
        return f"By {judged.words} no ranking can be told: {why}."
    first = ranking.first
    total = mark(ranking.totals[first[0]], judged.scale)
    said = f"By {judged.words} {titles(ranking, first)} "
    of = f"{total} of {judged.scale}"
    said += f"{'come first, level' if len(first) > 1 else 'comes first'} ({of})"
    rest = [i for i in ranking.order if i not in first]
    if rest:
        second = [i for i in rest if ranking.ranks[i] == ranking.ranks[rest[0]]]
        said += f", before {titles(ranking, second)} ({mark(ranking.totals[second[0]], judged.scale)})"
    missing = missing_in_words(judged)
    if all(ranking.certain(i) for i in first):
        return f"{said}. That holds whatever is missing: {missing}." if missing else f"{said}."
    if any(ranking.best_ranks[i] > 1 for i in first):
        return f"{said}. That leaves criteria out and does not hold with all of them: {missing}."
    return f"{said}. Whether that holds cannot be told: {missing}."


def what_changes_it(judged: Judged) -> str:
    """The smallest changes of weights that take the first place away, in a sentence or two."""
    ranking = judged.ranking
    if len(ranking.first) > 1:
        shared = titles(ranking, ranking.first)
        return f"the first place is shared, so small changes of the weights may decide between {shared}."
    first = titles(ranking, ranking.first)
    change = judged.nearest
    if change is None or change.distance is None:
        return f"no weights take the first place from {first}: it is ahead or level under every criterion that counts."
    passed = titles(ranking, (change.option,))
    flips = [flip for found in judged.first.values() for flip in found]
    said = (
        f"the first place changes if {points(change.distance)} of weight move from some criteria to others: {passed} "
        f"then passes {first}."
    )
    if not flips:
        return f"{said} No single weight does it, the others keeping their proportions."
    nearest = min(flips, key=lambda flip: (abs(flip.level - ranking.weights[flip.criterion]), flip.criterion))
    return f"{said} Of single weights the nearest is {flip_in_words(ranking, nearest)}."


def flip_in_words(ranking: Ranking, flip: Flip) -> str:
    """A flip as words: "Access above 34.4% (now 20%): Option 3"."""
    name = SHORT[ranking.criteria[flip.criterion]]
    now = share(ranking.weights[flip.criterion])
    turned = beyond(flip.level, more=flip.more, limit=ranking.mass)
    below, above = titles(ranking, (flip.below,)), titles(ranking, (flip.above,))
    return f"{name} {turned} (now {now}), which puts {below} before {above}"


def why_never(ranking: Ranking, change: Change) -> str:
    """Why no weights put an option ahead."""
    if change.behind:
        return f"No weights do: behind or alike under every criterion, compared with {titles(ranking, change.behind)}"
    return "No weights do: whatever they are, another option is ahead or level"
