"""Write a folder whole or not at all: beside its place first, put there when everything in it is complete."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from geodata.errors import InputProblems


@contextmanager
def whole_folder(
    target: Path, *, refuse: Callable[[Path], None], cannot_write: Callable[[Path, OSError], InputProblems]
) -> Iterator[Path]:
    """Give a temporary folder beside `target`; rename it to `target` at the end, remove it if anything fails.

    Parameters
    ----------
    target
        The folder to make, or to replace.
    refuse
        Raises `InputProblems` when `target` must not be replaced.
    cannot_write
        Says in plain words that `target` cannot be written.

    Raises
    ------
    InputProblems
        As the two say.
    """
    refuse(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as problem:
        raise cannot_write(target, problem) from problem
    try:
        yield folder
        _set_plain_permissions(folder)
        _swap(folder, target)
    except OSError as problem:
        raise cannot_write(target, problem) from problem
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _set_plain_permissions(folder: Path) -> None:
    """Temporary folders are private to their maker; results are meant to be read by colleagues."""
    if os.name == "posix":
        folder.chmod(0o755)


def _swap(folder: Path, target: Path) -> None:
    """Put the finished folder in place; an earlier one goes only once the new one stands."""
    if not target.exists():
        folder.rename(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
    earlier = aside / "earlier"
    try:
        target.rename(earlier)
        try:
            folder.rename(target)
        except OSError:
            earlier.rename(target)
            raise
    finally:
        if target.exists():  # else what is aside is the only copy
            shutil.rmtree(aside, ignore_errors=True)
