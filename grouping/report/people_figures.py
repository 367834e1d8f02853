"""The people of each group: who they are, and how many they are projected to be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grouping.impact.disclosure import public_sentence
from grouping.impact.disclosure.counts import HIDDEN, percent
from grouping.impact.growth import growth_factors
from grouping.report.figure_ground import Columns, Figure, Ground, part_of
from grouping.report.public_counts import printed_counts

POPULATIONS = (
    ("age_65_plus", "65 and over"),
    ("age_85_plus", "85 and over"),
    ("no_car", "No car"),
    ("most_deprived", "Most deprived fifth"),
)
"""Populations counted for each group, and what the column is called."""

GROWTH = (("projected", "projections"), ("housing", "housing"))
"""Kinds of growth, and the table of the case that each is made from."""


def growth(ground: Ground) -> Columns:
    """The list as it is projected, and the minimum that would then apply."""
    if ground.journeys is None:
        return []
    made: Columns = []
    for kind, table in GROWTH:
        rows = getattr(ground.place, table, None)
        if rows is None or not len(rows):
            continue
        grown = growth_factors(
            ground.place, ground.journeys, kind, persons_per_dwelling=ground.rules.impact.persons_per_dwelling
        )
        year = f"{int(rows['year'].max())}" if kind == "projected" else ""
        lists, rural = _grown(ground, grown.factor)
        values = ground.each(lambda group, lists=lists, rural=rural: _then(ground, group, lists, rural))
        head = f"List in {year}" if year else "List with planned homes"
        source = ground.source("registrations", table)
        meaning = (
            f"Registered patients in {year} if those of each area grow as its residents are projected to"
            if year
            else "Registered patients when the people of planned homes have registered, as today’s patients there are"
        )
        minimum = "The minimum that would then apply, with the rural share of those patients"
        made += [
            (Figure(f"list_{kind}", head, "people", "people", meaning, source), part_of(values, 0)),
            (
                Figure(f"minimum_{kind}", "Minimum then", "count", "people", minimum, f"the rule set; {source}"),
                part_of(values, 1),
            ),
            (
                Figure(f"margin_{kind}", "Margin then", "signed", "people", "That list less that minimum", source),
                part_of(values, 2),
            ),
        ]
    return made


def _grown(ground: Ground, factor: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """List of each practice and its patients in rural areas under growth, both shape (P,)."""
    now = ground.journeys.patients
    registered, then = ground.of_practices(now), ground.of_practices(now * factor)
    lists = ground.lists * np.divide(then, registered, out=np.ones(len(then)), where=registered > 0)
    located = ~np.isnan(ground.journeys.rural)
    inside = ground.of_practices(np.where(ground.journeys.rural == 1.0, now * factor, 0.0))
    known = ground.of_practices(np.where(located, now * factor, 0.0))
    share = np.divide(inside, known, out=_rural_now(ground), where=known > 0)
    return lists, lists * share


def _rural_now(ground: Ground) -> NDArray[np.float64]:
    """Rural share of each practice of which no home is known, as the optimiser takes it."""
    problem = ground.run.problem
    if problem is None or tuple(problem.practice_codes) != ground.codes:
        return np.zeros(len(ground.codes))
    whole = np.maximum(problem.list_size, 1).astype(float)
    return np.asarray(problem.rural_patients / whole, dtype=float)


def _then(
    ground: Ground, group: NDArray[np.int64], lists: NDArray[np.float64], rural: NDArray[np.float64]
) -> tuple[object, object, object]:
    """List, minimum and margin of a group under growth; the minimum by unrounded figures."""
    listed = float(lists[group].sum())
    share = float(rural[group].sum()) / listed if listed > 0 else 0.0
    minimum = ground.rules.minimum_for(
        rural=share >= ground.rules.rurality.threshold - 1e-9, locality=main_locality_of(ground, group)
    )
    if ground.run.public:  # a figure that is derived from people's homes: to the nearest 5
        listed = 5 * np.floor(listed / 5 + 0.5)
    return listed, int(minimum), listed - minimum


def main_locality_of(ground: Ground, group: NDArray[np.int64]) -> str:
    """The locality most of a group's patients are registered in; as `grouping.membership.main_locality` says."""
    totals: dict[str, float] = {}
    labels = ground.words("locality")
    for i in group:
        if labels[i]:
            totals[labels[i]] = totals.get(labels[i], 0.0) + ground.lists[i]
    return min(totals, key=lambda label: (-totals[label], label)) if totals else ""


def people(ground: Ground) -> Columns:
    """People of the populations that the inputs know, and their share of the patients of whom it is known."""
    if ground.people is None:
        return []
    found = {one.key: one for one in ground.people.populations}
    made: Columns = []
    everybody = ground.of_practices(ground.people.patients)
    for key, head in POPULATIONS:
        if key not in found:
            continue
        one = found[key]
        rest = [other for other in ground.people.family(one.family) if other.key.endswith("_unknown")]
        unknown = sum((ground.of_practices(other.patients) for other in rest), np.zeros(len(ground.codes)))
        values, shares = _counted(ground, ground.of_practices(one.patients), everybody - unknown)
        source = ground.source("registrations", "areas", *(("practices",) if key.startswith("age") else ()))
        carried = public_sentence(one.carried) if ground.run.public else one.carried
        means = f"Registered patients: {one.label[0].lower()}{one.label[1:]}. {carried}"
        made += [
            (Figure(key, head, "people", "people", means, source), values),
            (
                Figure(f"{key}_share", "Share", "share", "people", "Their share of those of whom it is known", source),
                shares,
            ),
        ]
    return made


def _counted(
    ground: Ground, people: NDArray[np.float64], known: NDArray[np.float64]
) -> tuple[list[list[object]], list[list[object]]]:
    """People of each group and their share; on a public page as it may be printed."""
    if ground.run.public:
        shown = printed_counts(people, known, ground.options)
        shares = [
            [_printed_share(value, float(known[group].sum())) for value, group in zip(of, groups, strict=True)]
            for of, groups in zip(shown, ground.options, strict=True)
        ]
        return shown, shares
    values = ground.each(lambda group: float(people[group].sum()) if known[group].sum() > 0 else np.nan)
    shares = ground.each(
        lambda group: float(people[group].sum() / known[group].sum()) if known[group].sum() else np.nan
    )
    return values, shares


def _printed_share(value: object, known: float) -> object:
    """A share worked out from a printed count, so that it tells nothing more; in whole percent."""
    if value == HIDDEN or value is None:
        return value
    return min(percent(float(value), known), 100.0) / 100 if known > 0 else None
