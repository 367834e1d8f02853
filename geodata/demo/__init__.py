"""The built-in demonstration: a made-up county in the shape of Dorset.

Place names, the positions of towns and the course of main roads are facts. Everything else is invented: practices,
sites, patients, areas and their people, lanes and streets, buses, pharmacies, plans for homes. `make_demo` generates
the files in `case/`.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

CASE_FILES = (
    "case.toml",
    "practices.csv",
    "sites.csv",
    "areas.geojson",
    "registrations.csv",
    "localities.geojson",
    "roads.osm.pbf",
    "pharmacies.csv",
    "settlements.csv",
    "housing.csv",
    "projections.csv",
    "public_transport.csv",
    "services_today.csv",
    "site_options.csv",
)
"""The files of the case, as shipped."""


def write_demo_case(folder: Path) -> Path:
    """Copy the demonstration case into a folder, as a planner's own case would lie there.

    Parameters
    ----------
    folder
        Made if it is not there; files of the same name are overwritten, others are left alone.

    Returns
    -------
    Path
        The folder, which can be given to everything that takes a case.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shipped = files("geodata.demo") / "case"
    for name in CASE_FILES:
        with as_file(shipped / name) as source:
            (folder / name).write_bytes(source.read_bytes())
    return folder
