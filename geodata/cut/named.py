"""Places asked for by name: which codes they have in the published files, for a message that can be acted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from geodata.cut.choose import PracticeList, of_board
from geodata.cut.names import all_names
from geodata.cut.record import count
from geodata.errors import Finding, InputProblems
from geodata.tables.columns import plain_name

if TYPE_CHECKING:
    from geodata.published.catalogue import Catalogue

MOST_COMMISSIONERS = 4
"""How many commissioners of a name are told."""


def is_name(text: str) -> bool:
    """Whether a text is a name (`Isle of Wight`): codes of more than three characters hold a digit."""
    return not any(sign.isdigit() for sign in text) and any(len(word) > 3 for word in text.split())


def refuse_names(
    asked: Sequence[str],
    catalogue: Catalogue,
    chosen: PracticeList,
    boards: Mapping[str, frozenset[str]],
    areas: pd.DataFrame,
    registrations: pd.DataFrame | None,
) -> None:
    """Tell which codes stand for what was asked for by name.

    Parameters
    ----------
    asked
        Codes and names, as `codes_asked` gives them.
    catalogue, chosen
        The published files, and the list of practices of the date.
    boards
        ICB code -> sub-ICB codes.
    areas
        All areas, perhaps with `authority`.
    registrations
        Rows of `practice_code, area_code, patients`, or None.

    Raises
    ------
    InputProblems
        One finding for each name.
    """
    names = [text for text in asked if is_name(text)]
    if not names:
        return
    everyone = chosen.open()
    codes = {*everyone["commissioner"], *everyone["board"], *boards} - {""}
    known = all_names(catalogue, codes)
    problems = []
    for name in names:
        parts = [
            f"{code} is {title} ({count(len(_practices(everyone, code, boards)), 'practice')})"
            for code, title in known.items()
            if plain_name(name) in plain_name(title)
        ][:MOST_COMMISSIONERS]
        fix = f"{'; '.join(parts)}. " if parts else ""
        fix += _of_authority(name, everyone, areas, registrations)
        message = "This is a name; a case is cut by the codes of commissioners or practices."
        fix = fix.strip() or "Write the code of a sub-ICB (11J), of an ICB (QVV) or of practices, with commas between."
        label = chosen.file.table.label
        problems.append(Finding("error", label, message, fix, value=name, code="unknown-commissioner"))
    raise InputProblems(problems)


def _practices(everyone: pd.DataFrame, code: str, boards: Mapping[str, frozenset[str]]) -> pd.Index:
    own = everyone.index[everyone["commissioner"] == code]
    return own if len(own) else of_board(everyone, code, boards)


def _of_authority(name: str, everyone: pd.DataFrame, areas: pd.DataFrame, registrations: pd.DataFrame | None) -> str:
    """The practices with most of their patients in the local authority of that name, as a command takes them."""
    if registrations is None or "authority" not in areas:
        return ""
    titles = {plain_name(title): title for title in areas["authority"].unique() if title}
    title = titles.get(plain_name(name))
    if title is None:
        return ""
    here = registrations["area_code"].isin(areas.index[areas["authority"] == title])
    total = registrations.groupby("practice_code")["patients"].sum()
    inside = registrations[here].groupby("practice_code")["patients"].sum()
    codes = sorted(code for code in inside.index if code in everyone.index and 2 * inside[code] > total[code])
    if not codes:
        return ""
    number = count(len(codes), "open practice")
    have = "has most of its" if len(codes) == 1 else "have most of their"
    command = f'--commissioner {",".join(codes)} --name "{title}"'
    return f"{number} {have} patients in the local authority {title}: {command}"
