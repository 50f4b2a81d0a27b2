"""Coroutines run in a thread of their own: in a test's own thread the browser of another test may have an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def apart(work: Callable[[], Any]) -> Any:
    """What `work` returns, or raises, done in a new thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns, or raises."""
    return apart(lambda: asyncio.run(coroutine))
