"""Measure the optimiser on made-up counties: `python -m benchmarks.optimiser [--runs 3] [--seeds 5] [--practices 96]`.

Each row is one county: groups listed, seconds to list, to the first plan, to the proof (all three stages and ties), for
the further options, in total; the gap of the linear relaxation; peak memory of the process so far. Times are medians of
several runs. The first line tells what compiling costs on a machine that has never run it.
"""

from __future__ import annotations

import argparse
import statistics
import time

from benchmarks.made_up import made_up_problem
from benchmarks.peak import peak_mb
from geodata.errors import InputProblems, NoPlan
from grouping.options import find_options
from grouping.rules import load_rules


def measure(seed: int, graph: str, practices: int, rules: str, minutes: float, options: int, runs: int) -> str:
    """One row of the table."""
    override = {"access": {"max_minutes_between_members": minutes}}
    problem = made_up_problem(seed, practices=practices, graph=graph, rules=load_rules(rules, override))
    seconds: list[dict[str, float]] = []
    for _ in range(runs):
        began = time.perf_counter()
        try:
            found, report = find_options(problem, count=options)
        except (NoPlan, InputProblems) as error:
            return f"{graph:9} {seed:4}  {str(error).splitlines()[0][:100]}"
        seconds.append({**report.seconds, "total": time.perf_counter() - began})
    median = {key: statistics.median(run[key] for run in seconds) for key in seconds[0]}
    proof = sum(median[key] for key in ("shortfall", "exceptions", "score", "ties"))
    apart = min((option.different_from_best for option in found[1:]), default=0.0)
    behind = max(option.behind_best for option in found)
    return (
        f"{graph:9} {seed:4} {report.candidates:10,} {report.columns:7,} {report.shortfall:9,} {report.exceptions:4} "
        f"{report.objective:9.4f} {report.status:9} {median['listing']:7.2f} {median['first plan']:7.2f} {proof:7.2f} "
        f"{median['options']:8.2f} {median['total']:7.2f} {apart:6.0%} {behind:7.2%} {peak_mb():8.0f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure the optimiser on made-up counties.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--practices", type=int, default=96)
    parser.add_argument("--graphs", nargs="+", default=["gabriel", "delaunay"])
    parser.add_argument("--rules", default="dorset-2017")
    parser.add_argument("--minutes", type=float, default=30.0, help="limit between two members")
    parser.add_argument("--options", type=int, default=5)
    given = parser.parse_args()
    began = time.perf_counter()
    find_options(made_up_problem(0, practices=20), count=1)
    print(f"first run on 20 practices, compiling included where needed: {time.perf_counter() - began:.2f} s")
    print(
        "graph     seed     listed columns shortfall  exc     score status       list   first   proof  options   total"
        "  apart  behind  peak MB"
    )
    for graph in given.graphs:
        for seed in range(given.first_seed, given.first_seed + given.seeds):
            row = measure(seed, graph, given.practices, given.rules, given.minutes, given.options, given.runs)
            print(row, flush=True)


if __name__ == "__main__":
    main()
