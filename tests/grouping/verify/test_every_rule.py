"""Every rule a planner can state is checked: it shows when it binds, and is silent when it is relaxed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from geodata.errors import InputProblems
from geodata.place import Place
from grouping.assess import assess, score_plan
from grouping.journeys import Journeys
from grouping.plan import Plan
from grouping.problem import build_problem
from grouping.result import OptionPlan
from grouping.rules import RuleSet
from grouping.verify import Claims, Evidence, verify_plan
from grouping.verify.decided import read_decided_plans, standing
from tests.grouping.hand_worked import EDGES, hand_worked_place, hand_worked_times

TWO = Plan.from_groups([(["A", "B"], "A1"), (["C"], "C1")])
ONE = Plan.from_groups([(["A", "B", "C"], "A1")])
APART = Plan.from_groups([(["A"], "A1"), (["B"], "B1"), (["C"], "C1")])


def place_with_everything() -> Place:
    """The hand-worked place with the columns that some rules read; A has 20,000 patients, B 12,000, C 10,000."""
    place = hand_worked_place()
    place.practices["vulnerability"] = [1.0, float("nan"), 5.0]
    place.practices["clinical_system"] = ["E", "T", ""]
    place.practices["current_group"] = ["North", "South", "South"]
    place.sites["annual_cost"] = [50_000.0, 20_000.0, float("nan"), 10_000.0]
    place.sites["floor_area_m2"] = [400.0, 250.0, float("nan"), 300.0]
    place.sites["condition"] = ["B", "a", "", "C"]
    place.sites["committed"] = [False, True, None, None]
    return place


def rules_of(values: dict) -> RuleSet:
    base = {"name": "test", "version": "1", "title": "Test", "size": {"minimum_urban": 0, "minimum_rural": 0}}
    merged = {**base, **values}
    merged["size"] = {
        **{"minimum_urban": 0, "minimum_rural": 0, "preferred_minimum_urban": 0, "preferred_minimum_rural": 0},
        **values.get("size", {}),
    }
    return RuleSet.model_validate(merged)


def claims_of(plan: Plan, place: Place, rules: RuleSet) -> Claims:
    """What `assess` would write of the plan."""
    times = hand_worked_times()
    problem = build_problem(place, times, EDGES, rules)
    score = score_plan(plan, problem, Journeys.of(place, times, problem))
    made = assess(OptionPlan("option-1", plan, score), problem, place, times, EDGES, by_hand=True)
    return Claims(plan, made.groups, made.areas, score, headline=made.headline)


def checked(plan: Plan, values: dict, *, partial: bool = False, plans: dict | None = None) -> pd.DataFrame:
    place, rules = place_with_everything(), rules_of(values)
    claims = claims_of(plan, place, rules)
    evidence = Evidence(place, hand_worked_times(), EDGES, rules, plans or {})
    return verify_plan(claims, evidence, partial=partial)


def broken(table: pd.DataFrame) -> dict[str, tuple]:
    """Rules that are broken, with the groups at fault."""
    rows = table[(table["kind"] == "rule") & ~table["agrees"]]
    return dict(zip(rows["claim"], rows["faults"], strict=True))


DECIDED = "decisions"
BINDING = {
    "rural maximum": (ONE, {"size": {"hard_maximum_rural": 40_000}, "rurality": {"threshold": 0.2}}, "(rural 40,000)"),
    "maximum of a locality": (TWO, {"size": {"locality": {"Town": {"maximum": 31_999}}}}, "(Town 31,999)"),
    "minimum of a locality": (
        TWO,
        {"size": {"locality": {"Country": {"minimum": 10_001}}}, "exceptions": {"policy": "forbidden"}},
        "reaches its minimum",
    ),
    "fewest practices": (TWO, {"size": {"fewest_practices": 2}}, "at least 2 practices"),
    "most practices": (ONE, {"size": {"most_practices": 2}}, "at most 2 practices"),
    "vulnerable practices": (TWO, {"practices": {"most_vulnerable_share": 0.4}}, "practices are vulnerable"),
    "loss of a vulnerable practice": (
        TWO,  # without A, 12,000 of the 30,000 are left to A and B
        {"size": {"minimum_urban": 30_000}, "resilience": {"keeps_share": 0.401}},
        "at least 40.1% of its minimum left to each group without its largest vulnerable practice",
    ),
    "loss of any practice": (
        Plan.from_groups([(["A"], "A1"), (["B", "C"], "B2")]),  # A is an exception; B and C are left with 10,000
        {
            "size": {"minimum_urban": 20_001, "minimum_rural": 20_001},
            "resilience": {"keeps_share": 0.5, "loss_of": "any"},
        },
        "without its largest practice",
    ),
    "mean minutes to the hub": (TWO, {"access": {"max_mean_minutes_to_hub": 2.0}}, "on average"),
    "borders of some minutes": (ONE, {"contiguity": {"max_minutes_over_border": 9.0}}, "across borders of at most 9"),
    "floor area": (TWO, {"hub": {"minimum_floor_area_m2": 350.0}}, "of at least 350 m2"),
    "condition": (TWO, {"hub": {"conditions": ["b"]}}, "in condition b"),
    "committed site": (TWO, {"hub": {"committed": "hub"}}, "decided or committed"),
    "budget": (TWO, {"hub": {"budget": 59_999.0}}, "all hubs together"),
    "groups across localities": (ONE, {"locality": {"most_crossing": 0}}, "groups cross a locality"),
    "fewest groups": (TWO, {"groups": {"fewest": 3}}, "at least 3 groups"),
    "most groups": (APART, {"groups": {"fewest": 1, "most": 2}}, "1 to 2 groups"),
    "together": (TWO, {DECIDED: [{"kind": "together", "practices": ["b", "C"]}]}, "decided to be together"),
    "apart": (TWO, {DECIDED: [{"kind": "apart", "practices": ["A", "B"]}]}, "decided to be apart"),
    "locked group": (TWO, {DECIDED: [{"kind": "group", "practices": ["A"]}]}, "locked group stands"),
    "hub of a locked group": (
        TWO,
        {DECIDED: [{"kind": "group", "practices": ["A", "B"], "site": "b2"}]},
        "the hub named for it",
    ),
    "hub": (TWO, {DECIDED: [{"kind": "hub", "site": "B2"}]}, "decided or committed"),
    "no hub": (TWO, {DECIDED: [{"kind": "not-hub", "site": "A1"}]}, "not one decided against"),
    "no exception": (
        TWO,
        {"size": {"minimum_rural": 20_000}, DECIDED: [{"kind": "no-exception", "practices": ["C"]}]},
        "must not be an exception",
    ),
    "best hub by what it costs": (TWO, {"weights": {"hub_cost": 100.0}}, "the best its group may have"),
    "best hub by its farthest practice": (
        Plan.from_groups([(["A", "B"], "B2"), (["C"], "C1")]),
        {"weights": {"minutes": 0.0, "worst_practice": 1.0}},
        "the best its group may have",
    ),
}


@pytest.mark.parametrize("name", BINDING)
def test_a_rule_that_binds_is_named_and_only_that_one(name: str) -> None:
    plan, values, claim = BINDING[name]
    found = broken(checked(plan, values))
    assert [claim in told for told in found] == [True], found


RELAXED = {
    "rural maximum": {"size": {"hard_maximum_rural": 42_000}, "rurality": {"threshold": 0.2}},
    "maximum of a locality": {"size": {"locality": {"Town": {"maximum": 32_000}}}},
    "minimum of a locality": {
        "size": {"locality": {"Country": {"minimum": 10_000}}},
        "exceptions": {"policy": "forbidden"},
    },
    "fewest practices": {"size": {"fewest_practices": 1}},
    "most practices": {"size": {"most_practices": 3}},
    "vulnerable practices": {"practices": {"most_vulnerable_share": 0.5}},
    "loss of a vulnerable practice": {"size": {"minimum_urban": 30_000}, "resilience": {"keeps_share": 0.4}},
    "loss of any practice": {
        "size": {"minimum_urban": 20_001, "minimum_rural": 20_001},
        "resilience": {"keeps_share": 0.499, "loss_of": "any"},
    },
    "mean minutes to the hub": {"access": {"max_mean_minutes_to_hub": 3.0}},
    "borders of some minutes": {"contiguity": {"rule": "none", "max_minutes_over_border": 9.0}},
    "floor area": {"hub": {"minimum_floor_area_m2": 300.0}},
    "condition": {"hub": {"conditions": ["b", " c "]}},
    "committed site": {"hub": {"committed": "ignore"}},
    "budget": {"hub": {"budget": 60_000.0}},
    "groups across localities": {"locality": {"most_crossing": 1}},
    "fewest groups": {"groups": {"fewest": 2}},
    "most groups": {"groups": {"fewest": 1, "most": 3}},
    "together": {DECIDED: [{"kind": "together", "practices": ["A", "B"]}]},
    "apart": {DECIDED: [{"kind": "apart", "practices": ["A", "C"]}]},
    "locked group": {DECIDED: [{"kind": "group", "practices": ["b", "A"]}]},
    "hub of a locked group": {DECIDED: [{"kind": "group", "practices": ["A", "B"], "site": "A1"}]},
    "hub": {DECIDED: [{"kind": "hub", "site": "A1"}]},
    "no hub": {DECIDED: [{"kind": "not-hub", "site": "B1"}]},
    "no exception": {"size": {"minimum_rural": 20_000}, DECIDED: [{"kind": "no-exception", "practices": ["A"]}]},
    "best hub by what it costs": {"weights": {"hub_cost": 0.1}},
    "best hub by its farthest practice": {"weights": {"minutes": 0.0, "worst_practice": 0.0, "hub_cost": 0.0}},
}


@pytest.mark.parametrize("name", [name for name in BINDING if name != "best hub by its farthest practice"])
def test_a_rule_that_is_relaxed_is_kept(name: str) -> None:
    assert broken(checked(BINDING[name][0], RELAXED[name])) == {}


@pytest.mark.parametrize(
    "values",
    [
        {"weights": {"minutes": 2.5}},
        {"weights": {"mixed_systems": 3.0}},
        {"weights": {"change_of_group": 2.0}},
        {"weights": {"worst_practice": 0.7}},
        {"weights": {"size_balance": 1.5}, "size": {"target": 25_000}},
        {"weights": {"size_balance": 1.5}},
        {"weights": {"hub_cost": 12.0}},
        {"weights": {"fragile": 1.5}, "size": {"minimum_urban": 20_001, "minimum_rural": 2}},
    ],
)
def test_the_score_carries_every_weight(values: dict) -> None:
    """And the score of the optimiser's side is the same."""
    with_weight, without = (checked(TWO, one) for one in (values, {}))
    scores = [table.set_index("claim").loc["score"] for table in (with_weight, without)]
    assert all(score["agrees"] for score in scores)
    assert scores[0]["detail"] != scores[1]["detail"]


def test_scores_worked_out_by_hand() -> None:
    """A and B at A1: 34,000 + 24,000 + 24,000 + 40,000 patient-minutes, and so on; the weights one by one."""
    place = place_with_everything()
    weights = {"minutes": 0.0, "outside_preferred": 0.0, "split_locality": 0.0}
    # A and B are of two systems (12,000 patients of the smaller) and of two of today's groups
    for name, expected in (
        ("mixed_systems", 12_000),
        ("change_of_group", 12_000),
        ("worst_practice", 5.0 * 32_000),
        ("hub_cost", 60_000),
        ("size_balance", 7_000 + 15_000),
        ("fragile", 32_000),  # 12,000 are left without A, which is vulnerable; in C's group nobody is
    ):
        rules = rules_of({"size": {"target": 25_000, "minimum_urban": 12_001}, "weights": weights | {name: 1.0}})
        claims = replace(claims_of(TWO, place, rules), objective=expected / 42_000)
        table = verify_plan(claims, Evidence(place, hand_worked_times(), EDGES, rules, {})).set_index("claim")
        assert table.loc["score", "agrees"], (name, table.loc["score", "detail"])


def test_what_a_locked_group_breaks_is_told_and_not_held_against_the_plan() -> None:
    values = {
        "size": {"hard_maximum": 40_000, "most_practices": 2},
        "locality": {"rule": "inside"},
        DECIDED: [{"kind": "group", "practices": ["A", "B", "C"], "reason": "it works"}],
    }
    table = checked(ONE, values).set_index("claim")
    assert table.loc[table["kind"] == "rule", "agrees"].all()
    assert table.loc["no group above 40,000 patients", "detail"] == "G01 stands by decision although: 42,000 patients"
    assert "although: 3 practices" in table.loc["at most 2 practices in each group", "detail"]
    assert "although: crosses one" in table.loc["no group crosses a locality boundary", "detail"]


def test_a_granted_exception_is_neither_shortfall_nor_exception_and_carries_its_reason() -> None:
    values = {
        "size": {"minimum_rural": 20_000},
        "exceptions": {"policy": "forbidden"},
        DECIDED: [{"kind": "grant-exception", "practices": ["C"], "reason": "an island"}],
    }
    place, rules = place_with_everything(), rules_of(values)
    evidence = Evidence(place, hand_worked_times(), EDGES, rules, {})
    claims = claims_of(TWO, place, rules)
    groups = claims.groups.copy()
    text = "Granted exception: Gamma (C) has 10,000 registered patients, 10,000 short of 20,000. Reason: an island"
    groups["exception"] = ["", text]
    headline = dict(claims.headline) | {"shortfall": 0, "exceptions": 0}
    claims = replace(claims, groups=groups, headline=headline, shortfall=0, exceptions=0)
    table = verify_plan(claims, evidence)
    assert table["agrees"].all(), table[~table["agrees"]].to_string()
    assert "granted: G02: an island" in " ".join(table["detail"])
    for other in ("", text.replace("an island", "no reason"), text.replace("Granted exception: ", "")):
        groups["exception"] = ["", other]
        wrong = verify_plan(replace(claims, groups=groups), evidence).query("not agrees")
        assert list(wrong["claim"]) == ["exceptions are named with their shortfall"]


def test_one_exception_may_be_granted_and_another_not() -> None:
    values = {
        "size": {"minimum_urban": 40_000, "minimum_rural": 40_000},
        DECIDED: [{"kind": "grant-exception", "practices": ["C"], "reason": "an island"}],
    }
    place, rules = place_with_everything(), rules_of(values)
    claims = claims_of(TWO, place, rules)
    other, plain = claims.groups["exception"]
    groups = claims.groups.assign(exception=[other, f"Granted exception: {plain}. Reason: an island"])
    evidence = Evidence(place, hand_worked_times(), EDGES, rules, {})
    table = verify_plan(replace(claims, groups=groups), evidence)
    told = table[table["claim"] == "exceptions are named with their shortfall"]
    assert told["agrees"].all(), told.to_string()
    assert "1 exceptions, 1 granted ones" in told["detail"].iloc[0]


def test_the_groups_of_a_plan_file_stand_except_those_of_named_localities(tmp_path: Path) -> None:
    text = "Practice code;Group id;Hub site code\na;1;\nB;1;b1\nC;2;C1\n"
    (tmp_path / "today.csv").write_text(text, encoding="utf-8")
    rules = rules_of({DECIDED: [{"kind": "plan", "plan": "today.csv", "except_localities": ["country"]}]})
    plans = read_decided_plans(rules, tmp_path)
    found = standing(rules, place_with_everything(), plans).locked
    assert [(sorted(one.members), one.hub) for one in found] == [(["A", "B"], "B1")]
    everywhere = rules_of({DECIDED: [{"kind": "plan", "plan": "today.csv"}]})
    assert len(standing(everywhere, place_with_everything(), plans).locked) == 2
    table = checked(TWO, {DECIDED: [{"kind": "plan", "plan": "today.csv"}]}, plans=plans)
    assert list(broken(table)) == ["each locked group has the hub named for it"]


def test_a_plan_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    rules = rules_of({DECIDED: [{"kind": "plan", "plan": "gone.csv"}]})
    with pytest.raises(InputProblems, match=r"gone\.csv"):
        read_decided_plans(rules, tmp_path)


def test_a_partial_plan_may_leave_a_locked_group_out_but_not_split_it() -> None:
    decided = {DECIDED: [{"kind": "group", "practices": ["B", "C"]}]}
    assert broken(checked(Plan.from_groups([(["A"], "A1")]), decided, partial=True)) == {}
    split = Plan.from_groups([(["A", "B"], "A1")])
    assert list(broken(checked(split, decided, partial=True))) == ["each locked group stands as decided"]


def test_two_sites_that_must_be_hubs_cannot_share_a_group() -> None:
    decided = {DECIDED: [{"kind": "hub", "site": "A1"}, {"kind": "hub", "site": "B1"}]}
    faults = broken(checked(TWO, decided))
    assert faults["each site that is decided or committed to be a hub is the hub of its group"] == (
        ("G01", "holds 2 of them: A1, B1"),
    )


def test_a_practice_above_the_maximum_may_stand_alone_where_groups_need_more_practices() -> None:
    oversize = {"size": {"hard_maximum": 18_000, "preferred_maximum": 18_000, "fewest_practices": 2}}
    faults = broken(checked(APART, oversize))
    assert faults == {"at least 2 practices in each group": (("G02", "1 practices"), ("G03", "1 practices"))}


def test_the_same_evidence_serves_several_plans() -> None:
    place, rules = place_with_everything(), rules_of({})
    evidence = Evidence(place, hand_worked_times(), EDGES, rules, {})
    tables = [verify_plan(claims_of(plan, place, rules), evidence) for plan in (TWO, APART, TWO)]
    assert all(table["agrees"].all() for table in tables)
    assert tables[0].equals(tables[2])
