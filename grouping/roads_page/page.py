"""The page that shows how the minutes were made: the roads, their speeds, and how points are joined to them.

One HTML file without network, in the order a reader asks: where the roads come from, where their speeds come from,
what was joined to them and how, and what is cut off or missing. A still map and tables come first; the map that can be
moved is the enhancement.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from geodata.road_times import FAR_M
from geodata.roads.network import RoadNetwork
from geodata.routing.isochrones import IN_WORDS
from geodata.timed import OSM_ATTRIBUTION, OSM_LICENCE
from geodata.times.earlier import PAGE_MARK
from grouping.escape import script_data
from grouping.page import (
    content_policy,
    environment,
    leaflet_script,
    leaflet_style,
    own_file,
    without_carriage_returns,
)
from grouping.plain_words import NO_CLOSURE
from grouping.roads_page import facts
from grouping.roads_page.drawn import MOST_POINTS, MOST_ROADS, drawn_roads
from grouping.roads_page.scene import (
    LINE_STYLES,
    MOST_ORIGINS,
    RoadScene,
    ShownPoints,
    band_colour,
    draw,
    folium_frame,
    isochrone_limits,
    map_data,
)

__all__ = ["ShownPoints", "roads_page"]


def roads_page(
    network: RoadNetwork,
    *,
    origins: ShownPoints,
    sites: ShownPoints,
    minutes: NDArray[np.float64] | None = None,
    isochrones: gpd.GeoDataFrame | None = None,
    note: str = "",
    title: str,
    made_up: bool = False,
    outlines: NDArray[np.object_] | None = None,
    home: tuple[str, str] | None = None,
    back: bool = False,
    homes: ShownPoints | None = None,
    homes_words: str = "",
    not_drawn: str = "",
    most_points: int = MOST_POINTS,
    most_roads: int = MOST_ROADS,
) -> str:
    """Make the page as text; the same inputs give the same page.

    Parameters
    ----------
    network
        The roads as they were timed.
    origins, sites
        Where journeys begin and end.
    minutes
        From each origin to each site, shape (A, B), or to its nearest site, shape (A,); `inf` where there is no way.
    isochrones
        What `geodata.routing.isochrones.isochrones` gives: for each site, for the nearest of all, or both.
    note
        The method note, in Markdown.
    title
        Heading of the page.
    made_up
        Whether roads and points are invented.
    outlines
        Outlines of the areas, metres, for the map.
    home
        File beside this page that it belongs to, and what it is called.
    back
        Whether journeys run from the sites to the origins.
    homes, homes_words
        The points that were timed where origins are areas with several, and what is said of them.
    not_drawn
        Which isochrones are not drawn, and why.
    most_points, most_roads
        Limits of what is drawn on the map that can be moved.
    """
    scene = RoadScene(
        network,
        origins,
        sites,
        _nearest(minutes, len(origins)),
        isochrones if isochrones is not None and len(isochrones) else None,
        np.zeros(0, dtype=object) if outlines is None else np.asarray(outlines, dtype=object),
        back,
        homes,
    )
    drawn = drawn_roads(network, most_points=most_points, most_roads=most_roads)
    frame = folium_frame(scene, drawn)
    scripts = [leaflet_script(), own_file("shared.js"), own_file("roads/roads.js"), frame.script]
    scripts = [without_carriage_returns(script) for script in scripts]
    style = (
        leaflet_style()
        + own_file("shared.css")
        + own_file("input_check/check.css")
        + own_file("roads/roads.css")
        + own_file("print.css")
    )
    data = map_data(scene, drawn)
    unreached = facts.unreached(scene)
    limits = isochrone_limits(scene)
    return (
        environment()
        .get_template("roads/roads.html.j2")
        .render(
            title=title,
            made_up=made_up,
            summary=network.summary,
            walk=network.mode == "walk",
            date=str(network.summary.get("timestamp", ""))[:10],
            numbered=bool((network.facts.way_id > 0).any()),
            lines=facts.summary_lines(scene, made_up=made_up),
            sources=facts.source_rows(network),
            classes=facts.class_rows(network),
            line_styles=LINE_STYLES,
            kinds=sorted({int(kind) for kind in np.unique(drawn.kind)}),
            snaps=facts.snap_rows(scene),
            furthest=facts.furthest_points(scene),
            far_m=FAR_M,
            unreached=unreached[: facts.UNREACHED_SHOWN],
            unreached_total=len(unreached),
            reach=facts.reach_rows(scene),
            others=facts.other_facts(network),
            cut_off=network.summary.get("cut_off", ()),
            gaps=[
                (words, gap)
                for key, words in (("open_gaps", "left open"), ("bridges", "closed"))
                for gap in network.summary.get(key, ())[: facts.GAPS_SHOWN]
            ],
            words=(origins.word, sites.word),
            start_word=scene.starts.word,
            homes_words=homes_words,
            isochrone_words=IN_WORDS if limits else "",
            not_drawn=not_drawn,
            limits=[(limit, band_colour(position)) for position, limit in enumerate(limits)],
            around=[(part["code"], _called(sites, str(part["code"]))) for part in data["around"]],
            drawing=draw(scene),
            tolerance_m=drawn.tolerance_m,
            left_out=facts.left_out_words(drawn.left_out),
            origins_drawn=min(len(scene.starts), MOST_ORIGINS),
            origins_total=len(scene.starts),
            note=facts.note_blocks(note),
            home=home,
            back=back,
            attribution="Made-up roads." if made_up else f"{OSM_ATTRIBUTION}, {OSM_LICENCE}.",
            frame=Markup(frame.html),
            data=script_data(data),
            scripts=[Markup(script) for script in scripts],  # no text from a file is in them
            styles=Markup(without_carriage_returns(style)),
            policy=content_policy(scripts),
            no_closure=NO_CLOSURE,
            mark=Markup(PAGE_MARK),
        )
    )


def _nearest(minutes: NDArray[np.float64] | None, origins: int) -> NDArray[np.float64]:
    """Minutes to the nearest site, shape (A,); NaN where not known."""
    if minutes is None:
        return np.full(origins, np.nan)
    minutes = np.asarray(minutes, dtype=float)
    return minutes if minutes.ndim == 1 else minutes.min(axis=1, initial=np.inf)


def _called(sites: ShownPoints, code: str) -> str:
    """Name of a site for the choice of isochrones; empty for the nearest of all."""
    at = sites.points.codes.index(code) if code in sites.points.codes else -1
    return (sites.names[at] or code) if at >= 0 else ""
