"""Measure the rollout: `python -m benchmarks.rollout RUN [--runs N] [--groups G] [--waves W]`.

Seconds, once the run is open again, for the rollout of its first option with everything that is told, and for its
programme alone; then for a made-up one of G groups in W waves with little capacity, late practices, rules of order and
targets that cannot be reached, programme and explanation apart. Two peers answer the same question in the same process,
in turn: one model in which the three sums are weighed into one instead of stages (scipy's `milp`, the same solver), and
what a planner does with a list: the largest ready group first, as long as there is room. Medians of several runs.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from benchmarks.impact import median
from benchmarks.peak import peak_mb
from grouping.programme.ground import Ground
from grouping.programme.job import open_ground
from grouping.rollout import rollout_of
from grouping.rollout.explain import Names, misses_of
from grouping.rollout.model import plan_rollout, shortfall
from grouping.rollout.question import Question, Rule
from grouping.rollout.readiness import readiness_of
from grouping.rollout.rollout import question_of
from grouping.rollout.waves import waves_of

NAMES = Names(lambda g: f"group {g}", lambda g, i: f"practice {i} of group {g}", lambda row: f"row {row}")
NODES = 3_000
"""Nodes the one model may take: as many as the three stages together."""

Starts = tuple[int | None, ...]


def made_up_question(groups: int, waves: int, seed: int = 0) -> Question:
    """Groups of three to seven practices, half of them late, a quarter vulnerable; room for 14% of patients a wave."""
    rng = np.random.default_rng(seed)
    lists = [tuple(int(n) for n in rng.integers(2_000, 18_000, rng.integers(3, 8))) for _ in range(groups)]
    total = sum(map(sum, lists))
    late = [tuple(int(rng.integers(0, waves)) if rng.random() < 0.5 else 0 for _ in row) for row in lists]
    pairs = rng.choice(groups, (4, 2), replace=False)
    rules = [Rule("before", (int(a),), (int(b),), row=row) for row, (a, b) in enumerate(pairs)]
    shares = [0.2, 0.4, *[0.8] * (waves - 3), 1.0][:waves]
    return Question(
        groups=tuple(f"G{g:02d}" for g in range(groups)),
        practices=tuple(lists),
        ready=tuple(late),
        vulnerable=tuple(tuple(bool(rng.random() < 0.25) for _ in row) for row in lists),
        counted=(True,) * groups,
        waves=tuple(f"wave {w + 1}" for w in range(waves)),
        targets=tuple(round(share * total) for share in shares),
        most_groups=(max(1, groups // 6),) * waves,
        most_patients=(round(0.14 * total),) * waves,
        rules=tuple(rules),
    )


def three_sums(question: Question, start: Starts) -> tuple[int, int, int]:
    """What the stages make small, of any programme."""
    never = [question.span if s is None else s for s in start]
    return (
        shortfall(question, start),
        sum(question.burden(g, s) for g, s in enumerate(never)),
        sum(question.later(g, s) for g, s in enumerate(never)),
    )


def one_model(question: Question) -> Starts:
    """The three sums in one, each weighed so that it outdoes those after it; rules of the kind `before` only."""
    groups, span = len(question.groups), question.span
    width = groups * span
    costs = np.zeros(width + span)
    largest = [sum(cost(g, span) for g in range(groups)) + 1 for cost in (question.burden, question.later)]
    for g in range(groups):
        for w in range(span):
            for cost, weight in ((question.burden, largest[1]), (question.later, 1)):
                costs[g * span + w] += weight * (cost(g, w) - cost(g, span))
    costs[width:] = largest[0] * largest[1]
    rows, least, most = [], [], []

    def add(terms: dict[int, float], low: float, high: float) -> None:
        row = np.zeros(width + span)
        row[list(terms)] = list(terms.values())
        rows.append(row)
        least.append(low)
        most.append(high)

    for g in range(groups):
        add({g * span + w: 1 for w in range(span)}, 0, 1)
    for w in range(span):
        if question.most_groups[w] is not None:
            add({g * span + w: 1 for g in range(groups)}, 0, question.most_groups[w])
        if question.most_patients[w] is not None:
            add({g * span + w: question.patients(g) for g in range(groups)}, 0, question.most_patients[w])
        reaching = {
            g * span + v: question.patients(g) for g in range(groups) for v in range(w + 1) if question.reaches(g, v, w)
        }
        add(reaching | {width + w: 1}, question.targets[w] or 0, np.inf)
    for rule in question.rules:
        for b in rule.groups:
            for a in rule.after:
                for w in range(span):
                    early = {b * span + v: -1.0 for v in range(w)}
                    add({a * span + v: 1.0 for v in range(w + 1)} | early, -np.inf, 0)
    limits = Bounds(0, np.concatenate([np.ones(width), np.full(span, np.inf)]))
    whole = np.concatenate([np.ones(width), np.zeros(span)])
    options = {"mip_rel_gap": 0.0, "node_limit": NODES}
    found = milp(costs / largest[1], constraints=LinearConstraint(np.array(rows), least, most), integrality=whole,
                 bounds=limits, options=options)  # fmt: skip
    begun = found.x[:width].reshape(groups, span) > 0.5
    return tuple(int(row.argmax()) if row.any() else None for row in begun)


def by_hand(question: Question) -> Starts:
    """The largest group that is ready first, as long as there is room and what must start before has started."""
    start: list[int | None] = [None] * len(question.groups)
    for w in range(question.span):
        room, patients = question.most_groups[w], question.most_patients[w]
        for g in sorted(range(len(start)), key=question.patients, reverse=True):
            waits = any(
                start[b] is None or start[b] >= w for rule in question.rules if g in rule.after for b in rule.groups
            )
            full = (room is not None and room < 1) or (patients is not None and patients < question.patients(g))
            if start[g] is None and question.ready_from(g) <= w and not waits and not full:
                start[g] = w
                room = None if room is None else room - 1
                patients = None if patients is None else patients - question.patients(g)
    return tuple(start)


def main() -> None:
    """Print the measures."""
    parser = argparse.ArgumentParser(description="Measure the rollout.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--groups", type=int, default=60)
    parser.add_argument("--waves", type=int, default=4)
    given = parser.parse_args()
    ground: Ground = open_ground(given.run)
    waves = waves_of(ground)
    whole, _ = median(partial(rollout_of, ground), given.runs)
    asked = question_of(ground, waves, readiness_of(ground, waves))
    print(f"{ground.run.place.name}: {len(asked.groups)} groups, {asked.span} waves")
    print(f"  everything             {1000 * whole:8.1f} ms")
    _compare(asked, given.runs, peers={rule.kind for rule in asked.rules} <= {"before"})
    asked = made_up_question(given.groups, given.waves)
    print(f"Made up: {len(asked.groups)} groups, {asked.span} waves, little room")
    _compare(asked, given.runs, peers=True)
    print(f"  peak memory            {peak_mb():8.0f} MB")


def _compare(asked: Question, runs: int, *, peers: bool) -> None:
    own, schedule = median(partial(plan_rollout, asked), runs)
    mine = three_sums(asked, schedule.start)
    near = "proven" if schedule.proven else "at least " + ", ".join(f"{stage.bound:,}" for stage in schedule.stages)
    print(f"  programme              {1000 * own:8.1f} ms: {mine[0]:,} short, {mine[1]:,} waiting, {mine[2]:,}; {near}")
    total = sum(map(sum, asked.practices))
    seconds, misses = median(partial(misses_of, asked, schedule, NAMES, total), 1)
    print(f"  what is in the way     {1000 * seconds:8.1f} ms: {len(misses)} targets missed, "
          f"{sum(len(miss.changes) for miss in misses)} changes tried")  # fmt: skip
    for name, peer in (("one model, no stages", one_model), ("largest ready first", by_hand)) if peers else ():
        theirs, start = median(partial(peer, asked), runs)
        sums = three_sums(asked, start)
        better = "the same" if sums == mine else "worse" if sums > mine else "better"
        print(f"  {name:22s} {1000 * theirs:8.1f} ms, {theirs / own:.2f} times: {sums[0]:,} short, "
              f"{sums[1]:,} waiting, {sums[2]:,}: {better}")  # fmt: skip


if __name__ == "__main__":
    main()
