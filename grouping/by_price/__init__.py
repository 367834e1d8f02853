"""The best plan where the list of all groups does not fit into memory: search for what matters, prove by price.

A short list is made first (borders left out until it fits). Its linear relaxation gives a price for each practice; at
these prices the groups of the *whole* problem are searched for those that cost less than their members' prices
(`partition.chunks`: branches that cannot hold one are left out, with a proof), and these join the list, until there is
none. Then, for every plan, whatever groups it is made of,

    cost >= sum of prices + sum of limit x price (side rows) + sum over practices of min(0, least reduced cost there)

because every group is counted under one of its own practices, and no practice is in two groups. All of this is in whole
numbers. At last every group whose reduced cost lies within (best plan - bound) is searched for: no other can be in a
plan as good. These are few; over them the plan is found, proven and its ties broken as over a complete list, and with
a wider margin the near-optimal plans too. Where they are too many, or time ends, the best plan found is given with the
bound, and it is said that the proof is only a bound.

Data flows: `large` decides whether to search at all and says in words what was done. `solve` takes the criteria in
their order (each a `stage`); `stream` searches over all groups for it, reading the problem as a `space` of minutes,
sizes and borders, holds what it finds in a `bag`, and adds it to the short list (`lists`).
"""

from grouping.by_price.large import solve_if_large
from grouping.by_price.solve import Searched, solve_by_price

__all__ = ["Searched", "solve_by_price", "solve_if_large"]
