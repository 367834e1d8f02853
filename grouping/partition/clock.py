"""How long a search may go on: a time limit, and somebody who asks it to stop."""

from __future__ import annotations

import time

import highspy


class Clock:
    """Seconds left of an optional time limit; `stop` ends it at once.

    Parameters
    ----------
    seconds
        The limit; None for none.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds
        self._stopped = False
        self._away = False
        self._abandoned = False

    def stop(self) -> None:
        """End the search as soon as it can hand back what it has."""
        self._stopped = True

    @property
    def stopped(self) -> bool:
        """Whether somebody asked to stop."""
        return self._stopped

    def abandon(self) -> None:
        """End everything: raise `KeyboardInterrupt` at once, or as soon as HiGHS, if it is at work, has returned."""
        self._abandoned = True
        if not self._away:
            raise KeyboardInterrupt

    def run(self, model: highspy.Highs) -> None:
        """Run HiGHS; an exception must not pass through it, so `abandon` waits until it is done."""
        self._away = True
        try:
            model.run()
        finally:
            self._away = False
        if self._abandoned:
            raise KeyboardInterrupt

    def left(self) -> float:
        """Seconds left: infinite without a limit, 0 when stopped."""
        if self._stopped:
            return 0.0
        return float("inf") if self._end is None else self._end - time.monotonic()

    @property
    def over(self) -> bool:
        """Whether the time is used up, or somebody asked to stop."""
        return self._stopped or (self._end is not None and self._end <= time.monotonic())

    def limit(self) -> float | None:
        """Seconds left for a solver, None without a limit."""
        return None if self._end is None and not self._stopped else max(self.left(), 0.0)


def run_model(model: highspy.Highs, clock: Clock | None = None) -> None:
    """Run HiGHS so that it ends soon after the clock is over.

    HiGHS asks a function of ours between its steps. That is also when Python gets to see Ctrl-C: without it, a long
    solve would hear of it only at its end. What the clock decides is deterministic as long as it is not over.
    """
    if clock is None:
        model.run()
        return

    def ask(event: highspy.HighsCallbackEvent) -> None:
        if clock.over:
            event.interrupt()

    asked = [getattr(model, name) for name in ("cbSimplexInterrupt", "cbMipInterrupt", "cbIpmInterrupt")]
    for callback in asked:
        callback.subscribe(ask)
    try:
        clock.run(model)
    finally:
        for callback in asked:
            callback.unsubscribe(ask)
