"""How many patients more each practice could take: the planner's table, else a share of the list, which is assumed.

A practice that the table does not name, or whose cell is empty, has what is assumed: not known is not none.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.errors import Finding
from geodata.tables.columns import nearest
from grouping.programme.ground import Ground

TABLE = "capacity"


def places_of(ground: Ground, codes: tuple[str, ...]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Places of each practice, and whether the planner's table gives them.

    Parameters
    ----------
    ground
        The option and what the planner says.
    codes
        P practices.

    Returns
    -------
    tuple
        Patients, whole numbers as float64, shape (P,); bool, shape (P,).
    """
    lists = ground.practices["list_size"].reindex(list(codes)).to_numpy(np.float64)
    # a share of a whole number may lie a hair below the whole number it stands for: 0.1 x 30 is 3
    places = np.floor(ground.settings.resilience.spare_share * lists + 1e-9)
    rows = ground.inputs.rows(TABLE)
    given = np.zeros(len(codes), dtype=bool)
    if rows is not None:
        own = pd.to_numeric(rows.set_index("practice_code")["places"]).astype(float).reindex(list(codes))
        given = own.notna().to_numpy()
        places = np.where(given, own.to_numpy(np.float64), places)
    return places, given


def problems(ground: Ground) -> list[Finding]:
    """What is wrong with the table of places: practices that nobody knows, and more places than patients.

    Parameters
    ----------
    ground
        The option and what the planner says.
    """
    table = ground.inputs.table(TABLE)
    if table is None:
        return []
    lists = ground.practices["list_size"]
    findings = []
    for i, (code, places) in enumerate(zip(table.frame["practice_code"], table.frame["places"], strict=True)):
        if code not in lists.index:
            close = nearest(str(code), lists.index)
            hint = f"Did you mean {close} ({ground.practices.at[close, 'name']})?" if close else ""
            message = "This row names a practice that is not in the practices table."
            fix = hint or "Write the code as in the table of practices."
            findings.append(table.finding(i, "practice_code", message, fix, "unknown-practice"))
        elif not pd.isna(places) and places > lists[code] > 0:
            message = f"{code} has {int(places):,} places free, which is more than its list of {lists[code]:,}."
            fix = "Give the places that are free, not the patients a practice has or could have in all."
            findings.append(table.finding(i, "places", message, fix, "many-places", severity="warning"))
    return findings


def template_tables(ground: Ground) -> dict[str, pd.DataFrame]:
    """The table of places with every practice of the case, to be filled in as far as it is known.

    The cells are empty: a figure that is only assumed would else come back as one that the planner has given.

    Parameters
    ----------
    ground
        The option and what the planner says.
    """
    codes = list(ground.practices.index)
    return {TABLE: pd.DataFrame({"practice_code": codes, "places": pd.array([pd.NA] * len(codes), dtype="Int64")})}
