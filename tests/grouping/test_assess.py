"""Every figure of a hand-worked case, with the arithmetic shown."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest

from grouping.assess import assess, best_hub, score_plan
from grouping.journeys import Journeys
from grouping.plan import Plan
from grouping.problem import build_problem
from grouping.result import OptionPlan
from grouping.rules import load_rules
from tests.grouping.hand_worked import EDGES, hand_worked_place, hand_worked_problem, hand_worked_times

TOGETHER = Plan.from_groups([(["A", "B"], "B1"), (["C"], "C1")])


def assessed(plan: Plan, *, by_hand: bool = False, rules=None, before=None):
    place, times, problem = hand_worked_place(), hand_worked_times(), hand_worked_problem(rules)
    journeys = Journeys.of(place, times, problem)
    option = OptionPlan("option-1", plan, score_plan(plan, problem, journeys))
    return assess(option, problem, place, times, EDGES, by_hand=by_hand, before=before)


def test_group_table_by_hand() -> None:
    groups = assessed(TOGETHER).groups.set_index("group_id")
    town, country = groups.loc["G01"], groups.loc["G02"]
    assert (town["practices"], town["sites"], town["list_size"]) == (2, 3, 32_000)
    # rural homes: none of A's, 2,000 of B's 12,000 -> 2,000 / 32,000
    assert town["rural_share"] == pytest.approx(0.0625)
    assert (town["kind"], town["minimum"], town["margin"], town["exception"]) == ("urban", 30_000, 2_000, "")
    # A: 18,000 x 4 + 2,000 x 2; B: 2,000 x 10 + 10,000 x 2 -> 116,000 minutes over 32,000 patients
    assert town["mean_minutes_to_hub"] == pytest.approx(116_000 / 32_000, abs=5e-4)
    assert town["max_practice_minutes"] == 4.0  # A's main site to B1
    # C's located patients are all rural; OUT is not in the areas table and says nothing about rurality
    assert (country["kind"], country["rural_share"], country["minimum"]) == ("rural", 1.0, 20_000)
    assert country["margin"] == -10_000
    assert country["exception"] == (
        "Gamma (C) has 10,000 registered patients, 10,000 short of the rural minimum of 20,000"
    )
    # only 9,400 of C's patients can be timed: 2 minutes each
    assert country["mean_minutes_to_hub"] == 2.0


def test_area_table_by_hand() -> None:
    areas = assessed(TOGETHER).areas.set_index("area_code")
    assert areas["patients"].sum() == pytest.approx(42_000)
    # R1: B's 2,000 use the branch at 6 minutes, C's 9,400 their main site at 2
    assert areas.loc["R1", "minutes_routine"] == pytest.approx((2_000 * 6 + 9_400 * 2) / 11_400, abs=5e-4)
    # to the hub: B's 2,000 go 10 minutes to B1, C's 9,400 go 2 to C1
    assert areas.loc["R1", "minutes_hub"] == pytest.approx((2_000 * 10 + 9_400 * 2) / 11_400, abs=5e-4)
    for code in ("X", "OUT"):
        assert math.isnan(areas.loc[code, "minutes_routine"])
        assert math.isnan(areas.loc[code, "minutes_hub"])
    assert areas["minutes_hub_before"].isna().all()


def test_minutes_before_come_from_the_before_plan() -> None:
    before = Plan.from_groups([(["A"], "A1"), (["B"], "B1"), (["C"], "C1")])
    areas = assessed(TOGETHER, before=before).areas.set_index("area_code")
    assert areas.loc["U1", "minutes_hub_before"] == 1.0
    assert areas.loc["U1", "minutes_hub"] == 4.0


def test_score_is_the_mean_over_timed_patients_plus_penalties() -> None:
    problem = hand_worked_problem()
    journeys = Journeys.of(hand_worked_place(), hand_worked_times(), problem)
    mean = (116_000 + 9_400 * 2) / (32_000 + 9_400)
    assert score_plan(TOGETHER, problem, journeys) == pytest.approx(mean)

    weighted = load_rules(
        "dorset-2017",
        override={"weights": {"outside_preferred": 2.0, "split_locality": 1.0, "change_of_group": 0.0}},
    )
    problem = hand_worked_problem(weighted)
    # C is 10,000 short of the preferred rural minimum of 20,000; no group mixes localities
    assert score_plan(TOGETHER, problem, journeys) == pytest.approx(mean + 2.0 * 10_000 / 42_000)
    mixed = Plan.from_groups([(["A"], "A1"), (["B", "C"], "B2")])
    # A: 10,000 short of 30,000; B and C: 22,000 urban or rural? rural homes 2,000 + 10,000 of 22,000 = 54.5%: rural
    minutes = 18_000 * 1 + 2_000 * 4 + 2_000 * 6 + 10_000 * 5 + 9_400 * 6
    penalty = 2.0 * 10_000 + 1.0 * 10_000
    assert score_plan(mixed, problem, journeys) == pytest.approx(minutes / 41_400 + penalty / 42_000)


def test_best_hub_has_least_patient_minutes() -> None:
    # A and B: A1 costs 18,000 + 8,000 + 24,000 + 40,000 = 90,000; B1 116,000; B2 more
    assert best_hub(("A", "B"), hand_worked_problem()) == "A1"


def test_best_hub_lies_within_the_limit_where_one_does() -> None:
    weights = {"outside_preferred": 0, "split_locality": 0, "change_of_group": 0}

    def hub(limit: float, kinds: list[str]) -> str:
        override = {"weights": weights, "access": {"max_minutes_to_hub": limit}, "hub": {"kinds": kinds}}
        return best_hub(("A", "B"), hand_worked_problem(load_rules("dorset-2017", override=override)))

    assert hub(5.0, ["main"]) == "A1"
    assert hub(4.0, ["main"]) == "B1"  # A1 is 5 minutes from B's main site
    assert hub(1.0, ["main"]) == "A1"  # none lies within it
    assert hub(1.0, ["branch"]) == "B2"
    assert hub(1.0, ["mobile"]) == "A1"  # none is of that kind


def test_headline_counts_people() -> None:
    headline = assessed(TOGETHER).headline
    assert headline["patients"] == pytest.approx(42_000)
    assert headline["patients_without_route"] == pytest.approx(600)
    assert (headline["groups"], headline["exceptions"], headline["shortfall"]) == (2, 1, 10_000)
    # within 10 minutes of the hub: all timed patients
    assert headline["share_within_10_minutes"] == pytest.approx(1.0)
    assert headline["mean_minutes_hub_rural"] == pytest.approx((2_000 * 10 + 9_400 * 2) / 11_400)


def test_partial_plan_leaves_the_rest_out_of_every_total() -> None:
    option = assessed(Plan.from_groups([(["A", "B"], "B1")]), by_hand=True)
    assert list(option.left_out["practice_code"]) == ["C"]
    assert option.headline["patients"] == pytest.approx(32_000)
    assert option.areas["patients"].sum() == pytest.approx(32_000)
    assert option.verified


def test_breaches_of_a_hand_made_plan_are_named_and_nothing_is_refused() -> None:
    option = assessed(Plan.from_groups([(["A", "C"], "B1"), (["B"], "B1")]), by_hand=True)
    breaches = option.notes[option.notes["kind"] == "breach"]
    assert "contiguous" in " ".join(breaches["note"])
    assert "not a member" in " ".join(breaches["note"])
    assert option.verified


@pytest.mark.parametrize(("rural_of_ten", "flagged"), [(0, False), (3, True), (6, True), (10, False)])
def test_estimates_are_marked_only_where_they_could_decide_the_minimum(rural_of_ten: int, flagged: bool) -> None:
    """C alone, all estimated: 25 points either way decide between 25% and 75% rural."""
    place, times = hand_worked_place(), hand_worked_times()
    rows = [("C", "R1", 1_000.0 * rural_of_ten), ("C", "U2", 1_000.0 * (10 - rural_of_ten))]
    estimated = pd.DataFrame(rows, columns=["practice_code", "area_code", "patients"]).assign(basis="estimated")
    others = place.registrations[place.registrations["practice_code"] != "C"]
    place = replace(place, registrations=pd.concat([others, estimated[estimated["patients"] > 0]], ignore_index=True))
    problem = build_problem(place, times, EDGES, load_rules("dorset-2017"))
    journeys = Journeys.of(place, times, problem)
    option = OptionPlan("option-1", TOGETHER, score_plan(TOGETHER, problem, journeys))
    notes = assess(option, problem, place, times, EDGES).notes
    assert ("estimated" in set(notes[notes["group_id"] == "G02"]["kind"])) is flagged


def test_before_and_now_are_compared_for_patients_who_have_both() -> None:
    """A's hub stays at A1's side: 18,000 go 1 instead of 4 minutes; C is in no plan before."""
    before = Plan.from_groups([(["A"], "A1"), (["B"], "B2")])
    figures = assessed(TOGETHER, before=before).headline
    # now to B1: A 18,000 x 4 + 2,000 x 2, B 2,000 x 10 + 10,000 x 2 -> 116,000 minutes
    # before to A1 and B2: A 18,000 x 1 + 2,000 x 4, B 2,000 x 6 + 10,000 x 5 -> 88,000 minutes
    assert figures["patients_compared"] == pytest.approx(32_000)
    assert figures["mean_minutes_compared"] == pytest.approx(116_000 / 32_000)
    assert figures["mean_minutes_before"] == pytest.approx(88_000 / 32_000)
    assert figures["share_longer"] == pytest.approx(20_000 / 32_000)  # A's 18,000 and B's 2,000 in the country
    assert figures["share_shorter"] == pytest.approx(12_000 / 32_000)
    assert figures["share_longer_rural"] == 1.0
    assert "share_longer" not in assessed(TOGETHER).headline
