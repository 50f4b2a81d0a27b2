"""The entry: exit codes, one line for every failure, models that cannot be trusted, and real processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from mtl.__main__ import COMMANDS, main
from mtl.commands import partitions, serve
from mtl.multitask import MultiTaskModel

from .conftest import CYTOLOGY, Call

ROOT = Path(__file__).parents[2]
PYTHON = [sys.executable, "-m", "mtl"]


def test_every_command_takes_json_and_has_help(mtl: Call) -> None:
    for name in COMMANDS:
        result = mtl(name, "--help")
        assert result.code == 0
        assert "--json" in result.out


@pytest.mark.parametrize(
    "arguments", [[], ["fly"], ["predict"], ["--json"], ["predict", "a", "b", "c"], ["report"]]
)
def test_usage(mtl: Call, arguments: list[str]) -> None:
    result = mtl(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("usage: ")


def test_a_fault_of_the_program_is_one_line_that_says_so(
    mtl: Call, cytology: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MultiTaskModel, "predict", lambda *_: {}["x\ny"])
    result = mtl("predict", cytology, "-", stdin=b"{}")
    assert result.code == 1
    last = result.err.splitlines()[-1]
    assert last.startswith("error: unexpected KeyError in mtl/commands/models.py line ")
    assert last.endswith("this is a fault of the program, please report it")


def test_interrupted(mtl: Call, cytology: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(partitions, "encode", stop)
    result = mtl("predict", cytology, CYTOLOGY / "test.csv", "--out", tmp_path / "p.csv")
    assert result.code == 130
    assert list(tmp_path.iterdir()) == []


# Models that cannot be trusted ---------------------------------------------------------------------------------------


@pytest.fixture
def copy(cytology: Path, tmp_path: Path) -> Path:
    shutil.copytree(cytology, tmp_path / "model")
    return tmp_path / "model"


def test_no_model(mtl: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    for name in ("file", "empty", "nowhere", "file/below", "n" * 5000):
        assert mtl("evaluate", tmp_path / name, CYTOLOGY / "test.csv").failed


@pytest.mark.parametrize("name", ["own_0.txt", "predictor.json", "study.toml", "training.json"])
def test_a_changed_file_is_refused(mtl: Call, copy: Path, name: str) -> None:
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[:-2] + b"x\n")
    assert "sha256 differs" in mtl("predict", copy, "-", stdin=b"{}").failed
    (copy / name).unlink()
    assert "missing" in mtl("predict", copy, "-", stdin=b"{}").failed
    (copy / name).symlink_to("/dev/zero")
    assert "plain file" in mtl("predict", copy, "-", stdin=b"{}").failed


@pytest.mark.parametrize(
    "content", ["", "[]", "null", '{"format": "consilium-model", "schema": 99, "files": {}}', "{" * 9999]
)
def test_a_changed_manifest_is_refused(mtl: Call, copy: Path, content: str) -> None:
    (copy / "manifest.json").write_text(content)
    assert mtl("predict", copy, "-", stdin=b"{}").failed


@pytest.mark.parametrize("arguments", [["evaluate"], ["predict", "--out", "p.csv"], ["explain", "--id", "4"]])
def test_tables_that_are_none(mtl: Call, cytology: Path, tmp_path: Path, arguments: list[str]) -> None:
    command, *rest = arguments
    rest = [str(tmp_path / "p.csv") if word == "p.csv" else word for word in rest]
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "words.doc").write_text("hello")
    (tmp_path / "link.csv").symlink_to(tmp_path / "link.csv")
    for name in ("folder.csv", "words.doc", "nowhere.csv", "link.csv", "n" * 300 + ".csv"):
        assert mtl(command, cytology, tmp_path / name, *rest).failed


# Real processes ------------------------------------------------------------------------------------------------------


def run(*arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
    command = [*PYTHON, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, **more)  # type: ignore[call-overload, no-any-return]


def test_one_object_on_stdout(cytology: Path, tmp_path: Path) -> None:
    done = run("predict", cytology, CYTOLOGY / "test.csv", "--out", tmp_path / "p.csv", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["rows"] == 143
    assert "100%" in done.stderr
    assert len(pd.read_csv(tmp_path / "p.csv")) == 143


def test_a_reader_that_goes_away(cytology: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*PYTHON, "explain", str(cytology), str(CYTOLOGY / "test.csv"), "--id", "4"],
        cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, timeout=120, check=False,
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_control_c_while_training(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*PYTHON, "train", "sample_data/rotterdam/cohort.csv", "--out", str(tmp_path / "m")],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # a shell's background jobs, and what they start, are deaf to it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stderr is not None
    while "%" not in process.stderr.read(1):
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_not_unicode(cytology: Path) -> None:
    command = [*(word.encode() for word in PYTHON), b"evaluate", os.fsencode(cytology), b"/tmp/\xff\xfe.csv"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: ")
    assert done.stderr.count(b"\n") == 1


# serve ---------------------------------------------------------------------------------------------------------------


def test_serve_becomes_streamlit(
    mtl: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, private_home: Path
) -> None:
    ran = []

    def become(program: str, command: list[str]) -> None:
        ran.append((program, command, Path.cwd(), os.environ["CONSILIUM_HOME"]))
        raise SystemExit(0)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONSILIUM_HOME", "state")
    monkeypatch.setattr(serve, "os", SimpleNamespace(environ=os.environ, chdir=os.chdir, execv=become))
    with pytest.raises(SystemExit):
        mtl("serve", "--port", "8601")
    expected = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.port",
        "8601",
        "--server.address",
        "127.0.0.1",
        "--server.maxUploadSize",
        "200",
    ]
    assert ran == [(sys.executable, expected, ROOT, str(tmp_path / "state"))]


def test_serve_without_the_app(mtl: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(serve, "ROOT", tmp_path)
    assert "app.py is not in" in mtl("serve").failed


@pytest.mark.parametrize(
    "wrong", [["--port", "0"], ["--port", "70000"], ["--port", "x"], ["--address", "--server.x"]]
)
def test_serve_usage(mtl: Call, wrong: list[str]) -> None:
    assert mtl("serve", *wrong).code == 2


def test_main_takes_its_arguments_from_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["mtl", "--version"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("consilium ")
