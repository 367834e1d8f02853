"""What a reader must know beside the figures: who is left out, not timed, or placed by an estimate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grouping.impact.ground import Ground
from grouping.impact.measures import beyond
from grouping.impact.people import People
from grouping.impact.trips import Trip, hub_by_car
from grouping.plain_words import listed, option_title
from grouping.plan import Plan


def notes_of(
    ground: Ground,
    plans: Mapping[str, Plan],
    trips: Mapping[str, tuple[Trip, ...]],
    people: People,
    *,
    public: bool = False,
) -> tuple[str, ...]:
    """Sentences that stand beside the figures.

    Parameters
    ----------
    ground
        What all options share.
    plans, trips
        Plan and journeys of each option.
    people
        Who makes these journeys.
    public
        Without numbers of people, but for published lists: no table prints them, and they could tell what is hidden.
    """
    return (
        *_left_out(ground, plans),
        *_not_timed(ground, people, public=public),
        *_less_sure(ground, trips, people, public=public),
        *_site_option_notes(ground, plans),
    )


def _left_out(ground: Ground, plans: Mapping[str, Plan]) -> list[str]:
    """The patients that a partial plan leaves out."""
    lists = ground.place.practices["list_size"]
    notes = []
    for option, plan in plans.items():
        missing = lists[~lists.index.isin(plan.practice_codes)]
        if len(missing):
            notes.append(
                f"{option_title(option)} covers {len(plan.practice_codes)} of {len(lists)} practices, with "
                f"{int(lists.sum() - missing.sum()):,} of {int(lists.sum()):,} registered patients; the others are in "
                "none of its figures."
            )
    return notes


def _not_timed(ground: Ground, people: People, *, public: bool) -> list[str]:
    """Patients whose homes the inputs do not hold, and names that places lack."""
    areas, notes = ground.place.areas, []
    outside = ~np.isin(ground.home, np.array(areas.index, dtype=object))
    count = float(people.patients[outside].sum())
    if count >= 0.5:
        who = "some" if public else f"{count:,.0f}"
        notes.append(
            f"The homes of {who} patients lie in areas that the inputs do not hold: these journeys are not timed, "
            "and the patients are counted among those without a route."
        )
    if "ward" not in areas or not areas["ward"].astype(str).str.strip().any():
        notes.append(
            "Wards are not in the inputs (column ward of the areas table): places are called by the names of their "
            "areas, or by the nearest settlement."
        )
    return notes


def _less_sure(ground: Ground, trips: Mapping[str, tuple[Trip, ...]], people: People, *, public: bool) -> list[str]:
    """How much of what is beyond the threshold rests on homes that are estimated, or scaled by an unusual factor."""
    scaled = {one.value for one in ground.ready.findings if one.code == "scaling-factor"}
    practices = np.array([code in scaled for code in ground.practice_codes], dtype=bool)
    unsure = ground.ready.journeys.estimated | practices[ground.practice]
    count = float(people.patients[unsure].sum())
    if count < 0.5:
        return []
    shares = []
    for option, own in trips.items():
        trip = hub_by_car(own)
        far = np.where(trip.counted & beyond(trip.after, ground.threshold), people.patients, 0.0)
        if far.sum() >= 0.5:
            shares.append(f"{far[unsure].sum():,.0f} of {far.sum():,.0f} under {option_title(option)}")
    who = "some" if public else f"{count:,.0f}"
    note = (
        f"Where {who} patients live is less sure: their practices have no published registrations, or ones that are "
        "scaled to the list by an unusual factor (the warnings of the case name them)."
    )
    if shares and not public:
        note += f" Of the people beyond {ground.threshold:g} minutes by car these are {listed(shares)}."
    return [note]


def _site_option_notes(ground: Ground, plans: Mapping[str, Plan]) -> list[str]:
    """Site options, and hubs among the sites that are considered further."""
    layer = ground.layer
    if layer is None:
        return []
    notes = [layer.sentence]
    if layer.keeps_none:
        notes.append(
            f"Practices that keep no site: {', '.join(layer.keeps_none)}. Their patients use the sites of their group, "
            "if it keeps any, and stand apart from the figures of change by population; those of practices, groups and "
            "communities hold them, as their place would feel it."
        )
    for option, plan in plans.items():
        hubs = [g.hub_site_code for g in ground.hub_after(plan).groups if g.hub_site_code not in layer.after]
        if hubs:
            names = ", ".join(f"{ground.place.sites.at[code, 'name']} ({code})" for code in hubs)
            notes.append(
                f"{option_title(option)}: {'the hub' if len(hubs) == 1 else 'the hubs'} {names} "
                f"{'is a site' if len(hubs) == 1 else 'are sites'} considered further; journeys to the hub still lead "
                "there. Form the groups anew without such a site to see another hub."
            )
    return notes
