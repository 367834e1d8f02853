"""Small rankings and inputs for the tests of the scorecard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from grouping.programme.ground import Ground
from grouping.programme.inputs import read_inputs
from grouping.result import Run
from grouping.scorecard.names import FULL
from grouping.scorecard.ranking import Mark, Ranking
from tests.grouping.made_run import made_run

HEAD = {"scores": "option,criterion,score,who,note", "weights": "criterion,weight"}


def ranking(marks: Sequence[Sequence[int | str | None]], weights: Sequence[int | str]) -> Ranking:
    """A ranking of marks from 0 to 10 (None: missing); weights need not sum to 1."""
    total = sum((Fraction(weight) for weight in weights), Fraction(0))
    ten, none = Fraction(10), Fraction(0)
    lines = tuple(
        tuple(Mark(None, none, ten) if mark is None else Mark.known(Fraction(mark)) for mark in line) for line in marks
    )
    options = tuple(f"option-{i + 1}" for i in range(len(marks)))
    keys = tuple(list(FULL)[: len(weights)])
    return Ranking(options, keys, lines, tuple(Fraction(weight) / total for weight in weights))


def ground_with(folder: Path, run: Run | None = None, **tables: Sequence[str]) -> Ground:
    """A run with the planner's tables, given as lines of their files."""
    named = []
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join([HEAD[name], *lines]) + "\n", encoding="utf-8")
        named.append(f'{name} = "{name}.csv"')
    path = folder / "programme.toml"
    path.write_text("schema_version = 1\n[tables]\n" + "\n".join(named) + "\n", encoding="utf-8")
    run = run or made_run()
    return Ground(run, run.options[0], read_inputs(path))


def score_lines(marks: Mapping[str, Mapping[str, float]], who: str = "Finance lead") -> list[str]:
    """Lines of the table of scores: option -> criterion -> score."""
    return [f"{option},{key},{score},{who}," for option, row in marks.items() for key, score in row.items()]
