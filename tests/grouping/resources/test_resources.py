from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.errors import InputProblems
from grouping import resources as part
from grouping.page import environment
from grouping.programme.settings import GrowthSettings
from grouping.resources import resources_of
from grouping.resources.exact import half_up, whole_parts, written
from tests.grouping.resources.made_ground import WAVES, FakeGrowth, FakeRollout, ground_with, inputs_of, rollout

HEADER = "resource,kind,amount,per_patients,covered_share,wave,years,unit,stated,stated_patients,source\n"


def _table(made: part.Resources, name: str) -> pd.DataFrame:
    return next(one.table for one in made.tables if one.name == f"resources-{name}")


def _dorset(when: FakeRollout | None = None, growth: FakeGrowth | None = None) -> part.Resources:
    return resources_of(ground_with(), when or rollout((0, 0, 1, 2, 3)), growth or FakeGrowth())


def test_766_000_patients_exactly() -> None:
    """£3 x 766,000 = £2,298,000; 766,000 / 30,000 = 25.53; 766 x 30 x 50% / 60 = 191.5; 766 x 45 / 60 = 574.5 hours."""
    totals = _table(_dorset(), "totals")
    assert totals["needed_now"].tolist() == [2_298_000, 766_000 / 30_000, 191.5, 574.5]
    assert totals["rounded_now"].tolist() == [2_298_000, 25.5, 191.5, 574.5]
    assert totals["posts_now"].tolist() == [None, 26, None, None]
    # 200, 166, 150, 130 and 120 thousand by 30,000: 7 + 6 + 5 + 5 + 4
    assert totals["posts_by_group_now"].tolist() == [None, 27, None, None]


def test_the_answer_says_the_figures_and_that_posts_of_groups_are_more() -> None:
    lines = _dorset().lines
    assert lines[0] == (
        "For 766,000 patients this option needs £2,298,000 of transformation funding, 25.5 full time equivalents of "
        "clinical pharmacists (26 whole posts) and 574.5 hours a week of additional consultations."
    )
    assert "makes 27 posts, 1 more than together" in lines[1].replace("that makes", "makes")
    assert lines[2] == ("Transformation funding: computed £2,298,000 (£3.00 a head), stated £2,400,000 (£3.13 a head).")
    assert 2 <= len(lines) <= 4


def test_stated_for_the_same_patients_stands_beside_the_computed_figure() -> None:
    row = _table(_dorset(), "totals").iloc[0]
    assert (row["stated"], row["stated_patients"], row["difference_now"]) == (2_400_000, 766_000, -102_000)
    assert row["stated_is"] == "stated for these patients"
    assert (row["per_head_now"], round(row["stated_per_head"], 4)) == (3.0, 3.1332)


def test_elsewhere_the_stated_figure_is_a_scaled_comparison() -> None:
    made = resources_of(ground_with((20_000, 30_000, 40_000, 30_000, 30_000)), rollout((0, 0, 0, 0, 0)), FakeGrowth())
    row = _table(made, "totals").iloc[0]
    assert row["needed_now"] == 450_000
    assert row["stated_scaled_now"] == float(Fraction(2_400_000 * 150_000, 766_000))  # 469,973.89...
    assert row["stated_is"].startswith("comparison")
    said = next(line for line in made.lines if "stated" in line)
    assert "For comparison" in said
    assert "£469,974" in said
    assert "not a commitment for this place" in said


def test_each_group_by_hand() -> None:
    groups = _table(_dorset(), "groups")
    first = groups[groups["group_id"] == "G01"]
    assert first["needed_now"].tolist() == [600_000, float(Fraction(20, 3)), 50, 150]
    assert first["rounded_now"].tolist() == [600_000, 6.7, 50, 150]
    assert first["posts_now"].tolist() == [None, 7, None, None]
    assert len(groups) == 5 * 4


def test_waves_by_hand() -> None:
    """Money from the start over two waves; posts and hours from the wave at scale; the second ratio from 2018/19."""
    made = _dorset(rollout((0, 0, 1, 2, 3), (1, 0, 1, 3, None)))
    waves = _table(made, "waves")

    def of(resource: str) -> pd.DataFrame:
        return waves[waves["resource"] == resource]

    money = of("Transformation funding")
    assert money["wave"].tolist() == ["2017/18", "2018/19", "2019/20", "2020/21", "after the last wave"]
    # 1.5 x (200 + 166), + 1.5 x 150 in the second, then 1.5 x (150 + 130), 1.5 x (130 + 120), 1.5 x 120 thousand
    assert money["needed_now"].tolist() == [549_000, 774_000, 420_000, 375_000, 180_000]
    assert sum(money["needed_now"]) == 2_298_000
    posts = of("Clinical pharmacists")
    assert posts["wave"].tolist() == ["2017/18", "2018/19", "2019/20", "2020/21", "in no wave"]
    assert posts["patients_now"].tolist() == [166_000, 516_000, 516_000, 646_000, 120_000]
    assert posts["posts_now"].tolist() == [6, 18, 18, 22, 4]
    assert posts["posts_by_group_now"].tolist() == [6, 18, 18, 23, 4]
    hours = of("Additional consultations")
    # 166 x 15 / 60, then 45 minutes of every patient at scale
    assert hours["needed_now"].tolist() == [41.5, 387, 387, 484.5, 90]
    assert hours["everybody_now"].tolist() == [191.5, 574.5, 574.5, 574.5, None]


def test_projected_lists_are_whole_and_add_up() -> None:
    ground = ground_with((10, 11, 12, 13, 14))
    lists = pd.DataFrame({2026: ground.lists.astype(float), 2031: ground.lists * 1.05}, index=ground.lists.index)
    made = resources_of(ground, rollout((0,) * 5), FakeGrowth((2026, 2031), lists, known=True))
    # 10.5, 11.55, 12.6, 13.65, 14.7 add up to 63
    assert list(made.projected.lists.patients.values()) == [10, 11, 13, 14, 15]
    assert made.projected.lists.year == 2031
    totals = _table(made, "totals")
    assert totals["patients_projected"].tolist() == [63] * 4
    assert totals["needed_projected"].iloc[0] == 189
    assert "projected for 2031 (63 patients, 3 more)" in made.lines[-1]


def test_the_year_of_the_settings_is_taken() -> None:
    ground = ground_with()
    lists = pd.DataFrame({year: ground.lists + year - 2026.0 for year in (2026, 2028, 2031)})
    settings = ground.settings.model_copy(update={"growth": GrowthSettings(year=2028)})
    ground = replace(ground, inputs=replace(ground.inputs, settings=settings))
    made = resources_of(ground, rollout((0,) * 5), FakeGrowth((2026, 2028, 2031), lists, known=True))
    assert (made.projected.lists.year, made.projected.lists.total) == (2028, 766_000 + 2 * 12)


def test_without_growth_nothing_is_projected_and_that_is_said() -> None:
    made = _dorset()
    assert made.projected is None
    assert _table(made, "totals")["needed_projected"].isna().all()
    assert "is not known" in made.lines[-1]


def test_money_of_groups_adds_up_to_the_pound(tmp_path) -> None:
    """One third of a pound a head: 10/3, 10/3, 10/3, 11/3, 11/3 = 17.33; 3 each and 2 pounds left, to the elevens."""
    text = HEADER + "Leaflets,money,1,3,,,2,pounds,,,a test\n"
    made = resources_of(ground_with((10, 10, 10, 11, 11), inputs_of(tmp_path, text)), rollout((0,) * 5), FakeGrowth())
    assert _table(made, "groups")["rounded_now"].tolist() == [3, 3, 3, 4, 4]
    assert _table(made, "totals")["rounded_now"].tolist() == [17]
    # 8.67 in each of two waves: of 17 pounds 9 and 8, not the odd pound of every group in the first
    assert _table(made, "waves")["needed_now"].tolist() == [9, 8, 0, 0]


def test_halves_of_groups_are_added_up_before_they_are_rounded(tmp_path) -> None:
    """3 pounds a head for 101, 103, 105, 107 and 2 patients over two waves: 627 in each of them."""
    text = HEADER + "Transformation,money,3,1,,,2,pounds,,,a test\n"
    made = resources_of(
        ground_with((101, 103, 105, 107, 2), inputs_of(tmp_path, text)), rollout((0,) * 5), FakeGrowth()
    )
    assert _table(made, "waves")["needed_now"].tolist() == [627, 627, 0, 0]


def test_what_a_planner_adds(tmp_path) -> None:
    """£0.10 a head a year from the second wave, half of the patients: 766,000 x 0.1 / 2 = 38,300."""
    text = HEADER + (
        "Extended access,money,£0.10,1,0.5,2018/19,,pounds a year,,,our own\n"
        'Nurses,posts,"1.5","10,000",,,,,,,our own\n'
        "Clinics,hours,2,1000,,3,,hours a week,,,our own\n"
    )
    made = resources_of(ground_with(inputs=inputs_of(tmp_path, text)), rollout((0, 0, 1, 2, None)), FakeGrowth())
    assert part.problems(made.ground) == []
    totals = _table(made, "totals")
    assert totals["needed_now"].tolist() == [38_300, 114.9, 1_532]
    waves = _table(made, "waves")
    yearly = waves[waves["resource"] == "Extended access"]
    assert yearly["needed_now"].tolist() == [0, 25_800, 32_300, 32_300, 6_000]
    clinics = waves[waves["resource"] == "Clinics"]
    assert clinics["needed_now"].tolist() == [0, 0, 1_292, 1_292, 240]
    assert _table(made, "ratios")["given_by"].unique().tolist() == ["ratios.csv"]


def test_the_template_can_be_read_again_and_asks_for_the_same(tmp_path) -> None:
    ground = ground_with()
    tables = part.template_tables(ground)
    assert tables["ratios"]["wave"].tolist() == ["", "", "2017/18", "2018/19"]
    again = ground_with(inputs=inputs_of(tmp_path, tables["ratios"].to_csv(index=False)))
    assert part.problems(again) == []
    when = rollout((0, 0, 1, 2, 3))
    one, other = resources_of(ground, when, FakeGrowth()), resources_of(again, when, FakeGrowth())
    for name in ("groups", "waves", "totals"):
        pd.testing.assert_frame_equal(_table(one, name), _table(other, name))


@pytest.mark.parametrize(
    ("row", "column", "value", "words"),
    [
        ("A,money,3,0,,,,,,,x", "per_patients", "0", "must be 1 or more"),
        ("A,money,3,1,1.5,,,,,,x", "covered_share", "1.5", "between 0 and 1"),
        ("A,money,3,1,half,,,,,,x", "covered_share", "half", "must be a number"),
        ("A,money,three,1,,,,,,,x", "amount", "three", "must be a number"),
        ("A,money,,1,,,,,,,x", "amount", "", "empty"),
        ("A,money,-3,1,,,,,,,x", "amount", "-3", "negative"),
        ("A,people,3,1,,,,,,,x", "kind", "people", "not known"),
        ("A,money,3,1,,,1.5,,,,x", "years", "1.5", "whole number"),
        ("A,money,3,1,,,,,5,0,x", "stated_patients", "0", "must be 1 or more"),
    ],
)
def test_bad_cells_are_told_once_with_their_place(tmp_path, row: str, column: str, value: str, words: str) -> None:
    with pytest.raises(InputProblems) as told:
        inputs_of(tmp_path, HEADER + row + "\n")
    (finding,) = told.value.findings
    assert (finding.file, finding.row, finding.column, finding.value) == ("ratios.csv", 2, column, value)
    assert words in finding.message
    assert finding.fix


@pytest.mark.parametrize(
    ("rows", "row", "column", "value", "code"),
    [
        ("A,posts,3,1,,2017/19,,,,,x", 2, "wave", "2017/19", "ratio-wave"),
        ("A,posts,3,1,,5,,,,,x", 2, "wave", "5", "ratio-wave"),
        ("A,posts,3,1,,,,,,,x\na ,posts,4,1,,1,,,,,x", 3, "resource", "a", "ratio-twice"),
        ("A,posts,3,1,,,,,,,x\nA,money,4,1,,2,,,,,x", 3, "kind", "money", "ratio-kind"),
        ("A,hours,3,1,,,,days,,,x", 2, "unit", "days", "ratio-unit"),
        ("A,money,3,1,,,,pounds a month,,,x", 2, "unit", "pounds a month", "ratio-unit"),
        ("A,money,3,1,,,2,pounds a year,,,x", 2, "years", "2", "ratio-unit"),
        ("A,posts,3,1,,,2,,,,x", 2, "years", "2", "ratio-idle"),
        ("A,posts,3,1,,,,,,,", 2, "source", "", "ratio-no-source"),
    ],
)
def test_what_contradicts_is_told_once(tmp_path, rows: str, row: int, column: str, value: str, code: str) -> None:
    ground = ground_with(inputs=inputs_of(tmp_path, HEADER + rows + "\n"))
    (finding,) = part.problems(ground)
    assert (finding.file, finding.row, finding.column, finding.value, finding.code) == (
        "ratios.csv", row, column, value, code,
    )  # fmt: skip
    assert finding.fix


def test_a_misspelt_wave_is_guessed(tmp_path) -> None:
    ground = ground_with(inputs=inputs_of(tmp_path, HEADER + "A,posts,3,1,,2018/18,,,,,x\n"))
    assert "Did you mean 201" in part.problems(ground)[0].fix


def test_built_in_waves_beyond_the_last_are_the_last() -> None:
    when = rollout((0,) * 5, waves=WAVES[:1])
    made = resources_of(ground_with(), when, FakeGrowth())
    hours = _table(made, "waves")
    assert hours[hours["resource"] == "Additional consultations"]["needed_now"].tolist() == [574.5]


def test_the_page_prints_it_and_escapes(tmp_path) -> None:
    text = HEADER + "<b>Bold</b>,money,1,3,,,,pounds,,,<i>src</i>\n"
    ground = ground_with(inputs=inputs_of(tmp_path, text))
    made = resources_of(ground, rollout((0, 0, 1, 2, None)), FakeGrowth())
    page = environment().get_template("programme/resources.html.j2").render(resources=made, ground=ground, public=False)
    assert "<b>" not in page
    assert "<i>" not in page
    assert page.count("<table") == page.count('role="region"') == 3
    assert "in no wave" in page


# ------------------------------------------------------------------------------------------------------- arithmetic


@pytest.mark.parametrize(
    ("value", "digits", "words"),
    [
        (Fraction(25_549_999, 1_000_000), 1, "25.5"),
        (Fraction(2555, 100), 1, "25.6"),
        (Fraction(1, 2), 0, "1"),
        (Fraction(5, 2), 0, "3"),
        (Fraction(766_000, 30_000), 1, "25.5"),
        (Fraction(1_234_567), 0, "1,234,567"),
        (Fraction(-5, 4), 1, "−1.3"),
        (Fraction(-1, 100), 1, "0.0"),
    ],
)
def test_halves_go_upwards(value: Fraction, digits: int, words: str) -> None:
    assert written(value, digits) == words


@given(st.lists(st.fractions(min_value=0, max_value=10**7, max_denominator=997), max_size=12))
def test_whole_parts_add_up_and_are_near(parts: list[Fraction]) -> None:
    whole = whole_parts(parts)
    assert sum(whole) == half_up(sum(parts, Fraction()))
    assert all(math.floor(part) <= number <= math.ceil(part) for part, number in zip(parts, whole, strict=True))


@given(
    st.lists(st.integers(1, 90_000), min_size=5, max_size=5),
    st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=5, max_size=5),
)
def test_waves_come_to_the_total_and_whole_posts_of_groups_are_never_fewer(sizes: list[int], start: list) -> None:
    made = resources_of(_small(tuple(sizes)), rollout(tuple(start)), FakeGrowth())
    money = [one for one in made.now.waves if one.ratio.once]
    assert sum(one.needed for one in money) == 3 * sum(sizes)
    posts = [one for one in made.now.waves if one.posts is not None]
    assert all(one.posts_by_group >= one.posts for one in posts)
    outside = sum(one.needed for one in posts if one.wave is None)
    last = next(one for one in posts if one.wave == 3)
    assert last.needed + outside == Fraction(sum(sizes), 30_000)


GROUND = ground_with()


def _small(sizes: tuple[int, ...]):
    """The ground with other lists, without making a run anew each time."""
    practices = GROUND.run.place.practices.copy()
    for group, size in zip(GROUND.plan.groups, sizes, strict=True):
        practices.loc[list(group.members), "list_size"] = 0
        practices.loc[group.members[0], "list_size"] = size
    return replace(GROUND, run=replace(GROUND.run, place=replace(GROUND.run.place, practices=practices)))
