"""What is asked of the programme of a rollout, as whole numbers: groups, waves, readiness, capacity and rules of order.

Groups, practices and waves are positions here. A position of `len(waves)` means: not within these waves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd, lcm
from typing import Literal

Kind = Literal["first", "before", "together", "not-before", "not-after"]


@dataclass(frozen=True)
class Rule:
    """A row of the planner's table of order, for groups.

    Parameters
    ----------
    kind
        `first`: they start in the first wave. `before`: where one of `after` starts, each of `groups` has started in an
        earlier wave. `together`: they start in the same wave, or none does. `not-before`, `not-after`: they start in
        `wave` or later; they start, in `wave` or earlier.
    groups, after
        Positions of groups, ascending.
    wave
        Position of a wave; -1 where the kind needs none.
    row
        Position of the row in the planner's table.
    reason
        What the planner says.
    """

    kind: Kind
    groups: tuple[int, ...]
    after: tuple[int, ...] = ()
    wave: int = -1
    row: int = 0
    reason: str = ""

    @property
    def says(self) -> tuple[Kind, tuple[int, ...], tuple[int, ...], int]:
        """What makes two rows the same rule: practices of one group in several rows are one rule for the group."""
        return self.kind, self.groups, self.after, self.wave


@dataclass(frozen=True)
class Question:
    """One rollout to be planned.

    Parameters
    ----------
    groups
        Ids of the G groups.
    practices
        Patients of each practice, by group.
    ready
        Wave from which each practice is ready, by group; the number of waves for one that is not within them.
    vulnerable
        Whether each practice is vulnerable, by group.
    counted
        Whether each group counts as one at scale once all its practices have joined.
    waves
        Names of the W waves.
    targets
        Patients in at-scale groups each wave asks for; None for no target.
    most_groups, most_patients
        Groups that may start in each wave, and patients of the groups that start in it; None for no limit.
    rules
        Rules of order.
    late_weight, half_weight
        What a patient and wave of waiting, and of a half-formed group, count; whole numbers.
    """

    groups: tuple[str, ...]
    practices: tuple[tuple[int, ...], ...]
    ready: tuple[tuple[int, ...], ...]
    vulnerable: tuple[tuple[bool, ...], ...]
    counted: tuple[bool, ...]
    waves: tuple[str, ...]
    targets: tuple[int | None, ...]
    most_groups: tuple[int | None, ...]
    most_patients: tuple[int | None, ...]
    rules: tuple[Rule, ...] = ()
    late_weight: int = 1
    half_weight: int = 1

    @property
    def span(self) -> int:
        """W, the number of waves; as a position: not within them."""
        return len(self.waves)

    @property
    def distinct(self) -> tuple[Rule, ...]:
        """The rules, each once: of rows that say the same the first."""
        return tuple({rule.says: rule for rule in reversed(self.rules)}.values())[::-1]

    def patients(self, group: int) -> int:
        """Registered patients of a group."""
        return sum(self.practices[group])

    def ready_from(self, group: int) -> int:
        """Wave from which all practices of a group are ready."""
        return max(self.ready[group], default=0)

    def formed(self, group: int, start: int) -> int:
        """Wave from which a group is formed that starts in this one; W where it is not within the waves."""
        return self.span if start >= self.span else min(max(start, self.ready_from(group)), self.span)

    def waiting(self, group: int, start: int) -> int:
        """Patients of its vulnerable practices times the waves each waits until it joins."""
        rows = zip(self.practices[group], self.ready[group], self.vulnerable[group], strict=True)
        return sum(n * min(max(start, ready), self.span) for n, ready, vulnerable in rows if vulnerable)

    def half_formed(self, group: int, start: int) -> int:
        """Patients of a group times the waves from its start until it is formed."""
        return 0 if start >= self.span else self.patients(group) * (self.formed(group, start) - start)

    def later(self, group: int, start: int) -> int:
        """Patients of a group times the waves until it is formed."""
        return self.patients(group) * self.formed(group, start)

    def burden(self, group: int, start: int) -> int:
        """Waiting and half-formed patients, weighted: what is made small after the shortfall."""
        return self.late_weight * self.waiting(group, start) + self.half_weight * self.half_formed(group, start)

    def reaches(self, group: int, start: int, wave: int) -> bool:
        """Whether a group that starts in `start` is one at scale in `wave`."""
        return self.counted[group] and self.formed(group, start) <= wave

    # --- the same with something lifted, for explanations

    def with_readiness(self, groups: Iterable[int] | None = None) -> Question:
        """With all practices of these groups (None: of all) ready from the first wave."""
        lifted = set(range(len(self.groups)) if groups is None else groups)
        ready = tuple((0,) * len(row) if g in lifted else row for g, row in enumerate(self.ready))
        return replace(self, ready=ready)

    def without_capacity(self) -> Question:
        """With any number of groups and patients starting in any wave."""
        none = (None,) * self.span
        return replace(self, most_groups=none, most_patients=none)

    def without_rules(self, rows: Iterable[int] | None = None) -> Question:
        """Without the rules of these rows (None: without any)."""
        gone = {rule.row for rule in self.rules} if rows is None else set(rows)
        return replace(self, rules=tuple(rule for rule in self.rules if rule.row not in gone))

    def with_exceptions(self, groups: Iterable[int] | None = None) -> Question:
        """With these groups (None: all) counted as at scale once formed."""
        lifted = set(range(len(self.groups)) if groups is None else groups)
        return replace(self, counted=tuple(told or g in lifted for g, told in enumerate(self.counted)))


def whole_weights(late: float, half: float) -> tuple[int, int]:
    """Two weights as the smallest whole numbers of the same proportion; they may be 0."""
    parts = [Fraction(str(float(weight))) for weight in (late, half)]
    scale = lcm(*(part.denominator for part in parts))
    a, b = (int(part * scale) for part in parts)
    shared = gcd(a, b) or 1
    return a // shared, b // shared
