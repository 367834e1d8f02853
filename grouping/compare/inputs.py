"""Whether runs were made from the same files, and what is said where they were not."""

from __future__ import annotations

from collections.abc import Sequence

from geodata.errors import Finding, InputProblems
from grouping.compare.comparison import Unequal
from grouping.plain_words import listed

FIX = (
    "Run the cases again on the same files; or add --anyway to compare in spite of it: practices that only one case has"
    " are then named and left out of the comparison."
)

Files = tuple[tuple[str, str, str, str], ...]
"""Table, file, date and SHA-256 of each file behind a run."""


def files_of(record: dict) -> Files:
    """The files that a run was made from, as its record tells."""
    return tuple(
        (str(one["table"]), str(one["file"]), str(one.get("vintage", "")), str(one["sha256"]))
        for one in record["inputs"]
    )


def unequal_inputs(files: Sequence[Files]) -> tuple[Unequal, ...]:
    """The inputs that are not the same behind all runs, by table.

    Parameters
    ----------
    files
        The files behind each run. A file under another name but with the same content is the same.
    """
    tables = sorted({table for one in files for table, *_ in one})
    found = []
    for table in tables:
        held = [sorted((name, when, digest) for kind, name, when, digest in one if kind == table) for one in files]
        if any([digest for *_, digest in one] != [digest for *_, digest in held[0]] for one in held):
            found.append(Unequal(table, tuple(map(tuple, held))))
    return tuple(found)


def refuse_unequal(unequal: Sequence[Unequal], runs: Sequence[str]) -> None:
    """Stop where runs rest on other files.

    Raises
    ------
    InputProblems
        One finding that names every table that differs.
    """
    if not unequal:
        return
    which = listed([_in_words(one) for one in unequal])
    raise InputProblems(
        [
            Finding(
                "error",
                ", ".join(runs),
                f"these runs were not made from the same inputs: {which}. Their figures speak of different things.",
                FIX,
                code="compare-inputs",
            )
        ]
    )


def _in_words(one: Unequal) -> str:
    """`practices (practices.csv 3883faeb against practices.csv b852bfb9)`."""
    files = [" and ".join(f"{name} {digest[:8]}" for name, _, digest in held) or "none" for held in one.files]
    return f"{one.table.replace('_', ' ')} ({' against '.join(dict.fromkeys(files))})"
