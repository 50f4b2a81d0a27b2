"""The whole home as one file, and back; for the administrator at the command line."""

from __future__ import annotations

from pathlib import Path

from mtl.jobs import process
from mtl.services import trail
from mtl.services.users import require
from mtl.store import audit, backup
from mtl.store.backup import Contents
from mtl.store.database import StoreError
from mtl.store.home import served

__all__ = ["Contents", "make", "restore"]

PERMISSION = "access:admin"


def make(target: Path) -> Contents:
    """Write a backup, while the app runs or not; see :func:`mtl.store.backup.make`."""
    require(PERMISSION)
    found = backup.make(target)
    trail.note("backup", files=found.files)
    return found


def restore(source: Path, replace: bool = False) -> Contents:
    """Make the home what it was; see :func:`mtl.store.backup.restore`.

    Raises
    ------
    StoreError
        Also while the app or its worker runs on the home.
    """
    require(PERMISSION)
    if served() or process.working():
        raise StoreError("the app runs on this home; stop it first")
    found = backup.restore(source, replace)
    audit.renew_head()
    trail.note("restore", made=found.made)
    return found
