"""A case becomes a `Place`: located, sorted, with its sources and findings."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import Point

from geodata.errors import InputProblems
from geodata.load import load_place
from geodata.place import Place

PRACTICES = "practice_code,name,list_size,locality,vulnerability,dispensing,age_65_plus\n"
PRACTICES += "B2,Quay,7000,,2.0,no,1500\nA1,Mill,5000,West,yes,,900\n"
SITES = "site_code,practice_code,name,kind,x,y,annual_cost\n"
SITES += 'B2,B2,Quay,main,376000,87000,"£12,000"\nA1,A1,Mill,main,371000,91000,\nA1X,A1,Hall,branch,372000,92000,\n'
SITES += "HOSP,,Hospital,community,374000,90000,\n"
AREAS = "area_code,x,y,population,rural_urban\nE2,376000,88000,3000,Rural village\nE1,371500,91500,4000,C1\n"
REGISTRATIONS = "practice_code,area_code,patients\nB2,E2,7000\nA1,E1,3000\nA1,E2,2000\n"


def case(folder: Path, extra: str = "", **files: str) -> Path:
    """A small case of points; `files` replaces or adds files, `extra` stands at the end of the tables."""
    texts = {"practices": PRACTICES, "sites": SITES, "areas": AREAS, "registrations": REGISTRATIONS} | files
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    tables = "".join(
        f'{name} = "{name}.csv"\n' for name in texts if f"{name} = " not in extra and f".{name}]" not in extra
    )
    (folder / "case.toml").write_text(f'name = "Vale"\n[tables]\n{tables}{extra}', encoding="utf-8")
    return folder


def told(place: Place) -> set[str]:
    return {f.code for f in place.findings}


def polygons(path: Path, crs: str = "EPSG:27700", **named: tuple[float, float, float, float]) -> None:
    frame = gpd.GeoDataFrame(
        {"name": [name.split("_")[0] for name in named]},
        geometry=[shapely.box(*bounds) for bounds in named.values()],
        crs="EPSG:27700",
    )
    frame.to_crs(crs).to_file(path)


def test_frames_have_the_promised_columns_and_order(tmp_path: Path) -> None:
    place = load_place(case(tmp_path))
    assert list(place.practices.index) == ["A1", "B2"]
    assert list(place.practices["list_size"]) == [5000, 7000]
    assert place.practices["list_size"].dtype == np.int64
    assert list(place.practices["main_site_code"]) == ["A1", "B2"]
    assert list(place.practices["vulnerability"]) == [2.0, 2.0]
    assert list(place.practices["dispensing"]) == [None, False]
    assert list(place.practices["locality"]) == ["West", ""]
    assert list(place.practices["age_65_plus"]) == [900, 1500]
    assert "age_75_plus" not in place.practices
    assert place.practices.geometry.loc["A1"] == Point(371000, 91000)
    assert list(place.sites.index) == ["A1", "A1X", "B2", "HOSP"]
    assert list(place.sites["kind"]) == ["main", "branch", "main", "community"]
    assert place.sites.at["HOSP", "practice_code"] == ""
    assert place.sites.at["B2", "annual_cost"] == 12000
    assert list(place.areas.index) == ["E1", "E2"]
    assert list(place.areas["rural"]) == [False, True]
    assert list(place.areas["x"]) == [371500, 376000]
    assert place.areas["deprivation_decile"].isna().all()
    assert list(place.areas.geometry.geom_type) == ["Point", "Point"]
    assert list(place.registrations.itertuples(index=False, name=None)) == [
        ("A1", "E1", 3000.0, "published"),
        ("A1", "E2", 2000.0, "published"),
        ("B2", "E2", 7000.0, "published"),
    ]
    assert {str(frame.crs) for frame in (place.practices, place.sites, place.areas, place.localities)} == {"EPSG:27700"}
    assert place.adjacency is None
    assert len(place.localities) == 0
    assert place.list_total == 12000
    assert [source.table for source in place.sources] == ["practices", "sites", "areas", "registrations"]
    assert place.settings["name"] == "Vale"
    json.dumps(place.settings)


def test_wards_the_oldest_and_children(tmp_path: Path) -> None:
    areas = "LSOA21CD,WD22NM,x,y,population,pop85,0 to 15\nE2, Quay  Ward,376000,88000,3000,90,500\n"
    areas += "E1,,371500,91500,4000,,\n"
    practices = "practice_code,name,list_size,85+,children\nA1,Mill,5000,150,800\nB2,Quay,7000,200,\n"
    place = load_place(case(tmp_path, areas=areas, practices=practices))
    assert list(place.areas["ward"]) == ["", "Quay Ward"]
    assert place.areas.loc["E2", ["population_85_plus", "population_children"]].tolist() == [90, 500]
    assert place.areas.loc["E1", ["population_85_plus", "population_children"]].isna().all()
    assert list(place.practices["age_85_plus"]) == [150, 200]
    assert place.practices.at["A1", "age_children"] == 800 and np.isnan(place.practices.at["B2", "age_children"])
    plain = load_place(case(tmp_path))
    assert not {"age_85_plus", "age_children"} & set(plain.practices)
    assert plain.areas[["population_85_plus", "population_children"]].isna().all(axis=None)
    assert list(plain.areas["ward"]) == ["", ""]


def test_an_age_group_larger_than_the_next_wider_one_is_warned_of(tmp_path: Path) -> None:
    areas = "area_code,x,y,population,population_65_plus,population_85_plus,population_children\n"
    areas += "E2,376000,88000,3000,80,90,500\nE1,371500,91500,4000,100,50,4001\n"
    practices = "practice_code,name,list_size,age_75_plus,age_85_plus\nA1,Mill,5000,5001,10\nB2,Quay,7000,100,101\n"
    place = load_place(case(tmp_path, areas=areas, practices=practices))
    warned = {(f.file, f.row, f.column) for f in place.findings if f.code == "part-exceeds-whole"}
    assert warned == {
        ("areas.csv", 2, "population_85_plus"),
        ("areas.csv", 3, "population_children"),
        ("practices.csv", 2, "age_75_plus"),
        ("practices.csv", 3, "age_85_plus"),
    }


def test_another_age_is_no_misspelling(tmp_path: Path) -> None:
    areas = "area_code,x,y,population,population_18_plus,population_85_pluss\n"
    areas += "E2,376000,88000,3000,80,9\nE1,371500,91500,4000,100,5\n"
    place = load_place(case(tmp_path, areas=areas))
    assert [f.column for f in place.findings if f.code == "misspelt-column"] == ["population_85_pluss"]


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    first = load_place(case(tmp_path / "one"))

    def turned(text: str) -> str:
        header, *rows = text.splitlines()
        return "\n".join([header, *reversed(rows)]) + "\n"

    second = load_place(
        case(
            tmp_path / "two",
            practices=turned(PRACTICES),
            sites=turned(SITES),
            areas=turned(AREAS),
            registrations=turned(REGISTRATIONS),
        )
    )
    for name in ("practices", "sites", "areas", "registrations"):
        assert getattr(first, name).equals(getattr(second, name))


@pytest.mark.parametrize(
    ("crs", "header"), [("EPSG:4326", "lon,lat"), ("EPSG:4326", "x,y"), ("EPSG:3857", "x,y"), ("EPSG:27700", "x,y")]
)
def test_any_coordinate_system_gives_the_same_place(tmp_path: Path, crs: str, header: str) -> None:
    points = gpd.GeoSeries([Point(376000, 87000), Point(371000, 91000)], crs="EPSG:27700").to_crs(crs)
    rows = [f"B2,B2,Quay,main,{points[0].x!r},{points[0].y!r}", f"A1,A1,Mill,main,{points[1].x!r},{points[1].y!r}"]
    text = f"site_code,practice_code,name,kind,{header}\n" + "\n".join(rows) + "\n"
    spec = f'crs = "{crs}"' if header == "x,y" else 'vintage = "2017"'
    place = load_place(case(tmp_path, f'sites = {{ file = "sites.csv", {spec} }}\n', sites=text))
    assert place.sites.geometry.loc["A1"].distance(Point(371000, 91000)) < 0.01


def test_localities_by_polygon_by_column_and_by_table(tmp_path: Path) -> None:
    polygons(tmp_path / "l.gpkg", "EPSG:4326", West=(370000, 90000, 373000, 93000), East=(375000, 86000, 377000, 88000))
    place = load_place(case(tmp_path, 'localities = "l.gpkg"\n'))
    assert list(place.practices["locality"]) == ["West", "East"]
    assert list(place.localities.index) == ["East", "West"]
    place = load_place(
        case(tmp_path, 'localities = "l.gpkg"\n', locality_of="practice_code,locality\nA1,EAST\nB2,West\n")
    )
    assert list(place.practices["locality"]) == ["East", "West"]


def test_a_practice_in_two_polygons_has_the_first_locality_by_name(tmp_path: Path) -> None:
    polygons(tmp_path / "l.gpkg", West=(370000, 90000, 373000, 93000), East=(370000, 86000, 377000, 93000))
    place = load_place(case(tmp_path, 'localities = "l.gpkg"\n', practices=PRACTICES.replace("West", "")))
    assert list(place.practices["locality"]) == ["East", "East"]


def test_a_practice_outside_all_localities_is_noted(tmp_path: Path) -> None:
    polygons(tmp_path / "l.gpkg", West=(370000, 90000, 373000, 93000))
    place = load_place(case(tmp_path, 'localities = "l.gpkg"\n'))
    assert list(place.practices["locality"]) == ["West", ""]
    (note,) = [f for f in place.findings if f.code == "outside-localities"]
    assert note.value == "B2"


def test_wards_of_one_name_make_one_locality(tmp_path: Path) -> None:
    boxes = {"West_1": (370000, 90000, 372000, 93000), "West_2": (372000, 90000, 373000, 93000)}
    polygons(tmp_path / "l.gpkg", **boxes)
    place = load_place(case(tmp_path, 'localities = "l.gpkg"\n'))
    assert place.localities.geometry.loc["West"].area == pytest.approx(9e6)
    assert "localities-merged" in told(place)


def test_main_sites_from_one_file_and_branches_from_another(tmp_path: Path) -> None:
    main = "code,name,list_size,easting,northing\nA1,Mill,5000,371000,91000\nB2,Quay,7000,376000,87000\n"
    branches = "code,parent,name,postcode,status\nA1X,A1,Hall,DT1 1AA,A\nA1Y,A1,Shut,,C\n"
    extra = (
        '[[tables.sites]]\nfile = "practices.csv"\ncolumns = { site_code = "code", practice_code = "code" }\n'
        'defaults = { kind = "main" }\n[[tables.sites]]\nfile = "branches.csv"\n'
        'columns = { site_code = "code", practice_code = "parent" }\ndefaults = { kind = "branch" }\n'
        'where = { status = "A" }\n'
    )
    (tmp_path / "branches.csv").write_text(branches, encoding="utf-8")
    postcodes = "Postcode,Positional_quality,Eastings,Northings\nDT11AA,10,372000,92000\n"
    place = load_place(case(tmp_path, extra, practices=main, postcodes=postcodes))
    assert list(place.sites.index) == ["A1", "A1X", "B2"]
    assert list(place.sites["kind"]) == ["main", "branch", "main"]
    assert place.sites.geometry.loc["A1X"] == Point(372000, 92000)
    assert [source.rows for source in place.sources if source.table == "sites"] == [2, 1]


def test_areas_joined_from_several_files(tmp_path: Path) -> None:
    boxes = {"E1": (371000, 91000, 372000, 92000), "E2": (375000, 87000, 377000, 89000)}
    frame = gpd.GeoDataFrame({"area_code": list(boxes)}, geometry=[shapely.box(*b) for b in boxes.values()], crs=27700)
    frame.to_crs(4326).to_file(tmp_path / "a.gpkg")
    extra = '[[tables.areas]]\nfile = "a.gpkg"\n[[tables.areas]]\nfile = "points.csv"\njoin = true\n'
    extra += '[[tables.areas]]\nfile = "people.csv"\njoin = true\n'
    (tmp_path / "points.csv").write_text("lsoa11cd,x,y\nE2,376500,88500\nE1,371200,91300\n", encoding="utf-8")
    (tmp_path / "people.csv").write_text("lsoa11cd,pop2020,ruc\nE2,many,Rural\nE1,10,Urban\n", encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        load_place(case(tmp_path, extra))
    (finding,) = [f for f in caught.value.findings if f.severity == "error"]
    assert (finding.file, finding.row, finding.column, finding.value) == ("people.csv", 2, "pop2020", "many")
    (tmp_path / "people.csv").write_text("lsoa11cd,pop2020,ruc\nE1,10,Urban\nE2,20,Rural\n", encoding="utf-8")
    place = load_place(tmp_path)
    assert list(place.areas["population"]) == [10, 20]
    assert list(place.areas["rural"]) == [False, True]
    assert place.areas.at["E2", "x"] == 376500
    assert place.areas.geometry.loc["E2"].area == pytest.approx(4e6, rel=1e-3)


def test_a_joined_file_fills_empty_cells_only(tmp_path: Path) -> None:
    extra = '[[tables.areas]]\nfile = "areas.csv"\n[[tables.areas]]\nfile = "more.csv"\njoin = true\n'
    (tmp_path / "more.csv").write_text("area_code,name,population\nE1,Hill,1\nE2,Shore,2\n", encoding="utf-8")
    areas = "area_code,x,y,population,rural_urban,name\n"
    areas += "E2,376000,88000,3000,Rural village,\nE1,371500,91500,4000,C1,Down\n"
    place = load_place(case(tmp_path, extra, areas=areas))
    assert list(place.areas["population"]) == [4000, 3000]
    assert list(place.areas["name"]) == ["Down", "Shore"]


@pytest.mark.parametrize(
    ("header", "spec", "row"),
    [
        ("postcode,easting,northing", 'crs = "EPSG:32630"', "32630"),
        ("postcode,lon,lat", 'vintage = "2024"', "4326"),
        ("postcode,easting,northing", 'vintage = "2024"', "27700"),
    ],
)
def test_postcodes_in_any_coordinate_system(tmp_path: Path, header: str, spec: str, row: str) -> None:
    point = gpd.GeoSeries([Point(372000, 92000)], crs="EPSG:27700").to_crs(int(row))[0]
    codes = f"{header}\ndt1 1aa,{point.x!r},{point.y!r}\n"
    sites = "site_code,practice_code,name,kind,x,y,postcode\nB2,B2,Quay,main,376000,87000,\n"
    sites += "A1,A1,Mill,main,,,Dt1  1aa\n"
    extra = f'postcodes = {{ file = "postcodes.csv", {spec} }}\n'
    place = load_place(case(tmp_path, extra, sites=sites, postcodes=codes))
    assert place.sites.geometry.loc["A1"].distance(Point(372000, 92000)) < 0.01
    assert place.sites.at["A1", "postcode"] == "DT1 1AA"


def test_a_postcode_that_a_directory_cannot_place_is_told(tmp_path: Path) -> None:
    sites = "site_code,practice_code,name,kind,x,y,postcode\nB2,B2,Quay,main,376000,87000,\nA1,A1,Mill,main,,,DT1 1AA\n"
    with pytest.raises(InputProblems) as caught:
        load_place(case(tmp_path, sites=sites, postcodes="postcode,lon,lat\nDT1 1AA,0.000000,99.999999\n"))
    (finding,) = [f for f in caught.value.findings if f.severity == "error"]
    assert (finding.file, finding.row, finding.code) == ("sites.csv", 3, "unknown-postcode")


def test_a_site_on_the_meridian_of_greenwich(tmp_path: Path) -> None:
    sites = "site_code,practice_code,name,kind,lon,lat\nB2,B2,Quay,main,0.0,50.79\nA1,A1,Mill,main,-0.01,50.8\n"
    areas = "area_code,lon,lat,population,rural_urban\nE1,0.0,50.8,10,C1\nE2,-0.02,50.8,10,C1\n"
    place = load_place(case(tmp_path, sites=sites, areas=areas))
    assert 540_000 < place.sites.geometry.loc["B2"].x < 542_000


def test_a_drawn_site_is_where_it_is_drawn(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"site_code": ["B2", "A1"], "practice_code": ["B2", "A1"], "name": ["q", "m"], "kind": "main"}
        | {"x": [376900.0, 371900.0], "y": [87900.0, 91900.0]},
        geometry=[Point(376000, 87000), Point(371000, 91000)],
        crs="EPSG:27700",
    )
    frame.to_file(tmp_path / "s.gpkg")
    place = load_place(case(tmp_path, 'sites = "s.gpkg"\n'))
    assert list(place.sites.geometry) == [Point(371000, 91000), Point(376000, 87000)]


def test_area_point_far_from_its_polygon(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"area_code": ["E1", "E2"], "x": [371500, 336000], "y": [91500, 88000]},
        geometry=[shapely.box(371000, 91000, 372000, 92000), shapely.box(375000, 87000, 377000, 89000)],
        crs="EPSG:27700",
    )
    frame.to_file(tmp_path / "a.gpkg")
    with pytest.raises(InputProblems) as caught:
        load_place(case(tmp_path, 'areas = "a.gpkg"\n'))
    (finding,) = [f for f in caught.value.findings if f.severity == "error"]
    assert (finding.code, finding.row, finding.value) == ("point-outside-area", 3, "336000, 88000")


def test_a_wrongly_declared_layer_can_be_overruled(tmp_path: Path) -> None:
    shapes = [shapely.box(371000, 91000, 372000, 92000), shapely.box(375000, 87000, 377000, 89000)]
    gpd.GeoDataFrame({"area_code": ["E1", "E2"]}, geometry=shapes, crs="EPSG:4326").to_file(tmp_path / "a.gpkg")
    with pytest.raises(InputProblems) as caught:
        load_place(case(tmp_path, 'areas = "a.gpkg"\n'))
    assert [f.code for f in caught.value.findings if f.severity == "error"] == ["wrong-crs"]
    place = load_place(case(tmp_path, 'areas = { file = "a.gpkg", crs = "EPSG:27700" }\n'))
    assert "crs-override" in told(place)
    assert place.areas.geometry.loc["E1"].area == pytest.approx(1e6)


def test_a_shapefile_without_its_projection(tmp_path: Path) -> None:
    boxes = [shapely.box(371000, 91000, 372000, 92000), shapely.box(375000, 87000, 377000, 89000)]
    gpd.GeoDataFrame({"area_code": ["E1", "E2"]}, geometry=boxes, crs="EPSG:27700").to_file(tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()
    with pytest.raises(InputProblems) as caught:
        load_place(case(tmp_path, 'areas = "a.shp"\n'))
    (finding,) = [f for f in caught.value.findings if f.severity == "error"]
    assert finding.code == "no-crs"
    assert 'areas = { file = "a.shp", crs = "EPSG:27700" }' in finding.fix
    assert len(load_place(case(tmp_path, 'areas = { file = "a.shp", crs = "EPSG:27700" }\n')).areas) == 2


@pytest.mark.parametrize(
    ("given", "rural"),
    [
        ("A1", False), ("B1", False), ("c2", False), ("D1", True), ("E2", True), ("F1", True), ("UN1", False),
        ("UF1", False), ("RLN1", True), ("RSF1", True), ("Urban major conurbation", False),
        ("Rural hamlets and isolated dwellings in a sparse setting", True), ("RURAL TOWN & FRINGE", True),
        ("Larger rural: Further from a major town or city", True),
        ("Smaller rural: Nearer to a major town or city", True),
        ("Urban: Nearer to a major town or city", False), ("Rural", True), ("urban", False),
    ],
)  # fmt: skip
def test_rural_urban_classes(tmp_path: Path, given: str, rural: bool) -> None:
    place = load_place(case(tmp_path, areas=AREAS.replace("C1", f'"{given}"')))
    assert place.areas.at["E1", "rural"] == rural
    assert place.areas.at["E1", "rural_urban"] == given


@pytest.mark.parametrize("code", ["=1+1", "+E1", "@E1", "-E1", "\uff1dE1"])
def test_a_code_that_a_spreadsheet_would_run_is_refused(tmp_path: Path, code: str) -> None:
    with pytest.raises(InputProblems) as problems:
        load_place(case(tmp_path, areas=AREAS.replace("E1", code)))
    assert "formula-code" in {finding.code for finding in problems.value.findings}


def test_areas_without_class_or_population_are_warned_of(tmp_path: Path) -> None:
    place = load_place(case(tmp_path, areas="area_code,x,y\nE1,371500,91500\nE2,376000,88000\n"))
    warnings = {(f.code, f.column) for f in place.findings if f.severity == "warning"}
    assert warnings == {("no-column", "population"), ("no-column", "rural_urban")}
    assert not place.areas["rural"].any()
    assert place.areas["population"].isna().all()


def test_without_registrations(tmp_path: Path) -> None:
    folder = case(tmp_path)
    text = (folder / "case.toml").read_text(encoding="utf-8").replace('registrations = "registrations.csv"\n', "")
    (folder / "case.toml").write_text(text, encoding="utf-8")
    place = load_place(folder)
    assert len(place.registrations) == 0
    assert list(place.registrations.columns) == ["practice_code", "area_code", "patients", "basis"]
    assert "no-registrations" in told(place)


def test_practices_left_out_on_purpose_take_their_sites_along(tmp_path: Path) -> None:
    place = load_place(case(tmp_path, 'practices = { file = "practices.csv", where_not = { practice_code = "B2" } }\n'))
    assert list(place.practices.index) == ["A1"]
    assert list(place.sites.index) == ["A1", "A1X", "HOSP"]
    assert "sites-left-out" in told(place)


def test_folders_may_be_written_the_windows_way(tmp_path: Path) -> None:
    folder = case(tmp_path, "sites = 'data\\sites.csv'\n")
    (folder / "data").mkdir()
    (folder / "sites.csv").rename(folder / "data" / "sites.csv")
    assert len(load_place(folder).sites) == 4


def test_codes_in_small_letters_match(tmp_path: Path) -> None:
    place = load_place(case(tmp_path, registrations=REGISTRATIONS.lower()))
    assert place.registrations["patients"].sum() == 12000


def test_hostile_names_are_kept_as_text(tmp_path: Path) -> None:
    name = "=cmd|' /C calc'!A0 <script>${x}`\\"
    place = load_place(case(tmp_path, practices=PRACTICES.replace("Quay", name)))
    assert place.practices.at["B2", "name"] == name


def test_site_polygons_give_a_point(tmp_path: Path) -> None:
    horseshoe = shapely.box(371000, 91000, 371100, 91100) - shapely.box(371010, 91010, 371090, 91100)
    shapes = [shapely.box(376000, 87000, 376100, 87100), horseshoe]
    frame = gpd.GeoDataFrame(
        {"site_code": ["B2", "A1"], "practice_code": ["B2", "A1"], "name": ["q", "m"], "kind": "main"},
        geometry=shapes,
        crs="EPSG:27700",
    )
    frame.to_file(tmp_path / "s.gpkg")
    place = load_place(case(tmp_path, 'sites = "s.gpkg"\n'))
    assert list(place.sites.geometry.geom_type) == ["Point", "Point"]
    assert shapes[0].contains(place.sites.geometry.loc["B2"])
    assert horseshoe.contains(place.sites.geometry.loc["A1"]), "its middle lies outside it"


# --- The real files ----------------------------------------------------------------------------------------------


def real_case(folder: Path, data: Path, leave_out: str) -> Path:
    left = f"where_not = {{ code = [{leave_out}] }}\n"
    text = f"""name = "Real"
[tables.practices]
file = "{(data / "practices_2016Q1.csv").as_posix()}"
{left}
[[tables.sites]]
file = "{(data / "practices_2016Q1.csv").as_posix()}"
columns = {{ site_code = "code", practice_code = "code" }}
defaults = {{ kind = "main" }}
{left}
[[tables.sites]]
file = "{(data / "branches_2017-08.csv").as_posix()}"
columns = {{ site_code = "code", practice_code = "parent" }}
defaults = {{ kind = "branch" }}
[[tables.areas]]
file = "{(data / "lsoa11.gpkg").as_posix()}"
[tables.registrations]
file = "{(data / "practice_lsoa_registrations_2022.csv").as_posix()}"
"""
    (folder / "case.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.real
def test_isle_of_wight(tmp_path: Path, shared_data: Path) -> None:
    place = load_place(real_case(tmp_path, shared_data / "isle-of-wight", ""))
    assert (len(place.practices), len(place.sites), len(place.areas)) == (17, 23, 89)
    assert place.list_total == 142_716
    assert place.areas["rural"].sum() == 28
    assert place.registrations["practice_code"].nunique() == 12
    assert "practices-not-in-case" in told(place)


@pytest.mark.real
def test_dorset_names_the_postcode_that_is_gone(tmp_path: Path, shared_data: Path) -> None:
    with pytest.raises(InputProblems) as caught:
        load_place(real_case(tmp_path, shared_data / "dorset", ""))
    (finding,) = [f for f in caught.value.findings if f.severity == "error"]
    assert finding.code == "no-postcode-table"
    assert "J81002" in finding.message


@pytest.mark.real
def test_dorset_with_wards_as_localities_and_joined_centroids(tmp_path: Path, shared_data: Path) -> None:
    data = shared_data / "dorset"
    folder = real_case(tmp_path, data, '"J81002", "Y02650"')
    extra = f"""
[[tables.areas]]
file = "{(data / "lsoa11_postcode_centroids.csv").as_posix()}"
join = true
[tables.localities]
file = "{(data / "wards_lsoa_oa_2011.gpkg").as_posix()}"
layer = "wards"
columns = {{ name = "WD13NM" }}
[tables.postcodes]
file = "{(data / "codepoint_open_2025-05.csv").as_posix()}"
"""
    text = (folder / "case.toml").read_text(encoding="utf-8")
    text = text.replace('lsoa11.gpkg"\n', 'lsoa11.gpkg"\ncolumns = { x = "", y = "", lon = "", lat = "" }\n')
    (folder / "case.toml").write_text(text + extra, encoding="utf-8")
    place = load_place(folder)
    assert (len(place.practices), len(place.areas), int(place.areas["rural"].sum())) == (96, 452, 95)
    assert len(place.localities) > 150
    assert (place.practices["locality"] != "").all()
    assert place.areas.at["E01015272", "x"] == pytest.approx(412185.306122449)


@pytest.mark.real
def test_invalid_real_polygons_are_mended_and_counted(tmp_path: Path, shared_data: Path) -> None:
    data = shared_data / "dorset"
    folder = case(tmp_path, f'areas = {{ file = "{(data / "wards_lsoa_oa_2011.gpkg").as_posix()}", layer = "lsoa" }}\n')
    text = REGISTRATIONS.replace("E1", "E01020444").replace("E2", "E01015272")
    (folder / "registrations.csv").write_text(text, encoding="utf-8")
    place = load_place(folder)
    (note,) = [f for f in place.findings if f.code == "mended-geometry"]
    assert note.message.startswith("5 outlines")
    assert place.areas.geometry.is_valid.all()
