"""Consilium: multi-task prediction for clinical tables, calibrated and explained."""

from mtl.data.samples import load_sample
from mtl.multitask import MultiTaskModel
from mtl.study import Study

__all__ = ["MultiTaskModel", "Study", "__version__", "load_sample"]
__version__ = "0.1.0"
