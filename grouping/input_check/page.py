"""The page of a check: what a planner takes to the practices. One HTML file, without network, that prints."""

from __future__ import annotations

import math

from markupsafe import Markup

from geodata.origins import kind_words
from geodata.registrations import USUAL_FACTORS
from grouping.escape import script_data
from grouping.input_check import drawn as on_map
from grouping.input_check.checked import Checked
from grouping.input_check.facts import counts, largest_and_smallest, practice_lines
from grouping.input_check.kinds import SEVERITIES
from grouping.input_check.placed import snap_spread
from grouping.maps.parts import MapFrame
from grouping.page import (
    content_policy,
    environment,
    leaflet_script,
    leaflet_style,
    own_file,
    without_carriage_returns,
)
from grouping.plain_words import NO_CLOSURE, plural

FLAGGED_SHOWN = 60
"""Flagged points listed on the page; `placed.csv` holds all."""

SEVERITY_WORDS = {
    "error": ("Errors", "Each of these stops the run until it is put right."),
    "warning": ("Warnings", "The case runs with these; each may change a result."),
    "note": ("Notes", "For the record."),
}


def render_check(checked: Checked, *, roads_file: str = "") -> str:
    """Make the page of a check as text; the same inputs give the same page.

    Parameters
    ----------
    checked
        What the check found.
    roads_file
        The page beside it that shows how the roads were read, if there is one.
    """
    points = on_map.on_the_map(checked)
    drawn = bool(len(points))
    no_localities = checked.loaded is None or not len(checked.loaded.localities)
    frame = on_map.folium_frame(points, leave_out=["localities"] * no_localities) if drawn else MapFrame("", "")
    scripts = [leaflet_script(), own_file("shared.js"), own_file("input_check/check.js"), frame.script] if drawn else []
    scripts = [without_carriage_returns(script) for script in scripts]
    lines = practice_lines(checked)
    flagged = checked.placed[checked.placed["flagged"] == "yes"]
    method = None if checked.ready is None else checked.ready.times.method
    style = (
        (leaflet_style() if drawn else "")
        + own_file("shared.css")
        + own_file("input_check/check.css")
        + own_file("print.css")
    )
    engine = environment()
    engine.filters["plain_number"] = _plain_number
    return engine.get_template("input_check/check.html.j2").render(
        title=f"Input check: {checked.settings.name}",
        made_up=checked.settings.made_up,
        rules=None if checked.ready is None else checked.ready.rules,
        method=method,
        dates=input_dates(checked),
        verdict=checked.verdict,
        verdict_lines=verdict_lines(checked),
        numbers={severity: checked.number(severity) for severity in SEVERITIES},
        counts=counts(checked),
        severities=_by_severity(checked),
        anchors=_anchors(checked),
        lines=lines,
        with_locality=any(line.locality for line in lines),
        with_localities=not no_localities,
        with_rural=checked.ready is not None,
        with_snap=method is not None and not method.estimate,
        extremes=largest_and_smallest(lines),
        usual=USUAL_FACTORS,
        flagged=list(flagged.head(FLAGGED_SHOWN).itertuples(index=False)),
        flagged_total=len(flagged),
        unplaced=int((checked.placed["placed_by"] == "not placed").sum()),
        spread=snap_spread(checked.placed),
        roads_file=roads_file,
        sources=checked.sources,
        origins=checked.origins,
        of_origins=_attributions_of_origins(checked),
        attributions=attributions(checked),
        drawing=on_map.draw(checked, points) if drawn else None,
        legend=on_map.legend_steps(points),
        beyond=drawn and bool(points["neighbour"].any()),
        cells=drawn and (checked.placed["placed_by"] == "point").any() and bool(len(checked.outlines)),
        frame=Markup(frame.html),
        data=script_data(on_map.map_data(checked, points)) if drawn else "",
        scripts=[Markup(script) for script in scripts],  # no text from a file is in them
        styles=Markup(without_carriage_returns(style)),
        policy=content_policy(scripts),
        no_closure=NO_CLOSURE,
    )


def _plain_number(value: float) -> str:
    """A coordinate: whole metres without commas, so that it can be copied into a map."""
    return f"{value:.0f}" if math.isfinite(value) else "–"


def _by_severity(checked: Checked) -> list[tuple[str, str, str, list]]:
    found = []
    for severity in SEVERITIES:
        kinds = [kind for kind in checked.kinds if kind.severity == severity]
        if kinds:
            found.append((severity, *SEVERITY_WORDS[severity], kinds))
    return found


def _anchors(checked: Checked) -> dict[str, str]:
    """Where on the page each kind of finding stands, by its code; its most severe where it has several."""
    anchors: dict[str, str] = {}
    for severity, _, _, kinds in _by_severity(checked):
        for number, kind in enumerate(kinds, start=1):
            anchors.setdefault(kind.code, f"kind-{severity}-{number}")
    return anchors


def verdict_lines(checked: Checked) -> tuple[str, ...]:
    """The verdict in plain words: the answer first, then what to do."""
    errors, warnings = checked.number("error"), checked.number("warning")
    if checked.verdict == "cannot run yet":
        answer = f"Cannot run yet: {plural(errors, 'error')} must be put right first."
        return answer, "They stand first below, each with what to do. Then check the case again."
    rest = "Whether the rules leave a plan shows only when the case is run."
    if warnings:
        return f"Can run, but read {_these(warnings)} first.", f"Each says what it would change in the result. {rest}"
    return "Can run.", f"Nothing was noticed that would change a result. {rest}"


def _these(number: int) -> str:
    return "this one warning" if number == 1 else f"these {number:,} warnings"


def attributions(checked: Checked) -> list[str]:
    """Every line of attribution once; a table made from several files names theirs with semicolons between them."""
    texts = [*(origin.attribution for origin in checked.origins), *(source.attribution for source in checked.sources)]
    return list(dict.fromkeys(line.strip() for text in texts for line in text.split("; ") if line.strip()))


def _attributions_of_origins(checked: Checked) -> set[str]:
    """Attributions of tables that say nothing but what the published files they were cut from say."""
    known = {line for origin in checked.origins for line in origin.attribution.split("; ")}
    texts = {source.attribution for source in checked.sources}
    return {text for text in texts if text and set(text.split("; ")) <= known}


def input_dates(checked: Checked) -> tuple[str, ...]:
    """The date of each input, such as `practices: 2016 Q1`.

    A case that was cut says for each of its tables which published files of which dates are in it: these are named
    once each instead.
    """
    kinds = {origin.kind for origin in checked.origins}
    dates: dict[str, list[str]] = {}
    for source in checked.sources:
        parts = [_kind_and_date(part, kinds) for part in source.vintage.split(", ")]
        if kinds and all(parts):
            told = [part for part in parts if part is not None]
        else:
            told = [(source.table, source.vintage or "date not stated")]
        for what, when in told:
            if when not in dates.setdefault(what, []):
                dates[what].append(when)
    return tuple(f"{what}: {', '.join(whens)}" for what, whens in dates.items())


def _kind_and_date(part: str, kinds: set[str]) -> tuple[str, str] | None:
    """`list_sizes 2016-02` as kind in plain words and date; None for any other text."""
    kind, _, when = part.strip().partition(" ")
    return (kind_words(kind), when) if when and kind_words(kind) in kinds else None
