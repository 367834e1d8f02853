"""The check of a programme: what is right agrees, and every kind of fault that is planted is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from geodata.errors import VerificationFailed
from grouping import resources
from grouping.programme.assemble import Programme, programme_of
from grouping.programme.folder import write_programme
from grouping.programme.ground import Ground
from grouping.programme.job import make_programme, open_ground
from grouping.verify.delivery import checks_of, refuse_disagreement
from tests.grouping.verify.delivery.programmes import Change, cell, changed, more, write_planners_files


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_planners_files(tmp_path_factory.mktemp("checked programmes"))


@pytest.fixture(scope="module")
def ground(run: Path) -> Ground:
    return open_ground(run)


@pytest.fixture(scope="module")
def programme(ground: Ground) -> Programme:
    return programme_of(ground)


@pytest.fixture(scope="module")
def public(ground: Ground) -> Programme:
    return programme_of(ground, public=True)


def test_every_part_is_checked_and_agrees(programme: Programme) -> None:
    assert {one.part for one in programme.checks} == set(programme.parts)
    assert set(programme.parts) >= {"rollout", "resources", "growth", "estates", "site_choice", "resilience"}
    assert [one for one in programme.checks if not one.agrees] == []
    assert len(programme.checks) > 40


def test_of_few_groups_every_order_is_tried(programme: Programme) -> None:
    tried = [one for one in programme.checks if one.claim.startswith("no order falls less short")]
    number = (len(programme.parts["rollout"].waves) + 1) ** len(programme.ground.plan.groups)
    assert [one.detail for one in tried] == [f"all {number:,} orders tried"]


def _wrong(programme: Programme, name: str, change: Change) -> str:
    delivered = changed(programme, name, change)
    return "; ".join(f"{one.part}: {one.claim}: {one.detail}" for one in checks_of(delivered) if not one.agrees)


@pytest.mark.parametrize(
    ("table", "change", "found"),
    [
        ("rollout-practices", cell(1, "joins", "2027/28"), "ready when it joins"),
        ("rollout-practices", cell(1, "ready_from", "2027/28"), "readiness is the planner's"),
        ("rollout-groups", cell(0, "at_scale_from", "2027/28"), "at scale from the wave"),
        ("rollout-groups", more(0, "patients", 1), "patients of groups are the lists"),
        ("rollout-waves", cell(0, "most_groups", 2), "capacity are those that were given"),
        ("rollout-waves", more(2, "reached_share", 0.001), "shares reached"),
        ("rollout-waves", more(0, "shortfall", 1), "fall short"),
        ("rollout-milestones", more(0, "patients", 1), "milestones"),
        ("rollout-proof", more(0, "value", 1), "what was made small"),
        ("resources-groups", more(0, "needed_now", 1), "its ratio times its patients"),
        ("resources-groups", more(1, "posts_now", 1), "its ratio times its patients"),
        ("resources-totals", more(0, "rounded_projected", 1), "its ratio times all patients"),
        ("resources-waves", more(1, "patients_now", 1), "what each wave needs"),
        ("resources-ratios", more(0, "amount", 1), "ratios are those"),
        ("growth-practices", more(2, "list_2031", 0.5), "lists of later years"),
        ("growth-groups", more(0, "list_2036", 1), "lists of groups are the sums"),
        ("growth-crossings", cell(0, "state_last", "elsewhere"), "a line is crossed"),
        ("growth-sums", more(3, "homes_counted", 2), "every person of the tables"),
        ("growth-homes", more(0, "people", 1), "people of planned homes"),
        ("estates-sites", more(0, "patients", 1), "told of each building"),
        ("estates-groups", more(0, "floor_area_m2", 400), "sums and ratios"),
        ("estates-conditions", more(0, "sites", 1), "sites by label"),
        ("site_choice-sites", cell(1, "decision", "consider further"), "site_choice:"),
        ("scorecard-ranking", more(0, "total", 0.01), "totals are weighted means"),
        ("scorecard-ranking", cell(0, "rank", 2), "ranks follow"),
        ("scorecard-indicators", more(0, "mark", 0.5), "marks lie in proportion"),
        ("resilience-moves", more(0, "patients", 10), "nobody is lost"),
        ("resilience-moves", more(0, "minutes", 40), "nobody is placed beyond"),
        ("resilience-failures", cell(0, "groups_above", "G01, G02"), "brings below their minimum"),
        ("resilience-failures", more(0, "without_place", 1), "those without a place"),
        ("resilience-groups", more(0, "below_own", 1), "how many failures break each group"),
        ("engagement-log", cell(0, "said", "Something else"), "told once"),
        ("engagement-log", cell(0, "status", "open"), "what became of each remark"),
    ],
)
def test_a_changed_cell_is_found(programme: Programme, table: str, change: Change, found: str) -> None:
    if table == "scorecard-indicators":
        row = int(programme_table(programme, table)["mark"].notna().to_numpy().argmax())
        change = more(row, "mark", 0.5)
    assert found in _wrong(programme, table, change)


def programme_table(programme: Programme, name: str) -> pd.DataFrame:
    return next(one.table for one in programme.tables if one.name == name)


def test_patients_moved_to_another_practice_are_found(programme: Programme) -> None:
    """Ten patients who could be placed nearer go farther: nobody is lost, no list breaks, and it is found."""
    moves = programme_table(programme, "resilience-moves")
    taken = moves[moves["outcome"] == "finds a place"]
    one, other = next(list(rows.index[:2]) for _, rows in taken.groupby("failure") if len(rows) > 1)

    def move(table: pd.DataFrame) -> None:
        for column in ("patients", "patients_unlimited"):
            table.loc[one, column] -= 10
            table.loc[other, column] += 10

    wrong = _wrong(programme, "resilience-moves", move)
    assert "nobody could be placed nearer" in wrong
    assert "nobody is lost" not in wrong


def test_weights_that_change_nothing_are_found(programme: Programme) -> None:
    table = programme_table(programme, "scorecard-sensitivity")
    row = int(table["try_quality"].notna().to_numpy().argmax())
    weights = programme_table(programme, "scorecard-ranking")

    def back(told: pd.DataFrame) -> None:
        for key in ("quality", "access", "affordability", "workforce", "time", "other"):
            told.loc[row, f"try_{key}"] = float(weights[f"weight_{key}"].iloc[0])

    assert "does not pass" in _wrong(programme, "scorecard-sensitivity", back)


def test_a_group_put_into_another_wave_is_found(programme: Programme) -> None:
    """A schedule changed in memory, with all its tables following: it is a worse one, or breaks a limit."""
    rollout = programme.parts["rollout"]
    first = min(rollout.groups, key=lambda row: len(rollout.waves) if row.start is None else row.start)
    late = replace(first, start=None, formed=None)
    rows = tuple(late if row is first else row for row in rollout.groups)
    worse = replace(rollout, groups=rows, start={**rollout.start, first.group_id: None})
    wrong = [
        one for one in checks_of(replace(programme, parts={**programme.parts, "rollout": worse})) if not one.agrees
    ]
    assert {"rollout"} <= {one.part for one in wrong}
    with pytest.raises(VerificationFailed, match="rollout:"):
        refuse_disagreement(wrong)


def test_nothing_is_written_where_a_claim_disagrees(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true = resources.resources_of

    def false(*given: object) -> object:
        found = true(*given)
        need = replace(found.now.needs[0], total=found.now.needs[0].total + 1)
        return replace(found, now=replace(found.now, needs=(need, *found.now.needs[1:])))

    monkeypatch.setattr(resources, "resources_of", false)
    with pytest.raises(VerificationFailed, match="every total is its ratio times all patients"):
        make_programme(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_public_programme_is_checked_on_what_it_shows(public: Programme) -> None:
    assert {one.part for one in public.checks} == set(public.parts)
    assert [one for one in public.checks if not one.agrees] == []
    told = " ".join(f"{one.claim} {one.detail}" for one in public.checks).casefold()
    assert [word for word in ("vulnerab", "ready", "readiness", "partners", "failure", "x0000") if word in told] == []


def test_a_private_remark_in_a_public_log_is_found(public: Programme) -> None:
    wrong = _wrong(public, "engagement-log", cell(0, "said", "One of our partners retires"))
    assert "only remarks marked for the public" in wrong


def test_page_and_folder_tell_how_many_claims_were_derived(programme: Programme, tmp_path: Path) -> None:
    write_programme(programme, tmp_path / "made")
    page = (tmp_path / "made" / "programme.html").read_text(encoding="utf-8")
    assert '<section id="checks"' in page
    assert f"{len(programme.checks)} claims of this programme were derived again" in page
    told = pd.read_csv(tmp_path / "made" / "tables" / "programme-checks.csv")
    assert list(told.columns) == ["part", "claim", "agrees", "detail"]
    assert set(told["agrees"]) == {"yes"}
    assert len(told) == len(programme.checks)
