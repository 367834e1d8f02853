"""What a run hands to its pages and tables: the options, what proves them, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from geodata.errors import Finding
from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.plan import Before, Plan
from grouping.rules import RuleSet

if TYPE_CHECKING:
    from grouping.agreement import Agreement
    from grouping.impact.result import Impact
    from grouping.maps.backdrop import Backdrop
    from grouping.near import Near, NearTold
    from grouping.problem import GroupingProblem
    from grouping.report.group_figures import GroupFigures
    from grouping.second_layer import SecondLayer


@dataclass(frozen=True)
class SolverReport:
    """The certificate of a run, as written to `run.json` under `solver`.

    `objective`, `bound` and `gap` speak of the score of the first option, in minutes per patient, with the least
    shortfall and the fewest exceptions held. `candidates` is the number of feasible groups listed, `columns` the number
    given to the final programme, `seconds` the time of each stage. `certificate` tells what was proven stage by stage,
    `proof` the prices that prove it (see `grouping.certificate`; a run keeps them in `proof.json`).
    """

    name: str
    version: str
    status: str
    objective: float | None
    bound: float | None
    gap: float | None
    shortfall: int | None
    exceptions: int | None
    candidates: int
    columns: int
    seconds: dict[str, float] = field(default_factory=dict)
    explanation: tuple[str, ...] = ()
    certificate: dict[str, Any] = field(default_factory=dict)
    proof: dict[str, Any] = field(default_factory=dict)

    @property
    def searched(self) -> str:
        """How many groups were searched without a list of them all, in words; empty where they were listed."""
        groups = self.certificate.get("searched")
        if not groups:
            return ""
        return f"{'more than ' if groups['more_than_that'] else ''}{groups['groups']:,} groups"


@dataclass(frozen=True)
class OptionPlan:
    """One option as the optimiser (or a planner's hand) made it.

    Parameters
    ----------
    option_id
        `option-1`, `option-2`, ... or `scored` for a plan made by hand.
    plan
        The groups.
    objective
        Score in minutes per patient.
    behind_best
        Share by which the objective lies above the first option's (0.013 = 1.3%).
    band
        The band it was found in (0.02, 0.05 or 0.10), None for the first and for hand-made plans.
    different_from_best
        Share of patients whose companions differ from the first option, 0-1.
    similar
        True when it is only the next best plan, not one that is different by the definition.
    """

    option_id: str
    plan: Plan
    objective: float
    behind_best: float = 0.0
    band: float | None = None
    different_from_best: float = 0.0
    similar: bool = False


@dataclass(frozen=True)
class AssessedOption:
    """An option with every figure that is shown about it.

    Parameters
    ----------
    option
        The option.
    groups
        Columns of `groups.csv` in their order, one row per group: `group_id, name, kind, practices, sites, list_size,
        rural_share, minimum, margin, exception, hub_site_code, mean_minutes_to_hub, max_practice_minutes`
        (`practices` and `sites` are counts).
    areas
        Columns of `areas.csv`: `area_code, patients, minutes_routine, minutes_hub, minutes_hub_before`.
    notes
        Remarks per group, columns `group_id, kind, note` (`oversize`, `near-threshold`, `estimated`, `breach`, ...).
    headline
        Figures of the whole option: `groups`, `urban_groups`, `rural_groups`, `exceptions`, `shortfall`, `smallest`,
        `largest`, `mean_minutes_to_hub`, `share_within_15_minutes`, `share_within_30_minutes`,
        `longest_practice_minutes`,
        `patients`, `patients_without_route`, `mean_minutes_hub_rural`, `mean_minutes_hub_urban`, ...
    verified
        Whether the independent verifier agreed with every claim.
    verification
        The verifier's lines: `claim`, `agrees` (bool), `detail`.
    left_out
        Practices a partial plan does not cover: `practice_code, name, list_size`.
    second_layer
        The groups formed into partnerships, where the rule set asks for them.
    """

    option: OptionPlan
    groups: pd.DataFrame
    areas: pd.DataFrame
    notes: pd.DataFrame
    headline: dict[str, object]
    verified: bool
    verification: pd.DataFrame
    left_out: pd.DataFrame
    second_layer: SecondLayer | None = None


@dataclass(frozen=True)
class Run:
    """Everything one run found; the writer turns it into a folder, the page shows it.

    Only a run of the optimiser has `near` (the plans nearly as good as the best), `agreement` (who is together in all
    of them), `differences` (between any two options: `option_differences.csv`) and, where they were asked for, `prices`
    of the rules and `write_plans`, which writes all plans nearly as good into a file. `impact` is what the options mean
    for travel, `problem` the arrays they were made from, `backdrop` the roads behind the map. `public` says that what
    must not leave the house is no longer in it (see `grouping.public`); the figures of its groups, which need more than
    is left, then stand in `figures`.
    """

    run_id: str
    place: Place
    times: TravelTimes
    rules: RuleSet
    adjacency: pd.DataFrame
    options: tuple[AssessedOption, ...]
    solver: SolverReport | None
    findings: tuple[Finding, ...] = ()
    command: str = "run"
    seed: int = 0
    before: Before | None = None
    impact: Impact | None = None
    near: Near | NearTold | None = None
    agreement: Agreement | None = None
    differences: pd.DataFrame | None = None
    prices: pd.DataFrame | None = None
    problem: GroupingProblem | None = None
    backdrop: Backdrop | None = None
    public: bool = False
    figures: GroupFigures | None = None
    write_plans: Callable[[Path], None] | None = None

    @property
    def title(self) -> str:
        """What pages of the run are called."""
        if self.command == "score":
            return f"A plan for {self.place.name}, scored"
        return f"Practice groups for {self.place.name}"
