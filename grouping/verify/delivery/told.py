"""The lines of the check of a programme, and the table they stand in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from grouping.named_table import Column, NamedTable

NAME = "programme-checks"

COLUMNS = (
    Column("part", "Part", "text"),
    Column("claim", "Claim", "text"),
    Column("agrees", "Agrees", "text", "yes or no; a programme with a no is not written"),
    Column("detail", "What was derived again", "text"),
)


@dataclass(frozen=True)
class Check:
    """One claim that was derived again.

    Parameters
    ----------
    part
        Part of the programme, such as `rollout`.
    claim
        What is claimed, in plain words.
    agrees
        Whether it is what the inputs give.
    detail
        What was looked at, or what is wrong.
    """

    part: str
    claim: str
    agrees: bool
    detail: str


def checks_table(checks: Sequence[Check], titles: dict[str, str]) -> NamedTable:
    """The lines as a table.

    Parameters
    ----------
    checks
        The lines in their order.
    titles
        What parts are called on the page.
    """
    rows = [(titles.get(one.part, one.part), one.claim, "yes" if one.agrees else "no", one.detail) for one in checks]
    table = pd.DataFrame(rows, columns=[column.key for column in COLUMNS], dtype=object)
    holds = "One row a claim that was derived again from the inputs, by code that shares nothing with the parts."
    return NamedTable(NAME, "Claims derived again", holds, table, COLUMNS)
