"""Which sites a planner keeps out of the question, and by which rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from grouping.site_choice.question import SAME, Question

if TYPE_CHECKING:
    import pandas as pd

    from geodata.place import Place
    from grouping.programme.ground import Ground

NAMED = "named"
"""Sites that `protect_sites` names."""

PROTECTION_WORDS = {
    "rural": "rural: it stands in a rural area, or is the nearest site of rural patients of its practice",
    "dispensing": "its practice dispenses medicines",
    "committed": "a scheme is committed for it",
    "hubs": "it is the hub of its group",
    "main": "it is the main site of its practice",
    NAMED: "the planner named it",
}
"""Protections as the page says them of a site."""


def protections_of(ground: Ground, facts: pd.DataFrame, question: Question) -> dict[str, NDArray[np.bool_]]:
    """The sites each protection in force keeps off the list: name -> bool, shape (S,).

    Parameters
    ----------
    ground
        The plan and what the planner says.
    facts
        Buildings (see `grouping.estates.buildings`), rows as the sites of the question.
    question
        Sites and where patients go today.
    """
    said = ground.settings.site_options
    place, hubs = ground.ready.place, {group.hub_site_code for group in ground.plan.groups}
    mains = set(place.practices["main_site_code"].astype(str))
    made: dict[str, NDArray[np.bool_]] = {}
    for name in dict.fromkeys(said.protect):
        if name == "rural":
            made[name] = rural_sites(question, in_rural_area(place), rural_rows(place, question))
        elif name == "dispensing":
            made[name] = np.array([value is True for value in facts["dispensing"]], dtype=bool)
        elif name == "committed":
            made[name] = facts["committed"].to_numpy(dtype=bool)
        elif name == "hubs":
            made[name] = np.array([code in hubs for code in question.site_codes], dtype=bool)
        else:
            kinds = facts["kind"].astype(str).to_numpy()
            listed = np.array([code in mains for code in question.site_codes], dtype=bool)
            made[name] = listed | (kinds == "main")
    if said.protect_sites:
        wanted = set(said.protect_sites)
        made[NAMED] = np.array([code in wanted for code in question.site_codes], dtype=bool)
    return made


def together(protections: Mapping[str, NDArray[np.bool_]], sites: int) -> NDArray[np.bool_]:
    """Sites that any of the protections keeps off the list, bool, shape (S,)."""
    return np.any(list(protections.values()), axis=0) if protections else np.zeros(sites, dtype=bool)


def rural_sites(question: Question, stands_rural: NDArray[np.bool_], rural: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Sites in rural areas, and every site that is as near as today's to a rural row of its practice.

    Parameters
    ----------
    question
        Sites and where patients go today.
    stands_rural
        Sites that stand in a rural area, bool, shape (S,).
    rural
        Rows of rural areas, bool, shape (R,).
    """
    rows = question.rows & rural
    near = question.own_minutes[rows] <= question.today[rows, None] + SAME
    return stands_rural | near.any(axis=0)


def rural_rows(place: Place, question: Question) -> NDArray[np.bool_]:
    """Rows whose area is known to be rural, bool, shape (R,)."""
    known = place.areas["rural"].to_dict()
    of_area = np.array([known.get(code) == True for code in question.area_codes], dtype=bool)  # noqa: E712
    return of_area[question.area] if len(of_area) else np.zeros(len(question.area), dtype=bool)


def in_rural_area(place: Place) -> NDArray[np.bool_]:
    """Sites whose area is rural, bool, in the order of `place.sites`.

    A site belongs to the areas whose polygon it lies in or on, else (points only, or outside of all) to the nearest
    area by its point. On a border one rural side is enough.
    """
    areas = place.areas
    rural = (areas["rural"] == True).to_numpy(dtype=bool)  # noqa: E712
    points = place.sites.geometry.to_numpy()
    found = np.zeros(len(points), dtype=bool)
    covered = np.zeros(len(points), dtype=bool)
    shapes = areas.geometry.to_numpy()
    polygons = np.isin(shapely.get_type_id(shapes), (3, 6))
    if polygons.any():
        site, area = shapely.STRtree(shapes[polygons]).query(points, predicate="intersects")
        covered[site] = True
        found[site[rural[polygons][area]]] = True
    xy = areas[["x", "y"]].to_numpy(dtype=float)
    known = np.isfinite(xy).all(axis=1)
    for i in np.flatnonzero(~covered) if known.any() else ():
        metres = np.hypot(xy[known, 0] - points[i].x, xy[known, 1] - points[i].y)
        found[i] = rural[known][metres.argmin()]
    return found
