"""What the page prints of the questions about sites: texts only, who would travel further before any money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from grouping.impact.site_options import CONSIDER
from grouping.impact.words import BY, change_cell, minutes_cell, people_cell
from grouping.plain_words import NO_CLOSURE, cut, is_missing, percent, plural
from grouping.site_choice.choose import Choice
from grouping.site_choice.protections import NAMED, PROTECTION_WORDS
from grouping.site_choice.tables import in_question
from grouping.site_choice.travel import Further
from grouping.site_choice.words import INVEST, KEEP, pounds

if TYPE_CHECKING:
    from grouping.programme.ground import Ground

COMMUNITIES = 10
"""Communities on the page; all of them are in the workbook."""

STEP, ROOM = 30, 300
"""The drawing: the height of a bar with its gap, and the length of the longest."""

LETTERS = 44
"""Letters of a label in the drawing; the table has it in full."""


@dataclass(frozen=True)
class Shown:
    """A table for the page: what it says, its headers, and its cells; the first `texts` columns are words."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1
    more: str = ""


@dataclass(frozen=True)
class Bar:
    """A bar: what it stands for, its length in drawing units, and its figure."""

    label: str
    y: int
    length: float
    figure: str


@dataclass(frozen=True)
class View:
    """What the template prints.

    Parameters
    ----------
    no_closure
        What stands beside every table.
    bars, bars_words, bars_height
        The drawing, the same in words, and its height.
    people
        Who would travel further, by car.
    other_modes
        The same by other modes: title and table.
    communities
        The communities with the largest changes.
    considered, invested, kept
        The sites, kept only those that need major investment; None where there are none.
    money
        What it would cost.
    checks
        What was re-derived.
    notes
        How it was chosen: definitions and limits.
    absent
        What the impact check cannot tell.
    """

    no_closure: str
    bars: tuple[Bar, ...]
    bars_words: str
    bars_height: int
    people: Shown | None
    other_modes: tuple[tuple[str, Shown], ...]
    communities: Shown | None
    considered: Shown | None
    invested: Shown | None
    kept: Shown | None
    money: Shown
    checks: Shown
    notes: tuple[str, ...]
    absent: tuple[str, ...]


def view_of(
    ground: Ground, choice: Choice, further: Further, sites: pd.DataFrame, money: pd.DataFrame, checks: pd.DataFrame
) -> View:
    """Texts and drawing units for the template."""
    modes = list(dict.fromkeys(further.people["mode"]))
    bars = _bars(further)
    return View(
        no_closure=NO_CLOSURE,
        bars=bars,
        bars_words="Share of each population who would travel further by car: "
        + ", ".join(f"{bar.label} {bar.figure}" for bar in bars)
        + ". The same figures are in the table below.",
        bars_height=STEP * len(bars) + 6,
        people=_people(further, "car") if modes else None,
        other_modes=tuple((f"The same {BY[mode]}", _people(further, mode)) for mode in modes if mode != "car"),
        communities=_communities(further),
        considered=_sites(sites, CONSIDER),
        invested=_sites(sites, INVEST),
        kept=_sites(sites[in_question(sites)], KEEP),
        money=_money(money),
        checks=_checks(checks),
        notes=_notes(ground, choice),
        absent=()
        if further.impact is None
        else tuple(f"{label}: {why}" for label, why in further.impact.people.absent),
    )


def _bars(further: Further) -> tuple[Bar, ...]:
    cars = further.people[(further.people["mode"] == "car") & (further.people["people"] > 0)]
    most = max(float(cars["longer_share"].max()), 1e-9) if len(cars) else 1.0
    return tuple(
        Bar(cut(str(label), LETTERS), STEP * i + 3, round(ROOM * float(share) / most, 1), _share(share))
        for i, (label, share) in enumerate(zip(cars["label"], cars["longer_share"], strict=True))
    )


def _share(value: object) -> str:
    """A share of people with one decimal; anybody at all never reads as nobody."""
    return "under 0.1%" if not is_missing(value) and 0 < float(value) < 0.0005 else percent(value, 1)


def _cells(table: pd.DataFrame, columns: dict[str, Callable[[object], str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(words(row[key]) for key, words in columns.items()) for row in table.to_dict("records"))


def _people(further: Further, mode: str) -> Shown:
    table = further.people[further.people["mode"] == mode]
    counted = {"longer": people_cell, "longer_share": _share} if mode == "car" else {}
    columns = {
        "label": str, "people": people_cell, **counted, "longer_5": people_cell, "newly_beyond": people_cell,
        "lost_route": people_cell, "mean_before": minutes_cell, "mean_after": minutes_cell, "mean_change": change_cell,
    }  # fmt: skip
    heads = ("Further than today", "Share of them") if counted else ()
    words = (
        "Population", "People", *heads, "By more than 5 minutes", f"Newly beyond {further.threshold:g} minutes",
        "Route lost", "Mean today", "Mean then", "Change, minutes",
    )  # fmt: skip
    caption = (
        f"Routine care {BY[mode]}, from home to the nearest usable site of the own practice: today, and if the sites"
        " considered further could not be used"
    )
    return Shown(caption, words, _cells(table, columns))


def _communities(further: Further) -> Shown | None:
    table = further.communities
    if not len(table):
        return None
    columns = {
        "community": str, "setting": str, "people": people_cell, "longer": people_cell, "longer_5": people_cell,
        "minutes_before": minutes_cell, "minutes_after": minutes_cell, "change": change_cell, "longest": minutes_cell,
    }  # fmt: skip
    words = (
        "Community", "Setting", "People", "Further than today", "By more than 5 minutes", "Mean today", "Mean then",
        "Change, minutes", "Longest then",
    )  # fmt: skip
    told = f"{plural(len(table), 'community', start=True)}" if len(table) == 1 else f"{len(table)} communities"
    more = f"All {len(table)} are in the workbook." if len(table) > COMMUNITIES else ""
    caption = f"{told} where somebody would travel further by car, the largest change first"
    return Shown(caption, words, _cells(table.head(COMMUNITIES), columns), 2, more)


def _sites(sites: pd.DataFrame, decision: str) -> Shown | None:
    table = sites[sites["decision"] == decision]
    if not len(table):
        return None
    columns = {"name": str, "practice": _own, "group_id": _own, "judged": str, "patients": people_cell}
    words = ["Site", "Practice", "Group", "Label", "Patients nearest to it"]
    if decision == CONSIDER:
        columns |= {"minutes_mean": minutes_cell, "minutes_max": minutes_cell}
        words += ["Minutes longer, mean", "Minutes longer, most"]
    elif decision == INVEST:
        columns |= {"investment": pounds}
        words += ["Cost of putting it right"]
    caption = {
        CONSIDER: "Sites that could be considered further; nothing is decided about any of them",
        INVEST: "Sites that could be invested in",
        KEEP: "Sites that need major investment and are kept",
    }[decision]
    return Shown(caption, (*words, "Why"), _cells(table, columns | {"why": str}), 4)


def _own(text: object) -> str:
    return str(text) or "of nobody"


def _money(money: pd.DataFrame) -> Shown:
    columns = {"item": str, "sites": _number, "amount": pounds, "not_known": _number}
    caption = "What it would cost, and what the sites considered further cost to run today"
    return Shown(caption, ("What", "Sites", "Pounds, of those known", "Sites not known"), _cells(money, columns))


def _number(value: object) -> str:
    return "–" if value is None or pd.isna(value) else f"{int(value)}"


def _checks(checks: pd.DataFrame) -> Shown:
    table = checks.assign(agrees=["yes" if agrees else "no" for agrees in checks["agrees"]])
    columns = {"claim": str, "agrees": str, "detail": str}
    return Shown("Claims re-derived from the inputs by an independent check", ("Claim", "Holds", "Found"),
                 _cells(table, columns), 3)  # fmt: skip


def _notes(ground: Ground, choice: Choice) -> tuple[str, ...]:
    said, estates = ground.settings.site_options, ground.settings.estates
    labels = ", ".join(estates.major)
    names = [*dict.fromkeys(said.protect), *([NAMED] if said.protect_sites else [])]
    rules = "; ".join(PROTECTION_WORDS[name] for name in names) or "none"
    price = f", else its floor area at {pounds(said.cost_per_m2)} a square metre" if said.cost_per_m2 > 0 else ""
    return (
        f"Needs major investment: {estates.judged_by} {labels} in the sites table, without a committed scheme.",
        "Patients of a site: registered patients whose nearest site of their own practice it is by car; those whose "
        "home is not timed are not among them. Every practice keeps at least one site, and sites of nobody are always "
        "kept.",
        f"Invest in: under a budget of {pounds(said.budget)}, first most patients in buildings put right, then least "
        f"money, then the smallest codes. The cost is the investment_cost of the sites table{price}; where "
        "neither is known, the site cannot be chosen. Investing comes before anybody is asked to travel.",
        "Consider further: of the others, first most patients who could go to a site of their own practice that is "
        "known not to need major investment, then least minutes more over all patients, then the fewest sites.",
        f"Access floor: no community beyond {said.beyond_minutes:g} minutes by car, by area and practice and in "
        "the mean of each area (one that lies beyond it today gets no longer journey), nobody's journey longer by more "
        f"than {said.longer_minutes:g} minutes, nobody without a way.",
        f"Protections in force: {rules}.",
        "Each of these stages was solved to the end and is proven: "
        + "; ".join(f"{stage}, {aim}: {value:,}" for stage, aim, value in choice.proofs)
        + " (before protections).",
        "Not looked at: room in the buildings patients would go to, staff, contracts, and what people there say.",
    )
