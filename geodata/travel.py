"""Minutes from areas to sites and between sites: what they are, and how they are written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from geodata.place import Place


@dataclass(frozen=True)
class TravelMethod:
    """How the minutes were made; printed beside every minute that is shown.

    Parameters
    ----------
    kind
        `roads` or `straight-line`.
    sentence
        One plain sentence for the page.
    details
        Figures for `run.json`: source, date, profile, edges by source of speed, snap statistics, bridged gaps, ...
    """

    kind: Literal["roads", "straight-line"]
    sentence: str
    details: dict[str, object] = field(default_factory=dict)

    @property
    def estimate(self) -> bool:
        """Whether no road network was used, so that every page must mark its minutes as an estimate."""
        return self.kind == "straight-line"


@dataclass(frozen=True)
class TravelTimes:
    """Minutes by car, directed from home to site.

    Parameters
    ----------
    area_codes, site_codes
        Labels of the rows and columns, sorted.
    area_to_site
        Minutes, shape (areas, sites); `inf` where there is no route.
    between_sites
        Minutes, shape (sites, sites), from row to column; `inf` where there is no route.
    area_snap_m, site_snap_m
        Metres from each point to the road it was snapped to, shape (areas,) and (sites,); 0 on straight lines.
    method
        How they were made.
    """

    area_codes: tuple[str, ...]
    site_codes: tuple[str, ...]
    area_to_site: NDArray[np.float64]
    between_sites: NDArray[np.float64]
    area_snap_m: NDArray[np.float64]
    site_snap_m: NDArray[np.float64]
    method: TravelMethod


@dataclass(frozen=True)
class Points:
    """The points of a place, each set sorted by code."""

    area_codes: tuple[str, ...]
    area_x: NDArray[np.float64]
    area_y: NDArray[np.float64]
    site_codes: tuple[str, ...]
    site_x: NDArray[np.float64]
    site_y: NDArray[np.float64]


def points_of(place: Place) -> Points:
    """Codes and coordinates of the areas and sites of a place, sorted by code."""
    areas, sites = place.areas.sort_index(), place.sites.sort_index()
    return Points(
        tuple(str(code) for code in areas.index),
        areas["x"].to_numpy(dtype=float),
        areas["y"].to_numpy(dtype=float),
        tuple(str(code) for code in sites.index),
        sites.geometry.x.to_numpy(dtype=float),
        sites.geometry.y.to_numpy(dtype=float),
    )


def write_matrices(times: TravelTimes, folder: Path) -> None:
    """Write `minutes_between_sites.parquet` and `minutes_area_to_site.parquet`.

    Columns `from, to, minutes, reachable, snap_from_m, snap_to_m`, one row per pair in the order of the codes;
    `minutes` is null where there is no route. How the minutes were made is in the metadata of the file, key
    `travel_method` (JSON). The same times give the same bytes.
    """
    _write_matrix(
        Path(folder) / "minutes_between_sites.parquet",
        (times.site_codes, times.site_codes),
        times.between_sites,
        (times.site_snap_m, times.site_snap_m),
        times.method,
    )
    _write_matrix(
        Path(folder) / "minutes_area_to_site.parquet",
        (times.area_codes, times.site_codes),
        times.area_to_site,
        (times.area_snap_m, times.site_snap_m),
        times.method,
    )


def _write_matrix(
    path: Path,
    codes: tuple[tuple[str, ...], tuple[str, ...]],
    minutes: NDArray[np.float64],
    snap_m: tuple[NDArray[np.float64], NDArray[np.float64]],
    method: TravelMethod,
) -> None:
    rows, columns = minutes.shape
    flat = minutes.ravel()
    reachable = np.isfinite(flat)
    facts = {"kind": method.kind, "sentence": method.sentence, "details": method.details}
    table = pa.table(
        {
            "from": pa.array(np.repeat(np.array(codes[0], dtype=object), columns), pa.string()),
            "to": pa.array(np.tile(np.array(codes[1], dtype=object), rows), pa.string()),
            "minutes": pa.array(flat, pa.float64(), mask=~reachable),
            "reachable": pa.array(reachable, pa.bool_()),
            "snap_from_m": pa.array(np.repeat(snap_m[0], columns), pa.float64()),
            "snap_to_m": pa.array(np.tile(snap_m[1], rows), pa.float64()),
        }
    ).replace_schema_metadata({"travel_method": json.dumps(facts, sort_keys=True, ensure_ascii=False)})
    pq.write_table(table, path, compression="zstd")
