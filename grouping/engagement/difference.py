"""What became of one plan in the next: who changed companions, which groups are new, which hubs moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grouping.compare.matched import matched_groups
from grouping.plan import Group, Plan


@dataclass(frozen=True)
class Change:
    """A practice whose companions are not the same: codes of the companions before and now, without itself."""

    code: str
    patients: int
    before: tuple[str, ...]
    now: tuple[str, ...]

    @property
    def gained(self) -> tuple[str, ...]:
        """Companions it did not have before."""
        return tuple(code for code in self.now if code not in self.before)

    @property
    def lost(self) -> tuple[str, ...]:
        """Companions it no longer has."""
        return tuple(code for code in self.before if code not in self.now)


@dataclass(frozen=True)
class HubMove:
    """A group that is mostly the same and has another hub: ids of the group before and now, codes of the sites."""

    group_before: str
    group_now: str
    hub_before: str
    hub_now: str


@dataclass(frozen=True)
class Difference:
    """One plan against the plan it came from, over the practices that are in both.

    Parameters
    ----------
    changes
        Practices with other companions, most patients first.
    total
        Patients of all practices in both.
    unchanged, new, gone
        Group ids: of the same practices as before (ids now), of other practices (ids now), and of before that are no
        more (ids before).
    hubs
        Hubs that moved; None where the plan before has no hubs.
    only_before, only_now
        Codes of practices in one of the plans only.
    moved
        Practices that went to another group, where groups that share most patients count as the same; the other
        practices of `changes` stayed and had somebody join or leave.
    moved_patients
        Their patients.
    """

    changes: tuple[Change, ...]
    total: int
    unchanged: tuple[str, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    hubs: tuple[HubMove, ...] | None
    only_before: tuple[str, ...]
    only_now: tuple[str, ...]
    moved: tuple[str, ...] = ()
    moved_patients: int = 0

    @property
    def patients(self) -> int:
        """Patients of practices with other companions."""
        return sum(one.patients for one in self.changes)

    @property
    def share(self) -> float | None:
        """The same as a share of all; None where nobody is in both plans."""
        return self.patients / self.total if self.total else None


def difference_of(before: Plan, now: Plan, patients: Mapping[str, int]) -> Difference:
    """Compare two plans.

    Companions are the other practices of the same group; practices that are not in both plans are nobody's companions.
    A group is the same where it has the same practices. Hubs are compared between groups that share most patients
    (`grouping.compare.matched`).

    Parameters
    ----------
    before, now
        The plans; a plan without hubs has empty site codes.
    patients
        Registered patients by practice.
    """
    both = set(before.practice_codes) & set(now.practice_codes)
    then, here = _within(before, both), _within(now, both)
    was = {code: group.members for group in then for code in group.members}
    changes = [
        Change(code, int(patients[code]), _others(was[code], code), _others(group.members, code))
        for group in here
        for code in group.members
        if was[code] != group.members
    ]
    moved = _moved(then, here, patients)
    sets_then, sets_here = {one.members for one in then}, {one.members for one in here}
    return Difference(
        tuple(sorted(changes, key=lambda one: (-one.patients, one.code))),
        sum(int(patients[code]) for code in both),
        tuple(one.group_id for one in here if one.members in sets_then),
        tuple(one.group_id for one in here if one.members not in sets_then),
        tuple(one.group_id for one in then if one.members not in sets_here),
        _hubs(then, here, patients),
        tuple(sorted(set(before.practice_codes) - both)),
        tuple(sorted(set(now.practice_codes) - both)),
        moved,
        sum(int(patients[code]) for code in moved),
    )


def _within(plan: Plan, codes: set[str]) -> list[Group]:
    """The groups of the practices that count, members sorted; groups that hold none are left out."""
    kept = [Group(one.group_id, tuple(sorted(set(one.members) & codes)), one.hub_site_code) for one in plan.groups]
    return [one for one in kept if one.members]


def _others(members: tuple[str, ...], code: str) -> tuple[str, ...]:
    return tuple(one for one in members if one != code)


def _moved(then: list[Group], here: list[Group], patients: Mapping[str, int]) -> tuple[str, ...]:
    """Practices whose group now is not the one that most patients of their group before are in."""
    if not then:
        return ()
    letters_then, letters_here = matched_groups([Plan(tuple(then)), Plan(tuple(here))], patients)
    was = {code: letters_then[group.group_id] for group in then for code in group.members}
    return tuple(sorted(code for group in here for code in group.members if was[code] != letters_here[group.group_id]))


def _hubs(then: list[Group], here: list[Group], patients: Mapping[str, int]) -> tuple[HubMove, ...] | None:
    if not all(one.hub_site_code for one in then):
        return None
    letters_then, letters_here = matched_groups([Plan(tuple(then)), Plan(tuple(here))], patients)
    by_letter = {letters_then[one.group_id]: one for one in then}
    moved = []
    for one in here:
        other = by_letter.get(letters_here[one.group_id])
        if other is not None and other.hub_site_code != one.hub_site_code:
            moved.append(HubMove(other.group_id, one.group_id, other.hub_site_code, one.hub_site_code))
    return tuple(moved)
