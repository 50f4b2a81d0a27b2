"""What if the findings are a little wrong? Measurement error drawn anew, and values that the training never held.

A numeric finding moves by up to its measurement error, every amount in between alike: the study's, else 5 % of the
value, though at most a fifth of the cohort's standard deviation and at least one unit of its last decimal. An ordinal
one is a level too high or too low in one patient of ten. Categories, yes/no and the date stay. A number that moves by
more than five points of probability (an amount: a fifth of the standard deviation of the predictions) is counted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl.evidence.headline import Headline
from mtl.evidence.stability import drawable
from mtl.evidence.subject import Checkpoint, Report, Subject
from mtl.study import Feature

Floats = NDArray[np.float64]

DRAWS = 20
POINTS = 0.05
AMOUNT = 0.2  # of the standard deviation of the predictions
RELATIVE, OF_SPREAD = 0.05, 0.2
SLIP = 0.1  # patients whose ordinal finding is a level off
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
BINS = 24


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """{"n", "draws", "errors": [...], "outside": [...], "novel", "tasks": {task: {...}}}.

    By task: "moved", the share of patients whose number moves by more than "enough" when every finding errs at once,
    averaged over the draws; the distribution of the change; the same finding by finding.
    """
    heads = {name: Headline.of(subject, name) for name in subject.tasks}
    before = {name: head.said(subject.predicted.numbers) for name, head in heads.items()}
    enough = {
        name: AMOUNT * float(np.std(before[name])) if head.task.kind == "regression" else POINTS
        for name, head in heads.items()
    }
    features = subject.study.features
    movable = [
        j
        for j, f in enumerate(features)
        if f.kind in ("numeric", "ordinal")
        and f.name != subject.study.date
        and not np.isnan(subject.X[:, j]).all()
    ]
    changes: dict[str, list[Floats]] = {name: [] for name in heads}
    rng = np.random.default_rng(0)
    for draw in range(DRAWS):
        X = subject.X.copy()
        for j in movable:
            X[:, j] = erring(features[j], X[:, j], rng)
        for name, change in _changes(subject, heads, before, X).items():
            changes[name].append(change)
        report("errors", 0.5 * (draw + 1) / DRAWS)
    alone: dict[str, list[dict[str, Any]]] = {name: [] for name in heads}
    for place, j in enumerate(movable):
        X = subject.X.copy()
        X[:, j] = erring(features[j], X[:, j], rng)
        for name, change in _changes(subject, heads, before, X).items():
            if features[j].name in subject.study.visible(name) and len(change):
                size = np.abs(change)
                alone[name].append(
                    {
                        "feature": features[j].name,
                        "mean": float(size.mean()),
                        "moved": float((size > enough[name]).mean()),
                    }
                )
        report("errors", 0.5 + 0.5 * (place + 1) / max(len(movable), 1))
    return {
        "n": len(subject.table),
        "draws": DRAWS,
        "errors": [_error(features[j]) for j in movable],
        "outside": _outside(subject),
        "novel": float(out_of_distribution(subject).mean()),
        "tasks": {
            name: _task(head, changes[name], enough[name], alone[name]) for name, head in heads.items()
        },
    }


def erring(feature: Feature, values: Floats, rng: np.random.Generator) -> Floats:
    """Values as a repeated measurement might have given them; missing ones stay missing."""
    if feature.kind == "ordinal":
        return _slipped(np.array(feature.level_numbers), values, rng)
    reach = reach_of(feature, values)
    moved = values + reach * rng.uniform(-1.0, 1.0, len(values))
    if feature.decimals is not None:
        moved = np.round(moved, feature.decimals)
    with np.errstate(invalid="ignore"):
        return np.where(values >= 0, np.maximum(moved, 0.0), moved)  # no amount turns negative by an error


def _slipped(levels: Floats, values: Floats, rng: np.random.Generator) -> Floats:
    """One value in ten is a level off; the first and the last level have one neighbour."""
    last = len(levels) - 1
    place = np.minimum(np.searchsorted(levels, values), last)
    slips = (rng.random(len(values)) < SLIP) & (levels[place] == values)
    step = np.where(rng.random(len(values)) < 0.5, -1, 1)
    step = np.where((place + step < 0) | (place + step > last), -step, step)
    return np.where(slips, levels[np.clip(place + step, 0, last)], values)


def reach_of(feature: Feature, values: Floats) -> Floats:
    """By how much each value of a numeric feature may be off, (n,)."""
    if feature.error is not None:
        return np.full(len(values), feature.error)
    if feature.error_percent is not None:
        return np.abs(values) * feature.error_percent / 100
    unit = 0.0 if feature.decimals is None else 10.0**-feature.decimals
    most = OF_SPREAD * float(np.nanstd(values))
    return np.maximum(np.minimum(RELATIVE * np.abs(values), most), unit)


def _error(feature: Feature) -> dict[str, Any]:
    return {
        "feature": feature.name,
        "kind": feature.kind,
        "error": feature.error,
        "percent": feature.error_percent,
        "decimals": feature.decimals,
    }


def _changes(
    subject: Subject, heads: dict[str, Headline], before: dict[str, Floats], X: Floats
) -> dict[str, Floats]:
    """By task the change of each patient's number, (n,): of the likeliest class where there are several."""
    numbers = subject.numbers(X)
    found = {}
    for name, head in heads.items():
        change = head.said(numbers) - before[name]
        if change.shape[1] > 1:
            likeliest = before[name].argmax(axis=1)
            change = change[np.arange(len(change)), likeliest][:, None]
        found[name] = change[:, 0] if change.shape[1] else np.zeros(0)
    return found


def _task(
    head: Headline, changes: list[Floats], enough: float, alone: list[dict[str, Any]]
) -> dict[str, Any]:
    about = {"kind": head.task.kind, "horizon": head.horizon, "enough": enough}
    drawn = np.stack(changes)  # (draws, n)
    if not drawn.size:
        return {**about, "moved": None, "alone": []}
    size = np.abs(drawn)
    counts, edges = np.histogram(drawn, bins=BINS, range=drawable(drawn))
    return {
        **about,
        "moved": float((size > enough).mean()),
        "ever": float((size > enough).any(axis=0).mean()),
        "mean": float(size.mean()),
        "quantiles": np.quantile(drawn, SHARES).tolist(),
        "counts": counts.tolist(),
        "edges": edges.tolist(),
        "alone": sorted(alone, key=lambda one: -one["mean"]),
    }


def _outside(subject: Subject) -> list[dict[str, Any]]:
    """Features with values clearly outside the range of the training: how many patients, and the range."""
    novelty = subject.model.predictor_.novelty
    beyond = np.zeros(subject.X.shape, dtype=bool)
    for f in np.unique(subject.fold).tolist():
        rows = subject.fold == f
        beyond[rows] = subject.predictor(f).novelty.beyond(subject.X[rows])
    return [
        {
            "feature": feature.name,
            "n": int(beyond[:, j].sum()),
            "low": float(novelty.low[j]),
            "high": float(novelty.high[j]),
        }
        for j, feature in enumerate(subject.study.features)
        if beyond[:, j].any()
    ]


def out_of_distribution(subject: Subject) -> NDArray[np.bool_]:
    """(n,): who is unlike the patients of the training, everybody by their own judge."""
    found = np.zeros(len(subject.X), dtype=bool)
    for f in np.unique(subject.fold).tolist():
        rows = subject.fold == f
        found[rows] = subject.predictor(f).novelty.flag(subject.X[rows])
    return found
