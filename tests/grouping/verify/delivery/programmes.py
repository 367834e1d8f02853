"""A small programme with everything switched on, and the same with something in it changed by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from grouping.named_table import NamedTable
from grouping.pipeline import run_case
from grouping.programme.ground import Ground
from grouping.runs import write_run
from tests.small_case import write_small_case

SETTINGS = """\
[tables]
waves = "waves.csv"
readiness = "ready.csv"
order = "order.csv"
capacity = "room.csv"
scores = "scores.csv"
weights = "weights.csv"
engagement = "said.csv"
[estates]
modern = ["A"]
major = ["D"]
m2_per_1000 = 40
[growth]
base_year = 2026
[site_options]
look = true
budget = 100000
cost_per_m2 = 1000
protect = []
"""
TABLES = {
    "waves": "wave,target_share,most_groups\n2027/28,0.5,1\n2028/29,0.6,2\n2029/30,1,\n",
    "ready": "practice_code,ready_from\nX00002,2028/29\nX00006,2028/29\n",
    "order": "kind,practices,after,wave,reason\nnot-after,X00001,,2028/29,agreed\n",
    "room": "practice_code,places\nX00001,1500\nX00003,0\n",
    "weights": "criterion,weight\nquality,25\naccess,25\naffordability,15\nworkforce,20\ntime,10\nother,5\n",
    "said": (
        "date,option,practice_code,place,role,said,changed,why_not,public\n"
        "2026-05-01,option-1,X00001,,Practice manager,We can go first,It goes first,,yes\n"
        "2026-05-02,option-1,X00006,,Practice manager,One of our partners retires,,Nothing is known yet,no\n"
    ),
}
HOUSING = "name,x,y,dwellings,year\nTo the north,401000,105000,400,2029\nBy the sea,407000,101000,250,2028\n"


def write_planners_files(folder: Path) -> Path:
    """A case with ratings, conditions, projections and homes, a run of two options, and the planner's tables."""
    case = write_small_case(folder / "case")
    rated = pd.read_csv(case / "practices.csv", dtype=str).assign(vulnerability=list("12345125"))
    rated.to_csv(case / "practices.csv", index=False)
    sites = pd.read_csv(case / "sites.csv", dtype=str)
    sites = sites.assign(condition=list("ABCDABCDD"), floor_area_m2="400", annual_cost="90000")
    sites.to_csv(case / "sites.csv", index=False)
    areas = pd.read_csv(case / "areas.csv", dtype=str)
    grown = [(row.area_code, 2036, round(int(row.population) * (1.1 if i % 3 else 0.9)))
             for i, row in enumerate(areas.itertuples()) if i % 2]  # fmt: skip
    pd.DataFrame(grown, columns=["area_code", "year", "population"]).to_csv(case / "projections.csv", index=False)
    (case / "housing.csv").write_text(HOUSING, encoding="utf-8")
    with (case / "case.toml").open("a", encoding="utf-8") as more:
        more.write('projections = "projections.csv"\nhousing = "housing.csv"\n')
    (case / "programme.toml").write_text(SETTINGS, encoding="utf-8")
    for name, text in TABLES.items():
        (case / f"{name}.csv").write_text(text, encoding="utf-8")
    criteria = ("quality", "access", "affordability", "workforce", "time")
    lines = [f"option-{n},{name},{(3 * n + i * i) % 9},Panel" for n in (1, 2) for i, name in enumerate(criteria)]
    (case / "scores.csv").write_text("\n".join(["option,criterion,score,who", *lines]) + "\n", encoding="utf-8")
    write_run(run_case(case, options=2), folder / "run", case_dir=case)
    return folder / "run"


@dataclass(frozen=True)
class Delivered:
    """Finished tables and the ground they were made on."""

    ground: Ground
    tables: Sequence[NamedTable]


Change = Callable[[pd.DataFrame], None]


def changed(programme: object, name: str, change: Change) -> Delivered:
    """The programme with something in one of its tables changed."""
    tables = []
    for table in programme.tables:
        made = table.table.copy()
        if table.name == name:
            change(made)
        tables.append(replace(table, table=made))
    return Delivered(programme.ground, tables)


def cell(row: int, column: str, value: object) -> Change:
    """Writes another value into a cell."""

    def change(table: pd.DataFrame) -> None:
        table[column] = table[column].astype(object)
        table.loc[table.index[row], column] = value

    return change


def more(row: int, column: str, by: float) -> Change:
    """Adds to a figure of a cell."""
    return lambda table: cell(row, column, table[column].iloc[row] + by)(table)
