"""The server as a process: a graceful stop, a full house, counts that follow what happened."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from bench.app import Tab
from tests.apart import apart, run

from .conftest import ROOT, START_SECONDS, free_port, wait_for


class Reader(Tab):
    """A tab that remembers what it was shown."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "", "")
        self.shown = ""

    def _finished(self, message: ForwardMsg) -> bool:
        if message.WhichOneof("type") == "delta":
            self.shown += str(message.delta.new_element)
        return super()._finished(message)


@contextmanager
def serving(home: Path, **env: str) -> Iterator[tuple[str, subprocess.Popen[bytes], Path]]:
    log, port = home / "server.log", free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "mtl", "serve", "--port", str(port)],
            cwd=ROOT, env={**os.environ, "CONSILIUM_HOME": str(home), **env}, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/health", process, log, START_SECONDS)
        yield url, process, log
    finally:
        process.kill()
        process.wait()


def test_a_stop_lets_tabs_go_hands_the_job_back_and_ends(private_home: Path) -> None:
    """The samples are being trained: the job must wait for the next server, and nothing half-written may stay."""
    apart(lambda: stop(private_home))


def stop(private_home: Path) -> None:

    async def three() -> list[Reader]:
        tabs = [Reader(url) for _ in range(3)]
        for tab in tabs:
            await tab.open()
        return tabs

    with (
        serving(private_home) as (url, process, log),
        sqlite3.connect(private_home / "consilium.db") as database,
    ):
        with asyncio.Runner() as runner:
            tabs = runner.run(three())
            with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
                counts = answer.read().decode()
            assert "consilium_sessions 3.0" in counts
            assert 'consilium_page_run_seconds_count{page="overview"}' in counts
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) in (0, -signal.SIGTERM)
            for tab in tabs:
                runner.run(tab.socket.wait_closed())
                assert tab.socket.close_code == 1012  # "service restart": a browser tries again by itself
        states = [state for (state,) in database.execute("SELECT state FROM jobs")]
        assert states and set(states) <= {"waiting", "done"}
        events = [json.loads(line)["event"] for line in log.read_text().splitlines() if line.startswith("{")]
        assert "stopped" in events and "something did not end in time" not in events


def test_a_full_server_says_so_and_lets_in_when_there_is_room(sample_home: Path) -> None:
    async def visit() -> None:
        first, second = Reader(url), Reader(url)
        await first.open()
        assert "The server is full" not in first.shown
        await second.open()
        assert "The server is full" in second.shown and "1 open tabs" in second.shown
        await first.socket.close()
        tries = 0
        while "The server is full" in second.shown:
            assert tries < 100, "nobody was let in though somebody had left"
            tries, second.shown = tries + 1, ""
            await second.act(lambda tab: iter(()))
            await asyncio.sleep(0.1)
        await second.socket.close()

    with serving(sample_home, CONSILIUM_LIMIT_SESSIONS="1") as (url, _process, _log):
        run(visit())
