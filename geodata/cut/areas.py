"""The areas of a case: those of the commissioner, and neighbour areas over the border where its patients live.

A commissioner whose code the areas know has the areas of that code. For a code of another time, and for a list of
practices, an area belongs to the case where one of its practices has the most registrations of all practices, or is the
nearest by the straight line among all practices open on that day. So it is, too, for a code that was kept while the
commissioner got another territory: its areas of today are then won by practices of others, or its practices win areas
outside them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geodata.cut.record import Record, count, listed
from geodata.published.registered import home_words, outside_england

MOVED_SHARE = 0.25
"""So many areas of others among those of a code (or of its own practices outside them) mean that it was kept by another
commissioner. Of the 177 codes of 2016 and 2022 that areas of 2022 carry, the two where that is so have 35% and 55%, the
next one has 20%."""

NEIGHBOUR_KM = 25.0
"""Areas of others are kept this far (straight line) from a site; patients who live farther are counted, not timed."""


def home_areas(
    areas: pd.DataFrame,
    registrations: pd.DataFrame,
    mains: Callable[[], pd.DataFrame],
    sites: pd.DataFrame,
    *,
    codes: Collection[str],
    everyone: Collection[str],
    commissioners: Collection[str],
    boards: Collection[str],
    listed_practices: bool,
    title: str,
    file: str,
    record: Record,
) -> pd.Index:
    """The areas that are the case's own.

    Parameters
    ----------
    areas
        All areas known, indexed by code: `x`, `y`, and where told `commissioner` and `board`.
    registrations
        `practice_code`, `area_code`, `patients` of all practices.
    mains
        Gives the main sites of all practices open on the day, indexed by code: `x`, `y`; called only if needed.
    sites
        Sites of the case: an area far from all of them is not its own (a few patients where nobody else counts, or no
        place known of the practices there).
    codes
        Practices of the case.
    everyone
        All practices open on the day.
    commissioners, boards
        Codes asked for.
    listed_practices
        Whether practices were asked for by their own code.
    """
    by_code = _of_codes(areas, commissioners, boards)
    won = _won(areas, registrations, set(codes))
    moved = ""
    if by_code is not None and not listed_practices:
        moved = _moved(by_code, won, _won(areas, registrations, set(everyone) - set(codes)))
    if by_code is not None and not listed_practices and not moved:
        message = f"The areas of {title} are those that carry its code: {len(by_code):,}."
        record.note("home-areas", file, message, value=str(len(by_code)))
        return by_code
    won = _within_reach(areas, won, sites)
    near = _within_reach(areas, _nearest(areas, mains(), set(codes)), sites)
    home = areas.index[areas.index.isin(won) | areas.index.isin(near)]
    rest = len(home.difference(won))
    if moved:
        why = f"The code of {title} seems to have meant another territory at that date ({moved})"
    elif listed_practices:
        why = "Practices were asked for by their own code"
    else:
        several = len({*commissioners, *boards}) > 1
        why = f"Not every code of {title} is carried by areas" if several else f"No area carries a code for {title}"
    message = (
        f"{why}, so that the areas are those of its practices: {len(home):,}. In {len(won):,} they have the most "
        f"registrations of all practices; in {rest:,} more the nearest main site of all practices open at that date is "
        "one of theirs."
    )
    if moved:
        fix = "Compare with a map of that time; areas are marked as neighbours or not in the table of areas."
        record.warn("areas-of-another-time", file, message, fix, value=str(len(home)))
    else:
        record.note("home-areas", file, message, value=str(len(home)))
    return home


def _moved(by_code: pd.Index, won: pd.Index, rivals: pd.Index) -> str:
    """Whether the areas that carry a code are not those of its practices: how far, in words; empty if they are."""
    theirs, outside = len(by_code.intersection(rivals)), len(won.difference(by_code))
    if theirs <= MOVED_SHARE * len(by_code) and outside <= MOVED_SHARE * len(won):
        return ""
    return (
        f"in {theirs:,} of the {len(by_code):,} areas that carry it practices of others have the most registrations, "
        f"and {outside:,} of the {len(won):,} areas where its practices have the most do not carry it"
    )


def _of_codes(areas: pd.DataFrame, commissioners: Collection[str], boards: Collection[str]) -> pd.Index | None:
    """Areas that carry the codes, or None if one of the codes is carried by none."""
    take = np.zeros(len(areas), dtype=bool)
    for column, codes in (("commissioner", commissioners), ("board", boards)):
        for code in codes:
            here = (areas[column] == code).to_numpy() if column in areas else np.zeros(len(areas), dtype=bool)
            if not here.any():
                return None
            take |= here
    return areas.index[take] if take.any() else None


def _won(areas: pd.DataFrame, registrations: pd.DataFrame, codes: set[str]) -> pd.Index:
    """Areas where one practice of the case has the most registrations of all (ties: the smaller code)."""
    rows = registrations[registrations["area_code"].isin(areas.index) & (registrations["patients"] > 0)]
    rows = rows.sort_values(["area_code", "patients", "practice_code"], ascending=[True, False, True], kind="stable")
    best = rows.drop_duplicates("area_code")
    return pd.Index(best.loc[best["practice_code"].isin(codes), "area_code"])


def _nearest(areas: pd.DataFrame, mains: pd.DataFrame, codes: set[str]) -> pd.Index:
    """Areas to which no main site is nearer than one of the case's (which may share its building with another's)."""
    mains = mains[np.isfinite(mains[["x", "y"]].to_numpy(dtype=float)).all(axis=1)]
    own = mains[mains.index.isin(codes)]
    if own.empty:
        return areas.index[:0]
    points = areas[["x", "y"]].to_numpy(dtype=float)
    to_own, to_any = (cKDTree(some[["x", "y"]].to_numpy(dtype=float)).query(points)[0] for some in (own, mains))
    return areas.index[to_own <= to_any]


def neighbour_areas(
    areas: pd.DataFrame,
    home: pd.Index,
    registrations: pd.DataFrame,
    sites: pd.DataFrame,
    *,
    title: str,
    file: str,
    record: Record,
) -> pd.Index:
    """Areas of others within reach of a site where registered patients of the case live.

    All registrations outside the home areas are counted: those in neighbour areas, those farther away, and those
    outside England or without a known area. They all stay in the table of registrations.
    """
    outside = registrations[~registrations["area_code"].isin(home) & (registrations["patients"] > 0)]
    known = pd.Index(sorted(set(outside["area_code"]) & set(areas.index)))
    near = _within_reach(areas, known, sites)
    if len(outside):
        _tell_outside(outside, near, title, file, record)
    return near


def _within_reach(areas: pd.DataFrame, codes: pd.Index, sites: pd.DataFrame) -> pd.Index:
    """Those of some areas that lie within `NEIGHBOUR_KM` of a site."""
    if not len(codes):
        return codes
    tree = cKDTree(sites[["x", "y"]].to_numpy(dtype=float))
    distance, _ = tree.query(areas.loc[codes, ["x", "y"]].to_numpy(dtype=float))
    return codes[distance <= NEIGHBOUR_KM * 1000]


def _tell_outside(outside: pd.DataFrame, near: pd.Index, title: str, file: str, record: Record) -> None:
    here, foreign = outside["area_code"].isin(near), outside_england(outside["area_code"])
    far = ~here & ~foreign
    kept, beyond, abroad = (int(outside.loc[rows, "patients"].sum()) for rows in (here, far, foreign))
    where = listed(sorted(set(outside.loc[foreign, "area_code"].map(home_words))), 3)
    message = (
        f"{count(len(outside), 'row')} of registrations with {count(outside['patients'].sum(), 'patient')} are of "
        f"people who live outside the areas of {title}: {kept:,} in {count(len(near), 'neighbour area')} within "
        f"{NEIGHBOUR_KM:g} km of a site, kept and marked; {beyond:,} farther away; {abroad:,} outside England"
    )
    message += f" or not placed: {where}." if foreign.any() else "."
    value = f"{len(outside)} rows, {int(outside['patients'].sum())} patients, {abroad} outside England"
    record.note("registrations-outside", file, message, value=value)


def tell_far_sites(home: pd.DataFrame, sites: pd.DataFrame, *, title: str, record: Record) -> None:
    """Warn of sites that stand far from every area of the case itself: a practice that serves another place too."""
    if home.empty:
        return
    distance, _ = cKDTree(home[["x", "y"]].to_numpy(dtype=float)).query(sites[["x", "y"]].to_numpy(dtype=float))
    for row, metres in zip(sites.itertuples(), distance, strict=True):
        if metres > NEIGHBOUR_KM * 1000:
            km = f"{metres / 1000:,.0f} km"
            message = f"{row.site_code} ({row.name}) stands {km} from the nearest area of {title}. It is kept."
            fix = "Take it out of practices.csv and sites.csv if it is not to be grouped with the others."
            record.warn("site-far-away", "", message, fix, value=row.site_code)


def tell_residents_elsewhere(
    home: pd.Index, registrations: pd.DataFrame, codes: Collection[str], *, title: str, file: str, record: Record
) -> None:
    """Count the residents of the home areas who are registered with practices that are not in the case."""
    residents = registrations[registrations["area_code"].isin(home)]
    away = residents[~residents["practice_code"].isin(set(codes)) & (residents["patients"] > 0)]
    if away.empty:
        return
    patients, practices = int(away["patients"].sum()), away["practice_code"].nunique()
    share = patients / residents["patients"].sum()
    message = (
        f"{count(patients, 'resident')} of the areas of {title} ({share:.1%} of all registered there) registered "
        f"with {count(practices, 'practice')} outside the case, and in no total."
    )
    record.note("residents-elsewhere", file, message, value=str(patients))


def fill_population(areas: pd.DataFrame, registrations: pd.DataFrame, *, file: str, record: Record) -> pd.DataFrame:
    """Where only some areas have a population, the others take the number of people registered there."""
    if "population" not in areas or areas["population"].isna().all():
        return areas.drop(columns="population", errors="ignore")
    missing = areas["population"].isna().to_numpy()
    if not missing.any():
        return areas
    registered = registrations.groupby("area_code")["patients"].sum().reindex(areas.index).fillna(0)
    patients = int(registered[missing].sum())
    message = (
        f"The population of {count(missing.sum(), 'area')} is not told; the {count(patients, 'patient')} registered "
        "there stand for it."
    )
    fix = "Add a table of population for the same year's areas to the folder."
    record.warn("population-from-registrations", file, message, fix, value=listed(areas.index[missing], 5))
    return areas.assign(population=areas["population"].where(~missing, registered))
