"""The totals that `case.toml` states against what the sites hold, and what could explain a difference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geodata.crosscheck import TOTAL_TOLERANCE
from grouping.estates.figures import Sum
from grouping.plain_words import percent, plural

if TYPE_CHECKING:
    import pandas as pd

    from grouping.estates.figures import AllFigures
    from grouping.programme.ground import Ground

SHARE_TOLERANCE = 0.01
"""Shares are quoted in round figures: up to one percentage point is a rounding, not a difference."""

SUMS = (("floor_area_m2", "Floor area, m²"), ("annual_cost", "Cost, £ a year"))
SHARES = (
    ("modern_share", "modern", "Share of sites that are modern"),
    ("major_investment_share", "major", "Share of sites that need major investment"),
)
"""Key under `[totals]`, column of the buildings or word of `[estates]`, and what pages call it."""


@dataclass(frozen=True)
class Stated:
    """One stated total and ours.

    Parameters
    ----------
    key
        Its name under `[totals]`.
    measure
        What it is.
    stated, ours
        The two figures; ours is NaN where the inputs do not tell.
    tolerance
        How far they may be apart, in words.
    agrees
        Whether they are within it; None where ours is not known.
    known, sites
        How many of the sites tell a figure.
    explanation
        What could explain a difference, or what agrees.
    """

    key: str
    measure: str
    stated: float
    ours: float
    tolerance: str
    agrees: bool | None
    known: int
    sites: int
    explanation: str

    @property
    def share(self) -> bool:
        """Whether it is a share."""
        return self.key.endswith("_share")

    @property
    def difference(self) -> float:
        """Ours minus the stated one."""
        return self.ours - self.stated


def stated_totals(ground: Ground) -> dict[str, float]:
    """What `[totals]` of the case says of buildings; nothing for the public, whose run holds no settings."""
    totals = ground.run.place.settings.get("totals") or {}
    keys = ("sites", *(key for key, _ in SUMS), *(key for key, *_ in SHARES))
    return {key: float(totals[key]) for key in keys if isinstance(totals, dict) and totals.get(key) is not None}


def reconcile(ground: Ground, table: pd.DataFrame, figures: AllFigures) -> tuple[Stated, ...]:
    """Every stated total of buildings against ours, in a fixed order.

    Parameters
    ----------
    ground
        The option; only its case and settings matter.
    table
        The buildings.
    figures
        Their sums.
    """
    stated, made = stated_totals(ground), []
    if "sites" in stated:
        made.append(_sites(stated["sites"], table))
    for key, measure in SUMS:
        if key in stated:
            made.append(_sum(key, measure, stated[key], table))
    for key, word, measure in SHARES:
        if key in stated:
            made.append(_share(key, word, measure, stated[key], table, getattr(figures.whole, word)))
    return tuple(made)


def _sites(stated: float, table: pd.DataFrame) -> Stated:
    ours, nobody = len(table), int((table["practice_code"] == "").sum())
    agrees = ours == round(stated)
    said = "The number is the same."
    if not agrees:
        said = "Look for sites that are missing, or listed twice; sites of practices without a list are left out."
        if nobody:
            said += f" {_of_nobody(nobody)}: without them ours are {ours - nobody:,}."
    return Stated("sites", "Sites", stated, float(ours), "none", agrees, ours, ours, said)


def _sum(key: str, measure: str, stated: float, table: pd.DataFrame) -> Stated:
    """A sum over sites, compared as the input check does."""
    found = Sum.of(table[key])
    tolerance = f"{percent(TOTAL_TOLERANCE)} of the stated total"
    agrees = abs(found.total - stated) <= TOTAL_TOLERANCE * stated if found.known else None
    said = _why(key, found, stated, agrees, table)
    return Stated(key, measure, stated, found.total, tolerance, agrees, found.known, found.sites, said)


def _why(key: str, found: Sum, stated: float, agrees: bool | None, table: pd.DataFrame) -> str:
    if agrees is None:
        return "No site gives a figure."
    lacking, apart = found.lacking, stated - found.total
    if agrees and not lacking:
        return "Every site gives a figure, and they sum to what is stated."
    if agrees:
        return f"They agree although {_give_none(lacking)}: the stated total may leave out the same sites."
    if apart > 0 and lacking:
        each, usual = apart / lacking, found.total / found.known
        return (
            f"{_give_none(lacking, start=True)}. They explain the gap if they have {_amount(key, each)} on average; "
            f"the others have {_amount(key, usual)}."
        )
    if apart > 0:
        return "Every site gives a figure. Look for missing sites, or for a stated total of another year or measure."
    said = "Ours is more than stated."
    nobody = Sum.of(table.loc[table["practice_code"] == "", key])
    if nobody.known:
        said += (
            f" {_of_nobody(nobody.sites)}, with {_amount(key, nobody.total)}: perhaps the stated total leaves them out."
        )
    if lacking:
        said += f" {_give_none(lacking, start=True)}, and would widen the gap."
    return said


def _share(key: str, word: str, measure: str, stated: float, table: pd.DataFrame, counted: int | None) -> Stated:
    told = table[word]
    sites, known = len(told), int(told.notna().sum())
    ours = counted / known if counted is not None and known else math.nan
    agrees = None if math.isnan(ours) else abs(ours - stated) <= SHARE_TOLERANCE + 1e-9
    said = _why_share(word, stated, table, counted, agrees)
    return Stated(key, measure, stated, ours, "one percentage point", agrees, known, sites, said)


def _why_share(word: str, stated: float, table: pd.DataFrame, counted: int | None, agrees: bool | None) -> str:
    told, sites = table[word], len(table)
    known = int(told.notna().sum())
    if counted is None:
        return f"Which labels count is not said: write {word} under [estates] in programme.toml."
    if not known:
        return "No site has a label."
    said = f"{counted:,} of {known:,} sites with a label."
    lacking = sites - known
    if lacking:
        low, high = counted / sites, (counted + lacking) / sites
        inside = "lies between" if low - SHARE_TOLERANCE <= stated <= high + SHARE_TOLERANCE else "does not lie between"
        said += (
            f" {plural(lacking, 'site')} {'has' if lacking == 1 else 'have'} none: with all sites the share is from "
            f"{percent(low, 1)} to {percent(high, 1)}, and the stated one {inside} these."
        )
    if agrees:
        return said
    if not lacking:
        said += f" The stated share would be {plural(round(stated * sites), 'site')}."
    by_area = table[told.notna() & table["floor_area_m2"].notna()]
    whole = float(by_area["floor_area_m2"].sum())
    if whole > 0:
        mine = float(by_area.loc[[value is True for value in by_area[word]], "floor_area_m2"].sum())
        said += f" By floor area it is {percent(mine / whole, 1)}."
    return said


def _give_none(number: int, *, start: bool = False) -> str:
    return f"{plural(number, 'site', start=start)} {'gives' if number == 1 else 'give'} none"


def _of_nobody(number: int) -> str:
    return f"{plural(number, 'site', start=True)} {'belongs' if number == 1 else 'belong'} to no practice"


def _amount(key: str, value: float) -> str:
    return f"£{value:,.0f}" if key == "annual_cost" else f"{value:,.0f} m²"
