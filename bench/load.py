"""The app under a department's load, over its real websocket: 50 tabs, every page, 5 s between actions, ten minutes.

    python bench/load.py [--short] [--json] [--home DIR] [--minutes 10] [--sessions 50]

Every tab goes its own way through the pages: a case and the next ones, another task, the treatment view, the worklist
(paging, search), the overview, what a model uses, how good it is, an empty form, a target trial's protocol. An action is
what a browser sends; its time is that until the page's run is done. Promised: no error; 95 % of the actions within a
second; memory flat: its mean over the last third of the time within 5 % of that over the second third. A browser's own
work is not measured.

Beside it stands what else the machine did: the share of its processors that others took.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.app import Tab, click, cpu_seconds, memory, served, write

THINK, PROMISED, FLAT = 5.0, 1.0, 0.05
EVERY = 2.0  # seconds between two looks at the memory
COHORTS = ("rotterdam", "gbsg", "pbc", "cytology")
TASKS = {"rotterdam": "recurrence", "gbsg": "recurrence", "pbc": "death", "cytology": "malignant"}


@dataclass
class Seen:
    """What happened: seconds of each action by kind, errors, memory (MB) by second."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Result:
    """Milliseconds; memory in MB; shares 0 to 1."""

    sessions: int
    minutes: float
    actions: int
    errors: int
    p50: float
    p95: float
    p99: float
    slowest: float
    server_cpu_an_action: float
    memory_first: float
    memory_second: float
    memory_last: float
    drift: float
    others: float
    by_kind: dict[str, tuple[int, float, float]]
    first_errors: list[str]

    @property
    def kept(self) -> bool:
        """Whether what is promised was kept."""
        return self.errors == 0 and self.p95 < 1000 * PROMISED and abs(self.drift) <= FLAT


class Visitor:
    """One person: what they do next, and with which tab."""

    def __init__(self, url: str, number: int, cases: dict[str, list[str]]) -> None:
        self.rng = random.Random(number)
        self.cases, self.cohort = cases, self.rng.choice(COHORTS)
        self.tab = Tab(url, "overview", "")
        self.place = "overview"

    def case(self) -> str:
        return f"case={self.rng.choice(self.cases[self.cohort])}"

    async def next(self) -> tuple[str, float]:
        """Do what somebody at this place would do: the kind of action and its seconds."""
        choices = {
            "case": ["next", "next", "next", "task", "treatment", "worklist", "explain"],
            "treatment": ["case", "worklist", "performance"],
            "patients": ["page", "search", "case", "case", "overview"],
        }.get(
            self.place,
            ["case", "case", "worklist", "treatment", "explain", "performance", "new", "trial", "overview"],
        )
        what = self.rng.choice(choices)
        if what == "next" and "next_case" in self.tab.widgets:
            return "case: next", await self.tab.act(click("next_case"))
        if what == "page" and "next_page" in self.tab.widgets:
            return "list: page", await self.tab.act(click("next_page"))
        if what == "search" and f"search_{self.cohort}" in self.tab.widgets:
            text = str(self.rng.randrange(1, 99))
            return "list: search", await self.tab.act(write(f"search_{self.cohort}", text))
        return await self._go(what)

    async def _go(self, what: str) -> tuple[str, float]:
        if what in ("overview", "new"):
            self.cohort = self.rng.choice(COHORTS)
        page, query = {
            "next": ("case", self.case()),
            "case": ("case", f"{self.case()}&task={TASKS[self.cohort]}"),
            "task": ("case", self.case()),
            "treatment": ("treatment", self.case()),
            "worklist": ("patients", f"cohort={self.cohort}"),
            "page": ("patients", f"cohort={self.cohort}"),
            "search": ("patients", f"cohort={self.cohort}"),
            "explain": ("explain", f"cohort={self.cohort}&task={TASKS[self.cohort]}"),
            "performance": ("performance", f"cohort={self.cohort}"),
            "new": ("new", f"cohort={self.cohort}"),
            "trial": ("trial", f"cohort={self.cohort}"),
            "overview": ("overview", ""),
        }[what]
        self.tab.widgets.clear()
        self.place = page
        return page, await self.tab.go(page, query)


async def visit(visitor: Visitor, seen: Seen, until: float, think: float, warm: float) -> None:
    """A visitor's time at the server; a tab that fails is opened again, as a person would."""
    while time.monotonic() < until:
        try:
            if not hasattr(visitor.tab, "socket"):
                await visitor.tab.open()
            kind, took = await visitor.next()
            if time.monotonic() > warm:
                seen.took[kind].append(took)
        except Exception as error:
            seen.errors[f"{visitor.place}: {type(error).__name__}: {error}"[:300]] += 1
            visitor.tab = Tab(visitor.tab.url, "overview", "")
            visitor.place = "overview"
        await asyncio.sleep(visitor.rng.uniform(0.5, 1.5) * think)
    if hasattr(visitor.tab, "socket"):
        await visitor.tab.socket.close()


async def watch(pid: int, seen: Seen, until: float, warm: float) -> None:
    while time.monotonic() < until:
        if time.monotonic() > warm:
            seen.memory.append((time.monotonic(), memory(pid, "VmRSS")))
        await asyncio.sleep(EVERY)


def busy() -> float:
    """Seconds of processor that everybody on this machine has used, all cores together."""
    fields = list(map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]))
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


async def load(
    url: str, pid: int, sessions: int, minutes: float, think: float, cases: dict[str, list[str]]
) -> Result:
    """Let the visitors in one after the other; what they do in the first tenth of the time is not counted."""
    seen = Seen()
    begin = time.monotonic()
    warm = begin + max(2 * think, 6.0 * minutes)
    until = warm + 60 * minutes
    visitors = [Visitor(url, number, cases) for number in range(sessions)]

    async def arrive(visitor: Visitor, after: float) -> None:
        await asyncio.sleep(after)
        await visit(visitor, seen, until, think, warm)

    gap = (warm - begin) * 0.6 / sessions
    tasks = [asyncio.create_task(arrive(visitor, i * gap)) for i, visitor in enumerate(visitors)]
    tasks.append(asyncio.create_task(watch(pid, seen, until, warm)))
    await asyncio.sleep(warm - begin)
    before, everybody, own = cpu_seconds(pid), busy(), time.process_time()
    await asyncio.gather(*tasks)
    elapsed = time.monotonic() - warm
    server, client = cpu_seconds(pid) - before, time.process_time() - own
    others = max(0.0, busy() - everybody - server - client) / (elapsed * (os.cpu_count() or 1))
    return summed(seen, sessions, minutes, server, others)


def summed(seen: Seen, sessions: int, minutes: float, cpu: float, others: float) -> Result:
    every = 1000 * np.array([took for kind in seen.took.values() for took in kind])
    first, second, last = (float(np.mean(part)) for part in np.array_split([mb for _, mb in seen.memory], 3))
    by_kind = {
        kind: (len(took), *(1000 * np.percentile(took, [50, 95])).round(1).tolist())
        for kind, took in sorted(seen.took.items())
    }
    return Result(
        sessions, minutes, len(every), sum(seen.errors.values()), *np.percentile(every, [50, 95, 99, 100]).tolist(),
        1000 * cpu / len(every), first, second, last, last / second - 1, others, by_kind,
        [f"{count} x {text}" for text, count in seen.errors.most_common(10)],
    )  # fmt: skip


def keys() -> dict[str, list[str]]:
    """Case keys of every sample, 400 of each."""
    from mtl.services.patients import cohorts

    found = {}
    for cohort in COHORTS:
        rows = cohorts.worklist(cohort, cohorts.Query(limit=400)).rows
        found[cohort] = [str(key) for key in rows["case_key"]]
    return found


def main() -> int:
    """Print a table, or one JSON object; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--short", action="store_true", help="8 tabs, 1 s between, half a minute")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument(
        "--home", type=Path, help="a state folder to use and keep; a temporary one if left out"
    )
    options = parser.parse_args()
    sessions, minutes, think = (8, 0.5, 1.0) if options.short else (options.sessions, options.minutes, THINK)
    with tempfile.TemporaryDirectory() as temporary:
        home = (options.home or Path(temporary)).absolute()
        os.environ["CONSILIUM_HOME"] = str(home)
        os.environ.setdefault("CONSILIUM_REFITS", "0")  # no training beside what is measured
        with served(home) as (url, pid):
            found = asyncio.run(load(url, pid, sessions, minutes, think, keys()))
    if options.json:
        print(json.dumps({"load": asdict(found) | {"kept": found.kept}}))
        return 0 if found.kept else 1
    print(
        f"{found.sessions} tabs, {think:g} s between actions, {found.minutes:g} min: "
        f"{found.actions:,} actions, {found.errors} errors"
    )
    print(
        f"ms: p50 {found.p50:.0f}, p95 {found.p95:.0f}, p99 {found.p99:.0f}, slowest {found.slowest:.0f}; "
        f"server CPU an action {found.server_cpu_an_action:.0f} ms"
    )
    thirds = ", ".join(f"{mb:.0f}" for mb in (found.memory_first, found.memory_second, found.memory_last))
    print(f"memory MB by thirds: {thirds} ({found.drift:+.1%})")
    print(f"others took {found.others:.0%} of the machine's processors")
    print(f"{'':<14}{'actions':>8}{'p50':>8}{'p95':>8}")
    for kind, (count, p50, p95) in found.by_kind.items():
        print(f"{kind:<14}{count:>8}{p50:>8.0f}{p95:>8.0f}")
    for line in found.first_errors:
        print(line)
    print("kept" if found.kept else "NOT KEPT: no error, p95 under 1 s, memory within 5 %")
    return 0 if found.kept else 1


if __name__ == "__main__":
    sys.exit(main())
