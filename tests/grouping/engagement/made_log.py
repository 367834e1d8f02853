"""The made-up run with a planner's log and history, written as files and read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from grouping.programme.ground import Ground
from grouping.programme.inputs import ProgrammeInputs, read_inputs
from tests.grouping.made_run import made_run

LOG = "date,option,practice_code,place,role,said,changed,why_not,public\n"
HISTORY = "option,came_from,date,reason,public\n"
TODAY: Mapping[str, str] = {
    "J80001": "Coast", "J80002": "Coast", "J80003": "Coast", "J80004": "Coast", "J80006": "Vale", "J80007": "Vale",
    "J80008": "West", "J80009": "West", "J80010": "West", "J80011": "Far west", "J80012": "Far west",
}  # fmt: skip
"""Today's groups; J80005 is in none."""


def inputs_of(folder: Path, *, log: str = "", history: str = "") -> ProgrammeInputs:
    """What the planner says, of a log and a history given as rows of text."""
    lines = ["schema_version = 1", "[tables]"]
    for name, header, rows in (("engagement", LOG, log), ("history", HISTORY, history)):
        if rows:
            (folder / f"{name}.csv").write_text(header + rows, encoding="utf-8")
            lines.append(f'{name} = "{name}.csv"')
    (folder / "programme.toml").write_text("\n".join(lines), encoding="utf-8")
    return read_inputs(folder / "programme.toml")


_run = cache(made_run)
"""Made once: nothing here changes it."""


def ground_with(inputs: ProgrammeInputs | None = None, *, option: int = 1, today: bool = False, public: bool = False):
    """An option of the made-up run."""
    run = _run()
    if today:
        practices = run.place.practices.copy()
        practices["current_group"] = [TODAY.get(code, "") for code in practices.index]
        run = replace(run, place=replace(run.place, practices=practices))
    run = replace(run, public=public)
    return Ground(run, run.options[option - 1], inputs or ProgrammeInputs())
