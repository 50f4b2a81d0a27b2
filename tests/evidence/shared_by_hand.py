"""What the parts about sharing might have found on `two_hospitals`: every verdict, made by hand."""

from __future__ import annotations

from typing import Any

Found = dict[str, Any]


def limits(value: float, reach: float) -> Found:
    """A difference with its interval."""
    return {"value": value, "low": value - reach, "high": value + reach}


def nothing() -> Found:
    """A difference that no fold can tell."""
    return {"value": None, "low": None, "high": None}


def both(value: float, reach: float) -> Found:
    """A gain in the metric and in the loss."""
    return {"metric": limits(value, reach), "loss": limits(value / 2, reach)}


def scores(metric: float) -> Found:
    """Five folds that say the same."""
    return {"metric": metric, "loss": 1 - metric, "folds": {"metric": [metric] * 5, "loss": [1 - metric] * 5}}


def task(verdict: str, gain: float, reach: float, over: float, left_out: bool = False, **more: Any) -> Found:
    """One task's audit; `more` replaces entries of it."""
    models = {"linear": 0.7, "own": 0.71, "shared": 0.72, "linear_own": 0.73, "blend": 0.73 + gain}
    return {
        "verdict": verdict, "left_out": left_out, "kind": "binary", "n": 360, "informative": 150, "metric": "auroc",
        "helpers": ["sort"], "reason": None,
        "scores": {name: scores(value) for name, value in models.items()},
        "gain": {name: both(gain, reach) for name in ("linear", "own", "shared", "linear_own")},
        "weights": {"linear_own": [[0.5, 0.5]] * 5, "blend": [[0.4, 0.3, 0.3]] * 5},
        "rounds": {"own": [40] * 5, "shared": [90] * 5},
        "control": {
            "real": scores(0.73 + gain), "shuffled": scores(0.73 + gain - over), "runs": [0.73 + gain - over] * 10,
            "gain": both(over, reach), "shared_gain": both(over, reach), "weight": 0.3, "shuffled_weight": 0.2, "moved": 0.9,
        },
        "guard": {"gain": -0.02, "low": -0.03, "high": -0.01, "left_out": left_out},
        "model_weights": {"linear": 0.5, "own": 0.25} | ({} if left_out else {"shared": 0.25}),
    } | more  # fmt: skip


def transfer() -> Found:
    """A task of each sort."""
    return {
        "folds": 5, "permutations": 10, "margin": 0.01,
        "tasks": {
            "ill": task("helped", 0.05, 0.02, 0.04),
            "sort": task("hurt", -0.03, 0.01, -0.02, left_out=True, metric="macro_auroc"),
            "amount": task("regularised", 0.03, 0.01, 0.004, metric="r2"),
            "death": task("level", 0.002, 0.004, 0.001, metric="harrell_c"),
        },
    }  # fmt: skip


def pairs() -> Found:
    """Two tasks that help each other, one that cannot be told."""
    one = {"gain": both(0.04, 0.01), "trees": both(0.05, 0.01), "over_shuffled": both(0.03, 0.01)}
    other = {"gain": both(-0.01, 0.02), "trees": both(0.0, 0.02), "over_shuffled": both(0.0, 0.02)}
    unknown = {name: {"metric": nothing(), "loss": nothing()} for name in one}
    head = {"kind": "binary", "n": 360, "informative": 150, "metric": "auroc"}
    return {
        "folds": 5, "deals": 5,
        "tasks": {
            "ill": {**head, "helpers": {"sort": one, "amount": other}},
            "sort": {**head, "helpers": {"ill": unknown}},
            "amount": {**head, "helpers": {}},
            "death": {**head, "helpers": {}},
        },
    }  # fmt: skip


def learning() -> Found:
    """A curve that ends where labels are too few."""
    points = [
        {
            "share": share, "labels": round(360 * share), "informative": round(150 * share), "reason": None,
            "blend": scores(0.8 - 0.002 / share), "linear_own": scores(0.78 - 0.003 / share), "gain": both(0.02, 0.01),
        }
        for share in (1.0, 0.5, 0.25)
    ]  # fmt: skip
    few = {
        "share": 0.1,
        "labels": 36,
        "informative": 1,
        "reason": "too few labels to leave out two folds at a time",
    }
    return {
        "folds": 5,
        "draws": 3,
        "tasks": {"ill": {"kind": "binary", "metric": "auroc", "shares": [*points, few]}},
    }
