"""The figures of each group: whatever the inputs hold, one row a group and one column a figure.

People of a group are the registered patients of its practices, divided as everywhere else on the page
(`grouping.impact.people`), so that the figures of all groups add up to those of the tables about travel. What no input
holds has no column. On a public page what must stay in the house is no longer in the run; besides, the columns of
`INTERNAL` are left out and counts of people are hidden and rounded (`grouping.report.public_counts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from grouping.plain_words import count
from grouping.report.figure_ground import Columns, Figure, Ground, Kind, Part
from grouping.report.people_figures import growth, people
from grouping.report.practice_figures import buildings, dispensing, systems, vulnerable
from grouping.result import AssessedOption, Run
from grouping.rules import RuleSet

__all__ = ["Figure", "GroupFigures", "Kind", "all_figures", "group_figures", "preferred_range"]

FAMILIES = (growth, people, vulnerable, dispensing, systems, buildings)
"""What the figures are made by, in their order, after the sizes."""


@dataclass(frozen=True)
class GroupFigures:
    """The figures of the groups of every option.

    Parameters
    ----------
    columns
        What each column of the tables is, in their order.
    tables
        Option -> one row a group, index `group_id`.
    """

    columns: tuple[Figure, ...]
    tables: Mapping[str, pd.DataFrame]

    def of(self, part: Part) -> tuple[Figure, ...]:
        """The columns of one table of the page."""
        return tuple(figure for figure in self.columns if figure.part == part)


def group_figures(run: Run, option: AssessedOption) -> pd.DataFrame:
    """The figures of the groups of one option.

    Parameters
    ----------
    run
        The run. All its options decide together what a public table hides.
    option
        One of them.

    Returns
    -------
    DataFrame
        Index `group_id`; the columns that `all_figures(run).columns` explains, figures unrounded. In a public run
        counts of people are whole numbers rounded to 5, with `*` for what is hidden.
    """
    return all_figures(run).tables[option.option.option_id]


def all_figures(run: Run) -> GroupFigures:
    """The figures of the groups of every option, and what they mean; see `group_figures`."""
    if run.figures is not None:
        return run.figures
    ground = Ground(run)
    made: list[tuple[Figure, list[list[object]]]] = []
    for family in (_sizes, *FAMILIES):
        made += family(ground)
    tables = {
        option.option.option_id: pd.DataFrame(
            {figure.key: _column(values[i]) for figure, values in made},
            index=pd.Index(option.groups["group_id"], name="group_id"),
        )
        for i, option in enumerate(run.options)
    }
    return GroupFigures(tuple(figure for figure, _ in made), tables)


def _column(values: list[object]) -> pd.array:
    """Numbers as numbers; texts, and numbers of which some are hidden, as they are."""
    if all(isinstance(value, int | float | np.number) and not isinstance(value, bool) for value in values):
        return np.asarray(values)
    return np.array(values, dtype=object)


def _sizes(ground: Ground) -> Columns:
    """What the table of groups holds already, and where the list stands against the preferred sizes."""
    lists, size = ground.source("practices"), ground.rules.size
    main = [[int((ground.sites(g)["kind"] == "main").sum()) for g in groups] for groups in ground.options]

    def column(name: str) -> list[list[object]]:
        return [option.groups[name].tolist() for option in ground.run.options]

    branches = [
        [sites - mains for sites, mains in zip(of, own, strict=True)]
        for of, own in zip(column("sites"), main, strict=True)
    ]
    outside = [
        [
            _outside(row.list_size, preferred_range(ground.rules, row.kind, row.minimum))
            for row in option.groups.itertuples()
        ]
        for option in ground.run.options
    ]
    preferred = (
        f"Registered patients outside the preferred sizes, {count(size.preferred_minimum_urban)} (urban) or "
        f"{count(size.preferred_minimum_rural)} (rural) to {count(size.preferred_maximum)}: above (+) or "
        "below (−); 0 inside"
    )
    made = (
        ("practices", "Practices", "count", "Practices of the group", lists, column("practices")),
        ("main_sites", "Main sites", "count", "Main sites of its practices", ground.source("sites"), main),
        ("branch_sites", "Other sites", "count", "Their branches and other sites", ground.source("sites"), branches),
        ("list_size", "Registered patients", "count", "Registered patients now", lists, column("list_size")),
        ("kind", "Kind", "text", "Urban or rural", ground.source("registrations", "areas"), column("kind")),
        (
            "rural_share",
            "Rural share",
            "share",
            f"Share of its patients who live in rural areas; from {100 * ground.rules.rurality.threshold:g}% the group "
            "is rural",
            ground.source("registrations", "areas"),
            column("rural_share"),
        ),
        ("minimum", "Minimum", "count", "The minimum that applies", "the rule set", column("minimum")),
        ("margin", "Margin", "signed", "Registered patients less the minimum", lists, column("margin")),
        ("outside_preferred", "Outside preferred", "signed", preferred, lists, outside),
        (
            "mean_minutes_to_hub",
            "Mean minutes, home to hub",
            "minutes",
            "Mean minutes by car from the homes of its patients to its hub",
            "the travel times",
            column("mean_minutes_to_hub"),
        ),
        (
            "max_practice_minutes",
            "Longest, practice to hub",
            "minutes",
            "The longest way by car from the main site of a practice to the hub",
            "the travel times",
            column("max_practice_minutes"),
        ),
    )
    return [
        (Figure(key, head, kind, "group", means, source), values) for key, head, kind, means, source, values in made
    ]


def preferred_range(rules: RuleSet, kind: str, minimum: int) -> tuple[int, int]:
    """Least and most registered patients that are preferred for a group; never less than its minimum."""
    least = rules.size.preferred_minimum_rural if kind == "rural" else rules.size.preferred_minimum_urban
    return max(int(least), int(minimum)), int(rules.size.preferred_maximum)


def _outside(listed: float, preferred: tuple[int, int]) -> int:
    least, most = preferred
    return int(listed - most if listed > most else min(listed - least, 0))
