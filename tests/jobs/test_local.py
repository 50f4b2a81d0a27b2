"""Processes of this machine: one interface, nothing left behind, a computation that goes on after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np
import pytest

from bench.steps import Files, fail, loiter, priority, squares
from mtl.evidence import pieces
from mtl.evidence.pieces import Piece, Pieces
from mtl.jobs import memory
from mtl.jobs.lane import KINDNESS
from mtl.jobs.local import Processes, ProcessLostError
from mtl.model import problem
from mtl.model.problem import TrainingError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pool() -> Iterator[Processes]:
    with Processes(2) as processes:
        yield processes


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "BEGIN", 0.0)
    monkeypatch.setattr(pieces, "WORTH", 0.0)


def quiet(stage: str, share: float) -> None:
    assert 0.0 <= share <= 1.0, stage


def eventually(holds: Callable[[], bool], seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def lives(process: int) -> bool:
    """Whether it does; one that nobody has asked for its end yet does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_steps_are_done_in_processes_that_are_kind_and_have_one_thread(pool: Processes) -> None:
    assert pool.submit(pow, 2, 10).result() == 1024
    assert list(pool.map(abs, [-1, 2, -3])) == [1, 2, 3]
    process = pool.submit(os.getpid).result()
    assert process != os.getpid() and memory.taken() > memory._of("self") > 0
    assert pool.submit(priority).result() == (min(os.nice(0) + KINDNESS, 19), "1")


def test_what_goes_wrong_there_is_told_as_here(pool: Processes) -> None:
    with pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result()
    with pytest.raises(TrainingError, match="like here"):
        pool.submit(problem._require, [], {"death": "like here"}).result()
    with pytest.raises(RuntimeError, match=r"^StubbornError$"):
        pool.submit(fail).result()
    assert pool.submit(pow, 2, 3).result() == 8


def test_a_shared_value_arrives_as_it_was(pool: Processes) -> None:
    values = np.random.default_rng(0).normal(size=(1001, 3))[::2].T  # neither C nor F order
    shared, other = pool.share(values), pool.share(np.ones(2))
    for _ in range(3):
        assert pool.submit(np.sum, shared).result() == values.sum()
        assert pool.submit(np.dot, other, other).result() == 2.0
    assert pool.submit(sum, [shared, shared]).result().shape == (3, 501)


def test_a_cancelled_step_stops_at_once(pool: Processes, tmp_path: Path) -> None:
    file = tmp_path / "process"
    future = pool.submit(loiter, 0, str(file), pool.tick)
    eventually(file.exists)
    process = int(file.read_text())
    assert future.cancel()
    with pytest.raises(CancelledError):
        future.result()
    eventually(lambda: not lives(process))
    assert [pool.submit(pow, 2, n).result() for n in range(4)] == [1, 2, 4, 8]


def test_a_process_that_was_killed_is_said_and_replaced(pool: Processes, tmp_path: Path) -> None:
    file = tmp_path / "process"
    future = pool.submit(loiter, 0, str(file), pool.tick)
    eventually(file.exists)
    os.kill(int(file.read_text()), signal.SIGKILL)
    with pytest.raises(ProcessLostError, match="Run it again"):
        future.result(120)
    assert [pool.submit(pow, 2, n).result() for n in range(4)] == [1, 2, 4, 8]


@pytest.mark.usefixtures("at_once")
def test_an_interrupted_computation_leaves_nobody(tmp_path: Path) -> None:
    kept, file = {}, tmp_path / "process"  # type: ignore[var-annotated]

    def stop(stage: str, share: float) -> None:
        if file.exists() and len(kept) == 3:
            raise KeyboardInterrupt

    work = {**squares(3), "last": Piece("loitering", loiter, (str(file),))}
    with Processes(2) as own, pytest.raises(KeyboardInterrupt):
        Pieces(100, work, stop, kept, pool=own).run()
    assert not lives(int(file.read_text()))
    assert [kept[f"square{k}"]["value"] for k in range(3)] == [100, 101, 104]
    assert os.getpid() not in {one["process"] for one in kept.values()}


@pytest.mark.usefixtures("at_once")
def test_a_killed_computation_leaves_nobody_and_goes_on_from_what_was_finished(tmp_path: Path) -> None:
    folder, file = tmp_path / "pieces", tmp_path / "process"
    folder.mkdir()
    code = "from bench.steps import killed; killed()"
    command = [sys.executable, "-c", code, str(folder), str(file)]
    with subprocess.Popen(command, cwd=ROOT) as starter:
        try:
            eventually(lambda: file.exists() and len(Files(folder)) == 3)
            workers = {one["process"] for one in Files(folder).values()} | {int(file.read_text())}
            assert any(map(lives, workers))
        finally:
            starter.kill()
    eventually(lambda: not any(map(lives, workers)))

    kept = Files(folder)
    before = dict(kept)
    assert len(before) == 3
    found = Pieces(100, squares(4), quiet, kept, threads=1).run()
    assert {name: found[name] for name in before} == before and found["square3"]["value"] == 109
    assert found["square3"]["process"] == os.getpid()


def test_a_short_computation_is_done_here() -> None:
    with Processes(2) as own:
        found = Pieces(0, squares(5), quiet, {}, pool=own).run()
        assert {one["process"] for one in found.values()} == {os.getpid()}
        assert not own._lanes
