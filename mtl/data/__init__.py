"""From a table of patients to numbers: reading, encoding, targets, folds and the sample cohorts."""

from __future__ import annotations

from mtl.data.encode import Encoded, encode
from mtl.data.notes import DataError, Note
from mtl.data.read import read_table
from mtl.data.samples import load_sample, sample_names
from mtl.data.split import folds
from mtl.data.targets import Target, targets

__all__ = [
    "DataError",
    "Encoded",
    "Note",
    "Target",
    "encode",
    "folds",
    "load_sample",
    "read_table",
    "sample_names",
    "targets",
]
