"""The evidence pack: a folder with every table as CSV and Excel, the page, and the draft of the equality section.

What stands in the folder is a promise to other tools: `impact.json` lists every file with its SHA-256 and every column
with its meaning, and `PACK_VERSION` changes when the layout does.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from geodata.tables.readers import sha256_of
from grouping.escape import visible
from grouping.impact.about import DRAFT, About
from grouping.impact.columns import column_words, in_order, table_words
from grouping.impact.equality import equality_draft, equality_markdown
from grouping.impact.words import HIDDEN_NOTE, base_title
from grouping.impact.workbook import write_workbook
from grouping.named_table import csv_bytes
from grouping.plain_words import NO_CLOSURE, option_title
from grouping.report.impact import render_impact
from grouping.writing import new_folder, refuse_foreign, write_json

if TYPE_CHECKING:
    from grouping.impact.result import Impact

PACK_VERSION = 1
RECORD = "impact.json"
PAGE = "impact.html"
WORKBOOK = "impact.xlsx"
EQUALITY = "equality.md"


def write_pack(impact: Impact, out_dir: Path, about: About) -> Path:
    """Write the evidence pack as a folder of its own; it appears only when everything in it is complete.

    Parameters
    ----------
    impact
        What was found out.
    out_dir
        The folder to write. An earlier pack there is replaced; any other folder that holds files is left alone.
    about
        The case behind it.

    Returns
    -------
    `out_dir`.

    Raises
    ------
    InputProblems
        The folder holds something else, or cannot be written.
    """
    with new_folder(out_dir, refuse=refuse_foreign_pack) as folder:
        put_pack(impact, folder, about)
    return out_dir


def put_pack(impact: Impact, folder: Path, about: About) -> None:
    """Write the files of the pack into an existing folder; the same impact gives the same bytes.

    Parameters
    ----------
    impact, about
        As for `write_pack`.
    folder
        Where the files go, such as `impact` in the unfinished folder of a run; made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = pack_tables(impact)
    for name, table in tables.items():
        (folder / f"{name}.csv").write_bytes(csv_bytes(table))
    write_workbook(impact, tables, about, folder / WORKBOOK)
    draft = equality_draft(impact, about)
    (folder / EQUALITY).write_text(equality_markdown(draft), encoding="utf-8", newline="\n")
    (folder / PAGE).write_text(render_impact(impact, about), encoding="utf-8", newline="\n")
    _write_record(impact, tables, about, folder)


def pack_tables(impact: Impact) -> dict[str, pd.DataFrame]:
    """The tables of the pack in their order, minutes and people with at most three decimals, shares with six.

    Returns
    -------
    Name -> table. Texts are as they came; the writers make them harmless.
    """
    tables = dict(impact.tables)
    if impact.site_options is not None:
        tables["site_options"] = impact.site_options
    return {name: _rounded(tables[name]) for name in in_order(list(tables))}


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Plain numbers in columns of objects: a column of whole numbers with a gap is not written with decimals.

    Shares have six decimals: with three, a share that a few people lack would read as all of them.
    """
    decimals = {column: 6 if column_words(str(column))[1] == "share" else 3 for column in table.columns}
    return pd.DataFrame(
        {
            column: pd.Series([_with_decimals(value, decimals[column]) for value in table[column]], dtype=object)
            for column in table.columns
        }
    )


def _with_decimals(value: object, decimals: int) -> object:
    """A number with at most so many decimals, whole ones as int; None for what is not known."""
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        value = round(value, decimals)
        return int(value) if value == int(value) else value
    return value


def refuse_foreign_pack(out_dir: Path) -> None:
    """Stop before work begins when `out_dir` holds something else than a pack (see `writing.refuse_foreign`)."""
    refuse_foreign(out_dir, RECORD, "an evidence pack")


def _write_record(impact: Impact, tables: dict[str, pd.DataFrame], about: About, folder: Path) -> None:
    files = {path.name: sha256_of(path) for path in _own_files(tables, folder)}
    write_json(pack_record(impact, tables, about) | {"files": files}, folder / RECORD, spell=visible)


def _own_files(tables: dict[str, pd.DataFrame], folder: Path) -> list[Path]:
    return [folder / name for name in sorted([*(f"{name}.csv" for name in tables), WORKBOOK, EQUALITY, PAGE])]


def pack_record(impact: Impact, tables: dict[str, pd.DataFrame], about: About) -> dict[str, object]:
    """The content of `impact.json`, without its list of files."""
    return {
        "pack_version": PACK_VERSION,
        "title": about.title,
        "status": DRAFT,
        "said_first": NO_CLOSURE,
        "place": about.place,
        "made_up": about.made_up,
        "estimated_minutes": about.estimate,
        "rules": about.rules,
        "run_id": about.run_id,
        "public": impact.public,
        "small_numbers": HIDDEN_NOTE if impact.public else "",
        "before": impact.baseline,
        "threshold_minutes": impact.threshold,
        "scenario": impact.scenario,
        "options": {option: option_title(option) for option in impact.option_ids},
        "modes": [{"mode": mode, "method": sentence} for mode, sentence in impact.modes],
        "absent_modes": [{"mode": mode, "why": why} for mode, why in impact.absent_modes],
        "scenarios": [{"name": name, "title": title, "assumption": said} for name, title, said in impact.scenarios],
        "untried_scenarios": [{"name": name, "why": why} for name, why in impact.untried],
        "notes": list(impact.notes),
        "findings": [finding.as_dict() for finding in impact.findings],
        "attributions": list(about.attributions),
        "inputs": [
            {"table": table, "file": file, "vintage": vintage, "sha256": digest}
            for table, file, vintage, digest in about.sources
        ],
        "tables": {
            name: {
                "file": f"{name}.csv",
                "holds": table_words(name)[1],
                "rows": len(table),
                "columns": {str(column): column_words(str(column), base_title(impact))[0] for column in table.columns},
            }
            for name, table in tables.items()
        },
    }
