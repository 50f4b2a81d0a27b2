"""Watches how much memory a job takes, with the processes that work for it, so that it does not take the pages with it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

EVERY = 0.2  # seconds
_working: set[int] = set()


def count(process: int) -> None:
    """From now on a process works for this one."""
    _working.add(process)


def uncount(process: int) -> None:
    """It does not any more."""
    _working.discard(process)


def taken() -> int:
    """Bytes of memory that this process and those that work for it take now; 0 where the system does not say."""
    return _of("self") + sum(_of(str(process)) for process in list(_working))


def _of(process: str) -> int:
    try:
        status = Path(f"/proc/{process}/statm").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0  # no such system, or it has just ended
    return int(status.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def watch(most: int, beyond: Callable[[int], None]) -> None:
    """Call `beyond` with the bytes taken, from a thread of its own, again and again while they are more than `most`."""

    def look() -> None:
        while True:
            if (now := taken()) > most:
                beyond(now)
            time.sleep(EVERY)

    Thread(target=look, name="memory", daemon=True).start()
