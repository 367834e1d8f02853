"""What the planner says: scores of options under criteria, and weights of criteria; and what is wrong with either.

Several people may score the same option under the same criterion: each is kept, and the mean counts. An empty score is
no score, never 0. Without a table of weights, or with an empty one, all criteria weigh the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

import pandas as pd

from geodata.errors import Finding
from geodata.tables.columns import nearest, plain_word
from geodata.tables.schemas import Table
from grouping.engagement.names import Known, known_names
from grouping.engagement.persons import looks_like_a_person, reached_by
from grouping.plain_words import listed, option_title
from grouping.programme.ground import Ground
from grouping.resources.exact import as_fraction
from grouping.scorecard.names import FULL, criterion_of, like_criterion

WORST, BEST = Fraction(0), Fraction(10)
"""The scale of scores."""

_AN_OPTION = re.compile(r"option[- ]?\d+|\d+|[a-z]|scored", re.IGNORECASE)
"""How an option is called that may be one of another run."""

NOBODY = "not said"
"""Who scored, where the table does not say it."""


@dataclass(frozen=True)
class Score:
    """One score: an option, a criterion (its key), 0 to 10, who gave it (a role), and a note."""

    option: str
    criterion: str
    score: Fraction
    who: str
    note: str


@dataclass(frozen=True)
class Weights:
    """What the criteria weigh: shares that sum to 1, by key, and whether anybody agreed on them."""

    shares: tuple[Fraction, ...]
    agreed: bool

    def of(self, criterion: str) -> Fraction:
        """The share of a criterion."""
        return self.shares[list(FULL).index(criterion)]


EQUAL = Weights(tuple(Fraction(1, len(FULL)) for _ in FULL), agreed=False)
"""What holds while nobody has agreed on any weights."""


def scores_of(ground: Ground) -> tuple[Score, ...]:
    """The scores in the order of the file; rows without one, or about nothing that is known, are not among them."""
    table = ground.inputs.table("scores")
    if table is None:
        return ()
    known = known_names(ground)
    found = []
    for i, value in enumerate(table.frame["score"]):
        option, criterion = option_of(_text(table, i, "option"), known), criterion_of(_text(table, i, "criterion"))
        if option is not None and criterion is not None and not pd.isna(value):
            who, note = _text(table, i, "who") or NOBODY, _text(table, i, "note")
            found.append(Score(option, criterion, as_fraction(_text(table, i, "score")), who, note))
    return tuple(found)


def weights_of(ground: Ground) -> Weights:
    """The weights as shares of their sum; equal where the table is not there, or says nothing."""
    table = ground.inputs.table("weights")
    if table is None:
        return EQUAL
    said: dict[str, Fraction] = {}
    for i, value in enumerate(table.frame["weight"]):
        key = criterion_of(_text(table, i, "criterion"))
        if key is not None and not pd.isna(value):
            said[key] = as_fraction(_text(table, i, "weight"))
    total = sum(said.values(), Fraction(0))
    if set(said) != set(FULL) or not total:
        return EQUAL  # `problems` refuses a table that says it of some only
    return Weights(tuple(said[key] / total for key in FULL), agreed=True)


def option_ids(ground: Ground) -> tuple[str, ...]:
    """The options of the run, in its order."""
    return tuple(one.option.option_id for one in ground.run.options)


def option_of(text: str, known: Known) -> str | None:
    """The option that is meant: by its id, its title, its number or its letter; None where the run has none such."""
    by_title = {plain_word(option_title(option)): option for option in known.options}
    return by_title.get(plain_word(text)) or known.option(text)


def _text(table: Table, i: int, column: str) -> str:
    return table.text(i, column).strip()


# ------------------------------------------------------------------------------------------------------- what is wrong


def problems(ground: Ground) -> list[Finding]:
    """What is wrong with the planner's scores and weights: unknown names, weights that say nothing, people by name."""
    return [*_of_scores(ground), *_of_weights(ground)]


def _of_scores(ground: Ground) -> list[Finding]:
    table = ground.inputs.table("scores")
    if table is None:
        return []
    known, findings = known_names(ground), []
    for i in range(len(table)):
        findings += [*_unknown_option(table, i, known), *_unknown_criterion(table, i), *_named(table, i, known)]
    return [*findings, *_of_other_runs(table, known), *_different_people(table, scores_of(ground))]


def _unknown_option(table: Table, i: int, known: Known) -> list[Finding]:
    text = _text(table, i, "option")
    if option_of(text, known) is not None or _AN_OPTION.fullmatch(text):
        return []
    close = nearest(text, known.options)
    fix = f"Did you mean {close}? " if close else ""
    fix += f"The options of this run are: {', '.join(known.options)}."
    return [table.finding(i, "option", "This option is not in the run.", fix, "unknown-option")]


def _of_other_runs(table: Table, known: Known) -> list[Finding]:
    """Options that another run may hold: the same table serves a run with fewer of them, or a plan made by hand."""
    texts = [_text(table, i, "option") for i in range(len(table))]
    others = [text for text in texts if _AN_OPTION.fullmatch(text) and option_of(text, known) is None]
    if not others:
        return []
    message = f"Left out: {len(others)} of {len(texts)} scores, of options that this run does not hold."
    fix = f"The options of this run are: {', '.join(known.options)}."
    value = ", ".join(dict.fromkeys(others))
    return [Finding("warning", table.files, message, fix, column="option", value=value, code="scores-of-other-options")]


def _unknown_criterion(table: Table, i: int) -> list[Finding]:
    text = _text(table, i, "criterion")
    if criterion_of(text) is not None:
        return []
    close = like_criterion(text)
    fix = f"Did you mean {close}? " if close else ""
    fix += f"The criteria are: {', '.join(FULL.values())} (or {', '.join(FULL)})."
    return [table.finding(i, "criterion", "This criterion is not one of the six.", fix, "unknown-criterion")]


def _named(table: Table, i: int, known: Known) -> list[Finding]:
    """A person where a role is asked for; the finding does not repeat what stands there."""
    found = []
    for column in ("who", "note"):
        text = _text(table, i, column)
        reached = reached_by(text)
        if not reached and not (column == "who" and looks_like_a_person(text, known.names)):
            continue
        message = f"The cell holds {reached}." if reached else "This looks like the name of a person."
        fix = "Write the role only, such as Practice manager, or Chair of the patient group."
        found.append(replace(table.finding(i, column, message, fix, "person-in-scores"), value=None))
    return found


def _different_people(table: Table, scores: Iterable[Score]) -> list[Finding]:
    """Criteria under which the options were scored by different people: their means are not alike."""
    findings = []
    for criterion, name in FULL.items():
        by_option: dict[str, Counter[str]] = {}
        for one in scores:
            if one.criterion == criterion:
                by_option.setdefault(one.option, Counter())[one.who] += 1
        if len({tuple(sorted(people.items())) for people in by_option.values()}) > 1:
            titles = listed([option_title(option) for option in by_option])
            message = f"Under {name}, {titles} were not scored by the same people, so their means differ by that, too."
            fix = "Let everybody score every option, or read these means with care."
            findings.append(Finding("warning", table.files, message, fix, code="scores-of-different-people"))
    return findings


def _of_weights(ground: Ground) -> list[Finding]:
    table = ground.inputs.table("weights")
    if table is None:
        return []
    findings: list[Finding] = []
    first: dict[str, int] = {}
    for i in range(len(table)):
        findings += _unknown_criterion(table, i)
        key = criterion_of(_text(table, i, "criterion"))
        if key in first:
            message = f"{FULL[key]} has a weight already, in {table.where(first[key])}."
            findings.append(
                table.finding(i, "criterion", message, "Keep one row for each criterion.", "duplicate-code")
            )
        elif key is not None:
            first[key] = i
    return findings or _of_all_weights(table, first)


def _of_all_weights(table: Table, rows: dict[str, int]) -> list[Finding]:
    """Weights that are missing, or all zero; a table without a single weight says nothing, and all weigh the same."""
    weights = {key: table.frame["weight"].iloc[i] for key, i in rows.items()}
    known = {key: value for key, value in weights.items() if not pd.isna(value)}
    lacking = [name for key, name in FULL.items() if key not in known]
    if not known:
        return []
    if lacking:
        message = f"The table says no weight of {listed(lacking)}."
        fix = "Write a weight for each of the six criteria; 0 for one that shall not count."
        return [Finding("error", table.files, message, fix, code="weight-missing")]
    if not any(known.values()):
        message = "All weights are 0, so nothing would count."
        fix = "Give at least one criterion a weight above 0, or take the table out: then all weigh the same."
        return [Finding("error", table.files, message, fix, column="weight", code="weights-all-zero")]
    return []


def template_tables(ground: Ground) -> dict[str, pd.DataFrame]:
    """Empty scores, a row for every option and criterion, and empty weights: what is left empty says nothing."""
    names = list(FULL.values())
    rows = [(option, name) for option in option_ids(ground) for name in names]
    scores = pd.DataFrame(rows, columns=["option", "criterion"]).assign(score=None, who="", note="")
    return {"scores": scores, "weights": pd.DataFrame({"criterion": names, "weight": [None] * len(names)})}
