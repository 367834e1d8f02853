"""A case cut out of small made-up national files: every decision, seen in the files and the findings."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

from geodata.cut import CutReport, cut_case
from geodata.cut.record import Record
from geodata.cut.sites import tell_postcodes
from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from geodata.published.catalogue import read_catalogue
from grouping.cli import app
from tests.geodata.cut import national
from tests.geodata.cut.national import AREAS, write_national_files, write_rows
from tests.geodata.osm_files import lonlat

IN_2016 = date(2016, 7, 1)


def cut(folder: Path, case: Path, *asked: str, when: date | None = None, **more: object) -> CutReport:
    return cut_case(read_catalogue(folder), case, commissioner=asked, when=when, **more)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_national_files(tmp_path_factory.mktemp("national") / "files")


@pytest.fixture(scope="module")
def old(files: Path, tmp_path_factory: pytest.TempPathFactory) -> CutReport:
    return cut(files, tmp_path_factory.mktemp("old") / "case", "01X", when=IN_2016)


@pytest.fixture(scope="module")
def new(files: Path, tmp_path_factory: pytest.TempPathFactory) -> CutReport:
    return cut(files, tmp_path_factory.mktemp("new") / "case", "W9X9Z")


def of(report: CutReport, code: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.code == code]


def one(report: CutReport, code: str) -> Finding:
    found = of(report, code)
    assert len(found) == 1, found
    return found[0]


def table(report: CutReport, name: str) -> pd.DataFrame:
    return pd.read_csv(report.folder / name, dtype=str, keep_default_na=False)


def problems(error: pytest.ExceptionInfo[InputProblems]) -> Finding:
    assert len(error.value.findings) >= 1
    return error.value.findings[0]


# --- Practices -----------------------------------------------------------------------------------------------------


def test_open_gp_practices_with_a_list_of_the_time(old: CutReport) -> None:
    practices = table(old, "practices.csv").set_index("practice_code")
    assert practices["list_size"].to_dict() == {"X81001": "9000", "X81002": "6000", "X81004": "300", "X81007": "3000"}
    assert practices.at["X81001", "age_75_plus"] == "1800"
    assert old.practices == 4
    assert old.patients == 18_300
    chosen = one(old, "practices-chosen")
    assert (
        "Records of 01X: 8. Open GP practices: 5; closed, dormant or proposed: 2; no GP practice: 1" in chosen.message
    )
    assert one(old, "list-source").value == "18300"
    assert one(old, "small-list").value == "300"


def test_a_practice_without_any_list_is_left_out_by_name(old: CutReport) -> None:
    finding = one(old, "no-list")
    assert finding.value == "X81003"
    assert "5 become 4" in finding.message
    row = old.left_out[old.left_out["code"] == "X81003"].iloc[0]
    assert row["table"] == "practices"
    assert row["reason"] == "open, but in no file of list sizes of that time and without registrations"


def test_a_practice_without_registrations_is_told_with_its_last_list(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    registrations = next(files.glob("gp-reg-pat-prac-lsoa-all*"))
    rows = [line for line in registrations.read_text(encoding="utf-8").splitlines() if "X81002" not in line]
    registrations.write_text("\n".join(rows) + "\n", encoding="utf-8")
    report = cut(files, tmp_path / "case", "W9X9Z")
    assert "By the lists of 2016 Q1, 1 of them had 6,000 patients" in one(report, "no-list").message
    assert report.left_out.set_index("code").at["X81002", "patients"] == 6000


def test_without_lists_of_the_time_registrations_are_summed_wherever_people_live(new: CutReport) -> None:
    practices = table(new, "practices.csv").set_index("practice_code")
    assert practices["list_size"].to_dict() == {"X81001": "11966", "X81002": "6500", "X81004": "200", "X81009": "2000"}
    assert "age_65_plus" not in practices
    assert one(new, "list-from-registrations").value == "20666"
    assert not of(new, "list-source")
    assert not of(new, "registrations-above-list")


def test_a_practice_missing_from_the_lists_takes_its_registrations(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    lists = files / "patient_list_size_2016Q1.csv"
    rows = [line for line in lists.read_text(encoding="utf-8").splitlines() if "X81002" not in line]
    lists.write_text("\n".join(rows) + "\n", encoding="utf-8")
    report = cut(files, tmp_path / "case", "01X", when=IN_2016)
    assert table(report, "practices.csv").set_index("practice_code").at["X81002", "list_size"] == "6500"
    assert one(report, "list-from-registrations").severity == "warning"
    assert one(report, "list-from-registrations").value == "X81002"


def test_lists_and_registrations_of_different_dates_are_compared(old: CutReport) -> None:
    without = one(old, "estimated-registrations")
    assert without.value == "X81007"
    assert "1 practice with 3,000 patients" in without.message
    assert one(old, "registrations-above-list").value == "1 of 3"
    assert {finding.value for finding in of(old, "scaling-factor")} == {"X81001", "X81004"}
    changed = one(old, "practices-changed")
    assert changed.value == "3 of 4"
    assert "closed or merged 1 with 3,000 patients (X81007)" in changed.message


def test_registrations_are_measured_by_the_lists_and_an_empty_list_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(national, "LISTS_2016", {**national.LISTS_2016, "X81004": 250, "X81002": 0})
    report = cut(write_national_files(tmp_path / "files"), tmp_path / "case", "01X", when=IN_2016)
    told = one(report, "registrations-above-list")
    assert told.value == "1 of 3" and "below 0.8 times: 0" in told.message, "11,966 on 9,000; 200 on 250 is usual"
    assert one(report, "list-from-registrations").value == "X81002"


def test_networks_are_the_open_memberships(old: CutReport, new: CutReport) -> None:
    groups = table(old, "practices.csv").set_index("practice_code")["current_group"]
    assert groups.to_dict() == {"X81001": "VALE PCN", "X81002": "QUAY PCN", "X81004": "QUAY PCN", "X81007": ""}
    assert one(new, "ended-memberships").value == "2 of 5"
    assert "in none: 1 (X81009)" in one(new, "current-networks").message


def test_two_networks_of_one_name_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = [(*row[:2], "THE PCN", *row[3:]) for row in national.MEMBERS]
    monkeypatch.setattr(national, "MEMBERS", members)
    report = cut(write_national_files(tmp_path / "files"), tmp_path / "case", "W9X9Z")
    groups = table(report, "practices.csv").set_index("practice_code")["current_group"]
    assert groups.to_dict() == {
        "X81001": "THE PCN (U90001)", "X81002": "THE PCN (U90002)", "X81004": "THE PCN (U90002)", "X81009": "",
    }  # fmt: skip


def test_practices_of_the_commissioner_at_another_date_are_told(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    listed = files / "epraccur_2022-05.csv"
    rows = [line for line in listed.read_text(encoding="utf-8").splitlines() if "X82002" not in line]
    listed.write_text("\n".join(rows) + "\n", encoding="utf-8")
    told = one(cut(files, tmp_path / "case", "02Y"), "practices-changed").message
    assert "open in it 1 of the 1 practice of the case; open in it only 1 of the commissioner (X82002)" in told


def test_dispensing_practices_are_linked_and_counted(old: CutReport) -> None:
    practices = table(old, "practices.csv").set_index("practice_code")
    assert practices["dispensing"].to_dict() == {"X81001": "yes", "X81002": "no", "X81004": "no", "X81007": "no"}
    assert "not linked: 1" in one(old, "dispensing").message


# --- Codes and dates -----------------------------------------------------------------------------------------------


def test_a_former_commissioner_is_told_with_its_practices_and_a_ready_command(files: Path, tmp_path: Path) -> None:
    with pytest.raises(InputProblems) as error:
        cut(files, tmp_path / "case", "01X")
    finding = problems(error)
    assert finding.code == "former-commissioner"
    assert (
        "In epraccur_2016-02.csv (2016-02) it had 5 practices; 3 of them are open here: 3 under W9X9Z"
        in finding.message
    )
    assert "--commissioner 01X --date 2016-02" in finding.fix
    command = re.search(r"blueprint init CASE --commissioner (\S+) --files (\S+) --date (\S+)\.", finding.fix)
    assert command
    report = cut(files, tmp_path / "again", *command[1].split(","))
    assert list(table(report, "practices.csv")["practice_code"]) == ["X81001", "X81002", "X81004"]
    assert not (tmp_path / "case").exists()


def test_a_former_board_is_told_too_and_a_folder_with_a_blank_is_quoted(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "my files")
    with pytest.raises(InputProblems) as error:
        cut(files, tmp_path / "case", "Q99")
    finding = problems(error)
    assert finding.code == "former-commissioner" and "it had 5 practices" in finding.message
    assert f'--files "{files.as_posix()}"' in finding.fix


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        ("W9X9Y", "unknown-commissioner", "W9X9Z"),
        ("X81999", "unknown-practice", "X81009"),
        ("X81007", "practice-not-open", "closed 2019-03-31"),
    ],
)
def test_unknown_codes_are_told_with_what_is_known(
    files: Path, tmp_path: Path, asked: str, code: str, words: str
) -> None:
    with pytest.raises(InputProblems) as error:
        cut(files, tmp_path / "case", asked)
    assert problems(error).code == code
    assert words in str(problems(error))


def test_all_unknown_codes_are_told_in_one_go(files: Path, tmp_path: Path) -> None:
    with pytest.raises(InputProblems) as error:
        cut(files, tmp_path / "case", "W9X9Y", "X81999", "X81001")
    assert [finding.value for finding in error.value.findings] == ["W9X9Y", "X81999"]


def test_a_date_without_a_list_of_practices_is_refused(files: Path, tmp_path: Path) -> None:
    with pytest.raises(InputProblems) as error:
        cut(files, tmp_path / "case", "01X", when=date(2019, 7, 1))
    finding = problems(error)
    assert finding.code == "no-practices-of-date"
    assert "epraccur_2016-02.csv (2016-02)" in finding.message
    assert "epraccur_2022-05.csv (2022-05)" in finding.message


def test_an_earlier_day_takes_the_practices_open_then(files: Path, tmp_path: Path) -> None:
    """The newest list knows when each practice opened, so that a day shortly before it can be asked for."""
    report = cut(files, tmp_path / "case", "W9X9Z", when=date(2021, 6, 1))
    assert "X81009" in set(table(report, "practices.csv")["practice_code"])
    assert report.vintage == "2022-05"


def test_a_day_before_the_list_goes_by_the_days_of_opening_and_closing(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    listed = files / "epraccur_2022-05.csv"
    text = listed.read_text(encoding="utf-8").replace("20200401", "20210901").replace("20190331", "20210831")
    listed.write_text(text, encoding="utf-8")
    report = cut(files, tmp_path / "case", "W9X9Z", when=date(2021, 7, 1))
    assert "Open GP practices: 4" in one(report, "practices-chosen").message
    assert one(report, "no-list").value == "X81007", "it was open, and has no list of that time"
    assert "X81009" not in set(table(report, "practices.csv")["practice_code"])


def test_a_board_is_known_by_the_list_or_by_the_areas(files: Path, tmp_path: Path) -> None:
    by_list = cut(files, tmp_path / "one", "QXX")
    assert by_list.practices == 4
    assert "that carry its code: 6" in one(by_list, "home-areas").message
    listed = files / "epraccur_2022-05.csv"
    other = write_national_files(tmp_path / "files")
    text = listed.read_text(encoding="utf-8").replace("QXX", "Q99")
    (other / "epraccur_2022-05.csv").write_text(text, encoding="utf-8")
    by_areas = cut(other, tmp_path / "two", "QXX")
    assert table(by_areas, "practices.csv").equals(table(by_list, "practices.csv"))


# --- Sites ---------------------------------------------------------------------------------------------------------


def test_each_building_of_a_practice_stands_once(old: CutReport) -> None:
    sites = table(old, "sites.csv").set_index("site_code")
    assert list(sites.index) == ["X81001", "X81001001", "X81002", "X81004", "X81007", "X81007001"]
    assert (sites["kind"] == "main").sum() == 4
    reasons = old.left_out[old.left_out["table"] == "sites"].set_index("code")["reason"]
    assert reasons.to_dict() == {
        "X81001002": "repeats the main site of X81001: same practice, same postcode",
        "X81001003": "repeats branch X81001001: same practice, same postcode",
        "X81002001": "opened 2016-09-01, after 2016-02-29",
        "X81002002": "no coordinates for its postcode ZE9 9ZZ",
        "X81006001": "it belongs to X81006: prescribing setting 1 (walk-in centre), not a GP practice",
    }
    assert one(old, "records-on-postcodes").value == "10 on 6"
    assert "BH99 1AC" in (one(old, "shared-buildings").value or "")


def test_a_main_site_without_coordinates_stands_among_its_patients(old: CutReport) -> None:
    site = table(old, "sites.csv").set_index("site_code").loc["X81004"]
    assert (site["x"], site["y"]) == ("402000", "100000")  # halfway between two areas with 100 patients each
    finding = one(old, "site-at-patients")
    assert finding.value == "X81004"
    assert finding.severity == "warning"
    assert not of(old, "unknown-postcode")


def test_a_practice_that_nothing_places_is_left_out_with_its_patients(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    registrations = next(files.glob("gp-reg-pat-prac-lsoa-all*"))
    rows = [line for line in registrations.read_text(encoding="utf-8").splitlines() if "X81004" not in line]
    registrations.write_text("\n".join(rows) + "\n", encoding="utf-8")
    report = cut(files, tmp_path / "case", "01X", when=IN_2016)
    assert report.practices == 3
    row = report.left_out[report.left_out["code"] == "X81004"].iloc[0]
    assert row["patients"] == 300
    assert "1 practice with 300 patients" in one(report, "practices-not-placed").message


def test_branches_outlive_their_file_but_not_their_practice(new: CutReport) -> None:
    sites = table(new, "sites.csv")
    assert "X81002001" in set(sites["site_code"])  # opened in September 2016, well before
    assert "X81007001" not in set(sites["site_code"])
    reasons = new.left_out.set_index("code")["reason"]
    assert reasons["X81007001"] == "its practice X81007 is not open (closed 2019-03-31)"
    assert one(new, "branches-of-closed").value == "X81007001"
    assert one(new, "former-practices").value == "X81001001"


def test_without_a_branch_file_there_are_main_sites_only(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files", without=["ebranchs"])
    report = cut(files, tmp_path / "case", "W9X9Z")
    assert report.sites == report.practices == 4
    assert one(report, "no-branches").severity == "warning"


def test_practices_without_any_branch_have_their_main_sites(files: Path, tmp_path: Path) -> None:
    report = cut(files, tmp_path / "case", "X81004", "X81009")
    assert list(table(report, "sites.csv")["site_code"]) == ["X81004", "X81009"]
    assert one(report, "branches").value == "0"


def test_far_areas_are_no_warning_in_a_cut_case_unless_they_are_many(new: CutReport, tmp_path: Path) -> None:
    assert one(new, "areas-not-in-case").severity == "note"
    case = shutil.copytree(new.folder, tmp_path / "case")
    rows = (case / "areas.csv").read_text(encoding="utf-8").splitlines()
    (case / "areas.csv").write_text("\n".join(row for row in rows if "E01000001" not in row), encoding="utf-8")
    told = [finding for finding in load_place(case).findings if finding.code == "areas-not-in-case"]
    assert [finding.severity for finding in told] == ["warning"]


# --- Nothing in silence --------------------------------------------------------------------------------------------


def _records(path: Path, at: int, codes: set[str]) -> set[str]:
    rows = pd.read_csv(path, header=None, dtype=str, keep_default_na=False)
    return set(rows.loc[rows[at].isin(codes), 0])


@pytest.mark.parametrize(("asked", "when", "list_name"), [("01X", IN_2016, "2016-02"), ("W9X9Z", None, "2022-05")])
def test_every_record_of_the_commissioner_is_in_the_case_or_listed_as_left_out(
    tmp_path: Path, asked: str, when: date | None, list_name: str
) -> None:
    files = write_national_files(tmp_path / "files")
    branches = files / "ebranchs_2017-08.csv"
    rows = branches.read_text(encoding="utf-8")
    for branch, parent in (("X81003001", "X81003"), ("X81006001", "X81006"), ("X81004001", "X81004")):
        rows += rows.splitlines()[0].replace("X81001001", branch).replace("X81001", parent) + "\n"
    branches.write_text(rows, encoding="utf-8")
    report = cut(files, tmp_path / "case", asked, when=when)
    practices = _records(files / f"epraccur_{list_name}.csv", 14, {asked})
    left = report.left_out
    assert practices == set(table(report, "practices.csv")["practice_code"]) | set(
        left.loc[left["table"] == "practices", "code"]
    )
    told = set(table(report, "sites.csv").query("kind == 'branch'")["site_code"]) | set(
        left.loc[left["table"] == "sites", "code"]
    )
    assert told == _records(branches, 14, practices)
    assert not left.duplicated(["table", "code"]).any()
    assert not set(left["code"]) & set(table(report, "sites.csv")["site_code"])


def test_branches_go_with_a_parent_that_is_left_out_or_no_gp_practice(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    branches = files / "ebranchs_2017-08.csv"
    rows = branches.read_text(encoding="utf-8")
    for branch, parent in (("X81003001", "X81003"), ("X81006001", "X81006"), ("X81005001", "X81005")):
        rows += rows.splitlines()[0].replace("X81001001", branch).replace("X81001", parent) + "\n"
    branches.write_text(rows, encoding="utf-8")
    report = cut(files, tmp_path / "case", "01X", when=IN_2016)
    reasons = report.left_out.set_index("code")["reason"]
    assert reasons["X81003001"] == "its practice X81003 is left out itself"
    assert reasons["X81006001"] == "it belongs to X81006: prescribing setting 1 (walk-in centre), not a GP practice"
    assert reasons["X81005001"] == "its practice X81005 is not open (closed 2015-03-31)"
    assert reasons["X81006"] == "prescribing setting 1 (walk-in centre), not a GP practice"
    assert reasons["X81008"] == "dormant"
    assert one(report, "branches-of-left-out").message == "Left out with their practice: 1 branch of 1 practice."
    assert "1 branch of 1 organisation of the commissioner" in one(report, "branches-of-others").message
    assert one(report, "branches-of-closed").value == "X81005001"
    # A practice asked for by its code brings no other record of its commissioner.
    alone = cut(files, tmp_path / "alone", "X81001", "X81002", when=IN_2016)
    assert set(alone.left_out["code"]) == {"X81001002", "X81001003", "X81002001", "X81002002"}


def test_a_practice_that_took_over_others_does_not_stop_the_cut(tmp_path: Path) -> None:
    """Registrations of 2022 at more than twice the lists of 2016: practices merged, and no column is wrong."""
    files = write_national_files(tmp_path / "files")
    registrations = next(files.glob("gp-reg-pat-prac-lsoa-all*"))
    text = registrations.read_text(encoding="utf-8").replace("E01000004,ALL,3000", "E01000004,ALL,60000")
    registrations.write_text(text, encoding="utf-8")
    for name, asked in (("all", ["01X"]), ("two", ["X81001", "X81002"]), ("alone", ["X81002"])):
        report = cut(files, tmp_path / name, *asked, when=IN_2016)
        told = one(report, "registrations-sum")
        assert told.severity == "warning"
        assert "merged" in told.message
    assert "63,500 against 6,000 patients of the same 1 practice." in told.message


def test_more_odd_postcodes_than_are_told_singly_are_told_too() -> None:
    codes = [f"BH99 3{a}{b}" for a in "ABDEF" for b in "ABDEF"]
    sites = pd.DataFrame({"site_code": [f"X{i:05d}" for i in range(25)], "postcode": codes})
    points = pd.DataFrame({"how": "sector", "source": "postcodes.csv"}, index=[code.replace(" ", "") for code in codes])
    told = [
        Finding("warning", "postcodes.csv", f"{code} is rough.", "", value=code, code="postcode-by-neighbours")
        for code in codes[:20]
    ]
    record = Record()
    tell_postcodes(sites, points, told, record)
    assert len(record.findings) == 21
    assert record.findings[-1].message.startswith("5 more sites with a postcode")
    assert record.findings[-1].value == "X00020, X00021, X00022, X00023, X00024"


def test_a_case_of_one_practice_is_told_in_the_singular(files: Path, tmp_path: Path) -> None:
    report = cut(files, tmp_path / "case", "X81004")
    for finding in report.findings:
        assert not re.search(
            r"(?<![\d,.])1 (practices|branches|patients|areas|rows|postcodes|sites|residents)\b", finding.message
        )
        assert not re.search(r"\b1 \w+( \w+)? (are|have|share)\b", finding.message), finding.message


# --- Areas ---------------------------------------------------------------------------------------------------------


def test_areas_carry_the_code_and_neighbours_are_marked(new: CutReport) -> None:
    areas = table(new, "areas.csv").set_index("area_code")
    assert areas["neighbour"].to_dict() == {
        **{f"E0100000{n}": "no" for n in range(1, 7)},
        "E01000011": "yes",  # 50 patients, 8 km away; nobody lives in E01000012, and E01000021 is 224 km away
    }
    assert new.neighbours == 1
    assert load_place(new.folder).areas["neighbour"].sum() == 1
    assert areas.at["E01000001", "rural_urban"] == "D1"
    assert areas.at["E01000001", "population"] == "1500"
    assert (areas.at["E01000001", "x"], areas.at["E01000001", "y"]) == ("400000", "100000")


def test_patients_from_elsewhere_stay_and_are_counted(new: CutReport) -> None:
    registrations = table(new, "registrations.csv")
    assert {"E01000021", "NO2011", "W01000001"} <= set(registrations["area_code"])
    assert registrations["patients"].astype(int).sum() == 20_666
    outside = one(new, "registrations-outside")
    assert outside.value == "4 rows, 66 patients, 9 outside England"
    assert "50 in 1 neighbour area" in outside.message
    assert "7 farther away; 9 outside England" in outside.message
    assert one(new, "residents-elsewhere").value == "60"


def test_a_code_the_areas_do_not_know_has_the_areas_of_its_practices(old: CutReport) -> None:
    areas = table(old, "areas.csv").set_index("area_code")
    assert set(areas.index[areas["neighbour"] == "no"]) == {f"E0100000{n}" for n in range(1, 7)}
    assert "No area carries a code for 01X" in one(old, "home-areas").message


def test_a_code_kept_by_another_commissioner_has_the_areas_of_its_practices(tmp_path: Path) -> None:
    """02Y, which had the moor alone, has got the vale too since: that is not its territory of 2016."""
    files = write_national_files(tmp_path / "files")
    path = files / "lsoa11_2020.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("W9X9Z", "02Y"), encoding="utf-8")
    report = cut(files, tmp_path / "case", "02Y", when=IN_2016)
    told = one(report, "areas-of-another-time")
    assert told.severity == "warning"
    assert "in 6 of the 8 areas that carry it practices of others have the most registrations" in told.message
    areas = table(report, "areas.csv").set_index("area_code")
    assert set(areas.index[areas["neighbour"] == "no"]) == {"E01000011", "E01000012"}
    assert not of(report, "home-areas")


def test_an_area_where_nobody_registered_belongs_to_the_nearest_main_site(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    registrations = next(files.glob("gp-reg-pat-prac-lsoa-all*"))
    rows = [line for line in registrations.read_text(encoding="utf-8").splitlines() if "E01000006" not in line]
    registrations.write_text("\n".join(rows) + "\n", encoding="utf-8")
    report = cut(files, tmp_path / "case", "X81002", "X81009")
    assert list(table(report, "areas.csv")["area_code"]) == ["E01000004", "E01000005", "E01000006"]
    assert "in 1 more the nearest main site" in one(report, "home-areas").message


def test_codes_of_two_times_have_the_areas_of_their_practices(files: Path, tmp_path: Path) -> None:
    """The areas know 02Y, but not 01X: those of 01X are not forgotten."""
    report = cut(files, tmp_path / "case", "01X", "02y ", when=IN_2016)
    areas = table(report, "areas.csv").set_index("area_code")
    own = {*(f"E0100000{n}" for n in range(1, 7)), "E01000011", "E01000012"}
    assert set(areas.index[areas["neighbour"] == "no"]) == own
    assert "Not every code of 01X and 02Y is carried by areas" in one(report, "home-areas").message


def test_practices_that_win_no_area_and_are_nowhere_the_nearest_are_no_far_sites(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    with (files / "codepoint_open_2025-05.csv").open("a", encoding="utf-8") as places:
        places.write("BH99 1AG,10,402100,104500\n")
    listed = files / "epraccur_2022-05.csv"
    rows = [row.replace("BH99 1AE", "BH99 1AG") if "X81009" in row else row for row in listed.open(encoding="utf-8")]
    listed.write_text("".join(rows), encoding="utf-8")
    report = cut(files, tmp_path / "case", "X81009")
    assert one(report, "home-areas").value == "0"
    assert (report.areas, report.neighbours) == (2, 2)
    assert not of(report, "site-far-away")


def test_registrations_of_women_alone_stop_the_cut(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    registrations = next(files.glob("gp-reg-pat-prac-lsoa-all*"))
    text = registrations.read_text(encoding="utf-8").replace(",ALL,", ",FEMALE,")
    registrations.write_text(text, encoding="utf-8")
    with pytest.raises(InputProblems) as error:
        cut(files, tmp_path / "case", "W9X9Z")
    assert problems(error).code == "one-sex-only"
    assert not (tmp_path / "case").exists()


def test_an_area_won_by_two_is_of_the_smaller_code_and_a_shared_building_is_of_both(
    files: Path, tmp_path: Path
) -> None:
    report = cut(files, tmp_path / "case", "X81009")
    told = one(report, "home-areas").message
    assert "In 0 they have the most registrations" in told, "X81002 has as many in E01000006"
    assert "in 3 more the nearest main site" in told, "X81002 has the same building"
    areas = table(report, "areas.csv").set_index("area_code")
    assert (areas["neighbour"] == "no").all()
    assert not of(report, "site-far-away")


def test_a_site_far_from_every_area_of_the_case_is_told(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    with (files / "codepoint_open_2025-05.csv").open("a", encoding="utf-8") as places:
        places.write("BH99 9AA,10,440000,102000\n")
    branches = files / "ebranchs_2017-08.csv"
    first, *rest = branches.read_text(encoding="utf-8").splitlines(keepends=True)
    branches.write_text("".join([first.replace("BH99 1AC", "BH99 9AA"), *rest]), encoding="utf-8")
    finding = one(cut(files, tmp_path / "case", "W9X9Z"), "site-far-away")
    assert (finding.value, finding.severity) == ("X81001001", "warning")
    assert "36 km from the nearest area of W9X9Z" in finding.message


def test_outlines_make_a_layer(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    known = {code: about for code, about in AREAS.items() if about[1] == "W9X9Z"}
    squares = [shapely.box(a[4] - 1000, a[5] - 2000, a[4] + 1000, a[5] + 2000) for a in known.values()]
    frame = gpd.GeoDataFrame({"LSOA11CD": list(known), "LSOA11NM": "x"}, geometry=squares, crs="EPSG:27700")
    frame.to_file(files / "LSOA_2011_boundaries.gpkg", layer="lsoa", driver="GPKG")
    report = cut(files, tmp_path / "case", "W9X9Z")
    assert "areas.gpkg" in report.files
    areas = load_place(report.folder).areas
    assert set(areas.loc[~areas["neighbour"]].geom_type) <= {"Polygon", "MultiPolygon"}
    assert areas.loc["E01000011"].geometry.geom_type == "Point"
    assert one(report, "authority-localities").message.count("outline that holds the main site") <= 1
    again = cut(files, tmp_path / "again", "W9X9Z")
    assert (again.folder / "areas.gpkg").read_bytes() == (report.folder / "areas.gpkg").read_bytes()


def test_population_that_is_not_told_is_stood_in_for(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    areas = files / "lsoa11_2020.csv"
    text = areas.read_text(encoding="utf-8").replace("D1,5,1600,320,160", "D1,5,,,")
    areas.write_text(text, encoding="utf-8")
    report = cut(files, tmp_path / "case", "W9X9Z")
    assert table(report, "areas.csv").set_index("area_code").at["E01000002", "population"] == "4000"
    assert one(report, "population-from-registrations").value == "E01000002"


def test_no_table_of_areas_is_refused(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files", without=["lsoa11"])
    with pytest.raises(InputProblems) as error:
        cut(files, tmp_path / "case", "W9X9Z")
    assert problems(error).code == "no-areas-file"


# --- Localities ----------------------------------------------------------------------------------------------------


def test_local_authorities_stand_for_localities(old: CutReport) -> None:
    places = table(old, "practices.csv").set_index("practice_code")["locality"]
    assert places.to_dict() == {"X81001": "Vale", "X81002": "Quay", "X81004": "Vale", "X81007": "Vale"}
    assert "Quay; Vale" in one(old, "authority-localities").message


def test_an_assignment_table_gives_the_localities(files: Path, tmp_path: Path) -> None:
    given = tmp_path / "where.csv"
    given.write_text(
        "Practice code,Locality\nX81001,North\nX81002,South\nX81004,South\nX81009,South\nX82001,Else\n",
        encoding="utf-8",
    )
    report = cut(files, tmp_path / "case", "W9X9Z", localities=given)
    place = load_place(report.folder)
    assert place.practices["locality"].to_dict() == {
        "X81001": "North",
        "X81002": "South",
        "X81004": "South",
        "X81009": "South",
    }
    assert "1 practice of the table are not in the case" in one(report, "localities").message
    assert not of(report, "authority-localities")


def test_polygons_give_the_localities(files: Path, tmp_path: Path) -> None:
    given = tmp_path / "localities.geojson"
    halves = [shapely.box(399_000, 99_000, 406_000, 102_000), shapely.box(399_000, 102_000, 406_000, 106_000)]
    frame = gpd.GeoDataFrame({"locality": ["South", "North"]}, geometry=halves, crs="EPSG:27700")
    frame.to_crs("EPSG:4326").to_file(given, driver="GeoJSON")
    report = cut(files, tmp_path / "case", "W9X9Z", localities=given)
    place = load_place(report.folder)
    assert place.practices["locality"].to_dict() == {
        "X81001": "South",
        "X81002": "North",
        "X81004": "South",
        "X81009": "North",
    }


@pytest.mark.parametrize("text", ["", "Practice code,Locality\nX99999,North\n", "a,b\n1,2\n"])
def test_a_locality_file_that_says_nothing_is_refused_and_nothing_is_written(
    files: Path, tmp_path: Path, text: str
) -> None:
    given = tmp_path / "where.csv"
    given.write_text(text, encoding="utf-8")
    with pytest.raises(InputProblems):
        cut(files, tmp_path / "case", "W9X9Z", localities=given)
    assert {path.name for path in tmp_path.iterdir()} == {"where.csv"}


# --- The folder ----------------------------------------------------------------------------------------------------


def test_a_case_says_where_everything_comes_from(old: CutReport) -> None:
    sources = table(old, "sources.csv")
    assert set(sources["table"]) == {"practices", "sites", "areas", "registrations"}
    assert all(re.fullmatch("[0-9a-f]{64}", text) for text in sources["sha256"])
    assert (sources["licence"] != "").all()
    assert not sources.duplicated(["table", "file"]).any()
    settings = tomllib.loads((old.folder / "case.toml").read_text(encoding="utf-8"))
    assert settings["rules"]["set"] == "dorset-2017"
    assert settings["roads"]["method"] == "straight-line"
    assert "# patients = 18300\n# practices = 4\n# sites = 6\n" in (old.folder / "case.toml").read_text(
        encoding="utf-8"
    )
    assert "2016 Q1" in settings["tables"]["practices"]["vintage"]
    place = load_place(old.folder)
    assert {source.table for source in place.sources} == {"practices", "sites", "areas", "registrations"}
    assert all(source.licence and source.attribution for source in place.sources)


def test_the_record_stays_with_the_case_and_nothing_is_said_twice(old: CutReport, new: CutReport) -> None:
    for report in (old, new):
        told = load_place(report.folder).findings
        assert told == report.findings
        assert len({finding.message for finding in told}) == len(told)
        assert len({(finding.code, finding.file, finding.value) for finding in told}) == len(told)
        record = table(report, "record.csv")
        assert list(record.columns) == ["severity", "file", "row", "column", "value", "message", "fix", "code"]
        assert set(record["message"]) <= {finding.message for finding in told}
        assert all(finding.code and finding.message.endswith(".") for finding in told)


def test_names_a_spreadsheet_would_run_are_only_text(new: CutReport) -> None:
    assert load_place(new.folder).practices.at["X81009", "name"] == "=NEW, QUAY"
    left_out = pd.read_csv(new.folder / "left_out.csv", dtype=str, keep_default_na=False).set_index("code")
    assert left_out.at["X81001002", "name"] == "'=MILL LANE AGAIN"


def test_the_same_files_give_the_same_bytes(files: Path, old: CutReport, tmp_path: Path) -> None:
    again = cut(files, tmp_path / "case", "01X", when=IN_2016)
    assert again.files == old.files
    for name in old.files:
        assert (again.folder / name).read_bytes() == (old.folder / name).read_bytes(), name


def test_a_folder_in_use_is_left_alone(files: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    case.mkdir()
    (case / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputProblems) as error:
        cut(files, case, "W9X9Z")
    assert problems(error).code == "file-exists"
    assert [path.name for path in case.iterdir()] == ["mine.txt"]
    (case / "mine.txt").unlink()
    assert cut(files, case, "W9X9Z").practices == 4
    assert [path.name for path in tmp_path.iterdir()] == ["case"]


# --- The command ---------------------------------------------------------------------------------------------------


def call(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_command_cuts_a_case_that_runs_at_once(files: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    done = call("init", case, "--commissioner", "w9x9z", "--files", files, "--name", "Our vale", "--json")
    assert done.exit_code == 0, done.output + done.stderr
    told = json.loads(done.stdout)
    assert told["name"] == "Our vale"
    assert told["practices"] == 4
    assert told["patients"] == 20_666
    assert {finding["code"] for finding in told["findings"]} >= {"registrations-outside", "practices-chosen"}
    assert all(source["file"] for source in told["sources"])
    run = call("run", case, "--out", tmp_path / "run", "--options", 1)
    assert run.exit_code == 0, run.output + run.stderr
    findings = pd.read_csv(tmp_path / "run" / "findings.csv")
    assert "registrations-outside" in set(findings["code"])
    assert call("verify", tmp_path / "run").exit_code == 0


def test_the_command_says_what_was_done(files: Path, tmp_path: Path) -> None:
    codes = tmp_path / "codes.csv"
    codes.write_text("code,name\nX81001,A\nx81002,B\n", encoding="utf-8")
    done = call("init", tmp_path / "case", "--practices", codes, "--files", files, "--date", "2022-05-01")
    assert done.exit_code == 0, done.output + done.stderr
    assert "2 listed practices, 2022-05: 2 practices on" in done.output
    assert "blueprint run" in done.output


@pytest.mark.parametrize(
    "words",
    [
        ["--date", "yesterday"],
        ["--date", "2022-13"],
        ["--practices", "nobody"],
        ["--practices", "no/such/file.csv"],
        ["--commissioner", "11%J"],
    ],
)
def test_options_that_make_no_sense_are_told(files: Path, tmp_path: Path, words: list[str]) -> None:
    done = call("init", tmp_path / "case", "--commissioner", "W9X9Z", "--files", files, *words)
    assert done.exit_code == 1
    assert "Fix:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "case").exists()


def test_options_of_the_cut_need_a_commissioner_and_files(files: Path, tmp_path: Path) -> None:
    assert call("init", tmp_path / "case", "--files", files).exit_code == 2
    assert call("init", tmp_path / "case", "--commissioner", "W9X9Z").exit_code == 2
    assert not (tmp_path / "case").exists()
    assert call("init", tmp_path / "case").exit_code == 0


# --- Roads and code years ------------------------------------------------------------------------------------------


def write_extract(path: Path, west: float, south: float, east: float, north: float) -> Path:
    """An OpenStreetMap extract that says its box, with one road of 20 points across it (metres of EPSG:27700)."""
    box = [*lonlat(west, south), *lonlat(east, north)]
    steps = [(west + (east - west) * n / 19, south + (north - south) * n / 19) for n in range(20)]
    places = [lonlat(*step) for step in steps]
    nodes = "".join(f'<node id="{n}" lat="{y:.7f}" lon="{x:.7f}" version="1"/>' for n, (x, y) in enumerate(places, 1))
    refs = "".join(f'<nd ref="{n}"/>' for n in range(1, 21))
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">'
        f'<bounds minlon="{box[0]:.7f}" minlat="{box[1]:.7f}" maxlon="{box[2]:.7f}" maxlat="{box[3]:.7f}"/>'
        f'{nodes}<way id="1" version="1">{refs}<tag k="highway" v="primary"/></way></osm>',
        encoding="utf-8",
    )
    return path


def test_roads_that_cover_the_case_are_cut_into_it(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    write_extract(files / "vale.osm", 395_000, 95_000, 420_000, 110_000)
    report = cut(files, tmp_path / "case", "W9X9Z")
    assert "roads.osm.pbf" in report.files
    assert load_place(report.folder).settings["roads"]["source"] == "roads.osm.pbf"
    assert one(report, "roads").file == "vale.osm"
    assert "ends less than 10 km beyond" in one(report, "roads").message
    assert "roads" in set(report.sources["table"])
    assert not of(report, "no-roads")
    write_extract(files / "vale.osm", 380_000, 80_000, 435_000, 125_000)
    wider = cut(files, tmp_path / "wider", "W9X9Z")
    assert "ends less than" not in one(wider, "roads").message


def test_roads_of_another_county_are_not_used(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    write_extract(files / "elsewhere.osm", 495_000, 295_000, 505_000, 305_000)
    report = cut(files, tmp_path / "case", "W9X9Z")
    assert one(report, "roads-elsewhere").file == "elsewhere.osm"
    assert load_place(report.folder).settings["roads"]["method"] == "straight-line"


def test_population_by_areas_of_2021_is_carried_over(tmp_path: Path) -> None:
    """Registrations count in areas of 2011; a newer population does so in those of 2021, of which one was split."""
    files = write_national_files(tmp_path / "files")
    rows = [("LSOA11CD", "LSOA21CD", "CHGIND")]
    rows += [(code, code, "U") for code in AREAS if code != "E01000001"]
    rows += [("E01000001", "E01034001", "S"), ("E01000001", "E01034002", "S")]
    write_rows(files / "LSOA11_LSOA21_lookup.csv", rows)
    people = [("LSOA 2021 Code", "LSOA 2021 Name", "Total population mid 2022")]
    people += [(code, "x", 3000) for code in AREAS if code != "E01000001"]
    people += [("E01034001", "x", 700), ("E01034002", "x", 900)]
    write_rows(files / "population_2022_lsoa21.csv", people)
    report = cut(files, tmp_path / "case", "W9X9Z")
    areas = table(report, "areas.csv").set_index("area_code")
    assert areas.at["E01000001", "population"] == "1600"
    assert areas.at["E01000002", "population"] == "3000"
    assert of(report, "carried-over")


def test_areas_of_another_year_without_a_lookup_are_counted(tmp_path: Path) -> None:
    files = write_national_files(tmp_path / "files")
    people = [("LSOA 2021 Code", "LSOA 2021 Name", "Total population mid 2022")]
    people += [(code, "x", 3000) for code in AREAS if code != "E01000001"]
    people += [("E01034001", "x", 700), ("E01034002", "x", 900)]
    write_rows(files / "population_2022_lsoa21.csv", people)
    report = cut(files, tmp_path / "case", "W9X9Z")
    assert one(report, "other-code-year").file == "population_2022_lsoa21.csv"
    assert table(report, "areas.csv").set_index("area_code").at["E01000001", "population"] == "1500"


def test_a_place_asked_for_by_name_is_told_with_its_codes(files: Path, tmp_path: Path) -> None:
    with pytest.raises(InputProblems) as error:
        cut(files, tmp_path / "case", "Quay", "Narnia")
    quay, narnia = error.value.findings
    assert (quay.value, narnia.value) == ("Quay", "Narnia")
    inside = [code for code, area, n in national.REGISTRATIONS_2022 if area in {"E01000004", "E01000005", "E01000006"}]
    named = quay.fix.split("--commissioner ")[1].split(" ")[0].split(",")
    assert "1 open practice has" in quay.fix or f"{len(named)} open practices have" in quay.fix
    assert set(named) <= set(inside)
    assert quay.fix.endswith('--name "Quay"')
    assert "codes" in narnia.message
    assert cut(files, tmp_path / "case", *named).practices == len(named)
