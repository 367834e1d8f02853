"""Download what a case names, or the national files: first a plan, then the downloads.

Nothing else in the program uses the network.
"""

from __future__ import annotations

from geodata.fetch.downloads import Done, perform
from geodata.fetch.items import Item, Source, known_sources, national_items
from geodata.fetch.manifest import MANIFEST, Fetched, read_manifest
from geodata.fetch.plan import Plan, Step, make_plan, wanted_items
from geodata.fetch.web import FetchFailed, Patience, Web

__all__ = [
    "MANIFEST",
    "Done",
    "FetchFailed",
    "Fetched",
    "Item",
    "Patience",
    "Plan",
    "Source",
    "Step",
    "Web",
    "known_sources",
    "make_plan",
    "national_items",
    "perform",
    "read_manifest",
    "wanted_items",
]
