"""Groups that lose their hub with a practice: which site is the best of those left, and how far it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from grouping.assess import best_hub
from grouping.programme.ground import Ground
from grouping.resilience.placing import Placing


@dataclass(frozen=True)
class LostHub:
    """The hub of a group is gone with a practice.

    Parameters
    ----------
    failure, group
        Positions.
    hub
        The site that was the hub.
    instead
        The best of the sites of the practices left; empty where none is left.
    before
        Mean minutes to the hub as planned, over the patients of the group who have a route.
    after
        The same to the new hub, over the patients of the practices left and those they take in; NaN without any.
    """

    failure: int
    group: int
    hub: str
    instead: str
    before: float
    after: float


def lost_hubs(ground: Ground, placing: Placing) -> tuple[LostHub, ...]:
    """Every hub lost, by failure and group.

    The new hub is chosen as hubs of a plan are, for the patients of the practices left (`grouping.assess.best_hub`);
    its minutes count those of the patients taken in too. A hub at a site of nobody is not lost.

    Parameters
    ----------
    ground
        The option.
    placing
        Where the patients go.
    """
    facts, sites = placing.facts, ground.run.place.sites["practice_code"]
    position = {code: p for p, code in enumerate(facts.codes)}
    minutes, people = facts.hub_minutes
    chosen: dict[tuple[str, ...], str] = {}
    lost = []
    ends = np.searchsorted(placing.failure, np.arange(len(placing.failures) + 1))
    owner = np.array([position.get(sites.get(group.hub_site_code, ""), -1) for group in facts.groups], dtype=np.int64)
    for f, members in enumerate(placing.failures.sets):
        for g in np.flatnonzero(np.isin(owner, members)).tolist():
            group = facts.groups[g]
            all_of_it = [position[code] for code in group.members]
            left = [p for p in all_of_it if p not in members]
            hub = facts.problem.site_codes.index(group.hub_site_code)
            before = _mean(minutes[all_of_it, hub].sum(), people[all_of_it, hub].sum())
            if not left:
                lost.append(LostHub(f, g, group.hub_site_code, "", before, math.nan))
                continue
            codes = tuple(facts.codes[p] for p in left)
            if codes not in chosen:
                chosen[codes] = best_hub(codes, facts.problem)
            site = facts.problem.site_codes.index(chosen[codes])
            records = slice(ends[f], ends[f + 1])
            here = np.isin(placing.to[records], left)
            way = facts.to_site[placing.area[records][here], site]
            new = np.where(np.isfinite(way), placing.patients[records][here], 0.0)
            total = minutes[left, site].sum() + (new * np.where(np.isfinite(way), way, 0.0)).sum()
            after = _mean(total, people[left, site].sum() + new.sum())
            lost.append(LostHub(f, g, group.hub_site_code, chosen[codes], before, after))
    return tuple(lost)


def _mean(total: float, people: float) -> float:
    return float(total / people) if people > 0 else math.nan
