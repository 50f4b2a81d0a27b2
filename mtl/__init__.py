"""Consilium: multi-task prediction for clinical tables, calibrated and explained."""

from typing import TYPE_CHECKING, Any

from mtl.data.samples import load_sample
from mtl.multitask import MultiTaskModel
from mtl.study import Study

if TYPE_CHECKING:
    from mtl.estimators import MultiTaskClassifier, MultiTaskRegressor

__all__ = [
    "MultiTaskClassifier",
    "MultiTaskModel",
    "MultiTaskRegressor",
    "Study",
    "__version__",
    "load_sample",
]
__version__ = "0.1.0"

_ESTIMATORS = ("MultiTaskClassifier", "MultiTaskRegressor")


def __getattr__(name: str) -> Any:
    """The estimators, imported at first use: the app never needs them."""
    if name in _ESTIMATORS:
        from mtl import estimators

        return getattr(estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
