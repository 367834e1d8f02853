"""What failures do to a plan: the place worked by hand, limits, fragility, words and tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geodata.errors import InputProblems
from geodata.place import Place
from grouping.named_table import csv_bytes
from grouping.page import environment
from grouping.plan import Plan
from grouping.programme.ground import Ground
from grouping.programme.inputs import ProgrammeInputs, read_inputs
from grouping.resilience import Resilience, problems, resilience_of, template_tables
from grouping.resilience.assemble import worked_out
from grouping.rules import load_rules
from tests.grouping.hand_worked import hand_worked_place, hand_worked_times
from tests.grouping.made_run import HOSTILE_NAMES, made_run
from tests.grouping.resilience.made import ground_on, hand_worked_ground, settings_file
from tests.page_text import broken_bones

WHOLE = '<html lang="en-GB"><body><a class="skip" href="#resilience">Skip</a><h1>Programme</h1>{}</body></html>'
GROUPS = [(("A", "B"), "B1"), (("C",), "C1")]


def _rows(found: Resilience, name: str) -> dict[object, dict[str, object]]:
    table = found.table(name)
    assert table is not None
    return {row[table.table.columns[0]]: row for row in table.table.to_dict("records")}


def _page(found: Resilience, ground: Ground) -> str:
    return (
        environment().get_template("programme/resilience.html.j2").render(resilience=found, ground=ground, public=False)
    )


@pytest.fixture(scope="module")
def found() -> Resilience:
    return resilience_of(hand_worked_ground())


def test_patients_go_where_there_is_room_and_all_are_counted(found: Resilience) -> None:
    # places: 2,000 with A, 1,200 with B, 1,000 with C
    # B's patients: 2,000 in R1 (2 minutes to C, 12 to A), 10,000 in U2 (4 minutes to A, 10 to C)
    rows = _rows(found, "resilience-failures")
    told = {
        code: tuple(row[key] for key in ("patients", "placed", "without_place", "not_timed", "receiving"))
        for code, row in rows.items()
    }
    assert told == {
        "A": (20_000, 2_200, 17_800, 0, 2),
        "B": (12_000, 3_000, 9_000, 0, 2),
        "C": (10_000, 3_200, 6_200, 600, 2),  # 500 from outside the areas, 100 on the islet without a road
    }
    moves = found.table("resilience-moves").table
    of_b = moves[moves["failure"] == "B"]
    assert of_b[["outcome", "to_practice", "patients", "minutes", "patients_unlimited"]].to_numpy().tolist()[:2] == [
        ["finds a place", "A", 2_000, 4.0, 10_000],
        ["finds a place", "C", 1_000, 2.0, 2_000],
    ]
    left = found.table("resilience-without-place").table
    assert left.loc[left["failure"] == "B", ["area_code", "rural", "patients"]].to_numpy().tolist() == [
        ["R1", "yes", 1_000],
        ["U2", "no", 8_000],
    ]


def test_journeys_of_those_who_find_a_place(found: Resilience) -> None:
    rows = _rows(found, "resilience-failures")
    b, c = rows["B"], rows["C"]
    # B: 1,000 in R1 from 6 to 2 minutes, 2,000 in U2 from 2 to 4; without limit 2,000 and 10,000 of them
    assert (b["minutes_before"], b["minutes_after"]) == pytest.approx((10 / 3, 10 / 3))
    assert (b["minutes_before_rural"], b["minutes_after_rural"]) == (6.0, 2.0)
    assert b["minutes_after_unlimited"] == pytest.approx((2_000 * 2 + 10_000 * 4) / 12_000)
    assert b["without_place_unlimited"] == 0
    assert b["share_same_group"] == pytest.approx(2_000 / 12_000)
    # C: 1,200 go on to B (2 to 6 minutes), 2,000 to A (2 to 12): only these are more than five minutes further
    assert (c["minutes_before"], c["minutes_after"]) == pytest.approx((2.0, (1_200 * 6 + 2_000 * 12) / 3_200))
    assert c["longer"] == 2_000
    assert c["share_same_group"] == 0
    assert np.isnan(c["minutes_after_65"])  # ages are not known here


def test_older_people_count_by_the_share_of_their_area_and_the_threshold_is_that_of_the_rules() -> None:
    place = hand_worked_place()
    older = pd.Series({"R1": 4_500, "U1": 2_000, "U2": 1_200, "X": 100})  # half, a tenth, a tenth
    place = replace(place, areas=place.areas.assign(population_65_plus=older))
    rules = load_rules("dorset-2017", override={"impact": {"threshold_minutes": 3}})
    row = _rows(resilience_of(ground_on(place, hand_worked_times(), rules=rules)), "resilience-failures")["B"]
    assert row["minutes_before_65"] == pytest.approx((500 * 6 + 200 * 2) / 700)
    assert row["minutes_after_65"] == pytest.approx((500 * 2 + 200 * 4) / 700)
    assert (row["beyond_before"], row["beyond_after"]) == (1_000, 2_000)


def test_groups_after_and_what_they_lose(found: Resilience) -> None:
    rows = _rows(found, "resilience-failures")
    assert [rows[code]["groups_below"] for code in "ABC"] == ["G01", "G01", "G02"]
    assert [rows[code]["groups_gone"] for code in "ABC"] == ["", "", "G02"]
    table = found.table("resilience-groups").table.set_index("group_id")
    # G02 was 10,000 short already and has no practice left; G01 keeps 12,000 of B and 1,200 of A's 20,000
    assert table.loc["G02", ["rank", "gone_after", "margin_share_after", "without_place"]].tolist() == [
        1,
        "yes",
        -1.0,
        6_200,
    ]
    assert table.loc["G01", ["margin", "worst_failure", "margin_after", "below_own", "below_other"]].tolist() == [
        2_000,
        "A",
        13_200 - 30_000,
        2,
        0,
    ]
    assert found.broken_patients == 42_000


def test_a_group_already_below_its_minimum_is_not_broken_by_patients_it_takes_in() -> None:
    test = worked_out(hand_worked_ground())
    below = test.single.outcome.after.below(test.before)
    assert test.before.margin[0].tolist() == [2_000, -10_000]
    assert test.single.outcome.after.lists[1].tolist() == [22_000, 11_000]
    assert below.tolist() == [[True, False], [True, False], [False, True]]


def test_a_hub_that_is_gone_is_replaced_by_the_best_of_the_sites_left(found: Resilience) -> None:
    hubs = _rows(found, "resilience-hubs")
    assert sorted(hubs) == ["B", "C"]
    # before: A 18,000 x 4 + 2,000 x 2, B 2,000 x 10 + 10,000 x 2
    # after, to A1: 18,000 x 1 + 2,000 x 4, and 2,000 taken in x 4
    assert hubs["B"]["hub_after"] == "A1"
    assert hubs["B"]["minutes_before"] == pytest.approx(116_000 / 32_000)
    assert hubs["B"]["minutes_after"] == pytest.approx(34_000 / 22_000)
    assert hubs["C"]["hub_after"] == ""
    assert np.isnan(hubs["C"]["minutes_after"])


def test_the_minimum_is_the_one_of_the_rural_share_after(tmp_path: Path) -> None:
    # with room for everybody B takes C's 9,400 rural patients: G01 has 41,400 of which 11,400 are rural
    rules = {"rurality": {"threshold": 0.25}, "size": {"minimum_rural": 35_000, "minimum_urban": 30_000}}
    rules = load_rules("dorset-2017", override={**rules, "weights": {"split_locality": 0}})
    path = settings_file(tmp_path, "[resilience]\nspare_share = 10.0\n")
    test = worked_out(hand_worked_ground(rules=rules, settings=path))
    assert test.before.minimum[0, 0] == 30_000
    assert test.single.outcome.after.lists[2, 0] == pytest.approx(41_400)
    assert test.single.outcome.after.rural_share[2, 0] == pytest.approx(11_400 / 41_400)
    assert test.single.outcome.after.minimum[2, 0] == 35_000
    assert _rows(resilience_of(test.ground), "resilience-failures")["C"]["groups_other_minimum"] == "G01"


def test_a_failure_elsewhere_can_bring_a_group_above_its_maximum(tmp_path: Path) -> None:
    rules = load_rules("dorset-2017", override={"size": {"hard_maximum": 40_000, "preferred_maximum": 33_000}})
    few = resilience_of(hand_worked_ground(rules=rules))
    assert _rows(few, "resilience-failures")["C"]["groups_above"] == ""
    assert _rows(few, "resilience-failures")["C"]["groups_above_preferred"] == "G01"  # 35,200
    assert _rows(few, "resilience-failures")["C"]["groups_above_unlimited"] == "G01"  # 41,400
    path = settings_file(tmp_path, '[tables]\ncapacity = "room.csv"\n', room="code,spare\nB,9000\nA,\n")
    many = resilience_of(hand_worked_ground(rules=rules, settings=path))
    assert _rows(many, "resilience-failures")["C"]["groups_above"] == "G01"
    table = many.table("resilience-groups").table.set_index("group_id")
    assert table.loc["G01", ["above_own", "above_other"]].tolist() == [0, 1]
    assert "1 would rise above its hard maximum" in many.lines[0]


def test_a_locality_with_limits_of_its_own_keeps_them() -> None:
    rules = load_rules("dorset-2017", override={"size": {"locality": {"Town": {"minimum": 12_000, "maximum": 33_000}}}})
    test = worked_out(hand_worked_ground(rules=rules))
    assert (test.before.minimum[0].tolist(), test.before.maximum[0].tolist()) == ([12_000, 20_000], [33_000, 60_000])
    after = test.single.outcome.after
    assert after.below(test.before)[:, 0].tolist() == [False, False, False]  # 13,200 and 22,000 are enough
    assert after.above(test.before)[:, 0].tolist() == [False, False, True]  # 35,200


def test_figures_before_are_those_of_the_run() -> None:
    ground = hand_worked_ground()
    test = worked_out(ground)
    assert test.before.lists[0].tolist() == ground.groups["list_size"].tolist()
    assert test.before.minimum[0].tolist() == ground.groups["minimum"].tolist()
    assert test.before.margin[0].tolist() == ground.groups["margin"].tolist()
    np.testing.assert_allclose(test.before.rural_share[0], ground.groups["rural_share"], atol=1e-6)
    for one in test.single.hubs:
        assert one.before == pytest.approx(ground.groups["mean_minutes_to_hub"].iloc[one.group], abs=0.0006)


# ------------------------------------------------------------------------------------------------ vulnerable practices


def test_without_ratings_no_pairs_are_made_and_it_is_said(found: Resilience) -> None:
    assert found.table("resilience-pairs") is None
    assert "is not known here" in found.lines[2]
    groups = found.table("resilience-groups").table
    assert groups[["vulnerable_share", "vulnerable_breaks", "pair_breaks"]].isna().all(axis=None)
    page = _page(found, hand_worked_ground())
    assert "nearest neighbour at once" not in page
    assert "No practice is rated" in page


def test_a_vulnerable_practice_fails_with_its_nearest_neighbour() -> None:
    ground = hand_worked_ground(ratings={"A": 4.0, "B": 2.0, "C": 3.0})
    found = resilience_of(ground)
    pairs = found.table("resilience-pairs").table
    # B to A takes 5 minutes, A to B 4: the longer counts; C is 10 away. C alone is left, with 1,000 places
    assert pairs[["practice_code", "neighbour_code", "minutes_between"]].to_numpy().tolist() == [["B", "A", 5.0]]
    row = pairs.iloc[0]
    assert (row["patients"], row["placed"], row["without_place"]) == (32_000, 1_000, 31_000)
    assert (row["groups_gone"], row["groups_below"]) == ("G01", "G01")
    groups = found.table("resilience-groups").table.set_index("group_id")
    assert groups.loc["G01", ["rank", "vulnerable_breaks", "pair_breaks"]].tolist() == [1, 1, 1]
    assert groups.loc["G01", "vulnerable_share"] == pytest.approx(12_000 / 32_000)
    assert groups.loc["G02", "vulnerable_breaks"] == 0
    assert groups.loc["G02", "worst_vulnerable"] == ""  # the failure of B costs C's group nothing
    assert "1 of 3 practices, with 29% of patients, counts as vulnerable" in found.lines[2]
    assert "A vulnerable practice and its nearest neighbour at once" in _page(found, ground)


def test_two_vulnerable_practices_next_to_each_other_are_one_pair() -> None:
    found = resilience_of(hand_worked_ground(ratings={"A": 1.0, "B": 2.0, "C": 2.0}))
    pairs = found.table("resilience-pairs").table
    assert pairs[["practice_code", "neighbour_code"]].to_numpy().tolist() == [["A", "B"], ["C", "B"]]


def test_the_programme_may_draw_the_line_of_vulnerable_elsewhere(tmp_path: Path) -> None:
    path = settings_file(tmp_path, "[resilience]\nvulnerable_up_to = 1\n")
    found = resilience_of(hand_worked_ground(ratings={"A": 1.0, "B": 2.0}, settings=path))
    rows = _rows(found, "resilience-failures")
    assert [rows[code]["vulnerable"] for code in "ABC"] == ["yes", "no", "not known"]
    assert "1 without a rating" in found.lines[2]


# ----------------------------------------------------------------------------------------------------------- the input


def test_places_of_the_table_count_empty_cells_and_the_rest_are_assumed(tmp_path: Path) -> None:
    path = settings_file(
        tmp_path,
        '[tables]\ncapacity = "room.csv"\n[resilience]\nspare_share = 0.05\n',
        room="practice_code,places\nA,0\nB,\n",
    )
    ground = hand_worked_ground(settings=path)
    assert problems(ground) == []
    assert worked_out(ground).facts.places.tolist() == [0, 600, 500]
    found = resilience_of(ground)
    assert "gives the places of 1 practice." in found.view.room
    assert "5% of its list, rounded down (set in programme.toml)" in found.view.room


def test_a_code_that_nobody_has_is_told_with_a_suggestion_and_so_are_too_many_places(tmp_path: Path) -> None:
    table = "practice_code,places\nJ80001,100\nK80002,50\nJ80012,90000\n"
    inputs = read_inputs(settings_file(tmp_path, '[tables]\ncapacity = "room.csv"\n', room=table))
    run = made_run()
    told = problems(Ground(run, run.options[0], inputs))
    assert [(one.severity, one.code, one.row) for one in told] == [
        ("error", "unknown-practice", 3),
        ("warning", "many-places", 4),
    ]
    assert "Did you mean J80002 (Quay Health Centre)?" in told[0].fix


@pytest.mark.parametrize("rows", ["A,-5\n", "A,many\n", "A,1.5\n", "A,5\nA,6\n"])
def test_places_are_whole_and_each_practice_stands_once(tmp_path: Path, rows: str) -> None:
    path = settings_file(tmp_path, '[tables]\ncapacity = "room.csv"\n', room="practice_code,places\n" + rows)
    with pytest.raises(InputProblems):
        read_inputs(path)


def test_the_template_names_every_practice_and_changes_nothing_as_it_is(tmp_path: Path) -> None:
    ground = hand_worked_ground()
    table = template_tables(ground)["capacity"]
    assert table["practice_code"].tolist() == ["A", "B", "C"]
    path = settings_file(tmp_path, '[tables]\ncapacity = "room.csv"\n', room=table.to_csv(index=False))
    again = resilience_of(hand_worked_ground(settings=path))
    assert again.lines == resilience_of(ground).lines
    assert "our own assumption" in again.view.room


# ------------------------------------------------------------------------------------------------- tables and the page


def _made_ground(**options: object) -> Ground:
    run = made_run(**options)
    place: Place = run.place
    ratings = [1.0, 3.0, np.nan, 2.0] * 3
    run = replace(run, place=replace(place, practices=place.practices.assign(vulnerability=ratings)))
    return Ground(run, run.options[0], ProgrammeInputs())


def test_the_moves_of_every_failure_add_up_to_its_list() -> None:
    ground = _made_ground()
    found = resilience_of(ground)
    moves = found.table("resilience-moves").table
    assert moves["from_practice"].nunique() == 12
    for column in ("patients", "patients_unlimited"):
        added = moves.groupby(["failure", "from_practice"])[column].sum()
        lists = added.index.get_level_values("from_practice").map(ground.lists)
        np.testing.assert_allclose(added.to_numpy(), lists.to_numpy(float), atol=1e-9, rtol=1e-12)
    counted = found.table("resilience-failures").table
    np.testing.assert_allclose(
        counted["placed"] + counted["without_place"] + counted["not_timed"], ground.lists.to_numpy(), atol=1e-9
    )
    left = found.table("resilience-without-place").table.groupby("failure")["patients"].sum()
    short = counted.set_index("practice_code")["without_place"]
    np.testing.assert_allclose(left.reindex(short.index, fill_value=0.0), short, atol=1e-9)


def test_every_group_stands_once_and_the_same_input_gives_the_same_bytes() -> None:
    first, again = resilience_of(_made_ground()), resilience_of(_made_ground())
    assert sorted(first.table("resilience-groups").table["group_id"]) == ["G01", "G02", "G03", "G04", "G05"]
    assert [csv_bytes(one.table) for one in first.tables] == [csv_bytes(one.table) for one in again.tables]
    assert _page(first, _made_ground()) == _page(again, _made_ground())


def test_the_page_is_sound_says_what_it_is_and_lets_no_name_through() -> None:
    ground = _made_ground(names=HOSTILE_NAMES)
    page = _page(resilience_of(ground), ground)
    assert broken_bones(WHOLE.format(page)) == []
    assert "<img" not in page and "<script" not in page and "<!-- comment" not in page
    assert "not a forecast of any practice" in page
    assert "our own assumption" in page
    assert "closure" not in page.lower()
    assert page.count("<caption>") == page.count('role="region"') - 1 == 3  # the chart scrolls too


def test_a_plan_that_leaves_practices_out_lets_them_take_patients_but_not_fail() -> None:
    found = resilience_of(hand_worked_ground(groups=((("A", "B"), "B1"),)))
    rows = _rows(found, "resilience-failures")
    assert sorted(rows) == ["A", "B"]
    assert rows["B"]["receiving"] == 2  # A, and C outside the plan
    assert rows["B"]["share_same_group"] == pytest.approx(2_000 / 12_000)


def test_a_plan_of_one_practice_alone_has_nowhere_to_go() -> None:
    place, times = hand_worked_place(), hand_worked_times()
    place = replace(
        place,
        practices=place.practices.loc[["A"]],
        sites=place.sites.loc[["A1"]],
        registrations=place.registrations[place.registrations["practice_code"] == "A"],
    )
    times = replace(
        times,
        site_codes=("A1",),
        area_to_site=times.area_to_site[:, :1],
        between_sites=times.between_sites[:1, :1],
        site_snap_m=np.zeros(1),
    )
    ground = ground_on(place, times, ((("A",), "A1"),))
    found = resilience_of(ground)
    assert _rows(found, "resilience-failures")["A"]["without_place"] == 20_000
    assert found.table("resilience-groups").table["gone_after"].tolist() == ["yes"]
    assert "not known" in _page(found, ground)


def test_the_order_of_groups_in_the_plan_does_not_matter() -> None:
    assert Plan.from_groups(GROUPS) == Plan.from_groups(reversed(GROUPS))
    one, two = (resilience_of(hand_worked_ground(groups=tuple(groups))) for groups in (GROUPS, GROUPS[::-1]))
    assert one.lines == two.lines
