"""Models kept in memory by the process: the final predictor and those of the folds, each with its explainer."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

from mtl.explain.explainer import Explainer
from mtl.model.intervals import Uncertainty
from mtl.model.predictor import Predictor
from mtl.store import models
from mtl.store.models import ModelRecord

MOST = 24  # predictors kept; with its tables one takes up to 20 MB
FINAL = -1
SURE = -2  # the final predictor with its uncertainty


@dataclass(frozen=True, eq=False)
class Reader:
    """A predictor and its explainer, whose tables are built at the first question; the final one may know how sure it is."""

    predictor: Predictor
    explainer: Explainer
    uncertainty: Uncertainty | None = None


_readers: OrderedDict[tuple[Path, int], Reader] = OrderedDict()
_guard, _loading = Lock(), Lock()


def reader(record: ModelRecord, fold: int = FINAL) -> Reader:
    """The predictor for patients held out in `fold`, or the final one; from memory where it was used lately."""
    key = (record.folder, fold)
    found = _kept(key)
    if found is not None:
        return found
    with _loading:  # two that ask for one at a time load it once
        found = _kept(key)
        if found is None:
            found = _read(record, fold)
            with _guard:
                _readers[key] = found
                while len(_readers) > MOST:
                    _readers.popitem(last=False)
    return found


def uncertainty(record: ModelRecord) -> Uncertainty | None:
    """How sure the model is, where its refits are there."""
    return reader(record, SURE).uncertainty if record.has_intervals else None


def _read(record: ModelRecord, fold: int) -> Reader:
    if fold >= 0:
        predictor = models.load_fold(record, fold)
        return Reader(predictor, Explainer(predictor))
    model = models.load(record)
    return Reader(model.predictor_, Explainer(model.predictor_), model.uncertainty_ if fold == SURE else None)


def forget_all() -> None:
    """Keep no predictor any more."""
    with _guard:
        _readers.clear()


def _kept(key: tuple[Path, int]) -> Reader | None:
    with _guard:
        found = _readers.get(key)
        if found is not None:
            _readers.move_to_end(key)
        return found


@lru_cache(maxsize=64)
def _record(folder: Path) -> ModelRecord:
    return models.get(folder.name)


def record(key: str) -> ModelRecord:
    """A model's record, which never changes; StoreError when there is none."""
    return _record(models.folder_of(key))
