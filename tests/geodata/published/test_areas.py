"""Published tables of small areas: each layout read, and all put together."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.errors import Finding, InputProblems
from geodata.published.ages import age_columns
from geodata.published.area_changes import read_area_changes
from geodata.published.area_columns import area_columns
from geodata.published.area_tables import code_year, told_in
from geodata.published.areas import combine_areas, read_areas
from geodata.published.boundaries import read_outlines
from geodata.published.catalogue import read_catalogue
from geodata.published.coordinates import point_kind
from geodata.published.whereabouts import whereabouts
from geodata.tables.columns import plain_word, vocabulary
from tests.geodata.published.published_files import files_of, only_file, put, put_layer, put_workbook

A, B, C = "E01020484", "E01020485", "E01020486"
NEW = "E01034001"


def codes_of(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings}


def read_one(folder: Path) -> tuple[pd.DataFrame, list[Finding]]:
    frame, findings = read_areas(only_file(folder, "areas"))
    return frame.set_index("area_code"), findings


# --- The real files ----------------------------------------------------------------------------------------------


@pytest.mark.real
def test_england_by_lsoa(shared_data: Path) -> None:
    file = next(f for f in files_of(shared_data / "england", "areas"))
    frame, findings = read_areas(file)
    assert not findings
    assert len(frame) == 32_844
    assert frame["area_code"].is_unique
    assert code_year(file) == 2011
    assert told_in(file, "population") == 2020
    ours = frame[frame["commissioner"] == "11J"]
    assert len(ours) == 452
    assert ours["rural_urban"].str[0].isin(["D", "E"]).sum() == 95
    assert set(ours["board"]) == {"QVV"}
    assert ours["population"].sum() == 776_780
    assert frame[["x", "y", "population_65_plus", "population_75_plus", "deprivation_decile"]].notna().all().all()
    assert set(frame["point_kind"]) == {"geometric"}


@pytest.mark.real
def test_outlines_that_cross_themselves_are_mended_and_said(shared_data: Path) -> None:
    catalogue = read_catalogue(shared_data / "dorset")
    counts = {}
    for file in catalogue.of("areas"):
        frame, findings = read_areas(file)
        if "geometry" in frame:
            assert frame.crs == "EPSG:27700"
            assert frame.geometry.is_valid.all()
        counts[file.table.label] = (len(frame), [f.message[:2] for f in findings if f.code == "mended-geometry"])
    assert counts == {
        "lsoa11.gpkg, layer lsoa11": (452, []),
        "lsoa11_postcode_centroids.csv": (452, []),
        "wards_lsoa_oa_2011.gpkg, layer lsoa": (452, ["5 "]),
        "wards_lsoa_oa_2011.gpkg, layer oa": (2493, ["12"]),
    }


@pytest.mark.real
def test_the_newest_of_three_populations_in_one_file(shared_data: Path) -> None:
    file = next(f for f in files_of(shared_data / "isle-of-wight", "areas") if f.table.layer == "lsoa11")
    frame, _ = read_areas(file)
    assert len(frame) == 89
    assert told_in(file, "population") == told_in(file, "population_75_plus") == 2020
    assert frame.set_index("area_code").loc["E01017282", ["population", "population_65_plus"]].tolist() == [1384, 273]
    assert frame["rural_urban"].str[0].isin(["D", "E"]).sum() == 28


@pytest.mark.real
def test_all_of_dorset_put_together(shared_data: Path) -> None:
    frame, sources, findings = combine_areas(files_of(shared_data / "dorset", "areas"))
    assert isinstance(frame, gpd.GeoDataFrame)
    assert len(frame) == 452
    assert frame.index.is_monotonic_increasing
    assert sources["x"].table.label == "lsoa11_postcode_centroids.csv"
    assert set(frame["point_kind"]) == {"postcode mean"}
    assert sources["population"].table.label == "lsoa11.gpkg, layer lsoa11"
    assert frame.geometry.notna().all()
    assert "no_car_share" not in sources
    assert frame["no_car_share"].isna().all()
    assert any("output areas" in f.message for f in findings if f.code == "other-level")


@pytest.mark.real
def test_wards_and_middle_layer_areas_have_names(shared_data: Path) -> None:
    read = {file.table.layer: read_outlines(file) for file in files_of(shared_data / "dorset", "shapes")}
    wards, msoas = read["wards"][0], read["msoa"][0]
    assert (len(wards), len(msoas)) == (159, 95)
    assert set(wards.columns) == {"name", "code", "geometry"}
    assert wards.set_index("code").loc["E05002113", "name"] == "Boscombe East"
    assert any("WD13NM" in finding.message for finding in read["wards"][1])


# --- Population --------------------------------------------------------------------------------------------------


def by_age(code: str, counts: dict[int, int], ages: int = 91) -> list[object]:
    row = [counts.get(age, 0) for age in range(ages)]
    return [code, f"Area {code}", "E06000059", "Dorset", sum(row), *row]


def test_mid_year_estimates_by_single_year_of_age(tmp_path: Path) -> None:
    header = ["LSOA Code", "LSOA Name", "LA Code (2021 boundaries)", "LA name (2021 boundaries)", "All Ages"]
    header += [*map(str, range(90)), "90+"]
    titles = [["SAPE23DT2: Mid-2020 Population Estimates"], ["Released 16 September 2021"], [], []]
    counts = {0: 100, 64: 7, 65: 11, 74: 1, 75: 5, 89: 2, 90: 3}
    people = [*titles, header, by_age(A, counts), by_age(B, {30: 50}), [], ["Source: ONS"]]
    men = [*titles, header, by_age(A, {0: 999}), by_age(B, {30: 999})]
    sheets = {"Contents": [["Contents"]], "Mid-2020 Persons": people, "Mid-2020 Males": men, "Mid-2020 Females": men}
    put_workbook(tmp_path, "sape23dt2mid2020.xlsx", sheets)
    files = files_of(tmp_path, "areas")
    assert [file.table.sheet for file in files] == ["Mid-2020 Persons"]
    frame, findings = read_one(tmp_path)
    assert not findings
    assert frame.loc[A, ["population", "population_65_plus", "population_75_plus"]].tolist() == [129, 22, 10]
    assert frame.loc[B, ["population", "population_65_plus", "population_75_plus"]].tolist() == [50, 0, 0]
    assert frame.loc[A, ["population_85_plus", "population_children"]].tolist() == [5, 100]
    assert frame.loc[A, ["name", "authority_code", "authority"]].tolist() == [f"Area {A}", "E06000059", "Dorset"]
    assert (code_year(files[0]), told_in(files[0], "population")) == (2011, 2020)


def test_a_sheet_of_men_tells_no_population() -> None:
    header = ["LSOA Code", "All Ages", *map(str, range(90)), "90+"]
    sample = [[A, *["1"] * 92]]
    men = area_columns(header, sample, "sape.xlsx Mid-2020 Males")
    assert men is not None and men.ages is None and "population" not in men.position
    everybody = area_columns(header, sample, "sape.xlsx Mid-2020 Persons")
    assert everybody is not None and everybody.ages is not None and everybody.position["population"] == 1
    years = [area_columns(header, sample, f"sape.xlsx Mid-{year} Persons") for year in (2020, 2021)]
    assert [columns.code_year for columns in years if columns] == [2011, 2021]


def test_figures_that_cannot_be_are_told_and_taken_as_empty(tmp_path: Path) -> None:
    rows = f"{A},0,1.2,-5\n{B},11,0.3,20\n{C},2.5,0.1,30\n{NEW.lower()},10,1,40\n"
    put(tmp_path, "areas.csv", "lsoa11cd,IMD_decile,no_car_share,pop2020\n" + rows)
    frame, findings = read_one(tmp_path)
    assert list(frame.index) == [A, B, C, NEW]
    assert frame["deprivation_decile"].fillna(-1).tolist() == [-1, -1, -1, 10]
    assert frame["population"].fillna(-1).tolist() == [-1, 20, 30, 40]
    told = {(f.column, f.row, f.message[:2]) for f in findings if f.code == "bad-number"}
    assert {("deprivation_decile", 2, "3 "), ("population", 2, "1 ")} <= told


def sexes(total: int, old: int) -> list[object]:
    women = [0] * 91
    men = [0] * 91
    women[20], women[80], men[70], men[90] = total - 2 * old - 1, old, old, 1
    return [total, *women, *men]


def test_the_newest_of_two_sheets_with_women_and_men_side_by_side(tmp_path: Path) -> None:
    header = ["LAD 2023 Code", "LAD 2023 Name", "LSOA 2021 Code", "LSOA 2021 Name", "Total"]
    header += [f"F{age}" for age in range(91)] + [f"M{age}" for age in range(91)]

    def sheet(total: int, old: int) -> list[list[object]]:
        rows = [["E06000059", "Dorset", code, "Dorset 001A", *sexes(total, old)] for code in (A, B)]
        return [["Mid-year estimates"], ["Notes"], [], header, *rows]

    sheets = {"Mid-2021 LSOA 2021": sheet(1000, 10), "Mid-2022 LSOA 2021": sheet(1100, 20)}
    put_workbook(tmp_path, "sapelsoasyoa20192022.xlsx", sheets)
    files = files_of(tmp_path, "areas")
    assert {(told_in(f, "population"), code_year(f)) for f in files} == {(2021, 2021), (2022, 2021)}
    frame, sources, findings = combine_areas(files)
    assert frame.loc[A, ["population", "population_65_plus", "population_75_plus"]].tolist() == [1100, 41, 21]
    assert sources["population"].table.sheet == "Mid-2022 LSOA 2021"
    said = next(f.message for f in findings if f.code == "newest-source" and "the population" in f.message)
    assert "(2022), not from" in said
    assert "(2021)" in said


def test_broad_ages_do_not_tell_those_of_75_and_over(tmp_path: Path) -> None:
    header = "LAD 2021 Code,LAD 2021 Name,LSOA 2021 Code,LSOA 2021 Name,Total,F0 to 15,F16 to 29,F30 to 44,"
    header += "F45 to 64,F65 and over,M0 to 15,M16 to 29,M30 to 44,M45 to 64,M65 and over\n"
    put(tmp_path, "broad.csv", header + f"E06000059,Dorset,{A},Dorset 001A,1000,1,2,3,4,200,5,6,7,8,190\n")
    frame, _ = read_one(tmp_path)
    assert frame.loc[A, ["population", "population_65_plus"]].tolist() == [1000, 390]
    assert "population_75_plus" not in frame


def test_overlapping_bands_are_not_counted_twice() -> None:
    names = ["geography code", "Age: Total; measures: Value", "Age: Aged 4 years and under; measures: Value"]
    names += ["Age: Aged 65 to 69 years; measures: Value", "Age: Aged 65 years; measures: Value"]
    names += ["Age: Aged 70 to 74 years; measures: Value", "Age: Aged 75 years and over; measures: Value"]
    ages = age_columns(names)
    assert ages is not None
    assert ages.from_age(65) == (3, 5, 6)
    assert ages.from_age(75) == (6,)
    assert ages.from_age(60) is None


def test_output_areas_beside_their_lsoa(tmp_path: Path) -> None:
    ages = ",".join(["All Ages", *map(str, range(90)), "90+"])
    cells = ",".join(["91", *["1"] * 91])
    put(tmp_path, "oa.csv", f"OA11CD,LSOA11CD,{ages}\nE00103317,{A},{cells}\nE00103318,{A},{cells}\n")
    frame, _ = read_one(tmp_path)
    assert list(frame.index) == ["E00103317", "E00103318"]
    assert frame.loc["E00103317", "population_65_plus"] == 26


# --- Class, deprivation, cars ------------------------------------------------------------------------------------

RUC_2021 = {
    "UN1": "Urban: Nearer to a major town or city",
    "UF1": "Urban: Further from a major town or city",
    "RLN1": "Larger rural: Nearer to a major town or city",
    "RLF1": "Larger rural: Further from a major town or city",
    "RSN1": "Smaller rural: Nearer to a major town or city",
    "RSF1": "Smaller rural: Further from a major town or city",
}


def test_rural_urban_classification_of_2011(tmp_path: Path) -> None:
    classes = ["A1", "B1", "C1", "C2", "D1", "D2", "E1", "E2"]
    rows = "".join(f"E0102048{i},Area {i},{code},Some words,{i}\n" for i, code in enumerate(classes))
    put(tmp_path, "ruc.csv", f"LSOA11CD,LSOA11NM,RUC11CD,RUC11,FID\n{rows}")
    frame, findings = read_one(tmp_path)
    assert not findings
    assert frame["rural_urban"].tolist() == classes
    words = vocabulary().words["rural_urban"]
    assert [words[plain_word(code)] for code in classes] == ["urban"] * 4 + ["rural"] * 4


def test_rural_urban_classification_of_2021(tmp_path: Path) -> None:
    rows = "".join(
        f'E0102048{i},Area {i},{code},"{name}",{"Urban" if code[0] == "U" else "Rural"},{i}\n'
        for i, (code, name) in enumerate(RUC_2021.items())
    )
    put(tmp_path, "ruc.csv", f"LSOA21CD,LSOA21NM,RUC21CD,RUC21NM,Urban_rural_flag,ObjectId\n{rows}")
    frame, findings = read_one(tmp_path)
    assert not findings
    assert frame["rural_urban"].tolist() == list(RUC_2021)
    words = vocabulary().words["rural_urban"]
    for code, name in RUC_2021.items():
        assert words[plain_word(code)] == words[plain_word(name)] == ("urban" if code[0] == "U" else "rural")


def test_a_class_that_is_not_known_is_told(tmp_path: Path) -> None:
    put(tmp_path, "ruc.csv", f"LSOA11CD,RUC11CD\n{A},D1\n{B},Z9\n")
    frame, findings = read_one(tmp_path)
    assert frame["rural_urban"].tolist() == ["D1", ""]
    assert [(f.code, f.value, f.row) for f in findings] == [("unknown-class", "Z9", 3)]


def test_deprivation_file_7_has_one_decile_among_dozens(tmp_path: Path) -> None:
    header = "LSOA code (2011),LSOA name (2011),Local Authority District code (2019),"
    header += "Local Authority District name (2019),Index of Multiple Deprivation (IMD) Score,"
    header += "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived),"
    header += "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs),Income Score (rate),"
    header += "Income Decile (where 1 is most deprived 10% of LSOAs),Total population: mid 2015 (excluding prisoners),"
    header += "Older population aged 60 and over: mid 2015 (excluding prisoners)\n"
    rows = f'{A},Dorset 001A,E06000059,Dorset,6.2,"29,199",9,0.01,10,"1,296",300\n'
    rows += f"{B},Dorset 001B,E06000059,Dorset,6.2,100,11,0.01,10,1200,300\n"
    put(tmp_path, "File_7.csv", header + rows)
    frame, findings = read_one(tmp_path)
    assert frame.loc[A, ["deprivation_decile", "population"]].tolist() == [9, 1296]
    assert np.isnan(frame.loc[B, "deprivation_decile"])
    assert [(f.code, f.value) for f in findings] == [("bad-number", "11")]
    assert told_in(only_file(tmp_path, "areas"), "population") == 2015
    assert "population_65_plus" not in frame


def test_deprivation_file_1_is_a_sheet_of_a_workbook(tmp_path: Path) -> None:
    header = ["LSOA code (2011)", "LSOA name (2011)", "Local Authority District code (2019)"]
    header += ["Local Authority District name (2019)", "Index of Multiple Deprivation (IMD) Rank"]
    header += ["Index of Multiple Deprivation (IMD) Decile"]
    rows = [header, [A, "Dorset 001A", "E06000059", "Dorset", 29199, 9]]
    put_workbook(tmp_path, "File_1_-_IMD2019.xlsx", {"Notes": [["Notes", "about"]], "IMD2019": rows})
    frame, _ = read_one(tmp_path)
    assert frame.loc[A, "deprivation_decile"] == 9
    assert code_year(only_file(tmp_path, "areas")) == 2011


def test_deprivation_of_2025_is_of_areas_of_2021(tmp_path: Path) -> None:
    header = "LSOA code (2021),LSOA name (2021),Local Authority District code (2024),"
    header += (
        "Local Authority District name (2024),Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived),"
    )
    header += "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs)\n"
    put(tmp_path, "iod.csv", header + f"{NEW},Dorset 001A,E06000059,Dorset,5000,2\n")
    frame, _ = read_one(tmp_path)
    assert frame.loc[NEW, "deprivation_decile"] == 2
    assert code_year(only_file(tmp_path, "areas")) == 2021


def test_cars_as_a_wide_table(tmp_path: Path) -> None:
    header = "date,geography,geography code,Number of cars or vans: Total: All households,"
    header += "Number of cars or vans: No cars or vans in household,"
    header += "Number of cars or vans: 1 car or van in household,Number of cars or vans: 2 cars or vans in household,"
    header += "Number of cars or vans: 3 or more cars or vans in household\n"
    put(tmp_path, "ts045.csv", header + f"2021,Dorset 001A,{A},400,100,150,100,50\n2021,Dorset 001B,{B},0,0,0,0,0\n")
    frame, _ = read_one(tmp_path)
    assert frame.loc[A, "no_car_share"] == 0.25
    assert np.isnan(frame.loc[B, "no_car_share"])
    assert frame.loc[A, "name"] == "Dorset 001A"
    assert "population" not in frame
    assert code_year(only_file(tmp_path, "areas")) == 2021


def test_cars_as_rows(tmp_path: Path) -> None:
    header = "Lower layer Super Output Areas Code,Lower layer Super Output Areas,"
    header += "Car or van availability (5 categories) Code,Car or van availability (5 categories),Observation\n"
    counts = {-8: 77, 0: 30, 1: 40, 2: 20, 3: 10}
    rows = "".join(f"{A},Dorset 001A,{code},words,{n}\n" for code, n in counts.items())
    put(tmp_path, "ts045.csv", header + rows)
    frame, _ = read_one(tmp_path)
    assert frame["no_car_share"].to_dict() == {A: 0.3}


def test_cars_of_the_census_of_2011_without_a_total(tmp_path: Path) -> None:
    header = "GEO_CODE,GEO_LABEL,Car or van availability : No cars or vans in household - Unit : Households,"
    header += "Car or van availability : 1 car or van in household - Unit : Households,"
    header += "Car or van availability : Sum of all cars or vans - Unit : Cars or vans\n"
    put(tmp_path, "ks404.csv", header + f"{A},Dorset 001A,10,30,999\n")
    assert read_one(tmp_path)[0].loc[A, "no_car_share"] == 0.25


# --- Bodies above ------------------------------------------------------------------------------------------------


def test_commissioners_by_their_ods_codes(tmp_path: Path) -> None:
    header = "LSOA21CD,LSOA21NM,SICBL23CD,SICBL23CDH,SICBL23NM,ICB23CD,ICB23CDH,ICB23NM,LAD23CD,LAD23NM,ObjectId\n"
    row = f"{A},Dorset 001A,E38000045,11J,NHS Dorset ICB - 11J,E54000041,QVV,NHS Dorset ICB,E06000059,Dorset,1\n"
    put(tmp_path, "lookup.csv", header + row)
    frame, _ = read_one(tmp_path)
    told = frame.loc[A, ["commissioner", "board", "authority_code", "authority"]].tolist()
    assert told == ["11J", "QVV", "E06000059", "Dorset"]


# --- Points and outlines -----------------------------------------------------------------------------------------


def squares(codes: list[str], *, of: str = "LSOA11CD", east: float = 400_000.0) -> gpd.GeoDataFrame:
    shapes = [shapely.box(east + 1000 * i, 90_000, east + 1000 * (i + 1), 91_000) for i in range(len(codes))]
    names = [f"Dorset {i:03d}A" for i in range(len(codes))]
    return gpd.GeoDataFrame({of: codes, of.replace("CD", "NM"): names}, geometry=shapes, crs="EPSG:27700")


@pytest.mark.parametrize("form", ["geojson", "gpkg", "zip"])
def test_boundaries_in_every_format(tmp_path: Path, form: str) -> None:
    frame = squares([A, B], of="LSOA21CD")
    if form == "geojson":
        put_layer(tmp_path, "LSOA_2021_EW_BGC.geojson", frame.to_crs("EPSG:4326"))
    elif form == "gpkg":
        put_layer(tmp_path, "LSOA_2021_EW_BFC.gpkg", frame, layer="LSOA_2021_EW_BFC")
    else:
        parts = put_layer(tmp_path / "parts", "LSOA_2021_EW_BGC.shp", frame).parent
        with zipfile.ZipFile(tmp_path / "boundaries.zip", "w") as archive:
            for part in sorted(parts.iterdir()):
                archive.write(part, part.name)
                part.unlink()
    file = only_file(tmp_path, "areas")
    read, findings = read_areas(file)
    assert not findings
    assert read.crs == "EPSG:27700"
    assert read["area_code"].tolist() == [A, B]
    assert read.geometry.area.tolist() == pytest.approx([1e6, 1e6], rel=1e-3)
    assert code_year(file) == 2021


def test_an_area_in_two_pieces_becomes_one(tmp_path: Path) -> None:
    put_layer(tmp_path, "lsoa.geojson", squares([A, A, B]).to_crs("EPSG:4326"))
    read, findings = read_areas(only_file(tmp_path, "areas"))
    assert read["area_code"].tolist() == [A, B]
    assert read.geometry.area.tolist() == pytest.approx([2e6, 1e6], rel=1e-3)
    assert codes_of(findings) == {"duplicate-code"}


def test_a_bow_tie_is_mended(tmp_path: Path) -> None:
    frame = squares([A, B])
    tie = shapely.Polygon([(400_000, 90_000), (401_000, 91_000), (401_000, 90_000), (400_000, 91_000)])
    frame.geometry = [tie, frame.geometry[1]]
    put_layer(tmp_path, "lsoa.gpkg", frame, layer="lsoa")
    read, findings = read_areas(only_file(tmp_path, "areas"))
    assert read.geometry.is_valid.all()
    assert [(f.code, f.severity) for f in findings] == [("mended-geometry", "note")]
    assert "row 2" in findings[0].message


def test_of_an_outline_with_a_spike_only_the_land_is_left(tmp_path: Path) -> None:
    frame = squares([A, B])
    spike = [
        (400_000, 90_000),
        (401_000, 90_000),
        (401_000, 91_000),
        (401_000, 93_000),
        (401_000, 91_000),
        (400_000, 91_000),
    ]
    frame.geometry = [shapely.Polygon(spike), frame.geometry[1]]
    put_layer(tmp_path, "lsoa.gpkg", frame, layer="lsoa")
    read, _ = read_areas(only_file(tmp_path, "areas"))
    assert set(read.geom_type) == {"Polygon"} and read.geometry.area.tolist() == [1e6, 1e6]


def test_features_without_or_with_impossible_outlines_are_told(tmp_path: Path) -> None:
    square = '{"type":"Polygon","coordinates":[[[-2,50.7],[-1.99,50.7],[-1.99,50.71],[-2,50.71],[-2,50.7]]]}'
    far = '{"type":"Polygon","coordinates":[[[-2,50.7],[1e9,50.7],[-1.99,500],[-2,50.71],[-2,50.7]]]}'
    parts = [(A, square), (B, "null"), (C, far)]
    features = ",".join(
        f'{{"type":"Feature","properties":{{"LSOA11CD":"{code}"}},"geometry":{shape}}}' for code, shape in parts
    )
    put(tmp_path, "lsoa.geojson", f'{{"type":"FeatureCollection","features":[{features}]}}')
    read, findings = read_areas(only_file(tmp_path, "areas"))
    assert read["area_code"].tolist() == [A, B, C]
    assert read.set_index("area_code").geometry.isna().to_dict() == {A: False, B: True, C: True}
    assert codes_of(findings) == {"empty-geometry"}


def test_centroids_are_population_weighted(tmp_path: Path) -> None:
    points = gpd.GeoDataFrame({"LSOA21CD": [A]}, geometry=[shapely.Point(400_500, 90_400)], crs="EPSG:27700")
    put_layer(tmp_path, "LSOA_PopCentroids_EW_2021_V4.geojson", points.to_crs("EPSG:4326"))
    frame, findings = read_one(tmp_path)
    assert not findings
    assert frame.loc[A, ["x", "y"]].tolist() == pytest.approx([400_500, 90_400], abs=1)
    assert frame.loc[A, "point_kind"] == "population-weighted"
    assert "geometry" not in frame


@pytest.mark.parametrize(
    ("header", "cells", "kind"),
    [
        ("FID,LSOA21CD,GlobalID,x,y", f"1,{A},x-1,400500.5,90400.25", "population-weighted"),
        ("OBJECTID,lsoa11cd,lsoa11nm,X,Y", f"1,{A},Dorset,-1.9943213,50.7132338", "population-weighted"),
        ("lsoa11cd,easting,northing", f"{A},400500.5,90400.25", "geometric"),
        ("lsoa11cd,long,lat", f"{A},-1.9943213,50.7132338", "geometric"),
    ],
)
def test_points_in_either_system(tmp_path: Path, header: str, cells: str, kind: str) -> None:
    put(tmp_path, "points.csv", f"{header}\n{cells}\n")
    frame, findings = read_one(tmp_path)
    assert not findings
    assert frame.loc[A, ["x", "y"]].tolist() == pytest.approx([400_500.5, 90_400.25], abs=15)
    assert frame.loc[A, "point_kind"] == kind


@pytest.mark.parametrize(
    ("file", "column", "kind"),
    [
        ("LSOA_PopCentroids_EW_2021_V4.csv", "easting", "population-weighted"),
        ("LSOA_Dec_2011_PWC_in_England_and_Wales.csv", "easting", "population-weighted"),
        ("lsoa11_postcode_centroids.csv", "x", "postcode mean"),
        ("areas.csv", "easting", "geometric"),
    ],
)
def test_the_name_of_a_file_says_what_its_points_are(file: str, column: str, kind: str) -> None:
    assert point_kind(file, "", column, False) == kind
    assert point_kind("areas.gpkg", "", "x", True) == "geometric"


def test_swapped_and_misplaced_points_are_told(tmp_path: Path) -> None:
    put(tmp_path, "points.csv", f"lsoa11cd,x,y\n{A},50.7132338,-1.9943213\n{B},50.7,-1.99\n{C},0,0\n")
    frame, findings = read_one(tmp_path)
    assert frame.loc[A, ["x", "y"]].tolist() == pytest.approx([400_500.5, 90_400.25], abs=15)
    assert np.isnan(frame.loc[C, "x"])
    assert codes_of(findings) == {"swapped-coordinates"}


def test_one_point_that_is_off_the_map_does_not_spoil_the_others(tmp_path: Path) -> None:
    put(tmp_path, "points.csv", f"lsoa11cd,x,y\n{A},400500,90400\n{B},9400500,90400\n{C},400700,90400\n")
    frame, findings = read_one(tmp_path)
    assert frame["x"].fillna(-1).tolist() == [400_500, -1, 400_700]
    assert [(f.code, f.message[:8]) for f in findings] == [("outside-britain", "1 points")]


def test_where_a_point_lies() -> None:
    frame = squares([A, B]).set_index("LSOA11CD").rename_axis("area_code")
    frame = frame.assign(x=[400_500.0, 401_500.0], y=90_500.0, authority=["Dorset", "Poole"], commissioner="11J")
    points = [(400_100, 90_100), (401_000, 90_500), (401_900, 95_000), (np.nan, 1)]
    found = whereabouts(points, frame)
    assert found["area_code"].tolist() == [A, A, B, ""]
    assert found["how"].tolist() == ["inside", "inside", "nearest", ""]
    assert found["authority"].tolist() == ["Dorset", "Dorset", "Poole", ""]
    assert found["distance_m"].tolist()[:3] == pytest.approx([0, 0, np.hypot(400, 4500)])
    without = whereabouts(points, pd.DataFrame(frame.drop(columns="geometry")))
    assert without["how"].tolist() == ["nearest", "nearest", "nearest", ""]
    assert whereabouts(points, frame.iloc[:0])["area_code"].tolist() == [""] * 4


# --- All together ------------------------------------------------------------------------------------------------


def test_better_points_and_newer_figures_win_and_gaps_are_told(tmp_path: Path) -> None:
    put(tmp_path, "a_2020.csv", f"lsoa11cd,easting,northing,pop2020\n{A},400500,90500,10\n{B},401500,90500,20\n")
    put(tmp_path, "b_2022.csv", f"lsoa11cd,pop2022,pop65_2022\n{A},11,4\n")
    put(tmp_path, "lsoa11_pwc.csv", f"lsoa11cd,x,y\n{A},400555,90444\n")
    frame, sources, findings = combine_areas(files_of(tmp_path, "areas"))
    assert frame["population"].to_dict() == {A: 11, B: 20}
    assert frame["point_kind"].to_dict() == {A: "population-weighted", B: "geometric"}
    assert frame.loc[A, "x"] == 400_555
    assert sources["population"].table.file == "b_2022.csv"
    assert sources["x"].table.file == sources["point_kind"].table.file == "lsoa11_pwc.csv"
    said = " ".join(f.message for f in findings)
    assert "For 1 of 2 areas the population come from a_2020.csv (2020)" in said
    assert "other values for 1 of 1 areas" in said
    assert codes_of(findings) == {"newest-source", "mixed-sources"}
    assert {f.severity for f in findings if f.code == "mixed-sources"} == {"warning"}


def test_without_codes_the_areas_are_those_of_the_newest_population(tmp_path: Path) -> None:
    put(tmp_path, "a_2020.csv", f"lsoa11cd,pop2020\n{A},10\n{B},20\n")
    put(tmp_path, "b_2022.csv", f"lsoa21cd,pop2022\n{A},11\n{NEW},22\n")
    frame, _, findings = combine_areas(files_of(tmp_path, "areas"))
    assert frame["population"].to_dict() == {A: 11, B: 20, NEW: 22}
    (told,) = [finding for finding in findings if finding.code == "other-code-year"]
    assert told.file == "a_2020.csv"


def test_half_a_point_is_none(tmp_path: Path) -> None:
    put(tmp_path, "a_2020.csv", f"lsoa11cd,x,pop2020\n{A},400500,10\n{B},400600,20\n")
    frame, findings = read_one(tmp_path)
    assert "x" not in frame and frame["population"].tolist() == [10, 20] and not findings


def test_areas_that_no_table_knows_are_counted(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", f"lsoa11cd,pop2020\n{A},10\n{B},20\n")
    frame, _, findings = combine_areas(files_of(tmp_path, "areas"), [A, "W01000001", "W01000002"])
    assert list(frame.index) == [A]
    assert [(f.code, f.value) for f in findings] == [("unknown-area", "W01000001, W01000002")]
    assert "2 of 3" in findings[0].message


def both_years(folder: Path) -> None:
    put(folder, "a_2020.csv", f"lsoa11cd,pop2020\n{A},100\n{B},300\n{C},50\n")
    header = "LSOA21CD,LSOA21NM,RUC21CD\n"
    put(folder, "ruc.csv", header + f"{A},Dorset A,RSF1\nE01034002,Dorset B1,UN1\nE01034003,Dorset B2,RLN1\n")


def test_the_other_code_year_without_a_lookup_serves_unchanged_areas(tmp_path: Path) -> None:
    both_years(tmp_path)
    frame, _, findings = combine_areas(files_of(tmp_path, "areas"), [A, B, C])
    assert frame["rural_urban"].to_dict() == {A: "RSF1", B: "", C: ""}
    assert "other-code-year" in codes_of(findings)


def test_without_a_lookup_a_file_of_the_same_code_year_comes_first(tmp_path: Path) -> None:
    both_years(tmp_path)
    put(tmp_path, "ruc11.csv", f"LSOA11CD,RUC11CD\n{A},D1\n{B},D1\n{C},C1\n")
    frame, sources, _ = combine_areas(files_of(tmp_path, "areas"), [A, B, C])
    assert frame["rural_urban"].to_dict() == {A: "D1", B: "D1", C: "C1"}
    assert sources["rural_urban"].table.file == "ruc11.csv"


def test_the_other_code_year_is_carried_over_by_the_lookup(tmp_path: Path) -> None:
    both_years(tmp_path)
    header = "LSOA11CD,LSOA11NM,LSOA21CD,LSOA21NM,CHGIND,LAD22CD,LAD22NM,ObjectId\n"
    pairs = [(A, A, "U"), (B, "E01034002", "S"), (B, "E01034003", "S")]
    put(tmp_path, "lookup.csv", header + "".join(f"{a},x,{b},y,{m},E06000059,Dorset,1\n" for a, b, m in pairs))
    changes, _ = read_area_changes(files_of(tmp_path, "area_changes")[0])
    frame, _, findings = combine_areas(files_of(tmp_path, "areas"), [A, B, C], changes=changes)
    assert frame["rural_urban"].to_dict() == {A: "RSF1", B: "UN1", C: ""}
    assert "carried-over" in codes_of(findings)
    assert list(combine_areas(files_of(tmp_path, "areas"), [A], year=2011, changes=changes)[0].index) == [A]


# --- Files gone wrong --------------------------------------------------------------------------------------------

PIECES = st.one_of(
    st.sampled_from(
        [A, B, NEW, "E00103317", "LSOA11CD", "lsoa21cd", "pop2020", "x", "y", "0", "1", "90+", "F0", "M90"]
    ),
    st.sampled_from(["RUC21CD", "UN1", "-8", "Observation", "All Ages", "nan", "1e999", "-1", "£5", "0x1f", '"']),
    st.text(max_size=6),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(PIECES, min_size=1, max_size=6), min_size=1, max_size=8), data=st.data())
def test_mangled_tables_end_in_findings(tmp_path: Path, rows: list[list[str]], data: st.DataObject) -> None:
    mark = data.draw(st.sampled_from([",", ";", "\t"]))
    (tmp_path / "mangled.csv").write_text("\n".join(mark.join(row) for row in rows), encoding="utf-8", errors="replace")
    try:
        files = read_catalogue(tmp_path).files
    except InputProblems:
        return
    for file in files:
        if file.kind == "areas":
            frame, findings = read_areas(file)
            assert frame["area_code"].is_unique
            assert all(isinstance(finding, Finding) for finding in findings)
            combine_areas([file])


@settings(max_examples=200, deadline=None)
@given(header=st.lists(PIECES, max_size=6), sample=st.lists(st.lists(PIECES, max_size=6), max_size=5))
def test_any_header_can_be_asked(header: list[str], sample: list[list[str]]) -> None:
    area_columns(header, sample, "any file")
