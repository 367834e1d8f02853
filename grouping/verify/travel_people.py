"""Who the patients are, derived anew: ages, households, deprivation, where they live, and how many there will be.

One practice after the other and one area after the other, in plain lists; nothing is shared with `grouping.impact`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
import shapely

from geodata.place import Place
from grouping.verify.evidence import Evidence

PHARMACY_METRES = 1_600.0
"""NHS (Pharmaceutical and Local Pharmaceutical Services) Regulations 2013."""

NOBODY = 1e-9
"""Share of the patients of a row; a smaller rest is what is left of adding fractions, and nobody's journey."""

OUTSIDE = "Homes outside the area of this case"
SETTINGS = ("rural", "urban", "not known")

AGES = (
    ("age_65_plus", "under_65", "population_65_plus", "age_65_plus"),
    ("age_75_plus", "under_75", "population_75_plus", "age_75_plus"),
    ("age_85_plus", "under_85", "population_85_plus", "age_85_plus"),
    ("children", "not_children", "population_children", "age_children"),
)
"""Those and all others, and their columns of the areas and of the practices; the first three lie in one another."""

AGAINST = {
    "rural": "urban",
    "age_65_plus": "under_65",
    "age_75_plus": "under_75",
    "age_85_plus": "under_85",
    "children": "not_children",
    "no_car": "has_car",
    "most_deprived": "less_deprived",
    "far_from_pharmacy": "near_pharmacy",
}
"""Which population is held against which."""

Counts = list[float]


@dataclass(frozen=True)
class Patients:
    """The registered patients and every division of them.

    Parameters
    ----------
    rows
        One row per practice and area: `practice_code`, `area_code`, `patients`, `setting` (of `SETTINGS`).
    people
        People of each row (same index) in each population (column: its key).
    family
        Population -> the division it is part of.
    labels
        Population -> how its label must begin, where the label is a class from a file.
    absent
        How many breakdowns the inputs do not hold.
    """

    rows: pd.DataFrame
    people: pd.DataFrame
    family: Mapping[str, str]
    labels: Mapping[str, str]
    absent: int

    @cached_property
    def by_setting(self) -> pd.DataFrame:
        """`people` in all settings and in each (columns: population, setting); no part not known without anybody."""
        here = {"all": self.people}
        for setting in SETTINGS:
            inside = self.rows["setting"] == setting
            if setting != "not known" or self.rows.loc[inside, "patients"].sum() > 0:
                here[setting] = self.people.where(inside, 0.0)
        return pd.concat(here, axis=1, names=["setting", "population"])

    @property
    def against(self) -> dict[str, str]:
        """Population -> the one it is held against, for those the inputs hold."""
        pairs = dict(AGAINST) | {key: f"{key}_others" for key in self.people if key.startswith("further_")}
        return {one: other for one, other in pairs.items() if one in self.people and other in self.people}

    def grown(self, factor: pd.Series) -> Patients:
        """The same people with more or fewer of them in each row."""
        rows = self.rows.assign(patients=self.rows["patients"] * factor)
        return replace(self, rows=rows, people=self.people.mul(factor, axis=0))

    def settled(self, setting: pd.Series) -> Patients:
        """The same people by another definition of rural."""
        people, family = self.people.copy(), dict(self.family)
        for key in [key for key, name in family.items() if name == "setting"]:
            people, _ = people.drop(columns=key), family.pop(key)
        rows = self.rows.assign(setting=setting)
        more = _divided(rows["patients"], setting, {"rural": "rural", "urban": "urban"}, "setting_unknown")
        people = pd.concat([people, pd.DataFrame(more, index=rows.index)], axis=1)
        return replace(self, rows=rows, people=people, family=family | dict.fromkeys(more, "setting"))


def patients_of(evidence: Evidence) -> Patients:
    """Derive every population that the inputs know of.

    Parameters
    ----------
    evidence
        The inputs; `registrations` with patients by practice and area.
    """
    place = evidence.place
    rows = evidence.registrations[["practice_code", "area_code", "patients"]].astype({"patients": float})
    setting = evidence.registrations["rural"].map({True: "rural", False: "urban"}).astype(object)
    rows["setting"] = setting.where(setting.notna() & _classified(place, rows["area_code"]), "not known")
    maker = _Maker(place, rows)
    maker.make()
    return Patients(
        rows, pd.DataFrame(maker.people, index=rows.index), maker.family, maker.labels, maker.absent
    )  # fmt: skip


def _classified(place: Place, areas: pd.Series) -> pd.Series:
    """Whether the class of an area is known; a table without classes has every area as it says."""
    if "rural_urban" not in place.areas:
        return pd.Series(True, index=areas.index)
    return areas.map(_words(place, "rural_urban")).fillna("") != ""


def _words(place: Place, column: str) -> pd.Series:
    """Text of each area, blanks made single; empty where there is none."""
    areas = place.areas
    if column not in areas:
        return pd.Series("", index=areas.index)
    return areas[column].fillna("").map(lambda text: " ".join(str(text).split()))


def _figures(place: Place, column: str) -> pd.Series:
    areas = place.areas
    if column not in areas:
        return pd.Series(math.nan, index=areas.index)
    return pd.to_numeric(areas[column], errors="coerce").astype(float)


def _share(place: Place, column: str) -> pd.Series:
    """Share of the residents of each area, between none and all of them."""
    residents = _figures(place, "population")
    return (_figures(place, column) / residents.where(residents > 0)).clip(0.0, 1.0)


def _divided(patients: pd.Series, word: pd.Series, keys: Mapping[str, str], unknown: str) -> dict[str, pd.Series]:
    """Whole rows by a word: one population a key, and what is left over if it is anybody."""
    parts = {key: patients.where(word == name, 0.0) for name, key in keys.items()}
    rest = patients.where(~word.isin(list(keys)), 0.0)
    return parts | ({unknown: rest} if rest.sum() > 0 else {})


class _Maker:
    """Makes one division after the other."""

    def __init__(self, place: Place, rows: pd.DataFrame) -> None:
        self.place, self.rows = place, rows
        self.people: dict[str, pd.Series] = {"all": rows["patients"]}
        self.family, self.labels, self.absent = {"all": "all"}, {}, 0

    def make(self) -> None:
        self._ages()
        self._share_of_rows("no_car", ("no_car", "has_car"), _figures(self.place, "no_car_share").clip(0.0, 1.0))
        self._deprivation()
        self._classes("rural_urban", "class", "", _words(self.place, "rural_urban"))
        self._settings()
        far = _far_share(self.place)
        self._share_of_rows("dispensing", ("far_from_pharmacy", "near_pharmacy"), far, unknown="dispensing_unknown")
        for one in getattr(self.place, "further", ()) or ():
            if one.kind == "class":
                self._classes(one.column, f"{one.column}_class", f"{one.label}: ", _words(self.place, one.column))
                continue
            counted = one.kind == "count"
            share = _share(self.place, one.column) if counted else _figures(self.place, one.column).clip(0.0, 1.0)
            self._share_of_rows(one.column, (one.column, f"{one.column}_others"), share)

    def _add(self, family: str, parts: Mapping[str, pd.Series]) -> None:
        self.people |= parts
        self.family |= dict.fromkeys(parts, family)

    def _by_area(self, of_area: pd.Series) -> pd.Series:
        return self.rows["area_code"].map(of_area)

    def _share_of_rows(self, family: str, keys: tuple[str, str], share: pd.Series, unknown: str = "") -> None:
        if share.isna().all():
            self.absent += 1
            return
        self._shared_out(family, keys, self._by_area(share) * self.rows["patients"], unknown or f"{family}_unknown")

    def _shared_out(self, family: str, keys: tuple[str, str], those: pd.Series, unknown: str) -> None:
        patients = self.rows["patients"]
        those = those.clip(upper=patients)
        others = patients - those
        others = others.where((others > NOBODY * patients) | others.isna(), 0.0)
        parts = {keys[0]: (patients - others).fillna(0.0), keys[1]: others.fillna(0.0)}
        rest = patients.where(those.isna(), 0.0)
        self._add(family, parts | ({unknown: rest} if rest.sum() > 0 else {}))

    def _ages(self) -> None:
        shares = [_share(self.place, residents) for _, _, residents, _ in AGES]
        counts = [_own_counts(self.place, self.rows, column) for *_, column in AGES]
        placed = _place_ages(self.rows, [self._by_area(share) for share in shares], counts)
        for k, (key, others, *_) in enumerate(AGES):
            if shares[k].isna().all() and not any(not math.isnan(count) for count in counts[k].values()):
                self.absent += 1
                continue
            those = pd.Series(placed[k], index=self.rows.index)
            self._shared_out(key, (key, others), those, f"{key}_unknown")

    def _deprivation(self) -> None:
        decile = _figures(self.place, "deprivation_decile").round()
        decile = decile.where(decile.between(1, 10))
        if decile.isna().all():
            self.absent += 2
            return
        at, patients = self._by_area(decile), self.rows["patients"]
        self._add("deprivation", _divided(patients, at, {k: f"decile_{k}" for k in range(1, 11)}, "decile_unknown"))
        fifth = at.map(lambda k: k if math.isnan(k) else "most_deprived" if k <= 2 else "less_deprived")
        keys = {key: key for key in ("most_deprived", "less_deprived")}
        self._add("deprived", _divided(patients, fifth, keys, "deprived_unknown"))

    def _classes(self, family: str, stem: str, before: str, of_area: pd.Series) -> None:
        if not (of_area != "").any():
            self.absent += 1
            return
        word = self._by_area(of_area).fillna("").str.casefold()
        keys = {name: f"{stem}_{k}" for k, name in enumerate(sorted(set(word) - {""}), start=1)}
        self._add(family, _divided(self.rows["patients"], word, keys, f"{stem}_unknown"))
        self.labels |= {key: before.casefold() + name for name, key in keys.items()}

    def _settings(self) -> None:
        setting = self.rows["setting"]
        if (setting == "not known").all():
            self.absent += 1
            return
        keys = {"rural": "rural", "urban": "urban"}
        self._add("setting", _divided(self.rows["patients"], setting, keys, "setting_unknown"))


# --- Ages ------------------------------------------------------------------------------------------------------------


def _own_counts(place: Place, rows: pd.DataFrame, column: str) -> dict[str, float]:
    """Patients of an age that each practice counts, brought from its list to its registrations; NaN if none."""
    practices, registered = place.practices, rows.groupby("practice_code")["patients"].sum()
    counts = {}
    for code in practices.index:
        own = practices.at[code, column] if column in practices else math.nan
        own, listed = (math.nan if pd.isna(value) else float(value) for value in (own, practices.at[code, "list_size"]))
        counts[code] = max(own * (registered.get(code, 0.0) / listed if listed > 0 else 1.0), 0.0)
        if math.isnan(own):
            counts[code] = math.nan
    return counts


def _place_ages(rows: pd.DataFrame, shares: list[pd.Series], counts: list[dict[str, float]]) -> list[Counts]:
    """People of each age in each row, practice by practice."""
    placed = [[math.nan] * len(rows) for _ in AGES]
    columns = [share.tolist() for share in shares]
    patients = rows["patients"].tolist()
    for code, here in rows.reset_index(drop=True).groupby("practice_code").indices.items():
        own = [patients[i] for i in here]
        local = [[column[i] for i in here] for column in columns]
        for band, people in enumerate(_ages_of_practice(own, local, [count[code] for count in counts])):
            for i, number in zip(here, people, strict=True):
                placed[band][i] = number
    return placed


def _ages_of_practice(patients: Counts, shares: list[Counts], counts: Counts) -> Iterator[Counts]:
    """65 and over within the patients, 75 within those, 85 within those; children among who is none of them."""
    room, taken = list(patients), [0.0] * len(patients)
    for band, share in enumerate(shares):
        old = band < 3
        within = list(room) if old else [n - t for n, t in zip(patients, taken, strict=True)]
        people = [s if math.isnan(s) else min(s * n, w) for s, n, w in zip(share, patients, within, strict=True)]
        count = counts[band]
        if math.isnan(count) and old:
            # who is counted as older must be found among those that are younger
            least = max([c for c in counts[band + 1 : 3] if not math.isnan(c)], default=0.0)
            count = least if least > math.fsum(n for n in people if not math.isnan(n)) else count
        if not math.isnan(count):
            people = _placed(patients, share, within, count)
        yield people
        if old:
            room = [r if math.isnan(n) else min(r, n) for r, n in zip(room, people, strict=True)]
            taken = [t if math.isnan(n) else max(t, n) for t, n in zip(taken, people, strict=True)]


def _placed(patients: Counts, share: Counts, room: Counts, count: float) -> Counts:
    """A practice's count over its rows: those without a known share first take the practice's own."""
    total = math.fsum(patients)
    average = min(1.0, count / total) if total > 0 else 0.0
    unknown = [i for i, s in enumerate(share) if math.isnan(s)]
    known = [i for i, s in enumerate(share) if not math.isnan(s)]
    people = [0.0] * len(patients)
    for i in unknown:
        people[i] = min(patients[i] * average, room[i])
    left = max(0.0, count - math.fsum(people))
    for i, number in zip(
        known, poured([share[i] * patients[i] for i in known], [room[i] for i in known], left), strict=True
    ):
        people[i] = number
    left, spare = count - math.fsum(people), math.fsum(room[i] - people[i] for i in unknown)
    if left > 1e-6 and spare > 0:
        for i in unknown:
            people[i] += (room[i] - people[i]) * min(1.0, left / spare)
    return [min(number, most) for number, most in zip(people, room, strict=True)]


def poured(weights: Sequence[float], room: Sequence[float], total: float) -> Counts:
    """Spread people like water: every row holds the level times its weight, or its room where that is less.

    Parameters
    ----------
    weights, room
        Of each row, 0 or above.
    total
        People to spread, at most what all rows have room for.

    Returns
    -------
    People of each row. What is left when every row with a weight is full goes to the others by their room.
    """
    held = [0.0] * len(room)
    left = min(total, math.fsum(room))
    order = sorted((i for i in range(len(room)) if weights[i] > 0 and room[i] > 0), key=lambda i: room[i] / weights[i])
    behind = 0.0
    heavier = [0.0] * len(order)
    for k in range(len(order) - 1, -1, -1):
        behind += weights[order[k]]
        heavier[k] = behind
    for k, i in enumerate(order):
        # the row that is full at the lowest level first; what it does not hold raises the level of all after it
        held[i] = min(room[i], max(left, 0.0) * (weights[i] / heavier[k]))
        left -= held[i]
    spare = math.fsum(most - number for most, number in zip(room, held, strict=True))
    if left > 0 and spare > 0:
        part = min(1.0, left / spare)
        held = [min(most, number + (most - number) * part) for most, number in zip(room, held, strict=True)]
    return held


# --- Pharmacies ------------------------------------------------------------------------------------------------------


def _far_share(place: Place) -> pd.Series:
    """Share of each area that lies farther than `PHARMACY_METRES` from every pharmacy; NaN without pharmacies."""
    areas, table = place.areas, getattr(place, "pharmacies", None)
    points = [] if table is None else [(p.x, p.y) for p in table.geometry if p is not None and not p.is_empty]
    points = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    if not points:
        return pd.Series(math.nan, index=areas.index)
    share = _too_far(areas, points)
    if place.area_points is None or not len(place.area_points):
        return share
    spread = place.area_points.assign(far=_too_far(place.area_points, points)).dropna(subset=["far"])
    spread = spread[spread["area_code"].isin(areas.index)]
    spread["far"] *= spread["weight"]
    sums = spread.groupby("area_code")[["far", "weight"]].sum()
    sums = sums[sums["weight"] > 0]
    return (sums["far"] / sums["weight"]).reindex(areas.index).fillna(share)


def _too_far(table: pd.DataFrame, points: Sequence[tuple[float, float]]) -> pd.Series:
    x, y = table["x"].astype(float), table["y"].astype(float)
    nearest = pd.Series(math.inf, index=table.index)
    for px, py in points:
        nearest = np.minimum(nearest, ((x - px) ** 2 + (y - py) ** 2) ** 0.5)
    return (nearest > PHARMACY_METRES).astype(float).where(x.notna() & y.notna())


# --- More people, and the other definition of rural ------------------------------------------------------------------


def other_people(evidence: Evidence, usual: Patients) -> dict[str, Patients]:
    """The people under the scenarios that change who they are or where, for those the inputs hold."""
    place, found = evidence.place, {}
    if getattr(place, "projections", None) is not None:
        found["projected"] = usual.grown(usual.rows["area_code"].map(_projected(place)).fillna(1.0))
    if getattr(place, "housing", None) is not None:
        grown = _housed(place, usual.rows, evidence.rules.impact.persons_per_dwelling)
        found["housing"] = usual.grown(usual.rows["area_code"].map(grown).fillna(1.0))
    practices = evidence.practices
    if (practices["locality"] != "").any():
        sums = practices[practices["locality"] != ""].groupby("locality")[["list_size", "rural_patients"]].sum()
        rural = sums["rural_patients"] >= evidence.rules.rurality.threshold * sums["list_size"]
        by_practice = practices["locality"].map(rural.map({True: "rural", False: "urban"})).fillna("not known")
        found["other-rural"] = usual.settled(usual.rows["practice_code"].map(by_practice).astype(object))
    return found


def _projected(place: Place) -> pd.Series:
    """Residents in the latest year of the table over those of today, 1 where either is not known."""
    table = place.projections
    then = table[table["year"] == table["year"].max()].drop_duplicates("area_code").set_index("area_code")["population"]
    residents = _figures(place, "population")
    then = then.astype(float).reindex(place.areas.index)
    return (then / residents).where((residents > 0) & (then >= 0), 1.0)


def _housed(place: Place, rows: pd.DataFrame, persons: float) -> pd.Series:
    """Patients with those of planned homes over those of today, by area."""
    registered = rows.groupby("area_code")["patients"].sum().reindex(place.areas.index).fillna(0.0)
    away = place.areas["neighbour"].astype(bool) if "neighbour" in place.areas else pd.Series(False, registered.index)
    more = dict.fromkeys(registered.index, 0.0)
    for row in place.housing.to_dict("records"):
        code = _area_of(place, row)
        if code and registered[code] > 0 and not away[code] and not pd.isna(row["dwellings"]):
            more[code] += float(row["dwellings"]) * persons
    return ((registered + pd.Series(more)) / registered).where(registered > 0, 1.0)


def _area_of(place: Place, row: Mapping[str, object]) -> str:
    """The area of planned homes: the one named, else whose point it is, else whose polygon, else the nearest."""
    areas, named = place.areas, row.get("area_code")
    if isinstance(named, str) and named in areas.index:
        return named
    x, y = float(row["x"]), float(row["y"])
    if not (math.isfinite(x) and math.isfinite(y)) or not len(areas):
        return ""
    metres = ((areas["x"] - x) ** 2 + (areas["y"] - y) ** 2).dropna()
    at_point = sorted(metres.index[metres == 0])
    inside = at_point or [code for code, hit in areas.geometry.intersects(shapely.Point(x, y)).items() if hit]
    return str(inside[0] if inside else metres.idxmin())


# --- Communities -----------------------------------------------------------------------------------------------------


def communities_of(place: Place, area_codes: Sequence[str]) -> pd.DataFrame:
    """The community of each area with a patient.

    Returns
    -------
    DataFrame
        By area code: `community`, its `areas` (codes, blanks between) and its `setting`.
    """
    label = _labels(place)
    table = pd.DataFrame({"community": [label.get(code, OUTSIDE) for code in area_codes]}, index=list(area_codes))
    rural = place.areas["rural"].astype(bool).map({True: "rural", False: "urban"}).to_dict()
    together: dict[str, list[str]] = {}
    for code, name in table["community"].items():
        together.setdefault(name, []).append(str(code))
    known = {name: {rural[code] for code in codes if code in rural} for name, codes in together.items()}
    setting = {name: "mixed" if len(both) > 1 else next(iter(both), "not known") for name, both in known.items()}
    table["areas"] = table["community"].map({name: " ".join(sorted(codes)) for name, codes in together.items()})
    table["setting"] = table["community"].map(setting)
    return table


def _labels(place: Place) -> dict[str, str]:
    wards, names = _words(place, "ward"), _words(place, "name")
    spelt: dict[str, str] = {}  # capitals do not make another ward: the spelling that stands first
    wards = wards.map(lambda ward: spelt.setdefault(ward.casefold(), ward))
    settlements = [] if getattr(place, "settlements", None) is None else place.settlements.to_dict("records")
    named = [(" ".join(str(s["name"]).split()), s["geometry"]) for s in settlements if not pd.isna(s["name"])]
    near = sorted((name, point.x, point.y) for name, point in named if name)
    shared: dict[str, str] = {}
    for code in place.areas.index:
        if wards[code]:
            shared[code] = wards[code]
        elif not names[code] and near:
            x, y = place.areas.at[code, "x"], place.areas.at[code, "y"]
            shared[code] = f"near {min(near, key=lambda s: math.hypot(s[1] - x, s[2] - y))[0]}"
    taken = {*shared.values(), OUTSIDE}
    alone = names[(wards == "") & (names != "")]
    twice = set(alone[alone.duplicated(keep=False)]) | taken
    for code in place.areas.index:
        if code not in shared:
            name = names[code]
            shared[code] = (f"{name} ({code})" if name in twice else name) or str(code)
    return shared
