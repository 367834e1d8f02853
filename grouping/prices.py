"""What each rule costs: the best plan when one rule is relaxed by a stated step, beside the best plan as the rules are.

Each rule in force is relaxed by itself, all others kept, and the whole problem is solved anew, with proof. What then
changes (patients missing to minimums, exceptions, score) is the price of the rule at that step; where nothing changes
the rule binds nowhere. Weights are priced without listing the groups again. The price of putting two practices
together, or of keeping them apart, is what the best plan with that is worse by: read off the plans nearly as good where
one of them has it, else found by a search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from geodata.errors import InputProblems, NoPlan
from grouping.candidates import list_candidates, rescore
from grouping.conflict.rules import RuleInForce, loosened, rules_in_force
from grouping.conflict.words import Names, change_sentence
from grouping.criteria import LARGEST, criterion
from grouping.near import Near
from grouping.optimise import Solution, solve_partition
from grouping.pairs import fits
from grouping.partition.clock import Clock
from grouping.problem import GroupingProblem

MOST_SETS = 3_000_000
"""A rule is not priced at a step that leaves more sets than this to list."""

MINUTE_STEPS = (1.0, 5.0)
"""By how many minutes a limit on minutes is raised."""

COLUMNS = (
    "rule",
    "value",
    "relaxed_to",
    "shortfall_change",
    "exceptions_change",
    "groups_change",
    "score_change",
    "minutes_change",
    "verdict",
    "sentence",
)
"""Columns of `prices.csv`, see `prices_table`."""

WEIGHT_ABOUT = {
    "outside_preferred": ("patients outside the preferred size", "outside_preferred"),
    "split_locality": ("patients grouped away from their locality", "split_locality"),
    "change_of_group": ("patients whose group changes", "change_of_group"),
    "mixed_systems": ("patients whose practice has another clinical system than most of its group", "mixed_systems"),
    "worst_practice": ("minutes of the farthest practice", ""),
    "size_balance": ("patients by which groups are off the size aimed at", "size_balance"),
    "hub_cost": ("pounds a year for hubs", "hub_cost"),
    "fragile": ("patients of groups too small without their largest practice", "fragile"),
}
"""What each weight is about, in words, and the criterion that counts it (empty: none that adds up to people)."""


@dataclass(frozen=True)
class Price:
    """What changes when one rule is relaxed (or one pair forced); differences are relaxed less present.

    Parameters
    ----------
    rule, value, relaxed_to
        The rule by its name in the rule set, its value, and to what it was relaxed ("off" for dropped).
    what
        The change as a sentence without its end.
    shortfall, exceptions, groups
        Change in patients missing to minimums, in exceptions and in groups; None where there is no such plan.
    score, minutes
        Change in the score and in the mean minutes to the hub, minutes per patient.
    verdict
        `price`, `no price`, `not proven`, `not priced`, `no plan`.
    also
        A further change in words.
    """

    rule: str
    value: str
    relaxed_to: str
    what: str
    shortfall: int | None = None
    exceptions: int | None = None
    groups: int | None = None
    score: float | None = None
    minutes: float | None = None
    verdict: str = "price"
    also: str = ""

    @property
    def sentence(self) -> str:
        """The price in words."""
        if self.verdict == "not priced":
            return f"{self.what}: not priced ({self.also})."
        if self.verdict == "no plan":
            return f"{self.what}: no plan obeys the rules then (proven)."
        if self.verdict == "no price":
            return f"{self.what}: no price, it binds nowhere."
        parts = [part for part in self._parts() if part]
        unsure = " (the search was cut short: not proven)" if self.verdict == "not proven" else ""
        return f"{self.what}: {', '.join(parts) or 'nothing changes'}{unsure}."

    def _parts(self) -> Iterator[str]:
        if self.shortfall:
            more = "more" if self.shortfall > 0 else "fewer"
            yield f"{abs(self.shortfall):,} {more} patients missing to a minimum"
        if self.exceptions:
            word = "exception" if abs(self.exceptions) == 1 else "exceptions"
            yield f"{abs(self.exceptions)} {word} {'more' if self.exceptions > 0 else 'fewer'}"
        if self.groups:
            word = "group" if abs(self.groups) == 1 else "groups"
            yield f"{abs(self.groups)} {word} {'more' if self.groups > 0 else 'fewer'}"
        if self.minutes is not None and abs(self.minutes) >= 0.0005:
            yield f"{abs(self.minutes):.3f} minutes {'longer' if self.minutes > 0 else 'shorter'} to the hub"
        if self.score is not None and abs(self.score) >= 0.0005:
            yield f"score {abs(self.score):.3f} {'higher (worse)' if self.score > 0 else 'lower (better)'}"
        yield self.also

    def row(self) -> tuple[object, ...]:
        """As a row of the table."""
        return (
            self.rule, self.value, self.relaxed_to, self.shortfall, self.exceptions, self.groups, _rounded(self.score),
            _rounded(self.minutes), self.verdict, self.sentence,
        )  # fmt: skip


@dataclass(frozen=True)
class _Step:
    """One rule at one relaxed value (None: dropped)."""

    rule: RuleInForce
    to: float | None


def prices_table(prices: list[Price]) -> pd.DataFrame:
    """Prices as a table: the dearest rule first (by patients missing, exceptions, score), those without a price last.

    Changes are relaxed less present: a `score_change` of -0.12 says that the score would be 0.12 minutes per patient
    lower (better) with the rule relaxed.
    """
    table = pd.DataFrame([price.row() for price in _by_weight(prices)], columns=list(COLUMNS))
    whole = dict.fromkeys(("shortfall_change", "exceptions_change", "groups_change"), "Int64")
    return table.astype(whole | {"score_change": float, "minutes_change": float})


def _by_weight(prices: list[Price]) -> list[Price]:
    """What changes most comes first."""
    rank = {"price": 0, "not proven": 0, "no plan": 1, "no price": 2, "not priced": 3}

    def key(price: Price) -> tuple[float, ...]:
        return (rank[price.verdict], price.shortfall or 0, price.exceptions or 0, price.score or 0.0)

    return sorted(prices, key=key)


def price_rules(
    problem: GroupingProblem,
    solution: Solution,
    names: Mapping[str, str],
    *,
    sites: pd.DataFrame | None = None,
    at_most: int = MOST_SETS,
    clock: Clock | None = None,
    tell: Callable[[str], None] | None = None,
) -> list[Price]:
    """Relax each rule in force by itself and tell what changes.

    Parameters
    ----------
    problem
        The problem.
    solution
        Its best plan.
    names
        Names of practices and sites by code.
    sites
        Table of sites, which tells the rules about hubs apart.
    at_most
        Most sets to list for one price.
    clock
        Ends the work; rules that were not reached are told as not priced.
    tell
        Told of each price.
    """
    clock, tell = clock or Clock(), tell or (lambda text: None)
    wording = Names(problem, names)
    found: list[Price] = []
    nothing: set[tuple[str, str]] = set()
    for step in _steps(problem, sites):
        key = (step.rule.key, step.rule.label)
        if key in nothing:
            price = replace(_unpriced(step, wording), verdict="no price")
        else:
            price = _price_of(problem, solution, step, wording, at_most, clock)
        if step.to is None and price.verdict == "no price":
            nothing.add(key)  # less than dropping it changes nothing either
        tell(price.sentence)
        found.append(price)
    for name, weight in problem.rules.weights.model_dump().items():
        if name in WEIGHT_ABOUT and weight > 0:
            price = _price_of_weight(problem, solution, name, weight, clock)
            tell(price.sentence)
            found.append(price)
    return found


def _steps(problem: GroupingProblem, sites: pd.DataFrame | None) -> Iterator[_Step]:
    """Every rule in force at every step it is relaxed by."""
    rules = [*rules_in_force(problem, sites)]
    size, keys = problem.rules.size, {rule.key for rule in rules}
    for kind in ("minimum_urban", "minimum_rural"):
        if f"size.{kind}" not in keys and getattr(size, kind) > 0:
            rules.append(RuleInForce(f"size.{kind}", getattr(size, kind)))
    for name, own in sorted(size.locality.items()):
        if own.minimum > 0 and name in set(problem.locality) and "size.locality.minimum" not in keys:
            rules.append(RuleInForce("size.locality.minimum", own.minimum, name))
    for rule in rules:
        for to in _relaxed(rule):
            yield _Step(rule, to)


def _relaxed(rule: RuleInForce) -> tuple[float | None, ...]:
    """To which values a rule is relaxed; None drops it, and comes first: where it changes nothing, no step does."""
    value, key = rule.value, rule.key
    if key.startswith("access.") or key == "contiguity.max_minutes_over_border":
        return (None, *(value + step for step in MINUTE_STEPS))
    if key.startswith("size.hard_maximum") or key == "size.locality.maximum":
        return (float(round(value * 1.1)),)
    if key in {"size.minimum_urban", "size.minimum_rural", "size.locality.minimum"}:
        return (float(round(value * 0.9)),)
    if key == "hub.budget":
        return (None, value * 1.1)
    if key in {"size.most_practices"}:
        return (value + 1,)
    if key in {"exceptions", "groups.most", "locality.most_crossing"}:
        return (None, value + 1)
    if key in {"groups.fewest", "size.fewest_practices"}:
        return (None, value - 1) if value > 1 else (None,)
    if key == "resilience.keeps_share":
        return (None, value - 0.1) if value > 0.1 else (None,)
    if key == "practices.most_vulnerable_share":
        return (None, min(value + 0.1, 1.0))
    return (None,)


def _price_of(
    problem: GroupingProblem, solution: Solution, step: _Step, wording: Names, at_most: int, clock: Clock
) -> Price:
    """The price of one rule at one step."""
    rule, to = step.rule, step.to
    blank = _unpriced(step, wording)
    if clock.over:
        return replace(blank, verdict="not priced", also="time ran out")
    relaxed = loosened(problem, rule, to)
    try:
        listed = list_candidates(relaxed, at_most=at_most)
    except InputProblems:
        return replace(blank, verdict="not priced", also=f"there would be more than {at_most:,} groups to look at")
    return _compared(blank, problem, solution, _solved(relaxed, listed, clock))


def _unpriced(step: _Step, wording: Names) -> Price:
    """What is asked, without an answer."""
    rule, to = step.rule, step.to
    return Price(
        rule=_name(rule),
        value=_value(rule),
        relaxed_to="off" if to is None else f"{to:g}",
        what=change_sentence(rule, to, True, wording).rstrip("."),
    )


def _solved(problem: GroupingProblem, listed: object, clock: Clock) -> Solution | None:
    """The best plan under changed rules, None if there is none."""
    try:
        return solve_partition(problem, candidates=listed, clock=clock)
    except NoPlan:
        return None


def _compared(blank: Price, problem: GroupingProblem, before: Solution, after: Solution | None) -> Price:
    """What changes between two best plans."""
    if after is None:
        return replace(blank, verdict="no plan")
    same = after.held == before.held and after.cost == before.cost and _later(problem, after) == _later(problem, before)
    verdict = "no price" if same else "price"
    if after.status != "optimal" or before.status != "optimal":
        verdict = "not proven"
    return replace(
        blank,
        shortfall=after.shortfall - before.shortfall,
        exceptions=after.exceptions - before.exceptions,
        groups=len(after.chosen) - len(before.chosen),
        score=after.objective - before.objective,
        minutes=_minutes(problem, after) - _minutes(problem, before),
        verdict=verdict,
    )


def _later(problem: GroupingProblem, solution: Solution) -> list[int]:
    """What a best plan has of the criteria that come after the score, in their order."""
    order, taken = problem.rules.objective.order, solution.candidates.take(solution.chosen)
    values = {name: criterion(problem, taken, name) for name in order[order.index("score") + 1 :]}
    return [int(value.max() if name in LARGEST else value.sum()) for name, value in values.items()]


def _minutes(problem: GroupingProblem, solution: Solution) -> float:
    """Mean minutes to the hub of a best plan."""
    taken = solution.candidates.take(solution.chosen)
    timed = float(problem.timed_patients.sum())
    return int(criterion(problem, taken, "minutes").sum()) / 1000.0 / timed if timed else 0.0


def _price_of_weight(problem: GroupingProblem, solution: Solution, name: str, weight: float, clock: Clock) -> Price:
    """What changes without a weight: the groups are scored anew, not listed."""
    about = WEIGHT_ABOUT[name][0]
    blank = Price(f"weights.{name}", f"{weight:g}", "0", f"Without the weight on {about}")
    if clock.over:
        return replace(blank, verdict="not priced", also="time ran out")
    weights = problem.rules.weights.model_copy(update={name: 0.0})
    other = replace(problem, rules=problem.rules.model_copy(update={"weights": weights}))
    after = _solved(other, rescore(other, solution.candidates), clock)
    if after is None:
        return replace(blank, verdict="no plan")
    price = _compared(blank, problem, solution, after)
    if set(map(after.candidates.group, after.chosen.tolist())) == set(
        map(solution.candidates.group, solution.chosen.tolist())
    ):
        return replace(price, score=None, verdict="no price" if price.verdict == "price" else price.verdict)
    also = [_more_of(problem, solution, after, *WEIGHT_ABOUT[name])]
    others = [(key, other) for key, other in weights.model_dump().items() if key in WEIGHT_ABOUT and other > 0]
    also += [_more_of(problem, solution, after, *WEIGHT_ABOUT[key]) for key, _ in others]
    return replace(price, score=None, also=", ".join(part for part in also if part))


def _more_of(problem: GroupingProblem, before: Solution, after: Solution, about: str, counted: str) -> str:
    """How much more there is of what a weight is about."""
    if not counted:
        return ""
    change = _total(problem, after, counted) - _total(problem, before, counted)
    return f"{abs(change):,} {'more' if change > 0 else 'fewer'} {about}" if change else ""


def _total(problem: GroupingProblem, solution: Solution, name: str) -> int:
    return int(criterion(problem, solution.candidates.take(solution.chosen), name).sum())


def price_pair(
    problem: GroupingProblem,
    solution: Solution,
    pair: tuple[int, int],
    names: Mapping[str, str],
    *,
    near: Near | None = None,
    clock: Clock | None = None,
) -> Price:
    """What the best plan is worse by when two practices that it separates must be together, or the other way round.

    Parameters
    ----------
    problem, solution, names
        As for `price_rules`.
    pair
        Indices of the two practices.
    near
        Plans nearly as good: where one of them has the pair the other way round, the cheapest of them is the answer.
    clock
        Ends the search.
    """
    together = _shares(solution, solution.chosen, pair)
    wording = Names(problem, names)
    one, other = (wording.one(problem.practice_codes[p]) for p in pair)
    what = f"Keeping {one} and {other} apart" if together else f"Putting {one} and {other} into one group"
    blank = Price("pair", "together" if together else "apart", "apart" if together else "together", what)
    if near is not None and near.covered is not None:
        opposite = _first_opposite(solution, near, pair, together=together)
        if opposite is not None:
            return _compared(blank, problem, solution, opposite)
    listed = solution.candidates
    allowed = listed.keep(fits(listed, pair, together=not together))
    return _compared(blank, problem, solution, _solved(problem, allowed, clock or Clock()))


def _first_opposite(solution: Solution, near: Near, pair: tuple[int, int], *, together: bool) -> Solution | None:
    """The cheapest of the plans nearly as good that has the pair the other way round, as a solution."""
    for k in range(len(near)):
        plan = near.plan(k)
        if _shares(solution, plan, pair) != together:
            listed, cost = solution.candidates, int(near.cost[k])
            return replace(
                solution,
                chosen=plan,
                shortfall=int(listed.shortfall[plan].sum()),
                exceptions=int(listed.exception[plan].sum()),
                cost=cost,
                objective=cost / listed.units_per_minute,
            )
    return None


def _shares(solution: Solution, plan: object, pair: tuple[int, int]) -> bool:
    """Whether two practices share a group in a plan."""
    return any(set(pair) <= set(solution.candidates.group(int(j))) for j in plan)


def _name(rule: RuleInForce) -> str:
    return f"{rule.key} ({rule.label})" if rule.label else rule.key


def _value(rule: RuleInForce) -> str:
    """The value of a rule, empty for those that hold or do not."""
    return f"{float(rule.value):g}" if rule.value and not isinstance(rule.value, bool) else ""


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6) + 0.0
