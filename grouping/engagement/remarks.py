"""The log: remarks by role, sorted by day, each with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from geodata.tables.schemas import Table
from grouping.engagement.days import day_of
from grouping.engagement.names import EXAMPLE, Known, known_names
from grouping.engagement.persons import looks_like_a_person, names_somebody, reached_by
from grouping.programme.ground import Ground

TABLE = "engagement"
CHANGED, ANSWERED, OPEN = "changed", "answered", "open"
TEXTS = ("place", "role", "said", "changed", "why_not")
"""Columns of free text."""


@dataclass(frozen=True)
class Remark:
    """One remark.

    Parameters
    ----------
    day
        When; None where it is not known.
    option, practice_code, place
        What it is about: id of an option, code of a practice, name of a place; empty for none.
    practice
        Name of the practice.
    role
        Who said it, by role.
    said, changed, why_not
        What was said, what changed, and if nothing did why not.
    public
        Whether it is marked for publication.
    """

    day: date | None
    option: str
    practice_code: str
    practice: str
    place: str
    role: str
    said: str
    changed: str
    why_not: str
    public: bool

    @property
    def status(self) -> str:
        """`changed`, `answered` (why nothing changed is told) or `open`."""
        return CHANGED if self.changed else ANSWERED if self.why_not else OPEN


@dataclass(frozen=True)
class Log:
    """The remarks that may be told here, by day, and whether others may not: how many would tell of each new one."""

    remarks: tuple[Remark, ...] = ()
    kept_back: bool = False
    given: bool = False

    def count(self, status: str) -> int:
        """How many remarks have come to this."""
        return sum(one.status == status for one in self.remarks)


def log_of(ground: Ground) -> Log:
    """The planner's log; for the public only what is marked `public = yes` and seems to name nobody."""
    table = ground.inputs.table(TABLE)
    if table is None:
        return Log()
    known = known_names(ground)
    everything = [_remark(table, k, known) for k in range(len(table)) if table.text(k, "said") != EXAMPLE]
    told = everything
    if ground.run.public:
        told = [one for one in everything if one.public and not _personal(one, known)]
    ordered = sorted(told, key=lambda one: one.day or date.max)  # stable: the order of the file within a day
    return Log(tuple(ordered), len(told) < len(everything), given=bool(everything))


def _remark(table: Table, k: int, known: Known) -> Remark:
    code = table.text(k, "practice_code").upper()
    option, place = table.text(k, "option"), table.text(k, "place")
    texts = (table.text(k, column).strip() for column in ("role", "said", "changed", "why_not"))
    public = "public" in table.frame and str(table.frame["public"].iloc[k]) == "yes"
    return Remark(
        day_of(table.text(k, "date")),
        known.option(option) or option,
        code,
        known.practices.get(code, ""),
        known.place(place) or place,
        *texts,
        public,
    )


def _personal(one: Remark, known: Known) -> bool:
    """Whether a remark seems to tell who a single person is; such a one never leaves the house."""
    texts = (one.place, one.role, one.said, one.changed, one.why_not)
    return (
        any(reached_by(text) for text in texts)
        or looks_like_a_person(one.role, known.names)
        or any(names_somebody(text, known.names) for text in texts)
    )
