"""What the section of one group says: its practices, why this hub, who is around it, and what is open about it.

Groups of the same practices with the same hub are told of once, under the first option that has them; a later option
names their practices and refers to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.catchments import LEFT_OUT
from geodata.place import Place
from grouping.impact.communities import communities_of
from grouping.membership import main_locality, member_indices
from grouping.plain_words import UNKNOWN, count, is_missing, minutes, percent, plural, share_in_words, share_of_plans
from grouping.plan import Group
from grouping.report.group_figures import preferred_range
from grouping.result import AssessedOption, Run

MOST_CHOICES = 3
"""Open borders named for one group; all of them are in `agreement.csv`."""

ENOUGH_PEOPLE = 200
"""On a public page the furthest community of a group is named only if so many of the group's patients live there."""

SAME_BUILDING = 0.05
"""A way of fewer minutes is none."""

RATINGS = {1: "special measures", 2: "vulnerable", 3: "surviving", 4: "sustainable", 5: "succeeding"}
"""What the ratings 1-5 of the practices table mean."""


@dataclass(frozen=True)
class PracticeView:
    """One practice in the list of a group's members.

    Parameters
    ----------
    code, name, list_size, locality
        Of the practice.
    sites
        Name and kind of each of its sites.
    today
        Its group of today, or empty.
    marks
        What else the inputs say of it, in few words.
    """

    code: str
    name: str
    list_size: int
    locality: str
    sites: tuple[tuple[str, str], ...]
    today: str = ""
    marks: tuple[str, ...] = ()

    @property
    def facts(self) -> tuple[str, ...]:
        """Locality, group of today and marks."""
        known = (self.locality, f"today {self.today}" if self.today else "")
        return (*(text for text in known if text), *self.marks)


@dataclass(frozen=True)
class GroupSection:
    """The section of one group.

    Parameters
    ----------
    sentences
        Size and minimum, hub, travel and what is projected, each a plain sentence.
    members
        Its practices.
    neighbours
        Ids of the groups next to it.
    choices
        Its practices on a border that is a choice, in sentences.
    more_choices
        How many further ones there are.
    same_as
        Option and group that are the same practices with the same hub, told of before; or None.
    """

    sentences: tuple[str, ...]
    members: tuple[PracticeView, ...]
    neighbours: tuple[str, ...]
    choices: tuple[str, ...]
    more_choices: int
    same_as: tuple[str, str] | None = None


class Surroundings:
    """What the sections of all groups of a run share."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.place: Place = run.place

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Name of every practice."""
        return self.place.practices["name"].astype(str).to_dict()

    @cached_property
    def borders(self) -> tuple[tuple[str, str], ...]:
        """Pairs of practices that are neighbours."""
        edges = self.run.adjacency
        if "reason" in edges:
            edges = edges[edges["reason"] != LEFT_OUT]
        known = set(self.place.practices.index)
        pairs = zip(edges["practice_a"].astype(str), edges["practice_b"].astype(str), strict=True)
        return tuple((a, b) for a, b in pairs if a in known and b in known)

    @cached_property
    def choices(self) -> Mapping[str, tuple[tuple[str, float], ...]]:
        """Neighbours with whom a practice shares a group in some good plans only, and in which share of them."""
        if self.run.agreement is None:
            return {}
        table = self.run.agreement.table
        rows = table[(table["verdict"] == "choice") & table["border"].astype(bool)]
        found: dict[str, list[tuple[str, float]]] = {}
        for row in rows.itertuples():
            found.setdefault(row.practice_a, []).append((row.practice_b, float(row.together_share)))
            found.setdefault(row.practice_b, []).append((row.practice_a, float(row.together_share)))
        return {code: tuple(others) for code, others in found.items()}

    @cached_property
    def estimated(self) -> frozenset[str]:
        """Practices whose patients' homes are estimated."""
        table = self.place.registrations
        return frozenset(table.loc[table["basis"] == "estimated", "practice_code"]) if "basis" in table else frozenset()

    @cached_property
    def sites_of(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """Name and kind of the sites of each practice."""
        return {
            code: tuple(zip(part["name"].astype(str), part["kind"].astype(str), strict=True))
            for code, part in self.place.sites.groupby("practice_code")
        }

    @cached_property
    def registered(self) -> Mapping[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Rows of the matrix of minutes where the patients of each practice live (-1 outside), and how many."""
        table = self.place.registrations
        row = pd.Index(self.run.times.area_codes).get_indexer(table["area_code"])
        patients = pd.to_numeric(table["patients"], errors="coerce").fillna(0.0).to_numpy(dtype=float)
        practice = table["practice_code"].to_numpy()
        return {code: (row[practice == code], patients[practice == code]) for code in self.place.practices.index}

    @cached_property
    def community_of(self) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """Names of the communities, and the one of each row of the matrix of minutes."""
        found = communities_of(self.place, tuple(self.run.times.area_codes))
        return found.names, found.of_area

    @cached_property
    def site_at(self) -> Mapping[str, int]:
        """Column of the matrix of minutes of each site."""
        return {code: position for position, code in enumerate(self.run.times.site_codes)}


def told_before(options: Sequence[AssessedOption]) -> list[dict[str, tuple[str, str] | None]]:
    """For each option the group of an earlier one that each of its groups is, practice by practice and with the hub."""
    first: dict[tuple[tuple[str, ...], str], tuple[str, str]] = {}
    found = []
    for option in options:
        own: dict[str, tuple[str, str] | None] = {}
        for group in option.option.plan.groups:
            key = (group.members, group.hub_site_code)
            own[group.group_id] = first.get(key)
            first.setdefault(key, (option.option.option_id, group.group_id))
        found.append(own)
    return found


def group_section(
    group: Group,
    row: object,
    option: AssessedOption,
    around: Surroundings,
    grown: Sequence[str] = (),
    same_as: tuple[str, str] | None = None,
) -> GroupSection:
    """Gather what the section of one group says.

    Parameters
    ----------
    group, row
        The group, and its row of the option's table of groups.
    option
        The option.
    around
        What all groups share.
    grown
        Sentences about the list as it is projected.
    same_as
        Where the same group was told of before.
    """
    own = {code: one.group_id for code, one in option.option.plan.group_of.items()}
    choices = _choices(group, own, around)
    members = tuple(_practice(code, around) for code in group.members)
    neighbours = sorted(
        {
            own[there]
            for a, b in around.borders
            for here, there in ((a, b), (b, a))
            if own.get(here) == group.group_id and own.get(there, group.group_id) != group.group_id
        }
    )
    sentences = (_size(group, row, around), _hub(group, row, around), _travel(group, row, around), *grown)
    return GroupSection(
        tuple(sentence for sentence in sentences if sentence),
        members,
        tuple(neighbours),
        choices[:MOST_CHOICES],
        max(len(choices) - MOST_CHOICES, 0),
        same_as,
    )


# ------------------------------------------------------------------------------------------------------------- pieces


def _practice(code: str, around: Surroundings) -> PracticeView:
    row = around.place.practices.loc[code]
    return PracticeView(
        code,
        around.names[code],
        int(row["list_size"]),
        plain_text(row.get("locality")),
        around.sites_of.get(code, ()),
        plain_text(row.get("current_group")),
        tuple(_marks(code, row, around)),
    )


def _marks(code: str, row: pd.Series, around: Surroundings) -> list[str]:
    """What the inputs say of a practice besides; ratings stay inside."""
    marks = []
    rated = pd.to_numeric(row.get("vulnerability"), errors="coerce")
    if not around.run.public and not pd.isna(rated) and rated <= around.run.rules.practices.vulnerable_up_to:
        words = RATINGS.get(int(rated), "")
        marks.append(f"rated {rated:g} of 5{f' ({words})' if words else ''}")
    does = row.get("dispensing")
    if does is not None and not pd.isna(does) and bool(does):
        marks.append("dispensing")
    if system := plain_text(row.get("clinical_system")):
        marks.append(system)
    if code in around.estimated:
        marks.append("homes of its patients estimated")
    return marks


def _size(group: Group, row: object, around: Surroundings) -> str:
    """Which minimum applies and why, and the margin."""
    rules = around.run.rules
    threshold = rules.rurality.threshold
    reached = "at least" if row.kind == "rural" else "below"
    share = rural_words(row.rural_share, row.kind, around.run)
    why = f"{share} of them live in rural areas, {reached} the {100 * threshold:g}% that make a group rural"
    if is_missing(row.rural_share):  # hidden on a public page
        why = f"By where they live it is {row.kind}"
    return (
        f"{count(row.list_size)} registered patients in {plural(int(row.practices), 'practice')} on "
        f"{plural(int(row.sites), 'site')}. {why[:1].upper()}{why[1:]}: {_which_minimum(group, row, around)} of "
        f"{count(row.minimum)} applies, and the group is {_margin(int(row.margin))}; {_preferred(row, around)}."
    )


def rural_words(share: float, kind: str, run: Run) -> str:
    """A rural share that never reads as if it lay on the other side of the threshold: never "50%, below 50%"."""
    if is_missing(share):
        return UNKNOWN
    threshold = run.rules.rurality.threshold
    digits = 1 if abs(share - threshold) < 0.02 and not run.public else 0  # a public share is in whole percent
    printed = round(share, digits + 2)
    if (printed >= threshold) != (kind == "rural"):
        return f"just {'over' if kind == 'rural' else 'under'} {100 * threshold:g}%"
    return percent(share, digits) if digits else share_in_words(share)


def _which_minimum(group: Group, row: object, around: Surroundings) -> str:
    problem, rules = around.run.problem, around.run.rules
    locality = "" if problem is None else main_locality(member_indices(group, problem), problem)
    own = locality and rules.minimum_for(rural=row.kind == "rural", locality="") != row.minimum
    return f"the minimum for {locality}" if own else f"the {row.kind} minimum"


def _margin(margin: int, against: str = "it") -> str:
    if margin == 0:
        return f"exactly at {against}"
    return f"{count(margin)} above {against}" if margin > 0 else f"{count(-margin)} short of {against}"


def _preferred(row: object, around: Surroundings) -> str:
    least, most = preferred_range(around.run.rules, row.kind, row.minimum)
    if most < least:
        return "no size is preferred"
    if row.list_size > most:
        return f"{count(row.list_size - most)} above the preferred {count(most)}"
    if row.list_size < least:
        return f"the preferred sizes are {count(least)} to {count(most)}"
    return f"inside the preferred {count(least)} to {count(most)}"


def _hub(group: Group, row: object, around: Surroundings) -> str:
    """Which site is the hub, and why that one."""
    site = around.place.sites.loc[group.hub_site_code]
    owner = plain_text(site["practice_code"])
    of = f", a {site['kind']} site of {around.names[owner]}" if owner in around.names and site["kind"] != "main" else ""
    why = _why_hub(group, row, around)
    return f"Hub: {site['name']}{of}" + (f". {why}" if why else ".")


def _why_hub(group: Group, row: object, around: Surroundings) -> str:
    """Why that site: by the minutes of the group's patients to each site that may be its hub."""
    problem = around.run.problem
    if problem is None or group.hub_site_code not in problem.site_codes:
        return ""
    index = member_indices(group, problem)
    hub = problem.site_codes.index(group.hub_site_code)
    if around.run.command == "score":
        given = "It stands in the plan, or is the best for it by the rules."
    else:
        given = "The rules on hubs decide for it."
    if hub in problem.decided.hubs:
        return "That was decided, or the site is committed."
    if around.run.public:  # minutes from rounded registrations may put the sites in another order
        own = int(np.isin(problem.site_owner, index).sum())
        return f"Of the {own} sites of its practices it was chosen by the rules of the plan." if own > 1 else ""
    possible = np.flatnonzero(np.isin(problem.site_owner, index) & problem.hub_allowed)
    timed = float(problem.timed_patients[index].sum())
    if hub not in possible or timed <= 0:
        return given
    if len(possible) == 1:
        return "It is the only site of its practices that may be a hub."
    mean = problem.patient_minutes[index].sum(axis=0)[possible] / timed
    order = np.lexsort((possible, np.round(mean, 3)))
    others = [k for k in order if possible[k] != hub]
    here = float(mean[np.flatnonzero(possible == hub)[0]])
    next_best = others[0]
    name = str(around.place.sites.at[problem.site_codes[possible[next_best]], "name"])
    if not np.isfinite(mean[next_best]):
        return "It is the only one of their sites that all of its patients can reach."
    if round(here, 3) <= round(float(mean[next_best]), 3):
        return (
            f"Of the {len(possible)} sites that may be its hub it is the nearest to its patients’ homes; next: {name}, "
            f"{minutes(mean[next_best])} minutes on average."
        )
    return f"{given} {name} would be nearer on average: {minutes(mean[next_best])} minutes."


def _travel(group: Group, row: object, around: Surroundings) -> str:
    """Travel to the hub in one sentence: the mean, the furthest practice, the furthest community."""
    if is_missing(row.mean_minutes_to_hub):
        return ""
    estimate = ", estimated" if around.run.times.method.estimate else ""
    parts = [f"From home to the hub: {minutes(row.mean_minutes_to_hub)} minutes by car on average{estimate}"]
    far = _furthest_practice(group, around)
    if far and far[1] >= SAME_BUILDING:
        parts.append(f"from the furthest practice, {far[0]}, {minutes(far[1])}")
    community = _furthest_community(group, around)
    if community:
        many = f"the furthest community with at least {count(_enough(around))} of its patients"
        parts.append(f"from {many}, {community[0]}, {minutes(community[1])}")
    return "; ".join(parts) + "."


def _furthest_practice(group: Group, around: Surroundings) -> tuple[str, float] | None:
    hub = around.site_at.get(group.hub_site_code)
    mains = [(around.site_at.get(around.place.practices.at[code, "main_site_code"]), code) for code in group.members]
    if hub is None or any(site is None for site, _ in mains):
        return None
    ways = [(float(around.run.times.between_sites[site, hub]), code) for site, code in mains]
    way, code = min(ways, key=lambda one: (-one[0], one[1]))  # ties: the smaller code
    return (around.names[code], way) if np.isfinite(way) else None


def _furthest_community(group: Group, around: Surroundings) -> tuple[str, float] | None:
    """The community with the longest mean journey to the hub, of those where enough of the group's patients live."""
    hub = around.site_at.get(group.hub_site_code)
    if hub is None:
        return None
    rows = np.concatenate([around.registered[code][0] for code in group.members])
    patients = np.concatenate([around.registered[code][1] for code in group.members])
    names, of_area = around.community_of
    way = np.where(rows >= 0, around.run.times.area_to_site[np.maximum(rows, 0), hub], np.inf)
    timed = (rows >= 0) & np.isfinite(way) & (patients > 0)
    here = of_area[rows[timed]]
    people = np.bincount(here, patients[timed], minlength=len(names))
    summed = np.bincount(here, patients[timed] * way[timed], minlength=len(names))
    enough = people >= _enough(around)
    if not enough.any():
        return None
    mean = np.where(enough, summed / np.where(people > 0, people, 1.0), -1.0)
    worst = int(np.argmax(np.round(mean, 3)))  # what differs by less is noise of the arithmetic
    return names[worst], float(mean[worst])


def _enough(around: Surroundings) -> int:
    """Fewest of a group's patients in a community that is told of."""
    least = int(around.run.rules.impact.least_people)
    return max(least, ENOUGH_PEOPLE) if around.run.public else max(least, 1)


def _choices(group: Group, own: Mapping[str, str], around: Surroundings) -> tuple[str, ...]:
    """Its practices that share a group with a neighbour in some good plans only, the most open first."""
    found = []
    for code in group.members:
        for other, share in around.choices.get(code, ()):
            if other in group.members and other < code:
                continue  # a pair inside the group is told of once
            found.append((abs(share - 0.5), code, other, share))
    return tuple(_choice_in_words(code, other, share, own, around) for _, code, other, share in sorted(found))


def _choice_in_words(code: str, other: str, share: float, own: Mapping[str, str], around: Surroundings) -> str:
    """One open border."""
    there = own.get(other, "")
    where = "" if there == own.get(code) else f" of {there}" if there else ", which is left out"
    return f"{around.names[code]} and {around.names[other]}{where}: {share_of_plans(share)}"


def plain_text(value: object) -> str:
    """A text of the inputs, empty where there is none."""
    return "" if value is None or pd.isna(value) else " ".join(str(value).split())


def growth_sentences(figures: pd.Series, years: Mapping[str, str]) -> tuple[str, ...]:
    """What the list is projected to be, and the minimum and margin it would then have.

    Parameters
    ----------
    figures
        The group's figures (`grouping.report.group_figures`).
    years
        Kind of growth -> how the sentence begins.
    """
    made = []
    for kind, begins in years.items():
        if f"list_{kind}" not in figures or is_missing(figures[f"list_{kind}"]):
            continue
        margin = round(float(figures[f"margin_{kind}"]))
        made.append(
            f"{begins}: {count(figures[f'list_{kind}'])} patients, "
            f"{_margin(margin, 'the minimum')} of {count(figures[f'minimum_{kind}'])} that would then apply."
        )
    return tuple(made)
