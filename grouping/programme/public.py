"""What of a programme may be published.

The rule, for a reader who wants to challenge it, besides the one of runs (`grouping.public`)
--------------------------------------------------------------------------------------------
1. *Never in it*: readiness and ratings of practices, the planner's rules of order and reasons, scores and weights, what
   practices could take, questions about sites, what would follow when a practice fails; nor that any of it was looked
   for: tables and settings of these parts are not named, `programme.json` holds the `PUBLISHED_SETTINGS` alone.
2. *In which wave a group starts and is at scale* follows from readiness and ratings. The search is no secret, and of
   the indicators of readiness only the rating is: that a practice was ready in time proves of many that they are not
   rated vulnerable, and of a group that waits it can prove the opposite. The same holds for the patients reached by a
   wave and for what a wave costs, since hardly ever two sets of groups have as many patients, and for milestones kept.
   All of it is told only where a rollout rests on nothing private, whatever that says (no rating in the case, no table
   of readiness or order), or where the planner has decided it: `[rollout] publish_years = true`. It is then the rollout
   from inside, to the last patient. Which groups the planner wants first, why, how ready a group is, who waits, the
   most that could be reached and what is in the way stay in the house even so. Else the targets are told, and what they
   mean in patients.
3. *Everything else is worked out anew* from the public run and the tables in `PUBLISHED_TABLES`, by code that never
   sees more: needs of groups from published lists, growth from public registrations, projections and planned homes,
   buildings from floor areas, the scorecard from the public figures. What is a function of published figures tells no
   more than they do, whatever is subtracted from what, in how many programmes, with however many homes more or less.
4. *Remarks and histories* leave the house where the planner marked the row `public`, and where they seem to name
   nobody; how many other remarks there are is not told. An earlier plan is "an earlier draft", not a file's name.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from grouping.programme.ground import Ground
from grouping.programme.inputs import ProgrammeInputs
from grouping.programme.settings import GrowthSettings, ProgrammeSettings
from grouping.public import public_run

PUBLISHED_TABLES = frozenset({"waves", "milestones", "ratios", "engagement", "history"})
"""Tables of the planner that public parts may read."""

WHAT_STAYS = (
    "Left out for the public: how ready or vulnerable single practices are, the condition and cost of buildings, the "
    "planner's own scores, and what would follow if a practice handed back its contract."
)


PUBLISHED_SETTINGS = {"rollout": ("first_year", "exceptions_count"), "growth": tuple(GrowthSettings.model_fields)}
"""Settings that public parts are worked out with, by section; the others are as they are built in."""


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
    """What the planner says, without what must not leave the house; private settings as they are built in."""
    return replace(
        inputs,
        settings=ProgrammeSettings.model_validate(told_settings(inputs.settings)),
        tables=MappingProxyType({name: table for name, table in inputs.tables.items() if name in PUBLISHED_TABLES}),
        folder=None,
        sources=(),
        findings=(),
    )


def told_settings(settings: ProgrammeSettings) -> dict[str, dict[str, object]]:
    """The settings that may be named, as `programme.json` holds them."""
    said = settings.model_dump(mode="json")
    return {section: {key: said[section][key] for key in keys} for section, keys in PUBLISHED_SETTINGS.items()}
