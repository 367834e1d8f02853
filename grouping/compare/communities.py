"""Where people live for whom the plans differ most: minutes to the hub by community."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from grouping.compare.comparison import Compared, Comparison
from grouping.plain_words import is_missing

MOST = 15
"""Communities shown; all are in `communities.csv`."""

COLUMNS = ("community", "areas", "setting", "people", "plan", "minutes_to_hub", "spread")


@dataclass(frozen=True)
class Community:
    """Minutes to the hub of one community in every plan, and how far apart they lie."""

    name: str
    areas: str
    setting: str
    people: float
    minutes: tuple[float, ...]

    @property
    def spread(self) -> float:
        """The longest less the shortest."""
        return max(self.minutes) - min(self.minutes)


def communities_apart(comparison: Comparison) -> tuple[Community, ...]:
    """Communities by how many minutes the plans differ, the most first (ties: by name).

    Those with fewer patients than the rule set counts, and those with a hidden or unknown figure in any plan, are left
    out; so are all where the plans do not speak of the same people.
    """
    tables = [_table(one) for one in comparison.plans]
    if not comparison.same_people or any(table is None for table in tables):
        return ()
    first = tables[0]
    least = float(comparison.plans[0].run.rules.impact.least_people)
    found = []
    for key, row in first.items():
        minutes = [_number(table[key].minutes) if key in table else None for table in tables]
        counts = [_number(table[key].people) if key in table else None for table in tables]
        people = counts[0]
        if None in minutes or None in counts or people < least:  # hidden in one run, it is not told from another
            continue
        found.append(Community(str(row.community), str(row.areas), str(row.setting), people, tuple(minutes)))
    return tuple(sorted(found, key=lambda one: (-round(one.spread, 6), one.name, one.areas)))


def _table(one: Compared) -> dict[str, object] | None:
    """The rows of the journey to the hub by car, by the areas they are made of."""
    table = one.tables.get("communities")
    if table is None or not {"minutes", "people", "areas"} <= set(table.columns):
        return None
    found = table[(table["option"] == one.option_id) & (table["journey"] == "hub") & (table["mode"] == "car")]
    return {f"{row.community} {row.areas}": row for row in found.itertuples(index=False)}


def _number(value: object) -> float | None:
    return None if isinstance(value, str) or value is pd.NA or is_missing(value) else float(value)


def communities_table(comparison: Comparison, communities: tuple[Community, ...]) -> pd.DataFrame:
    """The same as `communities.csv` holds it: one row a community and plan."""
    rows = [
        (one.name, one.areas, one.setting, round(one.people), plan.title, round(minutes, 3), round(one.spread, 3))
        for one in communities
        for plan, minutes in zip(comparison.plans, one.minutes, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
