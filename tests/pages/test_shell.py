"""The shell: every page in every language, the switch of language, sign-in, the guard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mtl.language import LANGUAGES, gettext, use
from mtl.services import users
from pages.ui import guard, navigation, signin

Open = Callable[..., AppTest]
AUTH = {
    "auth": {
        "redirect_uri": "http://127.0.0.1/oauth2callback",
        "cookie_secret": "a test's secret, no one else's",
        "client_id": "consilium",
        "client_secret": "a test's secret",
        "server_metadata_url": "http://127.0.0.1/none",
    }
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("page", navigation.pages(), ids=lambda page: page.address)
def test_every_page_opens_in_every_language(open_app: Open, page: navigation.Page, lang: str) -> None:
    app = open_app(page.file, lang)
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1
    assert app.segmented_control(key="language_switch").value == lang


def test_the_interface_is_translated(open_app: Open) -> None:
    app = open_app("overview.py", "zh_Hans")
    with use("zh_Hans"):
        assert app.title[0].value == gettext("Overview") != "Overview"


@pytest.mark.parametrize(
    ("asked", "settled"), [("zh", "zh_Hans"), ("zh-CN", "zh_Hans"), ("tlh", "en"), ("", "en")]
)
def test_the_address_names_the_language(open_app: Open, asked: str, settled: str) -> None:
    app = open_app(lang=asked)
    assert app.segmented_control(key="language_switch").value == settled
    assert app.query_params.get("lang", ["en"]) in (settled, [settled])


def test_the_switch_changes_language_and_address_and_lasts(open_app: Open) -> None:
    app = open_app("patients.py")
    assert app.title[0].value == "Patients"
    app.segmented_control(key="language_switch").set_value("zh_Hans").run()
    assert app.title[0].value == "患者"
    assert app.query_params["lang"] in ("zh_Hans", ["zh_Hans"])
    app.switch_page("case.py").run()
    assert app.title[0].value == "病例"
    app.segmented_control(key="language_switch").set_value("en").run()
    assert app.title[0].value == "Case"
    assert "lang" not in app.query_params


@pytest.mark.parametrize("page", navigation.pages(), ids=lambda page: page.address)
def test_with_auth_nobody_passes_without_signing_in(open_app: Open, page: navigation.Page) -> None:
    app = open_app(page.file, secrets=AUTH)
    assert not app.exception
    assert [title.value for title in app.title] == ["Sign in"]
    assert [button.key for button in app.button] == ["sign_in"]
    assert not app.info


@pytest.mark.parametrize("page", navigation.pages(), ids=lambda page: page.address)
def test_a_page_alone_is_refused(page: navigation.Page) -> None:
    app = AppTest.from_file(f"../../pages/{page.file}", default_timeout=30).run()
    assert not app.title
    assert "inside the app" in app.error[0].value


class User(dict[str, object]):
    """What Streamlit knows of a visitor."""


@pytest.mark.parametrize(
    ("user", "welcome"),
    [
        ({}, False),
        ({"is_logged_in": False}, False),
        ({"is_logged_in": True}, False),
        ({"is_logged_in": True, "exp": 2_000_000_000}, True),
        ({"is_logged_in": False, "exp": 2_000_000_000}, False),
        ({"is_logged_in": True, "exp": 1_000_000_000}, False),
    ],
)
def test_a_signed_in_user_has_an_unexpired_word(
    monkeypatch: pytest.MonkeyPatch, user: dict[str, object], welcome: bool
) -> None:
    monkeypatch.setattr(st, "user", User(user))
    monkeypatch.setattr(signin.time, "time", lambda: 1_800_000_000.0)
    assert signin.signed_in() is welcome


NEVER = 4_000_000_000
ROLES = ("viewer", "clinician", "researcher", "admin")


def person(*roles: str, **claims: object) -> User:
    return User(is_logged_in=True, sub="7f", name="Dr Okabe", exp=NEVER, roles=list(roles), **claims)


def test_with_auth_a_signed_in_user_sees_the_page(open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "user", person("clinician"))
    app = open_app("patients.py", secrets=AUTH)
    assert app.title[0].value == "Patients"
    assert [button.key for button in app.button] == ["sign_out"]
    assert any("Dr Okabe · clinician" in one.body for one in app.get("html"))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_its_pages_and_no_other(
    open_app: Open, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    monkeypatch.setattr(st, "user", person(role))
    for page in navigation.pages():
        app = open_app(page.file, secrets=AUTH)
        assert not app.exception, page
        titles = [title.value for title in app.title]
        if page.permission in users.ROLES[role]:
            assert titles != ["Not for your role"], page
        else:
            assert titles == ["Not for your role"], page
            assert [button.key for button in app.button] == ["sign_out"]


@pytest.mark.parametrize(
    "claims", [{"roles": []}, {"roles": ["Doctors"]}, {"groups": ["admin"]}, {"sub": ""}]
)
def test_without_a_role_nothing_is_shown(
    open_app: Open, monkeypatch: pytest.MonkeyPatch, claims: dict[str, object]
) -> None:
    monkeypatch.setattr(st, "user", User(person() | claims))
    for page in navigation.pages():
        app = open_app(page.file, secrets=AUTH)
        assert [title.value for title in app.title] in (["No role yet"], ["Sign in"])
        assert {button.key for button in app.button} <= {"sign_out", "sign_in"}


def test_the_navigation_leads_where_the_role_may_go() -> None:
    for role in ROLES:
        asked = {page.permission for page in navigation.pages()}
        assert asked <= users.PERMISSIONS
        assert users.User("a", frozenset({role})).may("study:read")  # the start page is for everybody


def test_a_role_that_the_settings_misspell_lets_nobody_in(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "user", person("doctors"))
    secrets = AUTH | {"consilium": {"roles": {"doctors": "clinican"}}}
    app = open_app("case.py", secrets=secrets)
    assert not app.title and "cannot be read" in app.error[0].value
    secrets["consilium"] = {"roles": {"doctors": "clinician"}}
    assert open_app("case.py", secrets=secrets).title[0].value == "Case"


def test_without_sign_in_the_app_says_so(open_app: Open) -> None:
    said = [one.body for one in open_app().get("html") if "Sign-in is off" in one.body]
    assert len(said) == 1


def test_unreadable_secrets_close_the_door(
    open_app: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text("[auth\n")
    monkeypatch.setattr(st, "get_option", lambda name: [str(secrets)])
    monkeypatch.setattr(type(st.secrets), "load_if_toml_exists", lambda self: False)
    app = open_app("case.py")
    assert not app.title
    assert "cannot be read" in app.error[0].value


def test_the_guard_rejects_a_permission_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match=r"'case:raed'; use one of access:admin"):
        guard.guard("case:raed")
