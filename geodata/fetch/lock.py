"""One fetch at a time in a folder: two would write the same unfinished files."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from geodata.errors import Finding, InputProblems

LOCK_FILE = ".fetching"


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder for one fetch. The system lets go of it when the program ends, however it ends.

    Where the disk knows no locks (some network drives), nothing is held.

    Raises
    ------
    InputProblems
        Another fetch is at work in the folder.
    """
    path = folder / LOCK_FILE
    try:
        handle = path.open("a+b")
    except OSError:  # whether one may write here is told where the files are written
        yield
        return
    with handle:
        try:
            held = _take(handle.fileno())
        except BlockingIOError as fault:
            message = "Another fetch is at work in this folder."
            fix = "Wait until it has finished, then run the same command again."
            raise InputProblems([Finding("error", str(folder), message, fix, code="fetch-busy")]) from fault
        try:
            yield
        finally:
            if held and os.name == "posix":
                path.unlink(missing_ok=True)  # still held: nobody can have taken it in between
    if os.name != "posix":  # there an open file cannot be removed
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _take(number: int) -> bool:
    """Lock an open file; False where that is not possible, BlockingIOError where somebody else holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - exists on Windows only

            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - exists everywhere else

            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        if fault.errno in {errno.EACCES, errno.EAGAIN, errno.EDEADLK}:
            raise BlockingIOError(fault.errno, "held") from fault
        return False
    return True
