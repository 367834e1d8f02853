"""Real Dorset: every practice hands back its contract once, and every patient is counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grouping.assess import assess
from grouping.pipeline import prepare
from grouping.plan import Plan
from grouping.programme.ground import Ground
from grouping.resilience import resilience_of
from grouping.resilience.assemble import WorkedOut, worked_out
from grouping.result import OptionPlan, Run
from tests.grouping.resilience.made import by_locality
from tests.real_cases import write_dorset_2016_case

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def dorset(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """The thirteen localities as groups."""
    ready = prepare(write_dorset_2016_case(shared_data, tmp_path_factory.mktemp("dorset")), listing=False)
    plan = Plan.from_groups(by_locality(ready.problem))
    made = (ready.problem, ready.place, ready.times, ready.edges)
    option = assess(OptionPlan("scored", plan, 0.0), *made, journeys=ready.journeys, by_hand=True)
    run = Run("r", ready.place, ready.times, ready.rules, ready.edges, (option,), None, problem=ready.problem)
    return Ground(run, option)


@pytest.fixture(scope="module")
def tested(dorset: Ground) -> WorkedOut:
    return worked_out(dorset)


def test_patients_of_all_98_failures_are_conserved(dorset: Ground, tested: WorkedOut) -> None:
    lists = dorset.lists.to_numpy(float)
    assert len(tested.single.failures) == 98
    for outcome in (tested.single.outcome, tested.single.unlimited):
        placing = outcome.placing
        counted = placing.received().sum(axis=1) + placing.without + placing.not_timed
        np.testing.assert_allclose(counted, lists, rtol=0, atol=1e-9 * lists.max())
    after = tested.single.outcome.after.lists.sum(axis=1)
    gone = tested.single.outcome.placing.without + tested.single.outcome.placing.not_timed
    np.testing.assert_allclose(after + gone, lists.sum(), rtol=1e-12)


def test_no_practice_takes_more_than_its_places(tested: WorkedOut) -> None:
    placing = tested.single.outcome.placing
    assert (placing.received() <= tested.facts.places + 1e-9).all()
    assert (placing.after[placing.placed] <= 30).all()


def test_every_failure_is_told_and_no_pairs_are_made_up(dorset: Ground) -> None:
    found = resilience_of(dorset)
    assert len(found.table("resilience-failures").table) == 98
    assert len(found.table("resilience-groups").table) == 13
    assert found.table("resilience-pairs") is None
    assert "is not known here" in found.lines[2]
    assert 0 < found.broken_patients <= 788_645
