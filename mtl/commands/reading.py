"""How a command reads a table: plainly and of any length, or with the care that it takes to read a hospital's export.

A model that was trained on a cleaned table remembers that, and what a person answered about it; what it is asked later
is read in the same way, so that the command line and the page *Score* give the same numbers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mtl.commands.console import CommandError, Console
from mtl.commands.tables import CHUNK_ROWS, Chunks, columns_of, read_whole, the_row
from mtl.data import DataError
from mtl.language import number
from mtl.model.files import ModelFileError, read_json
from mtl.study import Study
from mtl.tables.cleaning import Cleaned, clean
from mtl.tables.questions import REMEMBERED, Answers
from mtl.tables.raw import RawTable
from mtl.tables.reader import read_raw
from mtl.tables.units import differ


def add_arguments(parser: argparse.ArgumentParser, with_plain: bool = True) -> None:
    """How TABLE is read: `--clean`, `--answers FILE`, and where a model may remember otherwise `--plain`."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--clean",
        action="store_true",
        help="read TABLE as `profile` does: any encoding, .xlsx, units, decimal commas"
        + ("; the default for a model that was trained so" if with_plain else ""),
    )
    if with_plain:
        how.add_argument(
            "--plain",
            action="store_true",
            help="read TABLE as it stands, also for a model that was trained on a cleaned table",
        )
    parser.add_argument(
        "--answers",
        metavar="FILE",
        help="what a person answered about the table (JSON), as the app's page gives it",
    )


def answers_of(path: str) -> Answers:
    """What a person answered, from a file.

    Raises
    ------
    CommandError
        The file is absent, no JSON, or holds something else.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CommandError(f"{path}: no such file; check the path") from None
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(f"{path}: cannot be read as JSON ({str(error)[:80]})") from None
    if not isinstance(found, dict):
        raise CommandError(f'{path}: give an object such as {{"sentinels": {{"age": ["999"]}}}}')
    return Answers.from_dict(found)


def asked(args: argparse.Namespace) -> Answers | None:
    """The answers by which the arguments ask for a table to be cleaned; None where they do not ask for it."""
    if args.answers is not None:
        if getattr(args, "plain", False):
            raise CommandError("--answers are about cleaning, which --plain leaves out; give one of them")
        return answers_of(args.answers)
    return Answers() if args.clean else None


def chosen(args: argparse.Namespace, remembered: Answers | None, console: Console) -> Answers | None:
    """How a table for a model is read: as the arguments say, else as the model's own was; None for plainly."""
    found = asked(args)
    if found is None and remembered is not None and not args.plain:
        console.note(
            "the model was trained on a cleaned table: this one is cleaned in the same way (--plain: it is not)"
        )
        return remembered
    return found


def remember(files: dict[str, str], answers: Answers | None) -> dict[str, str]:
    """The files of a model, with how its table was read."""
    return files if answers is None else {**files, REMEMBERED: answers.to_json()}


def remembered(text: str | None) -> Answers | None:
    """What a model's folder remembers; None where its table was read plainly."""
    if text is None:
        return None
    try:
        found: Any = read_json(text)
        return Answers.from_dict(found)
    except (DataError, ValueError, AttributeError) as error:
        raise ModelFileError(
            f"{REMEMBERED} cannot be read: {str(error)[:120]}; do not use this model"
        ) from None


# Clean tables --------------------------------------------------------------------------------------------------------


def read_clean(path: str, console: Console, answers: Answers | None = None, where: str = "") -> Cleaned:
    """Any table, cleaned; warns of rows refused, questions left open and how much was changed.

    Answers about columns that this table does not have are passed over: another table of the same clinic may lack them.
    """
    raw = read_raw(path)
    cleaned = clean(raw, None if answers is None else _about(answers, raw))
    if cleaned.refused:
        first = cleaned.refused[0]
        console.warn(
            f"{where}{number(len(cleaned.refused))} lines are no rows and were left out, "
            f"the first is line {first.line}: {first.reason}"
        )
    if cleaned.n_changes:
        columns = len(cleaned.rule_counts())
        console.note(
            f"{where}{number(cleaned.n_changes)} cells in {columns} columns were rewritten while reading"
        )
    for question in cleaned.questions:
        console.warn(f"{where}column {question.column!r}: {question.evidence}")
    return cleaned


def _about(answers: Answers, raw: RawTable) -> Answers:
    names = {column.name for column in raw.columns}
    parts = answers.to_dict()
    missing = parts.pop("missing")
    kept = {
        part: {name: said for name, said in found.items() if name in names} for part, found in parts.items()
    }
    return Answers.from_dict({**kept, "missing": missing})


def read_for(
    study: Study, path: str, answers: Answers | None, console: Console, where: str = ""
) -> pd.DataFrame:
    """A whole table of a study's patients, plain or cleaned; warns of columns in another unit than the study's."""
    if answers is None:
        with hinting(path):
            return read_whole(path, study)
    cleaned = read_clean(path, console, answers, where)
    for feature in study.features:
        own, wanted = cleaned.units.get(feature.name), feature.unit.get("en")
        if differ(own, wanted):
            console.warn(
                f"{where}column {feature.name!r} is in {own} here and in {wanted} in the study: convert it"
            )
    if not len(cleaned.table):
        raise DataError(f"{Path(path).name}: no rows; give a table with one row a patient")
    return cleaned.table


@dataclass(frozen=True)
class CleanRows:
    """A cleaned table a chunk of rows at a time, as :class:`mtl.commands.tables.Chunks` gives a plain one."""

    table: pd.DataFrame

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.table)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        for first in range(0, len(self.table), CHUNK_ROWS):
            yield self.table.iloc[first : first + CHUNK_ROWS].reset_index(drop=True)


def chunks(study: Study, path: str, answers: Answers | None, console: Console) -> Chunks | CleanRows:
    """A table in chunks: plain and of any length, or cleaned, which needs the table in memory."""
    if answers is None:
        with hinting(path):
            return Chunks(path, study)
    table = read_for(study, path, answers, console)
    wanted = columns_of(study)
    return CleanRows(table[[name for name in table.columns if name in wanted]])


def row_of(
    study: Study, path: str, identifier: str, answers: Answers | None, console: Console
) -> pd.DataFrame:
    """The one row of an identifier; see :func:`mtl.commands.tables.the_row`."""
    return the_row(chunks(study, path, answers, console), path, study, identifier)


@contextmanager
def hinting(path: str) -> Iterator[None]:
    """Say, where the plain reader gives up on a table, that it can be cleaned."""
    try:
        yield
    except DataError as error:
        if not Path(path).is_file():
            raise
        raise DataError(f"{error}; or give --clean, which reads whatever `profile` reads") from None
