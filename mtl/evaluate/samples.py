"""Truth and prediction of one task side by side, row for row, so that rows can be drawn from both at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from mtl.evaluate.arrays import BoolArray, FloatArray, IntArray, follow_up, numbers, probabilities
from mtl.evaluate.concordance import Pairs, pairs
from mtl.evaluate.kaplan_meier import KaplanMeier, censoring_kaplan_meier


@dataclass(frozen=True)
class SurvivalTruth:
    """Follow-up in years (n,) and event 0/1 (n,); NaN in either leaves the row out."""

    time: ArrayLike
    event: ArrayLike


@dataclass(frozen=True)
class SurvivalPrediction:
    """A survival task's prediction: log hazard ratios (n,) and risks of the event by `horizons` in years (n,
    H).

    `grid` (g,) and `grid_risk` (n, g), optional: risks on a finer set of times, over which the Brier score is
    then integrated instead of over the horizons.
    """

    log_hazard: ArrayLike
    risk: ArrayLike
    horizons: tuple[float, ...] | None = None
    grid: ArrayLike | None = None
    grid_risk: ArrayLike | None = None


@dataclass(frozen=True)
class LabelledSample:
    """Labels (n,) and predictions (n,) or (n, C) of a binary, multiclass or regression task."""

    truth: FloatArray
    prediction: FloatArray

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.truth)

    def take(self, rows: IntArray) -> LabelledSample:
        """Return the sample of these rows."""
        return LabelledSample(self.truth[rows], self.prediction[rows])


@dataclass(frozen=True)
class SurvivalSample:
    """Follow-up and predictions of a survival task: `risk` (n, H) by `horizons`, `grid_risk` (n, g) by
    `grid`.

    `tau` (years) bounds the events that Uno's C counts. What several metrics need is worked out once.
    """

    time: FloatArray
    event: BoolArray
    log_hazard: FloatArray
    risk: FloatArray
    horizons: tuple[float, ...]
    grid: FloatArray
    grid_risk: FloatArray
    tau: float | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.time)

    def take(self, rows: IntArray) -> SurvivalSample:
        """Return the sample of these rows."""
        return SurvivalSample(
            self.time[rows], self.event[rows], self.log_hazard[rows], self.risk[rows], self.horizons,
            self.grid, self.grid_risk[rows], self.tau,
        )  # fmt: skip

    def at_risk(self, horizon: float) -> int:
        """Return how many are followed to `horizon` (years) or longer."""
        return int(np.sum(self.time >= horizon))

    @cached_property
    def censoring(self) -> KaplanMeier:
        """The share not yet censored."""
        return censoring_kaplan_meier(self.time, self.event)

    @cached_property
    def pairs(self) -> Pairs:
        """The comparable pairs of patients."""
        return pairs(self.time, self.event, self.log_hazard)


Sample = LabelledSample | SurvivalSample


def labelled_sample(kind: str, truth: ArrayLike, prediction: ArrayLike) -> LabelledSample:
    """Return the rows with a label; ValueError names a prediction that is missing where the label is not."""
    y = np.asarray(truth, dtype=np.float64)
    p = np.asarray(prediction, dtype=np.float64)
    dimensions = 2 if kind == "multiclass" else 1
    if y.ndim != 1 or p.ndim != dimensions or len(p) != len(y):
        raise ValueError(
            f"{kind}: truth has shape {y.shape} and prediction {p.shape}, "
            f"expected (n,) and {'(n, classes)' if dimensions == 2 else '(n,)'}"
        )
    _finite_where_labelled(~np.isnan(y), p, "prediction")
    return LabelledSample(y[~np.isnan(y)], p[~np.isnan(y)])


def survival_sample(
    truth: SurvivalTruth, prediction: SurvivalPrediction, horizons: tuple[float, ...]
) -> SurvivalSample:
    """Return the rows with known follow-up; ValueError names what does not fit."""
    time = np.asarray(truth.time, dtype=np.float64)
    event = np.asarray(truth.event, dtype=np.float64)
    score = np.asarray(prediction.log_hazard, dtype=np.float64)
    risk = np.asarray(prediction.risk, dtype=np.float64)
    if risk.ndim == 1 and len(horizons) == 1:
        risk = risk[:, None]
    if any(h <= 0 for h in horizons) or list(horizons) != sorted(set(horizons)):
        raise ValueError(f"horizons are {horizons}: give increasing years above 0")
    if (prediction.grid is None) != (prediction.grid_risk is None):
        raise ValueError("give grid and grid_risk together, or neither")
    grid = np.asarray(horizons if prediction.grid is None else prediction.grid, dtype=np.float64)
    grid_risk = risk if prediction.grid_risk is None else np.asarray(prediction.grid_risk, dtype=np.float64)
    n = len(time)
    if not time.shape == event.shape == score.shape == (n,):
        raise ValueError(
            f"time, event and log_hazard have shapes {time.shape}, {event.shape}, {score.shape}: "
            "expected (n,) for each"
        )
    if risk.shape != (n, len(horizons)) or grid_risk.shape != (n, len(grid)):
        raise ValueError(
            f"risk has shape {risk.shape}, grid_risk {grid_risk.shape}: "
            f"expected ({n}, {len(horizons)}) and ({n}, {len(grid)})"
        )
    labelled = ~(np.isnan(time) | np.isnan(event))
    for values, name in ((score, "log_hazard"), (risk, "risk"), (grid_risk, "grid_risk")):
        _finite_where_labelled(labelled, values, name)
    if not labelled.any():
        empty = np.zeros(0)
        return SurvivalSample(empty, empty > 0, empty, risk[:0], horizons, grid, grid_risk[:0])
    known, happened = follow_up(time[labelled], event[labelled])
    return SurvivalSample(
        known,
        happened,
        numbers(score[labelled], "log_hazard"),
        probabilities(risk[labelled], "risk", (None, None)) if horizons else risk[labelled],
        horizons,
        grid,
        probabilities(grid_risk[labelled], "grid_risk", (None, None)) if len(grid) else grid_risk[labelled],
    )


def _finite_where_labelled(labelled: BoolArray, values: FloatArray, name: str) -> None:
    missing = ~np.isfinite(values) & (labelled if values.ndim == 1 else labelled[:, None])
    if missing.any():
        row = int(np.argwhere(missing)[0][0])
        raise ValueError(
            f"{name} is not a finite number in row {row}, which has a label: predict every labelled row"
        )
