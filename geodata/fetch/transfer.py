"""Download one plain file: resumed where the server allows it, complete and right before it gets its name."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from geodata.errors import Finding
from geodata.fetch.looks import HEAD_BYTES, cut_table, wrong_file, wrong_head
from geodata.fetch.part import Part
from geodata.fetch.web import STALLED_BYTES, FetchFailed, Passing, Web, give_up

CHUNK = 1 << 16


@dataclass(frozen=True)
class Arrived:
    """What a finished download is: its size in bytes and its hash; features, if it is made of them."""

    bytes: int
    sha256: str
    features: int | None = None


def download_file(
    web: Web,
    url: str,
    target: Path,
    *,
    expect: str | None = None,
    sha256: str | None = None,
    tell: Callable[[int, int | None], None] | None = None,
) -> Arrived:
    """Download a file to `target`.

    Bytes go to `target.part`. If that is there from an earlier try of the same address, and the server said then how
    to recognise the file (`ETag`, `Last-Modified`), only the rest is asked for (`Range` with `If-Range`, RFC 9110); a
    file that has changed at the server, or a server that cannot resume, starts again.

    Parameters
    ----------
    web
        The session.
    url
        Address.
    target
        The finished file; replaced only at the end.
    expect
        Kind of content, see `geodata.fetch.looks`.
    sha256
        Hash the file must have.
    tell
        Told bytes so far and bytes in all (None: not told).

    Raises
    ------
    FetchFailed
        When the file cannot be had, is not what was asked for, or cannot be written.
    """
    part = Part(target)
    tell = tell or (lambda done, total: None)
    with part.told():
        target.parent.mkdir(parents=True, exist_ok=True)
    told = web.attempt(url, lambda: _once(web, url, part, expect, tell), progress=lambda: part.size)
    with part.told():
        wrong = wrong_file(part.path, expect) or (None if told else cut_table(part.path, expect))
        found, size = part.sha256(), part.size
    if wrong:
        _refuse(part, url, wrong)
    if sha256 and found != sha256.lower():
        part.drop()
        raise FetchFailed(
            Finding(
                "error",
                target.name,
                f"The file is another one than expected: its SHA-256 is {found}, not {sha256.lower()}.",
                "If the publisher has replaced the file, look at the new one and write its SHA-256 into the entry, or "
                "take the line out.",
                value=url,
                code="fetch-checksum",
            )
        )
    part.finish()
    return Arrived(size, found)


def _once(web: Web, url: str, part: Part, expect: str | None, tell: Callable[[int, int | None], None]) -> bool:
    """One try; ends with the whole file in the part, or raises.

    Returns
    -------
    bool
        Whether the server told where the file ends. One that only hangs up may have done so too early.
    """
    validator = _validator(part.about) if part.about.get("url") == url else None
    have = part.size if validator else 0
    headers = {"Accept-Encoding": "identity"}
    if have and validator:
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    with web.open(url, headers=headers) as answer:
        if answer.status_code == 416:
            if have and _total_of_range(answer) == have:
                return True
            part.drop()
            raise Passing("the server cannot go on where the download stopped, so it starts again", 0)
        start, total = _place(answer, part, have)
        if start == 0:
            part.note(_about(url, answer, total))
            _refuse_page(answer, part, url, expect)
        _write(_pieces(web, url, answer), part, start, total, url, expect, tell)
        told = total is not None or "Transfer-Encoding" in answer.headers or _coding(answer) != "identity"
    if total is not None and part.size != total:
        arrived = part.size
        if arrived > total:
            part.drop()
        raise Passing(f"the answer ended after {arrived:,} of {total:,} bytes")
    return told


def _coding(answer: requests.Response) -> str:
    """How the server packed the answer: `identity` is not at all."""
    return answer.headers.get("Content-Encoding", "").strip().lower() or "identity"


def _pieces(web: Web, url: str, answer: requests.Response) -> Iterator[bytes]:
    """The body as it arrives, unpacked; a packed one that ends too early is noticed, which `requests` does not do."""
    coding = _coding(answer)
    if coding not in {"identity", "gzip", "x-gzip"}:
        give_up(
            url,
            f"The server packs the file in a way that was not asked for ({coding[:40]}).",
            "Download the file with the browser into the folder.",
            "fetch-refused",
        )
    unpack = None if coding == "identity" else zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    began, arrived = time.monotonic(), 0
    while piece := answer.raw.read1(CHUNK, decode_content=False):
        arrived += len(piece)
        if unpack is None:
            yield piece
        else:
            try:
                yield unpack.decompress(piece)
            except zlib.error as fault:
                raise Passing("the packed answer is damaged") from fault
        if time.monotonic() - began > web.patience.stall_s:
            if arrived < STALLED_BYTES:
                raise Passing(f"the server sends almost nothing ({arrived:,} bytes in {web.patience.stall_s:.0f} s)")
            began, arrived = time.monotonic(), 0
    if unpack is not None and not unpack.eof:
        raise Passing("the packed answer ended in the middle")


def _place(answer: requests.Response, part: Part, have: int) -> tuple[int, int | None]:
    """Where the bytes that come belong, and how long the whole file is."""
    if answer.status_code == 200:
        coded = _coding(answer) != "identity"
        length = answer.headers.get("Content-Length", "")
        return 0, int(length) if length.isdigit() and not coded else None
    span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", answer.headers.get("Content-Range", "").strip())
    known = part.about
    changed = known.get("etag") and answer.headers.get("ETag") not in {None, known["etag"]}
    total = int(span[3]) if span and span[3] != "*" else None
    if not span or int(span[1]) != have or changed or (known.get("total") or total) != total:
        part.drop()
        raise Passing("the file has changed at the server since the download began, so it starts again", 0)
    return have, total


def _total_of_range(answer: requests.Response) -> int | None:
    span = re.fullmatch(r"bytes \*/(\d+)", answer.headers.get("Content-Range", "").strip())
    return int(span[1]) if span else None


def _about(url: str, answer: requests.Response, total: int | None) -> dict[str, Any]:
    whole = _coding(answer) == "identity"
    return {
        "url": url,
        "total": total,
        "etag": answer.headers.get("ETag") if whole else None,
        "last_modified": answer.headers.get("Last-Modified") if whole else None,
    }


def _validator(about: dict[str, Any]) -> str | None:
    """What `If-Range` may hold: a strong entity tag, else a date."""
    etag, modified = about.get("etag"), about.get("last_modified")
    if isinstance(etag, str) and etag and not etag.startswith("W/"):
        return etag
    return modified if isinstance(modified, str) and modified else None


def _refuse_page(answer: requests.Response, part: Part, url: str, expect: str | None) -> None:
    """Refuse a web page by its type before a single byte of it is kept."""
    kind = answer.headers.get("Content-Type", "").lower()
    if kind.startswith(("text/html", "application/xhtml")) and expect not in {"csv", None}:
        _refuse(part, url, "a web page arrived (a login page or an error page)")


def _write(
    pieces: Iterator[bytes],
    part: Part,
    start: int,
    total: int | None,
    url: str,
    expect: str | None,
    tell: Callable[[int, int | None], None],
) -> None:
    done = start
    with part.told():
        out = part.path.open("r+b" if start else "wb")
    with out:
        out.seek(start)
        for chunk in pieces:
            wrong = wrong_head(chunk[:HEAD_BYTES], expect) if done == 0 and len(chunk) >= 512 else None
            if wrong:
                out.close()
                _refuse(part, url, wrong)
            with part.told():
                out.write(chunk)
                out.flush()
            done += len(chunk)
            tell(done, total)


def _refuse(part: Part, url: str, wrong: str) -> None:
    part.drop()
    raise FetchFailed(
        Finding(
            "error",
            part.target.name,
            f"Refused: {wrong}.",
            "Open the address in the browser to see what it shows; the publisher's page has the present address. "
            "On office networks a login page of the network may have to be passed first.",
            value=url,
            code="fetch-wrong-content",
        )
    )
