"""All tables of a run, with words for every column: what its workbook holds, and what its page offers to download.

Everything is taken from the `Run`, so that in public mode nothing is in a table that is no longer in the run. A table
that also stands as a file in the folder of a run has the bytes of that file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pandas as pd

from grouping.impact.about import DRAFT, about_of
from grouping.impact.pack import pack_tables
from grouping.impact.words import HIDDEN_NOTE
from grouping.impact.workbook import cover_facts, impact_tables
from grouping.named_table import Column, Kind, NamedTable, csv_bytes
from grouping.plain_words import NO_CLOSURE, option_title, order_in_words
from grouping.plan_file import PLAN_COLUMNS
from grouping.public.words import PRIVATE_RULES
from grouping.report.group_figures import GroupFigures, all_figures
from grouping.report.method import rule_rows
from grouping.report.today import todays_groups
from grouping.report.told import Told
from grouping.result import AssessedOption, Run
from grouping.workbook import FILTERS, Cover, write_workbook
from grouping.writing import findings_table

IMPACT = "impact-"
"""How the names of the tables about travel begin: two of them are called like tables of the run."""

TRAVEL = "Travel"
"""How the titles of those tables begin that are called like tables of the run."""

WORDS: dict[str, tuple[str, Kind]] = {
    "option": ("Option", "text"),
    "practices": ("Practices", "number"),
    "groups": ("Groups", "number"),
    "urban_groups": ("Urban groups", "number"),
    "rural_groups": ("Rural groups", "number"),
    "exceptions": ("Groups below their minimum, granted ones left out", "number"),
    "shortfall": ("Patients by which these are short of it", "people"),
    "smallest": ("Patients of the smallest group", "people"),
    "largest": ("Patients of the largest group", "people"),
    "mean_minutes_to_hub": ("Home to hub, mean (minutes)", "minutes"),
    "mean_minutes_hub_rural": ("Home to hub, mean of people in rural areas (minutes)", "minutes"),
    "mean_minutes_hub_urban": ("Home to hub, mean of people in urban areas (minutes)", "minutes"),
    "mean_minutes_routine": ("Home to own practice, mean (minutes)", "minutes"),
    "mean_minutes_routine_rural": ("Home to own practice, mean of people in rural areas (minutes)", "minutes"),
    "mean_minutes_routine_urban": ("Home to own practice, mean of people in urban areas (minutes)", "minutes"),
    "longest_practice_minutes": ("Longest way from a practice to its hub (minutes)", "minutes"),
    "patients": ("Registered patients", "people"),
    "patients_rural": ("Registered patients in rural areas", "people"),
    "patients_urban": ("Registered patients in urban areas", "people"),
    "patients_without_route": ("No route to the hub, or home outside the case (people)", "people"),
    "patients_estimated": ("Home estimated (people)", "people"),
    "objective": ("Score (minutes per patient)", "score"),
    "behind_best": ("Score behind the first option (share)", "share"),
    "band": ("Band it was found in (share of the score)", "share"),
    "different_from_best": ("Patients whose group has other members than in the first option (share)", "share"),
    "similar": ("Simply the next best plan", "text"),
    "verified": ("Independent check agrees", "text"),
    "group_id": ("Group", "text"),
    "name": ("Name", "text"),
    "kind": ("Kind", "text"),
    "sites": ("Sites", "number"),
    "list_size": ("Registered patients", "people"),
    "rural_share": ("Rural share (share of patients)", "share"),
    "minimum": ("Minimum that applies (patients)", "people"),
    "margin": ("Margin: patients above (+) or below (-) the minimum", "people"),
    "exception": ("Exception", "text"),
    "hub_site_code": ("Site code of the hub", "text"),
    "hub": ("Hub", "text"),
    "max_practice_minutes": ("Longest way from a practice to the hub (minutes)", "minutes"),
    "vulnerable_patients": ("Patients of vulnerable practices", "people"),
    "not_rated": ("Practices without a vulnerability rating", "number"),
    "systems_used": ("Number of clinical systems", "number"),
    "floor_area_m2_unknown": ("Sites without a floor area", "number"),
    "annual_cost_unknown": ("Sites without a cost", "number"),
    "practice_code": ("Practice code", "text"),
    "practice": ("Practice", "text"),
    "locality": ("Locality", "text"),
    "group": ("Name of the group", "text"),
    "area_code": ("Area code", "text"),
    "area": ("Area", "text"),
    "minutes_routine": ("Home to own practice (minutes)", "minutes"),
    "minutes_hub": ("Home to hub (minutes)", "minutes"),
    "minutes_hub_before": ("Home to hub before (minutes)", "minutes"),
    "note": ("Remark", "text"),
    "practice_a": ("Code of one practice", "text"),
    "name_a": ("One practice", "text"),
    "practice_b": ("Code of the other", "text"),
    "name_b": ("The other practice", "text"),
    "border": ("Share a border", "text"),
    "together_share": ("Together in this share of the plans", "share"),
    "plans": ("Plans looked at", "people"),
    "verdict": ("Settled or a choice", "text"),
    "settled_within": ("Settled in all plans within (share of the score)", "share"),
    "basis": ("What the share is of", "text"),
    "option_a": ("One option", "text"),
    "option_b": ("The other option", "text"),
    "different_share": ("Patients whose group has other members (share)", "share"),
    "partnership_id": ("Partnership", "text"),
    "group_ids": ("Its groups", "text"),
    "longest_minutes_between_hubs": ("Longest between its hubs (minutes)", "minutes"),
    "rule": ("Rule", "text"),
    "meaning": ("What it means", "text"),
    "value": ("Value", "text"),
    "relaxed_to": ("Relaxed to", "text"),
    "shortfall_change": ("Change of the patients short", "people"),
    "exceptions_change": ("Change of the groups below their minimum", "number"),
    "groups_change": ("Change of the number of groups", "number"),
    "score_change": ("Change of the score (minutes per patient)", "score"),
    "minutes_change": ("Change of the mean minutes to the hub", "score"),
    "sentence": ("In words", "text"),
    "severity": ("Kind of finding", "text"),
    "file": ("File", "text"),
    "row": ("Row", "number"),
    "column": ("Column", "text"),
    "message": ("What was found", "text"),
    "fix": ("What can be done", "text"),
    "code": ("Code", "text"),
    "claim": ("Claim", "text"),
    "agrees": ("Agrees", "text"),
    "detail": ("Detail", "text"),
    "table": ("Table", "text"),
    "rows": ("Rows", "people"),
    "vintage": ("Date of the data", "text"),
    "licence": ("Licence", "text"),
    "attribution": ("Attribution", "text"),
    "criterion": ("Criterion", "text"),
    "indicator": ("Indicator", "text"),
    "figure": ("Figure", "ratio"),
    "unit": ("Unit", "text"),
    "better": ("What is better", "text"),
    "definition": ("How it is worked out", "text"),
    "source": ("Where it comes from", "text"),
    "today": ("Group today", "text"),
    "becomes": ("In this plan", "text"),
    "could_move_to": ("Groups it could move to alone", "text"),
    "sha256": ("SHA-256 of the file", "text"),
}
"""Header, with its unit, and kind of each column; those of the tables about travel stand in `impact.columns`."""

SETTINGS = {"": "", "_rural": " of people in rural areas", "_urban": " of people in urban areas"}
COMPARED: dict[str, tuple[str, Kind]] = {
    "patients_compared": ("People whose journey to the hub before is known{of}", "people"),
    "mean_minutes_before": ("Home to hub before, mean{of} compared (minutes)", "minutes"),
    "mean_minutes_compared": ("Home to hub in this option, mean{of} compared (minutes)", "minutes"),
    "share_longer": ("More than a minute further from the hub than before (share{of} compared)", "share"),
    "share_shorter": ("More than a minute nearer to the hub than before (share{of} compared)", "share"),
}
"""Figures of the whole option that stand for all, for rural and for urban areas."""

UNIT_WORDS = {
    "people": "people",
    "count": "number",
    "minutes": "minutes",
    "share": "share",
    "area": "square metres",
    "pounds": "pounds",
}
"""Kinds of `grouping.report.indicator` as a reader is told them."""

GROUP_KINDS: dict[str, Kind] = {
    "count": "amount",
    "signed": "amount",
    "money": "amount",
    "area": "amount",
    "people": "people",
    "minutes": "minutes",
    "share": "share",
    "text": "text",
}
"""Kinds of `grouping.report.group_figures` as those of a table."""


def tables_of_run(run: Run, told: Told | None = None) -> list[NamedTable]:
    """Every table of a run, in the order of its page.

    Parameters
    ----------
    run
        The run; in public mode what must not be told is no longer in it.
    told
        What its page tells, where that has been worked out.

    Returns
    -------
    The tables; one that has no rows because the run has none of it (no findings, nothing left out) is not among them,
    but those about travel always are, as their files are.
    """
    told = told or Told(run)
    made = [*_options(run), *_criteria(run, told), *_groups(run), *_plans(run), *_areas(run), *_partnerships(run)]
    made += [
        *_remarks(run),
        *_left_out(run),
        *_today(run, told),
        *_borders(run, told),
        *_comparisons(run),
        *travel_tables(run),
    ]
    return [*made, *_rules(run), *_findings(run), *_checks(run), *_sources(run)]


def travel_tables(run: Run, *, once: bool = False) -> list[NamedTable]:
    """The tables about travel (see `grouping.impact.pack`), none for a run without an impact.

    Parameters
    ----------
    run
        The run.
    once
        Whether routine care is listed once where it is the same under every option, for reading.
    """
    if run.impact is None:
        return []
    return [
        NamedTable(
            f"{IMPACT}{table.name}",
            f"{TRAVEL}: {table.title[:1].lower()}{table.title[1:]}"
            if table.name in {"practices", "groups"}
            else table.title,
            table.holds,
            table.table,
            table.columns,
            stands=f"impact/{table.name}.csv",
        )
        for table in impact_tables(run.impact, pack_tables(run.impact), once=once)
    ]


def plan_files(run: Run) -> list[NamedTable]:
    """The plan of each option as `blueprint score` reads it; in the workbook all plans stand in one table."""
    made = []
    for option in run.options:
        rows = sorted((code, group.group_id, group.hub_site_code) for code, group in _members(option))
        option_id = option.option.option_id
        made.append(
            NamedTable(
                f"{option_id}-plan",
                f"{option_title(option_id)}: plan",
                "One row a practice with its group and the hub of that group; “blueprint score” reads it.",
                pd.DataFrame(rows, columns=list(PLAN_COLUMNS)),
                words_of(PLAN_COLUMNS),
                stands=f"options/{option_id}/plan.csv",
            )
        )
    return made


def write_tables(run: Run, folder: Path, further: Sequence[NamedTable] = ()) -> list[Path]:
    """Write the tables that a run folder does not hold as CSV files into a folder, made if it is not there.

    Parameters
    ----------
    run, folder
        The run, and where to write.
    further
        Tables of something made from the run, such as a programme.

    Returns
    -------
    The files that were written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for table in [*tables_of_run(run), *plan_files(run), *further]:
        if not table.stands.startswith("impact/"):
            path = folder / table.file
            path.write_bytes(csv_bytes(table.table))
            made.append(path)
    return made


def write_run_workbook(run: Run, path: Path, further: Sequence[NamedTable] = ()) -> None:
    """Write the workbook of a run: a cover, contents, and every table on a sheet (see `grouping.workbook`).

    Parameters
    ----------
    run
        The run; the same run gives the same bytes.
    path
        The file to write.
    further
        Tables of something made from the run, such as a programme.
    """
    tables = [table for table in tables_of_run(run) if not table.name.startswith(IMPACT)]
    at = next((number for number, table in enumerate(tables) if table.name == "rules"), len(tables))
    write_workbook(path, _cover(run), [*tables[:at], *travel_tables(run, once=True), *further, *tables[at:]])


def words_of(keys: Iterable[str], own: dict[str, Column] | None = None) -> tuple[Column, ...]:
    """The words of some columns.

    Parameters
    ----------
    keys
        Their names in the table.
    own
        Words that a table has of its own.
    """
    own = own or {}
    return tuple(own.get(str(key)) or Column(str(key), *_words(str(key))) for key in keys)


def _words(key: str) -> tuple[str, Kind | None]:
    if key in WORDS:
        return WORDS[key]
    for ending, who in sorted(SETTINGS.items(), key=lambda item: -len(item[0])):
        stem = key.removesuffix(ending)
        if not key.endswith(ending):
            continue
        if stem in COMPARED:
            words, kind = COMPARED[stem]
            return words.format(of=who or " of people" if "{of} compared" in words else who), kind
        within = re.fullmatch(r"share_(routine_)?within_(\d+)_minutes", stem)
        if within:
            where = "the own practice" if within.group(1) else "the hub"
            return f"Within {within.group(2)} minutes of {where} (share{who or ' of people'})", "share"
    return key.replace("_", " ").capitalize(), None


def _named(name: str, title: str, holds: str, table: pd.DataFrame, stands: str = "") -> list[NamedTable]:
    """A table whose columns all have their words in `WORDS`; nothing where it has no rows."""
    table = table.reset_index(drop=True)
    return [NamedTable(name, title, holds, table, words_of(table.columns), stands)] if len(table) else []


def _of_all(run: Run, part: Callable[[AssessedOption], pd.DataFrame]) -> pd.DataFrame:
    """A table of every option one below the other, its first column naming the option."""
    parts = [part(option).assign(option=option.option.option_id) for option in run.options]
    parts = [table for table in parts if len(table)]
    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts, ignore_index=True)
    return table[["option", *(column for column in table.columns if column != "option")]]


def _members(option: AssessedOption) -> list[tuple[str, object]]:
    return [(code, group) for group in option.option.plan.groups for code in group.members]


# --------------------------------------------------------------------------------------------------------- the options


def _options(run: Run) -> list[NamedTable]:
    keys = list(dict.fromkeys(key for option in run.options for key in option.headline))
    of_a_search = ("behind_best", "different_from_best") if run.solver is not None else ()
    rows = []
    for option in run.options:
        plan = option.option
        rows.append(
            {"option": plan.option_id}
            | {key: _six_decimals(option.headline.get(key)) for key in keys}
            | {"objective": _six_decimals(plan.objective)}
            | {key: _six_decimals(getattr(plan, key)) for key in of_a_search}
            | {"similar": plan.similar, "verified": option.verified}
        )
    table = _yes_and_no(pd.DataFrame(rows, dtype=object), ("similar", "verified"))
    return _named("options", "Options side by side", "One row an option, with its figures as a whole.", table)


def _criteria(run: Run, told: Told) -> list[NamedTable]:
    rows = [
        {
            "criterion": criterion.name,
            "indicator": one.label,
            "option": option.option.option_id,
            "figure": _six_decimals(figure),
            "unit": UNIT_WORDS[one.kind],
            "better": one.direction or "neither",
            "definition": one.definition,
            "source": one.source,
        }
        for criterion in told.criteria
        for one in criterion.indicators
        for option, figure in zip(run.options, one.figures, strict=True)
    ]
    holds = "One row a figure of an option under one of the six criteria used for reconfiguration; nothing is added up."
    return _named("criteria", "Six criteria", holds, pd.DataFrame(rows))


def _yes_and_no(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Columns of yes and no as these words."""
    words = {True: "yes", False: "no"}
    return table.assign(
        **{name: [words.get(value, value) for value in table[name]] for name in columns if name in table}
    )


def _groups(run: Run) -> list[NamedTable]:
    """The groups with whatever the inputs hold about them."""
    figures = all_figures(run) if run.options else None
    table = _of_all(run, lambda option: _wide(option, run, figures))
    own = {figure.key: _column_of(figure) for figure in figures.columns if figure.key not in WORDS} if figures else {}
    meanings = (
        {figure.key: f"{figure.meaning}. {figure.source}".strip(" .") for figure in figures.columns} if figures else {}
    )
    columns = tuple(
        Column(column.key, column.words, column.kind, meanings.get(column.key, column.meaning))
        for column in words_of(table.columns, own)
    )
    holds = "One row a group of an option, with whatever the inputs hold about it."
    return [NamedTable("groups", "Groups", holds, table, columns)] if len(table) else []


def _wide(option: AssessedOption, run: Run, figures: GroupFigures) -> pd.DataFrame:
    known = option.groups.reset_index(drop=True)
    sites = run.place.sites
    if "hub_site_code" in known:
        hubs = [str(sites.at[code, "name"]) if code in sites.index else code for code in known["hub_site_code"]]
        known.insert(known.columns.get_loc("hub_site_code") + 1, "hub", hubs)
    more = figures.tables[option.option.option_id].reindex(known["group_id"]).reset_index(drop=True)
    more = more[[column for column in more.columns if column not in known.columns]]
    return pd.concat([known, more.map(_six_decimals)], axis=1)


def _six_decimals(value: object) -> object:
    """A figure as the tables of a run hold it: at most six decimals, which no reader of minutes or people misses."""
    return round(float(value), 6) if isinstance(value, float) else value


def _column_of(figure: object) -> Column:
    """A figure of the groups as a column: its short head, and what it means."""
    return Column(figure.key, figure.head, GROUP_KINDS.get(figure.kind), figure.meaning)


def _plans(run: Run) -> list[NamedTable]:
    place = run.place

    def told(option: AssessedOption) -> pd.DataFrame:
        names = dict(zip(option.groups["group_id"], option.groups["name"], strict=True))
        rows = [
            {
                "practice_code": code,
                "practice": place.practices.at[code, "name"],
                "locality": place.practices.at[code, "locality"] if "locality" in place.practices else "",
                "list_size": place.practices.at[code, "list_size"],
                "group_id": group.group_id,
                "group": names.get(group.group_id, ""),
                "hub_site_code": group.hub_site_code,
                "hub": place.sites.at[group.hub_site_code, "name"],
            }
            for code, group in sorted(_members(option), key=lambda member: member[0])
        ]
        return pd.DataFrame(rows)

    return _named("plans", "Plans", "One row a practice of an option: its group and its hub.", _of_all(run, told))


def _areas(run: Run) -> list[NamedTable]:
    names = run.place.areas["name"] if "name" in run.place.areas else pd.Series(dtype=object)

    def told(option: AssessedOption) -> pd.DataFrame:
        table = option.areas.reset_index(drop=True)
        if run.before is None and "minutes_hub_before" in table:
            table = table.drop(columns="minutes_hub_before")
        if "area_code" in table and len(names):
            table.insert(table.columns.get_loc("area_code") + 1, "area", table["area_code"].map(names).fillna(""))
        return table

    holds = (
        "One row a small area of an option: its registered patients, and their mean minutes by car. The two journeys "
        "are never subtracted from each other."
    )
    return _named("areas", "Areas", holds, _of_all(run, told))


def _partnerships(run: Run) -> list[NamedTable]:
    layers = {option.option.option_id: option.second_layer for option in run.options}

    def told(option: AssessedOption) -> pd.DataFrame:
        layer = layers[option.option.option_id]
        return pd.DataFrame() if layer is None else layer.table

    holds = "One row a partnership: groups of an option formed into a larger one."
    return _named("partnerships", "Partnerships of groups", holds, _of_all(run, told))


def _remarks(run: Run) -> list[NamedTable]:
    table = _of_all(run, lambda option: option.notes)
    return _named("remarks", "Remarks on groups", "One row a remark that a careful reader must see.", table)


def _left_out(run: Run) -> list[NamedTable]:
    table = _of_all(run, lambda option: option.left_out)
    holds = "One row a practice that a plan does not cover; it is in no total."
    return _named("left_out", "Practices left out", holds, table)


def _today(run: Run, told: Told) -> list[NamedTable]:
    """What becomes of today's groups, where the inputs name them."""
    today, lists = todays_groups(run), run.place.practices["list_size"]
    rows = [
        {
            "option": option.option_id,
            "today": name,
            "practices": len(today.groups[name]),
            "list_size": int(lists.loc[list(today.groups[name])].sum()),
            "becomes": becomes,
        }
        for option in told.today.options
        for name, _, _, becomes in option.rows
        if name in today.groups
    ]
    return _named("today", "Today's groups", f"One row one of {today.phrase} under an option.", pd.DataFrame(rows))


def _borders(run: Run, told: Told) -> list[NamedTable]:
    """Practices on a border: about whom the plans differ, or that could move to another group alone."""
    rows = [
        {
            "option": option.option.option_id,
            "practice_code": row.code,
            "practice": row.name,
            "list_size": row.patients,
            "group_id": group,
            "could_move_to": " ".join(others),
        }
        for row in (told.border.rows if run.options else ())
        for option, (group, others) in zip(run.options, row.cells, strict=True)
    ]
    holds = "One row a practice on a border and an option: its group, and the groups it could move to alone."
    return _named("borders", "Practices on a border", holds, pd.DataFrame(rows))


def _comparisons(run: Run) -> list[NamedTable]:
    """What stands in the folder of a run about the options together, with the bytes of those files."""
    agreement = None if run.agreement is None else run.agreement.table
    found = (
        (
            "agreement",
            "Settled or a choice",
            "One row a pair of practices: in what share of the plans nearly as good as the best they share a group.",
            agreement,
        ),
        (
            "option_differences",
            "Differences of options",
            "One row a pair of options: patients whose group has other members in the other option.",
            run.differences,
        ),
        ("prices", "What each rule costs", "One row a rule and what relaxing it would change.", run.prices),
    )
    made = []
    for name, title, holds, table in found:
        if table is not None:
            made += _named(name, title, holds, table, f"{name}.csv")
    return made


# ------------------------------------------------------------------------------------------------------ how it was made


def _rules(run: Run) -> list[NamedTable]:
    rows = [(key, meaning, value) for key, meaning, value in rule_rows(run.rules, PRIVATE_RULES if run.public else ())]
    table = pd.DataFrame(rows, columns=["rule", "meaning", "value"])
    return _named("rules", "Rule set", f"Every value of the rule set “{run.rules.title}”.", table)


def _findings(run: Run) -> list[NamedTable]:
    table = findings_table(run.findings)
    return _named("findings", "Findings of the input check", "One row a finding.", table, "findings.csv")


def _checks(run: Run) -> list[NamedTable]:
    shown = ("claim", "agrees", "detail")
    table = _of_all(run, lambda option: option.verification[[name for name in shown if name in option.verification]])
    if len(table) and "detail" in table and not table["detail"].any():  # a public run does not tell them
        table = table.drop(columns="detail")
    holds = "One row a claim that a separate part of the program derived again from the inputs."
    return _named("checks", "Independent check", holds, _yes_and_no(table, ("agrees",)))


def _sources(run: Run) -> list[NamedTable]:
    shown = ("table", "file", "rows", "vintage", "licence", "attribution", "sha256")
    table = pd.DataFrame([{name: getattr(source, name) for name in shown} for source in run.place.sources])
    if len(table) and not table["sha256"].any():  # a public run does not tell them
        table = table.drop(columns="sha256")
    return _named("sources", "Sources", "One row a file that the run has read.", table)


def _cover(run: Run) -> Cover:
    about, impact = about_of(run), run.impact
    hidden = f" {HIDDEN_NOTE}" if run.public else ""
    facts: list[tuple[str, str]] = []
    if impact is not None:
        facts += [fact for fact in cover_facts(impact, about) if fact[0] not in {"Rule set", "Run", "Source"}]
    elif about.made_up:
        facts.append(("Made-up data", "The practices, patients and journeys of this case are invented."))
    if impact is None and about.estimate:
        facts.append(("Estimated minutes", "Minutes by car are straight-line estimates: no road network was used."))
    if impact is None and run.public:
        facts.append(("Small numbers", HIDDEN_NOTE))
    if run.solver is not None:
        facts.append(("What was made as small as possible", f"{order_in_words(run.rules)}."))
    facts += [("Rule set", about.rules), ("Minutes", run.times.method.sentence)]
    facts += [("Run", about.run_id)] if about.run_id else []
    facts += [("Source", line) for line in about.attributions]
    facts.append(("Filters", FILTERS))
    notes = tuple(("Travel", note) for note in impact.notes) if impact is not None else ()
    return Cover(run.title, f"{DRAFT} {NO_CLOSURE}{hidden}", tuple(facts), notes)
