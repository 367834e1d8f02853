"""Any commissioner of England, without a word of code for it: a case that loads, in the vintage where its code exists.

The numbers of practices were counted in the files by hand: open GP practices, and those of them that have a list.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from geodata.cut import cut_case
from geodata.load import load_place
from geodata.published.catalogue import Catalogue, read_catalogue

pytestmark = [pytest.mark.real, pytest.mark.slow]

COMMISSIONERS = [
    # code, year, open GP practices, of which with a list
    ("W2U3Z", None, 352, 352),  # the largest
    ("A3A8R", None, 276, 273),
    ("72Q", None, 206, 195),
    ("D9Y0V", None, 131, 129),
    ("16C", None, 81, 81),
    ("15N", None, 121, 121),
    ("QVV", None, 73, 73),  # an integrated care board
    ("06H", 2016, 108, 106),
    ("99P", 2016, 122, 122),
    ("11X", 2016, 75, 75),
    ("13P", 2016, 102, 101),
    ("03Q", 2016, 29, 29),
]


@pytest.fixture(scope="module")
def england(shared_data: Path) -> Catalogue:
    return read_catalogue(shared_data / "england")


@pytest.mark.parametrize(("code", "year", "open_practices", "with_list"), COMMISSIONERS)
def test_any_commissioner_gives_a_case_that_loads(
    england: Catalogue, tmp_path: Path, code: str, year: int | None, open_practices: int, with_list: int
) -> None:
    when = None if year is None else date(year, 7, 1)
    report = cut_case(england, tmp_path / "case", commissioner=[code], when=when)
    chosen = [finding.value for finding in report.findings if finding.code == "practices-chosen"]
    assert chosen == [str(open_practices)]
    assert report.practices == with_list
    left_out = report.left_out
    assert left_out["reason"].str.startswith("open, but in no file").sum() == open_practices - with_list
    assert not left_out.duplicated(["table", "code"]).any()
    place = load_place(report.folder)
    assert (place.practices["list_size"] > 0).all()
    assert place.practices["locality"].ne("").all()
    assert set(place.sites["practice_code"]) == set(place.practices.index)
    assert (place.sites["kind"] == "main").sum() == with_list
    assert place.areas["population"].gt(0).all()
    assert len({finding.message for finding in place.findings}) == len(place.findings)
