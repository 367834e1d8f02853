"""Download a layer of an ArcGIS feature service (ONS geoportal and many councils), page by page, as one file.

The protocol is Esri's "Query (Feature Service/Layer)": `returnCountOnly`, then pages by `resultOffset` and
`resultRecordCount`, ordered by the object id so that pages neither overlap nor skip. How many are still to come follows
from the count, not from `exceededTransferLimit`, which services set (or leave out) in several ways. Services without
paging are asked by ranges of object ids. What has arrived is kept one feature a line in `name.part`, so that a broken
download goes on at the next page.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from geodata.errors import Finding
from geodata.fetch.part import Part, sha256_of
from geodata.fetch.transfer import Arrived
from geodata.fetch.web import PASSING_CODES, FetchFailed, Passing, Web, give_up

GRID = 27700
"""Coordinate system asked for, metres: what the boundaries are published in."""

PAGE = 2000
"""Most features asked for at once, if the service allows as many."""


@dataclass(frozen=True)
class Query:
    """What is wanted of a layer.

    Parameters
    ----------
    url
        Address of the layer, ending in its number, such as `.../FeatureServer/0`.
    where
        SQL condition; `1=1` is everything.
    out_fields
        Names of the fields; `*` is all.
    """

    url: str
    where: str = "1=1"
    out_fields: Sequence[str] = ("*",)

    @property
    def layer(self) -> str:
        """The address without a trailing `/query`, slash or question mark."""
        bare = self.url.split("?", 1)[0].rstrip("/")
        return bare.removesuffix("/query")


@dataclass(frozen=True)
class Layer:
    """What a service says of a layer: what its pages depend on."""

    object_id: str
    most: int
    pages: bool
    edited: str


def count_features(web: Web, query: Query) -> int:
    """How many features a download would hold.

    Raises
    ------
    FetchFailed
        When the service does not answer or refuses.
    """
    answer = _ask(web, query.layer + "/query", {"where": query.where, "returnCountOnly": "true", "f": "json"})
    count = answer.get("count")
    if not isinstance(count, int):
        _not_a_layer(query.layer)
    return count


def download_features(
    web: Web, query: Query, target: Path, *, tell: Callable[[int, int | None], None] | None = None
) -> Arrived:
    """Download a layer as GeoJSON, or as a table of its fields when `target` ends in `.csv`.

    Parameters
    ----------
    web
        The session.
    query
        What is wanted.
    target
        The finished file; replaced only at the end.
    tell
        Told features so far and features in all.

    Raises
    ------
    FetchFailed
        When the service refuses, repeats itself, or gives another number of features than it counts.
    """
    part = Part(target)
    with part.told():
        target.parent.mkdir(parents=True, exist_ok=True)
    shapes = target.suffix.lower() != ".csv"
    layer = _describe(web, query)
    total = count_features(web, query)
    begun = {
        "url": query.layer,
        "where": query.where,
        "out_fields": list(query.out_fields),
        "total": total,
        "edited": layer.edited,
        "shapes": shapes,
    }
    seen, crs = _take_up(part, begun, layer)
    with part.told():
        out = part.path.open("a", encoding="utf-8", newline="\n")
    with out:
        for page, page_crs in _pages(web, query, layer, seen, total, shapes=shapes):
            if shapes and page:
                crs = _same_crs(query, crs, page_crs)
            lines = "".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) + "\n" for feature in page)
            with part.told():
                out.write(lines)
                out.flush()
            part.note(begun | {"crs": crs})
            if tell:
                tell(len(seen), total)
    if len(seen) != total:
        part.drop()
        raise FetchFailed(
            Finding(
                "error",
                target.name,
                f"The service counts {total:,} features and gave {len(seen):,}.",
                "The layer may have been changed during the download: run the same command again.",
                value=query.layer,
                code="fetch-count",
            )
        )
    return _finish(part, crs, len(seen), shapes=shapes)


def _describe(web: Web, query: Query) -> Layer:
    answer = _ask(web, query.layer, {"f": "json"})
    with _understood(query):
        return _layer_of(query, answer)


def _layer_of(query: Query, answer: Mapping[str, Any]) -> Layer:
    object_id = answer.get("objectIdField")
    if not object_id:
        fields = answer.get("fields")
        named = [field["name"] for field in fields or () if field.get("type") == "esriFieldTypeOID"]
        object_id = named[0] if named else None
    if not isinstance(object_id, str):
        _not_a_layer(query.layer)
    most = answer.get("maxRecordCount")
    able = answer.get("advancedQueryCapabilities") or {}
    edited = (answer.get("editingInfo") or {}).get("lastEditDate")
    return Layer(
        object_id,
        min(most, PAGE) if isinstance(most, int) and most > 0 else PAGE,
        bool(able.get("supportsPagination", answer.get("supportsPagination", True))),
        str(edited or ""),
    )


def _take_up(part: Part, begun: Mapping[str, Any], layer: Layer) -> tuple[set[Any], int | None]:
    """Object ids that have arrived already, from an earlier try of the same download; else a fresh start."""
    about = part.about
    crs = about.pop("crs", None)
    if about != dict(begun) or not part.path.is_file():
        part.drop()
        return set(), None
    seen: set[Any] = set()
    whole = 0
    with part.path.open("rb") as lines:
        for line in lines:
            try:
                seen.add(_object_id(json.loads(line), layer.object_id))
            except (ValueError, KeyError, TypeError):
                break  # the last line of an interrupted write
            whole += len(line)
    with part.told(), part.path.open("r+b") as handle:
        handle.truncate(whole)
    return seen, crs


def _pages(
    web: Web, query: Query, layer: Layer, seen: set[Any], total: int, *, shapes: bool
) -> Iterator[tuple[list[dict[str, Any]], int | None]]:
    """The features that are still missing, a page at a time; their ids are added to `seen`."""
    if not layer.pages:
        yield from _ranges(web, query, layer, seen, shapes=shapes)
        return
    more = True
    while more and len(seen) < total:
        paging = {"resultOffset": str(len(seen)), "resultRecordCount": str(layer.most)}
        answer = _ask(web, query.layer + "/query", _parameters(query, layer, query.where, shapes=shapes) | paging)
        page, page_crs = _page(query, layer, answer, seen)
        yield page, page_crs
        more = bool(page)  # an empty page is the end; whether it came too early, the count tells


def _ranges(
    web: Web, query: Query, layer: Layer, seen: set[Any], *, shapes: bool
) -> Iterator[tuple[list[dict[str, Any]], int | None]]:
    """For services without paging: all object ids first, then ranges of them."""
    answer = _ask(web, query.layer + "/query", {"where": query.where, "returnIdsOnly": "true", "f": "json"})
    with _understood(query):
        wanted = sorted(set(answer.get("objectIds") or ()) - seen)
    for at in range(0, len(wanted), layer.most):
        some = wanted[at : at + layer.most]
        where = f"({query.where}) AND {layer.object_id} >= {some[0]} AND {layer.object_id} <= {some[-1]}"
        answer = _ask(web, query.layer + "/query", _parameters(query, layer, where, shapes=shapes))
        page, page_crs = _page(query, layer, answer, seen)
        yield page, page_crs


def _page(
    query: Query, layer: Layer, answer: Mapping[str, Any], seen: set[Any]
) -> tuple[list[dict[str, Any]], int | None]:
    """The features of one answer and their coordinate system; their ids are added to `seen`."""
    with _understood(query):
        page = _features(query, answer)
        _note_ids(query, layer, page, seen)
        return page, _crs_of(answer, page)


@contextmanager
def _understood(query: Query) -> Iterator[None]:
    """Tell an answer of another form than Esri describes as what it is: not from a feature service."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        _not_a_layer(query.layer)


def _parameters(query: Query, layer: Layer, where: str, *, shapes: bool) -> dict[str, str]:
    fields = list(query.out_fields)
    if "*" not in fields and layer.object_id not in fields:
        fields.append(layer.object_id)
    return {
        "where": where,
        "outFields": "*" if "*" in fields else ",".join(fields),
        "orderByFields": f"{layer.object_id} ASC",
        "returnGeometry": "true" if shapes else "false",
        "outSR": str(GRID),
        "f": "geojson" if shapes else "json",
    }


def _ask(web: Web, url: str, params: Mapping[str, str]) -> dict[str, Any]:
    """Ask for JSON. Services report faults with the code 200 and `{"error": ...}`; those are told apart here."""

    def once() -> dict[str, Any]:
        with web.open(url, params=params, headers={"Accept": "application/json"}) as answer:
            text = answer.content
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as fault:
            if text.lstrip()[:1] == b"<":
                give_up(
                    url,
                    "Refused: a web page arrived instead of features (a login page or an error page).",
                    "Open the address in the browser to see what it shows.",
                    "fetch-wrong-content",
                )
            raise Passing("the answer of the service ended in the middle") from fault
        if not isinstance(found, dict):
            _not_a_layer(url)
        if "error" in found:
            _judge_error(url, found["error"])
        return found

    return web.attempt(url, once)


def _judge_error(url: str, error: Any) -> NoReturn:
    error = error if isinstance(error, dict) else {"message": str(error)}
    code = error.get("code")
    details = [str(item) for item in error.get("details") or () if item]
    said = ". ".join(
        dict.fromkeys(text.strip().rstrip(".") for text in [str(error.get("message") or ""), *details] if text)
    )
    if code in PASSING_CODES:
        raise Passing(f"the service has a fault or is busy ({code}: {said})")
    if code in {401, 403, 498, 499}:
        give_up(
            url, f"The service wants a login ({code}: {said}).", "Download the layer with the browser.", "fetch-refused"
        )
    give_up(
        url,
        f"The service refuses the request ({code}: {said}).",
        "Check url (it ends in /FeatureServer/ and the number of the layer), where and out_fields of the entry.",
        "fetch-refused",
    )


def _not_a_layer(url: str) -> NoReturn:
    give_up(
        url,
        "This address is not a layer of an ArcGIS feature service.",
        "Write the address of the layer as url: it ends in /FeatureServer/ and the number of the layer.",
        "fetch-address",
    )


def _repeats(query: Query) -> NoReturn:
    give_up(
        query.layer,
        "The service gives the same features again and again instead of the next page.",
        "Download the layer with the browser (GeoJSON or GeoPackage) into the folder.",
        "fetch-paging",
    )


def _features(query: Query, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = answer.get("features")
    if not isinstance(found, list):
        _not_a_layer(query.layer)
    return found


def _object_id(feature: Mapping[str, Any], name: str) -> Any:
    for values in (feature.get("properties"), feature.get("attributes")):
        if values and name in values:
            return values[name]
    return feature["id"]


def _note_ids(query: Query, layer: Layer, page: Sequence[Mapping[str, Any]], seen: set[Any]) -> None:
    """Remember the ids of a page; one that has come before means that the service does not page."""
    for feature in page:
        if not isinstance(feature.get("properties", feature.get("attributes")), dict):
            _not_a_layer(query.layer)
        number = _object_id(feature, layer.object_id)
        if number in seen:
            _repeats(query)
        seen.add(number)


def _crs_of(answer: Mapping[str, Any], page: Sequence[Mapping[str, Any]]) -> int | None:
    """The coordinate system a page says it is in, else what its numbers can only be."""
    name = str(((answer.get("crs") or {}).get("properties") or {}).get("name") or "")
    if name:
        return 4326 if name.upper().endswith("CRS84") else int(name.rsplit(":", 1)[-1] or 0) or None
    for feature in page:
        numbers = (feature.get("geometry") or {}).get("coordinates")
        while isinstance(numbers, list) and numbers and isinstance(numbers[0], list):
            numbers = numbers[0]
        if numbers:
            return 4326 if abs(numbers[0]) <= 180 and abs(numbers[1]) <= 90 else GRID
    return None


def _same_crs(query: Query, known: int | None, found: int | None) -> int | None:
    if known is not None and found is not None and known != found:
        give_up(
            query.layer,
            f"The pages of the service are in two coordinate systems (EPSG:{known}, EPSG:{found}).",
            "Download the layer with the browser into the folder.",
            "fetch-paging",
        )
    return known if found is None else found


def _finish(part: Part, crs: int | None, count: int, *, shapes: bool) -> Arrived:
    """Turn the lines into one file, feature by feature, and put it in its place."""
    whole = Part(part.target.with_name(part.target.name + ".whole"))
    with whole.told():
        (_write_geojson if shapes else _write_table)(part.path, whole.path, crs)
        digest, size = sha256_of(whole.path), whole.path.stat().st_size
        whole.path.replace(part.target)
    part.drop()
    return Arrived(size, digest, count)


def _write_geojson(lines: Path, to: Path, crs: int | None) -> None:
    with lines.open(encoding="utf-8") as features, to.open("w", encoding="utf-8", newline="\n") as out:
        out.write('{"type":"FeatureCollection",')
        if crs and crs != 4326:  # without a word GeoJSON is longitude and latitude
            out.write(f'"crs":{{"type":"name","properties":{{"name":"urn:ogc:def:crs:EPSG::{crs}"}}}},')
        out.write('"features":[\n')
        for number, line in enumerate(features):
            out.write(("," if number else "") + line)
        out.write("]}\n")


def _write_table(lines: Path, to: Path, crs: int | None) -> None:
    with lines.open(encoding="utf-8") as features, to.open("w", encoding="utf-8", newline="") as out:
        writer = None
        for line in features:
            feature = json.loads(line)
            values = feature["attributes"] if "attributes" in feature else feature["properties"]
            if writer is None:
                writer = csv.DictWriter(out, list(values), lineterminator="\n", extrasaction="ignore")
                writer.writeheader()
            writer.writerow(values)
