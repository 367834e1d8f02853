"""A case ready to be looked at: read, checked, located and timed, with its rules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from geodata.case import CaseSettings
from geodata.errors import Finding
from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.decisions import Part
from grouping.journeys import Journeys
from grouping.problem import GroupingProblem
from grouping.rules import RuleSet
from grouping.verify import Evidence
from grouping.verify.decided import read_decided_plans


@dataclass(frozen=True)
class Prepared:
    """A case read, checked, located and timed: everything known before a single group is formed.

    `loaded` is the place as the files say; `place` has its registrations scaled to the lists and completed. `edges`
    are the borders used, `all_edges` those and the ones left out. `decisions` are those of the rule set, one by one.
    """

    case_dir: Path
    settings: CaseSettings
    loaded: Place
    place: Place
    times: TravelTimes
    edges: pd.DataFrame
    all_edges: pd.DataFrame
    rules: RuleSet
    problem: GroupingProblem
    findings: tuple[Finding, ...]
    decisions: tuple[Part, ...] = ()

    @cached_property
    def journeys(self) -> Journeys:
        """Registrations joined with minutes; joined once, when first asked for."""
        return Journeys.of(self.place, self.times, self.problem)

    @cached_property
    def evidence(self) -> Evidence:
        """The same inputs as the verifier joins them, once for all options."""
        plans = read_decided_plans(self.rules, self.case_dir)
        return Evidence(self.place, self.times, self.edges, self.rules, plans)
