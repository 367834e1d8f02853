"""The chain of proof in words: its figures are those of the certificate, and only what is proven is called so."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from benchmarks.made_up import made_up_problem
from grouping.explain import explain, explanation_of
from grouping.optimise import Solution, solve_partition
from grouping.partition.clock import Clock
from grouping.problem import GroupingProblem


@pytest.fixture(scope="module")
def problem() -> GroupingProblem:
    return made_up_problem(2, practices=60)


@pytest.fixture(scope="module")
def solution(problem: GroupingProblem) -> Solution:
    return solve_partition(problem)


def test_it_says_what_was_listed_and_what_is_proven(solution: Solution) -> None:
    text = " ".join(solution.explanation)
    assert f"{len(solution.candidates):,} groups obey the rules" in text
    assert f"Score with what came before held at its best: {solution.objective:.6f} minutes per patient" in text
    assert "no better plan, whoever looks for one" in text
    assert "ot proven" not in text
    assert len(solution.explanation) >= 5


def test_every_stage_has_its_sentence(solution: Solution) -> None:
    told = explanation_of(solution.certificate)
    assert told == solution.explanation
    for start in ("atients missing to the minimums", "roups below their minimum"):
        assert any(start in line for line in told)


def test_what_was_left_out_is_said_with_the_reason(solution: Solution) -> None:
    certificate = solution.certificate | {"left_out": {"no site of its practices can be the hub": 1234}}
    text = " ".join(explanation_of(certificate))
    assert "1,234 because no site of its practices can be the hub" in text


def test_limits_on_the_plan_are_named(problem: GroupingProblem) -> None:
    groups = problem.rules.groups.model_copy(update={"most": 40})
    limited = solve_partition(replace(problem, rules=problem.rules.model_copy(update={"groups": groups})))
    assert any("most groups (40)" in line for line in limited.explanation)


def test_limits_on_the_plan_have_the_units_of_the_rules(problem: GroupingProblem) -> None:
    """Inside, a budget is counted in pence, and a least number of groups stands with a minus."""
    certificate = solve_partition(problem).certificate
    rows = [{"name": "hub_budget", "limit": 750_050}, {"name": "fewest_groups", "limit": -12}]
    text = " ".join(explanation_of({**certificate, "limits_on_the_plan": rows}))
    assert "hub budget (£7,500.50), fewest groups (12)." in text


def test_a_search_cut_short_does_not_claim_a_proof(problem: GroupingProblem) -> None:
    cut = solve_partition(problem, clock=Clock(0.0))
    text = " ".join(cut.explanation)
    assert "The time limit ended the search" in text
    assert "Not proven" in text
    assert "no better plan" not in text
    stopped = Clock()
    stopped.stop()
    text = " ".join(solve_partition(problem, clock=stopped).explanation)
    assert "The search was stopped by hand" in text


def test_any_order_is_said_in_words(problem: GroupingProblem) -> None:
    order = ("groups", "shortfall", "exceptions", "longest_practice", "score", "split_locality")
    objective = problem.rules.objective.model_copy(update={"order": order})
    solution = solve_partition(replace(problem, rules=problem.rules.model_copy(update={"objective": objective})))
    text = " ".join(solution.explanation)
    assert f"Least number of groups: {len(solution.plan.groups)}, proven" in text
    assert re.search(r"Longest drive of a practice to its hub: \d+\.\d minutes, proven", text)
    assert "patients of another locality than most of their group" in text
    assert "_" not in text


def test_what_is_printed_is_numbered_and_says_how_long(solution: Solution) -> None:
    lines = explain(solution.certificate, solution.explanation, {"listing": 0.5, "score": 1.0, "ties": 0.0})
    assert [line.split(".")[0] for line in lines[1:-1]] == [str(n) for n in range(1, len(lines) - 1)]
    assert lines[-1] == "It took 1.5 seconds (listing 0.5 s, score 1.0 s)."
    assert explain({}, (), {}) == ["This run holds no proof."]
