"""What a plan needs: money, posts and hours, from a table of ratios, each with its source.

A ratio asks for so much per so many registered patients, such as one clinical pharmacist per 30,000. It is applied to
the lists of now and, where growth is known, to the projected ones: for every group, for every wave of the rollout and
in total. All sums are made with whole fractions, so that no figure is off by a rounding of the machine; what is rounded
is rounded once, at the end, halves upwards. Whole pounds of groups add up to the whole pounds of the total: each group
gets its pounds without the pence, and the pounds left over go to the groups with the largest parts of a pound
(the method of largest remainders).

Money is needed from the wave in which a group starts, posts and hours from the wave in which it works at scale.
"""

from __future__ import annotations

from grouping.resources.part import Resources, resources_of
from grouping.resources.ratios import problems, template_tables

__all__ = ["Resources", "problems", "resources_of", "template_tables"]
