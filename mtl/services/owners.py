"""Whose a cohort or model is: one made from an upload is its user's alone, samples and registered models are everybody's."""

from __future__ import annotations

import re

from mtl.services.users import current
from mtl.store import uploads

_OWNED = re.compile(r"own-([a-z2-7]{16})-")


def prefix() -> str:
    """How the keys of the current user's own cohorts and models begin."""
    return f"own-{uploads.owner_of(current().name)}-"


def may_see(key: str) -> bool:
    """Whether the current user may know of a cohort or model of that key."""
    found = _OWNED.match(key)
    return found is None or found[1] == uploads.owner_of(current().name)
