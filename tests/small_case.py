"""A small made-up case on disk: two towns and a rural edge, eight practices, straight-line minutes."""

from __future__ import annotations

import csv
from pathlib import Path

CASE_TOML = """\
schema_version = 1
name = "Small case"
made_up = true

[rules]
set = "dorset-2017"

[roads]
method = "straight-line"

[tables]
practices = "practices.csv"
sites = "sites.csv"
areas = "areas.csv"
registrations = "registrations.csv"
"""

PRACTICES = (
    # code, name, locality, list size, x, y, rural
    ("X00001", "Harbour Street Surgery", "West Town", 16_000, 401_000, 101_000, False),
    ("X00002", "Mill Lane Practice", "West Town", 15_000, 403_000, 101_000, False),
    ("X00003", "Castle Road Surgery", "West Town", 14_000, 401_000, 103_000, False),
    ("X00004", "Station Approach Practice", "East Town", 17_000, 407_000, 101_000, False),
    ("X00005", "Priory Gardens Surgery", "East Town", 16_000, 409_000, 103_000, False),
    ("X00006", "Orchard Practice", "Hills", 9_000, 403_000, 109_000, True),
    ("X00007", "Meadow View Surgery", "Hills", 8_000, 405_000, 111_000, True),
    ("X00008", "Old Forge Practice", "Hills", 7_500, 407_000, 109_000, True),
)


def write_small_case(
    folder: Path, *, names: dict[str, str] | None = None, list_sizes: dict[str, int] | None = None
) -> Path:
    """Write the case; `names` and `list_sizes` replace single values by practice code."""
    names, list_sizes = names or {}, list_sizes or {}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "case.toml").write_text(CASE_TOML, encoding="utf-8")
    practices, sites, registrations = [], [], []
    for code, name, locality, listed, x, y, _rural in PRACTICES:
        called = names.get(code, name)
        practices.append((code, called, locality, list_sizes.get(code, listed)))
        sites.append((f"{code}-1", code, called, "main", x, y))
        registrations += [(code, area, share) for area, share in _registered(x, y, list_sizes.get(code, listed))]
    sites.append(("X00007-2", "X00007", "Meadow View at the Green", "branch", 403_000, 111_000))
    _write(folder / "practices.csv", ("practice_code", "name", "locality", "list_size"), practices)
    _write(folder / "sites.csv", ("site_code", "practice_code", "name", "kind", "x", "y"), sites)
    _write(folder / "areas.csv", ("area_code", "name", "x", "y", "population", "rural_urban"), _areas())
    _write(folder / "registrations.csv", ("practice_code", "area_code", "patients"), registrations)
    return folder


def _areas() -> list[tuple]:
    """Points on a 2 km grid; everything north of y = 107,000 is rural."""
    return [
        (f"E{ix}{iy}", f"Area {ix}-{iy}", 400_000 + 2_000 * ix, 100_000 + 2_000 * iy, 2_000, "E1" if iy >= 4 else "C1")
        for ix in range(6)
        for iy in range(7)
    ]


def _registered(x: int, y: int, listed: int) -> list[tuple[str, int]]:
    """Half of the list in the nearest area, the rest in equal parts over the next four."""
    near = sorted(_areas(), key=lambda area: ((area[2] - x) ** 2 + (area[3] - y) ** 2, area[0]))[:5]
    part = listed // 8
    return [(near[0][0], listed - 4 * part)] + [(area[0], part) for area in near[1:]]


def _write(path: Path, header: tuple[str, ...], rows: list[tuple]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
