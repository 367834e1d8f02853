"""Compiled loops: arrays in, arrays out, no rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile, and keep the compiled code for the next run where a folder for it can be written.

    Compiled functions let other threads run while they work.

    Parameters
    ----------
    function
        A function of arrays and numbers that numba can compile.
    """
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the program's folder nor the user's can be written: compile for this run alone
        return njit(nogil=True)(function)
