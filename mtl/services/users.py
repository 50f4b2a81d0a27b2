"""Who is asking, and what they may do: every public service asks here first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_READER = frozenset({"study:read", "cohort:read", "model:read"})
_CASES = frozenset({"case:read", "case:write"})
#: What each role may do.
ROLES: dict[str, frozenset[str]] = {
    "viewer": _READER,
    "clinician": _READER | _CASES | {"case:sign"},
    "researcher": _READER | _CASES | {"model:write", "access:write"},
    "admin": _READER
    | _CASES
    | {"case:sign", "model:write", "job:control", "access:write", "access:admin", "audit:read"},
}
#: What there is to be allowed.
PERMISSIONS = frozenset().union(*ROLES.values())


class Forbidden(PermissionError):  # noqa: N818 - the web's name for it
    """The user may not do this; the message names what is lacking."""


@dataclass(frozen=True)
class User:
    """Somebody who asks.

    Attributes
    ----------
    name : str
        What the audit trail would write.
    roles : frozenset of str
        Keys of :data:`ROLES`; an unknown role allows nothing.
    groups : frozenset of str
        Those of the institution that the user is in; what is shared with one is shared with them.
    label : str
        What people call the user; the name where it is not known.
    session : str
        Opaque name of the visit; what is written down once a visit goes by it.
    """

    name: str
    roles: frozenset[str]
    groups: frozenset[str] = frozenset()
    label: str = ""
    session: str = ""

    def may(self, permission: str) -> bool:
        """Whether one of the roles allows it.

        >>> User("a", frozenset({"viewer"})).may("case:read")
        False
        """
        return any(permission in ROLES.get(role, frozenset()) for role in self.roles)


#: Sign-in is off: the person at the keyboard.
LOCAL = User("local", frozenset(ROLES))
#: Sign-in is on, and nobody is signed in.
NOBODY = User("nobody", frozenset())

_current: ContextVar[User | None] = ContextVar("user", default=None)
_ask: Callable[[], User | None] | None = None


def current() -> User:
    """Who is asking in this context: one entered here, else whom `follow` was told of, else the local user."""
    found = _current.get()
    if found is None and _ask is not None:
        found = _ask()
    return found or LOCAL


def follow(ask: Callable[[], User | None]) -> None:
    """Ask a function for the user wherever none was entered.

    The app gives one that reads who is signed in: a fragment or a callback runs without the shell, in a thread of its
    own, where nothing could have entered the user before.
    """
    global _ask
    _ask = ask


def enter(user: User) -> None:
    """Let `user` be the one who asks, in this context (thread or task), from now on."""
    _current.set(user)


@contextmanager
def acting(user: User) -> Iterator[User]:
    """Let `user` be the one who asks inside the block."""
    token = _current.set(user)
    try:
        yield user
    finally:
        _current.reset(token)


def require(permission: str) -> User:
    """The current user, if they may do this.

    Raises
    ------
    Forbidden
        They may not.
    """
    user = current()
    if not user.may(permission):
        raise Forbidden(
            f"{user.name} may not do this ({permission}); ask an administrator for a role that allows it"
        )
    return user
