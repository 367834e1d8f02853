"""The nearest sites in one sweep are those of the sorted matrix."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osmium.osm.mutable import Relation

from geodata.roads import read_roads
from geodata.roads.network import RoadNetwork
from geodata.routing.matrix import milliseconds_between
from geodata.routing.nearest import nearest
from geodata.routing.snapping import Snapped, snap
from tests.geodata.osm_files import write_pbf
from tests.geodata.plain_networks import on_roads, plain_network

SIDE = 5


def town(folder: Path, one_way: list[int], missing: list[int], turns: Iterable[Relation] = ()) -> RoadNetwork:
    """Streets on a grid, some of them one-way, some left out."""
    nodes = {1 + i: (400_000 + 200.0 * (i % SIDE), 100_000 + 170.0 * (i // SIDE)) for i in range(SIDE * SIDE)}
    pairs = [(i, i + 1) for i in range(SIDE * SIDE) if i % SIDE < SIDE - 1]
    pairs += [(i, i + SIDE) for i in range(SIDE * (SIDE - 1))]
    ways = [
        (10 + number, [a + 1, b + 1], {"highway": "residential"} | ({"oneway": "yes"} if number in one_way else {}))
        for number, (a, b) in enumerate(pairs)
        if number not in missing
    ]
    path = write_pbf(folder / "town.osm.pbf", nodes, ways, relations=turns)
    return read_roads(path)


def by_sorting(matrix: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The first k of each row of a matrix, ties to the smaller column."""
    sites = matrix.shape[1]
    full = np.hstack((matrix, np.full((len(matrix), k), np.inf)))
    order = np.argsort(full, axis=1, kind="stable")[:, :k]
    ms = np.take_along_axis(full, order, axis=1)
    return np.where(np.isfinite(ms) & (order < sites), order, -1), ms


def same(found: tuple[np.ndarray, np.ndarray], expected: tuple[np.ndarray, np.ndarray]) -> bool:
    return np.array_equal(found[0], expected[0]) and np.array_equal(found[1], expected[1])


@pytest.fixture(scope="module")
def streets(tmp_path_factory: pytest.TempPathFactory) -> RoadNetwork:
    return town(tmp_path_factory.mktemp("town"), one_way=[3, 8, 14, 25, 31], missing=[2, 17, 28])


places = st.lists(
    st.tuples(st.floats(399_950, 400_850), st.floats(99_950, 100_750)) | st.sampled_from([(400_200.0, 100_170.0)]),
    min_size=1,
    max_size=9,
)


def joined(network: RoadNetwork, points: list[tuple[float, float]], limit_m: float = np.inf) -> Snapped:
    return snap(network, [x for x, _ in points], [y for _, y in points], limit_m)


@settings(max_examples=60, deadline=None)
@given(
    homes=places,
    clinics=places,
    k=st.integers(1, 4),
    towards=st.booleans(),
    limit=st.sampled_from([np.inf, 0.0, 20_000.0, 60_000.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_it_equals_sorting_the_matrix(
    streets: RoadNetwork, homes: list, clinics: list, k: int, towards: bool, limit: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    own, extra = rng.integers(0, 30_000, len(homes)), rng.integers(0, 30_000, len(clinics))
    points, sites = joined(streets, homes), joined(streets, clinics)
    if towards:
        matrix = milliseconds_between(streets, points, sites, engine="scipy")
    else:
        matrix = milliseconds_between(streets, sites, points, engine="scipy").T
    assert same(nearest(streets, points, sites, k, towards=towards), by_sorting(matrix, k))
    total = matrix + own[:, None] + extra
    a, b = np.nonzero(np.array([[home == clinic for clinic in clinics] for home in homes]))
    total[a, b] = 0.0
    total[total > limit] = np.inf
    found = nearest(
        streets, points, sites, k, towards=towards, limit_ms=limit, point_ms=own, site_ms=extra, together=(a, b)
    )
    assert same(found, by_sorting(total, k))


@pytest.mark.parametrize("towards", [True, False])
def test_on_one_street_the_direction_of_travel_counts(towards: bool) -> None:
    """A one-way street of 100 s and a quick way back: sites before and behind a home on that street."""
    x, y = np.array([0.0, 1000.0]), np.zeros(2)
    ends = np.array([0, 0]), np.array([1, 1])
    network = plain_network(x, y, *ends, np.array([100_000, 9_000]), np.array([-1, 9_000]))
    home, sites = on_roads([0], [0.5]), on_roads([0, 0, 0], [0.2, 0.6, 0.5])
    ahead, behind = 10_000.0, 50_000 + 9_000 + 20_000.0
    back_ahead, back_behind = 40_000 + 9_000 + 50_000.0, 30_000.0
    index, ms = nearest(network, home, sites, 3, towards=towards)
    assert index.tolist() == [[2, 1, 0] if towards else [2, 0, 1]]
    assert ms.tolist() == [[0.0, ahead, behind] if towards else [0.0, back_behind, back_ahead]]


def test_two_sites_as_near_are_told_in_their_order(streets: RoadNetwork) -> None:
    at = (400_200.0, 100_170.0)
    index, ms = nearest(streets, joined(streets, [(400_210.0, 100_170.0)]), joined(streets, [at, at, at]), 3)
    assert index.tolist() == [[0, 1, 2]]
    assert ms[0, 0] == ms[0, 2] > 0


def test_points_without_a_road_have_no_nearest_site(streets: RoadNetwork) -> None:
    far, near = (500_000.0, 200_000.0), (400_000.0, 100_000.0)
    points, sites = joined(streets, [far, near], 1000.0), joined(streets, [far, near], 1000.0)
    index, ms = nearest(streets, points, sites, 2)
    assert index.tolist() == [[-1, -1], [1, -1]]
    assert np.isinf(ms[0]).all()
    assert ms[1].tolist() == [0.0, np.inf]
    none, empty = nearest(streets, points, joined(streets, []), 1)
    assert none.tolist() == [[-1], [-1]]
    assert np.isinf(empty).all()


def test_a_number_below_one_is_refused(streets: RoadNetwork) -> None:
    points = joined(streets, [(400_000.0, 100_000.0)])
    with pytest.raises(ValueError, match="at least 1"):
        nearest(streets, points, points, 0)


def test_every_junction_as_home_and_clinic(tmp_path: Path) -> None:
    network = town(tmp_path, one_way=list(range(0, 40, 3)), missing=[])
    check_every_junction(network)


def test_turns_that_are_forbidden_count(tmp_path: Path) -> None:
    """At the middle junction nobody may turn left from the west, nor go straight on from the south."""
    west, east, south, north = 10 + 9, 10 + 10, 10 + 27, 10 + 32
    turns = [
        Relation(id=1, members=[("w", west, "from"), ("n", 13, "via"), ("w", north, "to")], tags=turn("no_left_turn")),
        Relation(id=2, members=[("w", south, "from"), ("n", 13, "via"), ("w", east, "to")], tags=turn("no_right_turn")),
    ]
    network = town(tmp_path, one_way=[], missing=[], turns=turns)
    assert len(network.turn_road), "no turn is forbidden: the test is not about turns"
    check_every_junction(network)


def turn(kind: str) -> dict[str, str]:
    return {"type": "restriction", "restriction": kind}


def check_every_junction(network: RoadNetwork) -> None:
    every = [(400_000 + 200.0 * i, 100_000 + 170.0 * j) for i in range(SIDE) for j in range(SIDE)]
    points = joined(network, every)
    matrix = milliseconds_between(network, points, points, engine="scipy")
    for k in (1, 2, 30):
        assert same(nearest(network, points, points, k), by_sorting(matrix, k))
