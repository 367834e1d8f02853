"""How much any two options differ, as a table and as lines."""

from __future__ import annotations

import pytest

from benchmarks.made_up import made_up_problem
from grouping.differences import COLUMNS, difference_lines, option_differences
from grouping.options import find_options
from tests.grouping.test_options import groups, share


def test_any_two_options_are_compared() -> None:
    problem = made_up_problem(3, practices=40)
    options, _ = find_options(problem, count=3)
    table = option_differences(problem, options)
    assert list(table) == list(COLUMNS)
    assert [tuple(row) for row in table[["option_a", "option_b"]].itertuples(index=False)] == [
        ("option-1", "option-2"),
        ("option-1", "option-3"),
        ("option-2", "option-3"),
    ]
    number = {code: p for p, code in enumerate(problem.practice_codes)}
    by_index = {
        option.option_id: [tuple(number[code] for code in group) for group in groups(option)] for option in options
    }
    for row in table.itertuples():
        expected = share(problem, by_index[row.option_a], by_index[row.option_b])
        assert row.different_share == pytest.approx(expected, abs=1e-6)
        assert row.patients == round(expected * int(problem.list_size.sum()))
    lines = difference_lines(table)
    assert len(lines) == 4
    assert f"{table['different_share'].iloc[1]:.0%}" in lines[3]
    assert lines[3].split()[0] == "option-3"


def test_a_single_option_is_compared_with_nothing() -> None:
    problem = made_up_problem(3, practices=40)
    options, _ = find_options(problem, count=1)
    assert difference_lines(option_differences(problem, options)) == []
