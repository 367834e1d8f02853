"""Ctrl-C while a search runs: the first ends it with the best plan so far, a second ends the program."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from grouping.partition.clock import Clock

STOPPING = "the best plan so far will be checked and written. Press Ctrl-C again to stop at once and write nothing."


@contextmanager
def stops_on_interrupt(clock: Clock, tell: Callable[[str, str], None] | None = None) -> Iterator[None]:
    """While the block runs, let the first Ctrl-C stop the clock; a second one raises `KeyboardInterrupt`.

    Outside the main thread, where Python gives no signals, nothing changes. After the block Ctrl-C means again what it
    meant before. HiGHS asks the clock while it runs (`grouping.partition.clock.run_model`); what a second Ctrl-C
    raises there comes out when HiGHS has returned.

    Parameters
    ----------
    clock
        The clock of the search.
    tell
        Told that the search is stopping.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if clock.stopped:
            clock.abandon()
            return
        clock.stop()
        if tell is not None:
            with suppress(RuntimeError):  # the signal came while this very stream was being written
                tell("Stopping", STOPPING)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.default_int_handler)
