"""Large tables are worked on a block of rows at a time, so that what is made on the way stays small, and in cache.

A table of up to :data:`UNDIVIDED` rows is one block. Sums over several blocks differ from an undivided sum in their last
digits, and depend on nothing else than the number of rows.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator

UNDIVIDED = 131_072  # rows
BLOCK = 16_384  # rows

# glibc keeps what is freed for later: after the trees of a large table that is as much again as the table
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


def block_size(n: int) -> int:
    """Rows of a block of a table of n."""
    return BLOCK if n > UNDIVIDED else max(n, 1)


def blocks(n: int) -> Iterator[slice]:
    """The rows of a table of n, a block at a time; one empty block where there is no row.

    >>> list(blocks(5)), list(blocks(0)), len(list(blocks(1_000_000)))
    ([slice(0, 5, None)], [slice(0, 0, None)], 62)
    """
    size = block_size(n)
    for begin in range(0, max(n, 1), size):
        yield slice(begin, min(begin + size, n))


def give_back(n: int) -> None:
    """Hand memory that was freed back to the system, after work on a large table of n rows, where the C library can."""
    if n > UNDIVIDED and _trim is not None:
        _trim(0)
