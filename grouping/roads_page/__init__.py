"""The page that shows how roads were read and timed."""

from grouping.roads_page.page import roads_page
from grouping.roads_page.scene import ShownPoints

__all__ = ["ShownPoints", "roads_page"]
