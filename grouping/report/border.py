"""Which practices sit on a border: those about whom the plans differ, and those that could move to another group alone.

Where several plans are nearly as good, they differ at some practices; where there is a single plan, such as one made by
hand, a practice sits on a border when it could move to a neighbouring group alone (`movable`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.assess import may_have_hub
from grouping.candidates import borders_that_count, compatible_pairs, standing_groups
from grouping.membership import main_locality, rural_share
from grouping.plain_words import count, listed, option_title, percent
from grouping.plan import Plan
from grouping.problem import GroupingProblem
from grouping.result import Run

MOST_CHOICES = 2
"""Neighbours named with whom a choice lies, the most open first; all of them are in `agreement.csv`."""

SLACK = 1e-9


@dataclass(frozen=True)
class BorderRow:
    """A practice on a border: its group under each option with those it could move to, and whom the choice is with."""

    code: str
    name: str
    patients: int
    cells: tuple[tuple[str, tuple[str, ...]], ...]
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class BorderView:
    """Everything the section shows of practices on a border.

    Parameters
    ----------
    lines
        How many practices sit on one, in sentences.
    rows
        The practices.
    titles
        What the options are called.
    moves, choices
        Whether it is known who could move alone, and whom a choice is with.
    """

    lines: tuple[str, ...]
    rows: tuple[BorderRow, ...]
    titles: tuple[str, ...]
    moves: bool
    choices: bool


def border_view(run: Run) -> BorderView:
    """Gather what the section shows."""
    moves = [movable(run.problem, option.option.plan) if run.problem is not None else {} for option in run.options]
    rows = _border_rows(run, moves)
    return BorderView(
        lines=_border_lines(run, moves, rows),
        rows=rows,
        titles=tuple(option_title(option.option.option_id) for option in run.options),
        moves=run.problem is not None,
        choices=any(row.choices for row in rows),
    )


def movable(problem: GroupingProblem, plan: Plan) -> dict[str, tuple[str, ...]]:
    """Groups that each practice could move to alone, under one plan; only practices with such a group.

    A practice can move when it neighbours a practice of the other group, both groups then keep within the minimum and
    the maximum that apply to them (by their rural share and locality as they would be) and within the number of
    practices and have a site that may be their hub (within the limits of minutes to it), it may be together with every
    practice there (minutes between members, localities, decisions), and the group it leaves hangs together as well as
    before. Practices that are kept together with others, or whose group is decided, do not move alone.

    Parameters
    ----------
    problem
        The arrays of the run.
    plan
        Any plan of its practices, also one made by hand or a partial one.
    """
    near, fits, bound = borders_that_count(problem), compatible_pairs(problem), _bound(problem)
    position = {code: number for number, code in enumerate(problem.practice_codes)}
    groups = {
        group.group_id: np.array([position[code] for code in group.members], dtype=np.int64) for group in plan.groups
    }
    found = {}
    for own_id, members in groups.items():
        parts = _parts(members, near)
        for practice in members:
            rest = members[members != practice]
            if practice in bound or not len(rest) or not _within(rest, problem) or _parts(rest, near) > parts:
                continue
            to = tuple(
                group_id
                for group_id, others in groups.items()
                if group_id != own_id
                and near[practice, others].any()
                and fits[practice, others].all()
                and _within(np.append(others, practice), problem)
            )
            if to:
                found[problem.practice_codes[practice]] = to
    return found


def _bound(problem: GroupingProblem) -> set[int]:
    """Practices that a decision or a tag keeps with others."""
    bound = {practice for lock in standing_groups(problem) for practice in lock.members}
    bound |= {practice for together in problem.decided.together for practice in together if len(together) > 1}
    tags = pd.Series(problem.keep_together, dtype=object)
    shared = tags[(tags != "") & tags.duplicated(keep=False)]
    return bound | set(shared.index)


def _within(index: NDArray[np.int64], problem: GroupingProblem) -> bool:
    """Whether practices as a group have a size, a number of practices and a hub that the rules allow."""
    rules, listed = problem.rules, int(problem.list_size[index].sum())
    rural = rural_share(index, problem) >= rules.rurality.threshold - SLACK
    locality = main_locality(index, problem)
    few, many = rules.size.fewest_practices, rules.size.most_practices
    return (
        rules.minimum_for(rural=rural, locality=locality) <= listed <= rules.maximum_for(rural=rural, locality=locality)
        and len(index) >= few
        and (many == 0 or len(index) <= many)
        and may_have_hub(index, problem)
    )


def _parts(index: NDArray[np.int64], near: NDArray[np.bool_]) -> int:
    """In how many separate parts practices lie."""
    left, parts = set(index.tolist()), 0
    while left:
        parts += 1
        reached = [left.pop()]
        while reached:
            beside = {other for other in left if near[reached[-1], other]}
            reached.pop()
            left -= beside
            reached.extend(beside)
    return parts


def _choices(run: Run) -> dict[str, list[tuple[str, float]]]:
    """Neighbours with whom a practice is together in some of the plans nearly as good, the most open first."""
    if run.agreement is None:
        return {}
    table = run.agreement.table
    table = table[table["border"].astype(bool) & (table["verdict"] == "choice")]
    found: dict[str, list[tuple[str, float]]] = {}
    for row in table.itertuples():
        share = float(row.together_share)
        found.setdefault(row.practice_a, []).append((row.practice_b, share))
        found.setdefault(row.practice_b, []).append((row.practice_a, share))
    return {code: sorted(others, key=lambda one: (abs(one[1] - 0.5), one[0])) for code, others in found.items()}


def _other_companions(run: Run) -> set[str]:
    """Practices whose group does not have the same members in every option."""
    groups = [option.option.plan.group_of for option in run.options]
    return {
        code
        for code in run.place.practices.index
        if len({own[code].members if code in own else () for own in groups}) > 1
    }


def _border_rows(run: Run, moves: list[dict[str, tuple[str, ...]]]) -> tuple[BorderRow, ...]:
    """Practices on a border: those that could move in most options first, then the most open choices."""
    choices, differing = _choices(run), _other_companions(run)
    practices = run.place.practices
    groups = [option.option.plan.group_of for option in run.options]
    codes = [
        code
        for code in practices.index
        if code in differing or code in choices or any(code in of_option for of_option in moves)
    ]

    def rank(code: str) -> tuple:
        openness = abs(choices[code][0][1] - 0.5) if code in choices else 1.0
        return -sum(code in of_option for of_option in moves), openness, code

    return tuple(
        BorderRow(
            code,
            str(practices.at[code, "name"]),
            int(practices.at[code, "list_size"]),
            tuple(
                (own[code].group_id if code in own else "not in it", of_option.get(code, ()))
                for own, of_option in zip(groups, moves, strict=True)
            ),
            tuple(
                (str(practices.at[other, "name"]), _share(share))
                for other, share in choices.get(code, ())[:MOST_CHOICES]
            ),
        )
        for code in sorted(codes, key=rank)
    )


def _share(share: float) -> str:
    if share < 0.01:
        return "under 1%"
    return "over 99%" if share > 0.99 else percent(share)


def _border_lines(run: Run, moves: list[dict[str, tuple[str, ...]]], rows: tuple[BorderRow, ...]) -> tuple[str, ...]:
    """How many practices sit on a border, by each of its meanings."""
    lists, lines = run.place.practices["list_size"], []
    every = len(run.place.practices)
    if run.problem is not None:
        said = [
            f"{count(len(of_option))} with {count(lists.loc[list(of_option)].sum())} patients in "
            f"{option_title(option.option.option_id).lower()}"
            for option, of_option in zip(run.options, moves, strict=True)
        ]
        lines.append(
            "Practices that could move to a neighbouring group alone, both groups staying within their minimum and "
            f"maximum: {listed(said)}."
        )
    if len(run.options) > 1:
        lines.append(
            f"{count(len(_other_companions(run)))} of {count(every)} practices do not have the same companions in "
            "every option."
        )
    choices = _choices(run)
    if choices:
        lines.append(
            f"{count(len(choices))} of {count(every)} practices share a group with some neighbour in some of the plans "
            "nearly as good, and not in others."
        )
    if not rows:
        lines.append("No practice sits on a border.")
    return tuple(lines)
