"""When rules leave no plan: a smallest set of them that conflict, whom it concerns, and what would restore a plan.

`explain_conflict` finds (1) a smallest set of rules that no plan obeys at once, (2) a smallest set of practices that
cannot all be given a group under the rules, and (3) for each rule of the first the least change that, made alone,
leaves a plan, with the best plan there would then be. `why_not` says what stands against one group somebody asks for.

The modules stand in the order data flows: `rules` takes the rules of a problem one by one, `listing` chooses the groups
worth looking at, `sets` (by `kernels`) measures by how much each breaks which rule, `plans` answers whether a choice of
rules leaves a plan, `search` finds a smallest choice that does not, `changes` the least change of a rule. `words` and
`concerned` say this of rules and of groups, `told` of the conflict. `explain` joins it all;
`against` looks at one group.
"""

from grouping.conflict.against import Breach, idle_grants, in_force, why_lines, why_not
from grouping.conflict.changes import Relaxation
from grouping.conflict.explain import explain_conflict
from grouping.conflict.told import Conflict, ConflictRule

__all__ = [
    "Breach",
    "Conflict",
    "ConflictRule",
    "Relaxation",
    "explain_conflict",
    "idle_grants",
    "in_force",
    "why_lines",
    "why_not",
]
