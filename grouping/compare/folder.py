"""The folder of a comparison: the page, its tables as CSV, and a record of both. It appears whole or not at all."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pandas as pd

from geodata.tables.readers import sha256_of
from grouping.compare.basis import left_out_table, remarks, rule_differences
from grouping.compare.best_at import best_lines, best_table
from grouping.compare.communities import communities_table
from grouping.compare.differences import practices_table
from grouping.compare.figures import figures_table
from grouping.compare.page import Worked, render_comparison, title_of
from grouping.escape import visible
from grouping.impact.about import DRAFT
from grouping.plain_words import NO_CLOSURE
from grouping.writing import new_folder, refuse_foreign, write_json, write_table

SCHEMA_VERSION = 1
RECORD = "compare.json"
PAGE = "compare.html"


def write_comparison(worked: Worked, out_dir: Path) -> dict[str, object]:
    """Write a comparison; the folder appears only when everything in it is complete.

    Parameters
    ----------
    worked
        The comparison, worked out (see `grouping.compare.page.work_out`).
    out_dir
        The folder to write. An earlier comparison there is replaced; any other folder that holds files is left alone.

    Returns
    -------
    The content of `compare.json`, with the SHA-256 of every other file under `files`.

    Raises
    ------
    InputProblems
        The folder holds something else, or cannot be written.
    """
    with new_folder(out_dir, refuse=refuse_foreign_comparison) as folder:
        for name, table in tables(worked).items():
            write_table(table, folder / f"{name}.csv")
        (folder / PAGE).write_text(render_comparison(worked), encoding="utf-8", newline="\n")
        files = {path.name: sha256_of(path) for path in sorted(folder.iterdir())}
        record = comparison_record(worked) | {"files": files}
        write_json(record, folder / RECORD, spell=visible)
    return record


def refuse_foreign_comparison(out_dir: Path) -> None:
    """Stop before work begins when `out_dir` holds something else (see `writing.refuse_foreign`)."""
    refuse_foreign(out_dir, RECORD, "a comparison")


def tables(worked: Worked) -> dict[str, pd.DataFrame]:
    """The tables by the name of their file."""
    comparison = worked.comparison
    return {
        "figures": figures_table(comparison, worked.figures),
        "alike": _alike_table(worked),
        "best_at": best_table(comparison, worked.bests),
        "groups": _groups_table(worked),
        "practices": practices_table(comparison, worked.rows, worked.letters),
        "together": worked.together,
        "always_together": _cores_table(worked),
        "communities": communities_table(comparison, worked.communities),
        "rules": _rules_table(worked),
        "left_out": left_out_table(comparison),
    }


def _alike_table(worked: Worked) -> pd.DataFrame:
    plans = worked.comparison.plans
    rows = [
        (
            plans[one.first].title,
            plans[one.second].title,
            round(one.same),
            round(one.same_share, 6),
            round(one.kept, 6),
            one.other_hub,
        )
        for one in worked.alike
    ]
    columns = ["plan_a", "plan_b", "patients_same_companions", "share_same_companions", "companions_kept", "other_hub"]
    return pd.DataFrame(rows, columns=columns)


def _groups_table(worked: Worked) -> pd.DataFrame:
    rows = [
        (
            one.title,
            letters[row.group_id],
            row.group_id,
            row.name,
            row.kind,
            row.practices,
            row.list_size,
            row.minimum,
            row.margin,
            row.hub_site_code,
            row.mean_minutes_to_hub,
            " ".join(members[row.group_id]),
        )
        for one, letters in zip(worked.comparison.plans, worked.letters, strict=True)
        for members in [{group.group_id: group.members for group in one.plan.groups}]
        for row in one.option.groups.itertuples()
    ]
    columns = ["plan", "letter", "group_id", "name", "kind", "practices", "list_size", "minimum", "margin"]
    return pd.DataFrame(rows, columns=[*columns, "hub_site_code", "mean_minutes_to_hub", "practice_codes"])


def _cores_table(worked: Worked) -> pd.DataFrame:
    names = worked.comparison.place.practices["name"]
    rows = [
        (number, code, str(names[code]), round(core.patients))
        for number, core in enumerate(worked.cores, start=1)
        for code in core.codes
    ]
    return pd.DataFrame(rows, columns=["set", "practice_code", "name", "patients_of_set"])


def _rules_table(worked: Worked) -> pd.DataFrame:
    plans = worked.comparison.plans
    rows = chain.from_iterable(
        ((key, meaning, one.title, value) for one, value in zip(plans, values, strict=True))
        for key, meaning, values in rule_differences(worked.comparison)
    )
    return pd.DataFrame(list(rows), columns=["rule", "meaning", "plan", "value"])


def comparison_record(worked: Worked) -> dict[str, object]:
    """The content of `compare.json`, without its list of files."""
    comparison = worked.comparison
    return {
        "schema_version": SCHEMA_VERSION,
        "title": title_of(comparison),
        "status": DRAFT,
        "said_first": NO_CLOSURE,
        "made_up": comparison.made_up,
        "estimated_minutes": comparison.estimate,
        "public": comparison.public,
        "plans": [_plan_record(worked, k) for k in range(len(comparison.plans))],
        "same_inputs": not comparison.unequal,
        "same_rules": comparison.same_rules,
        "same_minutes": comparison.same_minutes,
        "inputs_that_differ": [
            {
                "table": one.table,
                "files": [
                    {"run": run, "file": file, "vintage": vintage, "sha256": digest}
                    for run, held in zip(comparison.runs, one.files, strict=True)
                    for file, vintage, digest in held
                ],
            }
            for one in comparison.unequal
        ],
        "remarks": list(remarks(comparison)),
        "practices_compared": len(comparison.codes),
        "practices_left_out": [one.code for one in comparison.left_out],
        "patients_compared": round(sum(comparison.patients.values())),
        "answer": worked.lines,
        "alike": _alike_table(worked).to_dict("records"),
        "best_at": [
            {"plan": title, "alone": list(alone), "shared": list(shared)}
            for title, alone, shared in best_lines(comparison, worked.bests)
        ],
    }


def _plan_record(worked: Worked, k: int) -> dict[str, object]:
    one = worked.comparison.plans[k]
    record: dict[str, object] = {
        "title": one.title,
        "option": one.option_id,
        "rules": {"name": one.run.rules.name, "version": one.run.rules.version, "title": one.run.rules.title},
        "minutes": one.run.times.method.sentence,
        "figures": {figure.key: figure.shown[k] for figure in worked.figures},
    }
    return record if worked.comparison.public else record | {"run": one.folder, "run_id": one.run.run_id}
