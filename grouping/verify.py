"""An independent check that re-derives every claim about a plan from the input tables.

Nothing here is shared with the optimiser or with `assess`: long tables and networkx instead of arrays and bit masks, so
that a mistake there cannot hide here. Two kinds of claim are checked:

- `figure`: a number that was written must be what the inputs give;
- `rule`: the plan must obey the rule set. For a plan made by hand a broken rule is a *breach*: reported, not refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import networkx as nx
import pandas as pd

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.plan import Plan
from grouping.rules import RuleSet

MINUTES_TOLERANCE = 0.002
"""Minutes are written with three decimals; a written figure may differ by its rounding."""

SHARE_TOLERANCE = 1e-5
OBJECTIVE_TOLERANCE = 1e-5
HEADLINE_TOLERANCE = 1e-6
HUB_TOLERANCE = 0.001
"""Patient-minutes of two hubs may be told apart wrongly by so much a practice: they are compared in thousandths."""

Fault = tuple[str, str]
"""The id of a group and what is wrong with it."""


@dataclass
class _Ledger:
    """Collects claims in the order they were checked."""

    rows: list[dict[str, object]] = field(default_factory=list)

    def note(self, kind: str, claim: str, wrong: list[str], checked: str, faults: list[Fault] | None = None) -> None:
        """Add a claim: what is wrong with it (nothing if it agrees), and which groups are at fault and how."""
        self.rows.append(
            {
                "kind": kind,
                "claim": claim,
                "agrees": not wrong,
                "detail": "; ".join(wrong) if wrong else checked,
                "faults": tuple(sorted(faults or [])),
            }
        )

    def note_by_group(self, claim: str, faults: list[Fault], checked: str) -> None:
        """Add a rule that each group keeps or breaks."""
        self.note("rule", claim, [f"{group_id}: {what}" for group_id, what in faults], checked, faults)

    def table(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=["kind", "claim", "agrees", "detail", "faults"])


@dataclass(frozen=True)
class Claims:
    """What was written about a plan and is now to be checked."""

    plan: Plan
    groups: pd.DataFrame
    areas: pd.DataFrame
    objective: float | None = None
    shortfall: int | None = None
    exceptions: int | None = None
    headline: Mapping[str, object] | None = None
    before: Plan | None = None


def verify(
    claims: Claims,
    place: Place,
    times: TravelTimes,
    edges: pd.DataFrame,
    rules: RuleSet,
    *,
    partial: bool = False,
) -> pd.DataFrame:
    """Re-derive what is claimed about a plan.

    Parameters
    ----------
    claims
        The plan with its tables and totals, as written or about to be written.
    place
        The place with completed registrations.
    times
        Minutes areas x sites and sites x sites.
    edges
        Adjacency as `practice_a, practice_b`.
    rules
        The rule set with all values.
    partial
        Whether the plan may leave practices out.

    Returns
    -------
    DataFrame
        One row per claim: `kind` (figure or rule), `claim`, `agrees` (bool), `detail` (text), `faults` (the groups that
        break a rule: id and what is wrong).
    """
    ledger = _Ledger()
    members = _members_table(claims.plan, place)
    _check_partition(ledger, claims.plan, place, partial)
    if members.empty:
        return ledger.table()
    journeys = _journeys(members, place, times, claims.before)
    derived = _derive_groups(members, journeys, place, times, rules)
    _check_group_figures(ledger, claims.groups, derived)
    _check_exceptions_named(ledger, claims.groups, derived)
    _check_area_figures(ledger, claims.areas, journeys)
    _check_totals(ledger, claims, derived, members, journeys, rules)
    if claims.headline is not None:
        _check_headline(ledger, claims.headline, derived, journeys, with_before=claims.before is not None)
    _check_rules(ledger, derived, members, place, times, edges, rules, journeys)
    if not partial:
        _check_best_hubs(ledger, members, place, times, rules, journeys)
    return ledger.table()


# ---------------------------------------------------------------------------------------------- tables from the inputs


def _members_table(plan: Plan, place: Place) -> pd.DataFrame:
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


def _journeys(members: pd.DataFrame, place: Place, times: TravelTimes, before: Plan | None) -> pd.DataFrame:
    """One row per practice and area: patients, whether timed, minutes to the own practice, the hub, the hub before."""
    table = place.registrations.merge(members, on="practice_code", how="inner")
    minutes = _long_minutes(times)
    finite = minutes[minutes["minutes"].map(math.isfinite)]
    table["timed"] = table["area_code"].isin(set(finite["area_code"]))

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


def _weighted(table: pd.DataFrame, column: str) -> float:
    known = table[table[column].notna()]
    total = known["patients"].sum()
    return float((known[column] * known["patients"]).sum() / total) if total > 0 else math.nan


def _means_by_area(table: pd.DataFrame, column: str) -> pd.Series:
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


def _derive_groups(
    members: pd.DataFrame, journeys: pd.DataFrame, place: Place, times: TravelTimes, rules: RuleSet
) -> pd.DataFrame:
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
                "mean_minutes_to_hub": _weighted(journeys[journeys["group_id"] == group_id], "minutes_hub"),
                "max_practice_minutes": max((m for m in to_hub if math.isfinite(m)), default=math.nan)
                if all(math.isfinite(m) for m in to_hub)
                else math.nan,
            }
        )
    return pd.DataFrame(rows).set_index("group_id")


# ------------------------------------------------------------------------------------------------------------- figures


def _check_partition(ledger: _Ledger, plan: Plan, place: Place, partial: bool) -> None:
    codes = [code for group in plan.groups for code in group.members]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    unknown = sorted(set(codes) - set(place.practices.index))
    missing = sorted(set(place.practices.index) - set(codes))
    wrong = []
    if twice:
        wrong.append(f"in more than one group: {', '.join(twice)}")
    if unknown:
        wrong.append(f"not in the inputs: {', '.join(unknown)}")
    if missing and not partial:
        wrong.append(f"in no group: {', '.join(missing)}")
    done = f"{len(codes)} practices in {len(plan.groups)} groups"
    if missing and partial:
        done += f"; {len(missing)} left out of the plan and of every total"
    ledger.note("figure", "every practice is in exactly one group", wrong, done)


def _same(written: object, derived: object, tolerance: float) -> bool:
    if isinstance(derived, str):
        return str(written) == derived
    left = math.nan if written is None or pd.isna(written) else float(written)
    right = float(derived)
    if math.isnan(left) or math.isnan(right):
        return math.isnan(left) and math.isnan(right)
    return abs(left - right) <= tolerance


def _check_group_figures(ledger: _Ledger, written: pd.DataFrame, derived: pd.DataFrame) -> None:
    table = written.set_index("group_id")
    absent = sorted(set(derived.index) ^ set(table.index))
    ledger.note(
        "figure",
        "the group table names every group",
        [f"differs for {', '.join(absent)}"] if absent else [],
        f"{len(derived)} groups",
    )
    both = derived.index.intersection(table.index)
    for columns, tolerance, claim in (
        (("practices", "sites", "list_size"), 0.0, "practices, sites and list sizes of each group"),
        (("rural_share",), SHARE_TOLERANCE, "rural share of each group"),
        (("kind", "minimum", "margin"), 0.0, "which minimum applies and by what margin"),
        (("hub_site_code",), 0.0, "hub of each group"),
        (
            ("mean_minutes_to_hub", "max_practice_minutes"),
            MINUTES_TOLERANCE,
            "minutes to the hub of each group",
        ),
    ):
        wrong = [
            f"{group_id} {column}: written {table.at[group_id, column]}, inputs give {derived.at[group_id, column]}"
            for group_id in both
            for column in columns
            if not _same(table.at[group_id, column], derived.at[group_id, column], tolerance)
        ]
        ledger.note("figure", claim, wrong, f"{len(both)} groups agree")


def _check_exceptions_named(ledger: _Ledger, written: pd.DataFrame, derived: pd.DataFrame) -> None:
    """A group below its minimum says by how much, the others say nothing."""
    told = written.set_index("group_id")["exception"].astype(object).fillna("").astype(str)
    wrong, named = [], 0
    for group_id, row in derived.iterrows():
        text, short = told.get(group_id, ""), max(-int(row["margin"]), 0)
        named += short > 0
        if bool(text) != (short > 0) or (short and f"{short:,} short" not in text):
            wrong.append(f"{group_id}: {short:,} patients short, written {text or 'nothing'!r}")
    ledger.note("figure", "exceptions are named with their shortfall", wrong, f"{named} exceptions")


def _check_area_figures(ledger: _Ledger, written: pd.DataFrame, journeys: pd.DataFrame) -> None:
    table = written.set_index("area_code")
    patients = journeys.groupby("area_code")["patients"].sum()
    wrong = []
    if set(patients.index) != set(table.index):
        wrong.append(f"{len(set(patients.index) ^ set(table.index))} areas differ")
    both = patients.index.intersection(table.index)
    off = [code for code in both if abs(patients[code] - table.at[code, "patients"]) > 1e-4]
    if off:
        wrong.append(f"patients differ in {len(off)} areas, first {off[0]}")
    ledger.note("figure", "patients of each area", wrong, f"{len(both)} areas, {patients.sum():,.0f} patients")
    for column in ("minutes_routine", "minutes_hub", "minutes_hub_before"):
        means = _means_by_area(journeys, column)
        off = [code for code in both if not _same(table.at[code, column], means[code], MINUTES_TOLERANCE)]
        ledger.note(
            "figure",
            f"{column} of each area",
            [f"differs in {len(off)} areas, first {off[0]}"] if off else [],
            f"{len(both)} areas agree",
        )


def _affected(part: pd.DataFrame, column: str) -> int:
    """Patients of a group who are not in its largest part by `column`; practices without a label are not counted."""
    labelled = part[part[column].fillna("") != ""]
    if labelled.empty:
        return 0
    sizes = labelled.groupby(column)["list_size"].sum()
    return int(sizes.sum() - sizes.max())


def _check_totals(
    ledger: _Ledger,
    claims: Claims,
    derived: pd.DataFrame,
    members: pd.DataFrame,
    journeys: pd.DataFrame,
    rules: RuleSet,
) -> None:
    short = derived[derived["margin"] < 0]
    if claims.shortfall is not None:
        total = int(-short["margin"].sum())
        ledger.note(
            "figure",
            "total shortfall",
            [f"claimed {claims.shortfall}, inputs give {total}"] if total != claims.shortfall else [],
            f"{total:,} patients",
        )
    if claims.exceptions is not None:
        ledger.note(
            "figure",
            "number of exceptions",
            [f"claimed {claims.exceptions}, inputs give {len(short)}"] if len(short) != claims.exceptions else [],
            f"{len(short)} groups",
        )
    if claims.objective is not None:
        score = _score(derived, members, journeys, rules)
        ledger.note(
            "figure",
            "score",
            [f"claimed {claims.objective:.6f}, inputs give {score:.6f}"]
            if not abs(score - claims.objective) <= OBJECTIVE_TOLERANCE
            else [],
            f"{score:.4f} minutes per patient",
        )


def _check_headline(
    ledger: _Ledger, written: Mapping[str, object], derived: pd.DataFrame, journeys: pd.DataFrame, *, with_before: bool
) -> None:
    figures = _group_headline(derived) | _journey_headline(journeys)
    if with_before:
        figures |= _before_headline(journeys)
    wrong = [
        f"{key}: written {written.get(key)}, inputs give {value}"
        for key, value in figures.items()
        if not _same(written.get(key), value, _headline_tolerance(key, value))
    ]
    wrong += [f"{key} is not derived from the inputs" for key in sorted(set(written) - set(figures))]
    ledger.note("figure", "figures of the whole plan", wrong, f"{len(figures)} figures agree")


def _headline_tolerance(key: str, value: float) -> float:
    """The longest minutes come from the group table, which is rounded; the rest is written in full."""
    return MINUTES_TOLERANCE if key == "longest_practice_minutes" else HEADLINE_TOLERANCE * max(1.0, abs(value))


def _group_headline(derived: pd.DataFrame) -> dict[str, float]:
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


def _journey_headline(journeys: pd.DataFrame) -> dict[str, float]:
    figures: dict[str, float] = {
        "patients_without_route": float(journeys.loc[journeys["minutes_hub"].isna(), "patients"].sum()),
        "patients_estimated": float(journeys.loc[journeys["basis"] == "estimated", "patients"].sum()),
    }
    for ending, part in _by_setting(journeys):
        timed = part[part["minutes_hub"].notna()]
        mean_key = f"mean_minutes_hub{ending}" if ending else "mean_minutes_to_hub"
        figures |= {
            f"patients{ending}": float(part["patients"].sum()),
            mean_key: _weighted(part, "minutes_hub"),
            f"mean_minutes_routine{ending}": _weighted(part, "minutes_routine"),
        }
        for limit in (10, 15, 20, 30, 45):
            figures[f"share_within_{limit}_minutes{ending}"] = _share(timed, timed["minutes_hub"] <= limit)
    return figures


def _before_headline(journeys: pd.DataFrame) -> dict[str, float]:
    """Before and now of the patients who have both journeys; longer and shorter mean by more than a minute."""
    figures: dict[str, float] = {}
    for ending, part in _by_setting(journeys.dropna(subset=["minutes_hub", "minutes_hub_before"])):
        change = part["minutes_hub"] - part["minutes_hub_before"]
        figures |= {
            f"patients_compared{ending}": float(part["patients"].sum()),
            f"mean_minutes_before{ending}": _weighted(part, "minutes_hub_before"),
            f"mean_minutes_compared{ending}": _weighted(part, "minutes_hub"),
            f"share_longer{ending}": _share(part, change > 1.0),
            f"share_shorter{ending}": _share(part, change < -1.0),
        }
    return figures


def _score(derived: pd.DataFrame, members: pd.DataFrame, journeys: pd.DataFrame, rules: RuleSet) -> float:
    weights, size = rules.weights, rules.size
    penalty = 0.0
    for group_id, part in members.groupby("group_id"):
        row = derived.loc[group_id]
        floor = size.preferred_minimum_rural if row["kind"] == "rural" else size.preferred_minimum_urban
        outside = max(row["list_size"] - size.preferred_maximum, 0) + max(floor - row["list_size"], 0)
        penalty += weights.outside_preferred * outside
        penalty += weights.split_locality * _affected(part, "locality")
        penalty += weights.change_of_group * _affected(part, "current_group")
    return _weighted(journeys, "minutes_hub") + penalty / float(members["list_size"].sum())


# --------------------------------------------------------------------------------------------------------------- rules


def _check_rules(
    ledger: _Ledger,
    derived: pd.DataFrame,
    members: pd.DataFrame,
    place: Place,
    times: TravelTimes,
    edges: pd.DataFrame,
    rules: RuleSet,
    journeys: pd.DataFrame,
) -> None:
    _check_sizes(ledger, derived, rules)
    _check_access(ledger, members, times, rules)
    _check_hubs(ledger, derived, members, place, rules, journeys)
    _check_contiguity(ledger, members, edges)
    _check_tags(ledger, members, rules)


def _check_sizes(ledger: _Ledger, derived: pd.DataFrame, rules: RuleSet) -> None:
    short = derived[derived["margin"] < 0]
    allowed = 0 if rules.exceptions.policy == "forbidden" else rules.exceptions.at_most
    too_many = allowed >= 0 and len(short) > allowed
    faults = [(str(g), f"{-int(r['margin']):,} short of {int(r['minimum']):,}") for g, r in short.iterrows()]
    named = ", ".join(f"{group_id}: {what}" for group_id, what in faults)
    ledger.note(
        "rule",
        "each group reaches its minimum, or is an exception the rules allow",
        [f"{len(short)} below the minimum where {allowed} are allowed ({named})"] if too_many else [],
        f"{len(derived) - len(short)} reach it" + (f"; exceptions: {named}" if named else ""),
        faults if too_many else [],
    )
    over = derived[(derived["list_size"] > rules.size.hard_maximum) & (derived["practices"] > 1)]
    alone = derived[(derived["list_size"] > rules.size.hard_maximum) & (derived["practices"] == 1)]
    ledger.note_by_group(
        f"no group above {rules.size.hard_maximum:,} patients",
        [(str(g), f"{int(r['list_size']):,} patients") for g, r in over.iterrows()],
        "none" + (f"; a single practice above it stands alone: {', '.join(alone.index)}" if len(alone) else ""),
    )


def _check_access(ledger: _Ledger, members: pd.DataFrame, times: TravelTimes, rules: RuleSet) -> None:
    sites = pd.DataFrame(times.between_sites, index=list(times.site_codes), columns=list(times.site_codes))
    limit = rules.access.max_minutes_between_members
    if limit > 0:
        faults, longest = [], 0.0
        for group_id, part in members.groupby("group_id"):
            mains = list(part["main_site_code"])
            worst = max((float(sites.loc[a, b]) for a in mains for b in mains if a != b), default=0.0)
            longest = max(longest, worst)
            if worst > limit + 1e-9:
                faults.append((str(group_id), f"{worst:.1f} minutes" if math.isfinite(worst) else "no route"))
        ledger.note_by_group(
            f"at most {limit:g} minutes between any two members' main sites", faults, f"longest {longest:.1f} minutes"
        )
    limit = rules.access.max_minutes_to_hub
    if limit > 0:
        faults = []
        for row in members.itertuples():
            minutes = float(sites.loc[row.main_site_code, row.hub])
            if minutes > limit + 1e-9:
                faults.append((row.group_id, f"{row.practice_code} {minutes:.1f} minutes"))
        ledger.note_by_group(f"at most {limit:g} minutes from a member's main site to the hub", faults, "none longer")


def _owner_of_site(place: Place) -> dict[str, str]:
    """The practice of each site; a site of nobody belongs to the practice whose main site is nearest."""
    owners = {}
    for code, site in place.sites.iterrows():
        owner = site["practice_code"]
        if not owner:
            metres = place.practices.geometry.distance(site.geometry)
            owner = sorted(metres.index[metres <= metres.min()])[0]
        owners[code] = owner
    return owners


def _check_hubs(
    ledger: _Ledger,
    derived: pd.DataFrame,
    members: pd.DataFrame,
    place: Place,
    rules: RuleSet,
    journeys: pd.DataFrame,
) -> None:
    owners = _owner_of_site(place)
    group_of = members.set_index("practice_code")["group_id"]
    faults = []
    for group_id, row in derived.iterrows():
        hub = row["hub_site_code"]
        if hub not in owners:
            faults.append((str(group_id), f"site {hub!r} is not in the inputs"))
        elif group_of.get(owners[hub]) != group_id:
            faults.append((str(group_id), f"{hub} belongs to {owners[hub]}, which is not a member"))
        elif rules.hub.kinds and place.sites.at[hub, "kind"] not in rules.hub.kinds:
            faults.append((str(group_id), f"{hub} is a {place.sites.at[hub, 'kind']} site"))
    ledger.note_by_group(
        "each hub is a site of a member practice, of a kind the rules allow", faults, f"{len(derived)} hubs"
    )
    cut_off = journeys[journeys["timed"] & journeys["minutes_hub"].isna()]
    lost = cut_off.groupby("group_id")["patients"].sum()
    ledger.note_by_group(
        "every patient who has a route to any site has one to the hub",
        [(str(g), f"{n:,.0f} patients without a route") for g, n in lost.items()],
        "no patient cut off",
    )


def _check_best_hubs(
    ledger: _Ledger,
    members: pd.DataFrame,
    place: Place,
    times: TravelTimes,
    rules: RuleSet,
    journeys: pd.DataFrame,
) -> None:
    """No other site that could be the group's hub has fewer patient-minutes."""
    owners = _owner_of_site(place)
    kinds, limit = rules.hub.kinds, rules.access.max_minutes_to_hub
    home = pd.DataFrame(times.area_to_site, index=list(times.area_codes), columns=list(times.site_codes))
    drive = pd.DataFrame(times.between_sites, index=list(times.site_codes), columns=list(times.site_codes))
    faults = []
    for group_id, part in members.groupby("group_id"):
        timed = journeys[(journeys["group_id"] == group_id) & journeys["timed"]]
        total = home.loc[timed["area_code"]].mul(timed["patients"].to_numpy(), axis=0).sum()
        possible = [
            (float(total[site]), site)
            for site, owner in owners.items()
            if owner in set(part["practice_code"])
            and (not kinds or place.sites.at[site, "kind"] in kinds)
            and (place.sites.at[site, "practice_code"] or "community" in kinds)
            and (limit <= 0 or drive.loc[part["main_site_code"], site].max() <= limit)
        ]
        best, hub = min(possible, default=(math.inf, "")), part["hub"].iloc[0]
        own = next((minutes for minutes, site in possible if site == hub), math.inf)
        if own > best[0] + HUB_TOLERANCE * len(part):
            faults.append((str(group_id), f"{best[1]} has fewer patient-minutes than {hub}"))
    ledger.note_by_group("each hub is the best its group may have", faults, "no better one")


def _check_contiguity(ledger: _Ledger, members: pd.DataFrame, edges: pd.DataFrame) -> None:
    graph = nx.Graph()
    graph.add_nodes_from(members["practice_code"])
    graph.add_edges_from(edges[["practice_a", "practice_b"]].itertuples(index=False))
    faults = []
    for group_id, part in members.groupby("group_id"):
        pieces = nx.number_connected_components(graph.subgraph(part["practice_code"]))
        if pieces > 1:
            faults.append((str(group_id), f"{pieces} separate parts"))
    ledger.note_by_group("each group is contiguous: its catchments touch", faults, "all in one part")


def _check_tags(ledger: _Ledger, members: pd.DataFrame, rules: RuleSet) -> None:
    tagged = members[members["keep_together"].fillna("") != ""]
    if not tagged.empty:
        counts = tagged.groupby("keep_together")["group_id"].nunique()
        split = tagged[tagged["keep_together"].isin(counts.index[counts > 1])]
        pairs = split[["group_id", "keep_together"]].drop_duplicates()
        ledger.note_by_group(
            "practices that must stay together share a group",
            [(str(group_id), f"the practices tagged {tag!r} are split") for group_id, tag in pairs.to_numpy()],
            f"{len(counts)} tags held",
        )
    if rules.locality.rule == "inside":
        labelled = members[members["locality"].fillna("") != ""]
        counts = labelled.groupby("group_id")["locality"].nunique()
        crossing = [(str(group_id), "crosses one") for group_id in counts.index[counts > 1]]
        ledger.note_by_group("no group crosses a locality boundary", crossing, "none does")
