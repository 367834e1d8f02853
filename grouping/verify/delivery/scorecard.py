"""Whether totals and ranks follow from marks and weights, and whether changed weights do what is said of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.optimize import linprog

from grouping.verify.delivery.claims import Claims, Row, count, differing, first_few, fraction, is_missing
from grouping.verify.ledger import Ledger

KEYS = {
    "quality": "Quality of care for all",
    "access": "Access for all",
    "affordability": "Affordability and value for money",
    "workforce": "Workforce",
    "time": "Time to deliver",
    "other": "Other: research and education",
}
"""The six criteria used for reconfiguration."""

SCORES, FIGURES = "the planner’s scores", "what the inputs measure"
TEN = Fraction(10)
NEAR = 1e-7
"""What the least change of all weights may be off, found here by another solver."""

Marks = dict[str, dict[str, Fraction | None]]


@dataclass(frozen=True)
class Ranked:
    """One ranking, derived: marks by option and criterion (None: missing), their ends, and weights."""

    options: tuple[str, ...]
    marks: Marks
    low: Marks
    high: Marks
    weights: dict[str, Fraction]

    @property
    def counted(self) -> list[str]:
        """Criteria with a mark for every option."""
        return [key for key in KEYS if all(self.marks[option][key] is not None for option in self.options)]

    def total(self, option: str, weights: dict[str, Fraction] | None = None) -> Fraction:
        """The weighted mean over the criteria that count; 0 where these have no weight."""
        weights = self.weights if weights is None else weights
        mass = sum(weights[key] for key in self.counted)
        held = sum(weights[key] * self.marks[option][key] for key in self.counted)
        return held / mass if mass else Fraction(0)

    def leads(self, option: str, other: str) -> list[Fraction]:
        """Marks of one less those of the other, criterion by criterion of those that count."""
        return [self.marks[option][key] - self.marks[other][key] for key in self.counted]


def check_scorecard(ledger: Ledger, claims: Claims) -> None:
    """Check the tables of the scorecard; the public one ranks nothing."""
    _check_marks(ledger, claims)
    for basis in (SCORES, FIGURES):
        rows = [row for row in claims.rows("scorecard-ranking") if row["basis"] == basis]
        if not rows:
            continue
        ranked = _by_scores(claims) if basis == SCORES else _by_figures(claims)
        _check_ranking(ledger, basis, rows, ranked)
        told = [row for row in claims.rows("scorecard-sensitivity") if row["basis"] == basis]
        _check_flips(ledger, basis, told, ranked)


def _options(claims: Claims) -> tuple[str, ...]:
    return tuple(one.option.option_id for one in claims.ground.run.options)


def _plain(text: object) -> str:
    return " ".join(re.sub(r"[^\w]+", " ", str(text).casefold()).split())


def _criterion(text: str) -> str | None:
    """The criterion a planner means: by its key, its name, the first word of it or what it is about."""
    said = _plain(text)
    if not said:
        return None
    for key, name in KEYS.items():
        parts = {_plain(one) for one in re.split(r" and |: | of | for ", name)} | {_plain(name), key}
        if said in parts or said == _plain(name.split(" for ")[0]) or said == _plain(name.split(": ")[-1]):
            return key
    return {"value for money": "affordability", "deliverability": "time"}.get(said)


def _option(text: str, options: tuple[str, ...]) -> str | None:
    """The option a planner means: its id, its number or its letter."""
    said = _plain(text).replace("option", "").strip()
    if len(said) == 1 and said.isalpha():
        said = str(ord(said) - ord("a") + 1)
    called = f"option-{int(said)}" if said.isdecimal() else text.strip()
    return called if called in options else None


def _weights(claims: Claims) -> dict[str, Fraction]:
    """The planner's weights as shares of their sum; equal ones where there are none."""
    said = {}
    for row in claims.said("weights") or []:
        key = _criterion(row["criterion"])
        if key is not None and row.get("weight"):
            said[key] = fraction(row["weight"].rstrip("%"))
    total = sum(said.values())
    if set(said) != set(KEYS) or not total:
        return dict.fromkeys(KEYS, Fraction(1, len(KEYS)))
    return {key: said[key] / total for key in KEYS}


def _by_scores(claims: Claims) -> Ranked:
    """The ranking by the mean of the scores that the planner's table holds."""
    options = _options(claims)
    given: dict[tuple[str, str], list[Fraction]] = {}
    for row in claims.said("scores") or []:
        option, key = _option(row["option"], options), _criterion(row["criterion"])
        if option is not None and key is not None and row.get("score"):
            given.setdefault((option, key), []).append(fraction(row["score"]))
    marks: Marks = {
        option: {key: (sum(held) / len(held) if (held := given.get((option, key))) else None) for key in KEYS}
        for option in options
    }
    return Ranked(options, marks, _filled(marks, Fraction(0)), _filled(marks, TEN), _weights(claims))


def _filled(marks: Marks, instead: Fraction) -> Marks:
    return {
        option: {key: instead if mark is None else mark for key, mark in row.items()} for option, row in marks.items()
    }


def _number(text: object) -> Fraction | None:
    """The figure of an indicator as it is printed."""
    found = re.search(r"[-−]?\d[\d,]*(?:\.\d+)?", str(text))
    return Fraction(found.group().replace(",", "").replace("−", "-")) if found else None


def _indicators(claims: Claims) -> dict[tuple[str, str], dict[str, Row]]:
    """Rows of the figures by criterion and indicator, by option."""
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in claims.rows("scorecard-indicators"):
        if not is_missing(row["option"]):
            found.setdefault((str(row["criterion"]), str(row["indicator"])), {})[str(row["option"])] = row
    return found


def _marked(rows: dict[str, Row], options: tuple[str, ...]) -> dict[str, Fraction] | None:
    """Marks of an indicator from 0 to 1 by its printed figures; None where it favours nothing or one is not known."""
    first = rows[options[0]]["direction"]
    figures = {one: None if is_missing(rows[one]["figure"]) else _number(rows[one]["reads"]) for one in options}
    if first.startswith("neither") or any(figure is None for figure in figures.values()):
        return None
    low, high = min(figures.values()), max(figures.values())
    if low == high:
        return dict.fromkeys(options, Fraction(1))
    best = high if first.startswith("higher") else low
    worst = low if best == high else high
    return {one: (figure - worst) / (best - worst) for one, figure in figures.items()}


def _check_marks(ledger: Ledger, claims: Claims) -> None:
    options, pairs = _options(claims), []
    found = _indicators(claims)
    for (_, indicator), rows in found.items():
        marks = _marked(rows, options)
        for option in options:
            derived = None if marks is None else marks[option]
            pairs.append((f"{indicator}, {option}", rows[option]["mark"], derived))
    claim = "marks lie in proportion between the worst and the best figure as printed"
    ledger.note("figure", claim, differing(pairs), count(len(found), "indicator"))


def _by_figures(claims: Claims) -> Ranked:
    """The ranking by the mean of the marks that a criterion has."""
    options = _options(claims)
    marks: Marks = {option: dict.fromkeys(KEYS) for option in options}
    low: Marks = {option: dict.fromkeys(KEYS, Fraction(0)) for option in options}
    high: Marks = {option: dict.fromkeys(KEYS, Fraction(1)) for option in options}
    for key, name in KEYS.items():
        rows = [held for (criterion, _), held in _indicators(claims).items() if criterion == name]
        known = [marked for held in rows if (marked := _marked(held, options)) is not None]
        unknown = sum(
            _marked(held, options) is None and not held[options[0]]["direction"].startswith("neither") for held in rows
        )
        for option in options if known else ():
            whole, number = sum(one[option] for one in known), len(known) + unknown
            marks[option][key] = whole / len(known)
            low[option][key], high[option][key] = whole / number, (whole + unknown) / number
    return Ranked(options, marks, low, high, _weights(claims))


def _check_ranking(ledger: Ledger, basis: str, rows: list[Row], ranked: Ranked) -> None:
    totals = {option: ranked.total(option) for option in ranked.options}
    lows, highs = (
        {one: sum(ranked.weights[key] * side[one][key] for key in KEYS) for one in ranked.options}
        for side in (ranked.low, ranked.high)
    )
    pairs = [("options", len(rows), len(ranked.options))]
    for row in rows:
        option = str(row["option"])
        if option not in totals:
            pairs.append((option, "an option", None))
            continue
        others = [one for one in ranked.options if one != option]
        derived = {
            "total": totals[option],
            "rank": 1 + sum(totals[one] > totals[option] for one in others),
            "lowest_total": lows[option],
            "highest_total": highs[option],
            "best_rank": 1 + sum(lows[one] > highs[option] for one in others),
            "worst_rank": 1 + sum(highs[one] > lows[option] for one in others),
            **{f"mark_{key}": ranked.marks[option][key] for key in KEYS},
            **{f"weight_{key}": ranked.weights[key] for key in KEYS},
        }
        pairs += [(f"{option}, {key}", row[key], value) for key, value in derived.items()]
    claim = f"by {basis}: totals are weighted means of the marks, and ranks follow from them"
    ledger.note("figure", claim, differing(pairs, 1e-9), count(len(rows), "option"))


# -------------------------------------------------------------------------------------------------- changes of weights


def _check_flips(ledger: Ledger, basis: str, rows: list[Row], ranked: Ranked) -> None:
    flips, wrong, never, least = 0, [], [], []
    for row in rows:
        where = f"{row['about']}, {row['ahead_now']} and {row['would_pass'] or 'others'}, {row['criterion']}"
        tries = {key: row[f"try_{key}"] for key in KEYS}
        if all(is_missing(value) for value in tries.values()):
            never += [f"{where}: {what}" for what in _never(row, ranked)]
            continue
        flips += 1
        wrong += [f"{where}: {what}" for what in _applied(row, ranked, tries)]
        if row["criterion"] == "all together":
            least += [f"{where}: {what}" for what in _least(row, ranked)]
    claim = f"by {basis}: every change of weights that is told exchanges the options when it is applied"
    ledger.note("figure", claim, first_few(wrong), f"{flips} changes applied")
    claim = f"by {basis}: where no weights change anything, none do; no smaller change of all weights would do"
    ledger.note("figure", claim, first_few([*never, *least]), f"{len(rows) - flips} and {flips} rows")


def _passed(row: Row, ranked: Ranked) -> tuple[str, list[str]]:
    """The option that passes, and those it passes."""
    passing = str(row["would_pass"])
    if row["about"] == "coming first":
        return passing, [one for one in ranked.options if one != passing]
    return passing, [str(row["ahead_now"])]


def _applied(row: Row, ranked: Ranked, tries: Row) -> list[str]:
    """What is wrong with the weights to try, and with the weight at which options are said to be level."""
    weights = {key: Fraction(repr(float(value))) for key, value in tries.items()}
    passing, others = _passed(row, ranked)
    wrong = []
    if abs(sum(weights.values()) - 1) > 1e-9 or min(weights.values()) < 0:
        wrong.append("its weights are no shares of one")
    if any(not ranked.total(passing, weights) > ranked.total(one, weights) for one in others):
        wrong.append(f"with its weights {passing} does not pass")
    key = next((key for key, name in KEYS.items() if name == row["criterion"]), None)
    if key is not None:
        level = _exact(row["exact"])
        at = _along(ranked, key, level)
        if ranked.total(passing, at) != ranked.total(others[0], at):
            wrong.append(f"at a weight of {float(level):.4f} they are not level")
        if (weights[key] > level) != (row["side"] == "more") or weights[key] == level:
            wrong.append("its weights lie on the other side")
    return wrong


def _exact(text: object) -> Fraction:
    """A fraction as it is written: `3 parts of 20`."""
    above, below = str(text).split(" parts of ")
    return Fraction(int(above), int(below))


def _along(ranked: Ranked, key: str, weight: Fraction) -> dict[str, Fraction]:
    """The weights with one of them set, the others that count keeping their proportions."""
    mass, now = sum(ranked.weights[one] for one in ranked.counted), ranked.weights[key]
    rest = [one for one in ranked.counted if one != key]
    made = dict(ranked.weights) | {key: weight if rest else mass}
    for one in rest:
        share = ranked.weights[one] / (mass - now) if now < mass else Fraction(1, len(rest))
        made[one] = (mass - weight) * share
    return made


def _never(row: Row, ranked: Ranked) -> list[str]:
    """What is wrong where it is said that no weights change anything."""
    key = next((key for key, name in KEYS.items() if name == row["criterion"]), None)
    if key is None:
        passing, others = _passed(row, ranked)
        return ["some weights do it"] if _room([ranked.leads(passing, one) for one in others]) > NEAR else []
    mass = sum(ranked.weights[one] for one in ranked.counted)
    ahead = str(row["ahead_now"])
    below = [one for one in ranked.options if one != ahead]
    if row["about"] != "first place":
        below = [str(row["would_pass"])]
    ends = [_along(ranked, key, end) for end in (Fraction(0), mass)]
    passing = [one for one in below if any(ranked.total(one, end) > ranked.total(ahead, end) for end in ends)]
    return [f"{one} does pass" for one in passing]


def _room(leads: list[list[Fraction]]) -> float:
    """The largest least lead that any weights give: above 0 where some put the option ahead of all."""
    n = len(leads[0])
    rows = np.array([[*(-float(value) for value in lead), 1.0] for lead in leads])
    answer = linprog(
        [*[0.0] * n, -1.0], rows, np.zeros(len(leads)), [[*[1.0] * n, 0.0]], [1.0], [(0, 1)] * n + [(None, None)]
    )
    return -float(answer.fun)


def _least(row: Row, ranked: Ranked) -> list[str]:
    """Whether a smaller change of all weights would do, by another solver; in floating numbers."""
    passing, others = _passed(row, ranked)
    now = [float(ranked.weights[key]) for key in ranked.counted]
    n = len(now)
    leads = np.array([[float(value) for value in ranked.leads(passing, one)] for one in others])
    answer = linprog(
        [1.0] * (2 * n),
        np.hstack([-leads, leads]),
        leads @ np.array(now),
        [[1.0] * n + [-1.0] * n],
        [0.0],
        [(0, None)] * n + [(0, weight) for weight in now],
    )
    told = float(row["distance"])
    if answer.status != 0 or abs(answer.fun - told) > NEAR:
        return [f"told a change of {told:.6f}, derived {answer.fun if answer.status == 0 else 'none'}"]
    return []
