"""Recalibration against statsmodels' regressions, and the model that comes of it: another version, explained exactly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.special import expit, logit, logsumexp

from mtl import MultiTaskModel
from mtl.data import Target
from mtl.evidence import recalibration
from mtl.evidence.recalibrate import Affine, Followed, NoSlopeError, recalibrated
from mtl.evidence.recalibration import Recalibration
from mtl.evidence.subject import Subject
from mtl.model.baseline import Baseline
from mtl.model.offsets import treatment_offsets

RNG = np.random.default_rng(0)
N = 400
MARGIN = RNG.normal(size=N)


def test_binary_level_and_slope_are_the_glms() -> None:
    y = (RNG.random(N) < expit(0.7 + 1.6 * MARGIN)).astype(float)
    seen = Followed(Target("t", "binary", y=y), MARGIN[:, None])
    level = sm.GLM(y, np.ones((N, 1)), family=sm.families.Binomial(), offset=MARGIN).fit()
    assert seen.fit("level").level[0] == pytest.approx(level.params[0], abs=1e-8)
    both = sm.GLM(y, sm.add_constant(MARGIN), family=sm.families.Binomial()).fit()
    found = seen.fit("slope")
    np.testing.assert_allclose([found.level[0], found.slope], both.params, atol=1e-7)
    assert seen.informative == min(y.sum(), N - y.sum())


def test_amounts_are_least_squares() -> None:
    y = 3 + 0.5 * MARGIN + RNG.normal(size=N)
    seen = Followed(Target("t", "regression", y=y), MARGIN[:, None])
    both = sm.OLS(y, sm.add_constant(MARGIN)).fit()
    found = seen.fit("slope")
    np.testing.assert_allclose([found.level[0], found.slope], both.params, atol=1e-10)
    assert seen.fit("level").level[0] == pytest.approx((y - MARGIN).mean())


def test_several_classes_have_a_level_each_and_one_slope() -> None:
    margin = RNG.normal(size=(N, 3))
    moved = np.array([0.5, 0.0, -0.5]) + 1.4 * margin
    y = (moved + RNG.gumbel(size=(N, 3))).argmax(axis=1).astype(float)

    def loss(theta: np.ndarray) -> float:
        m = np.append(theta[:2], 0.0) + theta[2] * margin
        return float((logsumexp(m, axis=1) - m[np.arange(N), y.astype(int)]).sum())

    best = minimize(loss, [0.0, 0.0, 1.0], method="BFGS", options={"gtol": 1e-7}).x
    found = Followed(Target("t", "multiclass", ("a", "b", "c"), y=y), margin).fit("slope")
    np.testing.assert_allclose(found.level[:2] - found.level[2], best[:2], atol=1e-5)
    assert found.slope == pytest.approx(best[2], abs=1e-5) and found.level.sum() == pytest.approx(0, abs=1e-8)


def survival(slope: float, level: float) -> tuple[Followed, np.ndarray]:
    offset = np.column_stack([RNG.integers(0, 2, N) * np.log(0.5), np.zeros(N)])
    offset[:, 1] = offset[:, 0] / 2
    time = RNG.exponential(size=N) / (0.3 * np.exp(level + slope * MARGIN + offset[:, 0]))
    end = RNG.uniform(1, 5, N)
    grid = np.linspace(0.0, 6.0, 601)
    baseline = Baseline(grid, 0.3 * grid, np.full(601, 50.0), (2.0,))
    truth = Target("t", "survival", time=np.minimum(time, end), event=(time <= end).astype(float))
    return Followed(truth, MARGIN[:, None], offset, baseline), offset


def test_the_level_of_a_hazard_is_poissons() -> None:
    seen, offset = survival(1.0, 0.6)
    exposure = (seen.baseline.increments(seen.truth.time) * np.exp(offset)).sum(axis=1)  # type: ignore[union-attr]
    expected = np.maximum(exposure * np.exp(MARGIN), 1e-12)
    fit = sm.GLM(
        seen.truth.event, np.ones((N, 1)), family=sm.families.Poisson(), offset=np.log(expected)
    ).fit()
    assert seen.fit("level").level[0] == pytest.approx(fit.params[0], abs=1e-6)


def test_the_slope_of_a_hazard_is_coxs() -> None:
    seen, offset = survival(1.5, 0.0)
    constant = Followed(seen.truth, seen.margin, np.repeat(offset[:, :1], 2, axis=1), seen.baseline)
    theirs = sm.PHReg(
        seen.truth.time, MARGIN[:, None], status=seen.truth.event, offset=offset[:, 0], ties="efron"
    ).fit()
    assert constant.fit("slope").slope == pytest.approx(theirs.params[0], abs=1e-6)


def test_no_slope_is_refused() -> None:
    y = (RNG.random(N) < expit(-2 * MARGIN)).astype(float)
    with pytest.raises(NoSlopeError):
        Followed(Target("t", "binary", y=y), MARGIN[:, None]).fit("slope")
    seen, _ = survival(-1.5, 0.0)
    with pytest.raises(NoSlopeError):
        seen.fit("slope")


MAPS = {
    "ill": Affine(np.array([0.4]), 0.7),
    "sort": Affine(np.array([0.3, -0.1, -0.2]), 1.3),
    "amount": Affine(np.array([5.0]), 2.0),
    "death": Affine(np.array([0.5]), 1.2),
}


def test_the_new_version_is_affine_explained_exactly_and_saved(external: Subject, tmp_path: Path) -> None:
    old, table = external.model, external.table.head(60)
    before = old.predict(table)
    new = recalibrated(old, MAPS, {"amount": 1.5}, {"method": "slope"})
    after = new.predict(table)
    assert new.version_ != old.version_ and old.predict(table).equals(before)
    np.testing.assert_allclose(logit(after["ill"]), 0.4 + 0.7 * logit(before["ill"]), atol=1e-9)
    np.testing.assert_allclose(after["amount"], 5 + 2 * before["amount"], atol=1e-9)
    assert (after["amount.high"] - after["amount"]).to_numpy() == pytest.approx(1.5)
    # what was given stays an offset of the trial: hazards, in each period, times exp(0.5 + 0.2 margin)
    margin = old.margin(table, "death")
    offset = treatment_offsets(old.study, table, "death").values
    baseline = old.predictor_.task("death").baseline
    assert baseline is not None
    gathered = (baseline.increments(np.array([3.0])) * np.exp(offset)).sum(axis=1)
    np.testing.assert_allclose(
        -np.log1p(-after["death@3y"]), gathered * np.exp(0.5 + 1.2 * margin), rtol=1e-9
    )
    for task in MAPS:
        why = new.explain(table, task)
        np.testing.assert_allclose(why.margin, new.margin(table, task), atol=1e-9)
        np.testing.assert_allclose(why.values, MAPS[task].slope * old.explain(table, task).values, atol=1e-9)
    # intervals move with the numbers
    for end in ("low", "high"):
        np.testing.assert_allclose(
            logit(after[f"ill.{end}"]), 0.4 + 0.7 * logit(before[f"ill.{end}"]), atol=1e-6
        )
    new.save(tmp_path / "model")
    loaded = MultiTaskModel.load(tmp_path / "model")
    assert loaded.predict(table).equals(after) and loaded.version_ == new.version_
    assert loaded.training_["recalibration"] == [{"method": "slope"}]


def test_before_and_after_are_judged_on_patients_held_out(external: Subject) -> None:
    found = recalibration.compute(external, lambda stage, share: None, {})
    json.dumps(found, allow_nan=False)
    ill = found["tasks"]["ill"]
    assert ill["reason"] is None and ill["events"] >= 100
    level = ill["methods"]["level"]
    assert level["level"][0] == pytest.approx(0.8, abs=0.35) and level["slope"] == 1.0
    assert level["difference"]["log_loss"]["high"] < 0 and level["reason"] is None
    assert abs(level["after"]["calibration_intercept"]["value"]) < 0.05
    death = found["tasks"]["death"]["methods"]["level"]
    assert abs(death["after"]["observed_expected@3y"]["value"] - 1) < abs(
        death["before"]["observed_expected@3y"]["value"] - 1
    )
    # each held-out number comes of the others alone: an outcome's change leaves its own patient's number as it was
    one = Recalibration(external)
    numbers = one.numbers(one.predictors({"ill": one.maps("ill", "level")}))
    changed = external.table.assign(
        ill=external.table["ill"].where(external.table.index != 7, 1 - external.table["ill"])
    )
    other = Recalibration(Subject(external.study, changed, external.model, external.fold))
    other.__dict__["fold"] = one.fold
    again = other.numbers(other.predictors({"ill": other.maps("ill", "level")}))
    mine = one.fold == one.fold[7]
    np.testing.assert_array_equal(numbers["ill"][mine], again["ill"][mine])
    assert (numbers["ill"][~mine] != again["ill"][~mine]).all()


def test_too_few_events_or_trained_patients_are_refused(internal: Subject, external: Subject) -> None:
    told = recalibration.compute(internal, lambda stage, share: None, {})
    assert {one["reason"] for one in told["tasks"].values()} == {"training"}
    few = Subject(external.study, external.table.head(120), external.model, external.fold[:120])
    judged = recalibration.compute(few, lambda stage, share: None, {})
    assert judged["tasks"]["ill"]["reason"] == "few" and judged["tasks"]["ill"]["methods"] == {}
    with pytest.raises(recalibration.NotRecalibratedError, match="ill: few"):
        Recalibration(few).fit(
            "level", {"tasks": {t: {**judged["tasks"][t], "methods": {}, "reason": "few"} for t in few.tasks}}
        )
