"""What the impact of some plans is, as its pages and tables take it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from geodata.errors import Finding
from grouping.impact.people import People


@dataclass(frozen=True)
class Impact:
    """Everything found out about the travel of some plans.

    Parameters
    ----------
    tables
        Name -> table: `people`, `summary`, `inequality`, `practices`, `groups`, `communities`, `scenarios`, `robust`,
        `list_changes`, `mitigation`, `mitigation_sites`, `places`. Minutes, and people as estimated (not whole).
    people
        Who the patients are; None in public mode.
    baseline
        What the journeys to the hub are compared with, a sentence; empty without any.
    threshold
        Minutes beyond which a journey is long.
    scenario
        The scenario all figures are for; empty for the case as it stands.
    modes
        Mode and how its minutes were made.
    absent_modes
        Mode and why there are no minutes by it.
    scenarios
        Name, title and assumption of what the options were tried under, the case as it stands first.
    untried
        Scenario and why the options were not tried under it.
    option_ids
        The options.
    notes
        What a reader must know besides.
    site_options
        The site options as given, or None.
    worst
        How many communities are listed as the worst.
    findings
        What was noticed in the files given.
    public_notes
        The same without numbers of people that no table prints.
    public
        Whether small numbers are hidden and counts rounded.
    tell_places
        Makes `places` anew, given how a number of people is written.
    """

    tables: dict[str, pd.DataFrame]
    people: People | None
    baseline: str
    threshold: float
    scenario: str
    modes: tuple[tuple[str, str], ...]
    absent_modes: tuple[tuple[str, str], ...]
    scenarios: tuple[tuple[str, str, str], ...]
    untried: tuple[tuple[str, str], ...]
    option_ids: tuple[str, ...]
    notes: tuple[str, ...] = ()
    site_options: pd.DataFrame | None = None
    worst: int = 20
    findings: tuple[Finding, ...] = ()
    public_notes: tuple[str, ...] = ()
    public: bool = False
    tell_places: Callable[[Callable[[float], str]], pd.DataFrame] | None = None
