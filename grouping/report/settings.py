"""What a page of a run shows besides what every page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grouping.programme.assemble import Programme


@dataclass(frozen=True)
class PageSettings:
    """Choices of whoever hands the page over.

    Parameters
    ----------
    try_own
        Whether readers can try a grouping of their own in the page.
    online_tiles
        Whether the map offers a layer of tiles from the web, off until somebody ticks it; never on a public page.
    tables
        Folder beside the page where its tables stand as CSV, as in a pack; empty for a page in the folder of its run.
    programme
        The programme of one of its options, whose sections the page then holds.
    """

    try_own: bool = True
    online_tiles: bool = False
    tables: str = ""
    programme: Programme | None = None


USUAL = PageSettings()
"""What the page of a run shows where nobody has chosen."""
