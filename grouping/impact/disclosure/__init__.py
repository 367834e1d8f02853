"""What of the impact may be published: small numbers of people hidden, so that they cannot be worked out either.

The rule, for a reader who wants to challenge it
------------------------------------------------
1. *Small numbers.* A count of 1 to 7 people (rounded to whole people) is shown as `*`, every other derived count rounded
   to the nearest 5, nought as 0. That is the rule NHS Digital publishes for hospital statistics since 2018. Nothing is
   random: the same run gives the same figures. List sizes of practices and groups and the registered total stand exact,
   since they are published anyway.
2. *The rest of a count.* A count is hidden as well where what is left of the people is 1 to 7: 96 of 100 within 30
   minutes tells of four people who are not.
3. *Second figures.* A rounded total less its rounded parts still tells much of the one part that is hidden. So in every
   sum that is published (rural and urban; the parts of a breakdown; the communities of a setting; the groups) there are
   either no hidden figures or several, of which each could be anything from 1 to 7 with the others making up for it.
   Where one side of rural and urban is hidden the other is too, and so is a second part of the same breakdown: then
   people can be moved around the four cells without any printed sum changing, which is why no sum gives a cell away.
   All are the same `*`: it does not say which of them are small.
4. *Across options and scenarios.* What is hidden under one option is hidden under every other where it differs by fewer
   than 8 people: they are the same people, and what protects a figure under one option must not stand in another.
5. *Figures that belong together.* `beyond` falls with `newly_beyond` and `no_longer_beyond` (over two options their sum
   is the number beyond before), `no_route` with routes lost and gained, the number compared with those without a route,
   and the share within the threshold with the number beyond it.
6. *Shares* are worked out from the rounded counts, in whole percent. One is printed only if it is so coarse that 8
   people more or less would not change it, or if its count need not be hidden by 2 to 5.
7. *Minutes* are printed to 0.1. None for fewer than 8 people or people who are hidden: the mean of two is a person. A
   quantile needs 8 people beyond it; the longest journey is printed for everybody only, not for a population. Beside a
   hidden count a mean must leave room: 40 people with a mean of 2 minutes cannot include seven beyond 30. Changes in
   patient-minutes, gaps and ratios are worked out from printed figures and so tell nothing more.
8. *Two populations, one within the other* (75 and over in 65 and over) are protected like any others in their own
   breakdowns; their difference is not printed and is known as well as rounding lets it be, not better.

`tests/grouping/impact/attacker.py` takes all public tables of a run together, writes down what they say as one linear
programme, and looks for the least and the most that each hidden small count can be.
"""

from grouping.impact.disclosure.counts import HIDDEN
from grouping.impact.disclosure.publish import PublicTables, public_tables
from grouping.impact.disclosure.words import people_text, public_sentence

__all__ = ["HIDDEN", "PublicTables", "people_text", "public_sentence", "public_tables"]
