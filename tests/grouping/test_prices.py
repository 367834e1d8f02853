"""What each rule costs: prices are the differences between two best plans, each proven on its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.made_up import made_up_problem
from grouping.near import near_plans
from grouping.optimise import Solution, solve_partition
from grouping.partition.clock import Clock
from grouping.prices import COLUMNS, Price, price_pair, price_rules, prices_table
from grouping.problem import Decided, GroupingProblem
from tests.grouping.brute_force import every_plan
from tests.grouping.test_near import ROUNDING, SEEDS, case


def ruled(problem: GroupingProblem, section: str, **values: Any) -> GroupingProblem:
    """The problem with other values in one section of its rules."""
    part = getattr(problem.rules, section).model_copy(update=values)
    return replace(problem, rules=problem.rules.model_copy(update={section: part}))


@pytest.fixture(scope="module")
def tight() -> tuple[GroupingProblem, Solution, dict[str, Price]]:
    """A county in which the limit between members binds, priced."""
    problem = ruled(made_up_problem(3, practices=36), "access", max_minutes_between_members=14.0)
    problem = ruled(problem, "weights", split_locality=0.0, outside_preferred=2.0)
    solution = solve_partition(problem)
    prices = price_rules(problem, solution, {})
    return problem, solution, {f"{price.rule}={price.relaxed_to}": price for price in prices}


@pytest.mark.parametrize("minutes", [15.0, 19.0, 0.0])
def test_a_limit_on_minutes_is_priced_at_each_step(
    tight: tuple[GroupingProblem, Solution, dict[str, Price]], minutes: float
) -> None:
    problem, solution, prices = tight
    price = prices[f"access.max_minutes_between_members={f'{minutes:g}' if minutes else 'off'}"]
    other = solve_partition(ruled(problem, "access", max_minutes_between_members=minutes))
    assert price.shortfall == other.shortfall - solution.shortfall
    assert price.exceptions == other.exceptions - solution.exceptions
    assert price.score == pytest.approx(other.objective - solution.objective)
    assert price.groups == len(other.chosen) - len(solution.chosen)
    assert price.verdict == "price"
    assert price.shortfall < 0
    assert f"{-price.shortfall:,} fewer patients missing to a minimum" in price.sentence


def test_a_minimum_and_a_maximum_are_priced(tight: tuple[GroupingProblem, Solution, dict[str, Price]]) -> None:
    problem, solution, prices = tight
    urban = prices["size.minimum_urban=27000"]
    other = solve_partition(ruled(problem, "size", minimum_urban=27_000))
    assert urban.shortfall == other.shortfall - solution.shortfall
    assert urban.score == pytest.approx(other.objective - solution.objective)
    assert "Lower the minimum of urban groups from 30,000 to 27,000" in urban.sentence
    most = prices["size.hard_maximum=66000"]
    wider = solve_partition(ruled(problem, "size", hard_maximum=66_000))
    assert (most.verdict == "no price") == (wider.cost == solution.cost and wider.held == solution.held)


def test_a_weight_is_priced_in_minutes_and_in_what_it_is_about(
    tight: tuple[GroupingProblem, Solution, dict[str, Price]],
) -> None:
    problem, solution, prices = tight
    price = prices["weights.outside_preferred=0"]
    other = solve_partition(ruled(problem, "weights", outside_preferred=0.0))

    def minutes(plan: Solution) -> float:
        members = {code: p for p, code in enumerate(problem.practice_codes)}
        sites = {code: s for s, code in enumerate(problem.site_codes)}
        total = sum(
            problem.patient_minutes[[members[code] for code in group.members], sites[group.hub_site_code]].sum()
            for group in plan.plan.groups
        )
        return float(total) / float(problem.timed_patients.sum())

    assert price.score is None
    assert price.minutes == pytest.approx(minutes(other) - minutes(solution), abs=1e-5)
    if price.verdict == "price":
        assert "patients outside the preferred size" in price.also
    assert "weights.split_locality=0" not in prices


def test_rules_that_bind_nowhere_cost_nothing() -> None:
    """Generous limits have no price, and smaller steps are then not looked at one by one."""
    problem = ruled(made_up_problem(3, practices=24), "access", max_minutes_between_members=600.0)
    prices = price_rules(problem, solve_partition(problem), {}, at_most=500_000)
    limit = [price for price in prices if price.rule == "access.max_minutes_between_members"]
    assert [price.relaxed_to for price in limit] == ["off", "601", "605"]
    assert all(price.verdict == "no price" for price in limit)
    assert all(price.sentence.endswith("no price, it binds nowhere.") for price in limit)


def test_decisions_are_priced_by_dropping_them() -> None:
    problem = made_up_problem(3, practices=24)
    free = solve_partition(problem)
    a, b = (int(p) for p in np.argwhere(np.triu(problem.adjacency, 1))[0])
    together = any({a, b} <= set(free.candidates.group(int(j))) for j in free.chosen)
    decided = Decided(apart=((a, b),)) if together else Decided(together=((a, b),))
    held = replace(problem, decided=decided)
    solution = solve_partition(held)
    price = next(price for price in price_rules(held, solution, {}) if price.rule.startswith("decision"))
    assert price.verdict == "price"
    assert price.score == pytest.approx(free.objective - solution.objective)
    assert price.shortfall == free.shortfall - solution.shortfall
    assert "Take back decision 1" in price.sentence


def test_what_cannot_be_listed_or_reached_in_time_is_told() -> None:
    problem = made_up_problem(3, practices=24)
    solution = solve_partition(problem)
    few = price_rules(problem, solution, {}, at_most=50)
    assert any("more than 50 groups" in price.sentence for price in few)
    late = price_rules(problem, solution, {}, clock=Clock(0.0))
    assert {price.verdict for price in late} == {"not priced"}
    assert all("time ran out" in price.sentence for price in late)


@pytest.mark.parametrize("listed", [True, False])
def test_the_price_of_a_pair_is_that_of_the_definition(listed: bool) -> None:
    """With plans nearly as good (which answer at once) and without (then a search does)."""
    priced = impossible = 0
    for seed in SEEDS:
        solved = case(seed, 5)
        if solved is None:
            continue
        problem, solution = solved
        plans = every_plan(problem)
        at = problem.rules.objective.order.index("score")
        near = near_plans(solution, 0.5) if listed else None
        for pair in [(0, 1), (1, 3)]:
            shares = [any(set(pair) <= set(group) for group in plan.groups) for plan in plans]
            mine = any(set(pair) <= set(solution.candidates.group(int(j))) for j in solution.chosen)
            scores = [plan_values[at] for plan_values in (plan.values for plan in plans)]  # noqa: PD011
            others = [score for score, share in zip(scores, shares, strict=True) if share != mine]
            price = price_pair(problem, solution, pair, {}, near=near)
            if not others:
                assert price.verdict == "no plan"
                impossible += 1
                continue
            change = (others[0] - scores[0]) / solution.candidates.units_per_minute
            assert price.score == pytest.approx(change, abs=ROUNDING / solution.candidates.units_per_minute)
            assert price.rule == "pair"
            assert price.relaxed_to == ("apart" if mine else "together")
            priced += 1
    assert priced > 5
    assert impossible > 5


def test_the_table_has_the_dearest_rule_first(tight: tuple[GroupingProblem, Solution, dict[str, Price]]) -> None:
    _, _, prices = tight
    table = prices_table(list(prices.values()))
    assert list(table) == list(COLUMNS)
    assert len(table) == len(prices)
    priced = table[table["verdict"] == "price"]
    assert priced["shortfall_change"].is_monotonic_increasing
    assert priced.index.tolist() == list(range(len(priced)))
    assert table["sentence"].str.endswith(".").all()
    assert prices_table([]).empty
    assert isinstance(table, pd.DataFrame)


def test_sentences_say_one_and_many() -> None:
    one = Price("r", "1", "2", "Do it", shortfall=-1227, exceptions=-1, groups=2, score=-0.12, minutes=-0.1)
    assert one.sentence == (
        "Do it: 1,227 fewer patients missing to a minimum, 1 exception fewer, 2 groups more,"
        " 0.100 minutes shorter to the hub, score 0.120 lower (better)."
    )
    worse = replace(one, shortfall=3, exceptions=2, groups=-1, score=0.5, minutes=0.4, verdict="not proven")
    assert worse.sentence == (
        "Do it: 3 more patients missing to a minimum, 2 exceptions more, 1 group fewer,"
        " 0.400 minutes longer to the hub, score 0.500 higher (worse) (the search was cut short: not proven)."
    )
