"""Standardised differences, overlap, weighted curves and E-values, against tableone, lifelines and the papers."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from sklearn.metrics import roc_auc_score

from mtl.treatment.balance import imbalances, overlap_of, standardised_difference
from mtl.treatment.curves import curves, weighted_survival
from mtl.treatment.e_value import e_value
from mtl.treatment.protocol import Arms
from mtl.treatment.weighting import overlap
from tests.treatment.simulated import STUDY, cohort


def test_standardised_differences_by_their_definition() -> None:
    rng = np.random.default_rng(0)
    x, treated, weight = rng.normal(size=200), rng.random(200) < 0.4, rng.random(200)
    gap = np.average(x[treated], weights=weight[treated]) - np.average(x[~treated], weights=weight[~treated])
    spread = np.sqrt((np.var(x[treated]) + np.var(x[~treated])) / 2)
    assert standardised_difference(x, treated, weight) == pytest.approx(gap / spread)
    # a share: Austin 2009, equation 2
    share = (x > 0).astype(float)
    p, q = share[treated].mean(), share[~treated].mean()
    wanted = (p - q) / np.sqrt((p * (1 - p) + q * (1 - q)) / 2)
    assert standardised_difference(share, treated) == pytest.approx(wanted)


def test_every_level_and_every_gap_is_compared() -> None:
    table = cohort()
    treated = (table["given"] == "yes").to_numpy()
    found = imbalances(
        STUDY, table, treated, np.ones(len(table)), ["sick", "kind", "old"], {"given": treated.astype(float)}
    )
    assert [(one.feature, one.level, one.missing, one.adjusted) for one in found] == [
        ("sick", "", False, True),
        ("sick", "", True, True),
        ("kind", "a", False, True),
        ("kind", "b", False, True),
        ("kind", "c", False, True),
        ("old", "", False, True),
        ("given", "", False, False),
    ]
    assert all(one.before == pytest.approx(one.after) for one in found)


def test_overlap_counts_everybody_once() -> None:
    rng = np.random.default_rng(0)
    treated, chance = rng.random(300) < 0.4, rng.random(300)
    found = overlap_of(treated, chance)
    assert sum(found.treated) == treated.sum()
    assert sum(found.untreated) == (~treated).sum()
    assert found.outside == pytest.approx(np.mean((chance < 0.1) | (chance > 0.9)))
    assert found.auc == pytest.approx(roc_auc_score(treated, chance))


def test_weighted_survival_as_lifelines() -> None:
    rng = np.random.default_rng(0)
    time, event, weight = (
        rng.exponential(2, 200).round(1) + 0.1,
        rng.random(200) < 0.6,
        rng.integers(1, 5, 200),
    )
    at = np.linspace(0, 5, 20)
    wanted = KaplanMeierFitter().fit(time, event, weights=weight).predict(at).to_numpy()
    assert weighted_survival(time, event, weight.astype(float), at) == pytest.approx(wanted)


def test_curves_end_where_twenty_of_an_arm_are_followed() -> None:
    rng = np.random.default_rng(0)
    arm, time = rng.random(200) < 0.3, rng.exponential(3, 200)
    arms = Arms(np.arange(200), arm, time, rng.random(200) < 0.7, ())
    found = curves(arms, overlap(arm, np.full(200, 0.3)))
    assert (time[arm] >= found.years[-1]).sum() >= 20
    assert found.followed_treated[0] == arm.sum()
    assert len(found.years) == len(found.treated) == len(found.untreated) == 61


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((3.9, 1.8, 8.7, 0.05), (7.26, 3.0)),  # VanderWeele and Ding 2017
        ((1 / 3.9, 1 / 8.7, 1 / 1.8, 0.05), (7.26, 3.0)),  # the same the other way round
        ((1.0, 0.8, 1.2, 0.5), (1.0, 1.0)),
        ((0.8, 0.6, 1.1, 0.5), (1.61, 1.0)),  # by hand: risk ratio .8567
        ((0.56, 0.46, 0.69, 0.5), (2.35, 1.91)),  # by hand: risk ratios .6703 and .7735
    ],
)
def test_e_values(given: tuple[float, float, float, float], wanted: tuple[float, float]) -> None:
    assert e_value(*given) == pytest.approx(wanted, abs=0.011)
