"""Figures as marks, by what is printed of them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pandas as pd
import pytest

from grouping.public import public_run
from grouping.report.criteria import SIX
from grouping.report.indicator import Indicator
from grouping.scorecard.measured import Further, as_read, marks_of, measured
from grouping.scorecard.names import FULL
from tests.grouping.made_run import made_run


def indicator(figures: tuple, direction: str = "lower", kind: str = "minutes") -> Indicator:
    return Indicator("key", "Label", "Definition.", direction, kind, "source", figures)


def test_the_criteria_are_those_of_the_page_of_a_run() -> None:
    assert [key for key, _, _ in SIX] == list(FULL)


def test_figures_lie_between_the_worst_and_the_best() -> None:
    assert marks_of(indicator((10.0, 12.0, 15.0))) == (1, Fraction(3, 5), 0)
    assert marks_of(indicator((10.0, 12.0, 15.0), "higher")) == (0, Fraction(2, 5), 1)


def test_what_reads_the_same_is_alike() -> None:
    assert marks_of(indicator((10.01, 10.04, 12.0))) == (1, 1, 0)
    assert marks_of(indicator((10.01, 9.96, 10.04))) == (1, 1, 1)


@pytest.mark.parametrize(
    ("value", "kind", "read"),
    [
        (1_234_567.4, "people", "1234567"),
        (2_298_000.0, "pounds", "2298000"),
        (0.3312, "share", "33.1"),
        (47.68, "area", "47.7"),
        (0.0, "count", "0"),
        (-3.25, "minutes", "-3.2"),
        (0.9997, "share", "99.9"),
        (0.0003, "share", "0.1"),
        (1.0, "share", "100"),
        (0.26376, "reached", "26.3"),
        (0.4, "reached", "40"),
    ],
)
def test_figures_are_read_as_they_are_printed(value: float, kind: str, read: str) -> None:
    assert as_read(value, kind) == Fraction(read)


@pytest.mark.parametrize("hidden", [None, float("nan"), "*", "known for 3 of 5 groups"])
def test_an_indicator_that_is_not_known_for_one_option_is_known_for_none(hidden: object) -> None:
    assert as_read(hidden, "minutes") is None
    assert marks_of(indicator((10.0, hidden, 15.0))) is None


def test_an_indicator_without_direction_has_no_marks() -> None:
    assert marks_of(indicator((1.0, 2.0), "")) is None


def _criteria(further: Further, run: object = None) -> dict:
    return {one.key: one for one in measured(run or made_run(), further)}


def test_a_criterion_of_which_nothing_is_known_is_missing_not_zero() -> None:
    other = _criteria(Further({}, {}, {}))["other"]
    assert all(mark.value is None and (mark.low, mark.high) == (0, 1) for mark in other.marks)


def test_an_unknown_indicator_widens_its_criterion_and_does_not_lower_it() -> None:
    run = made_run()
    lost = replace(run.options[2], headline={**run.options[2].headline, "exceptions": None})
    sure = _criteria(Further({}, {}, {}))["time"]
    unsure = _criteria(Further({}, {}, {}), replace(run, options=(*run.options[:2], lost)))["time"]
    known = sum(one.marks is not None for one in sure.indicators)
    for before, after in zip(sure.marks, unsure.marks, strict=True):
        assert before.sure
        assert not after.sure
        assert after.high - after.low == Fraction(1, known)
        assert after.value is not None
        assert after.low <= after.value <= after.high


def test_what_other_parts_found_is_shown_where_it_is_known_for_every_option() -> None:
    options = [f"option-{i}" for i in (1, 2, 3)]
    further = Further(
        dict(zip(options, (0.2, 0.3, 0.4), strict=True)),
        dict(zip(options, (100.0, 300.0, 200.0), strict=True)),
        {"option-1": 30_000.0},
    )
    found = _criteria(further)
    time = {one.indicator.key: one for one in found["time"].indicators}
    assert time["at_scale_first"].marks == (0, Fraction(1, 2), 1)
    assert time["patient_waves"].marks == (0, 1, Fraction(1, 2))
    assert "breakable" not in [one.indicator.key for one in found["quality"].indicators]
    assert any("worked out for 1 of 3 options only" in line for line in found["quality"].absent)
    assert not any("Not proven" in one.indicator.definition for one in time.values())
    early = {one.indicator.key: one for one in _criteria(replace(further, unproven=("option-2",)))["time"].indicators}
    assert "Not proven for Option 2" in early["at_scale_first"].indicator.definition


def test_the_public_is_told_nothing_of_other_parts() -> None:
    run = public_run(made_run())
    further = Further({"option-1": 0.2}, {}, dict.fromkeys([f"option-{i}" for i in (1, 2, 3)], 9.0))
    keys = [one.indicator.key for criterion in measured(run, further) for one in criterion.indicators]
    assert keys
    assert not {"breakable", "at_scale_first", "patient_waves"} & set(keys)
    assert isinstance(run.place.practices, pd.DataFrame)
