"""The programme of a rollout: equal to trying everything, stage by stage, and by figures worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.rollout import model
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


@pytest.fixture
def packed() -> Question:
    """Twenty-two groups that fill three waves by patients only in puzzles: no search settles it in a moment."""
    sizes = [((7_919 * (g + 3)) ** 2) % 26_993 + 20_011 for g in range(22)]
    return Question(
        tuple(f"G{g:02d}" for g in range(22)),
        tuple((size,) for size in sizes),
        ((0,),) * 22,
        tuple((g % 4 == 0,) for g in range(22)),
        (True,) * 22,
        ("a", "b", "c", "d"),
        (150_000, 300_000, None, sum(sizes)),
        (3, 3, 3, 3),
        (100_003, 100_003, 100_003, 100_003),
    )


def test_a_search_that_ends_early_ends_soon_and_says_how_near_it_came(
    packed: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    search = model._solve_within
    monkeypatch.setattr(model, "MOST_NODES", 30)
    monkeypatch.setattr(model, "_solve_within", lambda *given: asked.append(given[1]) or search(*given))
    schedule = plan_rollout(packed)
    assert not schedule.proven
    assert asked == [30, 30, 30]  # a stage begins where the last one ended: none is tried again with far more
    assert all(0 <= stage.bound <= stage.value for stage in schedule.stages)
    # What is said is said of the programme as it stands, not of what an earlier stage had found.
    assert schedule.stages[0].bound < schedule.stages[0].value == shortfall(packed, schedule.start)
    never = [4 if start is None else start for start in schedule.start]
    assert schedule.stages[1].value == sum(packed.burden(g, start) for g, start in enumerate(never))
    assert schedule.stages[2].value == sum(packed.later(g, start) for g, start in enumerate(never))
    for wave in range(4):
        here = [g for g, start in enumerate(schedule.start) if start == wave]
        assert len(here) <= 3
        assert sum(packed.patients(g) for g in here) <= 100_003


def test_a_later_stage_keeps_what_an_earlier_one_found(packed: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "MOST_NODES", 1)
    monkeypatch.setattr(model, "_solve_within", _only_the_first(model._solve_within))
    schedule = plan_rollout(packed)
    assert len(schedule.stages) == 3
    assert schedule.stages[0].value == shortfall(packed, schedule.start)
    assert not any(stage.proven for stage in schedule.stages[1:])


def _only_the_first(search: Callable[..., model.Answer]) -> Callable[..., model.Answer]:
    """A search that finds nothing of its own where an answer is known."""

    def found(problem: object, nodes: int, known: dict[str, float] | None = None) -> model.Answer:
        return search(problem, nodes) if known is None else model.Answer({}, "stopped", float("-inf"))

    return found


@pytest.mark.parametrize("seed", range(30))
def test_counting_finds_what_searching_finds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    question = replace(random_question(4_000 + seed, 5, 3), rules=(), most_patients=(None,) * 3)
    counted = [most_in_wave(question, wave) for wave in range(3)]
    monkeypatch.setattr(model, "_by_counting", lambda *_: None)
    assert counted == [most_in_wave(question, wave) for wave in range(3)]


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
