"""Why a target cannot be reached: the most that could be, what stands in the way, and the smallest single changes.

Every figure is the answer of a programme of its own (`most_in_wave`: the most patients in at-scale groups in that one
wave, whatever becomes of the others), with one thing lifted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from grouping.plain_words import UNKNOWN, count, listed
from grouping.rollout.model import Schedule, fewest_more, most_in_wave, needs_search, reached_patients
from grouping.rollout.question import Question

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

MOST_SINGLE = 6
"""Single changes that help a little which are told in sentences; the table has all."""

MOST_TRIED = 12
"""Late groups that are made ready one by one where each takes a search of its own."""


@dataclass(frozen=True)
class Names:
    """What groups, practices and rows are called in sentences.

    Parameters
    ----------
    group
        By position.
    practice
        By position of the group, then of the practice; says from when it is ready.
    row
        By position of a row in the planner's table of order.
    """

    group: Callable[[int], str]
    practice: Callable[[int, int], str]
    row: Callable[[int], str]


@dataclass(frozen=True)
class Change:
    """One thing lifted, and the most patients that can be reached then.

    Parameters
    ----------
    kind
        `readiness`, `capacity`, `order`, `exceptions` or `everything`; `more-groups`, `more-patients` for a little more
        capacity.
    single
        Whether it is about one group, one row or one wave, not about all of them.
    words
        What is lifted, as the table says it.
    most
        Patients in at-scale groups in the wave then.
    restores
        Whether the target can be reached then.
    sentence
        The same, plainly.
    least
        Whether `most` is only the most that was found, for the search ended early: there may be more.
    """

    kind: str
    single: bool
    words: str
    most: int
    restores: bool
    sentence: str
    least: bool = False

    def beyond(self, most: int) -> str:
        """How many patients more than these can be reached, in words."""
        return f"{'at least ' if self.least else ''}{count(self.most - most)}"


@dataclass(frozen=True)
class Miss:
    """A target that the rollout does not reach.

    Parameters
    ----------
    wave
        Position of the wave.
    target, reached, most
        Patients: wanted, in the rollout, and the most there could be in this wave on its own.
    bound
        What is proven that no programme exceeds: `most` itself, unless the search for it ended early.
    changes
        What could be lifted.
    """

    wave: int
    target: int
    reached: int
    most: int
    bound: int
    changes: tuple[Change, ...]

    @property
    def alone(self) -> bool:
        """Whether the target could be reached if it were the only one."""
        return self.most >= self.target

    @property
    def restoring(self) -> tuple[Change, ...]:
        """Single changes that bring the target within reach."""
        return tuple(change for change in self.changes if change.single and change.restores)


def misses_of(
    question: Question, schedule: Schedule, names: Names, total: int, *, explain: bool = True
) -> tuple[Miss, ...]:
    """Every target that is missed, with what stands in its way.

    Parameters
    ----------
    question, schedule
        What was asked, and the programme.
    names
        What groups, practices and rows are called.
    total
        Registered patients of the place, which shares are of.
    explain
        Whether to look for what could be lifted; many programmes.
    """
    reached = reached_patients(question, schedule.start)
    found = []
    for wave, target in enumerate(question.targets):
        if target is None or reached[wave] >= target:
            continue
        most, bound = most_in_wave(question, wave)
        most = max(most, reached[wave])  # a search that ended early may know less than the rollout
        changes = () if most >= target or not explain else _changes(question, wave, target, most, names, total)
        found.append(Miss(wave, target, reached[wave], most, bound, changes))
    return tuple(found)


def share(patients: int, total: int) -> str:
    """A share of all patients with one decimal, rounded down: a target that is just missed never reads as reached."""
    return f"{1000 * patients // total / 10:.1f}%" if total else UNKNOWN


def number_word(number: int) -> str:
    """Small numbers as words."""
    return NUMBERS[number] if number < len(NUMBERS) else f"{number:,}"


def _changes(question: Question, wave: int, target: int, most: int, names: Names, total: int) -> tuple[Change, ...]:
    bounds: dict[str, int] = {}

    def lifted(kind: str, other: Question, words: str, said: str, *, single: bool = False) -> Change:
        reached, bound = most_in_wave(other, wave)
        if not single:
            bounds[kind] = bound
        if reached >= target:
            sentence = f"{said}, the target can be reached."
        elif bound >= target:
            sentence = f"{said}, {share(reached, total)} can be reached; whether the target can was not settled."
        elif reached > most:
            least = "at least " if bound > reached else ""  # the search ended early: there may be more
            more = f"{least}{count(reached - most)} patients more"
            sentence = f"{said}, {least}{share(reached, total)} can be reached ({more})."
        else:
            sentence = f"{said}, no more {'can be reached' if bound == reached else 'was found'}."
        return Change(kind, single, words, reached, reached >= target, sentence, least=bound > reached)

    # What lifting all of a kind cannot bring, lifting one of them cannot either: that spares most of the programmes.
    changes = []
    if any(ready > 0 for row in question.ready for ready in row):
        said = "If every practice were ready from the first wave"
        changes.append(lifted("readiness", question.with_readiness(), "readiness, of all practices", said))
    if any(limit is not None for limit in (*question.most_groups[: wave + 1], *question.most_patients[: wave + 1])):
        said = "Without any limit on how many start in a wave"
        changes.append(lifted("capacity", question.without_capacity(), "capacity, of all waves", said))
    if question.rules:
        changes.append(lifted("order", question.without_rules(), "all rules of order", "Without the rules of order"))
    if not all(question.counted):
        said = "If groups below their minimum counted"
        changes.append(lifted("exceptions", question.with_exceptions(), "minimum, of all groups", said))
    if len(changes) > 1 and not any(change.restores for change in changes):
        everything = question.with_readiness().without_capacity().without_rules().with_exceptions()
        changes.append(lifted("everything", everything, "all of these", "With all of this lifted at once"))
    if bounds.get("capacity", 0) >= target:
        changes += _more_capacity(question, wave, target)
    if bounds.get("readiness", 0) > most:
        changes += _one_group_ready(question, wave, most, names, lifted)
    if bounds.get("order", 0) > most:
        changes += _one_row_less(question, most, names, lifted)
    for g, told in enumerate(question.counted if bounds.get("exceptions", 0) > most else ()):
        if not told:
            said = f"If {names.group(g)} counted although it is below its minimum"
            changes.append(
                lifted("exceptions", question.with_exceptions([g]), f"minimum, of {names.group(g)}", said, single=True)
            )
    return tuple(change for change in changes if not change.single or change.most > most)


def _more_capacity(question: Question, wave: int, target: int) -> list[Change]:
    """The fewest more groups, or patients, that must be allowed to start in one wave."""
    changes = []
    for w in range(wave + 1):
        name = question.waves[w]
        for kind, limits in (("groups", question.most_groups), ("patients", question.most_patients)):
            found = None if limits[w] is None else fewest_more(question, wave, target, w, kind)
            if found is None or not found[0]:
                continue
            more, proven = found
            words = f"{number_word(more)} more {'group' if more == 1 else 'groups'}"
            who = words if kind == "groups" else f"groups of {more:,} more patients"
            early = "" if proven else " Fewer may do: the search ended early."
            sentence = f"With {who} allowed to start in {name} it can.{early}"
            words = words if kind == "groups" else f"{more:,} more patients"
            changes.append(Change(f"more-{kind}", True, f"{words} in {name}", target, True, sentence))
    return changes


def _one_group_ready(
    question: Question, wave: int, most: int, names: Names, lifted: Callable[..., Change]
) -> list[Change]:
    """Each group whose last practices are not ready by the wave, made ready by itself."""
    changes = []
    for g in _to_be_tried(question, wave):
        late = [i for i, ready in enumerate(question.ready[g]) if ready > wave]
        who = [names.practice(g, i) for i in late]
        made = lifted("readiness", question.with_readiness([g]), f"readiness, of {listed(who)}", "", single=True)
        if made.restores:
            sentence = f"With {listed(who)} ready from the first wave instead it can."
        else:
            alone = "alone takes" if len(late) == 1 else "together takes"
            sentence = f"Readiness of {listed(who)} {alone} {made.beyond(most)} patients away."
        changes.append(replace(made, sentence=sentence))
    return changes


def _late(question: Question, wave: int) -> list[int]:
    """Groups with practices that are not ready by a wave."""
    return [g for g in range(len(question.groups)) if question.ready_from(g) > wave]


def _to_be_tried(question: Question, wave: int) -> list[int]:
    """The late groups to be made ready one by one: all of them, or the largest where each takes a search."""
    late = _late(question, wave)
    if len(late) <= MOST_TRIED or not needs_search(question, wave):
        return late
    return sorted(sorted(late, key=question.patients, reverse=True)[:MOST_TRIED])


def _one_row_less(question: Question, most: int, names: Names, lifted: Callable[..., Change]) -> list[Change]:
    """Each rule of order left out by itself; one that another row says as well would still hold."""
    changes = []
    times = Counter(rule.says for rule in question.rules)
    for row in [rule.row for rule in question.rules if times[rule.says] == 1]:
        made = lifted("order", question.without_rules([row]), names.row(row), "", single=True)
        if made.restores:
            sentence = f"Without {names.row(row)} it can."
        else:
            sentence = f"{_upper(names.row(row))} alone takes {made.beyond(most)} patients away."
        changes.append(replace(made, sentence=sentence))
    return changes


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def sentences(miss: Miss, question: Question, total: int, target_share: float) -> tuple[str, ...]:
    """What is said of a missed target: the most there could be, what restores it, what stands in the way."""
    name = question.waves[miss.wave]
    wanted = f"{100 * target_share:g}% by {name}"
    if miss.alone:
        return (
            f"{wanted} could be reached on its own, but not together with the other targets: "
            f"{share(miss.reached, total)} in the programme, {count(miss.target - miss.reached)} patients short. "
            "The programme makes the patients short of all targets together as few as possible.",
        )
    at_most = (
        f"{share(miss.bound, total)} at most ({count(miss.bound)} patients, {count(miss.target - miss.bound)} short)."
    )
    if miss.bound >= miss.target:
        found = f"{share(miss.most, total)} ({count(miss.most)} patients, {count(miss.target - miss.most)} short)"
        said = [f"For {wanted} no programme was found, but none is excluded either: the search ended early at {found}."]
    elif miss.bound > miss.most:
        said = [f"{wanted} cannot be reached: {at_most} A programme with {count(miss.most)} was found."]
    else:
        said = [f"{wanted} cannot be reached: {at_most}"]
    if share(miss.reached, total) != share(miss.most, total):
        said.append(
            f"The programme has {share(miss.reached, total)} then, because of the other targets: "
            "it makes the patients short of all targets together as few as possible."
        )
    held = sum(question.patients(g) for g in range(len(question.groups)))
    if held < miss.target:
        said.append(f"All groups of this option together hold {share(held, total)} of the registered patients.")
    said += [change.sentence for change in miss.restoring]
    if not miss.restoring:
        said.append("No single change was found that brings it within reach.")
    said += [change.sentence for change in miss.changes if not change.single]
    late, tried = _late(question, miss.wave), _to_be_tried(question, miss.wave)
    if len(tried) < len(late):
        said.append(
            f"Of {len(late)} groups with practices that are not ready by then, the {len(tried)} largest were looked at "
            "one by one."
        )
    partly = [change for change in miss.changes if change.single and not change.restores]
    partly.sort(key=lambda change: -change.most)
    said += [change.sentence for change in partly[:MOST_SINGLE]]
    if len(partly) > MOST_SINGLE:
        said.append(f"{len(partly) - MOST_SINGLE} more such changes stand in the table rollout-in-the-way.")
    return tuple(said)


def order_of(start: Sequence[int | None], formed: Sequence[int | None], span: int) -> list[int]:
    """Groups in the order of a rollout: when they are formed, when they start, their position."""
    return sorted(
        range(len(start)),
        key=lambda g: (span if formed[g] is None else formed[g], span if start[g] is None else start[g], g),
    )
