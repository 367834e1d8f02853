"""The rollout of an option: waves, readiness, order, milestones, what is said, and what the public gets."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from grouping.named_table import csv_bytes
from grouping.rollout import public_rollout, rollout_of, say, template_tables, waves_of
from grouping.rollout.waves import built_in_waves, is_year, patients_for, position
from tests.grouping.rollout.grounds import ground_with

# Groups of the made run, by registered patients:
# G01 J80001-3: 38,450   G02 J80004, 6, 7: 32,750   G03 J80005: 62,300   G04 J80008-10: 22,350
# G05 J80011-12: 10,650 (below its minimum); 166,500 in all.
TOTAL = 166_500


def table(rollout: object, name: str) -> list[dict]:
    return next(one.table for one in rollout.tables if one.name == name).to_dict("records")


def test_the_built_in_waves_are_those_of_the_strategy_and_can_begin_in_another_year(tmp_path: Path) -> None:
    waves = waves_of(ground_with(tmp_path))
    assert [(wave.name, wave.target_share, wave.most_groups) for wave in waves] == [
        ("2017/18", 0.2, 6),
        ("2018/19", 0.4, None),
        ("2019/20", None, None),
        ("2020/21", 1.0, None),
    ]
    assert [wave.name for wave in built_in_waves("2097/98")] == ["2097/98", "2098/99", "2099/00", "2100/01"]
    moved = rollout_of(ground_with(tmp_path, rollout='first_year = "2027/28"'))
    assert [row["wave"] for row in table(moved, "rollout-waves")] == ["2027/28", "2028/29", "2029/30", "2030/31"]
    assert [row["wave"] for row in table(moved, "rollout-milestones")][:3] == ["2027/28", "2028/29", "2030/31"]


def test_a_target_is_the_fewest_whole_patients_that_are_the_share() -> None:
    assert patients_for(0.2, 766_000) == 153_200
    assert patients_for(0.1, 11) == 2
    assert patients_for(0.29, 100) == 29  # 0.29 x 100 is 28.999... in floating point
    assert patients_for(1.0, 7) == 7
    assert patients_for(0.0, 7) == 0


def test_waves_are_found_whatever_the_stroke_between_the_years() -> None:
    names = ["2017/18", "2018/19", "Phase one"]
    assert position(names, "2018-19") == 1
    assert position(names, "2018 / 2019") == 1
    assert position(names, " phase  ONE ") == 2
    assert position(names, "2019/20") is None
    assert is_year("2099/00")
    assert not is_year("2017/19")
    assert not is_year("next year")


def test_without_anything_known_all_groups_start_at_once(tmp_path: Path) -> None:
    rollout = rollout_of(ground_with(tmp_path))
    assert set(rollout.start.values()) == {0}
    assert rollout.reached == (1.0,) * 4
    assert rollout.reached_all == (TOTAL,) * 4
    assert rollout.reached_meeting == (TOTAL - 10_650,) * 4
    assert rollout.proven
    assert "Nothing is known of when practices are ready" in rollout.notes[0]
    assert rollout.lines[0].startswith("All targets can be reached.")


WAVES = "wave,target_share,most_groups,most_patients\n2024/25,0.3,1,\n2025/26,0.6,1,\n2026/27,1,1,\n2027/28,1,,40000\n"


def test_a_missed_target_says_what_is_in_the_way(tmp_path: Path) -> None:
    readiness = "practice_code,ready_from,note\nJ80005,2026/27,new building\nJ80001,now,\n"
    rollout = rollout_of(ground_with(tmp_path, {"waves": WAVES, "readiness": readiness}))
    # By 2024/25 one group can start: G01 with 38,450 (23.0%), wanted 49,950. By 2025/26 two: 71,200, wanted 99,900.
    assert [miss.wave for miss in rollout.misses] == [0, 1, 2]
    assert [miss.most for miss in rollout.misses] == [38_450, 71_200, 133_500]
    first, second = rollout.missed_words[0], rollout.missed_words[1]
    assert first[0] == "30% by 2024/25 cannot be reached: 23.0% at most (38,450 patients, 11,500 short)."
    assert "With one more group allowed to start in 2024/25 it can." in first
    assert (
        "With The Old Brewery Surgery (J80005, ready from 2026/27) ready from the first wave instead it can." in first
    )
    assert second[0] == "60% by 2025/26 cannot be reached: 42.7% at most (71,200 patients, 28,700 short)."
    assert (
        "With The Old Brewery Surgery (J80005, ready from 2026/27) ready from the first wave instead it can." in second
    )
    # With more starting, G01, G02, G04 and G05 are 104,200: two more groups in either wave.
    assert "With two more groups allowed to start in 2024/25 it can." in second
    assert rollout.lines[0].startswith("The targets of 2024/25, 2025/26 and 2026/27 cannot be reached.")
    assert rollout.proven
    rows = table(rollout, "rollout-in-the-way")
    assert {row["wave"] for row in rows if row["lifted"] == "nothing"} == {"2024/25", "2025/26", "2026/27"}


def test_one_practice_that_alone_takes_patients_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waves = "wave,target_share\n2024/25,1\n2025/26,1\n"
    readiness = "practice_code,ready_from\nJ80001,2025/26\nJ80006,2025/26\nJ80007,later\n"
    rollout = rollout_of(ground_with(tmp_path, {"waves": waves, "readiness": readiness}))
    assert rollout.missed_words[0][0].startswith("100% by 2024/25 cannot be reached: 57.2% at most (95,300 patients")
    assert "If every practice were ready from the first wave, the target can be reached." in rollout.missed_words[0]
    assert (
        "Readiness of Harbour Road Surgery (J80001, ready from 2025/26) alone takes 38,450 patients away."
        in rollout.missed_words[0]
    )
    assert (
        "Readiness of Riverside Medical Centre (J80006, ready from 2025/26) and Market Place Surgery (J80007, not "
        "ready within these waves) together takes 32,750 patients away." in rollout.missed_words[0]
    )
    assert rollout.formed["G02"] is None
    assert "Not formed within these waves: G02." in rollout.lines[1]
    monkeypatch.setattr(say, "MOST_NAMED", 0)
    assert f"Not formed within these waves: 1 of {len(rollout.groups)} groups." in say.lines_of(rollout)[1]


def test_readiness_by_indicators_counts_only_what_is_known(tmp_path: Path) -> None:
    codes = [f"J800{i:02d}" for i in range(1, 13)]
    ground = ground_with(
        tmp_path,
        vulnerability=dict.fromkeys(codes, 4.0) | {"J80001": 1.0, "J80012": float("nan")},
        current_group={"J80001": "Bay", "J80002": "Bay", "J80003": "Bay"},
        clinical_system={"J80001": "A", "J80002": "B", "J80003": "B", "J80004": "A", "J80006": "A", "J80007": "B"},
    )
    rows = {row["practice_code"]: row for row in table(rollout_of(ground), "rollout-practices")}
    # J80001 (14,200 on A against 24,250 on B): rated 1; with both companions in Bay; on another system; near the hub.
    assert rows["J80001"]["by"].startswith("2 of 4 indicators; met: works with its companions today")
    assert rows["J80001"]["ready_from"] == "2018/19"
    assert rows["J80001"]["vulnerable"] == "yes"
    assert rows["J80002"]["by"].startswith("4 of 4 indicators")
    assert rows["J80002"]["ready_from"] == "2017/18"
    # A practice on its own has neither companions nor a way to the hub: one indicator is too little.
    assert rows["J80005"]["by"] == "only 1 indicator known: taken as ready from the first wave"
    assert rows["J80012"]["vulnerable"] == "not known"
    assert rows["J80007"]["by"].startswith("2 of 3 indicators")
    assert rows["J80007"]["ready_from"] == "2018/19"


def test_the_planners_readiness_goes_before_the_indicators(tmp_path: Path) -> None:
    codes = {f"J800{i:02d}": 4.0 for i in range(1, 13)}
    readiness = "practice_code,ready_from,note\nJ80002,2019-20,leases run out\n"
    rollout = rollout_of(ground_with(tmp_path, {"readiness": readiness}, vulnerability=codes))
    rows = {row["practice_code"]: row for row in table(rollout, "rollout-practices")}
    assert rows["J80002"]["ready_from"] == "2019/20"
    assert rows["J80002"]["by"] == "the planner's table: leases run out"
    assert rows["J80001"]["by"].startswith("2 of 2 indicators")
    assert rollout.formed["G01"] == 2


def test_rules_of_order_are_kept_for_the_groups_of_their_practices(tmp_path: Path) -> None:
    order = (
        "kind,practices,after,wave,reason\n"
        "first,J80011,,,frail list\n"
        'before,"J80008; j80009",J80005,,\n'
        'together,"J80001,J80004",,,\n'
        "not before,J80008,,2026/27,building\n"
    )
    waves = "wave,target_share\n2024/25,\n2025/26,\n2026/27,\n2027/28,1\n"
    rollout = rollout_of(ground_with(tmp_path, {"waves": waves, "order": order}))
    assert rollout.start == {"G01": 0, "G02": 0, "G03": 3, "G04": 2, "G05": 0}
    rows = {row["group_id"]: row for row in table(rollout, "rollout-groups")}
    assert rows["G05"]["goes_first"] == "yes"
    assert rows["G05"]["reason"].startswith("must go first (frail list)")
    assert "may not start earlier than 2026/27 (building)" in rows["G04"]["reason"]
    assert "must start after others" in rows["G03"]["reason"]


def test_exceptions_count_only_where_the_settings_say_so(tmp_path: Path) -> None:
    rollout = rollout_of(ground_with(tmp_path, rollout="exceptions_count = false"))
    assert rollout.reached[-1] == pytest.approx((TOTAL - 10_650) / TOTAL)
    assert rollout.reached_all[-1] == TOTAL
    assert [miss.wave for miss in rollout.misses] == [3]
    assert any(
        "below its minimum it can" in words or "below its minimum, the target" in words
        for words in rollout.missed_words[0]
    )
    row = table(rollout, "rollout-waves")[-1]
    assert (row["patients_with_exceptions"], row["patients_without_exceptions"]) == (TOTAL, TOTAL - 10_650)
    assert row["shortfall"] == 10_650


def test_a_practice_the_option_leaves_out_stays_in_the_population(tmp_path: Path) -> None:
    ground = ground_with(tmp_path)
    option = ground.option
    kept = tuple(group for group in option.option.plan.groups if group.group_id != "G05")
    plan = replace(option.option.plan, groups=kept)
    part = replace(option, option=replace(option.option, plan=plan), groups=option.groups.iloc[:-1])
    rollout = rollout_of(ground.of(part))
    assert rollout.total == TOTAL
    assert rollout.misses[0].most == TOTAL - 10_650
    assert "All groups of this option together hold 93.6% of the registered patients." in rollout.missed_words[0]
    assert any("leaves out 2 practices with 10,650 patients" in note for note in rollout.notes)


def test_milestones_say_how_many_patients_and_which_groups_come_first(tmp_path: Path) -> None:
    milestones = (
        "milestone,wave,target_share,source\nShared records,2024/25,0.3,Board\nShared records,2050/51,1,Board\n"
    )
    rollout = rollout_of(ground_with(tmp_path, {"waves": WAVES, "milestones": milestones}))
    rows = table(rollout, "rollout-milestones")
    assert rows[0]["patients"] == 49_950
    assert rows[0]["groups"] == "G03"  # the first group to start has 62,300 patients
    assert rows[0]["kept"] == "yes"
    assert rows[1]["patients"] == TOTAL
    assert rows[1]["kept"] == "not assessed"
    assert rows[1]["groups_practices"] == 12


def test_the_editable_tables_read_back_change_nothing(tmp_path: Path) -> None:
    codes = {f"J800{i:02d}": float(i % 5 + 1) for i in range(1, 13)}
    ground = ground_with(tmp_path, rollout='first_year = "2030/31"', vulnerability=codes)
    tables = {name: csv_bytes(frame).decode("utf-8") for name, frame in template_tables(ground).items()}
    assert set(tables) == {"waves", "milestones", "readiness", "order"}
    again = rollout_of(ground_with(tmp_path, tables, vulnerability=codes))
    before = rollout_of(ground)
    assert again.start == before.start
    assert again.formed == before.formed
    assert again.reached == before.reached
    assert [row.groups for row in again.milestones] == [row.groups for row in before.milestones]


def test_the_public_gets_the_same_schedule_without_reasons_readiness_and_ratings(tmp_path: Path) -> None:
    readiness = "practice_code,ready_from,note\nJ80005,2026/27,roof leaks\nJ80002,2025/26,\n"
    order = "kind,practices,reason\nfirst,J80011,partner retires\n"
    codes = {f"J800{i:02d}": float(i % 5 + 1) for i in range(1, 13)}
    tables = {"waves": WAVES, "readiness": readiness, "order": order}
    told = "publish_years = true"
    inside = rollout_of(ground_with(tmp_path, tables, rollout=told, vulnerability=codes))
    outside = public_rollout(inside)
    assert (outside.start, outside.formed, outside.reached) == (inside.start, inside.formed, inside.reached)
    told = " ".join(
        [
            *outside.lines,
            *outside.notes,
            *(words for miss in outside.missed_words for words in miss),
            repr(outside.definitions),
        ]
        + [csv_bytes(one.table).decode("utf-8") for one in outside.tables]
    )
    told += repr(outside.view) + repr(outside)
    for word in (
        "roof",
        "retires",
        "ulnerable practices wait",
        "ready from 20",
        "Readiness",
        "indicator",
        "waiting in",
    ):
        assert word not in told, word
    assert "rollout-practices" not in [one.name for one in outside.tables]
    private = {"ready_from", "vulnerable_waiting", "reason", "goes_first", "most_possible"}
    assert not private & {key for one in outside.tables for key in one.table}
    assert private < {key for one in inside.tables for key in one.table}
    assert not any(row.first for row in outside.groups)
    assert inside.misses and not outside.misses  # the most that could be reached is a sum of groups that are ready
    assert re.match("The targets? of .* (is|are) not reached. Share of", outside.lines[0])


def test_lines_are_two_to_four_and_the_same_each_time(tmp_path: Path) -> None:
    ground = ground_with(tmp_path, {"waves": WAVES})
    one, other = rollout_of(ground), rollout_of(ground)
    assert 2 <= len(one.lines) <= 4
    assert 2 <= len(public_rollout(one).lines) <= 4
    assert one.lines == other.lines
    assert [csv_bytes(a.table) for a in one.tables] == [csv_bytes(b.table) for b in other.tables]
