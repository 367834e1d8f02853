"""The tables of a scorecard, for the workbook and the CSV files: figures in full."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pandas as pd

from grouping.named_table import Column, NamedTable
from grouping.plain_words import is_missing, option_title
from grouping.report.indicator import cell
from grouping.scorecard.judged import Judged, given_scores, mean
from grouping.scorecard.measured import MarkedCriterion
from grouping.scorecard.names import FULL
from grouping.scorecard.ranking import Ranking
from grouping.scorecard.said import Score
from grouping.scorecard.sensitivity import Change, Flip, Weights
from grouping.scorecard.words import missing_in_words, why_never

UNIT = {
    "people": "people",
    "count": "number",
    "minutes": "minutes",
    "share": "share (1 is all)",
    "reached": "share (1 is all)",
    "area": "m² per 1,000 patients",
    "pounds": "pounds",
}
"""Units of the figures by their kind."""


def indicators_table(options: Sequence[str], criteria: Sequence[MarkedCriterion]) -> NamedTable:
    """One row a figure of an option, and a row for each thing that is not assessed."""
    rows: list[dict[str, object]] = []
    for criterion in criteria:
        for one in criterion.indicators:
            about = one.indicator
            for i, option in enumerate(options):
                value = about.figures[i]
                rows.append(
                    {
                        "criterion": criterion.name,
                        "indicator": about.label,
                        "option": option,
                        "figure": None if value is None or isinstance(value, str) or is_missing(value) else value,
                        "reads": cell(value, about.kind),
                        "unit": UNIT[about.kind],
                        "mark": None if one.marks is None else float(one.marks[i]),
                        "direction": f"{about.direction} is better" if about.direction else "neither is better",
                        "definition": about.definition,
                        "source": about.source,
                    }
                )
        rows += [
            {"criterion": criterion.name, "indicator": "not assessed", "reads": "not assessed", "definition": absent}
            for absent in criterion.absent
        ]
    columns = (
        Column("criterion", "Criterion", "text"),
        Column("indicator", "Indicator", "text"),
        Column("option", "Option", "text"),
        Column("figure", "Figure", None, "In the unit beside it; empty where it is not known or is no single figure."),
        Column("reads", "As it reads", "text", "The figure as it is printed: the marks are worked out from this."),
        Column("unit", "Unit", "text"),
        Column("mark", "Mark from 0 to 1", "ratio", "0 the worst of these options, 1 the best; empty: not comparable."),
        Column("direction", "Direction", "text"),
        Column("definition", "Definition", "text"),
        Column("source", "Source", "text"),
    )
    holds = "One row a figure of an option under one of the six criteria; and a row for whatever is not assessed."
    return _table("scorecard-indicators", "What the inputs measure", holds, rows, columns)


def scores_table(options: Sequence[str], scores: Sequence[Score]) -> NamedTable:
    """One row a score; and a row for each option and criterion that nobody scored."""
    rows: list[dict[str, object]] = []
    for option in options:
        for key, name in FULL.items():
            given = given_scores(scores, option, key)
            told: dict[str, object] = {"option": option, "criterion": name}
            if not given:
                rows.append(told | {"note": "not scored"})
                continue
            all_of_them = {
                "mean": float(mean(given)),
                "lowest": float(min(given)),
                "highest": float(max(given)),
                "people": len(given),
            }
            rows += [
                told | {"score": float(one.score), "who": one.who, "note": one.note} | all_of_them
                for one in scores
                if (one.option, one.criterion) == (option, key)
            ]
    columns = (
        Column("option", "Option", "text"),
        Column("criterion", "Criterion", "text"),
        Column("score", "Score from 0 to 10", "ratio", "Empty: not scored."),
        Column("who", "Who scored (a role)", "text"),
        Column("note", "Note", "text"),
        Column("mean", "Mean of all who scored", "ratio", "Empty: nobody scored."),
        Column("lowest", "Lowest score", "ratio"),
        Column("highest", "Highest score", "ratio"),
        Column("people", "Scores given", "number", "Scores for this option and criterion; empty: none."),
    )
    holds = (
        "One row a score the planner gave; and a row for whatever is not scored, which counts as missing, never as 0."
    )
    return _table("scorecard-scores", "The planner’s scores", holds, rows, columns)


def ranking_table(judged: Sequence[Judged]) -> NamedTable:
    """One row an option and ranking."""
    rows = [row for one in judged if one.ranking.possible for row in _ranking_rows(one)]
    marks = tuple(Column(f"mark_{key}", f"Mark: {name}", "ratio", "Empty: missing.") for key, name in FULL.items())
    weights = tuple(Column(f"weight_{key}", f"Weight: {name}", "share") for key, name in FULL.items())
    columns = (
        Column("basis", "By what", "text", "The two rankings are never mixed."),
        Column("rank", "Rank", "number", "Options that are level share the better rank."),
        Column("option", "Option", "text"),
        Column("total", "Total", "ratio", "Weighted mean over the criteria with a mark for every option."),
        Column("lowest_total", "Total at the least", "ratio", "Over all criteria, with what is missing at the worst."),
        Column("highest_total", "Total at the most", "ratio", "Over all criteria, with what is missing at the best."),
        Column("best_rank", "Best rank it can have", "number", "Whatever the missing marks are."),
        Column("worst_rank", "Worst rank it can have", "number", "Whatever the missing marks are."),
        Column("certain", "Rank is certain", "text", "Whether it holds whatever the missing marks are."),
        Column("missing", "What is missing", "text"),
        Column("left_out", "Criteria left out", "text", "For every option, because a mark is missing for one."),
        *marks,
        *weights,
        Column("ways_first", "Ways in which it is first alone", "amount", "Of all ways of sharing out the weights."),
        Column("ways_level", "Ways in which it is first with others", "amount"),
        Column("ways", "Ways of sharing out the weights", "amount"),
        Column("parts", "Equal parts shared out", "number", "Among the criteria that count."),
    )
    holds = "One row an option of a ranking: by the planner’s scores, and apart from it by what the inputs measure."
    return _table("scorecard-ranking", "Rankings of the options", holds, rows, columns)


def _ranking_rows(judged: Judged) -> list[dict[str, object]]:
    ranking = judged.ranking
    left_out = "; ".join(FULL[ranking.criteria[c]] for c in ranking.left_out)
    return [
        {
            "basis": judged.words,
            "rank": ranking.ranks[i],
            "option": ranking.options[i],
            "total": float(ranking.totals[i]),
            "lowest_total": float(ranking.lows[i]),
            "highest_total": float(ranking.highs[i]),
            "best_rank": ranking.best_ranks[i],
            "worst_rank": ranking.worst_ranks[i],
            "certain": _certain(ranking, i),
            "missing": missing_in_words(judged),
            "left_out": left_out,
            **{f"mark_{key}": _number(ranking.marks[i][c].value) for c, key in enumerate(ranking.criteria)},
            **{f"weight_{key}": float(ranking.weights[c]) for c, key in enumerate(ranking.criteria)},
            "ways_first": judged.shares[i].alone,
            "ways_level": judged.shares[i].level,
            "ways": judged.shares[i].ways,
            "parts": judged.shares[i].parts,
        }
        for i in ranking.order
    ]


def _certain(ranking: Ranking, option: int) -> str:
    if ranking.certain(option):
        return "yes"
    return "no" if ranking.best_ranks[option] == ranking.worst_ranks[option] else "cannot be told"


def sensitivity_table(judged: Sequence[Judged]) -> NamedTable:
    """Which change of weights would change a ranking: one row a question."""
    rows: list[dict[str, object]] = []
    for one in judged:
        if one.ranking.possible:
            rows += [*_first_rows(one), *_pair_rows(one), *_to_first_rows(one)]
    tries = tuple(
        Column(
            f"try_{key}", f"Weight to try: {name}", "share", "All six together put the option ahead; a checked figure."
        )
        for key, name in FULL.items()
    )
    columns = (
        Column("basis", "By what", "text"),
        Column("about", "About", "text", "The first place, two neighbours in the ranking, or an option coming first."),
        Column("ahead_now", "Ahead now", "text"),
        Column("would_pass", "Would pass it", "text"),
        Column("criterion", "Weight that changes", "text", "The others that count keep their proportions."),
        Column("weight_now", "Weight now", "share"),
        Column("weight_level", "Weight at which they are level", "share", "They change places beyond it."),
        Column("exact", "The same as a fraction", "text"),
        Column("side", "Beyond is", "text"),
        Column("distance", "Sum of the changes of all weights", "share", "Half of it moves from some to others."),
        Column("answer", "Answer", "text"),
        *tries,
    )
    holds = "One row a question: which weights would change the ranking; where there are none the row says so."
    return _table("scorecard-sensitivity", "What would change the ranking", holds, rows, columns)


def _first_rows(judged: Judged) -> list[dict[str, object]]:
    ranking = judged.ranking
    rows = []
    for c, flips in judged.first.items():
        now = {"about": "first place", "ahead_now": ranking.options[ranking.order[0]]}
        rows += [_flip_row(judged, flip) | now for flip in flips]
        if not flips:
            rows.append(_no_flip(judged, c) | now)
    return rows


def _pair_rows(judged: Judged) -> list[dict[str, object]]:
    rows = []
    for pair in judged.pairs:
        now = {"about": "neighbours", **_two(judged.ranking, pair.above, pair.below)}
        rows += [
            (_no_flip(judged, c) if flip is None else _flip_row(judged, flip)) | now for c, flip in pair.flips.items()
        ]
        rows.append(_change_row(judged, pair.change) | now)
    return rows


def _to_first_rows(judged: Judged) -> list[dict[str, object]]:
    ranking = judged.ranking
    return [
        _change_row(judged, change)
        | {
            "about": "coming first",
            "ahead_now": "; ".join(ranking.options[i] for i in ranking.first if i != change.option),
            "would_pass": ranking.options[change.option],
        }
        for change in judged.to_first
    ]


def _two(ranking: Ranking, above: int, below: int) -> dict[str, object]:
    return {"ahead_now": ranking.options[above], "would_pass": ranking.options[below]}


def _flip_row(judged: Judged, flip: Flip) -> dict[str, object]:
    ranking, level = judged.ranking, flip.level
    side = "more" if flip.more else "less"
    passed = option_title(ranking.options[flip.below])
    return {
        "basis": judged.words,
        **_two(ranking, flip.above, flip.below),
        "criterion": FULL[ranking.criteria[flip.criterion]],
        "weight_now": float(ranking.weights[flip.criterion]),
        "weight_level": _number(level),
        "exact": _fraction(level),
        "side": side,
        "distance": float(2 * abs(level - ranking.weights[flip.criterion])),
        "answer": f"with {side} weight than that {passed} passes",
        **_tries(ranking, flip.trial),
    }


def _no_flip(judged: Judged, criterion: int) -> dict[str, object]:
    return {
        "basis": judged.words,
        "criterion": FULL[judged.ranking.criteria[criterion]],
        "weight_now": float(judged.ranking.weights[criterion]),
        "answer": "no weight of this criterion changes it",
    }


def _change_row(judged: Judged, change: Change) -> dict[str, object]:
    ranking = judged.ranking
    done = f"beyond this change {option_title(ranking.options[change.option])} passes"
    return {
        "basis": judged.words,
        "criterion": "all together",
        "distance": _number(change.distance),
        "exact": _fraction(change.distance),
        "answer": why_never(ranking, change) if change.distance is None else done,
        **_tries(ranking, change.trial),
    }


def _tries(ranking: Ranking, weights: Weights | None) -> dict[str, object]:
    if weights is None:
        return {}
    return {f"try_{key}": float(value) for key, value in zip(ranking.criteria, weights, strict=True)}


def _fraction(value: Fraction | None) -> str:
    """A fraction that no spreadsheet takes for a date."""
    return "" if value is None else f"{value.numerator} parts of {value.denominator}"


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _table(
    name: str, title: str, holds: str, rows: Sequence[dict[str, object]], columns: tuple[Column, ...]
) -> NamedTable:
    """A named table; cells that a row lacks are empty."""
    held = {column.key: pd.Series([row.get(column.key) for row in rows], dtype=object) for column in columns}
    return NamedTable(name, title, holds, pd.DataFrame(held), columns)
