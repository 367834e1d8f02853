"""Dorset and the Isle of Wight cut out of the real national files, with every figure counted by hand before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from geodata.cut import CutReport, cut_case
from geodata.errors import InputProblems
from geodata.load import load_place
from geodata.published.catalogue import Catalogue, read_catalogue

pytestmark = pytest.mark.real

ISLAND_2022 = [f"J840{number}" for number in ("03", "04", "05", "07", "08", "11", "12", "13", "15", "16", "17", "19")]

Cut = Callable[..., CutReport]


@pytest.fixture(scope="module")
def england(shared_data: Path) -> Catalogue:
    return read_catalogue(shared_data / "england")


@pytest.fixture(scope="module")
def cut(england: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Cut:
    def cut_one(*asked: str, year: int | None = None) -> CutReport:
        when = None if year is None else date(year, 7, 1)
        return cut_case(england, tmp_path_factory.mktemp("cut") / "case", commissioner=asked, when=when)

    return cut_one


@pytest.fixture(scope="module")
def dorset_2016(cut: Cut) -> CutReport:
    return cut("11J", year=2016)


@pytest.fixture(scope="module")
def dorset_2022(cut: Cut) -> CutReport:
    return cut("11J")


def value(report: CutReport, code: str) -> str | None:
    found = [finding for finding in report.findings if finding.code == code]
    assert len(found) == 1, (code, found)
    return found[0].value


def message(report: CutReport, code: str) -> str:
    return next(finding.message for finding in report.findings if finding.code == code)


def test_dorset_2016_has_98_practices(dorset_2016: CutReport) -> None:
    assert (dorset_2016.practices, dorset_2016.patients, dorset_2016.sites) == (98, 788_645, 144)
    assert value(dorset_2016, "no-list") == "J81623"
    assert "99 become 98" in message(dorset_2016, "no-list")


def test_dorset_2016_counts_what_differs_from_2022(dorset_2016: CutReport) -> None:
    assert "25 practices with 153,461 patients" in message(dorset_2016, "estimated-registrations")
    assert value(dorset_2016, "registrations-above-list") == "21 of 73"
    assert sum(finding.code == "scaling-factor" for finding in dorset_2016.findings) == 21
    assert value(dorset_2016, "practices-changed") == "73 of 98"


def test_dorset_2016_tells_records_that_are_odd(dorset_2016: CutReport) -> None:
    assert value(dorset_2016, "postcode-without-coordinate") == "J81002"
    small = [finding for finding in dorset_2016.findings if finding.code == "small-list"]
    assert [finding.value for finding in small] == ["367"]
    assert "Y02650" in small[0].message
    assert value(dorset_2016, "records-on-postcodes") == "151 on 136"
    left_out = dorset_2016.left_out
    assert (left_out["table"] == "sites").sum() == 7  # 151 = 144 + 7
    without_list = left_out["reason"].str.startswith("open, but in no file of list sizes")
    assert list(left_out.loc[without_list, "code"]) == ["J81623"]


def test_dorset_counts_patients_who_live_elsewhere(dorset_2016: CutReport, dorset_2022: CutReport) -> None:
    for report in (dorset_2016, dorset_2022):
        assert value(report, "registrations-outside") == "510 rows, 11950 patients, 122 outside England"
        assert value(report, "home-areas") == "452"
        assert value(report, "ended-memberships") == "9 of 82"
        place = load_place(report.folder)
        assert int((~place.areas["neighbour"]).sum()) == 452


def test_dorset_2022_is_in_its_18_networks(dorset_2022: CutReport) -> None:
    assert (dorset_2022.practices, dorset_2022.patients) == (73, 821_082)
    groups = load_place(dorset_2022.folder).practices["current_group"]
    assert groups.nunique() == 18
    assert (groups != "").all()
    assert value(dorset_2022, "list-from-registrations") == "821082"


def test_the_figures_agree_with_the_files_themselves(dorset_2016: CutReport, shared_data: Path) -> None:
    lists = pd.read_csv(shared_data / "england" / "patient_list_size_2016Q1.csv")
    bands = [column for column in lists if column.startswith(("Male", "Female"))]
    sizes = lists.set_index("Practice Code")[bands].sum(axis=1)
    place = load_place(dorset_2016.folder)
    assert (place.practices["list_size"] == sizes.reindex(place.practices.index)).all()
    registrations = pd.read_parquet(shared_data / "england" / "practice_lsoa11_registrations_2022.parquet")
    ours = registrations[registrations["OrganisationCode"].isin(place.practices.index)]
    assert place.registrations["patients"].sum() == ours["Patient"].sum()


def test_the_island_of_2016_has_17_practices(cut: Cut) -> None:
    report = cut("10L", year=2016)
    assert (report.practices, report.patients, report.sites) == (17, 142_716, 23)
    assert value(report, "home-areas") == "89"


def test_the_island_of_2022_is_a_list_of_12_practices(cut: Cut) -> None:
    with pytest.raises(InputProblems) as error:
        cut("10L")
    finding = error.value.findings[0]
    assert finding.code == "former-commissioner"
    assert "12 under D9Y0V" in finding.message
    assert ",".join(ISLAND_2022) in finding.fix
    report = cut(*ISLAND_2022)
    assert report.practices == 12
    assert value(report, "home-areas") == "89"


@pytest.mark.parametrize(("code", "name", "home"), [("01K", "Lancashire North CCG", 103), ("01H", "Cumbria CCG", 330)])
def test_codes_that_got_another_territory_have_that_of_2016(cut: Cut, code: str, name: str, home: int) -> None:
    report = cut(code, year=2016)
    assert value(report, "areas-of-another-time") == str(home)
    assert report.name == f"{name} ({code}), 2016-02"
