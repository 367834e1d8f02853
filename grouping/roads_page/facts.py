"""What the page about the roads says in words and tables: worked out from the network and the points, never typed."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.osm.tags import KMH_PER_MPH, ROAD_CLASSES
from geodata.road_times import FAR_M, TOO_FAR_M
from geodata.roads.network import RoadNetwork
from geodata.routing.drawing import SOURCE_WORDS
from geodata.speeds import SPEED_SOURCES
from grouping.plain_words import percent, plural
from grouping.roads_page.scene import RoadScene, class_words, isochrone_limits

TAGGED = ("maxspeed", "named limit")
FURTHEST_SHOWN = 15
UNREACHED_SHOWN = 60
GAPS_SHOWN = 30


@dataclass(frozen=True)
class SourceRow:
    """Roads whose speed has one source."""

    kind: int
    words: str
    roads: int
    km: float
    share: float


@dataclass(frozen=True)
class ClassRow:
    """Roads of one class: kilometres, the share of them with a limit in the map data, and the mean speed."""

    words: str
    roads: int
    km: float
    limited: float
    kmh: float

    @property
    def mph(self) -> float:
        """The mean speed in miles an hour."""
        return self.kmh / KMH_PER_MPH


@dataclass(frozen=True)
class SnapRow:
    """How far points of one kind lie from their road, metres."""

    label: str
    points: int
    median: float
    ninety: float
    largest: float
    over_500: int
    without: int


@dataclass(frozen=True)
class FarPoint:
    """A point and its way to the road."""

    code: str
    name: str
    word: str
    metres: float
    easting: float
    northing: float

    @property
    def far(self) -> bool:
        """Whether the way is so long that the point or the road file should be looked at."""
        return self.metres > FAR_M


@dataclass(frozen=True)
class ReachRow:
    """What lies within one limit of the nearest site: origins, their share, and square kilometres."""

    minutes: float
    points: int
    share: float
    km2: float


def source_rows(network: RoadNetwork) -> tuple[SourceRow, ...]:
    """Kilometres by source of speed; shares of the length of the roads on the map."""
    km = np.bincount(network.road_source, network.road_length_m, minlength=len(SPEED_SOURCES)) / 1000.0
    number = np.bincount(network.road_source, minlength=len(SPEED_SOURCES))
    total = max(float(km.sum()), 1e-9)
    return tuple(
        SourceRow(kind, SOURCE_WORDS[name], int(number[kind]), float(km[kind]), float(km[kind]) / total)
        for kind, name in enumerate(SPEED_SOURCES)
        if number[kind]
    )


def class_rows(network: RoadNetwork) -> tuple[ClassRow, ...]:
    """Kilometres and mean speed by class; the mean is length over time, in the faster direction, with all delays."""
    usable = (network.road_ms_forward >= 0) | (network.road_ms_backward >= 0)
    limited = np.isin(network.road_source, [SPEED_SOURCES.index(name) for name in TAGGED])
    size = len(ROAD_CLASSES)

    def total(weights: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.bincount(network.road_class[chosen], weights[chosen], minlength=size)

    every, length = np.ones(len(usable), dtype=bool), network.road_length_m
    km, known, run = total(length, every) / 1000.0, total(length, limited) / 1000.0, total(length, usable) / 1000.0
    hours = total(length / 1000.0 / np.where(usable, network.road_kmh, 1.0), usable)
    number = np.bincount(network.road_class, minlength=size)
    return tuple(
        ClassRow(
            class_words(name),
            int(number[i]),
            float(km[i]),
            float(known[i] / km[i]) if km[i] else 0.0,
            float(run[i] / hours[i]) if hours[i] else float("nan"),
        )
        for i, name in enumerate(ROAD_CLASSES)
        if number[i]
    )


def snap_rows(scene: RoadScene) -> tuple[SnapRow, ...]:
    """How far origins and sites lie from their roads."""
    rows = []
    for shown in (scene.starts, scene.sites):
        known = shown.metres[shown.joined]
        if len(shown):
            middle, ninety, most = np.percentile(known, [50, 90, 100]) if len(known) else (np.nan,) * 3
            far, label = int((known > FAR_M).sum()), f"{shown.word}s".capitalize()
            rows.append(SnapRow(label, len(shown), middle, ninety, most, far, int((~shown.joined).sum())))
    return tuple(rows)


def furthest_points(scene: RoadScene) -> tuple[FarPoint, ...]:
    """The points with the longest ways to the road, and all without a road first; at most a few."""
    found = [
        FarPoint(code, name, shown.word, float(metres) if joined else float("inf"), float(x), float(y))
        for shown in (scene.starts, scene.sites)
        for code, name, metres, joined, x, y in zip(
            shown.points.codes, shown.names, shown.metres, shown.joined, shown.points.x, shown.points.y, strict=True
        )
    ]
    unique = {(point.code, point.easting, point.northing): point for point in reversed(found)}.values()
    return tuple(sorted(unique, key=lambda point: (-point.metres, point.word, point.code))[:FURTHEST_SHOWN])


def unreached(scene: RoadScene) -> tuple[FarPoint, ...]:
    """Origins from which no site can be reached, in their order."""
    at = np.flatnonzero(np.isinf(scene.nearest_minutes))
    shown = scene.origins
    return tuple(
        FarPoint(
            shown.points.codes[i],
            shown.names[i],
            shown.word,
            float(shown.metres[i]),
            float(shown.points.x[i]),
            float(shown.points.y[i]),
        )
        for i in at
    )


def reach_rows(scene: RoadScene) -> tuple[ReachRow, ...]:
    """Origins and square kilometres within each limit of the nearest site; nothing where minutes are not known."""
    minutes = scene.nearest_minutes
    if not len(minutes) or np.isnan(minutes).all():
        return ()
    limits = isochrone_limits(scene)
    km2 = {}
    if scene.isochrones is not None:
        rows = scene.isochrones
        of_all = rows["nearest_of_all"].to_numpy(dtype=bool)
        chosen = rows[of_all if of_all.any() else rows["site_code"] == rows["site_code"].iloc[0]]
        km2 = dict(zip(chosen["minutes"].astype(float), chosen["km2"].astype(float), strict=True))
    found = []
    for limit in limits or [5.0, 10.0, 15.0, 20.0, 30.0]:
        inside = int((minutes <= limit).sum())
        found.append(ReachRow(limit, inside, inside / len(minutes), km2.get(limit, float("nan"))))
    return tuple(found)


# ------------------------------------------------------------------------------------------------------ in plain words


def summary_lines(scene: RoadScene, *, made_up: bool) -> tuple[str, ...]:
    """The page's summary: the roads, their speeds, and what should be looked at."""
    network, facts = scene.network, scene.network.summary
    data = "Made-up roads" if made_up else "OpenStreetMap roads"
    date = str(facts.get("timestamp", ""))[:10]
    dated = f"data of {date}" if date else "the file does not say of which date"
    tagged = sum(row.share for row in source_rows(network) if SPEED_SOURCES[row.kind] in TAGGED)
    lines = [
        f"{data}, {dated}: {facts['km']:,} km in {facts['roads']:,} stretches "
        f"between {facts['nodes']:,} junctions and ends."
    ]
    if network.mode == "walk":
        lines.append("Times on foot, at one walking pace; the source of a speed does not matter to them.")
    else:
        lines.append(f"Speeds: {_profile(facts)}.{_parking(facts)}")
        lines.append(
            f"A speed limit in the map data decides the speed on {percent(tagged)} of the length. On the rest it is "
            "the class of the road, and whether it runs among houses."
        )
    return (*lines, *_snap_lines(scene), *_unreached_lines(scene), *_fault_lines(facts))


def _profile(facts: dict[str, object]) -> str:
    factor = float(facts.get("speed_factor", 1.0))
    text = f"profile {facts['profile']} ({facts['profile_sentence']})"
    return text if factor == 1.0 else f"{text}, all speeds on roads times {factor:g}"


def _parking(facts: dict[str, object]) -> str:
    minutes = float(facts.get("parking_minutes", 0.0))
    return f" {minutes:g} minutes for parking are in every journey." if minutes else ""


def _snap_lines(scene: RoadScene) -> list[str]:
    lines = []
    shown = [one for one in (scene.starts, scene.sites) if len(one)]
    if not shown:
        return lines
    metres = np.concatenate([one.metres[one.joined] for one in shown])
    if len(metres):
        middle, ninety = np.percentile(metres, [50, 90])
        text = f"Half of all points lie within {middle:,.0f} m of their road, nine in ten within {ninety:,.0f} m"
        far = int((metres > FAR_M).sum())
        lines.append(f"{text}; {plural(far, 'point')} further than {FAR_M:g} m." if far else f"{text}.")
    without = sum(int((~one.joined).sum()) for one in shown)
    if without:
        lines.append(f"{plural(without, 'point', start=True)} without a road within {TOO_FAR_M / 1000:g} km.")
    return lines


def _unreached_lines(scene: RoadScene) -> list[str]:
    minutes = scene.nearest_minutes
    if not len(minutes) or np.isnan(minutes).all():
        return []
    lost, word, site = int(np.isinf(minutes).sum()), scene.origins.word, scene.sites.word
    if not lost:
        return [f"From every {word} a {site} can be reached."]
    return [f"From {lost:,} of {len(minutes):,} {word}s no {site} can be reached; they are listed below."]


def _fault_lines(facts: dict[str, object]) -> list[str]:
    lines = [_ferries(facts)] if facts.get("ferries") else []
    km = float(facts.get("cut_off_km", 0.0))
    if km:
        lines.append(f"{km:,g} km of road cannot be driven to and from the rest and are not used.")
    closed, left = len(facts.get("bridges", ())), len(facts.get("open_gaps", ()))
    if closed:
        lines.append(f"Short gaps in the road file that were closed: {closed:,}.")
    if left:
        lines.append(f"Longer gaps that look like faults of the file and were left open: {left:,}.")
    return lines


def other_facts(network: RoadNetwork) -> tuple[tuple[str, str], ...]:
    """What else is in the roads or left out: a heading and a sentence each."""
    facts = network.summary
    found = [
        ("Ferries", _ferries(facts)),
        ("Tolls", _tolls(facts)),
        ("Turns", _turns(facts)),
        ("One-way roads", f"{percent(facts['one_way_share'])} of the length may be driven one way only."),
        ("Cut off", _cut_off(facts)),
    ]
    if facts.get("closed"):
        roads = ", ".join(str(road) for road in facts["closed"])
        found.append(("Closed roads", f"{_stretches(int(facts['closed_roads']))}: {roads}."))
    if facts.get("broken_roundabouts"):
        number = int(facts["broken_roundabouts"])
        text = f"{plural(number, 'roundabout')} without a whole ring in the file: taken as two-way."
        found.append(("Broken roundabouts", text))
    if facts.get("left_out"):
        parts = [f"{name}: {number:,}" for name, number in facts["left_out"].items()]
        found.append(("Not read", "; ".join(parts) + "."))
    return tuple(found)


def _stretches(number: int) -> str:
    return "One stretch" if number == 1 else f"{number:,} stretches"


def _ferries(facts: dict[str, object]) -> str:
    number, state = int(facts.get("ferries", 0)), facts.get("ferry_state", "on")
    if not number:
        return "There is no ferry in these roads."
    words = {
        "on": "They run, and half of the time between two boats counts as the wait.",
        "queue": "They run with a queue: one boat is missed, and the wait counts accordingly.",
        "off": "They do not run here: journeys go round, or cannot be made.",
    }
    return f"{_stretches(number)} of ferry. {words.get(str(state), '')}".strip()


def _tolls(facts: dict[str, object]) -> str:
    km = float(facts.get("toll_km", 0.0))
    return f"{km:g} km of toll road are used like any other; no price is counted." if km else "No toll road is tagged."


def _turns(facts: dict[str, object]) -> str:
    number, unclear = int(facts.get("turns_restricted", 0)), int(facts.get("turns_unclear", 0))
    text = f"{plural(number, 'turn restriction', start=True)} applied" if number else "No turn restriction applied"
    return text + (f"; {unclear:,} could not be understood and are left out." if unclear else ".")


def _cut_off(facts: dict[str, object]) -> str:
    km, share = float(facts.get("cut_off_km", 0.0)), 1.0 - float(facts.get("main_share", 1.0))
    if not km:
        return "Every road can be driven to and from every other."
    return (
        f"{km:,g} km ({percent(share, 1)} of the length) cannot be driven to and from the rest. They are not used, and "
        "no point is joined to them. The table gives their places."
    )


def left_out_words(parts: tuple) -> str:
    """What the interactive map leaves out, in one sentence; empty where nothing is."""
    if not parts:
        return ""
    told = [f"{part.roads:,} of class {class_words(ROAD_CLASSES[part.road_class])} ({part.km:,g} km)" for part in parts]
    return f"To keep this page small, these roads are not drawn, though they are used: {'; '.join(told)}."


# ------------------------------------------------------------------------------------------------------ the method note


@dataclass(frozen=True)
class NoteBlock:
    """A piece of the method note: `heading`, `text`, `list` or `table`, its level, and its rows of cells."""

    kind: str
    level: int
    rows: tuple[tuple[str, ...], ...]


def note_blocks(note: str) -> tuple[NoteBlock, ...]:
    """The method note in pieces: it knows headings, paragraphs, lists and tables, and nothing more.

    Parameters
    ----------
    note
        Markdown as `geodata.times.method_note.method_note` writes it. Its title is left out: the page has its own.
    """
    lines = [line.rstrip() for line in note.splitlines() if not line.startswith("# ")]
    blocks: list[NoteBlock] = []
    for kind, group in itertools.groupby(lines, key=_kind_of_line):
        rows = tuple(_cells(line, kind) for line in group)
        if kind == "table":
            rows = tuple(row for row in rows if not all(re.fullmatch("-*", cell) for cell in row) or not any(row))
            blocks.append(NoteBlock(kind, 0, rows))
        elif kind == "heading":
            blocks += [NoteBlock(kind, 2, (row,)) for row in rows]
        elif kind == "text":
            blocks += [NoteBlock(kind, 0, (row,)) for row in rows]
        elif kind:
            blocks.append(NoteBlock(kind, 0, rows))
    return tuple(blocks)


def _kind_of_line(line: str) -> str:
    kinds = (("## ", "heading"), ("- ", "list"), ("|", "table"))
    return next((kind for sign, kind in kinds if line.startswith(sign)), "text" if line else "")


def _cells(line: str, kind: str) -> tuple[str, ...]:
    if kind == "table":
        inner = line.removeprefix("|").removesuffix("|")
        return tuple(_plain(cell.strip()) for cell in re.split(r"(?<!\\)\|", inner))
    return (_plain(re.sub("^(## |- )", "", line)),)


def _plain(text: str) -> str:
    return re.sub(r"\\([\\`*_{}\[\]<>#|~])", r"\1", text)
