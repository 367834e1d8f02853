"""The tables of the test: groups, failures, moves, who finds no place, hubs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.named_table import Column, NamedTable
from grouping.resilience.fragility import ORDER
from grouping.resilience.placing import Placing
from grouping.resilience.trips import LONGER_MINUTES

if TYPE_CHECKING:
    from grouping.resilience.assemble import Tested, WorkedOut

PLACED, WITHOUT, NOT_TIMED = "finds a place", "without a place", "home not timed"
"""What becomes of patients, in the table of moves."""

_BROKEN = "Groups below their minimum and further below it than planned, or left without a practice."
_FAILED = Column("failure", "Practices that hand back their contract", "text", "Codes, joined by +.")
_COUNTED = (
    Column("patients", "Registered patients", "people", "The sum of the next three columns."),
    Column("placed", "Patients who find a place", "people"),
    Column("without_place", "Patients without a place", "people", "No practice within reach has room for them."),
    Column("not_timed", "Patients whose home is not timed", "people", "Outside the areas, or without any route."),
    Column("share_same_group", "Share of all its patients who find a place in the same group", "share"),
    Column("receiving", "Practices that take some", "number"),
    Column("minutes_before", "Minutes to routine care before", "minutes", "Mean of the patients who find a place."),
    Column("minutes_after", "Minutes to routine care after", "minutes", "Of the same patients."),
    Column("minutes_before_rural", "Minutes before, rural homes", "minutes"),
    Column("minutes_after_rural", "Minutes after, rural homes", "minutes"),
    Column("minutes_before_65", "Minutes before, aged 65 or over", "minutes", "By the share of such residents there."),
    Column("minutes_after_65", "Minutes after, aged 65 or over", "minutes", "By the share of such residents there."),
    Column("longer", f"Patients whose way grows by more than {LONGER_MINUTES:g} minutes", "people"),
    Column("beyond_before", "Patients beyond the threshold before", "people", "impact.threshold_minutes of the rules."),
    Column("beyond_after", "Patients beyond the threshold after", "people", "impact.threshold_minutes of the rules."),
    Column("groups_below", "Groups it brings below their minimum", "text", _BROKEN),
    Column("groups_other_minimum", "Groups to which another minimum applies then", "text", "By their rural share."),
    Column("groups_gone", "Groups left without a practice", "text", "They count as below their minimum too."),
    Column("groups_above", "Groups it brings above their hard maximum", "text"),
    Column("groups_above_preferred", "Groups it brings above the preferred maximum", "text"),
    Column("hubs_lost", "Groups that lose their hub", "text"),
    Column("without_place_unlimited", "Patients without a place if room had no limit", "people"),
    Column("minutes_after_unlimited", "Minutes after if room had no limit", "minutes"),
    Column("groups_below_unlimited", "Groups below their minimum if room had no limit", "text"),
    Column("groups_above_unlimited", "Groups above their hard maximum if room had no limit", "text"),
)


def all_tables(test: WorkedOut) -> tuple[NamedTable, ...]:
    """All tables; the one of pairs only where a practice is rated.

    Parameters
    ----------
    test
        What was worked out.
    """
    tables = [groups_table(test), _singles_table(test)]
    if len(test.pairs.failures):
        tables.append(_pairs_table(test))
    return (*tables, _moves_table(test), _without_table(test), _hubs_table(test))


def failure_code(test: WorkedOut, cause: tuple[int, ...]) -> str:
    """The codes of practices that fail together."""
    return " + ".join(test.facts.codes[p] for p in cause)


def group_ids(test: WorkedOut, which: NDArray[np.bool_]) -> str:
    """Ids of some groups, joined by commas."""
    return ", ".join(test.facts.groups[g].group_id for g in np.flatnonzero(which))


def groups_table(test: WorkedOut) -> NamedTable:
    """One row per group, the most fragile first.

    Parameters
    ----------
    test
        What was worked out.
    """
    ranked, about = test.fragility, test.ground.groups
    at = ranked["group"].to_numpy()
    ids = [test.facts.groups[g].group_id for g in at]
    singles = test.single.failures.sets
    code = {f: failure_code(test, members) for f, members in enumerate(singles)} | {-1: ""}
    rated = bool(test.facts.rated[test.facts.of_plan].any())

    def finite(values: pd.Series) -> NDArray[np.float64]:
        return np.where(np.isfinite(values), values, np.nan)

    table = pd.DataFrame(
        {
            "rank": ranked["rank"],
            "group_id": ids,
            "name": about.loc[ids, "name"].astype(str).tolist(),
            "list_size": test.before.lists[0, at],
            "minimum": test.before.minimum[0, at],
            "margin": test.before.margin[0, at],
            "maximum": test.before.maximum[0, at],
            "vulnerable_share": ranked["vulnerable_share"],
            "vulnerable_breaks": ranked["vulnerable_breaks"] if rated else np.nan,
            "below_own": ranked["below_own"],
            "below_other": ranked["below_other"],
            "above_own": ranked["above_own"],
            "above_other": ranked["above_other"],
            "pair_breaks": ranked["pair_breaks"] if rated else np.nan,
            "worst_failure": [code[f] for f in ranked["worst"]],
            "margin_after": ranked["margin_after"],
            "minimum_after": ranked["minimum_after"],
            "margin_share_after": finite(ranked["margin_share_after"]),
            "gone_after": np.where(ranked["gone_after"], "yes", "no"),
            "worst_vulnerable": [code[f] for f in ranked["worst_vulnerable"]],
            "margin_share_vulnerable": finite(ranked["margin_share_vulnerable"]),
            "without_place": ranked["without_place"],
        }
    )
    columns = (
        Column("rank", "Rank", "number", ORDER),
        Column("group_id", "Group", "text"),
        Column("name", "Name", "text"),
        Column("list_size", "Registered patients", "people"),
        Column("minimum", "Minimum", "people"),
        Column("margin", "Margin as planned", "people", "Patients above the minimum."),
        Column("maximum", "Hard maximum", "people"),
        Column("vulnerable_share", "Share of its patients in vulnerable practices", "share"),
        Column("vulnerable_breaks", "Vulnerable practices whose failure alone breaks it", "number", "Of any group."),
        Column("below_own", "Own practices whose failure brings it below its minimum", "number", _BROKEN),
        Column("below_other", "Others whose failure brings it below its minimum", "number", "By its rural share."),
        Column("above_own", "Own practices whose failure brings it above its hard maximum", "number"),
        Column("above_other", "Others whose failure brings it above its hard maximum", "number"),
        Column("pair_breaks", "Pairs (vulnerable, nearest neighbour) that break it", "number"),
        Column("worst_failure", "Worst single failure", "text", "The lowest margin as a share of the minimum."),
        Column("margin_after", "Margin after it", "people"),
        Column("minimum_after", "Minimum after it", "people", "By the rural share after."),
        Column("margin_share_after", "Margin after it, as a share of the minimum", "share", "-1 without a practice."),
        Column("gone_after", "No practice left after it", "text"),
        Column("worst_vulnerable", "Worst failure of a vulnerable practice", "text"),
        Column("margin_share_vulnerable", "Margin after that, as a share of the minimum", "share"),
        Column("without_place", "Most patients without a place when one of its practices fails", "people"),
    )
    holds = "One row a group, the most fragile first: which single failures break it, and how far the worst goes."
    return NamedTable("resilience-groups", "Groups by fragility", holds, table, columns)


def _singles_table(test: WorkedOut) -> NamedTable:
    facts, failures = test.facts, test.single.failures
    at = [members[0] for members in failures.sets]
    held = {
        "practice_code": [facts.codes[p] for p in at],
        "practice_name": [test.names[p] for p in at],
        "group_id": [facts.groups[facts.group_at[p]].group_id for p in at],
        "vulnerable": [_vulnerable(test, p) for p in at],
    }
    columns = (
        Column("practice_code", "Practice that hands back its contract", "text"),
        Column("practice_name", "Name", "text"),
        Column("group_id", "Group", "text"),
        Column("vulnerable", "Counts as vulnerable", "text"),
    )
    return NamedTable(
        "resilience-failures",
        "Failures of single practices",
        "One row for each practice of the plan, as if it alone handed back its contract: where its patients would go, "
        "and what becomes of the groups. A test of the plan, not a forecast of any practice.",
        pd.DataFrame(held | _counted(test, test.single)),
        (*columns, *_COUNTED),
    )


def _vulnerable(test: WorkedOut, at: int) -> str:
    if not test.facts.rated[at]:
        return "not known"
    return "yes" if test.facts.vulnerable[at] else "no"


def _pairs_table(test: WorkedOut) -> NamedTable:
    facts, failures = test.facts, test.pairs.failures
    held: dict[str, object] = {}
    for word, i in (("practice", 0), ("neighbour", 1)):
        at = [cause[i] for cause in failures.cause]
        held |= {
            f"{word}_code": [facts.codes[p] for p in at],
            f"{word}_name": [test.names[p] for p in at],
            f"{word}_group_id": [facts.groups[facts.group_at[p]].group_id for p in at],
        }
    held["minutes_between"] = failures.minutes
    columns = (
        Column("practice_code", "Vulnerable practice", "text"),
        Column("practice_name", "Name of the vulnerable practice", "text"),
        Column("practice_group_id", "Group of the vulnerable practice", "text"),
        Column("neighbour_code", "Nearest practice", "text", "By minutes between main sites; vulnerable or not."),
        Column("neighbour_name", "Name of the nearest practice", "text"),
        Column("neighbour_group_id", "Group of the nearest practice", "text"),
        Column("minutes_between", "Minutes between their main sites", "minutes", "The longer of the two directions."),
    )
    return NamedTable(
        "resilience-pairs",
        "Failures of neighbours at once",
        "One row for each vulnerable practice and the practice nearest to it, as if both handed back their contracts "
        "at once. A test of the plan, not a forecast of any practice.",
        pd.DataFrame(held | _counted(test, test.pairs)),
        (*columns, *_COUNTED),
    )


def _counted(test: WorkedOut, tested: Tested) -> dict[str, object]:
    """What every failure is told with; the columns are `_COUNTED`."""
    placing, trips, after = tested.outcome.placing, tested.trips, tested.outcome.after
    patients = trips.placed + placing.without + placing.not_timed
    before, unlimited = test.before, tested.unlimited.after
    lost = [[one.group for one in tested.hubs if one.failure == f] for f in range(len(tested.failures))]

    def named(which: NDArray[np.bool_]) -> list[str]:
        return [group_ids(test, row) for row in which]

    return {
        "patients": patients,
        "placed": trips.placed,
        "without_place": placing.without,
        "not_timed": placing.not_timed,
        "share_same_group": np.divide(
            trips.same_group, patients, out=np.full(len(patients), np.nan), where=patients > 0
        ),
        "receiving": trips.receiving,
        "minutes_before": trips.before,
        "minutes_after": trips.after,
        "minutes_before_rural": trips.before_rural,
        "minutes_after_rural": trips.after_rural,
        "minutes_before_65": trips.before_older,
        "minutes_after_65": trips.after_older,
        "longer": trips.longer,
        "beyond_before": trips.beyond_before,
        "beyond_after": trips.beyond_after,
        "groups_below": named(after.below(before)),
        "groups_other_minimum": named(after.other_minimum(before)),
        "groups_gone": named(after.gone),
        "groups_above": named(after.above(before)),
        "groups_above_preferred": named(after.above_preferred(before)),
        "hubs_lost": [", ".join(test.facts.groups[g].group_id for g in groups) for groups in lost],
        "without_place_unlimited": tested.unlimited.placing.without,
        "minutes_after_unlimited": tested.trips_unlimited.after,
        "groups_below_unlimited": named(unlimited.below(before)),
        "groups_above_unlimited": named(unlimited.above(before)),
    }


def _moves_table(test: WorkedOut) -> NamedTable:
    parts = [_moves(test, test.single)]
    if len(test.pairs.failures):
        parts.append(_moves(test, test.pairs))
    columns = (
        _FAILED,
        Column("from_practice", "From practice", "text"),
        Column("from_name", "Name of the practice they leave", "text"),
        Column("outcome", "What becomes of them", "text"),
        Column("to_practice", "To practice", "text", "Empty for those who find no place or are not timed."),
        Column("to_name", "Name of the practice they go to", "text"),
        Column("same_group", "In the same group", "text"),
        Column("patients", "Patients", "people", "With the room there is."),
        Column("minutes_before", "Minutes to routine care before", "minutes", "Mean of those with a route."),
        Column("minutes", "Minutes to routine care after", "minutes", "Mean."),
        Column("patients_unlimited", "Patients if room had no limit", "people"),
        Column("minutes_unlimited", "Minutes after if room had no limit", "minutes", "Mean."),
    )
    return NamedTable(
        "resilience-moves",
        "Where patients would go",
        "One row for each practice that hands back its contract and each practice that would take patients of it; "
        "those without a place and those whose home is not timed have rows of their own, so that the patients of a "
        "failure add up to its list.",
        pd.concat(parts, ignore_index=True),
        columns,
    )


def _moves(test: WorkedOut, tested: Tested) -> pd.DataFrame:
    """Moves of failures of one kind: by failure, from, then placed (by practice), without a place, not timed."""
    facts = test.facts
    practices = len(facts.codes)
    with_room, unlimited = _by_move(tested.outcome.placing), _by_move(tested.unlimited.placing)
    apart = pd.DataFrame(
        [
            ((f * practices + p) * (practices + 2) + practices + 1, facts.not_timed[p])
            for f, members in enumerate(tested.failures.sets)
            for p in members
            if facts.not_timed[p] > 0
        ],
        columns=["key", "patients"],
    ).set_index("key")
    both = with_room.join(unlimited.add_suffix("_unlimited"), how="outer")
    both = pd.concat([both, apart.assign(patients_unlimited=apart["patients"])]).sort_index()
    both[["patients", "patients_unlimited"]] = both[["patients", "patients_unlimited"]].fillna(0.0)
    key = both.index.to_numpy(np.int64)
    to = key % (practices + 2)
    rest = key // (practices + 2)
    origin, failure = rest % practices, rest // practices
    names = [*test.names, "", ""]
    group = np.append(facts.group_at, [-2, -2])
    taken = to < practices
    causes = [failure_code(test, cause) for cause in tested.failures.cause]
    return pd.DataFrame(
        {
            "failure": [causes[f] for f in failure],
            "from_practice": [facts.codes[p] for p in origin],
            "from_name": [names[p] for p in origin],
            "outcome": np.select([taken, to == practices], [PLACED, WITHOUT], NOT_TIMED),
            "to_practice": [facts.codes[q] if q < practices else "" for q in to],
            "to_name": [names[q] for q in to],
            "same_group": np.select([~taken, group[to] == group[origin]], ["", "yes"], "no"),
            "patients": both["patients"].to_numpy(),
            "minutes_before": both["minutes_before"].fillna(both["minutes_before_unlimited"]).to_numpy(),
            "minutes": both["minutes"].to_numpy(),
            "patients_unlimited": both["patients_unlimited"].to_numpy(),
            "minutes_unlimited": both["minutes_unlimited"].to_numpy(),
        }
    )


def _by_move(placing: Placing) -> pd.DataFrame:
    """Patients and mean minutes of each move; the key orders them by failure, from and to (nobody last)."""
    practices = len(placing.facts.codes)
    to = np.where(placing.placed, placing.to, practices)
    key = (placing.failure * practices + placing.origin) * (practices + 2) + to
    keys, at = np.unique(key, return_inverse=True)

    def mean(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
        known = np.isfinite(minutes)
        people = np.bincount(at[known], placing.patients[known], minlength=len(keys))
        total = np.bincount(at[known], (placing.patients * np.where(known, minutes, 0.0))[known], minlength=len(keys))
        return np.divide(total, people, out=np.full(len(keys), np.nan), where=people > 0)

    return pd.DataFrame(
        {
            "patients": np.bincount(at, placing.patients, minlength=len(keys)),
            "minutes_before": mean(placing.before),
            "minutes": mean(placing.after),
        },
        index=pd.Index(keys, name="key"),
    )


def _without_table(test: WorkedOut) -> NamedTable:
    parts = []
    areas = test.ground.run.place.areas
    names = areas["name"].reindex(list(test.facts.area_codes)).fillna("").astype(str).to_numpy(dtype=object)
    codes = np.array(test.facts.area_codes, dtype=object)
    practices = np.array(test.facts.codes, dtype=object)
    for tested in (test.single, test.pairs):
        placing = tested.outcome.placing
        left = ~placing.placed
        causes = [failure_code(test, cause) for cause in tested.failures.cause]
        parts.append(
            pd.DataFrame(
                {
                    "failure": [causes[f] for f in placing.failure[left]],
                    "from_practice": practices[placing.origin[left]],
                    "area_code": codes[placing.area[left]],
                    "area_name": names[placing.area[left]],
                    "rural": np.where(test.facts.rural[placing.area[left]], "yes", "no"),
                    "patients": placing.patients[left],
                    "minutes_before": placing.before[left],
                }
            )
        )
    columns = (
        _FAILED,
        Column("from_practice", "From practice", "text"),
        Column("area_code", "Area", "text"),
        Column("area_name", "Name of the area", "text"),
        Column("rural", "Rural", "text"),
        Column("patients", "Patients without a place", "people"),
        Column("minutes_before", "Minutes to routine care before", "minutes"),
    )
    return NamedTable(
        "resilience-without-place",
        "Who would find no place",
        "One row for each failure, practice and area whose patients find no practice with room within reach.",
        pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True),
        columns,
    )


def _hubs_table(test: WorkedOut) -> NamedTable:
    names = test.ground.run.place.sites["name"]
    rows = [
        (
            failure_code(test, tested.failures.cause[one.failure]),
            test.facts.groups[one.group].group_id,
            one.hub,
            str(names.get(one.hub, "")),
            one.instead,
            str(names.get(one.instead, "")),
            one.before,
            one.after,
        )
        for tested in (test.single, test.pairs)
        for one in tested.hubs
    ]
    columns = (
        _FAILED,
        Column("group_id", "Group that loses its hub", "text"),
        Column("hub_before", "Hub", "text"),
        Column("hub_before_name", "Name of the hub before", "text"),
        Column("hub_after", "Best of the sites left", "text", "Chosen as hubs of a plan are."),
        Column("hub_after_name", "Name of the hub after", "text"),
        Column("minutes_before", "Mean minutes to the hub before", "minutes", "Of the group as planned."),
        Column("minutes_after", "Mean minutes to the hub after", "minutes", "Of those left and those taken in."),
    )
    table = pd.DataFrame(rows, columns=[column.key for column in columns])
    holds = "One row for each failure with which a group loses the practice that its hub belongs to."
    return NamedTable("resilience-hubs", "Hubs lost", holds, table, columns)
