"""Rollout: in which wave each group starts, so that targets are met, nobody vulnerable waits and few stay half-formed.

`waves` are years with targets and capacity, `readiness` says from when practices are ready, `order` which groups must
come first, before or together. `question` puts this into whole numbers, `model` answers it by an integer programme
solved and proven stage by stage, `explain` says of a missed target how much could be reached and what is in the way.
`rollout` joins them into a `part.Rollout`, shown by `say`, `tables` and `view`; `problems` checks the planner's
tables, `editable` writes them.
"""

from grouping.rollout.editable import template_tables
from grouping.rollout.part import Rollout, public_rollout
from grouping.rollout.problems import problems
from grouping.rollout.rollout import rollout_of
from grouping.rollout.waves import Wave, waves_of

__all__ = ["Rollout", "Wave", "problems", "public_rollout", "rollout_of", "template_tables", "waves_of"]
