"""What was said about the options, what changed, and where each option comes from.

The log holds who said something by role, never by name, about which option, practice or place; what changed; and if
nothing did, why not. A remark with neither is open. The history holds which plan an option came from; the difference to
it is worked out, never told by hand. Nothing is invented: an option without a history was found by the search.

For the public only what is marked `public = yes` is told.
"""

from __future__ import annotations

from grouping.engagement.checks import problems, template_tables
from grouping.engagement.part import Engagement, engagement_of

__all__ = ["Engagement", "engagement_of", "problems", "template_tables"]
