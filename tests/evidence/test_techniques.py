"""Related techniques: the slope is the one that others fit, chain and network learn what there is to learn."""

from __future__ import annotations

import numpy as np
import pytest

from mtl.evaluate.binary import auroc
from mtl.evaluate.calibration import calibration_slope, cox_calibration_slope
from mtl.evaluate.regression import calibration_slope as linear_slope
from mtl.evidence import boosted, perceptron, techniques
from mtl.evidence.training_part import TrainingPart
from mtl.model.problem import Problem
from tests import synthetic
from tests.evidence.test_transfer import simulated


def test_the_slope_is_the_one_that_others_fit() -> None:
    whole = Problem.from_table(synthetic.study(), synthetic.table(400), 5, 0)
    part = TrainingPart.of(whole, 0)
    rng = np.random.default_rng(0)
    for name in ("ill", "amount", "treated"):
        task = part.judged(name)
        held = part.held(name)
        y = task.target.y[held]
        margin = (0.8 * (y - y.mean()) / y.std() + rng.normal(size=len(held)))[:, None]
        found = techniques.slope(task, part, margin)
        if task.target.kind == "binary":
            expected = calibration_slope(y, 1 / (1 + np.exp(-margin[:, 0])))
        else:
            expected = linear_slope((y - task.location) / task.scale, margin[:, 0])
        assert found == pytest.approx(expected, rel=1e-4)
    death = part.judged("death")
    plain = np.zeros_like(death.offsets)
    object.__setattr__(death, "offsets", plain)  # the others know no offsets
    held = part.held("death")
    margin = rng.normal(size=(len(held), 1)) - 0.3 * np.log(death.target.time[held])[:, None]
    expected = cox_calibration_slope(death.target.time[held], death.target.event[held], margin[:, 0])
    assert techniques.slope(death, part, margin) == pytest.approx(expected, rel=1e-4)
    assert techniques.slope(death, part, np.ones((len(held), 1))) is None


def test_chain_and_network_learn_two_tasks_at_once() -> None:
    study, table = simulated(300, 1.0)
    part = TrainingPart.of(Problem.from_table(study, table, 5, 0), 1)
    (tasks,) = part.together(("binary",))
    assert [task.name for task in tasks] == ["target", "helper"]
    for fitted in (boosted.chain, perceptron.network):
        margins, parameters = fitted(part, tasks, 0)
        assert parameters > 10
        for task in tasks:
            truth = part.judged(task.name).target.y[part.held(task.name)]
            assert margins[task.name].shape == (len(truth), 1)
            assert auroc(truth, margins[task.name][:, 0]) > 0.7
    again, _ = perceptron.network(part, tasks, 0)
    np.testing.assert_array_equal(again["target"], margins["target"])


def test_a_network_reads_missing_cells_and_categories() -> None:
    part = TrainingPart.of(Problem.from_table(synthetic.study(), synthetic.table(200), 5, 0), 0)
    task = next(t for t in part.problem.tasks if t.name == "kind")
    assert part.categorical(task)
    margins, _ = perceptron.network(part, [task], 0)
    assert margins["kind"].shape == (len(part.held("kind")), 3) and np.isfinite(margins["kind"]).all()


def test_a_network_learns_an_amount() -> None:
    part = TrainingPart.of(Problem.from_table(synthetic.study(), synthetic.table(200), 5, 0), 0)
    task = next(t for t in part.problem.tasks if t.name == "amount")
    margins, _ = perceptron.network(part, [task], 0)
    y = (part.judged("amount").target.y[part.held("amount")] - task.location) / task.scale
    assert np.corrcoef(margins["amount"][:, 0], y)[0, 1] > 0.5
