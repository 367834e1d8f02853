"""The built-in demonstration: its counts and sums, its shape, and that it can be made again byte for byte."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import Point

from geodata.case import read_case_settings
from geodata.case_times import travel_times
from geodata.demo import CASE_FILES, write_demo_case
from geodata.demo._areas import read_outline, read_settlements, share_out
from geodata.demo.make_demo import main, make_demo
from geodata.load import load_place
from geodata.place import Place
from geodata.roads import read_roads
from geodata.travel import TravelTimes


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo_case(tmp_path_factory.mktemp("demonstration") / "case")


@pytest.fixture(scope="module")
def place(case: Path) -> Place:
    return load_place(case)


@pytest.fixture(scope="module")
def times(place: Place, case: Path) -> TravelTimes:
    return travel_times(place, read_case_settings(case).roads, case)[0]


@pytest.fixture(scope="module")
def areas(case: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(case / "areas.geojson")


def test_the_copy_is_complete_small_and_says_that_it_is_made_up(case: Path) -> None:
    assert sorted(path.name for path in case.iterdir()) == sorted(CASE_FILES)
    assert sum(path.stat().st_size for path in case.iterdir()) < 2_000_000
    settings = tomllib.loads((case / "case.toml").read_text(encoding="utf-8"))
    assert settings["made_up"] is True
    assert settings["name"] == "Demonstration county (made-up data in the shape of Dorset)"
    for table in settings["tables"].values():
        assert "Made-up" in table["attribution"]


def test_copying_twice_overwrites_and_leaves_other_files_alone(tmp_path: Path) -> None:
    write_demo_case(tmp_path)
    (tmp_path / "practices.csv").write_text("spoilt", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert write_demo_case(tmp_path) == tmp_path
    assert (tmp_path / "practices.csv").read_text(encoding="utf-8").startswith("practice_code,")
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_the_generator_gives_the_shipped_bytes(case: Path, tmp_path: Path) -> None:
    made = make_demo(tmp_path / "again")
    different = [name for name in CASE_FILES if (made / name).read_bytes() != (case / name).read_bytes()]
    assert different == []


def test_another_seed_gives_another_county_with_the_same_totals(case: Path, tmp_path: Path) -> None:
    main(["--out", str(tmp_path / "other"), "--seed", "7"])
    assert (tmp_path / "other" / "practices.csv").read_bytes() != (case / "practices.csv").read_bytes()
    other = load_place(tmp_path / "other")
    assert (len(other.practices), len(other.sites), other.list_total) == (96, 131, 766_000)


def test_it_loads_without_an_error(place: Place) -> None:
    assert not [finding for finding in place.findings if finding.severity == "error"]
    assert place.made_up
    assert (len(place.practices), len(place.sites), len(place.localities)) == (96, 131, 13)
    assert 440 <= len(place.areas) <= 460
    assert 90 <= place.areas["rural"].sum() <= 100
    assert place.list_total == 766_000


def test_codes_and_names_are_clearly_invented(place: Place) -> None:
    assert all(re.fullmatch(r"X81\d{3}", code) for code in place.practices.index)
    assert all(re.fullmatch(r"X81\d{3}(\d{3})?|XC\d{3}", code) for code in place.sites.index)
    assert all(re.fullmatch(r"D01\d{6}", code) for code in place.areas.index)
    assert place.practices["name"].is_unique


@pytest.mark.real
def test_no_practice_bears_the_name_of_a_real_one(place: Place, shared_data: Path) -> None:
    for name in ("epraccur_2016-02.csv", "epraccur_2022.csv"):
        table = pd.read_csv(shared_data / "england" / name, header=None, usecols=[1], encoding="latin-1", dtype=str)
        assert not set(place.practices["name"].str.upper()) & set(table[1].str.strip().str.upper())


def test_every_practice_has_one_main_site_and_a_list_of_usual_size(place: Place) -> None:
    main_sites = place.sites[place.sites["kind"] == "main"]
    assert sorted(main_sites["practice_code"]) == list(place.practices.index)
    assert place.sites["kind"].value_counts().to_dict() == {"main": 96, "branch": 33, "community": 2}
    assert place.practices["list_size"].between(1_000, 25_000).all()
    assert place.sites["floor_area_m2"].sum() == 48_000
    assert place.sites["annual_cost"].sum() == 10_700_000
    assert 18 <= place.practices["current_group"].nunique() <= 26


def test_registrations_sum_to_each_list(place: Place) -> None:
    by_practice = place.registrations.groupby("practice_code")["patients"].sum()
    assert (by_practice == place.practices["list_size"]).all()
    homes = place.registrations.groupby("practice_code")["area_code"].nunique()
    assert homes.between(4, 45).all()
    outside = ~place.registrations["area_code"].isin(place.areas.index)
    assert 0 < place.registrations.loc[outside, "patients"].sum() < 5_000


def test_areas_cover_the_county_without_gap_or_overlap(areas: gpd.GeoDataFrame) -> None:
    assert areas.crs.to_epsg() == 27700
    assert areas.geometry.is_valid.all()
    assert shapely.coverage_is_valid(areas.geometry.to_numpy())
    united = shapely.coverage_union_all(areas.geometry.to_numpy())
    assert united.geom_type == "Polygon"
    assert shapely.symmetric_difference(united, read_outline()).area < 0.1e6
    assert all(shape.contains(Point(x, y)) for shape, x, y in zip(areas.geometry, areas.x, areas.y, strict=True))


def test_localities_are_made_of_whole_areas(case: Path, areas: gpd.GeoDataFrame) -> None:
    localities = gpd.read_file(case / "localities.geojson")
    assert shapely.coverage_is_valid(localities.geometry.to_numpy())
    assert localities.area.sum() == pytest.approx(areas.area.sum(), abs=1.0)


def test_practices_and_sites_stand_inside_their_county(place: Place, areas: gpd.GeoDataFrame) -> None:
    outline = read_outline()
    assert all(outline.contains(point) for point in place.sites.geometry)
    shapes = gpd.GeoDataFrame(geometry=place.localities.geometry)
    found = gpd.sjoin(place.practices[["locality", "geometry"]], shapes.rename_axis("where").reset_index())
    assert (found["locality"] == found["where"]).mean() > 0.95


def test_people_look_like_the_real_county(place: Place) -> None:
    areas = place.areas
    people = areas["population"].sum()
    assert 765_000 <= people <= 775_000
    assert 0.23 <= areas["population_65_plus"].sum() / people <= 0.28
    assert (areas["population_75_plus"] < areas["population_65_plus"]).all()
    assert areas["deprivation_decile"].between(1, 10).all()
    assert areas["no_car_share"].between(0, 0.6).all()
    suburbs = {place_.name for place_ in read_settlements() if place_.kind == "suburb"}
    in_conurbation = areas["name"].str.replace(r" \d{3}[A-Z]$", "", regex=True).isin(suburbs)
    assert 0.55 <= areas.loc[in_conurbation, "population"].sum() / people <= 0.70
    older = areas["population_65_plus"] / areas["population"]
    assert older[areas["name"].str.startswith("Highcliffe")].mean() > 0.35
    assert older[areas["name"].str.startswith("Boscombe 0")].mean() < 0.2
    assert areas.loc[areas["name"].str.startswith("Westham"), "deprivation_decile"].mean() < 4


def test_the_roads_are_one_network_with_ferry_roundabouts_and_one_way_streets(case: Path) -> None:
    network = read_roads(case / "roads.osm.pbf")
    assert network.node_in_main.all()
    assert not network.findings
    assert network.summary["ferries"] == 1
    assert network.summary["one_way_share"] > 0.02
    assert len(network.geometry_xy) > 5_000


def test_everything_is_reached_and_near_a_road(times: TravelTimes) -> None:
    assert np.isfinite(times.area_to_site).all()
    assert np.isfinite(times.between_sites).all()
    assert times.area_snap_m.max() < 400
    assert times.site_snap_m.max() < 400


@pytest.mark.parametrize(
    ("start", "end", "low", "high"),
    [
        ("Bridport", "Dorchester", 19, 27),
        ("Weymouth", "Dorchester", 13, 21),
        ("Bournemouth Centre", "Poole Town", 11, 20),
        ("Lyme Regis", "Dorchester", 33, 45),
        ("Swanage", "Wareham", 13, 22),
        ("Easton", "Weymouth", 10, 18),
        ("Swanage", "Poole Town", 27, 45),
        ("Sherborne", "Dorchester", 23, 36),
    ],
)
def test_drives_take_about_as_long_as_the_real_ones(
    place: Place, times: TravelTimes, start: str, end: str, low: float, high: float
) -> None:
    where = {s.name: Point(s.easting, s.northing) for s in read_settlements()}
    away = np.hypot(place.areas["x"] - where[start].x, place.areas["y"] - where[start].y)
    area = away.idxmin()
    site = place.sites.distance(where[end]).idxmin()
    minutes = times.area_to_site[times.area_codes.index(area), times.site_codes.index(site)]
    assert low <= minutes <= high


def test_shares_are_whole_and_sum_up() -> None:
    assert share_out(10, [1.0, 1.0, 1.0]) == [4, 3, 3]
    assert sum(share_out(766_000, [0.1, 7.3, 2.2, 9.9])) == 766_000
