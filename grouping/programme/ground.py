"""What every part of a programme works on: a run opened again, one of its options, and what the planner says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from grouping.plan import Group, Plan
from grouping.prepared import Prepared
from grouping.programme.inputs import ProgrammeInputs
from grouping.programme.settings import ProgrammeSettings
from grouping.result import AssessedOption, Run


@dataclass(frozen=True)
class Ground:
    """One option of a run and what the planner says.

    Parameters
    ----------
    run
        The run (see `grouping.reopen`); for the public what must stay in the house is no longer in it.
    option
        The option the programme is made of.
    inputs
        What the planner says.
    ready
        The case behind the run: needed where journeys are timed anew. None for the public.
    """

    run: Run
    option: AssessedOption
    inputs: ProgrammeInputs = field(default_factory=ProgrammeInputs)
    ready: Prepared | None = None

    @property
    def settings(self) -> ProgrammeSettings:
        """What `programme.toml` says."""
        return self.inputs.settings

    @property
    def plan(self) -> Plan:
        """The groups."""
        return self.option.option.plan

    @property
    def option_id(self) -> str:
        """Such as `option-1`."""
        return self.option.option.option_id

    @property
    def practices(self) -> pd.DataFrame:
        """Practices of the place, by code (see `geodata.place.Place`)."""
        return self.run.place.practices

    @cached_property
    def lists(self) -> pd.Series:
        """Registered patients of the practices of the plan, by code, whole numbers."""
        return self.practices["list_size"].astype(int).loc[list(self.plan.practice_codes)]

    @cached_property
    def group_of(self) -> dict[str, Group]:
        """The group of each practice of the plan."""
        return dict(self.plan.group_of)

    @cached_property
    def groups(self) -> pd.DataFrame:
        """The groups' table (columns of `groups.csv`), by `group_id`."""
        return self.option.groups.set_index("group_id", drop=False)

    def of(self, option: AssessedOption) -> Ground:
        """The same for another option of the run."""
        return replace(self, option=option)
