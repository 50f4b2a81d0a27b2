"""A home with cytology and pbc trained in this process, made once for all tests of the services."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from mtl.jobs.samples import prepare
from mtl.store import database


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("trained") / "home"
    if "CONSILIUM_TEST_SAMPLES" in os.environ:
        shutil.copytree(os.environ["CONSILIUM_TEST_SAMPLES"], home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONSILIUM_HOME", str(home))
        for name in ("cytology", "pbc"):
            prepare({"name": name}, lambda stage, share: None)
    return home


@pytest.fixture
def home(trained_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONSILIUM_HOME", str(trained_home))
    return trained_home


@pytest.fixture(scope="session", autouse=True)
def closed() -> object:
    yield
    database.close()
