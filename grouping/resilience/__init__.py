"""What happens to a plan when a practice hands back its contract: a test of the plan, not a forecast of any practice.

Every practice of the plan fails once, alone; every vulnerable practice fails once more, together with the practice
nearest to it. The model, with its symbols:

| symbol | what it is |
|---|---|
| F | the practices that fail together: one, or a vulnerable one and its nearest (minutes between main sites) |
| n(p, a) | patients of practice p who live in area a |
| t(a, q) | minutes from area a to the nearest site of practice q; sites of nobody take nobody |
| T | `within_minutes`: a practice further than this takes nobody from there |
| c(q) | places of practice q: the planner's table `capacity`, else `spare_share` of its list (our default) |
| x(p, a, q) | patients of failed practice p in area a who find a place with practice q |
| u(p, a) | those of them who find no place |

Rows (p, a) with p in F and practices q outside F are matched in the order of t(a, q), nearest first (ties: the smaller
practice code, then the smaller area code, then the smaller code of the failed practice); each pair takes as many as are
left and fit. Patients prefer the nearer practice and practices take the nearer patient first, so this is the one
*stable* assignment (Gale and Shapley, "College admissions and the stability of marriage", American Mathematical Monthly
69, 1962; where both sides follow one common order it is found by going through that order once): no patient could be
placed nearer except in the place of somebody who lives at least as near. Nobody is lost: the sum of x(p, a, q) over q,
plus u(p, a), is n(p, a). Patients whose home cannot be timed (outside the areas of the case, or without a route to any
site) are placed nowhere and counted apart.

The same is done once more with c(q) unlimited, which shows what the assumption about room makes of it. Then lists,
rural shares, minimums and maximums of the groups are worked out anew from the registrations moved, hubs that are gone
are replaced by the best of the sites left (`grouping.assess.best_hub`), and groups are ranked by fragility. No
probabilities are made up. (The weight `fragile` of a rule set asks for groups that outlast the loss of a practice;
it looks at list sizes alone, not at where patients go.)

`capacity` says how many places there are, `failures` which practices fail, `placing` who goes where, `effects` what it
does to groups, `hubs` and `trips` to journeys, `fragility` ranks the groups; `tables`, `words` and `view` show it.
"""

from __future__ import annotations

from grouping.resilience.assemble import resilience_of
from grouping.resilience.capacity import problems, template_tables
from grouping.resilience.result import Resilience

__all__ = ["Resilience", "problems", "resilience_of", "template_tables"]
