"""Fit speeds to observed journeys on a road file: read, fit, write. What `blueprint calibrate` does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geodata.errors import Finding, InputProblems
from geodata.speeds import Speeds, load_speeds
from geodata.times.calibrate import Calibration, calibrate, write_profile
from geodata.times.inputs import of_command, road_file_findings, roads_around
from geodata.times.observed import Observed, read_observed


@dataclass(frozen=True)
class CalibrateJob:
    """What is asked for.

    Parameters
    ----------
    roads, observed
        OpenStreetMap file, and table of observed journeys.
    out, name
        File and name of the profile to write.
    profile, speeds
        What to start from: a profile, and a speed table of one's own.
    crs
        Coordinate system of columns `from_x`, `from_y`, `to_x`, `to_y`.
    bridge_gaps_m
        Gaps in the roads up to this length are closed.
    """

    roads: Path
    observed: Path
    out: Path
    profile: str | None = None
    speeds: Path | None = None
    name: str = "calibrated"
    crs: str | None = None
    bridge_gaps_m: float = 15.0


@dataclass(frozen=True)
class CalibrateDone:
    """What was done: the fit, the file written, the name of the profile in it, and what was noticed."""

    calibration: Calibration
    file: Path
    name: str
    findings: tuple[Finding, ...]


def run_calibrate(job: CalibrateJob, *, tell: Callable[[str, str], None] | None = None) -> CalibrateDone:
    """Read journeys and roads, fit the speeds, and write them as a profile.

    Parameters
    ----------
    job
        What is asked for.
    tell
        Called with each stage and a detail.

    Raises
    ------
    InputProblems
        Everything that is wrong with the inputs, or the profile cannot be written.
    """
    tell = tell or (lambda stage, detail: None)
    tell("Reading journeys", job.observed.name)
    observed, speeds = _given(job)
    tell("Reading roads", job.roads.name)
    x, y = np.append(observed.from_x, observed.to_x), np.append(observed.from_y, observed.to_y)
    network, _ = roads_around(job.roads, x, y, speeds, job.out.parent, bridge_gaps_m=job.bridge_gaps_m)
    tell("Fitting speeds", f"{len(observed):,} journeys")
    found = calibrate(network, observed, speeds)
    write_profile(found, job.out, job.name)
    return CalibrateDone(found, job.out, job.name, (*observed.findings, *map(of_command, network.findings)))


def _given(job: CalibrateJob) -> tuple[Observed, Speeds]:
    """The journeys and the speeds; every problem of every file is told in one go."""
    findings = road_file_findings(job.roads)
    observed = speeds = None
    try:
        observed = read_observed(job.observed, job.crs)
    except InputProblems as problems:
        findings += problems.findings
    try:
        speeds = load_speeds(job.profile, job.speeds)
    except InputProblems as problems:
        findings += map(of_command, problems.findings)
    if any(finding.severity == "error" for finding in findings):
        raise InputProblems(findings)
    assert observed is not None
    assert speeds is not None
    return observed, speeds
