"""What of a programme may be published.

The rule, besides the one of runs (`grouping.public`): readiness of single practices, the planner's own scores and
weights, what practices could take, questions about sites and what would follow when a practice fails stay in the house.
Remarks of the engagement log leave it only where the planner marked them so.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from grouping.programme.ground import Ground
from grouping.programme.inputs import ProgrammeInputs
from grouping.programme.settings import ProgrammeSettings
from grouping.public import public_run

PUBLISHED_TABLES = frozenset({"waves", "milestones", "ratios", "engagement", "history"})
"""Tables of the planner that public parts may read."""

WHAT_STAYS = (
    "Left out for the public: how ready or vulnerable single practices are, the condition and cost of buildings, the "
    "planner's own scores, and what would follow if a practice handed back its contract."
)


def public_ground(ground: Ground) -> Ground:
    """The ground without what must not leave the house.

    Parameters
    ----------
    ground
        With everything. One that is public already is given back.
    """
    if ground.run.public:
        return ground
    run = public_run(ground.run)
    option = next(one for one in run.options if one.option.option_id == ground.option_id)
    return Ground(run, option, public_inputs(ground.inputs), None)


def public_inputs(inputs: ProgrammeInputs) -> ProgrammeInputs:
    """What the planner says, without what must not leave the house; settings of private parts as they are built in."""
    built_in = ProgrammeSettings()
    private = {name: getattr(built_in, name) for name in ("estates", "site_options", "resilience")}
    return replace(
        inputs,
        settings=inputs.settings.model_copy(update=private),
        tables=MappingProxyType({name: table for name, table in inputs.tables.items() if name in PUBLISHED_TABLES}),
        folder=None,
        sources=(),
        findings=(),
    )
