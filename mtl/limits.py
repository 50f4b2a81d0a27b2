"""How much is taken at once: every limit in one place; CONSILIUM_LIMIT_NAME in the environment sets another number.

What is beyond a limit is refused where it arrives, with a message that says which limit and what to do.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PREFIX = "CONSILIUM_LIMIT_"
MEGABYTE = 1_000_000
SHARE = 0.75  # of the machine's memory that a job may take, where nobody says how much


class LimitError(ValueError):
    """A limit's setting is no number that it can be."""


@dataclass(frozen=True)
class Limit:
    """A number and what it bounds; 0 takes a limit away where `optional`."""

    default: int
    bounds: str
    optional: bool = False


LIMITS = {
    "upload_mb": Limit(200, "a file brought in the browser, and what it unpacks to, in millions of bytes"),
    "table_mb": Limit(
        1_000, "a file read from the command line, and what it unpacks to, in millions of bytes"
    ),
    "rows": Limit(5_000_000, "rows of a table"),
    "columns": Limit(2_000, "columns of a table"),
    "cell": Limit(32_767, "characters of a cell"),
    "queue": Limit(100, "jobs that wait or run, of everybody together"),
    "queue_user": Limit(20, "jobs of one user that wait or run"),
    "job_memory_mb": Limit(
        0, "memory of the worker, in millions of bytes; 0: three quarters of the machine's", True
    ),
    "sessions": Limit(200, "browser tabs that are open at a time"),
    "request_s": Limit(30, "seconds for an answer of the server's own addresses"),
    "upload_s": Limit(600, "seconds for a file to arrive, and for any other HTTP request"),
}


def limit(name: str) -> int:
    """A limit as it is set now.

    Raises
    ------
    LimitError
        The environment gives something that is no whole number above 0.

    Examples
    --------
    >>> limit("cell")
    32767
    """
    known, setting = LIMITS[name], PREFIX + name.upper()
    told = os.environ.get(setting, "").strip().replace("_", "")
    if not told:
        return known.default
    if not (told.isascii() and told.isdigit() and len(told) < 16) or (int(told) == 0 and not known.optional):
        raise LimitError(f"{setting}={told[:40]!r}: give a whole number above 0 ({known.bounds})")
    return int(told)


def check() -> None:
    """Raise LimitError where a limit in the environment is not one, or has a name that no limit has."""
    for name in LIMITS:
        limit(name)
    known = {PREFIX + name.upper() for name in LIMITS}
    strangers = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    if strangers:
        raise LimitError(f"{strangers[0][:80]}: there is no such limit; there are {', '.join(sorted(known))}")


def job_memory() -> int:
    """Bytes that the worker may take: what is set, else three quarters of what the machine or its container has."""
    told = limit("job_memory_mb")
    return told * MEGABYTE if told else int(SHARE * _memory())


def _memory() -> int:
    """Bytes of memory that this process could have."""
    here = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        if Path(path).is_file():
            told = Path(path).read_text(encoding="ascii").strip()
            if told.isdigit():
                return min(here, int(told))
    return here
