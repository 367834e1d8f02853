"""Measure one piece of work in the running process."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.peak import peak_mb


def measured(work: Callable[[], str]) -> dict[str, object]:
    """Do a prepared piece of work and measure it; it returns what to tell."""
    ready_mb, cpu, began = peak_mb(), time.process_time(), time.perf_counter()
    told = work()
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_mb": peak_mb(),
        "ready_mb": ready_mb,
        "share": 1.0,
        "told": told,
    }
