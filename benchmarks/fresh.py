"""Do measured work in fresh processes, and take medians."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
WIDTH = 150
"""Characters of a line where the terminal is narrower, or there is none."""


def do(job: tuple[str, ...], module: str) -> dict[str, object]:
    """Do one job of a module of jobs in a fresh process; adds the seconds from its start to its end.

    This process stays small, because Linux counts the memory of the starting process to the new one.

    Parameters
    ----------
    job
        Its name and arguments; it prints one line of JSON at the end.
    module
        Such as `benchmarks.road_jobs`.
    """
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", module, *job], cwd=REPOSITORY, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(job)} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1]) | {"whole_seconds": time.perf_counter() - began}


def medians(runs: list[dict[str, object]]) -> dict[str, object]:
    """The median of every figure; of what is told, the last."""
    last = runs[-1]
    return {
        key: value if isinstance(value, str) else statistics.median(run[key] for run in runs)
        for key, value in last.items()
    }


def load_average() -> str:
    """How busy the machine is, for the head of a table; empty on Windows, which does not tell."""
    if not hasattr(os, "getloadavg"):
        return ""
    return f"Load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors."
