"""Restricted turns, numbers and names of roads are read from every kind of file that holds them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from osmium.osm.mutable import Relation

from geodata.osm.cut import cut_roads
from geodata.osm.files import lines_from_graph, read_lines
from geodata.osm.lines import RoadLines
from geodata.osm.select import AT_SOME_HOURS
from geodata.osm.tags import ROAD_CLASSES
from geodata.osm.turn_rules import (
    AT_ODDS,
    INCOMPLETE,
    MISPLACED,
    NOT_FOR_CARS,
    OTHERS,
    SOME_HOURS,
    STRETCH,
    U_TURN,
    UNKNOWN,
)
from tests.geodata.osm.test_walking import same_lines
from tests.geodata.osm_files import write_pbf

E, N = 450_000.0, 300_000.0
BOX = (E - 3_000, N - 3_000, E + 3_000, N + 3_000)
ROAD = {"highway": "tertiary"}
MEMBERS = [("w", 1, "from"), ("n", 5, "via"), ("w", 2, "to")]
# A cross: ways 1 west, 2 north, 3 east, 4 south (a path), 6 through from north-east to south-west, all at node 5.
CROSS = {5: (0, 0), 1: (-500, 0), 2: (0, 500), 3: (500, 0), 4: (0, -500), 7: (300, 300), 8: (-300, -300)}
FAR = {90: (80_000, 0), 91: (81_000, 0), 92: (82_000, 0)}
WAYS = [
    (1, [1, 5], ROAD),
    (2, [5, 2], ROAD),
    (3, [5, 3], ROAD),
    (4, [4, 5], {"highway": "footway"}),
    (6, [7, 5, 8], ROAD),
    (90, [90, 91], ROAD),
    (91, [91, 92], ROAD),
]


def crossing(path: Path, *relations: tuple[list, dict], form: str = "pbf") -> Path:
    nodes = {key: (E + x, N + y) for key, (x, y) in sorted((CROSS | FAR).items())}
    made = [
        Relation(id=i, members=members, tags={"type": "restriction"} | tags)
        for i, (members, tags) in enumerate(relations, 1)
    ]
    return write_pbf(path, nodes, WAYS, relations=made, form=form)


def turns(lines: RoadLines) -> list[tuple[int, tuple[int, int], int, int]]:
    """Rows with the point told by where it lies, metres from the crossing."""
    return [
        (source, (round(lines.x[at] - E), round(lines.y[at] - N)), target, only)
        for source, at, target, only in lines.restriction.tolist()
    ]


@pytest.mark.parametrize(
    ("tags", "only"),
    [
        ({"restriction": "no_left_turn"}, 0),
        ({"restriction": "no_right_turn"}, 0),
        ({"restriction": "no_straight_on"}, 0),
        ({"restriction": "no_entry"}, 0),
        ({"restriction": "no_exit"}, 0),
        ({"restriction": "no_u_turn"}, 0),
        ({"restriction": "only_left_turn"}, 1),
        ({"restriction": "only_right_turn"}, 1),
        ({"restriction": "only_straight_on"}, 1),
        ({"restriction": "no_left_turn;no_u_turn"}, 0),
        ({"restriction:motorcar": "no_left_turn"}, 0),
        ({"restriction:motor_vehicle": "only_left_turn"}, 1),
        ({"restriction:motorcar": "only_left_turn", "restriction": "no_left_turn"}, 1),
        ({"restriction": "no_left_turn", "restriction:conditional": "no_left_turn @ (08:00-09:00)"}, 0),
        ({"restriction": "no_left_turn", "except": "bicycle;psv"}, 0),
        ({"restriction": "no_left_turn", "restriction:hgv": "no_right_turn"}, 0),
    ],
)
def test_turns_that_are_restricted(tmp_path, tags, only):
    lines = read_lines(crossing(tmp_path / "r.osm.pbf", (MEMBERS, tags)))
    assert turns(lines) == [(1, (0, 0), 2, only)]
    assert not [reason for reason in lines.counts if "turn" in reason]


@pytest.mark.parametrize(
    ("members", "tags", "reason"),
    [
        (MEMBERS, {"restriction": "no_left_turn", "except": "motorcar"}, OTHERS),
        (MEMBERS, {"restriction": "no_left_turn", "except": "psv; motor_vehicle"}, OTHERS),
        (MEMBERS, {"restriction:hgv": "no_left_turn"}, OTHERS),
        (MEMBERS, {"restriction:conditional": "no_left_turn @ (Mo-Fr 08:00-09:00)"}, SOME_HOURS),
        (MEMBERS, {"restriction": "no_left_turn", "day_on": "Monday", "hour_on": "07:00"}, SOME_HOURS),
        (MEMBERS, {"restriction": "give_way"}, UNKNOWN),
        (MEMBERS, {"restriction": "no_left_turn;only_straight_on"}, UNKNOWN),
        (MEMBERS, {}, UNKNOWN),
        ([MEMBERS[0], ("n", 5, "via"), ("w", 1, "to")], {"restriction": "no_u_turn"}, U_TURN),
        ([MEMBERS[0], ("w", 3, "via"), MEMBERS[2]], {"restriction": "no_u_turn"}, STRETCH),
        ([*MEMBERS, ("w", 3, "from")], {"restriction": "no_left_turn"}, INCOMPLETE),
        ([*MEMBERS, ("w", 3, "to")], {"restriction": "no_left_turn"}, INCOMPLETE),
        ([*MEMBERS, ("w", 3, "from")], {"restriction": "no_exit"}, INCOMPLETE),
        ([*MEMBERS, ("w", 3, "to")], {"restriction": "no_entry"}, INCOMPLETE),
        ([*MEMBERS, ("n", 1, "via")], {"restriction": "no_left_turn"}, INCOMPLETE),
        (MEMBERS[:2], {"restriction": "no_left_turn"}, INCOMPLETE),
        ([MEMBERS[0], MEMBERS[2]], {"restriction": "no_left_turn"}, INCOMPLETE),
        ([*MEMBERS[:2], ("w", 999, "to")], {"restriction": "no_left_turn"}, INCOMPLETE),
        ([*MEMBERS[:2], ("w", 4, "to")], {"restriction": "no_left_turn"}, NOT_FOR_CARS),
        ([*MEMBERS[:2], ("w", 6, "to")], {"restriction": "no_left_turn"}, MISPLACED),
        ([MEMBERS[0], ("n", 3, "via"), MEMBERS[2]], {"restriction": "no_left_turn"}, MISPLACED),
    ],
)
def test_turns_that_are_counted_and_not_restricted(tmp_path, members, tags, reason):
    lines = read_lines(crossing(tmp_path / "r.osm.pbf", (members, tags)))
    assert turns(lines) == []
    assert lines.counts[reason] == 1
    assert sum(number for name, number in lines.counts.items() if name.startswith("turn ")) == 1


def test_several_roads_into_or_out_of_a_junction(tmp_path):
    into = [*MEMBERS, ("w", 3, "from")]
    out = [*MEMBERS, ("w", 3, "to")]
    lines = read_lines(crossing(tmp_path / "a.osm.pbf", (into, {"restriction": "no_entry"})))
    assert turns(lines) == [(1, (0, 0), 2, 0), (3, (0, 0), 2, 0)]
    lines = read_lines(crossing(tmp_path / "b.osm.pbf", (out, {"restriction": "no_exit"})))
    assert turns(lines) == [(1, (0, 0), 2, 0), (1, (0, 0), 3, 0)]


def test_a_restriction_told_twice_counts_once_and_two_only_ones_are_at_odds(tmp_path):
    twice = (MEMBERS, {"restriction": "no_left_turn"})
    assert len(turns(read_lines(crossing(tmp_path / "a.osm.pbf", twice, twice)))) == 1
    other = ([*MEMBERS[:2], ("w", 3, "to")], {"restriction": "only_straight_on"})
    lines = read_lines(crossing(tmp_path / "b.osm.pbf", (MEMBERS, {"restriction": "only_left_turn"}), other))
    assert turns(lines) == []
    assert lines.counts[AT_ODDS] == 2


def test_turns_do_not_bind_walkers(tmp_path):
    path = crossing(tmp_path / "r.osm.pbf", (MEMBERS, {"restriction": "no_left_turn"}))
    assert turns(read_lines(path, mode="walk")) == []


def test_a_turn_at_a_bollard_is_of_no_concern(tmp_path):
    nodes = {key: (E + x, N + y) for key, (x, y) in sorted(CROSS.items())}
    relation = Relation(id=1, members=MEMBERS, tags={"type": "restriction", "restriction": "no_left_turn"})
    path = write_pbf(tmp_path / "r.osm.pbf", nodes, WAYS[:3], {5: {"barrier": "bollard"}}, relations=[relation])
    assert turns(read_lines(path)) == []


@pytest.mark.parametrize("form", ["pbf", "osm"])
def test_the_cut_has_the_same_turns(tmp_path, form):
    far = [("w", 90, "from"), ("n", 91, "via"), ("w", 91, "to")]
    relations = [
        (MEMBERS, {"restriction": "no_left_turn"}),
        ([*MEMBERS, ("n", 90, "location_hint")], {"restriction": "only_left_turn", "except": "bicycle"}),
        (far, {"restriction": "no_right_turn"}),
        ([MEMBERS[0], ("n", 5, "via"), ("w", 90, "to")], {"restriction": "no_right_turn"}),
        ([MEMBERS[0], ("r", 1, "via"), MEMBERS[2]], {"restriction": "no_right_turn"}),
        ([MEMBERS[0], ("w", 3, "via"), MEMBERS[2]], {"restriction": "no_u_turn"}),
        ([], {"restriction": "no_u_turn"}),
    ]
    source = crossing(tmp_path / f"country.osm{'.pbf' * (form == 'pbf')}", *relations, form=form)
    told = cut_roads(source, BOX, tmp_path / "cut" / source.with_suffix(".pbf").name)
    assert told.relations == 3
    whole, cut = read_lines(source, BOX), read_lines(told.file, BOX)
    assert same_lines(whole, cut)
    assert turns(cut) == [(1, (0, 0), 2, 0), (1, (0, 0), 2, 1)]
    assert cut.counts == {"ways not open to cars": 1, STRETCH: 1}
    everything = read_lines(source)
    assert len(turns(everything)) == 3
    assert everything.counts[INCOMPLETE] == 2, "the nested and the empty one"


def test_rules_far_from_the_box_are_not_kept(tmp_path, monkeypatch):
    """What is held between the passes is what lies in the box, however many restrictions a country has."""
    import geodata.osm.select as roadselect  # noqa: PLC0415 - to see what is settled

    far = [("w", 90, "from"), ("n", 91, "via"), ("w", 91, "to")]
    path = crossing(
        tmp_path / "r.osm.pbf", (MEMBERS, {"restriction": "no_exit"}), *[(far, {"restriction": "no_exit"})] * 50
    )
    held = []
    settle = roadselect.settle_turns

    def watched(rules, *args, **more):
        held.append(len(rules))
        return settle(rules, *args, **more)

    monkeypatch.setattr(roadselect, "settle_turns", watched)
    assert len(turns(read_lines(path, BOX))) == 1
    assert held == [1]


# ---------------------------------------------------------------------- numbers, names and hours


def test_pieces_of_a_way_share_its_number_and_name(tmp_path):
    nodes = {i: (E + 100 * i, N) for i in range(1, 6)}
    ways = [(77, [1, 2, 3], ROAD | {"ref": "B3157", "name": "Coast Road"}), (78, [3, 4], ROAD), (79, [4, 5], ROAD)]
    lines = read_lines(write_pbf(tmp_path / "r.osm.pbf", nodes, ways, {2: {"barrier": "bollard"}}))
    assert lines.way_id.tolist() == [77, 77, 78, 79]
    assert [lines.names[i] for i in lines.way_name] == ["B3157 Coast Road", "B3157 Coast Road", "", ""]
    assert lines.names[0] == ""


def test_rules_for_some_hours_are_counted_on_open_roads(tmp_path):
    nodes = {i: (E + 100 * i, N) for i in range(1, 5)}
    timed = {"oneway:conditional": "yes @ (07:00-09:00)"}
    ways = [(1, [1, 2], ROAD | timed), (2, [2, 3], ROAD | {"access": "no", "access:conditional": "yes @ Su"})]
    ways += [(3, [3, 4], ROAD | {"bicycle:conditional": "no @ Su", "maxspeed:conditional": "20 mph @ Su"})]
    lines = read_lines(write_pbf(tmp_path / "r.osm.pbf", nodes, ways))
    assert lines.counts == {"ways not open to cars": 1, AT_SOME_HOURS: 1}


def test_a_geopackage_gives_numbers_and_names(tmp_path):
    places = [[(E, N), (E + 100, N)], [(E + 100, N), (E + 200, N)], [(E + 200, N), (E + 300, N)]]
    frame = gpd.GeoDataFrame(
        {
            "osm_id": ["123", "", "9007199254740993"],
            "highway": ["primary", "residential", "residential"],
            "name": ["Coast Road", None, "['Mill Lane', 'Church Lane']"],
            "other_tags": ['"ref"=>"B3157"', None, '"toll"=>"yes"'],
        },
        geometry=[shapely.LineString(place) for place in places],
        crs="EPSG:27700",
    )
    frame.to_file(tmp_path / "r.gpkg", layer="lines")
    lines = read_lines(tmp_path / "r.gpkg")
    assert lines.way_id.tolist() == [123, 0, 9007199254740993], "not through a number with a point"
    assert [lines.names[i] for i in lines.way_name] == ["B3157 Coast Road", "", "Church Lane"]
    assert lines.way["toll"].tolist() == [False, False, True]


# ---------------------------------------------------------------------- graphs of osmnx


def graph_of(*edges: tuple[int, int, dict]) -> nx.MultiDiGraph:
    graph = nx.MultiDiGraph(crs="EPSG:27700")
    for node in {end for edge in edges for end in edge[:2]}:
        graph.add_node(node, x=E + 1_000 * node, y=N)
    for tail, head, data in edges:
        graph.add_edge(tail, head, **data)
    return graph


MOTORWAY = {"highway": "motorway", "osmid": 5, "ref": "M5"}


@pytest.mark.parametrize("no", [False, "False"])
@pytest.mark.parametrize("yes", [True, "True", [True, True], "[True]"])
def test_a_motorway_without_a_one_way_tag_goes_one_way(no, yes):
    graph = graph_of(
        (2, 1, MOTORWAY | {"oneway": no, "reversed": yes}), (1, 2, MOTORWAY | {"oneway": no, "reversed": no})
    )
    lines = lines_from_graph(graph, "g")
    assert lines.way["forward"].tolist() == [True]
    assert lines.way["backward"].tolist() == [False]
    ends = lines.x[lines.way_point]
    assert ends.tolist() == [E + 1_000, E + 2_000]
    assert lines.names[lines.way_name[0]] == "M5"
    assert lines.way_id.tolist() == [5]


def test_other_roads_keep_what_osmnx_says():
    plain = {"highway": "primary", "oneway": False}
    one = graph_of((1, 2, plain | {"reversed": False}), (2, 1, plain | {"reversed": True}))
    lines = lines_from_graph(one, "g")
    assert lines.way["backward"].tolist() == [True], "one road, once, both ways"
    mixed = MOTORWAY | {"oneway": True, "reversed": [True, False]}
    assert lines_from_graph(graph_of((1, 2, mixed)), "g").way["forward"].tolist() == [True]
    merged = {
        "highway": ["primary", "tertiary"],
        "oneway": [False, True],
        "osmid": [9, 4],
        "name": ["B Road", "A Road"],
    }
    lines = lines_from_graph(graph_of((1, 2, merged | {"reversed": False})), "g")
    assert lines.way["backward"].tolist() == [False], "one-way if a piece of it is"
    assert ROAD_CLASSES[lines.way["road_class"][0]] == "tertiary"
    assert lines.way_id.tolist() == [4]
    assert lines.names[lines.way_name[0]] == "A Road"
    ring = {"highway": "primary", "junction": "circular", "oneway": False, "reversed": True}
    assert len(lines_from_graph(graph_of((2, 1, ring)), "g").way_id) == 0


def test_a_turned_edge_reads_each_limit_from_its_own_side():
    tags = {"highway": "primary", "oneway": False, "maxspeed:forward": "30", "maxspeed:backward": "50"}
    lines = lines_from_graph(graph_of((2, 1, tags | {"reversed": True}), (1, 2, tags | {"reversed": False})), "g")
    ahead = "forward" if lines.x[lines.way_point[0]] < lines.x[lines.way_point[1]] else "backward"
    assert lines.way[f"limit_{ahead}_kmh"].tolist() == [30]


def test_a_graph_serves_walkers():
    path = {"highway": "footway", "oneway": False, "osmid": 1}
    graph = graph_of((1, 2, path | {"reversed": False}), (2, 1, path | {"reversed": True}), (2, 3, MOTORWAY))
    lines = lines_from_graph(graph, "g", mode="walk")
    assert [ROAD_CLASSES[i] for i in lines.way["road_class"]] == ["footway"]
    assert lines.counts == {"ways not open to walkers": 1}


# ---------------------------------------------------------------------- real files


@pytest.mark.real
def test_rutland_names_and_turns(shared_data):
    lines = read_lines(shared_data / "osm" / "rutland-latest.osm.pbf")
    assert len(np.unique(lines.way_id)) > 2_800
    assert lines.way_id.min() > 0
    named = np.count_nonzero(lines.way_name) / len(lines.way_name)
    assert 0.4 < named < 0.9
    assert any(name.startswith("A606 ") for name in lines.names)
    assert "A1 Great North Road" in lines.names
    assert len(lines.restriction) == 0, "nobody had mapped one there in 2018"


@pytest.mark.real
def test_island_names(shared_data):
    lines = read_lines(shared_data / "isle-of-wight" / "osm_roads_2023.gpkg")
    assert "A3020 Medina Way" in lines.names
    assert "A3054 Bridge Road" in lines.names
    medina = lines.names.index("A3020 Medina Way")
    assert 3470 in lines.way_id[lines.way_name == medina]
    assert (lines.way_id > 0).all()
