"""Texts from files stand on a page as text, whatever they hold."""

from __future__ import annotations

import html
import json
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from grouping.escape import html_name, html_text, script_data, spreadsheet_cell, visible
from tests.grouping.made_run import HOSTILE_NAMES


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.attribute = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attribute = dict(attrs).get("title") or ""

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text())
def test_html_text_is_read_back_as_the_same_visible_text(text: str) -> None:
    reader = _Reader()
    reader.feed(f'<p title="{html_text(text)}">{html_text(text)}</p>')
    reader.close()
    assert reader.tags == ["p"]
    assert reader.text == visible(text)
    assert reader.attribute == visible(text)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_make_no_elements(name: str) -> None:
    shown = str(html_name(name))
    assert shown.startswith("<bdi>")
    assert shown.endswith("</bdi>")
    inner = shown[5:-6]
    assert "<" not in inner
    assert ">" not in inner
    assert html.unescape(inner) == visible(name)


def test_hidden_characters_are_spelt_out() -> None:
    assert visible("a\u202eb\x00c\ufeff") == "a[U+202E]b[U+0000]c[U+FEFF]"
    assert visible("a\ufffeb\uffff") == "a[U+FFFE]b[U+FFFF]", "no XML file may hold them"
    assert visible("Ärzte – Łódź\nTwo") == "Ärzte – Łódź\nTwo"


def test_none_is_empty_and_markup_passes() -> None:
    assert html_text(None) == ""
    assert html_text(Markup("<b>x</b>")) == "<b>x</b>"
    assert html_text(12) == "12"


@given(st.recursive(st.text() | st.integers() | st.booleans() | st.none(), st.lists, max_leaves=8))
def test_script_data_is_json_without_a_way_out_of_the_script(value: object) -> None:
    text = str(script_data(value))
    assert not set("<>&\u2028\u2029") & set(text)
    json.loads(text)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_script_data_keeps_the_words(name: str) -> None:
    text = str(script_data({"name": name, name: 1}))
    assert json.loads(text) == {"name": visible(name), visible(name): 1}
    assert not set("<>&\u2028\u2029") & set(text)


def test_script_data_escapes_all_that_a_script_could_read() -> None:
    assert str(script_data({"<": ">&"})) == '{"\\u003c":"\\u003e\\u0026"}'
    assert str(script_data(["\u2028"])) == '["[U+2028]"]', "line ends of a script are spelt out"


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n"])
def test_a_spreadsheet_runs_no_name_as_a_formula(first: str) -> None:
    written = first.replace("\r", "\n")  # a carriage return that stands alone would begin a row
    assert spreadsheet_cell(f"{first}1+1") == f"'{written}1+1"
    assert spreadsheet_cell(f"a{first}1") == f"a{written}1"
    assert spreadsheet_cell("") == ""


def test_script_data_takes_numpy_numbers_and_never_writes_infinity() -> None:
    value = {"a": np.int64(3), "b": np.float64("inf"), "c": (1.5, float("nan")), "d": np.bool_(True)}
    assert str(script_data(value)) == '{"a":3,"b":null,"c":[1.5,null],"d":true}'
