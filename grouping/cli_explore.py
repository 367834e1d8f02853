"""The commands that look around the best plan: `explore best`, `agreement`, `frontier`, `prices` and `why`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grouping.cli_shared import JsonOption, progress, told

if TYPE_CHECKING:
    import pandas as pd

    from grouping.optimise import Solution
    from grouping.partition.clock import Clock
    from grouping.prepared import Prepared

explore = typer.Typer(
    help="Look around the best plan: what is nearly as good, what is settled, what each rule costs.",
    no_args_is_help=True,
)

CaseArgument = Annotated[Path, typer.Argument(metavar="CASE", help="Folder with case.toml.", show_default=False)]
RulesOption = Annotated[str | None, typer.Option("--rules", help="Rule set, instead of the one the case names.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Also write the table (.csv).", show_default=False)]
LimitOption = Annotated[
    float | None,
    typer.Option(
        "--time-limit", min=0.1, help="Seconds for everything. Default: until it is done.", show_default=False
    ),
]
WithinOption = Annotated[
    float | None,
    typer.Option(
        "--within",
        min=0.0,
        max=100.0,
        metavar="PERCENT",
        help="How far behind the best score a plan is nearly as good. Default: options.near of the rule set.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Solved:
    """A case read and its best plan found, with the clock of the search."""

    ready: Prepared
    solution: Solution
    clock: Clock
    tell: Callable[[str, str], None]

    @property
    def names(self) -> dict[str, str]:
        """Names of practices and sites by code."""
        place = self.ready.place
        return {**place.sites["name"].astype(str).to_dict(), **place.practices["name"].astype(str).to_dict()}


@explore.command()
def best(
    case: CaseArgument,
    count: Annotated[int, typer.Option("--count", min=1, max=100_000, help="How many plans.")] = 10,
    out: OutOption = None,
    rules: RulesOption = None,
    time_limit: LimitOption = None,
    as_json: JsonOption = False,
) -> None:
    """List exactly the best plans one after the other: the best, the second best, and so on."""
    _refuse_wrong_name(out, case)
    from grouping.near import k_best, rank_lines, rank_table

    with told(as_json=as_json):
        with _solved(case, rules, time_limit) as solved:
            solved.tell("best plans", f"looking for the {count:,} best plans")
            near = k_best(solved.solution, count, clock=solved.clock)
        problem = solved.ready.problem
        table = rank_table(near, solved.solution.candidates, problem.list_size, problem.practice_codes)
        _hand_over(table, rank_lines(near, table), out, as_json=as_json)


@explore.command()
def agreement(
    case: CaseArgument,
    within: WithinOption = None,
    out: OutOption = None,
    rules: RulesOption = None,
    prove: Annotated[
        bool,
        typer.Option(
            "--prove/--no-prove",
            help="Where there are too many plans to list, prove for each settled border whether it stays settled.",
        ),
    ] = True,
    time_limit: LimitOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell for each border in what share of all plans nearly as good the two practices are together."""
    _refuse_wrong_name(out, case)
    from grouping.agreement import agreement_table, say_agreement
    from grouping.near import near_plans

    with told(as_json=as_json):
        with _solved(case, rules, time_limit) as solved:
            problem, solution = solved.ready.problem, solved.solution
            tolerance = problem.rules.options.near if within is None else within / 100.0
            solved.tell("near plans", f"listing all plans within {100 * tolerance:g}% of the best score")
            near = near_plans(solution, tolerance, count=True, clock=solved.clock)
            solved.tell("near plans", near.sentence)
            if prove and not near.complete:
                solved.tell("borders", "proving border by border what stays settled; this can take minutes")
            found = agreement_table(problem, solution, near, solved.names, prove=prove, clock=solved.clock)
        _hand_over(found.table, [near.sentence, *say_agreement(found)], out, as_json=as_json)


@explore.command()
def frontier(
    case: CaseArgument,
    between: Annotated[
        tuple[str, str],
        typer.Option(
            "--between",
            metavar="ONE OTHER",
            help="Two criteria, as in objective.order: score change_of_group, for example.",
            show_default=False,
        ),
    ],
    points: Annotated[int, typer.Option("--points", min=2, max=1000, help="How many plans to look for.")] = 25,
    out: OutOption = None,
    rules: RulesOption = None,
    time_limit: LimitOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the plans that no other plan beats in both of two criteria: what one aim costs in terms of another."""
    _refuse_wrong_name(out, case)
    from grouping.frontier import NAMES, find_frontier, frontier_lines

    first, second = (name.strip().replace("-", "_") for name in between)
    for name in (first, second):
        if name not in NAMES:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(NAMES)}", param_hint="--between")
    if first == second:
        raise typer.BadParameter("name two different criteria", param_hint="--between")
    with told(as_json=as_json):
        with _solved(case, rules, time_limit) as solved:
            found = find_frontier(
                solved.ready.problem,
                solved.solution,
                first,
                second,
                most=points,
                clock=solved.clock,
                tell=lambda text: solved.tell("frontier", text),
            )
        _hand_over(found.table, frontier_lines(found), out, as_json=as_json)


@explore.command()
def prices(
    case: CaseArgument,
    pair: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--pair",
            metavar="A B",
            help="Only this: what it costs to put two practices together, or to keep them apart.",
            show_default=False,
        ),
    ] = None,
    out: OutOption = None,
    rules: RulesOption = None,
    time_limit: LimitOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what each rule costs: the best plan with the rule relaxed by a step, beside the best plan as it is."""
    _refuse_wrong_name(out, case)
    from grouping.near import near_plans
    from grouping.prices import price_pair, price_rules, prices_table

    with told(as_json=as_json):
        with _solved(case, rules, time_limit, pair) as solved:
            problem, solution = solved.ready.problem, solved.solution
            if pair is not None:
                two = _practices(solved.ready, pair)
                near = near_plans(solution, problem.rules.options.near / 4, clock=solved.clock)
                found = [price_pair(problem, solution, two, solved.names, near=near, clock=solved.clock)]
            else:
                found = price_rules(
                    problem,
                    solution,
                    solved.names,
                    sites=solved.ready.place.sites.sort_index(),
                    clock=solved.clock,
                    tell=lambda text: solved.tell("price", text),
                )
        table = prices_table(found)
        _hand_over(table, table["sentence"].tolist(), out, as_json=as_json)


@explore.command()
def why(
    case: CaseArgument,
    practices: Annotated[list[str], typer.Argument(metavar="CODE...", help="Practices of one group.")],
    rules: RulesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell why these practices are no group by themselves: each rule they break, with the figures."""
    from grouping.conflict import in_force, why_lines, why_not
    from grouping.pipeline import prepare
    from grouping.say import echo_json

    with told(as_json=as_json):
        with progress() as tell:
            ready = prepare(case, rules=rules, progress=tell)
        codes = [ready.problem.practice_codes[at] for at in _positions(ready, practices, "CODE")]
        sites = ready.place.sites.sort_index()
        names = {**sites["name"].astype(str).to_dict(), **ready.place.practices["name"].astype(str).to_dict()}
        found = why_not(ready.problem, codes, sites=sites, names=names, decisions=in_force(ready.decisions))
        lines = why_lines(ready.problem, codes, found, names)
        if as_json:
            echo_json({"practices": codes, "breaks": [{"rule": b.rule, "sentence": b.sentence} for b in found]})
            return
        for line in lines:
            typer.echo(line)


# --- What all of them do -----------------------------------------------------------------------------------------


@contextmanager
def _solved(
    case: Path, rules: str | None, time_limit: float | None, pair: tuple[str, str] | None = None
) -> Iterator[Solved]:
    """Read a case and find its best plan; in the block Ctrl-C ends what is looked for, not the command."""
    from grouping.optimise import solve_partition
    from grouping.partition.clock import Clock
    from grouping.pipeline import explains_no_plan, prepare
    from grouping.stopping import stops_on_interrupt

    with progress() as tell:
        ready = prepare(case, rules=rules, progress=tell)
        if pair is not None:
            _practices(ready, pair)  # what is wrong with it is told before the search
        clock = Clock(time_limit)
        with explains_no_plan(ready, tell), stops_on_interrupt(clock, tell):
            yield Solved(ready, solve_partition(ready.problem, clock=clock, progress=tell), clock, tell)


def _hand_over(table: pd.DataFrame, lines: Sequence[str], out: Path | None, *, as_json: bool) -> None:
    """Write the table if a file is wanted, and print it in words or as JSON."""
    from grouping.say import echo_json

    if out is not None:
        _write(table, out)
    if as_json:
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
        echo_json({"lines": list(lines), "rows": rows})
        return
    for line in lines:
        typer.echo(line)
    if out is not None:
        typer.echo(f"Table: {out}")


def _write(table: pd.DataFrame, out: Path) -> None:
    from geodata.errors import Finding, InputProblems
    from geodata.matrix_file import whole_file
    from grouping.writing import write_table

    try:
        with whole_file(out) as part:
            write_table(table, part)
    except OSError as problem:
        message = f"The file cannot be written ({problem.strerror or problem})."
        fix = "Close it in Excel, or name another file with --out."
        raise InputProblems([Finding("error", str(out), message, fix, code="cannot-write")]) from problem


def _refuse_wrong_name(out: Path | None, case: Path) -> None:
    if out is None:
        return
    if out.suffix.lower() != ".csv":
        raise typer.BadParameter(f"{out.name} must end with .csv", param_hint="--out")
    if out.is_dir():
        raise typer.BadParameter(f"{out} is a folder", param_hint="--out")
    folder = case if case.is_dir() else case.parent
    if out.exists() and folder.resolve() in out.resolve().parents:
        raise typer.BadParameter(f"{out} is a file of the case; choose another name", param_hint="--out")


def _practices(ready: Prepared, codes: tuple[str, str]) -> tuple[int, int]:
    """Positions of two practices; unknown codes are problems in the inputs, with the nearest known one."""
    from geodata.errors import Finding, InputProblems

    one, other = _positions(ready, codes, "--pair")
    if one == other:
        message = "this is twice the same practice"
        twice = Finding("error", "--pair", message, "Name two.", value=codes[0], code="unknown-practice")
        raise InputProblems([twice])
    return one, other


def _positions(ready: Prepared, codes: Sequence[str], where: str) -> list[int]:
    """Positions of practices; all unknown codes are told at once, each with the nearest known one."""
    from geodata.errors import Finding, InputProblems

    known = {code.upper(): position for position, code in enumerate(ready.problem.practice_codes)}
    wanted = [code.strip().upper() for code in codes]
    problems = []
    for code in wanted:
        if code not in known:
            near = get_close_matches(code, known, n=1)
            fix = f"Did you mean {near[0]}?" if near else "Use a code of the practices table."
            problems.append(
                Finding("error", where, "no practice has this code", fix, value=code, code="unknown-practice")
            )
    if problems:
        raise InputProblems(problems)
    return [known[code] for code in wanted]
