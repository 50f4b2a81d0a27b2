"""The app under load, over its real websocket: stepping through cases, what-if, and a worklist of a million patients.

    python bench/app.py [--short] [--json] [--home DIR]

- Cases: 50 sessions, 5 s between actions, each a click on `next_case`: time until the rerun is done, server CPU a rerun.
- What-if: every task of a patient not asked about before, before and after an edit: CPU of the service.
- Worklist: 1,000,000 synthetic patients (Rotterdam's rows drawn again, ages jittered), 10 sessions, 5 s between actions:
  paging, another order, a search. Time until the rerun is done, and the server's memory.

The state folder (--home) is kept between runs where one is named, and spares the training and scoring then. A browser's
own work is not measured. `--short` is a smaller load, to see that all of it works.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
MILLION = "million"
THINK, TIMEOUT, READY = 5.0, 120.0, 900.0  # seconds
Action = Callable[["Tab"], Iterator[WidgetState]]


@dataclass(frozen=True)
class Load:
    """How much is asked: sessions, actions of each, and what they find."""

    case_sessions: int = 50
    list_sessions: int = 10
    actions: int = 12
    patients: int = 1_000_000
    what_ifs: int = 60


SHORT = Load(case_sessions=8, list_sessions=3, actions=3, patients=20_000, what_ifs=20)


@dataclass(frozen=True)
class Result:
    """Milliseconds unless the name says otherwise; memory in MB."""

    name: str
    sessions: int
    reruns: int
    rerun_p50: float
    rerun_p95: float
    server_cpu_a_rerun: float
    memory: float
    memory_peak: float


class Tab:
    """One browser tab, less the browser: it sends what a browser sends and reads until the run is done."""

    def __init__(self, url: str, page: str, query: str) -> None:
        self.url, self.page, self.query = url, page, query
        self.page_hash = ""
        self.widgets: dict[str, tuple[str, list[str]]] = {}  # a key's id, and the options of a list

    async def open(self) -> None:
        address = self.url.replace("http://", "ws://") + "/_stcore/stream"
        self.socket: ClientConnection = await connect(
            address, subprotocols=["streamlit"], origin=self.url, max_size=None, compression=None
        )  # type: ignore[arg-type]
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.page
        await self._ask(message)

    async def go(self, page: str, query: str) -> float:
        """Follow a link to a page of the app, and return the seconds until it was there."""
        self.page, self.query = page, query
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_name = page
        return await self._ask(message)

    async def act(self, action: Action) -> float:
        """Change widgets, and return the seconds until the rerun was done."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_script_hash = self.page_hash
        message.rerun_script.widget_states.widgets.extend(action(self))
        return await self._ask(message)

    async def _ask(self, message: BackMsg) -> float:
        start = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(TIMEOUT):
            async for data in self.socket:
                if self._finished(ForwardMsg.FromString(data)):
                    return time.perf_counter() - start
        raise ConnectionError("the server hung up before the run was done")

    def _finished(self, message: ForwardMsg) -> bool:
        kind = message.WhichOneof("type")
        if kind in ("new_session", "navigation"):
            self.page_hash = getattr(message, kind).page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta":
            element = message.delta.new_element
            widget = element.WhichOneof("type")
            if widget == "exception":
                raise RuntimeError(f"{element.exception.type}: {element.exception.message}")
            if widget in ("button", "selectbox", "text_input"):
                found = getattr(element, widget)
                self.widgets[found.id.rsplit("-", 1)[-1]] = (found.id, list(getattr(found, "options", [])))
        elif kind == "script_finished":
            return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        return False


def click(key: str) -> Action:
    def action(tab: Tab) -> Iterator[WidgetState]:
        yield WidgetState(id=tab.widgets[key][0], trigger_value=True)

    return action


def choose(key: str, place: int) -> Action:
    def action(tab: Tab) -> Iterator[WidgetState]:
        name, options = tab.widgets[key]
        yield WidgetState(id=name, string_value=options[place])

    return action


def write(key: str, text: str) -> Action:
    def action(tab: Tab) -> Iterator[WidgetState]:
        yield WidgetState(id=tab.widgets[key][0], string_value=text)

    return action


# The server ----------------------------------------------------------------------------------------------------------


@contextmanager
def served(home: Path) -> Iterator[tuple[str, int]]:
    """The app on a free port with its samples ready: its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
        cwd=ROOT, env={**os.environ, "CONSILIUM_HOME": str(home)}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + READY
        while not _ready(url):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the app did not become ready")
            time.sleep(0.5)
        yield url, process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, what: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(what))


# Measuring -----------------------------------------------------------------------------------------------------------


async def drive(tab: Tab, actions: list[Action], delay: float, think: float) -> list[float]:
    """A session's life from its first action on: the seconds of each rerun."""
    await asyncio.sleep(delay)
    took = []
    for action in actions:
        took.append(await tab.act(action))
        await asyncio.sleep(think)
    return took


async def load(name: str, tabs: list[Tab], actions: list[Action], pid: int, think: float) -> Result:
    """Open the tabs one after the other, then let all of them act."""
    for tab in tabs:
        await tab.open()
    before = cpu_seconds(pid)
    gap = think / len(tabs)
    took = await asyncio.gather(*(drive(tab, actions, i * gap, think) for i, tab in enumerate(tabs)))
    cpu = cpu_seconds(pid) - before
    for tab in tabs:
        await tab.socket.close()
    reruns = np.concatenate(took)
    return Result(
        name, len(tabs), len(reruns), *(1000 * np.percentile(reruns, [50, 95])).tolist(), 1000 * cpu / len(reruns),
        memory(pid, "VmRSS"), memory(pid, "VmHWM"),
    )  # fmt: skip


def stepping(url: str, pid: int, asked: Load, think: float) -> Result:
    """Every session at another patient, each action the next one."""
    from mtl.services.patients import cohorts

    step = asked.actions + 1
    rows = cohorts.worklist("rotterdam", cohorts.Query(limit=1000)).rows["case_key"]
    keys = list(itertools.islice(itertools.cycle(rows[::step]), asked.case_sessions))
    tabs = [Tab(url, "case", f"case={key}&task=recurrence") for key in keys]
    asyncio.run(load("warm", [Tab(url, "case", f"case={keys[0]}")], [click("next_case")] * 3, pid, 0.1))
    return asyncio.run(load("case", tabs, [click("next_case")] * asked.actions, pid, think))


def listing(url: str, pid: int, asked: Load, think: float) -> Result:
    """Pages, another order, a search, and back."""
    cycle = [
        click("next_page"),
        choose(f"sort_{MILLION}", 5),
        click("next_page"),
        write(f"search_{MILLION}", "999"),
        click("next_page"),
        write(f"search_{MILLION}", ""),
        choose(f"sort_{MILLION}", 0),
    ]
    tabs = [Tab(url, "patients", f"cohort={MILLION}") for _ in range(asked.list_sessions)]
    actions = list(itertools.islice(itertools.cycle(cycle), asked.actions))
    asyncio.run(load("warm", [Tab(url, "patients", f"cohort={MILLION}")], cycle, pid, 0.1))
    return asyncio.run(load("worklist", tabs, actions, pid, think))


def what_if(asked: Load) -> float:
    """Milliseconds of CPU for every task of a patient before and after an edit; the median over patients."""
    from mtl.services.patients import cases, cohorts

    rows = cohorts.worklist("rotterdam", cohorts.Query(offset=1500, limit=asked.what_ifs)).rows["case_key"]
    took = []
    for key in rows:
        start = time.process_time()
        cases.what_if(key, {"nodes": 17, "grade": None})
        took.append(time.process_time() - start)
    return 1000 * float(np.median(took))


def million(n: int) -> None:
    """Register and score a synthetic cohort of n patients, unless it is there."""
    from mtl import load_sample
    from mtl.store import cohorts, models, scores

    if any(cohort.key == MILLION and cohort.n == n and cohort.scores for cohort in cohorts.every()):
        return
    study, table = load_sample("rotterdam")
    rng = np.random.default_rng(0)
    many = table.iloc[rng.integers(len(table), size=n)].reset_index(drop=True)
    many["pid"] = np.arange(1, n + 1)
    many["age"] = np.clip(many["age"] + rng.integers(-5, 6, n), 18, 99)
    cohort = cohorts.register(MILLION, "Synthetic", study, many)
    record = models.get(str(cohorts.get("rotterdam").model))
    scores.score(cohort, record, lambda stage, share: None)


def measure(home: Path, asked: Load, think: float) -> tuple[list[Result], float]:
    from mtl.jobs.samples import SAMPLES, prepare

    os.environ["CONSILIUM_HOME"] = str(home)
    for name in SAMPLES:
        prepare({"name": name}, lambda stage, share: None)
    with served(home) as (url, pid):
        results = [stepping(url, pid, asked, think)]
    edited = what_if(asked)
    million(asked.patients)
    with served(home) as (url, pid):
        results.append(listing(url, pid, asked, think))
    return results, edited


def main() -> None:
    """Print a table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument(
        "--short", action="store_true", help="8 and 3 sessions, 3 actions, 20,000 patients, 1 s between"
    )
    parser.add_argument(
        "--home", type=Path, help="a state folder to use and keep; a temporary one if left out"
    )
    options = parser.parse_args()
    asked, think = (SHORT, 1.0) if options.short else (Load(), THINK)
    with tempfile.TemporaryDirectory() as temporary:
        results, edited = measure((options.home or Path(temporary)).absolute(), asked, think)
    if options.json:
        print(
            json.dumps(
                {"app": [asdict(one) for one in results], "what_if_cpu": edited, "patients": asked.patients}
            )
        )
        return
    print(f"{think:g} s between actions; worklist of {asked.patients:,} patients; milliseconds, memory in MB")
    print(
        f"{'':<10}{'sessions':>9}{'reruns':>8}{'p50':>8}{'p95':>8}{'CPU/rerun':>11}{'memory':>9}{'peak':>8}"
    )
    for one in results:
        print(
            f"{one.name:<10}{one.sessions:>9}{one.reruns:>8}{one.rerun_p50:>8.0f}{one.rerun_p95:>8.0f}"
            f"{one.server_cpu_a_rerun:>11.1f}{one.memory:>9.0f}{one.memory_peak:>8.0f}"
        )
    print(f"what-if, all tasks before and after: {edited:.1f} ms CPU")


if __name__ == "__main__":
    main()
