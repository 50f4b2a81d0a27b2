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

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def cluster(workers: int = 2, memory: str = "2GB") -> Iterator[str]:
    """The address of a scheduler on this machine, with workers of one thread each."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
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
            start(
                "dask_worker", address, "--nthreads", "1", "--memory-limit", memory, "--no-dashboard", "--no-nanny",
                "--local-directory", "/tmp",
            )  # fmt: skip
        yield address


def linger(file: str, seconds: float, tick: Callable[[], None]) -> None:
    """A step that writes down that it is still at work, until nobody wants it; for the tests of cancelling."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        Path(file).write_text(str(time.time()))
        tick()
        time.sleep(0.05)
