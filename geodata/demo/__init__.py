"""The built-in demonstration: a made-up county in the shape of Dorset.

Place names, the positions of towns and the course of main roads are facts. Everything else is invented: practices,
sites, patients, areas and their people, lanes and streets, buses, pharmacies, plans for homes. `make_demo` generates
the files in `case/`; what is said of a programme, in `programme/`, is written by hand.
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

PROGRAMME_FILES = (
    "programme.toml",
    "programme_order.csv",
    "programme_scores.csv",
    "programme_weights.csv",
    "programme_engagement.csv",
    "programme_history.csv",
)
"""What the planners of the demonstration say of a programme, written by hand; it lies among the files of the case."""


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
    shipped = files("geodata.demo")
    for where, names in (("case", CASE_FILES), ("programme", PROGRAMME_FILES)):
        for name in names:
            with as_file(shipped / where / name) as source:
                (folder / name).write_bytes(source.read_bytes())
    return folder
