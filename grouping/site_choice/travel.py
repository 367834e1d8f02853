"""Who would travel further if the sites considered further could not be used: the impact check, before any money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.impact.assemble import impact_of, names_of
from grouping.impact.communities import communities_of
from grouping.impact.result import Impact
from grouping.impact.site_options import CONSIDER, OPTION_COLUMNS, SiteLayer
from grouping.site_choice.choose import Choice
from grouping.site_choice.question import SAME

if TYPE_CHECKING:
    from grouping.prepared import Prepared
    from grouping.programme.ground import Ground

POPULATIONS = (
    "all", "rural", "urban", "age_65_plus", "age_75_plus", "age_85_plus", "children", "no_car", "most_deprived",
    "far_from_pharmacy",
)  # fmt: skip
"""Populations told of, in this order, as far as the inputs hold them."""

PEOPLE_COLUMNS = (
    "mode", "population", "label", "people", "longer", "longer_share", "longer_5", "newly_beyond", "lost_route",
    "people_compared", "mean_before", "mean_after", "mean_change",
)  # fmt: skip
COMMUNITY_COLUMNS = (
    "community", "setting", "people", "age_65_plus", "no_car", "most_deprived", "longer", "longer_5", "minutes_before",
    "minutes_after", "change", "longest", "newly_beyond",
)  # fmt: skip


@dataclass(frozen=True)
class Further:
    """Who would travel further.

    Parameters
    ----------
    people
        `PEOPLE_COLUMNS`, one row a population and way of travelling; `longer` (any longer at all) by car only.
    communities
        `COMMUNITY_COLUMNS`, the communities where somebody's journey by car grows, the largest change first.
    threshold
        Minutes beyond which the impact check calls a journey long.
    impact
        The whole check; None where nothing is considered further, then nobody's journey changes.
    """

    people: pd.DataFrame
    communities: pd.DataFrame
    threshold: float
    impact: Impact | None


def layer_of(ready: Prepared, choice: Choice) -> SiteLayer:
    """The sites considered further as a layer over the case."""
    place = ready.place
    codes = tuple(np.array(choice.question.site_codes, dtype=object)[choice.considered])
    sites = place.sites.loc[list(codes)]
    options = pd.DataFrame(
        {
            "site_code": list(codes),
            "change": CONSIDER,
            "practice_code": sites["practice_code"].astype(str).tolist(),
            "name": sites["name"].astype(str).tolist(),
            "kind": sites["kind"].astype(str).tolist(),
            "note": "",
        },
        columns=list(OPTION_COLUMNS),
        dtype=object,
    )
    before = frozenset(str(code) for code in place.sites.index)
    return SiteLayer(place, before, before - set(codes), {}, options)


def further_of(ground: Ground, choice: Choice) -> Further:
    """Run the impact check on routine care."""
    ready = ground.ready
    threshold = float(ready.rules.impact.threshold_minutes)
    if not choice.considered.any():
        empty = pd.DataFrame(columns=list(PEOPLE_COLUMNS)), pd.DataFrame(columns=list(COMMUNITY_COLUMNS))
        return Further(*empty, threshold, None)
    named = names_of([ground.option])
    plans = {ground.option_id: ground.plan}
    impact = impact_of(ready, plans, layer=layer_of(ready, choice), scenarios=(), named=named)
    counted = np.array([code in ground.group_of for code in ready.problem.practice_codes], dtype=bool)
    longer = (choice.added > SAME) & counted[ready.journeys.practice]
    return Further(_people(impact, longer), _communities(impact, ready, choice, longer), threshold, impact)


def _people(impact: Impact, longer: NDArray[np.bool_]) -> pd.DataFrame:
    table = impact.tables["summary"]
    table = table[(table["journey"] == "routine") & (table["setting"] == "all") & (table["scenario"] == "")]
    known = {one.key: one for one in impact.people.populations}
    rest = ("_others", "_unknown")
    extra = [key for key in known if key.startswith("further_") and not key.endswith(rest)]
    order = [key for key in (*POPULATIONS, *extra) if key in known]
    rows = table[table["population"].isin(order)].copy()
    rows["place"] = rows["population"].map({key: i for i, key in enumerate(order)})
    modes = {mode: i for i, mode in enumerate(dict.fromkeys(table["mode"]))}
    rows["mode_place"] = rows["mode"].map(modes)
    rows = rows.sort_values(["mode_place", "place"], kind="stable").reset_index(drop=True)
    people = {key: float(known[key].patients[longer].sum()) for key in order}
    by_car = rows["mode"] == "car"
    rows["longer"] = np.where(by_car, rows["population"].map(people), np.nan)
    held = rows["people"].to_numpy(dtype=float)
    rows["longer_share"] = np.divide(
        rows["longer"].to_numpy(float), held, out=np.full(len(rows), np.nan), where=held > 0
    )
    return rows[list(PEOPLE_COLUMNS)]


def _communities(impact: Impact, ready: Prepared, choice: Choice, longer: NDArray[np.bool_]) -> pd.DataFrame:
    table = impact.tables["communities"]
    table = table[(table["journey"] == "routine") & (table["mode"] == "car")].set_index("community", drop=False)
    communities = communities_of(ready.place, ready.journeys.area_codes)
    here = communities.of_area[ready.journeys.area]
    patients, number = impact.people.patients, len(communities.names)
    counts = {
        "longer": np.bincount(here[longer], patients[longer], number),
        "longer_5": _counted(here, patients, longer & (choice.added > 5 + SAME), number),
    }
    for name, values in counts.items():
        table[name] = pd.Series(values, list(communities.names), dtype=float).reindex(table.index)
    table = table[table["longer"] > 0]
    # rank 1 is the largest change
    return table.sort_values("rank", kind="stable")[list(COMMUNITY_COLUMNS)].reset_index(drop=True)


def _counted(
    here: NDArray[np.int64], patients: NDArray[np.float64], rows: NDArray[np.bool_], number: int
) -> NDArray[np.float64]:
    return np.bincount(here[rows], patients[rows], number).astype(float)
