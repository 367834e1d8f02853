"""Complete cases made from the real public files beside the repository, for tests and for people.

    python -m tests.real_cases isle-of-wight FOLDER --shared ../shared/data
    python -m tests.real_cases dorset FOLDER --shared ../shared/data
    python -m tests.real_cases isle-of-wight-plan plan.csv --shared ../shared/data

A case is a self-contained folder. Files that can be used as published are copied and described by `columns`
in `case.toml`; a table is written anew only where two files have to be brought together, and says so in its
attribution.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

NATIONAL_GRID = "EPSG:27700"

NHS = "Contains NHS Digital data, Open Government Licence v3"
NHSBSA = "Contains NHS Business Services Authority data, Open Government Licence v3"
ONS = "Contains Office for National Statistics data, Open Government Licence v3"
OS = "Contains OS data, Crown copyright and database right"

DORSET_LISTS_DATE = 20160331
"""Branches opened after the practice lists of 2016 Q1 are mergers still to come, not branches of that
date."""

DORSET_LOCALITY_WARDS: dict[str, dict[str, tuple[str, ...]]] = {
    "Bournemouth North": {
        "E06000028": (
            "Kinson North",
            "Kinson South",
            "Redhill and Northbourne",
            "Talbot and Branksome Woods",
            "Wallisdown and Winton West",
        )
    },
    "Central Bournemouth": {"E06000028": ("Central", "Moordown", "Queen's Park", "Throop and Muscliff", "Winton East")},
    "Christchurch": {"E07000048": ("*",)},
    "Dorset West": {
        "E07000052": (
            "Beaminster",
            "Bradpole",
            "Bridport North",
            "Bridport South and Bothenhampton",
            "Broadwindsor",
            "Burton Bradstock",
            "Charmouth",
            "Chesil Bank",
            "Chideock and Symondsbury",
            "Frome Valley",
            "Halstock",
            "Loders",
            "Lyme Regis",
            "Maiden Newton",
            "Marshwood Vale",
            "Netherbury",
        )
    },
    "East Bournemouth": {
        "E06000028": (
            "Boscombe East",
            "Boscombe West",
            "East Cliff and Springbourne",
            "East Southbourne and Tuckton",
            "Littledown and Iford",
            "Strouden Park",
            "West Southbourne",
        )
    },
    "East Dorset": {"E07000049": ("*",)},
    "Mid Dorset": {
        "E07000050": ("Abbey",),
        "E07000052": (
            "Broadmayne",
            "Charminster and Cerne Valley",
            "Dorchester East",
            "Dorchester North",
            "Dorchester South",
            "Dorchester West",
            "Owermoigne",
            "Piddle Valley",
            "Puddletown",
            "Winterborne St Martin",
        ),
    },
    "North Dorset": {
        "E07000050": ("*",),
        "E07000052": (
            "Bradford Abbas",
            "Cam Vale",
            "Queen Thorne",
            "Sherborne East",
            "Sherborne West",
            "Yetminster",
        ),
    },
    "Poole Bay": {
        "E06000028": ("Westbourne and West Cliff",),
        "E06000029": ("Alderney", "Branksome East", "Branksome West", "Canford Cliffs", "Parkstone", "Penn Hill"),
    },
    "Poole Central": {
        "E06000029": ("Creekmoor", "Hamworthy East", "Hamworthy West", "Newtown", "Oakdale", "Poole Town")
    },
    "Poole North": {"E06000029": ("Broadstone", "Canford Heath East", "Canford Heath West", "Merley and Bearwood")},
    "Purbeck": {"E07000051": ("*",)},
    "Weymouth & Portland": {"E07000052": ("Chickerell",), "E07000053": ("*",)},
}
"""The 13 localities of 2016 as wards of 2011, by authority code; "*" is all wards of it that no other
locality names.

No boundary was published: the commissioner listed practices, not places. Whole districts follow their
locality; where one divides, a ward goes to the locality of the practices in it (Sherborne looks to North
Dorset, Milton Abbas to Mid Dorset, Chickerell to Weymouth, Westbourne to Poole Bay).
"""


def write_isle_of_wight_case(shared_data: Path, folder: Path) -> Path:
    """Write the Isle of Wight as a case on real roads: 17 practices, 6 branches, 89 areas.

    Parameters
    ----------
    shared_data
        Folder of the real files.
    folder
        Where the case goes; made if missing, files of an earlier case are overwritten.

    Returns
    -------
    Path
        The folder.
    """
    source = shared_data / "isle-of-wight"
    folder.mkdir(parents=True, exist_ok=True)
    practices = _read_practices(source)
    _copy(source / "practices_2016Q1.csv", folder / "practices.csv")
    networks = _networks(source)["PCN Name"].reindex(practices.index).rename("current_group")
    _write_csv(networks.reset_index(), folder / "networks.csv")
    _write_sites(practices, _read_branches(source), folder)
    _copy(source / "lsoa11.gpkg", folder / "areas.gpkg")
    _copy(source / "practice_lsoa_registrations_2022.csv", folder / "registrations.csv")
    _copy(source / "osm_roads_2023.gpkg", folder / "roads.gpkg")
    _write_settings(
        folder,
        name="Isle of Wight",
        # 11 m would close the gap near E459423 N83904; three more breaks of 33-36 m make St Helens to Ryde 31 minutes
        # instead of 12
        roads={"method": "roads", "source": "roads.gpkg", "bridge_gaps_m": 40},
        tables={
            "practices": [
                _practices_table(),
                {"file": "networks.csv", "join": True, "vintage": "2022-05", "licence": "OGL v3"}
                | {"attribution": NHS},
            ],
            "sites": _sites_table("2016-2017"),
            "areas": _areas_table("areas.gpkg", f"{ONS}; {OS}"),
            "registrations": _registrations_table(),
        },
        totals={"patients": int(practices["list_size"].sum()), "practices": len(practices)},
    )
    return folder


def write_isle_of_wight_2022_plan(shared_data: Path, path: Path) -> Path:
    """Write the real networks of May 2022 as a plan for those of the 17 practices that were still in one.

    Practices that closed or merged before, or had left their network, are not in it: a partial plan. No hub
    is named.
    """
    source = shared_data / "isle-of-wight"
    networks = _networks(source)
    networks = networks[networks.index.isin(_read_practices(source).index)]
    plan = pd.DataFrame(
        {"practice_code": networks.index, "group_id": networks["PCN Code"].to_numpy(), "hub_site_code": ""}
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_csv(plan, path)
    return path


def write_dorset_2016_case(shared_data: Path, folder: Path) -> Path:
    """Write Dorset of 2016 as a case on straight-line minutes: 98 practices, 452 areas, 13 derived
    localities.

    Parameters
    ----------
    shared_data
        Folder of the real files.
    folder
        Where the case goes; made if missing, files of an earlier case are overwritten.

    Returns
    -------
    Path
        The folder.
    """
    source = shared_data / "dorset"
    folder.mkdir(parents=True, exist_ok=True)
    practices = _read_practices(source)
    practices = _locate_by_output_area(practices, source)
    branches = _read_branches(source)
    branches = branches[branches["open"] <= DORSET_LISTS_DATE]
    _copy(source / "practices_2016Q1.csv", folder / "practices.csv")
    _write_sites(practices, branches, folder)
    _copy(source / "lsoa11.gpkg", folder / "areas.gpkg")
    _copy(source / "lsoa11_postcode_centroids.csv", folder / "area_points.csv")
    _write_csv(dorset_wards_of_areas(shared_data), folder / "area_wards.csv")
    _write_layer(dorset_localities(shared_data), folder / "localities.gpkg", "localities")
    _copy(source / "practice_lsoa_registrations_2022.csv", folder / "registrations.csv")
    _write_settings(
        folder,
        name="Dorset 2016",
        roads={"method": "straight-line"},
        tables={
            "practices": _practices_table(),
            "sites": _sites_table(
                "2016 Q1; branches as listed 2017-08 and opened by 2016-03; "
                "J81002 at the postcodes of its output area, its own postcode having ended"
            ),
            "areas": [
                # First: a joined file fills only what is empty, and the layer holds geometric points as well.
                {
                    "file": "area_points.csv",
                    "crs": NATIONAL_GRID,
                    "columns": {"area_code": "lsoa11_code", "x": "easting", "y": "northing"},
                    "vintage": "2025-05, mean of the postcodes of each area",
                    "licence": "OGL v3",
                    "attribution": OS,
                },
                _areas_table("areas.gpkg", f"{ONS}; {OS}") | {"join": True},
                {
                    "file": "area_wards.csv",
                    "columns": {"area_code": "lsoa11_code"},
                    "join": True,
                    "vintage": "wards of 2013 by the postcodes of each area",
                    "licence": "CC BY 4.0; OGL v3",
                    "attribution": f"{ONS}; {OS}",
                },
            ],
            "registrations": _registrations_table(),
            "localities": {
                "file": "localities.gpkg",
                "layer": "localities",
                "vintage": "2016, derived",
                "licence": "CC BY 4.0; OGL v3",
                "attribution": f"Derived by joining wards of 2011, not published boundaries. {ONS}; {OS}",
            },
        },
        totals={"patients": 766_000, "practices": 96, "sites": 131},
    )
    return folder


def dorset_localities(shared_data: Path) -> gpd.GeoDataFrame:
    """Join wards to the 13 localities of 2016: columns `name` and `wards`, sorted by name, in metres."""
    wards = gpd.read_file(shared_data / "dorset" / "wards_lsoa_oa_2011.gpkg", layer="wards")
    wards = wards.to_crs(NATIONAL_GRID)
    wards["geometry"] = wards.make_valid()
    locality_of = _locality_of_wards(wards)
    wards["name"] = [locality_of[key] for key in zip(wards["lad_file"], wards["WD13NM"], strict=True)]
    joined = wards.dissolve("name", aggfunc={"WD13NM": "count"}).rename(columns={"WD13NM": "wards"})
    return joined.sort_index().reset_index()[["name", "wards", "geometry"]]


def dorset_wards_of_areas(shared_data: Path) -> pd.DataFrame:
    """The ward that most people of each area live in or near: `lsoa11_code`, `ward`, sorted by code."""
    wards = gpd.read_file(shared_data / "dorset" / "wards_lsoa_oa_2011.gpkg", layer="wards").to_crs(NATIONAL_GRID)
    wards["geometry"] = wards.make_valid()
    points = pd.read_csv(shared_data / "dorset" / "lsoa11_postcode_centroids.csv", encoding="utf-8")
    homes = gpd.GeoDataFrame(
        points[["lsoa11_code"]], geometry=gpd.points_from_xy(points["easting"], points["northing"]), crs=NATIONAL_GRID
    )
    found = homes.sjoin_nearest(wards[["WD13NM", "geometry"]]).drop_duplicates("lsoa11_code")
    return found.rename(columns={"WD13NM": "ward"})[["lsoa11_code", "ward"]].sort_values("lsoa11_code")


def _locality_of_wards(wards: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Locality of each ward by (authority, ward name); a ward without one, or a name that is no ward, is an
    error."""
    known = set(zip(wards["lad_file"], wards["WD13NM"], strict=True))
    named: dict[tuple[str, str], str] = {}
    rest: dict[str, str] = {}
    for locality, by_authority in DORSET_LOCALITY_WARDS.items():
        for authority, names in by_authority.items():
            if names == ("*",):
                rest[authority] = locality
                continue
            for name in names:
                if (authority, name) not in known or (authority, name) in named:
                    raise ValueError(f"{name} is no ward of {authority}, or is named twice")
                named[authority, name] = locality
    return {ward: named[ward] if ward in named else rest[ward[0]] for ward in sorted(known)}


def _read_practices(source: Path) -> pd.DataFrame:
    """Practices with list size, age bands, postcode and the coordinates of their main site, indexed by
    code."""
    table = pd.read_csv(source / "practices_2016Q1.csv", dtype={"code": str}).set_index("code").sort_index()
    table["location"] = "postcode"
    return table.rename_axis("practice_code")


def _locate_by_output_area(practices: pd.DataFrame, source: Path) -> pd.DataFrame:
    """Place practices whose postcode was terminated at the mean of the live postcodes of the same output
    area."""
    missing = practices.index[practices["easting"].isna()]
    output_area = pd.read_csv(source / "postcode_to_oa_lsoa_2022-05.csv").set_index("pcds")["oa11cd"]
    points = pd.read_csv(source / "codepoint_open_2025-05.csv").set_index("postcode")[["easting", "northing"]]
    located = practices.copy()
    for code in missing:
        here = output_area.index[output_area == output_area[located.at[code, "postcode"]]]
        mean = points.reindex(here.str.replace(" ", "")).mean().round()
        located.loc[code, ["easting", "northing"]] = mean.to_numpy()
        located.loc[code, "location"] = "output area of a terminated postcode"
    return located


def _read_branches(source: Path) -> pd.DataFrame:
    return pd.read_csv(source / "branches_2017-08.csv", dtype={"code": str, "parent": str})


def _networks(source: Path) -> pd.DataFrame:
    """Current networks by practice: only relationships without an end date."""
    members = pd.read_csv(source / "pcn_members_2022-05.csv")
    members = members[members["Practice to PCN Relationship End Date"].isna()]
    return members.set_index("Partner Organisation Code")[["PCN Code", "PCN Name"]].sort_index()


def _write_sites(practices: pd.DataFrame, branches: pd.DataFrame, folder: Path) -> None:
    """Main sites (site code = practice code) and branches, without branches that repeat a site of their own
    practice."""
    main = pd.DataFrame(
        {
            "site_code": practices.index,
            "practice_code": practices.index,
            "name": practices["name"],
            "kind": "main",
            "postcode": practices["postcode"],
            "x": practices["easting"],
            "y": practices["northing"],
            "location": practices["location"],
        }
    )
    listed = branches[branches["parent"].isin(practices.index)].sort_values("code")
    branch = pd.DataFrame(
        {
            "site_code": listed["code"],
            "practice_code": listed["parent"],
            "name": listed["name"],
            "kind": "branch",
            "postcode": listed["postcode"],
            "x": listed["easting"],
            "y": listed["northing"],
            "location": "postcode",
        }
    )
    sites = pd.concat([main, branch], ignore_index=True).drop_duplicates(["practice_code", "postcode"])
    sites = sites.astype({"x": int, "y": int}).sort_values("site_code")
    _write_csv(sites, folder / "sites.csv")


def _practices_table() -> dict[str, object]:
    return {
        "file": "practices.csv",
        "columns": {"practice_code": "code", "age_65_plus": "age65plus", "age_75_plus": "age75plus"},
        "vintage": "2016 Q1",
        "licence": "OGL v3",
        "attribution": f"{NHSBSA}; {NHS}",
    }


def _sites_table(vintage: str) -> dict[str, object]:
    return {
        "file": "sites.csv",
        "crs": NATIONAL_GRID,
        "vintage": vintage,
        "licence": "OGL v3",
        "attribution": f"{NHS}; {OS}",
    }


def _areas_table(file: str, attribution: str) -> dict[str, object]:
    return {
        "file": file,
        "columns": {
            "area_code": "lsoa11_code",
            "name": "lsoa11_name",
            "population": "pop2020",
            "population_65_plus": "pop65_2020",
            "population_75_plus": "pop75_2020",
            "rural_urban": "ruc11_code",
            "deprivation_decile": "IMD_decile",
        },
        "vintage": "2011 boundaries, 2020 population, IMD 2019",
        "licence": "OGL v3",
        "attribution": attribution,
    }


def _registrations_table() -> dict[str, object]:
    return {
        "file": "registrations.csv",
        "columns": {"practice_code": "OrganisationCode", "area_code": "LSOA11CD", "patients": "Patient"},
        "vintage": "2022",
        "licence": "OGL v3",
        "attribution": NHS,
    }


def _write_settings(
    folder: Path,
    *,
    name: str,
    roads: dict[str, object],
    tables: dict[str, dict[str, object] | list[dict[str, object]]],
    totals: dict[str, int],
) -> None:
    lines = ["schema_version = 1", f"name = {_toml(name)}", "made_up = false", ""]
    lines += ["[rules]", 'set = "dorset-2017"', "", "[roads]", *_entries(roads), ""]
    for table, parts in tables.items():
        if isinstance(parts, dict):
            lines += [f"[tables.{table}]", *_entries(parts), ""]
            continue
        for part in parts:
            lines += [f"[[tables.{table}]]", *_entries(part), ""]
    lines += ["[totals]", *_entries(totals)]
    (folder / "case.toml").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _entries(values: dict[str, object]) -> list[str]:
    return [f"{key} = {_toml(value)}" for key, value in values.items()]


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(entry)}" for key, entry in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def _write_layer(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    path.unlink(missing_ok=True)
    # GeoPackages carry the time they were written; a fixed one gives the same bytes every time.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2000-01-01T00:00:00Z"})
    try:
        frame.to_file(path, layer=layer, driver="GPKG")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _copy(source: Path, target: Path) -> None:
    # Not copy(): the shared files may be read-only, and a case is the planner's to edit.
    shutil.copyfile(source, target)


def main() -> None:
    """Write one case, or the plan of 2022, from the command line."""
    parser = argparse.ArgumentParser(description="Write a case from the real files.")
    writers = {
        "isle-of-wight": write_isle_of_wight_case,
        "dorset": write_dorset_2016_case,
        "isle-of-wight-plan": write_isle_of_wight_2022_plan,
    }
    parser.add_argument("case", choices=sorted(writers))
    parser.add_argument("target", type=Path, help="folder of the case, or the plan's file")
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"), help="folder of the real files")
    arguments = parser.parse_args()
    print(writers[arguments.case](arguments.shared, arguments.target))


if __name__ == "__main__":
    main()
