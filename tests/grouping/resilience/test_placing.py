"""Who goes where: the one stable assignment, and nobody lost."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from grouping.resilience.failures import Failures
from grouping.resilience.placing import Placing, order_of_pairs, placing_of
from tests.grouping.resilience.made import made_facts

WITHIN = 5.0


def stable_by_offers(
    minutes: NDArray, patients: NDArray, places: NDArray, failed: tuple[int, ...]
) -> Counter[tuple[int, int, int]]:
    """Deferred acceptance of Gale and Shapley, one patient at a time: (from, area, to) -> patients; to -1 for nobody.

    A patient asks the practices within reach, nearest first; each keeps the nearest of those who have asked so far.
    """
    waiting = [(p, area, i) for p in failed for area in range(patients.shape[1]) for i in range(int(patients[p, area]))]
    wishes = {
        patient: [
            q
            for _, q in sorted((minutes[patient[1], q], q) for q in range(len(places)) if q not in failed)
            if minutes[patient[1], q] <= WITHIN
        ]
        for patient in waiting
    }
    kept: dict[int, list[tuple[int, int, int]]] = {q: [] for q in range(len(places))}
    found: Counter[tuple[int, int, int]] = Counter()
    while waiting:
        patient = waiting.pop()
        if not wishes[patient]:
            found[patient[0], patient[1], -1] += 1
            continue
        q = wishes[patient].pop(0)
        kept[q].append(patient)
        if len(kept[q]) > places[q]:
            kept[q].sort(key=lambda one: (minutes[one[1], q], one[1], one[0], one[2]))
            waiting.append(kept[q].pop())
    for q, taken in kept.items():
        found.update((p, area, q) for p, area, _ in taken)
    return found


def _added(placing: Placing) -> Counter[tuple[int, int, int]]:
    found: Counter[tuple[int, int, int]] = Counter()
    for p, area, q, number in zip(placing.origin, placing.area, placing.to, placing.patients, strict=True):
        found[int(p), int(area), int(q)] += float(number)
    return found


@st.composite
def small_places(draw: st.DrawFn) -> tuple[NDArray, NDArray, NDArray, tuple[int, ...]]:
    areas, practices = draw(st.integers(1, 4)), draw(st.integers(2, 5))
    minutes = draw(st.lists(st.integers(1, 7), min_size=areas * practices, max_size=areas * practices))
    patients = draw(st.lists(st.integers(0, 4), min_size=areas * practices, max_size=areas * practices))
    places = draw(st.lists(st.integers(0, 6), min_size=practices, max_size=practices))
    failed = draw(st.sets(st.integers(0, practices - 1), min_size=1, max_size=2))
    return (
        np.array(minutes, float).reshape(areas, practices),
        np.array(patients, float).reshape(practices, areas),
        np.array(places, float),
        tuple(sorted(failed)),
    )


@settings(max_examples=300, deadline=None)
@given(small_places())
def test_places_are_those_of_the_stable_matching(place: tuple) -> None:
    minutes, patients, places, failed = place
    facts = made_facts(minutes, patients, places)
    placing = placing_of(facts, Failures((failed,), (failed,), np.zeros(1)), order_of_pairs(facts, WITHIN))
    assert _added(placing) == stable_by_offers(minutes, patients, places, failed)


@settings(max_examples=200, deadline=None)
@given(small_places(), st.floats(0.001, 1000))
def test_nobody_is_lost_and_nobody_taken_twice(place: tuple, scale: float) -> None:
    minutes, patients, places, _ = place
    facts = made_facts(minutes, patients * scale, places)
    every = tuple((p,) for p in range(len(places)))
    failures = Failures(every, every, np.zeros(len(every)))
    for unlimited in (False, True):
        placing = placing_of(facts, failures, order_of_pairs(facts, WITHIN), unlimited=unlimited)
        lists = facts.patients.sum(axis=1)
        received = placing.received()
        np.testing.assert_allclose(received.sum(axis=1) + placing.without, lists, atol=1e-9, rtol=1e-12)
        assert (placing.patients > 0).all()
        assert not received[np.arange(len(every)), np.arange(len(every))].any()
        if not unlimited:
            assert (received <= places + 1e-9).all()
        assert (placing.after[placing.placed] <= WITHIN).all()


@settings(max_examples=100, deadline=None)
@given(small_places())
def test_more_room_never_leaves_more_patients_without_a_place(place: tuple) -> None:
    minutes, patients, places, failed = place
    failures = Failures((failed,), (failed,), np.zeros(1))
    left = []
    for more in (0.0, 1.0, np.inf):
        facts = made_facts(minutes, patients, places + more)
        left.append(placing_of(facts, failures, order_of_pairs(facts, WITHIN)).without[0])
    assert left == sorted(left, reverse=True)
    facts = made_facts(minutes, patients, places)
    unlimited = placing_of(facts, failures, order_of_pairs(facts, WITHIN), unlimited=True)
    assert unlimited.without[0] == pytest.approx(left[-1])


def test_without_limit_everybody_goes_to_the_nearest_the_smaller_code_where_two_are_as_near() -> None:
    minutes = np.array([[1.0, 4.0, 4.0], [1.0, 5.0, 3.0], [1.0, 9.0, 9.0]])
    patients = np.array([[10.0, 20.0, 30.0], [0, 0, 0], [0, 0, 0]])
    facts = made_facts(minutes, patients, np.zeros(3))
    failures = Failures(((0,),), ((0,),), np.zeros(1))
    placing = placing_of(facts, failures, order_of_pairs(facts, WITHIN), unlimited=True)
    assert _added(placing) == {(0, 0, 1): 10.0, (0, 1, 2): 20.0, (0, 2, -1): 30.0}


def test_what_lies_on_the_limit_of_minutes_is_within_it() -> None:
    facts = made_facts(np.array([[1.0, WITHIN]]), np.array([[7.0], [0.0]]), np.array([0.0, 9.0]))
    failures = Failures(((0,),), ((0,),), np.zeros(1))
    assert placing_of(facts, failures, order_of_pairs(facts, WITHIN)).without[0] == 0
    assert placing_of(facts, failures, order_of_pairs(facts, WITHIN - 0.001)).without[0] == 7
