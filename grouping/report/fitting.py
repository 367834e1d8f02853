"""How many options one page can hold: a page that is too large for an e-mail is read by nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from grouping.result import Run

MOST_BYTES = 4_900_000
"""Most bytes of a page: below the five megabytes that mail rooms and phones still take."""


def largest_that_fits(render: Callable[[int], str], options: int, most: int = MOST_BYTES) -> str:
    """The page with as many options as fit, at least one.

    Parameters
    ----------
    render
        Makes the page with the first so many options.
    options
        How many there are.
    most
        Most bytes of the page in UTF-8.

    Notes
    -----
    What an option adds is about the same for each, so that the page with one and the page with all say how many fit;
    where that was too hopeful, one after the other goes.
    """
    page = render(options)
    if fits(page, most) or options < 2:
        return page
    size = _size(page)
    alone = render(1)
    each = max((size - _size(alone)) / (options - 1), 1.0)
    fit = min(1 + int((most - _size(alone)) // each), options - 1)
    while fit > 1:
        page = render(fit)
        if fits(page, most):
            return page
        fit -= 1
    return alone


def first_options(run: Run, number: int) -> Run:
    """The run with its first options alone, in the tables about travel too."""
    gone = {option.option.option_id for option in run.options[number:]}
    if not gone:
        return run
    impact = run.impact
    if impact is not None:
        impact = replace(
            impact,
            option_ids=tuple(option for option in impact.option_ids if option not in gone),
            tables={
                name: table[~table["option"].isin(gone)].reset_index(drop=True) if "option" in table else table
                for name, table in impact.tables.items()
            },
        )
    return replace(run, options=run.options[:number], impact=impact)


def fits(page: str, most: int = MOST_BYTES) -> bool:
    """Whether a page is small enough to be sent."""
    return _size(page) <= most


def _size(page: str) -> int:
    return len(page.encode("utf-8"))
