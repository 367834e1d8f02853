from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from benchmarks.made_up import made_up_problem
from geodata.compiled import compiled
from geodata.errors import InputProblems
from grouping.candidates import list_candidates, units_per_minute
from grouping.problem import GroupingProblem
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


def ruled(problem: GroupingProblem, section: str, **values: object) -> GroupingProblem:
    """The problem with single values of a section of its rules replaced."""
    changed = getattr(problem.rules, section).model_copy(update=values)
    return replace(problem, rules=problem.rules.model_copy(update={section: changed}))


def groups_of(problem: GroupingProblem) -> set[tuple[int, ...]]:
    listed = list_candidates(problem)
    return {listed.group(j) for j in range(len(listed))}


def plain_problem(practices: int = 6) -> GroupingProblem:
    """A problem in which only sizes, drives and borders decide."""
    problem = random_problem(7, practices)
    count = len(problem.practice_codes)
    problem = replace(
        problem,
        adjacency=~np.eye(count, dtype=bool),
        keep_together=("",) * count,
        locality=("",) * count,
        hub_allowed=np.ones(len(problem.site_codes), bool),
        patient_minutes=np.nan_to_num(problem.patient_minutes, posinf=1e6),
    )
    problem = ruled(problem, "exceptions", policy="allowed", at_most=-1)
    return ruled(problem, "access", max_minutes_between_members=0.0, max_minutes_to_hub=0.0)


def test_a_group_may_be_as_large_as_the_maximum() -> None:
    problem = plain_problem()
    size = int(problem.list_size[[0, 1, 2]].sum())
    assert (0, 1, 2) in groups_of(ruled(problem, "size", hard_maximum=size))
    assert (0, 1, 2) not in groups_of(ruled(problem, "size", hard_maximum=size - 1))


def test_a_practice_as_large_as_the_maximum_is_listed_once() -> None:
    problem = plain_problem()
    for beyond in (0, 1):
        rules = ruled(problem, "size", hard_maximum=int(problem.list_size[3]) - beyond)
        listed = list_candidates(rules)
        assert [listed.group(j) for j in range(len(listed))].count((3,)) == 1


def test_a_drive_as_long_as_the_limit_is_allowed() -> None:
    problem = ruled(plain_problem(), "size", hard_maximum=10**9)
    limit = float(problem.between_practices[0, 1])
    assert (0, 1) in groups_of(ruled(problem, "access", max_minutes_between_members=limit))
    assert (0, 1) not in groups_of(ruled(problem, "access", max_minutes_between_members=limit * (1 - 1e-9)))


def test_a_hub_as_far_as_the_limit_is_allowed() -> None:
    problem = ruled(plain_problem(), "size", hard_maximum=10**9)
    own = np.flatnonzero(np.isin(problem.site_owner, [0, 1]))
    limit = float(problem.practice_to_site[[0, 1]][:, own].max(axis=0).min())
    assert (0, 1) in groups_of(ruled(problem, "access", max_minutes_to_hub=limit))
    assert (0, 1) not in groups_of(ruled(problem, "access", max_minutes_to_hub=limit * (1 - 1e-9)))


def test_as_many_groups_as_may_be_listed_are_listed() -> None:
    problem = ruled(plain_problem(), "size", hard_maximum=10**9)
    count = len(list_candidates(problem))
    assert len(list_candidates(problem, at_most=count)) == count
    with pytest.raises(InputProblems):
        list_candidates(problem, at_most=count - 1)


def test_a_share_at_the_threshold_is_rural_however_it_is_added_up() -> None:
    problem = ruled(plain_problem(), "rurality", threshold=0.1)
    listed = list_candidates(replace(problem, rural_patients=problem.list_size * 0.1))
    assert listed.rural.all()
    assert not list_candidates(replace(problem, rural_patients=problem.list_size * 0.0999)).rural.any()


def test_a_kernel_compiles_where_nothing_can_be_kept() -> None:
    """A function without a file has no folder for its compiled code, as on a laptop where none can be written."""
    space: dict = {}
    exec(compile("def double(number):\n    return 2 * number\n", "<no file>", "exec"), space)
    assert compiled(space["double"])(21) == 42


def test_equal_hubs_give_the_smaller_site_code_whoever_owns_it() -> None:
    problem = ruled(plain_problem(), "size", hard_maximum=10**9)
    flat = np.broadcast_to(problem.timed_patients[:, None] * 7.0, problem.patient_minutes.shape).copy()
    turned = replace(problem, patient_minutes=flat, site_owner=problem.site_owner[::-1].copy())
    listed = list_candidates(turned)
    for j in range(len(listed)):
        assert listed.hub[j] == np.flatnonzero(np.isin(turned.site_owner, listed.group(j))).min()
