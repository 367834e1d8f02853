"""Somebody who takes all public tables of a run together and tries to work out what is hidden in them.

Everything a reader knows is written down as one linear programme: what rounding leaves open of each printed count, what
adds up to what, what cannot be larger than what, and how means, quantiles and shares tie counts to minutes. The least
and the most of a hidden count under all of this are what the tables tell about it. The attacker reads the printed
tables only, and shares no code with `grouping.impact.disclosure`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise

import highspy
import numpy as np
import pandas as pd

STAR = "*"
BINS = (10, 15, 20, 30, 45)
SIDES = ("rural", "urban", "not known")
COUNTS = (
    "no_route", "people_compared", "longer_5", "longer_10", "longer_15", "longer_20", "shorter_5", "newly_beyond",
    "no_longer_beyond", "beyond", "lost_route", "gained_route", "kept_no_site", "kept_no_site_longer_5",
)  # fmt: skip
LIVING_THERE = ("age_65_plus", "no_car", "most_deprived")
IN_COMMUNITIES = ("people", "no_route", "people_compared", "newly_beyond", "beyond", *LIVING_THERE)
MINUTES = ("S", "Sa", "Sb")
"""Minutes of people put together: of all with a route, and after and before of those compared."""
OF_CHANGE = ("people_compared", "newly_beyond", "lost_route", "gained_route", "Sa", "Sb")
INF = math.inf
Var = tuple  # (block, cell, measure)
Expression = Mapping[Var, float]


def interval(printed: object) -> tuple[float, float] | None:
    """What a printed count can be before rounding; None where nothing is printed."""
    if printed is None or (not isinstance(printed, str) and pd.isna(printed)):
        return None
    if printed == STAR:
        return 0.5, INF
    value = float(printed)
    if value == 0:
        return 0.0, 0.5
    assert value % 5 == 0, f"{value} is not rounded to 5"
    return max(value - 2.5, 7.5), value + 2.5


def number(printed: object) -> float | None:
    """A printed figure, or None if there is none or it is hidden."""
    if printed is None or isinstance(printed, str) or pd.isna(printed):
        return None
    return float(printed)


class Attacker:
    """All that the tables tell about one journey by one mode, under every option and scenario.

    Parameters
    ----------
    tables
        Public tables.
    journey, mode
        Which journey.
    threshold
        Minutes beyond which a journey is long (printed on every page).
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame], journey: str, mode: str, *, threshold: float = 30.0) -> None:
        self.threshold = threshold
        self.low: dict[Var, float] = {}
        self.high: dict[Var, float] = {}
        self.rows: list[tuple[dict[Var, float], float, float]] = []
        self.guesses: list[tuple[dict[Var, float], float, float]] = []
        self.tables = {name: self._own(table, journey, mode) for name, table in tables.items()}
        self.longest: dict[tuple, float] = {}
        self.main = str(tables["summary"]["scenario"].iloc[0])
        self._summary()
        self._communities()
        self._lists()
        if (journey, mode) == ("hub", "car"):
            self._prompts()
        self._sums()
        self._same_people()
        self._across_options()

    @staticmethod
    def _own(table: pd.DataFrame, journey: str, mode: str) -> pd.DataFrame:
        if "journey" not in table or "mode" not in table:
            return table
        return table[(table["journey"] == journey) & (table["mode"] == mode)]

    # --------------------------------------------------------------------------------------------- writing it down

    def know(self, var: Var, low: float, high: float) -> None:
        """A variable lies between two numbers."""
        self.low[var] = max(low, self.low.get(var, 0.0))
        self.high[var] = min(high, self.high.get(var, INF))

    def row(self, expression: Expression, low: float = -INF, high: float = 0.0) -> None:
        """A sum of variables lies between two numbers; a variable nobody has printed makes it worthless."""
        if all(var in self.low for var in expression):
            self.rows.append((dict(expression), low, high))

    def _summary(self) -> None:
        table = self.tables["summary"]
        self.populations = list(dict.fromkeys(table["population"]))
        everybody = table[table["population"] == "all"]
        for one in everybody.itertuples(index=False):
            if (longest := number(one.longest)) is not None:
                block = (one.option, one.scenario)
                self.longest[block] = max(
                    self.longest.get(block, 0.0), longest + (0.5 if longest == int(longest) else 0.05)
                )
        for one in table.itertuples(index=False):
            self._figures((one.option, one.scenario), ("of", one.population, one.setting), one)

    def _figures(self, block: tuple, cell: tuple, one) -> None:
        def v(measure: str) -> Var:
            return (block, cell, measure)

        exact = cell == ("of", "all", "all") and block[1] == ""
        if exact:
            self.know(v("people"), float(one.people), float(one.people))
        elif (within := interval(one.people)) is not None:
            self.know(v("people"), *within)
        for measure in COUNTS:
            if (within := interval(getattr(one, measure))) is not None:
                self.know(v(measure), *within)
        self._shares(v, one)
        self._nested(v)
        limit = self.longest.get(block, INF)
        self._sum_of_minutes(v, one, limit)
        self._changes(v, one, limit)
        self._quantiles(v, one)

    def _shares(self, v, one) -> None:
        people = number(one.people)
        for minutes in BINS:
            printed = getattr(one, f"within_{minutes}")
            if printed is None or (not isinstance(printed, str) and pd.isna(printed)):
                continue
            self.know(v(f"w{minutes}"), 0.0, INF)
            share = number(printed)
            if share is not None and people is not None:
                base = 5 * math.floor(people / 5 + 0.5)
                self.know(v(f"w{minutes}"), base * (share - 0.005) - 2.5, base * (share + 0.005) + 2.5)

    def _nested(self, v) -> None:
        chain = [f"w{m}" for m in BINS if v(f"w{m}") in self.low]
        for small, large in pairwise(chain):
            self.row({v(small): 1, v(large): -1})
        if chain:
            self.row({v(chain[-1]): 1, v("no_route"): 1, v("people"): -1})
        own = f"w{self.threshold:g}"
        self.row({v(own): 1, v("beyond"): 1, v("no_route"): 1, v("people"): -1}, low=-0.01, high=0.01)
        for small, large in (("longer_20", "longer_15"), ("longer_15", "longer_10"), ("longer_10", "longer_5")):
            self.row({v(small): 1, v(large): -1})
        self.row({v("longer_5"): 1, v("shorter_5"): 1, v("people_compared"): -1})
        self.row({v("newly_beyond"): 1, v("beyond"): -1})
        self.row({v("newly_beyond"): 1, v("no_longer_beyond"): 1, v("people_compared"): -1})
        self.row({v("lost_route"): 1, v("no_route"): -1})
        # who keeps no site is not compared
        parts = {v("people_compared"): 1, v("no_route"): 1, v("gained_route"): 1, v("people"): -1}
        self.row(parts, high=0.01)
        self.row(parts | {v("kept_no_site"): 1}, low=-0.01, high=INF)
        self.row({v("kept_no_site_longer_5"): 1, v("kept_no_site"): -1})
        for measure in COUNTS:
            self.row({v(measure): 1, v("people"): -1})

    def _mean(self, minutes: Var, people: Expression, printed: object, limit: float, *, coarse: bool) -> None:
        """Minutes of people, all together, by their printed mean; beside a hidden count it may be in whole minutes."""
        self.know(minutes, 0.0, INF)
        mean = number(printed)
        half = 0.5 if coarse and mean is not None and mean == int(mean) else 0.05
        low, high = (mean - half, mean + half) if mean is not None else (0.0, limit)
        self.row({minutes: -1} | {var: low * x for var, x in people.items()})
        if high < INF:
            self.row({minutes: 1} | {var: -high * x for var, x in people.items()})

    def _sum_of_minutes(self, v, one, limit: float) -> None:
        if one.mean is None:
            return
        coarse = STAR in (one.no_route, one.gained_route, one.people_compared)
        self._kept_no_site(v, one, coarse=coarse)
        routed = {v("people"): 1.0, v("no_route"): -1.0}
        self._mean(v("S"), routed, one.mean, limit, coarse=coarse)
        bins = [m for m in BINS if v(f"w{m}") in self.low]
        low: dict[Var, float] = {v("S"): -1.0}
        last = 0
        for m in bins:
            for var, x in routed.items():
                low[var] = low.get(var, 0.0) + (m - last) * x
            low[v(f"w{m}")] = low.get(v(f"w{m}"), 0.0) - (m - last)
            last = m
        self.row(low)
        if limit < INF and bins:
            high: dict[Var, float] = {v("S"): 1.0}
            for var, x in routed.items():
                high[var] = -limit * x
            for m, nxt in zip(bins, [*bins[1:], limit], strict=True):
                if nxt > m:
                    high[v(f"w{m}")] = nxt - m
            if limit >= bins[-1]:
                self.row(high)

    def _kept_no_site(self, v, one, *, coarse: bool) -> None:
        """Those whose practice keeps no site: so many are longer by five minutes, and so much their mean grows."""
        after, before = number(one.kept_no_site_after), number(one.kept_no_site_before)
        if after is None or before is None or interval(one.no_route) != (0.0, 0.5):
            return
        coarse = coarse or one.kept_no_site_longer_5 == STAR
        half = 0.5 if coarse and after == int(after) else 0.05
        self.row({v("kept_no_site_longer_5"): 5, v("kept_no_site"): -(after + half)})

    def _changes(self, v, one, limit: float) -> None:
        if v("people_compared") not in self.low:
            return
        compared = {v("people_compared"): 1.0}
        coarse = STAR in (one.no_route, one.gained_route, one.people_compared)
        self._mean(v("Sa"), compared, one.mean_after, limit, coarse=coarse)
        self._mean(v("Sb"), compared, one.mean_before, INF, coarse=coarse)
        change = number(one.mean_change)
        if change is not None:
            n = v("people_compared")
            half = 0.5 if coarse and change == int(change) else 0.05
            self.row({v("Sa"): 1, v("Sb"): -1, n: -(change + half)})
            self.row({v("Sa"): -1, v("Sb"): 1, n: change - half})
        total = number(one.change_in_patient_minutes)
        if total is not None and abs(total) >= 1:
            # to two digits, of rounded figures
            room = abs(total) * 0.2 + 50 + 0.05 * self.high[v("people_compared")] + 2.5 * abs(change or 0)
            self.row({v("Sa"): 1, v("Sb"): -1}, total - room, total + room)
        longer = {v(f"longer_{k}"): 5.0 for k in (5, 10, 15, 20)}
        self.row({v("Sa"): -1} | longer)
        self.row({v("Sa"): -1, v("newly_beyond"): self.threshold})
        self.row({v("Sb"): -1, v("no_longer_beyond"): self.threshold})
        self.row({v("Sb"): -1, v("shorter_5"): 5})
        if interval(one.shorter_5) == (0.0, 0.5):
            # nobody is faster by more than five minutes
            up = dict(longer)
            up[v("longer_5")] += 5
            self.row({v("Sa"): -1, v("Sb"): 1, v("people_compared"): -5} | up, high=0.5 * 1000)

    def _quantiles(self, v, one) -> None:
        routed = {v("people"): 1.0, v("no_route"): -1.0}
        for name, share in (("median", 0.5), ("p90", 0.9), ("longest", 1.0)):
            value = number(getattr(one, name))
            if value is None:
                continue
            for m in BINS:
                w = v(f"w{m}")
                half = 0.5 if value == int(value) else 0.05
                if value + half <= m:
                    self.row({w: -1} | {var: share * x for var, x in routed.items()})
                elif value - half > m and share < 1:
                    self.row({w: 1} | {var: -share * x for var, x in routed.items()})
        before = number(one.p90_before)
        if before is not None and before + 0.05 <= self.threshold:
            self.row({v("no_longer_beyond"): 1, v("people_compared"): -0.1})

    def _communities(self) -> None:
        self.settings: dict[str, str] = {}
        if "communities" not in self.tables:
            return
        for one in self.tables["communities"].itertuples(index=False):
            block, cell = (one.option, self.main), ("in", one.community)
            self.settings[one.community] = one.setting

            def v(measure: str, block: tuple = block, cell: tuple = cell) -> Var:
                return (block, cell, measure)

            for measure in IN_COMMUNITIES:
                if (within := interval(getattr(one, measure))) is not None:
                    self.know(v(measure), *within)
            for measure in LIVING_THERE:
                self.row({v(measure): 1, v("people"): -1})
            self.row({v("beyond"): 1, v("no_route"): 1, v("people"): -1})
            self.row({v("newly_beyond"): 1, v("beyond"): -1})
            own = number(one.longest)
            longest = self.longest.get(block, INF)
            if own is not None:
                longest = own + (0.5 if own == int(own) else 0.05)
            routed = {v("people"): 1.0, v("no_route"): -1.0}
            self._mean(v("S"), routed, one.minutes, longest, coarse=STAR in (one.no_route, one.people_compared))
            self._community_tail(v("S"), routed, v("beyond"), longest)
            if v("people_compared") in self.low:
                self._two_journeys(v, one, ("minutes_after", "minutes_before", "change"), longest)
                self._community_changes(v)

    def _two_journeys(self, v, one, names: tuple[str, str, str], longest: float) -> None:
        """Minutes before and after of the people compared: all with both."""
        for measure in ("gained_route", "lost_route"):  # not printed, but they add up
            self.know(v(measure), 0.0, INF)
        parts = {v("people_compared"): 1, v("no_route"): 1, v("gained_route"): 1, v("people"): -1}
        self.row(parts, -0.01, 0.01)
        self.row({v("lost_route"): 1, v("no_route"): -1})
        compared = {v("people_compared"): 1.0}
        coarse = STAR in (one.no_route, one.people_compared)
        after, before, change = (getattr(one, name) for name in names)
        self._mean(v("Sa"), compared, after, longest, coarse=coarse)
        self._mean(v("Sb"), compared, before, INF, coarse=coarse)
        change = number(change)
        if change is not None:
            half = 0.5 if coarse and change == int(change) else 0.05
            self.row({v("Sa"): 1, v("Sb"): -1, v("people_compared"): -(change + half)})
            self.row({v("Sa"): -1, v("Sb"): 1, v("people_compared"): change - half})

    def _community_changes(self, v) -> None:
        t = self.threshold
        self.row({v("Sa"): 1, v("S"): -1})
        self.row({v("newly_beyond"): 1, v("people_compared"): -1})
        self.row({v("Sa"): -1, v("newly_beyond"): t})
        self.row({v("Sa"): -1, v("beyond"): t, v("gained_route"): -t})
        self.row({v("Sb"): -1, v("beyond"): t, v("newly_beyond"): -t, v("gained_route"): -t})

    def _community_tail(self, minutes: Var, people: Expression, beyond: Var, longest: float) -> None:
        """Minutes of people of whom some are beyond the threshold, and none beyond the longest journey."""
        t = self.threshold
        self.row({minutes: -1, beyond: t})
        if t <= longest < INF:
            self.row({minutes: 1, beyond: -(longest - t)} | {var: -t * x for var, x in people.items()})
        elif longest < t:
            self.row({beyond: 1}, high=0.0)

    def _lists(self) -> None:
        """Practices and groups: their lists are published."""
        self.members: dict[tuple, list[tuple]] = {}
        for name, code in (("groups", "group_id"), ("practices", "practice_code")):
            if name not in self.tables:
                continue
            for one in self.tables[name].itertuples(index=False):
                block, cell = (one.option, self.main), ("by", name, getattr(one, code))
                people = number(one.people)
                if people is not None:
                    self.know((block, cell, "people"), *((people, people) if self.main == "" else interval(people)))
                if (within := interval(one.no_route)) is not None:
                    self.know((block, cell, "no_route"), *within)
                    self.row({(block, cell, "no_route"): 1, (block, cell, "people"): -1})
                self._list_minutes(block, cell, one)
                total = ("of", "all", "all") if name == "groups" else ("by", "groups", one.group_id)
                self.members.setdefault((block, total), []).append(cell)

    def _list_minutes(self, block: tuple, cell: tuple, one) -> None:
        """Mean minutes of a practice or group: with those of all others they come to those of everybody."""

        def v(measure: str) -> Var:
            return (block, cell, measure)

        own = number(getattr(one, "longest", None))
        longest = self.longest.get(block, INF)
        if own is not None:
            longest = own + (0.5 if own == int(own) else 0.05)
        coarse = STAR in (one.no_route, one.people_compared)
        self._mean(v("S"), {v("people"): 1.0, v("no_route"): -1.0}, one.mean, longest, coarse=coarse)
        if (within := interval(one.people_compared)) is not None:
            self.know(v("people_compared"), *within)
            self._two_journeys(v, one, ("mean_after", "mean_before", "change"), longest)

    def _prompts(self) -> None:
        """Sites near people beyond the threshold: parts of those people."""
        for one in self.tables["mitigation"].itertuples(index=False) if "mitigation" in self.tables else ():
            block, site = (one.option, self.main), ("site", one.site_code)
            here, beyond = (
                (block, ("near", one.site_code, one.community), "served"),
                (block, ("in", one.community), "beyond"),
            )
            for var, printed in ((here, one.people_served_here), ((block, site, "served"), one.people_served_all)):
                self.know(var, *interval(printed))
            self.know(beyond, *interval(one.people_beyond))
            self.row({here: 1, beyond: -1})
            self.row({(block, site, "served"): 1, (block, ("of", "all", "all"), "beyond"): -1})
        inside: dict[Var, dict[Var, float]] = {}
        for var in self.low:
            if var[1][0] == "near":
                inside.setdefault((var[0], ("site", var[1][1]), "served"), {})[var] = 1.0
        for total, parts in inside.items():
            self.row({total: -1.0} | parts)
        last: dict[tuple, Var] = {}
        for one in self.tables["mitigation_sites"].itertuples(index=False) if "mitigation_sites" in self.tables else ():
            block = (one.option, self.main)
            added, in_all = (block, ("step", one.step), "added"), (block, ("step", one.step), "in_all")
            self.know(added, *interval(one.people_added))
            self.know(in_all, *interval(one.people_in_all))
            before = {last[block]: 1.0} if block in last else {}
            self.row({added: 1, in_all: -1} | before, -0.01, 0.01)
            self.row({in_all: 1, (block, ("of", "all", "all"), "beyond"): -1})
            last[block] = in_all

    # --------------------------------------------------------------------------------------------------- what adds up

    def _sums(self) -> None:
        measures = ["people", *COUNTS, *(f"w{m}" for m in BINS), *MINUTES]
        blocks = list(dict.fromkeys(var[0] for var in self.low))
        for block in blocks:
            for measure in measures:
                for population in self.populations:
                    sides = [
                        ("of", population, side)
                        for side in SIDES
                        if (block, ("of", population, side), "people") in self.low
                    ]
                    if sides:
                        self._adds_up(block, ("of", population, "all"), sides, measure)
                for parts in self._families(block):
                    for setting in ("all", *SIDES):
                        cells = [("of", p, setting) for p in parts]
                        cells = [cell for cell in cells if (block, cell, "people") in self.low]
                        self._adds_up(block, ("of", "all", setting), cells, measure)
                for whole, parts in (("most_deprived", (1, 2)), ("less_deprived", range(3, 11))):
                    for setting in ("all", *SIDES):
                        cells = [("of", f"decile_{n}", setting) for n in parts]
                        cells = [cell for cell in cells if (block, cell, "people") in self.low]
                        if cells:
                            self._adds_up(block, ("of", whole, setting), cells, measure)
                for side in SIDES[:2]:
                    self._adds_up(block, ("of", "all", side), [("of", side, "all")], measure)
            self._community_sums(block)
        for (block, total), cells in self.members.items():
            for measure in ("no_route", "people_compared", "lost_route", "gained_route", *MINUTES):
                if total[0] == "by" or not self._apart(block, measure):
                    self._adds_up(block, total, cells, measure)

    def _families(self, block: tuple) -> Iterable[list[str]]:
        """Breakdowns of which every part is printed in a block."""
        table = self.tables["people"]
        for family, part in table.groupby("family", sort=False):
            keys = [key for key in part["population"] if key]
            present = [key for key in keys if (block, ("of", key, "all"), "people") in self.low]
            if family not in ("", "all") and len(keys) > 1 and present == keys:
                yield keys

    def _adds_up(self, block: tuple, total: tuple, cells: list[tuple], measure: str) -> None:
        parts = {(block, cell, measure): 1.0 for cell in cells}
        if parts:
            self.row({(block, total, measure): -1.0} | parts, -0.01, 0.01)

    def _community_sums(self, block: tuple) -> None:
        cells = {
            ("in", name): setting
            for name, setting in self.settings.items()
            if (block, ("in", name), "people") in self.low
        }
        if not cells:
            return
        for measure in (*IN_COMMUNITIES, "lost_route", "gained_route", *MINUTES):
            if self._apart(block, measure):
                self._kept_apart(block, measure, list(cells))
                continue
            population, own = (measure, "people") if measure in LIVING_THERE else ("all", measure)
            parts = {(block, cell, measure): 1.0 for cell in cells}
            self.row({(block, ("of", population, "all"), own): -1.0} | parts, -0.01, 0.01)
            for side in SIDES:
                pure = {(block, cell, measure): 1.0 for cell, setting in cells.items() if setting == side}
                mixed = {(block, cell, measure): 1.0 for cell, setting in cells.items() if setting == "mixed"}
                whole = (block, ("of", population, side), own)
                if pure:
                    self.row({whole: -1.0} | pure, high=0.01)
                self.row({whole: -1.0} | pure | mixed, -0.01, INF)

    def _apart(self, block: tuple, measure: str) -> bool:
        """Whether a figure of populations leaves out people whose practice keeps no site, and others do not."""
        return measure in OF_CHANGE and self.high.get((block, ("of", "all", "all"), "kept_no_site"), 0.0) > 0.5

    def _kept_apart(self, block: tuple, measure: str, cells: list[tuple]) -> None:
        """Of all communities together there are more, at most by those whose practice keeps no site."""
        total = (block, ("of", "all", "all"), measure)
        parts = {(block, cell, measure): -1.0 for cell in cells}
        self.row({total: 1.0} | parts, high=0.01)
        if measure not in MINUTES:
            self.row({total: 1.0, (*total[:2], "kept_no_site"): 1.0} | parts, low=-0.01, high=INF)

    # ------------------------------------------------------------------------------------------- options and scenarios

    def _same_people(self) -> None:
        """The same patients are counted under every option that covers all of them, and in the table of people."""
        total = {
            var[0]: self.low[var]
            for var in self.low
            if var[1:] == (("of", "all", "all"), "people") and var[0][1] == self.main
        }
        first, *others = list(total) or [None]
        if first is None:
            return
        for other in others:
            if total[other] != total[first]:
                continue
            for var in list(self.low):
                same = var[2] == "people" or (var[1][0] == "in" and var[2] in LIVING_THERE)
                if var[0] == other and same and var[1][0] != "by" and (first, *var[1:]) in self.low:
                    self.row({var: 1.0, (first, *var[1:]): -1.0}, -0.01, 0.01)
        for one in self.tables["people"].itertuples(index=False):
            for setting, column in (
                ("all", "people"),
                ("rural", "rural"),
                ("urban", "urban"),
                ("not known", "not_known"),
            ):
                var = (first, ("of", one.population, setting), "people")
                exact = one.population == "all" and column == "people"
                within = None if exact else interval(getattr(one, column))
                if within is not None and var in self.low and within[1] < INF:
                    self.know(var, *within)

    def _across_options(self) -> None:
        """What was before is the same for every option."""
        blocks = [block for block in dict.fromkeys(var[0] for var in self.low) if block[1] == self.main]
        for first, other in pairwise(blocks):
            cells = dict.fromkeys(var[1] for var in self.low if var[0] == other)
            for cell in cells:
                if any(self.high.get((b, cell, "kept_no_site"), INF) > 0.5 for b in (first, other)):
                    continue
                before = {"no_route": 1.0, "lost_route": -1.0, "gained_route": 1.0}
                self._equal(first, other, cell, before)
                routes = [(b, cell, m) for b in (first, other) for m in ("lost_route", "gained_route")]
                if all(self.high.get(var, INF) <= 0.5 for var in routes):
                    self._equal(first, other, cell, {"beyond": 1.0, "newly_beyond": -1.0, "no_longer_beyond": 1.0})
        self._same_minutes(blocks)

    def _equal(self, one: tuple, other: tuple, cell: tuple, measures: Mapping[str, float]) -> None:
        left = {(one, cell, m): x for m, x in measures.items()}
        right = {(other, cell, m): -x for m, x in measures.items()}
        self.row(left | right, -2.0, 2.0)

    def _same_minutes(self, blocks: list[tuple]) -> None:
        """Where a community has the same minutes under two options, it may be guessed that nothing differs there."""
        if "communities" not in self.tables:
            return
        seen: dict[tuple, tuple] = {}
        columns = ["minutes", "minutes_before", "minutes_after", "longest"]
        for one in self.tables["communities"].itertuples(index=False):
            minutes = tuple(getattr(one, column) for column in columns)
            if number(minutes[0]) is None:
                continue
            block, cell = (one.option, self.main), ("in", one.community)
            first = seen.setdefault((cell, minutes), block)
            if first != block:
                for measure in ("beyond", "newly_beyond", "no_route"):
                    self.guesses.append(({(block, cell, measure): 1.0, (first, cell, measure): -1.0}, -0.01, 0.01))

    def guess_right(self, exact: Mapping[str, pd.DataFrame], journey: str, mode: str) -> None:
        """Take every guess that is right for certain: an attacker can be lucky."""
        truth = _truth(exact, journey, mode)
        for expression, low, high in self.guesses:
            known = all(var in truth for var in expression)
            if known and low <= sum(x * truth[var] for var, x in expression.items()) <= high:
                self.row(expression, low, high)

    # ----------------------------------------------------------------------------------------------------- the answer

    def ranges(self, wanted: Mapping[object, Expression], *, low: float = 1.0, high: float = 7.0) -> dict:
        """Least and most of some sums of variables.

        A search stops early where any one consistent set of counts already reaches `low` or `high`.
        """
        solver = _Solver(self)
        found = {name: [INF, -INF] for name in wanted}
        for name, expression in wanted.items():
            for sign, enough in ((1.0, lambda f: f[0] <= low), (-1.0, lambda f: f[1] >= high)):
                if enough(found[name]):
                    continue
                values = solver.extreme({var: sign * x for var, x in expression.items()})
                for other, terms in wanted.items():
                    value = sum(x * values[var] for var, x in terms.items())
                    found[other][0] = min(found[other][0], value)
                    found[other][1] = max(found[other][1], value)
        return {name: tuple(pair) for name, pair in found.items()}


class _Solver:
    """The programme in HiGHS; solved anew for each objective from where the last one ended."""

    def __init__(self, attacker: Attacker) -> None:
        self.variables = list(attacker.low)
        self.position = {var: i for i, var in enumerate(self.variables)}
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("time_limit", 300.0)
        infinity = highspy.kHighsInf
        low = np.array([attacker.low[var] for var in self.variables])
        # nobody counts more people than this; minutes of people are more
        most = np.array([INF if var[2] in MINUTES else 1e7 for var in self.variables])
        high = np.minimum(np.array([attacker.high[var] for var in self.variables]), most)
        starts, index, value, lower, upper = [0], [], [], [], []
        for expression, least, most in attacker.rows:
            for var, x in expression.items():
                index.append(self.position[var])
                value.append(x)
            starts.append(len(index))
            lower.append(least if least > -INF else -infinity)
            upper.append(most if most < INF else infinity)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.variables), len(lower)
        lp.col_cost_ = np.zeros(len(self.variables))
        lp.col_lower_, lp.col_upper_ = low, high
        lp.row_lower_, lp.row_upper_ = np.array(lower), np.array(upper)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.array(starts)
        lp.a_matrix_.index_ = np.array(index)
        lp.a_matrix_.value_ = np.array(value, dtype=float)
        self.highs.passModel(lp)

    def extreme(self, cost: Expression) -> dict[Var, float]:
        """A consistent set of counts at which a cost is least; a free amount ends at a large bound."""
        for var, x in cost.items():
            self.highs.changeColCost(self.position[var], x)
        self.highs.run()
        status = self.highs.getModelStatus()
        assert status == highspy.HighsModelStatus.kOptimal, f"the tables contradict each other: {status}"
        solution = np.array(self.highs.getSolution().col_value)
        for var in cost:
            self.highs.changeColCost(self.position[var], 0.0)
        return dict(zip(self.variables, solution, strict=True))


REST_OF = ("no_route", "beyond", "newly_beyond", "longer_5", "longer_10", "longer_15", "longer_20", "shorter_5")


def hidden_small(
    exact: Mapping[str, pd.DataFrame], public: Mapping[str, pd.DataFrame], journey: str, mode: str
) -> dict[tuple, dict[Var, float]]:
    """Every hidden count of 1 to 7 people, and every such rest of the people, as sums of the attacker's variables."""
    wanted: dict[tuple, dict[Var, float]] = {}
    head = ["option", "scenario", "journey", "mode", "population", "setting"]
    shown = {tuple(row): i for i, row in enumerate(public["summary"][head].itertuples(index=False, name=None))}
    for one in exact["summary"].to_dict("records"):
        if (one["journey"], one["mode"]) != (journey, mode):
            continue
        printed = public["summary"].iloc[shown[tuple(one[name] for name in head)]]
        block, cell = (one["option"], one["scenario"]), ("of", one["population"], one["setting"])
        for measure in ("people", *COUNTS):
            if printed[measure] == STAR:
                _add(wanted, block, cell, measure, measure, one[measure], one["people"])
        for minutes in BINS:
            if printed[f"within_{minutes}"] == STAR:
                count = one[f"within_{minutes}"] * one["people"]
                _add(wanted, block, cell, f"w{minutes}", f"w{minutes}", count, one["people"])
    _of_places(wanted, exact, public, journey, mode)
    if (journey, mode) == ("hub", "car"):
        _of_prompts(wanted, exact, public)
    return wanted


def _of_places(
    wanted: dict, exact: Mapping[str, pd.DataFrame], public: Mapping[str, pd.DataFrame], journey: str, mode: str
) -> None:
    """Hidden counts of communities, practices and groups; the rows of public communities have an order of their own."""
    main = str(exact["summary"]["scenario"].iloc[0])
    tables = (
        ("communities", "community", ("in",), IN_COMMUNITIES),
        ("groups", "group_id", ("by", "groups"), ("no_route", "people_compared")),
        ("practices", "practice_code", ("by", "practices"), ("no_route", "people_compared")),
    )
    for name, code, kind, measures in tables:
        head = ["option", "journey", "mode", code]
        printed = {tuple(row[n] for n in head): row for row in public[name].to_dict("records")} if name in exact else {}
        for one in exact[name].to_dict("records") if name in exact else []:
            if (one["journey"], one["mode"]) != (journey, mode):
                continue
            row = printed[tuple(one[n] for n in head)]
            for measure in measures:
                if row[measure] == STAR:
                    _add(
                        wanted, (one["option"], main), (*kind, one[code]), measure, measure, one[measure], one["people"]
                    )


def _of_prompts(wanted: dict, exact: Mapping[str, pd.DataFrame], public: Mapping[str, pd.DataFrame]) -> None:
    main = str(exact["summary"]["scenario"].iloc[0])
    for one in exact["mitigation"].to_dict("records") if "mitigation" in exact else []:
        block, cell = (one["option"], main), ("near", one["site_code"], one["community"])
        here, beyond = one["people_served_here"], one["people_beyond"]
        if 0.5 <= here < 7.5:
            wanted[block, cell, "served", "count"] = {(block, cell, "served"): 1.0}
        if 1.0 < beyond - here < 7.5:
            terms = {(block, ("in", one["community"]), "beyond"): 1.0, (block, cell, "served"): -1.0}
            wanted[block, cell, "served", "rest"] = terms
    for one in exact["mitigation_sites"].to_dict("records") if "mitigation_sites" in exact else []:
        if 0.5 <= one["people_added"] < 7.5:
            block, cell = (one["option"], main), ("step", one["step"])
            wanted[block, cell, "added", "count"] = {(block, cell, "added"): 1.0}


def _add(wanted: dict, block: tuple, cell: tuple, measure: str, var: str, count: float, people: float) -> None:
    if 0.5 <= count < 7.5:
        wanted[block, cell, measure, "count"] = {(block, cell, var): 1.0}
    # a rest of less than one person is two estimates of nobody put together
    if measure != "people" and 1.0 < people - count < 7.5:
        wanted[block, cell, measure, "rest"] = {(block, cell, "people"): 1.0, (block, cell, var): -1.0}


def leaks(
    exact: Mapping[str, pd.DataFrame],
    public: Mapping[str, pd.DataFrame],
    *,
    threshold: float = 30.0,
    at_most: int = 10**9,
) -> dict[tuple, tuple[float, float]]:
    """Hidden small counts about which the tables tell anything: which cannot be 1, or cannot be 7.

    Parameters
    ----------
    exact, public
        The tables before and after.
    threshold
        Minutes beyond which a journey is long.
    at_most
        So many hidden counts of each journey are tried, spread evenly.

    Returns
    -------
    Journey, mode and cell -> least and most.
    """
    told: dict[tuple, tuple[float, float]] = {}
    pairs = dict.fromkeys(zip(exact["summary"]["journey"], exact["summary"]["mode"], strict=True))
    for journey, mode in pairs:
        wanted = hidden_small(exact, public, journey, mode)
        names = list(wanted)[:: max(1, math.ceil(len(wanted) / at_most))]
        if not names:
            continue
        attacker = Attacker(public, journey, mode, threshold=threshold)
        attacker.guess_right(exact, journey, mode)
        known = {name: wanted[name] for name in names}
        for name, (low, high) in attacker.ranges(known).items():
            # 1 and 7 people are the whole numbers that 0.5-1.5 and 6.5-7.5 stand for
            if low >= 1.5 or high < 6.5:
                told[(journey, mode, *name)] = (low, high)
    return told


def mistakes(attacker: Attacker, exact: Mapping[str, pd.DataFrame], journey: str, mode: str) -> list[tuple]:
    """What the attacker takes for certain and is not true: an attacker who errs would find nothing."""
    truth = _truth(exact, journey, mode)
    wrong: list[tuple] = []
    for var, low in attacker.low.items():
        if var in truth and not low - 0.01 <= truth[var] <= attacker.high[var] + 0.01:
            wrong.append((var, low, truth[var], attacker.high[var]))
    for expression, low, high in attacker.rows:
        if all(var in truth for var in expression):
            value = sum(x * truth[var] for var, x in expression.items())
            room = 0.02 * max(1.0, *(abs(x) for x in expression.values()))
            if not low - room <= value <= high + room:
                wrong.append((expression, low, value, high))
    return wrong


def _truth(exact: Mapping[str, pd.DataFrame], journey: str, mode: str) -> dict[Var, float]:
    truth: dict[Var, float] = {}
    main = str(exact["summary"]["scenario"].iloc[0])
    for name in ("summary", "communities", "groups", "practices"):
        for one in exact[name].to_dict("records") if name in exact else []:
            if (one["journey"], one["mode"]) != (journey, mode):
                continue
            block = (one["option"], one.get("scenario", main))
            cell = {
                "summary": lambda o: ("of", o["population"], o["setting"]),
                "communities": lambda o: ("in", o["community"]),
                "groups": lambda o: ("by", "groups", o["group_id"]),
                "practices": lambda o: ("by", "practices", o["practice_code"]),
            }[name](one)
            for measure in ("people", *COUNTS, *LIVING_THERE):
                if measure in one and not pd.isna(one[measure]):
                    truth[block, cell, measure] = float(one[measure])
            if name == "summary" and one["people"] > 0:
                for minutes in BINS:
                    truth[block, cell, f"w{minutes}"] = one[f"within_{minutes}"] * one["people"]
            truth |= {(block, cell, measure): value for measure, value in _minutes_of(one).items()}
    return truth


def _minutes_of(one: Mapping[str, object]) -> dict[str, float]:
    """Minutes put together, by the exact means of a row."""
    level, after, before = (
        next(one[name] for name in names if name in one)
        for names in (("mean", "minutes"), ("mean_after", "minutes_after"), ("mean_before", "minutes_before"))
    )
    made = {"S": (level, one["people"] - one["no_route"])}
    made |= {"Sa": (after, one["people_compared"]), "Sb": (before, one["people_compared"])}
    return {name: mean * people for name, (mean, people) in made.items() if not pd.isna(mean)}
