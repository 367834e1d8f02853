"""How alike plans are, counted in patients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from grouping.compare.comparison import Comparison

Partition = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Alike:
    """How alike two plans are.

    Parameters
    ----------
    first, second
        Positions of the plans.
    same
        Patients whose practice has exactly the same companions in both.
    same_share
        The same as a share of the patients compared.
    kept
        Of the patients who would be companions in either plan, the share who are in both; the mean over patients.
    other_hub
        Groups of the same practices that have another hub.
    """

    first: int
    second: int
    same: float
    same_share: float
    kept: float
    other_hub: int


def same_companions(one: Partition, other: Partition, patients: Mapping[str, float]) -> float:
    """Patients whose practice has exactly the same companions in both plans."""
    return sum(patients[code] for code in one if one[code] == other[code])


def companions_kept(one: Partition, other: Partition, patients: Mapping[str, float]) -> float:
    """Mean share of a patient's companions that two plans have in common, 0-1; 1 where there are no patients.

    For a practice p with the groups A and B: the patients of the practices in both groups besides p, divided by those
    of the practices in either besides p (the Jaccard index, weighted by patients); 1 where p stands alone in both. The
    mean is over patients.
    """
    total = sum(patients[code] for code in one)
    if total <= 0:
        return 1.0
    return sum(patients[code] * _kept(code, one[code], other[code], patients) for code in sorted(one)) / total


def _kept(code: str, one: frozenset[str], other: frozenset[str], patients: Mapping[str, float]) -> float:
    if one == other:
        return 1.0
    either = sum(patients[each] for each in sorted((one | other) - {code}))
    both = sum(patients[each] for each in sorted((one & other) - {code}))
    return both / either if either > 0 else 0.0


def how_alike(comparison: Comparison) -> tuple[Alike, ...]:
    """Every two plans, in their order."""
    total = sum(comparison.patients.values())
    found = []
    for first, second in combinations(range(len(comparison.plans)), 2):
        one, other = comparison.partitions[first], comparison.partitions[second]
        same = same_companions(one, other, comparison.patients)
        kept = companions_kept(one, other, comparison.patients)
        found.append(
            Alike(first, second, same, same / total if total else 1.0, kept, _other_hubs(comparison, first, second))
        )
    return tuple(found)


def same_in_all(comparison: Comparison) -> float:
    """Patients whose practice has exactly the same companions in every plan."""
    first, *others = comparison.partitions
    return sum(comparison.patients[code] for code in first if all(other[code] == first[code] for other in others))


def _other_hubs(comparison: Comparison, first: int, second: int) -> int:
    hubs = [
        {frozenset(group.members): group.hub_site_code for group in comparison.plans[k].plan.groups}
        for k in (first, second)
    ]
    return sum(hubs[0][members] != hubs[1][members] for members in hubs[0].keys() & hubs[1].keys())
