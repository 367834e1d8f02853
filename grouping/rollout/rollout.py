"""Makes the rollout of an option: asks the programme, works out what it means, and says what is in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from grouping.growth.timeline import list_year
from grouping.plain_words import count, listed, plural
from grouping.programme.ground import Ground
from grouping.rollout.explain import Names, misses_of, number_word, order_of, sentences
from grouping.rollout.model import Schedule, plan_rollout, reached_patients
from grouping.rollout.order import Conflict, keeping, rules_of
from grouping.rollout.part import Rollout
from grouping.rollout.question import Question, whole_weights
from grouping.rollout.readiness import (
    Readiness,
    indicators_of,
    is_vulnerable,
    readiness_of,
    thresholds_in_words,
)
from grouping.rollout.result import GroupRow, MilestoneRow, PracticeRow
from grouping.rollout.waves import (
    Milestone,
    Wave,
    built_in,
    is_year,
    milestones_of,
    own_waves,
    patients_for,
    position,
    waves_of,
)

RULE_WORDS = {
    "first": "must go first",
    "before": "must start before others",
    "together": "must start together with others",
    "not-before": "may not start earlier",
    "not-after": "may not start later",
}


def rollout_of(ground: Ground, *, explain: bool = True) -> Rollout:
    """The rollout of the option; without `explain` nothing is said of why a target is missed (nor looked for).

    Rules of order that contradict each other are set aside here, and said to be (`problems` tells them as errors): so
    that another option, to which they were not fitted, still has a rollout to be compared with.
    """
    waves = waves_of(ground)
    readiness = readiness_of(ground, waves)
    question, conflicts = keeping(question_of(ground, waves, readiness))
    schedule = plan_rollout(question)
    if schedule is None:  # `keeping` has left a question that can be kept
        message = "no rollout keeps the rules of order"
        raise RuntimeError(message)
    return _rollout(ground, waves, readiness, question, schedule, conflicts, explain=explain)


def question_of(ground: Ground, waves: tuple[Wave, ...], readiness: Mapping[str, Readiness]) -> Question:
    """What is asked of the programme."""
    settings = ground.settings.rollout
    total = total_of(ground)
    groups = ground.plan.groups
    late, half = whole_weights(settings.late_weight, settings.half_formed_weight)
    return Question(
        groups=tuple(group.group_id for group in groups),
        practices=tuple(tuple(int(ground.lists[code]) for code in group.members) for group in groups),
        ready=tuple(tuple(readiness[code].ready for code in group.members) for group in groups),
        vulnerable=tuple(tuple(bool(is_vulnerable(ground, code)) for code in group.members) for group in groups),
        counted=tuple(settings.exceptions_count or not _below(ground, group.group_id) for group in groups),
        waves=tuple(wave.name for wave in waves),
        targets=tuple(None if wave.target_share is None else patients_for(wave.target_share, total) for wave in waves),
        most_groups=tuple(wave.most_groups for wave in waves),
        most_patients=tuple(wave.most_patients for wave in waves),
        rules=rules_of(ground, waves),
        late_weight=late,
        half_weight=half,
    )


def total_of(ground: Ground) -> int:
    """Registered patients of all practices of the place, also of those the option leaves out."""
    return int(ground.practices["list_size"].fillna(0).astype(int).sum())


def _below(ground: Ground, group_id: str) -> bool:
    margin = ground.groups.loc[group_id].get("margin")
    return margin is not None and not pd.isna(margin) and float(margin) < 0


def _rollout(
    ground: Ground,
    waves: tuple[Wave, ...],
    readiness: Mapping[str, Readiness],
    question: Question,
    schedule: Schedule,
    conflicts: Sequence[Conflict],
    *,
    explain: bool,
) -> Rollout:
    span, total = question.span, total_of(ground)
    formed = [_within(span if s is None else question.formed(g, s), span) for g, s in enumerate(schedule.start)]
    names = names_of(ground, waves, readiness)
    misses = misses_of(question, schedule, names, total, explain=explain)
    reached_all = reached_patients(question.with_exceptions(), schedule.start)
    counted = reached_patients(question, schedule.start)
    meeting = tuple(
        sum(
            question.patients(g)
            for g, at in enumerate(formed)
            if at is not None and at <= w and not _below(ground, question.groups[g])
        )
        for w in range(span)
    )
    groups = _group_rows(ground, waves, readiness, question, schedule, formed)
    return Rollout(
        waves=waves,
        start=dict(zip(question.groups, schedule.start, strict=True)),
        formed=dict(zip(question.groups, formed, strict=True)),
        reached=tuple(patients / total if total else 0.0 for patients in counted),
        reached_all=reached_all,
        reached_meeting=meeting,
        total=total,
        targets=question.targets,
        groups=groups,
        practices=_practice_rows(ground, readiness, question, schedule),
        milestones=_milestone_rows(question, schedule.start, formed, milestones_of(ground), counted, total),
        question=question,
        stages=schedule.stages,
        misses=misses,
        missed_words=tuple(
            sentences(miss, question, total, float(waves[miss.wave].target_share or 0)) if explain else ()
            for miss in misses
        ),
        notes=_notes(ground, waves, readiness, question, conflicts, names),
        definitions=_definitions(ground, waves),
        source="the planner's table" if own_waves(ground) else built_in()["source"],
        exceptions_count=ground.settings.rollout.exceptions_count,
        first_share=None if own_waves(ground) else float(built_in()["accelerators"]["share"]),
        publishable=ground.settings.rollout.publish_years or not _rests_on_private(ground),
    )


def _rests_on_private(ground: Ground) -> bool:
    """Whether a rollout can depend on what stays in the house, whatever it says: ratings, readiness, rules of order.

    That a practice is ready early enough for the wave of its group tells that it is not rated vulnerable where it meets
    too few of the other indicators, all of which anybody can work out.
    """
    practices = ground.practices
    rated = "vulnerability" in practices and bool(practices["vulnerability"].notna().any())
    tables = [ground.inputs.rows(name) for name in ("readiness", "order")]
    return rated or any(rows is not None and len(rows) > 0 for rows in tables)


def names_of(ground: Ground, waves: tuple[Wave, ...], readiness: Mapping[str, Readiness]) -> Names:
    """What groups, practices and rows are called."""
    groups = ground.plan.groups
    table = ground.inputs.table("order")

    def group(g: int) -> str:
        return f"{groups[g].group_id} ({ground.groups.loc[groups[g].group_id, 'name']})"

    def practice(g: int, i: int) -> str:
        code = groups[g].members[i]
        ready = readiness[code].ready
        told = f"ready from {waves[ready].name}" if ready < len(waves) else "not ready within these waves"
        return f"{ground.practices.loc[code, 'name']} ({code}, {told})"

    def row(number: int) -> str:
        return "the rule of order" if table is None else f"the rule in {table.where(number)} of the table of order"

    return Names(group, practice, row)


def _within(at: int, span: int) -> int | None:
    return at if at < span else None


def _group_rows(
    ground: Ground,
    waves: tuple[Wave, ...],
    readiness: Mapping[str, Readiness],
    question: Question,
    schedule: Schedule,
    formed: Sequence[int | None],
) -> tuple[GroupRow, ...]:
    first = {g for rule in question.rules if rule.kind == "first" for g in rule.groups}
    rows = []
    for g, group in enumerate(ground.plan.groups):
        start = schedule.start[g]
        rows.append(
            GroupRow(
                group_id=group.group_id,
                name=str(ground.groups.loc[group.group_id, "name"]),
                practices=len(group.members),
                patients=question.patients(g),
                below_minimum=_below(ground, group.group_id),
                counted=question.counted[g],
                first=g in first,
                start=start,
                formed=formed[g],
                ready=_within(question.ready_from(g), question.span),
                waiting=question.waiting(g, question.span if start is None else start),
                reason=_reason(ground, waves, readiness, question, schedule.start, g),
            )
        )
    return tuple(rows)


def _reason(
    ground: Ground,
    waves: tuple[Wave, ...],
    readiness: Mapping[str, Readiness],
    question: Question,
    starts: Sequence[int | None],
    g: int,
) -> str:
    """Why a group starts when it does, from what holds in the programme."""
    start, span, ready = starts[g], question.span, question.ready_from(g)
    group = ground.plan.groups[g]
    said = []
    rules = [rule for rule in question.rules if g in rule.groups or g in rule.after]
    for rule in rules:
        words = "must start after others" if g in rule.after else RULE_WORDS[rule.kind]
        words += f" than {waves[rule.wave].name}" if rule.wave >= 0 else ""
        said.append(words + (f" ({rule.reason})" if rule.reason else ""))
    said = list(dict.fromkeys(said))  # several practices of the group may have a row that says the same
    last = [code for code in group.members if readiness[code].ready == ready and ready > 0]
    who = listed([f"{ground.practices.loc[code, 'name']} ({code})" for code in last]) if last else ""
    if ready >= span:
        said.append(f"not ready within these waves: {who}")
    elif ready > 0 and (start is None or start <= ready):
        said.append(f"ready from {waves[ready].name}: {who}")
    if start is None:
        if ready < span:
            said.append(
                "no place within the capacity of the waves" if _is_full(question, starts, g, ready, span) else ""
            )
    elif start < ready and not any(rule.kind in {"first", "together", "not-after"} for rule in rules):
        said.append("starts before all are ready, so that practices that are ready need not wait")
    elif start > ready and _is_full(question, starts, g, ready, start):
        said.append(f"no place left in {listed([waves[w].name for w in range(ready, start)])}")
    elif start == ready and not said:
        said.append(f"all practices ready from {waves[ready].name}")
    elif start > ready and not rules:
        said.append("later than it is ready, so that others can start earlier")
    return "; ".join(part for part in said if part)


def _is_full(question: Question, starts: Sequence[int | None], g: int, begin: int, end: int) -> bool:
    """Whether the group would break the capacity of each of these waves, as the others start."""
    for w in range(begin, end):
        here = [h for h, s in enumerate(starts) if s == w]
        groups, patients = question.most_groups[w], question.most_patients[w]
        full = groups is not None and len(here) + 1 > groups
        used = sum(question.patients(h) for h in here)
        if not full and (patients is None or used + question.patients(g) <= patients):
            return False
    return True


def _practice_rows(
    ground: Ground, readiness: Mapping[str, Readiness], question: Question, schedule: Schedule
) -> tuple[PracticeRow, ...]:
    span, rows = question.span, []
    for g, group in enumerate(ground.plan.groups):
        start = span if schedule.start[g] is None else schedule.start[g]
        for i, code in enumerate(group.members):
            rows.append(
                PracticeRow(
                    practice_code=code,
                    name=str(ground.practices.loc[code, "name"]),
                    group_id=group.group_id,
                    patients=question.practices[g][i],
                    ready=_within(readiness[code].ready, span),
                    by=readiness[code].by,
                    vulnerable=is_vulnerable(ground, code),
                    joins=_within(max(start, readiness[code].ready), span),
                )
            )
    return tuple(sorted(rows, key=lambda row: row.practice_code))


def _past(ground: Ground, waves: tuple[Wave, ...]) -> list[str]:
    """Built-in years that lie before the lists say nothing of what can still be done."""
    dated, last = list_year(ground.run.place), waves[-1].name
    if dated is None or not is_year(last) or int(last[:4]) >= dated:
        return []
    return [
        f"The years {waves[0].name} to {last} are those of the strategy and lie before the lists, which are of "
        f"{dated}: read them as first, second and later years, or give a first year of your own."
    ]


def _milestone_rows(
    question: Question,
    start: Sequence[int | None],
    formed: Sequence[int | None],
    milestones: Sequence[Milestone],
    reached: Sequence[int],
    total: int,
) -> tuple[MilestoneRow, ...]:
    order = order_of(start, formed, question.span)
    rows = []
    for one in milestones:
        wanted = patients_for(one.target_share, total)
        chosen, patients = [], 0
        for g in order:
            if patients >= wanted:
                break
            chosen.append(g)
            patients += question.patients(g)
        at = position(question.waves, one.wave)
        rows.append(
            MilestoneRow(
                one.name,
                one.wave,
                one.target_share,
                one.source,
                wanted,
                tuple(question.groups[g] for g in chosen),
                patients,
                sum(len(question.practices[g]) for g in chosen),
                None if at is None else reached[at],
            )
        )
    return tuple(rows)


def _notes(
    ground: Ground,
    waves: tuple[Wave, ...],
    readiness: Mapping[str, Readiness],
    question: Question,
    conflicts: Sequence[Conflict],
    names: Names,
) -> tuple[str, ...]:
    known = sum(one.known for one in readiness.values())
    first = waves[0].name if waves else ""
    notes = []
    if not known:
        notes.append(f"Nothing is known of when practices are ready: all are taken as ready from {first}.")
    elif known < len(readiness):
        notes.append(
            f"Of {plural(len(readiness) - known, 'practice')} too little is known to say when they are ready: they are "
            f"taken as ready from {first}."
        )
    if not own_waves(ground) and waves:
        groups = number_word(waves[0].most_groups or 0)
        notes.append(
            f"The planner gives no capacity: {groups} groups at most start in {first}, as the strategy begins with "
            f"{groups} accelerator sites, and any number later. Give your own in the table of waves."
        )
        notes += _past(ground, waves)
    left = ground.practices.index.difference(list(ground.group_of))
    if len(left):
        patients = int(ground.practices.loc[left, "list_size"].fillna(0).sum())
        notes.append(
            f"The option leaves out {plural(len(left), 'practice')} with {count(patients)} patients; they count in the "
            "population that targets are shares of."
        )
    for conflict in conflicts:
        rows = [names.row(row) for row in conflict.rows]
        notes.append(
            f"{rows[-1][:1].upper() + rows[-1][1:]} is set aside in this option: it cannot be kept"
            + (f" together with {listed(rows[:-1])}" if rows[:-1] else "")
            + (" and the capacity of the waves." if conflict.groups or conflict.patients else ".")
        )
    return tuple(notes)


def _definitions(ground: Ground, waves: tuple[Wave, ...]) -> tuple[tuple[str, str], ...]:
    settings = ground.settings.rollout
    told = [(f"Ready: {one.words}", one.definition) for one in indicators_of(ground)]
    least = settings.least_known
    ready = (
        f"the planner's table where it names the practice; else the share of the indicators below that it meets: "
        f"{thresholds_in_words(ground, waves)}. With fewer than {number_word(least)} known, from the first wave"
    )
    counts = "count" if settings.exceptions_count else "do not count"
    return (
        (
            "At scale",
            "from the wave in which the last of its practices joins; from its start until then a group is half-formed. "
            f"Groups below their minimum {counts} in the share reached (both figures stand in the table)",
        ),
        (
            "Share reached",
            "registered patients of groups at scale by the end of the wave, over those of all practices of the place, "
            "rounded down to a tenth of a per cent",
        ),
        ("Ready", ready),
        *told,
        (
            "Waiting",
            "patients of vulnerable practices times the waves until the practice joins (all waves, where it does not "
            f"join), weight {settings.late_weight:g}; half-formed groups: patients times waves, weight "
            f"{settings.half_formed_weight:g}",
        ),
    )
