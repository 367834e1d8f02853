"""Whether every remark of the planner's table is told once, and for the public only those marked for it."""

from __future__ import annotations

from collections import Counter

from grouping.verify.delivery.claims import Claims, Row, count, first_few, is_missing
from grouping.verify.ledger import Ledger

EXAMPLE = "Example: replace this row."
"""The row of a template that is nobody's remark."""

COLUMNS = ("role", "said", "changed", "why_not")


def check_engagement(ledger: Ledger, claims: Claims) -> None:
    """Check the log of what was said."""
    rows = [row for row in claims.said("engagement") or [] if row.get("said") != EXAMPLE]
    told = claims.rows("engagement-log")
    said, shown = Counter(map(_key, rows)), Counter(map(_key, told))
    wrong = [f"told too often or not in the table: {key[1]}" for key in (shown - said)]
    if claims.public:
        marked = Counter(_key(row) for row in rows if row.get("public", "").casefold() in ("yes", "y", "true", "1"))
        wrong = [f"not marked for the public: {key[1]}" for key in (shown - marked)]
        ledger.note("rule", "only remarks marked for the public are told, each once", first_few(wrong),
                    f"{count(len(told), 'remark')}")  # fmt: skip
    else:
        wrong += [f"not told: {key[1]}" for key in (said - shown)]
        ledger.note(
            "rule", "every remark of the planner's table is told once", first_few(wrong), count(len(rows), "remark")
        )
    wrong = [f"{row['said']}: {row['status']}" for row in told if not _fits(row)]
    ledger.note(
        "figure", "what became of each remark is what its row says", first_few(wrong), count(len(told), "remark")
    )


def _key(row: Row) -> tuple[str, ...]:
    return tuple("" if is_missing(row.get(column)) else str(row[column]).strip() for column in COLUMNS)


def _fits(row: Row) -> bool:
    """Whether the status of a remark is that of its cells: changed, answered, or open."""
    text = str(row["status"]).casefold()
    wanted = "change" if not is_missing(row["changed"]) else "answer" if not is_missing(row["why_not"]) else "open"
    return wanted in text
