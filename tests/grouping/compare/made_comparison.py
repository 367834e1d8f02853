"""Comparisons of the options of a made-up run, whose shares can be worked out on paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from grouping.compare.chosen import compare_runs
from grouping.compare.comparison import Comparison
from grouping.plan import Group, Plan
from grouping.result import Run
from tests.grouping.made_run import made_run

BORDERS = pd.DataFrame(
    [
        ("J80001", "J80002", "shared boundary"),
        ("J80001", "J80004", "shared boundary"),
        ("J80002", "J80003", "shared boundary"),
        ("J80003", "J80006", "shared boundary"),
        ("J80006", "J80007", "shared boundary"),
        ("J80008", "J80009", "shared boundary"),
        ("J80010", "J80008", "shared boundary"),
        ("J80011", "J80012", "shared boundary"),
    ],
    columns=["practice_a", "practice_b", "reason"],
)


def run_with_borders(*, names: tuple[str, ...] = ()) -> Run:
    """The made-up run with eight borders between its practices."""
    return replace(made_run(names=names), adjacency=BORDERS)


def comparison_of(options: Iterable[str] = ("option-1", "option-2", "option-3"), run: Run | None = None) -> Comparison:
    """Options of one run beside each other."""
    run = run or run_with_borders()
    return compare_runs([(run, option, "made.run") for option in options])


def renamed(run: Run, option_id: str) -> Run:
    """The run with the groups of one option called otherwise and in another order; nothing else is changed."""
    options = []
    for one in run.options:
        if one.option.option_id == option_id:
            new = {group.group_id: f"Z{99 - k:02d}" for k, group in enumerate(one.option.plan.groups)}
            groups = [Group(new[g.group_id], g.members, g.hub_site_code) for g in one.option.plan.groups]
            plan = Plan(tuple(sorted(groups, key=lambda group: group.group_id)))
            table = one.groups.assign(group_id=one.groups["group_id"].map(new)).sort_values("group_id")
            one = replace(one, option=replace(one.option, plan=plan), groups=table.reset_index(drop=True))  # noqa: PLW2901
        options.append(one)
    return replace(run, options=tuple(options))
