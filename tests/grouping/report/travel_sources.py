"""Where the figures of the page's tables about travel come from."""

from __future__ import annotations

import re

from tests.grouping.report.page_tables import Shown
from tests.grouping.report.tables_beside import MODES, Checked, Tables, mode_of, option_of, plain_label

MEASURES = (
    (r"People|Registered patients counted", "people"),
    (r"Mean minutes( to the hub by car)?", "mean"),
    (r"Median", "median"),
    (r"Nine in ten within", "p90"),
    (r"Longest minutes|Longest", "longest"),
    (r"Within (\d+) minutes", "within_{}"),
    (r"(?:People )?[Bb]eyond [\d.]+(?: minutes)?", "beyond"),
    (r"No route.*", "no_route"),
    (r"(?:People longer by more than|Longer by over|People longer by more than) (\d+) minutes", "longer_{}"),
    (r"(?:Shorter by over|People shorter by more than) 5 minutes", "shorter_5"),
    (r"(?:People )?[Nn]ewly beyond(?: [\d.]+)?(?: minutes)?", "newly_beyond"),
    (r"No longer beyond [\d.]+", "no_longer_beyond"),
    (r"Mean before|Before", "mean_before"),
    (r"Mean after|After", "mean_after"),
    (r"Change of the mean(?:, minutes)?|Change", "mean_change"),
    (r"People compared(?: with before)?", "people_compared"),
)
"""Words of a figure about travel and its column in the summary."""


def measure(words: str) -> str:
    """The column of the summary that words stand for."""
    for pattern, column in MEASURES:
        found = re.fullmatch(pattern, words)
        if found:
            return column.format(*found.groups())
    message = f"no column of the summary is known for “{words}”"
    raise AssertionError(message)


def overview(shown: Shown, tables: Tables) -> Checked:
    for r, (label, *cells) in enumerate(shown.rows):
        setting = "rural" if "rural" in label else "urban" if "urban" in label else "all"
        population = "age_75_plus" if "75" in label else "no_car" if "without a car" in label else "all"
        column = (
            "mean" if label.startswith("… people in") else "beyond" if label.startswith("… of them") else measure(label)
        )
        yield r, 0, label
        for c, _ in enumerate(cells, start=1):
            wanted = {"journey": "hub", "mode": "car", "setting": setting, "population": population}
            (row,) = tables.summary(option=option_of(shown.columns[c]), **wanted)
            yield r, c, row[column]


def by_population(shown: Shown, tables: Tables) -> Checked:
    """Populations in the rows, settings of each figure in the columns."""
    journey = "routine" if "own practice" in shown.caption else "hub"
    wanted = {"option": option_of(shown.caption), "journey": journey, "mode": mode_of(shown.caption)}
    for r, row in enumerate(shown.rows):
        yield r, 0, row[0]
        found = {one["setting"]: one for one in tables.summary(label=plain_label(row[0]), **wanted)}
        for c, (over, setting) in enumerate(shown.heads[1:], start=1):
            one = found.get(setting.lower())
            yield r, c, None if one is None else one[measure(over)]


def curve(shown: Shown, tables: Tables) -> Checked:
    for r, row in enumerate(shown.rows):
        wanted = {"journey": "hub", "mode": "car", "population": "all", "setting": row[1]}
        (one,) = tables.summary(option=option_of(row[0]), **wanted)
        yield r, 0, row[0]
        yield from ((r, c, one[measure(head)]) for c, head in enumerate(shown.columns) if c > 1)


def inequality(shown: Shown, tables: Tables) -> Checked:
    keys = {"Gap, minutes": "gap", "Ratio": "ratio", "Gap before": "gap_before", "Gap after": "gap_after"}
    for r, row in enumerate(shown.rows):
        yield from ((r, 0, row[0]), (r, 1, row[1]))
        for c, (over, head) in enumerate(shown.heads):
            if c > 1:
                found = tables.rows(
                    "impact-inequality",
                    option=option_of(over),
                    journey="hub",
                    mode=mode_of(shown.caption),
                    label=plain_label(row[0]),
                    compared_with=row[1],
                )
                yield r, c, found[0][keys[head]] if found else None


def equality_gaps(shown: Shown, tables: Tables) -> Checked:
    keys = {"Mean minutes": "mean", "Mean of those": "mean_compared_with", "Ratio": "ratio", "Gap": "gap"}
    keys |= {"Gap before": "gap_before", "Gap after": "gap_after"}
    for r, row in enumerate(shown.rows):
        named = re.search(rf" \(({'|'.join(MODES.values())})\)$", row[0])
        one = tables.row(
            "impact-inequality",
            option=option_of(row[2]),
            journey="hub",
            mode=mode_of(named.group(1) if named else shown.caption),
            label=plain_label(row[0]),
            compared_with=row[1],
        )
        yield from ((r, c, row[c]) for c in range(3))
        yield from ((r, c, one[keys[head]]) for c, head in enumerate(shown.columns) if c > 2)


def equality_who(shown: Shown, tables: Tables) -> Checked:
    for r, row in enumerate(shown.rows):
        one = tables.row("impact-people", label=row[0])
        values = [one["people"], one["rural"], one["urban"]]
        yield from ((r, 0, row[0]), (r, 4, str(one["carried"])))
        yield from ((r, c, value) for c, value in enumerate(values, start=1))


def equality_without_car(shown: Shown, tables: Tables) -> Checked:
    for r, row in enumerate(shown.rows):
        wanted = {"journey": "hub", "mode": mode_of(row[0]), "population": "no_car", "setting": "all"}
        (one,) = tables.summary(option=option_of(row[1]), **wanted)
        yield r, 1, row[1]
        yield from ((r, c, one[measure(head)]) for c, head in enumerate(shown.columns) if c > 1)


def equality_journeys(shown: Shown, tables: Tables) -> Checked:
    mode = mode_of(shown.caption)
    for r, row in enumerate(shown.rows):
        wanted = {"journey": "hub", "mode": mode, "label": plain_label(row[0]), "setting": "all"}
        (one,) = tables.summary(option=option_of(row[1]), **wanted)
        yield from ((r, 0, row[0]), (r, 1, row[1]))
        yield from ((r, c, one[measure(head)]) for c, head in enumerate(shown.columns) if c > 1)


def communities(shown: Shown, tables: Tables) -> Checked:
    keys = {
        "Mean minutes": "minutes",
        "Before": "minutes_before",
        "After": "minutes_after",
        "Change": "change",
        "65 and over": "age_65_plus",
        "No car": "no_car",
        "Most deprived fifth": "most_deprived",
    }
    journey = "routine" if "own practice" in shown.caption else "hub"
    ranks = []
    for r, row in enumerate(shown.rows):
        if row == ["None."]:
            continue
        one = tables.row(
            "impact-communities",
            option=option_of(shown.caption),
            journey=journey,
            mode=mode_of(shown.caption),
            community=row[0],
        )
        ranks.append(one["rank"])
        yield from ((r, 0, row[0]), (r, 1, str(one["setting"])))
        yield from (
            (r, c, one[keys[head] if head in keys else measure(head)]) for c, head in enumerate(shown.columns) if c > 1
        )
    assert ranks == sorted(ranks), "worst first"


def practices_and_groups(shown: Shown, tables: Tables) -> Checked:
    name, key = ("practices", "practice_code") if shown.columns[0] == "Practice" else ("groups", "group_id")
    keys = {"Mean before": "mean_before", "Mean after": "mean_after", "Change": "change"}
    for r, row in enumerate(shown.rows):
        if row == ["None."]:
            continue
        wanted = {"option": option_of(shown.caption), "journey": "hub", "mode": "car", key: row[1]}
        one = tables.row(f"impact-{name}", **wanted)
        yield r, 0, str(one["name"] or row[1])
        yield r, 1, row[1]
        yield from ((r, c, one[keys.get(head) or measure(head)]) for c, head in enumerate(shown.columns) if c > 2)


def scenarios(shown: Shown, tables: Tables) -> Checked:
    for r, row in enumerate(shown.rows):
        yield r, 0, row[0]
        for c, (over, title) in enumerate(shown.heads):
            if c:
                one = tables.row("impact-scenarios", option=option_of(title), title=row[0])
                kind = "mean" if over == "Mean minutes" else "beyond"
                both = [one[kind], one[f"rank_{kind}"]]
                yield r, c, both if one[f"rank_{kind}"] is not None else one[kind]


def robust(shown: Shown, tables: Tables) -> Checked:
    for r, row in enumerate(shown.rows):
        rows = tables.rows("impact-robust", community=row[0], robust="yes")
        yield from ((r, 0, row[0]), (r, 2, rows[0]["people"]))
        for c, title in enumerate(shown.columns[3:], start=3):
            one = [one for one in rows if one["option"] == option_of(title)]
            yield r, c, [one[0]["base"], one[0]["least"], one[0]["most"]] if one else None


def near_sites(shown: Shown, tables: Tables) -> Checked:
    rows = tables.rows("impact-mitigation_sites", option=option_of(shown.caption))
    for r, (row, one) in enumerate(zip(shown.rows, rows, strict=True)):
        assert row[1] == str(one["kind"])
        yield from ((r, 0, str(one["site"] or one["site_code"])), (r, 2, str(one["of_practice"])))
        yield from ((r, 3, one["people_added"]), (r, 4, one["people_in_all"]))


def only_words(shown: Shown, tables: Tables) -> Checked:
    """Questions for people: their cells hold sentences of the program and no figure of the run."""
    assert tables.run.impact is not None
    yield from ((r, c, cell) for r, row in enumerate(shown.rows) for c, cell in enumerate(row))
