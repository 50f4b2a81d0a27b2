"""The HTTP routes: each is known here with what it may say to somebody who has not signed in."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: Every route of ours. One that says anything about a patient, a cohort or a user does not belong to the open ones.
OPEN = {
    "/health": "that the server runs",
    "/ready": "whether the public samples are there",
    "/metrics": "counts and times of the server as a whole",
}


def test_every_route_is_known() -> None:
    source = importlib.util.spec_from_file_location("consilium_app", ROOT / "app.py")
    assert source is not None and source.loader is not None
    module = importlib.util.module_from_spec(source)
    source.loader.exec_module(module)
    paths = {route.path for route in module.app._user_routes}
    assert paths <= set(OPEN), "a new route asks who you are, or is said here to be open, and why"
    assert {"/health", "/ready"} <= paths
    guards = [entry.cls.__name__ for entry in module.app._user_middleware]
    assert "OnlyHere" in guards


def test_what_the_page_on_security_names_is_there() -> None:
    words = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:tests|mtl)/[\w/.]+)`", words))
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []
    rows = [line for line in words.splitlines() if line.startswith("|") and line.count("|") == 4]
    assert all("tests/" in row or "the same" in row for row in rows[2:]), (
        "every threat names the test that shows it"
    )
