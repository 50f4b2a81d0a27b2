"""How close two patients are: the share of trees that send both to the same leaf."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl.model.forest import Floats, Forest
from mtl.model.linear import LinearExpert
from mtl.model.predictor import Predictor

SHARED, OWN, LINEAR = "shared", "own", "linear"
Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class Ground:
    """What closeness is measured on for a task, by the predictor in use.

    `kind` is "shared" (the forest that the task shares with every task seeing the same findings), "own" (where that
    forest has no tree: the task's own) or "linear" (where that has none either). `name` is the same for tasks that
    share a ground. `trees` is 0 for "linear".
    """

    kind: str
    name: str
    trees: int


def ground(predictor: Predictor, task: str) -> Ground:
    """Where closeness is measured for a task; KeyError names the tasks there are."""
    fitted = predictor.task(task)
    shared = predictor.shared[fitted.shared]
    if shared.n_trees:
        return Ground(SHARED, f"{SHARED}-{fitted.shared}", shared.n_trees)
    place = [one.name for one in predictor.tasks].index(task)
    if fitted.own.n_trees:
        return Ground(OWN, f"{OWN}-{place}", fitted.own.n_trees)
    return Ground(LINEAR, f"{LINEAR}-{place}", 0)


def grounds(predictor: Predictor) -> dict[str, tuple[Ground, str]]:
    """Every ground of a predictor by its name, with one of its tasks."""
    found = [(ground(predictor, task.name), task.name) for task in predictor.tasks]
    return {here.name: (here, task) for here, task in found}


def forest_of(predictor: Predictor, task: str) -> Forest:
    """The forest of a task's ground; ValueError where the ground is linear."""
    here, fitted = ground(predictor, task), predictor.task(task)
    if here.kind == LINEAR:
        raise ValueError(f"task {task!r} has no tree; its closeness is measured on the linear expert's terms")
    return predictor.shared[fitted.shared] if here.kind == SHARED else fitted.own


def leaf_codes(forest: Forest, X: Floats) -> Codes:
    """Leaf of each row within each tree, uint8 (trees, n): a tree has at most eight."""
    leaves = forest.leaves(forest.patterns(X)) - forest.leaf_start[:-1]
    return np.ascontiguousarray(leaves.T.astype(np.uint8))


def shared_leaves(codes: Codes, patient: Codes) -> Floats:
    """Share of trees in which each row is in the patient's leaf, (n,), 0 to 1.

    Parameters
    ----------
    codes : uint8 (trees, n)
    patient : uint8 (trees,)

    References
    ----------
    Breiman and Cutler's proximity of a random forest (Breiman, Machine Learning 2001;45:5-32), here of boosted trees.

    Examples
    --------
    >>> shared_leaves(np.array([[0, 1], [3, 3]], dtype=np.uint8), np.array([0, 3], dtype=np.uint8)).tolist()
    [1.0, 0.5]
    """
    if patient.shape != codes.shape[:1]:
        raise ValueError(
            f"leaf codes of {codes.shape[0]} trees and a patient of {patient.shape}: one forest only"
        )
    together = np.zeros(codes.shape[1], dtype=np.uint16)
    for row, leaf in zip(codes, patient, strict=True):  # a row of 20,000 at a time stays in the cache
        together += row == leaf
    return together / max(len(codes), 1)


@dataclass(frozen=True, eq=False)
class Terms:
    """The linear expert's terms of some patients, each with mean 0 and standard deviation 1 among them.

    values (n, q); centre, scale (q,).
    """

    values: Floats
    centre: Floats
    scale: Floats

    @classmethod
    def of(cls, linear: LinearExpert, X: Floats) -> Terms:
        """Terms of encoded patients X (n, p), standardised; a term that never varies becomes 0."""
        raw = linear.basis.transform(X)
        centre, scale = raw.mean(axis=0), raw.std(axis=0)
        scale = np.where(scale > 0, scale, np.inf)
        return cls((raw - centre) / scale, centre, scale)

    def closeness(self, linear: LinearExpert, patient: Floats) -> Floats:
        """1 / (1 + d), (n,), d being the root mean square difference of the terms; `patient` is (1, p)."""
        own = (linear.basis.transform(patient)[0] - self.centre) / self.scale
        if not self.values.shape[1]:
            return np.ones(len(self.values))
        distance: Floats = np.sqrt(np.mean((self.values - own) ** 2, axis=1))
        return 1.0 / (1.0 + distance)


def nearest(closeness: Floats, excluded: NDArray[np.bool_], most: int) -> NDArray[np.intp]:
    """Places of the closest rows, the closest first; of equally close ones the earlier row.

    Examples
    --------
    >>> nearest(np.array([0.2, 0.9, 0.9, 1.0]), np.array([False, False, False, True]), 2).tolist()
    [1, 2]
    """
    order = np.argsort(-closeness, kind="stable")
    return order[~excluded[order]][:most]


@dataclass(frozen=True, eq=False)
class Standing:
    """Where values stand among those of a reference group, feature by feature, so that findings can be compared.

    `levels` (p,) marks features whose values are names or yes and no; `known` holds each column sorted, without gaps.
    """

    levels: NDArray[np.bool_]
    known: tuple[Floats, ...]

    @classmethod
    def of(cls, X: Floats, levels: NDArray[np.bool_]) -> Standing:
        """From encoded patients (n, p)."""
        return cls(levels, tuple(np.sort(column[~np.isnan(column)]) for column in X.T))

    def differences(self, patient: Floats, others: Floats) -> Floats:
        """How far others (m, p) are from a patient (p,), (m, p): 0 alike, up to 1.

        Numbers: the distance of their mid-ranks as a share of the group. Levels: 0 or 1. One missing: 1; both: 0.
        """
        out = np.zeros(others.shape)
        for j, known in enumerate(self.known):
            own, theirs = patient[j], others[:, j]
            if self.levels[j] or not len(known):
                out[:, j] = theirs != own
            else:
                out[:, j] = np.abs(_mid_rank(known, theirs) - _mid_rank(known, np.array([own])))
            gap = np.isnan(theirs)
            out[:, j] = np.where(gap | np.isnan(own), gap != np.isnan(own), out[:, j])
        return out


def _mid_rank(known: Floats, values: Floats) -> Floats:
    below, upto = np.searchsorted(known, values, "left"), np.searchsorted(known, values, "right")
    return (below + upto) / (2.0 * len(known))
