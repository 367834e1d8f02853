"""Every figure of a small place, worked out by hand (`impact_place` has its map).

Two ways to be sure: the figures that matter stand here with their sums, and *every* row of the tables is worked out
once more in `plain`, a slow reading of the definitions from minutes and people that were written down by hand.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from geodata.errors import InputProblems
from grouping.impact.assemble import impact_of
from grouping.impact.communities import OUTSIDE
from grouping.impact.measures import APART_COLUMNS, CHANGE_COLUMNS, LEVEL_COLUMNS, MEASURES
from grouping.impact.result import Impact
from grouping.impact.site_options import read_site_options
from grouping.plan import Group, Plan
from tests.grouping.impact.impact_place import (
    BEFORE,
    FAR,
    NEAR,
    PARTLY,
    SERVICES,
    SPLIT,
    one_road,
    one_road_place,
    prepared,
)

NO = None
"""No route."""

# --- Written down by hand -----------------------------------------------------------------------------------------

ROWS = ("A-R1", "A-U1", "A-U2", "B-R2", "B-U2", "B-U3", "C-R1", "C-R2", "C-R3", "D-OUT", "D-R3", "D-X")
PRACTICE = [row[0] for row in ROWS]
AREA = [row[2:] for row in ROWS]
SETTING = ["not known" if area == "OUT" else "urban" if area[0] == "U" else "rural" for area in AREA]

ALL = [100, 600, 300, 200, 200, 400, 100, 400, 100, 40, 300, 60]
# 65 and over: the share of the area's residents (R1 30%, R2 25%, R3 40%, U1 10%, U2 and U3 20%, X 50%); only practice
# C counted its own, 340. By the areas it would have 30 + 100 + 40 = 170 of them, so that each of its rows is doubled.
OLDER = [30, 60, 60, 50, 40, 80, 60, 200, 80, 0, 120, 30]
# without a car: R1 10%, R2 5%, R3 10%, U1 30%, U2 20%, U3 10%; not known on the islet and outside
NO_CAR = [10, 180, 60, 10, 40, 40, 10, 20, 10, 0, 30, 0]
# deciles: U1 1, U2 and X 2, R3 3, U3 5, R1 and R2 8
DECILE = {1: ("U1",), 2: ("U2", "X"), 3: ("R3",), 5: ("U3",), 8: ("R1", "R2")}
# pharmacies stand at 1.0 and 21.6 km: U1 and U2 are within 1 km, R2 is at 1.6 km and so not *more* than that away
FAR_FROM_PHARMACY = ("R1", "R3", "U3", "X")
# carers: 50 of 1,000 in U1 (5%), 100 of 1,000 in R2 (10%)
CARERS = [0, 30, 0, 20, 0, 0, 0, 40, 0, 0, 0, 0]


def of_areas(*areas: str) -> list[int]:
    return [people if area in areas else 0 for people, area in zip(ALL, AREA, strict=True)]


def less(some: Sequence[int], unknown: Sequence[int]) -> list[int]:
    return [whole - part - none for whole, part, none in zip(ALL, some, unknown, strict=True)]


UNKNOWN_HOME, UNKNOWN_CAR = of_areas("OUT"), of_areas("OUT", "X")
DEPRIVED = of_areas("U1", "U2", "X")

FAMILIES: dict[str, dict[str, list[int]]] = {
    "all": {"all": ALL},
    "age_65_plus": {
        "age_65_plus": OLDER,
        "under_65": less(OLDER, UNKNOWN_HOME),
        "age_65_plus_unknown": UNKNOWN_HOME,
    },
    "no_car": {"no_car": NO_CAR, "has_car": less(NO_CAR, UNKNOWN_CAR), "no_car_unknown": UNKNOWN_CAR},
    "deprivation": {
        **{f"decile_{k}": of_areas(*DECILE.get(k, ())) for k in range(1, 11)},
        "decile_unknown": UNKNOWN_HOME,
    },
    "deprived": {
        "most_deprived": DEPRIVED,
        "less_deprived": less(DEPRIVED, UNKNOWN_HOME),
        "deprived_unknown": UNKNOWN_HOME,
    },
    "rural_urban": {
        "class_1": of_areas("U1", "U2", "U3"),
        "class_2": of_areas("R1"),
        "class_3": of_areas("R2", "R3", "X"),
        "class_unknown": UNKNOWN_HOME,
    },
    "setting": {
        "rural": of_areas("R1", "R2", "R3", "X"),
        "urban": of_areas("U1", "U2", "U3"),
        "setting_unknown": UNKNOWN_HOME,
    },
    "dispensing": {
        "far_from_pharmacy": of_areas(*FAR_FROM_PHARMACY),
        "near_pharmacy": of_areas("R2", "U1", "U2"),
        "dispensing_unknown": UNKNOWN_HOME,
    },
    "further_1": {
        "further_1": CARERS,
        "further_1_others": less(CARERS, UNKNOWN_HOME),
        "further_1_unknown": UNKNOWN_HOME,
    },
}
PEOPLE = {key: people for family in FAMILIES.values() for key, people in family.items()}

CAR: dict[str, dict[str, list[float | None]]] = {
    # to the nearest site of the own practice: A1 at km 0; B1 at km 5; C1 at km 20 or C2 at km 28; D1 at km 42
    #                    A-R1 U1 U2   B-R2 U2 U3   C-R1 R2 R3   D-OUT R3 X
    "routine": {"today": [10, 1, 2, 15, 3, 1, 10, 0, 18, NO, 4, NO]},
    "hub": {
        "today": [5, 4, 3, 15, 3, 1, 10, 0, 26, NO, 4, NO],  # A and B to B1, C to C1, D to D1
        "near": [10, 1, 2, 20, 2, 6, 32, 22, 4, NO, 4, NO],  # A and B to A1, C and D to D1
        "far": [24, 33, 32, 14, 32, 28, 24, 14, 12, NO, 4, NO],  # A, B and C to H1 at km 34, D to D1
        "split": [5, 4, 3, 15, 3, 1, 10, 0, 26, NO, 26, NO],  # A and B to B1, C and D to C1
        "services": [10, 1, 2, 0, 18, 14, 10, 0, 26, NO, 26, NO],  # A to A1 or C1, all others to C1
        "partly": [NO, NO, NO, 15, 3, 1, 10, 0, 26, NO, NO, NO],  # B to B1, C to C1; A and D had no hub
    },
}
BUS: dict[str, dict[str, list[float | None]]] = {
    "routine": {"today": [40, 5, 8, 60, 10, 6, 50, 4, NO, NO, 20, NO]},
    "hub": {
        "today": [NO, 12, 10, 60, 10, 6, 50, 4, NO, NO, 20, NO],
        "near": [40, 5, 8, NO, 8, 15, NO, NO, 20, NO, 20, NO],
        "far": [NO, 70, 68, NO, 68, NO, NO, NO, NO, NO, 20, NO],
        "services": [40, 5, 8, 4, NO, NO, 50, 4, NO, NO, NO, NO],
        "partly": [NO, NO, NO, 60, 10, 6, 50, 4, NO, NO, NO, NO],
    },
}


def on_foot(minutes: Sequence[float | None], islet: float | None) -> list[float | None]:
    """12.5 minutes a kilometre; straight lines know no water, so that the islet is `islet` km away."""
    return [None if m is None else 12.5 * m for m in (*minutes[:-1], islet)]


# the islet is 18 km from D1, and 40 km from C1; where practice D had no hub, its patients there had none either
ISLET = {"services": 40, "partly": NO}
WALK = {
    "routine": {"today": on_foot(CAR["routine"]["today"], 18)},
    "hub": {name: on_foot(row, ISLET.get(name, 18)) for name, row in CAR["hub"].items()},
}
BY_MODE = {"car": CAR, "public-transport": BUS, "walk": WALK}
MODES = tuple(BY_MODE)


def minutes_of(option: str, journey: str, mode: str, before: str) -> tuple[list, list]:
    """Before and after of every row."""
    known = BY_MODE[mode][journey]
    if journey == "routine":
        return known["today"], known["today"]
    return (known[before] if before else [NO] * len(ROWS)), known[option]


# --- A slow reading of the definitions ----------------------------------------------------------------------------

Row = tuple[int, float | None, float | None]
"""People, minutes before, minutes after."""


def mean(pairs: Iterable[tuple[int, float]]) -> float:
    pairs = [(people, Fraction(minutes)) for people, minutes in pairs if people]
    people = sum(n for n, _ in pairs)
    return float(sum(n * m for n, m in pairs) / people) if people else math.nan


def quantile(pairs: Iterable[tuple[int, float]], share: Fraction) -> float:
    """Line everybody up by minutes and walk along until the share is reached."""
    line = sorted((minutes, people) for people, minutes in pairs if people)
    wanted, reached = share * sum(people for _, people in line), 0
    for minutes, people in line:
        reached += people
        if reached >= wanted:
            return float(minutes)
    return math.nan


def plain(rows: Sequence[Row], *, baseline: bool = True, apart: Sequence[Row] = ()) -> dict[str, float]:
    """Every figure of the summary, from the definitions; `apart` are patients of a practice that keeps no site."""
    everybody = [*rows, *apart]
    whole = sum(people for people, _, _ in everybody)
    after = [(people, now) for people, _, now in everybody if now is not None]
    found = {
        "people": whole,
        "no_route": whole - sum(people for people, _ in after),
        "mean": mean(after),
        "median": quantile(after, Fraction(1, 2)),
        "p90": quantile(after, Fraction(9, 10)),
        "longest": max((now for people, now in after if people), default=math.nan),
        "beyond": sum(people for people, now in after if now > 30),
        "kept_no_site": sum(people for people, _, _ in apart),
    }
    for limit in (10, 15, 20, 30, 45):
        found[f"within_{limit}"] = sum(n for n, now in after if now <= limit) / whole if whole else math.nan
    if not baseline:
        return found | dict.fromkeys((*CHANGE_COLUMNS, *APART_COLUMNS[1:]), math.nan)
    both, received = with_both(rows), with_both(apart)
    found |= {
        "people_compared": sum(people for people, _, _ in both),
        "mean_before": mean((people, then) for people, then, _ in both),
        "mean_after": mean((people, now) for people, _, now in both),
        "mean_change": mean((people, now - then) for people, then, now in both),
        "median_before": quantile([(people, then) for people, then, _ in both], Fraction(1, 2)),
        "p90_before": quantile([(people, then) for people, then, _ in both], Fraction(9, 10)),
        "shorter_5": sum(people for people, then, now in both if then - now > 5),
        "newly_beyond": sum(people for people, then, now in both if then <= 30 < now),
        "no_longer_beyond": sum(people for people, then, now in both if now <= 30 < then),
        "lost_route": sum(people for people, then, now in rows if then is not None and now is None),
        "gained_route": sum(people for people, then, now in rows if then is None and now is not None),
        "change_in_patient_minutes": sum(people * (now - then) for people, then, now in both),
        "kept_no_site_before": mean((people, then) for people, then, _ in received),
        "kept_no_site_after": mean((people, now) for people, _, now in received),
        "kept_no_site_longer_5": sum(people for people, then, now in received if now - then > 5),
    }
    for limit in (5, 10, 15, 20):
        found[f"longer_{limit}"] = sum(people for people, then, now in both if now - then > limit)
    return found


def with_both(rows: Sequence[Row]) -> list[Row]:
    """Who is compared: those with minutes before and after."""
    return [row for row in rows if row[1] is not None and row[2] is not None]


def rows_where(
    people: Sequence[int], before: Sequence[float | None], after: Sequence[float | None], chosen: Sequence[bool]
) -> list[Row]:
    every = zip(people, before, after, chosen, strict=True)
    return [(n, then, now) for n, then, now, wanted in every if wanted]


def in_setting(setting: str) -> list[bool]:
    return [setting in ("all", own) for own in SETTING]


def agree(row: object, expected: Mapping[str, object], what: object) -> None:
    """Figures are the same within what adding fractions leaves; NaN is NaN; texts are the same."""
    told = {name: getattr(row, name) for name in expected}
    for name, value in expected.items():
        if isinstance(value, str | bool):
            assert told[name] == value, (what, name)
        else:
            assert told[name] == pytest.approx(value, rel=1e-12, abs=1e-9, nan_ok=True), (what, name)


def only(table: pd.DataFrame, **where: str) -> object:
    """The one row of a table."""
    for column, value in where.items():
        table = table[table[column] == value]
    (row,) = table.itertuples(index=False)
    return row


# --- The impact under test ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def impact() -> Impact:
    """Two options against today's networks, under more and other people too."""
    scenarios = ("projected", "housing", "other-rural")
    return impact_of(one_road(), {"near": NEAR, "far": FAR}, baseline=BEFORE, scenarios=scenarios)


@pytest.fixture(scope="module")
def against_services() -> Impact:
    """One option against the sites where hub services run today."""
    return impact_of(one_road(), {"near": NEAR}, baseline=SERVICES, scenarios=())


@pytest.fixture(scope="module")
def partly() -> Impact:
    """Two options against networks of which practices A and D were no part: nothing is compared for their patients."""
    return impact_of(one_road(), {"near": NEAR, "far": FAR}, baseline=PARTLY, scenarios=())


@pytest.fixture(scope="module")
def level_only() -> Impact:
    """Both options without anything to compare with."""
    return impact_of(one_road(), {"near": NEAR, "far": FAR}, scenarios=())


# --- Who the patients are -----------------------------------------------------------------------------------------


def test_every_population_is_counted_by_setting(impact: Impact) -> None:
    table = impact.tables["people"]
    present = table[table["family"] != ""]
    assert list(present["population"]) == list(PEOPLE)
    assert list(present["family"]) == [family for family, parts in FAMILIES.items() for _ in parts]
    for row in present.itertuples(index=False):
        people = PEOPLE[row.population]
        count = {
            setting: sum(n for n, here in zip(people, in_setting(setting), strict=True) if here)
            for setting in ("rural", "urban", "not known")
        }
        expected = {"people": sum(people), "rural": count["rural"], "urban": count["urban"]}
        agree(row, expected | {"not_known": count["not known"]}, row.population)
    # 30+60+60 + 50+40+80 + 60+200+80 + 120+30 = 810; of them 30+50+60+200+80+120+30 = 570 in the country
    agree(only(table, population="age_65_plus"), {"people": 810, "rural": 570, "urban": 240, "not_known": 0}, "65+")
    # 10+180+60 + 10+40+40 + 10+20+10 + 30 = 410; of them 10+10+10+20+10+30 = 90 in the country
    agree(only(table, population="no_car"), {"people": 410, "rural": 90, "urban": 320, "not_known": 0}, "no car")
    # U1 600 + U2 300+200 + X 60
    agree(only(table, population="most_deprived"), {"people": 1160, "rural": 60, "urban": 1100}, "deprived")
    # U3 400 + R1 100+100 + R3 100+300 + X 60
    agree(only(table, population="far_from_pharmacy"), {"people": 1060, "rural": 660, "urban": 400}, "pharmacy")


def test_what_the_inputs_do_not_hold_is_told_and_not_guessed(impact: Impact) -> None:
    absent = impact.tables["people"][impact.tables["people"]["family"] == ""]
    assert list(absent["label"]) == ["Aged 75 and over", "Aged 85 and over", "Children"]
    assert absent["carried"].str.startswith("not in the inputs").all()
    assert absent[["people", "rural", "urban", "not_known"]].isna().all(axis=None)
    assert not set(impact.tables["summary"]["population"]) & {"age_75_plus", "age_85_plus", "children"}


# --- The summary --------------------------------------------------------------------------------------------------

BY_HAND = {
    # near, hub, car; minutes before -> after and people:
    #   country: A-R1 100 5->10, B-R2 200 15->20, C-R1 100 10->32, C-R2 400 0->22, C-R3 100 26->4, D-R3 300 4->4
    #   town:    A-U1 600 4->1, A-U2 300 3->2, B-U2 200 3->2, B-U3 400 1->6
    ("near", "hub", "car", "all", "all"): {
        "people": 2_800,
        "no_route": 40 + 60,  # outside, and the islet
        "mean": 22_600 / 2_700,  # 1000+4000+3200+8800+400+1200 + 600+600+400+2400
        "median": 4,  # 600 within 1, 1,100 within 2, 1,500 within 4: half of 2,700 is 1,350
        "p90": 22,  # 2,200 within 20, 2,600 within 22: nine tenths are 2,430
        "longest": 32,
        "within_10": 2_000 / 2_800,  # 600 + 500 + 400 (4 min) + 400 (6) + 100 (10), of all people
        "within_15": 2_000 / 2_800,
        "within_20": 2_200 / 2_800,
        "within_30": 2_600 / 2_800,
        "within_45": 2_700 / 2_800,
        "beyond": 100,
        "people_compared": 2_700,
        "mean_before": 12_600 / 2_700,  # 500+3000+1000+0+2600+1200 + 2400+900+600+400
        "mean_after": 22_600 / 2_700,
        "mean_change": 10_000 / 2_700,
        "median_before": 4,  # 400 at 0, 800 within 1, 1,300 within 3, 2,200 within 4
        "p90_before": 15,  # 2,300 within 5, 2,400 within 10, 2,600 within 15
        "longer_5": 100 + 400,  # +22; the 700 people with exactly +5 are not *more* than 5 minutes longer
        "longer_10": 500,
        "longer_15": 500,
        "longer_20": 500,
        "shorter_5": 100,  # C-R3, -22
        "newly_beyond": 100,  # C-R1, 10 -> 32
        "no_longer_beyond": 0,
        "lost_route": 0,
        "gained_route": 0,
        "change_in_patient_minutes": 10_000,  # 500+1000+2200+8800-2200+0 - 1800-300-200+2000
        "kept_no_site": 0,
    },
    ("near", "hub", "car", "all", "rural"): {
        "people": 1_260,
        "no_route": 60,
        "mean": 18_600 / 1_200,
        "median": 20,  # 400 within 4, 500 within 10, 700 within 20
        "p90": 22,  # 1,100 within 22; nine tenths are 1,080
        "longest": 32,
        "within_10": 500 / 1_260,
        "within_15": 500 / 1_260,
        "within_20": 700 / 1_260,
        "within_30": 1_100 / 1_260,
        "within_45": 1_200 / 1_260,
        "beyond": 100,
        "people_compared": 1_200,
        "mean_before": 8_300 / 1_200,
        "mean_after": 18_600 / 1_200,
        "mean_change": 10_300 / 1_200,
        "median_before": 4,  # 400 at 0, 700 within 4
        "p90_before": 15,  # 800 within 5, 900 within 10, 1,100 within 15
        "longer_5": 500,
        "longer_10": 500,
        "longer_15": 500,
        "longer_20": 500,
        "shorter_5": 100,
        "newly_beyond": 100,
        "change_in_patient_minutes": 10_300,
    },
    ("near", "hub", "car", "all", "urban"): {
        "people": 1_500,
        "no_route": 0,
        "mean": 4_000 / 1_500,  # 600 + 600 + 400 + 2400
        "median": 2,  # 600 within 1, 1,100 within 2; half is 750
        "p90": 6,
        "longest": 6,
        "within_10": 1,
        "beyond": 0,
        "people_compared": 1_500,
        "mean_before": 4_300 / 1_500,  # 2400 + 900 + 600 + 400
        "mean_change": -300 / 1_500,
        "median_before": 3,  # 400 within 1, 900 within 3
        "p90_before": 4,
        "longer_5": 0,  # B-U3: 1 -> 6
        "shorter_5": 0,
        "change_in_patient_minutes": -300,
    },
    # the 40 whose home the inputs do not hold: counted, and without any minutes
    ("near", "hub", "car", "all", "not known"): {
        "people": 40,
        "no_route": 40,
        "mean": math.nan,
        "median": math.nan,
        "p90": math.nan,
        "longest": math.nan,
        "within_45": 0,
        "beyond": 0,
        "people_compared": 0,
        "mean_before": math.nan,
        "mean_change": math.nan,
        "longer_5": 0,
        "newly_beyond": 0,
        "lost_route": 0,
        "change_in_patient_minutes": 0,
    },
    ("near", "hub", "car", "age_65_plus", "all"): {
        "people": 810,
        "no_route": 30,
        "mean": 9_160 / 780,  # 300+60+120 + 1000+80+480 + 1920+4400+320 + 480
        "median": 6,  # 60, 160, 360 within 4, 440 within 6; half of 780 is 390
        "p90": 22,  # 520 within 20, 720 within 22; 702
        "longest": 32,
        "within_10": 470 / 810,
        "within_15": 470 / 810,
        "within_20": 520 / 810,
        "within_30": 720 / 810,
        "within_45": 780 / 810,
        "beyond": 60,
        "people_compared": 780,
        "mean_before": 6,  # 4,680 / 780: 150+240+180 + 750+120+80 + 600+0+2080 + 480
        "mean_change": 4_480 / 780,
        "median_before": 4,  # 200 at 0, 280, 380 within 3, 560 within 4
        "p90_before": 26,  # 700 within 15: two people too few
        "longer_5": 260,
        "longer_20": 260,
        "shorter_5": 80,
        "newly_beyond": 60,
        "change_in_patient_minutes": 4_480,
    },
    ("near", "hub", "car", "no_car", "all"): {
        "people": 410,
        "no_route": 0,  # of the 100 without a route it is not known
        "mean": 1_840 / 410,  # 100+180+120 + 200+80+240 + 320+440+40 + 120
        "median": 2,  # 180 within 1, 280 within 2; 205
        "p90": 10,  # 360 within 6, 370 within 10; 369
        "longest": 32,
        "within_10": 370 / 410,
        "within_20": 380 / 410,
        "within_30": 400 / 410,
        "within_45": 1,
        "beyond": 10,
        "mean_before": 1_740 / 410,  # 50+720+180 + 150+120+40 + 100+0+260 + 120
        "mean_change": 100 / 410,
        "median_before": 4,
        "p90_before": 4,  # 160 within 3, 370 within 4
        "longer_5": 30,
        "shorter_5": 10,
        "newly_beyond": 10,
        "change_in_patient_minutes": 100,
    },
    ("near", "hub", "car", "most_deprived", "all"): {
        "people": 1_160,
        "no_route": 60,
        "mean": 1_600 / 1_100,  # 600*1 + 500*2
        "median": 1,
        "p90": 2,
        "longest": 2,
        "within_10": 1_100 / 1_160,
        "within_45": 1_100 / 1_160,
        "mean_before": 3_900 / 1_100,  # 600*4 + 500*3
        "mean_change": -2_300 / 1_100,
        "median_before": 4,  # 500 within 3, half is 550
        "longer_5": 0,
        "shorter_5": 0,
        "change_in_patient_minutes": -2_300,
    },
    ("near", "hub", "car", "far_from_pharmacy", "all"): {
        "people": 1_060,
        "no_route": 60,
        "mean": 8.2,  # 1000 + 2400 + 3200 + 400 + 1200 over 1,000
        "median": 6,  # 400 within 4, 800 within 6
        "p90": 10,  # 900 within 10, exactly nine tenths
        "within_30": 900 / 1_060,
        "within_45": 1_000 / 1_060,
        "beyond": 100,
        "mean_before": 5.7,  # 500 + 400 + 1000 + 2600 + 1200
        "mean_change": 2.5,
        "median_before": 4,
        "p90_before": 10,
        "longer_5": 100,
        "shorter_5": 100,
        "newly_beyond": 100,
        "change_in_patient_minutes": 2_500,
    },
    # far: +19, +29, +29 / -1, +29, +27 / +14, +14, -14 / 0
    ("far", "hub", "car", "all", "all"): {
        "people": 2_800,
        "no_route": 100,
        "mean": 62_600 / 2_700,  # 2400+19800+9600 + 2800+6400+11200 + 2400+5600+1200 + 1200
        "median": 28,  # 300, 400, 1,000 within 14, 1,200 within 24, 1,600 within 28
        "p90": 33,  # 2,100 within 32, all within 33
        "longest": 33,
        "within_10": 300 / 2_800,
        "within_15": 1_000 / 2_800,
        "within_20": 1_000 / 2_800,
        "within_30": 1_600 / 2_800,
        "within_45": 2_700 / 2_800,
        "beyond": 600 + 300 + 200,
        "mean_before": 12_600 / 2_700,
        "mean_change": 50_000 / 2_700,
        "longer_5": 2_100,  # all but B-R2, C-R3 and D-R3
        "longer_10": 2_100,
        "longer_15": 1_600,  # without C-R1 and C-R2, +14
        "longer_20": 1_500,  # without A-R1, +19
        "shorter_5": 100,
        "newly_beyond": 1_100,
        "change_in_patient_minutes": 50_000,
    },
    # near, by bus: A-R1 none->40, A-U1 12->5, A-U2 10->8, B-R2 60->none, B-U2 10->8, B-U3 6->15, C-R1 50->none,
    # C-R2 4->none, C-R3 none->20, D-R3 20->20
    ("near", "hub", "public-transport", "all", "all"): {
        "people": 2_800,
        "no_route": 200 + 100 + 400 + 40 + 60,
        "mean": 12.5,  # 4000+3000+2400+1600+6000+2000+6000 = 25,000 over 2,000
        "median": 8,  # 600 within 5, 1,100 within 8
        "p90": 20,  # 1,500 within 15, 1,900 within 20
        "longest": 40,
        "within_10": 1_100 / 2_800,
        "within_15": 1_500 / 2_800,
        "within_20": 1_900 / 2_800,
        "within_30": 1_900 / 2_800,
        "within_45": 2_000 / 2_800,
        "beyond": 100,  # A-R1, 40 minutes
        "people_compared": 1_800,
        "mean_before": 20_600 / 1_800,  # 7200+3000+2000+2400+6000
        "mean_after": 19_000 / 1_800,  # 3000+2400+1600+6000+6000
        "mean_change": -1_600 / 1_800,
        "median_before": 10,  # 400 within 6, 900 within 10
        "p90_before": 20,  # 1,500 within 12
        "longer_5": 400,  # B-U3
        "longer_10": 0,
        "shorter_5": 600,  # A-U1
        "newly_beyond": 0,  # A-R1 had no route before: that is counted apart
        "no_longer_beyond": 0,
        "lost_route": 200 + 100 + 400,
        "gained_route": 100 + 100,
        "change_in_patient_minutes": -1_600,
    },
    ("near", "routine", "car", "all", "all"): {
        "people": 2_800,
        "no_route": 100,
        "mean": 10_200 / 2_700,  # 1000+600+600 + 3000+600+400 + 1000+0+1800 + 1200
        "median": 1,  # 400 at 0, 1,400 within 1; half is 1,350
        "p90": 15,  # 1,700 within 2, 1,900 within 3, 2,200 within 4, 2,400 within 10, 2,600 within 15
        "longest": 18,
        "beyond": 0,
        "people_compared": 2_700,
        "mean_before": 10_200 / 2_700,
        "mean_after": 10_200 / 2_700,
        "mean_change": 0,
        "change_in_patient_minutes": 0,
        "kept_no_site": 0,
        "kept_no_site_before": math.nan,
        "kept_no_site_after": math.nan,
        "kept_no_site_longer_5": 0,
    },
}


@pytest.mark.parametrize("key", list(BY_HAND), ids=" ".join)
def test_the_summary_as_worked_by_hand(impact: Impact, key: tuple[str, ...]) -> None:
    table = impact.tables["summary"]
    option, journey, mode, population, setting = key
    row = only(
        table[table["scenario"] == ""],
        option=option,
        journey=journey,
        mode=mode,
        population=population,
        setting=setting,
    )
    agree(row, BY_HAND[key], key)


def summary_agrees(impact: Impact, options: Sequence[str], before: str) -> None:
    """Every row of the summary for the case as it stands, by the slow reading."""
    table = impact.tables["summary"]
    table = table[table["scenario"] == ""]
    expected = {}
    for option in options:
        for journey in ("routine", "hub"):
            for mode in MODES:
                then, now = minutes_of(option, journey, mode, before)
                for population, people in PEOPLE.items():
                    for setting in ("all", "rural", "urban", "not known"):
                        rows = rows_where(people, then, now, in_setting(setting))
                        if setting == "all" or sum(n for n, _, _ in rows):
                            key = (option, journey, mode, population, setting)
                            expected[key] = plain(rows, baseline=journey == "routine" or before != "")
    told = {(row.option, row.journey, row.mode, row.population, row.setting): row for row in table.itertuples()}
    assert told.keys() == expected.keys()
    assert len(told) == len(table)
    for key, figures in expected.items():
        assert set(figures) == set(MEASURES)
        agree(told[key], figures, key)


def test_every_row_of_the_summary(impact: Impact) -> None:
    summary_agrees(impact, ("near", "far"), "today")


def test_every_row_of_the_summary_against_sites_of_today(against_services: Impact) -> None:
    summary_agrees(against_services, ("near",), "services")
    # by car: 0 0 0 / +20 -16 -8 / +22 +22 -22 / -22 for 100 600 300 / 200 200 400 / 100 400 100 / 300
    row = only(
        against_services.tables["summary"], journey="hub", mode="car", population="all", setting="all", option="near"
    )
    expected = {
        "mean_before": 22_800 / 2_700,  # 1000+600+600 + 0+3600+5600 + 1000+0+2600 + 7800
        "mean_change": -200 / 2_700,
        "longer_5": 700,
        "longer_15": 700,
        "longer_20": 500,  # B-R2 is exactly 20 minutes longer
        "shorter_5": 200 + 400 + 100 + 300,
        "newly_beyond": 100,
        "change_in_patient_minutes": -200,  # 4000-3200-3200 + 2200+8800-2200 - 6600
    }
    agree(row, expected, "services")
    assert against_services.baseline == SERVICES.sentence


def test_without_a_baseline_the_hub_has_a_level_and_no_change(level_only: Impact) -> None:
    summary_agrees(level_only, ("near", "far"), "")
    hub = level_only.tables["summary"][level_only.tables["summary"]["journey"] == "hub"]
    assert hub[[*CHANGE_COLUMNS, *APART_COLUMNS[1:]]].isna().all(axis=None)
    assert (hub["kept_no_site"] == 0).all()
    assert hub[list(LEVEL_COLUMNS[:2])].notna().all(axis=None)
    routine = level_only.tables["summary"][level_only.tables["summary"]["journey"] == "routine"]
    assert (routine["change_in_patient_minutes"] == 0).all()
    assert level_only.baseline == ""
    for name in ("practices", "groups"):
        table = level_only.tables[name]
        nothing = ["people_compared", "mean_before", "mean_after", "change"]
        assert table.loc[table["journey"] == "hub", nothing].isna().all(axis=None)
    gaps = level_only.tables["inequality"].query("journey == 'hub'")
    assert gaps[["gap_before", "gap_after"]].isna().all(axis=None)
    assert gaps["gap"].notna().all()


def test_every_row_of_the_summary_where_some_had_no_hub_before(partly: Impact) -> None:
    summary_agrees(partly, ("near", "far"), "partly")
    row = only(partly.tables["summary"], option="near", journey="hub", mode="car", population="all", setting="all")
    # B-R2 200 15->20, B-U2 200 3->2, B-U3 400 1->6; C-R1 100 10->32, C-R2 400 0->22, C-R3 100 26->4
    expected = {
        "mean": 22_600 / 2_700,  # the level is that of everybody with a route
        "no_route": 100,
        "people_compared": 800 + 600,
        "mean_before": 7_600 / 1_400,  # 3000+600+400 + 1000+0+2600
        "mean_after": 19_200 / 1_400,  # 4000+400+2400 + 3200+8800+400
        "mean_change": 11_600 / 1_400,
        "median_before": 1,  # 400 at 0, 800 within 1; half is 700
        "p90_before": 15,  # 1,100 within 10, 1,300 within 15: nine tenths are 1,260
        "longer_5": 100 + 400,
        "shorter_5": 100,
        "newly_beyond": 100,
        "lost_route": 0,
        "gained_route": 1_000 + 300,  # A, and those of D with a road
        "change_in_patient_minutes": 11_600,
    }
    agree(row, expected, "partly")


# --- Inequality ---------------------------------------------------------------------------------------------------

IMPACTS = {"today": "impact", "partly": "partly", "": "level_only"}
"""Fixtures by what they are compared with."""

PAIRS = (
    ("rural", "urban"),
    ("age_65_plus", "under_65"),
    ("no_car", "has_car"),
    ("most_deprived", "less_deprived"),
    ("far_from_pharmacy", "near_pharmacy"),
    ("further_1", "further_1_others"),
)


def test_inequality_as_worked_by_hand(impact: Impact) -> None:
    table = impact.tables["inequality"]
    by_hand = {
        # people, people compared with, mean, mean compared with, gap before
        "rural": (1_260, 1_500, 18_600 / 1_200, 4_000 / 1_500, 8_300 / 1_200 - 4_300 / 1_500),
        "age_65_plus": (810, 1_950, 9_160 / 780, 7.0, 6.0 - 4.125),  # 13,440 and 7,920 over 1,920
        "no_car": (410, 2_290, 1_840 / 410, 20_760 / 2_290, 1_740 / 410 - 10_860 / 2_290),
        "most_deprived": (1_160, 1_600, 1_600 / 1_100, 21_000 / 1_600, 3_900 / 1_100 - 8_700 / 1_600),
        "far_from_pharmacy": (1_060, 1_700, 8.2, 14_400 / 1_700, 5.7 - 6_900 / 1_700),
        # 30*1 + 20*20 + 40*22 = 1,310 over 90; before 30*4 + 20*15 + 40*0 = 420
        "further_1": (90, 2_670, 1_310 / 90, 21_290 / 2_610, 420 / 90 - 12_180 / 2_610),
    }
    part = table[(table["option"] == "near") & (table["journey"] == "hub") & (table["mode"] == "car")]
    assert list(part["population"]) == list(by_hand)
    for row in part.itertuples(index=False):
        people, others, one, other, before = by_hand[row.population]
        expected = {
            "people": people,
            "people_compared_with": others,
            "mean": one,
            "mean_compared_with": other,
            "gap": one - other,
            "ratio": one / other,
            "gap_before": before,
            "gap_after": one - other,  # everybody with a route had one before
        }
        agree(row, expected, row.population)


def test_the_gaps_are_those_of_the_people_compared(partly: Impact) -> None:
    row = only(partly.tables["inequality"], option="near", journey="hub", mode="car", population="rural")
    # country: B-R2 200 15->20, C-R1 100 10->32, C-R2 400 0->22, C-R3 100 26->4: 6,600 and 16,400 over 800
    # town: B-U2 200 3->2, B-U3 400 1->6: 1,000 and 2,800 over 600
    expected = {
        "people": 1_260,
        "people_compared_with": 1_500,
        "gap": 18_600 / 1_200 - 4_000 / 1_500,  # of all with a route
        "gap_before": 6_600 / 800 - 1_000 / 600,
        "gap_after": 16_400 / 800 - 2_800 / 600,
    }
    agree(row, expected, "partly")


@pytest.mark.parametrize("before", ["today", "partly", ""])
def test_every_row_of_inequality(before: str, request: pytest.FixtureRequest) -> None:
    table = request.getfixturevalue(IMPACTS[before]).tables["inequality"]
    assert len(table) == 2 * 2 * 3 * len(PAIRS)
    for option in ("near", "far"):
        for journey in ("routine", "hub"):
            for mode in MODES:
                then, now = minutes_of(option, journey, mode, before)
                compared = journey == "routine" or before != ""
                for pair in PAIRS:
                    one, other = (
                        plain(rows_where(PEOPLE[key], then, now, [True] * 12), baseline=compared) for key in pair
                    )
                    where = {"option": option, "journey": journey, "mode": mode, "population": pair[0]}
                    expected = {
                        "people": one["people"],
                        "people_compared_with": other["people"],
                        "mean": one["mean"],
                        "mean_compared_with": other["mean"],
                        "gap": one["mean"] - other["mean"],
                        "ratio": one["mean"] / other["mean"],
                        "gap_before": one["mean_before"] - other["mean_before"],
                        "gap_after": one["mean_after"] - other["mean_after"],
                    }
                    agree(only(table, **where), expected, where)


# --- Practices and groups -----------------------------------------------------------------------------------------

NAMES = {"A": "Alpha", "B": "Beta", "C": "Gamma", "D": "Delta"}
MOSTLY = {"A": "urban", "B": "urban", "C": "rural", "D": "rural"}  # 900 of 1,000; 600 of 800; all; all known
GROUPS = {"near": {"G01": "AB", "G02": "CD"}, "far": {"G01": "ABC", "G02": "D"}}


def test_practices_as_worked_by_hand(impact: Impact) -> None:
    by_hand = {
        "A": (1_000, 0, 3.8, 2.2, -1.6),  # 500+2400+900; 1000+600+600
        "B": (800, 0, 5.0, 8.5, 3.5),  # 3000+600+400; 4000+400+2400
        "C": (600, 0, 6.0, 12_400 / 600, 8_800 / 600),  # 1000+0+2600; 3200+8800+400
        "D": (400, 100, 4.0, 4.0, 0.0),
    }
    table = impact.tables["practices"]
    for code, (people, no_route, before, after, change) in by_hand.items():
        row = only(table, option="near", journey="hub", mode="car", practice_code=code)
        expected = {
            "name": NAMES[code],
            "group_id": "G01" if code in "AB" else "G02",
            "setting": MOSTLY[code],
            "people": people,
            "no_route": no_route,
            "mean": after,
            "people_compared": people - no_route,
            "mean_before": before,
            "mean_after": after,
            "change": change,
        }
        agree(row, expected, code)


def test_practices_and_groups_of_which_some_had_no_hub_before(partly: Impact) -> None:
    none = math.nan
    by_hand = {
        # mean of all with a route; people compared, their means before and after
        "A": (2.2, 0, none, none),
        "B": (8.5, 800, 5.0, 8.5),
        "C": (12_400 / 600, 600, 6.0, 12_400 / 600),
        "D": (4.0, 0, none, none),
        # A 2,200 and B 6,800 over 1,800; compared is B alone
        "G01": (5.0, 800, 5.0, 8.5),
        # C 12,400 and D 1,200 over 900; compared is C alone
        "G02": (13_600 / 900, 600, 6.0, 12_400 / 600),
    }
    for key, (level, compared, before, after) in by_hand.items():
        name, column = ("groups", "group_id") if key.startswith("G") else ("practices", "practice_code")
        row = only(partly.tables[name], option="near", journey="hub", mode="car", **{column: key})
        expected = {"mean": level, "people_compared": compared, "mean_before": before, "mean_after": after}
        agree(row, expected | {"change": after - before}, key)


def test_groups_as_worked_by_hand(impact: Impact) -> None:
    table = impact.tables["groups"]
    town = only(table, option="near", journey="hub", mode="car", group_id="G01")
    # before 3800 + 4000 = 7,800 patient-minutes, after 2200 + 6800 = 9,000, over 1,800
    expected = {"people": 1_800, "no_route": 0, "mean_before": 7_800 / 1_800, "mean_after": 5.0, "longest": 20}
    expected |= {"mean": 5.0, "people_compared": 1_800, "change": 1_200 / 1_800}
    agree(town, expected | {"name": "G01"}, "town")
    country = only(table, option="near", journey="hub", mode="car", group_id="G02")
    # before 3600 + 1200, after 12400 + 1200, over 900 with a route
    expected = {"people": 1_000, "no_route": 100, "mean_before": 4_800 / 900, "mean_after": 13_600 / 900, "longest": 32}
    expected |= {"mean": 13_600 / 900, "people_compared": 900, "change": 8_800 / 900}
    agree(country, expected, "country")


def before_and_after(figures: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    """Of the figures those that practices and groups have; the mean after is that of the people compared."""
    renamed = {**figures, "change": figures["mean_after"] - figures["mean_before"]}
    return {name: renamed[name] for name in names}


@pytest.mark.parametrize("before", ["today", "partly", ""])
def test_every_row_of_practices_and_groups(before: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(IMPACTS[before])
    practices, groups = found.tables["practices"], found.tables["groups"]
    assert len(practices) == 2 * 2 * 3 * 4
    assert len(groups) == 2 * 2 * 3 * 2
    wanted = ("people", "no_route", "mean", "people_compared", "mean_before", "mean_after", "change")
    for option, members in GROUPS.items():
        for journey in ("routine", "hub"):
            for mode in MODES:
                then, now = minutes_of(option, journey, mode, before)
                compared = journey == "routine" or before != ""
                where = {"option": option, "journey": journey, "mode": mode}
                for code in NAMES:
                    rows = rows_where(ALL, then, now, [own == code for own in PRACTICE])
                    figures = plain(rows, baseline=compared)
                    row = only(practices, practice_code=code, **where)
                    agree(row, before_and_after(figures, wanted), (where, code))
                for name, codes in members.items():
                    rows = rows_where(ALL, then, now, [own in codes for own in PRACTICE])
                    figures = plain(rows, baseline=compared)
                    row = only(groups, group_id=name, **where)
                    agree(row, before_and_after(figures, (*wanted, "longest")), (where, name))


# --- Communities --------------------------------------------------------------------------------------------------

COMMUNITIES = {  # its areas, setting
    "Dale": ("R2", "rural"),
    "Edge": ("R1 U3", "mixed"),
    "Harbour": ("U1 U2", "urban"),
    OUTSIDE: ("OUT", "not known"),
    "Islet": ("X", "rural"),
    "near Farthing": ("R3", "rural"),
}


def community_rows(name: str) -> list[bool]:
    return [area in COMMUNITIES[name][0].split() for area in AREA]


def test_communities_as_worked_by_hand(impact: Impact) -> None:
    none = math.nan
    by_hand = {
        # people, 65+, no car, most deprived, no route, before, after, change, longest, newly beyond, beyond
        # B 200 15->20 and C 400 0->22
        "Dale": (600, 250, 30, 0, 0, 3_000 / 600, 12_800 / 600, 9_800 / 600, 22, 0, 0),
        # A 100 5->10, B 400 1->6, C 100 10->32
        "Edge": (600, 170, 60, 0, 0, 1_900 / 600, 6_600 / 600, 4_700 / 600, 32, 100, 100),
        # 600 4->1 and 500 3->2
        "Harbour": (1_100, 160, 280, 1_100, 0, 3_900 / 1_100, 1_600 / 1_100, -2_300 / 1_100, 2, 0, 0),
        # C 100 26->4, D 300 4->4
        "near Farthing": (400, 200, 40, 0, 0, 3_800 / 400, 1_600 / 400, -2_200 / 400, 4, 0, 0),
        # nothing to judge by: last, fewer than 50 people after the others; of those outside the inputs nothing is known
        "Islet": (60, 30, none, 60, 60, none, none, none, none, 0, 0),
        OUTSIDE: (40, none, none, none, 40, none, none, none, none, 0, 0),
    }
    table = impact.tables["communities"]
    part = table[(table["option"] == "near") & (table["journey"] == "hub") & (table["mode"] == "car")]
    assert list(part["community"]) == list(by_hand)
    assert list(part["rank"]) == [1, 2, 3, 4, 5, 6]
    columns = (
        "people age_65_plus no_car most_deprived no_route minutes_before minutes_after change longest newly_beyond"
    )
    for row in part.itertuples(index=False):
        expected = dict(zip([*columns.split(), "beyond"], by_hand[row.community], strict=True))
        expected |= dict(zip(("areas", "setting"), COMMUNITIES[row.community], strict=True))
        # everybody with a route had one before
        expected |= {"minutes": expected["minutes_after"], "people_compared": expected["people"] - expected["no_route"]}
        agree(row, expected, row.community)


def test_communities_of_which_some_had_no_hub_before(partly: Impact, level_only: Impact) -> None:
    none = math.nan
    by_hand = {
        # minutes of all with a route; people compared, their minutes before and after, change; newly beyond, beyond
        # B 200 15->20 and C 400 0->22: all of them
        "Dale": (12_800 / 600, 600, 3_000 / 600, 12_800 / 600, 9_800 / 600, 0, 0),
        # A 100 ?->10, B 400 1->6, C 100 10->32: 6,600 over 600; compared are B and C, 1,400 and 5,600 over 500
        "Edge": (11.0, 500, 2.8, 11.2, 8.4, 100, 100),
        # A 900 ?->1 and 2, B 200 3->2
        "Harbour": (1_600 / 1_100, 200, 3, 2, -1, 0, 0),
        # C 100 26->4, D 300 ?->4
        "near Farthing": (4, 100, 26, 4, -22, 0, 0),
        "Islet": (none, 0, none, none, none, 0, 0),
        OUTSIDE: (none, 0, none, none, none, 0, 0),
    }
    columns = ["minutes", "people_compared", "minutes_before", "minutes_after", "change", "newly_beyond", "beyond"]
    table = partly.tables["communities"].query("option == 'near' and journey == 'hub' and mode == 'car'")
    assert list(zip(table["community"], table["rank"], strict=True)) == list(zip(by_hand, range(1, 7), strict=True))
    for row in table.itertuples(index=False):
        agree(row, dict(zip(columns, by_hand[row.community], strict=True)), row.community)
    # without anything to compare with the level alone is told, and ranks: 21.3, 11, 4 and 1.5 minutes
    table = level_only.tables["communities"].query("option == 'near' and journey == 'hub' and mode == 'car'")
    assert list(table["community"]) == ["Dale", "Edge", "near Farthing", "Harbour", "Islet", OUTSIDE]
    for row in table.itertuples(index=False):
        level, *_, beyond = by_hand[row.community]
        agree(row, {"minutes": level, "beyond": beyond} | dict.fromkeys(columns[1:-1], none), row.community)


@pytest.mark.parametrize("before", ["today", "partly", ""])
def test_every_row_of_communities(before: str, request: pytest.FixtureRequest) -> None:
    table = request.getfixturevalue(IMPACTS[before]).tables["communities"]
    assert len(table) == 2 * 2 * 3 * len(COMMUNITIES)
    for option in ("near", "far"):
        for journey in ("routine", "hub"):
            for mode in MODES:
                where = {"option": option, "journey": journey, "mode": mode}
                communities_agree(table, where, before if journey == "hub" else "today")


def communities_agree(table: pd.DataFrame, where: dict[str, str], before: str) -> None:
    then, now = minutes_of(where["option"], where["journey"], where["mode"], before)
    order = []
    for name in COMMUNITIES:
        figures = plain(rows_where(ALL, then, now, community_rows(name)), baseline=before != "")
        same = ("people", "no_route", "longest", "beyond", "newly_beyond", "people_compared")
        expected = {name: figures[name] for name in same} | {
            "minutes": figures["mean"],
            "minutes_before": figures["mean_before"],
            "minutes_after": figures["mean_after"],
            "change": figures["mean_change"],
        }
        row = only(table, community=name, **where)
        agree(row, expected, (where, name))
        judged = expected["change"] if before else expected["minutes"]
        order.append(sort_key(judged, expected["minutes"], name, ranked=expected["people"] >= 50))
    ranked = table
    for column, value in where.items():
        ranked = ranked[ranked[column] == value]
    assert list(ranked["community"]) == [name for *_, name in sorted(order)]


def sort_key(judged: float, minutes: float, name: str, *, ranked: bool) -> tuple[bool, bool, float, float, str]:
    """The worst first: most change (or minutes), then most minutes, then the name.

    Places of fewer people than are ranked come after all others, and who cannot be judged is last.
    """
    if math.isnan(judged):
        return True, not ranked, 0.0, 0.0, name
    return False, not ranked, -round(judged, 6), -round(minutes, 6), name


def test_a_place_of_a_few_people_is_not_one_of_the_worst() -> None:
    """Of the same places those with fewer than 500 registered patients: near Farthing, the islet, and outside."""
    ready = prepared(one_road_place(), without_road=("X",), least_people=500)
    found = impact_of(ready, {"near": NEAR, "split": SPLIT}, baseline=BEFORE, scenarios=("projected", "housing"))
    # split, near Farthing: C 100 26->26, D 300 4->26: 6,600 / 400 = 16.5 minutes longer. Nothing changes elsewhere:
    # Dale 3,000 / 600 = 5 minutes, Harbour 3,900 / 1,100 = 3.5, Edge 1,900 / 600 = 3.2
    table = found.tables["communities"].query("option == 'split' and journey == 'hub' and mode == 'car'")
    assert list(table["community"])[:4] == ["Dale", "Harbour", "Edge", "near Farthing"]
    assert list(table["change"])[:4] == pytest.approx([0, 0, 0, 16.5])
    # nor is it worse off under every assumption, or ever on the list
    assert set(found.tables["robust"]["community"]) == {"Dale", "Edge"}
    usual = impact_of(one_road(), {"split": SPLIT}, baseline=BEFORE, scenarios=("projected",))
    assert list(usual.tables["robust"]["community"]) == ["near Farthing"]
    first = only(usual.tables["communities"], journey="hub", mode="car", community="near Farthing")
    assert first.rank == 1


# --- Other assumptions --------------------------------------------------------------------------------------------


RANK_COLUMNS = ("rank_mean", "rank_p90", "rank_beyond", "rank_changes")


def test_options_are_ranked_under_other_people(impact: Impact) -> None:
    found = impact_of(one_road(), {"near": NEAR, "split": SPLIT}, baseline=BEFORE, scenarios=("projected", "housing"))
    # as it stands. split: A 500+2400+900, B 3000+600+400, C 1000+0+2600, D 7800: 19,200; near: 22,600; today: 12,600.
    # split, nine tenths of 2,700: 2,300 within 15, all within 26.
    # projected: A-U1 900 (+300), B-U3 200 (-200), 2,800 people with a route:
    #   near 22600 + 300*1 - 200*6 = 21,700; split 19200 + 300*4 - 200*1 = 20,200; today the same 12600 + 1200 - 200
    # housing: C-R3 200 (+100), D-R3 600 (+300), 3,100 people with a route:
    #   near 22600 + 100*4 + 300*4 = 24,200; split 19200 + 100*26 + 300*26 = 29,600; today 12600 + 2600 + 1200 = 16,400
    passes = "near overtakes split on mean minutes"
    expected = {
        ("", "near"): (22_600 / 2_700, 22, 100, 100, 10_000 / 2_700, 2, 1, 2, ""),
        ("", "split"): (19_200 / 2_700, 26, 0, 0, 6_600 / 2_700, 1, 2, 1, ""),
        ("projected", "near"): (21_700 / 2_800, 22, 100, 100, 8_100 / 2_800, 2, 1, 2, ""),
        ("projected", "split"): (20_200 / 2_800, 26, 0, 0, 6_600 / 2_800, 1, 2, 1, ""),
        ("housing", "near"): (24_200 / 3_100, 22, 100, 100, 7_800 / 3_100, 1, 1, 2, passes),
        ("housing", "split"): (29_600 / 3_100, 26, 0, 0, 13_200 / 3_100, 2, 2, 1, ""),
    }
    columns = ("mean", "p90", "beyond", "newly_beyond", "mean_change", *RANK_COLUMNS)
    table = found.tables["scenarios"]
    assert list(zip(table["scenario"], table["option"], strict=True)) == list(expected)
    for row in table.itertuples(index=False):
        key = (row.scenario, row.option)
        agree(row, dict(zip(columns, expected[key], strict=True)), key)
    assert dict(zip(table["scenario"], table["title"], strict=True)) == {
        "": "The case as it stands",
        "projected": "Projected population",
        "housing": "Planned housing",
    }
    # nothing of it changes which three communities are the worst
    assert impact.tables["list_changes"].empty


def test_the_summary_under_other_assumptions_is_told_for_the_key_populations(impact: Impact) -> None:
    table = impact.tables["summary"]
    assert [name for name, _, _ in impact.scenarios] == ["", "projected", "housing", "other-rural"]
    more = table[table["scenario"] != ""]
    assert set(more["population"]) == {"all", "age_65_plus", "no_car", "most_deprived", "far_from_pharmacy"}
    assert set(zip(more["journey"], more["mode"], strict=True)) == {("hub", "car")}
    then, now = minutes_of("far", "hub", "car", "today")
    factors = {
        "projected": {"U1": Fraction(3, 2), "U3": Fraction(1, 2)},
        "housing": {"R3": Fraction(2)},
        "other-rural": {},
    }
    # by the other definition the patients of A and B count as urban, of C and D as rural, wherever they live
    by_practice = ["urban" if code in "AB" else "rural" for code in PRACTICE]
    checked = 0
    for scenario, grown in factors.items():
        settings = by_practice if scenario == "other-rural" else SETTING
        for key in ("all", "age_65_plus", "no_car", "most_deprived", "far_from_pharmacy"):
            people = [n * grown.get(area, Fraction(1)) for n, area in zip(PEOPLE[key], AREA, strict=True)]
            for setting in ("all", "rural", "urban", "not known"):
                chosen = [setting in ("all", own) for own in settings]
                rows = rows_where(people, then, now, chosen)
                where = {"scenario": scenario, "option": "far", "population": key, "setting": setting}
                if sum(n for n, _, _ in rows) or setting == "all":
                    figures = {name: float(value) for name, value in plain(rows).items()}
                    agree(only(table, **where), figures, where)
                    checked += 1
    assert checked == len(more[more["option"] == "far"])


def test_who_is_worse_off_under_every_assumption(impact: Impact) -> None:
    # projected, Edge: A-R1 100 +5, B-U3 200 +5, C-R1 100 +22 -> 3,700 / 400 = 9.25; Dale and the rest as they are
    # far: Harbour 600 +29, 500 +29; Edge 100 +19, 400 +27, 100 +14 = 14,100 / 600, as projected 8,700 / 400;
    #      Dale 200 -1, 400 +14 = 5,400 / 600
    expected = {
        ("near", "Dale"): (600, 9_800 / 600, 9_800 / 600, 9_800 / 600, 3, 3, True),
        ("near", "Edge"): (600, 4_700 / 600, 4_700 / 600, 9.25, 3, 3, True),
        ("far", "Harbour"): (1_100, 29, 29, 29, 3, 3, True),
        ("far", "Edge"): (600, 23.5, 21.75, 23.5, 3, 3, True),
        ("far", "Dale"): (600, 9, 9, 9, 3, 3, True),
    }
    table = impact.tables["robust"]
    assert list(zip(table["option"], table["community"], strict=True)) == list(expected)
    # the other definition of rural changes neither minutes nor people: it is no test of these
    assert set(impact.tables["scenarios"]["scenario"]) == {"", "projected", "housing"}
    columns = ("people", "base", "least", "most", "scenarios_worse", "scenarios", "robust")
    for row in table.itertuples(index=False):
        key = (row.option, row.community)
        agree(row, dict(zip(columns, expected[key], strict=True)), key)


def test_speeds_of_ten_percent_either_way() -> None:
    """Without a baseline, and without the islet: on straight lines the scenarios are timed anew."""
    ready = one_road(islet=False)
    found = impact_of(ready, {"far": FAR}, scenarios=("slower", "faster", "no-ferry"))
    assert [name for name, _, _ in found.scenarios] == ["", "slower", "faster"]
    assert [name for name, _ in found.untried] == ["no-ferry"]
    scenarios = found.tables["scenarios"]
    for name, factor in (("", 1.0), ("slower", 0.9), ("faster", 1.1)):
        row = only(scenarios, scenario=name)
        assert row.mean == pytest.approx(62_600 / 2_700 / factor, abs=1e-4)  # minutes are whole milliseconds
        assert row.p90 == pytest.approx(33 / factor, abs=1e-4)
        assert math.isnan(row.mean_change)
    # beyond 30: 33 and 32 as it stands; slower 28 / 0.9 = 31.1 too; faster 33 / 1.1 = 30 is not beyond, 32 / 1.1 = 29.1
    assert list(scenarios["beyond"]) == [1_100, 1_500, 0]
    # Harbour 600 * 33 + 500 * 32 = 35,800 / 1,100 = 32.5, slower 36.2, faster 29.6: not beyond under every assumption.
    # Edge 100 * 24 + 400 * 28 + 100 * 24 = 16,000 / 600 = 26.7, slower 29.6: never beyond, so it is not listed.
    (row,) = found.tables["robust"].itertuples(index=False)
    assert (row.community, row.scenarios_worse, row.scenarios, row.robust) == ("Harbour", 2, 3, False)
    assert row.base == pytest.approx(35_800 / 1_100)
    assert row.least == pytest.approx(35_800 / 1_100 / 1.1, abs=1e-4)
    assert row.most == pytest.approx(35_800 / 1_100 / 0.9, abs=1e-4)


def test_all_figures_can_be_asked_for_under_one_scenario() -> None:
    ready = one_road(islet=False)
    found = impact_of(ready, {"far": FAR}, scenario="slower", scenarios=())
    assert found.scenario == "slower"
    assert [name for name, _, _ in found.scenarios] == ["", "slower"]
    main = found.tables["summary"][found.tables["summary"]["scenario"] == "slower"]
    assert only(main, journey="hub", mode="car", population="all", setting="all").mean == pytest.approx(
        62_600 / 2_700 / 0.9, abs=1e-4
    )
    assert only(main, journey="routine", mode="car", population="all", setting="all").mean == pytest.approx(
        10_200 / 2_700 / 0.9, abs=1e-4
    )
    # nobody walks faster or slower because cars do
    assert only(main, journey="hub", mode="walk", population="all", setting="all").mean == pytest.approx(
        12.5 * 62_600 / 2_700
    )
    with pytest.raises(InputProblems) as problems:
        impact_of(ready, {"far": FAR}, scenario="no-ferry", scenarios=())
    assert "ferr" in problems.value.findings[0].message


# --- What could be done -------------------------------------------------------------------------------------------


def test_mitigation_as_worked_by_hand(impact: Impact) -> None:
    prompts, sites = impact.tables["mitigation"], impact.tables["mitigation_sites"]
    assert list(zip(prompts["option"], prompts["community"], strict=True)) == [("near", "Edge"), ("far", "Harbour")]
    # near: C's 100 people of R1 (km 10), 32 minutes from D1. A1 and C1 are 10 minutes away, B1 5, C2 18, H1 24: all of
    # them serve the 100. Of their own group G02 (C and D) C1 is the nearest, and is asked about first.
    expected = {
        "setting": "mixed",
        "people_beyond": 100,
        "minutes_now": 32,
        "site_code": "C1",
        "site": "Gamma",
        "kind": "main",
        "of_practice": "Gamma (C)",
        "minutes_to_site": 10,
        "people_served_here": 100,
        "people_served_all": 100,
    }
    agree(only(prompts, option="near"), expected, "near")
    # far: U1 600 at 33, U2 300 + 200 at 32. Of the own group G01 (A, B, C) A1 is the nearest: 600 * 1 + 500 * 2
    expected = {
        "setting": "urban",
        "people_beyond": 1_100,
        "minutes_now": 35_800 / 1_100,
        "site_code": "A1",
        "of_practice": "Alpha (A)",
        "minutes_to_site": 1_600 / 1_100,
        "people_served_here": 1_100,
        "people_served_all": 1_100,
    }
    agree(only(prompts, option="far"), expected, "far")
    # one site brings everybody back: for near whichever is nearest of all, B1
    assert list(zip(sites["option"], sites["step"], sites["site_code"], strict=True)) == [
        ("near", 1, "B1"),
        ("far", 1, "A1"),
    ]
    assert list(sites["people_added"]) == [100, 1_100]
    assert list(sites["people_in_all"]) == [100, 1_100]


# --- A single place -----------------------------------------------------------------------------------------------


def test_places_in_sentences(impact: Impact) -> None:
    table = impact.tables["places"]
    # Dale: routine 200 * 15 + 400 * 0 over 600; hub today the same; near 12,800 / 600 = 21.3, which is 16.3 more
    today = only(table, community="Dale", mode="car", option="").sentence
    assert "to their own practice it is 5 minutes by car on average (0 to 15)" in today
    near = only(table, community="Dale", mode="car", option="near").sentence
    assert "21 minutes by car on average (20 to 22), 16 minutes longer than before" in near
    islet = only(table, community="Islet", mode="car", option="near").sentence
    assert "no route by car" in islet
    assert len(table) == len(COMMUNITIES) * 2 * 3  # by car and by bus; today and two options
    assert not table["sentence"].str.contains("today's hub services|than today|hub today", regex=True).any()


def test_sentences_where_some_had_no_hub_before(partly: Impact, against_services: Impact) -> None:
    table = partly.tables["places"]
    # of those of Edge (6,600 / 600 = 11 minutes) B and C are compared: 5,600 / 500 = 11.2 after 2.8
    today = only(table, community="Edge", mode="car", option="").sentence
    assert today.endswith(
        "; to the hub of the plan it is compared with it is 3 minutes by car on average (1 to 10), and 100 of 600"
        " people have no route or no hub in that plan."
    )
    # A and B, 500 of the 600, would use the hub A1
    assert only(table, community="Edge", mode="car", option="near").sentence == (
        "near: for most people the shared hub would be Alpha: 11 minutes by car on average (6 to 32), for those who can"
        " be compared 8 minutes longer than before."
    )
    # of Dale all are compared
    assert only(table, community="Dale", mode="car", option="near").sentence.endswith(
        "(20 to 22), 16 minutes longer than before."
    )
    # a table of services' sites is of today
    table = against_services.tables["places"]
    # Dale: B 200 0->20 and C 400 0->22
    assert only(table, community="Dale", mode="car", option="").sentence.endswith(
        "to today's hub services it is less than 1 minute by car."
    )
    assert "21 minutes longer than today" in only(table, community="Dale", mode="car", option="near").sentence


# --- Site options -------------------------------------------------------------------------------------------------

OPTIONS = """\
site_code,change,practice_code,name,kind,x,y
N1,open,A,Alpha at the Edge,branch,410000,100000
D1,move,,,,446000,100000
B1,consider further,,,,,
C2,consider further,,,,,
"""


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Impact:
    """Without the islet. A opens N1 at km 10, D1 moves from km 42 to 46, B1 and C2 are considered further."""
    folder = tmp_path_factory.mktemp("options")
    (folder / "options.csv").write_text(OPTIONS, encoding="utf-8")
    ready = one_road(folder, islet=False)
    layer = read_site_options(folder / "options.csv", ready.place, case_dir=folder)
    assert layer.keeps_none == ("B",)
    return impact_of(ready, {"near": NEAR, "far": FAR}, baseline=BEFORE, layer=layer, scenarios=())


#         A-R1 U1 U2   B-R2 U2 U3   C-R1 R2 R3   D-OUT R3
ROUTINE_BEFORE = [10, 1, 2, 15, 3, 1, 10, 0, 18, NO, 4]
ROUTINE_AFTER = {
    # A: A1 at 0 or N1 at 10; C: C1 only; D: at 46. B keeps none: A1 and N1 of its group, in `far` C1 too
    "near": [0, 1, 2, 10, 2, 4, 10, 0, 26, NO, 0],
    "far": [0, 1, 2, 0, 2, 4, 10, 0, 26, NO, 0],
}
HUB_BEFORE = [5, 4, 3, 15, 3, 1, 10, 0, 26, NO, 4]
HUB_AFTER = {
    # the hub of C and D moves with D1 to km 46; H1 stays
    "near": [10, 1, 2, 20, 2, 6, 36, 26, 0, NO, 0],
    "far": [24, 33, 32, 14, 32, 28, 24, 14, 12, NO, 0],
}


def test_site_options_as_worked_by_hand(moved: Impact) -> None:
    row = only(moved.tables["summary"], option="near", journey="routine", mode="car", population="all", setting="all")
    expected = {
        "people": 2_740,
        "no_route": 40,
        "mean": 8_800 / 2_700,  # 0+600+600 + 2000+400+1600 + 1000+0+2600 + 0
        # B's 800 patients are in no figure of the change: 10,200 - 4,000 before, 8,800 - 4,000 after
        "people_compared": 1_900,
        "mean_before": 6_200 / 1_900,
        "mean_after": 4_800 / 1_900,
        "mean_change": -1_400 / 1_900,
        "change_in_patient_minutes": -1_400,
        "longer_5": 100,  # C-R3, 18 -> 26
        "longer_10": 0,
        "shorter_5": 100,  # A-R1, 10 -> 0
        "lost_route": 0,
        "kept_no_site": 800,  # all patients of B
        "kept_no_site_before": 5.0,  # 3000 + 600 + 400 over 800
        "kept_no_site_after": 5.0,  # 2000 + 400 + 1600
        "kept_no_site_longer_5": 0,  # R2 15 -> 10, U2 3 -> 2, U3 1 -> 4
    }
    agree(row, expected, "routine")
    kept = moved.tables["summary"]
    # on foot: U3 goes from 12.5 to 50 minutes, which is 37.5 more for 400 people of B
    row = only(kept, option="near", journey="routine", mode="walk", population="all", setting="all")
    expected = {
        "kept_no_site": 800,
        "kept_no_site_before": 62.5,
        "kept_no_site_after": 62.5,
        "kept_no_site_longer_5": 400,
        "longer_5": 100,  # C-R3 alone
        "longer_20": 100,
        "newly_beyond": 0,  # nor is U3 newly beyond 30 minutes; C-R3 was before, 225 minutes
        "change_in_patient_minutes": -17_500,  # 12.5 times -1,400
    }
    agree(row, expected, "on foot")
    # in `far` the sites of C receive them too: R2 15 -> 0, U2 3 -> 2, U3 1 -> 4
    row = only(kept, option="far", journey="routine", mode="car", population="all", setting="all")
    agree(row, {"kept_no_site_after": 2_000 / 800, "people_compared": 1_900, "mean_change": -1_400 / 1_900}, "far")
    hub = kept[kept["journey"] == "hub"]
    assert (hub[["kept_no_site", "kept_no_site_longer_5"]] == 0).all(axis=None)
    assert hub[["kept_no_site_before", "kept_no_site_after"]].isna().all(axis=None)
    # 40 + 10 + 40 of B's patients are without a car
    no_car = only(kept, option="near", journey="routine", mode="car", population="no_car", setting="all")
    assert no_car.kept_no_site == pytest.approx(90)


def test_what_changes_for_a_place_is_what_its_people_experience(moved: Impact) -> None:
    """Patients of a practice that keeps no site are in the change of their practice, group and community."""
    where = {"option": "near", "journey": "routine", "mode": "car"}
    practice = only(moved.tables["practices"], practice_code="B", **where)
    expected = {"people": 800, "people_compared": 800, "mean": 5.0, "mean_before": 5.0, "mean_after": 5.0, "change": 0}
    agree(practice, expected, "B")
    # A 2,200 -> 1,200 over 1,000 and B 4,000 -> 4,000 over 800
    group = only(moved.tables["groups"], group_id="G01", **where)
    expected = {"people_compared": 1_800, "mean_before": 6_200 / 1_800, "mean_after": 5_200 / 1_800}
    agree(group, expected | {"change": -1_000 / 1_800}, "G01")
    # Edge: A-R1 100 10->0, B-U3 400 1->4, C-R1 100 10->10
    place = only(moved.tables["communities"], community="Edge", **where)
    expected = {"people_compared": 600, "minutes": 2_600 / 600, "minutes_before": 4, "minutes_after": 2_600 / 600}
    agree(place, expected | {"change": 200 / 600}, "Edge")


@pytest.mark.parametrize("option", ["near", "far"])
def test_every_row_with_site_options(moved: Impact, option: str) -> None:
    whole = moved.tables["summary"]
    table = {
        (row.journey, row.mode, row.population, row.setting): row
        for row in whole[whole["option"] == option].itertuples(index=False)
    }
    without_islet = len(ROWS) - 1
    of_b = [code == "B" for code in PRACTICE][:without_islet]
    checked = 0
    for journey, before, after in (
        ("routine", ROUTINE_BEFORE, ROUTINE_AFTER[option]),
        ("hub", HUB_BEFORE, HUB_AFTER[option]),
    ):
        for mode, per_km in (("car", 1.0), ("walk", 12.5)):
            then, now = ([None if m is None else per_km * m for m in minutes] for minutes in (before, after))
            for population, everybody in PEOPLE.items():
                people = everybody[:without_islet]
                for setting in ("all", "rural", "urban", "not known"):
                    chosen = in_setting(setting)[:without_islet]
                    keeps_none = [here and own and journey == "routine" for here, own in zip(chosen, of_b, strict=True)]
                    keeps = [here and not none for here, none in zip(chosen, keeps_none, strict=True)]
                    rows, apart = (rows_where(people, then, now, some) for some in (keeps, keeps_none))
                    if setting != "all" and not sum(n for n, _, _ in (*rows, *apart)):
                        continue
                    figures = plain(rows, apart=apart)
                    agree(table[journey, mode, population, setting], figures, (option, journey, mode, population))
                    checked += 1
    assert checked == len(table)


def test_site_options_are_told(moved: Impact) -> None:
    assert [mode for mode, _ in moved.modes] == ["car", "walk"]
    assert dict(moved.absent_modes).keys() == {"public-transport"}
    (told,) = (note for note in moved.notes if "considered further" in note)
    assert "1 site opens, 1 site moves, 2 sites are considered further" in told
    assert any("The homes of 40 patients lie in areas that the inputs do not hold" in note for note in moved.notes)
    assert list(moved.site_options["site_code"]) == ["N1", "D1", "B1", "C2"]
    # only sites that remain usable are asked about: B1 would have been the nearest of all
    assert list(moved.tables["mitigation_sites"]["site_code"]) == ["N1", "A1"]
    # of the own group (C and D) C1 is 10 minutes from R1, where 100 people would travel 36
    row = only(moved.tables["mitigation"], option="near")
    agree(row, {"site_code": "C1", "people_beyond": 100, "minutes_now": 36, "minutes_to_site": 10}, "near")


def test_a_hub_that_is_considered_further_is_told(tmp_path: Path) -> None:
    (tmp_path / "options.csv").write_text("site_code,change\nA1,consider further\n", encoding="utf-8")
    ready = one_road(tmp_path)
    layer = read_site_options(tmp_path / "options.csv", ready.place)
    found = impact_of(ready, {"near": NEAR, "split": SPLIT}, layer=layer, scenarios=())
    told = [note for note in found.notes if "the hub" in note]
    assert len(told) == 1
    assert told[0].startswith("near: ")
    assert "Alpha (A1)" in told[0]
    # nothing is added, so that the buses are still known
    assert [mode for mode, _ in found.modes] == ["car", "public-transport", "walk"]


# --- Partial plans ------------------------------------------------------------------------------------------------


def test_practices_that_a_plan_leaves_out_count_nowhere() -> None:
    town = Plan((Group("G01", ("A", "B"), "A1"),))
    found = impact_of(one_road(), {"town": town}, baseline=BEFORE, scenarios=())
    row = only(found.tables["summary"], journey="hub", mode="car", population="all", setting="all")
    # A and B only: 2200 + 6800 = 9,000 patient-minutes against 7,800
    expected = {"people": 1_800, "no_route": 0, "mean": 5.0, "mean_before": 7_800 / 1_800, "longest": 20, "beyond": 0}
    agree(row, expected, "town")
    assert set(found.tables["practices"]["practice_code"]) == {"A", "B"}
    assert set(found.tables["communities"]["community"]) == {"Harbour", "Edge", "Dale"}
    # what the people of the case are does not depend on the plan
    assert only(found.tables["people"], population="all").people == 2_800
