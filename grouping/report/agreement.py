"""What the page says of all plans nearly as good as the best: who is together in every one, and what is a choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from geodata.place import Place
from grouping.agreement import Agreement, always_together
from grouping.plain_words import count, plural, share_of_plans

MOST_CHOICES = 25
"""Borders shown on the page, the most open first; all of them are in `agreement.csv`."""

TOGETHER, APART, CHOICE = "settled-together", "settled-apart", "choice"


@dataclass(frozen=True)
class Core:
    """Practices that share a group in every one of these plans."""

    names: tuple[str, ...]
    patients: int


@dataclass(frozen=True)
class Choice:
    """Two neighbouring practices that share a group in some of these plans."""

    first: str
    second: str
    share: str


@dataclass(frozen=True)
class Link:
    """A border between two catchments as a line between main sites, in drawing units."""

    x1: int
    y1: int
    x2: int
    y2: int
    verdict: str
    share: float


@dataclass(frozen=True)
class AgreementView:
    """Everything the section shows.

    Parameters
    ----------
    lines
        What was counted, in sentences.
    cores
        Practices always together, the largest core first.
    choices
        The most open borders, at most `MOST_CHOICES`.
    more_choices
        How many further open borders there are.
    links
        Every border, for the drawing.
    """

    lines: tuple[str, ...]
    cores: tuple[Core, ...]
    choices: tuple[Choice, ...]
    more_choices: int
    links: tuple[Link, ...]


def agreement_view(agreement: Agreement, place: Place, spots: Mapping[str, tuple[int, int]]) -> AgreementView:
    """Gather what is shown.

    Parameters
    ----------
    agreement
        Who is together in which share of the plans nearly as good as the best.
    place
        The place.
    spots
        Main site of each practice in drawing units.
    """
    table = agreement.table
    borders = table[table["border"].astype(bool)]
    cores = _cores(agreement, place)
    open_borders = borders[borders["verdict"] == CHOICE]
    order = (open_borders["together_share"] - 0.5).abs().sort_values(kind="stable").index
    choices = tuple(
        Choice(_named(place, row.practice_a), _named(place, row.practice_b), share_of_plans(float(row.together_share)))
        for row in open_borders.loc[order].head(MOST_CHOICES).itertuples()
    )
    joined = sum(len(core.names) for core in cores)
    lines = (
        agreement.sentence,
        f"{count(joined)} of {count(len(place.practices))} practices have companions they keep in all of them: "
        f"{plural(len(cores), 'set')} of practices that are never separated.",
    )
    return AgreementView(lines, cores, choices, max(len(open_borders) - len(choices), 0), _links(borders, spots))


def _cores(agreement: Agreement, place: Place) -> tuple[Core, ...]:
    """Sets of practices that are together in every plan, those with most patients first."""
    lists = place.practices["list_size"]
    cores = [
        Core(tuple(_named(place, code) for code in codes), int(lists.loc[list(codes)].sum()))
        for codes in always_together(agreement)
    ]
    return tuple(sorted(cores, key=lambda core: (-core.patients, core.names)))


def _named(place: Place, code: str) -> str:
    return f"{place.practices.at[code, 'name']} ({code})"


def _links(borders: pd.DataFrame, spots: Mapping[str, tuple[int, int]]) -> tuple[Link, ...]:
    rank = {APART: 0, CHOICE: 1, TOGETHER: 2}  # what is settled together is drawn on top
    rows = sorted(borders.itertuples(), key=lambda row: (rank.get(row.verdict, 0), row.practice_a, row.practice_b))
    return tuple(
        Link(*spots[row.practice_a], *spots[row.practice_b], row.verdict, float(row.together_share)) for row in rows
    )
