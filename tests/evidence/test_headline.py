"""Metric and loss of a task against the room of metrics, and their paired differences."""

from __future__ import annotations

import numpy as np
import pytest

from mtl.evaluate import SurvivalPrediction, compare_task, evaluate_task
from mtl.evidence.headline import Headline
from mtl.evidence.subject import Subject


@pytest.mark.parametrize(("task", "loss"), [("ill", "log_loss"), ("sort", "log_loss"), ("amount", "rmse")])
def test_differences_are_those_of_compare_task(external: Subject, task: str, loss: str) -> None:
    head = Headline.of(external, task)
    one = external.predicted.numbers
    X = external.X.copy()
    X[:, 0] = np.nan
    other = external.numbers(X)
    whole, [[metric, worse]] = head.differences(one, [other])
    said = [head.said(numbers) for numbers in (one, other)]
    if task != "sort":
        said = [values[:, 0] for values in said]
    alone = evaluate_task(head.task.kind, head.truth, said[0])
    both = compare_task(head.task.kind, head.truth, said[1], said[0])
    assert whole[0] == pytest.approx({k: getattr(alone[head.metric], k) for k in ("value", "low", "high")})
    assert metric == pytest.approx({k: getattr(both[head.metric], k) for k in ("value", "low", "high")})
    assert worse == pytest.approx({k: getattr(both[loss], k) for k in ("value", "low", "high")})
    assert head.loss == loss


def test_survival_has_the_last_horizon_that_can_be_answered(external: Subject) -> None:
    head = Headline.of(external, "death")
    assert head.horizon == 3 and head.loss == "brier@3y"
    numbers = external.predicted.numbers
    truth = SurvivalPrediction(numbers["death.log_hazard"], numbers[["death@3y"]], (3.0,))
    known = evaluate_task("survival", head.truth, truth, intervals=False)
    found = head.goodness(numbers, head.rows)
    assert found.tolist() == pytest.approx([known["harrell_c"].value, known["brier@3y"].value])
    few = Subject(external.study, external.table.head(40), external.model, external.fold[:40])
    assert Headline.of(few, "death").horizon == 1
