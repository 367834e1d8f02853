"""What the page about the roads is given: from a job of `blueprint times`, or from a case that was checked."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.case_times import network_of_case
from geodata.homes import Homes, homes_of
from geodata.place import Place
from geodata.road_times import TOO_FAR_M
from geodata.roads.network import RoadNetwork
from geodata.routing.drawing import RoadPoints
from geodata.routing.isochrones import MINUTES, isochrones
from geodata.routing.snapping import snap
from geodata.times.inputs import MOST_ISOCHRONES
from geodata.times.method_note import method_note
from geodata.times.work import Work
from geodata.travel import Points, points_of
from grouping.input_check.checked import Checked
from grouping.roads_page.page import roads_page
from grouping.roads_page.scene import ShownPoints

SITES_ALONE = 10
"""With more sites than this, isochrones are drawn of the nearest of all only: each takes about half a second."""


def page_of_times(work: Work) -> str:
    """The page of a job of `blueprint times`.

    Parameters
    ----------
    work
        Its journeys, done.
    """
    first, second = work.first, work.second
    origins = ShownPoints(first.points, ("",) * len(first.table), "origin")
    sites = ShownPoints(second.points, ("",) * len(second.table), "destination")
    note = method_note(work.network, work.speeds, (first.noted(), second.noted()), work.noted())
    shapes = None
    if len(sites) <= MOST_ISOCHRONES:
        shapes = _isochrones(work.network, second.points, work.job.isochrones or MINUTES, towards=not work.job.back)
    return roads_page(
        work.network,
        origins=origins,
        sites=sites,
        minutes=_nearest_of(work),
        isochrones=shapes,
        note=note,
        title=f"How the minutes of {work.job.out.name} were made",
        back=work.job.back,
        not_drawn=_not_drawn(len(sites), sites.word, most=MOST_ISOCHRONES),
    )


def _nearest_of(work: Work) -> NDArray[np.float64] | None:
    """Minutes from each origin to the nearest destination; None where both are the same points."""
    same = work.job.origins == work.job.destinations
    if same:
        return None
    # a copy, and without the limit of the job: the page tells what cannot be reached at all
    plain = replace(work, job=replace(work.job, limit_minutes=None, isochrones=()))
    return plain.nearest(1)[1][:, 0]


def page_of_case(checked: Checked, home: tuple[str, str] | None = None) -> str | None:
    """The page of a case; None where it has no roads, or cannot be timed.

    Parameters
    ----------
    checked
        The case.
    home
        File beside the page that it belongs to, and what it is called.
    """
    ready = checked.ready
    if ready is None or ready.times.method.estimate:
        return None
    place, times = ready.place, ready.times
    network = network_of_case(place, ready.settings.roads, ready.case_dir)
    points = points_of(place)
    homes = homes_of(place, points)
    # an area with one point in the table of points starts from there
    at = (homes.x, homes.y) if homes.single else (points.area_x, points.area_y)
    areas = _shown(network, points.area_codes, *at, place.areas["name"], "area")
    sites = _shown(network, points.site_codes, points.site_x, points.site_y, place.sites["name"], "site")
    return roads_page(
        network,
        origins=areas,
        sites=sites,
        minutes=times.area_to_site,
        isochrones=_isochrones(network, sites.points, MINUTES),
        note=times.method.note,
        title=f"How the roads were read: {checked.settings.name}",
        made_up=checked.settings.made_up,
        outlines=checked.outlines,
        home=home,
        homes=_homes(network, homes, points, place),
        homes_words=homes.in_words,
        not_drawn=_not_drawn(len(sites), sites.word),
    )


def _shown(
    network: RoadNetwork,
    codes: tuple[str, ...],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    names: pd.Series,
    word: str,
) -> ShownPoints:
    called = names.fillna("").astype(str)
    called.index = called.index.astype(str)
    return ShownPoints(RoadPoints(codes, x, y, snap(network, x, y, TOO_FAR_M)), tuple(called.loc[list(codes)]), word)


def _homes(network: RoadNetwork, homes: Homes, points: Points, place: Place) -> ShownPoints | None:
    """The points inside areas, where areas have several; None where an area is one point."""
    if homes.single:
        return None
    codes = homes.labels(points.area_codes)
    names = pd.Series(place.areas.sort_index()["name"].to_numpy()[homes.area], index=codes)
    return _shown(network, codes, homes.x, homes.y, names, "home point")


def _not_drawn(sites: int, word: str, *, most: float = float("inf")) -> str:
    """Which isochrones are missing, and why; empty where none is."""
    if sites > most:
        return (
            f"No isochrones are drawn: there are {sites:,} {word}s, and around more than {most:g} they take too long. "
            "The table below counts by the journeys themselves."
        )
    if sites > SITES_ALONE:
        return (
            f"Isochrones are drawn of the nearest {word} only, not of each: there are {sites:,}, and with more than "
            f"{SITES_ALONE} the page would grow too large."
        )
    return ""


def _isochrones(
    network: RoadNetwork, sites: RoadPoints, minutes: tuple[float, ...], *, towards: bool = True
) -> gpd.GeoDataFrame:
    several = 1 < len(sites.codes) <= SITES_ALONE
    return isochrones(network, sites, minutes, towards=towards, alone=None if several else ())
