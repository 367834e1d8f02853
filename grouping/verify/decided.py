"""What planners have decided, read from the rule set by codes: nothing here is shared with `grouping.decisions`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pandas as pd

from geodata.errors import Finding, InputProblems
from geodata.place import Place
from grouping.rules import Decision, RuleSet

PlanRows = tuple[tuple[str, str, str], ...]
"""Practice, group and hub (may be empty) of each line of a plan file."""


@dataclass(frozen=True)
class Locked:
    """Practices that form a group by decision, the hub that goes with them (may be empty), and why."""

    members: frozenset[str]
    hub: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Standing:
    """All decisions, by codes of practices and sites."""

    together: tuple[frozenset[str], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    locked: tuple[Locked, ...] = ()
    granted: tuple[tuple[frozenset[str], str], ...] = ()
    never_exception: frozenset[str] = frozenset()
    hubs: frozenset[str] = frozenset()
    not_hubs: frozenset[str] = frozenset()

    def reason_granted(self, members: frozenset[str]) -> str | None:
        """Why these practices may stay below their minimum; None if nobody granted it."""
        return next((reason for granted, reason in self.granted if granted == members), None)

    def locked_as(self, members: frozenset[str]) -> Locked | None:
        """The decision by which exactly these practices form a group."""
        return next((locked for locked in self.locked if locked.members == members), None)


def standing(rules: RuleSet, place: Place, plans: Mapping[str, PlanRows]) -> Standing:
    """Read the decisions of a rule set.

    Parameters
    ----------
    rules
        The rule set.
    place
        The case: committed sites, localities, and the spelling of the codes.
    plans
        Lines of the plan files that decisions name, by the name written there.
    """
    by_kind: dict[str, list[Decision]] = {}
    for decision in rules.decisions:
        by_kind.setdefault(decision.kind, []).append(decision)
    practice = {code.casefold(): code for code in place.practices.index}
    site = {code.casefold(): code for code in place.sites.index}

    def practices(decision: Decision) -> frozenset[str]:
        return frozenset(practice.get(code.casefold(), code) for code in decision.practices)

    def sites(kind: str) -> frozenset[str]:
        return frozenset(site.get(one.site.casefold(), one.site) for one in by_kind.get(kind, []))

    committed = frozenset()
    if rules.hub.committed == "hub" and "committed" in place.sites:
        committed = frozenset(code for code, value in place.sites["committed"].items() if value is True or value == 1)
    own = [
        Locked(practices(one), site.get(one.site.casefold(), one.site), one.reason) for one in by_kind.get("group", [])
    ]
    planned = [locked for one in by_kind.get("plan", []) for locked in _of_plan(one, place, plans.get(one.plan, ()))]
    named_first = sorted([*own, *planned], key=lambda locked: not locked.hub)  # two may hold the same practices
    return Standing(
        together=tuple(dict.fromkeys(practices(one) for one in by_kind.get("together", []))),
        apart=tuple(
            dict.fromkeys(pair for one in by_kind.get("apart", []) for pair in combinations(sorted(practices(one)), 2))
        ),
        locked=tuple({locked.members: locked for locked in reversed(named_first)}.values())[::-1],
        granted=tuple((practices(one), one.reason.strip()) for one in by_kind.get("grant-exception", [])),
        never_exception=frozenset(code for one in by_kind.get("no-exception", []) for code in practices(one)),
        hubs=committed | sites("hub"),
        not_hubs=sites("not-hub"),
    )


def _of_plan(decision: Decision, place: Place, rows: PlanRows) -> list[Locked]:
    """The groups of a plan file that stand, by their smallest practice."""
    table = pd.DataFrame(rows, columns=["practice_code", "group_id", "hub"])
    localities = place.practices["locality"].fillna("")
    free = {name.strip().casefold() for name in decision.except_localities}
    found = []
    for _, part in table.groupby("group_id"):
        members = frozenset(part["practice_code"])
        if any(str(localities.get(code, "")).strip().casefold() in free for code in members if free):
            continue
        found.append(Locked(members, max(part["hub"]), decision.reason))
    return sorted(found, key=lambda locked: min(locked.members))


def read_decided_plans(rules: RuleSet, case_dir: Path) -> dict[str, PlanRows]:
    """Lines of every plan file that a decision names, by that name; files are looked up in the case folder.

    Raises
    ------
    InputProblems
        A file cannot be read or has not the columns of a plan.
    """
    return {
        one.plan: _read_rows(case_dir / one.plan.replace("\\", "/")) for one in rules.decisions if one.kind == "plan"
    }


def _read_rows(path: Path) -> PlanRows:
    try:
        table = pd.read_csv(
            path,
            sep=None,
            engine="python",
            dtype=str,
            encoding="utf-8-sig",
            keep_default_na=False,
            skip_blank_lines=True,
        )
        table.columns = ["_".join(str(name).lower().split()) for name in table.columns]
        hubs = table["hub_site_code"] if "hub_site_code" in table else pd.Series("", index=table.index)
        rows = zip(table["practice_code"].str.strip().str.upper(), table["group_id"].str.strip(), hubs, strict=True)
        return tuple((code, group, str(hub or "").strip().upper()) for code, group, hub in rows if code)
    except (OSError, KeyError, ValueError) as trouble:
        message = f"this plan, named by a decision, cannot be read ({trouble})."
        fix = "The file must lie in the case folder and hold practice_code, group_id and hub_site_code."
        raise InputProblems([Finding("error", path.name, message, fix, code="run-folder")]) from None
