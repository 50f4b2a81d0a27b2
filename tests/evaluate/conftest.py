"""Censored follow-up to evaluate: with and without ties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

HORIZONS = (1.0, 3.0, 5.0)


@dataclass(frozen=True)
class Followed:
    """Follow-up of n patients whose true log hazard is known, and risks that are a little too extreme."""

    time: np.ndarray
    event: np.ndarray
    log_hazard: np.ndarray
    risk: np.ndarray

    def surv(self, nudge: float = 0.0) -> np.ndarray:
        """Return scikit-survival's structured array, censorings moved later by `nudge` years."""
        from sksurv.util import Surv

        return Surv.from_arrays(self.event.astype(bool), self.time + nudge * (self.event == 0))


def simulate(n: int, seed: int, decimals: int | None = None, score_decimals: int | None = None) -> Followed:
    rng = np.random.default_rng(seed)
    log_hazard = rng.normal(size=n)
    if score_decimals is not None:
        log_hazard = np.round(log_hazard, score_decimals)
    happens, censored = rng.exponential(6.0 / np.exp(log_hazard)), rng.uniform(0.5, 12.0, n)
    time, event = np.minimum(happens, censored), (happens <= censored).astype(float)
    if decimals is not None:
        time = np.maximum(np.round(time, decimals), 10.0**-decimals)
    risk = 1 - np.exp(-np.exp(1.3 * log_hazard)[:, None] * np.array(HORIZONS) / 6.0)
    return Followed(time, event, 1.3 * log_hazard, risk)


@pytest.fixture(params=["no ties", "tied times", "tied times and scores"])
def followed(request: pytest.FixtureRequest) -> Followed:
    if request.param == "no ties":
        return simulate(400, seed=1)
    return simulate(400, seed=2, decimals=1, score_decimals=1 if "scores" in request.param else None)
