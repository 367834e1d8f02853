"""Scattered catchments in one piece: hand-worked maps, and what holds for any map."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geodata.one_piece import flat, in_one_piece, share_out


def strip(count: int) -> NDArray[np.int64]:
    """Areas in one row, each beside the next."""
    return np.column_stack((np.arange(count - 1), np.arange(1, count)))


def tidy(owner: list[int], touching: NDArray[np.int64], patients: list[list[float]], sites: list[float]) -> list[int]:
    """The owners after tidying; areas and sites stand on a line, area i at place i."""
    metres = np.abs(np.arange(len(owner))[:, None] - np.array(sites)[None, :]).astype(float)
    return in_one_piece(np.array(owner), touching, csr_array(np.array(patients, float)), metres).tolist()


def test_a_scattered_area_goes_to_the_catchment_around_it() -> None:
    patients = [[9, 0], [9, 0], [1, 2], [9, 0], [0, 9], [0, 9]]
    assert tidy([0, 0, 1, 0, 1, 1], strip(6), patients, [0, 5]) == [0, 0, 0, 0, 1, 1]


def test_the_piece_with_most_patients_is_kept_not_the_largest() -> None:
    patients = [[2, 0], [2, 0], [2, 0], [0, 9], [9, 0]]
    assert tidy([0, 0, 0, 1, 0], strip(5), patients, [0, 3]) == [1, 1, 1, 1, 0]


def test_of_equal_pieces_the_one_near_the_site_is_kept() -> None:
    patients = [[5, 0], [0, 9], [5, 0]]
    assert tidy([0, 1, 0], strip(3), patients, [2.0, 1.0]) == [1, 1, 0]
    assert tidy([0, 1, 0], strip(3), patients, [1.0, 1.0]) == [0, 1, 1]


def test_the_strongest_claim_comes_first_and_grows_on() -> None:
    # Areas 1 to 3 are left over by catchment 2, whose best piece is area 5: claims of 0 are stronger than those of 1.
    patients = [[9, 0, 0], [4, 0, 5], [3, 1, 5], [2, 1, 5], [0, 9, 0], [0, 0, 90]]
    assert tidy([0, 2, 2, 2, 1, 2], strip(6), patients, [0, 4, 5]) == [0, 0, 0, 0, 1, 2]


def test_an_equal_claim_goes_to_the_nearer_site() -> None:
    patients = [[9, 0, 0], [0, 0, 1], [0, 0, 1], [0, 9, 0], [0, 0, 90]]
    assert tidy([0, 2, 2, 1, 2], strip(5), patients, [0, 3, 4]) == [0, 0, 1, 1, 2]


def test_an_island_of_scattered_areas_goes_to_whom_most_of_it_goes() -> None:
    patients = [[9, 0], [0, 9], [2, 1], [0, 2]]
    touching = np.array([[0, 1], [2, 3]])
    assert tidy([0, 1, 0, 1], touching, patients, [0, 1]) == [0, 1, 1, 1]


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 6), st.integers(2, 6), st.integers(1, 8), st.integers(0, 10_000))
def test_any_catchment_is_connected_and_nobody_loses_all(columns: int, rows: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = nx.convert_node_labels_to_integers(nx.grid_2d_graph(columns, rows))
    owner = rng.integers(0, count, len(grid))
    patients = csr_array(rng.integers(0, 4, (len(grid), count)).astype(float))
    metres = rng.random((len(grid), count)) * 100
    after = in_one_piece(owner, np.array(grid.edges), patients, metres)
    assert set(after) == set(owner)
    for catchment in set(owner):
        assert nx.is_connected(grid.subgraph(np.flatnonzero(after == catchment).tolist()))
    again = in_one_piece(after, np.array(grid.edges), patients, metres)
    assert again.tolist() == after.tolist()


def shared(owner: list[int], landless: list[int], sites: list[float]) -> tuple[list[int], dict[int, int]]:
    metres = np.abs(np.arange(len(owner))[:, None] - np.array(sites)[None, :]).astype(float)
    after, shares = share_out(np.array(owner), landless, np.argmin(metres, axis=1), metres)
    return after.tolist(), shares


def test_the_landless_get_the_areas_nearest_to_their_site() -> None:
    assert shared([0, 0, 0, 0, 1, 1], [2], [0, 5, 2.2]) == ([0, 0, 2, 2, 1, 1], {})


def test_nobody_loses_the_last_area() -> None:
    assert shared([0, 1, 1, 1], [2], [1.0, 3.0, 0.2]) == ([0, 2, 1, 1], {})
    assert shared([0, 1], [2], [0.0, 1.0, 0.8]) == ([0, 1], {2: 1})


def test_the_landless_without_a_nearest_area_get_the_next_that_can_be_had() -> None:
    assert shared([0, 0, 1, 1], [2], [1.0, 2.0, 1.4]) == ([0, 2, 1, 1], {})


@pytest.mark.parametrize("size", [5, 6, 8])
def test_of_borders_that_cross_the_longest_stay(size: int) -> None:
    everybody = nx.complete_graph(size)
    contact = {(a, b): 100.0 + 7 * a + b for a, b in everybody.edges}
    kept = flat(contact)
    assert nx.check_planarity(nx.Graph(kept))[0]
    by_hand: list[tuple[int, int]] = []
    for pair in sorted(contact, key=lambda pair: (-contact[pair], pair)):
        if nx.check_planarity(nx.Graph([*by_hand, pair]))[0]:
            by_hand.append(pair)
    assert kept == sorted(by_hand)


def test_what_is_flat_stays() -> None:
    grid = nx.convert_node_labels_to_integers(nx.triangular_lattice_graph(4, 6))
    contact = {(min(a, b), max(a, b)): 50.0 for a, b in grid.edges}
    assert flat(contact) == sorted(contact)
    assert flat({}) == []
