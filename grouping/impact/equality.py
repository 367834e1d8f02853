"""A draft of the travel section of an equality impact assessment: what the data say, and the questions they leave open.

The public sector equality duty is section 149 of the Equality Act 2010. Travel minutes answer a small part of what it
asks. So the draft states the figures, lists every question that data of areas cannot answer, and leaves the answers to
people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from grouping.escape import visible
from grouping.impact.about import DRAFT, About
from grouping.impact.answer import coverage_sentences
from grouping.impact.page_tables import fewer_compared
from grouping.impact.words import (
    BY,
    HIDDEN_NOTE,
    absent_populations,
    change_cell,
    figures,
    has_change,
    headline_populations,
    label_by,
    minutes_cell,
    mitigation_questions,
    no_route_words,
    people_cell,
    ratio_cell,
    scenario_sentence,
)
from grouping.plain_words import NO_CLOSURE, option_title

if TYPE_CHECKING:
    from grouping.impact.result import Impact

KNOWN_HOW = "How it is known"
NOT_ANSWERED = "Not answered by data; to be answered by people."
IN_PART = "In part, by the minutes above; the rest is to be answered by people."

PROMPTS = 5
"""Prompts listed for each option; the pack holds all."""

WITHOUT_CAR = ("public-transport", "walk")
"""Modes of people without a car, the first told first."""

GAP_MEANING = (
    "The gap is the mean minutes of the population minus the mean minutes of the people it is compared with; the ratio "
    "is the one divided by the other. Both are over all people with a route. The gap before and the gap after are the "
    "same difference before and after, both only among people who have the journey before and after; they can be held "
    "against each other, while the gap itself may rest on more people. A gap is a difference, not yet a disadvantage: "
    "whether it matters, and to whom, is for people to judge."
)

OPEN_QUESTIONS = (
    (
        "Age",
        "age",
        "Which services at the hub do older people, children and their parents use most, and at what times?",
    ),
    (
        "Disability",
        "",
        "Can people with physical, sensory or mental impairments or learning disabilities make the journey, and "
        "enter and use the building? Which of them travel in adapted or booked vehicles?",
    ),
    (
        "Gender reassignment",
        "",
        "Would trans people lose a service, or staff, whom they trust? Is the building private enough?",
    ),
    (
        "Marriage and civil partnership",
        "",
        "Is anybody treated less favourably for being married or in a civil partnership?",
    ),
    (
        "Pregnancy and maternity",
        "",
        "Which antenatal and postnatal appointments would be at the hub, and can they be reached with a pram and "
        "without a car?",
    ),
    (
        "Race",
        "",
        "Do people of some ethnic groups, Gypsy, Roma and Traveller communities, or people who need an interpreter "
        "find the journey or the new place harder to use?",
    ),
    (
        "Religion or belief",
        "",
        "Do opening times or the place of the hub conflict with worship or observance?",
    ),
    (
        "Sex",
        "",
        "Do women and men differ in who drives, who travels with children, and who feels safe to travel after dark?",
    ),
    (
        "Sexual orientation",
        "",
        "Would lesbian, gay and bisexual people lose a service, or staff, whom they trust?",
    ),
    (
        "Carers",
        "",
        "Who travels with the person they care for, and what does a longer journey cost them in time and money?",
    ),
    (
        "People without a car",
        "no_car",
        "Who gives lifts today? When do buses run on evenings and weekends, and what do they cost?",
    ),
    (
        "People on low incomes",
        "most_deprived",
        "What would the journey cost, and who would not make it for that reason?",
    ),
    (
        "Rural communities",
        "rural",
        "Which villages have no bus, no taxi and no community transport at the hours of the hub?",
    ),
    (
        "Digital exclusion",
        "",
        "Who cannot use appointments by telephone or online instead of a journey?",
    ),
    (
        "Seldom heard groups",
        "",
        "Homeless people, seasonal and migrant workers, people in care homes, veterans, people leaving prison, "
        "people with addictions: who of them lives here, and who has asked them?",
    ),
)
"""Group, what of it the figures know (`age`, a population, `rural`, or nothing), and the question left open.

The first nine are the protected characteristics of the Equality Act 2010, section 4.
"""

TO_COMPLETE = (
    "Who was asked, how and when",
    "What they said",
    "What was changed because of it",
    "What remains, and why it is justified",
    "Owner of this assessment",
    "Date of the next review",
)


@dataclass(frozen=True)
class Part:
    """A part of the draft.

    Parameters
    ----------
    heading
        Its heading.
    paragraphs
        Plain sentences.
    columns, rows
        A table of texts; `numbers` says from which column on the cells are figures.
    points
        A list.
    """

    heading: str
    paragraphs: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    numbers: int = 99
    points: tuple[str, ...] = ()


@dataclass(frozen=True)
class EqualityDraft:
    """The draft: a title, what stands first, and its parts."""

    title: str
    opening: tuple[str, ...]
    parts: tuple[Part, ...]


def equality_draft(impact: Impact, about: About) -> EqualityDraft:
    """Draft the travel section of an equality impact assessment.

    Parameters
    ----------
    impact
        The figures.
    about
        The case behind them.
    """
    opening = [f"{DRAFT} {NO_CLOSURE}"]
    if scenario_sentence(impact):
        opening.append(scenario_sentence(impact).strip())
    if about.made_up:
        opening.append("Made-up data: the practices, patients and journeys of this case are invented.")
    if about.estimate:
        opening.append("Minutes by car are straight-line estimates: no road network was used.")
    if impact.public:
        opening.append(HIDDEN_NOTE)
    opening.append("Written from data by a program. It is complete only when people have answered what is left open.")
    parts = (
        _what_is_considered(impact),
        _who(impact),
        _without_car(impact),
        _journeys(impact),
        _inequality(impact),
        _open(impact),
        _prompts(impact),
        _limits(impact),
        _to_complete(),
    )
    title = f"Equality impact assessment, travel section (draft): {about.place}"
    return EqualityDraft(title, tuple(opening), tuple(part for part in parts if part is not None))


def _what_is_considered(impact: Impact) -> Part:
    options = ", ".join(option_title(option) for option in impact.option_ids)
    said = [
        f"Practices would work in groups, each with a hub for shared services ({options}). {NO_CLOSURE}",
        *coverage_sentences(impact),
        "Two journeys are looked at, and never subtracted from each other: routine care, from home to the own "
        "practice; and hub services (evenings, weekends, shared clinics), from home to the hub of the group.",
        "Routine care stays as it is under every option."
        if impact.site_options is None
        else "A separate table of site options is switched on; what it changes about routine care is shown apart.",
        impact.baseline
        or "Where such services run today is not in the inputs, so journeys to the hub are a level, not a change.",
    ]
    return Part("What is considered", tuple(said))


def _who(impact: Impact) -> Part:
    table = impact.tables["people"].set_index("population")
    rows = []
    for key, label in headline_populations(impact):
        row = table.loc[key]
        cells = (people_cell(row[name]) for name in ("people", "rural", "urban"))
        rows.append((label, *cells, str(row["carried"])))
    rows += [(label, "", "", "", sentence) for label, sentence in absent_populations(impact)]
    columns = ("Population", "People", "Rural", "Urban", KNOWN_HOW)
    return Part("Who the patients are", (), columns, tuple(rows), numbers=1)


def _journeys(impact: Impact) -> Part | None:
    mode = _first_mode(impact)
    if mode is None:
        return None
    table = figures(impact, "hub", mode, setting="all").set_index(["population", "option"])
    compared = has_change(impact)
    some = compared and fewer_compared(impact, table.to_dict("records"))
    rows = []
    for key, label in headline_populations(impact):
        for option in impact.option_ids:
            if (key, option) not in table.index:
                continue
            row = table.loc[(key, option)]
            cells = [minutes_cell(row["mean"]), minutes_cell(row["p90"]), people_cell(row["beyond"])]
            if some:
                cells.append(people_cell(row["people_compared"]))
            if compared:
                cells += [
                    change_cell(row["mean_change"]),
                    people_cell(row["longer_10"]),
                    people_cell(row["newly_beyond"]),
                ]
            rows.append((label_by(key, label, mode), option_title(option), *cells, people_cell(row["no_route"])))
    columns = [
        "Population",
        "Option",
        "Mean minutes",
        "Nine in ten within",
        f"People beyond {impact.threshold:g} minutes",
    ]
    if some:
        columns.append("People compared")
    if compared:
        columns += ["Change of the mean", "People longer by more than 10 minutes", "People newly beyond"]
    said = f"From home to the hub of the group {BY[mode]}. {NO_CLOSURE}"
    return Part(f"Journeys to the hub {BY[mode]}", (said,), (*columns, no_route_words(impact)), tuple(rows), numbers=2)


def _without_car(impact: Impact) -> Part:
    rows = []
    for mode in WITHOUT_CAR:
        if mode not in dict(impact.modes):
            continue
        table = figures(impact, "hub", mode, setting="all")
        for row in table[table["population"] == "no_car"].to_dict("records"):
            within = people_cell(row["people"]), minutes_cell(row["mean"]), people_cell(row["beyond"])
            rows.append((BY[mode], option_title(row["option"]), *within, people_cell(row["no_route"])))
    beyond = f"People beyond {impact.threshold:g} minutes"
    columns = ("Mode", "Option", "People", "Mean minutes", beyond, no_route_words(impact))
    modes = [BY[mode] for mode in WITHOUT_CAR if any(row[0] == BY[mode] for row in rows)]
    said = [f"From home to the hub of the group {' and '.join(modes)}. {NO_CLOSURE}"] if rows else []
    said += [f"{BY.get(mode, mode).capitalize()}: {sentence}" for mode, sentence in impact.absent_modes]
    if not rows:
        said.append("How people without a car would reach the hub cannot be told from the inputs. This is left open.")
        columns = ()
    heading = "Households without a car" + (f": journeys to the hub {' and '.join(modes)}" if modes else "")
    return Part(heading, tuple(said), columns, tuple(rows), numbers=2)


def _inequality(impact: Impact) -> Part | None:
    mode = _first_mode(impact)
    table = impact.tables["inequality"]
    table = table[table["journey"] == "hub"]
    first = table[table["mode"] == (mode or "")]
    if not len(first):
        return None
    gaps = ("gap", "gap_before", "gap_after") if has_change(impact) else ("gap",)
    rows = tuple(
        (
            _with_mode(row, mode),
            str(row["compared_with"]),
            option_title(row["option"]),
            minutes_cell(row["mean"]),
            minutes_cell(row["mean_compared_with"]),
            ratio_cell(row["ratio"]),
            *(change_cell(row[name]) for name in gaps),
        )
        for population in dict.fromkeys(first["population"])
        for row in _rows_of(table, population, mode)
    )
    words = ("Gap", "Gap before", "Gap after")[: len(gaps)]
    columns = ("Population", "Compared with", "Option", "Mean minutes", "Mean of those", "Ratio", *words)
    heading = f"Differences between populations: journeys to the hub {BY[mode]}"
    said = f"From home to the hub of the group {BY[mode]}, where no other mode is named. {NO_CLOSURE}"
    return Part(heading, (GAP_MEANING, said), columns, rows, numbers=3)


def _rows_of(table: pd.DataFrame, population: str, mode: str) -> list[dict[str, object]]:
    """Rows of one population by the mode of the table; of households without a car those without one stand first."""
    own = table[table["population"] == population]
    modes = (*(other for other in WITHOUT_CAR if other != mode), mode) if population == "no_car" else (mode,)
    return [row for one in modes for row in own[own["mode"] == one].to_dict("records")]


def _with_mode(row: dict[str, object], mode: str) -> str:
    label = str(row["label"])
    return label_by(row["population"], label, mode) if row["mode"] == mode else f"{label} ({BY[row['mode']]})"


def _first_mode(impact: Impact) -> str | None:
    modes = dict(impact.modes)
    return next((mode for mode in BY if mode in modes), None)


def _open(impact: Impact) -> Part:
    known = set(dict(headline_populations(impact)))
    if not figures(impact, "hub", _first_mode(impact) or "", setting="rural").empty:
        known.add("rural")
    rows = []
    for group, known_by, question in OPEN_QUESTIONS:
        in_part = known_by in known or (known_by == "age" and any(key.startswith("age_") for key in known))
        rows.append((group, question, IN_PART if in_part else NOT_ANSWERED, ""))
    columns = ("Group", "Open question", "Do the data answer it?", "Answer")
    said = "These questions are listed so that nobody takes silence for an answer. The last column is left open."
    return Part("Questions that data cannot answer", (said,), columns, tuple(rows))


def _prompts(impact: Impact) -> Part:
    asked = tuple(
        f"{option_title(option)}. {question}"
        for option in impact.option_ids
        for question in mitigation_questions(impact, option)[:PROMPTS]
    )
    said = (
        f"Journeys to the hub by car. {NO_CLOSURE} Prompts from data only: existing sites near communities that would "
        "be beyond the threshold. Whether a site has the room, the staff and the wish is not "
        "known. The table mitigation.csv holds all of them."
        if asked
        else f"By the data, no community is beyond {impact.threshold:g} minutes by car from the hub with an existing "
        f"site nearer. {NO_CLOSURE}"
    )
    return Part("Mitigation to ask about", (said,), points=asked)


def _limits(impact: Impact) -> Part:
    said = [f"{BY.get(mode, mode).capitalize()}: {sentence}" for mode, sentence in impact.modes]
    said += ["Figures of residents are carried to registered patients by area; they describe areas, not persons."]
    return Part("Limits", points=(*said, *impact.notes))


def _to_complete() -> Part:
    return Part("To be completed by people", columns=("Step", "Entry"), rows=tuple((step, "") for step in TO_COMPLETE))


# ----------------------------------------------------------------------------------------------------------- Markdown


def equality_markdown(draft: EqualityDraft) -> str:
    """The draft as Markdown; texts from files stand as the text they are."""
    lines = [f"# {markdown_text(draft.title)}", ""]
    for number, sentence in enumerate(draft.opening):
        lines += [f"**{markdown_text(sentence)}**" if number == 0 else markdown_text(sentence), ""]
    for number, part in enumerate(draft.parts, start=1):
        lines += [f"## {number}. {markdown_text(part.heading)}", ""]
        for sentence in part.paragraphs:
            lines += [markdown_text(sentence), ""]
        lines += [*_markdown_table(part), *(f"- {markdown_text(point)}" for point in part.points)]
        lines += [""] * bool(part.points)
    return "\n".join(lines).rstrip("\n") + "\n"


def _markdown_table(part: Part) -> list[str]:
    if not part.columns:
        return []
    last = len(part.columns) - (part.columns[-1] == KNOWN_HOW)
    rule = ("---:" if part.numbers <= i < last else "---" for i in range(len(part.columns)))
    rows = [part.columns, *part.rows]
    texts = ["| " + " | ".join(markdown_text(cell) or " " for cell in row) + " |" for row in rows]
    return [texts[0], "| " + " | ".join(rule) + " |", *texts[1:], ""]


_MARKS = re.compile(r"([\\`*_\[\]{}#|~$])")


def markdown_text(text: str) -> str:
    """Text as Markdown shows it: no mark-up, no HTML, no line of its own, hidden characters spelt out."""
    text = " ".join(visible(str(text)).split())
    text = _MARKS.sub(r"\\\1", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"^([-+=]+)(?=\s|$)", r"\\\1", text)
    return re.sub(r"^(\d+)([.)])(?=\s)", r"\1\\\2", text)
