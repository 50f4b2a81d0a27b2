"""What every test shares: state in a temporary folder, English until a test says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mtl import language


@pytest.fixture(autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test away from the user's own state."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("CONSILIUM_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with language.use("en"):
        yield
