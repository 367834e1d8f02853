"""The travel impact of real plans on the Isle of Wight and in Dorset: what is known about it comes out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geodata.load import load_place
from grouping.impact.job import ImpactJob, impact_case
from grouping.impact.pack import write_pack
from grouping.pipeline import score_case
from grouping.runs import write_run
from grouping.verify.recheck import recheck
from tests.real_cases import write_dorset_2016_case, write_isle_of_wight_2022_plan, write_isle_of_wight_case

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def island(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("island")
    return (
        write_isle_of_wight_case(shared_data, folder / "case"),
        write_isle_of_wight_2022_plan(shared_data, folder / "networks.csv"),
    )


@pytest.fixture(scope="module")
def one_hub(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> ImpactJob:
    """Dorset with services at a single site today, and the same site as the only hub."""
    folder = tmp_path_factory.mktemp("dorset")
    case = write_dorset_2016_case(shared_data, folder / "case")
    codes = load_place(case).practices.index
    services, plan = folder / "services.csv", folder / "one.csv"
    services.write_text("site_code\nJ81010\n", encoding="utf-8")
    rows = "".join(f"{code},ALL,J81010\n" for code in codes)
    plan.write_text(f"practice_code,group_id,hub_site_code\n{rows}", encoding="utf-8")
    return impact_case(case, [plan], before=services)


def all_patients(job: ImpactJob) -> pd.DataFrame:
    table = job.impact.tables["summary"]
    return table[(table["population"] == "all") & (table["setting"] == "all")]


def test_the_networks_against_themselves_change_nothing(island: tuple[Path, Path]) -> None:
    case, networks = island
    job = impact_case(case, [networks], before=networks)
    rows = all_patients(job)
    rows = rows[rows["scenario"] == ""]
    assert rows["people"].round().tolist() == [107_705] * len(rows)  # 12 of 17 practices
    assert (rows[["mean_change", "longer_5", "shorter_5", "newly_beyond", "change_in_patient_minutes"]] == 0).all(
        axis=None
    )
    assert job.impact.tables["robust"].empty
    assert any("12 of 17 practices" in note and "107,705 of 142,716" in note for note in job.impact.notes)
    assert any("names no hub for 3 of 3 groups" in note for note in job.impact.notes)
    tried = {name for name, _, _ in job.impact.scenarios}
    assert {"peak", "winter", "slower", "faster"} <= tried
    assert dict(job.impact.untried).keys() == {"no-ferry", "projected", "housing", "other-rural"}


def test_a_score_is_re_derived_with_its_impact(island: tuple[Path, Path], tmp_path: Path) -> None:
    case, networks = island
    out = write_run(score_case(case, networks, before=networks), tmp_path / "score", case_dir=case)
    table = recheck(out).lines
    travel = table[table["claim"].str.startswith("travel")]
    assert len(travel) >= 12
    assert travel["agrees"].all()
    path = out / "impact" / "communities.csv"
    text = path.read_text(encoding="utf-8")
    cells = text.splitlines()[1].split(",")
    path.write_text(text.replace(cells[6], str(float(cells[6]) + 9), 1), encoding="utf-8")
    assert not recheck(out).lines["agrees"].all()


def test_dorset_with_one_hub_everywhere(one_hub: ImpactJob) -> None:
    rows = all_patients(one_hub)
    hub = rows[(rows["journey"] == "hub") & (rows["mode"] == "car")].set_index("scenario")
    assert hub["people"].round().eq(788_645).all()
    assert hub["mean_change"].abs().max() < 1e-9  # before and after lead to the same site under every assumption
    assert (hub.loc[["peak", "winter", "slower"], "mean"] > hub.loc["", "mean"]).all()
    assert hub.loc["faster", "mean"] < hub.loc["", "mean"]
    assert hub.loc["slower", "mean"] == pytest.approx(hub.loc["", "mean"] / 0.9, rel=1e-4)
    tables = one_hub.impact.tables
    for name in ("communities", "practices", "groups"):
        part = tables[name][(tables[name]["journey"] == "hub") & (tables[name]["mode"] == "car")]
        assert part["people"].sum() == pytest.approx(788_645, abs=0.01)
    for _, family in tables["people"].dropna(subset=["people"]).groupby("family"):
        assert family["people"].sum() == pytest.approx(788_645, abs=0.01)


def test_the_public_pack_of_dorset_shows_no_small_number(one_hub: ImpactJob, tmp_path: Path) -> None:
    from grouping.impact.public import public_impact  # noqa: PLC0415

    folder = write_pack(public_impact(one_hub.impact), tmp_path / "public", one_hub.about)
    table = pd.read_csv(folder / "communities.csv", dtype=str, keep_default_na=False)
    for column in ("people", "age_65_plus", "no_route", "newly_beyond", "beyond"):
        shown = [int(float(value)) for value in table[column] if value not in {"", "*"}]
        assert shown
        assert all(value % 5 == 0 and not 0 < value < 8 for value in shown)
    assert (table["people"] == "*").any() or np.all(one_hub.impact.tables["communities"]["people"] >= 7.5)
