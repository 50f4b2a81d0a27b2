"""Large tables are worked on a block of rows at a time, so that what is made on the way stays small.

A table of one block gives the bits that it gave undivided; sums over several blocks differ from an undivided sum in their
last digits, and depend on nothing else than the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator

BLOCK = 131_072  # rows


def blocks(n: int, size: int | None = None) -> Iterator[slice]:
    """The rows of a table of n, `size` (:data:`BLOCK` if left out) at a time; one empty block where there is no row.

    >>> [(rows.start, rows.stop) for rows in blocks(5, 2)], list(blocks(0))
    ([(0, 2), (2, 4), (4, 5)], [slice(0, 0, None)])
    """
    size = BLOCK if size is None else size
    for begin in range(0, max(n, 1), size):
        yield slice(begin, min(begin + size, n))
