"""The page of the travel-time impact: who would travel further, who less far, and what the data cannot say.

The same sections stand in a page of their own (`impact.html` of an evidence pack) and inside the page of a run. This
module gathers what they hold; sentences and tables are made in `grouping.impact`, the layout in the templates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from grouping.impact.about import About
from grouping.impact.answer import answer_sentences, routine_changes
from grouping.impact.columns import WITHIN
from grouping.impact.curve import Curve, curve_of
from grouping.impact.equality import GAP_MEANING, EqualityDraft, equality_draft
from grouping.impact.find_my_place import ROUNDING
from grouping.impact.page_tables import (
    Table,
    before_table,
    change_table,
    community_table_of,
    curve_table,
    inequality_tables,
    level_table,
    longer_table,
    overview,
    practice_tables,
    rank_changes,
    reach_table,
    robust_rows,
    scenario_table,
    site_table,
)
from grouping.impact.words import (
    BY,
    HIDDEN_NOTE,
    absent_populations,
    figures,
    has_change,
    mitigation_questions,
    scenario_sentence,
    scenario_title,
)
from grouping.page import content_policy, environment, own_file, without_carriage_returns
from grouping.plain_words import NO_CLOSURE, is_missing, listed, option_title

if TYPE_CHECKING:
    from grouping.impact.result import Impact

SCRIPT = "impact/impact.js"
STYLE = "impact/impact.css"
PRINT = "print.css"
"""What a page that holds the sections must hold too, after `shared.css`; how it is printed comes last."""

FAMILY_WORDS = {
    "deprivation": "Deprivation deciles",
    "rural_urban": "Rural-urban classes",
    "setting": "Rural and urban",
}
"""Breakdowns that are not called by their first part."""

DEFINITIONS = (
    "People are counted, not areas. Half of the people with a route have a journey of at most the median; nine in ten "
    "one of at most the minutes named so. Nothing is interpolated.",
    "A share within so many minutes is one of all people: who has no route is not within it, and is in no mean. A home "
    "that is not in the inputs has no minutes, so its people are counted with those without a route.",
    "Longer by more than 5 minutes includes those longer by more than 10, and so on. Before, after and every change "
    "are of the people compared: those who have the journey before and after. A level, such as the mean minutes, "
    "is of all people with a route.",
    "Patients of a practice that keeps no site are in no figure of change; they are counted apart.",
    "A community is the areas that share a name: the ward where it is given, else the area’s own name, else the "
    "nearest settlement. Its minutes are the mean over its registered patients. Communities of fewer people than the "
    "rule set asks for are not ranked.",
)


@dataclass(frozen=True)
class ModePart:
    """The tables of one journey by one mode under one option."""

    words: str
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class OptionPart:
    """What the page says about one option."""

    option_id: str
    title: str
    curve: Curve | None
    modes: tuple[ModePart, ...]
    communities: Table
    practices: tuple[Table, ...]
    questions: tuple[str, ...]
    more_questions: int = 0
    near_sites: Table | None = None


@dataclass(frozen=True)
class PlacePart:
    """The sentences of one community, those by car first; options of which the same is to be said stand together."""

    name: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class ImpactView:
    """Everything the sections hold, as texts."""

    answer: tuple[str, ...]
    overview: Table
    options: tuple[OptionPart, ...]
    routine: tuple[OptionPart, ...]
    routine_changes: bool
    curve_table: Table
    inequality: tuple[Table, ...]
    gap_meaning: str
    scenarios: Table | None
    rank_changes: tuple[tuple[str, str], ...]
    assumptions: tuple[tuple[str, str], ...]
    untried: tuple[tuple[str, str], ...]
    robust: Table | None
    places: tuple[PlacePart, ...]
    absent: tuple[tuple[str, str], ...]
    carried: tuple[tuple[str, str], ...]
    modes: tuple[tuple[str, str], ...]
    absent_modes: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    findings: tuple[str, ...]
    definitions: tuple[str, ...]
    equality: EqualityDraft
    baseline: str
    compared: bool
    threshold: str
    scenario: str
    scenario_sentence: str
    before_means: str
    rounding: str
    hidden_note: str


def impact_view(impact: Impact, about: About) -> ImpactView:
    """Gather what the page says.

    Parameters
    ----------
    impact
        What was found out, in public mode with its small numbers already hidden.
    about
        The case behind it.
    """
    changes = routine_changes(impact)
    return ImpactView(
        answer=tuple(answer_sentences(impact)),
        overview=overview(impact),
        options=tuple(_option(impact, option) for option in impact.option_ids),
        routine=tuple(_routine(impact, option) for option in (impact.option_ids if changes else impact.option_ids[:1])),
        routine_changes=changes,
        curve_table=curve_table(impact),
        inequality=tuple(inequality_tables(impact)),
        gap_meaning=GAP_MEANING,
        scenarios=scenario_table(impact),
        rank_changes=tuple(rank_changes(impact)),
        assumptions=tuple((title, sentence) for _, title, sentence in impact.scenarios),
        untried=tuple(impact.untried),
        robust=robust_rows(impact),
        places=tuple(place_parts(impact)),
        absent=tuple(absent_populations(impact)),
        carried=tuple(_carried(impact)),
        modes=tuple(_called(impact.modes)),
        absent_modes=tuple(_called(impact.absent_modes)),
        notes=tuple(impact.notes),
        findings=tuple(str(finding) for finding in impact.findings),
        definitions=DEFINITIONS,
        equality=equality_draft(impact, about),
        baseline=impact.baseline,
        compared=has_change(impact),
        threshold=f"{impact.threshold:g}",
        scenario=scenario_title(impact),
        scenario_sentence=scenario_sentence(impact),
        before_means=_before_means(impact),
        rounding=ROUNDING,
        hidden_note=HIDDEN_NOTE if impact.public else "",
    )


def render_impact(impact: Impact, about: About) -> str:
    """Make the page of an impact as text: one HTML file without network; the same impact gives the same bytes.

    Parameters
    ----------
    impact, about
        As for `impact_view`.
    """
    scripts = [without_carriage_returns(own_file(SCRIPT))]
    return (
        environment()
        .get_template("impact/impact.html.j2")
        .render(
            view=impact_view(impact, about),
            about=about,
            styles=Markup(without_carriage_returns(own_file("shared.css") + own_file(STYLE) + own_file(PRINT))),
            scripts=[Markup(script) for script in scripts],  # no text from a file is in them
            policy=content_policy(scripts),
            no_closure=NO_CLOSURE,
        )
    )


def _called(modes: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(BY.get(mode, mode).capitalize(), sentence) for mode, sentence in modes]


def _before_means(impact: Impact) -> str:
    """What "before" is in the sentences of a place; empty where they speak of today, or of no journey before."""
    said = impact.baseline.removeprefix("Before: ")
    if not said or said.startswith("hub services as they run today"):
        return ""
    return f"“Before” in these sentences means the plan compared with, which need not be how things are today: {said}"


def _option(impact: Impact, option: str) -> OptionPart:
    questions = mitigation_questions(impact, option)
    return OptionPart(
        option_id=option,
        title=option_title(option),
        curve=_curve(impact, option),
        modes=_modes(impact, option, "hub", changes=has_change(impact)),
        communities=community_table_of(impact, option),
        practices=tuple(practice_tables(impact, option)),
        questions=tuple(questions[: impact.worst]),
        more_questions=max(len(questions) - impact.worst, 0),
        near_sites=site_table(impact, option),
    )


def _routine(impact: Impact, option: str) -> OptionPart:
    """Routine care under one option; what changes and where only if a site option changes something."""
    changes = routine_changes(impact)
    return OptionPart(
        option_id=option,
        title=option_title(option),
        curve=None,
        modes=_modes(impact, option, "routine", changes=changes),
        communities=community_table_of(impact, option, "routine"),
        practices=(),
        questions=(),
    )


def _modes(impact: Impact, option: str, journey: str, *, changes: bool) -> tuple[ModePart, ...]:
    parts = []
    for mode in dict(impact.modes):
        if figures(impact, journey, mode).empty:
            continue
        tables = [level_table(impact, option, journey, mode), reach_table(impact, option, journey, mode)]
        if changes:
            tables = [
                step(impact, option, journey, mode) for step in (before_table, longer_table, change_table)
            ] + tables
        parts.append(ModePart(BY.get(mode, mode), tuple(tables)))
    return tuple(parts)


def _curve(impact: Impact, option: str) -> Curve | None:
    """The curves of rural and urban, or the one of all where the setting is not known."""
    table = figures(impact, "hub", "car")
    table = table[(table["option"] == option) & (table["population"] == "all")]
    rows = {row["setting"]: row for row in table.to_dict("records")}
    chosen = [name for name in ("rural", "urban") if name in rows] or [name for name in ("all",) if name in rows]
    if not chosen:
        return None
    shares = {name: {m: rows[name][f"within_{m}"] for m in WITHIN} for name in chosen}
    return curve_of(option_title(option), shares)


def place_parts(impact: Impact) -> list[PlacePart]:
    """The sentences of each community in the order of the alphabet, today before the options, by car before without."""
    table = impact.tables.get("places")
    if table is None or not len(table):
        return []
    said: dict[str, dict[tuple[str, str], list[str]]] = {}
    for community, mode, option, sentence in table[["community", "mode", "option", "sentence"]].itertuples(index=False):
        rest = str(sentence).removeprefix(option_title(option)) if option else str(sentence)
        said.setdefault(str(community), {}).setdefault((mode, rest), []).append(option)
    return [
        PlacePart(
            name,
            tuple(_together(options, impact.option_ids) + rest for (_, rest), options in said[name].items()),
        )
        for name in sorted(said, key=lambda name: (name.casefold(), name))
    ]


def _together(options: list[str], every: tuple[str, ...]) -> str:
    """What options are called that say the same; nothing for today."""
    if options == [""]:
        return ""
    if len(options) > 1 and len(options) == len(every):
        return "Every option"
    titles = [option_title(option) for option in options]
    numbers = [title.removeprefix("Option ") for title in titles]
    if len(titles) > 1 and all(number.isdigit() for number in numbers):
        return f"Options {listed(numbers)}"
    return listed(titles)


def _carried(impact: Impact) -> list[tuple[str, str]]:
    """How each breakdown was carried from residents to patients, once for each family."""
    table = impact.tables["people"]
    found: dict[str, tuple[str, str]] = {}
    for row in table.to_dict("records"):
        if not is_missing(row["people"]):
            label = FAMILY_WORDS.get(str(row["family"]), str(row["label"]))
            found.setdefault(str(row["family"]), (label, str(row["carried"])))
    return list(found.values())
