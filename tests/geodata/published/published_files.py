"""Small files in the layouts of the published ones, written by hand, and how tests read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import geopandas as gpd
import openpyxl

from geodata.published.catalogue import PublishedFile, read_catalogue


def put(folder: Path, name: str, text: str) -> Path:
    """Write a text file; its first line may be blank in the test's source."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.removeprefix("\n"), encoding="utf-8")
    return path


def put_workbook(folder: Path, name: str, sheets: dict[str, Iterable[Sequence[object]]]) -> Path:
    """Write a workbook."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    folder.mkdir(parents=True, exist_ok=True)
    book.save(folder / name)
    return folder / name


def put_layer(folder: Path, name: str, frame: gpd.GeoDataFrame, **more: object) -> Path:
    """Write a layer in the format that its ending names."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_file(path, **more)
    return path


def files_of(folder: Path, kind: str) -> tuple[PublishedFile, ...]:
    """The files of a folder that are recognised as a kind."""
    return read_catalogue(folder).of(kind)


def only_file(folder: Path, kind: str) -> PublishedFile:
    """The one file of a folder, which must be of this kind."""
    catalogue = read_catalogue(folder)
    assert [file.kind for file in catalogue.files] == [kind], catalogue.findings
    return catalogue.files[0]
