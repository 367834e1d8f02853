"""What the test says in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grouping.plain_words import count, plural, share_in_words

if TYPE_CHECKING:
    from grouping.resilience.assemble import WorkedOut

NO_FORECAST = (
    "This is a test of the plan, not a forecast of any practice: nothing is said about how likely it is that a "
    "practice hands back its contract."
)


def lines_of(test: WorkedOut) -> tuple[str, ...]:
    """The answer first: groups that break, then patients without a place, then vulnerable practices.

    Parameters
    ----------
    test
        What was worked out.
    """
    return (_groups_line(test), _places_line(test), _vulnerable_line(test), NO_FORECAST)


def _groups_line(test: WorkedOut) -> str:
    ranked, facts = test.fragility, test.facts
    weak = ranked.loc[ranked["below_own"] > 0, "group"].to_numpy()
    groups = len(facts.groups)
    if len(weak):
        patients = facts.problem.list_size[facts.member[:, weak].any(axis=1)].sum()
        whose, alone = ("its", "one of its") if len(weak) == 1 else ("their", "a single one of their")
        said = (
            f"{len(weak)} of {plural(groups, 'group')}, with {count(patients)} patients, would stand below {whose} "
            f"minimum if {alone} practices handed back its contract"
        )
        gone = int(test.single.outcome.after.gone.any(axis=0).sum())
        already = int((test.before.margin[0, weak] < 0).sum())
        aside = [f"{already} already below it as planned"] if already else []
        aside += [f"{gone} left without any practice"] if gone else []
        said += f" ({', '.join(aside)})" if aside else ""
    else:
        said = (
            f"None of {plural(groups, 'group')} would fall below its minimum if one of its practices handed back its "
        )
        said += "contract"
    above = int(((ranked["above_own"] + ranked["above_other"]) > 0).sum())
    over = f"{above or 'none'} would rise above {'their' if above > 1 else 'its'} hard maximum"
    return f"{said}; {over} by the patients taken in."


def _places_line(test: WorkedOut) -> str:
    placing = test.single.outcome.placing
    within = f"{test.ground.settings.resilience.within_minutes:g}"
    lacking = placing.without > 0.5
    number = len(placing.failures)
    if not lacking.any():
        return f"{room_words(test)}, all patients would find a place within {within} minutes, whichever practice fails."
    worst = int(np.argmax(placing.without))
    at = placing.failures.sets[worst][0]
    free = int((test.single.unlimited.placing.without > 0.5).sum())
    return (
        f"{room_words(test)}, {plural(int(lacking.sum()), 'failure')} of {number} would leave patients without a place "
        f"within {within} minutes, the most with {test.names[at]} ({test.facts.codes[at]}): "
        f"{count(placing.without[worst])} of its {count(test.facts.problem.list_size[at])}. If room had no limit, "
        + (f"{free} would." if free else "none would.")
    )


def room_words(test: WorkedOut) -> str:
    """What is assumed about room, as the beginning of a sentence."""
    facts, share = test.facts, _spare(test)
    given = int(facts.places_given.sum())
    if given == len(facts.codes):
        return "With the places that the table of capacity gives"
    if given:
        return (
            f"With the places that the table of capacity gives for {plural(given, 'practice')} and room for {share} "
            f"more patients in every other ({_whose(test)})"
        )
    return f"With room for {share} more patients in every other practice ({_whose(test)})"


def _spare(test: WorkedOut) -> str:
    return f"{100 * test.ground.settings.resilience.spare_share:g}%"


def _whose(test: WorkedOut) -> str:
    """Who says how much room there is where no table does."""
    told = "spare_share" in test.ground.settings.resilience.model_fields_set
    return f"set in {test.ground.inputs.file or 'the settings'}" if told else "our assumption"


def _vulnerable_line(test: WorkedOut) -> str:
    facts = test.facts
    rated = facts.rated & facts.of_plan
    if not rated.any():
        return (
            "How vulnerable practices are is not known here: all failures count alike, and pairs of a vulnerable "
            "practice and its nearest neighbour are not made."
        )
    risky = facts.vulnerable & facts.of_plan
    lists = facts.problem.list_size
    share = lists[risky].sum() / lists[facts.of_plan].sum()
    total = int(facts.of_plan.sum())
    if not risky.any():
        return f"None of the {total} practices counts as vulnerable, so no pairs with a neighbour are made."
    failing = np.array([members[0] for members in test.single.failures.sets])
    breaks = test.single.outcome.after.broken(test.before).any(axis=1) & risky[failing]
    pairs = test.pairs.outcome.after.broken(test.before).any(axis=1)
    count_as = "counts" if risky.sum() == 1 else "count"
    unrated = total - int(rated.sum())
    return (
        f"{int(risky.sum())} of {total} practices, with {share_in_words(share)} of patients, {count_as} as vulnerable: "
        f"{int(breaks.sum())} of these would break a group by failing alone, and {int(pairs.sum())} of "
        f"{plural(len(pairs), 'pair')} of a vulnerable practice and its nearest neighbour would by failing together"
        + (f" ({unrated} without a rating are not counted as vulnerable)." if unrated else ".")
    )


def hubs_line(test: WorkedOut) -> str:
    """What single failures do to hubs."""
    lost = test.single.hubs
    left = [one for one in lost if one.instead and np.isfinite(one.after) and np.isfinite(one.before)]
    if not left:
        return "In no single failure does a group lose its hub and keep a practice."
    more = np.array([one.after - one.before for one in left])
    worst = left[int(np.argmax(more))]
    return (
        f"In {plural(len(left), 'single failure')} a group loses its hub and keeps practices: with the best of the "
        f"sites left its patients’ mean way to the hub changes by {_change(more.min())} to {_change(more.max())} "
        f"minutes (the most in group {test.facts.groups[worst.group].group_id})."
    )


def _change(minutes: float) -> str:
    # what rounds to nothing has no sign
    return f"{minutes:+.1f}".replace("-", "−") if abs(minutes) >= 0.05 else "0.0"


def room_sentence(test: WorkedOut) -> str:
    """The assumption about room, whole."""
    facts = test.facts
    given = int(facts.places_given.sum())
    parts = [f"The table of capacity gives the places of {plural(given, 'practice')}."] if given else []
    if given < len(facts.codes):
        which = "the others" if given else "practices"
        source = "our own assumption, from no source" if _whose(test) == "our assumption" else _whose(test)
        parts.append(
            f"How many patients more {which} could take is not known: each is taken to have places for {_spare(test)} "
            f"of its list, rounded down ({source}); the table of capacity can say better."
        )
    total = count(facts.places[facts.of_plan].sum())
    parts.append(f"That makes {total} places in the practices of the plan together.")
    return " ".join(parts)
