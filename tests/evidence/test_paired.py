"""Differences on the same folds, by hand; the verdict's rule; the dealt labels of the control."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import t as student

from mtl.data.targets import Target
from mtl.evidence.nested import Resamples
from mtl.evidence.paired import Scores, difference, fold_scores, gain, treated
from mtl.evidence.shuffled import deal, dealt
from mtl.evidence.verdict import verdict
from mtl.model.problem import Problem
from tests.synthetic import study, table


def test_nadeau_and_bengio_by_hand() -> None:
    first, second = np.array([0.71, 0.68, 0.75, 0.70, 0.66]), np.array([0.70, 0.69, 0.71, 0.68, 0.66])
    d = [0.01, -0.01, 0.04, 0.02, 0.0]
    mean = sum(d) / 5
    spread = (sum((x - mean) ** 2 for x in d) / 4) ** 0.5
    # five folds: the mean's variance is (1/5 + 1/4) s^2, four degrees of freedom
    reach = student.ppf(0.975, 4) * (0.2 + 0.25) ** 0.5 * spread
    found = difference(first, second)
    assert found == pytest.approx({"value": mean, "low": mean - reach, "high": mean + reach})


def test_a_fold_that_cannot_tell_is_left_out() -> None:
    found = difference(np.array([0.7, np.nan, 0.8]), np.array([0.6, 0.5, 0.6]))
    assert found["value"] == pytest.approx(0.15)
    assert difference(np.array([0.7, np.nan]), np.array([0.6, 0.5])) == pytest.approx(
        {"value": 0.1, "low": None, "high": None}
    )
    assert difference(np.array([np.nan]), np.array([0.5]))["value"] is None


def test_above_zero_is_better_in_both() -> None:
    good = Scores(np.array([0.9, 0.8]), np.array([0.1, 0.2]))
    bad = Scores(np.array([0.6, 0.6]), np.array([0.4, 0.4]))
    found = gain(good, bad)
    assert found["metric"]["value"] == pytest.approx(0.25)
    assert found["loss"]["value"] == pytest.approx(0.25)
    assert Scores.from_dict(good.to_dict()).metric.tolist() == [0.9, 0.8]


def test_scores_are_those_of_each_fold_and_as_treated() -> None:
    problem = Problem.from_table(study(), table(200), 5, 0)
    resamples = Resamples(problem, False)
    rng = np.random.default_rng(0)
    for task in problem.tasks:
        margin = rng.normal(size=(len(task.rows), task.n_outputs))
        found = fold_scores(resamples, task, margin)
        rows = np.flatnonzero(problem.fold[task.rows] == 2)
        assert found.loss[2] == pytest.approx(task.loss(rows).value(margin[rows]))
    death = next(task for task in problem.tasks if task.name == "death")
    assert death.offsets is not None and (death.offsets != 0).any()
    if death.offsets.shape[1] == 1:
        np.testing.assert_allclose(treated(death), death.offsets)
    else:
        low, high = death.offsets.min(axis=1), death.offsets.max(axis=1)
        assert ((treated(death)[:, 0] >= low - 1e-12) & (treated(death)[:, 0] <= high + 1e-12)).all()


LIMITS = {"above": (0.002, 0.03), "below": (-0.03, -0.002), "inside": (-0.004, 0.006), "wide": (-0.02, 0.03)}


@pytest.mark.parametrize(("gain_is", "control_is"), list(product(LIMITS, [*LIMITS, None])))
def test_the_rule_of_the_verdict(gain_is: str, control_is: str | None) -> None:
    def limits(name: str) -> dict[str, float | None]:
        low, high = LIMITS[name]
        return {"value": (low + high) / 2, "low": low, "high": high}

    over = None if control_is is None else limits(control_is)
    expected = {"above": "regularised", "below": "hurt", "inside": "level", "wide": "unclear"}[gain_is]
    if gain_is == "above" and control_is == "above":
        expected = "helped"
    assert verdict(True, limits(gain_is), over, False) == expected
    assert verdict(True, limits(gain_is), over, True) == "hurt"
    assert verdict(False, None, None, False) == "alone"


def test_helped_needs_more_than_nothing_and_a_narrow_gain_is_no_difference() -> None:
    above = {"value": 0.01, "low": 0.001, "high": 0.02}
    assert verdict(True, above, {"value": 0.01, "low": 0.0, "high": 0.02}, False) == "regularised"
    assert verdict(True, {**above, "high": 0.009}, None, False) == "level"
    assert verdict(True, {"value": 0.1, "low": None, "high": None}, above, False) == "unclear"
    assert verdict(True, None, above, False) == "unclear"


def test_labels_are_dealt_together_within_fold_and_missingness() -> None:
    problem = Problem.from_table(study(), table(300), 5, 0)
    helpers = [task for task in problem.tasks if task.name != "ill"]
    source = deal(problem, helpers, [1, 2])
    assert sorted(source) == list(range(300)) and (source != np.arange(300)).mean() > 0.5
    np.testing.assert_array_equal(problem.fold[source], problem.fold)
    for task in helpers:
        shuffled = dealt(task, source)
        np.testing.assert_array_equal(shuffled.rows, task.rows)  # missing where it was missing
        own: Target = task.target
        place = {row: k for k, row in enumerate(task.rows)}
        came_from = [place[source[row]] for row in task.rows]  # one permutation for all helpers
        for name in ("y", "time", "event"):
            values = getattr(own, name)
            if len(values):
                np.testing.assert_array_equal(getattr(shuffled.target, name), values[came_from])
        if task.offsets is not None:
            np.testing.assert_array_equal(shuffled.offsets, task.offsets[came_from])
    assert (deal(problem, helpers, [1, 3]) != source).any()
    np.testing.assert_array_equal(deal(problem, helpers, [1, 2]), source)
