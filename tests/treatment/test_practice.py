"""Comparable patients and what became of them, against brute force and lifelines."""

from __future__ import annotations

import lifelines
import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from mtl.data.targets import Target
from mtl.treatment.practice import comparable, logit, outcomes, sides


def test_comparable_against_brute_force() -> None:
    rng = np.random.default_rng(0)
    p = rng.beta(0.7, 2, size=400)
    p[::37] = np.nan
    logits = logit(p)
    known = [np.log(v / (1 - v)) for v in p if v == v]
    sd = np.sqrt(sum((v - sum(known) / len(known)) ** 2 for v in known) / len(known))
    for own in range(0, 400, 7):
        if p[own] != p[own]:
            continue
        mine = np.arange(400) == own
        wanted = [
            i
            for i in range(400)
            if i != own and p[i] == p[i]
            and abs(np.log(p[i] / (1 - p[i])) - np.log(p[own] / (1 - p[own]))) <= 0.2 * sd
        ]  # fmt: skip
        assert np.flatnonzero(comparable(logits, logits[own], mine)).tolist() == wanted


def test_nobody_is_comparable_where_nothing_is_known() -> None:
    assert not comparable(np.full(3, np.nan), 0.0, np.zeros(3, dtype=bool)).any()


def test_unknown_treatment_is_on_neither_side() -> None:
    found = sides(np.array([True, True, True, False]), np.array([1, 0, -1, 1], dtype=np.int8))
    assert found.given.tolist() == [True, False, False, False]
    assert found.not_given.tolist() == [False, True, False, False]


def test_survival_outcomes_against_lifelines() -> None:
    rng = np.random.default_rng(3)
    time, censored = rng.exponential(4, 300), rng.uniform(1, 9, 300)
    target = Target("t", "survival", time=np.minimum(time, censored), event=(time <= censored).astype(float))
    target.event[:5] = np.nan
    group = rng.random(300) < 0.6
    found = outcomes(target, group, (1.0, 3.0, 8.5))
    rows = group & target.labelled
    fitter = lifelines.KaplanMeierFitter().fit(target.time[rows], target.event[rows])
    for one in found[:2]:
        assert one.share == pytest.approx(1 - fitter.predict(one.years), abs=1e-12)
        limits = fitter.confidence_interval_survival_function_
        at = limits.loc[: one.years].iloc[-1]
        assert (one.low, one.high) == pytest.approx((1 - at.iloc[1], 1 - at.iloc[0]), abs=1e-6)
        assert one.followed == int((target.time[rows] >= one.years).sum())
    assert found[2].share is None
    assert found[2].followed < 20


def test_no_event_yet_is_not_certainty() -> None:
    """The upper limit is the exact binomial one: 1 - .025 ** (1 / 40)."""
    target = Target("t", "survival", time=np.full(40, 5.0), event=np.zeros(40))
    (found,) = outcomes(target, np.ones(40, dtype=bool), (2.0,))
    assert found.share == 0
    assert found.high == pytest.approx(proportion_confint(0, 40, 0.05, "beta")[1], abs=1e-9)


def test_binary_outcomes_have_wilsons_interval() -> None:
    labels = np.repeat([1.0, 0.0, np.nan], [9, 31, 4])
    (found,) = outcomes(Target("t", "binary", y=labels), np.ones(44, dtype=bool), ())
    assert (found.low, found.high) == pytest.approx(proportion_confint(9, 40, 0.05, "wilson"), abs=1e-9)
    (few,) = outcomes(Target("t", "binary", y=labels[:19]), np.ones(19, dtype=bool), ())
    assert few.share is None


def test_an_empty_group_has_no_outcome() -> None:
    target = Target("t", "survival", time=np.ones(4), event=np.ones(4))
    assert [one.share for one in outcomes(target, np.zeros(4, dtype=bool), (1.0, 2.0))] == [None, None]


def test_other_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="survival and binary"):
        outcomes(Target("t", "regression", y=np.ones(30)), np.ones(30, dtype=bool), ())
