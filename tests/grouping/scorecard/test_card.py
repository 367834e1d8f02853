"""The scorecard of a run from the planner's tables: what it says, what it refuses, and its claims repeated."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from grouping.page import environment
from grouping.programme.ground import Ground
from grouping.programme.public import public_ground
from grouping.scorecard import Scorecard, problems, scorecard_of, template_tables
from grouping.scorecard.names import FULL, SHORT
from tests.grouping.made_run import HOSTILE_NAMES, made_run, scored_run
from tests.grouping.scorecard.cards import ground_with, score_lines

MARKS = {
    "option-1": {"quality": 6, "access": 8, "affordability": 5, "workforce": 5, "time": 7, "other": 5},
    "option-2": {"quality": 7, "access": 5, "affordability": 6, "workforce": 6, "time": 4, "other": 5},
    "option-3": {"quality": 4, "access": 6, "affordability": 7, "workforce": 5, "time": 5, "other": 9},
}
OPTIONS = list(MARKS)
WEIGHTS = {"quality": 30, "access": 20, "affordability": 15, "workforce": 15, "time": 10, "other": 10}


def weight_lines(weights: dict[str, float]) -> list[str]:
    return [f"{key},{weight!r}" for key, weight in weights.items()]


def card_of(ground: Ground) -> Scorecard:
    return scorecard_of(ground, {}, {})


def table(card: Scorecard, name: str) -> pd.DataFrame:
    return next(one.table for one in card.tables if one.name == name)


def page(ground: Ground, card: Scorecard) -> str:
    template = environment().get_template("programme/scorecard.html.j2")
    return template.render(scorecard=card, ground=ground, public=ground.run.public)


def ranks(card: Scorecard, basis: str = "the planner’s scores") -> dict[str, int]:
    found = table(card, "scorecard-ranking")
    found = found[found["basis"] == basis]
    return dict(zip(found["option"], found["rank"], strict=True))


# ---------------------------------------------------------------------------------------------------- the acceptance


def test_every_flip_that_is_claimed_happens_when_its_weights_are_written_into_the_table(tmp_path: Path) -> None:
    scores, run = score_lines(MARKS), made_run()
    card = card_of(ground_with(tmp_path, run, scores=scores, weights=weight_lines(WEIGHTS)))
    before = ranks(card)
    claims = table(card, "scorecard-sensitivity")
    claims = claims[(claims["basis"] == "the planner’s scores") & claims["try_quality"].notna()]
    assert len(claims) >= 5
    assert set(claims["about"]) == {"first place", "neighbours", "coming first"}
    for claim in claims.to_dict("records"):
        weights = {key: 100 * claim[f"try_{key}"] for key in FULL}
        again = ranks(card_of(ground_with(tmp_path, run, scores=scores, weights=weight_lines(weights))))
        passes = claim["would_pass"]
        if claim["about"] == "coming first":
            assert again[passes] == 1
            assert list(again.values()).count(1) == 1
        else:
            assert before[claim["ahead_now"]] <= before[passes]
            assert again[passes] < again[claim["ahead_now"]]


def test_weights_read_off_the_page_do_what_the_page_says(tmp_path: Path) -> None:
    ground = ground_with(tmp_path, scores=score_lines(MARKS), weights=weight_lines(WEIGHTS))
    card = card_of(ground)
    keys = {name: key for key, name in SHORT.items()}
    row = card.view.rankings[0].pairs[0]
    passing, ahead = re.fullmatch(r"Option (\d) passing Option (\d)", row.title).groups()
    weights = {keys[name]: float(figure) for name, figure in re.findall(r"(\w+) ([\d.]+)%", row.trial)}
    assert sum(weights.values()) == pytest.approx(100)
    again = ranks(card_of(ground_with(tmp_path, scores=score_lines(MARKS), weights=weight_lines(weights))))
    assert again[f"option-{passing}"] < again[f"option-{ahead}"]


def test_the_totals_of_a_worked_example(tmp_path: Path) -> None:
    card = card_of(ground_with(tmp_path, scores=score_lines(MARKS), weights=weight_lines(WEIGHTS)))
    found = table(card, "scorecard-ranking").set_index(["basis", "option"])["total"]
    # 0.30 x 6 + 0.20 x 8 + 0.15 x 5 + 0.15 x 5 + 0.10 x 7 + 0.10 x 5
    assert found["the planner’s scores", "option-1"] == pytest.approx(6.1)
    assert found["the planner’s scores", "option-2"] == pytest.approx(5.8)
    assert found["the planner’s scores", "option-3"] == pytest.approx(5.6)
    assert "Option 1 comes first (6.10 of 10), before Option 2 (5.80)." in card.lines[0]


# ------------------------------------------------------------------------------------------------- what is missing


def test_what_is_missing_is_never_zero(tmp_path: Path) -> None:
    marks = {option: dict.fromkeys(FULL, 5) for option in OPTIONS}
    del marks["option-2"]["workforce"]
    lines = [*score_lines(marks), "option-2,workforce,,GP,no view"]
    ground = ground_with(tmp_path, scores=lines)
    card = card_of(ground)
    scores = table(card, "scorecard-scores").set_index(["option", "criterion"])
    empty = scores.loc[("option-2", "Workforce")]
    assert empty["note"] == "not scored"
    assert empty[["score", "mean", "lowest", "highest", "people"]].isna().all()
    found = table(card, "scorecard-ranking")
    by_scores = found[found["basis"] == "the planner’s scores"].set_index("option")
    assert by_scores.loc["option-2", "mark_workforce"] is None
    assert by_scores["total"].tolist() == [5.0, 5.0, 5.0]
    assert set(by_scores["left_out"]) == {"Workforce"}
    assert set(by_scores["certain"]) == {"cannot be told"}
    assert "Whether that holds cannot be told: Workforce is not scored for Option 2." in card.lines[0]
    numbers = scores.select_dtypes("object")[["score", "mean", "lowest", "highest", "people"]]
    assert not (numbers == 0).any().any()
    assert not (
        table(card, "scorecard-indicators")["figure"].isna() & (table(card, "scorecard-indicators")["mark"] == 0)
    ).any()
    text = page(ground, card)
    assert "not scored" in text
    row = text[text.index('<th scope="row">Workforce</th>') :].split("</tr>")[0]
    assert ">0<" not in row


def test_a_criterion_that_nobody_scored_leaves_ranks_open(tmp_path: Path) -> None:
    marks = {option: {key: score for key, score in row.items() if key != "other"} for option, row in MARKS.items()}
    card = card_of(ground_with(tmp_path, scores=score_lines(marks)))
    assert "Other: research and education is not scored for any option" in card.lines[0]
    card = card_of(ground_with(tmp_path, scores=score_lines(marks), weights=weight_lines({**WEIGHTS, "other": 0})))
    assert "cannot be told" not in card.lines[0]
    assert set(table(card, "scorecard-ranking").query("basis == 'the planner’s scores'")["certain"]) == {"yes"}


def test_without_any_scores_only_what_is_measured_is_ranked(tmp_path: Path) -> None:
    card = card_of(ground_with(tmp_path))
    assert card.lines[0].startswith("Nobody has scored the options")
    assert [one.basis for one in card.rankings] == ["figures"]
    assert "scorecard-scores" not in [one.name for one in card.tables]
    assert any(line.startswith("Equal weights: nobody has agreed on any.") for line in card.lines)


def test_scores_that_have_no_criterion_in_common_rank_nothing(tmp_path: Path) -> None:
    ground = ground_with(tmp_path, scores=["option-1,access,5,GP,", "option-2,time,7,GP,"])
    card = card_of(ground)
    assert "no ranking can be told" in card.lines[0]
    assert set(table(card, "scorecard-ranking")["basis"]) == {"what the inputs measure"}
    assert "Ranking by the planner’s scores" not in page(ground, card)


def test_one_option_is_not_ranked(tmp_path: Path) -> None:
    ground = ground_with(tmp_path, scored_run(), scores=["scored,access,5,GP,"])
    assert problems(ground) == []
    card = card_of(ground)
    assert card.lines[0].startswith("There is only one option, so nothing is ranked.")
    assert card.rankings == ()
    assert len(table(card, "scorecard-ranking")) == 0
    assert "What the inputs measure" in page(ground, card)


# ------------------------------------------------------------------------------------------------- what people say


def test_several_people_are_shown_with_mean_and_spread(tmp_path: Path) -> None:
    lines = [f"{option},access,{score},{who},because" for option in OPTIONS for who, score in (("GP", 4), ("Nurse", 9))]
    ground = ground_with(tmp_path, scores=lines)
    card = card_of(ground)
    found = table(card, "scorecard-scores")
    found = found[found["score"].notna()]
    assert found["who"].tolist() == ["GP", "Nurse"] * 3
    assert set(found["mean"]) == {6.5}
    assert (set(found["lowest"]), set(found["highest"]), set(found["people"])) == ({4.0}, {9.0}, {2})
    text = page(ground, card)
    assert "4 to 9, 2 scores" in text
    assert "because" in text


@pytest.mark.parametrize("option", ["option-2", "Option 2", "OPTION-2", "2", "B"])
@pytest.mark.parametrize(
    "criterion", ["affordability", "Affordability and value for money", "AFFORDABILITY & value for money"]
)
def test_options_and_criteria_are_known_by_what_people_call_them(tmp_path: Path, option: str, criterion: str) -> None:
    ground = ground_with(tmp_path, scores=[f"{option},{criterion},5,GP,"])
    assert problems(ground) == []
    (score,) = card_of(ground).scores
    assert (score.option, score.criterion) == ("option-2", "affordability")


def test_all_problems_are_told_in_one_go(tmp_path: Path) -> None:
    scores = ["opton 1st,access,5,GP,", "option-1,Acess,5,GP,", "option-1,access,5,Dr Jane Smith,ring 01305 123456"]
    weights = ["Quality,1", "Quality of care for all,2", "Wrkforce,1"]
    found = problems(ground_with(tmp_path, scores=scores, weights=weights))
    told = [(one.code, one.severity, one.file, one.row) for one in found]
    assert told == [
        ("unknown-option", "error", "scores.csv", 2),
        ("unknown-criterion", "error", "scores.csv", 3),
        ("person-in-scores", "error", "scores.csv", 4),
        ("person-in-scores", "error", "scores.csv", 4),
        ("duplicate-code", "error", "weights.csv", 3),
        ("unknown-criterion", "error", "weights.csv", 4),
    ]
    assert "Did you mean Access" in found[1].fix
    assert "Did you mean Workforce" in found[5].fix
    assert not any("Jane" in str(one) or "01305" in str(one) for one in found)


def test_scores_of_options_that_this_run_does_not_hold_are_left_out_and_told_once(tmp_path: Path) -> None:
    lines = ["option-1,access,5,GP,", "option-8,access,9,GP,", "option-9,access,9,GP,", "scored,time,9,GP,"]
    ground = ground_with(tmp_path, scores=lines)
    (found,) = problems(ground)
    assert (found.severity, found.value) == ("warning", "option-8, option-9, scored")
    assert "3 of 4 scores" in found.message
    assert [one.option for one in card_of(ground).scores] == ["option-1"]


@pytest.mark.parametrize(
    ("weights", "code"),
    [
        (dict.fromkeys(FULL, 0), "weights-all-zero"),
        ({key: 1 for key in FULL if key != "time"}, "weight-missing"),
    ],
)
def test_weights_that_say_nothing_are_refused(tmp_path: Path, weights: dict[str, float], code: str) -> None:
    (found,) = problems(ground_with(tmp_path, weights=weight_lines(weights)))
    assert (found.code, found.severity, found.file) == (code, "error", "weights.csv")


def test_options_scored_by_different_people_are_noticed(tmp_path: Path) -> None:
    lines = ["option-1,access,5,GP,", "option-2,access,7,Nurse,", "option-3,time,7,Nurse,"]
    (found,) = problems(ground_with(tmp_path, scores=lines))
    assert (found.code, found.severity) == ("scores-of-different-people", "warning")
    assert "Access for all" in found.message


def test_an_untouched_template_says_nothing(tmp_path: Path) -> None:
    ground = Ground(made_run(), made_run().options[0])
    made = template_tables(ground)
    assert len(made["scores"]) == 18
    lines = {name: frame.to_csv(index=False).splitlines()[1:] for name, frame in made.items()}
    again = ground_with(tmp_path, ground.run, **lines)
    assert problems(again) == []
    card = card_of(again)
    assert card.scores == ()
    assert not card.weights.agreed


def test_equal_weights_are_said_to_be_nobodys(tmp_path: Path) -> None:
    ground = ground_with(tmp_path, scores=score_lines(MARKS))
    assert "Equal weights, nobody has agreed on any." in page(ground, card_of(ground))
    ground = ground_with(tmp_path, scores=score_lines(MARKS), weights=weight_lines(dict.fromkeys(FULL, 2)))
    card = card_of(ground)
    assert "nobody has agreed" not in page(ground, card)
    assert any("the same for all six" in line for line in card.lines)


# ------------------------------------------------------------------------------------------------- other parts, public


def test_rollouts_and_failures_of_practices_are_figures_of_the_card(tmp_path: Path) -> None:
    ground = ground_with(tmp_path)
    rollouts = {
        option: SimpleNamespace(reached=(0.2 + i / 10, 0.5, 1.0), total=1_000, proven=True)
        for i, option in enumerate(OPTIONS)
    }
    tried = {option: SimpleNamespace(broken_patients=500 - i) for i, option in enumerate(OPTIONS)}
    card = scorecard_of(ground, rollouts, tried)
    found = table(card, "scorecard-indicators").set_index(["indicator", "option"])["reads"]
    assert found["Share of all patients in groups at scale after the first wave", "option-2"] == "30.0%"
    assert found["Patients in groups at scale at the end of a wave, summed over the waves", "option-1"] == "1,700"
    label = "Patients in groups that would fall below their minimum if one of their practices handed back its contract"
    assert found[label, "option-3"] == "498"


def test_the_public_card_has_neither_scores_nor_weights_nor_rankings(tmp_path: Path) -> None:
    ground = ground_with(tmp_path, scores=score_lines(MARKS, who="Secret role"), weights=weight_lines(WEIGHTS))
    outside = public_ground(ground)
    card = card_of(outside)
    assert [one.name for one in card.tables] == ["scorecard-indicators"]
    assert card.rankings == ()
    text = page(outside, card)
    assert "Secret role" not in text
    assert "Ranking by" not in text
    assert "Mark from 0 to 1" not in text
    assert "six criteria" in text


def test_names_from_files_do_no_harm_and_the_same_input_gives_the_same_page(tmp_path: Path) -> None:
    lines = [
        f'{option},{key},{5 + i},"{name.replace(chr(34), chr(34) * 2)}","=1+1 {name.replace(chr(34), chr(34) * 2)}"'
        for i, option in enumerate(OPTIONS)
        for key, name in zip(FULL, HOSTILE_NAMES, strict=False)
    ]
    ground = ground_with(tmp_path, made_run(names=HOSTILE_NAMES), scores=lines)
    text = page(ground, card_of(ground))
    assert "<img" not in text
    assert "<script" not in text
    assert text == page(ground, card_of(ground))
    assert "optimal" not in text.casefold()
    assert "closure" not in text.casefold()


def test_a_criterion_missing_for_one_option_can_turn_the_order_back(tmp_path: Path) -> None:
    marks = {option: dict.fromkeys(FULL, 5) for option in OPTIONS}
    marks["option-1"] |= {"access": 7, "time": 1}
    marks["option-2"] |= {"access": 6, "time": 10}
    del marks["option-3"]["time"]
    card = card_of(ground_with(tmp_path, scores=score_lines(marks)))
    assert "Option 1 comes first" in card.lines[0]
    assert "does not hold with all of them: Time to deliver is not scored for Option 3" in card.lines[0]
    assert card.view.rankings[0].rows[0].told == "cannot be told: 2 to 3"
