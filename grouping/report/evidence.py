"""What the inputs tell of each option under the six criteria of reconfiguration, and what they do not hold.

One function a criterion: its indicators, and a sentence for each thing that is not assessed. None of it invents a
figure: no savings, no staff, no quality of care.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from grouping.impact.columns import WITHIN
from grouping.impact.words import figures as impact_figures
from grouping.plain_words import is_missing
from grouping.plan import Group
from grouping.report.indicator import Direction, Indicator, Kind, Value
from grouping.report.today import todays_groups, who_leaves
from grouping.result import AssessedOption, Run

HIDDEN = "not shown in the public version"


class Ground:
    """What the indicators read: the run, its practices and sites, and small questions about them."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.options = run.options
        self.practices = run.place.practices
        self.sites = run.place.sites
        self.lists = self.practices["list_size"].astype(float)

    def practice_column(self, name: str) -> pd.Series | None:
        """A column of the practices; None where it is not there or says nothing."""
        return _column(self.practices, name)

    def site_column(self, name: str) -> pd.Series | None:
        """A column of the sites as numbers; None where it is not there or says nothing."""
        found = _column(self.sites, name)
        return None if found is None else pd.to_numeric(found, errors="coerce")

    def patients(self, codes: Iterable[str]) -> float:
        """Registered patients of some practices."""
        return float(self.lists.reindex(list(codes)).sum())

    def of_options(self, value: Callable[[AssessedOption], Value]) -> tuple[Value, ...]:
        """A value of every option."""
        return tuple(value(option) for option in self.options)

    def headline(self, key: str) -> tuple[Value, ...]:
        """A figure of the headline of every option."""
        return tuple(_value(option.headline.get(key)) for option in self.options)

    def source(self, *tables: str) -> str:
        """The files of some tables with their date; the names of the tables where no file is known."""
        found = [source for table in tables for source in self.run.place.sources if source.table == table]
        words = [f"{one.file} ({one.vintage})" if one.vintage else one.file for one in found]
        return "; ".join(dict.fromkeys(words)) or ", ".join(tables)

    def impact(self, column: str, *, mode: str = "car", setting: str = "all", population: str = "all") -> tuple:
        """A figure about the journey to the hub for every option; all None where there is none."""
        impact = self.run.impact
        if impact is None:
            return (None,) * len(self.options)
        rows = impact_figures(impact, "hub", mode, setting=setting)
        rows = rows[rows["population"] == population]
        found = dict(zip(rows["option"], rows[column], strict=True)) if column in rows else {}
        return tuple(_value(found.get(option.option.option_id)) for option in self.options)


def _column(frame: pd.DataFrame, name: str) -> pd.Series | None:
    if name not in frame:
        return None
    column = frame[name]
    said = column.notna() & (column.astype(str).str.strip() != "")
    return column.where(said, None) if said.any() else None


def _value(value: object) -> Value:
    if isinstance(value, str):
        return value
    return None if value is None or value is pd.NA or is_missing(value) else float(value)


def _absent(ground: Ground, what: str, lacking: str, *, internal: bool = False) -> str:
    """Why something is not told: it is not for the public, or not in the inputs."""
    if internal and ground.run.public:
        return f"{what}: {HIDDEN}."
    return f"{what}: not assessed; the inputs hold no {lacking}."


# ------------------------------------------------------------------------------------------------------- the indicators


def quality(ground: Ground) -> list[Indicator | str]:
    """Vulnerable and dispensing practices; how good care is, no input tells."""
    return [
        *_vulnerable(ground),
        *_dispensing(ground),
        "Outcomes, safety and what patients say of their care: not assessed; the inputs hold no such data, and no "
        "figure here measures how good care is.",
    ]


def _vulnerable(ground: Ground) -> list[Indicator | str]:
    rated = None if ground.run.public else ground.practice_column("vulnerability")
    if rated is None:
        return [_absent(ground, "Vulnerable practices", "rating of how vulnerable practices are", internal=True)]
    limit, size = ground.run.rules.practices.vulnerable_up_to, ground.run.rules.size
    low = set(rated.index[pd.to_numeric(rated) <= limit])
    if not low:
        return [f"Vulnerable practices: no practice is rated {limit} or lower."]

    def in_preferred(option: AssessedOption) -> Value:
        inside = everybody = 0.0
        for group, row in zip(option.option.plan.groups, option.groups.itertuples(), strict=True):
            patients = ground.patients(low.intersection(group.members))
            preferred = size.preferred_minimum_rural if row.kind == "rural" else size.preferred_minimum_urban
            everybody += patients
            inside += patients if row.list_size >= max(preferred, row.minimum) else 0.0
        return inside / everybody if everybody else None

    def half(option: AssessedOption) -> Value:
        return float(sum(2 * len(low.intersection(group.members)) >= len(group.members) for group in _groups(option)))

    source = f"{ground.source('practices')}; sizes of the rule set"
    return [
        Indicator(
            "vulnerable_in_preferred",
            "Patients of vulnerable practices whose group has at least the preferred size",
            f"Vulnerable is a practice rated {limit} or lower, of 1 to 5. The preferred size is at least "
            f"{size.preferred_minimum_urban:,} patients (urban) or {size.preferred_minimum_rural:,} (rural), and never "
            "less than the minimum. A larger group can share more of the load; that it does is not known.",
            "higher",
            "share",
            source,
            ground.of_options(in_preferred),
        ),
        Indicator(
            "groups_half_vulnerable",
            "Groups in which at least half of the practices are vulnerable",
            f"Counted by practices, of those rated {limit} or lower. Practices that are not rated do not count as "
            "vulnerable.",
            "lower",
            "count",
            source,
            ground.of_options(half),
        ),
    ]


def _dispensing(ground: Ground) -> list[Indicator | str]:
    column = ground.practice_column("dispensing")
    if column is None:
        return [_absent(ground, "Dispensing practices", "mark of which practices dispense medicines")]
    does = {code for code, value in column.items() if value is not None and not pd.isna(value) and bool(value)}
    return [
        Indicator(
            "dispensing_kept",
            "Dispensing practices that keep all their sites",
            "Grouping closes no site and takes away no right to dispense, so these are all the dispensing practices "
            "that the plan covers.",
            "higher",
            "count",
            ground.source("practices"),
            ground.of_options(lambda option: float(len(does.intersection(option.option.plan.practice_codes)))),
        )
    ]


def _groups(option: AssessedOption) -> tuple[Group, ...]:
    return option.option.plan.groups


def access(ground: Ground) -> list[Indicator | str]:
    """How far it is to the hub, in the country, in deprived areas and without a car, and for whom it changes."""
    run, threshold = ground.run, ground.run.rules.impact.threshold_minutes
    estimate = ", an estimate on straight lines" if run.times.method.estimate else ""
    by_car = f"{ground.source('registrations', 'areas')}; minutes by car{estimate}"
    home = "Minutes from home to the hub of the group, the mean over registered patients who have a route."

    def made(key: str, label: str, definition: str, kind: Kind, values: tuple, direction: Direction = "lower") -> list:
        known = any(value is not None for value in values)
        return [Indicator(key, label, definition, direction, kind, by_car, values)] if known else []

    return [
        *made(
            "mean_minutes", "Mean minutes to the hub by car", home, "minutes", ground.headline("mean_minutes_to_hub")
        ),
        *made(
            "mean_minutes_rural",
            "… for patients in rural areas",
            f"{home} Of those who live in rural areas.",
            "minutes",
            ground.headline("mean_minutes_hub_rural"),
        ),
        *made(
            "rural_p90",
            "Minutes within which nine in ten rural patients reach the hub",
            "Of the patients in rural areas who have a route, by car.",
            "minutes",
            ground.impact("p90", setting="rural"),
        ),
        *made(
            "beyond",
            f"Patients more than {threshold:g} minutes from the hub",
            f"By car; who has no route is not counted here. {threshold:g} minutes is the threshold of the rule set.",
            "people",
            ground.impact("beyond"),
        ),
        *made(
            "most_deprived",
            "Mean minutes to the hub, most deprived fifth of areas",
            f"{home} Of those who live in the two most deprived tenths of areas.",
            "minutes",
            ground.impact("mean", population="most_deprived"),
        ),
        *([] if _people_known(ground, "most_deprived") else [_lacks(ground, "Deprivation", "deprivation of areas")]),
        *_change(ground, by_car),
        *_without_car(ground),
    ]


def _people_known(ground: Ground, population: str) -> bool:
    return any(value is not None for value in ground.impact("people", population=population))


def _lacks(ground: Ground, what: str, lacking: str) -> str:
    if ground.run.impact is None:
        return f"{what}: not assessed; this run has no figures about travel by population."
    return _absent(ground, what, lacking)


def _change(ground: Ground, source: str) -> list[Indicator | str]:
    """Better and worse off against before."""
    if ground.run.before is None:
        return ["Better and worse off: not assessed; no plan or sites of before were given to compare with."]
    told = "Of the patients who have a journey to the hub before and after, by car."
    asked: tuple[tuple[str, str, Direction], ...] = (
        ("share_longer", "Patients more than a minute further from the hub than before", "lower"),
        ("share_longer_rural", "… of those in rural areas", "lower"),
        ("share_shorter", "Patients more than a minute nearer to the hub than before", "higher"),
    )
    return [
        Indicator(key, label, told, direction, "share", source, ground.headline(key)) for key, label, direction in asked
    ]


def _without_car(ground: Ground) -> list[Indicator | str]:
    """People in households without a car, by public transport."""
    what = "People without a car, by public transport"
    if not _people_known(ground, "no_car"):
        return [_lacks(ground, what, "share of households without a car")]
    near = WITHIN[-1]
    values = ground.impact(f"within_{near}", mode="public-transport", population="no_car")
    if all(value is None for value in values):
        return [_absent(ground, what, "minutes by public transport")]
    return [
        Indicator(
            "no_car_public_transport",
            f"People without a car within {near} minutes of the hub by public transport",
            "Share of the registered patients in households without a car; who has no way there is not within it.",
            "higher",
            "share",
            ground.source("public_transport", "areas"),
            values,
        )
    ]


def affordability(ground: Ground) -> list[Indicator | str]:
    """Rooms and what hub sites cost today; no savings."""
    return [
        *_floor_area(ground),
        *_hub_cost(ground),
        "Savings, investment and running cost of a group: not assessed; the inputs hold no budgets, and no saving is "
        "claimed.",
    ]


def _floor_area(ground: Ground) -> list[Indicator | str]:
    area = ground.site_column("floor_area_m2")
    if area is None:
        return [_absent(ground, "Floor area", "floor area of sites", internal=True)]
    owner = ground.sites["practice_code"]

    def least(option: AssessedOption) -> Value:
        each = []
        for group in _groups(option):
            own = area[owner.isin(group.members)]
            if len(own) and own.notna().all():
                each.append(1_000 * float(own.sum()) / max(ground.patients(group.members), 1.0))
        return (
            min(each)
            if len(each) == len(_groups(option))
            else f"known for {len(each)} of {len(_groups(option))} groups"
        )

    return [
        Indicator(
            "floor_area_least",
            "Floor area per 1,000 patients in the group that has least",
            "All sites of the group’s practices as they stand, main and branch. All groups together have the same "
            "floor area in every option; what differs is how evenly it falls.",
            "higher",
            "area",
            ground.source("sites"),
            ground.of_options(least),
        )
    ]


def _hub_cost(ground: Ground) -> list[Indicator | str]:
    cost, area = (None if ground.run.public else ground.site_column(name) for name in ("annual_cost", "floor_area_m2"))
    if cost is None:
        return [_absent(ground, "Cost of the hub sites", "annual cost of sites", internal=True)]

    def hubs(option: AssessedOption) -> list[str]:
        return [group.hub_site_code for group in _groups(option)]

    def summed(option: AssessedOption) -> Value:
        known = cost.reindex(hubs(option)).dropna()
        number = len(hubs(option))
        return float(known.sum()) if len(known) == number else f"known for {len(known)} of {number} hubs"

    def per_area(option: AssessedOption) -> Value:
        costs, areas = cost.reindex(hubs(option)), area.reindex(hubs(option))
        if costs.isna().any() or areas.isna().any() or not areas.sum() > 0:
            return "not known for every hub"
        return float(costs.sum() / areas.sum())

    facts = (
        "What the hub sites cost today, as the inputs give it: a fact about buildings, not a saving or an investment."
    )
    source = ground.source("sites")
    more = f"{facts} More groups have more hubs."
    made = [
        Indicator(
            "hub_cost", "Annual cost of the hub sites", more, "lower", "pounds", source, ground.of_options(summed)
        )
    ]
    if area is not None:
        label, each = "Annual cost of the hub sites per square metre", ground.of_options(per_area)
        made.append(Indicator("hub_cost_per_m2", label, facts, "lower", "pounds", source, each))
    return made


def workforce(ground: Ground) -> list[Indicator | str]:
    """Whether practices of a group work on one clinical system; staff are not in the inputs."""
    staff = "Staff, vacancies and ages of clinicians: not assessed; the inputs hold no staff."
    systems = ground.practice_column("clinical_system")
    if systems is None:
        return [_absent(ground, "Clinical systems", "clinical system of practices"), staff]

    def mixed(option: AssessedOption) -> Value:
        other = known = 0.0
        for group in _groups(option):
            by_system = ground.lists.reindex(list(group.members)).groupby(systems.reindex(list(group.members))).sum()
            known += float(by_system.sum())
            other += float(by_system.sum() - by_system.max()) if len(by_system) else 0.0
        return other / known if known else None

    return [
        Indicator(
            "mixed_systems",
            "Patients on another clinical system than most of their group",
            "Staff who work across a group share records more easily on one system. Practices whose system is not "
            "known are left out.",
            "lower",
            "share",
            ground.source("practices"),
            ground.of_options(mixed),
        ),
        staff,
    ]


def time_to_deliver(ground: Ground) -> list[Indicator | str]:
    """How much has to be agreed anew; how long that takes, no input tells."""
    limit = "The more has to be agreed anew the longer it may take; how long is not known."
    made: list[Indicator | str] = []
    today = todays_groups(ground.run)
    if today.groups:
        made.append(
            Indicator(
                "leave_most",
                "Practices that leave most of today’s companions",
                f"Companions are the other practices in one of {today.phrase}; most is more than half of their "
                f"patients. {limit}",
                "lower",
                "count",
                today.source,
                ground.of_options(lambda option: float(len(who_leaves(ground.run, option, today)))),
            )
        )
    else:
        made.append("What changes against today’s groups: not assessed; the inputs hold no groups of today.")
    made.append(
        Indicator(
            "exceptions",
            "Groups below their minimum, each to be agreed as an exception",
            f"Granted ones are not counted. {limit}",
            "lower",
            "count",
            "the table of groups",
            ground.headline("exceptions"),
        )
    )
    localities = ground.practice_column("locality")
    if localities is not None:
        made.append(
            Indicator(
                "crossing",
                "Groups with practices of more than one locality",
                f"So many groups need more than one locality to agree. {limit}",
                "lower",
                "count",
                ground.source("practices", "localities"),
                ground.of_options(
                    lambda option: float(
                        sum(len(set(localities.reindex(list(one.members)).dropna())) > 1 for one in _groups(option))
                    )
                ),
            )
        )
    made.append("Months until services run: not assessed; the inputs hold no dates of delivery.")
    return made


def other(ground: Ground) -> list[Indicator | str]:
    """Research and education, of which no input tells."""
    return ["Research and education: not assessed; the inputs hold no training practices, trainers or research sites."]
