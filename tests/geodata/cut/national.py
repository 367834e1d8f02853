"""A small made-up England, as the files a planner would download: written by hand, in the published layouts.

Two commissioners lie side by side, 01X (practices X81...) and 02Y (X82...), a third area is far away. Between 2016 and
2022 the first one became W9X9Z, one of its practices closed, and one more opened.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import openpyxl

AREAS = {
    # code: (name, commissioner, board, authority, easting, northing, class, population)
    "E01000001": ("Vale 001A", "W9X9Z", "QXX", "Vale", 400_000, 100_000, "D1", 1500),
    "E01000002": ("Vale 001B", "W9X9Z", "QXX", "Vale", 402_000, 100_000, "D1", 1600),
    "E01000003": ("Vale 001C", "W9X9Z", "QXX", "Vale", 404_000, 100_000, "C1", 1700),
    "E01000004": ("Quay 001A", "W9X9Z", "QXX", "Quay", 400_000, 104_000, "C1", 1800),
    "E01000005": ("Quay 001B", "W9X9Z", "QXX", "Quay", 402_000, 104_000, "C1", 1900),
    "E01000006": ("Quay 001C", "W9X9Z", "QXX", "Quay", 404_000, 104_000, "C1", 2000),
    "E01000011": ("Moor 001A", "02Y", "QYY", "Moor", 412_000, 102_000, "E1", 1400),
    "E01000012": ("Moor 001B", "02Y", "QYY", "Moor", 414_000, 102_000, "E1", 1300),
    "E01000021": ("Farland 001A", "03Z", "QZZ", "Farland", 500_000, 300_000, "C1", 1500),
}

POSTCODES = {
    "BH99 1AA": (400_100, 100_100),
    "BH99 1AB": (402_100, 100_100),
    "BH99 1AC": (404_100, 100_100),
    "BH99 1AD": (400_100, 104_100),
    "BH99 1AE": (402_100, 104_100),
    "BH99 1AF": (404_100, 104_100),
    "BH99 2AA": (412_100, 102_100),
    "BH99 2AB": (414_100, 102_100),
}

NOWHERE = "ZE9 9ZZ"
"""A postcode that no file places, nor any of its district."""

PRACTICES_2016 = [
    # code, name, board, commissioner, postcode, opened, closed, status, setting
    ("X81001", "MILL LANE", "Q99", "01X", "BH99 1AA", "19740401", "", "A", "4"),
    ("X81002", "THE QUAY", "Q99", "01X", "BH99 1AE", "19740401", "", "A", "4"),
    ("X81003", "NEW HAMLET", "Q99", "01X", "BH99 1AB", "20160101", "", "A", "4"),
    ("X81004", "THE CASTLE", "Q99", "01X", NOWHERE, "19740401", "", "A", "4"),
    ("X81005", "OLD SCHOOL", "Q99", "01X", "BH99 1AB", "19740401", "20150331", "C", "4"),
    ("X81006", "WALK-IN CENTRE", "Q99", "01X", "BH99 1AB", "20090401", "", "A", "1"),
    ("X81007", "CHALK PITS", "Q99", "01X", "BH99 1AC", "19740401", "", "A", "4"),
    ("X81008", "RESTING", "Q99", "01X", "BH99 1AC", "19740401", "", "D", "4"),
    ("X82001", "MOORSIDE", "Q98", "02Y", "BH99 2AA", "19740401", "", "A", "4"),
    ("X82002", "HIGH MOOR", "Q98", "02Y", "BH99 2AB", "19740401", "", "A", "4"),
]
PRACTICES_2022 = [
    ("X81001", "MILL LANE", "QXX", "W9X9Z", "BH99 1AA", "19740401", "", "A", "4"),
    ("X81002", "THE QUAY", "QXX", "W9X9Z", "BH99 1AE", "19740401", "", "A", "4"),
    ("X81004", "THE CASTLE", "QXX", "W9X9Z", NOWHERE, "19740401", "", "A", "4"),
    ("X81007", "CHALK PITS", "QXX", "W9X9Z", "BH99 1AC", "19740401", "20190331", "C", "4"),
    ("X81009", "=NEW, QUAY", "QXX", "W9X9Z", "BH99 1AE", "20200401", "", "A", "4"),
    ("X82001", "MOORSIDE", "QYY", "02Y", "BH99 2AA", "19740401", "", "A", "4"),
    ("X82002", "HIGH MOOR", "QYY", "02Y", "BH99 2AB", "19740401", "", "A", "4"),
]
BRANCHES = [
    # code, name, parent, postcode, opened, closed
    ("X81001001", "MILL LANE BRANCH", "X81001", "BH99 1AC", "20040401", ""),
    ("X81001002", "=MILL LANE AGAIN", "X81001", "BH99 1AA", "20040401", ""),
    ("X81001003", "MILL LANE BRANCH AGAIN", "X81001", "BH99 1AC", "20050401", ""),
    ("X81002001", "THE QUAY, LATER", "X81002", "BH99 1AF", "20160901", ""),
    ("X81002002", "THE QUAY, NOWHERE", "X81002", NOWHERE, "20040401", ""),
    ("X81006001", "WALK-IN CENTRE BRANCH", "X81006", "BH99 1AD", "20100401", ""),
    ("X81007001", "CHALK PITS BRANCH", "X81007", "BH99 1AD", "20040401", ""),
    ("X82001001", "MOORSIDE BRANCH", "X82001", "BH99 2AB", "20040401", ""),
]
LISTS_2016 = {"X81001": 9000, "X81002": 6000, "X81004": 300, "X81007": 3000, "X82001": 4000, "X82002": 2000}
REGISTRATIONS_2022 = [
    ("X81001", "E01000001", 5000),
    ("X81001", "E01000002", 4000),
    ("X81001", "E01000003", 2900),
    ("X81001", "E01000011", 50),
    ("X81001", "E01000021", 7),
    ("X81001", "NO2011", 5),
    ("X81001", "W01000001", 4),
    ("X81002", "E01000004", 3000),
    ("X81002", "E01000005", 3000),
    ("X81002", "E01000006", 500),
    ("X81004", "E01000001", 100),
    ("X81004", "E01000003", 100),
    ("X81009", "E01000005", 1500),
    ("X81009", "E01000006", 500),
    ("X82001", "E01000011", 3900),
    ("X82001", "E01000003", 60),
    ("X82002", "E01000012", 2000),
]
MEMBERS = [
    # practice, network, name, commissioner, started, ended
    ("X81001", "U90001", "VALE PCN", "W9X9Z", "20190701", ""),
    ("X81002", "U90002", "QUAY PCN", "W9X9Z", "20200101", ""),
    ("X81002", "U90001", "VALE PCN", "W9X9Z", "20190701", "20191231"),
    ("X81007", "U90002", "QUAY PCN", "W9X9Z", "20190701", "20190930"),
    ("X81004", "U90002", "QUAY PCN", "W9X9Z", "20190701", ""),
    ("X82001", "U90003", "MOOR PCN", "02Y", "20190701", ""),
    ("X82002", "U90003", "MOOR PCN", "02Y", "20190701", "20201231"),
]
DISPENSING = [("Mill Lane", "1 Mill Lane, Vale", "BH99 1AA"), ("Somewhere Else", "9 Far Street", "BH98 9AA")]


def write_national_files(folder: Path, *, without: Iterable[str] = ()) -> Path:
    """Write all files but those whose name begins with one of `without`; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / "epraccur_2016-02.csv", [_ods(*row) for row in PRACTICES_2016])
    write_rows(folder / "epraccur_2022-05.csv", [_ods(*row) for row in PRACTICES_2022])
    write_rows(folder / "ebranchs_2017-08.csv", [_branch(*row) for row in BRANCHES])
    write_rows(folder / "patient_list_size_2016Q1.csv", _lists())
    write_rows(folder / "gp-reg-pat-prac-lsoa-all_2022-04.csv", _registrations())
    write_rows(folder / "lsoa11_2020.csv", _areas())
    postcodes = [(code, 10, *place) for code, place in POSTCODES.items()]
    write_rows(folder / "codepoint_open_2025-05.csv", [("postcode", "quality", "easting", "northing"), *postcodes])
    _networks(folder / "ePCN_2022-05.xlsx")
    write_rows(
        folder / "dispensing_practices_2015-01.csv", [("Dispensing Practice Name", "Address", "Postcode"), *DISPENSING]
    )
    for path in list(folder.iterdir()):
        if path.name.startswith(tuple(without)):
            path.unlink()
    return folder


def write_rows(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows(rows)


def _ods(
    code: str,
    name: str,
    board: str,
    commissioner: str,
    postcode: str,
    opened: str,
    closed: str,
    status: str,
    setting: str,
) -> list[str]:
    cells = [code, name, "Y58", board, "1 HIGH STREET", "", "", "ANYTOWN", "", postcode, opened, closed, status, "B"]
    return [*cells, commissioner, opened, closed, "", "", "", "", "0", "", commissioner, "", setting, ""]


def _branch(code: str, name: str, parent: str, postcode: str, opened: str, closed: str) -> list[str]:
    cells = [code, name, "Y58", "Q99", "2 HIGH STREET", "", "", "ANYTOWN", "", postcode, opened, closed, "", ""]
    return [*cells, parent, opened, closed, "", "", "", "", "0", "", "A", "", "", ""]


def _lists() -> list[list[object]]:
    bands = ["0-4", "5-14", "15-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+"]
    header = ["PCO Name", "PCO Code", "Practice Name", "Practice Code"]
    header += [f"{sex} {band}" for band in bands for sex in ("Male", "Female")]
    rows: list[list[object]] = [list(header)]
    for code, size in LISTS_2016.items():
        part = size // 20
        cells = [part] * 17
        rows.append(["NHS VALE CCG", "01X00", code, code, *cells, size - 17 * part])
    return rows


def _registrations() -> list[Sequence[object]]:
    header = ("PUBLICATION", "EXTRACT_DATE", "PRACTICE_CODE", "PRACTICE_NAME", "LSOA_CODE", "SEX", "NUMBER_OF_PATIENTS")
    rows = [("GP_PRAC_PAT_LIST", "01APR2022", p, "NAME", area, "ALL", n) for p, area, n in REGISTRATIONS_2022]
    return [header, *rows]


def _areas() -> list[Sequence[object]]:
    header = ["lsoa11_code", "lsoa11_name", "sicbl22_code_h", "icb22_code_h", "ltla22_code", "ltla22_name"]
    header += ["easting", "northing", "ruc11_code", "IMD_decile", "pop2020", "pop65_2020", "pop75_2020"]
    rows: list[Sequence[object]] = [header]
    for code, (name, commissioner, board, authority, x, y, kind, people) in AREAS.items():
        number = f"E0600009{'VQMF'.index(authority[0])}"
        rows.append(
            (code, name, commissioner, board, number, authority, x, y, kind, 5, people, people // 5, people // 10)
        )
    return rows


def _networks(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "PCN Core Partner Details"
    sheet.append(
        [
            "Partner\nOrganisation\nCode",
            "Partner\nName",
            "Practice\nParent\nCCG Code",
            "Practice\nParent\nCCG Name",
            "PCN Code",
            "PCN Name",
            "PCN Parent\nCCG Code",
            "PCN Parent\nCCG Name",
            "Practice to PCN\nRelationship\nStart Date",
            "Practice to PCN\nRelationship\nEnd Date",
            "Practice CCG and PCN\nCCG Match ",
        ]
    )
    for practice, network, name, commissioner, started, ended in MEMBERS:
        end = int(ended) if ended else None
        sheet.append([practice, practice, commissioner, "", network, name, commissioner, "", int(started), end, True])
    book.save(path)
