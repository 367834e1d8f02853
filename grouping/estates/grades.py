"""Sites by label: how many are graded what, in the planner's own scale and order; nothing is read into a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.estates.buildings import FACETS, has_label, labels, plain
from grouping.estates.figures import Sum

if TYPE_CHECKING:
    import pandas as pd

    from grouping.programme.ground import Ground
    from grouping.programme.settings import EstatesSettings

NOT_KNOWN, AS_SHARE = "not known", "given as a share"
"""Rows of sites without a label, and of those whose use of space is a number."""

FACET_WORDS = {
    "condition": "Condition",
    "suitability": "Suitability",
    "quality": "Quality",
    "utilisation": "Use of space",
    "tenure": "Tenure",
}


@dataclass(frozen=True)
class Grade:
    """The sites with one label.

    Parameters
    ----------
    facet, label
        What is graded, and how; `NOT_KNOWN` for the sites without a label.
    counts_as
        `modern`, `major investment` or empty.
    floor_area, annual_cost, patients
        Sums over these sites.
    """

    facet: str
    label: str
    counts_as: str
    floor_area: Sum
    annual_cost: Sum
    patients: Sum

    @property
    def sites(self) -> int:
        """How many sites these are."""
        return self.floor_area.sites


def grades(ground: Ground, table: pd.DataFrame) -> tuple[Grade, ...]:
    """Sites by the labels of every facet that any site has, and by tenure.

    Parameters
    ----------
    ground
        The option; its settings say which labels count as what, and their order.
    table
        The buildings.
    """
    said, made = ground.settings.estates, []
    for facet in FACET_WORDS:
        texts = table[facet]
        if not (texts != "").any():
            continue
        numbers = table["utilisation_share"].notna() if facet == "utilisation" else texts.isna()
        order = said.scale if facet in FACETS else ()
        for label in labels(texts[~numbers], order):
            made.append(_grade(facet, label, _counts_as(said, facet, label), table[has_label(texts, label)]))
        if numbers.any():
            made.append(_grade(facet, AS_SHARE, "", table[numbers]))
        if (texts == "").any():
            made.append(_grade(facet, NOT_KNOWN, "", table[texts == ""]))
    return tuple(made)


def labels_held(table: pd.DataFrame, facet: str, scale: tuple[str, ...] = ()) -> str:
    """The labels of a facet with how many sites have each, such as `A (28), B (55)`; empty where there is none."""
    texts = table[facet]
    return ", ".join(f"{label} ({int(has_label(texts, label).sum())})" for label in labels(texts, scale))


def _counts_as(said: EstatesSettings, facet: str, label: str) -> str:
    if facet != said.judged_by:
        return ""
    for word, chosen in (("modern", said.modern), ("major investment", said.major)):
        if plain(label) in map(plain, chosen):
            return word
    return ""


def _grade(facet: str, label: str, counts_as: str, rows: pd.DataFrame) -> Grade:
    sums = (Sum.of(rows[name]) for name in ("floor_area_m2", "annual_cost", "patients"))
    return Grade(facet, label, counts_as, *sums)
