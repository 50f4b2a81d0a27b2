"""What every test shares: state in a temporary folder, English until a test says otherwise."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtl import language
from tests import postgresql

PBC_REFITS = 8
os.environ["CONSILIUM_REFITS"] = "0"  # servers of a whole session too: no intervals in the background
os.environ.pop("CONSILIUM_DATABASE_URL", None)  # a test that wants PostgreSQL starts its own


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


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with every sample trained and scored, pbc with intervals: once a run, however many workers share the tests.

    CONSILIUM_TEST_SAMPLES names a home to begin from, which spares the training where it is up to date.
    """
    from mtl.jobs.intervals import fit_intervals
    from mtl.jobs.samples import SAMPLES, prepare
    from mtl.store import database

    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    home = shared / "samples"
    with (shared / "samples.lock").open("w") as lock, pytest.MonkeyPatch.context() as patch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        patch.setenv("CONSILIUM_HOME", str(home))
        if "CONSILIUM_TEST_SAMPLES" in os.environ and not home.exists():
            shutil.copytree(os.environ["CONSILIUM_TEST_SAMPLES"], home)
        for name in SAMPLES:
            prepare({"name": name}, lambda stage, share: None)
        fit_intervals({"name": "pbc", "refits": PBC_REFITS}, lambda stage, share: None)
        database.close()
    return home


@pytest.fixture(scope="session")
def two_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the cohort of `two_treatments`: for what no sample has."""
    from mtl.store import database
    from tests import two_treatments

    home = tmp_path_factory.mktemp("two")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONSILIUM_HOME", str(home))
        two_treatments.with_intervals(two_treatments.register())
        database.close()
    return home


@pytest.fixture(scope="session")
def hospitals_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the cohorts and the model of `two_hospitals`, of which nothing is known yet: to be copied."""
    from mtl.store import database
    from tests import two_hospitals

    home = tmp_path_factory.mktemp("hospitals")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONSILIUM_HOME", str(home))
        two_hospitals.register()
        database.close()
    return home


@pytest.fixture(scope="module")
def hospitals(hospitals_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A module's own copy, to which its tests may add."""
    home = tmp_path_factory.mktemp("hospitals") / "home"
    shutil.copytree(hospitals_made, home)
    return home


@pytest.fixture
def in_hospitals(hospitals: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Be in the module's hospitals; a job waits until a test runs it by hand."""
    from mtl.jobs import queue
    from mtl.store import database

    monkeypatch.setenv("CONSILIUM_HOME", str(hospitals))
    monkeypatch.setattr(queue.process, "ensure", lambda: None)
    yield hospitals
    database.close()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    with postgresql.running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def either(
    request: pytest.FixtureRequest, private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Run a test on each of the two databases, both empty: its name."""
    from mtl.store import database

    if request.param == "sqlite":
        yield "sqlite"
        database.close()
        return
    server: postgresql.Server = request.getfixturevalue("postgresql_server")
    with server.database() as url:
        monkeypatch.setenv("CONSILIUM_DATABASE_URL", url)
        yield "postgresql"
        database.close()


@pytest.fixture(scope="session")
def judged_home(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples with evidence of Rotterdam and GBSG whose every number is another one: see `made_evidence`."""
    from mtl.store import database
    from tests import made_evidence

    home = tmp_path_factory.mktemp("judged") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONSILIUM_HOME", str(home))
        made_evidence.judged(home, sample_home)
        database.close()
    return home


@pytest.fixture(scope="session")
def computed_home(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples in a home of their own, for evidence that is really computed; what one test computed another finds."""
    from tests import made_evidence

    home = tmp_path_factory.mktemp("computed") / "home"
    made_evidence.linked(sample_home, home)
    return home
