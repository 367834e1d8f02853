"""The verifier notices every kind of false claim."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from grouping.assess import assess, score_plan
from grouping.journeys import Journeys
from grouping.plan import Plan
from grouping.problem import build_problem
from grouping.result import OptionPlan
from grouping.rules import load_rules
from grouping.verify import Claims, verify
from tests.grouping.hand_worked import EDGES, hand_worked_place, hand_worked_problem, hand_worked_times

PLAN = Plan.from_groups([(["A", "B"], "A1"), (["C"], "C1")])
BEFORE = Plan.from_groups([(["A"], "A1"), (["B"], "B2")])


def true_claims(plan: Plan = PLAN, before: Plan | None = None) -> Claims:
    place, times, problem = hand_worked_place(), hand_worked_times(), hand_worked_problem()
    score = score_plan(plan, problem, Journeys.of(place, times, problem))
    option = assess(OptionPlan("option-1", plan, score), problem, place, times, EDGES, before=before)
    return Claims(
        plan,
        option.groups,
        option.areas,
        score,
        shortfall=10_000,
        exceptions=1,
        headline=option.headline,
        before=before,
    )


def check(claims: Claims, *, override: dict | None = None, edges: pd.DataFrame = EDGES, place=None) -> pd.DataFrame:
    weights = {"weights": {"outside_preferred": 0, "split_locality": 0, "change_of_group": 0}}
    rules = load_rules("dorset-2017", override=weights | (override or {}))
    return verify(claims, place or hand_worked_place(), hand_worked_times(), edges, rules)


def test_a_true_plan_agrees_in_every_claim() -> None:
    table = check(true_claims())
    assert table["agrees"].all(), table[~table["agrees"]].to_string()
    assert set(table["kind"]) == {"figure", "rule"}


@pytest.mark.parametrize(
    ("column", "value", "claim"),
    [
        ("list_size", 33_000, "list sizes"),
        ("sites", 2, "practices, sites"),
        ("rural_share", 0.5, "rural share"),
        ("kind", "rural", "minimum applies"),
        ("minimum", 20_000, "minimum applies"),
        ("margin", 12_000, "minimum applies"),
        ("mean_minutes_to_hub", 1.0, "minutes to the hub"),
        ("max_practice_minutes", 3.0, "minutes to the hub"),
        ("hub_site_code", "B1", "hub of each group"),
    ],
)
def test_a_false_group_figure_is_noticed(column: str, value: object, claim: str) -> None:
    claims = true_claims()
    groups = claims.groups.astype({column: object})
    groups.loc[0, column] = value
    table = check(replace(claims, groups=groups))
    wrong = table[~table["agrees"]]
    assert len(wrong) == 1
    assert claim in wrong.iloc[0]["claim"]
    assert "G01" in wrong.iloc[0]["detail"]


@pytest.mark.parametrize("column", ["patients", "minutes_routine", "minutes_hub"])
def test_a_false_area_figure_is_noticed(column: str) -> None:
    claims = true_claims()
    areas = claims.areas.copy()
    areas.loc[areas["area_code"] == "U2", column] += 0.01
    wrong = check(replace(claims, areas=areas)).query("not agrees")
    assert len(wrong) == 1
    assert "U2" in wrong.iloc[0]["detail"]


@pytest.mark.parametrize(
    ("change", "claim"),
    [({"objective": 2.0}, "score"), ({"shortfall": 0}, "shortfall"), ({"exceptions": 0}, "exceptions")],
)
def test_false_totals_are_noticed(change: dict, claim: str) -> None:
    wrong = check(replace(true_claims(), **change)).query("not agrees")
    assert [claim in text for text in wrong["claim"]] == [True]


def test_a_practice_left_out_or_doubled_is_noticed() -> None:
    claims = true_claims()
    table = check(replace(claims, plan=Plan.from_groups([(["A", "B"], "A1")])))
    assert "in no group: C" in table.iloc[0]["detail"]
    table = check(replace(claims, plan=Plan.from_groups([(["A", "B"], "A1"), (["B", "C"], "C1")])))
    assert "in more than one group: B" in table.iloc[0]["detail"]


@pytest.mark.parametrize(
    ("override", "claim"),
    [
        ({"size": {"hard_maximum": 31_000, "preferred_maximum": 31_000}}, "no group above"),
        ({"access": {"max_minutes_between_members": 4.5}}, "between any two members"),
        ({"access": {"max_minutes_to_hub": 4.0}}, "to the hub"),
        ({"exceptions": {"policy": "forbidden"}}, "reaches its minimum"),
        ({"exceptions": {"at_most": 0}}, "reaches its minimum"),
        ({"hub": {"kinds": ["branch"]}}, "each hub"),
    ],
)
def test_each_rule_binds_and_relaxing_it_frees(override: dict, claim: str) -> None:
    broken = check(true_claims(), override=override).query("kind == 'rule' and not agrees")
    assert any(claim in text for text in broken["claim"]), broken
    assert check(true_claims())["agrees"].all()


def test_a_group_in_two_parts_is_noticed() -> None:
    broken = check(true_claims(), edges=EDGES.iloc[1:]).query("not agrees")
    assert list(broken["faults"]) == [(("G01", "2 separate parts"),)]


def test_split_tags_and_localities_are_noticed() -> None:
    place = hand_worked_place()
    place.practices["keep_together"] = ["", "t", "t"]
    broken = check(true_claims(), place=place).query("not agrees")
    assert "must stay together" in broken.iloc[0]["claim"]
    place = hand_worked_place()
    place.practices["locality"] = ["Town", "Port", "Country"]
    broken = check(true_claims(), override={"locality": {"rule": "inside"}}, place=place).query("not agrees")
    assert any("locality" in claim for claim in broken["claim"])


def test_a_breach_names_each_group_with_its_own_fault() -> None:
    first, second = PLAN.groups
    plan = Plan((replace(first, group_id="North & Co", hub_site_code="C1"), replace(second, hub_site_code="A1")))
    broken = check(true_claims(plan)).query("claim.str.startswith('each hub')").iloc[0]
    assert dict(broken["faults"]) == {
        "North & Co": "C1 belongs to C, which is not a member",
        "G02": "A1 belongs to A, which is not a member",
    }


@pytest.mark.parametrize(
    "key", ["groups", "mean_minutes_to_hub", "share_within_15_minutes_rural", "patients_without_route", "share_longer"]
)
def test_a_false_figure_of_the_whole_plan_is_noticed(key: str) -> None:
    claims = true_claims(before=BEFORE)
    assert check(claims)["agrees"].all()
    false = replace(claims, headline=dict(claims.headline) | {key: 99.0})
    wrong = check(false).query("not agrees")
    assert list(wrong["claim"]) == ["figures of the whole plan"]
    assert key in wrong.iloc[0]["detail"]


def test_false_minutes_before_are_noticed() -> None:
    claims = true_claims(before=BEFORE)
    areas = claims.areas.copy()
    areas.loc[areas["area_code"] == "U1", "minutes_hub_before"] += 1
    assert list(check(replace(claims, areas=areas)).query("not agrees")["claim"]) == ["minutes_hub_before of each area"]
    hidden = check(replace(claims, before=None, headline=None)).query("not agrees")
    assert list(hidden["claim"]) == ["minutes_hub_before of each area"]


def test_a_practice_with_all_patients_outside_counts_as_the_area_nearest_to_it() -> None:
    place = hand_worked_place()
    outside = place.registrations["practice_code"] == "C"
    place.registrations.loc[outside, "area_code"] = ["OUT", "OUT2", "OUT3"]
    times = hand_worked_times()
    rules = load_rules("dorset-2017")
    problem = build_problem(place, times, EDGES, rules)
    score = score_plan(PLAN, problem, Journeys.of(place, times, problem))
    option = assess(OptionPlan("option-1", PLAN, score), problem, place, times, EDGES)
    assert list(option.groups["rural_share"]) == [pytest.approx(2_000 / 32_000), 1.0]
    assert option.verified, option.verification[~option.verification["agrees"]].to_string()


def test_a_longest_drive_that_rounds_either_way_is_no_false_figure() -> None:
    """25.1255 rounds to 25.125 or 25.126, by the way it is done."""
    claims = true_claims()
    key = "longest_practice_minutes"
    for written in (claims.headline[key] - 0.0005, claims.headline[key] + 0.0005):
        assert check(replace(claims, headline=dict(claims.headline) | {key: written}))["agrees"].all()
    false = replace(claims, headline=dict(claims.headline) | {key: claims.headline[key] + 0.01})
    assert not check(false)["agrees"].all()


def test_a_hub_that_is_not_the_best_is_noticed() -> None:
    plan = Plan.from_groups([(["A", "B"], "B1"), (["C"], "C1")])
    broken = check(true_claims(plan)).query("not agrees")
    assert list(broken["claim"]) == ["each hub is the best its group may have"]
    assert broken.iloc[0]["faults"] == (("G01", "A1 has fewer patient-minutes than B1"),)


@pytest.mark.parametrize("text", ["", "Gamma is 9,999 short", None])
def test_an_exception_must_be_named_with_its_shortfall(text: str | None) -> None:
    claims = true_claims()
    groups = claims.groups.copy()
    groups.loc[1, "exception"] = text
    broken = check(replace(claims, groups=groups)).query("not agrees")
    assert list(broken["claim"]) == ["exceptions are named with their shortfall"]


@pytest.mark.parametrize(("in_the_country", "kind"), [(16_000.0, "rural"), (15_999.0, "urban")])
def test_a_group_at_the_threshold_is_rural(in_the_country: float, kind: str) -> None:
    """A and B have 32,000 patients, B's 2,000 among them in the country already."""
    place, times = hand_worked_place(), hand_worked_times()
    rows = [("A", "R1", in_the_country - 2_000), ("A", "U1", 20_000 - in_the_country + 2_000)]
    rows += [("B", "R1", 2_000.0), ("B", "U2", 10_000.0), ("C", "R1", 10_000.0)]
    table = pd.DataFrame(rows, columns=["practice_code", "area_code", "patients"]).assign(basis="published")
    place = replace(place, registrations=table)
    problem = build_problem(place, times, EDGES, load_rules("dorset-2017"))
    score = score_plan(PLAN, problem, Journeys.of(place, times, problem))
    option = assess(OptionPlan("option-1", PLAN, score), problem, place, times, EDGES)
    assert option.groups.loc[0, "kind"] == kind
    figures = option.verification[option.verification["kind"] == "figure"]
    assert figures["agrees"].all(), figures[~figures["agrees"]].to_string()


def test_a_limit_of_exceptions_counts_them() -> None:
    apart = Plan.from_groups([(["A"], "A1"), (["B"], "B1"), (["C"], "C1")])
    claims = replace(true_claims(apart), shortfall=38_000, exceptions=3)
    for at_most, broken in ((2, True), (3, False)):
        table = check(claims, override={"exceptions": {"at_most": at_most}}).query("not agrees")
        assert any("reaches its minimum" in claim for claim in table["claim"]) == broken


@pytest.mark.parametrize("dearer", [("A1", "B1"), ("B1", "A1")])
def test_the_slower_direction_between_members_counts(dearer: tuple[str, str]) -> None:
    times = hand_worked_times()
    place = [times.site_codes.index(code) for code in dearer]
    times.between_sites[place[0], place[1]] = 31.0
    rules = load_rules("dorset-2017")
    broken = verify(true_claims(), hand_worked_place(), times, EDGES, rules).query("kind == 'rule' and not agrees")
    assert any(("G01", "31.0 minutes") in faults for faults in broken["faults"])


def test_a_drive_to_the_hub_is_from_the_member_to_the_hub() -> None:
    """From B1 to the hub A1 it is 5 minutes, the way back is 4."""
    for limit, broken in ((5.0, False), (4.5, True)):
        table = check(true_claims(), override={"access": {"max_minutes_to_hub": limit}}).query("not agrees")
        assert any("main site to the hub" in claim for claim in table["claim"]) == broken


@pytest.mark.parametrize(
    ("override", "better"),
    [
        ({}, True),
        ({"hub": {"kinds": ["branch"]}}, False),  # A1 is a main site
        ({"access": {"max_minutes_to_hub": 4.0}}, False),  # A1 is 5 minutes from B1
    ],
)
def test_a_better_hub_counts_only_where_the_rules_allow_it(override: dict, better: bool) -> None:
    hub = "B2" if "hub" in override else "B1"
    table = check(true_claims(Plan.from_groups([(["A", "B"], hub), (["C"], "C1")])), override=override)
    best = table[table["claim"] == "each hub is the best its group may have"].iloc[0]
    assert ("G01" in dict(best["faults"])) == better


@pytest.mark.parametrize("kinds", [[], ["main"], ["main", "community"]])
def test_a_site_of_nobody_is_a_better_hub_only_where_community_sites_may_be_hubs(kinds: list[str]) -> None:
    place = hand_worked_place()
    times = hand_worked_times()
    place.sites.loc["B2", ["practice_code", "kind"]] = ["", "community"]
    times.area_to_site[1:3, 2] = 0.5  # next door to everybody in town
    rules = load_rules("dorset-2017", override={"hub": {"kinds": kinds}})
    table = verify(true_claims(), place, times, EDGES, rules)
    best = table[table["claim"] == "each hub is the best its group may have"].iloc[0]
    assert bool(best["faults"]) == ("community" in kinds)


def test_tiny_differences_between_hubs_are_no_fault_and_larger_ones_are() -> None:
    claims = true_claims(Plan.from_groups([(["A", "B"], "B1"), (["C"], "C1")]))
    rules = load_rules("dorset-2017")
    for excess, faulty in ((1e-8, False), (1e-4, True)):  # minutes for each of 32,000 patients
        times = hand_worked_times()
        times.area_to_site[:3, 0] = times.area_to_site[:3, 1] - excess
        table = verify(claims, hand_worked_place(), times, EDGES, rules)
        best = table[table["claim"] == "each hub is the best its group may have"].iloc[0]
        assert bool(best["faults"]) == faulty


def test_patients_cut_off_from_their_hub_are_noticed() -> None:
    times = hand_worked_times()
    times.area_to_site[2, 0] = float("inf")
    table = verify(true_claims(), hand_worked_place(), times, EDGES, load_rules("dorset-2017"))
    lost = table[table["claim"].str.contains("has a route|who has a route")].iloc[0]
    assert lost["faults"] == (("G01", "12,000 patients without a route"),)


def test_a_practice_that_the_case_does_not_have_is_noticed() -> None:
    claims = true_claims()
    plan = Plan.from_groups([(["A", "B", "Z"], "A1"), (["C"], "C1")])
    assert "not in the inputs: Z" in check(replace(claims, plan=plan)).iloc[0]["detail"]


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        ({"objective": float("nan")}, "score"),
        ({"headline": {"minutes_saved": 3.0}}, "figures of the whole plan"),
    ],
)
def test_a_figure_that_is_none_is_noticed(change: dict, claim: str) -> None:
    claims = true_claims()
    if "headline" in change:
        change = {"headline": dict(claims.headline) | change["headline"]}
    assert list(check(replace(claims, **change)).query("not agrees")["claim"]) == [claim]


def test_minutes_that_are_not_known_are_not_the_same_as_known_ones() -> None:
    claims = true_claims()
    for written, code in ((float("nan"), "U1"), (3.0, "OUT")):
        areas = claims.areas.copy()
        areas.loc[areas["area_code"] == code, "minutes_hub"] = written
        wrong = check(replace(claims, areas=areas)).query("not agrees")
        assert list(wrong["claim"]) == ["minutes_hub of each area"]
        assert code in wrong.iloc[0]["detail"]


@pytest.mark.parametrize(("off", "noticed"), [(5e-6, False), (2e-5, True)])
def test_a_score_is_checked_to_five_decimals(off: float, noticed: bool) -> None:
    claims = true_claims()
    table = check(replace(claims, objective=claims.objective + off))
    assert (not table["agrees"].all()) == noticed
