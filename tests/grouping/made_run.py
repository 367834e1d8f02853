"""A plausible run made by hand, so that the page can be tested without the optimiser.

Twelve practices on sixteen sites, thirty square areas, three localities, three options; with an exception, an oversize
group, a group near the rural threshold, estimated registrations and patients without a route.
"""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import Point, box

from geodata.errors import Finding
from geodata.place import BRITISH_NATIONAL_GRID, Place, SourceFile
from geodata.travel import TravelMethod, TravelTimes
from grouping.plan import Plan
from grouping.result import AssessedOption, OptionPlan, Run, SolverReport
from grouping.rules import load_rules

HOSTILE_NAMES = (
    "<img src=x onerror=alert(1)>",
    "${alert(1)}",
    "back`tick`s",
    "C:\\users\\new",
    "</script><script>alert(1)</script>",
    "\"double\" & 'single' quotes",
    "\u202eright to left",
    "{{ 7 * 7 }}",
    "<!-- comment",
    "\u05de\u05e8\u05e4\u05d0\u05d4",
)

WEST, SOUTH, CELL_M = 360_000, 80_000, 5_000
COLUMNS, ROWS = 6, 5

# code, name, column, row, list size, kind of the place (offset from the cell's middle in metres)
PRACTICES = (
    ("J80001", "Harbour Road Surgery", 4, 0, 14_200),
    ("J80002", "Quay Health Centre", 5, 0, 12_850),
    ("J80003", "Pier Medical Practice", 5, 1, 11_400),
    ("J80004", "Chestnut Avenue Practice", 4, 1, 9_600),
    ("J80005", "The Old Brewery Surgery", 3, 0, 62_300),
    ("J80006", "Riverside Medical Centre", 4, 2, 13_100),
    ("J80007", "Market Place Surgery", 3, 2, 10_050),
    ("J80008", "Abbey Court Practice", 2, 3, 8_900),
    ("J80009", "Downs View Surgery", 1, 3, 7_350),
    ("J80010", "Vale Family Practice", 2, 4, 6_100),
    ("J80011", "Chesil Lane Surgery", 0, 1, 5_900),
    ("J80012", "Marsh Green Surgery", 0, 2, 4_750),
)
BRANCHES = (
    ("J80008B1", "J80008", "Abbey Court branch, Milton Row", 3, 3),
    ("J80010B1", "J80010", "Vale branch, Holt Cross", 3, 4),
    ("J80011B1", "J80011", "Chesil branch, Portway", 1, 1),
    ("", "", "Westbrook Community Hospital", 1, 2),
)
OPTIONS = (
    (
        (("J80001", "J80002", "J80003"), "J80002"),
        (("J80004", "J80006", "J80007"), "J80006"),
        (("J80005",), "J80005"),
        (("J80008", "J80009", "J80010"), "J80008"),
        (("J80011", "J80012"), "J80011"),
    ),
    (
        (("J80001", "J80002", "J80004"), "J80001"),
        (("J80003", "J80006", "J80007"), "J80006"),
        (("J80005",), "J80005"),
        (("J80008", "J80009", "J80010"), "J80008B1"),
        (("J80011", "J80012"), "J80012"),
    ),
    (
        (("J80001", "J80002", "J80003", "J80004"), "J80004"),
        (("J80006", "J80007", "J80010"), "J80007"),
        (("J80005",), "J80005"),
        (("J80008", "J80009", "J80011", "J80012"), "J80009"),
    ),
)


def _middle(column: int, row: int) -> Point:
    return Point(WEST + (column + 0.5) * CELL_M, SOUTH + (row + 0.5) * CELL_M)


def made_place(*, points_only: bool = False, names: tuple[str, ...] = ()) -> Place:
    """The place; `names` replaces the names of practices, sites, areas and localities in turn."""
    practices = gpd.GeoDataFrame(
        {
            "practice_code": [code for code, *_ in PRACTICES],
            "name": [name for _, name, *_ in PRACTICES],
            "locality": [
                "Coast" if row < 2 else "Vale" if column > 1 else "West" for _, _, column, row, _ in PRACTICES
            ],
            "list_size": [size for *_, size in PRACTICES],
            "main_site_code": [code for code, *_ in PRACTICES],
            "vulnerability": np.nan,
            "clinical_system": "",
            "current_group": "",
            "keep_together": "",
            "dispensing": None,
        },
        geometry=[_middle(column, row) for _, _, column, row, _ in PRACTICES],
        crs=BRITISH_NATIONAL_GRID,
    ).set_index("practice_code")
    sites = gpd.GeoDataFrame(
        {
            "site_code": [code for code, *_ in PRACTICES] + [code or "RHOSP" for code, *_ in BRANCHES],
            "practice_code": [code for code, *_ in PRACTICES] + [owner for _, owner, *_ in BRANCHES],
            "name": [name for _, name, *_ in PRACTICES] + [name for _, _, name, *_ in BRANCHES],
            "kind": ["main"] * len(PRACTICES) + ["branch" if owner else "community" for _, owner, *_ in BRANCHES],
            "postcode": "",
        },
        geometry=[_middle(column, row) for _, _, column, row, _ in PRACTICES]
        + [_middle(column, row) for *_, column, row in BRANCHES],
        crs=BRITISH_NATIONAL_GRID,
    ).set_index("site_code")
    cells = [(column, row) for row in range(ROWS) for column in range(COLUMNS)]
    shapes = [
        box(WEST + c * CELL_M, SOUTH + r * CELL_M, WEST + (c + 1) * CELL_M, SOUTH + (r + 1) * CELL_M) for c, r in cells
    ]
    areas = gpd.GeoDataFrame(
        {
            "area_code": [f"E0100{i:04d}" for i in range(len(cells))],
            "name": [f"Parish {i + 1:02d}" for i in range(len(cells))],
            "population": 5_500,
            "population_65_plus": 1_300,
            "population_75_plus": 600,
            "rural_urban": ["D1" if r >= 2 or c <= 1 else "C1" for c, r in cells],
            "rural": [r >= 2 or c <= 1 for c, r in cells],
            "deprivation_decile": 6,
            "no_car_share": 0.17,
            "x": [WEST + (c + 0.5) * CELL_M for c, _ in cells],
            "y": [SOUTH + (r + 0.5) * CELL_M for _, r in cells],
        },
        geometry=[_middle(c, r) for c, r in cells] if points_only else shapes,
        crs=BRITISH_NATIONAL_GRID,
    ).set_index("area_code")
    localities = gpd.GeoDataFrame(
        {"name": ["Coast", "Vale", "West"]},
        geometry=[
            box(WEST, SOUTH, WEST + 6 * CELL_M, SOUTH + 2 * CELL_M),
            box(WEST + 2 * CELL_M, SOUTH + 2 * CELL_M, WEST + 6 * CELL_M, SOUTH + 5 * CELL_M),
            box(WEST, SOUTH + 2 * CELL_M, WEST + 2 * CELL_M, SOUTH + 5 * CELL_M),
        ],
        crs=BRITISH_NATIONAL_GRID,
    ).set_index("name")
    if names:
        given = (names * 10)[: len(areas)]
        practices["name"] = [f"{name}" for name in given[: len(practices)]]
        sites["name"] = [f"{name}" for name in given[: len(sites)]]
        areas["name"] = list(given)
        localities.index = pd.Index(list(names[:3]), name="name")
        practices["locality"] = [names[i % 3] for i in range(len(practices))]
    registrations = _registrations(practices, areas)
    return Place(
        name=names[0] if names else "Made-up Vale",
        practices=practices,
        sites=sites.sort_index(),
        areas=areas,
        registrations=registrations,
        localities=localities,
        sources=(
            SourceFile("practices", "practices.csv", "0" * 64, 12, "2017-04", "OGL v3", "Contains NHS Digital data"),
            SourceFile("areas", "areas.gpkg", "1" * 64, 30, "2011", "OGL v3", "Contains ONS and OS data"),
            SourceFile("roads", "roads.osm.pbf", "2" * 64, 1200, "2024-01", "ODbL", ""),
        ),
        made_up=True,
    )


def _registrations(practices: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Patients fall off with distance; a few live outside the areas of the case."""
    rows = []
    for practice_code, practice in practices.iterrows():
        metres = np.hypot(areas["x"] - practice.geometry.x, areas["y"] - practice.geometry.y).to_numpy()
        weight = np.exp(-metres / 2_500) * (metres < 16_000)
        patients = (practice["list_size"] - 40) * weight / weight.sum()
        basis = "estimated" if practice_code == "J80012" else "published"
        rows += [
            (practice_code, area_code, float(count), basis)
            for area_code, count in zip(areas.index, patients, strict=True)
            if count > 0
        ]
        rows.append((practice_code, "W01000001", 40.0, basis))
    return pd.DataFrame(rows, columns=["practice_code", "area_code", "patients", "basis"])


def made_times(place: Place, *, estimate: bool = False) -> TravelTimes:
    """Straight lines at 30 km/h; one area has no route to anywhere."""
    home = place.areas[["x", "y"]].to_numpy(dtype=float)
    site = np.column_stack([place.sites.geometry.x, place.sites.geometry.y])
    to_site = np.hypot(home[:, None, 0] - site[None, :, 0], home[:, None, 1] - site[None, :, 1]) / 500 + 1.5
    to_site[list(place.areas.index).index("E01000024")] = np.inf
    between = np.hypot(site[:, None, 0] - site[None, :, 0], site[:, None, 1] - site[None, :, 1]) / 500
    method = TravelMethod(
        "straight-line" if estimate else "roads",
        "Straight-line distance x 1.3, at 25 or 50 km/h." if estimate else "Drive time on OpenStreetMap roads, 2024.",
        {"snap_median_m": 21.5, "bridged_gaps": 1},
    )
    zeros = np.zeros
    return TravelTimes(
        tuple(place.areas.index),
        tuple(place.sites.index),
        to_site,
        between,
        zeros(len(home)),
        zeros(len(site)),
        method,
    )


def _assess(place: Place, times: TravelTimes, option: OptionPlan) -> AssessedOption:
    area_at = {code: i for i, code in enumerate(times.area_codes)}
    site_at = {code: i for i, code in enumerate(times.site_codes)}
    of = option.plan.group_of
    joined = place.registrations.copy()
    joined["group_id"] = [of[code].group_id for code in joined["practice_code"]]
    joined["rural"] = joined["area_code"].map(place.areas["rural"]).astype("boolean").fillna(False).astype(bool)
    joined["hub"] = [
        times.area_to_site[area_at[a], site_at[of[p].hub_site_code]] if a in area_at else np.inf
        for p, a in zip(joined["practice_code"], joined["area_code"], strict=True)
    ]
    own = place.sites.groupby("practice_code").groups
    joined["routine"] = [
        min(times.area_to_site[area_at[a], site_at[s]] for s in own[p]) if a in area_at else np.inf
        for p, a in zip(joined["practice_code"], joined["area_code"], strict=True)
    ]
    timed = joined[np.isfinite(joined["hub"])]

    def mean(frame: pd.DataFrame, column: str) -> float:
        return float(np.average(frame[column], weights=frame["patients"])) if len(frame) else float("nan")

    rows, notes = [], []
    for group in option.plan.groups:
        part, reached = joined[joined["group_id"] == group.group_id], timed[timed["group_id"] == group.group_id]
        size = int(place.practices.loc[list(group.members), "list_size"].sum())
        rural_share = float(part.loc[part["rural"], "patients"].sum() / part["patients"].sum())
        kind = "rural" if rural_share >= 0.5 else "urban"
        minimum = 20_000 if kind == "rural" else 30_000
        exception = f"{minimum - size:,} patients short of the minimum" if size < minimum else ""
        main = [place.practices.loc[code, "main_site_code"] for code in group.members]
        rows.append(
            {
                "group_id": group.group_id,
                "name": place.practices.loc[group.members[0], "name"],
                "kind": kind,
                "practices": len(group.members),
                "sites": int(place.sites["practice_code"].isin(group.members).sum()),
                "list_size": size,
                "rural_share": rural_share,
                "minimum": minimum,
                "margin": size - minimum,
                "exception": exception,
                "hub_site_code": group.hub_site_code,
                "mean_minutes_to_hub": mean(reached, "hub"),
                "max_practice_minutes": max(
                    times.between_sites[site_at[m], site_at[group.hub_site_code]] for m in main
                ),
            }
        )
        if size > 60_000:
            notes.append((group.group_id, "oversize", "One practice alone is above the hard maximum of 60,000."))
        if abs(rural_share - 0.5) < 0.12:
            notes.append(
                (group.group_id, "near-threshold", "Near the rural threshold: 30,000 as urban, 20,000 as rural.")
            )
        if "J80012" in group.members:
            notes.append((group.group_id, "estimated", "Where patients of J80012 live is estimated."))
    groups = pd.DataFrame(rows)
    short = groups.loc[groups["margin"] < 0, "margin"]
    areas = pd.DataFrame(
        {
            "area_code": sorted(joined["area_code"].unique()),
        }
    )
    areas["patients"] = areas["area_code"].map(joined.groupby("area_code")["patients"].sum())
    for column in ("routine", "hub"):
        areas[f"minutes_{column}"] = [mean(timed[timed["area_code"] == a], column) for a in areas["area_code"]]
    areas["minutes_hub_before"] = np.nan
    headline: dict[str, object] = {
        "groups": len(groups),
        "urban_groups": int((groups["kind"] == "urban").sum()),
        "rural_groups": int((groups["kind"] == "rural").sum()),
        "exceptions": len(short),
        "shortfall": int(-short.sum()),
        "smallest": int(groups["list_size"].min()),
        "largest": int(groups["list_size"].max()),
        "mean_minutes_to_hub": mean(timed, "hub"),
        "mean_minutes_hub_rural": mean(timed[timed["rural"]], "hub"),
        "mean_minutes_hub_urban": mean(timed[~timed["rural"]], "hub"),
        "mean_minutes_routine": mean(timed, "routine"),
        "mean_minutes_routine_rural": mean(timed[timed["rural"]], "routine"),
        "mean_minutes_routine_urban": mean(timed[~timed["rural"]], "routine"),
        "longest_practice_minutes": float(groups["max_practice_minutes"].max()),
        **_patients_of(place, option.plan.practice_codes),
        "patients_without_route": float(joined["patients"].sum() - timed["patients"].sum()),
    }
    for suffix, part in (("", timed), ("_rural", timed[timed["rural"]]), ("_urban", timed[~timed["rural"]])):
        for limit in (10, 15, 20, 30, 45):
            near = part.loc[part["hub"] <= limit, "patients"].sum() / part["patients"].sum()
            headline[f"share_within_{limit}_minutes{suffix}"] = float(near)
    verification = pd.DataFrame(
        [
            ("Every practice stands in exactly one group", True, "12 of 12"),
            ("List sizes add up", True, f"{groups['list_size'].sum():,}"),
        ],
        columns=["claim", "agrees", "detail"],
    )
    return AssessedOption(
        option,
        groups,
        areas,
        pd.DataFrame(notes, columns=["group_id", "kind", "note"]),
        headline,
        True,
        verification,
        pd.DataFrame(columns=["practice_code", "name", "list_size"]),
    )


def made_run(*, points_only: bool = False, estimate: bool = False, names: tuple[str, ...] = ()) -> Run:
    """The run of `blueprint run`: three options, the first proven."""
    place = made_place(points_only=points_only, names=names)
    times = made_times(place, estimate=estimate)
    plans = [Plan.from_groups(groups) for groups in OPTIONS]
    options = tuple(
        _assess(
            place,
            times,
            OptionPlan(
                f"option-{i}",
                plan,
                objective=9.25 + 0.11 * (i - 1),
                behind_best=0.0119 * (i - 1),
                band=None if i == 1 else 0.02,
                different_from_best=(0.0, 0.31, 0.07)[i - 1],
                similar=i == 3,
            ),
        )
        for i, plan in enumerate(plans, start=1)
    )
    adjacency = pd.DataFrame([("J80001", "J80002", "edge")], columns=["practice_a", "practice_b", "reason"])
    return Run(
        run_id="made-up-vale-20240101-abc123",
        place=place,
        times=times,
        rules=load_rules("dorset-2017"),
        adjacency=adjacency,
        options=options,
        solver=SolverReport(
            "HiGHS", "1.8.0", "optimal", 9.25, 9.25, 0.0, 9_350, 1, 1_234, 87, {"candidates": 0.2, "solve": 0.4}
        ),
        findings=(
            Finding("warning", "registrations.csv", "The file is of another date.", "Scale it.", code="scaled"),
            Finding("note", "sites.csv", "Site stands on its own.", row=14, column="kind", value="x", code="lone-site"),
            Finding("note", "sites.csv", "Site stands on its own.", row=15, column="kind", value="y", code="lone-site"),
        ),
    )


def _patients_of(place: Place, codes: tuple[str, ...]) -> dict[str, float]:
    """Registered patients of some practices, all and by where they live; homes outside the areas are neither."""
    table = place.registrations[place.registrations["practice_code"].isin(codes)]
    rural = table["area_code"].map(place.areas["rural"].astype(float))
    return {
        "patients": float(table["patients"].sum()),
        "patients_rural": float(table.loc[rural == 1.0, "patients"].sum()),
        "patients_urban": float(table.loc[rural == 0.0, "patients"].sum()),
    }


def scored_run(*, names: tuple[str, ...] = ()) -> Run:
    """The run of `blueprint score` with a partial plan: no certificate, two practices left out, nothing proven."""
    run = made_run(names=names)
    first = run.options[0]
    left_out = run.place.practices.loc[["J80011", "J80012"], ["name", "list_size"]].reset_index()
    plan = Plan(first.option.plan.groups[:-1])
    kept = first.groups["group_id"].isin([group.group_id for group in plan.groups])
    scored = replace(
        first,
        option=OptionPlan("scored", plan, objective=9.25),
        groups=first.groups[kept].reset_index(drop=True),
        left_out=left_out,
        headline=first.headline | _patients_of(run.place, plan.practice_codes),
    )
    return replace(run, options=(scored,), solver=None, command="score")
