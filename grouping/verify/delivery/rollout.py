"""Whether a rollout keeps what it promises: readiness, capacity, rules of order, and the shares it says are reached."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass, field
from fractions import Fraction
from importlib.resources import files

from grouping.verify.delivery.claims import Claims, Row, count, differing, first_few, is_missing, wave_at
from grouping.verify.delivery.listed_ids import ids_in
from grouping.verify.delivery.schedules import Order, Puzzle, broken, tried
from grouping.verify.ledger import Ledger

BUILT_IN = "built_in.toml"
"""Waves and milestones where the planner gives none: data of `grouping.rollout`."""

NOW, LATER = ("now", "ready", "already"), ("later", "never", "not within these waves")
"""What a planner may write instead of a wave."""


@dataclass(frozen=True)
class Rolled:
    """The tables of a rollout with waves as positions; the number of waves stands for "not within them"."""

    claims: Claims
    waves: list[Row] = field(init=False)
    groups: dict[str, Row] = field(init=False)
    practices: dict[str, Row] = field(init=False)

    def __post_init__(self) -> None:
        """Index the rows."""
        object.__setattr__(self, "waves", self.claims.rows("rollout-waves"))
        object.__setattr__(self, "groups", {row["group_id"]: row for row in self.claims.rows("rollout-groups")})
        rows = {row["practice_code"]: row for row in self.claims.rows("rollout-practices")}
        object.__setattr__(self, "practices", rows)

    @property
    def names(self) -> list[str]:
        """Names of the waves."""
        return [str(row["wave"]) for row in self.waves]

    @property
    def span(self) -> int:
        """How many waves there are."""
        return len(self.waves)

    def at(self, text: object) -> int:
        """Position of a wave named in a table of the rollout."""
        found = wave_at(self.names, text)
        return self.span if found is None else found

    def start(self, group_id: str) -> int:
        """When a group starts."""
        return self.at(self.groups[group_id]["start"])

    def scaled(self, group_id: str) -> int:
        """From when a group is said to be at scale."""
        return self.at(self.groups[group_id]["at_scale_from"])

    def below(self, group_id: str) -> bool:
        """Whether the run says that a group is below its minimum."""
        margin = self.claims.ground.groups.loc[group_id].get("margin")
        return not is_missing(margin) and float(margin) < 0

    def counts(self, group_id: str) -> bool:
        """Whether a group counts as one at scale."""
        return self.claims.ground.settings.rollout.exceptions_count or not self.below(group_id)

    def reached(self, wave: int, *, all_of_them: bool | None = None) -> int:
        """Patients in groups at scale by the end of a wave; with `all_of_them` those below their minimum or without."""
        ids = [one for one in self.groups if self.scaled(one) <= wave and self.scaled(one) < self.span]
        if all_of_them is None:
            ids = [one for one in ids if self.counts(one)]
        elif not all_of_them:
            ids = [one for one in ids if not self.below(one)]
        return sum(self.claims.patients(self.claims.members[one]) for one in ids)


def check_rollout(ledger: Ledger, claims: Claims) -> None:
    """Check the tables of the rollout."""
    rolled = Rolled(claims)
    _check_waves(ledger, rolled)
    if claims.public and not rolled.groups:  # the years of the groups may not be told: only what the waves aim at is
        _check_targets(ledger, rolled)
        _check_milestones(ledger, rolled)
        return
    ids, members = set(claims.members), set(claims.group_of)
    wrong = [f"{one} is missing" for one in sorted(ids - set(rolled.groups))]
    wrong += [f"{one} is no group of the plan" for one in sorted(set(rolled.groups) - ids)]
    wrong += ["a group stands twice"] if len(rolled.groups) != len(claims.rows("rollout-groups")) else []
    if not claims.public:
        wrong += [f"{one} is missing" for one in sorted(members - set(rolled.practices))]
        wrong += [f"{one} is no practice of the plan" for one in sorted(set(rolled.practices) - members)]
    ledger.note(
        "rule", "every group of the plan stands in the rollout once", first_few(wrong), count(len(ids), "group")
    )
    if wrong:
        return
    _check_sizes(ledger, rolled)
    if not claims.public:
        _check_joining(ledger, rolled)
    _check_at_scale(ledger, rolled)
    _check_capacity(ledger, rolled)
    orders = _orders(rolled)
    if claims.ground.inputs.table("order") is not None:
        puzzle = _puzzle(rolled, orders)
        wrong = [one.words for one in orders if broken(one, puzzle.as_told, rolled.span).any()]
        ledger.note("rule", "the planner's rules of order hold", first_few(wrong), count(len(orders), "rule"))
    _check_reached(ledger, rolled)
    _check_milestones(ledger, rolled)
    if claims.rows("rollout-proof"):
        _check_proof(ledger, rolled, orders)


def _built_in(claims: Claims, what: str) -> list[Row]:
    """Waves or milestones that are built in, moved to the year the planner begins with."""
    said = tomllib.loads((files("grouping.rollout") / BUILT_IN).read_text(encoding="utf-8"))
    first = claims.ground.settings.rollout.first_year.strip()
    began = int(said["waves"][0]["wave"][:4])
    years = int(first[:4]) - began if re.fullmatch(r"\d{4}/\d{2}", first) else 0

    def moved(name: str) -> str:
        year = int(name[:4]) + years
        return f"{year}/{(year + 1) % 100:02d}"

    if what == "waves":
        return [one | {"wave": moved(one["wave"])} for one in said["waves"]]
    return [
        {"milestone": one["milestone"], "wave": moved(wave), "target_share": share}
        for one in said["milestones"]
        for wave, share in one["targets"].items()
    ]


def _given(claims: Claims, what: str) -> list[Row]:
    """The planner's rows, or those that are built in."""
    rows = claims.ground.inputs.rows(what)
    return rows.to_dict("records") if rows is not None and len(rows) else _built_in(claims, what)


def _check_waves(ledger: Ledger, rolled: Rolled) -> None:
    given = _given(rolled.claims, "waves")
    pairs = [("waves", len(rolled.waves), len(given))]
    for told, wave in zip(rolled.waves, given, strict=False):
        pairs.append(("wave", told["wave"], str(wave["wave"]).strip()))
        pairs += [
            (f"{told['wave']}, {key}", told[key], wave.get(key))
            for key in ("target_share", "most_groups", "most_patients")
        ]
    claim = "waves, targets and capacity are those that were given or are built in"
    ledger.note("figure", claim, differing(pairs), count(len(given), "wave"))


def _check_sizes(ledger: Ledger, rolled: Rolled) -> None:
    claims = rolled.claims
    pairs = []
    for group_id, codes in claims.members.items():
        told = rolled.groups[group_id]
        pairs += [
            (f"{group_id}, patients", told["patients"], claims.patients(codes)),
            (f"{group_id}, practices", told["practices"], len(codes)),
            (f"{group_id}, below its minimum", told["below_minimum"], "yes" if rolled.below(group_id) else "no"),
        ]
    pairs += [(code, row["patients"], claims.lists[code]) for code, row in rolled.practices.items()]
    pairs += [(code, row["group_id"], claims.group_of[code]) for code, row in rolled.practices.items()]
    ledger.note("figure", "patients of groups are the lists of their practices", differing(pairs), "all sums agree")


def _check_joining(ledger: Ledger, rolled: Rolled) -> None:
    given = _readiness(rolled)
    pairs = [
        (f"{code} is ready", rolled.at(rolled.practices[code]["ready_from"]), ready)
        for code, ready in given.items()
        if code in rolled.practices
    ]
    ledger.note(
        "figure",
        "readiness is the planner's where the planner gives it",
        differing(pairs),
        count(len(pairs), "practice"),
    )
    wrong = []
    for code, row in rolled.practices.items():
        joins, ready = rolled.at(row["joins"]), rolled.at(row["ready_from"])
        start = rolled.start(rolled.claims.group_of[code])
        if joins < ready:
            wrong.append(f"{code} joins in {row['joins']} and is ready from {row['ready_from'] or 'later'}")
        elif joins != min(max(start, ready), rolled.span):
            wrong.append(f"{code} joins in {row['joins']}, its group starts in {rolled.at(start)}")
    claim = "every practice is ready when it joins, and joins as soon as it can"
    ledger.note("rule", claim, first_few(wrong), count(len(rolled.practices), "practice"))
    waits = {
        group_id: sum(
            rolled.claims.lists[code] * rolled.at(rolled.practices[code]["joins"])
            for code in codes
            if code in rolled.claims.vulnerable
        )
        for group_id, codes in rolled.claims.members.items()
    }
    pairs = [(group_id, rolled.groups[group_id]["vulnerable_waiting"], waiting) for group_id, waiting in waits.items()]
    ledger.note("figure", "vulnerable patients who wait, by waves", differing(pairs), f"{sum(waits.values()):,} in all")


def _readiness(rolled: Rolled) -> dict[str, int]:
    """From when practices are ready, where the planner says it."""
    rows = rolled.claims.ground.inputs.rows("readiness")
    found = {}
    for row in [] if rows is None else rows.to_dict("records"):
        text = str(row["ready_from"]).strip().casefold()
        at = 0 if text in NOW else rolled.span if text in LATER else wave_at(rolled.names, text)
        if at is not None:
            found[str(row["practice_code"])] = at
    return found


def _check_at_scale(ledger: Ledger, rolled: Rolled) -> None:
    wrong = []
    for group_id, codes in rolled.claims.members.items():
        last = rolled.start(group_id)
        if rolled.practices:
            last = max(rolled.at(rolled.practices[code]["joins"]) for code in codes)
        scaled = rolled.scaled(group_id)
        if scaled != last if rolled.practices else scaled < last:
            wrong.append(f"{group_id} is at scale from {rolled.groups[group_id]['at_scale_from']}")
    claim = "a group is at scale from the wave in which its last practice joins"
    if rolled.claims.public:
        claim = "no group is at scale before it starts"
    ledger.note("rule", claim, first_few(wrong), count(len(rolled.groups), "group"))


def _check_capacity(ledger: Ledger, rolled: Rolled) -> None:
    pairs, wrong = [], []
    for wave, row in enumerate(rolled.waves):
        starting = [group_id for group_id in rolled.groups if rolled.start(group_id) == wave]
        patients = sum(rolled.claims.patients(rolled.claims.members[group_id]) for group_id in starting)
        pairs += [
            (f"{row['wave']}, groups starting", row["groups_starting"], len(starting)),
            (f"{row['wave']}, their patients", row["patients_starting"], patients),
        ]
        for key, number in (("most_groups", len(starting)), ("most_patients", patients)):
            if not is_missing(row[key]) and number > row[key]:
                wrong.append(f"{row['wave']}: {number:,} of at most {int(row[key]):,} ({key})")
    ledger.note("figure", "groups that start in each wave, and their patients", differing(pairs), "all waves agree")
    ledger.note(
        "rule", "no wave takes more groups or patients than it may", first_few(wrong), count(rolled.span, "wave")
    )


def _share(share: object, total: int) -> int:
    """The fewest patients that are a share of all."""
    return math.ceil(Fraction(str(float(share))) * total)


def _check_reached(ledger: Ledger, rolled: Rolled) -> None:
    total = sum(rolled.claims.lists.values())
    pairs = []
    for wave, row in enumerate(rolled.waves):
        reached, name = rolled.reached(wave), row["wave"]
        pairs += [
            (f"{name}, patients", row["patients"], reached),
            (f"{name}, share", row["reached_share"], reached / total if total else 0.0),
            (f"{name}, with those below", row["patients_with_exceptions"], rolled.reached(wave, all_of_them=True)),
            (
                f"{name}, without those below",
                row["patients_without_exceptions"],
                rolled.reached(wave, all_of_them=False),
            ),
        ]
    claim = "shares reached are the patients of groups at scale over all registered patients"
    ledger.note("figure", claim, differing(pairs, 1e-9), f"{total:,} registered patients")
    _check_targets(ledger, rolled)


def _check_targets(ledger: Ledger, rolled: Rolled) -> None:
    total = sum(rolled.claims.lists.values())
    pairs = []
    for wave, row in enumerate(rolled.waves):
        wanted = None if is_missing(row["target_share"]) else _share(row["target_share"], total)
        pairs.append((f"{row['wave']}, wanted", row["target_patients"], wanted))
        if "shortfall" in row:
            short = None if wanted is None else max(wanted - rolled.reached(wave), 0)
            pairs.append((f"{row['wave']}, short", row["shortfall"], short))
    if any("shortfall" in row for row in rolled.waves):
        short = sum(int(row["shortfall"]) for row in rolled.waves if not is_missing(row["shortfall"]))
        claim = "patients wanted by the targets, and how many fall short of them"
        ledger.note("figure", claim, differing(pairs), f"{short:,} patients short, added up over the waves")
    else:
        ledger.note("figure", "patients wanted by the targets", differing(pairs), count(rolled.span, "wave"))


def _check_milestones(ledger: Ledger, rolled: Rolled) -> None:
    claims, told = rolled.claims, rolled.claims.rows("rollout-milestones")
    given, total = _given(claims, "milestones"), sum(claims.lists.values())
    pairs = [("milestones", len(told), len(given))]
    for row, one in zip(told, given, strict=False):
        where = f"{one['milestone']}, {one['wave']}"
        wanted = _share(one["target_share"], total)
        pairs += [
            (where, row["milestone"], str(one["milestone"]).strip()),
            (f"{where}, share", row["target_share"], float(one["target_share"])),
            (f"{where}, patients", row["patients"], wanted),
        ]
        if "groups" not in row:
            continue
        ids = ids_in(row["groups"], claims.members, "; ")
        patients = sum(claims.patients(claims.members.get(group_id, ())) for group_id in ids)
        at = wave_at(rolled.names, one["wave"])
        reached = None if at is None else rolled.reached(at)
        kept = "not assessed" if reached is None else "yes" if reached >= wanted else "no"
        pairs += [
            (f"{where}, patients of its groups", row["groups_patients"], patients),
            (f"{where}, at scale", row["at_scale"], reached),
            (f"{where}, kept", row["kept"], kept),
        ]
        if patients < wanted and len(ids) < len(claims.members):
            pairs.append((f"{where}, groups that come first", "too few", "as many patients as wanted"))
    ledger.note("figure", "what further milestones mean in patients", differing(pairs), count(len(given), "milestone"))


# -------------------------------------------------------------------------------------------------- order and proof


def _orders(rolled: Rolled) -> list[Order]:
    """The planner's rules of order as they bear on the groups of the plan."""
    rows = rolled.claims.ground.inputs.rows("order")
    ids = list(rolled.claims.members)
    found = []
    for row in [] if rows is None else rows.to_dict("records"):
        groups, after = (_groups(rolled.claims, ids, row.get(key)) for key in ("practices", "after"))
        kind, at = str(row["kind"]), wave_at(rolled.names, row.get("wave"))
        needs = kind in ("not-before", "not-after")
        if not groups or (kind == "before" and not after) or (needs and at is None):
            continue
        words = f"{kind}: {', '.join(ids[g] for g in groups)}"
        found.append(Order(kind, groups, after if kind == "before" else (), at if needs else -1, words))
    return found


def _groups(claims: Claims, ids: list[str], text: object) -> tuple[int, ...]:
    codes = [] if is_missing(text) else [part.upper() for part in re.split(r"[\s,;]+", str(text)) if part]
    return tuple(sorted({ids.index(claims.group_of[code]) for code in codes if code in claims.group_of}))


def _puzzle(rolled: Rolled, orders: list[Order]) -> Puzzle:
    """The question behind the schedule, from the lists, the readiness told and the planner's limits."""
    claims, span = rolled.claims, rolled.span
    ids, settings = list(claims.members), claims.ground.settings.rollout
    late, half = (Fraction(str(float(one))) for one in (settings.late_weight, settings.half_formed_weight))
    if late or half:
        unit = Fraction(math.gcd(late.numerator * half.denominator, half.numerator * late.denominator),
                        late.denominator * half.denominator)  # fmt: skip
        late, half = late / unit, half / unit
    burden, later, scaled = [], [], []
    for group_id in ids:
        people = claims.patients(claims.members[group_id])
        rows = [
            (claims.lists[code], rolled.at(rolled.practices[code]["ready_from"]), code in claims.vulnerable)
            for code in claims.members[group_id]
            if code in rolled.practices
        ]
        ready = max((at for _, at, _ in rows), default=0)
        formed = [span if start == span else max(start, ready) for start in range(span + 1)]
        waiting = [sum(n * max(start, at) for n, at, risky in rows if risky) for start in range(span + 1)]
        halves = [0 if start == span else people * (formed[start] - start) for start in range(span + 1)]
        burden.append([int(late * w + half * h) for w, h in zip(waiting, halves, strict=True)])
        later.append([people * at for at in formed])
        scaled.append(formed)
    return Puzzle(
        span=span,
        patients=tuple(claims.patients(claims.members[one]) for one in ids),
        counts=tuple(rolled.counts(one) for one in ids),
        scaled=tuple(map(tuple, scaled)),
        burden=tuple(map(tuple, burden)),
        later=tuple(map(tuple, later)),
        targets=tuple(
            None if is_missing(row["target_share"]) else _share(row["target_share"], sum(claims.lists.values()))
            for row in rolled.waves
        ),
        most_groups=tuple(None if is_missing(row["most_groups"]) else int(row["most_groups"]) for row in rolled.waves),
        most_patients=tuple(
            None if is_missing(row["most_patients"]) else int(row["most_patients"]) for row in rolled.waves
        ),
        orders=tuple(orders),
        told=tuple(rolled.start(one) for one in ids),
    )


def _check_proof(ledger: Ledger, rolled: Rolled, orders: list[Order]) -> None:
    puzzle = _puzzle(rolled, orders)
    steps = rolled.claims.rows("rollout-proof")
    worth = puzzle.worth(puzzle.as_told)[0].tolist()
    pairs = [(f"step {row['step']}", row["value"], value) for row, value in zip(steps, worth, strict=False)]
    wrong = differing(pairs)
    for row in steps:
        if row["proven"] == "yes" and not 0 <= row["value"] - row["bound"] < 1:
            wrong.append(f"step {row['step']}: 'proven', and its bound lies {row['value'] - row['bound']:g} away")
    ledger.note(
        "figure", "what was made small is what the schedule gives", wrong, ", ".join(f"{one:,}" for one in worth)
    )
    claim = "no order falls less short, has fewer patients waiting, or is earlier, in this turn"
    best = tried(puzzle)
    if best is None:
        proven = all(row["proven"] == "yes" for row in steps)
        said = "rests on the solver's proof" if proven else "is not proven by the solver either"
        ledger.note("rule", claim, [], f"too many orders to try each; that none does better {said}")
        return
    wrong = []
    if all(row["proven"] == "yes" for row in steps) and tuple(worth) != best.worth:
        wrong = [f"the schedule has {worth}, another has {list(best.worth)}"]
    ledger.note("rule", claim, wrong, f"all {best.orders:,} orders tried")
