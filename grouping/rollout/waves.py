"""The waves of a rollout: their names, targets and capacity, from the planner's table or built in."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from math import ceil
from typing import Any

import pandas as pd

from grouping.programme.ground import Ground

_YEAR = re.compile(r"(\d{4})/(\d{2})")


@dataclass(frozen=True)
class Wave:
    """One wave, usually a financial year.

    Parameters
    ----------
    name
        Such as `2017/18`.
    target_share
        Share of all registered patients of the place that is to be in at-scale groups by its end; None for no target.
    most_groups, most_patients
        Most groups that may start in it, and most patients of the groups that start in it; None for no limit.
    """

    name: str
    target_share: float | None = None
    most_groups: int | None = None
    most_patients: int | None = None


@dataclass(frozen=True)
class Milestone:
    """A further trajectory at one wave: a share of the registered patients who are to have something by its end."""

    name: str
    wave: str
    target_share: float
    source: str = ""


def waves_of(ground: Ground) -> tuple[Wave, ...]:
    """The waves of the planner's table in its order, or the built-in ones."""
    rows = ground.inputs.rows("waves")
    if rows is None or not len(rows):
        return built_in_waves(ground.settings.rollout.first_year)
    return tuple(
        Wave(
            str(row["wave"]).strip(),
            _number(row.get("target_share")),
            _whole(row.get("most_groups")),
            _whole(row.get("most_patients")),
        )
        for row in rows.to_dict("records")
    )


def own_waves(ground: Ground) -> bool:
    """Whether the planner gives waves of their own."""
    rows = ground.inputs.rows("waves")
    return rows is not None and len(rows) > 0


def built_in_waves(first_year: str = "") -> tuple[Wave, ...]:
    """The waves of the strategy, beginning in another year where one is given."""
    shift = _shift(first_year)
    return tuple(
        Wave(moved(one["wave"], shift), one.get("target_share"), one.get("most_groups")) for one in built_in()["waves"]
    )


def milestones_of(ground: Ground) -> tuple[Milestone, ...]:
    """Further trajectories of the planner's table in its order, or the built-in ones."""
    rows = ground.inputs.rows("milestones")
    if rows is not None and len(rows):
        return tuple(
            Milestone(
                str(row["milestone"]).strip(),
                str(row["wave"]).strip(),
                float(row["target_share"]),
                _text(row.get("source")),
            )
            for row in rows.to_dict("records")
        )
    shift, source = _shift(ground.settings.rollout.first_year), built_in()["source"]
    return tuple(
        Milestone(one["milestone"], moved(wave, shift), share, source)
        for one in built_in()["milestones"]
        for wave, share in one["targets"].items()
    )


@cache
def built_in() -> Mapping[str, Any]:
    """What `built_in.toml` says."""
    return tomllib.loads((files("grouping.rollout") / "built_in.toml").read_text(encoding="utf-8"))


def is_year(text: str) -> bool:
    """Whether a text names a financial year such as `2027/28`."""
    found = _YEAR.fullmatch(text.strip())
    return bool(found) and (int(found.group(1)) + 1) % 100 == int(found.group(2))


def moved(name: str, years: int) -> str:
    """A financial year moved by some years."""
    found = _YEAR.fullmatch(name)
    if not found or not years:
        return name
    year = int(found.group(1)) + years
    return f"{year}/{(year + 1) % 100:02d}"


def position(names: Sequence[str], text: object) -> int | None:
    """Which wave a text names, or None; capitals, blanks and the kind of stroke do not matter."""
    wanted = _plain(text)
    return next((i for i, name in enumerate(names) if _plain(name) == wanted), None)


def patients_for(share: float, total: int) -> int:
    """The fewest whole patients that are at least this share of `total`, without errors of rounding."""
    return ceil(Fraction(str(float(share))) * total)


def _shift(first_year: str) -> int:
    if not is_year(first_year):
        return 0
    return int(first_year.strip()[:4]) - int(built_in()["waves"][0]["wave"][:4])


def _plain(text: object) -> str:
    plain = re.sub(r"\s+", " ", str(text).strip().casefold())
    plain = re.sub(r" ?[-\u2010-\u2015/\\] ?", "/", plain)
    return re.sub(r"^(\d{4})/\d{2}(\d{2})$", r"\1/\2", plain)


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value).strip()


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _whole(value: Any) -> int | None:
    return None if value is None or pd.isna(value) else int(value)
