"""The figures and broken rules of "Try your own grouping" are those of the program, on places with every kind of rule.

The script runs in a browser without the page around it; what it works out is compared with `assess` as text.
"""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from selenium import webdriver
from shapely import Point, box

from geodata.place import BRITISH_NATIONAL_GRID, Place
from geodata.travel import TravelMethod, TravelTimes
from grouping.assess import assess, best_hub, score_plan
from grouping.decisions import decide
from grouping.journeys import Journeys
from grouping.page import own_file
from grouping.plain_words import minutes
from grouping.plan import Group, Plan
from grouping.problem import GroupingProblem, build_problem
from grouping.report.group_section import rural_words
from grouping.report.try_own import SCRIPTS, try_data, try_view
from grouping.result import AssessedOption, OptionPlan, Run
from grouping.rules import RuleSet
from tests.grouping.hand_worked import EDGES, hand_worked_place, hand_worked_times
from tests.grouping.made_run import made_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def script(browser: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory) -> webdriver.Chrome:
    """A page that holds the scripts of the section and nothing else."""
    scripts = "".join(f"<script>{own_file(name)}</script>" for name in ("shared.js", *SCRIPTS))
    path = tmp_path_factory.mktemp("scripts") / "scripts.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><body>{scripts}", encoding="utf-8")
    browser.get(path.as_uri())
    return browser


# ------------------------------------------------------------------------------------------------------------- numbers


def test_numbers_are_printed_as_python_prints_them(script: webdriver.Chrome) -> None:
    rng = np.random.default_rng(7)
    parts = (0.05, 0.15, 0.25, 0.35, 0.45, 0.5, 0.65, 0.75, 0.125, 0.0005)
    halves = [whole + part for whole in range(40) for part in parts]
    thousandths = (np.arange(0, 60_000, 7) / 1000).tolist()
    close = [np.nextafter(half, side) for half in halves for side in (0.0, 100.0)]
    odd = [0.0, 1e-9, 123456789.5, 2.5, 3.5]
    values = [*halves, *map(float, close), *thousandths, *rng.uniform(0, 200, 2000).tolist(), *odd]
    values += [-value for value in values[:200] if value]
    ask = "return arguments[0].map(v => tryFigures.{}(v, arguments[1]))"
    for digits in (0, 1, 2, 3, 6):
        printed = script.execute_script(ask.format("fixed"), values, digits)
        assert printed == [f"{value:.{digits}f}" for value in values]
        rounded = script.execute_script(ask.format("rounded"), values, digits)
        assert rounded == [round(value, digits) for value in values]


def test_sums_and_halves_are_those_of_numpy(script: webdriver.Chrome) -> None:
    rng = np.random.default_rng(8)
    counts = [*range(40), 100, 127, 128, 129, 200, 301, 1000]
    rows = [rng.uniform(0, 10.0 ** rng.integers(0, 8), count) for count in counts]
    sums = script.execute_script("return arguments[0].map(row => tryFigures.sum(row))", [row.tolist() for row in rows])
    assert sums == [float(row.sum()) for row in rows]
    odd = [0.49999999999999994, 4503599627370495.5, 1e300]
    values = [*(np.arange(-20, 20) / 2).tolist(), *rng.uniform(-9, 9, 200).tolist(), *odd]
    made = script.execute_script("return arguments[0].map(v => tryFigures.rint(v))", values)
    assert made == np.rint(values).tolist()


@pytest.mark.parametrize("threshold", [0.5, 0.4, 1 / 3, 0.0, 1.0])
def test_a_rural_share_reads_as_in_the_group_table(script: webdriver.Chrome, threshold: float) -> None:
    rules = RuleSet.model_validate({"name": "t", "version": "1", "title": "T", "rurality": {"threshold": threshold}})
    run = replace(made_run(), rules=rules)
    steps = [0.0, 0.000001, 0.0004, 0.0005, 0.004999, 0.005, 0.015, 0.019999, 0.02]
    near = {round(middle + side * step, 6) for middle in (0.0, threshold, 1.0) for step in steps for side in (-1, 1)}
    shares = [share for share in sorted(near) if 0 <= share <= 1]
    kinds = ["rural" if share >= threshold - 1e-9 else "urban" for share in shares]
    data = {"rules": {"threshold": threshold, "thresholdPercent": f"{100 * threshold:g}"}}
    ask = "return arguments[1].map((share, i) => tryTables.ruralWords(arguments[0], {share, kind: arguments[2][i]}))"
    said = script.execute_script(ask, data, shares, kinds)
    assert said == [rural_words(share, kind, run) for share, kind in zip(shares, kinds, strict=True)]


# -------------------------------------------------------------------------------------------------- places of all rules


def random_case(seed: int) -> tuple[Place, TravelTimes, pd.DataFrame]:
    """Nine practices on fourteen sites with all columns that rules read; some homes have no route, or not to all."""
    rng = np.random.default_rng(seed)
    codes = [f"P{i}" for i in range(9)]
    spots = rng.uniform(0, 20_000, (9, 2))
    practices = gpd.GeoDataFrame(
        {
            "name": [f"Practice {i}" for i in range(9)],
            "locality": rng.choice(["North", "South", "West", ""], 9, p=[0.3, 0.3, 0.3, 0.1]),
            "list_size": 0,
            "main_site_code": [f"{code}-1" for code in codes],
            "vulnerability": rng.choice([1.0, 3.0, 5.0, np.nan], 9),
            "clinical_system": rng.choice(["E", "T", ""], 9),
            "current_group": rng.choice(["X", "Y", ""], 9),
            "keep_together": rng.choice(["", "", "", "it's", 'one "two"'], 9),
        },
        index=pd.Index(codes, name="practice_code"),
        geometry=[Point(x, y) for x, y in spots],
        crs=BRITISH_NATIONAL_GRID,
    )
    owners = [*codes, *rng.choice(codes, 4), ""]
    names = [f"{code}-1" for code in codes] + [f"{owner}-{n}" for n, owner in enumerate(owners[9:13], 2)] + ["HOSP"]
    where = np.concatenate([spots, rng.uniform(0, 20_000, (5, 2))])
    sites = gpd.GeoDataFrame(
        {
            "practice_code": owners,
            "name": [f"Site {name}" for name in names],
            "kind": ["main"] * 9 + ["branch"] * 4 + ["community"],
            "annual_cost": rng.choice([np.nan, 10_000.0, 20_000.0, 35_000.5], 14),
            "floor_area_m2": rng.choice([np.nan, 200.0, 350.0], 14),
            "condition": rng.choice(["A", "b", ""], 14),
            "committed": rng.choice([True, False, None], 14, p=[0.1, 0.5, 0.4]),
        },
        index=pd.Index(names, name="site_code"),
        geometry=[Point(x, y) for x, y in where],
        crs=BRITISH_NATIONAL_GRID,
    ).sort_index()
    homes = rng.uniform(0, 20_000, (24, 2))
    areas = gpd.GeoDataFrame(
        {
            "name": [f"Area {i}" for i in range(24)],
            "population": 1000,
            "rural": rng.random(24) < 0.5,
            "x": homes[:, 0],
            "y": homes[:, 1],
        },
        index=pd.Index([f"E{i:02d}" for i in range(24)], name="area_code"),
        geometry=[box(x, y, x + 9, y + 9) for x, y in homes],
        crs=BRITISH_NATIONAL_GRID,
    )
    rows = []
    for code in codes:
        for at in rng.choice(25, int(rng.integers(2, 9)), replace=False):
            patients = float(rng.integers(1, 6000)) if seed % 2 else float(rng.uniform(1, 6000))
            rows.append((code, "OUT" if at == 24 else f"E{at:02d}", patients))
    registrations = pd.DataFrame(rows, columns=["practice_code", "area_code", "patients"]).assign(basis="published")
    registrations = registrations.sort_values(["practice_code", "area_code"], ignore_index=True)
    practices["list_size"] = registrations.groupby("practice_code")["patients"].sum().round().astype(int)
    points = np.column_stack([sites.geometry.x, sites.geometry.y])
    to_site = np.hypot(*(homes[:, None] - points[None]).transpose(2, 0, 1)) / 600
    to_site[rng.random(to_site.shape) < (0.02 if seed % 3 == 0 else 0.0)] = np.inf
    to_site[rng.integers(24)] = np.inf
    between = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)) / 500 * rng.uniform(1, 1.2, (14, 14))
    if seed % 5 == 4:
        between[rng.integers(14), rng.integers(14)] = np.inf
    np.fill_diagonal(between, 0.0)
    whole = seed % 4 != 1  # minutes of roads are whole milliseconds, others need not be
    times = TravelTimes(
        tuple(areas.index), tuple(sites.index),
        np.rint(to_site * 60_000) / 60_000 if whole else to_site,
        np.rint(between * 60_000) / 60_000 if whole else between,
        np.zeros(24), np.zeros(14), TravelMethod("roads", "Made up."),
    )  # fmt: skip
    pairs = [pair for pair in itertools.combinations(codes, 2) if rng.random() < 0.35]
    edges = pd.DataFrame(pairs, columns=["practice_a", "practice_b"]).assign(reason="shared boundary")
    localities = gpd.GeoDataFrame(geometry=[], crs=BRITISH_NATIONAL_GRID)
    return Place("Random", practices, sites, areas, registrations, localities), times, edges


def random_rules(seed: int, place: Place) -> RuleSet:
    """Rules of every kind, each now and then."""
    rng, losses = np.random.default_rng((seed, 1)), np.random.default_rng((seed, 3))

    def maybe(value: object, otherwise: object, chance: float = 0.5) -> object:
        return value if rng.random() < chance else otherwise

    codes, sites = list(place.practices.index), list(place.sites.index)
    few = [str(code) for code in rng.permutation(codes)]
    decisions = [
        {"kind": "grant-exception", "practices": sorted(few[:1]), "reason": "it is far from all others"},
        {"kind": "together", "practices": few[1:3]},
        {"kind": "apart", "practices": few[3:6]},
        {"kind": "group", "practices": few[6:8], "site": f"{few[6]}-1"},
        {"kind": "no-exception", "practices": few[8:]},
        {"kind": "hub", "site": str(rng.choice(sites))},
        {"kind": "not-hub", "site": str(rng.choice(sites))},
    ]
    values = {
        "name": "random", "version": "1", "title": "Random",
        "size": {
            "minimum_urban": 20_000, "minimum_rural": 14_000, "preferred_minimum_urban": 20_000,
            "preferred_minimum_rural": 14_000, "preferred_maximum": 40_000, "hard_maximum": 45_000,
            "hard_maximum_rural": maybe(30_000, 0), "fewest_practices": maybe(2, 0), "most_practices": maybe(3, 0),
            "locality": maybe({"North": {"minimum": 11_000}, "South": {"maximum": 25_000}}, {}),
        },
        "rurality": {"threshold": maybe(0.5, 0.4), "near_threshold": 0.1},
        "access": {
            "max_minutes_between_members": maybe(25.0, 0.0), "max_minutes_to_hub": maybe(18.5, 0.0),
            "max_mean_minutes_to_hub": maybe(14.0, 0.0),
        },
        "contiguity": {"rule": maybe("catchments", "none", 0.7), "max_minutes_over_border": maybe(22.0, 0.0)},
        "exceptions": {"policy": maybe("forbidden", "allowed"), "at_most": maybe(1, -1)},
        "hub": {
            "kinds": maybe(["main", "community"], []), "minimum_floor_area_m2": maybe(300.0, 0.0, 0.3),
            "conditions": maybe(["B"], [], 0.3), "committed": maybe("hub", "ignore"), "budget": maybe(60_000.0, 0.0),
        },
        "locality": {"rule": maybe("inside", "free"), "most_crossing": maybe(1, -1)},
        "groups": {"fewest": maybe(3, 0), "most": maybe(4, 0)},
        "practices": {"most_vulnerable_share": maybe(0.4, 1.0)},
        "resilience": {
            "keeps_share": float(losses.choice([0.0, 0.35, 0.75, 1.0])),
            "loss_of": str(losses.choice(["vulnerable", "any"])),
        },
        "weights": {
            "minutes": maybe(1.0, 0.0, 0.8), "worst_practice": maybe(0.7, 0.0), "hub_cost": maybe(1.5, 0.0),
        },
        "decisions": [decision for decision in decisions if rng.random() < 0.5],
    }  # fmt: skip
    return RuleSet.model_validate(values)


def without_contradictions(rules: RuleSet, place: Place) -> RuleSet:
    """The rules with as many of their decisions as can hold together."""
    kept: tuple = ()
    for decision in rules.decisions:
        tried = rules.model_copy(update={"decisions": (*kept, decision)})
        if not decide(tried, place.practices, place.sites, Path())[1]:
            kept = (*kept, decision)
    return rules.model_copy(update={"decisions": kept})


def random_plans(seed: int, codes: list[str], count: int) -> list[list[list[str]]]:
    """Partitions into one to all groups, the last one partial."""
    rng = np.random.default_rng((seed, 2))
    plans = []
    for number in range(count):
        of = rng.integers(0, int(rng.integers(1, len(codes) + 1)), len(codes))
        members = {int(g): [code for code, own in zip(codes, of, strict=True) if own == g] for g in of}
        groups = [members[g] for g in sorted(members)]
        plans.append(groups[1:] if number == count - 1 and len(groups) > 1 else groups)
    return plans


def assessed(
    plan: Plan, problem: GroupingProblem, place: Place, times: TravelTimes, edges: pd.DataFrame
) -> AssessedOption:
    """What `blueprint score` makes of a plan."""
    journeys = Journeys.of(place, times, problem)
    option = OptionPlan("scored", plan, score_plan(plan, problem, journeys))
    return assess(option, problem, place, times, edges, journeys=journeys, by_hand=True)


WORK_OUT = """
var data = tryFigures.read(arguments[0]);
return arguments[1].map(function (plan) {
  var groups = plan.map(function (group) {
    return { id: group.id, figures: tryFigures.figures(data, group.members, tryFigures.bestHub(data, group.members)) };
  });
  var names = tryFigures.names(data, groups), total = tryFigures.total(data, groups);
  function fixed(value, digits) { return Number.isFinite(value) ? tryFigures.fixed(value, digits) : "not known"; }
  return {
    groups: groups.map(function (group, i) {
      var one = group.figures;
      return [group.id, names[i], one.kind, one.practices, one.sites, one.size, one.share, one.minimum, one.margin,
        one.granted, data.sites[one.hub][0], fixed(one.mean, 3), fixed(one.mean, 1), fixed(one.longest, 3)];
    }),
    remarks: groups.map(function (group) { return tryRules.remarks(data, group.figures); }),
    mean: Number.isFinite(total.mean) ? total.mean : null,
    total: [total.groups, total.practices, total.rural, total.smallest, total.largest, total.exceptions,
      total.shortfall, fixed(total.mean, 1), fixed(total.longest, 1), fixed(total.without, 0)],
    breaches: tryRules.breaches(data, groups).map(function (one) { return [one.group, one.claim, one.what]; })
  };
});
"""


def in_full(value: float) -> str:
    return "not known" if np.isnan(value) else f"{value:.3f}"


def expected(made: AssessedOption, problem: GroupingProblem) -> dict[str, object]:
    """What the script should say of a plan, from the tables of the program."""
    figures = made.headline
    reasons = dict(problem.decided.granted)
    at = {code: position for position, code in enumerate(problem.practice_codes)}
    groups = []
    for group, row in zip(made.option.plan.groups, made.groups.itertuples(), strict=True):
        granted = reasons.get(tuple(at[code] for code in group.members)) if row.margin < 0 else None
        mean, longest = row.mean_minutes_to_hub, row.max_practice_minutes
        groups.append(
            [
                row.group_id, row.name, row.kind, row.practices, row.sites, row.list_size, row.rural_share,
                row.minimum, row.margin, granted, row.hub_site_code, in_full(mean), minutes(mean), in_full(longest),
            ]
        )  # fmt: skip
        assert granted is None or granted in row.exception
    told = made.notes[made.notes["kind"].isin(["oversize", "near-threshold"])]
    broken = made.verification[(made.verification["kind"] == "rule") & ~made.verification["agrees"]]
    breaches = [(group_id, claim.claim, what) for claim in broken.itertuples() for group_id, what in claim.faults]
    breaches += [("", claim.claim, claim.detail) for claim in broken.itertuples() if not claim.faults]
    return {
        "groups": groups,
        "remarks": [sorted(told.loc[told["group_id"] == group_id, "note"]) for group_id in made.groups["group_id"]],
        "total": [
            figures["groups"], figures["practices"], figures["rural_groups"], figures["smallest"], figures["largest"],
            figures["exceptions"], figures["shortfall"], minutes(figures["mean_minutes_to_hub"]),
            minutes(figures["longest_practice_minutes"]), f"{figures['patients_without_route']:.0f}",
        ],
        "mean": None if np.isnan(figures["mean_minutes_to_hub"]) else figures["mean_minutes_to_hub"],  # to the last bit
        "breaches": sorted(breaches),
    }  # fmt: skip


def compare(
    script: webdriver.Chrome,
    place: Place,
    times: TravelTimes,
    edges: pd.DataFrame,
    rules: RuleSet,
    plans: list[list[list[str]]],
) -> set[str]:
    """Every figure and broken rule of the plans; gives the claims of the rules that were broken."""
    decided, findings = decide(rules, place.practices, place.sites, Path())
    assert not findings
    problem = build_problem(place, times, edges, rules, decided)
    codes = list(problem.practice_codes)
    made = [
        assessed(
            Plan(tuple(Group(f"G{i}", tuple(g), best_hub(tuple(g), problem)) for i, g in enumerate(groups))),
            problem, place, times, edges,
        )
        for groups in plans
    ]  # fmt: skip
    run = Run("run", place, times, rules, edges, (made[0],), None, problem=problem)
    sent = [[{"id": f"G{i}", "members": [codes.index(c) for c in g]} for i, g in enumerate(groups)] for groups in plans]
    data = json.loads(try_view(run).data)
    claims = set()
    for said, option in zip(script.execute_script(WORK_OUT, data, sent), made, strict=True):
        assert option.verified
        wanted = expected(option, problem)
        said["remarks"] = [sorted(told) for told in said["remarks"]]
        said["breaches"] = sorted(tuple(one) for one in said["breaches"])
        assert said == wanted
        claims |= {claim for _, claim, _ in wanted["breaches"]}
    return claims


def test_figures_and_broken_rules_are_those_of_the_program(script: webdriver.Chrome) -> None:
    """Random places, rules of every kind, random plans: the texts are equal, and every kind of rule was broken once."""
    claims: set[str] = set()
    for seed in range(20):
        place, times, edges = random_case(seed)
        rules = without_contradictions(random_rules(seed, place), place)
        plans = random_plans(seed, list(place.practices.index), 4)
        claims |= compare(script, place, times, edges, rules, plans)
    for words in (
        "reaches its minimum", "must not be an exception", "no group above", "practices in each group", "vulnerable",
        "between any two", "main site to the hub", "on average", "site of a member", "decided or committed",
        "the hub named for it", "has one to the hub", "contiguous", "stay together", "crosses a locality",
        "decided to be together", "decided to be apart", "stands as decided", "groups in the plan",
        "groups cross a locality", "all hubs together cost", "without its largest vulnerable practice",
        "without its largest practice",
    ):  # fmt: skip
        assert any(words in claim for claim in claims), words


def test_ties_between_hubs_go_the_same_way(script: webdriver.Chrome) -> None:
    """Sites on one spot, and sites a mirror image of each other: equal patient-minutes, also by another sum."""
    place, times = hand_worked_place(), hand_worked_times()
    same = np.array([[7.1, 7.1, 7.1, 7.1]] * 3 + [[np.inf] * 4])
    mirror = np.array([[3.3, 5.5, 5.5, 3.3], [5.5, 3.3, 3.3, 5.5], [4.4, 4.4, 4.4, 4.4], [np.inf] * 4])
    plans = [[["A", "B", "C"]], [["A", "B"], ["C"]], [["A"], ["B", "C"]], [["A", "C"], ["B"]]]
    for weights in ({}, {"worst_practice": 1.0}, {"minutes": 0.0, "worst_practice": 0.5}):
        rules = RuleSet.model_validate({"name": "t", "version": "1", "title": "T", "weights": weights})
        for minutes_of_area in (same, mirror):
            tied = replace(times, area_to_site=minutes_of_area)
            compare(script, place, tied, EDGES, rules, plans)
            compare(script, place, replace(tied, between_sites=np.full((4, 4), 5.0)), EDGES, rules, plans)


@pytest.mark.parametrize(
    "said",
    [
        ({"kind": "grant-exception", "practices": ["C"], "reason": "one"}, {"reason": "another"}),
        ({"kind": "together", "practices": ["A", "B"]}, {"practices": ["B", "A"]}),
        ({"kind": "apart", "practices": ["A", "B"]}, {"practices": ["B", "A"]}),
        ({"kind": "group", "practices": ["A", "B"]}, {"site": "B2"}),
        ({"kind": "group", "practices": ["A", "B"], "site": "B2"}, {"site": ""}),
        ({"kind": "no-exception", "practices": ["C"]}, {}),
        ({"kind": "hub", "site": "B1"}, {}),
    ],
    ids=lambda said: said[0]["kind"],
)
def test_what_is_decided_twice_counts_once(script: webdriver.Chrome, said: tuple[dict, dict]) -> None:
    """The program, the page and the check take the first reason, and the hub from whichever names one."""
    rules = {"name": "t", "version": "1", "title": "T", "decisions": [said[0], said[0] | said[1]]}
    plans = [[["A", "B"], ["C"]], [["A", "C"], ["B"]], [["A"], ["B"], ["C"]]]
    compare(script, hand_worked_place(), hand_worked_times(), EDGES, RuleSet.model_validate(rules), plans)


def test_means_leave_out_patients_without_a_route(script: webdriver.Chrome) -> None:
    """By hand: of C only R1 (9,400 at 2 minutes) reaches C1; 500 live outside the case and 100 on the islet."""
    place, times = hand_worked_place(), hand_worked_times()
    rules = RuleSet.model_validate({"name": "t", "version": "1", "title": "T"})
    problem = build_problem(place, times, EDGES, rules)
    option = assessed(Plan.from_groups([(["A", "B"], "A1"), (["C"], "C1")]), problem, place, times, EDGES)
    data = try_data(Run("run", place, times, rules, EDGES, (option,), None, problem=problem))
    ask = "return tryFigures.figures(tryFigures.read(arguments[0]), [2], 3)"
    figures = script.execute_script(ask, data)
    assert figures["travel"] == {"patients": 9_400, "minutes": 18_800, "lost": 0, "without": 600}
    assert figures["mean"] == 2.0


# ------------------------------------------------------------------------------------------------------------- the data


def test_minutes_travel_as_they_are() -> None:
    place, times, edges = random_case(1)
    problem = build_problem(place, times, edges, without_contradictions(random_rules(1, place), place))
    option = assessed(Plan.from_groups([(place.practices.index, "P0-1")]), problem, place, times, edges)
    data = try_data(Run("run", place, times, problem.rules, edges, (option,), None, problem=problem))
    shape = problem.patient_minutes.shape
    sent = np.frombuffer(base64.b64decode(data["minutes"]), "<f8").reshape(shape)
    known = np.isfinite(problem.patient_minutes)
    assert np.array_equal(sent[known], problem.patient_minutes[known])
    assert data["drive"]["kind"] == "minutes"  # not whole milliseconds: all eight bytes
    drive = np.frombuffer(base64.b64decode(data["drive"]["values"]), "<f8").reshape(shape)
    assert np.array_equal(drive, problem.practice_to_site)


def test_minutes_of_roads_need_three_bytes() -> None:
    place, times, edges = random_case(4)
    problem = build_problem(place, times, edges, without_contradictions(random_rules(4, place), place))
    problem.practice_to_site[0, 3] = np.inf
    option = assessed(Plan.from_groups([(place.practices.index, "P0-1")]), problem, place, times, edges)
    drive = try_data(Run("run", place, times, problem.rules, edges, (option,), None, problem=problem))["drive"]
    assert drive["kind"] == "milliseconds"
    units = np.frombuffer(base64.b64decode(drive["values"]), np.uint8).reshape(-1, 3).astype(np.int64)
    whole = (units * [1, 256, 65536]).sum(axis=1).reshape(problem.practice_to_site.shape)
    assert (whole == 0xFFFFFF).any()
    again = np.where(whole == 0xFFFFFF, np.inf, whole / 60_000)
    assert np.array_equal(again, problem.practice_to_site)


def test_there_is_nothing_to_try_without_a_problem_or_in_public() -> None:
    run = made_run()
    assert run.problem is None
    assert try_view(run) is None
    place, times, edges = random_case(2)
    problem = build_problem(place, times, edges, without_contradictions(random_rules(2, place), place))
    option = assessed(Plan.from_groups([(place.practices.index, "P0-1")]), problem, place, times, edges)
    whole = Run("run", place, times, problem.rules, edges, (option,), None, problem=problem)
    assert try_view(whole).options == (("scored", "The scored plan"),)
    assert try_view(replace(whole, options=())) is None
    assert try_view(replace(whole, public=True)) is None
