"""What was proven, as plain values: the certificate (for `run.json`) and the prices behind it (for `proof.json`).

`proof.json` holds, for each stage of `objective.order`, the prices that prove its bound. Anybody can check them without
a solver. Let a group cost `step` x its criterion (for `score`: its cost in units, `cost_units_per_minute` to a minute
per patient). Its reduced cost is that less the prices of its practices, less price x coefficient of each row, less the
price of each cut of which it holds two practices or more. If no reduced cost is negative, and no price of a row or cut
is above 0, then every plan costs at least

    bound_of_prices  =  sum of prices  +  sum of limit x price over rows  +  sum of prices of cuts.

The groups of a stage are: all groups listed at the first; after it those whose reduced cost was at most
`value - bound_of_prices` (the others can be in no plan as good as the one found). `longest_practice` has no prices:
after it the groups stay whose own longest drive is at most its value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grouping.stages import UNIT, Stage, natural

if TYPE_CHECKING:
    from grouping.stages import Work


def certificate_of(work: Work, *, ties: str, programme: int) -> dict[str, Any]:
    """The certificate as JSON-able values; counts are groups, values and bounds are in the unit named beside them.

    Parameters
    ----------
    work
        The stages, all run.
    ties
        What is known of other plans that are exactly as good.
    programme
        Groups in the final programme of the score.
    """
    listed = work.listed
    root = work.scored.found.root.value
    return {
        "order": list(work.problem.rules.objective.order),
        "groups_listed": len(listed),
        "below_their_minimum": int(listed.exception.sum()),
        "left_out": {reason: int(number) for reason, number in listed.left_out.items()},
        "limits_on_the_plan": [{"name": row.name, "limit": int(row.limit)} for row in work.rows],
        "stages": [_stage(work, stage) for stage in work.stages],
        "relaxation_bound": max(root, 0) / listed.units_per_minute,
        "final_programme": programme,
        "ties": ties,
        "proven": work.proven,
        "ended_by": None if work.proven else "stopped by hand" if work.clock.stopped else "time limit",
    }


def _stage(work: Work, stage: Stage) -> dict[str, Any]:
    """One stage, in what a planner reads."""
    per = natural(stage.criterion, work.listed)
    return {
        "criterion": stage.criterion,
        "unit": UNIT[stage.criterion],
        "value": _plain(stage.value, per),
        "bound": _plain(stage.bound, per),
        "proven": stage.proven,
        "how": stage.how,
        "groups_before": stage.before,
        "groups_after": stage.after,
        "cuts": stage.cuts,
        "branches": stage.branches,
        "rounds_of_pricing": stage.rounds,
        "programme": stage.programme,
        "solver_bound": None if stage.solver_bound is None else stage.solver_bound / per,
        "bound_of_prices": None if stage.proof is None else stage.proof.value / stage.step / per,
    }


def _plain(value: int, per: float) -> int | float:
    """A count as it is, what has a unit of its own divided by it."""
    return value if per == 1.0 else value / per


def proof_of(work: Work) -> dict[str, Any]:
    """The prices of every stage as JSON-able values, in the whole numbers in which they can be checked."""
    return {
        "order": list(work.problem.rules.objective.order),
        "cost_units_per_minute": work.listed.units_per_minute,
        "stages": [_priced(work, stage) for stage in work.stages],
    }


def _priced(work: Work, stage: Stage) -> dict[str, Any]:
    proof, codes = stage.proof, work.names
    record: dict[str, Any] = {
        "criterion": stage.criterion,
        "value": stage.value * stage.step,
        "bound": stage.bound * stage.step,
        "step": stage.step,
        "proven": stage.proven,
        "prices": {},
        "rows": [],
        "cuts": [],
        "bound_of_prices": None,
    }
    if proof is None:
        return record
    record["prices"] = dict(zip(codes, proof.prices.tolist(), strict=True))
    record["rows"] = [
        {"name": name, "limit": int(limit), "price": price}
        for (name, limit), price in zip(stage.rows, proof.row_prices.tolist(), strict=True)
    ]
    record["cuts"] = [
        {"practices": [codes[p] for p in triple], "price": price}
        for triple, price in zip(proof.cuts, proof.cut_prices.tolist(), strict=True)
    ]
    record["bound_of_prices"] = proof.value
    return record
