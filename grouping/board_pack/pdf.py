"""Prints a page of this program to PDF through an installed browser, without a window and without the network.

A browser writes the time into a PDF, so that no two are the same bytes: no promise about hashes is made for them.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from html import unescape
from pathlib import Path

from geodata.errors import Finding, InputProblems

SECONDS = 120
"""How long a browser may take before it is stopped."""

NO_BROWSER = (
    "No PDF was made: no Chromium, Chrome or Edge was found on this computer. Open {pages} in any browser and print "
    "(Ctrl-P, A4, background graphics on), or name a browser in the environment variable BLUEPRINT_BROWSER."
)

MOST_LETTERS = 500
"""Letters of a title that are compared: browsers cut very long ones."""

QUIET = (
    "--headless=new",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-breakpad",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
"""No window, no asking of anybody: every name of the network is unknown."""

PRINTING = (
    "--no-pdf-header-footer",
    "--print-to-pdf-no-header",  # what the one above was called before Chrome 113
    "--export-tagged-pdf",
    "--generate-pdf-document-outline",
)


def print_pdf(browser: Path, page: Path, pdf: Path, *, seconds: float = SECONDS) -> None:
    """Print an HTML file to PDF: A4 as the page asks, selectable text, tagged, with an outline of its headings.

    Parameters
    ----------
    browser
        The program (`find_browser`).
    page
        The HTML file, written by this program: its title is how the result is known to be this page.
    pdf
        The file to write; an earlier one is replaced, and left alone if printing fails.
    seconds
        How long the browser may take.

    Raises
    ------
    InputProblems
        The browser could not be started, took too long, or printed nothing or something else.
    """
    with tempfile.TemporaryDirectory(prefix="blueprint-print-", ignore_cleanup_errors=True) as folder:
        printed = Path(folder) / "page.pdf"
        said = _run(browser, page, printed, Path(folder) / "profile", seconds)
        content = printed.read_bytes() if printed.is_file() else b""
        if not content.startswith(b"%PDF"):
            raise _problem(browser, page, f"the browser printed nothing{said}")
        if not _is_of(content, page):
            raise _problem(browser, page, "the browser could not open the page and printed something else")
    pdf.write_bytes(content)


def _run(browser: Path, page: Path, printed: Path, profile: Path, seconds: float) -> str:
    """Start the browser and wait; gives the last line it said, as an addition to a sentence."""
    order = [str(browser), *QUIET, f"--user-data-dir={profile}", *PRINTING, f"--print-to-pdf={printed}"]
    if sys.platform.startswith("linux") and os.geteuid() == 0:
        order.append("--no-sandbox")  # root has no sandbox to be had; nobody else needs to go without
    try:
        process = subprocess.Popen(
            [*order, page.resolve().as_uri()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=os.name == "posix",
        )
    except OSError as problem:
        raise _problem(browser, page, f"the browser could not be started ({problem.strerror or problem})") from problem
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as problem:
        _stop(process)
        raise _problem(browser, page, f"the browser did not finish within {seconds:g} seconds") from problem
    except BaseException:  # Ctrl-C: a browser in a session of its own does not hear it
        _stop(process)
        raise
    lines = [line for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    return f" (code {process.returncode}; it said: {lines[-1].strip()[:200]})" if process.returncode and lines else ""


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the browser with the helpers it started."""
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate()


def _is_of(content: bytes, page: Path) -> bool:
    """Whether a PDF carries the title of the page: a browser that may not read the file prints a page about that."""
    found = re.search(r"<title>(.*?)</title>", page.read_text(encoding="utf-8"), re.DOTALL)
    title = " ".join(unescape(found.group(1)).split()) if found else ""
    if not title:
        return True
    information = re.search(rb"/Title\s*(\((?:\\.|[^\\)])*\)|<[0-9A-Fa-f\s]*>)", content, re.DOTALL)
    if information is None:
        return False
    carried, wanted = _letters(_pdf_text(information.group(1))), _letters(title)
    return carried[:MOST_LETTERS] == wanted[:MOST_LETTERS]


def _pdf_text(written: bytes) -> str:
    """A text of a PDF file: in brackets, or as hexadecimal numbers; UTF-16 where it begins so."""
    if written.startswith(b"<"):
        raw = bytes.fromhex(re.sub(rb"\s", b"", written[1:-1]).decode("ascii"))
    else:
        raw = re.sub(rb"\\([0-7]{3}|.)", _unescaped, written[1:-1], flags=re.DOTALL)
    return raw[2:].decode("utf-16-be", "replace") if raw.startswith(b"\xfe\xff") else raw.decode("latin-1")


def _unescaped(found: re.Match[bytes]) -> bytes:
    sign = found.group(1)
    if len(sign) == 3:
        return bytes([int(sign, 8)])
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}.get(sign, sign)


def _letters(text: str) -> str:
    """Letters and digits alone: browsers differ in dashes and spaces of titles."""
    return "".join(letter for letter in text if letter.isalnum() and letter.isascii())


def _problem(browser: Path, page: Path, what: str) -> InputProblems:
    return InputProblems(
        [
            Finding(
                "error",
                page.name,
                f"no PDF was made with {browser.name}: {what}.",
                f"Open {page.name} in a browser and print it (Ctrl-P, A4), or name another browser in the environment "
                "variable BLUEPRINT_BROWSER.",
                code="pdf-not-made",
            )
        ]
    )
