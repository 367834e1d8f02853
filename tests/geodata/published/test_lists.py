"""List sizes in every published layout: bands by column, bands by row, one sex a file, totals, plain tables."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.errors import Finding, InputProblems
from geodata.published import lists
from geodata.published.agebands import Band
from geodata.published.catalogue import read_catalogue
from geodata.published.cells import Origin

BANDS = ["0-4", "5-14", "15-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+"]
NHSBSA = "Regional Office Name,Regional Office Code,Area Team Name,Area Team Code,PCO Name,PCO Code,Practice Name,"
NHSBSA += "Practice Code," + ",".join(f"{sex} {band}" for band in BANDS for sex in ("Male", "Female"))
ALL = "PUBLICATION,EXTRACT_DATE,TYPE,SUB_ICB_LOCATION_CODE,ONS_SUB_ICB_LOCATION_CODE,CODE,POSTCODE,SEX,AGE,"
ALL += "NUMBER_OF_PATIENTS"
QUIN = "PUBLICATION,EXTRACT_DATE,ORG_TYPE,ORG_CODE,ONS_CODE,POSTCODE,SEX,AGE_GROUP_5,NUMBER_OF_PATIENTS"
SINGLE = "EXTRACT_DATE,SUB_ICB_LOCATION_CODE,ONS_SUB_ICB_LOCATION_CODE,ORG_CODE,POSTCODE,SEX,AGE,NUMBER_OF_PATIENTS"
FIVES = [f"{low}_{low + 4}" for low in range(0, 95, 5)] + ["95+"]


def write(folder: Path, name: str, lines: list[str]) -> None:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(folder: Path) -> tuple[pd.DataFrame, list[Finding]]:
    return lists.read_lists(read_catalogue(folder).of("list_sizes"))


def nhsbsa_line(code: str, cells: list[str], name: str = "MILL LANE") -> str:
    return f"SOUTH,Y57,WESSEX,Q70,DORSET CCG,11J00,{name},{code}," + ",".join(f'"{cell}"' for cell in cells)


def quin_lines(code: str, men: int, women: int, kind: str = "GP") -> list[str]:
    """`men` and `women` in each five-year band."""
    start = f"GP_PRAC_PAT_LIST,01APR2022,{kind},{code},E38000045,DT1 1AA"
    lines = [f"{start},ALL,ALL,{20 * (men + women)}"]
    for sex, each in (("MALE", men), ("FEMALE", women)):
        lines.append(f"{start},{sex},ALL,{20 * each}")
        lines += [f"{start},{sex},{band},{each}" for band in FIVES]
    return lines


def single_lines(code: str, sex: str, each: int) -> list[str]:
    start = f"01APR2022,11J,E38000045,{code},DT1 1AA,{sex}"
    return [f"{start},ALL,{96 * each}", *(f"{start},{age},{each}" for age in [*range(95), "95+"])]


def test_bands_in_columns_sum_to_the_list(tmp_path: Path) -> None:
    cells = ["1,000", *["10"] * 13, "7", "8", "5", "6"]
    write(tmp_path, "list.csv", [NHSBSA, nhsbsa_line("j81001", cells), nhsbsa_line("J81002", ["1"] * 18)])
    frame, findings = read(tmp_path)
    assert findings == []
    assert list(frame.columns) == list(lists.LIST_COLUMNS)
    first = frame.iloc[0]
    assert (first["practice_code"], first["name"], first["commissioner"]) == ("J81001", "MILL LANE", "11J")
    assert (first["list_size"], first["age_65_plus"], first["age_75_plus"]) == (1156, 26, 11)
    assert first["age_children"] == 1030 and math.isnan(first["age_85_plus"])  # under 15; the bands end at 75+
    assert frame["list_size"].dtype == "int64"


def test_withheld_bands_are_told_and_never_counted_as_old_people(tmp_path: Path) -> None:
    rows = [nhsbsa_line("J81001", ["10"] * 17 + ["*"]), nhsbsa_line("J81002", [""] * 18)]
    rows += [nhsbsa_line("J81003", ["x9"] + ["10"] * 17), nhsbsa_line("J81004", ["10"] * 18)]
    write(tmp_path, "list.csv", [NHSBSA, *rows])
    frame, findings = read(tmp_path)
    frame = frame.set_index("practice_code")
    assert frame.at["J81001", "list_size"] == 170 and math.isnan(frame.at["J81001", "age_65_plus"])
    assert "J81002" not in frame.index
    assert frame.at["J81003", "list_size"] == 170 and frame.at["J81003", "age_75_plus"] == 20
    told = {(f.row, f.code, f.value) for f in findings}
    assert (2, "withheld-count", "J81001") in told and (3, "no-list-size", "J81002") in told
    assert (4, "bad-count", "x9") in told
    assert [f.column for f in findings if f.code == "bad-count"] == ["Male 0-4"]


def test_a_table_with_a_list_size_column_is_checked_against_its_bands(tmp_path: Path) -> None:
    header = (
        NHSBSA.replace("Practice Name,Practice Code", "name,code") + ",list_size,age65plus,age75plus,postcode,parent"
    )
    rows = [nhsbsa_line("J81001", ["10"] * 18) + ",180,40,20,dt1 1aa,11J"]
    rows += [nhsbsa_line("J81002", ["10"] * 18) + ",200,40,20,DT1 1AB,11J"]
    write(tmp_path, "practices_2016Q1.csv", [header, *rows])
    frame, (finding,) = read(tmp_path)
    assert list(frame["list_size"]) == [180, 200] and list(frame["age_65_plus"]) == [40, 40]
    assert list(frame["postcode"]) == ["DT1 1AA", "DT1 1AB"]
    assert (finding.row, finding.value, finding.code) == (3, "200", "list-size-and-bands")


def test_a_told_list_size_is_not_doubted_for_withheld_bands(tmp_path: Path) -> None:
    header = NHSBSA.replace("Practice Name,Practice Code", "name,code") + ",list_size"
    rows = [nhsbsa_line("J81001", ["10"] * 17 + ["*"]) + ",183", nhsbsa_line("J81002", ["10"] * 18) + ",180"]
    write(tmp_path, "list.csv", [header, *rows])
    frame, findings = read(tmp_path)
    assert list(frame["list_size"]) == [183, 180] and findings == []


def test_bands_that_straddle_an_age_tell_nothing_of_it(tmp_path: Path) -> None:
    bands = ["0-4", "5-14", "15-24", "25-59", "60-69", "70-74", "75+"]
    header = "Practice Code," + ",".join(f"{sex} {band}" for sex in ("Male", "Female") for band in bands)
    write(tmp_path, "list.csv", [header, "J81001" + ",10" * 14, "J81002" + ",20" * 14])
    frame, findings = read(tmp_path)
    assert findings == [] and list(frame["list_size"]) == [140, 280]
    assert frame["age_65_plus"].isna().all() and list(frame["age_75_plus"]) == [20, 40]


def test_a_total_of_all_is_not_added_to_those_of_the_sexes(tmp_path: Path) -> None:
    header = "Practice Code,All Ages,Total Male,Total Female," + ",".join(f"Male {band}" for band in BANDS)
    write(tmp_path, "list.csv", [header, "J81001,200,110,90" + ",10" * 9, "J81002,400,220,180" + ",20" * 9])
    frame, _ = read(tmp_path)
    assert list(frame["list_size"]) == [200, 400]


def test_totals_by_row(tmp_path: Path) -> None:
    start = "GP_PRAC_PAT_LIST,01APR2022,GP,11J,E38000045"
    rows = [f"{start},J81001,DT1 1AA,ALL,ALL,8450", f'{start},J81002,DT1 1AB,ALL,ALL,"12,000"']
    write(tmp_path, "gp-reg-pat-prac-all.csv", [ALL, *rows])
    frame, findings = read(tmp_path)
    assert findings == []
    assert list(frame["list_size"]) == [8450, 12000] and frame["age_65_plus"].isna().all()
    assert list(frame["commissioner"]) == ["11J", "11J"] and list(frame["postcode"]) == ["DT1 1AA", "DT1 1AB"]


@pytest.mark.parametrize("without", ["nothing", "the total of all", "all totals"])
def test_five_year_bands_by_row_count_nobody_twice(tmp_path: Path, without: str) -> None:
    rows = quin_lines("J81001", 10, 20) + quin_lines("J81002", 1, 2)
    rows += quin_lines("11J", 1000, 1000, "CCG") + quin_lines("Y57", 5000, 5000, "Comm Region")
    if without != "nothing":
        rows = [row for row in rows if ",ALL,ALL," not in row]
    if without == "all totals":
        rows = [row for row in rows if ",ALL," not in row]
    write(tmp_path, "gp-reg-pat-prac-quin-age.csv", [QUIN, *rows])
    frame, findings = read(tmp_path)
    assert findings == []
    assert list(frame["practice_code"]) == ["J81001", "J81002"]
    assert list(frame["list_size"]) == [600, 60]
    assert list(frame["age_65_plus"]) == [210, 21] and list(frame["age_75_plus"]) == [150, 15]
    assert list(frame["age_85_plus"]) == [90, 9] and list(frame["age_children"]) == [90, 9]  # three bands of five years


def test_the_layout_to_2017_has_a_column_for_each_band_and_totals(tmp_path: Path) -> None:
    header = "GP_PRACTICE_CODE,POSTCODE,ONS_CCG_CODE,CCG_CODE,Total_All,Total_Male,Total_Female,"
    header += ",".join(f"{sex}_{band}" for sex in ("Male", "Female") for band in FIVES)
    cells = ",".join(["10"] * 20 + ["20"] * 20)
    rows = [f"J81001,DT1 1AA,E38000045,11J,600,200,400,{cells}", f"J81002,DT1 1AB,E38000045,11J,,200,400,{cells}"]
    write(tmp_path, "gp-reg-patients-prac-quin-age.csv", [header, *rows])
    frame, findings = read(tmp_path)
    assert findings == []
    assert list(frame["list_size"]) == [600, 600]
    assert list(frame["age_65_plus"]) == [210, 210] and list(frame["age_75_plus"]) == [150, 150]
    assert list(frame["age_85_plus"]) == [90, 90] and list(frame["age_children"]) == [90, 90]


def test_single_years_of_men_and_women_are_added(tmp_path: Path) -> None:
    write(tmp_path, "gp-reg-pat-prac-sing-age-male.csv", [SINGLE, *single_lines("J81001", "MALE", 10)])
    _, findings = read(tmp_path)
    assert [f.code for f in findings] == ["one-sex-only"] and "men only" in findings[0].message
    write(tmp_path, "gp-reg-pat-prac-sing-age-female.csv", [SINGLE, *single_lines("J81001", "FEMALE", 20)])
    frame, findings = read(tmp_path)
    assert findings == []
    assert frame.loc[0, ["list_size", "age_65_plus", "age_75_plus"]].tolist() == [96 * 30, 31 * 30, 21 * 30]
    assert frame.loc[0, ["age_85_plus", "age_children"]].tolist() == [11 * 30, 16 * 30]  # single years: under 16


def test_a_second_copy_of_a_file_counts_nobody_twice(tmp_path: Path) -> None:
    for name, sex, each in (("male", "MALE", 10), ("male (1)", "MALE", 10), ("female", "FEMALE", 20)):
        write(tmp_path, f"gp-reg-pat-prac-sing-age-{name}.csv", [SINGLE, *single_lines("J81001", sex, each)])
    assert list(read(tmp_path)[0]["list_size"]) == [96 * 30]


def quin_rows(*rows: tuple[str, str, str, object]) -> list[str]:
    """Practice, sex, age and number."""
    start = "GP_PRAC_PAT_LIST,01APR2022,GP"
    return [f"{start},{code},E38000045,DT1 1AA,{sex},{age},{number}" for code, sex, age, number in rows]


def test_a_told_total_counts_before_the_sum_of_its_ages(tmp_path: Path) -> None:
    rows = quin_lines("J81001", 10, 20) + quin_lines("J81002", 1, 2)
    write(tmp_path, "quin.csv", [QUIN, *(row.replace("ALL,ALL,600", "ALL,ALL,601") for row in rows)])
    assert list(read(tmp_path)[0]["list_size"]) == [601, 60]


def test_old_people_alone_are_no_list(tmp_path: Path) -> None:
    rows = [row for code in ("J81001", "J81002") for row in quin_lines(code, 10, 20) if ",ALL," not in row]
    write(tmp_path, "quin.csv", [QUIN, *(row for row in rows if any(f",{age}" in row for age in FIVES[13:]))])
    frame, findings = read(tmp_path)
    assert frame.empty and [f.code for f in findings] == ["no-list-size"] * 2


def test_withheld_rows_are_never_counted_as_old_people(tmp_path: Path) -> None:
    rows = quin_lines("J81001", 10, 20) + quin_lines("J81002", 1, 2)
    rows = [row for row in rows if ",ALL," not in row]
    rows = [row.removesuffix("10") + "*" if ",MALE,80_84,10" in row else row for row in rows]
    rows += quin_rows(("J81003", "ALL", "0_4", 50), ("J81003", "ALL", "65_69", 9), ("J81003", "ALL", "95+", "*"))
    write(tmp_path, "quin.csv", [QUIN, *rows])
    frame, findings = read(tmp_path)
    assert list(frame["list_size"]) == [590, 60, 59]
    assert frame["age_65_plus"].isna().tolist() == [True, False, True]
    assert [(f.code, f.value) for f in findings] == [("withheld-count", "J81001"), ("withheld-count", "J81003")]


def test_sexes_are_added_when_men_and_women_are_told(tmp_path: Path) -> None:
    rows = quin_rows(("J81001", "ALL", "ALL", 100), ("J81003", "MALE", "ALL", 30), ("J81003", "FEMALE", "ALL", 40))
    rows += quin_rows(("J81003", "INDETERMINATE", "ALL", 2), ("J81004", "ALL", "ALL", 9))
    write(tmp_path, "all.csv", [QUIN, *rows])
    frame, findings = read(tmp_path)
    assert dict(zip(frame["practice_code"], frame["list_size"], strict=True)) == {
        "J81001": 100, "J81003": 72, "J81004": 9,
    }  # fmt: skip
    assert findings == []


def test_men_beside_totals_are_no_list(tmp_path: Path) -> None:
    rows = quin_rows(("J81001", "ALL", "ALL", 100), ("J81002", "MALE", "ALL", 30))
    write(tmp_path, "all.csv", [QUIN, *rows])
    frame, findings = read(tmp_path)
    assert list(frame["practice_code"]) == ["J81001"]
    assert [(f.code, f.value) for f in findings] == [("no-list-size", "J81002")]


def test_ages_that_are_none_and_repeated_rows_are_told(tmp_path: Path) -> None:
    rows = quin_rows(("J81001", "ALL", "ALL", 100), ("J81001", "ALL", "soon", 7), ("J81001", "ALL", "ALL", 110))
    write(tmp_path, "all.csv", [QUIN, *rows, *quin_rows(("J81002", "ALL", "ALL", 50))])
    frame, findings = read(tmp_path)
    assert list(frame["list_size"]) == [110, 50]
    assert [(f.row, f.code) for f in findings] == [(3, "bad-age-band"), (2, "duplicate-row")]


def test_files_of_one_date_complete_each_other(tmp_path: Path) -> None:
    start = "GP_PRAC_PAT_LIST,01APR2022,GP,11J,E38000045"
    totals = [f"{start},J81001,DT1 1AA,ALL,ALL,601", f"{start},J81003,DT1 1AB,ALL,ALL,12000"]
    write(tmp_path, "gp-reg-pat-prac-all.csv", [ALL, *totals])
    write(tmp_path, "gp-reg-pat-prac-quin-age.csv", [QUIN, *quin_lines("J81001", 10, 20), *quin_lines("J81002", 1, 2)])
    files = sorted(read_catalogue(tmp_path).of("list_sizes"), key=lambda file: file.table.file)
    frame, findings = lists.read_lists(files)
    assert findings == []
    assert list(frame["practice_code"]) == ["J81001", "J81002", "J81003"]
    assert list(frame["list_size"]) == [601, 60, 12000]
    assert frame["age_65_plus"].tolist()[:2] == [210, 21] and math.isnan(frame["age_65_plus"][2])


def test_codes_that_are_none_and_repeated_practices_are_told(tmp_path: Path) -> None:
    rows = [nhsbsa_line("J81001", ["1"] * 18), nhsbsa_line("TOTAL", ["9"] * 18), nhsbsa_line("J81001", ["2"] * 18)]
    rows += [nhsbsa_line(f"J8200{i}", ["3"] * 18) for i in range(8)] + [nhsbsa_line("J82000", [""] * 18)]
    write(tmp_path, "list.csv", [NHSBSA, *rows])
    frame, findings = read(tmp_path)
    assert list(frame["list_size"]) == [36, *[54] * 8]
    assert {(f.row, f.code) for f in findings} == {(3, "malformed-code"), (2, "duplicate-code"), (13, "duplicate-code")}


CELLS = st.sampled_from(
    ["", "J81001", "J81002", "MALE", "ALL", "GP", "0_4", "95+", "12", "1,2", "*", "-3", "9" * 30]
) | st.text(max_size=8)


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.lists(CELLS, min_size=6, max_size=6), max_size=10), drop=st.sets(st.integers(2, 5)))
def test_mangled_rows_never_break_the_parsers(rows: list[list[str]], drop: set[int]) -> None:
    names = ["practice_code", "list_size", "sex", "age", "org_type", "postcode"]
    raw = pd.DataFrame(rows, columns=names, dtype="str", index=range(2, 2 + len(rows)))
    raw = raw.drop(columns=[names[at] for at in drop])
    findings: list[Finding] = []
    by_row = lists.parse_rows(raw, Origin("list.csv", {}), findings)
    bands = {2: Band("male", 0, 64), 3: Band("male", 65, 150), 4: Band("female", 0, 64), 5: Band("female", 65, 150)}
    wide = raw.rename(columns={name: f"band {at}" for at, name in enumerate(names) if at > 1})
    bands = {at: band for at, band in bands.items() if f"band {at}" in wide}
    by_column = lists.parse_columns(wide, bands, Origin("list.csv", {}), findings)
    for frame in (by_row, by_column):
        assert frame["practice_code"].is_unique and (frame["list_size"] >= 0).all()
    assert all(str(finding) for finding in findings)


@settings(max_examples=30, deadline=None)
@given(content=st.binary(max_size=200), cut=st.integers(0, 4000))
def test_a_mangled_file_gives_findings_and_no_traceback(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("mangled")
    lines = [QUIN, *quin_lines("J81001", 10, 20), *quin_lines("J81002", 1, 2)]
    text = "\n".join(lines).encode()
    (folder / "gp-reg-pat-prac-quin-age.csv").write_bytes(text[:cut] + content + text[cut:])
    try:
        read(folder)
    except InputProblems as problems:
        assert problems.findings


@pytest.mark.real
def test_england_and_dorset_in_the_real_files(shared_data: Path) -> None:
    (file,) = read_catalogue(shared_data / "england").of("list_sizes")
    frame, findings = lists.read_list_sizes(file)
    assert findings == [] and len(frame) == 7705
    (small,) = read_catalogue(shared_data / "dorset").of("list_sizes")
    dorset, findings = lists.read_list_sizes(small)
    assert findings == []
    assert (len(dorset), dorset["list_size"].sum()) == (98, 788645)
    same = frame[frame["practice_code"].isin(dorset["practice_code"])].reset_index(drop=True)
    columns = ["practice_code", "list_size", "age_65_plus", "age_75_plus"]
    pd.testing.assert_frame_equal(same[columns], dorset[columns])
    assert same.set_index("practice_code").at["Y02650", "list_size"] == 367
    assert "J81623" not in set(frame["practice_code"])
    assert set(frame.loc[frame["practice_code"].isin(dorset["practice_code"]), "commissioner"]) == {"11J"}
