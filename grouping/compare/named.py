"""What the words of the command name: run folders, or single options of a run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geodata.errors import Finding, InputProblems
from grouping.compare.comparison import FEWEST, MOST
from grouping.run_folder import damaged, read_record

_OPTION = re.compile(r"(.+):(option-\d+|scored)", re.S | re.I)
"""`RUN:option-2`; the colon of a Windows drive is never followed by the name of an option."""


@dataclass(frozen=True)
class Named:
    """A plan asked for: the run folder, the option, and the record of the run."""

    folder: Path
    option_id: str
    record: dict


def named_plans(words: Sequence[str]) -> tuple[Named, ...]:
    """The plans that the words of the command name, in their order.

    Parameters
    ----------
    words
        Run folders, `RUN:option-2` or `RUN/options/option-2`. A run alone stands for its first option; if it is the
        only word, for all its options.

    Raises
    ------
    InputProblems
        A run cannot be read, an option does not exist, or they are fewer than two or more than five.
    """
    problems: list[Finding] = []
    found: list[Named] = []
    for word in words:
        try:
            found += _named(word, alone=len(words) == 1)
        except InputProblems as trouble:
            problems += trouble.findings
    if not problems and not FEWEST <= len(found) <= MOST:
        problems.append(_wrong_number(words, found))
    if problems:
        raise InputProblems(dict.fromkeys(problems))
    return tuple(found)


def _named(word: str, *, alone: bool) -> list[Named]:
    folder, option_id = _split(word)
    record = read_record(folder)
    options = [str(option["id"]) for option in record["options"]]
    if not options:
        raise damaged(str(folder), "this run found no plan, so there is nothing to compare.", "Name another run.")
    if option_id and option_id not in options:
        raise InputProblems(
            [
                Finding(
                    "error",
                    str(folder),
                    f"this run has no {option_id}.",
                    f"Name one of {', '.join(options)}.",
                    value=word,
                    code="compare",
                )
            ]
        )
    wanted = [option_id] if option_id else options if alone else options[:1]
    return [Named(folder, option, record) for option in wanted]


def _split(word: str) -> tuple[Path, str]:
    """The folder of the run, and the option, empty where none is named."""
    folder = Path(word)
    if (folder / "run.json").is_file():
        return folder, ""
    if folder.parent.name == "options" and (folder.parent.parent / "run.json").is_file():
        return folder.parent.parent, folder.name
    parts = _OPTION.fullmatch(word)
    return (Path(parts.group(1)), parts.group(2).lower()) if parts else (folder, "")


def _wrong_number(words: Sequence[str], found: Sequence[Named]) -> Finding:
    if len(words) == 1 and len(found) == 1:
        message = "this is one plan only, and a comparison needs two."
        fix = "Name a second run or option."
    elif len(words) == 1:
        message = f"this run holds {len(found)} options; at most {MOST} can be compared at once."
        fix = f"Name up to {MOST} of them, such as {words[0]}:option-1 {words[0]}:option-2."
    else:
        message = f"{len(found)} plans are named; between {FEWEST} and {MOST} can be compared at once."
        fix = "Name fewer runs or options."
    return Finding("error", words[0] if len(words) == 1 else "RUN...", message, fix, code="compare")
