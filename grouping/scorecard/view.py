"""The texts, short tables and bars of a scorecard as its template prints them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from grouping.plain_words import option_title
from grouping.report.criteria import criteria_texts
from grouping.report.indicator import Criterion
from grouping.resources.exact import written
from grouping.scorecard.judged import Judged, given_scores, mean
from grouping.scorecard.measured import METHOD, WEAKNESS, MarkedCriterion
from grouping.scorecard.names import FULL, SHORT
from grouping.scorecard.ranking import Ranking
from grouping.scorecard.said import Score, Weights
from grouping.scorecard.words import (
    beyond,
    mark,
    missing_in_words,
    points,
    share,
    titles,
    trial_in_words,
    what_changes_it,
    why_never,
)

LETTERS = {"quality": "Q", "access": "A", "affordability": "V", "workforce": "W", "time": "T", "other": "R"}
"""What a part of a bar is marked with."""

HATCHES = {
    "quality": "M0 0",
    "access": "M-2 2L2 -2M0 8L8 0M6 10L10 6",
    "affordability": "M0 4H8",
    "workforce": "M4 0V8",
    "time": "M-2 6L2 10M0 0L8 8M6 -2L10 2",
    "other": "M0 4H8M4 0V8",
}
"""Lines of a tile of 8 by 8 for each criterion; the first has none."""

TINTS = {
    "quality": "#cfe0ee",
    "access": "#f7dcb8",
    "affordability": "#d5e8d0",
    "workforce": "#ead3e4",
    "time": "#e6e3b5",
    "other": "#dcdcdc",
}
"""Light grounds, on which dark text is easy to read."""


@dataclass(frozen=True)
class Part:
    """A part of a bar: what one criterion adds to the total, in percent of the scale."""

    key: str
    letter: str
    start: str
    width: str
    middle: str


@dataclass(frozen=True)
class Bar:
    """The bar of an option."""

    title: str
    total: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class RankRow:
    """A line of a ranking; `parts` is what each criterion adds to the total, in the order of the criteria."""

    rank: str
    title: str
    total: str
    parts: tuple[str, ...]
    interval: str
    told: str


@dataclass(frozen=True)
class FirstRow:
    """What one weight does to the first place."""

    name: str
    now: str
    told: str


@dataclass(frozen=True)
class PairRow:
    """What exchanges two neighbours."""

    title: str
    single: str
    together: str
    trial: str


@dataclass(frozen=True)
class ToFirstRow:
    """What it takes for an option to come first."""

    title: str
    told: str
    trial: str
    ways: str


@dataclass(frozen=True)
class RankingView:
    """A ranking as the page shows it."""

    key: str
    words: str
    out_of: str
    keys: tuple[str, ...]
    criteria: tuple[str, ...]
    rows: tuple[RankRow, ...]
    bars: tuple[Bar, ...]
    chart: str
    missing: str
    left_out: str
    changes: str
    first: str
    first_rows: tuple[FirstRow, ...]
    pairs: tuple[PairRow, ...]
    to_first: tuple[ToFirstRow, ...]
    ways: str


@dataclass(frozen=True)
class ScoreCell:
    """The scores of an option under a criterion."""

    mean: str
    spread: str


@dataclass(frozen=True)
class EachCell:
    """The scores of one role for an option under a criterion, and the notes."""

    scores: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class View:
    """Everything the template prints besides the lines."""

    options: tuple[str, ...]
    names: tuple[tuple[str, str, str], ...]
    hatches: dict[str, str]
    tints: dict[str, str]
    letters: dict[str, str]
    weights: tuple[str, ...]
    scores: tuple[tuple[str, str, tuple[ScoreCell, ...]], ...]
    each: tuple[tuple[str, str, tuple[EachCell, ...]], ...]
    criteria: tuple
    marks: dict[str, tuple[str, ...]]
    rankings: tuple[RankingView, ...]
    method: str = METHOD
    weakness: str = WEAKNESS


def view_of(
    options: Sequence[str],
    criteria: Sequence[MarkedCriterion],
    scores: Sequence[Score],
    weights: Weights,
    judged: Sequence[Judged],
) -> View:
    """Texts for the page."""
    named = tuple(option_title(option) for option in options)
    plain = [Criterion(c.key, c.name, tuple(one.indicator for one in c.indicators), c.absent) for c in criteria]
    shown = tuple(share(weights.of(key)) for key in FULL)
    return View(
        named,
        tuple((key, FULL[key], LETTERS[key]) for key in FULL),
        HATCHES,
        TINTS,
        LETTERS,
        shown,
        tuple(
            (name, weight, tuple(_cell(scores, option, key) for option in options))
            for (key, name), weight in zip(FULL.items(), shown, strict=True)
        )
        if scores
        else (),
        _each(options, scores),
        criteria_texts(plain, named),
        {c.key: tuple(mark(one.value, Fraction(1)) for one in c.marks) for c in criteria},
        tuple(_ranking(one) for one in judged if one.ranking.possible),
    )


def _cell(scores: Sequence[Score], option: str, criterion: str) -> ScoreCell:
    given = given_scores(scores, option, criterion)
    if not given:
        return ScoreCell("not scored", "")
    if len(given) == 1:
        return ScoreCell(f"{float(given[0]):g}", "one score")
    low, high = f"{float(min(given)):g}", f"{float(max(given)):g}"
    spread = f"all {len(given)} say {low}" if low == high else f"{low} to {high}, {len(given)} scores"
    return ScoreCell(written(mean(given), 1), spread)


def _each(options: Sequence[str], scores: Sequence[Score]) -> tuple[tuple[str, str, tuple[EachCell, ...]], ...]:
    """One line for each criterion and role: what was given to each option."""
    order = list(dict.fromkeys(one.who for one in scores))
    asked = sorted(
        {(one.criterion, one.who) for one in scores}, key=lambda key: (list(FULL).index(key[0]), order.index(key[1]))
    )
    made = []
    for criterion, who in asked:
        cells = []
        for option in options:
            given = [one for one in scores if (one.option, one.criterion, one.who) == (option, criterion, who)]
            told = ", ".join(f"{float(one.score):g}" for one in given) or "not scored"
            cells.append(EachCell(told, tuple(one.note for one in given if one.note)))
        made.append((FULL[criterion], who, tuple(cells)))
    return tuple(made)


def _ranking(judged: Judged) -> RankingView:
    ranking = judged.ranking
    bars = tuple(_bar(judged, i) for i in ranking.order)
    return RankingView(
        judged.basis,
        judged.words,
        str(judged.scale),
        tuple(ranking.criteria[c] for c in ranking.counted),
        tuple(SHORT[ranking.criteria[c]] for c in ranking.counted),
        tuple(_rank_row(judged, i) for i in ranking.order),
        bars,
        _chart_in_words(judged),
        missing_in_words(judged),
        "; ".join(FULL[ranking.criteria[c]] for c in ranking.left_out),
        f"By {judged.words} {what_changes_it(judged)}",
        titles(ranking, ranking.order[:1]) + (", which shares the first place" if len(ranking.first) > 1 else ""),
        tuple(_first_row(judged, c) for c in ranking.counted),
        tuple(_pair_row(judged, at) for at in range(len(judged.pairs))),
        tuple(_to_first_row(judged, at) for at in range(len(judged.to_first))),
        _ways(judged),
    )


def _adds(judged: Judged, option: int) -> list[Fraction]:
    """What each criterion that counts adds to the total."""
    ranking = judged.ranking
    return [
        ranking.weights[c] / ranking.mass * value
        for c, value in zip(ranking.counted, ranking.table[option], strict=True)
    ]


def _bar(judged: Judged, option: int) -> Bar:
    ranking = judged.ranking
    parts, start = [], Fraction(0)
    for c, adds in zip(ranking.counted, _adds(judged, option), strict=True):
        key, width = ranking.criteria[c], 100 * adds / judged.scale
        if width:
            letter = LETTERS[key] if width >= 5 else ""
            middle = start + width / 2
            parts.append(Part(key, letter, _percent(start), _percent(width), _percent(middle)))
        start += width
    total = mark(ranking.totals[option], judged.scale)
    return Bar(option_title(ranking.options[option]), total, tuple(parts))


def _percent(value: Fraction) -> str:
    return f"{float(value):.2f}%"


def _chart_in_words(judged: Judged) -> str:
    """What the bars show, for those who do not see them."""
    ranking = judged.ranking
    told = "; ".join(
        f"{option_title(ranking.options[i])} {mark(ranking.totals[i], judged.scale)}" for i in ranking.order
    )
    return f"Bars of the totals by {judged.words}, out of {judged.scale}: {told}. The table above has every part."


def _rank_row(judged: Judged, option: int) -> RankRow:
    ranking = judged.ranking
    low, high = mark(ranking.lows[option], judged.scale), mark(ranking.highs[option], judged.scale)
    level = ranking.ranks.count(ranking.ranks[option]) > 1
    return RankRow(
        f"{ranking.ranks[option]}{', level' if level else ''}",
        option_title(ranking.options[option]),
        mark(ranking.totals[option], judged.scale),
        tuple(mark(adds, judged.scale) for adds in _adds(judged, option)),
        low if low == high else f"{low} to {high}",
        _certainty(ranking, option),
    )


def _certainty(ranking: Ranking, option: int) -> str:
    """Whether a rank holds whatever is missing."""
    best, worst = ranking.best_ranks[option], ranking.worst_ranks[option]
    if best != worst:
        return f"cannot be told: {best} to {worst}"
    return "yes" if ranking.certain(option) else f"no: {best} with all criteria"


def _first_row(judged: Judged, criterion: int) -> FirstRow:
    ranking = judged.ranking
    told = [
        f"{beyond(flip.level, more=flip.more, limit=ranking.mass)}: {titles(ranking, (flip.below,))}"
        for flip in judged.first[criterion]
    ]
    now = share(ranking.weights[criterion])
    return FirstRow(FULL[ranking.criteria[criterion]], now, "; ".join(told) or "no weight of this criterion changes it")


def _pair_row(judged: Judged, at: int) -> PairRow:
    ranking, pair = judged.ranking, judged.pairs[at]
    level = " (level)" if ranking.totals[pair.above] == ranking.totals[pair.below] else ""
    title = f"{titles(ranking, (pair.below,))} passing {titles(ranking, (pair.above,))}{level}"
    single = [
        f"{SHORT[ranking.criteria[flip.criterion]]} {beyond(flip.level, more=flip.more, limit=ranking.mass)}"
        for flip in pair.flips.values()
        if flip is not None
    ]
    change = pair.change
    together = why_never(ranking, change) if change.distance is None else points(change.distance)
    return PairRow(title, "; ".join(single) or "no single weight does", together, trial_in_words(ranking, change.trial))


def _to_first_row(judged: Judged, at: int) -> ToFirstRow:
    ranking, change = judged.ranking, judged.to_first[at]
    told = why_never(ranking, change) if change.distance is None else points(change.distance)
    found = judged.shares[change.option]
    ways = f"{found.alone / found.ways:.1%}" if found.alone else "none"
    ways = "under 0.1%" if ways == "0.0%" else ways
    return ToFirstRow(titles(ranking, (change.option,)), told, trial_in_words(ranking, change.trial), ways)


def _ways(judged: Judged) -> str:
    """How often each option comes first among all ways of sharing out the weights."""
    ranking = judged.ranking
    if len(ranking.counted) < 2:
        return ""
    found = judged.shares
    told = [f"{option_title(ranking.options[i])} in {found[i].alone:,}" for i in ranking.order if found[i].alone]
    level = found[0].ways - sum(one.alone for one in found)
    if level:
        told.append(f"none alone in {level:,}")
    step = f"{100 / found[0].parts:g}%"
    return (
        f"There are {found[0].ways:,} ways of sharing out the weights of these {len(ranking.counted)} criteria in "
        f"steps of {step}. First alone comes: {', '.join(told)}. "
        "That counts ways, not how likely anybody is to choose them."
    )
