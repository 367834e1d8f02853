"""The place worked out by hand, with buildings: five sites, of which one belongs to nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point

from geodata.place import BRITISH_NATIONAL_GRID
from grouping.plan import Plan
from grouping.programme.ground import Ground
from grouping.programme.inputs import ProgrammeInputs
from grouping.programme.settings import EstatesSettings, ProgrammeSettings
from grouping.result import AssessedOption, OptionPlan, Run
from grouping.rules import load_rules
from tests.grouping.hand_worked import EDGES, hand_worked_place, hand_worked_times

SITES = ("A1", "B1", "B2", "C1", "N1")
"""A and B have 20,000 and 12,000 patients and form G01, C has 10,000 and is G02; nobody has N1."""

NO_COLUMNS: dict[str, list[Any]] = {}


def estates_ground(
    columns: dict[str, list[Any]] = NO_COLUMNS,
    *,
    totals: dict[str, float] | None = None,
    partial: bool = False,
    public: bool = False,
    **settings: Any,
) -> Ground:
    """The ground of a plan of two groups.

    Parameters
    ----------
    columns
        Columns of the sites table, a value for each of `SITES`.
    totals
        What `[totals]` of the case states.
    partial
        Whether the plan leaves practice C out.
    public
        Whether the run says it is public.
    settings
        Of `[estates]`.
    """
    place, times = hand_worked_place(), hand_worked_times()
    nobody = gpd.GeoDataFrame(
        {"practice_code": [""], "name": ["Clinic"], "kind": ["community"]},
        index=pd.Index(["N1"], name="site_code"),
        geometry=[Point(2_000, 0)],
        crs=BRITISH_NATIONAL_GRID,
    )
    sites = pd.concat([place.sites, nobody])
    for name, values in columns.items():
        sites[name] = values
    place = replace(place, sites=sites, settings={"totals": totals or {}})
    times = replace(
        times,
        site_codes=SITES,
        area_to_site=np.column_stack([times.area_to_site, np.ones(4)]),
        between_sites=np.pad(times.between_sites, (0, 1), constant_values=5.0),
        site_snap_m=np.zeros(5),
    )
    parts = [(("A", "B"), "A1"), (("C",), "C1")]
    plan = Plan.from_groups(parts[:1] if partial else parts)
    groups = pd.DataFrame(
        {"group_id": [one.group_id for one in plan.groups], "name": ["Town", "Country"][: len(plan.groups)]}
    )
    empty = pd.DataFrame()
    option = AssessedOption(OptionPlan("option-1", plan, 1.0), groups, empty, empty, {}, True, empty, empty)
    run = Run("made", place, times, load_rules("dorset-2017"), EDGES, (option,), None, public=public)
    said = ProgrammeSettings(estates=EstatesSettings(**settings))
    return Ground(run, option, ProgrammeInputs(said, file="programme.toml"))
