"""Random trees with a walker and a Shapley enumeration of their own, to test the tables against."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np

from mtl.model.forest import Forest


@dataclass
class Node:
    """A decision, or a leaf when `value` is set."""

    value: np.ndarray | None = None
    feature: int = -1
    threshold: float = 0.0
    missing_left: bool = False
    categories: frozenset[int] | None = None
    left: Node | None = None
    right: Node | None = None

    def walk(self, x: np.ndarray) -> np.ndarray:
        if self.value is not None:
            return self.value
        v = x[self.feature]
        if self.categories is not None:
            goes_left = not np.isnan(v) and int(v) in self.categories
        else:
            goes_left = self.missing_left if np.isnan(v) else v <= self.threshold
        return (self.left if goes_left else self.right).walk(x)


def random_tree(
    rng: np.random.Generator, n_leaves: int, features: list[int], categorical: set[int], outputs: int
) -> Node:
    root = Node(value=rng.normal(size=outputs))
    leaves = [root]
    while len(leaves) < n_leaves:
        node = leaves.pop(int(rng.integers(len(leaves))))
        node.value = None
        node.feature = int(rng.choice(features))
        if node.feature in categorical:
            node.categories = frozenset(rng.choice(5, size=int(rng.integers(1, 4)), replace=False).tolist())
        else:
            node.threshold, node.missing_left = float(rng.normal()), bool(rng.integers(2))
        node.left, node.right = Node(value=rng.normal(size=outputs)), Node(value=rng.normal(size=outputs))
        leaves += [node.left, node.right]
    return root


def to_forest(roots: list[Node], outputs: int) -> Forest:
    feature, threshold, missing_left, categories, care, want, value = [], [], [], [], [], [], []
    start, leaf_start = [0], [0]

    def visit(node: Node, cares: int, wants: int) -> None:
        if node.value is not None:
            care.append(cares), want.append(wants), value.append(node.value)
            return
        bit = 1 << (len(feature) - start[-1])
        feature.append(node.feature), threshold.append(node.threshold)
        missing_left.append(node.missing_left), categories.append(node.categories)
        visit(node.left, cares | bit, wants | bit)
        visit(node.right, cares | bit, wants)

    for root in roots:
        visit(root, 0, 0)
        start.append(len(feature)), leaf_start.append(len(value))
    values = np.array(value, float).reshape(-1, outputs)
    return Forest(
        np.array(feature, np.int32),
        np.array(threshold, float),
        np.array(missing_left, bool),
        tuple(categories),
        np.array(start, np.int32),
        np.array(leaf_start, np.int32),
        np.array(care, np.uint8),
        np.array(want, np.uint8),
        values,
        np.ones(values.shape, np.int64),
    )


def random_rows(
    rng: np.random.Generator, n: int, p: int, categorical: set[int], missing: float = 0.2
) -> np.ndarray:
    X = rng.normal(size=(n, p))
    for column in categorical:
        X[:, column] = rng.integers(6, size=n)  # 5 is in no tree's set: a level the trees have not seen
    X[rng.random((n, p)) < missing] = np.nan
    return X


def brute_force(roots: list[Node], x: np.ndarray, background: np.ndarray, output: int) -> np.ndarray:
    """Shapley values of one row by enumerating every coalition against every background row."""
    p = len(x)
    worth = {}
    for size in range(p + 1):
        for coalition in combinations(range(p), size):
            mixed = background.copy()
            mixed[:, list(coalition)] = x[list(coalition)]
            worth[frozenset(coalition)] = np.mean([sum(r.walk(z)[output] for r in roots) for z in mixed])
    phi = np.zeros(p)
    for j in range(p):
        for coalition, v in worth.items():
            if j not in coalition:
                weight = factorial(len(coalition)) * factorial(p - len(coalition) - 1) / factorial(p)
                phi[j] += weight * (worth[coalition | {j}] - v)
    return phi
