"""The store: whole or absent, opaque keys, cohorts that cannot be mistaken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl.data.samples import load_sample
from mtl.store import cohorts, database, home
from mtl.store.cohorts import CohortError
from mtl.store.keys import row_digests


def test_a_folder_appears_whole_or_not_at_all(private_home: Path) -> None:
    target = private_home / "models" / "a"
    with pytest.raises(ZeroDivisionError), home.new_folder(target) as folder:
        (folder / "file").write_text("half")
        1 / 0  # noqa: B018
    assert not target.exists() and not list(private_home.rglob(".work-*"))
    with home.new_folder(target) as folder:
        (folder / "file").write_text("whole")
    with home.new_folder(target) as folder:
        (folder / "file").write_text("another")
    assert (target / "file").read_text() == "whole"


def test_a_cohort_comes_back_as_it_was(either: str) -> None:
    for name in ("pbc", "gbsg"):
        study, table = load_sample(name)
        cohort = cohorts.register(name, name, study, table)
        pd.testing.assert_frame_equal(cohort.table(), table)
        for place in (0, 17, len(table) - 1):
            key = cohort.case_keys[place].decode()
            assert cohorts.find_case(key)[1] == place
            assert cohort.row(place)[study.identifier].iloc[0] == table[study.identifier].iloc[place]
        assert cohorts.register(name, name, study, table) is cohort


def test_the_same_identifier_in_two_cohorts_has_two_keys(private_home: Path) -> None:
    study, table = load_sample("gbsg")
    first, second = (cohorts.register(key, key, study, table) for key in ("one", "two"))
    assert not set(first.case_keys.tolist()) & set(second.case_keys.tolist())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.iloc[:0], "no rows"),
        (lambda t: t.drop(columns="pid"), "no column 'pid'"),
        (lambda t: t.assign(pid=1), "repeat an identifier"),
        (lambda t: t.assign(pid=t["pid"].astype(float).where(t.index > 0)), "1 rows have no identifier"),
    ],
)
def test_a_table_that_is_no_cohort(private_home: Path, change, message: str) -> None:  # type: ignore[no-untyped-def]
    study, table = load_sample("gbsg")
    with pytest.raises(CohortError, match=message):
        cohorts.register("x", "x", study, change(table))


@pytest.mark.parametrize("key", ["../x", "", "A", "a/b", "a" * 100])
def test_cohort_keys_are_plain(private_home: Path, key: str) -> None:
    study, table = load_sample("gbsg")
    with pytest.raises(CohortError, match="cohort key"):
        cohorts.register(key, "x", study, table)


def test_new_rows_under_an_old_key_have_no_numbers_yet(either: str) -> None:
    study, table = load_sample("gbsg")
    first = cohorts.register("x", "x", study, table)
    cohorts.use_scores("x", first.data, "m", "scores-m")
    assert cohorts.get("x").model == "m"
    cohorts.register("x", "x", study, table.iloc[:100])
    assert cohorts.get("x").model is None and cohorts.get("x").n == 100
    cohorts.use_scores("x", first.data, "m", "scores-m")  # a job that began before
    assert cohorts.get("x").model is None


def test_state_is_for_its_owner_only(private_home: Path) -> None:
    home.secret()
    database.engine()
    for name in ("secret.key", database.FILE):
        assert (private_home / name).stat().st_mode & 0o077 == 0
    (private_home / "secret.key").write_bytes(b"short")
    with pytest.raises(ValueError, match="damaged"):
        home.secret()


def test_a_digest_knows_a_patient_by_identifier_and_findings() -> None:
    X = np.array([[1.0, np.nan], [0.0, 2.0]])
    first = row_digests(b"k" * 32, ["a", "b"], X)
    assert first == row_digests(b"k" * 32, ["a", "b"], np.array([[1.0, -np.nan], [-0.0, 2.0]]))
    assert first != row_digests(b"k" * 32, ["b", "a"], X)
    assert first != row_digests(b"q" * 32, ["a", "b"], X)


def test_files_of_the_home_itself_that_a_dead_process_left_are_cleared(private_home: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = private_home / f".work-audit.head-{dead.pid}-0a1b2c3d"
    ours = private_home / f".work-audit.head-{os.getpid()}-0a1b2c3d"
    backup = private_home / ".work-abc12345"  # a backup's folder while it is made: its name tells no process
    left.touch()
    ours.touch()
    backup.mkdir()
    assert home.clear_unfinished() == 1
    assert not left.exists() and ours.exists() and backup.exists()
