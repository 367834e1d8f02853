"""The check of the travel tables: whole runs agree, every single damaged cell is named, and its own parts by hand."""

from __future__ import annotations

import csv
import json
import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.tables.readers import sha256_of
from grouping.pipeline import prepare
from grouping.plan import Plan, ServiceSites
from grouping.prepared import Prepared
from grouping.run_folder import plan_of
from grouping.verify import travel_cells
from grouping.verify.record import Line
from grouping.verify.travel import Ground, Measured, check_pack, check_travel
from grouping.verify.travel_people import poured
from grouping.verify.travel_prompts import check_prompts
from grouping.verify.travel_trips import Trip
from tests.grouping.verify.travelled_case import write_travelled_case, write_travelled_run

RECORD_CLAIM = "impact.json"
BEFORE = ServiceSites(("X00001-1", "X00005-1"), {"X00007": ("X00007-2",)})
TABLES = (
    "people", "summary", "inequality", "practices", "groups", "communities", "scenarios", "robust", "list_changes",
    "mitigation", "mitigation_sites", "places",
)  # fmt: skip
WORDS = {"people": {"carried", "label"}}
"""Texts that only the unchanged file as a whole vouches for."""


@dataclass(frozen=True)
class Run:
    """A run, its case, and what the check derives of them."""

    folder: Path
    ready: Prepared
    ground: Ground
    named: dict[str, dict[str, tuple[str, str]]]

    def check(self, folder: Path) -> list[Line]:
        return check_pack(folder, self.ground, self.named)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    home = tmp_path_factory.mktemp("travel")
    case = write_travelled_case(home / "case")
    folder = write_travelled_run(home / "run", case)
    ready = prepare(case, listing=False)
    options = {option: folder / "options" / option for option in ("option-1", "option-2")}
    measured = Measured.of(ready.place, ready.settings.roads, ready.case_dir, ready.times)
    plans = {option: plan_of(own / "plan.csv") for option, own in options.items()}
    return Run(
        folder / "impact",
        ready,
        Ground(ready.evidence, plans, BEFORE, measured),
        {
            option: {row["group_id"]: (row["name"], row["kind"]) for row in rows(own / "groups.csv")}
            for option, own in options.items()
        },
    )


@pytest.fixture
def pack(run: Run, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(run.folder, tmp_path / "impact"))


@pytest.fixture(autouse=True)
def all_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fault is told, not the first few."""
    monkeypatch.setattr(travel_cells, "SHOWN", 10_000)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def write(path: Path, table: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def change(path: Path, edit: Callable[[list[dict[str, str]]], object]) -> None:
    table = rows(path)
    edit(table)
    write(path, table)


def faults(lines: list[Line]) -> str:
    """What is wrong with the tables; that a file was changed at all is told elsewhere."""
    return "; ".join(detail for _, _, claim, agrees, detail in lines if not agrees and RECORD_CLAIM not in claim)


# --- A whole run -----------------------------------------------------------------------------------------------------


def test_a_run_agrees_with_all_that_is_derived_anew(run: Run) -> None:
    lines = check_travel(
        run.folder, run.ground.plans, run.ready.evidence, BEFORE, measured=run.ground.measured, named=run.named
    )
    assert [line for line in lines if not line[3]] == []
    assert len(lines) == 14
    assert {kind for _, kind, *_ in lines} == {"figure"}


def test_the_run_holds_every_table_with_rows(run: Run) -> None:
    assert {name for name in TABLES if not rows(run.folder / f"{name}.csv")} == set()


def test_without_the_other_minutes_what_is_by_car_is_checked_all_the_same(run: Run, pack: Path) -> None:
    def lines() -> list[Line]:
        return check_travel(pack, run.ground.plans, run.ready.evidence, BEFORE)

    assert faults(lines()) == ""
    change(pack / "summary.csv", lambda table: table[0].update(mean="1.5"))
    assert "summary.csv row 2, mean: written 1.5, should be" in faults(lines())


def test_a_partial_plan_without_anything_before(run: Run, tmp_path: Path) -> None:
    from grouping.impact.about import about_of  # noqa: PLC0415 - only here is a pack made from a plan
    from grouping.impact.assemble import impact_of  # noqa: PLC0415
    from grouping.impact.pack import write_pack  # noqa: PLC0415

    plans = {"part": Plan(run.ground.plans["option-1"].groups[1:])}
    pack = write_pack(impact_of(run.ready, plans), tmp_path / "part", about_of(run.ready))
    lines = check_travel(pack, plans, run.ready.evidence, measured=run.ground.measured)
    assert [line for line in lines if not line[3]] == []


# --- Single cells ----------------------------------------------------------------------------------------------------


def _edits(name: str, table: list[dict[str, str]]) -> Iterator[list[tuple[int, str]]]:
    """Rounds of cells to damage, never two in one row; every column of the table once."""
    columns = [column for column in table[0] if column not in WORDS.get(name, ())]
    # what is wrong with one step is told before the steps after it are looked at
    rounds = len(columns) if name == "mitigation_sites" else math.ceil(len(columns) / len(table))
    for k in range(rounds):
        mine = columns[k::rounds]
        step = max(len(table) // len(mine), 1)
        yield [(n * step, column) for n, column in enumerate(mine)]


def _damaged(cell: str) -> str:
    """Another cell: a number that is a little off, or another text."""
    try:
        return f"{float(cell) + 0.002:.3f}"
    except ValueError:
        return f"{cell}5"


@pytest.mark.parametrize("name", TABLES)
def test_every_damaged_cell_is_named(run: Run, pack: Path, name: str) -> None:
    path = pack / f"{name}.csv"
    sound = rows(path)
    for edits in _edits(name, sound):
        table = [dict(row) for row in sound]
        for number, column in edits:
            table[number][column] = _damaged(table[number][column])
        write(path, table)
        told = faults(check_prompts(pack, run.ground) if name.startswith("mitigation") else run.check(pack))
        missed = [(number, column) for number, column in edits if f"{name}.csv row {number + 2}" not in told]
        assert missed == []


def test_rows_that_are_missing_or_stand_there_twice_are_named(run: Run, pack: Path) -> None:
    sound = {name: rows(pack / f"{name}.csv") for name in TABLES}
    for name, table in sound.items():
        write(pack / f"{name}.csv", table[:-1] if len(table) > 1 else [dict.fromkeys(table[0], "")])
    told = faults(run.check(pack))
    assert {name for name in TABLES if f"{name}.csv" not in told} == set()
    for name, table in sound.items():
        write(pack / f"{name}.csv", [*table, table[0]])
    told = faults(run.check(pack))
    assert {name for name, table in sound.items() if f"{name}.csv row {len(table) + 2}" not in told} == set()


def test_a_cell_is_told_with_what_it_should_be(run: Run, pack: Path) -> None:
    right = rows(run.folder / "practices.csv")[5]["people"]
    change(pack / "practices.csv", lambda table: table[5].update(people="7", mean_after="soon", name=""))
    told = faults(run.check(pack))
    assert f"practices.csv row 7, people: written 7, should be {float(right):g}" in told
    assert "practices.csv row 7, mean_after: written soon, should be" in told
    assert "practices.csv row 7, name: written nothing, should be" in told


def test_two_communities_that_change_their_ranks_are_named(run: Run, pack: Path) -> None:
    def swap(table: list[dict[str, str]]) -> None:
        table[0]["rank"], table[1]["rank"] = table[1]["rank"], table[0]["rank"]

    part = [row for row in rows(pack / "communities.csv") if row["journey"] == "hub" and row["mode"] == "car"]
    assert float(part[0]["change"]) - float(part[1]["change"]) > 0.01  # they are not as badly off as one another
    others = [row for row in rows(pack / "communities.csv") if row not in part]
    write(pack / "communities.csv", part + others)
    assert faults(run.check(pack)) == ""
    change(pack / "communities.csv", swap)
    assert "communities.csv row 2, rank: written 2, should be 1" in faults(run.check(pack))


def test_a_difference_of_routine_care_is_named_however_small(run: Run, pack: Path) -> None:
    change(pack / "summary.csv", lambda table: table[3].update(mean_change="0.0004"))
    assert "summary.csv row 5, mean_change: written 0.0004, should be 0" in faults(run.check(pack))


def test_parts_that_do_not_add_up_are_told(run: Run, pack: Path) -> None:
    change(pack / "communities.csv", lambda table: table[0].update(people=str(float(table[0]["people"]) + 9)))
    told = [detail for _, _, claim, _, detail in run.check(pack) if "adds up" in claim]
    assert "communities.csv, option-1, routine, car: people adds up to 102,509.000, all are 102,500.000" in told[0]


def test_a_number_in_a_sentence_that_is_nobodys_is_told(run: Run, pack: Path) -> None:
    change(pack / "places.csv", lambda table: table[1].update(sentence=f"{table[1]['sentence']} In 77 of 100 cases."))
    told = faults(run.check(pack))
    assert "places.csv row 3, sentence: 77 is no figure of this community" in told
    assert "100 is no figure of this community" in told


# --- Damaged folders -------------------------------------------------------------------------------------------------


def test_nothing_there_is_told(run: Run, tmp_path: Path) -> None:
    ((_, _, _, agrees, detail),) = run.check(tmp_path)
    assert not agrees
    assert "holds no impact.json" in detail


def test_tables_that_cannot_be_read_are_told(run: Run, pack: Path) -> None:
    for name in TABLES:
        (pack / f"{name}.csv").write_bytes(b"\xff\xfe\x00 not a table\n\x81")
    told = faults(run.check(pack))
    assert {name for name in TABLES if f"{name}.csv" not in told} == set()
    for name in TABLES:
        (pack / f"{name}.csv").unlink()
    lines = run.check(pack)
    of_record = next(detail for _, _, claim, _, detail in lines if RECORD_CLAIM in claim)
    for said in (faults(lines), of_record):
        assert {name for name in TABLES if f"{name}.csv is missing" not in said} == set()


def test_a_table_without_one_of_its_columns_is_told(run: Run, pack: Path) -> None:
    for name in TABLES:
        table = rows(pack / f"{name}.csv")
        column = list(table[0])[-1]
        write(pack / f"{name}.csv", [{key: cell for key, cell in row.items() if key != column} for row in table])
    told = faults(run.check(pack))
    assert {name for name in TABLES if f"{name}.csv lacks the columns" not in told} == set()


def test_a_column_that_nobody_vouches_for_is_told(run: Run, pack: Path) -> None:
    change(pack / "groups.csv", lambda table: [row.update(saving="1000000") for row in table])
    assert "groups.csv has columns that nothing vouches for: saving" in faults(run.check(pack))


def test_a_file_that_was_changed_or_added_is_told(run: Run, pack: Path) -> None:
    (pack / "equality.md").write_text("Nothing to see.", encoding="utf-8")
    (pack / "more.csv").write_text("x\n", encoding="utf-8")
    (line,) = [line for line in run.check(pack) if not line[3]]
    assert "equality.md was changed" in line[4]
    assert "more.csv is not of this pack" in line[4]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"public": True}, "public: written True, should be False"),
        ({"scenario": "winter"}, "scenario: written 'winter', should be ''"),
        ({"threshold_minutes": 30.0}, "threshold_minutes: written 30.0, should be 7.0"),
        ({"options": {"option-1": "Option 1"}}, "options: written ['option-1'], should be ['option-1', 'option-2']"),
        ({"before": ""}, "before: written '', the run compares with something"),
        ({"modes": [{"mode": "car"}]}, "modes: written car, should be"),
    ],
)
def test_a_record_of_something_else_is_told(run: Run, pack: Path, changes: dict, said: str) -> None:
    record = json.loads((pack / "impact.json").read_text(encoding="utf-8"))
    (pack / "impact.json").write_text(json.dumps(record | changes), encoding="utf-8")
    assert said in next(detail for _, _, claim, _, detail in run.check(pack) if RECORD_CLAIM in claim)


def test_a_damaged_record_is_told(run: Run, pack: Path) -> None:
    for text in ("", "[]", '{"files": 3, "modes": "car", "options": 7}'):
        (pack / "impact.json").write_text(text, encoding="utf-8")
        assert not run.check(pack)[0][3]


def test_a_run_without_options_is_told(run: Run) -> None:
    told = [line[4] for line in check_travel(run.folder, {}, run.ready.evidence, BEFORE) if not line[3]]
    assert told[-1] == "the run has no options"


def test_figures_of_another_plan_are_told(run: Run) -> None:
    first, second = run.ground.plans.values()
    other = replace(run.ground, plans={"option-1": second, "option-2": first})
    told = {claim for _, _, claim, agrees, _ in check_pack(run.folder, other, {}) if not agrees}
    assert {"travel: figures by population and setting", "travel: groups", "travel: communities"} <= told
    assert "travel: who the patients are" not in told


def test_the_record_of_an_edited_table_can_be_made_to_fit_and_the_figures_still_tell(run: Run, pack: Path) -> None:
    change(pack / "summary.csv", lambda table: table[0].update(p90="1.0"))
    record = json.loads((pack / "impact.json").read_text(encoding="utf-8"))
    record["files"]["summary.csv"] = sha256_of(pack / "summary.csv")
    (pack / "impact.json").write_text(json.dumps(record), encoding="utf-8")
    lines = run.check(pack)
    assert lines[0][3]
    assert "summary.csv row 2, p90: written 1.0" in faults(lines)


# --- Its own parts by hand -------------------------------------------------------------------------------------------


def test_people_are_poured_like_water() -> None:
    # the first row is full at 1; 8 people are left for weights 1 and 2
    assert poured([1.0, 1.0, 2.0], [1.0, 10.0, 10.0], 9.0) == pytest.approx([1.0, 8 / 3, 16 / 3])
    # both with a weight are full; what is left goes to the others by their room
    assert poured([5.0, 1.0, 0.0, 0.0], [2.0, 1.0, 30.0, 10.0], 11.0) == pytest.approx([2.0, 1.0, 6.0, 2.0])
    assert poured([0.0, 0.0], [3.0, 1.0], 9.0) == pytest.approx([3.0, 1.0])
    assert poured([], [], 5.0) == []


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), max_size=12), st.floats(0, 1))
def test_poured_people_fill_no_row_above_its_room(both: list[tuple[float, float]], part: float) -> None:
    weights, room = [weight for weight, _ in both], [most for _, most in both]
    total = part * math.fsum(room)
    held = poured(weights, room, total)
    assert math.fsum(held) == pytest.approx(total, abs=1e-6)
    assert all(-1e-9 <= number <= most + 1e-9 for number, most in zip(held, room, strict=True))


def test_figures_of_a_journey_by_hand() -> None:
    # 10 people go from 5 to 12 minutes, 20 from 40 to 20, 30 lose their route, 40 gain one of 31 minutes, and the plan
    # covers not the last row
    table = pd.DataFrame(
        {
            "counted": [True, True, True, True, False],
            "after": [12.0, 20.0, math.nan, 31.0, 1.0],
            "before": [5.0, 40.0, 9.0, math.nan, 1.0],
        }
    )
    people = pd.DataFrame({"all": [10.0, 20.0, 30.0, 40.0, 50.0], "few": [10.0, 0.0, 0.0, 0.0, 5.0]})
    figures = Trip(table, True, 30.0).figures(people)
    right = {
        "people": 100.0, "no_route": 30.0, "mean": (120.0 + 400.0 + 1240.0) / 70.0, "median": 31.0, "p90": 31.0,
        "longest": 31.0, "within_10": 0.0, "within_15": 0.1, "within_20": 0.3, "within_45": 0.7, "beyond": 40.0,
        "people_compared": 30.0, "mean_before": 850.0 / 30.0, "mean_after": 520.0 / 30.0, "mean_change": -11.0,
        "median_before": 40.0, "p90_before": 40.0, "longer_5": 10.0, "longer_10": 0.0, "shorter_5": 20.0,
        "newly_beyond": 0.0, "no_longer_beyond": 20.0, "lost_route": 30.0, "gained_route": 40.0,
        "change_in_patient_minutes": -330.0, "kept_no_site": 0.0,
    }  # fmt: skip
    assert figures.loc["all", list(right)].to_dict() == pytest.approx(right)
    few = {"people": 10.0, "mean": 12.0, "p90": 12.0, "longest": 12.0, "mean_change": 7.0}
    assert figures.loc["few", list(few)].to_dict() == few
    alone = Trip(table, False, 30.0).figures(people)
    assert math.isnan(alone.at["all", "people_compared"])
    assert alone.at["all", "beyond"] == 40.0


def test_where_a_share_is_met_exactly_either_of_two_quantiles_is_right() -> None:
    # half of the people are within 10 minutes to the last one: the next row is as right once fractions are added
    table = pd.DataFrame({"counted": True, "after": [10.0, 20.0], "before": math.nan})
    figures = Trip(table, False, 30.0).figures(pd.DataFrame({"all": [5.0, 5.0]}))
    assert figures.loc["all", ["median", "median+", "p90"]].tolist() == [10.0, 20.0, 20.0]
