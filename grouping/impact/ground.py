"""What the journeys of all options share, and the journeys of one option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.impact.before import Baseline
from grouping.impact.site_options import SiteLayer
from grouping.impact.trips import Minutes, Trip, hub_positions, nearest_service, routine_minutes, usable_sites
from grouping.plan import Plan

if TYPE_CHECKING:
    from grouping.prepared import Prepared


@dataclass(frozen=True)
class Ground:
    """What the journeys of all options share.

    Parameters
    ----------
    ready
        The prepared case.
    place
        The place, with the sites that site options add.
    baseline
        What hub services are compared with, or None.
    layer
        Site options, or None.
    car
        Drive times of `place`.
    """

    ready: Prepared
    place: Place
    baseline: Baseline | None
    layer: SiteLayer | None
    car: TravelTimes

    @property
    def practice_codes(self) -> tuple[str, ...]:
        """Practices, as the rows of the registrations count them."""
        return self.ready.problem.practice_codes

    @property
    def practice(self) -> NDArray[np.int64]:
        """Practice of each row, shape (R,)."""
        return self.ready.journeys.practice

    @cached_property
    def home(self) -> NDArray[np.object_]:
        """Area code of each row, shape (R,)."""
        return np.array(self.ready.journeys.area_codes, dtype=object)[self.ready.journeys.area]

    @property
    def threshold(self) -> float:
        """Minutes beyond which a journey is long."""
        return self.ready.rules.impact.threshold_minutes

    @property
    def least_people(self) -> float:
        """Fewest registered patients of a community that is ranked."""
        return float(self.ready.rules.impact.least_people)

    def minutes(self, times: TravelTimes) -> Minutes:
        """Minutes of the rows by some matrix."""
        return Minutes(times, self.home)

    def hub_after(self, plan: Plan) -> Plan:
        """The plan with hubs that a site option moves at their new place."""
        moved = {} if self.layer is None else self.layer.replaced
        groups = (
            replace(group, hub_site_code=moved.get(group.hub_site_code, group.hub_site_code)) for group in plan.groups
        )
        return Plan(tuple(groups))


def trips_of(plan: Plan, ground: Ground, minutes: Mapping[str, Minutes], *, routine: bool = True) -> tuple[Trip, ...]:
    """Both journeys of one option, by every mode.

    Parameters
    ----------
    plan
        The option.
    ground
        What all options share.
    minutes
        By mode.
    routine
        Whether routine care is wanted beside the hub services.
    """
    group_of = plan.group_of
    covered = np.array([code in group_of for code in ground.practice_codes], dtype=bool)[ground.practice]
    nobody = np.zeros(len(covered), dtype=bool)
    trips = []
    for mode, by in minutes.items():
        if routine:
            before, after, apart = _routine(plan, ground, by)
            trips.append(Trip("routine", mode, after, before, covered, apart))
        hub = hub_positions(ground.hub_after(plan), by, ground.practice_codes)
        trips.append(Trip("hub", mode, by.to_site(hub[ground.practice]), _hub_before(ground, by), covered, nobody))
    return tuple(trips)


def _routine(
    plan: Plan, ground: Ground, minutes: Minutes
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Minutes to the own practice before and after, and the rows of practices that keep no site."""
    sites, codes, layer = ground.place.sites, ground.practice_codes, ground.layer
    today = usable_sites(sites, codes, None if layer is None else layer.before)
    before = routine_minutes(minutes, ground.practice, today.all)
    if layer is None:
        return before, before, np.zeros(len(before), dtype=bool)
    then = usable_sites(sites, codes, layer.after, plan)
    return before, routine_minutes(minutes, ground.practice, then.all), then.without[ground.practice]


def _hub_before(ground: Ground, minutes: Minutes) -> NDArray[np.float64] | None:
    baseline = ground.baseline
    if baseline is None:
        return None
    if baseline.plan is not None:
        return minutes.to_site(hub_positions(baseline.plan, minutes, ground.practice_codes)[ground.practice])
    return nearest_service(minutes, ground.practice, ground.practice_codes, baseline.sites, baseline.sites_of)
