"""When groups cross a line: by hand, and against a search year by year."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.growth import growth_of
from grouping.growth.crossings import HARD, MINIMUM, PLACES, PREFERRED, Crossing, crossings_of
from grouping.growth.forecast import forecast_of
from grouping.growth.lists import lists_of
from grouping.programme.ground import Ground
from grouping.programme.settings import GrowthSettings
from tests.grouping.growth.made_ground import capacity, case_of, ground, place, projections, rule_set

GROWING = projections(("R1", 2030, 9_000 * 1.5), ("U2", 2030, 12_000 * 1.5))
"""B and C (22,000 today, of whom 11,500 rural: minimum 20,000) grow by 10,700 in five years, 2,140 a year."""


def of(crossings: tuple[Crossing, ...], group: str, limit: str) -> Crossing:
    (found,) = [one for one in crossings if (one.group_id, one.limit) == (group, limit)]
    return found


def test_the_first_year_above_the_preferred_and_the_hard_maximum() -> None:
    rules = rule_set(size={"preferred_maximum": 25_000, "hard_maximum": 30_000})
    made = growth_of(ground(place(projections=GROWING), rules=rules))
    found = made.found.crossings
    # 22,000 + 2,140 x (year - 2025): 26,280 in 2027, 30,560 in 2029
    assert of(found, "G02", PREFERRED).words == "rises above 25,000 in 2027 (list 26,280)"
    assert of(found, "G02", HARD).words == "rises above 30,000 in 2029 (list 30,560)"
    assert of(found, "G01", HARD).year is None


def test_a_group_reaches_its_minimum_and_another_falls_below() -> None:
    rows = projections(("U1", 2030, 30_000.0), ("R1", 2030, 6_000.0))
    made = growth_of(ground(place(projections=rows)))
    # A: 18,000 of U1 grow by 9,000 in 5 years: 20,000 + 1,800 a year reaches 25,000 in the third
    assert of(made.found.crossings, "G01", MINIMUM).words == "reaches 25,000 in 2028 (list 25,400)"
    falls = of(made.found.crossings, "G02", MINIMUM)
    # 11,400 in R1 lose a third in 5 years: 22,000 - 760 a year. C counts as rural as a whole, and 2,000 of B:
    # 12,000 of 22,000 are rural today, 9,720 of 19,720 in the third year, fewer than half
    assert falls.words == "falls below 25,000 in 2028 (list 19,720)"
    assert falls.note.startswith("it counts as urban from 2028 on, when fewer than 50%")


def test_a_minimum_that_changes_with_the_rural_share_is_told_as_that() -> None:
    rows = projections(("U2", 2027, 18_000.0), ("R1", 2027, 9_000.0))
    made = growth_of(ground(place(projections=rows)))
    # B has 10,000 in U2: +2,500 a year. 2026: 12,000 of 24,500 are rural, fewer than half
    crossing = of(made.found.crossings, "G02", MINIMUM)
    assert crossing.words == (
        "is below its minimum from 2026 on, which is 25,000 then instead of 20,000 (list 24,500), "
        "and is at or above it again in 2027"
    )


def test_capacity_by_places_is_known_where_all_practices_give_them() -> None:
    tables = {"capacity": capacity(("B", 1_000.0), ("C", 3_000.0))}
    made = growth_of(ground(place(projections=GROWING), tables=tables))
    assert of(made.found.crossings, "G02", PLACES).words == "rises above 26,000 in 2027 (list 26,280)"
    alone = of(made.found.crossings, "G01", PLACES)
    assert not alone.known
    assert alone.words == "not known: no places are given for A"
    table = next(one.table for one in made.tables if one.name == "growth-crossings")
    assert table[table["limit"] == PLACES].set_index("group_id")["line_today"].isna().to_dict() == {
        "G01": True, "G02": False,
    }  # fmt: skip


def test_capacity_by_floor_area() -> None:
    bare = place(projections=GROWING)
    sites = bare.sites.assign(floor_area_m2=[500.0, 900.0, 100.0, 900.0])
    made = growth_of(ground(place(projections=GROWING, sites=sites), estates={"m2_per_1000": 76.0}))
    # B and C have 1,900 m2: enough for 25,000
    floor = of(made.found.crossings, "G02", "floor area")
    assert floor.lines is not None and floor.lines[0] == pytest.approx(25_000)
    assert floor.year == 2027
    unknown = growth_of(ground(place(projections=GROWING), estates={"m2_per_1000": 76.0}))
    assert of(unknown.found.crossings, "G02", "floor area").note == "no floor area is given for B1, B2, C1"


@settings(max_examples=60, deadline=None)
@given(st.floats(2_000, 30_000), st.floats(5_000, 60_000), st.floats(5_000, 60_000))
def test_years_are_those_of_a_search_year_by_year(rural: float, east: float, west: float) -> None:
    rows = projections(
        ("R1", 2029, rural), ("U2", 2029, east), ("R1", 2034, 9_000.0), ("U2", 2034, 12_000.0), ("U1", 2034, west)
    )
    lists = lists_of(forecast_of(case_of(place(projections=rows)), GrowthSettings()))
    at = Ground(lists.case.run, lists.case.run.options[0])
    exact = lists.forecast.lists
    for group in at.plan.groups:
        sizes = [int(np.rint(exact.loc[list(group.members), year]).sum()) for year in exact.columns]
        for limit, line in ((PREFERRED, 50_000), (HARD, 60_000)):
            sides = [size > line for size in sizes]
            wanted = next((y for y, side in zip(exact.columns, sides, strict=True) if side != sides[0]), None)
            assert of(crossings_of(at, lists), group.group_id, limit).year == wanted
