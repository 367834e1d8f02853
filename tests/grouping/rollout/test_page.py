"""The section of the page: both charts with the same facts in tables, names as text, nothing private outside."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from grouping.page import environment
from grouping.plan import Group, Plan
from grouping.rollout import public_rollout, rollout_of
from grouping.rollout.part import Rollout
from grouping.rollout.view import view_of
from tests.grouping.made_run import HOSTILE_NAMES
from tests.grouping.rollout.grounds import ground_with

TABLES = {
    "waves": "wave,target_share,most_groups\n2024/25,0.3,1\n2025/26,0.6,1\n2026/27,1,\n",
    "readiness": "practice_code,ready_from,note\nJ80005,2026/27,roof leaks\nJ80011,later,\n",
    "order": "kind,practices,reason\nfirst,J80004 J80005,partner retires\n",
}


def made(folder: Path, names: tuple[str, ...] = ()) -> Rollout:
    tables = {**TABLES, "waves": TABLES["waves"].replace("2024/25,0.3,1", "2024/25,0.3,2")}
    return rollout_of(ground_with(folder, tables, names=names))


def section(rollout: Rollout, *, public: bool = False) -> str:
    template = environment().get_template("programme/rollout.html.j2")
    return template.render(rollout=rollout, ground=None, public=public)


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(re.sub(r"<(/?)bdi>", "", text).strip().replace("&#39;", "'").replace("&#34;", '"'))


def test_the_section_is_well_formed_and_both_charts_have_words(tmp_path: Path) -> None:
    root = parsed(section(made(tmp_path)))
    assert root.get("id") == "rollout"
    charts = [one for one in root.iter("svg") if one.get("role") == "img"]
    assert len(charts) == 2
    assert "G02 and G03 start" in charts[0].get("aria-label")
    assert "37.4%" not in charts[1].get("aria-label")
    assert "target 30%" in charts[1].get("aria-label")
    regions = [one for one in root.iter("div") if one.get("class") == "scroll"]
    assert all(one.get("tabindex") == "0" and one.get("aria-label") for one in regions)
    assert all(one.get("scope") for one in root.iter("th"))
    assert all(len(one.findall("caption")) == 1 for one in root.iter("table"))
    assert not list(root.iter("script"))


def test_half_formed_is_hatched_and_the_first_are_marked(tmp_path: Path) -> None:
    rollout = made(tmp_path)
    bars = {bar.group_id: bar for bar in rollout.view.timeline.bars}
    # G03 must go first, though its practice is ready from the third wave: half-formed for two waves, then at scale.
    assert bars["G03"].first
    assert bars["G03"].hatch
    assert bars["G03"].half_width == pytest.approx(2 * rollout.view.timeline.column - 2)
    assert bars["G03"].full_width > 0
    assert not bars["G01"].hatch
    assert (bars["G05"].half_width, bars["G05"].full_width) == (0, 0)
    assert "not within these waves" in section(rollout)
    assert "half-formed" in section(rollout)


def test_hatch_lines_stay_inside_their_bar(tmp_path: Path) -> None:
    bar = next(bar for bar in made(tmp_path).view.timeline.bars if bar.hatch)
    numbers = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", bar.hatch)
    assert len(numbers) > 10
    assert all(bar.half_x <= float(x) <= bar.half_x + bar.half_width for x, _ in numbers)
    assert all(bar.y <= float(y) <= bar.y + 14 for _, y in numbers)


def test_names_from_files_stay_text(tmp_path: Path) -> None:
    text = section(made(tmp_path, HOSTILE_NAMES))
    assert "<script" not in text
    assert "<img" not in text
    assert "\u202e" not in text
    assert "&lt;img src=x" in text


def test_the_public_section_holds_nothing_private(tmp_path: Path) -> None:
    inside = made(tmp_path)
    text = section(public_rollout(inside), public=True)
    for word in ("roof", "retires", "Waiting", "Why then", "ready from", "indicator", "rollout-practices"):
        assert word in section(inside) or word in {"indicator", "roof"}, word
        assert word not in text, word
    assert "2024/25" in text
    assert parsed(text).get("id") == "rollout"


def test_forty_groups_fit_and_are_in_the_order_of_the_rollout(tmp_path: Path) -> None:
    rollout = rollout_of(ground_with(tmp_path))
    row = rollout.groups[0]
    rows = tuple(replace(row, group_id=f"G{i:02d}", start=i % 3, formed=i % 3) for i in range(40))
    timeline = view_of(replace(rollout, groups=rows)).timeline
    assert len(timeline.bars) == 40
    assert timeline.height < 1.42 * timeline.width  # A4
    assert [bar.group_id for bar in timeline.bars[:3]] == ["G00", "G03", "G06"]


def test_a_plan_of_one_group_has_a_rollout(tmp_path: Path) -> None:
    ground = ground_with(tmp_path)
    option = ground.option
    plan = Plan((Group("G01", option.option.plan.groups[0].members, option.option.plan.groups[0].hub_site_code),))
    one = replace(option, option=replace(option.option, plan=plan), groups=option.groups.iloc[:1])
    rollout = rollout_of(ground.of(one))
    assert rollout.start == {"G01": 0}
    assert "1 group in 2017/18 starts." in rollout.lines[1]
    assert "Timeline of 1 groups" not in section(rollout)
