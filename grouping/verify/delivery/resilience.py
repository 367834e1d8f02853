"""Whether what would follow when a practice fails is what registrations, minutes and places give."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

from grouping.verify.delivery.claims import Claims, Row, count, differing, first_few, is_missing, same
from grouping.verify.delivery.listed_ids import ids_in
from grouping.verify.delivery.placing import Homes, Moved, placed
from grouping.verify.ledger import Ledger

SLACK = 1e-6
PATIENT = 1e-4
"""Patients that the adding of many fractions may be off."""

TAKEN, WITHOUT, UNTIMED = "finds a place", "without a place", "home not timed"
BROKEN = ("groups_below", "groups_above")
"""Columns that list groups by id."""

Failure = tuple[str, ...]
State = dict[str, tuple[float, int, int, bool]]
"""Of each group: list, minimum, maximum, and whether no practice is left."""


def check_resilience(ledger: Ledger, claims: Claims) -> None:
    """Check the tables of what follows when practices fail."""
    failures = _failures(claims)
    if not _check_failures(ledger, claims, failures):
        return
    homes = Homes(claims)
    found = {failure: placed(homes, failure) for failure in failures}
    free = {failure: placed(homes, failure, unlimited=True) for failure in failures}
    _check_rooms(ledger, claims, homes)
    _check_moves(ledger, claims, homes, found, free)
    _check_told(ledger, claims, homes, found, free)
    _check_counts(ledger, claims)


def _failures(claims: Claims) -> list[Failure]:
    """Every practice of the plan alone, and every vulnerable one with the nearest other one of the plan."""
    codes = sorted(claims.group_of)
    between, pairs = claims.evidence.between, {}
    for code in (one for one in codes if one in claims.vulnerable):
        ways = [(float(between.at[code, other]), other) for other in codes if other != code]
        ways = [way for way in ways if math.isfinite(way[0])]
        if ways:
            other = min(ways)[1]
            pairs.setdefault(frozenset((code, other)), (code, other))
    return [*((code,) for code in codes), *pairs.values()]


def _called(failure: Failure) -> str:
    return " + ".join(failure)


def _rows(claims: Claims) -> dict[str, Row]:
    """Rows of single failures and of pairs, by what they are called in the other tables."""
    found = {str(row["practice_code"]): row for row in claims.rows("resilience-failures")}
    for row in claims.rows("resilience-pairs"):
        found[f"{row['practice_code']} + {row['neighbour_code']}"] = row
    return found


def _check_failures(ledger: Ledger, claims: Claims, failures: list[Failure]) -> bool:
    told, derived = set(_rows(claims)), {_called(one) for one in failures}
    wrong = [f"{one} is missing" for one in sorted(derived - told)]
    wrong += [f"{one} is none" for one in sorted(told - derived)]
    claim = "every practice is tried alone, every vulnerable one with its nearest neighbour"
    ledger.note("rule", claim, first_few(wrong), f"{len(failures)} tried")
    return not wrong


def _check_rooms(ledger: Ledger, claims: Claims, homes: Homes) -> None:
    """Read from the table of moves alone: nobody is lost, nobody is taken beyond places or reach."""
    limit = claims.ground.settings.resilience.within_minutes
    lost: dict[tuple[str, str], float] = defaultdict(float)
    taken: dict[tuple[str, str], float] = defaultdict(float)
    far = []
    for row in claims.rows("resilience-moves"):
        lost[str(row["failure"]), str(row["from_practice"])] += row["patients"]
        if row["outcome"] == TAKEN:
            taken[str(row["failure"]), str(row["to_practice"])] += row["patients"]
            if not is_missing(row["minutes"]) and row["minutes"] > limit + SLACK:
                far.append(f"{row['failure']}: to {row['to_practice']} in {row['minutes']:.1f} minutes")
            if row["to_practice"] in str(row["failure"]).split(" + "):
                far.append(f"{row['failure']}: to a practice that fails")
    pairs = [
        (f"{name}, patients of {code}", lost.get((name, code), 0.0), float(claims.lists[code]))
        for name in _rows(claims)
        for code in name.split(" + ")
    ]
    ledger.note("figure", "nobody is lost: where patients go adds up to the lists", differing(pairs, PATIENT),
                f"{count(len(_rows(claims)), 'failure')}")  # fmt: skip
    over = [
        f"{name}: {code} takes {number:,.1f} with {homes.places.get(code, 0):,.0f} places"
        for (name, code), number in sorted(taken.items())
        if number > homes.places.get(code, 0.0) + PATIENT
    ]
    claim = f"nobody is placed beyond {limit:g} minutes or beyond the places of a practice"
    ledger.note("rule", claim, first_few([*far, *over]), f"{len(taken):,} practices that take some")


def _by_move(homes: Homes, failure: Failure, moved: Iterable[Moved]) -> dict[tuple, list[Moved]]:
    found: dict[tuple, list[Moved]] = defaultdict(list)
    for one in moved:
        found[one.origin, TAKEN if one.to else WITHOUT, one.to].append(one)
    for code in failure:
        if homes.not_timed.get(code, 0.0) > SLACK:
            found[code, UNTIMED, ""].append(Moved(code, "", "", homes.not_timed[code], math.nan, math.nan))
    return found


def _people(rows: Iterable[Moved]) -> float:
    return math.fsum(one.patients for one in rows)


def _mean(rows: Iterable[Moved], which: str) -> float | None:
    known = [one for one in rows if math.isfinite(getattr(one, which))]
    people = _people(known)
    return math.fsum(one.patients * getattr(one, which) for one in known) / people if people else None


def _check_moves(
    ledger: Ledger, claims: Claims, homes: Homes, found: dict[Failure, list[Moved]], free: dict[Failure, list[Moved]]
) -> None:
    told = {
        (row["failure"], row["from_practice"], row["outcome"], row["to_practice"] or ""): row
        for row in claims.rows("resilience-moves")
    }
    pairs = []
    for failure in found:
        name = _called(failure)
        mine, others = (_by_move(homes, failure, one[failure]) for one in (found, free))
        keys = {key[1:] for key in told if key[0] == name} | set(mine) | set(others)
        for key in sorted(keys):
            row, where = told.get((name, *key), {}), f"{name}, {key[0]} to {key[2] or key[1]}"
            held = mine.get(key, [])
            if not same(row.get("patients", 0.0), _people(held), PATIENT):
                pairs.append((f"{where}, patients", row.get("patients", 0.0), _people(held)))
            if not same(row.get("patients_unlimited", 0.0), _people(others.get(key, [])), PATIENT):
                pairs.append(
                    (f"{where}, without limit", row.get("patients_unlimited", 0.0), _people(others.get(key, [])))
                )
            if held and key[1] == TAKEN and not same(row.get("minutes"), _mean(held, "after"), PATIENT):
                pairs.append((f"{where}, minutes", row.get("minutes"), _mean(held, "after")))
    claim = "nobody could be placed nearer where there is room, or in place of somebody from farther away"
    ledger.note("figure", claim, differing(pairs, PATIENT), f"{len(told):,} moves, found again by deferred acceptance")


# ------------------------------------------------------------------------------------------------------------- groups


def _state(claims: Claims, homes: Homes, failure: Failure, moved: Iterable[Moved]) -> State:
    """List, minimum and maximum of each group after a failure."""
    rules, evidence = claims.ground.run.rules, claims.evidence
    got: dict[str, float] = defaultdict(float)
    rural: dict[str, float] = defaultdict(float)
    for one in moved:
        got[one.to] += one.patients
        if one.area in homes.rural:
            rural[one.to] += one.patients
    found = {}
    for group_id, codes in claims.members.items():
        left = [code for code in codes if code not in failure]
        lists = {code: claims.lists[code] + got[code] for code in left}
        whole = math.fsum(lists.values())
        countryside = math.fsum(float(evidence.rural_patients[code]) + rural[code] for code in left)
        is_rural = (countryside / whole if whole > 0 else 0.0) >= rules.rurality.threshold - 1e-9
        label = ""
        if rules.size.locality:
            held: dict[str, float] = defaultdict(float)
            for code, number in lists.items():
                held[evidence.practices.at[code, "locality"]] += number
            held.pop("", None)
            label = min(held, key=lambda name: (-round(held[name], 6), name), default="")
        limits = (rules.minimum_for(rural=is_rural, locality=label), rules.maximum_for(rural=is_rural, locality=label))
        found[group_id] = (whole, *limits, not left)
    return found


def _below(before: State, after: State) -> list[str]:
    return [
        one
        for one, (size, least, _, gone) in after.items()
        if gone or (size - least < -SLACK and size - least < before[one][0] - before[one][1] - SLACK)
    ]


def _above(before: State, after: State) -> list[str]:
    return [
        one
        for one, (size, _, most, _) in after.items()
        if size - most > SLACK and size - most > before[one][0] - before[one][2] + SLACK
    ]


def _check_told(
    ledger: Ledger, claims: Claims, homes: Homes, found: dict[Failure, list[Moved]], free: dict[Failure, list[Moved]]
) -> None:
    before, rows = _state(claims, homes, (), ()), _rows(claims)
    pairs, groups = [], []
    for failure, moved in found.items():
        name, row = _called(failure), rows[_called(failure)]
        went = [one for one in moved if one.to]
        untimed = sum(homes.not_timed.get(code, 0.0) for code in failure)
        derived = {
            "patients": _people(moved) + untimed,
            "placed": _people(went),
            "without_place": _people(one for one in moved if not one.to),
            "not_timed": untimed,
            "minutes_before": _mean(went, "before"),
            "minutes_after": _mean(went, "after"),
            "without_place_unlimited": _people(one for one in free[failure] if not one.to),
        }
        pairs += [(f"{name}, {key}", row[key], value) for key, value in derived.items()]
        after, wide = (_state(claims, homes, failure, one) for one in (moved, free[failure]))
        told = {
            "groups_below": _below(before, after),
            "groups_above": _above(before, after),
            "groups_gone": [one for one, state in after.items() if state[3]],
            "groups_below_unlimited": _below(before, wide),
            "groups_above_unlimited": _above(before, wide),
        }
        groups += [(f"{name}, {key}", row[key], ", ".join(value)) for key, value in told.items()]
    ledger.note("figure", "patients, those without a place, and minutes of each failure", differing(pairs, PATIENT),
                f"{count(len(found), 'failure')}")  # fmt: skip
    claim = "groups that a failure brings below their minimum or above their maximum"
    broken = sum(bool(row["groups_below"]) or bool(row["groups_above"]) for row in rows.values())
    ledger.note("figure", claim, differing(groups), f"{broken} of {count(len(found), 'failure')} break a group")


def _check_counts(ledger: Ledger, claims: Claims) -> None:
    """The counts of the groups' table, from the rows of the failures."""
    alone = claims.rows("resilience-failures")
    two, pairs = claims.rows("resilience-pairs"), []
    named = {key: [ids_in(failure[key], claims.members, ", ") for failure in alone] for key in BROKEN}
    both = [[*ids_in(f[BROKEN[0]], claims.members, ", "), *ids_in(f[BROKEN[1]], claims.members, ", ")] for f in two]
    for row in claims.rows("resilience-groups"):
        one = str(row["group_id"])
        for key in ("below", "above"):
            hit = [f for f, groups in zip(alone, named[f"groups_{key}"], strict=True) if one in groups]
            own = sum(failure["group_id"] == one for failure in hit)
            pairs += [
                (f"{one}, {key} own", row[f"{key}_own"], own),
                (f"{one}, {key}", row[f"{key}_other"], len(hit) - own),
            ]
        pairs.append((f"{one}, patients", row["list_size"], claims.patients(claims.members[one])))
        if not is_missing(row["vulnerable_breaks"]):
            hit = sum(
                f["practice_code"] in claims.vulnerable and one in (*below, *above)
                for f, below, above in zip(alone, *named.values(), strict=True)
            )
            pairs.append((f"{one}, vulnerable practices that break it", row["vulnerable_breaks"], hit))
            pairs.append((f"{one}, pairs that break it", row["pair_breaks"], sum(one in groups for groups in both)))
    claim = "how many failures break each group"
    ledger.note("figure", claim, differing(pairs), count(len(claims.members), "group"))
