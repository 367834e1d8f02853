from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from geodata.errors import Finding, InputProblems
from grouping.rules import LocalityRules, RuleSet, as_before, as_now, load_rules, rule_set_names


def problems(name: str, override: dict | None = None, folder: Path | None = None) -> tuple[Finding, ...]:
    with pytest.raises(InputProblems) as caught:
        load_rules(name, override, folder)
    assert all(finding.message and finding.fix for finding in caught.value.findings)
    return caught.value.findings


def test_built_in_sets() -> None:
    assert rule_set_names() == ("dorset-2017", "neighbourhood", "pcn")
    dorset = load_rules("dorset-2017")
    assert (dorset.minimum_for(rural=False), dorset.minimum_for(rural=True)) == (30_000, 20_000)
    assert (dorset.size.preferred_maximum, dorset.size.hard_maximum) == (50_000, 60_000)
    assert dorset.access.max_minutes_between_members == 30
    assert dorset.options.bands == (0.02, 0.05, 0.10)
    assert load_rules("pcn").minimum_for(rural=True) == 30_000
    assert load_rules("neighbourhood").size.preferred_maximum >= 50_000


@pytest.mark.parametrize("name", ["dorset-2017", "neighbourhood", "pcn"])
def test_every_value_of_a_built_in_file_is_explained(name: str) -> None:
    text = (files("grouping") / "rulesets" / f"{name}.toml").read_text(encoding="utf-8")
    values = tomllib.loads(text)
    assert set(values) >= {"size", "rurality", "access", "exceptions", "hub", "locality", "weights", "options"}
    assert values["name"] == name
    assert "our default" in text.lower()
    for section in values.values():
        if isinstance(section, dict):
            assert all(f"\n{key} =" in text for key in section)


@pytest.mark.parametrize("name", ["dorset-2017", "neighbourhood", "pcn"])
def test_a_built_in_file_names_every_key_there_is(name: str) -> None:
    text = (files("grouping") / "rulesets" / f"{name}.toml").read_text(encoding="utf-8")
    values = tomllib.loads(text)
    for section, about in RuleSet.model_fields.items():
        keys = getattr(about.annotation, "model_fields", {})
        assert {*keys} - {"locality"} <= {*values.get(section, {})} or section == "locality", section
    assert {*LocalityRules.model_fields} <= {*values["locality"]}


@pytest.mark.parametrize("name", ["dorset-2017", "neighbourhood", "pcn"])
def test_a_built_in_file_says_of_every_value_who_set_it(name: str) -> None:
    text = (files("grouping") / "rulesets" / f"{name}.toml").read_text(encoding="utf-8")
    for paragraph in re.split(r"\n\n(?=\[\w+\])", text)[1:]:
        section = paragraph.split("]")[0][1:]
        told = section in {"weights", "options"}  # said once for all of them
        for line, before in zip(paragraph.splitlines()[1:], paragraph.splitlines(), strict=False):
            if line.startswith("#"):
                told |= bool(re.search(r"[Oo]ur default|From the|Here both kinds", line))
            elif " = " in line and before.startswith("#"):
                said, told = told, section in {"weights", "options", "groups"}
                assert said or section == "groups", f"[{section}] {line}"


@pytest.mark.parametrize("name", ["dorset-2017", "neighbourhood", "pcn"])
def test_the_examples_in_the_comments_can_be_used(name: str, tmp_path: Path) -> None:
    """Take away the number signs in front of the examples, as the comment says, and load the file."""
    text = (files("grouping") / "rulesets" / f"{name}.toml").read_text(encoding="utf-8")
    lines, example = [], False
    for line in text.splitlines():
        example = line.startswith("# [") or (example and re.match(r"# \w+ = ", line) is not None)
        lines.append(line[2:] if example else line)
    (tmp_path / "ours.toml").write_text("\n".join(lines), encoding="utf-8")
    rules = load_rules("ours.toml", folder=tmp_path)
    assert rules.maximum_for(rural=True, locality="North Dorset") == 40_000
    assert [decision.kind for decision in rules.decisions] == ["grant-exception", "apart"]
    assert all(decision.reason for decision in rules.decisions)
    plain = load_rules(name)
    assert rules.model_copy(update={"decisions": (), "size": plain.size}) == plain


def test_limits_by_kind_and_locality() -> None:
    own = {"North": {"minimum": 18_000}, "West": {"maximum": 70_000}}
    rules = load_rules("dorset-2017", {"size": {"hard_maximum_rural": 45_000, "locality": own}})
    assert rules.maximum_for(rural=False) == 60_000
    assert rules.maximum_for(rural=True) == 45_000
    assert rules.minimum_for(rural=True, locality="North") == rules.minimum_for(rural=False, locality="North") == 18_000
    assert rules.maximum_for(rural=True, locality="North") == 45_000
    assert rules.maximum_for(rural=True, locality="West") == 70_000
    assert rules.minimum_for(rural=False, locality="West") == 30_000
    assert rules.size.largest == 70_000


def test_the_size_aimed_at() -> None:
    assert load_rules("dorset-2017").size.middle == 40_000
    assert load_rules("dorset-2017", {"size": {"target": 35_000}}).size.middle == 35_000


def test_a_case_overrides_single_values() -> None:
    rules = load_rules("dorset-2017", {"size": {"hard_maximum": 45_000}, "weights": {"split_locality": 2}})
    assert rules.size.hard_maximum == 45_000
    assert rules.size.minimum_urban == 30_000
    assert rules.weights.split_locality == 2
    other = load_rules("pcn", {"size": {"hard_maximum": 61_000}})
    assert other.size.minimum_rural == 30_000, "the file's other values of the section stay, not the defaults"


def test_a_minimum_may_be_as_high_as_the_maximum() -> None:
    sizes = {"minimum_urban": 60_000, "preferred_minimum_urban": 50_000, "preferred_minimum_rural": 50_000}
    assert load_rules("dorset-2017", {"size": sizes}).size.minimum_urban == 60_000
    assert problems("dorset-2017", {"size": {"minimum_urban": 60_001}})
    assert problems("dorset-2017", {"size": {"preferred_minimum_urban": 50_001}})


def test_a_file_beside_the_case(tmp_path: Path) -> None:
    text = 'name = "mine"\nversion = "3"\ntitle = "Ours"\n[exceptions]\npolicy = "allowed"\nat_most = 2\n'
    (tmp_path / "ours.toml").write_text(text, encoding="utf-8-sig")  # as Notepad writes it
    rules = load_rules("ours.toml", folder=tmp_path)
    assert rules.exceptions.limit == 2
    assert rules.size.minimum_rural == 20_000


def test_exception_limit() -> None:
    assert load_rules("pcn").exceptions.limit is None
    assert load_rules("pcn", {"exceptions": {"policy": "forbidden"}}).exceptions.limit == 0
    for at_most, limit in ((-1, None), (0, 0), (1, 1)):
        assert load_rules("pcn", {"exceptions": {"at_most": at_most}}).exceptions.limit == limit


def test_unknown_names_are_listed() -> None:
    (finding,) = problems("dorset")
    assert finding.value == "dorset"
    assert "dorset-2017" in finding.fix
    assert "pcn" in finding.fix


def test_all_faults_at_once_with_file_key_and_value() -> None:
    found = problems(
        "pcn", {"size": {"hard_maximum": "much", "minimum_urbn": 3}, "hub": {"kinds": ["mian"]}, "foo": {"a": 1}}
    )
    assert {f.column for f in found} == {
        "rules.override.size.hard_maximum",
        "rules.override.size.minimum_urbn",
        "rules.override.hub.kinds",
        "rules.override.foo",
    }
    assert {f.file for f in found} == {"case.toml"}
    assert {f.value for f in found if f.column == "rules.override.size.hard_maximum"} == {"much"}


@pytest.mark.parametrize(
    ("override", "word"),
    [
        ({"size": {"minimum_urban": 70_000}}, "above hard_maximum"),
        ({"size": {"preferred_minimum_urban": 55_000}}, "above preferred_maximum"),
        ({"size": {"hard_maximum": 0}}, "more than 0"),
        ({"rurality": {"threshold": 50}}, "at most 1 (it is a share"),
        ({"access": {"max_minutes_to_hub": -1}}, "at least 0"),
        ({"options": {"bands": [0.05, 0.02]}}, "rise"),
        ({"options": {"bands": [0.02, 0.02]}}, "rise"),
        ({"locality": {"rule": "maybe"}}, "not one of those allowed"),
        ({"exceptions": {"at_most": 1.5}}, "whole number"),
        ({"size": {"hard_maximum": 10**21}}, "at most 100,000,000"),
        ({"weights": {"minutes": 1e300}}, "at most 10,000"),
        ({"access": {"max_minutes_to_hub": True}}, "true and false"),
        ({"size": {"locality": {"North": 18_000}}}, "heading of its own"),
        ({"second_layer": {"minimum": 100_000, "maximum": 50_000}}, "is above maximum"),
        ({"size": 5}, "section"),
        ({"size": {"hard_maximum_rural": 19_999}}, "above hard_maximum_rural"),
        ({"size": {"fewest_practices": 4, "most_practices": 3}}, "above most_practices"),
        ({"size": {"locality": {"West": {"minimum": 3, "maximum": 2}}}}, "above its maximum"),
        ({"groups": {"fewest": 4, "most": 3}}, "above most"),
        ({"objective": {"order": ["score", "shortfall"]}}, "also name exceptions"),
        ({"objective": {"order": ["score", "score", "shortfall", "exceptions"]}}, "twice"),
        ({"objective": {"order": ["score", "shortfall", "exceptions", "luck"]}}, "not one of those allowed"),
        ({"practices": {"most_vulnerable_share": 50}}, "at most 1 (it is a share"),
        ({"contiguity": {"rule": "islands"}}, "not one of those allowed"),
        ({"hub": {"budget": -1}}, "at least 0"),
    ],
)
def test_values_that_do_not_fit(override: dict, word: str) -> None:
    assert any(word in finding.message for finding in problems("dorset-2017", override))


def test_an_override_outside_any_section_is_told_beside_the_rest() -> None:
    found = problems("dorset-2017", {"minimum_urban": 5, "size": {"hard_maximum": "much"}})
    assert {f.column for f in found} >= {"rules.override.minimum_urban", "rules.override.size.hard_maximum"}


def test_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("name = \n", encoding="utf-8")
    (tmp_path / "latin.toml").write_bytes(b'name = "\xff"')
    assert problems("broken.toml", folder=tmp_path)[0].code == "rules-toml"
    assert problems("latin.toml", folder=tmp_path)[0].code == "unreadable-rules"
    assert problems("none.toml", folder=tmp_path)[0].code == "unreadable-rules"


def test_values_that_came_later_change_no_name_of_a_run_while_they_ask_for_nothing() -> None:
    values = load_rules("dorset-2017").model_dump(mode="json")
    before = as_before(values)
    assert "resilience" not in before
    assert "fragile" not in before["weights"]
    assert as_now(before) == values
    asked = load_rules("dorset-2017", {"resilience": {"keeps_share": 0.5}, "weights": {"fragile": 1}}).model_dump()
    assert as_before(asked)["resilience"] == {"keeps_share": 0.5}
    assert as_before(asked)["weights"]["fragile"] == 1
    assert as_now(asked) == asked
