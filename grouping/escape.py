"""Escaping of text that came from a file: one function for each kind of output, used everywhere.

Names of practices, sites, areas and localities are written by others and may hold anything: markup, template
expressions, backslashes, control characters, marks that turn the direction of writing. On a page they must stand as
the text they are.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
"""Control characters, marks of writing direction, invisible spaces, lone surrogates and what is no character.

U+FFFE and U+FFFF may stand in no XML file: a workbook that holds one cannot be opened."""

_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
"""What a cell begins with that a spreadsheet may run; the wide forms are read as the plain ones in some languages.

Source: OWASP, CSV Injection."""

_SCRIPT_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def visible(text: str) -> str:
    """Text with every hidden character spelt out, such as `[U+202E]`, so that nothing on a page is unseen.

    A mark of writing direction would otherwise turn round the words beside it, and a null character would vanish.
    """
    return _HIDDEN.sub(lambda found: f"[U+{ord(found.group()):04X}]", text)


def html_text(value: object) -> Markup:
    """Text for the content of an HTML or SVG element, or for an attribute in quotation marks.

    Escapes `&`, `<`, `>`, `"` and `'`, and spells out hidden characters. A value that is already markup (made by this
    program, never by a file) passes unchanged; None becomes empty text.
    """
    if isinstance(value, Markup):
        return value
    return escape(visible("" if value is None else str(value)))


def html_name(value: object) -> Markup:
    """A name from a file as an HTML element of its own (`bdi`), so that its writing direction stays inside it."""
    return Markup("<bdi>{}</bdi>").format(html_text(value))


def script_data(value: Any) -> Markup:
    """JSON that is safe inside `<script type="application/json">`, whatever texts it holds.

    `<`, `>`, `&` and the two Unicode line ends are written as JSON escapes, so that neither `</script>` nor `<!--` can
    occur; numbers that are not finite become null. Keys keep their order: the same value gives the same bytes.
    """
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character, replacement in _SCRIPT_ESCAPES.items():
        text = text.replace(character, replacement)
    return Markup(text)


def packed_data(value: Any) -> Markup:
    """JSON as `script_data` writes it, compressed (gzip) and in base64: for much text that is read by few.

    `unpackData` of `templates/unpack.js` reads it. The same value gives the same bytes.
    """
    return Markup(base64.b64encode(gzip.compress(str(script_data(value)).encode("utf-8"), 9, mtime=0)).decode("ascii"))


def _plain(value: Any) -> Any:
    """The value as plain JSON types, texts made visible; numpy numbers become Python numbers."""
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if isinstance(value, str):
        return visible(str(value))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {visible(str(key)): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value


def spreadsheet_cell(text: str) -> str:
    """Text for a cell of a CSV or Excel file; one that would be run as a formula gets a leading apostrophe.

    A carriage return becomes a line feed: CSV writers put no quotation marks round one that stands alone, and what
    comes after it would be read as a row of its own.
    """
    text = visible(text)
    guarded = f"'{text}" if text.startswith(_FORMULA) else text
    return guarded.replace("\r\n", "\n").replace("\r", "\n")
