"""Why a site stands where it stands, and the answer in plain sentences."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grouping.impact.site_options import CONSIDER
from grouping.plain_words import count, is_missing, minutes, plural
from grouping.site_choice.choose import Choice
from grouping.site_choice.protections import PROTECTION_WORDS
from grouping.site_choice.question import SAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from grouping.site_choice.travel import Further

INVEST, KEEP = "invest in", "keep"
DECISIONS = (CONSIDER, INVEST, KEEP)
"""What is said of a site, in the order they are shown."""

QUESTIONS = "A list of questions, not of decisions: nothing is decided about any of these sites."
MONOTONE = (
    "A protection takes a site off the list and never moves the question to somebody else's site: with more of them "
    "the list can only become shorter, and nobody's journey longer."
)


def pounds(value: object) -> str:
    """Money such as £2,298,000."""
    return "not known" if is_missing(value) else f"£{count(value)}"


def at_most(value: float) -> str:
    """Minutes that nothing exceeds, with one decimal: rounded up, for 8.63 are not "at most 8.6"."""
    return minutes(value if is_missing(value) else math.ceil(10 * float(value) - 1e-6) / 10)


@dataclass(frozen=True)
class Why:
    """Tells of every site why it stands where it stands.

    Parameters
    ----------
    choice
        What came out.
    facts
        Buildings, rows as the sites of the question.
    protections
        Sites of each protection in force.
    facet
        What buildings are judged by, such as `condition`.
    """

    choice: Choice
    facts: pd.DataFrame
    protections: Mapping[str, NDArray[np.bool_]]
    facet: str

    def decision(self, site: int) -> str:
        """One of `DECISIONS`."""
        if self.choice.considered[site]:
            return CONSIDER
        return INVEST if self.choice.invested[site] else KEEP

    def protected_by(self, site: int) -> list[str]:
        """Protections that keep a site off the list."""
        return [name for name, sites in self.protections.items() if sites[site]]

    def why(self, site: int) -> str:
        """The reason in a sentence or two."""
        if self.choice.considered[site]:
            return f"{self._need(site)} {self._where_to(site)}"
        if self.choice.invested[site]:
            people = count(self.choice.question.patients_of_site[site])
            return f"{self._judged(site)}. The budget covers it; it is the nearest site of {people} patients."
        return self._kept(site)

    def _judged(self, site: int) -> str:
        return f"Needs major investment ({self.facet} {self.facts[self.facet].iloc[site]})"

    def _need(self, site: int) -> str:
        cost = self.choice.question.cost[site]
        if not np.isfinite(cost):
            return f"{self._judged(site)}; the cost is not known, so it cannot be chosen."
        return f"{self._judged(site)} that the budget does not cover."

    def _where_to(self, site: int) -> str:
        question, after = self.choice.question, self.choice.after
        rows = question.rows_of_site[site]
        if not len(rows):
            return "It is the nearest site of nobody; patients of others on this list would come to it first."
        sound = question.sound | self.choice.invested
        usable = np.where(sound[None, :], question.own_minutes[rows], np.inf)
        there = (usable <= after[rows][:, None] + SAME).argmax(axis=1)
        most = np.bincount(there, question.patients[rows], len(question.site_codes))
        names = [
            f"{self.facts['name'].iloc[t]} ({count(most[t])})" for t in np.argsort(-most, kind="stable") if most[t] > 0
        ]
        longest = at_most(self.choice.added[rows].max(initial=0.0))
        return (
            f"Its {count(question.patients_of_site[site])} patients could go to sites of their own practice that do not"
            f" need it: {', '.join(names)}; at most {longest} minutes longer."
        )

    def _kept(self, site: int) -> str:
        question = self.choice.question
        if question.owner[site] < 0:
            return "Belongs to no practice: always kept."
        if question.needs[site]:
            if not question.asked[site]:
                return f"{self._judged(site)}. Its practice is not in the plan, so nothing is asked about it."
            return f"{self._need(site)} {self._obstacle(site)}"
        if self.facts["committed"].iloc[site]:
            return "A scheme is committed for it."
        if self.facts["major"].iloc[site] is None:
            return f"Its {self.facet} is not known, so nothing is asked about it."
        return "Does not need major investment."

    def _obstacle(self, site: int) -> str:
        question, way = self.choice.question, self.choice.ways[site]
        most, whose = at_most(way.minutes), self._some_of(site, way.people)
        told = {
            "no sound site": "Kept: its practice has no other site that is known not to need it.",
            "no route": f"Kept: {whose} would have no way to such a site of their practice.",
            "beyond": f"Kept: {whose} would travel further and beyond {question.beyond:g} minutes, up to {most}.",
            "longer": f"Kept: {whose} would travel up to {most} minutes longer (the limit is {question.longer:g}).",
        }
        if way.obstacle is not None:
            return told[way.obstacle]
        if names := self.protected_by(site):
            return f"Kept, protected: {'; '.join(PROTECTION_WORDS[name] for name in names)}."
        others = ", ".join(self.facts["name"].iloc[t] for t in sorted(way.needed) if not self.choice.considered[t])
        if not len(question.rows_of_site[site]):
            return "Kept: it is the nearest site of no registered patient, so no journey speaks about it."
        if others:
            return f"Kept: some of its patients would come to {others}, not known to be in a better state."
        return "Kept: with the others on the list, the mean journey from an area would come to lie beyond the limit."

    def _some_of(self, site: int, people: float) -> str:
        """How many of the patients of a site."""
        few = "fewer than one" if people < 0.5 else count(people)
        return f"{few} of its {count(self.choice.question.patients_of_site[site])} patients"


def answer_lines(choice: Choice, further: Further, running: tuple[float, int], invested: float) -> tuple[str, ...]:
    """The answer: questions, who would travel further, money last.

    Parameters
    ----------
    choice
        What came out.
    further
        Who would travel further.
    running
        Pounds a year that the sites considered further cost today, and of how many of them it is not known.
    invested
        Pounds of investment.
    """
    question = choice.question
    sites, put_right = int(choice.considered.sum()), int(choice.invested.sum())
    needs = int((question.needs & (question.owner >= 0)).sum())
    first = (
        f"A list of questions, not of decisions: of {plural(needs, 'site')} that need major investment, "
        f"{put_right or 'none'} could be invested in, {sites or 'none'} could be considered further, and all others "
        "are kept; nothing is decided about any of them."
    )
    return (
        first,
        _travel_line(choice, further, sites),
        _money_line(choice, sites, put_right, running, invested),
        MONOTONE,
    )


def _travel_line(choice: Choice, further: Further, sites: int) -> str:
    if not sites:
        return "No site is considered further, so nobody's journey changes."
    cars = further.people[further.people["mode"] == "car"].set_index("population")
    groups = (
        ("rural", "in rural areas"),
        ("age_75_plus", "aged 75 and over"),
        ("no_car", "in households without a car"),
    )
    among = [f"{count(cars.at[key, 'longer'])} {words}" for key, words in groups if key in cars.index]
    everybody = cars.loc["all"]
    them = "site" if sites == 1 else "sites"
    told = (
        f"If the {them} considered further could not be used, {count(everybody['longer'])} people would travel further "
        "for routine care by car"
    )
    told += f" ({', '.join(among)})" if among else ""
    most = at_most(choice.added[choice.question.rows].max(initial=0.0))
    return (
        f"{told}, {count(everybody['longer_5'])} of them by more than 5 minutes, nobody by more than {most}; no "
        f"community would come to lie beyond {choice.question.beyond:g} minutes.{_by_bus(further)}"
    )


def _by_bus(further: Further) -> str:
    """What the floor, which is by car, does not speak of."""
    bus = further.people[(further.people["mode"] == "public-transport") & (further.people["population"] == "all")]
    if not len(bus):
        return " How they would get there without a car is not known: the case has no minutes by public transport."
    row = bus.iloc[0]
    lost = f"{count(row['lost_route'])} people" if round(row["lost_route"]) else "nobody"
    return (
        f" By public transport {lost} would lose every way to their practice, and {count(row['longer_5'])} would travel"
        " more than 5 minutes longer; the limits above hold by car."
    )


def _money_line(choice: Choice, sites: int, put_right: int, running: tuple[float, int], invested: float) -> str:
    question = choice.question
    people = count(question.patients_of_site[choice.invested].sum())
    told = (
        f"Investing would take {pounds(invested)} of a budget of {pounds(question.budget)} and put right the nearest "
        f"site of {people} patients"
        if put_right
        else f"Nothing is invested of a budget of {pounds(question.budget)}"
    )
    if not sites:
        return f"{told}."
    known = f"{pounds(running[0])} a year" if running[1] < sites else "not known"
    gap = f" ({plural(running[1], 'site')} not known)" if 0 < running[1] < sites else ""
    return f"{told}; the running costs today of the sites considered further are {known}{gap}."
