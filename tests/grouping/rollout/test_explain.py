"""What is said of a missed target: every figure is that of trying everything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grouping.rollout import explain
from grouping.rollout.explain import Change, Miss, Names, misses_of, sentences, share
from grouping.rollout.model import plan_rollout
from grouping.rollout.question import Question
from tests.grouping.rollout.by_hand import most_reached, random_question

NAMES = Names(lambda g: f"group {g}", lambda g, i: f"practice {g}.{i}", lambda row: f"the rule in row {row}")


def lifted_by_hand(question: Question, miss: Miss, change: Change) -> list[Question]:
    """The questions a change may stand for, read from its words."""
    if change.kind in {"more-groups", "more-patients"}:
        what = "most_groups" if change.kind == "more-groups" else "most_patients"
        number = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
        first = change.words.split()[0]
        more = int(first.replace(",", "")) if change.kind == "more-patients" else number[first]
        limits = list(getattr(question, what))
        at = question.waves.index(change.words.split(" in ")[1])
        limits[at] += more
        fewer = list(limits)
        fewer[at] -= 1
        short = most_reached(replace(question, **{what: tuple(fewer)}), miss.wave)
        assert short < miss.target, "one fewer would do"
        return [replace(question, **{what: tuple(limits)})]
    if change.kind == "readiness" and change.single:
        g = int(change.words.split("practice ")[1].split(".")[0])
        ready = tuple((0,) * len(row) if h == g else row for h, row in enumerate(question.ready))
        return [replace(question, ready=ready)]
    if change.kind == "order" and change.single:
        row = int(change.words.rsplit(" ", 1)[1])
        return [replace(question, rules=tuple(rule for rule in question.rules if rule.row != row))]
    if change.kind == "exceptions" and change.single:
        g = int(change.words.rsplit(" ", 1)[1])
        return [replace(question, counted=tuple(told or h == g for h, told in enumerate(question.counted)))]
    none, all_counted = (None,) * len(question.waves), (True,) * len(question.groups)
    at_once = tuple((0,) * len(row) for row in question.ready)
    lifted = {
        "readiness": {"ready": at_once},
        "capacity": {"most_groups": none, "most_patients": none},
        "order": {"rules": ()},
        "exceptions": {"counted": all_counted},
    }
    lifted["everything"] = {key: value for one in list(lifted.values()) for key, value in one.items()}
    return [replace(question, **lifted[change.kind])]


def test_every_figure_is_that_of_trying_everything() -> None:
    seen: set[tuple[str, bool]] = set()
    for seed in range(3_000, 3_120):
        question = random_question(seed, 4, 3)
        schedule = plan_rollout(question)
        if schedule is None:
            continue
        total = sum(map(sum, question.practices))
        for miss in misses_of(question, schedule, NAMES, total):
            assert miss.bound == miss.most == most_reached(question, miss.wave)
            assert miss.reached <= miss.most
            for change in miss.changes:
                (lifted,) = lifted_by_hand(question, miss, change)
                most = most_reached(lifted, miss.wave)
                if change.kind.startswith("more-"):
                    assert most >= miss.target
                else:
                    assert change.most == most
                assert change.restores == (most >= miss.target)
                if change.single and not change.restores:
                    assert f"{most - miss.most:,} patients" in change.sentence
                    assert most > miss.most
                seen.add((change.kind, change.single))
    told = {(kind, True) for kind in ("readiness", "more-groups", "more-patients", "order", "exceptions")}
    assert told | {(kind, False) for kind in ("readiness", "capacity", "order", "exceptions", "everything")} == seen


def test_a_search_that_ended_early_tells_the_least_and_not_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    ready, vulnerable = ((1,), (0,), (0,)), ((False,),) * 3
    question = Question(
        ("A", "B", "C"), ((20,), (10,), (70,)), ready, vulnerable, (True, True, False), ("a",), (50,), (None,), (None,)
    )
    schedule = plan_rollout(question)

    def told() -> str:
        (miss,) = misses_of(question, schedule, NAMES, 100)
        return " ".join(change.sentence for change in miss.changes)

    assert "30.0% can be reached (20 patients more)." in told()
    assert "Readiness of practice 0.0 alone takes 20 patients away." in told()
    search = explain.most_in_wave

    def ended_early(asked: Question, wave: int) -> tuple[int, int]:
        found, bound = search(asked, wave)
        return found, bound + (asked.ready != question.ready)

    monkeypatch.setattr(explain, "most_in_wave", ended_early)
    assert "at least 30.0% can be reached (at least 20 patients more)." in told()
    assert "Readiness of practice 0.0 alone takes at least 20 patients away." in told()


def test_targets_that_only_fail_together_say_so() -> None:
    # In wave a one group may start, in wave b one more: G2 (ready in b) and G1 reach either target, but wave a wants
    # 10 at once and b is full with what comes second.
    question = Question(
        ("G1", "G2", "G3"),
        ((10,), (12,), (30,)),
        ((0,), (0,), (1,)),
        ((False,), (False,), (False,)),
        (True, True, True),
        ("a", "b"),
        (10, 45),
        (None, None),
        (12, 34),
    )
    schedule = plan_rollout(question)
    misses = misses_of(question, schedule, NAMES, 52)
    assert [(miss.wave, miss.alone) for miss in misses] == [(1, False)]
    wanting = replace(
        question, most_groups=(1, 0), ready=((0,), (1,), (2,)), targets=(10, 12), most_patients=(None, None)
    )
    schedule = plan_rollout(wanting)
    (miss,) = misses_of(wanting, schedule, NAMES, 52)
    assert miss.alone
    said = sentences(miss, wanting, 52, 12 / 52)
    assert len(said) == 1
    assert "on its own, but not together with the other targets" in said[0]


def test_a_share_that_is_just_missed_never_reads_as_reached() -> None:
    assert share(39_999, 100_000) == "39.9%"
    assert share(40_000, 100_000) == "40.0%"
    assert share(99_999, 100_000) == "99.9%"
    assert share(100_000, 100_000) == "100.0%"
    assert share(0, 0) == "not known"


def test_of_many_late_groups_the_largest_are_tried_where_each_takes_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = 5
    question = Question(
        tuple(f"G{g}" for g in range(groups)),
        tuple((10 * (g + 1),) for g in range(groups)),
        ((1,),) * groups,
        ((False,),) * groups,
        (True,) * groups,
        ("a",),
        (150,),
        (None,),
        (1_000,),
    )
    monkeypatch.setattr(explain, "MOST_TRIED", 2)

    def told(asked: Question) -> tuple[list[int], str]:
        (miss,) = misses_of(asked, plan_rollout(asked), NAMES, 150)
        return [change.most for change in miss.changes if change.single], " ".join(sentences(miss, asked, 150, 1.0))

    tried, said = told(question)
    assert tried == [40, 50]
    assert "Of 5 groups with practices that are not ready by then, the 2 largest were looked at one by one." in said
    tried, said = told(replace(question, most_patients=(None,)))  # nothing but sums: all of them
    assert tried == [10, 20, 30, 40, 50]
    assert "largest" not in said
