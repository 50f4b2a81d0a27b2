"""A Dask cluster of separate processes on this machine, as a hospital would start one: scheduler and workers by command."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def cluster(workers: int = 2, memory: str = "2GB") -> Iterator[str]:
    """The address of a scheduler on this machine, with workers of one thread each."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "300s"}
    with ExitStack() as stack:

        def start(*command: str) -> None:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{command[0]}", *command[1:]],
                env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            stack.callback(process.wait)
            stack.callback(process.kill)

        start("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        for _ in range(workers):
            stack.enter_context(worker(address, memory))
        yield address


@contextmanager
def worker(scheduler: str, memory: str = "2GB") -> Iterator[int]:
    """One more worker of a scheduler, by command: its process number."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "300s"}
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_worker", scheduler, "--nthreads", "1", "--memory-limit", memory,
         "--no-dashboard", "--no-nanny", "--local-directory", "/tmp"],
        env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def processes() -> dict[int, tuple[float, float]]:
    """Processor seconds and peak gigabytes of every worker that this process started, by its number."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            status = (folder / "status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        if b"distributed.cli.dask_worker" in command and int(fields[1]) == os.getpid():
            cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            peak = next(int(line.split()[1]) * 1024 / 1e9 for line in status if line.startswith("VmHWM"))
            found[int(folder.name)] = (cpu, peak)
    return found


def linger(file: str, seconds: float, tick: Callable[[], None]) -> None:
    """A step that writes down that it is still at work, until nobody wants it; for the tests of cancelling."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        Path(file).write_text(str(time.time()))
        tick()
        time.sleep(0.05)


def slow_sum(values: NDArray[np.float64], folder: str, seconds: float) -> float:
    """A step that takes a while and says by a file of its own that it was begun; for the tests of losing steps."""
    (Path(folder) / f"{time.time_ns()}-{os.getpid()}").touch()
    time.sleep(seconds)
    return float(values.sum())
