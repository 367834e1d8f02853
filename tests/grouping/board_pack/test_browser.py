"""Finding a browser, and what happens when it does not do its work."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from geodata.errors import InputProblems
from grouping.board_pack import find_browser, print_pdf
from grouping.board_pack.pdf import _is_of, _pdf_text

PAGE = "<!doctype html><html lang='en-GB'><title>A page &amp; more – draft</title><h1>Hello</h1></html>"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "summary.html"
    path.write_text(PAGE, encoding="utf-8")
    return path


def _program(path: Path, script: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_variable_comes_first_and_alone(tmp_path: Path) -> None:
    named, other = _program(tmp_path / "mine" / "my-browser"), _program(tmp_path / "bin" / "chromium")
    path = {"PATH": str(other.parent)}
    assert find_browser({"BLUEPRINT_BROWSER": str(named), **path}, "linux") == named
    assert find_browser({"BLUEPRINT_BROWSER": "none", **path}, "linux") is None
    assert find_browser({"BLUEPRINT_BROWSER": "chromium", **path}, "linux") == other
    assert find_browser(path, "linux") == other


def test_chromium_goes_before_edge_on_the_path(tmp_path: Path) -> None:
    edge = _program(tmp_path / "microsoft-edge")
    assert find_browser({"PATH": str(tmp_path)}, "linux") == edge
    chrome = _program(tmp_path / "google-chrome")
    assert find_browser({"PATH": str(tmp_path)}, "linux") == chrome
    assert find_browser({"PATH": str(tmp_path / "empty")}, "linux") is None


def test_windows_looks_below_the_folders_of_programs(tmp_path: Path) -> None:
    edge = _program(tmp_path / "x86" / "Microsoft" / "Edge" / "Application" / "msedge.exe")
    chrome = _program(tmp_path / "local" / "Google" / "Chrome" / "Application" / "chrome.exe")
    variables = {"PATH": "", "PROGRAMFILES": str(tmp_path / "none"), "LOCALAPPDATA": str(tmp_path / "local")}
    assert find_browser(variables, "win32") == chrome
    assert find_browser({**variables, "PROGRAMFILES(X86)": str(tmp_path / "x86")}, "win32") == edge


def test_macos_looks_into_the_applications(tmp_path: Path) -> None:
    program = _program(tmp_path / "Microsoft Edge.app" / "Contents" / "MacOS" / "Microsoft Edge")
    assert find_browser({"PATH": ""}, "darwin", tmp_path) == program
    assert find_browser({"PATH": ""}, "darwin", tmp_path / "none") is None


posix = pytest.mark.skipif(os.name != "posix", reason="the stand-in for a browser is a shell script")


@posix
@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 0", "printed nothing"),
        ("echo the sandbox is broken >&2; exit 3", "code 3; it said: the sandbox is broken"),
        ("sleep 30", "did not finish within 0.5 seconds"),
        (
            'for a in "$@"; do case $a in --print-to-pdf=*) echo "%PDF-1.4 /Title (none)" > "${a#*=}";; esac; done',
            "printed something else",
        ),
    ],
    ids=["nothing", "fails", "hangs", "other-page"],
)
def test_a_browser_that_fails_is_told_of(page: Path, tmp_path: Path, script: str, said: str) -> None:
    browser = _program(tmp_path / "bad", script)
    pdf = tmp_path / "summary.pdf"
    pdf.write_bytes(b"an earlier one")
    with pytest.raises(InputProblems) as problem:
        print_pdf(browser, page, pdf, seconds=0.5)
    finding = problem.value.findings[0]
    assert said in finding.message
    assert "Ctrl-P" in finding.fix
    assert pdf.read_bytes() == b"an earlier one"


def test_a_program_that_cannot_be_started_is_told_of(page: Path, tmp_path: Path) -> None:
    with pytest.raises(InputProblems, match="could not be started"):
        print_pdf(tmp_path / "nowhere", page, tmp_path / "summary.pdf")


@posix
def test_it_is_asked_for_a_tagged_pdf_without_network_and_profile_of_its_own(page: Path, tmp_path: Path) -> None:
    told = tmp_path / "told.txt"
    browser = _program(tmp_path / "noting", f'printf "%s\\n" "$@" > {told}')
    with pytest.raises(InputProblems):
        print_pdf(browser, page, tmp_path / "summary.pdf")
    asked = told.read_text(encoding="utf-8").splitlines()
    assert asked[-1] == page.resolve().as_uri()
    for flag in ("--headless=new", "--no-pdf-header-footer", "--export-tagged-pdf", "--disable-background-networking"):
        assert flag in asked
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in asked
    profile = next(flag for flag in asked if flag.startswith("--user-data-dir=")).split("=")[1]
    assert not Path(profile).exists()
    root = sys.platform.startswith("linux") and os.geteuid() == 0
    assert ("--no-sandbox" in asked) == root


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"(A page \\(draft\\))", "A page (draft)"),
        (b"(\\101 page)", "A page"),
        (b"<FEFF004100202013>", "A \u2013"),
    ],
)
def test_texts_of_a_pdf_are_read(written: bytes, text: str) -> None:
    assert _pdf_text(written) == text


def test_a_pdf_is_known_by_the_title_of_its_page(page: Path) -> None:
    assert _is_of(b"%PDF /Title <FEFF" + "A page & more – draft".encode("utf-16-be").hex().encode() + b">", page)
    assert not _is_of(b"%PDF /Title (summary.html)", page)
    assert not _is_of(b"%PDF", page)
