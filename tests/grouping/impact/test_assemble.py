"""How the parts of an impact come together: its tables, its conditions, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geodata.errors import InputProblems
from geodata.place import TransportFacts
from grouping.impact.assemble import impact_of
from grouping.impact.result import Impact
from grouping.impact.site_options import read_site_options
from tests.grouping.impact.impact_place import BEFORE, FAR, NEAR, SERVICES, one_road

COLUMNS = {
    "people": "family population label people rural urban not_known carried",
    "summary": "option scenario journey mode population label setting people no_route mean median p90 longest "
    "within_10 within_15 within_20 within_30 within_45 beyond people_compared mean_before mean_after mean_change "
    "median_before p90_before longer_5 longer_10 longer_15 longer_20 shorter_5 newly_beyond no_longer_beyond "
    "lost_route gained_route change_in_patient_minutes kept_no_site kept_no_site_before kept_no_site_after "
    "kept_no_site_longer_5",
    "inequality": "option journey mode population label compared_with people people_compared_with mean "
    "mean_compared_with gap ratio gap_before gap_after",
    "practices": "option journey mode practice_code name group_id setting people no_route mean "
    "people_compared mean_before mean_after change",
    "groups": "option group_id name kind journey mode people no_route mean people_compared mean_before mean_after "
    "change longest",
    "communities": "option journey mode community areas setting people age_65_plus no_car most_deprived no_route "
    "minutes people_compared minutes_before minutes_after change longest newly_beyond beyond rank",
    "scenarios": "scenario title option mean p90 beyond newly_beyond mean_change rank_mean rank_p90 rank_beyond "
    "rank_changes",
    "robust": "option community setting people base least most scenarios_worse scenarios robust",
    "list_changes": "scenario option community setting list_change rank_base rank",
    "mitigation": "option community setting people_beyond minutes_now site_code site kind of_practice minutes_to_site "
    "people_served_here people_served_all",
    "mitigation_sites": "option step site_code site kind of_practice people_added people_in_all",
    "places": "community mode option sentence",
}
"""Columns that the page, the pack and other tools rely on."""


@pytest.fixture(scope="module")
def impact() -> Impact:
    return impact_of(one_road(), {"near": NEAR, "far": FAR}, baseline=BEFORE, scenarios=("housing", "no-ferry"))


def test_every_table_has_its_columns(impact: Impact) -> None:
    assert {name: list(table.columns) for name, table in impact.tables.items()} == {
        name: columns.split() for name, columns in COLUMNS.items()
    }


def test_tables_without_rows_keep_their_columns(impact: Impact) -> None:
    """Nobody is beyond in a plan of one hub next door, and nobody is worse off than before."""
    found = impact_of(one_road(), {"today": BEFORE.plan}, baseline=BEFORE, scenarios=())
    for name in ("robust", "list_changes", "mitigation", "mitigation_sites"):
        assert found.tables[name].empty
        assert list(found.tables[name].columns) == list(impact.tables[name].columns)


def test_the_order_of_options_modes_and_populations_is_the_order_given(impact: Impact) -> None:
    summary = impact.tables["summary"]
    assert list(dict.fromkeys(summary["option"])) == ["near", "far"] == list(impact.option_ids)
    assert list(dict.fromkeys(summary["mode"])) == ["car", "public-transport", "walk"]
    assert list(dict.fromkeys(summary["setting"])) == ["all", "rural", "urban", "not known"]
    turned = impact_of(one_road(), {"far": FAR, "near": NEAR}, baseline=BEFORE, scenarios=())
    assert turned.option_ids == ("far", "near")
    by = ["option", "journey", "mode", "population", "setting"]
    usual = summary[summary["scenario"] == ""]
    pd.testing.assert_frame_equal(
        usual.sort_values(by, ignore_index=True), turned.tables["summary"].sort_values(by, ignore_index=True)
    )


def test_what_an_impact_says_of_itself(impact: Impact) -> None:
    assert impact.baseline == "Before: today's networks."
    assert impact.threshold == 30.0
    assert impact.worst == 3  # of the rules of this place
    assert impact.scenario == ""
    assert [name for name, _, _ in impact.scenarios] == ["", "housing"]
    assert "200 homes" in impact.scenarios[1][2]
    assert impact.untried == (("no-ferry", "Straight lines know no ferries, so that nothing differs."),)
    assert impact.absent_modes == ()
    assert {finding.code for finding in impact.findings} == {"housing-few-patients"}
    assert not impact.public
    assert impact.site_options is None
    (note,) = impact.notes
    assert note.startswith("The homes of 40 patients lie in areas that the inputs do not hold")


def test_minutes_carry_the_method_of_their_mode() -> None:
    ready = one_road()
    facts = TransportFacts("Tue 2026-10-06 07:30-09:30", 50, "R5")
    timetable = replace(ready, place=replace(ready.place, public_transport_facts=facts))
    modes = dict(impact_of(timetable, {"near": NEAR}, scenarios=()).modes)
    assert "60 km/h" in modes["car"]
    assert "4.8 km/h" in modes["walk"]
    assert "leaving Tue 2026-10-06 07:30-09:30" in modes["public-transport"]


def test_without_a_table_of_journeys_public_transport_is_absent_and_not_guessed() -> None:
    found = impact_of(one_road(buses=False), {"near": NEAR}, scenarios=())
    assert [mode for mode, _ in found.modes] == ["car", "walk"]
    ((mode, why),) = found.absent_modes
    assert mode == "public-transport"
    assert "not in the inputs" in why
    assert set(found.tables["summary"]["mode"]) == {"car", "walk"}
    assert set(found.tables["places"]["mode"]) == {"car", "walk"}


def test_all_figures_are_for_the_scenario_asked_for() -> None:
    """Housing doubles the 400 patients of R3; the case as it stands is then one of the other conditions."""
    found = impact_of(one_road(), {"near": NEAR}, baseline=SERVICES, scenario="housing", scenarios=("projected",))
    assert found.scenario == "housing"
    assert list(dict.fromkeys(found.tables["scenarios"]["scenario"])) == ["housing", "", "projected"]
    people = found.tables["people"].set_index("population")["people"]
    assert people["all"] == pytest.approx(3_200)
    assert people["all"] == found.people.patients.sum()
    for name in ("communities", "practices", "groups"):
        sums = found.tables[name].groupby(["journey", "mode"])["people"].sum()
        assert sums.to_numpy() == pytest.approx(3_200)
    summary = found.tables["summary"].set_index(["scenario", "journey", "mode", "population", "setting"])
    assert summary.loc[("housing", "routine", "car", "all", "all"), "people"] == pytest.approx(3_200)
    assert summary.loc[("", "hub", "car", "all", "all"), "people"] == pytest.approx(2_800)
    # routine care and other modes are told for the scenario asked for only
    assert set(found.tables["summary"].query("scenario != 'housing'")["journey"]) == {"hub"}


def test_a_scenario_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputProblems) as problems:
        impact_of(one_road(), {"near": NEAR}, scenario="snow", scenarios=())
    (finding,) = problems.value.findings
    assert (finding.code, finding.value) == ("scenario", "snow")
    assert "winter" in finding.fix


def test_a_scenario_that_cannot_be_tried_is_not_advised(tmp_path: Path) -> None:
    with pytest.raises(InputProblems) as problems:
        impact_of(one_road(tmp_path), {"near": NEAR}, scenario="no-ferry")
    (finding,) = problems.value.findings
    assert "Straight lines know no ferries" in finding.message
    assert "no-ferry" not in finding.fix


def test_groups_are_called_as_their_pages_call_them() -> None:
    named = {"near": {"G01": ("Harbour group", "urban"), "G02": ("Hill group", "rural")}}
    found = impact_of(one_road(), {"near": NEAR}, scenarios=(), named=named)
    groups = found.tables["groups"].drop_duplicates("group_id").set_index("group_id")
    assert groups.loc["G01", ["name", "kind"]].tolist() == ["Harbour group", "urban"]
    assert groups.loc["G02", ["name", "kind"]].tolist() == ["Hill group", "rural"]


def test_places_can_be_told_anew_with_numbers_written_otherwise(impact: Impact) -> None:
    def starred(number: float) -> str:
        return "*" if number < 500 else f"{number:,.0f}"

    assert impact.tell_places is not None
    # by bus 100 of the 600 people of Edge can no longer reach a hub: practice C's, who went to C1
    usual, hidden = impact.tables["places"], impact.tell_places(starred)
    assert usual["sentence"].str.contains("100 of 600 people").any()
    assert hidden["sentence"].str.contains(r"\* of 600 people").any()
    assert not hidden["sentence"].str.contains("100 of 600").any()
    assert list(hidden["community"]) == list(usual["community"])


def test_a_hub_at_a_site_that_moves_moves_with_it(tmp_path: Path) -> None:
    """The hub of the country, D1, goes from km 42 to km 46; before it was at km 42, and a plan keeps its old code."""
    (tmp_path / "options.csv").write_text("site_code,change,x,y\nD1,move,446000,100000\n", encoding="utf-8")
    ready = one_road(tmp_path, islet=False, buses=False)
    layer = read_site_options(tmp_path / "options.csv", ready.place)
    found = impact_of(ready, {"near": NEAR}, baseline=BEFORE, layer=layer, scenarios=())
    row = community(found, "near Farthing")
    # R3 at km 46: C 100 from 26 (C1) to 0, D 300 from 4 to 0
    assert (row["minutes_before"], row["minutes_after"]) == pytest.approx((3_800 / 400, 0.0))
    assert found.tables["places"]["sentence"].str.contains("Delta").any()
    routine = found.tables["practices"].query("journey == 'routine' and mode == 'car' and practice_code == 'D'").iloc[0]
    assert (routine["mean_before"], routine["mean_after"]) == pytest.approx((4.0, 0.0))


def community(found: Impact, name: str) -> pd.Series:
    table = found.tables["communities"]
    chosen = (table["community"] == name) & (table["journey"] == "hub") & (table["mode"] == "car")
    return table[chosen].iloc[0]


@pytest.mark.parametrize("change", [lambda p: p.registrations, lambda p: p.practices, lambda p: p.sites])
def test_the_place_is_left_as_it_is(change: Callable, tmp_path: Path) -> None:
    (tmp_path / "options.csv").write_text("site_code,change\nB1,consider further\n", encoding="utf-8")
    ready = one_road(tmp_path)
    before, minutes = change(ready.place).copy(), ready.times.area_to_site.copy()
    layer = read_site_options(tmp_path / "options.csv", ready.place)
    impact_of(ready, {"near": NEAR}, baseline=BEFORE, layer=layer, scenarios=("projected",))
    pd.testing.assert_frame_equal(pd.DataFrame(before), pd.DataFrame(change(ready.place)))
    np.testing.assert_array_equal(minutes, ready.times.area_to_site)
