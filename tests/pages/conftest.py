"""AppTest from the shell, as a visitor meets the app."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from mtl import language

SHELL = Path(__file__).parents[2] / "pages" / "shell.py"
Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def shown_errors() -> None:
    """Let a failing page say why; the shipped setting redacts it."""
    config.set_option("client.showErrorDetails", "full")


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the choice of language to the app: no block of ours around it."""
    monkeypatch.setattr(language, "_ask", None)


@pytest.fixture
def open_app() -> Open:
    """Return a function that opens the app at a page, in a language, perhaps with secrets."""

    def opened(
        page: str | None = None, lang: str | None = None, secrets: dict[str, object] | None = None
    ) -> AppTest:
        app = AppTest.from_file(SHELL, default_timeout=30)
        for name, value in (secrets or {}).items():
            app.secrets[name] = value
        if lang:
            app.query_params["lang"] = lang
        app.run()
        if page:
            app.switch_page(page)
            app.run()
        return app

    return opened
