"""Small random problems for the brute-force tests: first with the plain rules, then with every kind of rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from grouping.problem import Decided, GroupingProblem, LockedGroup
from grouping.rules import RuleSet

AFTER_SCORE = ("longest_practice", "minutes", "groups", "worst_practice", "hub_cost")
BEFORE_SCORE = ("longest_practice", "groups", "split_locality", "change_of_group", "mixed_systems", "minutes")


def random_problem(seed: int, count: int) -> GroupingProblem:
    """A small problem with a random mixture of the plain rules (sizes, drives, hubs, exceptions, localities, tags)."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 30, (count, 2))
    distance = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    adjacency = np.triu((distance < rng.uniform(8, 25)) & (rng.random((count, count)) < 0.9), 1)
    adjacency |= adjacency.T
    lists = rng.integers(500, 9000, count).astype(np.int64)
    if rng.random() < 0.25:
        lists[rng.integers(count)] = 25_000
    shares = rng.choice([0.0, 1.0, -1.0], count)
    shares = np.where(shares < 0, rng.random(count), shares)
    owner = np.sort(np.r_[np.arange(count), rng.integers(0, count, count // 3)]).astype(np.int64)
    sites = xy[owner] + rng.normal(0, 2, (len(owner), 2))
    minutes = np.hypot(*(xy[:, None] - sites[None]).transpose(2, 0, 1)) + rng.uniform(0, 3, (count, len(owner)))
    timed = lists * np.where(rng.random(count) < 0.2, rng.random(count), 1.0)
    patient_minutes = minutes * timed[:, None]
    if rng.random() < 0.3:
        patient_minutes[rng.random(patient_minutes.shape) < 0.1] = np.inf
    between = np.maximum(distance, distance.T) * rng.uniform(1.0, 1.3)
    if rng.random() < 0.2:
        i, j = rng.integers(count, size=2)
        between[i, j] = between[j, i] = np.inf if i != j else 0.0
    tags = [""] * count
    if rng.random() < 0.3:
        for p in rng.choice(count, 2, replace=False):
            tags[p] = "together"
    return GroupingProblem(
        practice_codes=tuple(f"P{i:02d}" for i in range(count)),
        list_size=lists,
        rural_patients=shares * lists,
        timed_patients=timed,
        patient_minutes=patient_minutes,
        site_codes=tuple(f"S{i:02d}" for i in range(len(owner))),
        site_owner=owner,
        hub_allowed=rng.random(len(owner)) < rng.choice([0.7, 0.95, 1.0]),
        practice_to_site=minutes,
        between_practices=between,
        adjacency=adjacency,
        locality=tuple(rng.choice(["", "A", "B", "C"], count, p=[0.1, 0.3, 0.3, 0.3]).tolist()),
        current_group=tuple(rng.choice(["", "X", "Y"], count).tolist()),
        keep_together=tuple(tags),
        rules=random_rules(rng),
    )


def random_rules(rng: np.random.Generator) -> RuleSet:
    """Plain rules that bind on lists of a few thousand."""
    policy = rng.choice(["allowed", "allowed", "capped", "forbidden"])
    return RuleSet.model_validate(
        {
            "name": "random",
            "version": "1",
            "title": "random",
            "size": {
                "minimum_urban": int(rng.integers(6000, 11000)),
                "minimum_rural": int(rng.integers(3000, 7000)),
                "preferred_minimum_urban": 11_000,
                "preferred_minimum_rural": 8_000,
                "preferred_maximum": 14_000,
                "hard_maximum": int(rng.integers(14_000, 22_000)),
            },
            "rurality": {"threshold": float(rng.choice([0.3, 0.5, 0.7]))},
            "access": {
                "max_minutes_between_members": float(rng.choice([0, 15, 20, 30])),
                "max_minutes_to_hub": float(rng.choice([0, 0, 12, 20])),
            },
            "exceptions": {
                "policy": "forbidden" if policy == "forbidden" else "allowed",
                "at_most": int(rng.integers(0, 3)) if policy == "capped" else -1,
            },
            "locality": {"rule": str(rng.choice(["free", "free", "inside"]))},
            "weights": {
                "outside_preferred": float(rng.choice([0.0, 1.0])),
                "split_locality": float(rng.choice([0.0, 0.5, 3.0])),
                "change_of_group": float(rng.choice([0.0, 0.7])),
            },
        }
    )


# ------------------------------------------------------------------------------------------------ every kind of rule


def mixed_problem(seed: int, count: int) -> GroupingProblem:
    """A small problem with a random mixture of every kind of rule and decision.

    Minutes are whole milliseconds and pounds are whole, so that whole units of cost say the same as the words do.
    """
    base = random_problem(seed, count)
    rng = np.random.default_rng((seed, 5))
    base = replace(
        base,
        practice_to_site=np.round(base.practice_to_site * 60_000) / 60_000,
        patient_minutes=np.round(base.patient_minutes, 3),
        adjacency=_denser(base, rng),
        hub_allowed=np.where(rng.random(len(base.site_codes)) < 0.6, True, base.hub_allowed),
        vulnerable=rng.random(count) < 0.25 if rng.random() < 0.8 else None,
        clinical_system=tuple(rng.choice(["", "E", "T"], count, p=[0.1, 0.5, 0.4]).tolist())
        if rng.random() < 0.8
        else None,
        hub_cost=rng.choice([0.0, 10.0, 20.0, 40.0, 55.0], len(base.site_codes)) if rng.random() < 0.8 else None,
    )
    rules = with_losses(mixed_rules(base, rng), np.random.default_rng((seed, 8)))
    return _with_decisions(replace(base, rules=rules), rng)


def _denser(base: GroupingProblem, rng: np.random.Generator) -> np.ndarray:
    """More borders than the plain problems have, so that more of the mixtures leave a plan."""
    count = len(base.practice_codes)
    more = np.triu(rng.random((count, count)) < 0.4, 1)
    return base.adjacency | more | more.T


def mixed_rules(base: GroupingProblem, rng: np.random.Generator) -> RuleSet:
    """The plain rules of a problem with further ones switched on at random."""

    def now_and_then(value: object, otherwise: object, chance: float = 0.2) -> object:
        return value if rng.random() < chance else otherwise

    count, values = len(base.practice_codes), base.rules.model_dump()
    size, access = values["size"], values["access"]
    size["hard_maximum_rural"] = now_and_then(int(rng.integers(9_000, 24_000)), 0)
    size["target"] = now_and_then(int(rng.integers(6_000, 15_000)), 0, 0.4)
    size["fewest_practices"] = now_and_then(2, 0, 0.1)
    size["most_practices"] = now_and_then(int(rng.integers(2, 5)), 0)
    if rng.random() < 0.3:
        name = str(rng.choice(["A", "B"]))
        minimum = now_and_then(int(rng.integers(2_000, 13_000)), 0, 0.7)
        maximum = now_and_then(int(rng.integers(13_000, 26_000)), 0, 0.6)
        size["locality"] = {name: {"minimum": minimum, "maximum": maximum}}
    access["max_minutes_between_members"] = float(rng.choice([0, 0, 0, 18, 22, 30]))
    access["max_minutes_to_hub"] = float(rng.choice([0, 0, 0, 0, 16, 22]))
    access["max_mean_minutes_to_hub"] = float(rng.choice([0, 0, 0, 0, 0, 6, 9, 12]))
    values["contiguity"]["rule"] = now_and_then("none", "catchments")
    values["contiguity"]["max_minutes_over_border"] = now_and_then(float(rng.integers(8, 25)), 0.0, 0.25)
    policy = rng.choice(["allowed", "allowed", "allowed", "allowed", "capped", "capped", "forbidden"])
    values["exceptions"]["policy"] = "forbidden" if policy == "forbidden" else "allowed"
    values["exceptions"]["at_most"] = int(rng.integers(0, 5)) if policy == "capped" else -1
    if base.hub_cost is not None and rng.random() < 0.35:
        values["hub"]["budget"] = float(rng.integers(3, 12) * 5 * count // 2)
    values["locality"]["rule"] = now_and_then("inside", "free", 0.1)
    values["locality"]["most_crossing"] = now_and_then(int(rng.integers(0, 4)), -1, 0.25)
    values["groups"]["fewest"] = now_and_then(int(rng.integers(2, max(3, count - 1))), 0, 0.15)
    values["groups"]["most"] = now_and_then(max(values["groups"]["fewest"], int(rng.integers(2, count))), 0, 0.15)
    values["practices"]["most_vulnerable_share"] = now_and_then(float(rng.choice([0.34, 0.5, 0.67])), 1.0, 0.2)
    values["weights"] = {
        "minutes": float(rng.choice([1.0, 1.0, 1.0, 0.0, 2.5])),
        "outside_preferred": float(rng.choice([0.0, 1.0])),
        "split_locality": float(rng.choice([0.0, 0.5, 3.0])),
        "change_of_group": float(rng.choice([0.0, 2.0, 20.0])),
        "mixed_systems": float(rng.choice([0.0, 0.0, 0.4, 6.0])),
        "worst_practice": float(rng.choice([0.0, 0.0, 0.3, 1.0])),
        "size_balance": float(rng.choice([0.0, 0.0, 0.2, 3.0])),
        "hub_cost": float(rng.choice([0.0, 0.0, 100.0, 2_000.0])),
    }
    values["objective"]["order"] = _order(rng)
    return RuleSet.model_validate(values)


def with_losses(rules: RuleSet, rng: np.random.Generator, *, in_order: bool = True) -> RuleSet:
    """The rules with a limit on what a loss may leave, a weight on it and a place in the order now and then."""
    values = rules.model_dump()
    values["resilience"] = {
        "loss_of": str(rng.choice(["vulnerable", "any"])),
        "keeps_share": float(rng.choice([0.2, 0.45, 1.0])) if rng.random() < 0.25 else 0.0,
    }
    values["weights"]["fragile"] = float(rng.choice([0.0, 0.0, 0.0, 3.0, 30.0]))
    if in_order and rng.random() < 0.15:
        order = list(values["objective"]["order"])
        order.insert(int(rng.integers(0, len(order) + 1)), "fragile")
        values["objective"]["order"] = tuple(order)
    return RuleSet.model_validate(values)


def _order(rng: np.random.Generator) -> tuple[str, ...]:
    """What is minimised first, next and last: mostly as it is by default, with something more before or after."""
    kind = rng.choice(["default", "default", "after", "before", "shuffled"])
    if kind == "after":
        return ("shortfall", "exceptions", "score", str(rng.choice(AFTER_SCORE)))
    if kind == "before":
        return ("shortfall", "exceptions", str(rng.choice(BEFORE_SCORE)), "score")
    if kind == "shuffled":
        names = ["shortfall", "exceptions", "score", *rng.choice(BEFORE_SCORE, 2, replace=False).tolist()]
        return tuple(str(name) for name in rng.permutation(names))
    return ("shortfall", "exceptions", "score")


def _with_decisions(problem: GroupingProblem, rng: np.random.Generator) -> GroupingProblem:
    """Decisions of every kind, none of which contradicts another."""
    count = len(problem.practice_codes)
    tagged = {p for p, tag in enumerate(problem.keep_together) if tag}
    free = [int(p) for p in rng.permutation(count) if p not in tagged]

    def take(number: int) -> tuple[int, ...]:
        taken, free[:] = tuple(sorted(free[:number])), free[number:]
        return taken

    found: dict[str, tuple] = {}
    if rng.random() < 0.2 and (locked := _locked(problem, take(int(rng.integers(1, 4))), rng)):
        found["locked"] = (locked,)
    if rng.random() < 0.3 and len(free) >= 2:
        found["granted"] = ((_near(problem, free, rng, alone=0.4), "agreed with the practices"),)
        free = [p for p in free if p not in found["granted"][0][0]]
    if rng.random() < 0.2 and len(free) >= 1:
        found["never_exception"] = take(int(rng.integers(1, 3)))
    if rng.random() < 0.2 and len(free) >= 3:
        found["apart"] = (take(2),)
    if rng.random() < 0.2 and len(free) >= 2:
        found["together"] = (_near(problem, free, rng),)
        free = [p for p in free if p not in found["together"][0]]
    kept = {p for group in found.get("locked", ()) if group.hub >= 0 for p in group.members}
    sites = [s for s, owner in enumerate(problem.site_owner) if problem.hub_allowed[s] and owner not in kept]
    if rng.random() < 0.2 and sites:
        found["hubs"] = tuple(sorted(int(s) for s in rng.permutation(sites)[: rng.integers(1, 3)]))
    found["granted"] = tuple((tuple(sorted(group)), reason) for group, reason in found.get("granted", ()))
    return replace(problem, decided=Decided(**found))


def _near(problem: GroupingProblem, free: list[int], rng: np.random.Generator, alone: float = 0.0) -> tuple[int, ...]:
    """A practice and the one or two others of those free that are nearest to it; now and then nobody else."""
    if rng.random() < alone:
        return (free[0],)
    first = free[0]
    others = sorted(free[1:], key=lambda p: (problem.between_practices[first, p], p))
    return tuple(sorted([first, *others[: int(rng.integers(1, 3))]]))


def _locked(problem: GroupingProblem, members: tuple[int, ...], rng: np.random.Generator) -> LockedGroup | None:
    """A group that stands as it is, if all its patients reach the sites that could be its hub."""
    own = [s for s, owner in enumerate(problem.site_owner) if owner in members]
    if not members or not np.isfinite(problem.patient_minutes[np.ix_(members, own)]).all():
        return None
    return LockedGroup(members, int(rng.choice(own)) if rng.random() < 0.5 else -1, "it works well")


# ------------------------------------------------------------------------------------- each kind of rule, taken away


def _rules(section: str, **values: object) -> Callable[[GroupingProblem], GroupingProblem]:
    def change(problem: GroupingProblem) -> GroupingProblem:
        changed = getattr(problem.rules, section).model_copy(update=values)
        return replace(problem, rules=problem.rules.model_copy(update={section: changed}))

    return change


def _decided(**values: object) -> Callable[[GroupingProblem], GroupingProblem]:
    return lambda problem: replace(problem, decided=replace(problem.decided, **values))


WITHOUT: dict[str, Callable[[GroupingProblem], GroupingProblem]] = {
    "size.minimum": _rules("size", minimum_urban=0, minimum_rural=0),
    "size.maximum": _rules("size", hard_maximum=10**9),
    "size.hard_maximum_rural": _rules("size", hard_maximum_rural=0),
    "size.locality": _rules("size", locality={}),
    "size.fewest_practices": _rules("size", fewest_practices=0),
    "size.most_practices": _rules("size", most_practices=0),
    "access.between": _rules("access", max_minutes_between_members=0.0),
    "access.to_hub": _rules("access", max_minutes_to_hub=0.0),
    "access.mean_to_hub": _rules("access", max_mean_minutes_to_hub=0.0),
    "contiguity.catchments": _rules("contiguity", rule="none"),
    "contiguity.over_border": _rules("contiguity", max_minutes_over_border=0.0),
    "exceptions": _rules("exceptions", policy="allowed", at_most=-1),
    "hub.allowed": lambda problem: replace(problem, hub_allowed=np.ones(len(problem.site_codes), bool)),
    "hub.budget": _rules("hub", budget=0.0),
    "locality.inside": _rules("locality", rule="free"),
    "locality.most_crossing": _rules("locality", most_crossing=-1),
    "groups.fewest": _rules("groups", fewest=0),
    "groups.most": _rules("groups", most=0),
    "practices.vulnerable": _rules("practices", most_vulnerable_share=1.0),
    "resilience.keeps_share": _rules("resilience", keeps_share=0.0),
    "keep_together": lambda problem: replace(problem, keep_together=("",) * len(problem.practice_codes)),
    "decided.together": _decided(together=()),
    "decided.apart": _decided(apart=()),
    "decided.locked": _decided(locked=()),
    "decided.granted": _decided(granted=()),
    "decided.never_exception": _decided(never_exception=()),
    "decided.hubs": _decided(hubs=()),
    "objective.order": _rules("objective", order=("shortfall", "exceptions", "score")),
    **{
        f"weights.{name}": _rules("weights", **{name: 1.0 if name == "minutes" else 0.0})
        for name in (
            "minutes",
            "outside_preferred",
            "split_locality",
            "change_of_group",
            "mixed_systems",
            "worst_practice",
            "size_balance",
            "hub_cost",
            "fragile",
        )
    },
}
"""By kind of rule: the same problem as if nobody had stated it."""


def stated(problem: GroupingProblem) -> list[str]:
    """The kinds of rule that the problem states, whether or not they stand in a plan's way."""
    r, decided = problem.rules, problem.decided
    return [kind for kind, states in _states(problem, r, decided).items() if states]


def _states(problem: GroupingProblem, r: RuleSet, decided: Decided) -> dict[str, bool]:
    return {
        "size.minimum": True,
        "size.maximum": True,
        "size.hard_maximum_rural": r.size.hard_maximum_rural > 0,
        "size.locality": bool(r.size.locality),
        "size.fewest_practices": r.size.fewest_practices > 0,
        "size.most_practices": r.size.most_practices > 0,
        "access.between": r.access.max_minutes_between_members > 0,
        "access.to_hub": r.access.max_minutes_to_hub > 0,
        "access.mean_to_hub": r.access.max_mean_minutes_to_hub > 0,
        "contiguity.catchments": r.contiguity.rule == "catchments",
        "contiguity.over_border": r.contiguity.rule == "catchments" and r.contiguity.max_minutes_over_border > 0,
        "exceptions": r.exceptions.policy == "forbidden" or r.exceptions.at_most >= 0,
        "hub.allowed": not problem.hub_allowed.all(),
        "hub.budget": r.hub.budget > 0,
        "locality.inside": r.locality.rule == "inside",
        "locality.most_crossing": r.locality.most_crossing >= 0,
        "groups.fewest": r.groups.fewest > 0,
        "groups.most": r.groups.most > 0,
        "practices.vulnerable": problem.vulnerable is not None and r.practices.most_vulnerable_share < 1,
        "resilience.keeps_share": r.resilience.keeps_share > 0 and _somebody_to_lose(problem),
        "keep_together": any(problem.keep_together),
        "decided.together": bool(decided.together),
        "decided.apart": bool(decided.apart),
        "decided.locked": bool(decided.locked),
        "decided.granted": bool(decided.granted),
        "decided.never_exception": bool(decided.never_exception),
        "decided.hubs": bool(decided.hubs),
        "objective.order": r.objective.order != ("shortfall", "exceptions", "score"),
        "weights.minutes": r.weights.minutes != 1.0,
        "weights.outside_preferred": r.weights.outside_preferred > 0,
        "weights.split_locality": r.weights.split_locality > 0,
        "weights.change_of_group": r.weights.change_of_group > 0,
        "weights.mixed_systems": r.weights.mixed_systems > 0 and problem.clinical_system is not None,
        "weights.worst_practice": r.weights.worst_practice > 0,
        "weights.size_balance": r.weights.size_balance > 0,
        "weights.hub_cost": r.weights.hub_cost > 0 and problem.hub_cost is not None,
        "weights.fragile": r.weights.fragile > 0 and _somebody_to_lose(problem),
    }


def _somebody_to_lose(problem: GroupingProblem) -> bool:
    return problem.rules.resilience.loss_of == "any" or problem.vulnerable is not None
