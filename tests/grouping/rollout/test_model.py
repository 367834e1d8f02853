"""The programme of a rollout: equal to trying everything, stage by stage, and by figures worked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.rollout.model import fewest_more, keepable, most_in_wave, plan_rollout, reached_patients, shortfall
from grouping.rollout.question import Question, Rule, whole_weights
from tests.grouping.rollout.by_hand import best_start, every_start, most_reached, random_question, reached, stages_of

SIZES = [(groups, waves) for waves in (1, 2, 3, 4) for groups in (1, 2, 3, 4, 5)]


def three_groups(**changes: object) -> Question:
    """Groups of 30, 20 and 10 thousand over three waves, one group a wave."""
    question = Question(
        groups=("G01", "G02", "G03"),
        practices=((20_000, 10_000), (20_000,), (6_000, 4_000)),
        ready=((0, 0), (0,), (0, 0)),
        vulnerable=((False, False), (False,), (False, True)),
        counted=(True, True, True),
        waves=("2017/18", "2018/19", "2019/20"),
        targets=(12_000, 24_000, 60_000),
        most_groups=(1, 1, 1),
        most_patients=(None, None, None),
    )
    return replace(question, **changes)


def test_vulnerable_patients_join_as_early_as_the_targets_allow() -> None:
    # Wave 1 must reach 12,000, so that the group with the vulnerable practice cannot come first, but second.
    # 2,000... then 4,000 patients wait one wave; G02 first would leave 30,000 for the last wave: later in sum.
    schedule = plan_rollout(three_groups())
    assert schedule.start == (0, 2, 1)
    assert [stage.value for stage in schedule.stages] == [0, 4_000, 20_000 * 2 + 10_000 * 1]
    assert schedule.proven
    assert schedule.stages[0].bound == 0


def test_without_targets_the_vulnerable_go_first() -> None:
    schedule = plan_rollout(three_groups(targets=(None, None, None)))
    assert schedule.start == (1, 2, 0)
    assert schedule.stages[1].value == 0


def test_a_group_waits_for_its_last_practice_rather_than_stay_half_formed() -> None:
    question = three_groups(ready=((0, 2), (0,), (0, 0)), most_groups=(None,) * 3, targets=(None,) * 3)
    assert plan_rollout(question).start == (2, 0, 0)
    # With a vulnerable practice in it, starting early is worth half-formed patients where the weights say so.
    early = replace(question, vulnerable=((True, False), (False,), (False, False)), late_weight=2)
    assert plan_rollout(early).start[0] == 0
    assert plan_rollout(replace(early, late_weight=1)).start[0] == 2


def test_a_practice_that_is_not_ready_within_the_waves_leaves_its_group_unformed() -> None:
    question = three_groups(ready=((0, 3), (0,), (0, 0)), most_groups=(None,) * 3)
    schedule = plan_rollout(question)
    assert schedule.start == (None, 0, 0)
    assert reached_patients(question, schedule.start) == (30_000, 30_000, 30_000)
    assert schedule.stages[0].value == 30_000


def test_an_exception_counts_only_where_it_is_said_to() -> None:
    question = three_groups(counted=(True, True, False))
    assert reached_patients(question, plan_rollout(question).start)[2] == 50_000
    assert most_in_wave(question, 2) == (50_000, 50_000)
    assert most_in_wave(question.with_exceptions(), 2) == (60_000, 60_000)


def test_equal_programmes_begin_with_the_first_group() -> None:
    question = Question(
        tuple(f"G{i:02d}" for i in range(1, 13)),
        ((500,),) * 12,
        ((0,),) * 12,
        ((False,),) * 12,
        (True,) * 12,
        ("a", "b", "c"),
        (None,) * 3,
        (4, 4, 4),
        (None,) * 3,
    )
    assert plan_rollout(question).start == (0,) * 4 + (1,) * 4 + (2,) * 4


def test_contradicting_rules_leave_no_programme() -> None:
    rules = (Rule("first", (0,)), Rule("not-before", (0,), wave=1, row=1))
    assert plan_rollout(three_groups(rules=rules)) is None
    assert not keepable(three_groups(rules=rules))
    assert keepable(three_groups(rules=rules[:1]))


@pytest.mark.parametrize("block", range(10))
def test_equal_to_trying_everything(block: int) -> None:
    """Two hundred random rollouts of up to eight groups and four waves, every stage and the programme itself."""
    compared = 0
    for number in range(20):
        seed = 20 * block + number
        groups, waves = SIZES[seed % len(SIZES)] if number % 10 else (8, 3 + block % 2)
        question = random_question(seed, groups, waves)
        best, schedule = best_start(question), plan_rollout(question)
        assert (best is None) == (schedule is None), seed
        if best is None:
            continue
        span = len(question.waves)
        assert tuple(span if s is None else s for s in schedule.start) == best[0], seed
        assert tuple(stage.value for stage in schedule.stages) == best[1], seed
        assert schedule.proven, seed
        assert all(stage.bound <= stage.value for stage in schedule.stages)
        compared += 1
    assert compared >= 10


@pytest.mark.parametrize("seed", range(40))
def test_the_most_in_one_wave_and_what_more_capacity_gives_are_those_of_trying_everything(seed: int) -> None:
    question = random_question(900 + seed, 4, 3)
    for wave in range(3):
        most = most_reached(question, wave)
        assert most_in_wave(question, wave) == (most or 0,) * 2
        if most is None:
            continue
        wanted = most + 1
        for at in range(wave + 1):
            if question.most_groups[at] is None:
                continue
            needed = fewest_more(question, wave, wanted, at, "groups")
            fewest = _fewest_by_trying(question, wave, wanted, at)
            assert needed == (None if fewest is None else (fewest, True))


def _fewest_by_trying(question: Question, wave: int, wanted: int, at: int) -> int | None:
    for extra in range(1, len(question.groups) + 1):
        limits = list(question.most_groups)
        limits[at] += extra
        if most_reached(replace(question, most_groups=tuple(limits)), wave) >= wanted:
            return extra
    return None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 3))
def test_lifting_what_stands_in_the_way_never_makes_the_shortfall_larger(seed: int, groups: int, waves: int) -> None:
    question = random_question(seed, groups, waves)
    schedule = plan_rollout(question)
    if schedule is None:
        assert not len(every_start(question))
        return
    for lifted in (question.with_readiness(), question.without_capacity(), question.without_rules()):
        other = plan_rollout(lifted)
        assert other.stages[0].value <= schedule.stages[0].value
    starts = every_start(question)
    assert schedule.stages[0].value == stages_of(question, starts)[:, 0].min()
    rising = reached_patients(question, schedule.start)
    assert list(rising) == sorted(rising)
    assert shortfall(question, schedule.start) == schedule.stages[0].value
    assert reached(question, starts).max(initial=0) >= rising[-1]


def test_weights_become_whole_numbers_of_the_same_proportion() -> None:
    assert whole_weights(1.0, 1.0) == (1, 1)
    assert whole_weights(0.5, 0.25) == (2, 1)
    assert whole_weights(0.1, 1.0) == (1, 10)
    assert whole_weights(0.0, 3.0) == (0, 1)
    assert whole_weights(0.0, 0.0) == (0, 0)
