"""The questions about sites of a small place: who would travel further, what is said, what is refused, what is checked.

The place is the one road of `tests.grouping.impact.impact_place`: a kilometre is a minute. Practice C has its main site
C1 at km 20 and the branch C2 at km 28. 100 of its patients live at km 10, 400 at km 20, 100 at km 46: those are 18
minutes from C2 and 26 from C1.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point, box

from geodata.errors import VerificationFailed
from geodata.place import Place
from grouping.impact.job import assess_plans
from grouping.page import environment
from grouping.programme.ground import Ground
from grouping.programme.inputs import ProgrammeInputs
from grouping.programme.public import public_inputs
from grouping.programme.settings import EstatesSettings, ProgrammeSettings, SiteOptionSettings
from grouping.result import Run
from grouping.site_choice import SiteChoice, problems, site_choice_of, template_tables
from grouping.site_choice import assemble as assembled
from grouping.site_choice.protections import in_rural_area
from grouping.site_choice.words import at_most
from grouping.verify.site_floor import verify_site_choice
from tests.grouping.hostile import NASTY
from tests.grouping.impact.impact_place import NEAR, one_road_place, prepared
from tests.page_text import broken_bones

CONDITIONS = {"A1": "A", "B1": "A", "C1": "B", "C2": "D", "D1": "d ", "H1": "D"}
WIDE = {"beyond_minutes": 30.0, "protect": ("hubs", "main", "committed")}


def a_place(conditions: dict[str, str] = CONDITIONS, **columns: object) -> Place:
    """The one road with buildings: 400 square metres and £50,000 a year each."""
    place = one_road_place()
    sites = place.sites.assign(floor_area_m2=400.0, annual_cost=50_000.0, committed=None)
    if conditions:
        sites["condition"] = sites.index.map(conditions)
    for name, values in columns.items():
        sites[name] = [
            values.get(code, old) for code, old in zip(sites.index, sites.get(name, [None] * 6), strict=True)
        ]
    return replace(place, sites=sites, practices=place.practices.assign(dispensing=[None, None, False, True]))


def a_ground(place: Place | None = None, *, major: tuple[str, ...] = ("D",), **said: object) -> Ground:
    """A plan of two groups, hubs A1 and D1."""
    ready = prepared(a_place() if place is None else place, without_road=("X",))
    (option,) = assess_plans(ready, {"option-1": NEAR})
    run = Run("r1", ready.place, ready.times, ready.rules, ready.all_edges, (option,), None, problem=ready.problem)
    options = SiteOptionSettings(look=True, **(WIDE | said))
    settings = ProgrammeSettings(estates=EstatesSettings(major=major), site_options=options)
    return Ground(run, option, ProgrammeInputs(settings, file="programme.toml"), ready)


@cache
def answered() -> SiteChoice:
    return site_choice_of(a_ground())


def table(part: SiteChoice, name: str) -> pd.DataFrame:
    return next(one.table for one in part.tables if one.name == f"site_choice-{name}")


def decisions(part: SiteChoice) -> dict[str, str]:
    return table(part, "sites").set_index("site_code")["decision"].to_dict()


def shown(part: SiteChoice, ground: Ground) -> str:
    template = environment().get_template("programme/site_choice.html.j2")
    return template.render(site_choice=part, ground=ground, public=ground.run.public)


# --- What comes out --------------------------------------------------------------------------------------------------


def test_the_branch_is_asked_about_and_everybody_sees_who_would_travel_further() -> None:
    part = answered()
    assert decisions(part) == {
        "C2": "consider further", "A1": "keep", "B1": "keep", "C1": "keep", "D1": "keep", "H1": "keep",
    }  # fmt: skip
    branch = table(part, "sites").set_index("site_code").loc["C2"]
    assert (branch["patients"], branch["minutes_mean"], branch["minutes_max"]) == (100, 8.0, 8.0)
    cars = table(part, "people").query("mode == 'car'").set_index("population")
    assert cars.loc["all", ["longer", "longer_5", "newly_beyond", "lost_route"]].tolist() == [100, 100, 0, 0]
    assert cars.loc["rural", "longer"] == 100 and cars.loc["urban", "longer"] == 0
    assert cars.loc["no_car", "longer"] == pytest.approx(10)  # a tenth of the people of R3
    assert cars.loc["all", "longer_share"] == pytest.approx(100 / cars.loc["all", "people"])
    communities = table(part, "communities")
    assert communities["community"].tolist() == ["near Farthing"]
    # 300 patients of D and 100 of C live there: a quarter of them eight minutes longer
    assert communities.loc[0, ["longer", "longer_5", "change"]].tolist() == [100, 100, 2.0]


def test_the_lines_say_first_that_it_is_a_question_and_money_after_travel() -> None:
    lines = answered().lines
    assert 2 <= len(lines) <= 4
    assert lines[0].startswith(
        "A list of questions, not of decisions: of 2 sites that need major investment, none could"
    )
    assert "nothing is decided" in lines[0]
    assert "100 people would travel further" in lines[1] and "nobody by more than 8.0" in lines[1]
    assert "£" not in lines[1]
    assert lines[2].startswith("Nothing is invested of a budget of £0; the running costs today of the sites considered")
    assert "£50,000 a year" in lines[2]
    assert not [word for line in lines for word in ("clos", "saving", "optimal") if word in line.lower()]


@pytest.mark.parametrize(
    ("value", "told"), [(8.6332, "8.7"), (5.0448, "5.1"), (8.0, "8.0"), (8.0000000001, "8.0"), (0.0, "0.0")]
)
def test_what_nobody_exceeds_is_rounded_up(value: float, told: str) -> None:
    assert at_most(value) == told


def test_patients_who_would_lose_every_bus_are_told_of() -> None:
    # today the bus takes people of R3 to C2 in half an hour; there is none to C1
    place = a_place()
    buses = pd.concat(
        [place.public_transport, pd.DataFrame([("R3", "C2", 30.0, True)], columns=place.public_transport.columns)]
    )
    part = site_choice_of(a_ground(replace(place, public_transport=buses.reset_index(drop=True))))
    assert "By public transport 100 people would lose every way to their practice" in part.lines[1]
    bus = table(part, "people").query("mode == 'public-transport' and population == 'all'").iloc[0]
    assert bus["lost_route"] == 100 and np.isnan(bus["longer"])


def test_the_money_is_that_of_today_and_what_is_not_known_is_not_nothing() -> None:
    money = table(answered(), "money").set_index("item")
    assert money.loc["Running costs today of the sites considered further, a year", "amount"] == 50_000
    assert np.isnan(money.loc["Investment that the sites considered further would need", "amount"])
    assert money.loc["Investment that the sites considered further would need", "not_known"] == 1
    gone = site_choice_of(a_ground(a_place(annual_cost={"C2": np.nan})))
    assert "considered further are not known" in gone.lines[2]


def test_with_money_the_building_is_put_right_and_nobody_is_asked_to_travel() -> None:
    part = site_choice_of(a_ground(budget=400_000.0, cost_per_m2=1_000.0))
    # D1 has more patients (300) than C2 (100); each costs £400,000
    assert decisions(part)["D1"] == "invest in" and decisions(part)["C2"] == "consider further"
    both = site_choice_of(a_ground(budget=800_000.0, cost_per_m2=1_000.0))
    assert [decisions(both)[code] for code in ("C2", "D1")] == ["invest in", "invest in"]
    assert both.lines[1] == "No site is considered further, so nobody's journey changes."
    assert "£800,000 of a budget of £800,000" in both.lines[2] and both.further.impact is None
    stated = site_choice_of(a_ground(a_place(investment_cost={"D1": 500_000.0}), budget=400_000.0, cost_per_m2=1_000.0))
    assert decisions(stated)["C2"] == "invest in" and decisions(stated)["D1"] == "keep"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"beyond_minutes": 20.0}, "100 of its 100 patients would travel further and beyond 20 minutes, up to 26.0"),
        ({"longer_minutes": 7.5}, "100 of its 100 patients would travel up to 8.0 minutes longer (the limit is 7.5)"),
        ({"protect": ("rural",)}, "Kept, protected: rural"),
        ({"protect_sites": ("C2",)}, "the planner named it"),
    ],
)
def test_a_site_that_is_kept_says_why(said: dict, why: str) -> None:
    part = site_choice_of(a_ground(**said))
    row = table(part, "sites").set_index("site_code").loc["C2"]
    assert row["decision"] == "keep"
    assert why in row["why"]


def test_a_main_site_of_the_only_building_and_a_clinic_of_nobody_are_kept() -> None:
    rows = table(answered(), "sites").set_index("site_code")["why"]
    assert "no other site that is known not to need it" in rows["D1"]
    assert rows["H1"] == "Belongs to no practice: always kept."


@pytest.mark.parametrize(
    ("conditions", "columns", "protect"),
    [
        (CONDITIONS | {"C1": ""}, {}, ()),  # nobody knows whether C1 is better
        (CONDITIONS, {"committed": {"C2": True}}, ()),
        (CONDITIONS, {"scheme": {"C2": "New roof"}}, ()),
        (CONDITIONS | {"C1": "D", "C2": "A"}, {}, ("main",)),
        (CONDITIONS | {"C2": "A"}, {}, ()),
    ],
)
def test_what_is_not_asked_about(conditions: dict, columns: dict, protect: tuple) -> None:
    part = site_choice_of(a_ground(a_place(conditions, **columns), protect=protect))
    assert set(decisions(part).values()) == {"keep"}


def test_dispensing_practices_and_hubs_are_protected() -> None:
    place = a_place(CONDITIONS | {"C1": "D", "C2": "A"})
    assert decisions(site_choice_of(a_ground(place, protect=(), longer_minutes=20.0)))["C1"] == "consider further"
    dispensing = replace(place, practices=place.practices.assign(dispensing=[None, None, True, None]))
    assert decisions(site_choice_of(a_ground(dispensing, protect=("dispensing",), longer_minutes=20.0)))["C1"] == "keep"


def test_a_practice_outside_the_plan_is_not_asked_about() -> None:
    ground = a_ground()
    part_plan = type(NEAR)(NEAR.groups[:1])
    (option,) = assess_plans(ground.ready, {"option-1": part_plan})
    part = site_choice_of(replace(ground, option=option))
    assert decisions(part)["C2"] == "keep"
    assert "not in the plan" in table(part, "sites").set_index("site_code").loc["C2", "why"]


def test_sites_stand_in_rural_areas_by_polygon_else_by_the_nearest_point() -> None:
    places = gpd.GeoDataFrame(
        {"rural": [True, False], "x": [5.0, 15.0], "y": [5.0, 5.0]},
        index=["R", "U"],
        geometry=[box(0, 0, 10, 10), box(10, 0, 20, 10)],
    )
    points = [Point(2, 2), Point(18, 2), Point(10, 2), Point(-3, 2), Point(30, 2)]
    place = replace(one_road_place(), areas=places, sites=gpd.GeoDataFrame(geometry=points))
    assert in_rural_area(place).tolist() == [True, False, True, True, False]


# --- What is off, and what is refused --------------------------------------------------------------------------------


def test_it_is_off_by_default_and_there_are_no_tables_to_fill_in() -> None:
    ground = a_ground()
    off = replace(ground, inputs=ProgrammeInputs(ProgrammeSettings()))
    assert site_choice_of(off) is None and problems(off) == []
    assert template_tables(ground) == {}


def test_the_public_never_gets_any_of_it() -> None:
    ground = a_ground()
    assert site_choice_of(ground) is not None
    outside = replace(ground, run=replace(ground.run, public=True))
    assert site_choice_of(outside) is None and problems(outside) == []
    assert shown(answered(), outside).strip() == ""


def test_the_public_settings_do_not_say_that_somebody_asked() -> None:
    said = public_inputs(a_ground(budget=123_456.0, protect_sites=("C2",)).inputs).settings
    assert said.site_options == SiteOptionSettings() and not said.site_options.look
    assert said.estates == EstatesSettings()


def test_nothing_stands_in_the_way_of_a_sound_question() -> None:
    assert problems(a_ground(budget=1.0, cost_per_m2=1.0)) == []


def test_problems_are_told_together() -> None:
    ground = a_ground(a_place({}), major=(), protect_sites=("C22", "C1"))
    found = problems(ground)
    assert [one.severity for one in found] == ["error"] * 3
    assert {one.code for one in found} == {"site-choice"}
    assert [one.column for one in found] == ["site_options.protect_sites", "site_options.look", "estates.major"]
    assert found[0].value == "C22" and found[0].fix == "Did you mean C2?"
    assert all("look = false" in one.fix for one in found[1:])
    (missing,) = problems(replace(a_ground(), ready=None))
    assert missing.severity == "warning" and "case behind the run" in missing.message
    assert site_choice_of(replace(a_ground(), ready=None)) is None


@pytest.mark.parametrize(
    ("place", "said", "words"),
    [
        (None, {"budget": 0.0}, "The budget is nothing"),
        (None, {"budget": 1.0}, "is not known for 2 sites"),
        (None, {"budget": 1.0, "cost_per_m2": 1.0, "major": ("D", "Z")}, "No site has this condition"),
        (None, {"budget": 1.0, "cost_per_m2": 1.0, "major": ("Z",)}, "there is nothing to ask"),
        (a_place(CONDITIONS | {"C1": ""}), {"budget": 1.0, "cost_per_m2": 1.0}, "The condition of 1 site is not known"),
    ],
)  # fmt: skip
def test_what_makes_the_answer_weaker_is_told(place: Place | None, said: dict, words: str) -> None:
    found = problems(a_ground(place, **said))
    assert all(one.severity != "error" and one.code == "site-choice-remark" for one in found)
    assert any(words in one.message for one in found), [one.message for one in found]


def test_dispensing_that_nobody_knows_of_is_told() -> None:
    place = replace(a_place(), practices=one_road_place().practices)
    found = problems(a_ground(place, protect=("dispensing",), budget=1.0, cost_per_m2=1.0))
    assert [one.column for one in found] == ["site_options.protect"]


# --- The independent check -------------------------------------------------------------------------------------------


def test_every_claim_is_derived_again() -> None:
    checks = table(answered(), "checks")
    assert len(checks) == 13 and set(checks["agrees"]) == {"yes"}


def _claims(ground: Ground, **changed: object):
    part = site_choice_of(ground)
    return replace(assembled._claims(ground, table(part, "sites"), part.further), **changed)


@pytest.mark.parametrize(
    ("changed", "claim"),
    [
        ({"beyond_minutes": 25.0}, "lie beyond 25 minutes"),
        ({"longer_minutes": 7.0}, "longer by more than 7 minutes"),
        ({"protect": ("rural",)}, "no protected site"),
        ({"protect_sites": ("C2",)}, "no protected site"),
        ({"major": ("A",)}, "only sites of practices that need"),
        ({"longer": 99.0}, "people who would travel further"),
    ],
)
def test_a_claim_that_does_not_hold_is_found(changed: dict, claim: str) -> None:
    ground = a_ground()
    checks = verify_site_choice(_claims(ground, **changed), ground.ready.place, ground.ready.times)
    wrong = checks.loc[~checks["agrees"], "claim"].tolist()
    assert any(claim in one for one in wrong), wrong


@pytest.mark.parametrize(
    ("code", "column", "value", "claim"),
    [
        ("C1", "decision", "consider further", "every practice keeps at least one site"),
        ("C2", "decision", "invest in", "within the budget"),
        ("C2", "decision", "close", "one of three answers"),
        ("C2", "minutes_max", 7.0, "minutes longer"),
        ("C1", "patients", 499, "patients whose nearest site"),
        ("A1", "decision", "consider further", "nobody loses the way"),
        ("A1", "decision", "consider further", "no protected site"),
    ],
)
def test_a_table_that_was_tampered_with_is_found(code: str, column: str, value: object, claim: str) -> None:
    ground = a_ground()
    claims = _claims(ground)
    sites = claims.sites.astype({"patients": float})
    sites.loc[sites["site_code"] == code, column] = value
    checks = verify_site_choice(replace(claims, sites=sites), ground.ready.place, ground.ready.times)
    assert any(claim in one for one in checks.loc[~checks["agrees"], "claim"])


def test_patients_sent_to_a_building_in_no_better_state_are_found() -> None:
    ground = a_ground()
    bad = replace(ground.ready.place, sites=ground.ready.place.sites.assign(condition="D"))
    checks = verify_site_choice(_claims(ground), bad, ground.ready.times)
    assert any("sound buildings" in one for one in checks.loc[~checks["agrees"], "claim"])


def test_a_broken_claim_stops_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    ground = a_ground()
    right = assembled._claims
    monkeypatch.setattr(assembled, "_claims", lambda *of: replace(right(*of), longer_minutes=1.0))
    with pytest.raises(VerificationFailed, match="longer by more than 1 minutes"):
        site_choice_of(ground)


# --- The page --------------------------------------------------------------------------------------------------------


def test_the_section_tells_travel_before_money_and_decides_nothing() -> None:
    page = shown(answered(), a_ground())
    assert page.index("Who would travel further") < page.index("Could be considered further")
    assert page.index("Could be considered further") < page.index("What it would cost")
    assert "A list of questions, not of decisions" in page and "nothing is decided" in page
    assert "takes a site off the list and never moves the question to somebody else" in page
    before = '<html lang="en-GB"><body><a class="skip" href="#site_choice">Skip</a><h1>A programme</h1>'
    assert not broken_bones(f"{before}{page}</body></html>")
    for word in ("closure", "saving", "optimal", ">nan<", ">None<", "http"):
        assert word not in page, word


def test_names_from_files_stay_harmless() -> None:
    place = a_place(name={"C1": NASTY[0], "C2": NASTY[2]}, condition={"C2": "D"})
    practices = place.practices.assign(name=[NASTY[3], NASTY[4], NASTY[5], NASTY[6]])
    ground = a_ground(replace(place, practices=practices))
    page = shown(site_choice_of(ground), ground)
    assert "&lt;script&gt;" in page
    for text in NASTY[:7]:
        assert text not in page


def test_the_same_ground_has_the_same_answer() -> None:
    first, second = answered(), site_choice_of(a_ground())
    assert first.lines == second.lines
    assert shown(first, a_ground()) == shown(second, a_ground())
    for one, other in zip(first.tables, second.tables, strict=True):
        pd.testing.assert_frame_equal(one.table, other.table)
