"""Gaps are looked for only where there can be any, and the same ones are found as everywhere."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.roads import gaps
from geodata.roads.gaps import GapsClosed, Segments, close_gaps


def islands(seed: int, count: int, size_m: float) -> Segments:
    """Winding lanes, each of them a part of its own, and among them a few long straight roads."""
    rng = np.random.default_rng(seed)
    x, y, tail, head, way = [], [], [], [], []
    for lane in range(count):
        points = int(rng.integers(2, 9))
        step = rng.choice([15.0, 60.0, 700.0])
        start = len(x)
        places = rng.uniform(-size_m, size_m, 2) + np.cumsum(rng.normal(0, step, (points, 2)), axis=0)
        x.extend(places[:, 0])
        y.extend(places[:, 1])
        tail.extend(range(start, start + points - 1))
        head.extend(range(start + 1, start + points))
        way.extend([lane] * (points - 1))
    return Segments(np.array(x), np.array(y), np.array(tail), np.array(head), np.array(way))


def told(found: GapsClosed) -> tuple:
    arrays = [values.tolist() for values in vars(found.segments).values()]
    return arrays, found.is_gap.tolist(), found.bridges, found.suspects


@given(st.integers(0, 10_000), st.integers(2, 40), st.sampled_from([300.0, 3_000.0]), st.sampled_from([5, 30, 200]))
@settings(max_examples=120, deadline=None)
def test_the_same_gaps_are_found_as_among_all_pieces(seed, count, size_m, tolerance_m):
    segments = islands(seed, count, size_m)
    rng = np.random.default_rng(seed + 1)
    allowed, sealed = rng.random(len(segments.tail)) < 0.9, rng.random(len(segments.x)) < 0.05
    found = close_gaps(segments, allowed, sealed, tolerance_m)
    with patch.object(gaps, "_in_question", lambda _segments, _part, _ends, targets, _reach_m: targets >= 0):
        assert told(close_gaps(segments, allowed, sealed, tolerance_m)) == told(found)


@pytest.mark.parametrize("gap_m", [49.0, 51.0])
def test_a_long_straight_road_is_found_from_its_middle(gap_m):
    """It begins many cells away from the lane that ends beside it."""
    x, y = np.array([0.0, 40_000.0, 20_000.0, 20_000.0]), np.array([0.0, 0.0, gap_m, 500.0])
    segments = Segments(x, y, np.array([0, 2]), np.array([1, 3]), np.array([0, 1]))
    found = close_gaps(segments, np.ones(2, dtype=bool), np.zeros(4, dtype=bool), 50.0)
    assert [bridge.length_m for bridge in found.bridges] == [gap_m] * (gap_m <= 50)
