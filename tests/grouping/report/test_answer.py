"""The answer: five sentences that can be read aloud, and what else belongs to it."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grouping.agreement import COLUMNS, Agreement
from grouping.near import NearTold
from grouping.report.answer import answer_lines, answer_view, comparison_rows, more_lines, up_to_percent
from grouping.result import Run
from tests.grouping.made_run import made_run, scored_run

LONGEST = 40
"""Words of a sentence that can still be read aloud in one breath."""


MADE, SCORED = made_run(), scored_run()


def with_headline(run: Run, **figures: object) -> Run:
    return replace(run, options=tuple(replace(o, headline=o.headline | figures) for o in run.options))


def with_first(run: Run, **changes: object) -> Run:
    return replace(run, options=(replace(run.options[0], **changes), *run.options[1:]))


def compared_run() -> Run:
    figures = {"share_longer": 0.31, "share_shorter": 0.12, "share_longer_rural": 0.57, "share_shorter_rural": 0.05}
    run = with_headline(made_run(estimate=True), **figures)
    return replace(run, before=run.options[0].option.plan)


def stopped_run() -> Run:
    run = MADE
    return replace(run, solver=replace(run.solver, status="feasible", bound=9.1, gap=0.0162))


def short_run(*, granted: int = 0, by_hand: bool = False) -> Run:
    """Every group is below its minimum, the first ones by a granted exception."""
    run = SCORED if by_hand else MADE
    groups = run.options[0].groups.copy()
    groups["margin"] = [-1_000 * (n + 1) for n in range(len(groups))]
    groups["exception"] = ["Granted exception: x" if n < granted else "y" for n in range(len(groups))]
    return with_first(run, groups=groups)


def breaking_run() -> Run:
    run = SCORED
    rows = [(group_id, "breach", "Not met.") for group_id in ("G01", "G02", "G03", "G04")]
    return with_first(run, notes=pd.DataFrame(rows, columns=["group_id", "kind", "note"]))


def near_run(*, plans: int = 1_200, choices: int = 2) -> Run:
    """A run of which the plans nearly as good are told: four borders, `choices` of them open."""
    rows = [
        (
            f"J8000{n}",
            "A",
            f"J8000{n + 1}",
            "B",
            True,
            0.5,
            plans,
            "choice" if n < choices else "settled-apart",
            0.01,
            "x",
        )
        for n in range(4)
    ]
    told = {"plans": plans, "covered": 0.0062, "sentence": "All of them.", "phrase": "the plans"}
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return replace(MADE, near=NearTold(told), agreement=Agreement(table, "the plans", True))


RUNS = {
    "plain": lambda: MADE,
    "estimated": lambda: made_run(estimate=True),
    "compared": compared_run,
    "stopped": stopped_run,
    "short": short_run,
    "granted": lambda: short_run(granted=2),
    "by hand": lambda: SCORED,
    "short by hand": lambda: short_run(by_hand=True),
    "breaking": breaking_run,
    "near": near_run,
    "only one": lambda: near_run(plans=1, choices=0),
}


def changed_by(longer: float, shorter: float, *, public: bool) -> str:
    """The sentence on journeys of a run with these shares of patients."""
    figures = {"share_longer": longer, "share_shorter": shorter}
    options = tuple(replace(one, headline=one.headline | figures) for one in MADE.options)
    return answer_lines(replace(MADE, options=options, public=public))[2]


def test_nobody_is_said_only_of_nobody() -> None:
    assert "nobody’s journey differs" in changed_by(0.0, 0.0, public=False)
    few = changed_by(0.004, 0.997, public=False)
    assert "under 1% of patients travel over a minute longer than before, over 99% over a minute less" in few
    rounded = changed_by(0.0, 0.0, public=True)  # in whole percent: it may be some
    assert "under 1% of patients travel over a minute longer than before, under 1% over a minute less" in rounded


def test_a_public_score_is_told_to_a_tenth_of_a_percent() -> None:
    rows = dict(comparison_rows(replace(MADE, public=True)))
    assert rows["Score behind option 1"] == ["–", "at most 1.2%", "at most 2.4%"]
    assert dict(comparison_rows(MADE))["Score behind option 1"] == ["–", "1.19%", "2.38%"]


def test_plans_that_are_told_without_a_phrase() -> None:
    assert NearTold({"plans": 1}).phrase == "the only plan nearly as good as the best"
    assert NearTold({"plans": 1_200}).phrase == "the 1,200 plans nearly as good as the best"


@pytest.mark.parametrize("kind", RUNS)
def test_is_five_sentences_short_enough_to_read_aloud(kind: str) -> None:
    sentences = answer_lines(RUNS[kind]())
    assert len(sentences) == 5
    for sentence in sentences:
        assert sentence[0].isupper() or sentence[0].isdigit()
        assert sentence.endswith(".")
        assert not re.search(r"[.!?] [A-Z]", sentence), "one sentence, not two"
        assert len(sentence.split()) <= LONGEST, sentence


def test_says_what_was_formed_and_how_far_it_is() -> None:
    formed, sizes, journey, sure, means = answer_lines(MADE)
    assert formed == (
        "The first option forms 12 practices with 166,500 registered patients into 5 groups (2 urban and 3 rural), "
        "each of 10,650 to 62,300 patients."
    )
    assert sizes == (
        "One group stays below its minimum as a named exception: G05 (9,350 short); 9,350 patients in all."
    )
    figures = MADE.options[0].headline
    for key in ("mean_minutes_to_hub", "mean_minutes_hub_rural", "mean_minutes_hub_urban"):
        assert f"{figures[key]:.1f}" in journey
    assert "estimated" not in journey
    assert sure == (
        "It is proven that no plan does better by these rules and inputs; 1 other option comes within 1.2% of its "
        "score."
    )
    assert "closes no site" in means


def test_better_and_worse_off_stand_in_the_sentence_about_the_journey() -> None:
    run = compared_run()
    journey = answer_lines(run)[2]
    assert "minutes by car on average (estimated)" in journey
    assert journey.endswith("31% of patients travel over a minute longer than before, 12% over a minute less.")
    more = " ".join(more_lines(run))
    assert "31% of the patients compared have a journey to the hub that is more than a minute longer" in more
    assert "in rural areas 57% longer and 5% shorter" in more
    same = with_headline(run, share_longer=0.0, share_shorter=0.0)
    assert answer_lines(same)[2].endswith("nobody’s journey differs from before by more than a minute.")


def test_many_groups_below_their_minimum_are_counted_aloud_and_named_below() -> None:
    view = answer_view(short_run())
    assert "5 groups stay below their minimum as named exceptions, 15,000 patients in all" in view.sentences[1]
    assert "Below their minimum, as named exceptions: G01 (1,000 short), G02 (2,000 short)" in view.more[0]
    few = answer_view(short_run(granted=3))
    assert few.sentences[1] == (
        "2 groups stay below their minimum as named exceptions: G04 (4,000 short) and G05 (5,000 short); 9,000 "
        "patients in all; 3 groups are below the minimum by a granted exception."
    )
    assert few.more[0].startswith(
        "Below the minimum by a granted exception: G01 (1,000 short), G02 (2,000 short) and G03"
    )
    assert "every other group reaches" in answer_lines(with_margins([-10, 5, 5, 5, 5], "Granted exception: z"))[1]


def with_margins(margins: list[int], text: str) -> Run:
    run = MADE
    groups = run.options[0].groups.assign(margin=margins, exception=[text if m < 0 else "" for m in margins])
    return with_first(run, groups=groups)


def test_a_plan_by_hand_names_broken_rules_and_who_is_left_out() -> None:
    sizes = answer_lines(SCORED)[1]
    assert sizes.endswith("2 practices with 10,650 registered patients are not in this plan.")
    assert sizes.startswith("Every group reaches the minimum that applies to it;")
    broken = answer_view(breaking_run())
    assert "4 groups do not meet a rule of the set;" in broken.sentences[1]
    assert any("not met by G01, G02, G03 and G04." in line for line in broken.more)
    assert answer_lines(breaking_run())[3].startswith("This plan was made by hand")


def test_how_sure_it_is_names_what_is_nearly_as_good() -> None:
    assert answer_lines(near_run())[3].endswith("and 2 of 4 pairs of neighbours are a choice within 0.62% of it.")
    assert answer_lines(near_run(plans=1, choices=0))[3].endswith("and no other plan at all lies within 0.62%.")
    stopped = answer_lines(stopped_run())[3]
    assert stopped.startswith(
        "The search was stopped before it was complete, so nothing is proven: a better plan may exist"
    )
    assert "proven that no plan" not in stopped
    partly = stopped_run()
    stages = [{"criterion": "shortfall", "proven": True}, {"criterion": "score", "proven": False}]
    partly = replace(partly, solver=replace(partly.solver, certificate={"stages": stages}))
    assert "so a plan with a better score may exist" in answer_lines(partly)[3]
    assert any("none that does better in what goes before the score" in line for line in more_lines(partly))


def test_without_a_plan_the_answer_is_short_and_what_stands_in_the_way_stands_below() -> None:
    run = MADE
    run = replace(run, options=(), solver=replace(run.solver, explanation=("A cannot reach the minimum.",)))
    view = answer_view(run)
    assert view.sentences[0] == "No plan obeys the rules."
    assert len(view.sentences) <= 5
    assert view.more == ("A cannot reach the minimum.",)


def test_figures_that_are_hidden_on_a_public_page_stay_hidden() -> None:
    run = with_headline(compared_run(), share_longer="*", patients_estimated="*", share_within_15_minutes="*")
    assert "* of patients travel over a minute longer" in answer_lines(run)[2]
    assert any(line.startswith("Where some of these patients live is estimated") for line in more_lines(run))


@given(st.floats(0.0, 3.0))
def test_a_distance_is_never_said_to_be_less_than_it_is(share: float) -> None:
    said = float(up_to_percent(share).removesuffix("%")) / 100
    assert share - 1e-8 <= said < share + 0.001 + 1e-8


@given(st.lists(st.integers(-40_000, 40_000), min_size=5, max_size=5), st.lists(st.booleans(), min_size=5, max_size=5))
def test_every_group_below_its_minimum_is_counted_once(margins: list[int], granted: list[bool]) -> None:
    run = with_margins(margins, "")
    texts = ["" if m >= 0 else "Granted exception: a" if g else "b" for m, g in zip(margins, granted, strict=True)]
    run = with_first(run, groups=run.options[0].groups.assign(exception=texts))
    sizes = answer_lines(run)[1].lower()
    short = sum(m < 0 and not g for m, g in zip(margins, granted, strict=True))
    by_grant = sum(m < 0 and g for m, g in zip(margins, granted, strict=True))
    words = {0: "", 1: "one group"} | {n: f"{n} groups" for n in range(2, 6)}
    assert (f"{words[short]} stay" in sizes) == (short > 0)
    assert ("granted exception" in sizes) == (by_grant > 0)
    assert ("group reaches" in sizes) == (short == 0)
    missing = int(-np.sum([m for m, g in zip(margins, granted, strict=True) if m < 0 and not g]))
    assert short == 0 or f"{missing:,} patients in all" in sizes
