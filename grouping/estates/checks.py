"""What `[estates]` says against what the sites table holds: labels nobody has, and labels that cannot both be true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geodata.errors import Finding
from geodata.tables.columns import nearest
from grouping.estates.buildings import FACETS, buildings, labels, plain
from grouping.estates.grades import labels_held

if TYPE_CHECKING:
    import pandas as pd

    from grouping.programme.ground import Ground


def problems(ground: Ground) -> list[Finding]:
    """Contradictions (errors), and labels and schemes that do not fit the sites table (warnings)."""
    if ground.run.public:
        return []
    said, file = ground.settings.estates, ground.inputs.file
    table = buildings(ground)
    found = [
        _finding("error", file, f"{word} counts as modern and as needing major investment.", _ONE_OF, "major", word)
        for word in said.major
        if plain(word) in map(plain, said.modern)
    ]
    held = labels(table[said.judged_by], said.scale)
    for key, chosen in (("modern", said.modern), ("major", said.major)):
        found += [_unknown(file, key, word, said.judged_by, table, held) for word in chosen if not _in(word, held)]
    return found + _beyond_scale(file, table, said.scale) + _contradictions(ground, table)


_ONE_OF = "Keep it under one of the two."


def _in(word: str, held: list[str]) -> bool:
    return plain(word) in map(plain, held)


def _unknown(file: str, key: str, word: str, facet: str, table: pd.DataFrame, held: list[str]) -> Finding:
    message = f"No site has the {facet} {word}."
    if not held:
        others = [name for name in FACETS if (table[name] != "").any()]
        fix = f"Add a column {facet} to the sites table."
        if others:
            fix += f' Or write judged_by = "{others[0]}" under [estates]: the table has {", ".join(others)}.'
        return _finding("warning", file, message, fix, key, word)
    close = nearest(word, held, cutoff=0.6)
    fix = (f"Did you mean {close}? " if close else "") + f"The sites have {labels_held(table, facet)}."
    return _finding("warning", file, message, fix, key, word)


def _beyond_scale(file: str, table: pd.DataFrame, scale: tuple[str, ...]) -> list[Finding]:
    if not scale:
        return []
    known = set(map(plain, scale))
    beyond = sorted({text for facet in FACETS for text in table[facet] if text and plain(text) not in known})
    if not beyond:
        return []
    message = f"The sites have labels that the scale does not: {', '.join(beyond[:10])}. They stand after it in tables."
    fix = "Add them to the scale in their place, or correct the sites table."
    return [_finding("warning", file, message, fix, "scale", beyond[0])]


def _contradictions(ground: Ground, table: pd.DataFrame) -> list[Finding]:
    """Schemes of sites that are said not to be committed: they count as not committed."""
    sites = ground.run.place.sites
    file = next((one.file for one in ground.run.place.sources if one.table == "sites"), "sites")
    found = []
    for code in table.index[(table["scheme"] != "") & ~table["committed"]]:
        message = f"The site {code} names a scheme, and committed says no: it counts as not committed."
        fix = "Write yes under committed, or take the scheme out."
        where = {"column": "committed", "value": str(sites.at[code, "scheme"]), "code": "scheme-not-committed"}
        found.append(Finding("warning", file, message, fix, **where))
    return found


def _finding(severity: str, file: str, message: str, fix: str, key: str, value: str) -> Finding:
    code = "estates-labels"
    return Finding(severity, file, message, fix, column=f"estates.{key}", value=value, code=code)  # type: ignore[arg-type]
