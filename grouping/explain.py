"""The chain of proof in plain words: what was looked at, what was left out and why, what is proven, what it means."""

from __future__ import annotations

from typing import Any

from grouping.criteria import PENCE

THING = {
    "shortfall": "patients missing to the minimums",
    "exceptions": "groups below their minimum",
    "groups": "groups",
    "score": "score",
    "minutes": "patient-minutes to the hub",
    "worst_practice": "patient-minutes as if everybody lived at the practice farthest from the hub",
    "longest_practice": "longest drive of a practice to its hub",
    "outside_preferred": "patients outside the preferred sizes",
    "split_locality": "patients of another locality than most of their group",
    "change_of_group": "patients whose practice leaves its group of today",
    "mixed_systems": "patients whose practice has another clinical system than most of its group",
    "size_balance": "patients by which groups differ from the size aimed at",
    "hub_cost": "pounds a year for the hubs",
    "fragile": "patients of groups that would be below their minimum without their largest practice (or their largest "
    "vulnerable one: as the rules say)",
}
"""What each criterion counts, as it is said in a sentence."""


def explanation_of(certificate: dict[str, Any]) -> tuple[str, ...]:
    """The chain of proof, one plain paragraph a line; no times, so that the same search gives the same words.

    Parameters
    ----------
    certificate
        As `grouping.certificate.certificate_of` makes it.
    """
    lines = [_listed(certificate), *_left_out(certificate)]
    for number, stage in enumerate(certificate["stages"]):
        lines.append(_stage(stage, certificate, number))
    lines += _meaning(certificate)
    return tuple(lines)


def explain(certificate: dict[str, Any], explanation: tuple[str, ...], seconds: dict[str, float]) -> list[str]:
    """What `blueprint run --explain` prints: the chain of proof with a heading, numbered, and how long it took."""
    if not certificate:
        return ["This run holds no proof."]
    lines = ["How this was found, and what is proven:"]
    lines += [f"{number}. {line}" for number, line in enumerate(explanation, start=1)]
    spent = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items() if value >= 0.05)
    total = sum(seconds.values())
    lines.append(f"It took {total:.1f} seconds" + (f" ({spent})." if spent else "."))
    return lines


def _number(value: float, unit: str) -> str:
    """A value with its unit; minutes per patient to six decimals, as the score is compared."""
    if unit == "minutes per patient":
        return f"{value:.6f} {unit}"
    if unit == "minutes":
        return f"{value:.1f} {unit}"
    if unit == "pounds":
        return f"£{value:,.0f}"
    return f"{value:,.0f}"


def _listed(certificate: dict[str, Any]) -> str:
    return (
        f"{certificate['groups_listed']:,} groups obey the rules and the borders between practices; each was listed "
        f"and scored with its hub, {certificate['below_their_minimum']:,} of them below their minimum. A plan is a "
        "choice of these groups in which every practice is exactly once."
    )


def _left_out(certificate: dict[str, Any]) -> list[str]:
    lines = []
    reasons = [f"{number:,} because {reason}" for reason, number in certificate["left_out"].items() if number]
    if reasons:
        lines.append(f"Sets of practices that hang together but break a rule were left out: {'; '.join(reasons)}.")
    limits = [_limit(row["name"], row["limit"]) for row in certificate["limits_on_the_plan"]]
    if limits:
        lines.append(f"Limits on the plan as a whole were kept in every step: {', '.join(limits)}.")
    return lines


def _limit(name: str, limit: int) -> str:
    """A limit on the plan as a whole. Its row counts a budget in pence; a least number stands there with a minus."""
    if name == "hub_budget":
        pounds = limit / PENCE
        return f"hub budget (£{pounds:,.0f})" if pounds == int(pounds) else f"hub budget (£{pounds:,.2f})"
    return f"{name.replace('_', ' ')} ({abs(limit):,})"


def _stage(stage: dict[str, Any], certificate: dict[str, Any], number: int) -> str:
    """One stage in words."""
    held = " with what came before held at its best" if number else ""
    name, unit = stage["criterion"], stage["unit"]
    value, bound = _number(stage["value"], unit), _number(stage["bound"], unit)
    thing = THING[name]
    if stage["how"] == "nothing to gain":
        return f"{_capital(thing)}: the plan has none, and fewer than none there cannot be."
    gone = stage["groups_before"] - stage["groups_after"]
    were = "group was set aside that can" if gone == 1 else "groups were set aside that can"
    dropped = f" {gone:,} {were} be in no plan as good." if gone else ""
    if name == "score":
        return _score(stage, certificate, held, dropped)
    if name == "longest_practice":
        proof = (
            f"proven, for with no drive above the next lower value there is no plan{held}"
            if stage["proven"]
            else f"not proven: the search ended with at least {bound}"
        )
        return f"{_capital(thing)}: {value}, {proof}.{dropped}"
    if stage["proven"]:
        return f"Least number of {thing}{held}: {value}, proven (no plan can have fewer).{_means(stage)}{dropped}"
    return (
        f"{_capital(thing)} found{held}: {value}. Not proven: the search ended when it was certain only that no plan "
        f"has fewer than {bound}.{dropped}"
    )


def _score(stage: dict[str, Any], certificate: dict[str, Any], held: str, dropped: str) -> str:
    value, unit = stage["value"], stage["unit"]
    root = certificate["relaxation_bound"]
    under = f" ({(value - root) / value:.3%} under the plan found)" if value else ""
    text = (
        f"Score{held}: {_number(value, unit)}. The linear relaxation gives each practice a price, so that no group "
        "costs less than the prices of its practices: whatever the plan, it then costs at least their sum, "
        f"{_number(root, unit)}{under}, added up in whole numbers."
    )
    if stage["cuts"]:
        text += f" {stage['cuts']:,} further conditions that hold for every plan raised that bound."
    if not stage["proven"]:
        return (
            f"{text} Not proven: the search ended at a bound of {_number(stage['bound'], unit)}; the gap says how much "
            f"better a plan could be at most.{dropped}"
        )
    text += (
        f" All but {stage['groups_after']:,} groups cost too much, at these prices, to be in a plan as good; the final "
        f"programme (over {certificate['final_programme']:,} groups) shows that none is better."
    )
    if stage["branches"]:
        text += f" {stage['branches']:,} times the rest was split in two, by whether two practices share a group."
    return text


def _means(stage: dict[str, Any]) -> str:
    return {
        "prices": " Prices on the practices alone prove it.",
        "final programme": f" The solver settled the last {stage['programme']:,} groups.",
        "branching": f" It took {stage['branches']:,} splits by whether two practices share a group.",
    }.get(stage["how"], "")


def _meaning(certificate: dict[str, Any]) -> list[str]:
    """What the figures say, and what they do not."""
    if certificate["proven"]:
        return [
            certificate["ties"],
            "Proven means: with these inputs, these rules and this score there is no better plan, whoever looks for "
            "one. It says nothing about what the rules and the score leave out.",
        ]
    ended = {
        "stopped by hand": "The search was stopped by hand",
        "time limit": "The time limit ended the search",
        "memory": "The memory allowed ended the search",
    }
    return [
        f"{ended[certificate['ended_by']]} before everything was proven. The plan obeys every rule and its figures "
        "were checked like those of any other; a better one may exist, by no more than the bounds above say."
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
