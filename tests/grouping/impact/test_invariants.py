"""What holds for the impact of any plan in any place, whatever its figures are."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import points

from geodata.place import BRITISH_NATIONAL_GRID, Place
from geodata.travel import TravelMethod, TravelTimes
from grouping.impact.assemble import impact_of
from grouping.impact.before import Baseline
from grouping.impact.measures import LONGER, MEASURES
from grouping.impact.result import Impact
from grouping.impact.site_options import SiteLayer, read_site_options
from grouping.impact.trips import Minutes, nearest_service, routine_minutes, usable_sites
from grouping.plan import Plan
from tests.grouping.impact.impact_place import EAST, NORTH, prepared

KEY = ["option", "scenario", "journey", "mode", "population", "setting"]
WHERE = ["option", "journey", "mode"]
COUNTS = (
    "people",
    "no_route",
    "beyond",
    "people_compared",
    *(f"longer_{minutes}" for minutes in LONGER),
    "shorter_5",
    "newly_beyond",
    "no_longer_beyond",
    "lost_route",
    "gained_route",
    "change_in_patient_minutes",
    "kept_no_site",
    "kept_no_site_longer_5",
)
"""Figures of the summary that are sums over people."""

OF_MINUTES = tuple(name for name in MEASURES if name not in COUNTS)

slow = settings(max_examples=10, deadline=None)

# --- Places -------------------------------------------------------------------------------------------------------

KM = st.integers(0, 60)


@dataclass(frozen=True)
class World:
    """A place, and the areas that no car reaches."""

    place: Place
    no_road: tuple[str, ...]

    @property
    def codes(self) -> list[str]:
        return list(self.place.practices.index)

    @property
    def sites(self) -> list[str]:
        return list(self.place.sites.index)

    def impact(self, plans: dict[str, Plan], *, least_people: int = 50, **more: object) -> Impact:
        ready = prepared(self.place, without_road=self.no_road, least_people=least_people)
        return impact_of(ready, plans, scenarios=(), **more)


def at(xs: Sequence[float], ys: Sequence[float]) -> np.ndarray:
    return points(EAST + 1_000.0 * np.array(xs, dtype=float), NORTH + 1_000.0 * np.array(ys, dtype=float))


@st.composite
def worlds(draw: st.DrawFn, *, most: int = 4) -> World:
    """Up to four practices with a main site each, further sites (some of nobody) and areas anywhere on a map."""
    codes = [f"P{k}" for k in range(draw(st.integers(1, most)))]
    owners = codes + draw(st.lists(st.sampled_from([*codes, ""]), max_size=3))
    spots = [(draw(KM), draw(KM)) for _ in owners]
    sites = [f"S{k}" for k in range(len(owners))]
    areas = [f"E{k}" for k in range(draw(st.integers(1, 5)))]
    homes = [(draw(KM), draw(KM)) for _ in areas]
    classes = [draw(st.sampled_from(["C1", "E1", ""])) for _ in areas]
    # in whole percent: a share a hair below 1 would leave a population of nobody but what adding fractions leaves
    share = st.one_of(st.just(np.nan), st.integers(0, 100).map(lambda percent: percent / 100))
    table = gpd.GeoDataFrame(
        {
            "name": [f"Area {code}" for code in areas],
            "ward": [draw(st.sampled_from(["", "Ward one", "Ward two"])) for _ in areas],
            "population": 1_000.0,
            "population_65_plus": [1_000.0 * draw(share) for _ in areas],
            "rural_urban": classes,
            "rural": [one == "E1" for one in classes],
            "deprivation_decile": [float(draw(st.one_of(st.just(np.nan), st.integers(1, 10)))) for _ in areas],
            "no_car_share": [draw(share) for _ in areas],
            "x": [EAST + 1_000.0 * x for x, _ in homes],
            "y": [NORTH + 1_000.0 * y for _, y in homes],
        },
        index=pd.Index(areas, name="area_code"),
        geometry=at(*zip(*homes, strict=True)),
        crs=BRITISH_NATIONAL_GRID,
    )
    where = st.lists(st.sampled_from([*areas, "OUT"]), min_size=1, unique=True)
    registered = pd.DataFrame(
        [(code, area, float(draw(st.integers(1, 5_000)))) for code in codes for area in sorted(draw(where))],
        columns=["practice_code", "area_code", "patients"],
    ).assign(basis="published")
    lists = registered.groupby("practice_code")["patients"].sum().reindex(codes)
    place = Place(
        name="Anywhere",
        practices=gpd.GeoDataFrame(
            {
                "name": [f"Practice {code}" for code in codes],
                "locality": "",
                "list_size": lists.astype(int).to_numpy(),
                "main_site_code": sites[: len(codes)],
            },
            index=pd.Index(codes, name="practice_code"),
            geometry=at(*zip(*spots[: len(codes)], strict=True)),
            crs=BRITISH_NATIONAL_GRID,
        ),
        sites=gpd.GeoDataFrame(
            {
                "practice_code": owners,
                "name": [f"Site {code}" for code in sites],
                "kind": ["main"] * len(codes) + ["branch" if one else "community" for one in owners[len(codes) :]],
                "postcode": "",
            },
            index=pd.Index(sites, name="site_code"),
            geometry=at(*zip(*spots, strict=True)),
            crs=BRITISH_NATIONAL_GRID,
        ),
        areas=table,
        registrations=registered,
        localities=gpd.GeoDataFrame(geometry=[], crs=BRITISH_NATIONAL_GRID),
        made_up=True,
        public_transport=draw(st.none() | bus_tables(areas, sites)),
    )
    return World(place, tuple(draw(st.lists(st.sampled_from(areas), unique=True, max_size=2))))


@st.composite
def bus_tables(draw: st.DrawFn, areas: Sequence[str], sites: Sequence[str]) -> pd.DataFrame:
    pairs = st.lists(st.tuples(st.sampled_from(areas), st.sampled_from(sites)), unique=True)
    rows = [(area, site, float(draw(st.integers(1, 90))), True) for area, site in sorted(draw(pairs))]
    table = pd.DataFrame(rows, columns=["area_code", "site_code", "minutes", "reachable"])
    return table.astype({"minutes": float, "reachable": bool})


@st.composite
def plans(draw: st.DrawFn, world: World, *, partial: bool = False) -> Plan:
    """Any groups with any hubs; a partial plan may leave practices out."""
    group = [draw(st.integers(-1 if partial else 0, 2)) for _ in world.codes]
    members = {k: [code for code, own in zip(world.codes, group, strict=True) if own == k] for k in set(group) - {-1}}
    assume(members)
    return Plan.from_groups((codes, draw(st.sampled_from(world.sites))) for _, codes in sorted(members.items()))


@st.composite
def baselines(draw: st.DrawFn, world: World) -> Baseline | None:
    """None, a plan that may leave practices out, or sites."""
    kind = draw(st.sampled_from(["none", "plan", "sites"]))
    if kind == "none":
        return None
    if kind == "plan":
        return Baseline(draw(plans(world, partial=True)), (), {}, "Before: a plan.")
    some = st.lists(st.sampled_from(world.sites), unique=True, max_size=2).map(lambda sites: tuple(sorted(sites)))
    own = draw(st.dictionaries(st.sampled_from(world.codes), some))
    return Baseline(None, draw(some), own, "Before: some sites.")


def options_of(world: World, rows: Sequence[str]) -> SiteLayer:
    """Site options read from a file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "options.csv"
        file.write_text("\n".join(["site_code,change,practice_code,name,kind,x,y", *rows, ""]), encoding="utf-8")
        return read_site_options(file, world.place)


@st.composite
def layers(draw: st.DrawFn, world: World) -> SiteLayer | None:
    """None, or a site or two that open, move or are considered further."""
    some = draw(st.lists(st.sampled_from(world.sites), unique=True, max_size=2))
    rows = []
    for site in some:
        x, y = draw(places_near(world))
        rows.append(draw(st.sampled_from([f"{site},consider further,,,,,", f"{site},move,,,,{x},{y}"])))
    if draw(st.booleans()):
        x, y = draw(places_near(world))
        rows.append(f"NEW,open,{draw(st.sampled_from(world.codes))},A new one,branch,{x},{y}")
    still = [site for site in world.sites if f"{site},consider further,,,,," not in rows]
    if not rows or not still:
        return None
    return options_of(world, rows)


@st.composite
def places_near(draw: st.DrawFn, world: World) -> tuple[float, float]:
    """A point within a few kilometres of an area, as options are refused that lie far from the case."""
    area = world.place.areas.loc[draw(st.sampled_from(list(world.place.areas.index)))]
    return area["x"] + draw(st.integers(-5, 5)) * 1_000.0, area["y"] + draw(st.integers(-5, 5)) * 1_000.0


# --- Patients are conserved ---------------------------------------------------------------------------------------


@slow
@given(st.data())
def test_patients_are_conserved(data: st.DataObject) -> None:
    """Before, after, and in the sum of every breakdown, whatever the plan, the baseline and the site options."""
    world = data.draw(worlds())
    plan = data.draw(plans(world, partial=True))
    found = world.impact({"one": plan}, baseline=data.draw(baselines(world)), layer=data.draw(layers(world)))
    registered, people = world.place.registrations, found.tables["people"]
    summary = found.tables["summary"]
    everybody = summary[(summary["population"] == "all") & (summary["setting"] == "all")].set_index(WHERE)
    whole = registered.loc[registered["practice_code"].isin(plan.practice_codes), "patients"].sum()
    assert everybody["people"].to_numpy() == pytest.approx(whole)
    assert people.loc[people["population"] == "all", "people"].item() == pytest.approx(registered["patients"].sum())
    families_and_settings_sum_to(summary, people, everybody)
    for name in ("communities", "practices", "groups"):
        sums = found.tables[name].groupby(WHERE)[["people", "no_route"]].sum()
        assert len(sums) == len(everybody)
        assert sums.to_numpy() == pytest.approx(everybody.loc[sums.index, ["people", "no_route"]].to_numpy(), abs=1e-6)
    # who has a route is compared with the time before, or had none then, or the own practice keeps no site; who lost
    # it is among those without one
    known = everybody[everybody["people_compared"].notna()]
    routed, told = known["people"] - known["no_route"], known["people_compared"] + known["gained_route"]
    assert (told <= routed + 1e-6).all()
    assert (routed <= told + known["kept_no_site"] + 1e-6).all()
    assert (known["lost_route"] <= known["no_route"] + 1e-6).all()
    assert (known["kept_no_site_longer_5"] <= known["kept_no_site"] + 1e-6).all()
    changes_add_up(found)


def changes_add_up(found: Impact) -> None:
    """Who is compared, and by how much it changes for them, is the same in every division of the same people."""
    summary = found.tables["summary"].query("population == 'all' and setting == 'all'").set_index(WHERE)
    for name, level, after in (
        ("communities", "minutes", "minutes_after"),
        ("practices", "mean", "mean_after"),
        ("groups", "mean", "mean_after"),
    ):
        table = found.tables[name]
        routed, compared = table["people"] - table["no_route"], table["people_compared"]
        before = after.replace("after", "before")
        # minutes are those of all with a route; before, after and change those of the people compared
        assert (table[level].isna() == (routed <= 1e-6)).all()
        for column in (before, after, "change"):
            assert (table[column].isna() == ~(compared > 0)).all()
        assert table["change"].to_numpy() == pytest.approx(
            (table[after] - table[before]).to_numpy(), nan_ok=True, abs=1e-9
        )
        sums = pd.DataFrame(
            {
                "people_compared": compared,
                "level": table[level].fillna(0.0) * routed,
                "change": table["change"].fillna(0.0) * compared.fillna(0.0),
            }
        )
        sums = sums.groupby([table[column] for column in WHERE]).sum(min_count=1)
        whole = summary.loc[sums.index]
        level_sum = (whole["mean"].fillna(0.0) * (whole["people"] - whole["no_route"])).to_numpy()
        assert sums["level"].to_numpy() == pytest.approx(level_sum, rel=1e-9, abs=1e-4)
        # the summary counts apart whose practice keeps no site, a place does not
        apart = whole["kept_no_site"] > 0
        assert (sums["people_compared"] >= whole["people_compared"] - 1e-6)[apart].all()
        told = sums["people_compared"].to_numpy()
        assert told[~apart] == pytest.approx(whole["people_compared"].to_numpy()[~apart], nan_ok=True)
        change = whole["change_in_patient_minutes"].fillna(0.0).to_numpy()
        assert sums["change"].to_numpy()[~apart] == pytest.approx(change[~apart], rel=1e-9, abs=1e-4)


@slow
@given(st.data())
def test_places_of_a_few_people_come_after_all_others(data: st.DataObject) -> None:
    """In any place, whatever the baseline: the worst first, then those of few people, then who cannot be judged."""
    world, least = data.draw(worlds()), data.draw(st.integers(0, 6_000))
    baseline = data.draw(baselines(world))
    found = world.impact({"one": data.draw(plans(world))}, baseline=baseline, least_people=least)
    for (_, journey, _), table in found.tables["communities"].groupby(WHERE):
        measure = "minutes" if journey == "hub" and baseline is None else "change"
        assert list(table["rank"]) == list(range(1, len(table) + 1))
        judged = table[table[measure].notna()]
        assert judged["rank"].max() == len(judged) or judged.empty
        few = judged["people"] < least
        assert few.is_monotonic_increasing
        for part in (judged[few], judged[~few]):
            assert part[measure].round(6).is_monotonic_decreasing
    assert found.tables["robust"]["people"].ge(least).all()


def families_and_settings_sum_to(summary: pd.DataFrame, people: pd.DataFrame, everybody: pd.DataFrame) -> None:
    """A family divides everybody in each setting, and the settings divide each population, in every sum of people."""
    counts = list(COUNTS)
    family = people[people["family"] != ""].set_index("population")["family"]
    divided = summary.assign(family=summary["population"].map(family))
    totals = summary[summary["population"] == "all"].set_index([*WHERE, "setting"])[counts]
    for key, part in divided.groupby([*WHERE, "setting", "family"]):
        told = part[counts].sum(min_count=1).to_numpy(dtype=float)
        expected = totals.loc[key[:-1]].to_numpy(dtype=float)
        assert told == pytest.approx(expected, nan_ok=True, abs=1e-6), key
    for key, part in summary.groupby([*WHERE, "population"]):
        total, settings_of = part[part["setting"] == "all"], part[part["setting"] != "all"]
        if total["people"].item() > 0:
            told = settings_of[counts].sum(min_count=1).to_numpy(dtype=float)
            assert told == pytest.approx(total[counts].iloc[0].to_numpy(dtype=float), nan_ok=True, abs=1e-6), key
    assert (everybody["people"] > 0).all()


# --- Moving nothing -----------------------------------------------------------------------------------------------

CHANGES = (
    *(f"longer_{minutes}" for minutes in LONGER),
    "shorter_5",
    "newly_beyond",
    "no_longer_beyond",
    "lost_route",
    "gained_route",
    "change_in_patient_minutes",
)


def nothing_changes(summary: pd.DataFrame) -> None:
    """Every difference is exactly zero; before and after are the same."""
    assert len(summary)
    assert (summary[list(CHANGES)] == 0).all(axis=None)
    assert (summary["mean_change"].dropna() == 0).all()
    assert summary["mean_change"].isna().equals(summary["people_compared"] == 0)
    for before, after in (("mean_before", "mean"), ("mean_before", "mean_after")):
        pd.testing.assert_series_equal(summary[before], summary[after], check_names=False, check_exact=True)
    for before, after in (("median_before", "median"), ("p90_before", "p90")):
        pd.testing.assert_series_equal(summary[before], summary[after], check_names=False, check_exact=True)


@slow
@given(st.data())
def test_a_plan_against_itself_changes_nothing(data: st.DataObject) -> None:
    world = data.draw(worlds())
    plan = data.draw(plans(world))
    found = world.impact({"same": plan}, baseline=Baseline(plan, (), {}, "Before: the same."))
    nothing_changes(found.tables["summary"])
    inequality = found.tables["inequality"]
    for gap in ("gap", "gap_after"):
        pd.testing.assert_series_equal(inequality[gap], inequality["gap_before"], check_names=False, check_exact=True)
    for name in ("practices", "groups", "communities"):
        assert (found.tables[name]["change"].dropna() == 0).all()
    assert (found.tables["communities"]["newly_beyond"] == 0).all()
    assert found.tables["robust"].empty
    told = found.tables["places"]
    assert not told["sentence"].str.contains("longer than|shorter than|with a route today").any()


@slow
@given(st.data())
def test_grouping_never_changes_routine_care(data: st.DataObject) -> None:
    """Without site options every routine difference is exactly zero, and no plan has other minutes than another."""
    world = data.draw(worlds())
    two = {name: data.draw(plans(world)) for name in ("one", "other")}
    found = world.impact(two, baseline=data.draw(baselines(world)))
    summary = found.tables["summary"].query("journey == 'routine'")
    nothing_changes(summary)
    assert (summary["kept_no_site"] == 0).all()
    one, other = (
        summary[summary["option"] == name].drop(columns="option").reset_index(drop=True) for name in ("one", "other")
    )
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    for name in ("practices", "groups", "communities"):
        table = found.tables[name].query("journey == 'routine'")
        assert (table["change"].dropna() == 0).all()


def test_site_options_that_leave_everything_where_it_is_change_nothing() -> None:
    """A layer over a case, but no site of it is touched: a site of nobody is considered further."""
    world = World(_two_practices(), ())
    layer = options_of(world, ["S2,consider further,,,,,"])
    plan = Plan.from_groups([(("P0", "P1"), "S0")])
    nothing_changes(world.impact({"one": plan}, layer=layer).tables["summary"].query("journey == 'routine'"))


def _two_practices() -> Place:
    """P0 at km 0 and P1 at km 40 with 100 patients each next door, and a clinic of nobody between."""
    registered = pd.DataFrame(
        {"practice_code": ["P0", "P1"], "area_code": ["E0", "E1"], "patients": 100.0, "basis": "published"}
    )
    return Place(
        name="Two",
        practices=gpd.GeoDataFrame(
            {"name": ["West", "East"], "locality": "", "list_size": 100, "main_site_code": ["S0", "S1"]},
            index=pd.Index(["P0", "P1"], name="practice_code"),
            geometry=at([0, 40], [0, 0]),
            crs=BRITISH_NATIONAL_GRID,
        ),
        sites=gpd.GeoDataFrame(
            {
                "practice_code": ["P0", "P1", ""],
                "name": ["West", "East", "Clinic"],
                "kind": ["main", "main", "community"],
                "postcode": "",
            },
            index=pd.Index(["S0", "S1", "S2"], name="site_code"),
            geometry=at([0, 40, 20], [0, 0, 0]),
            crs=BRITISH_NATIONAL_GRID,
        ),
        areas=gpd.GeoDataFrame(
            {
                "name": ["West End", "East End"],
                "ward": "",
                "population": 1_000.0,
                "rural_urban": ["C1", "E1"],
                "rural": [False, True],
                "x": [EAST + 1_000.0, EAST + 41_000.0],
                "y": NORTH,
            },
            index=pd.Index(["E0", "E1"], name="area_code"),
            geometry=at([1, 41], [0, 0]),
            crs=BRITISH_NATIONAL_GRID,
        ),
        registrations=registered,
        localities=gpd.GeoDataFrame(geometry=[], crs=BRITISH_NATIONAL_GRID),
        made_up=True,
    )


# --- Within a fixed set of usable sites ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Web:
    """Homes, sites with their practices, and any minutes between them, some without a route."""

    minutes: Minutes
    sites: pd.DataFrame
    practice: np.ndarray
    codes: tuple[str, ...]


@st.composite
def webs(draw: st.DrawFn) -> Web:
    codes = tuple(f"P{k}" for k in range(draw(st.integers(1, 3))))
    sites = tuple(f"S{k}" for k in range(draw(st.integers(1, 6))))
    areas = tuple(f"E{k}" for k in range(draw(st.integers(1, 4))))
    minute = st.one_of(st.just(np.inf), st.floats(0.0, 500.0))
    matrix = np.array([[draw(minute) for _ in sites] for _ in areas])
    nothing = np.zeros(len(areas)), np.zeros(len(sites))
    square = np.zeros((len(sites), len(sites)))
    times = TravelTimes(areas, sites, matrix, square, *nothing, TravelMethod("roads", "Any."))
    owners = [draw(st.sampled_from([*codes, ""])) for _ in sites]
    homes = draw(st.lists(st.sampled_from([*areas, "OUT"]), min_size=1, max_size=8))
    practice = np.array([draw(st.integers(0, len(codes) - 1)) for _ in homes], dtype=np.int64)
    table = pd.DataFrame({"practice_code": owners}, index=pd.Index(list(sites), name="site_code"))
    return Web(Minutes(times, homes), table, practice, codes)


def as_far(minutes: np.ndarray) -> np.ndarray:
    """No route is farther than any minutes."""
    return np.where(np.isnan(minutes), np.inf, minutes)


@settings(deadline=None)
@given(web=webs(), data=st.data())
def test_a_site_less_never_shortens_routine_care_and_a_site_more_never_lengthens_it(
    web: Web, data: st.DataObject
) -> None:
    usable = frozenset(data.draw(st.lists(st.sampled_from(list(web.sites.index)), unique=True)))
    site = data.draw(st.sampled_from(list(web.sites.index)))

    def own(sites: frozenset[str]) -> np.ndarray:
        return as_far(routine_minutes(web.minutes, web.practice, usable_sites(web.sites, web.codes, sites).own))

    assert (own(usable - {site}) >= own(usable | {site})).all()
    assert (own(usable - {site}) >= own(usable)).all()
    assert (own(usable | {site}) <= own(usable)).all()
    # only the patients of the practice whose site it is can tell the difference
    others = (
        web.practice != web.codes.index(web.sites.at[site, "practice_code"])
        if web.sites.at[site, "practice_code"]
        else np.ones(len(web.practice), dtype=bool)
    )
    assert (own(usable - {site}) == own(usable | {site}))[others].all()


@settings(deadline=None)
@given(web=webs(), data=st.data())
def test_a_service_site_less_never_shortens_a_journey(web: Web, data: st.DataObject) -> None:
    some = st.lists(st.sampled_from(list(web.sites.index)), unique=True).map(tuple)
    everybody, own = data.draw(some), data.draw(st.dictionaries(st.sampled_from(web.codes), some))
    site = data.draw(st.sampled_from(list(web.sites.index)))

    def nearest(sites: Sequence[str]) -> np.ndarray:
        return as_far(nearest_service(web.minutes, web.practice, web.codes, sites, own))

    without, now = tuple(one for one in everybody if one != site), nearest(everybody)
    assert (nearest(without) >= now).all()
    assert (nearest((*everybody, site)) <= now).all()


@slow
@given(st.data())
def test_a_site_considered_further_never_shortens_routine_care(data: st.DataObject) -> None:
    """As far as practices keep a site: who uses the sites of the group may have a nearer one, and is counted apart."""
    world = data.draw(worlds())
    assume(len(world.sites) > 1)
    site = data.draw(st.sampled_from(world.sites))
    layer = options_of(world, [f"{site},consider further,,,,,"])
    found = world.impact({"one": data.draw(plans(world))}, layer=layer)
    practices = found.tables["practices"].query("journey == 'routine'")
    kept = practices[~practices["practice_code"].isin(layer.keeps_none)]
    assert (kept["change"].dropna() >= -1e-9).all()
    if not layer.keeps_none:
        summary = found.tables["summary"].query("journey == 'routine'")
        assert (summary[["shorter_5", "no_longer_beyond", "gained_route"]] == 0).all(axis=None)
        assert (summary["change_in_patient_minutes"] >= -1e-6).all()


@slow
@given(st.data())
def test_a_site_that_opens_never_lengthens_routine_care(data: st.DataObject) -> None:
    world = data.draw(worlds())
    x, y = data.draw(places_near(world))
    layer = options_of(world, [f"NEW,open,{data.draw(st.sampled_from(world.codes))},A new one,branch,{x},{y}"])
    found = world.impact({"one": data.draw(plans(world))}, layer=layer)
    summary = found.tables["summary"].query("journey == 'routine'")
    nobody = ["newly_beyond", "lost_route", "kept_no_site", *(f"longer_{minutes}" for minutes in LONGER)]
    assert (summary[nobody] == 0).all(axis=None)
    assert (summary["change_in_patient_minutes"] <= 1e-6).all()
    assert (found.tables["practices"].query("journey == 'routine'")["change"].dropna() <= 1e-9).all()


# --- A practice that keeps no site --------------------------------------------------------------------------------


@slow
@given(st.data())
def test_patients_of_a_practice_that_keeps_no_site_are_counted_apart(data: st.DataObject) -> None:
    """All of its patients, and the usable sites of its group receive them; a group without any receives nobody."""
    world = data.draw(worlds())
    assume(len(world.codes) > 1)
    code = data.draw(st.sampled_from(world.codes))
    owner = world.place.sites["practice_code"]
    layer = options_of(world, [f"{site},consider further,,,,," for site in owner[owner == code].index])
    assert layer.keeps_none == (code,)
    plan = data.draw(plans(world))
    found = world.impact({"one": plan}, layer=layer)
    registered = world.place.registrations
    own = registered[registered["practice_code"] == code]
    summary = found.tables["summary"]
    everybody = summary[(summary["population"] == "all") & (summary["setting"] == "all")]
    routine = everybody[everybody["journey"] == "routine"]
    assert routine["kept_no_site"].to_numpy() == pytest.approx(own["patients"].sum())
    assert (everybody.loc[everybody["journey"] == "hub", "kept_no_site"] == 0).all()
    # nothing is added, so that the times are those of the case: a kilometre is a minute, where there is a road
    group = plan.group_of[code].members
    sites = world.place.sites[owner.isin(group) & (owner != code)].geometry
    homes = own[own["area_code"].isin(world.place.areas.index.difference(world.no_road))]
    row = found.tables["practices"].query("journey == 'routine' and mode == 'car' and practice_code == @code").iloc[0]
    if not len(sites) or not len(homes):
        assert row["no_route"] == pytest.approx(own["patients"].sum())
        assert np.isnan(row["mean_after"])
        return
    xy = world.place.areas.loc[homes["area_code"], ["x", "y"]].to_numpy()
    km = np.hypot(xy[:, :1] - sites.x.to_numpy(), xy[:, 1:] - sites.y.to_numpy()).min(axis=1) / 1_000.0
    assert row["mean_after"] == pytest.approx(np.average(km, weights=homes["patients"]), abs=1e-4)


def test_without_a_group_a_practice_that_keeps_no_site_has_no_route() -> None:
    world = World(_two_practices(), ())
    layer = options_of(world, ["S1,consider further,,,,,"])
    alone = Plan.from_groups([(("P0",), "S0"), (("P1",), "S1")])
    together = Plan.from_groups([(("P0", "P1"), "S0")])
    found = world.impact({"alone": alone, "together": together}, layer=layer)
    table = found.tables["practices"].query("journey == 'routine' and mode == 'car' and practice_code == 'P1'")
    rows = table.set_index("option")
    assert rows.loc["alone", "no_route"] == 100
    assert rows.loc["together", ["no_route", "mean_before", "mean_after"]].tolist() == [0, 1, 41]
    everybody = found.tables["summary"].query(
        "journey == 'routine' and mode == 'car' and population == 'all' and setting == 'all'"
    )
    assert everybody["kept_no_site"].tolist() == [100, 100]
    # they are counted apart, and in no figure of how minutes change; the 100 of P0 keep their minute
    assert everybody["lost_route"].tolist() == [100, 0]
    assert everybody["no_route"].tolist() == [100, 0]
    assert everybody["people_compared"].tolist() == [100, 100]
    assert everybody["mean_change"].tolist() == [0, 0]
    assert everybody["longer_5"].tolist() == [0, 0]
    # from km 41 to the site of P0 at km 0, before to that at km 40
    assert everybody["kept_no_site_before"].isna().tolist() == [True, False]
    apart = everybody[["kept_no_site_before", "kept_no_site_after", "kept_no_site_longer_5"]]
    assert apart.iloc[1].tolist() == pytest.approx([1, 41, 100])
    assert apart["kept_no_site_longer_5"].tolist() == [0, 100]


# --- A record without a path --------------------------------------------------------------------------------------


def with_registrations(world: World, registered: pd.DataFrame) -> World:
    """The same place with other registrations, the lists theirs."""
    practices = world.place.practices.copy()
    lists = registered.groupby("practice_code")["patients"].sum().reindex(practices.index)
    practices["list_size"] = np.rint(lists.to_numpy()).astype(int)
    return replace(world, place=replace(world.place, practices=practices, registrations=registered))


@slow
@given(st.data())
def test_a_record_without_a_path_is_counted_and_never_in_a_mean(data: st.DataObject) -> None:
    world = data.draw(worlds())
    plan, baseline = data.draw(plans(world)), data.draw(baselines(world))
    code, people = data.draw(st.sampled_from(world.codes)), data.draw(st.integers(1, 100_000))
    more = pd.DataFrame([(code, "NOWHERE", float(people), "published")], columns=list(world.place.registrations))
    grown = with_registrations(world, pd.concat([world.place.registrations, more], ignore_index=True))
    before, after = (one.impact({"one": plan}, baseline=baseline).tables for one in (world, grown))
    old, new = (tables["summary"].set_index(KEY) for tables in (before, after))
    shared = new.index.intersection(old.index)
    assert len(shared) == len(old)
    old, new = old.loc[shared], new.loc[shared]
    minutes = [name for name in OF_MINUTES if not name.startswith("within_")]
    for name in minutes:
        pd.testing.assert_series_equal(new[name], old[name], rtol=1e-12, atol=1e-12)
    same = [name for name in COUNTS if name not in ("people", "no_route")]
    pd.testing.assert_frame_equal(new[same], old[same], rtol=1e-12, atol=1e-9)
    added = (new["people"] - old["people"]).to_numpy()
    assert added == pytest.approx((new["no_route"] - old["no_route"]).to_numpy(), abs=1e-6)
    everybody = new.xs(("all", "all"), level=("population", "setting"))
    was = old.xs(("all", "all"), level=("population", "setting"))
    assert (everybody["people"] - was["people"]).to_numpy() == pytest.approx(people)
    # a community of its own, unless others live outside the inputs already: then their minutes stay as they were
    left, right = (
        tables["communities"].set_index([*WHERE, "community"])[
            ["minutes", "people_compared", "minutes_before", "minutes_after", "longest", "beyond", "change"]
        ]
        for tables in (before, after)
    )
    pd.testing.assert_frame_equal(right.loc[left.index], left)


# --- Names, order and size ----------------------------------------------------------------------------------------


def same_figures(left: Impact, right: Impact, *, but: Sequence[str] = ()) -> None:
    """All figures agree, whatever the order of the rows of a table."""
    for name in ("people", "summary", "inequality", "groups", "communities", "robust", "mitigation", "places"):
        if name not in but:
            pd.testing.assert_frame_equal(left.tables[name], right.tables[name], rtol=1e-9, atol=1e-6, obj=name)


@slow
@given(st.data())
def test_the_order_of_the_records_does_not_matter(data: st.DataObject) -> None:
    world = data.draw(worlds())
    plan, baseline, layer = data.draw(plans(world)), data.draw(baselines(world)), data.draw(layers(world))
    order = data.draw(st.permutations(range(len(world.place.registrations))))
    mixed = with_registrations(world, world.place.registrations.iloc[list(order)].reset_index(drop=True))
    found = [one.impact({"one": plan}, baseline=baseline, layer=layer) for one in (world, mixed)]
    same_figures(*found)
    pd.testing.assert_frame_equal(found[0].tables["practices"], found[1].tables["practices"], rtol=1e-9, atol=1e-6)


@slow
@given(st.data())
def test_what_practices_are_called_does_not_matter(data: st.DataObject) -> None:
    world = data.draw(worlds())
    plan, before = data.draw(plans(world)), data.draw(plans(world))
    codes = world.codes
    renamed = dict(zip(codes, [f"Z{k}" for k in data.draw(st.permutations(range(len(codes))))], strict=True))
    place = world.place
    other = replace(
        world,
        place=replace(
            place,
            practices=place.practices.rename(index=renamed).sort_index(),
            sites=place.sites.assign(practice_code=[renamed.get(code, "") for code in place.sites["practice_code"]]),
            registrations=place.registrations.assign(
                practice_code=place.registrations["practice_code"].map(renamed)
            ).sort_values(["practice_code", "area_code"], ignore_index=True),
        ),
    )

    def called(old: Plan) -> Plan:
        return Plan(
            tuple(
                replace(group, members=tuple(sorted(renamed[code] for code in group.members))) for group in old.groups
            )
        )

    one = world.impact({"one": plan}, baseline=Baseline(before, (), {}, "Before."))
    two = other.impact({"one": called(plan)}, baseline=Baseline(called(before), (), {}, "Before."))
    same_figures(one, two, but=("mitigation",))  # its column of_practice names them
    left, right = (found.tables["practices"].copy() for found in (one, two))
    left["practice_code"] = left["practice_code"].map(renamed)
    by = [*WHERE, "practice_code"]
    pd.testing.assert_frame_equal(
        left.sort_values(by, ignore_index=True), right.sort_values(by, ignore_index=True), rtol=1e-9, atol=1e-6
    )


@slow
@given(st.data())
def test_so_many_times_the_patients_scale_counts_and_not_minutes(data: st.DataObject) -> None:
    world, times = data.draw(worlds()), data.draw(st.integers(2, 50))
    plan, baseline = data.draw(plans(world)), data.draw(baselines(world))
    registered = world.place.registrations
    larger = with_registrations(world, registered.assign(patients=registered["patients"] * times))
    # with more patients a community may be one of those ranked: here all are
    one, many = (each.impact({"one": plan}, baseline=baseline, least_people=0).tables for each in (world, larger))
    left, right = one["summary"], many["summary"]
    pd.testing.assert_frame_equal(left[KEY], right[KEY])
    pd.testing.assert_frame_equal(left[list(OF_MINUTES)], right[list(OF_MINUTES)], rtol=1e-9, atol=1e-9)
    pd.testing.assert_frame_equal(left[list(COUNTS)] * times, right[list(COUNTS)], rtol=1e-9, atol=1e-6)
    minutes = ["community", "rank", "minutes", "minutes_before", "minutes_after", "change", "longest"]
    pd.testing.assert_frame_equal(one["communities"][minutes], many["communities"][minutes], rtol=1e-9, atol=1e-9)
    people = ["people", "no_route", "people_compared", "newly_beyond", "beyond"]
    people += ["age_65_plus", "no_car", "most_deprived"]
    left, right = one["communities"][people] * times, many["communities"][people]
    pd.testing.assert_frame_equal(left, right, rtol=1e-9, atol=1e-6)
    gaps = ["population", "mean", "mean_compared_with", "gap", "ratio", "gap_before", "gap_after"]
    pd.testing.assert_frame_equal(one["inequality"][gaps], many["inequality"][gaps], rtol=1e-9, atol=1e-9)
    served = ["people_beyond", "people_served_here", "people_served_all"]
    left, right = (tables["mitigation"] for tables in (one, many))
    assert left["site_code"].tolist() == right["site_code"].tolist()
    assert (left[served].to_numpy(dtype=float) * times).ravel() == pytest.approx(right[served].to_numpy(float).ravel())
