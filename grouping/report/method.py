"""What the page says about how it was made: input check, proof, rules, travel details, sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from pydantic import BaseModel

from geodata.errors import Finding
from grouping.plain_words import count, is_missing, option_title
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
    "weights.fragile": "Penalty minutes per patient of a group that would be below its minimum after the loss stated "
    "under resilience.loss_of",
    "objective.order": "What is made small first, next and last",
    "options.different_share": "Share of patients with other companions that makes an option different",
    "options.bands": "How far behind the best score an option may lie, in steps",
    "options.near": "How far behind the best score a plan counts as nearly as good",
    "practices.small_list": "List size below which a practice is flagged",
    "practices.vulnerable_up_to": "Practices up to this step of vulnerability (1 to 5) count as vulnerable",
    "practices.most_vulnerable_share": "Largest share of a group's practices that may be vulnerable",
    "resilience.loss_of": "Which practice is thought to hand back its contract: a group's largest vulnerable one, or "
    "its largest of any; none of its patients stays in the group",
    "resilience.keeps_share": "Least share of its minimum a group must then still have (0 = no limit; groups below "
    "their minimum and a single practice above the largest size are not asked)",
    "second_layer.minimum": "Fewest patients of a partnership of groups (0 = none are formed)",
    "second_layer.maximum": "Most patients of a partnership (0 = three times the minimum)",
    "second_layer.max_minutes_between_hubs": "Most minutes between the hubs of a partnership (0 = no limit)",
    "impact.threshold_minutes": "A journey of more minutes is beyond the threshold",
    "impact.worst": "Communities with the worst journeys that are listed",
    "impact.least_people": "Communities with fewer patients are not among those listed",
    "impact.persons_per_dwelling": "People counted in each planned dwelling",
    "decisions": "Decided beforehand",
}


def rule_rows(rules: BaseModel, hidden: Sequence[str] = ()) -> list[tuple[str, str, str]]:
    """Every value of the rule set: key, meaning, value; the values of hidden keys are not told."""
    rows = []
    for section, values in rules.model_dump().items():
        entries = values.items() if isinstance(values, dict) else [("", value) for value in _each(values)]
        for key, value in entries:
            name = f"{section}.{key}" if key else section
            told = "not published" if name in hidden else _value_text(value)
            rows.append((name, RULE_WORDS.get(name, ""), told))
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


# ---------------------------------------------------------------------------------------------------- how sure is this


@dataclass(frozen=True)
class SureRow:
    """One thing that decides how sure the figures are: the figure, what it means, and where the page tells more."""

    what: str
    figure: str
    means: str
    href: str
    where: str


THIN = 0.05
"""A margin below this share of the minimum is thin: a few families who move away can turn it."""


def sureness_rows(run: Run, *, agreement: bool, stress: bool) -> tuple[SureRow, ...]:
    """How sure the figures of a run are, in one table.

    Parameters
    ----------
    run
        The run.
    agreement, stress
        Whether the page has the sections about settled and open borders, and about changed assumptions.
    """
    if not run.options:
        return ()
    rows = [_proof_row(run), *_near_rows(run, agreement=agreement), _stress_row(run, stress=stress)]
    rows += [*_note_rows(run), _thin_row(run), *_estimated_row(run), _minutes_row(run), *_findings_row(run)]
    checked = sum(option.verified for option in run.options)
    rows.append(
        SureRow(
            "Independent check",
            f"{checked} of {len(run.options)}",
            "options of which every claim was derived again from the inputs and agrees",
            "verification",
            "Checks",
        )
    )
    return tuple(rows)


def _proof_row(run: Run) -> SureRow:
    solver = run.solver
    if solver is None:
        figure, means = "none", "the plan was made by hand: nothing was searched"
    elif solver.status == "optimal":
        figure = "proven" if solver.gap is None else f"gap {solver.gap:.2%}"
        means = "no plan under these rules and inputs does better than the first option"
    else:
        known = solver.gap is not None and 0 <= solver.gap < 1
        figure = f"gap {solver.gap:.2%}" if known else "not proven"
        means = "the search was stopped: a better plan may exist"
        means += ", by up to that share of the score" if known else ""
    return SureRow("Proof", figure, means, "proof", "What the figures prove")


def _near_rows(run: Run, *, agreement: bool) -> list[SureRow]:
    """How many plans are nearly as good, and how much they differ."""
    if run.near is None:
        return []
    rows = [
        SureRow(
            "Plans nearly as good", count(len(run.near)), run.near.sentence.rstrip("."), *_agreement_link(agreement)
        )
    ]
    if agreement and run.agreement is not None:
        borders, choices = int(run.agreement.table["border"].sum()), run.agreement.number("choice")
        means = "pairs of neighbours are together in some of these plans and apart in others"
        rows.append(SureRow("Open to choice", f"{choices:,} of {borders:,}", means, *_agreement_link(agreement)))
    return rows


def _agreement_link(there: bool) -> tuple[str, str]:
    return ("agreement", "Settled or a choice") if there else ("proof", "What the figures prove")


def _stress_row(run: Run, *, stress: bool) -> SureRow:
    """Whether other assumptions about the roads change the order of the options."""
    table = None if run.impact is None else run.impact.tables.get("scenarios")
    if not stress or table is None or not len(table):
        means = "this run has no figures under other assumptions"
        return SureRow("Other assumptions", "not tried", means, "travel-time", "Travel time")
    tried = table["title"].nunique()
    changed = {title for title, words in zip(table["title"], table["rank_changes"], strict=True) if _says(words)}
    means = "assumptions were tried"
    if len(run.options) > 1:
        means = "assumptions tried change the order of the options in some figure of travel"
        means += ", as these are rounded here" if run.public else ""
    figure = f"{len(changed)} of {tried}" if len(run.options) > 1 else f"{tried}"
    return SureRow("Other assumptions", figure, means, "impact-stress", "If an assumption changes")


def _says(words: object) -> bool:
    return isinstance(words, str) and bool(words.strip())


NOTED = (
    (
        "near-threshold",
        "Near the rural threshold",
        "groups so close to it that a small change gives them the other minimum",
    ),
    ("second-definition", "The other definition of rural", "groups that would have the other minimum by it"),
    ("estimated", "Estimated homes decide", "groups whose minimum could turn if the estimate of homes is off"),
)
"""Kinds of remark on a group, what they are called here, and what they mean."""


def _note_rows(run: Run) -> list[SureRow]:
    """Groups of which a remark says that their minimum is not certain."""
    rows = []
    for kind, what, means in NOTED:
        numbers = [
            len(set(option.notes.loc[option.notes["kind"] == kind, "group_id"].astype(str))) for option in run.options
        ]
        rows.append(SureRow(what, _of_options(run, numbers), means, "groups", "Map and groups"))
    return rows


def _of_options(run: Run, numbers: list[int]) -> str:
    """A number for each option: "none", "3 of 23 groups", or "Option 1: 3 of 23; Option 2: ..."."""
    if not any(numbers):
        return "none" if len(numbers) == 1 else "none in any option"
    said = [f"{number} of {len(option.groups)}" for number, option in zip(numbers, run.options, strict=True)]
    if len(said) == 1:
        return f"{said[0]} groups"
    titles = [option_title(option.option.option_id) for option in run.options]
    return "; ".join(f"{title}: {words}" for title, words in zip(titles, said, strict=True))


def _thin_row(run: Run) -> SureRow:
    numbers = []
    for option in run.options:
        margin = option.groups["margin"]
        numbers.append(int(((margin >= 0) & (margin < THIN * option.groups["minimum"])).sum()))
    means = f"groups that reach their minimum by less than {THIN:.0%} of it"
    return SureRow("Thin margins", _of_options(run, numbers), means, "groups", "Map and groups")


def _estimated_row(run: Run) -> list[SureRow]:
    rows = []
    for key, what, means in (
        ("patients_estimated", "Estimated registrations", "patients of the first option whose homes are estimated"),
        ("patients_without_route", "Without a route", "patients of the first option who are in no figure of minutes"),
    ):
        value = run.options[0].headline.get(key)
        if isinstance(value, str):
            rows.append(SureRow(what, value, means, "homes", "Where patients live"))
        elif not is_missing(value):
            rows.append(SureRow(what, count(value), means, "homes", "Where patients live"))
    return rows


def _minutes_row(run: Run) -> SureRow:
    estimate = run.times.method.estimate
    figure = "estimate" if estimate else "roads"
    means = "minutes by car on straight lines, without roads" if estimate else "minutes by car on the network of roads"
    return SureRow("Minutes", figure, means, "travel-time", "Travel time")


def _findings_row(run: Run) -> list[SureRow]:
    warnings = sum(finding.severity == "warning" for finding in run.findings)
    kinds = "kinds of remark" if run.public else "remarks"  # a public page tells each kind once
    means = f"{kinds} of the input check that may change a result"
    return [SureRow("Input check", count(warnings), means, "input-check", "Input check")]


def program_version() -> str:
    """Name and version of the program that made the page."""
    try:
        return f"practice-blueprint {version('practice-blueprint')}"
    except PackageNotFoundError:  # used from its folder, without being installed
        return "practice-blueprint, version not known"
