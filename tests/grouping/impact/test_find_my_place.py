"""The sentences about a place, and what they must never say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grouping.impact.communities import OUTSIDE, Communities
from grouping.impact.find_my_place import COLUMNS, OptionTrips, place_sentences
from grouping.impact.trips import Trip

COMMUNITIES = Communities(
    names=("Corfe Castle", OUTSIDE),
    of_area=np.array([0, 0, 1]),
    areas=(("a1", "a2"), ("a3",)),
    setting=("rural", "not known"),
)
AREA = np.array([0, 1, 1, 2])
PATIENTS = np.array([1_000.0, 200.0, 40.0, 9.0])
NAN = np.nan
ALL = np.ones(4, dtype=bool)
OWN = np.array([6.0, 12.0, 12.0, NAN])
"""Mean of Corfe Castle: (1,000 x 6 + 240 x 12) / 1,240 = 7.16 minutes."""
OWN_BY_BUS = np.array([24.0, 30.0, NAN, NAN])
"""(1,000 x 24 + 200 x 30) / 1,200 = 25 minutes; 40 have no route."""
HUB_BEFORE = np.array([9.0, 9.0, 9.0, NAN])
HUB = np.array([13.0, 13.0, 13.0, NAN])


def trips(hub_before=HUB_BEFORE, hub=HUB, own_after=OWN, **further) -> dict:
    made = {
        ("routine", "car"): Trip("routine", "car", own_after, OWN, ALL, ~ALL),
        ("hub", "car"): Trip("hub", "car", hub, hub_before, ALL, ~ALL),
    }
    for name, (before, after) in further.items():
        journey, mode = name.split("_")
        mode = {"bus": "public-transport"}.get(mode, mode)
        made[journey, mode] = Trip(journey, mode, after, before, ALL, ~ALL)
    return made


def option(of=None, name="option-2", groups=("G07", "G07", "G07", "G07")) -> OptionTrips:
    hubs = {"G07": "Wareham Surgery", "G08": "Swanage Surgery", "G09": "Bere Regis Surgery"}
    return OptionTrips(name, of or trips(), np.array(groups, dtype=object), hubs)


def said(*options: OptionTrips, community="Corfe Castle", **kept) -> dict[tuple[str, str], str]:
    table = place_sentences(options, PATIENTS, AREA, COMMUNITIES, **kept)
    assert list(table.columns) == list(COLUMNS)
    of = table[table["community"] == community]
    return {(row.mode, row.option): row.sentence for row in of.itertuples()}


def test_today_and_an_option_by_car() -> None:
    sentences = said(option())

    assert sentences["car", ""] == (
        "Today: from Corfe Castle to their own practice it is 7 minutes by car on average (6 to 12);"
        " to today's hub services it is 9 minutes by car."
    )
    assert sentences["car", "option-2"] == (
        "Option 2: the shared hub would be Wareham Surgery: 13 minutes by car, 4 minutes longer than today."
    )


def test_without_a_car_by_public_transport_with_the_people_who_have_no_route() -> None:
    hub = (np.array([30.0, 36.0, 40.0, NAN]), np.array([40.0, 46.0, NAN, NAN]))
    sentences = said(option(trips(routine_bus=(OWN_BY_BUS, OWN_BY_BUS), hub_bus=hub)))

    assert sentences["public-transport", ""].startswith(
        "Today, without a car: from Corfe Castle to their own practice it is 25 minutes by public transport on average"
        " (24 to 30), and 40 of 1,240 people have no route; to today's hub services it is 31 minutes"
    )
    # compared are 1,200 people: (1,000 x 40 + 200 x 46) / 1,200 = 41 minutes, 10 more than before
    assert sentences["public-transport", "option-2"] == (
        "Option 2, without a car: the shared hub would be Wareham Surgery: 41 minutes by public transport"
        " on average (40 to 46), 10 minutes longer than today, and 40 of 1,240 people would have no route"
        " (40 with a route today)."
    )


def test_on_foot_where_there_is_no_public_transport_table() -> None:
    walk = np.array([60.0, 60.0, 60.0, NAN])
    sentences = said(option(trips(routine_walk=(walk, walk), hub_walk=(None, 2 * walk))))

    assert "it is 60 minutes on foot;" in sentences["walk", ""]
    assert sentences["walk", "option-2"].endswith("120 minutes on foot.")


def test_a_place_without_public_transport_hears_how_long_it_is_on_foot() -> None:
    none, walk = np.full(4, NAN), np.array([60.0, 60.0, 60.0, NAN])
    sentences = said(
        option(trips(routine_bus=(none, none), hub_bus=(none, none), routine_walk=(walk, walk), hub_walk=(None, walk)))
    )

    assert "no route by public transport in the inputs; on foot it is 60 minutes" in sentences["public-transport", ""]
    assert sentences["public-transport", "option-2"].endswith(
        "there would be no route by public transport in the inputs; on foot it would be 60 minutes."
    )


def test_neither_foot_nor_public_transport_is_never_guessed() -> None:
    sentences = said(option())

    assert sentences["walk", ""] == (
        "Today, without a car: minutes on foot and by public transport are not in the inputs."
    )


def test_without_a_baseline_it_says_so_and_compares_nothing() -> None:
    sentences = said(option(trips(hub_before=None)))

    assert "not in the inputs (no baseline)" in sentences["car", ""]
    assert sentences["car", "option-2"].endswith("13 minutes by car.")
    # routine care takes 7 minutes: the 6 minutes between the two journeys must appear nowhere
    assert not any("longer" in text or "6 minutes" in text for text in sentences.values())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (0.99, "about the same as today"),
        (-0.99, "about the same as today"),
        (1.0, "1 minute longer than today"),
        (-2.5, "3 minutes shorter than today"),
    ],
)
def test_less_than_a_minute_is_about_the_same(change: float, words: str) -> None:
    assert words in said(option(trips(hub=HUB_BEFORE + change)))["car", "option-2"]


def test_people_of_several_groups_hear_the_hub_of_most() -> None:
    sentence = said(option(groups=("G08", "G07", "G09", "G07")))["car", "option-2"]

    assert sentence.startswith("Option 2: for most people the shared hub would be Swanage Surgery:")
    # G07 620 people, G08 420, G09 200: the most, but 620 of 1,240 are not more than half
    evenly = np.array([420.0, 620.0, 200.0, 9.0])
    made = option(groups=("G08", "G07", "G09", "G07"))
    table = place_sentences([made], evenly, AREA, COMMUNITIES).query("community == 'Corfe Castle' and mode == 'car'")
    assert table["sentence"].iloc[1].startswith("Option 2: the most common shared hub would be Wareham Surgery:")


def test_homes_outside_the_inputs_have_no_route() -> None:
    sentences = said(option(), community=OUTSIDE)

    assert sentences["car", ""].startswith(
        "Today: from homes outside the area of this case to their own practice there is no route by car in the inputs"
    )
    assert sentences["car", "option-2"].endswith("there would be no route by car in the inputs.")


def test_a_plan_that_covers_nobody_of_a_place_says_so() -> None:
    made = trips()
    made["hub", "car"] = replace(made["hub", "car"], counted=np.array([False, False, False, True]))

    assert said(option(made))["car", "option-2"] == (
        "Option 2: this plan does not cover the practices of the people who live here."
    )


def test_routine_care_is_mentioned_under_an_option_only_where_a_site_option_changes_it() -> None:
    assert "own practice" not in said(option())["car", "option-2"]

    # 1,000 people go from 6 to 9 minutes: (1,000 x 9 + 240 x 12) / 1,240 = 9.58, 3,000 / 1,240 = 2.42 minutes more
    moved = said(option(trips(own_after=np.array([9.0, 12.0, 12.0, NAN]))))["car", "option-2"]
    assert moved.endswith(
        "; with the site options it would be, to their own practice, 10 minutes by car, 2 minutes longer than today."
    )


def test_small_numbers_are_written_by_the_function_given() -> None:
    made = trips(hub=np.array([13.0, 13.0, NAN, NAN]))
    few = said(option(made), people_text=lambda number: "fewer than 50" if number < 50 else f"about {number:,.0f}")

    assert "and fewer than 50 of about 1,240 people would have no route" in few["car", "option-2"]
    assert " 40 " not in few["car", "option-2"]


def test_a_few_people_registered_far_away_do_not_decide_the_range() -> None:
    # 40 of 1,240 people are fewer than one in twenty; 240 are more. (13,000 + 3,000 + 2,000) / 1,240 = 14.5
    stray = np.array([13.0, 15.0, 50.0, NAN])
    assert "15 minutes by car on average (13 to 15)," in said(option(trips(hub=stray)))["car", "option-2"]
    many = np.array([13.0, 84.0, 84.0, NAN])
    assert "on average (13 to 84)" in said(option(trips(hub=many)))["car", "option-2"]


def test_a_range_that_does_not_hold_the_mean_is_left_out() -> None:
    # (13,000 + 3,000 + 40 x 84) / 1,240 = 15.6: the 40 people far off move the mean out of 13 to 15
    told = said(option(trips(hub=np.array([13.0, 15.0, 84.0, NAN]))))["car", "option-2"]
    assert "Wareham Surgery: 16 minutes by car on average, 7 minutes longer than today." in told


def test_a_plan_that_is_compared_with_is_not_called_today() -> None:
    sentences = said(option(), before="before")

    assert sentences["car", ""].endswith("; to the hub of the plan it is compared with it is 9 minutes by car.")
    assert sentences["car", "option-2"].endswith("13 minutes by car, 4 minutes longer than before.")
    lost = said(option(trips(hub=np.array([13.0, 13.0, NAN, NAN]))), before="before")["car", "option-2"]
    assert lost.endswith(
        "4 minutes longer than before, and 40 of 1,240 people would have no route (40 with a route before)."
    )
    # site options change routine care of today, whatever hubs are compared with
    moved = said(option(trips(own_after=np.array([9.0, 12.0, 12.0, NAN]))), before="before")["car", "option-2"]
    assert moved.endswith("to their own practice, 10 minutes by car, 2 minutes longer than today.")


def test_who_had_no_hub_before_is_in_the_level_and_not_in_the_change() -> None:
    # 240 people 9 -> 16; the 1,000 at 13 had none: (13,000 + 3,840) / 1,240 = 13.6 of all
    some = trips(hub_before=np.array([NAN, 9.0, 9.0, NAN]), hub=np.array([13.0, 16.0, 16.0, NAN]))
    sentences = said(option(some), before="before")

    assert sentences["car", ""].endswith(
        "it is 9 minutes by car, and 1,000 of 1,240 people have no route or no hub in that plan."
    )
    assert sentences["car", "option-2"].endswith(
        "14 minutes by car on average (13 to 16), for those who can be compared 7 minutes longer than before."
    )
    today = said(option(some))
    assert today["car", ""].endswith("and 1,000 of 1,240 people have no route or no hub today.")
    assert today["car", "option-2"].endswith("for those who can be compared 7 minutes longer than today.")


@pytest.mark.parametrize(("before", "words"), [("today", " with today."), ("before", ".")])
def test_where_nobody_is_compared_it_says_so(before: str, words: str) -> None:
    nobody = said(option(trips(hub_before=np.full(4, NAN))), before=before)["car", "option-2"]
    assert nobody.endswith(f"13 minutes by car, which cannot be compared{words}")


def test_the_scenario_of_all_minutes_is_named() -> None:
    sentences = said(option(), under="Winter speeds")

    assert sentences["car", ""].startswith("Today (Winter speeds): from Corfe Castle")
    assert sentences["walk", ""].startswith("Today (Winter speeds), without a car: ")
    assert sentences["car", "option-2"].startswith("Option 2: ")


def test_every_place_is_told_once_for_each_mode_and_option() -> None:
    table = place_sentences([option(), option(name="scored")], PATIENTS, AREA, COMMUNITIES)

    assert not table.duplicated(["community", "mode", "option"]).any()
    assert len(table) == 2 * 2 * 3
    assert table["sentence"].str.endswith(".").all()
    assert place_sentences([], PATIENTS, AREA, COMMUNITIES).empty
