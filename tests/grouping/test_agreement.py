"""Who is together in all plans nearly as good: shares by counting, verdicts by definition, proofs if time is short."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from benchmarks.made_up import made_up_problem
from grouping.agreement import COLUMNS, SOME, agreement_table, always_together, say_agreement, together_counts
from grouping.near import near_plans
from grouping.optimise import Solution, solve_partition
from grouping.pairs import settle_pairs
from grouping.partition.clock import Clock
from grouping.problem import GroupingProblem
from tests.grouping.test_near import SEEDS, by_definition, case


@pytest.fixture(scope="module")
def county() -> tuple[GroupingProblem, Solution]:
    problem = made_up_problem(3)
    return problem, solve_partition(problem)


def names_of(problem: GroupingProblem) -> dict[str, str]:
    return {code: f"Surgery {code}" for code in problem.practice_codes}


def true_shares(problem: GroupingProblem, tolerance: float) -> dict[tuple[str, str], float]:
    """Share of all plans in which each pair shares a group, by looking at every plan."""
    plans = list(by_definition(problem, tolerance))
    codes = problem.practice_codes
    return {
        (codes[a], codes[b]): sum(any(a in group and b in group for group in plan) for plan in plans) / len(plans)
        for a, b in combinations(range(len(codes)), 2)
    }


def test_shares_and_verdicts_are_those_of_the_definition() -> None:
    checked = 0
    seen: set[str] = set()
    for seed in SEEDS:
        solved = case(seed)
        if solved is None:
            continue
        problem, solution = solved
        near = near_plans(solution, 0.05)
        table = agreement_table(problem, solution, near, names_of(problem)).table
        shares = true_shares(problem, 0.05)
        assert list(table) == list(COLUMNS)
        listed = set()
        for row in table.itertuples():
            pair = row.practice_a, row.practice_b
            listed.add(pair)
            share = shares[pair]
            assert row.together_share == pytest.approx(share, abs=1e-6)
            verdict = "settled-together" if share == 1 else "settled-apart" if share == 0 else "choice"
            assert row.verdict == verdict
            assert (row.settled_within == 0.05) == (verdict != "choice")
            at = tuple(problem.practice_codes.index(code) for code in pair)
            assert row.border == problem.adjacency[at]
            assert row.name_a == f"Surgery {row.practice_a}"
            assert row.plans == len(near)
            seen.add(verdict)
        for (a, b), share in shares.items():
            border = problem.adjacency[problem.practice_codes.index(a), problem.practice_codes.index(b)]
            assert ((a, b) in listed) == bool(share > 0 or border)
        checked += 1
    assert checked >= 20
    assert seen == {"choice", "settled-together", "settled-apart"}


def test_what_is_open_comes_first(county: tuple[GroupingProblem, Solution]) -> None:
    problem, solution = county
    table = agreement_table(problem, solution, near_plans(solution, 0.003), names_of(problem)).table
    rank = table["verdict"].map({"choice": 0, "settled-together": 2, "settled-apart": 3})
    assert rank.is_monotonic_increasing
    open_borders = table[(table["verdict"] == "choice") & table["border"]]
    assert len(open_borders) > 2
    assert (open_borders["together_share"] - 0.5).abs().is_monotonic_increasing
    assert open_borders.index.tolist() == list(range(len(open_borders)))


def test_together_counts_have_all_plans_on_the_diagonal(county: tuple[GroupingProblem, Solution]) -> None:
    problem, solution = county
    near = near_plans(solution, 0.002)
    counts = together_counts(near, solution, len(problem.practice_codes))
    assert (np.diag(counts) == len(near)).all()
    assert (counts == counts.T).all()


def test_pairs_are_settled_by_proof_as_by_looking_at_every_plan() -> None:
    checked = 0
    for seed in SEEDS:
        solved = case(seed)
        if solved is None:
            continue
        problem, solution = solved
        shares = true_shares(problem, 0.05)
        pairs = list(combinations(range(len(problem.practice_codes)), 2))
        answers = settle_pairs(solution, problem.practice_codes, pairs, 0.05)
        codes = problem.practice_codes
        for pair, answer in answers.items():
            share = shares[codes[pair[0]], codes[pair[1]]]
            assert answer.together == (share > 0)
            assert answer.apart == (share < 1)
        checked += 1
    assert checked >= 20


def test_without_a_list_verdicts_are_proven_and_shares_marked_as_estimates() -> None:
    checked = 0
    for seed in SEEDS:
        solved = case(seed)
        if solved is None:
            continue
        problem, solution = solved
        near = replace(near_plans(solution, 0.0), tolerance=0.05, covered=None, complete=False, stopped=True)
        agreement = agreement_table(problem, solution, near, names_of(problem))
        whole = agreement_table(problem, solution, near_plans(solution, 0.05), names_of(problem))
        whole_plans = near_plans(solution, 0.05)
        assert len(near) <= agreement.table["plans"].iloc[0] <= len(whole_plans)
        verdicts = {(row.practice_a, row.practice_b): row.verdict for row in whole.table.itertuples()}
        for row in agreement.table.itertuples():
            assert row.verdict == verdicts[row.practice_a, row.practice_b]
            assert row.basis == SOME
        assert any("estimates" in line for line in say_agreement(agreement))
        checked += 1
    assert checked >= 20


def test_settled_borders_are_proven_beyond_what_was_listed() -> None:
    """With a cap the verdicts hold within the part covered; the proof says which of them hold within all of it."""
    further = 0
    for seed in SEEDS:
        solved = case(seed)
        if solved is None:
            continue
        problem, solution = solved
        near = near_plans(solution, 0.6, at_most=2)
        if near.complete or near.covered is None:
            continue
        shares = true_shares(problem, 0.6)
        table = agreement_table(problem, solution, near, names_of(problem), prove=True).table
        for row in table[table["border"] & (table["verdict"] != "choice")].itertuples():
            stays = shares[row.practice_a, row.practice_b] in {0.0, 1.0}
            assert row.settled_within == pytest.approx(0.6 if stays else near.covered)
            further += stays
    assert further > 5


def test_without_any_time_nothing_is_claimed(county: tuple[GroupingProblem, Solution]) -> None:
    problem, solution = county
    near = near_plans(solution, 0.01, clock=Clock(0.0))
    agreement = agreement_table(problem, solution, near, names_of(problem), clock=Clock(0.0))
    assert set(agreement.table["verdict"]) == {"open"}
    assert agreement.table["settled_within"].isna().all()
    assert agreement.sentence.startswith("There was no time to look")
    # A list that is not whole proves nothing either, however much time there is.
    unsure = settle_pairs(replace(solution, whole_within=-1.0), problem.practice_codes, [(0, 1), (2, 3)], 0.0)
    assert all(answer.together is not False and answer.apart is not False for answer in unsure.values())


def test_what_is_said_names_practices_and_numbers(county: tuple[GroupingProblem, Solution]) -> None:
    problem, solution = county
    near = near_plans(solution, 0.003)
    agreement = agreement_table(problem, solution, near, names_of(problem))
    lines = say_agreement(agreement, most=2)
    borders = int(np.triu(problem.adjacency, 1).sum())
    assert lines[0].startswith(
        f"Of {borders:,} pairs of neighbours, {agreement.number('settled-together')} are together"
    )
    assert f"the {len(near):,} plans within 0.3% of the best score" in lines[0]
    first = agreement.table.iloc[0]
    assert f"{first.name_a} ({first.practice_a}) - {first.name_b} ({first.practice_b})" in lines[2]
    assert "more" in lines[-1]
    sets = always_together(agreement)
    together = agreement.table[agreement.table["verdict"] == "settled-together"]
    for row in together.itertuples():
        assert any({row.practice_a, row.practice_b} <= set(group) for group in sets)
    assert [len(group) for group in sets] == sorted((len(group) for group in sets), reverse=True)


def test_a_single_plan_leaves_no_choice(county: tuple[GroupingProblem, Solution]) -> None:
    problem, solution = county
    agreement = agreement_table(problem, solution, near_plans(solution, 0.0), names_of(problem))
    assert agreement.number("choice") == 0
    assert "in the only plan within 0% of the best score; none is a choice." in agreement.sentence
    assert len(say_agreement(agreement)) == 1


def test_shares_are_of_every_plan_as_far_as_a_capped_list_covers(county: tuple[GroupingProblem, Solution]) -> None:
    """Nothing is an estimate then, and nothing is claimed beyond what is covered."""
    problem, solution = county
    near = near_plans(solution, 0.01, at_most=50)
    assert not near.complete
    assert near.covered is not None
    agreement = agreement_table(problem, solution, near, names_of(problem))
    assert agreement.exact
    assert set(agreement.table["basis"]) == {"every plan"}
    settled = agreement.table[agreement.table["verdict"] != "choice"]
    assert len(settled)
    assert settled["settled_within"].to_numpy() == pytest.approx(near.covered)
