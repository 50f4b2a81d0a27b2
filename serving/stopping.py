"""A graceful stop: at SIGTERM the job goes back into the queue, tabs are let go, and the process ends in time.

A browser that is cut off says so and comes back by itself as soon as the server is there again.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from threading import Event, Thread, Timer
from types import FrameType
from typing import Any

from mtl.services import work
from serving.logs import log

WITHIN = 8.0  # seconds from the signal to the end, whatever hangs
stopping = Event()


def prepare() -> Callable[[], None]:
    """Take part in SIGTERM and SIGINT; the function returned waits until the worker has handed its job back.

    The server's own handlers run as before.
    """
    threads: list[Thread] = []

    def begin() -> None:
        if stopping.is_set():
            return
        stopping.set()
        log.info("stopping")
        last = Timer(WITHIN, _last_resort)
        last.daemon = True
        last.start()
        thread = Thread(target=work.stop, name="hand back", daemon=True)
        thread.start()
        threads.append(thread)

    for number in (signal.SIGTERM, signal.SIGINT):
        _chain(number, begin)

    def ended() -> None:
        begin()
        for thread in threads:
            thread.join(WITHIN)
        log.info("stopped")

    return ended


def _chain(number: signal.Signals, begin: Callable[[], None]) -> None:
    before: Any = signal.getsignal(number)

    def handle(signum: int, frame: FrameType | None) -> None:
        begin()
        if callable(before):
            before(signum, frame)

    signal.signal(number, handle)


def _last_resort() -> None:
    """Nothing is lost by this: what is written appears whole or not at all, and the worker follows the server."""
    log.warning("something did not end in time")
    os._exit(0)
