"""What the page says about how it was made: input check, proof, rules, travel details, sources."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from geodata.errors import Finding
from grouping import maps
from grouping.plain_words import count
from grouping.result import Run, SolverReport


@dataclass(frozen=True)
class FindingsView:
    """Findings of one kind: how many, and the first of them."""

    code: str
    severity: str
    number: int
    examples: tuple[Finding, ...]


def findings_by_kind(findings: tuple[Finding, ...]) -> tuple[FindingsView, ...]:
    """Findings grouped by kind: what may change a result first, then the most frequent."""
    rank = {"error": 0, "warning": 1, "note": 2}
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        kinds.setdefault((finding.severity, finding.code), []).append(finding)
    views = [FindingsView(code, severity, len(found), tuple(found[:3])) for (severity, code), found in kinds.items()]
    return tuple(sorted(views, key=lambda view: (rank.get(view.severity, 3), -view.number, view.code)))


def proof_lines(run: Run) -> list[str]:
    """What the solver's certificate means, in plain words."""
    solver = run.solver
    if solver is None:
        return ["This plan was made by hand; nothing was searched and nothing is proven about it."]
    proven = solver.status == "optimal"
    listed = (
        f"{solver.candidates:,} possible groups were listed: every set of neighbouring practices that obeys the rules."
    )
    if solver.searched:
        listed = (
            f"{solver.searched[:1].upper()}{solver.searched[1:]} of neighbouring practices are possible, too many to "
            f"list. They were searched by prices instead, and {solver.candidates:,} were kept."
        )
    if proven and not solver.searched:
        listed += (
            f" The search considers all of them; {solver.columns:,} remained in its final step, the others were shown "
            "not to belong to any better plan."
        )
    lines = [listed, *_proven(solver)]
    if solver.exceptions and proven:
        lines.append(
            f"With these rules no plan has less total shortfall than {count(solver.shortfall)} patients; among the "
            f"plans with that shortfall, none has fewer groups below their minimum than {solver.exceptions}."
        )
    lines += list(solver.explanation)
    seconds = sum(value for value in solver.seconds.values() if isinstance(value, int | float))
    lines.append(f"Solver: {solver.name} {solver.version}; {seconds:.1f} seconds.")
    return lines


def _proven(solver: SolverReport) -> list[str]:
    if solver.objective is None or solver.bound is None or solver.gap is None:
        return [f"Status of the search: {solver.status}."]
    figures = f"Score of the first option {solver.objective:.4f} minutes per patient; bound {solver.bound:.4f}"
    if solver.status == "optimal":
        return [
            f"{figures}; gap {solver.gap:.4%}. The bound is a score that no plan under these rules can go below: with "
            "these inputs, these rules and this score, no other plan scores better. It says nothing of what the "
            "score leaves out."
        ]
    reach = f", its score up to {solver.gap:.2%} lower" if solver.gap < 1 else ""
    return [f"{figures}. The search was stopped before it was complete: a better plan might exist{reach}."]


RULE_WORDS = {
    "name": "Name",
    "version": "Version",
    "title": "Title",
    "size.minimum_urban": "Fewest registered patients of an urban group",
    "size.minimum_rural": "Fewest registered patients of a rural group",
    "size.preferred_minimum_urban": "Preferred least size, urban",
    "size.preferred_minimum_rural": "Preferred least size, rural",
    "size.preferred_maximum": "Preferred largest size",
    "size.hard_maximum": "Largest size (a single larger practice stands alone)",
    "size.hard_maximum_rural": "Largest size of a rural group (0 = the same)",
    "size.target": "Size that groups are drawn to, if balance counts (0 = the middle of the preferred sizes)",
    "size.fewest_practices": "Fewest practices of a group (0 = no limit)",
    "size.most_practices": "Most practices of a group (0 = no limit)",
    "size.locality": "Sizes of their own for single localities",
    "rurality.threshold": "Share of patients in rural areas from which a group is rural",
    "rurality.near_threshold": "Distance from that threshold within which a group is flagged",
    "access.max_minutes_between_members": "Most minutes between the main sites of any two members (0 = no limit)",
    "access.max_minutes_to_hub": "Most minutes from a member's main site to the hub (0 = no limit)",
    "access.max_mean_minutes_to_hub": "Most minutes to the hub for a group's patients on average (0 = no limit)",
    "contiguity.rule": "Which practices may form a group together (catchments: neighbours; none: any)",
    "contiguity.max_minutes_over_border": "Neighbours count only up to so many minutes apart (0 = all)",
    "exceptions.policy": "Groups below their minimum",
    "exceptions.at_most": "At most so many exceptions (-1 = any number)",
    "hub.kinds": "Kinds of site that may be a hub (empty = any site of a member)",
    "hub.minimum_floor_area_m2": "Least floor area of a hub, square metres (0 = any)",
    "hub.conditions": "Conditions of the building a hub may have (empty = any)",
    "hub.committed": "Sites with committed investment (hub: each is the hub of its group)",
    "hub.budget": "Most pounds a year for all hubs together (0 = no limit)",
    "locality.rule": "Groups across localities",
    "locality.most_crossing": "Most groups that may hold practices of several localities (-1 = any number)",
    "groups.fewest": "Fewest groups (0 = no limit)",
    "groups.most": "Most groups (0 = no limit)",
    "weights.minutes": "What a minute from home to the hub counts",
    "weights.outside_preferred": "Penalty minutes per patient outside the preferred size",
    "weights.split_locality": "Penalty minutes per patient outside the group's largest locality",
    "weights.change_of_group": "Penalty minutes per patient from another of today's groups",
    "weights.mixed_systems": "Penalty minutes per patient on another clinical system than most of the group",
    "weights.worst_practice": "Weight of the longest way from a member's main site to the hub",
    "weights.size_balance": "Penalty minutes per patient that a group's size lies from the size drawn to",
    "weights.hub_cost": "Penalty minutes per patient for each pound a year and patient that hubs cost",
    "objective.order": "What is made small first, next and last",
    "options.different_share": "Share of patients with other companions that makes an option different",
    "options.bands": "How far behind the best score an option may lie, in steps",
    "options.near": "How far behind the best score a plan counts as nearly as good",
    "practices.small_list": "List size below which a practice is flagged",
    "practices.vulnerable_up_to": "Practices up to this step of vulnerability (1 to 5) count as vulnerable",
    "practices.most_vulnerable_share": "Largest share of a group's practices that may be vulnerable",
    "second_layer.minimum": "Fewest patients of a partnership of groups (0 = none are formed)",
    "second_layer.maximum": "Most patients of a partnership (0 = three times the minimum)",
    "second_layer.max_minutes_between_hubs": "Most minutes between the hubs of a partnership (0 = no limit)",
    "impact.threshold_minutes": "A journey of more minutes is beyond the threshold",
    "impact.worst": "Communities with the worst journeys that are listed",
    "impact.least_people": "Communities with fewer patients are not among those listed",
    "impact.persons_per_dwelling": "People counted in each planned dwelling",
    "decisions": "Decided beforehand",
}


def rule_rows(rules: BaseModel) -> list[tuple[str, str, str]]:
    """Every value of the rule set: key, meaning, value."""
    rows = []
    for section, values in rules.model_dump().items():
        entries = values.items() if isinstance(values, dict) else [("", value) for value in _each(values)]
        for key, value in entries:
            name = f"{section}.{key}" if key else section
            rows.append((name, RULE_WORDS.get(name, ""), _value_text(value)))
    return rows


def _each(values: object) -> tuple[object, ...]:
    """A list of whole sections (decisions) entry by entry; any other value by itself."""
    sections = isinstance(values, list | tuple) and all(isinstance(entry, dict) for entry in values)
    return tuple(_without_empty(entry) for entry in values) if sections else (values,)


def _without_empty(section: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in section.items() if value not in ("", (), [])}


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_value_text(entry)}" for key, entry in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(_value_text(entry) for entry in value) or "none"
    return "" if value is None else str(value)


DETAIL_WORDS = {
    "timestamp": "Date of the road data",
    "profile": "Speed profile",
    "profile_sentence": "What it leaves out",
    "speeds_version": "Version of the speed table",
    "mode": "Means of travel",
    "speed_factor": "Factor on all speeds",
    "ferry_state": "Ferries",
    "parking_minutes": "Minutes added for parking",
    "toll_km": "Kilometres of toll road",
    "turns_restricted": "Restricted turns applied",
    "turns_unclear": "Restricted turns that could not be understood",
    "closed_roads": "Stretches of road closed",
    "closed": "Closed roads",
    "drive": "by car",
    "walk": "on foot",
    "home_points": "Points whose mean is the time of an area",
    "nodes": "Junctions",
    "roads": "Stretches of road",
    "edges": "Directions driven",
    "km": "Kilometres of road",
    "one_way_share": "Share of one-way road",
    "km_by_class": "Kilometres by class of road",
    "km_by_speed_source": "Kilometres by source of the speed",
    "roads_by_speed_source": "Stretches by source of the speed",
    "components": "Separate parts of the network",
    "main_nodes": "Junctions of the main part",
    "main_share": "Share of junctions in the main part",
    "cut_off_km": "Kilometres that cannot be used",
    "cut_off": "Parts that cannot be used",
    "bridges": "Gaps closed",
    "open_gaps": "Gaps left open",
    "broken_roundabouts": "Roundabouts that lack a part",
    "left_out": "Lines left out",
    "access_kmh": "Speed from the door to the road, km/h",
    "area_snap_m": "Metres from a home point to the road",
    "site_snap_m": "Metres from a site to the road",
    "unreachable_share": "Share of journeys without a route",
    "p90": "nine in ten within",
    "max": "most",
    "over_500_m": "over 500 m",
}


def detail_rows(details: dict[str, object]) -> list[tuple[str, str]]:
    """Figures of the travel method: name and value, in words."""
    return [(_detail_name(key), _value_text(_in_words(value))) for key, value in details.items()]


def _detail_name(key: str) -> str:
    return DETAIL_WORDS.get(key, key.replace("_", " "))


def _in_words(value: object) -> object:
    """The names inside a figure in words as well."""
    if isinstance(value, dict):
        return {_detail_name(str(key)): _in_words(entry) for key, entry in value.items()}
    if isinstance(value, str):
        return DETAIL_WORDS.get(value, value)
    return [_in_words(entry) for entry in value] if isinstance(value, list | tuple) else value


def attribution_lines(run: Run) -> list[str]:
    """Lines of attribution: those of the inputs, and OpenStreetMap's own when its roads were used."""
    lines = [source.attribution for source in run.place.sources if source.attribution]
    mentioned = any("openstreetmap" in line.lower() for line in lines)
    if not run.times.method.estimate and not mentioned and not run.place.made_up:
        lines.append("Road data © OpenStreetMap contributors, available under the Open Database Licence.")
    return list(dict.fromkeys(lines))


def minute_steps() -> list[tuple[str, str]]:
    """Legend of the minutes: colour and words."""
    words = [f"up to {maps.MINUTE_CLASSES[0]}"]
    words += [f"over {low} to {high}" for low, high in itertools.pairwise(maps.MINUTE_CLASSES)]
    words.append(f"over {maps.MINUTE_CLASSES[-1]}")
    return [*zip(maps.MINUTE_COLOURS, words, strict=True), (maps.NO_ROUTE_COLOUR, "no route or no patients")]
