"""The deep check's inputs made from an optimiser's problem, for tests on problems that have no place."""

from __future__ import annotations

import numpy as np

from grouping.problem import GroupingProblem
from grouping.verify.ground import Ground


def ground_of(problem: GroupingProblem) -> Ground:
    """The same problem as the deep check reads it."""
    count, decided, contiguity = len(problem.practice_codes), problem.decided, problem.rules.contiguity
    limit = contiguity.max_minutes_over_border
    borders = tuple(
        (a, b)
        for a in range(count)
        for b in range(a + 1, count)
        if problem.adjacency[a, b] and not (limit and problem.between_practices[a, b] > limit)
    )
    tags = sorted({tag for tag in problem.keep_together if tag})
    tagged = [frozenset(p for p in range(count) if problem.keep_together[p] == tag) for tag in tags]
    none = ("",) * count
    return Ground(
        codes=problem.practice_codes,
        sites=problem.site_codes,
        list_size=problem.list_size,
        rural=problem.rural_patients,
        timed=problem.timed_patients,
        minutes=problem.patient_minutes,
        drive=problem.practice_to_site,
        between=problem.between_practices,
        borders=None if contiguity.rule == "none" else borders,
        owner=problem.site_owner,
        allowed=problem.hub_allowed,
        pounds=np.zeros(len(problem.site_codes)) if problem.hub_cost is None else problem.hub_cost,
        locality=problem.locality,
        current_group=problem.current_group,
        clinical_system=problem.clinical_system or none,
        vulnerable=np.zeros(count, bool) if problem.vulnerable is None else problem.vulnerable,
        together=(*tagged, *map(frozenset, decided.together)),
        apart=decided.apart,
        locked=tuple((frozenset(lock.members), lock.hub) for lock in decided.locked),
        granted=tuple(frozenset(members) for members, _ in decided.granted),
        never_exception=frozenset(decided.never_exception),
        hubs=frozenset(decided.hubs),
        rules=problem.rules,
    )
