"""Population by age: which columns are ages, and how those from an age on add up.

Published tables give single years (`0` ... `90+`, or `F0` ... `M90`), five-year bands or broad bands, sometimes several
of these side by side; the last column of single years is open ("90" means 90 and over).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from geodata.tables.columns import plain_name

OLDEST = 1000
"""Stands for the end of an open band."""

_SEX = {"f": "F", "female": "F", "females": "F", "m": "M", "male": "M", "males": "M"}
_AGE = re.compile(
    r"(?P<sex>females?|males?|f|m|persons?|p)?(?:age)?(?:aged?)?"
    r"(?:(?P<low>[0-9]{1,3})(?:(?P<open>plus|andover|yearsandover|yearsplus)|to(?P<high>[0-9]{1,3}))?"
    r"|(?P<young>under1|lessthan1))"
    r"(?:years?)?(?P<under>andunder)?(?:measuresvalue|value)?"
)


@dataclass(frozen=True)
class AgeBand:
    """One column: position, sex (`F`, `M` or `P` for persons), first and last year of age."""

    position: int
    sex: str
    low: int
    high: int


@dataclass(frozen=True)
class AgeColumns:
    """The age columns of a table."""

    bands: tuple[AgeBand, ...]

    @property
    def positions(self) -> frozenset[int]:
        """Positions of all age columns."""
        return frozenset(band.position for band in self.bands)

    def from_age(self, age: int) -> tuple[int, ...] | None:
        """Positions of the columns that add up to everybody of this age and over; None if they cannot be told.

        Bands may overlap (single years beside five-year bands): they are chained without gap or overlap.
        """
        return self.between(age, OLDEST)

    def children(self) -> tuple[int, ...] | None:
        """Positions of the columns that add up to everybody under 16; under 15 where no band ends at 15."""
        return self.between(0, 15) or self.between(0, 14)

    def between(self, low: int, high: int) -> tuple[int, ...] | None:
        """Positions of the columns that add up to everybody of these ages, both included; None if they cannot."""
        for sexes in (("P",), ("F", "M")):
            chains = [self._chain(sex, low, high) for sex in sexes]
            if all(chain is not None for chain in chains):
                return tuple(position for chain in chains if chain for position in chain)
        return None

    def _chain(self, sex: str, age: int, last: int) -> tuple[int, ...] | None:
        by_low: dict[int, AgeBand] = {}
        for band in self.bands:
            if band.sex == sex and band.high <= last and (band.low not in by_low or band.high > by_low[band.low].high):
                by_low[band.low] = band
        chain: list[int] = []
        while age in by_low:
            band = by_low[age]
            chain.append(band.position)
            if band.high == last:
                return tuple(chain)
            age = band.high + 1
        return None


def age_columns(header: Sequence[str]) -> AgeColumns | None:
    """The age columns of a header; None if there are fewer than three.

    >>> age_columns(["LSOA Code", "All Ages", "0", "1", "2+"]).from_age(1)
    (3, 4)
    """
    bands = [band for i, name in enumerate(header) if (band := _band(i, plain_name(name)))]
    if len(bands) < 3:
        return None
    for sex in {band.sex for band in bands}:
        ours = [band for band in bands if band.sex == sex]
        last = max(ours, key=lambda band: (band.high, band.low))
        if last.high < OLDEST and last.low == last.high:  # "90" (F90, M90) stands for 90 and over
            bands[bands.index(last)] = AgeBand(last.position, sex, last.low, OLDEST)
    return AgeColumns(tuple(bands))


def _band(position: int, name: str) -> AgeBand | None:
    match = _AGE.fullmatch(name)
    if match is None:
        return None
    sex = _SEX.get(match["sex"] or "", "P")
    if match["young"]:
        return AgeBand(position, sex, 0, 0)
    low = int(match["low"])
    if low > 120:
        return None
    if match["under"]:
        return AgeBand(position, sex, 0, low)
    high = OLDEST if match["open"] else int(match["high"]) if match["high"] else low
    return AgeBand(position, sex, low, high) if high >= low else None
