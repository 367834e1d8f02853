"""What the page of a locality holds: its groups under each option, its practices, its communities."""

from __future__ import annotations

from dataclasses import dataclass

from grouping.report.group_section import PracticeView
from grouping.report.option import GroupView, OptionView


@dataclass(frozen=True)
class LocalGroup:
    """One group that practices of a locality are in: who of it is from there, and who from elsewhere."""

    title: str
    group: GroupView
    ours: tuple[PracticeView, ...]
    others: tuple[PracticeView, ...]

    @property
    def called(self) -> str:
        """The group with its option."""
        return f"{self.group.group_id} of {self.title.lower()}"


@dataclass(frozen=True)
class LocalOption:
    """What one option means for the locality.

    Parameters
    ----------
    option
        The option.
    lead
        One sentence.
    groups
        The groups its practices are in.
    left_out
        Its practices that a partial plan leaves out.
    """

    option: OptionView
    lead: str
    groups: tuple[LocalGroup, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class PracticeRow:
    """One of its practices: its group and minutes to the hub under each option, as text."""

    practice: PracticeView
    own: str
    groups: tuple[str, ...]
    to_hub: tuple[str, ...]


@dataclass(frozen=True)
class CommunityRow:
    """One of its communities: people, minutes to the own practice, and to the hub under each option, as text."""

    name: str
    people: str
    own: str
    to_hub: tuple[str, ...]
    longest: float
