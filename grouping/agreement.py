"""What all good plans have in common: which practices are together in every one of them, and which are a choice.

The strongest thing to bring to a locality meeting. For each pair of practices: the share of all plans nearly as good as
the best in which they share a group. A pair is *settled together* when that is every plan, *settled apart* when it is
none (told for practices with a border), else a *choice*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from grouping.near import Near
from grouping.optimise import Solution
from grouping.pairs import Possible, settle_pairs
from grouping.partition.clock import Clock
from grouping.problem import GroupingProblem

COLUMNS = (
    "practice_a",
    "name_a",
    "practice_b",
    "name_b",
    "border",
    "together_share",
    "plans",
    "verdict",
    "settled_within",
    "basis",
)
"""Columns of `agreement.csv`, see `agreement_table`."""

RANK = {"choice": 0, "open": 1, "settled-together": 2, "settled-apart": 3}
"""What is open to discussion comes first."""

EVERY, SOME = "every plan", "plans found"
"""Whether a share is of all plans within the tolerance, or only an estimate from those that were found."""


@dataclass(frozen=True)
class Agreement:
    """The table, and which plans it speaks of ("the 6,178 plans within 1% of the best score")."""

    table: pd.DataFrame
    plans: str
    exact: bool

    def number(self, verdict: str, *, borders: bool = True) -> int:
        """How many pairs (with a border) have this verdict."""
        rows = self.table[self.table["border"]] if borders else self.table
        return int((rows["verdict"] == verdict).sum())

    @property
    def sentence(self) -> str:
        """The outcome, for people."""
        if not self.exact and (self.table["plans"] <= 1).all():
            return "There was no time to look which practices are together in all plans nearly as good as the best."
        borders = int(self.table["border"].sum())
        if self.exact and len(self.table) and self.table["plans"].iloc[0] == 1:
            return (
                f"Of {borders:,} pairs of neighbours, {self.number('settled-together'):,} are together in {self.plans};"
                " none is a choice."
            )
        line = (
            f"Of {borders:,} pairs of neighbours, {self.number('settled-together'):,} are together in every one of"
            f" {self.plans}, {self.number('settled-apart'):,} in none, and {self.number('choice'):,} are a choice."
        )
        still = self.number("open")
        return line + (f" For {still:,} there was no time to settle it." if still else "")


def together_counts(near: Near, solution: Solution, practices: int) -> NDArray[np.int64]:
    """In how many of the plans each pair of practices shares a group, shape (P, P); the diagonal is all of them."""
    listed = solution.candidates
    used, times = np.unique(near.groups, return_counts=True)
    lengths = np.diff(listed.starts)[used]
    rows = np.repeat(np.arange(len(used)), lengths)
    ends = np.cumsum(lengths)
    at = np.repeat(listed.starts[used] - (ends - lengths), lengths) + np.arange(lengths.sum())
    members = listed.members[at].astype(np.int64)
    inside = csr_array((np.ones(len(rows), np.int64), (rows, members)), shape=(len(used), practices))
    weighted = csr_array((np.repeat(times, lengths), (rows, members)), shape=(len(used), practices))
    return np.asarray((inside.T @ weighted).todense(), np.int64)


def agreement_table(
    problem: GroupingProblem,
    solution: Solution,
    near: Near,
    names: Mapping[str, str],
    *,
    prove: bool = False,
    clock: Clock | None = None,
) -> Agreement:
    """For each pair of practices that are together in some plan, and for each border: how often they are together.

    Parameters
    ----------
    problem
        The problem.
    solution
        Its best plan.
    near
        The plans nearly as good.
    names
        Names of the practices by code.
    prove
        Also prove, for every border that is settled in the plans listed, whether it stays settled within the whole
        tolerance asked for (two searches a border at most). Always done where no tolerance at all is covered.
    clock
        Ends these proofs.

    Returns
    -------
    Agreement
        Rows sorted by what is open to discussion: choices before what is settled, borders before other pairs, the most
        even first. Columns: `practice_a`, `name_a`, `practice_b`, `name_b`; `border` (whether their catchments touch);
        `together_share` of `plans` plans; `verdict` (`settled-together`, `settled-apart`, `choice`, or `open` where
        time did not suffice); `settled_within` (the share of the best score up to which the verdict is proven; empty
        unless settled); `basis` (`every plan` up to the tolerance covered, or `plans found`, which makes the share an
        estimate).
    """
    count = len(problem.practice_codes)
    counts = together_counts(near, solution, count)
    exact = near.covered is not None
    borders = np.triu(problem.adjacency, 1)
    pairs = [(int(a), int(b)) for a, b in np.argwhere(np.triu(counts > 0, 1) | borders)]
    verdicts = _counted(pairs, counts, len(near)) if exact else {}
    within = dict.fromkeys(pairs, near.covered) if exact else {}
    if not exact or (prove and not near.complete):
        settled = [pair for pair in pairs if not exact or (verdicts[pair] != "choice" and borders[pair])]
        seen: list[NDArray[np.int64]] = []
        proven = settle_pairs(
            solution, problem.practice_codes, settled, near.tolerance, plans=_witnesses(near), found=seen, clock=clock
        )
        if not exact:
            near = _with_found(near, solution, seen)
            counts = together_counts(near, solution, count)
        _carry_over(proven, verdicts, within, near.tolerance, exact=exact)
    table = _as_table(problem, pairs, borders, counts, near, verdicts, within, names, exact=exact)
    return Agreement(table, near.phrase, exact)


def _counted(pairs: list[tuple[int, int]], counts: NDArray[np.int64], plans: int) -> dict[tuple[int, int], str]:
    """Verdicts where all plans were listed."""

    def verdict(number: int) -> str:
        if number == plans:
            return "settled-together"
        return "choice" if number else "settled-apart"

    return {pair: verdict(int(counts[pair])) for pair in pairs}


def _with_found(near: Near, solution: Solution, seen: list[NDArray[np.int64]]) -> Near:
    """The plans found by the proofs beside the others, each once: what shares are then estimated from."""
    known = {near.plan(k).tobytes() for k in range(len(near))}
    smallest = solution.candidates.members[solution.candidates.starts[:-1]]
    for plan in seen:
        ordered = plan[np.argsort(smallest[plan], kind="stable")]
        if ordered.tobytes() in known:
            continue
        known.add(ordered.tobytes())
        near = replace(
            near,
            cost=np.append(near.cost, solution.candidates.cost[plan].sum()),
            offset=np.append(near.offset, near.offset[-1] + len(plan)),
            groups=np.concatenate((near.groups, ordered)),
        )
    return near


def _witnesses(near: Near) -> list[NDArray[np.int64]]:
    """Plans that answer for many pairs at once: some from the list, evenly taken."""
    step = max(1, len(near) // 200)
    return [near.plan(k) for k in range(0, len(near), step)]


def _carry_over(
    proven: dict[tuple[int, int], Possible],
    verdicts: dict[tuple[int, int], str],
    within: dict[tuple[int, int], float | None],
    tolerance: float,
    *,
    exact: bool,
) -> None:
    """Put what was proven within the whole tolerance in its place."""
    for pair, answer in proven.items():
        settled = answer.verdict in {"settled-together", "settled-apart"}
        if not exact:
            verdicts[pair] = answer.verdict
        if settled:
            within[pair] = tolerance


def _as_table(
    problem: GroupingProblem,
    pairs: list[tuple[int, int]],
    borders: NDArray[np.bool_],
    counts: NDArray[np.int64],
    near: Near,
    verdicts: dict[tuple[int, int], str],
    within: dict[tuple[int, int], float | None],
    names: Mapping[str, str],
    *,
    exact: bool,
) -> pd.DataFrame:
    codes = problem.practice_codes
    rows = [
        (
            codes[a],
            names.get(codes[a], codes[a]),
            codes[b],
            names.get(codes[b], codes[b]),
            bool(borders[a, b]),
            round(int(counts[a, b]) / len(near), 6),
            len(near),
            verdicts[a, b],
            within.get((a, b)) if verdicts[a, b].startswith("settled") else None,
            EVERY if exact else SOME,
        )
        for a, b in pairs
    ]
    rows.sort(key=lambda row: (RANK[row[7]], not row[4], abs(row[5] - 0.5), row[0], row[2]))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"border": bool, "together_share": float, "plans": "int64", "settled_within": float})


def say_agreement(agreement: Agreement, *, most: int = 15) -> list[str]:
    """The outcome in lines: what is settled, and the most open borders."""
    lines = [agreement.sentence]
    if not agreement.exact:
        lines.append("The shares are estimates: not every plan was listed. The verdicts are proven one by one.")
    borders = agreement.table[agreement.table["border"]]
    choices = borders[borders["verdict"] == "choice"]
    if len(choices):
        lines.append("The most open borders (share of these plans in which the two are together):")
    for row in choices.head(most).itertuples():
        lines.append(f"  {row.together_share:>5.0%}  {row.name_a} ({row.practice_a}) - {row.name_b} ({row.practice_b})")
    if len(choices) > most:
        lines.append(f"  ... and {len(choices) - most:,} more")
    return lines


def always_together(agreement: Agreement) -> list[tuple[str, ...]]:
    """Sets of practices that no plan separates, the largest first, as codes."""
    parent: dict[str, str] = {}

    def root(code: str) -> str:
        while parent.setdefault(code, code) != code:
            code = parent[code]
        return code

    rows = agreement.table[agreement.table["verdict"] == "settled-together"]
    for one, other in zip(rows["practice_a"], rows["practice_b"], strict=True):
        a, b = sorted((root(one), root(other)))
        parent[b] = a
    sets: dict[str, list[str]] = {}
    for code in sorted(parent):
        sets.setdefault(root(code), []).append(code)
    return sorted((tuple(members) for members in sets.values()), key=lambda members: (-len(members), members))
