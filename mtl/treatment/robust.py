"""The doubly robust difference of two arms, by DoubleML on pseudo-values, with its sensitivity to what was not measured."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mtl.treatment.protocol import Entry

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Population = Literal["overlap", "everybody"]
Quantity = Literal["survival", "restricted_mean"]
CLIP = 0.01  # of the propensity where everybody eligible is spoken for
REPETITIONS = 3
FOLDS = 5


class Difference(Entry):
    """Treated less untreated, with its 95 % interval.

    `robustness` is the share of what is left unexplained, both of treatment and of outcome, that an unmeasured
    confounder would have to explain to bring the difference to 0, and `robustness_limit` to bring the interval there
    (Chernozhukov, Cinelli, Newey, Sharma and Syrgkanis, "Long story short", 2022).
    """

    quantity: Quantity
    population: Population
    value: float
    low: float
    high: float
    robustness: float | None
    robustness_limit: float | None


def difference(
    quantity: Quantity,
    pseudo: Floats,
    treated: Bools,
    columns: Floats,
    propensity: Floats,
    population: Population,
    seed: int = 0,
    repetitions: int = REPETITIONS,
) -> Difference:
    """Estimate the mean difference of the pseudo-values (n,) between the arms.

    "overlap": the partially linear model of Robinson (1988), whose estimand weights each patient by propensity times
    its complement, the population of the overlap weights. "everybody": augmented inverse weighting (Robins, Rotnitzky
    and Zhao 1994). Both with cross-fitting (Chernozhukov et al. 2018): the outcome from ridge regression and gradient
    boosting in equal parts, the propensity (n,) as it is given, and the median over `repetitions` of the folds.

    Parameters
    ----------
    columns
        (n, q) confounders as plain numbers; see :mod:`mtl.treatment.design`.
    propensity
        (n,) cross-fitted; clipped to .01 to .99 for "everybody".
    """
    # DoubleML brings statsmodels, matplotlib and optuna: a second and more, which no page should wait for.
    from doubleml import DoubleMLData, DoubleMLIRM, DoubleMLPLR
    from lightgbm import LGBMRegressor
    from sklearn.ensemble import VotingRegressor
    from sklearn.linear_model import LogisticRegression, RidgeCV

    trees = LGBMRegressor(
        n_estimators=60, learning_rate=0.05, num_leaves=6, min_child_samples=20, n_jobs=1, random_state=seed,
        verbose=-1, deterministic=True, force_col_wise=True,
    )  # fmt: skip
    learner = VotingRegressor([("linear", RidgeCV(np.logspace(-1, 4, 11))), ("trees", trees)])
    x = columns if columns.shape[1] else np.zeros((len(pseudo), 1))
    data = DoubleMLData.from_arrays(x, pseudo, treated.astype(np.float64))
    chance = np.clip(propensity, CLIP, 1 - CLIP) if population == "everybody" else propensity
    unused = LogisticRegression()  # DoubleML wants a learner even where the propensity is given
    kind = DoubleMLPLR if population == "overlap" else DoubleMLIRM
    model = kind(data, learner, unused, n_folds=FOLDS, n_rep=repetitions, draw_sample_splitting=False)
    model.set_sample_splitting([_splits(treated, seed + r) for r in range(repetitions)])
    given = {"d": {"ml_m": np.repeat(chance[:, None], repetitions, axis=1)}}
    with threadpool_limits(limits=1):
        model.fit(external_predictions=given)
    low, high = (float(v) for v in model.confint(level=0.95).to_numpy()[0])
    model.sensitivity_analysis()
    found = model.sensitivity_params
    return Difference(
        quantity=quantity,
        population=population,
        value=float(model.coef[0]),
        low=low,
        high=high,
        robustness=_finite(found["rv"][0]),
        robustness_limit=_finite(found["rva"][0]),
    )


def _splits(treated: Bools, seed: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Folds with both arms in each, as pairs of places."""
    rng = np.random.default_rng([seed, 31])
    fold = np.empty(len(treated), dtype=np.intp)
    for arm in (treated, ~treated):
        places = rng.permutation(np.flatnonzero(arm))
        fold[places] = np.arange(len(places)) % FOLDS
    return [(np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in range(FOLDS)]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
