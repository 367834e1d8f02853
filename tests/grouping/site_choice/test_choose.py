"""Which sites to invest in and to consider further: worked by hand, by trying every list, and what always holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.site_choice.choose import Choice, choose, consider, invest, ways_of, without_protected
from grouping.site_choice.question import Question
from grouping.verify.site_floor import verify_site_choice
from tests.grouping.site_choice.every_list import (
    as_sites,
    best_investment,
    best_questions,
    keeps_sound,
    largest_part,
    minutes_of,
)
from tests.grouping.site_choice.made_question import claims_of, one_practice, place_of, random_question

SEEDS = st.integers(0, 2**32 - 1)


def chosen(question: Question, *protected: int) -> Choice:
    return choose(question, np.isin(np.arange(len(question.site_codes)), protected))


# --- By hand ---------------------------------------------------------------------------------------------------------


def test_the_budget_goes_where_most_patients_are_and_no_further() -> None:
    # 30, 20 and 10 patients; 300 pounds pay for the first alone, or for the other two together
    question = one_practice(
        [[1, 9, 9], [9, 1, 9], [9, 9, 1]], [30, 20, 10], "DDD", cost=np.array([300.0, 150.0, 150.0]), budget=300.0
    )
    # 30 patients either way: then least money, then the fewest sites
    assert as_sites(chosen(question).invested) == {0}
    assert as_sites(chosen(replace(question, cost=np.array([300.0, 150.0, 140.0]))).invested) == {1, 2}
    assert as_sites(chosen(replace(question, budget=449.0)).invested) == {0}
    assert as_sites(chosen(replace(question, budget=450.0)).invested) == {0, 1}


def test_a_site_of_unknown_cost_is_never_invested_in_and_one_without_patients_neither() -> None:
    question = one_practice([[1, 9, 20]], [30], "DDD", cost=np.array([np.nan, 0.0, 0.0]), budget=1_000.0)
    assert not chosen(question).invested.any()


def test_patients_are_never_asked_to_travel_where_their_building_can_be_put_right() -> None:
    question = one_practice([[1, 4], [4, 1]], [50, 50], "DA")
    assert as_sites(chosen(question).considered) == {0}
    paid = chosen(replace(question, cost=np.array([10.0, np.nan]), budget=10.0))
    assert as_sites(paid.invested) == {0}
    assert not paid.considered.any()


@pytest.mark.parametrize(
    ("there", "limits", "answer"),
    [
        (11.0, {}, {0}),  # ten minutes more, as many as may be
        (11.5, {}, set()),
        (11.5, {"longer": 12.0}, {0}),
        (9.0, {"beyond": 9.0}, {0}),
        (9.0, {"beyond": 8.9}, set()),
        (np.nan, {}, set()),  # no way there
        (1.0, {"beyond": 0.5}, {0}),  # beyond already, and no longer than today
    ],
)
def test_the_floor_of_a_single_journey(there: float, limits: dict, answer: set[int]) -> None:
    question = one_practice([[1.0, there], [5.0, 1.0]], [50, 50], "DA", **limits)
    assert as_sites(chosen(question).considered) == answer


def test_a_community_beyond_the_floor_today_may_not_get_a_minute_more() -> None:
    question = one_practice([[30.0, 30.5], [1.0, 2.0]], [1, 50], "DA")
    assert chosen(question).ways[0].obstacle == "beyond"
    assert not chosen(question).considered.any()


def test_the_mean_of_an_area_may_not_come_to_lie_beyond_though_each_row_keeps_the_floor() -> None:
    # two practices in one area: 30 minutes today for 10 patients of the other, 5 for 10 of ours; mean 17.5
    question = replace(
        one_practice([[5.0, 15.0, np.nan], [np.nan, np.nan, 30.0]], [10, 10], "DAA", rows_of=[0, 0]),
        practice_codes=("P0", "P1"),
        owner=np.array([0, 0, 1]),
        practice=np.array([0, 1]),
    )
    assert not chosen(question).considered.any()  # (15 + 30) / 2 = 22.5
    assert chosen(question).ways[0].obstacle is None
    assert as_sites(chosen(replace(question, patients=np.array([30.0, 10.0]))).considered) == {0}  # 18.75


def test_nobody_is_sent_to_a_building_in_no_better_state() -> None:
    # the patients of S0 would go to S1 first; only with S1 on the list do all come to S2
    question = one_practice([[1, 3, 6], [9, 1, 4]], [10, 10], "DDA")
    assert as_sites(chosen(question).considered) == {0, 1}
    # of a building of unknown state nobody knows whether it is better
    unknown = one_practice([[1, 3, 6], [9, 1, 4]], [10, 10], "D?A")
    assert not chosen(unknown).considered.any()


def test_a_protection_takes_sites_off_and_those_that_need_them() -> None:
    question = one_practice([[1, 3, 6], [9, 1, 4]], [10, 10], "DDA")
    assert as_sites(chosen(question, 0).considered) == {1}
    assert not chosen(question, 1).considered.any()


def test_a_protection_never_moves_the_question_to_somebody_elses_site() -> None:
    # one area, three practices, mean 12.9 today: room for one of two sites only, 16.3 or 15.8 (both would make 19.3)
    away = np.nan
    minutes = [[5, 15, away, away, away], [away, away, 5, 14, away], [away, away, away, away, 29]]
    question = replace(
        one_practice(minutes, [21, 20, 20], "DADAA", rows_of=[0, 0, 0]),
        practice_codes=("P0", "P1", "P2"),
        owner=np.array([0, 0, 1, 1, 2]),
        practice=np.array([0, 1, 2]),
        beyond=17.0,
    )
    assert as_sites(chosen(question).considered) == {0}  # more patients than at S2
    # asked again without S0 there would be room for S2: a protection would let other people travel further
    assert as_sites(chosen(replace(question, asked=question.asked & [False, True, True, True, True])).considered) == {2}
    assert not chosen(question, 0).considered.any()


def test_every_practice_keeps_a_site() -> None:
    question = one_practice([[1, 1], [1, 1]], [10, 10], "DD")
    assert not chosen(question).considered.any()


def test_a_site_of_nobody_is_never_asked_about_and_takes_no_patients() -> None:
    question = replace(one_practice([[1, 2]], [10], "DA"), owner=np.array([0, -1]))
    assert not chosen(question).considered.any()
    mine = replace(one_practice([[1, 2]], [10], "DA"), owner=np.array([-1, 0]), asked=np.array([False, True]))
    assert not (chosen(mine).considered | chosen(mine).invested).any()


# --- Every list tried ------------------------------------------------------------------------------------------------


@settings(max_examples=250, deadline=None)
@given(seed=SEEDS)
def test_the_answer_is_the_best_of_all_lists_in_every_stage(seed: int) -> None:
    rng = np.random.default_rng(seed)
    question = random_question(rng)
    invested, put_right = invest(question)
    assert as_sites(invested) == best_investment(question)
    assert put_right.values[1] == sum(question.cost[s] for s in as_sites(invested))
    ways = ways_of(question, invested)
    further, _ = consider(question, invested, ways)
    assert as_sites(further) == best_questions(question, as_sites(invested))
    protected = rng.random(len(question.site_codes)) < 0.3
    left = as_sites(without_protected(further, ways, protected))
    wanted = largest_part(
        as_sites(further & ~protected), lambda sites: keeps_sound(question, as_sites(invested), sites)
    )
    assert left == wanted


def test_the_random_questions_are_worth_asking() -> None:
    """So that the equality above is not one of empty lists."""
    answers = [chosen(random_question(np.random.default_rng(seed))) for seed in range(60)]
    assert sum(answer.invested.any() for answer in answers) > 15
    assert sum(answer.considered.sum() > 0 for answer in answers) > 15
    assert sum(answer.considered.sum() > 1 for answer in answers) > 3


# --- What always holds -----------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS)
def test_the_floor_is_never_broken(seed: int) -> None:
    rng = np.random.default_rng(seed)
    question = random_question(rng, practices=6, most_sites=16, areas=6)
    protected = rng.random(len(question.site_codes)) < 0.2
    choice = choose(question, protected)
    codes = tuple(code for code, held in zip(question.site_codes, protected, strict=True) if held)
    checks = verify_site_choice(claims_of(choice, protected=codes), *place_of(question))
    assert len(checks) == 13
    assert checks["agrees"].all(), checks.loc[~checks["agrees"], ["claim", "detail"]].to_string()


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, steps=st.integers(1, 5))
def test_adding_a_protection_never_lets_more_people_travel_further(seed: int, steps: int) -> None:
    rng = np.random.default_rng(seed)
    question = random_question(rng, practices=4, most_sites=14, areas=5)
    protected = np.zeros(len(question.site_codes), dtype=bool)
    before = choose(question, protected)
    for _ in range(steps):
        protected = protected | (rng.random(len(protected)) < 0.25)
        after = choose(question, protected)
        assert not (after.considered & ~before.considered).any()
        assert (after.added <= before.added).all()
        for limit in (0.0, 5.0, 10.0):
            further = [question.patients[choice.added > limit].sum() for choice in (before, after)]
            assert further[1] <= further[0]
        assert (after.invested == before.invested).all()
        before = after


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_minutes_after_are_those_of_the_nearest_site_that_is_left(seed: int) -> None:
    question = random_question(np.random.default_rng(seed))
    choice = choose(question, np.zeros(len(question.site_codes), dtype=bool))
    wanted = [minutes_of(question, r, as_sites(choice.considered)) for r in range(len(question.patients))]
    assert choice.after.tolist() == wanted


def test_the_same_question_has_the_same_answer_and_ties_go_to_the_smallest_codes() -> None:
    question = one_practice(
        [[1, 9, 9], [9, 1, 9], [9, 9, 1]], [10, 10, 10], "DDD", cost=np.full(3, 100.0), budget=200.0
    )
    first, second = chosen(question), chosen(question)
    assert as_sites(first.invested) == as_sites(second.invested) == {0, 1}


def test_ties_over_more_sites_than_are_settled_at_a_time() -> None:
    number = 45
    minutes = np.where(np.eye(number, dtype=bool), 1.0, 9.0)
    question = one_practice(
        minutes.tolist(), [10] * number, "D" * number, cost=np.full(number, 100.0), budget=100.0 * 30
    )
    assert as_sites(chosen(question).invested) == set(range(30))
    assert [value for _, _, value in chosen(question).proofs[:3]] == [300, 3_000, 30]


def test_a_county_of_ninety_eight_practices_is_answered_and_checked() -> None:
    rng = np.random.default_rng(98)
    question = random_question(rng, practices=98, most_sites=150, areas=60)
    spread = replace(question, budget=2_000.0, beyond=22.0, longer=12.0, patients=question.patients * 40)
    choice = choose(spread, np.zeros(len(spread.site_codes), dtype=bool))
    checks = verify_site_choice(claims_of(choice), *place_of(spread))
    assert checks["agrees"].all()
    assert choice.invested.any()
