"""A ground of which only the lists, the groups and the planner's table of ratios matter."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pandas as pd

from grouping.programme.ground import Ground
from grouping.programme.inputs import ProgrammeInputs, read_inputs
from tests.grouping.made_run import made_run


@dataclass(frozen=True)
class FakeWave:
    name: str
    target_share: float | None = None
    most_groups: int | None = None
    most_patients: int | None = None


@dataclass(frozen=True)
class FakeRollout:
    waves: tuple[FakeWave, ...]
    start: dict[str, int | None]
    formed: dict[str, int | None]
    reached: tuple[float, ...] = ()
    told: bool = True


@dataclass(frozen=True)
class FakeGrowth:
    years: tuple[int, ...] = ()
    lists: pd.DataFrame = field(default_factory=pd.DataFrame)
    known: bool = False


WAVES = tuple(FakeWave(name) for name in ("2017/18", "2018/19", "2019/20", "2020/21"))

DORSET = (200_000, 166_000, 150_000, 130_000, 120_000)
"""Five groups that add up to 766,000 patients; the groups of the made-up run's first option."""


_run = cache(made_run)
"""Made once: nothing here changes it."""


def ground_with(sizes: tuple[int, ...] = DORSET, inputs: ProgrammeInputs | None = None) -> Ground:
    """The first option of the made-up run; each group's patients are in its first practice but for one each."""
    run = _run()
    option = run.options[0]
    practices = run.place.practices.copy()
    for group, size in zip(option.option.plan.groups, sizes, strict=True):
        for code in group.members:
            practices.loc[code, "list_size"] = 1
        practices.loc[group.members[0], "list_size"] = size - len(group.members) + 1
    run = replace(run, place=replace(run.place, practices=practices))
    return Ground(run, option, inputs or ProgrammeInputs())


def inputs_of(folder: Path, ratios: str, more: str = "") -> ProgrammeInputs:
    """What the planner says, of a table of ratios given as text."""
    (folder / "ratios.csv").write_text(ratios, encoding="utf-8")
    text = f'schema_version = 1\n[tables]\nratios = "ratios.csv"\n{more}'
    (folder / "programme.toml").write_text(text, encoding="utf-8")
    return read_inputs(folder / "programme.toml")


def rollout(start: tuple[int | None, ...], formed: tuple[int | None, ...] | None = None, waves=WAVES) -> FakeRollout:
    """When the five groups start, and are at scale (at once where nothing else is said)."""
    names = [f"G{k:02d}" for k in range(1, len(start) + 1)]
    return FakeRollout(waves, dict(zip(names, start, strict=True)), dict(zip(names, formed or start, strict=True)))
