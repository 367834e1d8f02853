"""A plausible impact made by hand, so that the evidence pack can be tested without a case.

Every community is one home with patients of one practice; minutes by car, by public transport and on foot follow from a
line of places along which sites stand. The figures of `summary` are the ones of `grouping.impact.measures`, so they
agree with one another as real ones do.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from grouping.impact.about import About
from grouping.impact.measures import MEASURES, measure, weighted_means
from grouping.impact.result import Impact
from grouping.impact.tables import INEQUALITY_COLUMNS, SUMMARY_COLUMNS
from grouping.impact.trips import Trip

ABOUT = About(
    place="Made-up Vale",
    made_up=True,
    rules="Dorset 2017 (dorset-2017, version 1)",
    attributions=("Contains made-up data.",),
    sources=(("practices", "practices.csv", "2024-01", "ab" * 32),),
    run_id="0123456789ab",
)

THRESHOLD = 30.0
MODES = {"car": 1.0, "public-transport": 2.4, "walk": 9.0}
MODE_SENTENCES = {
    "car": "Drive times on OpenStreetMap roads of 1 January 2024, free flow.",
    "public-transport": "Timetable table of 5 March 2024, leaving 9 to 11.",
    "walk": "Walking at 4.8 km/h on the same roads.",
}
LABELS = {
    "all": ("all", "All registered patients", 1.0),
    "age_65_plus": ("age_65_plus", "Aged 65 and over", 0.24),
    "age_75_plus": ("age_75_plus", "Aged 75 and over", 0.12),
    "age_85_plus": ("age_85_plus", "Aged 85 and over", 0.04),
    "children": ("children", "Children", 0.17),
    "no_car": ("no_car", "In a household without a car", 0.15),
    "most_deprived": ("deprived", "Most deprived fifth of areas (deciles 1 and 2)", 0.2),
    "far_from_pharmacy": ("dispensing", "More than 1.6 km from a pharmacy", 0.1),
}
RESTS = {"no_car": ("has_car", "In a household with a car")}
CARRIED = "residents’ share of each area, carried to its registered patients"
ABSENT = (("further_1", "Carers", "not in the inputs: no column says how many people care for somebody"),)
KEY_POPULATIONS = ("all", "age_75_plus", "no_car")


def made_impact(
    *,
    options: int = 2,
    communities: int = 24,
    baseline: bool = True,
    public: bool = False,
    transport: bool = True,
    moved: bool = False,
    kept_no_site: int = 0,
    partial: bool = False,
    scenario: str = "",
    names: tuple[str, ...] = (),
) -> Impact:
    """An impact of so many options and communities.

    Parameters
    ----------
    baseline
        Whether there is a plan "before".
    public
        Whether small numbers are `*` and all others rounded to 5.
    transport
        Whether public transport is in the inputs.
    moved
        Whether site options change routine journeys.
    kept_no_site
        So many communities belong to a practice that keeps no site.
    partial
        Whether the options leave out the last quarter of the communities.
    scenario
        What all figures are for: the case as it stands, or `winter`.
    names
        Names of the first communities, and of sites, practices and groups (hostile ones, say).
    """
    world = _world(communities, names, partial)
    option_ids = tuple(f"option-{n + 1}" for n in range(options))
    modes = {mode: slow for mode, slow in MODES.items() if transport or mode != "public-transport"}
    trips = {
        (option, journey, mode): _trip(world, i, journey, slow, mode, baseline, moved, kept_no_site)
        for i, option in enumerate(option_ids)
        for journey in ("routine", "hub")
        for mode, slow in modes.items()
    }
    tables = {
        "people": _people_table(world),
        "summary": _summary(world, trips, scenario),
        "inequality": _inequality(world, trips),
        "practices": _practices(world, trips, names),
        "groups": _groups(world, trips, names),
        "communities": _communities(world, trips),
        "scenarios": _scenarios(option_ids, baseline),
        "robust": _robust(world, option_ids),
        "mitigation": _mitigation(world, option_ids, names),
        "places": _places(world, trips),
    }
    if public:
        tables = {name: _hidden(table) for name, table in tables.items()}
    return Impact(
        tables=tables,
        people=None,  # the pack takes what it says from the tables
        baseline="Before: today’s networks (before.csv)." if baseline else "",
        threshold=THRESHOLD,
        scenario=scenario,
        modes=tuple((mode, MODE_SENTENCES[mode]) for mode in modes),
        absent_modes=() if transport else (("public-transport", "not in the inputs: there is no table of minutes."),),
        scenarios=(
            ("", "The case as it stands", "Free-flow roads."),
            ("winter", "Winter roads", "Every road slower by its class."),
            ("no-ferry", "Ferry off", "No ferry runs."),
        ),
        untried=(("peak", "there are no factors for it"),),
        option_ids=option_ids,
        notes=("124 people live outside the areas of this case.",),
        site_options=pd.DataFrame({"site_code": ["S1"], "change": ["consider further"]}) if moved else None,
        public=public,
    )


def _world(communities: int, names: tuple[str, ...], partial: bool) -> SimpleNamespace:
    """Communities along a line, 1 minute apart by car; the first third is urban."""
    place = np.arange(communities, dtype=float)
    labels = [*names, *(f"Ward {n + 1:03d}" for n in range(communities))][:communities]
    patients = 800.0 + 37.0 * (place % 11)
    rural = (place >= communities / 3).astype(float)
    far = np.where(rural > 0, 1.5, 0.8)
    people = {
        key: patients * np.minimum(share * far * (1 + (place % 5) / 10), 1.0) if key != "all" else patients
        for key, (_, _, share) in LABELS.items()
    }
    people["has_car"] = patients - people["no_car"]
    covered = (place < 0.75 * communities) | (not partial)
    return SimpleNamespace(place=place, names=labels, patients=patients, rural=rural, people=people, covered=covered)


def _trip(
    world, number: int, journey: str, slow: float, mode: str, baseline: bool, moved: bool, kept_no_site: int
) -> Trip:
    n = len(world.place)
    scale = 45.0 / n
    if journey == "routine":
        before = slow * (2.0 + world.place % 4)
        after = before + (slow * 7.0 * (world.place % 9 == 0) if moved else 0.0)
    else:
        before = slow * (3.0 + scale * np.abs(world.place - n / 3) * 0.8)
        after = slow * (3.0 + scale * np.abs(world.place - n / (4 + number)))
    if mode == "public-transport":
        after, before = (np.where(world.place % 7 == 6, np.nan, minutes) for minutes in (after, before))
    known = journey == "routine" or baseline
    apart = (world.place < kept_no_site) & (journey == "routine")
    return Trip(journey, mode, after, before if known else None, world.covered, apart)


def _setting(world, setting: str) -> np.ndarray:
    return {"all": np.ones_like(world.rural), "rural": world.rural, "urban": 1.0 - world.rural}[setting]


def _people_table(world) -> pd.DataFrame:
    rows = []
    for key, (family, label, _) in LABELS.items():
        people = world.people[key]
        rural = float(people @ world.rural)
        rows.append((family, key, label, float(people.sum()), rural, float(people.sum()) - rural, 0.0, CARRIED))
    rows += [(key, key, label, np.nan, np.nan, np.nan, np.nan, why) for key, label, why in ABSENT]
    columns = ["family", "population", "label", "people", "rural", "urban", "not_known", "carried"]
    return pd.DataFrame(rows, columns=columns)


def _summary(world, trips: dict, main: str) -> pd.DataFrame:
    rows = []
    other = "" if main else "winter"
    for scenario, populations in ((main, LABELS), (other, KEY_POPULATIONS)):
        for (option, journey, mode), trip in trips.items():
            if scenario == other and (journey, mode) != ("hub", "car"):
                continue
            for key in populations:
                for setting in ("all", "rural", "urban"):
                    figures = measure(trip, (world.people[key] * _setting(world, setting))[:, None], THRESHOLD)
                    head = (option, scenario, journey, mode, key, LABELS[key][1], setting)
                    rows.append((*head, *(float(figures[name][0]) for name in MEASURES)))
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def _inequality(world, trips: dict) -> pd.DataFrame:
    rows = []
    pairs = (("age_75_plus", "all"), ("no_car", "has_car"))
    for (option, journey, mode), trip in trips.items():
        for one, other in pairs:
            pair = np.column_stack([world.people[key] * world.covered for key in (one, other)])
            label = LABELS[one][1]
            against = LABELS[other][1] if other in LABELS else RESTS[one][1]
            means = weighted_means(trip.after, pair)
            gaps = (np.nan, np.nan)
            if trip.before is not None:
                both = pair * trip.compared[:, None]
                gaps = tuple(-float(np.diff(weighted_means(m, both))[0]) for m in (trip.before, trip.after))
            head = (option, journey, mode, one, label, against, *pair.sum(axis=0))
            rows.append((*head, *means, means[0] - means[1], means[0] / means[1], *gaps))
    return pd.DataFrame(rows, columns=list(INEQUALITY_COLUMNS))


def _compared(world, trip: Trip, rows: slice) -> tuple[float, float, float, float, float]:
    """Mean of all with a route; people compared, their means before and after, and the change."""
    weight = (world.patients * world.covered)[rows, None]
    mean = float(weighted_means(trip.after[rows], weight)[0])
    if trip.before is None:
        return mean, np.nan, np.nan, np.nan, np.nan
    both = weight * trip.compared[rows, None]
    before, after = (float(weighted_means(minutes[rows], both)[0]) for minutes in (trip.before, trip.after))
    return mean, float(both.sum()), before, after, after - before


FIGURES = ["people", "no_route", "mean", "people_compared", "mean_before", "mean_after", "change"]


def _practices(world, trips: dict, names: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    for (option, journey, mode), trip in trips.items():
        for i in np.flatnonzero(world.covered)[::2]:
            own = slice(i, i + 2)
            name = names[i] if i < len(names) else f"Surgery {i + 1}"
            setting = "rural" if world.rural[i] else "urban"
            people = float(world.patients[own].sum())
            lost = float(world.patients[own][np.isnan(trip.after[own])].sum())
            head = (option, journey, mode, f"J8{i:04d}", name, "AB"[i % 4 // 2], setting, people, lost)
            rows.append((*head, *_compared(world, trip, own)))
    columns = ["option", "journey", "mode", "practice_code", "name", "group_id", "setting"]
    return pd.DataFrame(rows, columns=[*columns, *FIGURES])


def _groups(world, trips: dict, names: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    half = len(world.place) // 2
    for (option, journey, mode), trip in trips.items():
        for group, part in (("A", slice(0, half)), ("B", slice(half, None))):
            name = names[0] if names else f"Group {group}"
            kind = "urban" if group == "A" else "rural"
            covered = world.patients[part] * world.covered[part]
            lost = float(covered[np.isnan(trip.after[part])].sum())
            head = (option, group, name, kind, journey, mode, float(covered.sum()), lost)
            rows.append((*head, *_compared(world, trip, part), float(np.nanmax(trip.after[part]))))
    columns = ["option", "group_id", "name", "kind", "journey", "mode"]
    return pd.DataFrame(rows, columns=[*columns, *FIGURES, "longest"])


def _communities(world, trips: dict) -> pd.DataFrame:
    tables = []
    for (option, journey, mode), trip in trips.items():
        before = np.full(len(world.place), np.nan) if trip.before is None else trip.before
        compared = np.zeros(len(world.place), dtype=bool) if trip.before is None else trip.compared & ~trip.apart
        change = np.where(compared, trip.after - before, np.nan)
        beyond = np.where(trip.after > THRESHOLD, world.patients, 0.0)
        part = pd.DataFrame(
            {
                "option": option,
                "journey": journey,
                "mode": mode,
                "community": world.names,
                "areas": [f"E0100{n:04d} E0200{n:04d}" for n in range(len(world.place))],
                "setting": np.where(world.rural > 0, "rural", "urban"),
                "people": world.patients,
                "age_65_plus": world.people["age_65_plus"],
                "no_car": world.people["no_car"],
                "most_deprived": world.people["most_deprived"],
                "no_route": np.where(np.isnan(trip.after), world.patients, 0.0),
                "minutes": trip.after,
                "people_compared": np.where(compared, world.patients, 0.0),
                "minutes_before": np.where(compared, before, np.nan),
                "minutes_after": np.where(compared, trip.after, np.nan),
                "change": change,
                "longest": trip.after,
                "newly_beyond": np.where(before <= THRESHOLD, beyond, 0.0) if trip.before is not None else np.nan,
                "beyond": beyond,
            }
        )[world.covered]
        key = -(trip.after if trip.before is None else change)[world.covered]
        part = part.iloc[np.argsort(np.nan_to_num(key, nan=1e9), kind="stable")]
        tables.append(part.assign(rank=range(1, len(part) + 1)))
    return pd.concat(tables, ignore_index=True)


def _scenarios(option_ids: tuple[str, ...], baseline: bool) -> pd.DataFrame:
    rows = []
    for scenario, title, slower in (("", "The case as it stands", 1.0), ("winter", "Winter roads", 1.2)):
        for i, option in enumerate(option_ids):
            ranks = (i + 1, i + 1, len(option_ids) - i)
            words = "" if not scenario else "Option 1 overtakes Option 2 on mean minutes"
            change = 0.4 * i if baseline else np.nan
            row = (scenario, title, option, slower * (14.0 + i), slower * (25.0 + i), 900.0 * slower, 120.0 * i, change)
            rows.append((*row, *ranks, words))
    columns = ["scenario", "title", "option", "mean", "p90", "beyond", "newly_beyond", "mean_change"]
    return pd.DataFrame(rows, columns=[*columns, "rank_mean", "rank_p90", "rank_beyond", "rank_changes"])


def _robust(world, option_ids: tuple[str, ...]) -> pd.DataFrame:
    rows = [
        (option, world.names[i], "rural", float(world.patients[i]), 3.0 + i, 2.0 + i, 6.0 + i, worse, 3, worse == 3)
        for option in option_ids
        for i, worse in ((len(world.place) - 1, 3), (len(world.place) - 2, 2))
    ]
    columns = ["option", "community", "setting", "people", "base", "least", "most", "scenarios_worse", "scenarios"]
    return pd.DataFrame(rows, columns=[*columns, "robust"])


def _mitigation(world, option_ids: tuple[str, ...], names: tuple[str, ...]) -> pd.DataFrame:
    site = names[1] if len(names) > 1 else "Holt Cross branch"
    rows = [
        (option, world.names[-1], "rural", 905.0, 38.0, "J80010B1", site, "branch", "J80010", 12.5, 905.0, 1_640.0)
        for option in option_ids
    ]
    columns = ["option", "community", "setting", "people_beyond", "minutes_now", "site_code", "site", "kind"]
    return pd.DataFrame(
        rows, columns=[*columns, "of_practice", "minutes_to_site", "people_served_here", "people_served_all"]
    )


def _places(world, trips: dict) -> pd.DataFrame:
    rows = []
    for i, name in enumerate(world.names):
        for (option, journey, mode), trip in trips.items():
            if journey != "hub":
                continue
            how = {"car": "by car", "walk": "on foot", "public-transport": "by public transport"}[mode]
            if option == "option-1":
                rows.append((name, mode, "", f"Today the own practice is about {2 + i % 4} minutes away {how}."))
            minutes = trip.after[i]
            end = "no route to the hub" if np.isnan(minutes) else f"the hub would be about {minutes:.0f} minutes away"
            number = option.removeprefix("option-")
            rows.append((name, mode, option, f"Under Option {number}: {end} {how}."))
    return pd.DataFrame(rows, columns=["community", "mode", "option", "sentence"])


PEOPLE_COLUMNS = {
    *("people", "rural", "urban", "not_known", "no_route", "people_compared", "longer_5", "longer_10", "longer_15"),
    *("longer_20", "shorter_5", "newly_beyond", "no_longer_beyond", "beyond", "lost_route", "gained_route"),
    *(
        "kept_no_site",
        "kept_no_site_longer_5",
        "people_compared_with",
        "age_65_plus",
        "no_car",
        "most_deprived",
        "people_beyond",
    ),
    *("people_served_here", "people_served_all"),
}


def _hidden(table: pd.DataFrame) -> pd.DataFrame:
    """Counts of 1 to 7 people as `*`, all others to the nearest 5 (secondary suppression is not made here)."""
    table = table.copy()
    for column in PEOPLE_COLUMNS & set(table.columns):
        table[column] = pd.Series(
            [x if pd.isna(x) or x == 0 else "*" if x < 7.5 else 5.0 * round(x / 5.0) for x in table[column]],
            dtype=object,
        )
    if "people" in table.columns and len(table) > 2 and "label" in table.columns:
        table.loc[2, "people"] = "*"
    return table
