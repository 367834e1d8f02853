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
    # within 10 minutes of the hub: everybody who has a route
    assert headline["share_within_10_minutes"] == pytest.approx(41_400 / 42_000)
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


def test_the_score_of_a_partial_plan_is_per_patient_of_the_plan() -> None:
    weights = {"outside_preferred": 2.0, "split_locality": 0, "change_of_group": 0}
    problem = hand_worked_problem(load_rules("dorset-2017", override={"weights": weights}))
    journeys = Journeys.of(hand_worked_place(), hand_worked_times(), problem)
    # C alone: 2 minutes on average, all of its 10,000 patients 10,000 short of the preferred size
    assert score_plan(Plan.from_groups([(["C"], "C1")]), problem, journeys) == pytest.approx(2.0 + 2.0)


def test_nobodys_routine_care_happens_at_a_site_of_nobody() -> None:
    place = hand_worked_place()
    place.sites.loc["B2", ["practice_code", "kind"]] = ["", "community"]
    problem = build_problem(place, hand_worked_times(), EDGES, load_rules("dorset-2017"))
    journeys = Journeys.of(place, hand_worked_times(), problem)
    in_the_country = (journeys.practice == 1) & (journeys.rural == 1)
    assert list(journeys.routine[in_the_country]) == [10.0], "to B1, though B2 is 6 minutes away"


def assessed_with(place, times, plan: Plan = TOGETHER, override: dict | None = None):
    rules = load_rules("dorset-2017", override=override)
    problem = build_problem(place, times, EDGES, rules)
    journeys = Journeys.of(place, times, problem)
    option = OptionPlan("option-1", plan, score_plan(plan, problem, journeys))
    return assess(option, problem, place, times, EDGES, journeys=journeys)


@pytest.mark.parametrize(("distance", "noted"), [(0.4374, False), (0.4376, True)])
def test_a_group_near_the_threshold_is_marked_with_both_margins(distance: float, noted: bool) -> None:
    """A and B: 6.25% rural, which is 43.75 points from the threshold."""
    override = {"rurality": {"near_threshold": distance}}
    notes = assessed_with(hand_worked_place(), hand_worked_times(), override=override).notes
    near = notes[(notes["kind"] == "near-threshold") & (notes["group_id"] == "G01")]["note"]
    assert len(near) == noted
    assert all("30,000 (margin +2,000), as rural 20,000 (margin +12,000)" in note for note in near)


def test_a_practice_above_the_maximum_alone_is_marked_and_a_group_is_not() -> None:
    place = hand_worked_place()
    place.practices.loc["C", "list_size"] = 60_001
    notes = assessed_with(place, hand_worked_times()).notes
    (note,) = notes[notes["kind"] == "oversize"].itertuples()
    assert note.group_id == "G02"
    assert "60,001 patients, above the maximum of 60,000" in note.note
    sizes = {"hard_maximum": 31_000, "preferred_maximum": 31_000}
    assert "oversize" not in set(
        assessed_with(hand_worked_place(), hand_worked_times(), override={"size": sizes}).notes["kind"]
    )


def test_a_group_that_rural_localities_would_judge_otherwise_is_marked() -> None:
    place = hand_worked_place()
    place.practices["locality"] = ["Town", "Country", "Country"]
    mixed = Plan.from_groups([(["A"], "A1"), (["B", "C"], "B2")])
    # Country: rural homes of B and C are 12,000 of 22,000: a rural locality. B and C are rural by both definitions.
    assert "second-definition" not in set(assessed_with(place, hand_worked_times(), mixed).notes["kind"])
    together = assessed_with(place, hand_worked_times()).notes
    # A and B: 12,000 of 32,000 patients in the rural locality, C all of them: nothing differs either
    assert "second-definition" not in set(together["kind"])
    place.practices["locality"] = ["Vale", "Country", "Vale"]
    # now Vale has 10,000 rural of 30,000, Country 2,000 of 12,000: both urban, and C would be urban
    notes = assessed_with(place, hand_worked_times()).notes
    (note,) = notes[notes["kind"] == "second-definition"].itertuples()
    assert note.group_id == "G02"
    assert "would be urban: minimum 30,000, margin \u221220,000" in note.note
    place.practices.loc["C", "locality"] = ""
    pair = assessed_with(place, hand_worked_times(), Plan.from_groups([(["A"], "A1"), (["B", "C"], "B2")]))
    assert "second-definition" not in set(pair.notes["kind"]), "B and C: of one of them no locality is known"
    assert "second-definition" not in set(assessed_with(place, hand_worked_times()).notes["kind"])


def test_two_groups_of_one_locality_are_numbered_and_ties_go_by_name() -> None:
    place = hand_worked_place()
    apart = Plan.from_groups([(["A"], "A1"), (["B"], "B1"), (["C"], "C1")])
    assert list(assessed_with(place, hand_worked_times(), apart).groups["name"]) == ["Town 1", "Town 2", "Country"]
    place.practices["locality"] = ["Zeal", "Ash", ""]
    place.practices["list_size"] = [16_000, 16_000, 10_000]
    names = list(assessed_with(place, hand_worked_times()).groups["name"])
    assert names == ["Ash", "Around Gamma main"]


def test_a_longer_journey_is_longer_by_more_than_a_minute() -> None:
    place, times = hand_worked_place(), hand_worked_times()
    times.area_to_site[1, :2] = [3.0, 4.0]  # A's 18,000 now go 4 instead of 3 minutes: just a minute
    problem = build_problem(place, times, EDGES, load_rules("dorset-2017"))
    journeys = Journeys.of(place, times, problem)
    option = OptionPlan("option-1", TOGETHER, score_plan(TOGETHER, problem, journeys))
    before = Plan.from_groups([(["A"], "A1")])
    figures = assess(option, problem, place, times, EDGES, before=before).headline
    assert figures["patients_compared"] == pytest.approx(20_000)
    assert figures["share_longer"] == 0.0
    assert figures["share_shorter"] == pytest.approx(0.1)  # 2,000 go 2 instead of 4


def test_shares_within_a_limit_include_it_and_count_who_has_no_route_as_beyond() -> None:
    figures = assessed(TOGETHER).headline
    # B's 2,000 in the country are just 10 minutes away; 600 of 42,000 have no route
    assert figures["share_within_10_minutes"] == pytest.approx(41_400 / 42_000)
    assert figures["patients_without_route"] == pytest.approx(600)


def test_equal_hubs_give_the_smaller_code() -> None:
    problem = hand_worked_problem()
    even = replace(problem, patient_minutes=problem.patient_minutes * 0 + 7.0)
    assert best_hub(("A", "B"), even) == "A1"
    assert best_hub(("B", "C"), even) == "B1"


def test_a_found_option_that_breaks_a_rule_is_not_verified() -> None:
    plan = Plan.from_groups([(["A", "C"], "A1"), (["B"], "B1")])
    assert not assessed(plan).verified, "A and C have no common border"
    assert assessed(plan, by_hand=True).verified, "of a plan by hand it is a breach"


def test_practices_without_a_locality_split_none() -> None:
    place = hand_worked_place()
    place.practices["locality"] = ["Town", "", "Country"]
    weights = {"outside_preferred": 0, "split_locality": 1.0, "change_of_group": 0}
    problem = build_problem(place, hand_worked_times(), EDGES, load_rules("dorset-2017", override={"weights": weights}))
    journeys = Journeys.of(place, hand_worked_times(), problem)
    mean = (116_000 + 9_400 * 2) / (32_000 + 9_400)
    assert score_plan(TOGETHER, problem, journeys) == pytest.approx(mean)


def test_the_mean_of_an_area_is_over_those_who_have_a_route() -> None:
    place = hand_worked_place()
    extra = pd.DataFrame([("A", "X", 900.0, "published")], columns=list(place.registrations.columns))
    table = pd.concat([place.registrations, extra], ignore_index=True)
    times = hand_worked_times()
    times.area_to_site[3] = [float("inf"), float("inf"), float("inf"), 30.0]  # the islet reaches C1 only
    areas = assessed_with(replace(place, registrations=table), times).areas.set_index("area_code")
    assert areas.loc["X", "patients"] == 1_000
    assert areas.loc["X", "minutes_hub"] == 30.0
