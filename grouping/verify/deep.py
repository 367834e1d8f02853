"""The bound itself by an independent route: what `blueprint verify --deep` does.

Every group the rules allow is listed anew (`listing`), scored by other arithmetic (`scored`), and each stage of the
proof is settled over that list in two steps (`programme`):

1. the prices the run has kept prove a bound over all groups, by addition of whole numbers, no solver being trusted;
2. the groups that could be in a plan at least as good are few; an integer programme of its own shows the best of them.

Prices that are missing, or prove too little, are replaced by ones found here. Only groups that could be in a plan as
good as the one found are handed on to the next stage, which holds the value found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grouping.plan import Plan
from grouping.verify.compared import Nearly, agreement_faults
from grouping.verify.ground import Ground
from grouping.verify.ledger import Ledger
from grouping.verify.listing import DEEP_LIMIT
from grouping.verify.programme import Ints, Prices, Proven, Row, Settled, best_plan, bound_of, own_prices
from grouping.verify.recount import MOST_PLANS, once_each, plans_within, together_counts
from grouping.verify.scored import Scored, list_groups
from grouping.verify.stated import ROUNDED, WORDS, in_units, read_prices, searched, stages_of, step_of

FEW_LEFT = 20_000
"""So many groups are given to the integer programme even where only some of them could be in a better plan."""

MOST_LEFT = 100_000
"""More groups than these are not given to the integer programme before prices of its own have been tried."""

LARGEST_SLACK = 1
"""Whole units (milliseconds) by which a longest drive may be rounded otherwise."""

PROGRAMME_SECONDS = 300.0


def check_deep(
    proof: Mapping[str, Any] | None,
    plan: Plan,
    ground: Ground,
    solver: Mapping[str, Any],
    *,
    nearly: Nearly | None = None,
    at_most: int = DEEP_LIMIT,
) -> Ledger:
    """Prove anew that no plan is better than the one found.

    Parameters
    ----------
    proof
        The content of `proof.json`; None if it is missing.
    plan
        The first option.
    ground
        The inputs.
    solver
        What `run.json` says of the proof: `candidates`, `objective`, `bound`.
    nearly
        What the run says of the plans nearly as good, to be counted anew.
    at_most
        Most sets to list.

    Returns
    -------
    Ledger
        One claim about the list, and two about each stage: what the prices prove, and what the best is.

    Raises
    ------
    InputProblems
        The list would be too long.
    """
    ledger = Ledger()
    groups = list_groups(ground, at_most)
    claimed, no_list = solver.get("candidates"), searched(solver)
    lost = not no_list and claimed != len(groups)
    ledger.note(
        "figure",
        "every group the rules allow was listed",
        [f"the run lists {claimed} groups, listed anew there are {len(groups)}"] if lost else [],
        f"{len(groups):,} groups listed anew" + ("; the run searched them without a list" if no_list else ""),
    )
    chosen, lost = positions_of(plan, groups, ground)
    ledger.note(
        "figure",
        "the groups of the plan are among those listed",
        [f"{', '.join(lost)} are not"] if lost else [],
        f"{len(chosen)} groups",
    )
    if not lost:
        _Deep(ledger, ground, groups, chosen, solver, nearly).all_stages(proof)
    return ledger


def positions_of(plan: Plan, groups: Scored, ground: Ground) -> tuple[Ints, list[str]]:
    """Where a plan's groups (with their hubs) stand in the list, and the ids of those that are not in it."""
    at = {code: number for number, code in enumerate(ground.codes)}
    found, lost = [], []
    for group in plan.groups:
        row = np.zeros(len(ground.codes), np.uint8)
        row[[at[code] for code in group.members if code in at]] = 1
        site = ground.sites.index(group.hub_site_code) if group.hub_site_code in ground.sites else -1
        first = int(row.argmax())
        near = np.flatnonzero((groups.members[:, first] == 1) & (groups.hub == site))
        same = near[(groups.members[near] == row).all(axis=1)]
        if len(same):
            found.append(int(same[0]))
        else:
            lost.append(group.group_id)
    return np.array(found, np.int64), lost


@dataclass
class _Deep:
    """The stages one after the other: groups still possible, the plan's positions among them, and what is held."""

    ledger: Ledger
    ground: Ground
    groups: Scored
    plan: Ints
    solver: Mapping[str, Any]
    nearly: Nearly | None = None
    held: list[tuple[str, int]] = field(default_factory=list)
    before: list[str] = field(default_factory=list)

    def all_stages(self, proof: Mapping[str, Any] | None) -> None:
        order = self.ground.rules.objective.order
        stages = stages_of(proof)
        told = [str(stage.get("criterion")) for stage in stages]
        if proof is None and searched(self.solver):
            pass  # such a run has no prices to publish: all of them are found here
        elif proof is not None:
            wrong = (
                [] if told == list(order) else [f"it proves {', '.join(told)}; the rules ask for {', '.join(order)}"]
            )
            self.ledger.note("figure", "the proof has a stage for each criterion", wrong, ", ".join(order))
        else:
            self.ledger.note("figure", "the proof has a stage for each criterion", ["proof.json is missing"], "")
        for name in order:
            stage = next((one for one in stages if one.get("criterion") == name), None)
            if name == "longest_practice":
                self._largest(name, stage)
            else:
                self._sum(name, stage)
            self.before.append(name)

    # ------------------------------------------------------------------------------------------------------ criteria

    def _sum(self, name: str, stage: Mapping[str, Any] | None) -> None:
        members, adds, step = self.groups.members, self.groups.adds[name], step_of(name)
        value = self._value(name, int(adds[self.plan].sum()), stage)
        rows, slack = self._rows(), self._slack(name)
        told = proven = self._from_prices(name, adds * step, step, rows, stage)
        if proven is None and value == 0:
            nothing = Prices(np.zeros(members.shape[1], np.int64), (0,) * len(rows))
            proven = bound_of(members, adds * step, rows, nothing)
        if proven is None or (not _reaches(proven, value, step, slack) and len(_left(proven, value, step)) > MOST_LEFT):
            own = bound_of(members, adds * step, rows, own_prices(members, adds * step, rows, self.plan))
            proven = own if proven is None or own.bound > proven.bound else proven
        claimed = self._claimed_bound(name, stage)
        if claimed is None:
            self._settle(name, value, rows, proven)
        else:
            self._bound_only(name, claimed, rows, proven)
        if name == "score" and self.nearly is not None:
            self._count_near(value, rows, proven, self.nearly)
        kept = np.ones(len(adds), bool)
        for one in {id(proof): proof for proof in (told, proven) if proof is not None}.values():
            kept &= one.reduced <= value * step - one.bound + slack * step
        kept[self.plan] = True
        self.held.append((name, value))
        self._keep(kept)

    def _count_near(self, value: int, rows: list[Row], proven: Proven, nearly: Nearly) -> None:
        """Claim how many plans are nearly as good, and who is together in them, by counting all of them anew."""
        claim = f"{nearly.plans:,} plans lie within {nearly.covered:.4%} of the best score"
        passed_over = f"plans nearly as good were counted anew where there are at most {MOST_PLANS:,}"
        if nearly.plans > MOST_PLANS:
            self.ledger.note("figure", passed_over, [], f"{nearly.plans:,} were not")
            return
        limit = int(np.floor(value * (1.0 + nearly.covered) + 1e-6))
        members, adds = self.groups.members, self.groups.adds["score"]
        tried = plans_within(members, proven.reduced, max(limit - proven.bound, 0), 5 * MOST_PLANS)
        if tried is None:
            self.ledger.note("figure", passed_over, [], f"{5 * MOST_PLANS:,} had to be tried and more: they were not")
            return
        plans = [
            plan
            for plan in tried
            if int(adds[list(plan)].sum()) <= limit
            and all(int(row.adds[list(plan)].sum()) <= row.limit for row in rows)
        ]
        plans = once_each(members, plans)
        wrong = [f"counted anew there are {len(plans):,}"] if len(plans) != nearly.plans else []
        self.ledger.note("figure", claim, wrong, f"{len(plans):,} counted anew")
        counts = together_counts(members, plans)
        faults = agreement_faults(nearly.agreement, self.ground.codes, counts, max(len(plans), 1))
        told = [*faults[:3], f"and {len(faults) - 3:,} more"] if len(faults) > 3 else faults
        self.ledger.note(
            "figure",
            "who is together in which share of these plans",
            told,
            f"{len(nearly.agreement):,} pairs counted anew",
        )

    def _claimed_bound(self, name: str, stage: Mapping[str, Any] | None) -> int | None:
        """The bound that a stage claims which is not proven to the end; None where it claims to be the best."""
        if stage is not None:
            return None if stage.get("proven", True) else int(stage.get("bound") or 0) // step_of(name)
        if self.solver.get("status", "optimal") == "optimal":
            return None
        bound = self.solver.get("bound") if name == "score" else 0
        return int(float(bound or 0) * self.ground.units_per_minute)

    def _settle(self, name: str, value: int, rows: list[Row], proven: Proven) -> None:
        """Claim that no plan is better, by the bound or by an integer programme over the groups that are left."""
        adds, step, slack = self.groups.adds[name], step_of(name), self._slack(name)
        bound = _up(proven.bound, step)
        shown = f"it has {self._said(name, value)}, and by prices alone no plan has less than {self._said(name, bound)}"
        if bound >= value:
            self._best_claim(name, [], shown)
            return
        left, seconds = _left(proven, value, step), PROGRAMME_SECONDS
        if len(left) > FEW_LEFT:  # then only those that could be in a better one: the plan itself need not come out
            left = _left(proven, value - 1, step)
        answer = best_plan(self.groups.members[left], proven.shifted[left], _of(rows, left), seconds=seconds)
        shown += f"; {len(left):,} groups could be in a plan as good, and an integer programme over them finds "
        best, wrong = int(adds[left[answer.chosen]].sum()), []
        if answer.status == "open":
            wrong.append(f"the integer programme over {len(left):,} groups did not finish in {seconds:g} seconds")
        elif answer.status == "optimal" and best < value - slack:
            plan = "; ".join(" ".join(self._codes_of(at)) for at in left[answer.chosen])
            wrong.append(f"there is a plan with {self._said(name, best)}, not {self._said(name, value)}: {plan}")
        elif self._misses_the_plan(answer, left, best, value + slack):
            wrong.append("the integer programme overlooked the plan itself: the check cannot be relied on")
        self._best_claim(name, wrong, shown + (self._said(name, best) if answer.status == "optimal" else "none"))

    def _misses_the_plan(self, answer: Settled, left: Ints, best: int, value: int) -> bool:
        """Whether the programme did worse than the first option, although all its groups were among those given."""
        return bool(np.isin(self.plan, left).all()) and (answer.status == "none" or best > value)

    def _best_claim(self, name: str, wrong: list[str], shown: str) -> None:
        better = "scores better" if name == "score" else f"has fewer {WORDS[name]}"
        self.ledger.note("figure", f"no plan that keeps the rules{self._held_words()} {better}", wrong, shown)

    def _codes_of(self, group: int) -> list[str]:
        return [self.ground.codes[p] for p in np.flatnonzero(self.groups.members[group])]

    def _bound_only(self, name: str, claimed: int, rows: list[Row], proven: Proven) -> None:
        """Claim what a stage has proven that ran out of time: by prices, else over the groups below the bound."""
        step, slack, bound = step_of(name), self._slack(name), _up(proven.bound, step_of(name))
        words = (
            f"no plan that keeps the rules{self._held_words()} has less than {self._said(name, claimed)} {WORDS[name]}"
        )
        shown = f"the run had no time to prove more; by prices alone {self._said(name, bound)}"
        wrong = []
        if bound + slack < claimed:
            left = _left(proven, claimed - 1, step)
            answer = best_plan(
                self.groups.members[left], proven.shifted[left], _of(rows, left), seconds=PROGRAMME_SECONDS
            )
            shown += f"; an integer programme over {len(left):,} groups settles the rest"
            if answer.status == "open":
                wrong.append(f"the prices only prove {self._said(name, bound)}, and the rest was not settled in time")
            elif answer.status == "optimal" and (best := self._sum_of(name, left[answer.chosen])) < claimed - slack:
                wrong.append(f"there is a plan with {self._said(name, best)}")
        self.ledger.note("figure", words, wrong, shown)

    def _sum_of(self, name: str, groups: Ints) -> int:
        return int(self.groups.adds[name][groups].sum())

    def _largest(self, name: str, stage: Mapping[str, Any] | None) -> None:
        """A criterion of which the largest counts: no plan has groups that all stay below."""
        adds = self.groups.adds[name]
        value = self._value(name, int(adds[self.plan].max()), stage)
        proven = stage is None or bool(stage.get("proven", True))
        below = value - LARGEST_SLACK if proven else int(stage.get("bound") or 0)
        left = np.flatnonzero(adds < below)
        nothing = np.zeros(len(left), np.int64)
        seconds = PROGRAMME_SECONDS
        answer = best_plan(self.groups.members[left], nothing, _of(self._rows(), left), seconds=seconds)
        wrong = [] if answer.status == "none" else [f"there may be one over the {len(left):,} groups that have"]
        least = self._said(name, value if proven else below)
        claim = f"no plan that keeps the rules{self._held_words()} has less than {least} {WORDS[name]}"
        self.ledger.note("figure", claim, wrong, f"the {len(left):,} groups that have allow no plan")
        self._keep(adds <= value)

    # -------------------------------------------------------------------------------------------------------- claims

    def _value(self, name: str, value: int, stage: Mapping[str, Any] | None) -> int:
        """Compare what the proof says a plan has with what it has; returns the value that is held afterwards."""
        if stage is None:
            if name == "score" and "objective" in self.solver:
                wrong = self._against_record(value, None if self.solver.get("status") == "optimal" else 0)
                self.ledger.note("figure", "run.json speaks of this plan", wrong, self._said(name, value))
            return value
        slack, step, wrong = self._slack(name), step_of(name), []
        if stage.get("step") != step:
            wrong.append(f"its step is {stage.get('step')}, not {step}")
        claimed, bound = (in_units(stage.get(key), step) for key in ("value", "bound"))
        proven = bool(stage.get("proven", True))
        if claimed is None or (abs(claimed - value) > slack and not (claimed > value and not proven)):
            wrong.append(f"the proof says {claimed}, the plan gives {value}")
        if proven and (bound is None or abs(bound - value) > slack):
            wrong.append(f"a bound of {bound} does not prove a value of {value}")
        if name == "score":
            wrong += self._against_record(value, bound)
        self.ledger.note("figure", f"the proof speaks of this plan: {WORDS[name]}", wrong, self._said(name, value))
        return max(value, claimed) if claimed is not None and not proven else value

    def _against_record(self, value: int, bound: int | None) -> list[str]:
        """What `run.json` says of the score and its bound."""
        per_minute, wrong = self.ground.units_per_minute, []
        said = {"objective": value, "bound": value if bound is None else min(bound, value)}
        for key, units in said.items():
            told = self.solver.get(key)
            if key == "bound" and bound == 0:
                continue  # looked at by itself
            if told is None or abs(told - units / per_minute) > (self._slack("score") + 1) / per_minute:
                wrong.append(f"run.json says {key} {told}, the proof {units / per_minute:.6f}")
        return wrong

    def _from_prices(
        self, name: str, cost: Ints, step: int, rows: list[Row], stage: Mapping[str, Any] | None
    ) -> Proven | None:
        """What the prices of the run prove; None if there are none that can be read."""
        if stage is None:
            return None
        claim = f"the prices of the proof bear out its bound: {WORDS[name]}"
        try:
            prices, wrong = read_prices(stage, rows, self.ground.codes)
            stated = int(stage["bound_of_prices"])
        except (KeyError, TypeError, ValueError, OverflowError) as trouble:
            self.ledger.note("figure", claim, [f"the prices cannot be read ({trouble!r})"], "")
            return None
        if wrong:
            self.ledger.note("figure", claim, wrong, "")
            return None
        proven = bound_of(self.groups.members, cost, rows, prices)
        slack = self._slack(name) * step
        if abs(proven.stated - stated) > slack:
            wrong.append(f"they add up to {proven.stated:,}, not to {stated:,}")
        if proven.bound < stated - slack:
            wrong.append(
                f"{proven.negative:,} groups cost less than their prices, which leaves a bound of "
                f"{self._said(name, _up(proven.bound, step))}"
            )
        checked = f"{self._said(name, _up(proven.bound, step))}, over {len(cost):,} groups, added up in whole numbers"
        self.ledger.note("figure", claim, wrong, checked)
        return proven

    def _rows(self) -> list[Row]:
        """Limits on a plan as a whole, and what the earlier stages hold."""
        rules, adds, rows = self.ground.rules, self.groups.adds, []
        limit = 0 if rules.exceptions.policy == "forbidden" else rules.exceptions.at_most
        if limit >= 0:
            rows.append(Row("exceptions_at_most", adds["exceptions"], limit))
        if rules.locality.most_crossing >= 0:
            rows.append(Row("most_crossing", adds["crossing"], rules.locality.most_crossing))
        if rules.groups.fewest > 0:
            rows.append(Row("fewest_groups", -adds["groups"], -rules.groups.fewest))
        if rules.groups.most > 0:
            rows.append(Row("most_groups", adds["groups"], rules.groups.most))
        if rules.hub.budget > 0:
            rows.append(Row("hub_budget", adds["pence"], round(rules.hub.budget * 100)))
        return rows + [Row(f"held_{name}", adds[name], value) for name, value in self.held]

    def _slack(self, name: str) -> int:
        return len(self.ground.codes) if name in ROUNDED else 0

    def _held_words(self) -> str:
        """In which criteria other plans must be as good to be compared."""
        names = [name.replace("_", " ") for name in self.before]
        listed = " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
        return f" and is as good in {listed}" if names else ""

    def _said(self, name: str, units: float) -> str:
        """Whole units as a planner reads them."""
        if name == "score":
            return f"{units / self.ground.units_per_minute:.6f}"
        per = {"minutes": 1000.0, "worst_practice": 1000.0, "longest_practice": 60_000.0}.get(name)
        return f"{units / per:,.1f}" if per else f"{units:,}"

    def _keep(self, kept: np.ndarray) -> None:
        self.plan = (np.cumsum(kept) - 1)[self.plan]
        self.groups = self.groups.keep(kept)


def _up(bound: int, step: int) -> int:
    """A bound in units of the criterion: whole numbers are at least the next one."""
    return -(-bound // step)


def _reaches(proven: Proven | None, value: int, step: int, slack: int) -> bool:
    """Whether the bound alone leaves no room below a value."""
    return proven is not None and _up(proven.bound, step) >= value - slack


def _left(proven: Proven | None, value: int, step: int) -> Ints:
    """Groups that could be in a plan with a value of at most this."""
    return np.empty(0, np.int64) if proven is None else np.flatnonzero(proven.reduced <= value * step - proven.bound)


def _of(rows: Sequence[Row], ids: Ints) -> list[Row]:
    return [Row(row.name, row.adds[ids], row.limit) for row in rows]
