"""Prompts for mitigation, from data only: which existing site lies near people who would be far from their hub.

A prompt is a question for planners, not advice: it says that a site lies within the threshold of people whose hub does
not, and how many. Whether it has rooms, staff or hours, and whether people would go there, the data do not tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.impact.measures import CLOSE, beyond

COLUMNS = (
    "option", "community", "setting", "people_beyond", "minutes_now", "site_code", "site", "kind", "of_practice",
    "minutes_to_site", "people_served_here", "people_served_all",
)  # fmt: skip
SITE_COLUMNS = ("option", "step", "site_code", "site", "kind", "of_practice", "people_added", "people_in_all")

QUESTIONS_NOT_ADVICE = (
    "These are questions for planners, drawn from travel times alone; they are not advice and nothing is decided. The"
    " data do not say whether a site has room, staff or opening hours for a shared service."
)

MOST_SITES = 5
"""Sites of the list that together bring most people back: a list to think about, not a programme."""

OWN_GROUP_SHARE = 0.5
"""A site of the community's own group is asked about first if it reaches this share of what the best site does."""
OWN_GROUP_DETOUR = 10.0
"""... and lies no more than so many minutes further than the nearest of the sites that bring back as many."""

SAME = 6
"""Decimals of people and minutes that count in a comparison: less is noise of the arithmetic."""


@dataclass(frozen=True)
class Homes:
    """What all options share: who lives where, and how far it is from there to every site by car.

    Parameters
    ----------
    patients
        Registered patients of each row, shape (R,).
    practice
        Position in `practice_codes` of each row, shape (R,).
    practice_codes, practice_names
        P codes and names.
    community
        Position in `names` of each row, shape (R,).
    names, settings
        Name and setting (`rural`, `urban`, `mixed`, `not known`) of each of the C communities.
    to_site
        Minutes from home to every site, NaN without a route, shape (R, S).
    sites
        The S sites in the order of the columns: index site code, columns `name`, `kind`, `practice_code` (empty for a
        site of nobody).
    usable
        Sites that may be asked about, bool, shape (S,); None is all.
    """

    patients: NDArray[np.float64]
    practice: NDArray[np.int64]
    practice_codes: Sequence[str]
    practice_names: Sequence[str]
    community: NDArray[np.int64]
    names: Sequence[str]
    settings: Sequence[str]
    to_site: NDArray[np.float64]
    sites: pd.DataFrame
    usable: NDArray[np.bool_] | None = None

    @cached_property
    def code_rank(self) -> NDArray[np.int64]:
        """Place of each site in the order of the codes, shape (S,): decides between sites that are alike."""
        return np.argsort(np.argsort(np.array([str(code) for code in self.sites.index]), kind="stable"))

    def near(self, rows: NDArray[np.int64], threshold: float) -> NDArray[np.bool_]:
        """Whether each usable site lies within the threshold of some rows, shape (len(rows), S)."""
        with np.errstate(invalid="ignore"):
            near = self.to_site[rows] <= threshold + CLOSE
        return near if self.usable is None else near & self.usable

    def facts(self, site: int) -> dict[str, str]:
        """Code, name, kind and practice of a site, as the tables show them."""
        row = self.sites.iloc[site]
        owner = str(row["practice_code"])
        names = dict(zip(self.practice_codes, self.practice_names, strict=True))
        name = str(names.get(owner, ""))
        return {
            "site_code": str(self.sites.index[site]),
            "site": str(row["name"]),
            "kind": str(row["kind"]),
            "of_practice": f"{name} ({owner})" if name else owner,
        }


@dataclass(frozen=True)
class HubJourney:
    """The hub journeys of one option.

    Parameters
    ----------
    minutes
        From home to the hub by car, shape (R,); NaN without a route, and for rows that the plan does not cover.
    group_of
        Practice code -> its group.
    """

    minutes: NDArray[np.float64]
    group_of: Mapping[str, str]


@dataclass(frozen=True)
class Step:
    """One site of a cover: its column, the people it adds to the sites before it, and the people with it in all."""

    site: int
    people_added: float
    people_in_all: float


def mitigation_tables(homes: Homes, options: Mapping[str, HubJourney], threshold: float) -> dict[str, pd.DataFrame]:
    """The tables `mitigation` and `mitigation_sites` of some options.

    Parameters
    ----------
    homes
        What the options share.
    options
        Option -> its hub journeys.
    threshold
        Minutes beyond which a journey is long.
    """
    prompts = [mitigation_table(option, homes, hub, threshold) for option, hub in options.items()]
    covers = [mitigation_sites(option, homes, hub, threshold) for option, hub in options.items()]
    return {"mitigation": _stacked(prompts, COLUMNS), "mitigation_sites": _stacked(covers, SITE_COLUMNS)}


def _stacked(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(columns))


def beyond_rows(homes: Homes, hub: HubJourney, threshold: float) -> NDArray[np.int64]:
    """Rows with patients whose hub is farther than the threshold; a home without a route is not among them."""
    with np.errstate(invalid="ignore"):
        return np.flatnonzero(beyond(hub.minutes, threshold) & (homes.patients > 0))


# --- One site for each community -----------------------------------------------------------------------------------


def mitigation_table(option: str, homes: Homes, hub: HubJourney, threshold: float) -> pd.DataFrame:
    """For each community with people beyond the threshold, the existing site that lies within it for most of them.

    A site of the community's own group (that of most of its people beyond) is named first, unless another site
    reaches more than twice as many or lies more than 10 minutes nearer; ties go to fewer minutes, then to the smaller
    code.

    Parameters
    ----------
    option, homes, hub, threshold
        As for `mitigation_tables`.

    Returns
    -------
    Columns `COLUMNS`, most people beyond first. `people_beyond` have more minutes to the hub than the threshold and
    `minutes_now` is their mean. `people_served_here` are those of them within the threshold of the site,
    `minutes_to_site` their mean to it; `people_served_all` counts likewise over all communities of the option. Where
    no site serves anybody, `site_code` is empty and `site` says so.
    """
    rows = beyond_rows(homes, hub, threshold)
    if not len(rows):
        return pd.DataFrame(columns=list(COLUMNS))
    served = _Served.of(homes, rows, threshold)
    who = pd.Series(homes.patients[rows]).groupby(homes.community[rows]).sum()
    weighted = pd.Series(homes.patients[rows] * hub.minutes[rows]).groupby(homes.community[rows]).sum()
    mine = _group_of_community(homes, rows, hub)
    owner = np.array([hub.group_of.get(str(code), "") for code in homes.sites["practice_code"]], dtype=object)
    records = []
    for number in who.index:
        at = served.best(int(number), owner == mine[number] if mine[number] else np.zeros(len(owner), dtype=bool))
        records.append(
            {
                "option": option,
                "community": str(homes.names[number]),
                "setting": str(homes.settings[number]),
                "people_beyond": float(who[number]),
                "minutes_now": float(weighted[number] / who[number]),
                **_prompt(homes, served, int(number), at, threshold),
            }
        )
    records.sort(key=lambda record: (-round(record["people_beyond"], SAME), record["community"]))
    return pd.DataFrame(records, columns=list(COLUMNS))


def _prompt(homes: Homes, served: _Served, community: int, site: int | None, threshold: float) -> dict[str, object]:
    if site is None:
        text = f"no existing site lies within {threshold:g} minutes"
        nothing = {"minutes_to_site": np.nan, "people_served_here": 0.0, "people_served_all": 0.0}
        return {"site_code": "", "site": text, "kind": "", "of_practice": ""} | nothing
    return homes.facts(site) | {
        "minutes_to_site": float(served.minutes[community, site]),
        "people_served_here": float(served.people[community, site]),
        "people_served_all": float(served.in_all[site]),
    }


def _group_of_community(homes: Homes, rows: NDArray[np.int64], hub: HubJourney) -> dict[int, str]:
    """The group of most of the people beyond, by community; ties: the smaller name."""
    group = [hub.group_of.get(homes.practice_codes[p], "") for p in homes.practice[rows]]
    table = pd.DataFrame({"c": homes.community[rows], "g": group, "n": homes.patients[rows]})
    sums = table.groupby(["c", "g"], as_index=False)["n"].sum()
    sums["n"] = sums["n"].round(SAME)
    first = sums.sort_values(["c", "n", "g"], ascending=[True, False, True]).drop_duplicates("c")
    return {int(c): str(g) for c, g in zip(first["c"], first["g"], strict=True)}


@dataclass(frozen=True)
class _Served:
    """People beyond the threshold whom each site would bring within it, by community; shapes (C, S) and (S,)."""

    people: NDArray[np.float64]
    minutes: NDArray[np.float64]
    in_all: NDArray[np.float64]
    code_rank: NDArray[np.int64]

    @classmethod
    def of(cls, homes: Homes, rows: NDArray[np.int64], threshold: float) -> _Served:
        near = homes.near(rows, threshold)
        people = np.where(near, homes.patients[rows][:, None], 0.0)
        spent = np.where(near, homes.to_site[rows], 0.0) * people
        shape = (len(homes.names), near.shape[1])
        total, summed = np.zeros(shape), np.zeros(shape)
        np.add.at(total, homes.community[rows], people)
        np.add.at(summed, homes.community[rows], spent)
        minutes = np.divide(summed, total, out=np.full(shape, np.nan), where=total > 0)
        return cls(total, minutes, people.sum(axis=0), homes.code_rank)

    def best(self, community: int, own: NDArray[np.bool_]) -> int | None:
        """The site to ask about, or None where none lies near anybody."""
        people, minutes = self.people[community].round(SAME), self.minutes[community].round(SAME)
        order = np.lexsort((self.code_rank, np.where(people > 0, minutes, np.inf), -people))
        if not len(order) or people[order[0]] <= 0:
            return None
        enough = people >= max(OWN_GROUP_SHARE * people[order[0]], 10.0**-SAME)
        nearest = minutes[enough].min()
        of_group = [
            site for site in order if own[site] and enough[site] and minutes[site] <= nearest + OWN_GROUP_DETOUR
        ]
        return int(of_group[0] if of_group else order[0])


# --- A few sites together ------------------------------------------------------------------------------------------


def greedy_cover(homes: Homes, hub: HubJourney, threshold: float, *, at_most: int = MOST_SITES) -> tuple[Step, ...]:
    """The few sites that together bring most people back within the threshold, one after another.

    Each step takes the site that adds most people to those before it (ties: fewer minutes of those it adds, then the
    smaller code). Greedy steps come within 1 - 1/e (63%) of the most people any as many sites could reach (Nemhauser,
    Wolsey and Fisher 1978); the list ends when no site adds anybody.

    Parameters
    ----------
    homes, hub, threshold
        As for `mitigation_table`.
    at_most
        Sites in the list.
    """
    rows = beyond_rows(homes, hub, threshold)
    near, patients = homes.near(rows, threshold), homes.patients[rows]
    spent = np.where(near, homes.to_site[rows], 0.0)
    waiting = np.ones(len(rows), dtype=bool)
    steps: list[Step] = []
    for _ in range(min(at_most, near.shape[1])):
        weight = np.where(waiting, patients, 0.0)
        people = (weight @ near).round(SAME)
        minutes = np.divide(weight @ spent, people, out=np.full(len(people), np.inf), where=people > 0).round(SAME)
        best = int(np.lexsort((homes.code_rank, minutes, -people))[0])
        if people[best] <= 0:
            break
        added = float(patients[waiting & near[:, best]].sum())
        waiting &= ~near[:, best]
        steps.append(Step(best, added, added + (steps[-1].people_in_all if steps else 0.0)))
    return tuple(steps)


def mitigation_sites(option: str, homes: Homes, hub: HubJourney, threshold: float) -> pd.DataFrame:
    """The cover of one option as a table (`SITE_COLUMNS`); `people_in_all` counts this site and those before it."""
    return pd.DataFrame(
        [
            {
                "option": option,
                "step": number,
                **homes.facts(step.site),
                "people_added": step.people_added,
                "people_in_all": step.people_in_all,
            }
            for number, step in enumerate(greedy_cover(homes, hub, threshold), start=1)
        ],
        columns=list(SITE_COLUMNS),
    )


# --- Words -----------------------------------------------------------------------------------------------------------


def whole_people(people: float) -> str:
    """A figure of people as text."""
    return f"{people:,.0f} {'person' if round(people) == 1 else 'people'}"


def question(prompt: Mapping[str, object], threshold: float, people: Callable[[float], str] = whole_people) -> str:
    """One row of `mitigation` as a question for planners.

    Parameters
    ----------
    prompt
        The row.
    threshold
        Minutes beyond which a journey is long.
    people
        Writes a figure of people; a public page gives one that rounds and leaves out small numbers.
    """
    beyond = f"{people(float(prompt['people_beyond']))} of {prompt['community']} would be more than {threshold:g}"
    beyond += f" minutes from the hub by car (on average {float(prompt['minutes_now']):.0f})."
    if not prompt["site_code"]:
        ask = (
            f"No existing site lies within {threshold:g} minutes of any of them. What else could bring a service near?"
        )
        return f"{beyond} {ask}"
    of = f" of {prompt['of_practice']}" if prompt["of_practice"] else ""
    here, in_all = (people(float(prompt[column])) for column in ("people_served_here", "people_served_all"))
    return (
        f"{beyond} Could some services of the hub also run at {prompt['site']} ({prompt['kind']} site{of})? It is at"
        f" most {threshold:g} minutes away for {here} of this community with such a long journey, and for {in_all} of"
        " all communities together."
    )
