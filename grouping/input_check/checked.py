"""Check a case: everything that is known of its inputs before a single group is formed, whether it can run or not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.case import CaseSettings, case_folder, settings_and_findings
from geodata.case_times import network_of_case
from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from geodata.origins import Origin, read_origins
from geodata.place import Place, SourceFile
from geodata.roads.network import RoadNetwork
from grouping.input_check.kinds import FindingKind, finding_kinds
from grouping.input_check.placed import placed_by_place, placed_by_tables, with_flags, with_roads
from grouping.input_check.tables import ALL_TABLES, CaseTables, located, read_tables
from grouping.maps import drawn_areas
from grouping.pipeline import Progress, prepare
from grouping.prepared import Prepared

Verdict = Literal["can run", "can run, but read the warnings", "cannot run yet"]


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Parameters
    ----------
    case_dir, settings
        The case and what its `case.toml` says, as far as it can be read.
    ready
        The case ready to run; None when there are errors.
    loaded
        The place as the files say; None when they hold errors.
    tables
        The tables row by row.
    findings, sources
        Everything noticed, and the files read.
    origins
        The published files the case was cut out of; none for other cases.
    placed
        Every site and area, columns `check_placed.PLACED_COLUMNS`.
    outlines
        Outlines of the areas for the map, metres; none where they cannot be drawn.
    """

    case_dir: Path
    settings: CaseSettings
    ready: Prepared | None
    loaded: Place | None
    tables: CaseTables
    findings: tuple[Finding, ...]
    sources: tuple[SourceFile, ...]
    origins: tuple[Origin, ...]
    placed: pd.DataFrame
    outlines: NDArray[np.object_]

    @property
    def kinds(self) -> tuple[FindingKind, ...]:
        """The findings by kind."""
        return finding_kinds(self.findings)

    @property
    def verdict(self) -> Verdict:
        """Whether the case can run."""
        severities = {finding.severity for finding in self.findings}
        if self.ready is None or "error" in severities:
            return "cannot run yet"
        return "can run, but read the warnings" if "warning" in severities else "can run"

    def number(self, severity: str) -> int:
        """How many findings of one severity there are, those that were only counted included."""
        return sum(kind.number for kind in self.kinds if kind.severity == severity)


def _quiet(stage: str, detail: str) -> None:
    """No progress wanted."""


def check_case(case_dir: Path, *, rules: str | None = None, progress: Progress = _quiet) -> Checked:
    """Read, locate and time a case, and gather what its check tells.

    Parameters
    ----------
    case_dir, rules, progress
        As for `grouping.pipeline.prepare`.

    Raises
    ------
    InputProblems
        There is no case, or its `case.toml` cannot be read at all. Any other error is among the findings.
    """
    try:
        ready = prepare(case_dir, rules=rules, progress=progress)
    except InputProblems as problems:
        return _with_errors(case_dir, problems)
    place, folder = ready.place, ready.case_dir
    tables = read_tables(ready.settings, folder, ("practices", "sites"))
    placed = with_roads(placed_by_place(place, tables), ready.times, _network(ready))
    return Checked(
        folder,
        ready.settings,
        ready,
        ready.loaded,
        tables,
        ready.findings,
        place.sources,
        read_origins(folder, ready.settings),
        with_flags(placed, ready.findings, tables.codes_of_rows()),
        drawn_areas(place.areas),
    )


def _network(ready: Prepared) -> RoadNetwork | None:
    """The roads, to say where points were joined to them; a downloaded network is not asked for again."""
    if ready.times.method.estimate or not ready.settings.roads.source:
        return None
    return network_of_case(ready.place, ready.settings.roads, ready.case_dir)


def _with_errors(case_dir: Path, problems: InputProblems) -> Checked:
    """What can be told of a case that cannot run."""
    settings, _ = settings_and_findings(case_dir)
    if settings is None:
        raise problems
    folder, loaded = case_folder(case_dir), None
    with suppress(InputProblems):  # told already
        loaded = load_place(case_dir)
    tables = read_tables(settings, folder, ALL_TABLES)
    placed = placed_by_tables(tables) if loaded is None else placed_by_place(loaded, tables)
    placed = with_flags(with_roads(placed, None, None), problems.findings, tables.codes_of_rows())
    return Checked(
        folder,
        settings,
        None,
        loaded,
        tables,
        problems.findings,
        tables.sources if loaded is None else loaded.sources,
        read_origins(folder, settings),
        placed,
        _rough_outlines(tables) if loaded is None else drawn_areas(loaded.areas),
    )


def _rough_outlines(tables: CaseTables) -> NDArray[np.object_]:
    """Outlines of the areas of a case with errors: those that are sound, each by itself."""
    at = located(tables, "areas")
    if at is None or at.geometry is None:
        return np.zeros(0, dtype=object)
    known = np.isfinite(at.points).all(axis=1)
    shapes = [shape for shape, sure in zip(at.geometry, known, strict=True) if sure and shape is not None]
    drawn = np.array([shape for shape in shapes if shape.is_valid and shapely.get_dimensions(shape) == 2], dtype=object)
    if not len(drawn):
        return np.zeros(0, dtype=object)
    west, south, east, north = shapely.total_bounds(drawn)
    return shapely.simplify(drawn, float(np.clip(max(east - west, north - south) / 2_000, 2.0, 100.0)))
