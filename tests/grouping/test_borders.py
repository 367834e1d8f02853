"""Borders left out where they allow too many groups: how few, which first, and that nobody is cut off by it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from benchmarks.made_up import made_up_problem
from geodata.catchments import LEFT_OUT
from geodata.load import load_place
from grouping import pipeline
from grouping.borders import fit_borders, kept_borders, order_of_leaving
from grouping.candidates import compatible_pairs, count_sets, list_candidates
from grouping.problem import GroupingProblem, adjacency_matrix
from grouping.runs import write_run
from grouping.verify import recheck
from tests.grouping.brute_force import random_problem
from tests.small_case import write_small_case


def edges_of(problem: GroupingProblem, reason: str = "shared boundary") -> pd.DataFrame:
    a, b = np.nonzero(np.triu(problem.adjacency))
    codes = np.array(problem.practice_codes, dtype=object)
    return pd.DataFrame({"practice_a": codes[a], "practice_b": codes[b], "reason": reason}, dtype="str")


def on_a_line(
    places: list[float], borders: list[tuple[int, int]], sizes: list[int] | None = None, tags: tuple[str, ...] = ()
) -> GroupingProblem:
    """Practices along a road, a minute for each unit, with these borders."""
    base = made_up_problem(0, practices=len(places))
    at = np.array(places, float)
    adjacency = np.zeros((len(at), len(at)), bool)
    for a, b in borders:
        adjacency[a, b] = adjacency[b, a] = True
    return replace(
        base,
        adjacency=adjacency,
        between_practices=np.abs(at[:, None] - at),
        list_size=np.array(sizes or [5000] * len(at), np.int64),
        keep_together=tags or ("",) * len(at),
    )


def test_nothing_is_left_out_where_the_list_fits() -> None:
    problem = made_up_problem(1)
    edges = edges_of(problem)
    same, marked, findings = fit_borders(problem, edges)
    assert same is problem
    assert marked is edges
    assert findings == ()


@pytest.mark.parametrize("budget", [200_000, 20_000, 3_000])
def test_as_few_as_needed_are_left_out_and_everybody_stays_connected(budget: int) -> None:
    problem = made_up_problem(2, practices=150, graph="delaunay")
    edges = edges_of(problem)
    thinner, marked, (finding,) = fit_borders(problem, edges, at_most=budget)
    count = len(list_candidates(thinner))
    assert 0.5 * budget < count <= budget
    gone = int((marked["reason"] == LEFT_OUT).sum())
    assert finding.severity == "warning"
    assert finding.code == "borders-left-out"
    assert f"The {len(edges)} borders" in finding.message
    assert f"{gone} of them were left out" in finding.message
    assert f"{len(edges) - gone} remain" in finding.message
    assert f"allow {count_sets(thinner):,} groups" in finding.message
    pd.testing.assert_frame_equal(marked[["practice_a", "practice_b"]], edges[["practice_a", "practice_b"]])
    np.testing.assert_array_equal(adjacency_matrix(kept_borders(marked), problem.practice_codes), thinner.adjacency)
    # One border fewer left out would have been too few.
    more = problem.adjacency.copy()
    for a, b in order_of_leaving(problem, edges)[: gone - 1]:
        more[a, b] = more[b, a] = False
    assert count_sets(replace(problem, adjacency=more), budget) > budget
    # Who could reach each other over neighbours near enough still can.
    near = compatible_pairs(problem)
    before, after = (
        list(nx.connected_components(nx.from_numpy_array(adjacency & near)))
        for adjacency in (problem.adjacency, thinner.adjacency)
    )
    assert sorted(map(sorted, before)) == sorted(map(sorted, after))


def test_the_border_with_another_practice_in_between_goes_first() -> None:
    # 0 - 2 - 4 and 0 - 4 past 2; 4 - 10 - 11 and 4 - 11 past 10, which lies less in the middle.
    problem = on_a_line([0, 2, 4, 10, 11], [(0, 1), (1, 2), (0, 2), (2, 3), (3, 4), (2, 4)])
    assert order_of_leaving(problem, edges_of(problem)) == [(0, 2), (2, 4)]


def test_a_way_round_counts_only_over_practices_that_fit_into_the_group() -> None:
    borders = [(0, 1), (1, 2), (0, 2)]
    assert order_of_leaving(on_a_line([0, 2, 4], borders), edges_of(on_a_line([0, 2, 4], borders))) == [(0, 2)]
    crowded = on_a_line([0, 2, 4], borders, sizes=[9_000, 45_000, 9_000])
    assert order_of_leaving(crowded, edges_of(crowded)) == []


def test_borders_that_hold_practices_together_stay() -> None:
    problem = on_a_line([0, 2, 4], [(0, 1), (1, 2), (0, 2)])
    inside = edges_of(problem)
    inside.loc[(inside["practice_a"] == "P000") & (inside["practice_b"] == "P002"), "reason"] = "same building"
    assert (0, 2) not in order_of_leaving(problem, inside)
    tagged = on_a_line([0, 2, 4], [(0, 1), (1, 2), (0, 2)], tags=("one", "", "one"))
    assert (0, 2) not in order_of_leaving(tagged, edges_of(tagged))
    far = on_a_line([0, 20, 40], [(0, 1), (1, 2), (0, 2)])  # 40 minutes apart: no group can hold both anyway
    assert order_of_leaving(far, edges_of(far)) == []


@pytest.mark.parametrize("seed", range(25))
def test_the_order_is_the_one_of_taking_every_need_anew(seed: int) -> None:
    problem = random_problem(seed, 9)
    edges = edges_of(problem)
    sizes, most = problem.list_size, problem.rules.size.hard_maximum
    near = compatible_pairs(problem)
    minutes = np.maximum(problem.between_practices, 0.05)

    def fit(*group: int) -> bool:
        return sum(sizes[p] for p in group) <= most and all(near[p, q] for p in group for q in group)

    graph = nx.Graph()
    graph.add_nodes_from(range(9))
    for a, b in np.argwhere(np.triu(problem.adjacency)).tolist():
        if fit(a, b):
            graph.add_edge(a, b, leg=float(minutes[a, b] ** 2))

    def need(a: int, b: int) -> float:
        between = [
            c for c in graph if c in (a, b) or (sizes[c] + sizes[a] + sizes[b] <= most and fit(a, c) and fit(b, c))
        ]
        part = nx.Graph(graph.subgraph(between))
        part.remove_edge(a, b)
        try:
            return round(nx.dijkstra_path_length(part, a, b, weight="leg") / graph[a][b]["leg"], 9)
        except nx.NetworkXNoPath:
            return float("inf")

    tags = problem.keep_together
    order = []
    while True:
        open_to = [
            (need(a, b), -round(float(minutes[a, b]), 6), a, b)
            for a, b in (sorted(pair) for pair in graph.edges)
            if not tags[a] or tags[a] != tags[b]
        ]
        first = min(open_to, default=(float("inf"), 0.0, 0, 0))
        if not np.isfinite(first[0]):
            break
        order.append(first[2:])
        graph.remove_edge(*first[2:])
    assert order_of_leaving(problem, edges) == order


def test_the_order_of_the_rows_decides_nothing() -> None:
    problem = made_up_problem(5, graph="delaunay")
    edges = edges_of(problem)
    shuffled = edges.sample(frac=1, random_state=1)
    first, second = (fit_borders(problem, table, at_most=20_000) for table in (edges, shuffled))
    np.testing.assert_array_equal(first[0].adjacency, second[0].adjacency)
    pd.testing.assert_frame_equal(first[1], second[1].sort_index())
    assert first[2] == second[2]


def test_a_planners_own_list_is_taken_as_it_is() -> None:
    problem = made_up_problem(2, graph="delaunay")
    edges = edges_of(problem, "planner")
    assert fit_borders(problem, edges, at_most=1000) == (problem, edges, ())


def test_where_leaving_out_cannot_help_nothing_is_left_out() -> None:
    problem = on_a_line([0, 1, 2, 3, 4], [(0, 1), (1, 2), (2, 3), (3, 4)])
    same, marked, findings = fit_borders(problem, edges_of(problem), at_most=5)
    assert same is problem
    assert (marked["reason"] == "shared boundary").all()
    assert findings == ()


def test_a_run_with_borders_left_out_says_so_and_can_be_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = write_small_case(tmp_path / "case")
    groups = count_sets(pipeline.prepare(case).problem)
    monkeypatch.setattr(pipeline, "fit_borders", partial(fit_borders, at_most=groups - 1))
    run = pipeline.run_case(case, options=2)
    assert "borders-left-out" in {finding.code for finding in run.findings}
    folder = write_run(run, tmp_path / "run", case_dir=case)
    written = pd.read_csv(folder / "adjacency.csv", dtype=str)
    gone = written[written["reason"] == LEFT_OUT]
    assert len(gone)
    assert recheck.recheck(folder).agrees
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert f"A further {len(gone)} pairs are neighbours too, but were left out" in page
    written[written["reason"] != LEFT_OUT].to_csv(folder / "adjacency.csv", index=False)
    assert not recheck.recheck(folder).agrees
    # The list of the run, given back as the planner's own, keeps out what was left out.
    written.to_csv(case / "adjacency.csv", index=False)
    toml = case / "case.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8").replace("[tables]", '[tables]\nadjacency = "adjacency.csv"'), "utf-8"
    )
    own = load_place(case).adjacency
    assert own is not None
    assert len(own) == len(written) - len(gone)
