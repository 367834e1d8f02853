"""What "Try your own grouping" needs in the page: the arrays its script adds up, and the rules it names breaches of.

Every figure the page works out anew is a sum over practices: list sizes, rural and timed patients, patient-minutes to
each site. So a matrix of practices x sites says all; nobody's home is in it. The numbers travel exactly as the program
holds them, because the script repeats the program's arithmetic step by step (`templates/report/try_figures.js`).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from grouping.assess import hub_travel
from grouping.escape import script_data, visible
from grouping.journeys import Journeys
from grouping.maps import PALETTE
from grouping.plain_words import option_title, percent
from grouping.problem import GroupingProblem
from grouping.result import AssessedOption, Run
from grouping.rules import RuleSet
from grouping.verify import Evidence

SCRIPTS = ("report/try_figures.js", "report/try_rules.js", "report/try_tables.js", "report/try.js")
STYLE = "report/try.css"

MILLISECONDS = 60_000
"""In a minute: times on roads are whole milliseconds, which three bytes hold up to four and a half hours."""

NO_ROUTE = 0xFFFFFF
"""Milliseconds that stand for no route at all."""

MOST_PAIRS = 60_000
"""Most pairs of a practice and a site: each takes some 15 bytes, so the data of the script are below a megabyte."""


@dataclass(frozen=True)
class TryView:
    """What the template shows without the script, and the data of the script.

    Parameters
    ----------
    data
        JSON, safe inside `<script type="application/json">`.
    options
        Id and title of each option a trial can start from.
    practices
        Number of practices.
    """

    data: Markup
    options: tuple[tuple[str, str], ...]
    practices: int


def try_view(run: Run, colours: Sequence[Mapping[str, int]] = ()) -> TryView | None:
    """What the section is made from; None where there is nothing to try, or too much for a page.

    Parameters
    ----------
    run
        The run. A public one has no such section: from the patient-minutes of a practice to a hundred and more sites
        and public travel times, the number of its patients in every small area could be solved for.
    colours
        Palette number of each group, one mapping per option; default the order of the groups.
    """
    if not _to_try(run) or too_large_to_try(run):
        return None
    data = try_data(run, colours)
    return TryView(
        data=script_data(data),
        options=tuple((option.option.option_id, option_title(option.option.option_id)) for option in run.options),
        practices=len(run.problem.practice_codes),
    )


def too_large_to_try(run: Run) -> bool:
    """Whether there would be something to try, but a page with its data could not be sent by e-mail."""
    return _to_try(run) and run.problem.practice_to_site.size > MOST_PAIRS


def _to_try(run: Run) -> bool:
    return run.problem is not None and bool(run.options) and not run.public


def try_data(run: Run, colours: Sequence[Mapping[str, int]] = ()) -> dict[str, object]:
    """Everything the script reads, as plain values; the parameters are those of `try_view`.

    P practices and S sites stand in the order of the problem; everything else refers to them by position.
    """
    problem, place = run.problem, run.place
    labels = sorted({label for label in problem.locality if label})
    sites_at = pd.Index(problem.site_codes)
    owned = place.sites["practice_code"].value_counts()
    return {
        "practices": [
            [code, _text(place.practices.at[code, "name"]), int(size)]
            for code, size in zip(problem.practice_codes, problem.list_size, strict=True)
        ],
        "rawCodes": _raw(problem.practice_codes),
        "sites": [[code, _text(place.sites.at[code, "name"])] for code in problem.site_codes],
        "rawSites": _raw(problem.site_codes),
        "rural": problem.rural_patients.tolist(),
        "timed": problem.timed_patients.tolist(),
        "ownSites": [int(owned.get(code, 0)) for code in problem.practice_codes],
        "main": sites_at.get_indexer(place.practices["main_site_code"].reindex(list(problem.practice_codes))).tolist(),
        "owner": problem.site_owner.tolist(),
        "allowed": problem.hub_allowed.astype(int).tolist(),
        "localities": labels,
        "locality": [labels.index(label) if label else -1 for label in problem.locality],
        "limits": [_limits(run.rules, label) for label in ("", *labels)],
        "drive": _drive(problem.practice_to_site),
        **_minutes(run),
        "rules": _rules(problem),
        "claims": _claims(run.rules),
        "borders": _borders(run),
        "decided": _decided(problem),
        "objections": _objections(run),
        "palette": len(PALETTE),
        "estimate": run.times.method.estimate,
        "leftOut": any(not option.left_out.empty for option in run.options),
        "options": [
            _option(option, problem, colours[at] if at < len(colours) else {}) for at, option in enumerate(run.options)
        ],
    }


# ------------------------------------------------------------------------------------------------------------- arrays


def _text(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _raw(codes: Sequence[str]) -> dict[str, list[int]]:
    """UTF-16 units of the codes with hidden characters, which data for a script spells out: a file needs them as is."""
    return {
        str(at): np.frombuffer(code.encode("utf-16-le", "surrogatepass"), "<u2").tolist()
        for at, code in enumerate(codes)
        if visible(code) != code
    }


def _base64(values: NDArray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def _drive(minutes: NDArray[np.float64]) -> dict[str, str]:
    """Minutes from main sites to sites: three bytes of whole milliseconds where that is exact, else eight."""
    whole = np.where(np.isfinite(minutes), np.rint(minutes * MILLISECONDS), NO_ROUTE)
    again = np.where(whole == NO_ROUTE, np.inf, whole / MILLISECONDS)
    if not ((whole >= 0) & (whole <= NO_ROUTE)).all() or not np.array_equal(again, minutes):
        return {"kind": "minutes", "values": _base64(minutes.astype("<f8"))}
    units = whole.astype("<u4").reshape(-1, 1).view(np.uint8)
    return {"kind": "milliseconds", "values": _base64(units[:, :3])}


def _minutes(run: Run) -> dict[str, object]:
    """Patient-minutes to every site, and who has no route: the mean of a group leaves those patients out.

    `minutes` is the problem's matrix; where a timed patient of a practice has no route to a site the problem holds
    infinity, and `blocked` says: practice, site, patients with a route, their patient-minutes, timed patients without.
    """
    problem = run.problem
    journeys = Journeys.of(run.place, run.times, problem)
    timed = _reaches(run, journeys)
    count = len(problem.practice_codes)

    def patients(rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.bincount(journeys.practice[rows], journeys.patients[rows], minlength=count)

    reached = np.isfinite(problem.patient_minutes)
    blocked = []
    for site in np.flatnonzero(~reached.all(axis=0)):
        travel = hub_travel(problem, journeys, np.full(count, site))
        lost = patients(timed & np.isnan(journeys.to_site[:, site]))
        blocked += [
            [int(p), int(site), float(travel.patients[p]), float(travel.minutes[p]), float(lost[p])]
            for p in np.flatnonzero(~reached[:, site])
        ]
    return {
        "minutes": _base64(np.where(reached, problem.patient_minutes, 0.0).astype("<f8")),
        "blocked": sorted(blocked),
        "untimed": patients(~timed).tolist(),
    }


def _reaches(run: Run, journeys: Journeys) -> NDArray[np.bool_]:
    """Whether the home of each row of the registrations reaches any site."""
    row = pd.Index(run.times.area_codes).get_indexer(pd.Index(journeys.area_codes))
    reaches = np.append(np.isfinite(run.times.area_to_site).any(axis=1), False)  # -1: an area without times
    return reaches[row][journeys.area]


def _option(option: AssessedOption, problem: GroupingProblem, colours: Mapping[str, int]) -> dict[str, object]:
    """One option: its groups by position, and what only `blueprint score` works out anew."""
    at = {code: position for position, code in enumerate(problem.practice_codes)}
    site_at = {code: position for position, code in enumerate(problem.site_codes)}
    title = option_title(option.option.option_id)
    return {
        "id": option.option.option_id,
        "title": title,
        "called": title.replace("The ", "the ", 1),  # inside a sentence
        "within30": percent(option.headline.get("share_within_30_minutes"), 1),
        "groups": [
            {
                "id": group.group_id,
                "colour": int(colours.get(group.group_id, number % len(PALETTE))),
                "hub": site_at[group.hub_site_code],
                "members": sorted(at[code] for code in group.members),
            }
            for number, group in enumerate(option.option.plan.groups)
        ],
    }


# -------------------------------------------------------------------------------------------------------------- rules


def _limits(rules: RuleSet, locality: str) -> list[int]:
    """Fewest and most patients of an urban and of a rural group with that main locality."""
    kinds = (False, True)
    return [
        *(rules.minimum_for(rural=rural, locality=locality) for rural in kinds),
        *(rules.maximum_for(rural=rural, locality=locality) for rural in kinds),
    ]


def _rules(problem: GroupingProblem) -> dict[str, object]:
    """The values of the rule set that the script reads; arrays that only one rule reads go with that rule."""
    rules = problem.rules
    listed = max(float(problem.list_size.sum()), 1.0)
    costs = rules.weights.hub_cost > 0 or rules.hub.budget > 0
    share = rules.practices.most_vulnerable_share
    return {
        "threshold": rules.rurality.threshold,
        "thresholdPercent": f"{100 * rules.rurality.threshold:g}",
        "near": rules.rurality.near_threshold,
        "nearPoints": f"{rules.rurality.near_threshold * 100:g}",
        "exceptions": -1 if rules.exceptions.limit is None else rules.exceptions.limit,
        "fewestPractices": rules.size.fewest_practices,
        "mostPractices": rules.size.most_practices,
        "vulnerableShare": share,
        "vulnerable": problem.vulnerable.astype(int).tolist() if share < 1 and problem.vulnerable is not None else None,
        "keepsShare": rules.resilience.keeps_share,
        "canBeLost": _can_be_lost(problem) if rules.resilience.keeps_share > 0 else None,
        "between": rules.access.max_minutes_between_members,
        "toHub": rules.access.max_minutes_to_hub,
        "meanToHub": rules.access.max_mean_minutes_to_hub,
        "inside": rules.locality.rule == "inside",
        "crossing": rules.locality.most_crossing,
        "fewestGroups": rules.groups.fewest,
        "mostGroups": rules.groups.most,
        "budget": rules.hub.budget,
        "hubCost": problem.hub_cost.tolist() if costs and problem.hub_cost is not None else None,
        "weights": {
            "minutes": rules.weights.minutes,
            "worstPractice": rules.weights.worst_practice,
            "hubCost": rules.weights.hub_cost,
            "scale": float(problem.timed_patients.sum()) / listed,
        },
    }


def _can_be_lost(problem: GroupingProblem) -> list[int]:
    """Which practices `resilience.loss_of` may think away, 1 or 0 each."""
    if problem.rules.resilience.loss_of == "any":
        return [1] * len(problem.practice_codes)
    return [0] * len(problem.practice_codes) if problem.vulnerable is None else problem.vulnerable.astype(int).tolist()


def _claims(rules: RuleSet) -> dict[str, str]:
    """The words of each rule as `blueprint score` says them when it is not met (see `grouping.verify`)."""
    size, access = rules.size, rules.access
    across = rules.contiguity.max_minutes_over_border
    least, most = rules.groups.fewest, rules.groups.most
    return {
        "minimum": "each group reaches its minimum, or is an exception the rules allow",
        "never": "no practice that must not be an exception is in a group below its minimum",
        "maximum": f"no group above {_maximums(rules)}",
        "practices": f"{_range(size.fewest_practices, size.most_practices)} practices in each group",
        "vulnerable": f"at most {rules.practices.most_vulnerable_share:.0%} of a group's practices are vulnerable",
        "afterLoss": f"at least {100 * rules.resilience.keeps_share:g}% of its minimum left to each group without its "
        + ("largest vulnerable practice" if rules.resilience.loss_of == "vulnerable" else "largest practice"),
        "between": f"at most {access.max_minutes_between_members:g} minutes between any two members' main sites",
        "toHub": f"at most {access.max_minutes_to_hub:g} minutes from a member's main site to the hub",
        "meanToHub": f"at most {access.max_mean_minutes_to_hub:g} minutes from home to the hub on average over a "
        "group's patients",
        "hub": _hub_claim(rules),
        "decidedHub": "each site that is decided or committed to be a hub is the hub of its group",
        "lockedHub": "each locked group has the hub named for it",
        "cutOff": "every patient who has a route to any site has one to the hub",
        "contiguity": "each group is contiguous: its catchments touch"
        + (f", across borders of at most {across:g} minutes" if across > 0 else ""),
        "tags": "practices that must stay together share a group",
        "inside": "no group crosses a locality boundary",
        "together": "practices decided to be together share a group",
        "apart": "no two practices decided to be apart share a group",
        "locked": "each locked group stands as decided",
        "groups": f"{_range(least, most)} groups in the plan",
        "crossing": f"at most {rules.locality.most_crossing} groups cross a locality boundary",
        "budget": f"all hubs together cost at most {rules.hub.budget:,.0f} pounds a year",
    }


def _range(least: int, most: int) -> str:
    if least and most:
        return f"{least} to {most}"
    return f"at most {most}" if most else f"at least {least}"


def _maximums(rules: RuleSet) -> str:
    size = rules.size
    own = [("rural", size.hard_maximum_rural)] if size.hard_maximum_rural else []
    own += [(name, limits.maximum) for name, limits in sorted(size.locality.items()) if limits.maximum]
    said = ", ".join(f"{name} {maximum:,}" for name, maximum in own)
    return f"{size.hard_maximum:,} patients" + (f" ({said})" if said else "")


def _hub_claim(rules: RuleSet) -> str:
    wanted = ["of a kind the rules allow"]
    if rules.hub.minimum_floor_area_m2 > 0:
        wanted.append(f"of at least {rules.hub.minimum_floor_area_m2:g} m2")
    if rules.hub.conditions:
        wanted.append(f"in condition {' or '.join(rules.hub.conditions)}")
    if any(decision.kind == "not-hub" for decision in rules.decisions):
        wanted.append("not one decided against")
    return "each hub is a site of a member practice, " + ", ".join(wanted)


def _borders(run: Run) -> list[list[int]] | None:
    """Pairs of practices whose border counts, by position; None where any set of practices may form a group.

    All borders are taken, those too that were left out to list fewer groups: `blueprint score` knows them all.
    """
    problem, contiguity = run.problem, run.rules.contiguity
    if contiguity.rule == "none":
        return None
    codes = pd.Index(problem.practice_codes)
    pairs = zip(
        codes.get_indexer(run.adjacency["practice_a"]), codes.get_indexer(run.adjacency["practice_b"]), strict=True
    )
    limit = contiguity.max_minutes_over_border
    return [
        [int(a), int(b)]
        for a, b in pairs
        if a >= 0 and b >= 0 and (limit <= 0 or problem.between_practices[a, b] <= limit)
    ]


def _decided(problem: GroupingProblem) -> dict[str, object]:
    """Decisions and tags by position."""
    decided = problem.decided
    tags: dict[str, list[int]] = {}
    for position, tag in enumerate(problem.keep_together):
        if tag:
            tags.setdefault(tag, []).append(position)
    return {
        "together": [list(members) for members in decided.together],
        "apart": [list(pair) for pair in decided.apart],
        "locked": [[list(group.members), group.hub] for group in decided.locked],
        "granted": [[list(members), reason] for members, reason in decided.granted],
        "never": list(decided.never_exception),
        "hubs": list(decided.hubs),
        "tags": [[repr(tag), members] for tag, members in sorted(tags.items())],
    }


def _objections(run: Run) -> dict[str, str]:
    """Why a site may not be a hub, by its position, in the words of the verifier."""
    told = Evidence(run.place, run.times, run.adjacency, run.rules, {}).sites["objection"]
    return {str(at): told[code] for at, code in enumerate(run.problem.site_codes) if told[code]}
