"""The files of a board pack of one option, in one call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from geodata.errors import InputProblems
from grouping.board_pack.browser import find_browser
from grouping.board_pack.geojson import write_geojson
from grouping.board_pack.geopackage import write_geopackage
from grouping.board_pack.pdf import NO_BROWSER, print_pdf
from grouping.board_pack.picture import write_picture
from grouping.board_pack.summary import write_map_page, write_summary
from grouping.plain_words import listed
from grouping.result import Run

PICTURE, MAP, SUMMARY, LAYERS = "map.png", "map.html", "summary.html", "map.gpkg"


@dataclass(frozen=True)
class BoardFiles:
    """What was written.

    Parameters
    ----------
    paths
        The files, in the order they were written.
    said
        What whoever asked should be told, a sentence each: why there is no PDF.
    """

    paths: tuple[Path, ...]
    said: tuple[str, ...] = ()


def board_files(run: Run, folder: Path, *, option_id: str, pdf: bool = True) -> BoardFiles:
    """Write the map (PNG, HTML, PDF), the two-page summary (HTML, PDF), the GeoPackage and the GeoJSON files.

    Everything but the PDFs is the same bytes for the same run. Without a browser, or with one that fails, there is no
    PDF, and `said` says what to do; that is no error.

    Parameters
    ----------
    run
        The run; in public mode what must not leave the house is no longer in it.
    folder
        An existing folder.
    option_id
        The option of map and summary; the layers hold all of them.
    pdf
        Whether PDFs are wanted.

    Raises
    ------
    KeyError
        The run has no such option.
    """
    paths = [folder / name for name in (PICTURE, MAP, SUMMARY, LAYERS)]
    write_picture(run, option_id, paths[0])
    write_map_page(run, option_id, paths[1])
    write_summary(run, option_id, paths[2])
    write_geopackage(run, paths[3])
    paths += write_geojson(run, folder)
    said: tuple[str, ...] = ()
    if pdf:
        printed, said = _printed((folder / MAP, folder / SUMMARY))
        paths += printed
    return BoardFiles(tuple(paths), said)


def _printed(pages: tuple[Path, ...]) -> tuple[list[Path], tuple[str, ...]]:
    """The PDF of each page beside it; after the first that fails no other is tried."""
    browser = find_browser()
    if browser is None:
        return [], (NO_BROWSER.format(pages=listed([page.name for page in pages])),)
    made: list[Path] = []
    for page in pages:
        try:
            print_pdf(browser, page, page.with_suffix(".pdf"))
        except InputProblems as problem:
            return made, tuple(_sentence(f"{finding.message} {finding.fix}") for finding in problem.findings)
        made.append(page.with_suffix(".pdf"))
    return made, ()


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
