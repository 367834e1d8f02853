"""The work that `benchmarks.optimiser` measures, each piece in a process of its own; one line of JSON each."""

from __future__ import annotations

import json
import sys
import time

from benchmarks.made_up import made_up_problem
from benchmarks.optimiser_peers import by_compact_model, by_gerrychain
from benchmarks.peak import peak_mb

NEAR = 0.01
"""All plans within this share of the best score are counted, and the first 200,000 of them listed, as a run does."""

NEAR_SECONDS = 60.0
"""The longest that may take."""


class Watch:
    """Notes when the first bound of the score stood, from what the optimiser tells about its progress."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.bound_seconds: float | None = None
        self.bound_gap: float | None = None

    def __call__(self, stage: str, detail: str) -> None:
        """Take no notice of the plain lines."""

    def live(self, standing: object) -> None:
        """Told how far the search is."""
        if self.bound_seconds is None and standing.stage == "score" and standing.bound is not None:
            self.bound_seconds = time.perf_counter() - self.began
            self.bound_gap = standing.gap


def ours(practices: str, graph: str, seed: str, limit: str) -> dict[str, object]:
    """List, bound and prove; then list all plans within 1%. Seconds run from the start of listing."""
    from geodata.errors import InputProblems, NoPlan  # noqa: PLC0415 - the peers do not pay for it
    from grouping.near import near_plans  # noqa: PLC0415
    from grouping.optimise import solve_partition  # noqa: PLC0415
    from grouping.partition.clock import Clock  # noqa: PLC0415

    _compile(solve_partition, near_plans)
    problem = made_up_problem(int(seed), practices=int(practices), graph=graph)
    ready_mb, watch = peak_mb(), Watch()
    try:
        solution = solve_partition(problem, time_limit=float(limit), progress=watch)
    except (NoPlan, InputProblems) as error:
        return {"told": str(error).splitlines()[0], "status": "none"}
    proof_seconds, proof_mb = time.perf_counter() - watch.began, peak_mb()
    began = time.perf_counter()
    near = near_plans(solution, NEAR, count=True, clock=Clock(NEAR_SECONDS))
    near_seconds = time.perf_counter() - began
    searched = solution.certificate.get("searched", {})
    return {
        "status": solution.status,
        "groups": searched.get("groups", len(solution.candidates)),
        "more_groups": bool(searched.get("more_than_that", False)),
        "list_seconds": solution.seconds.get("listing", 0.0),
        "bound_seconds": watch.bound_seconds if watch.bound_seconds is not None else proof_seconds,
        "bound_gap": watch.bound_gap if watch.bound_gap is not None else solution.gap,
        "proof_seconds": proof_seconds,
        "gap": solution.gap,
        "shortfall": solution.shortfall,
        "exceptions": solution.exceptions,
        "score": solution.objective,
        "plan_groups": len(solution.chosen),
        "peak_mb": proof_mb,
        "ready_mb": ready_mb,
        "near": len(near),
        "near_counted": -1 if near.counted is None else near.counted,
        "near_seconds": near_seconds,
        "near_covered": -1.0 if near.covered is None else near.covered,
        "near_mb": peak_mb(),
        "searched": bool(searched),
        "told": "proven" if solution.status == "optimal" else "a plan with its gap",
    }


def _compile(solve: object, near: object) -> None:
    """Load the compiled code (and make it, at the very first run) on a county of 20 practices."""
    near(solve(made_up_problem(0, practices=20)), NEAR)


def gerrychain(practices: str, graph: str, seed: str, seconds: str, groups: str) -> dict[str, object]:
    """Short bursts with as many groups as our plan has."""
    problem = made_up_problem(int(seed), practices=int(practices), graph=graph)
    return _peer(by_gerrychain(problem, int(groups), float(seconds)))


def compact(practices: str, graph: str, seed: str, seconds: str) -> dict[str, object]:
    """The compact model with a time limit."""
    problem = made_up_problem(int(seed), practices=int(practices), graph=graph)
    return _peer(by_compact_model(problem, float(seconds)))


def _peer(answer: object) -> dict[str, object]:
    return {"best": answer.best, "seconds": answer.seconds, "told": answer.told, "peak_mb": peak_mb()}


JOBS = {job.__name__: job for job in (ours, gerrychain, compact)}


if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](*sys.argv[2:])))
