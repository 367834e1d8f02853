"""Which counts are hidden: small ones, second figures, and the same people under other options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from grouping.impact.disclosure.cells import LIVING_THERE, MEASURES, SHARES, Counts, Structure
from grouping.impact.disclosure.counts import BASE, SMALL, SOMEBODY, is_small, percent_interval, rounded
from grouping.impact.disclosure.sums import MOVE, Cells, protect

Hidden = dict[str, NDArray[np.bool_]]
"""Measure -> which counts are hidden, shape (B, N)."""

FALL_WITH = {
    "beyond": ("newly_beyond", "no_longer_beyond"),
    "no_route": ("lost_route", "gained_route"),
    "people_compared": ("no_route", "gained_route", "kept_no_site"),
}
"""Counts that are hidden with others: they are in one sum with them, within an option or over two."""

NESTED = (
    ("newly_beyond", "beyond"),
    ("lost_route", "no_route"),
    ("kept_no_site_longer_5", "kept_no_site"),
    ("longer_20", "longer_15"),
    ("longer_15", "longer_10"),
    ("longer_10", "longer_5"),
    *pairwise(SHARES),
)
"""Counts of which the first is part of the second."""

BEFORE = {
    "lost_route": {"no_route": 1.0, "lost_route": -1.0, "gained_route": 1.0},
    "newly_beyond": {"beyond": 1.0, "newly_beyond": -1.0, "no_longer_beyond": 1.0},
}
"""How many were without a route, or beyond, before: the same under every option, though not printed. A small number
that could be told from printed figures of one option would stand beside `*` under another; hidden is the first one."""


def decide(counts: Counts, structure: Structure, *, threshold: float, listed: bool) -> Hidden:
    """Find what to hide.

    Parameters
    ----------
    counts
        Every count.
    structure
        What can be added up.
    threshold
        Minutes beyond which a journey is long.
    listed
        Whether the people of practices and groups are their published lists.

    Returns
    -------
    Measure -> bool, shape (B, N).
    """
    cells = {measure: _cells(counts, measure, listed) for measure in MEASURES}
    hidden: Hidden = {
        measure: np.array([one.sensitive & one.can_hide for one in rows]) for measure, rows in cells.items()
    }
    falls = dict(FALL_WITH)
    share = f"within_{threshold:g}"
    if share in SHARES:
        falls[share] = ("beyond", "no_route")
    alike = list(_alike(counts))
    homes = _homes(counts)
    while True:
        before = _how_many(hidden)
        _fall(hidden, cells, falls, homes)
        _fall_of_shares(hidden, counts, cells)
        _fall_of_nested(hidden, counts, cells)
        for measure, rows in cells.items():
            for b, one in enumerate(rows):
                if hidden[measure][b].any():
                    protect(one, hidden[measure][b], *structure.within(one.value))
        for measures, blocks in alike:
            for measure in measures:
                _same_people(counts, measure, hidden[measure], cells[measure], blocks)
        if _how_many(hidden) == before:
            return hidden


def _how_many(hidden: Mapping[str, NDArray[np.bool_]]) -> int:
    return sum(int(flags.sum()) for flags in hidden.values())


def _cells(counts: Counts, measure: str, listed: bool) -> list[Cells]:
    """One measure of every block."""
    value = counts.value[measure]
    known = np.zeros(value.shape, dtype=bool)
    if measure == "people" and listed:
        known[0] = [key == ("of", "all", "all") or key[0] == "by" for key in counts.keys]
        known[:] = known[0]
        known &= np.array([[block[1] == "" for block in counts.blocks]]).T
    sensitive = is_small(value)
    for rest in _rests(counts, measure):
        sensitive |= is_small(rest)
    if measure in BEFORE:
        sensitive |= _tells(counts, BEFORE[measure])
    coarse = _coarse(counts, value) if measure in SHARES else np.zeros(value.shape, dtype=bool)
    return [Cells(*rows) for rows in zip(value, sensitive, known, coarse, strict=True)]


def _rests(counts: Counts, measure: str) -> Iterator[NDArray[np.float64]]:
    """What is left of the people when those of a measure are taken away."""
    value, people = counts.value[measure], counts.value["people"]
    if measure == "people":
        # who lives in a community and is not of the population
        rest = np.full(value.shape, np.nan)
        for key, n in counts.cell_of.items():
            if key[0] == "in" and key[2] in LIVING_THERE:
                rest[:, n] = value[:, counts.cell_of["in", key[1], "all"]] - value[:, n]
        yield rest
        return
    yield people - value
    if measure in {"no_route", "people_compared"}:
        return
    yield people - counts.value["no_route"] - value
    if measure == "kept_no_site_longer_5":
        yield counts.value["kept_no_site"] - value
    elif measure not in {"beyond", "lost_route", "gained_route", "kept_no_site", *SHARES}:
        yield counts.value["people_compared"] - value


def _tells(counts: Counts, terms: Mapping[str, float]) -> NDArray[np.bool_]:
    """Where a sum of counts is 1 to 7 people and their rounded figures rule out 1 or 7 of them."""
    exact, least, most = (np.zeros_like(counts.value["people"]) for _ in range(3))
    for measure, sign in terms.items():
        value = counts.value[measure]
        some = value >= SOMEBODY
        low = np.where(some, np.maximum(rounded(value) - BASE / 2, SMALL), 0.0)
        high = np.where(some, rounded(value) + BASE / 2, SOMEBODY)
        exact += sign * value
        least += sign * (low if sign > 0 else high)
        most += sign * (high if sign > 0 else low)
    return is_small(exact) & ((least > 1.0) | (most < MOVE))


def _coarse(counts: Counts, value: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Shares of so many people that the printed percent stays the same with seven people more or fewer."""
    least, most = percent_interval(value, counts.value["people"])
    people = counts.value["people"]
    down = np.minimum(value, MOVE + SOMEBODY)
    up = np.minimum(people - value, MOVE + SOMEBODY)
    wide = (most - least) >= 2 * (MOVE + SOMEBODY)
    with np.errstate(invalid="ignore"):
        return wide & (value - least >= down) & (most - value >= up)


def _alike(counts: Counts) -> Iterator[tuple[tuple[str, ...], NDArray[np.int64]]]:
    """Blocks in which the same people may be counted: all for who there is, those of one journey for how far."""
    yield ("people",), np.arange(len(counts.blocks))
    by_journey: dict[tuple[str, str], list[int]] = {}
    for b, (_, _, journey, mode) in enumerate(counts.blocks):
        by_journey.setdefault((journey, mode), []).append(b)
    for blocks in by_journey.values():
        if len(blocks) > 1:
            yield tuple(measure for measure in MEASURES if measure != "people"), np.array(blocks)


def _same_people(
    counts: Counts, measure: str, hidden: NDArray[np.bool_], cells: list[Cells], blocks: NDArray[np.int64]
) -> None:
    """Hide a count in every block where it differs by fewer than eight people from one that is hidden.

    The number of everybody stays: where all of them are of one population or setting, its number is given with it.
    """
    columns = np.flatnonzero(hidden[blocks].any(axis=0))
    if not len(columns):
        return
    own = counts.value[measure][np.ix_(blocks, columns)]
    stars = hidden[np.ix_(blocks, columns)]
    near = np.zeros_like(stars)
    allowed = np.array([cells[b].can_hide[columns] for b in blocks])
    with np.errstate(invalid="ignore"):
        for k in range(len(blocks)):
            near |= stars[k] & (np.abs(own - own[k]) < SMALL)
        everybody = counts.cell_of.get(("of", "all", "all"))
        if everybody is not None:
            population = np.array([counts.keys[n][0] == "of" for n in columns], dtype=bool)
            all_of_them = np.abs(own - counts.value[measure][blocks, everybody][:, None]) < SOMEBODY
            allowed &= ~(all_of_them & population)
    hidden[np.ix_(blocks, columns)] = stars | (near & allowed)


def _homes(counts: Counts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells of the populations of communities, and the cell of everybody who lives in the same one."""
    pairs = [
        (n, counts.cell_of["in", key[1], "all"])
        for key, n in counts.cell_of.items()
        if key[0] == "in" and key[2] in LIVING_THERE
    ]
    inside = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return inside[:, 0], inside[:, 1]


def _fall(
    hidden: Hidden,
    cells: Mapping[str, list[Cells]],
    falls: Mapping[str, tuple[str, ...]],
    homes: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> None:
    """Hide what belongs to hidden figures, and everything about people whose number is hidden."""
    living, everybody = homes
    hidden["people"][:, living] |= hidden["people"][:, everybody] & _may(cells["people"])[:, living]
    for measure, others in falls.items():
        because = np.logical_or.reduce([hidden[other] for other in others])
        hidden[measure] |= because & _may(cells[measure])
    for measure in MEASURES:
        if measure != "people":
            hidden[measure] |= hidden["people"] & _may(cells[measure])


def _fall_of_shares(hidden: Hidden, counts: Counts, cells: Mapping[str, list[Cells]]) -> None:
    """Hide a share that nearly all with a route are within, where the number without one is hidden."""
    routed = counts.value["people"] - counts.value["no_route"]
    for share in SHARES:
        with np.errstate(invalid="ignore"):
            nearly_all = routed - counts.value[share] < SMALL
        hidden[share] |= hidden["no_route"] & nearly_all & _may(cells[share])


def _fall_of_nested(hidden: Hidden, counts: Counts, cells: Mapping[str, list[Cells]]) -> None:
    """Hide what is nearly the same as a second figure: a part that is printed leaves it nowhere to go."""
    for part, whole in NESTED:
        with np.errstate(invalid="ignore"):
            close = (counts.value[whole] - counts.value[part] < SMALL) & (counts.value[part] >= SMALL)
        both = close & (hidden[part] | hidden[whole])
        hidden[part] |= both & _may(cells[part])
        hidden[whole] |= both & _may(cells[whole])


def _may(rows: list[Cells]) -> NDArray[np.bool_]:
    return np.array([one.can_hide for one in rows])
