"""Letters and colours: groups that share most patients carry the same, whatever they are called."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from grouping.compare.matched import letter, matched_colours, matched_groups
from grouping.plan import Group, Plan

PATIENTS = {code: float(size) for code, size in zip("ABCDEF", (10, 20, 30, 40, 50, 60), strict=True)}


def _plan(*groups: str) -> Plan:
    return Plan.from_groups((tuple(group), group[0]) for group in groups)


def test_worked_by_hand() -> None:
    first, second = _plan("AB", "CD", "EF"), _plan("ABC", "D", "E", "F")
    one, other = matched_groups([first, second], PATIENTS)
    assert one == {"G01": 0, "G02": 1, "G03": 2}
    # ABC holds all of AB (30 of 30); D is all of itself within CD; E and F are both within EF, and F has more patients
    assert other == {"G01": 0, "G02": 1, "G04": 2, "G03": 3}


def test_a_small_part_in_common_is_no_match() -> None:
    # A (10 patients) is all they share, of 60 in the smaller group
    one, other = matched_groups([_plan("AE", "B", "C", "D", "F"), _plan("AF", "B", "C", "D", "E")], PATIENTS)
    assert other["G01"] == one["G05"], "AF goes with F, of which it holds everybody"
    assert sorted(other.values()) == sorted(one.values())


def test_letters() -> None:
    assert [letter(n) for n in (0, 25, 26, 27, 51, 52, 701, 702)] == ["A", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"]


@given(st.lists(st.integers(0, 2), min_size=6, max_size=6), st.lists(st.integers(0, 2), min_size=6, max_size=6))
def test_names_of_groups_play_no_part(one: list[int], other: list[int]) -> None:
    plans = [
        _plan(*("".join(c for c, k in zip("ABCDEF", labels, strict=True) if k == n) for n in sorted(set(labels))))
        for labels in (one, other)
    ]
    called = Plan(tuple(Group(f"X{9 - k}", g.members, g.hub_site_code) for k, g in enumerate(plans[1].groups)))
    usual, again = matched_groups(plans, PATIENTS), matched_groups([plans[0], called], PATIENTS)
    assert usual[0] == again[0]
    assert [usual[1][group.group_id] for group in plans[1].groups] == [
        again[1][group.group_id] for group in called.groups
    ]
    assert len(set(usual[1].values())) == len(plans[1].groups), "no letter twice in a plan"
    same = matched_groups([plans[0], plans[0]], PATIENTS)
    assert same[0] == same[1]


def test_letters_that_touch_in_any_plan_have_colours_of_their_own() -> None:
    row = np.array([box(k, 0, k + 1, 1) for k in range(4)], dtype=object)
    colours = matched_colours([row, row], [[0, 1, 2, 3], [0, 2, 1, 3]], 4)
    for a, b in ((0, 1), (1, 2), (2, 3), (0, 2), (1, 3)):
        assert colours[a] != colours[b]
