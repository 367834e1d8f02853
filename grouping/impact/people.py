"""Who travels: the registered patients, divided into populations that matter.

Every family of populations divides *all* registered patients, with a part "not known" where the inputs leave people
out. Attributes of residents are carried to patients by the share in the area where they live; the practices' own counts
by age decide where they are given (`grouping.impact.ages`). What the inputs do not hold is told, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geodata.place import Place
from grouping.impact.ages import COUNT, RESIDENTS, PlacedAges, place_ages
from grouping.journeys import Journeys

PHARMACY_M = 1_600.0
"""Who lives farther from a pharmacy than this, in a straight line, can be dispensed to by a practice.

NHS (Pharmaceutical and Local Pharmaceutical Services) Regulations 2013: more than 1.6 kilometres from any pharmacy,
measured as the crow flies.
"""

MOST_DEPRIVED = 2
"""Deciles counted as most deprived: 1 and 2, the fifth of all areas that is most deprived."""

CLASS_NAMES = {
    "A1": "Urban major conurbation",
    "B1": "Urban minor conurbation",
    "C1": "Urban city and town",
    "C2": "Urban city and town in a sparse setting",
    "D1": "Rural town and fringe",
    "D2": "Rural town and fringe in a sparse setting",
    "E1": "Rural village and dispersed",
    "E2": "Rural village and dispersed in a sparse setting",
    "F1": "Rural hamlets and isolated dwellings",
    "F2": "Rural hamlets and isolated dwellings in a sparse setting",
    "UN1": "Urban, nearer to a major town or city",
    "UF1": "Urban, further from a major town or city",
    "RLN1": "Larger rural, nearer to a major town or city",
    "RLF1": "Larger rural, further from a major town or city",
    "RSN1": "Smaller rural, nearer to a major town or city",
    "RSF1": "Smaller rural, further from a major town or city",
}
"""ONS rural-urban classifications of 2011 (one letter) and 2021, England and Wales."""

VILLAGE_NAMES = {"E1": "Rural village", "E2": "Rural village in a sparse setting"}
"""Output areas of 2011 have villages and hamlets apart; larger areas have both as one class, E."""


NOBODY = 1e-9
"""A smaller share of the patients of a row is what arithmetic leaves over."""


@dataclass(frozen=True)
class Population:
    """Some of the registered patients.

    Parameters
    ----------
    key
        Short stable name, such as `age_65_plus`.
    label
        What pages call it.
    family
        The division of all patients it belongs to.
    patients
        People of each row of the journeys, shape (R,).
    carried
        How the figure was come by, one plain sentence.
    """

    key: str
    label: str
    family: str
    patients: NDArray[np.float64]
    carried: str


@dataclass(frozen=True)
class People:
    """All registered patients and their divisions.

    Parameters
    ----------
    patients
        People of each row of the journeys, growth included, shape (R,).
    setting
        1 rural, 0 urban, NaN not known, shape (R,).
    populations
        All populations, the first one everybody (`all`).
    absent
        What the inputs do not hold: label, and a sentence beginning "not in the inputs".
    """

    patients: NDArray[np.float64]
    setting: NDArray[np.float64]
    populations: tuple[Population, ...]
    absent: tuple[tuple[str, str], ...]

    def family(self, name: str) -> tuple[Population, ...]:
        """The parts of one division; empty if the inputs do not hold it."""
        return tuple(population for population in self.populations if population.family == name)

    def of(self, key: str) -> Population:
        """One population.

        Raises
        ------
        KeyError
            If the inputs do not hold it.
        """
        for population in self.populations:
            if population.key == key:
                return population
        raise KeyError(key)


def people_of(
    place: Place,
    journeys: Journeys,
    practice_codes: Sequence[str],
    *,
    growth: NDArray[np.float64] | None = None,
    rural: NDArray[np.float64] | None = None,
) -> People:
    """Divide the registered patients into the populations that the inputs know of.

    Parameters
    ----------
    place
        With completed registrations.
    journeys
        Its registrations, R rows.
    practice_codes
        What `journeys.practice` counts in.
    growth
        Factor on the patients of each row, shape (R,); the shares of every population within a row stay as they are.
    rural
        1 rural, 0 urban, NaN not known by another definition than that of the areas table, shape (R,).

    Raises
    ------
    ValueError
        If `growth` or `rural` has another length than the journeys, or a factor is negative or not a number.
    """
    _check(journeys, growth, rural)
    work = _Work.of(place, journeys, practice_codes)
    setting = _setting(work) if rural is None else np.asarray(rural, dtype=float)
    found: list[Population] = [_everybody(work, growth is not None)]
    absent: list[tuple[str, str]] = []
    families = (
        _ages(work),
        _no_car(work),
        _deciles(work),
        _classes(work),
        _settings(work, setting, given=rural is not None),
        _dispensing(work),
        _further(work),
    )
    for family in families:
        for one in family:
            if isinstance(one, Population):
                found.append(one)
            else:
                absent.append(one)
    if growth is not None:
        found = [replace(one, patients=one.patients * growth) for one in found]
    return People(found[0].patients, setting, tuple(found), tuple(absent))


def class_name(text: str, *, with_hamlets: bool = False) -> str:
    """A rural-urban class for a page: with its name where it is a code of the ONS, else as the inputs spell it.

    Parameters
    ----------
    text
        The class in the inputs.
    with_hamlets
        Whether classes F1 or F2 occur beside it: class E then is villages only.
    """
    plain = " ".join(text.split())
    code = plain.upper()
    names = CLASS_NAMES | VILLAGE_NAMES if with_hamlets else CLASS_NAMES
    return f"{code} {names[code]}" if code in names else plain


Parts = Iterator["Population | tuple[str, str]"]
"""The populations of a family, or what is absent and why."""


def _check(journeys: Journeys, growth: NDArray[np.float64] | None, rural: NDArray[np.float64] | None) -> None:
    for name, values in (("growth", growth), ("rural", rural)):
        if values is not None and np.shape(values) != journeys.patients.shape:
            raise ValueError(f"{name} has shape {np.shape(values)}, the journeys have {len(journeys.patients)} rows.")
    if growth is not None and not (np.isfinite(growth).all() and (np.asarray(growth) >= 0).all()):
        raise ValueError("A growth factor is negative or not a number.")


@dataclass(frozen=True)
class _Work:
    """What every family is made from; growth comes last, so that it leaves all shares as they are."""

    place: Place
    journeys: Journeys
    practice_codes: tuple[str, ...]
    row: NDArray[np.int64]  # position of the row's area in place.areas, -1 outside

    @classmethod
    def of(cls, place: Place, journeys: Journeys, practice_codes: Sequence[str]) -> _Work:
        at = place.areas.index.get_indexer(list(journeys.area_codes))
        return cls(place, journeys, tuple(practice_codes), at[journeys.area])

    @property
    def patients(self) -> NDArray[np.float64]:
        return self.journeys.patients

    def column(self, name: str) -> NDArray[np.float64]:
        """Figures of the areas; NaN throughout if there is no such column."""
        areas = self.place.areas
        if name not in areas:
            return np.full(len(areas), np.nan)
        return pd.to_numeric(areas[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)

    def words(self, name: str) -> NDArray[np.object_]:
        """Text of the areas, blanks made single; empty if there is no such column."""
        areas = self.place.areas
        if name not in areas:
            return np.full(len(areas), "", dtype=object)
        return np.array([" ".join(str(text).split()) for text in areas[name].fillna("")], dtype=object)

    def per_row(self, of_area: NDArray[np.float64]) -> NDArray[np.float64]:
        """Figures of areas for the rows; NaN outside the inputs."""
        values = np.full(len(self.row), np.nan)
        values[self.row >= 0] = of_area[self.row[self.row >= 0]]
        return values

    def words_per_row(self, of_area: NDArray[np.object_]) -> NDArray[np.object_]:
        """Text of areas for the rows; empty outside the inputs."""
        values = np.full(len(self.row), "", dtype=object)
        values[self.row >= 0] = of_area[self.row[self.row >= 0]]
        return values

    def resident_share(self, name: str) -> NDArray[np.float64]:
        """Share of each area's residents who are counted in a column; NaN where either figure is missing."""
        count, population = self.column(name), self.column("population")
        known = (population > 0) & ~np.isnan(count)
        share = np.divide(count, population, out=np.full(len(count), np.nan), where=known)
        return np.clip(share, 0.0, 1.0)

    def missing(self, name: str) -> str:
        """Why a share of residents is not to be had."""
        if np.isnan(self.column(name)).all():
            return f"not in the inputs: the areas table has no column {name}"
        return f"not in the inputs: the areas table has no column population, of which {name} would be a share"

    def part(self, chosen: NDArray[np.bool_]) -> str:
        """How many patients some rows are, in words."""
        return _part(float(self.patients[chosen].sum()), float(self.patients.sum()))

    def by_area(self, how: str, known: NDArray[np.bool_]) -> str:
        """The sentence for a figure that the area of a patient gives."""
        if known.all() or not self.patients[~known].sum() > 0:
            return f"{how}, for all patients."
        gap = "who live outside the areas table or where it holds no figure"
        return f"{how}, for {self.part(known)}; not known for {self.part(~known)}, {gap}."


def _part(people: float, whole: float) -> str:
    if whole <= 0 or people >= whole * (1 - 1e-12):
        return "all patients"
    percent = 100.0 * people / whole
    words = "under 0.1" if percent < 0.1 else "over 99.9" if percent > 99.9 else f"{percent:.1f}"
    return f"{words}% of patients"


def _parts(
    family: str,
    names: tuple[tuple[str, str], tuple[str, str], tuple[str, str]],
    patients: NDArray[np.float64],
    yes: NDArray[np.float64],
    carried: str,
) -> Parts:
    """The people of a population, all others, and those of whom it is not known (NaN), where there are any."""
    known = ~np.isnan(yes)
    those = np.minimum(np.where(known, yes, 0.0), patients)
    others = np.where(known, patients - those, 0.0)
    others[others <= NOBODY * patients] = 0.0  # what a share a hair below 1 leaves is nobody, and has no mean
    those = np.where(known, patients - others, 0.0)
    values = (those, others, np.where(known, 0.0, patients))
    for (key, label), people in zip(names[:2], values[:2], strict=True):
        yield Population(key, label, family, people, carried)
    if values[2].sum() > 0:
        yield Population(*names[2], family, values[2], carried)


# --- Everybody ---------------------------------------------------------------------------------------------------


def _everybody(work: _Work, grown: bool) -> Population:
    said = "Registered patients by practice and area, scaled to the lists"
    estimated = work.journeys.estimated
    if work.patients[estimated].sum() > 0:
        said += f"; where they live is estimated for {work.part(estimated)}"
    said += "; with the growth of this scenario" if grown else ""
    return Population("all", "All registered patients", "all", work.patients, said + ".")


# --- Age ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Band:
    key: str
    label: str
    rest: tuple[str, str]
    residents: str
    practices: str


BANDS = (
    _Band("age_65_plus", "Aged 65 and over", ("under_65", "Aged under 65"), "population_65_plus", "age_65_plus"),
    _Band("age_75_plus", "Aged 75 and over", ("under_75", "Aged under 75"), "population_75_plus", "age_75_plus"),
    _Band("age_85_plus", "Aged 85 and over", ("under_85", "Aged under 85"), "population_85_plus", "age_85_plus"),
    _Band("children", "Children", ("not_children", "Not children"), "population_children", "age_children"),
)


def _ages(work: _Work) -> Parts:
    shares = np.array([work.resident_share(band.residents) for band in BANDS])
    counts = np.array([_practice_counts(work, band.practices) for band in BANDS])
    rows = np.array([work.per_row(share) for share in shares])
    placed = place_ages(work.patients, work.journeys.practice, rows, counts)
    for k, band in enumerate(BANDS):
        if np.isnan(shares[k]).all() and np.isnan(counts[k]).all():
            yield band.label, work.missing(band.residents)
            continue
        names = (band.key, band.label), band.rest, (f"{band.key}_unknown", f"{band.label}: not known")
        yield from _parts(band.key, names, work.patients, placed.people[k], _age_words(work, placed, k))


def _practice_counts(work: _Work, column: str) -> NDArray[np.float64]:
    """Patients of an age band in each practice, scaled from its list to its registrations; NaN if not known."""
    count = len(work.practice_codes)
    practices = work.place.practices
    if column not in practices:
        return np.full(count, np.nan)
    given = practices.reindex(list(work.practice_codes))
    own = pd.to_numeric(given[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    listed = given["list_size"].to_numpy(dtype=float, na_value=np.nan)
    practice = work.journeys.practice
    registered = np.bincount(practice[practice >= 0], work.patients[practice >= 0], minlength=count)[:count]
    return np.maximum(own * np.divide(registered, listed, out=np.ones(count), where=listed > 0), 0.0)


def _age_words(work: _Work, placed: PlacedAges, k: int) -> str:
    ways = (
        (COUNT, "the practice's own count, spread over the areas where its patients live as residents of that age are"),
        (RESIDENTS, "the share among the residents of the area where they live"),
    )
    told = [
        f"for {work.part(placed.basis[k] == basis)} {how}" for basis, how in ways if (placed.basis[k] == basis).any()
    ]
    unknown = np.isnan(placed.people[k])
    if work.patients[unknown].sum() > 0:
        told.append(f"not known for {work.part(unknown)}")
    if placed.unplaced[k] > 0:
        told.append(f"{placed.unplaced[k]:,.0f} people of the practices' counts contradict their other counts or lists")
    said = "; ".join(told) or "for nobody"
    return said[0].upper() + said[1:] + "."


# --- Car, deprivation, rural-urban -------------------------------------------------------------------------------


def _no_car(work: _Work) -> Parts:
    share = np.clip(work.column("no_car_share"), 0.0, 1.0)
    if np.isnan(share).all():
        yield "In a household without a car", "not in the inputs: the areas table has no column no_car_share"
        return
    yes = work.per_row(share) * work.patients
    how = "The share of households without a car in the area where they live, taken as the share of people"
    names = (
        ("no_car", "In a household without a car"),
        ("has_car", "In a household with a car"),
        ("no_car_unknown", "Car in the household: not known"),
    )
    yield from _parts("no_car", names, work.patients, yes, work.by_area(how, ~np.isnan(yes)))


def _deciles(work: _Work) -> Parts:
    of_area = np.rint(work.column("deprivation_decile"))
    of_area = np.where((of_area >= 1) & (of_area <= 10), of_area, np.nan)
    if np.isnan(of_area).all():
        absent = "not in the inputs: the areas table has no column deprivation_decile"
        yield "Deprivation deciles", absent
        yield "Most deprived fifth of areas", absent
        return
    decile = work.per_row(of_area)
    known = ~np.isnan(decile)
    carried = work.by_area("The deprivation decile of the area where they live", known)
    ends = {1: " (most deprived)", 10: " (least deprived)"}
    parts = [(f"decile_{k}", f"Deprivation decile {k}{ends.get(k, '')}", decile == k) for k in range(1, 11)]
    parts += [("decile_unknown", "Deprivation: not known", ~known)]
    yield from _sorted_into("deprivation", parts, work.patients, carried)
    most = known & (decile <= MOST_DEPRIVED)
    parts = [
        ("most_deprived", "Most deprived fifth of areas (deciles 1 and 2)", most),
        ("less_deprived", "Less deprived areas (deciles 3 to 10)", known & ~most),
        ("deprived_unknown", "Deprivation: not known", ~known),
    ]
    yield from _sorted_into("deprived", parts, work.patients, carried)


def _classes(work: _Work) -> Parts:
    words = work.words("rural_urban")
    if not (words != "").any():
        yield "Rural-urban classes", "not in the inputs: the areas table has no column rural_urban"
        return
    named = partial(class_name, with_hamlets=any(word.upper() in ("F1", "F2") for word in words))
    how = "The rural-urban class of the area where they live"
    yield from _by_word(
        work,
        "rural_urban",
        "class",
        words,
        named,
        how,
        "Rural-urban class",
    )


def _by_word(
    work: _Work,
    family: str,
    stem: str,
    words: NDArray[np.object_],
    label: Callable[[str], str],
    how: str,
    called: str,
) -> Parts:
    """One population a class that occurs where a patient lives, by its label; spellings of one class are one."""
    rows = work.words_per_row(words)
    labels = np.array([label(word) if word else "" for word in rows], dtype=object)
    same = {text.casefold(): text for text in sorted(set(labels), reverse=True) if text}
    keys = np.array([text.casefold() for text in labels], dtype=object)
    parts = [(f"{stem}_{k + 1}", same[key], keys == key) for k, key in enumerate(sorted(same))]
    parts += [(f"{stem}_unknown", f"{called}: not known", keys == "")]
    yield from _sorted_into(family, parts, work.patients, work.by_area(how, keys != ""))


def _sorted_into(
    family: str, parts: Sequence[tuple[str, str, NDArray[np.bool_]]], patients: NDArray[np.float64], carried: str
) -> Parts:
    """Populations of whole rows; the last part, not known, only where it has people."""
    for key, label, chosen in parts:
        people = np.where(chosen, patients, 0.0)
        if not key.endswith("_unknown") or people.sum() > 0:
            yield Population(key, label, family, people, carried)


def _setting(work: _Work) -> NDArray[np.float64]:
    """Rural or urban by the areas table; not known where it has a column of classes and this one is empty.

    Elsewhere such an area is taken as urban, with a warning. Here that would be a guess about people.
    """
    if "rural_urban" not in work.place.areas:
        return work.journeys.rural
    return np.where(work.words_per_row(work.words("rural_urban")) == "", np.nan, work.journeys.rural)


def _settings(work: _Work, setting: NDArray[np.float64], *, given: bool) -> Parts:
    known = ~np.isnan(setting)
    if not known.any() and not given:
        yield "Rural and urban", "not in the inputs: the areas table has no column rural_urban"
        return
    how = "The definition of rural of this scenario" if given else "Rural or urban by the area where they live"
    parts = [
        ("rural", "Rural", setting == 1),
        ("urban", "Urban", setting == 0),
        ("setting_unknown", "Rural or urban: not known", ~known),
    ]
    yield from _sorted_into("setting", parts, work.patients, work.by_area(how, known))


# --- Pharmacies and further columns ------------------------------------------------------------------------------


def _dispensing(work: _Work) -> Parts:
    label = "More than 1.6 km from a pharmacy"
    at = _pharmacy_points(work.place)
    if at is None:
        yield label, "not in the inputs: there is no table of pharmacies"
        return
    yes = work.per_row(_far_share(work.place, at)) * work.patients
    how = (
        "Straight line from the point or points of the area where they live to the nearest pharmacy of the inputs "
        f"({len(at):,}; one over the border counts only if it is listed), 1.6 km being the distance in the NHS "
        "pharmaceutical services regulations of 2013"
    )
    names = (
        ("far_from_pharmacy", label),
        ("near_pharmacy", "Within 1.6 km of a pharmacy"),
        ("dispensing_unknown", "Distance to a pharmacy: not known"),
    )
    yield from _parts("dispensing", names, work.patients, yes, work.by_area(how, ~np.isnan(yes)))


def _pharmacy_points(place: Place) -> NDArray[np.float64] | None:
    table = getattr(place, "pharmacies", None)
    if table is None or not len(table):
        return None
    points = np.column_stack((table.geometry.x, table.geometry.y)).astype(float)
    points = points[np.isfinite(points).all(axis=1)]
    return points if len(points) else None


def _far_share(place: Place, pharmacies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each area that lies farther than `PHARMACY_M` from every pharmacy, by the weight of its points."""
    tree, areas = cKDTree(pharmacies), place.areas
    far = _beyond(tree, areas[["x", "y"]].to_numpy(dtype=float))
    table = place.area_points
    if table is None or not len(table):
        return far
    at = areas.index.get_indexer(table["area_code"])
    weight = np.where(at >= 0, table["weight"].to_numpy(dtype=float), 0.0)
    beyond = _beyond(tree, table[["x", "y"]].to_numpy(dtype=float))
    weight = np.where(np.isnan(beyond), 0.0, weight)
    whole = np.bincount(np.maximum(at, 0), weight, minlength=len(areas))
    part = np.bincount(np.maximum(at, 0), weight * np.nan_to_num(beyond), minlength=len(areas))
    return np.divide(part, whole, out=far, where=whole > 0)


def _beyond(tree: cKDTree, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 where the nearest pharmacy is too far, 0 where it is not, NaN for a point that is not known."""
    known = np.isfinite(points).all(axis=1)
    beyond = np.full(len(points), np.nan)
    beyond[known] = tree.query(points[known])[0] > PHARMACY_M
    return beyond


def _further(work: _Work) -> Parts:
    for column in getattr(work.place, "further", ()) or ():
        key, label = column.column, column.label
        unknown = f"{label}: not known"
        if column.kind == "class":
            words = work.words(key)
            if not (words != "").any():
                yield label, "not in the inputs: the areas table has no values in the column named for it"
                continue
            how = "The class of the area where they live"
            yield from _by_word(work, key, f"{key}_class", words, partial("{}: {}".format, label), how, label)
            continue
        share = work.resident_share(key) if column.kind == "count" else np.clip(work.column(key), 0.0, 1.0)
        if np.isnan(share).all():
            yield label, "not in the inputs: the areas table has no values in the column named for it"
            continue
        yes = work.per_row(share) * work.patients
        carried = work.by_area("The share among the residents of the area where they live", ~np.isnan(yes))
        names = (key, label), (f"{key}_others", f"{label}: others"), (f"{key}_unknown", unknown)
        yield from _parts(key, names, work.patients, yes, carried)
