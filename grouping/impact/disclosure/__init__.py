"""What of the impact may be published: small numbers of people hidden, so that they cannot be worked out either.

The rule, for a reader who wants to challenge it
------------------------------------------------
1. *Small numbers.* A count of 1 to 7 people (rounded to whole people) is shown as `*`, every other derived count is
   rounded to the nearest 5, and nought stays 0. NHS Digital's rule for hospital statistics since 2018. Nothing is
   random: the same run gives the same figures. List sizes of practices and groups and the registered total stand exact,
   since they are published anyway.
2. *What is left.* A count is hidden as well where the rest of the people is 1 to 7: 96 of 100 within 30 minutes tells
   of four who are not. So it is where the rest of those with a route, or of those compared, is.
3. *Second figures.* A rounded total less its rounded parts still tells much of the one part that is hidden. So in every
   sum that is published (rural and urban; the parts of a breakdown; deciles and the most deprived fifth; communities;
   practices and groups) there are several hidden figures or none, and each could be anything from 1 to 7 with the
   others making up for it. Then people can be moved around four hidden cells (two populations, rural and urban) without
   any printed sum changing, and no sum gives a cell away. Those that readers want least are hidden first: the rest of a
   breakdown before the population it is about, one population before everybody. All are the same `*`, which does not
   say which of them are small.
4. *Across options and scenarios.* What is hidden under one option is hidden under every other where it differs by fewer
   than 8 people: they may be the same people, and what protects a figure under one option must not stand in another.
   The limit of this: where all people concerned are of one population or setting under an option, their number is
   given, since it is the total for everybody. Who takes the same people to be concerned under another option as well,
   which the tables do not say, can compare. How many were without a route, or beyond, before is the same under every
   option, though not printed: where it is 1 to 7 and printed figures of one option would tell it, they are hidden.
5. *Figures that belong together.* `beyond` falls with `newly_beyond` and `no_longer_beyond` (over two options their sum
   is the number beyond before), `no_route` with routes lost and gained, the number compared with those without a route
   and those whose practice keeps no site, and the share within the threshold with the number beyond it. So does a part
   that is nearly the whole of a second figure (all who travel 10 minutes longer travel 15 minutes longer), which would
   leave it nowhere to go.
6. *Shares* are worked out from the rounded counts, in whole percent. One is printed if it is so coarse that 7 people
   more or fewer would not change it, or if its count need not be hidden by 2 to 5.
7. *Minutes* are printed to 0.1; none for fewer than 8 people or people whose number is hidden: the mean of two is a
   person. None for a community of fewer than 50 people: anybody can work out the minutes from a place to a site, so
   that a mean of so few would tell how they divide between practices. The limit of this: who knows which two or three
   practices have patients in a larger community can still narrow down how few one of them has there. A quantile needs
   8 people beyond it. The longest journey may be one person's: it is printed for everybody, and for a community or
   group of 200 people, not for a population. The means of two parts and of the whole give the ratio of the parts, so
   beside a hidden number without a route minutes are whole ones below 2,000 people, and hidden below 200. Beside any
   other hidden count a mean must leave room: 40 people with a mean of 2 minutes cannot include seven beyond 30.
   Changes in patient-minutes, gaps and ratios are worked out from printed figures and so tell nothing more.
8. *Order.* Ranks, and the order of rows, are worked out from printed figures: exact ones, and gaps between them, would
   tell minutes that are hidden or rounded. Communities whose minutes are hidden have no rank, and stand in no list of
   those that are worse off.
9. *Sentences.* A number of people stands in a sentence only if a table prints it; of notes, findings and assumptions
   only the total and how much it grows. The pack does not name the run it is of, which holds every figure.
10. *One population within another* (75 and over in 65 and over): each is protected in its own breakdown. Their
   difference is not printed; it is known as well as rounding lets it be, and not better.

`tests/grouping/impact/attacker.py` takes all public tables of a run together, writes down what they say as one linear
programme, and looks for the least and the most that each hidden small count can be.
"""

from grouping.impact.disclosure.counts import HIDDEN
from grouping.impact.disclosure.publish import PublicTables, public_tables
from grouping.impact.disclosure.words import people_text, public_sentence

__all__ = ["HIDDEN", "PublicTables", "people_text", "public_sentence", "public_tables"]
