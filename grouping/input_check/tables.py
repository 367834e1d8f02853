"""The tables of a case, row by row: whom a row is about, and what can be placed even when the case has errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geodata.case import CaseSettings
from geodata.locate import Located, locate, outside_britain, plain_postcode, postcode_points
from geodata.place import SourceFile
from geodata.tables.readers import read_table
from geodata.tables.schemas import Table, check_table, combine

ALL_TABLES = ("practices", "sites", "areas", "registrations", "localities", "postcodes")
CODED = {
    "practices": ("practice_code",),
    "sites": ("site_code", "practice_code"),
    "areas": ("area_code",),
    "registrations": ("practice_code",),
}
"""Columns of each table that say whom a row is about."""


@dataclass(frozen=True)
class CaseTables:
    """Tables as read, each row still with its file and number; `sources` lists the files."""

    tables: Mapping[str, Table]
    sources: tuple[SourceFile, ...]

    def get(self, name: str) -> Table | None:
        """The table, or None if nothing of it could be read."""
        return self.tables.get(name)

    def codes_of_rows(self) -> dict[tuple[str, int], set[str]]:
        """Codes that stand in each row, by file and row number."""
        found: dict[tuple[str, int], set[str]] = {}
        for name, columns in CODED.items():
            table = self.get(name)
            if table is None:
                continue
            files = [part.file for part in table.parts]
            for column in columns:
                for part, row, code in zip(table.part, table.row, table.raw.get(column, ()), strict=False):
                    if code:
                        found.setdefault((files[part], int(row)), set()).add(str(code).upper())
        return found


def read_tables(settings: CaseSettings, folder: Path, names: Iterable[str]) -> CaseTables:
    """Read some tables of a case; what is wrong in them is told elsewhere (`geodata.load`)."""
    tables, sources = {}, []
    for name in names:
        parts = []
        for spec in getattr(settings.tables, name):
            part, _, source = read_table(folder, name, spec)
            if part is not None and source is not None:
                parts.append(part)
                sources.append(source)
        if parts:
            table, _ = combine(name, parts, complete=len(parts) == len(getattr(settings.tables, name)))
            if len(table):
                check_table(table)
                tables[name] = table
    return CaseTables(tables, tuple(sources))


def located(tables: CaseTables, name: str) -> Located | None:
    """Where the records of the sites or the areas are; points off the grid of Great Britain are unknown."""
    table = tables.get(name)
    if table is None:
        return None
    postcodes = None
    if name == "sites" and (listed := tables.get("postcodes")) is not None and "postcode" in listed.raw:
        wanted = {plain_postcode(text) for text in table.raw.get("postcode", ())} - {""}
        postcodes, _ = postcode_points(listed, wanted)
    at = locate(table, postcodes, polygons=name == "areas")
    at.points[outside_britain(at.points)] = np.nan
    return at


def ways_of_sites(table: Table) -> dict[str, str]:
    """How each site was placed, by its code: the first of what its row gives, in the order the reader takes them."""
    codes = [str(code).upper() for code in table.raw.get("site_code", ())]
    ways = {}
    for i, code in enumerate(codes):
        if table.geometry is not None and table.geometry[i] is not None and not table.geometry[i].is_empty:
            way = "shape in the file"
        elif table.text(i, "x") and table.text(i, "y"):
            way = "coordinates"
        elif table.text(i, "lon") and table.text(i, "lat"):
            way = "longitude and latitude"
        else:
            way = "postcode" if table.text(i, "postcode") else ""
        ways.setdefault(code, way)
    return ways
