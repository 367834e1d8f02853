from __future__ import annotations

import doctest
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.errors import NoPlan
from grouping.partition import PartitionProblem, arrays, of_each

QUICK = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

Groups = tuple[tuple[int, ...], ...]


def all_divisions(count: int) -> list[Groups]:
    """Every partition of `count` units, groups by their smallest unit."""
    if count == 0:
        return [()]
    found = []
    for rest in all_divisions(count - 1):
        found.append((*rest, (count - 1,)))
        found += [
            tuple((*group, count - 1) if n == k else group for n, group in enumerate(rest)) for k in range(len(rest))
        ]
    return found


def random_parts(seed: int) -> dict:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(3, 8))
    near = np.triu(rng.random((count, count)) < 0.6, 1)
    allowed = np.triu(rng.random((count, count)) < 0.9, 1)
    weights = rng.integers(0, 9, count)
    lower = int(rng.integers(0, 8))
    fewest = int(rng.integers(1, 3))
    return {
        "weights": weights,
        "adjacency": None if seed % 5 == 0 else near | near.T,
        "compatible": None if seed % 3 == 0 else allowed | allowed.T,
        "lower": lower,
        "upper": None if seed % 4 == 0 else lower + int(rng.integers(0, 20)),
        "groups": None if seed % 2 == 0 else (fewest, fewest + int(rng.integers(0, 3))),
        "pairs": rng.integers(-5 if seed % 7 == 0 else 0, 10, (count, count)),
    }


def allowed_group(group: tuple[int, ...], parts: dict) -> bool:
    weight = sum(int(parts["weights"][i]) for i in group)
    if weight < parts["lower"] or (parts["upper"] is not None and weight > parts["upper"]):
        return False
    if parts["compatible"] is not None and not all(parts["compatible"][i, j] for i, j in combinations(group, 2)):
        return False
    return parts["adjacency"] is None or nx.is_connected(nx.from_numpy_array(parts["adjacency"]).subgraph(group))


def by_trying(parts: dict, cost: dict[tuple[int, ...], float]) -> list[tuple[float, Groups]]:
    fewest, most = parts["groups"] or (1, 99)
    fits = {group: allowed_group(group, parts) for group in cost}
    return sorted(
        (sum(cost[group] for group in division), tuple(sorted(division)))
        for division in all_divisions(len(parts["weights"]))
        if fewest <= len(division) <= most and all(fits[group] for group in division)
    )


@QUICK
@given(st.integers(0, 10**6))
def test_agrees_with_every_division_tried(seed: int) -> None:
    parts = random_parts(seed)
    count = len(parts["weights"])
    pairs = parts.pop("pairs")
    pairs = pairs + pairs.T
    sets = [group for size in range(1, count + 1) for group in combinations(range(count), size)]
    cost = {
        group: int(sum(pairs[i, j] for i, j in combinations(group, 2)) + sum(pairs[i, i] for i in group))
        for group in sets
    }
    divisions = by_trying(parts, cost)
    rules = {name: parts[name] for name in ("lower", "upper", "groups", "compatible")}
    problem = PartitionProblem(parts["weights"], parts["adjacency"], pairs, **rules)
    if not divisions:
        with pytest.raises(NoPlan):
            problem.solve()
        return
    best = problem.solve()
    assert best.proven
    assert (best.cost, best.groups) == divisions[0]
    assert best.bound == best.cost
    assert best.gap == 0
    near = problem.every(0.2)
    assert near.complete
    limit = divisions[0][0] + int(abs(divisions[0][0]) * 0.2 + 1e-9)
    assert [(one.cost, one.groups) for one in near.partitions] == [one for one in divisions if one[0] <= limit]


@QUICK
@given(st.integers(0, 10**6))
def test_costs_that_are_not_whole_numbers(seed: int) -> None:
    parts = random_parts(seed)
    parts.pop("pairs")
    rng = np.random.default_rng(seed)
    spread = 10.0 ** rng.integers(-6, 7)
    values: dict[tuple[int, ...], float] = {}

    def cost(group: tuple[int, ...]) -> float:
        return values.setdefault(group, float(rng.random() * spread))

    rules = {name: parts[name] for name in ("lower", "upper", "groups", "compatible")}
    problem = PartitionProblem(parts["weights"], parts["adjacency"], of_each(cost), **rules)
    count = len(parts["weights"])
    sets = [group for size in range(1, count + 1) for group in combinations(range(count), size)]
    divisions = by_trying(parts, {group: values.get(group, np.inf) for group in sets})
    if not divisions:
        with pytest.raises(NoPlan):
            problem.solve()
        return
    best = problem.solve()
    assert best.proven
    assert best.groups == divisions[0][1]
    assert best.cost == pytest.approx(divisions[0][0], abs=problem.resolution * count)


def test_the_example_in_the_documentation() -> None:
    result = doctest.testmod(arrays, verbose=False)
    assert result.failed == 0
    assert result.attempted >= 9


def test_the_resolution_decides_what_counts_as_equal() -> None:
    costs = {(0,): 5.0, (1,): 5.0, (0, 1): 10.000004}
    fine = PartitionProblem([1, 1], None, of_each(costs.__getitem__))
    coarse = PartitionProblem([1, 1], None, of_each(costs.__getitem__), resolution=0.01)
    assert fine.resolution == pytest.approx(1e-7)
    assert fine.solve().groups == ((0,), (1,))
    assert len(fine.every(0.0).partitions) == 1
    assert len(coarse.every(0.0).partitions) == 2
    assert coarse.solve().cost == pytest.approx(10)


def test_a_vectorised_cost_and_labels() -> None:
    def spread(members: np.ndarray, starts: np.ndarray) -> np.ndarray:
        return members[starts[1:] - 1] - members[starts[:-1]]

    ring = np.zeros((6, 6), bool)
    for i in range(6):
        ring[i, (i + 1) % 6] = ring[(i + 1) % 6, i] = True
    best = PartitionProblem(np.ones(6, int), ring, spread, lower=2, groups=3).solve()
    assert best.groups == ((0, 1), (2, 3), (4, 5))
    assert best.cost == 3
    assert best.labels().tolist() == [0, 0, 1, 1, 2, 2]


def test_what_is_kept_when_there_are_too_many() -> None:
    problem = PartitionProblem(np.ones(8, int), None, np.zeros((8, 8), int), lower=2, upper=2)
    few = problem.every(0.5, at_most=7)
    assert len(few) == 7
    assert not few.complete
    assert len(problem.every(0.5)) == 105


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": [1.5, 1]}, "whole numbers"),
        ({"weights": [-1, 1]}, "whole numbers"),
        ({"weights": [[1, 1]]}, "whole numbers"),
        ({"adjacency": np.ones((3, 3), bool)}, "adjacency must be symmetric"),
        ({"compatible": np.array([[1, 0], [1, 1]])}, "compatible must be symmetric"),
        ({"cost": np.array([[1.0, 2.0], [3.0, 4.0]])}, "cost matrix must be symmetric"),
        ({"cost": of_each(lambda group: float("nan"))}, "one finite number"),
        ({"cost": lambda members, starts: np.zeros(1)}, "one finite number"),
        ({"resolution": 0.0}, "resolution"),
        ({"at_most": 2}, "more than 2 groups"),
    ],
)
def test_refuses_what_makes_no_sense(change: dict, words: str) -> None:
    given = {"weights": [1, 1], "adjacency": None, "cost": np.zeros((2, 2)), **change}
    with pytest.raises(ValueError, match=words):
        PartitionProblem(given.pop("weights"), given.pop("adjacency"), given.pop("cost"), **given)


def test_says_which_unit_no_group_may_hold() -> None:
    problem = PartitionProblem([5, 1, 5], np.zeros((3, 3), bool), np.zeros((3, 3)), lower=2)
    with pytest.raises(NoPlan, match="holds unit 1"):
        problem.solve()
