"""Would other patients have given the same numbers? Every patient's spread over the model's refits.

Instability as Riley and Collins measure it (Biometrical Journal 2023), on the refits that stand behind the intervals
(:mod:`mtl.model.refits`): labels drawn anew from the model, penalties, rounds and weights kept. It compares the model
with its refits, not with what happened, so it says nothing of accuracy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from mtl.evaluate.kaplan_meier import kaplan_meier
from mtl.evidence.headline import Headline
from mtl.evidence.subject import Checkpoint, NotComputedError, Report, Subject
from mtl.model.intervals import Strays, Uncertainty
from mtl.model.offsets import treatment_offsets
from mtl.model.outputs import numbers_and_intervals

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

MOST_PATIENTS = 5000  # drawn where there are more
CHUNK = 1000
POINTS = 400  # patients whose spread is drawn
BINS = 24
CUTOFFS = tuple(np.round(np.arange(0.01, 1.0, 0.01), 2).tolist())
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
UNSTABLE = 0.1  # share of refits on the other side of a cut-off above which a patient's side is unsure
GROUPS = 10  # by refit risk, for calibration
FEW_BEHIND = 50  # effective patients


class NoRefitsError(NotComputedError):
    """The model has no refits."""


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """{"refits", "n", "tasks": {task: {"kind", "horizon", "outputs": [...]}}}; an output a class, one for other kinds.

    Raises
    ------
    NoRefitsError
        The intervals have not been computed.
    """
    sure = subject.model.uncertainty_
    if sure is None:
        raise NoRefitsError("this model has no refits yet; compute its intervals first")
    rows = np.arange(len(subject.table))
    if len(rows) > MOST_PATIENTS:
        rows = np.sort(np.random.default_rng(0).choice(rows, size=MOST_PATIENTS, replace=False))
    heads = {name: Headline.of(subject, name) for name in subject.tasks}
    spread: dict[str, list[Floats]] = {name: [] for name in heads}
    limits: dict[str, list[Floats]] = {}
    for begin in range(0, len(rows), CHUNK):
        part = rows[begin : begin + CHUNK]
        for name, found in _refit_numbers(subject, sure, heads, part).items():
            spread[name].append(found)
        for column, found in _limits(subject, sure, part).items():
            limits.setdefault(column, []).append(found)
        report("refits", 0.8 * (begin + len(part)) / len(rows))
    whole = {column: np.concatenate(parts, axis=1) for column, parts in limits.items()}
    tasks = {}
    for name, head in heads.items():
        report("instability", 0.9)
        refits = np.concatenate(spread[name], axis=1)  # (B, n, k)
        numbers = {c: v for c, v in whole.items() if c in head.columns(list(whole))}
        tasks[name] = _task(head, refits, numbers, rows, external=not subject.internal)
    return {"refits": sure.refits.count, "n": len(rows), "external": not subject.internal, "tasks": tasks}


def _refit_numbers(
    subject: Subject, sure: Uncertainty, heads: dict[str, Headline], rows: Rows
) -> dict[str, Floats]:
    """By task (1 + B, rows, k): the fitted number, then every refit's, both without stand-ins."""
    table = subject.table.iloc[rows]
    found = {}
    for place, (name, strays) in enumerate(sure.strays(subject.X[rows]).items()):
        head = heads[name]
        margins = np.concatenate([strays.fitted[None], strays.refits])
        if head.task.kind == "binary":
            found[name] = expit(margins)
        elif head.task.kind == "multiclass":
            found[name] = softmax(margins, axis=2)
        elif head.task.kind == "regression":
            found[name] = margins
        elif head.horizon is None:
            found[name] = np.zeros((*margins.shape[:2], 0))
        else:
            offset = treatment_offsets(subject.study, table, name).values
            found[name] = _risks(sure, place, strays, offset, head)
    return found


def _risks(sure: Uncertainty, place: int, strays: Strays, offset: Floats, head: Headline) -> Floats:
    """(1 + B, n, 1) risks by the horizon, as treated, every refit with its own baseline hazard."""
    fitted, increments = sure.predictor.tasks[place].baseline, sure.refits.tasks[place].increments
    if fitted is None or increments is None or head.horizon is None:
        raise ValueError(f"task {head.task.name!r}: these refits have no baseline hazard")
    own = fitted.increments(np.array([head.horizon]))[0]
    drawn = increments[:, head.task.horizons.index(head.horizon)]
    first = np.einsum("nq,q->n", np.exp(strays.fitted + offset), own)
    rest = np.einsum("bnq,bq->bn", np.exp(strays.refits + offset[None]), drawn)
    return np.asarray(-np.expm1(-np.concatenate([first[None], rest])))[:, :, None]


def _limits(subject: Subject, sure: Uncertainty, rows: Rows) -> dict[str, Floats]:
    """By column of `predict` (4, rows): the number, the limits of its interval, the effective number of patients."""
    found: dict[str, Floats] = {}
    for f in np.unique(subject.fold[rows]).tolist():
        inside = np.flatnonzero(subject.fold[rows] == f)
        part = rows[inside]
        numbers, limits = numbers_and_intervals(
            subject.study, subject.predictor(f), subject.X[part], subject.table.iloc[part], sure
        )
        for column, (low, high, behind) in limits.items():
            place = found.setdefault(column, np.full((4, len(rows)), np.nan))
            place[:, inside] = np.stack([numbers[column], low, high, behind])
    return found


def _task(
    head: Headline, refits: Floats, limits: dict[str, Floats], rows: Rows, external: bool
) -> dict[str, Any]:
    columns = head.columns(list(limits))
    about = {"kind": head.task.kind, "horizon": head.horizon}
    if refits.shape[2] == 0 or len(columns) != refits.shape[2]:
        return {**about, "outputs": []}
    outputs = []
    for k, column in enumerate(columns):
        of = {"column": column, **instability(refits[0, :, k], refits[1:, :, k])}
        if head.task.kind != "regression":
            of["cutoffs"] = crossings(refits[0, :, k], refits[1:, :, k])
            of["behind"] = _behind(limits[column][3])
            of["calibration"] = _calibration(head, k, refits[:, :, k], rows, external)
        of["width"] = _spread_of(limits[column][2] - limits[column][1])
        outputs.append(of)
    return {**about, "outputs": outputs}


def instability(fitted: Floats, refits: Floats) -> dict[str, Any]:
    """How far refits (B, n) lie from the fitted numbers (n,).

    "mape" is the mean absolute prediction error over patients and refits, "patients" its distribution over patients;
    "bands" follow the model's number, each with the refits' 5th, 50th and 95th percentile; "points" are patients, each
    with one refit.
    """
    away = np.abs(refits - fitted).mean(axis=0)
    order = np.argsort(fitted, kind="stable")
    bands = []
    for part in np.array_split(order, min(BINS, max(len(order) // 10, 1))):
        low, middle, high = np.quantile(refits[:, part], (0.05, 0.5, 0.95)).tolist()
        bands.append({"at": float(fitted[part].mean()), "low": low, "middle": middle, "high": high})
    rng = np.random.default_rng(0)
    some = rng.choice(len(fitted), size=min(POINTS, len(fitted)), replace=False)
    drawn = refits[rng.integers(0, len(refits), len(some)), some]
    return {
        "mape": float(away.mean()),
        "patients": np.quantile(away, SHARES).tolist(),
        "bands": bands,
        "points": np.column_stack([fitted[some], drawn]).round(4).tolist(),
    }


def crossings(fitted: Floats, refits: Floats) -> dict[str, Any]:
    """At every cut-off: the mean share of refits that put a patient on the other side, and the patients for whom it is
    more than a tenth of the refits.
    """
    mean, unsure = [], []
    for cutoff in CUTOFFS:
        other = ((refits >= cutoff) != (fitted >= cutoff)).mean(axis=0)
        mean.append(float(other.mean()))
        unsure.append(float((other > UNSTABLE).mean()))
    return {"at": list(CUTOFFS), "mean": mean, "unsure": unsure}


def _behind(n_eff: Floats) -> dict[str, Any] | None:
    known = n_eff[np.isfinite(n_eff)]
    if not len(known):
        return None
    return {**_spread_of(known), "few": float((known < FEW_BEHIND).mean())}


def _spread_of(values: Floats) -> dict[str, Any]:
    known = values[np.isfinite(values)]
    counts, edges = np.histogram(known, bins=BINS, range=drawable(known))
    return {
        "quantiles": np.quantile(known, SHARES).tolist(),
        "mean": float(known.mean()),
        "counts": counts.tolist(),
        "edges": edges.tolist(),
    }


def drawable(values: Floats) -> tuple[float, float]:
    """The ends of values, never so close that bars between them have no width."""
    low, high = float(values.min()), float(values.max())
    return low, max(high, low + 1e-6 * max(abs(low), 1.0))


def _calibration(head: Headline, k: int, refits: Floats, rows: Rows, external: bool) -> dict[str, Any]:
    """By refit, and first by the model itself: mean number and what it is held against, in tenths of the number.

    Held against what happened where none of the patients was in training; else against the model's own numbers, the
    truth that the refits' labels were drawn from, for the model has seen what happened to these.
    """
    kept = np.flatnonzero(head.truth.labelled[rows]) if external else np.arange(len(rows))
    if len(kept) < 10 * GROUPS:
        return {"against": "few", "curves": []}
    curves = []
    for numbers in refits[:, kept]:
        points = []
        for part in np.array_split(np.argsort(numbers, kind="stable"), GROUPS):
            seen = _seen(head, k, rows[kept[part]]) if external else float(refits[0, kept[part]].mean())
            if seen is not None:
                points.append([float(numbers[part].mean()), seen])
        curves.append(points)
    return {"against": "outcome" if external else "model", "curves": curves}


def _seen(head: Headline, k: int, rows: Rows) -> float | None:
    """Share of patients with the event, the class, or the event by the horizon."""
    truth = head.truth
    if head.task.kind == "survival":
        curve = kaplan_meier(truth.time[rows], truth.event[rows])
        share = 1.0 - float(curve.at(head.horizon or 0.0))
        return share if np.isfinite(share) else None
    y = truth.y[rows]
    return float((y == k).mean()) if head.task.kind == "multiclass" else float(y.mean())
