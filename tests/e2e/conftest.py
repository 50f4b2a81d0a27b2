"""A real server, a real browser, and a network that ends at this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
START_SECONDS = 90
PATIENCE = 30_000  # milliseconds: the machine may be training models beside

expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser's journey may be run once more: what a race of the browser broke passes, what the app breaks does not."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


Serve = Callable[..., "Server"]


@dataclass(frozen=True)
class Server:
    """A running app: its address and its state folder."""

    url: str
    home: Path
    log: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def status(url: str) -> int:
    """Return the HTTP status of an address, 0 while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        answer.close()
        return answer.code
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return 0


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    """Wait until an address answers 200; fail with the server's log if it never does."""
    until = time.monotonic() + seconds
    while status(url) != 200:
        if process.poll() is not None or time.monotonic() > until:
            pytest.fail(f"No 200 from {url} (exit code {process.poll()}):\n{log.read_text()}")
        time.sleep(0.2)


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Return a function that starts the app on a free port; each call is a cold server."""
    running: list[subprocess.Popen[bytes]] = []

    def start(
        env: Mapping[str, str] | None = None, home: Path | None = None, port: int | None = None
    ) -> Server:
        folder = tmp_path_factory.mktemp("server")
        home = home or folder / "home"
        log = folder / "log.txt"
        port = port or free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
                cwd=ROOT,
                env={**os.environ, "CONSILIUM_HOME": str(home), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running.append(process)
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/_stcore/health", process, log, START_SECONDS)
        return Server(url, home, log)

    yield start
    for process in running:
        # The group: a worker that the server spawned ends with it.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture(scope="session")
def server(serve: Serve, sample_home: Path) -> Server:
    """The app with its samples ready, without sign-in, shared by the tests of one worker."""
    running = serve(home=sample_home)
    until = time.monotonic() + START_SECONDS
    while status(f"{running.url}/ready") != 200:
        if time.monotonic() > until:
            pytest.fail(f"{running.url} was not ready within {START_SECONDS} s:\n{running.log.read_text()}")
        time.sleep(0.5)
    return running


@pytest.fixture(scope="session")
def app_url(server: Server) -> str:
    return server.url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless; a machine without it fails these tests, it does not skip them."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: run `make system`.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a tab; the test fails if a tab asked for anything outside this machine.

    Keyword arguments go to the browser context, for example `color_scheme="dark"` or `locale="zh-CN"`.
    """
    outside: list[str] = []
    refused: list[str] = []
    contexts = []

    def only_loopback(route: Route) -> None:
        if urlsplit(route.request.url).hostname in LOOPBACK:
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            refused.append(message.text)

    def opened(**options: object) -> Page:
        context = browser.new_context(
            **{"locale": "en-GB", "viewport": {"width": 1440, "height": 900}, **options}
        )
        contexts.append(context)
        context.route("**/*", only_loopback)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", note)
        page.on(
            "websocket",
            lambda ws: outside.append(ws.url) if urlsplit(ws.url).hostname not in LOOPBACK else None,
        )
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not outside, f"asked for something outside this machine: {outside}"
    assert not refused, f"the content security policy refused: {refused}"


@pytest.fixture
def tab(new_page: Callable[..., Page]) -> Page:
    return new_page()
