from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from benchmarks.made_up import made_up_problem
from geodata.errors import NoPlan
from grouping.near import near_plans
from grouping.optimise import solve_partition
from grouping.options import different_share, find_options
from grouping.problem import Decided, GroupingProblem, LockedGroup
from grouping.result import OptionPlan
from tests.grouping.brute_force import all_plans, random_problem
from tests.grouping.test_rules_bind import road


def groups(option: OptionPlan) -> list[tuple[str, ...]]:
    return [group.members for group in option.plan.groups]


def share(problem: GroupingProblem, one: list[tuple[int, ...]], other: list[tuple[int, ...]]) -> float:
    """Patients whose companions differ, from the definition."""
    changed = 0
    for p, patients in enumerate(problem.list_size):
        mine = next(set(group) for group in one if p in group)
        theirs = next(set(group) for group in other if p in group)
        changed += int(patients) if mine != theirs else 0
    return changed / int(problem.list_size.sum())


@pytest.fixture(scope="module")
def county() -> GroupingProblem:
    return made_up_problem(3, practices=60)


@pytest.fixture(scope="module")
def five(county: GroupingProblem) -> tuple[OptionPlan, ...]:
    return find_options(county, count=5)[0]


def test_five_options_differ_pairwise_inside_their_band(county: GroupingProblem, five: tuple[OptionPlan, ...]) -> None:
    assert [option.option_id for option in five] == [f"option-{n}" for n in range(1, 6)]
    for one, other in combinations(five, 2):
        assert different_share(county, groups(one), groups(other)) >= 0.10
    assert [option.objective for option in five] == sorted(option.objective for option in five)
    for option in five[1:]:
        assert not option.similar
        assert option.band is not None
        assert 0 <= option.behind_best <= option.band
        assert option.objective == pytest.approx(five[0].objective * (1 + option.behind_best))
        assert option.different_from_best == pytest.approx(different_share(county, groups(option), groups(five[0])))


def test_options_differ_by_much_more_than_they_must(county: GroupingProblem, five: tuple[OptionPlan, ...]) -> None:
    """The set is spread out: not five plans that just pass as different."""
    smallest = min(different_share(county, groups(one), groups(other)) for one, other in combinations(five, 2))
    assert smallest >= 0.4


def test_plans_nearly_as_good_are_used_for_options(county: GroupingProblem, five: tuple[OptionPlan, ...]) -> None:
    solution = solve_partition(county)
    near = near_plans(solution, 0.01, at_most=2_000)
    options, _ = find_options(county, count=5, solution=solution, near=near)
    assert options[0] == five[0]
    assert all(option.band == 0.02 and option.behind_best <= 0.02 for option in options[1:])

    def smallest(found: tuple[OptionPlan, ...]) -> float:
        return min(different_share(county, groups(one), groups(other)) for one, other in combinations(found, 2))

    assert smallest(options) >= smallest(five) - 0.02  # more to choose from; the searches that follow may go other ways


def test_options_repeat_exactly(county: GroupingProblem, five: tuple[OptionPlan, ...]) -> None:
    again, report = find_options(county, count=5, seed=7)
    assert again == five
    assert report.status == "optimal"
    assert report.gap == 0
    assert report.candidates > report.columns > 0
    assert set(report.seconds) >= {"listing", "shortfall", "exceptions", "score", "options"}
    assert any("linear relaxation" in line for line in report.explanation)


def test_small_problems_give_every_plan_there_is() -> None:
    """With few plans: different ones first, then similar ones, and fewer only when there are no more."""
    checked = 0
    for seed in range(60):
        problem = random_problem(seed, 6)
        plans = all_plans(problem)
        if not plans:
            with pytest.raises(NoPlan):
                find_options(problem, count=3)
            continue
        equal = [plan for plan in plans if plan[0][:2] == plans[0][0][:2]]
        options, report = find_options(problem, count=4)
        assert len(options) == min(4, len(equal))
        assert len({tuple(groups(option)) for option in options}) == len(options)
        if len(options) < 4:
            checked += 1
            assert any("no further plan" in line for line in report.explanation)
        number = {code: p for p, code in enumerate(problem.practice_codes)}
        as_numbers = [[tuple(number[code] for code in group) for group in groups(option)] for option in options]
        for n, option in enumerate(options[1:], start=1):
            before = as_numbers[:n]
            limit = 1.10 * plans[0][0][2] + 1e-9
            different = [
                value
                for value, plan in equal
                if value[2] <= limit and all(share(problem, plan, other) >= 0.10 - 1e-12 for other in before)
            ]
            assert option.similar == (not different)
            if option.similar:
                rest = [value[2] for value, plan in equal if sorted(plan) not in [sorted(other) for other in before]]
                assert option.objective == pytest.approx(min(rest), abs=2e-6)
            else:
                assert option.band is not None
                narrowest = min(different)[2] / plans[0][0][2] - 1
                bands = [band for band in (0.02, 0.05, 0.10) if band >= narrowest - 1e-6]
                assert option.band <= bands[0] + 1e-9
    assert checked > 5


def test_wider_bands_and_shares_come_from_the_rules(county: GroupingProblem) -> None:
    rules = county.rules.model_copy(
        update={"options": county.rules.options.model_copy(update={"different_share": 0.9, "bands": (0.03,)})}
    )
    options, _ = find_options(replace(county, rules=rules), count=2)
    second = options[1]
    assert second.similar or (second.different_from_best >= 0.9 and second.behind_best <= 0.03)


def test_progress_is_told(county: GroupingProblem) -> None:
    told: list[tuple[str, str]] = []
    find_options(county, count=2, progress=lambda stage, detail: told.append((stage, detail)))
    assert {stage for stage, _ in told} >= {"listing", "score", "options"}


def test_a_time_limit_keeps_what_was_found(county: GroupingProblem) -> None:
    options, report = find_options(county, count=5, time_limit=0.3)
    assert options
    assert report.status in {"optimal", "feasible"}
    assert options[0].plan.practice_codes == county.practice_codes


@pytest.mark.parametrize("count", [2, 3])
def test_fewer_plans_than_asked_end_with_a_proof(count: int) -> None:
    """Where no further plan exists, looking for one ends with a proof, not with a crash."""
    tried = 0
    for seed in range(12):
        problem = random_problem(seed, count)
        plans = all_plans(problem)
        if not plans:
            continue
        least = min(value[:2] for value, _ in plans)
        as_good = sum(value[:2] == least for value, _ in plans)
        options, report = find_options(problem, count=5)
        assert len(options) == as_good
        assert any("proven, only" in line for line in report.explanation)
        tried += 1
    assert tried >= 3


def test_the_share_that_differs_is_of_all_patients(county: GroupingProblem) -> None:
    first, second, third = county.practice_codes[:3]
    size = dict(zip(county.practice_codes, county.list_size.tolist(), strict=True))
    same = different_share(county, [(first, second), (third,)], [(second, first)])
    assert same == pytest.approx(1 - (size[first] + size[second]) / sum(size.values()))


def test_a_plan_that_misses_the_share_by_half_a_patient_is_only_similar() -> None:
    """Two practices stay together whatever else is done, so no plan changes more than the others' patients."""
    problem = road((0, 1, 10, 11, 12, 13), (10_001, 10_000, 10_000, 10_001, 10_000, 10_000))
    problem = replace(problem, decided=Decided(locked=(LockedGroup((0, 1)),)))
    patients = int(problem.list_size.sum())
    widest = patients - 20_001
    for beyond, similar in ((0.0, False), (0.5, True)):
        options = {"different_share": (widest + beyond) / patients, "bands": (9.0,)}
        rules = problem.rules.model_copy(update={"options": problem.rules.options.model_copy(update=options)})
        found, _ = find_options(replace(problem, rules=rules), count=2)
        assert [option.similar for option in found] == [False, similar]
