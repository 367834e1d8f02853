"""What if: each scenario changes one thing of the case as it stands, and says what it assumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.case_times import travel_times
from geodata.errors import InputProblems
from geodata.scenarios import ALL, NOTHING_DIFFERS, TimedScenario, timed_scenarios
from geodata.straight_line import straight_line_times
from geodata.travel import TravelTimes
from tests.geodata.road_cases import ISLAND, ISLE, MAINLAND, OPPOSITE, OVER, ROAD, place_at, road_settings, write_roads

KMH_PER_MPH = 1.609344


@pytest.fixture(scope="module")
def bay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_roads(tmp_path_factory.mktemp("bay"))


def by_name(done: tuple[TimedScenario, ...]) -> dict[str, TimedScenario]:
    return {one.name: one for one in done}


def minutes(one: TimedScenario) -> np.ndarray:
    assert one.times is not None, one.unchanged
    return one.times.area_to_site


STRAIGHT = road_settings(method="straight-line", source=None)


# --- On roads ----------------------------------------------------------------------------------------------------


def test_six_kilometres_of_main_road_by_hand(tmp_path: Path) -> None:
    """A primary road in the country, without a limit or a junction: 45 mph; at the peak 0.85, in snow 0.78 of it."""
    folder = write_roads(tmp_path, [(10, [1, 2], {"highway": "primary"})])
    place = place_at([(0, 0)], [(0, 6000)])
    done = by_name(timed_scenarios(place, road_settings(), folder))
    free = 6.0 / (45 * KMH_PER_MPH) * 60  # 4.971 minutes
    metre = 1 / 1000  # minutes: the file holds positions to a centimetre, times are whole milliseconds
    for name, factor in (("peak", 0.85), ("winter", 0.78), ("slower", 0.9), ("faster", 1.1)):
        assert minutes(done[name])[0, 0] == pytest.approx(free / factor, abs=metre), name
    assert done["no-ferry"].times is None
    assert "no ferry in the roads of the case (roads.osm.pbf)" in done["no-ferry"].unchanged


def test_each_scenario_is_the_case_with_that_one_setting_changed(bay: Path) -> None:
    place = place_at([MAINLAND, OPPOSITE, ISLE, (300, 3000)], [(6000, 1000), (10_500, 0), (0, 2000)])
    (bay / "closed.csv").write_text("id,easting,northing\nc1,403000,106000\n", encoding="utf-8")
    own = {"speed_factor": 0.8, "closed": "closed.csv", "ferries": "queue"}
    done = by_name(timed_scenarios(place, road_settings(**own), bay))
    for name, changed in (
        ("peak", {"profile": "peak"}),
        ("winter", {"profile": "winter"}),
        ("no-ferry", {"ferries": "off"}),
        ("slower", {"speed_factor": 0.8 * 0.9}),
        ("faster", {"speed_factor": 0.8 * 1.1}),
    ):
        alone, _ = travel_times(place, road_settings(**own | changed), bay)
        assert np.array_equal(minutes(done[name]), alone.area_to_site), name
        assert np.isnan(done[name].times.between_sites).all()
        assert (done[name].times.area_codes, done[name].times.site_codes) == (alone.area_codes, alone.site_codes)
        assert done[name].times.method.sentence == alone.method.sentence


def test_without_ferries_people_drive_round_and_an_island_has_no_route(bay: Path) -> None:
    place = place_at([MAINLAND, ISLE], [OPPOSITE, (10_500, 0)])
    car, _ = travel_times(place, road_settings(), bay)
    (done,) = timed_scenarios(place, road_settings(), bay, ["no-ferry"], car)
    found = minutes(done)
    assert np.isfinite(car.area_to_site).all()
    assert np.isinf(found).tolist() == [[False, True], [True, False]]
    # 17 km of road at 45 mph are 14.1 minutes; 1 km and the boat (6 minutes, 5 of wait) were 11.8 with junctions.
    assert car.area_to_site[0, 0] == pytest.approx(11.8, abs=0.3)
    assert found[0, 0] == pytest.approx(17 / (45 * KMH_PER_MPH) * 60, abs=0.3)
    assert found[1, 1] == car.area_to_site[1, 1]
    assert "Ferries do not run" in done.times.method.sentence


def test_what_changes_nothing_says_why(bay: Path, tmp_path: Path) -> None:
    place = place_at([MAINLAND], [OPPOSITE])
    done = by_name(timed_scenarios(place, road_settings(profile="peak", ferries="off"), bay))
    assert done["peak"].times is None and "timed by this very profile" in done["peak"].unchanged
    assert done["no-ferry"].times is None and "do not run in the case as it stands" in done["no-ferry"].unchanged
    for name in ("winter", "slower", "faster"):
        assert done[name].times is not None and done[name].unchanged == ""
    # Ferries are in the roads, and nobody's quickest journey uses one.
    near = place_at([MAINLAND], [(0, 700)])
    car, _ = travel_times(near, road_settings(), bay)
    (same,) = timed_scenarios(near, road_settings(), bay, ["no-ferry"], car)
    assert same.times is None and same.unchanged == NOTHING_DIFFERS
    (timed,) = timed_scenarios(near, road_settings(), bay, ["no-ferry"])
    assert np.array_equal(minutes(timed), car.area_to_site), "the case as it stands, to the last digit"


def test_a_speed_table_of_ones_own_counts(tmp_path: Path) -> None:
    folder = write_roads(tmp_path, [ROAD, OVER, ISLAND])
    place = place_at([MAINLAND], [OPPOSITE])
    plain = by_name(timed_scenarios(place, road_settings(), folder))

    (folder / "parking.toml").write_text("[parking]\nminutes = 3\n", encoding="utf-8")
    parking = by_name(timed_scenarios(place, road_settings(speeds="parking.toml"), folder))
    for name in ("peak", "winter", "slower"):
        assert minutes(parking[name])[0, 0] == pytest.approx(minutes(plain[name])[0, 0] + 3, abs=1e-9)
    assert "takes the place" not in parking["peak"].sentence

    text = '[profile."market day"]\nbased_on = "free-flow"\n[profile."market day".rural]\nall = 0.5\n'
    (folder / "market.toml").write_text(text, encoding="utf-8")
    market = by_name(timed_scenarios(place, road_settings(speeds="market.toml"), folder))
    assert "takes the place of the case's own profile (market day)" in market["peak"].sentence
    assert np.array_equal(minutes(market["peak"]), minutes(plain["peak"]))
    assert minutes(market["slower"])[0, 0] > 1.5 * minutes(plain["slower"])[0, 0], "on the case's own profile"

    (folder / "peak.toml").write_text('[profile.peak]\nsentence = "our own"\nrural = {primary = 0.5}\n', "utf-8")
    own = by_name(timed_scenarios(place, road_settings(speeds="peak.toml", profile="free-flow"), folder))
    assert minutes(own["peak"])[0, 0] > minutes(plain["peak"])[0, 0]
    assert own["peak"].sentence.startswith("Our own: ") and "0.5 to 0.92 elsewhere" in own["peak"].sentence
    assert "names no source" in own["peak"].sentence


def test_a_broken_speed_table_is_told_and_nothing_is_timed(tmp_path: Path) -> None:
    folder = write_roads(tmp_path)
    (folder / "own.toml").write_text("[walk]\npace = 3\n", encoding="utf-8")
    with pytest.raises(InputProblems, match="pace"):
        timed_scenarios(place_at([MAINLAND], [OPPOSITE]), road_settings(speeds="own.toml"), folder)


spots = st.tuples(st.integers(-500, 12_500), st.integers(-500, 4500)).map(lambda p: (float(p[0]), float(p[1])))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(spots, min_size=1, max_size=4), st.lists(spots, min_size=0, max_size=3), st.sampled_from([1.0, 0.7]))
def test_slower_and_without_ferries_are_never_quicker(bay: Path, homes: list, sites: list, factor: float) -> None:
    corners = [(-500.0, -500.0), (12_500.0, 0.0), (6000.0, 6500.0)]  # the same roads are read for every example
    place, chosen = place_at(homes, corners + sites), road_settings(speed_factor=factor)
    car, _ = travel_times(place, chosen, bay)
    done = by_name(timed_scenarios(place, chosen, bay))
    assert tuple(done) == ALL
    for name in ("peak", "winter", "no-ferry", "slower"):
        assert (minutes(done[name]) >= car.area_to_site).all(), name
    assert (minutes(done["faster"]) <= car.area_to_site).all()
    for one in done.values():
        assert one.times is not None
        assert np.array_equal(one.times.area_snap_m, car.area_snap_m)
        assert np.array_equal(one.times.site_snap_m, car.site_snap_m)
        if one.name != "no-ferry":
            assert np.array_equal(np.isinf(one.times.area_to_site), np.isinf(car.area_to_site))


# --- On straight lines -------------------------------------------------------------------------------------------


def test_straight_lines_by_hand(tmp_path: Path) -> None:
    """10 km: in towns 1.3 / 35 hours, in the country 1.4 / 50; peak 0.75 and 0.80, snow 0.80 and 0.77 of the speed."""
    place = place_at([(0, 0), (0, 100_000)], [(10_000, 0), (10_000, 100_000)], [False, True])
    done = by_name(timed_scenarios(place, STRAIGHT, tmp_path))
    urban, rural = 10 * 1.3 / 35 * 60, 10 * 1.4 / 50 * 60
    factors = {"peak": (0.75, 0.80), "winter": (0.80, 0.77), "slower": (0.9, 0.9), "faster": (1.1, 1.1)}
    for name, (in_town, outside) in factors.items():
        assert np.diag(minutes(done[name])) == pytest.approx([urban / in_town, rural / outside], abs=1e-4), name
        longer = np.hypot(10, 100) / 10
        half = (urban / in_town + rural / outside) / 2 * longer
        assert minutes(done[name])[0, 1] == pytest.approx(half, abs=1e-3), name
        assert done[name].times.method.estimate and "ESTIMATE" in done[name].times.method.sentence
        assert np.isnan(done[name].times.between_sites).all()
    assert (done["no-ferry"].times, done["no-ferry"].unchanged[:30]) == (None, "Straight lines know no ferries")
    assert "0.75 in towns and by 0.8 in the country" in done["peak"].sentence
    assert "Isle of Wight" in done["peak"].sentence and "assumption" in done["peak"].sentence
    assert "multiplied by 0.9" in done["slower"].sentence


def test_the_straight_lines_of_a_case_keep_its_own_speeds(tmp_path: Path) -> None:
    place = place_at([(0, 0)], [(10_000, 0)])
    own = road_settings(detour_factor_urban=2.0, speed_kmh_urban=20.0)
    chosen = road_settings(method="straight-line", straight_line=own)
    done = by_name(timed_scenarios(place, chosen, tmp_path))
    assert minutes(done["peak"])[0, 0] == pytest.approx(10 * 2.0 / 20 * 60 / 0.75, abs=1e-4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(spots, st.booleans()), min_size=1, max_size=5), st.lists(spots, min_size=1, max_size=4))
def test_straight_lines_are_never_quicker_when_slower(tmp_path: Path, homes: list, sites: list) -> None:
    place = place_at([spot for spot, _ in homes], sites, [rural for _, rural in homes])
    car = straight_line_times(place)
    done = by_name(timed_scenarios(place, STRAIGHT, tmp_path))
    for name in ("peak", "winter", "slower"):
        assert (minutes(done[name]) >= car.area_to_site).all(), name
    assert (minutes(done["faster"]) <= car.area_to_site).all()


# --- Which, and what they say ------------------------------------------------------------------------------------


def test_scenarios_come_as_asked_each_once(tmp_path: Path) -> None:
    place = place_at([(0, 0)], [(1000, 0)])
    done = timed_scenarios(place, STRAIGHT, tmp_path, ["slower", "peak", "slower"])
    assert [one.name for one in done] == ["slower", "peak"]
    assert timed_scenarios(place, STRAIGHT, tmp_path, []) == ()
    with pytest.raises(ValueError, match="no scenario 'snow'; there are peak, winter"):
        timed_scenarios(place, STRAIGHT, tmp_path, ["snow"])


def test_every_scenario_has_a_title_and_says_what_it_assumes(bay: Path, tmp_path: Path) -> None:
    place = place_at([MAINLAND], [OPPOSITE])
    for chosen, folder in ((road_settings(), bay), (STRAIGHT, tmp_path)):
        done = timed_scenarios(place, chosen, folder)
        assert len({one.title for one in done}) == len(ALL)
        for one in done:
            assert one.title[0].isupper() and not one.title.endswith(".")
            assert one.sentence.endswith(".") and ".." not in one.sentence
            assert (one.times is None) == bool(one.unchanged)


def test_no_areas_or_no_sites(bay: Path) -> None:
    for areas, sites in (([], [OPPOSITE]), ([MAINLAND], [])):
        for one in timed_scenarios(place_at(areas, sites), road_settings(), bay):
            found: TravelTimes | None = one.times
            assert found is None or found.area_to_site.shape == (len(areas), len(sites))
