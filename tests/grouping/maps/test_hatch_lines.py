"""Hatches as lines: they go where the tiles go, and what has the same hatch is put together."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from grouping.maps.hatch_lines import grounds, hatch_lines, strokes
from grouping.maps.hatches import HATCHES

BOX = (0, 0, 80, 80)


def _hatch(words: str):
    return next(hatch for hatch in HATCHES if words in hatch.words)


def test_strokes_of_a_tile_are_read_as_svg_reads_them() -> None:
    assert list(strokes("M-10 10L10 -10M10 10h0")) == [((-10.0, 10.0), (10.0, -10.0)), ((10.0, 10.0), (10.0, 10.0))]
    assert list(strokes("M10 -5V45M-5 10H45")) == [((10.0, -5.0), (10.0, 45.0)), ((-5.0, 10.0), (45.0, 10.0))]


def test_lines_go_where_the_tiles_go() -> None:
    assert hatch_lines(_hatch("plain"), BOX) is None
    assert hatch_lines(_hatch("level"), BOX).path == "M0 10H80M0 50H80M0 30H80M0 70H80"
    # lines on which x + y is 0, 40, 80, ... from the left edge upwards
    assert hatch_lines(_hatch("rising"), BOX).path.startswith("M0 0l80-80M0 40l80-80M0 80l80-80")


def test_dots_stand_in_rows_that_are_repeated() -> None:
    dots = hatch_lines(_hatch("dots"), BOX)
    assert dots.path == "M0 0h0m40 0h0m40 0h0"
    assert dots.rows == ((10, 10), (10, 50), (30, 30), (30, 70))


@pytest.mark.parametrize("hatch", HATCHES, ids=[hatch.words for hatch in HATCHES])
def test_every_hatch_of_the_maps_can_be_drawn_as_lines(hatch) -> None:
    lines = hatch_lines(hatch, BOX)
    assert (lines is None) == (not hatch.lines)
    assert lines is None or (lines.width == hatch.width and re.fullmatch(r"[MHVlhm\d -]+", lines.path))


def test_what_has_the_same_hatch_is_one_ground() -> None:
    groups = [
        SimpleNamespace(hatch=hatch, path=path) for hatch, path in ((3, "M0 0z"), (1, "M5 5z"), (3, "M9 9z"), (0, ""))
    ]
    assert [(ground.hatch, ground.path) for ground in grounds(groups)] == [(1, "M5 5z"), (3, "M0 0zM9 9z")]
    assert [ground.colour for ground in grounds(groups)] == [HATCHES[1].colour, HATCHES[3].colour]
