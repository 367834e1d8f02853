"""A second exact way to the best plan: a compact assignment model, as districting models after Hess (1965) state it.

It lists no groups. A group is known by its hub, since a hub belongs to one practice and a practice to one group:

=============  ====================================================================================
`y[s]`         1 if site s is a hub
`x[p, s]`      1 if practice p is in the group whose hub is s; the owner of s is in it: `x[o, s] = y[s]`
`rural[s]`     1 only if the share of rural patients of that group reaches the threshold
`short[s]`     patients missing to its minimum; `below[s]` is 1 if some are
`outside[s]`   patients outside its preferred range
`label[s, l]`  1 if l is the label with most patients of the group (localities, today's groups, systems)
`minority`     patients with any other label
=============  ====================================================================================

Each practice is in one group; sizes, drives, decisions and penalties are linear in these. Practices too far from each
other exclude each other by cliques. That groups hang together is asked for by cuts, added as long as a solution breaks
it (Carvajal and others 2013; Validi and Buchanan 2022): a practice in a group needs some practice of every set that
separates it from the owner of the hub. Shortfall, exceptions and score are minimised one after the other.

It is written from the definitions and shares only the data classes with the optimiser. What would make it more than
linear (`weights.worst_practice`, orders other than the default, limits of their own for rural groups' maximum or for
localities) it refuses.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import highspy
import numpy as np
import pulp

from grouping.problem import GroupingProblem

Groups = tuple[tuple[tuple[int, ...], int], ...]
Term = tuple[pulp.LpVariable, float]

IN_ORDER = ("shortfall", "exceptions", "score")
THOUSAND = 1000.0
"""Patients are counted in thousands, so that the coefficients of all rows are of a size."""


@dataclass(frozen=True)
class CompactAnswer:
    """What came out: `optimal`, `infeasible` or `stopped` (by the time limit), in that case with what is known.

    `stage` tells which of the criteria was being minimised when the time ran out, `bound` what is proven of it.
    """

    status: str
    stage: str = ""
    groups: Groups = ()
    values: dict[str, float] = field(default_factory=dict)
    bound: float = float("nan")
    cuts: int = 0
    seconds: float = 0.0


def solve_compact(problem: GroupingProblem, *, seconds: float | None = None, threads: int = 1) -> CompactAnswer:
    """The best plan by the compact model: groups with their hubs, and the value of each criterion.

    First a good plan is looked for with all criteria in one sum, because the shortfall alone hardly tells good groups
    from poor ones. Then each criterion is proven in its turn: its least value over what the cuts so far allow is a
    bound, and where the plan at hand reaches it nothing is left to prove.

    Parameters
    ----------
    problem
        The problem; see the module for the rules it cannot state.
    seconds
        Time limit for stating and solving together.
    threads
        Threads for HiGHS.
    """
    began = time.perf_counter()
    model = _Model(problem, None if seconds is None else began + seconds, threads)
    status, bound, name = model.look(), float("nan"), "a first plan"
    if status == "optimal":
        for name in IN_ORDER:
            status, bound = model.minimise(name)
            if status != "optimal":
                break
    done = status == "optimal"
    return CompactAnswer(
        status,
        "" if done else name,
        model.plan,
        model.values,
        model.values["score"] if done else bound,
        model.cuts,
        time.perf_counter() - began,
    )


class _Model:
    """The programme, its variables by name, and the cuts found so far."""

    def __init__(self, problem: GroupingProblem, ends: float | None, threads: int) -> None:
        _refuse(problem)
        self.ends, self.threads = ends, threads
        self.plan: Groups = ()
        self.values: dict[str, float] = {}
        self.problem, self.rules = problem, problem.rules
        self.count, self.sites = len(problem.practice_codes), [int(s) for s in np.flatnonzero(problem.hub_allowed)]
        self.owner = {s: int(problem.site_owner[s]) for s in self.sites}
        self.lists = problem.list_size / THOUSAND
        self.largest = self.rules.size.hard_maximum / THOUSAND
        self.near = self._compatible()
        self.borders = self._borders()
        self.lp = pulp.LpProblem("compact", pulp.LpMinimize)
        self.cuts = 0
        self.inside = {s: [p for p in range(self.count) if self._may_join(p, s)] for s in self.sites}
        self.sites = [s for s in self.sites if self.owner[s] in self.inside[s]]
        self.x = {
            (p, s): self._binary(f"in_{self._practice(p)}_{self._site(s)}") for s in self.sites for p in self.inside[s]
        }
        self.y = {s: self.x[self.owner[s], s] for s in self.sites}
        self.terms: dict[str, list[Term]] = {name: [] for name in IN_ORDER}
        self._cover()
        for s in self.sites:
            self._group(s)
        self._whole_plan()

    # ------------------------------------------------------------------------------------------------ small helpers

    def _practice(self, p: int) -> str:
        return f"{p}_{self.problem.practice_codes[p]}"

    def _site(self, s: int) -> str:
        return f"{s}_{self.problem.site_codes[s]}"

    def _binary(self, name: str) -> pulp.LpVariable:
        return self.lp.add_variable(name, cat="Binary")

    def _amount(self, name: str) -> pulp.LpVariable:
        return self.lp.add_variable(name, lowBound=0)

    def _row(self, terms: Sequence[Term], sense: str, limit: float, name: str) -> None:
        senses = {"<=": pulp.LpConstraintLE, ">=": pulp.LpConstraintGE, "=": pulp.LpConstraintEQ}
        self.lp.addConstraint(pulp.LpConstraint(_sum(terms), sense=senses[sense], rhs=limit), name)

    def _compatible(self) -> np.ndarray:
        limit = self.rules.access.max_minutes_between_members
        near = np.ones((self.count, self.count), bool)
        if limit > 0:
            near &= self.problem.between_practices <= limit
        if self.rules.locality.rule == "inside":
            labels = np.array(self.problem.locality, dtype=object)
            near &= (labels[:, None] == labels) | (labels[:, None] == "") | (labels == "")
        for p, q in self.problem.decided.apart:
            near[p, q] = near[q, p] = False
        np.fill_diagonal(near, True)
        return near

    def _borders(self) -> np.ndarray | None:
        """Borders that count; None where a group need not hang together."""
        rules = self.rules.contiguity
        if rules.rule == "none":
            return None
        if rules.max_minutes_over_border > 0:
            return self.problem.adjacency & (self.problem.between_practices <= rules.max_minutes_over_border)
        return self.problem.adjacency

    def _may_join(self, p: int, s: int) -> bool:
        """Whether practice p can be in the group of hub s at all."""
        owner, limit = self.owner[s], self.rules.access.max_minutes_to_hub
        if p != owner and (self.lists[p] > self.largest or self.lists[owner] > self.largest):
            return False  # above the maximum a practice stands alone
        if limit > 0 and self.problem.practice_to_site[p, s] > limit:
            return False
        return bool(self.near[p, owner]) and bool(np.isfinite(self.problem.patient_minutes[p, s]))

    # ---------------------------------------------------------------------------------------------------- the rows

    def _cover(self) -> None:
        for p in range(self.count):
            self._row([(self.x[p, s], 1) for s in self.sites if (p, s) in self.x], "=", 1, f"cover_{self._practice(p)}")

    def _group(self, s: int) -> None:
        """All about the group whose hub is s."""
        self._members(s)
        self._sizes(s)
        self._decisions(s)
        self._penalties(s)
        members = [(self.x[p, s], p) for p in self.inside[s]]
        weights, timed = self.rules.weights, float(self.problem.timed_patients.sum())
        self.terms["score"] += [(x, weights.minutes * self.problem.patient_minutes[p, s] / timed) for x, p in members]
        if weights.hub_cost > 0 and self.problem.hub_cost is not None:
            self.terms["score"].append((self.y[s], weights.hub_cost * self.problem.hub_cost[s] / self._everybody()))

    def _everybody(self) -> float:
        return float(self.problem.list_size.sum())

    def _members(self, s: int) -> None:
        y, owner, name = self.y[s], self.owner[s], self._site(s)
        others = [p for p in self.inside[s] if p != owner]
        for p in others:
            self._row([(self.x[p, s], 1), (y, -1)], "<=", 0, f"only_of_a_hub_{self._practice(p)}_{name}")
        for number, clique in enumerate(_cliques(~self.near, others)):
            terms = [(self.x[p, s], 1) for p in clique]
            self._row([*terms, (y, -1)], "<=", 0, f"too_far_{number}_{name}")
        if self.borders is not None:
            for p in others:
                self._separate(s, {p}, f"neighbour_{self._practice(p)}_{name}")
        size, practices = self.rules.size, [(self.x[p, s], 1.0) for p in self.inside[s]]
        if size.most_practices:
            self._row([*practices, (y, -size.most_practices)], "<=", 0, f"most_practices_{name}")
        if size.fewest_practices and self.lists[owner] <= self.largest:
            self._row([*practices, (y, -size.fewest_practices)], ">=", 0, f"fewest_practices_{name}")

    def _separate(self, s: int, part: set[int], name: str) -> None:
        """Practices that do not hold the owner of the hub need one of those around them."""
        around = {int(q) for p in part for q in np.flatnonzero(self.borders[p])} - part
        if self.owner[s] in around or self.owner[s] in part:
            return
        bridge = [(self.x[q, s], -1) for q in sorted(around) if (q, s) in self.x]
        for p in sorted(part):
            if (p, s) in self.x:
                self._row([(self.x[p, s], 1), *bridge], "<=", 0, f"{name}_{p}")

    def _sizes(self, s: int) -> None:
        size, y, name = self.rules.size, self.y[s], self._site(s)
        rural = self._binary(f"rural_{name}")
        short = self._amount(f"short_{name}")
        below = self._binary(f"below_{name}")
        outside = self._amount(f"outside_{name}")
        patients = [(self.x[p, s], self.lists[p]) for p in self.inside[s]]
        if self.lists[self.owner[s]] <= self.largest:
            self._row([*patients, (y, -self.largest)], "<=", 0, f"maximum_{name}")
        threshold = self.rules.rurality.threshold - 1e-9
        share = [
            (self.x[p, s], self.problem.rural_patients[p] / THOUSAND - threshold * self.lists[p])
            for p in self.inside[s]
        ]
        room = -sum(min(value, 0.0) for _, value in share)
        self._row([*share, (rural, -room)], ">=", -room, f"rural_share_{name}")
        self._row([(rural, 1), (y, -1)], "<=", 0, f"rural_only_of_a_hub_{name}")
        urban_minimum, rural_minimum = size.minimum_urban / THOUSAND, size.minimum_rural / THOUSAND
        ease = urban_minimum - rural_minimum
        self._row([*patients, (short, 1), (y, -urban_minimum), (rural, ease)], ">=", 0, f"minimum_{name}")
        self._row([(short, 1), (below, -max(urban_minimum, 1e-3))], "<=", 0, f"below_{name}")
        self._row([(below, 1), (y, -1)], "<=", 0, f"below_only_of_a_hub_{name}")
        urban, most = size.preferred_minimum_urban / THOUSAND, size.preferred_maximum / THOUSAND
        ease = urban - size.preferred_minimum_rural / THOUSAND
        self._row([*patients, (outside, 1), (y, -urban), (rural, ease)], ">=", 0, f"preferred_minimum_{name}")
        self._row([*patients, (outside, -1), (y, -most)], "<=", 0, f"preferred_maximum_{name}")
        self.terms["shortfall"].append((short, THOUSAND))
        self.terms["exceptions"].append((below, 1.0))
        weight = self.rules.weights.outside_preferred
        self.terms["score"].append((outside, weight * THOUSAND / self._everybody()))
        self._after_loss(s, [(y, -urban_minimum), (rural, urban_minimum - rural_minimum)], below)

    def _after_loss(self, s: int, minimum: Sequence[Term], below: pulp.LpVariable) -> None:
        """What is left without each practice that can be lost, beside the minimum (`minimum` holds its negative)."""
        rules, weight, name = self.rules.resilience, self.rules.weights.fragile, self._site(s)
        lost = [p for p in self.inside[s] if rules.loss_of == "any" or self._is_vulnerable(p)]
        patients = [(self.x[p, s], self.lists[p]) for p in self.inside[s]]
        room = max(self.rules.size.minimum_urban / THOUSAND, 1.0)
        if rules.keeps_share > 0 and self.lists[self.owner[s]] <= self.largest:
            # An exception is not asked; so that nothing else is called one, it misses at least one patient.
            most = self.largest + 1.0 / THOUSAND
            self._row([*patients, *minimum, (below, most)], "<=", self.largest, f"truly_below_{name}")
            for p in lost:
                share = [(variable, rules.keeps_share * value) for variable, value in minimum]
                terms = [*patients, *share, (self.x[p, s], -self.lists[p] - room), (below, room)]
                self._row(terms, ">=", -room, f"left_without_{p}_{name}")
        if weight > 0 and lost:
            fragile, counted = self._binary(f"fragile_{name}"), self._amount(f"fragile_patients_{name}")
            for p in lost:
                terms = [*patients, *minimum, (self.x[p, s], -self.lists[p] - room), (fragile, room)]
                self._row(terms, ">=", -room, f"fragile_without_{p}_{name}")
            most = max(self.largest, self.lists[self.owner[s]])
            self._row([*patients, (counted, -1), (fragile, most)], "<=", most, f"fragile_patients_{name}")
            self.terms["score"].append((counted, weight * THOUSAND / self._everybody()))

    def _is_vulnerable(self, p: int) -> bool:
        return self.problem.vulnerable is not None and bool(self.problem.vulnerable[p])

    def _decisions(self, s: int) -> None:
        name, tags, decided = self._site(s), self.problem.keep_together, self.problem.decided
        tagged = [[p for p, other in enumerate(tags) if other == tag] for tag in sorted(set(tags) - {""})]
        for number, together in enumerate([*tagged, *decided.together]):
            for p, q in pairwise(together):
                terms = [(self.x[p, s], 1)] if (p, s) in self.x else []
                terms += [(self.x[q, s], -1)] if (q, s) in self.x else []
                if terms:
                    self._row(terms, "=", 0, f"together_{number}_{p}_{q}_{name}")
        vulnerable, share = self.problem.vulnerable, self.rules.practices.most_vulnerable_share + 1e-9
        if vulnerable is not None and share < 1:
            terms = [(self.x[p, s], float(vulnerable[p]) - share) for p in self.inside[s]]
            self._row(terms, "<=", 0, f"vulnerable_{name}")
        mean = self.rules.access.max_mean_minutes_to_hub
        if mean > 0:
            minutes, timed = self.problem.patient_minutes[:, s], self.problem.timed_patients
            terms = [(self.x[p, s], (minutes[p] - (mean + 1e-9) * timed[p]) / THOUSAND) for p in self.inside[s]]
            self._row(terms, "<=", 0, f"mean_minutes_{name}")

    def _penalties(self, s: int) -> None:
        weights = self.rules.weights
        for what, weight, labels in (
            ("locality", weights.split_locality, self.problem.locality),
            ("today", weights.change_of_group, self.problem.current_group),
            ("system", weights.mixed_systems, self.problem.clinical_system),
        ):
            if weight > 0 and labels is not None and any(labels):
                minority = self._minority(s, what, labels)
                self.terms["score"].append((minority, weight * THOUSAND / self._everybody()))
        if weights.size_balance > 0:
            off = self._amount(f"off_middle_{self._site(s)}")
            size = self.rules.size
            middle = size.target or (size.preferred_minimum_urban + size.preferred_maximum) // 2
            patients = [(self.x[p, s], self.lists[p]) for p in self.inside[s]]
            for sign in (1, -1):
                terms = [(x, sign * value) for x, value in patients]
                above = [*terms, (self.y[s], -sign * middle / THOUSAND), (off, -1)]
                self._row(above, "<=", 0, f"off_middle_{'above' if sign > 0 else 'below'}_{self._site(s)}")
            self.terms["score"].append((off, weights.size_balance * THOUSAND / self._everybody()))

    def _minority(self, s: int, what: str, labels: Sequence[str]) -> pulp.LpVariable:
        """Patients who have a label that is not the one picked, which is best the largest."""
        name = f"{what}_{self._site(s)}"
        minority = self._amount(f"minority_{name}")
        there = sorted({labels[p] for p in self.inside[s]} - {""})
        picks = {label: self._binary(f"label_{number}_{name}") for number, label in enumerate(there)}
        if picks:
            self._row([*((pick, 1) for pick in picks.values()), (self.y[s], -1)], "=", 0, f"one_label_{name}")
        for number, (label, pick) in enumerate(picks.items()):
            others = [(self.x[p, s], self.lists[p]) for p in self.inside[s] if labels[p] not in {"", label}]
            room = min(self.largest, sum(value for _, value in others))
            # Without this label picked the row says nothing; without the hub nobody is there.
            terms = [*others, (minority, -1), (pick, room), (self.y[s], -room)]
            self._row(terms, "<=", 0, f"minority_{number}_{name}")
        return minority

    def _whole_plan(self) -> None:
        rules, hubs = self.rules, [(self.y[s], 1.0) for s in self.sites]
        limit = rules.exceptions.limit
        if limit is not None:
            self._row(self.terms["exceptions"], "<=", limit, "exceptions_at_most")
        if rules.groups.fewest:
            self._row(hubs, ">=", rules.groups.fewest, "fewest_groups")
        if rules.groups.most:
            self._row(hubs, "<=", rules.groups.most, "most_groups")
        if rules.hub.budget > 0 and self.problem.hub_cost is not None:
            terms = [(self.y[s], self.problem.hub_cost[s] / THOUSAND) for s in self.sites]
            self._row(terms, "<=", rules.hub.budget / THOUSAND, "hub_budget")

    # ------------------------------------------------------------------------------------------------------ solving

    def look(self) -> str:
        """A good plan to start from, by all criteria in one sum; `infeasible` if it is proven that there is none."""
        per_patient = _LOOK_PRICE / self._everybody()
        prices = {"shortfall": per_patient, "exceptions": 1_000 * per_patient, "score": 1.0}
        objective = [(v, factor * prices[name]) for name in IN_ORDER for v, factor in self.terms[name]]
        options = {"gapRel": 0.01, "mip_max_nodes": _LOOK_NODES}
        while True:
            status, _, groups = self._solve(objective, options)
            if groups and self._hang_together(groups):
                self._keep(groups)
                return "optimal"
            if status == "infeasible" or self._late():
                return status
            if not groups:
                options = {"gapRel": 0.01}

    def minimise(self, name: str) -> tuple[str, float]:
        """Prove the least value of one criterion, the ones before held: status and bound."""
        if self.values[name] == 0:  # none is ever negative
            self._hold(name)
            return "optimal", 0.0
        while True:
            status, bound, groups = self._solve(self.terms[name], {"gapRel": 0.0, "gapAbs": _CLOSE[name]})
            if status == "infeasible":  # cannot be: the plan at hand obeys all rows
                raise AssertionError("the plan at hand breaks a row of the model")
            if status != "optimal":
                self._keep_if_better(groups, name)
                return status, bound
            least = self._value(name)
            if least >= self.values[name] - _CLOSE[name] or self._keep_if_better(groups, name):
                self._hold(name)
                return "optimal", bound

    def _solve(self, terms: Sequence[Term], options: dict[str, float]) -> tuple[str, float, Groups]:
        """One run of HiGHS: status, bound and the groups of the solution, which may be in several pieces."""
        if self._late():
            return "stopped", float("nan"), ()
        left = None if self.ends is None else self.ends - time.perf_counter()
        self.lp.setObjective(_sum(terms))
        exact = {"mip_feasibility_tolerance": 1e-7, "random_seed": 0}
        solver = pulp.HiGHS(msg=False, threads=self.threads, timeLimit=left, **exact, **options)
        solver.createAndConfigureSolver(self.lp)
        solver.buildSolverModel(self.lp)
        model = self.lp.solverModel
        model.run()
        status, info = model.getModelStatus(), model.getInfo()
        if status in {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}:
            return "infeasible", float("inf"), ()
        done = "optimal" if status == highspy.HighsModelStatus.kOptimal else "stopped"
        if info.primal_solution_status != _FEASIBLE:
            return done, float(info.mip_dual_bound), ()
        self.solution = np.array(model.getSolution().col_value)
        return done, float(info.mip_dual_bound), self._groups()

    def _late(self) -> bool:
        return self.ends is not None and time.perf_counter() >= self.ends

    def _keep_if_better(self, groups: Groups, name: str) -> bool:
        """Take the solution of the last run if its groups hang together and it is better; whether they do."""
        whole = bool(groups) and self._hang_together(groups)
        if whole and self._value(name) < self.values[name]:
            self._keep(groups)
        return whole

    def _keep(self, groups: Groups) -> None:
        """Take the solution of the last run as the plan at hand."""
        if groups:
            self.plan = groups
            self.values = {name: self._value(name) for name in IN_ORDER}

    def _groups(self) -> Groups:
        found: dict[int, list[int]] = {}
        for (p, s), variable in self.x.items():
            if self.solution[variable.index] > 0.5:
                found.setdefault(s, []).append(p)
        return tuple(sorted((tuple(sorted(group)), s) for s, group in found.items()))

    def _hang_together(self, groups: Groups) -> bool:
        """Whether all groups are in one piece; every piece without the owner of its hub gets its cut, for every hub."""
        if self.borders is None:
            return True
        apart = [
            piece for group, s in groups for piece in _pieces(set(group), self.borders) if self.owner[s] not in piece
        ]
        for piece in apart:
            self.cuts += 1
            for hub in self.sites:
                self._separate(hub, piece, f"cut_{self.cuts}_{self._site(hub)}")
        return not apart

    def _value(self, name: str) -> float:
        value = float(sum(factor * self.solution[variable.index] for variable, factor in self.terms[name]))
        return value if name == "score" else float(round(value))

    def _hold(self, name: str) -> None:
        """Keep a criterion at the value of the plan at hand."""
        if name != "score":
            unit = THOUSAND if name == "shortfall" else 1.0
            terms = [(variable, factor / unit) for variable, factor in self.terms[name]]
            self._row(terms, "<=", (self.values[name] + 0.4) / unit, f"hold_{name}")


_FEASIBLE = 2
"""HiGHS's number for a primal solution that obeys all rows."""

_LOOK_PRICE = 3_000
"""Patient-minutes a missing patient costs in the first look."""

_LOOK_NODES = 20
"""Branch-and-bound nodes of the first look, as long as it finds plans."""

_CLOSE = {"shortfall": 0.4, "exceptions": 0.4, "score": 1e-7}
"""Differences below these count as none: two of the criteria are whole numbers."""


def _refuse(problem: GroupingProblem) -> None:
    """Stop at rules that the model cannot state."""
    rules, decided = problem.rules, problem.decided
    for broken in (
        rules.objective.order != IN_ORDER,
        rules.weights.worst_practice > 0,
        rules.size.hard_maximum_rural not in {0, rules.size.hard_maximum},
        bool(rules.size.locality),
        rules.locality.most_crossing >= 0,
        rules.size.minimum_rural > rules.size.minimum_urban,
        rules.size.preferred_minimum_rural > rules.size.preferred_minimum_urban,
        bool(decided.locked or decided.granted or decided.never_exception or decided.hubs),
    ):
        if broken:
            raise ValueError("a rule of this problem cannot be stated in the compact model")


def _sum(terms: Sequence[Term]) -> pulp.LpAffineExpression:
    """The sum of the terms; a variable may come more than once (`y[s]` is the `x` of its owner)."""
    total: dict[pulp.LpVariable, float] = {}
    for variable, factor in terms:
        total[variable] = total.get(variable, 0.0) + float(factor)
    return pulp.LpAffineExpression([(variable, factor) for variable, factor in total.items() if factor != 0])


def _cliques(conflict: np.ndarray, among: Sequence[int]) -> Iterator[list[int]]:
    """Sets of practices that all exclude each other, until every such pair is in one of them."""
    open_pairs = {(p, q) for p in among for q in among if p < q and conflict[p, q]}
    while open_pairs:
        p, q = min(open_pairs)
        clique = [p, q]
        for other in among:
            if other not in clique and all(conflict[other, member] for member in clique):
                clique.append(other)
        open_pairs -= {(a, b) for a in clique for b in clique}
        yield sorted(clique)


def _pieces(group: set[int], borders: np.ndarray) -> Iterator[set[int]]:
    left = set(group)
    while left:
        piece, todo = set(), [min(left)]
        while todo:
            here = todo.pop()
            if here in left:
                left.remove(here)
                piece.add(here)
                todo += [int(q) for q in np.flatnonzero(borders[here]) if q in left]
        yield piece
