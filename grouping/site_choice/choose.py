"""The three stages: what to invest in, what to consider further, and what protections take off that list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grouping.site_choice.question import SAME, Question
from grouping.site_choice.stages import Aim, Answer, Row, answer_in_stages

Obstacle = Literal["no sound site", "no route", "beyond", "longer", "with", "mean"]


@dataclass(frozen=True)
class Way:
    """Where the patients of one site could go, and what stands against it.

    Parameters
    ----------
    site
        Position of the site.
    extra
        Whole patient-minutes more.
    needed
        Positions of sites, not sound, that its patients would go to first: it can be considered with them only.
    obstacle
        What rules the site out by itself; None where nothing does.
    minutes
        The figure that goes with the obstacle: the longest journey after, or the most minutes more.
    people
        Patients whom the obstacle is about, not whole where they are estimated.
    """

    site: int
    extra: int
    needed: frozenset[int]
    obstacle: Obstacle | None = None
    minutes: float = float("nan")
    people: float = 0.0


@dataclass(frozen=True)
class Choice:
    """What came out.

    Parameters
    ----------
    question
        What was asked.
    invested
        Sites to invest in, bool, shape (S,).
    open
        Sites to consider further before protections, bool, shape (S,).
    considered
        Sites to consider further, bool, shape (S,).
    ways
        Of every site that was asked about in stage 2, by position.
    protected
        Protected sites, bool, shape (S,).
    proofs
        Proven value of each aim: stage, aim, value.
    """

    question: Question
    invested: NDArray[np.bool_]
    open: NDArray[np.bool_]
    considered: NDArray[np.bool_]
    ways: Mapping[int, Way]
    protected: NDArray[np.bool_]
    proofs: tuple[tuple[str, str, int], ...]

    @cached_property
    def after(self) -> NDArray[np.float64]:
        """Minutes of each row if the sites considered further could not be used, `inf` without a route, shape (R,)."""
        return self.question.nearest(~self.considered)

    @cached_property
    def added(self) -> NDArray[np.float64]:
        """Minutes more of each row, 0 without a route today, shape (R,)."""
        known = np.isfinite(self.question.today)
        return np.where(known, self.after - np.where(known, self.question.today, 0.0), 0.0)


INVEST_AIMS = ("patients put right", "pounds", "sites")
CONSIDER_AIMS = ("patients moved out", "patient-minutes more", "sites")


def choose(question: Question, protected: NDArray[np.bool_]) -> Choice:
    """Answer the question.

    Parameters
    ----------
    question
        Sites, patients, limits.
    protected
        Sites that stay off the list, bool, shape (S,).
    """
    invested, put_right = invest(question)
    ways = ways_of(question, invested)
    further, moved = consider(question, invested, ways)
    proofs = [("invest", *pair) for pair in zip(INVEST_AIMS, put_right.values, strict=True)]
    proofs += [("consider further", *pair) for pair in zip(CONSIDER_AIMS, moved.values, strict=True)]
    considered = without_protected(further, ways, protected)
    return Choice(question, invested, further, considered, ways, protected, tuple(proofs))


# --- Stage 1 -----------------------------------------------------------------------------------------------------


def invest(question: Question) -> tuple[NDArray[np.bool_], Answer]:
    """Which buildings to put right under the budget: sites, bool, shape (S,), and the proofs.

    A building of which nobody knows the cost cannot be chosen. Costs count in whole pounds.
    """
    may = np.flatnonzero(question.needs & question.asked & (question.owner >= 0) & np.isfinite(question.cost))
    cost = np.ceil(question.cost[may] - SAME).astype(np.int64)
    rows = [Row("budget", tuple((i, float(pounds)) for i, pounds in enumerate(cost)), float(np.floor(question.budget)))]
    aims = [
        Aim("patients", question.patients_of_site[may], most=True),
        Aim("pounds", cost, most=False),
        Aim("sites", np.ones(len(may), dtype=np.int64), most=False),
    ]
    answer = answer_in_stages("invest", "put_right", [question.site_codes[s] for s in may], rows, aims)
    return _mask(may[answer.chosen], question), answer


def _mask(positions: NDArray[np.int64], question: Question) -> NDArray[np.bool_]:
    mask = np.zeros(len(question.site_codes), dtype=bool)
    mask[positions] = True
    return mask


# --- Stage 2 -----------------------------------------------------------------------------------------------------


def ways_of(question: Question, invested: NDArray[np.bool_]) -> dict[int, Way]:
    """Where the patients of each site that needs major investment and gets none could go."""
    sound = question.sound | invested
    to_sound = question.nearest(sound)
    left = question.needs & question.asked & (question.owner >= 0) & ~invested
    return {int(s): _way(int(s), question, sound, to_sound) for s in np.flatnonzero(left)}


def _way(site: int, question: Question, sound: NDArray[np.bool_], to_sound: NDArray[np.float64]) -> Way:
    rows = question.rows_of_site[site]
    if not len(rows):
        # nobody's nearest site: listed only where patients of another site would come to it first
        return Way(site, 0, frozenset())
    if not (sound & (question.owner == question.owner[site])).any():
        return Way(site, 0, frozenset(), "no sound site")
    then, more = to_sound[rows], to_sound[rows] - question.today[rows]
    people = question.patients[rows]
    lost = ~np.isfinite(then)
    if lost.any():
        return Way(site, 0, frozenset(), "no route", people=float(people[lost].sum()))
    nearer = question.own_minutes[rows] < then[:, None] - SAME
    needed = frozenset(int(t) for t in np.flatnonzero(nearer.any(axis=0) & ~sound)) - {site}
    extra = int(np.rint((people * more).sum()))
    far = (then > question.beyond + SAME) & (more > SAME)
    if far.any():
        return Way(site, extra, needed, "beyond", float(then[far].max()), float(people[far].sum()))
    grown = more > question.longer + SAME
    if grown.any():
        return Way(site, extra, needed, "longer", float(more.max()), float(people[grown].sum()))
    return Way(site, extra, needed)


def consider(
    question: Question, invested: NDArray[np.bool_], ways: Mapping[int, Way]
) -> tuple[NDArray[np.bool_], Answer]:
    """Which sites to consider further before protections: sites, bool, shape (S,), and the proofs."""
    able = _able(ways)
    at = {site: i for i, site in enumerate(able)}
    codes = question.site_codes
    rows = [
        Row(f"with_{codes[site]}_{codes[other]}", ((at[site], 1.0), (at[other], -1.0)), 0.0)
        for site in able
        for other in sorted(ways[site].needed)
    ]
    rows += _means(question, question.nearest(question.sound | invested), at)
    rows += _keeps_one(question, at)
    aims = [
        Aim("patients", question.patients_of_site[able], most=True),
        Aim("patient_minutes", np.array([ways[site].extra for site in able], dtype=np.int64), most=False),
        Aim("sites", np.ones(len(able), dtype=np.int64), most=False),
    ]
    answer = answer_in_stages("consider_further", "further", [codes[site] for site in able], rows, aims)
    return _mask(np.array(able, dtype=np.int64)[answer.chosen], question), answer


def _able(ways: Mapping[int, Way]) -> list[int]:
    """Sites that nothing rules out, all they need with them; in the order of their codes."""
    able = {site for site, way in ways.items() if way.obstacle is None}
    return sorted(_supported(able, ways))


def _supported(sites: set[int], ways: Mapping[int, Way]) -> set[int]:
    """The largest part of some sites in which each has with it what it needs."""
    while lost := {site for site in sites if not ways[site].needed <= sites}:
        sites = sites - lost
    return sites


def _means(question: Question, to_sound: NDArray[np.float64], at: Mapping[int, int]) -> list[Row]:
    """`mean_a` of every area that a site of the question could bring beyond the limit."""
    rows, makers = question.rows, question.site_today
    weight = np.where(rows, question.patients, 0.0)
    number = len(question.area_codes)
    people = np.bincount(question.area, weight, number)
    summed = np.bincount(question.area, weight * np.where(rows, question.today, 0.0), number)
    gathered: dict[int, dict[int, float]] = {}
    for r in np.flatnonzero(rows & np.isin(makers, list(at))):
        more = to_sound[r] - question.today[r]
        if more > SAME:
            terms = gathered.setdefault(int(question.area[r]), {})
            site = at[int(makers[r])]
            terms[site] = terms.get(site, 0.0) + float(weight[r] * more / people[question.area[r]])
    made = []
    for area, terms in sorted(gathered.items()):
        mean = summed[area] / people[area]
        # beyond already: no minute more
        room = 0.0 if mean > question.beyond + SAME else question.beyond - mean
        if sum(terms.values()) > room + SAME:
            made.append(Row(f"mean_{question.area_codes[area]}", tuple(sorted(terms.items())), room + SAME))
    return made


def _keeps_one(question: Question, at: Mapping[int, int]) -> list[Row]:
    """`keeps_p`: at least one site of every practice stays."""
    made = []
    for practice in sorted({int(question.owner[site]) for site in at}):
        own = np.flatnonzero(question.owner == practice)
        terms = tuple((at[int(site)], 1.0) for site in own if int(site) in at)
        made.append(Row(f"keeps_{question.practice_codes[practice]}", terms, len(own) - 1.0))
    return made


# --- Stage 3 -----------------------------------------------------------------------------------------------------


def without_protected(
    further: NDArray[np.bool_], ways: Mapping[int, Way], protected: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The largest part of a set of sites that needs no protected one, bool, shape (S,).

    Monotone: more protected sites never put one on the list.
    """
    left = _supported({int(site) for site in np.flatnonzero(further & ~protected)}, ways)
    return np.isin(np.arange(len(further)), sorted(left))
