"""Download the roads of a place from OpenStreetMap's services, through osmnx, into a file like any other extract.

Only `blueprint fetch` comes here. osmnx finds the place, divides a large one into several questions and asks them; its
answers are kept as they came, so that every tag is there, and written as `.osm.pbf`. (osmnx's own graphs keep a chosen
few tags, replace `oneway`, and take minutes to read back for a county.)
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import osmium
import requests
from osmium.osm.mutable import Node, Relation, Way
from shapely import MultiPolygon, Polygon

from geodata.errors import Finding, InputProblems
from geodata.osm.source import TIMESTAMP

WAYS_ASKED = (
    '["highway"]["highway"!~"footway|path|steps|cycleway|bridleway|corridor|elevator|platform|construction|proposed|'
    'abandoned|razed|planned"]["area"!~"yes"]',
    '["route"="ferry"]',
    # osmnx puts each filter between `(way` and `(poly:...);>;)`, so this asks for ways nowhere, and for turns here.
    '["highway"](0,0,0,0);rel["type"="restriction"]',
)
"""Filters of what is asked for: every road, private ones too (the tags decide later), ferries, and restricted turns; no
paths."""

TRIES = 4
FIRST_PAUSE_S = 10.0
LONGEST_PAUSE_S = 120.0
BUSY = {408, 425, 429, 500, 502, 503, 504}
"""Answers of a service that is overloaded: worth asking again."""


class _Busy(Exception):
    """The service cannot answer now.

    Parameters
    ----------
    message
        What it said.
    wait
        Seconds it asks to wait; 0 if it does not say.
    """

    def __init__(self, message: str, wait: float = 0.0) -> None:
        self.wait = wait
        super().__init__(message)


class _Refused(Exception):
    """The service answered, and will not answer otherwise if asked again."""


def roads_file_of_place(place: str) -> str:
    """Name of the file beside `case.toml` that holds the downloaded roads of a place.

    Parameters
    ----------
    place
        As in `[roads] place`, such as `Dorset, England`: then `roads-dorset-england.osm.pbf`.
    """
    plain = unicodedata.normalize("NFKD", place).encode("ascii", "ignore").decode("ascii").lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-")
    if not slug:  # a name in another script
        slug = hashlib.sha256(place.encode("utf-8")).hexdigest()[:12]
    return f"roads-{slug}.osm.pbf"


def download_place(
    place: str | Polygon | MultiPolygon,
    target: Path,
    *,
    tries: int = TRIES,
    first_pause_s: float = FIRST_PAUSE_S,
) -> dict[str, object]:
    """Download the roads of a place (Nominatim and Overpass, at the addresses in `osmnx.settings`).

    A service that is overloaded, too slow or cut off is asked again after a pause that doubles each time; what had
    arrived by then is not asked for twice. The proxy of the environment is used.

    Parameters
    ----------
    place
        Name as OpenStreetMap knows it, or a polygon in EPSG:4326 (longitude, latitude).
    target
        The `.osm.pbf` (or `.osm`) to write; it appears only when it is complete.
    tries
        How often a service is asked before it is given up, at least 1.
    first_pause_s
        Seconds before it is asked the second time.

    Returns
    -------
    `place` (as the service spells it), `file`, `bytes`, `sha256`, `nodes`, `ways`, `turns` (restricted ones),
    `timestamp` of the data, `created` (both ISO text, UTC), `urls` (the services asked) and `attribution`.

    Raises
    ------
    InputProblems
        When there is no connection, no such place or no road in it; nothing is written then.
    """
    target = Path(target)
    told = place if isinstance(place, str) else "the area of the case"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".roads-") as scratch, _settings(Path(scratch)) as o:
            asked = [o.settings.overpass_url]
            area = place
            if isinstance(place, str):
                asked.insert(0, o.settings.nominatim_url)
                known = _patiently(lambda: o.geocode_to_gdf(place), tries, first_pause_s)
                area, told = known.geometry.iloc[0], str(known["display_name"].iloc[0])
            _patiently(lambda: _ask_roads(o, area), tries, first_pause_s)
            found = _gather(Path(scratch))
            if not found.ways:
                raise _Refused("no road was found there")
            part = Path(scratch) / target.name
            _write(part, found)
            sha256, size = hashlib.sha256(part.read_bytes()).hexdigest(), part.stat().st_size
            part.replace(target)
    except Exception as problem:  # requests, osmnx and the services fail in many ways; all mean the same here
        raise InputProblems([_failure(told, problem)]) from problem
    return {
        "place": told,
        "file": target.name,
        "bytes": size,
        "sha256": sha256,
        "nodes": len(found.nodes),
        "ways": len(found.ways),
        "turns": len(found.turns),
        "timestamp": found.timestamp,
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "urls": tuple(asked),
        "attribution": "\N{COPYRIGHT SIGN} OpenStreetMap contributors",
    }


def _failure(place: str, problem: Exception) -> Finding:
    text = " ".join(str(problem).split()).rstrip(".")
    # Faults of the network and the disk tell addresses, not reasons.
    plain = text and len(text) <= 120 and not isinstance(problem, OSError)
    reason = text if plain else _plain_reason(problem)
    return Finding(
        "error",
        "case.toml",
        f"The roads of this place could not be downloaded ({reason}).",
        "Check the network connection and the spelling of the place, or download an OpenStreetMap extract "
        "of the county (.osm.pbf) once and name it in [roads] source.",
        column="roads.place",
        value=place,
        code="road-download",
    )


def _plain_reason(problem: Exception) -> str:
    if isinstance(problem, requests.exceptions.ProxyError):
        return "the proxy refused the connection"
    if isinstance(problem, requests.exceptions.Timeout):
        return "the service did not answer in time"
    if isinstance(problem, requests.exceptions.RequestException):
        return "no connection to the service"
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror.lower()
    return type(problem).__name__


# --------------------------------------------------------------------------------------------------------- asking


@contextmanager
def _settings(cache: Path) -> Iterator[Any]:
    """osmnx, set to keep every answer in a folder of ours; its settings and the socket are as before afterwards."""
    import osmnx  # noqa: PLC0415 - takes seconds to import and few cases need it

    ours = {
        "use_cache": True,
        "cache_folder": cache,
        "cache_only_mode": True,
        "overpass_rate_limit": False,  # it would wait a minute without a network; a busy service says so itself
        "doh_url_template": None,  # no third service is asked for an address
        "requests_kwargs": {**osmnx.settings.requests_kwargs, "hooks": {"response": _examine}},
    }
    kept = {name: getattr(osmnx.settings, name) for name in ours}
    resolver = socket.getaddrinfo  # osmnx replaces it
    try:
        for name, value in ours.items():
            setattr(osmnx.settings, name, value)
        yield osmnx
    finally:
        for name, value in kept.items():
            setattr(osmnx.settings, name, value)
        socket.getaddrinfo = resolver


def _ask_roads(osmnx: Any, area: Polygon | MultiPolygon) -> None:
    try:
        osmnx.graph_from_polygon(area, custom_filter=list(WAYS_ASKED))
    except InterruptedError:  # how osmnx says that all answers are in the folder
        return


def _examine(response: requests.Response, **_: object) -> None:
    """Look at an answer before osmnx does, which would wait for ever on some and take half of others for whole."""
    if response.status_code in BUSY:
        wait = response.headers.get("Retry-After", "")
        raise _Busy(f"the service answered {response.status_code}", float(wait) if wait.isdigit() else 0.0)
    if not response.ok and not response.is_redirect:
        raise _Refused(f"the service answered {response.status_code}")
    if response.is_redirect:
        return
    try:
        content = response.json()
    except ValueError as problem:
        raise _Busy("the service answered with something else than map data") from problem
    if isinstance(content, dict) and "error" in str(content.get("remark", "")):
        raise _Busy("the service gave up before its answer was complete")


def _patiently(ask: Any, tries: int, pause: float) -> Any:
    for left in range(max(tries, 1) - 1, -1, -1):
        try:
            return ask()
        except (_Busy, requests.exceptions.RequestException) as problem:
            if not left or _hopeless(problem):
                raise
            wait = getattr(problem, "wait", 0.0)
        time.sleep(min(max(pause, wait), LONGEST_PAUSE_S))
        pause *= 2
    return None


def _hopeless(problem: Exception) -> bool:
    """Whether asking again is no use: nobody is there, or a proxy is in the way."""
    if isinstance(problem, requests.exceptions.ProxyError | requests.exceptions.SSLError):
        return True
    reason = getattr(problem.args[0] if problem.args else None, "reason", None)
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError"}


# --------------------------------------------------------------------------------------------------------- writing


@dataclass
class _Found:
    """What the answers hold: nodes, ways and restricted turns by number, and the date of the data."""

    nodes: dict[int, Node] = field(default_factory=dict)
    ways: dict[int, Way] = field(default_factory=dict)
    turns: dict[int, Relation] = field(default_factory=dict)
    timestamp: str = ""

    def add(self, thing: dict[str, Any]) -> None:
        """Take in one thing of an answer."""
        key, tags = int(thing["id"]), thing.get("tags") or {}
        if thing["type"] == "node":
            tags = tags or self.nodes.get(key, Node()).tags
            self.nodes[key] = Node(id=key, location=(float(thing["lon"]), float(thing["lat"])), tags=tags)
        elif thing["type"] == "way":
            self.ways[key] = Way(id=key, nodes=[int(ref) for ref in thing["nodes"]], tags=tags)
        elif thing["type"] == "relation":
            members = [(str(one["type"])[0], int(one["ref"]), str(one["role"])) for one in thing.get("members", ())]
            self.turns[key] = Relation(id=key, members=members, tags=tags)


def _gather(folder: Path) -> _Found:
    """Everything in the answers, each thing once."""
    found, timestamp = _Found(), ""
    for path in sorted(folder.glob("*.json")):
        answer = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(answer, dict):
            continue  # the place itself
        timestamp = max(timestamp, str((answer.get("osm3s") or {}).get("timestamp_osm_base") or ""))
        for thing in answer.get("elements", ()):
            found.add(thing)
    found.timestamp = timestamp if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", timestamp) else ""
    return found


def _write(path: Path, found: _Found) -> None:
    header = osmium.io.Header()
    header.set("generator", "blueprint")
    if found.timestamp:
        header.set(TIMESTAMP, found.timestamp)
    with osmium.SimpleWriter(str(path), header=header) as writer:
        for key in sorted(found.nodes):
            writer.add_node(found.nodes[key])
        for key in sorted(found.ways):
            writer.add_way(found.ways[key])
        for key in sorted(found.turns):
            writer.add_relation(found.turns[key])
