"""Peak memory of the running process."""

from __future__ import annotations

import sys

try:
    import resource
except ImportError:  # Windows
    resource = None


def peak_mb() -> float:
    """Peak memory of this process so far in MB; nan on Windows without psutil.

    Linux hands the peak of the starting process on to a new one: measure in processes started by a small one.
    """
    if resource is None:
        return _peak_mb_windows()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _peak_mb_windows() -> float:
    try:
        import psutil  # noqa: PLC0415 - comes with the test extras, and only Windows needs it
    except ImportError:
        return float("nan")
    return psutil.Process().memory_info().peak_wset / 2**20
