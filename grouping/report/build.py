"""Puts the page of a run together.

Words and units stand in `plain_words`, what all pages share in `page`, the maps in `maps`. Texts from files are escaped
by the template engine for every place they stand in (`grouping.escape`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup

from grouping import maps
from grouping.escape import packed_data
from grouping.impact.about import about_of
from grouping.page import (
    content_policy,
    environment,
    leaflet_script,
    leaflet_style,
    own_file,
    without_carriage_returns,
)
from grouping.plain_words import NO_CLOSURE, WHAT_IS_LEFT_OUT, option_title, order_in_words
from grouping.programme.texts import programme_styles, programme_texts
from grouping.public.words import PRIVATE_RULES
from grouping.report.agreement import AgreementView, agreement_view
from grouping.report.answer import answer_view, comparison_rows, granted_groups
from grouping.report.criteria import criteria_texts
from grouping.report.downloads import downloads_view
from grouping.report.fitting import MOST_BYTES, first_options, fits, largest_that_fits
from grouping.report.group_figures import all_figures
from grouping.report.impact import PRINT, SCRIPT, STYLE, ImpactView, impact_view
from grouping.report.method import (
    attribution_lines,
    detail_rows,
    findings_by_kind,
    program_version,
    proof_lines,
    rule_rows,
    sureness_rows,
)
from grouping.report.option import column_words, option_views
from grouping.report.settings import USUAL, PageSettings
from grouping.report.told import Told
from grouping.report.try_own import SCRIPTS as TRY_SCRIPTS
from grouping.report.try_own import TryView, too_large_to_try, try_view
from grouping.result import AssessedOption, Run

SCRIPTS = (
    "shared.js",
    "unpack.js",
    "report/page.js",
    "report/map_shapes.js",
    "report/map_layers.js",
    "report/map_keys.js",
    "report/map_trial.js",
    "report/map.js",
    "report/downloads.js",
)
STYLES = (
    "shared.css",
    "report/map.css",
    "report/groups.css",
    "report/sections.css",
    "report/downloads.css",
    "report/try.css",
)
"""Files of `grouping/templates` that every page of a run holds, in their order."""


def write_report(run: Run, path: Path, page: PageSettings = USUAL) -> None:
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


def render_report(run: Run, page: PageSettings = USUAL, *, most: int = MOST_BYTES) -> str:
    """Make the page of a run as text; the parameters are those of `write_report`, and how many bytes it may have.

    Where not even one option fits beside the sections of a programme, these are left out, and the page says so.
    """

    def made(*, whole: bool) -> str:
        def render(number: int) -> str:
            return _render(first_options(run, number), page, run.options, whole=whole)

        return largest_that_fits(render, len(run.options), most)

    text = made(whole=True)
    return text if page.programme is None or fits(text, most) else made(whole=False)


def _render(run: Run, page: PageSettings, options: tuple[AssessedOption, ...], *, whole: bool) -> str:
    """The page of the run's first options; `options` are all there are, `whole` says whether a programme is in full."""
    drawn = _Drawn.of(run, page)
    agreement = _agreement(run, drawn)
    view = None if run.impact is None else impact_view(run.impact, about_of(run))
    return (
        environment()
        .get_template("report/page.html.j2")
        .render(
            run=run,
            page=page,
            place=run.place,
            rules=run.rules,
            method=run.times.method,
            title=run.title,
            contents=_contents(
                run,
                agreement is not None,
                view,
                try_own=bool(drawn.try_own or drawn.too_large_to_try),
                programme=page.programme is not None,
            ),
            agreement=agreement,
            view=view,
            packed_places=packed_data([(place.name, place.sentences) for place in view.places]) if view else "",
            sureness=sureness_rows(run, agreement=agreement is not None, stress=bool(view and view.scenarios)),
            unshown=[option_title(option.option.option_id) for option in options[len(run.options) :]],
            **programme_texts(page.programme),
            programme_whole=whole,
            **_pictures(run, page, drawn, whole=whole),
            **_options(run, page, drawn),
            **_method(run),
        )
    )


@dataclass(frozen=True)
class _Drawn:
    """The maps of a page, and what of a trial of the reader's own it can hold."""

    colours: list[dict[str, int]]
    frame: maps.MapFrame
    data: dict[str, object]
    drawing: maps.Drawing | None
    tiles: bool
    try_own: TryView | None
    too_large_to_try: bool

    @classmethod
    def of(cls, run: Run, page: PageSettings) -> _Drawn:
        """Draw the maps of a run."""
        polygons = maps.drawn_areas(run.place.areas)
        shapes = maps.group_shapes(run, polygons)
        colours = [maps.group_colours(polygons, shape.of_area, list(shape.outlines)) for shape in shapes]
        tiles = page.online_tiles and not run.public
        try_own = try_view(run, colours) if page.try_own else None
        return cls(
            colours=colours,
            frame=maps.folium_frame(run, tiles=tiles) if run.options else maps.MapFrame("", ""),
            data=maps.map_data(run, polygons, colours, shapes, try_own=try_own is not None, tiles=tiles),
            drawing=maps.draw(run, polygons, colours, shapes) if run.options else None,
            tiles=tiles,
            try_own=try_own,
            too_large_to_try=page.try_own and too_large_to_try(run),
        )


def _pictures(run: Run, page: PageSettings, drawn: _Drawn, *, whole: bool) -> dict[str, object]:
    """Maps, styles and scripts, and what the browser may do with them."""
    scripts = [leaflet_script(), *map(own_file, SCRIPTS), drawn.frame.script] if run.options else []
    scripts += [own_file(SCRIPT)] if run.impact is not None else []
    scripts += [*map(own_file, TRY_SCRIPTS)] if drawn.try_own else []
    styles = [*STYLES, *(programme_styles() if page.programme is not None and whole else ()), STYLE, PRINT]
    scripts = [without_carriage_returns(script) for script in scripts]
    return {
        "styles": Markup(without_carriage_returns(leaflet_style() + "".join(map(own_file, styles)))),
        "scripts": [Markup(script) for script in scripts],  # no text from a file is in them
        "policy": content_policy(scripts, (maps.TILE_HOST,) if drawn.tiles else ()),
        "frame": Markup(drawn.frame.html),
        "data": packed_data(drawn.data) if run.options else "",
        "legend": maps.legend_of(drawn.data) if run.options else None,
        "tiles": drawn.tiles,
        "drawing": drawn.drawing,
        "palette": maps.PALETTE,
        "try_own": drawn.try_own,
        "too_large_to_try": drawn.too_large_to_try,
    }


def _options(run: Run, page: PageSettings, drawn: _Drawn) -> dict[str, object]:
    """What the sections say of the options and their groups."""
    figures, told = all_figures(run), Told(run)
    titles = [option_title(option.option.option_id) for option in run.options]
    whole = replace(run, figures=figures)
    return {
        "answer": answer_view(run),
        "comparison": comparison_rows(run),
        "criteria": criteria_texts(told.criteria, titles),
        "today": told.today,
        "border": told.border,
        "granted": granted_groups(run.options[0]) if run.options else 0,
        "options": option_views(run, drawn.colours, figures),
        "figure_columns": column_words(figures),
        "downloads": downloads_view(whole, beside=page.tables, told=told) if run.options else None,
        "with_locality": bool(run.place.practices["locality"].fillna("").ne("").any()),
    }


def _method(run: Run) -> dict[str, object]:
    """How it was made, what it rests on, and what it does not say."""
    return {
        "findings": findings_by_kind(run.findings),
        "proof": proof_lines(run),
        "program": program_version(),
        "rule_rows": rule_rows(run.rules, PRIVATE_RULES if run.public else ()),
        "order": order_in_words(run.rules),
        "details": detail_rows(run.times.method.details),
        "attributions": attribution_lines(run),
        "no_closure": NO_CLOSURE,
        "left_out_here": WHAT_IS_LEFT_OUT,
    }


def _agreement(run: Run, drawn: _Drawn) -> AgreementView | None:
    """What good plans have in common, where several were found or the best is known to be the only one."""
    compared = run.agreement is not None and (run.agreement.exact or len(run.near or ()) > 1)
    return agreement_view(run.agreement, run.place, drawn.drawing.main_sites) if drawn.drawing and compared else None


def _contents(
    run: Run, agreement: bool, view: ImpactView | None, *, try_own: bool, programme: bool
) -> list[tuple[str, str]]:
    """The list of contents: the id of each section that is there, and its words, in the order of the page."""
    some, several = bool(run.options), len(run.options) > 1
    sections = (
        ("answer", "In short", True),
        ("groups", "Map and groups", some),
        ("impact-answer", "Who travels further", view is not None),
        ("compare", "Options" if several else "Six criteria", some),
        ("today", "Against today", some),
        ("agreement", "Settled or a choice", agreement),
        ("each-group", "Group by group", some),
        ("left-out", "Left out", some and not run.options[0].left_out.empty),
        ("impact-places", "Find my place", view is not None and bool(view.places)),
        ("map", "Interactive map", some),
        ("try", "Try your own", try_own),
        ("programme", "Programme", programme),
        ("method", "Method", True),
        ("verification", "Checks", True),
        ("input-check", "Input check", True),
        ("reading", "How to read", True),
        ("not-said", "What it does not say", True),
        ("sources", "Sources", True),
        ("downloads", "Tables as files", some),
    )
    return [(href, words) for href, words, there in sections if there]
