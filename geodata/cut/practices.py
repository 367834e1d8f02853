"""What a case says of its practices: list size and where it comes from, today's network, dispensing.

All functions take the frames of the readers; files stand beside them only as labels for the findings.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geodata.cut.record import Record, count, listed
from geodata.published.lists import AGE_COLUMNS
from geodata.published.networks import current
from geodata.registrations import USUAL_FACTORS

if TYPE_CHECKING:
    from geodata.cut.gather import Read


def with_list_sizes(
    practices: pd.DataFrame,
    lists: pd.DataFrame | None,
    registered: pd.Series,
    older: Read,
    *,
    lists_file: str,
    lists_vintage: str,
    registrations_file: str,
    registrations_vintage: str,
    registrations_far: bool,
    record: Record,
) -> pd.DataFrame:
    """Add `list_size` and the age columns; practices without any list are left out.

    Parameters
    ----------
    practices
        Open practices, indexed by code.
    lists
        `practice_code`, `list_size` and `AGE_COLUMNS` of about the same date, or None.
    registered
        Registered patients by practice code, wherever they live (outside England too).
    older
        List sizes of any other date: say how many patients practices without a list had then.
    lists_file, lists_vintage, registrations_file, registrations_vintage
        For the findings; empty without such a file.
    registrations_far
        Whether the registrations are more than a year from the list of practices: sums of them are then a warning.

    Returns
    -------
    pandas.DataFrame
        The practices that have a list.
    """
    codes = practices.index
    given = pd.Series(np.nan, index=codes)
    ages = pd.DataFrame(np.nan, index=codes, columns=list(AGE_COLUMNS))
    if lists is not None:
        theirs = lists.drop_duplicates("practice_code").set_index("practice_code").reindex(codes)
        given = theirs["list_size"].astype(float)
        given = given.where(given > 0)
        for column in ages.columns:
            if column in theirs:
                ages[column] = theirs[column].astype(float)
    sums = registered.reindex(codes).astype(float)
    sums = sums.where(sums > 0)
    from_lists, from_sums = given.notna(), given.isna() & sums.notna()
    sizes = given.where(from_lists, sums)
    if from_lists.any():
        what = f"{count(from_lists.sum(), 'practice')} ({count(given.sum(), 'patient')})"
        message = f"The list sizes of {what} are those of {lists_vintage}."
        record.note("list-source", lists_file, message, value=f"{given.sum():.0f}")
    if from_sums.any():
        total = sums[from_sums].sum()
        what = f"{count(from_sums.sum(), 'practice')} ({count(total, 'patient')})"
        message = f"The list sizes of {what} are their registrations of {registrations_vintage} summed over all areas: "
        if from_lists.any():
            message += "the file of list sizes has no row for them."
            record.warn("list-from-registrations", registrations_file, message, value=listed(codes[from_sums]))
        else:
            message += "there is no file of list sizes of that time"
            message += f" (the newest in the folder is of {older.vintage})." if older else "."
            if registrations_far:
                message += " They are more than a year from the list of practices: patients of practices that closed or"
                message += " merged in between stand where they are registered then."
                fix = "Add list sizes of about the date of the list of practices, or choose another --date."
                record.warn("list-from-registrations", registrations_file, message, fix, value=f"{total:.0f}")
            else:
                record.note("list-from-registrations", registrations_file, message, value=f"{total:.0f}")
    without = practices[sizes.isna().to_numpy()]
    _leave_out_without(without, len(codes), lists_file or registrations_file, older, record)
    filled = practices.assign(list_size=sizes, **{column: ages[column] for column in ages})
    return filled[sizes.notna().to_numpy()].astype({"list_size": int})


def _leave_out_without(without: pd.DataFrame, number: int, file: str, older: Read, record: Record) -> None:
    had = pd.Series(dtype=float)
    if older:
        had = older.rows.set_index("practice_code")["list_size"]
        had = had[had.index.isin(without.index) & (had > 0)]
    for code, row in without.iterrows():
        reason = "open, but in no file of list sizes of that time and without registrations"
        patients = float(had.get(code, np.nan))
        reason += f"; its list of {older.vintage} counted the patients given here" if patients > 0 else ""
        record.leave_out("practices", str(code), reason, name=row["name"], postcode=row["postcode"], patients=patients)
    if not len(without):
        return
    named = listed(f"{code} ({name})" for code, name in without["name"].items())
    message = (
        f"Open, but without a list size and without registrations: {count(len(without), 'practice')}, {named}. Left "
        f"out, so {number} become {number - len(without)}."
    )
    if len(had):
        message += f" By the lists of {older.vintage}, {len(had)} of them had {count(had.sum(), 'patient')}."
    fix = "If it has patients, add it to practices.csv with its list size, and its main site to sites.csv."
    record.warn("no-list", file, message, fix, value=listed(without.index))


def compare_with_registrations(
    practices: pd.DataFrame,
    registered: pd.Series,
    *,
    vintage: str,
    list_vintage: str,
    file: str,
    record: Record,
) -> None:
    """Say how the lists agree with registrations of another date, and which practices have none.

    Parameters
    ----------
    practices
        Practices of the case with `list_size`.
    registered
        Registered patients by practice code.
    vintage, list_vintage
        Dates of the registrations and of the lists.
    """
    sums = registered.reindex(practices.index)
    have = sums.notna() & (sums > 0)
    without = practices[~have.to_numpy()]
    if len(without):
        patients = int(without["list_size"].sum())
        # Code and value are those that estimating will use, so that the same is not told twice.
        message = (
            f"Without registrations of {vintage}: {count(len(without), 'practice')} with {count(patients, 'patient')}. "
            "Where their patients live is estimated."
        )
        fix = "Add registrations of the time of the lists to the folder, if they were published."
        record.warn("estimated-registrations", file, message, fix, value=listed(without.index))
    low, high = USUAL_FACTORS
    ratio = sums[have] / practices.loc[have.to_numpy(), "list_size"]
    above, below = ratio[ratio > high], ratio[ratio < low]
    if len(above) or len(below):
        lists = practices.loc[have.to_numpy(), "list_size"].sum()
        message = (
            f"Registrations of {vintage} above {high:g} times the list of {list_vintage}: {len(above)} of the "
            f"{count(len(ratio), 'practice')} in both files; below {low:g} times: {len(below)}. Together they count "
            f"{sums[have].sum():,.0f} patients, their lists {lists:,}. They are scaled to the lists."
        )
        fix = "A practice far above has probably taken over others: check those with the largest factor."
        record.warn("registrations-above-list", file, message, fix, value=f"{len(above)} of {len(ratio)}")


# --- Networks ------------------------------------------------------------------------------------------------------


def current_groups(
    practices: pd.DataFrame,
    networks: pd.DataFrame | None,
    *,
    commissioners: Collection[str],
    file: str,
    vintage: str,
    record: Record,
) -> pd.Series:
    """Today's Primary Care Network of each practice by name; empty where it has none.

    Only memberships without an end date count. Where a practice has two, the one that began last is taken.

    Parameters
    ----------
    networks
        `practice_code`, `network_code`, `network_name`, `commissioner`, `started`, `ended`; None without a file.
    commissioners
        Commissioners of the case: their networks' memberships are counted; without any, those of the practices.
    """
    groups = pd.Series("", index=practices.index, dtype=object)
    if networks is None or networks.empty:
        return groups
    inside = networks["practice_code"].isin(practices.index)
    theirs = networks[inside | networks["commissioner"].isin(set(commissioners))]
    theirs = theirs[theirs["commissioner"].isin(set(commissioners))] if _any_of(networks, commissioners) else theirs
    ended = int((theirs["ended"] != "").sum())
    if ended:
        message = f"Network memberships that have ended and are left out: {ended} of {len(theirs)}."
        record.note("ended-memberships", file, message, value=f"{ended} of {len(theirs)}")
    members, findings = current(networks[inside], file=file)
    record.findings += findings
    members = members.set_index("practice_code")
    names = _distinct_names(members)
    groups.loc[names.index] = names
    without = groups.index[groups == ""]
    networks_now = members["network_code"].nunique()
    message = (
        f"Networks of {vintage}, as current_group: {networks_now}, with {count(len(names), 'practice')} of the case"
    )
    message += f"; in none: {len(without)} ({listed(without)})." if len(without) else "."
    record.note("current-networks", file, message, value=str(networks_now))
    return groups


def _any_of(networks: pd.DataFrame, commissioners: Collection[str]) -> bool:
    return bool(networks["commissioner"].isin(set(commissioners)).any())


def _distinct_names(members: pd.DataFrame) -> pd.Series:
    """Names of the networks; two networks of one name get their code behind it."""
    names = members["network_name"].where(members["network_name"] != "", members["network_code"])
    codes = members.groupby(names)["network_code"].nunique()
    double = names.isin(codes.index[codes > 1])
    return names.where(~double, names + " (" + members["network_code"] + ")")


# --- Practices of another date -------------------------------------------------------------------------------------


def tell_changes(
    practices: pd.DataFrame,
    then: pd.DataFrame,
    listed_then: Collection[str],
    *,
    commissioners: Collection[str],
    file: str,
    vintage: str,
    record: Record,
) -> None:
    """Compare the practices of the case with the list of another date: which are not open there, and which are new.

    Parameters
    ----------
    practices
        Practices of the case, with `list_size`.
    then
        GP practices open at the other date, indexed by code.
    listed_then
        All codes in the other list, open or not.
    commissioners
        Commissioners asked for: their other practices of that date are counted too.
    """
    here = practices.index.isin(then.index)
    shut = practices[~here & practices.index.isin(list(listed_then))]
    unknown = practices[~here & ~practices.index.isin(list(listed_then))]
    others = then.index[then["commissioner"].isin(set(commissioners)) & ~then.index.isin(practices.index)]
    parts = [f"open in it {int(here.sum())} of the {count(len(practices), 'practice')} of the case"]
    for what, rows in (("closed or merged", shut), ("not listed", unknown)):
        if len(rows):
            parts.append(f"{what} {len(rows)} with {count(rows['list_size'].sum(), 'patient')} ({listed(rows.index)})")
    if len(others):
        parts.append(f"open in it only {len(others)} of the commissioner ({listed(others)})")
    message = f"Compared with the list of practices of {vintage}: " + "; ".join(parts) + "."
    record.note("practices-changed", file, message, value=f"{int(here.sum())} of {len(practices)}")


# --- Dispensing ----------------------------------------------------------------------------------------------------


def tell_dispensing(
    practices: pd.DataFrame,
    dispensing: Collection[str],
    counts: Mapping[str, int],
    *,
    file: str,
    vintage: str,
    record: Record,
) -> pd.Series:
    """`yes` for practices linked to the list of dispensing practices, else `no`; how the list was linked is told."""
    flags = pd.Series(np.where(practices.index.isin(list(dispensing)), "yes", "no"), index=practices.index)
    number = int((flags == "yes").sum())
    how = ", ".join(f"{n:,} by {way}" for way, n in counts.items() if n and way != "unlinked")
    message = (
        f"Dispensing practices of the case by the list of {vintage}: {number}. Of its {sum(counts.values()):,} records "
        f"for all England, linked to an open practice: {how or 'none'}; not linked: {counts.get('unlinked', 0):,}."
    )
    fix = "Check the column dispensing in practices.csv where it matters."
    record.note("dispensing", file, message, fix, value=str(number))
    return flags
