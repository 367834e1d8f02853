"""What the optimiser reads: plain arrays made from a place, its travel times and a rule set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from grouping.rules import RuleSet


@dataclass(frozen=True)
class GroupingProblem:
    """One grouping problem as arrays over P practices and S sites, practices and sites sorted by code.

    Parameters
    ----------
    practice_codes
        P codes, sorted.
    list_size
        Registered patients, int64, shape (P,).
    rural_patients
        Registered patients living in rural areas, float64, shape (P,), scaled to the list size.
    timed_patients
        Registered patients whose home reaches at least one site, float64, shape (P,).
    patient_minutes
        Sum over the timed patients of practice p of the minutes from home to site s, float64, shape (P, S); `inf`
        where a timed patient has no route to that site (it can then not be the hub).
    site_codes
        S codes, sorted.
    site_owner
        Index of the practice a site belongs to, int64, shape (S,). A community site that belongs to nobody counts as a
        site of the practice whose main site is nearest.
    hub_allowed
        Whether the rule set lets the site be a hub, bool, shape (S,).
    practice_to_site
        Minutes from the main site of practice p to site s, float64, shape (P, S).
    between_practices
        The longer of the two directions between main sites, minutes, float64, shape (P, P).
    adjacency
        Symmetric bool, shape (P, P), False on the diagonal.
    locality
        Locality label per practice (may be empty text).
    current_group
        Today's group per practice (may be empty text).
    keep_together
        Practices with the same non-empty tag must share a group.
    rules
        The rule set with all values.
    """

    practice_codes: tuple[str, ...]
    list_size: NDArray[np.int64]
    rural_patients: NDArray[np.float64]
    timed_patients: NDArray[np.float64]
    patient_minutes: NDArray[np.float64]
    site_codes: tuple[str, ...]
    site_owner: NDArray[np.int64]
    hub_allowed: NDArray[np.bool_]
    practice_to_site: NDArray[np.float64]
    between_practices: NDArray[np.float64]
    adjacency: NDArray[np.bool_]
    locality: tuple[str, ...]
    current_group: tuple[str, ...]
    keep_together: tuple[str, ...]
    rules: RuleSet
