"""What a rollout is: the wave of every group and practice, what is reached, what proves it, what is in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grouping.rollout.explain import Miss
from grouping.rollout.model import Stage
from grouping.rollout.question import Question
from grouping.rollout.waves import Wave


@dataclass(frozen=True)
class GroupRow:
    """One group in the rollout; waves are positions, None where not within them.

    Parameters
    ----------
    group_id, name, practices, patients
        The group, its number of practices and its registered patients.
    below_minimum
        Whether it is below its minimum.
    counted
        Whether it counts as one at scale once formed.
    first
        Whether the planner says that it goes first.
    start, formed
        When it starts, and from when it is at scale (all its practices have joined).
    ready
        From when all its practices are ready; None for the public, and where it is not within the waves.
    waiting
        Patients of its vulnerable practices times the waves each waits; None for the public.
    reason
        Why it starts when it does; empty for the public.
    """

    group_id: str
    name: str
    practices: int
    patients: int
    below_minimum: bool
    counted: bool
    first: bool
    start: int | None
    formed: int | None
    ready: int | None
    waiting: int | None
    reason: str


@dataclass(frozen=True)
class PracticeRow:
    """One practice in the rollout; waves are positions, None where not within them; `vulnerable` None: not rated."""

    practice_code: str
    name: str
    group_id: str
    patients: int
    ready: int | None
    by: str
    vulnerable: bool | None
    joins: int | None


@dataclass(frozen=True)
class MilestoneRow:
    """What a further trajectory means at one wave, by the order of the rollout.

    Parameters
    ----------
    name, wave, target_share, source
        As given.
    patients
        The fewest patients that are the share.
    groups
        Ids of the groups that come first in the rollout and together hold as many; all groups where they do not.
    groups_patients, groups_practices
        Patients and practices of these groups.
    at_scale
        Patients in at-scale groups in that wave; None where the rollout has no wave of that name.
    """

    name: str
    wave: str
    target_share: float
    source: str
    patients: int
    groups: tuple[str, ...]
    groups_patients: int
    groups_practices: int
    at_scale: int | None


@dataclass(frozen=True)
class Found:
    """The rollout of one option: data alone (see `part.Rollout`).

    Parameters
    ----------
    waves
        The waves in their order.
    start, formed
        By group id, the position of the wave in which it starts, and from which it is at scale; None for neither.
    reached
        Share of all registered patients of the place in at-scale groups, by wave, as the settings count exceptions.
    reached_all, reached_meeting
        Patients in formed groups, with those below their minimum and without them, by wave.
    total
        Registered patients of all practices of the place.
    targets
        Patients each wave asks for; None for no target.
    groups, practices, milestones
        Row by row.
    question
        What was asked of the programme; None for the public.
    stages
        What proves it.
    misses
        Targets that are not reached, with what is in the way.
    missed_words
        What is said of each of them.
    notes
        Plain sentences about what was assumed: readiness, capacity, rules that were set aside.
    definitions
        Words and their definitions, for the page; the indicators of readiness first.
    source
        Where waves and targets come from.
    exceptions_count
        Whether groups below their minimum count as at scale.
    first_share
        What the groups of the first wave are meant to reach more than; None where the planner gives the waves.
    public
        Whether reasons, readiness and vulnerable practices are no longer in it.
    publishable
        Whether the waves of the groups may be published: nothing private is in them, or the planner has so decided.
    told
        Whether they are in it: False for the public where they may not. Shares, groups and milestones are empty then.
    """

    waves: tuple[Wave, ...]
    start: Mapping[str, int | None]
    formed: Mapping[str, int | None]
    reached: tuple[float, ...]
    reached_all: tuple[int, ...]
    reached_meeting: tuple[int, ...]
    total: int
    targets: tuple[int | None, ...]
    groups: tuple[GroupRow, ...]
    practices: tuple[PracticeRow, ...]
    milestones: tuple[MilestoneRow, ...]
    question: Question | None
    stages: tuple[Stage, ...]
    misses: tuple[Miss, ...]
    missed_words: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    definitions: tuple[tuple[str, str], ...]
    source: str
    exceptions_count: bool
    first_share: float | None = None
    public: bool = False
    publishable: bool = False
    told: bool = True

    @property
    def proven(self) -> bool:
        """Whether every stage is proven."""
        return all(stage.proven for stage in self.stages)

    @property
    def at_scale(self) -> tuple[int, ...]:
        """Patients in at-scale groups by wave, as the settings count exceptions."""
        return self.reached_all if self.exceptions_count else self.reached_meeting

    @property
    def missed(self) -> tuple[int, ...]:
        """Positions of the waves whose target is not reached."""
        return tuple(
            w for w, target in enumerate(self.targets) if self.told and target is not None and self.at_scale[w] < target
        )
