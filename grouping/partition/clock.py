"""How long a search may go on: a time limit, and somebody who asks it to stop."""

from __future__ import annotations

import time


class Clock:
    """Seconds left of an optional time limit."""

    def __init__(self, seconds: float | None = None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, infinite without a limit."""
        return float("inf") if self._end is None else self._end - time.monotonic()

    @property
    def over(self) -> bool:
        """Whether the time is used up."""
        return self.left() <= 0

    def limit(self) -> float | None:
        """Seconds left for a solver, None without a limit."""
        return None if self._end is None else max(self.left(), 0.0)
