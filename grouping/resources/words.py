"""What an option needs, in words: amounts, ratios, and the sentences of the answer."""

from __future__ import annotations

from fractions import Fraction

from grouping.plain_words import count, listed, plural
from grouping.resources.exact import written
from grouping.resources.needs import Found, Need, Scenario
from grouping.resources.ratios import MONEY, POSTS, Ratio
from grouping.resources.tables import is_comparison, stated_for

MOST_NAMED = 4
"""Resources that the answer names; the others are counted."""

NOT_KNOWN_GROWTH = "How lists will grow is not known here, so everything is worked out with the lists of now."


def pounds(value: Fraction | int, digits: int = 0) -> str:
    """Pounds with commas, halves upwards."""
    text = written(Fraction(value), digits)
    return f"−£{text[1:]}" if text.startswith("−") else f"£{text}"


def amount_words(ratio: Ratio, value: Fraction) -> str:
    """An amount as it is told: `£2,298,000`, `25.5 full time equivalents`, `574.5 hours a week`."""
    if ratio.kind == MONEY:
        return pounds(value) + (" a year" if ratio.each_year else "")
    return written(value, 1) + (" full time equivalents" if ratio.kind == POSTS else " hours a week")


def short_amount(ratio: Ratio, value: Fraction) -> str:
    """The same for the cell of a table, without the unit that its header says."""
    return pounds(value) if ratio.kind == MONEY else written(value, 1)


def ratio_words(ratio: Ratio) -> str:
    """A ratio as people say it: `£3.00 a head, over 2 years`, `45 minutes a week per 1,000 patients`."""
    per = f"per {_plain(ratio.per_patients)} patients"
    if ratio.kind == MONEY:
        said = f"{pounds(ratio.amount, 2)} {'a head' if ratio.per_patients == 1 else per}"
        said += " a year" if ratio.each_year else f", over {ratio.years} waves" if ratio.years > 1 else ""
    elif ratio.kind == POSTS:
        said = f"{_plain(ratio.amount)} full time {'equivalent' if ratio.amount == 1 else 'equivalents'} {per}"
    else:
        minutes = ratio.amount * 60
        said = f"{_plain(minutes)} minutes a week {per}"
    return said if ratio.covered_share == 1 else f"{said}, for {_plain(ratio.covered_share * 100)}% of patients"


def _plain(value: Fraction) -> str:
    """A figure without needless decimals."""
    for digits in range(4):
        if (value * 10**digits).denominator == 1:
            return written(value, digits)
    return written(value, 3)


def final_needs(scenario: Scenario) -> list[Need]:
    """What each resource comes to in the end: the last level; money paid once is added up over its rows."""
    found: dict[str, Need] = {}
    for need in scenario.needs:
        before = found.get(need.ratio.key)
        if before is not None and need.ratio.once:
            # whole pounds of the rows are added up, as they are paid, so that waves and groups come to the same
            groups = {name: Fraction(before.pounds[name] + value) for name, value in need.pounds.items()}
            need = Need(before.ratio, sum(groups.values(), Fraction()), groups)  # noqa: PLW2901 - the sum so far
        found[need.ratio.key] = need
    return list(found.values())


def lines_of(resources: Found) -> tuple[str, ...]:
    """Two to four sentences, the answer first."""
    finals = final_needs(resources.now)
    if not finals:
        return ("The table of ratios asks for nothing.",)
    said = [_need_words(need) for need in finals[:MOST_NAMED]]
    if len(finals) > MOST_NAMED:
        said.append(plural(len(finals) - MOST_NAMED, "further resource"))
    first = f"For {count(resources.now.lists.total)} patients this option needs {listed(said)}."
    lines = (first, _posts_line(finals), _stated_line(resources), _growth_line(resources))
    return tuple(line for line in lines if line)


def _need_words(need: Need) -> str:
    name = need.ratio.resource
    if need.ratio.kind == POSTS:
        posts = "1 whole post" if need.posts == 1 else f"{need.posts:,} whole posts"
        return f"{written(need.total, 1)} full time equivalents of {_lower(name)} ({posts})"
    return f"{amount_words(need.ratio, need.total)} of {_lower(name)}"


def _lower(name: str) -> str:
    """A name within a sentence; one that begins with two capitals, such as GPs, stays."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def _posts_line(finals: list[Need]) -> str:
    """Whole posts of groups against those of all, for the first resource where they differ."""
    for need in finals:
        if need.ratio.kind == POSTS and need.posts_by_group > need.posts:
            return (
                f"If every group rounds its {_lower(need.ratio.resource)} up to whole posts by itself, that makes "
                f"{need.posts_by_group:,} posts, {need.posts_by_group - need.posts:,} more than together: groups that "
                "share a post need fewer."
            )
    return ""


def _stated_line(resources: Found) -> str:
    """Computed and stated, for the first resource with a stated figure."""
    patients = resources.now.lists.total
    for need in resources.now.needs:
        if need.ratio.stated is not None:
            return f"{need.ratio.resource}: {stated_words(need, patients)}"
    return ""


def stated_words(need: Need, patients: int) -> str:
    """What is computed beside what is stated; a figure for other patients is called a comparison."""
    ratio = need.ratio
    computed = f"computed {amount_words(ratio, need.total)}{_head(ratio, need.total, patients)}"
    for_patients = ratio.stated_patients or patients
    stated = f"stated {amount_words(ratio, ratio.stated)}{_head(ratio, ratio.stated, for_patients)}"
    if not is_comparison(ratio, patients):
        return f"{computed}, {stated}."
    scaled = amount_words(ratio, stated_for(ratio, patients))
    return (
        f"{computed}. For comparison, {stated} for {count(for_patients)} patients; for as many as here that would be "
        f"{scaled}. It is not a commitment for this place."
    )


def _head(ratio: Ratio, value: Fraction, patients: int) -> str:
    return f" ({pounds(value / patients, 2)} a head)" if ratio.kind == MONEY and patients else ""


def _growth_line(resources: Found) -> str:
    later = resources.projected
    if later is None:
        return NOT_KNOWN_GROWTH
    said = [_need_words(need) for need in final_needs(later)[:MOST_NAMED]]
    change = later.lists.total - resources.now.lists.total
    more = f"{abs(change):,} {'more' if change >= 0 else 'fewer'}"
    patients = f"{count(later.lists.total)} patients, {more}"
    return f"With the lists projected for {later.lists.year} ({patients}): {listed(said)}."
