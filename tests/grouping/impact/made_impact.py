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
from grouping.impact.measures import CHANGE_COLUMNS, LEVEL_COLUMNS, MEASURES, measure
from grouping.impact.result import Impact
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
    names
        Names of the first communities, and of sites, practices and groups (hostile ones, say).
    """
    world = _world(communities, names)
    option_ids = tuple(f"option-{n + 1}" for n in range(options))
    modes = {mode: slow for mode, slow in MODES.items() if transport or mode != "public-transport"}
    trips = {
        (option, journey, mode): _trip(world, i, journey, slow, mode, baseline, moved)
        for i, option in enumerate(option_ids)
        for journey in ("routine", "hub")
        for mode, slow in modes.items()
    }
    tables = {
        "people": _people_table(world),
        "summary": _summary(world, trips),
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
        scenario="",
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


def _world(communities: int, names: tuple[str, ...]) -> SimpleNamespace:
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
    return SimpleNamespace(place=place, names=labels, patients=patients, rural=rural, people=people)


def _trip(world, number: int, journey: str, slow: float, mode: str, baseline: bool, moved: bool) -> Trip:
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
    everybody = np.ones(n, dtype=bool)
    return Trip(journey, mode, after, before if known else None, everybody, ~everybody)


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


def _summary(world, trips: dict) -> pd.DataFrame:
    rows = []
    for scenario, populations in (("", LABELS), ("winter", KEY_POPULATIONS)):
        for (option, journey, mode), trip in trips.items():
            if scenario and (journey, mode) != ("hub", "car"):
                continue
            for key in populations:
                for setting in ("all", "rural", "urban"):
                    figures = measure(trip, (world.people[key] * _setting(world, setting))[:, None], THRESHOLD)
                    head = (option, scenario, journey, mode, key, LABELS[key][1], setting)
                    rows.append((*head, *(float(figures[name][0]) for name in MEASURES)))
    head = ["option", "scenario", "journey", "mode", "population", "label", "setting"]
    table = pd.DataFrame(rows, columns=[*head, *MEASURES])
    levels = [name for name in LEVEL_COLUMNS if name != "beyond"]
    changes = [name for name in CHANGE_COLUMNS if name not in {"lost_route", "gained_route"}]
    order = [*head, *levels, "people_compared", *changes[1:]]
    at = order.index("no_longer_beyond") + 1
    order[at:at] = ["beyond", "lost_route", "gained_route"]
    return table[[*order, "kept_no_site"]]


def _inequality(world, trips: dict) -> pd.DataFrame:
    rows = []
    pairs = (("age_75_plus", "all"), ("no_car", "has_car"))
    for (option, journey, mode), trip in trips.items():
        for one, other in pairs:
            means = []
            for key in (one, other):
                known = ~np.isnan(trip.after)
                means.append(float(np.average(trip.after[known], weights=world.people[key][known])))
            people = float(world.people[one].sum()), float(world.people[other].sum())
            label = LABELS[one][1]
            against = LABELS[other][1] if other in LABELS else RESTS[one][1]
            gap = means[0] - means[1]
            rows.append((option, journey, mode, one, label, against, *people, *means, gap, means[0] / means[1]))
    columns = ["option", "journey", "mode", "population", "label", "compared_with", "people", "people_compared_with"]
    return pd.DataFrame(rows, columns=[*columns, "mean", "mean_compared_with", "gap", "ratio"])


def _before(trip: Trip, i: int) -> float:
    return np.nan if trip.before is None else float(trip.before[i])


def _practices(world, trips: dict, names: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    for (option, journey, mode), trip in trips.items():
        for i in range(0, len(world.place), 2):
            name = names[i] if i < len(names) else f"Surgery {i + 1}"
            before, after = _before(trip, i), float(trip.after[i])
            setting = "rural" if world.rural[i] else "urban"
            people = float(world.patients[i : i + 2].sum())
            lost = people if np.isnan(after) else 0.0
            head = (option, journey, mode, f"J8{i:04d}", name, "AB"[i % 4 // 2], setting)
            rows.append((*head, people, lost, before, after, after - before))
    columns = ["option", "journey", "mode", "practice_code", "name", "group_id", "setting", "people", "no_route"]
    return pd.DataFrame(rows, columns=[*columns, "mean_before", "mean_after", "change"])


def _groups(world, trips: dict, names: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    half = len(world.place) // 2
    for (option, journey, mode), trip in trips.items():
        for group, part in (("A", slice(0, half)), ("B", slice(half, None))):
            after = float(np.nanmean(trip.after[part]))
            before = np.nan if trip.before is None else float(np.nanmean(trip.before[part]))
            name = names[0] if names else f"Group {group}"
            kind = "urban" if group == "A" else "rural"
            lost = float(world.patients[part][np.isnan(trip.after[part])].sum())
            people = float(world.patients[part].sum())
            head = (option, group, name, kind, journey, mode, people, lost)
            rows.append((*head, before, after, after - before, float(np.nanmax(trip.after[part]))))
    columns = ["option", "group_id", "name", "kind", "journey", "mode", "people", "no_route"]
    return pd.DataFrame(rows, columns=[*columns, "mean_before", "mean_after", "change", "longest"])


def _communities(world, trips: dict) -> pd.DataFrame:
    tables = []
    for (option, journey, mode), trip in trips.items():
        before = np.full(len(world.place), np.nan) if trip.before is None else trip.before
        change = trip.after - before
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
                "minutes_before": before,
                "minutes_after": trip.after,
                "change": change,
                "longest": trip.after,
                "newly_beyond": np.where(before <= THRESHOLD, beyond, 0.0) if trip.before is not None else np.nan,
                "beyond": beyond,
            }
        )
        key = -(trip.after if trip.before is None else change)
        part = part.iloc[np.argsort(np.nan_to_num(key, nan=1e9), kind="stable")]
        tables.append(part.assign(rank=range(1, len(part) + 1)))
    return pd.concat(tables, ignore_index=True)


def _scenarios(option_ids: tuple[str, ...], baseline: bool) -> pd.DataFrame:
    rows = []
    for scenario, title, slower in (("", "The case as it stands", 1.0), ("winter", "Winter roads", 1.2)):
        for i, option in enumerate(option_ids):
            ranks = (i + 1, i + 1, len(option_ids) - i)
            words = "" if not scenario else "first by mean, as in the case as it stands"
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
    *("kept_no_site", "people_compared_with", "age_65_plus", "no_car", "most_deprived", "people_beyond"),
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
