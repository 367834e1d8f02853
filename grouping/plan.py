"""A plan: every practice in exactly one group, every group with its hub."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Group:
    """Practices working at scale, and the site where their shared services run."""

    group_id: str
    members: tuple[str, ...]
    hub_site_code: str


@dataclass(frozen=True)
class Plan:
    """A blueprint option: groups numbered by their smallest practice code."""

    groups: tuple[Group, ...]

    @classmethod
    def from_groups(cls, groups: Iterable[tuple[Iterable[str], str]]) -> Plan:
        """Build a plan from (members, hub) pairs in any order; ids are `G01`, `G02`, ... by smallest member code."""
        ordered = sorted((tuple(sorted(members)), hub) for members, hub in groups)
        width = max(2, len(str(len(ordered))))
        return cls(tuple(Group(f"G{i:0{width}d}", members, hub) for i, (members, hub) in enumerate(ordered, start=1)))

    @property
    def practice_codes(self) -> tuple[str, ...]:
        """All practices covered, sorted."""
        return tuple(sorted(code for group in self.groups for code in group.members))

    @property
    def group_of(self) -> Mapping[str, Group]:
        """The group of each practice."""
        return {code: group for group in self.groups for code in group.members}


@dataclass(frozen=True)
class ServiceSites:
    """Where hub services run today without any grouping; patients go to the nearest site that serves them.

    Parameters
    ----------
    everybody
        Codes of the sites that serve all patients, sorted.
    of_practice
        Practice code -> further sites that serve the patients of that practice alone, sorted.
    """

    everybody: tuple[str, ...]
    of_practice: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def serving(self, practice_code: str) -> tuple[str, ...]:
        """The sites that the patients of a practice may use."""
        return (*self.everybody, *self.of_practice.get(practice_code, ()))


Before = Plan | ServiceSites
"""What hub journeys are compared with: the hubs of a plan, or the sites where such services run today."""
