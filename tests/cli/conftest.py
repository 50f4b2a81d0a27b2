"""What the command line's tests share: a way to call it, and one model a study, trained once."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mtl.__main__ import main

SAMPLES = Path(__file__).parents[2] / "sample_data"
CYTOLOGY, PBC = SAMPLES / "cytology", SAMPLES / "pbc"


@dataclass(frozen=True)
class Result:
    """What a call left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        assert self.code == 0, self.err
        return dict(json.loads(self.out))

    @property
    def warned(self) -> list[str]:
        return [line[9:] for line in self.err.splitlines() if line.startswith("warning: ")]

    @property
    def failed(self) -> str:
        """The one line that says why."""
        assert self.code == 1, (self.code, self.out, self.err)
        assert self.out == ""
        lines = [line for line in self.err.split("\n") if line.startswith("error: ")]
        assert len(lines) == 1
        assert "Traceback" not in self.err
        assert "fault of the program" not in lines[0], lines[0]
        return lines[0][7:]


class Call:
    """`mtl(arguments)` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: object, stdin: bytes | None = None) -> Result:
        if stdin is not None:
            self._monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self._capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Result(code, *self._capsys.readouterr())


@pytest.fixture
def mtl(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    return Call(capsys, monkeypatch)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of a model of cytology and one of pbc: together all four kinds."""
    folder = tmp_path_factory.mktemp("models")
    for name, table in {"cytology": CYTOLOGY / "train.csv", "pbc": PBC / "cohort.csv"}.items():
        assert main(["train", str(table), "--out", str(folder / name), "--no-intervals"]) == 0
    return {name: folder / name for name in ("cytology", "pbc")}


@pytest.fixture
def cytology(trained: dict[str, Path]) -> Path:
    return trained["cytology"]


@pytest.fixture
def pbc(trained: dict[str, Path]) -> Path:
    return trained["pbc"]
