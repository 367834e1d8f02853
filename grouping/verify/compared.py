"""Whether the tables that compare options and plans say what the options of the run say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from grouping.plan import Plan
from grouping.verify.evidence import Evidence
from grouping.verify.record import Line, line

DIFFERENCES_FILE, AGREEMENT_FILE = "option_differences.csv", "agreement.csv"
SHARE_TOLERANCE = 1e-6
SLACK = 1e-9
EVERY = "every plan"


@dataclass(frozen=True)
class Nearly:
    """What a run says of the plans nearly as good as the best: how many, up to which share, who is together in them."""

    plans: int
    covered: float
    agreement: pd.DataFrame


def nearly_of(record: dict, run_dir: Path) -> Nearly | None:
    """What can be counted anew: None where not all plans up to some share are claimed to be known."""
    near = record.get("near_optimal")
    table = _read(run_dir / AGREEMENT_FILE)
    if not isinstance(near, dict) or table is None:
        return None
    plans, covered = near.get("plans"), near.get("covered")
    if not isinstance(plans, int) or not isinstance(covered, int | float):
        return None
    return Nearly(plans, float(covered), table)


def check_comparisons(record: dict, run_dir: Path, plans: dict[str, Plan], evidence: Evidence) -> list[Line]:
    """Compare `option_differences.csv`, `agreement.csv` and `near_optimal` of the record with the options.

    Parameters
    ----------
    record, run_dir
        The content of `run.json`, and the folder it lies in.
    plans
        The plan of each option, by its id, in their order.
    evidence
        The inputs.
    """
    if record["command"] != "run":
        return []
    lines = [_differences(run_dir, plans, evidence)]
    if isinstance(record.get("near_optimal"), dict):
        lines.append(_near(record, plans))
        lines.append(_agreement(record, run_dir, plans, evidence))
    return lines


def _read(path: Path) -> pd.DataFrame | None:
    try:
        return pd.read_csv(path, encoding="utf-8", keep_default_na=False, na_values=[""])
    except (OSError, ValueError):
        return None


# ---------------------------------------------------------------------------------------------- between any two options


def _differences(run_dir: Path, plans: dict[str, Plan], evidence: Evidence) -> Line:
    claim = "how much any two options differ"
    table = _read(run_dir / DIFFERENCES_FILE)
    if table is None or list(table.columns) != ["option_a", "option_b", "different_share", "patients"]:
        return line(claim, [f"{DIFFERENCES_FILE} cannot be read"], "")
    lists = evidence.practices["list_size"]
    total, wrong = int(lists.sum()), []
    then = {(row.option_a, row.option_b): (row.different_share, row.patients) for row in table.itertuples()}
    for one, other in combinations(plans, 2):
        same = {group.members for group in plans[one].groups} & {group.members for group in plans[other].groups}
        patients = total - int(sum(lists[code] for members in same for code in members))
        share, written = then.pop((one, other), (math.nan, -1))
        if written != patients or not abs(share - patients / max(total, 1)) <= SHARE_TOLERANCE:
            wrong.append(f"{one} and {other}: written {written}, the plans give {patients:,} patients")
    wrong += [f"{' and '.join(map(str, pair))} are not options of the run" for pair in then]
    return line(claim, wrong, f"{len(plans) * (len(plans) - 1) // 2} pairs of options")


# ----------------------------------------------------------------------------------------------- plans nearly as good


def _within(record: dict, plans: dict[str, Plan]) -> dict[str, Plan]:
    """Options that are among the plans nearly as good as the best of which all are known."""
    covered = record["near_optimal"].get("covered")
    if not isinstance(covered, int | float):
        return {}
    return {
        option["id"]: plans[option["id"]]
        for option in record["options"]
        if option["objective"] <= record["options"][0]["objective"] * (1 + covered) - SLACK
        or option["id"] == next(iter(plans))
    }


def _near(record: dict, plans: dict[str, Plan]) -> Line:
    near, wrong = record["near_optimal"], []
    asked, covered, number = near.get("tolerance"), near.get("covered"), near.get("plans")
    if asked != record["rules"]["options"]["near"]:
        wrong.append(f"it speaks of {asked}, the rules of {record['rules']['options']['near']}")
    if bool(near.get("complete")) != (covered is not None and covered == asked):
        wrong.append(
            f"all plans are {'' if near.get('complete') else 'not '}known, and they cover {covered} of {asked}"
        )
    inside = _within(record, plans)
    if not isinstance(number, int) or number < max(len(inside), 1):
        wrong.append(f"{number} plans, but {len(inside)} of the options are among them")
    elif (f"{number:,}" if number > 1 or not near.get("complete") else "No other plan") not in str(
        near.get("sentence")
    ):
        wrong.append(f"its sentence does not speak of {number:,} plans")
    return line("what is said of plans nearly as good fits the options", wrong, f"{number} plans")


def _agreement(record: dict, run_dir: Path, plans: dict[str, Plan], evidence: Evidence) -> Line:
    claim = f"{AGREEMENT_FILE} fits the options, the borders and itself"
    table = _read(run_dir / AGREEMENT_FILE)
    needed = {"practice_a", "practice_b", "name_a", "name_b", "border", "together_share", "plans", "verdict", "basis"}
    if table is None or not needed <= set(table.columns):
        return line(claim, [f"{AGREEMENT_FILE} cannot be read"], "")
    wrong = [*_own_faults(table, record["near_optimal"].get("plans")), *_place_faults(table, evidence)]
    listed = {frozenset(pair): row for pair, row in _pairs(table)}
    for name, plan in _within(record, plans).items():
        together = {frozenset(pair) for group in plan.groups for pair in combinations(group.members, 2)}
        lost = together - set(listed)
        if lost:
            wrong.append(f"{name}: {' and '.join(sorted(min(lost, key=sorted)))} share a group and are not listed")
        for pair, row in listed.items():
            against = {"settled-together": pair not in together, "settled-apart": pair in together}
            if against.get(row.verdict, False):
                wrong.append(f"{name}: {' and '.join(sorted(pair))} are said to be {row.verdict.replace('-', ' ')}")
    return line(claim, wrong, f"{len(table):,} pairs of practices")


def _pairs(table: pd.DataFrame) -> list[tuple[tuple[str, str], object]]:
    return [((row.practice_a, row.practice_b), row) for row in table.itertuples()]


def _own_faults(table: pd.DataFrame, plans: object) -> list[str]:
    """Where shares, verdicts and the number of plans do not go together."""
    wrong = []
    if len(table) and set(table["plans"]) != {plans}:
        wrong.append(f"it counts {', '.join(map(str, sorted(set(table['plans']))))} plans, run.json {plans}")
    for (a, b), row in _pairs(table):
        if row.basis == EVERY:
            extreme = {1.0: "settled-together", 0.0: "settled-apart"}
            verdict = extreme.get(row.together_share, "choice")
            if row.verdict != verdict:
                wrong.append(f"{a} and {b}: a share of {row.together_share:g} is not {row.verdict}")
        if not 0.0 <= row.together_share <= 1.0:
            wrong.append(f"{a} and {b}: a share of {row.together_share:g}")
    return wrong


def _place_faults(table: pd.DataFrame, evidence: Evidence) -> list[str]:
    """Where codes, names and borders are not those of the case."""
    names = evidence.place.practices["name"].astype(str)
    borders = {frozenset(pair) for pair in evidence.edges[["practice_a", "practice_b"]].itertuples(index=False)}
    there, wrong = set(), []
    for (a, b), row in _pairs(table):
        there.add(frozenset((a, b)))
        if a not in names.index or b not in names.index:
            wrong.append(f"{a} and {b} are not two practices of the case")
            continue
        if (str(row.name_a).lstrip("'"), str(row.name_b).lstrip("'")) != (names[a].lstrip("'"), names[b].lstrip("'")):
            wrong.append(f"{a} and {b}: not their names")
        if bool(row.border) != (frozenset((a, b)) in borders):
            wrong.append(f"{a} and {b}: {'no' if row.border else 'a'} border by the case")
    if len(there) != len(table):
        wrong.append("a pair stands there twice")
    lost = borders - there
    if lost:
        wrong.append(f"{len(lost)} borders are missing, first {' and '.join(sorted(min(lost, key=sorted)))}")
    return wrong


def agreement_faults(table: pd.DataFrame, codes: tuple[str, ...], counts: np.ndarray, plans: int) -> list[str]:
    """Where the shares of `agreement.csv` are not those of plans counted anew.

    Parameters
    ----------
    table
        `agreement.csv`.
    codes
        P practice codes.
    counts
        In how many of the plans each pair is together, shape (P, P).
    plans
        How many plans there are.
    """
    at = {code: number for number, code in enumerate(codes)}
    listed = {(at[a], at[b]) for (a, b), _ in _pairs(table) if a in at and b in at}
    wrong = [
        f"{a} and {b}: written {row.together_share:.6f}, counted {counts[at[a], at[b]] / plans:.6f}"
        for (a, b), row in _pairs(table)
        if a in at and b in at and not abs(row.together_share - counts[at[a], at[b]] / plans) <= SHARE_TOLERANCE
    ]
    lost = [pair for pair in np.argwhere(np.triu(counts, 1) > 0) if tuple(pair) not in listed]
    wrong += [f"{codes[a]} and {codes[b]} are together in some and not listed" for a, b in lost]
    return wrong
