"""Consilium: multi-task prediction for clinical tables, calibrated and explained."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mtl.data.samples import load_sample
from mtl.multitask import MultiTaskModel
from mtl.study import Study

if TYPE_CHECKING:
    from mtl.estimators import MultiTaskClassifier, MultiTaskRegressor
    from mtl.tables import Answers, clean, read_raw
    from mtl.tables.infer import infer, with_identifier
    from mtl.tables.look import drift, look
    from mtl.tables.table_one import table_one

__all__ = [
    "Answers",
    "MultiTaskClassifier",
    "MultiTaskModel",
    "MultiTaskRegressor",
    "Study",
    "__version__",
    "clean",
    "drift",
    "infer",
    "load_sample",
    "look",
    "metrics",
    "read_raw",
    "table_one",
    "with_identifier",
]
__version__ = "0.1.0"

_LATER = {
    "Answers": "mtl.tables",
    "MultiTaskClassifier": "mtl.estimators",
    "MultiTaskRegressor": "mtl.estimators",
    "clean": "mtl.tables",
    "drift": "mtl.tables.look",
    "infer": "mtl.tables.infer",
    "look": "mtl.tables.look",
    "metrics": "mtl.notebook",
    "read_raw": "mtl.tables",
    "table_one": "mtl.tables.table_one",
    "with_identifier": "mtl.tables.infer",
}


def __getattr__(name: str) -> Any:
    """What only some programs need, imported at first use."""
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
