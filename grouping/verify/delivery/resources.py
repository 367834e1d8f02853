"""Whether every amount is its ratio times the patients, in whole fractions, and whether the sums add up."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files

from grouping.verify.delivery.claims import (
    Claims,
    Row,
    count,
    differing,
    first_few,
    fraction,
    is_missing,
    same,
    wave_at,
)
from grouping.verify.ledger import Ledger

EXACT = 1e-9
NAMES = {"now": "lists of now", "projected": "projected lists"}


@dataclass(frozen=True)
class Rate:
    """So much per so many patients, from a wave on: read from the planner's table, or from the built-in one."""

    resource: str
    kind: str
    amount: Fraction
    per: Fraction
    share: Fraction
    wave: int
    years: int
    yearly: bool

    def of(self, patients: int) -> Fraction:
        """What so many patients need."""
        return self.amount * self.share * patients / self.per

    @property
    def once(self) -> bool:
        """Whether it is money that is paid once."""
        return self.kind == "money" and not self.yearly


def check_resources(ledger: Ledger, claims: Claims) -> None:
    """Check the tables of what is needed."""
    waves = [str(row["wave"]) for row in claims.rows("rollout-waves")]
    rates = _rates(claims, waves)
    _check_rates(ledger, claims, rates, waves)
    patients = {"now": {one: claims.patients(codes) for one, codes in claims.members.items()}}
    later = _projected(ledger, claims)
    if later is not None:
        patients["projected"] = later
    for end in NAMES:
        if end in patients:
            _check_groups(ledger, claims, rates, end, patients[end])
            _check_totals(ledger, claims, rates, end, sum(patients[end].values()))
            if claims.rows("resources-waves") and claims.rows("rollout-groups"):
                _check_waves(ledger, claims, rates, end, patients[end])


def _rates(claims: Claims, waves: list[str]) -> list[Rate]:
    rows = claims.said("ratios")
    if rows is None:
        text = (files("grouping") / "resources" / "ratios.csv").read_text(encoding="utf-8")
        rows = list(csv.DictReader(io.StringIO(text)))
        kinds = [row["kind"] for row in rows]
    else:
        kinds = claims.ground.inputs.table("ratios").frame["kind"].astype(str).tolist()
    found = []
    for row, kind in zip(rows, kinds, strict=True):
        unit = row.get("unit", "").casefold()
        amount = fraction(row["amount"])
        found.append(
            Rate(
                row["resource"].strip(),
                kind,
                amount / 60 if kind == "hours" and unit.strip().startswith("minute") else amount,
                fraction(row["per_patients"]),
                fraction(row["covered_share"]) if row.get("covered_share") else Fraction(1),
                _wave(row.get("wave", ""), waves),
                int(fraction(row["years"])) if row.get("years") else 1,
                kind == "money" and "year" in unit,
            )
        )
    # Steps that fall on the same wave, where there are fewer waves than steps: the last one holds.
    return list({(" ".join(one.resource.casefold().split()), one.wave): one for one in found}.values())


def _wave(text: str, waves: list[str]) -> int:
    """The wave of a cell, by its name or its number; the first where it is empty, the last where it lies beyond."""
    at = wave_at(waves, text)
    if at is None and re.fullmatch(r"\s*\d+\s*", text):
        at = min(max(int(text), 1), max(len(waves), 1)) - 1
    return at or 0


def _rate_of(rates: list[Rate], row: Row, waves: list[str]) -> Rate | None:
    """The ratio of a row of a table, by its resource and wave."""
    at, name = _wave(str(row["wave"] or ""), waves), " ".join(str(row["resource"]).casefold().split())
    return next((one for one in rates if " ".join(one.resource.casefold().split()) == name and one.wave == at), None)


def _check_rates(ledger: Ledger, claims: Claims, rates: list[Rate], waves: list[str]) -> None:
    told = claims.rows("resources-ratios")
    pairs = [("ratios", len(told), len(rates))]
    for row in told:
        rate, where = _rate_of(rates, row, waves), f"{row['resource']}, {row['wave']}"
        if rate is None:
            pairs.append((where, "a ratio", None))
            continue
        pairs += [
            (f"{where}, amount", row["amount"], rate.amount),
            (f"{where}, patients", row["per_patients"], rate.per),
            (f"{where}, share", row["covered_share"], rate.share),
            (f"{where}, kind", row["kind"], rate.kind),
        ]
    claim = "ratios are those that were given or are built in"
    ledger.note("figure", claim, differing(pairs, EXACT), count(len(rates), "ratio"))


def _projected(ledger: Ledger, claims: Claims) -> dict[str, int] | None:
    """Patients of groups in the year that is looked at; None where nothing is projected."""
    lists = {row["practice_code"]: row for row in claims.rows("growth-practices")}
    told = {row["group_id"]: row["patients_projected"] for row in claims.rows("resources-groups")}
    years = sorted(int(key[5:]) for key in next(iter(lists.values()), {}) if re.fullmatch(r"list_\d+", str(key)))
    if len(years) < 2 or all(is_missing(value) for value in told.values()):
        return None
    asked = claims.ground.settings.growth.year
    column = f"list_{asked if asked in years else years[-1]}"
    exact = {one: sum(Fraction(float(lists[code][column])) for code in codes) for one, codes in claims.members.items()}
    wrong = [
        f"{one}: told {told.get(one)}, its lists sum to {float(value):,.2f}"
        for one, value in exact.items()
        if is_missing(told.get(one)) or abs(told[one] - value) >= 1
    ]
    whole = math.floor(sum(exact.values()) + Fraction(1, 2))
    if not wrong and sum(told.values()) != whole:
        wrong = [f"groups sum to {sum(told.values()):,}, their lists to {whole:,}"]
    ledger.note("figure", "projected patients are those of the lists carried forward", first_few(wrong), f"{whole:,}")
    return None if wrong else {one: int(told[one]) for one in exact}


def _check_groups(ledger: Ledger, claims: Claims, rates: list[Rate], end: str, patients: dict[str, int]) -> None:
    waves = [str(row["wave"]) for row in claims.rows("rollout-waves")]
    rows = claims.rows("resources-groups")
    pairs, wrong, sums = [("rows", len(rows), len(rates) * len(patients))], [], {}
    for row in rows:
        rate, where = _rate_of(rates, row, waves), f"{row['group_id']}, {row['resource']}"
        if rate is None or row["group_id"] not in patients:
            wrong.append(f"{where}: no such group or ratio")
            continue
        need, rounded = rate.of(patients[row["group_id"]]), row[f"rounded_{end}"]
        sums.setdefault(rate, []).append((need, rounded))
        pairs += [
            (f"{where}, patients", row[f"patients_{end}"], patients[row["group_id"]]),
            (f"{where}, needed", row[f"needed_{end}"], need),
            (f"{where}, whole posts", row[f"posts_{end}"], math.ceil(need) if rate.kind == "posts" else None),
        ]
        if rate.kind != "money":
            pairs.append((f"{where}, rounded", rounded, math.floor(need * 10 + Fraction(1, 2)) / 10))
        elif abs(Fraction(rounded) - need) >= 1:
            wrong.append(f"{where}: £{rounded:,} is not £{float(need):,.2f} in whole pounds")
    for rate, held in sums.items():
        whole = math.floor(sum(need for need, _ in held) + Fraction(1, 2))
        if rate.kind == "money" and sum(rounded for _, rounded in held) != whole:
            wrong.append(f"{rate.resource}: whole pounds of groups do not add up to £{whole:,}")
    claim = f"every amount of a group is its ratio times its patients ({NAMES[end]})"
    ledger.note("figure", claim, differing(pairs, EXACT) + first_few(wrong), f"{len(rows)} amounts in whole fractions")


def _check_totals(ledger: Ledger, claims: Claims, rates: list[Rate], end: str, patients: int) -> None:
    waves = [str(row["wave"]) for row in claims.rows("rollout-waves")]
    rows = claims.rows("resources-totals")
    pairs = [("rows", len(rows), len(rates))]
    for row in rows:
        rate, where = _rate_of(rates, row, waves), f"{row['resource']}, {row['wave']}"
        if rate is None:
            pairs.append((where, "a ratio", None))
            continue
        need = rate.of(patients)
        places = 0 if rate.kind == "money" else 1
        pairs += [
            (f"{where}, patients", row[f"patients_{end}"], patients),
            (f"{where}, needed", row[f"needed_{end}"], need),
            (
                f"{where}, rounded",
                row[f"rounded_{end}"],
                Fraction(math.floor(need * 10**places + Fraction(1, 2)), 10**places),
            ),
            (f"{where}, whole posts", row[f"posts_{end}"], math.ceil(need) if rate.kind == "posts" else None),
        ]
        if rate.kind == "money" and patients:
            pairs.append((f"{where}, a head", row[f"per_head_{end}"], need / patients))
        if not is_missing(row["stated"]):
            stated = fraction(str(row["stated"]))
            if (
                not is_missing(row["stated_patients"])
                and int(row["stated_patients"]) != patients
                and _stated(claims, row)
            ):
                stated = stated * patients / int(row["stated_patients"])
            pairs.append((f"{where}, stated", row[f"stated_scaled_{end}"], stated))
            pairs.append((f"{where}, difference", row[f"difference_{end}"], need - stated))
    claim = f"every total is its ratio times all patients ({NAMES[end]})"
    ledger.note("figure", claim, differing(pairs, EXACT), f"{patients:,} patients, {count(len(rows), 'ratio')}")


def _stated(claims: Claims, row: Row) -> bool:
    """Whether the table of ratios says for how many patients a figure was stated; else it stands for any number."""
    told = claims.rows("resources-ratios")
    keys = ("resource", "wave")
    return any(not is_missing(one["stated_patients"]) for one in told if all(same(one[key], row[key]) for key in keys))


def _check_waves(ledger: Ledger, claims: Claims, rates: list[Rate], end: str, patients: dict[str, int]) -> None:
    """Levels by wave from the groups that are there; money paid once from the groups that are paid for."""
    waves = [str(row["wave"]) for row in claims.rows("rollout-waves")]
    groups = {row["group_id"]: row for row in claims.rows("rollout-groups")}
    pounds = {
        (row["group_id"], rate): int(row[f"rounded_{end}"])
        for row in claims.rows("resources-groups")
        if (rate := _rate_of(rates, row, waves)) is not None and rate.kind == "money"
    }
    names = {" ".join(one.resource.casefold().split()): None for one in rates}
    pairs, wrong = [], []
    for name in names:
        mine = sorted((one for one in rates if " ".join(one.resource.casefold().split()) == name), key=lambda o: o.wave)
        told = [
            row for row in claims.rows("resources-waves") if " ".join(str(row["resource"]).casefold().split()) == name
        ]
        begins = {
            group_id: wave_at(waves, row["start" if mine[0].kind == "money" else "at_scale_from"])
            for group_id, row in groups.items()
        }
        if mine[0].once:
            wrong += _paid(mine, told, begins, waves, pounds, patients, end)
            continue
        for row in told:
            at = wave_at(waves, row["wave"])
            inside = [one for one, begin in begins.items() if (begin is None) == (at is None)]
            inside = [one for one in inside if at is None or begins[one] <= at]
            rate = next((one for one in reversed(mine) if at is None or one.wave <= at), None)
            where = f"{mine[0].resource}, {row['wave']}"
            if rate is None:
                pairs.append((where, row[f"needed_{end}"], 0))
                continue
            needed = sum((rate.of(patients[one]) for one in inside), Fraction(0))
            if rate.kind == "money":
                needed = Fraction(sum(pounds[one, rate] for one in inside))
            pairs += [
                (f"{where}, patients", row[f"patients_{end}"], sum(patients[one] for one in inside)),
                (f"{where}, needed", row[f"needed_{end}"], needed),
                (f"{where}, groups", row["groups"], len(inside)),
            ]
    claim = f"what each wave needs is that of the groups there by then ({NAMES[end]})"
    ledger.note("figure", claim, differing(pairs, EXACT) + first_few(wrong), count(len(waves), "wave"))


def _paid(
    rates: list[Rate],
    told: list[Row],
    begins: dict[str, int | None],
    waves: list[str],
    pounds: dict[tuple[str, Rate], int],
    patients: dict[str, int],
    end: str,
) -> list[str]:
    """What is wrong with money that is paid once, in equal parts from the wave a group starts in."""
    due: dict[int | None, Fraction] = {}
    heads: dict[int | None, list[str]] = {}
    for rate in rates:
        for group_id, begin in begins.items():
            sum_of = Fraction(pounds[group_id, rate])
            at = [None] * rate.years if begin is None else [
                min(max(begin, rate.wave) + k, len(waves)) for k in range(rate.years)
            ]  # fmt: skip
            for wave in at:
                due[wave] = due.get(wave, Fraction(0)) + sum_of / rate.years
                heads.setdefault(wave, []).append(group_id)
    wrong, paid = [], 0
    for row in told:
        wave = None if row["wave"] == "in no wave" else wave_at(waves, row["wave"])
        wave = len(waves) if wave is None and row["wave"] != "in no wave" else wave
        paid += row[f"needed_{end}"]
        if abs(row[f"needed_{end}"] - due.get(wave, 0)) > len(
            heads.get(wave, ())
        ):  # a pound a group is left to rounding
            wrong.append(
                f"{row['resource']}, {row['wave']}: told £{row[f'needed_{end}']:,}, due £{float(due.get(wave, 0)):,.0f}"
            )
        people = sum(patients[one] for one in set(heads.get(wave, ())))
        if row[f"patients_{end}"] != people:
            wrong.append(
                f"{row['resource']}, {row['wave']}: told {row[f'patients_{end}']:,} patients, derived {people:,}"
            )
    whole = sum(pounds[group_id, rate] for rate in rates for group_id in begins)
    if paid != whole:
        wrong.append(f"{rates[0].resource}: the waves pay £{paid:,} of £{whole:,}")
    return wrong
