from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from benchmarks.made_up import made_up_problem
from geodata.compiled import compiled
from geodata.errors import InputProblems
from grouping.candidates import Candidates, count_sets, list_candidates, plan_rows, rescore, units_per_minute
from grouping.criteria import criterion
from grouping.problem import Decided, GroupingProblem, LockedGroup
from tests.grouping.brute_force import Definitions, mixed_problem, random_problem

ARRAYS = ("members", "starts", "list_size", "rural", "shortfall", "hub", "cost", "locked", "granted")


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


# --------------------------------------------------------------------------------------------------- all rules together


def by_group(listed: Candidates) -> dict[tuple[int, ...], list[int]]:
    """Positions of the candidates by their practices."""
    found: dict[tuple[int, ...], list[int]] = {}
    for j in range(len(listed)):
        found.setdefault(listed.group(j), []).append(j)
    return found


@pytest.mark.parametrize("seed", range(120))
def test_every_mixture_of_rules_leaves_the_groups_and_hubs_the_definitions_name(seed: int) -> None:
    count = 4 + seed % 4
    problem = mixed_problem(seed, count)
    definitions, strict = Definitions(problem), problem.rules.exceptions.limit == 0
    stands = {lock.members for lock in problem.decided.locked}
    listed = list_candidates(problem)
    mine = by_group(listed)
    true = {}
    for length in range(1, count + 1):
        for group in combinations(range(count), length):
            worths = definitions.worths(group)
            if worths and not (strict and worths[0].criteria["exceptions"] and group not in stands):
                true[group] = worths
    assert set(mine) == set(true)
    for group, worths in true.items():
        assert [int(listed.hub[j]) for j in mine[group]] == [worth.hub for worth in worths]
        for j, worth in zip(mine[group], worths, strict=True):
            assert listed.cost[j] == pytest.approx(worth.criteria["score"], abs=2)
            assert listed.shortfall[j] == worth.criteria["shortfall"]
            assert listed.locked[j] == (group in stands)


@pytest.mark.parametrize("seed", range(40))
def test_other_weights_score_the_same_groups_without_listing_them_again(seed: int) -> None:
    problem = mixed_problem(seed, 6)
    weights = {"minutes": 2.0, "outside_preferred": 0.3, "worst_practice": 0.4, "hub_cost": 50.0, "size_balance": 0.2}
    for values in (weights, dict.fromkeys(weights, 0.0) | {"minutes": 1.0}):
        other = ruled(problem, "weights", **values)
        again, anew = rescore(other, list_candidates(problem)), list_candidates(other)
        for name in ARRAYS:
            np.testing.assert_array_equal(getattr(again, name), getattr(anew, name), name)
        np.testing.assert_array_equal(again.sets(), anew.sets())


@pytest.mark.parametrize("seed", range(30))
def test_what_was_left_out_and_what_is_left_is_what_was_listed(seed: int) -> None:
    problem = ruled(mixed_problem(seed, 7), "hub", budget=0.0)
    problem = replace(problem, decided=replace(problem.decided, locked=()))
    listed = list_candidates(problem)
    oversize = int((problem.list_size > problem.rules.size.largest).sum())
    assert len(listed) + sum(listed.left_out.values()) == count_sets(problem) + oversize
    assert all(number > 0 and " " in reason for reason, number in listed.left_out.items())


def test_reasons_are_counted_one_for_each_set() -> None:
    problem = plain_problem(4)
    problem = ruled(problem, "size", hard_maximum=10**9, minimum_urban=0, minimum_rural=0, fewest_practices=2)
    problem = replace(
        ruled(problem, "practices", most_vulnerable_share=0.4),
        vulnerable=np.array([True, False, False, False]),
        decided=Decided(together=((2, 3),)),
    )
    listed = list_candidates(problem)
    assert groups_of(problem) == {(2, 3), (0, 2, 3), (1, 2, 3), (0, 1, 2, 3)}
    assert listed.left_out == {
        "only some of the practices that must be together": 8,
        "fewer practices than size.fewest_practices": 2,
        "too many vulnerable practices": 1,
    }


def test_a_limit_on_practices_is_kept_while_listing() -> None:
    problem = ruled(plain_problem(), "size", hard_maximum=10**9)
    everything = groups_of(problem)
    for most in (1, 2, 4):
        small = ruled(problem, "size", most_practices=most)
        assert groups_of(small) == {group for group in everything if len(group) <= most}
        assert count_sets(small) == sum(len(group) <= most for group in everything)


def test_a_practice_above_its_maximum_stands_alone_whatever_the_number_of_practices() -> None:
    problem = ruled(plain_problem(), "size", hard_maximum=int(1e9), fewest_practices=2)
    assert (3,) not in groups_of(problem)
    label = replace(problem, locality=("", "", "", "West", "", ""))
    own = {"West": type(problem.rules.size).model_validate({"locality": {"West": {"maximum": 1}}}).locality["West"]}
    assert (3,) in groups_of(ruled(label, "size", locality=own))


def test_tags_and_decisions_join_into_one_chain() -> None:
    problem = ruled(plain_problem(), "size", hard_maximum=10**9)
    tagged = replace(problem, keep_together=("a", "a", "", "b", "b", ""), decided=Decided(together=((1, 2), (2, 3))))
    assert all({0, 1, 2, 3, 4} <= set(group) or not {0, 1, 2, 3, 4} & set(group) for group in groups_of(tagged))
    assert (5,) in groups_of(tagged)


def test_a_locked_group_is_the_only_one_of_its_practices() -> None:
    problem = ruled(ruled(plain_problem(), "size", hard_maximum=1), "exceptions", policy="forbidden")
    problem = replace(problem, adjacency=np.zeros((6, 6), bool), decided=Decided(locked=(LockedGroup((1, 4)),)))
    listed = list_candidates(problem)
    assert [listed.group(int(j)) for j in np.flatnonzero(listed.locked)] == [(1, 4)]
    assert listed.containing(6)[[1, 4]].tolist() == [1, 1]
    assert problem.site_owner[listed.hub[-1]] in (1, 4)


def test_a_locked_group_below_its_minimum_still_counts() -> None:
    problem = ruled(plain_problem(), "size", minimum_urban=10**6, minimum_rural=10**6, hard_maximum=2 * 10**6)
    members = (0, 1)
    stands = replace(problem, decided=Decided(locked=(LockedGroup(members),)))
    listed = list_candidates(stands)
    assert listed.shortfall[listed.locked] == [10**6 - problem.list_size[list(members)].sum()]
    assert listed.exception[listed.locked].all()
    granted = replace(stands, decided=replace(stands.decided, granted=((members, "agreed"),)))
    listed = list_candidates(granted)
    assert listed.shortfall[listed.locked] == [0]
    assert listed.granted.sum() == 1


def test_locked_groups_that_contradict_each_other_leave_their_practices_without_a_group() -> None:
    problem = ruled(plain_problem(), "size", hard_maximum=10**9)
    both = replace(problem, decided=Decided(locked=(LockedGroup((0, 1)), LockedGroup((1, 2)))))
    assert list_candidates(both).containing(6)[:3].tolist() == [0, 0, 0]
    twice = replace(problem, decided=Decided(locked=(LockedGroup((0, 1)), LockedGroup((0, 1)))))
    assert list_candidates(twice).containing(6)[:2].tolist() == [1, 1]


def test_a_locked_group_that_some_patients_cannot_get_to_is_no_candidate() -> None:
    problem = ruled(plain_problem(), "size", hard_maximum=10**9)
    minutes = problem.patient_minutes.copy()
    minutes[0] = np.inf
    stands = replace(problem, patient_minutes=minutes, decided=Decided(locked=(LockedGroup((0, 1)),)))
    listed = list_candidates(stands)
    assert listed.containing(6)[:2].tolist() == [0, 0]
    assert listed.left_out["locked, but some of its patients have no route to its hub"] == 1


def test_a_granted_set_is_a_candidate_even_where_exceptions_are_forbidden() -> None:
    problem = ruled(plain_problem(), "size", minimum_urban=10**6, minimum_rural=10**6, hard_maximum=2 * 10**6)
    problem = ruled(problem, "exceptions", policy="forbidden")
    assert groups_of(problem) == set()
    assert groups_of(replace(problem, decided=Decided(granted=(((1, 2), "agreed"),)))) == {(1, 2)}


def test_with_a_budget_a_set_stands_once_for_every_hub_worth_its_money() -> None:
    problem = ruled(plain_problem(), "size", hard_maximum=10**9)
    pounds = np.random.default_rng(1).integers(0, 50, len(problem.site_codes)).astype(float)
    problem = replace(problem, hub_cost=pounds)
    once, several = list_candidates(problem), list_candidates(ruled(problem, "hub", budget=1.0))
    assert len(several) > len(once)
    for group, positions in by_group(several).items():
        own = np.flatnonzero(np.isin(problem.site_owner, group))
        minutes = problem.patient_minutes[list(group)].sum(axis=0)
        assert len({int(several.sets()[j]) for j in positions}) == 1
        assert (np.diff(several.cost[positions]) > 0).all()
        assert (np.diff(pounds[several.hub[positions]]) < 0).all()
        for site in own:  # each hub left out is no better than one that is there
            assert any(
                minutes[several.hub[j]] <= minutes[site] + 1e-3 and pounds[several.hub[j]] <= pounds[site]
                for j in positions
            )
    first = np.flatnonzero(np.diff(several.sets(), prepend=-1))
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(several.take(first), name), getattr(once, name), name)


def test_side_rows_are_those_of_the_limits_that_are_set() -> None:
    problem = replace(plain_problem(), locality=("A", "A", "B", "", "B", ""), hub_cost=np.full(8, 12.345))
    problem = ruled(problem, "size", hard_maximum=10**9)
    assert plan_rows(problem, list_candidates(problem)) == ()
    problem = ruled(ruled(problem, "exceptions", at_most=2), "locality", most_crossing=1)
    problem = ruled(ruled(problem, "groups", fewest=2, most=4), "hub", budget=99.99)
    listed = list_candidates(problem)
    rows = {row.name: row for row in plan_rows(problem, listed)}
    assert list(rows) == ["exceptions_at_most", "most_crossing", "fewest_groups", "most_groups", "hub_budget"]
    assert {name: row.limit for name, row in rows.items()} == {
        "exceptions_at_most": 2, "most_crossing": 1, "fewest_groups": -2, "most_groups": 4, "hub_budget": 9_999,
    }  # fmt: skip
    for j in range(len(listed)):
        labels = {problem.locality[p] for p in listed.group(j)} - {""}
        assert rows["most_crossing"].coefficient[j] == (len(labels) > 1)
    assert set(rows["fewest_groups"].coefficient) == {-1}
    assert set(rows["most_groups"].coefficient) == {1}
    assert set(rows["hub_budget"].coefficient) == {1234}
    np.testing.assert_array_equal(rows["exceptions_at_most"].coefficient, listed.exception)


def test_two_forced_hubs_keep_their_practices_apart_and_are_told() -> None:
    problem = ruled(plain_problem(), "size", hard_maximum=10**9)
    a, b = (int(np.flatnonzero(problem.site_owner == p)[0]) for p in (0, 1))
    listed = list_candidates(replace(problem, decided=Decided(hubs=(a, b))))
    for j in range(len(listed)):
        group = listed.group(j)
        assert not {0, 1} <= set(group)
        for practice, site in ((0, a), (1, b)):
            assert practice not in group or listed.hub[j] == site
    assert listed.left_out["two sites that must be a hub are in one group"] == 16


def test_keeping_and_taking_say_the_same() -> None:
    problem = mixed_problem(11, 7)
    listed = list_candidates(problem)
    mask = np.arange(len(listed)) % 3 == 0
    for name in ARRAYS:
        np.testing.assert_array_equal(
            getattr(listed.keep(mask), name), getattr(listed.take(np.flatnonzero(mask)), name), name
        )


def test_a_share_of_vulnerable_practices_at_its_limit_is_allowed_however_it_is_written() -> None:
    problem = ruled(plain_problem(), "size", hard_maximum=10**9)
    problem = replace(problem, vulnerable=np.array([True, True, False, False, False, False]))
    assert (0, 1, 2) in groups_of(ruled(problem, "practices", most_vulnerable_share=0.6666666665))
    assert (0, 1, 2) not in groups_of(ruled(problem, "practices", most_vulnerable_share=0.66666666))


def with_means(*minutes: float) -> GroupingProblem:
    """Practices 0 and 1 are locked together; these are the mean minutes of their patients to the sites they own."""
    problem = ruled(plain_problem(), "size", hard_maximum=10**9)
    sites = np.flatnonzero(np.isin(problem.site_owner, [0, 1]))[: len(minutes)]
    patient_minutes = problem.patient_minutes.copy()
    patient_minutes[:2] = 1e6
    patient_minutes[:2, sites] = problem.timed_patients[:2, None] * np.array(minutes)
    return replace(problem, patient_minutes=patient_minutes, decided=Decided(locked=(LockedGroup((0, 1)),)))


def test_a_mean_at_its_limit_is_allowed_however_it_is_written() -> None:
    problem = replace(with_means(1 / 3), decided=Decided())
    assert (0, 1) in groups_of(ruled(problem, "access", max_mean_minutes_to_hub=0.333333333))
    assert (0, 1) not in groups_of(ruled(problem, "access", max_mean_minutes_to_hub=0.33333333))


def test_a_locked_group_takes_a_hub_whose_mean_is_at_the_limit_and_leaves_no_earlier_rule_aside() -> None:
    problem = with_means(1 / 3, 1.0)
    near = np.flatnonzero(np.isin(problem.site_owner, [0, 1]))[0]
    # the farther site costs nothing and the nearer one a fortune: only the limit speaks for the nearer
    pounds = np.zeros(len(problem.site_codes))
    pounds[near] = 1e9
    problem = ruled(replace(problem, hub_cost=pounds), "weights", hub_cost=1.0)

    def hub(problem: GroupingProblem) -> int:
        listed = list_candidates(problem)
        return int(listed.hub[listed.locked][0])

    assert hub(problem) != near
    limited = ruled(problem, "access", max_mean_minutes_to_hub=0.333333333)
    assert hub(limited) == near
    # a site that may be no hub is only taken where no site of the members may be one, whatever the minutes
    allowed = problem.hub_allowed.copy()
    allowed[near] = False
    assert hub(replace(limited, hub_allowed=allowed)) != near


def test_an_exception_is_granted_to_these_practices_and_no_others_as_large() -> None:
    problem = ruled(plain_problem(), "size", minimum_urban=10**6, minimum_rural=10**6, hard_maximum=2 * 10**6)
    problem = replace(problem, list_size=np.full(6, 3_000, np.int64))
    listed = list_candidates(replace(problem, decided=Decided(granted=(((1, 2), "agreed"),))))
    assert [listed.group(int(j)) for j in np.flatnonzero(listed.granted)] == [(1, 2)]
    assert [listed.group(int(j)) for j in np.flatnonzero(~listed.exception)] == [(1, 2)]


def test_limits_of_a_locality_are_not_those_of_groups_without_one() -> None:
    problem = ruled(plain_problem(), "size", hard_maximum=int(1e9))
    label = replace(problem, locality=("", "", "", "West", "", ""))
    own = {"West": type(problem.rules.size).model_validate({"locality": {"West": {"maximum": 1}}}).locality["West"]}
    found = groups_of(ruled(label, "size", locality=own))
    assert found == {group for group in groups_of(problem) if 3 not in group} | {(3,)}


def test_with_a_budget_hubs_of_the_same_cost_go_by_fewer_minutes() -> None:
    problem = ruled(plain_problem(), "size", hard_maximum=int(1e9))
    problem = replace(ruled(problem, "weights", minutes=0.0), hub_cost=np.full(len(problem.site_codes), 50.0))
    listed = list_candidates(ruled(problem, "hub", budget=1_000.0))
    for j in range(len(listed)):
        own = np.flatnonzero(np.isin(problem.site_owner, listed.group(j)))
        minutes = problem.patient_minutes[list(listed.group(j))].sum(axis=0)
        assert minutes[listed.hub[j]] <= minutes[own].min() + 1e-3


# -------------------------------------------------------------------------------------------------- loss of a practice


def of_three() -> GroupingProblem:
    """Three neighbours of 9,000, 6,000 and 5,000 patients; the second and the third are vulnerable."""
    return replace(
        made_up_problem(0, practices=3),
        list_size=np.array([9_000, 6_000, 5_000]),
        rural_patients=np.zeros(3),
        timed_patients=np.array([9_000.0, 6_000.0, 5_000.0]),
        adjacency=~np.eye(3, dtype=bool),
        between_practices=np.zeros((3, 3)),
        vulnerable=np.array([False, True, True]),
    )


def under(problem: GroupingProblem, loss_of: str, keeps_share: float = 0.0, minimum: int = 10_000) -> GroupingProblem:
    problem = ruled(problem, "size", minimum_urban=minimum, minimum_rural=minimum)
    return ruled(problem, "resilience", loss_of=loss_of, keeps_share=keeps_share)


def fragile_of(problem: GroupingProblem) -> dict[tuple[int, ...], int]:
    listed = list_candidates(problem)
    values = criterion(problem, listed, "fragile")
    return {listed.group(j): int(values[j]) for j in range(len(listed))}


def test_the_patients_of_groups_that_would_fall_below_their_minimum_worked_by_hand() -> None:
    # Of 15,000 are left 9,000; of 14,000 9,000; of 11,000 5,000; of all 20,000 14,000. Who is alone keeps nobody.
    vulnerable = {(0,): 0, (1,): 6_000, (2,): 5_000, (0, 1): 15_000, (0, 2): 14_000, (1, 2): 11_000, (0, 1, 2): 0}
    assert fragile_of(under(of_three(), "vulnerable")) == vulnerable
    # The largest of any: of 15,000 are left 6,000, of 14,000 5,000, of all 11,000; the first by itself keeps nobody.
    assert fragile_of(under(of_three(), "any")) == vulnerable | {(0,): 9_000}
    assert set(fragile_of(under(of_three(), "any", minimum=11_000)).values()) > {0}
    assert fragile_of(under(of_three(), "any", minimum=11_001))[0, 1, 2] == 20_000
    assert set(fragile_of(under(of_three(), "any", minimum=0)).values()) == {0}
    assert set(fragile_of(under(replace(of_three(), vulnerable=None), "vulnerable")).values()) == {0}


@pytest.mark.parametrize(
    ("loss_of", "keeps_share", "gone"),
    [
        ("vulnerable", 0.5, set()),
        ("vulnerable", 0.9, {(1, 2)}),
        ("vulnerable", 0.900_001, {(1, 2), (0, 1), (0, 2)}),
        ("any", 0.5, set()),
        ("any", 0.500_001, {(0, 2), (1, 2)}),
        ("any", 0.6, {(0, 2), (1, 2)}),
        ("any", 0.600_001, {(0, 1), (0, 2), (1, 2)}),
        ("any", 1.0, {(0, 1), (0, 2), (1, 2)}),
    ],
)
def test_groups_left_with_too_little_are_no_candidates(loss_of: str, keeps_share: float, gone: set) -> None:
    """Practices alone are below 10,000 here: exceptions, which are not asked."""
    every = set(fragile_of(under(of_three(), loss_of)))
    problem = under(of_three(), loss_of, keeps_share)
    assert every - set(fragile_of(problem)) == gone
    reasons = list_candidates(problem).left_out
    whose = "largest vulnerable practice" if loss_of == "vulnerable" else "largest practice"
    assert reasons.get(f"too few patients are left without its {whose}", 0) == len(gone)


def test_who_is_not_asked_what_is_left() -> None:
    """A practice alone at its minimum is; one above the largest size, a locked group and a granted one are not."""
    asked = under(of_three(), "any", 1.0, minimum=9_000)
    assert (0,) not in set(fragile_of(asked))
    assert (0,) in set(fragile_of(ruled(asked, "size", hard_maximum=8_999)))
    assert (0,) in set(fragile_of(replace(asked, decided=Decided(locked=(LockedGroup((0,)),)))))
    granted = replace(under(of_three(), "any", 1.0, minimum=15_001), decided=Decided(granted=(((0, 1), "agreed"),)))
    assert (0, 1) in set(fragile_of(granted))
