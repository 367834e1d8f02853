"""Whether the tables about travel say what the inputs and the plans give, cell by cell.

Who the patients are is derived in `travel_people`, journeys in `travel_trips`; scenarios are checked in
`travel_stress`, what could be done and the sentences about places in `travel_prompts`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from geodata.tables.readers import sha256_of
from grouping.plan import Before, Plan
from grouping.verify.evidence import Evidence
from grouping.verify.record import Line, line
from grouping.verify.travel_cells import Sheet, compare, read_sheet, told
from grouping.verify.travel_ground import Ground, Measured
from grouping.verify.travel_people import SETTINGS, Patients
from grouping.verify.travel_places import check_places
from grouping.verify.travel_prompts import check_prompts
from grouping.verify.travel_stress import check_stress
from grouping.verify.travel_trips import CHANGES, FIGURES

RECORD = "impact.json"
SLACK = 2e-5
"""Minutes within which two communities may stand in either order."""

PEOPLE = ("family", "population", "label", "people", "rural", "urban", "not_known", "carried")
SUMMARY = ("option", "scenario", "journey", "mode", "population", "label", "setting", *FIGURES)
INEQUALITY = (
    "option", "journey", "mode", "population", "label", "compared_with", "people", "people_compared_with", "mean",
    "mean_compared_with", "gap", "ratio", "gap_before", "gap_after",
)  # fmt: skip
PRACTICES = (
    "option", "journey", "mode", "practice_code", "name", "group_id", "setting", "people", "no_route", "mean",
    "people_compared", "mean_before", "mean_after", "change",
)  # fmt: skip
GROUPS = (
    "option", "group_id", "name", "kind", "journey", "mode", "people", "no_route", "mean", "people_compared",
    "mean_before", "mean_after", "change", "longest",
)  # fmt: skip
COMMUNITIES = (
    "option", "journey", "mode", "community", "areas", "setting", "people", "age_65_plus", "no_car", "most_deprived",
    "no_route", "minutes", "people_compared", "minutes_before", "minutes_after", "change", "longest", "newly_beyond",
    "beyond", "rank",
)  # fmt: skip
LEVELS = ("people_compared", "mean_after")
"""Of the figures about change those that say how long a journey is, or of how many."""

ABSENT = "not in the inputs"

Named = Mapping[str, Mapping[str, tuple[str, str]]]
"""Option -> group -> its name and kind."""


def check_travel(
    folder: Path,
    plans: Mapping[str, Plan],
    evidence: Evidence,
    before: Before | None = None,
    *,
    measured: Measured | None = None,
    named: Named | None = None,
) -> list[Line]:
    """Re-derive every table about travel from the inputs and the plans.

    Parameters
    ----------
    folder
        The folder `impact` of a run, or an evidence pack of a case as it stands (no site options, not public).
    plans
        The plan of each option, by its id, in their order.
    evidence
        The inputs.
    before
        What hub services are compared with.
    measured
        Minutes by the other modes and under the scenarios; without them only what is by car as the case stands is
        derived, and the rest checked against itself.
    named
        Names and kinds of the groups, where they are known from elsewhere.

    Returns
    -------
    One line a table, with every wrong cell and what it should be.
    """
    return check_pack(folder, Ground(evidence, dict(plans), before, measured or Measured()), named or {})


def check_pack(folder: Path, ground: Ground, named: Named) -> list[Line]:
    """The same with what is derived anew already at hand (see `check_travel`)."""
    if not (folder / RECORD).is_file():
        return [line("travel: the impact is there", [f"{folder.name} holds no {RECORD}"], "")]
    record = _read_record(folder)
    lines = [_check_record(record, folder, ground)]
    if not ground.plans:
        return [*lines, line("travel: figures of the options", ["the run has no options"], "")]
    sheets = {
        "people": read_sheet(folder, "people", PEOPLE),
        "summary": read_sheet(folder, "summary", SUMMARY),
        "inequality": read_sheet(folder, "inequality", INEQUALITY),
        "practices": read_sheet(folder, "practices", PRACTICES),
        "groups": read_sheet(folder, "groups", GROUPS),
        "communities": read_sheet(folder, "communities", COMMUNITIES),
    }
    label = sheets["people"].cells.set_index("population")["label"].to_dict()
    lines.append(_check_people(sheets["people"], ground.patients))
    lines.append(_check_summary(sheets["summary"], ground, label))
    lines.append(_check_inequality(sheets["inequality"], ground, label))
    lines.append(_check_practices(sheets["practices"], ground))
    lines.append(_check_groups(sheets["groups"], ground, named or {}))
    lines.append(_check_communities(sheets["communities"], ground))
    lines.append(_check_sums(sheets))
    titles = {str(one.get("name")): str(one.get("title")) for one in _listed(record, "scenarios")}
    called = record.get("options") if isinstance(record.get("options"), dict) else {}
    known = None if ground.measured.scenarios is None else set(ground.assumed)
    lines += check_stress(folder, sheets["summary"], ground, titles, called, known)
    lines += check_prompts(folder, ground)
    lines.append(check_places(folder, ground, called))
    return lines


# --- The record ------------------------------------------------------------------------------------------------------


def _read_record(folder: Path) -> dict:
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _listed(record: dict, name: str) -> list[dict]:
    value = record.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _check_record(record: dict, folder: Path, ground: Ground) -> Line:
    """The pack is of this run, of the case as it stands, with every figure, and its files are as they were written."""
    wrong = []
    options = record.get("options")
    now = {
        "public": False,
        "scenario": "",
        "threshold_minutes": ground.evidence.rules.impact.threshold_minutes,
        "options": list(ground.plans),
        "place": ground.evidence.place.name,
        "made_up": ground.evidence.place.made_up,
    }
    then = record | {"options": list(options) if isinstance(options, dict) else options}
    for name, value in now.items():
        if then.get(name) != value:
            wrong.append(f"{name}: written {then.get(name)!r}, should be {value!r}")
    if bool(record.get("before")) != (ground.before is not None):
        wrong.append(f"before: written {record.get('before')!r}, {_has_before(ground)}")
    modes = {one.get("mode") for one in _listed(record, "modes")}
    if not set(ground.travellers) <= modes:
        wrong.append(f"modes: written {', '.join(sorted(map(str, modes)))}, should be {', '.join(ground.travellers)}")
    names = {str(one.get("name")) for one in _listed(record, "scenarios")}
    every = set(ground.assumed) if ground.measured.scenarios is not None else names | set(ground.assumed)
    if names != every:
        written, right = (", ".join(sorted(name or "as it stands" for name in one)) for one in (names, every))
        wrong.append(f"scenarios: written {written}, should be {right}")
    files = record.get("files") if isinstance(record.get("files"), dict) else {}
    for name, digest in files.items():
        path = folder / Path(str(name)).name
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif sha256_of(path) != digest:
            wrong.append(f"{name} was changed")
    there = {path.name for path in folder.iterdir()} - {RECORD, *map(str, files)}
    wrong += [f"{name} is not of this pack" for name in sorted(there)]
    claim = f"travel: {RECORD} is that of this run, and its files are unchanged"
    return line(claim, told(wrong), f"{len(files)} files")


def _has_before(ground: Ground) -> str:
    return "the run has nothing to compare with" if ground.before is None else "the run compares with something"


# --- Who the patients are --------------------------------------------------------------------------------------------


def _check_people(sheet: Sheet, patients: Patients) -> Line:
    rows = []
    for key, people in patients.people.items():
        parts = {setting: people[patients.rows["setting"] == setting].sum() for setting in SETTINGS}
        row = {"family": patients.family[key], "population": key, "people": people.sum()}
        rows.append(row | {setting.replace(" ", "_"): value for setting, value in parts.items()})
    present = (sheet.cells["population"] != "").to_numpy()
    numbers = ("people", "rural", "urban", "not_known")
    compare(sheet, pd.DataFrame(rows), ("family", "population"), numbers=numbers, rows=present)
    if int((~present).sum()) != patients.absent and not sheet.wrong:
        told_of = f"{patients.absent} breakdowns are not in the inputs, {int((~present).sum())} are told as such"
        sheet.wrong.append(f"{sheet.file}: {told_of}")
    for number, cell in enumerate(sheet.cells.to_dict("records")):
        if cell["carried"].startswith(ABSENT) == present[number] or not cell["carried"]:
            sheet.blame(number, "carried", "how it is known" if present[number] else f"{ABSENT} ...")
        if not present[number]:
            for column in (column for column in ("family", *numbers) if cell[column] != ""):
                sheet.blame(number, column, math.nan)
        if not cell["label"]:
            sheet.blame(number, "label", "the name of the population")
        begins = patients.labels.get(cell["population"], "")
        if begins and not f"{cell['label'].casefold()} ".startswith(f"{begins} "):
            sheet.blame(number, "label", begins)
    _check_families(sheet)
    return sheet.line("travel: who the patients are", f"{len(rows)} populations")


def _check_families(sheet: Sheet) -> None:
    """Every division adds up to all patients, in all settings and in each."""
    numbers = sheet.numbers.assign(family=sheet.cells["family"])
    everybody = numbers[numbers["family"] == "all"]
    columns = ["people", "rural", "urban", "not_known"]
    for family, part in numbers[numbers["family"] != ""].groupby("family"):
        for column in columns if len(everybody) == 1 else []:
            total, whole = part[column].sum(), everybody[column].iloc[0]
            if not abs(total - whole) <= 1e-3 * (len(part) + 1):
                sheet.wrong.append(f"{sheet.file}: {family} adds up to {total:,.3f} in {column}, all are {whole:,.3f}")


# --- Figures by population -------------------------------------------------------------------------------------------


def _check_summary(sheet: Sheet, ground: Ground, label: Mapping[str, str]) -> Line:
    """Every figure of the case as it stands; those of scenarios that can be derived are among them."""
    expected = ground.summary.copy()
    expected["label"] = expected["population"].map(label).astype(object).fillna("")
    key = ("option", "scenario", "journey", "mode", "population", "setting")
    also = {f"{name}{ending}": f"{name}{ending}+" for name in ("median", "p90") for ending in ("", "_before")}
    compare(sheet, expected, key, texts=("label",), numbers=FIGURES, rows=ground.derived(sheet.cells), also=also)
    _check_nothing_moves(sheet)
    return sheet.line("travel: figures by population and setting", f"{len(expected):,} rows of {len(FIGURES)} figures")


def _check_nothing_moves(sheet: Sheet) -> None:
    """Grouping closes no site: every difference of routine care is exactly zero."""
    routine = (sheet.cells["journey"] == "routine").to_numpy()
    for column in (*(name for name in CHANGES if "before" not in name and name not in LEVELS), "kept_no_site"):
        moved = routine & (sheet.numbers[column].fillna(0.0) != 0.0).to_numpy()
        for number in moved.nonzero()[0]:
            told_already = sheet.at(number, column)
            if not any(fault.startswith(f"{told_already}:") for fault in sheet.wrong):
                sheet.blame(number, column, 0.0)


def _check_inequality(sheet: Sheet, ground: Ground, label: Mapping[str, str]) -> Line:
    expected = ground.inequality
    names = {"label": expected["population"].map(label), "compared_with": expected["other"].map(label)}
    expected = expected.assign(**{column: found.astype(object).fillna("") for column, found in names.items()})
    key, texts = ("option", "journey", "mode", "population"), ("label", "compared_with")
    compare(sheet, expected, key, texts=texts, numbers=INEQUALITY[6:], rows=ground.derived(sheet.cells))
    return sheet.line("travel: inequality", f"{len(expected)} comparisons")


# --- Practices, groups and communities -------------------------------------------------------------------------------


def _check_practices(sheet: Sheet, ground: Ground) -> Line:
    expected = ground.by_practice
    key = PRACTICES[:4]
    compare(sheet, expected, key, texts=PRACTICES[4:7], numbers=PRACTICES[7:], rows=ground.derived(sheet.cells))
    return sheet.line("travel: practices", f"{len(expected):,} rows")


def _check_groups(sheet: Sheet, ground: Ground, named: Named) -> Line:
    expected = ground.by_group.copy()
    keys = list(expected[["option", "group_id"]].itertuples(index=False, name=None))
    texts: tuple[str, ...] = ()
    if all(group in named.get(option, {}) for option, group in keys):
        expected["name"] = [named[option][group][0] for option, group in keys]
        expected["kind"] = [named[option][group][1] for option, group in keys]
        texts = ("name", "kind")
    key = ("option", "group_id", "journey", "mode")
    compare(sheet, expected, key, texts=texts, numbers=GROUPS[6:], rows=ground.derived(sheet.cells))
    return sheet.line("travel: groups", f"{len(expected):,} rows")


def _check_communities(sheet: Sheet, ground: Ground) -> Line:
    expected = ground.by_community
    compare(
        sheet,
        expected,
        COMMUNITIES[:4],
        texts=("areas", "setting"),
        numbers=COMMUNITIES[6:-1],
        rows=ground.derived(sheet.cells),
    )
    for (option, journey, mode), part in sheet.cells.groupby(list(COMMUNITIES[:1] + COMMUNITIES[1:3])):
        right = ground.places.get((option, journey, mode))
        if right is not None:
            check_ranks(sheet, part, "rank", right)
    return sheet.line("travel: communities", f"{len(expected):,} rows")


def check_ranks(sheet: Sheet, part: pd.DataFrame, column: str, right: pd.DataFrame) -> None:
    """Whether communities are ranked from the worst to the best; two within a hair may stand in either order."""
    ranks = sheet.numbers[column]
    judged, minutes = right["judged"].fillna(-math.inf), right["minutes"].fillna(-math.inf)
    for number, community in part["community"].items():
        rank, name = ranks[number], community if community in right.index else community.removeprefix("'")
        if name not in right.index or rank == right.at[name, "rank"]:
            continue
        alike = False
        if 1 <= rank <= len(right) and rank == int(rank):
            other = right.index[int(rank) - 1]
            alike = _near(judged[name], judged[other]) and (
                judged[name] != judged[other] or _near(minutes[name], minutes[other])
            )
            alike = alike and (judged[name], minutes[name]) != (judged[other], minutes[other])
        if not alike:
            sheet.blame(number, column, float(right.at[name, "rank"]))


def _near(one: float, other: float) -> bool:
    return one == other or abs(one - other) <= SLACK


# --- Conservation ----------------------------------------------------------------------------------------------------

COUNTED = ("people", "no_route", "beyond", "people_compared", "newly_beyond", "lost_route", "change_in_patient_minutes")
"""Figures of `summary` that add up over settings and over the populations of a family."""


def _check_sums(sheets: Mapping[str, Sheet]) -> Line:
    """The tables as written: communities, practices and groups add up to all; settings and families to the whole."""
    wrong: list[str] = []
    trip = ["option", "journey", "mode"]
    summary = _with_key(sheets["summary"], [*trip, "scenario", "population", "setting"])
    here = summary[summary["scenario"] == ""]
    everybody = here[(here["population"] == "all") & (here["setting"] == "all")].set_index(trip)
    checked = 0
    for name in ("communities", "practices", "groups"):
        columns = ["people", "no_route"] + (["beyond", "newly_beyond"] if name == "communities" else [])
        parts = _with_key(sheets[name], trip)
        checked += _add_up(wrong, f"{name}.csv", parts, trip, everybody, columns)
    of = [*trip, "scenario", "population"]
    whole = summary[summary["setting"] == "all"].set_index(of)
    checked += _add_up(wrong, "summary.csv, settings", summary[summary["setting"] != "all"], of, whole, COUNTED)
    family = dict(zip(sheets["people"].cells["population"], sheets["people"].cells["family"], strict=True))
    here = here.assign(family=here["population"].map(family))
    for name, parts in here[here["family"] != "all"].groupby("family"):
        of = [*trip, "setting"]
        whole = here[here["population"] == "all"].set_index(of)
        checked += _add_up(wrong, f"summary.csv, {name}", parts, of, whole, COUNTED)
    return line("travel: every breakdown adds up to all patients", told(wrong), f"{checked:,} sums")


def _with_key(sheet: Sheet, key: list[str]) -> pd.DataFrame:
    """A table with its key as text and all else as numbers."""
    return pd.concat([sheet.cells[key], sheet.numbers.drop(columns=key)], axis=1)


def _add_up(
    wrong: list[str], called: str, parts: pd.DataFrame, key: list[str], whole: pd.DataFrame, columns: Sequence[str]
) -> int:
    """Note every sum of parts that is not the whole; figures that are not known count nothing on either side."""
    columns = list(columns)
    by = parts.groupby(key)[columns]
    sums, rows = by.sum(), by.size()
    whole = whole.loc[~whole.index.duplicated(), columns].fillna(0.0)
    both = sums.index.intersection(whole.index)
    sums, whole, rows = sums.reindex(both), whole.reindex(both), rows.reindex(both)
    limit = whole.abs().mul(1e-9).add(0.6e-3 * (rows + 1), axis=0)
    for at, column in zip(*((sums - whole).abs() > limit).to_numpy().nonzero(), strict=True):
        who = ", ".join(str(part) for part in both[at] if part)
        adds, all_are = sums.iloc[at, column], whole.iloc[at, column]
        wrong.append(f"{called}, {who}: {columns[column]} adds up to {adds:,.3f}, all are {all_are:,.3f}")
    return sums.size
