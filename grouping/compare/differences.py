"""Practice by practice: with whom each works in every plan, whom it gains and loses, and how far its patients go."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from grouping.compare.comparison import Comparison
from grouping.compare.figures import practice_minutes

COLUMNS = (
    "practice_code",
    "name",
    "patients",
    "plan",
    "group_id",
    "letter",
    "companions_gained",
    "companions_lost",
    "hub_site_code",
    "hub_name",
    "hub_minutes_first",
    "hub_minutes",
    "hub_minutes_change",
)
"""Columns of `practices.csv`: one row a practice and plan; gained, lost and change are against the first plan."""


@dataclass(frozen=True)
class Seat:
    """One practice in one plan.

    Parameters
    ----------
    group_id, hub, hub_name
        Its group there, and the group's hub.
    gained, lost
        Companions it has there and not in the first plan, and the other way round; codes.
    minutes
        Mean minutes of its patients to the hub; text where hidden, None where not known.
    change
        The same less that of the first plan; None where it cannot be told.
    """

    group_id: str
    hub: str
    hub_name: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    minutes: float | str | None
    change: float | None

    @property
    def other_companions(self) -> bool:
        """Whether its companions are not those of the first plan."""
        return bool(self.gained or self.lost)


@dataclass(frozen=True)
class Row:
    """One practice: code, name, patients, and its seat in every plan."""

    code: str
    name: str
    patients: float
    seats: tuple[Seat, ...]

    @property
    def differs(self) -> bool:
        """Whether its companions are not the same in all plans."""
        return any(seat.other_companions for seat in self.seats)


def practice_rows(comparison: Comparison) -> tuple[Row, ...]:
    """All practices compared, by code."""
    names = comparison.place.practices["name"].astype(str).to_dict()
    travelled = [practice_minutes(one) for one in comparison.plans]
    first = comparison.partitions[0]
    rows = []
    for code in comparison.codes:
        start = _known(travelled[0].get(code))
        seats = []
        for one, partition, minutes in zip(comparison.plans, comparison.partitions, travelled, strict=True):
            group, sites = one.plan.group_of[code], one.run.place.sites
            here = _known(minutes.get(code))
            numbers = isinstance(here, float) and isinstance(start, float)
            seats.append(
                Seat(
                    group.group_id,
                    group.hub_site_code,
                    str(sites.at[group.hub_site_code, "name"]),
                    tuple(sorted(partition[code] - first[code])),
                    tuple(sorted(first[code] - partition[code])),
                    here,
                    here - start if numbers else None,
                )
            )
        rows.append(Row(code, names[code], comparison.patients[code], tuple(seats)))
    return tuple(rows)


def _known(value: object) -> float | str | None:
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - NaN


def practices_table(comparison: Comparison, rows: tuple[Row, ...], letters: list[dict[str, str]]) -> pd.DataFrame:
    """The rows as `practices.csv` holds them; `letters` is the letter of each group of each plan."""
    lines = [
        (
            row.code,
            row.name,
            round(row.patients),
            one.title,
            seat.group_id,
            letters[k][seat.group_id],
            " ".join(seat.gained),
            " ".join(seat.lost),
            seat.hub,
            seat.hub_name,
            _rounded(row.seats[0].minutes),
            _rounded(seat.minutes),
            _rounded(seat.change),
        )
        for row in rows
        for k, (one, seat) in enumerate(zip(comparison.plans, row.seats, strict=True))
    ]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _rounded(value: object) -> object:
    return round(value, 3) if isinstance(value, float) else value
