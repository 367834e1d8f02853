"""Whether a choice of rules leaves a plan, and which further rules that plan obeys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from grouping.candidates import Candidates
from grouping.conflict.rules import KEEPS_SHARE, MAXIMUMS, MINIMUMS
from grouping.conflict.search import OutOfTime, Wish
from grouping.conflict.sets import Universe
from grouping.criteria import NO_ROAD_MINUTES, UNITS
from grouping.partition.clock import Clock
from grouping.partition.columns import Columns, SideRow
from grouping.partition.pricing import Relaxation
from grouping.partition.search import Found, minimise

PATIENT = 3_000 * UNITS
"""Cost of a patient missing to a minimum, in a search for any plan: groups that reach theirs come first."""

BREACH = 2_000 * PATIENT
"""Cost of a group that breaks a rule set aside: plans that break few rules come first."""

LEAN = 10
"""Breaking a rule by as much again as its limit costs so many times a breach, where its least change is looked for."""

LEFT_OUT = 1_000_000
"""Cost of a practice that must have a group and has none, when nothing else counts."""

LOOK_SECONDS = 8.0
"""Longest look for a plan before it is asked whether there is any."""

FEWER = {*MINIMUMS, KEEPS_SHARE, "groups.fewest", "size.fewest_practices"}
"""Rules that are relaxed by a smaller number."""

COUNTED = ("exceptions", "locality.most_crossing", "groups.fewest", "groups.most", "hub.budget")
"""Limits on a plan as a whole."""

NUMERIC = {
    *MINIMUMS,
    *MAXIMUMS,
    *COUNTED,
    "size.fewest_practices",
    "size.most_practices",
    "access.max_minutes_between_members",
    "access.max_minutes_to_hub",
    "access.max_mean_minutes_to_hub",
    "contiguity.max_minutes_over_border",
    "practices.most_vulnerable_share",
    KEEPS_SHARE,
}
"""Rules with a number that can be changed a little; all others hold or do not."""


@dataclass
class Plans:
    """Asks for plans over the groups of a universe; answers are kept.

    Parameters
    ----------
    universe
        The groups and rules.
    clock
        When it is over, every further question raises `OutOfTime`.
    stuck
        Sets of practices that could not all be given a group under some rules: whether they still cannot is asked
        first, because that needs only the groups that hold one of them.
    """

    universe: Universe
    clock: Clock
    stuck: list[Wish] = field(default_factory=list)
    _known: dict[object, NDArray[np.int64] | None] = field(default_factory=dict)

    @cached_property
    def everything(self) -> Wish:
        """All rules."""
        return frozenset(range(len(self.universe.rules)))

    def fulfilled(self, kept: Wish) -> Wish | None:
        """All rules obeyed by some plan that obeys `kept`; None if there is no such plan."""
        plan = self.plan(kept)
        return None if plan is None else self._obeyed(plan, kept)

    def plan(self, kept: Wish, at: Mapping[int, float] | None = None) -> NDArray[np.int64] | None:
        """A plan (positions in the universe) that obeys these rules, some of them at other values; None if none does.

        Where a single rule is set aside or at another value, a plan that needs little of that is looked for.

        Raises
        ------
        OutOfTime
            It could not be settled.
        """
        at = at or {}
        key = (kept, tuple(sorted(at.items())))
        if key not in self._known:
            self._known[key] = None if self._still_stuck(kept, at) else self._any_plan(kept, at)
        return self._known[key]

    def placed(self, practices: Wish, kept: Wish) -> Wish | None:
        """All practices that get a group in some choice of groups in which these do; None if they cannot.

        The other practices may stay without a group; no practice is in two.
        """
        if practices and not self._can_be_placed(practices, kept, {}):
            return None
        look = self._look(kept, {}, practices)
        if practices & look.left_out:
            look = self._settle(look, practices)
        return frozenset(range(self._count)) - look.left_out

    def closest(self) -> Wish:
        """Whom the closest plan found under all rules leaves out."""
        return self._look(self.everything, {}, frozenset(range(self._count)), whatever=True).left_out

    # ------------------------------------------------------------------------------------------------------- pieces

    @property
    def _count(self) -> int:
        return len(self.universe.problem.practice_codes)

    def _still_stuck(self, kept: Wish, at: Mapping[int, float]) -> bool:
        return any(not self._can_be_placed(practices, kept, at) for practices in self.stuck)

    def _can_be_placed(self, practices: Wish, kept: Wish, at: Mapping[int, float]) -> bool:
        """Whether these practices can all be given a group at once, whatever becomes of the others."""
        self._ask_clock()
        ok, rows = self.universe.allowed(kept, at)
        ids = np.flatnonzero(ok & (self.universe.holding(sorted(practices)) > 0))
        needed = self._flag(practices)
        listed = self.universe.listed.take(ids)
        if (needed & (listed.containing(self._count) == 0)).any():
            return False
        rows = tuple(_with_left_out(row, ids, self._count) for row in rows)
        cost = np.where(needed, LEFT_OUT, 0)
        columns = self._columns(listed, np.zeros(len(ids), np.int64), cost, rows)
        if self._plainly_not(columns):
            return False
        found = self._proof(columns, None)
        if found.value < LEFT_OUT:
            return True
        if found.proven or found.bound >= LEFT_OUT:
            return False
        raise OutOfTime

    def _any_plan(self, kept: Wish, at: Mapping[int, float]) -> NDArray[np.int64] | None:
        everybody = frozenset(range(self._count))
        look = self._look(kept, at, everybody)
        if look.left_out:
            try:
                look = self._settle(look, everybody)
            except NotPlaced:
                return None
        return look.chosen

    def _look(self, kept: Wish, at: Mapping[int, float], needed: Wish, *, whatever: bool = False) -> _Look:
        """A good choice of groups, found without proof; it may leave practices out, rather others than those needed.

        Unless one is wanted `whatever` it leaves out, nothing is looked for where plainly nothing can be found.
        """
        self._ask_clock()
        ok, rows = self.universe.allowed(kept, at)
        ids = np.flatnonzero(ok)
        listed = self.universe.listed.take(ids)
        rows = tuple(_with_left_out(row, ids, self._count) for row in rows)
        missing = listed.containing(self._count) == 0
        cost = listed.cost + self._price[ids] + self._lean(kept, at)[ids]
        out = np.full(self._count, int(cost.max(initial=0)) + 100_000 * PATIENT)
        leaving = self._columns(listed, np.zeros(len(ids), np.int64), self._flag(needed) * LEFT_OUT, rows)
        if not whatever and ((missing & self._flag(needed)).any() or self._plainly_not(leaving)):
            return _Look(ids, listed, rows, ids[:0], frozenset(range(self._count)), None)
        found = minimise(
            self._columns(listed, cost, np.where(self._flag(needed), out, out // 4), rows),
            self.universe.problem.practice_codes,
            known=len(listed) + np.arange(self._count),
            clock=Clock(min(LOOK_SECONDS, self.clock.left())),
            aim="plan",
        )
        return self._as_look(ids, listed, rows, found)

    def _settle(self, look: _Look, needed: Wish) -> _Look:
        """A choice that gives everybody needed a group.

        Raises
        ------
        NotPlaced
            There is none.
        """
        self._ask_clock()
        if look.found is None:
            raise NotPlaced
        nothing = np.zeros(len(look.ids), np.int64)
        columns = self._columns(look.listed, nothing, self._flag(needed) * LEFT_OUT, look.rows)
        found = self._proof(columns, look.found.plan)
        if found.value < LEFT_OUT:
            return self._as_look(look.ids, look.listed, look.rows, found)
        if found.proven or found.bound >= LEFT_OUT:
            raise NotPlaced
        raise OutOfTime

    def _as_look(self, ids: NDArray[np.int64], listed: Candidates, rows: tuple[SideRow, ...], found: Found) -> _Look:
        if found.plan is None:  # a limit on the plan as a whole is broken even where everybody is left out
            return _Look(ids, listed, rows, ids[:0], frozenset(range(self._count)), found)
        inside = found.plan < len(ids)
        left_out = frozenset((found.plan[~inside] - len(ids)).tolist())
        return _Look(ids, listed, rows, ids[found.plan[inside]], left_out, found)

    def _columns(
        self,
        listed: Candidates,
        cost: NDArray[np.int64],
        left_out: NDArray[np.int64],
        rows: tuple[SideRow, ...],
    ) -> Columns:
        """Groups to choose from, and after them each practice as one that is left out."""
        count = self._count
        return Columns(
            count,
            np.concatenate((listed.members, np.arange(count, dtype=np.int16))),
            np.concatenate((listed.starts, listed.starts[-1] + 1 + np.arange(count))),
            np.concatenate((cost, left_out)),
            rows,
        )

    def _plainly_not(self, columns: Columns) -> bool:
        """Whether already the linear relaxation cannot do without leaving a needed practice out, in part at least.

        All costs are multiples of `LEFT_OUT`, so a bound above 0 means that of every choice at least one is paid.
        """
        relaxation = Relaxation(columns)
        relaxation.add(len(columns) - self._count + np.arange(self._count))
        return relaxation.solve(clock=self.clock).value > 0

    def _proof(self, columns: Columns, known: NDArray[np.int64] | None) -> Found:
        """A choice that costs less than `LEFT_OUT`, or that there is none."""
        known = len(columns) - self._count + np.arange(self._count) if known is None else known
        names = self.universe.problem.practice_codes
        return minimise(columns, names, step=LEFT_OUT, known=known, enough=LEFT_OUT, good=0, clock=self.clock)

    def _ask_clock(self) -> None:
        if self.clock.over:
            raise OutOfTime

    def _flag(self, practices: Wish) -> NDArray[np.bool_]:
        flag = np.zeros(self._count, bool)
        flag[sorted(practices)] = True
        return flag

    @cached_property
    def _price(self) -> NDArray[np.int64]:
        """What each group costs for the rules it breaks and the patients it misses, whichever rules are set aside."""
        universe = self.universe
        breaks, missing = np.zeros(len(universe), np.int64), np.zeros(len(universe), np.int64)
        for number, rule in enumerate(universe.rules):
            if rule.key in MINIMUMS:
                missing += np.where(universe.below(number), int(rule.value) - universe.listed.list_size, 0)
            else:
                breaks += universe.broken(number)
        hubs = frozenset(number for number, rule in enumerate(universe.rules) if rule.about_hubs)
        breaks += ~universe.allowed(hubs)[0] if hubs else 0
        return breaks * BREACH + missing * PATIENT

    def _lean(self, kept: Wish, at: Mapping[int, float]) -> NDArray[np.int64]:
        """Further costs of breaking the only rule that is not kept as it is, by how much it is broken."""
        changed = (self.everything - kept) | at.keys()
        if len(changed) != 1:
            return np.zeros(len(self.universe), np.int64)
        (number,) = changed
        rule = self.universe.rules[number]
        if rule.key not in NUMERIC or rule.key in COUNTED:
            return np.zeros(len(self.universe), np.int64)
        values = np.minimum(self.needs(number), NO_ROAD_MINUTES)
        over = (rule.value - values) if rule.key in FEWER else (values - rule.value)
        share = np.clip(over / max(abs(rule.value), 1e-9), 0.0, 100.0)
        if rule.key in {*MINIMUMS, *MAXIMUMS}:
            share = np.where(self.universe.governed(number), share, 0.0)
        return np.rint(share * LEAN * BREACH).astype(np.int64)

    def needs(self, number: int) -> NDArray[np.float64]:
        """The value of a numeric rule that each group needs, float64, shape (N,)."""
        universe, rule = self.universe, self.universe.rules[number]
        if rule.key in {"access.max_minutes_to_hub", "access.max_mean_minutes_to_hub"}:
            others = frozenset(n for n, other in enumerate(universe.rules) if other.about_hubs and n != number)
            return universe.hubs_under(others, {})[:, 1 if "mean" in rule.key else 0]
        value = universe.most_minimum(number) if rule.key in MINIMUMS else universe.value(number)
        return value.astype(np.float64)

    def _obeyed(self, plan: NDArray[np.int64], kept: Wish) -> Wish:
        """The rules a plan obeys, as many as hold together with `kept`, taken in their order."""
        few = self.universe.take(plan)
        obeyed = kept
        for number in sorted(self.everything - kept):
            ok, rows = few.allowed(obeyed | {number})
            if ok.all() and all(int(row.coefficient.sum()) <= row.limit for row in rows):
                obeyed |= {number}
        return obeyed


class NotPlaced(Exception):
    """Some practice that must have a group cannot be given one."""


@dataclass(frozen=True)
class _Look:
    """A choice of groups, by position in the universe, and whom it leaves out; with what was searched."""

    ids: NDArray[np.int64]
    listed: Candidates
    rows: tuple[SideRow, ...]
    chosen: NDArray[np.int64]
    left_out: Wish
    found: Found | None


def _with_left_out(row: SideRow, ids: NDArray[np.int64], count: int) -> SideRow:
    """A limit on the plan as a whole; somebody without a group might be a group, where many groups are asked for."""
    extra = np.full(count, -1 if row.name == "fewest_groups" else 0, np.int64)
    return SideRow(row.name, np.concatenate((row.coefficient[ids], extra)), row.limit)
