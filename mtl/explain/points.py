"""What a contribution on the margin scale is worth on the scale a person reads, in points that add up.

The link's derivative is integrated along the straight path from the reference patient's margin to the
patient's (Aumann and Shapley's rule). With one margin that is ``phi * (g(m) - g(base)) / (m - base)``: the
same factor for every feature, never negative, so no contribution changes its sign. The divided differences
are written without cancellation, so equal margins need no special treatment beyond the limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

Floats = NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
PANEL = 2.0  # spread of the logits within one panel: poles are at pi or further, so 12 nodes err below 1e-16
MOST_PANELS = 20_000  # logits 40,000 apart; beyond, a softmax is a step that no model means


class Link(Protocol):
    """From the margin to the scale a person reads."""

    def response(self, margin: Floats) -> Floats:
        """The number shown, for each margin."""
        ...

    def points(self, values: Floats, base: float | Floats) -> Floats:
        """Contributions on the scale of `response`, of the shape of `values`."""
        ...


@dataclass(frozen=True)
class Identity:
    """The margin is the number shown: regression."""

    def response(self, margin: Floats) -> Floats:
        """The margin itself."""
        return np.asarray(margin, dtype=np.float64)

    def points(self, values: Floats, base: float | Floats) -> Floats:
        """The contributions themselves."""
        return np.asarray(values, dtype=np.float64)


@dataclass(frozen=True)
class Logistic:
    """Probability of the event from its log-odds: binary tasks.

    Examples
    --------
    >>> link = Logistic()
    >>> points = link.points(np.array([1.0, -0.5]), base=0.0)
    >>> bool(np.isclose(points.sum(), link.response(0.5) - link.response(0.0)))
    True
    """

    def response(self, margin: Floats) -> Floats:
        """1 / (1 + exp(-margin))."""
        probability: Floats = expit(margin)
        return probability

    def points(self, values: Floats, base: float | Floats) -> Floats:
        """Probability points of contributions (..., p) from a reference log-odds."""
        return _along_one_margin(values, base, self._slope)

    def _slope(self, low: Floats, high: Floats) -> Floats:
        # expit(high) - expit(low) = expit(high) expit(-low) (1 - exp(low - high)), which cancels nothing
        slope: Floats = expit(high) * expit(-low) * _one_minus_exp(high - low)
        return slope


@dataclass(frozen=True)
class SurvivalRisk:
    """Probability of the event by a horizon from the log hazard ratio.

    ``risk = 1 - exp(-sum_q hazard[q] * exp(margin + offset[q]))`` over periods q.

    Parameters
    ----------
    hazard : (Q,)
        Increase of the baseline cumulative hazard in each period, up to the horizon.
    offset : (Q,), optional
        Log hazard ratio of what was given, by period; 0 by default. It moves the reference patient as well:
        reference and patient are shown under the same treatment.
    """

    hazard: tuple[float, ...]
    offset: tuple[float, ...] = ()

    @classmethod
    def of(cls, hazard: Sequence[float] | Floats, offset: Sequence[float] | Floats = ()) -> SurvivalRisk:
        """From any sequences, checked: ValueError for a negative hazard or a wrong number of offsets."""
        increments = tuple(float(h) for h in hazard)
        offsets = tuple(float(o) for o in offset)
        if not increments or not all(np.isfinite(h) and h >= 0 for h in increments):
            raise ValueError(f"baseline hazard increments {increments}: each must be a number of 0 or more")
        if (offsets and len(offsets) != len(increments)) or not np.all(np.isfinite(offsets)):
            raise ValueError(
                f"period offsets {offsets} for {len(increments)} periods: give one finite number each"
            )
        return cls(increments, offsets)

    @property
    def log_hazard(self) -> float:
        """Log of the cumulative hazard of margin 0 under the offsets; -inf where the hazard is 0."""
        offset = np.asarray(self.offset or np.zeros(len(self.hazard)))
        with np.errstate(divide="ignore"):
            return float(np.log(np.sum(np.asarray(self.hazard) * np.exp(offset))))

    def response(self, margin: Floats) -> Floats:
        """Risk by the horizon."""
        with np.errstate(over="ignore"):
            risk: Floats = -np.expm1(-np.exp(np.asarray(margin, dtype=np.float64) + self.log_hazard))
        return risk

    def points(self, values: Floats, base: float | Floats) -> Floats:
        """Probability points of contributions (..., p) from a reference log hazard."""
        return _along_one_margin(values, base, self._slope)

    def _slope(self, low: Floats, high: Floats) -> Floats:
        # exp(-a) - exp(-b) = exp(-a) (1 - exp(-(b - a))) for the hazards a = e^low and b = e^high,
        # and b - a = e^high (1 - exp(low - high)); each bracket over its argument tends to 1
        if self.log_hazard == -np.inf:
            return np.zeros_like(low)
        with np.errstate(over="ignore", under="ignore"):
            a = np.exp(low + self.log_hazard)
            b = np.exp(np.minimum(high + self.log_hazard, 600.0))
            growth = b * _one_minus_exp(high - low)  # (b - a) / (high - low)
            slope: Floats = np.exp(-a) * growth * _one_minus_exp(growth * (high - low))
        return slope


@dataclass(frozen=True)
class Softmax:
    """Class probabilities from logits: multiclass tasks."""

    def response(self, margin: Floats) -> Floats:
        """Probabilities (..., classes)."""
        probability: Floats = softmax(margin, axis=-1)
        return probability

    def points(self, values: Floats, base: float | Floats) -> Floats:
        """Probability points per class.

        Parameters
        ----------
        values : (p, classes) or (n, p, classes)
        base : (classes,)

        Returns
        -------
        Same shape. For a class the features' points sum to ``response(margin) - response(base)``; for a
        feature the classes' points sum to 0. Gauss-Legendre quadrature in panels, error below 1e-12.
        """
        values = np.asarray(values, dtype=np.float64)
        start = np.asarray(base, dtype=np.float64)
        if values.ndim == 3:
            return np.stack([self.points(v, start) for v in values]) if len(values) else values.copy()
        if values.ndim != 2 or start.shape != values.shape[1:]:
            raise ValueError(f"softmax points: values {values.shape} and base {start.shape} do not fit")
        step = values.sum(axis=0)
        panels = int(np.clip(np.ceil(np.ptp(step) / PANEL), 1, MOST_PANELS))
        t = ((np.arange(panels)[:, None] + (_NODES + 1) / 2) / panels).ravel()
        weight = np.tile(_WEIGHTS / (2 * panels), panels)
        probability = softmax(start + t[:, None] * step, axis=1)
        # d g_c / d z_k = g_c (1[c = k] - g_k), integrated: one (classes, classes) matrix for all features
        weighted = probability * weight[:, None]
        jacobian = np.diag(weighted.sum(axis=0)) - np.einsum("tc,tk->ck", weighted, probability)
        points: Floats = np.einsum("pk,ck->pc", values, jacobian)
        return points


class _Slope(Protocol):
    def __call__(self, low: Floats, high: Floats) -> Floats: ...


def _along_one_margin(values: Floats, base: float | Floats, slope: _Slope) -> Floats:
    values = np.asarray(values, dtype=np.float64)
    start = np.broadcast_to(np.asarray(base, dtype=np.float64), values.shape[:-1])
    end = start + values.sum(axis=-1)
    points: Floats = values * slope(np.minimum(start, end), np.maximum(start, end))[..., None]
    return points


def _one_minus_exp(x: Floats) -> Floats:
    """(1 - exp(-x)) / x for x >= 0, 1 in the limit."""
    x = np.asarray(x, dtype=np.float64)
    safe = np.where(x > 0, x, 1.0)
    ratio: Floats = np.where(x > 0, -np.expm1(-safe) / safe, 1.0)
    return ratio
