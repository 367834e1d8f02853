"""A planner's own speed table: merged over the built-in one, and every mistake in it told at once."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.errors import Finding, InputProblems
from geodata.osm.tags import CLASS_INDEX, KMH_PER_MPH
from geodata.speed_table import built_in_text, speed_table, speeds_text
from geodata.speeds import Speeds, load_speeds


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path, text: str, profile: str | None = None) -> list[Finding]:
    with pytest.raises(InputProblems) as caught:
        load_speeds(profile, write(path, text))
    return list(caught.value.findings)


def mph(speeds: Speeds, name: str, *, built_up: bool = False) -> float:
    one = np.array([CLASS_INDEX[name]])
    no = np.array([False])
    return float(speeds.kmh(one, np.array([np.nan]), np.array([built_up]), dual=no, roundabout=no)[0] / KMH_PER_MPH)


# -------------------------------------------------------------------------------------------------------------- merging


def test_a_table_holds_only_what_differs(mine: Path):
    speeds = load_speeds(path=write(mine, "[class.unclassified]\nrural = 25\n[access]\nkmh = 5\n"))
    assert speeds.profile == "free-flow"
    assert speeds.access_kmh == 5.0
    assert mph(speeds, "unclassified") == pytest.approx(25)
    assert mph(speeds, "unclassified", built_up=True) == mph(load_speeds(), "unclassified", built_up=True)
    assert mph(speeds, "tertiary") == mph(load_speeds(), "tertiary")


def test_the_version_names_the_table(mine: Path):
    built_in = load_speeds().version
    assert load_speeds(path=write(mine, "[access]\nkmh = 5\n")).version == f"{built_in} + mine.toml"
    assert load_speeds(path=write(mine, 'version = "2024"\n')).version == f"{built_in} + mine.toml (2024)"
    assert load_speeds(path=write(mine, built_in_text())).version == f"{built_in} + mine.toml"


def test_a_copy_of_the_built_in_table_changes_no_speed(mine: Path):
    copy = load_speeds("peak", write(mine, built_in_text()))
    assert copy.table | {"version": ""} == load_speeds("peak").table | {"version": ""}


def test_a_copy_with_one_number_changed_keeps_all_other_sources(mine: Path):
    speeds = load_speeds(path=write(mine, built_in_text().replace("kmh = 15.0", "kmh = 5.0")))
    assert speeds.access_kmh == 5.0
    assert dict(speeds.sources())["walk"] == dict(load_speeds().sources())["walk"]


def test_numbers_of_ones_own_do_not_claim_the_built_in_source(mine: Path):
    text = """
        [class.unclassified]
        rural = 25
        [class.tertiary]
        rural = 34
        source = "Own counts"
        [access]
        kmh = 5
        [walk]
        source = "Checked on foot"
    """
    sources = dict(load_speeds(path=write(mine, text)).sources())
    assert sources["access"] == "Set in mine.toml, which names no source."
    assert sources["class.unclassified"] == "Set in mine.toml, which names no source."
    assert sources["class.tertiary"] == "Own counts"
    assert sources["class"] == dict(load_speeds().sources())["class"]
    assert sources["walk"].startswith("Checked on foot")


def test_a_profile_built_on_another_changes_single_factors(mine: Path):
    text = """
        [profile.school-run]
        based_on = "peak"
        title = "school run"
        sentence = "mornings in term time"
        source = "County counts 2023"
        junction = 2.0
        parking_minutes = 3
        access_kmh = 8
        [profile.school-run.built_up]
        residential = 0.5
        trunk = 0.6
    """
    speeds, peak, free = load_speeds(path=write(mine, text)), load_speeds("peak"), load_speeds()
    assert speeds.profile == "school-run", "the only profile of the table is meant"
    assert (speeds.title, speeds.profile_sentence) == ("school run", "mornings in term time")
    assert (speeds.parking_seconds, speeds.access_kmh) == (180.0, 8.0)
    assert speeds.junction_seconds("signals") == 2.0 * free.junction_seconds("signals")
    assert mph(speeds, "residential", built_up=True) == pytest.approx(0.5 * mph(free, "residential", built_up=True))
    assert mph(speeds, "trunk_link", built_up=True) == pytest.approx(0.6 * mph(free, "trunk_link", built_up=True))
    for name in ("primary", "primary_link", "service", "motorway"):
        for built_up in (False, True):
            assert mph(speeds, name, built_up=built_up) == mph(peak, name, built_up=built_up)
    sources = dict(speeds.sources())
    assert sources["profile.school-run"] == "County counts 2023"
    assert "profile.peak" in sources, "the factors that it keeps have their own source"
    assert load_speeds("peak", mine).table["profile"]["peak"] == peak.table["profile"]["peak"]


def test_profiles_may_be_built_on_each_other_in_any_order(mine: Path):
    text = """
        [profile.c]
        based_on = "b"
        [profile.b]
        based_on = "a"
        junction = 3
        [profile.a]
        [profile.a.rural]
        all = 0.5
        [profile.a.built_up]
        all = 0.5
        primary = 0.4
    """
    speeds = load_speeds("c", write(mine, text))
    assert mph(speeds, "primary", built_up=True) == pytest.approx(0.4 * 27)
    assert mph(speeds, "service") == pytest.approx(0.5 * 12)
    assert speeds.junction_seconds("gate") == 3 * load_speeds().junction_seconds("gate")
    assert speeds.profile_sentence == "profile c of mine.toml, built on b"
    assert load_speeds(path=mine).profile == "free-flow", "of several profiles none is meant"
    assert load_speeds("a", mine).junction_seconds("gate") == load_speeds().junction_seconds("gate")


def test_a_built_in_profile_can_be_changed_and_says_so(mine: Path):
    speeds = load_speeds("winter", write(mine, "[profile.winter.rural]\nunclassified = 0.3\n"))
    assert mph(speeds, "unclassified") == pytest.approx(9)
    assert mph(speeds, "primary") == mph(load_speeds("winter"), "primary")
    assert speeds.profile_sentence == "snow and ice with main roads gritted, changed by mine.toml"
    assert dict(speeds.sources())["profile.winter"] == "Set in mine.toml, which names no source."


def test_an_asked_profile_goes_before_the_only_one(mine: Path):
    write(mine, '[profile.slow]\nbased_on = "winter"\n')
    assert load_speeds(path=mine).profile == "slow"
    assert load_speeds("free-flow", mine).profile == "free-flow"
    with pytest.raises(InputProblems, match="Did you mean slow"):
        load_speeds("slwo", mine)


def test_the_text_for_caches_changes_with_either_table(mine: Path, monkeypatch: pytest.MonkeyPatch):
    write(mine, "[access]\nkmh = 5\n")
    first = speeds_text(mine)
    assert speeds_text() != first
    write(mine, "[access]\nkmh = 6\n")
    second = speeds_text(mine)
    assert second != first
    monkeypatch.setattr("geodata.speed_table.built_in_text", lambda: built_in_text() + "# newer\n")
    assert speeds_text(mine) != second


def test_windows_notepad_files_are_read(mine: Path):
    text = "[access]\r\nkmh = 5\r\n"
    for encoding in ("utf-8-sig", "utf-16"):
        mine.write_bytes(text.encode(encoding))
        assert load_speeds(path=mine).access_kmh == 5.0


# ------------------------------------------------------------------------------------------------------------- mistakes


def test_all_mistakes_are_told_at_once_with_key_line_value_and_fix(mine: Path):
    text = """version = 3
[class.unclasified]
rural = 20
[class.primary]
rural = 450
built_up = "slow"
[junction_seconds]
give_way = -4
[walk]
kmh = nan
[profile.mine]
based_on = "peek"
primary = 0.9
[profile.mine.rural]
primry = 0.9
all = true
[parkin]
minutes = 2
"""
    found = {finding.column: finding for finding in problems(mine, text)}
    assert set(found) == {
        "version",
        "class.unclasified",
        "class.primary.rural",
        "class.primary.built_up",
        "junction_seconds.give_way",
        "walk.kmh",
        "profile.mine.based_on",
        "profile.mine.primary",
        "profile.mine.rural.primry",
        "profile.mine.rural.all",
        "parkin",
    }
    lines = text.splitlines()
    for finding in found.values():
        assert finding.file == "mine.toml"
        assert finding.severity == "error"
        assert finding.fix
        assert finding.column.rpartition(".")[2] in lines[finding.row - 1], finding
    assert "unclassified" in found["class.unclasified"].fix
    assert found["class.primary.rural"].value == "450"
    assert "at most 100" in found["class.primary.rural"].message
    assert "at least 0" in found["junction_seconds.give_way"].message
    assert "Did you mean peak" in found["profile.mine.based_on"].fix
    assert "[profile.mine.rural]" in found["profile.mine.primary"].fix
    assert "primary" in found["profile.mine.rural.primry"].fix
    assert "parking" in found["parkin"].fix


@pytest.mark.parametrize("around", ["rural", "built_up"])
def test_a_profile_on_its_own_needs_a_factor_for_all_roads(mine: Path, around: str):
    other = {"rural": "built_up", "built_up": "rural"}[around]
    for text in (
        f"[profile.mine.{other}]\nall = 0.9\n",
        f"[profile.mine.{other}]\nall = 0.9\n[profile.mine.{around}]\nprimary = 0.8\n",
    ):
        (only,) = problems(mine, text)
        assert (only.code, only.column) == ("missing-key", f"profile.mine.{around}.all")
        assert "based_on" in only.fix


def test_a_wrong_factor_for_all_roads_is_not_called_missing_as_well(mine: Path):
    (only,) = problems(mine, "[profile.mine.rural]\nall = 0\n[profile.mine.built_up]\nall = 1\n")
    assert (only.column, only.code, only.row) == ("profile.mine.rural.all", "wrong-value", 2)


def test_profiles_that_go_round_in_circles_are_named(mine: Path):
    text = '[profile.a]\nbased_on = "b"\n[profile.b]\nbased_on = "a"\n[profile.c]\nbased_on = "a"\n'
    found = problems(mine, text)
    assert [(f.column, f.code, f.row) for f in found] == [
        ("profile.a.based_on", "speeds-based-on", 2),
        ("profile.b.based_on", "speeds-based-on", 4),
    ]
    (only,) = problems(mine, '[profile.a]\nbased_on = "a"\n')
    assert "built on itself" in only.message
    (only,) = problems(mine, '[profile.peak]\nbased_on = "winter"\n')
    assert "built in" in only.message


@pytest.mark.parametrize(
    ("text", "column", "word"),
    [
        ("[limits]\nbuilt_up = 25\n", "limits.built_up", "law"),
        ("[limits.names]\nurban = 'single'\n", "limits.names", "law"),
        ("[straight_line]\nspeed_kmh_rural = 60.0\n", "straight_line.speed_kmh_rural", "case.toml"),
    ],
)
def test_what_a_table_cannot_change_is_not_silently_ignored(mine: Path, text: str, column: str, word: str):
    (only,) = problems(mine, text)
    assert (only.code, only.column) == ("speeds-fixed", column)
    assert word in only.fix


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[limit_factor]\nfactor = [1.0, 0.9]\n", "7 limits and 2 factors"),
        ("[limit_factor]\nlimit_mph = []\nfactor = []\n", "0 limits"),
        ("[limit_factor]\nlimit_mph = [5, 20, 20, 40, 50, 60, 70]\n", "rise"),
        ("[limit_factor]\nfactor = [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 30]\n", "at most 3"),
        ('[profile."../x"]\nbased_on = "peak"\n', "name"),
        ("[class]\nprimary = 40\n", "section"),
        ("[profile]\npeak = 3\n", "section"),
        ("profile = 3\n", "section"),
        ("[profile.x]\nbased_on = 'peak'\nfit = { when = 1979-05-27 }\n", "true or false"),
        ("[ferry]\nqueue = 0.5\n", "at least 1"),
    ],
)
def test_each_mistake_is_one_finding(mine: Path, text: str, word: str):
    (only,) = problems(mine, text)
    assert word in f"{only.message} {only.fix}"
    assert only.row is not None or "limit_factor" not in text


def test_a_table_that_is_no_toml_or_not_there(mine: Path, tmp_path: Path):
    (only,) = problems(mine, "kmh = = 5")
    assert (only.code, only.row) == ("bad-toml", 1)
    (only,) = problems(mine, "a = " + "[" * 5000)
    assert only.code == "bad-toml"
    (only,) = problems(mine, "a = " + "9" * 5000)
    assert only.code == "bad-toml"
    mine.write_bytes(b'version = "caf\xe9"\n')
    with pytest.raises(InputProblems, match="UTF-8"):
        load_speeds(path=mine)
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(InputProblems, match="no such speed table"):
            load_speeds(path=path)
        with pytest.raises(InputProblems, match="no such speed table"):
            speeds_text(path)


LINES = built_in_text().splitlines()
VALUES = st.sampled_from(
    ["-1", "0", "1e9", "1" + "0" * 400, "nan", "inf", "true", '"x"', "[]", "[1]", "{}", "{ a = 1 }", "1979-05-27", "="]
)


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """The built-in table with lines taken out, doubled, misspelt or given other values."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.sampled_from(["drop", "double", "value", "letter", "cut", "header"]))
        line = lines[at]
        if kind == "drop":
            del lines[at]
        elif kind == "double":
            lines.insert(at, line)
        elif kind == "value":
            lines[at] = line.partition("=")[0] + "= " + draw(VALUES)
        elif kind == "letter" and line:
            spot = draw(st.integers(0, len(line) - 1))
            lines[at] = line[:spot] + draw(st.characters(codec="utf-8")) + line[spot + 1 :]
        elif kind == "cut":
            lines[at] = line[: draw(st.integers(0, len(line)))]
        else:
            lines[at] = draw(st.sampled_from(["[profile.new]", "[class]", "[[class]]", '[profile."a b"]', "[a.b.c]"]))
    return "\n".join(lines)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=mangled())
def test_a_mangled_table_is_either_sound_or_told_as_findings(mine: Path, text: str):
    mine.write_bytes(text.encode("utf-8"))
    try:
        table = speed_table(mine)
    except InputProblems as told:
        assert told.findings
        assert all(finding.message and finding.fix and finding.file == "mine.toml" for finding in told.findings)
        return
    for name in table.table["profile"]:
        speeds = Speeds(table.table, name)
        assert 0 < mph(speeds, "primary") < 200
        assert speeds.junction_seconds("gate") >= 0
        assert speeds.sources()
        assert speeds.profile_sentence


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(section=st.sampled_from(sorted(tomllib.loads(built_in_text()))), value=JSON_LIKE)
def test_any_value_for_a_section_is_sound_or_told(mine: Path, section: str, value: object):
    def toml(of: object) -> str:
        if isinstance(of, dict):
            return "{" + ", ".join(f"{toml(str(key))} = {toml(part)}" for key, part in of.items()) + "}"
        if isinstance(of, list):
            return "[" + ", ".join(toml(part) for part in of) + "]"
        if isinstance(of, bool):
            return "true" if of else "false"
        return str(of) if isinstance(of, int | float) else '"' + "".join(f"\\U{ord(c):08x}" for c in str(of)) + '"'

    mine.write_text(f"{section} = {toml(value)}\n", encoding="utf-8")
    try:
        speeds = load_speeds(path=mine)
    except InputProblems as told:
        assert all(finding.message and finding.fix for finding in told.findings)
    else:
        assert mph(speeds, "primary") > 0
