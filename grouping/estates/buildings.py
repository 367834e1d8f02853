"""One row a site: what the sites table says of the building, who uses it, and whether it is modern or needs investment.

What a table does not say stays not known: NaN, None or an empty text, never 0 and never no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geodata.tables.schemas import parse_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geodata.place import Place
    from geodata.travel import TravelTimes
    from grouping.programme.ground import Ground

FIGURES = ("floor_area_m2", "annual_cost", "investment_cost", "scheme_year")
FACETS = ("condition", "suitability", "quality")
"""What surveys of premises grade; a three-facet survey has these, or the use of space instead of the quality."""

WORDS = (*FACETS, "utilisation", "tenure", "scheme")


def buildings(ground: Ground) -> pd.DataFrame:
    """What is known of every site of the place.

    Returns
    -------
    DataFrame
        Index `site_code`, in the order of the place. Always with all columns:

        - `name`, `kind`, `practice_code` (empty: the site of nobody), `group_id` (empty: of no group of the plan);
        - `floor_area_m2`, `annual_cost`, `investment_cost` (pounds), `scheme_year`: NaN where not known;
        - `condition`, `suitability`, `quality`, `utilisation`, `tenure`, `scheme`: text, empty where not known;
        - `utilisation_share`: the use of space where it is given as a number, else NaN;
        - `committed`: True or False. True where the sites table says so, or names a scheme and does not say no;
        - `modern`, `major`: True, False or None, by the labels of `[estates]` in `programme.toml`;
        - `patients`: see `patients_by_site`; for the public only where they are the published list of a practice with
          one site;
        - `dispensing`: of the practice, True, False or None.
    """
    place, said = ground.run.place, ground.settings.estates
    sites = place.sites
    made = pd.DataFrame(index=sites.index.copy())
    for name in ("name", "kind", "practice_code"):
        made[name] = _texts(sites, name)
    group_of = ground.group_of
    made["group_id"] = [group_of[code].group_id if code in group_of else "" for code in made["practice_code"]]
    for name in FIGURES:
        made[name] = _numbers(sites, name)
    for name in WORDS:
        made[name] = _texts(sites, name)
    made["utilisation_share"] = [utilisation_share(text) for text in made["utilisation"]]
    made["committed"] = _committed(sites, made["scheme"])
    judged = made[said.judged_by]
    made["modern"] = _labelled(judged, said.modern)
    made["major"] = _labelled(judged, said.major)
    patients = _published(place) if ground.run.public else patients_by_site(place, ground.run.times)
    made["patients"] = patients.reindex(made.index).astype(float)
    dispensing = _said(place.practices, "dispensing")
    made["dispensing"] = pd.Series([dispensing.get(code) for code in made["practice_code"]], made.index, dtype=object)
    return made


def patients_by_site(place: Place, times: TravelTimes) -> pd.Series:
    """How many patients of its practice have each site as their nearest own one, by car.

    The registrations of a practice say what share of its patients lives in which area; each area goes with the site of
    the practice that is nearest by the minutes of the run (of two alike the one whose code comes first). Patients whose
    home cannot be timed are shared in the proportion of the others; where none can be timed, all are at the main site.
    The sites of a practice sum to its list.

    Returns
    -------
    Series
        Patients by `site_code`, for the sites of the practices of the place.
    """
    sites, found = place.sites, {}
    column = dict(zip(times.site_codes, range(len(times.site_codes)), strict=True))
    rows = pd.Index(times.area_codes).get_indexer(place.registrations["area_code"])
    patients = place.registrations["patients"].to_numpy(dtype=float)
    registered = place.registrations.groupby("practice_code", sort=False).indices
    own = {code: sorted(part) for code, part in sites.groupby("practice_code").groups.items()}
    for code, listed in place.practices["list_size"].astype(float).items():
        codes = own.get(code, [])
        if not codes:
            continue
        share = np.zeros(len(codes))
        of_practice = registered.get(code, np.zeros(0, dtype=np.int64))
        of_practice = of_practice[rows[of_practice] >= 0]
        if len(of_practice):
            minutes = times.area_to_site[np.ix_(rows[of_practice], [column[site] for site in codes])]
            minutes = np.where(np.isfinite(minutes), minutes, np.inf)
            timed = np.isfinite(minutes).any(axis=1)
            np.add.at(share, minutes[timed].argmin(axis=1), patients[of_practice][timed])
        if share.sum() <= 0:
            main = place.practices.at[code, "main_site_code"]
            share[codes.index(main) if main in codes else 0] = 1.0
        found |= dict(zip(codes, listed * share / share.sum(), strict=True))
    return pd.Series(found, dtype=float)


def utilisation_share(text: str) -> float:
    """The use of space as a share of 1, from `0.85` or `85%`; NaN for a word or an empty cell."""
    number = parse_number(text.strip().removesuffix("%"))
    if number is None:
        return np.nan
    return number / 100 if text.strip().endswith("%") else number


def labels(texts: pd.Series, scale: Sequence[str] = (), among: Sequence[str] | None = None) -> list[str]:
    """The labels of a column in the order of the planner's scale, others after it by the alphabet; no empty ones.

    Labels that differ in capitals or spaces alone are one: the spelling of the scale, else the first by the alphabet.
    With `among` only those of them.
    """
    spelt: dict[str, str] = {}
    for label in (*scale, *sorted({str(text) for text in texts} - {""})):
        spelt.setdefault(plain(label), label)
    held = {plain(str(text)) for text in texts} - {""}
    held = held if among is None else held & set(map(plain, among))
    order = [plain(label) for label in scale]
    place = {label: i for i, label in reversed(list(enumerate(order)))}
    return [spelt[key] for key in sorted(held, key=lambda key: (place.get(key, len(order)), key))]


def plain(label: str) -> str:
    """A label without regard to capitals and spaces; signs count, for `B+` and `B` are two grades."""
    return " ".join(label.casefold().split())


def has_label(texts: pd.Series, label: str) -> pd.Series:
    """Which cells hold a label, whatever their capitals and spaces; bool, like `texts`."""
    return pd.Series([plain(str(text)) == plain(label) for text in texts], texts.index, dtype=bool)


def _labelled(texts: pd.Series, chosen: tuple[str, ...]) -> pd.Series:
    """True or False by the labels; None where there is no label, or where nobody said which labels count."""
    wanted = {plain(label) for label in chosen}
    told = [plain(text) in wanted if wanted and text else None for text in texts]
    return pd.Series(told, texts.index, dtype=object)


def _committed(sites: pd.DataFrame, scheme: pd.Series) -> pd.Series:
    said = _said(sites, "committed")
    told = [said.get(code) is True or (bool(scheme[code]) and said.get(code) is None) for code in sites.index]
    return pd.Series(told, sites.index, dtype=bool)


def _published(place: Place) -> pd.Series:
    """The published list of every practice with one site; how it is shared over several is not told."""
    own = place.sites[place.sites["practice_code"] != ""]
    single = own[~own["practice_code"].duplicated(keep=False)]
    listed = place.practices["list_size"].astype(float)
    return pd.Series({site: listed.get(code, np.nan) for site, code in single["practice_code"].items()}, dtype=float)


def _said(frame: pd.DataFrame, name: str) -> dict[str, bool]:
    """What is said with yes or no, by code; what is not said is not in it."""
    if name not in frame:
        return {}
    known = frame[name][frame[name].notna()]
    return {str(code): bool(value) for code, value in known.items()}


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    if name not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float)


def _texts(frame: pd.DataFrame, name: str) -> list[str]:
    if name not in frame:
        return [""] * len(frame)
    return ["" if pd.isna(text) else str(text).strip() for text in frame[name]]
