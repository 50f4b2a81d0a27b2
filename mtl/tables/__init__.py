"""Tables as researchers bring them: read with care, cleaned with a log of every change, never trusted."""

from __future__ import annotations

from mtl.tables.cleaning import Cleaned, clean
from mtl.tables.limits import Limits, TableError
from mtl.tables.questions import Answers, Question
from mtl.tables.raw import Origin, RawColumn, RawTable, Refused, Remark
from mtl.tables.reader import read_raw

__all__ = [
    "Answers",
    "Cleaned",
    "Limits",
    "Origin",
    "Question",
    "RawColumn",
    "RawTable",
    "Refused",
    "Remark",
    "TableError",
    "clean",
    "read_raw",
]
