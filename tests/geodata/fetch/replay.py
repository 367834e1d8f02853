"""A server on 127.0.0.1: files, an ArcGIS layer and the OpenStreetMap services, with the faults of real ones."""

from __future__ import annotations

import http.server
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

Fault = Callable[["Handler"], None]


class Handler(http.server.BaseHTTPRequestHandler):
    """Passes each request to the route of its path, and keeps a record of it."""

    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length).decode()
        parts = urlsplit(self.path)
        self.query = {key: values[0] for key, values in parse_qs(f"{parts.query}&{self.body}").items()}
        self.server.log.append((self.command, self.path, dict(self.headers)))
        route = self.server.routes.get(parts.path)
        if route is None:
            self.reply(404, b"nothing here")
        else:
            route(self)

    do_GET = do_HEAD = do_POST = do_CONNECT = handle_any  # noqa: N815 - the names http.server calls

    def reply(self, code: int, body: bytes, headers: dict[str, str] | None = None, *, cut: int | None = None) -> None:
        """Answer; with `cut` the connection is closed after so many bytes of the body."""
        self.send_response(code)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True

    def json(self, content: object, code: int = 200) -> None:
        self.reply(code, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def log_message(self, *_: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    log: list
    routes: dict

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of the game."""


@contextmanager
def serving(routes: dict[str, Callable[[Handler], None]]) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.log, server.routes = [], routes
    server.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


# ---------------------------------------------------------------------------------------------------------- faults


def status(code: int, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.reply(code, b"no", named)


def hang(seconds: float) -> Fault:
    def wait(handler: Handler) -> None:
        time.sleep(seconds)
        handler.close_connection = True

    return wait


def reset(handler: Handler) -> None:
    """Close with RST, as a firewall does."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def page(handler: Handler) -> None:
    handler.reply(200, b"<!DOCTYPE html><html><title>Sign in</title></html>" * 20, {"Content-Type": "text/html"})


@dataclass
class File:
    """A plain file. `faults` are used up one a request; `cut` ends the next answers after so many bytes."""

    body: bytes
    etag: str = '"one"'
    modified: str = "Wed, 01 Jan 2025 00:00:00 GMT"
    ranges: bool = True
    heeds_if_range: bool = True
    length: bool = True
    head: bool = True
    kind: str = "application/octet-stream"
    faults: list[Fault] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)

    def __call__(self, handler: Handler) -> None:
        if handler.command == "HEAD":
            if not self.head:
                handler.reply(405, b"")
            else:
                handler.reply(200, self.body, self.headers())
            return
        if self.faults:
            self.faults.pop(0)(handler)
            return
        cut = self.cuts.pop(0) if self.cuts else None
        asked = handler.headers.get("Range")
        same = handler.headers.get("If-Range") in {None, self.etag, self.modified} or not self.heeds_if_range
        if asked and self.ranges and same:
            start = int(asked.removeprefix("bytes=").split("-")[0])
            whole = len(self.body)
            if start >= whole:
                handler.reply(416, b"", {"Content-Range": f"bytes */{whole}"})
                return
            span = {"Content-Range": f"bytes {start}-{whole - 1}/{whole}"}
            handler.reply(206, self.body[start:], self.headers() | span, cut=cut)
            return
        if self.length:
            handler.reply(200, self.body, self.headers(), cut=cut)
        else:
            handler.reply(200, self.body, self.headers() | {"Content-Length": ""}, cut=cut or len(self.body))

    def headers(self) -> dict[str, str]:
        return {"ETag": self.etag, "Last-Modified": self.modified, "Content-Type": self.kind}


@dataclass
class Layer:
    """A layer of an ArcGIS feature service, as ArcGIS Online answers."""

    count: int
    most: int = 3
    pages: bool = True
    flag: bool = True
    heeds_offset: bool = True
    says: int | None = None
    crs: int | None = 27700
    shapes: bool = True
    edited: int = 1
    faults: list[Fault] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)

    def describe(self, handler: Handler) -> None:
        handler.json(
            {
                "name": "areas",
                "objectIdField": "FID",
                "maxRecordCount": self.most,
                "advancedQueryCapabilities": {"supportsPagination": self.pages},
                "editingInfo": {"lastEditDate": self.edited},
            }
        )

    def query(self, handler: Handler) -> None:
        asked = handler.query
        self.asked.append(asked)
        if asked.get("returnCountOnly") == "true":
            handler.json({"count": self.count if self.says is None else self.says})
            return
        if asked.get("returnIdsOnly") == "true":
            handler.json({"objectIdFieldName": "FID", "objectIds": list(range(self.count, 0, -1))})
            return
        if self.faults:
            self.faults.pop(0)(handler)
            return
        ids = list(range(1, self.count + 1))
        if ">=" in asked["where"]:
            low, high = (int(part.split()[0]) for part in asked["where"].split("= ")[1:])
            ids = [number for number in ids if low <= number <= high]
        elif self.heeds_offset:
            ids = ids[int(asked.get("resultOffset", 0)) :]
        some = ids[: min(self.most, int(asked.get("resultRecordCount", self.most)))]
        found: dict = {"features": [self.feature(number, asked) for number in some]}
        if asked["f"] == "geojson":
            found = {"type": "FeatureCollection", **found}
            if self.crs:
                found["crs"] = {"type": "name", "properties": {"name": f"EPSG:{self.crs}"}}
            if self.flag and len(some) < len(ids):
                found["properties"] = {"exceededTransferLimit": True}
        elif self.flag and len(some) < len(ids):
            found["exceededTransferLimit"] = True
        body = json.dumps(found).encode()
        cut = self.cuts.pop(0) if self.cuts else None
        handler.reply(200, body, {"Content-Type": "application/json"}, cut=cut)

    def feature(self, number: int, asked: dict[str, str]) -> dict:
        values = {"FID": number, "LSOA21CD": f"E0100{number:04d}", "LSOA21NM": f'Área {number}, "north"'}
        wanted = asked["outFields"].split(",")
        values = {name: value for name, value in values.items() if "*" in wanted or name in wanted}
        if asked["f"] != "geojson":
            return {"attributes": values}
        point = [400_000.5 + number, 100_000.0] if self.crs in {27700, None} else [-2.0, 50.0 + number / 1000]
        return {
            "type": "Feature",
            "id": number,
            "geometry": {"type": "Point", "coordinates": point} if self.shapes else None,
            "properties": values,
        }

    def routes(self, path: str = "/arcgis/rest/services/AREAS/FeatureServer/0") -> dict[str, Callable[[Handler], None]]:
        return {path: self.describe, path + "/query": self.query}


def village(handler: Handler) -> None:
    """Nominatim (GET) and Overpass (POST) in one: a village of three nodes and a road."""
    if handler.command == "GET" and "status" in handler.path:
        handler.reply(200, b"Rate limit: 2\n2 slots available now.\n")
    elif handler.command == "GET":
        ring = [[-1.31, 50.69], [-1.28, 50.69], [-1.28, 50.71], [-1.31, 50.71], [-1.31, 50.69]]
        place = {"display_name": "Village", "importance": 1.0, "boundingbox": ["50.69", "50.71", "-1.31", "-1.28"]}
        place |= {"lat": "50.70", "lon": "-1.295", "geojson": {"type": "Polygon", "coordinates": [ring]}}
        handler.json([place])
    else:
        nodes = [{"type": "node", "id": i, "lon": -1.30 + 0.002 * i, "lat": 50.70} for i in range(3)]
        way = {"type": "way", "id": 1, "nodes": [0, 1, 2], "tags": {"highway": "tertiary", "maxspeed": "30 mph"}}
        handler.json({"version": 0.6, "elements": [*nodes, way]})
