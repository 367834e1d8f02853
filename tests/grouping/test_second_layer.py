"""Groups of groups: whole groups, connected, of the size asked for, and the best by every partition tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from benchmarks.made_up import made_up_problem
from geodata.travel import TravelMethod, TravelTimes
from grouping.optimise import solve_partition
from grouping.plan import Plan
from grouping.problem import GroupingProblem
from grouping.second_layer import COLUMNS, LARGEST, SecondLayer, form_partnerships


def partitions(items: tuple[int, ...]) -> Iterator[list[tuple[int, ...]]]:
    """All partitions of some groups."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for mask in range(1 << len(rest)):
        part = (first, *(g for i, g in enumerate(rest) if mask >> i & 1))
        left = tuple(g for i, g in enumerate(rest) if not mask >> i & 1)
        for other in partitions(left):
            yield [part, *other]


def times_between(problem: GroupingProblem) -> TravelTimes:
    """Minutes between sites; only these are read."""
    rng = np.random.default_rng(5)
    xy = rng.uniform(0, 60, (len(problem.site_codes), 2))
    minutes = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    none = np.zeros(len(minutes))
    return TravelTimes(
        (), problem.site_codes, np.zeros((0, len(minutes))), minutes, none[:0], none, TravelMethod("roads", "")
    )


def layered(seed: int, **layer: float) -> tuple[GroupingProblem, Plan, TravelTimes, SecondLayer]:
    problem = made_up_problem(seed, practices=36)
    rules = problem.rules.model_copy(update={"second_layer": problem.rules.second_layer.model_copy(update=layer)})
    problem = replace(problem, rules=rules)
    plan = solve_partition(problem).plan
    times = times_between(problem)
    formed = form_partnerships(plan, problem, times)
    assert formed is not None
    return problem, plan, times, formed


def worth(
    parts: list[tuple[int, ...]], plan: Plan, problem: GroupingProblem, times: TravelTimes, limit: float
) -> tuple | None:
    """Shortfall, exceptions and patient-minutes of partnerships, from the definitions; None if not allowed."""
    layer = problem.rules.second_layer
    number = {code: i for i, code in enumerate(problem.practice_codes)}
    practices = [[number[code] for code in group.members] for group in plan.groups]
    hubs = [problem.site_codes.index(group.hub_site_code) for group in plan.groups]
    most = layer.maximum or LARGEST * layer.minimum
    shortfall = exceptions = 0
    minutes = 0.0
    for part in parts:
        members = [p for g in part for p in practices[g]]
        size = int(problem.list_size[members].sum())
        if size > most and len(part) > 1:
            return None
        if limit and any(
            max(times.between_sites[hubs[a], hubs[b]], times.between_sites[hubs[b], hubs[a]]) > limit
            for a in part
            for b in part
        ):
            return None
        graph = nx.Graph(list(zip(*np.nonzero(problem.adjacency[np.ix_(members, members)]), strict=True)))
        graph.add_nodes_from(range(len(members)))
        # whole groups hang together by themselves: what counts is whether they touch
        for g in part:
            own = [members.index(p) for p in practices[g]]
            nx.add_path(graph, own)
        if nx.number_connected_components(graph) > 1:
            return None
        shortfall += max(0, layer.minimum - size)
        exceptions += size < layer.minimum
        minutes += min(float(problem.patient_minutes[members, hubs[g]].sum()) for g in part)
    return shortfall, exceptions, minutes


@pytest.mark.parametrize(("seed", "limit"), [(0, 0.0), (1, 0.0), (2, 45.0), (3, 45.0)])
def test_the_best_of_all_partitions_of_the_groups(seed: int, limit: float) -> None:
    problem, plan, times, formed = layered(seed, minimum=70_000, max_minutes_between_hubs=limit)
    assert list(formed.table.columns) == list(COLUMNS)
    number = {group.group_id: i for i, group in enumerate(plan.groups)}
    mine = [tuple(number[name] for name in row.group_ids.split()) for row in formed.table.itertuples()]
    assert sorted(g for part in mine for g in part) == list(range(len(plan.groups)))
    assert len(plan.groups) <= 11
    values = [worth(parts, plan, problem, times, limit) for parts in partitions(tuple(range(len(plan.groups))))]
    best = min(value for value in values if value is not None)
    own = worth(mine, plan, problem, times, limit)
    assert own is not None
    assert own[:2] == best[:2] == (formed.shortfall, formed.exceptions)
    assert own[2] == pytest.approx(best[2], rel=1e-9)
    assert formed.status == "optimal"


def test_figures_of_a_partnership_are_those_of_its_groups() -> None:
    problem, plan, _times, formed = layered(0, minimum=70_000)
    by_id = {group.group_id: group for group in plan.groups}
    for row in formed.table.itertuples():
        groups = [by_id[name] for name in row.group_ids.split()]
        index = [problem.practice_codes.index(code) for group in groups for code in group.members]
        assert row.groups == len(groups)
        assert row.practices == len(index)
        assert row.list_size == problem.list_size[index].sum()
        assert row.margin == row.list_size - row.minimum
        assert row.hub_site_code in {group.hub_site_code for group in groups}
        hub = problem.site_codes.index(row.hub_site_code)
        mean = problem.patient_minutes[index, hub].sum() / problem.timed_patients[index].sum()
        assert row.mean_minutes_to_hub == pytest.approx(mean, abs=0.001)


def test_none_without_a_minimum() -> None:
    problem = made_up_problem(0, practices=12)
    plan = solve_partition(problem).plan
    assert form_partnerships(plan, problem, times_between(problem)) is None
