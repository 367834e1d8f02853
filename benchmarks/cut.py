"""Measure cutting a case out of all of England's files: `python -m benchmarks.cut [--files ../shared/data/england]`.

Each row is one commissioner, cut in a process of its own: practices, sites, areas, patients, seconds to look through
the folder and to cut (the check of the new case included), peak memory. The target is under 20 s and 1.5 GB on two
cores.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.peak import peak_mb

CASES = ("11J", "11J@2016", "10L@2016", "99P@2016", "72Q", "A3A8R", "W2U3Z", "QHM", "QOP")
"""Commissioners with their year; W2U3Z is the largest sub-ICB, QOP the largest board."""


def measure(files: Path, asked: str) -> str:
    """One row of the table."""
    from geodata.cut import cut_case, parse_when  # noqa: PLC0415 - importing is part of what the command costs
    from geodata.published.catalogue import read_catalogue  # noqa: PLC0415

    code, _, year = asked.partition("@")
    began = time.perf_counter()
    catalogue = read_catalogue(files)
    looked = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        report = cut_case(catalogue, Path(folder) / "case", commissioner=[code], when=parse_when(year or None))
    done = time.perf_counter()
    return (
        f"{asked:10} {report.practices:9,} {report.sites:6,} {report.areas:6,} {report.patients:10,} "
        f"{looked - began:7.2f} {done - looked:7.2f} {done - began:7.2f} {peak_mb():8.0f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure cutting a case out of national files.")
    parser.add_argument("--files", type=Path, default=Path("../shared/data/england"))
    parser.add_argument("--cases", nargs="+", default=list(CASES), help="codes, with @YEAR where wanted")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(measure(given.files, given.one), flush=True)
        return
    print("commissioner practices sites  areas   patients  folder     cut   total  peak MB")
    for asked in given.cases:
        command = [sys.executable, "-m", "benchmarks.cut", "--files", str(given.files), "--one", asked]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
