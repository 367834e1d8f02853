"""A page for one locality to hand over: which groups its practices would be in, with whom, and what to talk about.

It is made from the same run as the page of the whole plan, says the same in fewer words, and holds only what concerns
the practices of one locality: one file, without script and without network.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from markupsafe import Markup

from geodata.place import Place
from grouping import maps
from grouping.agreement import always_together
from grouping.page import content_policy, environment, own_file, without_carriage_returns
from grouping.plain_words import NO_CLOSURE, UNKNOWN, count, is_missing, listed, minutes, plural, share_of_plans
from grouping.report.group_figures import all_figures
from grouping.report.group_section import plain_text
from grouping.report.impact import PlacePart, place_parts
from grouping.report.locality_questions import questions
from grouping.report.locality_rows import CommunityRow, LocalGroup, LocalOption, PracticeRow
from grouping.report.method import attribution_lines
from grouping.report.option import OptionView, option_views
from grouping.result import Run

STYLES = ("shared.css", "report/map.css", "report/groups.css", "print.css", "report/locality.css")
SURROUNDINGS = 0.2
"""So much of the width of a locality is shown around it on its map."""

LEAST_SURROUNDINGS_M = 2_000.0
MOST_SETTLED, MOST_OPEN = 12, 20
"""How many settled sets and open borders a page lists, the largest and the most open first."""


def locality_names(run: Run) -> tuple[str, ...]:
    """The localities that practices of a run are in, in the order of the alphabet."""
    names = {plain_text(name) for name in run.place.practices["locality"]} - {""}
    return tuple(sorted(names, key=lambda name: (name.casefold(), name)))


def write_locality_pages(run: Run, folder: Path) -> list[Path]:
    """Write a page for each locality.

    Parameters
    ----------
    run
        The run, as public as the pages shall be.
    folder
        Where to write; it is made if need be.

    Returns
    -------
    The files in the order of the localities' names; none where no practice is in a locality. Each begins with the
    number of the locality, so that names that are alike, or cannot be file names, are no matter.
    """
    names = locality_names(run)
    if not names or not run.options:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    shared, width, written = _Shared(run), len(str(len(names))), []
    for number, name in enumerate(names, start=1):
        path = folder / f"{number:0{max(width, 2)}d}-{file_word(name)}.html"
        path.write_text(_page(shared, name), encoding="utf-8", newline="\n")
        written.append(path)
    return written


def locality_page(run: Run, locality: str) -> str:
    """The page of one locality as text: one HTML file without script or network.

    Parameters
    ----------
    run
        The run, as public as the page shall be.
    locality
        A name among `locality_names(run)`.

    Raises
    ------
    KeyError
        If no practice is in a locality of that name.
    """
    if locality not in locality_names(run):
        raise KeyError(locality)
    return _page(_Shared(run), locality)


def file_word(name: str) -> str:
    """A name as part of a file name: small letters, digits and hyphens; `locality` where nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-") or "locality"


class _Shared:
    """What the pages of all localities of a run share."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.place: Place = run.place
        self.polygons = maps.drawn_areas(run.place.areas)
        shapes = maps.group_shapes(run, self.polygons)
        self.colours = [maps.group_colours(self.polygons, shape.of_area, list(shape.outlines)) for shape in shapes]
        self.figures = all_figures(run)
        self.options = option_views(run, self.colours, self.figures)
        self.engine = environment()
        self.styles = Markup(without_carriage_returns("".join(map(own_file, STYLES))))

    @cached_property
    def label_of(self) -> dict[str, str]:
        """Locality of each practice."""
        return {code: plain_text(name) for code, name in self.place.practices["locality"].items()}

    @cached_property
    def home_of(self) -> dict[str, str]:
        """Locality that most patients of each area are registered in (ties: the smaller name)."""
        table = self.place.registrations
        named = table.assign(locality=table["practice_code"].map(self.label_of))
        sums = (
            named[named["locality"].fillna("") != ""]
            .groupby(["area_code", "locality"], as_index=False)["patients"]
            .sum()
        )
        sums = sums.sort_values(["area_code", "patients", "locality"], ascending=[True, False, True])
        return dict(sums.drop_duplicates("area_code")[["area_code", "locality"]].itertuples(index=False, name=None))

    @cached_property
    def locality_of(self) -> dict[str, str]:
        """The locality of each community: where most of its areas lie (ties: the first by name), none outside all."""
        table = _by_car(self.table("communities"))
        if not len(table):
            return {}
        names = locality_names(self.run)
        inside = {name: areas_of_locality(self, name) for name in names}
        found = {}
        for community, codes in table.drop_duplicates("community").set_index("community")["areas"].items():
            areas = str(codes).split()
            here = {name: sum(code in inside[name] for code in areas) for name in names}
            outside = sum(not any(code in inside[name] for name in names) for code in areas)
            best = max(names, key=lambda name: here[name])  # the first of equals
            if here[best] >= max(outside, 1):
                found[str(community)] = best
        return found

    @cached_property
    def sentences(self) -> tuple[PlacePart, ...]:
        """What is said of each community."""
        return () if self.run.impact is None else tuple(place_parts(self.run.impact))

    def table(self, name: str) -> pd.DataFrame:
        """A table of the impact; an empty one where there is none."""
        return pd.DataFrame() if self.run.impact is None else self.run.impact.tables.get(name, pd.DataFrame())


def _page(shared: _Shared, locality: str) -> str:
    run = shared.run
    codes = tuple(code for code, name in shared.label_of.items() if name == locality)
    options = tuple(_local(option, set(codes), locality) for option in shared.options)
    practices = _practice_rows(shared, codes)
    communities = _community_rows(shared, locality)
    settled, open_borders, more = _settled(shared, codes)
    return shared.engine.get_template("report/locality.html.j2").render(
        run=run,
        place=run.place,
        method=run.times.method,
        locality=locality,
        options=shared.options,
        local=options,
        drawing=_drawing(shared, locality, codes),
        lead=_lead(shared, codes),
        together=_same_in_all(options) if len(options) > 1 else None,
        practices=practices,
        communities=communities,
        place_sentences=_place_sentences(shared, {row.name for row in communities}),
        settled=settled,
        open_borders=open_borders,
        more_borders=more,
        questions=questions(options, open_borders, communities, locality),
        titles=[option.title for option in shared.options],
        attributions=attribution_lines(run),
        styles=shared.styles,
        policy=content_policy([]),
        no_closure=NO_CLOSURE,
    )


# ------------------------------------------------------------------------------------------------- groups and practices


def _local(option: OptionView, ours: set[str], locality: str) -> LocalOption:
    groups = tuple(
        LocalGroup(
            option.title,
            group,
            tuple(member for member in group.members if member.code in ours),
            tuple(member for member in group.members if member.code not in ours),
        )
        for group in option.groups
        if any(member.code in ours for member in group.members)
    )
    found = {member.code for one in groups for member in one.ours}
    elsewhere = sum(len(one.others) for one in groups)
    alone = "with nobody from elsewhere" if not elsewhere else f"with {plural(elsewhere, 'practice')} from elsewhere"
    lead = f"{plural(len(found), 'practice', start=True)} of {locality} in {plural(len(groups), 'group')}, {alone}."
    left = tuple(name for code, name, _ in option.left_out if code in ours)
    return LocalOption(option, lead, groups, left)


def _lead(shared: _Shared, codes: Sequence[str]) -> str:
    """Whom the page is about."""
    patients = int(shared.place.practices.loc[list(codes), "list_size"].sum())
    return (
        f"{plural(len(codes), 'practice', start=True)} with {count(patients)} registered patients "
        f"{'is' if len(codes) == 1 else 'are'} in this locality. This page shows what "
        f"{plural(len(shared.options), 'draft option')} would mean for them."
    )


def _same_in_all(options: Sequence[LocalOption]) -> list[str]:
    """Its practices that share a group in each of the options, in sets of two or more."""
    names = {member.code: member.name for one in options for group in one.groups for member in group.ours}
    of = [{member.code: group.group.group_id for group in one.groups for member in group.ours} for one in options]
    sets: dict[tuple[str, ...], list[str]] = {}
    for code in sorted(names):
        sets.setdefault(tuple(groups.get(code, f"out-{code}") for groups in of), []).append(names[code])
    return [listed(together) for together in sets.values() if len(together) > 1]


def _practice_rows(shared: _Shared, codes: Sequence[str]) -> tuple[PracticeRow, ...]:
    members = {member.code: member for option in shared.options for group in option.groups for member in group.members}
    table = _by_car(shared.table("practices"))
    rows = []
    for code in codes:
        if code not in members:
            continue
        mine = table[table["practice_code"] == code] if len(table) else table
        groups = tuple(
            next((g.group_id for g in option.groups if any(m.code == code for m in g.members)), "left out")
            for option in shared.options
        )
        rows.append(
            PracticeRow(
                members[code],
                _figure(mine, shared.options[0].option_id, "routine", "mean"),
                groups,
                tuple(_figure(mine, option.option_id, "hub", "mean") for option in shared.options),
            )
        )
    return tuple(rows)


def _by_car(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["mode"] == "car"] if "mode" in table else table


def _figure(table: pd.DataFrame, option: str, journey: str, column: str) -> str:
    """One figure of a table of journeys as text; empty where there is no row, `*` where it is hidden."""
    if column not in table:
        return ""
    found = table.loc[(table["option"] == option) & (table["journey"] == journey), column]
    if not len(found):
        return ""
    value = found.iloc[0]
    return value if isinstance(value, str) else UNKNOWN if is_missing(value) or pd.isna(value) else minutes(value)


# ---------------------------------------------------------------------------------------------------------- communities


def areas_of_locality(shared: _Shared, locality: str) -> frozenset[str]:
    """Areas whose point lies in the locality; without its outline those most of whose patients are registered there."""
    place = shared.place
    if locality in place.localities.index and len(place.areas):
        outline = shapely.make_valid(shapely.union_all(place.localities.geometry[[locality]].to_numpy()))
        inside = shapely.intersects_xy(outline, place.areas["x"].to_numpy(float), place.areas["y"].to_numpy(float))
        if inside.any():
            return frozenset(place.areas.index[inside])
    return frozenset(code for code, home in shared.home_of.items() if home == locality)


def _community_rows(shared: _Shared, locality: str) -> tuple[CommunityRow, ...]:
    """The communities of the locality, those with the longest journeys to a hub first."""
    table = _by_car(shared.table("communities"))
    rows = []
    for name in (community for community, home in shared.locality_of.items() if home == locality):
        mine = table[table["community"] == name]
        longest = pd.to_numeric(mine.loc[mine["journey"] == "hub", "minutes"], errors="coerce").max()
        to_hub = tuple(_to_hub(mine, option.option_id) for option in shared.options)
        own = _figure(mine, shared.options[0].option_id, "routine", "minutes")
        rows.append(CommunityRow(str(name), _people(mine["people"].iloc[0]), own, to_hub, float(longest)))
    return tuple(sorted(rows, key=lambda row: (-np.nan_to_num(row.longest, nan=-1.0), row.name)))


def _to_hub(mine: pd.DataFrame, option: str) -> str:
    """Minutes to the hub, and by how much they change where there is a plan or a service to compare with."""
    said = _figure(mine, option, "hub", "minutes")
    found = mine.loc[(mine["option"] == option) & (mine["journey"] == "hub"), "change"] if "change" in mine else ()
    change = found.iloc[0] if len(found) else None
    if change is None or isinstance(change, str) or is_missing(change) or pd.isna(change):
        return said
    return f"{said} ({'−' if change < 0 else '+'}{abs(change):.1f})"


def _people(value: object) -> str:
    return value if isinstance(value, str) else count(value)


def _place_sentences(shared: _Shared, names: Iterable[str]) -> tuple[PlacePart, ...]:
    """What the page of the whole plan says of each of its communities in sentences."""
    wanted = set(names)
    return tuple(part for part in shared.sentences if part.name in wanted)


# -------------------------------------------------------------------------------------------------- settled or a choice


def _settled(shared: _Shared, codes: Sequence[str]) -> tuple[tuple[str, ...], tuple[tuple[str, str, str], ...], int]:
    """Sets of practices never separated, open borders as (practice, neighbour, share), and how many more of these."""
    agreement = shared.run.agreement
    if agreement is None:
        return (), (), 0
    ours, names = set(codes), shared.place.practices["name"].astype(str).to_dict()
    settled = tuple(
        listed([names.get(code, code) for code in together])
        for together in always_together(agreement)
        if ours & set(together)
    )
    table = agreement.table
    rows = table[(table["verdict"] == "choice") & table["border"].astype(bool)]
    rows = rows[rows["practice_a"].isin(ours) | rows["practice_b"].isin(ours)]
    order = (rows["together_share"] - 0.5).abs().sort_values(kind="stable").index
    found = []
    for row in rows.loc[order].itertuples():
        here, there = (row.practice_a, row.practice_b) if row.practice_a in ours else (row.practice_b, row.practice_a)
        where = "" if there in ours else f" ({shared.label_of.get(there, '')})" if shared.label_of.get(there) else ""
        found.append(
            (names.get(here, here), f"{names.get(there, there)}{where}", share_of_plans(float(row.together_share)))
        )
    return settled[:MOST_SETTLED], tuple(found[:MOST_OPEN]), max(len(found) - MOST_OPEN, 0)


# -------------------------------------------------------------------------------------------------------------- the map


def _drawing(shared: _Shared, locality: str, codes: Sequence[str]) -> maps.Drawing:
    """The still maps, cropped to the locality and what is around it."""
    west, south, east, north = _extent(shared, locality, codes)
    box = shapely.box(west, south, east, north)
    place, polygons = shared.place, shapely.intersection(shared.polygons, box)
    outlines = place.localities.assign(
        geometry=shapely.intersection(shapely.make_valid(place.localities.geometry.to_numpy()), box)
    )
    outlines = outlines[~outlines.geometry.is_empty]
    sites = shapely.intersects_xy(box, place.sites.geometry.x, place.sites.geometry.y)
    cropped = replace(shared.run, place=replace(place, localities=outlines))
    drawing = maps.draw(cropped, polygons, shared.colours, extent=(west, south, east, north))
    options = tuple(
        replace(option, groups=tuple(_inside(group, drawing) for group in option.groups if group.path))
        for option in drawing.options
    )
    seen = tuple(site for site, there in zip(drawing.sites, sites, strict=True) if there)
    return replace(drawing, options=options, sites=seen)


def _inside(group: maps.still.DrawnGroup, drawing: maps.Drawing) -> maps.still.DrawnGroup:
    """The group; a hub that lies outside the picture is put where nobody sees it."""
    x, y = group.hub
    if 0 <= x <= drawing.width and 0 <= y <= drawing.height:
        return group
    return replace(group, hub=(-999, -9_999))


def _extent(shared: _Shared, locality: str, codes: Sequence[str]) -> tuple[float, float, float, float]:
    """What its map holds, in metres: the locality and its sites, with surroundings, neither too wide nor too high."""
    place = shared.place
    shapes = [place.sites.geometry[place.sites["practice_code"].isin(codes)].to_numpy()]
    shapes.append(place.practices.geometry[list(codes)].to_numpy())
    if locality in place.localities.index:
        shapes.append(place.localities.geometry[[locality]].to_numpy())
    west, south, east, north = shapely.total_bounds(np.concatenate(shapes))
    around = max(SURROUNDINGS * max(east - west, north - south), LEAST_SURROUNDINGS_M)
    wide, high = east - west + 2 * around, north - south + 2 * around
    wide, high = max(wide, 0.8 * high), max(high, 0.55 * wide)
    x, y = (west + east) / 2, (south + north) / 2
    return float(x - wide / 2), float(y - high / 2), float(x + wide / 2), float(y + high / 2)
