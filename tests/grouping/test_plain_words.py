"""Numbers as the page prints them."""

from __future__ import annotations

import math

import pytest

from grouping.plain_words import count, minutes, option_title, percent, plural, signed


@pytest.mark.parametrize(
    ("value", "text"), [(0, "+0"), (1_234, "+1,234"), (-9_350, "\u22129,350"), (math.nan, "not known")]
)
def test_a_margin_has_its_sign(value: float, text: str) -> None:
    assert signed(value) == text


def test_what_is_not_known_is_called_so() -> None:
    for shape in (count, minutes, percent, signed):
        assert shape(None) == shape(math.nan) == shape(math.inf) == "not known"


def test_figures_have_their_decimals() -> None:
    assert (count(12_345.6), minutes(9.25), minutes(9.96), percent(0.314), percent(0.0119, 2)) == (
        "12,346", "9.2", "10.0", "31%", "1.19%",
    )  # fmt: skip


def test_words_follow_the_number() -> None:
    assert (plural(1, "group"), plural(2, "group"), plural(1, "group", start=True)) == (
        "1 group",
        "2 groups",
        "One group",
    )
    assert (option_title("option-12"), option_title("scored"), option_title("x")) == (
        "Option 12",
        "The scored plan",
        "x",
    )
