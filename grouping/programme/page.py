"""Puts the page of a programme together: one HTML file, no script, nothing asked of any network."""

from __future__ import annotations

from markupsafe import Markup

from grouping.impact.about import about_of
from grouping.page import content_policy, environment, own_file, without_carriage_returns
from grouping.plain_words import NO_CLOSURE, WHAT_IS_LEFT_OUT
from grouping.programme.assemble import Programme
from grouping.programme.public import WHAT_STAYS
from grouping.programme.texts import programme_styles, programme_texts


def render_programme(programme: Programme) -> str:
    """Make the page as text; the same programme gives the same text."""
    styles = ["shared.css", *programme_styles(), "print.css"]
    return (
        environment()
        .get_template("programme/page.html.j2")
        .render(
            title=programme.title,
            about=about_of(programme.ground.run),
            no_closure=NO_CLOSURE,
            left_out=f"{WHAT_IS_LEFT_OUT} {WHAT_STAYS}",
            styles=Markup(without_carriage_returns("".join(map(own_file, styles)))),
            policy=content_policy([]),
            **programme_texts(programme),
        )
    )
