"""What the page says first: the answer in plain sentences, and the options side by side."""

from __future__ import annotations

import math

from grouping.assess import not_granted
from grouping.plain_words import (
    count,
    is_missing,
    listed,
    minutes,
    order_in_words,
    percent,
    plural,
)
from grouping.result import AssessedOption, Run, SolverReport


def answer_lines(run: Run) -> list[str]:
    """The answer in a few plain sentences."""
    if not run.options:
        return ["No plan obeys the rules.", *(run.solver.explanation if run.solver else ())]
    first = run.options[0]
    figures = first.headline
    by_hand = run.solver is None
    groups = int(figures["groups"])
    kinds = [f"{figures[f'{kind}_groups']} {kind}" for kind in ("urban", "rural") if int(figures[f"{kind}_groups"])]
    practices = sum(len(group.members) for group in first.option.plan.groups)
    patients = int(first.groups["list_size"].sum())
    start = "The scored plan forms" if by_hand else "The first option forms"
    sentences = [
        f"{start} {plural(practices, 'practice')} with {patients:,} registered patients into "
        f"{plural(groups, 'group')} ({listed(kinds)}), each of {count(figures['smallest'])} to "
        f"{count(figures['largest'])} patients.",
        _exception_sentence(first, by_hand=by_hand),
        *_breach_sentence(first),
        *_left_out_sentence(first),
        _journey_sentence(figures, estimate=run.times.method.estimate),
        *_change_sentence(figures),
        *_estimated_sentence(figures),
    ]
    if by_hand:
        sentences.append(
            "This plan was made by hand. The page measures it by the rule set; it does not say whether another plan "
            "would do better."
        )
    else:
        sentences.append(f"What was made as small as possible: {order_in_words(run.rules)}.")
        if run.solver.status != "optimal":
            sentences.append(_stopped_sentence(run.solver))
        sentences += _others_sentence(run)
    return sentences


def _stopped_sentence(solver: SolverReport) -> str:
    """How much is proven after all when the search did not come to its end."""
    stages = solver.certificate.get("stages", [])
    order = [stage["criterion"] for stage in stages]
    before = stages[: order.index("score")] if "score" in order else []
    if before and all(stage["proven"] for stage in before):
        return (
            "The search was stopped before it was complete: a plan with a better score may exist, but none that does "
            "better in what goes before the score."
        )
    return (
        "The search was stopped before it was complete, so nothing is proven: a better plan may exist, also one with "
        "fewer groups below their minimum."
    )


def _breach_sentence(option: AssessedOption) -> list[str]:
    """Which groups of a plan made by hand break a rule."""
    at_fault = sorted(set(option.notes.loc[option.notes["kind"] == "breach", "group_id"]))
    if not at_fault:
        return []
    return [
        f"{plural(len(at_fault), 'group', start=True)} {'does' if len(at_fault) == 1 else 'do'} not meet a rule of "
        f"the set: {listed(at_fault)}. The remarks in the table of groups say which."
    ]


def _left_out_sentence(option: AssessedOption) -> list[str]:
    left_out = option.left_out
    if left_out.empty:
        return []
    return [
        f"{plural(len(left_out), 'practice', start=True)} with {count(left_out['list_size'].sum())} registered "
        f"patients {'is' if len(left_out) == 1 else 'are'} not in this plan, nor in any total here."
    ]


def _journey_sentence(figures: dict[str, object], *, estimate: bool) -> str:
    rural, urban = figures.get("mean_minutes_hub_rural"), figures.get("mean_minutes_hub_urban")
    by_setting = ""
    if not is_missing(rural) and not is_missing(urban):
        by_setting = f": {minutes(rural)} for patients in rural areas and {minutes(urban)} in urban ones"
    return (
        f"From home to the hub of the group it is {minutes(figures.get('mean_minutes_to_hub'))} minutes by car on "
        f"average{by_setting}; {percent(figures.get('share_within_15_minutes'))} of patients are within 15 minutes"
        + (", by an estimate on straight lines." if estimate else ".")
    )


def _change_sentence(figures: dict[str, object]) -> list[str]:
    """Better and worse off against the plan before, if there is one."""
    if is_missing(figures.get("share_longer")):
        return []
    sentence = (
        f"Against the hubs of the plan before, {percent(figures['share_longer'])} of the patients compared have a "
        f"journey to the hub that is more than a minute longer, and {percent(figures['share_shorter'])} one that is "
        "more than a minute shorter"
    )
    if not is_missing(figures.get("share_longer_rural")):
        sentence += (
            f" (in rural areas {percent(figures['share_longer_rural'])} longer and "
            f"{percent(figures['share_shorter_rural'])} shorter)"
        )
    return [f"{sentence}."]


def _estimated_sentence(figures: dict[str, object]) -> list[str]:
    guessed = figures.get("patients_estimated")
    if is_missing(guessed) or round(guessed) == 0:
        return []
    return [
        f"Where {count(guessed)} of these patients live is estimated from the population around their practices, which "
        "have no published registrations."
    ]


def _exception_sentence(option: AssessedOption, *, by_hand: bool) -> str:
    open_to_question = not_granted(option.groups)
    short = option.groups[open_to_question]
    granted = option.groups[(option.groups["margin"] < 0) & ~open_to_question]
    by_grant = ""
    if len(granted):
        which = listed([f"{row.group_id} ({-row.margin:,} short)" for row in granted.itertuples()])
        verb = "is" if len(granted) == 1 else "are"
        by_grant = (
            f"{plural(len(granted), 'group', start=True)} {verb} below the minimum by a granted exception: {which}."
        )
    if short.empty:
        every = "Every other group" if by_grant else "Every group"
        return f"{by_grant} {every} reaches the minimum that applies to it.".strip()
    names = listed([f"{row.group_id} ({-row.margin:,} short)" for row in short.itertuples()])
    total = f"{int(-short['margin'].sum()):,} patients in all"
    if by_hand:
        verb = "stays" if len(short) == 1 else "stay"
        return (
            f"{plural(len(short), 'group', start=True)} {verb} below the minimum: {names}; {total}. {by_grant}".strip()
        )
    verb = (
        "stays below its minimum as a named exception"
        if len(short) == 1
        else ("stay below their minimum as named exceptions")
    )
    return f"{plural(len(short), 'group', start=True)} {verb}: {names}; {total}. {by_grant}".strip()


def granted_groups(option: AssessedOption) -> int:
    """How many groups are below their minimum by a granted exception."""
    return int((option.groups["margin"] < 0).sum() - not_granted(option.groups).sum())


def _others_sentence(run: Run) -> list[str]:
    """How near the other options are; those beyond every band are called what they are, the next best plans."""
    others = run.options[1:]
    near = [option.option for option in others if not option.option.similar]
    further = [option.option for option in others if option.option.similar]
    sentences = []
    if near:
        furthest = math.ceil(max(option.behind_best for option in near) * 1000) / 1000  # never less than it is
        shares = [option.different_from_best for option in near]
        low, high = percent(min(shares)), percent(max(shares))
        sentences.append(
            f"{plural(len(near), 'other option', start=True)} {'lies' if len(near) == 1 else 'lie'} within"
            f" {percent(furthest, 1)} of the first one's score; in {'it' if len(near) == 1 else 'each of them'}"
            f" {low if low == high else f'{low} to {high}'} of patients belong to a practice whose group has other"
            " members than in the first. Nearly as good on the score does not mean the same for people: compare them"
            " below."
        )
    if further:
        low, high = (percent(pick(option.behind_best for option in further), 1) for pick in (min, max))
        sentences.append(
            f"No {'other ' if near else ''}plan that is really different was found within"
            f" {percent(run.rules.options.bands[-1])} of that score, so"
            f" {plural(len(further), 'option')} {'is' if len(further) == 1 else 'are'} simply the next best"
            f" {'plan' if len(further) == 1 else 'plans'} there {'is' if len(further) == 1 else 'are'},"
            f" {low if low == high else f'{low} to {high}'} behind."
        )
    return sentences


def comparison_rows(run: Run) -> list[tuple[str, list[str]]]:
    """Rows of the table of options side by side: label and one text per option."""
    plain = [option.headline for option in run.options]
    estimate = ", estimate" if run.times.method.estimate else ""

    def row(label: str, key: str, shape: object) -> tuple[str, list[str]]:
        return label, [shape(figures.get(key)) for figures in plain]

    rows = [
        ("Groups", [f"{f['groups']} ({f['urban_groups']} urban, {f['rural_groups']} rural)" for f in plain]),
        row("Smallest group, patients", "smallest", count),
        row("Largest group, patients", "largest", count),
        (
            "Groups below their minimum",
            [
                (f"{f['exceptions']}, short by {count(f['shortfall'])} patients in all" if f["exceptions"] else "none")
                + (f"; {granted} granted" if (granted := granted_groups(option)) else "")
                for f, option in zip(plain, run.options, strict=True)
            ],
        ),
        row(f"Mean minutes from home to the hub{estimate}", "mean_minutes_to_hub", minutes),
        row("… for patients in rural areas", "mean_minutes_hub_rural", minutes),
        row("… for patients in urban areas", "mean_minutes_hub_urban", minutes),
        row("Patients within 15 minutes of the hub", "share_within_15_minutes", percent),
        row("Patients within 30 minutes of the hub", "share_within_30_minutes", percent),
        row("Longest, practice to its hub, minutes", "longest_practice_minutes", minutes),
        *(
            [
                row("Patients more than a minute further from the hub than before", "share_longer", percent),
                row("… in rural areas", "share_longer_rural", percent),
                row("Patients more than a minute nearer to the hub than before", "share_shorter", percent),
                row("… in rural areas", "share_shorter_rural", percent),
            ]
            if run.before is not None
            else []
        ),
        ("Score, minutes per patient", [f"{option.option.objective:.3f}" for option in run.options]),
    ]
    if run.solver is not None and len(run.options) > 1:
        rows += [
            ("Score behind option 1", ["–", *(percent(o.option.behind_best, 2) for o in run.options[1:])]),
            (
                "Patients whose group has other members than in option 1",
                ["–", *map(_difference, run.options[1:])],
            ),
        ]
    rows.append(("Independent check agrees", ["yes" if option.verified else "no" for option in run.options]))
    return rows


def _difference(option: AssessedOption) -> str:
    share = percent(option.option.different_from_best)
    return f"{share} (simply the next best plan)" if option.option.similar else share
