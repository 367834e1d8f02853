"""Files as they lie in a folder or inside its zip archives, opened as streams; nothing is ever unpacked to disk.

An archive may hold another archive (one level). What an archive says about itself is not trusted: members that are
encrypted, packed in a way that cannot be read, or that swell beyond reason are refused with a finding.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from geodata.errors import Finding
from geodata.tables.content import clip

MAX_RATIO = 300
"""Times a member may be larger than its packed form; tables reach 5 to 30, DEFLATE can reach 1,032."""

RATIO_FROM_BYTES = 20_000_000
"""Below this size the ratio does not matter."""

MAX_ARCHIVE_BYTES = 30_000_000_000
"""Unpacked size of a whole archive; the largest published one (ONSPD) holds about 3 GB."""

MAX_MEMBERS = 20_000

MAX_HELD_BYTES = 600_000_000
"""What has to be held in memory at once: a workbook, or an archive inside an archive."""

_PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
DAMAGED = (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, OSError, OverflowError)
"""What `zipfile` raises on damaged archives; `zlib.error` and `lzma.LZMAError` arrive as one of the callers' own."""


class TooLarge(ValueError):
    """Something would need more memory than is sensible."""


@dataclass(frozen=True)
class Stored:
    """A file on disk, or a member of an archive.

    Parameters
    ----------
    file
        How it is called in messages: relative to the folder, forward slashes, through archives.
    path
        The file on disk (the archive itself for members).
    member
        Name inside the archive; an inner archive's name comes first ("inner.zip/Data/x.csv").
    size
        Bytes, unpacked.
    """

    file: str
    path: Path
    member: str | None
    size: int

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open as a stream of bytes; raises what `DAMAGED` lists."""
        if self.member is None:
            with self.path.open("rb") as stream:
                yield stream
            return
        with zipfile.ZipFile(self.path) as outer:
            inner = _inner_archive(outer, self.member)
            if inner is None:
                with outer.open(self.member) as stream:
                    yield stream
                return
            with zipfile.ZipFile(_held(outer, inner)) as archive, archive.open(self.member[len(inner) + 1 :]) as stream:
                yield stream

    def head(self, size: int) -> bytes:
        """The first bytes."""
        with self.open() as stream:
            return stream.read(size)

    def held(self) -> io.BytesIO:
        """The whole content in memory; raises `TooLarge` beyond `MAX_HELD_BYTES`."""
        if self.size > MAX_HELD_BYTES:
            raise TooLarge(f"{self.size / 1e6:,.0f} MB")
        with self.open() as stream:
            return io.BytesIO(stream.read(MAX_HELD_BYTES + 1))

    @property
    def suffix(self) -> str:
        """Ending of the name, in lower case."""
        return PurePosixPath(self.file).suffix.lower()

    @property
    def gdal(self) -> str:
        """The name by which GDAL opens it."""
        if self.member is None:
            return str(self.path)
        outer = self.path.resolve().as_posix()
        with zipfile.ZipFile(self.path) as archive:
            inner = _inner_archive(archive, self.member)
        if inner is None:
            return f"/vsizip/{{{outer}}}/{self.member}"
        return f"/vsizip/{{/vsizip/{{{outer}}}/{inner}}}/{self.member[len(inner) + 1 :]}"


def swells(data: IO[bytes]) -> bool:
    """Whether what is packed in a zip file (a workbook is one) swells beyond reason."""
    with zipfile.ZipFile(data) as archive:
        infos = archive.infolist()
    data.seek(0)
    return sum(info.file_size for info in infos) > 8 * MAX_HELD_BYTES or any(map(_swells, infos))


def _swells(info: zipfile.ZipInfo) -> bool:
    return info.file_size > RATIO_FROM_BYTES and info.file_size > MAX_RATIO * max(1, info.compress_size)


def _held(archive: zipfile.ZipFile, member: str) -> io.BytesIO:
    if archive.getinfo(member).file_size > MAX_HELD_BYTES:
        raise TooLarge(f"{archive.getinfo(member).file_size / 1e6:,.0f} MB")
    return io.BytesIO(archive.read(member))


def _inner_archive(archive: zipfile.ZipFile, member: str) -> str | None:
    """Name of the archive inside the archive that holds a member, or None when it lies in the outer one."""
    names = archive.NameToInfo
    if member in names:
        return None
    parts = member.split("/")
    for length in range(1, len(parts)):
        name = "/".join(parts[:length])
        if name in names:
            return name
    raise zipfile.BadZipFile(f"no member {clip(member)}")


def refused(file: str, message: str, fix: str, code: str, value: str | None = None) -> Finding:
    """A file of the folder that is passed over: a warning, because the others can still be read."""
    return Finding("warning", file, f"{message} It is passed over.", fix, value=value, code=code)


def members(path: Path, file: str) -> tuple[list[Stored], list[Finding]]:
    """List what an archive and the archives inside it hold, sorted by name; hidden members are passed over.

    Parameters
    ----------
    path, file
        The archive, and how it is called in messages.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _members(archive, path, file, "")
    except Exception as error:  # a damaged directory fails in many ways
        return [], [damaged(file, error)]


def damaged(file: str, error: Exception) -> Finding:
    """A file that cannot be opened."""
    if isinstance(error, TooLarge):
        fix = "Unpack it, and keep only the table that is needed."
        return refused(file, f"It would take too much memory ({error}).", fix, "too-large")
    if isinstance(error, PermissionError):
        fix = "Close it in other programs, or copy it."
        return refused(file, "The file may not be opened.", fix, "unreadable-file")
    message = f"The file is damaged or cut off ({type(error).__name__})."
    return refused(file, message, "Download or copy it again.", "unreadable-file")


def _members(archive: zipfile.ZipFile, path: Path, file: str, prefix: str) -> tuple[list[Stored], list[Finding]]:
    found: list[Stored] = []
    findings: list[Finding] = []
    infos = sorted((i for i in archive.infolist() if not i.is_dir()), key=lambda i: i.filename)
    total = sum(info.file_size for info in infos)
    if total > MAX_ARCHIVE_BYTES or len(infos) > MAX_MEMBERS:
        message = f"The archive would unpack to {total / 1e9:,.1f} GB in {len(infos):,} files."
        return [], [refused(file, message, "Unpack by hand what is needed.", "zip-bomb")]
    encrypted = 0
    for info in infos:
        name = info.filename
        label = f"{file}/{name}"
        if any(part.startswith((".", "~$", "__MACOSX")) for part in name.split("/")) or not info.file_size:
            continue
        if info.flag_bits & 1:
            encrypted += 1
        elif info.compress_type not in _PACKINGS:
            message = "The archive is packed in a way that cannot be read here (Deflate64 or newer)."
            findings.append(refused(label, message, "Unpack it by hand into the folder.", "zip-packing"))
        elif _swells(info):
            ratio = info.file_size // max(1, info.compress_size)
            message = f"Unpacked, the file would be {ratio:,} times as large as packed; no table is."
            findings.append(refused(label, message, "Check where the archive comes from.", "zip-bomb"))
        elif PurePosixPath(name).suffix.lower() == ".zip":
            inner, remarks = _inner_members(archive, path, label, name, nested=bool(prefix))
            found += inner
            findings += remarks
        else:
            found.append(Stored(label, path, prefix + name, info.file_size))
    if encrypted:
        message = f"The archive is protected by a password ({encrypted} of its files)."
        findings.append(refused(file, message, "Unpack it by hand into the folder.", "zip-encrypted"))
    return found, findings


def _inner_members(
    archive: zipfile.ZipFile, path: Path, label: str, name: str, *, nested: bool
) -> tuple[list[Stored], list[Finding]]:
    if nested:
        message = "An archive in an archive in an archive is not opened."
        return [], [refused(label, message, "Unpack it by hand into the folder.", "zip-nested")]
    try:
        with zipfile.ZipFile(_held(archive, name)) as inner:
            return _members(inner, path, label, f"{name}/")
    except Exception as error:  # as for the outer archive
        return [], [damaged(label, error)]
