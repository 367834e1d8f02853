"""A smallest set of things that cannot all be had, by implicit hitting sets.

What can be had at once is asked of an oracle. Every answer "yes" leaves some things out, and any set that cannot be had
must hold one of those; so a smallest set that meets all such leavings is tried next. If it cannot be had, no smaller
one cannot: that is the proof (A. Ignatiev, A. Previti, M. Liffiton, J. Marques-Silva: Smallest MUS extraction with
minimal hitting set dualization, CP 2015).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Wish = frozenset[int]
Oracle = Callable[[Wish], Wish | None]
"""Given some things, all the things that some choice with them fulfils (these among them); None if no choice does.

It raises `OutOfTime` if it cannot say in time.
"""


class OutOfTime(Exception):
    """The time for the search is used up."""


@dataclass(frozen=True)
class Smallest:
    """A set that cannot be had; every part of it can, if `irreducible`; no smaller set cannot, if `proven`."""

    members: tuple[int, ...]
    irreducible: bool
    proven: bool


def smallest_conflict(things: Sequence[int], oracle: Oracle, leavings: Iterable[Wish] = ()) -> Smallest:
    """Find a smallest set of things that cannot all be had.

    Parameters
    ----------
    things
        All things; they cannot all be had.
    oracle
        Says what can be had.
    leavings
        Sets known to be left out by some choice each; a start for the search.

    Notes
    -----
    Among equally small sets the one found is always the same. When time runs out, what is known is made irreducible as
    far as the answers known so far allow.
    """
    everything = frozenset(things)
    known: list[Wish] = [one for one in dict.fromkeys(leavings) if one]
    try:
        while True:
            chosen = smallest_hitting_set(known)
            fulfilled = oracle(frozenset(chosen))
            if fulfilled is None:
                return Smallest(chosen, irreducible=True, proven=True)
            known.append(everything - _grown(frozenset(fulfilled), everything, oracle))
    except OutOfTime:
        return _by_deletion(everything, oracle, known)


def _grown(fulfilled: Wish, everything: Wish, oracle: Oracle) -> Wish:
    """A largest set, by no further one being possible, that can be had with these."""
    for one in sorted(everything - fulfilled):
        if one not in fulfilled:
            more = oracle(fulfilled | {one})
            fulfilled = fulfilled if more is None else frozenset(more) | fulfilled | {one}
    return fulfilled


def _by_deletion(everything: Wish, oracle: Oracle, known: Sequence[Wish]) -> Smallest:
    """Leave out one thing after the other as long as the rest cannot be had; answers may come from those known."""
    left, sure = everything, True
    needed = {next(iter(one)) for one in known if len(one) == 1}
    for one in sorted(everything - needed, reverse=True):
        rest = left - {one}
        if any(not (rest & leaving) for leaving in known):
            continue
        try:
            if oracle(rest) is None:
                left = rest
        except OutOfTime:
            sure = False
    return Smallest(tuple(sorted(left)), irreducible=sure, proven=False)


def smallest_hitting_set(sets: Sequence[Wish]) -> tuple[int, ...]:
    """A smallest set with a member of each of these; among equals the first in order."""
    minimal = [one for one in set(sets) if not any(other < one for other in sets)]
    for size in range(len(minimal) + 1):
        found = _hit(sorted(map(sorted, minimal)), size, ())
        if found is not None:
            return tuple(sorted(found))
    raise ValueError("an empty set cannot be hit")


def _hit(sets: Sequence[Sequence[int]], size: int, chosen: tuple[int, ...]) -> tuple[int, ...] | None:
    """At most `size` more things that meet all these sets, by trying the members of the shortest set."""
    if not sets:
        return chosen
    if size == 0 or _disjoint(sets) > size:
        return None
    for one in min(sets, key=len):
        found = _hit([other for other in sets if one not in other], size - 1, (*chosen, one))
        if found is not None:
            return found
    return None


def _disjoint(sets: Sequence[Sequence[int]]) -> int:
    """How many of the sets, taken greedily, have nothing in common: so many things are needed at least."""
    used: set[int] = set()
    count = 0
    for one in sorted(sets, key=len):
        if used.isdisjoint(one):
            used.update(one)
            count += 1
    return count
