"""Sums over buildings: of a group, of what belongs to no group, and of all sites; what is missing is counted.

A sum is that of the sites whose figure is known, with how many these are. A ratio of floor area and patients counts the
known floor area alone: where a site gives none, it is the least it can be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grouping.programme.ground import Ground

OF_NO_GROUP, OF_NOBODY, ALL = "Practices of no group of the plan", "Sites of no practice", "All sites"
"""What rows that are no group are called."""


@dataclass(frozen=True)
class Sum:
    """A sum over the sites that tell a figure: NaN where none does."""

    total: float
    known: int
    sites: int

    @classmethod
    def of(cls, values: pd.Series) -> Sum:
        """The sum of a column of figures."""
        known = int(values.notna().sum())
        return cls(float(values.sum()) if known else math.nan, known, len(values))

    @property
    def complete(self) -> bool:
        """Whether every site tells a figure."""
        return self.known == self.sites

    @property
    def lacking(self) -> int:
        """How many sites tell none."""
        return self.sites - self.known


@dataclass(frozen=True)
class EstateFigures:
    """What some sites together have.

    Parameters
    ----------
    group_id, name
        The group; an id is empty for what is no group.
    patients
        On the lists of the practices; NaN for sites of nobody.
    floor_area, annual_cost, investment
        Sums, square metres, pounds a year and pounds.
    own_floor_area
        The floor area of sites that belong to a practice: what is set against patients.
    cost_per_m2
        Pounds a year per m² over the sites that tell both; NaN where none does.
    modern, major
        How many sites are, of the `graded` ones; None where nobody said which labels count.
    graded
        How many sites have a label of the facet that says so.
    utilisation
        Mean use of space over the sites that give it as a share, weighted by floor area; NaN where none does.
    committed, schemes
        How many sites are committed to, and how many name a scheme.
    """

    group_id: str
    name: str
    patients: float
    floor_area: Sum
    own_floor_area: Sum
    annual_cost: Sum
    investment: Sum
    cost_per_m2: float
    modern: int | None
    major: int | None
    graded: int
    utilisation: float
    committed: int
    schemes: int

    @property
    def sites(self) -> int:
        """How many sites these are."""
        return self.floor_area.sites

    @property
    def m2_per_1000(self) -> float:
        """Square metres of practices per 1,000 patients; the least it can be where a site gives no floor area."""
        return 1000 * self.own_floor_area.total / self.patients if self.patients > 0 else math.nan

    @property
    def patients_per_site(self) -> float:
        """Patients per site of a practice."""
        own = self.own_floor_area.sites
        return self.patients / own if own else math.nan

    def beyond(self, m2_per_1000: float | None) -> float:
        """Square metres beyond (below 0: short of) what the patients need; NaN where that cannot be told.

        Too little is told only where every site gives its floor area; enough is enough whatever the others have.
        """
        if m2_per_1000 is None or not self.patients > 0:
            return math.nan
        more = self.own_floor_area.total - m2_per_1000 * self.patients / 1000
        return more if self.own_floor_area.complete or more >= 0 else math.nan


@dataclass(frozen=True)
class AllFigures:
    """The groups in the order of the plan, what belongs to none of them (where there is any), and all sites."""

    groups: tuple[EstateFigures, ...]
    others: tuple[EstateFigures, ...]
    whole: EstateFigures

    def __iter__(self) -> Iterator[EstateFigures]:
        """All of them, the whole last."""
        return iter((*self.groups, *self.others, self.whole))


def all_figures(ground: Ground, table: pd.DataFrame) -> AllFigures:
    """Sum up the buildings.

    Parameters
    ----------
    ground
        The option.
    table
        The buildings, see `grouping.estates.buildings.buildings`.
    """
    lists = ground.practices["list_size"].astype(float)
    names = ground.groups["name"].to_dict()
    told = ground.settings.estates

    def figures(rows: pd.DataFrame, patients: float, name: str, group_id: str = "") -> EstateFigures:
        return _figures(rows, patients, name, group_id, judged=(bool(told.modern), bool(told.major)))

    groups = [
        figures(
            table[table["group_id"] == group.group_id],
            float(lists.loc[list(group.members)].sum()),
            str(names.get(group.group_id, group.group_id)),
            group.group_id,
        )
        for group in ground.plan.groups
    ]
    owned = table["practice_code"] != ""
    outside = table[owned & (table["group_id"] == "")]
    nobody = table[~owned]
    others = []
    if len(outside):
        left = lists.drop(list(ground.plan.practice_codes), errors="ignore")
        others.append(figures(outside, float(left.sum()), OF_NO_GROUP))
    if len(nobody):
        others.append(figures(nobody, math.nan, OF_NOBODY))
    return AllFigures(tuple(groups), tuple(others), figures(table, float(lists.sum()), ALL))


def _figures(rows: pd.DataFrame, patients: float, name: str, group_id: str, judged: tuple[bool, bool]) -> EstateFigures:
    own = rows[rows["practice_code"] != ""]
    both = rows[rows["floor_area_m2"].gt(0) & rows["annual_cost"].notna()]
    used = rows[rows["utilisation_share"].notna() & rows["floor_area_m2"].gt(0)]
    used_m2 = float(used["floor_area_m2"].sum())
    return EstateFigures(
        group_id=group_id,
        name=name,
        patients=patients,
        floor_area=Sum.of(rows["floor_area_m2"]),
        own_floor_area=Sum.of(own["floor_area_m2"]),
        annual_cost=Sum.of(rows["annual_cost"]),
        investment=Sum.of(rows["investment_cost"]),
        cost_per_m2=float(both["annual_cost"].sum() / both["floor_area_m2"].sum()) if len(both) else math.nan,
        modern=_how_many(rows["modern"]) if judged[0] else None,
        major=_how_many(rows["major"]) if judged[1] else None,
        graded=int((rows["modern"].notna() | rows["major"].notna()).sum()),
        utilisation=float((used["utilisation_share"] * used["floor_area_m2"]).sum() / used_m2) if used_m2 else math.nan,
        committed=int(rows["committed"].sum()),
        schemes=int((rows["scheme"] != "").sum()),
    )


def _how_many(told: pd.Series) -> int:
    return sum(value is True for value in told)
