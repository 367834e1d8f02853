"""Whether lists of later years follow from the tables of the case, and lines are crossed where the lists say so."""

from __future__ import annotations

import re

import numpy as np

from grouping.verify.delivery.claims import Claims, count, differing, first_few, is_missing, same
from grouping.verify.delivery.residents import Ahead
from grouping.verify.ledger import Ledger

PUBLIC_SLACK = 2.5 + 1e-6
"""Lists of later years are rounded to the nearest 5 for the public."""

SHARE_SLACK = 1e-9


def check_growth(ledger: Ledger, claims: Claims) -> None:
    """Check the tables of growth."""
    told = {row["practice_code"]: row for row in claims.rows("growth-practices")}
    years = sorted(int(key[5:]) for key in next(iter(told.values()), {}) if re.fullmatch(r"list_\d+", str(key)))
    if not years:
        return
    ahead = Ahead(claims, years[0], years[-1])
    wrong = [f"{code} is missing" for code in sorted(set(claims.group_of) - set(told))]
    base = claims.ground.settings.growth.base_year
    wrong += [f"lists begin in {years[0]}, the settings say {base}"] if base not in (None, years[0]) else []
    if not wrong:
        wrong = _off(claims, ahead, told, years)
    claim = "lists of later years are today's, changed as residents and homes of the areas their patients live in"
    ledger.note("figure", claim, wrong, f"{count(len(told), 'practice')}, {years[0]} to {years[-1]}")
    if wrong:
        return
    _check_groups(ledger, claims, ahead, told, years)
    _check_crossings(ledger, claims, ahead, years)
    if not claims.public:
        _check_sums(ledger, claims, told, years)
    _check_homes(ledger, claims)


def _off(claims: Claims, ahead: Ahead, told: dict, years: list[int]) -> list[str]:
    wrong = []
    for year in years:
        derived = ahead.lists(year)
        for code in claims.group_of:
            slack = PUBLIC_SLACK if claims.public and year > years[0] else 1e-6 * max(1.0, derived[code])
            if abs(float(told[code][f"list_{year}"]) - derived[code]) > slack:
                wrong.append(f"{code} in {year}: told {told[code][f'list_{year}']:,.2f}, derived {derived[code]:,.2f}")
    return first_few(wrong)


def _check_groups(ledger: Ledger, claims: Claims, ahead: Ahead, told: dict, years: list[int]) -> None:
    rows = {row["group_id"]: row for row in claims.rows("growth-groups")}
    asked = claims.ground.settings.growth.year
    then = min(max(asked or years[-1], years[0]), years[-1])
    pairs = [("groups", len(rows), len(claims.members))]
    for group_id, codes in claims.members.items():
        row, known = rows[group_id], claims.ground.groups.loc[group_id]
        listed = {year: sum(int(np.rint(float(told[code][f"list_{year}"]))) for code in codes) for year in years}
        pairs += [(f"{group_id} in {year}", row[f"list_{year}"], size) for year, size in listed.items()]
        pairs += [
            (f"{group_id}, margin today", row["margin_today"], listed[years[0]] - int(known["minimum"])),
            (f"{group_id}, minimum today", row["minimum_today"], int(known["minimum"])),
            (f"{group_id}, margin then", row["margin_then"], listed[then] - int(row["minimum_then"])),
        ]
        if not claims.public:
            kind, minimum, _ = _limits(claims, ahead, group_id, told, then)
            pairs += [
                (f"{group_id}, kind then", row["kind_then"], kind),
                (f"{group_id}, minimum then", row["minimum_then"], minimum),
            ]
    ledger.note("figure", "lists of groups are the sums of their practices', with their margins", differing(pairs),
                count(len(rows), "group"))  # fmt: skip


def _limits(claims: Claims, ahead: Ahead, group_id: str, told: dict, year: int) -> tuple[str, int, int]:
    """Kind, minimum and maximum of a group by the lists and homes of a year."""
    rules, codes = claims.ground.run.rules, claims.members[group_id]
    lists = {code: int(np.rint(float(told[code][f"list_{year}"]))) for code in codes}
    shares, whole = _shares(ahead, year), sum(lists.values())
    rural = whole > 0 and sum(shares[code] * lists[code] for code in codes) / whole >= (
        rules.rurality.threshold - SHARE_SLACK
    )
    label = ""
    if rules.size.locality:
        labels = claims.evidence.practices["locality"]
        patients: dict[str, int] = {}
        for code in codes:
            if labels[code]:
                patients[labels[code]] = patients.get(labels[code], 0) + lists[code]
        label = min(patients, key=lambda name: (-patients[name], name), default="")
    return (
        "rural" if rural else "urban",
        rules.minimum_for(rural=rural, locality=label),
        rules.maximum_for(rural=rural, locality=label),
    )


def _shares(ahead: Ahead, year: int) -> dict[str, float]:
    held = ahead.__dict__.setdefault("_shares", {})  # one reading of the registrations a year
    if year not in held:
        held[year] = ahead.rural_shares(year)
    return held[year]


def _check_crossings(ledger: Ledger, claims: Claims, ahead: Ahead, years: list[int]) -> None:
    rows = claims.rows("growth-crossings")
    if not rows:
        return
    groups = {row["group_id"]: row for row in claims.rows("growth-groups")}
    told = {row["practice_code"]: row for row in claims.rows("growth-practices")}
    wrong, asked = [], 0
    for row in rows:
        where = f"{row['group_id']}, {row['limit']}"
        listed = {year: int(groups[row["group_id"]][f"list_{year}"]) for year in years}
        lines = _lines(claims, ahead, row, told, years)
        if not same(row["list_today"], listed[years[0]]) or not same(row["list_last"], listed[years[-1]]):
            wrong.append(f"{where}: its lists are not those of the group")
        if lines is None:
            if row["state_today"] != "not known" and not claims.public:
                wrong.append(f"{where}: told {row['state_today']}, there is no line")
            continue
        asked += 1
        least = row["limit"] == "minimum"
        above = {year: listed[year] >= lines[year] if least else listed[year] > lines[year] for year in years}
        words = ("below", "at or above") if least else ("within", "above")
        year = next((one for one in years if above[one] != above[years[0]]), None)
        facts = [
            ("line today", row["line_today"], lines[years[0]]),
            ("today", row["state_today"], words[above[years[0]]]),
            ("last", row["state_last"], words[above[years[-1]]]),
            ("year", row["year"], year),
            ("list then", row["list_then"], None if year is None else listed[year]),
        ]
        wrong += [f"{where}, {what}: told {a}, derived {b}" for what, a, b in facts if not same(a, b)]
    crossed = sum(not is_missing(row["year"]) for row in rows)
    claim = "a line is crossed in the first year in which the list is on its other side"
    ledger.note("figure", claim, first_few(wrong), f"{asked} of {len(rows)} lines, {crossed} crossed")


def _lines(claims: Claims, ahead: Ahead, row: dict, told: dict, years: list[int]) -> dict[int, float] | None:
    """The line of a row in every year; None where there is none, or where public registrations do not tell it."""
    ground, codes = claims.ground, claims.members[row["group_id"]]
    if row["limit"] in ("minimum", "hard maximum"):
        if claims.public:
            return None
        at = 1 if row["limit"] == "minimum" else 2
        return {year: float(_limits(claims, ahead, row["group_id"], told, year)[at]) for year in years}
    line: float | None = None
    if row["limit"] == "preferred maximum":
        line = float(ground.run.rules.size.preferred_maximum)
    elif row["limit"] == "places":
        table = ground.inputs.rows("capacity")
        places = {} if table is None else dict(zip(table["practice_code"], table["places"], strict=True))
        if not any(is_missing(places.get(code)) for code in codes):
            line = float(claims.patients(codes) + sum(int(places[code]) for code in codes))
    elif ground.settings.estates.m2_per_1000 and "floor_area_m2" in ground.run.place.sites:
        sites = ground.run.place.sites
        areas = sites.loc[sites["practice_code"].isin(codes), "floor_area_m2"].astype(float)
        line = None if areas.isna().any() else float(areas.sum()) / ground.settings.estates.m2_per_1000 * 1000
    return None if line is None else dict.fromkeys(years, line)


def _check_sums(ledger: Ledger, claims: Claims, told: dict, years: list[int]) -> None:
    pairs = []
    for row in claims.rows("growth-sums"):
        year = int(row["year"])
        pairs += [
            (f"{year}, patients", row["patients"], row["patients_today"] + row["patients_more"]),
            (f"{year}, patients more", row["patients_more"], row["patients_by_projection"] + row["homes_counted"]),
            (f"{year}, rounding", row["rounding"], row["lists_whole"] - row["patients"]),
        ]
        if set(claims.lists) == set(claims.group_of) and year in years:
            lists = [float(one[f"list_{year}"]) for one in told.values()]
            pairs += [
                (f"{year}, lists", row["patients"], sum(lists)),
                (f"{year}, whole lists", row["lists_whole"], int(np.rint(lists).sum())),
            ]
    if pairs:
        ledger.note(
            "figure", "every person of the tables is in the sums once", differing(pairs), count(len(years), "year")
        )


def _check_homes(ledger: Ledger, claims: Claims) -> None:
    rows = claims.rows("growth-homes")
    if not rows:
        return
    settings, rules = claims.ground.settings.growth, claims.ground.run.rules
    persons = settings.persons_per_dwelling or rules.impact.persons_per_dwelling
    given = claims.ground.run.place.housing
    pairs = [(str(row["name"]), row["people"], row["dwellings"] * persons) for row in rows]
    pairs.append(("all homes", sum(row["dwellings"] for row in rows), float(given["dwellings"].fillna(0).sum())))
    ledger.note(
        "figure", "people of planned homes", differing(pairs), f"{count(len(rows), 'place')}, {persons:g} a home"
    )
