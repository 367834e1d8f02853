"""The real cases: they can be made, they load, and what is known about them comes out."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from geodata.case import read_case_settings
from geodata.case_times import travel_times
from geodata.catchments import adjacency_edges, catchments
from geodata.load import load_place
from geodata.place import Place
from geodata.registrations import complete_registrations
from geodata.travel import TravelTimes
from grouping.pipeline import run_case, score_case
from grouping.result import AssessedOption
from tests.real_cases import (
    dorset_localities,
    main,
    write_dorset_2016_case,
    write_isle_of_wight_2022_plan,
    write_isle_of_wight_case,
)

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def isle_of_wight(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_isle_of_wight_case(shared_data, tmp_path_factory.mktemp("isle-of-wight"))


@pytest.fixture(scope="module")
def dorset(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dorset_2016_case(shared_data, tmp_path_factory.mktemp("dorset"))


@pytest.mark.parametrize(("case", "practices", "sites"), [("isle_of_wight", 17, 23), ("dorset", 98, 144)])
def test_the_folder_is_complete_and_stands_alone(
    case: str, practices: int, sites: int, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(case)
    settings = read_case_settings(folder)
    assert not settings.made_up
    for parts in settings.tables:
        for part in parts[1]:
            assert (folder / part.file).parent == folder
            assert part.vintage and part.licence and part.attribution
    table = pd.read_csv(folder / "sites.csv")
    assert len(table) == sites
    assert table["site_code"].is_unique
    assert not table.duplicated(["practice_code", "postcode"]).any()
    assert (table["kind"] == "main").sum() == practices
    assert table[["x", "y"]].notna().all(axis=None)


def test_the_practice_whose_postcode_was_terminated_is_placed_in_its_output_area(dorset: Path) -> None:
    sites = pd.read_csv(dorset / "sites.csv").set_index("site_code")
    odd = sites[sites["location"] != "postcode"]
    assert odd.index.tolist() == ["J81002"]
    # Victoria Road, Ferndown.
    assert odd["x"].item() == pytest.approx(407_650, abs=300)
    assert odd["y"].item() == pytest.approx(100_230, abs=300)


def test_branches_that_were_still_practices_in_2016_are_not_branches(dorset: Path) -> None:
    sites = pd.read_csv(dorset / "sites.csv")
    assert not sites["site_code"].isin(["J81021001", "J81033002", "J81634003", "J81634004"]).any()


def test_the_localities_are_thirteen_cover_all_wards_and_do_not_overlap(shared_data: Path) -> None:
    localities = dorset_localities(shared_data)
    assert len(localities) == 13
    assert localities["wards"].sum() == 159
    assert localities.is_valid.all()
    assert localities.area.sum() == pytest.approx(localities.union_all().area, rel=1e-4)


def test_the_plan_of_2022_covers_the_practices_that_were_still_in_a_network(shared_data: Path, tmp_path: Path) -> None:
    plan = pd.read_csv(write_isle_of_wight_2022_plan(shared_data, tmp_path / "plan.csv"), dtype=str)
    assert plan.columns.tolist() == ["practice_code", "group_id", "hub_site_code"]
    assert len(plan) == 12
    assert plan["practice_code"].is_unique
    assert plan["group_id"].value_counts().to_dict() == {"U75079": 6, "U01198": 3, "U24247": 3}
    assert "J84014" not in set(plan["practice_code"])  # closed in November 2020


@pytest.mark.parametrize("case", ["isle_of_wight", "dorset"])
def test_a_case_made_twice_is_the_same(
    case: str, request: pytest.FixtureRequest, shared_data: Path, tmp_path: Path
) -> None:
    writer = {"isle_of_wight": write_isle_of_wight_case, "dorset": write_dorset_2016_case}[case]
    first = request.getfixturevalue(case)
    again = writer(shared_data, tmp_path / "again")
    names = sorted(path.name for path in first.iterdir())
    assert sorted(path.name for path in again.iterdir()) == names
    for name in names:
        assert (first / name).read_bytes() == (again / name).read_bytes(), name


def test_one_command_makes_a_case(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["real_cases", "dorset", str(tmp_path / "case"), "--shared", str(shared_data)])
    main()
    assert "case" in capsys.readouterr().out
    text = (tmp_path / "case" / "case.toml").read_text(encoding="utf-8")
    assert re.search(r"^method = \"straight-line\"$", text, re.MULTILINE)


@dataclass(frozen=True)
class Ready:
    """A case read, timed and completed."""

    place: Place
    times: TravelTimes
    edges: pd.DataFrame

    @classmethod
    def of(cls, folder: Path) -> Ready:
        place = load_place(folder)
        times, _ = travel_times(place, read_case_settings(folder).roads, folder)
        place = complete_registrations(place, times)
        return cls(place, times, adjacency_edges(place))

    @property
    def mean_degree(self) -> float:
        return 2 * len(self.edges) / len(self.place.practices)

    def codes(self, severity: str) -> Counter[str]:
        return Counter(finding.code for finding in self.place.findings if finding.severity == severity)


@pytest.fixture(scope="module")
def island_ready(isle_of_wight: Path) -> Ready:
    return Ready.of(isle_of_wight)


@pytest.fixture(scope="module")
def dorset_ready(dorset: Path) -> Ready:
    return Ready.of(dorset)


def test_the_island_loads_as_it_is_known(island_ready: Ready) -> None:
    place = island_ready.place
    assert (len(place.practices), len(place.sites), len(place.areas)) == (17, 23, 89)
    assert place.list_total == 142_716
    assert place.areas["rural"].sum() == 28
    assert (place.practices["current_group"] != "").sum() == 12
    assert place.registrations["patients"].sum() == pytest.approx(142_716)
    without = place.registrations.loc[place.registrations["basis"] == "estimated", "practice_code"]
    assert sorted(without.unique()) == ["J84010", "J84014", "J84018", "J84020", "J84602"]
    assert "join-unmatched" not in island_ready.codes("warning")
    # West Wight is on the road network: nobody is without a route.
    assert np.isfinite(island_ready.times.area_to_site).all()
    west, ryde = (island_ready.times.site_codes.index(code) for code in ("J84019", "J84005"))
    assert 25 < island_ready.times.between_sites[west, ryde] < 60


def test_dorset_loads_as_it_is_known(dorset_ready: Ready) -> None:
    place = dorset_ready.place
    assert (len(place.practices), len(place.sites), len(place.areas), len(place.localities)) == (98, 144, 452, 13)
    assert place.list_total == 788_645
    assert place.areas["rural"].sum() == 95
    assert (place.practices["locality"] != "").all()
    assert place.practices["locality"].nunique() == 13
    estimated = place.registrations[place.registrations["basis"] == "estimated"]
    assert estimated["practice_code"].nunique() == 25
    assert estimated["patients"].sum() == pytest.approx(153_461)
    assert dorset_ready.codes("note")["small-list"] == 1
    # The strategy speaks of 96 practices, 131 sites and 766,000 patients; the files hold others, and that is said.
    assert dorset_ready.codes("warning")["total-differs"] == 3
    # The points people live at are the means of postcodes, not the middle of the polygon.
    assert place.areas.loc["E01015272", ["x", "y"]].tolist() == pytest.approx([412_185.3, 91_595.7], abs=0.1)


@pytest.mark.parametrize(("case", "low", "high"), [("island_ready", 3.0, 5.0), ("dorset_ready", 4.5, 6.0)])
def test_neighbours_form_one_component_about_as_dense_as_a_flat_map(
    case: str, low: float, high: float, request: pytest.FixtureRequest
) -> None:
    ready: Ready = request.getfixturevalue(case)
    graph = nx.Graph(list(ready.edges[["practice_a", "practice_b"]].itertuples(index=False, name=None)))
    assert set(graph) == set(ready.place.practices.index)
    assert nx.is_connected(graph)
    assert low <= ready.mean_degree <= high
    won = catchments(ready.place)
    land = ready.place.areas.union_all()
    assert won.union_all().area == pytest.approx(land.area, rel=0.01)


def test_what_is_known_of_neighbours_on_the_ground(dorset_ready: Ready) -> None:
    edges = dorset_ready.edges.set_index(["practice_a", "practice_b"])["reason"]
    assert edges["J81010", "J81612"] == "shared boundary"  # Swanage and Corfe Castle
    assert edges["J81082", "J81637"] == "same building"  # two practices of one health centre in Dorchester
    assert ("J81010", "J81054") not in edges.index  # Swanage and Lilliput, across Poole Harbour


def groups_of(option: AssessedOption) -> list[tuple[tuple[str, ...], str]]:
    return [(group.members, group.hub_site_code) for group in option.option.plan.groups]


def test_the_island_forms_proven_verified_and_different_options(isle_of_wight: Path) -> None:
    run = run_case(isle_of_wight, options=3)
    assert run.solver is not None
    assert run.solver.status == "optimal"
    assert run.solver.gap == pytest.approx(0, abs=1e-6)
    assert (run.solver.shortfall, run.solver.exceptions) == (0, 0)
    assert run.solver.candidates > 500
    assert len(run.options) == 3
    for option in run.options:
        assert option.verified
        assert sorted(code for members, _ in groups_of(option) for code in members) == sorted(run.place.practices.index)
        assert option.groups["list_size"].sum() == 142_716
        assert (option.groups["margin"] >= 0).all()
    again = run_case(isle_of_wight, options=3)
    assert [groups_of(option) for option in again.options] == [groups_of(option) for option in run.options]


def test_the_real_networks_of_2022_are_scored_as_a_partial_plan(
    isle_of_wight: Path, shared_data: Path, tmp_path: Path
) -> None:
    plan = write_isle_of_wight_2022_plan(shared_data, tmp_path / "plan.csv")
    run = score_case(isle_of_wight, plan)
    (option,) = run.options
    assert option.verified
    assert option.groups.set_index("group_id")["list_size"].to_dict() == {
        "U01198": 22_763,
        "U24247": 36_482,
        "U75079": 48_460,
    }
    assert sorted(option.left_out["practice_code"]) == ["J84010", "J84014", "J84018", "J84020", "J84602"]
    assert option.left_out["list_size"].sum() == 142_716 - 22_763 - 36_482 - 48_460
    # Ryde to East Cowes and Newport is further than our limit: said, not refused.
    assert (option.notes["kind"] == "breach").any()


@pytest.mark.slow
def test_dorset_forms_five_proven_verified_options_and_names_its_exceptions(dorset: Path) -> None:
    run = run_case(dorset, options=5)
    assert run.solver is not None
    assert run.solver.status == "optimal"
    assert run.solver.gap == pytest.approx(0, abs=1e-6)
    assert run.solver.candidates > 10_000
    assert len(run.options) == 5
    # Strict minimums leave no plan on these minutes: each exception is named with what it lacks.
    assert run.solver.exceptions >= 1
    for option in run.options:
        assert option.verified
        assert option.groups["list_size"].sum() == 788_645
        below = option.groups[option.groups["margin"] < 0]
        assert len(below) == run.solver.exceptions
        assert -below["margin"].sum() == run.solver.shortfall
        lacking = [f"{-margin:,} short of the" for margin in below["margin"]]
        assert all(part in text for part, text in zip(lacking, below["exception"], strict=True))
    different = {tuple(groups_of(option)) for option in run.options}
    assert len(different) == 5
    again = run_case(dorset, options=5)
    assert [groups_of(option) for option in again.options] == [groups_of(option) for option in run.options]
