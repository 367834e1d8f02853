"""Why there is no plan: the conflict is one, none is smaller, and every relaxation is the least that does."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from geodata.errors import NoPlan
from grouping.candidates import list_candidates
from grouping.cli import app
from grouping.conflict import Conflict, explain_conflict, why_not
from grouping.conflict.listing import universe_of
from grouping.conflict.plans import FEWER, NUMERIC, Plans
from grouping.conflict.rules import RuleInForce, loosened, rules_in_force
from grouping.conflict.search import OutOfTime, smallest_conflict, smallest_hitting_set
from grouping.optimise import solve_partition
from grouping.partition.clock import Clock
from grouping.pipeline import run_case
from grouping.problem import Decided, GroupingProblem, LockedGroup
from tests.grouping.brute_force import Definitions, mixed_problem
from tests.small_case import write_small_case

COUNT = 6
SMALLEST_MAXIMUM = 9_000
"""No maximum of a mixed problem is smaller."""

NO_PLAN = (0, 5, 10, 13, 15, 19, 20, 28, 29, 38, 47, 49)
"""Seeds whose mixtures of rules leave no plan, for many different reasons."""


def leaves_a_plan(problem: GroupingProblem) -> bool:
    """Whether any partition obeys the rules, by the second statement of the definitions."""
    definitions, everybody = Definitions(problem), frozenset(range(len(problem.practice_codes)))
    budget = problem.rules.hub.budget

    def grow(left: frozenset[int], worths: list) -> bool:
        if not left:
            return definitions.plan_allowed(worths)
        first, rest = min(left), sorted(left - {min(left)})
        for length in range(len(rest) + 1):
            for others in itertools.combinations(rest, length):
                group = (first, *others)
                found = definitions.worths(group)
                if found:
                    best = min(found, key=lambda worth: worth.pounds) if budget else found[0]
                    if grow(left - set(group), [*worths, best]):
                        return True
        return False

    return grow(everybody, [])


def without(problem: GroupingProblem, rules: tuple[RuleInForce, ...], kept: tuple[int, ...]) -> GroupingProblem:
    """The problem with only these of its rules."""
    for number, rule in enumerate(rules):
        if number not in kept:
            problem = loosened(problem, rule)
    return problem


def ruled(problem: GroupingProblem, section: str, **values: object) -> GroupingProblem:
    changed = getattr(problem.rules, section).model_copy(update=values)
    return replace(problem, rules=problem.rules.model_copy(update={section: changed}))


def line_of_towns(sizes: tuple[int, ...], minutes: float = 10.0) -> GroupingProblem:
    """Practices along a road, neighbours `minutes` apart, one site each; all urban, exceptions forbidden."""
    count = len(sizes)
    place = np.arange(count) * minutes
    apart = np.abs(place[:, None] - place)
    lists = np.array(sizes, np.int64)
    problem = mixed_problem(1, 5)
    plain = problem.rules.model_validate(
        {"name": "plain", "version": "1", "title": "plain", "exceptions": {"policy": "forbidden"}}
    )
    return replace(
        problem,
        practice_codes=tuple(f"P{i:02d}" for i in range(count)),
        list_size=lists,
        rural_patients=np.zeros(count),
        timed_patients=lists.astype(float),
        patient_minutes=(apart + 1) * lists[:, None],
        site_codes=tuple(f"S{i:02d}" for i in range(count)),
        site_owner=np.arange(count),
        hub_allowed=np.ones(count, bool),
        practice_to_site=apart,
        between_practices=apart,
        adjacency=apart == minutes,
        locality=("",) * count,
        current_group=("",) * count,
        keep_together=("",) * count,
        vulnerable=None,
        clinical_system=None,
        hub_cost=None,
        decided=Decided(),
        rules=plain,
    )


# ----------------------------------------------------------------------------------------------- which rules allow what


@pytest.mark.parametrize("seed", range(25))
def test_a_choice_of_rules_allows_what_the_optimiser_lists_under_it(seed: int) -> None:
    problem = mixed_problem(seed, 7)
    rules = rules_in_force(problem)
    universe = universe_of(problem, rules)
    assert universe.remarks == ()
    rng = np.random.default_rng(seed)
    for share in (1.0, 0.9, 0.6, 0.3):
        kept = tuple(int(n) for n in np.flatnonzero(rng.random(len(rules)) <= share))
        chosen = without(problem, rules, kept)
        if oversize_needs_company(chosen):
            continue
        listed = list_candidates(chosen)
        wanted = {listed.group(j) for j in range(len(listed)) if not _forbidden(chosen, listed, j)}
        ok, _ = universe.allowed(frozenset(kept))
        assert {universe.listed.group(int(j)) for j in np.flatnonzero(ok)} == wanted


def _forbidden(problem: GroupingProblem, listed: object, j: int) -> bool:
    return problem.rules.exceptions.limit == 0 and bool(listed.exception[j])


def oversize_needs_company(problem: GroupingProblem) -> bool:
    """A practice above the maximum may stand alone whatever two other rules say: not once the maximum is raised."""
    largest = max(Definitions(problem).maximum((p,)) for p in range(len(problem.practice_codes)))
    loss = problem.rules.resilience.keeps_share > 0 and (problem.list_size > min(largest, SMALLEST_MAXIMUM)).any()
    return problem.rules.size.fewest_practices > 1 or bool(loss)


def test_groups_too_many_to_list_are_left_out_and_told() -> None:
    problem = line_of_towns((9_000,) * 12)
    rules = rules_in_force(problem)
    whole = universe_of(problem, rules)
    assert len(whole) == 2**12 - 1
    part = universe_of(problem, rules, at_most=80)
    assert len(part) <= 80
    assert part.remarks
    kept = frozenset(range(len(rules)))
    every = {whole.listed.group(int(j)) for j in np.flatnonzero(whole.allowed(kept)[0])}
    assert {part.listed.group(int(j)) for j in np.flatnonzero(part.allowed(kept)[0])} == every


# ------------------------------------------------------------------------------------------------ the smallest conflict


@pytest.mark.parametrize("seed", NO_PLAN)
def test_the_conflict_is_one_and_no_smaller_set_of_rules_is(seed: int) -> None:
    problem = mixed_problem(seed, COUNT)
    rules = rules_in_force(problem)
    assert not leaves_a_plan(problem)
    assert not oversize_needs_company(problem)
    plans = Plans(universe_of(problem, rules), Clock())
    found = smallest_conflict(range(len(rules)), plans.fulfilled)
    assert found.proven
    assert not leaves_a_plan(without(problem, rules, found.members))
    for smaller in itertools.combinations(range(len(rules)), len(found.members) - 1):
        assert leaves_a_plan(without(problem, rules, smaller))


@pytest.mark.parametrize("seed", NO_PLAN)
def test_each_relaxation_leaves_a_plan_and_a_smaller_one_does_not(seed: int) -> None:
    problem = mixed_problem(seed, COUNT)
    conflict = explain_conflict(problem, seconds=None)
    assert conflict.smallest
    assert conflict.irreducible
    rules = {(rule.key, rule.label): rule for rule in rules_in_force(problem)}
    assert len(conflict.relaxations) == len(conflict.rules)
    for one in conflict.relaxations:
        same = [rule for rule in rules.values() if rule.key == one.rule]
        assert one.exact
        if len(same) == 1:
            check_relaxation(problem, same[0], one)


def check_relaxation(problem: GroupingProblem, rule: RuleInForce, one: object) -> None:
    if not one.restores:
        assert not leaves_a_plan(loosened(problem, rule))
        assert one.plan is None
        return
    relaxed = loosened(problem, rule, one.after)
    assert leaves_a_plan(relaxed)
    solution = solve_partition(relaxed)
    assert (one.plan.groups, one.plan.shortfall) == (len(solution.plan.groups), solution.shortfall)
    assert one.plan.score == pytest.approx(solution.objective, abs=1e-4)
    if rule.key in NUMERIC and one.after is None:  # a pair that no road joins: no number is large enough
        assert not leaves_a_plan(loosened(problem, rule, 10**6))
    elif rule.key in NUMERIC:
        assert not leaves_a_plan(loosened(problem, rule, one_step_back(rule, one.after)))


def one_step_back(rule: RuleInForce, value: float) -> float:
    """The next stricter value one would write: a patient, a practice, a tenth of a minute, a thousandth of a share."""
    step = 0.1 if rule.key.startswith(("access.", "contiguity.")) else 0.001 if "share" in rule.key else 1
    return value + step if rule.key in FEWER else round(value - step, 6)


LOST = (2, 22, 50, 59, 91, 109, 135, 160, 189, 203, 211, 277, 329, 347)
"""Seeds whose mixtures leave a plan until a loss must leave a group something: with exceptions and without."""


def asking_for_what_is_left(seed: int) -> GroupingProblem:
    problem = mixed_problem(seed, COUNT)
    return ruled(
        problem, "resilience", keeps_share=(0.5, 0.8, 1.0)[seed % 3], loss_of="any" if seed % 2 else "vulnerable"
    )


@pytest.mark.parametrize("seed", LOST)
def test_what_must_be_left_after_a_loss_is_named_and_relaxed_by_as_little_as_does(seed: int) -> None:
    problem = asking_for_what_is_left(seed)
    assert leaves_a_plan(ruled(problem, "resilience", keeps_share=0.0))
    assert not leaves_a_plan(problem)
    conflict = explain_conflict(problem, seconds=None)
    rules = rules_in_force(problem)
    for one in conflict.relaxations:
        same = [rule for rule in rules if rule.key == one.rule]
        if len(same) == 1 and one.exact:
            check_relaxation(problem, same[0], one)
        elif len(same) == 1:  # a minimum, lowered: whether less would do is not claimed where exceptions are allowed
            assert one.rule.startswith("size.")
            assert problem.rules.exceptions.limit != 0
            assert leaves_a_plan(loosened(problem, same[0], one.after))
    (told,) = [one for one in conflict.relaxations if one.rule == "resilience.keeps_share"]
    assert told.restores
    assert told.exact
    assert told.setting == ("[rules.override.resilience]", f"keeps_share = {told.after:.12g}")


def test_a_group_that_leans_on_one_practice_by_hand() -> None:
    """Of 32,000 patients 12,000 are left without the first practice, which is 40% of the minimum of 30,000."""
    problem = replace(line_of_towns((20_000, 12_000)), vulnerable=np.array([True, False]))
    problem = ruled(problem, "resilience", keeps_share=0.75)
    conflict = explain_conflict(problem, names={"P00": "Harbour"}, seconds=None)
    by_rule = {one.rule: one for one in conflict.relaxations}
    told = by_rule["resilience.keeps_share"]
    assert told.after == 0.4
    assert told.sentence == (
        "Lower the share of its minimum that a group must be left with without its largest vulnerable practice from "
        "75.0% to 40.0%."
    )
    assert told.plan.concerned == (
        "Harbour (P00) and P01: without the largest vulnerable practice among them 12,000 patients are left, 40.0% of "
        "the minimum of 30,000 (limit 75%).",
    )
    assert by_rule["size.minimum_urban"].after == 16_000
    assert by_rule["exceptions"].after == 2  # each by itself
    assert any(
        "A group must be left with at least 75% of its minimum without its largest vulnerable practice" in line
        for line in conflict.text
    )


@pytest.mark.parametrize("seed", NO_PLAN)
def test_the_practices_cannot_be_placed_and_any_fewer_can(seed: int) -> None:
    problem = mixed_problem(seed, COUNT)
    conflict = explain_conflict(problem, seconds=None)
    assert conflict.practices_smallest
    here = tuple(problem.practice_codes.index(code) for code in conflict.practices)
    assert not can_be_placed(problem, here)
    for fewer in itertools.combinations(range(COUNT), len(here) - 1):
        assert can_be_placed(problem, fewer)


def can_be_placed(problem: GroupingProblem, wanted: tuple[int, ...]) -> bool:
    """Whether disjoint allowed groups hold all of these, others being left out; no rule on the plan is broken."""
    definitions = Definitions(problem)
    fewest = problem.rules.groups.fewest
    lenient = ruled(problem, "groups", fewest=0)
    whole = Definitions(lenient)

    def grow(todo: frozenset[int], free: frozenset[int], worths: list) -> bool:
        if not whole.plan_allowed(worths):
            return False
        if not todo:
            return len(worths) + len(free) >= fewest
        first = min(todo)
        for length in range(len(free)):
            for others in itertools.combinations(sorted(free - {first}), length):
                group = tuple(sorted((first, *others)))
                found = definitions.worths(group)
                if found:
                    best = min(found, key=lambda worth: worth.pounds)
                    if grow(todo - set(group), free - set(group), [*worths, best]):
                        return True
        return False

    return grow(frozenset(wanted), frozenset(range(COUNT)), [])


def test_there_is_nothing_to_explain_where_there_is_a_plan() -> None:
    assert explain_conflict(line_of_towns((30_000, 30_000))) is None


# ---------------------------------------------------------------------------------------------------- a case by hand


def test_a_far_corner_by_hand() -> None:
    """Two towns of 20,000 make a group; the third, 10 minutes on with 12,000, is 20 minutes from the first."""
    problem = ruled(line_of_towns((20_000, 20_000, 12_000)), "access", max_minutes_between_members=15.0)
    problem = replace(problem, decided=Decided(apart=((1, 2),)))
    names = {"P00": "Harbour", "P02": "Far End"}
    conflict = explain_conflict(problem, names=names, seconds=None)
    assert {rule.rule for rule in conflict.rules} <= {
        "exceptions", "size.minimum_urban", "access.max_minutes_between_members", "decision", "contiguity.rule",
    }  # fmt: skip
    assert conflict.practices == ("P02",)
    by_rule = {one.rule: one for one in conflict.relaxations}
    assert by_rule["size.minimum_urban"].after == 12_000
    assert by_rule["exceptions"].after == 1
    assert by_rule["exceptions"].plan.grants == (("P02",),)
    assert "Far End (P02) has 12,000 patients, 18,000 short" in by_rule["exceptions"].plan.concerned[0]
    assert "Far End (P02)" in "\n".join(conflict.text)


def test_minutes_are_told_rounded_up_and_as_one_writes_them() -> None:
    problem = ruled(line_of_towns((16_000, 9_000, 9_000), minutes=10.123), "access", max_minutes_between_members=15.0)
    conflict = explain_conflict(problem, seconds=None)
    one = next(r for r in conflict.relaxations if r.rule == "access.max_minutes_between_members")
    assert one.after == 20.3
    assert one.exact
    assert one.setting == ("[rules.override.access]", "max_minutes_between_members = 20.3")
    assert "from 15 minutes to 20.3 minutes" in one.sentence
    assert leaves_a_plan(ruled(problem, "access", max_minutes_between_members=20.3))
    assert not leaves_a_plan(ruled(problem, "access", max_minutes_between_members=20.2))


def test_more_groups_asked_for_than_there_are_practices() -> None:
    problem = ruled(line_of_towns((40_000, 40_000, 40_000)), "groups", fewest=500)
    conflict = explain_conflict(problem, seconds=None)
    (one,) = [told for told in conflict.relaxations if told.restores]
    assert (one.rule, one.after) == ("groups.fewest", 3)


def test_rules_that_only_two_changes_would_mend_say_so() -> None:
    problem = line_of_towns((40_000, 10_000, 40_000))
    problem = ruled(ruled(problem, "size", hard_maximum=45_000), "access", max_minutes_between_members=5.0)
    conflict = explain_conflict(problem, seconds=None)
    told = {one.rule: one for one in conflict.relaxations}
    (alone,) = [one for one in told.values() if not one.restores]
    assert alone.rule in {"size.hard_maximum", "access.max_minutes_between_members"}
    assert "alone, however much, leaves no plan" in alone.sentence
    assert told["size.minimum_urban"].after == 10_000


def test_the_table_of_sites_tells_the_rules_on_hubs_apart() -> None:
    problem = ruled(line_of_towns((30_000, 30_000)), "hub", kinds=("branch",), minimum_floor_area_m2=500.0)
    problem = replace(problem, hub_allowed=np.array([False, False]))
    sites = pd.DataFrame(
        {"practice_code": ["P00", "P01"], "kind": ["main", "branch"], "floor_area_m2": [800.0, 320.0]},
        index=list(problem.site_codes),
    )
    conflict = explain_conflict(problem, sites=sites, seconds=None)
    assert {rule.rule for rule in conflict.rules} == {"hub.kinds", "hub.minimum_floor_area_m2"}
    told = {one.rule: one for one in conflict.relaxations}
    assert "from 500 to 320 square metres" in told["hub.minimum_floor_area_m2"].sentence
    assert "kind main" in told["hub.kinds"].sentence
    assert told["hub.kinds"].setting == ("[rules.override.hub]", 'kinds = ["branch", "main"]')


def test_a_decision_and_a_tag_can_be_the_conflict() -> None:
    problem = replace(line_of_towns((30_000, 30_000)), keep_together=("x", "x"), decided=Decided(apart=((0, 1),)))
    conflict = explain_conflict(problem, seconds=None)
    assert [rule.rule for rule in conflict.rules] == ["keep_together", "decision"]
    assert all(one.restores for one in conflict.relaxations)
    assert any("Take back decision 1" in line for line in conflict.text)


def test_out_of_time_still_gives_a_true_conflict_and_says_what_is_not_proven() -> None:
    problem = mixed_problem(NO_PLAN[0], COUNT)
    rules = rules_in_force(problem)
    plans = Plans(universe_of(problem, rules), Clock())
    asked = []

    def impatient(kept: frozenset[int]) -> frozenset[int] | None:
        asked.append(kept)
        if len(asked) > 4:
            raise OutOfTime
        return plans.fulfilled(kept)

    found = smallest_conflict(range(len(rules)), impatient)
    assert not found.proven
    assert not leaves_a_plan(without(problem, rules, found.members))


def test_same_question_same_answer() -> None:
    problem = mixed_problem(NO_PLAN[3], COUNT)
    first, again = (explain_conflict(problem, seconds=None) for _ in range(2))
    assert isinstance(first, Conflict)
    assert first == again


# ------------------------------------------------------------------------------------------------------- hitting sets


@settings(max_examples=150, deadline=None)
@given(st.lists(st.frozensets(st.integers(0, 6), min_size=1, max_size=4), min_size=1, max_size=6))
def test_smallest_conflicts_of_any_shape(wrong: list[frozenset[int]]) -> None:
    """Any set that holds one of `wrong` cannot be had; the smallest of these is found and proven."""

    def oracle(wish: frozenset[int]) -> frozenset[int] | None:
        return None if any(one <= wish for one in wrong) else wish

    found = smallest_conflict(range(7), oracle)
    assert found.proven
    assert any(one <= set(found.members) for one in wrong)
    assert len(found.members) == min(len(one) for one in wrong)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.frozensets(st.integers(0, 7), min_size=1, max_size=4), max_size=7))
def test_hitting_sets_hit_and_are_smallest(sets: list[frozenset[int]]) -> None:
    found = set(smallest_hitting_set(sets))
    assert all(found & one for one in sets)
    for fewer in itertools.combinations(range(8), max(len(found) - 1, 0)):
        assert not found or not all(set(fewer) & one for one in sets)


# --------------------------------------------------------------------------------------------------- why not a group


@pytest.mark.parametrize("seed", range(30))
def test_a_group_breaks_something_just_when_it_is_no_candidate(seed: int) -> None:
    problem = ruled(mixed_problem(seed, COUNT), "exceptions", policy="forbidden", at_most=-1)
    definitions = Definitions(problem)
    for length in (1, 2, 3, COUNT):
        for group in itertools.combinations(range(COUNT), length):
            worths = definitions.worths(group)
            standing = any(group == lock.members for lock in problem.decided.locked)
            fine = bool(worths) and (standing or worths[0].criteria["shortfall"] == 0)
            breaches = why_not(problem, [problem.practice_codes[p] for p in group])
            assert (not breaches) == fine
            assert all(breach.sentence.endswith((".", "]")) for breach in breaches)


def test_why_is_told_on_the_command_line(tmp_path: Path) -> None:
    write_small_case(tmp_path)
    call = CliRunner().invoke
    done = call(app, ["explore", "why", str(tmp_path), "x00006"])
    assert done.exit_code == 0
    assert "Orchard Practice (X00006) has 9,000 patients, 11,000 short of the 20,000" in done.stdout
    assert "Exceptions are allowed" in done.stdout
    done = call(app, ["explore", "why", str(tmp_path), "X00001", "X00002", "--json"])
    assert json.loads(done.stdout)["breaks"] == []
    done = call(app, ["explore", "why", str(tmp_path), "X0006"])
    assert done.exit_code == 1
    assert "X00006" in done.stderr


def test_no_plan_is_explained_on_the_command_line(tmp_path: Path) -> None:
    write_small_case(tmp_path)
    strict = '[rules.override.exceptions]\npolicy = "forbidden"\n[rules.override.size]\nminimum_rural = 30000\n'
    text = (tmp_path / "case.toml").read_text(encoding="utf-8").replace("[roads]", f"{strict}[roads]")
    (tmp_path / "case.toml").write_text(text, encoding="utf-8")
    with (tmp_path / "case.toml").open("a", encoding="utf-8") as handle:
        handle.write('\n[rules.override.locality]\nrule = "inside"\n')
    done = CliRunner().invoke(app, ["run", str(tmp_path), "--out", str(tmp_path / "run"), "--json"])
    assert done.exit_code == 1
    record = json.loads(done.stdout)
    assert record["problems"][0]["code"] == "no-plan"
    assert {rule["rule"] for rule in record["conflict"]["rules"]} >= {"exceptions", "size.minimum_rural"}
    for line in record["conflict"]["text"]:
        assert line in done.stderr
    assert not (tmp_path / "run").exists()


def test_why_a_town_cannot_stand_alone() -> None:
    problem = ruled(line_of_towns((18_000, 20_000)), "exceptions", policy="allowed")
    (breach,) = why_not(problem, ["P00"], names={"P00": "Bridge Port"})
    assert breach.rule == "size.minimum_urban"
    assert breach.sentence == (
        "Bridge Port (P00) has 18,000 patients, 12,000 short of the 30,000 that an urban group needs."
    )


# ------------------------------------------------------------------------------------------------------ from a folder


def test_a_run_without_a_plan_carries_its_explanation(tmp_path: Path) -> None:
    write_small_case(tmp_path)
    text = (tmp_path / "case.toml").read_text(encoding="utf-8")
    strict = '[rules.override.exceptions]\npolicy = "forbidden"\n[rules.override.size]\nminimum_rural = 25000\n'
    decided = '[[rules.decisions]]\nkind = "apart"\npractices = ["X00005", "X00006", "X00007", "X00008"]\n'
    (tmp_path / "case.toml").write_text(text.replace("[roads]", f"{strict}{decided}[roads]"), encoding="utf-8")
    with pytest.raises(NoPlan) as caught:
        run_case(tmp_path)
    conflict = caught.value.conflict
    assert conflict.rules
    assert "Orchard Practice (X00006)" in "\n".join(conflict.text)
    assert any("[decision 1]" in rule.sentence for rule in conflict.rules)


def test_of_two_locked_groups_that_overlap_neither_stands_against_the_other() -> None:
    locked = (LockedGroup((0, 1), 0, "one"), LockedGroup((1,), 1, "other"))
    problem = replace(line_of_towns((30_000, 30_000)), decided=Decided(locked=locked))
    found = explain_conflict(problem, seconds=None)
    assert found is not None
    assert {rule.rule for rule in found.rules} == {"decision"}
    assert all(one.restores for one in found.relaxations)


def test_a_conflict_with_an_open_question_is_not_called_irreducible() -> None:
    """Only 0 and 1 together cannot be had; whether 1 can be had without 0 is not answered in time."""

    def oracle(wanted: frozenset[int]) -> frozenset[int] | None:
        if not wanted or wanted == {1}:
            raise OutOfTime
        return None if {0, 1} <= wanted else wanted

    found = smallest_conflict(range(3), oracle)
    assert {0, 1} <= set(found.members)
    assert not found.proven
    assert not found.irreducible


def test_a_conflict_found_by_leaving_out_is_irreducible_and_not_called_the_smallest() -> None:
    def oracle(wanted: frozenset[int]) -> frozenset[int] | None:
        if not wanted:
            raise OutOfTime
        return None if {0, 1} <= wanted else wanted

    found = smallest_conflict(range(3), oracle)
    assert found.members == (0, 1)
    assert found.irreducible
    assert not found.proven


def test_the_least_limit_to_the_hub_counts_only_hubs_the_budget_can_pay() -> None:
    """The hub six minutes away costs too much; the one the budget can pay is nine minutes away."""
    problem = line_of_towns((20_000, 20_000))
    minutes = problem.patient_minutes.copy()
    minutes[:, 1] += 3 * problem.list_size
    problem = replace(problem, patient_minutes=minutes, hub_cost=np.array([100.0, 10.0]))
    problem = ruled(ruled(problem, "hub", budget=50.0), "access", max_mean_minutes_to_hub=5.0)
    conflict = explain_conflict(problem)
    assert conflict is not None
    change = next(one for one in conflict.relaxations if one.rule == "access.max_mean_minutes_to_hub")
    assert (change.restores, change.after) == (True, 9.0)
    assert change.plan is not None
    assert not leaves_a_plan(ruled(problem, "access", max_mean_minutes_to_hub=8.9))
    assert leaves_a_plan(ruled(problem, "access", max_mean_minutes_to_hub=9.0))
