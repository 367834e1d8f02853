"""Registrations by practice and area: each patient once, whatever the layout."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.errors import Finding, InputProblems
from geodata.published import lists, networks, ods, registered
from geodata.published.catalogue import read_catalogue
from geodata.published.cells import Origin

HEADER = "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,LSOA_CODE,SEX,NUMBER_OF_PATIENTS"
ALL = [("J81001", "E01020473", 700), ("J81001", "E01020474", 30), ("J81002", "W01000001", 4), ("J81002", "CLOSED", 1)]


def lines(rows: list[tuple[str, str, int]], sex: str, day: str = "01APR2022") -> list[str]:
    return [f"GP_PRAC_PAT_LIST,{day},{code},MILL LANE,{area},{sex},{count}" for code, area, count in rows]


def write(folder: Path, name: str, text: list[str]) -> None:
    (folder / name).write_text("\n".join(text) + "\n", encoding="utf-8")


def read(folder: Path, **more: object) -> tuple[pd.DataFrame, list[Finding]]:
    return registered.read_registrations(read_catalogue(folder).of("registrations"), **more)


def triples(frame: pd.DataFrame) -> list[tuple[str, str, int]]:
    return [tuple(row) for row in frame.itertuples(index=False)]


def test_all_patients(tmp_path: Path) -> None:
    write(tmp_path, "gp-reg-pat-prac-lsoa-all.csv", [HEADER, *lines(ALL, "ALL")])
    frame, findings = read(tmp_path)
    assert findings == []
    assert triples(frame) == sorted(ALL) and frame["patients"].dtype == "int64"


@pytest.mark.parametrize(
    "header",
    [
        "publication,extract_date,practice_code,practice_name,lsoa_code,sex,number_of_patients",
        "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,LSOA_CODE,SEX,Number of Patients",
        "Publication,Extract Date,Practice Code,Practice Name,LSOA11CD,Sex,Number Of Patients",
        "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,LSOA_CODE_2021,SEX,NUMBER_OF_PATIENTS",
    ],
)
def test_spellings_of_the_header(tmp_path: Path, header: str) -> None:
    write(tmp_path, "lsoa.csv", [header, *lines(ALL, "All", "04JAN2021")])
    frame, findings = read(tmp_path)
    assert findings == [] and triples(frame) == sorted(ALL)


def test_men_and_women_are_added_and_never_counted_beside_all(tmp_path: Path) -> None:
    men = [(code, area, count // 2) for code, area, count in ALL if count > 1]
    women = [(code, area, count - count // 2) for code, area, count in ALL]
    write(tmp_path, "gp-reg-pat-prac-lsoa-female.csv", [HEADER, *lines(women, "FEMALE")])
    frame, findings = read(tmp_path)
    assert len(frame) == 0 and [(f.code, f.severity) for f in findings] == [("one-sex-only", "error")]
    write(tmp_path, "gp-reg-pat-prac-lsoa-male.csv", [HEADER, *lines(men, "MALE")])
    assert triples(read(tmp_path)[0]) == sorted(ALL)
    write(tmp_path, "gp-reg-pat-prac-lsoa-all.csv", [HEADER, *lines(ALL, "ALL")])
    assert triples(read(tmp_path)[0]) == sorted(ALL)


def test_one_file_with_all_men_and_women(tmp_path: Path) -> None:
    rows = lines(ALL, "ALL") + lines(ALL, "MALE")
    rows += lines([("J81003", "E01020473", 5)], "MALE") + lines([("J81003", "E01020473", 6)], "FEMALE")
    write(tmp_path, "lsoa.csv", [HEADER, *rows])
    assert triples(read(tmp_path)[0]) == sorted([*ALL, ("J81003", "E01020473", 11)])


def test_only_the_newest_of_several_dates_is_read(tmp_path: Path) -> None:
    write(tmp_path, "old.csv", [HEADER, *lines(ALL, "ALL", "01APR2019")])
    write(tmp_path, "new.csv", [HEADER, *lines(ALL[:1], "ALL", "01APR2022")])
    assert triples(read(tmp_path)[0]) == ALL[:1]


def test_men_of_one_date_are_not_added_to_women_of_another(tmp_path: Path) -> None:
    write(tmp_path, "male.csv", [HEADER, *lines(ALL, "MALE", "01APR2019")])
    write(tmp_path, "female.csv", [HEADER, *lines(ALL, "FEMALE", "01APR2022")])
    frame, findings = read(tmp_path)
    assert frame.empty and [(f.code, f.file) for f in findings] == [("one-sex-only", "female.csv")]


def test_a_second_copy_of_a_file_counts_nobody_twice(tmp_path: Path) -> None:
    for name, sex in (("male", "MALE"), ("male (1)", "MALE"), ("female", "FEMALE")):
        write(tmp_path, f"{name}.csv", [HEADER, *lines(ALL[:1], sex)])
    assert triples(read(tmp_path)[0]) == [("J81001", "E01020473", 1400)]


def test_a_column_for_each_sex(tmp_path: Path) -> None:
    header = "PRACTICE_CODE,ORG_NAME,LSOA_CODE,Male Patients,Female Patients,All Patients"
    write(tmp_path, "lsoa-alt-tall.csv", [header, "J81001,MILL LANE,E01020473,300,400,700", "J81001,X,NO2011,0,1,1"])
    assert triples(read(tmp_path)[0]) == [("J81001", "E01020473", 700), ("J81001", "NO2011", 1)]


def test_men_and_women_in_columns_without_a_total_are_added(tmp_path: Path) -> None:
    header = "PRACTICE_CODE,LSOA_CODE,Male Patients,Female Patients"
    write(tmp_path, "lsoa.csv", [header, "J81001,E01020473,300,410", "J81001,NO2011,0,1"])
    assert triples(read(tmp_path)[0]) == [("J81001", "E01020473", 710), ("J81001", "NO2011", 1)]


def test_people_of_another_sex_are_counted_too(tmp_path: Path) -> None:
    rows = [line for sex, n in (("MALE", 5), ("FEMALE", 6), ("INDETERMINATE", 2), ("?", 1))
            for line in lines([("J81001", "E01020473", n)], sex)]  # fmt: skip
    write(tmp_path, "lsoa.csv", [HEADER, *rows])
    assert triples(read(tmp_path)[0]) == [("J81001", "E01020473", 14)]


def test_a_plain_table_and_the_practices_wanted(tmp_path: Path) -> None:
    write(
        tmp_path,
        "regs_2022.csv",
        ["OrganisationCode,OranisationName,LSOA11CD,Patient", *[f"{c},X,{a},{n}" for c, a, n in ALL]],
    )
    frame, findings = read(tmp_path, only={" j81002"})
    assert findings == [] and triples(frame) == sorted(ALL[2:])
    assert len(read(tmp_path, only=[])[0]) == 0


def test_withheld_malformed_and_repeated_rows_are_told(tmp_path: Path) -> None:
    rows = [*lines(ALL, "ALL"), *lines([("TOTAL", "E01020473", 99)], "ALL")]
    rows += [line.replace(",8", ",*") for line in lines([("J81003", "E01020473", 8)], "ALL")]
    rows += lines(ALL[:1], "ALL") + lines([("J81001", "E01020474", 5)], "ALL")
    write(tmp_path, "lsoa.csv", [HEADER, *rows])
    frame, findings = read(tmp_path)
    told = {f.code: f for f in findings}
    assert set(told) == {"malformed-code", "withheld-count", "duplicate-row", "split-row"}
    assert (told["malformed-code"].row, told["withheld-count"].row, told["withheld-count"].value) == (6, 7, "*")
    assert told["withheld-count"].column == "NUMBER_OF_PATIENTS"
    assert "with 700 patients" in told["duplicate-row"].message
    assert "with 5 patients" in told["split-row"].message
    assert frame["patients"].sum() == sum(count for _, _, count in ALL) + 5, "what is withheld counts as none"
    assert ("J81001", "E01020473", 700) in triples(frame) and ("J81001", "E01020474", 35) in triples(frame)


def test_where_homes_are() -> None:
    codes = [
        "E01020473",
        "E00103911",
        "W01000001",
        "S01006506",
        "NO2011",
        "CLOSED",
        "",
        "E99999999",
        "95AA01S1",
        "N21000001",
    ]
    outside = registered.outside_england(pd.Series(codes, dtype="str"))
    assert list(outside) == [False, False, *[True] * 8]
    words = [registered.home_words(code) for code in codes]
    assert words[:4] == ["England", "England", "Wales", "Scotland"]
    assert words[4] == "no small area found by the publisher (NO2011)"
    assert "empty code" in words[6] and words[8:] == ["Northern Ireland", "Northern Ireland"]


CELLS = st.sampled_from(
    ["", "J81001", "E01020473", "ALL", "MALE", "FEMALE", "12", "1,000", "*", "-1", "9" * 40]
) | st.text(max_size=8)


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.lists(CELLS, min_size=4, max_size=4), max_size=12), with_sex=st.booleans(), wide=st.booleans())
def test_mangled_rows_never_break_the_parser(rows: list[list[str]], with_sex: bool, wide: bool) -> None:
    names = ["practice_code", "area_code", "females" if wide else "sex", "males" if wide else "patients"]
    raw = pd.DataFrame(rows, columns=names, dtype="str", index=range(2, 2 + len(rows)))
    findings: list[Finding] = []
    frame = registered.parse_rows(raw if with_sex else raw.drop(columns=names[2]), Origin("lsoa.csv", {}), findings)
    assert (frame["patients"] >= 0).all()
    assert not frame.duplicated(["practice_code", "area_code", "sex"]).any()
    registered.outside_england(frame["area_code"])
    assert all(str(finding) for finding in findings)


@settings(max_examples=30, deadline=None)
@given(content=st.binary(max_size=200), cut=st.integers(0, 900))
def test_a_mangled_file_gives_findings_and_no_traceback(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("mangled")
    text = "\n".join([HEADER, *lines(ALL * 4, "ALL")]).encode()
    (folder / "lsoa.csv").write_bytes(text[:cut] + content + text[cut:])
    try:
        catalogue = read_catalogue(folder)
        if catalogue.of("registrations"):
            registered.read_registrations(catalogue.of("registrations"), only={"J81001"})
    except InputProblems as problems:
        assert problems.findings


@pytest.mark.real
def test_dorset_in_the_real_files(shared_data: Path) -> None:
    catalogue = read_catalogue(shared_data / "england")
    practices = {}
    for file in catalogue.of("practices"):
        frame, _ = ods.read_practices(file)
        wanted = ods.open_practices(frame)[0] & frame["commissioner"].eq("11J")
        practices[str(file.vintage)[:4]] = set(frame.loc[wanted, "practice_code"])
    everybody, findings = registered.read_registrations(catalogue.of("registrations"))
    assert findings == [] and len(everybody) == 865965
    assert registered.by_nation(everybody) == {
        "England": (861269, 61727641),
        "Wales": (248, 13886),
        "no small area found by the publisher (NO2011)": (4448, 27415),
    }
    mine, findings = registered.read_registrations(catalogue.of("registrations"), only=practices["2022"])
    assert findings == [] and mine["practice_code"].nunique() == 73
    areas = pd.read_parquet(shared_data / "england" / "lsoa11_2020.parquet").set_index("lsoa11_code")["sicbl22_code_h"]
    over_the_border = mine["area_code"].map(areas).ne("11J")
    outside = registered.outside_england(mine["area_code"])
    assert (over_the_border.sum(), mine.loc[over_the_border, "patients"].sum()) == (510, 11950)
    assert (outside.sum(), mine.loc[outside, "patients"].sum()) == (42, 122)
    # all 122 are homes without a small area; nobody of these practices is recorded as living in Wales
    assert set(mine.loc[outside, "area_code"]) == {"NO2011"}

    sizes = lists.read_lists(catalogue.of("list_sizes"))[0].set_index("practice_code")["list_size"]
    then = sizes[sizes.index.isin(practices["2016"])]
    registered_now = everybody.groupby("practice_code")["patients"].sum()
    gone = then[~then.index.isin(registered_now.index)]
    assert (len(then), len(gone), gone.sum()) == (98, 25, 153461)
    factor = (registered_now[registered_now.index.isin(practices["2022"])] / then).dropna()
    assert (len(factor), (factor > 1.25).sum()) == (73, 21)

    (file,) = catalogue.of("networks")
    members, _ = networks.current(networks.read_networks(file)[0])
    assert set(members.loc[members["commissioner"] == "11J", "practice_code"]) == practices["2022"]
