"""Minutes from areas to sites and between sites."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TravelMethod:
    """How the minutes were made; printed beside every minute that is shown.

    Parameters
    ----------
    kind
        `roads` or `straight-line`.
    sentence
        One plain sentence for the page.
    details
        Figures for `run.json`: source, date, profile, edges by source of speed, snap statistics, bridged gaps, ...
    """

    kind: Literal["roads", "straight-line"]
    sentence: str
    details: dict[str, object] = field(default_factory=dict)

    @property
    def estimate(self) -> bool:
        """Whether no road network was used, so that every page must mark its minutes as an estimate."""
        return self.kind == "straight-line"


@dataclass(frozen=True)
class TravelTimes:
    """Minutes by car, directed from home to site.

    Parameters
    ----------
    area_codes, site_codes
        Labels of the rows and columns, sorted.
    area_to_site
        Minutes, shape (areas, sites); `inf` where there is no route.
    between_sites
        Minutes, shape (sites, sites), from row to column; `inf` where there is no route.
    area_snap_m, site_snap_m
        Metres from each point to the road it was snapped to, shape (areas,) and (sites,); 0 on straight lines.
    method
        How they were made.
    """

    area_codes: tuple[str, ...]
    site_codes: tuple[str, ...]
    area_to_site: NDArray[np.float64]
    between_sites: NDArray[np.float64]
    area_snap_m: NDArray[np.float64]
    site_snap_m: NDArray[np.float64]
    method: TravelMethod
