"""A public pack as a whole: no file of it holds a number that its tables hide, nor one that they round."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from grouping.cli import app
from grouping.impact.job import impact_case
from grouping.impact.result import Impact
from tests.small_case import write_small_case

LISTS = {"X00001": 4_013, "X00002": 3_771, "X00006": 1_237, "X00007": 646, "X00008": 811}
FEW = (("X00001", "E50", 3), ("X00001", "E56", 12), ("X00004", "E06", 2), ("X00008", "E06", 6), ("X00007", "E55", 4))
"""A handful of people far from their practice: practice, area, patients."""

NO_PROJECTION = ("E50", "E56", "E06")
GROUPS = {"west": ("X00001", "X00002", "X00003"), "east": ("X00004", "X00005"), "hills": ("X00006", "X00007", "X00008")}
OTHERS = {"south": (*GROUPS["west"], *GROUPS["east"]), "north": GROUPS["hills"]}
RUN = "2026-internal-4711"
COUNTED = re.compile(r"people|65|no_car|deprived|no_route|longer|shorter|beyond|lost|gained|kept|rural|urban|not_known")
"""Columns that hold people, besides minutes and shares (`MINUTES`)."""

MINUTES = re.compile(r"mean|median|p90|longest|within|minutes|gap|ratio|change|kept_no_site_(before|after)")
LARGE = 700
"""From here on a whole number on a page is one of people, not of minutes, percent or the drawing."""


@dataclass(frozen=True)
class Pack:
    """A public pack and what its figures were before."""

    folder: Path
    exact: Impact

    def tables(self) -> dict[str, pd.DataFrame]:
        return {path.stem: pd.read_csv(path, dtype=str, keep_default_na=False) for path in self.folder.glob("*.csv")}

    def texts(self) -> dict[str, str]:
        """Every file as the text it shows, without checksums and without looks."""
        found = {path.name: _text_of(path) for path in sorted(self.folder.iterdir())}
        assert {"impact.html", "impact.xlsx", "impact.json", "equality.md", "communities.csv"} <= set(found)
        return found


def _text_of(path: Path) -> str:
    if path.suffix == ".csv":
        return "\n".join(" | ".join(row) for row in _rows(path))
    if path.suffix == ".xlsx":
        sheets = openpyxl.load_workbook(path, read_only=True).worksheets
        rows = (row for sheet in sheets for row in sheet.iter_rows(values_only=True))
        return "\n".join(" | ".join("" if cell is None else str(cell) for cell in row) for row in rows)
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"<(style|script).*?</\1>", " ", text, flags=re.DOTALL)
    return re.sub(r"\b[0-9a-f]{64}\b|<code title=.*?</code>", " ", text)


def _write(path: Path, rows: list[tuple[object, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows(rows)
    return path


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.reader(handle))


def _nasty_case(folder: Path) -> Path:
    """Odd lists, a handful of people at the other end of the county, attributes, and gaps in the projections."""
    case = write_small_case(folder, list_sizes=LISTS)
    head, *rows = _rows(case / "registrations.csv")
    for code, area, patients in FEW:
        # they leave the area where most patients of their practice live
        own = next(row for row in rows if row[0] == code)
        own[2] = str(int(own[2]) - patients)
        same = [row for row in rows if row[:2] == [code, area]]
        assert not same
        rows.append([code, area, str(patients)])
    _write(case / "registrations.csv", [tuple(head), *map(tuple, rows)])
    head, *areas = _rows(case / "areas.csv")
    more = ("population_65_plus", "population_75_plus", "deprivation_decile", "no_car_share")
    figures = [(311 + 7 * n, 97 + 3 * n, n % 10 + 1, 0.05 + 0.01 * (n % 17)) for n in range(len(areas))]
    _write(case / "areas.csv", [(*head, *more), *((*row, *extra) for row, extra in zip(areas, figures, strict=True))])
    projected = [(row[0], 2036, 2_000 + 13 * n) for n, row in enumerate(areas) if row[0] not in NO_PROJECTION]
    _write(case / "projections.csv", [("area_code", "year", "population"), *projected])
    with (case / "case.toml").open("a", encoding="utf-8", newline="\n") as handle:
        handle.write('projections = "projections.csv"\n\n[rules.override.impact]\nthreshold_minutes = 12\n')
    return case


def _run_folder(folder: Path) -> Path:
    """A run of two options, as far as it is read."""
    for option, groups in (("option-1", GROUPS), ("option-2", OTHERS)):
        (folder / "options" / option).mkdir(parents=True)
        rows = [(code, name) for name, codes in groups.items() for code in codes]
        _write(folder / "options" / option / "plan.csv", [("practice_code", "group_id"), *rows])
    record = {"run_id": RUN, "options": [{"id": "option-1"}, {"id": "option-2"}]}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    root = tmp_path_factory.mktemp("public")
    case, run = _nasty_case(root / "case"), _run_folder(root / "run")
    before = _write(root / "today.csv", [("site_code",), ("X00001-1",), ("X00006-1",)])
    sites = _write(root / "sites.csv", [("site_code", "change", "x", "y"), ("X00008-1", "consider further", "", "")])
    words = ["--plan", run, "--before", before, "--sites", sites]
    done = CliRunner().invoke(app, ["impact", *map(str, [case, "--out", root / "out", "--public", *words])])
    assert done.exit_code == 0, done.output + done.stderr
    return Pack(root / "out", impact_case(case, [run], before=before, sites=sites).impact)


def _exact_counts(impact: Impact) -> set[float]:
    """Every number of people of the tables, exact."""
    found: set[float] = set()
    for name, table in impact.tables.items():
        if name == "places":
            continue
        for column in table.columns:
            if COUNTED.search(column) and not MINUTES.fullmatch(column) and not column.startswith("mean"):
                found |= set(pd.to_numeric(table[column], errors="coerce").dropna())
    return found


def _published(impact: Impact) -> set[int]:
    tables = impact.tables
    lists = {*tables["practices"]["people"], *tables["groups"]["people"]}
    return {round(value) for value in (*lists, impact.people.patients.sum())}


def _numbers(text: str) -> set[float]:
    return {float(one.replace(",", "")) for one in re.findall(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?", text)}


def test_no_file_holds_a_number_of_people_that_is_neither_rounded_nor_published(pack: Pack) -> None:
    exact = {value for value in _exact_counts(pack.exact) if value >= LARGE}
    unrounded = {value for value in exact if round(value) % 5 and round(value) not in _published(pack.exact)}
    forbidden = {float(round(value)) for value in unrounded} | {round(value, 3) for value in unrounded}
    assert len(forbidden) > 100
    for name, text in pack.texts().items():
        told = _numbers(text) & forbidden
        assert not told, name


def test_no_sentence_counts_a_few_people(pack: Pack) -> None:
    for name, text in pack.texts().items():
        few = re.findall(
            r"(?<!1 to )(?<![\d,.])(?:[1-7]|one|less than one) (?:registered )?(?:people|patients|person)\b", text
        )
        assert not few, name
    told = " ".join(json.loads((pack.folder / "impact.json").read_text(encoding="utf-8"))["notes"])
    assert "Counts of 1 to 7 people are shown as *" in told


def test_every_count_of_every_table_is_rounded_or_hidden(pack: Pack) -> None:
    published, seen = _published(pack.exact), set()
    for name, table in pack.tables().items():
        for column in table.columns:
            if COUNTED.search(column) and not MINUTES.search(column):
                cells = {cell for cell in table[column] if cell.isdigit()}
                seen |= cells
                wrong = {
                    cell for cell in cells if int(cell) % 5 and not (column == "people" and int(cell) in published)
                }
                assert not wrong, (name, column)
    assert len(seen) > 50


def test_what_is_hidden_in_the_tables_stands_in_no_sentence(pack: Pack) -> None:
    tables = pack.tables()
    communities = tables["communities"]
    hidden = communities[(communities["journey"] == "hub") & (communities["minutes"] == "*")]
    assert len(hidden)
    for row in hidden.itertuples(index=False):
        places = tables["places"]
        said = places[(places["community"] == row.community) & (places["mode"] == row.mode)]["sentence"]
        assert len(said)
        assert not any(re.search(r"\d+ minute", sentence) for sentence in said), row.community
        for name in ("robust", "list_changes"):
            own = tables[name][(tables[name]["community"] == row.community) & (tables[name]["option"] == row.option)]
            assert row.mode != "car" or own.empty, (name, row.community)


def test_ranks_are_those_of_the_printed_figures(pack: Pack) -> None:
    """A gap in the ranks, or an order finer than the figures, would tell minutes that are hidden or rounded."""
    communities = pack.tables()["communities"]
    for _, part in communities.groupby(["option", "journey", "mode"], sort=False):
        shown = part[part["rank"] != "*"]
        assert shown["rank"].astype(int).tolist() == list(range(1, len(shown) + 1))
    scenarios = pack.tables()["scenarios"]
    for _, part in scenarios.groupby("scenario"):
        for measure in ("mean", "beyond"):
            ranked = part[part[f"rank_{measure}"] != "*"]
            printed = ranked[measure].astype(float)
            assert ranked[f"rank_{measure}"].astype(int).tolist() == printed.rank(method="min").astype(int).tolist()


def test_minutes_over_scenarios_are_as_coarse_as_those_of_the_table_of_communities(pack: Pack) -> None:
    tables = pack.tables()
    communities = tables["communities"][(tables["communities"]["journey"] == "hub")]
    change = communities[communities["mode"] == "car"].set_index(["option", "community"])["change"]
    robust = tables["robust"].set_index(["option", "community"])["base"]
    assert len(robust)
    assert (change.loc[robust.index].astype(float) == robust.astype(float)).all()


def test_a_public_pack_does_not_name_the_run_it_is_of(pack: Pack) -> None:
    for name, text in pack.texts().items():
        assert RUN not in text, name
    assert json.loads((pack.folder / "impact.json").read_text(encoding="utf-8"))["run_id"] == ""
