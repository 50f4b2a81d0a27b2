"""Whose a cohort or model is, and who may see it: the one place that decides.

One made from an upload is its user's, who may share it with others; samples and registered models are everybody's.
"""

from __future__ import annotations

import re

from mtl.services.users import current
from mtl.store import cohorts, shares, uploads
from mtl.store.cohorts import Cohort, CohortError

# own-OWNER-NAME is a cohort; with a digest behind it, a model that was trained on it, and with more, one made of that
_OWNED = re.compile(r"own-([a-z2-7]{16})-([a-z0-9_]+)(?:-[0-9a-z]+)*")


def prefix() -> str:
    """How the keys of the current user's own cohorts and models begin."""
    return f"own-{uploads.owner_of(current().name)}-"


def owner_of(key: str) -> str | None:
    """The opaque owner of a cohort or model of that key; None where it is everybody's."""
    return key.split("-")[1] if key.startswith("own-") and key.count("-") > 1 else None


def is_mine(key: str) -> bool:
    """Whether the current user made the cohort or model of that key."""
    return key.startswith(prefix())


def may_see(key: str) -> bool:
    """Whether the current user may know of a cohort or model of that key: everybody's, their own, or shared with them.

    A model is seen with the cohort that it was trained on.
    """
    if not key.startswith("own-") or is_mine(key):
        return True
    found = _OWNED.fullmatch(key)
    if found is None:
        return False
    user = current()
    return shares.may_see(f"own-{found[1]}-{found[2]}", user.name, user.groups)


def may_change(key: str) -> bool:
    """Whether the current user may change what everybody sees of a cohort: its owner may, or anybody where it has none."""
    return owner_of(key) is None or is_mine(key)


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
        raise _none(key)
    return cohorts.get(key)


def own(key: str) -> Cohort:
    """A cohort that the current user may change; CohortError as in :func:`cohort`, also for one that is only shared."""
    found = cohort(key)
    if not may_change(key):
        raise CohortError(f"cohort {found.name!r} is somebody else's; ask them to change it")
    return found


def _none(key: str) -> CohortError:
    return CohortError(f"there is no cohort {key[:80]!r}; choose one from the overview")
