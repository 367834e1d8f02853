"""Public tables: what is hidden stays hidden, from a single table and from all of them together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from grouping.impact import measures
from grouping.impact.communities import Communities, community_table
from grouping.impact.disclosure import HIDDEN, people_text, public_sentence, public_tables
from grouping.impact.disclosure.counts import rounded
from grouping.impact.people import People, Population
from grouping.impact.tables import (
    KEY_POPULATIONS,
    PRACTICE_COLUMNS,
    groups_table,
    inequality_table,
    people_table,
    summary_table,
)
from grouping.impact.trips import Trip
from grouping.plan import Group, Plan
from tests.grouping.impact.attacker import Attacker, hidden_small, leaks, mistakes

THRESHOLD = 30.0
COUNTED = (
    "no_route", "people_compared", "longer_5", "longer_10", "longer_15", "longer_20", "shorter_5", "newly_beyond",
    "no_longer_beyond", "beyond", "lost_route", "gained_route", "kept_no_site", "kept_no_site_longer_5",
)  # fmt: skip
LISTED = ("people", "no_route", "mean", "people_compared", "mean_before", "mean_after", "mean_change")
"""Figures of a practice, by the names they have in the summary."""


@dataclass(frozen=True)
class World:
    """Rows of registrations: people, where they live, their practice, and minutes before and under each option."""

    patients: np.ndarray
    rural: np.ndarray
    community: np.ndarray
    practice: np.ndarray
    populations: dict[str, np.ndarray]  # key -> people; the family of (key, rest) is named by the key
    before: np.ndarray
    after: dict[str, np.ndarray]
    without_site: int = -1  # a practice that keeps no site

    def tables(self, *, baseline: bool = True, winter: bool = False) -> dict[str, pd.DataFrame]:
        """All tables of the hub journey by car."""
        people = self.people()
        names = tuple(f"Ward {n:02d}" for n in range(int(self.community.max()) + 1))
        own = [self.rural[self.community == n] for n in range(len(names))]
        setting = tuple("mixed" if len(set(s)) > 1 else "rural" if s[0] else "urban" for s in own)
        communities = Communities(names, np.arange(len(names)), tuple((name,) for name in names), setting)
        codes = [f"P{n:02d}" for n in range(int(self.practice.max()) + 1)]
        half = max(len(codes) // 2, 1)
        groups = [Group(g, tuple(c), None) for g, c in (("A", codes[:half]), ("B", codes[half:])) if c]
        made: dict[str, list[pd.DataFrame]] = {}
        for option, after in self.after.items():
            trip = self.trip(after, baseline)
            parts = {
                "summary": summary_table(option, [trip], people, THRESHOLD),
                "inequality": inequality_table(option, [trip], people),
                "communities": community_table(option, trip, people, communities, THRESHOLD, area=self.community),
                "groups": groups_table(
                    option,
                    [trip],
                    people,
                    self.practice,
                    codes,
                    Plan(tuple(groups)),
                    {g.group_id: ("", "") for g in groups},
                ),
                "practices": self.practices(option, trip, codes, half),
            }
            for name, table in parts.items():
                made.setdefault(name, []).append(table)
        tables = {name: pd.concat(parts, ignore_index=True) for name, parts in made.items()}
        if winter:
            slow = [
                summary_table(
                    o, [self.trip(m * 1.15, baseline)], people, THRESHOLD, scenario="winter", keys=KEY_POPULATIONS
                )
                for o, m in self.after.items()
            ]
            tables["summary"] = pd.concat([tables["summary"], *slow], ignore_index=True)
        return {"people": people_table(people), **tables}

    def trip(self, after: np.ndarray, baseline: bool) -> Trip:
        everybody = np.ones(len(self.patients), dtype=bool)
        apart = self.practice == self.without_site
        return Trip("hub", "car", after, self.before if baseline else None, everybody, apart)

    def people(self) -> People:
        made = [Population("all", "All", "all", self.patients, "Made up.")]
        for key, some in self.populations.items():
            rest = {"age_65_plus": "under_65", "age_75_plus": "under_75", "age_85_plus": "under_85"}.get(
                key, f"not_{key}"
            )
            made.append(Population(key, key, key, some, "Made up."))
            made.append(Population(rest, rest, key, self.patients - some, "Made up."))
        for key, mask in (("rural", self.rural == 1), ("urban", self.rural == 0)):
            made.append(Population(key, key, "setting", np.where(mask, self.patients, 0.0), "Made up."))
        decile = self.community % 10 + 1
        for n in range(1, 11):
            made.append(
                Population(f"decile_{n}", f"Decile {n}", "deprivation", np.where(decile == n, self.patients, 0.0), "")
            )
        for key, mask in (("most_deprived", decile <= 2), ("less_deprived", decile > 2)):
            made.append(Population(key, key, "deprived", np.where(mask, self.patients, 0.0), ""))
        return People(self.patients, self.rural.astype(float), tuple(made), ())

    def practices(self, option: str, trip: Trip, codes: list[str], half: int) -> pd.DataFrame:
        rows = []
        for n, code in enumerate(codes):
            own = self.practice == n
            head = (option, "hub", "car", code, code, "A" if n < half else "B", "rural")
            everybody = replace(trip, apart=np.zeros_like(trip.apart))
            figures = measures.measure(everybody, np.where(own, self.patients, 0.0)[:, None], THRESHOLD)
            rows.append((*head, *(float(figures[name][0]) for name in LISTED)))
        return pd.DataFrame(rows, columns=list(PRACTICE_COLUMNS))


def made_world(seed: int, *, rows: int = 60, size: float = 30.0, whole: bool = True) -> World:
    """Small communities, many of them with a handful of people in any population."""
    rng = np.random.default_rng(seed)
    patients = np.ceil(rng.exponential(size, rows))
    if not whole:
        patients = patients + rng.random(rows)
    community = rng.integers(0, max(rows // 6, 2), rows)
    community[: community.max() + 1] = np.arange(community.max() + 1)
    rural = (rng.random(rows) < np.where(community % 3 == 0, 0.15, np.where(community % 3 == 1, 1.0, 0.0))).astype(
        float
    )
    practice = rng.integers(0, 5, rows)
    practice[:5] = np.arange(5)
    if not whole:
        # as registrations are: estimates that add up to whole lists
        lists = np.bincount(practice, patients)
        patients = patients * (np.ceil(lists) / lists)[practice]

    def part(of: np.ndarray, share: float) -> np.ndarray:
        return np.floor(of * share * rng.random(rows)) if whole else of * share * rng.random(rows)

    older = part(patients, 0.6)
    older_75 = part(older, 0.8)
    populations = {
        "age_65_plus": older,
        "age_75_plus": older_75,
        "age_85_plus": part(older_75, 0.5),
        "no_car": part(patients, 0.4),
    }
    before = np.where(rng.random(rows) < 0.04, np.nan, 8 + 18 * rng.random(rows) + 8 * rural)
    after = {}
    for n in range(3):
        change = np.where(rng.random(rows) < 0.25, rng.normal(4, 8, rows), 0.0)
        after[f"option-{n + 1}"] = np.where(rng.random(rows) < 0.02, np.nan, np.maximum(before + change, 1.0))
    return World(patients, rural, community, practice, populations, before, after)


def one_row(table: pd.DataFrame, **wanted: object) -> pd.Series:
    """The only row with these values."""
    for column, value in wanted.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def simple_world(**changes: object) -> World:
    """Four communities of 400 people, two of them rural; everybody 12 minutes from the hub before and after."""
    rows = 8
    world = {
        "patients": np.full(rows, 200.0),
        "rural": np.repeat([1.0, 0.0], 4),
        "community": np.repeat(np.arange(4), 2),
        "practice": np.arange(rows) % 2,
        "populations": {"age_65_plus": np.full(rows, 60.0)},
        "before": np.full(rows, 12.0),
        "after": {"option-1": np.full(rows, 12.0)},
    }
    return World(**(world | changes))


def only_small_numbers_hidden(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """What somebody would do who has not thought of sums: 1 to 7 as `*`, all others to the nearest 5."""
    hidden = public_tables(tables).tables
    for name in ("summary", "communities"):
        table = hidden[name] = tables[name].copy()
        for column in {*COUNTED, "people", "age_65_plus", "no_car", "most_deprived"} & set(table.columns):
            values = pd.to_numeric(table[column])
            table[column] = pd.Series(
                [None if pd.isna(x) else HIDDEN if 0.5 <= x < 7.5 else int(rounded(x)) for x in values], dtype=object
            )
    everybody = (tables["summary"]["population"] == "all") & (tables["summary"]["setting"] == "all")
    hidden["summary"].loc[everybody, "people"] = tables["summary"].loc[everybody, "people"]
    return hidden


# ------------------------------------------------------------------------------------------------------ single figures


def test_counts_are_rounded_small_ones_hidden_and_published_ones_exact():
    patients = np.array([203.0, 204.0, 198.0, 200.0, 201.0, 207.0, 199.0, 200.0])
    public = public_tables(simple_world(patients=patients).tables())
    summary = public.tables["summary"]
    assert one_row(summary, population="all", setting="all")["people"] == 1612  # registered: published
    assert one_row(summary, population="all", setting="rural")["people"] == 805  # 203 + 204 + 198 + 200 = 805
    assert one_row(summary, population="all", setting="urban")["people"] == 805  # 807
    assert one_row(summary, population="age_65_plus", setting="all")["people"] == 480
    assert one_row(summary, population="all", setting="all")["beyond"] == 0
    assert one_row(summary, population="all", setting="all")["within_15"] == 1.0
    assert one_row(summary, population="all", setting="all")["mean"] == 12.0
    people = dict(zip(public.tables["practices"]["practice_code"], public.tables["practices"]["people"], strict=True))
    assert people == {"P00": 801, "P01": 811}  # 203 + 198 + 201 + 199 and 204 + 200 + 207 + 200: their lists
    assert public.hidden["communities"] == 0


def test_one_small_number_takes_a_second_one_in_every_sum_with_it():
    """Three rural people aged 65 and over newly beyond: neither their side, nor their breakdown tells of them."""
    after = np.full(8, 12.0)
    after[[0, 4, 5]] = 40.0
    older = np.full(8, 60.0)
    older[0] = 3.0
    public = public_tables(simple_world(after={"option-1": after}, populations={"age_65_plus": older}).tables())
    shown = {
        (row.population, row.setting): row.newly_beyond for row in public.tables["summary"].itertuples(index=False)
    }
    assert shown["age_65_plus", "rural"] == HIDDEN  # 3
    assert shown["age_65_plus", "urban"] == HIDDEN  # 120: with 123 in all it would give 3
    assert shown["under_65", "rural"] == HIDDEN  # 197: with 200 rural people it would give 3
    assert shown["under_65", "urban"] == HIDDEN
    assert shown["age_65_plus", "all"] == 125  # 3 + 120
    assert shown["all", "rural"] == 200
    assert shown["all", "urban"] == 400


def test_all_but_a_few_tells_as_much_as_a_few():
    patients = np.full(8, 200.0)
    patients[0] = 5.0
    after = np.full(8, 40.0)
    after[0] = 12.0
    summary = public_tables(simple_world(patients=patients, after={"option-1": after}).tables()).tables["summary"]
    row = one_row(summary, population="all", setting="all")
    assert row["beyond"] == HIDDEN  # 1,400 of 1,405
    assert row["newly_beyond"] == HIDDEN
    assert row["within_30"] == HIDDEN


def test_a_small_community_says_nothing():
    patients = np.array([6.0, 0.0, 200.0, 200.0, 200.0, 200.0, 200.0, 200.0])
    tables = simple_world(patients=patients, populations={"age_65_plus": patients / 2}).tables()
    public = public_tables(tables)
    row = one_row(public.tables["communities"], community="Ward 00")
    assert row["people"] == HIDDEN
    assert row["age_65_plus"] == HIDDEN
    assert row["minutes_after"] == HIDDEN
    assert row["longest"] == HIDDEN
    assert row["rank"] == HIDDEN
    assert (public.tables["communities"]["people"] == HIDDEN).sum() >= 2


@pytest.mark.parametrize(("people", "printed"), [(40.0, HIDDEN), (60.0, 12.3)])
def test_a_mean_of_few_people_would_tell_how_they_divide_between_practices(people: float, printed: object):
    patients = np.array([people, 0.0, 300.0, 300.0, 300.0, 300.0, 300.0, 300.0])
    tables = simple_world(patients=patients).tables(baseline=False)
    there = tables["communities"]["community"] == "Ward 00"
    tables["communities"].loc[there, "minutes"] = 12.34
    row = one_row(public_tables(tables).tables["communities"], community="Ward 00")
    assert row["people"] == people
    assert row["minutes"] == printed
    assert (row["rank"] == HIDDEN) == (printed == HIDDEN)


def test_what_is_hidden_under_one_option_does_not_stand_under_another():
    """Ward 01 protects Ward 00 under the first option; under the second the same people are beyond in Ward 01."""
    first, second = np.full(8, 12.0), np.full(8, 12.0)
    first[[0, 2]] = 40.0
    second[[2]] = 40.0
    patients = np.full(8, 200.0)
    patients[0] = 4.0
    world = simple_world(patients=patients, after={"option-1": first, "option-2": second})
    communities = public_tables(world.tables()).tables["communities"]
    assert one_row(communities, option="option-1", community="Ward 00")["beyond"] == HIDDEN
    assert one_row(communities, option="option-1", community="Ward 01")["beyond"] == HIDDEN
    assert one_row(communities, option="option-2", community="Ward 01")["beyond"] == HIDDEN


def test_what_was_before_cannot_be_told_from_another_option():
    """Seven people have no route before, nor under the first option; the second one takes it from 117 more."""
    patients = np.full(8, 200.0)
    patients[[0, 2]] = 7.0, 117.0
    before, second = np.full(8, 12.0), np.full(8, 12.0)
    before[0] = second[0] = second[2] = np.nan
    world = simple_world(patients=patients, before=before, after={"option-1": before.copy(), "option-2": second})
    summary = public_tables(world.tables()).tables["summary"]
    assert one_row(summary, option="option-1", population="all", setting="all")["no_route"] == HIDDEN
    # 125 without a route less 115 who lost it would leave 5 to 15 people
    row = one_row(summary, option="option-2", population="all", setting="all")
    assert row["lost_route"] == HIDDEN
    assert row["no_route"] == HIDDEN


def test_how_many_are_compared_tells_no_more_than_how_many_have_a_route():
    """Three people of a community had no route before: all 400 less 397 compared would tell of them."""
    before = np.full(8, 12.0)
    before[1] = np.nan
    patients = np.full(8, 200.0)
    patients[[0, 1]] = 397.0, 3.0
    public = public_tables(simple_world(patients=patients, before=before).tables()).tables
    row = one_row(public["communities"], community="Ward 00")
    assert row["people"] == 400
    assert row["no_route"] == 0
    assert row["people_compared"] == HIDDEN
    # the three would also be told by 1,600 in all less 1,597, and by the practice they are with
    assert one_row(public["summary"], population="all", setting="all")["people_compared"] == HIDDEN
    assert one_row(public["practices"], practice_code="P01")["people_compared"] == HIDDEN


def test_a_journey_that_may_be_one_persons_is_not_printed_for_a_small_place():
    patients = np.full(8, 200.0)
    patients[:2] = 50.0
    communities = public_tables(simple_world(patients=patients).tables()).tables["communities"]
    assert one_row(communities, community="Ward 00")["longest"] == HIDDEN
    assert one_row(communities, community="Ward 00")["minutes"] == 12.0
    assert one_row(communities, community="Ward 01")["longest"] == 12.0


def test_a_hidden_community_leaves_no_gap_in_the_ranks():
    """Its rank between two others would tell its minutes."""
    patients = np.array([6.0, 0.0, 200.0, 200.0, 200.0, 200.0, 200.0, 200.0])
    after = np.array([14.0, 14.0, 16.0, 16.0, 13.0, 13.0, 12.0, 12.0])
    world = simple_world(patients=patients, populations={"age_65_plus": patients / 2}, after={"option-1": after})
    communities = public_tables(world.tables()).tables["communities"]
    # Ward 01 protects Ward 00, the second of all by its minutes
    assert list(zip(communities["community"], communities["rank"], strict=True)) == [
        ("Ward 02", 1),
        ("Ward 03", 2),
        ("Ward 00", HIDDEN),
        ("Ward 01", HIDDEN),
    ]


def test_derived_figures_come_from_printed_ones():
    after = np.linspace(12.0, 26.0, 8)
    summary = public_tables(simple_world(after={"option-1": after}).tables()).tables["summary"]
    row = one_row(summary, population="all", setting="all")
    # a mean change of 7.0 minutes for 1,600 people
    assert row["mean_change"] == 7.0
    assert row["change_in_patient_minutes"] == 11_000
    tables = public_tables(simple_world(after={"option-1": after}).tables()).tables
    pair = one_row(tables["inequality"], population="rural")
    rural, urban = (one_row(summary, population=name, setting="all")["mean"] for name in ("rural", "urban"))
    assert pair["mean"] == rural
    assert pair["gap"] == round(rural - urban, 1)


def test_numbers_of_people_in_sentences():
    assert people_text(3.0) == "some"
    assert people_text(1_203.0) == "1,205"
    assert people_text(0.0) == "0"
    assert public_sentence("8 areas have no projection; their 2,853 patients stay as today.") == (
        "8 areas have no projection; their patients stay as today."
    )
    assert public_sentence("For 99.96% of patients; not known for 0.04% of patients.") == (
        "For over 99% of patients; not known for under 1% of patients."
    )
    assert public_sentence("1 area with 12 registered patients (E01)") == "1 area with some registered patients (E01)"
    assert public_sentence("By the locality: 2,694 patients instead of 2,708.") == "By the locality."
    assert public_sentence("+1,203 patients on 98,765 (+1.2%).") == "+1,205 patients on 98,765 (+1.2%)."
    assert public_sentence("-6 patients on 98,765 (-0.0%).") == "Fewer than 200 patients more or less on 98,765."


def test_sentences_about_places_hold_no_number_the_tables_hide():
    patients = np.array([6.0, 0.0, 211.0, 200.0, 202.0, 203.0, 200.0, 200.0])
    tables = simple_world(patients=patients, populations={"age_65_plus": np.floor(patients * 0.3)}).tables()
    shown = public_tables(tables).tables["communities"].set_index("community")["people"]
    told = next(name for name in shown.index if shown[name] != HIDDEN)
    people = one_row(tables["communities"], community=told)["people"]

    def tell(text) -> pd.DataFrame:
        said = [
            ("Ward 00", f"12 minutes by car, and {text(2.0)} of {text(6.0)} people would have no route."),
            (told, f"12 minutes by car (10 to 14), and {text(199.0)} of {text(people)} people would have no route."),
        ]
        rows = [(name, "car", "option-1", sentence) for name, sentence in said]
        return pd.DataFrame(rows, columns=["community", "mode", "option", "sentence"])

    places = public_tables(tables, tell_places=tell).tables["places"].set_index("community")["sentence"]
    assert not any(character.isdigit() for character in places["Ward 00"])
    # 199 is not in any table: subtracted, it could give what is hidden
    assert places[told].endswith(f"some of {shown[told]} people would have no route.")


def test_prompts_hide_few_people_and_what_is_left_of_them():
    after = np.full(8, 12.0)
    after[[0, 2]] = 40.0
    tables = simple_world(after={"option-1": after}).tables()
    columns = ["option", "community", "setting", "people_beyond", "minutes_now", "site_code", "site", "kind"]
    columns += ["of_practice", "minutes_to_site", "people_served_here", "people_served_all"]
    head = ("option-1", "Ward 00", "rural", 200.0, 40.0)
    tables["mitigation"] = pd.DataFrame([(*head, "S1", "Mill", "branch", "", 9.0, 196.0, 300.0)], columns=columns)
    tables["mitigation_sites"] = pd.DataFrame(
        [
            ("option-1", 1, "S1", "Mill", "branch", "", 300.0, 300.0),
            ("option-1", 2, "S2", "Ash", "main", "", 4.0, 304.0),
        ],
        columns=["option", "step", "site_code", "site", "kind", "of_practice", "people_added", "people_in_all"],
    )
    public = public_tables(tables).tables
    row = public["mitigation"].iloc[0]
    assert row["people_beyond"] == 200
    assert row["people_served_here"] == HIDDEN  # four of them are not served
    assert row["people_served_all"] == HIDDEN
    assert public["mitigation_sites"]["people_added"].tolist() == [300, HIDDEN]
    assert public["mitigation_sites"]["people_in_all"].tolist() == [300, HIDDEN]


# ---------------------------------------------------------------------------------------------------- all of the tables


@pytest.mark.parametrize("seed", range(4))
def test_every_small_count_is_hidden_and_every_other_rounded(seed):
    exact = made_world(seed, whole=seed % 2 == 0).tables(winter=True)
    public = public_tables(exact).tables
    for measure in (*COUNTED, "people"):
        values = pd.to_numeric(exact["summary"][measure])
        shown = public["summary"][measure]
        small = (values >= 0.5) & (values < 7.5)
        assert (shown[small] == HIDDEN).all(), measure
        listed = (exact["summary"]["population"] == "all") & (exact["summary"]["setting"] == "all")
        rest = shown[~small & (shown != HIDDEN) & ~(listed if measure == "people" else False)].dropna()
        assert all(value % 5 == 0 for value in rest), measure
        assert (abs(rest.astype(float) - values[rest.index]) <= 2.5).all(), measure
    for minutes in (10, 15, 20, 30, 45):
        shares = [x for x in public["summary"][f"within_{minutes}"] if x is not None and x != HIDDEN]
        assert all(abs(100 * share - round(100 * share)) < 1e-9 for share in shares)
    few = pd.to_numeric(exact["summary"]["people"]) - pd.to_numeric(exact["summary"]["no_route"]) < 7.5
    for figure in ("mean", "median", "p90", "longest", "mean_after"):
        assert not any(isinstance(value, float) for value in public["summary"][figure][few] if not pd.isna(value))


def test_the_same_tables_give_the_same_public_tables():
    exact = made_world(3).tables(winter=True)
    first, second = public_tables(exact), public_tables({name: table.copy() for name, table in exact.items()})
    assert first.notes == second.notes
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, second.tables[name])


def small_world(seed: int) -> World:
    """Few rows, so that the attacker is quick: communities of a dozen people, options that differ by a few."""
    world = made_world(seed, rows=20, size=[12.0, 40.0, 150.0][seed % 3], whole=seed % 2 == 0)
    return World(**(vars(world) | {"after": dict(list(world.after.items())[:2])}))


@pytest.mark.parametrize("seed", range(6))
def test_nobody_can_work_out_a_hidden_count(seed):
    """The range that all public tables together leave each hidden count holds 1 as well as 7 people."""
    exact = small_world(seed).tables(baseline=seed != 4, winter=seed == 5)
    public = public_tables(exact).tables
    assert len(hidden_small(exact, public, "hub", "car")) > 10
    assert leaks(exact, public, at_most=12) == {}


def nasty_world() -> World:
    """Small numbers where they hurt.

    A community of twelve people, five of them rural; two options that differ by three people; 65, 75 and 85 and over
    that differ by a few; one person in a decile; a handful without a route.
    """
    rows = 16
    patients = np.array([5, 7, 150, 90, 130, 3, 220, 80, 60, 140, 75, 2, 95, 110, 41, 3], dtype=float)
    rural = np.array([1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0], dtype=float)
    community = np.array([0, 0, 1, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 7, 8, 8])
    older = np.floor(patients * 0.3)
    oldest = np.maximum(older - np.arange(rows) % 3, 0.0)
    after = np.full(rows, 14.0)
    after[[2, 5, 9, 11, 15]] = 38.0
    other = after.copy()
    other[5] = 14.0
    before = np.full(rows, 14.0)
    after[15] = np.nan
    return World(
        patients,
        rural,
        community,
        np.arange(rows) % 3,
        {
            "age_65_plus": older,
            "age_75_plus": oldest,
            "age_85_plus": np.maximum(oldest - 4, 0.0),
            "no_car": np.minimum(patients, 9.0),
        },
        before,
        {"option-1": after, "option-2": other},
    )


def test_nor_where_small_numbers_hurt():
    exact = nasty_world().tables()
    public = public_tables(exact).tables
    assert leaks(exact, public) == {}


@pytest.mark.parametrize("seed", range(3))
def test_the_attacker_is_right_in_what_it_takes_for_certain(seed):
    exact = made_world(seed, whole=seed != 2).tables(baseline=seed != 1, winter=True)
    attacker = Attacker(public_tables(exact).tables, "hub", "car")
    assert mistakes(attacker, exact, "hub", "car") == []


def test_the_attacker_finds_what_rounding_alone_gives_away():
    exact = nasty_world().tables()
    assert len(leaks(exact, only_small_numbers_hidden(exact), at_most=12)) >= 4
