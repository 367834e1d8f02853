"""Rules and their changes in the words a planner would use, names beside codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grouping.conflict.rules import KEEPS_SHARE, MAXIMUMS, MINIMUMS, RuleInForce
from grouping.plain_words import listed
from grouping.problem import GroupingProblem

SHOWN = 12
"""Practices named before "and n more"."""


@dataclass(frozen=True)
class Names:
    """Practices and sites by name and code."""

    problem: GroupingProblem
    names: Mapping[str, str]

    def one(self, code: str) -> str:
        """`Mill Lane Practice (J81012)`."""
        name = str(self.names.get(code, "")).strip()
        return f"{name} ({code})" if name else code

    def practices(self, codes: Sequence[str]) -> str:
        """Several, with their patients."""
        size = dict(zip(self.problem.practice_codes, self.problem.list_size.tolist(), strict=True))
        told = [f"{self.one(code)}, {size[code]:,} patients" for code in codes[:SHOWN]]
        more = f"; and {len(codes) - SHOWN} more" if len(codes) > SHOWN else ""
        return "; ".join(told) + more

    def listed(self, members: Sequence[int]) -> str:
        """Several by index, without their patients."""
        told = [self.one(self.problem.practice_codes[p]) for p in members[:SHOWN]] or ["nobody"]
        if len(members) > SHOWN:
            told.append(f"{len(members) - SHOWN} more")
        return listed(told)

    def site(self, index: int) -> str:
        """A site by index."""
        return self.one(self.problem.site_codes[index])

    def tagged(self, tag: str) -> str:
        """The practices with a tag."""
        return self.listed([p for p, other in enumerate(self.problem.keep_together) if other == tag])


def in_minutes(value: float) -> str:
    """Minutes with one decimal, if there is one."""
    return f"{value:.1f}".removesuffix(".0")


def kind_of_group(rule: RuleInForce) -> str:
    """The kind of group a minimum or maximum is about."""
    if rule.label:
        return f"A group with most patients in {rule.label}"
    kind = rule.key.rpartition("_")[2]
    return {"urban": "An urban group", "rural": "A rural group"}.get(kind, "A group")


def rule_sentence(rule: RuleInForce, words: Names) -> str:
    """What a rule asks for, with its name in the rule set."""
    if rule.key in MINIMUMS:
        sentence = f"{kind_of_group(rule)} needs at least {rule.value:,.0f} patients"
    elif rule.key == "decision":
        return _decision(rule, words)
    elif rule.key in MAXIMUMS and rule.key != "size.hard_maximum":
        sentence = f"{kind_of_group(rule)} may have at most {rule.value:,.0f} patients, if it has several practices"
    else:
        sentence = _asked(rule, words)
    return f"{sentence} [{named(rule)}]."


def _asked(rule: RuleInForce, words: Names) -> str:
    """What a rule that is neither a minimum nor a decision asks for."""
    value, size = rule.value, words.problem.rules.size
    said = {
        "exceptions": "No group may be below its minimum"
        if value == 0
        else f"At most {value:g} groups may be below their minimum",
        "size.hard_maximum": f"{'An urban group' if size.hard_maximum_rural else 'A group'} of several practices may"
        f" have at most {value:,.0f} patients",
        "size.fewest_practices": f"A group needs at least {value:g} practices",
        "size.most_practices": f"A group may have at most {value:g} practices",
        "access.max_minutes_between_members": "The main sites of any two members may be at most"
        f" {in_minutes(value)} minutes apart",
        "access.max_minutes_to_hub": f"Every member's main site must be within {in_minutes(value)} minutes of the hub",
        "access.max_mean_minutes_to_hub": f"Patients may need at most {in_minutes(value)} minutes to the hub on"
        " average",
        "contiguity.rule": "The catchments of a group must hang together",
        "contiguity.max_minutes_over_border": f"Only borders with a drive of at most {in_minutes(value)} minutes count",
        "locality.rule": "A group must lie inside one locality",
        "locality.most_crossing": "No group may cross localities"
        if value == 0
        else f"At most {value:g} groups may cross localities",
        "groups.fewest": f"A plan needs at least {value:g} groups",
        "groups.most": f"A plan may have at most {value:g} groups",
        "hub.budget": f"All hubs together may cost at most {value:,.0f} pounds a year",
        "practices.most_vulnerable_share": f"At most {value:.0%} of the practices of a group may be vulnerable",
        KEEPS_SHARE: f"A group must be left with at least {100 * value:g}% of its minimum without"
        f" {lost_practice(words)}",
        "hub.kinds": f"Only these kinds of site may be a hub: {', '.join(words.problem.rules.hub.kinds)}",
        "hub.minimum_floor_area_m2": f"A hub needs at least {value:g} square metres",
        "hub.conditions": f"A hub must be in condition {' or '.join(words.problem.rules.hub.conditions)}",
        "hub.sites": "Only some sites may be a hub",
        "hub.committed": "Committed sites must be hubs",
        "keep_together": f"{words.tagged(rule.label)} must stay together (tag {rule.label})",
    }
    return said[rule.key]


def lost_practice(words: Names, article: str = "its") -> str:
    """The practice of a group that is thought away, in words."""
    vulnerable = words.problem.rules.resilience.loss_of == "vulnerable"
    return f"{article} largest {'vulnerable ' if vulnerable else ''}practice"


def named(rule: RuleInForce) -> str:
    """The name of a rule as it stands in a rule set."""
    if rule.key.startswith("size.locality."):
        return f'size.locality."{rule.label}".{rule.key.rpartition(".")[2]}'
    plain = {"exceptions": "exceptions.policy and at_most", "keep_together": "column keep_together of the practices"}
    return plain.get(rule.key, rule.key)


def _decision(rule: RuleInForce, words: Names) -> str:
    decided, parts = rule.decided, []
    parts += [f"{words.listed(one)} share a group" for one in decided.together]
    if decided.apart:
        parts.append(f"{words.listed(sorted({p for pair in decided.apart for p in pair}))} are in different groups")
    locks = [f"{words.listed(lock.members)} form a group" for lock in decided.locked]
    parts += [*locks[:3], *([f"{len(locks) - 3} more groups stand as they are"] if len(locks) > 3 else [])]
    if decided.never_exception:
        parts.append(f"{words.listed(decided.never_exception)} may be in no group below its minimum")
    parts += [f"{words.site(site)} is a hub" for site in decided.hubs]
    if rule.not_hub >= 0:
        parts.append(f"{words.site(rule.not_hub)} is no hub")
    reason = f" Reason given: {rule.reason}" if rule.reason else ""
    return f"Decided: {'; '.join(parts)} [decision {rule.label}].{reason}"


# ------------------------------------------------------------------------------------------------------------- changes


def change_sentence(rule: RuleInForce, after: float | None, restores: bool | None, words: Names, word: str = "") -> str:
    """The least change of a rule, or that no change of it alone will do."""
    what = _short(rule, words)
    if restores is None:
        return f"Whether changing {what} alone leaves a plan was not settled in time."
    if not restores:
        return f"Changing {what} alone, however much, leaves no plan."
    if after is None:
        return _dropped(rule, words, word)
    before = rule.value
    if rule.key == "exceptions":
        many = "1 group below the minimum as an exception" if after == 1 else f"{after:g} groups below as exceptions"
        return f"Accept {many}{'' if before == 0 else f', not only {before:g}'}."
    verb = "Lower" if after < before else "Raise"
    return f"{verb} {what} from {_amount(rule, before)} to {_amount(rule, after)}."


def _amount(rule: RuleInForce, value: float) -> str:
    if rule.key.startswith(("access.", "contiguity.")):
        return f"{in_minutes(value)} minutes"
    if rule.key in {"practices.most_vulnerable_share", KEEPS_SHARE}:
        return f"{value:.1%}"
    unit = {"hub.budget": " pounds"}.get(rule.key, "")
    return f"{value:,.0f}{unit}"


def _short(rule: RuleInForce, words: Names) -> str:
    """A rule in a few words, for the middle of a sentence."""
    said = {
        "exceptions": "the number of exceptions",
        "size.minimum_urban": "the minimum of urban groups",
        "size.minimum_rural": "the minimum of rural groups",
        "size.locality.minimum": f"the minimum in {rule.label}",
        "size.hard_maximum": "the maximum of urban groups"
        if words.problem.rules.size.hard_maximum_rural
        else "the maximum",
        "size.hard_maximum_rural": "the maximum of rural groups",
        "size.locality.maximum": f"the maximum in {rule.label}",
        "size.fewest_practices": "the least number of practices of a group",
        "size.most_practices": "the greatest number of practices of a group",
        "access.max_minutes_between_members": "the limit between members of a group",
        "access.max_minutes_to_hub": "the limit from a practice to its hub",
        "access.max_mean_minutes_to_hub": "the limit on patients' mean minutes to the hub",
        "contiguity.rule": "the rule that groups hang together",
        "contiguity.max_minutes_over_border": "the longest drive over a border that counts",
        "locality.rule": "the rule that groups stay inside a locality",
        "locality.most_crossing": "the number of groups that may cross localities",
        "groups.fewest": "the least number of groups",
        "groups.most": "the greatest number of groups",
        "hub.budget": "the budget for hubs",
        "practices.most_vulnerable_share": "the greatest share of vulnerable practices",
        KEEPS_SHARE: f"the share of its minimum that a group must be left with without {lost_practice(words)}",
        "hub.kinds": "the kinds of hub",
        "hub.minimum_floor_area_m2": "the least floor area of a hub",
        "hub.conditions": "the conditions of a hub",
        "hub.sites": "the sites that may be a hub",
        "hub.committed": "the rule that committed sites are hubs",
        "keep_together": f"the tag {rule.label}",
        "decision": f"decision {rule.label}",
    }
    return said[rule.key]


def _dropped(rule: RuleInForce, words: Names, word: str) -> str:
    if word and rule.key == "hub.minimum_floor_area_m2":
        return f"Lower the least floor area of a hub from {rule.value:g} to {word} square metres."
    if word:
        return f"Let sites be a hub also if they are of {'kind' if rule.key == 'hub.kinds' else 'condition'} {word}."
    said = {
        "contiguity.rule": "Let groups be apart on the map (their catchments need not hang together).",
        "locality.rule": "Let groups cross localities.",
        "hub.committed": "Do not insist that committed sites are hubs.",
        "keep_together": f"Let {words.tagged(rule.label)} be in different groups.",
        "decision": f"Take back decision {rule.label}: {_decision(rule, words).removeprefix('Decided: ')}",
    }
    return said.get(rule.key, f"Drop {_short(rule, words)}.")


def setting_lines(rule: RuleInForce, after: float | None, words: Names, word: str = "") -> tuple[str, ...]:
    """What to write in `case.toml` for a change; nothing where it is not a matter of one line."""
    section, _, key = rule.key.partition(".")
    if rule.key == "exceptions":
        return ("[rules.override.exceptions]", 'policy = "allowed"', f"at_most = {after:.0f}")
    if rule.key.startswith("size.locality."):
        own = f'[rules.override.size.locality."{rule.label}"]'
        return own, f"{key.partition('.')[2]} = {after:.0f}"
    whole = {"contiguity.rule": '"none"', "locality.rule": '"free"', "hub.committed": '"ignore"'}
    if rule.key in whole:
        return f"[rules.override.{section}]", f"{key} = {whole[rule.key]}"
    if word:
        listed = {"kinds": words.problem.rules.hub.kinds, "conditions": words.problem.rules.hub.conditions}.get(key)
        quoted = ", ".join(f'"{one}"' for one in (*(listed or ()), word))
        return f"[rules.override.{section}]", f"{key} = [{quoted}]" if listed else f"{key} = {word}"
    if after is None and (rule.key == KEEPS_SHARE or rule.key.startswith(("access.", "contiguity."))):
        return f"[rules.override.{section}]", f"{key} = 0"
    if after is None:
        return ()
    return f"[rules.override.{section}]", f"{key} = {after:.12g}"
