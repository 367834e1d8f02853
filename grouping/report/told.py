"""What the page and the tables of a run both tell, worked out once for the two of them."""

from __future__ import annotations

from functools import cached_property

from grouping.report.border import BorderView, border_view
from grouping.report.criteria import Criterion, criteria_rows
from grouping.report.today import TodayView, today_view
from grouping.result import Run


class Told:
    """What is told of a run besides its figures, each part made when it is first asked for.

    Parameters
    ----------
    run
        The run; in public mode without what must not be told.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    @cached_property
    def criteria(self) -> tuple[Criterion, ...]:
        """The six criteria with their figures (`grouping.report.criteria`)."""
        return criteria_rows(self._run)

    @cached_property
    def today(self) -> TodayView:
        """What changes against today's groups (`grouping.report.today`)."""
        return today_view(self._run)

    @cached_property
    def border(self) -> BorderView:
        """Practices on a border (`grouping.report.border`)."""
        return border_view(self._run)
