"""The options under the six criteria used for reconfiguration: what is measured, what was scored, and what weights do.

Two rankings are kept apart and never mixed: by the planner's own scores (0 to 10, the mean of all who scored), and by
what the inputs measure (each figure as a mark from 0 to 1 between the worst and the best of these options). Both use
the weights agreed in the room; equal ones where nobody agreed on any.

| symbol | what it is |
|---|---|
| m(o, c) | mark of option o under criterion c |
| w(c) | weight of c, as a share; all sum to 1 |
| C | the criteria with a mark for every option |
| T(o) | total: the sum over C of w(c) m(o, c), by the sum over C of w(c) |

A missing mark never counts as 0: its criterion is left out for all options, and the rank is called certain only if it
holds whatever the missing marks are (`ranking`). What would change the ranking is worked out in exact fractions
(`sensitivity`, `exact`): one weight at a time, and the smallest change of all together; and how many of all ways of
sharing out the weights put each option first. `names` knows the criteria, `said` reads what the planner says,
`measured` makes marks of figures, `judged` joins a ranking with its sensitivity; `tables`, `words` and `view` show it.
"""

from __future__ import annotations

from grouping.scorecard.card import Scorecard, scorecard_of
from grouping.scorecard.said import problems, template_tables

__all__ = ["Scorecard", "problems", "scorecard_of", "template_tables"]
