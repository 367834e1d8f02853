"""The built-in demonstration: its counts and sums, its shape, and that it can be made again byte for byte."""

from __future__ import annotations

import csv
import hashlib
import io
import json
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
from geodata.demo import CASE_FILES, PROGRAMME_FILES, write_demo_case
from geodata.demo._areas import Settlement, read_outline, read_rows, read_settlements, share_out
from geodata.demo._buses import LONGEST_MINUTES, minutes_between_stops
from geodata.demo.make_demo import main, make_demo
from geodata.load import load_place
from geodata.place import Place
from geodata.roads import read_roads
from geodata.travel import TravelTimes

PUBLISHED = ["9c3b195fd66102da", "4fa8747f5ae15afa", "5fc4975dcdb5bee5", "3edb982cfeebcaf8", "4ec8a285597934c5"]
"""Hashes: of practices, areas and sites the columns that figures in print rest on; of registrations and roads all."""


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
    assert sorted(path.name for path in case.iterdir()) == sorted((*CASE_FILES, *PROGRAMME_FILES))
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


# ------------------------------------------------------------------------------- what impact is worked out with


def rows_of(case: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((case / name).read_text(encoding="utf-8").splitlines()))


def _first_columns(path: Path, number: int) -> bytes:
    """A table as it was before columns were added to it."""
    text = io.StringIO()
    with path.open(encoding="utf-8", newline="") as handle:
        csv.writer(text, lineterminator="\n").writerows(row[:number] for row in csv.reader(handle))
    return text.getvalue().encode("utf-8")


def test_what_was_published_stays_as_it_was(case: Path) -> None:
    """Figures of this case stand in print: columns may be added, what is there may not change."""
    practices = csv.reader((case / "practices.csv").read_text(encoding="utf-8").splitlines())
    areas = (case / "areas.geojson").read_text(encoding="utf-8")
    contents = [
        "\n".join(",".join(row[:10]) for row in practices).encode("utf-8"),
        re.sub(r',"ward":.*?\}', "}", areas).encode("utf-8"),
        _first_columns(case / "sites.csv", 10),
        *((case / name).read_bytes() for name in ("registrations.csv", "roads.osm.pbf")),
    ]
    assert [hashlib.sha256(content).hexdigest()[:16] for content in contents] == PUBLISHED


def test_ages_lie_within_one_another_and_follow_the_retired(place: Place) -> None:
    areas, practices = place.areas, place.practices
    assert (areas["population_85_plus"] <= areas["population_75_plus"]).all()
    assert (areas["population_children"] + areas["population_65_plus"] <= areas["population"]).all()
    assert (practices["age_85_plus"] <= practices["age_75_plus"]).all()
    assert (practices["age_children"] + practices["age_65_plus"] <= practices["list_size"]).all()
    for of_areas, of_practices, low, high in (
        ("population_85_plus", "age_85_plus", 0.03, 0.045),
        ("population_children", "age_children", 0.15, 0.19),
    ):
        share = areas[of_areas].sum() / areas["population"].sum()
        assert low <= share <= high
        assert practices[of_practices].sum() / place.list_total == pytest.approx(share, rel=0.05)
    seaside = areas["name"].str.startswith("Highcliffe")
    poor = areas["deprivation_decile"] <= 2
    children = areas["population_children"] / areas["population"]
    assert children[seaside].mean() < children.mean() - 0.05
    assert children[poor].mean() > children.mean() + 0.02
    assert (areas["population_85_plus"] / areas["population"])[seaside].mean() > 0.06


def test_a_further_column_counts_people_with_poor_health(place: Place) -> None:
    (further,) = place.further
    assert (further.label, further.kind) == ("Residents with a long-term health problem or disability", "count")
    people = place.areas[further.column]
    assert (people <= place.areas["population"]).all()
    assert 0.17 <= people.sum() / place.areas["population"].sum() <= 0.24


def test_wards_bear_the_names_of_real_places_and_join_areas(place: Place) -> None:
    wards, names = place.areas["ward"], {s.name for s in read_settlements()}
    halved = wards[~wards.isin(names)]
    assert set(halved.str.replace(r" (North|East|South|West)$", "", regex=True)) <= names
    assert halved.nunique() == 14
    assert wards.value_counts().between(1, 7).all()
    assert wards.nunique() < len(place.areas) / 2.5
    assert (place.areas["name"].str.replace(r" \d{3}[A-Z]$", "", regex=True) == wards)[wards.isin(names)].all()


def test_pharmacies_stand_in_towns_and_not_where_a_practice_dispenses(case: Path, place: Place) -> None:
    rows = rows_of(case, "pharmacies.csv")
    assert 140 <= len(rows) <= 160
    assert all(row["name"].startswith("Demonstration Pharmacy") for row in rows)
    assert len({row["name"] for row in rows}) == len(rows)
    points = shapely.points([(float(row["x"]), float(row["y"])) for row in rows])
    assert read_outline().contains(points).all()
    homes = shapely.points(place.areas[["x", "y"]].to_numpy())
    far = np.array([shapely.distance(home, points).min() > 1600 for home in homes])
    share = place.areas.loc[far, "population"].sum() / place.areas["population"].sum()
    assert 0.08 <= share <= 0.16
    assert place.areas.loc[far, "rural"].mean() > 0.7
    main = place.sites[place.sites["kind"] == "main"].set_index("practice_code")
    dispensing = main.loc[place.practices.index[place.practices["dispensing"].fillna(False).astype(bool)]]
    assert len(dispensing) > 5
    assert all(shapely.distance(site, points).min() > 1600 for site in dispensing.geometry)


def test_homes_are_planned_inside_the_county_for_the_next_ten_years(case: Path) -> None:
    rows = rows_of(case, "housing.csv")
    assert len(rows) == 25
    assert sum(int(row["dwellings"]) for row in rows) == 20_000
    assert {int(row["year"]) for row in rows} <= set(range(2027, 2037))
    assert all(row["name"].startswith("Invented plan ") for row in rows)
    assert all(read_outline().contains(Point(float(row["x"]), float(row["y"]))) for row in rows)


def test_the_county_grows_by_fifty_thousand_and_less_where_many_are_old(case: Path, place: Place) -> None:
    rows = rows_of(case, "projections.csv")
    assert {row["year"] for row in rows} == {"2036"}
    later = pd.Series({row["area_code"]: int(row["population"]) for row in rows}).reindex(place.areas.index)
    assert later.sum() - place.areas["population"].sum() == 50_000

    def growth(which: pd.Series) -> float:
        return later[which].sum() / place.areas.loc[which, "population"].sum() - 1

    old = place.areas["population_65_plus"] / place.areas["population"] > 0.32
    villages = place.areas["rural_urban"] == "E1"
    assert growth(villages & old) < growth(villages) < growth(~villages)
    assert growth(old) < growth(~old) - 0.01


def test_settlements_are_the_real_places(case: Path) -> None:
    rows = rows_of(case, "settlements.csv")
    assert [(row["name"], int(row["x"]), int(row["y"])) for row in rows] == [
        (s.name, s.easting, s.northing) for s in read_settlements()
    ]


def test_no_bus_is_quicker_than_a_car_and_many_villages_have_none(place: Place, times: TravelTimes) -> None:
    table = place.public_transport
    assert set(table["area_code"]) == set(place.areas.index)
    assert set(table["site_code"]) == set(place.sites.index)
    assert not table.duplicated(["area_code", "site_code"]).any()
    reached = table[table["reachable"]]
    assert reached["minutes"].between(3, LONGEST_MINUTES).all()
    row = [times.area_codes.index(code) for code in reached["area_code"]]
    column = [times.site_codes.index(code) for code in reached["site_code"]]
    assert (reached["minutes"].to_numpy() > times.area_to_site[row, column]).all()
    villages = place.areas.index[place.areas["rural_urban"] == "E1"]
    stranded = ~villages.isin(reached["area_code"])
    assert 10 <= stranded.sum() <= len(villages) / 2
    assert place.areas.index[place.areas["rural_urban"] == "C1"].isin(reached["area_code"]).mean() > 0.99
    facts = place.public_transport_facts
    assert facts.departure == "Tue 2026-10-06 09:30-12:30"
    assert "invented" in facts.made_with


def test_a_ride_is_a_wait_and_the_way_and_a_change_is_another_wait() -> None:
    places = {s.name: s for s in read_settlements()}
    between = minutes_between_stops(list(places.values()))

    def ride(one: str, other: str) -> float:
        start, end = places[one], places[other]
        metres = np.hypot(start.easting - end.easting, start.northing - end.northing) * 1.3
        return metres / 1000 / 32 * 60

    # every 30 minutes: 15 of waiting and 2.35 km at 32 km/h
    assert between["Dorchester"]["Poundbury"] == pytest.approx(15 + 4.41, abs=0.01)
    # a bus every 2 hours: people know when it comes and wait 30 minutes; then a change to the one every 30 minutes
    there = (
        30
        + ride("Cerne Abbas", "Charminster")
        + ride("Charminster", "Dorchester")
        + 15
        + ride("Dorchester", "Poundbury")
    )
    assert between["Cerne Abbas"]["Poundbury"] == pytest.approx(there)
    assert "Dorchester" not in between["Dorchester"]
    assert "Evershot" not in between


def test_lines_call_at_known_places_and_villages_without_a_line_are_many() -> None:
    places: dict[str, Settlement] = {s.name: s for s in read_settlements()}
    lines = [(int(row["every_minutes"]), row["stops"].split(";")) for row in read_rows("bus_lines.csv")]
    called = {name for _, stops in lines for name in stops}
    assert called <= set(places)
    assert all(5 <= every <= 120 and len(stops) == len(set(stops)) > 1 for every, stops in lines)
    towns = {name for name, where in places.items() if where.kind == "town"}
    often = {name for every, stops in lines if every <= 30 for name in stops}
    assert towns <= often
    villages = {name for name, where in places.items() if where.kind == "village"}
    assert 0.25 < len(villages - called) / len(villages) < 0.75


def test_the_two_files_to_try_questions_with_name_sites_of_the_case(case: Path, place: Place) -> None:
    today = rows_of(case, "services_today.csv")
    assert len(today) == 8
    assert {row["site_code"]: row["name"] for row in today} == place.sites["name"].reindex(
        [row["site_code"] for row in today]
    ).to_dict()
    options = {row["change"]: row for row in rows_of(case, "site_options.csv")}
    assert list(options) == ["open", "move", "consider further"]
    assert options["open"]["site_code"] not in place.sites.index
    for change in ("move", "consider further"):
        site = place.sites.loc[options[change]["site_code"]]
        assert (site["practice_code"], site["name"]) == (options[change]["practice_code"], options[change]["name"])
    for change in ("open", "move"):
        assert options[change]["practice_code"] in place.practices.index
        assert read_outline().contains(Point(float(options[change]["x"]), float(options[change]["y"])))
    for name in ("services_today.csv", "site_options.csv"):
        assert name in (case / "case.toml").read_text(encoding="utf-8")


def test_another_seed_keeps_the_sums_of_what_is_planned(tmp_path: Path) -> None:
    other = make_demo(tmp_path / "other", seed=11)
    assert sum(int(row["dwellings"]) for row in rows_of(other, "housing.csv")) == 20_000
    features = json.loads((other / "areas.geojson").read_text(encoding="utf-8"))["features"]
    now = sum(feature["properties"]["population"] for feature in features)
    assert sum(int(row["population"]) for row in rows_of(other, "projections.csv")) - now == 50_000
