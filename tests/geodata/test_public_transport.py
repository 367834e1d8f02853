"""Journeys by public transport: imported from what other programs write, checked, and made into a matrix."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.case import PublicTransportSpec, TableSpec, read_case_settings
from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from geodata.place import Place
from geodata.public_transport import coverage, public_transport_times
from geodata.tables import blocks
from geodata.travel import write_matrices
from grouping.input_check.checked import check_case
from grouping.input_check.facts import counts
from tests.geodata.test_load import SITES, case, told
from tests.real_cases import write_dorset_2016_case
from tests.small_case import write_small_case

WINDOW = 'departure = "Tue 2026-10-06 07:30-09:30"\n'
TIMES = "from,to,minutes\nE1,A1,12\nE1,A1X,30.5\nE1,HOSP,\nE2,B2,8\nE2,HOSP,41\n"


def with_times(folder: Path, text: str, extra: str = "", window: str = WINDOW, **files: str) -> Path:
    made = case(folder, f'[tables.public_transport]\nfile = "pt.csv"\n{window}{extra}', **files)
    (made / "pt.csv").write_text(text, encoding="utf-8")
    return made


def rows(place: Place) -> list[tuple[str, str, float, bool]]:
    assert place.public_transport is not None
    return list(place.public_transport.itertuples(index=False, name=None))


def problems(folder: Path) -> list[Finding]:
    with pytest.raises(InputProblems) as caught:
        load_place(folder)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


def found(place: Place, code: str) -> Finding:
    return next(finding for finding in place.findings if finding.code == code)


def test_journeys_are_sorted_and_a_cell_without_minutes_is_no_way(tmp_path: Path) -> None:
    place = load_place(with_times(tmp_path, TIMES))
    assert rows(place) == [
        ("E1", "A1", 12.0, True),
        ("E1", "A1X", 30.5, True),
        ("E1", "HOSP", np.inf, False),
        ("E2", "B2", 8.0, True),
        ("E2", "HOSP", 41.0, True),
    ]
    facts = place.public_transport_facts
    assert facts is not None
    assert (facts.departure, facts.percentile, facts.made_with) == ("Tue 2026-10-06 07:30-09:30", None, "")
    source = next(source for source in place.sources if source.table == "public_transport")
    assert (source.file, source.rows) == ("pt.csv", 5)
    assert not told(place) & {"no-departure-window", "not-in-journeys", "journeys-repeated", "journeys-not-in-case"}


def test_without_the_table_nothing_is_there(tmp_path: Path) -> None:
    place = load_place(case(tmp_path))
    assert place.public_transport is None
    assert place.public_transport_facts is None
    assert public_transport_times(place) is None
    assert coverage(place) is None


def test_the_matrix_holds_what_the_table_says_and_nothing_else(tmp_path: Path) -> None:
    place = load_place(with_times(tmp_path, TIMES, 'percentile = 50\nmade_with = "R5 7.1"\n'))
    times = public_transport_times(place)
    assert (times.area_codes, times.site_codes) == (("E1", "E2"), ("A1", "A1X", "B2", "HOSP"))
    inf = np.inf
    assert times.area_to_site.tolist() == [[12.0, 30.5, inf, inf], [inf, inf, 8.0, 41.0]]
    assert np.isinf(times.between_sites[~np.eye(4, dtype=bool)]).all()
    assert (np.diag(times.between_sites) == 0).all()
    assert times.method.kind == "public-transport"
    assert not times.method.estimate
    assert times.method.sentence == (
        "Journey times by public transport, imported from pt.csv (R5 7.1): leaving Tue 2026-10-06 07:30-09:30, the "
        "middle one of the departures. 2 of 2 areas have a journey to at least one site, the homes of 100% of the "
        "patients; a journey that the table does not hold counts as not reachable. Journeys between sites are not "
        "known."
    )
    write_matrices(times, tmp_path)
    written = pd.read_parquet(tmp_path / "minutes_area_to_site.parquet")
    assert written["reachable"].sum() == 4


def test_coverage_counts_areas_sites_and_homes(tmp_path: Path) -> None:
    areas = "area_code,x,y,population,rural_urban,neighbour\nE2,376000,88000,3000,E1,\nE1,371500,91500,4000,C1,\n"
    areas += "E3,376000,86000,0,E1,yes\n"
    place = load_place(with_times(tmp_path, "from,to,minutes\nE1,A1,12\nE2,A1,\n", areas=areas))
    covered = coverage(place)
    assert (covered.areas, covered.areas_listed, covered.areas_reached) == (2, 2, 1)
    assert (covered.sites, covered.sites_listed, covered.pairs) == (4, 1, 1)
    assert covered.patients_share == pytest.approx(3000 / 12000)
    without = found(place, "not-in-journeys")
    assert (without.severity, without.value) == ("warning", "A1X")
    assert "3 of 4 sites stand in no row" in without.message
    no_patients = replace(place, registrations=place.registrations.iloc[:0])
    assert np.isnan(coverage(no_patients).patients_share)
    assert "patients" not in public_transport_times(no_patients).method.sentence


@pytest.mark.parametrize(
    "text",
    [
        "from_id,to_id,travel_time_p50\nE1,A1,12\nE2,B2,8.5\n",  # r5r
        ",from_id,to_id,travel_time\n0,E1,A1,12.0\n1,E2,B2,8.5\n2,E2,A1,\n3,E1,B2,nan\n",  # r5py, saved with its index
        "origin,destination,percentile,time\nE1,A1,50,12\nE2,B2,50,8.5\nE2,A1,50,2147483647\n",  # Conveyal
        "Origin;Destination;Time\nE1;A1;12\nE2;B2;8.5\nE1;B2;-1\n",  # TRACC
        "LSOA21CD,site code,travel time seconds\nE1,A1,720\nE2,B2,510\nE2,A1,-1\n",
        "from,to,minutes,reachable,snap_from_m,snap_to_m\nE1,A1,12,true,1,1\nE2,B2,8.5,true,1,1\nE1,B2,,false,1,1\n",
    ],
)
def test_what_other_programs_write_is_read_as_it_is(tmp_path: Path, text: str) -> None:
    place = load_place(with_times(tmp_path, text))
    reached = place.public_transport[place.public_transport["reachable"]]
    assert list(reached.itertuples(index=False, name=None)) == [("E1", "A1", 12.0, True), ("E2", "B2", 8.5, True)]
    assert np.isinf(place.public_transport["minutes"][~place.public_transport["reachable"]]).all()


def test_the_percentile_is_taken_from_the_file_then_from_the_case(tmp_path: Path) -> None:
    for number, (text, extra, expected) in enumerate((
        ("from_id,to_id,travel_time_p85\nE1,A1,12\n", 'columns = { minutes = "travel_time_p85" }\n', 85),
        ("from_id,to_id,travel_time_p50\nE1,A1,12\n", "percentile = 25\n", 25),
        ("from,to,minutes\nE1,A1,12\n", "", None),
        ("origin,destination,percentile,time\nE1,A1,95,12\n", "", 95),
    )):  # fmt: skip
        folder = tmp_path / str(number)
        folder.mkdir()
        place = load_place(with_times(folder, text, extra))
        assert place.public_transport_facts.percentile == expected
    both = load_place(with_times(tmp_path, "from,to,percentile,time\nE1,A1,95,12\n", "percentile = 50\n"))
    assert found(both, "percentile-differs").severity == "warning"
    assert "95 of 100 departures are at least as quick" in public_transport_times(both).method.sentence


def test_several_percentiles_are_refused_and_one_can_be_chosen(tmp_path: Path) -> None:
    """The quickest of the percentiles of a journey would flatter every journey."""
    text = "origin,destination,percentile,time\nE1,A1,5,10\nE1,A1,50,20\nE1,A1,95,30\n"
    (finding,) = problems(with_times(tmp_path, text))
    assert (finding.code, finding.file, finding.column) == ("several-percentiles", "pt.csv", "percentile")
    assert (finding.row, finding.value) == (1, "5")
    assert "of 3 percentiles (5, 50, 95)" in finding.message
    assert "where = { percentile = 50 }" in finding.fix
    place = load_place(with_times(tmp_path, text, "where = { percentile = 50 }\n"))
    assert rows(place) == [("E1", "A1", 20.0, True)]


def test_destinations_may_be_practices_and_postcodes(tmp_path: Path) -> None:
    sites = "site_code,practice_code,name,kind,postcode,x,y\nS1,A1,Mill,main,DT1 1AA,371000,91000\n"
    sites += "S2,A1,Hall,branch,DT2 2BB,372000,92000\nS3,B2,Quay,main,dt11aa,376000,87000\n"
    text = "from,to,minutes\ne1,a1,10\nE1,DT2 2BB,11\nE2,DT11AA,12\n"
    place = load_place(with_times(tmp_path, text, sites=sites))
    assert rows(place) == [
        ("E1", "S1", 10.0, True),
        ("E1", "S2", 11.0, True),
        ("E2", "S1", 12.0, True),
        ("E2", "S3", 12.0, True),
    ]
    read_as = [finding.message for finding in place.findings if finding.code == "journeys-to-practices"]
    assert read_as == [
        "1 destination read as codes of practices (their main site is meant): A1.",
        "2 destinations read as postcodes of sites: DT11AA, DT2 2BB.",
    ]


def test_a_site_of_a_practice_s_code_is_that_site(tmp_path: Path) -> None:
    sites = SITES.replace("A1,A1,Mill,main", "M9,A1,Mill,main").replace("A1X,A1,Hall", "A1,A1,Hall")
    place = load_place(with_times(tmp_path, "from,to,minutes\nE1,A1,10\n", sites=sites))
    assert rows(place) == [("E1", "A1", 10.0, True)]
    assert "journeys-to-practices" not in told(place)


def test_strangers_are_counted_and_the_quickest_of_several_counts(tmp_path: Path) -> None:
    text = TIMES + "W1,A1,5\nW2,X9,5\nE1,Z1,7\nE1,A1,11\nE2,HOSP,-1\n"
    place = load_place(with_times(tmp_path, text))
    assert rows(place)[0] == ("E1", "A1", 11.0, True)
    assert rows(place)[-1] == ("E2", "HOSP", 41.0, True)
    begin, end = (finding for finding in place.findings if finding.code == "journeys-not-in-case")
    assert (begin.severity, begin.row, begin.value) == ("note", 7, "W1")
    assert begin.message.startswith("2 journeys from 2 areas not of this case, left out: W1, W2.")
    assert (end.row, end.column, end.value) == (9, "to", "Z1")
    assert end.message.startswith("1 journey to 1 place not among the sites, left out: Z1.")
    again = found(place, "journeys-repeated")
    assert (again.severity, again.value) == ("warning", "E1 / A1")
    assert again.message.startswith("2 journeys in the table for a second time or more")


@pytest.mark.parametrize(
    ("text", "code", "row", "column", "value", "words"),
    [
        ("from,to,minutes\nE1,A1,5\nE1,A1X,-2\n", "negative", 3, "minutes", "-2", "Only -1"),
        ("from,to,minutes\nE1,A1,1:05\n", "not-a-number", 2, "minutes", "1:05", "in digits"),
        ("from,to,minutes\n,A1,5\n", "empty-value", 2, "from", "", "delete the row"),
        ("from,to,minutes\nE1,,5\n", "empty-value", 2, "to", "", "delete the row"),
        ("from,minutes\nE1,5\n", "missing-column", 1, "to", None, "columns = { to ="),
        ("from,to,how long\nE1,A1,5\n", "missing-column", 1, "minutes", None, "or seconds"),
        ("from,to,minutes\nA1,E1,5\nA1,E2,6\n", "journeys-exchanged", 2, "from", "A1", 'from = "to"'),
        ("from,to,minutes\nW1,A1,5\n", "no-match", 2, "from", "W1", "same year"),
        ("from,to,minutes\nE1,X1,5\n", "no-match", 2, "to", "X1", "postcodes of sites"),
        ("area,A1,A1X,B2\nE1,5,6,7\n", "matrix-form", 1, "A1", None, "one row a journey"),
        ("from,to,time\nE1,A1,720\nE1,A1X,1900\nE2,B2,600\nE2,A1,2147483647\n", "probably-seconds", 1, "time", "720",
         'seconds = "time"'),
    ],
)  # fmt: skip
def test_mistakes_are_named(
    tmp_path: Path, text: str, code: str, row: int, column: str, value: str | None, words: str
) -> None:
    (finding,) = problems(with_times(tmp_path, text))
    assert (finding.code, finding.file, finding.row, finding.column) == (code, "pt.csv", row, column)
    if value is not None:
        assert finding.value == value
    assert words in finding.fix


@pytest.mark.parametrize(
    ("rows", "words", "column"),
    [
        ("W1,A1,5\nW2,A1,5\n", "a known area of the case as its start", "from"),
        ("E1,X1,5\nE2,X1,5\n", "a known site of the case as its end", "to"),
    ],
)
def test_where_nothing_fits_the_message_says_which_end(tmp_path: Path, rows: str, words: str, column: str) -> None:
    (finding,) = problems(with_times(tmp_path, "from,to,minutes\n" + rows))
    assert words in finding.message
    assert finding.column == column


def test_a_site_that_is_in_error_is_no_destination_and_breaks_nothing(tmp_path: Path) -> None:
    sites = "site_code,practice_code,name,kind,postcode,x,y\nS1,A1,Mill,main,DT1 1AA,371000,91000\n"
    sites += ",A1,Hall,branch,DT2 2BB,372000,92000\nS3,B2,Quay,main,,376000,87000\n"
    found = problems(with_times(tmp_path, "from,to,minutes\nE1,S1,10\nE1,DT2 2BB,11\n", sites=sites))
    assert [(finding.file, finding.row, finding.column) for finding in found] == [("sites.csv", 3, "site_code")]


def test_seconds_can_be_stated(tmp_path: Path) -> None:
    text = "from,to,time\nE1,A1,720\nE1,A1X,1900\nE2,B2,600\nE2,A1,86400\nE2,A1X,-1\n"
    place = load_place(with_times(tmp_path, text, 'columns = { seconds = "time" }\n'))
    assert [minutes for _, _, minutes, _ in rows(place)] == [12.0, pytest.approx(1900 / 60), np.inf, np.inf, 10.0]


def test_a_table_without_its_hour_is_a_warning(tmp_path: Path) -> None:
    place = load_place(with_times(tmp_path, TIMES, window=""))
    hour = found(place, "no-departure-window")
    assert (hour.severity, hour.file, hour.column, hour.value) == (
        "warning", "case.toml", "tables.public_transport.departure", "pt.csv",
    )  # fmt: skip
    assert hour.message == "No departure window is stated: every page would print minutes whose hour nobody knows."
    assert "departure = " in hour.fix
    assert "the hour of departure is not stated" in public_transport_times(place).method.sentence


def test_two_files_of_different_hours_are_a_warning(tmp_path: Path) -> None:
    extra = '[[tables.public_transport]]\nfile = "a.csv"\ndeparture = "Tue 07:30-09:30"\n'
    extra += '[[tables.public_transport]]\nfile = "b.csv"\ndeparture = "Tue 19:00-21:00"\n'
    folder = case(tmp_path, extra)
    (folder / "a.csv").write_text("from,to,minutes\nE1,A1,9\nE1,A1X,9\n", encoding="utf-8")
    (folder / "b.csv").write_text("from,to,minutes\nE2,B2,9\nE2,HOSP,9\n", encoding="utf-8")
    place = load_place(folder)
    assert found(place, "departures-differ").value == "Tue 19:00-21:00"
    assert place.public_transport_facts.departure == "Tue 07:30-09:30; Tue 19:00-21:00"
    assert len(rows(place)) == 4


def test_the_case_states_what_the_minutes_mean(tmp_path: Path) -> None:
    folder = with_times(tmp_path, TIMES, 'percentile = 50\nmade_with = "r5py 1.0"\n')
    (spec,) = read_case_settings(folder).tables.public_transport
    assert isinstance(spec, PublicTransportSpec)
    assert (spec.percentile, spec.made_with) == (50, "r5py 1.0")
    for wrong, code in (("percentile = 0\n", "wrong-value"), ("percentil = 50\n", "unknown-key")):
        (finding,) = problems(with_times(tmp_path, TIMES, wrong))
        assert (finding.code, finding.file) == (code, "case.toml")
        assert "percentile" in finding.fix + str(finding.column)
    assert "departure" not in TableSpec.model_fields
    toml = folder / "case.toml"
    toml.write_text('name = "V"\n[tables.areas]\nfile = "areas.csv"\ndeparture = "x"\n', encoding="utf-8")
    assert "unknown-key" in {finding.code for finding in problems(folder)}


def test_a_long_file_in_blocks_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{('E1', 'E2', 'W1')[i % 3]},{('A1', 'A1X', 'B2', 'HOSP', 'X')[i % 5]},{i % 97}\n" for i in range(4_000)]
    lines[7] = "\n"
    text = "from,to,minutes\n" + "".join(lines)
    folder = with_times(tmp_path, text)
    whole = load_place(folder)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 500)
    parts = load_place(folder)
    pd.testing.assert_frame_equal(whole.public_transport, parts.public_transport)
    assert whole.findings == parts.findings
    assert whole.sources == parts.sources
    table = pd.read_csv(folder / "pt.csv")
    table.to_parquet(folder / "pt.parquet")
    toml = folder / "case.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("pt.csv", "pt.parquet"), encoding="utf-8")
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 64)
    from_parquet = load_place(folder)
    pd.testing.assert_frame_equal(whole.public_transport, from_parquet.public_transport)
    (folder / "pt.csv").write_text(text + "E1,A1,soon\n", encoding="utf-8")
    toml.write_text(toml.read_text(encoding="utf-8").replace("pt.parquet", "pt.csv"), encoding="utf-8")
    (finding,) = problems(folder)
    assert (finding.code, finding.row, finding.value) == ("not-a-number", 4_002, "soon")


def test_broken_parts_of_a_long_file_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 300)
    lines = ["E1,A1,5\n"] * 200
    for at, line, code in ((150, 'E1,"A1,5\n', "bad-quotes"), (151, "E1,A1,5,6\n", "too-many-cells")):
        broken = [*lines[:at], line, *lines[at:]]
        (finding,) = problems(with_times(tmp_path, "from,to,minutes\n" + "".join(broken)))
        assert (finding.code, finding.row) == (code, at + 2)
    nothing = with_times(tmp_path, "from,to,minutes\n" + "".join(lines), 'where = { minutes = "6" }\n')
    assert [finding.code for finding in problems(nothing)] == ["nothing-left"]


cells = st.one_of(
    st.sampled_from(["E1", "E2", "A1", "A1X", "B2", "W1", "", "12", "-1", "-5", "nan", "inf", "1e9", "50", "1:20"]),
    st.text(max_size=6),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.lists(st.sampled_from(["from", "to", "minutes", "seconds", "percentile", "A1", "x"]), max_size=5),
    lines=st.lists(st.lists(cells, max_size=5), max_size=6),
)
def test_mangled_tables_are_read_or_refused(tmp_path: Path, header: list[str], lines: list[list[str]]) -> None:
    text = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in [header, *lines])
    folder = with_times(tmp_path, text)
    try:
        place = load_place(folder)
    except InputProblems as problem:
        assert all(finding.message for finding in problem.findings)
    else:
        table = place.public_transport
        assert not table.duplicated(["area_code", "site_code"]).any()
        assert (table["reachable"] == np.isfinite(table["minutes"])).all()
        assert (table["minutes"] >= 0).all()
        assert public_transport_times(place).area_to_site.shape == (2, 4)


def test_the_check_tells_how_much_is_covered(tmp_path: Path) -> None:
    folder = write_small_case(tmp_path / "small")
    plain = counts(check_case(folder))
    assert not [line for line in plain if "transport" in line.label or "Points" in line.label]
    lines = ["from,to,minutes\n", *(f"E{x}{y},X00001-1,{10 + x + y}\n" for x in range(6) for y in range(4))]
    (folder / "pt.csv").write_text("".join(lines), encoding="utf-8")
    (folder / "points.csv").write_text("area_code,x,y,weight\nE00,400000,100000,4\nE00,400200,100000,5\n")
    toml = folder / "case.toml"
    more = 'area_points = "points.csv"\n[tables.public_transport]\nfile = "pt.csv"\n' + WINDOW
    toml.write_text(toml.read_text(encoding="utf-8") + more, encoding="utf-8")
    checked = check_case(folder)
    told_of = {line.label: (line.number, line.remark) for line in counts(checked)}
    assert told_of["Points inside areas"] == (2, "in 1 of 42 areas")
    number, remark = told_of["Journeys by public transport"]
    assert number == 24
    assert remark.startswith("from 24 of 42 areas to at least one site, the homes of ")
    assert remark.endswith("; 1 of 9 sites; leaving Tue 2026-10-06 07:30-09:30")
    assert {"public_transport", "area_points"} <= {source.table for source in checked.sources}


@pytest.mark.real
def test_a_county_s_journeys_are_read(shared_data: Path, tmp_path: Path) -> None:
    """Every area of Dorset to every site, among journeys of an area beside it (made-up minutes)."""
    folder = tmp_path / "dorset"
    write_dorset_2016_case(shared_data, folder)
    bare = load_place(folder)
    areas, sites = list(bare.areas.index), list(bare.sites.index)
    generator = np.random.default_rng(4)
    table = pd.DataFrame(
        {
            "from_id": np.repeat([*areas, *(f"W0{i:07d}" for i in range(100))], len(sites)),
            "to_id": np.tile(sites, len(areas) + 100),
        }
    )
    table["travel_time"] = generator.integers(5, 121, len(table)).astype(float)
    table.loc[table["travel_time"] > 115, "travel_time"] = np.nan
    table.to_csv(folder / "pt.csv", index=False)
    toml = folder / "case.toml"
    more = '\n[tables.public_transport]\nfile = "pt.csv"\n' + WINDOW
    toml.write_text(toml.read_text(encoding="utf-8") + more, encoding="utf-8")
    place = load_place(folder)
    assert len(place.public_transport) == len(areas) * len(sites)
    times = public_transport_times(place)
    expected = table[: len(areas) * len(sites)]["travel_time"].fillna(np.inf).to_numpy()
    assert (times.area_to_site.ravel() == expected).all()
    assert "from 100 areas" in found(place, "journeys-not-in-case").message
    shutil.rmtree(folder)
