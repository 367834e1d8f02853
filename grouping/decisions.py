"""What planners have decided, from codes to positions, and every contradiction in it told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from geodata.case import RuleSettings, TableSpec
from geodata.errors import Finding, InputProblems
from geodata.place import Place
from geodata.tables.columns import nearest
from grouping.decision_records import read_records
from grouping.plan import Plan
from grouping.plan_file import read_plan
from grouping.problem import Decided, LockedGroup
from grouping.rules import Decision, RuleSet

USES = {
    "grant-exception": {"practices"},
    "no-exception": {"practices"},
    "together": {"practices"},
    "apart": {"practices"},
    "hub": {"site"},
    "not-hub": {"site"},
    "group": {"practices", "site"},
    "plan": {"plan", "except_localities"},
}
"""What each kind of decision is about; a reason goes with all of them."""


@dataclass(frozen=True)
class Position:
    """Where a decision is written: its number, the file, and the row or line in it."""

    number: int
    file: str
    row: int | None = None


@dataclass(frozen=True)
class Part:
    """One decision with what it alone decides.

    Parameters
    ----------
    decision, position
        The decision, and where it is written.
    decided
        Its content as positions of practices and sites.
    not_hub
        Position of the site that it rules out as a hub, -1 for none.
    """

    decision: Decision
    position: Position
    decided: Decided = field(default_factory=Decided)
    not_hub: int = -1


def decide(
    rules: RuleSet,
    practices: pd.DataFrame,
    sites: pd.DataFrame,
    case_dir: Path,
    positions: Sequence[Position] = (),
) -> tuple[Decided, list[Finding]]:
    """Turn the decisions of a rule set into positions of practices and sites.

    Parameters
    ----------
    rules
        The rule set, with `decisions`.
    practices, sites
        Tables of the place, indexed by code; positions refer to the codes in their order.
    case_dir
        Folder in which plan files are looked up.
    positions
        Where the last decisions are written (those of the case); the others are the rule set's own.

    Returns
    -------
    tuple
        What is decided, and every error in it: unknown codes (with the nearest known), a plan file that cannot be
        read, and decisions that contradict each other. The first is to be used only if there is no error.
    """
    parts, findings = decision_parts(rules, practices, sites, case_dir, positions)
    findings += _contradictions(parts, practices, sites)
    return joined(part.decided for part in parts), findings


def read_decisions(rules: RuleSet, settings: RuleSettings, place: Place, case_dir: Path) -> tuple[Part, ...]:
    """The decisions of a rule set one by one, for the practices and sites of a place.

    Parameters
    ----------
    rules
        The rule set, the decisions of the case among its own.
    settings
        The rules section of the case: where its decisions are written.
    place, case_dir
        The place and the case folder.

    Raises
    ------
    InputProblems
        All errors of `decide`.
    """
    where = positions_of(settings.decisions, case_dir)
    where = where if len(where) <= len(rules.decisions) else ()
    parts, findings = decision_parts(rules, place.practices, place.sites, case_dir, where)
    findings += _contradictions(parts, place.practices, place.sites)
    if findings:
        raise InputProblems(findings)
    return tuple(parts)


def decided_by(parts: Sequence[Part]) -> Decided:
    """What all these decisions come to."""
    return joined([part.decided for part in parts])


def positions_of(written: TableSpec | Sequence[Mapping[str, object]], folder: Path) -> tuple[Position, ...]:
    """Where the decisions of a case are written, in the order `load_rules` puts them at the end of the rule set's."""
    return tuple(Position(record.number, record.file, record.row) for record in read_records(written, folder)[0])


def joined(parts: Iterator[Decided] | Sequence[Decided]) -> Decided:
    """Several decisions as one."""
    parts = list(parts)
    return Decided(
        together=tuple(dict.fromkeys(one for part in parts for one in part.together)),
        apart=tuple(sorted({pair for part in parts for pair in part.apart})),
        locked=tuple(sorted(_once([group for part in parts for group in part.locked]), key=_members)),
        granted=tuple(_first_reasons(parts).items()),
        never_exception=tuple(sorted({practice for part in parts for practice in part.never_exception})),
        hubs=tuple(sorted({site for part in parts for site in part.hubs})),
    )


def _first_reasons(parts: Sequence[Decided]) -> dict[tuple[int, ...], str]:
    """Why each set of practices may stay below its minimum: of two reasons the first."""
    reasons: dict[tuple[int, ...], str] = {}
    for members, reason in (one for part in parts for one in part.granted):
        reasons.setdefault(members, reason)
    return reasons


def _once(groups: Sequence[LockedGroup]) -> list[LockedGroup]:
    """Each set of practices once: by the first decision that names the hub, else by the first."""
    kept: dict[tuple[int, ...], LockedGroup] = {}
    for group in groups:
        if group.members not in kept or kept[group.members].hub < 0 <= group.hub:
            kept[group.members] = group
    return list(kept.values())


def _members(group: LockedGroup) -> tuple[int, ...]:
    return group.members


def decision_parts(
    rules: RuleSet,
    practices: pd.DataFrame,
    sites: pd.DataFrame,
    case_dir: Path,
    positions: Sequence[Position] = (),
) -> tuple[list[Part], list[Finding]]:
    """Each decision by itself, with the errors in it; see `decide`."""
    practices, sites = practices.sort_index(), sites.sort_index()
    own = len(rules.decisions) - len(positions)
    where = [Position(number + 1, f"{rules.name}.toml") for number in range(own)] + list(positions)
    parts, findings = [], []
    for decision, position in zip(rules.decisions, where, strict=True):
        reader = _Reader(decision, position, practices, sites, case_dir, [])
        parts.append(reader.part())
        findings += reader.findings
    return parts, findings


@dataclass(frozen=True)
class _Reader:
    """Reads one decision and gathers what is wrong with it."""

    decision: Decision
    position: Position
    practices: pd.DataFrame
    sites: pd.DataFrame
    case_dir: Path
    findings: list[Finding]

    def part(self) -> Part:
        self._idle_keys()
        decision, kind = self.decision, self.decision.kind
        members = self._practices() if "practices" in USES[kind] else ()
        site = self._site() if decision.site and "site" in USES[kind] else -1
        found = Part(decision, self.position)
        if kind == "not-hub":
            return replace(found, not_hub=site)
        decided = Decided()
        if kind == "plan":
            decided = Decided(locked=self._plan())
        elif kind == "hub":
            decided = Decided(hubs=(site,) if site >= 0 else ())
        elif kind == "together":
            decided = Decided(together=(members,) if len(members) > 1 else ())
        elif kind == "apart":
            decided = Decided(apart=tuple(combinations(members, 2)))
        elif kind == "no-exception":
            decided = Decided(never_exception=members)
        elif kind == "grant-exception" and members:
            decided = Decided(granted=((members, decision.reason.strip()),))
        elif kind == "group" and members:
            self._own_hub(members, site)
            decided = Decided(locked=(LockedGroup(members, site, decision.reason.strip()),))
        return replace(found, decided=decided)

    def _tell(self, message: str, fix: str, column: str, value: str | None = None) -> None:
        self.findings.append(_error(self.position, message, fix, column, value))

    def _idle_keys(self) -> None:
        """What is written but means nothing for this kind of decision."""
        for key in ("practices", "site", "plan", "except_localities"):
            if getattr(self.decision, key) and key not in USES[self.decision.kind]:
                uses = " and ".join(sorted(USES[self.decision.kind]))
                message = f"{key} means nothing for the kind {self.decision.kind!r}, which is about {uses}."
                self._tell(message, f"Take {key} out, or choose another kind.", key, str(getattr(self.decision, key)))

    def _practices(self) -> tuple[int, ...]:
        """Positions of the practices; unknown ones are told."""
        known = {code.casefold(): at for at, code in enumerate(self.practices.index)}
        found = set()
        for code in self.decision.practices:
            at = known.get(code.strip().casefold())
            if at is None:
                self._unknown(code, "practice", "practices", self.practices)
            else:
                found.add(at)
        return tuple(sorted(found))

    def _site(self) -> int:
        known = {code.casefold(): at for at, code in enumerate(self.sites.index)}
        at = known.get(self.decision.site.strip().casefold(), -1)
        if at < 0:
            self._unknown(self.decision.site, "site", "site", self.sites)
        return at

    def _unknown(self, code: str, what: str, column: str, table: pd.DataFrame) -> None:
        by_name = {str(name).casefold(): known for known, name in table["name"].items()} if "name" in table else {}
        near = by_name.get(code.strip().casefold()) or nearest(code, list(table.index))
        hint = f"Did you mean {near} ({table.loc[near, 'name']})?" if near and "name" in table else ""
        hint = hint or (f"Did you mean {near}?" if near else f"Write the code as in the table of {what}s.")
        self._tell(f"this {what} is not in the case.", hint, column, code)

    def _own_hub(self, members: tuple[int, ...], site: int) -> None:
        """The hub of a group is a site of one of its members, or of nobody."""
        if site < 0:
            return
        owner = self.sites["practice_code"].fillna("").astype(str).iloc[site]
        if owner in self.practices.index and self.practices.index.get_loc(owner) not in members:
            message = f"this site belongs to {owner}, which is not in the group."
            self._tell(message, "Name a site of one of the practices of the group.", "site", self.decision.site)

    def _plan(self) -> tuple[LockedGroup, ...]:
        """The groups of the plan file that stand."""
        free = self._localities()
        path = self.case_dir / self.decision.plan.replace("\\", "/")
        if not path.is_file():
            fix = "Copy the plan into the case folder, or correct its name here."
            self._tell("there is no such plan file in the case folder.", fix, "plan", self.decision.plan)
            return ()
        place = SimpleNamespace(practices=self.practices, sites=self.sites, findings=())
        try:
            plan: Plan = read_plan(path, place, lambda members: "")  # type: ignore[arg-type]
        except InputProblems as problems:
            self.findings.extend(
                replace(found, message=f"decision {self.position.number} reads this plan: {found.message}")
                for found in problems.findings
            )
            return ()
        reason = self.decision.reason.strip()
        groups = []
        for group in plan.groups:
            members = tuple(int(self.practices.index.get_loc(code)) for code in group.members)
            labels = {_label(self.practices["locality"].iloc[at]) for at in members} if free else set()
            if labels & free:
                continue
            hub = int(self.sites.index.get_loc(group.hub_site_code)) if group.hub_site_code else -1
            groups.append(LockedGroup(tuple(sorted(members)), hub, reason))
        return tuple(groups)

    def _localities(self) -> set[str]:
        """Plain names of the localities to plan anew; unknown ones are told."""
        names = self.practices["locality"] if "locality" in self.practices else pd.Series(dtype=str)
        known = {_label(name): str(name).strip() for name in names if _label(name)}
        for name in self.decision.except_localities:
            if _label(name) not in known:
                near = nearest(name, known.values())
                listed = ", ".join(sorted(known.values())[:15]) or "none"
                hint = f"Did you mean {near}?" if near else f"The localities of the practices are: {listed}."
                self._tell("no practice is in a locality of this name.", hint, "except_localities", name)
        return {_label(name) for name in self.decision.except_localities}


def _label(name: object) -> str:
    """A locality's name without regard to case; empty where none is given."""
    return "" if pd.isna(name) else str(name).strip().casefold()


def _error(position: Position, message: str, fix: str, column: str, value: str | None = None) -> Finding:
    message = f"decision {position.number}: {message}"
    return Finding("error", position.file, message, fix, position.row, column, value, "decision")


# ------------------------------------------------------------------------------------------------------ contradictions


def _contradictions(parts: Sequence[Part], practices: pd.DataFrame, sites: pd.DataFrame) -> list[Finding]:
    """Decisions that cannot hold together, each pair told once, at the later of the two."""
    names = _Names(practices.sort_index(), sites.sort_index())
    rules: tuple[Callable[[Part, Part, _Names], str], ...] = (
        _two_locks,
        _lock_and_together,
        _lock_and_apart,
        _lock_and_grant,
        _grant_and_others,
        _hubs,
    )
    findings = []
    for late, part in enumerate(parts):
        for early in parts[:late]:
            told = {message for rule in rules if (message := rule(early, part, names) or rule(part, early, names))}
            for message in sorted(told):
                fix = f"Take out one of the two, or change it (decision {early.position.number} and this one)."
                findings.append(_error(part.position, message, fix, "kind", part.decision.kind))
    return findings + _together_and_apart(parts, names)


@dataclass(frozen=True)
class _Names:
    """Codes for messages, whose practice each site belongs to, and who is tagged to stay together."""

    practices: pd.DataFrame
    sites: pd.DataFrame

    def practice(self, at: int) -> str:
        return str(self.practices.index[at])

    def listed(self, members: Sequence[int]) -> str:
        codes = [self.practice(at) for at in members[:8]]
        return ", ".join(codes) + (f" and {len(members) - 8} more" if len(members) > 8 else "")

    def site(self, at: int) -> str:
        return str(self.sites.index[at])

    def owner(self, site: int) -> int:
        """Position of the practice of a site, -1 for a site of nobody."""
        code = self.sites["practice_code"].fillna("").astype(str).iloc[site]
        return int(self.practices.index.get_loc(code)) if code in self.practices.index else -1

    def tags(self) -> list[tuple[int, ...]]:
        """Practices that the table says must stay together."""
        if "keep_together" not in self.practices:
            return []
        tags = self.practices["keep_together"].fillna("").astype(str).str.strip()
        held = [tuple(int(at) for at in (tags == tag).to_numpy().nonzero()[0]) for tag in sorted(set(tags)) if tag]
        return [members for members in held if len(members) > 1]


def _two_locks(one: Part, other: Part, names: _Names) -> str:
    for a in one.decided.locked:
        for b in other.decided.locked:
            shared = sorted(set(a.members) & set(b.members))
            if shared and (a.members != b.members or (a.hub != b.hub and min(a.hub, b.hub) >= 0)):
                number = one.position.number
                return f"{names.listed(shared)} stands in another locked group already, by decision {number}."
    return ""


def _lock_and_together(one: Part, other: Part, names: _Names) -> str:
    for group in one.decided.locked:
        for together in other.decided.together:
            inside = set(together) & set(group.members)
            if inside and len(inside) < len(together):
                return (
                    f"{names.listed(together)} are to share a group, but a locked group holds only"
                    f" {names.listed(sorted(inside))} of them."
                )
    return ""


def _lock_and_apart(one: Part, other: Part, names: _Names) -> str:
    for group in one.decided.locked:
        for pair in other.decided.apart:
            if set(pair) <= set(group.members):
                return f"{names.listed(pair)} are to be in different groups, but a locked group holds both."
    return ""


def _lock_and_grant(one: Part, other: Part, names: _Names) -> str:
    for group in one.decided.locked:
        for members, _ in other.decided.granted:
            if set(members) & set(group.members) and members != group.members:
                return (
                    f"the exception granted to {names.listed(members)} can never be used, because a locked group"
                    f" holds {names.listed(sorted(set(members) & set(group.members)))}."
                )
    return ""


def _grant_and_others(one: Part, other: Part, names: _Names) -> str:
    for members, _ in one.decided.granted:
        who = f"the exception granted to {names.listed(members)} can never be used"
        for together in other.decided.together:
            if 0 < len(set(together) & set(members)) < len(together):
                return f"{who}, because {names.listed(together)} are to share a group."
        for pair in other.decided.apart:
            if set(pair) <= set(members):
                return f"{who}, because {names.listed(pair)} are to be in different groups."
        never = sorted(set(members) & set(other.decided.never_exception))
        if never:
            return f"{names.listed(never)} may be in no group below its minimum, but such a group is granted."
    return ""


def _hubs(one: Part, other: Part, names: _Names) -> str:
    for site in one.decided.hubs:
        owner = names.owner(site)
        if site == other.not_hub:
            return f"{names.site(site)} is to be a hub and is to be none."
        for second in other.decided.hubs:
            if owner >= 0 and second > site and names.owner(second) == owner:
                both = f"{names.site(site)} and {names.site(second)}"
                return f"{both} belong to {names.practice(owner)}: a group has one hub."
        for group in other.decided.locked:
            if owner in group.members and group.hub >= 0 and group.hub != site:
                return (
                    f"{names.site(site)} is to be the hub of the group of {names.practice(owner)}, but that group is"
                    f" locked with the hub {names.site(group.hub)}."
                )
    if one.not_hub >= 0 and any(group.hub == one.not_hub for group in other.decided.locked):
        return f"{names.site(one.not_hub)} is to be no hub, but a group is locked with it as its hub."
    return ""


def _together_and_apart(parts: Sequence[Part], names: _Names) -> list[Finding]:
    """Pairs to be apart that other decisions (and tags of the table) tie together, also over third practices."""
    tied = [*names.tags(), *(held for part in parts for held in part.decided.together)]
    knot = list(range(len(names.practices)))
    for held in tied:
        wanted = {knot[at] for at in held}
        knot = [min(wanted) if root in wanted else root for root in knot]
    findings = []
    for part in parts:
        pairs = [pair for pair in part.decided.apart if knot[pair[0]] == knot[pair[1]]]
        if pairs:
            message = f"{names.listed(pairs[0])} are to be in different groups, but must also stay together."
            fix = "Take out this decision, or those (or the tags keep_together of the table) that tie them together."
            findings.append(_error(part.position, message, fix, "practices", names.listed(pairs[0])))
    return findings
