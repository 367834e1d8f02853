"""A small case that holds everything that the tables about travel can speak of, and a run of it."""

from __future__ import annotations

import csv
from pathlib import Path

from grouping.pipeline import run_case
from grouping.runs import write_run
from tests.small_case import write_small_case

MORE_TOML = """\
area_points = "area_points.csv"
pharmacies = "pharmacies.csv"
settlements = "settlements.csv"
housing = "housing.csv"
projections = "projections.csv"
public_transport = "public_transport.csv"

[impact.columns]
"Carers" = { column = "carers", kind = "count" }
"Without broadband" = { column = "no_broadband", kind = "share" }
"Landscape" = { column = "landscape", kind = "class" }

[rules.override.impact]
threshold_minutes = 7.0
worst = 13
"""
WARDS = {"00": "Harbour", "01": "Harbour", "10": "Quay", "11": "=Quay", "44": "Hills", "45": "hills", "54": "Moor"}
UNNAMED = {"02", "12", "25", "35"}
SERVICES = "site_code,practice_code\nX00001-1,\nX00005-1,\nX00007-2,X00007\n"


def write_travelled_case(folder: Path) -> Path:
    """Write the case; some areas and practices lack some figures, and a few patients live outside its areas."""
    write_small_case(folder)
    toml = (folder / "case.toml").read_text(encoding="utf-8")
    (folder / "case.toml").write_text(toml + MORE_TOML, encoding="utf-8")
    areas = _rows(folder / "areas.csv")
    for k, area in enumerate(areas):
        _describe(area, k)
    _write(folder / "areas.csv", areas)
    practices = _rows(folder / "practices.csv")
    for k, practice in enumerate(practices):
        listed = int(practice["list_size"])
        practice["age_65_plus"] = "" if k % 3 == 2 else listed // (4 + k % 2)
        practice["age_75_plus"] = listed // 11 if k % 2 else ""
        practice["age_children"] = listed // 5 if k != 4 else ""
    _write(folder / "practices.csv", practices)
    registered = _rows(folder / "registrations.csv")
    _write(folder / "registrations.csv", [*registered, *_outside()])
    _write_around(folder, areas)
    (folder / "services.csv").write_text(SERVICES, encoding="utf-8")
    return folder


def write_travelled_run(folder: Path, case: Path) -> Path:
    """Write a run of the case with two options, compared with the sites where services run today."""
    write_run(run_case(case, options=2, before=case / "services.csv"), folder, case_dir=case)
    return folder


def _describe(area: dict, k: int) -> None:
    """Who lives in an area."""
    spot = area["area_code"][1:]
    area["ward"] = WARDS.get(spot, "")
    area["name"] = "" if spot in UNNAMED else "Area alike" if spot in {"20", "30"} else area["name"]
    area["population_65_plus"] = "" if k % 13 == 5 else 300 + 17 * (k % 7)
    area["population_75_plus"] = 140 + 9 * (k % 5)
    area["population_85_plus"] = 40 + 3 * (k % 4)
    area["population_children"] = 350 + 11 * (k % 6)
    area["no_car_share"] = "" if k % 11 == 3 else round(0.05 + 0.03 * (k % 9), 2)
    area["deprivation_decile"] = "" if k % 17 == 2 else 1 + k % 10
    area["carers"], area["no_broadband"] = 90 + k, round(0.01 * (k % 8), 2)
    area["landscape"] = ("Coast", "coast", "Down  land", "")[k % 4]


def _outside() -> list[dict]:
    codes = ("X00001", "X00008")
    return [{"practice_code": code, "area_code": "W99", "patients": 25} for code in codes]


def _write_around(folder: Path, areas: list[dict]) -> None:
    near = [(area["area_code"], int(area["x"]), int(area["y"])) for area in areas]
    points = [
        {"area_code": code, "x": x + dx, "y": y, "weight": weight}
        for code, x, y in near[::2]
        for dx, weight in ((-500, 1), (700, 3))
    ]
    _write(folder / "area_points.csv", points)
    _write(
        folder / "pharmacies.csv",
        [{"name": "One", "x": 401_500, "y": 101_500}, {"name": "Two", "x": 407_000, "y": 108_000}],
    )
    _write(
        folder / "settlements.csv",
        [{"name": "Netherton", "x": 401_000, "y": 105_000}, {"name": "Overton", "x": 406_000, "y": 110_500}],
    )
    _write(
        folder / "housing.csv",
        [
            {"name": "East Field", "x": 408_300, "y": 101_900, "dwellings": 400, "year": 2031},
            {"name": "Top Field", "x": 404_000, "y": 110_000, "dwellings": 150, "year": 2034},
        ],
    )
    _write(
        folder / "projections.csv",
        [
            {"area_code": code, "year": year, "population": 2_000 + (year - 2_025) * (k % 9 - 3) * 12}
            for k, (code, *_) in enumerate(near)
            for year in (2_030, 2_035)
            if k % 10
        ],
    )
    sites = _rows(folder / "sites.csv")
    _write(
        folder / "public_transport.csv",
        [
            {"from": code, "to": site["site_code"], "minutes": 8 + (abs(x - sx) + 2 * abs(y - sy)) // 400}
            for k, (code, x, y) in enumerate(near)
            for n, (site, sx, sy) in enumerate((site, int(site["x"]), int(site["y"])) for site in sites)
            if (k + n) % 7 and k % 12
        ],
    )


def _rows(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _write(path: Path, rows: list[dict]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
