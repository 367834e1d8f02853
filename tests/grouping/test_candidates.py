from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from benchmarks.made_up import made_up_problem
from geodata.errors import InputProblems
from grouping.candidates import list_candidates, units_per_minute
from tests.grouping.brute_force import Definitions, random_problem


@pytest.mark.parametrize("seed", range(40))
def test_lists_exactly_the_groups_the_definitions_allow(seed: int) -> None:
    problem = random_problem(seed, 8)
    definitions = Definitions(problem)
    listed = list_candidates(problem)
    mine = {listed.group(j): j for j in range(len(listed))}
    assert len(mine) == len(listed)
    true = {}
    for length in range(1, 9):
        for group in combinations(range(8), length):
            value = definitions.value(group)
            if value is not None and not (problem.rules.exceptions.limit == 0 and value[1]):
                true[group] = value
    assert set(mine) == set(true)
    for group, (shortfall, exception, score) in true.items():
        j = mine[group]
        assert listed.shortfall[j] == shortfall
        assert listed.exception[j] == bool(exception)
        assert listed.list_size[j] == problem.list_size[list(group)].sum()
        assert listed.cost[j] / listed.units_per_minute == pytest.approx(score, abs=1e-6)
        minutes, _ = definitions.hub_minutes(group)
        assert sum(problem.patient_minutes[p, listed.hub[j]] for p in group) == pytest.approx(minutes, abs=0.01)
        assert problem.site_owner[listed.hub[j]] in group


def test_more_than_64_practices_and_no_set_twice() -> None:
    problem = made_up_problem(3, practices=140)
    listed = list_candidates(problem)
    keys = {listed.group(j) for j in range(len(listed))}
    assert len(keys) == len(listed)
    assert max(max(key) for key in keys) == 139
    rng = np.random.default_rng(0)
    for j in rng.integers(len(listed), size=50):
        group = list(listed.group(int(j)))
        assert problem.list_size[group].sum() <= 60_000
        assert problem.between_practices[np.ix_(group, group)].max() <= 30
        assert Definitions(problem).value(tuple(group)) is not None


def test_equal_hubs_give_the_smaller_site_code() -> None:
    problem = random_problem(5, 5)
    rules = problem.rules.model_copy(
        update={"access": problem.rules.access.model_copy(update={"max_minutes_to_hub": 0.0})}
    )
    flat = np.broadcast_to(problem.timed_patients[:, None] * 7.0, problem.patient_minutes.shape).copy()
    problem = replace(problem, patient_minutes=flat, hub_allowed=np.ones(len(problem.site_codes), bool), rules=rules)
    listed = list_candidates(problem)
    for j in range(len(listed)):
        own = np.flatnonzero(np.isin(problem.site_owner, listed.group(j)))
        assert listed.hub[j] == own.min()


def test_float_noise_does_not_decide_a_hub() -> None:
    problem = random_problem(5, 5)
    flat = np.broadcast_to(problem.timed_patients[:, None] * 7.0, problem.patient_minutes.shape).copy()
    quiet = replace(problem, patient_minutes=flat)
    noisy = replace(problem, patient_minutes=flat * (1 + 1e-13 * np.random.default_rng(0).normal(size=flat.shape)))
    np.testing.assert_array_equal(list_candidates(quiet).hub, list_candidates(noisy).hub)
    np.testing.assert_array_equal(list_candidates(quiet).cost, list_candidates(noisy).cost)


def test_a_list_too_long_is_refused_before_it_is_filled() -> None:
    problem = made_up_problem(1, graph="delaunay")
    with pytest.raises(InputProblems, match="too many to list") as caught:
        list_candidates(problem, at_most=10_000)
    assert "hard_maximum" in caught.value.findings[0].fix


def test_nobody_timed_still_gives_units() -> None:
    problem = random_problem(2, 5)
    empty = replace(problem, timed_patients=np.zeros(5), patient_minutes=np.zeros_like(problem.patient_minutes))
    assert units_per_minute(empty) > 0
    assert len(list_candidates(empty)) > 0
