"""What "before" is for hub services: the hubs of a plan, or the sites where such services run today."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geodata.errors import Finding, InputProblems
from geodata.place import Place
from geodata.tables.columns import nearest
from geodata.tables.readers import FilePart
from geodata.tables.schemas import cap_findings
from grouping.impact.own_table import read_own_table
from grouping.plan import Before, Plan, ServiceSites
from grouping.plan_file import PLAN_COLUMNS, read_plan

WHAT_IT_MAY_BE = (
    "Give a plan (columns practice_code, group_id and, if known, hub_site_code), or the sites where such services run"
    " today (column site_code; practice_code only where a site serves one practice's patients)."
)


@dataclass(frozen=True)
class Baseline:
    """Where hub services are "before".

    Parameters
    ----------
    plan
        The plan whose hubs are before; None where a table of sites was given.
    sites
        Codes of the sites everybody may use, sorted; empty with a plan.
    sites_of
        Practice code -> sites for the patients of that practice alone, sorted, besides `sites`.
    sentence
        What "before" is, in plain words.
    findings
        Warnings and notes.
    """

    plan: Plan | None
    sites: tuple[str, ...]
    sites_of: Mapping[str, tuple[str, ...]]
    sentence: str
    findings: tuple[Finding, ...] = ()

    @property
    def before(self) -> Before:
        """The plan, or the sites."""
        return ServiceSites(self.sites, self.sites_of) if self.plan is None else self.plan


class OpenHubs:
    """Finds the hub of groups for which a plan names none, and counts them."""

    def __init__(self, best_hub: Callable[[tuple[str, ...]], str]) -> None:
        self._best_hub = best_hub
        self.chosen = 0

    def __call__(self, members: tuple[str, ...]) -> str:
        """The hub of a group, by the codes of its members."""
        self.chosen += 1
        return self._best_hub(members)

    def sentence(self, groups: int) -> str:
        """What was chosen, in plain words; empty where the plan names every hub."""
        if not self.chosen:
            return ""
        which = f"{self.chosen} of {groups} groups: for these" if groups > 1 else "its group: for it"
        return (
            f" The plan names no hub for {which} the site that is nearest to the patients altogether was taken. Where "
            "services really run is not in the inputs."
        )


def read_baseline(path: Path, place: Place, best_hub: Callable[[tuple[str, ...]], str]) -> Baseline:
    """Read what hub journeys are compared with.

    Parameters
    ----------
    path
        A plan, a table of the sites where such services run today (the columns decide), or the folder of a run, of
        which the first option is taken. Any format the tables of a case may have.
    place
        The case.
    best_hub
        Function from the members' codes to a site code, for groups whose hub the plan leaves open.

    Raises
    ------
    InputProblems
        The file is neither, or holds mistakes; all of them are told.
    """
    path, best_hub = Path(path), OpenHubs(best_hub)
    if path.name == "run.json" and path.is_file():
        path = path.parent
    if path.is_dir():
        file, option = _plan_of_run(path)
        plan = read_plan(file, place, best_hub)
        called = f"the plan {option} of the run in the folder {path.resolve().name}"
        return _of_plan(plan, place, called, file.name, best_hub)
    part, findings = read_own_table(path, "services")
    if _is_plan(part, path.name):
        plan = _read_plan_part(part, place, best_hub, path.name)
        warned = tuple(finding for finding in findings if finding.severity == "warning")
        name = f"{path.parent.resolve().name}/{path.name}" if path.name == "plan.csv" else path.name
        return _of_plan(plan, place, f"the plan in {name}", path.name, best_hub, warned)
    return _of_sites(part, findings, place, path.name)


def read_any_plan(path: Path, place: Place, best_hub: Callable[[tuple[str, ...]], str]) -> Plan:
    """Read a plan in any format the tables of a case may have.

    Parameters
    ----------
    path, place, best_hub
        As for `read_baseline`.

    Raises
    ------
    InputProblems
        As `grouping.plan_file.read_plan`, or the file cannot be read.
    """
    if Path(path).suffix.lower() in {".csv", ".txt", ""} or not Path(path).is_file():
        return read_plan(path, place, best_hub)
    part, _ = read_own_table(path, "services")
    return _read_plan_part(part, place, best_hub, Path(path).name)


def _is_plan(part: FilePart, file: str) -> bool:
    """Whether the columns are those of a plan; raises `InputProblems` where they are neither, or both."""
    plan, sites = "group_id" in part.columns, "site_code" in part.columns
    if plan and sites:
        message = "The file has the columns of a plan and those of a table of sites: it could be read either way."
        column = part.spelling["group_id"]
    elif not plan and not sites:
        listed = ", ".join(name for name in part.header[:10] if name)
        message, column = f"The file is neither a plan nor a table of sites; its columns are: {listed}.", None
    elif plan and "practice_code" not in part.columns:
        message, column = "The file has groups, but no column practice_code.", "practice_code"
    else:
        return plan
    raise InputProblems([_error(file, message, WHAT_IT_MAY_BE, row=1, column=column)])


# --- A plan ------------------------------------------------------------------------------------------------------


def _plan_of_run(folder: Path) -> tuple[Path, str]:
    """The plan of the first option of a run, and the option's name."""
    record = folder / "run.json"
    if not record.is_file():
        case = (folder / "case.toml").is_file()
        message = "This folder is a case, not a run." if case else "This folder is not a run: it has no run.json."
        fix = "Name a file of the case, such as practices.csv with its column current_group." if case else ""
        raise InputProblems([_error(folder.name, message, fix or f"Name the folder of a run. {WHAT_IT_MAY_BE}")])
    try:
        option = str(json.loads(record.read_text(encoding="utf-8"))["options"][0]["id"])
    except (OSError, ValueError, LookupError, TypeError):
        option = ""
    file = folder / "options" / option / "plan.csv"
    # a name from a file must not lead out of the folder
    if not option or Path(option).name != option or option == ".." or not file.is_file():
        fix = "Make the run again, or name one of its plan.csv files."
        raise InputProblems([_error(folder.name, "The run holds no plan that can be read.", fix)])
    return file, option


def _read_plan_part(part: FilePart, place: Place, best_hub: Callable[[tuple[str, ...]], str], file: str) -> Plan:
    """The plan in a table of any format, by the same reader as every plan; rows keep their numbers."""
    columns = [name for name in PLAN_COLUMNS if name in part.columns]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / file
        with copy.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(columns)
            written = 1
            for i, row in enumerate(part.rows):
                handle.write("\n" * max(0, int(row) - written - 1))
                writer.writerow([" ".join(str(part.columns[name][i]).split()) for name in columns])
                written = max(written + 1, int(row))
        return read_plan(copy, place, best_hub)


def _of_plan(
    plan: Plan, place: Place, called: str, file: str, hubs: OpenHubs, findings: tuple[Finding, ...] = ()
) -> Baseline:
    lists = place.practices["list_size"]
    left_out = lists[~lists.index.isin(plan.practice_codes)]
    covered = int(lists.sum() - left_out.sum())
    sentence = (
        f"Before: the hubs of {called}, with {_count(len(plan.groups), 'group')} of"
        f" {_count(len(plan.practice_codes), 'practice')} and {covered:,} registered patients."
    )
    sentence += hubs.sentence(len(plan.groups))
    if hubs.chosen:
        message = f"The plan before names no hub for {hubs.chosen} of {len(plan.groups)} groups: the program chose"
        message += " the site that is nearest to their patients altogether."
        fix = "Write the sites where services run today into the column hub_site_code."
        findings = (*findings, Finding("warning", file, message, fix, column="hub_site_code", code="before-hubs"))
    if len(left_out):
        sentence += (
            f" It leaves out {_count(len(left_out), 'practice')} with {int(left_out.sum()):,} patients: for them"
            " nothing is compared."
        )
        message = f"The plan before leaves out {len(left_out)} of {len(lists)} practices, with"
        message += f" {int(left_out.sum()):,} patients: for them nothing is compared."
        fix = "Add their groups of that time, if they were in any."
        told = Finding("warning", file, message, fix, value=", ".join(left_out.index), code="before-is-partial")
        findings = (*findings, told)
    return Baseline(plan, (), {}, sentence, findings)


# --- Sites -------------------------------------------------------------------------------------------------------


def _of_sites(part: FilePart, findings: list[Finding], place: Place, file: str) -> Baseline:
    rows = _site_rows(part)
    findings = [*findings, *_site_findings(rows, part, place, file)]
    if any(finding.severity == "error" for finding in findings):
        raise InputProblems(cap_findings(findings))
    everybody = tuple(sorted(rows.loc[rows["practice"] == "", "site"]))
    own = {
        str(code): tuple(sorted(set(sites) - set(everybody)))
        for code, sites in rows[rows["practice"] != ""].groupby("practice")["site"]
    }
    own = {code: sites for code, sites in own.items() if sites}
    lists = place.practices["list_size"]
    without = lists[~lists.index.isin(own)] if not everybody else lists.iloc[:0]
    if len(without):
        message = f"No site is named for {len(without)} of {len(lists)} practices, with {int(without.sum()):,}"
        message += " patients: for them nothing is compared."
        fix = "Add rows for them, or leave practice_code empty where a site serves everybody."
        told = Finding("warning", file, message, fix, value=", ".join(without.index), code="before-is-partial")
        findings.append(told)
    kept = tuple(finding for finding in findings if finding.severity == "warning")
    return Baseline(None, everybody, own, _sites_sentence(everybody, own, file, without), kept)


def _site_rows(part: FilePart) -> pd.DataFrame:
    """Site, practice (may be empty) and row number; codes in capitals, as the tables of a case are read."""
    empty = [""] * len(part.rows)
    sites, practices = part.columns["site_code"], part.columns.get("practice_code", empty)
    return pd.DataFrame(
        {
            "site": [str(text).upper() for text in sites],
            "practice": [str(text).upper() for text in practices],
            "row": part.rows,
        }
    ).astype({"site": object, "practice": object})


def _site_findings(rows: pd.DataFrame, part: FilePart, place: Place, file: str) -> list[Finding]:
    findings, first = [], {}
    column = {name: part.spelling.get(name, name) for name in ("site_code", "practice_code")}
    for site, practice, row in rows.itertuples(index=False):
        here = {"row": int(row), "column": column["site_code"], "value": site}
        if not site:
            findings.append(_error(file, "The row has no site code.", "Fill it in, or take the row out.", **here))
        elif site not in place.sites.index:
            close = nearest(site, [str(code) for code in place.sites.index])
            fix = f"Did you mean {close}?" if close else ""
            fix = fix or "Add it to the sites of the case (kind community, if it is nobody's), so that it is timed."
            findings.append(_error(file, "This site is not in the case.", fix, **here))
        elif (site, practice) in first:
            message = f"The site stands in the table twice, first in row {first[site, practice]}."
            findings.append(_error(file, message, "Keep one of the rows.", **here))
        first.setdefault((site, practice), int(row))
        if practice and practice not in place.practices.index:
            close = nearest(practice, [str(code) for code in place.practices.index])
            fix = f"Did you mean {close}?" if close else "Leave the cell empty where the site serves everybody."
            here = {"row": int(row), "column": column["practice_code"], "value": practice}
            findings.append(_error(file, "This practice is not in the case.", fix, **here))
    return findings


def _sites_sentence(
    everybody: tuple[str, ...], own: Mapping[str, tuple[str, ...]], file: str, without: pd.Series
) -> str:
    number = len({*everybody, *(site for sites in own.values() for site in sites)})
    sentence = f"Before: hub services as they run today at {_count(number, 'site')} named in {file};"
    sentence += " patients go to the nearest that serves them."
    if own and everybody:
        only = len({site for sites in own.values() for site in sites} - set(everybody))
        sentence += f" {len(everybody)} of them serve everybody, {only} only the patients of certain practices."
    elif own:
        sentence += f" They serve the patients of {_count(len(own), 'practice')} only."
    if len(without):
        sentence += (
            f" For {_count(len(without), 'practice')} with {int(without.sum()):,} patients no site is named: for them"
            " nothing is compared."
        )
    return sentence


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _error(file: str, message: str, fix: str, **cell: object) -> Finding:
    return Finding("error", file, message, fix, code="before-file", **cell)
