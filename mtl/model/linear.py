"""The linear expert: a ridge GLM or Cox model on the automatic basis, and its path of penalties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from mtl.model.basis import Basis
from mtl.model.curves import CUBES, MISSING, N_ATOMS, PAST, PRESENT, VALUE
from mtl.model.losses import Loss
from mtl.model.stand_ins import StandIns

FloatArray = npt.NDArray[np.float64]

_CHUNK = 4096
_MOST_ROWS = 100_000  # from which stand-ins are learnt
_MAX_STEPS = 100


class LinearError(ValueError):
    """Columns, penalties or a file that the linear expert cannot use."""


@dataclass(frozen=True)
class Penalty:
    """Ridge strength per effective row, and the factor by which nonlinear columns are penalised more.

    A strength of 1 halves the coefficient of a lone standardised column, for every kind of task.
    """

    strength: float
    nonlinear: float = 1.0


DEFAULT_GRID = tuple(
    Penalty(strength, nonlinear)
    for nonlinear in (1.0, 10.0)
    for strength in (3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
)

WIDE_GRID = tuple(
    Penalty(strength, nonlinear)
    for nonlinear in (1.0, 5.0, 25.0, 125.0)
    for strength in (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
)


def effective_rows(loss: Loss) -> float:
    """Return the null model's curvature: n for regression, n p (1 - p) for binary, about the events for Cox.

    The ridge added to the summed loss is `strength * effective_rows / 2 * sum(coef ** 2)`. For two classes,
    softmax and binary agree.
    """
    start = np.tile(loss.start(), (loss.rows, 1))
    return float(loss.gradient(start)[1].sum()) / max(loss.n_outputs - 1, 1)


@dataclass
class _Newton:
    """Penalised Newton steps that keep a Hessian as long as it still serves.

    Along a path of penalties the loss's own Hessian changes slowly while the gradient costs a tenth of it.
    So steps use the last Hessian plus the present penalty, and it is made anew when a step gains too little.
    The penalised gradient is always exact, so what is converged to does not depend on this.
    """

    design: FloatArray  # (n, q), a column of ones first if the loss has an intercept
    loss: Loss
    tolerance: float
    hessian: FloatArray | None = None
    fresh: bool = field(default=False)

    def solve(self, theta: FloatArray, penalty: FloatArray) -> FloatArray:
        """Return the `(q, c)` that minimise summed loss + penalty / 2 * theta^2, starting from `theta`."""
        objective, gradient, margin = self._evaluate(theta, penalty)
        last = np.inf
        for _ in range(_MAX_STEPS):
            step = self._step(gradient, margin, penalty)
            gain = 0.5 * float((gradient * step).sum())
            if gain <= self.tolerance * self.loss.total:
                return np.asarray(theta - step)
            if gain > 0.25 * last and not self.fresh:
                self.hessian = None
                continue
            last, length = gain, 1.0
            while True:
                tried = theta - length * step
                reached, slope, moved = self._evaluate(tried, penalty)
                if reached < objective:
                    break
                if not self.fresh or length < 1e-6:
                    break
                length *= 0.5
            if not reached < objective:  # also when it is not a number
                if self.fresh:
                    return theta  # no further down: the objective's last digit
                self.hessian = None
                continue
            theta, objective, gradient, margin = tried, reached, slope, moved
            self.fresh = False
        return theta

    def _evaluate(self, theta: FloatArray, penalty: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        margin = self.design @ theta
        value, gradient, _ = self.loss.evaluate(margin)
        objective = value * self.loss.total + 0.5 * float((penalty[:, None] * theta * theta).sum())
        return objective, self.design.T @ gradient + penalty[:, None] * theta, margin

    def _step(self, gradient: FloatArray, margin: FloatArray, penalty: FloatArray) -> FloatArray:
        q, c = gradient.shape
        if self.hessian is None:
            self.hessian = self.loss.hessian(margin, self.design)
            if c > 1:
                # Equal shifts of all classes' coefficients change no probability. Their gradient is 0 when
                # they are unpenalised, so a curvature along them costs nothing and makes the matrix regular.
                size = np.trace(self.hessian) / (q * c)
                self.hessian += np.kron(np.ones((c, c)), np.eye(q)) * (1e-6 * size)
            self.fresh = True
        matrix = self.hessian.copy()
        diagonal = np.einsum("ii->i", matrix)
        diagonal += np.tile(penalty, c)
        diagonal += 1e-10 * diagonal.max() + 1e-300
        factor = cho_factor(matrix, lower=True, check_finite=False)
        step = cho_solve(factor, gradient.T.ravel(), check_finite=False)
        return np.asarray(step.reshape(c, q).T)


def fit_path(
    Z: FloatArray,
    loss: Loss,
    nonlinear: npt.NDArray[np.bool_],
    grid: Sequence[Penalty] = DEFAULT_GRID,
    tolerance: float = 1e-9,
) -> tuple[FloatArray, FloatArray]:
    """Fit the ridge model at every penalty of a grid, each from its neighbour's solution.

    Parameters
    ----------
    Z : (n, q) columns, finite; the intercept is added here and not penalised.
    loss : of the same n rows.
    nonlinear : (q,) columns whose penalty is multiplied.
    grid : penalties, in any order.
    tolerance : stop when a Newton step would gain less than this, in units of loss per row.

    Returns
    -------
    Coefficients `(g, q, c)` and intercepts `(g, c)`, in the grid's order; intercepts are 0 for Cox.

    Raises
    ------
    LinearError
        For columns that do not fit the loss, an empty grid or a negative penalty.

    Examples
    --------
    Ridge with a strength of 1 halves the slope of a standardised column.

    >>> from mtl.model.losses import SquaredLoss
    >>> z = np.array([[-1.0], [1.0]])
    >>> coef, intercept = fit_path(z, SquaredLoss([0.0, 4.0]), np.array([False]), [Penalty(1.0)])
    >>> round(float(coef[0, 0, 0]), 6), round(float(intercept[0, 0]), 6)
    (1.0, 2.0)
    """
    design = np.ones((Z.shape[0], loss.has_intercept + Z.shape[1]))
    design[:, loss.has_intercept :] = Z
    return _fit_design(design, loss, nonlinear, grid, tolerance)


def _fit_design(
    design: FloatArray,
    loss: Loss,
    nonlinear: npt.NDArray[np.bool_],
    grid: Sequence[Penalty],
    tolerance: float = 1e-9,
) -> tuple[FloatArray, FloatArray]:
    """`fit_path` of columns that follow a column of ones if the loss has an intercept."""
    shift = int(loss.has_intercept)
    n, q = design.shape[0], design.shape[1] - shift
    if n != loss.rows or nonlinear.shape != (q,):
        raise LinearError(f"columns {(n, q)}, marks {nonlinear.shape} and {loss.rows} rows do not fit")
    if not grid or any(p.strength < 0 or p.nonlinear < 0 for p in grid):
        raise LinearError("the grid needs at least one penalty, and none may be negative")
    theta = np.zeros((q + shift, loss.n_outputs))
    if shift:
        theta[0] = loss.start()
    result = np.zeros((len(grid), *theta.shape))
    if q:
        newton = _Newton(design, loss, tolerance)
        rows = effective_rows(loss)
        for index in _snake(grid):
            penalty = np.zeros(q + shift)
            penalty[shift:] = grid[index].strength * rows
            penalty[shift:][nonlinear] *= grid[index].nonlinear
            theta = newton.solve(theta, penalty)
            result[index] = theta
    elif shift:
        result[:, 0] = theta[0]
    intercepts = result[:, 0] if shift else np.zeros((len(grid), loss.n_outputs))
    return result[:, shift:], intercepts


def staged_margins(Z: FloatArray, coefs: FloatArray, intercepts: FloatArray) -> FloatArray:
    """Return the margins `(g, n, c)` of columns `(n, q)` at every penalty of a path."""
    g, q, c = coefs.shape
    flat = Z @ coefs.transpose(1, 0, 2).reshape(q, g * c)
    return np.ascontiguousarray(flat.reshape(-1, g, c).transpose(1, 0, 2)) + intercepts[:, None, :]


@dataclass(frozen=True)
class LinearExpert:
    """A margin that is a sum of one function of each feature, and of what stands in for missing ones.

    Parameters
    ----------
    basis : the columns.
    coef : (q, c) coefficients.
    intercept : (c,).
    stand_ins : what the other findings say of a missing one; nothing if left out.
    """

    basis: Basis
    coef: FloatArray
    intercept: FloatArray
    stand_ins: StandIns | None = None

    def __post_init__(self) -> None:
        q = self.basis.owner.size
        if self.coef.ndim != 2 or self.coef.shape[0] != q or self.intercept.shape != self.coef.shape[1:]:
            raise LinearError(
                f"coefficients {self.coef.shape} and intercept {self.intercept.shape} do not fit {q} columns"
            )
        if not (np.isfinite(self.coef).all() and np.isfinite(self.intercept).all()):
            raise LinearError("a coefficient is not finite: the file is damaged, or the fit's columns were")

    def margin(self, X: FloatArray) -> FloatArray:
        """Return the margin `(n, c)` of encoded features `(n, p)`; a row has the same bits in any table."""
        out = np.empty((X.shape[0], self.intercept.size))
        for begin in range(0, X.shape[0], _CHUNK):
            terms = self._terms(X[begin : begin + _CHUNK])
            # A running sum adds in the same order for one row and for many.
            out[begin : begin + _CHUNK] = terms.cumsum(axis=1)[:, -1] if terms.shape[1] else 0.0
            if self.stand_ins is not None:
                out[begin : begin + _CHUNK] += self.stand_ins.margin(self.basis, X[begin : begin + _CHUNK])
        out += self.intercept
        return out

    def parts(self, X: FloatArray) -> FloatArray:
        """Return each feature's uncentred part of the margin, `(n, p, c)`.

        With the intercept, and the stand-ins where something is missing, the parts add up to the margin. A hidden
        feature has exactly 0.
        """
        out = np.zeros((X.shape[0], self.basis.n_features, self.intercept.size))
        for begin in range(0, X.shape[0], _CHUNK):
            out[begin : begin + _CHUNK, self._owner] = self._terms(X[begin : begin + _CHUNK])
        return out

    def with_stand_ins(self, X: FloatArray) -> LinearExpert:
        """The same expert with stand-ins learnt from encoded training features `(n, p)`, from a sample of many rows."""
        if len(X) > _MOST_ROWS:
            X = X[np.sort(np.random.default_rng(len(X)).choice(len(X), _MOST_ROWS, replace=False))]
        return replace(self, stand_ins=StandIns.fit(self.basis, self.parts(X), X))

    @cached_property
    def _owner(self) -> npt.NDArray[np.intp]:
        compiled = self.basis.compiled
        return np.concatenate([compiled.features, compiled.categorical])

    @cached_property
    def _weights(self) -> FloatArray:
        """(N_ATOMS, f, c): the coefficients moved from columns to atoms."""
        weights = np.zeros((N_ATOMS, len(self.basis.curves), self.intercept.size))
        column = 0
        for position, curve in enumerate(self.basis.curves):
            for atoms in curve.columns:
                weights[:, position] += np.outer(atoms, self.coef[column])
                column += 1
        return weights

    @cached_property
    def _lookup(self) -> FloatArray:
        """(k, levels + 1, c): what each level of each category adds; the last entry is missing."""
        categories = self.basis.categories
        table = np.zeros((len(categories), self.basis.compiled.lookup_size, self.intercept.size))
        column = sum(len(c.columns) for c in self.basis.curves)
        for position, category in enumerate(categories):
            k = len(category.levels)
            if category.missing_scale:
                table[position] = self.coef[column + k] / category.missing_scale
            scales = np.array(category.scales)[:, None]
            table[position, list(category.levels)] = self.coef[column : column + k] / scales
            column += k + (category.missing_scale > 0)
        return table

    def _terms(self, X: FloatArray) -> FloatArray:
        """Return the parts of the features that have columns, `(n, f + k, c)`, in the order of `_owner`."""
        atoms = self.basis.atoms(X)
        w = self._weights
        f = w.shape[1]
        out = np.empty((X.shape[0], self._owner.size, self.intercept.size))
        # Plain products and sums, no BLAS: the bits do not depend on the number of rows or threads.
        curves = out[:, :f]
        np.multiply(atoms.value[:, :, None], w[VALUE], out=curves)
        curves += atoms.missing[:, :, None] * w[MISSING]
        curves += atoms.present[:, :, None] * w[PRESENT]
        curves += atoms.past[:, :, None] * w[PAST]
        for k in range(atoms.cubes.shape[2]):
            curves += atoms.cubes[:, :, k, None] * w[CUBES + k]
        if atoms.level.shape[1]:
            out[:, f:] = self._lookup[np.arange(atoms.level.shape[1]), atoms.level]
        return out

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers; JSON keeps every bit of them."""
        return {
            "basis": self.basis.to_dict(),
            "coef": self.coef.tolist(),
            "intercept": self.intercept.tolist(),
            "stand_ins": None if self.stand_ins is None else self.stand_ins.to_list(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LinearExpert:
        """Read what `to_dict` wrote, also after JSON.

        Raises
        ------
        LinearError
            For an entry that is missing or does not fit.
        """
        try:
            basis = Basis.from_dict(data["basis"])
            intercept = np.array(data["intercept"], dtype=np.float64)
            coef = np.array(data["coef"], dtype=np.float64).reshape(-1, intercept.size)
            saved = data["stand_ins"]
            stand_ins = None if saved is None else StandIns.from_list(saved, basis, intercept.size)
        except (KeyError, TypeError) as error:
            raise LinearError(f"not a linear expert: {error}") from error
        return cls(basis, coef, intercept, stand_ins)


@dataclass(frozen=True)
class LinearPath:
    """Linear experts along a grid of penalties, all on one basis."""

    basis: Basis
    grid: tuple[Penalty, ...]
    coefs: FloatArray  # (g, q, c)
    intercepts: FloatArray  # (g, c)

    @classmethod
    def fit(
        cls, X: FloatArray, loss: Loss, basis: Basis, grid: Sequence[Penalty] = DEFAULT_GRID
    ) -> LinearPath:
        """Fit every penalty of `grid` on encoded training features `(n, p)`, masked as in training."""
        design = basis.transform(X, ones=int(loss.has_intercept))
        coefs, intercepts = _fit_design(design, loss, basis.nonlinear, grid)
        return cls(basis, tuple(grid), coefs, intercepts)

    def margins(self, X: FloatArray) -> FloatArray:
        """Return the margins `(g, n, c)` of encoded features."""
        return staged_margins(self.basis.transform(X), self.coefs, self.intercepts)

    def expert(self, index: int) -> LinearExpert:
        """Return the expert at one penalty of the grid."""
        return LinearExpert(self.basis, self.coefs[index], self.intercepts[index])


def _snake(grid: Sequence[Penalty]) -> list[int]:
    """Return an order in which neighbours are close: strong to weak, then the next factor weak to strong."""
    order = sorted(range(len(grid)), key=lambda i: (grid[i].nonlinear, -grid[i].strength))
    result: list[int] = []
    for number, (_, group) in enumerate(groupby(order, key=lambda i: grid[i].nonlinear)):
        indices = list(group)
        result += indices if number % 2 == 0 else indices[::-1]
    return result
