"""The page of a run: one HTML file that opens by double click, without network, and prints.

`build` puts it together; each other module says what one part of the page holds; the layout stands in
`templates/report`. `write_report` and `render_report` make it.
"""

from __future__ import annotations

from importlib import import_module

__all__ = ["render_report", "write_report"]


def __getattr__(name: str) -> object:
    """Load what is asked for: the sections about travel and the evidence pack use each other."""
    if name in __all__:
        return getattr(import_module("grouping.report.build"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
