"""What a speed table may hold, and every mistake in one: sections, keys, numbers, profiles built on each other."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Annotated, Any

import pydantic
from pydantic import BaseModel, ConfigDict, Field, create_model

from geodata.errors import Finding
from geodata.speed_table import DRIVEN_CLASSES, FIXED_SECTIONS, Table, profile_name_is_plain
from geodata.tables.toml_text import WANTED, Keys, beyond_limit

Mph = Annotated[float, Field(ge=1, le=100)]
Factor = Annotated[float, Field(ge=0.05, le=3)]
Seconds = Annotated[float, Field(ge=0, le=600)]
Minutes = Annotated[float, Field(ge=0, le=240)]
Pace = Annotated[float, Field(ge=0.5, le=60)]
Loc = tuple[object, ...]


class _Part(BaseModel):
    """Nothing may be unknown, nothing of another kind; every part may say where its numbers come from."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    source: str | None = None
    assumption: bool | None = None


class _Class(_Part):
    rural: Mph | None = None
    built_up: Mph | None = None
    rural_dual: Mph | None = None
    built_up_dual: Mph | None = None


class _LimitFactor(_Part):
    limit_mph: list[Annotated[float, Field(gt=0, le=100)]] | None = None
    factor: list[Factor] | None = None


class _Roundabout(_Part):
    ceiling_mph: Mph | None = None


class _BuiltUp(_Part):
    cell_m: Annotated[float, Field(ge=10, le=5000)] | None = None
    street_m: Annotated[float, Field(ge=0, le=1e6)] | None = None
    limit_mph: Mph | None = None


class _Junctions(_Part):
    give_way: Seconds | None = None
    through: Seconds | None = None
    roundabout: Seconds | None = None
    signals: Seconds | None = None
    gate: Seconds | None = None


class _Access(_Part):
    kmh: Pace | None = None


class _Parking(_Part):
    minutes: Minutes | None = None


class _Walk(_Part):
    kmh: Pace | None = None
    steps_kmh: Pace | None = None


class _Ferry(_Part):
    kmh: Annotated[float, Field(ge=1, le=160)] | None = None
    wait_minutes: Minutes | None = None
    queue: Annotated[float, Field(ge=1, le=20)] | None = None


_Classes = create_model("_Classes", __base__=_Part, **dict.fromkeys(DRIVEN_CLASSES, (_Class | None, None)))
_Factors = create_model("_Factors", __base__=_Part, **dict.fromkeys(("all", *DRIVEN_CLASSES), (Factor | None, None)))


class _Profile(_Part):
    title: str | None = None
    sentence: str | None = None
    based_on: str | None = None
    junction: Annotated[float, Field(ge=0, le=20)] | None = None
    parking_minutes: Minutes | None = None
    access_kmh: Pace | None = None
    rural: _Factors | None = None
    built_up: _Factors | None = None
    fit: dict[str, str | bool | int | float] | None = None


class _SpeedTable(BaseModel):
    """What a speed table may hold; every part may be left out, as the built-in table has it."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, populate_by_name=False)
    version: str | None = None
    limits: dict[str, Any] | None = None
    limit_factor: _LimitFactor | None = None
    classes: _Classes | None = Field(default=None, alias="class")
    roundabout: _Roundabout | None = None
    built_up: _BuiltUp | None = None
    junction_seconds: _Junctions | None = None
    access: _Access | None = None
    parking: _Parking | None = None
    walk: _Walk | None = None
    ferry: _Ferry | None = None
    straight_line: dict[str, Any] | None = None
    profile: dict[str, _Profile] | None = None


def mistakes(own: Table, built_in: Table, book: Keys) -> list[Finding]:
    """Everything that is wrong with a table of one's own.

    Parameters
    ----------
    own, built_in
        Both tables, as TOML documents.
    book
        Finds the line of a key.
    """
    sound, findings, wrong = _checked(own, book)
    crossed = _cross_checks(sound, built_in, book)
    return findings + [finding for loc, finding in crossed if not any(_akin(loc, each) for each in wrong)]


def _checked(own: Table, book: Keys) -> tuple[Table, list[Finding], list[Loc]]:
    """The table without what is wrong in it, what is wrong, and where."""
    try:
        _SpeedTable.model_validate(own)
    except pydantic.ValidationError as error:
        items = {_dict_loc(own, item["loc"]): item for item in reversed(error.errors())}
    else:
        return own, [], []
    items = dict(reversed(items.items()))
    findings = [_explain(item, loc, book) for loc, item in items.items()]
    return _without(own, set(items)), findings, list(items)


def _dict_loc(own: Table, loc: tuple[int | str, ...]) -> Loc:
    """The location as far as it leads through keys that are in the file (pydantic names members of unions as well)."""
    kept: list[object] = []
    at: Any = own
    for part in loc:
        if not isinstance(at, dict) or part not in at:
            break
        kept.append(part)
        at = at[part]
    return tuple(kept)


def _without(own: Table, wrong: set[Loc], above: Loc = ()) -> Table:
    return {
        key: _without(value, wrong, (*above, key)) if isinstance(value, dict) else value
        for key, value in own.items()
        if (*above, key) not in wrong
    }


def _akin(a: Loc, b: Loc) -> bool:
    """Whether one place is inside the other."""
    size = min(len(a), len(b))
    return a[:size] == b[:size]


def _explain(item: Any, loc: Loc, book: Keys) -> Finding:
    value = item.get("input")
    if item["type"] == "extra_forbidden":
        return _unknown_key(loc, book, value)
    if beyond := beyond_limit(item, loc, book):
        return beyond
    wanted = WANTED.get(item["type"], "another kind of value")
    if item["type"] == "dict_type":
        wanted = WANTED["model_type"]
    elif loc[:1] == ("profile",) and "fit" in loc:
        wanted = "text in quotes, a number, or true or false"
    shown = None if isinstance(value, dict) else value
    return book.finding(loc, f"The value must be {wanted}.", f"Write {wanted}.", "wrong-type", shown)


def _unknown_key(loc: Loc, book: Keys, value: object) -> Finding:
    key, known = str(loc[-1]), _known_keys(loc[:-1])
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.7)
    if loc[0] == "profile" and len(loc) == 3 and key in {"all", *DRIVEN_CLASSES}:
        fix = f"Write it under [profile.{loc[1]}.rural] or [profile.{loc[1]}.built_up]."
    elif close:
        fix = f"Did you mean {close[0]}?"
    else:
        fix = f"Known here: {', '.join(known)}. Take this one out."
    shown = None if isinstance(value, dict) else value
    return book.finding(loc, f"The key {key} is not known here.", fix, "unknown-key", shown)


def _known_keys(loc: Loc) -> list[str]:
    """Names that may stand in a section, by the models."""
    model: Any = _SpeedTable
    for part in loc:
        if isinstance(model, type) and issubclass(model, BaseModel):
            fields = {field.alias or name: field for name, field in model.model_fields.items()}
            model = _bare(fields[str(part)].annotation)
        else:  # a dictionary: any name leads to its kind of value
            model = _bare(typing.get_args(model)[1])
    return [field.alias or name for name, field in model.model_fields.items()]


def _bare(annotation: Any) -> Any:
    """The type without `| None`."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return next(kind for kind in typing.get_args(annotation) if kind is not type(None))
    return annotation


def _cross_checks(own: Table, built_in: Table, book: Keys) -> list[tuple[Loc, Finding]]:
    """Mistakes that no single value shows."""
    findings: list[tuple[Loc, Finding]] = []

    def tell(loc: Loc, message: str, fix: str, code: str, value: object = None) -> None:
        findings.append((loc, book.finding(loc, message, fix, code, value)))

    for section, fix in FIXED_SECTIONS.items():
        for key, value in own.get(section, {}).items():
            if built_in[section].get(key) != value:
                shown = None if isinstance(value, dict) else value
                tell((section, key), "A speed table of your own cannot change this.", fix, "speeds-fixed", shown)
    _check_limit_factors(built_in["limit_factor"] | own.get("limit_factor", {}), tell)
    for name, profile in own.get("profile", {}).items():
        _check_profile(name, profile, own["profile"], built_in["profile"], tell)
    return findings


def _check_limit_factors(steps: Table, tell: Callable[..., None]) -> None:
    limits, factors = steps["limit_mph"], steps["factor"]
    if len(limits) != len(factors) or not limits:
        message = f"There are {len(limits)} limits and {len(factors)} factors; each limit needs one factor."
        tell(("limit_factor",), message, "Give limit_mph and factor as many numbers each.", "wrong-value")
    elif any(a >= b for a, b in pairwise(limits)):
        message = "The limits must rise from the first to the last."
        tell(("limit_factor", "limit_mph"), message, "Sort them, and the factors with them.", "wrong-value", limits)


def _check_profile(name: str, profile: Table, own: Table, built_in: Table, tell: Callable[..., None]) -> None:
    here: Loc = ("profile", name)
    if not profile_name_is_plain(name):
        fix = "Use letters, digits, hyphens and spaces, at most 60."
        tell(here, "A profile cannot have this name.", fix, "wrong-value", name)
    base = profile.get("based_on")
    if base is None:
        if name not in built_in:
            _check_complete(name, profile, tell)
        return
    known = sorted({*own, *built_in})
    if base not in known:
        close = difflib.get_close_matches(base, known, n=1, cutoff=0.6)
        fix = f"Did you mean {close[0]}?" if close else f"Write one of: {', '.join(known)}."
        tell((*here, "based_on"), "There is no such profile to build on.", fix, "speeds-based-on", base)
    elif name in built_in:
        message = "This profile is built in; what is written here changes the built-in one."
        tell(
            (*here, "based_on"), message, "Take based_on out, or give the profile a name of its own.", "speeds-based-on"
        )
    elif _goes_round(name, own, built_in):
        message = "The profile is built on itself, directly or through others."
        tell((*here, "based_on"), message, "Build it on free-flow, peak or winter.", "speeds-based-on", base)


def _check_complete(name: str, profile: Table, tell: Callable[..., None]) -> None:
    for around in ("rural", "built_up"):
        if "all" not in profile.get(around, {}):
            tell(
                ("profile", name, around, "all"),
                f"The profile says no speed factor for {around.replace('_', '-')} roads whose class it does not name.",
                f'Add all = 1.0 under [profile.{name}.{around}], or based_on = "free-flow" under [profile.{name}].',
                "missing-key",
            )


def _goes_round(name: str, own: Mapping[str, Table], built_in: Table) -> bool:
    seen, at = {name}, own[name].get("based_on")
    while at is not None and at in own and at not in built_in:
        if at in seen:
            return at == name
        seen.add(at)
        at = own[at].get("based_on")
    return False
