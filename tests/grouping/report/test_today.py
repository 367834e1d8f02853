"""Today's groups under each option, and practices on a border."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.agreement import COLUMNS, Agreement
from grouping.plan import Plan
from grouping.problem import Decided, GroupingProblem
from grouping.report.border import border_view, movable
from grouping.report.today import today_view, todays_groups, who_leaves
from grouping.result import Run
from tests.grouping.made_run import made_run
from tests.grouping.random_problems import random_problem

MADE = made_run()
TODAY = ["N", "N", "N", "S", "S", "S", "", "V", "V", "V", "W", "W"]


def with_today(labels: list[str]) -> Run:
    practices = MADE.place.practices.assign(current_group=labels)
    return replace(MADE, place=replace(MADE.place, practices=practices))


# ------------------------------------------------------------------------------------------------------ today's groups


def test_without_todays_groups_the_page_says_so() -> None:
    view = today_view(MADE)
    assert view.absent.startswith("Today’s groups are not in the inputs")
    assert view.options == view.leavers == ()


def test_the_plan_before_stands_for_today_only_where_the_practices_name_no_groups() -> None:
    before = replace(MADE, before=Plan.from_groups([(("J80001", "J80002", "X99999"), "J80001")]))
    assert todays_groups(before).groups == {"G01": ("J80001", "J80002")}
    both = replace(with_today(TODAY), before=before.before)
    assert list(todays_groups(both).groups) == ["N", "S", "V", "W"]


def test_each_of_todays_groups_stays_is_joined_or_is_split() -> None:
    view = today_view(with_today(TODAY))
    assert "4 groups of 11 practices" in view.lead
    assert "One practice is in none of them." in view.lead
    becomes = [{row[0]: row[3] for row in option.rows} for option in view.options]
    assert becomes[0] == {
        "N": "stays as it is: G01",
        "S": "split: 1 practice (62,300 patients) in G03; 2 (22,700) in G02",
        "V": "stays as it is: G04",
        "W": "stays as it is: G05",
    }
    assert becomes[2]["N"] == "stays whole, in G01 with 1 other practice (9,600 patients)"
    assert becomes[2]["V"] == "split: 2 practices (16,250 patients) in G04; 1 (6,100) in G03"
    assert becomes[2]["W"] == "stays whole, in G04 with 2 other practices (16,250 patients)"
    first, third = view.options[0].lines, view.options[2].lines
    assert first[0] == "Of 4 groups, 3 stay as they are and 1 is split."
    # S in G02 and G03; J80007 is of no group of today, so no group of option 1 joins two
    assert first[1] == "3 practices with 85,000 patients get other companions; 3 of them leave all or most of the " \
        "companions of today, 1 all."  # fmt: skip
    # option 3: G01 joins N and S, G03 S and V, G04 V and W
    assert "3 groups of this plan bring together practices of two or more of them." in third
    assert view.options[0].rows[0][1:3] == ("3", "38,450")


def test_who_keeps_less_than_half_of_the_companions_is_named() -> None:
    run = with_today(TODAY)
    found = {
        leaver.code: (leaver.stays, leaver.companions) for leaver in who_leaves(run, run.options[0], todays_groups(run))
    }
    assert found == {"J80005": (0, 2), "J80004": (1, 2), "J80006": (1, 2)}
    rows = {row.code: row.cells for row in today_view(run).leavers}
    # in option 3 J80010 parts from J80008 and J80009; J80008 keeps 7,350 of 13,450
    assert rows["J80010"] == ("–", "–", "0 of 2")
    assert "J80008" not in rows


def test_half_of_the_companions_is_not_less_than_half() -> None:
    practices = MADE.place.practices.copy()
    practices.loc[["J80002", "J80003"], "list_size"] = 10_000
    practices["current_group"] = ["N", "N", "N", *[""] * 9]
    run = replace(MADE, place=replace(MADE.place, practices=practices))
    # option 2 keeps J80001 with J80002 (10,000 of 20,000), and takes J80003 away
    left = who_leaves(run, run.options[1], todays_groups(run))
    assert [leaver.code for leaver in left] == ["J80003"]


def test_a_plan_that_is_as_today_says_that_nobody_changes() -> None:
    same = [MADE.options[0].option.plan.group_of[code].group_id for code in MADE.place.practices.index]
    lines = today_view(with_today(same)).options[0].lines
    assert lines == ("Of 5 groups, 5 stay as they are.", "No practice gets other companions.")


def test_practices_outside_a_partial_plan_are_told_apart() -> None:
    run = with_today(TODAY)
    first = run.options[0]
    plan = Plan(first.option.plan.groups[:-2])
    part = replace(run, options=(replace(first, option=replace(first.option, plan=plan)),))
    becomes = {row[0]: row[3] for row in today_view(part).options[0].rows}
    assert becomes["W"] == "2 practices not in this plan"
    assert "2 are partly or wholly outside this plan" in today_view(part).options[0].lines[0]


def test_who_is_outside_a_partial_plan_is_a_companion_of_nobody() -> None:
    run = with_today(["N", "N", "N", *[""] * 7, "N", "N"])
    first = run.options[0]
    plan = Plan(first.option.plan.groups[:-1])  # without J80011 and J80012
    part = replace(run, options=(replace(first, option=replace(first.option, plan=plan)),))
    view = today_view(part)
    assert view.leavers == ()
    assert view.options[0].lines[-1] == "No practice gets other companions."
    assert "2 not in this plan" in view.options[0].rows[0][3]


@given(st.lists(st.sampled_from(["", "A", "B", "C"]), min_size=12, max_size=12).filter(any))
@settings(deadline=None, max_examples=40)
def test_every_group_of_today_is_told_once_and_leavers_are_among_those_who_change(labels: list[str]) -> None:
    run = with_today(labels)
    view, today = today_view(run), todays_groups(run)
    for option, shown in zip(run.options, view.options, strict=True):
        assert [row[0] for row in shown.rows] == sorted(set(labels) - {""})
        now = option.option.plan.group_of
        for leaver in who_leaves(run, option, today):
            assert set(now[leaver.code].members) != set(today.groups[leaver.was_in])
            assert leaver.stays < leaver.companions


# ------------------------------------------------------------------------------------------------ practices on a border


def line_problem(**changes: object) -> GroupingProblem:
    """Six practices in a row, P00 to P05, each beside the next, all in town; minimum 10, maximum 20."""
    base = random_problem(1, 6)
    adjacency = np.eye(6, k=1, dtype=bool) | np.eye(6, k=-1, dtype=bool)
    rules = base.rules.model_validate(
        {
            "name": "row", "version": "1", "title": "row",
            "size": {"minimum_urban": 10, "minimum_rural": 5, "preferred_minimum_urban": 10,
                     "preferred_minimum_rural": 5, "preferred_maximum": 20, "hard_maximum": 20},
        }
    )  # fmt: skip
    made = replace(
        base,
        list_size=np.array([6, 6, 6, 6, 6, 6], dtype=np.int64),
        rural_patients=np.zeros(6),
        between_practices=np.zeros((6, 6)),
        adjacency=adjacency,
        locality=("",) * 6,
        keep_together=("",) * 6,
        decided=Decided(),
        rules=rules,
    )
    return replace(made, **changes)


def row_plan(*groups: str) -> Plan:
    return Plan.from_groups([([f"P0{n}" for n in group], f"S0{group[0]}") for group in groups])


def test_a_practice_sits_on_a_border_where_both_groups_stay_within_their_limits() -> None:
    plan = row_plan("012", "345")  # 18 and 18: a move makes 12 and 24, above the maximum
    assert movable(line_problem(), plan) == {}
    plan = row_plan("012", "34", "5")
    # P02 makes G01 12 and G02 18; P05 alone cannot leave, and P04 would leave 6, below the minimum
    assert movable(line_problem(), plan) == {"P02": ("G02",)}


def test_a_group_that_falls_apart_is_not_left() -> None:
    problem = line_problem()
    bridge = problem.adjacency.copy()
    bridge[1, 4] = bridge[4, 1] = True
    problem = replace(problem, adjacency=bridge)
    plan = row_plan("012", "34", "5")
    # P01 neighbours P04 now, but without it P00 and P02 are apart
    assert movable(problem, plan) == {"P02": ("G02",)}
    bridge = bridge.copy()
    bridge[0, 2] = bridge[2, 0] = True
    assert movable(replace(problem, adjacency=bridge), plan) == {"P01": ("G02",), "P02": ("G02",)}


def test_decisions_and_drives_hold_a_practice_where_it_is() -> None:
    plan = row_plan("012", "34", "5")
    far = np.zeros((6, 6))
    far[2, 4] = far[4, 2] = 31.0
    for held in (
        line_problem(keep_together=("", "x", "x", "", "", "")),
        line_problem(decided=Decided(together=((1, 2),))),
        line_problem(decided=Decided(apart=((2, 4),))),
        line_problem(between_practices=far),
    ):
        assert movable(held, plan) == {}


def test_the_minimum_is_that_of_the_group_as_it_would_be() -> None:
    # G01 has 18 patients of whom 6 (P02) are urban and 12 rural: rural without P02 as well, minimum 5
    rural = np.array([6.0, 6.0, 0.0, 0.0, 0.0, 0.0])
    plan = row_plan("012", "3", "45")
    found = movable(line_problem(rural_patients=rural), plan)
    assert found["P02"] == ("G02",)  # P03 with P02 has 12, urban, at least 10
    small = line_problem(rural_patients=rural, list_size=np.array([3, 3, 6, 6, 6, 6], dtype=np.int64))
    assert "P02" not in movable(replace(small, rural_patients=np.zeros(6)), plan)  # 6 left: below the urban minimum
    assert "P02" in movable(replace(small, rural_patients=np.array([3.0, 3.0, 0, 0, 0, 0])), plan)


@given(st.integers(0, 400), st.integers(4, 7), st.data())
@settings(deadline=None, max_examples=60)
def test_moves_are_those_that_plain_rules_allow(seed: int, count: int, data: st.DataObject) -> None:
    problem = replace(random_problem(seed, count), keep_together=("",) * count, decided=Decided())
    labels = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    groups = [[i for i in range(count) if labels[i] == label] for label in sorted(set(labels))]
    codes, owner = problem.practice_codes, list(problem.site_owner)
    plan = Plan.from_groups(
        [([codes[i] for i in group], problem.site_codes[owner.index(group[0])]) for group in groups]
    )
    found = movable(problem, plan)
    for i in range(count):
        own = plan.group_of[codes[i]]
        for other in plan.groups:
            allowed = other is not own and _allowed(problem, i, _of(own, codes), _of(other, codes))
            assert (other.group_id in found.get(codes[i], ())) == allowed


def _of(group, codes) -> list[int]:
    return [codes.index(code) for code in group.members]


def _allowed(problem: GroupingProblem, i: int, own: list[int], other: list[int]) -> bool:
    """The definition once more, by graphs and sums."""
    rules = problem.rules
    graph = nx.from_numpy_array(problem.adjacency)
    limit = rules.contiguity.max_minutes_over_border
    if limit > 0:
        graph.remove_edges_from([(a, b) for a, b in graph.edges if problem.between_practices[a, b] > limit])
    if rules.contiguity.rule == "none":
        graph = nx.complete_graph(len(problem.practice_codes))
    rest, joined = [p for p in own if p != i], [*other, i]
    if not rest or not any(graph.has_edge(i, p) for p in other):
        return False
    parts = nx.number_connected_components
    if parts(graph.subgraph(rest)) > parts(graph.subgraph(own)):
        return False
    most = rules.access.max_minutes_between_members
    if most > 0 and any(problem.between_practices[i, p] > most for p in other):
        return False
    places = {problem.locality[p] for p in other} - {""}
    if rules.locality.rule == "inside" and problem.locality[i] and places - {problem.locality[i]}:
        return False
    return all(_size_fits(problem, group) for group in (rest, joined))


def _size_fits(problem: GroupingProblem, group: list[int]) -> bool:
    size = problem.rules.size
    listed = problem.list_size[group].sum()
    rural = problem.rural_patients[group].sum() / listed >= problem.rules.rurality.threshold - 1e-9
    fewest = max(size.fewest_practices, 0)
    most = size.most_practices or len(problem.practice_codes)
    low = size.minimum_rural if rural else size.minimum_urban
    high = (size.hard_maximum_rural or size.hard_maximum) if rural else size.hard_maximum
    by_place: dict[str, int] = {}
    for p in group:
        if problem.locality[p]:
            by_place[problem.locality[p]] = by_place.get(problem.locality[p], 0) + int(problem.list_size[p])
    if by_place:
        own = size.locality.get(min(by_place, key=lambda name: (-by_place[name], name)))
        low, high = (own and own.minimum) or low, (own and own.maximum) or high
    return low <= listed <= high and fewest <= len(group) <= most and _hub_fits(problem, group)


def _hub_fits(problem: GroupingProblem, group: list[int]) -> bool:
    access, timed = problem.rules.access, sum(problem.timed_patients[p] for p in group)
    for site, owner in enumerate(problem.site_owner):
        minutes = sum(problem.patient_minutes[p, site] for p in group)
        longest = max(problem.practice_to_site[p, site] for p in group)
        near = not access.max_minutes_to_hub or longest <= access.max_minutes_to_hub
        near = near and (not access.max_mean_minutes_to_hub or minutes <= access.max_mean_minutes_to_hub * timed + 1e-9)
        if owner in group and problem.hub_allowed[site] and np.isfinite(minutes) and near:
            return True
    return False


def test_rows_name_the_group_under_each_option_and_whom_the_choice_is_with() -> None:
    rows = [
        ("J80003", "x", "J80004", "y", True, 0.31, 100, "choice", None, "every plan"),
        ("J80003", "x", "J80006", "y", True, 0.52, 100, "choice", None, "every plan"),
        ("J80003", "x", "J80001", "y", True, 0.004, 100, "choice", None, "every plan"),
        ("J80008", "x", "J80009", "y", True, 1.0, 100, "settled-together", 0.01, "every plan"),
        ("J80001", "x", "J80009", "y", False, 0.5, 100, "choice", None, "every plan"),
    ]
    agreement = Agreement(pd.DataFrame(rows, columns=list(COLUMNS)), "the 100 plans", True)
    view = border_view(replace(MADE, agreement=agreement))
    by_code = {row.code: row for row in view.rows}
    assert by_code["J80003"].cells == (("G01", ()), ("G02", ()), ("G01", ()))
    assert by_code["J80003"].choices == (("Riverside Medical Centre", "52%"), ("Chestnut Avenue Practice", "31%"))
    assert by_code["J80001"].choices == (("Pier Medical Practice", "under 1%"),)
    assert "J80005" not in by_code  # alone in every option
    assert view.rows[0].code == "J80003"  # the most open choice first
    assert view.lines == (
        "11 of 12 practices do not have the same companions in every option.",
        "4 of 12 practices share a group with some neighbour in some of the plans nearly as good, and not in others.",
    )


def test_a_single_plan_without_arrays_has_no_practice_on_a_border() -> None:
    view = border_view(replace(MADE, options=MADE.options[:1]))
    assert view.rows == ()
    assert view.lines == ("No practice sits on a border.",)
