"""Whether `run.json` says what its case, its plans and its other files say."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from geodata.case import CaseSettings
from geodata.errors import InputProblems
from geodata.place import Place
from geodata.tables.readers import sha256_of
from geodata.travel import TravelTimes
from grouping.plan import Plan
from grouping.rules import RuleSet, as_now, load_rules, rule_set_names

Line = tuple[str, str, str, bool, str]
"""Option, kind of claim, claim, whether it agrees, detail."""

TOLERANCE = 1e-9


def check_record(
    record: dict, run_dir: Path, case_dir: Path, settings: CaseSettings, place: Place, times: TravelTimes
) -> list[Line]:
    """Compare what a run's record says of its inputs, rules and proof with the case as it is now.

    Parameters
    ----------
    record
        The content of `run.json`.
    run_dir, case_dir
        Folders of the run and of its case.
    settings, place, times
        The case, read and timed again.
    """
    return [
        _inputs(record, place),
        _place_and_travel(record, place, times),
        _rules(record, case_dir, settings),
        *_certificate(record),
        _options_on_disk(record, run_dir),
        _files(record, run_dir),
    ]


def check_options(record: dict, plans: dict[str, Plan], place: Place, rules: RuleSet) -> list[Line]:
    """Compare what the record says of each option (how far behind, how different, whom it leaves out) with its plan.

    Parameters
    ----------
    record
        The content of `run.json`.
    plans
        The plan of each option, by its id.
    place
        The case.
    rules
        The rule set of the run.
    """
    lists = place.practices["list_size"].astype(int).to_dict()
    earlier: list[Plan] = []
    lines = []
    for option in record["options"]:
        plan = plans[option["id"]]
        wrong = _own_figures(option, plan, lists)
        if record["command"] == "run":
            wrong += _against_earlier(option, plan, earlier, record["options"][0]["objective"], lists, rules)
            wrong += _numbering(plan)
        lines.append(line("what run.json says of the option", wrong, "as its plan", option["id"]))
        earlier.append(plan)
    return lines


def line(claim: str, wrong: list[str], checked: str, option: str = "") -> Line:
    """A claim with what is wrong with it, or what was checked where nothing is."""
    return (option, "figure", claim, not wrong, "; ".join(wrong) or checked)


# ------------------------------------------------------------------------------------------------- the run as a whole


def _inputs(record: dict, place: Place) -> Line:
    then = {(source["table"], source["file"]): source for source in record["inputs"]}
    now = {(source.table, source.file): asdict(source) for source in place.sources}
    changed = {file for (table, file), source in now.items() if _sha(then.get((table, file))) != source["sha256"]}
    changed |= {file for (table, file) in set(then) - set(now)}
    wrong = [f"changed since the run: {', '.join(sorted(changed))}"] if changed else []
    for key in sorted(set(then) & set(now)):
        for name, value in now[key].items():
            if then[key].get(name) != value and name != "sha256" and key[1] not in changed:
                wrong.append(f"{key[1]} {name}: written {then[key].get(name)!r}, the case gives {value!r}")
    return line("the input files are those of the run", wrong, f"{len(now)} files, same sha256")


def _sha(source: dict | None) -> str | None:
    return source.get("sha256") if source else None


def _place_and_travel(record: dict, place: Place, times: TravelTimes) -> Line:
    now = {
        "case": place.name,
        "made_up": place.made_up,
        "place.practices": len(place.practices),
        "place.sites": len(place.sites),
        "place.areas": len(place.areas),
        "place.patients": place.list_total,
        "travel.method": times.method.kind,
        "travel.estimate": times.method.estimate,
        "travel.sentence": times.method.sentence,
    }
    wrong = [
        f"{name}: written {_value(record, name)!r}, the case gives {value!r}"
        for name, value in now.items()
        if _value(record, name) != value
    ]
    return line("the case and the way it was timed are those of the run", wrong, f"{len(now)} statements agree")


def _value(record: dict, name: str) -> object:
    """A value of the record by its dotted name."""
    found: object = record
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _rules(record: dict, case_dir: Path, settings: CaseSettings) -> Line:
    """The rules are those of the case, or (after `--rules`) of another rule set with the case's own values."""
    written = as_now(record["rules"])
    beside = sorted(path.name for path in case_dir.glob("*.toml") if path.name != "case.toml")
    names = dict.fromkeys([settings.rules.set, *rule_set_names(), *beside])
    differences = {}
    for name in names:
        try:
            rules = _loaded(name, settings, case_dir).model_dump(mode="json")
        except InputProblems:
            continue  # some other .toml file
        differences[name] = _differences(written, rules)
        if not differences[name]:
            return line("the rules are those of the case", [], f"{rules['name']}, version {rules['version']}")
    closest = min(differences.values(), key=len, default=["no rule set of the case can be read"])
    if any(line.startswith("name:") for line in closest):
        closest = [f"the rule set {written.get('name')!r} is neither built in nor a file beside case.toml"]
    return line("the rules are those of the case", closest, "")


def _loaded(name: str, settings: CaseSettings, case_dir: Path) -> RuleSet:
    """A rule set with the case's own values and decisions."""
    own = settings.rules
    return load_rules(name, override=own.override, folder=case_dir, decisions=own.decisions)


def _differences(written: dict, rules: dict) -> list[str]:
    wrong = []
    for section, values in rules.items():
        theirs = written.get(section)
        pairs = values.items() if isinstance(values, dict) else [("", values)]
        for key, value in pairs:
            other = theirs.get(key) if key and isinstance(theirs, dict) else theirs
            if other != value:
                wrong.append(f"{section}{'.' if key else ''}{key}: written {other!r}, the case gives {value!r}")
    return wrong


def _certificate(record: dict) -> list[Line]:
    solver, options = record["solver"], record["options"]
    claim = "the proof's numbers fit together"
    if record["command"] == "score":
        return [line(claim, ["a plan made by hand has no proof"], "")] if solver else []
    if not solver or not options or solver.get("objective") is None or solver.get("bound") is None:
        return [line(claim, ["the proof or every option is missing"], "")]
    objective, bound, gap = solver["objective"], solver["bound"], solver["gap"]
    wrong = []
    if abs(objective - options[0]["objective"]) > TOLERANCE:
        wrong.append("the first option's score is not the one proven")
    derived = (objective - bound) / abs(objective) if objective else 0.0
    if gap is None or abs(derived - gap) > TOLERANCE:
        wrong.append("the gap is not (objective - bound) / |objective|")
    if bound > min(option["objective"] for option in options) + TOLERANCE:
        wrong.append("an option scores below the proven bound")
    if (solver["status"] == "optimal") != (gap is not None and gap < 1e-6):
        wrong.append("'optimal' and the gap contradict each other")
    wrong += _stages(solver, record["rules"])
    return [line(claim, wrong, f"gap {gap or 0.0:.2e}")]


def _stages(solver: dict, rules: dict) -> list[str]:
    """Where the certificate does not say stage by stage what the record says of the proof as a whole."""
    certificate = solver.get("certificate")
    stages = certificate.get("stages") if isinstance(certificate, dict) else None
    if not isinstance(stages, list):
        return ["there is no certificate of the stages"]
    wrong = []
    if [stage.get("criterion") for stage in stages] != list(rules["objective"]["order"]):
        wrong.append("its stages are not the criteria that the rules ask for")
    if not certificate.get("searched") and certificate.get("groups_listed") != solver["candidates"]:
        wrong.append(
            f"{certificate.get('groups_listed')} groups listed by the certificate, {solver['candidates']} by the record"
        )
    if bool(certificate.get("proven")) != (solver["status"] == "optimal"):
        wrong.append("'optimal' and the certificate contradict each other")
    said = {"shortfall": solver["shortfall"], "exceptions": solver["exceptions"], "score": solver["objective"]}
    for stage in stages:
        name, value, bound = (stage.get(key) for key in ("criterion", "value", "bound"))
        if not isinstance(value, int | float) or not isinstance(bound, int | float) or bound > value + TOLERANCE:
            wrong.append(f"{name}: a value of {value} with a bound of {bound}")
        elif stage.get("proven") and abs(value - bound) > TOLERANCE:
            wrong.append(f"{name}: 'proven' and a bound of {bound} below {value}")
        elif name in said and stage.get("proven") and abs(value - said[name]) > TOLERANCE:
            wrong.append(f"{name}: {value} by the certificate, {said[name]} by the record")
    return wrong


def _options_on_disk(record: dict, run_dir: Path) -> Line:
    named = [option["id"] for option in record["options"]]
    folder = run_dir / "options"
    there = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    wrong = []
    if sorted(named) != there:
        wrong.append(f"run.json names {', '.join(named)}; the folder holds {', '.join(there)}")
    return line("the options are those in the folder", wrong, f"{len(named)} options")


def _files(record: dict, run_dir: Path) -> Line:
    """Nothing was changed by hand after the run: not the page either, which no other claim covers."""
    wrong = []
    for name, sha256 in record["files"].items():
        path = run_dir / name
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif sha256_of(path) != sha256:
            wrong.append(f"{name} was changed")
    return line("the files are as the run wrote them", wrong, f"{len(record['files'])} files, same sha256")


# ---------------------------------------------------------------------------------------------------------- one option


def _own_figures(option: dict, plan: Plan, lists: dict[str, int]) -> list[str]:
    wrong = []
    if option["groups"] != len(plan.groups):
        wrong.append(f"groups: written {option['groups']}, the plan has {len(plan.groups)}")
    if option["verified"] is not True:
        wrong.append("it is not marked as verified")
    left_out = {code: size for code, size in lists.items() if code not in set(plan.practice_codes)}
    if {row["practice_code"]: row["list_size"] for row in option.get("left_out", [])} != left_out:
        wrong.append(f"left out: the plan leaves out {', '.join(sorted(left_out)) or 'nobody'}")
    return wrong


def _against_earlier(
    option: dict, plan: Plan, earlier: list[Plan], best: float, lists: dict[str, int], rules: RuleSet
) -> list[str]:
    wrong = []
    behind = option["objective"] / best - 1.0 if best else 0.0
    shares = [_changed(plan, other, lists) for other in earlier]
    if abs(option["behind_best"] - behind) > TOLERANCE:
        wrong.append(f"behind the best: written {option['behind_best']:.4%}, the scores give {behind:.4%}")
    if abs(option["different_from_best"] - (shares[0] if shares else 0.0)) > TOLERANCE:
        wrong.append(f"different from the best: written {option['different_from_best']:.2%}, the plans give {shares}")
    if not shares:
        if option["similar"] or option["band"] is not None:
            wrong.append("the first option lies in no band and is similar to none")
        return wrong
    if min(shares) <= 0.0:
        wrong.append("it is the same plan as an earlier option")
    if option["similar"] != (option["band"] is None):
        wrong.append("an option is either similar or lies in a band")
    elif not option["similar"]:
        if option["band"] not in rules.options.bands or behind > option["band"] + TOLERANCE:
            wrong.append(f"it lies {behind:.2%} behind, which is not its band of {option['band']:.0%}")
        if min(shares) < rules.options.different_share - TOLERANCE:
            wrong.append(f"only {min(shares):.1%} of patients have other companions than in an earlier option")
    return wrong


def _changed(plan: Plan, other: Plan, lists: dict[str, int]) -> float:
    """Share of patients whose practice has other companions in the other plan."""
    kept = {group.members for group in plan.groups} & {group.members for group in other.groups}
    return 1.0 - sum(lists.get(code, 0) for members in kept for code in members) / max(sum(lists.values()), 1)


def _numbering(plan: Plan) -> list[str]:
    first = [group.members[0] for group in sorted(plan.groups, key=lambda group: group.group_id)]
    return [] if first == sorted(first) else ["the groups are not numbered by their smallest code"]
