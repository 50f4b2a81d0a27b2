"""Steps for the tests of processes, importable by name as every step is."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

from mtl.evidence import pieces
from mtl.evidence.pieces import Piece, Pieces
from mtl.jobs.local import Processes


class StubbornError(Exception):
    """Cannot be made of its text again."""

    def __init__(self, text: str, number: int) -> None:
        super().__init__(f"{text} {number}")


def fail(_whole: object = None, _tick: object = None) -> None:
    raise StubbornError("a cell of a patient", 7)


def square(whole: int, number: int, tick: Callable[[], None]) -> dict[str, Any]:
    """A piece: says who did it, too."""
    tick()
    return {"value": whole + number**2, "process": os.getpid()}


def priority() -> tuple[int, str | None]:
    return os.nice(0), os.environ.get("OMP_NUM_THREADS")


def loiter(whole: int, file: str, tick: Callable[[], None]) -> dict[str, Any]:
    """A piece that does not end; writes down whose process it keeps."""
    Path(file + ".new").write_text(str(os.getpid()))
    Path(file + ".new").rename(file)  # whole or not at all, whenever it is killed
    while True:
        tick()
        time.sleep(0.02)


class Files(MutableMapping[str, Any]):
    """Finished pieces in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> Any:
        path = self._folder / name
        if not path.is_file():
            raise KeyError(name)
        return json.loads(path.read_text())

    def __setitem__(self, name: str, value: Any) -> None:
        path = self._folder / name
        path.with_suffix(".new").write_text(json.dumps(value))
        path.with_suffix(".new").rename(path)

    def __delitem__(self, name: str) -> None:
        (self._folder / name).unlink()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(path.name for path in self._folder.iterdir() if not path.suffix))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def squares(count: int) -> dict[str, Piece]:
    return {f"square{k}": Piece("squares", square, (k,)) for k in range(count)}


def killed() -> None:
    """A computation whose last piece does not end, in a process of its own that is to be killed: FOLDER FILE."""
    pieces.BEGIN = 0.0
    pieces.WORTH = 0.0
    work = {**squares(3), "last": Piece("loitering", loiter, (sys.argv[2],))}
    with Processes(2) as pool:
        Pieces(100, work, lambda stage, share: None, Files(Path(sys.argv[1])), pool=pool).run()
