"""All metrics of one task, by its kind, with their intervals: what `mtl evaluate` prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypedDict, Unpack, cast, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from mtl.evaluate import binary, calibration, concordance, multiclass, regression, survival
from mtl.evaluate.arrays import FloatArray, IntArray
from mtl.evaluate.intervals import LEVEL, RESAMPLES, percentile_interval, replicates
from mtl.evaluate.metric import MINIMUM_AT_RISK, MINIMUM_EVENTS, MINIMUM_ROWS, Metric, NotEstimable
from mtl.evaluate.samples import (
    LabelledSample,
    Sample,
    SurvivalPrediction,
    SurvivalSample,
    SurvivalTruth,
    labelled_sample,
    survival_sample,
)

KINDS = ("binary", "multiclass", "regression", "survival")


@runtime_checkable
class Labelled(Protocol):
    """Anything with labels `y` (n,), NaN where unlabelled: a binary, multiclass or regression target."""

    @property
    def y(self) -> Any:
        """Labels (n,): 0/1, class numbers or amounts."""


@runtime_checkable
class FollowedUp(Protocol):
    """Anything with `time` (years) and `event`, both (n,), NaN where unlabelled: a survival target."""

    @property
    def time(self) -> Any:
        """Follow-up in years (n,)."""

    @property
    def event(self) -> Any:
        """0 censored, 1 event (n,)."""


@dataclass(frozen=True)
class _Statistic:
    """A metric's name, its value on a sample, and what the whole sample (not a resample) must offer."""

    name: str
    value: Callable[[Any], float]
    demands: tuple[Callable[[Any], str | None], ...] = ()

    def estimate(self, sample: Sample) -> float | str:
        """Return the value, or the reason why there is none."""
        for demand in self.demands:
            if (reason := demand(sample)) is not None:
                return reason
        try:
            value = self.value(sample)
        except NotEstimable as reason:
            return str(reason)
        return value if np.isfinite(value) else "the value is not finite"


class Asked(TypedDict, total=False):
    """What may be asked of any evaluation.

    resamples: how many, for the intervals. groups (n,): rows of one patient share a value and are resampled together.
    classes: names of the C classes, for the AUROC of each against the rest, `auroc=name` (their numbers if left out).
    only: whether a metric of that name is wanted; all are if left out.
    """

    resamples: int
    groups: ArrayLike | None
    classes: Sequence[str] | None
    only: Callable[[str], bool] | None


def evaluate_task(
    kind: str,
    truth: ArrayLike | Labelled | FollowedUp,
    prediction: ArrayLike | SurvivalPrediction,
    horizons: Sequence[float] | None = None,
    intervals: bool = True,
    seed: int = 0,
    **asked: Unpack[Asked],
) -> dict[str, Metric]:
    """Return every metric of a task, with a 95 % bootstrap percentile interval.

    kind: binary, multiclass, regression or survival. truth: labels (n,), or an object with `y`; for survival
    an object with `time` (years) and `event`, such as `SurvivalTruth`. prediction: probability (n,);
    probabilities (n, C); amount (n,); or `SurvivalPrediction`. Rows without a label (NaN) are left out.
    horizons: years of the columns of the risks (default: those of the prediction). asked: see `Asked`.
    A metric that cannot be estimated has value None and a reason. Uno's C counts events before the last estimable
    horizon. Survival metrics are None at a horizon with fewer than 20 patients still at risk.

    >>> result = evaluate_task("binary", [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], intervals=False)
    >>> result["auroc"].value, result["calibration_slope"].reason
    (0.75, 'fewer than 20 labelled rows (4)')
    """
    found = draw_task(kind, truth, prediction, horizons, intervals, seed, **asked)
    return found.metrics()


@dataclass(frozen=True)
class Drawn:
    """A task's metrics on all rows and on each resample: intervals and paired differences follow.

    Attributes
    ----------
    estimates : dict
        By name the value on all rows, or the reason why there is none.
    values : dict
        By name, of those with a value, the values (resamples,) on the resamples; NaN where there was none. Empty where no
        intervals were asked for.
    """

    estimates: dict[str, float | str]
    values: dict[str, FloatArray]

    def metrics(self) -> dict[str, Metric]:
        """Every metric with its interval."""
        return {name: _metric(value, self.values.get(name)) for name, value in self.estimates.items()}

    def less(self, other: Drawn) -> dict[str, Metric]:
        """Every metric of this less that of another prediction of the same rows, drawn with the same seed."""
        found: dict[str, Metric] = {}
        for name, x in self.estimates.items():
            if name not in other.estimates:
                continue
            y = other.estimates[name]
            value = x if isinstance(x, str) else y if isinstance(y, str) else x - y
            pair = [of.values.get(name) for of in (self, other)]
            drawn = None if pair[0] is None or pair[1] is None else pair[0] - pair[1]
            found[name] = _metric(value, drawn)
        return found


def draw_task(
    kind: str,
    truth: ArrayLike | Labelled | FollowedUp,
    prediction: ArrayLike | SurvivalPrediction,
    horizons: Sequence[float] | None = None,
    intervals: bool = True,
    seed: int = 0,
    **asked: Unpack[Asked],
) -> Drawn:
    """Return every metric of a task on all rows and on each resample. Arguments as in `evaluate_task`."""
    sample, kept = _sample(kind, truth, prediction, horizons)
    groups, classes, only = asked.get("groups"), asked.get("classes"), asked.get("only")
    statistics = [s for s in _statistics(kind, sample, classes) if only is None or only(s.name)]
    if len(sample) == 0:
        return Drawn({s.name: "no labelled rows" for s in statistics}, {})
    estimates = {s.name: s.estimate(sample) for s in statistics}
    estimable = [s for s in statistics if not isinstance(estimates[s.name], str)]
    drawn: dict[str, FloatArray] = {}
    if intervals and estimable and len(sample) > 1:
        own_groups = None if groups is None else np.asarray(groups)[kept]
        resamples = asked.get("resamples", RESAMPLES)
        values = replicates(partial(_values, estimable, sample), len(sample), resamples, seed, own_groups)
        drawn = {s.name: values[:, k] for k, s in enumerate(estimable)}
    return Drawn(estimates, drawn)


def compare_task(
    kind: str,
    truth: ArrayLike | Labelled | FollowedUp,
    first: ArrayLike | SurvivalPrediction,
    second: ArrayLike | SurvivalPrediction,
    horizons: Sequence[float] | None = None,
    seed: int = 0,
    **asked: Unpack[Asked],
) -> dict[str, Metric]:
    """Return, for every metric, first - second with the interval of the paired difference.

    Both predictions are of the same rows, and each resample draws the same rows for both. Arguments as in
    `evaluate_task`.

    >>> compare_task("regression", [1.0, 2.0, 3.0], [1.0, 2.0, 4.0], [1.0, 2.0, 3.0])["mae"].value
    0.3333333333333333
    """
    first_horizons, second_horizons = (
        p.horizons if isinstance(p, SurvivalPrediction) and horizons is None else horizons
        for p in (first, second)
    )
    if first_horizons != second_horizons:
        raise ValueError("the two predictions have different horizons: compare risks at the same years")
    a, b = (draw_task(kind, truth, one, horizons, True, seed, **asked) for one in (first, second))
    return a.less(b)


def _metric(value: float | str, drawn: FloatArray | None) -> Metric:
    if isinstance(value, str):
        return Metric(None, reason=value)
    return Metric(float(value), *((None, None) if drawn is None else percentile_interval(drawn, LEVEL)))


def _values(statistics: Sequence[_Statistic], sample: Sample, rows: IntArray) -> FloatArray:
    drawn = sample.take(rows)
    values = np.full(len(statistics), np.nan)
    for k, statistic in enumerate(statistics):
        try:
            values[k] = statistic.value(drawn)
        except NotEstimable:
            continue
    return values


def _sample(
    kind: str,
    truth: ArrayLike | Labelled | FollowedUp,
    prediction: ArrayLike | SurvivalPrediction,
    horizons: Sequence[float] | None,
) -> tuple[Sample, IntArray]:
    """Return the labelled rows, and which they are."""
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}: give one of {', '.join(KINDS)}")
    if kind == "survival":
        if not isinstance(truth, FollowedUp) or not isinstance(prediction, SurvivalPrediction):
            raise ValueError(
                "survival: give truth with time and event, and prediction as a SurvivalPrediction"
            )
        own = prediction.horizons if horizons is None else horizons
        if own is None:
            raise ValueError("survival: give the horizons (years) of the columns of the risks")
        pair = SurvivalTruth(truth.time, truth.event)
        followed = survival_sample(pair, prediction, tuple(float(h) for h in own))
        known = ~(
            np.isnan(np.asarray(truth.time, dtype=float)) | np.isnan(np.asarray(truth.event, dtype=float))
        )
        return _within_follow_up(followed), np.flatnonzero(known)
    if isinstance(prediction, SurvivalPrediction):
        raise ValueError(f"{kind}: give the prediction as an array")
    labels = truth.y if isinstance(truth, Labelled) else cast(ArrayLike, truth)
    labelled = labelled_sample(kind, labels, prediction)
    return labelled, np.flatnonzero(~np.isnan(np.asarray(labels, dtype=float)))


def _within_follow_up(sample: SurvivalSample) -> SurvivalSample:
    """Keep the grid times with enough patients at risk, and end Uno's C at the last estimable horizon."""
    if len(sample) == 0:
        return sample
    enough = np.array([sample.at_risk(t) >= MINIMUM_AT_RISK for t in sample.grid], dtype=bool)
    estimable = [h for h in sample.horizons if sample.at_risk(h) >= MINIMUM_AT_RISK]
    ordered = np.sort(sample.time)
    last = float(ordered[-MINIMUM_AT_RISK]) if len(ordered) >= MINIMUM_AT_RISK else None
    tau = max(estimable) if estimable else last
    return replace(sample, grid=sample.grid[enough], grid_risk=sample.grid_risk[:, enough], tau=tau)


def _statistics(kind: str, sample: Sample, classes: Sequence[str] | None = None) -> list[_Statistic]:
    if isinstance(sample, SurvivalSample):
        return _survival_statistics(sample.horizons)
    if kind == "binary":
        return _labelled_statistics(
            {
                "auroc": binary.auroc,
                "average_precision": binary.average_precision,
                "log_loss": binary.log_loss,
                "brier": binary.brier,
                "scaled_brier": binary.scaled_brier,
                "calibration_slope": calibration.calibration_slope,
                "calibration_intercept": calibration.calibration_intercept,
                "ici": calibration.ici,
                "accuracy": binary.accuracy,
            },
            {
                "calibration_slope": (_enough_rows,),
                "calibration_intercept": (_enough_rows,),
                "ici": (_enough_rows, _enough_of_each_class),
            },
        )
    if kind == "multiclass":
        names = classes or [str(c) for c in range(sample.prediction.shape[1])]
        own = {f"auroc={name}": partial(multiclass.class_auroc, which=c) for c, name in enumerate(names)}
        return _labelled_statistics(
            {
                "macro_auroc": multiclass.macro_auroc,
                "log_loss": multiclass.log_loss,
                "accuracy": multiclass.accuracy,
                "brier": multiclass.brier,
                **own,
            },
            {},
        )
    return _labelled_statistics(
        {
            "r2": regression.r2,
            "rmse": regression.rmse,
            "mae": regression.mae,
            "calibration_slope": regression.calibration_slope,
            "calibration_intercept": regression.calibration_intercept,
            "ici": regression.ici,
        },
        {"calibration_slope": (_enough_rows,), "ici": (_enough_rows,)},
    )


def _labelled_statistics(
    functions: dict[str, Callable[[ArrayLike, ArrayLike], float]],
    demands: dict[str, tuple[Callable[[Any], str | None], ...]],
) -> list[_Statistic]:
    def on_sample(function: Callable[[ArrayLike, ArrayLike], float], sample: LabelledSample) -> float:
        return function(sample.truth, sample.prediction)

    return [_Statistic(name, partial(on_sample, f), demands.get(name, ())) for name, f in functions.items()]


def _survival_statistics(horizons: Sequence[float]) -> list[_Statistic]:
    def uno(s: SurvivalSample) -> float:
        return concordance.weighted_concordance(s.pairs, s.censoring, s.tau)

    def integrated(s: SurvivalSample) -> float:
        if len(s.grid) < 2:
            raise NotEstimable("risks at two or more estimable times are needed to integrate over time")
        return survival.integrated_brier(s.time, s.event, s.grid_risk, s.grid, s.censoring)

    def slope(s: SurvivalSample) -> float:
        return calibration.cox_calibration_slope(s.time, s.event, s.log_hazard)

    statistics = [
        _Statistic("harrell_c", lambda s: s.pairs.concordance()),
        _Statistic("uno_c", uno, (_enough_rows,)),
        _Statistic("integrated_brier", integrated),
        _Statistic("calibration_slope", slope, (_enough_rows,)),
    ]
    for k, h in enumerate(horizons):
        enough = partial(_enough_at_risk, h)
        statistics += [
            _Statistic(
                f"ici@{h:g}y", partial(_ici_at, k), (enough, _enough_rows, partial(_enough_events, h))
            ),
            _Statistic(f"auroc@{h:g}y", partial(_auroc_at, k), (enough,)),
            _Statistic(f"brier@{h:g}y", partial(_brier_at, k), (enough,)),
            _Statistic(f"observed_expected@{h:g}y", partial(_observed_expected, k), (enough,)),
        ]
    return statistics


def _ici_at(k: int, s: SurvivalSample) -> float:
    return calibration.ici_at(s.time, s.event, s.risk[:, k], s.horizons[k])


def _auroc_at(k: int, s: SurvivalSample) -> float:
    return survival.auroc_at(s.time, s.event, s.risk[:, k], s.horizons[k], s.censoring)


def _brier_at(k: int, s: SurvivalSample) -> float:
    return survival.brier_at(s.time, s.event, s.risk[:, k], s.horizons[k], s.censoring)


def _observed_expected(k: int, s: SurvivalSample) -> float:
    return survival.observed_expected(s.time, s.event, s.risk[:, k], s.horizons[k])


def _enough_rows(sample: Sample) -> str | None:
    return None if len(sample) >= MINIMUM_ROWS else f"fewer than {MINIMUM_ROWS} labelled rows ({len(sample)})"


def _enough_of_each_class(sample: LabelledSample) -> str | None:
    rarer = int(min(sample.truth.sum(), (1 - sample.truth).sum()))
    if rarer == 0:
        return f"only one class among the {len(sample)} labelled rows"
    return (
        None if rarer >= MINIMUM_EVENTS else f"fewer than {MINIMUM_EVENTS} rows of the rarer class ({rarer})"
    )


def _enough_at_risk(horizon: float, sample: SurvivalSample) -> str | None:
    left = sample.at_risk(horizon)
    return (
        None
        if left >= MINIMUM_AT_RISK
        else f"fewer than {MINIMUM_AT_RISK} still at risk at {horizon:g} years ({left})"
    )


def _enough_events(horizon: float, sample: SurvivalSample) -> str | None:
    events = int(np.sum(sample.event & (sample.time <= horizon)))
    return (
        None
        if events >= MINIMUM_EVENTS
        else f"fewer than {MINIMUM_EVENTS} events by {horizon:g} years ({events})"
    )
