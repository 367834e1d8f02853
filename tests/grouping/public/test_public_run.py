"""What may be published of a run: secrets are gone from it, and from every file that is made of it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.tables.readers import sha256_of
from grouping.maps import drawn_areas, group_colours, group_shapes, map_data
from grouping.pack import PackChoice, write_run_pack
from grouping.pipeline import run_case
from grouping.plain_words import WHAT_IS_LEFT_OUT
from grouping.public import public_run
from grouping.public.figures import public_behind, public_headline, public_score, public_share
from grouping.public.registrations import public_registrations
from grouping.public.words import PRIVATE_RULES, public_note, public_reason
from grouping.report.build import render_report
from grouping.result import Run
from grouping.tables_of_run import tables_of_run
from tests.grouping.made_run import made_run
from tests.grouping.public.secret_case import FEW_AREA, OPEN_REASON, REASON, SECRETS, said_by, write_secret_case

EXACT = {"list_size", "minimum", "margin", "smallest", "largest", "shortfall", "outside_preferred", "plans", "rows"}
"""Columns of people or amounts that are published exactly, or are not of people."""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_secret_case(tmp_path_factory.mktemp("secret") / "case")


@pytest.fixture(scope="module")
def inside(case: Path) -> Run:
    return run_case(case, options=2)


@pytest.fixture(scope="module")
def public(inside: Run) -> Run:
    return public_run(inside)


@pytest.fixture(scope="module")
def pack(inside: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack") / "public"
    write_run_pack(inside, folder, PackChoice(public=True, localities=True, pdf=False))
    return folder


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


# --- The files ---------------------------------------------------------------------------------------------------


def test_no_public_file_holds_a_secret(pack: Path) -> None:
    files = files_of(pack)
    assert {path.suffix for path in files} >= {".html", ".csv", ".xlsx", ".gpkg", ".geojson", ".png", ".json"}
    for path in files:
        said = said_by(path).casefold()
        held = [secret for secret in SECRETS if secret.casefold() in said]
        assert not held, f"{path.name}: {held}"


def test_the_secrets_would_be_found(inside: Run, tmp_path: Path) -> None:
    write_run_pack(inside, tmp_path / "internal", PackChoice(pdf=False))
    said = "\n".join(map(said_by, files_of(tmp_path / "internal"))).casefold()
    assert REASON.casefold() in said
    assert "annual_cost" in said or "918,273" in said  # the inside pages do tell of costs


def test_no_public_file_names_the_run_or_can_be_matched_with_private_tables(
    pack: Path, inside: Run, case: Path
) -> None:
    hashes = [sha256_of(case / f"{name}.csv") for name in ("practices", "sites", "registrations")]
    for path in files_of(pack):
        said = said_by(path)
        assert inside.run_id not in said, path.name
        assert not [one for one in hashes if one[:12] in said], path.name


def test_the_page_says_what_is_left_out_and_has_no_patients_by_area(pack: Path) -> None:
    page = (pack / "report.html").read_text(encoding="utf-8")
    assert WHAT_IS_LEFT_OUT.split(". *")[0] in page
    assert '"areaPractices":' not in page  # the data of the map hold none; the script that asks for them may be there
    assert 'id="try"' not in page
    record = json.loads((pack / "pack.json").read_text(encoding="utf-8"))
    assert record["public"] is True
    assert record["run_id"] == ""


def test_no_small_number_of_people_stands_in_a_table(public: Run) -> None:
    tables = tables_of_run(public)
    looked = 0
    for named in tables:
        for column in named.columns:
            if column.kind != "people" or column.key in EXACT or column.key.startswith(("margin", "minimum")):
                continue
            for value in named.table[column.key]:
                if isinstance(value, int | float | np.number) and math.isfinite(value):
                    looked += 1
                    assert value == 0 or abs(value) >= 8, f"{named.name}.{column.key}: {value}"
    assert looked > 100


def test_no_sentence_tells_of_so_few_people(pack: Path) -> None:
    looked = 0
    for path in files_of(pack):
        if path.suffix in {".html", ".md"}:
            text = re.sub(r"<[^>]+>", " ", said_by(path))
            numbers = re.findall(
                r"(?<![\d.,–-])(\d{1,3}(?:,\d{3})+|\d+) (?:registered )?(people|patients|residents|person|patient)\b",
                text,
            )
            looked += len(numbers)
            told = [f"{number} {who}" for number, who in numbers if 0 < int(number.replace(",", "")) < 8]
            assert not set(told) - {"1 person", "7 people"}, path.name  # the rule itself says "1 to 7 people"
            people = [number for number, who in numbers if who == "people" and int(number.replace(",", "")) % 5]
            assert set(people) <= {"7", "8"}, path.name
    assert looked > 50


# --- The run -----------------------------------------------------------------------------------------------------


def test_private_columns_are_gone_and_the_others_stay(inside: Run, public: Run) -> None:
    assert {"vulnerability", "condition", "annual_cost"} <= {*inside.place.practices, *inside.place.sites}
    assert not {"vulnerability", "condition", "annual_cost"} & {*public.place.practices, *public.place.sites}
    assert public.place.sites["floor_area_m2"].tolist() == [412] * 9
    assert public.place.practices["list_size"].equals(inside.place.practices["list_size"])
    assert public.problem.vulnerable is None
    assert public.problem.hub_cost is None
    assert public.public
    assert public.run_id == ""


def test_an_area_of_three_patients_is_nowhere_in_the_public_run(inside: Run, public: Run) -> None:
    assert FEW_AREA in set(inside.place.registrations["area_code"])
    assert FEW_AREA not in set(public.place.registrations["area_code"])
    for option in public.options:
        assert FEW_AREA not in set(option.areas["area_code"])
        assert "patients" not in option.areas
    polygons = drawn_areas(public.place.areas)
    shapes = group_shapes(public, polygons)
    colours = [group_colours(polygons, shape.of_area, list(shape.outlines)) for shape in shapes]
    data = map_data(public, polygons, colours, shapes, try_own=True)
    at = public.place.areas.index.get_loc(FEW_AREA)
    assert data["options"][0]["areaGroup"][at] == -1
    assert "areaPractices" not in data


def test_registrations_give_no_small_count_and_the_lists_stand(inside: Run, public: Run) -> None:
    sums = public.place.registrations.groupby("practice_code")["patients"].sum()
    lists = inside.place.practices["list_size"]
    assert np.allclose(sums.reindex(lists.index), lists)
    assert public.place.registrations["patients"].min() >= 4.9


def test_a_reason_about_people_is_left_out_and_another_one_stays(inside: Run, public: Run) -> None:
    assert {one.reason for one in inside.rules.decisions} == {REASON, OPEN_REASON}
    assert {one.reason for one in public.rules.decisions} == {"not published here", OPEN_REASON}


def test_what_is_not_about_people_is_the_same(inside: Run, public: Run) -> None:
    for one, other in zip(inside.options, public.options, strict=True):
        assert one.option.plan == other.option.plan
        for column in (
            "group_id",
            "name",
            "kind",
            "practices",
            "sites",
            "list_size",
            "minimum",
            "margin",
            "hub_site_code",
        ):
            assert one.groups[column].tolist() == other.groups[column].tolist()
        for key in ("groups", "exceptions", "shortfall", "smallest", "largest", "patients"):
            assert one.headline[key] == other.headline[key]
    assert public.agreement is inside.agreement


def test_figures_of_an_option_are_those_of_the_tables_about_travel(public: Run) -> None:
    summary = public.impact.tables["summary"]
    for option in public.options:
        row = summary[
            (summary["option"] == option.option.option_id)
            & (summary["scenario"] == "")
            & (summary["journey"] == "hub")
            & (summary["population"] == "all")
            & (summary["setting"] == "rural")
            & (summary["mode"] == "car")
        ].iloc[0]
        assert option.headline["mean_minutes_hub_rural"] == row["mean"]
        assert option.headline["patients_rural"] == row["people"]
        assert option.headline["share_within_15_minutes_rural"] == row["within_15"]


def test_findings_are_told_in_general_words(inside: Run, public: Run) -> None:
    assert inside.findings
    assert public.findings
    for finding in public.findings:
        assert finding.value is None
        assert finding.row is None
        assert "gp_whole_time" not in str(finding)


def test_a_public_run_is_given_back_and_the_same_run_gives_the_same(inside: Run, public: Run) -> None:
    assert public_run(public) is public
    again = public_run(inside)
    pd.testing.assert_frame_equal(again.place.registrations, public.place.registrations)
    pd.testing.assert_frame_equal(again.options[0].areas, public.options[0].areas)
    assert again.findings == public.findings


def test_a_run_without_impact_or_arrays_can_be_published() -> None:
    run = public_run(made_run())
    headline = run.options[0].headline
    assert headline["patients"] == sum(run.place.practices["list_size"])
    assert headline["patients_without_route"] % 5 == 0
    assert "patients" not in run.options[0].areas


def test_a_figure_that_the_tables_hide_is_not_told_by_the_headline(public: Run, inside: Run) -> None:
    option = inside.options[0]
    exact = option.headline | {"mean_minutes_before_rural": 7.1, "patients_compared_rural": 9_000.0}
    summary = public.impact.tables["summary"].copy()
    summary["mean_before"] = summary["mean_before"].astype(object)
    told = public_headline(exact, public.impact, option.option.option_id)
    assert told["mean_minutes_before_rural"] == 7.1  # the tables know nothing of a time before
    summary.loc[:, ["mean_before", "mean_after", "people_compared"]] = "*"
    hidden = replace(public.impact, tables=public.impact.tables | {"summary": summary})
    told = public_headline(exact, hidden, option.option.option_id)
    assert not {"mean_minutes_before_rural", "mean_minutes_compared_rural", "patients_compared_rural"} & set(told)


def test_prices_are_rounded_like_scores(inside: Run) -> None:
    rows = [("access.max_minutes_to_hub", -0.1234567, 0.0123456, "A: 0.0123456 minutes longer, 1.25% more")]
    rows += [(PRIVATE_RULES[0], 1.0, 1.0, "B")]
    prices = pd.DataFrame(rows, columns=["rule", "score_change", "minutes_change", "sentence"])
    (row,) = public_run(replace(inside, prices=prices)).prices.itertuples(index=False)
    digits = len(str(public_score(0.123456, inside.place.list_total))) - 2
    assert row.score_change == round(-0.1234567, digits)
    assert row.minutes_change == round(0.0123456, digits)
    assert row.sentence == f"A: {'0.0123456'[: digits + 2]} minutes longer, 1.25% more"


def test_a_score_that_counts_costs_is_not_told(inside: Run) -> None:
    weights = inside.rules.weights.model_copy(update={"hub_cost": 2.0})
    run = public_run(replace(inside, rules=inside.rules.model_copy(update={"weights": weights})))
    assert all(math.isnan(option.option.objective) for option in run.options)
    assert (run.solver.objective, run.solver.bound, run.solver.explanation, run.prices) == (None, None, (), None)
    page = render_report(run)
    exact = {f"{option.option.objective:.3f}" for option in inside.options}
    assert not [score for score in exact if score in page]
    assert ">nan<" not in page


def test_a_score_that_counts_the_loss_of_vulnerable_practices_is_not_told(inside: Run) -> None:
    """From a score and all that is published of it, the patients of groups that lean on such a one would follow."""
    weights = inside.rules.weights.model_copy(update={"fragile": 2.0})
    rules = inside.rules.model_copy(update={"weights": weights})
    run = public_run(replace(inside, rules=rules))
    assert all(math.isnan(option.option.objective) for option in run.options)
    assert (run.solver.objective, run.prices) == (None, None)
    of_any = rules.model_copy(update={"resilience": rules.resilience.model_copy(update={"loss_of": "any"})})
    assert public_run(replace(inside, rules=of_any)).solver.objective is not None


def test_what_must_be_left_after_a_loss_is_checked_inside_and_not_told_in_public(inside: Run, pack: Path) -> None:
    claims = [option.verification["claim"] for option in inside.options]
    assert all(told.str.contains("31.7% of its minimum left").sum() == 1 for told in claims)
    for path in files_of(pack):
        assert not re.search(r"31\.7 ?%|0\.317\b", said_by(path)), path.name


def test_values_of_rules_that_tell_of_single_sites_or_practices_are_not_told(inside: Run) -> None:
    hub = inside.rules.hub.model_copy(update={"conditions": ("sound",)})
    run = public_run(replace(inside, rules=inside.rules.model_copy(update={"hub": hub})))
    (rules,) = [named.table.set_index("rule")["value"] for named in tables_of_run(run) if named.name == "rules"]
    assert rules[list(PRIVATE_RULES)].tolist() == ["not published"] * len(PRIVATE_RULES)
    assert "sound" not in render_report(run)


def test_the_checksum_of_areas_is_told_only_if_nothing_of_them_is_hidden(inside: Run) -> None:
    def told(population: float) -> set[str]:
        areas = inside.place.areas.assign(population=1_000.0)
        areas.iloc[0, areas.columns.get_loc("population")] = population
        place = public_run(replace(inside, place=replace(inside.place, areas=areas))).place
        return {source.table for source in place.sources if source.sha256}

    assert "areas" in told(1_000.0)
    assert "areas" not in told(5.0)  # seven files would have to be tried


# --- Pieces, worked by hand --------------------------------------------------------------------------------------


def table(counts: dict[str, list[float]]) -> pd.DataFrame:
    rows = [(code, f"A{i}", value, "published") for code, values in counts.items() for i, value in enumerate(values)]
    return pd.DataFrame(rows, columns=["practice_code", "area_code", "patients", "basis"])


def test_small_counts_go_and_the_rest_is_rounded_and_scaled() -> None:
    # 402 -> 400, 203 -> 205, 101 -> 100, 3 goes; the list of 709 is 1.00567 times the 705 that are left
    made = public_registrations(table({"P": [402, 203, 101, 3]}), pd.Series({"P": 709}))
    assert made["area_code"].tolist() == ["A0", "A1", "A2"]
    assert np.allclose(made["patients"], np.array([400, 205, 100]) * 709 / 705)


def test_one_area_besides_the_small_one_is_rounded_more_coarsely() -> None:
    # 1,203 less 1,200 rounded to 5 would leave 0.5 to 5.5: six or seven could be ruled out. To 20: -7 to 13
    made = public_registrations(table({"P": [1_212, 3]}), pd.Series({"P": 1_215}))
    assert made["patients"].tolist() == pytest.approx([1_215])
    both = public_registrations(table({"P": [1_212, 38, 3]}), pd.Series({"P": 1_253}))
    assert np.allclose(both["patients"] * 1250 / 1253, [1_210, 40])


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12))
def test_each_count_that_is_gone_could_be_anything_from_one_to_seven(counts: list[int]) -> None:
    listed = sum(counts)
    made = public_registrations(table({"P": [float(count) for count in counts]}), pd.Series({"P": listed}))
    gone = [count for count in counts if count < 8]
    kept = [count for count in counts if count >= 8]
    assert len(made) == len(kept)
    if not kept:
        return
    assert np.isclose(made["patients"].sum(), listed)
    # whoever guesses the rounding right knows the counts by half its width; the rest is what is gone
    for base in (5, 10, 20, 50, 100):
        rounded = [max(base * math.floor(count / base + 0.5), base) for count in kept]
        if np.allclose(np.array(rounded) * listed / sum(rounded), made["patients"]) and gone:
            least, most = (listed - sum(rounded) + sign * len(kept) * base / 2 for sign in (-1, 1))
            if most >= 7 and least - 7 * (len(gone) - 1) <= 1:
                return
    assert not gone


@pytest.mark.parametrize(
    ("share", "people", "printed"),
    [
        (0.4963, 30_000, 0.50),
        (3 / 30_000, 30_000, 0.0),  # one percent is 300 people: three are not seen in it
        (3 / 300, 300, math.nan),
        (297 / 300, 300, math.nan),
        (0.5, 300, 0.5),
        (math.nan, 300, math.nan),
    ],
)
def test_shares(share: float, people: float, printed: float) -> None:
    assert public_share(share, people) == pytest.approx(printed, nan_ok=True)


def test_scores_are_rounded_by_how_many_patients_there_are() -> None:
    assert public_score(5.359717, 766_000) == 5.36
    assert public_score(5.359717, 24_000) == 5.36
    assert public_score(5.359717, 3_000) == 5.4
    assert public_score(None, 1_000) is None


@pytest.mark.parametrize(
    ("share", "patients", "printed"),
    [(0.0184, 766_000, 0.019), (0.018, 766_000, 0.018), (0.0, 766_000, 0.0), (0.0184, 24_000, 0.02), (0.31, 900, 0.4)],
)
def test_a_score_is_never_said_to_be_nearer_to_the_best_than_it_is(
    share: float, patients: float, printed: float
) -> None:
    assert public_behind(share, patients) == pytest.approx(printed)


def test_remarks() -> None:
    near = "Rural share 49.6% is within 5 points of the threshold: as urban the minimum is 30,000 (margin +1)."
    assert public_note(near).startswith("Rural share 50% is within 5 points")
    homes = "The homes of 6 of 30,000 patients are estimated, and that could decide which minimum applies."
    assert public_note(homes).startswith("The homes of some of 30,000 patients are estimated")
    locked = "Locked: these practices form a group by decision. Reason: its building is in poor condition."
    assert public_note(locked) == ("Locked: these practices form a group by decision. Reason: not published here.")
    assert public_reason("Nobody lives nearer.") == "Nobody lives nearer."
    assert public_reason("Staff are leaving.") == "not published here"
    assert public_reason("Asked for by 943 476 5919.") == "not published here"  # an NHS number
    assert public_reason("Letter 943 476 5918 of the council.") == "Letter 943 476 5918 of the council."
