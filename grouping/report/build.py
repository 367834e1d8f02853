"""Puts the page of a run together.

Words and units stand in `plain_words`, what all pages share in `page`, the maps in `maps`. Texts from files are escaped
by the template engine for every place they stand in (`grouping.escape`).
"""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from grouping import maps
from grouping.escape import packed_data, script_data
from grouping.impact.about import about_of
from grouping.page import (
    content_policy,
    environment,
    leaflet_script,
    leaflet_style,
    own_file,
    without_carriage_returns,
)
from grouping.plain_words import NO_CLOSURE, order_in_words, title_of
from grouping.report.agreement import agreement_view
from grouping.report.answer import answer_lines, comparison_rows, granted_groups
from grouping.report.impact import SCRIPT, STYLE, ImpactView, impact_view
from grouping.report.method import (
    attribution_lines,
    detail_rows,
    findings_by_kind,
    minute_steps,
    proof_lines,
    rule_rows,
)
from grouping.report.option import option_view
from grouping.report.settings import PageSettings
from grouping.result import Run

SCRIPTS = ("shared.js", "unpack.js", "report/page.js", "report/map.js")
STYLES = ("shared.css",)
"""Files of `grouping/templates` that every page of a run holds, in their order."""


def write_report(run: Run, path: Path, page: PageSettings = PageSettings()) -> None:
    """Write the page of a run.

    Parameters
    ----------
    run
        The run; everything on the page comes from it.
    path
        The file to write. The same run gives the same bytes.
    page
        What it shows besides what every page shows.
    """
    path.write_text(render_report(run, page), encoding="utf-8", newline="\n")


def _compared(run: Run) -> bool:
    """Whether several plans nearly as good were found, or the best is known to be the only one."""
    return run.agreement is not None and (run.agreement.exact or len(run.near or ()) > 1)


def render_report(run: Run, page: PageSettings = PageSettings()) -> str:
    """Make the page of a run as text; the parameters are those of `write_report`."""
    polygons = maps.drawn_areas(run.place.areas)
    colours = [
        maps.group_colours(
            polygons, maps.group_of_area(run.place, option.option.plan).to_numpy(), list(option.groups["group_id"])
        )
        for option in run.options
    ]
    engine = environment()
    frame = maps.folium_frame(run) if run.options else maps.MapFrame("", "")
    scripts = [leaflet_script(), *map(own_file, SCRIPTS), frame.script] if run.options else []
    scripts += [own_file(SCRIPT)] if run.impact is not None else []
    scripts = [without_carriage_returns(script) for script in scripts]
    drawing = maps.draw(run, polygons, colours) if run.options else None
    agreement = agreement_view(run.agreement, run.place, drawing.main_sites) if drawing and _compared(run) else None
    view = None if run.impact is None else impact_view(run.impact, about_of(run))
    return engine.get_template("report/page.html.j2").render(
        run=run,
        page=page,
        contents=_contents(run, agreement is not None, view),
        place=run.place,
        rules=run.rules,
        method=run.times.method,
        title=title_of(run),
        styles=Markup(without_carriage_returns(leaflet_style() + "".join(map(own_file, (*STYLES, STYLE))))),
        scripts=[Markup(script) for script in scripts],  # no text from a file is in them
        policy=content_policy(scripts),
        frame=Markup(frame.html),
        data=script_data(maps.map_data(run, polygons, colours)) if run.options else "",
        drawing=drawing,
        agreement=agreement,
        palette=maps.PALETTE,
        minute_steps=minute_steps(),
        answer=answer_lines(run),
        view=view,
        packed_places=packed_data([(place.name, place.sentences) for place in view.places]) if view else "",
        comparison=comparison_rows(run),
        granted=granted_groups(run.options[0]) if run.options else 0,
        options=[option_view(option, run, colour) for option, colour in zip(run.options, colours, strict=True)],
        findings=findings_by_kind(run.findings),
        proof=proof_lines(run),
        rule_rows=rule_rows(run.rules),
        order=order_in_words(run.rules),
        details=detail_rows(run.times.method.details),
        attributions=attribution_lines(run),
        no_closure=NO_CLOSURE,
        with_locality=bool(run.place.practices["locality"].fillna("").ne("").any()),
    )


def _contents(run: Run, agreement: bool, view: ImpactView | None) -> list[tuple[str, str]]:
    """The list of contents: the id of each section that is there, and its words, in the order of the page."""
    some, several = bool(run.options), len(run.options) > 1
    sections = (
        ("answer", "In short", True),
        ("groups", "Map and groups", some),
        ("impact-answer", "Who travels further", view is not None),
        ("compare", "Options", several),
        ("agreement", "Settled or a choice", agreement),
        ("each-group", "Group by group", some),
        ("left-out", "Left out", some and not run.options[0].left_out.empty),
        ("impact-places", "Find my place", view is not None and bool(view.places)),
        ("map", "Interactive map", some),
        ("method", "Method", True),
        ("verification", "Checks", True),
        ("input-check", "Input check", True),
        ("reading", "How to read", True),
        ("sources", "Sources", True),
    )
    return [(href, words) for href, words, there in sections if there]
