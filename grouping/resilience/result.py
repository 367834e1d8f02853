"""What the test found: sentences, tables and what the page shows."""

from __future__ import annotations

from dataclasses import dataclass

from grouping.named_table import NamedTable


@dataclass(frozen=True)
class GroupRow:
    """A group as the page prints it; every field is text."""

    rank: str
    group_id: str
    name: str
    list_size: str
    margin: str
    vulnerable_share: str
    vulnerable_breaks: str
    below: str
    above: str
    pair_breaks: str
    worst: str
    worst_practice: str
    without_place: str


@dataclass(frozen=True)
class Fall:
    """A group in the chart: where its margin stands today and after the worst failure, in units of the drawing.

    `after` is None where no practice would be left.
    """

    group_id: str
    name: str
    y: int
    today: float
    after: float | None
    words: str


@dataclass(frozen=True)
class Chart:
    """The margins of the groups, the most fragile first; `label` says the same to those who do not see it."""

    width: int
    height: int
    zero: float
    scale: tuple[tuple[float, str], ...]
    rows: tuple[Fall, ...]
    label: str


@dataclass(frozen=True)
class FailureRow:
    """A failure as the page prints it; every field is text. `practices` are the names with their codes."""

    practices: tuple[str, ...]
    groups: str
    patients: str
    without_place: str
    same_group: str
    minutes: str
    longer: str
    breaks: str
    with_room: str


@dataclass(frozen=True)
class View:
    """What the page shows beside the sentences.

    Parameters
    ----------
    room, order, unknown
        Sentences: the assumption about room, how groups are ranked, and what is not known (may be empty).
    hubs
        What happens to hubs, a sentence.
    groups
        All groups by fragility.
    chart
        The same as a drawing; None where no margin is known.
    hardest, pairs
        The hardest failures of one practice, and of a vulnerable practice with its nearest neighbour.
    of_single, of_pairs
        How many failures of each kind there are.
    within, threshold, longer
        Limits in minutes, as text.
    rated
        Whether any practice is rated.
    up_to
        The highest rating that counts as vulnerable, as text.
    """

    room: str
    order: str
    unknown: str
    hubs: str
    groups: tuple[GroupRow, ...]
    hardest: tuple[FailureRow, ...]
    pairs: tuple[FailureRow, ...]
    of_single: int
    of_pairs: int
    within: str
    threshold: str
    longer: str
    rated: bool
    up_to: str
    chart: Chart | None = None


@dataclass(frozen=True)
class Resilience:
    """What happens when practices hand back their contracts.

    Parameters
    ----------
    lines
        The answer in plain sentences.
    tables
        `resilience-groups`, `resilience-failures`, `resilience-pairs` (left out where nothing is rated),
        `resilience-moves`, `resilience-without-place` and `resilience-hubs`.
    broken_patients
        Patients in groups that would stand below their minimum after some single failure of one of their practices.
    view
        What the page shows.
    """

    lines: tuple[str, ...]
    tables: tuple[NamedTable, ...]
    broken_patients: int
    view: View

    def table(self, name: str) -> NamedTable | None:
        """A table by its name; None where it is not there."""
        return next((table for table in self.tables if table.name == name), None)
