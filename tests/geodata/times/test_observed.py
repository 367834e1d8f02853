"""Tables of observed journeys: places in any of three ways, and every mistake told with its cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest

from geodata.errors import Finding, InputProblems
from geodata.times.observed import Observed, read_observed

GRID = [(461_000.0, 307_000.0, 486_000.0, 309_000.0), (462_000.0, 308_500.0, 470_000.0, 300_100.0)]
DEGREES = pyproj.Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)


def table(tmp_path: Path, text: str, name: str = "times.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path, crs: str | None = None) -> list[Finding]:
    with pytest.raises(InputProblems) as caught:
        read_observed(path, crs)
    return list(caught.value.findings)


def check_places(observed: Observed) -> None:
    given = np.column_stack((observed.from_x, observed.from_y, observed.to_x, observed.to_y))
    assert np.abs(given - np.array(GRID)).max() < 1.0
    assert observed.minutes.tolist() == [31.5, 17.0]


def test_places_in_metres_degrees_and_any_system(tmp_path: Path):
    rows = [f"{a},{b},{c},{d},{m}" for (a, b, c, d), m in zip(GRID, (31.5, 17), strict=True)]
    check_places(read_observed(table(tmp_path, "from_x,from_y,to_x,to_y,minutes\n" + "\n".join(rows))))
    named = "From Easting,From Northing,To Easting,To Northing,Mins\n" + "\n".join(rows)
    check_places(read_observed(table(tmp_path, named)))
    turned = []
    for (a, b, c, d), m in zip(GRID, (31.5, 17), strict=True):
        (lon, lat), (lon2, lat2) = DEGREES.transform(a, b), DEGREES.transform(c, d)
        turned.append(f"{lon:.7f},{lat:.7f},{lon2:.7f},{lat2:.7f},{m}")
    check_places(read_observed(table(tmp_path, "from_lon,from_lat,to_lon,to_lat,minutes\n" + "\n".join(turned))))
    path = table(tmp_path, "from_x,from_y,to_x,to_y,minutes\n" + "\n".join(turned))
    check_places(read_observed(path, "EPSG:4326"))
    observed = read_observed(path, "EPSG:4326")
    assert (observed.source, observed.weight.tolist()) == ("times.csv", [1.0, 1.0])


def test_excel_with_weights_and_rows_without_a_time(tmp_path: Path):
    frame = pd.DataFrame(GRID + GRID[:1], columns=["from_x", "from_y", "to_x", "to_y"])
    frame["minutes"] = [31.5, 17.0, None]
    frame["weight"] = [2.0, None, 1.0]
    frame["remark"] = ["a", "b", "c"]
    path = tmp_path / "times.xlsx"
    frame.to_excel(path, index=False)
    observed = read_observed(path)
    check_places(observed)
    assert observed.weight.tolist() == [2.0, 1.0]
    (note,) = observed.findings
    assert (note.severity, note.code) == ("note", "journey-without-time")
    assert "Of 3 rows, 1" in note.message


def test_all_mistakes_are_told_at_once(tmp_path: Path):
    text = """from_x,from_y,to_x,to_y,minutes,weight
461000,307000,486000,309000,twelve,1
461000,,486000,309000,12,1
461000,307000,486000,309000,0,1
461000,307000,486000,309000,1890,0
-1.1,52.6,486000,309000,12,1
461000,307000,9000000,309000,12,1
,,486000,309000,,1
"""
    found = problems(table(tmp_path, text))
    told = {(finding.row, finding.column, finding.code) for finding in found if finding.severity == "error"}
    assert told == {
        (2, "minutes", "not-a-number"),
        (3, "from_y", "empty-value"),
        (4, "minutes", "out-of-range"),
        (5, "minutes", "out-of-range"),
        (5, "weight", "out-of-range"),
        (6, "from_x", "wrong-crs"),
        (7, "to_x", "outside-britain"),
    }
    assert all(finding.fix and finding.file.endswith("times.csv") for finding in found if finding.severity == "error")
    assert any("seconds" in finding.message for finding in found)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("52.6,-1.1,-0.7,52.66", "swapped-coordinates"),
        ("1.1e1,52.6,-0.7,52.66", "lost-minus"),
        ("-100,52.6,-0.7,52.66", "outside-britain"),
        ("461000,307000,-0.7,52.66", "outside-britain"),
    ],
)
def test_what_put_a_place_outside_britain_is_guessed(tmp_path: Path, row: str, code: str):
    row = row.replace("1.1e1", "6.0")
    found = problems(table(tmp_path, f"from_lon,from_lat,to_lon,to_lat,minutes\n{row},12\n"))
    assert [(finding.code, finding.column) for finding in found] == [(code, "from_lon")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("from_x,from_y,to_x,to_y\n1,2,3,4\n", "missing-column"),
        ("from_x,from_y,minutes\n1,2,3\n", "no-location"),
        ("from_x,to_x,to_y,minutes\n1,2,3,4\n", "no-location"),
        ("from_x,from_y,to_x,to_y,minutes\n", "header-only"),
        ("", "empty-file"),
    ],
)
def test_tables_that_lack_something(tmp_path: Path, text: str, code: str):
    found = problems(table(tmp_path, text))
    assert code in {finding.code for finding in found}
    assert "case.toml" not in " ".join(finding.fix for finding in found)


def test_files_and_systems_that_are_not_there(tmp_path: Path):
    assert [finding.code for finding in problems(tmp_path / "none.csv")] == ["missing-file"]
    path = table(tmp_path, "from_x,from_y,to_x,to_y,minutes\n1,2,3,4,5\n")
    assert [finding.code for finding in problems(path, "EPSG:1")] == ["wrong-crs"]
