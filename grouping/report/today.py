"""What the page says against today's groups: which stay whole, which are split or joined, and who changes companions.

Today's groups are those the table of practices names (`current_group`); where it names none, the groups of the plan
that was given as before.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from grouping.plain_words import count, listed, option_title, plural
from grouping.plan import Group, Plan
from grouping.result import AssessedOption, Run


@dataclass(frozen=True)
class Today:
    """Today's groups.

    Parameters
    ----------
    groups
        Name -> codes of its practices, sorted; empty where the inputs hold none.
    phrase
        What they are called in a sentence.
    source
        Where they come from.
    """

    groups: Mapping[str, tuple[str, ...]]
    phrase: str = "today’s groups"
    source: str = ""

    def within(self, covered: Container[str]) -> Today:
        """The same of the practices that a plan covers: of the others it says nothing."""
        kept = {name: tuple(code for code in members if code in covered) for name, members in self.groups.items()}
        return replace(self, groups={name: members for name, members in kept.items() if members})

    @property
    def of(self) -> dict[str, str]:
        """The group of each practice."""
        return {code: name for name, members in self.groups.items() for code in members}


@dataclass(frozen=True)
class Leaver:
    """A practice that keeps less than half of today's companions: how many of them stay with it, of how many."""

    code: str
    name: str
    patients: int
    was_in: str
    group_id: str
    stays: int
    companions: int


@dataclass(frozen=True)
class LeaverRow:
    """A practice that keeps less than half of its companions under some option; for each one "1 of 4" or a dash."""

    code: str
    name: str
    patients: int
    was_in: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class TodayOption:
    """Today's groups under one option: what becomes of all of them, and of each."""

    option_id: str
    title: str
    lines: tuple[str, ...]
    rows: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True)
class TodayView:
    """What is said of today's groups (`phrase` is what they are called); `absent` says why nothing is."""

    phrase: str
    lead: str
    absent: str
    options: tuple[TodayOption, ...]
    leavers: tuple[LeaverRow, ...]


ABSENT = (
    "Today’s groups are not in the inputs, so what would change against them is not known. They can be given as the "
    "column current_group of the table of practices, or as a plan to compare with."
)


def today_view(run: Run) -> TodayView:
    """Gather what the section shows of today's groups."""
    today = todays_groups(run)
    return TodayView(
        phrase=today.phrase,
        lead=_lead(run, today),
        absent="" if today.groups else ABSENT,
        options=tuple(_under(run, option, today) for option in run.options) if today.groups else (),
        leavers=_leavers(run, today),
    )


# ----------------------------------------------------------------------------------------------------- today's groups


def todays_groups(run: Run) -> Today:
    """Today's groups: those of the table of practices, else those of the plan given as before, else none."""
    groups: dict[str, list[str]] = {}
    practices = run.place.practices
    if "current_group" in practices:
        for code, label in practices["current_group"].items():
            words = "" if label is None or pd.isna(label) else str(label).strip()
            if words:
                groups.setdefault(words, []).append(str(code))
    if groups:
        named = [one for one in run.place.sources if one.table == "practices"]
        files = "; ".join(f"{one.file} ({one.vintage})" if one.vintage else one.file for one in named)
        return Today(
            {name: tuple(sorted(codes)) for name, codes in sorted(groups.items())}, source=files or "practices"
        )
    if isinstance(run.before, Plan):
        known = set(practices.index)
        kept = {group.group_id: tuple(code for code in group.members if code in known) for group in run.before.groups}
        return Today(
            {name: codes for name, codes in kept.items() if codes}, "the groups before", "the plan given as before"
        )
    return Today({})


def who_leaves(run: Run, option: AssessedOption, today: Today) -> tuple[Leaver, ...]:
    """Practices that an option parts from all or most of today's companions, most patients first.

    Companions are the other practices of the same group of today. Most of them are left when those that stay together
    with the practice have less than half of the companions' registered patients. Practices that a partial plan does
    not cover are nobody's companions.
    """
    now = option.option.plan.group_of
    practices = run.place.practices
    today = today.within(now)
    lists, names = practices["list_size"].astype(int).to_dict(), practices["name"].to_dict()
    found = []
    for was_in, members in today.groups.items():
        whole = sum(lists[code] for code in members)
        parts: dict[str, list[str]] = {}
        for code in members:
            if code in now:
                parts.setdefault(now[code].group_id, []).append(code)
        for group_id, together in parts.items():
            with_it = sum(lists[code] for code in together)
            for code in together:
                kept, all_of_them = with_it - lists[code], whole - lists[code]
                stays, companions = len(together) - 1, len(members) - 1
                if companions and (2 * kept < all_of_them or not stays):
                    found.append(Leaver(code, str(names[code]), lists[code], was_in, group_id, stays, companions))
    return tuple(sorted(found, key=lambda leaver: (-leaver.patients, leaver.code)))


def _leavers(run: Run, today: Today) -> tuple[LeaverRow, ...]:
    """Practices that some option parts from all or most of their companions: those in most options first."""
    by_option = [{leaver.code: leaver for leaver in who_leaves(run, option, today)} for option in run.options]
    any_of = {code: leaver for found in by_option for code, leaver in found.items()}
    rows = [
        LeaverRow(
            leaver.code,
            leaver.name,
            leaver.patients,
            leaver.was_in,
            tuple(f"{found[code].stays} of {found[code].companions}" if code in found else "–" for found in by_option),
        )
        for code, leaver in any_of.items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.cells.count("–"), -row.patients, row.code)))


def _lead(run: Run, today: Today) -> str:
    if not today.groups:
        return ""
    practices = sum(len(members) for members in today.groups.values())
    without = len(run.place.practices) - practices
    start = today.phrase[:1].upper() + today.phrase[1:]
    said = f"{start} are {plural(len(today.groups), 'group')} of {plural(practices, 'practice')}, from {today.source}."
    if without:
        said += f" {plural(without, 'practice', start=True)} {'is' if without == 1 else 'are'} in none of them."
    return said


def _under(run: Run, option: AssessedOption, today: Today) -> TodayOption:
    """What becomes of today's groups under one option."""
    now = option.option.plan.group_of
    lists = run.place.practices["list_size"]
    rows, tally = [], {"same": 0, "whole": 0, "split": 0, "out": 0}
    for name, members in today.groups.items():
        kind, words = _becomes(members, now, lists)
        tally[kind] += 1
        rows.append((name, count(len(members)), count(lists.loc[list(members)].sum()), words))
    leavers = who_leaves(run, option, today)
    return TodayOption(
        option.option.option_id,
        option_title(option.option.option_id),
        _said(run, option, today, tally, leavers),
        tuple(rows),
    )


def _becomes(members: tuple[str, ...], now: Mapping[str, Group], lists: pd.Series) -> tuple[str, str]:
    """What becomes of one of today's groups: the kind, and in words."""
    parts: dict[str, list[str]] = {}
    for code in members:
        parts.setdefault(now[code].group_id if code in now else "", []).append(code)
    if len(parts) == 1 and "" not in parts:
        group = now[members[0]]
        if len(group.members) == len(members):
            return "same", f"stays as it is: {group.group_id}"
        others = [code for code in group.members if code not in members]
        more = f"{plural(len(others), 'other practice')} ({count(lists.loc[others].sum())} patients)"
        return "whole", f"stays whole, in {group.group_id} with {more}"
    left_out = len(parts.pop("", []))
    ordered = sorted(parts.items(), key=lambda part: (-int(lists.loc[part[1]].sum()), part[0]))
    said = []
    for group_id, codes in ordered:
        patients = f"{count(lists.loc[codes].sum())}{'' if said else ' patients'}"
        said.append(f"{_practices(len(codes), first=not said)} ({patients}) in {group_id}")
    if left_out:
        said.append(f"{_practices(left_out, first=not said)} not in this plan")
    if len(parts) < 2:
        return "out", "; ".join(said)
    return "split", "split: " + "; ".join(said)


def _practices(number: int, *, first: bool) -> str:
    """Practices as a number; with the word where they stand first."""
    return plural(number, "practice") if first else f"{number:,}"


def _said(
    run: Run, option: AssessedOption, today: Today, tally: dict[str, int], leavers: tuple[Leaver, ...]
) -> tuple[str, ...]:
    """What becomes of all of today's groups under one option, in sentences."""
    now, lists = option.option.plan.group_of, run.place.practices["list_size"]
    covered = today.within(now)
    of = covered.of
    joined = sum(len({of[code] for code in group.members if code in of}) > 1 for group in option.option.plan.groups)
    changed = [code for code, was_in in of.items() if set(now[code].members) != set(covered.groups[was_in])]
    alone = sum(leaver.stays == 0 for leaver in leavers)
    parts = [
        f"{number} {one if number == 1 else more}"
        for number, one, more in (
            (tally["same"], "stays as it is", "stay as they are"),
            (tally["whole"], "stays whole with others added", "stay whole with others added"),
            (tally["split"], "is split", "are split"),
            (tally["out"], "is partly or wholly outside this plan", "are partly or wholly outside this plan"),
        )
        if number
    ]
    said = [f"Of {plural(len(today.groups), 'group')}, {listed(parts)}."]
    if joined:
        brings = "brings" if joined == 1 else "bring"
        said.append(
            f"{plural(joined, 'group', start=True)} of this plan {brings} together practices of two or more of them."
        )
    if not changed:
        return (*said, "No practice gets other companions.")
    said.append(
        f"{plural(len(changed), 'practice', start=True)} with {count(lists.loc[changed].sum())} patients "
        f"{'gets' if len(changed) == 1 else 'get'} other companions; {count(len(leavers))} of them "
        f"{'leaves' if len(leavers) == 1 else 'leave'} all or most of the companions of today, {count(alone)} all."
    )
    return tuple(said)
