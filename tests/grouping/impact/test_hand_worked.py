"""Every figure of a small place, worked out by hand (`impact_place` has its map).

Two ways to be sure: the figures that matter stand here with their sums, and *every* row of the tables is worked out
once more in `plain`, a slow reading of the definitions from minutes and people that were written down by hand.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from geodata.errors import InputProblems
from grouping.impact.assemble import impact_of
from grouping.impact.communities import OUTSIDE
from grouping.impact.measures import CHANGE_COLUMNS, LEVEL_COLUMNS, MEASURES
from grouping.impact.result import Impact
from grouping.impact.site_options import read_site_options
from grouping.plan import Group, Plan
from tests.grouping.impact.impact_place import BEFORE, FAR, NEAR, SERVICES, SPLIT, one_road

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
    },
}
BUS: dict[str, dict[str, list[float | None]]] = {
    "routine": {"today": [40, 5, 8, 60, 10, 6, 50, 4, NO, NO, 20, NO]},
    "hub": {
        "today": [NO, 12, 10, 60, 10, 6, 50, 4, NO, NO, 20, NO],
        "near": [40, 5, 8, NO, 8, 15, NO, NO, 20, NO, 20, NO],
        "far": [NO, 70, 68, NO, 68, NO, NO, NO, NO, NO, 20, NO],
        "services": [40, 5, 8, 4, NO, NO, 50, 4, NO, NO, NO, NO],
    },
}


def on_foot(minutes: Sequence[float | None], islet: float) -> list[float | None]:
    """12.5 minutes a kilometre; straight lines know no water, so that the islet is `islet` km away."""
    walked = [None if m is None else 12.5 * m for m in minutes]
    return [*walked[:-1], 12.5 * islet]


# the islet is 18 km from D1, and 40 km from C1
WALK = {
    "routine": {"today": on_foot(CAR["routine"]["today"], 18)},
    "hub": {name: on_foot(row, 40 if name == "services" else 18) for name, row in CAR["hub"].items()},
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


def plain(rows: Sequence[Row], *, baseline: bool = True) -> dict[str, float]:
    """Every figure of the summary, from the definitions."""
    whole = sum(people for people, _, _ in rows)
    after = [(people, now) for people, _, now in rows if now is not None]
    found = {
        "people": whole,
        "no_route": whole - sum(people for people, _ in after),
        "mean": mean(after),
        "median": quantile(after, Fraction(1, 2)),
        "p90": quantile(after, Fraction(9, 10)),
        "longest": max((now for people, now in after if people), default=math.nan),
        "beyond": sum(people for people, now in after if now > 30),
        "kept_no_site": 0,
    }
    for limit in (10, 15, 20, 30, 45):
        found[f"within_{limit}"] = sum(n for n, now in after if now <= limit) / whole if whole else math.nan
    if not baseline:
        return found | dict.fromkeys(CHANGE_COLUMNS, math.nan)
    both = [(people, then, now) for people, then, now in rows if then is not None and now is not None]
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
    }
    for limit in (5, 10, 15, 20):
        found[f"longer_{limit}"] = sum(people for people, then, now in both if now - then > limit)
    return found


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
    assert hub[list(CHANGE_COLUMNS)].isna().all(axis=None)
    assert hub[list(LEVEL_COLUMNS[:2])].notna().all(axis=None)
    routine = level_only.tables["summary"][level_only.tables["summary"]["journey"] == "routine"]
    assert (routine["change_in_patient_minutes"] == 0).all()
    assert level_only.baseline == ""
    for name in ("practices", "groups"):
        table = level_only.tables[name]
        assert table.loc[table["journey"] == "hub", ["mean_before", "change"]].isna().all(axis=None)
    assert level_only.tables["inequality"].query("journey == 'hub'")["gap_before"].isna().all()


# --- Inequality ---------------------------------------------------------------------------------------------------

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
        }
        agree(row, expected, row.population)


def test_every_row_of_inequality(impact: Impact) -> None:
    table = impact.tables["inequality"]
    assert len(table) == 2 * 2 * 3 * len(PAIRS)
    for option in ("near", "far"):
        for journey in ("routine", "hub"):
            for mode in MODES:
                then, now = minutes_of(option, journey, mode, "today")
                for pair in PAIRS:
                    one, other = (plain(rows_where(PEOPLE[key], then, now, [True] * 12)) for key in pair)
                    where = {"option": option, "journey": journey, "mode": mode, "population": pair[0]}
                    expected = {
                        "people": one["people"],
                        "people_compared_with": other["people"],
                        "mean": one["mean"],
                        "mean_compared_with": other["mean"],
                        "gap": one["mean"] - other["mean"],
                        "ratio": one["mean"] / other["mean"],
                        "gap_before": one["mean_before"] - other["mean_before"],
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
            "mean_before": before,
            "mean_after": after,
            "change": change,
        }
        agree(row, expected, code)


def test_groups_as_worked_by_hand(impact: Impact) -> None:
    table = impact.tables["groups"]
    town = only(table, option="near", journey="hub", mode="car", group_id="G01")
    # before 3800 + 4000 = 7,800 patient-minutes, after 2200 + 6800 = 9,000, over 1,800
    expected = {"people": 1_800, "no_route": 0, "mean_before": 7_800 / 1_800, "mean_after": 5.0, "longest": 20}
    agree(town, expected | {"change": 1_200 / 1_800, "name": "G01"}, "town")
    country = only(table, option="near", journey="hub", mode="car", group_id="G02")
    # before 3600 + 1200, after 12400 + 1200, over 900 with a route
    expected = {"people": 1_000, "no_route": 100, "mean_before": 4_800 / 900, "mean_after": 13_600 / 900, "longest": 32}
    agree(country, expected | {"change": 8_800 / 900}, "country")


def before_and_after(figures: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    """Of the figures those that practices and groups have; the mean after is that of the people compared."""
    renamed = {**figures, "change": figures["mean_after"] - figures["mean_before"]}
    return {name: renamed[name] for name in names}


def test_every_row_of_practices_and_groups(impact: Impact) -> None:
    practices, groups = impact.tables["practices"], impact.tables["groups"]
    assert len(practices) == 2 * 2 * 3 * 4
    assert len(groups) == 2 * 2 * 3 * 2
    wanted = ("people", "no_route", "mean_before", "mean_after", "change")
    for option, members in GROUPS.items():
        for journey in ("routine", "hub"):
            for mode in MODES:
                then, now = minutes_of(option, journey, mode, "today")
                where = {"option": option, "journey": journey, "mode": mode}
                for code in NAMES:
                    figures = plain(rows_where(ALL, then, now, [own == code for own in PRACTICE]))
                    row = only(practices, practice_code=code, **where)
                    agree(row, before_and_after(figures, wanted), (where, code))
                for name, codes in members.items():
                    figures = plain(rows_where(ALL, then, now, [own in codes for own in PRACTICE]))
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
        # nothing to judge by: last, by name; nothing is known about people outside the inputs
        OUTSIDE: (40, none, none, none, 40, none, none, none, none, 0, 0),
        "Islet": (60, 30, none, 60, 60, none, none, none, none, 0, 0),
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
        areas, setting = COMMUNITIES[row.community]
        agree(row, expected | {"areas": areas, "setting": setting}, row.community)


def test_every_row_of_communities(impact: Impact, level_only: Impact) -> None:
    for found, before in ((impact, "today"), (level_only, "")):
        table = found.tables["communities"]
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
        compared = before != "" and figures["people_compared"] > 0
        rows = rows_where(ALL, then, now, community_rows(name))
        had = mean((people, minutes) for people, minutes, _ in rows if minutes is not None)
        expected = {name: figures[name] for name in ("people", "no_route", "longest", "beyond", "newly_beyond")}
        expected |= {
            "minutes_before": figures["mean_before"] if compared else had if before else math.nan,
            "minutes_after": figures["mean_after"] if compared else figures["mean"],
            "change": figures["mean_change"],
        }
        row = only(table, community=name, **where)
        agree(row, expected, (where, name))
        judged = expected["change"] if before else expected["minutes_after"]
        order.append(sort_key(judged, expected["minutes_after"], name))
    ranked = table
    for column, value in where.items():
        ranked = ranked[ranked[column] == value]
    assert list(ranked["community"]) == [name for *_, name in sorted(order)]


def sort_key(judged: float, minutes: float, name: str) -> tuple[bool, float, float, str]:
    """The worst first: most change (or minutes), then most minutes, then the name; who cannot be judged last."""
    if math.isnan(judged):
        return True, 0.0, 0.0, name
    return False, -round(judged, 6), -round(minutes, 6), name


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
        ("near", "Dale"): (600, 9_800 / 600, 9_800 / 600, 9_800 / 600, 4, 4, True),
        ("near", "Edge"): (600, 4_700 / 600, 4_700 / 600, 9.25, 4, 4, True),
        ("far", "Harbour"): (1_100, 29, 29, 29, 4, 4, True),
        ("far", "Edge"): (600, 23.5, 21.75, 23.5, 4, 4, True),
        ("far", "Dale"): (600, 9, 9, 9, 4, 4, True),
    }
    table = impact.tables["robust"]
    assert list(zip(table["option"], table["community"], strict=True)) == list(expected)
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
    assert "21 minutes by car on average (20 to 22), 16 minutes longer than today" in near
    islet = only(table, community="Islet", mode="car", option="near").sentence
    assert "no route by car" in islet
    assert len(table) == len(COMMUNITIES) * 2 * 3  # by car and by bus; today and two options


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
        "mean_before": 10_200 / 2_700,
        "mean_after": 8_800 / 2_700,  # 0+600+600 + 2000+400+1600 + 1000+0+2600 + 0
        "mean_change": -1_400 / 2_700,
        "change_in_patient_minutes": -1_400,
        "longer_5": 100,  # C-R3, 18 -> 26
        "longer_10": 0,
        "shorter_5": 100,  # A-R1, 10 -> 0; B-R2, 15 -> 10, is exactly 5 less
        "kept_no_site": 800,  # all patients of B
    }
    agree(row, expected, "routine")
    kept = moved.tables["summary"]
    assert (kept.loc[kept["journey"] == "hub", "kept_no_site"] == 0).all()
    # 40 + 10 + 40 of B's patients are without a car
    no_car = only(kept, option="near", journey="routine", mode="car", population="no_car", setting="all")
    assert no_car.kept_no_site == pytest.approx(90)


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
                    rows = rows_where(people, then, now, chosen)
                    if setting != "all" and not sum(n for n, _, _ in rows):
                        continue
                    apart = [n for n, here, own in zip(people, chosen, of_b, strict=True) if here and own]
                    figures = plain(rows) | {"kept_no_site": sum(apart) if journey == "routine" else 0}
                    agree(table[journey, mode, population, setting], figures, (option, journey, mode, population))
                    checked += 1
    assert checked == len(table)


def test_site_options_are_told(moved: Impact) -> None:
    assert [mode for mode, _ in moved.modes] == ["car", "walk"]
    assert dict(moved.absent_modes).keys() == {"public-transport"}
    assert "1 site opens, 1 site moves, 2 sites are considered further" in moved.notes[0]
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


def test_a_practice_without_a_hub_before_is_not_compared() -> None:
    without_d = replace(BEFORE, plan=Plan(BEFORE.plan.groups[:2]))
    found = impact_of(one_road(), {"near": NEAR}, baseline=without_d, scenarios=())
    row = only(found.tables["summary"], journey="hub", mode="car", population="all", setting="all")
    # without D-R3's 300: 2,400 people, 22600 - 1200 against 12600 - 1200
    expected = {"people": 2_800, "people_compared": 2_400, "mean_before": 11_400 / 2_400, "mean_after": 21_400 / 2_400}
    agree(row, expected | {"mean": 22_600 / 2_700, "gained_route": 300, "lost_route": 0}, "without D")
