"""How minutes were made, written for people who want to check them: one page of Markdown, in plain words.

Everything in it comes from the network, its speeds and the times themselves; nothing depends on the day it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.road_times import FAR_M, TOO_FAR_M
from geodata.roads.network import RoadNetwork
from geodata.routing.drawing import SOURCE_WORDS
from geodata.routing.isochrones import IN_WORDS
from geodata.speeds import Speeds

TITLE = "# How these minutes were made"

ATTRIBUTION = "© OpenStreetMap contributors"
LICENCE = "Open Database Licence (ODbL) 1.0, https://www.openstreetmap.org/copyright"

MADE_UP = "none: these roads are invented for the demonstration, and no minutes on them are true"

FERRY_WORDS = {
    "on": "run; half of the usual interval between boats is added to each crossing as the wait",
    "queue": "run with a queue: one boat is missed, so {queue:g} times the usual wait is added to each crossing",
    "off": "do not run",
}
ENGINE_WORDS = {
    "scipy": "one search from each point (scipy, the reference)",
    "hierarchy": "a hierarchy of the junctions, made once for all; it gives the milliseconds of the reference",
    "nearest": "one sweep from all points of the second file at once; it gives the milliseconds of the reference",
}
SECTION_WORDS = {
    "limits": "legal limits",
    "limit_factor": "speed on roads with a known limit",
    "class": "speed by class of road",
    "roundabout": "roundabouts",
    "built_up": "what counts as built-up",
    "junction_seconds": "delays at junctions",
    "access": "from points to roads",
    "walk": "walking",
    "ferry": "ferries",
}
"""Sections of the speed table in words."""

LISTED = 20


@dataclass(frozen=True)
class NotedPoints:
    """One file of points as the note tells it: its name, checksum, how many, and metres to the road, shape (P,)."""

    file: str
    sha256: str
    count: int
    snap_m: NDArray[np.float64]


@dataclass(frozen=True)
class NotedTimes:
    """What was asked and what came out.

    Parameters
    ----------
    pairs, reachable
        Journeys asked for, and those that are possible.
    engine
        `scipy`, `hierarchy` or `nearest`.
    back
        Whether journeys run from the points of the second file to those of the first.
    limit_minutes, nearest
        What was asked for; None for all.
    closed
        For each closure its id and the road in words.
    bridge_gaps_m
        Gaps between parts of the network up to this length were closed.
    roads_sha256
        Checksum of the road file.
    margin_m
        How far beyond the points roads were read.
    made_up
        Whether the roads are invented, as those of the demonstration.
    isochrones
        Limits of the isochrones that were drawn, minutes.
    homes
        How many points the areas have and what that means (`geodata.homes`); empty where every area is one point.
    """

    pairs: int
    reachable: int
    engine: str
    back: bool = False
    limit_minutes: float | None = None
    nearest: int | None = None
    closed: tuple[tuple[str, str], ...] = ()
    bridge_gaps_m: float = 15.0
    roads_sha256: str = ""
    margin_m: float = 10_000.0
    made_up: bool = False
    isochrones: tuple[float, ...] = ()
    homes: str = ""


def method_note(
    network: RoadNetwork, speeds: Speeds, points: tuple[NotedPoints, NotedPoints], times: NotedTimes
) -> str:
    """Write the note.

    Parameters
    ----------
    network
        The roads as they were timed.
    speeds
        The speed table they were timed by.
    points
        The points of the first and the second file.
    times
        What was asked and what came out.

    Returns
    -------
    Markdown. The same inputs give the same text.
    """
    parts = (
        [TITLE, "", method_sentence(network, times), ""],
        _asked(network, points, times),
        _roads(network, times),
        _ferries_and_closures(network, speeds, times),
        _speeds(network, speeds),
        _snapping(network, points, times.homes),
        _result(times),
        _isochrones(times),
        _left_out(network),
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def method_sentence(network: RoadNetwork, times: NotedTimes) -> str:
    """The method in one sentence or two, for the metadata of a file and the top of the note."""
    facts = network.summary
    walk = network.mode == "walk"
    what = "Walking times" if walk else "Driving times"
    date = f", data of {str(facts['timestamp'])[:10]}" if facts.get("timestamp") else ", of unknown date"
    how = "at one walking pace" if walk else str(facts["profile_sentence"])
    roads = "made-up roads" if times.made_up else "OpenStreetMap roads"
    parts = [f"{what} on {roads} ({_text(facts['source'])}{date}): {how}."]
    factor = float(facts.get("speed_factor", 1.0))
    if factor != 1.0:
        parts.append(f"Speeds on roads are multiplied by {factor:g}.")
    if facts.get("ferries") and facts.get("ferry_state", "on") != "on":
        parts.append("Ferries do not run." if facts["ferry_state"] == "off" else "Ferries run with a queue.")
    if times.closed:
        parts.append(f"Closed roads: {', '.join(_text(road) for _, road in times.closed[:LISTED])}.")
    return " ".join(parts)


# --- The parts ---------------------------------------------------------------------------------------------------


def _asked(network: RoadNetwork, points: tuple[NotedPoints, NotedPoints], times: NotedTimes) -> list[str]:
    first, second = points[::-1] if times.back else points
    rows = [
        ("From", f"{_text(first.file)}: {_count(first.count, 'point')}{_hash(first.sha256)}"),
        ("To", f"{_text(second.file)}: {_count(second.count, 'point')}{_hash(second.sha256)}"),
        (
            "Direction",
            "the way back: from the second file to the first" if times.back else "from the first to the second",
        ),
        ("Means", "on foot" if network.mode == "walk" else "by car"),
    ]
    if times.nearest:
        rows.append(("Which", f"the {_count(times.nearest, 'nearest point')} of {_text(points[1].file)} by time"))
    if times.limit_minutes is not None:
        text = f"{times.limit_minutes:g} minutes; what takes longer is told as not reachable"
        rows.append(("Limit", text))
    return ["## What was asked", "", *_table(("", ""), rows), ""]


def _roads(network: RoadNetwork, times: NotedTimes) -> list[str]:
    facts = network.summary
    rows = [
        ("Source", _text(facts["source"]) + _hash(times.roads_sha256)),
        ("Data of", str(facts["timestamp"])[:10] if facts.get("timestamp") else "not told by the file"),
        (
            "Licence",
            MADE_UP if times.made_up else f"{ATTRIBUTION}, {LICENCE}. Name them wherever the minutes are shown.",
        ),
        ("Part read", f"the points and {times.margin_m / 1000:g} km around them; ways round farther out are not seen"),
        ("Size", f"{facts['km']:,} km in {facts['roads']:,} roads between {facts['nodes']:,} junctions and ends"),
        ("One-way", f"{facts['one_way_share']:.1%} of the length"),
        ("Turns", _turns(facts)),
        ("Tolls", f"{facts.get('toll_km', 0.0):g} km of toll road are used like any other; no price is counted"),
        ("Gaps closed", _gaps(facts["bridges"], f"none up to {times.bridge_gaps_m:g} m")),
        ("Gaps left open", _gaps(facts["open_gaps"], "none that looks like a fault")),
        ("Cut off", _cut_off(facts)),
        ("Not read", _not_read(facts["left_out"])),
    ]
    return ["## Roads", "", *_table(("", ""), rows), ""]


def _turns(facts: dict[str, object]) -> str:
    count, unclear = int(facts.get("turns_restricted", 0)), int(facts.get("turns_unclear", 0))
    text = f"{_count(count, 'turn restriction')} applied" if count else "no turn restriction applied"
    return text + (f"; {unclear:,} could not be understood and are left out" if unclear else "")


def _gaps(gaps: Sequence[dict[str, float]], none: str) -> str:
    shown = [f"{gap['length_m']:g} m at E{gap['easting']:.0f} N{gap['northing']:.0f}" for gap in gaps[:LISTED]]
    return "; ".join(shown) + _more(len(gaps)) if shown else none


def _cut_off(facts: dict[str, object]) -> str:
    parts = facts["cut_off"]
    if not parts:
        return "nothing"
    shown = [
        f"{part['km']:g} km at E{part['easting']:.0f} N{part['northing']:.0f} ({part['reason']})"
        for part in parts[:LISTED]
    ]
    total = f"{facts['cut_off_km']:g} km cannot be reached from the rest and back, and no point is joined to them: "
    return total + "; ".join(shown) + ("; the others are shorter" if len(parts) >= LISTED else "")


def _not_read(counts: dict[str, int]) -> str:
    return "; ".join(f"{_text(name)}: {number:,}" for name, number in counts.items()) or "nothing"


def _ferries_and_closures(network: RoadNetwork, speeds: Speeds, times: NotedTimes) -> list[str]:
    facts = network.summary
    words = FERRY_WORDS[str(facts.get("ferry_state", "on"))]
    if "{queue" in words:
        words = words.format(queue=speeds.ferry_wait_factor("queue"))
    count = int(facts["ferries"])
    ferry = (
        f"{_count(count, 'stretch', 'stretches')} of ferry in the network: ferries {words}."
        if count
        else "There is no ferry in the network."
    )
    lines = ["## Ferries and closed roads", "", ferry]
    if count:
        lines += [f"A ferry that states no interval is waited for {speeds.ferry_wait_seconds / 60:g} minutes."]
    lines.append("")
    if not times.closed:
        return [*lines, "No road was closed.", ""]
    rows = [(_text(name), _text(road)) for name, road in times.closed]
    return [*lines, "Closed in both directions, from one junction to the next:", "", *_table(("id", "road"), rows), ""]


def _speeds(network: RoadNetwork, speeds: Speeds) -> list[str]:
    facts, walk = network.summary, network.mode == "walk"
    rows = [("Speed table", f"version {_text(speeds.version)}")]
    if walk:
        rows.append(
            ("Pace", f"{speeds.walk_kmh:g} km/h, {speeds.walk_steps_kmh:g} km/h on steps; no delay at crossings")
        )
    else:
        rows.append(("Profile", f"{_text(speeds.profile)}: {_text(speeds.profile_sentence)}"))
        waits = ", ".join(
            f"{words} {speeds.junction_seconds(kind):g}"
            for kind, words in (
                ("give_way", "giving way"), ("through", "passing a junction"), ("signals", "traffic lights"),
                ("roundabout", "roundabout"), ("gate", "gate"),
            )
        )  # fmt: skip
        rows.append(("Seconds at junctions", waits))
        rows.append(("Parking", f"{speeds.parking_seconds / 60:g} minutes a journey"))
    rows.append(("Factor on speeds", f"{float(facts.get('speed_factor', 1.0)):g}"))
    rows.append(("To and from the road", f"{network.access_kmh:g} km/h in a straight line"))
    lines = ["## Speeds", "", *_table(("", ""), rows), ""]
    if not walk:
        lines += ["Where the speed of a road comes from:", ""]
        total = max(sum(facts["km_by_speed_source"].values()), 1e-9)
        lines += _table(
            ("source", "roads", "km", "share of length"),
            [
                (SOURCE_WORDS[name], f"{number:,}", f"{facts['km_by_speed_source'].get(name, 0.0):,}",
                 f"{facts['km_by_speed_source'].get(name, 0.0) / total:.0%}")
                for name, number in facts["roads_by_speed_source"].items()
            ],
        )  # fmt: skip
        lines.append("")
    told = [f"- {words}: {_text(source)}" for words, source in _sources(network, speeds)]
    return [*lines, "Sources of the numbers:", "", *told, ""]


def _sources(network: RoadNetwork, speeds: Speeds) -> list[tuple[str, str]]:
    """Where the numbers that were used come from, by what they are about."""
    unused = {"straight_line"} | (set() if network.summary["ferries"] else {"ferry"})
    walked = {"walk", "ferry"}
    found = []
    for section, source in speeds.sources():
        first = section.split(".")[0]
        used = first in walked if network.mode == "walk" else first != "walk"
        if used and first not in unused:
            words = SECTION_WORDS.get(section, _text(section.replace(".", " ").replace("_", " ")))
            found.append((words, source))
    return found


def _snapping(network: RoadNetwork, points: Iterable[NotedPoints], homes: str) -> list[str]:
    rows = []
    for one in points:
        known = one.snap_m[one.snap_m <= TOO_FAR_M]
        middle, ninety, most = np.percentile(known, [50, 90, 100]) if len(known) else (np.nan,) * 3
        figures = [f"{number:,.0f}" if np.isfinite(number) else "-" for number in (middle, ninety, most)]
        far, lost = int((known > FAR_M).sum()), one.count - len(known)
        rows.append((_text(one.file), *figures, f"{far:,}", f"{lost:,}"))
    return [
        "## From points to roads",
        "",
        f"Each point is joined to the nearest place along the nearest road of the main part of the network (not to "
        f"motorways, tunnels and ferries). Metres in a straight line; a point with no road within {TOO_FAR_M / 1000:g} "
        "km is not reachable.",
        "",
        *_table(("file", "median", "9 of 10 within", "farthest", f"over {FAR_M:g} m", "without a road"), rows),
        "",
        *([f"{homes} The metres of such an area are the weighted mean as well.", ""] if homes else []),
    ]


def _result(times: NotedTimes) -> list[str]:
    lost = times.pairs - times.reachable
    share = lost / times.pairs if times.pairs else 0.0
    return [
        "## Result",
        "",
        f"{times.pairs:,} journeys, {lost:,} of them ({share:.2%}) not reachable"
        + (" or over the limit" if times.limit_minutes is not None else "")
        + "; these have no number of minutes. Times are whole milliseconds up to the last division. Two points at the "
        "same place are 0 minutes apart.",
        "",
        f"Found by {ENGINE_WORDS[times.engine]}.",
        "",
    ]


def _isochrones(times: NotedTimes) -> list[str]:
    if not times.isochrones:
        return []
    limits = ", ".join(f"{minutes:g}" for minutes in times.isochrones)
    return [
        "## Isochrones",
        "",
        f"Drawn for {limits} minutes. {IN_WORDS} They are for the eye: the table of minutes and the layer "
        '"inside" count each point by its own journey, not by a polygon. Around several points, the rows that are '
        'marked "nearest\\_of\\_all" are about the nearest of them.',
        "",
    ]


def _left_out(network: RoadNetwork) -> list[str]:
    walk = network.mode == "walk"
    if walk:
        missing = [
            "hills, waiting at crossings, and the pace of people who walk slowly or use a wheelchair",
            "whether a path is lit, paved or safe; paths that the map does not have",
            "buildings: the way from the door to the road is a straight line",
        ]
    else:
        missing = [
            "looking for a parking space and walking from it, beyond the minutes stated under Speeds",
            "congestion, school traffic and weather, beyond what the profile states",
            "road works and closures, beyond those named above",
            "buses, trains and taxis: these are journeys by car",
            "what the map does not have or has wrong: a missing limit, a gate, a turn that is not allowed",
        ]
    missing.append("roads beyond the part read: a way round farther out is not seen")
    return ["## What is not in these minutes", "", *(f"- {text}" for text in missing), ""]


# --- Markdown ----------------------------------------------------------------------------------------------------


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return ["| " + " | ".join(row) + " |" for row in lines]


def _text(value: object) -> str:
    """Text from a file as Markdown shows it: no mark-up, no line breaks, no hidden characters."""
    plain = "".join(sign if sign.isprintable() else " " for sign in str(value))
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", plain)


def _hash(sha256: str) -> str:
    return f" (SHA-256 {sha256[:16]}...)" if sha256 else ""


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _more(total: int) -> str:
    return f"; and {total - LISTED} more" if total > LISTED else ""
