"""Columns about single people are refused by name and by content, and no message says what stands in them."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.case import TableSpec
from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from geodata.tables import blocks
from geodata.tables.blocks import read_in_blocks
from geodata.tables.personal import CODE, is_nhs_number, personal_findings
from geodata.tables.readers import read_table
from tests.small_case import write_small_case


def nhs_numbers(number: int) -> list[str]:
    """Numbers that pass the check, made in order from 400 000 000 on; none is anybody's by intent."""
    found = []
    stem = 400_000_000
    while len(found) < number:
        stem += 7_919
        found += [f"{stem}{last}" for last in range(10) if is_nhs_number(f"{stem}{last}")]
    return found


def births(number: int) -> list[date]:
    rng = random.Random(1)
    return [date(1925, 1, 1) + timedelta(days=rng.randrange(90 * 365)) for _ in range(number)]


def of(columns: dict[str, list[str]]) -> list[Finding]:
    header = list(columns)
    return personal_findings(header, lambda at: columns[header[at]], "file.csv")


def write(path: Path, columns: dict[str, list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


# --- By name -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "NHS Number", "nhs_no", "NHSNumber", "New NHS No.", "nhsnum", "CHI number", "NINO", "National Insurance No",
        "DOB", "Date of Birth", "date_of_birth", "DateOfBirth", "BirthDate", "D.O.B.", "Year of birth",
        "Patient name", "patient_surname", "Patient's name", "PatientID", "patient postcode", "patient_address_1",
        "Name of patient", "patients address", "resident name", "Next of kin", "carer phone", "Patient e-mail",
        "Home address", "home_postcode", "Home telephone", "Residential address", "address of the patient",
        "patientpostcode", "YOB", "Birth year", "NHS ID", "NHS #", "MRN", "H&C number", "Patient ref", "Person ID",
        "Passport number", "Mother's maiden name", "Patient addr",
    ],
)  # fmt: skip
def test_columns_that_say_so_are_refused(name: str) -> None:
    (finding,) = of({name: ["x", "y"]})
    assert finding.code == CODE
    assert finding.severity == "error"
    assert finding.column == name
    assert "counts only" in finding.fix


@pytest.mark.parametrize(
    "name",
    [
        "patients", "Number of patients", "NUMBER_OF_PATIENTS", "patients 65+", "Registered patients",
        "Patient list size", "Postcode", "Address 1", "Address Line 2", "Contact Telephone Number", "Open Date",
        "Close Date", "Join Provider Date", "NHS England Region", "National Grouping", "High Level Health Geography",
        "Parent Organisation Code", "Children",
        "care home address", "nursing home postcode", "planned homes", "site address", "place name", "Stillborn",
        "born_in_uk", "residents", "nhs_number_of_sites", "Email", "Surname",
        "home_phone_share", "patients email consultations", "patients_mobile_clinic",
    ],
)  # fmt: skip
def test_columns_of_published_files_pass(name: str) -> None:
    assert of({name: ["x", "y"]}) == []


def test_what_stands_beside_such_a_column_is_named_in_the_same_go() -> None:
    found = of({"NHS Number": ["1"], "Surname": ["a"], "Postcode": ["b"], "GP code": ["c"], "Sex": ["d"]})
    assert [one.column for one in found] == ["NHS Number", "Surname", "Postcode", "Sex"]


# --- By content --------------------------------------------------------------------------------------------------


def test_the_check_of_nhs_numbers_is_that_of_the_data_dictionary() -> None:
    assert is_nhs_number("943 476 5919")  # the example of the NHS Data Model and Dictionary
    assert not is_nhs_number("943 476 5918")
    assert not is_nhs_number("1111111111")
    assert not is_nhs_number("94347659190")


@given(st.integers(0, 999_999_999))
def test_one_of_ten_last_digits_at_most_is_right(stem: int) -> None:
    assert sum(is_nhs_number(f"{stem:09d}{last}") for last in range(10)) <= 1


IN_PARTS = "{0[0]}{0[1]}{0[2]}%s{0[3]}{0[4]}{0[5]}%s{0[6]}{0[7]}{0[8]}{0[9]}"
"""A number in three parts, as people write it."""


@pytest.mark.parametrize(
    "shape",
    [
        "{}", "{}.0", "'{}", '="{}"', "{};", "\u200b{}", "NHS {}", "NHS No: {}", "Patient {} attends",
        "{0[0]}.{0[1]}{0[2]}{0[3]}{0[4]}{0[5]}{0[6]}{0[7]}{0[8]}{0[9]}E+09",
        "{0[0]},{0[1]}{0[2]}{0[3]},{0[4]}{0[5]}{0[6]},{0[7]}{0[8]}{0[9]}",
        *(IN_PARTS % (mark, mark) for mark in (" ", "-", "  ", ".", "\u00a0", "\u2013", " -")),
    ],
)  # fmt: skip
def test_numbers_that_pass_the_check_are_refused_whatever_the_column_is_called(shape: str) -> None:
    cells = [shape.format(number) for number in nhs_numbers(30)]
    (finding,) = of({"reference": [*cells, ""], "code": ["J81001"] * 31})
    assert finding.column == "reference"
    assert not any(cell in str(finding) for cell in cells)


def test_numbers_between_other_texts_and_in_remarks_are_refused() -> None:
    numbers = nhs_numbers(30)
    mixed = [number if at % 3 else "not known" for at, number in enumerate(numbers)]
    codes = [number if at % 2 else f"P{at:04d}" for at, number in enumerate(numbers)]
    one = ["", "opened anew", f"see NHS number {numbers[0]}", *[""] * 20]
    for cells in (mixed, codes, one):
        (finding,) = of({"ref": cells})
        assert not any(number in str(finding) for number in numbers)


def test_other_numbers_of_ten_digits_pass() -> None:
    rng = random.Random(2)
    assert of({"uprn": [str(rng.randrange(10**9, 10**10)) for _ in range(200)]}) == []
    assert of({"telephone": [f"01202{n:06d}" for n in range(200)]}) == []
    assert of({"telephone": [f"01202 {n:06d}" for n in range(200)]}) == []
    assert of({"x": [f"{rng.random() * 1e5:.10f}" for _ in range(200)]}) == []
    assert of({"reference": [str(1_000_000_000 + n) for n in range(200)]}) == []


def test_national_insurance_numbers_are_refused() -> None:
    (finding,) = of({"ref": [f"AB{n:06d}C" for n in range(10)]})
    assert "National Insurance" in finding.message


@pytest.mark.parametrize(
    "shape",
    [
        "%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%d-%b-%Y", "%Y-%m-%dT00:00:00", "%d%m%Y", "%d/%m/%y", "%m/%d/%Y",
        "%d-%b-%y", "%d%b%Y", "%B %d, %Y", "%A %d %B %Y", "%dth %B %Y", "%d %b. %Y", "%d / %m / %Y", "%Y.%m.%d",
    ],
)  # fmt: skip
def test_days_spread_over_a_lifetime_are_dates_of_birth(shape: str) -> None:
    days = [day.strftime(shape) for day in births(200)]
    (finding,) = of({"d": [*days, "unknown", "not given"]})
    assert "dates of birth" in finding.message
    assert not any(day in str(finding) for day in days)


def test_days_of_opening_pass() -> None:
    opened = ["19740401"] * 60 + [f"{year}0401" for year in range(1948, 2016)] * 2
    assert of({"Open Date": opened, "year": [str(1920 + n % 90) for n in range(196)]}) == []


def test_a_file_without_column_names_is_not_named_by_its_data() -> None:
    number = nhs_numbers(1)[0]
    (finding,) = of({number: ["x"], "b": ["y"]})
    assert finding.column == "number 1"
    assert number not in str(finding)


# --- Through every reader ----------------------------------------------------------------------------------------


def test_every_kind_of_file_is_refused_and_nothing_of_it_is_told(tmp_path: Path) -> None:
    numbers = nhs_numbers(20)
    columns = {
        "practice_code": ["J81001"] * 20,
        "area_code": ["E01000001"] * 20,
        "patients": ["1"] * 20,
        "ref": numbers,
    }
    write(tmp_path / "a.csv", columns)
    frame = pd.DataFrame(columns)
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    for file in ("a.csv", "a.xlsx", "a.parquet"):
        part, findings, source = read_table(tmp_path, "registrations", TableSpec(file=file))
        assert part is None
        assert source is None
        assert [one.code for one in findings] == [CODE]
        assert not any(number in str(one.as_dict()) for number in numbers for one in findings)


def test_a_long_file_is_refused_by_its_first_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 200)
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 10)
    columns = {"postcode": [f"DT{n % 9} 1AA" for n in range(50)], "number": nhs_numbers(50)}
    write(tmp_path / "a.csv", columns)
    pd.DataFrame(columns).to_parquet(tmp_path / "a.parquet", index=False)
    for file in ("a.csv", "a.parquet"):
        taken: list[object] = []
        part, findings, _ = read_in_blocks(tmp_path, "postcodes", TableSpec(file=file), taken.append)
        assert (part, taken) == (None, [])
        assert [(one.code, one.column) for one in findings] == [(CODE, "postcode"), (CODE, "number")]


def test_all_files_of_a_case_are_told_in_one_go(tmp_path: Path) -> None:
    folder = write_small_case(tmp_path / "case")
    for name in ("practices", "registrations"):
        table = pd.read_csv(folder / f"{name}.csv", dtype=str)
        table["Date of birth"] = "1950-01-01"
        table.to_csv(folder / f"{name}.csv", index=False)
    with pytest.raises(InputProblems) as problems:
        load_place(folder)
    mine = [one for one in problems.value.findings if one.code == CODE]
    assert {(one.file, one.column) for one in mine} == {
        ("practices.csv", "Date of birth"),
        ("registrations.csv", "Date of birth"),
    }
    assert "1950" not in str(problems.value)


def test_one_row_a_person_is_refused(tmp_path: Path) -> None:
    areas = [f"E0{n % 3:07d}" for n in range(300)]
    write(tmp_path / "a.csv", {"practice_code": ["J81001"] * 300, "area_code": areas})
    part, findings, _ = read_table(tmp_path, "registrations", TableSpec(file="a.csv"))
    assert part is None
    assert "one row a person" in findings[0].message


def test_patients_by_postcode_are_refused_and_postcodes_of_practices_pass(tmp_path: Path) -> None:
    own = [f"DT{n // 100} {n % 10}A{chr(65 + n % 20)}" for n in range(200)]
    base = {"practice_code": ["J81001"] * 200, "area_code": [f"E{n:08d}" for n in range(200)], "patients": ["9"] * 200}
    write(tmp_path / "a.csv", base | {"pc": own})
    write(tmp_path / "b.csv", base | {"postcode": ["DT1 1AA"] * 200})
    assert [one.code for one in read_table(tmp_path, "registrations", TableSpec(file="a.csv"))[1]] == [CODE]
    part, findings, _ = read_table(tmp_path, "registrations", TableSpec(file="b.csv"))
    assert part is not None
    assert not [one for one in findings if one.code == CODE]


def test_an_export_without_column_names_tells_nothing(tmp_path: Path) -> None:
    numbers = nhs_numbers(5)
    text = "".join(f"{number},J8100{n},12 High Street\n" for n, number in enumerate(numbers))
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    part, findings, _ = read_table(tmp_path, "practices", TableSpec(file="a.csv"))
    assert part is None
    assert not any(number in str(one.as_dict()) for number in numbers for one in findings)


# --- Real files --------------------------------------------------------------------------------------------------


def test_no_real_file_is_refused(shared_data: Path) -> None:
    looked = 0
    for path in sorted(shared_data.rglob("*")):
        spec = TableSpec(file=path.name)
        if path.suffix == ".csv":
            with path.open(encoding="utf-8", errors="replace", newline="") as handle:
                rows = [row for _, row in zip(range(3_000), csv.reader(handle), strict=False)]
            header, body = (
                [f"c{n}" if path.stem.startswith(("epr", "ebr")) else name for n, name in enumerate(rows[0])],
                rows[1:],
            )
        elif path.suffix == ".xlsx":
            for sheet in openpyxl.load_workbook(path, read_only=True).worksheets:
                rows = [
                    ["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)
                ]
                assert (
                    personal_findings(
                        rows[0], lambda at, rows=rows: [row[at] for row in rows[1:] if at < len(row)], "x"
                    )
                    == []
                )
                looked += 1
            continue
        elif path.suffix == ".parquet":
            frame = pd.read_parquet(path).head(3_000).astype(str)
            header, body = list(frame.columns), frame.to_numpy().tolist()
        else:
            continue
        cells = personal_findings(header, lambda at, body=body: [row[at] for row in body if at < len(row)], spec.file)
        assert cells == [], path.name
        looked += 1
    assert looked >= 15
