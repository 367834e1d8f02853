"""What the growth of lists comes to, in a few sentences."""

from __future__ import annotations

from grouping.growth.crossings import HARD, MINIMUM, PREFERRED, Crossing, of_limit
from grouping.growth.found import Found
from grouping.growth.homes import HELD
from grouping.growth.rejudged import Rejudged, below_minimum
from grouping.growth.words import more_text, people_text, rate_text
from grouping.plain_words import listed, option_title, plural

NAMED = 3
"""So many groups are named in a sentence."""


def lines_of(found: Found) -> tuple[str, ...]:
    """The answer first; two sentences on what to add where nothing of later years is known."""
    if not found.known:
        return (
            "How lists will grow is not known: the case holds no projected residents and no planned homes of a later "
            "year.",
            "Name a table of projected residents by area and year under tables.projections of case.toml, or planned "
            "homes with their year under tables.housing, and make the run again.",
        )
    return (_total(found), _crossed(found), _options(found), " ".join(filter(None, (_counted(found), _guessed(found)))))


def _total(found: Found) -> str:
    forecast, public = found.forecast, found.public
    today, then = float(forecast.lists.iloc[:, 0].sum()), float(forecast.lists.iloc[:, -1].sum())
    more = then - today
    if abs(more) < 0.5:
        start = f"Lists stay at {people_text(today)} patients from {forecast.years[0]} to {forecast.years[-1]}"
    else:
        start = (
            f"Lists {'grow' if more > 0 else 'shrink'} from {people_text(today)} patients in {forecast.years[0]} to "
            f"{people_text(then, public=public)} in {forecast.years[-1]} ({more_text(more, public=public)}, "
            f"{rate_text(more, today)})"
        )
    return f"{start}, by {basis(found)}."


def basis(found: Found) -> str:
    """What lists are carried forward by."""
    forecast = found.forecast
    homes = forecast.homes is not None and bool(forecast.homes.people.any())
    if forecast.uses_projections and homes:
        also = "all planned homes" if forecast.together == "both" else "planned homes where nothing is projected"
        return f"projected residents and {also}"
    return "projected residents" if forecast.uses_projections else "planned homes"


def _crossed(found: Found) -> str:
    last = found.timeline.last
    said = []
    for limit, words in ((MINIMUM, "its minimum"), (PREFERRED, "the preferred maximum"), (HARD, "the hard maximum")):
        crossed = [one for one in of_limit(found.crossings, limit) if one.year is not None]
        if crossed:
            crossed.sort(key=lambda one: (one.year or 0, one.group_id))
            named = "; ".join(f"{one.group_id} {one.words}" for one in crossed[:NAMED])
            more = f"; and {len(crossed) - NAMED} more" if len(crossed) > NAMED else ""
            verb = "crosses" if len(crossed) == 1 else "cross"
            said.append(f"{plural(len(crossed), 'group', start=True)} {verb} {words} ({named}{more}).")
    below, then = (_below(of_limit(found.crossings, MINIMUM), y) for y in (0, -1))
    ends = f"Below its minimum: {_groups(below)} today, {_groups(then)} in {last}."
    return " ".join([*said, ends]) if said else f"No group crosses its minimum or a maximum by {last}. {ends}"


def _below(crossings: list[Crossing], y: int) -> int:
    return sum(one.above is not None and not one.above[y] for one in crossings)


def _groups(number: int) -> str:
    return "no group" if number == 0 else plural(number, "group")


def _options(found: Found) -> str:
    made = found.rejudged
    if made is None:
        return ""
    if not made.ranked:
        return f"Whether the same option comes first for the lists of {made.year} is not told in the public version."
    now, then = (made.best(ranks) for ranks in (made.ranks_now, made.ranks_then))
    if len(made.now) == 1:
        return f"There is one plan only, so that nothing is ranked for the lists of {made.year}."
    first = listed([option_title(name) for name in now])
    if now == then:
        verb = "stays" if len(now) == 1 else "stay"
        return f"{first} {verb} first of {len(made.now)} options for the lists of {made.year}."
    later = listed([option_title(name) for name in then])
    come = "comes" if len(now) == 1 else "come"
    least, other = (_short(made, name) for name in (now[0], then[0]))
    why = "" if least == other else f" (groups below their minimum: {other} against {least})"
    return (
        f"{first} {come} first of {len(made.now)} options today; for the lists of {made.year} it would be {later}{why}."
    )


def _short(made: Rejudged, option_id: str) -> int:
    """Groups of an option below their minimum in the year."""
    return next(below_minimum(one) for one in made.then if one.option.option_id == option_id)


def _guessed(found: Found) -> str:
    """Whose homes are estimated: their list grows as the areas near its sites do, which nobody has counted."""
    rows = found.ground.run.place.registrations
    estimated = rows[rows["basis"] == "estimated"]
    if estimated.empty:
        return ""
    practices = plural(estimated["practice_code"].nunique(), "practice")
    return f"Where the patients of {practices} live is estimated, and so is how their lists grow."


def _counted(found: Found) -> str:
    forecast, public = found.forecast, found.public
    if forecast.together == "both" and forecast.uses_projections and forecast.homes is not None:
        return (
            "Projected residents and planned homes are added up as the settings ask: whoever is in both is counted "
            "twice."
        )
    held = forecast.homes.of_status(HELD) if forecast.homes is not None else 0.0
    if held:
        return (
            f"The {people_text(held, public=public)} people of planned homes in projected areas are not added to it: "
            "the projection is taken to hold them. Whether it does is not known; official projections follow past "
            "trends, not local plans, so all ways of counting stand beside each other below."
        )
    if forecast.uses_projections:
        return "No planned homes are counted besides; the projection is taken to hold them."
    return "Nothing else is assumed to change: no residents are projected, or they are set aside."
