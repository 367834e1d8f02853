"""Every rule, on places small enough to see why: what it does to the best plan, and what easing it gives back.

Practices stand along a road and are called by letters; each has one site. A plan is written as its groups, each with
its hub: `AB>A CD>C`. Unless a case says otherwise, each practice has 10,000 patients who live at its door.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from geodata.errors import NoPlan
from grouping.criteria import STEP
from grouping.optimise import solve_partition
from grouping.problem import GroupingProblem, LockedGroup, build_problem
from grouping.rules import RuleSet, load_rules
from tests.grouping.hand_worked import EDGES, hand_worked_place, hand_worked_times

NONE = "no plan"

PLAIN = {
    "size": {
        "minimum_urban": 20_000,
        "minimum_rural": 20_000,
        "preferred_minimum_urban": 20_000,
        "preferred_minimum_rural": 20_000,
        "preferred_maximum": 60_000,
        "hard_maximum": 60_000,
    },
    "access": {"max_minutes_between_members": 0},
    "weights": {"outside_preferred": 0, "split_locality": 0},
}
"""Groups of 20,000 to 60,000, and nothing counts but the minutes to the hub."""

Change = Callable[[GroupingProblem], GroupingProblem]


def road(at: tuple[float, ...], sizes: tuple[int, ...] | None = None, **fields: object) -> GroupingProblem:
    """Practices at these minutes along a road, neighbours in the order given."""
    place = np.array(at, float)
    count = len(place)
    lists = np.array(sizes or (10_000,) * count, np.int64)
    minutes = np.abs(place[:, None] - place)
    nobody = ("",) * count
    problem = GroupingProblem(
        practice_codes=tuple("ABCDEFGH"[:count]),
        list_size=lists,
        rural_patients=np.zeros(count),
        timed_patients=lists.astype(float),
        patient_minutes=minutes * lists[:, None],
        site_codes=tuple("ABCDEFGH"[:count]),
        site_owner=np.arange(count, dtype=np.int64),
        hub_allowed=np.ones(count, bool),
        practice_to_site=minutes,
        between_practices=minutes,
        adjacency=np.abs(np.subtract.outer(np.arange(count), np.arange(count))) == 1,
        locality=nobody,
        current_group=nobody,
        keep_together=nobody,
        rules=load_rules("dorset-2017", PLAIN),
    )
    return replace(problem, **fields)


def rules(**sections: dict[str, object]) -> Change:
    """Set values by section and key, as a planner would in `case.toml`."""

    def change(problem: GroupingProblem) -> GroupingProblem:
        settings = problem.rules.model_dump()
        for section, values in sections.items():
            settings[section] |= values
        return replace(problem, rules=RuleSet.model_validate(settings))

    return change


def decided(**values: object) -> Change:
    return lambda problem: replace(problem, decided=replace(problem.decided, **values))


def given(**values: object) -> Change:
    return lambda problem: replace(problem, **values)


def as_it_is(problem: GroupingProblem) -> GroupingProblem:
    return problem


def best(problem: GroupingProblem) -> str:
    """The best plan as text."""
    try:
        solution = solve_partition(problem)
    except NoPlan:
        return NONE
    assert solution.status == "optimal"
    return " ".join(f"{''.join(group.members)}>{group.hub_site_code}" for group in solution.plan.groups)


@dataclass(frozen=True)
class Case:
    """A place, and three ways to state a rule, each with the best plan: not at all, so that it binds, and eased."""

    rule: str
    place: GroupingProblem
    without: tuple[Change, str]
    stated: tuple[Change, str]
    eased: tuple[Change, str]

    def __str__(self) -> str:
        return self.rule


PAIRS = "AB>A CD>C"
TWO_ENDS = road((0, 2, 10, 12))
EVEN = road((0, 2, 4, 6))
THREE = road((0, 2, 4))
UNEVEN = road((0, 5, 8))
ALL_RURAL = np.array([10_000.0] * 4)
CROWDED = road((0, 1, 2, 3), adjacency=~np.eye(4, dtype=bool))  # everybody is everybody's neighbour
TWO_KINDS = ("x", "y", "x", "y")
SHORT_PAIRS = rules(size={"hard_maximum": 30_000})(road((0, 2, 10, 12), (9_500,) * 4))
FAR = rules(access={"max_minutes_between_members": 10})(road((0, 2, 40)))
COSTLY = road((0, 2, 10, 12), (11_000, 10_000, 10_000, 10_000), hub_cost=np.array([100.0, 40.0, 100.0, 40.0]))
ONE_GROUP = rules(groups={"most": 1})(road((0, 6, 10), (30_000, 10_000, 10_000)))
LARGE_WANTED = rules(weights={"size_balance": 2.0})(EVEN)  # the middle of 20,000 and 60,000 is 40,000


def order(*names: str) -> Change:
    return rules(objective={"order": names})


def first(name: str) -> Change:
    return order("shortfall", "exceptions", name, "score")


def last(name: str) -> Change:
    return order("shortfall", "exceptions", "score", name)


CASES = [
    # ------------------------------------------------------------------------------------------------------- sizes
    Case(
        "size.minimum_urban",
        TWO_ENDS,
        (rules(size={"minimum_urban": 0}), "A>A B>B C>C D>D"),
        (rules(size={"minimum_urban": 30_000}), "ABCD>B"),
        (rules(size={"minimum_urban": 20_000}), PAIRS),
    ),
    Case(
        "size.minimum_rural",
        replace(TWO_ENDS, rural_patients=ALL_RURAL),
        (rules(size={"minimum_rural": 0}), "A>A B>B C>C D>D"),
        (rules(size={"minimum_rural": 30_000}), "ABCD>B"),
        (rules(size={"minimum_rural": 20_000}), PAIRS),
    ),
    Case(
        "size.hard_maximum",
        THREE,
        (as_it_is, "ABC>B"),
        (rules(size={"hard_maximum": 29_999}), "A>A BC>B"),
        (rules(size={"hard_maximum": 30_000}), "ABC>B"),
    ),
    Case(
        "size.hard_maximum_rural",
        replace(THREE, rural_patients=ALL_RURAL[:3]),
        (as_it_is, "ABC>B"),
        (rules(size={"hard_maximum_rural": 29_999}), "A>A BC>B"),
        (rules(size={"hard_maximum_rural": 30_000}), "ABC>B"),
    ),
    Case(
        "size.hard_maximum_rural above the urban one",
        replace(THREE, rural_patients=ALL_RURAL[:3]),
        (as_it_is, "ABC>B"),
        (rules(size={"hard_maximum": 29_000, "hard_maximum_rural": 28_000}), "A>A BC>B"),
        (rules(size={"hard_maximum": 29_000, "hard_maximum_rural": 30_000}), "ABC>B"),
    ),
    Case(
        "size.locality.minimum",
        replace(TWO_ENDS, locality=("West", "West", "West", "East")),  # in CD as many are of the East: it is East
        (as_it_is, PAIRS),
        (rules(size={"locality": {"West": {"minimum": 30_000}}}), "ABCD>B"),
        (rules(size={"locality": {"West": {"minimum": 10_000}}}), "A>A B>B CD>C"),
    ),
    Case(
        "size.locality.maximum",
        replace(THREE, locality=("West", "West", "East")),
        (as_it_is, "ABC>B"),
        (rules(size={"locality": {"West": {"maximum": 29_999}}}), "A>A BC>B"),
        (rules(size={"locality": {"West": {"maximum": 30_000}}}), "ABC>B"),
    ),
    Case(
        "size.fewest_practices",
        road((0, 2, 4), (30_000, 10_000, 10_000)),
        (as_it_is, "A>A BC>B"),
        (rules(size={"fewest_practices": 2}), "ABC>A"),
        (rules(size={"fewest_practices": 1}), "A>A BC>B"),
    ),
    Case(
        "size.most_practices",
        THREE,
        (as_it_is, "ABC>B"),
        (rules(size={"most_practices": 2}), "A>A BC>B"),
        (rules(size={"most_practices": 3}), "ABC>B"),
    ),
    Case(
        "size.target",
        rules(weights={"size_balance": 2.0})(EVEN),
        (rules(weights={"size_balance": 0.0}), PAIRS),
        (rules(size={"target": 40_000}), "ABCD>B"),
        (rules(size={"target": 20_000}), PAIRS),
    ),
    Case(
        "size.preferred_minimum_urban",
        rules(weights={"outside_preferred": 2.0})(EVEN),
        (rules(size={"preferred_minimum_urban": 0}), PAIRS),
        (rules(size={"preferred_minimum_urban": 40_000}), "ABCD>B"),
        (rules(size={"preferred_minimum_urban": 25_000}), PAIRS),
    ),
    Case(
        "size.preferred_minimum_rural",
        rules(weights={"outside_preferred": 2.0})(replace(EVEN, rural_patients=ALL_RURAL)),
        (rules(size={"preferred_minimum_rural": 0}), PAIRS),
        (rules(size={"preferred_minimum_rural": 40_000}), "ABCD>B"),
        (rules(size={"preferred_minimum_rural": 25_000}), PAIRS),
    ),
    Case(
        "size.preferred_maximum",
        rules(weights={"outside_preferred": 8.0})(road((0, 1, 9, 10), (20_000, 10_000, 10_000, 20_000))),
        (as_it_is, "AB>A CD>D"),
        (rules(size={"preferred_maximum": 20_000}), "A>A BC>B D>D"),
        (rules(size={"preferred_maximum": 30_000}), "AB>A CD>D"),
    ),
    # ------------------------------------------------------------------------------------ rurality, access, borders
    Case(
        "rurality.threshold",
        rules(size={"minimum_rural": 10_000})(
            replace(TWO_ENDS, rural_patients=np.array([10_000.0, 10_000.0, 6_000.0, 6_000.0]))
        ),
        (rules(rurality={"threshold": 0.0}), "A>A B>B C>C D>D"),
        (rules(rurality={"threshold": 0.7}), "A>A B>B CD>C"),
        (rules(rurality={"threshold": 0.6}), "A>A B>B C>C D>D"),
    ),
    Case(
        "access.max_minutes_between_members",
        UNEVEN,
        (as_it_is, "ABC>B"),
        (rules(access={"max_minutes_between_members": 7}), "A>A BC>B"),
        (rules(access={"max_minutes_between_members": 8}), "ABC>B"),
    ),
    Case(
        "access.max_minutes_to_hub",
        UNEVEN,
        (as_it_is, "ABC>B"),
        (rules(access={"max_minutes_to_hub": 4}), "A>A BC>B"),
        (rules(access={"max_minutes_to_hub": 5}), "ABC>B"),
    ),
    Case(
        "access.max_mean_minutes_to_hub",
        UNEVEN,
        (as_it_is, "ABC>B"),
        (rules(access={"max_mean_minutes_to_hub": 2}), "A>A BC>B"),
        (rules(access={"max_mean_minutes_to_hub": 8 / 3}), "ABC>B"),
    ),
    Case(
        "contiguity.rule",
        rules(size={"hard_maximum": 30_000})(road((0, 9, 1, 10))),  # neighbours are A and B, B and C, C and D
        (rules(contiguity={"rule": "none"}), "AC>A BD>B"),
        (rules(contiguity={"rule": "catchments"}), PAIRS),
        (rules(contiguity={"rule": "none"}), "AC>A BD>B"),
    ),
    Case(
        "contiguity.max_minutes_over_border",
        UNEVEN,
        (as_it_is, "ABC>B"),
        (rules(contiguity={"max_minutes_over_border": 4}), "A>A BC>B"),
        (rules(contiguity={"max_minutes_over_border": 5}), "ABC>B"),
    ),
    # ---------------------------------------------------------------------------------------- exceptions and decisions
    Case(
        "exceptions.policy",
        FAR,
        (as_it_is, "AB>A C>C"),
        (rules(exceptions={"policy": "forbidden"}), NONE),
        (rules(exceptions={"policy": "allowed", "at_most": 1}), "AB>A C>C"),
    ),
    Case(
        "exceptions.at_most",
        SHORT_PAIRS,  # two pairs miss 1,000 patients, a single practice beside three misses 10,500
        (as_it_is, PAIRS),
        (rules(exceptions={"at_most": 1}), "A>A BCD>C"),
        (rules(exceptions={"at_most": 2}), PAIRS),
    ),
    Case(
        "decisions grant-exception",
        FAR,
        (as_it_is, "AB>A C>C"),
        (rules(exceptions={"policy": "forbidden"}), NONE),
        (
            lambda problem: decided(granted=(((2,), "an island"),))(rules(exceptions={"policy": "forbidden"})(problem)),
            "AB>A C>C",
        ),
    ),
    Case(
        "decisions no-exception",
        rules(size={"hard_maximum": 20_000})(THREE),
        (as_it_is, "A>A BC>B"),
        (decided(never_exception=(0,)), "AB>A C>C"),
        (decided(never_exception=(1,)), "A>A BC>B"),
    ),
    Case(
        "decisions together",
        TWO_ENDS,
        (as_it_is, PAIRS),
        (decided(together=((1, 2),)), "ABCD>B"),
        (decided(together=((2, 3),)), PAIRS),
    ),
    Case(
        "keep_together",
        TWO_ENDS,
        (as_it_is, PAIRS),
        (given(keep_together=("", "t", "t", "")), "ABCD>B"),
        (given(keep_together=("", "", "t", "t")), PAIRS),
    ),
    Case(
        "decisions apart",
        TWO_ENDS,
        (as_it_is, PAIRS),
        (decided(apart=((0, 1),)), "A>A BCD>C"),
        (decided(apart=((1, 2),)), PAIRS),
    ),
    Case(
        "decisions group",
        rules(size={"hard_maximum": 20_000})(TWO_ENDS),
        (as_it_is, PAIRS),
        (decided(locked=(LockedGroup((0, 2, 3)),)), "ACD>C B>B"),  # no neighbours, too large, and B is left alone
        (decided(locked=(LockedGroup((0, 1), hub=1),)), "AB>B CD>C"),
    ),
    Case(
        "decisions hub",
        TWO_ENDS,
        (as_it_is, PAIRS),
        (decided(hubs=(0, 1)), "A>A BCD>B"),  # a group has one hub, so A and B cannot share one
        (decided(hubs=(1,)), "AB>B CD>C"),
    ),
    # --------------------------------------------------------------------------------------- limits of the whole plan
    Case(
        "hub.budget",
        COSTLY,
        (as_it_is, PAIRS),
        (rules(hub={"budget": 80.0}), "AB>B CD>D"),
        (rules(hub={"budget": 150.0}), "AB>A CD>D"),
    ),
    Case(
        "locality.rule",
        replace(TWO_ENDS, locality=("West", "East", "East", "East")),
        (as_it_is, PAIRS),
        (rules(locality={"rule": "inside"}), "A>A BCD>C"),
        (rules(locality={"rule": "free", "most_crossing": 1}), PAIRS),
    ),
    Case(
        "locality.most_crossing",
        replace(TWO_ENDS, locality=("West", "East", "West", "East")),
        (as_it_is, PAIRS),
        (rules(locality={"most_crossing": 0}), "A>A B>B C>C D>D"),
        (rules(locality={"most_crossing": 1}), "ABCD>B"),
    ),
    Case(
        "groups.fewest",
        TWO_ENDS,
        (as_it_is, PAIRS),
        (rules(groups={"fewest": 3}), "A>A B>B CD>C"),
        (rules(groups={"fewest": 2}), PAIRS),
    ),
    Case(
        "groups.most",
        TWO_ENDS,
        (as_it_is, PAIRS),
        (rules(groups={"most": 1}), "ABCD>B"),
        (rules(groups={"most": 2}), PAIRS),
    ),
    Case(
        "practices.most_vulnerable_share",
        replace(TWO_ENDS, vulnerable=np.array([True, True, False, False])),
        (as_it_is, PAIRS),
        (rules(practices={"most_vulnerable_share": 0.5}), "ABCD>B"),
        (rules(practices={"most_vulnerable_share": 1.0}), PAIRS),
    ),
    Case(
        "resilience.keeps_share",
        replace(TWO_ENDS, vulnerable=np.array([True, False, False, False])),
        (as_it_is, PAIRS),
        (rules(resilience={"keeps_share": 0.51}), "ABCD>B"),  # without A, B is left with half of the minimum
        (rules(resilience={"keeps_share": 0.5}), PAIRS),
    ),
    Case(
        "resilience.loss_of",
        replace(TWO_ENDS, vulnerable=np.zeros(4, bool)),
        (as_it_is, PAIRS),
        (rules(resilience={"keeps_share": 1.0, "loss_of": "any"}), "ABCD>B"),
        (rules(resilience={"keeps_share": 1.0, "loss_of": "vulnerable"}), PAIRS),
    ),
    # ------------------------------------------------------------------------------------------------------- weights
    Case(
        "weights.minutes",
        rules(weights={"size_balance": 0.5})(EVEN),
        (as_it_is, PAIRS),
        (rules(weights={"minutes": 0.4}), "ABCD>B"),
        (rules(weights={"minutes": 0.6}), PAIRS),
    ),
    Case(
        "weights.outside_preferred",
        rules(size={"preferred_minimum_urban": 40_000})(EVEN),
        (as_it_is, PAIRS),
        (rules(weights={"outside_preferred": 2.0}), "ABCD>B"),
        (rules(weights={"outside_preferred": 0.5}), PAIRS),
    ),
    Case(
        "weights.split_locality",
        replace(CROWDED, locality=TWO_KINDS),
        (as_it_is, PAIRS),
        (rules(weights={"split_locality": 2.0}), "AC>A BD>B"),
        (rules(weights={"split_locality": 0.5}), PAIRS),
    ),
    Case(
        "weights.change_of_group",
        replace(CROWDED, current_group=TWO_KINDS),
        (as_it_is, PAIRS),
        (rules(weights={"change_of_group": 2.0}), "AC>A BD>B"),
        (rules(weights={"change_of_group": 0.5}), PAIRS),
    ),
    Case(
        "weights.mixed_systems",
        replace(CROWDED, clinical_system=TWO_KINDS),
        (as_it_is, PAIRS),
        (rules(weights={"mixed_systems": 2.0}), "AC>A BD>B"),
        (rules(weights={"mixed_systems": 0.5}), PAIRS),
    ),
    Case(
        "weights.worst_practice",
        ONE_GROUP,
        (as_it_is, "ABC>A"),
        (rules(weights={"worst_practice": 1.0}), "ABC>B"),
        (rules(weights={"worst_practice": 0.2}), "ABC>A"),
    ),
    Case(
        "weights.size_balance",
        EVEN,
        (as_it_is, PAIRS),
        (rules(weights={"size_balance": 2.0}), "ABCD>B"),
        (rules(weights={"size_balance": 0.5}), PAIRS),
    ),
    Case(
        "weights.hub_cost",
        COSTLY,  # from A to B: 60 pounds less, 2,000 patient-minutes more; C and D are alike but for 60 pounds
        (as_it_is, PAIRS),
        (rules(weights={"hub_cost": 40.0}), "AB>B CD>D"),
        (rules(weights={"hub_cost": 20.0}), "AB>A CD>D"),
    ),
    Case(
        "weights.fragile",
        replace(EVEN, vulnerable=np.array([True, False, False, True])),
        (as_it_is, PAIRS),
        (rules(weights={"fragile": 1.1}), "ABCD>B"),  # one minute of all 40,000 longer; in pairs all 40,000 are fragile
        (rules(weights={"fragile": 0.9}), PAIRS),
    ),
    # --------------------------------------------------------------------------------------------- order of criteria
    Case(
        "objective.order",
        SHORT_PAIRS,
        (as_it_is, PAIRS),
        (order("exceptions", "shortfall", "score"), "A>A BCD>C"),
        (order("shortfall", "exceptions", "score"), PAIRS),
    ),
    *(
        Case(f"objective.order {name}", place, (as_it_is, without), (first(name), then), (last(name), without))
        for name, place, without, then in (
            ("minutes", LARGE_WANTED, "ABCD>B", PAIRS),
            ("longest_practice", LARGE_WANTED, "ABCD>B", PAIRS),
            ("worst_practice", LARGE_WANTED, "ABCD>B", PAIRS),
            ("groups", TWO_ENDS, PAIRS, "ABCD>B"),
            ("size_balance", TWO_ENDS, PAIRS, "ABCD>B"),
            (
                "outside_preferred",
                rules(size={"preferred_minimum_urban": 40_000})(TWO_ENDS),
                PAIRS,
                "ABCD>B",
            ),
            ("split_locality", replace(CROWDED, locality=TWO_KINDS), PAIRS, "AC>A BD>B"),
            ("change_of_group", replace(CROWDED, current_group=TWO_KINDS), PAIRS, "AC>A BD>B"),
            ("mixed_systems", replace(CROWDED, clinical_system=TWO_KINDS), PAIRS, "AC>A BD>B"),
            ("fragile", replace(TWO_ENDS, vulnerable=np.ones(4, bool)), PAIRS, "ABCD>B"),
            ("hub_cost", replace(TWO_ENDS, hub_cost=np.array([100.0, 40.0, 100.0, 40.0])), PAIRS, "ABCD>B"),
        )
    ),
]


# ------------------------------------------------------------ rules on what the tables say: three practices, four sites


def from_tables(**sections: object) -> Change:
    """The hand-worked place, its tables filled in further, under these rules."""

    def build(problem: GroupingProblem) -> GroupingProblem:
        place = hand_worked_place()
        sites = place.sites.assign(
            floor_area_m2=[200.0, 400.0, np.nan, 500.0],
            condition=["C", " b", "", "A"],
            committed=np.array([None, False, None, True], dtype=object),
        )
        practices = place.practices.assign(vulnerability=[2.0, np.nan, 2.0])
        plain = load_rules("dorset-2017", {"weights": {"outside_preferred": 0, "split_locality": 0}}).model_dump()
        for section, values in sections.items():
            plain[section] = values if section == "decisions" else plain[section] | values
        rule_set = RuleSet.model_validate(plain)
        return build_problem(replace(place, sites=sites, practices=practices), hand_worked_times(), EDGES, rule_set)

    return build


AT_A1 = (from_tables(), "ABC>A1")

TABLE_CASES = [
    Case(
        "hub.kinds",
        TWO_ENDS,
        AT_A1,
        (from_tables(hub={"kinds": ["branch"]}), "ABC>B2"),
        (from_tables(hub={"kinds": ["branch", "main"]}), "ABC>A1"),
    ),
    Case(
        "hub.minimum_floor_area_m2",
        TWO_ENDS,
        AT_A1,
        (from_tables(hub={"minimum_floor_area_m2": 201}), "ABC>B1"),
        (from_tables(hub={"minimum_floor_area_m2": 200}), "ABC>A1"),
    ),
    Case(
        "hub.conditions",
        TWO_ENDS,
        AT_A1,
        (from_tables(hub={"conditions": ["a", "B"]}), "ABC>B1"),
        (from_tables(hub={"conditions": ["a", "B", "c"]}), "ABC>A1"),
    ),
    Case(
        "hub.committed",
        TWO_ENDS,
        AT_A1,
        (from_tables(hub={"committed": "hub"}), "ABC>C1"),
        (from_tables(hub={"committed": "ignore"}), "ABC>A1"),
    ),
    Case(
        "decisions not-hub",
        TWO_ENDS,
        AT_A1,
        (from_tables(decisions=[{"kind": "not-hub", "site": "A1"}]), "ABC>B1"),
        (from_tables(decisions=[{"kind": "not-hub", "site": "B2"}]), "ABC>A1"),
    ),
    Case(
        "practices.vulnerable_up_to",
        TWO_ENDS,
        AT_A1,
        (from_tables(practices={"most_vulnerable_share": 0.5, "vulnerable_up_to": 2}), NONE),
        (from_tables(practices={"most_vulnerable_share": 0.5, "vulnerable_up_to": 1}), "ABC>A1"),
    ),
]

EVERY_CASE = [*CASES, *TABLE_CASES]


@pytest.mark.parametrize("case", EVERY_CASE, ids=str)
def test_it_binds(case: Case) -> None:
    """The best plan without the rule is another one than with it."""
    (without, free), (stated, bound) = case.without, case.stated
    assert best(without(case.place)) == free
    assert best(stated(case.place)) == bound
    assert free != bound


@pytest.mark.parametrize("case", EVERY_CASE, ids=str)
def test_easing_it_changes_the_plan(case: Case) -> None:
    eased, then = case.eased
    assert best(eased(case.place)) == then
    assert then != case.stated[1]


ELSEWHERE = {
    "rurality.near_threshold",  # a remark
    "practices.small_list",  # a remark
    "size.locality",  # its minimum and maximum are rules of their own here
    "options",
    "second_layer",
    "impact",  # what the pages about travel count
    "decisions",  # by kind
}
"""What forms no group, or is tested where it is used."""


def test_no_rule_is_without_a_case() -> None:
    known = {case.rule for case in EVERY_CASE}
    missing = []
    for section, about in RuleSet.model_fields.items():
        keys = getattr(about.annotation, "model_fields", {})
        missing += [f"{section}.{key}" for key in keys if not {section, f"{section}.{key}"} & (known | ELSEWHERE)]
    assert not missing


def test_no_criterion_is_without_a_case() -> None:
    named = {case.rule.split()[-1] for case in EVERY_CASE if case.rule.startswith("objective.order ")}
    assert set(STEP) - {"shortfall", "exceptions", "score"} == named
