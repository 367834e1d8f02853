"""The tables a planner can edit, filled with what holds now: read back unchanged they change nothing."""

from __future__ import annotations

import pandas as pd

from grouping.programme.ground import Ground
from grouping.rollout.readiness import readiness_of, ready_word
from grouping.rollout.rollout import rollout_of
from grouping.rollout.waves import milestones_of, waves_of


def template_tables(ground: Ground) -> dict[str, pd.DataFrame]:
    """Waves, milestones, readiness of every practice, and the groups that start first as rules of order."""
    waves = waves_of(ground)
    readiness = readiness_of(ground, waves)
    rollout = rollout_of(ground)
    first = [group for group in ground.plan.groups if waves and rollout.start[group.group_id] == 0]
    return {
        "waves": _frame(
            ("wave", "target_share", "most_groups", "most_patients"),
            [(wave.name, wave.target_share, wave.most_groups, wave.most_patients) for wave in waves],
        ),
        "milestones": _frame(
            ("milestone", "wave", "target_share", "source"),
            [(one.name, one.wave, one.target_share, one.source) for one in milestones_of(ground)],
        ),
        "readiness": _frame(
            ("practice_code", "ready_from", "note"),
            [(code, ready_word(one.ready, waves), one.by) for code, one in readiness.items()],
        ),
        "order": _frame(
            ("kind", "practices", "after", "wave", "reason"),
            [
                (
                    "first",
                    " ".join(group.members),
                    None,
                    None,
                    f"{group.group_id} starts in {waves[0].name} as planned now",
                )
                for group in first
            ],
        ),
    }


def _frame(columns: tuple[str, ...], rows: list[tuple]) -> pd.DataFrame:
    cells = [["" if cell is None else cell for cell in row] for row in rows]  # beside None 6 would be written 6.0
    return pd.DataFrame(cells, columns=list(columns), dtype=object)
