"""Rule sets: the limits and weights of a plan, named, versioned and kept in TOML files a planner can read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from geodata.case import TableSpec
from geodata.errors import Finding, InputProblems
from grouping.decision_records import DecisionRecord, read_records

MOST_PATIENTS = 100_000_000
"""More than England has: beyond it a slip of the keyboard, and whole-number arithmetic that might overflow."""

Patients = Annotated[int, Field(ge=0, le=MOST_PATIENTS, strict=True)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Minutes = Annotated[float, Field(ge=0.0, le=100_000.0, allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0.0, le=10_000.0, allow_inf_nan=False)]
SiteKind = Literal["main", "branch", "community", "mobile"]


class _Section(BaseModel):
    """Base of all sections: unknown keys are errors, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_value(cls, value: Any) -> Any:
        if isinstance(value, bool):  # else `true` would be read as 1
            raise PydanticCustomError("truth_value", "true and false mean nothing here")
        return value


class LocalitySize(_Section):
    """Limits of a group most of whose patients are registered in one locality; 0 means as everywhere else."""

    minimum: Patients = 0
    maximum: Patients = 0


class SizeRules(_Section):
    """Registered patients and practices of a group; 0 means no limit of its own.

    A preferred minimum below the minimum, or a preferred maximum above the hard one, has no effect and is no error, so
    that a case can override a single limit.
    """

    minimum_urban: Patients = 30_000
    minimum_rural: Patients = 20_000
    preferred_minimum_urban: Patients = 30_000
    preferred_minimum_rural: Patients = 20_000
    preferred_maximum: Patients = 50_000
    hard_maximum: Annotated[int, Field(gt=0, le=MOST_PATIENTS, strict=True)] = 60_000
    hard_maximum_rural: Patients = 0
    target: Patients = 0
    fewest_practices: Annotated[int, Field(ge=0, strict=True)] = 0
    most_practices: Annotated[int, Field(ge=0, strict=True)] = 0
    locality: dict[str, LocalitySize] = {}

    @model_validator(mode="after")
    def _in_order(self) -> SizeRules:
        for kind in ("urban", "rural"):
            minimum = getattr(self, f"minimum_{kind}")
            preferred = getattr(self, f"preferred_minimum_{kind}")
            most = self.maximum_for(rural=kind == "rural")
            if minimum > most:
                name = "hard_maximum" if most == self.hard_maximum else "hard_maximum_rural"
                raise ValueError(f"minimum_{kind} ({minimum}) is above {name} ({most})")
            if preferred > self.preferred_maximum:
                raise ValueError(
                    f"preferred_minimum_{kind} ({preferred}) is above preferred_maximum ({self.preferred_maximum})"
                )
        if 0 < self.most_practices < self.fewest_practices:
            raise ValueError(
                f"fewest_practices ({self.fewest_practices}) is above most_practices ({self.most_practices})"
            )
        for name, own in self.locality.items():
            if 0 < own.maximum < own.minimum:
                raise ValueError(f"minimum of {name} ({own.minimum}) is above its maximum ({own.maximum})")
        return self

    def maximum_for(self, *, rural: bool) -> int:
        """Most registered patients of a group of that kind, outside localities with a limit of their own."""
        return (self.hard_maximum_rural or self.hard_maximum) if rural else self.hard_maximum

    @property
    def largest(self) -> int:
        """No group may have more patients, whatever its kind and locality."""
        own = [limits.maximum for limits in self.locality.values()]
        return max(self.hard_maximum, self.hard_maximum_rural, *own)

    @property
    def middle(self) -> int:
        """The size that `weights.size_balance` draws groups to."""
        return self.target or (self.preferred_minimum_urban + self.preferred_maximum) // 2


class RuralityRules(_Section):
    """When a group is rural."""

    threshold: Share = 0.5
    near_threshold: Share = 0.05


class AccessRules(_Section):
    """Limits on minutes; 0 means no limit."""

    max_minutes_between_members: Minutes = 30.0
    max_minutes_to_hub: Minutes = 0.0
    max_mean_minutes_to_hub: Minutes = 0.0


class ContiguityRules(_Section):
    """Whether a group must hang together, and which borders count (0 minutes: all of them)."""

    rule: Literal["catchments", "none"] = "catchments"
    max_minutes_over_border: Minutes = 0.0


class ExceptionRules(_Section):
    """Whether a group may stay below its minimum, and how many may (-1: any number)."""

    policy: Literal["allowed", "forbidden"] = "allowed"
    at_most: Annotated[int, Field(ge=-1, strict=True)] = -1

    @property
    def limit(self) -> int | None:
        """The largest number of exceptions, None for any number."""
        if self.policy == "forbidden":
            return 0
        return None if self.at_most < 0 else self.at_most


class HubRules(_Section):
    """Which sites may be a hub, and what all hubs may cost together (0: no limit)."""

    kinds: tuple[SiteKind, ...] = ()
    minimum_floor_area_m2: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 0.0
    conditions: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    committed: Literal["ignore", "hub"] = "ignore"
    budget: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 0.0


class LocalityRules(_Section):
    """Whether a group may hold practices of several localities, and how many groups may (-1: any number)."""

    rule: Literal["free", "inside"] = "free"
    most_crossing: Annotated[int, Field(ge=-1, strict=True)] = -1


class GroupRules(_Section):
    """How many groups a plan has; 0 means no limit."""

    fewest: Annotated[int, Field(ge=0, strict=True)] = 0
    most: Annotated[int, Field(ge=0, strict=True)] = 0

    @model_validator(mode="after")
    def _in_order(self) -> GroupRules:
        if 0 < self.most < self.fewest:
            raise ValueError(f"fewest ({self.fewest}) is above most ({self.most})")
        return self


class Weights(_Section):
    """Minutes added to the score for each patient affected (`minutes`: what a minute to the hub itself counts)."""

    minutes: Weight = 1.0
    outside_preferred: Weight = 1.0
    split_locality: Weight = 0.5
    change_of_group: Weight = 0.0
    mixed_systems: Weight = 0.0
    worst_practice: Weight = 0.0
    size_balance: Weight = 0.0
    hub_cost: Weight = 0.0
    fragile: Weight = 0.0


Criterion = Literal[
    "shortfall",
    "exceptions",
    "score",
    "minutes",
    "outside_preferred",
    "split_locality",
    "change_of_group",
    "mixed_systems",
    "worst_practice",
    "size_balance",
    "hub_cost",
    "fragile",
    "longest_practice",
    "groups",
]
"""What a plan can be made small in; each is worked out over the groups of a plan (see `grouping.criteria`)."""


class ObjectiveRules(_Section):
    """What is minimised first, next and last; each is held at its best while the next is minimised."""

    order: tuple[Criterion, ...] = ("shortfall", "exceptions", "score")

    @model_validator(mode="after")
    def _complete(self) -> ObjectiveRules:
        if len(set(self.order)) != len(self.order):
            raise ValueError("order names something twice")
        lacking = [name for name in ("shortfall", "exceptions", "score") if name not in self.order]
        if lacking:
            raise ValueError(f"order must also name {' and '.join(lacking)}")
        return self


class SecondLayerRules(_Section):
    """Groups of groups; a minimum of 0 forms none."""

    minimum: Patients = 0
    maximum: Patients = 0
    max_minutes_between_hubs: Minutes = 0.0

    @model_validator(mode="after")
    def _in_order(self) -> SecondLayerRules:
        if 0 < self.maximum < self.minimum:
            raise ValueError(f"minimum ({self.minimum}) is above maximum ({self.maximum})")
        return self


DecisionKind = Literal["grant-exception", "no-exception", "together", "apart", "hub", "not-hub", "group", "plan"]


class Decision(_Section):
    """Something a planner has decided about named practices or sites, with the reason that is shown with it.

    Parameters
    ----------
    kind
        `grant-exception`: exactly these practices may form a group below its minimum, which then counts neither as
        shortfall nor as exception. `no-exception`: none of these practices may be in a group below its minimum.
        `together`, `apart`: they share a group; no two of them do. `hub`, `not-hub`: the site is the hub of the group
        of its practice; it is no hub. `group`: exactly these practices form a group (with that site as its hub, if one
        is named), whatever limits it breaks. `plan`: every group of the plan file stands like that, except those with a
        practice in `except_localities`.
    practices, site, plan, except_localities
        What it is about, by codes, file name beside `case.toml` and names.
    reason
        Carried to the page; an exception is not granted without one.
    """

    kind: DecisionKind
    practices: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    site: str = ""
    plan: str = ""
    except_localities: tuple[str, ...] = ()
    reason: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Decision:
        needed = {"together": 2, "apart": 2, "grant-exception": 1, "no-exception": 1, "group": 1}.get(self.kind, 0)
        if len(set(self.practices)) < needed:
            raise ValueError(f"a decision {self.kind!r} needs at least {needed} practices")
        if self.kind in {"hub", "not-hub"} and not self.site:
            raise ValueError(f"a decision {self.kind!r} needs a site")
        if self.kind == "plan" and not self.plan:
            raise ValueError("a decision 'plan' needs the name of a plan file")
        if self.kind == "grant-exception" and not self.reason.strip():
            raise ValueError("a decision 'grant-exception' needs a reason")
        return self


class OptionRules(_Section):
    """When two options count as different, and how far behind the best one they may lie."""

    different_share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.10
    bands: Annotated[tuple[Annotated[float, Field(gt=0.0, le=10.0)], ...], Field(min_length=1)] = (0.02, 0.05, 0.10)
    near: Annotated[float, Field(ge=0.0, le=1.0)] = 0.01

    @model_validator(mode="after")
    def _rising(self) -> OptionRules:
        if list(self.bands) != sorted(set(self.bands)):
            raise ValueError("bands must rise from the narrowest to the widest")
        return self


class PracticeRules(_Section):
    """When a practice is worth a remark or counts as vulnerable, and how many vulnerable ones a group may hold."""

    small_list: Patients = 1_000
    vulnerable_up_to: Annotated[int, Field(ge=1, le=5, strict=True)] = 2
    most_vulnerable_share: Share = 1.0


class ResilienceRules(_Section):
    """What must be left of a group when its largest practice hands back its contract.

    None of the patients of that practice is counted on to stay: the group is left with those of its other practices.
    Its minimum is still the one of its kind and main locality as it was formed.

    Parameters
    ----------
    loss_of
        Which practice is thought away: the largest of those that count as vulnerable, or the largest of any. A group
        without a vulnerable practice loses nothing in the first case.
    keeps_share
        The least share of its minimum that must be left; 0 sets no limit. A group below its minimum (a named or granted
        exception) and a single practice above its maximum are not asked; any other practice alone keeps nothing.
    """

    loss_of: Literal["vulnerable", "any"] = "vulnerable"
    keeps_share: Share = 0.0


class ImpactRules(_Section):
    """What the pages about travel count; nothing of it decides which groups are formed."""

    threshold_minutes: Annotated[float, Field(gt=0.0, le=100_000.0, allow_inf_nan=False)] = 30.0
    worst: Annotated[int, Field(gt=0, le=1_000, strict=True)] = 20
    least_people: Patients = 50
    persons_per_dwelling: Annotated[float, Field(gt=0.0, le=20.0, allow_inf_nan=False)] = 2.4


class RuleSet(_Section):
    """A whole rule set; every value stands in the TOML file with what it means and where it comes from."""

    name: Annotated[str, Field(min_length=1)]
    version: Annotated[str, Field(min_length=1)]
    title: str
    size: SizeRules = SizeRules()
    rurality: RuralityRules = RuralityRules()
    access: AccessRules = AccessRules()
    exceptions: ExceptionRules = ExceptionRules()
    contiguity: ContiguityRules = ContiguityRules()
    hub: HubRules = HubRules()
    locality: LocalityRules = LocalityRules()
    groups: GroupRules = GroupRules()
    weights: Weights = Weights()
    objective: ObjectiveRules = ObjectiveRules()
    options: OptionRules = OptionRules()
    practices: PracticeRules = PracticeRules()
    resilience: ResilienceRules = ResilienceRules()
    second_layer: SecondLayerRules = SecondLayerRules()
    impact: ImpactRules = ImpactRules()
    decisions: tuple[Decision, ...] = ()

    def minimum_for(self, *, rural: bool, locality: str = "") -> int:
        """Fewest registered patients of a group of that kind, most of whose patients are of that locality."""
        own = self.size.locality.get(locality)
        if own is not None and own.minimum:
            return own.minimum
        return self.size.minimum_rural if rural else self.size.minimum_urban

    def maximum_for(self, *, rural: bool, locality: str = "") -> int:
        """Most registered patients of such a group."""
        own = self.size.locality.get(locality)
        if own is not None and own.maximum:
            return own.maximum
        return self.size.maximum_for(rural=rural)


CAME_LATER: Mapping[str, Mapping[str, Any]] = {
    "weights": {"fragile": 0.0},
    "resilience": ResilienceRules().model_dump(),
}
"""Values that rule sets of earlier versions did not have, as they stand where nothing is asked for."""


def as_before(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a rule set without those that came later and ask for nothing.

    A run is named after these, so that one made before they came keeps its name and can still be opened.
    """
    kept: dict[str, Any] = {}
    for section, own in values.items():
        idle = CAME_LATER.get(section)
        if idle is None or not isinstance(own, Mapping):
            kept[section] = own
        elif stated := {key: value for key, value in own.items() if key not in idle or value != idle[key]}:
            kept[section] = stated
    return kept


def as_now(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a rule set as an earlier version may have written it, with those that came later."""
    filled = dict(values)
    for section, idle in CAME_LATER.items():
        own = filled.get(section, {})
        filled[section] = {**idle, **own} if isinstance(own, Mapping) else own
    return filled


def rule_set_names() -> tuple[str, ...]:
    """Names of the built-in rule sets, sorted."""
    folder = files("grouping") / "rulesets"
    return tuple(sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load_rules(
    name_or_path: str | Path,
    override: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    decisions: TableSpec | Sequence[Mapping[str, Any]] = (),
) -> RuleSet:
    """Load a rule set and put single values in place of the file's.

    Parameters
    ----------
    name_or_path
        Name of a built-in rule set (see `rule_set_names`) or a `.toml` file.
    override
        Values by section and key, as under `[rules.override]` of `case.toml`.
    folder
        Where a relative path is looked up (the folder of `case.toml`); default the working directory.
    decisions
        What is decided in the case (the setting `decisions` under `[rules]`); it follows what the rule set decides.

    Raises
    ------
    InputProblems
        Unknown name, unreadable file, unknown section or key, wrong type, values that contradict each other: all of
        them at once.
    """
    records, told, _ = read_records(decisions, folder)
    told = [finding for finding in told if finding.severity == "error"]
    try:
        text, file = _read_text(str(name_or_path), folder)
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"this is not valid TOML: {error}"
        finding = Finding("error", file, message, "Mend the line named.", code="rules-toml")
        raise InputProblems([finding, *told]) from error
    except InputProblems as problems:
        raise InputProblems([*problems.findings, *told]) from problems
    merged, findings = _merge(values, override or {}, records)
    findings += told
    try:
        rules = RuleSet.model_validate(merged)
    except ValidationError as error:
        own = len(merged.get("decisions") or ()) - len(records)
        raise InputProblems([*findings, *_findings(error, file, override or {}, records, own)]) from error
    if findings:
        raise InputProblems(findings)
    return rules


def _read_text(name: str, folder: Path | None) -> tuple[str, str]:
    """Text of the rule set, and the file name to use in messages."""
    if name in rule_set_names():
        return (files("grouping") / "rulesets" / f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml"
    known = ", ".join(rule_set_names())
    if not name.lower().endswith(".toml"):
        fix = f"Use one of {known}, or the name of a .toml file beside case.toml."
        raise InputProblems(
            [Finding("error", "case.toml", "there is no such rule set", fix, None, "rules.set", name, "unknown-rules")]
        )
    path = (folder or Path()) / name
    try:
        return path.read_text(encoding="utf-8-sig"), path.name  # Notepad writes a byte-order mark
    except (OSError, UnicodeDecodeError) as error:
        reason = "cannot be read"
        if isinstance(error, UnicodeDecodeError):
            reason = "is not UTF-8 text"
        elif isinstance(error, FileNotFoundError):
            reason = "is not there"
        fix = f"Check the file's name and encoding, or use one of {known}."
        finding = Finding("error", name, f"the rule set file {reason}", fix, code="unreadable-rules")
        raise InputProblems([finding]) from error


def _merge(
    values: dict[str, Any], override: Mapping[str, Any], records: Sequence[DecisionRecord] = ()
) -> tuple[dict[str, Any], list[Finding]]:
    """The file's values with the overriding ones in their place and the case's decisions after its own."""
    merged = {key: dict(value) if isinstance(value, dict) else value for key, value in values.items()}
    findings = []
    for section, keys in override.items():
        if isinstance(keys, Mapping) and isinstance(merged.get(section, {}), dict):
            merged[section] = {**merged.get(section, {}), **keys}
        else:
            message = "an override must name a section and in it a key"
            fix = "Write [rules.override.size] and below it hard_maximum = 65000, for example."
            column = f"rules.override.{section}"
            findings.append(Finding("error", "case.toml", message, fix, None, column, str(keys), "rules-override"))
    own = merged.get("decisions", [])
    if records and isinstance(own, list):
        merged["decisions"] = [*own, *(dict(record.values) for record in records)]
    return merged, findings


def _findings(
    error: ValidationError,
    file: str,
    override: Mapping[str, Any],
    records: Sequence[DecisionRecord] = (),
    own: int = 0,
) -> list[Finding]:
    """Each fault pydantic found, as a planner would be told; `own` decisions are the rule set's, then the case's."""
    findings = []
    for fault in error.errors():
        where = [str(part) for part in fault["loc"]]
        if len(where) > 1 and where[0] == "decisions":
            findings.append(_decision_finding(fault, file, records, own))
            continue
        section, key = [*where, "", ""][:2]
        column = ".".join(part for part in where if not part.isdigit()) or "rules"
        overridden = isinstance(override.get(section), Mapping) and (not key or key in override[section])
        known = ", ".join(LocalitySize.model_fields) if where[:2] == ["size", "locality"] else ""
        known = known or _known_keys(section if key else "")
        message, fix = _words(fault, known)
        is_value = not isinstance(fault.get("input"), (dict, BaseModel)) and fault["type"] != "missing"
        findings.append(
            Finding(
                "error",
                "case.toml" if overridden else file,
                message,
                fix,
                None,
                f"rules.override.{column}" if overridden else column,
                str(fault["input"]) if is_value else None,
                "rules-value" if fault["type"] != "extra_forbidden" else "rules-unknown-key",
            )
        )
    return findings


def _decision_finding(fault: Mapping[str, Any], file: str, records: Sequence[DecisionRecord], own: int) -> Finding:
    """A fault in one decision, with its place in the case or in the rule set."""
    number, key = fault["loc"][1], str(fault["loc"][2]) if len(fault["loc"]) > 2 else ""
    record = records[number - own] if number >= own else None
    shown = record.number if record else number + 1
    message, fix = _words(fault, ", ".join(Decision.model_fields))
    if fault["type"] == "missing":
        fix = f"Write {key} with this decision."
    elif fault["type"] == "value_error":
        fix = "Complete the decision, or take it out."
    return Finding(
        "error",
        record.file if record else file,
        f"decision {shown}: {message}",
        fix,
        record.row if record else None,
        key or None,
        None if isinstance(fault["input"], dict) else str(fault["input"]),
        "rules-value" if fault["type"] != "extra_forbidden" else "rules-unknown-key",
    )


def _known_keys(section: str) -> str:
    """The keys that may stand in a section (or the sections themselves), for a message."""
    field = RuleSet.model_fields.get(section)
    model = field.annotation if field else RuleSet
    return ", ".join(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else "no keys"


NEEDED = {
    "int_type": "a whole number is needed, without quotation marks, commas or decimals",
    "int_from_float": "a whole number is needed, without decimals",
    "float_type": "a number is needed, without quotation marks, units or commas",
    "float_parsing": "a number is needed, without quotation marks, units or commas",
    "finite_number": "a finite number is needed",
    "string_type": "text in quotation marks is needed",
    "string_too_short": "it must not be empty",
    "tuple_type": 'a list in square brackets is needed, such as ["A", "B"]',
    "too_short": "the list must not be empty",
    "dict_type": 'it needs a heading of its own for each locality, such as [rules.override.size.locality."North"]',
    "model_type": 'it needs a heading of its own, such as [rules.override.size.locality."North"]',
}
"""What a value must be, by pydantic's name of the fault."""

LIMITS = {
    "greater_than": "more than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}
"""Faults that name a limit."""


def _words(fault: Mapping[str, Any], known: str) -> tuple[str, str]:
    """Message and fix for one fault."""
    kind = fault["type"]
    if kind == "extra_forbidden":
        return "this key is not known", f"Known here: {known}."
    if kind == "missing":
        return "this value is missing", "Add it to the rule set file."
    if kind == "value_error":
        message = str(fault["ctx"]["error"])
        two = " is above " in message
        return message, "Change one of the two values so that they agree." if two else "Correct it as said here."
    if kind in {"literal_error"}:
        return "this value is not one of those allowed", f"Use {fault['ctx']['expected']}."
    return f"this value does not fit: {_needed(fault)}", "Write a value of the kind the built-in rule sets show."


def _needed(fault: Mapping[str, Any]) -> str:
    """What a value must be, in plain words."""
    kind, context = fault["type"], fault.get("ctx", {})
    if kind in NEEDED:
        return NEEDED[kind]
    if kind in LIMITS:
        limit = next(iter(context.values()))
        limit = int(limit) if limit == int(limit) else limit
        share = kind == "less_than_equal" and limit == 1
        return f"it must be {LIMITS[kind]} {limit:,}" + (" (it is a share: write 0.05 for 5%)" if share else "")
    return fault["msg"][:1].lower() + fault["msg"][1:]
