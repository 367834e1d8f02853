"""What `programme.toml` says: a file beside `case.toml`, each section of it for one part of the programme.

Nothing in it changes a run: groups, minutes and proofs are those of the case. A case without the file has the built-in
values, each of which is told with its source.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from geodata.case import TableSpec
from geodata.errors import Finding, InputProblems
from geodata.tables.toml_text import WANTED, Keys, beyond_limit, parse_toml, read_text

PROGRAMME_FILE = "programme.toml"

Share = Annotated[float, Field(ge=0, le=1, strict=False)]
Minutes = Annotated[float, Field(ge=0, le=1000, strict=False)]
Pounds = Annotated[float, Field(ge=0, le=1e12, strict=False)]
Year = Annotated[int, Field(ge=1900, le=2200)]
Word = Annotated[str, Field(max_length=200)]


def _as_spec(value: Any) -> Any:
    """The short form of a table (a file name) as the long form."""
    return TableSpec(file=value) if isinstance(value, str) and value else value


Spec = Annotated[TableSpec | None, BeforeValidator(_as_spec)]


class _Section(BaseModel):
    """What all sections share: nothing can be changed afterwards, no key may be unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ProgrammeTables(_Section):
    """The planner's tables, by file; what is not named is built in, or not there.

    Parameters
    ----------
    waves
        Years of the rollout: `wave, target_share, most_groups, most_patients`.
    milestones
        Further trajectories: `milestone, wave, target_share, source`.
    readiness
        From when practices are ready: `practice_code, ready_from, note`.
    order
        What must come first, before or together: `kind, practices, after, wave, reason`.
    ratios
        What is needed per patients: see `grouping.resources`.
    capacity
        How many patients more a practice could take: `practice_code, places`.
    scores, weights
        The planner's own scores and weights of the six criteria: `option, criterion, score, who, note` and
        `criterion, weight`.
    engagement
        What was said: `date, option, practice_code, place, role, said, changed, why_not, public`.
    history
        Where options come from: `option, came_from, date, reason`.
    """

    waves: Spec = None
    milestones: Spec = None
    readiness: Spec = None
    order: Spec = None
    ratios: Spec = None
    capacity: Spec = None
    scores: Spec = None
    weights: Spec = None
    engagement: Spec = None
    history: Spec = None


class RolloutSettings(_Section):
    """How the rollout is planned.

    Parameters
    ----------
    first_year
        First year of the built-in waves, such as `2027/28`; empty for those of the strategy (2017/18).
    late_weight, half_formed_weight
        What a patient of a vulnerable practice that waits a wave, and a patient in a half-formed group for a wave,
        count in what is minimised.
    exceptions_count
        Whether a group below its minimum counts as one at scale.
    near_minutes
        A main site within these minutes of the hub counts as near it (an indicator of readiness).
    ready_shares
        Share of the known indicators of readiness that a practice must meet to be ready from the first wave, the
        second, ...; below the last one it is ready from the wave after.
    least_known
        A practice of which fewer indicators are known is taken as ready from the first wave.
    publish_years
        Whether a public programme tells in which wave each group starts and is at scale, and what is reached by then,
        although these follow from ratings, readiness or rules of order: a decision, for whoever does the sum again can
        tell from the waves how ready practices are and which are not rated vulnerable.
    """

    first_year: Word = ""
    late_weight: Annotated[float, Field(ge=0, le=1000, strict=False)] = 1.0
    half_formed_weight: Annotated[float, Field(ge=0, le=1000, strict=False)] = 1.0
    exceptions_count: bool = True
    near_minutes: Minutes = 15.0
    ready_shares: tuple[Share, ...] = (0.75, 0.5)
    least_known: Annotated[int, Field(ge=1, le=10)] = 2
    publish_years: bool = False


class GrowthSettings(_Section):
    """How lists are carried forward.

    Parameters
    ----------
    base_year
        Year of the list sizes; None: the year that the case states for its practices table, else one before the first
        year anything is projected or planned for.
    year
        Year in which the options are judged again; None for the last one known.
    together
        What counts. `projections`: projected residents, and the people of planned homes only in areas that have no
        projection. `housing`: planned homes alone. `both`: one on top of the other, for projections that hold none of
        the homes.
    persons_per_dwelling
        People in a planned home; None for the figure of the rule set (`impact.persons_per_dwelling`).
    stated_people, stated_by
        Stated growth of the population and the year it is stated for, to reconcile with.
    """

    base_year: Year | None = None
    year: Year | None = None
    together: Literal["projections", "housing", "both"] = "projections"
    persons_per_dwelling: Annotated[float, Field(ge=0.01, le=20, strict=False)] | None = None
    stated_people: Annotated[int, Field(ge=-100_000_000, le=100_000_000)] | None = None
    stated_by: Year | None = None


class EstatesSettings(_Section):
    """How buildings are read.

    Parameters
    ----------
    judged_by
        The facet that says whether a building is modern or needs major investment.
    modern, major
        Labels of that facet that count as modern, and as needing major investment, in the planner's own scale.
    scale
        All labels of the facets in their order, best first, for tables; without it they stand by the alphabet.
    m2_per_1000
        Floor area that 1,000 patients need; None: nothing is said of enough or too little.
    """

    judged_by: Literal["condition", "suitability", "quality"] = "condition"
    modern: tuple[Word, ...] = ()
    major: tuple[Word, ...] = ()
    scale: tuple[Word, ...] = ()
    m2_per_1000: Annotated[float, Field(ge=1, le=10_000, strict=False)] | None = None


class SiteOptionSettings(_Section):
    """Whether and how site options are looked for; off unless `look = true`.

    Parameters
    ----------
    look
        Whether they are looked for at all.
    budget
        Pounds of capital for investing in buildings.
    cost_per_m2
        Pounds per square metre of bringing a building that needs major investment into good condition, where the sites
        table says no `investment_cost`.
    beyond_minutes
        No community may come to lie further than this from its practice (one that does already may not get further).
    longer_minutes
        Nobody's journey may grow by more than this.
    protect
        Which protections hold: `rural`, `dispensing`, `committed`, `hubs`, `main`.
    protect_sites
        Codes of sites that stay out of the question.
    """

    look: bool = False
    budget: Pounds = 0.0
    cost_per_m2: Pounds = 0.0
    beyond_minutes: Minutes = 20.0
    longer_minutes: Minutes = 10.0
    protect: tuple[Literal["rural", "dispensing", "committed", "hubs", "main"], ...] = (
        "rural", "dispensing", "committed", "hubs", "main",
    )  # fmt: skip
    protect_sites: tuple[Word, ...] = ()


class ResilienceSettings(_Section):
    """What is assumed when a practice hands back its contract.

    Parameters
    ----------
    spare_share
        How many patients more a practice could take, as a share of its list, where no table says it.
    within_minutes
        A practice further than this from a patient's home takes none of them.
    vulnerable_up_to
        Ratings up to this count as vulnerable; None for the limit of the rule set.
    """

    spare_share: Annotated[float, Field(ge=0, le=10, strict=False)] = 0.1
    within_minutes: Minutes = 30.0
    vulnerable_up_to: Annotated[int, Field(ge=1, le=5)] | None = None


class ProgrammeSettings(_Section):
    """What `programme.toml` says."""

    schema_version: Literal[1] = 1
    tables: ProgrammeTables = ProgrammeTables()
    rollout: RolloutSettings = RolloutSettings()
    growth: GrowthSettings = GrowthSettings()
    estates: EstatesSettings = EstatesSettings()
    site_options: SiteOptionSettings = SiteOptionSettings()
    resilience: ResilienceSettings = ResilienceSettings()


def read_programme_settings(path: Path) -> ProgrammeSettings:
    """Read and check a `programme.toml`.

    Raises
    ------
    InputProblems
        With every mistake found: line, key, value and what to do.
    """
    text, findings = read_text(path)
    if text is None:
        raise InputProblems(findings)
    raw, findings = parse_toml(path.name, text)
    if raw is None:
        raise InputProblems(findings)
    try:
        return ProgrammeSettings.model_validate(_plain(raw))
    except pydantic.ValidationError as error:
        book = Keys(path.name, text)
        raise InputProblems([_explain(item, book) for item in error.errors()]) from None


def _plain(raw: Any) -> Any:
    """Lists as tuples, which is what settings that cannot change hold; and -0.0 as 0."""
    if isinstance(raw, dict):
        return {key: _plain(value) for key, value in raw.items()}
    if isinstance(raw, float):
        return raw + 0.0
    return tuple(_plain(value) for value in raw) if isinstance(raw, list) else raw


def _explain(item: Any, book: Keys) -> Finding:
    loc, kind, value = tuple(item["loc"]), item["type"], item.get("input")
    if kind == "extra_forbidden":
        known = sorted(_model_at(loc[:-1]).model_fields)
        close = difflib.get_close_matches(str(loc[-1]), known, n=1, cutoff=0.7)
        fix = f"Did you mean {close[0]}?" if close else f"Known keys here: {', '.join(known)}. Take this one out."
        return book.finding(loc, f"The key {loc[-1]} is not known here.", fix, "unknown-key", value)
    if loc == ("schema_version",):
        message = "This version of the format is not known; the program reads version 1."
        return book.finding(loc, message, "Write schema_version = 1.", "schema-version", value)
    if kind == "literal_error":
        return book.finding(loc, "This value is not known.", f"Write {item['ctx']['expected']}.", "wrong-value", value)
    if beyond := beyond_limit(item, loc, book):
        return beyond
    if kind == "missing":
        message = "The section does not say in which file the table is."
        return book.finding(loc[:-1], message, 'Write file = "...", with its name.', "missing-key")
    wanted = _wanted(loc, kind, item)
    return book.finding(loc, f"The value must be {wanted}.", f"Write {wanted}.", "wrong-type", value)


def _wanted(loc: tuple[int | str, ...], kind: str, item: Any) -> str:
    """What a value must be, in plain words."""
    if kind == "tuple_type":
        return "a list in square brackets, such as [0.75, 0.5]" if "ready_shares" in loc else 'a list, such as ["A"]'
    if kind == "string_too_long":
        return f"text of at most {item['ctx']['max_length']} characters"
    if loc[0] == "tables" and len(loc) == 2:
        return WANTED["tuple_type"]
    return WANTED.get(kind, "another kind of value")


def _model_at(parent: tuple[int | str, ...]) -> type[BaseModel]:
    if len(parent) > 1 and parent[0] == "tables":
        return TableSpec
    sections = {
        name: about.annotation for name, about in ProgrammeSettings.model_fields.items() if name != "schema_version"
    }
    return sections.get(str(parent[0]), ProgrammeSettings) if parent else ProgrammeSettings
