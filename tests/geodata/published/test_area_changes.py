"""Areas of 2011 and 2021: the lookup, and values carried over without losing anybody."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.published.area_changes import (
    carry_over,
    carry_registrations,
    code_year_of,
    codes_not_found,
    read_area_changes,
)
from tests.geodata.published.published_files import only_file, put

# U: one stays; S: one is split in three; M: two become one; X: two are cut anew into two
PAIRS = [
    ("E01000001", "E01000001", "U"),
    ("E01000002", "E01034001", "S"),
    ("E01000002", "E01034002", "S"),
    ("E01000002", "E01034003", "S"),
    ("E01000003", "E01034004", "M"),
    ("E01000004", "E01034004", "M"),
    ("E01000005", "E01034005", "X"),
    ("E01000005", "E01034006", "X"),
    ("E01000006", "E01034006", "X"),
]
CHANGES = pd.DataFrame(PAIRS, columns=["area_code_2011", "area_code_2021", "change"], dtype="str")


def of_2011() -> pd.DataFrame:
    codes = [f"E0100000{i}" for i in range(1, 7)]
    return pd.DataFrame(
        {
            "name": [f"Old {i}" for i in range(1, 7)],
            "population": [100.0, 300, 200, 600, 80, 40],
            "population_65_plus": [10.0, 30, 20, np.nan, 8, 4],
            "rural_urban": ["D1", "C1", "D1", "C1", "E1", "A1"],
            "deprivation_decile": [1.0, 2, 3, 4, 5, 6],
            "no_car_share": [0.1, 0.2, 0.1, 0.5, 0.3, np.nan],
        },
        index=pd.Index(codes, name="area_code", dtype="str"),
    )


def lookup(folder: Path, text: str) -> tuple[pd.DataFrame, list]:
    put(folder, "lookup.csv", text)
    return read_area_changes(only_file(folder, "area_changes"))


@pytest.mark.parametrize("mark", ["CHGIND", "CHNGIND", "ChangeInd"])
def test_the_lookup_is_read(tmp_path: Path, mark: str) -> None:
    header = f"ObjectId,LSOA11CD,LSOA11NM,LSOA21CD,LSOA21NM,{mark},LAD22CD,LAD22NM,LAD22NMW\n"
    rows = "".join(f"{i},{a},Old,{b},New,{m},E06000059,Dorset,\n" for i, (a, b, m) in enumerate(PAIRS))
    frame, findings = lookup(tmp_path, "\ufeff" + header + rows)
    assert not findings
    pd.testing.assert_frame_equal(frame, CHANGES, check_dtype=False)


def test_a_best_fit_lookup_without_marks(tmp_path: Path) -> None:
    rows = "".join(f"{a},Old,{b},New\n" for a, b, _ in PAIRS)
    frame, findings = lookup(tmp_path, "LSOA11CD,LSOA11NM,LSOA21CD,LSOA21NM\n" + rows)
    assert [finding.code for finding in findings] == ["change-derived"]
    assert frame["change"].tolist()[:6] == ["U", "S", "S", "S", "M", "M"]


def test_rows_without_a_code_and_unknown_marks_are_told(tmp_path: Path) -> None:
    rows = "E01000001,,E01000001,,U\nE01000002,,,,S\nE01000003,,E01034004,,Q\nE01000004,,E01034004,,M\n"
    frame, findings = lookup(tmp_path, "LSOA11CD,LSOA11NM,LSOA21CD,LSOA21NM,CHGIND\n" + rows)
    assert frame["change"].tolist() == ["U", "M", "M"]
    assert [(f.code, f.row) for f in findings] == [("empty-value", 3), ("unknown-word", 4)]


def test_forward_counts_are_shared_and_summed() -> None:
    out, findings = carry_over(of_2011(), CHANGES, 2021, file="f.csv")
    assert out["population"].to_dict() == {
        "E01000001": 100,
        "E01034001": 100,
        "E01034002": 100,
        "E01034003": 100,
        "E01034004": 800,
        "E01034005": 40,
        "E01034006": 80,
    }
    assert out["population"].sum() == of_2011()["population"].sum()
    assert out.loc["E01034002", ["rural_urban", "deprivation_decile", "no_car_share", "name"]].tolist() == [
        "C1",
        2,
        0.2,
        "",
    ]
    merged = out.loc["E01034004"]
    assert merged["no_car_share"] == pytest.approx((0.1 * 200 + 0.5 * 600) / 800)
    assert (merged["rural_urban"], merged["deprivation_decile"]) == ("C1", 4)
    assert np.isnan(merged["population_65_plus"])
    assert out.loc["E01034006", "no_car_share"] == 0.3
    assert [f.code for f in findings] == ["carried-over"]
    assert "6 areas" in findings[0].message
    assert "1 split" in findings[0].message
    assert "2 merged" in findings[0].message


def test_the_part_with_more_people_here_decides_not_the_larger_area_it_comes_from() -> None:
    rows = [("E01000001", "E01034001", "X"), ("E01000001", "E01034002", "X"), ("E01000002", "E01034001", "X")]
    changes = pd.DataFrame(rows, columns=["area_code_2011", "area_code_2021", "change"], dtype="str")
    index = pd.Index(["E01000001", "E01000002"], name="area_code", dtype="str")
    frame = pd.DataFrame(
        {"population": [1000.0, 600.0], "rural_urban": ["D1", "C1"], "no_car_share": [0.0, 1.0]}, index
    )
    out, _ = carry_over(frame, changes, 2021)
    assert out.loc["E01034001", ["population", "rural_urban"]].tolist() == [1100, "C1"]
    assert out.loc["E01034001", "no_car_share"] == pytest.approx(600 / 1100)


def test_weights_share_a_split_area() -> None:
    weights = {"E01034001": 1.0, "E01034002": 1.0, "E01034003": 4.0}
    out, _ = carry_over(of_2011(), CHANGES, 2021, weights=weights)
    assert out.loc[["E01034001", "E01034003"], "population"].tolist() == [50, 200]
    assert out.loc["E01034005", "population"] == 40  # its weights are not known: equally


def test_backward_is_the_same_with_split_and_merged_exchanged() -> None:
    new, _ = carry_over(of_2011(), CHANGES, 2021)
    old, _ = carry_over(new, CHANGES, 2011)
    assert old["population"].to_dict() == {
        "E01000001": 100,
        "E01000002": 300,
        "E01000003": 400,
        "E01000004": 400,
        "E01000005": 80,
        "E01000006": 40,
    }


def test_areas_outside_the_lookup_keep_their_codes_and_are_told() -> None:
    frame = of_2011().rename(index={"E01000001": "W01000009"})
    out, findings = carry_over(frame, CHANGES, 2021)
    assert out.loc["W01000009", "population"] == 100
    assert out["population"].sum() == frame["population"].sum()
    told = next(f for f in findings if f.code == "not-in-lookup")
    assert "1 areas with 100 people" in told.message


def test_outlines_of_merged_areas_are_joined_and_of_split_ones_unknown() -> None:
    shapes = [shapely.box(i, 0, i + 1, 1) for i in range(6)]
    frame = gpd.GeoDataFrame(of_2011(), geometry=shapes, crs="EPSG:27700")
    out, _ = carry_over(frame, CHANGES, 2021)
    assert out.loc["E01000001"].geometry.area == 1
    assert out.loc["E01034004"].geometry.area == 2
    assert out.loc["E01034001"].geometry is None
    assert out.crs == "EPSG:27700"


def test_only_some_areas() -> None:
    out, _ = carry_over(of_2011(), CHANGES, 2021, keep=["E01034004"])
    assert list(out.index) == ["E01034004"]
    assert out.loc["E01034004", "population"] == 800


def test_registrations_keep_their_sum_per_practice() -> None:
    rows = [
        ("J81001", "E01000002", 9),
        ("J81001", "E01000003", 5),
        ("J81001", "E01000004", 6),
        ("J81002", "W01000001", 4),
    ]
    frame = pd.DataFrame(rows, columns=["practice_code", "area_code", "patients"])
    out, findings = carry_registrations(frame, CHANGES, 2021)
    assert out.groupby("practice_code")["patients"].sum().to_dict() == {"J81001": 20, "J81002": 4}
    assert out.set_index("area_code")["patients"].to_dict()["E01034004"] == 11
    assert {f.code for f in findings} == {"carried-over", "not-in-lookup"}
    assert any("4 patients live in 1 areas" in f.message for f in findings)


def test_the_year_of_codes() -> None:
    old, new = set(CHANGES["area_code_2011"]), set(CHANGES["area_code_2021"])
    guess = code_year_of(["E01000002", "E01000001", "CLOSED"], old, new)
    assert (guess.year, guess.fitting, guess.misfits) == (2011, 2, ("CLOSED",))
    assert code_year_of(["E01034001", "E01000001"], old, new).year == 2021
    assert code_year_of(["E01000001"], old, new).year is None
    assert code_year_of(["E01000001"]).year is None
    assert code_year_of(["E01000001", "E01034001"]).year == 2021
    assert code_year_of(["E01000001", "E01033768"]).year is None, "the last of 2011"
    assert code_year_of(["E01000001", "E01033769"]).year == 2021
    assert code_year_of([], old, new).year is None


@pytest.mark.real
def test_the_year_of_the_real_registrations(shared_data: Path) -> None:
    areas = pd.read_parquet(shared_data / "england" / "lsoa11_2020.parquet")["lsoa11_code"]
    counts = pd.read_parquet(shared_data / "england" / "practice_lsoa11_registrations_2022.parquet")
    guess = code_year_of(set(counts["LSOA11CD"]), set(areas))
    assert guess.year == 2011
    assert guess.fitting == 32_844
    assert all(not code.startswith("E01") for code in guess.misfits)
    lost, findings = codes_not_found(counts.set_index("LSOA11CD")["Patient"].astype(float), set(areas))
    assert list(lost.index) == sorted(lost.index, key=lambda code: (-lost[code], code))
    assert f"{lost.sum():,.0f} patients live in {len(guess.misfits):,} areas" in findings[0].message


def test_patients_of_unknown_areas_are_counted() -> None:
    patients = pd.Series([3.0, 4.0, 5.0, 1.0], index=["A", "B", "A", "C"])
    lost, findings = codes_not_found(patients, {"C"}, file="reg.csv")
    assert lost.to_dict() == {"A": 8, "B": 4}
    assert (findings[0].file, findings[0].value) == ("reg.csv", "A, B")
    assert codes_not_found(patients, {"A", "B", "C"})[1] == []


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=14, unique=True),
    people=st.lists(st.integers(0, 5000), min_size=8, max_size=8),
)
def test_nobody_is_lost_or_invented(pairs: list[tuple[int, int]], people: list[int]) -> None:
    rows = [(f"E0100000{a}", f"E0103400{b}", "X") for a, b in pairs]
    changes = pd.DataFrame(rows, columns=["area_code_2011", "area_code_2021", "change"], dtype="str")
    index = pd.Index([f"E0100000{i}" for i in range(8)], name="area_code", dtype="str")
    frame = pd.DataFrame({"population": [float(n) for n in people]}, index=index)
    out, _ = carry_over(frame, changes, 2021)
    assert out["population"].sum() == pytest.approx(sum(people))
    assert out.index.is_unique
