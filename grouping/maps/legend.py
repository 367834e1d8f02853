"""The legend of the interactive map in words: every layer, and of classes those that occur in the run."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grouping.maps.hatches import CHANGES
from grouping.maps.shapes import MINUTE_CLASSES, MINUTE_COLOURS, NO_ROUTE_COLOUR, minute_class

ROAD_WORDS = {
    "trunk": "motorways and trunk roads",
    "primary": "A roads",
    "secondary": "B roads",
}


@dataclass(frozen=True)
class Legend:
    """What the legend says.

    Parameters
    ----------
    other_sites
        Whether there are sites that are neither main nor branch.
    branches, localities
        Whether there are any.
    roads
        Kinds of road that are drawn, in words; empty without any.
    reach
        Minutes of the lines around hubs, ascending; empty without any.
    reach_metres
        Width of the squares that these lines are drawn on.
    attribution
        Whose data the roads are; empty for made-up ones or none.
    minutes
        Colour and words of each class of minutes that occurs.
    changes
        Number and words of each class of change that occurs; empty without a baseline.
    no_change_known
        Whether there are areas of which no change is known, where there is a baseline.
    """

    branches: bool
    other_sites: bool
    localities: bool
    roads: str
    reach: tuple[int, ...]
    reach_metres: int
    attribution: str
    minutes: tuple[tuple[str, str], ...]
    changes: tuple[tuple[int, str], ...]
    no_change_known: bool

    @property
    def unknown(self) -> str:
        """Colour of areas of which nothing is known."""
        return NO_ROUTE_COLOUR


def legend_of(data: Mapping[str, Any]) -> Legend:
    """The legend of a map.

    Parameters
    ----------
    data
        What `map_data` returns.
    """
    options: Sequence[Mapping[str, Any]] = data["options"]
    kinds = {site[2] for site in data["sites"]}
    reach = data.get("reach") or {}
    changes = {step for option in options for step in option.get("areaChange", ())}
    drawn = [road["kind"] for road in reversed(data.get("roads", ())) if road["lines"]]
    return Legend(
        branches="branch" in kinds,
        other_sites=bool(kinds - {"main", "branch"}),
        localities=bool(data["localities"]),
        roads=", ".join(ROAD_WORDS[kind] for kind in drawn),
        reach=tuple(reach.get("limits", ())) if reach.get("cells") else (),
        reach_metres=int(reach.get("metres", 0)),
        attribution=str(data.get("attribution", "")),
        minutes=_minutes(options),
        changes=tuple((step, CHANGES[step].words) for step in sorted(changes) if step >= 0),
        no_change_known=bool(changes - {-1}) and -1 in changes,
    )


def _minutes(options: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    shown = {
        minute_class(value) if isinstance(value, float) else -1 for option in options for value in option["areaHub"]
    }
    words = [f"up to {MINUTE_CLASSES[0]}"]
    words += [f"over {low} to {high}" for low, high in itertools.pairwise(MINUTE_CLASSES)]
    words.append(f"over {MINUTE_CLASSES[-1]}")
    steps = [*zip(MINUTE_COLOURS, words, strict=True), (NO_ROUTE_COLOUR, "no route, no patients or not shown")]
    return tuple(step for number, step in enumerate(steps) if (number if number < len(words) else -1) in shown)
