"""Harrell's and Uno's C against scikit-survival, lifelines and counting every pair."""

from __future__ import annotations

import time as clock

import numpy as np
import pytest
from lifelines.utils import concordance_index
from sksurv.metrics import concordance_index_censored, concordance_index_ipcw

from mtl.evaluate import NotEstimable, censoring_kaplan_meier
from mtl.evaluate.concordance import harrell_c, pairs, uno_c

# scikit-survival weighs by G(t); ours is G(t-), the chance of still being followed at t. They differ only
# where an event and a censoring share a time, so the peer is given the censorings a moment later.
NUDGE = 1e-7


def test_harrell_equals_scikit_survival(followed) -> None:
    c, concordant, discordant, same, _ = concordance_index_censored(
        followed.event.astype(bool), followed.time, followed.log_hazard
    )
    found = pairs(followed.time, followed.event, followed.log_hazard)
    assert harrell_c(followed.time, followed.event, followed.log_hazard) == pytest.approx(c, abs=1e-12)
    assert (found.lower.sum(), found.same.sum()) == (concordant, same)
    assert found.outlasting.sum() == concordant + discordant + same


def test_harrell_equals_lifelines_without_ties_of_times() -> None:
    rng = np.random.default_rng(0)
    time, event, score = rng.exponential(size=300), rng.integers(0, 2, 300), np.round(rng.normal(size=300), 1)
    assert harrell_c(time, event, score) == pytest.approx(concordance_index(time, -score, event), abs=1e-12)


@pytest.mark.parametrize("tau", [None, 5.0])
def test_uno_equals_scikit_survival(followed, tau) -> None:
    surv = followed.surv(NUDGE)
    peer = concordance_index_ipcw(surv, surv, followed.log_hazard, tau=tau)[0]
    assert uno_c(followed.time, followed.event, followed.log_hazard, tau) == pytest.approx(peer, abs=1e-6)


def test_counting_every_pair(followed) -> None:
    t, d, s = followed.time[:120], followed.event[:120], followed.log_hazard[:120]
    before = censoring_kaplan_meier(t, d).before
    plain, weighted = np.zeros(2), np.zeros(2)
    for i in np.flatnonzero(d == 1):
        outlasts = (t > t[i]) | ((t == t[i]) & (d == 0))
        right = np.sum(outlasts & (s < s[i])) + 0.5 * np.sum(outlasts & (s == s[i]))
        counted = np.array([right, outlasts.sum()])
        plain += counted
        weighted += counted / before(t[i]) ** 2
    assert harrell_c(t, d, s) == pytest.approx(plain[0] / plain[1], abs=1e-12)
    assert uno_c(t, d, s) == pytest.approx(weighted[0] / weighted[1], abs=1e-12)


def test_closed_forms() -> None:
    time, score = np.arange(1.0, 50.0), -np.arange(1.0, 50.0)
    assert harrell_c(time, np.ones(49), score) == 1
    assert harrell_c(time, np.ones(49), -score) == 0
    assert harrell_c(time, np.ones(49), np.zeros(49)) == 0.5


def test_without_events_or_pairs_there_is_no_c() -> None:
    with pytest.raises(NotEstimable, match="no events among the 3 rows"):
        harrell_c([1, 2, 3], [0, 0, 0], [1, 2, 3])
    with pytest.raises(NotEstimable, match="no pair of patients can be compared"):
        harrell_c([1, 2, 3], [0, 0, 1], [1, 2, 3])


def test_a_hundred_thousand_rows_take_a_moment() -> None:
    rng = np.random.default_rng(0)
    n = 100_000
    time, event, score = np.round(rng.exponential(5, n), 3), rng.integers(0, 2, n), rng.normal(size=n)
    start = clock.perf_counter()
    assert harrell_c(time, event, score) == pytest.approx(0.5, abs=0.01)
    assert clock.perf_counter() - start < 3
