"""What a check writes down: each claim, whether it holds, and which groups are at fault."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import pandas as pd

Fault = tuple[str, str]
"""The id of a group and what is wrong with it."""

NONE = "none"
"""Said of a rule that no group breaks, where there is nothing to count."""


@dataclass
class Ledger:
    """Collects claims in the order they were checked."""

    rows: list[dict[str, object]] = field(default_factory=list)

    def note(self, kind: str, claim: str, wrong: list[str], checked: str, faults: list[Fault] | None = None) -> None:
        """Add a claim: what is wrong with it (nothing if it agrees), and which groups are at fault and how."""
        self.rows.append(
            {
                "kind": kind,
                "claim": claim,
                "agrees": not wrong,
                "detail": "; ".join(wrong) if wrong else checked,
                "faults": tuple(sorted(faults or [])),
            }
        )

    def note_by_group(
        self, claim: str, faults: list[Fault], checked: str, *, excused: Collection[str] = frozenset()
    ) -> None:
        """Add a rule that each group keeps or breaks; what excused groups break is told, and not held against them."""
        counted = [fault for fault in faults if fault[0] not in excused]
        let_pass = [
            f"{group_id} stands by decision although: {what}" for group_id, what in faults if group_id in excused
        ]
        self.note(
            "rule",
            claim,
            [f"{group_id}: {what}" for group_id, what in counted],
            "; ".join([checked, *let_pass] if not let_pass or checked != NONE else let_pass),
            counted,
        )

    def table(self) -> pd.DataFrame:
        """All claims, one row each."""
        return pd.DataFrame(self.rows, columns=["kind", "claim", "agrees", "detail", "faults"])
