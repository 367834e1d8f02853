"""The rollout in two to four sentences, the answer first."""

from __future__ import annotations

from grouping.plain_words import count, listed, plural
from grouping.rollout.explain import share
from grouping.rollout.result import Found

NOT_PUBLISHED = (
    "When each group starts, and how many patients are reached by then, is not part of this public version: it rests "
    "on what is not published of single practices."
)


MOST_NAMED = 12
"""Groups that a sentence names; of more it says how many, and the table says which."""


def lines_of(rollout: Found) -> tuple[str, ...]:
    """The answer, what starts first, what it costs in waiting, and what is proven."""
    if not rollout.told:
        return _aims(rollout), NOT_PUBLISHED
    lines = [_targets(rollout), _first_wave(rollout)]
    if not rollout.public:
        lines.append(_waiting(rollout))
    lines.append(proof_of(rollout))
    return tuple(line for line in lines if line)


def _aims(rollout: Found) -> str:
    """What the waves aim at."""
    aims = [f"{100 * wave.target_share:g}% by {wave.name}" for wave in rollout.waves if wave.target_share is not None]
    if not aims:
        return "No targets are given for the share of registered patients in at-scale groups."
    return f"The targets are {listed(aims)} of the registered patients in at-scale groups."


def _targets(rollout: Found) -> str:
    wanted = [
        f"{share(rollout.at_scale[w], rollout.total)} by {wave.name} (target {100 * wave.target_share:g}%)"
        for w, wave in enumerate(rollout.waves)
        if wave.target_share is not None
    ]
    if not wanted:
        return f"No targets are given; {_last(rollout)}"
    said = f"of the registered patients in at-scale groups: {'; '.join(wanted)}."
    if not rollout.missed:
        return f"All targets can be reached. Share {said}"
    missed = listed([rollout.waves[w].name for w in rollout.missed])
    word = "target" if len(rollout.missed) == 1 else "targets"
    if rollout.public:
        return f"The {word} of {missed} {'is' if len(rollout.missed) == 1 else 'are'} not reached. Share {said}"
    how = "cannot be reached"
    if not all(miss.bound < miss.target for miss in rollout.misses):  # not each by itself
        proven = rollout.stages[0].proven
        how = "cannot be reached together with the others" if proven else "not reached by the programme found"
        if not proven:
            how = f"{'is' if len(rollout.misses) == 1 else 'are'} {how}"
    return f"The {word} of {missed} {how}. Share {said}"


def _last(rollout: Found) -> str:
    if not rollout.waves:
        return "there are no waves."
    reached = share(rollout.at_scale[-1], rollout.total)
    return f"{reached} of the registered patients are in at-scale groups by {rollout.waves[-1].name}."


def _first_wave(rollout: Found) -> str:
    """How many groups start when, what the first ones reach, and which stay out."""
    starts = [
        f"{plural(number, 'group')} in {wave.name}"
        for w, wave in enumerate(rollout.waves)
        if (number := sum(row.start == w for row in rollout.groups))
    ]
    alone = sum(row.start is not None for row in rollout.groups) == 1
    said = f"{listed(starts)} {'starts' if alone else 'start'}." if starts else "No group starts within these waves."
    if rollout.first_share is not None and rollout.waves:
        patients = sum(row.patients for row in rollout.groups if row.start == 0)
        more = "more" if patients > rollout.first_share * rollout.total else "not more"
        said += (
            f" The groups of {rollout.waves[0].name} have {share(patients, rollout.total)} of the patients, {more} "
            f"than the {100 * rollout.first_share:g}% that the first sites are meant to reach."
        )
    left = [row.group_id for row in rollout.groups if row.formed is None]
    if left:
        who = listed(left) if len(left) <= MOST_NAMED else f"{len(left)} of {plural(len(rollout.groups), 'group')}"
        said += f" Not formed within these waves: {who}."
    return said


def _waiting(rollout: Found) -> str:
    if rollout.question is None or not rollout.groups:
        return ""
    question = rollout.question
    half = sum(question.half_formed(g, row.start) for g, row in enumerate(rollout.groups) if row.start is not None)
    waiting = sum(row.waiting or 0 for row in rollout.groups)
    if not any(any(row) for row in question.vulnerable):
        late = "No practice is rated vulnerable, or ratings are not known"
    else:
        late = f"Patients of vulnerable practices wait {count(waiting)} patient-waves in all until they join"
    return f"{late}; half-formed groups add up to {count(half)} patient-waves (patients times waves)."


def proof_of(rollout: Found) -> str:
    """What is proven, and how near it comes where the search ended early."""
    if not rollout.stages:
        return ""
    first = rollout.stages[0]
    if not first.proven:
        return (
            f"The search ended early: {count(first.value)} patients short of the targets over the waves; no programme "
            f"can have fewer than {count(max(first.bound, 0))}."
        )
    if first.value:
        said = (
            f"Proven: {count(first.value)} patients short of the targets, added up over the waves, and within "
            "capacity, readiness and rules of order no other order falls less short"
        )
    else:
        said = (
            "No target is missed" if any(target is not None for target in rollout.targets) else "No targets are given"
        )
    if rollout.public:
        return f"{said}."
    if rollout.proven:
        joined = "; among orders that fall as little short" if first.value else ". Proven: among such orders"
        return (
            f"{said}{joined} none has a smaller weighted sum of patients waiting in vulnerable practices and in "
            "half-formed groups."
        )
    return f"{said}. The steps after that ended early; how near they come stands in the table of what was made small."
