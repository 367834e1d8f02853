from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grouping.candidates import list_candidates
from grouping.criteria import LARGEST, NO_ROAD_MINUTES, STEP, criterion, label_codes, main_locality
from grouping.rules import ObjectiveRules
from tests.grouping.brute_force import Definitions, mixed_problem, random_problem

EXACT = {"score": 2, "minutes": 2, "worst_practice": 2, "longest_practice": 1}
"""Whole units by which rounding may move what is not a count."""


@pytest.mark.parametrize("seed", range(200, 280))
def test_every_criterion_is_what_the_definitions_say(seed: int) -> None:
    problem = mixed_problem(seed, 4 + seed % 4)
    definitions, listed = Definitions(problem), list_candidates(problem)
    values = {name: criterion(problem, listed, name) for name in STEP}
    for name, value in values.items():
        assert value.dtype == np.int64, name
        assert value.shape == (len(listed),), name
    for j in range(len(listed)):
        (worth,) = [one for one in definitions.worths(listed.group(j)) if one.hub == listed.hub[j]]
        for name, true in worth.criteria.items():
            assert values[name][j] == pytest.approx(true, abs=EXACT.get(name, 0)), (name, listed.group(j))


def test_every_criterion_a_rule_set_may_name_is_there() -> None:
    names = set(ObjectiveRules.model_fields["order"].annotation.__args__[0].__args__)
    assert set(STEP) == names
    assert names >= LARGEST
    problem = random_problem(0, 4)
    listed = list_candidates(problem)
    for name in names:
        assert (criterion(problem, listed, name) >= 0).all()
    with pytest.raises(KeyError):
        criterion(problem, listed, "happiness")


def test_a_main_site_that_no_road_reaches_is_far_and_still_a_number() -> None:
    problem = random_problem(3, 5)
    drives = problem.practice_to_site.copy()
    drives[0] = np.inf
    rules = problem.rules.model_copy(
        update={"access": problem.rules.access.model_copy(update={"max_minutes_to_hub": 0.0})}
    )
    problem = replace(problem, practice_to_site=drives, rules=rules)
    listed = list_candidates(problem)
    holds = np.array([0 in listed.group(j) for j in range(len(listed))])
    longest = criterion(problem, listed, "longest_practice")
    assert (longest[holds] == int(NO_ROAD_MINUTES * 60_000)).all()
    assert (longest[~holds] < int(NO_ROAD_MINUTES * 60_000)).all()
    assert holds.any()


def test_the_main_locality_has_most_patients_and_of_equals_the_first_name() -> None:
    problem = replace(
        random_problem(0, 5),
        locality=("North", "East", "East", "", "North"),
        list_size=np.array([400, 100, 300, 9_000, 1], np.int64),
    )
    sets = [(0, 1, 2), (0, 1, 2, 4), (0, 1), (3,), (1, 2, 3)]
    members = np.array([p for group in sets for p in group], np.int16)
    starts = np.cumsum([0, *map(len, sets)]).astype(np.int64)
    main, names = main_locality(problem, members, starts)
    assert [names[at] if at >= 0 else "" for at in main] == ["East", "North", "North", "", "East"]


def test_labels_are_numbered_in_the_order_of_their_names() -> None:
    assert label_codes(("b", "", "a", "b"), 4).tolist() == [1, -1, 0, 1]
    assert label_codes(None, 3).tolist() == [-1, -1, -1]
