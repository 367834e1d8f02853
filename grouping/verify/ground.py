"""What the deep check reads: the inputs of the whole problem as plain arrays, made from the verifier's own tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouping.rules import RuleSet
from grouping.verify.evidence import Evidence

UNITS = 1000
"""Whole units per patient-minute: the definition of the score compares costs in thousandths."""


@dataclass(frozen=True)
class Ground:
    """One grouping problem over P practices and S sites, both sorted by code.

    Parameters
    ----------
    codes, sites
        P and S codes.
    list_size, rural, timed
        Registered patients, those in rural areas, those with a route to any site; shape (P,).
    minutes
        Patient-minutes of practice p to site s, infinite where a timed patient has no route; shape (P, S).
    drive
        Minutes from the main site of p to site s; shape (P, S).
    between
        The longer of the two directions between main sites; shape (P, P).
    borders
        Pairs of practices whose border counts; None where any set of practices may form a group.
    owner, allowed, pounds
        Of each site its practice, whether the rules let it be a hub, and its yearly cost; shape (S,).
    locality, current_group, clinical_system
        Labels, empty where there is none; P of each.
    vulnerable
        Shape (P,), bool.
    together, apart, locked, granted, never_exception, hubs
        Decisions and tags by position; `locked` with the hub's position or -1.
    rules
        The rule set.
    """

    codes: tuple[str, ...]
    sites: tuple[str, ...]
    list_size: NDArray[np.int64]
    rural: NDArray[np.float64]
    timed: NDArray[np.float64]
    minutes: NDArray[np.float64]
    drive: NDArray[np.float64]
    between: NDArray[np.float64]
    borders: tuple[tuple[int, int], ...] | None
    owner: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    pounds: NDArray[np.float64]
    locality: tuple[str, ...]
    current_group: tuple[str, ...]
    clinical_system: tuple[str, ...]
    vulnerable: NDArray[np.bool_]
    together: tuple[frozenset[int], ...]
    apart: tuple[tuple[int, int], ...]
    locked: tuple[tuple[frozenset[int], int], ...]
    granted: tuple[frozenset[int], ...]
    never_exception: frozenset[int]
    hubs: frozenset[int]
    rules: RuleSet

    @property
    def units_per_minute(self) -> float:
        """Whole units that make one minute per patient of the score."""
        return UNITS * (float(self.timed.sum()) or float(self.list_size.sum()) or 1.0)

    @property
    def largest(self) -> int:
        """No group may have more patients, whatever its kind and locality."""
        size = self.rules.size
        return max(size.hard_maximum, size.hard_maximum_rural, *(own.maximum for own in size.locality.values()), 0)

    @classmethod
    def of(cls, evidence: Evidence) -> Ground:
        """Take the arrays out of the tables."""
        practices, sites, decisions = evidence.practices.sort_index(), evidence.sites.sort_index(), evidence.standing
        at = {code: number for number, code in enumerate(practices.index)}
        at_site = {code: number for number, code in enumerate(sites.index)}
        mains = list(practices["main_site_code"])
        tagged = practices[practices["keep_together"] != ""].groupby("keep_together").groups
        borders = tuple((at[a], at[b]) for a, b in evidence.borders if a in at and b in at)

        def positions(codes: object) -> frozenset[int]:
            return frozenset(at[code] for code in codes if code in at)

        return cls(
            codes=tuple(practices.index),
            sites=tuple(sites.index),
            list_size=practices["list_size"].to_numpy(np.int64),
            rural=practices["rural_patients"].to_numpy(np.float64),
            timed=practices["timed_patients"].to_numpy(np.float64),
            minutes=evidence.patient_minutes.loc[practices.index, sites.index].to_numpy(np.float64),
            drive=evidence.drive.loc[mains, sites.index].to_numpy(np.float64),
            between=evidence.between.loc[practices.index, practices.index].to_numpy(np.float64),
            borders=None if evidence.rules.contiguity.rule == "none" else borders,
            owner=np.array([at[code] for code in sites["owner"]], np.int64),
            allowed=(sites["objection"] == "").to_numpy(),
            pounds=sites["pounds"].to_numpy(np.float64),
            locality=tuple(practices["locality"]),
            current_group=tuple(practices["current_group"]),
            clinical_system=tuple(practices["clinical_system"]),
            vulnerable=practices["vulnerable"].to_numpy(bool),
            together=(*(positions(codes) for codes in tagged.values()), *map(positions, decisions.together)),
            apart=tuple((at[a], at[b]) for a, b in decisions.apart),
            locked=tuple((positions(one.members), at_site.get(one.hub, -1)) for one in decisions.locked),
            granted=tuple(positions(members) for members, _ in decisions.granted),
            never_exception=positions(decisions.never_exception),
            hubs=frozenset(at_site[code] for code in decisions.hubs if code in at_site),
            rules=evidence.rules,
        )
