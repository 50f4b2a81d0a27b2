"""Labels drawn from a fitted model: what patients like these would have shown if the model were the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import expit, softmax
from scipy.stats import norm

from mtl.model.baseline import breslow
from mtl.model.forest import Floats
from mtl.model.problem import TaskData


def draw_labels(
    task: TaskData, margin: Floats, half_width: float | None, rng: np.random.Generator
) -> TaskData:
    """The task with new labels on its labelled rows.

    Parameters
    ----------
    margin
        (labelled, c): the truth to draw from, in the target's unit for regression; for survival the log hazard without
        treatment, centred over these rows.
    half_width
        Half the width of a regression's 90 % interval: its values scatter normally by as much.

    Notes
    -----
    Survival times come from Breslow's hazard of these margins; who was censored keeps that time, who was not gets one
    from the Kaplan-Meier estimate of censoring beyond it (as Burr, Biometrika 1994, for the Cox model).
    """
    kind, target = task.target.kind, task.target
    if kind == "binary":
        y = (rng.random(len(margin)) < expit(margin[:, 0])).astype(float)
        return replace(task, target=replace(target, y=y))
    if kind == "multiclass":
        upto = np.cumsum(softmax(margin, axis=1), axis=1)
        y = (rng.random(len(margin))[:, None] > upto[:, :-1]).sum(axis=1).astype(float)
        return replace(task, target=replace(target, y=y))
    if kind == "regression":
        y = margin[:, 0] + rng.normal(scale=(half_width or 0.0) / norm.ppf(0.95), size=len(margin))
        return replace(task, target=replace(target, y=y))
    log_hazard = margin + task.period_offsets
    time = _event_times(task, log_hazard, rng)
    censored = _censoring_times(task, rng)
    event = (time <= censored).astype(float)
    return replace(task, target=replace(target, time=np.minimum(time, censored), event=event))


def _event_times(task: TaskData, log_hazard: Floats, rng: np.random.Generator) -> Floats:
    """(n,): infinite where the event would come after the last one seen."""
    times, hazard = breslow(task.target.time, task.target.event, log_hazard, task.boundaries, task.weight)
    limits = np.concatenate([[0.0], task.boundaries, [np.inf]])
    upto = np.concatenate([[0.0], hazard])
    left = rng.exponential(size=len(log_hazard))  # hazard that each patient still survives
    drawn = np.full(len(log_hazard), np.inf)
    for period in range(log_hazard.shape[1]):
        first, last = np.searchsorted(times, limits[period : period + 2], side="right")
        relative = np.exp(log_hazard[:, period])
        needed = upto[first] + left / relative
        place = np.searchsorted(hazard[:last], needed, side="left")
        comes = np.isinf(drawn) & (place < last)
        drawn[comes] = times[np.maximum(place[comes], first)]
        left = left - relative * (upto[last] - upto[first])
        left[np.isfinite(drawn)] = np.inf
    return drawn


def _censoring_times(task: TaskData, rng: np.random.Generator) -> Floats:
    """(n,): the patient's own where known, else drawn from those beyond the event; infinite where none is."""
    time, event = task.target.time, task.target.event
    out = np.where(event > 0, np.inf, time)
    ends, hazard = breslow(time, 1.0 - event, np.zeros((len(time), 1)))
    if not len(ends):
        return out
    increments = np.minimum(np.diff(hazard, prepend=0.0), 1.0)
    survival = np.concatenate([[1.0], np.cumprod(1.0 - increments)])  # after each end
    rows = np.flatnonzero(event > 0)
    since = np.searchsorted(ends, time[rows], side="right")
    goal = survival[since] * rng.random(len(rows))
    place = np.searchsorted(
        -survival, -goal, side="left"
    )  # first end after which survival is at most the goal
    found = place <= len(ends)
    out[rows[found]] = ends[place[found] - 1]
    return out
