"""What the plans rest on: their runs, the values in which their rule sets differ, and inputs that are not the same."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from grouping.compare.comparison import Comparison, same_for_all
from grouping.plain_words import listed
from grouping.public.words import PRIVATE_RULES
from grouping.report.method import attribution_lines, rule_rows


@dataclass(frozen=True)
class Origin:
    """Where one plan comes from: its title, rule set, how its minutes were made, and the run (empty in public)."""

    title: str
    rules: str
    minutes: str
    run_id: str


def origins(comparison: Comparison) -> tuple[Origin, ...]:
    """Where each plan comes from."""
    return tuple(
        Origin(
            one.title,
            f"{one.run.rules.title} ({one.run.rules.name}, version {one.run.rules.version})",
            one.run.times.method.sentence,
            "" if comparison.public else one.run.run_id,
        )
        for one in comparison.plans
    )


def rule_differences(comparison: Comparison) -> list[tuple[str, str, tuple[str, ...]]]:
    """Values in which the rule sets differ: key, meaning, and the value of each plan."""
    if comparison.same_rules:
        return []
    held, meanings = [], {}
    for one in comparison.plans:
        values: dict[str, list[str]] = {}
        for key, meaning, value in rule_rows(one.run.rules, PRIVATE_RULES if comparison.public else ()):
            values.setdefault(key, []).append(value)
            meanings.setdefault(key, meaning)
        held.append({key: "; ".join(parts) for key, parts in values.items()})
    rows = [(key, meaning, tuple(one.get(key, "") for one in held)) for key, meaning in meanings.items()]
    return [row for row in rows if len(set(row[2])) > 1]


def remarks(comparison: Comparison) -> tuple[str, ...]:
    """What is not the same behind all plans, in sentences; nothing where all is."""
    said = []
    if comparison.unequal:
        tables = listed([one.table.replace("_", " ") for one in comparison.unequal])
        said.append(
            f"These plans were not made from the same inputs; what differs: {tables}. They are compared because that "
            "was asked for: a difference in a figure may come from the inputs and not from the plan."
        )
    said += comparison.remarks
    if not comparison.same_place and not comparison.unequal:
        said.append("The same files were read with other settings, so the plans do not speak of the same patients.")
    if comparison.left_out:
        count = len(comparison.left_out)
        said.append(
            f"{count:,} {'practice is' if count == 1 else 'practices are'} not in all of these plans and left out of "
            f"the comparison; the page names {'it' if count == 1 else 'them'}. Figures of a whole plan count the "
            "practices it holds."
        )
    if not _same_method(comparison):
        said.append(
            "The minutes behind these plans were not made the same way, so a difference in minutes may come from how "
            "they were made."
        )
    if comparison.hides_counts:
        said.append(
            "Counts of people that are worked out are left out: beside those of another run they could tell of single "
            "people."
        )
    if not comparison.same_rules:
        said.append(
            "The plans were made under different rule sets: exceptions and scores are each by its own rules. The page "
            "tells which values differ."
        )
    return tuple(said)


def _same_method(comparison: Comparison) -> bool:
    """Whether minutes were made the same way; those of another place are other numbers by the same method."""
    same = same_for_all(one.run.times.method.sentence for one in comparison.plans)
    return same and (comparison.same_minutes or not comparison.same_place)


def attributions(comparison: Comparison) -> tuple[str, ...]:
    """What the licences of all inputs ask for."""
    return tuple(dict.fromkeys(line for one in comparison.plans for line in attribution_lines(one.run)))


def sources(comparison: Comparison) -> list[tuple[str, str, str, str]]:
    """Table, file, date and SHA-256 of every file behind the plans, each once."""
    return list(
        dict.fromkeys(
            (one.table, one.file, one.vintage, one.sha256)
            for plan in comparison.plans
            for one in plan.run.place.sources
        )
    )


def left_out_table(comparison: Comparison) -> pd.DataFrame:
    """The practices not compared, as `left_out.csv` holds them."""
    rows = [(one.code, one.name, round(one.list_size), "; ".join(one.held_by)) for one in comparison.left_out]
    return pd.DataFrame(rows, columns=["practice_code", "name", "list_size", "held_by"])
