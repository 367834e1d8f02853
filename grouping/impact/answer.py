"""Who would travel further, who less far: the answer in a few plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from grouping.impact.words import (
    BY,
    HIDDEN,
    figures,
    has_change,
    number_of,
    options_words,
    people_words,
)
from grouping.report_words import NO_CLOSURE, is_missing, listed, minutes, option_title

if TYPE_CHECKING:
    from grouping.impact.result import Impact

LONGER = "longer_5"
SHORTER = "shorter_5"


def answer_sentences(impact: Impact) -> list[str]:
    """The answer for all options together, the journey that grouping leaves alone first.

    Every sentence is worked out from `summary` and `communities`; a hidden number stays hidden.
    """
    said = [_routine(impact), *_hub(impact), _settings(impact), _beyond(impact), _without_car(impact), _worst(impact)]
    return [sentence for sentence in said if sentence]


def routine_changes(impact: Impact) -> bool:
    """Whether any journey to the own practice differs from today's, or is lost."""
    table = impact.tables["summary"]
    rows = table[(table["journey"] == "routine") & (table["setting"] == "all")]
    names = ("change_in_patient_minutes", "longer_5", "shorter_5", "lost_route", "gained_route", "kept_no_site")
    hidden = any(isinstance(value, str) for name in names for value in rows[name])
    return hidden or any(abs(number_of(value)) > 1e-6 for name in names for value in rows[name])


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
    longer = _people(impact, by_option(impact, "routine", "car", LONGER))
    shorter = _people(impact, by_option(impact, "routine", "car", SHORTER))
    kept = by_option(impact, "routine", "car", "kept_no_site")
    apart = ""
    if any(isinstance(value, str) or number_of(value) > 0 for value in kept.values()):
        apart = f" Counted apart, because their practice keeps no site: {_people(impact, kept)}."
    return (
        f"{NO_CLOSURE} But site options are switched on. With them the journey by car to the own practice would be "
        f"longer by more than 5 minutes for {longer}, and shorter by more than 5 minutes for {shorter}.{apart}"
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
    longer, shorter = (_people(impact, by_option(impact, "hub", "car", name)) for name in (LONGER, SHORTER))
    return [
        f"{level} {_compared(impact)}the journey would be longer by more than 5 minutes for {longer}, and shorter "
        f"by more than 5 minutes for {shorter}."
    ]


def _compared(impact: Impact) -> str:
    """Who can be compared, where that is not everybody."""
    compared, people = (by_option(impact, "hub", "car", name) for name in ("people_compared", "people"))
    short = [number_of(people[option]) - number_of(compared[option]) >= 0.5 for option in compared]
    if not any(short) and not any(isinstance(value, str) for value in compared.values()):
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
    return f"{said} Of those whose journey grows by more than 5 minutes, {longer} live in rural areas."


def _beyond(impact: Impact) -> str:
    beyond = _people(impact, by_option(impact, "hub", "car", "beyond"))
    said = f"Beyond {impact.threshold:g} minutes by car from the hub: {beyond}"
    if has_change(impact):
        said += f"; newly beyond: {_people(impact, by_option(impact, 'hub', 'car', 'newly_beyond'))}"
    lost = by_option(impact, "hub", "car", "no_route")
    if any(isinstance(value, str) or number_of(value) >= 0.5 for value in lost.values()):
        said += f"; without a route by car: {_people(impact, lost)}"
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
    known = [row for row in rows.to_dict("records") if not isinstance(row[column], str) and not is_missing(row[column])]
    if not known:
        return ""
    worst = max(known, key=lambda row: row[column])
    there = [row for row in known if row["community"] == worst["community"]]
    options = [str(row["option"]) for row in there if abs(row[column] - worst[column]) < 1e-6]
    under = "every option" if set(options) == set(impact.option_ids) != {options[0]} else options_words(options)
    if compared and worst["change"] <= 0:
        return "No community would have a longer mean journey to the hub by car."
    more = "more than before by car" if compared else "by car"
    who = people_words(worst["people"], public=impact.public)
    return (
        f"{what} of any community would be in {worst['community']} ({who}): {minutes(worst[column])} minutes {more}, "
        f"under {under}."
    )


# ------------------------------------------------------------------------------------------- one figure over options


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
    said = {option: words(value) for option, value in values.items()}
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
