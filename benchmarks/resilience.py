"""Measure what follows when practices hand back their contracts: `python -m benchmarks.resilience RUN [--runs N]`.

Seconds, once the run is open again: for everything that is told (both kinds of failure, with the room there is and
without limit, groups, hubs, journeys, tables), and for finding places for the patients of every single failure alone.
The peer does only the last, the way a planner would: a table of pairs sorted by minutes for each failure, gone through
row by row. Both are run in turn in the same process, medians of several runs, and must place everybody alike. With
`--practices N` the same is done on a made-up board of N practices.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.impact import median
from benchmarks.peak import peak_mb
from grouping.programme.ground import Ground
from grouping.reopen import reopen
from grouping.resilience import resilience_of
from grouping.resilience.facts import Facts, facts_of
from grouping.resilience.failures import Failures, single_failures
from grouping.resilience.placing import order_of_pairs, placing_of


def plain_loops(facts: Facts, within: float) -> np.ndarray:
    """Patients that each practice takes in each single failure, by a sorted table and a loop over its rows."""
    wide = pd.DataFrame(facts.minutes).rename_axis("area").reset_index()
    table = wide.melt("area", var_name="practice", value_name="minutes")
    table = table[table["minutes"] <= within].astype({"practice": int})
    failing = np.flatnonzero(facts.of_plan)
    received = np.zeros((len(failing), len(facts.codes)))
    for f, failed in enumerate(failing):
        homes = pd.Series(facts.patients[failed])
        left = homes[homes > 0].to_dict()
        room = dict(enumerate(facts.places))
        pairs = table[(table["practice"] != failed) & table["area"].isin(list(left))]
        for pair in pairs.sort_values(["minutes", "practice", "area"]).itertuples(index=False):
            given = min(left[pair.area], room[pair.practice])
            left[pair.area] -= given
            room[pair.practice] -= given
            received[f, pair.practice] += given
    return received


def compiled(facts: Facts, failures: Failures, within: float) -> np.ndarray:
    """The same by the program."""
    return placing_of(facts, failures, order_of_pairs(facts, within)).received()


def made_up_facts(like: Facts, practices: int, seed: int = 0) -> Facts:
    """A board of any number of practices on a plane: five areas a practice, lists of 3,000 to 15,000, 30 km/h."""
    rng = np.random.default_rng(seed)
    side = 6.0 * np.sqrt(practices)
    at, homes = rng.uniform(0, side, (practices, 2)), rng.uniform(0, side, (5 * practices, 2))
    minutes = 2 * np.hypot(*(homes[:, None] - at[None]).transpose(2, 0, 1)) + 1
    weight = np.exp(-minutes.T / 5) * (minutes.T < 30)
    lists = rng.integers(3_000, 15_000, practices)
    patients = weight / weight.sum(axis=1, keepdims=True) * lists[:, None]
    codes = tuple(f"P{i:04d}" for i in range(practices))
    return Facts(
        problem=replace(like.problem, practice_codes=codes, list_size=lists),  # nothing else of it is read here
        groups=like.groups,
        member=np.ones((practices, 1), bool),
        area_codes=tuple(f"E{i:05d}" for i in range(len(homes))),
        to_site=minutes,
        minutes=minutes,
        patients=patients,
        not_timed=np.zeros(practices),
        rural=np.zeros(len(homes), bool),
        older=np.full(len(homes), np.nan),
        places=np.floor(0.1 * lists),
        places_given=np.zeros(practices, bool),
        vulnerable=np.zeros(practices, bool),
        rated=np.zeros(practices, bool),
    )


def main() -> None:
    """Print the measures."""
    parser = argparse.ArgumentParser(description="Measure what follows when practices hand back their contracts.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--practices", type=int, default=0)
    given = parser.parse_args()
    run = reopen(given.run, anyway=True)
    ground = Ground(run, run.options[0])
    within = ground.settings.resilience.within_minutes
    resilience_of(ground)  # compiles, where that has not been done before
    whole, found = median(partial(resilience_of, ground), given.runs)
    facts = facts_of(ground)
    print(f"{run.place.name}: {len(facts.codes)} practices, {len(facts.area_codes)} areas")
    print(f"  everything             {1000 * whole:8.1f} ms, {len(found.tables)} tables")
    _compare(facts, within, given.runs)
    if given.practices:
        board = made_up_facts(facts, given.practices)
        print(f"Made-up board: {len(board.codes)} practices, {len(board.area_codes)} areas")
        _compare(board, within, given.runs)
    print(f"  peak memory            {peak_mb():8.0f} MB")


def _compare(facts: Facts, within: float, runs: int) -> None:
    failures = single_failures(facts)
    own, mine = median(partial(compiled, facts, failures, within), runs)
    peer, theirs = median(partial(plain_loops, facts, within), runs)
    apart = float(np.abs(mine - theirs).max())
    print(f"  places, {len(failures):4d} failures  {1000 * own:8.1f} ms")
    print(f"  sorted table and loop  {1000 * peer:8.1f} ms, {peer / own:.0f} times; differs by {apart:.1g} patients")


if __name__ == "__main__":
    main()
