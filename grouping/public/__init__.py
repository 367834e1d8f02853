"""What of a run may be published.

The rule, for a reader who wants to challenge it
------------------------------------------------
1. *One gate.* `public_run` gives the run as it may leave the house. Page, map, popups, downloads, workbook, layers and
   comparisons of a public pack are made from it alone: what must not leave is not in it.
2. *Never in it*: how vulnerable a practice is, the condition and the cost of a building (its suitability, quality, use
   of space, tenure and schemes likewise), staff, numbers of patients by area or by age and practice, the points inside
   areas, the settings of the case, the name of the run, the prices of the proof, and checksums of tables of practices,
   sites and patients (a rating could be found by trying). Columns are kept by name: one that is not named here stays in
   the house.
3. *In it, exact*: list sizes of practices and groups, and what follows from them (minimum, margin, shortfall), clinical
   systems, today's groups, floor areas, sites with committed investment: published, or about organisations.
4. *Counts of people* that are worked out: 1 to 7 is `*`, others are rounded to 5, and neither sums nor differences of
   figures that stand beside each other give a hidden one away. Travel: `grouping.impact.disclosure`. Groups:
   `grouping.report.public_counts`. Figures of a whole option: those of the tables about travel.
5. *Where patients live*: registrations without counts of fewer than 8, the others rounded and scaled to the list. The
   group an area goes with and its minutes (whole ones) are worked out from these, so they cannot tell more.
6. *Trying a grouping of one's own* is left out: the sums of patient-minutes it needs, one for each practice and site,
   can be solved for the number of patients of each practice in each area.
7. *Texts*: what the input check found in general words only; remarks and reasons that speak of vulnerability,
   condition, money, staff or a doctor are left out. Other reasons are the planner's own words and stand as written.
8. *Scores*, and what rules cost in scores and minutes, are so rounded that one patient's journey is not seen in them.
   A score that counts the cost of hubs is not told, nor are the values of rules on conditions, costs and vulnerability:
   every hub of a plan is in one of the conditions asked for.
9. *One run at a time.* What is hidden under one option is hidden under the others of the same run. Packs of two runs of
   one case, published both, can tell what neither does alone; `blueprint compare --public` leaves such counts out.
"""

from grouping.plain_words import WHAT_IS_LEFT_OUT
from grouping.public.run import public_run

__all__ = ["WHAT_IS_LEFT_OUT", "public_run"]
