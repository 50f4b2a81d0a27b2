"""Whose a cohort or model is: one made from an upload is its user's alone, samples and registered models are everybody's."""

from __future__ import annotations

import re

from mtl.services.users import current
from mtl.store import cohorts, uploads
from mtl.store.cohorts import Cohort, CohortError

_OWNED = re.compile(r"own-([a-z2-7]{16})-")


def prefix() -> str:
    """How the keys of the current user's own cohorts and models begin."""
    return f"own-{uploads.owner_of(current().name)}-"


def may_see(key: str) -> bool:
    """Whether the current user may know of a cohort or model of that key."""
    found = _OWNED.match(key)
    return found is None or found[1] == uploads.owner_of(current().name)


def private(key: str) -> bool:
    """Whether a cohort or model of that key is some user's alone."""
    return _OWNED.match(key) is not None


def cohort(key: str) -> Cohort:
    """A cohort that the current user may know of.

    Raises
    ------
    CohortError
        There is none of that key; somebody else's is not told apart.
    """
    if not may_see(key):
        raise CohortError(f"there is no cohort {key[:80]!r}; choose one from the overview")
    return cohorts.get(key)
