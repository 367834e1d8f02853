"""Real Dorset, 98 practices: residents of 2019 and 2020 as if they had been projected in 2017."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from grouping.growth import growth_of, problems
from grouping.pipeline import prepare
from grouping.programme.ground import Ground
from grouping.programme.inputs import ProgrammeInputs
from grouping.programme.settings import ProgrammeSettings
from grouping.result import Run
from tests.grouping.growth.made_dorset import plan_by_locality, scored
from tests.real_cases import write_dorset_2016_case

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def dorset(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The case of 2016 with the residents of 2017, and those of 2019 and 2020 as projections, by age."""
    ready = prepare(write_dorset_2016_case(shared_data, tmp_path_factory.mktemp("dorset")), listing=False)
    people = gpd.read_file(shared_data / "dorset" / "lsoa11.gpkg", ignore_geometry=True).set_index("lsoa11_code")
    here = people.reindex(ready.place.areas.index)
    tables = [
        pd.DataFrame(
            {
                "area_code": here.index,
                "year": year,
                "population": here[f"pop{year}"].to_numpy(dtype=float),
                "population_65_plus": here[f"pop65_{year}"].to_numpy(dtype=float),
            }
        )
        for year in (2019, 2020)
    ]
    areas = ready.place.areas.assign(population=here["pop2017"], population_65_plus=here["pop65_2017"])
    place = replace(ready.place, areas=areas, projections=pd.concat(tables).dropna().reset_index(drop=True))
    ready = replace(ready, place=place)
    return scored(ready, plan_by_locality(place))


def test_patients_grow_as_residents_did(dorset: Run) -> None:
    said = ProgrammeSettings.model_validate({"growth": {"base_year": 2017}})
    ground = Ground(dorset, dorset.options[0], ProgrammeInputs(said))
    assert not [one for one in problems(ground) if one.severity == "error"]
    made = growth_of(ground)
    assert made.years == (2017, 2018, 2019, 2020)
    assert made.lists[2017].tolist() == ground.lists.tolist()
    tables = {one.name: one.table for one in made.tables}
    row = tables["growth-sums"].set_index("year").loc[2020]
    projections, areas = dorset.place.projections, dorset.place.areas
    assert projections is not None
    assert row["residents"] == projections.loc[projections["year"] == 2020, "population"].sum()
    assert row["residents_today"] == areas["population"].reindex(projections["area_code"].unique()).sum()
    # residents grew by about a percent in three years; patients, most of whom live there, by nearly the same share
    assert row["patients_more"] / row["patients_today"] == pytest.approx(
        row["residents_more"] / row["residents_today"], abs=0.003
    )
    middle = made.lists[2018] - (made.lists[2017] + made.lists[2019]) / 2
    assert np.abs(middle).max() < 1e-6
    groups = tables["growth-groups"]
    assert (groups["age_65_plus_then"] > groups["age_65_plus_today"]).all()
    assert groups["list_2020"].sum() == row["lists_whole"]
    assert groups["list_2017"].tolist() == ground.groups["list_size"].tolist()
