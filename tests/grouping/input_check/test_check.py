"""The check of a case: what its folder holds, what it says of findings, points and practices, and when it refuses."""

from __future__ import annotations

import ast
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from geodata.demo import write_demo_case
from geodata.errors import Finding, InputProblems
from grouping.cli import app
from grouping.input_check.checked import Checked, check_case
from grouping.input_check.drawn import draw, map_data, on_the_map
from grouping.input_check.facts import counts, largest_and_smallest, practice_lines
from grouping.input_check.folder import write_check
from grouping.input_check.kinds import ERROR, NOT_ERROR, effect_of, effects, finding_kinds, named_codes
from grouping.input_check.page import input_dates, verdict_lines
from grouping.input_check.placed import PLACED_COLUMNS, snap_spread, with_flags
from tests.conftest import REPOSITORY
from tests.real_cases import write_dorset_2016_case, write_isle_of_wight_case
from tests.small_case import PRACTICES, write_small_case

NOT_FINDINGS = {"figure", "rule"}
"""First words of lines of the verifier's ledger, whose function shares its name with one that takes a code."""


def call(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_case(tmp_path_factory.mktemp("check") / "case")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    return check_case(write_demo_case(tmp_path_factory.mktemp("demo") / "case"))


# ------------------------------------------------------------------------------------------------------- every effect


def _constants(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return _constants(node.body) | _constants(node.orelse)
    return set()


def _positions(trees: list[ast.Module]) -> dict[str, set[int]]:
    """Where functions and classes that make findings take the code: name -> number of the argument."""
    at: dict[str, set[int]] = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
            names = names[1:] if names[:1] in (["self"], ["cls"]) else names
        elif isinstance(node, ast.ClassDef):
            names = [part.target.id for part in node.body if isinstance(part, ast.AnnAssign)]
        else:
            continue
        if "code" in names and {"message", "fix", "check"} & set(names):
            at.setdefault(node.name, set()).add(names.index("code"))
    return at


def _assigned(node: ast.Assign) -> set[str]:
    """Codes that are put into a variable called `code`."""
    found = set()
    for target in node.targets:
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        for name, value in zip(names, values, strict=False):
            found |= _constants(value) if isinstance(name, ast.Name) and name.id == "code" else set()
    return found


def _looped(node: ast.For) -> set[str]:
    """Codes in the rows of `for ..., code in (...)`."""
    names = [getattr(name, "id", "") for name in getattr(node.target, "elts", [])]
    rows = [row for row in getattr(node.iter, "elts", []) if isinstance(row, ast.Tuple)]
    if "code" not in names:
        return set()
    return set().union(*(_constants(row.elts[names.index("code")]) for row in rows))


def _aliases(node: ast.Assign, at: dict[str, set[int]]) -> dict[str, set[int]]:
    """`told = record.warn if ... else record.note`: the same arguments under another name."""
    values = [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]
    known = [at[value.attr] for value in values if isinstance(value, ast.Attribute) and value.attr in at]
    return {target.id: known[0] for target in node.targets if known and isinstance(target, ast.Name)}


def codes_in_the_source() -> set[str]:
    """Every code that a finding of this program can have, read from its source."""
    files = [path for folder in ("geodata", "grouping") for path in sorted((REPOSITORY / folder).rglob("*.py"))]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    at, found = _positions(trees), set()
    for tree in trees:
        local = dict(at)
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                local |= _aliases(node, at)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                for keyword in node.keywords:
                    found |= _constants(keyword.value) if keyword.arg == "code" else set()
                for number in local.get(name, ()):
                    found |= _constants(node.args[number]) if number < len(node.args) else set()
            elif isinstance(node, ast.Assign):
                found |= _assigned(node)
            elif isinstance(node, ast.For):
                found |= _looped(node)
            elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 3:
                found |= {code for code in _constants(node.value.elts[2]) if "-" in code}  # message, fix, code
    return {code for code in found if re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", code)} - NOT_FINDINGS


def test_every_code_in_the_source_says_what_it_would_change() -> None:
    codes = codes_in_the_source()
    assert len(codes) > 100
    assert {"scaling-factor", "no-case-file", "outside-britain", "negative", "total-differs"} <= codes
    assert not codes - set(effects()), "write what these change into grouping/effects.toml"


def test_effects_are_plain_sentences() -> None:
    for code, about in effects().items():
        for sentence in (about.what, about.effect):
            assert sentence[0].isupper() or sentence.startswith("case.toml"), code
            assert sentence.endswith("."), code
            assert len(sentence) < 170, code


def test_an_unknown_code_gets_a_safe_general_sentence() -> None:
    assert effect_of(Finding("error", "a.csv", "odd", code="never-heard-of")) == ERROR
    assert effect_of(Finding("warning", "a.csv", "odd")) == NOT_ERROR


# ----------------------------------------------------------------------------------------------------------- findings


def test_kinds_stand_by_severity_then_number_with_a_few_examples() -> None:
    def made(severity: str, code: str, number: int) -> list[Finding]:
        return [Finding(severity, "f.csv", f"{code} {i}.", f"Fix {i % 2}.", i, code=code) for i in range(number)]

    kinds = finding_kinds([*made("note", "many", 9), *made("warning", "few", 1), *made("warning", "more", 7)])
    assert [(kind.severity, kind.code, kind.number, len(kind.examples)) for kind in kinds] == [
        ("warning", "more", 7, 5), ("warning", "few", 1, 1), ("note", "many", 9, 5),
    ]  # fmt: skip
    assert kinds[0].fixes == ("Fix 0.", "Fix 1.")
    assert kinds[0].examples[0] == "f.csv, row 0: more 0."
    for number in (3, 4):
        (kind,) = finding_kinds([Finding("note", "f.csv", f"{i}.", f"Fix {i}.", i, code="x") for i in range(number)])
        assert (len(kind.fixes), kind.more_fixes) == (3, number > 3)


def test_findings_that_were_only_counted_are_counted() -> None:
    told = [Finding("error", "f.csv", "no number", row=i, column="x", code="not-a-number") for i in range(20)]
    counted = Finding("error", "f.csv", "57 rows have this mistake; the first 20 are listed.", column="x",
                      code="not-a-number")  # fmt: skip
    other = Finding("error", "g.csv", "no number", row=2, column="x", code="not-a-number")
    (kind,) = finding_kinds([*told, counted, other])
    assert kind.number == 58
    assert all("57 rows" not in example for example in kind.examples)


def test_the_verdict_counts_rows_that_were_only_counted_and_no_error_is_overheard(demo: Checked) -> None:
    told = Finding("warning", "f.csv", "no number", row=2, column="x", code="odd")
    many = Finding("warning", "f.csv", "57 rows have this mistake; the first 20 are listed.", column="x", code="odd")
    checked = replace(demo, findings=(told, many))
    assert (checked.number("warning"), checked.number("error")) == (57, 0)
    assert "these 57 warnings" in verdict_lines(checked)[0]
    assert replace(demo, findings=(replace(told, severity="error"),)).verdict == "cannot run yet"
    assert replace(demo, findings=(replace(told, severity="note"),)).verdict == "can run"


def test_findings_name_practices_by_value_message_or_row() -> None:
    findings = [
        Finding("warning", "r.csv", "The registrations of J81012 are odd.", value="x"),
        Finding("warning", "r.csv", "several", value="J81012, J81013 and 2 more"),
        Finding("error", "p.csv", "list_size is negative.", row=7),
        Finding("note", "r.csv", "J810123 is another practice, Y/1 has an odd code"),
    ]
    named = named_codes(findings, ["J81012", "J81013", "J81014", "Y/1"], {("p.csv", 7): {"J81014"}})
    assert named == [{"J81012"}, {"J81012", "J81013"}, {"J81014"}, {"Y/1"}]


# ------------------------------------------------------------------------------------------------- a case that can run


def test_a_folder_holds_the_page_every_finding_and_every_point(small: Path) -> None:
    done = call("check", small)
    assert done.exit_code == 0, done.output + done.stderr
    folder = small / "check"
    assert sorted(path.name for path in folder.iterdir()) == ["check.html", "findings.csv", "placed.csv"]
    assert f"Page: {folder / 'check.html'}" in done.output
    assert "can run, but read the warnings" in done.output
    assert "Practices: 8" in done.output
    findings = pd.read_csv(folder / "findings.csv")
    assert list(findings.columns) == [
        "severity", "file", "row", "column", "value", "message", "fix", "code", "effect",
    ]  # fmt: skip
    assert findings["effect"].tolist() == [effect_of(finding).effect for finding in check_case(small).findings]
    assert len(findings) == len(check_case(small).findings)
    placed = pd.read_csv(folder / "placed.csv", keep_default_na=False)
    assert list(placed.columns) == list(PLACED_COLUMNS)
    assert len(placed) == 9 + 42
    first = placed.iloc[0]
    assert (first["code"], first["practice_code"], first["easting"], first["placed_by"], first["flagged"]) == (
        "X00001-1", "X00001", 401_000, "coordinates", "no",
    )  # fmt: skip


def test_names_a_spreadsheet_would_run_are_only_text_in_the_table_of_points(tmp_path: Path) -> None:
    case = write_small_case(tmp_path / "case", names={"X00001": "=1+1"})
    placed = pd.read_csv(write_check(check_case(case), tmp_path / "out").parent / "placed.csv", keep_default_na=False)
    assert placed.set_index("code").at["X00001-1", "name"] == "'=1+1"


def test_the_same_case_gives_the_same_bytes(small: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_check(check_case(small), tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
        assert b"\r" not in path.read_bytes()


def test_an_earlier_check_is_replaced_and_anything_else_is_left_alone(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert call("check", small, "--out", out).exit_code == 0
    (out / "check.html").write_text("old", encoding="utf-8")
    assert call("check", small, "--out", out).exit_code == 0
    assert (out / "check.html").stat().st_size > 10_000
    (out / "thesis.docx").write_text("precious", encoding="utf-8")
    done = call("check", small, "--out", out)
    assert done.exit_code == 1
    assert "thesis.docx" in done.stderr
    assert (out / "thesis.docx").read_text(encoding="utf-8") == "precious"
    done = call("check", small, "--out", small)
    assert done.exit_code == 1
    assert (small / "case.toml").is_file()


def test_json_holds_verdict_page_and_effects(small: Path, tmp_path: Path) -> None:
    record = json.loads(call("check", small, "--out", tmp_path / "j", "--json").stdout)
    assert record["verdict"] == "can run, but read the warnings"
    assert Path(record["page"]) == tmp_path / "j" / "check.html"
    assert (record["practices"], record["sites"], record["patients"]) == (8, 9, 102_500)
    assert all(finding["effect"] for finding in record["findings"])


def test_counts_stand_beside_the_figures_expected(tmp_path: Path) -> None:
    case = write_small_case(tmp_path / "case")
    edit(case / "practices.csv", "Old Forge Practice,Hills", "Old Forge Practice,")
    with (case / "case.toml").open("a", encoding="utf-8") as file:
        file.write("\n[totals]\npractices = 9\npatients = 102500\n")
    read = {line.label: line for line in counts(check_case(case))}
    assert (read["Practices"].number, read["Practices"].expected, read["Practices"].difference) == (8, 9, -1)
    assert read["Registered patients on the lists"].difference == 0
    assert read["Sites"].difference is None
    assert read["Sites"].remark == "8 main, 1 branch"
    assert (read["Areas"].number, read["Areas"].remark) == (42, "18 rural, 24 urban")
    assert read["Localities"].number == 3
    assert "estimated" not in read["Patients in the table of registrations"].remark
    assert "102,500 as published" in read["Patients in the table of registrations"].remark


def test_a_practice_has_its_own_line(tmp_path: Path) -> None:
    case = write_small_case(tmp_path / "case")
    edit(case / "practices.csv", "X00001,Harbour Street Surgery,West Town,16000", "X00001,Harbour,West Town,25000")
    rows = (case / "registrations.csv").read_text(encoding="utf-8").splitlines()
    (case / "registrations.csv").write_text("\n".join(row for row in rows if "X00008" not in row), encoding="utf-8")
    lines = {line.code: line for line in practice_lines(check_case(case))}
    harbour = lines["X00001"]
    assert (harbour.list_size, harbour.registrations, harbour.ratio) == (25_000, 16_000, pytest.approx(0.64))
    assert harbour.unusual
    assert harbour.kinds == ("scaling-factor",)
    assert harbour.findings == 1
    assert not lines["X00002"].unusual
    assert lines["X00007"].sites == 2
    assert lines["X00007"].rural_share == pytest.approx(1.0)
    forge = lines["X00008"]
    assert forge.estimated
    assert forge.registrations != forge.registrations, "none were given"
    assert "estimated-registrations" in forge.kinds


def test_a_finding_about_a_site_counts_for_its_practice(tmp_path: Path) -> None:
    case = write_small_case(tmp_path / "case")
    edit(case / "sites.csv", "X00007-2,", "GREEN1,")
    about = Finding("warning", "sites.csv", "It is odd.", value="GREEN1", code="odd")
    lines = {line.code: line for line in practice_lines(replace(check_case(case), findings=(about,)))}
    assert (lines["X00007"].findings, lines["X00007"].kinds) == (1, ("odd",))
    assert lines["X00006"].findings == 0


def test_every_estimated_practice_is_told_and_the_road_is_that_of_its_main_site(tmp_path: Path) -> None:
    """The finding about estimated homes names the first twelve practices only."""
    case = write_demo_case(tmp_path / "case")
    edit(case / "sites.csv", "\nX81001,X81001,", "\nX81001-M,X81001,")
    gone = tuple(f"X81{number:03d}," for number in range(1, 15))
    rows = (case / "registrations.csv").read_text(encoding="utf-8").splitlines()
    rows = [row for row in rows if not row.startswith(gone)]
    (case / "registrations.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    checked = check_case(case)
    lines = {line.code: line for line in practice_lines(checked)}
    assert {code for code, line in lines.items() if "estimated-registrations" in line.kinds} == {
        code.rstrip(",") for code in gone
    }
    assert lines["X81001"].snap_m == checked.placed.set_index("code").at["X81001-M", "snap_m"]


def test_a_ratio_on_the_limit_is_usual(tmp_path: Path) -> None:
    case = write_small_case(tmp_path / "case")
    edit(case / "practices.csv", "West Town,16000", "West Town,12800")
    edit(case / "practices.csv", "West Town,15000", "West Town,18751")
    edit(case / "practices.csv", "West Town,14000", "West Town,11199")
    lines = {line.code: line for line in practice_lines(check_case(case))}
    assert lines["X00001"].ratio == 1.25
    assert not lines["X00001"].unusual
    assert lines["X00002"].unusual
    assert lines["X00003"].unusual, "above as well as below"


def test_largest_and_smallest_lists_share_no_practice(demo: Checked, small: Path) -> None:
    largest, smallest = largest_and_smallest(practice_lines(check_case(small)))
    assert [line.list_size for line in largest] == [17_000, 16_000, 16_000, 15_000]
    assert [line.list_size for line in smallest] == [7_500, 8_000, 9_000, 14_000]
    largest, smallest = largest_and_smallest(practice_lines(demo))
    assert len(largest) == len(smallest) == 5


def test_points_know_their_road(demo: Checked) -> None:
    placed = demo.placed
    assert len(placed) == 131 + 449
    assert (placed["road"] != "").all()
    gap = (
        (placed["easting"] - placed["road_easting"]) ** 2 + (placed["northing"] - placed["road_northing"]) ** 2
    ) ** 0.5
    assert (gap - placed["snap_m"]).abs().max() < 0.01
    mains = placed[placed["kind"] == "main"].set_index("practice_code")["snap_m"]
    assert {line.code: line.snap_m for line in practice_lines(demo)} == mains.to_dict()
    spread = {row.label: row for row in snap_spread(placed)}
    assert (spread["Main sites"].points, spread["Other sites"].points, spread["Areas"].points) == (96, 35, 449)
    assert spread["Areas"].largest == pytest.approx(placed.loc[placed["kind"] == "area", "snap_m"].max())
    assert set(placed.loc[placed["kind"] == "area", "placed_by"]) == {"point given, with outline"}


def points(*metres: float, kind: str = "area") -> pd.DataFrame:
    """Points with these distances to their road, one to the east of another."""
    rows = [
        (f"P{i}", f"Point {i}", kind, "", 400_000 + 1_000 * i, 100_000 + 10 * i, "point", m)
        for i, m in enumerate(metres)
    ]
    frame = pd.DataFrame(rows, columns=[*PLACED_COLUMNS[:7], "snap_m"])
    return frame.assign(road="primary", road_easting=frame["easting"], road_northing=frame["northing"])


def test_points_are_flagged_for_what_is_said_of_their_place_and_for_far_roads() -> None:
    placed = points(20, 501, 500, 20, 20, 20)
    placed.loc[5, "placed_by"] = "not placed"
    findings = [
        Finding("warning", "s.csv", "P0 is far out.", value="P0", code="outside-area"),
        Finding("note", "s.csv", "P3 is far out.", value="P3", code="outside-area"),
        Finding("warning", "s.csv", "P4 has a small list.", value="P4", code="small-list"),
    ]
    told = with_flags(placed, findings, {}).set_index("code")
    assert told["flagged"].tolist() == ["yes", "yes", "no", "no", "no", "yes"]
    assert told["why"].tolist() == ["P0 is far out.", "501 m from any road", "", "", "", "it could not be placed"]


def test_distances_to_the_road_in_few_figures() -> None:
    areas, sites = points(*range(0, 1010, 10)), points(150, kind="branch")
    branch, area = snap_spread(pd.concat([areas, sites]))
    assert (area.label, area.points, area.median, area.ninety, area.largest) == ("Areas", 101, 500, 900, 1_000)
    assert (area.over_100, area.over_500) == (90, 50)
    assert (branch.label, branch.points, branch.over_100, branch.over_500) == ("Other sites", 1, 1, 0)


def test_the_map_colours_distances_by_their_steps_and_puts_north_up(demo: Checked) -> None:
    drawn = on_the_map(replace(demo, placed=points(50, 50.1, 100, 500, 501, float("nan")).assign(flagged="no", why="")))
    assert drawn["snap_class"].tolist() == [0, 1, 1, 3, 4, -1]
    known = on_the_map(demo)
    picture = draw(demo, known)
    scale = picture.scale_length / (1_000 * picture.scale_km)
    areas = known[known["kind"] == "area"].reset_index(drop=True)
    spots = [(point.x, point.y) for point in picture.points if point.kind == "area"]
    for one, other in ((0, len(areas) - 1), (1, len(areas) // 2)):
        east, north = areas.loc[one, ["easting", "northing"]] - areas.loc[other, ["easting", "northing"]]
        assert spots[one][0] - spots[other][0] == pytest.approx(east * scale, abs=2)
        assert spots[one][1] - spots[other][1] == pytest.approx(-north * scale, abs=2)
    data = map_data(demo, known)
    assert data["colouring"] == "snap"
    assert all(50 < point[4] < 53 and -6 < point[5] < 1 for point in data["points"]), "latitude, then longitude"
    far = known["snap_m"] > 100
    assert len(data["lines"]) == far.sum()


def test_the_map_says_where_the_homes_of_an_area_come_from(tmp_path: Path) -> None:
    case = write_small_case(tmp_path / "case")
    rows = (case / "registrations.csv").read_text(encoding="utf-8").splitlines()
    (case / "registrations.csv").write_text("\n".join(row for row in rows if "X00008" not in row), encoding="utf-8")
    checked = check_case(case)
    table = checked.ready.place.registrations
    guessed = table["patients"].where(table["basis"] == "estimated", 0).groupby(table["area_code"]).sum()
    share = guessed / table.groupby("area_code")["patients"].sum()
    drawn = on_the_map(checked).set_index("code")
    words = {code: 3 if code not in share.index else int(share[code] > 0.1) + int(share[code] > 0.5)
             for code in drawn.index[drawn["kind"] == "area"]}  # fmt: skip
    assert drawn.loc[list(words), "basis_class"].to_dict() == words
    assert {0, 2} <= set(words.values())
    assert (drawn.loc[drawn["kind"] != "area", "basis_class"] == -1).all()


def test_straight_lines_have_no_distance_to_a_road(small: Path) -> None:
    checked = check_case(small)
    assert checked.placed["snap_m"].isna().all()
    assert snap_spread(checked.placed) == ()


def test_sites_placed_by_postcode_say_so(tmp_path: Path) -> None:
    case = write_small_case(tmp_path / "case")
    rows = (case / "sites.csv").read_text(encoding="utf-8").splitlines()
    rows = [f"{rows[0]},postcode", f"{rows[1].rsplit(',', 2)[0]},,,dt1 1aa", *(f"{row}," for row in rows[2:])]
    (case / "sites.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (case / "postcodes.csv").write_text("postcode,easting,northing\nDT1 1AA,401100,101100\n", encoding="utf-8")
    edit(case / "case.toml", 'areas = "areas.csv"', 'areas = "areas.csv"\npostcodes = "postcodes.csv"')
    placed = check_case(case).placed.set_index("code")
    assert placed.at["X00001-1", "placed_by"] == "postcode"
    assert placed.at["X00001-1", "easting"] == 401_100
    assert placed.at["X00002-1", "placed_by"] == "coordinates"


def test_dates_of_the_inputs_are_those_of_the_sources(demo: Checked, small: Path) -> None:
    assert "practices: invented" in input_dates(demo)
    assert "practices: date not stated" in input_dates(check_case(small))


# --------------------------------------------------------------------------------------------- a case that cannot run


def broken_case(folder: Path) -> Path:
    """A case with a list that is no number, a site in the wrong place and one that is nowhere."""
    case = write_small_case(folder)
    edit(case / "practices.csv", "West Town,16000", "West Town,many")
    edit(case / "sites.csv", "main,403000,101000", "main,603000,101000")
    edit(case / "sites.csv", "main,401000,103000", "main,,")
    return case


def test_errors_give_a_page_too_and_exit_code_1(tmp_path: Path) -> None:
    case = broken_case(tmp_path / "case")
    done = call("check", case)
    assert done.exit_code == 1
    assert "3 problems in the inputs." in done.stderr
    assert "practices.csv, row 2, column list_size, value 'many'" in done.stderr
    assert "Fix:" in done.stderr
    assert str(case / "check" / "check.html") in done.stderr
    assert "Traceback" not in done.stderr
    placed = pd.read_csv(case / "check" / "placed.csv", keep_default_na=False).set_index("code")
    assert placed.at["X00002-1", "flagged"] == "yes"
    assert "km from the nearest area" in placed.at["X00002-1", "why"]
    assert placed.at["X00003-1", "placed_by"] == "not placed"
    assert placed.at["X00003-1", "easting"] == ""
    assert placed.at["X00001-1", "flagged"] == "no"
    record = json.loads(call("check", case, "--json").stdout)
    assert record["verdict"] == "cannot run yet"
    assert {problem["code"] for problem in record["problems"]} >= {"not-a-number", "outside-area", "no-location"}


def test_what_impact_is_worked_out_with_is_counted(tmp_path: Path) -> None:
    case = write_small_case(tmp_path / "case")
    sites = pd.read_csv(case / "sites.csv")
    code = pd.read_csv(case / "registrations.csv")["area_code"][0]
    places = sites[["name", "x", "y"]].assign(name="<script>alert(1)</script>")
    places.to_csv(case / "pharmacies.csv", index=False)
    places[:2].assign(dwellings=[1200, 90]).to_csv(case / "housing.csv", index=False)
    rows = f"{code},2030,1000\n{code},2040,1100\n"
    (case / "projections.csv").write_text(f"area_code,year,population\n{rows}", encoding="utf-8")
    tables = "".join(f'{name} = "{name}.csv"\n' for name in ("pharmacies", "housing", "projections"))
    edit(case / "case.toml", "[tables]\n", f"[tables]\n{tables}")
    checked = check_case(case)
    read = {line.label: (line.number, line.remark) for line in counts(checked)}
    assert read["Pharmacies in or near the case"] == (len(sites.drop_duplicates(["x", "y"])), "")
    assert read["Planned homes"] == (1290, "in 2 places")
    assert read["Areas with projections"] == (1, "for 2030, 2040")
    assert "Settlements in or near the case" not in read
    assert "<script>alert" not in write_check(checked, tmp_path / "out").read_text(encoding="utf-8")


def test_practices_and_counts_of_a_case_with_errors_are_those_of_its_tables(tmp_path: Path) -> None:
    checked = check_case(broken_case(tmp_path / "case"))
    assert checked.verdict == "cannot run yet"
    assert verdict_lines(checked)[0] == "Cannot run yet: 3 errors must be put right first."
    read = {line.label: line.number for line in counts(checked)}
    assert (read["Practices"], read["Sites"], read["Areas"]) == (8, 9, 42)
    assert read["Registered patients on the lists"] == 102_500 - 16_000
    lines = {line.code: line for line in practice_lines(checked)}
    assert lines["X00001"].kinds == ("not-a-number",)
    assert lines["X00002"].kinds == ("outside-area",)
    assert lines["X00004"].findings == 0


def test_practices_of_a_case_with_errors_have_their_own_registrations_and_one_line_each(tmp_path: Path) -> None:
    case = broken_case(tmp_path / "case")
    header, *rows = (case / "practices.csv").read_text(encoding="utf-8").splitlines()
    text = "\n".join([header, *rows[::-1], rows[-1]]) + "\n"
    (case / "practices.csv").write_text(text, encoding="utf-8")
    lines = practice_lines(check_case(case))
    listed = {code: size for code, _, _, size, *_ in PRACTICES}
    assert [(line.code, line.registrations) for line in lines] == sorted(listed.items())


def test_errors_are_told_to_whom_their_row_belongs(tmp_path: Path) -> None:
    case = write_small_case(tmp_path / "case")
    edit(case / "practices.csv", "X00001,Harbour Street Surgery,West Town,16000", "x00001,Harbour,West Town,many")
    edit(case / "sites.csv", "main,403000,101000", "main,9403000,101000")
    rows = (case / "registrations.csv").read_text(encoding="utf-8").splitlines()
    at = next(i for i, row in enumerate(rows) if row.startswith("X00004,"))
    rows[at] = rows[at].rsplit(",", 1)[0] + ",some"
    (case / "registrations.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    checked = check_case(case)
    kinds = {line.code.upper(): line.kinds for line in practice_lines(checked)}
    assert kinds["X00001"] == kinds["X00004"] == ("not-a-number",)
    assert kinds["X00003"] == ()
    assert checked.placed.set_index("code").at["X00002-1", "placed_by"] == "not placed"


def test_roads_that_do_not_cover_leave_the_place_as_read(tmp_path: Path) -> None:
    case = write_small_case(tmp_path / "case")
    edit(case / "case.toml", 'method = "straight-line"', 'source = "roads.osm"')
    road = '<osm version="0.6"><node id="1" lat="57" lon="-3"/><node id="2" lat="57.01" lon="-3"/>'
    road += '<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>'
    (case / "roads.osm").write_text(road, encoding="utf-8")
    checked = check_case(case)
    assert checked.verdict == "cannot run yet"
    assert checked.ready is None
    assert checked.loaded is not None
    assert len(practice_lines(checked)) == 8


@pytest.mark.parametrize("table", ["practices", "sites", "areas", "registrations"])
@pytest.mark.parametrize("content", ["", "nonsense\n1\n", "practice_code,site_code,area_code\n,,\n"])
def test_a_ruined_table_still_gives_a_page(tmp_path: Path, table: str, content: str) -> None:
    case = write_small_case(tmp_path / "case")
    (case / f"{table}.csv").write_text(content, encoding="utf-8")
    done = call("check", case)
    assert done.exit_code == 1
    assert "Traceback" not in done.stderr
    assert (case / "check" / "check.html").is_file()


@pytest.mark.parametrize("toml", [None, "broken = = 3\n"])
def test_without_a_readable_case_nothing_is_written(tmp_path: Path, toml: str | None) -> None:
    case = tmp_path / "case"
    if toml is not None:
        case.mkdir()
        (case / "case.toml").write_text(toml, encoding="utf-8")
    done = call("check", case)
    assert done.exit_code == 1
    assert "Nothing was written." in done.stderr
    assert "Fix:" in done.stderr
    assert not (case / "check").exists()
    assert case.exists() == (toml is not None)


def test_errors_are_told_even_where_no_page_can_be_written(tmp_path: Path) -> None:
    checked = check_case(broken_case(tmp_path / "case"))
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(InputProblems) as problem:
        write_check(checked, tmp_path / "file" / "check")
    assert {"not-a-number", "output-folder"} <= {finding.code for finding in problem.value.findings}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.sampled_from(["practices.csv", "sites.csv", "areas.csv", "registrations.csv", "case.toml"]),
    place=st.floats(0, 1),
    junk=st.binary(min_size=1, max_size=12),
    cut=st.integers(0, 200),
)
def test_mangled_files_never_end_in_a_traceback(
    small: Path, tmp_path: Path, table: str, place: float, junk: bytes, cut: int
) -> None:
    case = tmp_path / "mangled"
    shutil.rmtree(case, ignore_errors=True)
    shutil.copytree(small, case, ignore=shutil.ignore_patterns("check"))
    content = (case / table).read_bytes()
    at = int(place * len(content))
    (case / table).write_bytes(content[:at] + junk + content[at + cut :])
    try:
        page = write_check(check_case(case), case / "check")
    except InputProblems:
        return  # no case.toml that can be read
    assert page.stat().st_size > 10_000


# ---------------------------------------------------------------------------------------------------------- real files


@pytest.mark.real
def test_the_isle_of_wight_shows_what_a_planner_must_know(shared_data: Path, tmp_path: Path) -> None:
    checked = check_case(write_isle_of_wight_case(shared_data, tmp_path / "case"))
    assert checked.verdict == "can run, but read the warnings"
    lines = practice_lines(checked)
    assert len(lines) == 17
    assert sum(line.unusual for line in lines) == 5
    estimated = [line for line in lines if line.estimated]
    assert len(estimated) == 5
    assert sum(line.list_size for line in estimated) == 35_011
    assert all(line.snap_m < 51 for line in lines)
    flagged = checked.placed[checked.placed["flagged"] == "yes"]
    assert sorted(flagged["code"]) == ["E01017333", "E01017366", "E01033237"]
    assert write_check(checked, tmp_path / "out").stat().st_size < 600_000


@pytest.mark.real
def test_dorset_differs_from_what_it_expects(shared_data: Path, tmp_path: Path) -> None:
    checked = check_case(write_dorset_2016_case(shared_data, tmp_path / "case"))
    read = {line.label: line for line in counts(checked)}
    assert read["Practices"].difference == 2
    assert read["Registered patients on the lists"].number == 788_645
    lines = practice_lines(checked)
    assert sum(line.unusual for line in lines) == 21
    assert sum(line.registrations != line.registrations for line in lines) == 25
    assert all("estimated-registrations" in line.kinds for line in lines if line.estimated)
