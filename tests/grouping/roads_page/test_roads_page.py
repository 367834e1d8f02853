"""The page that shows how minutes were made: what it says and leaves out, that it is whole, and how it works."""

from __future__ import annotations

import html
import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from typer.testing import CliRunner

from geodata.demo import write_demo_case
from geodata.osm.tags import ROAD_CLASSES
from geodata.roads import read_roads
from geodata.roads.network import RoadNetwork
from geodata.roads.weights import reweigh
from geodata.routing.drawing import RoadPoints
from geodata.routing.isochrones import isochrones
from geodata.routing.matrix import milliseconds_between
from geodata.routing.snapping import snap
from geodata.speeds import load_speeds
from grouping.cli import app
from grouping.escape import visible
from grouping.input_check.checked import check_case
from grouping.input_check.folder import write_check
from grouping.roads_page.drawn import CLOSED, CUT_OFF, drawn_roads, merged, road_kinds, still_lines
from grouping.roads_page.facts import note_blocks
from grouping.roads_page.page import ShownPoints, roads_page
from tests.browsing import asks_for_nothing, open_page
from tests.geodata.osm_files import write_pbf
from tests.grouping.made_run import HOSTILE_NAMES
from tests.page_text import broken_bones, leads_outside
from tests.small_case import write_small_case

WEST, SOUTH = 400_000, 100_000
PLAIN_NAMES = tuple(name for name in HOSTILE_NAMES if "{{" not in name)
TO_GRID = Transformer.from_crs("EPSG:4326", "EPSG:27700", always_xy=True)


def small_roads(folder: Path, names: tuple[str, ...] = ("High Street", "Mill Lane", "Long Road")) -> Path:
    """A town street, a lane, a long road, a ferry to an island, a road nobody can come back from and one apart."""
    spots = {
        1: (0, 0), 2: (2_000, 0), 3: (4_000, 300), 4: (4_000, 3_000), 5: (2_000, 3_000), 6: (0, 3_000),
        7: (7_000, 300), 8: (9_000, 300), 9: (2_000, 5_000), 10: (6_000, 6_000), 11: (7_000, 6_000),
    }  # fmt: skip
    nodes = {key: (WEST + x, SOUTH + y) for key, (x, y) in spots.items()}
    one, two, three = names[:3]
    ways = [
        (101, [1, 2, 3], {"highway": "primary", "name": one, "maxspeed": "40 mph"}),
        (102, [3, 4], {"highway": "unclassified", "name": two}),
        (103, [4, 5, 6, 1], {"highway": "secondary", "name": three, "maxspeed": "GB:nsl_single"}),
        (104, [2, 5], {"highway": "residential", "name": names[-1], "maxspeed:type": "GB:urban", "toll": "yes"}),
        (105, [3, 7], {"route": "ferry", "motor_vehicle": "yes", "duration": "00:05", "name": "Chain ferry"}),
        (106, [7, 8], {"highway": "tertiary"}),
        (107, [5, 9], {"highway": "tertiary", "oneway": "yes"}),
        (108, [10, 11], {"highway": "residential", "name": "Far Close"}),
    ]
    return write_pbf(folder / "roads.osm.pbf", nodes, ways)


def points(network: RoadNetwork, rows: list[tuple[str, str, float, float]], word: str) -> ShownPoints:
    codes, names, x, y = zip(*rows, strict=True)
    at = np.array(x, dtype=float) + WEST, np.array(y, dtype=float) + SOUTH
    return ShownPoints(RoadPoints(codes, *at, snap(network, *at, 5_000.0)), names, word)


def page_of(network: RoadNetwork, names: tuple[str, ...] = ("Alpha", "Beta", "Gamma", "Delta"), **settings) -> str:
    origins = points(
        network,
        [
            ("A1", names[0], 100, 50),
            ("A2", names[1], 3_950, 2_000),
            ("A3", names[2], 8_900, 1_100),
            ("A4", names[3], -9_000, 9_000),
        ],
        "area",
    )
    sites = points(network, [("S1", names[1], 2_050, 20), ("S2", names[2], 8_500, 290)], "site")
    ms = milliseconds_between(network, origins.points.snapped, sites.points.snapped)
    given = {
        "minutes": ms / 60_000.0,
        "isochrones": isochrones(network, sites.points, (5, 10)),
        "title": "How the roads were read",
    }
    return roads_page(network, origins=origins, sites=sites, **given | settings)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> RoadNetwork:
    return read_roads(small_roads(tmp_path_factory.mktemp("roads")))


@pytest.fixture(scope="module")
def page(network: RoadNetwork) -> str:
    return page_of(network)


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    network = read_roads(small_roads(tmp_path_factory.mktemp("hostile"), PLAIN_NAMES[:3]))
    network = replace(
        network, summary=network.summary | {"source": HOSTILE_NAMES[4], "profile_sentence": PLAIN_NAMES[3]}
    )
    note = f"# Title\n\n{HOSTILE_NAMES[0]}\n\n## {HOSTILE_NAMES[4]}\n\n"
    note += f"| a | {PLAIN_NAMES[1]} |\n| --- | --- |\n| b | c |\n"
    return page_of(network, PLAIN_NAMES[:4], title=HOSTILE_NAMES[0], note=note)


def text_of(page: str) -> str:
    """The words of a page, without scripts, styles and markup."""
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    page = re.sub(r"</?(?:bdi|span|strong|em|a|code)\b[^>]*>", "", page)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def data_of(page: str) -> dict:
    return json.loads(re.search(r'id="map-data">(.*?)</script>', page, flags=re.S).group(1))


def lines_of(data: dict, kind: str) -> list[shapely.LineString]:
    """The lines of one kind as the script reads them, on the national grid."""
    size, xy = ([int(part) for part in data["roads"][kind][name].split()] for name in ("size", "xy"))
    steps = np.array(xy).reshape(-1, 2)
    found, begin = [], 0
    for count in size:
        degrees = np.cumsum(steps[begin : begin + count], axis=0) / data["units"]
        begin += count
        found.append(shapely.linestrings(np.column_stack(TO_GRID.transform(degrees[:, 0], degrees[:, 1]))))
    assert begin == len(steps)
    return found


# ------------------------------------------------------------------------------------------------------- what it says


def test_stands_in_the_order_a_planner_reads(page: str) -> None:
    text = text_of(page)
    order = [
        "Draft for discussion. Not a decision.",
        "How the roads were read",
        "Roads: roads.osm.pbf, data of 2024-05-06",
        "profile free-flow",
        "How the minutes were made",
        "A speed limit in the map data decides the speed on",
        "One point without a road within 5 km.",
        "From 1 of 4 areas no site can be reached",
        "One stretch of ferry.",
        "Length of road by the source of its speed",
        "speed limit in the map data",
        "The roads on a map",
        "no road is near enough",
        "Within minutes of the nearest site",
        "Delta A4",
        "The longest ways to a road",
        "km of toll road are used like any other",
        "The longest parts that cannot be driven to and from the rest",
        "OpenStreetMap contributors",
    ]
    places = list(itertools.accumulate(order, lambda at, words: text.index(words, at), initial=text.index("Skip to")))
    assert places == sorted(places)


def test_every_source_of_speed_has_its_kilometres_and_its_line(network: RoadNetwork, page: str) -> None:
    text = text_of(page)
    for source, words in (
        ("maxspeed", "speed limit in the map data"),
        ("named limit", "named limit in the map data, such as the national limit"),
        ("class, rural", "no limit in the map data: class of road, in the country"),
        ("ferry", "ferry"),
    ):
        km = network.summary["km_by_speed_source"][source]
        assert re.search(
            rf"{re.escape(words)} {km:,.1f} \d+\.\d% {network.summary['roads_by_speed_source'][source]}\b", text
        )
    shares = [float(share) for share in re.findall(r" (\d+\.\d)% \d", text[: text.index("Length and mean speed")])]
    assert sum(shares) == pytest.approx(100.0, abs=0.3)
    styles = {(colour, dashes) for _, colour, dashes, _ in data_of(page)["styles"]}
    assert len({colour for colour, _ in styles}) == 7
    assert len({style[2] for style in data_of(page)["styles"][:5]}) == 5


def test_what_cannot_be_reached_has_no_minutes(page: str) -> None:
    data = data_of(page)["origins"]
    assert data["joined"] == [1, 1, 1, 0]
    assert data["reached"] == [1, 1, 1, 0]
    assert data["minutes"][3] is None
    assert all(minutes > 0 for minutes in data["minutes"][:3])


def test_the_table_counts_areas_by_their_own_minutes(page: str) -> None:
    minutes = [value for value in data_of(page)["origins"]["minutes"] if value is not None]
    text = text_of(page)
    for limit in (5, 10):
        inside = sum(value <= limit for value in minutes)
        assert f"{limit} minutes {inside} {inside * 25}%" in text


def test_a_winter_a_factor_and_no_ferry_are_said(network: RoadNetwork) -> None:
    slow = reweigh(network, load_speeds("winter"), speed_factor=0.9, ferries="off")
    text = text_of(page_of(slow))
    assert "profile winter" in text
    assert "times 0.9" in text
    assert "They do not run here" in text
    assert "From 2 of 4 areas no site can be reached" not in text  # the island has a site of its own
    assert "closed, or a ferry that does not run" in text


def test_journeys_back_begin_at_the_sites(network: RoadNetwork) -> None:
    text = text_of(page_of(network, back=True))
    assert "site, where journeys begin" in text
    assert "area, where journeys end" in text


def test_without_minutes_and_isochrones_it_says_less(network: RoadNetwork) -> None:
    page = page_of(network, minutes=None, isochrones=None)
    text = text_of(page)
    assert "can be reached" not in text
    assert 'id="reach"' not in page
    assert "The roads on a map" in text
    nothing = points(network, [("A", "", 0, 0)], "point")
    nothing = ShownPoints(nothing.points.some(np.zeros(0, dtype=np.int64)), ())
    assert "Ways from points to their road" not in roads_page(
        network, origins=nothing, sites=nothing, title="Roads alone"
    )


def test_the_note_is_read_as_it_was_written() -> None:
    note = "# T\n\nA sentence.\n\n## Roads\n\n|  |  |\n| --- | --- |\n| Source | a\\|b \\<c\\> |\n\n- one\n- two\n"
    kinds = [(block.kind, block.rows) for block in note_blocks(note)]
    assert kinds == [
        ("text", (("A sentence.",),)),
        ("heading", (("Roads",),)),
        ("table", (("", ""), ("Source", "a|b <c>"))),
        ("list", (("one",), ("two",))),
    ]


# ------------------------------------------------------------------------------------------------------- what is drawn


def test_lines_lie_on_their_roads(network: RoadNetwork, page: str) -> None:
    data, kinds = data_of(page), road_kinds(network)
    assert {int(kind) for kind in data["roads"]} == set(kinds.tolist())
    shapes = [
        shapely.linestrings(network.geometry_xy[low:high])
        for low, high in itertools.pairwise(network.geometry_offset.tolist())
    ]
    for kind in data["roads"]:
        drawn = lines_of(data, kind)
        roads = np.flatnonzero(kinds == int(kind))
        assert len(drawn) == len(roads)
        for line, road in zip(drawn, roads, strict=True):
            assert shapely.hausdorff_distance(line, shapes[road]) < 4.0


def test_what_is_cut_off_and_what_is_closed_are_kinds_of_their_own(network: RoadNetwork) -> None:
    names = np.array(network.names, dtype=object)[network.facts.name]
    assert set(names[road_kinds(network) == CUT_OFF]) >= {"Far Close"}
    closed = reweigh(network, load_speeds(), closed=names == "Mill Lane")
    assert set(names[road_kinds(closed) == CLOSED]) == {"Mill Lane"}


def test_too_many_roads_lose_the_least_important_first_and_say_so(network: RoadNetwork) -> None:
    drawn = drawn_roads(network, most_roads=8)
    left = {ROAD_CLASSES[part.road_class]: part for part in drawn.left_out}
    kept = {ROAD_CLASSES[value] for value in network.road_class[drawn.road[drawn.kind < CUT_OFF]]}
    assert len(drawn.road) == 8
    assert {"primary", "ferry"} <= kept
    assert "residential" in left
    assert (drawn.kind == CUT_OFF).sum() == (road_kinds(network) == CUT_OFF).sum()
    km = network.road_length_m[drawn.road].sum() / 1000.0 + sum(part.km for part in drawn.left_out)
    assert km == pytest.approx(network.road_length_m.sum() / 1000.0, abs=0.5)
    text = text_of(page_of(network, most_roads=8))
    assert "these roads are not drawn, though they are used" in text
    assert "of class residential street" in text


def test_where_very_much_is_cut_off_what_is_used_is_drawn_all_the_same(network: RoadNetwork) -> None:
    few = drawn_roads(network, most_roads=4)
    assert (few.kind < CUT_OFF).all()
    assert "primary" in {ROAD_CLASSES[value] for value in network.road_class[few.road]}


def test_a_long_winding_road_is_simplified_within_the_limit(network: RoadNetwork) -> None:
    assert len(drawn_roads(network, most_points=10).xy) <= 10
    whole, rough = drawn_roads(network), drawn_roads(network, tolerances_m=(200.0,))
    assert len(rough.road) == len(whole.road)
    assert len(rough.xy) <= len(whole.xy)


def test_lines_that_follow_each_other_are_one_line() -> None:
    xy = np.array([[0, 0], [10, 0], [10, 0], [20, 0], [0, 50], [10, 50]], dtype=float)
    joined, size = merged(xy, np.array([2, 2, 2]))
    assert sorted(size.tolist()) == [2, 3]
    assert still_lines(xy[:4], np.array([2, 2]), np.zeros(2), 1.0) == "M0 0l10 0M10 0l10 0"
    assert "l" not in still_lines(np.zeros((2, 2)), np.array([2]), np.zeros(2), 1.0)
    assert joined.shape == (5, 2)


def test_the_same_roads_give_the_same_page(network: RoadNetwork, page: str) -> None:
    assert page_of(network) == page


# ------------------------------------------------------------------------------------------------------ how it is made


@pytest.mark.parametrize("which", ["page", "hostile_page"])
def test_has_the_bones_of_an_accessible_page(which: str, request: pytest.FixtureRequest) -> None:
    page = request.getfixturevalue(which)
    assert broken_bones(page) == []


def test_names_no_address_to_load_from_and_allows_its_own_scripts_only(page: str) -> None:
    assert leads_outside(page) == []


def test_hostile_names_are_text_in_the_file(hostile_page: str) -> None:
    text, data = text_of(hostile_page), data_of(hostile_page)
    for name in PLAIN_NAMES[:3]:
        assert visible(name) in data["names"]
    for name in PLAIN_NAMES[:4]:
        assert visible(name) in text
    assert "<img src=x" not in hostile_page
    assert "<script>alert" not in hostile_page


# -------------------------------------------------------------------------------------------------- where it is written


def test_times_writes_the_page_beside_the_minutes_when_asked(tmp_path: Path) -> None:
    roads = small_roads(tmp_path)
    table = tmp_path / "points.csv"
    table.write_text(f"id,easting,northing\nA,{WEST},{SOUTH}\n<b>B,{WEST + 3_900},{SOUTH + 2_000}\n", encoding="utf-8")
    to = tmp_path / "to.csv"
    to.write_text(f"id,easting,northing\nS,{WEST + 2_000},{SOUTH + 3_000}\n", encoding="utf-8")
    asked = ["times", "--roads", str(roads), "--from", str(table), "--to", str(to), "--out", str(tmp_path / "m.csv")]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert not (tmp_path / "m.html").exists()
    done = CliRunner().invoke(app, [*asked, "--page", "--limit", "1"])
    assert done.exit_code == 0, done.output
    assert f"Page: {tmp_path / 'm.html'}" in done.output
    page = (tmp_path / "m.html").read_text(encoding="utf-8")
    text = text_of(page)
    assert "How the minutes of m.csv were made" in text
    assert "From every origin a destination can be reached." in text  # the limit is of the matrix, not of the roads
    assert "<b>B" in data_of(page)["origins"]["code"]
    assert "Read the whole method note" in text
    assert [band["code"] for band in data_of(page)["around"]] == [""]


def test_a_check_has_the_page_and_leads_to_it(tmp_path: Path) -> None:
    case = write_demo_case(tmp_path / "case")
    checked = check_case(case)
    page = write_check(checked, tmp_path / "out")
    assert 'href="roads.html"' in page.read_text(encoding="utf-8")
    roads = (tmp_path / "out" / "roads.html").read_text(encoding="utf-8")
    assert 'href="check.html"' in roads
    text = text_of(roads)
    assert "How the roads were read: Demonstration county" in text
    assert "Made-up data." in text
    assert "OpenStreetMap contributors, ODbL 1.0." not in text.split("Read the whole method note")[0]
    assert len(data_of(roads)["origins"]["code"]) == 449
    assert len(data_of(roads)["sites"]["code"]) == 131
    assert len(roads) < 5_000_000
    write_check(checked, tmp_path / "out", roads=False)
    assert not (tmp_path / "out" / "roads.html").exists()
    assert "roads.html" not in page.read_text(encoding="utf-8")


def case_on_roads(folder: Path, roads: str = "", tables: str = "") -> Path:
    """The small case on a net of country roads, one each 2 km."""
    case = write_small_case(folder)
    key = {(x, y): 10 * x + y for x in range(8) for y in range(8)}
    nodes = {number: (399_900 + 2_000 * x, 99_900 + 2_000 * y) for (x, y), number in key.items()}
    lines = [[key[x, y] for x in range(8)] for y in range(8)] + [[key[x, y] for y in range(8)] for x in range(8)]
    kind = {"highway": "tertiary", "name": "Long Lane"}
    write_pbf(case / "roads.osm.pbf", nodes, [(i, line, kind) for i, line in enumerate(lines, 1)])
    toml = (case / "case.toml").read_text(encoding="utf-8")
    toml = toml.replace('method = "straight-line"\n', f'source = "roads.osm.pbf"\n{roads}') + tables
    (case / "case.toml").write_text(toml, encoding="utf-8")
    return case


def checked_pages(case: Path) -> tuple[str, str]:
    """The words of the check and of its page about the roads, by the command a planner types."""
    done = CliRunner().invoke(app, ["check", str(case)])
    assert done.exit_code == 0, done.output
    return tuple(text_of((case / "check" / name).read_text(encoding="utf-8")) for name in ("check.html", "roads.html"))


def test_a_check_of_a_winter_case_says_winter_everywhere(tmp_path: Path) -> None:
    case = case_on_roads(tmp_path / "case", 'profile = "winter"\n')
    page, roads = checked_pages(case)
    sentence = load_speeds("winter").profile_sentence
    assert sentence in page
    assert roads.count(sentence) >= 2, "in the summary and in the method note"
    assert "By car, profile winter" in roads
    assert f"| Profile | winter: {sentence} |" in check_case(case).ready.times.method.note
    for text in (page, roads):
        assert not re.search(r"free-flow\b", text)
        assert load_speeds().profile_sentence not in text
    usual = check_case(case_on_roads(tmp_path / "usual")).ready.times
    assert (check_case(case).ready.times.area_to_site > usual.area_to_site).mean() > 0.9


def test_a_check_of_a_case_with_speeds_of_its_own_tells_them(tmp_path: Path) -> None:
    case = case_on_roads(tmp_path / "case", 'speeds = "ours.toml"\n')
    (case / "ours.toml").write_text(
        '[class.tertiary]\nrural = 20\nsource = "counted by us in May"\n[profile.market-day]\n'
        'based_on = "peak"\nsentence = "market day in town"\nsource = "us"\nparking_minutes = 4\n',
        encoding="utf-8",
    )
    page, roads = checked_pages(case)
    assert "market day in town" in page and "market day in town" in roads
    assert "By car, profile market-day" in roads
    assert "counted by us in May" in roads
    assert "4 minutes for parking are in every journey." in roads


def test_a_check_of_a_case_with_closures_names_the_roads(tmp_path: Path) -> None:
    case = case_on_roads(tmp_path / "case", 'closed = "closed.csv"\n')
    (case / "closed.csv").write_text("id,easting,northing\nworks,402900,101900\n", encoding="utf-8")
    page, roads = checked_pages(case)
    assert "Closed roads: Long Lane." in page
    assert "Closed roads One stretch: Long Lane." in roads
    assert "Long Lane" in roads.split("Read the whole method note")[1]
    assert "Closed in both directions" in roads
    open_roads = check_case(case_on_roads(tmp_path / "open")).ready.times
    assert check_case(case).ready.times.between_sites.sum() > open_roads.between_sites.sum()


POINTS_TABLE = 'area_points = "points.csv"\n'


def write_area_points(case: Path, areas: int = 5) -> None:
    """Three points in the first areas; the last of each, with 1 of 10 people, 400 m from its road."""
    rows = ["area_code,x,y,weight"]
    for iy in range(areas):
        for step, weight in ((0, 6), (300, 3), (500, 1)):
            rows.append(f"E0{iy},{400_000 + step},{100_000 + 2_000 * iy + (300 if weight == 1 else 0)},{weight}")
    (case / "points.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def test_every_point_inside_an_area_is_drawn_and_the_rule_is_told(tmp_path: Path) -> None:
    case = case_on_roads(tmp_path / "case", tables=POINTS_TABLE)
    write_area_points(case)
    page, roads = checked_pages(case)
    told = "52 points stand for the homes of 42 areas (areas with several: 5, with one: 37)."
    rule = "only if at least half of the weight of its points is"
    for text in (page, roads, roads.split("Read the whole method note")[1]):
        assert told in text and rule in text
    data = data_of((case / "check" / "roads.html").read_text(encoding="utf-8"))
    assert len(data["origins"]["code"]) == 52
    assert "E00, point 3 of 3" in data["origins"]["code"]
    assert "E50" in data["origins"]["code"]
    assert max(data["origins"]["metres"]) == pytest.approx(400, abs=1), "the ways are those of the points"
    assert data["origins"]["minutes"] == [], "a point inside an area has no minutes of its own"
    assert "home point, where journeys begin" in roads
    assert "Home points 52" in roads
    assert re.search(r"30 minutes 42 100%", roads), "minutes are told of areas"


def test_an_area_with_one_listed_point_starts_there(tmp_path: Path) -> None:
    case = case_on_roads(tmp_path / "case", tables=POINTS_TABLE)
    (case / "points.csv").write_text("area_code,x,y,weight\nE00,400000,100400,5\n", encoding="utf-8")
    _, roads = checked_pages(case)
    data = data_of((case / "check" / "roads.html").read_text(encoding="utf-8"))
    at = data["origins"]["code"].index("E00")
    assert TO_GRID.transform(data["origins"]["lon"][at], data["origins"]["lat"][at])[1] == pytest.approx(100_400, abs=2)
    assert "stand for the homes" not in roads


def times_page(folder: Path, destinations: int) -> str:
    roads = small_roads(folder)
    (folder / "a.csv").write_text(f"id,easting,northing\nA,{WEST},{SOUTH}\n", encoding="utf-8")
    rows = "".join(f"S{i},{WEST + 3 * i},{SOUTH}\n" for i in range(destinations))
    (folder / "to.csv").write_text(f"id,easting,northing\n{rows}", encoding="utf-8")
    asked = [
        "times",
        "--roads",
        roads,
        "--from",
        folder / "a.csv",
        "--to",
        folder / "to.csv",
        "--out",
        folder / "m.csv",
    ]
    done = CliRunner().invoke(app, [*map(str, asked), "--page"])
    assert done.exit_code == 0, done.output
    return (folder / "m.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("destinations", "drawn", "why"),
    [
        (2, 3, ""),
        (
            12,
            1,
            "Isochrones are drawn of the nearest destination only, not of each: there are 12, and with more than 10",
        ),
        (501, 0, "No isochrones are drawn: there are 501 destinations, and around more than 500"),
    ],
)
def test_the_page_says_which_isochrones_it_leaves_out(tmp_path: Path, destinations: int, drawn: int, why: str) -> None:
    page = times_page(tmp_path, destinations)
    text = text_of(page)
    assert len(data_of(page)["around"]) == drawn
    assert why in text
    assert ("Isochrones are drawn of" in text or "No isochrones" in text) == bool(why)
    assert ("open land more than 200 m from such a road is left out" in text) == bool(drawn)
    assert ("by its own journey, not by the shaded parts" in text) == bool(drawn)


def test_a_site_called_any_is_not_taken_for_the_nearest_of_all(network: RoadNetwork) -> None:
    sites = points(network, [("any", "", 2_050, 20), ("S2", "", 8_500, 290)], "site")
    shapes = isochrones(network, sites.points, (5, 10))
    page = page_of(network, isochrones=shapes)
    assert [band["code"] for band in data_of(page)["around"]] == ["", "any", "S2"]
    km2 = float(shapes.loc[shapes["nearest_of_all"] & (shapes["minutes"] == 10), "km2"].iloc[0])
    assert f"{km2:.1f}" in text_of(page).split("Square kilometres")[1].split("No way to any")[0]


def test_a_case_on_straight_lines_has_no_such_page(tmp_path: Path) -> None:
    page = write_check(check_case(write_small_case(tmp_path / "case")), tmp_path / "out")
    assert not (page.parent / "roads.html").exists()
    assert "roads.html" not in page.read_text(encoding="utf-8")


def test_isochrones_of_the_nearest_alone_are_those_beside_the_others(network: RoadNetwork) -> None:
    sites = points(network, [("S1", "", 2_050, 20), ("S2", "", 8_500, 290)], "site").points
    every, alone = isochrones(network, sites, (5, 10)), isochrones(network, sites, (5, 10), alone=())
    one = isochrones(network, sites, (5, 10), alone=[1])
    assert list(every["site_code"]) == ["S1", "S1", "S2", "S2", "", ""]
    assert list(one["site_code"]) == ["S2", "S2", "", ""]
    assert alone.geometry.geom_equals(every.geometry.iloc[4:].reset_index(drop=True)).all()
    assert one.geometry.geom_equals(every.geometry.iloc[2:].reset_index(drop=True)).all()


# ------------------------------------------------------------------------------------------------------- in a browser


def number(driver: webdriver.Chrome, selector: str) -> int:
    return driver.execute_script("return document.querySelectorAll(arguments[0]).length", selector)


def nothing_ran(driver: webdriver.Chrome) -> None:
    with pytest.raises(NoAlertPresentException):
        _ = driver.switch_to.alert
    assert driver.get_log("browser") == []


@pytest.mark.browser
def test_opens_without_a_request_or_a_word_on_the_console(browser, page: str, tmp_path: Path) -> None:
    path = open_page(browser, page, tmp_path)
    assert asks_for_nothing(browser, path)


@pytest.mark.browser
def test_has_its_layers_and_draws_what_is_in_them(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    labels = "document.querySelectorAll('.leaflet-control-layers-overlays label')"
    named = browser.execute_script(f"return Array.from({labels}).map(l => l.textContent.trim())")
    assert named == [
        "Within minutes of a site",
        "Roads: speed limit in the map data",
        "Roads: named limit in the map data, such as the national limit",
        "Roads: no limit in the map data: class of road, in the country",
        "Roads: ferry",
        "Cut off from the rest: not used",
        "Ways from points to their road",
        "Where journeys begin (areas)",
        "Where journeys end (sites)",
    ]
    assert number(browser, ".leaflet-roads-roads-pane canvas") == 1
    assert number(browser, ".leaflet-roads-origins-pane path") == 4
    assert number(browser, ".leaflet-roads-sites-pane .dest-mark") == 2
    assert number(browser, ".leaflet-roads-bands-pane path") == 2
    assert number(browser, ".leaflet-roads-legs-pane path.leg-far") == 1
    assert number(browser, ".leaflet-roads-legs-pane path") == 5  # one point is joined to no road
    assert browser.find_element(By.CSS_SELECTOR, ".leg-label").text == "800 m"


@pytest.mark.browser
def test_a_road_tells_its_name_class_speed_source_and_way(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    # the middle of High Street, by a click on the canvas; a change of the window's size would show the whole map again
    lon, lat = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True).transform(WEST + 1_000, SOUTH)
    box = browser.find_element(By.CSS_SELECTOR, ".folium-map")

    def told_after_a_click(_: object) -> str | None:
        browser.execute_script(f"map_roads.off('resize'); map_roads.setView([{lat}, {lon}], 15, {{animate: false}})")
        webdriver.ActionChains(browser).scroll_to_element(box).move_to_element(box).click().perform()
        popups = [popup.text for popup in browser.find_elements(By.CSS_SELECTOR, ".leaflet-popup-content")]
        return next((text for text in popups if "High Street" in text), None)

    told = WebDriverWait(browser, 10).until(told_after_a_click)
    for words in ("A road (primary)", "km/h", "speed limit in the map data", "40 mph in the map data", "101"):
        assert words in told.replace("\u00a0", " ")


@pytest.mark.browser
def test_the_keyboard_asks_for_the_road_in_the_middle(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    button = browser.find_element(By.ID, "middle")
    browser.execute_script("arguments[0].focus()", button)
    assert browser.execute_script("return getComputedStyle(document.querySelector('.cross')).display") == "block"
    button.send_keys("\ue007")
    said = browser.find_element(By.ID, "middle-said").text
    assert re.search(r"Class: .*Speed: \d+ km/h.*Its source: .*OpenStreetMap way: 10\d\.", said.replace("\u00a0", " "))
    browser.execute_script(
        "Object.values(map_roads._layers).filter(l => l.eachLayer).forEach(l => map_roads.removeLayer(l))"
    )
    button.send_keys("\ue007")
    assert browser.find_element(By.ID, "middle-said").text == "No road is shown."


@pytest.mark.browser
def test_isochrones_of_another_site_can_be_chosen(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    options = [option.text for option in browser.find_elements(By.CSS_SELECTOR, "#around option")]
    assert options == ["the nearest site", "Beta", "Gamma"]
    shapes = (
        "return Array.from(document.querySelectorAll('.leaflet-roads-bands-pane path')).map(p => p.getAttribute('d'))"
    )
    first = browser.execute_script(shapes)
    choose = "var s = document.getElementById('around'); s.value = arguments[0]; s.dispatchEvent(new Event('change'))"
    browser.execute_script(choose, "2")
    assert browser.execute_script(shapes) != first
    browser.execute_script(choose, "0")
    assert browser.execute_script(shapes) == first


@pytest.mark.browser
def test_hostile_names_do_not_run(browser, hostile_page: str, tmp_path: Path) -> None:
    open_page(browser, hostile_page, tmp_path)
    nothing_ran(browser)
    browser.execute_script("document.getElementById('middle').click()")
    for selector in (".leaflet-roads-sites-pane .site-icon", ".leaflet-roads-origins-pane path"):
        browser.execute_script(
            "document.querySelectorAll(arguments[0])"
            ".forEach(e => e.dispatchEvent(new MouseEvent('click', {bubbles: true})))",
            selector,
        )
    browser.execute_script("document.querySelector('details.note').open = true")
    nothing_ran(browser)
    assert number(browser, ".leaflet-popup-content img, .leaflet-popup-content script") == 0
    assert number(browser, "main img") == 0


@pytest.mark.browser
def test_fits_a_phone(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path, width=390)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    small = browser.execute_script(
        "return Array.from(document.querySelectorAll('#middle, #around, .leaflet-bar a'))"
        ".filter(e => e.getBoundingClientRect().height < 24).length"
    )
    assert small == 0
