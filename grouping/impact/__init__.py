"""What a plan does to journeys: who is better and who worse off, by how many minutes.

`impact_case` reads a case and plans from files; `impact_of` takes a prepared case; both give an `Impact`, which
`write_pack` writes as an evidence pack.
"""

from __future__ import annotations

from importlib import import_module

_HOMES = {
    "Impact": "result",
    "impact_of": "assemble",
    "impact_case": "job",
    "write_pack": "pack",
    "public_impact": "public",
}

__all__ = ["Impact", "impact_case", "impact_of", "public_impact", "write_pack"]


def __getattr__(name: str) -> object:
    """Load what is asked for: the modules here and the pipeline use each other."""
    if name in _HOMES:
        return getattr(import_module(f"grouping.impact.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
