"""From files to the impact, and the command `blueprint impact` as a planner uses it."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from geodata.errors import InputProblems
from grouping.cli import app
from grouping.impact.job import impact_case
from tests.small_case import write_small_case

TOWNS_AND_HILLS = {
    "west": ("X00001", "X00002", "X00003"),
    "east": ("X00004", "X00005"),
    "hills": ("X00006", "X00007", "X00008"),
}
ONE_TOWN = {"town": (*TOWNS_AND_HILLS["west"], *TOWNS_AND_HILLS["east"]), "hills": TOWNS_AND_HILLS["hills"]}
PATIENTS = 102_500


def call(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def write_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows([header, *rows])
    return path


def write_groups(path: Path, groups: dict[str, Sequence[str]]) -> Path:
    rows = [(code, name) for name, codes in groups.items() for code in codes]
    return write_rows(path, ("practice_code", "group_id"), rows)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_case(tmp_path_factory.mktemp("job") / "case")


@pytest.fixture(scope="module")
def plan(case: Path) -> Path:
    return write_groups(case.parent / "mine.csv", TOWNS_AND_HILLS)


@pytest.fixture(scope="module")
def run_folder(case: Path) -> Path:
    out = case.parent / "run"
    done = call("run", case, "--out", out, "--options", 2)
    assert done.exit_code == 0, done.output + done.stderr
    return out


def impact(case: Path, out: Path, *words: object):
    return call("impact", case, "--out", out, *words)


def written(case: Path, out: Path, *words: object) -> Path:
    done = impact(case, out, *words)
    assert done.exit_code == 0, done.output + done.stderr
    return out


def refused(case: Path, out: Path, *words: object) -> str:
    """What is told when nothing is written."""
    done = impact(case, out, *words)
    assert done.exit_code == 1, done.output + done.stderr
    assert not out.exists()
    assert "Traceback" not in done.stderr
    assert "fault of the program" not in done.stderr
    assert "Nothing was written" in done.stderr
    return done.stderr


def all_patients(folder: Path, journey: str = "hub", mode: str = "car") -> pd.DataFrame:
    """The rows of all patients in the summary, one an option and scenario."""
    table = pd.read_csv(folder / "summary.csv", dtype={"scenario": str})
    table["scenario"] = table["scenario"].fillna("")
    here = (table["journey"] == journey) & (table["mode"] == mode)
    return table[here & (table["population"] == "all") & (table["setting"] == "all")].set_index(["option", "scenario"])


# --- Plans --------------------------------------------------------------------------------------------------------


def test_the_impact_of_a_plan_from_a_file(case: Path, plan: Path) -> None:
    job = impact_case(case, [plan])
    found = job.impact
    assert found.option_ids == ("mine",)
    assert found.baseline == ""
    assert [mode for mode, _ in found.modes] == ["car", "walk"]
    assert dict(found.absent_modes).keys() == {"public-transport"}
    # the small case has no ferry, projections or housing
    assert [name for name, _, _ in found.scenarios] == ["", "peak", "winter", "slower", "faster", "other-rural"]
    assert {name for name, _ in found.untried} == {"no-ferry", "projected", "housing"}
    # the other definition of rural divides people otherwise; it is no test of minutes or ranks
    assert set(found.tables["summary"]["scenario"]) == {name for name, _, _ in found.scenarios}
    assert set(found.tables["scenarios"]["scenario"]) == {"", "peak", "winter", "slower", "faster"}
    assert not set(found.tables["list_changes"]["scenario"]) & {"other-rural"}
    assert set(found.tables["robust"]["scenarios"]) <= {5}
    assert len(set(job.findings)) == len(job.findings)
    assert found.tables["people"].query("population == 'all'")["people"].item() == pytest.approx(PATIENTS)
    assert (job.about.place, job.about.made_up, job.about.estimate) == ("Small case", True, True)
    assert job.about.run_id == ""
    groups = found.tables["groups"].query("journey == 'hub' and mode == 'car'").set_index("group_id")
    # 16,000 + 15,000 + 14,000, 17,000 + 16,000 and 9,000 + 8,000 + 7,500
    assert groups["people"].to_dict() == pytest.approx({"west": 45_000, "east": 33_000, "hills": 24_500})
    assert groups["kind"].to_dict() == {"west": "urban", "east": "urban", "hills": "rural"}


def test_the_figures_of_a_run_are_those_of_the_impact_of_its_options(case: Path, run_folder: Path) -> None:
    """The pack made of a run folder is the one inside it, file by file; the mean of a group is that of its page."""
    again = written(case, case.parent / "of-run", "--plan", run_folder)
    inside = sorted(path.name for path in (run_folder / "impact").iterdir())
    assert inside == sorted(path.name for path in again.iterdir())
    for name in inside:
        assert (again / name).read_bytes() == (run_folder / "impact" / name).read_bytes(), name
    assert json.loads((again / "impact.json").read_text(encoding="utf-8"))["run_id"]
    groups = pd.read_csv(again / "groups.csv").query("journey == 'hub' and mode == 'car'")
    for option in ("option-1", "option-2"):
        told = pd.read_csv(run_folder / "options" / option / "groups.csv").set_index("group_id")["mean_minutes_to_hub"]
        ours = groups[groups["option"] == option].set_index("group_id")["mean"]
        assert ours.to_dict() == pytest.approx(told.to_dict(), abs=0.01)


def test_plans_and_runs_together(case: Path, plan: Path, run_folder: Path) -> None:
    job = impact_case(case, [plan, run_folder], stress=False)
    assert job.impact.option_ids == ("mine", "option-1", "option-2")
    assert job.about.run_id == ""  # not all of them are of the run
    assert [name for name, _, _ in job.impact.scenarios] == [""]
    # the plan.csv of an option is called by its folder
    one = impact_case(case, [run_folder / "options" / "option-2" / "plan.csv"], stress=False)
    assert one.impact.option_ids == ("option-2",)
    left, right = (
        found.tables["summary"].query("option == 'option-2'").reset_index(drop=True)
        for found in (job.impact, one.impact)
    )
    pd.testing.assert_frame_equal(left, right)


def test_the_same_files_give_the_same_bytes(case: Path, plan: Path, tmp_path: Path) -> None:
    one, two = (written(case, tmp_path / name, "--plan", plan, "--before", plan) for name in ("one", "two"))
    names = sorted(path.name for path in one.iterdir())
    assert {"impact.html", "impact.xlsx", "summary.csv", "communities.csv", "equality.md"} <= set(names)
    for name in names:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_what_is_printed(case: Path, plan: Path, tmp_path: Path) -> None:
    done = impact(case, tmp_path / "out", "--plan", plan, "--before", plan, "--no-stress")
    assert "Grouping practices closes no site." in done.stdout
    assert "Before: the hubs of the plan in mine.csv, with 3 groups of 8 practices" in done.stdout
    assert (
        "minutes by car to the hub on average, 0 of 102,500 people beyond 30 minutes; more than 5 minutes longer than"
        " before: 0, more than 5 minutes shorter: 0 (of 102,500 people compared)"
    ) in done.stdout
    assert str(tmp_path / "out" / "impact.html") in done.stdout.replace("\n", "")
    as_json = impact(case, tmp_path / "json", "--plan", plan, "--no-stress", "--json")
    assert as_json.stdout == (tmp_path / "json" / "impact.json").read_text(encoding="utf-8")
    assert json.loads(as_json.stdout)["options"].keys() == {"mine"}


# --- Before -------------------------------------------------------------------------------------------------------


def test_a_plan_before_itself_changes_nothing(case: Path, plan: Path, tmp_path: Path) -> None:
    out = written(case, tmp_path / "out", "--plan", plan, "--before", plan)
    rows = all_patients(out)
    assert (rows[["mean_change", "longer_5", "shorter_5", "newly_beyond", "change_in_patient_minutes"]] == 0).all(
        axis=None
    )
    assert (rows["people_compared"] == PATIENTS).all()
    assert pd.read_csv(out / "robust.csv").empty


def test_against_a_plan_and_against_the_sites_where_services_run(case: Path, plan: Path, tmp_path: Path) -> None:
    """One hub for both towns against a hub for each is longer; every main site is at most as far as any hub."""
    hub = {"town": "X00001-1", "hills": "X00006-1"}
    rows = [(code, name, hub[name]) for name, codes in ONE_TOWN.items() for code in codes]
    one_town = write_rows(tmp_path / "one town.csv", ("practice_code", "group_id", "hub_site_code"), rows)
    job = impact_case(case, [one_town], before=plan, stress=False)
    assert job.impact.baseline.startswith("Before: the hubs of the plan in mine.csv")
    found = job.impact.tables["groups"].query("journey == 'hub' and mode == 'car'").set_index("group_id")
    assert found.loc["town", "change"] > 0
    sites = write_rows(
        tmp_path / "today.csv", ("site_code",), [(f"X0000{k}-1",) for k in range(1, 9)] + [("X00007-2",)]
    )
    against = impact_case(case, [one_town], before=sites, stress=False).impact
    assert "9 sites named in today.csv" in against.baseline
    # a plan is not what is there today; sites where services run are
    told = {
        one: " ".join(found.tables["places"]["sentence"]) for one, found in (("plan", job.impact), ("sites", against))
    }
    assert "longer than before" in told["plan"]
    assert "than today" not in told["plan"]
    assert "longer than today" in told["sites"]
    assert "than before" not in told["sites"]
    hub_rows = against.tables["summary"].query("journey == 'hub'")
    assert (hub_rows[["shorter_5", "no_longer_beyond", "gained_route"]] == 0).all(axis=None)
    routine = against.tables["summary"].query("journey == 'routine'")
    assert (routine["change_in_patient_minutes"] == 0).all()


# --- Site options -------------------------------------------------------------------------------------------------


def test_site_options_change_routine_care(case: Path, plan: Path, tmp_path: Path) -> None:
    options = write_rows(
        tmp_path / "options.csv",
        ("site_code", "change", "practice_code", "name", "kind", "x", "y"),
        [
            ("X00008-1", "consider further", "", "", "", "", ""),
            ("X00005-1", "move", "", "", "", 409_500, 103_500),
            ("NEW", "open", "X00006", "Orchard at the Cross", "branch", 402_000, 108_000),
        ],
    )
    out = written(case, tmp_path / "out", "--plan", plan, "--sites", options, "--no-stress")
    row = all_patients(out, "routine").loc[("mine", "")]
    assert row["kept_no_site"] == 7_500  # practice X00008 keeps none: its patients use those of X00006 and X00007
    assert row["people"] == PATIENTS
    assert row["no_route"] == 0
    # they are in none of the figures of the change, and have their own
    assert row["people_compared"] == PATIENTS - 7_500
    assert row["kept_no_site_after"] > row["kept_no_site_before"] > 0
    assert 0 <= row["kept_no_site_longer_5"] <= 7_500
    practices = pd.read_csv(out / "practices.csv").query("journey == 'routine' and mode == 'car'")
    change = practices.set_index("practice_code")["change"]
    assert change["X00008"] > 0
    assert change["X00006"] <= 0
    assert (change[["X00001", "X00002", "X00003", "X00004", "X00007"]] == 0).all()
    assert "Site options, a layer separate from grouping" in (out / "impact.html").read_text(encoding="utf-8")
    given = pd.read_csv(out / "site_options.csv")
    assert given["change"].tolist() == ["consider further", "move", "open"]
    # without them the same plan changes nothing
    plain = written(case, tmp_path / "plain", "--plan", plan, "--no-stress")
    assert all_patients(plain, "routine").loc[("mine", ""), "change_in_patient_minutes"] == 0
    assert not (plain / "site_options.csv").exists()


# --- Scenarios ----------------------------------------------------------------------------------------------------


def test_all_figures_under_one_scenario(case: Path, plan: Path, tmp_path: Path) -> None:
    out = written(case, tmp_path / "out", "--plan", plan, "--scenario", "slower", "--no-stress")
    record = json.loads((out / "impact.json").read_text(encoding="utf-8"))
    assert record["scenario"] == "slower"
    hub, own = all_patients(out), all_patients(out, "routine")
    usual = all_patients(written(case, tmp_path / "usual", "--plan", plan, "--no-stress"), "routine")
    # nine tenths of the speed; routine care is told under the one scenario that all figures are for
    assert hub.loc[("mine", "slower"), "mean"] == pytest.approx(hub.loc[("mine", ""), "mean"] / 0.9, abs=0.002)
    assert list(own.index) == [("mine", "slower")]
    assert own.loc[("mine", "slower"), "mean"] == pytest.approx(usual.loc[("mine", ""), "mean"] / 0.9, abs=0.002)


def test_a_scenario_under_which_nothing_differs_is_told(case: Path, plan: Path, tmp_path: Path) -> None:
    told = refused(case, tmp_path / "out", "--plan", plan, "--scenario", "no-ferry")
    assert "Straight lines know no ferries" in told
    assert "Use one of peak, winter, slower, faster, other-rural" in " ".join(told.split())


def test_an_unknown_scenario_is_told_at_once(case: Path, plan: Path, tmp_path: Path) -> None:
    done = impact(case, tmp_path / "out", "--plan", plan, "--scenario", "snow")
    assert done.exit_code == 2
    assert "winter" in done.stderr
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputProblems):
        impact_case(case, [plan], scenario="snow")


# --- What is refused ----------------------------------------------------------------------------------------------


def test_what_is_wrong_in_all_files_is_told_together(case: Path, plan: Path, tmp_path: Path) -> None:
    wrong = write_groups(tmp_path / "wrong.csv", {"G": ("X00001", "X99999", "X00001")})
    before = write_rows(tmp_path / "before.csv", ("site_code",), [("X00001-9",)])
    sites = write_rows(tmp_path / "sites.csv", ("site_code", "change"), [("X00001-1", "close"), ("NOBODY", "move")])
    told = refused(
        case,
        tmp_path / "out",
        *("--plan", plan),
        *("--plan", wrong),
        *("--plan", tmp_path / "missing.csv"),
        *("--plan", case),
        *("--before", before),
        *("--sites", sites),
    )
    said = " ".join(told.split())
    for part in (
        "wrong.csv",
        "X99999",
        "missing.csv",
        "not the folder of a run",
        "before.csv",
        "X00001-9",
        "sites.csv",
        "consider further",  # instead of a word that decides
        "NOBODY",
    ):
        assert part in said, part


def test_wrong_files_as_json(case: Path, tmp_path: Path) -> None:
    done = impact(case, tmp_path / "out", "--plan", tmp_path / "missing.csv", "--json")
    assert done.exit_code == 1
    problems = json.loads(done.stdout)
    assert "missing.csv" in json.dumps(problems)
    assert not (tmp_path / "out").exists()


def test_two_plans_with_one_name(case: Path, plan: Path, run_folder: Path, tmp_path: Path) -> None:
    twin = write_groups(tmp_path / "mine.csv", ONE_TOWN)
    assert "Two plans are called mine." in refused(case, tmp_path / "out", "--plan", plan, "--plan", twin)
    told = refused(case, tmp_path / "out", "--plan", run_folder, "--plan", run_folder)
    assert "Two plans are called run option-1." in told
    assert "Two plans are called run option-2." in told


@pytest.mark.parametrize("inside", ["{", "[]", '{"options": 3}', '{"options": [{"name": "option-1"}]}'])
def test_a_folder_that_only_looks_like_a_run(case: Path, tmp_path: Path, inside: str) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text(inside, encoding="utf-8")
    assert "not the folder of a run" in refused(case, tmp_path / "out", "--plan", folder)


@pytest.mark.parametrize("names", [[], [""], [".."], ["../.."], ["../../elsewhere"]])
def test_an_option_cannot_lead_out_of_the_folder_of_its_run(
    case: Path, plan: Path, tmp_path: Path, names: list[str]
) -> None:
    folder = tmp_path / "run"
    (folder / "options").mkdir(parents=True)
    for elsewhere in (tmp_path, folder, tmp_path / "elsewhere"):
        elsewhere.mkdir(exist_ok=True)
        (elsewhere / "plan.csv").write_bytes(plan.read_bytes())
    (folder / "run.json").write_text(json.dumps({"options": [{"id": name} for name in names]}), encoding="utf-8")
    assert "The run holds no option that can be read." in refused(case, tmp_path / "out", "--plan", folder)


def test_a_foreign_folder_is_left_alone(case: Path, plan: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "letters"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("Dear councillor", encoding="utf-8")
    done = impact(case, foreign, "--plan", plan)
    assert done.exit_code == 1
    assert "not an evidence pack" in done.stderr
    assert [path.name for path in foreign.iterdir()] == ["letter.txt"]
    done = impact(case, plan, "--plan", plan)
    assert done.exit_code == 1
    assert "this is a file, not a folder" in done.stderr
    assert plan.read_text(encoding="utf-8").startswith("practice_code")


def test_an_earlier_pack_is_replaced(case: Path, plan: Path, tmp_path: Path) -> None:
    out = written(case, tmp_path / "out", "--plan", plan, "--no-stress")
    (out / "left over.csv").write_text("from before", encoding="utf-8")
    other = write_groups(tmp_path / "other.csv", ONE_TOWN)
    written(case, out, "--plan", other, "--no-stress")
    assert set(all_patients(out).index.get_level_values("option")) == {"other"}
    assert not (out / "left over.csv").exists()
    # an error leaves the earlier one as it is
    kept = (out / "impact.json").read_bytes()
    assert impact(case, out, "--plan", tmp_path / "missing.csv").exit_code == 1
    assert (out / "impact.json").read_bytes() == kept


def test_names_from_files_stay_text(case: Path, plan: Path, tmp_path: Path) -> None:
    """A plan is called by its file, and a group by the planner: neither runs in a browser or a spreadsheet."""
    groups = {"<script>": TOWNS_AND_HILLS["west"], "b": TOWNS_AND_HILLS["east"], "c": TOWNS_AND_HILLS["hills"]}
    hostile = write_groups(tmp_path / "=1+1.csv", groups)
    out = written(case, tmp_path / "out", "--plan", hostile, "--no-stress")
    names = set()
    for file in out.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as handle:
            for row in csv.reader(handle):
                names |= set(row)
                assert not any(cell.startswith(("=", "@", "\t")) for cell in row), (file.name, row)
    assert any(name.endswith("=1+1") for name in names)
    page, plain = (
        (folder / "impact.html").read_text(encoding="utf-8")
        for folder in (out, written(case, tmp_path / "plain", "--plan", plan, "--no-stress"))
    )
    assert "=1+1" in page
    assert page.count("<script") == plain.count("<script")
    # a group whose name a spreadsheet would run is refused
    groups = {"=cmd()": TOWNS_AND_HILLS["west"]}
    assert "formula" in refused(case, tmp_path / "none", "--plan", write_groups(tmp_path / "cmd.csv", groups))


# --- For publication ----------------------------------------------------------------------------------------------


def test_for_publication_counts_are_rounded(case: Path, plan: Path, tmp_path: Path) -> None:
    out = written(case, tmp_path / "out", "--plan", plan, "--before", plan, "--public", "--no-stress")
    assert json.loads((out / "impact.json").read_text(encoding="utf-8"))["public"] is True
    people = pd.read_csv(out / "communities.csv", dtype=str)["people"].dropna()
    assert len(people)
    assert all(count == "*" or int(count) % 5 == 0 for count in people)


def test_the_room_offers_its_own_names() -> None:
    import grouping.impact  # noqa: PLC0415

    assert all(callable(getattr(grouping.impact, name)) for name in grouping.impact.__all__)
    with pytest.raises(AttributeError, match="no attribute"):
        _ = grouping.impact.nothing_like_it


def test_the_command_knows_every_scenario() -> None:
    from grouping.cli_impact import SCENARIO_NAMES  # noqa: PLC0415
    from grouping.impact.conditions import SCENARIOS  # noqa: PLC0415

    assert SCENARIO_NAMES == SCENARIOS
