"""From a prepared case and some plans to their impact: every table, for the case as it stands and under each scenario.

The order is that of the question: who the patients are (`people`), how far they travel (`trips`), what that comes to
(`measures`, `tables`, `communities`), whether it still holds when an assumption changes (`stress`), what could be done
(`mitigation`), and what a single place needs to know (`find_my_place`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geodata.case_times import travel_times
from geodata.errors import Finding, InputProblems
from geodata.modes import mode_times
from geodata.road_times import FAR_M
from geodata.travel import TravelTimes
from grouping.impact.before import Baseline
from grouping.impact.communities import Communities, Figures, communities_of, community_table, figures
from grouping.impact.conditions import SCENARIOS, Conditions, Untried, Usual, conditions_of
from grouping.impact.find_my_place import OptionTrips, people_in_words, place_sentences
from grouping.impact.ground import Ground, trips_of
from grouping.impact.measures import beyond
from grouping.impact.mitigation import Homes, HubJourney, mitigation_tables
from grouping.impact.notes import notes_of
from grouping.impact.people import People, people_of
from grouping.impact.result import Impact
from grouping.impact.site_options import SiteLayer
from grouping.impact.stress import list_changes, ranking_table, robust_table
from grouping.impact.tables import (
    KEY_POPULATIONS,
    groups_table,
    inequality_table,
    people_table,
    practices_table,
    summary_table,
)
from grouping.impact.trips import (
    MODES,
    Minutes,
    Trip,
    hub_by_car,
)
from grouping.plan import Plan

if TYPE_CHECKING:
    from grouping.prepared import Prepared
    from grouping.result import AssessedOption


Named = Mapping[str, Mapping[str, tuple[str, str]]]
"""Option -> group -> its name and kind (urban or rural)."""


def impact_of(
    ready: Prepared,
    plans: Mapping[str, Plan],
    *,
    baseline: Baseline | None = None,
    layer: SiteLayer | None = None,
    scenario: str = "",
    scenarios: Sequence[str] = SCENARIOS,
    named: Named | None = None,
    notes: Sequence[str] = (),
) -> Impact:
    """The impact of some plans on travel.

    Parameters
    ----------
    ready
        A prepared case.
    plans
        Option -> plan; every group with its hub.
    baseline
        What hub services are compared with (see `grouping.impact.before.read_baseline`).
    layer
        Site options (see `grouping.impact.site_options.read_site_options`); without them routine care stays as it is.
    scenario
        One of `SCENARIOS` that all figures shall be for; empty for the case as it stands.
    scenarios
        What the options are tried under besides.
    named
        Names and kinds of the groups; without it groups are called by their id.
    notes
        What else a reader must know of the plans.

    Raises
    ------
    InputProblems
        The roads cannot be read, or nothing differs under the scenario asked for.
    """
    ground = _ground(ready, baseline, layer)
    given = _as_it_stands(ground)
    tried, untried = conditions_of(given, (*scenarios, *([scenario] if scenario else [])))
    usual = given.conditions
    main = usual if not scenario else _chosen(scenario, tried, untried)
    by_mode, absent_modes = _modes(ground, main)
    minutes = {mode: ground.minutes(times) for mode, times in by_mode.items()}
    trips = {option: trips_of(plan, ground, minutes) for option, plan in plans.items()}
    communities = communities_of(ground.place, ready.journeys.area_codes)
    tables = _tables(ground, plans, trips, main, communities, named or {})
    others = [one for one in (usual, *tried) if one.name != main.name]
    tables |= _stressed(ground, plans, [main, *others], communities, tables["summary"])
    tables |= _prompts(ground, plans, trips, minutes["car"], main.people, communities)
    told = [_option_trips(ground, option, plan, trips[option]) for option, plan in plans.items()]
    tell = partial(
        place_sentences,
        told,
        main.people.patients,
        ready.journeys.area,
        communities,
        before="today" if baseline is not None and baseline.plan is None else "before",
        under=main.title if main.name else "",
    )
    tables["places"] = tell(people_in_words)
    return Impact(
        tables=tables,
        people=main.people,
        baseline="" if baseline is None else baseline.sentence,
        threshold=ground.threshold,
        scenario=main.name,
        modes=tuple((mode, times.method.sentence) for mode, times in by_mode.items()),
        absent_modes=absent_modes,
        scenarios=tuple((one.name, one.title, one.sentence) for one in (usual, *tried)),
        untried=untried,
        option_ids=tuple(plans),
        notes=(*notes_of(ground, plans, trips, main.people), *notes),
        public_notes=(*notes_of(ground, plans, trips, main.people, public=True), *notes),
        site_options=None if layer is None else layer.options,
        worst=ready.rules.impact.worst,
        findings=_told_once(
            *(one for one in ready.findings if one.severity == "warning"),
            *(() if baseline is None else baseline.findings),
            *(() if ground.layer is None else ground.layer.findings),
            *(finding for one in tried for finding in one.findings),
        ),
        tell_places=tell,
    )


def _told_once(*findings: Finding) -> tuple[Finding, ...]:
    """The findings in their order, each once."""
    return tuple(dict.fromkeys(findings))


def _ground(ready: Prepared, baseline: Baseline | None, layer: SiteLayer | None) -> Ground:
    """The place, with the sites that options add timed like all others."""
    if layer is None:
        return Ground(ready, ready.place, baseline, None, ready.times)
    times = ready.times
    if layer.added:
        times, layer = _with_added_sites(ready, layer)
    return Ground(ready, layer.place, baseline, layer, times)


def _with_added_sites(ready: Prepared, layer: SiteLayer) -> tuple[TravelTimes, SiteLayer]:
    """Drive times with the sites that open or move; a site far from every road is a fault of their table."""
    try:
        times, _ = travel_times(layer.place, ready.settings.roads, ready.case_dir)
    except InputProblems as problems:
        raise InputProblems(tuple(_of_the_table(one, layer) for one in problems.findings)) from problems
    far = np.flatnonzero((times.site_snap_m > FAR_M) & np.isin(times.site_codes, layer.added))
    if len(far):
        names = ", ".join(f"{times.site_codes[i]} ({times.site_snap_m[i]:.0f} m)" for i in far)
        message = f"Sites of this table lie more than {FAR_M:g} m from any road: {names}."
        told = Finding("warning", layer.file, message, "Check their coordinates.", code="site-options-remark")
        layer = replace(layer, findings=(*layer.findings, told))
    return times, layer


def _of_the_table(finding: Finding, layer: SiteLayer) -> Finding:
    if finding.code != "roads-do-not-cover":
        return finding
    fix = "Check the coordinates of the sites that open or move, or use roads that reach them."
    return replace(finding, file=layer.file, fix=fix)


def _modes(ground: Ground, main: Conditions) -> tuple[dict[str, TravelTimes], tuple[tuple[str, str], ...]]:
    """Minutes by every mode there is, and why there are none by the others."""
    modes = mode_times(ground.place, ground.ready.settings.roads, ground.ready.case_dir)
    found = {"car": main.times, "public-transport": modes.public_transport, "walk": modes.walk}
    absent = dict(modes.absent)
    if ground.layer is not None and ground.layer.added and modes.public_transport is not None:
        # a table made before the site was thought of does not hold it: "no route" would be a guess
        found["public-transport"] = None
        absent["public-transport"] = (
            "Journeys by public transport are left out: the table given holds none to the sites that open or move."
        )
    return {mode: found[mode] for mode in MODES if found[mode] is not None}, tuple(absent.items())


def _as_it_stands(ground: Ground) -> Usual:
    ready = ground.ready
    people = people_of(ground.place, ready.journeys, ground.practice_codes)
    conditions = Conditions("", "The case as it stands", ground.car.method.sentence, ground.car, people)
    return Usual(ground.place, ready.journeys, ready.problem, conditions, ready.settings.roads, ready.case_dir)


def _chosen(scenario: str, tried: Sequence[Conditions], untried: Untried) -> Conditions:
    """The conditions that all figures shall be for."""
    for one in tried:
        if one.name == scenario:
            return one
    why = dict(untried).get(scenario, "There is no such scenario.")
    others = (name for name in SCENARIOS if name != scenario and name not in dict(untried))
    fix = f"Use one of {', '.join(others)}, or leave --scenario out."
    raise InputProblems(
        [
            Finding(
                "error",
                "case.toml",
                f"Nothing can be told under this scenario. {why}",
                fix,
                value=scenario,
                code="scenario",
            )
        ]
    )


def _tables(
    ground: Ground,
    plans: Mapping[str, Plan],
    trips: Mapping[str, tuple[Trip, ...]],
    main: Conditions,
    communities: Communities,
    named: Named,
) -> dict[str, pd.DataFrame]:
    """The tables of the conditions that all figures are for."""
    people, area = main.people, ground.ready.journeys.area
    codes, practice = ground.practice_codes, ground.practice
    parts: dict[str, list[pd.DataFrame]] = {}
    for option, plan in plans.items():
        own = trips[option]
        names = named.get(option, {group.group_id: (group.group_id, "") for group in plan.groups})
        made = {
            "summary": summary_table(option, own, people, ground.threshold, scenario=main.name),
            "inequality": inequality_table(option, own, people),
            "practices": practices_table(option, own, people, ground.place, practice, plan),
            "groups": groups_table(option, own, people, practice, codes, plan, names),
            "communities": pd.concat(
                [
                    community_table(
                        option, trip, people, communities, ground.threshold, area=area, least_people=ground.least_people
                    )
                    for trip in own
                ],
                ignore_index=True,
            ),
        }
        for name, table in made.items():
            parts.setdefault(name, []).append(table)
    tables = {name: pd.concat(made, ignore_index=True) for name, made in parts.items()}
    return {"people": people_table(people), **tables}


def _stressed(
    ground: Ground,
    plans: Mapping[str, Plan],
    conditions: Sequence[Conditions],
    communities: Communities,
    summary: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """The hub journey by car under every condition, the main one first: figures, ranks, and who is worse off in all."""
    by_scenario: dict[str, dict[str, Figures]] = {}
    more = []
    titles = {one.name: one.title for one in conditions if one is conditions[0] or one.journeys_differ}
    for one in conditions:
        minutes = {"car": ground.minutes(one.times)}
        for option, plan in plans.items():
            trips = trips_of(plan, ground, minutes, routine=False)
            if one.name in titles:
                by_scenario.setdefault(one.name, {})[option] = figures(
                    trips[0],
                    one.people.patients,
                    communities,
                    ground.ready.journeys.area,
                    ground.threshold,
                    ground.least_people,
                )
            if one is not conditions[0]:
                more.append(
                    summary_table(option, trips, one.people, ground.threshold, scenario=one.name, keys=KEY_POPULATIONS)
                )
    every = pd.concat([summary, *more], ignore_index=True)
    return {
        "summary": every,
        "scenarios": ranking_table(every, titles),
        "robust": robust_table(by_scenario, communities, ground.threshold),
        "list_changes": list_changes(by_scenario, communities, ground.ready.rules.impact.worst),
    }


def _prompts(
    ground: Ground,
    plans: Mapping[str, Plan],
    trips: Mapping[str, tuple[Trip, ...]],
    minutes: Minutes,
    people: People,
    communities: Communities,
) -> dict[str, pd.DataFrame]:
    """Which existing sites would bring people beyond the threshold back within it, on the journey to the hub by car."""
    place, journeys, practices = ground.place, ground.ready.journeys, ground.place.practices.sort_index()
    chosen = {option: hub_by_car(own) for option, own in trips.items()}
    to_hub = {option: np.where(trip.counted, trip.after, np.nan) for option, trip in chosen.items()}
    # only the rows that are beyond in some option: the matrix of all of them to every site would be large
    rows = np.flatnonzero(np.any([beyond(hub, ground.threshold) for hub in to_hub.values()], axis=0))
    sites = place.sites.loc[list(minutes.site_codes), ["name", "kind", "practice_code"]]
    homes = Homes(
        patients=people.patients[rows],
        practice=ground.practice[rows],
        practice_codes=ground.practice_codes,
        practice_names=practices.loc[list(ground.practice_codes), "name"].astype(str).tolist(),
        community=communities.of_area[journeys.area[rows]],
        names=communities.names,
        settings=communities.setting,
        to_site=minutes.to_every_site(rows),
        sites=sites,
        usable=None if ground.layer is None else sites.index.isin(ground.layer.after),
    )
    hubs = {
        option: HubJourney(to_hub[option][rows], {code: group.group_id for code, group in plan.group_of.items()})
        for option, plan in plans.items()
    }
    return mitigation_tables(homes, hubs, ground.threshold)


def _option_trips(ground: Ground, option: str, plan: Plan, trips: Sequence[Trip]) -> OptionTrips:
    """The journeys of an option with the names of its hubs, for the sentences about single places."""
    group_of = plan.group_of
    of_practice = [group_of[code].group_id if code in group_of else "" for code in ground.practice_codes]
    names = ground.place.sites["name"]
    return OptionTrips(
        option_id=option,
        trips={(trip.journey, trip.mode): trip for trip in trips},
        group=np.array(of_practice, dtype=object)[ground.practice],
        hub={group.group_id: str(names[group.hub_site_code]) for group in ground.hub_after(plan).groups},
    )


def names_of(options: Sequence[AssessedOption]) -> Named:
    """Name and kind of every group of assessed options."""
    return {
        option.option.option_id: {
            row.group_id: (str(row.name), str(row.kind)) for row in option.groups.itertuples(index=False)
        }
        for option in options
    }
