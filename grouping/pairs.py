"""Can two practices share a group, or not, in a plan that is good enough? Each answer is a plan or a proof.

To put a pair together, candidates that hold one of the two are left out; to keep it apart, those that hold both. What
remains is searched like any other list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouping.near import cost_limit
from grouping.optimise import Solution
from grouping.partition.clock import Clock
from grouping.partition.columns import Columns, Triple
from grouping.partition.every import tight_bound
from grouping.partition.search import Found, minimise

Pair = tuple[int, int]


@dataclass
class Possible:
    """Whether a pair can be together, and whether it can be apart; None: not known (yet)."""

    together: bool | None = None
    apart: bool | None = None

    @property
    def verdict(self) -> str:
        """`settled-together`, `settled-apart`, `choice`, or `open` where time did not suffice."""
        if self.apart is False:
            return "settled-together"
        if self.together is False:
            return "settled-apart"
        return "choice" if self.together and self.apart else "open"


def holding(columns: Columns, pair: Pair) -> NDArray[np.int64]:
    """How many of the two practices each set holds: 0, 1 or 2."""
    return np.add.reduceat(np.isin(columns.members, pair).astype(np.int64), columns.starts[:-1])


def fits(columns: Columns, pair: Pair, *, together: bool) -> NDArray[np.bool_]:
    """Which sets can be in a plan where the pair is together (or apart)."""
    return holding(columns, pair) != (1 if together else 2)


def settle_pairs(
    solution: Solution,
    names: Sequence[str],
    pairs: Iterable[Pair],
    tolerance: float,
    *,
    plans: Iterable[NDArray[np.int64]] = (),
    found: list[NDArray[np.int64]] | None = None,
    clock: Clock | None = None,
) -> dict[Pair, Possible]:
    """Find for each pair whether a plan within the tolerance has it together, and whether one has it apart.

    Parameters
    ----------
    solution
        The best plan with what is needed to look for others.
    names
        Practice codes.
    pairs
        Pairs of practice indices, the smaller first.
    tolerance
        Share of the best score.
    plans
        Plans known to lie within the tolerance, as positions in the list of candidates. Each answers for many pairs.
    found
        Filled with the plans that the searches find, as positions in the list of candidates.
    clock
        Ends the work; what is not settled by then stays None.
    """
    clock = clock or Clock()
    limit = cost_limit(solution.cost, tolerance)
    keep, bound = tight_bound(solution.columns, solution.root, limit, stop=lambda: clock.over)
    columns, ids = solution.columns.take(keep), solution.alive[keep]
    whole = tolerance <= solution.whole_within  # else a plan of groups that were not kept may say otherwise
    answers = {pair: Possible() for pair in pairs}
    for plan in (solution.chosen, *plans):
        _learn(answers, solution, plan)
    for pair, answer in answers.items():
        for together in (True, False):
            known = answer.together if together else answer.apart
            if known is not None or clock.over:
                continue
            seen, left = _within(columns, names, pair, together, limit, bound.cuts, clock)
            if seen is not None and seen.plan is not None and seen.value <= limit:
                plan = ids[left[seen.plan]]
                _learn(answers, solution, plan)
                if found is not None:
                    found.append(plan)
            elif whole and (seen is None or seen.proven):
                setattr(answer, "together" if together else "apart", False)
    return answers


def _within(
    columns: Columns, names: Sequence[str], pair: Pair, together: bool, limit: int, cuts: Sequence[Triple], clock: Clock
) -> tuple[Found | None, NDArray[np.int64]]:
    """A plan up to a limit with the pair together or apart, or the proof that there is none (None: at a glance)."""
    left = np.flatnonzero(fits(columns, pair, together=together))
    chosen = columns.take(left)
    if not np.bincount(chosen.members, minlength=columns.practices).all():
        return None, left
    found = minimise(chosen, names, enough=limit + 1, good=limit, clock=clock, triples=cuts)
    return found, left


def _learn(answers: dict[Pair, Possible], solution: Solution, plan: NDArray[np.int64]) -> None:
    """What one plan shows about every pair."""
    group_of = {p: j for j in plan.tolist() for p in solution.candidates.group(int(j))}
    for (a, b), answer in answers.items():
        if group_of[a] == group_of[b]:
            answer.together = True
        else:
            answer.apart = True
