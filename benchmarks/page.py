"""Measure the page of a run and its pack: `python -m benchmarks.page RUN [--runs N]`.

Seconds to open the run again, to make its page (inside and public) and each part of a pack; the size of each; and how
soon the page can be read in the installed Chromium. The peer is the page that Folium makes by itself of the same areas
and sites, a layer an option: what a planner would have without this program. It loads its scripts from the web, so it
is made and weighed here, not opened. Needs the test extras.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from functools import partial
from pathlib import Path

import folium
import geopandas as gpd
from selenium import webdriver

from benchmarks.impact import median
from benchmarks.peak import peak_mb
from grouping.board_pack import board_files
from grouping.maps import group_of_area
from grouping.public import public_run
from grouping.reopen import reopen
from grouping.report import render_report
from grouping.result import Run
from grouping.tables_of_run import write_run_workbook

PAINTED = (
    "const paint = performance.getEntriesByName('first-contentful-paint')[0];"
    "return [paint ? paint.startTime : null, performance.getEntriesByType('navigation')[0].domInteractive]"
)


def plain_folium(run: Run) -> str:
    """The page Folium makes of the same areas and sites, each option a layer of areas by group."""
    areas = gpd.GeoDataFrame(run.place.areas[["name", "geometry"]]).to_crs(4326)
    drawn = folium.Map(location=[areas.total_bounds[1::2].mean(), areas.total_bounds[::2].mean()], zoom_start=9)
    for option in run.options:
        groups = group_of_area(run.place, option.option.plan)
        layer = areas.assign(group=groups.to_numpy(), minutes=_minutes(run, option))
        folium.GeoJson(
            layer.to_json(), name=option.option.option_id, tooltip=folium.GeoJsonTooltip(["name", "group", "minutes"])
        ).add_to(drawn)
    for point, name in zip(run.place.sites.geometry.to_crs(4326), run.place.sites["name"], strict=True):
        folium.CircleMarker([point.y, point.x], radius=3, tooltip=name).add_to(drawn)
    folium.LayerControl().add_to(drawn)
    return drawn.get_root().render()


def _minutes(run: Run, option: object) -> list[float]:
    return option.areas.set_index("area_code")["minutes_hub"].reindex(run.place.areas.index).round(1).tolist()


def first_paint(page: str, runs: int) -> tuple[float, float] | None:
    """Median milliseconds to the first readable text and to a page that answers, each time in a browser just started.

    Returns
    -------
    None where Chromium and its driver are not installed.
    """
    browser, driver_at = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver_at is None:
        return None
    told = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(page, encoding="utf-8", newline="\n")
        for _ in range(runs):
            options = webdriver.ChromeOptions()
            options.binary_location = browser
            for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"):
                options.add_argument(word)
            driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_at))
            driver.get(path.as_uri())
            told.append(driver.execute_script(PAINTED))
            driver.quit()
    return statistics.median(paint for paint, _ in told), statistics.median(ready for _, ready in told)


def main() -> None:
    """Print the measures."""
    parser = argparse.ArgumentParser(description="Measure the page of a run and its pack.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    opening, run = median(partial(reopen, given.run), given.runs)
    making, page = median(partial(render_report, run), given.runs)
    hiding, public = median(partial(public_run, run), 1)
    public_making, public_page = median(partial(render_report, public), given.runs)
    peer, plain = median(partial(plain_folium, run), given.runs)
    first = run.options[0].option.option_id
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        book, _ = median(partial(write_run_workbook, run, target / "book.xlsx"), given.runs)
        board, _ = median(partial(board_files, run, target, option_id=first, pdf=False), given.runs)
    print(f"{run.place.name}: {len(run.options)} options, {len(run.place.areas)} areas, {len(run.place.sites)} sites")
    print(f"  open the run again     {opening:6.2f} s")
    print(f"  page                   {making:6.2f} s, {_mb(page):.2f} MB")
    print(f"  public page            {public_making:6.2f} s, {_mb(public_page):.2f} MB (hiding {hiding:.2f} s)")
    print(f"  Folium's own page      {peer:6.2f} s, {_mb(plain):.2f} MB without the scripts it loads from the web")
    print(f"  page against Folium's  {making / peer:6.1f} times the time, {_mb(page) / _mb(plain):.1f} times the size")
    print(f"  workbook               {book:6.2f} s")
    print(f"  board pack without PDF {board:6.2f} s")
    painted = first_paint(page, max(given.runs, 5))
    if painted is not None:
        print(f"  first text             {painted[0]:6.0f} ms, ready {painted[1]:.0f} ms")
    print(f"  peak memory            {peak_mb():6.0f} MB")


def _mb(page: str) -> float:
    return len(page.encode("utf-8")) / 1e6


if __name__ == "__main__":
    main()
