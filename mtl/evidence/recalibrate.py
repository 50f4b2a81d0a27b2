"""Recalibration on other patients: a level, or a level and a slope, on the margin of each task.

Affine on the margin, so that contributions stay exact. Binary: logistic regression on the margin, as an offset or with
a slope (Cox, Biometrika 1958; Steyerberg, Clinical Prediction Models, 2019, chapter 15). Several classes: a level a
class and one slope. Amounts: least squares. Survival: the slope by Cox's partial likelihood, the level of the baseline
hazard by Poisson regression on the cumulative hazards (Crowson, Atkinson and Therneau, Stat Methods Med Res 2016); what
a trial says of a treatment stays an offset that is not recalibrated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, softmax

from mtl.data import Target
from mtl.model.baseline import Baseline
from mtl.model.cox import CoxLoss
from mtl.model.intervals import Uncertainty
from mtl.model.predictor import Predictor, TaskPredictor
from mtl.model.refits import Refits, TaskRefits
from mtl.multitask import MultiTaskModel

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Method = Literal["level", "slope"]
METHODS: tuple[Method, ...] = ("level", "slope")

FEWEST_EVENTS = 100  # and as many without the event, below which nothing is recalibrated
STEPS, CLOSE = 50, 1e-10
FLATTEST, STEEPEST = 0.01, 20.0


class NoSlopeError(ValueError):
    """The numbers do not order these patients as the outcome does: no slope above 0 fits them."""


@dataclass(frozen=True)
class Affine:
    """margin -> level + slope * margin; of a survival task the level goes to the logarithm of the baseline hazard."""

    level: Floats
    slope: float


@dataclass(frozen=True, eq=False)
class Followed:
    """A task's patients, all with an outcome, and their margins (n, c).

    Survival has the `offset` (n, Q) of what was given, the limits of its periods, and the model's baseline hazard.
    """

    truth: Target
    margin: Floats
    offset: Floats | None = None
    baseline: Baseline | None = None

    def subset(self, rows: Rows) -> Followed:
        """Some of them."""
        offset = None if self.offset is None else self.offset[rows]
        return Followed(self.truth.subset(rows), self.margin[rows], offset, self.baseline)

    @property
    def informative(self) -> int:
        """Rows of the rarer class, rows of the rarest class, events within the model's years, or rows."""
        if self.truth.kind == "survival":
            return int(self._cut()[1].sum())
        if self.truth.kind == "regression":
            return len(self.truth.y)
        counts = np.bincount(self.truth.y.astype(int), minlength=max(2, self.truth.n_outputs))
        return int(counts.min())

    def _cut(self) -> tuple[Floats, Floats]:
        """Time and event until the model's last year."""
        assert self.baseline is not None
        last = float(self.baseline.times[-1])
        return np.minimum(self.truth.time, last), np.where(self.truth.time <= last, self.truth.event, 0.0)

    def fit(self, method: Method) -> Affine:
        """The level, or level and slope, that fit these patients best.

        Raises
        ------
        NoSlopeError
            A slope was asked for, and none above 0 fits.
        """
        if self.truth.kind == "survival":
            return self._survival(method)
        if self.truth.kind == "regression":
            return self._amount(method)
        return self._classes(method)

    def _survival(self, method: Method) -> Affine:
        time, event = self._cut()
        assert self.baseline is not None and self.offset is not None
        slope = 1.0
        if method == "slope":
            loss = CoxLoss(time, event, self.offset, self.baseline.boundaries)

            def downhill(at: float) -> float:
                gradient, _ = loss.gradient(at * self.margin)
                return float((gradient * self.margin).sum())

            slope = _root(downhill)
        exposure = (self.baseline.increments(time) * np.exp(self.offset)).sum(axis=1)
        expected = float((np.exp(slope * self.margin[:, 0]) * exposure).sum())
        return Affine(np.array([np.log(float(event.sum()) / expected)]), slope)

    def _amount(self, method: Method) -> Affine:
        said, y = self.margin[:, 0], self.truth.y
        slope = 1.0
        if method == "slope":
            centred = said - said.mean()
            slope = _positive(float((centred * y).sum() / (centred**2).sum()) if centred.any() else 0.0)
        return Affine(np.array([float((y - slope * said).mean())]), slope)

    def _classes(self, method: Method) -> Affine:
        """Newton's method; of several classes the levels sum to 0, for only their differences count."""
        c, y = self.margin.shape[1], self.truth.y.astype(int)
        seen = (y[:, None] == np.arange(c)) if c > 1 else y[:, None] == 1
        jacobian = np.broadcast_to(np.eye(c), (len(y), c, c))
        if method == "slope":
            jacobian = np.concatenate([jacobian, self.margin[:, :, None]], axis=2)
        theta = np.zeros(jacobian.shape[2])
        if method == "slope":
            theta[-1] = 1.0
        fixed = 0.0 if method == "slope" else self.margin
        for _ in range(STEPS):
            margin = fixed + jacobian @ theta
            p = softmax(margin, axis=1) if c > 1 else expit(margin)
            gradient = np.einsum("nck,nc->k", jacobian, seen - p)
            curvature = np.einsum("nck,nc,ncl->kl", jacobian, p * (1 - p if c == 1 else 1), jacobian)
            if c > 1:
                mean = np.einsum("nck,nc->nk", jacobian, p)
                curvature = curvature - mean.T @ mean
            step = np.linalg.lstsq(curvature, gradient, rcond=1e-12)[0]
            theta = theta + np.clip(step, -2.0, 2.0)
            if np.abs(step).max() < CLOSE:
                break
        slope = _positive(float(theta[-1])) if method == "slope" else 1.0
        return Affine(theta[:c], slope)


def _root(downhill: Any) -> float:
    """Where an increasing function is 0, between the flattest and the steepest slope."""
    if downhill(FLATTEST) >= 0:
        raise NoSlopeError("the risks do not order these patients as the outcome does: no slope above 0 fits")
    return STEEPEST if downhill(STEEPEST) <= 0 else float(brentq(downhill, FLATTEST, STEEPEST, xtol=1e-12))


def _positive(slope: float) -> float:
    if slope < FLATTEST:
        raise NoSlopeError(
            "the numbers do not order these patients as the outcome does: no slope above 0 fits"
        )
    return slope


# The new model ----------------------------------------------------------------------------------------------------------


def apply(
    predictor: Predictor, maps: Mapping[str, Affine], half_widths: Mapping[str, float] | None = None
) -> Predictor:
    """The predictor with other constants, scales, baseline hazards; experts, weights and novelty stay."""
    widths = half_widths or {}
    tasks = tuple(
        _task(task, maps[task.name], widths.get(task.name, task.half_width)) if task.name in maps else task
        for task in predictor.tasks
    )
    return replace(predictor, tasks=tasks)


def _task(task: TaskPredictor, to: Affine, half_width: float | None) -> TaskPredictor:
    scaled = replace(task, scale=to.slope * task.scale, half_width=half_width)
    if task.baseline is None:
        return replace(scaled, constant=to.level + to.slope * task.constant)
    hazard = task.baseline.hazard * float(np.exp(to.level[0]))
    return replace(scaled, constant=to.slope * task.constant, baseline=replace(task.baseline, hazard=hazard))


def recalibrated(
    model: MultiTaskModel,
    maps: Mapping[str, Affine],
    half_widths: Mapping[str, float],
    about: Mapping[str, Any],
) -> MultiTaskModel:
    """A new model with recalibrated tasks; the given one stays as it is.

    Its refits move with it, so that intervals stay those of the fit: what the level and the slope are unsure of
    themselves is not in them.

    Parameters
    ----------
    maps
        By task; the others stay.
    half_widths
        Of the conformal intervals of regression tasks that are recalibrated.
    about
        Written into the model's training record, after earlier ones: what it was recalibrated on, plain values.
    """
    predictor = apply(model.predictor_, maps, half_widths)
    refits = None if model.intervals_ is None else _refits(model.predictor_, model.intervals_, maps)
    training = {
        **model.training_,
        "recalibration": [*model.training_.get("recalibration", []), dict(about)],
    }
    return model.standing_in(predictor, training, None if refits is None else Uncertainty(predictor, refits))


def _refits(predictor: Predictor, refits: Refits, maps: Mapping[str, Affine]) -> Refits:
    tasks = []
    for task, drawn in zip(predictor.tasks, refits.tasks, strict=True):
        to = maps.get(task.name)
        tasks.append(drawn if to is None else _moved(drawn, to))
    return replace(refits, tasks=tuple(tasks))


def _moved(drawn: TaskRefits, to: Affine) -> TaskRefits:
    if drawn.increments is None:
        return replace(drawn, constant=to.level + to.slope * drawn.constant)
    increments = drawn.increments * float(np.exp(to.level[0]))
    return replace(drawn, constant=to.slope * drawn.constant, increments=increments)
