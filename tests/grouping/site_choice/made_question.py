"""Small questions about sites: random ones, and the place behind one, so that the verifier can read it."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import points

from geodata.place import BRITISH_NATIONAL_GRID, Place
from geodata.travel import TravelMethod, TravelTimes
from grouping.plan import Plan
from grouping.site_choice.choose import Choice
from grouping.site_choice.question import Question
from grouping.verify.site_floor import SiteClaims

LABELS = ("A", "D", "")
"""Sound, in need of major investment, not known."""


def random_question(rng: np.random.Generator, *, practices: int = 2, most_sites: int = 8, areas: int = 6) -> Question:
    """Whole minutes and patients, so that every sum is exact; some sites of nobody, some rows without a way."""
    sites = int(rng.integers((practices + most_sites) // 2, most_sites + 1))
    owner = np.concatenate([np.arange(practices), rng.integers(-1, practices, sites - practices)]).astype(np.int64)
    label = rng.choice(LABELS, sites, p=(0.3, 0.62, 0.08))
    committed = rng.random(sites) < 0.1
    practice, area = np.divmod(np.arange(practices * areas), areas)
    minutes = rng.integers(1, 20, (areas, sites)).astype(float)
    minutes[rng.random(minutes.shape) < 0.03] = np.nan
    # one practice far from everybody: then it is often the mean of an area that binds
    minutes[:, owner == practices - 1] += rng.choice([0, 12])
    cost = np.where(rng.random(sites) < 0.15, np.nan, rng.integers(0, 5, sites) * 100.0)
    return Question(
        site_codes=tuple(f"S{i:03d}" for i in range(sites)),
        practice_codes=tuple(f"P{i:03d}" for i in range(practices)),
        area_codes=tuple(f"A{i:03d}" for i in range(areas)),
        owner=owner,
        needs=(label == "D") & ~committed,
        sound=(label == "A") | committed,
        asked=owner >= 0,
        cost=cost,
        practice=practice.astype(np.int64),
        area=area.astype(np.int64),
        patients=rng.integers(0, 9, len(area)).astype(float),
        minutes=minutes[area],
        budget=float(rng.choice([0, 100, 200, 500])),
        beyond=float(rng.integers(10, 22)),
        longer=float(rng.integers(6, 20)),
    )


def one_practice(
    minutes: list[list[float]],
    patients: list[float],
    labels: str,
    *,
    rows_of: list[int] | None = None,
    **limits: object,
) -> Question:
    """A question of one practice whose sites are labelled one letter each; area r is row r unless `rows_of` says."""
    table = np.array(minutes, dtype=float)
    rows, sites = table.shape
    area = np.array(rows_of if rows_of is not None else range(rows), dtype=np.int64)
    made = Question(
        site_codes=tuple(f"S{i}" for i in range(sites)),
        practice_codes=("P0",),
        area_codes=tuple(f"A{i}" for i in range(int(area.max()) + 1)),
        owner=np.zeros(sites, dtype=np.int64),
        needs=np.array([label == "D" for label in labels]),
        sound=np.array([label == "A" for label in labels]),
        asked=np.ones(sites, dtype=bool),
        cost=np.full(sites, np.nan),
        practice=np.zeros(rows, dtype=np.int64),
        area=area,
        patients=np.array(patients, dtype=float),
        minutes=table,
        budget=0.0,
        beyond=20.0,
        longer=10.0,
    )
    return replace(made, **limits)


def place_of(question: Question) -> tuple[Place, TravelTimes]:
    """A place whose tables say what the arrays say; every row of an area has the same minutes."""
    by_area = np.full((len(question.area_codes), len(question.site_codes)), np.inf)
    for r, area in enumerate(question.area):
        by_area[area] = np.where(np.isfinite(question.minutes[r]), question.minutes[r], np.inf)
    names = [question.practice_codes[p] if p >= 0 else "" for p in question.owner]
    label = np.where(question.needs, "D", np.where(question.sound, "A", ""))
    first = {code: question.site_codes[i] for i, code in reversed(list(enumerate(names))) if code}
    sites = gpd.GeoDataFrame(
        {
            "practice_code": names,
            "name": [f"Site {code}" for code in question.site_codes],
            "kind": ["branch" if name else "community" for name in names],
            "condition": label,
            "investment_cost": question.cost,
        },
        index=pd.Index(question.site_codes, name="site_code"),
        geometry=points([(1_000.0 * i, 0.0) for i in range(len(names))]),
        crs=BRITISH_NATIONAL_GRID,
    )
    practices = gpd.GeoDataFrame(
        {
            "name": [f"Practice {code}" for code in question.practice_codes],
            "main_site_code": [first.get(code, "") for code in question.practice_codes],
        },
        index=pd.Index(question.practice_codes, name="practice_code"),
        geometry=points([(0.0, 0.0)] * len(question.practice_codes)),
        crs=BRITISH_NATIONAL_GRID,
    )
    areas = gpd.GeoDataFrame(
        {"rural": False, "x": 0.0, "y": 0.0},
        index=pd.Index(question.area_codes, name="area_code"),
        geometry=points([(0.0, 0.0)] * len(question.area_codes)),
        crs=BRITISH_NATIONAL_GRID,
    )
    registrations = pd.DataFrame(
        {
            "practice_code": [question.practice_codes[p] for p in question.practice],
            "area_code": [question.area_codes[a] for a in question.area],
            "patients": question.patients,
            "basis": "published",
        }
    )
    place = Place("Made up", practices, sites, areas, registrations, gpd.GeoDataFrame(geometry=[]))
    between = np.zeros((len(names), len(names)))
    method = TravelMethod("straight-line", "Made up.")
    far = np.zeros(len(question.area_codes)), np.zeros(len(names))
    return place, TravelTimes(question.area_codes, question.site_codes, by_area, between, *far, method)


def claims_of(choice: Choice, *, protected: tuple[str, ...] = ()) -> SiteClaims:
    """What is claimed of a choice, worked out row by row."""
    question = choice.question
    rows = []
    for s, code in enumerate(question.site_codes):
        mine = [r for r in np.flatnonzero(question.rows) if question.site_today[r] == s]
        more = np.array([choice.after[r] - question.today[r] for r in mine])
        people = np.array([question.patients[r] for r in mine])
        considered = bool(choice.considered[s]) and len(mine) > 0
        decision = "consider further" if choice.considered[s] else "invest in" if choice.invested[s] else "keep"
        mean = float((more * people).sum() / people.sum()) if considered else np.nan
        rows.append((code, decision, people.sum(), mean, more.max() if considered else np.nan, question.cost[s]))
    columns = ["site_code", "decision", "patients", "minutes_mean", "minutes_max", "investment"]
    more, people = choice.added, question.patients
    return SiteClaims(
        sites=pd.DataFrame(rows, columns=columns),
        plan=Plan.from_groups([(tuple(question.practice_codes), question.site_codes[0])]),
        budget=question.budget,
        cost_per_m2=0.0,
        beyond_minutes=question.beyond,
        longer_minutes=question.longer,
        protect=(),
        protect_sites=protected,
        judged_by="condition",
        major=("D",),
        longer=float(people[more > 0].sum()),
        longer_5=float(people[more > 5].sum()),
    )
