"""What is compared: some plans, what they rest on, and the practices that all of them hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geodata.place import Place
from grouping.plan import Plan
from grouping.result import AssessedOption, Run

FEWEST, MOST = 2, 5
"""How many plans can be compared."""


@dataclass(frozen=True)
class Compared:
    """One plan of a comparison.

    Parameters
    ----------
    key
        `plan-1`, `plan-2`, ... in the order they were named.
    title
        How it is called, different for each: `Option 2`, or `Option 2 of dorset.run`.
    run
        The run it stands in.
    option
        The option with its figures.
    folder
        Name of the run folder; empty in public mode.
    """

    key: str
    title: str
    run: Run
    option: AssessedOption
    folder: str = ""

    @property
    def plan(self) -> Plan:
        """Its groups."""
        return self.option.option.plan

    @property
    def option_id(self) -> str:
        """Its name within its run."""
        return self.option.option.option_id

    @property
    def tables(self) -> Mapping[str, object]:
        """The tables of its run's travel impact; none where there are none."""
        return {} if self.run.impact is None else self.run.impact.tables


@dataclass(frozen=True)
class Unequal:
    """An input that is not the same behind all plans.

    Parameters
    ----------
    table
        What the file holds: `practices`, `registrations`, ...
    files
        Per run, in the order of `Comparison.runs`, its files of that table: name, date and SHA-256 (empty in public).
    """

    table: str
    files: tuple[tuple[tuple[str, str, str], ...], ...]


@dataclass(frozen=True)
class LeftOut:
    """A practice that is not compared, since not all plans hold it: code, name, list size, and which plans hold it."""

    code: str
    name: str
    list_size: float
    held_by: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Some plans side by side.

    Parameters
    ----------
    plans
        Two to five; differences are told against the first.
    unequal
        Inputs that are not the same behind all of them; there are some only where they were compared all the same.
    runs
        Titles of the runs that the files of `unequal` stand behind.
    remarks
        What else is not the same, in sentences.
    public
        Whether it leaves the house.
    """

    plans: tuple[Compared, ...]
    unequal: tuple[Unequal, ...] = ()
    runs: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    public: bool = False

    @property
    def place(self) -> Place:
        """The place of the first plan."""
        return self.plans[0].run.place

    @property
    def made_up(self) -> bool:
        """Whether data behind any plan are invented."""
        return any(one.run.place.made_up for one in self.plans)

    @property
    def estimate(self) -> bool:
        """Whether minutes behind any plan are straight-line estimates."""
        return any(one.run.times.method.estimate for one in self.plans)

    @property
    def all_estimates(self) -> bool:
        """Whether that is so of all of them."""
        return all(one.run.times.method.estimate for one in self.plans)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The practices that every plan holds, sorted: only they are compared."""
        held = [set(one.plan.practice_codes) for one in self.plans]
        return tuple(sorted(set.intersection(*held)))

    @cached_property
    def patients(self) -> Mapping[str, float]:
        """Registered patients of each practice compared, as in the first plan's inputs."""
        return self.place.practices["list_size"].reindex(list(self.codes)).fillna(0).astype(float).to_dict()

    @cached_property
    def partitions(self) -> tuple[dict[str, frozenset[str]], ...]:
        """Per plan: each practice compared, and the set of practices compared that are in its group (itself too)."""
        return tuple(companions(one.plan, self.codes) for one in self.plans)

    @cached_property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The practices that some plan does not hold, sorted by code."""
        every = sorted({code for one in self.plans for code in one.run.place.practices.index} - set(self.codes))
        return tuple(self._left_out(str(code)) for code in every)

    def _left_out(self, code: str) -> LeftOut:
        known = next(one.run.place.practices for one in self.plans if code in one.run.place.practices.index)
        held_by = tuple(one.title for one in self.plans if code in one.plan.group_of)
        return LeftOut(code, str(known.at[code, "name"]), float(known.at[code, "list_size"]), held_by)

    @cached_property
    def same_place(self) -> bool:
        """Whether the plans speak of the same patients, homes and sites."""
        return all(_same_place(self.place, one.run.place) for one in self.plans[1:])

    @cached_property
    def same_people(self) -> bool:
        """Whether all plans hold the same practices of the same place, so that totals speak of the same people."""
        return self.same_place and len({one.plan.practice_codes for one in self.plans}) == 1

    @cached_property
    def same_rules(self) -> bool:
        """Whether all plans were measured by the same rule set."""
        return same_for_all(one.run.rules for one in self.plans)

    @property
    def hides_counts(self) -> bool:
        """Whether counts of people that are worked out are left out.

        They are hidden run by run; beside those of another run they could tell what is hidden.
        """
        return self.public and len({id(one.run) for one in self.plans}) > 1

    @cached_property
    def same_minutes(self) -> bool:
        """Whether the minutes behind all plans are the same numbers."""
        first = self.plans[0].run.times
        return all(
            one.run.times.area_codes == first.area_codes
            and one.run.times.site_codes == first.site_codes
            and np.array_equal(one.run.times.area_to_site, first.area_to_site)
            for one in self.plans
        )

    @cached_property
    def same_before(self) -> bool:
        """Whether all plans are held against the same hub services of before."""
        first = self.plans[0].run.before
        return first is not None and all(one.run.before == first for one in self.plans)


def same_for_all(values: Iterable[object]) -> bool:
    """Whether all values are the same."""
    first, *others = values
    return all(other == first for other in others)


def threshold_of(one: Compared) -> float:
    """Minutes beyond which a journey is long."""
    return one.run.rules.impact.threshold_minutes if one.run.impact is None else one.run.impact.threshold


def _same_place(one: Place, other: Place) -> bool:
    def as_read(place: Place) -> tuple[object, ...]:
        return (
            place.practices["list_size"].to_dict(),
            place.sites["practice_code"].to_dict(),
            place.areas["rural"].astype(str).to_dict(),
            place.registrations.reset_index(drop=True),
        )

    *facts, homes = as_read(one)
    *other_facts, other_homes = as_read(other)
    return facts == other_facts and homes.equals(other_homes)


def companions(plan: Plan, codes: Sequence[str]) -> dict[str, frozenset[str]]:
    """Each of these practices, and those of them that share its group (itself too)."""
    wanted = set(codes)
    found: dict[str, frozenset[str]] = {}
    for group in plan.groups:
        members = frozenset(wanted.intersection(group.members))
        found |= dict.fromkeys(sorted(members), members)
    return found
