"""Colours and hatches: few, never the same on both sides of a border, and enough contrast for letters."""

from __future__ import annotations

import itertools

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping import maps
from grouping.maps.hatches import CHANGE_LIMITS, INK
from tests.grouping.made_run import made_run


def _square(columns: int, rows: int) -> np.ndarray:
    return np.array([shapely.box(x, y, x + 1, y + 1) for y in range(rows) for x in range(columns)])


def test_groups_that_touch_differ_in_colour() -> None:
    run = made_run()
    polygons = maps.drawn_areas(run.place.areas)
    for shape in maps.group_shapes(run, polygons):
        belongs = shape.of_area
        colour = maps.group_colours(polygons, belongs, list(shape.outlines))
        for i, j in zip(*shapely.STRtree(polygons).query(polygons, predicate="intersects"), strict=True):
            if belongs[i] and belongs[j] and belongs[i] != belongs[j]:
                assert colour[belongs[i]] != colour[belongs[j]]


def test_as_few_colours_as_the_map_needs() -> None:
    strips = np.array([shapely.box(i, 0, i + 1, 1) for i in range(40)])
    ids = [f"G{i:02d}" for i in range(40)]
    colour = maps.group_colours(strips, ids, ids)
    assert set(colour.values()) == {0, 1}
    assert all(colour[a] != colour[b] for a, b in itertools.pairwise(ids))
    ring = np.array([shapely.box(0, 0, 20, 1), *(shapely.box(i, 1, i + 0.9, 2) for i in range(20))])
    ids = [f"G{i:02d}" for i in range(21)]
    colour = maps.group_colours(ring, ids, ids)
    assert list(colour.values()) == [0] + [1] * 20


def test_groups_without_an_area_have_a_colour_too() -> None:
    assert maps.group_colours(_square(2, 1), ["G01", ""], ["G01", "G02"]) == {"G01": 0, "G02": 0}


def test_where_all_touch_all_only_corners_may_look_alike() -> None:
    # seven cells round one point touch each other there, and share an edge with two others only
    around = np.linspace(0, 2 * np.pi, 8)[:-1]
    rim = np.column_stack((np.cos(around), np.sin(around)))
    wedges = np.array([shapely.Polygon([(0, 0), rim[i], rim[(i + 1) % 7]]) for i in range(7)])
    ids = list("ABCDEFG")
    colour = maps.group_colours(wedges, ids, ids)
    assert all(colour[ids[i]] != colour[ids[(i + 1) % 7]] for i in range(7))
    assert max(colour.values()) == 2


def test_more_neighbours_than_colours_still_gives_every_group_one() -> None:
    # seven groups that all share edges with each other, in several pieces each
    pairs = list(itertools.combinations("ABCDEFG", 2))
    cells = [(shapely.box(3 * n + k, 0, 3 * n + k + 1, 1), pair[k]) for n, pair in enumerate(pairs) for k in (0, 1)]
    colour = maps.group_colours(np.array([cell for cell, _ in cells]), [name for _, name in cells], list("ABCDEFG"))
    assert set(colour) == set("ABCDEFG")
    assert set(colour.values()) == set(range(len(maps.HATCHES)))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_neighbours_differ_on_any_map_and_its_order_does_not_matter(data: st.DataObject) -> None:
    columns, rows = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    cells = _square(columns, rows)
    groups = data.draw(st.lists(st.integers(0, 7), min_size=len(cells), max_size=len(cells)))
    ids = [f"G{group}" for group in groups]
    colour = maps.group_colours(cells, ids, sorted(set(ids)))
    assert all(0 <= value < len(maps.HATCHES) for value in colour.values())
    order = data.draw(st.permutations(range(len(cells))))
    again = maps.group_colours(cells[list(order)], [ids[i] for i in order], sorted(set(ids), reverse=True))
    assert again == colour
    if len(set(ids)) <= 4:
        for (i, one), (j, other) in itertools.combinations(enumerate(cells), 2):
            if ids[i] != ids[j] and one.intersection(other).length > 0:
                assert colour[ids[i]] != colour[ids[j]]


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def test_letters_keep_a_contrast_of_seven_to_one_on_every_colour() -> None:
    for colour in maps.PALETTE:
        assert (_luminance(colour) + 0.05) / (_luminance(INK) + 0.05) >= 7
    assert len(maps.PALETTE) <= 6


def test_every_colour_has_a_hatch_of_its_own() -> None:
    assert len({hatch.lines for hatch in maps.HATCHES}) == len(maps.HATCHES)


def test_classes_of_change_carry_the_sign_in_hatch_and_words() -> None:
    words = [hatch.words[0] for hatch in maps.CHANGES]
    assert words == ["−", "−", "−", "w", "+", "+", "+"]
    assert len(maps.CHANGES) == len(CHANGE_LIMITS) + 1
    assert len({hatch.lines for hatch in maps.CHANGES}) == 3
    darkness = [_luminance(hatch.colour) for hatch in maps.CHANGES]
    assert darkness[:4] == sorted(darkness[:4])
    assert darkness[3:] == sorted(darkness[3:], reverse=True)
