"""The invented survey of the buildings: suitability, quality, use of space, tenure, schemes and cost of investment."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from geodata.demo._surgeries import Site

SUITABILITY = (("A", 52), ("B", 40), ("C", 26), ("D", 13))
"""Label and how many of the sites have it: 40% are modern, 10% need major investment."""

USE = (("under-used", 25), ("fully used", 62), ("overcrowded", 32))
TENURE = (("owned by the practice", 66), ("leased from a landlord", 46), ("leased from the NHS", 19))
SCHEMES = ("extension", "refurbishment", "new building")
"""Words of the columns of text."""


@dataclass(frozen=True)
class Survey:
    """What is said of one building; an empty text is not known."""

    suitability: str = ""
    quality: str = ""
    utilisation: str = ""
    tenure: str = ""
    scheme: str = ""
    scheme_year: str = ""
    investment_cost: str = ""


def make_surveys(sites: list[Site], rng: Random) -> dict[str, Survey]:
    """Invent a survey of every site, by its code.

    The suitability leans on the condition that the sites have already; in one site of eight nobody looked at the
    quality and the use of space, and not every investment has a price.
    """
    suitability = _suitability(sites, rng)
    surveys = {}
    for site in sites:
        grade, seen, costed = suitability[site.site_code], rng.random() >= 0.125, rng.random()
        per_m2 = rng.uniform(1_500, 2_800)
        quality = "ABCD"[min(3, max(0, "ABCD".index(grade) + rng.choice((-1, 0, 0, 1))))]
        use, tenure = _drawn(USE, rng), _drawn(TENURE, rng)
        scheme, year = rng.choice(SCHEMES), rng.randint(2027, 2031)
        investment = costed < {"C": 0.3, "D": 0.8}.get(grade, 0.0)
        surveys[site.site_code] = Survey(
            suitability=grade,
            quality=quality if seen else "",
            utilisation=use if seen else "",
            tenure=tenure,
            scheme=scheme if site.committed else "",
            scheme_year=str(year) if site.committed else "",
            investment_cost=str(10_000 * round(site.floor_area_m2 * per_m2 / 10_000)) if investment else "",
        )
    return surveys


def _suitability(sites: list[Site], rng: Random) -> dict[str, str]:
    """The labels over the sites, the better ones rather where the condition is good."""
    chance = {site.site_code: "ABCD".index(site.condition) + rng.gauss(0, 0.8) for site in sites}
    grades = [grade for grade, number in SUITABILITY for _ in range(number)]
    grades += [grades[-1]] * (len(sites) - len(grades))
    return dict(zip(sorted(chance, key=lambda code: (chance[code], code)), grades, strict=False))


def _drawn(words: tuple[tuple[str, int], ...], rng: Random) -> str:
    return rng.choices([word for word, _ in words], [weight for _, weight in words])[0]
