"""What stands on a map for each group: its letters, or a number where somebody gave the groups whole names."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 6
"""Most letters that a map of many groups has room for; codes of networks have six."""


def group_letters(ids: Sequence[str]) -> dict[str, str]:
    """Letters of each group on a map: its id, or for all of an option 1, 2, ... where an id is longer than `LONGEST`.

    Parameters
    ----------
    ids
        The groups of one option, in the order of its tables.
    """
    if all(len(group_id) <= LONGEST for group_id in ids):
        return {group_id: group_id for group_id in ids}
    return {group_id: str(number) for number, group_id in enumerate(ids, start=1)}
