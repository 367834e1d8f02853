"""What was placed where: every site and area with its point, the way it was placed, and its distance to a road."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.errors import Finding
from geodata.osm.tags import ROAD_CLASSES
from geodata.place import Place
from geodata.road_times import FAR_M
from geodata.roads.network import RoadNetwork
from geodata.routing.snapping import snap
from geodata.travel import TravelTimes
from grouping.input_check.kinds import effect_of, named_codes
from grouping.input_check.tables import CaseTables, located, ways_of_sites

PLACED_COLUMNS = (
    "code", "name", "kind", "practice_code", "easting", "northing", "placed_by", "snap_m", "road", "road_easting",
    "road_northing", "flagged", "why",
)  # fmt: skip
LINE_M = 100.0
"""Further from its road than this, a point is joined to it by a line on the map."""


@dataclass(frozen=True)
class SnapSpread:
    """Distances of one kind of point to the road, in metres."""

    label: str
    points: int
    median: float
    ninety: float
    largest: float
    over_100: int
    over_500: int


def placed_by_place(place: Place, tables: CaseTables) -> pd.DataFrame:
    """Sites and areas of a place that was read without errors, columns of `PLACED_COLUMNS` up to `placed_by`."""
    table = tables.get("sites")
    ways = ways_of_sites(table) if table is not None else {}
    sites = pd.DataFrame(
        {
            "code": place.sites.index.astype(str),
            "name": place.sites["name"].astype(str).to_numpy(),
            "kind": place.sites["kind"].astype(str).to_numpy(),
            "practice_code": place.sites["practice_code"].fillna("").astype(str).to_numpy(),
            "easting": place.sites.geometry.x.to_numpy(),
            "northing": place.sites.geometry.y.to_numpy(),
            "placed_by": [ways.get(str(code), "") for code in place.sites.index],
        }
    )
    areas = pd.DataFrame(
        {
            "code": place.areas.index.astype(str),
            "name": place.areas["name"].fillna("").astype(str).to_numpy(),
            "kind": "area",
            "practice_code": "",
            "easting": place.areas["x"].to_numpy(dtype=float),
            "northing": place.areas["y"].to_numpy(dtype=float),
            "placed_by": _ways_of_areas(place.areas),
        }
    )
    return pd.concat([sites, areas], ignore_index=True)


def _ways_of_areas(areas: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """An area is where its point is given; without one, at a point inside its outline."""
    shapes = areas.geometry.to_numpy()
    outlined = shapely.get_dimensions(shapes) == 2
    points = shapely.points(areas[["x", "y"]].to_numpy(dtype=float))
    inside = np.zeros(len(shapes), dtype=bool)
    inside[outlined] = shapely.distance(shapely.point_on_surface(shapes[outlined]), points[outlined]) < 0.01
    return np.where(inside, "a point inside its outline", np.where(outlined, "point given, with outline", "point"))


def placed_by_tables(tables: CaseTables) -> pd.DataFrame:
    """What can be placed of a case with errors; the columns of `placed_by_place`."""
    frames = []
    for name, key in (("sites", "site_code"), ("areas", "area_code")):
        table, at = tables.get(name), located(tables, name)
        if table is None or at is None or key not in table.raw:
            continue
        ways = ways_of_sites(table) if name == "sites" else {}
        codes = [str(code).upper() for code in table.raw[key]]
        frame = pd.DataFrame(
            {
                "code": codes,
                "name": [table.text(i, "name") for i in range(len(table))],
                "kind": [str(kind) for kind in table.frame["kind"]] if "kind" in table.frame else "",
                "practice_code": [table.text(i, "practice_code").upper() for i in range(len(table))],
                "easting": at.points[:, 0],
                "northing": at.points[:, 1],
                "placed_by": [ways.get(code, "") for code in codes],
            }
        )
        if name == "areas":
            frame["kind"] = "area"
            drawn = (
                np.zeros(len(table), bool) if at.geometry is None else np.array([g is not None for g in at.geometry])
            )
            frame["placed_by"] = np.where(drawn, "outline in the file", "point")
        unknown = ~np.isfinite(at.points).all(axis=1)
        frame.loc[unknown, "placed_by"] = "not placed"
        frames.append(frame.sort_values("code", kind="stable"))
    if not frames:
        return pd.DataFrame({name: [] for name in PLACED_COLUMNS[:7]}).astype({"easting": float, "northing": float})
    return pd.concat(frames, ignore_index=True)


def with_roads(placed: pd.DataFrame, times: TravelTimes | None, network: RoadNetwork | None) -> pd.DataFrame:
    """Add the distance to the road, the class of the road, and the place on it (metres); empty without roads."""
    out = placed.assign(snap_m=np.nan, road="", road_easting=np.nan, road_northing=np.nan)
    if times is None or times.method.estimate:
        return out
    is_area = (placed["kind"] == "area").to_numpy()
    area_m, site_m = (
        placed["code"].map(dict(zip(codes, metres, strict=True))).to_numpy(dtype=float)
        for codes, metres in ((times.area_codes, times.area_snap_m), (times.site_codes, times.site_snap_m))
    )
    out["snap_m"] = np.where(is_area, area_m, site_m)
    if network is None:
        return out
    on = snap(network, placed["easting"].to_numpy(), placed["northing"].to_numpy())
    joined = on.road >= 0
    classes = np.array(ROAD_CLASSES, dtype=object)
    out["road"] = np.where(joined, classes[network.road_class[np.maximum(on.road, 0)]], "")
    out["road_easting"] = np.where(joined, on.x, np.nan)
    out["road_northing"] = np.where(joined, on.y, np.nan)
    return out


def with_flags(
    placed: pd.DataFrame, findings: Sequence[Finding], rows: Mapping[tuple[str, int], set[str]]
) -> pd.DataFrame:
    """Add `flagged` and `why`: points far from any road, not placed, or named by a finding about where things are."""
    about = [finding for finding in findings if finding.severity != "note" and effect_of(finding).place]
    told: dict[str, list[str]] = {}
    for finding, codes in zip(about, named_codes(about, placed["code"], rows), strict=True):
        for code in codes:
            told.setdefault(code, []).append(finding.message)
    why = []
    for point in placed.itertuples():
        reasons = list(dict.fromkeys(told.get(point.code, [])))
        if point.snap_m > FAR_M:
            reasons.insert(0, f"{point.snap_m:,.0f} m from any road")
        if point.placed_by == "not placed" and not reasons:
            reasons.append("it could not be placed")
        why.append("; ".join(reasons))
    return placed.assign(flagged=["yes" if reason else "no" for reason in why], why=why)[list(PLACED_COLUMNS)]


def snap_spread(placed: pd.DataFrame) -> tuple[SnapSpread, ...]:
    """How far main sites, other sites and areas lie from their road; nothing without roads."""
    kind, metres = placed["kind"], placed["snap_m"]
    rows = []
    for label, chosen in (
        ("Main sites", kind == "main"),
        ("Other sites", ~kind.isin(["main", "area"])),
        ("Areas", kind == "area"),
    ):
        values = metres[chosen & np.isfinite(metres)].to_numpy(dtype=float)
        if len(values):
            middle, ninety = np.percentile(values, [50, 90])
            over = [int(np.count_nonzero(values > limit)) for limit in (LINE_M, FAR_M)]
            rows.append(SnapSpread(label, len(values), float(middle), float(ninety), float(values.max()), *over))
    return tuple(rows)
