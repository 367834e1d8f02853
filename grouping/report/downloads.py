"""The tables of the run as CSV files inside the page: what is offered, and what is too large to be.

The texts are compressed and stand once in the page; the script unpacks them when somebody asks for a file. They are
the bytes of the files of the same table in the folder of the run: UTF-8 without a byte order mark, as all CSV files of
this program are, so that a plan can be read back by `blueprint score`.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from grouping.escape import packed_data
from grouping.named_table import NamedTable, csv_bytes
from grouping.report.told import Told
from grouping.result import Run
from grouping.tables_of_run import plan_files, tables_of_run

MOST_BYTES = 250_000
"""How much of the page the tables may take; the largest are left out until the others fit."""


@dataclass(frozen=True)
class Download:
    """One table that is offered.

    Parameters
    ----------
    file
        Name of the file.
    title, holds
        What it is called, and what it holds.
    rows
        How many rows it has.
    stands
        Where the same file stands in the folder the page is in; empty where it is not there as a file.
    inside
        Whether it is inside the page.
    """

    file: str
    title: str
    holds: str
    rows: int
    stands: str
    inside: bool


@dataclass(frozen=True)
class DownloadsView:
    """What the section shows: every table, and the texts of those inside as `packed_data`."""

    tables: tuple[Download, ...]
    packed: Markup
    outside: int


def downloads_view(run: Run, most: int = MOST_BYTES, beside: str = "", told: Told | None = None) -> DownloadsView:
    """Gather the tables of a run as files to be downloaded.

    Parameters
    ----------
    run
        The run, in public mode without what must not be told.
    most
        Bytes of the page that the packed tables may take.
    beside
        Folder beside the page that holds the tables, as in a pack; empty for a page in the folder of its run.
    told
        What the page tells of the run, where it has been worked out.
    """
    tables = [*tables_of_run(run, told), *plan_files(run)]
    texts = {table.file: csv_bytes(table.table).decode("utf-8") for table in tables}
    inside = _that_fit(texts, most)
    return DownloadsView(
        tables=tuple(_download(table, table.file in inside, run.public, beside) for table in tables),
        packed=packed_data({file: text for file, text in texts.items() if file in inside}),
        outside=len(tables) - len(inside),
    )


def _that_fit(texts: dict[str, str], most: int) -> set[str]:
    """Which files go into the page: the smallest first, as long as there is room."""
    sizes = {file: len(packed_data(text)) for file, text in texts.items()}
    inside: set[str] = set()
    taken = 0
    for file in sorted(sizes, key=lambda file: (sizes[file], file)):
        taken += sizes[file]
        if taken > most:
            break
        inside.add(file)
    return inside


def _download(table: NamedTable, inside: bool, public: bool, beside: str) -> Download:
    stands = table.stands
    if not stands.startswith("impact/"):  # those about travel stand in the same place in a run and in a pack
        stands = f"{beside}/{table.file}" if beside else "" if public else stands
    return Download(table.file, table.title, table.holds, len(table.table), stands, inside)
