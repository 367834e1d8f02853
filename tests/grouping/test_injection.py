"""Hostile texts in every column of text, through every output: nothing runs, nothing blanks, nothing is a formula."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
from PIL import Image

from geodata.errors import Finding
from geodata.place import SourceFile
from grouping.compare.chosen import read_comparison
from grouping.compare.folder import write_comparison
from grouping.compare.page import work_out
from grouping.escape import visible
from grouping.pack import PackChoice, write_run_pack
from grouping.pipeline import run_case
from grouping.programme.assemble import programme_of
from grouping.programme.folder import write_programme
from grouping.programme.job import open_ground
from grouping.public import public_run
from grouping.report import render_report
from grouping.result import Run
from grouping.runs import write_run
from grouping.tables_of_run import write_run_workbook
from tests.browsing import open_page
from tests.grouping.hostile import MARK, NASTY, encodes, fuzzed, write_hostile_case, write_hostile_programme
from tests.grouping.made_run import made_run
from tests.grouping.public.secret_case import packed_inside, said_by

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
ALLOWED = {"href": ("#", "data:,"), "src": ("data:image/",), "xlink:href": ("#",), "action": ()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a hostile case, its packs, its programmes and its comparison, each in a folder of its own."""
    folder = tmp_path_factory.mktemp("hostile")
    case = write_hostile_case(folder / "case", (*NASTY, *fuzzed(60)))
    told = write_hostile_programme(case, (*NASTY, *fuzzed(60, seed=11)))
    run = run_case(case, options=2)
    write_run(run, folder / "run", case_dir=case)
    ground = open_ground(folder / "run")
    inside, outside = programme_of(ground), programme_of(ground, public=True)
    write_programme(inside, folder / "programme")
    write_programme(outside, folder / "public_programme")
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")
    write_run_pack(run, folder / "pack", PackChoice(localities=True, programme=inside))
    write_run_pack(run, folder / "public", PackChoice(public=True, pdf=False, programme=outside))
    write_comparison(work_out(read_comparison([str(folder / "run")])), folder / "compared")
    return folder


def outputs(folder: Path, suffix: str) -> list[Path]:
    return sorted(path for path in folder.rglob(f"*{suffix}") if folder / "case" not in path.parents)


def nasty_run(shift: int = 0) -> Run:
    """A run by hand with texts that no file can hold too, in every text of the run."""
    texts = (*NASTY, *fuzzed(30, seed=shift))
    texts = texts[shift:] + texts[:shift]
    in_tables = [text for text in texts if encodes(text)]  # columns of tables cannot hold lone surrogates
    run = made_run(names=tuple(in_tables[:30]))
    turn, every = iter(in_tables * 20), iter(texts * 20)
    practices = run.place.practices.assign(
        clinical_system=[next(turn) for _ in range(12)], current_group=[next(turn) for _ in range(12)]
    )
    sites = run.place.sites.assign(postcode=[next(turn) for _ in range(len(run.place.sites))])
    areas = run.place.areas.assign(ward=[next(turn) for _ in range(len(run.place.areas))])
    spots = gpd.GeoDataFrame({"name": in_tables[:30]}, geometry=areas.geometry.centroid.to_numpy(), crs=areas.crs)
    sources = tuple(SourceFile(next(turn), next(turn), "0" * 64, 3, next(turn), next(turn), next(turn)) for _ in texts)
    place = replace(
        run.place, practices=practices, sites=sites, areas=areas, settlements=spots, pharmacies=spots, sources=sources
    )
    options = tuple(
        replace(
            option,
            groups=option.groups.assign(name=[next(turn) for _ in range(len(option.groups))], exception=in_tables[3]),
            notes=option.notes.assign(note=[next(turn) for _ in range(len(option.notes))]),
            verification=option.verification.assign(claim=in_tables[5], detail=in_tables[8]),
        )
        for option in run.options
    )
    findings = tuple(
        Finding("warning", next(every), text, next(every), row=1, column=next(every), value=next(every), code=f"c{i}")
        for i, text in enumerate(texts)
    )
    return replace(run, place=place, options=options, findings=findings, run_id=texts[0])


# --- Pages -------------------------------------------------------------------------------------------------------


class _Elements(HTMLParser):
    """All elements of a page with their attributes, and what stands in each script."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[tuple[dict[str, str], str]] = []
        self.text: list[str] = []
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        self.elements.append((tag, held))
        self._open = tag
        if tag == "script":
            self.scripts.append((held, ""))

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            held, before = self.scripts[-1]
            self.scripts[-1] = (held, before + data)
        elif self._open != "style":
            self.text.append(data)


def _read(page: str) -> _Elements:
    reader = _Elements()
    reader.feed(page)
    reader.close()
    return reader


def is_harmless(page: str) -> None:
    """Raise where a page holds an element, an attribute or a script that is not the program's own."""
    found = _read(page)
    policy = next(held["content"] for _, held in found.elements if held.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "'unsafe-eval'" not in policy
    assert not re.search(r"script-src[^;]*'unsafe-inline'", policy)
    for tag, held in found.elements:
        assert tag not in {"iframe", "object", "embed", "base", "animate", "foreignobject"}, tag
        for name, value in held.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "srcdoc"
            if name in ALLOWED:
                assert value == "" or value.startswith(ALLOWED[name]), (tag, name, value[:80])
            if name == "style":
                assert not re.search(r"url\(|expression|@import|javascript", value, re.IGNORECASE), value[:80]
    for held, script in found.scripts:
        if held.get("type", "") in {"application/json", "application/gzip"}:
            if held["type"] == "application/json":
                json.loads(script)
            assert "<" not in script
        else:
            digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
            assert f"'sha256-{digest}'" in policy
            assert MARK not in script
    hidden = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u206f\ufeff]", page)
    assert hidden is None, hidden and repr(page[hidden.start() - 40 : hidden.end() + 40])


def test_pages_hold_only_the_elements_and_scripts_of_the_program(folder: Path) -> None:
    pages = outputs(folder, ".html")
    assert len(pages) >= 10  # the run, its impact, two programmes, two packs with their localities, the comparison
    for path in pages:
        is_harmless(path.read_text(encoding="utf-8"))


def test_texts_of_the_planner_are_text_on_every_page_of_a_programme(folder: Path) -> None:
    told = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    pages = [folder / "programme" / "programme.html", folder / "public_programme" / "programme.html"]
    for path in (*pages, folder / "pack" / "report.html", folder / "public" / "report.html"):
        text = " ".join(" ".join(_read(path.read_text(encoding="utf-8")).text).split())
        missing = [one for one in told if " ".join(visible(one.strip()).split()) not in text]
        assert missing == [], path


def test_charts_of_a_programme_are_drawn_and_hold_no_other_markup(folder: Path) -> None:
    page = (folder / "programme" / "programme.html").read_text(encoding="utf-8")
    charts = re.findall(r"<svg\b.*?</svg>", page, re.DOTALL)
    assert len(charts) >= 8  # timeline, steps, keys, growth, resources, bars of the scorecard, margins, sites
    for chart in charts:
        tags = {one.tag for one in ET.fromstring(chart).iter()}
        assert tags <= {"svg", "g", "defs", "pattern", "path", "rect", "circle", "text", "tspan", "line"}, tags
        assert MARK not in "".join(re.findall(r"<[^>]*>", re.sub(r'aria-label="[^"]*"', "", chart)))


def test_records_of_a_programme_can_be_read_and_hide_nothing(folder: Path) -> None:
    for name in ("programme", "public_programme"):
        path = folder / name / "programme.json"
        text = path.read_text(encoding="utf-8")
        assert json.loads(text)["public"] is (name == "public_programme")
        assert all(visible(line) == line for line in text.splitlines())


@pytest.mark.parametrize("shift", [0, 30])
def test_texts_that_no_file_can_hold_are_text_on_a_page(shift: int) -> None:
    run = nasty_run(shift)
    for one in (run, public_run(run)):
        page = render_report(one)
        is_harmless(page)
        text = " ".join(" ".join(_read(page).text).split())
        for name in run.place.practices["name"]:
            assert " ".join(visible(name).split()) in text


def test_downloads_inside_a_page_are_no_formulas(folder: Path) -> None:
    looked = 0
    for path in outputs(folder, ".html"):
        for inside in packed_inside(path.read_text(encoding="utf-8")):
            if not inside.startswith('{"'):
                continue
            for name, text in json.loads(inside).items():
                if name.endswith(".csv"):
                    looked += 1
                    _no_formula(text, name)
    assert looked > 20


# --- Tables ------------------------------------------------------------------------------------------------------


def _no_formula(text: str, name: str) -> None:
    for row in csv.reader(io.StringIO(text, newline="")):
        for cell in row:
            if cell.startswith(FORMULA):
                float(cell)  # a number below zero is what it looks like
            assert "\x00" not in cell, name


def test_no_cell_of_a_csv_is_a_formula(folder: Path) -> None:
    files = outputs(folder, ".csv")
    assert len(files) > 20
    for path in files:
        _no_formula(path.read_text(encoding="utf-8"), path.name)


def test_no_cell_of_a_workbook_is_a_formula(folder: Path, tmp_path: Path) -> None:
    write_run_workbook(nasty_run(), tmp_path / "nasty.xlsx")
    files = [*outputs(folder, ".xlsx"), tmp_path / "nasty.xlsx"]
    assert len(files) >= 3
    for path in files:
        with zipfile.ZipFile(path) as book:
            for name in book.namelist():
                assert b"<f>" not in book.read(name), f"{path.name}: {name}"
                if name.endswith((".xml", ".rels")):
                    ET.fromstring(book.read(name))
                assert "external" not in name.lower()
        for sheet in openpyxl.load_workbook(path).worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.data_type != "f"
                    assert not (isinstance(cell.value, str) and cell.value.startswith(FORMULA))
                    assert cell.hyperlink is None or cell.hyperlink.target is None


# --- Maps and pictures -------------------------------------------------------------------------------------------


def test_layers_can_be_read_and_hold_the_texts(folder: Path) -> None:
    names = {visible(text.strip()) for text in (*NASTY, *fuzzed(60))}
    for path in [*outputs(folder, ".geojson"), *outputs(folder, ".gpkg")]:
        if path.suffix == ".geojson":
            assert json.loads(path.read_text(encoding="utf-8"))["type"] == "FeatureCollection"
        for layer, kind in pyogrio.list_layers(path):
            if kind is None:
                continue
            frame = gpd.read_file(path, layer=layer)
            assert len(frame)
            for column in frame.columns:
                texts = [value for value in frame[column] if isinstance(value, str)]
                assert all(visible(text) == text for text in texts)
    sites = next(path for path in outputs(folder / "pack", ".geojson") if "sites" in path.stem)
    held = {row["properties"]["name"] for row in json.loads(sites.read_text(encoding="utf-8"))["features"]}
    assert {" ".join(name.split()) for name in held} <= {" ".join(name.split()) for name in names}


def test_pictures_can_be_opened(folder: Path) -> None:
    pictures = outputs(folder, ".png")
    assert pictures
    for path in pictures:
        with Image.open(path) as picture:
            picture.verify()


@pytest.mark.browser
def test_a_printed_summary_holds_nothing_that_runs(chromium: Path, folder: Path) -> None:
    files = outputs(folder, ".pdf")
    assert files, f"{chromium} printed none"
    for path in files:
        said = said_by(path)
        assert said.startswith("%PDF")
        for name in ("/JavaScript", "/JS", "/Launch", "/OpenAction", "/EmbeddedFile", "/SubmitForm"):
            assert not re.search(rf"{name}\b", said), name


# --- In a browser ------------------------------------------------------------------------------------------------

WHAT_RAN = f"""
return {{
  ran: typeof window.{MARK} !== "undefined",
  strange: document.querySelectorAll("iframe, object, embed, base, img[src='x'], animate").length,
  text: document.body.textContent,
  height: document.querySelector("main").getBoundingClientRect().height,
}};
"""

TOUCH_ALL = """
const seen = [];
Object.keys(window).filter(name => name.startsWith("feature_group_")).forEach(name => window[name].eachLayer(layer => {
  if (layer.getPopup && layer.getPopup()) { layer.openPopup(); layer.closePopup(); }
  if (layer.getTooltip && layer.getTooltip()) { layer.openTooltip(); layer.closeTooltip(); }
  seen.push(1);
}));
document.querySelectorAll("details").forEach(one => { one.open = true; });
document.querySelectorAll("input[type=radio]").forEach(one => one.click());
return seen.length;
"""


@pytest.mark.browser
def test_nothing_runs_and_nothing_blanks_in_a_browser(browser, folder: Path) -> None:
    pages = [path for path in outputs(folder, ".html") if path.parent.name != "localities"]
    pages += [outputs(folder / "pack" / "localities", ".html")[0]]
    for path in pages:
        browser.get("about:blank")
        browser.get_log("browser")
        browser.get(path.as_uri())
        browser.execute_script(TOUCH_ALL)
        found = browser.execute_script(WHAT_RAN)
        assert not found["ran"], path
        assert found["strange"] == 0, path
        assert found["height"] > 600, path  # the map alone is a page of paper across
        assert browser.get_log("browser") == [], path


@pytest.mark.browser
@pytest.mark.parametrize("shift", [0, 30])
def test_texts_that_no_file_can_hold_do_nothing_in_a_browser(browser, tmp_path: Path, shift: int) -> None:
    run = nasty_run(shift)
    open_page(browser, render_report(run), tmp_path)
    assert browser.execute_script(TOUCH_ALL) > 20
    found = browser.execute_script(WHAT_RAN)
    assert not found["ran"]
    assert found["strange"] == 0
    text = " ".join(found["text"].split())
    for name in run.place.practices["name"]:
        assert " ".join(visible(name).split()) in text
    assert browser.get_log("browser") == []
