"""One option of a run, as a picture or two pages show it: its map, and what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from grouping import maps
from grouping.plain_words import count, minutes, option_title, plural
from grouping.result import AssessedOption, Run


@dataclass(frozen=True)
class Chosen:
    """One option taken out of a run.

    Parameters
    ----------
    run
        The run with this option alone.
    option
        The option.
    colours
        Position in the palette of each group, as on the page of the run.
    drawing
        The still map of the option.
    """

    run: Run
    option: AssessedOption
    colours: dict[str, int]
    drawing: maps.Drawing


def choose(run: Run, option_id: str) -> Chosen:
    """Take one option out of a run and draw its map.

    Raises
    ------
    KeyError
        The run has no such option.
    """
    option = next((one for one in run.options if one.option.option_id == option_id), None)
    if option is None:
        raise KeyError(option_id)
    alone = replace(run, options=(option,))
    polygons = maps.drawn_areas(run.place.areas)
    belongs = maps.group_of_area(run.place, option.option.plan).to_numpy()
    colours = maps.group_colours(polygons, belongs, list(option.groups["group_id"]))
    return Chosen(alone, option, colours, maps.draw(alone, polygons, [colours]))


def lead_of(option: AssessedOption, *, estimate: bool) -> str:
    """What a title of a map says of an option."""
    figures = option.headline
    return (
        f"{option_title(option.option.option_id)}: {plural(len(option.groups), 'group')} of "
        f"{count(figures.get('smallest'))} to {count(figures.get('largest'))} registered patients, "
        f"{minutes(figures.get('mean_minutes_to_hub'))} minutes from home to the hub on average"
        f"{' (estimate)' if estimate else ''}."
    )


def named(group_id: str, name: object, letters: Mapping[str, str]) -> str:
    """The words beside the letters of a group: its name, after its id where that is not what stands on the map."""
    return str(name) if letters[group_id] == group_id else f"{group_id}, {name}"
