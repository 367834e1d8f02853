"""Whether groups have the size, the number of practices and the mixture that the rules ask for."""

from __future__ import annotations

from grouping.rules import RuleSet
from grouping.verify.ledger import NONE, Ledger
from grouping.verify.tables import Facts

SHARE_SLACK = 1e-9


def check_sizes(ledger: Ledger, facts: Facts) -> None:
    """Minimums with their exceptions, and maximums."""
    _check_minimums(ledger, facts)
    groups = facts.groups
    over = groups[(groups["list_size"] > groups["maximum"]) & (groups["practices"] > 1)]
    alone = groups[(groups["list_size"] > groups["maximum"]) & (groups["practices"] == 1)]
    told = "; a single practice above it stands alone: " + ", ".join(map(str, alone.index)) if len(alone) else ""
    ledger.note_by_group(
        f"no group above {_maximums(facts.rules)}",
        [(str(group_id), f"{int(row['list_size']):,} patients") for group_id, row in over.iterrows()],
        NONE + told,
        excused=facts.locked,
    )


def _maximums(rules: RuleSet) -> str:
    size = rules.size
    own = [(name, limits.maximum) for name, limits in sorted(size.locality.items()) if limits.maximum]
    if size.hard_maximum_rural:
        own.insert(0, ("rural", size.hard_maximum_rural))
    said = ", ".join(f"{name} {maximum:,}" for name, maximum in own)
    return f"{size.hard_maximum:,} patients" + (f" ({said})" if said else "")


def _check_minimums(ledger: Ledger, facts: Facts) -> None:
    rules, groups, decisions = facts.rules, facts.groups, facts.evidence.standing
    below = groups[groups["margin"] < 0]
    short = below[below["granted"].isna()]
    allowed = 0 if rules.exceptions.policy == "forbidden" else rules.exceptions.at_most
    too_many = allowed >= 0 and len(short) > allowed
    faults = [(str(g), f"{-int(r['margin']):,} short of {int(r['minimum']):,}") for g, r in short.iterrows()]
    named = ", ".join(f"{group_id}: {what}" for group_id, what in faults)
    granted = ", ".join(f"{group_id}: {row['granted']}" for group_id, row in below[below["granted"].notna()].iterrows())
    ledger.note(
        "rule",
        "each group reaches its minimum, or is an exception the rules allow",
        [f"{len(short)} below the minimum where {allowed} are allowed ({named})"] if too_many else [],
        f"{len(groups) - len(below)} reach it"
        + (f"; exceptions: {named}" if named else "")
        + (f"; granted: {granted}" if granted else ""),
        faults if too_many else [],
    )
    if decisions.never_exception:
        ledger.note_by_group(
            "no practice that must not be an exception is in a group below its minimum",
            [
                (str(group_id), f"{', '.join(sorted(inside))} among {int(row['list_size']):,} patients")
                for group_id, row in short.iterrows()
                if (inside := decisions.never_exception & facts.practices_of(group_id))
            ],
            f"{len(decisions.never_exception)} practices looked up",
            excused=facts.locked,
        )


def check_practices(ledger: Ledger, facts: Facts) -> None:
    """How many practices a group has, and how many vulnerable ones among them."""
    size, groups = facts.rules.size, facts.groups
    fewest, most = size.fewest_practices, size.most_practices
    if fewest > 0 or most > 0:
        words = f"at least {fewest}" if not most else (f"{fewest} to {most}" if fewest else f"at most {most}")
        oversize = (groups["practices"] == 1) & (groups["list_size"] > groups["maximum"])
        few = (groups["practices"] < fewest) & ~oversize
        off = groups[few | ((most > 0) & (groups["practices"] > most))]
        ledger.note_by_group(
            f"{words} practices in each group",
            [(str(group_id), f"{int(row['practices'])} practices") for group_id, row in off.iterrows()],
            f"{int(groups['practices'].min())} to {int(groups['practices'].max())}",
            excused=facts.locked,
        )
    share = facts.rules.practices.most_vulnerable_share
    if share < 1.0:
        off = groups[groups["vulnerable"] / groups["practices"] > share + SHARE_SLACK]
        ledger.note_by_group(
            f"at most {share:.0%} of a group's practices are vulnerable",
            [
                (str(group_id), f"{int(row['vulnerable'])} of {int(row['practices'])} practices")
                for group_id, row in off.iterrows()
            ],
            f"{int(groups['vulnerable'].sum())} vulnerable practices in {len(groups)} groups",
            excused=facts.locked,
        )


def check_after_loss(ledger: Ledger, facts: Facts) -> None:
    """How much of its minimum is left to a group without its largest practice, or its largest vulnerable one."""
    rules, groups = facts.rules.resilience, facts.groups
    if rules.keeps_share <= 0:
        return
    oversize = (groups["practices"] == 1) & (groups["list_size"] > groups["maximum"])
    asked = groups[(groups["margin"] >= 0) & (groups["minimum"] > 1) & ~oversize].dropna(subset=["loss"])
    left = asked["list_size"] - asked["loss"]
    off = asked[left / asked["minimum"] < rules.keeps_share - SHARE_SLACK]
    whose = "largest vulnerable practice" if rules.loss_of == "vulnerable" else "largest practice"
    ledger.note_by_group(
        f"at least {100 * rules.keeps_share:g}% of its minimum left to each group without its {whose}",
        [
            (str(group_id), f"{int(row['list_size'] - row['loss']):,} patients left, the minimum is {row['minimum']:,}")
            for group_id, row in off.iterrows()
        ],
        f"{len(asked)} of {len(groups)} groups asked",
        excused=facts.locked,
    )


def check_number_of_groups(ledger: Ledger, facts: Facts) -> None:
    """How many groups the plan has, and how many of them cross a locality boundary."""
    wanted, groups = facts.rules.groups, facts.groups
    if wanted.fewest > 0 or wanted.most > 0:
        off = len(groups) < wanted.fewest or (0 < wanted.most < len(groups))
        words = f"at least {wanted.fewest}" if not wanted.most else f"at most {wanted.most}"
        if wanted.fewest and wanted.most:
            words = f"{wanted.fewest} to {wanted.most}"
        ledger.note("rule", f"{words} groups in the plan", [f"{len(groups)} groups"] if off else [], str(len(groups)))
    limit = facts.rules.locality.most_crossing
    if limit >= 0:
        crossing = [str(group_id) for group_id, row in groups.iterrows() if row["localities"] > 1]
        told = f"{len(crossing)} do" + (f": {', '.join(crossing)}" if crossing else "")
        faults = [(group_id, "crosses one") for group_id in crossing] if len(crossing) > limit else []
        claim = f"at most {limit} groups cross a locality boundary"
        ledger.note("rule", claim, [told] if faults else [], told, faults)
