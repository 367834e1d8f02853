"""Registrations of another date are scaled; missing ones are estimated from the population near the practice."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from geodata.place import Place, SourceFile
from geodata.registrations import complete_registrations
from geodata.travel import TravelMethod, TravelTimes

INF = float("inf")


def make_place(
    lists: dict[str, int],
    rows: list[tuple[str, str, float]],
    population: dict[str, float],
    sites: dict[str, str] | None = None,
) -> Place:
    """A place whose practices and areas stand in a row, 1 km apart."""
    sites = sites or {code: code for code in lists}
    codes, areas = sorted(lists), sorted(population)
    crs = "EPSG:27700"
    practices = gpd.GeoDataFrame(
        {"name": codes, "list_size": [lists[code] for code in codes]},
        index=pd.Index(codes, name="practice_code"),
        geometry=[Point(370000 + 1000 * i, 90000) for i in range(len(codes))],
        crs=crs,
    )
    frame = gpd.GeoDataFrame(
        {"practice_code": [sites[code] for code in sorted(sites)]},
        index=pd.Index(sorted(sites), name="site_code"),
        geometry=[Point(370000 + 1000 * i, 90000) for i in range(len(sites))],
        crs=crs,
    )
    points = [Point(370000 + 1000 * i, 90100) for i in range(len(areas))]
    places = gpd.GeoDataFrame(
        {"population": [population[a] for a in areas], "x": [p.x for p in points], "y": [p.y for p in points]},
        index=pd.Index(areas, name="area_code"),
        geometry=points,
        crs=crs,
    )
    registrations = pd.DataFrame(rows, columns=["practice_code", "area_code", "patients"]).assign(basis="published")
    localities = gpd.GeoDataFrame({"name": []}, geometry=[], crs=crs).set_index("name")
    source = SourceFile("registrations", "registrations.csv", "0" * 64, len(rows))
    return Place("Vale", practices, frame, places, registrations, localities, sources=(source,))


def make_times(place: Place, minutes: list[list[float]], area_codes: tuple[str, ...] | None = None) -> TravelTimes:
    sites = tuple(place.sites.index)
    return TravelTimes(
        area_codes or tuple(place.areas.index),
        sites,
        np.array(minutes, dtype=float),
        np.zeros((len(sites), len(sites))),
        np.zeros(len(minutes)),
        np.zeros(len(sites)),
        TravelMethod("straight-line", "Made up."),
    )


def patients(place: Place, code: str) -> dict[str, float]:
    rows = place.registrations[place.registrations["practice_code"] == code]
    return dict(zip(rows["area_code"], rows["patients"], strict=True))


def test_scaled_to_the_list_and_told() -> None:
    place = make_place({"P": 3000, "Q": 1000}, [("P", "A", 1000), ("P", "B", 500), ("Q", "A", 1000)], {"A": 1, "B": 1})
    done = complete_registrations(place, make_times(place, [[1, 1], [1, 1]]))
    assert patients(done, "P") == pytest.approx({"A": 2000, "B": 1000})
    basis = done.registrations.set_index(["practice_code", "area_code"])["basis"]
    assert dict(basis) == {("P", "A"): "scaled", ("P", "B"): "scaled", ("Q", "A"): "published"}
    (warning,) = [f for f in done.findings if f.severity == "warning"]
    assert (warning.file, warning.code, warning.value) == ("registrations.csv", "scaling-factor", "P")
    assert "2.00" in warning.message
    (note,) = [f for f in done.findings if f.code == "scaling-range"]
    assert "2 practices have some, the factors range from 1.00 to 2.00" in note.message
    assert place.registrations["patients"].sum() == 2500, "the place given is not changed"


@pytest.mark.parametrize(("total", "unusual"), [(1000, False), (1250, False), (1260, True), (800, False), (790, True)])
def test_which_factors_are_a_finding(total: int, unusual: bool) -> None:
    place = make_place({"P": 1000}, [("P", "A", total)], {"A": 1})
    done = complete_registrations(place, make_times(place, [[1]]))
    assert any(f.code == "scaling-factor" for f in done.findings) == unusual


def test_an_estimate_that_is_scaled_stays_an_estimate() -> None:
    place = make_place({"P": 3000}, [("P", "A", 1000)], {"A": 1})
    place = replace(place, registrations=place.registrations.assign(basis="estimated"))
    done = complete_registrations(place, make_times(place, [[1]]))
    assert list(done.registrations.itertuples(index=False, name=None)) == [("P", "A", 3000.0, "estimated")]


def test_what_was_told_before_is_not_told_again() -> None:
    place = make_place({"P": 3000, "Q": 1000}, [("P", "A", 1000)], {"A": 1})
    times = make_times(place, [[1, 1]])
    done = complete_registrations(place, times)
    assert {f.code for f in done.findings} == {"scaling-factor", "scaling-range", "estimated-registrations"}
    again = complete_registrations(replace(place, findings=done.findings), times)
    assert again.findings == done.findings


def test_estimated_by_population_and_minutes() -> None:
    place = make_place({"P": 1000}, [], {"A": 100, "B": 300, "C": 5000, "D": 700, "E": 900})
    done = complete_registrations(place, make_times(place, [[0], [5], [30.5], [INF], [30]]))
    weight = {"A": 100.0, "B": 300 * np.exp(-1), "E": 900 * np.exp(-6)}
    total = sum(weight.values())
    assert patients(done, "P") == pytest.approx({code: 1000 * w / total for code, w in weight.items()})
    assert set(done.registrations["basis"]) == {"estimated"}
    (warning,) = [f for f in done.findings if f.severity == "warning"]
    assert (warning.code, warning.value) == ("estimated-registrations", "P")


def test_the_nearest_of_its_sites_counts_and_no_other_practices() -> None:
    sites = {"P": "P", "P2": "P", "Q": "Q"}
    place = make_place({"P": 900, "Q": 100}, [("Q", "A", 100)], {"A": 100, "B": 100}, sites)
    done = complete_registrations(place, make_times(place, [[10, 29, 0], [29, 5, 0]]))
    expected = np.array([np.exp(-2), np.exp(-1)])
    assert list(patients(done, "P").values()) == pytest.approx(list(900 * expected / expected.sum()))


@pytest.mark.parametrize(
    ("minutes", "population", "area"),
    [
        ([[60.0], [45.0]], {"A": 10.0, "B": 10.0}, "B"),  # none within reach: the nearest
        ([[INF], [INF]], {"A": 10.0, "B": 10.0}, "A"),  # no route at all: the nearest in a straight line
        ([[9.0], [8.0]], {"A": 0.0, "B": 0.0}, "B"),  # nobody lives within reach
    ],
)
def test_where_nothing_is_within_reach(minutes: list[list[float]], population: dict[str, float], area: str) -> None:
    place = make_place({"P": 1000}, [], population)
    done = complete_registrations(place, make_times(place, minutes))
    assert patients(done, "P") == {area: 1000.0}
    assert "estimated-nearest" in {f.code for f in done.findings}


def test_without_population_every_area_counts_alike() -> None:
    place = make_place({"P": 1000}, [], {"A": np.nan, "B": np.nan})
    done = complete_registrations(place, make_times(place, [[3], [3]]))
    assert patients(done, "P") == pytest.approx({"A": 500.0, "B": 500.0})


def test_labels_decide_not_positions() -> None:
    place = make_place({"P": 1000}, [], {"A": 10.0, "B": 10.0})
    done = complete_registrations(place, make_times(place, [[40.0], [2.0]], area_codes=("B", "A")))
    assert patients(done, "P") == {"A": 1000.0}


def test_outside_areas_are_kept_and_rows_are_unique_and_sorted() -> None:
    rows = [("Q", "A", 5), ("P", "W9", 30), ("P", "A", 10), ("P", "W9", 20), ("Z", "A", 9)]
    place = make_place({"P": 60, "Q": 5}, rows, {"A": 1, "B": 1})
    table = complete_registrations(place, make_times(place, [[1, 1], [1, 1]])).registrations
    assert list(zip(table["practice_code"], table["area_code"], table["patients"], strict=True)) == [
        ("P", "A", 10.0),
        ("P", "W9", 50.0),
        ("Q", "A", 5.0),
    ]


def test_estimated_and_published_rows_are_sorted_together() -> None:
    place = make_place({"P": 900, "Q": 100}, [("Q", "A", 100)], {"A": 100, "B": 100})
    table = complete_registrations(place, make_times(place, [[1, 1], [2, 2]])).registrations
    keys = list(zip(table["practice_code"], table["area_code"], table["basis"], strict=True))
    assert keys == [("P", "A", "estimated"), ("P", "B", "estimated"), ("Q", "A", "published")]


def test_doing_it_twice_changes_nothing() -> None:
    place = make_place({"P": 3000, "Q": 1000}, [("P", "A", 1000), ("P", "B", 500)], {"A": 70, "B": 10})
    times = make_times(place, [[1, 4], [2, 9]])
    once = complete_registrations(place, times)
    assert complete_registrations(place, times).registrations.equals(once.registrations)
    again = complete_registrations(once, times)
    assert np.allclose(again.registrations["patients"], once.registrations["patients"])
    assert [f for f in again.findings if f.code == "estimated-registrations"] == [
        f for f in once.findings if f.code == "estimated-registrations"
    ]
    assert list(again.registrations["basis"]) == list(once.registrations["basis"])


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_list_is_fully_placed(data: st.DataObject) -> None:
    practices, areas = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 6))
    lists = {f"P{i}": data.draw(st.integers(1, 60_000)) for i in range(practices)}
    population = {f"A{i}": data.draw(st.integers(0, 4000)) for i in range(areas)}
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(sorted(lists)), st.sampled_from([*population, "W1"]))))
    rows = [(p, a, data.draw(st.floats(0, 9000))) for p, a in pairs]
    place = make_place(lists, rows, population)
    minutes = [[data.draw(st.sampled_from([0.0, 4.5, 29.0, 31.0, INF])) for _ in lists] for _ in population]
    table = complete_registrations(place, make_times(place, minutes)).registrations
    assert dict(table.groupby("practice_code")["patients"].sum()) == pytest.approx(lists, rel=1e-6, abs=1e-6)
    assert not table.duplicated(["practice_code", "area_code"]).any()
    assert (table["patients"] > 0).all()
    assert np.isfinite(table["patients"]).all()
