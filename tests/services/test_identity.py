"""Claims of a provider, hostile ones too, and the roles that they give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl.services.identity import Rules, RulesError, expired, rules, user_of
from mtl.services.users import NOBODY, ROLES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
CLAIMS = st.dictionaries(
    st.sampled_from(["sub", "iss", "name", "email", "roles", "groups", "exp", "realm_access"]), JSON
)


@pytest.mark.parametrize(
    ("claims", "told", "roles"),
    [
        ({"roles": ["viewer", "Admin"]}, {}, {"viewer", "admin"}),
        ({"roles": "clinician"}, {}, {"clinician"}),
        ({"roles": ["root", 1, None]}, {}, set()),
        ({"groups": ["admin", "consilium-researcher"]}, {}, {"researcher"}),
        ({"realm_access": {"roles": ["viewer"]}}, {"roles_claim": "realm_access.roles"}, {"viewer"}),
        ({"https://x.org/roles": ["viewer"], "roles": ["admin"]}, {"roles_claim": "https://x.org/roles"}, {"viewer"}),
        ({"groups": ["doctors", "admin"]}, {"roles": {"doctors": "clinician"}}, {"clinician"}),
        ({"roles": ["admin"]}, {"roles": {"doctors": "clinician"}}, set()),
        ({}, {}, set()),
    ],
)  # fmt: skip
def test_claims_give_roles(claims: dict[str, object], told: dict[str, object], roles: set[str]) -> None:
    assert user_of({"sub": "1", **claims}, rules(told)).roles == roles


def test_the_environment_goes_before_the_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSILIUM_ROLES", "doctors = clinician; statistics=researcher")
    monkeypatch.setenv("CONSILIUM_ROLES_CLAIM", "departments")
    monkeypatch.setenv("CONSILIUM_GROUPS_CLAIM", "departments")
    told = rules({"roles_claim": "roles", "roles": {"doctors": "admin"}})
    found = user_of({"sub": "1", "departments": ["statistics", "doctors"], "roles": ["admin"]}, told)
    assert found.roles == {"clinician", "researcher"} and found.groups == {"statistics", "doctors"}


@pytest.mark.parametrize("told", [{"roles": {"a": "boss"}}, {"roles": "admin"}, {"roles_claim": ["a"]}])
def test_a_rule_that_cannot_be_followed_is_none(told: dict[str, object]) -> None:
    with pytest.raises(RulesError):
        rules(told)


@given(CLAIMS)
def test_whatever_a_provider_says_gives_a_user_of_known_roles(claims: dict[str, object]) -> None:
    user = user_of(claims, Rules())
    assert user.roles <= set(ROLES) and all(isinstance(group, str) for group in user.groups)
    assert 0 < len(user.name) <= 180 and len(user.label) <= 180
    assert user is NOBODY or isinstance(claims["sub"], str)
    assert isinstance(expired(claims, 0.0), bool)
