"""Sets below a price limit: all of them, each once, whatever the buffer; and no limit above what a set costs."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.partition.chunks import HubSearch, Shape, Space, knapsack_limit

NO_SHAPE = Shape(np.zeros((3, 0)), np.zeros(0), np.zeros((3, 0)), np.zeros(0))


def bits(matrix: np.ndarray) -> np.ndarray:
    padded = np.zeros((len(matrix), 64), bool)
    padded[:, : len(matrix)] = matrix
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def random_space(seed: int, count: int = 8) -> tuple[Space, np.ndarray, np.ndarray, np.ndarray]:
    """A space, with the plain adjacency and compatibility, and prices."""
    rng = np.random.default_rng(seed)
    adjacency = np.triu(rng.random((count, count)) < 0.45, 1)
    adjacency |= adjacency.T
    compatible = np.triu(rng.random((count, count)) < 0.9, 1)
    compatible = compatible | compatible.T | np.eye(count, dtype=bool)
    owner = np.sort(np.r_[np.arange(count), rng.integers(0, count, 3)])
    owner = np.where(rng.random(len(owner)) < 0.15, -1, owner)
    minutes = rng.integers(0, 60, (count, len(owner))) * 10
    minutes[rng.random(minutes.shape) < 0.1] = -1
    space = Space(
        bits(adjacency), bits(compatible), rng.integers(1, 20, count), int(rng.integers(15, 70)), minutes, owner,
        rng.random(count) * 10, 0.5, int(rng.choice([0, 3])), 0.0,
    )  # fmt: skip
    return space, adjacency, compatible, rng.integers(0, 500, count)


def random_shape(seed: int) -> Shape:
    rng = np.random.default_rng(seed + 1000)
    urban, rural = rng.integers(5, 40, 2)
    below = np.array([[min(urban, rural)], [urban], [rural]], float)
    return Shape(below, rng.integers(0, 30, 1).astype(float), np.full((3, 1), 35.0), rng.integers(0, 30, 1) * 1.0, 17.0)


def plain_limits(
    space: Space, shape: Shape, adjacency: np.ndarray, compatible: np.ndarray, prices: np.ndarray
) -> dict[tuple[int, ...], float]:
    """The limit of every set there is, by trying all of them."""
    count, limits = len(prices), {}
    for size in range(1, count + 1):
        if space.most_members and size > space.most_members:
            break
        for group in combinations(range(count), size):
            patients = int(space.sizes[list(group)].sum())
            apart = any(not compatible[p, q] for p in group for q in group)
            if patients > space.maximum or apart or not connected(group, adjacency):
                continue
            totals = [
                int(space.minutes[list(group), s].sum())
                for s in range(len(space.owner))
                if space.owner[s] in group and (space.minutes[list(group), s] >= 0).all()
            ]
            if not totals:
                continue
            kind = 2 if space.rural[list(group)].sum() / max(patients, 1) >= space.threshold else 1
            limit = float(min(totals) - prices[list(group)].sum())
            if len(shape.below_rate):
                limit += shape.below_rate[0] * max(shape.below[kind, 0] - patients, 0)
                limit += shape.fixed * (patients < shape.below[kind, 0])
            if len(shape.above_rate):
                limit += shape.above_rate[0] * max(patients - shape.above[kind, 0], 0)
            limits[group] = limit
    return limits


def connected(group: tuple[int, ...], adjacency: np.ndarray) -> bool:
    seen, todo = {group[0]}, [group[0]]
    while todo:
        here = todo.pop()
        fresh = {p for p in group if adjacency[here, p]} - seen
        seen |= fresh
        todo += fresh
    return len(seen) == len(group)


def found_sets(
    space: Space, shape: Shape, prices: np.ndarray, threshold: float, buffer: int = 50
) -> list[tuple[tuple[int, ...], float]]:
    found = []
    for hub in range(len(space.owner)):
        for chunk in HubSearch(space, shape, prices, hub, threshold, buffer=buffer):
            assert len(chunk) <= buffer
            for j in range(len(chunk)):
                members = chunk.members[chunk.starts[j] : chunk.starts[j + 1]]
                found.append((tuple(int(p) for p in members), float(chunk.limit[j])))
    return found


@pytest.mark.parametrize("seed", range(30))
def test_without_a_threshold_every_set_is_found_once_with_its_limit(seed: int) -> None:
    space, adjacency, compatible, prices = random_space(seed)
    for shape in (NO_SHAPE, random_shape(seed)):
        found = found_sets(space, shape, prices, np.inf)
        assert len(found) == len({group for group, _ in found})
        assert dict(found) == plain_limits(space, shape, adjacency, compatible, prices)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(-1500, 300))
def test_with_a_threshold_exactly_the_sets_at_or_below_it_are_found(seed: int, threshold: int) -> None:
    space, adjacency, compatible, prices = random_space(seed, 7)
    shape = random_shape(seed)
    wanted = {
        group: limit
        for group, limit in plain_limits(space, shape, adjacency, compatible, prices).items()
        if limit <= threshold
    }
    assert dict(found_sets(space, shape, prices, threshold)) == wanted


@pytest.mark.parametrize("buffer", [1, 2, 7])
def test_the_buffer_decides_nothing(buffer: int) -> None:
    space, _, _, prices = random_space(3)
    assert found_sets(space, NO_SHAPE, prices, 0, buffer) == found_sets(space, NO_SHAPE, prices, 0, 5000)


def test_a_lower_threshold_takes_effect_while_the_search_goes_on() -> None:
    space, _, _, prices = random_space(5)
    hub = int(np.flatnonzero(space.owner >= 0)[0])
    assert sum(map(len, HubSearch(space, NO_SHAPE, prices, hub, np.inf))) > 1
    search = HubSearch(space, NO_SHAPE, prices, hub, np.inf, buffer=1)
    chunks = []
    for chunk in search:
        chunks.append(chunk)
        search.threshold = -np.inf
    assert sum(map(len, chunks)) == 1
    assert search.done


@pytest.mark.parametrize("seed", range(20))
def test_the_knapsack_limit_is_never_above_the_best_set_of_its_hub(seed: int) -> None:
    space, _, _, prices = random_space(seed)
    shape = random_shape(seed)
    reached = 0
    for hub in range(len(space.owner)):
        limits = [limit for chunk in HubSearch(space, shape, prices, hub, np.inf) for limit in chunk.limit.tolist()]
        if limits:
            reached += 1
            assert knapsack_limit(space, shape, prices, hub) <= min(limits) + 1e-6
    assert reached


def test_pruning_looks_at_few_sets_where_prices_are_right() -> None:
    space, _, _, prices = random_space(8)
    everything = cheap = 0
    for hub in range(len(space.owner)):
        for search, threshold in ((0, np.inf), (1, -10_000.0)):
            looking = HubSearch(space, NO_SHAPE, prices, hub, threshold)
            list(looking)
            if search:
                cheap += looking.steps
            else:
                everything += looking.steps
    assert cheap <= len(space.owner) < everything


@pytest.mark.parametrize("off", [-5e-7, 0.0, 5e-7])
@pytest.mark.parametrize("sizes", [(15, 30), (30, 15)])
def test_a_share_about_at_the_threshold_may_be_of_either_kind(off: float, sizes: tuple[int, int]) -> None:
    """The order of additions may decide the kind, so the limit is that of the kind for which it is lower."""
    space, adjacency, compatible, prices = random_space(5)
    space = replace(space, rural=space.sizes * (space.threshold + off))
    urban, rural = sizes
    below = np.array([[min(sizes)], [urban], [rural]], float)
    shape = Shape(below, np.array([7.0]), np.full((3, 1), 35.0), np.array([3.0]), 17.0)
    lower = replace(shape, below=np.full((3, 1), min(sizes), float))
    assert dict(found_sets(space, shape, prices, np.inf)) == plain_limits(space, lower, adjacency, compatible, prices)


@pytest.mark.parametrize("seed", range(8))
def test_practices_without_patients_are_in_sets_too(seed: int) -> None:
    space, adjacency, compatible, prices = random_space(seed)
    sizes = space.sizes.copy()
    sizes[[1, 4]] = 0
    space = replace(space, sizes=sizes, rural=np.where(sizes > 0, space.rural, 0.0))
    shape = random_shape(seed)
    limits = plain_limits(space, shape, adjacency, compatible, prices)
    for threshold in (-300.0, 0.0, 300.0):
        wanted = {group: limit for group, limit in limits.items() if limit <= threshold}
        assert dict(found_sets(space, shape, prices, threshold)) == wanted
