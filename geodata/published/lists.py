"""List sizes of practices, as the NHS publishes them: by age band and sex, in a column each or in a row each.

Layouts: the prescribing list sizes (NHSBSA, "Male 0-4" to "Female 75+", a column each); the monthly "Patients
Registered at a GP Practice" (NHS England): `gp-reg-pat-prac-all` (totals), `-quin-age` (five-year bands, also of
networks and commissioners), `-sing-age-male` and `-female` (single years); and any table that has a column for the
list size.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geodata.errors import Finding
from geodata.published import cells
from geodata.published.agebands import OLDEST, Band, Sex, ages_of, find_bands, sex_of, whole
from geodata.published.cells import PRACTICE_CODE, Origin
from geodata.tables.columns import plain_word

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile

AGE_COLUMNS = ("age_65_plus", "age_75_plus", "age_85_plus", "age_children")
LIST_COLUMNS = ("practice_code", "name", "list_size", *AGE_COLUMNS, "commissioner", "postcode")

_ABOUT = ("name", "commissioner", "postcode")
_FROM_AGE = {"age_65_plus": 65, "age_75_plus": 75, "age_85_plus": 85}
_ADULT_AGES = (16, 15)
"""Children are those younger: under 16 where a band begins at 16, else under 15 (bands of five or ten years)."""

_PRACTICE_TYPES = frozenset(["gp", "gp practice", "practice", "prac", "gp practices"])
_ALL_AGES = -1
_WITHHELD_FIX = "Ask the practice or the commissioner for the list size, and write it into practices.csv."


def read_list_sizes(file: PublishedFile) -> tuple[pd.DataFrame, list[Finding]]:
    """Read the list sizes of one file; see `read_lists`, which also joins files that belong together."""
    return read_lists([file])


def read_lists(files: Sequence[PublishedFile]) -> tuple[pd.DataFrame, list[Finding]]:
    """Read list sizes from one file, or from several of the same date that complete each other.

    Files that count one sex only are added together. Where several files tell the same, the first one counts; ages are
    taken from the first file that tells them.

    Parameters
    ----------
    files
        Recognised files of the kind `list_sizes`, of one date.

    Returns
    -------
    lists
        One row a practice, sorted by code: `practice_code, name, list_size` (patients, integer), `age_65_plus,
        age_75_plus, age_85_plus, age_children` (patients, NaN where not told), `commissioner, postcode`.
    findings
        Malformed and repeated codes, withheld counts, sums that disagree with a told total.
    """
    findings: list[Finding] = []
    results: list[pd.DataFrame] = []
    one_sex: list[tuple[pd.DataFrame, Origin]] = []
    for file in files:
        origin = cells.origin_of(file)
        if "sex" in file.columns or "age" in file.columns:
            long = _long_rows(file.read(file.columns), origin, findings)
            if set(long["sex"].unique()) in ({"male"}, {"female"}):
                one_sex.append((long, origin))
            else:
                results.append(_from_rows(long, origin, findings))
        else:
            bands = find_bands(file.table.header, file.columns.values())
            wanted = {**file.columns, **{_band_column(at): at for at in bands}}
            spelled = {_band_column(at): file.table.header[at] for at in bands}
            origin = Origin(origin.file, {**origin.columns, **spelled})
            results.append(parse_columns(file.read(wanted), bands, origin, findings))
    results += _both_sexes(one_sex, findings)
    return _first_told(results), findings


def parse_rows(raw: pd.DataFrame, origin: Origin, findings: list[Finding]) -> pd.DataFrame:
    """Parse a table with a row for each practice, sex and age.

    Parameters
    ----------
    raw
        Text cells `practice_code, list_size` and, where the file has them, `sex, age, org_type, name, commissioner,
        postcode`; the index holds the file's rows.
    """
    long = _long_rows(raw, origin, findings)
    if set(long["sex"].unique()) in ({"male"}, {"female"}):
        return _first_told(_both_sexes([(long, origin)], findings))
    return _first_told([_from_rows(long, origin, findings)])


def parse_columns(
    raw: pd.DataFrame, bands: Mapping[int, Band], origin: Origin, findings: list[Finding]
) -> pd.DataFrame:
    """Parse a table with one row a practice: a column for the list size, or one for each age band and sex.

    Parameters
    ----------
    raw
        Text cells `practice_code`, and any of `name, list_size, commissioner, postcode`, of `AGE_COLUMNS`, and a
        column `band N` for each position N in `bands`; the index holds the file's rows.
    """
    raw = _well_coded(raw, origin, findings)
    numbers = {at: _counts(raw, _band_column(at), origin, findings) for at in bands}
    size = _told(raw, "list_size", origin, findings)
    summed, missing, parts = _sum_of_bands(numbers, bands, raw.index)
    _compare(raw, size, summed, missing, origin, findings)
    frame = _about(raw)
    frame["list_size"] = size.where(size.notna(), summed)
    for column in AGE_COLUMNS:
        told = _told(raw, column, origin, findings)
        frame[column] = told.where(told.notna(), _sum_of_ages(numbers, parts, column, raw.index))
    least = size.isna() & (missing > 0) & summed.notna()
    findings += cells.tell(
        origin,
        "warning",
        raw["practice_code"][least],
        "Some age bands of practice {value} are withheld; the sum of the others is used: its list is at least that.",
        _WITHHELD_FIX,
        "withheld-count",
        column="practice_code",
    )
    return _sized(_once(frame, origin, findings), origin, findings)


def _band_column(at: int) -> str:
    return f"band {at}"


def _about(raw: pd.DataFrame) -> pd.DataFrame:
    """Who the practice is, as far as the file tells."""
    frame = pd.DataFrame({"practice_code": raw["practice_code"]}, index=raw.index)
    empty = pd.Series("", index=raw.index, dtype="str")
    frame["name"] = cells.names(raw.get("name", empty))
    frame["commissioner"] = cells.by_value(raw.get("commissioner", empty), cells.tidy_commissioner)
    frame["postcode"] = cells.postcodes(raw.get("postcode", empty))
    return frame


def _well_coded(raw: pd.DataFrame, origin: Origin, findings: list[Finding]) -> pd.DataFrame:
    """Codes tidied; rows without the code of a practice left out."""
    raw = raw.assign(practice_code=cells.codes(raw["practice_code"]))
    good = cells.well_formed(raw["practice_code"], PRACTICE_CODE)
    findings += cells.tell(
        origin,
        "warning",
        raw["practice_code"][~good],
        "{value} is not the code of a practice; the row is left out.",
        "Give the ODS code, such as J81012; a line of totals can be removed.",
        "malformed-code",
        column="practice_code",
    )
    return raw[good]


def _counts(raw: pd.DataFrame, column: str, origin: Origin, findings: list[Finding]) -> pd.Series[float]:
    """A column of counts, NaN where withheld; what is no count is told."""
    numbers, unread = cells.counts(raw[column])
    findings += cells.tell(
        origin,
        "warning",
        raw[column][unread],
        "{value} is not a count of patients; it is treated as not told.",
        "Write a whole number, such as 8450 or 8,450.",
        "bad-count",
        column=column,
    )
    return numbers


def _told(raw: pd.DataFrame, column: str, origin: Origin, findings: list[Finding]) -> pd.Series[float]:
    """A column of counts the file may not have."""
    if column not in raw:
        return pd.Series(np.nan, index=raw.index)
    return _counts(raw, column, origin, findings)


def _sum_of_bands(
    numbers: Mapping[int, pd.Series[float]], bands: Mapping[int, Band], index: pd.Index[Any]
) -> tuple[pd.Series[float], pd.Series[int], list[dict[int, Band]]]:
    """The list size from its bands, how many of them are withheld, and which bands make it up."""
    totals: dict[Sex, int] = {band.sex: at for at, band in bands.items() if band.low is None}
    male, female = whole(bands, "male"), whole(bands, "female")
    every = whole(bands, "all")
    parts = [male, female] if male and female else [every] if every else []
    if "all" in totals:
        used = [totals["all"]]
    elif "male" in totals and "female" in totals:
        used = [totals["male"], totals["female"]]
    else:
        used = [at for part in parts for at in part]
    if not used:
        return pd.Series(np.nan, index=index), pd.Series(0, index=index), parts
    table = pd.DataFrame({at: numbers[at] for at in used}, index=index)
    return table.sum(axis=1, min_count=1), table.isna().sum(axis=1), parts


def _cut_at(column: str, lows: Sequence[Collection[int]]) -> tuple[int, int] | None:
    """First and last year of an age column; None where a band straddles one of its ends.

    `lows` are the ages at which the bands begin, of each sex that is counted apart.
    """
    if column in _FROM_AGE:
        age = _FROM_AGE[column]
        return (age, OLDEST) if lows and all(age in begins for begins in lows) else None
    for age in _ADULT_AGES:
        if lows and all({0, age} <= set(begins) for begins in lows):
            return 0, age - 1
    return None


def _sum_of_ages(
    numbers: Mapping[int, pd.Series[float]], parts: Sequence[Mapping[int, Band]], column: str, index: pd.Index[Any]
) -> pd.Series[float]:
    """Patients of the ages of a column; NaN where a band straddles their ends or is withheld."""
    ages = _cut_at(column, [{band.low or 0 for band in part.values()} for part in parts])
    if ages is None:
        return pd.Series(np.nan, index=index)
    used = [at for part in parts for at, band in part.items() if ages[0] <= (band.low or 0) <= ages[1]]
    return pd.DataFrame({at: numbers[at] for at in used}, index=index).sum(axis=1, skipna=False)


def _compare(
    raw: pd.DataFrame,
    size: pd.Series[float],
    summed: pd.Series[float],
    missing: pd.Series[int],
    origin: Origin,
    findings: list[Finding],
) -> None:
    """Tell where a told list size is not the sum of its own bands."""
    wrong = size.notna() & summed.notna() & (missing == 0) & (size != summed)
    if wrong.any():
        findings += cells.tell(
            origin,
            "warning",
            raw["list_size"][wrong],
            "The list size {value} is not the sum of the age bands in its row; the list size is used.",
            "Find out which is right.",
            "list-size-and-bands",
            column="list_size",
        )


def _once(frame: pd.DataFrame, origin: Origin, findings: list[Finding]) -> pd.DataFrame:
    """One row a practice: the last that tells a list size."""
    told_last = frame.assign(told=frame["list_size"].notna()).sort_values("told", kind="stable")
    kept = told_last.drop_duplicates("practice_code", keep="last").index
    findings += cells.tell(
        origin,
        "warning",
        frame.loc[~frame.index.isin(kept), "practice_code"],
        "{value} stands here more than once; the last row that tells a list size is used.",
        "Keep one row for each practice.",
        "duplicate-code",
        column="practice_code",
    )
    return frame[frame.index.isin(kept)]


def _sized(frame: pd.DataFrame, origin: Origin, findings: list[Finding]) -> pd.DataFrame:
    """Practices with a list size; the others are told."""
    unsized = frame["list_size"].isna()
    findings += cells.tell(
        origin,
        "warning",
        frame["practice_code"][unsized],
        "No list size is told for practice {value}; it counts as a practice without a list.",
        _WITHHELD_FIX,
        "no-list-size",
        column="practice_code",
    )
    return frame[~unsized]


def _long_rows(raw: pd.DataFrame, origin: Origin, findings: list[Finding]) -> pd.DataFrame:
    """Rows of practices with `sex`, `low` (-1: all ages) and `number` (NaN: withheld)."""
    if "org_type" in raw:
        raw = raw[cells.by_value(raw["org_type"], _is_practice, bool)]
    raw = _well_coded(raw, origin, findings)
    frame = _about(raw)
    empty = pd.Series("", index=raw.index, dtype="str")
    sexes, ages = raw.get("sex", empty), raw.get("age", empty)
    frame["sex"] = cells.by_value(sexes, lambda text: sex_of(text) or "?")
    frame["low"] = cells.by_value(ages, _low, np.int64)
    frame["number"] = _counts(raw, "list_size", origin, findings)
    unread = (frame["sex"] == "?") | (frame["low"] < _ALL_AGES)
    findings += cells.tell(
        origin,
        "warning",
        (sexes + " " + ages)[unread],
        "{value} is not a sex and an age; the row is left out.",
        "Write ALL, MALE or FEMALE, and an age such as 0_4, 95+ or ALL.",
        "bad-age-band",
        column="age" if "age" in raw else "sex",
    )
    frame = frame[~unread]
    repeated = frame.duplicated(["practice_code", "sex", "low"], keep="last")
    findings += cells.tell(
        origin,
        "warning",
        frame["practice_code"][repeated],
        "Practice {value} has more than one row for this sex and age; the last is used.",
        "Keep one row for each practice, sex and age.",
        "duplicate-row",
        column="practice_code",
    )
    return frame[~repeated]


def _is_practice(text: str) -> bool:
    return not text.strip() or plain_word(text) in _PRACTICE_TYPES


def _low(text: str) -> int:
    ages = ages_of(text)
    return _ALL_AGES if ages is None else -2 if ages == "unread" else ages[0]


def _both_sexes(parts: Sequence[tuple[pd.DataFrame, Origin]], findings: list[Finding]) -> list[pd.DataFrame]:
    """Add files that count one sex each; one alone is no list size."""
    if not parts:
        return []
    rows = pd.concat([part for part, _ in parts], ignore_index=True)
    rows = rows.drop_duplicates(["practice_code", "sex", "low"])
    origin = Origin(", ".join(origin.file for _, origin in parts), parts[0][1].columns)
    told = sorted(set(rows["sex"]))
    if len(told) == 2:
        return [_from_rows(rows, origin, findings)]
    findings.append(
        Finding(
            "warning",
            origin.file,
            f"The file counts {'men' if told == ['male'] else 'women'} only; it gives no list sizes.",
            "Put the file of the other sex beside it, or the file of all patients (gp-reg-pat-prac-all).",
            code="one-sex-only",
        )
    )
    return []


def _from_rows(long: pd.DataFrame, origin: Origin, findings: list[Finding]) -> pd.DataFrame:
    """List sizes and ages from rows: a told total first, then the sexes' totals, then the sum over the ages."""
    about = long.drop_duplicates("practice_code").set_index("practice_code").loc[:, list(_ABOUT)].sort_index()
    frame = about.copy()
    total, _ = _by_practice(long[long["low"] == _ALL_AGES], about.index, whole_only=True)
    aged = long[long["low"] > _ALL_AGES]
    complete = bool((aged["low"] == 0).any())
    summed, missing = _by_practice(aged, about.index, whole_only=False)
    frame["list_size"] = total.where(total.notna(), summed) if complete else total
    lows = {int(low) for low in aged["low"].unique()}
    for column in AGE_COLUMNS:
        ages = _cut_at(column, [lows])
        theirs = aged if ages is None else aged[aged["low"].between(*ages)]
        told = None if ages is None else _by_practice(theirs, about.index, whole_only=True)[0]
        frame[column] = np.nan if told is None else told
        frame[column] = frame[column].astype(float)
    least = total.isna() & (missing > 0) & frame["list_size"].notna()
    codes = pd.Series(about.index[least], index=_rows_of(long, about.index[least]))
    text = "Some ages of practice {value} are withheld; the sum of the others is used: its list is at least that."
    findings += cells.tell(origin, "warning", codes, text, _WITHHELD_FIX, "withheld-count", column="practice_code")
    frame = frame.reset_index()
    frame.index = pd.Index(_rows_of(long, frame["practice_code"]))
    return _sized(frame, origin, findings)


def _rows_of(long: pd.DataFrame, practices: Any) -> list[int]:
    """The first row of each practice in its file."""
    first = long.drop_duplicates("practice_code")
    return list(pd.Series(first.index, index=first["practice_code"]).reindex(practices))


def _by_practice(
    rows: pd.DataFrame, practices: pd.Index[Any], *, whole_only: bool
) -> tuple[pd.Series[float], pd.Series[int]]:
    """Sum rows over ages: those of all sexes where told, else the sexes added.

    With `whole_only` a practice with a withheld row has no sum; else it has the sum of the others.
    """
    by = rows.assign(missing=rows["number"].isna()).groupby(["practice_code", "sex"])
    sums = by["number"].sum(min_count=1).unstack("sex")
    missing = by["missing"].sum().unstack("sex")
    sums, missing = sums.reindex(practices), missing.reindex(practices)
    if whole_only:
        sums = sums.mask(missing > 0)
    every = sums["all"] if "all" in sums else pd.Series(np.nan, index=practices)
    sexes = [sex for sex in ("male", "female", "other") if sex in sums]
    both = {"male", "female"} <= set(sexes)
    withheld = missing[sexes].fillna(0).gt(0).any(axis=1) if sexes else pd.Series(False, index=practices)
    added = sums[sexes].sum(axis=1, min_count=1) if both else pd.Series(np.nan, index=practices)
    if whole_only:
        added = added.mask(withheld)
    gaps = missing["all"] if "all" in missing else pd.Series(0, index=practices)
    gaps = gaps.where(every.notna(), missing[sexes].sum(axis=1) if sexes else 0).fillna(0).astype(int)
    return every.where(every.notna(), added).astype(float), gaps


def _first_told(results: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One row a practice: each cell from the first file that tells it."""
    frame = pd.DataFrame({column: pd.Series(dtype="str") for column in LIST_COLUMNS})
    for result in results:
        mine = result.set_index("practice_code").reindex(columns=list(LIST_COLUMNS[1:]))
        mine = mine.mask(mine.eq(""))
        frame = mine if frame.empty else frame.combine_first(mine)
    if frame.empty:
        frame = frame.reindex(columns=list(LIST_COLUMNS))
    else:
        frame = frame.sort_index().reset_index().loc[:, list(LIST_COLUMNS)]
    for column in ("practice_code", *_ABOUT):
        frame[column] = frame[column].fillna("").astype("str")
    for column in AGE_COLUMNS:
        frame[column] = frame[column].astype(float)
    frame["list_size"] = frame["list_size"].astype("int64")
    return frame.reset_index(drop=True)
