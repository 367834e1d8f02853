"""Questions about single sites: which buildings to invest in, which to keep, which to consider further.

Off unless the planner asks (`look = true` in `[site_options]`), never for the public, and never a decision: a layer of
its own over a case, for grouping practices changes no site. Investing comes first, before anybody is asked to travel.
Of what the budget does not cover, sites are considered further only where all of their patients could go to a sound
building of their own practice within the access floor. Protections take sites off that list. The model with its
symbols stands in `question`; every result goes through the impact check and an independent one before it is shown.
"""

from grouping.site_choice.assemble import SiteChoice, site_choice_of, template_tables
from grouping.site_choice.findings import problems

__all__ = ["SiteChoice", "problems", "site_choice_of", "template_tables"]
