"""Random problems in the shape of Dorset, for measuring: towns, list sizes, rurality and straight-line minutes."""

from __future__ import annotations

import numpy as np
from scipy.spatial import Delaunay

from grouping.problem import GroupingProblem
from grouping.rules import RuleSet, load_rules


def made_up_problem(
    seed: int, *, practices: int = 96, graph: str = "gabriel", rules: RuleSet | None = None
) -> GroupingProblem:
    """A county with a conurbation, market towns and villages.

    Parameters
    ----------
    seed
        Seed of the random numbers.
    practices
        Practices; the county grows with them, so that the density stays Dorset's.
    graph
        `gabriel` (about 3.5 neighbours a practice) or `delaunay` (about 5.8).
    rules
        The rule set, default `dorset-2017`.
    """
    rng = np.random.default_rng(seed)
    side = np.sqrt(practices / 96)
    width, height = 80.0 * side, 45.0 * side
    towns = rng.uniform((0, 0), (width, height), (max(2, round(17 * practices / 96)), 2))
    pull = rng.dirichlet(
        np.r_[np.full(max(1, len(towns) // 9), 9.0), np.full(len(towns) - max(1, len(towns) // 9), 1.0)]
    )
    of_town = rng.choice(len(towns), practices, p=pull)
    spread = np.where(of_town < max(1, len(towns) // 9), 5.0, 2.5)
    xy = np.clip(towns[of_town] + rng.normal(size=(practices, 2)) * spread[:, None], 0, (width, height))
    alone = rng.random(practices) < 0.25
    xy[alone] = rng.uniform((0, 0), (width, height), (int(alone.sum()), 2))
    lists = rng.lognormal(0, 0.5, practices)
    lists = np.maximum(np.rint(lists / lists.sum() * 766_000 * practices / 96), 1200).astype(np.int64)
    crowd = (np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) < 6).sum(axis=1)
    rural_share = np.clip(1.15 - crowd / 6 + rng.normal(0, 0.15, practices), 0, 1)
    branches = rng.choice(practices, round(35 * practices / 96))
    owner = np.sort(np.r_[np.arange(practices), branches])
    sites = xy[owner].copy()
    second = np.r_[False, owner[1:] == owner[:-1]]
    sites[second] += rng.normal(0, 3.0, (int(second.sum()), 2))
    homes = xy[:, None] + rng.normal(0, 2.5, (practices, 12, 2))
    km = np.hypot(*(homes[:, :, None] - sites[None, None]).transpose(3, 0, 1, 2))
    minutes = (km * 1.3 / 45 * 60 + 2).mean(axis=1)
    main = np.flatnonzero(~second)
    site_km = np.hypot(*(sites[:, None] - sites[None]).transpose(2, 0, 1))
    between_sites = site_km * 1.3 / 48 * 60
    localities = rng.uniform((0, 0), (width, height), (max(2, round(13 * practices / 96)), 2))
    locality = np.argmin(np.hypot(*(xy[:, None] - localities[None]).transpose(2, 0, 1)), axis=1)
    return GroupingProblem(
        practice_codes=tuple(f"P{i:03d}" for i in range(practices)),
        list_size=lists,
        rural_patients=rural_share * lists,
        timed_patients=lists.astype(np.float64),
        patient_minutes=minutes * lists[:, None],
        site_codes=tuple(f"S{i:03d}" for i in range(len(owner))),
        site_owner=owner.astype(np.int64),
        hub_allowed=np.ones(len(owner), bool),
        practice_to_site=between_sites[main],
        between_practices=between_sites[np.ix_(main, main)],
        adjacency=_adjacency(xy, graph),
        locality=tuple(f"L{label:02d}" for label in locality),
        current_group=("",) * practices,
        keep_together=("",) * practices,
        rules=rules or load_rules("dorset-2017"),
    )


def _adjacency(xy: np.ndarray, graph: str) -> np.ndarray:
    """Delaunay edges; for `gabriel` only those whose circle holds no third practice."""
    count = len(xy)
    adjacency = np.zeros((count, count), bool)
    for a, b, c in Delaunay(xy).simplices:
        for i, j in ((a, b), (b, c), (a, c)):
            adjacency[i, j] = adjacency[j, i] = True
    if graph == "gabriel":
        for i, j in np.argwhere(np.triu(adjacency)):
            centre, radius = (xy[i] + xy[j]) / 2, np.hypot(*(xy[i] - xy[j])) / 2
            distance = np.hypot(*(xy - centre).T)
            distance[[i, j]] = np.inf
            if (distance < radius - 1e-12).any():
                adjacency[i, j] = adjacency[j, i] = False
    return adjacency
