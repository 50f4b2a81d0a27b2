"""The Cox partial likelihood as a custom objective of LightGBM, written apart from the product's own.

Breslow's form for ties, log hazards include what is given as init_score. Labels are signed times, as XGBoost has them:
t for an event at t, -t for censoring at t. The Hessian is the exact diagonal.
"""

from __future__ import annotations

import numpy as np


def signed_times(time: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Times of events, and censoring times below 0."""
    return np.where(np.asarray(event) == 1, time, -np.asarray(time))


def _order(label: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows by time, their events, and for each the first and last row with its time."""
    time = np.abs(label)
    order = np.argsort(time, kind="stable")
    ordered = time[order]
    first = np.searchsorted(ordered, ordered, side="left")
    last = np.searchsorted(ordered, ordered, side="right") - 1
    return order, label[order] > 0, first, last


def gradient(log_hazard: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and diagonal second derivative, each (n,), of the negative log partial likelihood."""
    order, event, first, last = _order(label)
    shifted = log_hazard[order] - log_hazard.max()
    hazard = np.exp(shifted)
    at_risk = np.cumsum(hazard[::-1])[::-1][first]
    rate = np.cumsum(event / at_risk)[last]
    squares = np.cumsum(event / at_risk**2)[last]
    g, h = np.empty(len(label)), np.empty(len(label))
    g[order] = hazard * rate - event
    h[order] = hazard * rate - hazard**2 * squares
    return g, np.maximum(h, 1e-12)


def deviance(log_hazard: np.ndarray, label: np.ndarray) -> float:
    """Negative log partial likelihood per event; 0 without events."""
    order, event, first, _ = _order(label)
    if not event.any():
        return 0.0
    top = log_hazard.max()
    ordered = log_hazard[order]
    at_risk = np.cumsum(np.exp(ordered - top)[::-1])[::-1][first]
    return float((np.log(at_risk[event]) + top - ordered[event]).mean())
