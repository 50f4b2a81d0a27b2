"""Refits as one JSON text: arrays in base64, little-endian. Nothing is unpickled, and everything is checked on reading."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl.model.files import ModelFileError, dump_json, read_json
from mtl.model.forest import MAX_DECISIONS, Floats, Forest
from mtl.model.predictor import Predictor
from mtl.model.refits import ManyForests, Refits, TaskRefits

MOST_REFITS = 1000
MOST_CELLS = 200_000_000  # numbers in one array


def refits_to_text(refits: Refits) -> str:
    """One JSON object; :func:`refits_from_text` gives the same refits, bit for bit."""
    return dump_json(
        {
            "shared": [_forests(many) for many in refits.shared],
            "tasks": [
                {
                    "linear": _packed(task.linear, "<f4"),
                    "own": _forests(task.own),
                    "constant": _packed(task.constant, "<f8"),
                    "increments": None if task.increments is None else _packed(task.increments, "<f8"),
                    "centre": _packed(task.centre, "<f8"),
                }
                for task in refits.tasks
            ],
        }
    )


def refits_from_text(text: str, predictor: Predictor) -> Refits:
    """Read refits of a predictor.

    Raises
    ------
    ModelFileError
        They are damaged, or another model's.
    """
    try:
        data = read_json(text)
        p = len(predictor.features)
        shared = tuple(
            _read_forests(entry, p, forest.n_outputs)
            for entry, forest in zip(data["shared"], predictor.shared, strict=True)
        )
        count = len(shared[0].first) - 1
        tasks = []
        for entry, task in zip(data["tasks"], predictor.tasks, strict=True):
            c, basis = task.n_outputs, task.linear.basis
            increments = None
            if (entry["increments"] is None) != (task.kind != "survival"):
                raise ValueError(f"task {task.name!r}: hazards exactly where it is a survival task")
            if entry["increments"] is not None:
                increments = _unpacked(entry["increments"], "<f8", (count, -1, -1))
                if (increments < 0).any():
                    raise ValueError(f"task {task.name!r}: a hazard is negative")
            tasks.append(
                TaskRefits(
                    _unpacked(entry["linear"], "<f4", (count, basis.owner.size, c)),
                    _read_forests(entry["own"], p, c),
                    _unpacked(entry["constant"], "<f8", (count, c)),
                    increments,
                    _unpacked(entry["centre"], "<f8", (3, c)),
                )
            )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"the refits behind the intervals cannot be read: {error}; compute the intervals again"
        ) from error
    refits = Refits(tuple(tasks), shared)
    if any(len(many.first) - 1 != count for many in (*shared, *(t.own for t in tasks))):
        raise ModelFileError("the refits behind the intervals differ in number; compute the intervals again")
    return refits


def _packed(values: NDArray[Any], kind: str) -> dict[str, Any]:
    content = np.ascontiguousarray(values, dtype=kind)
    return {"shape": list(content.shape), "data": base64.b64encode(content.tobytes()).decode()}


def _unpacked(data: dict[str, Any], kind: str, shape: tuple[int, ...]) -> Floats:
    """Floats of a shape; -1 is any length."""
    found = _array(data, kind)
    if found.ndim != len(shape) or any(
        want not in (-1, got) for want, got in zip(shape, found.shape, strict=True)
    ):
        raise ValueError(f"an array of shape {found.shape} where {shape} is needed")
    values = found.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("a number is not finite")
    return values


def _array(data: dict[str, Any], kind: str) -> NDArray[Any]:
    shape = tuple(int(size) for size in data["shape"])
    if len(shape) > 3 or any(size < 0 for size in shape) or int(np.prod(shape, dtype=object)) > MOST_CELLS:
        raise ValueError(f"an array of shape {shape}")
    return np.frombuffer(base64.b64decode(data["data"], validate=True), dtype=kind).reshape(shape)


def _forests(many: ManyForests) -> dict[str, Any]:
    f = many.forest
    return {
        "first": _packed(many.first, "<i4"),
        "feature": _packed(f.feature, "<i4"),
        "threshold": _packed(f.threshold, "<f8"),
        "missing_left": _packed(f.missing_left, "u1"),
        "categories": {str(d): sorted(c) for d, c in enumerate(f.categories) if c is not None},
        "start": _packed(f.start, "<i4"),
        "leaf_start": _packed(f.leaf_start, "<i4"),
        "care": _packed(f.care, "u1"),
        "want": _packed(f.want, "u1"),
        "value": _packed(f.value, "<f4"),
    }


def _read_forests(data: dict[str, Any], n_features: int, n_outputs: int) -> ManyForests:
    feature, start, leaf_start = (
        _array(data[name], "<i4").astype(np.int32) for name in ("feature", "start", "leaf_start")
    )
    first = _array(data["first"], "<i4").astype(np.intp)
    care, want, missing_left = (_array(data[name], "u1").copy() for name in ("care", "want", "missing_left"))
    decisions, leaves, trees = len(feature), len(care), len(start) - 1
    categories: list[frozenset[int] | None] = [None] * decisions
    for place, levels in data["categories"].items():
        categories[int(place)] = frozenset(int(level) for level in levels)
    fits = (
        feature.ndim == start.ndim == leaf_start.ndim == first.ndim == care.ndim == 1
        and want.shape == care.shape
        and missing_left.shape == feature.shape
        and len(leaf_start) == len(start)
        and 2 <= len(first) <= MOST_REFITS + 1
        and (first[0], start[0], leaf_start[0]) == (0, 0, 0)
        and (first[-1], start[-1], leaf_start[-1]) == (trees, decisions, leaves)
        and bool((np.diff(first) >= 0).all())
        and bool((np.diff(start) >= 1).all() and (np.diff(start) <= MAX_DECISIONS).all())
        and bool((np.diff(leaf_start) == np.diff(start) + 1).all())
        and bool((feature >= 0).all() and (feature < n_features).all())
    )
    if not fits:
        raise ValueError("trees whose parts do not fit together")
    threshold = _array(data["threshold"], "<f8").astype(
        float
    )  # infinite where missing values alone go the other way
    numeric = np.array([levels is None for levels in categories], dtype=bool)
    if threshold.shape != (decisions,) or np.isnan(threshold[numeric]).any():
        raise ValueError("a decision without a threshold")
    value = _unpacked(data["value"], "<f4", (leaves, n_outputs))
    forest = Forest(
        feature, threshold, missing_left.astype(bool), tuple(categories),
        start, leaf_start, care, want, value, np.zeros(value.shape, dtype=np.int64),
    )  # fmt: skip
    return ManyForests(forest, first)
