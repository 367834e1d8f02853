"""Ranks of the options and robust communities under scenarios, worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grouping.impact.communities import Communities, Figures
from grouping.impact.stress import LIST_COLUMNS, ROBUST_COLUMNS, list_changes, ranking_table, ranks, robust_table

NAMES = ("Ashe", "Bere", "Corfe", "Dale")
COMMUNITIES = Communities(NAMES, np.arange(4), tuple((name,) for name in "abcd"), ("rural", "urban", "mixed", "rural"))
TITLES = {"": "As the case stands", "winter": "Winter", "peak": "Peak"}


def summary(rows: list[tuple[str, str, float, float, float]]) -> pd.DataFrame:
    """Rows of scenario, option, mean, p90 and beyond, among rows that must play no part."""
    table = pd.DataFrame(rows, columns=["scenario", "option", "mean", "p90", "beyond"])
    table = table.assign(journey="hub", mode="car", population="all", setting="all", newly_beyond=7.0, mean_change=0.5)
    table = table.assign(people=1_000.0)
    others = [
        table.assign(**{column: value}, mean=0.0)
        for column, value in (
            ("journey", "routine"),
            ("mode", "walk"),
            ("population", "no_car"),
            ("setting", "rural"),
        )
    ]
    return pd.concat([others[0], table, *others[1:]], ignore_index=True)


def figures(
    after: list[float], before: list[float] | None = None, people: float = 100.0, ranked: list[bool] | None = None
) -> Figures:
    level = np.array(after, dtype=float)
    then = None if before is None else np.array(before, dtype=float)
    nobody = np.zeros(len(level))
    both = np.zeros(len(level), dtype=bool) if then is None else ~np.isnan(level + then)
    return Figures(
        people=np.full(len(level), people),
        no_route=np.where(np.isnan(level), people, 0.0),
        minutes=level,
        minutes_before=np.where(both, then if both.any() else np.nan, np.nan),
        minutes_after=np.where(both, level, np.nan),
        change=None if then is None else level - then,
        longest=level,
        beyond=nobody,
        newly_beyond=nobody,
        lost_route=nobody if then is None else np.where(np.isnan(level) & ~np.isnan(then), people, 0.0),
        compared=np.where(both, people, 0.0),
        ranked=np.ones(len(level), dtype=bool) if ranked is None else np.array(ranked),
    )


# ------------------------------------------------------------------------------------------------------ options


def test_ranks_share_the_better_place_and_skip_the_next() -> None:
    # 8.0 and 8.004 differ by less than 0.005; 8.006 does from the least of the tie by more
    assert list(ranks(np.array([9.0, 8.004, 8.0, 8.006]), 0.005)) == [4, 1, 1, 3]


def test_unknown_figures_come_last_together() -> None:
    assert list(ranks(np.array([math.nan, 3.0, math.nan, 2.0]), 0.5)) == [3, 2, 3, 1]


def test_an_option_that_overtakes_another_is_named() -> None:
    table = ranking_table(
        summary(
            [
                ("", "option-1", 8.0, 20.0, 100.0),
                ("", "option-2", 9.0, 21.0, 100.4),
                ("winter", "option-1", 10.0, 25.0, 140.0),
                ("winter", "option-2", 9.5, 25.003, 150.0),
                ("else", "option-1", 1.0, 1.0, 1.0),
            ]
        ),
        TITLES,
    )

    assert list(table["scenario"]) == ["", "", "winter", "winter"]
    assert list(table["title"]) == ["As the case stands"] * 2 + ["Winter"] * 2
    assert list(table["rank_mean"]) == [1, 2, 2, 1]
    assert list(table["rank_p90"]) == [1, 2, 1, 1]
    assert list(table["rank_beyond"]) == [1, 1, 1, 2]
    assert list(table["rank_changes"]) == [
        "",
        "",
        "Option 1 moves ahead of Option 2 on people beyond the threshold",
        "Option 2 overtakes Option 1 on mean minutes; Option 2 draws level with Option 1 on the 90th percentile",
    ]


def test_several_options_passed_are_told_together() -> None:
    base = [("", f"option-{k}", 8.0, 20.0, 100.0) for k in (1, 2, 3)]
    peak = [("peak", "option-1", 9.0, 25.0, 140.0), ("peak", "option-2", 9.0, 25.0, 140.0)]
    table = ranking_table(summary([*base, *peak, ("peak", "option-3", 8.5, 25.0, 140.0)]), TITLES)

    assert list(table["rank_changes"])[3:] == ["", "", "Option 3 moves ahead of Option 1 and Option 2 on mean minutes"]


def test_no_rows_give_an_empty_table_with_its_columns() -> None:
    assert "rank_changes" in ranking_table(summary([]), TITLES).columns


@given(st.lists(st.one_of(st.just(math.nan), st.floats(0, 60)), min_size=1, max_size=8), st.sampled_from([0.005, 0.5]))
def test_ranks_are_a_permutation_with_ties(values: list[float], tie: float) -> None:
    found = ranks(np.array(values), tie)

    # competition ranking: every rank is one more than the number of those placed before it
    assert all(rank == 1 + int((found < rank).sum()) for rank in found)
    for one, own in zip(values, found, strict=True):
        for other, theirs in zip(values, found, strict=True):
            if one - other >= tie:
                assert own > theirs
            if one < other or (math.isnan(other) and not math.isnan(one)):
                assert own <= theirs


# -------------------------------------------------------------------------------------------------- communities


def test_worse_off_by_the_change_worked_by_hand() -> None:
    base = figures([15, 12, 20, 9], [12, 11, 20, 10])  # changes 3, 1, 0, -1
    winter = figures([18, 14, 22, 9], [13, 11.5, 20.5, 10])  # changes 5, 2.5, 1.5, -1
    faster = figures([13, 10, 18, 8], [10.5, 9.5, 18, 9])  # changes 2.5, 0.5, 0, -1

    table = robust_table({k: {"o": v} for k, v in {"": base, "w": winter, "f": faster}.items()}, COMMUNITIES, 30)

    assert list(table.columns) == list(ROBUST_COLUMNS)
    rows = table.drop(columns=["option", "setting", "people"]).to_dict("split")["data"]
    # one minute in the base is not more than one minute; Dale gets nearer everywhere and is not listed
    assert rows == [
        ["Ashe", 3.0, 2.5, 5.0, 3, 3, True],
        ["Bere", 1.0, 0.5, 2.5, 1, 3, False],
        ["Corfe", 0.0, 0.0, 1.5, 1, 3, False],
    ]
    assert list(table["setting"]) == ["rural", "urban", "mixed"]


def test_without_a_baseline_worse_is_beyond_the_threshold() -> None:
    base, slow = figures([31, 30, 29, 5]), figures([34, 33, 29.9, 6])

    table = robust_table({"": {"o": base}, "slow": {"o": slow}}, COMMUNITIES, 30)

    assert table[["community", "base", "least", "most", "scenarios_worse", "robust"]].to_dict("split")["data"] == [
        ["Ashe", 31.0, 31.0, 34.0, 2, True],
        ["Bere", 30.0, 30.0, 33.0, 1, False],
    ]


def test_a_lost_route_is_worse_but_one_never_had_is_not() -> None:
    nan = math.nan
    base = figures([15, 12, nan, nan], [12, 12, nan, 10])  # Dale loses its route
    no_ferry = figures([nan, nan, nan, nan], [12, nan, nan, 10])  # Ashe too; Bere has none before either

    table = robust_table({"": {"o": base}, "no-ferry": {"o": no_ferry}}, COMMUNITIES, 30)

    assert dict(zip(table["community"], table["robust"], strict=True)) == {"Ashe": True, "Dale": True}


def test_without_a_baseline_a_route_lost_under_a_scenario_is_worse() -> None:
    nan = math.nan
    table = robust_table(
        {"": {"o": figures([20, 35, nan, nan])}, "no-ferry": {"o": figures([nan, 36, nan, 5])}}, COMMUNITIES, 30
    )

    assert dict(zip(table["community"], table["scenarios_worse"], strict=True)) == {"Ashe": 1, "Bere": 2}


_CHANGES = st.lists(st.one_of(st.just(math.nan), st.floats(-10, 10)), min_size=4, max_size=4)


@given(st.lists(_CHANGES, min_size=1, max_size=5))
def test_robust_only_where_every_scenario_is_worse(scenarios: list[list[float]]) -> None:
    then = [20.0] * 4
    under = {str(k): {"o": figures([20 + c for c in changes], then)} for k, changes in enumerate(scenarios)}

    table = robust_table(under, COMMUNITIES, 30).set_index("community")

    for number, name in enumerate(NAMES):
        now = [under[key]["o"] for key in under]
        worse = [bool(one.change[number] > 1 + 1e-9) or math.isnan(one.minutes[number]) for one in now]
        assert (name in table.index) == any(worse)
        if name in table.index:
            assert bool(table.loc[name, "robust"]) == all(worse)
            assert table.loc[name, "scenarios_worse"] == sum(worse)
            if not math.isnan(table.loc[name, "base"]):
                assert table.loc[name, "least"] <= table.loc[name, "base"] <= table.loc[name, "most"]


def test_which_communities_enter_and_leave_the_list_of_the_worst() -> None:
    base = figures([10, 10, 10, 10], [4, 5, 6, 7])  # changes 6, 5, 4, 3: the worst two are Ashe and Bere
    winter = figures([10, 10, 10, 10], [4, 9, 3, 7])  # changes 6, 1, 7, 3: Corfe first, then Ashe; Bere is fourth

    table = list_changes({"": {"o": base}, "winter": {"o": winter}, "same": {"o": base}}, COMMUNITIES, 2)

    assert list(table.columns) == list(LIST_COLUMNS)
    assert table.to_numpy().tolist() == [
        ["winter", "o", "Corfe", "mixed", "enters", 3, 1],
        ["winter", "o", "Bere", "urban", "leaves", 2, 4],
    ]


def test_a_community_without_a_route_is_not_in_the_list() -> None:
    table = list_changes({"": {"o": figures([9, 8, 1, 1])}, "x": {"o": figures([9, math.nan, 1, 1])}}, COMMUNITIES, 2)

    assert list(zip(table["community"], table["list_change"], strict=True)) == [("Corfe", "enters"), ("Bere", "leaves")]
    assert np.isnan(table.loc[1, "rank"])


def test_a_place_of_a_few_people_is_neither_robust_nor_in_the_list() -> None:
    few = [False, True, True, True]  # Ashe
    base = figures([19, 15, 12, 9], [10, 10, 10, 10], ranked=few)  # changes 9, 5, 2, -1: the worst are Bere and Corfe
    peak = figures([30, 16, 12, 14], [10, 10, 10, 10], ranked=few)  # changes 20, 6, 2, 4: Dale passes Corfe
    under = {"": {"o": base}, "peak": {"o": peak}}

    assert list(robust_table(under, COMMUNITIES, 30)["community"]) == ["Bere", "Corfe", "Dale"]
    changes = list_changes(under, COMMUNITIES, 2)
    assert changes[["community", "list_change", "rank_base", "rank"]].to_numpy().tolist() == [
        ["Dale", "enters", 3, 2],
        ["Corfe", "leaves", 2, 3],
    ]
    # nor does it enter a list that is longer than there are places
    nowhere = figures([math.nan, 15, 12, 9], [10, 10, 10, 10], ranked=few)
    assert list_changes({"": {"o": nowhere}, "peak": {"o": peak}}, COMMUNITIES, 4).empty


def test_the_minutes_of_all_decide_without_a_baseline_and_the_change_of_those_compared_with_one() -> None:
    """Nobody of Bere and Dale had the journey before: 40 minutes are no change."""
    nan = math.nan
    base = figures([12, 40, 12, 35], [10, nan, 12, nan])

    assert list(robust_table({"": {"o": base}}, COMMUNITIES, 30)["community"]) == ["Ashe"]
    without = figures([12, 40, 12, 35])
    assert list(robust_table({"": {"o": without}}, COMMUNITIES, 30)["community"]) == ["Bere", "Dale"]


@pytest.mark.parametrize("figures_of", [{}, {"": {}}])
def test_nothing_to_compare_gives_empty_tables(figures_of: dict) -> None:
    assert robust_table(figures_of, COMMUNITIES, 30).empty
    assert list_changes(figures_of, COMMUNITIES, 20).empty


def test_an_option_that_leaves_people_out_has_no_rank() -> None:
    table = summary([("", "option-1", 8.0, 20.0, 100.0), ("", "partial", 7.0, 10.0, 20.0)])
    table["people"] = np.where(table["option"] == "partial", 800.0, 1_000.0)
    found = ranking_table(table, TITLES).set_index("option")
    assert found.loc["option-1", ["rank_mean", "rank_p90", "rank_beyond"]].tolist() == [1, 1, 1]
    assert found.loc["partial", ["rank_mean", "rank_p90", "rank_beyond"]].isna().all()


def test_nothing_is_said_of_passing_an_option_without_a_rank() -> None:
    rows = [("", "option-1", 8.0, 20.0, 100.0), ("", "partial", 7.0, 10.0, 20.0)]
    table = summary(rows + [("winter", option, mean + 1, p90, far) for _, option, mean, p90, far in rows])
    table["people"] = np.where(table["option"] == "partial", 800.0, 1_000.0)
    assert set(ranking_table(table, TITLES)["rank_changes"]) == {""}
