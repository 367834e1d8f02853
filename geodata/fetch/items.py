"""What is wanted: the known published files (`sources.toml`), and the `[[fetch]]` entries of a case."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import urlsplit

from geodata.case import CASE_FILE, CaseSettings, FetchSpec
from geodata.errors import Finding, InputProblems
from geodata.fetch.manifest import MANIFEST
from geodata.fetch.part import ENDING

Kind = Literal["file", "features", "roads"]
ROADS_FILE = "roads.osm.pbf"
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)  # names Windows keeps for itself


@dataclass(frozen=True)
class Item:
    """One download.

    Parameters
    ----------
    name
        Name to say it by (`--only`).
    kind
        A plain file, the features of an ArcGIS layer, or roads from OpenStreetMap.
    url
        Address; empty for roads, and for files whose address changes with every publication.
    to
        File name in the folder.
    expect
        Kind of content, where the file name does not say it.
    where, out_fields
        Condition and fields of a layer.
    place
        Place of the roads; empty for the surroundings of the case.
    sha256
        Hash the file must have.
    title, purpose, publisher, licence, page, size
        What a person should know of it.
    checked, national
        Whether the address is confirmed, and whether it belongs to the national files.
    """

    name: str
    kind: Kind
    url: str
    to: str
    expect: str | None = None
    where: str = "1=1"
    out_fields: tuple[str, ...] = ("*",)
    place: str = ""
    sha256: str | None = None
    title: str = ""
    purpose: str = ""
    publisher: str = ""
    licence: str = ""
    page: str = ""
    size: str = ""
    checked: bool = True
    national: bool = False

    @property
    def asked(self) -> str:
        """What decides the content beside the address, for the manifest."""
        if self.kind == "features" and (self.where != "1=1" or self.out_fields != ("*",)):
            return f"where {self.where}; fields {','.join(self.out_fields)}"
        return (self.place or "surroundings of the case") if self.kind == "roads" else ""


@dataclass(frozen=True)
class Source:
    """One entry of `sources.toml`: an item, or a family of items that differ in one part of the address."""

    item: Item
    parts: tuple[str, ...] = ()

    def items(self) -> tuple[Item, ...]:
        """The single downloads of the entry."""
        if not self.parts:
            return (self.item,)
        return tuple(
            replace(
                self.item,
                name=f"{self.item.name}-{part}",
                url=self.item.url.replace("{part}", part),
                to=self.item.to.replace("{part}", part),
            )
            for part in self.parts
        )


@cache
def known_sources() -> tuple[Source, ...]:
    """The published files whose place is known."""
    text = (Path(__file__).parent / "sources.toml").read_text(encoding="utf-8")
    found = []
    for entry in tomllib.loads(text)["source"]:
        parts = tuple(entry.pop("parts", ()))
        found.append(Source(Item(**({"url": "", "to": ""} | entry)), parts))
    return tuple(found)


def known_items() -> dict[str, Item]:
    """Every known download by its name, families spread out."""
    return {item.name: item for source in known_sources() for item in source.items()}


def national_items() -> tuple[Item, ...]:
    """The national files with a confirmed address that does not change."""
    return tuple(item for item in known_items().values() if item.national and item.checked and item.url)


def items_of_case(settings: CaseSettings) -> tuple[Item, ...]:
    """What the `[[fetch]]` entries of a case name, and the roads of `[roads] place`.

    Raises
    ------
    InputProblems
        With every mistake in the entries.
    """
    findings: list[Finding] = []
    items = [_item(spec, findings) for spec in settings.fetch]
    if settings.roads.method == "roads" and settings.roads.place:
        items.append(_roads_of_place(settings.roads.place))
    findings += _clashes(items)
    if findings:
        raise InputProblems(findings)
    return tuple(items)


def choose(items: Sequence[Item], only: Iterable[str]) -> tuple[Item, ...]:
    """The items with these names, in the order of the list; known ones may be named beside those of the list.

    Raises
    ------
    InputProblems
        When a name is not known, or the known file has no fixed address.
    """
    wanted, known = list(dict.fromkeys(only)), known_items()
    if not wanted:
        return tuple(items)
    here = {item.name: item for item in items}
    findings = []
    for name in wanted:
        item = here.get(name) or known.get(name)
        if item is None:
            message = f"Nothing is known by the name {name}."
            fix = "blueprint fetch CASE --list prints the known names; others are those of the [[fetch]] entries."
            findings.append(Finding("error", "", message, fix, value=name, code="fetch-unknown-name"))
        elif not item.url and item.kind != "roads":
            findings.append(_by_hand(item))
    if findings:
        raise InputProblems(findings)
    return tuple((here | known)[name] if name not in here else here[name] for name in wanted)


def _by_hand(item: Item) -> Finding:
    return Finding(
        "error",
        "",
        f"The address of {item.title} changes with every publication.",
        f"Open {item.page} and download it into the folder, or copy the address of the file into a [[fetch]] entry of "
        "case.toml.",
        value=item.name,
        code="fetch-by-hand",
    )


def _roads_of_place(place: str) -> Item:
    from geodata.roads import roads_file_of_place  # noqa: PLC0415 - the roads module is heavy to import

    return Item("roads", "roads", "", roads_file_of_place(place), place=place, publisher=_OSM, licence=_ODBL)


_OSM, _ODBL = "OpenStreetMap contributors", "ODbL 1.0"


def _item(spec: FetchSpec, findings: list[Finding]) -> Item:
    """One entry as an item; what is wrong with it is added to the findings."""
    base = Item(spec.name, spec.kind, "", "")
    if spec.source:
        known = known_items().get(spec.source)
        if known is None:
            findings.append(_wrong(spec, "source", "This source is not known.", _LIST, spec.source))
        else:
            base = replace(known, name=spec.name)
    if spec.kind == "roads":
        base = replace(base, publisher=_OSM, licence=_ODBL)
    item = replace(
        base,
        kind=base.kind if spec.source else spec.kind,
        url=spec.url or base.url,
        to=_plain_name(spec.to or base.to or (ROADS_FILE if spec.kind == "roads" else "")),
        expect=spec.expect or base.expect,
        where=spec.where or base.where,
        out_fields=tuple(spec.out_fields) or base.out_fields,
        place=spec.place or "",
        sha256=spec.sha256,
        licence=spec.licence or base.licence,
    )
    findings += _mistakes(spec, item)
    return item


_LIST = "blueprint fetch CASE --list prints the known sources."


def _mistakes(spec: FetchSpec, item: Item) -> list[Finding]:
    found = []
    if item.kind != "roads":
        found += _wrong_url(spec, item)
    elif item.url:
        found.append(_wrong(spec, "url", "Roads need no address.", "Write place, or neither.", item.url))
    if item.kind == "roads" and item.to and not item.to.lower().endswith(".osm.pbf"):
        fix = f'Write to = "{ROADS_FILE}".'
        found.append(_wrong(spec, "to", "Roads are saved as .osm.pbf.", fix, item.to))
    if item.kind == "features" and item.to and not item.to.lower().endswith((".geojson", ".csv")):
        fix = "End the name in .geojson, or in .csv for a table without shapes."
        found.append(_wrong(spec, "to", "A layer is saved as GeoJSON or as a table.", fix, item.to))
    if item.sha256 and not re.fullmatch(r"[0-9a-fA-F]{64}", item.sha256):
        fix = "Copy all 64 digits, or take the line out."
        found.append(_wrong(spec, "sha256", "This is not a SHA-256.", fix, item.sha256))
    if not item.to:
        found.append(_wrong(spec, "to", "The file name is missing.", 'Add the line: to = "name.csv"', None))
    elif not _safe_name(item.to):
        fix = "Write a file name inside the folder, such as areas.geojson or data/areas.geojson."
        found.append(_wrong(spec, "to", "This cannot be the name of a download.", fix, item.to))
    return found


def _wrong_url(spec: FetchSpec, item: Item) -> list[Finding]:
    if not item.url:
        fix = (
            f"Open {item.page} and copy the address of the file." if item.page else 'Add the line: url = "https://..."'
        )
        return [_wrong(spec, "url", "The address is missing.", fix, None)]
    try:
        parts = urlsplit(item.url)
        host, login = parts.hostname, parts.username or parts.password
    except ValueError:
        host, login, parts = None, None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        fix = "Write the whole address: it begins with https://"
        return [_wrong(spec, "url", "This is not a web address.", fix, item.url)]
    if login:
        fix = "Take the name and the password out: they would be written into the record of downloads."
        return [_wrong(spec, "url", "The address holds a login.", fix, host)]
    return []


def _plain_name(to: str) -> str:
    """A name with forward slashes and nothing superfluous, so that `a.csv` and `./a.csv` are seen to be one file."""
    to = to.replace("\\", "/")
    return to if to.endswith("/") or not to.strip() else str(PurePosixPath(to))


def _safe_name(to: str) -> bool:
    """Whether a name stays inside the folder and can be a file on every system."""
    path = PurePosixPath(to)
    parts = path.parts
    own = {CASE_FILE, MANIFEST}
    return (
        bool(path.name)
        and not path.is_absolute()
        and not to.endswith("/")
        and not re.search(r'[<>:"|?*\x00-\x1f]', to)
        and not any(part in {"..", "."} or part.startswith(".") or part.endswith((".", " ")) for part in parts)
        and not any(_RESERVED.match(part) for part in parts)
        and path.name.lower() not in own
        and not path.name.lower().endswith((ENDING, ENDING + ".json"))
    )


def _clashes(items: Sequence[Item]) -> list[Finding]:
    found = []
    for key, what in (("name", "name"), ("to", "file name")):
        seen: set[str] = set()
        for item in items:
            value = getattr(item, key).casefold()
            if value and value in seen:
                message = f"Two downloads have the same {what}."
                shown = getattr(item, key)
                found.append(
                    Finding(
                        "error",
                        CASE_FILE,
                        message,
                        "Give each its own.",
                        column=f"fetch.{key}",
                        value=shown,
                        code="fetch-entry",
                    )
                )
            seen.add(value)
    return found


def _wrong(spec: FetchSpec, key: str, message: str, fix: str, value: str | None) -> Finding:
    return Finding(
        "error", CASE_FILE, message, fix, column=f"fetch {spec.name}, {key}", value=value, code="fetch-entry"
    )
