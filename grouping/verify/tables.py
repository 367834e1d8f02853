"""What the inputs say about a plan, derived by long tables: nothing here is shared with the optimiser."""

from __future__ import annotations

import math

import pandas as pd

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.plan import Plan
from grouping.rules import RuleSet


def members_table(plan: Plan, place: Place) -> pd.DataFrame:
    """One row per practice of the plan: its group, the group's hub, and what the practices table says of it."""
    rows = [
        {"group_id": group.group_id, "practice_code": code, "hub": group.hub_site_code}
        for group in plan.groups
        for code in group.members
    ]
    table = pd.DataFrame(rows, columns=["group_id", "practice_code", "hub"])
    known = place.practices.reset_index()[
        ["practice_code", "list_size", "locality", "current_group", "keep_together", "main_site_code"]
    ]
    return table.merge(known, on="practice_code", how="inner")


def _long_minutes(times: TravelTimes) -> pd.DataFrame:
    wide = pd.DataFrame(times.area_to_site, index=list(times.area_codes), columns=list(times.site_codes))
    return wide.rename_axis("area_code").reset_index().melt("area_code", var_name="site_code", value_name="minutes")


def journeys_table(members: pd.DataFrame, place: Place, times: TravelTimes, before: Plan | None) -> pd.DataFrame:
    """One row per practice and area: patients, whether timed, minutes to the own practice, the hub, the hub before."""
    table = place.registrations.merge(members, on="practice_code", how="inner")
    minutes = _long_minutes(times)
    finite = minutes[minutes["minutes"].map(math.isfinite)]
    table["timed"] = table["area_code"].isin(finite["area_code"].unique())

    owned = place.sites.reset_index()[["site_code", "practice_code"]]
    nearest = finite.merge(owned, on="site_code").groupby(["practice_code", "area_code"])["minutes"].min()
    table = table.merge(nearest.rename("minutes_routine").reset_index(), on=["practice_code", "area_code"], how="left")
    to_hub = finite.rename(columns={"site_code": "hub", "minutes": "minutes_hub"})
    table = table.merge(to_hub, on=["area_code", "hub"], how="left")
    hub_before = {code: group.hub_site_code for group in (before.groups if before else ()) for code in group.members}
    table["hub_before"] = table["practice_code"].map(hub_before).astype(object)
    to_before = finite.rename(columns={"site_code": "hub_before", "minutes": "minutes_hub_before"})
    table = table.merge(to_before, on=["area_code", "hub_before"], how="left")

    rural = place.areas["rural"].astype(bool)
    table["rural"] = table["area_code"].map(rural)
    return table


def weighted_mean(table: pd.DataFrame, column: str) -> float:
    """Mean of a column over the patients for whom it is known; NaN if for nobody."""
    known = table[table[column].notna()]
    total = known["patients"].sum()
    return float((known[column] * known["patients"]).sum() / total) if total > 0 else math.nan


def means_by_area(table: pd.DataFrame, column: str) -> pd.Series:
    """The same mean for each area; NaN where it is known for nobody."""
    known = table[table[column].notna()]
    weight = known.groupby("area_code")["patients"].sum()
    total = (known[column] * known["patients"]).groupby(known["area_code"]).sum()
    return (total / weight).where(weight > 0).reindex(table["area_code"].unique())


def _rural_patients(members: pd.DataFrame, journeys: pd.DataFrame, place: Place) -> pd.Series:
    """Registered patients living in rural areas per practice, from the located registrations scaled to the list.

    A practice with nobody in an area of the case counts as its main site's nearest area does.
    """
    located = journeys[journeys["rural"].notna()]
    total = located.groupby("practice_code")["patients"].sum()
    rural = located[located["rural"].astype(bool)].groupby("practice_code")["patients"].sum()
    share = rural.reindex(total.index).fillna(0.0) / total
    nowhere = {
        code: float(_nearest_area_is_rural(place, code))
        for code in sorted(set(members["practice_code"]) - set(total.index[total > 0]))
    }
    share = pd.concat([share[total > 0], pd.Series(nowhere, dtype=float)])
    lists = members.set_index("practice_code")["list_size"]
    return (share.reindex(lists.index) * lists).rename("rural_patients")


def _nearest_area_is_rural(place: Place, practice_code: str) -> bool:
    site = place.practices.geometry.loc[practice_code]
    metres = ((place.areas["x"] - site.x) ** 2 + (place.areas["y"] - site.y) ** 2).map(math.sqrt)
    nearest = sorted(metres.index[metres <= metres.min()])[0]
    return bool(place.areas.at[nearest, "rural"])


def derive_groups(
    members: pd.DataFrame, journeys: pd.DataFrame, place: Place, times: TravelTimes, rules: RuleSet
) -> pd.DataFrame:
    """Figures of each group by `group_id`, unrounded: the columns of `groups.csv` that are numbers, kind and hub."""
    rural_patients = _rural_patients(members, journeys, place)
    sites = pd.DataFrame(times.between_sites, index=list(times.site_codes), columns=list(times.site_codes))
    rows = []
    for group_id, part in members.groupby("group_id", sort=True):
        hub = part["hub"].iloc[0]
        listed = int(part["list_size"].sum())
        share = float(rural_patients.loc[part["practice_code"]].sum() / listed) if listed else 0.0
        rural = share >= rules.rurality.threshold - 1e-9
        minimum = rules.size.minimum_rural if rural else rules.size.minimum_urban
        to_hub = [float(sites.loc[main, hub]) for main in part["main_site_code"]] if hub in sites.columns else []
        rows.append(
            {
                "group_id": group_id,
                "hub_site_code": hub,
                "practices": len(part),
                "sites": int(place.sites["practice_code"].isin(part["practice_code"]).sum()),
                "list_size": listed,
                "rural_share": share,
                "kind": "rural" if rural else "urban",
                "minimum": minimum,
                "margin": listed - minimum,
                "mean_minutes_to_hub": weighted_mean(journeys[journeys["group_id"] == group_id], "minutes_hub"),
                "max_practice_minutes": max((m for m in to_hub if math.isfinite(m)), default=math.nan)
                if all(math.isfinite(m) for m in to_hub)
                else math.nan,
            }
        )
    return pd.DataFrame(rows).set_index("group_id")


def _affected(part: pd.DataFrame, column: str) -> int:
    """Patients of a group who are not in its largest part by `column`; practices without a label are not counted."""
    labelled = part[part[column].fillna("") != ""]
    if labelled.empty:
        return 0
    sizes = labelled.groupby(column)["list_size"].sum()
    return int(sizes.sum() - sizes.max())


def group_headline(derived: pd.DataFrame) -> dict[str, float]:
    """Figures of the whole plan that follow from its groups."""
    short = derived[derived["margin"] < 0]
    kinds = derived["kind"].value_counts()
    return {
        "groups": len(derived),
        "urban_groups": int(kinds.get("urban", 0)),
        "rural_groups": int(kinds.get("rural", 0)),
        "practices": int(derived["practices"].sum()),
        "exceptions": len(short),
        "shortfall": int(-short["margin"].sum()),
        "smallest": int(derived["list_size"].min()),
        "largest": int(derived["list_size"].max()),
        "longest_practice_minutes": float(derived["max_practice_minutes"].max()),
    }


def _by_setting(journeys: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """All, rural and urban patients with the ending of their figures' names."""
    rural = journeys["rural"].astype("boolean")  # unknown outside the areas of the case
    return [("", journeys), ("_rural", journeys[rural.fillna(False)]), ("_urban", journeys[~rural.fillna(True)])]


def _share(part: pd.DataFrame, which: pd.Series) -> float:
    total = part["patients"].sum()
    return float(part.loc[which, "patients"].sum() / total) if total > 0 else math.nan


def journey_headline(journeys: pd.DataFrame) -> dict[str, float]:
    """Figures of the whole plan that follow from its journeys."""
    figures: dict[str, float] = {
        "patients_without_route": float(journeys.loc[journeys["minutes_hub"].isna(), "patients"].sum()),
        "patients_estimated": float(journeys.loc[journeys["basis"] == "estimated", "patients"].sum()),
    }
    for ending, part in _by_setting(journeys):
        timed = part[part["minutes_hub"].notna()]
        mean_key = f"mean_minutes_hub{ending}" if ending else "mean_minutes_to_hub"
        figures |= {
            f"patients{ending}": float(part["patients"].sum()),
            mean_key: weighted_mean(part, "minutes_hub"),
            f"mean_minutes_routine{ending}": weighted_mean(part, "minutes_routine"),
        }
        for limit in (10, 15, 20, 30, 45):
            figures[f"share_within_{limit}_minutes{ending}"] = _share(timed, timed["minutes_hub"] <= limit)
    return figures


def before_headline(journeys: pd.DataFrame) -> dict[str, float]:
    """Before and now of the patients who have both journeys; longer and shorter mean by more than a minute."""
    figures: dict[str, float] = {}
    for ending, part in _by_setting(journeys.dropna(subset=["minutes_hub", "minutes_hub_before"])):
        change = part["minutes_hub"] - part["minutes_hub_before"]
        figures |= {
            f"patients_compared{ending}": float(part["patients"].sum()),
            f"mean_minutes_before{ending}": weighted_mean(part, "minutes_hub_before"),
            f"mean_minutes_compared{ending}": weighted_mean(part, "minutes_hub"),
            f"share_longer{ending}": _share(part, change > 1.0),
            f"share_shorter{ending}": _share(part, change < -1.0),
        }
    return figures


def score_of(derived: pd.DataFrame, members: pd.DataFrame, journeys: pd.DataFrame, rules: RuleSet) -> float:
    """Score in minutes per patient: the mean to the hub, and the penalties over all patients."""
    weights, size = rules.weights, rules.size
    penalty = 0.0
    for group_id, part in members.groupby("group_id"):
        row = derived.loc[group_id]
        floor = size.preferred_minimum_rural if row["kind"] == "rural" else size.preferred_minimum_urban
        outside = max(row["list_size"] - size.preferred_maximum, 0) + max(floor - row["list_size"], 0)
        penalty += weights.outside_preferred * outside
        penalty += weights.split_locality * _affected(part, "locality")
        penalty += weights.change_of_group * _affected(part, "current_group")
    return weighted_mean(journeys, "minutes_hub") + penalty / float(members["list_size"].sum())


def owner_of_site(place: Place) -> dict[str, str]:
    """The practice of each site; a site of nobody belongs to the practice whose main site is nearest."""
    owners = {}
    for code, site in place.sites.iterrows():
        owner = site["practice_code"]
        if not owner:
            metres = place.practices.geometry.distance(site.geometry)
            owner = sorted(metres.index[metres <= metres.min()])[0]
        owners[code] = owner
    return owners
