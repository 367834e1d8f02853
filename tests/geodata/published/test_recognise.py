"""Each published layout is told by what it holds, whatever the file is called."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from geodata.published.recognise import UNUSED, Recognised, kinds, layouts, recognise
from geodata.published.tables import find_tables


def ods_row(code: str, name: str, postcode: str, parent: str, *, status: str = "A", setting: str = "4", n: int = 27):
    row = [""] * n
    row[0], row[1], row[2], row[3], row[4] = code, name, "Y57", "Q70", "1 HIGH STREET"
    row[9], row[10], row[12], row[13], row[14], row[15] = postcode, "19740401", status, "B", parent, "20130401"
    row[25] = setting
    return row


def as_csv(rows: list[list[str]], **kwargs) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", **kwargs).writerows(rows)
    return out.getvalue()


PRACTICES = [ods_row("J81012", "A", "DT1 1AA", "11J"), ods_row("Y02650", "B", "BH16 6BG", "W2U3Z", setting="10")]
BRANCHES = [
    ods_row("J81012001", "A, BRANCH", "DT1 1AB", "J81012", status="", setting=""),
    ods_row("J81013", "FORMER", "DT1 1AD", "Y02650", status="", setting=""),
]

FRAGMENTS = {
    "epraccur": (as_csv(PRACTICES, quoting=csv.QUOTE_ALL), "practices", {"practice_code": 0, "setting": 25}),
    "epraccur, 26 columns": (as_csv([r[:26] for r in PRACTICES]), "practices", {"commissioner": 14}),
    "epraccur, semicolons": (as_csv(PRACTICES, delimiter=";"), "practices", {"postcode": 9}),
    "epraccur with header": (
        "Organisation Code,Name,National Grouping,High Level Health Geography,Address Line 1,Address Line 2,"
        "Address Line 3,Address Line 4,Address Line 5,Postcode,Open Date,Close Date,Status Code,"
        "Organisation Sub-Type Code,Commissioner,Join Provider/Purchaser Date,Left Provider/Purchaser Date,"
        "Contact Telephone Number,Null,Null,Null,Amended Record Indicator,Null,Provider/Purchaser,Null,"
        "Prescribing Setting,Null\n" + as_csv(PRACTICES),
        "practices",
        {"practice_code": 0, "board": 3, "commissioner": 14, "joined": 15, "left": 16, "setting": 25},
    ),
    "ebranchs": (as_csv(BRANCHES, quoting=csv.QUOTE_ALL), "branches", {"site_code": 0, "practice_code": 14}),
    "gp-reg-pat-prac-all": (
        "PUBLICATION,EXTRACT_DATE,TYPE,CCG_CODE,ONS_CCG_CODE,CODE,POSTCODE,SEX,AGE,NUMBER_OF_PATIENTS\n"
        "GP_PRAC_PAT_LIST,01APR2021,GP,11J,E38000045,J81012,DT1 1AA,ALL,ALL,5000\n",
        "list_sizes",
        {"practice_code": 5, "list_size": 9, "sex": 7, "age": 8, "org_type": 2, "commissioner": 3, "postcode": 6},
    ),
    "gp-reg-pat-prac-all, sub-ICB": (
        "PUBLICATION,EXTRACT_DATE,TYPE,SUB_ICB_LOCATION_CODE,ONS_SUB_ICB_LOCATION_CODE,CODE,POSTCODE,SEX,AGE,"
        "NUMBER_OF_PATIENTS\nGP_PRAC_PAT_LIST,01OCT2023,GP,11J,E38000045,J81012,DT1 1AA,ALL,ALL,5000\n",
        "list_sizes",
        {"practice_code": 5, "list_size": 9, "commissioner": 3},
    ),
    "gp-reg-pat-prac-quin-age, commissioners first": (
        "PUBLICATION,EXTRACT_DATE,ORG_TYPE,ORG_CODE,ONS_CODE,POSTCODE,SEX,AGE_GROUP_5,NUMBER_OF_PATIENTS\n"
        "GP_PRAC_PAT_LIST,01APR2021,CCG,11J,E38000045,,ALL,ALL,800000\n"
        "GP_PRAC_PAT_LIST,01APR2021,GP,J81012,,DT1 1AA,MALE,0_4,120\n",
        "list_sizes",
        {"practice_code": 3, "list_size": 8, "sex": 6, "age": 7, "org_type": 2},
    ),
    "gp-reg-pat-prac-sing-age": (
        "EXTRACT_DATE,CCG_CODE,ONS_CCG_CODE,ORG_CODE,POSTCODE,SEX,AGE,NUMBER_OF_PATIENTS\n"
        "01APR2021,11J,E38000045,J81012,DT1 1AA,FEMALE,0,22\n",
        "list_sizes",
        {"practice_code": 3, "list_size": 7, "sex": 5, "age": 6},
    ),
    "quin-age in columns": (
        "GP_PRACTICE_CODE,POSTCODE,CCG_CODE,Total_All,Total_Male,Total_Female,Male_0-4,Male_5-9,Male_10-14,Male_95+,"
        "Female_0-4,Female_5-9\nJ81012,DT1 1AA,11J,500,250,250,1,2,3,4,5,6\n",
        "list_sizes",
        {"practice_code": 0, "list_size": 3},
    ),
    "NHSBSA": (
        "PCO Name,PCO Code,Practice Name,Practice Code,Male 0-4,Female 0-4,Male 5-14,Female 5-14,Male 75+,Female 75+\n"
        "DORSET CCG,11J00,A,J81012,1,2,3,4,5,6\n",
        "list_sizes",
        {"practice_code": 3, "commissioner": 1},
    ),
    "own list sizes": ("Practice code,Practice,List size\nJ81012,A,5000\n", "list_sizes", {"list_size": 2}),
    "lsoa registrations": (
        "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,LSOA_CODE,SEX,NUMBER_OF_PATIENTS\n"
        "GP_PRAC_PAT_LIST,01APR2021,J81012,A,E01020442,ALL,7\n",
        "registrations",
        {"practice_code": 2, "area_code": 4, "sex": 5, "patients": 6},
    ),
    "lsoa registrations, spelled otherwise": (
        "practice_code,name,lsoa11_code,Number of Patients\nJ81012,A,E01020442,7\nJ81012,A,W01001235,7\n",
        "registrations",
        {"practice_code": 0, "area_code": 2, "patients": 3},
    ),
    "lsoa registrations, sexes in columns": (
        "PRACTICE_CODE,PRACTICE_NAME,LSOA_CODE,MALE_PATIENTS,FEMALE_PATIENTS\nJ81012,A,E01020442,7,8\n",
        "registrations",
        {"males": 3, "females": 4},
    ),
    "all patients": (
        "PRACTICE_CODE,NAME,LSOA_CODE,ALL_PATIENTS\nJ81012,A,E01020442,7\nJ81012,A,CLOSED,2\n",
        "registrations",
        {"patients": 3},
    ),
    "practice map": (
        "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,PRACTICE_POSTCODE,ONS_CCG_CODE,CCG_CODE,CCG_NAME,"
        "ONS_STP_CODE,STP_CODE,STP_NAME,PCN_CODE,PCN_NAME\n"
        "GP_PRAC_PAT_LIST,01APR2021,J81012,A,DT1 1AA,E38000045,11J,DORSET,E54000041,QVV,DORSET,U12345,WEST PCN\n",
        "practice_map",
        {"practice_code": 2, "commissioner": 6, "board": 9, "network_code": 11, "network_name": 12},
    ),
    "practice map, ICB": (
        "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,PRACTICE_POSTCODE,ONS_SUB_ICB_LOCATION_CODE,"
        "SUB_ICB_LOCATION_CODE,SUB_ICB_LOCATION_NAME,ONS_ICB_CODE,ICB_CODE,ICB_NAME,PCN_CODE,PCN_NAME\n"
        "GP_PRAC_PAT_LIST,01OCT2023,J81012,A,DT1 1AA,E38000045,11J,DORSET,E54000041,QVV,DORSET,U12345,WEST PCN\n",
        "practice_map",
        {"commissioner": 6, "board": 9, "network_code": 11},
    ),
    "network members": (
        "Partner Organisation Code,Partner Name,Practice Parent Sub ICB Loc Code,PCN Code,PCN Name,"
        "PCN Parent Sub ICB Loc Code,Practice to PCN Relationship Start Date,Practice to PCN Relationship End Date\n"
        "J81012,A,11J,U12345,WEST PCN,11J,20191001,\n",
        "networks",
        {"practice_code": 0, "network_code": 3, "network_name": 4, "commissioner": 5, "started": 6, "ended": 7},
    ),
    "network members, no header": (
        "J81012,A,11J,DORSET,U12345,WEST PCN,11J,DORSET,20191001,,True\n",
        "networks",
        {"practice_code": 0, "network_code": 4, "ended": 9},
    ),
    "localities": ("practice_code,locality\nJ81012,West\nY02650,East\n", "locality_of", {"locality": 1}),
    "ONSPD": (
        "pcd,pcd2,pcds,dointr,doterm,oscty,oseast1m,osnrth1m,osgrdind,lsoa01,msoa01,oa11,lsoa11,msoa11,oa21,lsoa21\n"
        '"DT1 1AA","DT1  1AA","DT1 1AA","198001","","E99999999","0369000","0090000","1","E01020488","E02004261",'
        '"E00103911","E01020488","E02004261","E00103911","E01020488"\n',
        "postcodes",
        {
            "postcode": 2, "easting": 6, "northing": 7, "terminated": 4, "area_code_2011": 12, "area_code_2021": 15,
            "output_area_2011": 11, "output_area_2021": 14,
        },
    ),
    "ONSPD 2025": (
        "pcd7,pcd8,pcds,dointr,doterm,cty25cd,east1m,north1m,gridind,oa11cd,lsoa11cd,oa21cd,lsoa21cd\n"
        "DT1 1AA,DT1  1AA,DT1 1AA,198001,,E99999999,369000,90000,1,E00103911,E01020488,E00103911,E01020488\n",
        "postcodes",
        {"postcode": 2, "easting": 6, "northing": 7, "terminated": 4, "area_code_2021": 12},
    ),
    "Code-Point Open": (
        '"DT11AA",10,369000,90000,"E92000001","E19000002","E18000010","","E06000059","E05012345"\n'
        '"DT1 1AB",90,0,0,"E92000001","","","","E06000059","E05012345"\n',
        "postcodes",
        {"postcode": 0, "quality": 1, "easting": 2, "northing": 3},
    ),
    "postcode to area": (
        "pcds,dointr,doterm,oa11cd,lsoa11cd,ladcd\nDT1 1AA,198001,199412,E00103911,E01020497,E06000059\n",
        "postcodes",
        {"postcode": 0, "terminated": 2, "area_code_2011": 4},
    ),
    "area changes": (
        "LSOA11CD,LSOA11NM,LSOA21CD,LSOA21NM,CHGIND,LAD22CD,LAD22NM\n"
        "E01020488,West 1,E01020488,West 1,U,E06000059,Dorset\n",
        "area_changes",
        {"area_code_2011": 0, "area_code_2021": 2, "change": 4},
    ),
    "IMD 2019": (
        "LSOA code (2011),LSOA name (2011),Local Authority District code (2019),Local Authority District name (2019),"
        "Index of Multiple Deprivation (IMD) Rank,Index of Multiple Deprivation (IMD) Decile\n"
        "E01020488,West 1,E06000059,Dorset,29199,9\n",
        "areas",
        {"area_code": 0, "deprivation_decile": 5},
    ),
    "TS045, a column each": (
        "date,geography,geography code,Number of cars or vans: Total: All households,"
        "Number of cars or vans: No cars or vans in household,Number of cars or vans: 1 car or van in household\n"
        "2021,West 1,E01020488,600,60,540\n",
        "areas",
        {"area_code": 2},
    ),
    "TS045, a row each": (
        "Lower layer Super Output Areas Code,Lower layer Super Output Areas,"
        "Car or van availability (5 categories) Code,Car or van availability (5 categories),Observation\n"
        "E01020488,West 1,0,No cars or vans in household,60\n",
        "areas",
        {"area_code": 0},
    ),
    "RUC 2011": ("LSOA11CD,LSOA11NM,RUC11CD,RUC11,FID\nE01020488,West 1,D1,Rural town and fringe,1\n", "areas", {}),
    "RUC 2021": (
        "LSOA21CD,LSOA21NM,RUC21CD,RUC21NM,Urban_rural_flag\nE01020488,West 1,RSF1,Smaller rural,Rural\n",
        "areas",
        {"area_code": 0},
    ),
    "area to commissioner": (
        "LSOA21CD,LSOA21NM,SICBL23CD,SICBL23CDH,SICBL23NM,ICB23CD,ICB23CDH,ICB23NM,LAD23CD,LAD23NM\n"
        "E01020488,West 1,E38000045,11J,NHS Dorset,E54000041,QVV,NHS Dorset,E06000059,Dorset\n",
        "areas",
        {"area_code": 0, "commissioner": 3, "board": 6},
    ),
    "centroids": ("OBJECTID,LSOA21CD,x,y\n1,E01020488,369000.5,90000.1\n", "areas", {"area_code": 1, "x": 2}),
    "dispensing with codes": (
        "Practice Code,Practice Name,Address 1,Postcode,Dispensing Patients\nJ81012,A,1 HIGH ST,DT1 1AA,900\n",
        "dispensing",
        {"practice_code": 0, "name": 1, "postcode": 3},
    ),
}  # fmt: skip


def only_table(folder: Path) -> Recognised | None:
    tables, findings = find_tables(folder)
    assert not findings
    assert len(tables) == 1
    return recognise(tables[0])


def check(found: Recognised | None, kind: str, columns: dict[str, int]) -> None:
    assert found is not None
    assert found.layout.kind == kind
    assert {ours: found.columns.get(ours) for ours in columns} == columns
    assert len(set(found.columns.values())) == len(found.columns), "a column serves one name only"


@pytest.mark.parametrize("name", FRAGMENTS)
def test_text_layouts(name: str, tmp_path: Path):
    text, kind, columns = FRAGMENTS[name]
    (tmp_path / "download (3).csv").write_text(text, encoding="utf-8")
    check(only_table(tmp_path), kind, columns)


@pytest.mark.parametrize("name", FRAGMENTS)
def test_the_same_below_a_title_with_another_encoding_and_case(name: str, tmp_path: Path):
    text, kind, columns = FRAGMENTS[name]
    header = not any(word in name for word in ("epraccur", "ebranchs", "no header", "Code-Point"))
    if header:
        first, rest = text.split("\n", 1)
        text = f"Some title\n\n{first.swapcase()}\n{rest}"
    (tmp_path / "x.txt").write_text(text, encoding="utf-16")
    check(only_table(tmp_path), kind, columns)


@pytest.mark.parametrize("name", FRAGMENTS)
def test_the_same_in_a_workbook_with_broken_header_cells(name: str, tmp_path: Path):
    text, kind, columns = FRAGMENTS[name]
    rows = list(csv.reader(io.StringIO(text), delimiter=";" if "semicolon" in name else ","))
    book = openpyxl.Workbook()
    book.active.append(["Some title"])
    book.active.append([])
    for number, row in enumerate(rows):
        book.active.append([cell.replace(" ", "\n", 1) if number == 0 and "with" not in name else cell for cell in row])
    book.save(tmp_path / "book.xlsx")
    if "epraccur" in name or "ebranchs" in name or "no header" in name or name == "Code-Point Open":
        return  # a title above a table without header does not occur
    check(only_table(tmp_path), kind, columns)


@pytest.mark.parametrize(
    ("sheet", "header", "row"),
    [
        (
            "Mid-2019 Persons",
            ["LSOA Code", "LSOA Name", "LA Code (2019 boundaries)", "LA name (2019 boundaries)", "All Ages"]
            + [str(age) for age in range(90)]
            + ["90+"],
            ["E01020488", "West 1", "E07000052", "West Dorset", 95] + [1] * 91,
        ),
        (
            "Mid-2022 LSOA 2021",
            ["LAD 2021 Code", "LAD 2021 Name", "LSOA 2021 Code", "LSOA 2021 Name", "Total"]
            + [f"F{age}" for age in range(91)]
            + [f"M{age}" for age in range(91)],
            ["E06000059", "Dorset", "E01020488", "West 1", 182] + [1] * 182,
        ),
    ],
)
def test_population_workbooks(sheet: str, header: list[str], row: list[object], tmp_path: Path):
    book = openpyxl.Workbook()
    book.active.title = "Contents"
    book.active.append(["Contents"])
    book.active.append(["1", "Population"])
    for title in (sheet, sheet.replace("Persons", "Males"), sheet.replace("Persons", "Females")):
        if title in book.sheetnames:
            continue
        page = book.create_sheet(title)
        page.append([f"{title}: Population estimates for Lower layer Super Output Areas"])
        page.append(["This worksheet contains one table.", "", "Source: ONS"])
        page.append([])
        page.append(header)
        page.append(row)
    book.save(tmp_path / "sape.xlsx")
    tables, findings = find_tables(tmp_path)
    assert not findings
    found = [r for table in tables if (r := recognise(table)) is not None]
    assert [r.table.sheet for r in found if r.layout.kind != UNUSED] == [sheet]
    area = found[0]
    assert area.layout.name == "mid-year population by age"
    assert area.table.header_row == 4
    assert area.table.read({"code": area.columns["area_code"]})["code"].tolist() == ["E01020488"]


def test_unused_sheets_are_known(tmp_path: Path):
    header = ["PCN Code", "PCN Name", "Current Clinical \nCommissioning \nGroup Code", "Open Date", "Close Date"]
    book = openpyxl.Workbook()
    book.active.append(header)
    book.active.append(["U12345", "WEST PCN", "11J", "20191001", None])
    book.save(tmp_path / "ePCN.xlsx")
    check(only_table(tmp_path), UNUSED, {})


POLYGON = shapely.box(369000, 90000, 369100, 90100)


@pytest.mark.parametrize(
    ("columns", "shape", "kind", "positions"),
    [
        ({"FID": 1, "LSOA21CD": "E01020488", "LSOA21NM": "West 1", "BNG_E": 1}, POLYGON, "areas", {"area_code": 1}),
        ({"OA21CD": "E00103911", "LSOA21CD": "E01020488"}, POLYGON, "areas", {"area_code": 0}),
        ({"MSOA21CD": "E02004261", "MSOA21NM": "West"}, POLYGON, "shapes", {"code": 0, "name": 1}),
        ({"WD23CD": "E05012345", "WD23NM": "West"}, POLYGON, "shapes", {"code": 0, "name": 1}),
        ({"LAD23CD": "E06000059", "LAD23NM": "Dorset"}, POLYGON, "shapes", {"code": 0, "name": 1}),
        ({"locality": "West"}, POLYGON, "shapes", {"name": 0}),
        ({"LSOA11CD": "E01020488"}, POLYGON.centroid, "areas", {"area_code": 0}),
        ({"postcode": "DT1 1AA", "positional_quality_indicator": 10}, POLYGON.centroid, "postcodes", {"postcode": 0}),
        ({"osm_id": "1", "highway": "primary"}, shapely.LineString([(0, 0), (1, 1)]), "roads", {"highway": 1}),
    ],
)
@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "parquet", "shp"])
def test_layers(columns: dict, shape, kind: str, positions: dict[str, int], suffix: str, tmp_path: Path):
    frame = gpd.GeoDataFrame(pd.DataFrame([columns]), geometry=[shape], crs="EPSG:27700")
    path = tmp_path / f"layer.{suffix}"
    if suffix == "parquet":
        frame.to_parquet(path)
    else:
        if suffix == "shp":
            frame = frame.rename(columns=lambda name: name[:10])
            if "positional" in frame:
                return  # the shapefile cuts the name
        frame.to_file(path)
    found = only_table(tmp_path)
    assert found is not None
    assert found.layout.kind == kind
    assert {ours: found.table.header[found.columns[ours]] for ours in positions} == {
        ours: list(columns)[at] for ours, at in positions.items()
    }


@pytest.mark.parametrize("name", ["dorset-latest.osm.pbf", "area.osm", "drive.graphml"])
def test_roads_by_name(name: str, tmp_path: Path):
    (tmp_path / name).write_bytes(b"anything")
    check(only_table(tmp_path), "roads", {})


@pytest.mark.parametrize(
    "text",
    [
        "name,age\nA,1\n",
        "code,name\nE06000059,Dorset\n",
        "RU11IND,RU11NM\nA1,Urban major conurbation\n",
        as_csv([ods_row("FA001", "PHARMACY", "DT1 1AA", "Q70")]),  # other files of the same service
        as_csv([ods_row("V00001", "DENTIST", "DT1 1AA", "Q70")]),
        "practice_code,postcode,easting,northing\nJ81012,DT1 1AA,369000,90000\n",
        "LSOA21CD\nE01020488\n",
    ],
)
def test_other_tables_are_not_recognised(text: str, tmp_path: Path):
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    tables, _ = find_tables(tmp_path)
    assert [recognise(table) for table in tables] in ([None], [])


def test_of_names_that_come_twice_the_first_row_is_the_header(tmp_path: Path):
    lists = "practice_code,list_size\n" + "J81012,5000\n" * 9
    (tmp_path / "two_in_one.csv").write_text(lists * 2, encoding="utf-8")
    (table,) = find_tables(tmp_path)[0]
    found = recognise(table)
    assert found is not None and found.table.header_row == 1


@pytest.mark.parametrize(("codes", "known"), [(9, True), (5, False)])
def test_most_cells_must_be_what_the_column_says(codes: int, known: bool, tmp_path: Path):
    rows = [f"{'J81' if i < codes else 'TOTAL '}{i:03d},5000" for i in range(10)]
    (tmp_path / "lists.csv").write_text("\n".join(["practice_code,list_size", *rows]), encoding="utf-8")
    (table,) = find_tables(tmp_path)[0]
    assert (recognise(table) is not None) == known


def test_every_kind_says_where_it_comes_from():
    wanted = {
        "practices", "branches", "list_sizes", "registrations", "practice_map", "networks", "dispensing", "areas",
        "area_changes", "shapes", "locality_of", "postcodes", "roads",
    }  # fmt: skip
    assert set(kinds()) == wanted
    for layout in layouts():
        assert layout.title
        own = layout.kind in {UNUSED, "locality_of"} or layout.title == "Localities"
        assert own or (layout.publisher and layout.licence and all(layout.attribution))
