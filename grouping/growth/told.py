"""What does not fit in what the planner says of growth: years beyond the tables, settings that contradict."""

from __future__ import annotations

from collections.abc import Iterator

from geodata.errors import Finding
from grouping.growth.forecast import Case, Forecast, forecast_of
from grouping.growth.homes import UNDATED
from grouping.growth.lists import in_words
from grouping.growth.timeline import Timeline, timeline_of
from grouping.impact.growth import USUAL_GROWTH, few_registered
from grouping.plain_words import listed, plural
from grouping.programme.ground import Ground
from grouping.programme.settings import PROGRAMME_FILE, GrowthSettings

FEWEST_LEFT = 1.0
"""A list with fewer patients than this has nobody on it."""


def problems(ground: Ground) -> list[Finding]:
    """Everything that is wrong or worth knowing in the section `growth` and its tables, errors and warnings."""
    settings, place = ground.settings.growth, ground.run.place
    timeline = timeline_of(place, settings)
    file = ground.inputs.file or PROGRAMME_FILE
    homes = place.housing is not None and len(place.housing) > 0
    tables = bool(timeline.projected) or homes
    found = [
        *_together(settings, timeline, homes, file),
        *_base(settings, timeline, file),
        *_years(settings, timeline, file, tables),
        *_stated(settings, timeline, file),
    ]
    if timeline.moves and not any(one.severity == "error" for one in found):
        found += _tables(ground, forecast_of(Case.of(ground), settings))
    return found


def _finding(severity: str, file: str, message: str, fix: str, key: str, value: object, code: str) -> Finding:
    return Finding(severity, file, message, fix, column=f"growth.{key}", value=str(value), code=code)


def _together(settings: GrowthSettings, timeline: Timeline, homes: bool, file: str) -> Iterator[Finding]:
    lacking = []
    if settings.together in ("housing", "both") and not homes:
        lacking.append("planned housing")
    if settings.together == "both" and not timeline.projected:
        lacking.append("projections")
    if lacking:
        message = f"Growth shall be by {settings.together}, but the case has no {listed(lacking)}."
        fix = "Name the table in case.toml (tables.housing, tables.projections), or take this line out."
        yield _finding("error", file, message, fix, "together", settings.together, "growth-together")
    elif settings.together == "both":
        message = "Projected residents and planned homes are added up: whoever is in both is counted twice."
        fix = "Keep this only if the projections hold none of the planned homes; official ones follow past trends."
        yield _finding("warning", file, message, fix, "together", settings.together, "growth-together")


def _base(settings: GrowthSettings, timeline: Timeline, file: str) -> Iterator[Finding]:
    known = (*timeline.projected, *timeline.planned)
    if not known:
        return
    if settings.base_year is not None and settings.base_year >= max(known):
        message = f"base_year is {settings.base_year}, but nothing is projected or planned after {max(known)}."
        fix = "Correct base_year, or give tables that reach further."
        yield _finding("error", file, message, fix, "base_year", settings.base_year, "growth-base-year")
        return
    early = [year for year in timeline.projected if year <= timeline.base]
    late = [year for year in timeline.projected if year > timeline.base]
    if early and not late:
        message = f"The lists are of {timeline.base}, but the projections end in {early[-1]}: they are not used."
        fix = "Give projections that reach further, or correct base_year."
        yield _finding("warning", file, message, fix, "base_year", timeline.base, "growth-base-year")
    elif early:
        message = (
            f"The projections begin in {early[0]}, the lists are of {timeline.base}: growth is counted from the "
            f"projected residents of {timeline.base}, not from those of the areas table."
        )
        fix = "Nothing needs doing if that is the year of the lists."
        yield _finding("note", file, message, fix, "base_year", timeline.base, "growth-base-year")
    if timeline.guessed:
        message = f"The year of the list sizes is not given; {timeline.base} is taken: {timeline.said}."
        fix = "Write base_year under [growth]: lists follow a straight line from that year to the first one projected."
        yield _finding("warning", file, message, fix, "base_year", "", "growth-base-year")


def _years(settings: GrowthSettings, timeline: Timeline, file: str, tables: bool) -> Iterator[Finding]:
    if settings.year is None:
        return
    if not tables:
        message = f"The options shall be judged again for {settings.year}, but the case holds nothing of later years."
        fix = "Name tables.projections or tables.housing in case.toml, or take this line out."
        yield _finding("error", file, message, fix, "year", settings.year, "growth-year")
    elif not timeline.base < settings.year <= timeline.last:
        message = f"The year {settings.year} lies outside the years known, {timeline.base + 1} to {timeline.last}."
        if not timeline.moves:
            message = f"The year {settings.year} is not later than that of the lists, {timeline.base}."
        fix = "Choose one of them; nothing is said of years beyond the tables."
        yield _finding("error", file, message, fix, "year", settings.year, "growth-year")


def _stated(settings: GrowthSettings, timeline: Timeline, file: str) -> Iterator[Finding]:
    people, by = settings.stated_people, settings.stated_by
    if people is None and by is not None:
        message = "There is a year for a stated growth, but no number of people."
        yield _finding(
            "error", file, message, "Write stated_people, or take stated_by out.", "stated_by", by, "growth-stated"
        )
    elif people is not None and by is None:
        message = "There is a stated growth, but not by when; the last year known is compared with."
        yield _finding("warning", file, message, "Write stated_by.", "stated_people", people, "growth-stated")
    elif people is not None and by is not None and not timeline.moves:
        message = "There is a stated growth, but the case holds nothing of later years to compare it with."
        fix = "Name tables.projections or tables.housing in case.toml."
        yield _finding("warning", file, message, fix, "stated_people", people, "growth-stated")
    elif by is not None and not timeline.base < by <= timeline.last:
        message = f"Growth is stated by {by}; the tables speak of {timeline.base + 1} to {timeline.last}."
        fix = f"{timeline.last if by > timeline.last else timeline.base} is compared with, and the page says so."
        yield _finding("warning", file, message, fix, "stated_by", by, "growth-stated")


def _tables(ground: Ground, forecast: Forecast) -> Iterator[Finding]:
    """Growth that no area is likely to have, and homes whose people may come late or go elsewhere."""
    place, homes = ground.run.place, forecast.homes
    yield from _nobody_left(ground, forecast)
    if forecast.uses_projections and forecast.residents is not None:
        factor = forecast.residents.factor[-1]
        odd = [str(code) for code in place.areas.index[(factor < USUAL_GROWTH[0]) | (factor > USUAL_GROWTH[1])]]
        if odd:
            message = (
                f"In {plural(len(odd), 'area')} residents fall below {USUAL_GROWTH[0]:g} or rise above "
                f"{USUAL_GROWTH[1]:g} times those of {forecast.timeline.base} by {forecast.timeline.last}: "
                f"{in_words(odd)}. Patients there grow alike."
            )
            fix = "Check that both tables use the same boundaries, and that the population is all ages in both."
            yield Finding("warning", _file(ground, "projections"), message, fix, code="projection-factor")
    if homes is None:
        return
    without = homes.table[(homes.table["status"] == UNDATED) & (homes.table["dwellings"] > 0)]
    if len(without):
        message = (
            f"{without['dwellings'].sum():,.0f} planned homes at {plural(len(without), 'place')} have no year: their "
            f"people count in the last year, {forecast.timeline.last}, only."
        )
        file = _file(ground, "housing")
        yield Finding("warning", file, message, "Fill in the year.", column="year", code="growth-undated")
    yield from few_registered(place, homes.people[-1] / forecast.persons, forecast.registered)


def _nobody_left(ground: Ground, forecast: Forecast) -> Iterator[Finding]:
    """Practices that would have no patient any more: nothing can be judged by such lists."""
    lists = forecast.lists.loc[[code for code in ground.plan.practice_codes if ground.lists[code] > 0]]
    empty = lists < FEWEST_LEFT
    gone = [str(code) for code in lists.index[empty.any(axis=1)]]
    if gone:
        year = forecast.years[int(empty.any(axis=0).to_numpy().argmax())]
        message = f"By the projections nobody would be left on the list of {in_words(gone)}, from {year} on."
        fix = "Check the population of the areas where their patients live, and the codes of areas in both tables."
        yield Finding("error", _file(ground, "projections"), message, fix, column="population", code="growth-nobody")


def _file(ground: Ground, table: str) -> str:
    return next((source.file for source in ground.run.place.sources if source.table == table), "")
