"""The server's log: one JSON object a line, and never a patient's value.

An exception's text may quote a cell, so only its kind and the places of its frames are written; so with warnings, which
are not written at all.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings

from mtl.log import Lines, told
from mtl.services import trouble

SETTING = "CONSILIUM_LOG_LEVEL"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def script_error(error: Exception, incident: str) -> None:
    """Write down that a page failed, under the name that its visitor was given; what was foreseen is no fault."""
    level = logging.ERROR if trouble.words(error) is None else logging.WARNING
    log.log(level, "page failed", extra={"facts": {"incident": incident} | told(error)})


def start() -> None:
    """Send every log of this process to stderr, as lines."""
    level = os.environ.get(SETTING, "INFO").strip().upper()
    if level not in LEVELS:
        raise ValueError(f"{SETTING}={level[:40]!r}: give one of {', '.join(LEVELS)}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("streamlit", "uvicorn", "websockets", "starlette"):
            found = logging.getLogger(name)
            # its access log has whole addresses, with their query strings; ours has the route
            found.handlers[:], found.propagate = [], name != "uvicorn.access"
    log.setLevel(level)
    warnings.simplefilter("ignore")  # they quote cells


log = logging.getLogger("consilium")
