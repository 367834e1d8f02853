"""What the templates of a programme read: on its own page and on the page of a run."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from grouping.plain_words import option_title

if TYPE_CHECKING:
    from grouping.programme.assemble import Programme

TITLES = {
    "rollout": "Which groups first",
    "resources": "What it needs",
    "growth": "How lists will grow",
    "estates": "Buildings",
    "site_choice": "Questions about sites",
    "scorecard": "Scorecard",
    "resilience": "If a practice hands back its contract",
    "engagement": "What was said",
}
"""What the parts are called everywhere, in the order of the page."""


def programme_texts(programme: Programme | None) -> dict[str, object]:
    """The variables of the sections; without a programme only that there is none."""
    if programme is None:
        return {"programme": None}
    ground = programme.ground
    return {
        "programme": programme,
        "programme_lines": programme.lines,
        "programme_option": option_title(ground.option_id),
        "ground": ground,
        "public": ground.run.public,
        **programme.parts,
    }


def programme_styles() -> list[str]:
    """The style sheets of the sections, of those parts that have one."""
    folder = files("grouping") / "templates" / "programme"
    names = ["programme", *TITLES]
    return [f"programme/{name}.css" for name in names if (folder / f"{name}.css").is_file()]
