"""With sign-in on and patients there: each role's pages work, forged widgets and keys lead nowhere, caches are nobody's."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mtl.data.samples import load_sample
from mtl.services import access, audit, owners, trail, users
from mtl.services.audit import Choice
from mtl.services.patients import private as private_cases
from mtl.services.users import User, acting
from mtl.store import cohorts, database
from pages.ui import navigation

Open = Callable[..., AppTest]
ROOT = Path(__file__).parents[2]
AUTH = {
    "auth": {
        "redirect_uri": "http://127.0.0.1/oauth2callback", "cookie_secret": "s" * 32, "client_id": "c", "client_secret": "s",
        "server_metadata_url": "http://127.0.0.1/none",
    }
}  # fmt: skip


class Person(dict[str, object]):
    """What Streamlit knows of a visitor."""


def person(name: str, *roles: str) -> Person:
    return Person(
        is_logged_in=True, sub=name, name=name.title(), exp=4_000_000_000, roles=list(roles), groups=["g"]
    )


@pytest.fixture
def samples(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    monkeypatch.setattr(trail, "_views", type(trail._views)())
    yield sample_home
    database.close()


def test_a_viewer_reads_every_page_of_a_viewer(
    samples: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "user", person("vic", "viewer"))
    for page in navigation.pages():
        if page.permission in users.ROLES["viewer"]:
            app = open_app(page.file, secrets=AUTH)
            assert not app.exception and not app.error, page
            assert not [one.key for one in app.button if str(one.key).startswith(("open_", "random_"))]


def test_a_case_in_the_address_shows_a_viewer_nothing(
    samples: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "user", person("vic", "viewer"))
    key = cohorts.get("pbc").case_keys[0].decode()
    app = open_app("case.py", secrets=AUTH)
    app.query_params["case"] = key
    app.run()
    assert [title.value for title in app.title] == ["Not for your role"]
    assert key not in str([one.body for one in app.get("html")])


def test_forged_widgets_lead_nowhere(samples: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values that no widget offered, set as a changed browser would send them, and keys of somebody else's."""
    with acting(User("ada", frozenset({"clinician"}))):
        foreign = private_cases.create("pbc", "bed 3", {"age": 60})
    try:
        monkeypatch.setattr(st, "user", person("ben", "clinician"))
        for page, parameter, value in (
            ("case.py", "case", foreign),
            ("case.py", "case", "' OR 1=1"),
            ("treatment.py", "case", foreign),
            ("new_patient.py", "case", foreign),
        ):
            app = open_app(page, secrets=AUTH)
            app.query_params[parameter] = value
            app.run()
            assert not app.exception, (page, value)
            shown = str([*app.get("html"), *app.error, *app.info, *app.title])
            assert "bed 3" not in shown and any("no" in one.value.lower() for one in [*app.error, *app.info])
        app = open_app("patients.py", secrets=AUTH)
        app.session_state["cohort"] = "own-aaaaaaaaaaaaaaaa-x"
        app.query_params["cohort"] = "own-aaaaaaaaaaaaaaaa-x"
        app.run()
        assert not app.exception and "own-aaaaaaaaaaaaaaaa-x" not in str(app.get("html"))
    finally:
        with acting(User("ada", frozenset({"clinician"}))):
            private_cases.remove(foreign)


def test_access_is_given_and_taken_on_its_page(
    private_home: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, table = load_sample("pbc")
    ada, ben = (
        User(name, frozenset({"researcher"}), frozenset({"g"}), name.title()) for name in ("ada", "ben")
    )
    with acting(ada):
        key = f"{owners.prefix()}liver"
        cohorts.register(key, "liver *clinic*", study, table.iloc[:20])
    with acting(ben):
        access.arrived(ben)
    monkeypatch.setattr(st, "user", person("ada", "researcher"))
    app = open_app("access.py", secrets=AUTH)
    app.selectbox(key="share_who_0_user").select("ben").run()
    app.button(key="share_0").click().run()
    assert not app.exception
    with acting(ben):
        assert owners.may_see(key)
    app.button(key="unshare_0_0").click().run()
    with acting(ben):
        assert not owners.may_see(key)
    monkeypatch.setattr(st, "user", person("ben", "researcher"))
    assert not [
        one for one in open_app("access.py", secrets=AUTH).button if str(one.key).startswith("share_")
    ]
    database.close()


@pytest.mark.parametrize("lang", ["en", "zh_Hans"])
def test_the_trail_is_read_on_its_page(
    private_home: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    for n in range(60):
        with acting(User(f"user {n % 2}", frozenset())):
            trail.note("share", "c", who="<b>=1+1</b>" if n == 59 else "g")
    monkeypatch.setattr(st, "user", person("eve", "admin"))
    app = open_app("audit.py", lang, secrets=AUTH)
    assert not app.exception and not app.error
    page = next(one.body for one in app.get("html") if "<table" in one.body)
    assert "&lt;b&gt;=1+1" in page and "<b>=1" not in page
    app.button(key="audit_older").click().run()
    app.selectbox(key="audit_user").select("user 1").run()
    app.button(key="audit_verify").click().run()
    assert not app.exception and len(app.success) == 1
    with acting(User("eve", frozenset({"admin"}))):
        assert audit.page(Choice(user="user 1")).total == 30
    monkeypatch.setattr(st, "user", person("ada", "researcher", "clinician"))
    assert "<table" not in str([one.body for one in open_app("audit.py", lang, secrets=AUTH).get("html")])
    database.close()


def test_no_page_keeps_anything_for_all_sessions() -> None:
    """`st.cache_data` and its like are everybody's unless they say otherwise."""
    for path in [*(ROOT / "pages").rglob("*.py"), ROOT / "app.py"]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in (
                "cache_data",
                "cache_resource",
                "connection",
            ):
                raise AssertionError(
                    f"{path.name} line {node.lineno}: keep it in st.session_state, or scope='session'"
                )
