"""What the page says first: the answer in five plain sentences, what else belongs to it, and the options in figures.

A councillor can read the five aloud: what was formed, whether every group is large enough, how far it is to the hub,
how sure that is, and what it does not mean. Everything else that a careful reader must know stands in the list below.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from grouping.assess import not_granted
from grouping.near import percent as near_percent
from grouping.plain_words import (
    NO_CLOSURE,
    UNKNOWN,
    count,
    is_missing,
    listed,
    minutes,
    order_in_words,
    percent,
    plural,
    share_in_words,
)
from grouping.result import AssessedOption, Run, SolverReport

MOST_NAMED = 3
"""Groups named in a sentence; where there are more, the sentence counts them and the list below names them."""

WHAT_IT_MEANS = (
    "This is a draft: grouping practices closes no site, no practice has agreed to anything by standing in a group, "
    "and whether any of it is done is for the practices and the commissioner to decide."
)


@dataclass(frozen=True)
class AnswerView:
    """The answer.

    Parameters
    ----------
    sentences
        At most five, to be read aloud.
    more
        What else belongs to the answer.
    """

    sentences: tuple[str, ...]
    more: tuple[str, ...]


def answer_view(run: Run) -> AnswerView:
    """The answer and what else belongs to it."""
    return AnswerView(tuple(answer_lines(run)), tuple(more_lines(run)))


def answer_lines(run: Run) -> list[str]:
    """The answer in five plain sentences; where no plan obeys the rules, in fewer."""
    if not run.options:
        return [
            "No plan obeys the rules.",
            "What stands in the way of one is said below.",
            "Before practices can be formed into groups, a rule, a decision or an input has to change.",
            NO_CLOSURE,
        ]
    first = run.options[0]
    return [
        _formed(first, by_hand=run.solver is None),
        _sizes(first, by_hand=run.solver is None),
        _journey(first, estimate=run.times.method.estimate, public=run.public),
        _how_sure(run),
        WHAT_IT_MEANS,
    ]


def more_lines(run: Run) -> list[str]:
    """What else belongs to the answer: names where the sentences only count, and what each claim rests on."""
    if not run.options:
        return list(run.solver.explanation) if run.solver else []
    first = run.options[0]
    figures = first.headline
    lines = [
        *_named_groups(first, by_hand=run.solver is None),
        *_breaches_named(first),
        *_left_out(first),
        _within(figures, estimate=run.times.method.estimate, public=run.public),
        *_changes(figures, public=run.public),
        *_estimated(figures),
    ]
    if run.solver is None:
        return lines
    lines.append(f"What was made as small as possible: {order_in_words(run.rules)}.")
    if run.solver.status != "optimal":
        lines.append(_stopped(run.solver))
    lines += _others(run)
    if run.near is not None:
        lines.append(run.near.sentence)
    if run.agreement is not None:
        lines.append(run.agreement.sentence)
    return lines


# --------------------------------------------------------------------------------------------------- five sentences


def _formed(option: AssessedOption, *, by_hand: bool) -> str:
    figures = option.headline
    kinds = [f"{figures[f'{kind}_groups']} {kind}" for kind in ("urban", "rural") if int(figures[f"{kind}_groups"])]
    practices = sum(len(group.members) for group in option.option.plan.groups)
    patients = int(option.groups["list_size"].sum())
    start = "The scored plan forms" if by_hand else "The first option forms"
    groups = int(figures["groups"])
    each = (
        f"each of {count(figures['smallest'])} to {count(figures['largest'])} patients"
        if groups > 1
        else "all of them together"
    )
    return (
        f"{start} {plural(practices, 'practice')} with {patients:,} registered patients into "
        f"{plural(groups, 'group')} ({listed(kinds)}), {each}."
    )


def _sizes(option: AssessedOption, *, by_hand: bool) -> str:
    """Whether every group meets its minimum, which rules a plan made by hand breaks, and who is left out."""
    below, granted = _below(option, by_hand=by_hand), granted_groups(option)
    parts = list(below)
    if granted:
        is_or_are = "is" if granted == 1 else "are"
        parts.append(f"{_number(granted, 'group')} {is_or_are} below the minimum by a granted exception")
    if not below:
        parts.append(f"every {'other ' if granted else ''}group reaches the minimum that applies to it")
    broken = _at_fault(option)
    if broken:
        named = f": {listed(broken)}" if len(broken) <= MOST_NAMED else ""
        does = "does" if len(broken) == 1 else "do"
        parts.append(f"{_number(len(broken), 'group')} {does} not meet a rule of the set{named}")
    left_out = option.left_out
    if len(left_out):
        is_or_are = "is" if len(left_out) == 1 else "are"
        patients = count(left_out["list_size"].sum())
        parts.append(
            f"{_number(len(left_out), 'practice')} with {patients} registered patients {is_or_are} not in this plan"
        )
    return _sentence("; ".join(parts))


def _below(option: AssessedOption, *, by_hand: bool) -> list[str]:
    """Groups below their minimum that nobody granted."""
    short = option.groups[not_granted(option.groups)]
    if short.empty:
        return []
    one = len(short) == 1
    how = "" if by_hand else " as a named exception" if one else " as named exceptions"
    verb = "stays below its minimum" if one else "stay below their minimum"
    total = f"{int(-short['margin'].sum()):,} patients in all"
    named = f": {_each_short(short)}; {total}" if len(short) <= MOST_NAMED else f", {total}"
    return [f"{_number(len(short), 'group')} {verb}{how}{named}"]


def _each_short(groups: pd.DataFrame) -> str:
    return listed([f"{row.group_id} ({-row.margin:,} short)" for row in groups.itertuples()])


def _journey(option: AssessedOption, *, estimate: bool, public: bool) -> str:
    """How far it is to the hub, in the country and in town, and for whom it grows or shrinks against before."""
    figures = option.headline
    sentence = f"From home to the hub it takes {minutes(figures.get('mean_minutes_to_hub'))} minutes by car on average"
    sentence += " (estimated)" if estimate else ""
    rural, urban = figures.get("mean_minutes_hub_rural"), figures.get("mean_minutes_hub_urban")
    if not is_missing(rural) and not is_missing(urban):
        sentence += f", {minutes(rural)} in rural areas and {minutes(urban)} in urban ones"
    longer, shorter = figures.get("share_longer"), figures.get("share_shorter")
    if not is_missing(longer) and longer == shorter == 0 and not public:
        sentence += "; nobody’s journey differs from before by more than a minute"
    elif not is_missing(longer):
        sentence += f"; {_share(longer, public=public)} of patients travel over a minute longer than before"
        sentence += f", {_share(shorter, public=public)} over a minute less"
    return f"{sentence}."


def _share(value: object, *, public: bool) -> str:
    """A share; one that is hidden stays so, and a public one, rounded to whole percent, never says nobody or all."""
    if isinstance(value, str):
        return value
    if public and not is_missing(value) and float(value) in {0.0, 1.0}:
        return "over 99%" if value else "under 1%"
    return share_in_words(value)


def _how_sure(run: Run) -> str:
    """What is proven, and what else is nearly as good."""
    solver = run.solver
    if solver is None:
        return (
            "This plan was made by hand: the page measures it by the rule set and does not say whether another plan "
            "would do better."
        )
    if solver.status == "optimal":
        sure = "It is proven that no plan does better by these rules and inputs"
    elif _proven_before_the_score(solver):
        sure = "The search was stopped before it was complete, so a plan with a better score may exist"
    else:
        sure = "The search was stopped before it was complete, so nothing is proven: a better plan may exist"
    also = [*_options_near(run), *_settled_or_choice(run)]
    return f"{sure}{'; ' if also else ''}{', and '.join(also)}."


def _options_near(run: Run) -> list[str]:
    """How near the other options come, as part of a sentence."""
    near = [option.option for option in run.options[1:] if not option.option.similar]
    if near:
        behind = up_to_percent(max(option.behind_best for option in near))
        return [
            f"{plural(len(near), 'other option')} {'comes' if len(near) == 1 else 'come'} within {behind} of its score"
        ]
    if len(run.options) > 1:
        return [f"no really different plan was found within {percent(run.rules.options.bands[-1])} of its score"]
    return []


def _settled_or_choice(run: Run) -> list[str]:
    """How much the plans nearly as good differ, as part of a sentence."""
    agreement = run.agreement
    if agreement is None or run.near is None or not len(agreement.table):
        return []
    only_one = bool((agreement.table["plans"] <= 1).all())
    if only_one and not agreement.exact:
        return []
    within = near_percent(run.rules.options.near if run.near.covered is None else run.near.covered)
    if only_one:
        return [f"no other plan at all lies within {within}"]
    borders, open_to_choice = int(agreement.table["border"].sum()), agreement.number("choice")
    are = "is" if open_to_choice == 1 else "are"
    return [f"{open_to_choice:,} of {borders:,} pairs of neighbours {are} a choice within {within} of it"]


# -------------------------------------------------------------------------------------------------------- more on this


def _named_groups(option: AssessedOption, *, by_hand: bool) -> list[str]:
    """Who is below the minimum, where the sentence only counts them, and who by a granted exception."""
    open_to_question = not_granted(option.groups)
    short = option.groups[open_to_question]
    granted = option.groups[(option.groups["margin"] < 0) & ~open_to_question]
    lines = []
    if len(short) > MOST_NAMED:
        words = "Below their minimum" if by_hand else "Below their minimum, as named exceptions"
        lines.append(f"{words}: {_each_short(short)}.")
    if len(granted):
        lines.append(f"Below the minimum by a granted exception: {_each_short(granted)}.")
    return lines


def _at_fault(option: AssessedOption) -> list[str]:
    """Groups of a plan made by hand that break a rule."""
    return sorted(set(option.notes.loc[option.notes["kind"] == "breach", "group_id"]))


def _breaches_named(option: AssessedOption) -> list[str]:
    broken = _at_fault(option)
    if not broken:
        return []
    named = f"A rule of the set is not met by {listed(broken)}. " if len(broken) > MOST_NAMED else ""
    return [f"{named}The remarks in the table of groups say which rule is not met, and by how much."]


def _left_out(option: AssessedOption) -> list[str]:
    if option.left_out.empty:
        return []
    return ["Practices that are not in this plan are in no total of this page; they are listed under “left out”."]


def _within(figures: dict[str, object], *, estimate: bool, public: bool) -> str:
    near = _share(figures.get("share_within_15_minutes"), public=public)
    how = ", estimated on straight lines" if estimate else ""
    return f"{near} of patients are within 15 minutes of the hub by car{how}."


def _changes(figures: dict[str, object], *, public: bool) -> list[str]:
    """Better and worse off against the plan before, if there is one."""
    if is_missing(figures.get("share_longer")):
        return []

    def share(key: str) -> str:
        return _share(figures.get(key), public=public)

    sentence = (
        f"Against the hubs before, {share('share_longer')} of the patients compared have a journey to the hub that is "
        f"more than a minute longer, and {share('share_shorter')} one that is more than a minute shorter"
    )
    if not is_missing(figures.get("share_longer_rural")):
        sentence += f" (in rural areas {share('share_longer_rural')} longer and {share('share_shorter_rural')} shorter)"
    return [f"{sentence}."]


def _estimated(figures: dict[str, object]) -> list[str]:
    guessed = figures.get("patients_estimated")
    if is_missing(guessed) or (not isinstance(guessed, str) and round(float(guessed)) == 0):
        return []
    number = "some" if isinstance(guessed, str) else count(guessed)
    return [
        f"Where {number} of these patients live is estimated from the population around their practices, which "
        "have no published registrations."
    ]


def _proven_before_the_score(solver: SolverReport) -> bool:
    """Whether all that is made small before the score is proven to be at its least."""
    stages = solver.certificate.get("stages", [])
    order = [stage["criterion"] for stage in stages]
    before = stages[: order.index("score")] if "score" in order else []
    return bool(before) and all(stage["proven"] for stage in before)


def _stopped(solver: SolverReport) -> str:
    """How much is proven after all when the search did not come to its end."""
    if _proven_before_the_score(solver):
        return (
            "The search was stopped before it was complete: a plan with a better score may exist, but none that does "
            "better in what goes before the score."
        )
    return "As the search was stopped, a better plan may exist, also one with fewer groups below their minimum."


def _others(run: Run) -> list[str]:
    """How near the other options are; those beyond every band are called what they are, the next best plans."""
    others = run.options[1:]
    near = [option.option for option in others if not option.option.similar]
    further = [option.option for option in others if option.option.similar]
    sentences = []
    if near:
        furthest = up_to_percent(max(option.behind_best for option in near))
        shares = [option.different_from_best for option in near]
        low, high = percent(min(shares)), percent(max(shares))
        sentences.append(
            f"{plural(len(near), 'other option', start=True)} {'lies' if len(near) == 1 else 'lie'} within"
            f" {furthest} of the first one's score; in {'it' if len(near) == 1 else 'each of them'}"
            f" {low if low == high else f'{low} to {high}'} of patients belong to a practice whose group has other"
            " members than in the first. Nearly as good on the score does not mean the same for people: compare them"
            " below."
        )
    if further:
        behind = up_to_percent(max(option.behind_best for option in further))
        sentences.append(
            f"No {'other ' if near else ''}plan that is really different was found within"
            f" {percent(run.rules.options.bands[-1])} of that score, so"
            f" {plural(len(further), 'option')} {'is' if len(further) == 1 else 'are'} simply the next best"
            f" {'plan' if len(further) == 1 else 'plans'} there {'is' if len(further) == 1 else 'are'},"
            f" at most {behind} behind."
        )
    return sentences


def up_to_percent(share: float) -> str:
    """A share as a percentage with at most one decimal, never less than it is: 1.2%, 2%."""
    return f"{math.ceil(round(share * 1000, 6)) / 10:.1f}".removesuffix(".0") + "%"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _number(number: int, word: str) -> str:
    """A number with its word, one as a word."""
    return f"one {word}" if number == 1 else plural(number, word)


def granted_groups(option: AssessedOption) -> int:
    """How many groups are below their minimum by a granted exception."""
    return int((option.groups["margin"] < 0).sum() - not_granted(option.groups).sum())


# ---------------------------------------------------------------------------------------------- the options in figures


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
        row("Patients within 15 minutes of the hub", "share_within_15_minutes", share_in_words),
        row("Patients within 30 minutes of the hub", "share_within_30_minutes", share_in_words),
        row("Longest, practice to its hub, minutes", "longest_practice_minutes", minutes),
        *(
            [
                row("Patients more than a minute further from the hub than before", "share_longer", share_in_words),
                row("… in rural areas", "share_longer_rural", share_in_words),
                row("Patients more than a minute nearer to the hub than before", "share_shorter", share_in_words),
                row("… in rural areas", "share_shorter_rural", share_in_words),
            ]
            if run.before is not None
            else []
        ),
        ("Score, minutes per patient", [_score(option.option.objective) for option in run.options]),
    ]
    if run.solver is not None and len(run.options) > 1:
        rows += [
            ("Score behind option 1", ["–", *(_behind(option, public=run.public) for option in run.options[1:])]),
            (
                "Patients whose group has other members than in option 1",
                ["–", *map(_difference, run.options[1:])],
            ),
        ]
    rows.append(("Independent check agrees", ["yes" if option.verified else "no" for option in run.options]))
    return rows


def _score(score: float) -> str:
    return UNKNOWN if is_missing(score) else f"{score:.3f}"


def _behind(option: AssessedOption, *, public: bool) -> str:
    """How far its score lies behind; on a public page it is known only to the next tenth of a percent."""
    behind = option.option.behind_best
    return f"at most {up_to_percent(behind)}" if public else percent(behind, 2)


def _difference(option: AssessedOption) -> str:
    share = share_in_words(option.option.different_from_best)
    return f"{share} (simply the next best plan)" if option.option.similar else share
