"""Who would travel further, who less far: the answer in a few plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from grouping.impact.words import (
    BY,
    HIDDEN,
    figures,
    has_change,
    is_fewer,
    is_plural,
    no_route_words,
    number_of,
    options_words,
    people_words,
)
from grouping.plain_words import NO_CLOSURE, is_missing, listed, minutes, option_title

if TYPE_CHECKING:
    from grouping.impact.result import Impact

LONGER = "longer_5"
SHORTER = "shorter_5"


def answer_sentences(impact: Impact) -> list[str]:
    """The answer for all options together, the journey that grouping leaves alone first.

    Every sentence is worked out from `people`, `summary` and `communities`; a hidden number stays hidden.
    """
    said = [_routine(impact), *coverage_sentences(impact), *_counted_apart(impact), *_hub(impact)]
    said += [_settings(impact), _beyond(impact), _without_car(impact), _worst(impact)]
    return [sentence for sentence in said if sentence]


def coverage_sentences(impact: Impact) -> list[str]:
    """How many of the registered patients each option covers, where these are not all."""
    every = _registered(impact)
    covered = by_option(impact, "hub", "car", "people")
    if not _partial(impact):
        return []
    about = "about " if impact.public else ""
    said: dict[str, list[str]] = {}
    for option, people in covered.items():
        if isinstance(people, str) or isinstance(every, str):
            number = "a hidden number of the registered patients"
        elif not is_fewer(people, every, public=impact.public):
            continue
        else:
            number = f"{about}{round(number_of(people)):,} of {about}{round(number_of(every)):,} registered patients"
        said.setdefault(number, []).append(option)
    return [
        f"{_who_covers(options, impact)} {number}; the others are in no figure here."
        for number, options in said.items()
    ]


def _who_covers(options: list[str], impact: Impact) -> str:
    if len(options) == len(impact.option_ids) > 1:
        return "Every option covers"
    return f"{options_words(options)} {'covers' if len(options) == 1 else 'cover'}"


def _registered(impact: Impact) -> object:
    """All registered patients."""
    table = impact.tables["people"]
    return next(iter(table.loc[table["population"] == "all", "people"]), None)


def _partial(impact: Impact) -> bool:
    """Whether an option covers fewer than all registered patients."""
    every = _registered(impact)
    covered = by_option(impact, "hub", "car", "people").values()
    return any(is_fewer(people, every, public=impact.public) for people in covered)


def routine_changes(impact: Impact) -> bool:
    """Whether any journey to the own practice differs from today's, or is lost."""
    table = impact.tables["summary"]
    rows = table[(table["journey"] == "routine") & (table["setting"] == "all")]
    names = ("change_in_patient_minutes", "longer_5", "shorter_5", "lost_route", "gained_route", "kept_no_site")
    # a small number is also hidden where nothing changes
    hidden = impact.site_options is not None and any(isinstance(value, str) for name in names for value in rows[name])
    return hidden or any(
        abs(number_of(value)) > 1e-6 for name in names for value in rows[name] if not isinstance(value, str)
    )


def by_option(impact: Impact, journey: str, mode: str, column: str, setting: str = "all", population: str = "all"):
    """One figure of `summary` for each option that has it."""
    rows = figures(impact, journey, mode, setting=setting)
    rows = rows[rows["population"] == population]
    return dict(zip(rows["option"], rows[column], strict=True))


def _routine(impact: Impact) -> str:
    if impact.site_options is None and not routine_changes(impact):
        return (
            f"{NO_CLOSURE} Routine care, from home to the own practice, stays as it is under every option: every "
            "difference is zero."
        )
    longer, shorter = (_counted(impact, "routine", "car", name) for name in (LONGER, SHORTER))
    return (
        f"{NO_CLOSURE} But site options are switched on. With them the journey by car to the own practice would be "
        f"longer by more than 5 minutes for {longer}, and shorter by more than 5 minutes for {shorter}."
    )


def _counted_apart(impact: Impact) -> list[str]:
    """Who belongs to a practice that keeps no site, a sentence for all options of which the same is to be said."""
    rows = figures(impact, "routine", "car", setting="all")
    said: dict[tuple[str, str], list[str]] = {}
    for row in rows[rows["population"] == "all"].to_dict("records"):
        if isinstance(row["kept_no_site"], str) or number_of(row["kept_no_site"]) > 0:
            said.setdefault(_kept_no_site(row, impact), []).append(str(row["option"]))
    return [f"Besides, {who}{_under(options, impact)}: {how}" for (who, how), options in said.items()]


def _under(options: list[str], impact: Impact) -> str:
    if len(impact.option_ids) == 1:
        return ""
    return " under every option" if len(options) == len(impact.option_ids) else f" under {options_words(options)}"


def _kept_no_site(row: dict[str, object], impact: Impact) -> tuple[str, str]:
    """Who they are, and how they would travel."""
    kept, longer, lost = row["kept_no_site"], row["kept_no_site_longer_5"], row["lost_route"]
    many = is_plural(kept)
    before, after = row["kept_no_site_before"], row["kept_no_site_after"]
    known = not any(isinstance(value, str) or is_missing(value) for value in (before, after))
    mean = f", at a mean of {minutes(after)} minutes by car instead of {minutes(before)}" if known else ""
    if isinstance(longer, str):
        further = "how many of them travel more than 5 minutes longer is hidden"
    elif number_of(longer) < 0.5:
        further = "none of them travels more than 5 minutes longer" if many else "not more than 5 minutes longer"
    elif not many:
        further = "more than 5 minutes longer"
    else:
        number = people_words(longer, public=impact.public).removesuffix(" people").removesuffix(" person")
        further = f"{number} of them {'travel' if is_plural(longer) else 'travels'} more than 5 minutes longer"
    who = people_words(kept, public=impact.public)
    if isinstance(lost, str):
        cut_off = " How many people would have no route to a site they may use is hidden."
    elif number_of(lost) >= 0.5:
        of_all = people_words(lost, public=impact.public)
        cut_off = f" {of_all} who have a route today would have none to a site they may use."
    else:
        cut_off = ""
    how = f"they would use the sites of its group{mean}; {further}"
    if is_missing(after):
        how = "its group keeps no site that they could use either"
    return (
        f"{who} {'belong' if many else 'belongs'} to a practice that keeps no site",
        f"{how}. They are in none of the figures of change.{cut_off}",
    )


def _hub(impact: Impact) -> list[str]:
    mean = _minutes(by_option(impact, "hub", "car", "mean"))
    if not mean:
        return ["Journeys to the hub by car are not in the inputs."]
    level = f"From home to the hub the mean journey by car would be {mean}."
    if not has_change(impact):
        return [
            f"{level} Where such services run today is not in the inputs, so this is a level, not a change: it says "
            "how far the hub would be, not who is better or worse off."
        ]
    longer, shorter = (_counted(impact, "hub", "car", name) for name in (LONGER, SHORTER))
    return [
        f"{level} {_compared(impact)}the journey would be longer by more than 5 minutes for {longer}, and shorter "
        f"by more than 5 minutes for {shorter}."
    ]


def _compared(impact: Impact) -> str:
    """Who can be compared, where that is not everybody."""
    compared, people = (by_option(impact, "hub", "car", name) for name in ("people_compared", "people"))
    if not any(is_fewer(compared[option], people[option], public=impact.public) for option in compared):
        return "Compared with before, "
    return f"Compared with before, which can be said of {_people(impact, compared)}, "


def _settings(impact: Impact) -> str:
    rural, urban = (_minutes(by_option(impact, "hub", "car", "mean", setting)) for setting in ("rural", "urban"))
    if not rural or not urban:
        return ""
    said = f"People in rural areas would have a mean journey of {rural}, people in urban areas of {urban}."
    if not has_change(impact):
        return said
    longer = _people(impact, by_option(impact, "hub", "car", LONGER, "rural"))
    return f"{said} In rural areas the journey would be longer by more than 5 minutes for {longer}."


def _beyond(impact: Impact) -> str:
    said = f"Beyond {impact.threshold:g} minutes by car from the hub: {_counted(impact, 'hub', 'car', 'beyond')}"
    if has_change(impact):
        said += f"; newly beyond: {_counted(impact, 'hub', 'car', 'newly_beyond')}"
    lost = by_option(impact, "hub", "car", "no_route")
    if any(isinstance(value, str) or number_of(value) >= 0.5 for value in lost.values()):
        outside = ", or with a home that is not in the inputs" if " or " in no_route_words(impact) else ""
        said += f"; without a route by car{outside}: {_counted(impact, 'hub', 'car', 'no_route')}"
    return said + "."


def _without_car(impact: Impact) -> str:
    for mode in ("public-transport", "walk"):
        means = _minutes(by_option(impact, "hub", mode, "mean", population="no_car"))
        if means:
            lost = by_option(impact, "hub", mode, "no_route", population="no_car")
            no_route = ""
            if any(isinstance(value, str) or number_of(value) >= 0.5 for value in lost.values()):
                no_route = f"; without a route: {_people(impact, lost)}"
            return f"For people in households without a car the mean journey {BY[mode]} would be {means}{no_route}."
    on_foot = _minutes(by_option(impact, "hub", "walk", "mean"))
    if on_foot and not by_option(impact, "hub", "car", "people", population="no_car"):
        return (
            "Who lives in a household without a car is not in the inputs; for all registered patients the mean journey "
            f"on foot would be {on_foot}."
        )
    return "How people without a car would reach the hub is not in the inputs."


def _worst(impact: Impact) -> str:
    table = impact.tables["communities"]
    rows = table[(table["journey"] == "hub") & (table["mode"] == "car") & (table["option"].isin(impact.option_ids))]
    compared = has_change(impact)
    column, what = ("change", "The largest increase") if compared else ("minutes", "The longest mean journey")
    ranked = [row for row in rows.to_dict("records") if number_of(row["rank"]) > 0]  # few people make no community
    known = [row for row in ranked if not isinstance(row[column], str) and not is_missing(row[column])]
    if not known:
        return ""
    worst = max(known, key=lambda row: row[column])
    there = [row for row in known if row["community"] == worst["community"]]
    options = [str(row["option"]) for row in there if abs(row[column] - worst[column]) < 1e-6]
    under = "every option" if set(options) == set(impact.option_ids) != {options[0]} else options_words(options)
    if compared and worst["change"] <= 0:
        return "No ranked community would have a longer mean journey to the hub by car."
    more = "more than before by car" if compared else "by car"
    who = people_words(worst["people"], public=impact.public)
    return (
        f"{what} of any ranked community would be in {worst['community']} ({who}): {minutes(worst[column])} minutes "
        f"{more}, under {under}."
    )


# ------------------------------------------------------------------------------------------- one figure over options


def _counted(impact: Impact, journey: str, mode: str, column: str) -> str:
    """People over all options, of how many where an option does not cover all registered patients.

    A change is told of the people compared, anything else of all whom the option covers.
    """
    base = "people" if column in {"beyond", "no_route"} else "people_compared"
    of = by_option(impact, journey, mode, base) if _partial(impact) else {}
    values = by_option(impact, journey, mode, column)
    said = {option: people_words(value, public=impact.public, of=of.get(option)) for option, value in values.items()}
    return spread(values, said)


def _people(impact: Impact, values: Mapping[str, object]) -> str:
    return over_options(values, lambda value: people_words(value, public=impact.public))


def _minutes(values: Mapping[str, object]) -> str:
    known = {option: value for option, value in values.items() if isinstance(value, str) or not is_missing(value)}
    return over_options(known, lambda value: "hidden" if isinstance(value, str) else f"{minutes(value)} minutes")


def over_options(values: Mapping[str, object], words: Callable[[object], str]) -> str:
    """One figure over all options: the same, from the least to the most, or each of them where one is hidden.

    Parameters
    ----------
    values
        Option -> figure; a text is a hidden figure, of which nothing may be said.
    words
        Writes a figure.
    """
    return spread(values, {option: words(value) for option, value in values.items()})


def spread(values: Mapping[str, object], said: Mapping[str, str]) -> str:
    """As `over_options`, of figures that are words already.

    Parameters
    ----------
    values
        Option -> figure.
    said
        Option -> the figure in words.
    """
    if not said:
        return ""
    if len(said) == 1:
        return next(iter(said.values()))
    if len(set(said.values())) == 1:
        return f"{next(iter(said.values()))} under every option"
    if any(value == HIDDEN or isinstance(value, str) or is_missing(value) for value in values.values()):
        return listed([f"{text} under {option_title(option)}" for option, text in said.items()])
    low, high = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
    return f"{said[low]} ({option_title(low)}) to {said[high]} ({option_title(high)})"
