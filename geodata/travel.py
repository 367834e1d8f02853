"""Minutes from areas to sites and between sites: what they are, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geodata.matrix_file import MatrixFile
from geodata.place import Place

METHOD_NOTE = "travel_method.md"


@dataclass(frozen=True)
class TravelMethod:
    """How the minutes were made; printed beside every minute that is shown.

    Parameters
    ----------
    kind
        `roads`, `straight-line` or `public-transport` (imported).
    sentence
        One plain sentence for the page.
    details
        Figures for `run.json`: source, date, profile, edges by source of speed, snap statistics, bridged gaps, ...
    note
        The whole method for people who check it, Markdown; empty where the sentence says it all.
    """

    kind: Literal["roads", "straight-line", "public-transport"]
    sentence: str
    details: dict[str, object] = field(default_factory=dict)
    note: str = ""

    def facts(self) -> dict[str, object]:
        """The method as plain values, for the metadata of a file."""
        return {"kind": self.kind, "sentence": self.sentence, "details": self.details}

    @property
    def estimate(self) -> bool:
        """Whether no road network was used, so that every page must mark its minutes as an estimate."""
        return self.kind == "straight-line"


@dataclass(frozen=True)
class TravelTimes:
    """Minutes by one mode (`method` says which), directed from home to site.

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
    """Write `minutes_between_sites.parquet`, `minutes_area_to_site.parquet` and the note on their method.

    Columns `from, to, minutes, reachable, snap_from_m, snap_to_m`, one row per pair in the order of the codes;
    `minutes` is null where there is no route. How the minutes were made is in the metadata of the file, key
    `travel_method` (JSON). The note is `travel_method.md`. The same times give the same bytes.
    """
    if times.method.note:
        (Path(folder) / METHOD_NOTE).write_text(times.method.note, encoding="utf-8", newline="\n")
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
    with MatrixFile(path, *codes, *snap_m, method.facts()) as file:
        file.add(0, minutes)
