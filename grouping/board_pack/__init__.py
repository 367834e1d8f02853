"""The board pack: what leaves the desk beside the page, as picture, two-page summary, PDF and layers of a map."""

from grouping.board_pack.browser import find_browser
from grouping.board_pack.files import BoardFiles, board_files
from grouping.board_pack.geojson import write_geojson
from grouping.board_pack.geopackage import write_geopackage
from grouping.board_pack.pdf import print_pdf
from grouping.board_pack.picture import write_picture
from grouping.board_pack.summary import write_map_page, write_summary

__all__ = [
    "BoardFiles",
    "board_files",
    "find_browser",
    "print_pdf",
    "write_geojson",
    "write_geopackage",
    "write_map_page",
    "write_picture",
    "write_summary",
]
