"""The method note tells what was asked, what the minutes rest on, and what is not in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geodata.roads import read_roads
from geodata.roads.network import RoadNetwork
from geodata.roads.weights import reweigh
from geodata.speeds import load_speeds
from geodata.times.method_note import NotedPoints, NotedTimes, method_note, method_sentence
from tests.geodata.osm_files import write_pbf

NODES = {
    1: (400_000, 100_000), 2: (402_000, 100_000), 3: (402_400, 100_000), 4: (405_000, 100_000),
    5: (403_000, 100_008), 6: (403_000, 103_000), 7: (390_000, 110_000), 8: (390_500, 110_000),
}  # fmt: skip
WAYS = [
    (1, [1, 2], {"highway": "primary", "maxspeed": "40 mph", "toll": "yes"}),
    (2, [2, 3], {"route": "ferry", "motor_vehicle": "yes"}),
    (3, [3, 4], {"highway": "unclassified"}),
    (4, [5, 6], {"highway": "unclassified"}),
    (5, [7, 8], {"highway": "unclassified"}),
    (6, [1, 8], {"highway": "unclassified", "motor_vehicle": "no"}),
]
POINTS = (
    NotedPoints("homes|1.csv", "a" * 64, 4, np.array([0.0, 100.0, 600.0, 9000.0])),
    NotedPoints("sites.csv", "b" * 64, 2, np.array([10.0, 30.0])),
)
TIMES = NotedTimes(pairs=1_000, reachable=750, engine="scipy", roads_sha256="c" * 64)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> RoadNetwork:
    return read_roads(write_pbf(tmp_path_factory.mktemp("note") / "my_roads.osm.pbf", NODES, WAYS))


def written(network: RoadNetwork, **more) -> str:
    return method_note(network, load_speeds(), POINTS, replace(TIMES, **more))


def test_the_roads_are_told_with_their_source_date_and_licence(network: RoadNetwork) -> None:
    note = written(network)
    assert "| Source | my\\_roads.osm.pbf (SHA-256 cccccccccccccccc...) |" in note
    assert "2024-05-06" in note
    assert "© OpenStreetMap contributors, Open Database Licence (ODbL)" in note
    assert "| Gaps closed | 8 m at E403000 N100004 |" in note
    assert "0.5 km cannot be reached" in note
    assert "E390000 N110000 (not connected)" in note
    assert "| Tolls | 2 km of toll road" in note
    assert "1 stretch of ferry in the network: ferries run; half of the usual interval" in note


def test_every_source_of_speed_has_its_roads_and_its_share(network: RoadNetwork) -> None:
    note, facts = written(network), network.summary
    assert f"| speed limit in the map data | {facts['roads_by_speed_source']['maxspeed']} | 2.0 |" in note
    for name in ("no limit in the map data: class of road, in the country", "ferry"):
        assert f"| {name} |" in note
    km = facts["km_by_speed_source"]
    assert f"| 2.0 | {2.0 / sum(km.values()):.0%} |" in note
    assert "- legal limits: Highway Code" in note
    assert "- ferries:" in note
    assert "straight" not in note.partition("Sources of the numbers")[2].partition("##")[0]


def test_points_are_told_with_their_way_to_the_road(network: RoadNetwork) -> None:
    note = written(network)
    assert "| homes\\|1.csv | 100 | 500 | 600 | 1 | 1 |" in note
    assert "| sites.csv | 20 | 28 | 30 | 0 | 0 |" in note
    assert "1,000 journeys, 250 of them (25.00%) not reachable;" in note


def test_what_was_asked_for_is_told(network: RoadNetwork) -> None:
    changed = reweigh(network, load_speeds("winter"), speed_factor=0.9, ferries="off")
    closed = (("works", "Coast_Road (primary)"),)
    times = replace(TIMES, back=True, limit_minutes=30.0, nearest=2, engine="nearest", closed=closed)
    note = method_note(changed, load_speeds("winter"), POINTS, times)
    assert note.index("sites.csv") < note.index("homes\\|1.csv"), "the way back begins at the second file"
    assert "| Which | the 2 nearest points of sites.csv by time |" in note
    assert "| Limit | 30 minutes" in note
    assert "not reachable or over the limit" in note
    assert "| Factor on speeds | 0.9 |" in note
    assert "ferries do not run" in note
    assert "| works | Coast\\_Road (primary) |" in note
    assert "one sweep" in note
    sentence = method_sentence(changed, times)
    assert "multiplied by 0.9" in sentence
    assert "Ferries do not run." in sentence
    assert "Coast\\_Road" in sentence
    queue = method_note(reweigh(network, load_speeds(), ferries="queue"), load_speeds(), POINTS, TIMES)
    assert "3 times the usual wait" in queue


@pytest.mark.parametrize(("gaps", "more"), [(20, ""), (21, "; and 1 more"), (25, "; and 5 more")])
def test_of_many_gaps_the_first_twenty_are_listed(network: RoadNetwork, gaps: int, more: str) -> None:
    places = [{"length_m": 3.0, "easting": 400_000.0 + i, "northing": 100_000.0} for i in range(gaps)]
    note = written(replace(network, summary=network.summary | {"bridges": places}))
    assert f"3 m at E400019 N100000{more} |" in note


def test_made_up_roads_are_nobody_s_data(network: RoadNetwork) -> None:
    note = written(network, made_up=True)
    assert "Driving times on made-up roads (my\\_roads.osm.pbf" in note
    assert "| Licence | none: these roads are invented" in note
    assert "OpenStreetMap contributors" not in note
    assert "made-up" not in written(network)


def test_on_foot_other_things_are_left_out(tmp_path: Path) -> None:
    walked = read_roads(write_pbf(tmp_path / "roads.osm.pbf", NODES, WAYS), mode="walk")
    note = method_note(walked, load_speeds(), POINTS, TIMES)
    assert "| Means | on foot |" in note
    assert "Walking times" in note
    assert "wheelchair" in note
    assert "parking" not in note.lower()
    assert "Highway Code" not in note
    assert "- walking: 80 metres a minute" in note


def test_a_small_network_without_anything_special(tmp_path: Path) -> None:
    plain = read_roads(write_pbf(tmp_path / "r.osm.pbf", NODES, WAYS[2:3]))
    nobody = NotedPoints("none.csv", "", 1, np.array([np.inf]))
    note = method_note(plain, load_speeds(), (nobody, nobody), NotedTimes(0, 0, "hierarchy"))
    assert "There is no ferry in the network." in note
    assert "| Cut off | nothing |" in note
    assert "| none.csv | - | - | - | 0 | 1 |" in note
    assert "0 journeys, 0 of them (0.00%)" in note


def test_the_same_times_give_the_same_text_and_nothing_depends_on_the_day(network: RoadNetwork) -> None:
    note = written(network)
    assert note == written(network)
    assert note.endswith("\n")
    assert "| nan" not in note
    assert "{" not in note
    assert "None" not in note
    for heading in ("What was asked", "Roads", "Speeds", "Result", "What is not in these minutes"):
        assert f"## {heading}\n" in note
