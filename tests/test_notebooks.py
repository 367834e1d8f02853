"""The notebooks run from top to bottom, and are kept without outputs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_is_a_notebook() -> None:
    assert FOLDER / "first_look.ipynb" in NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    shutil.copy(path, folder)
    # the kernel is a process of its own: it must find the packages also where they are not installed
    packages = [str(FOLDER.parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, packages)))
    notebook = nbformat.read(folder / path.name, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    nbformat.write(notebook, tmp_path / "executed.ipynb")
    shown = "".join(str(output) for cell in notebook.cells for output in cell.get("outputs", ()))
    if path.stem == "travel_times":
        assert "From Abbotsbury to Weymouth it takes" in shown
        assert "by ferry, with the wait for it counted" in shown
        assert (tmp_path / "outputs" / "travel-times" / "roads.html").stat().st_size > 100_000
    if path.stem == "first_look":
        assert "made-up data in the shape of Dorset" in shown
        assert "short of the rural minimum" in shown
        assert "DISAGREES" not in shown
        assert (tmp_path / "outputs" / "first-look" / "run" / "report.html").stat().st_size > 100_000
