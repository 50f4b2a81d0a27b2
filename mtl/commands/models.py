"""Which model a command means by DIR: a folder, or one that the app has registered and that knows its patients."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.commands.console import CommandError, Console
from mtl.commands.reading import remembered
from mtl.commands.tables import identifiers
from mtl.data import encode
from mtl.evidence.subject import NEW, with_predictor
from mtl.model import files
from mtl.model.predictor import Predictor
from mtl.multitask import MultiTaskModel, describe
from mtl.tables.questions import REMEMBERED, Answers

if TYPE_CHECKING:
    from mtl.store.models import ModelRecord

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """The rows of a table that one predictor answers for: that of their fold, or the final one for new patients."""

    rows: Rows
    model: MultiTaskModel
    fold: int


@dataclass
class Opened:
    """A model and what is known of its training patients: nothing, where it came as a folder.

    `answers` are those by which its table was cleaned, None where it was read plainly; `record` is the app's, if it is one.
    """

    model: MultiTaskModel
    folder: Path | None = None
    answers: Answers | None = None
    membership: dict[str, int] = field(default_factory=dict)
    record: ModelRecord | None = None
    _folds: dict[int, MultiTaskModel] = field(default_factory=dict)

    def parts(self, table: pd.DataFrame, fold: Rows | None = None) -> list[Part]:
        """Who answers for which rows: no patient is judged by a predictor that saw them; `fold` as :meth:`fold` found it."""
        fold = self.fold(table) if fold is None else fold
        return [
            Part(np.flatnonzero(fold == f), self.model if f == NEW else self._of_fold(f), f)
            for f in np.unique(fold).tolist()
        ]

    def predict(self, table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
        """The numbers of every row, and how many of them are out of fold."""
        parts = self.parts(table)
        if len(parts) == 1:
            return parts[0].model.predict(table), len(table) * (parts[0].fold != NEW)
        numbers = [p.model.predict(table.iloc[p.rows]).set_axis(p.rows) for p in parts]
        seen = sum(len(p.rows) for p in parts if p.fold != NEW)
        return pd.concat(numbers).sort_index().set_axis(table.index), seen

    def noted(self, table: pd.DataFrame) -> list[str]:
        """The warnings about cells that asking for `table` will give, which its caller gives for the whole table."""
        parts = self.parts(table)
        rows = [np.arange(len(table)), *(part.rows for part in parts if len(parts) > 1)]
        return [describe(note) for r in rows for note in encode(self.model.study, table.iloc[r]).notes]

    def used(self, action: str, command: str, **detail: object) -> None:
        """Write into the app's trail that one of its models was used, before anything is shown."""
        if self.record is not None:
            from mtl.services import command_line

            command_line.used(action, command, self.record, **detail)

    def asked(self, command: str, row: pd.DataFrame, shown: dict[str, str], known: bool) -> None:
        """Write into the app's trail that one of its models answered for a patient, before the answer is shown."""
        if self.record is not None:
            from mtl.services import command_line

            command_line.asked(command, self.record, self.model.study, row, shown, known)

    def fold(self, table: pd.DataFrame) -> Rows:
        """(n,) the fold in which each row was held out, -1 for who was not in training."""
        fold = np.full(len(table), NEW, dtype=np.int64)
        if not self.membership or self.model.study.identifier not in table.columns:
            return fold
        from mtl.store.home import secret
        from mtl.store.keys import row_digests

        names = ["" if name is None else str(name) for name in identifiers(table, self.model.study)]
        digests = row_digests(secret(), names, encode(self.model.study, table).X)
        return np.array([self.membership.get(digest, NEW) for digest in digests], dtype=np.int64)

    def travelling(self) -> Opened:
        """What answers where neither the app's database nor its secret is: rows must be told their fold there."""
        for fold in set(self.membership.values()):
            self._of_fold(fold)
        return Opened(self.model, _folds=self._folds)

    def _of_fold(self, fold: int) -> MultiTaskModel:
        if fold not in self._folds:
            self._folds[fold] = with_predictor(self.model, self._predictor(fold))
        return self._folds[fold]

    def _predictor(self, fold: int) -> Predictor:
        from mtl.store import models

        return models.load_fold(models.get(str(self.folder and self.folder.name)), fold)


def open_model(name: str, console: Console) -> Opened:
    """The model in a folder, else the one that the app registered under that name.

    Raises
    ------
    ModelFileError
        The folder's model cannot be trusted or read.
    CommandError
        There is neither.
    """
    if os.sep in name or Path(name).exists():
        model = MultiTaskModel.load(name)
        return Opened(model, answers=remembered(files.read_folder(name).get(REMEMBERED)))
    # the app's database, which a model's folder does not need
    from mtl.services import models
    from mtl.services.users import Forbidden
    from mtl.store.database import StoreError

    try:
        found = models.resolve(name)
    except (Forbidden, StoreError) as error:
        raise CommandError(str(error)) from error
    if found.record is None:
        return Opened(found.model)
    folder = found.record.folder
    said = folder / REMEMBERED
    answers = remembered(said.read_text(encoding="utf-8") if said.is_file() else None)
    if not found.record.folds:
        return Opened(found.model, answers=answers, record=found.record)
    kept = pd.read_parquet(folder / "membership.parquet", columns=["digest", "fold"])
    console.note(f"model {found.record.key}: its training patients get their out-of-fold numbers")
    return Opened(
        found.model,
        folder,
        answers,
        dict(zip(kept["digest"], kept["fold"].astype(int), strict=True)),
        found.record,
    )
