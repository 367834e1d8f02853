"""Practice by practice and pair by pair, worked by hand on the three options of the made-up run."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from geodata.errors import InputProblems
from grouping.compare.chosen import compare_runs
from grouping.compare.differences import practice_rows
from grouping.compare.figures import figures_of
from grouping.compare.page import work_out
from grouping.compare.together import always_together, together_table
from tests.grouping.compare.made_comparison import comparison_of, renamed, run_with_borders
from tests.grouping.made_run import scored_run


def test_companions_gained_and_lost() -> None:
    rows = {row.code: row for row in practice_rows(comparison_of())}
    second, third = rows["J80003"].seats[1:]
    assert second.gained == ("J80006", "J80007") and second.lost == ("J80001", "J80002")
    assert third.gained == ("J80004",) and third.lost == ()
    assert second.group_id == "G02" and second.hub == "J80006" and second.hub_name == "Riverside Medical Centre"
    assert not rows["J80005"].differs and rows["J80003"].differs
    assert sum(row.patients for row in rows.values()) == 166_500


def test_pairs_and_cores() -> None:
    comparison = comparison_of()
    table = together_table(comparison).set_index(["practice_a", "practice_b"])
    assert table.loc[("J80001", "J80002"), "together_in"] == "all"
    assert table.loc[("J80008", "J80010"), ["neighbours", "plans_together"]].tolist() == [True, 2]
    assert not table.loc[("J80001", "J80003"), "neighbours"] and table.loc[("J80001", "J80003"), "plans_together"] == 2
    assert ("J80001", "J80005") not in table.index, "no neighbours, and in no plan together"
    cores = always_together(comparison)
    assert [core.codes for core in cores] == [
        ("J80001", "J80002"),
        ("J80006", "J80007"),
        ("J80008", "J80009"),
        ("J80011", "J80012"),
    ]
    assert cores[0].patients == 14_200 + 12_850


def test_a_border_that_was_taken_out_is_none() -> None:
    run = run_with_borders()
    edges = run.adjacency.assign(reason=["left out", *["shared boundary"] * 7])
    table = together_table(comparison_of(run=replace(run, adjacency=edges))).set_index(["practice_a", "practice_b"])
    assert not table.loc[("J80001", "J80002"), "neighbours"]
    assert table["neighbours"].sum() == 7


def test_a_plan_against_itself_has_no_difference() -> None:
    worked = work_out(comparison_of(("option-2", "option-2")))
    assert [plan.title for plan in worked.comparison.plans] == ["Option 2", "Option 2 (2)"]
    assert worked.alike[0].same_share == worked.alike[0].kept == 1 and worked.alike[0].other_hub == 0
    assert not any(row.differs for row in worked.rows)
    assert set(worked.together["together_in"]) <= {"all", "none"}
    assert not any(change for figure in worked.figures for change in figure.changes)
    assert worked.bests and all(best.no_difference for best in worked.bests)
    assert "There is no difference in who works with whom: both plans hold the same groups." in worked.lines
    assert "In the figures compared there is no difference between the plans." in worked.lines


def test_names_of_groups_change_nothing() -> None:
    run = run_with_borders()
    usual = work_out(comparison_of(run=run))
    again = work_out(comparison_of(run=renamed(run, "option-2")))
    assert again.alike == usual.alike and again.cores == usual.cores and again.lines == usual.lines
    assert again.together.equals(usual.together) and again.figures == usual.figures and again.bests == usual.bests
    gained = [[seat.gained + seat.lost for seat in row.seats] for row in usual.rows]
    assert [[seat.gained + seat.lost for seat in row.seats] for row in again.rows] == gained
    of = {one.code: again.letters[1][one.seats[1].group_id] for one in again.rows}
    assert of == {one.code: usual.letters[1][one.seats[1].group_id] for one in usual.rows}


def test_the_order_of_the_plans_changes_nothing_but_the_order() -> None:
    usual = work_out(comparison_of())
    by_pair = {frozenset((a.first, a.second)): (a.same, a.other_hub) for a in usual.alike}
    best = {best.key: {usual.comparison.plans[k].title for k in best.plans} for best in usual.bests}
    for order in itertools.permutations(range(3)):
        turned = work_out(comparison_of([f"option-{k + 1}" for k in order]))
        for pair in turned.alike:
            key = frozenset((order[pair.first], order[pair.second]))
            assert (pair.same, pair.other_hub) == by_pair[key]
        assert turned.cores == usual.cores and turned.together.equals(usual.together)
        assert {b.key: {turned.comparison.plans[k].title for k in b.plans} for b in turned.bests} == best


def test_a_practice_that_a_plan_leaves_out_is_named_and_not_compared() -> None:
    whole, partial = run_with_borders(), scored_run()
    comparison = compare_runs([(whole, "option-1", "whole"), (partial, "scored", "partial")])
    assert [plan.title for plan in comparison.plans] == ["Option 1 of whole", "Scored plan of partial"]
    assert [(one.code, one.held_by) for one in comparison.left_out] == [
        ("J80011", ("Option 1 of whole",)),
        ("J80012", ("Option 1 of whole",)),
    ]
    worked = work_out(comparison)
    assert worked.alike[0].same_share == 1, "among the practices that both hold"
    assert worked.bests == () and any("is not told" in line for line in worked.lines)
    assert figures_of(comparison)[0].shown == ("12", "10")


def test_what_is_printed_alike_is_alike() -> None:
    run = run_with_borders()
    heads = [dict(one.headline) for one in run.options]
    for head, mean in zip(heads, (7.04, 6.96, 7.2), strict=True):
        head["mean_minutes_to_hub"] = mean
    run = replace(run, options=tuple(replace(o, headline=h) for o, h in zip(run.options, heads, strict=True)))
    worked = work_out(comparison_of(run=run))
    mean = next(best for best in worked.bests if best.key == "mean_minutes")
    assert mean.shown == ("7.0", "7.0", "7.2") and mean.plans == (0, 1)
    figure = next(figure for figure in worked.figures if figure.key == "mean_all_all")
    assert figure.changes == ("", "", "+0.2"), "differences are those of the figures printed"


def test_the_score_of_another_rule_set_is_not_held_against_the_first() -> None:
    run = run_with_borders()
    rules = run.rules.model_copy(
        update={"name": "other", "size": run.rules.size.model_copy(update={"hard_maximum": 70_000})}
    )
    comparison = compare_runs([(run, "option-1", "one"), (replace(run, rules=rules), "option-2", "two")])
    score = figures_of(comparison)[-1]
    assert score.changes == ("", "") and score.shown == ("9.250 (dorset-2017)", "9.360 (other)")
    worked = work_out(comparison)
    assert "exceptions" not in {best.key for best in worked.bests}
    assert "mean_minutes" in {best.key for best in worked.bests}


def test_nothing_in_common_is_refused() -> None:
    run = run_with_borders()
    first = run.options[0]
    parts = [
        replace(first, option=replace(first.option, plan=type(first.option.plan)((group,))))
        for group in first.option.plan.groups[:2]
    ]
    with pytest.raises(InputProblems, match="no practice is in all of these plans"):
        compare_runs([(replace(run, options=(part,)), "option-1", str(k)) for k, part in enumerate(parts)])
