"""Whether the tables about other assumptions follow from the figures: ranks, who is worse off, who is listed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from grouping.escape import spreadsheet_cell
from grouping.verify.record import Line
from grouping.verify.travel_cells import HALF_A_THOUSANDTH, Sheet, compare, read_sheet
from grouping.verify.travel_ground import OTHER_RURAL, Ground

TIES = {"mean": 0.005, "p90": 0.005, "beyond": 0.5}
"""Options that differ by less from the best of a tie share its rank."""

SAME_PEOPLE = 0.5
WORDS = {"mean": "mean minutes", "p90": "the 90th percentile", "beyond": "people beyond the threshold"}
WORSE_MINUTES = 1.0
HAIR = 1e-7
"""Minutes by which a community may lie on either side of a limit."""

SHARED = ("mean", "p90", "beyond", "newly_beyond", "mean_change")
SCENARIOS = ("scenario", "title", "option", *SHARED, "rank_mean", "rank_p90", "rank_beyond", "rank_changes")
ROBUST = (
    "option", "community", "setting", "people", "base", "least", "most", "scenarios_worse", "scenarios", "robust",
)  # fmt: skip
LIST = ("scenario", "option", "community", "setting", "list_change", "rank_base", "rank")


def check_stress(
    folder: Path,
    summary: Sheet,
    ground: Ground,
    titles: Mapping[str, str],
    called: Mapping[str, str],
    known: set[str] | None,
) -> list[Line]:
    """Check `scenarios`, `robust` and `list_changes`.

    Parameters
    ----------
    folder
        The pack.
    summary
        Its table of figures.
    ground
        What is derived once.
    titles
        Scenario -> title, as the pack names them, the case as it stands first.
    called
        Option -> its title.
    known
        Every scenario there should be; None where not all were timed anew.
    """
    scenarios = read_sheet(folder, "scenarios", SCENARIOS)
    robust = read_sheet(folder, "robust", ROBUST)
    changes = read_sheet(folder, "list_changes", LIST)
    told = list(dict.fromkeys(scenarios.cells["scenario"]))
    _check_scenarios(scenarios, summary, ground, titles, called, known)
    figures = {name: options for name, options in ground.stressed.items() if not name or name in told}
    about = ground.about["setting"]
    _check_robust(robust, figures, about, ground, told)
    _check_list(changes, figures, about, ground, told)
    return [
        scenarios.line("travel: options under each scenario, and their ranks", f"{len(told)} scenarios"),
        robust.line("travel: communities worse off under every scenario", f"{len(robust.cells)} communities"),
        changes.line("travel: who joins or leaves the list of the worst", f"{len(changes.cells)} changes"),
    ]


# --- Options ---------------------------------------------------------------------------------------------------------


def _check_scenarios(
    sheet: Sheet,
    summary: Sheet,
    ground: Ground,
    titles: Mapping[str, str],
    called: Mapping[str, str],
    known: set[str] | None,
) -> None:
    told = set(sheet.cells["scenario"])
    if told != set(titles) - {OTHER_RURAL}:
        sheet.wrong.append(f"{sheet.file}: its scenarios are not those of impact.json")
    missing = (known or set(ground.assumed)) - told - {OTHER_RURAL}
    more = told - known if known is not None else set()
    sheet.wrong += [f"{sheet.file}: the scenario {name!r} is missing" for name in sorted(missing)]
    sheet.wrong += [f"{sheet.file}: nothing differs under {name!r}, or it is no scenario" for name in sorted(more)]
    part = summary.part(journey="hub", mode="car", population="all", setting="all")
    figures = summary.numbers.loc[part.index, ["people", *SHARED]].assign(
        scenario=part["scenario"], option=part["option"]
    )
    figures = figures[figures["scenario"] != OTHER_RURAL].copy()
    figures["title"] = figures["scenario"].map(titles).astype(object).fillna("")
    compare(sheet, figures, ("scenario", "option"), texts=("title",), numbers=SHARED)
    people = dict(zip(zip(figures["scenario"], figures["option"], strict=True), figures["people"], strict=True))
    base = sheet.part(scenario="")
    for name in dict.fromkeys(sheet.cells["scenario"]):
        rows = sheet.part(scenario=name)
        for measure, tie in TIES.items():
            _check_ranks(sheet, rows, measure, tie, _partial(rows, people))
        _check_words(sheet, base, rows, called, told_anew=name != "")


def _check_ranks(sheet: Sheet, rows: pd.DataFrame, measure: str, tie: float, partial: list[int]) -> None:
    """Ranks as the figures have them; where rounding leaves it open whether two tie, either is right.

    Rows of an option that leaves people out (`partial`) have no rank: they would lead by it.
    """
    rank, few = f"rank_{measure}", rows.index.isin(partial)
    for number in rows.index[few & (rows[rank] != "")]:
        sheet.blame(number, rank, math.nan)
    rows = rows[~few]
    values = sheet.numbers.loc[rows.index, measure].fillna(math.inf).tolist()
    allowed = [_ranked(values, width) for width in (tie, tie - 2 * HALF_A_THOUSANDTH, tie + 2 * HALF_A_THOUSANDTH)]
    for k, number in enumerate(rows.index):
        if sheet.numbers.at[number, rank] not in {ranks[k] for ranks in allowed}:
            sheet.blame(number, rank, float(allowed[0][k]))


def _partial(rows: pd.DataFrame, people: Mapping[tuple[str, str], float]) -> list[int]:
    """The rows of options that cover fewer people than another does."""
    counted = [people.get(key, math.nan) for key in zip(rows["scenario"], rows["option"], strict=True)]
    most = max((number for number in counted if not math.isnan(number)), default=0.0)
    return [at for at, number in zip(rows.index, counted, strict=True) if number <= most - SAME_PEOPLE]


def _ranked(values: list[float], tie: float) -> list[int]:
    """1 for the least; who is less than a tie above the first of a rank shares it, and the next is skipped to."""
    ranks = [0] * len(values)
    first, given = -math.inf, 0
    for place, k in enumerate(sorted(range(len(values)), key=lambda i: values[i]), start=1):
        if given == 0 or not (values[k] == first or values[k] - first < tie):
            first, given = values[k], place
        ranks[k] = given
    return ranks


def _check_words(
    sheet: Sheet, base: pd.DataFrame, rows: pd.DataFrame, called: Mapping[str, str], *, told_anew: bool
) -> None:
    """Who passes whom, from the ranks as they are written."""
    before = {option: sheet.numbers.loc[number] for number, option in base["option"].items()}
    now = {option: sheet.numbers.loc[number] for number, option in rows["option"].items()}
    for number, option in rows["option"].items():
        said = _passed(option, before, now, called) if told_anew and option in before else ""
        said = spreadsheet_cell(said)
        if sheet.cells["rank_changes"].iloc[number] != said:
            sheet.blame(number, "rank_changes", said)


def _passed(
    option: str, before: Mapping[str, pd.Series], now: Mapping[str, pd.Series], called: Mapping[str, str]
) -> str:
    said = []
    for measure, words in WORDS.items():
        rank = f"rank_{measure}"
        verbs: dict[str, list[str]] = {}
        for other in now:
            if other == option or other not in before:
                continue
            then, there = before[option][rank] - before[other][rank], now[option][rank] - now[other][rank]
            if there < 0 < then:
                verbs.setdefault("overtakes", []).append(other)
            elif there < 0 == then:
                verbs.setdefault("moves ahead of", []).append(other)
            elif there == 0 < then:
                verbs.setdefault("draws level with", []).append(other)
        for verb, others in verbs.items():
            names = [str(called.get(other, other)) for other in others]
            listed = ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]
            said.append(f"{called.get(option, option)} {verb} {listed} on {words}")
    return "; ".join(said)


# --- Communities -----------------------------------------------------------------------------------------------------

ByScenario = dict[str, dict[str, pd.DataFrame]]


def _worse(table: pd.DataFrame, base: pd.DataFrame, ground: Ground, slack: float) -> pd.Series:
    """Which communities are worse off; `slack` is taken off the limit."""
    nowhere, enough = table["minutes"].isna(), base["ranked"].reindex(table.index)
    if ground.before is not None:
        return enough & ((table["change"] > WORSE_MINUTES - slack) | (nowhere & (table["lost_route"] > 0)))
    limit = ground.evidence.rules.impact.threshold_minutes
    return enough & ((table["minutes"] > limit - slack) | (nowhere & base["minutes"].reindex(table.index).notna()))


def _check_robust(sheet: Sheet, figures: ByScenario, about: pd.Series, ground: Ground, told: list[str]) -> None:
    whole = set(told) <= set(figures)
    parts = []
    for option, base in figures[""].items():
        under = [scenario[option] for scenario in figures.values()]
        judged = pd.DataFrame({k: one["judged"] for k, one in enumerate(under)}).reindex(base.index)
        surely, perhaps = (
            pd.DataFrame({k: _worse(one, base, ground, slack) for k, one in enumerate(under)}).reindex(base.index)
            for slack in (-HAIR, HAIR)
        )
        parts.append(
            pd.DataFrame(
                {
                    "option": option,
                    "community": base.index,
                    "setting": about.reindex(base.index).to_numpy(),
                    "people": base["people"].to_numpy(),
                    "base": base["judged"].to_numpy(),
                    "least": judged.min(axis=1).to_numpy(),
                    "most": judged.max(axis=1).to_numpy(),
                    "scenarios": float(len(told)),
                    "surely": surely.sum(axis=1).to_numpy(dtype=float),
                    "perhaps": perhaps.sum(axis=1).to_numpy(dtype=float),
                }
            )
        )
    expected = pd.concat(parts, ignore_index=True)
    named = set(sheet.keys(("option", "community")))
    keys = expected[["option", "community"]].itertuples(index=False, name=None)
    there = pd.Series([tuple(map(spreadsheet_cell, key)) in named for key in keys], index=expected.index, dtype=bool)
    # who is surely worse off must be told of, who may be (on the limit, or under what was not timed) can be
    expected = expected[(expected["surely"] > 0) | (there & ((expected["perhaps"] > 0) | (not whole)))]
    expected = expected.reset_index(drop=True)
    numbers = ("people", "base", *(("least", "most") if whole else ()), "scenarios")
    compare(sheet, expected, ("option", "community"), texts=("setting",), numbers=numbers)
    expected[["option", "community"]] = expected[["option", "community"]].map(spreadsheet_cell)
    bounds = expected.set_index(["option", "community"])
    for number, row in sheet.numbers.iterrows():
        own = tuple(sheet.cells.loc[number, ["option", "community"]])
        if own in bounds.index:
            _check_counts(sheet, number, row, bounds.loc[own], whole=whole)
    _check_order(sheet)


def _check_counts(sheet: Sheet, number: int, row: pd.Series, right: pd.Series, *, whole: bool) -> None:
    least, most = right["surely"], right["perhaps"] + (0.0 if whole else row["scenarios"])
    if not least <= row["scenarios_worse"] <= min(most, row["scenarios"]):
        sheet.blame(number, "scenarios_worse", float(least))
    robust = "yes" if row["scenarios_worse"] == row["scenarios"] else "no"
    if sheet.cells["robust"].iloc[number] != robust:
        sheet.blame(number, "robust", robust)
    if not whole:
        for column, sign in (("least", 1.0), ("most", -1.0)):
            if not (math.isnan(right[column]) or sign * row[column] <= sign * right[column] + HALF_A_THOUSANDTH):
                sheet.blame(number, column, float(right[column]))


def _check_order(sheet: Sheet) -> None:
    """The worst in the case as it stands come first."""
    for _, part in sheet.cells.groupby("option", sort=False):
        base = sheet.numbers.loc[part.index, "base"].fillna(-math.inf).tolist()
        for number, one, after in zip(part.index, base, base[1:], strict=False):
            if after > one + 2 * HALF_A_THOUSANDTH:
                sheet.wrong.append(f"{sheet.file} row {number + 2}: a community that is worse off comes after it")


def _check_list(sheet: Sheet, figures: ByScenario, about: pd.Series, ground: Ground, told: list[str]) -> None:
    """Who is among so many worst under a scenario and not in the case as it stands, or the other way round."""
    worst, rows = ground.evidence.rules.impact.worst, []
    ranks = {
        (name, option): table["rank"].where(table["judged"].notna() & table["ranked"]).astype(float)
        for name, options in figures.items()
        for option, table in options.items()
    }
    for (name, option), now in ranks.items():
        before = ranks["", option]
        for community in now.index if name else ():
            was, is_now = before[community] <= worst, now[community] <= worst
            if was != is_now:
                words = "enters" if is_now else "leaves"
                key = {"scenario": name, "option": option, "community": community, "list_change": words}
                rows.append(key | {"rank_base": before[community], "rank": now[community]})
    expected = pd.DataFrame(rows, columns=[column for column in LIST if column != "setting"])
    expected["setting"] = expected["community"].map(about)
    key = ("scenario", "option", "community", "list_change")
    derived = sheet.cells["scenario"].isin(list(figures)).tolist()
    compare(sheet, expected, key, texts=("setting",), numbers=("rank_base", "rank"), rows=derived)
    for number, cell in enumerate(sheet.cells.to_dict("records")):
        if derived[number]:
            continue
        if cell["scenario"] not in told or (("", cell["option"]) not in ranks):
            sheet.wrong.append(f"{sheet.file} row {number + 2}: there is no such scenario or option")
            continue
        before = ranks["", cell["option"]].get(cell["community"], math.nan)
        row, entering = sheet.numbers.loc[number], cell["list_change"] == "enters"
        if not (row["rank_base"] == before or (math.isnan(before) and cell["rank_base"] == "")):
            sheet.blame(number, "rank_base", before)
        if cell["list_change"] not in ("enters", "leaves") or entering == (before <= worst):
            sheet.blame(number, "list_change", "leaves" if before <= worst else "enters")
        elif entering != (row["rank"] <= worst):
            sheet.wrong.append(f"{sheet.at(number, 'rank')}: written {cell['rank']}, the list holds {worst}")
        if cell["setting"] != about.get(cell["community"], ""):
            sheet.blame(number, "setting", about.get(cell["community"], ""))
