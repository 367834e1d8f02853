"""What a public programme tells: no secret stands in any of its files, and none can be worked out from them."""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import replace
from itertools import product
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from typer.testing import CliRunner

from grouping.cli import app
from grouping.estates import estates_of
from grouping.growth import growth_of
from grouping.growth.forecast import Case, forecast_of
from grouping.pipeline import run_case
from grouping.programme.assemble import Programme, programme_of
from grouping.programme.folder import write_programme
from grouping.programme.ground import Ground
from grouping.programme.job import open_ground
from grouping.programme.public import PUBLISHED_TABLES, public_ground
from grouping.programme.settings import ProgrammeTables
from grouping.resources import resources_of
from grouping.rollout import public_rollout, rollout_of
from grouping.rollout.model import plan_rollout
from grouping.runs import write_run
from grouping.scorecard import scorecard_of
from tests.grouping.public.secret_case import FEW_AREA, SECRETS, said_by, write_secret_case
from tests.page_text import body_of

WORDS = (
    "Pepperpot", "Wellingtonboot", "Tambourine", "Rhododendron", "Marmalade", "Nightjar", "Quagmire", "Huckleberry",
    "Zeppelin", "8642", "8,642", "7.1313", "0.1717", "87654", "87,654", "43.21",
)  # fmt: skip
"""Marks in every private table, name of a file and setting of the planner."""

OPEN = ("Everybody may read this", "Agreed in the town hall", "Ratio of the board")
"""What the planner marked, or what is published anyway."""

SETTINGS = """\
[tables]
readiness = "Tambourine_ready.csv"
order = "Rhododendron_order.csv"
capacity = "Marmalade_room.csv"
scores = "Nightjar_scores.csv"
weights = "Quagmire_weights.csv"
engagement = "Huckleberry_said.csv"
history = "Zeppelin_history.csv"
ratios = "Pepperpot_ratios.csv"
[rollout]
late_weight = 7.1313
[estates]
modern = ["Wellingtonboot"]
major = ["Mouldywall"]
m2_per_1000 = 43.21
[site_options]
look = true
budget = 87654
cost_per_m2 = 1000
[resilience]
spare_share = 0.1717
"""
TABLES = {
    "Tambourine_ready": "practice_code,ready_from,note\nX00002,2018/19,Pepperpot\nX00005,later,Pepperpot\n",
    "Rhododendron_order": "kind,practices,after,wave,reason\nfirst,X00004,,,Pepperpot: two practices are vulnerable\n",
    "Marmalade_room": "practice_code,places\nX00001,8642\n",
    "Nightjar_scores": "option,criterion,score,who,note\n"
    + "".join(f"option-{n},Workforce,{n}.5,Wellingtonboot panel,Pepperpot\n" for n in (1, 2)),
    "Quagmire_weights": "criterion,weight\nQuality of care for all,43.21\nAccess for all,1\n"
    "Affordability and value for money,1\nWorkforce,1\nTime to deliver,1\nOther: research and education,1\n",
    "Huckleberry_said": "date,option,practice_code,place,role,said,changed,why_not,public\n"
    "2026-05-01,option-1,X00001,,Practice manager,Everybody may read this,Yes,,yes\n"
    "2026-05-02,option-1,X00006,Pepperpot Lane,Wellingtonboot nurse,Pepperpot,Pepperpot,Pepperpot,no\n"
    "2026-05-02,option-1,X00006,,Wellingtonboot nurse,Pepperpot,,,\n",
    "Zeppelin_history": "option,came_from,date,reason,public\n"
    "option-1,option-2,2026-01-01,Agreed in the town hall,yes\n"
    "option-2,Zeppelin_plan.csv,2026-01-01,Pepperpot,no\n",
    "Zeppelin_plan": "practice_code,group_id\n" + "".join(f"X0000{n},{'ABAB'[n % 4]}\n" for n in range(1, 9)),
    "Pepperpot_ratios": "resource,kind,amount,per_patients,source\nPharmacists,posts,1,30000,Ratio of the board\n"
    "Funding,money,3,1,Ratio of the board\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with marked secrets in every private column and table, and its run."""
    made = tmp_path_factory.mktemp("secret")
    case = write_secret_case(made / "case")
    sites = pd.read_csv(case / "sites.csv", dtype=str)
    sites.assign(condition=["Mouldywall", "Wellingtonboot"] * 4 + ["Mouldywall"]).to_csv(
        case / "sites.csv", index=False
    )
    with (case / "registrations.csv").open("a", encoding="utf-8") as handle:
        handle.write("X00004,E55,4\n")
    (case / "programme.toml").write_text(SETTINGS, encoding="utf-8")
    for name, text in TABLES.items():
        (case / f"{name}.csv").write_text(text, encoding="utf-8")
    write_run(run_case(case, options=2), made / "run", case_dir=case)
    return made


@pytest.fixture(scope="module")
def ground(folder: Path) -> Ground:
    return open_ground(folder / "run")


@pytest.fixture(scope="module")
def public(ground: Ground) -> Programme:
    return programme_of(ground, public=True)


@pytest.fixture(scope="module")
def files(public: Programme, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    made = tmp_path_factory.mktemp("for") / "all"
    write_programme(public, made)
    return sorted(path for path in made.rglob("*") if path.is_file())


def agreed(ground: Ground) -> Ground:
    """The same where the planner has decided that the years of the groups are told."""
    settings = ground.settings
    told = settings.model_copy(update={"rollout": settings.rollout.model_copy(update={"publish_years": True})})
    return replace(ground, inputs=replace(ground.inputs, settings=told))


# --- The files ---------------------------------------------------------------------------------------------------


def _held(paths: list[Path]) -> dict[str, list[str]]:
    found = {}
    for path in paths:
        said = f"{path.name}\n{said_by(path)}".casefold()
        if held := [word for word in (*SECRETS, *WORDS) if word.casefold() in said]:
            found[path.name] = held
    return found


def test_no_file_holds_a_secret_of_the_case_or_of_the_planner(files: list[Path]) -> None:
    assert {path.suffix for path in files} == {".html", ".xlsx", ".csv", ".json"}
    assert _held(files) == {}


def test_nor_does_one_whose_years_are_told(ground: Ground, tmp_path: Path) -> None:
    write_programme(programme_of(agreed(ground), public=True), tmp_path / "all")
    assert _held([path for path in (tmp_path / "all").rglob("*") if path.is_file()]) == {}


def test_the_secrets_would_be_found_and_what_is_open_is_there(
    ground: Ground, files: list[Path], tmp_path: Path
) -> None:
    write_programme(programme_of(ground), tmp_path / "inside")
    inside = _held([path for path in (tmp_path / "inside").rglob("*") if path.is_file()])
    found = {word for held in inside.values() for word in held}
    assert {word for word in WORDS if "," not in word} - found == set()
    said = "\n".join(map(said_by, files))
    assert [word for word in OPEN if word not in said] == []


def test_a_pack_with_the_programme_holds_none_either(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLUEPRINT_BROWSER", "none")
    words = ["pack", str(folder / "run"), "--out", str(tmp_path / "pack"), "--public", "--programme", "--no-pdf"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.stderr
    paths = [path for path in (tmp_path / "pack").rglob("*") if path.is_file()]
    assert any(path.name == "resources-groups.csv" for path in paths)
    assert not any(path.name == "rollout-groups.csv" for path in paths)
    assert _held(paths) == {}


PRIVATE_NAMES = (
    "site_option", "site option", "site_choice", "considered further", "consider further", "protect_sites",
    "resilience",
    "spare_share", "late_weight", "half_formed", "half-formed", "near_minutes", "ready_shares", "capacity.csv",
    "vulnerable_up_to", "judged_by", "must go first", "goes_first", "indicator of readiness", "not rated",
)  # fmt: skip


def test_private_parts_are_not_even_named(files: list[Path]) -> None:
    for path in files:
        said = said_by(path)
        if path.suffix == ".html":
            said = re.sub(r'<p class="public-note">.*?</p>', "", body_of(said), flags=re.DOTALL)
        held = [word for word in PRIVATE_NAMES if word in said.casefold()]
        assert held == [], path.name


def test_the_record_names_the_settings_that_the_public_parts_rest_on_and_no_others(files: list[Path]) -> None:
    record = json.loads(next(path for path in files if path.suffix == ".json").read_text(encoding="utf-8"))
    assert set(record["settings"]) == {"rollout", "growth"}
    assert set(record["settings"]["rollout"]) == {"first_year", "exceptions_count"}
    assert record["inputs"] == []
    assert record["run_id"] == ""


def test_every_table_of_the_planner_is_either_named_as_published_or_gone(ground: Ground) -> None:
    outside = public_ground(ground)
    assert set(ground.inputs.tables) > set(outside.inputs.tables)
    assert set(outside.inputs.tables) <= PUBLISHED_TABLES < set(ProgrammeTables.model_fields)
    assert outside.inputs.folder is None
    assert outside.ready is None


def test_everything_but_the_rollout_is_made_of_the_public_ground_alone(public: Programme, ground: Ground) -> None:
    """With other secrets, the same files: nothing in them can tell of these."""
    practices = ground.run.place.practices.assign(vulnerability=1.0)
    sites = ground.run.place.sites.assign(condition="other", annual_cost=1.0, tenure="other", scheme="other")

    place = replace(ground.run.place, practices=practices, sites=sites)
    tables = {name: table for name, table in ground.inputs.tables.items() if name in PUBLISHED_TABLES | {"order"}}
    inputs = replace(ground.inputs, tables=tables)
    ready = replace(ground.ready, place=place)
    other = programme_of(Ground(replace(ground.run, place=place), ground.option, inputs, ready), public=True)
    assert other.lines == public.lines
    for one, two in zip(public.tables, other.tables, strict=True):
        pd.testing.assert_frame_equal(one.table, two.table)


# --- In which wave a group starts ----------------------------------------------------------------------------------


def _of(programme: Programme, name: str) -> pd.DataFrame:
    return next(table.table for table in programme.tables if table.name == name)


def test_the_years_of_the_groups_are_not_told_where_they_rest_on_what_is_private(public: Programme) -> None:
    names = {table.name for table in public.tables if len(table.table)}
    assert "rollout-groups" not in names
    assert "resources-waves" not in names
    assert set(_of(public, "rollout-waves")) == {
        "wave", "target_share", "target_patients", "most_groups", "most_patients"
    }  # fmt: skip
    assert set(_of(public, "rollout-milestones")) == {"milestone", "wave", "target_share", "patients", "source"}
    assert "is not part of this public version" in public.parts["rollout"].lines[1]


def test_what_is_told_besides_is_what_is_known_inside(public: Programme, ground: Ground) -> None:
    inside = programme_of(ground)
    for name in ("resources-groups", "resources-totals", "rollout-waves", "rollout-milestones"):
        told, known = _of(public, name), _of(inside, name)
        exact = [column for column in told if "projected" not in column]
        exact = [column for column in exact if column != "given_by"]
        pd.testing.assert_frame_equal(told[exact], known[exact])


def test_years_that_the_planner_tells_are_those_from_inside(ground: Ground) -> None:
    inside, outside = programme_of(agreed(ground)), programme_of(agreed(ground), public=True)
    for name in ("rollout-groups", "rollout-waves", "resources-waves"):
        told, known = _of(outside, name), _of(inside, name)
        columns = [column for column in told if "projected" not in column]
        pd.testing.assert_frame_equal(told[columns], known[columns])
    assert "goes_first" not in _of(outside, "rollout-groups")


def _question(ground: Ground) -> object:
    question = rollout_of(ground).question
    assert question is not None
    return question


def test_the_years_would_tell_which_practices_are_vulnerable(ground: Ground) -> None:
    """Why they are held back: over all ratings there could be, the waves of the groups tell some apart from others."""

    question = _question(ground)
    size = [len(row) for row in question.ready]
    codes = sum(size)
    found: dict[tuple, set[tuple[bool, ...]]] = {}
    for said in product((False, True), repeat=min(codes, 6)):
        flat = (*said, *(False,) * (codes - len(said)))
        rows, at = [], 0
        for number in size:
            rows.append(flat[at : at + number])
            at += number
        ready = tuple(tuple(1 if one else 0 for one in row) for row in rows)  # a vulnerable practice is ready later
        schedule = plan_rollout(replace(question, vulnerable=tuple(rows), ready=ready, rules=()))
        assert schedule is not None
        formed = tuple(replace(question, ready=ready).formed(g, s) for g, s in enumerate(schedule.start))
        found.setdefault((schedule.start, formed), set()).add(said)
    certain = [held for held in found.values() if any(len({one[i] for one in held}) == 1 for i in range(len(said)))]
    assert len(certain) > 1  # not the same for whatever is the case: whoever reads the years learns of single practices


def test_a_rollout_that_rests_on_nothing_private_is_told_in_full(ground: Ground) -> None:

    place = replace(ground.run.place, practices=ground.run.place.practices.drop(columns="vulnerability"))
    inputs = replace(ground.inputs, tables={})
    bare = Ground(replace(ground.run, place=place), ground.option, inputs, ground.ready)
    inside = rollout_of(bare)
    outside = public_rollout(inside)
    assert outside.told
    assert (outside.start, outside.formed, outside.reached) == (inside.start, inside.formed, inside.reached)
    assert inside.start == rollout_of(public_ground(bare)).start  # anybody can work it out


# --- Lists of later years ------------------------------------------------------------------------------------------


def _with_homes(ground: Ground, *codes: str) -> Ground:
    """The same with a thousand planned homes in each of some areas."""
    areas = ground.run.place.areas
    at = [areas.loc[code].geometry.representative_point() for code in codes]
    told = {"name": list(codes), "dwellings": 1_000.0, "year": 2030, "x": [p.x for p in at], "y": [p.y for p in at]}
    place = replace(ground.run.place, housing=gpd.GeoDataFrame(told, geometry=at, crs=areas.crs))
    return replace(ground, run=replace(ground.run, place=place), ready=replace(ground.ready, place=place))


def _grown(ground: Ground) -> pd.Series:
    lists = forecast_of(Case.of(ground), ground.settings.growth).lists
    return lists.iloc[:, -1] - lists.iloc[:, 0]


def test_homes_where_few_patients_live_do_not_tell_whose_they_are(ground: Ground) -> None:
    built = _with_homes(ground, FEW_AREA)
    assert _grown(built).gt(1_000).sum() == 1  # inside all of them register with the practice of the three
    assert _grown(public_ground(built)).eq(0).all()


def test_numbers_that_are_hidden_change_no_table(ground: Ground) -> None:
    """Patients of a practice moved from one hidden number to another, with homes planned in both areas."""
    known = ground.run.place.registrations
    hidden = known[(known["practice_code"] == "X00004") & known["patients"].lt(8)]
    assert len(hidden) == 2
    other = known.copy()
    other.loc[hidden.index, "patients"] += [1.0, -1.0]
    told = []
    for registrations in (known, other):
        built = _with_homes(ground, *hidden["area_code"])
        place = replace(built.run.place, registrations=registrations)
        outside = public_ground(replace(built, run=replace(built.run, place=place)))
        grown = growth_of(outside)
        needs = resources_of(outside, public_rollout(rollout_of(ground)), grown)
        parts = (grown, needs, estates_of(outside), scorecard_of(outside, {}, {}))
        told.append(([part.lines for part in parts], [table for part in parts for table in part.tables]))
    (lines, tables), (other_lines, other_tables) = told
    assert lines == other_lines
    for one, two in zip(tables, other_tables, strict=True):
        pd.testing.assert_frame_equal(one.table, two.table)


def test_rows_stand_in_the_order_of_codes_whatever_the_order_of_the_files(folder: Path, tmp_path: Path) -> None:
    """A table that is sorted by rating or condition would tell both by the order of its rows."""
    shutil.copytree(folder / "case", tmp_path / "case")
    for name in ("practices", "sites"):
        path = tmp_path / "case" / f"{name}.csv"
        rows = list(csv.reader(path.open(encoding="utf-8", newline="")))
        with path.open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, lineterminator="\n").writerows([rows[0], *rows[:0:-1]])
    write_run(run_case(tmp_path / "case", options=2), tmp_path / "run", case_dir=tmp_path / "case")
    turned = programme_of(open_ground(tmp_path / "run"), public=True)
    straight = programme_of(open_ground(folder / "run"), public=True)
    for one, two in zip(straight.tables, turned.tables, strict=True):
        pd.testing.assert_frame_equal(one.table, two.table)
