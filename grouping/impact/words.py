"""Figures of an impact as words: cells that may be hidden, people in a sentence, and the questions on mitigation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from grouping.impact.columns import BASE
from grouping.impact.communities import OUTSIDE
from grouping.plain_words import count, is_missing, minutes, option_title, share_in_words

if TYPE_CHECKING:
    from grouping.impact.result import Impact

HIDDEN = "*"
NONE = "–"

HIDDEN_NOTE = "* = 1 to 7 people, or hidden to protect them; other counts of people are rounded to 5."
"""What stands beside the tables in public mode."""

BY = {"car": "by car", "public-transport": "by public transport", "walk": "on foot"}
"""Modes in a sentence."""

HEADLINE = ("all", "age_65_plus", "age_75_plus", "age_85_plus", "children", "no_car", "most_deprived")
"""Populations told first, in this order; further columns of the case come after `far_from_pharmacy`."""

SITE_KINDS = {
    "main": "a main site",
    "branch": "a branch site",
    "mobile": "a mobile stop",
    "community": "a community site",
}


def people_cell(value: object) -> str:
    """People in a table: `*` stays, a dash where nothing is known."""
    return _cell(value, count)


def minutes_cell(value: object) -> str:
    """Minutes in a table, one decimal."""
    return _cell(value, minutes)


def share_cell(value: object) -> str:
    """A share in a table; anything short of everybody never reads 100%."""
    return _cell(value, share_in_words)


def ratio_cell(value: object) -> str:
    """A ratio in a table."""
    return _cell(value, lambda number: f"{float(number):.2f}")


def change_cell(value: object) -> str:
    """Minutes more (+) or less (−)."""
    return _cell(value, signed_minutes)


def signed_minutes(value: float) -> str:
    """A change in minutes with its sign; what rounds to zero has none."""
    rounded = round(float(value), 1)
    return "0.0" if rounded == 0 else f"{'−' if rounded < 0 else '+'}{abs(rounded):.1f}"


def _cell(value: object, words) -> str:
    if isinstance(value, str):
        return value
    return NONE if is_missing(value) or value is pd.NA else words(value)


def number_of(value: object) -> float:
    """A figure that can be compared: a hidden one counts as nothing, one that is not known too."""
    return 0.0 if isinstance(value, str) or value is pd.NA or is_missing(value) else float(value)


def people_words(value: object, *, public: bool, of: object = None) -> str:
    """People in a sentence: `905 people`, in public mode `about 905 people`, a hidden number without a figure.

    Parameters
    ----------
    value
        How many.
    public
        Whether counts are rounded.
    of
        How many there are in all, `905 of 12,000 people`; left out where it is None or hidden.
    """
    if isinstance(value, str):
        return "a small or hidden number of people"
    if value is pd.NA or is_missing(value):
        return "a number of people that is not known"
    number, about = round(float(value)), "about " if public else ""
    everybody = "" if of is None or isinstance(of, str) or is_missing(of) else f"of {about}{round(float(of)):,} people"
    if number == 0:
        nobody = "nobody" if float(value) == 0 else "less than one person"
        return nobody if not everybody else f"{nobody.replace('nobody', 'none').removesuffix(' person')} {everybody}"
    if number == 1:
        return f"one {everybody or 'person'}"
    return f"{about}{number:,} {everybody or 'people'}"


def is_fewer(part: object, whole: object, *, public: bool) -> bool:
    """Whether some people are fewer than all; a hidden number may be, and a rounded one only by more than rounding."""
    return isinstance(part, str) or number_of(whole) - number_of(part) >= (2.6 if public else 0.5)


def is_plural(value: object) -> bool:
    """Whether `people_words` of a number takes "they" in a sentence: 2 people, or a number that is hidden."""
    return isinstance(value, str) or number_of(value) >= 1.5


def scenario_title(impact: Impact) -> str:
    """Title of the scenario that all figures are for; empty for the case as it stands."""
    titles = {name: title for name, title, _ in impact.scenarios}
    return titles.get(impact.scenario, impact.scenario) if impact.scenario else ""


def base_title(impact: Impact) -> str:
    """What the figures are for, to stand in a header: the case as it stands, or the title of the scenario."""
    return scenario_title(impact) or BASE


def scenario_sentence(impact: Impact) -> str:
    """What to say before figures that are for a scenario; empty for the case as it stands."""
    title = scenario_title(impact)
    if not title:
        return ""
    assumed = {name: sentence for name, _, sentence in impact.scenarios}.get(impact.scenario, "")
    return f"Scenario: {title}. All figures are for it, before and after, unless another assumption is named. {assumed}"


LIFT = "by car: a lift or a taxi"
"""Stands beside every figure by car of people in households without one."""


def label_by(population: str, label: str, mode: str) -> str:
    """A population as a row of figures by some mode."""
    return f"{label} ({LIFT})" if population == "no_car" and mode == "car" else label


def no_route_words(impact: Impact) -> str:
    """Header of people without minutes."""
    outside = OUTSIDE in set(impact.tables["communities"]["community"])
    return "No route, or home not in the inputs" if outside else "No route"


def figures(impact: Impact, journey: str, mode: str, *, setting: str = "", scenario: str | None = None) -> pd.DataFrame:
    """Rows of `summary` for one journey and mode.

    Parameters
    ----------
    impact
        The impact.
    journey, mode
        As in `summary`.
    setting
        Only this setting; all settings if empty.
    scenario
        Only this scenario; the one that the figures of the impact are for, unless another is named.
    """
    table = impact.tables["summary"]
    wanted = impact.scenario if scenario is None else scenario
    if wanted not in set(table["scenario"]):
        wanted = ""
    chosen = (table["scenario"] == wanted) & (table["journey"] == journey) & (table["mode"] == mode)
    return table[chosen & (table["setting"] == setting)] if setting else table[chosen]


def headline_populations(impact: Impact) -> list[tuple[str, str]]:
    """Populations told on the page, key and label, in the order of `HEADLINE`; further columns last."""
    table = impact.tables["people"]
    known = table[[not is_missing(value) for value in table["people"]]]
    labels = dict(zip(known["population"], known["label"], strict=True))
    further = [
        key
        for key, family in zip(known["population"], known["family"], strict=True)
        if str(family).startswith("further_") and not str(key).endswith(("_others", "_unknown"))
    ]
    keys = [*HEADLINE, "far_from_pharmacy", *further]
    return [(key, labels[key]) for key in dict.fromkeys(keys) if key in labels]


def absent_populations(impact: Impact) -> list[tuple[str, str]]:
    """Label and sentence of what the inputs do not hold."""
    table = impact.tables["people"]
    gone = table[[is_missing(value) for value in table["people"]]]
    return list(zip(gone["label"], gone["carried"], strict=True))


def has_change(impact: Impact) -> bool:
    """Whether journeys to the hub are compared with journeys before."""
    return bool(impact.baseline)


def mitigation_questions(impact: Impact, option: str) -> list[str]:
    """The prompts for one option as questions; nothing in them is a proposal."""
    table = impact.tables.get("mitigation")
    if table is None or not len(table):
        return []
    return [_question(row, impact) for row in table[table["option"] == option].to_dict("records")]


def _question(row: dict[str, object], impact: Impact) -> str:
    public = impact.public
    who = people_words(row["people_beyond"], public=public)
    here = people_words(row["people_served_here"], public=public)
    # rounded numbers that look alike need not be
    everybody = not public and abs(number_of(row["people_beyond"]) - number_of(row["people_served_here"])) < 1e-6
    here = "all of them" if everybody else f"{here} of this community"
    everywhere = people_words(row["people_served_all"], public=public)
    if not str(row["site_code"] or ""):
        return (
            f"{row['community']}: {who} would be beyond {impact.threshold:g} minutes from the hub, and no existing "
            "site is within reach. What else could bring services nearer: a visiting service, transport, online?"
        )
    kind = SITE_KINDS.get(str(row["kind"]), str(row["kind"]))
    if row["of_practice"]:
        kind += f" of {row['of_practice']}"
    at = f"{minutes_cell(row['minutes_to_site'])} minutes away by car"
    return (
        f"{row['community']}: could {row['site'] or row['site_code']} ({kind}, {at}) offer some of what the hub "
        f"offers? The hub would be {minutes_cell(row['minutes_now'])} minutes away for {who} beyond "
        f"{impact.threshold:g} minutes. The site would bring {here} back within {impact.threshold:g} minutes, and "
        f"{everywhere} of all communities."
    )


def options_words(options: list[str]) -> str:
    """Titles of options in a sentence."""
    titles = [option_title(option) for option in options]
    return titles[0] if len(titles) == 1 else ", ".join(titles[:-1]) + " and " + titles[-1]
