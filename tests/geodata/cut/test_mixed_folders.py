"""Folders as planners have them: files cut down to a region beside national ones, the same file twice, gaps."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geodata.case import read_case_settings
from geodata.case_times import travel_times
from geodata.cut import codes_asked, cut_case
from geodata.cut.report import CutReport
from geodata.errors import InputProblems
from geodata.load import load_place
from geodata.published.catalogue import read_catalogue
from tests.geodata.cut.national import BRANCHES, REGISTRATIONS_2022, write_national_files, write_rows
from tests.geodata.cut.test_cut_case import write_extract

HEADER = ("PUBLICATION", "EXTRACT_DATE", "PRACTICE_CODE", "PRACTICE_NAME", "LSOA_CODE", "SEX", "NUMBER_OF_PATIENTS")


def cut(files: Path, case: Path, *asked: str, **more: object) -> CutReport:
    return cut_case(read_catalogue(files), case, commissioner=asked, **more)


def told(report: CutReport, code: str) -> list[str]:
    return [finding.message for finding in report.findings if finding.code == code]


def registrations(path: Path, day: str, rows: list[tuple[str, str, int]]) -> None:
    write_rows(path, [HEADER, *(("GP_PRAC_PAT_LIST", day, p, "NAME", area, "ALL", n) for p, area, n in rows)])


def test_registrations_cut_down_to_a_region_do_not_hide_the_national_ones(tmp_path: Path) -> None:
    """A file of the other county, and one of this county's residents only, both before the national one by name."""
    files = write_national_files(tmp_path / "files")
    whole = cut(files, tmp_path / "whole", "W9X9Z")
    moor = [row for row in REGISTRATIONS_2022 if row[1] in {"E01000011", "E01000012"}]
    vale = [row for row in REGISTRATIONS_2022 if row[1] in {"E01000001", "E01000002", "E01000003"}]
    registrations(files / "a moor.csv", "01APR2022", moor)
    registrations(files / "b vale.csv", "01APR2022", vale)
    mixed = cut(files, tmp_path / "mixed", "W9X9Z")
    for name in ("practices.csv", "registrations.csv", "areas.csv"):
        assert (mixed.folder / name).read_bytes() == (whole.folder / name).read_bytes()
    assert len(told(mixed, "several-files")) == 1
    assert told(mixed, "registrations-outside") == told(whole, "registrations-outside")
    assert "a moor.csv" not in set(mixed.sources["file"])


def test_a_nearer_file_of_another_region_is_passed_over(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    registrations(files / "moor.csv", "01JUN2022", [row for row in REGISTRATIONS_2022 if row[0] == "X82002"])
    report = cut(files, tmp_path / "case", "W9X9Z")
    assert "moor.csv" in told(report, "other-region")[0]
    used = report.sources[report.sources["table"] == "registrations"]["file"]
    assert list(used) == ["gp-reg-pat-prac-lsoa-all_2022-04.csv"]


def test_branches_of_several_files_of_one_date_are_taken_together(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    header = ("Organisation Code", "Name", "Postcode", "Open Date", "Close Date", "Parent Practice Code")
    rows = [(c, n, postcode, o, e, parent) for c, n, parent, postcode, o, e in BRANCHES if parent == "X82001"]
    write_rows(files / "a branches of the moor 2017-08.csv", [header, *rows])
    report = cut(files, tmp_path / "case", "W9X9Z")
    sites = pd.read_csv(report.folder / "sites.csv")
    assert "X81001001" in set(sites["site_code"])


def test_the_same_file_under_two_names_is_read_once(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    shutil.copy(files / "epraccur_2022-05.csv", files / "epraccur_2022-05 (copy).csv")
    report = cut(files, tmp_path / "case", "W9X9Z")
    assert told(report, "same-file") == ["The same file as epraccur_2022-05.csv; it is passed over."]
    assert "epraccur_2022-05.csv" in set(report.sources["file"])


def test_all_that_the_folder_lacks_is_told_at_once(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files", without=("epraccur", "lsoa", "gp-reg", "patient"))
    with pytest.raises(InputProblems) as caught:
        cut(files, tmp_path / "case", "W9X9Z")
    codes = [finding.code for finding in caught.value.findings if finding.severity == "error"]
    assert codes == ["no-practices-file", "no-lists-file", "no-areas-file"]
    assert not (tmp_path / "case").exists()


def test_list_sizes_from_registrations_of_another_year_are_a_warning(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files", without=("patient", "epraccur_2022"))
    report = cut(files, tmp_path / "case", "01X")
    found = [finding for finding in report.findings if finding.code == "list-from-registrations"]
    assert [finding.severity for finding in found] == ["warning"]
    assert "more than a year" in found[0].message


def test_roles_instead_of_settings_are_counted_as_no_gp_practice(tmp_path: Path) -> None:
    """Newer lists of practices name roles: RO76 is a GP practice."""
    files = write_national_files(tmp_path / "files")
    path = files / "epraccur_2016-02.csv"
    table = pd.read_csv(path, header=None, dtype=str, keep_default_na=False)
    table[25] = table[25].map(lambda text: "RO76" if text == "4" else "RO87")
    table[12] = table[12].map({"A": "ACTIVE", "C": "INACTIVE", "D": "DORMANT"})
    table.to_csv(path, index=False, header=False)
    (files / "epraccur_2022-05.csv").unlink()
    report = cut(files, tmp_path / "case", "01X")
    assert "no GP practice: 1 (1 role RO87)" in told(report, "practices-chosen")[0]


@pytest.mark.parametrize(
    "text", ["X81001,X81002, x81004\n", "X81001 X81002\n\nX81004\n", "code,name\nX81001,A\nX81002,B\nX81004,\n"]
)
def test_a_file_of_practice_codes_may_hold_several_a_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "codes.txt"
    path.write_text(text, encoding="utf-8")
    assert codes_asked([], str(path)) == ("X81001", "X81002", "X81004")


def test_a_practice_named_beside_its_commissioner_adds_nothing(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    alone = cut(files, tmp_path / "alone", "W9X9Z")
    both = cut(files, tmp_path / "both", "W9X9Z", "X81001")
    assert both.asked == alone.asked
    assert cut(files, tmp_path / "more", "W9X9Z", "X82001").asked == f"{alone.asked} and 1 listed practice"


def test_the_layer_of_localities_is_named_behind_the_file(tmp_path: Path) -> None:
    gpd = pytest.importorskip("geopandas")
    shapely = pytest.importorskip("shapely")
    files = write_national_files(tmp_path / "files")
    path = tmp_path / "localities.gpkg"
    for layer in ("old", "new"):
        shapes = [shapely.box(398_000, 98_000, 406_000, 102_000), shapely.box(398_000, 102_000, 406_000, 106_000)]
        names = [f"{layer} south", f"{layer} north"]
        gpd.GeoDataFrame({"name": names}, geometry=shapes, crs="EPSG:27700").to_file(path, layer=layer)
    with pytest.raises(InputProblems) as caught:
        cut(files, tmp_path / "case", "W9X9Z", localities=path)
    assert "localities.gpkg/" in caught.value.findings[0].fix
    report = cut(files, tmp_path / "case", "W9X9Z", localities=path / "new")
    assert list(gpd.read_file(report.folder / "localities.gpkg")["name"]) == ["new north", "new south"]
    row = report.sources[report.sources["table"] == "localities"].iloc[0]
    assert (row["file"], row["sheet"]) == ("localities.gpkg", "new")


def test_homes_over_the_border_beyond_the_roads_do_not_stop_the_case(tmp_path: Path) -> None:
    """An extract of a county ends at its border; patients live beyond it."""
    files = write_national_files(tmp_path / "files")
    write_extract(files / "vale.osm", 397_000, 99_000, 405_000, 105_000)
    report = cut(files, tmp_path / "case", "W9X9Z")
    assert "roads.osm.pbf" in report.files
    times, findings = travel_times(load_place(report.folder), read_case_settings(report.folder).roads, report.folder)
    told_too = [finding for finding in findings if finding.code == "neighbours-without-roads"]
    assert [finding.value for finding in told_too] == ["E01000011"]
    beyond = np.array(times.area_codes) == "E01000011"
    assert np.isinf(times.area_to_site[beyond]).all()
    assert np.isfinite(times.area_to_site[~beyond]).all()


def test_roads_that_end_short_of_a_site_are_told_with_what_lies_outside(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    write_extract(files / "vale.osm", 397_000, 99_000, 405_000, 103_000)
    report = cut(files, tmp_path / "case", "W9X9Z")
    assert "3 of 6 areas lie outside it (E01000004, E01000005, E01000006)" in told(report, "roads-elsewhere")[0]


@pytest.mark.real
def test_the_whole_shared_folder_gives_the_island_of_the_national_files(shared_data: Path, tmp_path: Path) -> None:
    """Dorset's files lie beside England's there, and come first by name."""
    report = cut(shared_data, tmp_path / "case", "11J")
    assert report.patients == 821_082
    assert "510 rows, 11950 patients, 122 outside England" in {finding.value for finding in report.findings}
