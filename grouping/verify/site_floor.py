"""Whether questions about sites keep what they promise, from place, minutes and registrations alone.

Nothing is shared with `grouping.site_choice`: long tables instead of arrays. What is not derived again is that no other
list would be better; that rests on the solver's proof and on the comparison with all lists of small cases in the tests.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from shapely.geometry import Point

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.plan import Plan
from grouping.verify.ledger import Ledger

SLACK = 1e-6
"""Minutes left over by adding fractions."""

NAMED_AT_MOST = 5
"""Sites or places named in one claim."""

DECISIONS = ("consider further", "invest in", "keep")


@dataclass(frozen=True)
class SiteClaims:
    """What is claimed about the sites of a place, and under which limits.

    Parameters
    ----------
    sites
        One row a site: `site_code`, `decision`, `patients`, `minutes_mean`, `minutes_max`, `investment`.
    plan
        The groups, each with its hub.
    budget, cost_per_m2
        Pounds, and pounds per square metre where the sites table has no `investment_cost`.
    beyond_minutes, longer_minutes
        The access floor.
    protect, protect_sites
        Protections in force, and sites named.
    judged_by, major
        Column of the sites table and its labels that mean a need for major investment.
    longer, longer_5
        People who would travel further by car, and those by more than 5 minutes.
    """

    sites: pd.DataFrame
    plan: Plan
    budget: float
    cost_per_m2: float
    beyond_minutes: float
    longer_minutes: float
    protect: tuple[str, ...]
    protect_sites: tuple[str, ...]
    judged_by: str
    major: tuple[str, ...]
    longer: float
    longer_5: float


@dataclass(frozen=True)
class _Facts:
    """What the inputs say: buildings by site code, and one row a registration with its journeys."""

    claims: SiteClaims
    place: Place
    buildings: pd.DataFrame
    journeys: pd.DataFrame
    considered: frozenset[str]
    invested: frozenset[str]


def verify_site_choice(claims: SiteClaims, place: Place, times: TravelTimes) -> pd.DataFrame:
    """Re-derive what is claimed.

    Parameters
    ----------
    claims
        What was found.
    place
        The place with completed registrations.
    times
        Minutes by car, areas x sites.

    Returns
    -------
    DataFrame
        One row a claim: `kind` (figure or rule), `claim`, `agrees` (bool), `detail` (text), `faults` (codes and what is
        wrong), as `grouping.verify.verify` gives them.
    """
    ledger = Ledger()
    if not _check_table(ledger, claims, place):
        return ledger.table()
    facts = _facts(claims, place, times)
    _check_need(ledger, facts)
    _check_budget(ledger, facts)
    _check_keeps_one(ledger, facts)
    _check_floor(ledger, facts)
    _check_means(ledger, facts)
    _check_sound(ledger, facts)
    _check_protected(ledger, facts)
    _check_figures(ledger, facts)
    return ledger.table()


def _note(ledger: Ledger, kind: str, claim: str, faults: Iterable[tuple[str, str]], checked: str) -> None:
    faults = sorted(faults)
    told = [f"{where}: {what}" for where, what in faults[:NAMED_AT_MOST]]
    told += [f"and {len(faults) - NAMED_AT_MOST} more"] if len(faults) > NAMED_AT_MOST else []
    ledger.note(kind, claim, told, checked, faults)


def _check_table(ledger: Ledger, claims: SiteClaims, place: Place) -> bool:
    codes, known = list(claims.sites["site_code"]), set(place.sites.index)
    faults = [(str(code), "is not in the case") for code in sorted(set(codes) - known)]
    faults += [(str(code), "is missing") for code in sorted(known - set(codes))]
    faults += [(str(code), "stands twice") for code in sorted({code for code in codes if codes.count(code) > 1})]
    words = zip(codes, claims.sites["decision"], strict=True)
    faults += [(str(code), f"'{said}' is no answer") for code, said in words if said not in DECISIONS]
    _note(ledger, "rule", "every site has one of three answers", faults, f"{len(known)} sites")
    return not faults


# --- What the inputs say ---------------------------------------------------------------------------------------------


def _facts(claims: SiteClaims, place: Place, times: TravelTimes) -> _Facts:
    said = claims.sites.set_index("site_code")["decision"]
    considered = frozenset(said.index[said == "consider further"])
    invested = frozenset(said.index[said == "invest in"])
    buildings = _buildings(claims, place)
    return _Facts(claims, place, buildings, _journeys(place, times, considered), considered, invested)


def _buildings(claims: SiteClaims, place: Place) -> pd.DataFrame:
    """`practice_code`, `kind`, `need` (yes, no, unknown), `committed`, `cost` by site code."""
    rows = {}
    wanted = {" ".join(label.casefold().split()) for label in claims.major}
    for code, site in place.sites.iterrows():
        label = " ".join(_text(site.get(claims.judged_by)).casefold().split())
        committed = site.get("committed")
        unsaid = committed is None or (isinstance(committed, float) and math.isnan(committed))
        scheme = bool(_text(site.get("scheme")))
        cost, floor = _figure(site.get("investment_cost")), _figure(site.get("floor_area_m2"))
        if math.isnan(cost) and floor > 0 and claims.cost_per_m2 > 0:
            cost = floor * claims.cost_per_m2
        rows[code] = {
            "practice_code": _text(site["practice_code"]),
            "kind": site["kind"],
            "need": "unknown" if not label or not wanted else ("yes" if label in wanted else "no"),
            "committed": scheme if unsaid else bool(committed),
            "cost": cost,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _text(value: object) -> str:
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value).strip()


def _figure(value: object) -> float:
    return float("nan") if value is None else float(value)


def _journeys(place: Place, times: TravelTimes, considered: frozenset[str]) -> pd.DataFrame:
    """One row a registration with patients: `practice_code`, `area_code`, `patients`, today's site and minutes, then's.

    `today` and `then` are infinite without a way; `site` is empty without one.
    """
    row = {code: i for i, code in enumerate(times.area_codes)}
    column = {code: i for i, code in enumerate(times.site_codes)}
    own: dict[str, list[str]] = {}
    for code in sorted(place.sites.index):
        if owner := _text(place.sites.at[code, "practice_code"]):
            own.setdefault(owner, []).append(code)
    made = []
    for practice, area, patients in place.registrations[["practice_code", "area_code", "patients"]].itertuples(
        index=False
    ):
        if not patients > 0:
            continue
        found = {}
        for site in own.get(practice, []):
            minutes = float(times.area_to_site[row[area], column[site]]) if area in row else math.inf
            found[site] = minutes if math.isfinite(minutes) else math.inf
        today = min(found.values(), default=math.inf)
        near = [site for site, minutes in found.items() if minutes <= today + SLACK and math.isfinite(today)]
        left = {site: minutes for site, minutes in found.items() if site not in considered}
        then = min(left.values(), default=math.inf)
        made.append((practice, area, float(patients), near[0] if near else "", today, then, left))
    columns = ["practice_code", "area_code", "patients", "site", "today", "then", "left"]
    return pd.DataFrame(made, columns=columns)


# --- The rules -------------------------------------------------------------------------------------------------------


def _check_need(ledger: Ledger, facts: _Facts) -> None:
    planned = {code for group in facts.claims.plan.groups for code in group.members}
    faults = []
    for code in sorted(facts.considered | facts.invested):
        building = facts.buildings.loc[code]
        if building["need"] != "yes":
            faults.append((code, f"need for major investment: {building['need']}"))
        if building["committed"]:
            faults.append((code, "has a committed scheme"))
        if building["practice_code"] not in planned:
            faults.append((code, "belongs to no practice of the plan"))
    asked = len(facts.considered | facts.invested)
    claim = "only sites of practices that need major investment, without a committed scheme, are asked about"
    _note(ledger, "rule", claim, faults, f"{asked} sites")


def _check_budget(ledger: Ledger, facts: _Facts) -> None:
    costs = facts.buildings["cost"].reindex(sorted(facts.invested))
    faults = [(str(code), "its cost is not known") for code in costs.index[costs.isna()]]
    spent = float(costs.sum())
    if spent > facts.claims.budget + SLACK:
        faults.append(("budget", f"£{spent:,.0f} is more than £{facts.claims.budget:,.0f}"))
    _note(ledger, "rule", "the investment stays within the budget", faults, f"£{spent:,.0f}")


def _check_keeps_one(ledger: Ledger, facts: _Facts) -> None:
    owned = facts.buildings[facts.buildings["practice_code"] != ""]
    kept = set(owned.loc[~owned.index.isin(facts.considered), "practice_code"])
    faults = [(str(code), "would keep no site") for code in sorted(set(owned["practice_code"]) - kept)]
    _note(ledger, "rule", "every practice keeps at least one site", faults, f"{len(kept)} practices")


def _check_floor(ledger: Ledger, facts: _Facts) -> None:
    beyond, longer = facts.claims.beyond_minutes, facts.claims.longer_minutes
    far, grown, lost = [], [], []
    for row in facts.journeys[np.isfinite(facts.journeys["today"])].itertuples():
        where = f"{row.area_code} with {row.practice_code}"
        if not math.isfinite(row.then):
            lost.append((where, "no way"))
            continue
        if row.then > beyond + SLACK and row.then > row.today + SLACK:
            far.append((where, f"{row.today:.2f} to {row.then:.2f} minutes"))
        if row.then - row.today > longer + SLACK:
            grown.append((where, f"{row.then - row.today:.2f} minutes longer"))
    number = f"{len(facts.journeys)} rows of registrations"
    _note(ledger, "rule", "nobody loses the way to their practice", lost, number)
    _note(
        ledger,
        "rule",
        f"no community comes to lie beyond {beyond:g} minutes, none beyond today gets further",
        far,
        number,
    )
    _note(ledger, "rule", f"nobody's journey is longer by more than {longer:g} minutes", grown, number)


def _check_means(ledger: Ledger, facts: _Facts) -> None:
    limit, faults = facts.claims.beyond_minutes, []
    timed = facts.journeys[np.isfinite(facts.journeys["today"]) & np.isfinite(facts.journeys["then"])]
    for area, rows in timed.groupby("area_code"):
        before, after = (float(np.average(rows[name], weights=rows["patients"])) for name in ("today", "then"))
        if after > limit + SLACK and after > before + SLACK:
            faults.append((str(area), f"mean {before:.2f} to {after:.2f} minutes"))
    claim = f"the mean of no area comes to lie beyond {limit:g} minutes, none beyond today gets longer"
    _note(ledger, "rule", claim, faults, f"{timed['area_code'].nunique()} areas")


def _check_sound(ledger: Ledger, facts: _Facts) -> None:
    """Patients of a site considered further come to one that is known not to need it, or is put right."""
    buildings = facts.buildings
    sound = set(buildings.index[(buildings["need"] == "no") | buildings["committed"]]) | facts.invested
    faults = []
    moved = facts.journeys[facts.journeys["site"].isin(facts.considered)]
    for row in moved.itertuples():
        there = [site for site, minutes in row.left.items() if minutes <= row.then + SLACK and math.isfinite(minutes)]
        if not sound & set(there):
            faults.append((row.site, f"{row.area_code} would go to {', '.join(there) or 'nowhere'}"))
    claim = "patients of sites considered further would come to sound buildings of their own practice"
    _note(ledger, "rule", claim, faults, f"{moved['patients'].sum():,.0f} patients")


def _check_protected(ledger: Ledger, facts: _Facts) -> None:
    faults = [(code, reason) for code in sorted(facts.considered) for reason in _protected(code, facts)]
    names = [*facts.claims.protect, *(["named"] if facts.claims.protect_sites else [])]
    claim = f"no protected site is considered further ({', '.join(names) or 'no protections'})"
    _note(ledger, "rule", claim, faults, f"{len(facts.considered)} sites")


def _protected(code: str, facts: _Facts) -> list[str]:
    """The protections in force that a site is under."""
    protect, place = facts.claims.protect, facts.place
    building, found = facts.buildings.loc[code], []
    if code in facts.claims.protect_sites:
        found.append("named")
    if "hubs" in protect and code in {group.hub_site_code for group in facts.claims.plan.groups}:
        found.append("hub")
    if "main" in protect and (building["kind"] == "main" or code in set(place.practices["main_site_code"])):
        found.append("main site")
    if "committed" in protect and building["committed"]:
        found.append("committed")
    dispensing = (
        place.practices["dispensing"].get(building["practice_code"]) if "dispensing" in place.practices else None
    )
    if "dispensing" in protect and dispensing is not None and dispensing == True:  # noqa: E712
        found.append("dispensing")
    if "rural" in protect:
        here = facts.journeys[facts.journeys["site"] == code]
        if any(_is_rural(place, area) for area in set(here["area_code"])):
            found.append("nearest site of rural patients")
        if _stands_rural(place, place.sites.geometry.loc[code]):
            found.append("in a rural area")
    return found


def _is_rural(place: Place, area: str) -> bool:
    return area in place.areas.index and bool(place.areas.at[area, "rural"] == True)  # noqa: E712


def _stands_rural(place: Place, point: Point) -> bool:
    around = [
        area
        for area, shape in place.areas.geometry.items()
        if shape.geom_type.endswith("Polygon") and shape.intersects(point)
    ]
    if not around:
        apart = {area: math.hypot(x - point.x, y - point.y) for area, x, y in place.areas[["x", "y"]].itertuples()}
        known = {area: metres for area, metres in apart.items() if math.isfinite(metres)}
        around = [min(known, key=known.get)] if known else []
    return any(_is_rural(place, area) for area in around)


# --- The figures -----------------------------------------------------------------------------------------------------


def _check_figures(ledger: Ledger, facts: _Facts) -> None:
    said, journeys = facts.claims.sites.set_index("site_code"), facts.journeys
    timed = journeys[journeys["site"] != ""]
    counted = timed.groupby("site")["patients"].sum()
    faults = []
    for code, number in said["patients"].items():
        derived = float(counted.get(code, 0.0))
        if facts.buildings.at[code, "practice_code"] and not abs(float(number) - derived) <= 0.5 + SLACK:
            faults.append((str(code), f"says {number}, derived {derived:.1f}"))
    _note(ledger, "figure", "patients whose nearest site it is", faults, f"{counted.sum():,.0f} patients")
    _check_added(ledger, facts, said, timed)
    _check_longer(ledger, facts, timed)


def _check_added(ledger: Ledger, facts: _Facts, said: pd.DataFrame, timed: pd.DataFrame) -> None:
    faults = []
    for code in sorted(facts.considered):
        rows = timed[timed["site"] == code]
        if rows.empty:
            continue
        more = rows["then"] - rows["today"]
        derived = {"minutes_mean": float(np.average(more, weights=rows["patients"])), "minutes_max": float(more.max())}
        for name, value in derived.items():
            if not abs(float(said.at[code, name]) - value) <= SLACK:
                faults.append((code, f"{name} says {said.at[code, name]}, derived {value:.4f}"))
    _note(ledger, "figure", "minutes longer of the sites considered further", faults, f"{len(facts.considered)} sites")


def _check_longer(ledger: Ledger, facts: _Facts, timed: pd.DataFrame) -> None:
    planned = {code for group in facts.claims.plan.groups for code in group.members}
    mine = timed[timed["practice_code"].isin(planned)]
    more = mine["then"] - mine["today"]
    derived = {
        "longer": mine.loc[more > SLACK, "patients"].sum(),
        "longer_5": mine.loc[more > 5 + SLACK, "patients"].sum(),
    }
    faults = [
        (name, f"says {getattr(facts.claims, name):.2f}, derived {value:.2f}")
        for name, value in derived.items()
        if not abs(getattr(facts.claims, name) - float(value)) <= 0.01
    ]
    _note(ledger, "figure", "people who would travel further, and by more than 5 minutes", faults,
          f"{derived['longer']:,.0f} and {derived['longer_5']:,.0f} people")  # fmt: skip
