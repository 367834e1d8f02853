"""Texts that try to run, to blank or to become a formula, and a case that holds them in every column of text."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

from tests.grouping.made_run import HOSTILE_NAMES
from tests.small_case import _areas as areas_of_small_case
from tests.small_case import write_small_case

MARK = "__ran"
"""What a text that runs would set in the page; no page sets it itself."""

NASTY = (
    f"<script>{MARK}=1</script>",
    f"</title></style></textarea><script>{MARK}=1</script>",
    f"<img src=x onerror={MARK}=1>",
    f"<svg onload={MARK}=1>",
    f"<svg><animate onbegin={MARK}=1 attributeName=x dur=1s>",
    f'<svg><a xlink:href="javascript:{MARK}=1"><text>x</text></a></svg>',
    f'"><details open ontoggle={MARK}=1>',
    f"' onmouseover='{MARK}=1",
    f'" onfocus="{MARK}=1" autofocus tabindex=1 x="',
    f"javascript:{MARK}=1",
    f"<iframe srcdoc='<script>parent.{MARK}=1</script>'>",
    "<base href=//example.invalid/><link rel=stylesheet href=//example.invalid/x>",
    "<meta http-equiv=refresh content=0;url=//example.invalid>",
    "</bdi></td></table></div><h1>out</h1>",
    "]]><!--<![CDATA[",
    "--><!-- --!>",
    "{{ 7*7 }}{% raw %}{# x #}${7*7}#{7*7}<%= 7 %>",
    "{{ run.place.__class__ }}{{ cycler.__init__.__globals__ }}",
    f"`${{{MARK}=1}}`\\u0060",
    f"\\';{MARK}=1;//",
    "}</style><style>*{display:none}",
    "expression(x);background:url(//example.invalid/x)",
    "url(javascript:x);} @import '//example.invalid/x';",
    "&lt;b&gt;&#x3c;&amp;amp;",
    "line\u2028one\u2029two\u0085three",
    "null\x00in the middle",
    "lone \ud800 surrogate \udfff",
    "\u202eright to left\u202c \u2066isolated\u2069 \u061c",
    "zero\u200bwidth\u200d\ufeff\u2060joiner",
    "bell\x07 escape\x1b[31m form\x0c vertical\x0b",
    "\ufffe\uffff not in XML",
    "_x000D__x0041_",
    "\U0001f3e5 astral \U00020000 \u0301combining",
    "=1+1",
    "=HYPERLINK(\"http://example.invalid\",\"x\")",
    "=cmd|' /C calc'!A0",
    "+SUM(1,2)",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "row\r=1+1",
    "row\r\n=1+1",
    '","=1+1',
    ";=1+1",
    "'=1+1",
    "#REF!",
    "%s%d%n{0}{name}",
    "../../../etc/passwd",
    "C:\\con\\nul",
    "a" * 10_000,
    "sp ace " * 1_500,
    "true",
    "NaN",
    "1e999",
    *HOSTILE_NAMES,
)  # fmt: skip


def fuzzed(number: int, seed: int = 7) -> tuple[str, ...]:
    """Texts put together from pieces that mean something to some reader; the same for the same seed."""
    pieces = (
        "<", ">", "</", "/>", "script", "style", "svg", "a href=", "onclick=", f"{MARK}=1", "'", '"', "`", "${", "{{",
        "}}", "{%", "%}", "<!--", "-->", "]]>", "<![CDATA[", "&", "&#60;", "\\", "\\u003c", "\u2028", "\u202e",
        "\u200b", "\x00", "\ud800", "=", "+", "-", "@", "\t", "\r", "\n", ";", ",", "|", "javascript:",
        "data:text/html,", "name",
    )  # fmt: skip
    rng = random.Random(seed)
    return tuple("".join(rng.choice(pieces) for _ in range(rng.randint(3, 14))) for _ in range(number))


def in_file(text: str) -> bool:
    """Whether a CSV or TOML file can hold the text, and a table keeps it as a name of its own."""
    return "\x00" not in text and text.strip() != "" and encodes(text)


def encodes(text: str) -> bool:
    """Whether a text is one that UTF-8 can hold: without lone surrogates."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def write_hostile_case(folder: Path, texts: tuple[str, ...]) -> Path:
    """The small case with hostile texts in every column of text, and in every text of `case.toml`.

    The texts go round: areas take them in turn from the first, every other column from another place in the list.
    """
    texts = tuple(text for text in dict.fromkeys(texts) if in_file(text))
    write_small_case(folder)
    turn = _Turn(texts)
    _fill(folder / "practices.csv", turn, ("name", "locality", "clinical_system", "current_group", "notes"))
    _number(folder / "practices.csv", "vulnerability", (2, 3, 4, 1, 5, 3, 2, 3))
    _fill(folder / "sites.csv", turn, ("name", "notes"))
    _fill(folder / "sites.csv", turn, ("condition", "suitability", "quality", "utilisation", "tenure", "scheme"))
    for column, values in (("floor_area_m2", (800, 650)), ("annual_cost", (90_000,)), ("investment_cost", (20_000,))):
        _number(folder / "sites.csv", column, values)
    _fill(folder / "areas.csv", turn, ("name", "ward", "kind_of_place"), few=("kind_of_place",))
    spots = [(x, y) for _, _, x, y, *_ in areas_of_small_case()]
    _points(folder / "settlements.csv", turn, spots)
    _points(folder / "pharmacies.csv", turn, spots[::5])
    homes = [{"name": name, "dwellings": 40, "year": 2027, "x": 403_000, "y": 101_000} for name in turn.take(20)]
    _write(folder / "housing.csv", homes)
    (folder / "case.toml").write_text(_settings(turn), encoding="utf-8")
    return folder


class _Turn:
    """Gives texts in turn, each column from another place on."""

    def __init__(self, texts: tuple[str, ...]) -> None:
        self.texts, self.at = texts, 0

    def take(self, number: int) -> list[str]:
        taken = [self.texts[(self.at + i) % len(self.texts)] for i in range(number)]
        self.at += number
        return taken


def _fill(path: Path, turn: _Turn, columns: tuple[str, ...], few: tuple[str, ...] = ()) -> None:
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    for column in columns:
        words = turn.take(
            3 if column in few or column in {"locality", "current_group", "clinical_system"} else len(rows)
        )
        for i, row in enumerate(rows):
            row[column] = words[i % len(words)]
    _write(path, rows)


def _number(path: Path, column: str, values: tuple[int, ...]) -> None:
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    _write(path, [row | {column: values[i % len(values)]} for i, row in enumerate(rows)])


def _points(path: Path, turn: _Turn, spots: list[tuple[int, int]]) -> None:
    names = turn.take(len(spots))
    _write(path, [{"name": name, "x": x, "y": y} for name, (x, y) in zip(names, spots, strict=True)])


def _write(path: Path, rows: list[dict]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)


def _settings(turn: _Turn) -> str:
    quoted = iter([_toml(text) for text in turn.take(40)])
    lines = ["schema_version = 1", f"name = {next(quoted)}", "made_up = true", "", "[rules]", 'set = "dorset-2017"']
    lines += ["", "[roads]", 'method = "straight-line"']
    for table in ("practices", "sites", "areas", "registrations", "settlements", "pharmacies", "housing"):
        lines += ["", f"[tables.{table}]", f'file = "{table}.csv"']
        lines += [f"{key} = {next(quoted)}" for key in ("vintage", "licence", "attribution")]
    lines += ["", "[impact.columns]", f'{next(quoted)} = {{ column = "kind_of_place", kind = "class" }}']
    lines += ["", "[[rules.decisions]]", 'kind = "together"', 'practices = ["X00001", "X00002"]']
    lines += [f"reason = {next(quoted)}"]
    lines += ["", "[[rules.decisions]]", 'kind = "grant-exception"', 'practices = ["X00006", "X00007", "X00008"]']
    lines += [f"reason = {next(quoted)}"]
    return "\n".join(lines) + "\n"


PROGRAMME = "programme.toml"

CRITERIA = (
    "Quality of care for all", "Access for all", "Affordability and value for money", "Workforce", "Time to deliver",
    "Other: research and education",
)  # fmt: skip


def write_hostile_programme(case: Path, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Put `programme.toml` with all its tables beside a hostile case, hostile texts in every column of text.

    Sites are asked about, and labels of the case say which are modern and which need major investment.

    Returns
    -------
    The texts that stand in it and that every reader is told.
    """
    turn = _Turn(tuple(text for text in dict.fromkeys(texts) if in_file(text) and len(text) < 200))
    codes = [f"X0000{number}" for number in range(1, 9)]
    waves = turn.take(3)
    remarks, reasons, sources = turn.take(16), turn.take(4), turn.take(8)
    resources, units, roles = turn.take(3), turn.take(3), turn.take(16)
    rows: dict[str, list[dict]] = {
        "waves": [{"wave": wave, "target_share": share} for wave, share in zip(waves, (0.2, 0.6, 1), strict=True)],
        "milestones": [
            {"milestone": name, "wave": wave, "target_share": 0.5, "source": source}
            for name, wave, source in zip(turn.take(3), waves, sources, strict=False)
        ],
        "readiness": [
            {"practice_code": code, "ready_from": waves[i % 2], "note": note}
            for i, (code, note) in enumerate(zip(codes, turn.take(8), strict=True))
        ],
        "order": [{"kind": "first", "practices": codes[0], "after": "", "wave": waves[0], "reason": reasons[0]}],
        "ratios": [
            {
                "resource": resource, "kind": kind, "amount": 3, "per_patients": 1_000, "wave": wave,
                "unit": {"money": "pounds", "hours": "hours a week"}.get(kind, unit),
                "stated": 90, "stated_patients": 1_000,
                "source": source,
            }
            for resource, kind, unit, wave, source in zip(
                resources, ("money", "posts", "hours"), units, waves, sources[4:7], strict=True
            )
        ],
        "capacity": [{"practice_code": code, "places": 500} for code in codes],
        "scores": [
            {"option": f"option-{1 + i % 2}", "criterion": CRITERIA[i // 2], "score": i, "who": who, "note": note}
            for i, (who, note) in enumerate(zip(turn.take(10), turn.take(10), strict=True))
        ],
        "weights": [{"criterion": criterion, "weight": 20} for criterion in CRITERIA],
        "engagement": [
            {
                "date": f"2026-05-{1 + i:02d}", "option": ("option-1", "")[i % 2], "practice_code": codes[i % 8],
                "place": place, "role": role, "said": said, "changed": changed if i % 3 == 0 else "",
                "why_not": changed if i % 3 == 1 else "", "public": ("yes", "no")[i % 4 == 3],
            }
            for i, (place, role, said, changed) in enumerate(
                zip(turn.take(16), roles, remarks, turn.take(16), strict=True)
            )
        ],
        "history": [
            {"option": "option-1", "came_from": "today", "date": "2026-04-01", "reason": reasons[1], "public": "yes"},
            {"option": "option-2", "came_from": "option-1", "date": "", "reason": reasons[3], "public": "yes"},
        ],
    }  # fmt: skip
    lines = ["schema_version = 1", "", "[tables]"]
    for name, table in rows.items():
        _write(case / f"programme_{name}.csv", table)
        lines.append(f'{name} = "programme_{name}.csv"')
    labels = _labels(case / "sites.csv", "condition")
    lines += ["", "[growth]", "base_year = 2026", "year = 2027", "", "[estates]", "m2_per_1000 = 60"]
    lines += [f"modern = [{_toml(labels[0])}]", f"major = [{', '.join(map(_toml, labels[1:5]))}]"]
    lines += ["", "[site_options]", "look = true", "budget = 30000", "cost_per_m2 = 100", "protect = []"]
    (case / PROGRAMME).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return (*waves, *resources, *sources[4:7])


def _labels(path: Path, column: str) -> list[str]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(dict.fromkeys(row[column] for row in csv.DictReader(handle)))


def _toml(text: str) -> str:
    """A text as TOML spells it: as JSON, but no character of two escapes, and none below the blank."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
