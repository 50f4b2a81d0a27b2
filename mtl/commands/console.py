"""What a command says, and where: the answer on stdout, warnings and progress on stderr, errors in one line."""

from __future__ import annotations

import json
import os
import sys
import traceback
import unicodedata
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from tqdm import tqdm

from mtl.data import DataError
from mtl.expressions import ExpressionError
from mtl.model.files import ModelFileError
from mtl.model.problem import TrainingError
from mtl.multitask import TableWarning
from mtl.store.database import StoreError
from mtl.study import StudyError

PACKAGE = Path(__file__).resolve().parents[1]
LONGEST_LINE = 2000  # characters of an error or a warning


class CommandError(ValueError):
    """The command cannot do what was asked; the message says what was wrong and what to do."""


EXPECTED = (CommandError, DataError, ExpressionError, ModelFileError, StoreError, StudyError, TrainingError)


@dataclass(frozen=True)
class Answer:
    """What a command found out: `data` for machines, of plain values, and `text` for people."""

    data: dict[str, Any]
    text: str


@dataclass
class Console:
    """Where a command's warnings go; they also become part of its JSON answer.

    While a progress bar has the line, warnings wait.
    """

    warned: list[str] = field(default_factory=list)
    _waiting: list[str] | None = None

    def warn(self, message: str) -> None:
        """Write a line to stderr, each message once."""
        line = one_line(message)
        if line in self.warned:
            return
        self.warned.append(line)
        if self._waiting is not None:
            self._waiting.append(line)
        else:
            print(f"warning: {line}", file=sys.stderr)

    @contextmanager
    def progress(self, rows: int | None = None) -> Iterator[Bar]:
        """A progress bar on stderr: over a number of rows, or the share of the work done, 0 to 1."""
        self._waiting = []
        try:
            with Bar(rows) as bar:
                yield bar
        finally:
            waited, self._waiting = self._waiting, None
            for line in waited:
                print(f"warning: {line}", file=sys.stderr)

    def note(self, message: str) -> None:
        """Write a line that is no warning to stderr."""
        print(one_line(message), file=sys.stderr)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Turn Python's warnings inside the block into ours: a line, without a path."""
        with warnings.catch_warnings():
            warnings.filterwarnings("always", category=TableWarning)
            warnings.showwarning = self._show
            yield

    @contextmanager
    def hearing(self, known: Collection[str], where: str = "") -> Iterator[None]:
        """Warn of what is said inside the block, but for what is known; `where` says which table is meant."""
        with warnings.catch_warnings(record=True) as heard:
            warnings.filterwarnings("always", category=TableWarning)
            yield
        for warning in heard:
            if str(warning.message) not in known:
                self.warn(where + str(warning.message))

    def _show(self, message: Warning | str, *_: object, **__: object) -> None:
        self.warn(str(message))

    def answer(self, answer: Answer, as_json: bool) -> None:
        """Write the answer to stdout; as JSON with what was warned of."""
        if as_json:
            print(json.dumps({**answer.data, "warnings": self.warned}, allow_nan=False))
        elif answer.text:
            print(answer.text)
        sys.stdout.flush()


class Bar:
    """A progress bar on stderr that several threads may move; it never goes back."""

    def __init__(self, rows: int | None) -> None:
        if rows is None:
            scale = "{percentage:3.0f}% |{bar}| {elapsed} {desc}"
        else:
            scale = "{percentage:3.0f}% |{bar}| {n_fmt} of {total_fmt} rows, {elapsed}, {remaining} left"
        tqdm.monitor_interval = 0  # no thread of its own
        self._lock = Lock()
        # Into a file or a pipe a line now and then is enough.
        at_hand = sys.stderr.isatty()
        self._bar = tqdm(
            total=1.0 if rows is None else rows,
            file=sys.stderr,
            bar_format=scale,
            mininterval=0.1 if at_hand else 10,
            dynamic_ncols=at_hand,
        )

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def at(self, done: float, doing: str = "") -> None:
        """Move to `done` of the total, and say what was just done."""
        with self._lock:
            if doing:
                self._bar.set_description_str(one_line(doing), refresh=False)
            if done > self._bar.n:
                self._bar.update(done - self._bar.n)


def one_line(text: str) -> str:
    """A message in one line that no terminal obeys: line breaks become semicolons, control characters are spelt out.

    >>> one_line("study: several problems\\nfirst\\x1b[2J")
    'study: several problems; first\\\\x1b[2J'
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = plain("; ".join(lines))
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 3] + "..."


def plain(text: str) -> str:
    """Text with control, invisible and unpaired characters spelt out."""
    return "".join(
        c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else _spelt(c) for c in text
    )


def _spelt(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def reason(error: BaseException) -> str:
    """Why a command failed, in one line; a fault of the program says so and where."""
    if isinstance(error, EXPECTED):
        return one_line(str(error)) or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        names = [str(name) for name in (error.filename, error.filename2) if name is not None]
        return one_line(": ".join([*names[:1], error.strerror]))
    if isinstance(error, MemoryError):
        return "not enough memory; use a smaller table, or a machine with more"
    what = f"unexpected {type(error).__name__}{_place(error)}: {error}"
    return one_line(what[: LONGEST_LINE // 2] + "; this is a fault of the program, please report it")


def _place(error: BaseException) -> str:
    ours = [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if Path(f.filename).resolve().is_relative_to(PACKAGE)
    ]
    if not ours:
        return ""
    return (
        f" in mtl/{Path(ours[-1].filename).resolve().relative_to(PACKAGE).as_posix()} line {ours[-1].lineno}"
    )


def let_go_of_stdout() -> None:
    """The reader of our output has gone: what is left to say goes nowhere, without a complaint at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # stdout is no file, as in a test
        return
