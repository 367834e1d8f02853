"""The commissioner's name, taken from whichever published file tells it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from geodata.cut.names import commissioner_name, in_plain_capitals
from geodata.published.catalogue import read_catalogue


@pytest.mark.parametrize(
    ("published", "written"),
    [
        ("NHS DORSET CCG", "NHS Dorset CCG"),
        ("NHS  STOKE-ON-TRENT CCG", "NHS Stoke-on-Trent CCG"),
        ("ISLE OF WIGHT CCG", "Isle of Wight CCG"),
        ("BARKING & DAGENHAM CCG", "Barking & Dagenham CCG"),
        ("NHS Dorset Integrated Care Board", "NHS Dorset Integrated Care Board"),
    ],
)
def test_names_in_capitals_are_written_plainly(published: str, written: str) -> None:
    assert in_plain_capitals(published) == written


def test_the_name_stands_beside_the_code(tmp_path: Path) -> None:
    rows = [
        "Partner Organisation Code,Partner Name,PCN Code,PCN Name,PCN Parent CCG Code,PCN Parent CCG Name,"
        "Practice to PCN Relationship Start Date,Practice to PCN Relationship End Date",
        "J81001,MILL LANE,U10001,MILL PCN,11J,NHS DORSET CCG,20190701,",
        "J82001,HILL LANE,U10002,HILL PCN,10L,NHS ISLE OF WIGHT CCG,20190701,",
    ]
    (tmp_path / "members.csv").write_text("\n".join(rows), encoding="utf-8")
    catalogue = read_catalogue(tmp_path)
    assert commissioner_name(catalogue, "10L") == "NHS Isle of Wight CCG"
    assert commissioner_name(catalogue, "99X") == ""


@pytest.mark.real
def test_real_names(shared_data: Path) -> None:
    catalogue = read_catalogue(shared_data / "england")
    assert commissioner_name(catalogue, "11J") == "NHS Dorset CCG"
    assert commissioner_name(catalogue, "10L") == "Isle of Wight CCG"
    assert commissioner_name(catalogue, "01K") == "NHS Morecambe Bay CCG"
    assert commissioner_name(catalogue, "01K", date(2016, 2, 29)) == "Lancashire North CCG"
    assert commissioner_name(catalogue, "QVV") == "NHS Dorset Integrated Care Board"
