"""The impact as it may be published: small numbers hidden, counts rounded."""

from __future__ import annotations

from dataclasses import replace

from geodata.place import Place
from grouping.impact.disclosure import people_text, public_tables
from grouping.impact.result import Impact


def public_impact(impact: Impact, place: Place) -> Impact:
    """The same impact with what could tell of single people hidden (see `grouping.impact.disclosure`).

    Parameters
    ----------
    impact
        With every figure.
    place
        Its practices have published list sizes.
    """
    hidden = public_tables(impact.tables)
    tables = dict(hidden.tables)
    if impact.tell_places is not None:
        tables["places"] = impact.tell_places(people_text)
    return replace(impact, tables=tables, notes=(*impact.notes, *hidden.notes), public=True, tell_places=None)
