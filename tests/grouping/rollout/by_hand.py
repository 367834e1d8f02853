"""Rollouts by trying every assignment of start waves: shares no arithmetic with the programme it checks."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from grouping.rollout.question import Question, Rule


def every_start(question: Question) -> NDArray[np.int64]:
    """All assignments that keep capacity and rules, shape (assignments, groups); W means that a group never starts."""
    span, count = len(question.waves), len(question.groups)
    starts = np.array(list(product(range(span + 1), repeat=count)), dtype=np.int64).reshape(-1, count)
    patients = np.array([sum(row) for row in question.practices])
    fine = np.ones(len(starts), dtype=bool)
    for w in range(span):
        here = starts == w
        if question.most_groups[w] is not None:
            fine &= here.sum(axis=1) <= question.most_groups[w]
        if question.most_patients[w] is not None:
            fine &= here @ patients <= question.most_patients[w]
    for rule in question.rules:
        fine &= kept(rule, starts, span)
    return starts[fine]


def kept(rule: Rule, starts: NDArray[np.int64], span: int) -> NDArray[np.bool_]:
    """Which assignments keep a rule."""
    fine = np.ones(len(starts), dtype=bool)
    for g in rule.groups:
        own = starts[:, g]
        if rule.kind == "first":
            fine &= own == 0
        elif rule.kind == "not-before":
            fine &= own >= rule.wave
        elif rule.kind == "not-after":
            fine &= own <= rule.wave
        elif rule.kind == "together":
            fine &= own == starts[:, rule.groups[0]]
        else:
            for a in rule.after:
                fine &= (starts[:, a] == span) | (own < starts[:, a])
    return fine


def stages_of(question: Question, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Shortfall, weighted burden and lateness of assignments, shape (assignments, 3)."""
    span = len(question.waves)
    short, burden, late = (np.zeros(len(starts), dtype=np.int64) for _ in range(3))
    at_scale = reached(question, starts)
    for w, target in enumerate(question.targets):
        if target is not None:
            short += np.maximum(target - at_scale[:, w], 0)
    for g, people in enumerate(question.practices):
        own, formed = starts[:, g], formed_of(question, starts, g)
        started = own < span
        for n, ready, vulnerable in zip(people, question.ready[g], question.vulnerable[g], strict=True):
            if vulnerable:
                joins = np.where(started, np.maximum(own, ready), span)
                burden += question.late_weight * n * np.minimum(joins, span)
        burden += question.half_weight * sum(people) * np.where(started, formed - own, 0)
        late += sum(people) * formed
    return np.column_stack([short, burden, late])


def formed_of(question: Question, starts: NDArray[np.int64], g: int) -> NDArray[np.int64]:
    """Wave from which a group is formed, W for never."""
    span = len(question.waves)
    formed = starts[:, g].copy()
    for ready in question.ready[g]:
        formed = np.maximum(formed, ready)
    return np.where(starts[:, g] < span, np.minimum(formed, span), span)


def reached(question: Question, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Patients in at-scale groups, shape (assignments, waves)."""
    total = np.zeros((len(starts), len(question.waves)), dtype=np.int64)
    for g, people in enumerate(question.practices):
        if question.counted[g]:
            formed = formed_of(question, starts, g)
            for w in range(total.shape[1]):
                total[:, w] += sum(people) * (formed <= w)
    return total


def best_start(question: Question) -> tuple[tuple[int, ...], tuple[int, int, int]] | None:
    """The best assignment and its three stages; None where none keeps the rules."""
    starts = every_start(question)
    if not len(starts):
        return None
    stages = stages_of(question, starts)
    columns = [starts[:, g] for g in reversed(range(starts.shape[1]))] + [stages[:, k] for k in (2, 1, 0)]
    best = int(np.lexsort(columns)[0])
    return tuple(map(int, starts[best])), tuple(map(int, stages[best]))


def most_reached(question: Question, wave: int) -> int | None:
    """The most patients at scale in one wave; None where no assignment keeps the rules."""
    starts = every_start(question)
    return int(reached(question, starts)[:, wave].max()) if len(starts) else None


def random_question(seed: int, groups: int, waves: int) -> Question:
    """A random rollout: capacities, readiness, vulnerability, exceptions and now and then rules of order."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, groups)
    practices = tuple(tuple(int(n) for n in rng.integers(900, 15_000, size)) for size in sizes)
    ready = tuple(tuple(int(r) for r in rng.choice(waves + 1, size, p=_odds(waves))) for size in sizes)
    total = sum(map(sum, practices))
    targets = tuple(
        None if rng.random() < 0.25 else int(total * share) for share in np.sort(rng.uniform(0.1, 1.0, waves)).tolist()
    )
    rules = tuple(_random_rule(rng, groups, waves, row) for row in range(int(rng.integers(0, 4))))
    return Question(
        groups=tuple(f"G{g + 1:02d}" for g in range(groups)),
        practices=practices,
        ready=ready,
        vulnerable=tuple(tuple(bool(v) for v in rng.random(size) < 0.3) for size in sizes),
        counted=tuple(bool(c) for c in rng.random(groups) < 0.85),
        waves=tuple(f"{2017 + w}/{18 + w}" for w in range(waves)),
        targets=targets,
        most_groups=tuple(None if rng.random() < 0.3 else int(rng.integers(1, groups + 1)) for _ in range(waves)),
        most_patients=tuple(None if rng.random() < 0.6 else int(total * rng.uniform(0.1, 0.8)) for _ in range(waves)),
        rules=rules,
        late_weight=int(rng.integers(0, 4)),
        half_weight=int(rng.integers(0, 4)),
    )


def _odds(waves: int) -> list[float]:
    rest = 0.5 / waves
    return [0.5, *([rest] * waves)]


def _random_rule(rng: np.random.Generator, groups: int, waves: int, row: int) -> Rule:
    kind = ("first", "before", "together", "not-before", "not-after")[int(rng.integers(0, 5))]
    order = rng.permutation(groups)
    some = tuple(sorted(int(g) for g in order[: int(rng.integers(1, 3))]))
    after = tuple(int(g) for g in order[-1:] if kind == "before" and g not in some)
    if kind == "before" and not after:
        kind = "not-before"
    return Rule(kind, some, after, int(rng.integers(0, waves)) if "not" in kind else -1, row)
