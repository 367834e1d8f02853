"""What the figures of groups are made from: practices, registrations, and the groups of each option."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.place import Place
from grouping.impact.people import People, people_of
from grouping.journeys import Journeys
from grouping.result import Run
from grouping.rules import RuleSet

Kind = Literal["people", "count", "signed", "minutes", "share", "money", "area", "text"]
Part = Literal["group", "people", "practices"]

INTERNAL = ("vulnerability", "condition", "annual_cost")
"""Columns of practices and sites that no public page tells of."""


@dataclass(frozen=True)
class Figure:
    """One column of the figures.

    Parameters
    ----------
    key
        Name of the column.
    head
        Short head for a table.
    kind
        How it is shown. `people` are counts that are rounded on a public page, `count` are published or of buildings.
    part
        Which of the tables of the page it stands in.
    meaning
        What is counted.
    source
        Which inputs it comes from.
    """

    key: str
    head: str
    kind: Kind
    part: Part
    meaning: str
    source: str


Columns = list[tuple[Figure, list[list[object]]]]
"""Columns, each with the values of every group of every option."""


class Ground:
    """What all columns are made from: practices sorted by code, their registrations, and the groups of each option."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.place: Place = run.place
        self.rules: RuleSet = run.rules
        self.practices = run.place.practices.sort_index()
        self.codes = tuple(self.practices.index)
        position = {code: number for number, code in enumerate(self.codes)}
        self.options = [
            [
                np.array([position[code] for code in group.members], dtype=np.int64)
                for group in option.option.plan.groups
            ]
            for option in run.options
        ]
        self.lists = self.practices["list_size"].to_numpy(dtype=float)

    @cached_property
    def journeys(self) -> Journeys | None:
        """The registrations as the tables about travel take them, without minutes; None where they are not here."""
        return registrations_of(self.place, self.codes)

    @cached_property
    def people(self) -> People | None:
        """Who the patients are: those of the impact where there is one for the case as it stands.

        On a public page they are divided anew: the run then holds other registrations than those of the impact.
        """
        if self.journeys is None:
            return None
        impact = self.run.impact
        known = None if self.run.public or impact is None or impact.scenario else impact.people
        if known is not None and len(known.patients) == len(self.journeys.patients):
            return known
        return people_of(self.place, self.journeys, self.codes)

    def of_practices(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """People of rows of the registrations, summed for each practice."""
        practice = self.journeys.practice
        known = practice >= 0
        return np.bincount(practice[known], rows[known], minlength=len(self.codes)).astype(float)

    def each(self, value: Callable[[NDArray[np.int64]], object]) -> list[list[object]]:
        """A value of every group of every option."""
        return [[value(group) for group in groups] for groups in self.options]

    def sites(self, group: NDArray[np.int64]) -> pd.DataFrame:
        """The sites of a group's practices."""
        return self.place.sites[self.place.sites["practice_code"].isin([self.codes[i] for i in group])]

    def numbers(self, column: str) -> NDArray[np.float64]:
        """A column of the practices as numbers, NaN where nothing is known."""
        if column not in self.practices:
            return np.full(len(self.codes), np.nan)
        return pd.to_numeric(self.practices[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)

    def words(self, column: str) -> list[str]:
        """A column of the practices as text, empty where nothing is known."""
        if column not in self.practices:
            return [""] * len(self.codes)
        return ["" if pd.isna(value) else " ".join(str(value).split()) for value in self.practices[column]]

    def hides(self, column: str) -> bool:
        """Whether a column must not be told of on this page."""
        return self.run.public and column in INTERNAL

    def source(self, *tables: str) -> str:
        """The files of some tables, with their vintage."""
        named = [source for table in tables for source in self.place.sources if source.table == table]
        return "; ".join(f"{one.file} ({one.vintage})" if one.vintage else one.file for one in named)


def registrations_of(place: Place, codes: Sequence[str]) -> Journeys | None:
    """The registrations as rows of people, without minutes; None where a place holds no numbers of them.

    Parameters
    ----------
    place
        With completed registrations.
    codes
        Practices in the order in which rows shall count them.
    """
    table = place.registrations
    if table is None or "patients" not in table or not pd.api.types.is_numeric_dtype(table["patients"]):
        return None
    areas = tuple(sorted(table["area_code"].unique()))
    nothing = np.full(len(table), np.nan)
    return Journeys(
        practice=pd.Index(codes).get_indexer(table["practice_code"]).astype(np.int64),
        area=pd.Index(areas).get_indexer(table["area_code"]).astype(np.int64),
        patients=table["patients"].to_numpy(dtype=float),
        rural=table["area_code"].map(place.areas["rural"].astype(float)).to_numpy(dtype=float),
        routine=nothing,
        to_site=np.empty((len(table), 0)),
        area_codes=areas,
        estimated=(table["basis"] == "estimated").to_numpy(),
    )


def part_of(values: list[list[tuple]], position: int) -> list[list[object]]:
    """One of several values of each group."""
    return [[one[position] for one in of] for of in values]
