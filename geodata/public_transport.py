"""Minutes by public transport, imported: how much of a place they cover, and their matrix.

They are worked out elsewhere (`geodata.transport_table` reads them) and say nothing without their day and hours of
departure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geodata.place import Place, TransportFacts
from geodata.transport_table import TABLE
from geodata.travel import TravelMethod, TravelTimes, points_of


@dataclass(frozen=True)
class Coverage:
    """How much of a place its public transport table speaks of.

    Parameters
    ----------
    areas, areas_listed, areas_reached
        Areas of the place (not those over the border); with any row; with a way to at least one site.
    sites, sites_listed
        Sites of the place, and those with any row.
    patients_share
        Share of the registered patients whose area has a way to at least one site; NaN without registrations.
    pairs
        Pairs of area and site with a way.
    """

    areas: int
    areas_listed: int
    areas_reached: int
    sites: int
    sites_listed: int
    patients_share: float
    pairs: int


def coverage(place: Place) -> Coverage | None:
    """How much of a place its public transport table covers; None without one."""
    table = place.public_transport
    if table is None:
        return None
    reached = table[table["reachable"]]
    areas = place.areas.index
    if "neighbour" in place.areas:
        areas = areas[~place.areas["neighbour"].to_numpy(dtype=bool)]
    patients = place.registrations["patients"].to_numpy(dtype=float)
    served = place.registrations["area_code"].isin(reached["area_code"].unique()).to_numpy(dtype=bool)
    return Coverage(
        areas=len(areas),
        areas_listed=int(areas.isin(table["area_code"].unique()).sum()),
        areas_reached=int(areas.isin(reached["area_code"].unique()).sum()),
        sites=len(place.sites),
        sites_listed=int(place.sites.index.isin(table["site_code"].unique()).sum()),
        patients_share=float(patients[served].sum() / patients.sum()) if patients.sum() > 0 else float("nan"),
        pairs=len(reached),
    )


def public_transport_times(place: Place) -> TravelTimes | None:
    """The imported minutes as a matrix like those of roads; None where the place has no such table.

    A pair that the table does not hold is not reachable (`inf`). Journeys between sites are not part of such a table:
    they are `inf` too, and 0 from a site to itself. Nothing is joined to roads, so that the metres to them are 0.

    Parameters
    ----------
    place
        With `public_transport` as loaded.
    """
    table = place.public_transport
    if table is None:
        return None
    points = points_of(place)
    reached = table[table["reachable"]]
    row = pd.Index(points.area_codes, dtype=object).get_indexer(reached["area_code"].astype(object))
    column = pd.Index(points.site_codes, dtype=object).get_indexer(reached["site_code"].astype(object))
    known = (row >= 0) & (column >= 0)
    minutes = np.full((len(points.area_codes), len(points.site_codes)), np.inf)
    minutes[row[known], column[known]] = reached["minutes"].to_numpy(dtype=float)[known]
    between = np.full((len(points.site_codes),) * 2, np.inf)
    np.fill_diagonal(between, 0.0)
    no_snap = np.zeros(len(points.area_codes)), np.zeros(len(points.site_codes))
    return TravelTimes(points.area_codes, points.site_codes, minutes, between, *no_snap, _method(place))


def _method(place: Place) -> TravelMethod:
    facts, covered = place.public_transport_facts or TransportFacts(), coverage(place)
    assert covered is not None
    files = [source.file for source in place.sources if source.table == TABLE]
    share = covered.patients_share
    homes = "" if np.isnan(share) else f", the homes of {share:.0%} of the patients"
    sentence = "Journey times by public transport, imported"
    sentence += f" from {', '.join(files)}" if files else ""
    sentence += f" ({facts.made_with})" if facts.made_with else ""
    sentence += f": {facts.window()}. {covered.areas_reached:,} of {covered.areas:,} areas have a journey to at least "
    sentence += f"one site{homes}; a journey that the table does not hold counts as not reachable. Journeys between "
    sentence += "sites are not known."
    details: dict[str, object] = {
        "files": files,
        "departure": facts.departure,
        "percentile": facts.percentile,
        "made_with": facts.made_with,
        "areas": covered.areas,
        "areas_listed": covered.areas_listed,
        "areas_reached": covered.areas_reached,
        "sites": covered.sites,
        "sites_listed": covered.sites_listed,
        "patients_share": None if np.isnan(share) else round(share, 6),
        "pairs": covered.pairs,
    }
    return TravelMethod("public-transport", sentence, details)
