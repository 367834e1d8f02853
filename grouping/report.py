"""The page of a run: one HTML file that opens by double click, without network, and prints.

This module chooses what is said and in which words; `grouping.maps` makes the maps, the templates the layout. Texts
from files are escaped by the template engine for every place they stand in (`grouping.escape`).
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import jinja2
import numpy as np
import pandas as pd
from markupsafe import Markup
from pydantic import BaseModel
from xstatic.pkg import leaflet

from geodata.errors import Finding
from geodata.place import Place
from geodata.travel import TravelTimes
from grouping import maps
from grouping.escape import html_name, script_data, visible
from grouping.result import AssessedOption, Run, SolverReport

MINUTE_LIMITS = maps.MINUTE_CLASSES
UNKNOWN = "not known"
NO_CLOSURE = "Grouping practices closes no site."


def write_report(run: Run, path: Path) -> None:
    """Write the page of a run.

    Parameters
    ----------
    run
        The run; everything on the page comes from it.
    path
        The file to write. The same run gives the same bytes.
    """
    path.write_text(render_report(run), encoding="utf-8", newline="\n")


def render_report(run: Run) -> str:
    """Make the page of a run as text."""
    polygons = maps.drawn_areas(run.place.areas)
    colours = [
        maps.group_colours(
            polygons, maps.group_of_area(run.place, option.option.plan).to_numpy(), list(option.groups["group_id"])
        )
        for option in run.options
    ]
    environment = _environment()
    frame = maps.folium_frame(run) if run.options else maps.MapFrame("", "")
    scripts = [_leaflet_script(), _own_file("report.js"), frame.script] if run.options else []
    scripts = [_without_carriage_returns(script) for script in scripts]
    return environment.get_template("report.html.j2").render(
        run=run,
        place=run.place,
        rules=run.rules,
        method=run.times.method,
        title=_title(run),
        styles=Markup(_without_carriage_returns(_leaflet_style() + _own_file("report.css"))),
        scripts=[Markup(script) for script in scripts],  # no text from a file is in them
        policy=_content_policy(scripts),
        frame=Markup(frame.html),
        data=script_data(maps.map_data(run, polygons, colours)) if run.options else "",
        drawing=maps.draw(run, polygons, colours) if run.options else None,
        palette=maps.PALETTE,
        minute_steps=_minute_steps(),
        answer=_answer(run),
        comparison=_comparison(run),
        options=[_option_view(option, run, colour) for option, colour in zip(run.options, colours, strict=True)],
        findings=_findings_by_kind(run.findings),
        proof=_proof(run),
        rule_rows=_rule_rows(run.rules),
        details=_details(run.times.method.details),
        attributions=_attributions(run),
        no_closure=NO_CLOSURE,
        with_locality=bool(run.place.practices["locality"].fillna("").ne("").any()),
    )


# ---------------------------------------------------------------------------------------------------------- the engine


def _environment() -> jinja2.Environment:
    """The template engine: everything is escaped, a name that does not exist is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_own_file),
        autoescape=True,  # by file ending it would not see the ".j2"
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters.update(
        count=count, minutes=minutes, percent=percent, signed=signed, name=html_name, option_title=option_title
    )
    return environment


def _shown(value: object) -> object:
    """What the engine prints for a value: hidden characters spelt out, nothing for None."""
    if value is None:
        return ""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _own_file(name: str) -> str:
    return (files("grouping") / "templates" / name).read_text(encoding="utf-8")


def _leaflet_file(name: str) -> bytes:
    return (Path(leaflet.BASE_DIR) / name).read_bytes()


def _leaflet_script() -> str:
    """Leaflet without the line that makes a developer's browser look for its source map."""
    text = _leaflet_file("leaflet.js").decode("utf-8")
    return re.sub(r"//# sourceMappingURL=\S+", "", text)


def _leaflet_style() -> str:
    """Leaflet's style sheet with its pictures inside."""

    def inside(found: re.Match[str]) -> str:
        picture = base64.b64encode(_leaflet_file(f"images/{found.group(1)}")).decode("ascii")
        return f"url(data:image/png;base64,{picture})"

    text = _leaflet_file("leaflet.css").decode("utf-8")
    text = re.sub(r"behavior:\s*url\(#default#VML\);", "", text)
    return re.sub(r"url\([\"']?images/([\w.-]+)[\"']?\)", inside, text)


def _without_carriage_returns(text: str) -> str:
    """Text as a browser reads it, so that its hash is the one the browser computes."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _content_policy(scripts: Iterable[str]) -> str:
    """What the browser may do with this page: run these scripts and no others, load nothing from anywhere."""
    hashes = [
        "'sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii") + "'"
        for script in scripts
    ]
    allowed = " ".join(hashes) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


# ----------------------------------------------------------------------------------------------------- words and units


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, float | np.floating) and not math.isfinite(value))


def count(value: object) -> str:
    """A whole number with commas."""
    return UNKNOWN if _missing(value) else f"{round(float(value)):,}"


def minutes(value: object) -> str:
    """Minutes with one decimal."""
    return UNKNOWN if _missing(value) else f"{float(value):.1f}"


def percent(value: object, digits: int = 0) -> str:
    """A share as a percentage."""
    return UNKNOWN if _missing(value) else f"{100 * float(value):.{digits}f}%"


def signed(value: object) -> str:
    """A whole number with its sign."""
    return UNKNOWN if _missing(value) else f"{'−' if value < 0 else '+'}{abs(round(float(value))):,}"


def option_title(option_id: str) -> str:
    """How an option is called on the page."""
    number = re.fullmatch(r"option-(\d+)", option_id)
    if number:
        return f"Option {number.group(1)}"
    return "The scored plan" if option_id == "scored" else option_id


def _plural(number: int, one: str, *, start: bool = False) -> str:
    """A number with its word; `start` at the start of a sentence."""
    if number == 1 and start:
        return f"One {one}"
    return f"{number:,} {one if number == 1 else one + 's'}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def _title(run: Run) -> str:
    if run.command == "score":
        return f"A plan for {run.place.name}, scored"
    return f"Practice groups for {run.place.name}"


# ------------------------------------------------------------------------------------------------- the answer in short


def _answer(run: Run) -> list[str]:
    """The answer in a few plain sentences."""
    if not run.options:
        return ["No plan obeys the rules.", *(run.solver.explanation if run.solver else ())]
    first = run.options[0]
    figures = first.headline
    by_hand = run.solver is None
    groups = int(figures["groups"])
    kinds = [f"{figures[f'{kind}_groups']} {kind}" for kind in ("urban", "rural") if int(figures[f"{kind}_groups"])]
    practices = sum(len(group.members) for group in first.option.plan.groups)
    patients = int(first.groups["list_size"].sum())
    start = "The scored plan forms" if by_hand else "The first option forms"
    sentences = [
        f"{start} {_plural(practices, 'practice')} with {patients:,} registered patients into "
        f"{_plural(groups, 'group')} ({_listed(kinds)}), each of {count(figures['smallest'])} to "
        f"{count(figures['largest'])} patients.",
        _exception_sentence(first, by_hand=by_hand),
        *_breach_sentence(first),
        *_left_out_sentence(first),
        _journey_sentence(figures, estimate=run.times.method.estimate),
        *_change_sentence(figures),
        *_estimated_sentence(figures),
    ]
    if by_hand:
        sentences.append(
            "This plan was made by hand. The page measures it by the rule set; it does not say whether another plan "
            "would do better."
        )
    else:
        sentences.append(
            "What was made as small as possible: first the number of patients by which groups fall short of their "
            "minimum, then the number of such groups, then the score (minutes to the hub, with penalties for sizes "
            "outside the preferred range and for splitting localities)."
        )
        if run.solver.status != "optimal":
            sentences.append(
                "The search was stopped before it was complete, so nothing is proven: a better plan may exist, also "
                "one with fewer groups below their minimum."
            )
        sentences += _others_sentence(run)
    return sentences


def _breach_sentence(option: AssessedOption) -> list[str]:
    """Which groups of a plan made by hand break a rule."""
    at_fault = sorted(set(option.notes.loc[option.notes["kind"] == "breach", "group_id"]))
    if not at_fault:
        return []
    return [
        f"{_plural(len(at_fault), 'group', start=True)} {'does' if len(at_fault) == 1 else 'do'} not meet a rule of "
        f"the set: {_listed(at_fault)}. The remarks in the table of groups say which."
    ]


def _left_out_sentence(option: AssessedOption) -> list[str]:
    left_out = option.left_out
    if left_out.empty:
        return []
    return [
        f"{_plural(len(left_out), 'practice', start=True)} with {count(left_out['list_size'].sum())} registered "
        f"patients {'is' if len(left_out) == 1 else 'are'} not in this plan, nor in any total here."
    ]


def _journey_sentence(figures: dict[str, object], *, estimate: bool) -> str:
    rural, urban = figures.get("mean_minutes_hub_rural"), figures.get("mean_minutes_hub_urban")
    by_setting = ""
    if not _missing(rural) and not _missing(urban):
        by_setting = f": {minutes(rural)} for patients in rural areas and {minutes(urban)} in urban ones"
    return (
        f"From home to the hub of the group it is {minutes(figures.get('mean_minutes_to_hub'))} minutes by car on "
        f"average{by_setting}; {percent(figures.get('share_within_15_minutes'))} of patients are within 15 minutes"
        + (", by an estimate on straight lines." if estimate else ".")
    )


def _change_sentence(figures: dict[str, object]) -> list[str]:
    """Better and worse off against the plan before, if there is one."""
    if _missing(figures.get("share_longer")):
        return []
    sentence = (
        f"Against the hubs of the plan before, {percent(figures['share_longer'])} of the patients compared have a "
        f"journey to the hub that is more than a minute longer, and {percent(figures['share_shorter'])} one that is "
        "more than a minute shorter"
    )
    if not _missing(figures.get("share_longer_rural")):
        sentence += (
            f" (in rural areas {percent(figures['share_longer_rural'])} longer and "
            f"{percent(figures['share_shorter_rural'])} shorter)"
        )
    return [f"{sentence}."]


def _estimated_sentence(figures: dict[str, object]) -> list[str]:
    guessed = figures.get("patients_estimated")
    if _missing(guessed) or round(guessed) == 0:
        return []
    return [
        f"Where {count(guessed)} of these patients live is estimated from the population around their practices, which "
        "have no published registrations."
    ]


def _exception_sentence(option: AssessedOption, *, by_hand: bool) -> str:
    short = option.groups[option.groups["margin"] < 0]
    if short.empty:
        return "Every group reaches the minimum that applies to it."
    names = _listed([f"{row.group_id} ({-row.margin:,} short)" for row in short.itertuples()])
    total = f"{int(-short['margin'].sum()):,} patients in all"
    if by_hand:
        return f"{_plural(len(short), 'group', start=True)} stay below the minimum: {names}; {total}."
    verb = (
        "stays below its minimum as a named exception"
        if len(short) == 1
        else ("stay below their minimum as named exceptions")
    )
    return f"{_plural(len(short), 'group', start=True)} {verb}: {names}; {total}."


def _others_sentence(run: Run) -> list[str]:
    """How near the other options are; those beyond every band are called what they are, the next best plans."""
    others = run.options[1:]
    near = [option.option for option in others if not option.option.similar]
    further = [option.option for option in others if option.option.similar]
    sentences = []
    if near:
        furthest = math.ceil(max(option.behind_best for option in near) * 1000) / 1000  # never less than it is
        shares = [option.different_from_best for option in near]
        low, high = percent(min(shares)), percent(max(shares))
        sentences.append(
            f"{_plural(len(near), 'other option', start=True)} {'lies' if len(near) == 1 else 'lie'} within"
            f" {percent(furthest, 1)} of the first one's score; in {'it' if len(near) == 1 else 'each of them'}"
            f" {low if low == high else f'{low} to {high}'} of patients belong to a practice whose group has other"
            " members than in the first. Nearly as good on the score does not mean the same for people: compare them"
            " below."
        )
    if further:
        low, high = (percent(pick(option.behind_best for option in further), 1) for pick in (min, max))
        sentences.append(
            f"No {'other ' if near else ''}plan that is really different was found within"
            f" {percent(run.rules.options.bands[-1])} of that score, so"
            f" {_plural(len(further), 'option')} {'is' if len(further) == 1 else 'are'} simply the next best"
            f" {'plan' if len(further) == 1 else 'plans'} there {'is' if len(further) == 1 else 'are'},"
            f" {low if low == high else f'{low} to {high}'} behind."
        )
    return sentences


def _comparison(run: Run) -> list[tuple[str, list[str]]]:
    """Rows of the table of options side by side: label and one text per option."""
    plain = [option.headline for option in run.options]
    estimate = ", estimate" if run.times.method.estimate else ""

    def row(label: str, key: str, shape: object) -> tuple[str, list[str]]:
        return label, [shape(figures.get(key)) for figures in plain]

    rows = [
        ("Groups", [f"{f['groups']} ({f['urban_groups']} urban, {f['rural_groups']} rural)" for f in plain]),
        row("Smallest group, patients", "smallest", count),
        row("Largest group, patients", "largest", count),
        (
            "Groups below their minimum",
            [
                f"{f['exceptions']}, short by {count(f['shortfall'])} patients in all" if f["exceptions"] else "none"
                for f in plain
            ],
        ),
        row(f"Mean minutes from home to the hub{estimate}", "mean_minutes_to_hub", minutes),
        row("… for patients in rural areas", "mean_minutes_hub_rural", minutes),
        row("… for patients in urban areas", "mean_minutes_hub_urban", minutes),
        row("Patients within 15 minutes of the hub", "share_within_15_minutes", percent),
        row("Patients within 30 minutes of the hub", "share_within_30_minutes", percent),
        row("Longest, practice to its hub, minutes", "longest_practice_minutes", minutes),
        *(
            [
                row("Patients more than a minute further from the hub than before", "share_longer", percent),
                row("… in rural areas", "share_longer_rural", percent),
                row("Patients more than a minute nearer to the hub than before", "share_shorter", percent),
                row("… in rural areas", "share_shorter_rural", percent),
            ]
            if run.before is not None
            else []
        ),
        ("Score, minutes per patient", [f"{option.option.objective:.3f}" for option in run.options]),
    ]
    if run.solver is not None and len(run.options) > 1:
        rows += [
            ("Score behind option 1", ["–", *(percent(o.option.behind_best, 2) for o in run.options[1:])]),
            (
                "Patients whose group has other members than in option 1",
                ["–", *map(_difference, run.options[1:])],
            ),
        ]
    rows.append(("Independent check agrees", ["yes" if option.verified else "no" for option in run.options]))
    return rows


def _difference(option: AssessedOption) -> str:
    share = percent(option.option.different_from_best)
    return f"{share} (simply the next best plan)" if option.option.similar else share


# ----------------------------------------------------------------------------------------------------------- an option


@dataclass(frozen=True)
class PracticeView:
    """One practice in the list of a group's members."""

    code: str
    name: str
    list_size: int
    locality: str
    sites: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class GroupView:
    """One group with everything the page says of it."""

    group_id: str
    name: str
    colour: str
    kind: str
    rural_share: float
    practices: int
    sites: int
    list_size: int
    minimum: int
    margin: int
    bar: float
    mark: float
    hub: str
    mean_minutes: float
    longest_minutes: float
    exception: str
    notes: tuple[tuple[str, str], ...]
    members: tuple[PracticeView, ...]


@dataclass(frozen=True)
class TravelRow:
    """One row of the table of journeys: what is counted, then all, rural and urban patients, as text."""

    label: str
    cells: tuple[str, str, str]


@dataclass(frozen=True)
class FarArea:
    """One of the areas furthest from the hub."""

    name: str
    code: str
    setting: str
    group: str
    to_hub: float
    to_practice: float


@dataclass(frozen=True)
class OptionView:
    """One option as the page shows it."""

    option_id: str
    title: str
    lead: str
    groups: tuple[GroupView, ...]
    hub_journeys: tuple[TravelRow, ...]
    routine_journeys: tuple[TravelRow, ...]
    far_areas: tuple[FarArea, ...]
    change_journeys: tuple[TravelRow, ...]
    verified: bool
    verification: tuple[tuple[str, bool, str], ...]
    left_out: tuple[tuple[str, str, float], ...]


NOTE_WORDS = {
    "oversize": "Oversize",
    "near-threshold": "Near the rural threshold",
    "estimated": "Estimated homes",
    "breach": "Rule not met",
    "second-definition": "Other rural definition",
}


def _option_view(option: AssessedOption, run: Run, colours: dict[str, int]) -> OptionView:
    figures = option.headline
    plan = option.option.plan
    headline = (
        f"{_plural(int(figures['groups']), 'group')} of {count(figures['smallest'])} to {count(figures['largest'])} "
        f"patients; {minutes(figures.get('mean_minutes_to_hub'))} minutes to the hub on average."
    )
    title = option_title(option.option.option_id)
    table = _journeys(run.place, run.times, option)
    return OptionView(
        option_id=option.option.option_id,
        title=title,
        lead=headline,
        groups=_group_views(option, run, colours),
        hub_journeys=_hub_rows(figures, table),
        routine_journeys=_routine_rows(figures, table),
        far_areas=_far_areas(option, run.place),
        change_journeys=_change_rows(figures) if run.before is not None else (),
        verified=option.verified,
        verification=tuple(
            (str(row.claim), bool(row.agrees), str(row.detail)) for row in option.verification.itertuples()
        ),
        left_out=tuple((r.practice_code, r.name, r.list_size) for r in option.left_out.itertuples())
        if len(plan.groups)
        else (),
    )


def _group_views(option: AssessedOption, run: Run, colours: dict[str, int]) -> tuple[GroupView, ...]:
    place = run.place
    largest = max(int(option.groups["list_size"].max()), int(option.groups["minimum"].max()))
    notes: dict[str, list[tuple[str, str]]] = {}
    for row in option.notes.itertuples():
        notes.setdefault(row.group_id, []).append((NOTE_WORDS.get(row.kind, row.kind.capitalize()), row.note))
    own_sites = {
        code: tuple(zip(part["name"].astype(str), part["kind"].astype(str), strict=True))
        for code, part in place.sites.groupby("practice_code")
    }
    members = {group.group_id: group.members for group in option.option.plan.groups}
    views = []
    for row in option.groups.itertuples():
        practices = tuple(
            PracticeView(
                code,
                str(place.practices.at[code, "name"]),
                int(place.practices.at[code, "list_size"]),
                _plain(place.practices.at[code, "locality"]),
                own_sites.get(code, ()),
            )
            for code in members[row.group_id]
        )
        views.append(
            GroupView(
                group_id=row.group_id,
                name=row.name,
                colour=maps.PALETTE[colours[row.group_id]],
                kind=row.kind,
                rural_share=row.rural_share,
                practices=row.practices,
                sites=row.sites,
                list_size=int(row.list_size),
                minimum=int(row.minimum),
                margin=int(row.margin),
                bar=round(100 * row.list_size / largest, 1),
                mark=round(100 * row.minimum / largest, 1),
                hub=str(place.sites.at[row.hub_site_code, "name"]),
                mean_minutes=row.mean_minutes_to_hub,
                longest_minutes=row.max_practice_minutes,
                exception=row.exception,
                notes=tuple(notes.get(row.group_id, ())),
                members=practices,
            )
        )
    return tuple(views)


def _plain(value: object) -> str:
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)


# ------------------------------------------------------------------------------------------------------------ journeys


def _journeys(place: Place, times: TravelTimes, option: AssessedOption) -> pd.DataFrame:
    """Patients and minutes of routine care, one row per practice and area of the practices the plan covers.

    Columns `patients`, `routine` (minutes to the practice's nearest own site, NaN without a route) and `rural`
    (1, 0, or NaN for a home outside the areas of the case).
    """
    covered = set(option.option.plan.practice_codes)
    table = place.registrations[place.registrations["practice_code"].isin(covered)]
    row = pd.Index(times.area_codes).get_indexer(table["area_code"])
    routine = np.full(len(table), np.nan)
    site_at = pd.Index(times.site_codes)
    practice = table["practice_code"].to_numpy()
    for code, sites in place.sites[place.sites["practice_code"] != ""].groupby("practice_code").groups.items():
        mine = np.flatnonzero((practice == code) & (row >= 0))
        if len(mine):
            columns = site_at.get_indexer(pd.Index(sites))
            routine[mine] = times.area_to_site[np.ix_(row[mine], columns)].min(axis=1)
    routine[~np.isfinite(routine)] = np.nan
    return pd.DataFrame(
        {
            "patients": table["patients"].to_numpy(dtype=float),
            "routine": routine,
            "rural": table["area_code"].map(place.areas["rural"].astype(float)).to_numpy(dtype=float),
        }
    )


PARTS = ("", "_rural", "_urban")


def _hub_rows(figures: dict[str, object], table: pd.DataFrame) -> tuple[TravelRow, ...]:
    """Journeys to the hub, from the figures of the option."""
    means = ("mean_minutes_to_hub", "mean_minutes_hub_rural", "mean_minutes_hub_urban")
    rows = [TravelRow("Mean minutes", tuple(minutes(figures.get(key)) for key in means))]
    rows += [
        TravelRow(
            f"Within {limit} minutes",
            tuple(percent(figures.get(f"share_within_{limit}_minutes{part}"), 1) for part in PARTS),
        )
        for limit in MINUTE_LIMITS
    ]
    return (*rows, _counted(table))


def _change_rows(figures: dict[str, object]) -> tuple[TravelRow, ...]:
    """Journeys to the hub before and in this option, of the patients who have both."""
    rows = (
        ("Mean minutes before", "mean_minutes_before", minutes),
        ("Mean minutes in this option", "mean_minutes_compared", minutes),
        ("More than a minute longer", "share_longer", lambda share: percent(share, 1)),
        ("More than a minute shorter", "share_shorter", lambda share: percent(share, 1)),
        ("Patients compared", "patients_compared", count),
    )
    return tuple(
        TravelRow(label, tuple(shape(figures.get(f"{key}{part}")) for part in PARTS)) for label, key, shape in rows
    )


def _routine_rows(figures: dict[str, object], table: pd.DataFrame) -> tuple[TravelRow, ...]:
    """Journeys for routine care: to the patient's own practice, its nearest site."""
    parts = _parts(table)
    timed = [part[part["routine"].notna()] for part in parts]
    keys = ("mean_minutes_routine", "mean_minutes_routine_rural", "mean_minutes_routine_urban")
    means = []
    for key, part in zip(keys, timed, strict=True):
        total = part["patients"].sum()
        own = (part["patients"] * part["routine"]).sum() / total if total else None
        means.append(minutes(figures.get(key, own)))
    rows = [TravelRow("Mean minutes", tuple(means))]
    for limit in MINUTE_LIMITS:
        shares = []
        for part in timed:
            total = part["patients"].sum()
            shares.append(percent(part.loc[part["routine"] <= limit, "patients"].sum() / total if total else None, 1))
        rows.append(TravelRow(f"Within {limit} minutes", tuple(shares)))
    return tuple(rows)


def _parts(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return table, table[table["rural"] == 1.0], table[table["rural"] == 0.0]


def _counted(table: pd.DataFrame) -> TravelRow:
    return TravelRow("Registered patients", tuple(count(part["patients"].sum()) for part in _parts(table)))


def _far_areas(option: AssessedOption, place: Place) -> tuple[FarArea, ...]:
    """The ten areas with the longest journey to their hub (ties: the smaller code)."""
    table = option.areas[option.areas["minutes_hub"].notna() & option.areas["area_code"].isin(place.areas.index)]
    table = table.sort_values(["minutes_hub", "area_code"], ascending=[False, True]).head(10)
    belongs = maps.group_of_area(place, option.option.plan)
    return tuple(
        FarArea(
            name=_plain(place.areas.at[row.area_code, "name"]),
            code=row.area_code,
            setting="rural" if place.areas.at[row.area_code, "rural"] else "urban",
            group=belongs[row.area_code],
            to_hub=row.minutes_hub,
            to_practice=row.minutes_routine,
        )
        for row in table.itertuples()
    )


# ------------------------------------------------------------------------------------------- check, method and sources


@dataclass(frozen=True)
class FindingsView:
    """Findings of one kind: how many, and the first of them."""

    code: str
    severity: str
    number: int
    examples: tuple[Finding, ...]


def _findings_by_kind(findings: tuple[Finding, ...]) -> tuple[FindingsView, ...]:
    """Findings grouped by kind: what may change a result first, then the most frequent."""
    rank = {"error": 0, "warning": 1, "note": 2}
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        kinds.setdefault((finding.severity, finding.code), []).append(finding)
    views = [FindingsView(code, severity, len(found), tuple(found[:3])) for (severity, code), found in kinds.items()]
    return tuple(sorted(views, key=lambda view: (rank.get(view.severity, 3), -view.number, view.code)))


def _proof(run: Run) -> list[str]:
    """What the solver's certificate means, in plain words."""
    solver = run.solver
    if solver is None:
        return ["This plan was made by hand; nothing was searched and nothing is proven about it."]
    proven = solver.status == "optimal"
    listed = (
        f"{solver.candidates:,} possible groups were listed: every set of neighbouring practices that obeys the rules."
    )
    if proven:
        listed += (
            f" The search considers all of them; {solver.columns:,} remained in its final step, the others were shown "
            "not to belong to any better plan."
        )
    lines = [listed, *_proven(solver)]
    if solver.exceptions and proven:
        lines.append(
            f"With these rules no plan has less total shortfall than {count(solver.shortfall)} patients; among the "
            f"plans with that shortfall, none has fewer groups below their minimum than {solver.exceptions}."
        )
    lines += list(solver.explanation)
    seconds = sum(value for value in solver.seconds.values() if isinstance(value, int | float))
    lines.append(f"Solver: {solver.name} {solver.version}; {seconds:.1f} seconds.")
    return lines


def _proven(solver: SolverReport) -> list[str]:
    if solver.objective is None or solver.bound is None or solver.gap is None:
        return [f"Status of the search: {solver.status}."]
    figures = f"Score of the first option {solver.objective:.4f} minutes per patient; bound {solver.bound:.4f}"
    if solver.status == "optimal":
        return [
            f"{figures}; gap {solver.gap:.4%}. The bound is a score that no plan under these rules can go below: with "
            "these inputs, these rules and this score, no other plan scores better. It says nothing of what the "
            "score leaves out."
        ]
    reach = f", its score up to {solver.gap:.2%} lower" if solver.gap < 1 else ""
    return [f"{figures}. The search was stopped before it was complete: a better plan might exist{reach}."]


RULE_WORDS = {
    "name": "Name",
    "version": "Version",
    "title": "Title",
    "size.minimum_urban": "Fewest registered patients of an urban group",
    "size.minimum_rural": "Fewest registered patients of a rural group",
    "size.preferred_minimum_urban": "Preferred least size, urban",
    "size.preferred_minimum_rural": "Preferred least size, rural",
    "size.preferred_maximum": "Preferred largest size",
    "size.hard_maximum": "Largest size (a single larger practice stands alone)",
    "rurality.threshold": "Share of patients in rural areas from which a group is rural",
    "rurality.near_threshold": "Distance from that threshold within which a group is flagged",
    "access.max_minutes_between_members": "Most minutes between the main sites of any two members (0 = no limit)",
    "access.max_minutes_to_hub": "Most minutes from a member's main site to the hub (0 = no limit)",
    "exceptions.policy": "Groups below their minimum",
    "exceptions.at_most": "At most so many exceptions (-1 = any number)",
    "hub.kinds": "Kinds of site that may be a hub (empty = any site of a member)",
    "locality.rule": "Groups across localities",
    "weights.outside_preferred": "Penalty minutes per patient outside the preferred size",
    "weights.split_locality": "Penalty minutes per patient outside the group's largest locality",
    "weights.change_of_group": "Penalty minutes per patient from another of today's groups",
    "options.different_share": "Share of patients with other companions that makes an option different",
    "options.bands": "How far behind the best score an option may lie, in steps",
    "practices.small_list": "List size below which a practice is flagged",
}


def _rule_rows(rules: BaseModel) -> list[tuple[str, str, str]]:
    """Every value of the rule set: key, meaning, value."""
    rows = []
    for section, values in rules.model_dump().items():
        entries = values.items() if isinstance(values, dict) else [("", values)]
        for key, value in entries:
            name = f"{section}.{key}" if key else section
            rows.append((name, RULE_WORDS.get(name, ""), _value_text(value)))
    return rows


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_value_text(entry)}" for key, entry in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(_value_text(entry) for entry in value) or "none"
    return "" if value is None else str(value)


def _details(details: dict[str, object]) -> list[tuple[str, str]]:
    return [(key.replace("_", " "), _value_text(value)) for key, value in details.items()]


def _attributions(run: Run) -> list[str]:
    """Lines of attribution: those of the inputs, and OpenStreetMap's own when its roads were used."""
    lines = [source.attribution for source in run.place.sources if source.attribution]
    mentioned = any("openstreetmap" in line.lower() for line in lines)
    if not run.times.method.estimate and not mentioned and not run.place.made_up:
        lines.append("Road data © OpenStreetMap contributors, available under the Open Database Licence.")
    return list(dict.fromkeys(lines))


def _minute_steps() -> list[tuple[str, str]]:
    """Legend of the minutes: colour and words."""
    words = [f"up to {MINUTE_LIMITS[0]}"]
    words += [f"over {low} to {high}" for low, high in itertools.pairwise(MINUTE_LIMITS)]
    words.append(f"over {MINUTE_LIMITS[-1]}")
    return [*zip(maps.MINUTE_COLOURS, words, strict=True), (maps.NO_ROUTE_COLOUR, "no route or no patients")]
