"""A sample of patients explained whole: every task's contributions, and which expert they come from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mtl.explain.explainer import Explainer
from mtl.model.forest import Floats
from mtl.model.predictor import EXPERTS, Predictor


def only(predictor: Predictor, expert: int) -> Predictor:
    """The predictor with one expert of each task's blend, at its weight, and no constant: blends add up."""
    return replace(
        predictor,
        tasks=tuple(
            replace(
                task,
                weights=np.where(np.arange(len(EXPERTS)) == expert, task.weights, 0.0),
                constant=np.zeros_like(task.constant),
            )
            for task in predictor.tasks
        ),
    )


@dataclass(frozen=True, eq=False)
class Explained:
    """Contributions of some patients.

    Attributes
    ----------
    values : dict
        Task -> (n, p, c), on the margin scale.
    experts : dict
        Task -> (n, 3): sum over features and outputs of the absolute contributions within each of linear, own, shared.
    """

    values: dict[str, Floats]
    experts: dict[str, Floats]


def explained(predictor: Predictor, X: Floats) -> Explained:
    """Explain encoded patients X (n, p) by one predictor, expert by expert; the experts' contributions sum to the whole."""
    values = {t.name: np.zeros((len(X), X.shape[1], t.n_outputs)) for t in predictor.tasks}
    experts = {t.name: np.zeros((len(X), len(EXPERTS))) for t in predictor.tasks}
    for expert in range(len(EXPERTS)):
        used = tuple(task.name for task in predictor.tasks if task.weights[expert] > 0)
        if not used:
            continue
        for task, (_, part) in Explainer(only(predictor, expert)).contributions(X, used).items():
            values[task] += part
            experts[task][:, expert] = np.abs(part).sum(axis=(1, 2))
    return Explained(values, experts)
