"""An independent check that derives the claims of a programme again, from its run and what the planner says.

What is read of a run are place, minutes, registrations and plan. The check shares no code with the parts
(`grouping.rollout`, `resources`, `growth`, `estates`, `site_choice`, `scorecard`, `resilience`, `engagement`) and reads
nothing of them but their finished tables, so that a mistake there cannot hide here: long tables and fractions instead
of arrays, all orders tried instead of an integer programme, deferred acceptance instead of one walk through sorted
pairs.

| module | what it derives again |
|---|---|
| `rollout`, `schedules` | who joins when, capacity, rules of order, shares reached; of few groups all orders |
| `resources` | ratio times patients in whole fractions, and every sum |
| `growth`, `residents` | lists of later years from projections, homes and registrations; lines that are crossed |
| `estates` | sums and ratios of the sites table; patients by nearest own site |
| `sites` | hands the questions about sites to `grouping.verify.site_floor` |
| `scorecard` | weighted means, ranks, and every change of weights that is told |
| `resilience`, `placing` | where everybody's patients go, and which groups that breaks |
| `engagement` | every remark told once; for the public only those marked for it |

`claims` holds what is checked, `ledger` of `grouping.verify` collects the lines, `told` is how they are shown. `folder`
makes a programme anew from the record in its folder and compares every cell.
"""

from __future__ import annotations

from grouping.verify.delivery.checks import checks_of, refuse_disagreement
from grouping.verify.delivery.told import Check, checks_table

__all__ = ["Check", "checks_of", "checks_table", "refuse_disagreement"]
