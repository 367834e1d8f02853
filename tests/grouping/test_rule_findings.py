from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geodata.errors import Finding
from geodata.place import Place
from grouping.rule_findings import rule_findings
from grouping.rules import load_rules
from tests.grouping.hand_worked import hand_worked_place


def place(sites: dict[str, list] | None = None, practices: dict[str, list] | None = None) -> Place:
    """Three practices and four sites, with these columns."""
    bare = hand_worked_place()
    return replace(bare, sites=bare.sites.assign(**(sites or {})), practices=bare.practices.assign(**(practices or {})))


def told(place: Place, **sections: dict[str, object]) -> tuple[Finding, ...]:
    findings = rule_findings(place, load_rules("dorset-2017", sections))
    assert all(finding.severity == "warning" and finding.message and finding.fix for finding in findings)
    return findings


NEEDS = [
    ({"hub": {"minimum_floor_area_m2": 100}}, "sites", "floor_area_m2", [1.0, 2.0, 3.0, 4.0]),
    ({"hub": {"conditions": ["A"]}}, "sites", "condition", ["A", "A", "B", "A"]),
    ({"hub": {"budget": 5}}, "sites", "annual_cost", [0.0, 2.0, 3.0, 4.0]),
    ({"weights": {"hub_cost": 1}}, "sites", "annual_cost", [0.0, 2.0, 3.0, 4.0]),
    ({"weights": {"change_of_group": 1}}, "practices", "current_group", ["x", "y", "x"]),
    ({"weights": {"mixed_systems": 1}}, "practices", "clinical_system", ["x", "y", "x"]),
    ({"locality": {"rule": "inside"}}, "practices", "locality", ["x", "y", "x"]),
    ({"locality": {"most_crossing": 2}}, "practices", "locality", ["x", "y", "x"]),
    ({"practices": {"most_vulnerable_share": 0.5}}, "practices", "vulnerability", [1.0, 2.0, 3.0]),
    ({"resilience": {"keeps_share": 0.5}}, "practices", "vulnerability", [1.0, 2.0, 3.0]),
    ({"weights": {"fragile": 0.5}}, "practices", "vulnerability", [1.0, 2.0, 3.0]),
    (
        {"objective": {"order": ["shortfall", "fragile", "exceptions", "score"]}},
        "practices",
        "vulnerability",
        [1.0, 2.0, 3.0],
    ),
    (
        {"objective": {"order": ["shortfall", "exceptions", "mixed_systems", "score"]}},
        "practices",
        "clinical_system",
        ["x", "y", "x"],
    ),
    (
        {"objective": {"order": ["hub_cost", "shortfall", "exceptions", "score"]}},
        "sites",
        "annual_cost",
        [0.0, 2.0, 3.0, 4.0],
    ),
]


@pytest.mark.parametrize(("rules", "table", "column", "values"), NEEDS)
def test_a_rule_without_data_is_told(rules: dict, table: str, column: str, values: list) -> None:
    """Nobody has filled in the column; somebody has, but for one row; everybody has."""
    empty = "" if isinstance(values[0], str) else np.nan
    (finding,) = told(place(**{table: {column: [empty] * len(values)}}), **rules)
    assert (finding.code, finding.column) == ("rule-without-data", column)
    (finding,) = told(place(**{table: {column: [empty, *values[1:]]}}), **rules)
    assert (finding.code, finding.column) == ("rule-with-gaps", column)
    assert finding.value == {"sites": "A1", "practices": "A"}[table]
    assert f"1 of {len(values)} {table}" in finding.message
    assert told(place(**{table: {column: values}}), **rules) == ()


def test_a_column_that_is_not_there_is_as_one_that_is_empty() -> None:
    (finding,) = told(place(), hub={"minimum_floor_area_m2": 100})
    assert finding.code == "rule-without-data"
    assert "no site can be a hub" in finding.message


def test_the_built_in_rules_need_nothing() -> None:
    for name in ("dorset-2017", "pcn", "neighbourhood"):
        assert rule_findings(place(), load_rules(name)) == ()


def test_names_that_occur_nowhere() -> None:
    (finding,) = told(place(), size={"locality": {"town": {"minimum": 1}, "Country": {"minimum": 2}}})
    assert (finding.code, finding.value) == ("rule-unknown-name", "town")
    assert "'Town'" in finding.fix
    conditions = place({"condition": ["A", "B", "A", "A"]})
    (finding,) = told(conditions, hub={"conditions": ["a", "D"]})
    assert (finding.code, finding.value) == ("rule-unknown-name", "D")
    assert "A, B" in finding.fix


def test_committed_sites_that_leave_a_practice_without_a_group() -> None:
    two = place({"committed": [True, True, True, False]})
    (finding,) = told(two, hub={"committed": "hub"})
    assert (finding.code, finding.value) == ("two-committed-sites", "B")
    assert "B1 and B2" in finding.message
    one = place({"committed": np.array([None, None, True, None], dtype=object)})
    assert told(one, hub={"committed": "hub"}) == ()
    (finding,) = told(one, hub={"committed": "hub", "kinds": ["main"]})
    assert (finding.code, finding.value) == ("committed-not-allowed", "B2")
    (finding,) = told(place(), hub={"committed": "hub"})
    assert finding.code == "rule-without-data"


def test_the_loss_of_any_practice_reads_no_ratings() -> None:
    nobody_rated = place(practices={"vulnerability": [np.nan] * 3})
    assert told(nobody_rated, resilience={"keeps_share": 1.0, "loss_of": "any"}, weights={"fragile": 1.0}) == ()
