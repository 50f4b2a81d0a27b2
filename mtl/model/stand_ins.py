"""What the other findings say of one that is missing, for the linear expert.

A missing indicator shifts the level, but it cannot hand a finding's weight to the findings that go with it, so a linear
margin with one input blanked would not be that of a model fitted without it. Here each feature's part of the margin is
regressed on the other features' linear columns; where the feature is missing, that regression stands in for the part.
The margin stays a sum of terms of at most two features, so its Shapley values keep a closed form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mtl.model.basis import Basis

FloatArray = npt.NDArray[np.float64]

RIDGE = 0.05  # per row, on standardised columns
CHUNK = 16_384  # rows looked at once
FEWEST = 20  # rows with the feature known, below which nothing stands in for it


@dataclass(frozen=True)
class Crossed:
    """Background means of what the stand-ins multiply: missing (t,), values (f,) and their products (t, f)."""

    missing: FloatArray
    value: FloatArray
    both: FloatArray


@dataclass(frozen=True)
class StandIns:
    """`coef` (t, f, c): where target j is missing, column i adds ``coef[j, i]`` times its value.

    Targets are the basis' curves and then its categories, columns the values of its curves: standardised, 0 where
    missing themselves.
    """

    coef: FloatArray

    def states(self, basis: Basis, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Which targets are missing, (n, t), 1 or 0, and the values of the columns, (n, f)."""
        if len(X) > CHUNK:
            parts = [self.states(basis, X[begin : begin + CHUNK]) for begin in range(0, len(X), CHUNK)]
            missing, value = zip(*parts, strict=True)
            return np.concatenate(missing), np.concatenate(value)
        atoms = basis.atoms(X)
        absent = [~np.isin(atoms.level[:, k], category.levels) for k, category in enumerate(basis.categories)]
        return np.column_stack([atoms.missing, *absent]).astype(float), atoms.value

    def weighed(self, value: FloatArray) -> FloatArray:
        """What would stand in for each target, (n, t, c); sums in one order, so a row has the same bits anywhere."""
        out = np.zeros((len(value), self.coef.shape[0], self.coef.shape[2]))
        for i in range(self.coef.shape[1]):
            out += value[:, i, None, None] * self.coef[:, i]
        return out

    def margin(self, basis: Basis, X: FloatArray) -> FloatArray:
        """What the stand-ins add to the margin, (n, c)."""
        out = np.zeros((len(X), self.coef.shape[2]))
        missing, value = self.states(basis, X)
        rows = np.flatnonzero(missing.any(axis=1))
        if len(rows) and missing.shape[1]:
            terms = missing[rows, :, None] * self.weighed(value[rows])
            out[rows] = terms.cumsum(axis=1)[:, -1]
        return out

    def background(self, basis: Basis, X: FloatArray) -> Crossed:
        """The means that explanations need."""
        missing, value = self.states(basis, X)
        both = np.empty((missing.shape[1], value.shape[1]))
        for j in range(len(both)):
            both[j] = (missing[:, [j]] * value).mean(axis=0)
        return Crossed(missing.mean(axis=0), value.mean(axis=0), both)

    @classmethod
    def fit(cls, basis: Basis, parts: FloatArray, X: FloatArray) -> StandIns:
        """Regress each feature's part of the margin, `parts` (n, p, c), on the other features' columns by ridge."""
        f, t = len(basis.curves), len(basis.curves) + len(basis.categories)
        stand_ins = cls(np.zeros((t, f, parts.shape[2])))
        missing, value = stand_ins.states(basis, X)
        owner = [c.feature for c in basis.curves] + [c.feature for c in basis.categories]
        for j in range(t):
            others = np.array([i for i in range(f) if i != j], dtype=np.intp)
            known = missing[:, j] == 0
            if known.sum() < FEWEST or not len(others):
                continue
            columns = value[known][:, others]
            columns = columns - columns.mean(axis=0)
            target = parts[known, owner[j]]
            gram = columns.T @ columns + RIDGE * known.sum() * np.eye(len(others))
            stand_ins.coef[j, others] = np.linalg.solve(gram, columns.T @ (target - target.mean(axis=0)))
        return stand_ins

    def to_list(self) -> list[Any]:
        """Plain lists."""
        return list(self.coef.tolist())

    @classmethod
    def from_list(cls, data: Any, basis: Basis, outputs: int) -> StandIns:
        """The inverse of `to_list`; ValueError where it does not fit the basis."""
        f, t = len(basis.curves), len(basis.curves) + len(basis.categories)
        coef = (
            np.array(data, dtype=np.float64).reshape(-1, f, outputs) if f and t else np.zeros((t, f, outputs))
        )
        if len(coef) != t or not np.isfinite(coef).all():
            raise ValueError("stand-ins of another basis, or not finite")
        return cls(coef)


def crossed_to_dict(crossed: Crossed) -> dict[str, Any]:
    """Plain lists."""
    return {
        "missing": crossed.missing.tolist(),
        "value": crossed.value.tolist(),
        "both": crossed.both.tolist(),
    }


def crossed_from_dict(data: Mapping[str, Any], stand_ins: StandIns) -> Crossed:
    """The inverse of `crossed_to_dict`; ValueError where it does not fit the stand-ins."""
    t, f, _ = stand_ins.coef.shape
    missing, value = np.array(data["missing"], dtype=float), np.array(data["value"], dtype=float)
    both = np.array(data["both"], dtype=float).reshape(t, f)
    if missing.shape != (t,) or value.shape != (f,):
        raise ValueError("the background of other stand-ins")
    if not all(np.isfinite(a).all() for a in (missing, value, both)):
        raise ValueError("a background mean is not finite")
    return Crossed(missing, value, both)
