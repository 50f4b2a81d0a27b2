"""Numbers a person reads: each is the closed form of its margin."""

from __future__ import annotations

import numpy as np
import pytest

from mtl.model.offsets import treatment_offsets
from mtl.model.outputs import horizon_name, output_names
from tests import synthetic


@pytest.fixture(scope="module")
def predicted():
    study, _, model = synthetic.fitted()
    table = synthetic.table(150, seed=5)
    table.index = np.arange(150) * 3 + 7
    return study, model, table, model.predict(table)


def test_columns_are_the_contracts(predicted) -> None:
    study, _, table, found = predicted
    names = [name for task in study.tasks for name in output_names(study, task)]
    assert [c for c in found.columns if not c.endswith((".low", ".high"))] == names
    assert "death@30y.untreated" in names and horizon_name("death", 0.5) == "death@0.5y"
    assert found.index.equals(table.index)


def test_probabilities_and_amounts(predicted) -> None:
    _, model, table, found = predicted
    for task in ("ill", "treated"):
        np.testing.assert_allclose(found[task], 1 / (1 + np.exp(-model.margin(table, task))), rtol=1e-12)
    classes = found[["kind=low", "kind=mid", "kind=high"]].to_numpy()
    np.testing.assert_allclose(classes.sum(axis=1), 1, atol=1e-12)
    weights = np.exp(model.margin(table, "kind"))
    np.testing.assert_allclose(classes, weights / weights.sum(axis=1, keepdims=True), rtol=1e-9)
    np.testing.assert_array_equal(found["amount"], model.margin(table, "amount"))


def test_as_treated_follows_from_untreated(predicted) -> None:
    study, model, table, found = predicted
    offsets = treatment_offsets(study, table, "death")
    known = offsets.untreated_known
    # before two years one ratio holds: S1 = S0 ** HR
    without, treated = found["death@1y.untreated"].to_numpy(), found["death@1y"].to_numpy()
    ratio = np.exp(offsets.values[:, 0])
    np.testing.assert_allclose(1 - treated[known], ((1 - without) ** ratio)[known], rtol=1e-10)
    assert np.isnan(without[~known]).all() and (~known).any() and not np.isnan(treated).any()
    # after it the two ratios hold in their own periods
    baseline = model.predictor_.task("death").baseline
    early, late = baseline.at(np.array([2.0]))[0], baseline.at(np.array([3.0]))[0]
    margin = model.margin(table, "death")
    gathered = np.exp(margin[:, None] + offsets.values) @ np.array([early, late - early])
    np.testing.assert_allclose(found["death@3y"], 1 - np.exp(-gathered), rtol=1e-10)


def test_thirty_years_are_not_estimable(predicted) -> None:
    found = predicted[3]
    assert found[["death@30y", "death@30y.untreated"]].isna().all(axis=None)
    assert (
        found.drop(columns=["death@30y", "death@30y.untreated"])
        .filter(regex=r"^(?!.*untreated)")
        .notna()
        .all(axis=None)
    )


def test_risk_rises_with_time_and_with_the_log_hazard(predicted) -> None:
    found = predicted[3]
    assert (found["death@1y"] <= found["death@3y"]).all()
    order = found["death.log_hazard"].rank().corr(found["death@3y"].rank())
    assert order > 0.99
