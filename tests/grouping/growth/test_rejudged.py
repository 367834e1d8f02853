"""Options judged again: the figures are those of a case whose files were changed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from grouping.growth import growth_of
from grouping.pipeline import score_case
from grouping.plan import Plan
from grouping.plan_file import write_plan
from grouping.programme.ground import Ground
from grouping.programme.inputs import ProgrammeInputs
from grouping.programme.settings import ProgrammeSettings
from tests.grouping.growth.made_ground import ground, place, projections, rule_set
from tests.small_case import write_small_case

PLAN = Plan.from_groups(
    [
        (("X00001", "X00002"), "X00001-1"),
        (("X00003", "X00004", "X00005"), "X00004-1"),
        (("X00006", "X00007", "X00008"), "X00007-2"),
    ]
)


@pytest.fixture(scope="module")
def growing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small case with projections for 2030 and 2035 and three places of planned homes."""
    folder = write_small_case(tmp_path_factory.mktemp("growing") / "case")
    areas = pd.read_csv(folder / "areas.csv")["area_code"]
    rows = [(code, year, round(2_000 * (1 + 0.01 * (n % 7 - 2) * (year - 2025)))) for n, code in enumerate(areas)
            for year in (2030, 2035)]  # fmt: skip
    pd.DataFrame(rows, columns=["area_code", "year", "population"]).to_csv(folder / "projections.csv", index=False)
    homes = [("North field", 405_000, 110_500, 900, 2029), ("Quay", 401_000, 101_000, 400, 2033)]
    pd.DataFrame(homes, columns=["name", "x", "y", "dwellings", "year"]).to_csv(folder / "housing.csv", index=False)
    toml = folder / "case.toml"
    text = toml.read_text(encoding="utf-8") + 'projections = "projections.csv"\nhousing = "housing.csv"\n'
    toml.write_text(text, encoding="utf-8")
    write_plan(PLAN, folder / "plan.csv")
    return folder


@pytest.mark.parametrize("year", [2029, 2035])
def test_equal_to_a_case_changed_by_hand(growing: Path, tmp_path: Path, year: int) -> None:
    run = score_case(growing, growing / "plan.csv")
    said = ProgrammeSettings.model_validate({"growth": {"base_year": 2025, "year": year, "together": "both"}})
    made = growth_of(Ground(run, run.options[0], ProgrammeInputs(said)))
    found = made.found
    again = found.rejudged
    assert again is not None and again.year == year

    # By hand: the list sizes of that year, and every registration times the growth of its area.
    folder = write_small_case(tmp_path / "then")
    listed = {code: round(size) for code, size in made.lists[year].items()}
    practices = pd.read_csv(folder / "practices.csv")
    practices["list_size"] = practices["practice_code"].map(listed)
    practices.to_csv(folder / "practices.csv", index=False)
    then = run.place.registrations[["practice_code", "area_code"]].copy()
    then["patients"] = run.place.registrations["patients"] * (1 + found.forecast.more[found.at])
    then.to_csv(folder / "registrations.csv", index=False)
    by_hand = score_case(folder, growing / "plan.csv").options[0]

    ours = again.then[0]
    assert sum(listed.values()) != 102_500
    assert listed["X00006"] > 9_500  # homes are planned beside it
    exact = ["group_id", "kind", "practices", "sites", "list_size", "minimum", "margin", "exception", "hub_site_code"]
    assert ours.groups[exact].equals(by_hand.groups[exact])
    for name in ("rural_share", "mean_minutes_to_hub", "max_practice_minutes"):
        assert ours.groups[name].to_numpy() == pytest.approx(by_hand.groups[name].to_numpy(), abs=2e-3)
    assert set(ours.headline) == set(by_hand.headline)
    for name, value in by_hand.headline.items():
        assert ours.headline[name] == pytest.approx(value, rel=1e-9, nan_ok=True), name
    assert ours.option.objective == pytest.approx(by_hand.option.objective, rel=1e-9)
    # and the minimum that crossings use is that of the case changed by hand
    groups = next(one.table for one in made.tables if one.name == "growth-groups")
    assert groups["minimum_then"].tolist() == by_hand.groups["minimum"].tolist()
    assert groups["margin_then"].tolist() == by_hand.groups["margin"].tolist()


def test_with_the_lists_of_today_options_stay_as_they_are() -> None:
    same = projections(("R1", 2030, 9_000.0), ("U1", 2030, 20_000.0), ("U2", 2030, 12_000.0), ("X", 2030, 100.0))
    made = growth_of(ground(place(projections=same)))
    again = made.found.rejudged
    assert again is not None
    for now, then in zip(again.now, again.then, strict=True):
        assert then.groups.equals(now.groups)
        assert then.option.objective == now.option.objective
        assert then.headline == pytest.approx(now.headline, nan_ok=True)
    assert again.ranks_now == again.ranks_then


def test_the_rank_turns_when_another_option_has_no_group_below_its_minimum() -> None:
    rules = rule_set(size={"minimum_urban": 30_000, "minimum_rural": 12_000, "preferred_minimum_urban": 30_000})
    rows = projections(("R1", 2030, 9_000.0 * 1.4), ("U2", 2030, 12_000.0))
    made = growth_of(ground(place(projections=rows), rules=rules))
    again = made.found.rejudged
    assert again is not None
    # Today A alone is 10,000 short under option 1, C alone 2,000 under option 2; C grows by 3,760
    table = next(one.table for one in made.tables if one.name == "growth-options").set_index("option")
    assert table["shortfall_now"].tolist() == [10_000, 2_000]
    assert table["shortfall_then"].tolist() == [10_000, 0]
    assert again.ranks_now == (2, 1)
    assert again.best(again.ranks_then) == ("option-2",)
    assert table.at["option-2", "smallest_then"] == 13_760
    assert "Option 2 stays first of 2 options for the lists of 2030." in made.lines


def test_minutes_are_weighted_by_the_patients_of_then() -> None:
    rows = projections(("U1", 2030, 40_000.0))
    made = growth_of(ground(place(projections=rows)))
    again = made.found.rejudged
    assert again is not None
    hub = [1.0, 4.0, 10.0, 2.0, 10.0]  # minutes of A in U1, U2; B and C (hub B1) in R1, U2, R1
    patients = [36_000, 2_000, 2_000, 10_000, 9_400]
    assert again.then[0].headline["mean_minutes_to_hub"] == pytest.approx(np.average(hub, weights=patients))
