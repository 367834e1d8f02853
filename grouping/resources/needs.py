"""Applies the ratios: to every group, in every wave and in total, with the lists of now and the projected ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from grouping.programme.ground import Ground
from grouping.resources.exact import whole_parts
from grouping.resources.ratios import MONEY, POSTS, Ratio

if TYPE_CHECKING:
    from grouping.growth import ListGrowth
    from grouping.rollout import Rollout


@dataclass(frozen=True)
class Lists:
    """Registered patients of the groups at one time.

    Parameters
    ----------
    year
        The year they are projected for; None for the lists of now.
    patients
        Group id -> patients, whole numbers, in the order of the groups.
    """

    year: int | None
    patients: Mapping[str, int]

    @property
    def total(self) -> int:
        """Patients of all groups."""
        return sum(self.patients.values())


@dataclass(frozen=True)
class Need:
    """What one ratio asks for, of all groups and of each; exact.

    Parameters
    ----------
    total
        Of all patients together.
    groups
        Group id -> need.
    """

    ratio: Ratio
    total: Fraction
    groups: Mapping[str, Fraction]

    @property
    def pounds(self) -> dict[str, int]:
        """Of money: whole pounds of each group, which add up to the whole pounds of the total."""
        return dict(zip(self.groups, whole_parts(list(self.groups.values())), strict=True))

    @property
    def posts(self) -> int:
        """Of posts: whole posts of all groups together."""
        return math.ceil(self.total)

    @property
    def posts_by_group(self) -> int:
        """Of posts: whole posts where each group rounds up for itself; never fewer than `posts`."""
        return sum(math.ceil(one) for one in self.groups.values())


@dataclass(frozen=True)
class WaveNeed:
    """What a resource asks for in one wave.

    Parameters
    ----------
    ratio
        The ratio in force there; of money that is paid once the first of the resource.
    wave
        Position of the wave; the number of waves for what is paid after the last, None for groups in no wave.
    groups, patients
        The groups that need it then (money that is paid once: that are paid for then), and their patients.
    needed
        Pounds in this wave, or full time equivalents or hours a week that are there by then; exact.
    posts, posts_by_group
        Whole posts of these groups together, and each rounding up for itself; None for other kinds.
    everybody
        The same if all groups were at scale by then; None for money that is paid once.
    """

    ratio: Ratio
    wave: int | None
    groups: int
    patients: int
    needed: Fraction
    posts: int | None = None
    posts_by_group: int | None = None
    everybody: Fraction | None = None


@dataclass(frozen=True)
class Scenario:
    """Everything that is needed with the lists of one time."""

    lists: Lists
    needs: tuple[Need, ...]
    waves: tuple[WaveNeed, ...]


@dataclass(frozen=True)
class Found:
    """What an option needs: data alone (see `part.Resources`).

    Parameters
    ----------
    ground
        The option.
    ratios
        The ratios in force.
    built_in
        Whether they are the built-in ones.
    wave_names
        Names of the waves.
    by_wave
        Whether it is told what each wave needs: not where the years of the groups are not told.
    now, projected
        What is needed with the lists of now, and with the projected ones; None where growth is not known.
    """

    ground: Ground
    ratios: tuple[Ratio, ...]
    built_in: bool
    wave_names: tuple[str, ...]
    now: Scenario
    projected: Scenario | None
    by_wave: bool = True


def lists_now(ground: Ground) -> Lists:
    """Registered patients of each group now."""
    return Lists(None, {one.group_id: int(ground.lists.loc[list(one.members)].sum()) for one in ground.plan.groups})


def lists_projected(ground: Ground, growth: ListGrowth) -> Lists | None:
    """Registered patients of each group in the year the options are judged again in; None where it is not known.

    Groups are whole patients that add up to the whole patients of all (largest remainders).
    """
    if not growth.known:
        return None
    years = [int(year) for year in growth.years]
    year = ground.settings.growth.year if ground.settings.growth.year in years else years[-1]
    column = growth.lists[year]
    if not set(ground.plan.practice_codes) <= set(column.dropna().index):
        return None
    parts = [sum((Fraction(column[code]) for code in one.members), Fraction()) for one in ground.plan.groups]
    whole = whole_parts(parts)
    return Lists(year, {one.group_id: number for one, number in zip(ground.plan.groups, whole, strict=True)})


def scenario_of(lists: Lists, ratios: Sequence[Ratio], rollout: Rollout) -> Scenario:
    """Everything that is needed with these lists."""
    needs = tuple(
        Need(ratio, ratio.needed(lists.total), {name: ratio.needed(number) for name, number in lists.patients.items()})
        for ratio in ratios
    )
    waves: list[WaveNeed] = []
    for key in dict.fromkeys(ratio.key for ratio in ratios) if rollout.told else ():
        steps = [need for need in needs if need.ratio.key == key]
        waves += (_paid_once if steps[0].ratio.once else _levels)(steps, lists, rollout)
    return Scenario(lists, needs, tuple(waves))


def _levels(steps: Sequence[Need], lists: Lists, rollout: Rollout) -> list[WaveNeed]:
    """What is there by each wave: a group has it from the wave it works at scale (money: starts) in.

    Of several ratios of a resource the latest that has begun holds.
    """
    begins = rollout.start if steps[0].ratio.kind == MONEY else rollout.formed
    found = []
    for wave in range(len(rollout.waves)):
        begun = [need for need in steps if need.ratio.wave <= wave]
        inside = [name for name in lists.patients if (at := begins.get(name)) is not None and at <= wave]
        found.append(_level(begun[-1] if begun else None, steps[0], inside, wave, lists))
    outside = [name for name in lists.patients if begins.get(name) is None]
    return [*found, _level(steps[-1], steps[0], outside, None, lists)] if outside else found


def _level(need: Need | None, first: Need, names: Sequence[str], wave: int | None, lists: Lists) -> WaveNeed:
    """What these groups need of one ratio; nothing where none holds yet."""
    ratio = first.ratio if need is None else need.ratio
    patients = sum(lists.patients[name] for name in names)
    if need is None:
        return WaveNeed(ratio, wave, 0, 0, Fraction(), everybody=Fraction())
    everybody = None if wave is None else need.total
    if ratio.kind == MONEY:
        pounds = need.pounds
        return WaveNeed(
            ratio, wave, len(names), patients, Fraction(sum(pounds[name] for name in names)), everybody=everybody
        )
    needed = sum((need.groups[name] for name in names), Fraction())
    posts = by_group = None
    if ratio.kind == POSTS:
        posts, by_group = math.ceil(needed), sum(math.ceil(need.groups[name]) for name in names)
    return WaveNeed(ratio, wave, len(names), patients, needed, posts, by_group, everybody)


def _paid_once(steps: Sequence[Need], lists: Lists, rollout: Rollout) -> list[WaveNeed]:
    """What is paid in each wave: from that a group starts in (or the ratio, if later), in equal parts over the years.

    Parts of groups are added up exactly. Only the sums of the waves are made whole pounds, which add up to the total:
    rounding each group by itself would move pounds from one wave to another.
    """
    last = len(rollout.waves)
    order: list[int | None] = [*range(last), last, None]
    paid: dict[int | None, int] = dict.fromkeys(order, 0)
    whom: dict[int | None, set[str]] = {}
    for need in steps:
        parts: dict[int | None, Fraction] = dict.fromkeys(order, Fraction())
        for name, pounds in need.groups.items():
            start, years = rollout.start.get(name), need.ratio.years
            for year in range(years):
                wave = None if start is None else min(max(start, need.ratio.wave) + year, last)
                parts[wave] += pounds / years
                whom.setdefault(wave, set()).add(name)
        for wave, whole in zip(order, whole_parts([parts[wave] for wave in order]), strict=True):
            paid[wave] += whole
    order = [wave for wave in order if wave in whom or wave in range(last)]
    return [
        WaveNeed(
            steps[0].ratio,
            wave,
            len(whom.get(wave, ())),
            sum(lists.patients[name] for name in sorted(whom.get(wave, ()))),
            Fraction(paid[wave]),
        )
        for wave in order
    ]
