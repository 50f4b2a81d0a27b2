"""Who may see which cohort: told, given and taken back by its owner or an administrator."""

from __future__ import annotations

from dataclasses import dataclass

from mtl.language import _
from mtl.services import owners, trail
from mtl.services.users import User, require
from mtl.store import cohorts, shares, uploads
from mtl.store.shares import GROUP, USER, Person, Share

__all__ = [
    "GROUP", "USER", "AccessError", "Owned", "Person", "Share", "arrived", "cohorts_of", "give", "groups", "people",
    "take_back",
]  # fmt: skip

PERMISSION, EVERYBODYS = "access:write", "access:admin"
LONGEST = 200


class AccessError(ValueError):
    """Something that cannot be shared, or not with them; in words for the reader."""


@dataclass(frozen=True)
class Owned:
    """A cohort that belongs to somebody.

    Attributes
    ----------
    key, name : str
    n : int
        Patients.
    owner : str
        What people call its owner; a part of the opaque name where they have not signed in since.
    mine : bool
    shares : tuple of Share
    """

    key: str
    name: str
    n: int
    owner: str
    mine: bool
    shares: tuple[Share, ...]


def arrived(user: User) -> None:
    """Remember that a user has signed in, once a sign-in, so that others can share with them."""
    require("study:read")
    if not trail.first(user.name, user.session):
        return
    shares.arrived(user.name, user.label or user.name, user.roles, user.groups)
    trail.note("sign in", session=user.session, roles=sorted(user.roles))


def cohorts_of() -> list[Owned]:
    """The user's own cohorts with whom they are shared; an administrator gets everybody's, but not their patients."""
    every = require(PERMISSION).may(EVERYBODYS)
    labels = {uploads.owner_of(one.name): one.label for one in shares.people()}
    return [
        Owned(
            key=one.key,
            name=one.name,
            n=one.n,
            owner=labels.get(str(owners.owner_of(one.key)), str(owners.owner_of(one.key))[:6]),
            mine=owners.is_mine(one.key),
            shares=tuple(shares.of(one.key)),
        )
        for one in cohorts.every()
        if owners.is_mine(one.key) or (every and owners.owner_of(one.key) is not None)
    ]


def people() -> list[Person]:
    """Everybody who has signed in here, but the user."""
    user = require(PERMISSION)
    return [one for one in shares.people() if one.name != user.name]


def groups() -> list[str]:
    """The groups of everybody who has signed in here."""
    require(PERMISSION)
    return sorted({group for one in shares.people() for group in one.groups}, key=str.casefold)


def give(cohort: str, kind: str, who: str) -> None:
    """Let a user (by the provider's name) or a group see a cohort, its patients and its model.

    Raises
    ------
    AccessError
        There is no such cohort of the user's, or nobody of that name has signed in.
    """
    user = require(PERMISSION)
    _shareable(cohort, user)
    known = {USER: {one.name for one in shares.people()}, GROUP: set(groups())}
    if who not in known.get(kind, set()):
        raise AccessError(_("Nobody of that name, and no such group, has signed in here yet."))
    if shares.give(cohort, kind, who, user.name):
        trail.note("share", cohort, kind=kind, who=who)


def take_back(cohort: str, kind: str, who: str) -> None:
    """Let a user or a group see a cohort no longer, from their next click on. AccessError as in :func:`give`."""
    user = require(PERMISSION)
    _shareable(cohort, user)
    if shares.take_back(cohort, kind, who):
        trail.note("end sharing", cohort, kind=kind, who=who)


def _shareable(cohort: str, user: User) -> None:
    owned = owners.owner_of(cohort) is not None and cohort in {one.key for one in cohorts.every()}
    if not owned or not (owners.is_mine(cohort) or user.may(EVERYBODYS)):
        raise AccessError(_("You have no such cohort to share."))
