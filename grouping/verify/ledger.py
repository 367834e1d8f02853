"""What a check writes down: each claim, whether it holds, and which groups are at fault."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

Fault = tuple[str, str]
"""The id of a group and what is wrong with it."""


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

    def note_by_group(self, claim: str, faults: list[Fault], checked: str) -> None:
        """Add a rule that each group keeps or breaks."""
        self.note("rule", claim, [f"{group_id}: {what}" for group_id, what in faults], checked, faults)

    def table(self) -> pd.DataFrame:
        """All claims, one row each."""
        return pd.DataFrame(self.rows, columns=["kind", "claim", "agrees", "detail", "faults"])
