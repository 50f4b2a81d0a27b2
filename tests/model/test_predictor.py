"""The fitted model on encoded features: what is added to what, and what cannot change it."""

from __future__ import annotations

import numpy as np
import pytest

from mtl.data.encode import encode
from tests import synthetic

TASKS = ["ill", "kind", "amount", "treated", "death"]


@pytest.fixture(scope="module")
def parts():
    study, _, model = synthetic.fitted()
    return study, model.predictor_, encode(study, synthetic.table(150, seed=5)).X


@pytest.mark.parametrize("name", TASKS)
def test_the_margin_is_the_weighted_sum(parts, name: str) -> None:
    _, predictor, X = parts
    task = predictor.task(name)
    experts = [task.linear.margin(X), task.own.margin(X)]
    experts.append(predictor.shared[task.shared].margin(X)[:, list(task.shared_outputs)])
    wanted = task.constant + task.scale * sum(w * m for w, m in zip(task.weights, experts, strict=True))
    np.testing.assert_allclose(predictor.margins(X, (name,))[name], wanted, rtol=1e-12, atol=1e-12)
    assert (task.weights >= 0).all() and task.weights.sum() > 0


@pytest.mark.parametrize("name", TASKS)
def test_one_task_alone_has_the_bits_of_all_together(parts, name: str) -> None:
    _, predictor, X = parts
    assert predictor.margins(X, (name,))[name].tobytes() == predictor.margins(X)[name].tobytes()


@pytest.mark.parametrize("name", TASKS)
def test_hidden_features_move_no_bit(parts, name: str) -> None:
    study, predictor, X = parts
    hidden = [j for j, f in enumerate(study.features) if f.name not in study.visible(name)]
    if not hidden:
        pytest.skip("this task sees everything")
    rng = np.random.default_rng(0)
    moved = X.copy()
    moved[:, hidden] = rng.normal(size=(len(X), len(hidden))) * 1e6
    moved[::3, hidden] = np.nan
    assert predictor.margins(moved, (name,))[name].tobytes() == predictor.margins(X, (name,))[name].tobytes()


def test_every_visible_feature_can_matter(parts) -> None:
    study, predictor, X = parts
    for name in ("amount", "kind"):
        for feature in ("x0", "grade"):
            moved = X.copy()
            moved[:, [f.name for f in study.features].index(feature)] += 1
            assert (
                np.abs(predictor.margins(moved, (name,))[name] - predictor.margins(X, (name,))[name]).max()
                > 0.01
            )


def test_unknown_tasks_are_named(parts) -> None:
    with pytest.raises(KeyError, match="ill, kind"):
        parts[1].task("nothing")
