"""Fit speeds to observed times: a robust, bounded least-squares fit on plain arrays, and how good a fit is.

A journey takes `fixed + sum over types of seconds / factor`. In the slowness z = 1 / factor this is linear, and the
penalty on each residual is convex, so that there is one best answer, whatever the order of the journeys.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

LOWEST, HIGHEST = 0.4, 1.6
"""A factor beyond these would mean that the roads or the journeys are not what they are taken for."""

PRIOR_SD = 0.5
"""The pull towards 1: as if it were known beforehand that a slowness lies within 1 +/- 0.5."""

BASE_ERROR_S, RELATIVE_ERROR = 30.0, 0.10
"""An observed time is taken to be good to half a minute and a tenth of itself; only the ratio of the two matters."""

SMALLEST_SCALE = 0.02
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """Factors on speed of T types.

    Parameters
    ----------
    factor
        Shape (T,).
    standard_error, low, high
        Of each factor; the ends of its 95% interval; shape (T,).
    """

    factor: Array
    standard_error: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class Quality:
    """How well computed times agree with observed ones.

    Parameters
    ----------
    journeys
        How many.
    bias_percent
        Sum of computed over sum of observed minutes, less 1, in percent: above 0 the computed times are too long.
    median_error, p90_error
        Half, and 90%, of the journeys are off by at most so many minutes.
    rmse
        Root of the mean squared error, minutes.
    r2
        1 less the squared errors over the squared differences from the mean; NaN where all observed times are equal.
    """

    journeys: int
    bias_percent: float
    median_error: float
    p90_error: float
    rmse: float
    r2: float


def fit_factors(
    seconds: Array, fixed: Array, observed: Array, weight: Array, alike: NDArray[np.int64] | None = None
) -> Fit:
    """Find the factors on speed that fit observed times best.

    Parameters
    ----------
    seconds
        Seconds of each journey on each type of road, by speeds as they are; shape (J, T).
    fixed
        Seconds that no speed changes (junctions, ways to the road, ferries), shape (J,).
    observed
        Observed seconds, shape (J,).
    weight
        How much each journey counts, shape (J,).
    alike
        Number of a group of journeys whose errors are alike, shape (J,); each journey is its own by default. It widens
        the intervals and does not change the factors.

    Notes
    -----
    Residuals are divided by `BASE_ERROR_S + RELATIVE_ERROR * observed`, then by a scale s, 1.4826 times their median
    size (found in a few rounds), and pass the loss 2 (sqrt(1 + r^2) - 1) ("soft l1"), which makes an outlier count by
    its size and not by its square. Standard errors are those of an M-estimator ("sandwich"), and hold for the routes
    as they are.
    """
    unit = BASE_ERROR_S + RELATIVE_ERROR * observed
    design, target = seconds / unit[:, None], (observed - fixed) / unit
    types = seconds.shape[1]
    slowness, scale = np.ones(types), 1.0
    for _ in range(8):
        slowness = _solved(design / scale, target / scale, weight, slowness)
        rough = max(1.4826 * _quantile(np.abs(design @ slowness - target), weight, 0.5), SMALLEST_SCALE)
        if abs(rough - scale) <= 1e-3 * scale:
            break
        scale = rough
    error = _standard_error(design / scale, (design @ slowness - target) / scale, weight, _groups(alike, len(weight)))
    factor = 1.0 / slowness
    fast, slow = slowness - 1.96 * error, slowness + 1.96 * error
    return Fit(
        np.clip(factor, LOWEST, HIGHEST),
        factor**2 * error,
        np.clip(1.0 / slow, LOWEST, HIGHEST),
        np.where(fast > 1.0 / HIGHEST, 1.0 / np.maximum(fast, 1.0 / HIGHEST), HIGHEST),
    )


def _solved(design: Array, target: Array, weight: Array, start: Array) -> Array:
    types = design.shape[1]
    pull = np.eye(types) / PRIOR_SD
    jacobian = np.vstack((design, pull))
    goal = np.concatenate((target, pull.sum(axis=1)))

    def loss(squared: Array) -> Array:
        """Value and two derivatives: soft l1 for journeys, plain squares for the pull."""
        root = np.sqrt(1.0 + squared[:-types])
        robust = weight * np.stack((2.0 * (root - 1.0), 1.0 / root, -0.5 / root**3))
        plain = np.stack((squared[-types:], np.ones(types), np.zeros(types)))
        return np.concatenate((robust, plain), axis=1)

    edge = 1e-9
    found = least_squares(
        lambda z: jacobian @ z - goal,
        np.clip(start, 1.0 / HIGHEST + edge, 1.0 / LOWEST - edge),
        jac=lambda _: jacobian,
        bounds=(1.0 / HIGHEST, 1.0 / LOWEST),
        loss=loss,
        xtol=1e-12,
        ftol=1e-12,
        gtol=1e-12,
        max_nfev=500,
    )
    return found.x


def _groups(alike: NDArray[np.int64] | None, journeys: int) -> NDArray[np.int64]:
    """Numbers of groups without gaps, shape (J,)."""
    return np.arange(journeys) if alike is None else np.unique(alike, return_inverse=True)[1].ravel()


def _standard_error(design: Array, residual: Array, weight: Array, alike: NDArray[np.int64]) -> Array:
    pulled = weight / np.sqrt(1.0 + residual**2)
    bread = np.linalg.inv(design.T @ (design * pulled[:, None]) + np.eye(design.shape[1]) / PRIOR_SD**2)
    scores = np.zeros((int(alike.max()) + 1, design.shape[1]))
    np.add.at(scores, alike, design * (pulled * residual)[:, None])
    meat = scores.T @ scores
    return np.sqrt(np.maximum(np.diag(bread @ meat @ bread), 0.0))


def penalties(computed: Array, observed: Array) -> Array:
    """Penalty of each journey for its computed against its observed seconds, shape (J,): what fits are compared by."""
    unit = BASE_ERROR_S + RELATIVE_ERROR * observed
    return 2.0 * (np.sqrt(1.0 + ((computed - observed) / unit) ** 2) - 1.0)


def surely_less(new: Array, old: Array, weight: Array, alike: NDArray[np.int64] | None = None) -> bool:
    """Whether penalties are lower on average by more than chance explains (95%, one-sided), group by group."""
    gain = old - new
    mean = float(np.average(gain, weights=weight))
    by_group = np.bincount(_groups(alike, len(gain)), weight * (gain - mean))
    error = float(np.sqrt((by_group**2).sum()) / weight.sum())
    return mean > 1.645 * error and mean > 1e-6


def quality(computed: Array, observed: Array, weight: Array) -> Quality:
    """How well computed seconds agree with observed ones, each journey counted by its weight; shape (J,) each."""
    error = (computed - observed) / 60.0
    mean = float(np.average(observed, weights=weight)) / 60.0
    spread = float(np.average((observed / 60.0 - mean) ** 2, weights=weight))
    squared = float(np.average(error**2, weights=weight))
    size = np.abs(error)
    return Quality(
        journeys=len(observed),
        bias_percent=100.0 * float((weight * (computed - observed)).sum() / (weight * observed).sum()),
        median_error=_quantile(size, weight, 0.5),
        p90_error=_quantile(size, weight, 0.9),
        rmse=squared**0.5,
        r2=1.0 - squared / spread if spread > 1e-12 else float("nan"),
    )


def _quantile(values: Array, weight: Array, share: float) -> float:
    """The smallest value that at least this share of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    at = int(np.searchsorted(reached, share * reached[-1] * (1.0 - 1e-12)))
    return float(values[order[min(at, len(values) - 1)]])
