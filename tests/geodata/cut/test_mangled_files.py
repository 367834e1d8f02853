"""National files that somebody has been at: a case, or problems that are told; never a traceback or half a folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.cut import cut_case, parse_when
from geodata.errors import InputProblems
from geodata.load import load_place
from geodata.published.catalogue import read_catalogue
from tests.geodata.cut.national import write_national_files

Mangle = Callable[[list[str]], list[str]]

TEXT_FILES = [
    "epraccur_2016-02.csv",
    "epraccur_2022-05.csv",
    "ebranchs_2017-08.csv",
    "patient_list_size_2016Q1.csv",
    "gp-reg-pat-prac-lsoa-all_2022-04.csv",
    "lsoa11_2020.csv",
    "codepoint_open_2025-05.csv",
    "dispensing_practices_2015-01.csv",
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_national_files(tmp_path_factory.mktemp("national") / "files")


@st.composite
def mangles(draw: st.DrawFn) -> tuple[str, Mangle]:
    """A file, and what is done to its lines."""
    name = draw(st.sampled_from(TEXT_FILES))
    line, cell = draw(st.integers(0, 20)), draw(st.integers(0, 26))
    text = draw(
        st.sampled_from(["", "x", "-1", "1e9", "NaN", "=1+1", "99999999", "E01000001", "X81001", "\x00", '"', "*"])
    )
    how = draw(st.sampled_from(["cell", "column", "drop", "double", "swap", "cut"]))

    def mangle(lines: list[str]) -> list[str]:
        at = line % len(lines)
        if how in {"cell", "column"}:
            for i in range(len(lines)) if how == "column" else [at]:
                cells = lines[i].split(",")
                cells[cell % len(cells)] = text
                lines[i] = ",".join(cells)
        elif how == "drop":
            del lines[at]
        elif how == "double":
            lines.insert(at, lines[at])
        elif how == "swap":
            lines[at], lines[0] = lines[0], lines[at]
        else:
            lines = lines[:at]
        return lines

    return name, mangle


@settings(max_examples=40, deadline=None)
@given(
    faults=st.lists(mangles(), min_size=1, max_size=3), asked=st.sampled_from(["01X@2016", "W9X9Z@2022", "X81001@2022"])
)
def test_mangled_files_give_a_case_or_problems(files: Path, faults: list[tuple[str, Mangle]], asked: str) -> None:
    code, _, year = asked.partition("@")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(shutil.copytree(files, Path(scratch) / "files"))
        for name, mangle in faults:
            path = folder / name
            lines = path.read_text(encoding="utf-8").splitlines() or [""]
            path.write_text("\n".join(mangle(lines)) + "\n", encoding="utf-8")
        try:
            catalogue = read_catalogue(folder)
            report = cut_case(catalogue, Path(scratch) / "case", commissioner=[code], when=parse_when(year))
        except InputProblems as problem:
            assert problem.findings
            assert all(finding.message and finding.code for finding in problem.findings)
            assert {path.name for path in Path(scratch).iterdir()} == {"files"}
            return
        assert load_place(report.folder).findings == report.findings
        assert report.practices > 0
