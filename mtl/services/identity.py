"""Who somebody is and what they may do here, from what their identity provider says of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mtl.services.users import LOCAL, NOBODY, ROLES, User

ROLES_CLAIM, GROUPS_CLAIM, ROLES_SETTING = (
    "CONSILIUM_ROLES_CLAIM",
    "CONSILIUM_GROUPS_CLAIM",
    "CONSILIUM_ROLES",
)
PREFIX = "consilium-"
MOST = 1000  # entries of a claim that are read
LONGEST = 180  # characters of a name
_RESERVED = {LOCAL.name, NOBODY.name}


class RulesError(ValueError):
    """Settings of sign-in that cannot be followed; nobody is let in by half a rule."""


@dataclass(frozen=True)
class Rules:
    """How claims become roles.

    Attributes
    ----------
    roles_claim : str
        Where the provider says the roles; dots lead into nested claims ("realm_access.roles"). Empty: `roles`, where
        "viewer", "clinician", "researcher" and "admin" are meant as they are, and `groups`, where only those count that
        begin with "consilium-": a group of the institution called "admin" has administrators of something else.
    groups_claim : str
        Where the provider says the groups.
    mapping : dict
        What the provider calls a role -> the role here; where there is one, nothing else counts.
    many : bool
        There are several providers, so that a person's name is unique only together with the provider's.
    """

    roles_claim: str = ""
    groups_claim: str = "groups"
    mapping: Mapping[str, str] = field(default_factory=dict)
    many: bool = False


def rules(told: Mapping[str, object], many: bool = False) -> Rules:
    """Read the rules from the section [consilium] of the secrets; the environment goes before it.

    CONSILIUM_ROLES_CLAIM, CONSILIUM_GROUPS_CLAIM, and CONSILIUM_ROLES as "doctors=clinician; statistics=researcher".

    Raises
    ------
    RulesError
        A role that does not exist, or a setting that is no text.

    Examples
    --------
    >>> rules({"roles": {"doctors": "clinician"}}).mapping
    {'doctors': 'clinician'}
    >>> rules({"roles": {"doctors": "doctor"}})
    Traceback (most recent call last):
    mtl.services.identity.RulesError: there is no role 'doctor'; use viewer, clinician, researcher or admin
    """
    words = os.environ.get(ROLES_SETTING, "")
    named = told.get("roles", {})
    if words.strip():
        pairs = [pair.partition("=") for pair in words.replace("\n", ";").split(";") if pair.strip()]
        named = {left.strip(): right.strip() for left, _sign, right in pairs}
    if not isinstance(named, Mapping):
        raise RulesError("[consilium.roles] is a table: what the provider calls a role = the role here")
    for role in named.values():
        if role not in ROLES:
            raise RulesError(
                f"there is no role {str(role)[:40]!r}; use viewer, clinician, researcher or admin"
            )
    claims = []
    for setting, name, otherwise in (
        (ROLES_CLAIM, "roles_claim", ""),
        (GROUPS_CLAIM, "groups_claim", "groups"),
    ):
        claim = os.environ.get(setting) or told.get(name, otherwise)
        if not isinstance(claim, str):
            raise RulesError(f"{name} is the name of a claim")
        claims.append(claim)
    return Rules(claims[0], claims[1], {str(left): str(right) for left, right in named.items()}, many)


def user_of(claims: Mapping[str, object], told: Rules, session: str = "") -> User:
    """Whom claims speak of, with the roles that the rules give; nobody where they name no person.

    The name is the provider's `sub`, which stays when somebody's name or address changes, and which nobody can choose.

    >>> user_of({"sub": "7f", "name": "Ada", "roles": ["viewer", "root"]}, Rules())
    User(name='7f', roles=frozenset({'viewer'}), groups=frozenset(), label='Ada', session='')
    >>> user_of({"email": "ada@example.org", "roles": ["admin"]}, Rules()).name
    'nobody'
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.strip():
        return NOBODY
    name = f"{claims.get('iss', '')} {subject}" if told.many else subject
    if name in _RESERVED:
        name = f"oidc {name}"
    if len(name) > LONGEST:
        name = f"sha256 {hashlib.sha256(name.encode()).hexdigest()}"
    label = next((str(claims[one]) for one in ("name", "preferred_username", "email") if claims.get(one)), "")
    return User(
        name=name,
        roles=frozenset(_roles(claims, told)),
        groups=frozenset(texts(_claim(claims, told.groups_claim))),
        label=" ".join(label.split())[:LONGEST],
        session=session,
    )


def _roles(claims: Mapping[str, object], told: Rules) -> Iterable[str]:
    asked = [told.roles_claim] if told.roles_claim else ["roles", "groups"]
    for claim in asked:
        for text in texts(_claim(claims, claim)):
            if told.mapping:
                if text in told.mapping:
                    yield told.mapping[text]
                continue
            plain = text.casefold()
            if plain.startswith(PREFIX) and plain.removeprefix(PREFIX) in ROLES:
                yield plain.removeprefix(PREFIX)
            elif plain in ROLES and claim != "groups":
                yield plain


def _claim(claims: Mapping[str, object], path: str) -> object:
    if path in claims:  # a name may hold dots itself, as an address does
        return claims[path]
    found: object = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def texts(claim: object) -> list[str]:
    """The entries of a claim: a list, or one text; anything else is none.

    >>> texts(["a", 1, {"b": 2}, " c "]), texts("a"), texts(None), texts(True)
    (['a', 'c'], ['a'], [], [])
    """
    entries = [claim] if isinstance(claim, str) else claim if isinstance(claim, (list, tuple)) else []
    return [entry.strip() for entry in entries[:MOST] if isinstance(entry, str) and entry.strip()]


def expired(claims: Mapping[str, object], moment: float) -> bool:
    """Whether the provider's word is no longer good: it always says until when it is, so silence does not last.

    >>> expired({"exp": 10}, 9.0), expired({"exp": 10}, 10.0), expired({}, 0.0), expired({"exp": "never"}, 0.0)
    (False, True, True, True)
    """
    expiry = claims.get("exp")
    return isinstance(expiry, bool) or not isinstance(expiry, (int, float)) or expiry <= moment
