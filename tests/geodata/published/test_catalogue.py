"""What a folder holds: kinds, vintages, licences, publications in parts, and what is not known."""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.errors import InputProblems
from geodata.published.catalogue import Catalogue, PublishedFile, read_catalogue
from tests.geodata.published.published_files import put_workbook
from tests.geodata.published.test_recognise import BRANCHES, FRAGMENTS, as_csv, ods_row

CODE_POINT = '"{area}1 1AA",10,369000,90000,"E92000001","","","","E06000059","E05012345"\n'
ONSPD = "pcd,pcds,dointr,doterm,oseast1m,osnrth1m,lsoa11\n"
ONSPD_ROW = '"{area}1 1AA","{area}1 1AA","198001","","0369000","0090000","E01020488"\n'


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def kinds(catalogue: Catalogue) -> list[tuple[str, str]]:
    return [(file.kind, file.table.label) for file in catalogue.files]


@pytest.mark.real
def test_the_whole_of_england(shared_data: Path):
    began = time.perf_counter()
    catalogue = read_catalogue(shared_data / "england")
    assert time.perf_counter() - began < 3
    assert [(file.kind, file.table.label, str(file.vintage)) for file in catalogue.files] == [
        ("postcodes", "codepoint_open_2025-05_practice_postcodes.csv", "2025-05"),
        ("dispensing", "dispensing_practices_2015-01-31.xls, sheet Sheet1", "2015-01"),
        (
            "networks",
            "ePCN_2022-05.xlsx, sheet PCN Core Partner Details",
            "2022-05",
        ),  # the latest date inside, 2022-06-29, was still to come
        ("branches", "ebranchs_2017-08.csv", "2017-08"),
        ("practices", "epraccur_2016-02.csv", "2016-02"),
        ("practices", "epraccur_2022.csv", "2022"),
        ("areas", "lsoa11_2020.parquet", "2020"),
        ("list_sizes", "patient_list_size_2016Q1.csv", "2016 Q1"),
        ("registrations", "practice_lsoa11_registrations_2022.parquet", "2022"),
    ]
    assert catalogue.findings == ()
    assert [str(file.vintage) for file in catalogue.of("practices")] == ["2022", "2016-02"]
    assert str(catalogue.nearest("practices", date(2016, 7, 1)).vintage) == "2016-02"
    assert catalogue.nearest("list_sizes", date(2022, 5, 1), within_months=12) is None
    assert all(file.licence == "OGL v3" and file.attribution for file in catalogue.files)
    file = catalogue.of("branches")[0]
    assert file.sha256 == hashlib.sha256(file.table.path.read_bytes()).hexdigest()


@pytest.mark.real
def test_the_regional_files(shared_data: Path):
    found = set(kinds(read_catalogue(shared_data)))
    assert {
        ("list_sizes", "dorset/practices_2016Q1.csv"),
        ("networks", "dorset/pcn_members_2022-05.csv"),
        ("postcodes", "dorset/postcode_to_oa_lsoa_2022-05.csv"),
        ("postcodes", "dorset/codepoint_open_2025-05.csv"),
        ("registrations", "dorset/practice_lsoa_registrations_2022.csv"),
        ("branches", "dorset/branches_2017-08.csv"),
        ("areas", "dorset/lsoa11.gpkg, layer lsoa11"),
        ("areas", "dorset/lsoa11_postcode_centroids.csv"),
        ("areas", "dorset/wards_lsoa_oa_2011.gpkg, layer lsoa"),
        ("areas", "dorset/wards_lsoa_oa_2011.gpkg, layer oa"),
        ("shapes", "dorset/wards_lsoa_oa_2011.gpkg, layer wards"),
        ("shapes", "dorset/wards_lsoa_oa_2011.gpkg, layer msoa"),
        ("roads", "isle-of-wight/osm_roads_2023.gpkg, layer network"),
        ("roads", "osm/rutland-latest.osm.pbf"),
    } <= found


def test_code_point_open_is_one_publication(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "codepo_gb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for area in ("AB", "AL", "B", "BA", "YO", "ZE"):
            archive.writestr(f"Data/CSV/{area.lower()}.csv", CODE_POINT.format(area=area))
        names = "PC,PQ,EA,NO,CY,RH,LH,CC,DC,WC\nPostcode,Positional_quality_indicator,Eastings,Northings,,,,,,\n"
        archive.writestr("Doc/Code-Point_Open_Column_Headers.csv", names)
        archive.writestr("Doc/licence.txt", "Free to use.")
    catalogue = read_catalogue(tmp_path)
    (file,) = catalogue.files
    assert (file.kind, file.title, len(file.tables)) == ("postcodes", "Code-Point Open", 6)
    assert file.table == file.tables[0]
    assert file.read()["postcode"].tolist() == ["AB1 1AA", "AL1 1AA", "B1 1AA", "BA1 1AA", "YO1 1AA", "ZE1 1AA"]
    assert file.read({"postcode": 0, "easting": 2}, only=("postcode", ["B11AA"]))["easting"].tolist() == ["369000"]
    assert "Royal Mail" in file.attribution
    assert catalogue.findings == ()


def test_code_point_open_unpacked(tmp_path: Path):
    for area in ("AB", "AL", "B"):
        write(tmp_path / "CodePoint 2024-08" / "Data" / "CSV" / f"{area.lower()}.csv", CODE_POINT.format(area=area))
    (file,) = read_catalogue(tmp_path).files
    assert len(file.tables) == 3
    assert str(file.vintage) == "2024-08"
    assert "Contains OS data © Crown copyright and database right 2024;" in file.attribution


def test_a_directory_that_comes_whole_and_in_parts_counts_once(tmp_path: Path):
    areas = ("AB", "AL", "B")
    with zipfile.ZipFile(tmp_path / "ONSPD_MAY_2025.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        whole = ONSPD + "".join(ONSPD_ROW.format(area=area) for area in areas)
        archive.writestr("Data/ONSPD_MAY_2025_UK.csv", whole)
        for area in areas:
            name = f"Data/multi_csv/ONSPD_MAY_2025_UK_{area}.csv"
            archive.writestr(name, ONSPD + ONSPD_ROW.format(area=area))
        for name in ("Country names and codes", "County names and codes"):
            archive.writestr(f"Documents/{name}.csv", "CODE,NAME\nE06000059,Dorset\n")
    catalogue = read_catalogue(tmp_path)
    (file,) = catalogue.files
    assert file.table.file == "ONSPD_MAY_2025.zip/Data/ONSPD_MAY_2025_UK.csv"
    assert str(file.vintage) == "2025-05"
    assert [finding.code for finding in catalogue.findings] == ["not-recognised", "doubled-file"]
    assert "2 files of the archive" in catalogue.findings[0].message


def test_two_editions_side_by_side_stay_two(tmp_path: Path):
    text = "postcode,quality,easting,northing\nDT1 1AA,10,369000,90000\n"
    write(tmp_path / "codepoint_2016.csv", text)
    write(tmp_path / "codepoint_2025.csv", text)
    catalogue = read_catalogue(tmp_path)
    assert [str(file.vintage) for file in catalogue.of("postcodes")] == ["2025", "2016"]


# --- Vintage -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "opened", "closed", "said", "told"),
    [
        ("epraccur.csv", "20160104", "", "2016-01-04", "content"),
        ("epraccur_2016-02.csv", "20160104", "", "2016-02", "name"),
        ("epraccur_2022.csv", "20211104", "20220331", "2022", "name"),
        ("epraccur_2016-02.csv", "20160104", "20160401", "2016-02", "name"),
        ("epraccur_2016-02.csv", "20160104", "20160701", "2016-07-01", "content"),
        ("epraccur.csv", "", "", "undated", "unknown"),
    ],
)
def test_snapshots_are_dated_by_name_unless_they_hold_later_dates(
    name: str, opened: str, closed: str, said: str, told: str, tmp_path: Path
):
    row = ods_row("J81012", "A", "DT1 1AA", "11J")
    row[10], row[11], row[15] = opened, closed, ""
    write(tmp_path / name, as_csv([row]))
    (file,) = read_catalogue(tmp_path).files
    assert (str(file.vintage), file.vintage.told) == (said, told)


@pytest.mark.parametrize(
    ("fragment", "name", "said"),
    [
        ("gp-reg-pat-prac-all", "gp-reg-pat-prac-all-2019.csv", "2021-04-01"),
        ("lsoa registrations", "x.csv", "2021-04-01"),
        ("lsoa registrations, spelled otherwise", "gp-reg-pat-prac-lsoa-all-april-21.csv", "2021-04"),
        ("IMD 2019", "File_1.csv", "2019"),
        ("TS045, a column each", "census.csv", "2021"),
        ("area to commissioner", "lookup.csv", "2023"),
        ("NHSBSA", "list 2016Q1.csv", "2016 Q1"),
        ("ONSPD", "ONSPD_MAY_2025_UK.csv", "2025-05"),
        ("Code-Point Open", "codepo_gb.csv", "undated"),
    ],
)
def test_what_a_table_says_counts_before_its_name(fragment: str, name: str, said: str, tmp_path: Path):
    write(tmp_path / name, FRAGMENTS[fragment][0])
    (file,) = read_catalogue(tmp_path).files
    assert str(file.vintage) == said


def lists_of(folder: Path, *names: str) -> Catalogue:
    for name in names:
        write(folder / name, "practice_code,list_size\nJ81012,5000\n")
    return read_catalogue(folder)


def named(file: PublishedFile | None) -> str | None:
    return file.table.file if file else None


def test_the_nearest_file(tmp_path: Path):
    catalogue = lists_of(tmp_path, "l_2016Q1.csv", "l_2018-01.csv", "l_2022.csv", "l.csv")
    assert named(catalogue.nearest("list_sizes", None)) == "l_2022.csv"
    assert named(catalogue.nearest("list_sizes", date(2016, 2, 1))) == "l_2016Q1.csv"
    assert named(catalogue.nearest("list_sizes", date(2017, 9, 1))) == "l_2018-01.csv"
    assert named(catalogue.nearest("list_sizes", date(2030, 1, 1))) == "l_2022.csv"
    assert named(catalogue.nearest("list_sizes", date(2016, 12, 1), within_months=12)) == "l_2016Q1.csv"
    assert named(catalogue.nearest("list_sizes", date(2020, 2, 1), within_months=12)) is None
    assert catalogue.nearest("networks", None) is None
    assert [named(file) for file in catalogue.of("list_sizes")][-1] == "l.csv"


def test_an_undated_file_is_taken_when_there_is_no_other(tmp_path: Path):
    catalogue = lists_of(tmp_path, "l.csv")
    assert named(catalogue.nearest("list_sizes", date(2016, 2, 1))) == "l.csv"
    assert catalogue.nearest("list_sizes", date(2016, 2, 1), within_months=12) is None


# --- What is not known ---------------------------------------------------------------------------------------------


def test_one_note_for_each_file_that_is_not_known(tmp_path: Path):
    write(tmp_path / "ebranchs.csv", as_csv(BRANCHES))
    write(tmp_path / "staff.csv", "Surname,First name,Room\nA,B,1\n")
    write(tmp_path / "data.csv", "1.5,2.5\n3.5,4.5\n")
    write(tmp_path / "notes.txt", "remember the milk\n")
    catalogue = read_catalogue(tmp_path)
    assert kinds(catalogue) == [("branches", "ebranchs.csv")]
    assert [(f.severity, f.file, f.code) for f in catalogue.findings] == [
        ("note", "data.csv", "not-recognised"),
        ("note", "staff.csv", "not-recognised"),
    ]
    assert "Surname, First name, Room" in catalogue.findings[1].message


def test_nothing_is_said_of_the_other_sheets_of_a_known_workbook(tmp_path: Path):
    lists = [("practice_code", "list_size"), ("J81012", 5000)]
    put_workbook(tmp_path, "lists.xlsx", {"Lists": lists, "Staff": [("Surname", "First name"), ("A", "B")]})
    catalogue = read_catalogue(tmp_path)
    assert kinds(catalogue) == [("list_sizes", "lists.xlsx, sheet Lists")] and catalogue.findings == ()


def test_files_of_this_program_are_no_national_data(tmp_path: Path):
    write(tmp_path / "ebranchs.csv", as_csv(BRANCHES))
    write(tmp_path / "dorset" / "case.toml", "schema_version = 1")
    write(tmp_path / "dorset" / "lists.csv", "practice_code,list_size\nJ81012,5000\n")
    assert kinds(read_catalogue(tmp_path)) == [("branches", "ebranchs.csv")]


@pytest.mark.parametrize("name", ["missing", "empty", "unknown", "file.csv"])
def test_a_folder_without_anything_known(name: str, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    write(tmp_path / "unknown" / "staff.csv", "Surname,First name\nA,B\n")
    write(tmp_path / "file.csv", "a,b\n")
    with pytest.raises(InputProblems) as problem:
        read_catalogue(tmp_path / name)
    first = problem.value.findings[0]
    assert first.severity == "error"
    assert first.code in {"missing-folder", "nothing-known"}


def test_the_same_folder_gives_the_same_catalogue(tmp_path: Path):
    for name, (text, _, _) in FRAGMENTS.items():
        write(tmp_path / f"{name.replace(' ', '_')}.csv", text)
    first, second = read_catalogue(tmp_path), read_catalogue(tmp_path)
    assert first == second
    assert len(first.files) == len(FRAGMENTS)
    labels = [file.table.label for file in first.files]
    assert labels == sorted(labels)


PIECES = st.sampled_from([text for text, _, _ in FRAGMENTS.values()])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=PIECES, cut=st.floats(0, 1), junk=st.text(max_size=20), packed=st.booleans())
def test_mangled_publications_make_no_traceback(
    text: str, cut: float, junk: str, packed: bool, tmp_path_factory: pytest.TempPathFactory
):
    folder = tmp_path_factory.mktemp("mangled")
    at = int(cut * len(text))
    data = (text[:at] + junk + text[at:]).encode("utf-8", "surrogatepass")
    if packed:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr("x.csv", data)
        data = archive.getvalue()
    (folder / ("x.zip" if packed else "x.csv")).write_bytes(data)
    try:
        catalogue = read_catalogue(folder)
    except InputProblems as problem:
        assert problem.findings
        return
    for file in catalogue.files:
        try:
            file.read()
        except InputProblems as problem:
            assert problem.findings
