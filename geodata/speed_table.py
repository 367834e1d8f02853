"""The speed table: the built-in one, and a planner's own merged over it, checked before anything is timed.

A table of one's own holds only what differs. Every mistake in it is collected and told in one go.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from geodata.errors import Finding, InputProblems
from geodata.osm.tags import ROAD_CLASSES
from geodata.tables.toml_text import Keys, parse_toml, read_text

DRIVEN_CLASSES = ROAD_CLASSES[: ROAD_CLASSES.index("ferry")]
PROVENANCE = ("source", "assumption")
FIXED_SECTIONS = {
    "limits": "It is the law; the number in a `maxspeed` tag of the roads goes before it. Take the section out.",
    "straight_line": "Write detour factors and speeds into case.toml, under [roads.straight_line]; the factors of the "
    "scenarios on straight lines are fixed.",
}
"""Sections that a table of one's own cannot change, and what to do instead."""

Table = dict[str, Any]


@dataclass(frozen=True)
class SpeedTable:
    """The merged table.

    Parameters
    ----------
    table
        As the TOML document, complete.
    own_profiles
        Profiles that the planner's table defines or changes, in its order.
    own_text
        The planner's table as it stands in the file; empty without one.
    """

    table: Table
    own_profiles: tuple[str, ...] = ()
    own_text: str = ""


def built_in_text() -> str:
    """The built-in table as text."""
    return resources.files("geodata").joinpath("speeds.toml").read_text(encoding="utf-8")


def speeds_text(path: Path | None = None) -> str:
    """A text that changes whenever a speed could: the built-in table, and a planner's own after it.

    Parameters
    ----------
    path
        The planner's own table, if there is one.

    Raises
    ------
    InputProblems
        It cannot be read.
    """
    return built_in_text() if path is None else f"{built_in_text()}\n# {path.name}\n{_own_text(path)}"


def speed_table(path: Path | None = None) -> SpeedTable:
    """The built-in table, with a planner's own merged over it.

    Parameters
    ----------
    path
        The planner's own table (TOML), which may hold only what differs.

    Raises
    ------
    InputProblems
        With every mistake found in it.
    """
    built_in = tomllib.loads(built_in_text())
    if path is None:
        return SpeedTable(built_in)
    from geodata.speed_checks import mistakes  # noqa: PLC0415 - what it needs takes memory, and most cases do not

    text = _own_text(path)
    own, findings = parse_toml(path.name, text)
    if own is None:
        raise InputProblems(findings)
    book = Keys(path.name, text)
    findings = mistakes(own, built_in, book)
    if findings:
        raise InputProblems(findings)
    return SpeedTable(_merged(built_in, own, path.name), tuple(own.get("profile", {})), text)


def _own_text(path: Path) -> str:
    if not path.is_file():
        fix = "Check the spelling of its name; a table of your own lies beside case.toml."
        raise InputProblems(
            [Finding("error", path.name, "There is no such speed table.", fix, value=str(path), code="missing-file")]
        )
    text, findings = read_text(path)
    if text is None:
        raise InputProblems(findings)
    return text


def profile_name_is_plain(name: str) -> bool:
    """Whether a profile may have this name: letters, digits, hyphens, underscores and spaces, at most 60."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,59}", name) is not None


# ------------------------------------------------------------------------------------------------------------- merging


def _merged(built_in: Table, own: Table, file: str) -> Table:
    table = dict(built_in)
    version = own.get("version", built_in["version"])
    table["version"] = f"{built_in['version']} + {file}" + (f" ({version})" if version != built_in["version"] else "")
    for section, values in own.items():
        if section == "class":
            table[section] = _merged_classes(built_in[section], values, file)
        elif section == "profile":
            table[section] = _merged_profiles(built_in[section], values, file)
        elif section != "version" and section not in FIXED_SECTIONS:
            table[section] = _merged_section(built_in[section], values, file)
    return table


def _merged_section(built_in: Table, own: Table, file: str) -> Table:
    """Own values over the built-in ones; a section that was changed no longer claims the built-in source."""
    merged = built_in | own
    if any(built_in.get(key) != value for key, value in own.items() if key not in PROVENANCE):
        merged["source"] = own.get("source", f"Set in {file}, which names no source.")
        merged["assumption"] = own.get("assumption", "source" not in own)
    return merged


def _merged_classes(built_in: Table, own: Table, file: str) -> Table:
    shared = {key: own[key] for key in PROVENANCE if key in own}
    classes = dict(built_in)
    for name, row in own.items():
        if name in built_in and name not in PROVENANCE:
            classes[name] = _merged_section(built_in[name], shared | row, file)
            if not any(built_in[name].get(key) != value for key, value in row.items()):
                classes[name] = built_in[name]
    return classes


def _merged_profiles(built_in: Table, own: Table, file: str) -> Table:
    """Profiles with the factors of what they are built on."""
    profiles = dict(built_in)

    def resolve(name: str) -> Table:
        if name not in own:
            return built_in[name]
        profile, base = own[name], {}
        if name in built_in or "based_on" in profile:
            base = built_in[name] if name in built_in else resolve(profile["based_on"])
        if name in built_in and _says_the_same(base, profile):
            return base
        merged = {"junction": 1.0} | base | profile
        for around in ("rural", "built_up"):
            merged[around] = base.get(around, {}) | profile.get(around, {})
        changed = f"{base['sentence']}, changed by {file}" if name in built_in else f"profile {name} of {file}"
        origin = f", built on {profile['based_on']}" if "based_on" in profile else ""
        merged["title"] = profile.get("title", base["title"] if name in built_in else name)
        merged["sentence"] = profile.get("sentence", changed + origin)
        merged["source"] = profile.get("source", f"Set in {file}, which names no source.")
        merged["assumption"] = profile.get("assumption", "source" not in profile)
        return merged

    for name in own:
        profiles[name] = resolve(name)
    return profiles


def _says_the_same(built_in: Table, own: Table) -> bool:
    return all(
        _says_the_same(built_in.get(key, {}), value) if isinstance(value, dict) else built_in.get(key) == value
        for key, value in own.items()
    )
