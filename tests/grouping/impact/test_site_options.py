"""Site options: a table laid over a case, or refused with every row that is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from geodata.place import Place
from grouping.impact.site_options import CHANGES, SiteLayer, read_site_options
from tests.small_case import write_small_case

HEADER = "site_code,change,practice_code,name,kind,x,y,note\n"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_case(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="module")
def place(case: Path) -> Place:
    return load_place(case)


def table(folder: Path, rows: str, header: str = HEADER) -> Path:
    path = folder / "options.csv"
    path.write_text(header + rows, encoding="utf-8")
    return path


def told(path: Path, place: Place, **more: object) -> list[Finding]:
    with pytest.raises(InputProblems) as problems:
        read_site_options(path, place, **more)
    return list(problems.value.findings)


def one(path: Path, place: Place) -> Finding:
    (finding,) = told(path, place)
    return finding


# --- What a layer holds ------------------------------------------------------------------------------------------


def test_a_layer_of_all_three_kinds(tmp_path: Path, place: Place) -> None:
    rows = (
        "X00009-1,open,X00001,New Quay Surgery,branch,402000,100500,planned 2028\n"
        "X00002-1,move,,Mill Lane at the Mall,,403500,101500,\n"
        "X00007-2,consider further,,,,,,\n"
    )
    layer = read_site_options(table(tmp_path, rows), place)
    today = set(place.sites.index)
    assert layer.before == today
    assert layer.after == (today - {"X00002-1", "X00007-2"}) | {"X00009-1", "X00002-1-new"}
    assert layer.replaced == {"X00002-1": "X00002-1-new"}
    assert layer.added == ("X00002-1-new", "X00009-1")
    assert layer.keeps_none == ()
    assert layer.options.to_dict("records") == [
        {"site_code": "X00009-1", "change": "open", "practice_code": "X00001", "name": "New Quay Surgery",
         "kind": "branch", "note": "planned 2028"},
        {"site_code": "X00002-1", "change": "move", "practice_code": "X00002", "name": "Mill Lane at the Mall",
         "kind": "main", "note": ""},
        {"site_code": "X00007-2", "change": "consider further", "practice_code": "X00007",
         "name": "Meadow View at the Green", "kind": "branch", "note": ""},
    ]  # fmt: skip
    assert layer.sentence == (
        "Site options, a layer separate from grouping: 1 site opens, 1 site moves, 1 site is considered further. A site"
        " considered further is looked at as if it could not be used; nothing is decided about it."
    )


def test_todays_sites_stay_as_they_were_and_new_ones_are_added(tmp_path: Path, place: Place) -> None:
    rows = "X00009-1,open,X00001,New Quay,,402000,100500,\nX00002-1,move,,,,403500,101500,\n"
    sites = read_site_options(table(tmp_path, rows), place).place.sites
    pd.testing.assert_frame_equal(pd.DataFrame(sites.loc[place.sites.index]), pd.DataFrame(place.sites))
    assert list(sites.index) == sorted(sites.index)
    assert sites.crs == place.sites.crs
    assert list(sites.columns) == list(place.sites.columns)
    new, moved = sites.loc["X00009-1"], sites.loc["X00002-1-new"]
    assert (new["practice_code"], new["kind"], new.geometry.x, new.geometry.y) == ("X00001", "branch", 402000, 100500)
    assert (moved["practice_code"], moved["kind"], moved["name"]) == ("X00002", "main", "Mill Lane Practice")
    assert (moved.geometry.x, moved.geometry.y) == (403500, 101500)


def test_a_practice_that_keeps_no_site_is_named(tmp_path: Path, place: Place) -> None:
    rows = "X00007-1,consider further,,,,,,\nX00007-2,consider further,,,,,,\nX00006-1,move,,,,403100,109100,\n"
    layer = read_site_options(table(tmp_path, rows), place)
    assert layer.keeps_none == ("X00007",)  # the one that moves keeps its site at the new place
    (note,) = [finding for finding in layer.findings if finding.code == "site-options-keeps-none"]
    assert note.severity == "note"
    assert "X00007" in note.message


def test_a_main_site_may_be_considered_further_while_a_branch_stays(tmp_path: Path, place: Place) -> None:
    layer = read_site_options(table(tmp_path, "x00007-1,Consider_Further,,,,,,\n"), place)
    assert layer.after == layer.before - {"X00007-1"}
    assert layer.keeps_none == ()


def test_community_and_mobile_sites_may_be_nobodys(tmp_path: Path, place: Place) -> None:
    rows = "HUB1,open,,Cottage hospital,community hospital,404000,106000,\nVAN1,opens,,The van,van,402000,110000,\n"
    sites = read_site_options(table(tmp_path, rows), place).place.sites
    assert sites.loc[["HUB1", "VAN1"], "kind"].tolist() == ["community", "mobile"]
    assert sites.loc[["HUB1", "VAN1"], "practice_code"].tolist() == ["", ""]


def test_a_code_that_is_taken_gets_a_number(tmp_path: Path, place: Place) -> None:
    rows = "X00002-1,move,,,,403500,101500,\nX00002-1-NEW,open,X00002,Other,branch,403000,101900,\n"
    layer = read_site_options(table(tmp_path, rows), place)
    assert layer.replaced == {"X00002-1": "X00002-1-new-2"}
    assert layer.place.sites.index.is_unique


def test_the_same_table_in_excel_with_longitude_and_latitude(tmp_path: Path, place: Place) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Site", "Change", "Practice", "Site name", "Type", "Longitude", "Latitude"])
    book.active.append(["N1", "Open", "X00001", "New Quay", "Branch", -1.98, 50.81])
    book.create_sheet("Notes").append(["anything"])
    path = tmp_path / "options.xlsx"
    book.save(path)
    layer = read_site_options(path, place)
    point = layer.place.sites.geometry.loc["N1"]
    assert abs(point.x - 401_500) < 1_000
    assert abs(point.y - 101_300) < 2_000
    assert not [finding for finding in layer.findings if "case.toml" in f"{finding.message} {finding.fix}"]


def test_semicolons_and_a_byte_order_mark_are_read(tmp_path: Path, place: Place) -> None:
    path = tmp_path / "options.csv"
    path.write_text("site_code;change\r\nX00007-2;considered further\r\n", encoding="utf-8-sig")
    assert read_site_options(path, place).after == set(place.sites.index) - {"X00007-2"}


def test_reading_twice_gives_the_same(tmp_path: Path, place: Place) -> None:
    path = table(tmp_path, "X00009-1,open,X00001,New Quay,,402000,100500,\nX00002-1,move,,,,403500,101500,\n")
    first, second = read_site_options(path, place), read_site_options(path, place)
    assert first.findings == second.findings
    assert first.place.sites.to_csv() == second.place.sites.to_csv()


def test_hostile_names_come_through_as_text_and_hostile_codes_do_not(tmp_path: Path, place: Place) -> None:
    rows = "N1,open,X00001,<script>alert(1)</script>,branch,402000,100500,=cmd()\n"
    layer = read_site_options(table(tmp_path, rows), place)
    assert layer.options["name"].tolist() == ["<script>alert(1)</script>"]
    finding = one(table(tmp_path, "=cmd(),open,X00001,New Quay,branch,402000,100500,\n"), place)
    assert (finding.column, finding.value) == ("site_code", "=cmd()")


# --- What is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["close", "Closed", "CLOSURE", "closing", "shut", "to be shut", "remove", "removed"])
def test_words_that_decide_about_a_site_are_refused(tmp_path: Path, place: Place, word: str) -> None:
    finding = one(table(tmp_path, f"X00007-2,{word},,,,,,\n"), place)
    assert (finding.row, finding.column, finding.value) == (2, "change", word)
    assert "consider further" in finding.fix
    assert not any(stem in f"{finding.message} {finding.fix}".lower() for stem in ("clos", "shut", "remov"))


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters='\r\n\x00,"'), max_size=12))
def test_a_change_is_one_of_three_or_refused(tmp_path_factory: pytest.TempPathFactory, word: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    place = _any_place(tmp_path_factory)
    path = table(folder, f'X00007-2,"{word}",,,,403100,111100,\n')
    try:
        layer = read_site_options(path, place)
    except InputProblems as problems:
        assert {finding.severity for finding in problems.findings} & {"error"}
    else:
        assert layer.options["change"].iloc[0] in set(CHANGES.values())


_PLACES: list[Place] = []


def _any_place(factory: pytest.TempPathFactory) -> Place:
    if not _PLACES:
        _PLACES.append(load_place(write_small_case(factory.mktemp("once"))))
    return _PLACES[0]


def test_every_wrong_row_is_told_at_once(tmp_path: Path, place: Place) -> None:
    rows = (
        "X00007-3,consider further,,,,,,\n"  # 2 no such site
        "N1,open,X0001,New Quay,branch,402000,100500,\n"  # 3 no such practice
        "N2,open,,Nobody's,branch,402000,100500,\n"  # 4 nobody's branch
        "N3,open,X00001,,branch,402000,100500,\n"  # 5 no name
        "N4,open,X00001,Nowhere,branch,,,\n"  # 6 no location
        "X00002-1,move,X00003,,,403500,101500,\n"  # 7 not its practice
        "X00001-1,open,X00001,Again,branch,402000,100500,\n"  # 8 is there already
        "X00002-1,consider further,,,,,,\n"  # 9 twice
        ",move,,,,402000,100500,\n"  # 10 no code
        "X00003-1,,,,,,,\n"  # 11 no change
        "X00004-1,moev,,,,402000,100500,\n"  # 12 unknown change
        "N5,open,X00001,Second,main,402000,100500,\n"  # 13 a second main site
        "N6,open,X00001,Odd,castle,402000,100500,\n"  # 14 unknown kind
        "X00005-1,move,,,,east,101500,\n"  # 15 no number
    )
    findings = told(table(tmp_path, rows), place)
    assert [(finding.row, finding.column) for finding in findings] == [
        (2, "site_code"), (3, "practice_code"), (4, "practice_code"), (5, "name"), (6, "x"), (7, "practice_code"),
        (8, "site_code"), (9, "site_code"), (10, "site_code"), (11, "change"), (12, "change"), (13, "kind"),
        (14, "kind"), (15, "x"),
    ]  # fmt: skip
    fixes = {finding.row: finding.fix for finding in findings}
    assert fixes[2].startswith("Did you mean X00007-")
    assert fixes[3].startswith("Did you mean X0000")
    assert fixes[12].startswith("Did you mean move?")
    assert "x and y" in fixes[6]
    assert all(finding.fix and "case.toml" not in finding.fix for finding in findings)


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [
        ("402000", "200500", "outside-area"),
        ("100500", "402000", "swapped-coordinates"),
        ("0", "0", "zero-location"),
        ("9402000", "100500", "outside-britain"),
        ("-1.98", "50.8", "wrong-crs"),
    ],
)
def test_a_location_outside_the_surroundings_is_told(tmp_path: Path, place: Place, x: str, y: str, code: str) -> None:
    finding = one(table(tmp_path, f"N1,open,X00001,New Quay,branch,{x},{y},\n"), place)
    assert (finding.row, finding.code) == (2, code)
    assert "case.toml" not in finding.fix
    assert finding.fix


def test_what_a_considered_site_says_of_its_location_does_not_matter(tmp_path: Path, place: Place) -> None:
    layer = read_site_options(table(tmp_path, "X00007-2,consider further,,,,nowhere,0,\n"), place)
    assert "X00007-2" not in layer.after


def test_at_least_one_site_stays(tmp_path: Path, place: Place) -> None:
    rows = "".join(f"{code},consider further,,,,,,\n" for code in place.sites.index)
    assert one(table(tmp_path, rows), place).message == "No site would be left to use."


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("site_code,name\nX00007-2,Green\n", "missing-column"),
        ("", "empty-file"),
        ("site_code,change\n", "header-only"),
        ("Draft of May\n\nsite_code,change\nX00007-2,move\n", "header-not-first"),
    ],
)
def test_a_file_that_is_no_such_table(tmp_path: Path, place: Place, content: str, code: str) -> None:
    path = tmp_path / "options.csv"
    path.write_text(content, encoding="utf-8")
    finding = one(path, place)
    assert finding.code == code
    assert "case.toml" not in finding.fix
    assert finding.fix
    assert finding.fix.endswith(".")


def test_a_file_that_is_not_there(tmp_path: Path, place: Place) -> None:
    finding = one(tmp_path / "nothing.csv", place)
    assert (finding.file, finding.code) == ("nothing.csv", "missing-file")
    assert "command line" in finding.fix


# --- Postcodes, remarks, public transport --------------------------------------------------------------------------

POSTCODE_HEADER = "site_code,change,practice_code,name,postcode\n"


def test_without_a_table_of_postcodes_coordinates_are_asked_for(tmp_path: Path, place: Place, case: Path) -> None:
    path = table(tmp_path, "N1,open,X00001,New Quay,ZZ1 1AA\n", POSTCODE_HEADER)
    for more in ({}, {"case_dir": case}):
        (finding,) = told(path, place, **more)
        assert finding.code == "no-postcode-table"
        assert "x and y" in finding.fix


def test_postcodes_by_the_cases_own_table(tmp_path: Path) -> None:
    folder = write_small_case(tmp_path / "case")
    (folder / "postcodes.csv").write_text(
        "postcode,easting,northing\nZZ1 1AA,402000,100500\nZZ1 1AB,402100,100600\n", encoding="utf-8"
    )
    toml = folder / "case.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + 'postcodes = "postcodes.csv"\n', encoding="utf-8")
    place = load_place(folder)
    layer = read_site_options(
        table(tmp_path, "N1,open,X00001,New Quay,zz11aa\n", POSTCODE_HEADER), place, case_dir=folder
    )
    site = layer.place.sites.loc["N1"]
    assert (site.geometry.x, site.geometry.y, site["postcode"]) == (402_000, 100_500, "ZZ11AA")
    path = table(tmp_path, "N1,open,X00001,New Quay,ZZ9 9ZZ\n", POSTCODE_HEADER)
    (finding,) = told(path, place, case_dir=folder)
    assert (finding.code, finding.value) == ("unknown-postcode", "ZZ9 9ZZ")


def test_remarks_do_not_stop_anything(tmp_path: Path, place: Place) -> None:
    rows = "X00002-1,move,,,,403000,101000,\nX00007-2,consider further,,,,,,early closure\n"
    layer = read_site_options(table(tmp_path, rows), place)
    remarks = [(f.row, f.column, f.severity) for f in layer.findings if f.code == "site-options-remark"]
    assert sorted(remarks) == [(2, "site_code", "warning"), (3, "note", "warning")]


def _with_transport(place: Place) -> Place:
    minutes = pd.DataFrame({"area_code": ["E00"], "site_code": ["X00001-1"], "minutes": [9.0], "reachable": [True]})
    return replace(place, public_transport=minutes)


def test_added_sites_are_not_in_the_public_transport_table(tmp_path: Path, place: Place) -> None:
    def warned(layer: SiteLayer) -> bool:
        return any(finding.code == "site-options-no-transport" for finding in layer.findings)

    opened = table(tmp_path, "N1,open,X00001,New Quay,branch,402000,100500,\n")
    assert warned(read_site_options(opened, _with_transport(place)))
    assert not warned(read_site_options(opened, place))
    considered = table(tmp_path, "X00007-2,consider further,,,,,,\n")
    assert not warned(read_site_options(considered, _with_transport(place)))
