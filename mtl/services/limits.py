"""What the server says of its limits, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable

from mtl.language import _, number
from mtl.limits import LimitError, check, limit

__all__ = [
    "LimitError",
    "Message",
    "check",
    "full",
    "not_counted",
    "request_seconds",
    "sessions",
    "too_slow",
    "upload_megabytes",
    "upload_seconds",
]

Message = Callable[[], str]


def request_seconds() -> int:
    """Seconds for an answer of the server's own addresses."""
    return limit("request_s")


def upload_seconds() -> int:
    """Seconds for a file to arrive, and for any other HTTP request."""
    return limit("upload_s")


def upload_megabytes() -> int:
    """Size of a file brought in the browser, in millions of bytes."""
    return limit("upload_mb")


def sessions() -> int:
    """Browser tabs that are open at a time."""
    return limit("sessions")


def full(open_: int) -> str | None:
    """What to tell a visitor who comes when `open_` others are there; None while there is room."""
    if open_ < sessions():
        return None
    return _(
        "The server has {count} open tabs, as many as it takes. Close one of yours, or try again later."
    ).format(count=number(open_))


def too_slow(seconds: int) -> Message:
    """What to tell somebody whose request was not answered in time."""
    return lambda: _("The request took longer than {count} s and was ended. Try again later.").format(
        count=number(seconds)
    )


def not_counted() -> str:
    """What to tell somebody who may not see the server's counts."""
    return _("Counts are for this machine, or with the token of CONSILIUM_METRICS_TOKEN.")
