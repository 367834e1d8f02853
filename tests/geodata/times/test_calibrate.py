"""Factors on speed are found again from journeys, doubted where there is little evidence, and written as a profile."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from geodata.errors import InputProblems
from geodata.osm.lines import LineCollector
from geodata.osm.tags import CLASS_INDEX, Way
from geodata.roads import read_roads
from geodata.roads.build import build_network
from geodata.roads.network import RoadNetwork
from geodata.roads.weights import reweigh
from geodata.routing.matrix import milliseconds_between
from geodata.routing.snapping import snap
from geodata.speeds import Speeds, load_speeds
from geodata.times.calibrate import (
    GROUPS,
    Calibration,
    Observed,
    calibrate,
    calibrated_speeds,
    report_lines,
    write_profile,
)
from geodata.times.calibrate_fit import HIGHEST, LOWEST, fit_factors, quality

SIZE, STEP = 9, 1500.0
KINDS = (("trunk", 0), ("secondary", 1), ("tertiary", 0), ("unclassified", 0), ("residential", 1), ("primary", 0))
"""Classes of the roads of the made-up grid, and whether they are built-up."""

TRUE = """
[profile.true]
based_on = "free-flow"
junction = 1.0
[profile.true.rural]
motorway = 0.85
trunk = 0.85
tertiary = 0.7
unclassified = 0.9
residential = 0.9
living_street = 0.9
[profile.true.built_up]
secondary = 0.75
"""
TRUE_FACTORS = {
    ("motorways and trunk roads", "rural"): 0.85,
    ("primary roads", "rural"): 1.0,
    ("tertiary roads", "rural"): 0.7,
    ("minor roads and streets", "rural"): 0.9,
    ("secondary roads", "built_up"): 0.75,
}


@pytest.fixture(scope="module")
def grid() -> RoadNetwork:
    """A made-up town and country: a grid of roads of all kinds, bent a little so that no two ways are equally long."""
    bend = np.random.default_rng(7).uniform(-300, 300, (SIZE, SIZE, 2))
    collector = LineCollector("EPSG:27700")
    for line in range(SIZE):
        for along in range(SIZE - 1):
            for turned in (False, True):
                name, built_up = KINDS[(line + 3 * turned) % len(KINDS)]
                ends = [(line, along), (line, along + 1)]
                ends = [(b, a) for a, b in ends] if turned else ends
                places = [(400_000 + STEP * a + bend[a, b, 0], 300_000 + STEP * b + bend[a, b, 1]) for a, b in ends]
                keys = [a * SIZE + b for a, b in ends]
                way = Way(CLASS_INDEX[name], built_up=built_up)
                collector.add(keys, [x for x, _ in places], [y for _, y in places], way)
    return build_network(collector.finish("grid"), load_speeds(), bridge_gaps_m=0)


@pytest.fixture(scope="module")
def true(tmp_path_factory: pytest.TempPathFactory) -> Speeds:
    path = tmp_path_factory.mktemp("true") / "true.toml"
    path.write_text(TRUE, encoding="utf-8")
    return load_speeds("true", path)


def minutes_of(network: RoadNetwork, speeds: Speeds, start: NDArray, end: NDArray) -> NDArray[np.float64]:
    """Door-to-door minutes as everybody computes them, without the calibration's own search."""
    timed = reweigh(network, speeds)
    a, b = snap(timed, *start.T), snap(timed, *end.T)
    legs = sum(np.rint(ends.distance_m / timed.access_kmh * 3600) for ends in (a, b))
    return (np.diag(milliseconds_between(timed, a, b)) + legs + timed.journey_ms) / 60_000


def places(network: RoadNetwork, number: int, seed: int) -> tuple[NDArray, NDArray]:
    rng = np.random.default_rng(seed)
    xy = np.column_stack((network.node_x, network.node_y))
    drawn = rng.integers(0, len(xy), (2, number))
    start, end = xy[drawn[0]], xy[drawn[1]]
    start, end = start + rng.normal(0, 60, start.shape), end + rng.normal(0, 60, end.shape)
    apart = np.hypot(*(start - end).T) > 500
    return start[apart], end[apart]


def journeys(network: RoadNetwork, speeds: Speeds, number: int = 400, seed: int = 1) -> Observed:
    start, end = places(network, number, seed)
    return Observed.of(start, end, minutes_of(network, speeds, start, end), source="survey.csv")


def factors_of(calibration: Calibration) -> dict[tuple[str, str], float]:
    return {(GROUPS[kind.group][0], kind.around): kind.factor for kind in calibration.types if kind.fitted}


# -------------------------------------------------------------------------------------------------- factors found again


def test_known_factors_are_found_again_from_exact_times(grid: RoadNetwork, true: Speeds):
    found = calibrate(grid, journeys(grid, true))
    assert factors_of(found) == pytest.approx(TRUE_FACTORS, abs=0.01)
    assert found.settled
    assert found.before.median_error > 1.0
    assert found.after.median_error < 0.05
    assert found.held_out is not None
    assert found.held_out.median_error < 0.05
    assert found.after.r2 > 0.999
    assert found.better


def test_noise_and_wild_mistakes_move_the_factors_little(grid: RoadNetwork, true: Speeds):
    exact = journeys(grid, true, number=700)
    rng = np.random.default_rng(3)
    minutes = exact.minutes * np.exp(rng.normal(0, 0.1, len(exact)))
    minutes[::12] *= rng.choice([0.4, 3.0], len(minutes[::12]))
    found = calibrate(grid, replace(exact, minutes=minutes))
    assert factors_of(found) == pytest.approx(TRUE_FACTORS, abs=0.08)
    inside = [kind.low - 0.02 <= TRUE_FACTORS[key] <= kind.high + 0.02 for kind, key in fitted_types(found)]
    assert sum(inside) >= len(inside) - 1, "intervals of 95% hold what is true"
    assert all(0.001 < kind.standard_error < 0.1 for kind, _ in fitted_types(found))
    assert found.after.median_error < found.before.median_error


def fitted_types(calibration: Calibration):
    return [(kind, (GROUPS[kind.group][0], kind.around)) for kind in calibration.types if kind.fitted]


def test_speeds_that_are_right_stay_and_pure_noise_is_not_called_better(grid: RoadNetwork):
    exact = journeys(grid, load_speeds())
    found = calibrate(grid, exact)
    assert list(factors_of(found).values()) == pytest.approx([1.0] * len(factors_of(found)), abs=0.002)
    assert not found.better
    rng = np.random.default_rng(5)
    start, end = places(grid, 45, 11)
    noisy = minutes_of(grid, load_speeds(), start, end) * np.exp(rng.normal(0, 0.4, len(start)))
    found = calibrate(grid, Observed.of(start, end, noisy))
    assert factors_of(found)
    assert found.held_out is not None
    assert found.held_out.median_error > found.after.median_error, "overfitting shows"
    assert not found.better
    assert any("do NOT clearly help" in line for line in report_lines(found))


def test_what_no_speed_changes_is_not_scaled(grid: RoadNetwork, tmp_path: Path):
    """Parking and junctions stay fixed: seconds that they take are not put on the roads."""
    path = tmp_path / "slow.toml"
    path.write_text("[parking]\nminutes = 6\n[junction_seconds]\ngive_way = 20\nthrough = 9\n", encoding="utf-8")
    speeds = load_speeds(path=path)
    found = calibrate(grid, journeys(grid, speeds), speeds)
    assert set(factors_of(found).values()) == {1.0}
    off = calibrate(grid, journeys(grid, speeds))
    assert off.before.bias_percent < -20
    assert off.before.bias_percent < off.after.bias_percent


def test_long_delays_at_junctions_are_not_taken_for_slow_roads(grid: RoadNetwork, tmp_path: Path):
    delays = "[parking]\nminutes = 4\n[junction_seconds]\ngive_way = 40\nthrough = 25\n"
    own, both = tmp_path / "own.toml", tmp_path / "both.toml"
    own.write_text(delays, encoding="utf-8")
    both.write_text(delays + TRUE, encoding="utf-8")
    found = calibrate(grid, journeys(grid, load_speeds("true", both), number=500), load_speeds(path=own))
    factors = factors_of(found)
    assert factors == pytest.approx({key: TRUE_FACTORS[key] for key in factors}, abs=0.01)
    assert len(factors) >= 4


def test_a_ferry_keeps_its_time():
    collector = LineCollector("EPSG:27700")
    kinds = ("primary", "ferry", "primary")
    for i, name in enumerate(kinds):
        sea = {"seconds": 1200.0, "wait_seconds": 600.0, "joinable": False} if name == "ferry" else {}
        collector.add(
            [i, i + 1], [400_000.0 + 9000 * i, 409_000.0 + 9000 * i], [3e5, 3e5], Way(CLASS_INDEX[name], **sea)
        )
    network = build_network(collector.finish("crossing"), load_speeds(), bridge_gaps_m=0)
    rng = np.random.default_rng(0)
    start = np.column_stack((rng.uniform(400_000, 409_000, 60), np.full(60, 3e5)))
    end = np.column_stack((rng.uniform(418_000, 427_000, 60), np.full(60, 3e5)))
    usual = minutes_of(network, load_speeds(), start, end)
    assert usual.min() > 30
    found = calibrate(network, Observed.of(start, end, 30 + (usual - 30) / 0.8))
    assert factors_of(found) == pytest.approx({("primary roads", "rural"): 0.8}, abs=0.01)
    assert found.after.median_error < 0.02


def test_slip_roads_go_with_their_class(grid: RoadNetwork, true: Speeds, tmp_path: Path):
    """Also where the profile that the fit starts from gives them a factor of their own."""
    own = tmp_path / "own.toml"
    own.write_text('[profile.own]\nbased_on = "free-flow"\n[profile.own.rural]\ntrunk_link = 0.5\n', encoding="utf-8")
    found = calibrate(grid, journeys(grid, true, number=200), load_speeds(path=own))
    write_profile(found, tmp_path / "made.toml", "made")
    for speeds in (calibrated_speeds(found, "made"), load_speeds("made", tmp_path / "made.toml")):
        factor = speeds._profile_factor
        assert factor[CLASS_INDEX["trunk"], 0] == pytest.approx(0.85, abs=0.02)
        assert factor[CLASS_INDEX["trunk_link"], 0] == pytest.approx(0.5 * factor[CLASS_INDEX["trunk"], 0], abs=1e-4)
        assert factor[CLASS_INDEX["tertiary_link"], 0] == factor[CLASS_INDEX["tertiary"], 0]


def test_factors_multiply_the_profile_they_start_from(grid: RoadNetwork, true: Speeds, tmp_path: Path):
    peak = load_speeds("peak")
    found = calibrate(grid, journeys(grid, true, number=600), peak)
    assert found.after.median_error < 0.5 * found.before.median_error
    path = tmp_path / "from-peak.toml"
    write_profile(found, path, "from-peak")
    made = tomllib.loads(path.read_text(encoding="utf-8"))["profile"]["from-peak"]
    assert made["based_on"] == "peak"
    kind = next(kind for kind in found.types if kind.label == "motorways and trunk roads in the country")
    assert made["rural"]["trunk"] == pytest.approx(0.82 * kind.factor, abs=1e-4)
    assert made["rural"]["motorway"] == pytest.approx(0.85 * kind.factor, abs=1e-4)


def test_factors_stay_within_bounds_and_say_so(grid: RoadNetwork):
    start, end = places(grid, 200, 1)
    minutes = 5.0 * minutes_of(grid, load_speeds(), start, end)
    found = calibrate(grid, Observed.of(start, end, minutes))
    values = np.array([kind.factor for kind in found.types])
    assert values.min() == pytest.approx(LOWEST)
    assert values.max() <= HIGHEST
    assert any(kind.at_limit for kind in found.types)
    assert any("at the limit" in line for line in report_lines(found))


@pytest.mark.real
def test_known_factors_are_found_again_on_real_roads(shared_data: Path, tmp_path: Path):
    network = read_roads(shared_data / "osm" / "rutland-latest.osm.pbf")
    path = tmp_path / "true.toml"
    path.write_text(
        '[profile.true]\nbased_on = "free-flow"\n[profile.true.rural]\nmotorway = 0.9\ntrunk = 0.9\nsecondary = 0.8\n'
        "tertiary = 1.15\nunclassified = 0.75\nresidential = 0.75\nliving_street = 0.75\n",
        encoding="utf-8",
    )
    exact = journeys(network, load_speeds("true", path), number=500)
    rng = np.random.default_rng(2)
    minutes = np.maximum(exact.minutes * np.exp(rng.normal(0, 0.08, len(exact))), 0.1)
    minutes[::25] *= 2.5
    found = calibrate(network, replace(exact, minutes=minutes))
    wanted = {
        ("motorways and trunk roads", "rural"): 0.9,
        ("secondary roads", "rural"): 0.8,
        ("tertiary roads", "rural"): 1.15,
        ("minor roads and streets", "rural"): 0.75,
    }
    factors = factors_of(found)
    assert {key: factors[key] for key in wanted} == pytest.approx(wanted, abs=0.07)
    assert all(value == pytest.approx(1.0, abs=0.12) for key, value in factors.items() if key not in wanted)
    assert found.better


# ---------------------------------------------------------------------------------------------------- what is left out


def test_types_with_too_little_evidence_keep_their_speed_and_say_so(grid: RoadNetwork, true: Speeds):
    few = calibrate(grid, journeys(grid, true, number=9))
    assert not factors_of(few)
    assert {kind.factor for kind in few.types} == {1.0}
    assert few.before == few.after
    assert few.held_out is None
    lines = report_lines(few)
    assert sum("unchanged, too little evidence" in line for line in lines) == len(few.types)
    assert "Nothing was fitted" in lines[-1]

    many = calibrate(grid, journeys(grid, true))
    unfitted = [kind for kind in many.types if not kind.fitted]
    assert {kind.label for kind in unfitted} >= {"service roads and tracks in the country"}
    for kind in many.types:
        assert kind.fitted == (kind.share >= 0.05 and kind.journeys >= 10)
        assert np.isnan(kind.standard_error) != kind.fitted


def repeated(observed: Observed, times: int, seed: int = 5) -> Observed:
    """Each journey so many times, as counted on so many days: its places a metre or so apart, its time by 2%."""
    rng = np.random.default_rng(seed)
    every = np.repeat(np.arange(len(observed)), times)
    start, end = (np.column_stack((np.rint(x / 10) * 10, np.rint(y / 10) * 10))[every] for x, y in (
        (observed.from_x, observed.from_y), (observed.to_x, observed.to_y)
    ))  # fmt: skip
    shift = rng.uniform(-2, 2, (2, *start.shape))
    return Observed.of(start + shift[0], end + shift[1], observed.minutes[every] * rng.uniform(0.98, 1.02, len(every)))


def test_one_journey_timed_on_many_days_is_one_journey(grid: RoadNetwork, true: Speeds):
    few = journeys(grid, true, number=6)
    many = calibrate(grid, repeated(few, 50))
    assert many.different == len(few) < 7
    assert many.before.journeys == 50 * len(few)
    assert not any(kind.fitted for kind in many.types), "six journeys are too little evidence, however often timed"
    assert all(kind.journeys <= len(few) for kind in many.types)
    assert many.held_out is None
    lines = report_lines(many)
    assert lines[0] == f"Journeys: {50 * len(few)} given, {50 * len(few)} used ({len(few)} of them different)."
    assert any("10 different journeys" in line for line in lines)


def test_repeating_journeys_makes_nothing_surer(grid: RoadNetwork, true: Speeds, tmp_path: Path):
    rng = np.random.default_rng(11)
    once = journeys(grid, true, number=120)
    once = replace(once, minutes=once.minutes * rng.normal(1.0, 0.25, len(once)).clip(0.4, 2))
    single, many = calibrate(grid, once), calibrate(grid, repeated(once, 8))
    assert [kind.journeys for kind in many.types] == pytest.approx([kind.journeys for kind in single.types], abs=2)
    assert single.different == len(once)
    for alone, often in zip(single.types, many.types, strict=True):
        if alone.fitted and often.fitted:
            assert often.factor == pytest.approx(alone.factor, abs=0.06)
            assert often.standard_error > 0.6 * alone.standard_error, "not smaller by the root of 8"
    write_profile(many, tmp_path / "p.toml", "ours")
    text = (tmp_path / "p.toml").read_text(encoding="utf-8")
    assert f"({many.different} of them different)" in text
    assert f"journeys_different = {many.different}" in text


def test_journeys_that_cannot_be_used_are_counted_by_reason(true: Speeds):
    collector = LineCollector("EPSG:27700")
    for number in range(6):
        x = [400_000 + 2000 * number, 402_000 + 2000 * number]
        collector.add([number, number + 1], x, [300_000, 300_000 + 100 * number], Way(CLASS_INDEX["primary"]))
    network = build_network(collector.finish("line"), load_speeds(), bridge_gaps_m=0)
    start = np.array([[400_000.0, 300_000.0]] * 6)
    end = start + np.array([[9000, 100], [10, 10], [9000, 0], [9000, 0], [9000, 90_000], [11_000, 0]])
    minutes = np.array([12.0, 3.0, 1.0, 300.0, 60.0, 14.0])
    found = calibrate(network, Observed.of(start, end, minutes, source="survey.csv"), true)
    assert dict(found.dropped) == {
        "too far from a road that is joined to the rest": 1,
        "start and end at the same place": 1,
        "faster than 130 km/h in a straight line": 1,
        "slower than 2 km/h in a straight line": 1,
    }
    assert found.given == 6
    assert found.before.journeys == 2
    assert found.used.tolist() == [True, False, False, False, False, True]
    assert np.isnan(found.minutes_before).tolist() == (~found.used).tolist()
    assert report_lines(found)[0] == "Journeys: 6 given, 2 used."
    with pytest.raises(InputProblems, match=r"No journey can be compared.*start and end at the same place \(1\)"):
        calibrate(network, Observed.of(start[1:2], end[1:2], minutes[1:2], source="survey.csv"))


def test_a_place_that_cannot_be_reached_is_told():
    collector = LineCollector("EPSG:27700")
    places_on_road = [(400_000.0, 300_000.0), (405_000.0, 300_000.0), (410_000.0, 300_000.0)]
    for i, name in enumerate(("primary", "secondary")):
        ends = places_on_road[i : i + 2]
        collector.add([i, i + 1], [x for x, _ in ends], [y for _, y in ends], Way(CLASS_INDEX[name]))
    network = build_network(collector.finish("line"), load_speeds(), bridge_gaps_m=0)
    start, end = np.array([[400_000.0, 300_010.0]] * 2), np.array([[409_000.0, 300_010.0], [404_000.0, 300_000.0]])
    far = Observed.of(start[:1], end[:1], np.array([10.0]))
    assert calibrate(network, far).before.journeys == 1
    passable = network.facts.allowed & (network.road_class == CLASS_INDEX["primary"])
    closed = replace(network, facts=replace(network.facts, allowed=passable))
    found = calibrate(closed, Observed.of(start, end, np.array([10.0, 5.0])))
    assert found.dropped == (("no route in the road network", 1),)


@pytest.mark.parametrize("change", [{"minutes": np.array([np.nan, 1.0])}, {"weight": np.array([0.0, 1.0])}])
def test_impossible_arrays_are_refused(grid: RoadNetwork, change: dict[str, NDArray]):
    two = Observed.of(np.full((2, 2), 4e5), np.full((2, 2), 4.1e5), np.array([10.0, 11.0]))
    with pytest.raises(ValueError, match="must be"):
        calibrate(grid, replace(two, **change))
    with pytest.raises(ValueError, match="lengths"):
        calibrate(grid, replace(two, minutes=np.ones(3)))
    with pytest.raises(ValueError, match="cars"):
        calibrate(replace(grid, mode="walk"), two)
    with pytest.raises(InputProblems, match="no rows"):
        calibrate(grid, Observed.of(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0)))


# ---------------------------------------------------------------------------------------------------------- the profile


def test_a_written_profile_gives_the_times_that_were_reported(grid: RoadNetwork, true: Speeds, tmp_path: Path):
    observed = journeys(grid, true, number=200)
    found = calibrate(grid, observed)
    path = tmp_path / "local.toml"
    write_profile(found, path, "local roads")
    speeds = load_speeds(path=path)
    assert speeds.profile == "local roads"
    assert speeds.version == f"{load_speeds().version} + local.toml"
    start, end = np.column_stack((observed.from_x, observed.from_y)), np.column_stack((observed.to_x, observed.to_y))
    again, before = minutes_of(grid, speeds, start, end), minutes_of(grid, load_speeds(), start, end)
    for minutes, reported in ((again, found.minutes_after), (before, found.minutes_before)):
        assert np.abs(minutes - reported)[found.used].max() * 60_000 < 1e-3, "the same to the millisecond"
    in_memory = minutes_of(grid, calibrated_speeds(found, "local roads"), start, end)
    assert np.array_equal(again, in_memory)
    sources = dict(speeds.sources())
    assert sources["profile.local roads"].startswith(f"Fitted to {found.before.journeys} observed journeys of survey.")
    assert "profile.free-flow" in sources
    fit = speeds.table["profile"]["local roads"]["fit"]
    assert fit["journeys"] == found.before.journeys
    assert fit["median_error_after"] == pytest.approx(found.after.median_error, abs=1e-4)


def test_the_same_journeys_in_any_order_give_the_same_bytes(grid: RoadNetwork, true: Speeds, tmp_path: Path):
    observed = journeys(grid, true, number=150)
    shuffled = np.random.default_rng(0).permutation(len(observed))
    other = Observed(
        *(getattr(observed, name)[shuffled] for name in ("from_x", "from_y", "to_x", "to_y", "minutes", "weight")),
        source=observed.source,
    )
    texts = []
    for number, journeys_given in enumerate((observed, observed, other)):
        path = tmp_path / f"{number}.toml"
        write_profile(calibrate(grid, journeys_given), path, "x")
        texts.append(path.read_bytes())
    assert texts[0] == texts[1] == texts[2]
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["0.toml", "1.toml", "2.toml"]


def test_a_profile_on_a_table_of_ones_own_carries_that_table(grid: RoadNetwork, true: Speeds, tmp_path: Path):
    own = tmp_path / "own.toml"
    own.write_text("# our lanes\r\n[class.unclassified]\r\nrural = 24\r\n[access]\r\nkmh = 8", encoding="utf-8")
    base = load_speeds(path=own)
    found = calibrate(grid, journeys(grid, true, number=150), base)
    path = tmp_path / "both.toml"
    write_profile(found, path, "fitted")
    speeds = load_speeds(path=path)
    assert speeds.access_kmh == 8.0
    assert np.array_equal(speeds._class_kmh, base._class_kmh)
    write_profile(calibrate(grid, journeys(grid, true, number=150), speeds), tmp_path / "twice.toml", "again")
    assert load_speeds("again", tmp_path / "twice.toml").table["profile"]["again"]["based_on"] == "fitted"


def test_names_that_cannot_be_used_and_places_that_cannot_be_written(grid: RoadNetwork, tmp_path: Path):
    found = calibrate(grid, journeys(grid, load_speeds(), number=20))
    for name in ("", "peak", "a]b", "x" * 61, "line\nbreak"):
        with pytest.raises(InputProblems) as caught:
            write_profile(found, tmp_path / "a.toml", name)
        assert caught.value.findings[0].code == "wrong-value"
    with pytest.raises(InputProblems, match="cannot be written"):
        write_profile(found, tmp_path / "no" / "such" / "a.toml", "x")
    with pytest.raises(InputProblems, match="cannot be written"):
        write_profile(found, tmp_path, "x")
    assert not list(tmp_path.iterdir())
    assert not list(tmp_path.parent.glob(".*.tmp"))


def test_hostile_file_names_leave_a_sound_table(grid: RoadNetwork, tmp_path: Path):
    observed = replace(journeys(grid, load_speeds(), number=20), source='a"]\n[class]\\\x7f\u202e\U0001f600.csv')
    path = tmp_path / "a.toml"
    write_profile(calibrate(grid, observed), path, "x")
    assert "\U0001f600.csv" in load_speeds(path=path).table["profile"]["x"]["source"]


def test_the_report_is_plain_and_complete(grid: RoadNetwork, true: Speeds):
    found = calibrate(grid, journeys(grid, true, number=300))
    lines = report_lines(found)
    for word in ("Before:", "After:", "On journeys left out of the fit:", "too short on the whole", "R2 "):
        assert any(word in line for line in lines), word
    for kind in found.types:
        assert sum(line.strip().startswith(f"{kind.label}: ") for line in lines) == 1
    assert "The factors also help on journeys they were not fitted to." in lines


# -------------------------------------------------------------------------------------------------------- plain arrays


def test_times_that_no_speed_explains_are_not_called_a_success(grid: RoadNetwork):
    right = journeys(grid, load_speeds(), number=300)
    lines = report_lines(calibrate(grid, replace(right, minutes=right.minutes * 4)))
    assert any("no speeds explain these journeys. Check their unit" in line for line in lines)
    assert "The factors also help on journeys they were not fitted to." not in lines
    with pytest.raises(InputProblems, match="No journey can be compared") as caught:
        calibrate(grid, replace(right, minutes=right.minutes * 60))
    assert "in minutes, not seconds" in caught.value.findings[0].fix


def test_the_fit_on_plain_arrays_does_not_follow_outliers():
    rng = np.random.default_rng(0)
    seconds, fixed = rng.uniform(60, 900, (200, 3)), rng.uniform(20, 100, 200)
    factor = np.array([0.7, 1.0, 1.3])
    observed = fixed + seconds @ (1 / factor)
    assert fit_factors(seconds, fixed, observed, np.ones(200)).factor == pytest.approx(factor, abs=1e-3)
    wild = observed.copy()
    wild[:30] *= 4
    squares = np.linalg.lstsq(seconds, wild - fixed, rcond=None)[0]
    robust = fit_factors(seconds, fixed, wild, np.ones(200)).factor
    assert np.abs(robust - factor).max() < 0.05 < np.abs(1 / squares - factor).max()
    light = np.ones(200)
    light[:120] = 1e-6
    wild[:120] = 4 * observed[:120]
    assert fit_factors(seconds, fixed, wild, light).factor == pytest.approx(factor, abs=0.005)
    assert np.abs(fit_factors(seconds, fixed, wild, np.ones(200)).factor - factor).max() > 0.02


def test_without_evidence_the_fit_stays_at_one_and_says_that_it_does_not_know():
    seconds = np.column_stack((np.full(30, 600.0), np.full(30, 1e-6)))
    observed = np.full(30, 800.0) + np.linspace(-20, 20, 30)
    found = fit_factors(seconds, np.zeros(30), observed, np.ones(30))
    assert found.factor[0] == pytest.approx(0.75, abs=0.01)
    assert found.factor[1] == pytest.approx(1.0, abs=1e-4)


def test_figures_of_agreement_by_hand():
    observed = np.array([600.0, 1200.0, 1800.0, 600.0])
    computed = observed + np.array([60.0, -120.0, 0.0, 240.0])
    found = quality(computed, observed, np.ones(4))
    assert found.bias_percent == pytest.approx(100 * 180 / 4200)
    assert (found.median_error, found.p90_error) == (1.0, 4.0)
    assert found.rmse == pytest.approx(np.sqrt((1 + 4 + 0 + 16) / 4))
    mean = observed.mean() / 60
    assert found.r2 == pytest.approx(1 - 21 / ((observed / 60 - mean) ** 2).sum())
    doubled = quality(np.repeat(computed, [3, 1, 1, 1]), np.repeat(observed, [3, 1, 1, 1]), np.ones(6))
    weighted = quality(computed, observed, np.array([3.0, 1.0, 1.0, 1.0]))
    assert replace(doubled, journeys=4) == weighted
    assert np.isnan(quality(computed[:1], observed[:1], np.ones(1)).r2)
