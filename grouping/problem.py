"""What the optimiser reads: plain arrays made from a place, its travel times and a rule set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from geodata.place import Place
    from geodata.travel import TravelTimes
    from grouping.rules import RuleSet


@dataclass(frozen=True)
class LockedGroup:
    """Practices that form a group by decision: their indices (ascending), the hub's index or -1, and the reason."""

    members: tuple[int, ...]
    hub: int = -1
    reason: str = ""


@dataclass(frozen=True)
class Decided:
    """What a planner has decided, as indices of practices and sites (see `grouping.decisions`).

    Parameters
    ----------
    together
        Sets of practices that share a group (besides those tagged in the table).
    apart
        Pairs of practices that do not.
    locked
        Groups that stand as they are.
    granted
        Sets of practices (ascending) whose group may stay below its minimum, with the reason.
    never_exception
        Practices that are in no group below its minimum.
    hubs
        Sites that are the hub of the group of their practice.
    """

    together: tuple[tuple[int, ...], ...] = ()
    apart: tuple[tuple[int, int], ...] = ()
    locked: tuple[LockedGroup, ...] = ()
    granted: tuple[tuple[tuple[int, ...], str], ...] = ()
    never_exception: tuple[int, ...] = ()
    hubs: tuple[int, ...] = ()


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
    vulnerable
        Whether each practice counts as vulnerable, bool, shape (P,); None for nobody.
    clinical_system
        Label per practice (may be empty text); None for none.
    hub_cost
        Pounds a year of each site, float64, shape (S,), 0 where none is given; None for 0 everywhere.
    decided
        What a planner has decided. Sites that must be a hub because they are committed are among `decided.hubs`.
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
    vulnerable: NDArray[np.bool_] | None = None
    clinical_system: tuple[str, ...] | None = None
    hub_cost: NDArray[np.float64] | None = None
    decided: Decided = Decided()


def build_problem(
    place: Place, times: TravelTimes, edges: pd.DataFrame, rules: RuleSet, decided: Decided | None = None
) -> GroupingProblem:
    """Turn a place into the arrays the optimiser reads.

    Parameters
    ----------
    place
        The place, its registrations completed (they sum to the list size of each practice).
    times
        Minutes from areas to sites and between sites.
    edges
        Adjacent practices, columns `practice_a` and `practice_b`; each pair once, in either direction.
    rules
        The rule set. A site it decides against (`not-hub`) may not be a hub.
    decided
        What a planner has decided, as indices of practices and sites sorted by code; default nothing. Where the rule
        set makes committed sites hubs, they are added.

    Notes
    -----
    *Rural share* of a practice: its registrations in rural areas over its registrations in all areas of the case. A
    practice with no registration in any of them takes the class of the area nearest to its main site.
    *Vulnerable* is a practice rated at most `practices.vulnerable_up_to`; one that is not rated is not.
    *Hub allowed*: a site of unknown floor area or condition is not, while the rule set asks for one; the words of a
    condition are compared without regard to capitals.
    *Timed* are the registrations in areas from which at least one site can be reached. The others stay out of all
    minutes; they count everywhere else.
    """
    practices = place.practices.sort_index()
    sites = place.sites.sort_index()
    codes = tuple(practices.index)
    lists = practices["list_size"].to_numpy(np.int64)
    timed, minutes = _timed(place, times, codes, tuple(sites.index))
    main = pd.Index(times.site_codes).get_indexer(practices["main_site_code"])
    to_site = times.between_sites[main][:, pd.Index(times.site_codes).get_indexer(sites.index)]
    between = times.between_sites[np.ix_(main, main)]
    owner, own = site_owners(practices, sites)
    return GroupingProblem(
        practice_codes=codes,
        list_size=lists,
        rural_patients=_rural_shares(place, practices) * lists,
        timed_patients=timed,
        patient_minutes=minutes,
        site_codes=tuple(sites.index),
        site_owner=owner,
        hub_allowed=hubs_allowed(sites, own, rules),
        practice_to_site=to_site,
        between_practices=np.maximum(between, between.T),
        adjacency=adjacency_matrix(edges, codes),
        locality=_labels(practices, "locality"),
        current_group=_labels(practices, "current_group"),
        keep_together=_labels(practices, "keep_together"),
        rules=rules,
        vulnerable=_numbers(practices, "vulnerability", np.inf) <= rules.practices.vulnerable_up_to,
        clinical_system=_labels(practices, "clinical_system"),
        hub_cost=_numbers(sites, "annual_cost", 0.0),
        decided=_with_committed(decided or Decided(), sites, rules),
    )


def _labels(practices: pd.DataFrame, column: str) -> tuple[str, ...]:
    """One text per practice, empty where nothing is given."""
    if column not in practices:
        return ("",) * len(practices)
    return tuple("" if pd.isna(value) else str(value).strip() for value in practices[column])


def _rural_shares(place: Place, practices: pd.DataFrame) -> NDArray[np.float64]:
    """Share of each practice's located registrations that lie in rural areas; exactly 0 or 1 where all or none do."""
    located = place.registrations[place.registrations["area_code"].isin(place.areas.index)]
    rural = located["area_code"].map(place.areas["rural"]).astype(bool)
    everywhere = located.groupby("practice_code")["patients"].sum().reindex(practices.index, fill_value=0.0)
    inside = located[rural].groupby("practice_code")["patients"].sum().reindex(practices.index, fill_value=0.0)
    outside = located[~rural].groupby("practice_code")["patients"].sum().reindex(practices.index, fill_value=0.0)
    share = np.divide(inside, everywhere, out=np.zeros(len(practices)), where=everywhere.to_numpy() > 0)
    share = np.where((outside.to_numpy() == 0) & (inside.to_numpy() > 0), 1.0, np.clip(share, 0.0, 1.0))
    for position in np.flatnonzero(everywhere.to_numpy() <= 0):
        point = practices.geometry.iloc[position]
        distance = np.hypot(place.areas["x"] - point.x, place.areas["y"] - point.y).to_numpy()
        share[position] = float(bool(place.areas["rural"].iloc[int(np.argmin(distance))])) if len(distance) else 0.0
    return share


def _timed(
    place: Place, times: TravelTimes, codes: tuple[str, ...], site_codes: tuple[str, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Timed patients per practice, and their patient-minutes to every site (`inf` where some have no route)."""
    minutes = times.area_to_site[:, pd.Index(times.site_codes).get_indexer(site_codes)]
    reaches = np.isfinite(times.area_to_site).any(axis=1)
    rows = pd.Index(codes).get_indexer(place.registrations["practice_code"])
    columns = pd.Index(times.area_codes).get_indexer(place.registrations["area_code"])
    patients = place.registrations["patients"].to_numpy(np.float64)
    keep = (rows >= 0) & (columns >= 0) & (patients > 0)
    keep[keep] = reaches[columns[keep]]
    by_area = csr_array((patients[keep], (rows[keep], columns[keep])), shape=(len(codes), len(times.area_codes)))
    blocked = ~np.isfinite(minutes)
    total = by_area @ np.where(blocked, 0.0, minutes)
    total[(by_area @ blocked.astype(np.float64)) > 0] = np.inf
    return np.asarray(by_area.sum(axis=1), np.float64).ravel(), np.asarray(total, np.float64)


def site_owners(practices: pd.DataFrame, sites: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Practice each site belongs to (the nearest main site's for a site of nobody), and whether it is its own."""
    owner = practices.index.get_indexer(sites["practice_code"].fillna("").astype(str)).astype(np.int64)
    own = owner >= 0
    x, y = practices.geometry.x.to_numpy(), practices.geometry.y.to_numpy()
    for position in np.flatnonzero(~own):
        point = sites.geometry.iloc[position]
        owner[position] = int(np.argmin(np.hypot(x - point.x, y - point.y)))
    return owner, own


def hubs_allowed(sites: pd.DataFrame, own: NDArray[np.bool_], rules: RuleSet) -> NDArray[np.bool_]:
    """Whether each site may be a hub: kind, floor area and condition fit, and nobody has decided against it.

    A site of nobody may be one only if community sites are named.
    """
    kinds, hub = rules.hub.kinds, rules.hub
    allowed = own | ("community" in kinds)
    if kinds:
        allowed &= sites["kind"].astype(str).isin(kinds).to_numpy()
    if hub.minimum_floor_area_m2 > 0:
        allowed &= _numbers(sites, "floor_area_m2", -1.0) >= hub.minimum_floor_area_m2
    if hub.conditions:
        wanted = {condition.strip().casefold() for condition in hub.conditions}
        allowed &= np.array([label.casefold() in wanted for label in _labels(sites, "condition")], bool)
    against = {one.site.strip().upper() for one in rules.decisions if one.kind == "not-hub"}
    return allowed & ~np.array([str(code).upper() in against for code in sites.index], bool)


def _numbers(frame: pd.DataFrame, column: str, unknown: float) -> NDArray[np.float64]:
    """A column of numbers, `unknown` where nothing is given."""
    if column not in frame:
        return np.full(len(frame), unknown)
    return pd.to_numeric(frame[column]).fillna(unknown).to_numpy(np.float64)


def committed_sites(sites: pd.DataFrame) -> NDArray[np.int64]:
    """Positions of the sites that are committed, ascending."""
    if "committed" not in sites:
        return np.empty(0, np.int64)
    return np.flatnonzero([value is not None and not pd.isna(value) and bool(value) for value in sites["committed"]])


def _with_committed(decided: Decided, sites: pd.DataFrame, rules: RuleSet) -> Decided:
    """With the committed sites among those that must be a hub, where the rule set says so."""
    if rules.hub.committed != "hub":
        return decided
    return replace(decided, hubs=tuple(sorted({*decided.hubs, *committed_sites(sites).tolist()})))


def adjacency_matrix(edges: pd.DataFrame, codes: tuple[str, ...]) -> NDArray[np.bool_]:
    """Symmetric matrix of the edges; edges that name a practice outside the problem are left out."""
    adjacency = np.zeros((len(codes), len(codes)), bool)
    a = pd.Index(codes).get_indexer(edges["practice_a"])
    b = pd.Index(codes).get_indexer(edges["practice_b"])
    both = (a >= 0) & (b >= 0)
    adjacency[a[both], b[both]] = True
    adjacency |= adjacency.T
    np.fill_diagonal(adjacency, False)
    return adjacency
