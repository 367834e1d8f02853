"""Ctrl-C and time limits: what is left is a plan like any other, with an honest gap, or nothing at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.made_up import made_up_problem
from geodata.demo import write_demo_case
from grouping.candidates import list_candidates
from grouping.cli import app
from grouping.optimise import solve_partition
from grouping.options import find_options
from grouping.partition.clock import Clock
from grouping.partition.columns import Columns
from grouping.partition.pricing import Relaxation
from grouping.partition.programme import solve_programme
from grouping.stopping import stops_on_interrupt

windows = pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent Ctrl-C there")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo_case(tmp_path_factory.mktemp("stopped") / "case")


def interrupted(case: Path, out: Path, *, when: str, times: int, options: int = 5) -> tuple[int, str]:
    """Run the command, send Ctrl-C as soon as a line says `when`; exit code and what was said."""
    command = [sys.executable, "-m", "grouping", "run", str(case), "--out", str(out), "--options", str(options)]
    said: list[str] = []
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=dict(os.environ)
    ) as process:
        for line in process.stderr:
            said.append(line)
            if when in line:
                process.send_signal(signal.SIGINT)
                if times > 1:
                    when = "Stopping"
                    times -= 1
                else:
                    when = "\0"
        said.append(process.stdout.read())
        return process.wait(), "".join(said)


@windows
def test_the_first_ctrl_c_leaves_a_checked_plan(case: Path, tmp_path: Path) -> None:
    code, said = interrupted(case, tmp_path / "run", when="looking for a first good plan", times=1)
    assert code == 0, said
    assert "Stopping: the best plan so far will be checked and written" in said
    assert "not proven: the search was stopped by hand" in said
    solver = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["solver"]
    assert solver["status"] == "feasible"
    assert solver["certificate"]["ended_by"] == "stopped by hand"
    assert 0 < solver["bound"] < solver["objective"]
    assert 0 < solver["gap"] < 1
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "The search was stopped by hand" in page
    checked = CliRunner().invoke(app, ["verify", str(tmp_path / "run"), "--case", str(case)])
    assert checked.exit_code == 0, checked.output


@windows
def test_the_second_ctrl_c_leaves_nothing(case: Path, tmp_path: Path) -> None:
    code, said = interrupted(case, tmp_path / "run", when="looking for a first good plan", times=2)
    assert code == 1, said
    assert "Nothing was written" in said
    assert list(tmp_path.iterdir()) == []


def test_a_limit_of_a_second_leaves_a_verified_plan(case: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = CliRunner().invoke(app, ["run", str(case), "--out", str(out), "--time-limit", "1", "--explain"])
    assert done.exit_code == 0, done.output
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["options"][0]["verified"]
    assert record["solver"]["bound"] <= record["solver"]["objective"]
    assert "How this was found, and what is proven:" in done.output
    assert (out / "proof.json").is_file()


@windows
def test_ctrl_c_is_given_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    clock, told = Clock(), []
    with stops_on_interrupt(clock, lambda stage, detail: told.append(stage)):
        assert not clock.over
        os.kill(os.getpid(), signal.SIGINT)
        assert clock.stopped
        assert clock.over
        assert clock.left() == 0
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert told == ["Stopping"]
    assert signal.getsignal(signal.SIGINT) is before


@windows
def test_only_the_main_thread_listens() -> None:
    seen = []

    def work() -> None:
        with stops_on_interrupt(Clock()):
            seen.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


class Impatient(Clock):
    """Over as soon as it has been asked a few times: in the middle of a run of HiGHS."""

    def __init__(self, patience: int) -> None:
        super().__init__()
        self.patience = patience

    @property
    def over(self) -> bool:
        self.patience -= 1
        return self.patience < 0


@pytest.fixture(scope="module")
def columns() -> Columns:
    listed = list_candidates(made_up_problem(4))
    return Columns(96, listed.members, listed.starts, listed.cost)


def test_highs_stops_in_the_middle_of_a_relaxation_with_a_bound(columns: Columns) -> None:
    whole = Relaxation(columns)
    best = whole.solve()
    relaxation = Relaxation(columns)
    short = relaxation.solve(clock=Impatient(20))
    assert relaxation.rounds < whole.rounds
    prices = np.add.reduceat(short.prices[columns.members], columns.starts[:-1])
    np.testing.assert_array_equal(columns.cost - prices, short.reduced)
    assert short.reduced.min() >= 0
    assert 0 < short.value < best.value


def test_highs_stops_in_the_middle_of_the_final_programme(columns: Columns) -> None:
    few = columns.take(np.flatnonzero(Relaxation(columns).solve().reduced < 2_000_000_000 // 96))
    names = [f"P{p}" for p in range(96)]
    done = solve_programme(few, names, few.cost / 1000)
    assert done.status == "optimal"
    clock = Impatient(3)
    assert solve_programme(few, names, few.cost / 1000, clock=clock).status == "stopped"
    assert clock.patience < 0


def test_no_time_at_all_still_gives_groups_and_a_bound() -> None:
    problem = made_up_problem(1)
    best = solve_partition(problem)
    hurried = solve_partition(problem, clock=Clock(0.0))
    assert hurried.status == "feasible"
    alone = int(np.maximum(0, problem.rules.size.minimum_rural - problem.list_size).sum())
    assert hurried.shortfall < alone / 10
    assert hurried.bound <= best.objective
    assert hurried.bound > 0.5 * best.objective


def test_a_stopped_search_for_options_keeps_those_found() -> None:
    clock = Clock()

    def tell(stage: str, detail: str) -> None:
        if stage == "options":
            clock.stop()

    options, report = find_options(made_up_problem(1), count=5, clock=clock, progress=tell)
    assert 1 <= len(options) < 5
    assert report.status == "optimal"
