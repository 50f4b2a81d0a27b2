"""A file of the home that is torn, changed or gone is refused in words, not by whatever the library that reads it says."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from mtl.language import _
from mtl.store.database import StoreError
from mtl.store.home import home

#: What the readers of Parquet, numpy's files and JSON raise for a file that is not whole.
_TORN = (
    pa.ArrowException,
    duckdb.Error,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    zipfile.BadZipFile,
    zlib.error,
)


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Read a file inside the block.

    Raises
    ------
    StoreError
        It cannot be read: which file, and what to do. No cell of it is quoted.
    """
    try:
        yield
    except StoreError:
        raise
    except _TORN as error:
        shown = path.relative_to(home()) if path.is_relative_to(home()) else Path(path.name)
        raise StoreError(
            _("{file} is damaged or missing ({reason}). Restore it from a backup.").format(
                file=shown.as_posix(), reason=type(error).__name__
            )
        ) from error
