"""The impact as it may be published: small numbers of people hidden, in tables and in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from grouping.impact.about import About
from grouping.impact.disclosure import public_sentence, public_tables
from grouping.impact.result import Impact


def public_impact(impact: Impact) -> Impact:
    """The same impact with what could tell of single people hidden (see `grouping.impact.disclosure`).

    Parameters
    ----------
    impact
        With every figure. Its baseline stands as it is: the only people it counts are published lists.
    """
    hidden = public_tables(impact.tables, threshold=impact.threshold, tell_places=impact.tell_places)
    return replace(
        impact,
        tables=hidden.tables,
        notes=(*impact.public_notes, *hidden.notes),
        findings=tuple(replace(one, message=public_sentence(one.message)) for one in impact.findings),
        modes=_public_pairs(impact.modes),
        absent_modes=_public_pairs(impact.absent_modes),
        untried=_public_pairs(impact.untried),
        scenarios=tuple((name, title, public_sentence(said)) for name, title, said in impact.scenarios),
        public=True,
        people=None,
        tell_places=None,
    )


def _public_pairs(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, public_sentence(said)) for name, said in pairs)


def public_about(about: About) -> About:
    """The case behind a public pack: without the run it is of, which holds every figure and stays inside."""
    return replace(about, run_id="")
