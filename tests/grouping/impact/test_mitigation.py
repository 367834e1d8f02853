"""Prompts for mitigation: hand-worked figures, plain loops, and what a prompt never claims."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grouping.impact.mitigation import (
    COLUMNS,
    QUESTIONS_NOT_ADVICE,
    SITE_COLUMNS,
    Homes,
    HubJourney,
    greedy_cover,
    mitigation_sites,
    mitigation_table,
    mitigation_tables,
    question,
)

NAN = math.nan

# Practices P and Q; sites p1 (main, P), p2 (branch, P), q1 (main, Q), zz (community, nobody's). Threshold 30 minutes.
#   row  practice  community  patients  to hub   p1   p2   q1   zz
#   0    P         Ash        100       40       35   20   10   NaN
#   1    P         Ash         50       36       31   28   25   NaN
#   2    Q         Birch       80       45       50   60   70   29
#   3    Q         Birch       20       30       20   20   20   20    30 is not beyond
#   4    Q         Cedar       10       50       40   40   40   40    no site within 30
#   5    Q         Cedar       99       NaN      10   10   10   10    no route: not beyond, counted elsewhere
#   6    P         Birch       40       33       30   45   45   45    exactly 30 is within
HOMES = Homes(
    patients=np.array([100.0, 50, 80, 20, 10, 99, 40]),
    practice=np.array([0, 0, 1, 1, 1, 1, 0]),
    practice_codes=("P", "Q"),
    practice_names=("Park", ""),
    community=np.array([0, 0, 1, 1, 2, 2, 1]),
    names=("Ash", "Birch", "Cedar", "Dene"),
    settings=("rural", "mixed", "urban", "urban"),
    to_site=np.array(
        [
            [35, 20, 10, NAN],
            [31, 28, 25, NAN],
            [50, 60, 70, 29],
            [20, 20, 20, 20],
            [40, 40, 40, 40],
            [10, 10, 10, 10],
            [30, 45, 45, 45],
        ]
    ),
    sites=pd.DataFrame(
        {
            "name": ["Park main", "Park branch", "Quay", "Hospital"],
            "kind": ["main", "branch", "main", "community"],
            "practice_code": ["P", "P", "Q", ""],
        },
        index=["p1", "p2", "q1", "zz"],
    ),
)
HUB = HubJourney(np.array([40.0, 36, 45, 30, 50, NAN, 33]), {"P": "G1", "Q": "G2"})


def test_hand_worked_table() -> None:
    table = mitigation_table("A", HOMES, HUB, 30)
    assert tuple(table.columns) == COLUMNS
    ash, birch, cedar = table.to_dict("records")
    # Ash: p2 and q1 both reach all 150; p2 is of its own group (G1) though q1 is nearer.
    assert ash["minutes_now"] == pytest.approx((100 * 40 + 50 * 36) / 150)
    assert ash["minutes_to_site"] == pytest.approx((100 * 20 + 50 * 28) / 150)
    assert {k: ash[k] for k in COLUMNS if not k.startswith("minutes")} == {
        "option": "A", "community": "Ash", "setting": "rural", "people_beyond": 150.0, "site_code": "p2",
        "site": "Park branch", "kind": "branch", "of_practice": "Park (P)", "people_served_here": 150.0,
        "people_served_all": 150.0,
    }  # fmt: skip
    # Birch: 80 + 40 beyond, most of them of G2; q1 reaches none, zz reaches 80, p1 reaches 40.
    assert {k: birch[k] for k in COLUMNS[1:]} == {
        "community": "Birch", "setting": "mixed", "people_beyond": 120.0, "minutes_now": 41.0, "site_code": "zz",
        "site": "Hospital", "kind": "community", "of_practice": "", "minutes_to_site": 29.0,
        "people_served_here": 80.0, "people_served_all": 80.0,
    }  # fmt: skip
    assert (cedar["community"], cedar["people_beyond"], cedar["site_code"]) == ("Cedar", 10.0, "")
    assert cedar["site"] == "no existing site lies within 30 minutes"
    assert (cedar["people_served_here"], cedar["people_served_all"]) == (0.0, 0.0)
    assert math.isnan(cedar["minutes_to_site"])


def test_hand_worked_cover() -> None:
    table = mitigation_sites("A", HOMES, HUB, 30)
    assert tuple(table.columns) == SITE_COLUMNS
    # q1 and p2 both bring 150 back, q1 in fewer minutes; then zz 80, then p1 40; nobody is left but Cedar.
    assert table[["step", "site_code", "people_added", "people_in_all"]].to_numpy().tolist() == [
        [1, "q1", 150.0, 150.0],
        [2, "zz", 80.0, 230.0],
        [3, "p1", 40.0, 270.0],
    ]
    assert table["of_practice"].tolist() == ["Q", "", "Park (P)"]


def test_a_site_of_others_is_named_first_where_it_reaches_more_than_twice_as_many() -> None:
    minutes = HOMES.to_site.copy()
    minutes[0, 1] = 33  # the branch of the own group now reaches 50 of 150, the main site of Q all of them
    homes = _with(to_site=minutes)
    assert mitigation_table("A", homes, HUB, 30)["site_code"].iloc[0] == "q1"
    patients = HOMES.patients.copy()
    patients[0] = 50  # exactly half
    # (50 x 10 + 50 x 25) / 100 = 17.5 to the Quay: 28 minutes are more than 10 further
    assert mitigation_table("A", _with(to_site=minutes, patients=patients), HUB, 30)["site_code"].iloc[1] == "q1"
    minutes[0, 2] = 11  # 18.0: exactly 10 nearer
    assert mitigation_table("A", _with(to_site=minutes, patients=patients), HUB, 30)["site_code"].iloc[1] == "p2"


def test_sites_that_cannot_be_used_are_not_asked_about() -> None:
    homes = _with(usable=np.array([True, False, True, False]))
    table = mitigation_table("A", homes, HUB, 30)
    assert table["site_code"].tolist() == ["q1", "p1", ""]
    assert "zz" not in mitigation_sites("A", homes, HUB, 30)["site_code"].tolist()


def test_options_stand_one_after_another_and_nobody_beyond_gives_no_row() -> None:
    near = HubJourney(np.full(7, 10.0), HUB.group_of)
    tables = mitigation_tables(HOMES, {"A": HUB, "B": near, "C": HUB}, 30)
    assert tables["mitigation"]["option"].tolist() == ["A"] * 3 + ["C"] * 3
    assert tables["mitigation_sites"]["option"].tolist() == ["A"] * 3 + ["C"] * 3
    empty = mitigation_tables(HOMES, {"B": near}, 30)
    assert [list(table.columns) for table in empty.values()] == [list(COLUMNS), list(SITE_COLUMNS)]
    assert [len(table) for table in empty.values()] == [0, 0]


def test_a_prompt_is_a_question() -> None:
    ash, birch, cedar = mitigation_table("A", HOMES, HUB, 30).to_dict("records")
    assert question(ash, 30) == (
        "150 people of Ash would be more than 30 minutes from the hub by car (on average 39). Could some services of"
        " the hub also run at Park branch (branch site of Park (P))? It is at most 30 minutes away for 150 people of"
        " this community with such a long journey, and for 150 people of all communities together."
    )
    assert "Hospital (community site)?" in question(birch, 30)
    assert question(cedar, 30, people=lambda _: "a few people").startswith("a few people of Cedar")
    for prompt in (ash, birch, cedar):
        assert "?" in question(prompt, 30)
        assert "should" not in question(prompt, 30)
    assert "not advice" in QUESTIONS_NOT_ADVICE


def _with(**changes: object) -> Homes:
    names = ("patients", "practice", "practice_codes", "practice_names", "community", "names", "settings", "to_site")
    return Homes(**({name: getattr(HOMES, name) for name in (*names, "sites", "usable")} | changes))


# --- Against plain loops -----------------------------------------------------------------------------------------

MINUTES = st.one_of(st.just(NAN), st.sampled_from([5.0, 29.0, 30.0, 30.5, 31.0, 60.0]))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Homes, HubJourney]:
    rows, sites, communities = draw(st.integers(1, 12)), draw(st.integers(1, 6)), draw(st.integers(1, 4))

    def many(values: st.SearchStrategy, count: int) -> list:
        return draw(st.lists(values, min_size=count, max_size=count))

    owners = many(st.sampled_from(["A", "B", "C", ""]), sites)
    homes = Homes(
        patients=np.array(many(st.sampled_from([0.0, 1.0, 2.5, 7.0, 40.0]), rows)),
        practice=np.array(many(st.integers(0, 2), rows)),
        practice_codes=("A", "B", "C"),
        practice_names=("Alpha", "Beta", "Gamma"),
        community=np.array(many(st.integers(0, communities - 1), rows)),
        names=tuple("WXYZ"[:communities]),
        settings=("rural",) * communities,
        to_site=np.array(many(MINUTES, rows * sites)).reshape(rows, sites),
        sites=pd.DataFrame(
            {"name": ["n"] * sites, "kind": ["branch"] * sites, "practice_code": owners},
            index=draw(st.permutations([f"s{i}" for i in range(sites)])),
        ),
        usable=draw(st.one_of(st.none(), st.just(np.array(many(st.booleans(), sites))))),
    )
    groups = draw(st.sampled_from([{"A": "G1", "B": "G1", "C": "G2"}, {"A": "G1", "B": "G2", "C": "G3"}, {"A": "G1"}]))
    return homes, HubJourney(np.array(many(MINUTES, rows)), groups)


def _beyond(homes: Homes, hub: HubJourney) -> list[int]:
    return [r for r in range(len(homes.patients)) if hub.minutes[r] > 30 and homes.patients[r] > 0]


def _serves(homes: Homes, row: int, site: int) -> bool:
    return bool(homes.to_site[row, site] <= 30) and (homes.usable is None or bool(homes.usable[site]))


@given(cases())
def test_the_table_agrees_with_plain_loops(case: tuple[Homes, HubJourney]) -> None:
    homes, hub = case
    expected = []
    for community, name in enumerate(homes.names):
        here = [row for row in _beyond(homes, hub) if homes.community[row] == community]
        if not here:
            continue
        total = sum(homes.patients[row] for row in here)
        by_group: dict[str, float] = {}
        for row in here:
            group = hub.group_of.get(homes.practice_codes[homes.practice[row]], "")
            by_group[group] = by_group.get(group, 0.0) + homes.patients[row]
        mine = min(by_group, key=lambda group: (-by_group[group], group))
        choices = []
        for site, code in enumerate(homes.sites.index):
            served = [row for row in here if _serves(homes, row, site)]
            if served:
                people = sum(homes.patients[row] for row in served)
                mean = sum(homes.patients[row] * homes.to_site[row, site] for row in served) / people
                own = bool(mine) and hub.group_of.get(homes.sites["practice_code"].iloc[site], "") == mine
                choices.append((-people, round(mean, 6), code, own, site))
        choices.sort()
        enough = [choice for choice in choices if choice[0] <= choices[0][0] / 2]
        nearest = min((choice[1] for choice in enough), default=NAN)
        own = [choice for choice in enough if choice[3] and choice[1] <= nearest + 10]
        best = (own or choices or [(0.0, NAN, "", False, -1)])[0]
        in_all = sum(homes.patients[row] for row in _beyond(homes, hub) if best[2] and _serves(homes, row, best[4]))
        expected.append((name, total, best[2], -best[0], in_all))
    expected.sort(key=lambda row: (-row[1], row[0]))
    table = mitigation_table("A", homes, hub, 30)
    found = table[["community", "people_beyond", "site_code", "people_served_here", "people_served_all"]]
    assert [tuple(row) for row in found.to_numpy().tolist()] == expected


@given(cases())
def test_a_prompt_never_claims_people_who_are_not_beyond(case: tuple[Homes, HubJourney]) -> None:
    homes, hub = case
    beyond = sum(homes.patients[row] for row in _beyond(homes, hub))
    table = mitigation_table("A", homes, hub, 30)
    assert table["people_beyond"].sum() == pytest.approx(beyond)
    assert (table["minutes_now"].astype(float) > 30).all()
    assert (table["people_served_here"] <= table["people_beyond"]).all()
    assert (table["people_served_here"] <= table["people_served_all"]).all()
    assert (table["people_served_all"] <= beyond).all()
    named = table[table["site_code"] != ""]
    assert (named["people_served_here"] > 0).all()
    assert (named["minutes_to_site"].astype(float) <= 30 + 1e-9).all()
    assert table.loc[table["site_code"] == "", "people_served_all"].sum() == 0


@given(cases())
def test_the_cover_adds_only_people_beyond_and_begins_with_the_best_site(case: tuple[Homes, HubJourney]) -> None:
    homes, hub = case
    steps = greedy_cover(homes, hub, 30, at_most=3)
    alone = [
        sum(homes.patients[row] for row in _beyond(homes, hub) if _serves(homes, row, site))
        for site in range(homes.to_site.shape[1])
    ]
    assert len(steps) <= 3
    if not steps:
        assert max(alone) == 0
        return
    assert steps[0].people_added == max(alone)
    assert [step.people_added for step in steps] == sorted((step.people_added for step in steps), reverse=True)
    assert len({step.site for step in steps}) == len(steps)
    reached = {row for step in steps for row in _beyond(homes, hub) if _serves(homes, row, step.site)}
    assert steps[-1].people_in_all == pytest.approx(sum(homes.patients[row] for row in reached))
    assert steps[-1].people_in_all == pytest.approx(sum(step.people_added for step in steps))
