"""Tables against each other: the totals that a planner expects."""

from __future__ import annotations

import pytest

from geodata.case import Totals
from geodata.crosscheck import check_totals


@pytest.mark.parametrize(
    ("name", "expected", "found", "agrees"),
    [
        ("patients", 30_000, 30_300, True),
        ("patients", 30_000, 30_301, False),
        ("patients", 30_000, 29_699, False),
        ("practices", 200, 200, True),
        ("practices", 200, 201, False),
        ("sites", 500, 499, False),
    ],
)
def test_patients_may_be_quoted_rounded_but_counts_are_exact(
    name: str, expected: int, found: int, agrees: bool
) -> None:
    read = {"patients": 0, "practices": 0, "sites": 0} | {name: found}
    (finding,) = check_totals(Totals(**{name: expected}), read["patients"], read["practices"], read["sites"])
    assert finding.code == ("total-agrees" if agrees else "total-differs")
    assert finding.severity == ("note" if agrees else "warning")
    assert f"{found:,}" in finding.message
    assert f"{expected:,}" in finding.message
