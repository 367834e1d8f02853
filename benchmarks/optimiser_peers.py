"""Two other ways to the same groups: GerryChain's short bursts, and a compact assignment model in HiGHS.

Both get the same problem with the same rules and the same cost. GerryChain keeps the number of groups it starts with:
it is told the number of our plan, which is a help, and shares its time between that and up to three groups fewer, with
which legal plans are easier to come by. A plan it visits counts when it obeys every rule; the best of these by
shortfall, exceptions and score is its answer.
"""

from __future__ import annotations

import importlib.util
import random
import time
from dataclasses import dataclass
from functools import partial

import numpy as np

from grouping.problem import GroupingProblem

BURST = 10
"""Steps of a burst, the length that Cannon and others (2020) found best."""

LOOK_PRICE = 3_000
"""Patient-minutes that a patient missing to a minimum counts in the chain's metric (as in our first look)."""

BREACH_MINUTES = 0.2
"""Minutes per patient that each breach of a rule counts in it: more than a breach can save."""

FEWER = 3
"""Groups fewer than ours that it tries as well."""

LOOSE = 0.6
"""Groups may differ from the mean size by this share while the chain moves: the rules allow 20,000 to 60,000."""


@dataclass(frozen=True)
class PeerAnswer:
    """What a peer found: (shortfall, exceptions, score) of its best plan that obeys the rules, or None."""

    best: tuple[int, int, float] | None
    seconds: float
    told: str


def missing_peers() -> list[str]:
    """Peers that are not installed."""
    return [name for name in ("gerrychain",) if importlib.util.find_spec(name) is None]


def by_compact_model(problem: GroupingProblem, seconds: float) -> PeerAnswer:
    """The compact model of the tests, in HiGHS through PuLP, with contiguity cuts."""
    from tests.grouping.compact_model import solve_compact  # noqa: PLC0415 - each peer pays for itself

    answer = solve_compact(problem, seconds=seconds)
    values = answer.values
    best = (int(values["shortfall"]), int(values["exceptions"]), float(values["score"])) if values else None
    told = "proven" if answer.status == "optimal" else f"{answer.status} while at {answer.stage}"
    return PeerAnswer(best, answer.seconds, f"{told}, {answer.cuts} cuts")


def by_gerrychain(problem: GroupingProblem, groups: int, seconds: float, seed: int = 0) -> PeerAnswer:
    """GerryChain's short bursts of ReCom steps from random plans with that many groups and up to three fewer."""
    began, worth, steps = time.perf_counter(), _Worth(problem), 0
    counts = [count for count in range(groups, groups - FEWER - 1, -1) if count > 1]
    for number, count in enumerate(counts, start=1):
        until = began + seconds * number / len(counts)
        steps += _short_bursts(problem, count, worth, until, random.Random(seed))
    return PeerAnswer(worth.best, time.perf_counter() - began, f"{steps:,} steps")


def _short_bursts(problem: GroupingProblem, groups: int, worth: _Worth, until: float, rng: random.Random) -> int:
    """Steps made until a time; what they found is in `worth`."""
    from gerrychain import Graph, Partition  # noqa: PLC0415 - each peer pays for itself
    from gerrychain.constraints import contiguous  # noqa: PLC0415
    from gerrychain.optimization import SingleMetricOptimizer  # noqa: PLC0415
    from gerrychain.proposals import recom  # noqa: PLC0415
    from gerrychain.updaters import Tally  # noqa: PLC0415

    graph = Graph.from_networkx(_graph(problem))
    updaters = {"patients": Tally("patients", alias="patients")}
    start = Partition.from_random_assignment(graph, groups, LOOSE, "patients", updaters, rng=rng)
    step = partial(recom, pop_col="patients", pop_target=problem.list_size.sum() / groups, epsilon=LOOSE)
    chain = SingleMetricOptimizer(step, [contiguous], start, worth.metric, maximize=False, rng=rng)
    steps = 0
    for plan in chain.short_bursts(BURST, 10**9):
        worth.metric(plan)
        steps += 1
        if time.perf_counter() > until:
            break
    return steps


def _graph(problem: GroupingProblem) -> object:
    import networkx as nx  # noqa: PLC0415

    graph = nx.Graph()
    graph.add_nodes_from((p, {"patients": int(size)}) for p, size in enumerate(problem.list_size))
    graph.add_edges_from((int(a), int(b)) for a, b in np.argwhere(np.triu(problem.adjacency)))
    return graph


class _Worth:
    """Value of plans by the definitions of the tests, each set worked out once, and the best legal plan so far."""

    def __init__(self, problem: GroupingProblem) -> None:
        from tests.grouping.brute_force import Definitions  # noqa: PLC0415

        self._definitions = Definitions(problem)
        self._problem = problem
        self._known: dict[frozenset[int], tuple[int, int, float, int]] = {}
        self.best: tuple[int, int, float] | None = None

    def metric(self, plan: object) -> float:
        """Minutes per patient with a price on shortfall and breaches; remembers the best plan without a breach."""
        values = [self._value(frozenset(nodes)) for nodes in plan.parts.values()]
        shortfall, exceptions, score, breaches = (sum(column) for column in zip(*values, strict=True))
        if breaches == 0 and (self.best is None or (shortfall, exceptions, score) < self.best):
            self.best = (shortfall, exceptions, score)
        return score + shortfall * LOOK_PRICE / self._definitions.all_patients + breaches * BREACH_MINUTES

    def _value(self, nodes: frozenset[int]) -> tuple[int, int, float, int]:
        if nodes not in self._known:
            self._known[nodes] = self._worked_out(tuple(sorted(nodes)))
        return self._known[nodes]

    def _worked_out(self, group: tuple[int, ...]) -> tuple[int, int, float, int]:
        value = self._definitions.value(group)
        if value is not None:
            return *value, 0
        rules, members = self._problem.rules, list(group)
        limit = rules.access.max_minutes_between_members or np.inf
        apart = int(np.count_nonzero(self._problem.between_practices[np.ix_(members, members)] > limit)) // 2
        above = max(self._definitions.size(group) - rules.size.hard_maximum, 0) // 2_000
        own = np.isin(self._problem.site_owner, members)
        minutes = float(self._problem.patient_minutes[members][:, own].sum(axis=0).min())
        return self._definitions.shortfall(group), 0, minutes / self._definitions.all_timed, 1 + apart + above
