"""The two-page summary of one option, for a board paper: a page that prints from any browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup

from grouping import maps
from grouping.assess import not_granted
from grouping.board_pack.chosen import Chosen, choose, lead_of, named
from grouping.board_pack.layers import attribution_of
from grouping.escape import visible
from grouping.impact.about import DRAFT
from grouping.impact.answer import answer_sentences
from grouping.impact.page_tables import Table, overview
from grouping.impact.words import HIDDEN_NOTE, has_change
from grouping.maps.hatches import PALETTE
from grouping.page import content_policy, environment, own_file, without_carriage_returns
from grouping.plain_words import (
    NO_CLOSURE,
    count,
    is_missing,
    minutes,
    option_title,
    plural,
    share_in_words,
    signed,
)
from grouping.report.answer import answer_lines, more_lines, up_to_percent
from grouping.result import AssessedOption, Run

STYLE, MAP_STYLE = "summary/summary.css", "summary/map_page.css"

FIRST_OPTION = "The first option"

MORE_LINES = 5
"""Most of the further lines that page one has room for beside a map that can be read."""

MOST_GROUPS = 30
"""Groups whose table leaves room on page two for what else must stand there; of more it is an annex."""

IMPACT_SENTENCES = 5

NOT_SAID = (
    f"It closes nothing. {NO_CLOSURE} No site, practice or list is removed.",
    "It decides nothing, and no practice has agreed to anything by standing in a group.",
    "It moves no patients: colours show where most patients of an area are registered, not where they must go.",
    "It does not measure quality of care, staffing or the wishes of practices and patients.",
    "Minutes are typical times, not the time on a given day.",
)


@dataclass(frozen=True)
class GroupLine:
    """One row of the short table of groups, as texts."""

    group_id: str
    name: str
    colour: str
    kind: str
    practices: str
    patients: str
    minimum: str
    margin: str
    short: bool
    hub: str
    minutes: str


@dataclass(frozen=True)
class SummaryView:
    """What the two pages say.

    Parameters
    ----------
    title, option, lead, sentences, more, key_figures, groups
        Page one and the table of groups; a key figure is its value and its words.
    impact, impact_table, compared
        Who is better or worse off: sentences and a table for all options; None and nothing without it.
    hidden_note
        What a hidden count looks like, on a public page.
    annex
        Whether the table of groups stands after the two pages.
    sources
        Tables, dates and licences of the inputs in a sentence each.
    """

    title: str
    option: str
    lead: str
    sentences: tuple[str, ...]
    more: tuple[str, ...]
    key_figures: tuple[tuple[str, str], ...]
    groups: tuple[GroupLine, ...]
    impact: tuple[str, ...]
    impact_table: Table | None
    compared: bool
    hidden_note: str
    annex: bool
    sources: tuple[str, ...]


def write_summary(run: Run, option_id: str, path: Path) -> None:
    """Write the two-page summary of an option; the same run gives the same bytes.

    Parameters
    ----------
    run
        The run.
    option_id
        One of its options.
    path
        The file to write: one HTML file without network or script, two A4 pages when it is printed; of more than
        `MOST_GROUPS` groups the table is an annex on further pages.

    Raises
    ------
    KeyError
        The run has no such option.
    """
    path.write_text(render_summary(run, option_id), encoding="utf-8", newline="\n")


def summary_title(run: Run, option_id: str) -> str:
    """Title of the summary, also of its PDF."""
    return f"{visible(run.title)}: {option_title(option_id)} – draft for discussion"


def render_summary(run: Run, option_id: str) -> str:
    """Make the summary as text; the parameters are those of `write_summary`."""
    return _render("summary/summary.html.j2", run, option_id, STYLE)


def write_map_page(run: Run, option_id: str, path: Path) -> None:
    """Write the map of an option as a page of A4, landscape, with the names of its groups; else as `write_summary`."""
    path.write_text(render_map_page(run, option_id), encoding="utf-8", newline="\n")


def render_map_page(run: Run, option_id: str) -> str:
    """Make the page of the map as text; the parameters are those of `write_map_page`."""
    return _render("summary/map_page.html.j2", run, option_id, MAP_STYLE)


def _render(template: str, run: Run, option_id: str, style: str) -> str:
    chosen = choose(run, option_id)
    return (
        environment()
        .get_template(template)
        .render(
            view=_view(run, chosen),
            document_title=summary_title(run, option_id),
            styles=Markup(without_carriage_returns(own_file(style))),
            policy=content_policy(()),
            run=run,
            rules=run.rules,
            place=run.place,
            method=run.times.method,
            drawing=chosen.drawing,
            attributions=tuple(dict.fromkeys([*attribution_of(run), *filter(None, [chosen.drawing.attribution])])),
            draft=DRAFT,
            no_closure=NO_CLOSURE,
            not_said=NOT_SAID,
        )
    )


def _view(run: Run, chosen: Chosen) -> SummaryView:
    impact = run.impact
    table = None if impact is None else overview(impact)
    return SummaryView(
        title=run.title,
        option=option_title(chosen.option.option.option_id),
        lead=lead_of(chosen.option, estimate=run.times.method.estimate),
        sentences=tuple(_sentences(run, chosen)),
        more=tuple(_more(run, chosen)),
        key_figures=_key_figures(chosen.option, estimate=run.times.method.estimate),
        groups=_group_lines(chosen),
        impact=() if impact is None else tuple(answer_sentences(impact))[:IMPACT_SENTENCES],
        impact_table=table if table is not None and table.rows else None,
        compared=impact is not None and has_change(impact),
        hidden_note=HIDDEN_NOTE if impact is not None and impact.public else "",
        annex=len(chosen.option.groups) > MOST_GROUPS,
        sources=_sources(run),
    )


def _sentences(run: Run, chosen: Chosen) -> list[str]:
    """The five sentences; what they say of proof is of the first option, so another says how far behind it lies."""
    if _is_first(run, chosen):
        return answer_lines(run)
    own, option = option_title(chosen.option.option.option_id), chosen.option.option
    formed, sizes, journey, _, meaning = answer_lines(chosen.run)
    behind = (
        f"It is one of {plural(len(run.options), 'option')}: its score lies at most "
        f"{up_to_percent(option.behind_best)} behind that of option 1, and "
        f"{share_in_words(option.different_from_best)} of patients belong to a practice whose group has other members "
        "than there."
    )
    return [own + formed.removeprefix(FIRST_OPTION), sizes, journey, behind, meaning]


def _more(run: Run, chosen: Chosen) -> list[str]:
    """What else must be known of the option: groups by name, who is left out, whose homes are estimated."""
    alone = replace(chosen.run, solver=None)  # what is said of the search is on the page
    return more_lines(alone)[:MORE_LINES]


def _is_first(run: Run, chosen: Chosen) -> bool:
    return chosen.option.option.option_id == run.options[0].option.option_id


def _key_figures(option: AssessedOption, *, estimate: bool) -> tuple[tuple[str, str], ...]:
    figures = option.headline
    said = ", estimated" if estimate else ""
    below = int(not_granted(option.groups).sum()) if "margin" in option.groups else None
    return (
        (count(figures.get("groups")), "groups"),
        (f"{count(figures.get('smallest'))} to {count(figures.get('largest'))}", "patients in a group"),
        (count(below), "below their minimum" if below != 1 else "below its minimum"),
        (minutes(figures.get("mean_minutes_to_hub")), f"mean minutes to the hub{said}"),
        (share_in_words(figures.get("share_within_15_minutes")), "within 15 minutes of the hub"),
        (minutes(figures.get("mean_minutes_hub_rural")), f"mean minutes, rural areas{said}"),
    )


def _group_lines(chosen: Chosen) -> tuple[GroupLine, ...]:
    names = chosen.run.place.sites["name"]
    letters = maps.group_letters(list(chosen.option.groups["group_id"]))
    return tuple(
        GroupLine(
            group_id=letters[row["group_id"]],
            name=named(row["group_id"], row["name"], letters),
            colour=PALETTE[chosen.colours[str(row["group_id"])]],
            kind=str(row["kind"]),
            practices=_cell(row.get("practices"), count),
            patients=_cell(row.get("list_size"), count),
            minimum=_cell(row.get("minimum"), count),
            margin=_cell(row.get("margin"), signed),
            short=not isinstance(row.get("margin"), str) and not is_missing(row.get("margin")) and row["margin"] < 0,
            hub=str(names.get(row["hub_site_code"], "")),
            minutes=_cell(row.get("mean_minutes_to_hub"), minutes),
        )
        for row in chosen.option.groups.to_dict("records")
    )


def _cell(value: object, shown: Callable[[object], str]) -> str:
    """A figure as the page shows it; one that is hidden stays the mark it is."""
    return value if isinstance(value, str) else shown(value)


def _sources(run: Run) -> tuple[str, ...]:
    """Each input once: table and date."""
    said = [f"{source.table.replace('_', ' ')} ({source.vintage or 'date not stated'})" for source in run.place.sources]
    return tuple(dict.fromkeys(said))
