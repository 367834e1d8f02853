"""From which wave practices are ready: what the planner's table says, else what stated indicators say of each.

An indicator counts only where the inputs hold what it needs. The share of the counted indicators that a practice meets
gives its wave (`ready_shares` of the settings); where fewer than `least_known` are known, nothing is held against the
practice: it is taken as ready from the first wave, and the page says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from grouping.plain_words import listed, percent, plural
from grouping.plan import Group
from grouping.programme.ground import Ground
from grouping.rollout.waves import Wave, position

NOW = ("now", "ready", "already")
LATER = ("later", "never", "not within these waves")
"""What `ready_from` may say besides the name of a wave."""


@dataclass(frozen=True)
class Indicator:
    """A sign that a practice is ready: a few words, its definition, and whether one meets it (None: not known)."""

    words: str
    definition: str
    met: Callable[[Ground, str, Group], bool | None]


@dataclass(frozen=True)
class Readiness:
    """From when one practice is ready.

    Parameters
    ----------
    ready
        Position of the wave; the number of waves where it is not within them.
    by
        Where that comes from: the planner's table, the indicators by name, or that nothing is known.
    known
        Whether anything is known of it.
    """

    ready: int
    by: str
    known: bool


def readiness_of(ground: Ground, waves: tuple[Wave, ...]) -> dict[str, Readiness]:
    """Readiness of every practice of the plan, by code."""
    told = _told(ground, waves)
    indicators = indicators_of(ground)
    return {
        code: told.get(code) or _by_indicators(ground, code, group, indicators, len(waves))
        for code, group in sorted(ground.group_of.items())
    }


def ready_position(text: object, waves: tuple[Wave, ...]) -> int | None:
    """The wave that `ready_from` names; None where no wave is called that."""
    plain = str(text).strip().casefold()
    if plain in NOW:
        return 0
    return len(waves) if plain in LATER else position([wave.name for wave in waves], text)


def ready_word(ready: int, waves: tuple[Wave, ...]) -> str:
    """The name of the wave, or that it lies beyond them."""
    return waves[ready].name if ready < len(waves) else "later"


def is_vulnerable(ground: Ground, code: str) -> bool | None:
    """Whether a practice is rated vulnerable; None where it is not rated."""
    rating = _cell(ground, code, "vulnerability")
    return None if rating is None else float(rating) <= _limit(ground)


def indicators_of(ground: Ground) -> tuple[Indicator, ...]:
    """The indicators, with the limits of the settings in their definitions."""
    near = ground.settings.rollout.near_minutes
    return (
        Indicator(
            "not rated vulnerable",
            f"its rating is above {_limit(ground)}; not counted for practices without a rating",
            _not_vulnerable,
        ),
        Indicator(
            "works with its companions today",
            "more than half of the other practices of its new group are in its group of today; not counted where it "
            "has none, or no companions",
            _companions,
        ),
        Indicator(
            "same clinical system",
            "it uses the system that most patients of its new group are on (of practices whose system is known); not "
            "counted where its system is not known, or where it has no companions",
            _system,
        ),
        Indicator(
            "near the hub",
            f"its main site lies within {near:g} minutes of the hub of its new group; not counted where it has no "
            "companions",
            _near_hub,
        ),
    )


def _told(ground: Ground, waves: tuple[Wave, ...]) -> dict[str, Readiness]:
    rows = ground.inputs.rows("readiness")
    if rows is None:
        return {}
    told = {}
    for row in rows.to_dict("records"):
        ready = ready_position(row["ready_from"], waves)
        if ready is not None:
            note = row.get("note")
            more = "" if note is None or pd.isna(note) or not str(note).strip() else f": {str(note).strip()}"
            told[str(row["practice_code"])] = Readiness(ready, f"the planner's table{more}", known=True)
    return told


def _by_indicators(ground: Ground, code: str, group: Group, indicators: tuple[Indicator, ...], span: int) -> Readiness:
    found = [(one.words, one.met(ground, code, group)) for one in indicators]
    known = [(words, met) for words, met in found if met is not None]
    least = ground.settings.rollout.least_known
    if len(known) < max(least, 1):
        said = "nothing is known" if not known else f"only {plural(len(known), 'indicator')} known"
        return Readiness(0, f"{said}: taken as ready from the first wave", known=False)
    share = sum(met for _, met in known) / len(known)
    shares = ground.settings.rollout.ready_shares
    step = next((i for i, least in enumerate(shares) if share >= least - 1e-9), len(shares))
    parts = [
        (label, [words for words, met in known if met == wanted])
        for label, wanted in (("met", True), ("not met", False))
    ]
    by = f"{sum(met for _, met in known)} of {len(known)} indicators; " + "; ".join(
        f"{label}: {listed(words)}" for label, words in parts if words
    )
    return Readiness(min(step, span - 1), by, known=True)


def thresholds_in_words(ground: Ground, waves: tuple[Wave, ...]) -> str:
    """Which share of the indicators gives which wave."""
    shares = ground.settings.rollout.ready_shares
    parts = [
        f"at least {percent(share)} of those known: ready from {ready_word(min(i, len(waves) - 1), waves)}"
        for i, share in enumerate(shares)
    ]
    last = ready_word(min(len(shares), len(waves) - 1), waves)
    return "; ".join([*parts, f"fewer: from {last}" if parts else f"all: from {last}"])


# ------------------------------------------------------------------------------------------------------- the indicators


def _limit(ground: Ground) -> int:
    own = ground.settings.resilience.vulnerable_up_to
    return ground.run.rules.practices.vulnerable_up_to if own is None else own


def _not_vulnerable(ground: Ground, code: str, group: Group) -> bool | None:
    vulnerable = is_vulnerable(ground, code)
    return None if vulnerable is None else not vulnerable


def _companions(ground: Ground, code: str, group: Group) -> bool | None:
    own = _label(ground, code, "current_group")
    others = [other for other in group.members if other != code]
    if not own or not others:
        return None
    return 2 * sum(_label(ground, other, "current_group") == own for other in others) > len(others)


def _system(ground: Ground, code: str, group: Group) -> bool | None:
    own = _label(ground, code, "clinical_system")
    if not own or len(group.members) == 1:
        return None
    patients: dict[str, int] = {}
    for member in group.members:
        system = _label(ground, member, "clinical_system")
        if system:
            patients[system] = patients.get(system, 0) + int(ground.lists[member])
    return patients[own] == max(patients.values())


def _near_hub(ground: Ground, code: str, group: Group) -> bool | None:
    main, times = _label(ground, code, "main_site_code"), ground.run.times
    if len(group.members) == 1 or main not in times.site_codes or group.hub_site_code not in times.site_codes:
        return None
    minutes = times.between_sites[times.site_codes.index(main), times.site_codes.index(group.hub_site_code)]
    return None if np.isnan(minutes) else bool(minutes <= ground.settings.rollout.near_minutes)


def _cell(ground: Ground, code: str, column: str) -> object | None:
    if column not in ground.practices or code not in ground.practices.index:
        return None
    value = ground.practices.loc[code, column]
    return None if pd.isna(value) else value


def _label(ground: Ground, code: str, column: str) -> str:
    value = _cell(ground, code, column)
    return "" if value is None else str(value).strip()
