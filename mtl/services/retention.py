"""Deleting a cohort with everything derived from it, for its owner and for an administrator."""

from __future__ import annotations

import sys
from collections.abc import Callable

from mtl.services import loaded, owners, trail, uploads
from mtl.services.users import require
from mtl.store import retention as store
from mtl.store.cohorts import CohortError
from mtl.store.database import StoreError
from mtl.store.retention import Derived

__all__ = ["REFUSALS", "Derived", "derived", "forget"]

REFUSALS = (CohortError, StoreError)  # their words are for the reader
PERMISSION, EVERYBODYS = "access:write", "access:admin"


def derived(cohort: str) -> Derived:
    """What the deletion of a cohort would take with it.

    Raises
    ------
    CohortError
        There is no such cohort that the user may delete.
    StoreError
        It is a sample.
    """
    require(PERMISSION)
    _allowed(cohort)
    return store.derived(cohort)


def forget(cohort: str) -> Derived:
    """Delete a cohort, the models trained on it and what was derived from either, and drop it from this process's memory.

    Signed records and the audit trail stay: they hold opaque keys and printed numbers, and what somebody wrote by hand.
    Raises the errors of :func:`derived`, and StoreError while a job works on it.
    """
    require(PERMISSION)
    _allowed(cohort)
    found = store.forget(cohort)
    _forget_memory()
    trail.note("forget", cohort, models=list(found.models), private_cases=found.private_cases)
    return found


def _allowed(cohort: str) -> None:
    if not (owners.is_mine(cohort) or require(PERMISSION).may(EVERYBODYS)):
        raise CohortError(
            f"there is no cohort {cohort[:80]!r} of yours; its owner or an administrator can delete it"
        )


def _forget_memory() -> None:
    """Empty every cache of the rooms that hold patients: the next question fills what it needs."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("mtl.services.", "mtl.store.")):
            for value in list(vars(module).values()):
                clear: Callable[[], None] | None = getattr(value, "cache_clear", None)
                if clear is not None:
                    clear()
    loaded.forget_all()
    uploads.forget_memory()
