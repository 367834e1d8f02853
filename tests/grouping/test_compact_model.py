"""The optimiser against a second exact formulation that lists no groups, on counties too large to try every plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.made_up import made_up_problem
from geodata.errors import NoPlan
from grouping.optimise import solve_partition
from grouping.problem import Decided, GroupingProblem
from grouping.rules import RuleSet, load_rules
from tests.grouping.brute_force import Definitions, every_plan
from tests.grouping.compact_model import solve_compact
from tests.grouping.random_problems import random_problem, with_losses

SEEDS = tuple(seed for seed in range(31) if seed != 8)
"""Counties compared; the compact model takes minutes for the one left out."""

SLOW = frozenset({4, 9, 10, 15, 16, 20, 24, 26, 28, 30})


def county(seed: int) -> GroupingProblem:
    """A county of 25 to 40 practices with groups of two to four, so that the compact model is solved in seconds."""
    practices = 25 + seed // 2
    problem = made_up_problem(
        seed, practices=practices, graph="delaunay" if seed % 2 else "gabriel", rules=small_rules(seed)
    )
    rng = np.random.default_rng(seed)
    near = np.argsort(problem.between_practices + np.diag(np.full(practices, np.inf)), axis=1)[:, 0]
    first, second = rng.choice(practices, 2, replace=False)
    bond = tuple(sorted((int(first), int(near[first]))))
    fits = problem.list_size[list(bond)].sum() <= problem.rules.size.hard_maximum
    together = (bond,) if seed % 5 == 3 and fits else ()
    pair = tuple(sorted((int(second), int(near[second]))))
    apart = (pair,) if seed % 4 == 2 and pair not in together else ()
    return replace(
        problem,
        vulnerable=_vulnerable(problem, near, rng),
        hub_cost=rng.choice([10_000.0, 20_000.0, 40_000.0], len(problem.site_codes)),
        current_group=tuple(rng.choice(["X", "Y", "Z"], practices).tolist()),
        clinical_system=tuple(rng.choice(["E", "T"], practices).tolist()),
        decided=Decided(together=together, apart=apart),
    )


def _vulnerable(problem: GroupingProblem, near: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A fifth of the practices, none of which has its nearest neighbour too far away to share a group with."""
    limit = problem.rules.access.max_minutes_between_members
    lonely = problem.between_practices[np.arange(len(near)), near] > limit
    return (rng.random(len(near)) < 0.2) & ~lonely


def small_rules(seed: int) -> RuleSet:
    """Small maxima and short drives, and one or two further rules that take turns."""
    override: dict[str, dict[str, object]] = {
        "size": {
            "minimum_urban": 16_000,
            "minimum_rural": 12_000,
            "preferred_minimum_urban": 16_000,
            "preferred_minimum_rural": 12_000,
            "preferred_maximum": 22_000,
            "hard_maximum": 24_000,
            "most_practices": 4 if seed % 6 == 1 else 0,
        },
        "access": {
            "max_minutes_between_members": 13.0 + seed % 3,
            "max_mean_minutes_to_hub": 12.0 if seed % 5 == 0 else 0.0,
        },
        "exceptions": {"at_most": 4 if seed % 7 == 3 else -1},
        "practices": {"most_vulnerable_share": 0.67 if seed % 6 == 5 else 1.0},
        "groups": {"most": 12 if seed % 8 == 6 else 0},
        "weights": {
            "split_locality": 0.5 if seed % 2 else 0.0,
            "change_of_group": 0.3 if seed % 9 == 4 else 0.0,
            "mixed_systems": 0.2 if seed % 9 == 7 else 0.0,
            "size_balance": 0.05 if seed % 7 == 5 else 0.0,
            "hub_cost": 0.5 if seed % 4 == 1 else 0.0,
            "fragile": 0.4 if seed % 5 == 1 else 0.0,
        },
        "resilience": {
            "loss_of": "any" if seed % 4 == 2 else "vulnerable",
            "keeps_share": 0.2 if seed % 6 == 0 else 0.0,
        },
    }
    return load_rules("dorset-2017", override)


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=pytest.mark.slow if seed in SLOW else ()) for seed in SEEDS])
def test_the_compact_model_agrees(seed: int) -> None:
    problem = county(seed)
    assert 25 <= len(problem.practice_codes) <= 40
    compact = solve_compact(problem, seconds=120)
    try:
        solution = solve_partition(problem)
    except NoPlan:
        assert compact.status == "infeasible"
        return
    assert compact.status == "optimal"
    assert (solution.status, solution.gap) == ("optimal", 0)
    assert compact.values["shortfall"] == solution.shortfall
    assert compact.values["exceptions"] == solution.exceptions
    assert compact.values["score"] == pytest.approx(solution.objective, abs=2e-6)


@pytest.mark.parametrize("seed", range(40))
def test_the_compact_model_itself_agrees_with_every_partition_tried(seed: int) -> None:
    """A model that were wrong in the same way as the optimiser would prove nothing."""
    problem = random_problem(seed, 6)
    rules = problem.rules
    size = rules.size.model_copy(
        update={"minimum_rural": min(rules.size.minimum_rural, rules.size.minimum_urban)},
    )
    problem = replace(
        problem,
        rules=with_losses(rules.model_copy(update={"size": size}), np.random.default_rng((seed, 9)), in_order=False),
        vulnerable=np.random.default_rng((seed, 10)).random(6) < 0.4,
    )
    compact, plans = solve_compact(problem), every_plan(problem)
    assert (compact.status == "optimal") == bool(plans)
    if plans:
        assert (compact.values["shortfall"], compact.values["exceptions"]) == plans[0].values[:2]
        assert compact.values["score"] == pytest.approx(plans[0].score, abs=2e-6)
        definitions = Definitions(problem)
        assert sorted(p for group, _ in compact.groups for p in group) == list(range(6))
        for group, hub in compact.groups:
            assert definitions.hub_minutes(group)[0] == pytest.approx(definitions.patient_minutes(group, hub))


def test_rules_it_cannot_state_are_refused() -> None:
    problem = random_problem(0, 6)
    weights = problem.rules.weights.model_copy(update={"worst_practice": 1.0})
    with pytest.raises(ValueError, match="cannot be stated"):
        solve_compact(replace(problem, rules=problem.rules.model_copy(update={"weights": weights})))


def test_a_time_limit_is_kept_and_told() -> None:
    answer = solve_compact(made_up_problem(0), seconds=0.5)
    assert answer.status == "stopped"
    assert answer.stage
