"""What every page of the program is made with: the template engine, Leaflet inside the page, and the browser's orders.

A page is one HTML file that opens by double click and asks nothing of any network. Texts from files are escaped by the
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

from grouping.escape import html_name, visible
from grouping.plain_words import count, minutes, option_title, percent, signed
from grouping.programme.texts import TITLES


def environment() -> jinja2.Environment:
    """The template engine: everything is escaped, a name that does not exist is an error."""
    engine = jinja2.Environment(
        loader=jinja2.FunctionLoader(own_file),
        autoescape=True,  # by file ending it would not see the ".j2"
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    engine.filters.update(
        count=count, minutes=minutes, percent=percent, signed=signed, name=html_name, option_title=option_title
    )
    engine.globals["programme_titles"] = TITLES  # the heading of a part is what the list of contents calls it
    return engine


def _shown(value: object) -> object:
    """What the engine prints for a value: hidden characters spelt out, nothing for None."""
    if value is None:
        return ""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def own_file(name: str) -> str:
    """A file of `grouping/templates` as text."""
    return (files("grouping") / "templates" / name).read_text(encoding="utf-8")


def _leaflet_file(name: str) -> bytes:
    return (Path(leaflet.BASE_DIR) / name).read_bytes()


def leaflet_script() -> str:
    """Leaflet without the line that makes a developer's browser look for its source map."""
    text = _leaflet_file("leaflet.js").decode("utf-8")
    return re.sub(r"//# sourceMappingURL=\S+", "", text)


def leaflet_style() -> str:
    """Leaflet's style sheet with its pictures inside."""

    def inside(found: re.Match[str]) -> str:
        picture = base64.b64encode(_leaflet_file(f"images/{found.group(1)}")).decode("ascii")
        return f"url(data:image/png;base64,{picture})"

    text = _leaflet_file("leaflet.css").decode("utf-8")
    text = re.sub(r"behavior:\s*url\(#default#VML\);", "", text)
    return re.sub(r"url\([\"']?images/([\w.-]+)[\"']?\)", inside, text)


def without_carriage_returns(text: str) -> str:
    """Text as a browser reads it, so that its hash is the one the browser computes."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def content_policy(scripts: Iterable[str], pictures_of: Iterable[str] = ()) -> str:
    """What the browser may do with this page: run these scripts and no others, load nothing from anywhere.

    Parameters
    ----------
    scripts
        The scripts of the page, as a browser reads them.
    pictures_of
        Addresses of hosts that pictures may come from, if a reader asks for them; none where a page must stay offline.
    """
    hashes = [
        "'sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii") + "'"
        for script in scripts
    ]
    allowed = " ".join(hashes) or "'none'"
    pictures = " ".join(("data:", *pictures_of))
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src {pictures}; "
        "base-uri 'none'; form-action 'none'"
    )
