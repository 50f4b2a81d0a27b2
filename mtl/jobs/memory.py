"""Watches how much memory this process takes, so that one job too large does not take the pages with it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

EVERY = 0.2  # seconds
_STATUS = Path("/proc/self/statm")


def taken() -> int:
    """Bytes of memory that this process takes now; 0 where the system does not say."""
    if not _STATUS.is_file():
        return 0
    return int(_STATUS.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def watch(most: int, beyond: Callable[[int], None]) -> None:
    """Call `beyond` with the bytes taken, from a thread of its own, again and again while they are more than `most`."""

    def look() -> None:
        while True:
            if (now := taken()) > most:
                beyond(now)
            time.sleep(EVERY)

    Thread(target=look, name="memory", daemon=True).start()
