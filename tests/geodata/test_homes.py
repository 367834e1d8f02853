"""Several points of an area: their weighted mean, and who counts as not reached."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.homes import Homes


def homes(area: list[int], weight: list[float]) -> Homes:
    spots = np.arange(len(area), dtype=float)
    return Homes(np.array(area), spots, -spots, np.array(weight), max(area) + 1)


def test_the_mean_is_weighted_and_each_column_has_its_own() -> None:
    several = homes([0, 0, 1, 2, 2], [3.0, 1.0, 5.0, 1.0, 1.0])
    minutes = np.array([[10.0, 0.0], [20.0, 4.0], [7.0, 8.0], [1.0, 2.0], [2.0, 4.0]])
    assert several.mean(minutes).tolist() == [[12.5, 1.0], [7.0, 8.0], [1.5, 3.0]]
    assert several.mean(minutes[:, 0]).tolist() == [12.5, 7.0, 1.5]
    assert not several.single
    assert homes([0, 1], [2.0, 3.0]).mean(minutes[:2]).tolist() == minutes[:2].tolist()


@pytest.mark.parametrize(("lost", "expected"), [(1.0, 10.0), (3.9, 10.0), (4.0, 10.0), (4.1, np.inf), (1000.0, np.inf)])
def test_an_area_with_half_of_its_people_reached_is_reached(lost: float, expected: float) -> None:
    several = homes([0, 0, 1], [4.0, lost, 1.0])
    assert several.mean(np.array([10.0, np.inf, 5.0])).tolist() == [expected, 5.0]


def test_nobody_reached_is_no_number(recwarn: pytest.WarningsRecorder) -> None:
    assert np.isinf(homes([0, 0], [1.0, 1.0]).mean(np.full((2, 3), np.inf))).all()
    assert not recwarn.list


def test_a_part_holds_its_areas_numbered_from_nought() -> None:
    several = homes([0, 0, 1, 2, 2, 3], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    part = several.part(1, 3)
    assert (part.area.tolist(), part.weight.tolist(), part.areas) == ([0, 1, 1], [3.0, 4.0, 5.0], 2)
    assert (part.x.tolist(), part.y.tolist()) == ([2.0, 3.0, 4.0], [-2.0, -3.0, -4.0])
    last = several.part(2, 9)
    assert (last.area.tolist(), last.areas) == ([0, 0, 1], 2)
