"""Write the commented templates of a new case."""

from __future__ import annotations

from pathlib import Path

from geodata.errors import Finding, InputProblems

TEMPLATES = Path(__file__).parent / "templates"


def write_templates(folder: Path) -> list[Path]:
    """Write `case.toml`, example tables and a short guide into a folder, which is made if need be.

    Nothing is overwritten: if one of the files is there already, nothing is written at all.

    Returns
    -------
    list of Path
        The files written, sorted by name.

    Raises
    ------
    InputProblems
        If one of the files exists, or the folder cannot be written to.
    """
    folder = Path(folder)
    templates = sorted(path for path in TEMPLATES.iterdir() if path.suffix in {".toml", ".csv", ".txt"})
    present = [path.name for path in templates if (folder / path.name).exists()]
    if present:
        fix = "Name a new or empty folder."
        message = "The folder holds this file already; nothing was written."
        raise InputProblems(Finding("error", name, message, fix, code="file-exists") for name in present)
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in templates:
            target = folder / path.name
            target.write_bytes(path.read_bytes())
            written.append(target)
    except OSError as error:
        for target in written:
            target.unlink(missing_ok=True)
        message = f"The folder cannot be written to ({error.strerror})."
        fix = "Name a folder in which you may write."
        raise InputProblems([Finding("error", str(folder), message, fix, code="cannot-write")]) from error
    return written
