"""Sentences on buildings: the answer first, what is missing said with it, nothing read into a grade."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from grouping.estates.buildings import FACETS, labels
from grouping.estates.grades import FACET_WORDS, labels_held
from grouping.plain_words import listed, percent, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from grouping.estates.figures import AllFigures, EstateFigures, Sum
    from grouping.estates.stated import Stated
    from grouping.programme.ground import Ground
    from grouping.programme.settings import EstatesSettings

LEFT_OUT = (
    "Left out of this public version: the condition, suitability and quality of buildings, how their space is used, "
    "what they cost, their tenure, schemes and investment."
)


def nothing_known(ground: Ground) -> tuple[str, ...]:
    """Two sentences where the sites table says nothing of buildings."""
    if ground.run.public:
        return ("Nothing that may be published is known of the buildings: no floor area is given.", LEFT_OUT)
    files = dict.fromkeys(one.file for one in ground.run.place.sources if one.table == "sites")
    return (
        "The sites table says nothing of buildings, so nothing can be told here of floor area, cost or condition.",
        f"Add what is known to {listed(list(files)) if files else 'the sites table'}, in columns such as "
        "floor_area_m2, annual_cost, condition, suitability, utilisation or tenure; what is not known stays empty. "
        "Then make the run again.",
    )


def sentences(ground: Ground, table: pd.DataFrame, figures: AllFigures, stated: Sequence[Stated]) -> tuple[str, ...]:
    """The answer: what there is, what is modern, whether stated totals agree, and how groups differ."""
    made = [whole_sentence(figures.whole)]
    if ground.run.public:
        made.append(LEFT_OUT)
    else:
        made.append(judged_sentence(ground.settings.estates, table, figures.whole))
        made.append(stated_sentence(stated))
    made.append(groups_sentence(figures, ground.settings.estates.m2_per_1000))
    return tuple(sentence for sentence in made if sentence)


def whole_sentence(whole: EstateFigures) -> str:
    """Floor area, cost, and both against what they serve."""
    area, cost = whole.floor_area, whole.annual_cost
    parts = [_in_words(area, "floor area", "have", f"{area.total:,.0f} m² of floor area", f"the {area.sites:,} sites")]
    if cost.known:
        who = "they" if area.complete else f"the {cost.sites:,} sites"
        parts.append(_in_words(cost, "annual cost", "cost", f"£{cost.total:,.0f} a year", who))
    said = ", and ".join(parts) + "."
    ratios = []
    if not math.isnan(whole.m2_per_1000):
        least = "" if whole.own_floor_area.complete else "at least "
        ratios.append(f"{least}{whole.m2_per_1000:.1f} m² of practices’ floor area for every 1,000 patients")
    if not math.isnan(whole.cost_per_m2):
        ratios.append(f"£{whole.cost_per_m2:,.0f} a year for every m²")
    return said[0].upper() + said[1:] + (f" That is {listed(ratios)}." if ratios else "")


def _in_words(found: Sum, what: str, verb: str, amount: str, who: str) -> str:
    """`the 131 sites have 48,000 m² of floor area`, or how many tell theirs and what these sum to."""
    if not found.known:
        return f"no site tells its {what}"
    if found.complete:
        return f"{who} {verb} {amount}"
    return f"the {what} of {found.known:,} of {found.sites:,} sites is known: these {verb} {amount}"


def judged_sentence(said: EstatesSettings, table: pd.DataFrame, whole: EstateFigures) -> str:
    """How many sites are modern and how many need investment; or what must be written for that to be told."""
    parts = []
    for counted, word, chosen in (
        (whole.modern, "modern", said.modern),
        (whole.major, "in need of major investment", said.major),
    ):
        if counted is not None and whole.graded:
            share = percent(counted / whole.graded, 1)
            grades = listed(labels(table[said.judged_by], said.scale, chosen) or list(chosen))
            parts.append(f"{counted:,} ({share}) {'is' if counted == 1 else 'are'} {word} ({grades})")
    facet = FACET_WORDS[said.judged_by].lower()
    made = ""
    if parts:
        none = whole.sites - whole.graded
        made = f"Of the {whole.graded:,} sites whose {facet} is known, {' and '.join(parts)}."
        made += f" {plural(none, 'site', start=True)} {'has' if none == 1 else 'have'} no grade." if none else ""
    missing = [key for key, chosen in (("modern", said.modern), ("major", said.major)) if not chosen]
    return " ".join(one for one in (made, _what_to_write(said, table, missing)) if one)


def _what_to_write(said: EstatesSettings, table: pd.DataFrame, missing: list[str]) -> str:
    """Which lines of `programme.toml` would say what counts, beside the labels that the table holds."""
    held = {facet: labels_held(table, facet, said.scale) for facet in FACETS}
    held = {facet: text for facet, text in held.items() if text}
    if not missing or not held:
        return ""
    what = {"modern": "modern", "major": "in need of major investment"}
    asked = " or ".join(what[key] for key in missing)
    lines = " and ".join(f'{key} = ["..."]' for key in missing)
    graded = "; ".join(f"{facet} {text}" for facet, text in held.items())
    made = f"Which grades count as {asked} is not said, and nothing is guessed. The sites table holds {graded}."
    made += f" Write {lines} under [estates] in programme.toml, with the grades that count"
    return made + (', and judged_by = "..." to say which of these columns tells.' if len(held) > 1 else ".")


def stated_sentence(stated: Sequence[Stated]) -> str:
    """How many of the totals of `case.toml` agree; those that do not are named with both figures."""
    if not stated:
        return ""
    agree = sum(one.agrees is True for one in stated)
    unknown = [one for one in stated if one.agrees is None]
    apart = [one for one in stated if one.agrees is False]
    of = f"{plural(len(stated), 'figure')} on buildings stated in case.toml"
    if agree == len(stated) == 1:
        return "The one figure on buildings stated in case.toml agrees with the sites table within its tolerance."
    if agree == len(stated):
        return f"All {of} agree with the sites table within their tolerance."
    made = f"Of {of}, {agree:,} agree{'s' if agree == 1 else ''} with the sites table."
    if apart:
        told = [f"{_short(one)} {figure(one, one.ours)}, stated {figure(one, one.stated)}" for one in apart]
        made += f" Apart: {'; '.join(told)}."
    if unknown:
        made += f" Not to be compared: {listed([_short(one) for one in unknown])}."
    return made


def _short(one: Stated) -> str:
    measure = one.measure.split(",")[0]
    return measure[0].lower() + measure[1:]


def figure(one: Stated, value: float) -> str:
    """A stated or own figure with its unit."""
    if math.isnan(value):
        return "not known"
    if one.share:
        return percent(value, 1)
    if one.key == "annual_cost":
        return f"−£{-value:,.0f}" if value < 0 else f"£{value:,.0f}"
    unit = " m²" if one.key == "floor_area_m2" else ""
    return f"{'−' if value < 0 else ''}{abs(value):,.0f}{unit}"


def groups_sentence(figures: AllFigures, m2_per_1000: float | None) -> str:
    """From which group to which floor area for 1,000 patients reaches, and how many have less than is needed."""
    sure = [one for one in figures.groups if one.own_floor_area.complete and not math.isnan(one.m2_per_1000)]
    made = ""
    if len(sure) > 1:
        order = sorted(sure, key=lambda one: (one.m2_per_1000, one.group_id))
        least, most = order[0], order[-1]
        of = "the groups" if len(sure) == len(figures.groups) else f"the {len(sure)} groups whose sites all give theirs"
        made = (
            f"Among {of}, floor area for every 1,000 patients reaches from {least.m2_per_1000:.1f} m² "
            f"({least.group_id}) to {most.m2_per_1000:.1f} m² ({most.group_id})."
        )
    if m2_per_1000 is not None:
        beyond = [one.beyond(m2_per_1000) for one in figures.groups]
        short, unknown = sum(value < 0 for value in beyond), sum(math.isnan(value) for value in beyond)
        told = f"{short:,} of {plural(len(beyond), 'group')} {'has' if short == 1 else 'have'} less than the"
        made += f"{' ' if made else ''}{told} {m2_per_1000:g} m² that programme.toml asks for"
        made += f"; of {unknown:,} it cannot be told." if unknown else "."
    return made
