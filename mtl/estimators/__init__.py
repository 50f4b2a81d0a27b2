"""The engine as plain scikit-learn estimators on arrays."""

from mtl.estimators.classifier import MultiTaskClassifier
from mtl.estimators.regressor import MultiTaskRegressor

__all__ = ["MultiTaskClassifier", "MultiTaskRegressor"]
