"""The page of a run: one HTML file that opens by double click, without network, and prints.

This module puts the page together. What is said stands in `report_answer`, `report_option` and `report_method`, words
and units in `report_words`, the maps in `maps`, the layout in the templates. Texts from files are escaped by the
template engine for every place they stand in (`grouping.escape`).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import jinja2
from markupsafe import Markup
from xstatic.pkg import leaflet

from grouping import maps
from grouping.escape import html_name, script_data, visible
from grouping.report_answer import answer_lines, comparison_rows
from grouping.report_method import (
    attribution_lines,
    detail_rows,
    findings_by_kind,
    minute_steps,
    proof_lines,
    rule_rows,
)
from grouping.report_option import option_view
from grouping.report_words import (
    NO_CLOSURE,
    count,
    minutes,
    option_title,
    percent,
    signed,
    title_of,
)
from grouping.result import Run


def write_report(run: Run, path: Path) -> None:
    """Write the page of a run.

    Parameters
    ----------
    run
        The run; everything on the page comes from it.
    path
        The file to write. The same run gives the same bytes.
    """
    path.write_text(render_report(run), encoding="utf-8", newline="\n")


def render_report(run: Run) -> str:
    """Make the page of a run as text."""
    polygons = maps.drawn_areas(run.place.areas)
    colours = [
        maps.group_colours(
            polygons, maps.group_of_area(run.place, option.option.plan).to_numpy(), list(option.groups["group_id"])
        )
        for option in run.options
    ]
    environment = _environment()
    frame = maps.folium_frame(run) if run.options else maps.MapFrame("", "")
    scripts = [_leaflet_script(), _own_file("report.js"), frame.script] if run.options else []
    scripts = [_without_carriage_returns(script) for script in scripts]
    return environment.get_template("report.html.j2").render(
        run=run,
        place=run.place,
        rules=run.rules,
        method=run.times.method,
        title=title_of(run),
        styles=Markup(_without_carriage_returns(_leaflet_style() + _own_file("report.css"))),
        scripts=[Markup(script) for script in scripts],  # no text from a file is in them
        policy=_content_policy(scripts),
        frame=Markup(frame.html),
        data=script_data(maps.map_data(run, polygons, colours)) if run.options else "",
        drawing=maps.draw(run, polygons, colours) if run.options else None,
        palette=maps.PALETTE,
        minute_steps=minute_steps(),
        answer=answer_lines(run),
        comparison=comparison_rows(run),
        options=[option_view(option, run, colour) for option, colour in zip(run.options, colours, strict=True)],
        findings=findings_by_kind(run.findings),
        proof=proof_lines(run),
        rule_rows=rule_rows(run.rules),
        details=detail_rows(run.times.method.details),
        attributions=attribution_lines(run),
        no_closure=NO_CLOSURE,
        with_locality=bool(run.place.practices["locality"].fillna("").ne("").any()),
    )


# --------------------------------------------------------------------------------------------------------- the engine


def _environment() -> jinja2.Environment:
    """The template engine: everything is escaped, a name that does not exist is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_own_file),
        autoescape=True,  # by file ending it would not see the ".j2"
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters.update(
        count=count, minutes=minutes, percent=percent, signed=signed, name=html_name, option_title=option_title
    )
    return environment


def _shown(value: object) -> object:
    """What the engine prints for a value: hidden characters spelt out, nothing for None."""
    if value is None:
        return ""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _own_file(name: str) -> str:
    return (files("grouping") / "templates" / name).read_text(encoding="utf-8")


def _leaflet_file(name: str) -> bytes:
    return (Path(leaflet.BASE_DIR) / name).read_bytes()


def _leaflet_script() -> str:
    """Leaflet without the line that makes a developer's browser look for its source map."""
    text = _leaflet_file("leaflet.js").decode("utf-8")
    return re.sub(r"//# sourceMappingURL=\S+", "", text)


def _leaflet_style() -> str:
    """Leaflet's style sheet with its pictures inside."""

    def inside(found: re.Match[str]) -> str:
        picture = base64.b64encode(_leaflet_file(f"images/{found.group(1)}")).decode("ascii")
        return f"url(data:image/png;base64,{picture})"

    text = _leaflet_file("leaflet.css").decode("utf-8")
    text = re.sub(r"behavior:\s*url\(#default#VML\);", "", text)
    return re.sub(r"url\([\"']?images/([\w.-]+)[\"']?\)", inside, text)


def _without_carriage_returns(text: str) -> str:
    """Text as a browser reads it, so that its hash is the one the browser computes."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _content_policy(scripts: Iterable[str]) -> str:
    """What the browser may do with this page: run these scripts and no others, load nothing from anywhere."""
    hashes = [
        "'sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii") + "'"
        for script in scripts
    ]
    allowed = " ".join(hashes) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
