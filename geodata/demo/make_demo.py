"""Generate the demonstration case: `python -m geodata.demo.make_demo --out geodata/demo/case`.

The same seed gives the same bytes. What is fact (outline, settlements, course of main roads, where a surgery stands in
the invented county) lies in the tables beside this module; what is invented comes from the seed.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, fields
from pathlib import Path
from random import Random
from typing import Any

from shapely import MultiPolygon, Polygon
from shapely.geometry import mapping
from shapely.geometry.polygon import orient

from geodata.demo._areas import Area, make_areas, make_localities, read_outline, read_settlements
from geodata.demo._buildings import Survey, make_surveys
from geodata.demo._buses import DEPARTURE, bus_minutes
from geodata.demo._people import Residents, ages_of_patients, make_residents
from geodata.demo._roads import make_roads, write_roads
from geodata.demo._surgeries import ANNUAL_COST, FLOOR_AREA_M2, PATIENTS, Practice, Site, make_practices
from geodata.demo._surroundings import (
    make_housing,
    make_pharmacies,
    make_projections,
    services_today,
    site_options,
)

SEED = 2017

CASE_TOML = """\
# The built-in demonstration. The shape of the county, the names and positions of its towns and the course of its main
# roads are facts; every practice, site, patient, area figure, street, lane, bus, pharmacy and plan is invented.
#
# Two more files are here to try questions about travel with:
#   services_today.csv   the sites where evening and weekend services run today: blueprint impact ... --before
#   site_options.csv     a site more, one that moves, one to consider further:   blueprint impact ... --sites

schema_version = 1
name = "Demonstration county (made-up data in the shape of Dorset)"
made_up = true                      # every page says that the data is invented

[rules]
set = "dorset-2017"                 # 30,000 patients in an urban group, 20,000 in a rural one
# Change a single value of the rule set here, for example:
# [rules.override.size]
# hard_maximum = 65000

[roads]
method = "roads"                    # "straight-line" gives rough minutes without a road network
source = "roads.osm.pbf"

[tables.practices]                  # one row a practice
file = "practices.csv"
vintage = "invented"
licence = "MIT, as the program"
attribution = "{attribution}"

[tables.sites]                      # one row a building; x and y in metres on the British National Grid
file = "sites.csv"
vintage = "invented"
licence = "MIT, as the program"
attribution = "{attribution}"

[tables.areas]                      # polygons with people, age, deprivation; x and y is where most people live
file = "areas.geojson"
vintage = "invented"
licence = "MIT, as the program"
attribution = "{attribution}"

[tables.registrations]              # patients by practice and area; the D09 areas lie over the border
file = "registrations.csv"
vintage = "invented"
licence = "MIT, as the program"
attribution = "{attribution}"

[tables.localities]                 # the 13 planning areas
file = "localities.geojson"
vintage = "invented"
licence = "MIT, as the program"
attribution = "{attribution}"

[tables.pharmacies]                 # who lives more than 1.6 km from each of them is counted apart
file = "pharmacies.csv"
vintage = "invented"
licence = "MIT, as the program"
attribution = "{attribution}"

[tables.settlements]                # the real places, to say where an area lies
file = "settlements.csv"
vintage = "real places"
licence = "MIT, as the program"
attribution = "{attribution}"

[tables.housing]                    # planned homes: an assumption to try a plan against
file = "housing.csv"
vintage = "invented"
licence = "MIT, as the program"
attribution = "{attribution}"

[tables.projections]                # residents in ten years: another one
file = "projections.csv"
vintage = "invented"
licence = "MIT, as the program"
attribution = "{attribution}"

[tables.public_transport]           # minutes on foot and by bus, 120 at most
file = "public_transport.csv"
departure = "{departure}"
made_with = "an invented bus network: walk, half the interval between buses (30 minutes at most), ride, walk"
vintage = "invented"
licence = "MIT, as the program"
attribution = "{attribution}"

[impact.columns]                    # further groups of people: what pages call them, and their column of the areas
"{health_label}" = {{ column = "long_term_health", kind = "count" }}

[totals]                            # figures to compare the tables with
patients = {patients}
practices = {practices}
sites = {sites}
floor_area_m2 = {floor_area}
annual_cost = {annual_cost}              # pounds
modern_share = 0.40                 # of the sites; programme.toml says which grades count as modern,
major_investment_share = 0.10       # and which as needing major investment
"""

ATTRIBUTION = "Made-up data: place names and positions of towns are facts, everything else is invented"
HEALTH_LABEL = "Residents with a long-term health problem or disability"


def make_demo(out: Path, seed: int = SEED) -> Path:
    """Generate the whole case.

    Parameters
    ----------
    out
        Folder for the files; made if it is not there.
    seed
        Source of everything invented.

    Returns
    -------
    Path
        The folder.
    """
    out.mkdir(parents=True, exist_ok=True)
    outline, settlements = read_outline(), read_settlements()
    # one source of chance for each part, so that a change in one leaves the others as they are
    areas = make_areas(outline, settlements, Random(f"{seed} areas"))
    practices, community = make_practices(outline, settlements, areas, Random(f"{seed} surgeries"))
    network = make_roads(outline, settlements, areas, Random(f"{seed} roads"))
    sites = sorted([s for p in practices for s in p.sites] + community, key=lambda site: site.site_code)
    residents = make_residents(areas, Random(f"{seed} residents"))
    ages = ages_of_patients(practices, areas, residents, Random(f"{seed} ages"))
    _write_practices(out / "practices.csv", practices, ages)
    _write_sites(out / "sites.csv", sites, make_surveys(sites, Random(f"{seed} buildings")))
    _write_registrations(out / "registrations.csv", practices)
    _write_layer(
        out / "areas.geojson", "areas", [(_area_properties(a, residents[a.area_code]), a.shape) for a in areas]
    )
    localities = [({"name": name}, shape) for name, shape in make_localities(areas).items()]
    _write_layer(out / "localities.geojson", "localities", localities)
    write_roads(network, out / "roads.osm.pbf")
    pharmacies = make_pharmacies(outline, settlements, areas, practices, Random(f"{seed} pharmacies"))
    _write_records(out / "pharmacies.csv", pharmacies)
    _write_csv(out / "settlements.csv", ("name", "x", "y"), [(s.name, s.easting, s.northing) for s in settlements])
    housing = make_housing(outline, settlements, Random(f"{seed} housing"))
    _write_records(out / "housing.csv", housing)
    projections = make_projections(areas, housing, Random(f"{seed} projections"))
    _write_csv(out / "projections.csv", ("area_code", "year", "population"), projections)
    journeys = bus_minutes(outline, settlements, areas, sites)
    _write_csv(out / "public_transport.csv", ("from", "to", "minutes"), journeys)
    today = [(site.site_code, site.name) for site in services_today(practices, community)]
    _write_csv(out / "services_today.csv", ("site_code", "name"), today)
    _write_records(out / "site_options.csv", site_options(settlements, practices))
    text = CASE_TOML.format(
        attribution=ATTRIBUTION,
        departure=DEPARTURE,
        health_label=HEALTH_LABEL,
        patients=PATIENTS,
        practices=len(practices),
        sites=len(sites),
        floor_area=FLOOR_AREA_M2,
        annual_cost=ANNUAL_COST,
    )
    _write_text(out / "case.toml", text)
    return out


def _write_text(path: Path, text: str) -> None:
    """Write with the same line ends everywhere."""
    path.write_bytes(text.encode("utf-8"))


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    _write_text(path, text.getvalue())


def _write_records(path: Path, records: Sequence[Any]) -> None:
    """Write dataclasses, a column a field."""
    _write_csv(path, [field.name for field in fields(records[0])], [astuple(record) for record in records])


def _write_practices(path: Path, practices: list[Practice], ages: dict[str, tuple[int, int]]) -> None:
    header = "practice_code,name,locality,list_size,age_65_plus,age_75_plus,clinical_system,vulnerability,dispensing"
    rows = [
        (
            p.practice_code,
            p.name,
            p.settlement.locality,
            p.list_size,
            p.age_65_plus,
            p.age_75_plus,
            p.clinical_system,
            p.vulnerability,
            "yes" if p.dispensing else "no",
            p.network,
            *ages[p.practice_code],
        )
        for p in practices
    ]
    _write_csv(path, [*header.split(","), "current_group", "age_85_plus", "age_children"], rows)


def _write_sites(path: Path, sites: list[Site], surveys: dict[str, Survey]) -> None:
    header = "site_code,practice_code,name,kind,x,y,floor_area_m2,condition,annual_cost,committed"
    rows = [
        (
            s.site_code,
            s.practice_code,
            s.name,
            s.kind,
            s.x,
            s.y,
            s.floor_area_m2,
            s.condition,
            s.annual_cost,
            "yes" if s.committed else "no",
            *astuple(surveys[s.site_code]),
        )
        for s in sites
    ]
    _write_csv(path, [*header.split(","), *(one.name for one in fields(Survey))], rows)


def _write_registrations(path: Path, practices: list[Practice]) -> None:
    rows = [(p.practice_code, code, patients) for p in practices for code, patients in sorted(p.patients.items())]
    _write_csv(path, ("practice_code", "area_code", "patients"), rows)


def _area_properties(area: Area, residents: Residents) -> dict[str, object]:
    return {
        "area_code": area.area_code,
        "name": area.name,
        "population": area.population,
        "population_65_plus": area.population_65_plus,
        "population_75_plus": area.population_75_plus,
        "rural_urban": area.rural_urban,
        "deprivation_decile": area.deprivation_decile,
        "no_car_share": area.no_car_share,
        "x": area.x,
        "y": area.y,
        **asdict(residents),
    }


def _write_layer(path: Path, name: str, features: Sequence[tuple[dict[str, object], Polygon | MultiPolygon]]) -> None:
    """Write GeoJSON on the National Grid in whole metres, one feature a line, so that shared edges stay shared."""
    grid = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    lines = []
    for properties, shape in features:
        # right-hand rule of the format: outer rings run against the clock
        parts = [orient(part) for part in getattr(shape, "geoms", [shape])]
        geometry = mapping(parts[0] if len(parts) == 1 else MultiPolygon(parts))
        whole = {"type": geometry["type"], "coordinates": _whole(geometry["coordinates"])}
        feature = {"type": "Feature", "properties": properties, "geometry": whole}
        lines.append(json.dumps(feature, separators=(",", ":")))
    head = f'{{"type":"FeatureCollection","name":"{name}","crs":{json.dumps(grid)},"features":[\n'
    _write_text(path, head + ",\n".join(lines) + "\n]}\n")


def _whole(coordinates: object) -> object:
    """Nested coordinates as whole numbers."""
    if isinstance(coordinates, int | float):
        return round(coordinates)
    return [_whole(part) for part in coordinates]  # type: ignore[attr-defined]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and generate."""
    parser = argparse.ArgumentParser(description="Generate the made-up demonstration case.")
    parser.add_argument("--out", type=Path, default=Path("geodata") / "demo" / "case", help="folder for the files")
    parser.add_argument("--seed", type=int, default=SEED, help="source of everything invented")
    options = parser.parse_args(arguments)
    folder = make_demo(options.out, options.seed)
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:>9,} bytes  {path}")


if __name__ == "__main__":
    main()
