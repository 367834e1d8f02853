"""Counts of people by group: whoever takes all options together cannot tell a small one better than 1 to 7."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from grouping.report.public_counts import printed_counts


def _options(rng: np.random.Generator, practices: int) -> list[list[np.ndarray]]:
    """One to four plans that differ by a few practices."""
    order, groups = rng.permutation(practices), int(rng.integers(2, max(3, practices // 2) + 1))
    label = np.sort(rng.integers(0, groups, practices))
    made = []
    for _ in range(int(rng.integers(1, 5))):
        made.append([order[label == group] for group in range(groups) if (label == group).any()])
        label = label.copy()
        label[rng.integers(practices)] = rng.integers(groups)
    return made


def _known(people: np.ndarray, options: list, printed: list) -> tuple[np.ndarray, np.ndarray]:
    """What the tables say of the practices, as rows `A x <= b`: sums within their rounding, and that of everybody."""
    rows, limits = [], []

    def between(members: np.ndarray, least: float, most: float) -> None:
        row = np.zeros(len(people))
        row[members] = 1.0
        rows.extend([row, -row])
        limits.extend([most, -least])

    total = 5 * np.floor(people.sum() / 5 + 0.5)
    between(np.arange(len(people)), total - 2.5, total + 2.5)
    for groups, values in zip(options, printed, strict=True):
        for group, value in zip(groups, values, strict=True):
            if value == "*":
                between(group, 0.5, 1e6)
            elif value == 0:
                between(group, 0.0, 0.49)
            else:
                between(group, max(value - 2.5, 7.5), value + 2.5)
    return np.array(rows), np.array(limits)


@pytest.mark.parametrize("seed", range(4))
def test_a_small_count_could_be_anything_from_one_to_seven(seed: int) -> None:
    rng = np.random.default_rng(seed)
    looked = 0
    for _ in range(30):
        practices = int(rng.integers(4, 14))
        few = rng.random(practices) < 0.35
        people = np.where(few, rng.integers(0, 9, practices), rng.integers(0, 400, practices)).astype(float)
        patients = people + rng.integers(0, 3_000, practices)
        options = _options(rng, practices)
        printed = printed_counts(people, patients, options)
        rows, limits = _known(people, options, printed)
        bounds = [(0.0, most) for most in patients]
        for group in {tuple(group) for groups in options for group in groups if 0.5 <= people[group].sum() < 7.5}:
            counted = np.isin(np.arange(practices), group).astype(float)
            least, most = (linprog(sign * counted, A_ub=rows, b_ub=limits, bounds=bounds) for sign in (1, -1))
            assert least.fun <= 1.5, (people, options, printed)
            assert -most.fun >= 6.5, (people, options, printed)
            looked += 1
    assert looked > 5
