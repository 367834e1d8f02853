"""The impact as it may be published: small numbers hidden, counts rounded."""

from __future__ import annotations

from dataclasses import replace

from geodata.place import Place
from grouping.impact.disclosure import public_sentence, public_tables
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
    hidden = public_tables(impact.tables, threshold=impact.threshold, tell_places=impact.tell_places)
    return replace(
        impact,
        tables=hidden.tables,
        notes=(*(public_sentence(note) for note in impact.notes), *hidden.notes),
        findings=tuple(replace(one, message=public_sentence(one.message)) for one in impact.findings),
        scenarios=tuple((name, title, public_sentence(said)) for name, title, said in impact.scenarios),
        public=True,
        tell_places=None,
    )
