"""The six criteria: figures worked by hand, what is not assessed, and words that never make a winner of ties."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grouping.plan import ServiceSites
from grouping.report.criteria import criteria_rows, criteria_texts, criteria_view
from grouping.report.indicator import Criterion, Indicator, best_in_words, best_options, cell
from grouping.result import Run
from tests.grouping.impact.made_impact import made_impact
from tests.grouping.made_run import made_run

MADE = made_run()
TITLES = ["Option 1", "Option 2", "Option 3"]


def filled_run() -> Run:
    """The made run with what a full case holds of practices and sites."""
    practices = MADE.place.practices.copy()
    practices["vulnerability"] = [4.0] * 8 + [2.0, np.nan, 5.0, 1.0]  # J80009 and J80012 are vulnerable
    practices["clinical_system"] = ["A", "B", "A", "A", "A", "A", "A", "A", "A", "", "A", "B"]
    practices["dispensing"] = [None, False, False, False, False, False, False, True, True, True, False, False]
    practices["current_group"] = ["N", "N", "N", "S", "S", "S", "", "V", "V", "V", "W", "W"]
    sites = MADE.place.sites.copy()
    sites["floor_area_m2"] = [100.0 * (n + 1) for n in range(len(sites))]
    sites["annual_cost"] = [10_000.0 * (n + 1) for n in range(len(sites))]
    return replace(MADE, place=replace(MADE.place, practices=practices, sites=sites))


FILLED = filled_run()


def figures(run: Run) -> dict[str, tuple]:
    return {one.key: one.figures for criterion in criteria_rows(run) for one in criterion.indicators}


def absent(run: Run) -> str:
    return " ".join(line for criterion in criteria_rows(run) for line in criterion.absent)


def test_the_six_criteria_stand_in_their_order_whatever_the_inputs_hold() -> None:
    for run in (MADE, FILLED):
        assert [one.key for one in criteria_rows(run)] == [
            "quality", "access", "affordability", "workforce", "time", "other",
        ]  # fmt: skip
        assert all(one.indicators or one.absent for one in criteria_rows(run))
    assert criteria_rows(replace(MADE, options=())) == ()


def test_what_the_inputs_do_not_hold_is_not_assessed() -> None:
    text = absent(MADE)
    for lacking in (
        "no rating of how vulnerable",
        "no mark of which practices dispense",
        "no floor area",
        "no annual cost",
        "no clinical system",
        "no groups of today",
        "no staff",
        "no training practices",
    ):
        assert lacking in text
    assert text.count("not assessed") >= 10
    assert "saving is claimed" in text


def test_vulnerable_practices_are_counted_by_their_patients() -> None:
    found = figures(FILLED)
    # J80009 (7,350) is in a group of 22,350, J80012 (4,750) in one of 10,650; in option 3 both are in one of 26,900.
    assert found["vulnerable_in_preferred"] == pytest.approx((7_350 / 12_100, 7_350 / 12_100, 1.0))
    # J80011 and J80012: half of them; in option 3 two of four
    assert found["groups_half_vulnerable"] == (1.0, 1.0, 1.0)


def test_mixed_systems_count_the_patients_beside_the_largest_system() -> None:
    # option 1: 12,850 on B beside 25,600 on A; 4,750 beside 5,900; J80010 (6,100) is not known
    known = 166_500 - 6_100
    assert figures(FILLED)["mixed_systems"] == pytest.approx((17_600 / known,) * 3)


def test_dispensing_practices_and_localities_are_counted() -> None:
    found = figures(FILLED)
    assert found["dispensing_kept"] == (3.0, 3.0, 3.0)
    # Coast: columns of rows 0 and 1; J80011 (column 0, row 1) is of the Coast, J80012 of the West
    labels = FILLED.place.practices["locality"]
    expected = [
        sum(len({labels[code] for code in group.members}) > 1 for group in option.option.plan.groups)
        for option in FILLED.options
    ]
    assert list(found["crossing"]) == expected
    assert found["exceptions"] == (1.0, 1.0, 0.0)


def test_floor_area_and_cost_are_facts_of_the_sites_as_they_stand() -> None:
    sites, lists = FILLED.place.sites, FILLED.place.practices["list_size"]
    found = figures(FILLED)
    for position, option in enumerate(FILLED.options):
        groups = option.option.plan.groups
        area = [
            1_000
            * sites.loc[sites["practice_code"].isin(g.members), "floor_area_m2"].sum()
            / lists[list(g.members)].sum()
            for g in groups
        ]
        hubs = sites.loc[[g.hub_site_code for g in groups]]
        assert found["floor_area_least"][position] == pytest.approx(min(area))
        assert found["hub_cost"][position] == hubs["annual_cost"].sum()
        assert found["hub_cost_per_m2"][position] == pytest.approx(100.0)
    gap = FILLED.place.sites.copy()
    gap.loc["J80002", ["annual_cost", "floor_area_m2"]] = np.nan  # the hub of G01 in option 1
    partly = figures(replace(FILLED, place=replace(FILLED.place, sites=gap)))
    assert partly["hub_cost"][0] == "known for 4 of 5 hubs"
    assert isinstance(partly["hub_cost"][1], float)
    assert partly["hub_cost_per_m2"][0] == "not known for every hub"
    assert partly["floor_area_least"][0] == "known for 4 of 5 groups"


def test_who_leaves_most_companions_of_today_is_counted() -> None:
    # option 1 keeps N, V and W whole; of S, J80005 stands alone and parts J80004 (9,600) and J80006 (13,100) from it:
    # J80004 keeps 13,100 of 75,400, J80006 keeps 9,600 of 71,900, J80005 nobody
    # option 2: J80004 leaves S alone, J80006 too, J80005 too; of N J80003 is parted from J80001 and J80002 (27,050),
    # J80001 keeps 12,850 of 24,250, J80002 14,200 of 25,600
    # option 3: S again; V: J80008 and J80009 stay together (J80008 keeps 7,350 of 13,450, J80009 8,900 of 15,000),
    # J80010 leaves both
    assert figures(FILLED)["leave_most"] == (3.0, 4.0, 4.0)


def test_before_and_after_are_assessed_only_with_a_before() -> None:
    assert "share_longer" not in figures(MADE)
    assert "no plan or sites of before were given" in absent(MADE)
    options = tuple(
        replace(o, headline=o.headline | {"share_longer": 0.1, "share_longer_rural": "*", "share_shorter": 0.2})
        for o in MADE.options
    )
    run = replace(MADE, options=options, before=ServiceSites(("J80001",)))
    assert figures(run)["share_longer_rural"] == ("*", "*", "*")
    rows = {row.label: row for criterion in criteria_view(run) for row in criterion.rows}
    assert rows["… of those in rural areas"].best == "cannot be compared"
    assert "no plan or sites of before" not in absent(run)


def test_travel_by_population_comes_from_the_impact() -> None:
    impact = made_impact(options=3, baseline=False)
    run = replace(MADE, impact=impact)
    table = impact.tables["summary"]
    table = table[(table["journey"] == "hub") & (table["scenario"] == impact.scenario)]
    found = figures(run)

    def told(column: str, mode: str, setting: str, population: str) -> tuple:
        rows = table[(table["mode"] == mode) & (table["setting"] == setting) & (table["population"] == population)]
        return tuple(rows.set_index("option")[column][[f"option-{n}" for n in (1, 2, 3)]])

    assert found["rural_p90"] == told("p90", "car", "rural", "all")
    assert found["beyond"] == told("beyond", "car", "all", "all")
    assert found["most_deprived"] == told("mean", "car", "all", "most_deprived")
    assert found["no_car_public_transport"] == told("within_45", "public-transport", "all", "no_car")
    without = replace(MADE, impact=made_impact(options=3, transport=False))
    assert "the inputs hold no minutes by public transport" in absent(without)


def test_what_stays_in_the_house_is_not_shown_in_public() -> None:
    practices = FILLED.place.practices.drop(columns="vulnerability")
    sites = FILLED.place.sites.drop(columns="annual_cost")
    public = replace(FILLED, public=True, place=replace(FILLED.place, practices=practices, sites=sites))
    text = absent(public)
    assert "Vulnerable practices: not shown in the public version." in text
    assert "Cost of the hub sites: not shown in the public version." in text
    kept = replace(FILLED, public=True)
    assert not {"vulnerable_in_preferred", "groups_half_vulnerable", "hub_cost", "hub_cost_per_m2"} & set(figures(kept))


def indicator(values: tuple, direction: str = "lower", kind: str = "minutes") -> Indicator:
    return Indicator("key", "label", "what", direction, kind, "source", values)


def test_ties_are_said_and_hidden_figures_favour_nobody() -> None:
    assert best_in_words(indicator((5.31, 5.34, 5.4)), TITLES) == "lowest: Options 1 and 2, alike"
    assert best_in_words(indicator((5.0, 5.01, 5.02)), TITLES) == "all alike"
    assert best_in_words(indicator((1.0, 3.0, 2.0), "higher"), TITLES) == "highest: Option 2"
    assert best_in_words(indicator((1.0, "*", 2.0)), TITLES) == "cannot be compared"
    assert best_in_words(indicator((1.0, None, 2.0)), TITLES) == "cannot be compared"
    assert best_in_words(indicator((1.0, 2.0, 2.0), ""), TITLES) == "says nothing for or against"
    assert best_in_words(indicator((1.0,)), ["The scored plan"]) == ""
    assert best_in_words(indicator((1.0, 1.0, 2.0)), ["north", "south", "west"]) == "lowest: north and south, alike"


@given(
    st.lists(st.floats(0.0, 100.0), min_size=2, max_size=5),
    st.sampled_from(["lower", "higher"]),
    st.sampled_from(["minutes", "count", "share", "area", "pounds", "people"]),
)
def test_an_option_is_favoured_exactly_where_it_reads_like_the_best(values: list[float], way: str, kind: str) -> None:
    one = indicator(tuple(values), way, kind)
    best = best_options(one)
    shown = [cell(value, kind) for value in values]
    ideal = cell((min if way == "lower" else max)(values), kind)
    assert set(best) == {n for n, words in enumerate(shown) if words == ideal}
    assert best


def test_texts_can_be_made_for_the_options_of_several_runs() -> None:
    joined = Criterion("access", "Access", (indicator((5.0, 6.0), "lower"),), ("Nothing else.",))
    (text,) = criteria_texts([joined], ["North", "South"])
    assert text.rows[0].cells == ("5.0", "6.0")
    assert text.rows[0].best == "lowest: North"
    assert text.absent == ("Nothing else.",)


def test_no_word_makes_one_option_the_winner() -> None:
    words = " ".join(
        part
        for criterion in criteria_view(FILLED)
        for row in criterion.rows
        for part in (row.label, row.definition, row.direction, row.best)
    ).lower()
    for word in ("winner", "score", "total", "recommend", "optimal"):
        assert word not in words
