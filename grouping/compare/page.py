"""Puts the page of a comparison together: one HTML file, no script, nothing asked of any network."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from grouping.compare.alike import Alike, how_alike
from grouping.compare.answer import answer_lines, share_words
from grouping.compare.basis import attributions, origins, remarks, rule_differences, sources
from grouping.compare.best_at import NO_WINNER, Best, best_at, best_lines, not_assessed
from grouping.compare.communities import MOST, Community, communities_apart
from grouping.compare.comparison import Comparison
from grouping.compare.differences import Row, practice_rows
from grouping.compare.figures import Figure, figures_of
from grouping.compare.picture import Pictures, pictures
from grouping.compare.together import ALL, NONE, SOME, Core, always_together, together_table
from grouping.impact.about import DRAFT
from grouping.impact.words import change_cell, minutes_cell
from grouping.page import content_policy, environment, own_file, without_carriage_returns
from grouping.plain_words import NO_CLOSURE, WHAT_IS_LEFT_OUT

STYLES = ("shared.css", "compare/compare.css", "print.css")
MOST_CHOICES = 25
"""Pairs of neighbours shown that are together in some plans only; all of them are in `together.csv`."""


@dataclass(frozen=True)
class Link:
    """Two neighbouring practices as a line between main sites, in drawing units, and in how many plans together."""

    x1: int
    y1: int
    x2: int
    y2: int
    said: str
    share: float


@dataclass(frozen=True)
class Choice:
    """Two neighbouring practices that are together in some plans, and which."""

    first: str
    second: str
    plans: tuple[str, ...]


@dataclass(frozen=True)
class Worked:
    """Everything worked out about a comparison, for the page, the tables and the record."""

    comparison: Comparison
    alike: tuple[Alike, ...]
    figures: tuple[Figure, ...]
    bests: tuple[Best, ...]
    rows: tuple[Row, ...]
    together: pd.DataFrame
    cores: tuple[Core, ...]
    communities: tuple[Community, ...]
    pictures: Pictures

    @property
    def letters(self) -> list[dict[str, str]]:
        """The letter of each group, per plan."""
        return list(self.pictures.lettered.letters)

    @property
    def lines(self) -> list[str]:
        """The answer in plain sentences."""
        return answer_lines(self.comparison, self.together, self.bests)


def work_out(comparison: Comparison) -> Worked:
    """Everything that is shown and written."""
    return Worked(
        comparison,
        how_alike(comparison),
        figures_of(comparison),
        best_at(comparison),
        practice_rows(comparison),
        together_table(comparison),
        always_together(comparison),
        communities_apart(comparison),
        pictures(comparison),
    )


def title_of(comparison: Comparison) -> str:
    """Title of the page."""
    places = list(dict.fromkeys(one.run.place.name for one in comparison.plans))
    return f"Plans for {' and '.join(places)} compared"


def render_comparison(worked: Worked) -> str:
    """Make the page as text; the same comparison gives the same text."""
    comparison = worked.comparison
    return (
        environment()
        .get_template("compare/compare.html.j2")
        .render(
            title=title_of(comparison),
            draft=DRAFT,
            no_closure=NO_CLOSURE,
            no_winner=NO_WINNER,
            public_note=WHAT_IS_LEFT_OUT if comparison.public else "",
            styles=Markup(without_carriage_returns("".join(map(own_file, STYLES)))),
            policy=content_policy([]),
            comparison=comparison,
            plans=comparison.plans,
            remarks=remarks(comparison),
            lines=worked.lines,
            pictures=worked.pictures,
            leads=[_lead(figures) for figures in zip(*(_few(worked.figures)), strict=True)],
            letters=_letters(worked),
            figures=worked.figures,
            grid=_grid(worked),
            share_words=share_words,
            bests=worked.bests,
            best_lines=best_lines(comparison, worked.bests),
            not_assessed=not_assessed(comparison),
            links=_links(worked),
            cores=[(_names(worked, core.codes), core.patients) for core in worked.cores],
            choices=_choices(worked)[:MOST_CHOICES],
            more_choices=max(len(_choices(worked)) - MOST_CHOICES, 0),
            rows=sorted(worked.rows, key=lambda row: (not row.differs, row.name, row.code)),
            changes=[_changes(worked, k) for k in range(1, len(comparison.plans))],
            colours=worked.pictures.lettered.colours,
            of_group=worked.letters,
            communities=worked.communities[:MOST],
            more_communities=max(len(worked.communities) - MOST, 0),
            minutes_cell=minutes_cell,
            change_cell=change_cell,
            origins=origins(comparison),
            rule_rows=rule_differences(comparison),
            attributions=attributions(comparison),
            sources=sources(comparison),
        )
    )


def _few(figures: tuple[Figure, ...]) -> list[tuple[str, ...]]:
    """The figures under each map: groups, those below their minimum, mean minutes."""
    by_key = {figure.key: figure for figure in figures}
    return [by_key[key].shown for key in ("groups", "exceptions", "mean_all_all") if key in by_key]


def _lead(shown: tuple[str, ...]) -> str:
    groups, exceptions, *minutes = shown
    short = {"0": "none below its minimum", "1": "1 below its minimum"}.get(exceptions)
    number = groups.split(" ")[0]
    line = f"{number} {'group' if number == '1' else 'groups'}, {short or f'{exceptions} below their minimum'}"
    return line + (f"; {minutes[0]} minutes to the hub on average." if minutes else ".")


def _letters(worked: Worked) -> list[tuple[str, str, list[list[tuple[str, str, int]]]]]:
    """Per letter: colour, and per plan the groups of that letter: id, name, list size (one at most)."""
    lettered = worked.pictures.lettered
    rows = []
    for name in lettered.order:
        cells, colour = [], ""
        for one, letters, colours in zip(worked.comparison.plans, lettered.letters, lettered.colours, strict=True):
            found = one.option.groups[one.option.groups["group_id"].map(letters) == name]
            cells.append([(str(row.group_id), str(row.name), int(row.list_size)) for row in found.itertuples()])
            colour = colour or next((colours[group] for group, _, _ in cells[-1]), "")
        rows.append((name, colour, cells))
    return rows


def _grid(worked: Worked) -> list[list[Alike | None]]:
    """How alike any two plans are as a square; None on its diagonal."""
    size = len(worked.comparison.plans)
    grid: list[list[Alike | None]] = [[None] * size for _ in range(size)]
    for pair in worked.alike:
        grid[pair.first][pair.second] = grid[pair.second][pair.first] = pair
    return grid


def _names(worked: Worked, codes: tuple[str, ...]) -> list[str]:
    names = worked.comparison.place.practices["name"]
    return [f"{names[code]} ({code})" for code in codes]


def _links(worked: Worked) -> list[Link]:
    """Every pair of neighbours; what is together in every plan is drawn on top."""
    spots, rank = worked.pictures.main_sites, {NONE: 0, SOME: 1, ALL: 2}
    table = worked.together[worked.together["neighbours"]]
    rows = sorted(table.itertuples(), key=lambda row: (rank[row.together_in], row.practice_a, row.practice_b))
    return [
        Link(*spots[row.practice_a], *spots[row.practice_b], row.together_in, row.plans_together / row.plans)
        for row in rows
    ]


def _choices(worked: Worked) -> list[Choice]:
    """Neighbours that are together in some plans only, the most even first."""
    table = worked.together[worked.together["neighbours"] & (worked.together["together_in"] == SOME)]
    rows = sorted(
        table.itertuples(), key=lambda row: (abs(2 * row.plans_together - row.plans), row.practice_a, row.practice_b)
    )
    plans, partitions = worked.comparison.plans, worked.comparison.partitions
    return [
        Choice(
            f"{row.name_a} ({row.practice_a})",
            f"{row.name_b} ({row.practice_b})",
            tuple(
                one.title
                for one, partition in zip(plans, partitions, strict=True)
                if row.practice_b in partition[row.practice_a]
            ),
        )
        for row in rows
    ]


def _changes(worked: Worked, k: int) -> list[tuple[Row, list[str], list[str]]]:
    """Practices with other companions in plan k than in the first, with the names of those gained and lost."""
    names = worked.comparison.place.practices["name"]
    rows = sorted((row for row in worked.rows if row.seats[k].other_companions), key=lambda row: (row.name, row.code))
    return [
        (row, [str(names[code]) for code in row.seats[k].gained], [str(names[code]) for code in row.seats[k].lost])
        for row in rows
    ]
