"""Writing to the audit trail from where things happen; a view that stays the same is written once in a while."""

from __future__ import annotations

import time
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any

from mtl.services.users import current
from mtl.store import audit
from mtl.store.audit import Entry
from mtl.store.home import home

AGAIN = 600.0  # seconds after which the same view of a case is written again
MOST = 5000  # views that are remembered
_views: OrderedDict[tuple[object, ...], float] = OrderedDict()
_guard = Lock()


def note(action: str, cohort: str | None = None, case_key: str | None = None, **detail: Any) -> None:
    """Write down that the current user did something. `detail` holds names and keys, never a patient's value."""
    audit.keep(Entry(current().name, action, cohort=cohort, case_key=case_key, detail=told(detail)))


def note_view(action: str, cohort: str | None = None, **detail: Any) -> None:
    """Write down that the current user saw something, once in ten minutes of a visit."""
    user = current()
    if is_new(user.name, user.session, action, cohort, repr(sorted(detail.items()))):
        note(action, cohort, **detail)


def first(*visit: object) -> bool:
    """Whether a visit is met for the first time since this server started."""
    return is_new("visit", *visit, again=float("inf"))


def is_new(*view: object, again: float = AGAIN) -> bool:
    """Whether a view is to be written down: it was not in the last `again` seconds."""
    moment, key = time.monotonic(), (Path(home()), *view)
    with _guard:
        last = _views.get(key)
        if last is not None and moment - last < again:
            return False
        _views[key] = moment
        _views.move_to_end(key)
        while len(_views) > MOST:
            _views.popitem(last=False)
        return True


def told(detail: dict[str, Any]) -> dict[str, Any]:
    """The entries of a detail that say something."""
    return {name: value for name, value in detail.items() if value not in (None, "", [], ())}
