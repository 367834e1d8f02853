"""The check of a run folder notices whatever is changed in it, or in its case, after the run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from geodata.errors import InputProblems
from geodata.tables.readers import sha256_of
from grouping.pipeline import prepare, run_case, score_case
from grouping.run_folder import plan_of
from grouping.runs import write_run
from grouping.verify import Evidence
from grouping.verify.compared import check_comparisons
from grouping.verify.recheck import Recheck, recheck
from tests.small_case import write_small_case

OWN_FILES = "the files are as the run wrote them"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case and its run, side by side."""
    home = tmp_path_factory.mktemp("record")
    case = write_small_case(home / "case")
    write_run(run_case(case, options=3), home / "run", case_dir=case)
    assert recheck(home / "run").agrees
    return home


@pytest.fixture
def copy(home: Path, tmp_path: Path) -> Path:
    for name in ("case", "run"):
        shutil.copytree(home / name, tmp_path / name)
    return tmp_path


def wrong(result: Recheck) -> dict[str, str]:
    """Claims that do not agree, with their details."""
    lines = result.lines[~result.lines["agrees"]]
    assert result.agrees == lines.empty
    return dict(zip(lines["claim"], lines["detail"], strict=True))


def change_record(run: Path, change: Callable[[dict], object]) -> None:
    path = run / "run.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")


OF_OPTION = "what run.json says of the option"
NEARLY = "what is said of plans nearly as good fits the options"
FINDINGS = "the findings are those of the case"
REMARKS = "remarks on groups are those written in run.json"
LINES = "lines of the check of the option are those written in run.json"
PROOF = "the proof's numbers fit together"
CHANGES = {
    "rows of an input": (lambda r: r["inputs"][0].update(rows=7), "the input files are those of the run"),
    "licence of an input": (lambda r: r["inputs"][0].update(licence="MIT"), "the input files are those of the run"),
    "name of the case": (lambda r: r.update(case="Other"), "the case and the way it was timed are those of the run"),
    "invented or not": (lambda r: r.update(made_up=False), "the case and the way it was timed are those of the run"),
    "estimate or not": (
        lambda r: r["travel"].update(estimate=False),
        "the case and the way it was timed are those of the run",
    ),
    "a rule without effect": (
        lambda r: r["rules"]["rurality"].update(near_threshold=0.1),
        "the rules are those of the case",
    ),
    "kinds of hub": (lambda r: r["rules"]["hub"].update(kinds=[]), "the rules are those of the case"),
    "no proof": (lambda r: r.update(solver=None), PROOF),
    "no bound": (lambda r: r["solver"].update(bound=None, gap=None), PROOF),
    "bound": (lambda r: r["solver"].update(bound=r["solver"]["bound"] - 0.001), PROOF),
    "status": (lambda r: r["solver"].update(status="feasible"), PROOF),
    "an option taken out": (lambda r: r["options"].pop(), "the options are those in the folder"),
    "no options": (lambda r: r.update(options=[]), PROOF),
    "groups": (lambda r: r["options"][0].update(groups=9), OF_OPTION),
    "verified": (lambda r: r["options"][0].update(verified=False), OF_OPTION),
    "left out": (
        lambda r: r["options"][0].update(left_out=[{"practice_code": "X", "name": "X", "list_size": 4}]),
        OF_OPTION,
    ),
    "behind the best": (lambda r: r["options"][1].update(behind_best=0.5), OF_OPTION),
    "different from the best": (lambda r: r["options"][1].update(different_from_best=0.123), OF_OPTION),
    "band": (lambda r: r["options"][1].update(band=0.03, similar=False), OF_OPTION),
    "similar": (lambda r: r["options"][1].update(similar=not r["options"][1]["similar"]), OF_OPTION),
    "groups listed": (lambda r: r["solver"].update(candidates=r["solver"]["candidates"] + 1), PROOF),
    "no certificate": (lambda r: r["solver"].update(certificate={}), PROOF),
    "order of the stages": (lambda r: r["solver"]["certificate"]["stages"].reverse(), PROOF),
    "value of a stage": (lambda r: r["solver"]["certificate"]["stages"][0].update(value=7), PROOF),
    "bound of a stage": (lambda r: r["solver"]["certificate"]["stages"][2].update(bound=0.0), PROOF),
    "not proven by the certificate": (lambda r: r["solver"]["certificate"].update(proven=False), PROOF),
    "tolerance of near plans": (lambda r: r["near_optimal"].update(tolerance=0.02, covered=0.02), NEARLY),
    "number of near plans": (lambda r: r["near_optimal"].update(plans=0), NEARLY),
    "sentence about near plans": (lambda r: r["near_optimal"].update(sentence="There are many."), NEARLY),
    "all near plans known": (lambda r: r["near_optimal"].update(complete=not r["near_optimal"]["complete"]), NEARLY),
    "name of the run": (
        lambda r: r.update(run_id="0123456789ab"),
        "the run is named after its inputs, rules and plans",
    ),
    "a warning less": (lambda r: r["findings"].update(warning=r["findings"]["warning"] - 1), FINDINGS),
    "a note more": (lambda r: r["findings"].update(note=r["findings"]["note"] + 1), FINDINGS),
    "no findings": (lambda r: r.pop("findings"), FINDINGS),
    "a remark made up": (
        lambda r: r["options"][0]["notes"].append({"group_id": "G01", "kind": "oversize", "note": "Too large."}),
        REMARKS,
    ),
    "a line of the check reworded": (lambda r: r["options"][1]["verification"][3].update(detail="fine"), LINES),
    "a line of the check taken out": (lambda r: r["options"][1]["verification"].pop(), LINES),
    "a line of the check turned": (lambda r: r["options"][0]["verification"][0].update(agrees=False), LINES),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_false_statement_in_the_record_is_noticed(copy: Path, name: str) -> None:
    change, claim = CHANGES[name]
    change_record(copy / "run", change)
    assert claim in wrong(recheck(copy / "run"))


@pytest.mark.parametrize("file", ["report.html", "options/option-2/areas.csv", "options/option-2/groups.csv"])
def test_any_file_changed_by_hand_or_lost_is_noticed(copy: Path, file: str) -> None:
    path = copy / "run" / file
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert wrong(recheck(copy / "run")) == {OWN_FILES: f"{file} was changed"}
    if file == "report.html":
        path.unlink()
        assert wrong(recheck(copy / "run")) == {OWN_FILES: f"{file} is missing"}


@pytest.fixture(scope="module")
def scored(home: Path) -> Path:
    """A plan made by hand that breaks a rule: everybody in one group."""
    plan = home / "one.csv"
    codes = pd.read_csv(home / "case" / "practices.csv")["practice_code"]
    plan.write_text("practice_code,group_id\n" + "".join(f"{code},all\n" for code in codes), encoding="utf-8")
    return write_run(score_case(home / "case", plan), home / "scored", case_dir=home / "case")


@pytest.mark.parametrize(
    "change",
    [
        lambda notes: notes.pop(),
        lambda notes: notes[0].update(note="All is well."),
        lambda notes: notes[0].update(group_id="G01"),
        lambda notes: notes.append(notes[0]),
    ],
)
def test_a_remark_on_a_group_that_was_changed_is_noticed(scored: Path, tmp_path: Path, change: Callable) -> None:
    shutil.copytree(scored, tmp_path / "scored")
    case = scored.parent / "case"
    assert recheck(tmp_path / "scored", case_dir=case).agrees
    change_record(tmp_path / "scored", lambda r: change(r["options"][0]["notes"]))
    lines = recheck(tmp_path / "scored", case_dir=case).lines
    assert REMARKS in set(lines.loc[~lines["agrees"], "claim"])


def written_anew(run: Path, file: str) -> None:
    """Record a file that was changed as if the run had written it so."""
    change_record(run, lambda r: r["files"].update({file: sha256_of(run / file)}))


def test_a_finding_taken_out_is_noticed_even_where_the_record_fits(copy: Path) -> None:
    path = copy / "run" / "findings.csv"
    table = pd.read_csv(path, dtype=str)
    assert len(table) > 0
    table.iloc[1:].to_csv(path, index=False)
    severity = table.iloc[0]["severity"]
    change_record(copy / "run", lambda r: r["findings"].update({severity: r["findings"][severity] - 1}))
    written_anew(copy / "run", "findings.csv")
    assert "findings.csv lacks" in wrong(recheck(copy / "run"))[FINDINGS]


def test_the_finding_about_a_partial_plan_before_belongs_to_the_run(copy: Path) -> None:
    before = copy / "today.csv"
    before.write_text("practice_code,group_id,hub_site_code\nX00001,a,\nX00002,a,\n", encoding="utf-8")
    write_run(run_case(copy / "case", options=1, before=before), copy / "compared", case_dir=copy / "case")
    assert recheck(copy / "compared").agrees
    change_record(copy / "compared", lambda r: r["findings"].update(warning=r["findings"]["warning"] - 1))
    assert FINDINGS in wrong(recheck(copy / "compared"))


@pytest.mark.parametrize("name", ["minutes_area_to_site", "minutes_between_sites"])
def test_minutes_taken_out_of_a_matrix_are_noticed(copy: Path, name: str) -> None:
    path = copy / "run" / f"{name}.parquet"
    table = pd.read_parquet(path)
    table.loc[3, "minutes"] = float("nan")
    table.to_parquet(path)
    assert wrong(recheck(copy / "run"))[f"{name} is what the roads give"].startswith("1 of ")


@pytest.mark.parametrize("column", ["minutes", "reachable", "snap_from_m", "to"])
@pytest.mark.parametrize("name", ["minutes_area_to_site", "minutes_between_sites"])
def test_a_changed_matrix_is_noticed(copy: Path, name: str, column: str) -> None:
    path = copy / "run" / f"{name}.parquet"
    table = pd.read_parquet(path)
    other = {"minutes": table["minutes"][3] + 0.001, "reachable": False, "snap_from_m": 5.0, "to": "elsewhere"}
    table.loc[3, column] = other[column]
    table.to_parquet(path)
    assert f"{name} is what the roads give" in wrong(recheck(copy / "run"))


def test_the_reason_of_a_border_is_checked(copy: Path) -> None:
    path = copy / "run" / "adjacency.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("shared boundary", "planner", 1), encoding="utf-8")
    assert wrong(recheck(copy / "run"))["borders between catchments"] == "1 borders differ"


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("options/option-1/plan.csv", lambda t: t.drop(columns="hub_site_code")),
        ("options/option-1/plan.csv", lambda t: t.assign(hub_site_code=t["practice_code"] + "-1")),
        ("options/option-1/groups.csv", lambda t: pd.concat([t, t.iloc[:1]])),
        ("options/option-1/areas.csv", lambda t: pd.concat([t, t.iloc[:1]])),
        ("adjacency.csv", lambda t: pd.concat([t, t.iloc[:1]])),
    ],
)
def test_a_damaged_table_is_named(copy: Path, file: str, change: Callable) -> None:
    path = copy / "run" / file
    change(pd.read_csv(path, dtype=str)).to_csv(path, index=False)
    with pytest.raises(InputProblems, match=path.name):
        recheck(copy / "run")


def test_rules_of_the_case_changed_after_the_run_are_noticed(copy: Path) -> None:
    path = copy / "case" / "case.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "\n[rules.override.size]\nhard_maximum = 65000\n", encoding="utf-8")
    detail = wrong(recheck(copy / "run"))["the rules are those of the case"]
    assert detail == "size.hard_maximum: written 60000, the case gives 65000"


def test_options_may_differ_in_what_comes_after_the_score(copy: Path) -> None:
    settings = copy / "case" / "case.toml"
    order = '[rules.override.objective]\norder = ["score", "shortfall", "exceptions"]\n'
    size = "[rules.override.size]\nminimum_urban = 59000\nminimum_rural = 59000\n"
    settings.write_text(settings.read_text(encoding="utf-8") + "\n" + order + size, encoding="utf-8")
    run = run_case(copy / "case", options=3)
    assert len({option.headline["shortfall"] for option in run.options}) > 1
    write_run(run, copy / "score-first", case_dir=copy / "case")
    assert not wrong(recheck(copy / "score-first", case_dir=copy / "case"))


def test_a_run_with_other_rules_than_the_case_names_agrees(copy: Path) -> None:
    write_run(run_case(copy / "case", rules="pcn", options=1), copy / "pcn", case_dir=copy / "case")
    assert recheck(copy / "pcn").agrees


def test_an_input_changed_without_effect_on_any_figure_is_noticed(copy: Path) -> None:
    path = copy / "case" / "practices.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("Mill Lane", "Mill Road"), encoding="utf-8")
    told = wrong(recheck(copy / "run"))
    assert told["the input files are those of the run"] == "changed since the run: practices.csv"


def test_an_input_the_case_no_longer_names_is_noticed(copy: Path) -> None:
    def more(record: dict) -> None:
        record["inputs"].append(record["inputs"][0] | {"table": "adjacency", "file": "gone.csv"})

    change_record(copy / "run", more)
    assert wrong(recheck(copy / "run"))["the input files are those of the run"] == "changed since the run: gone.csv"


@pytest.mark.parametrize(
    ("by_hand", "kind", "agrees"), [(False, "rule", False), (True, "rule", True), (True, "figure", False)]
)
def test_a_broken_rule_counts_against_a_found_option_and_not_a_plan_by_hand(
    by_hand: bool, kind: str, agrees: bool
) -> None:
    lines = [("a", "figure", "sizes", True, ""), ("a", kind, "other", False, "")]
    table = pd.DataFrame(lines, columns=["option", "kind", "claim", "agrees", "detail"])
    assert Recheck(table, by_hand).agrees is agrees


def test_a_folder_of_an_option_too_many_is_noticed(copy: Path) -> None:
    (copy / "run" / "options" / "option-9").mkdir()
    assert "option-9" in wrong(recheck(copy / "run"))["the options are those in the folder"]


def test_a_border_taken_out_is_noticed(copy: Path) -> None:
    path = copy / "run" / "adjacency.csv"
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")
    assert wrong(recheck(copy / "run"))["borders between catchments"] == "1 borders differ"


def test_a_record_of_another_version_is_refused(copy: Path) -> None:
    change_record(copy / "run", lambda r: r.update(schema_version=2))
    with pytest.raises(InputProblems, match="another version"):
        recheck(copy / "run")


def proof_of(copy: Path, **solver: object) -> str | None:
    change_record(copy / "run", lambda r: r["solver"].update(**solver))
    return wrong(recheck(copy / "run")).get(PROOF)


def test_the_numbers_of_the_proof_are_checked_one_against_the_other(copy: Path) -> None:
    record = json.loads((copy / "run" / "run.json").read_text(encoding="utf-8"))
    best, scores = record["solver"]["objective"], [option["objective"] for option in record["options"]]
    assert "not the one proven" in proof_of(copy, objective=best * 1.1, bound=best * 1.1, gap=0.0)
    assert proof_of(copy, objective=best, bound=best, gap=0.01).startswith("the gap is not")
    assert "contradict" in proof_of(copy, bound=best * 0.9, gap=0.1)
    above = (best + max(scores)) / 2
    assert "scores below the proven bound" in proof_of(copy, bound=above, gap=(best - above) / best)
    assert proof_of(copy, bound=best, gap=0.0) is None


@pytest.mark.parametrize("off", [0.01, -0.01])
def test_how_far_an_option_lies_behind_is_checked_both_ways(copy: Path, off: float) -> None:
    def change(record: dict) -> None:
        record["options"][1]["behind_best"] += off

    change_record(copy / "run", change)
    assert "behind the best" in wrong(recheck(copy / "run"))[OF_OPTION]


def test_a_plan_that_is_an_earlier_option_again_is_noticed(copy: Path) -> None:
    folder = copy / "run" / "options"
    shutil.rmtree(folder / "option-3")
    shutil.copytree(folder / "option-2", folder / "option-3")

    def change(record: dict) -> None:
        record["options"][2] = record["options"][1] | {"id": "option-3", "similar": False, "band": 0.1}

    change_record(copy / "run", change)
    detail = wrong(recheck(copy / "run"))[OF_OPTION]
    assert "the same plan as an earlier option" in detail
    assert "only 0.0% of patients have other companions than in an earlier option" in detail


def test_a_band_that_the_score_lies_outside_of_is_noticed(copy: Path) -> None:
    def change(record: dict) -> None:
        assert record["options"][1]["behind_best"] > 0.1
        record["options"][1].update(band=0.1, similar=False)

    change_record(copy / "run", change)
    assert "which is not its band of 10%" in wrong(recheck(copy / "run"))[OF_OPTION]


def test_groups_that_are_not_numbered_in_order_are_noticed(copy: Path) -> None:
    folder = copy / "run" / "options" / "option-1"
    for name in ("plan.csv", "groups.csv"):
        text = (folder / name).read_text(encoding="utf-8")
        turned = text.replace("G01", "GXX").replace("G02", "G01").replace("GXX", "G02")
        (folder / name).write_text(turned, encoding="utf-8")
    assert "not numbered by their smallest code" in wrong(recheck(copy / "run"))[OF_OPTION]


def test_a_plan_by_hand_that_claims_a_proof_is_noticed(copy: Path) -> None:
    plan = copy / "run" / "options" / "option-1" / "plan.csv"
    write_run(score_case(copy / "case", plan), copy / "scored", case_dir=copy / "case")
    assert recheck(copy / "scored").agrees
    solver = json.loads((copy / "run" / "run.json").read_text(encoding="utf-8"))["solver"]
    change_record(copy / "scored", lambda r: r.update(solver=solver))
    assert wrong(recheck(copy / "scored"))[PROOF] == "a plan made by hand has no proof"


@pytest.fixture(scope="module")
def evidence(home: Path) -> Evidence:
    return prepare(home / "case").evidence


DIFFER = "how much any two options differ"
AGREE = "agreement.csv fits the options, the borders and itself"


def _cell(column: str, value: object, verdict: str | None = None) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Another value in the first row (of those with a verdict)."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        row = table.index[0] if verdict is None else table.index[table["verdict"] == verdict][0]
        table[column] = table[column].astype(object)
        table.loc[row, column] = value
        return table

    return change


@pytest.mark.parametrize(
    ("file", "change", "claim"),
    [
        ("option_differences.csv", _cell("different_share", 0.5), DIFFER),
        ("option_differences.csv", _cell("patients", 4), DIFFER),
        ("option_differences.csv", _cell("option_b", "option-7"), DIFFER),
        ("option_differences.csv", lambda table: table.iloc[1:], DIFFER),
        ("option_differences.csv", lambda table: table.drop(columns="patients"), DIFFER),
        ("agreement.csv", _cell("plans", 4_000), AGREE),
        ("agreement.csv", _cell("border", False), AGREE),
        ("agreement.csv", _cell("name_a", "Another Surgery"), AGREE),
        ("agreement.csv", _cell("practice_b", "X00001"), AGREE),
        ("agreement.csv", _cell("verdict", "settled-apart", "settled-together"), AGREE),
        ("agreement.csv", _cell("verdict", "choice", "settled-together"), AGREE),
        ("agreement.csv", _cell("together_share", 1.5), AGREE),
        ("agreement.csv", lambda table: table[table["verdict"] != "settled-together"], AGREE),
        ("agreement.csv", lambda table: pd.concat([table, table.iloc[:1]]), AGREE),
        ("agreement.csv", lambda table: table.drop(columns="verdict"), AGREE),
    ],
)
def test_a_table_of_comparisons_is_checked_even_where_the_record_fits_it(
    home: Path, evidence: Evidence, tmp_path: Path, file: str, change: Callable, claim: str
) -> None:
    run = home / "run"
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    for name in ("option_differences.csv", "agreement.csv"):
        table = pd.read_csv(run / name)
        (change(table) if name == file else table).to_csv(tmp_path / name, index=False)
    plans = {option["id"]: plan_of(run / "options" / option["id"] / "plan.csv") for option in record["options"]}
    told = {text: agrees for _, _, text, agrees, _ in check_comparisons(record, tmp_path, plans, evidence)}
    assert not told.pop(claim)
    assert all(told.values())


def test_a_lost_table_of_comparisons_is_noticed(copy: Path) -> None:
    for name in ("option_differences.csv", "agreement.csv"):
        (copy / "run" / name).unlink()
    told = wrong(recheck(copy / "run"))
    assert told[DIFFER] == "option_differences.csv cannot be read"
    assert told[AGREE] == "agreement.csv cannot be read"
