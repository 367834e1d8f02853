"""Measure the travel impact: `python -m benchmarks.impact CASE PLAN [PLAN ...] [--before FILE]`.

For one case: seconds to read and time it, for the impact of the plans (both journeys, every mode, every scenario, with
their matrices), for the same without scenarios, and to write the evidence pack; medians of several runs. The target of
the impact is under 10 s once the case is timed.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.peak import peak_mb
from grouping.assess import best_hub
from grouping.impact.about import about_of
from grouping.impact.assemble import impact_of
from grouping.impact.before import read_baseline
from grouping.impact.job import read_plans
from grouping.impact.pack import put_pack
from grouping.pipeline import prepare


def median(work: Callable[[], object], runs: int) -> tuple[float, object]:
    """Median seconds of some runs, and what the last one gave."""
    seconds, result = [], None
    for _ in range(runs):
        began = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), result


def main() -> None:
    """Print the measures."""
    parser = argparse.ArgumentParser(description="Measure the travel impact of plans.")
    parser.add_argument("case", type=Path)
    parser.add_argument("plans", type=Path, nargs="+")
    parser.add_argument("--before", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    reading, ready = median(partial(prepare, given.case, listing=False), given.runs)
    plans, _ = read_plans(given.plans, ready)
    hub = partial(best_hub, problem=ready.problem)
    baseline = None if given.before is None else read_baseline(given.before, ready.place, hub)
    whole, impact = median(partial(impact_of, ready, plans, baseline=baseline), given.runs)
    plain, _ = median(partial(impact_of, ready, plans, baseline=baseline, scenarios=()), given.runs)
    with tempfile.TemporaryDirectory() as folder:
        writing, _ = median(partial(put_pack, impact, Path(folder), about_of(ready)), given.runs)
    rows = len(ready.place.registrations)
    print(f"{ready.place.name}: {len(plans)} plans, {rows:,} registrations, {len(impact.scenarios)} assumptions")
    print(f"  read and time the case {reading:6.2f} s")
    print(f"  impact                 {whole:6.2f} s (without scenarios {plain:.2f} s)")
    print(f"  evidence pack          {writing:6.2f} s")
    print(f"  peak memory            {peak_mb():6.0f} MB")


if __name__ == "__main__":
    main()
