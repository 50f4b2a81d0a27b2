"""Recalibrated versions and refits as services: who may, what is made, what a cohort shows, and what stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl.data.encode import encode
from mtl.jobs import queue
from mtl.jobs.evidence import PARTS, gather
from mtl.jobs.evidence import subject as subject_of
from mtl.jobs.intervals import fit_intervals
from mtl.jobs.recalibration import recalibrate
from mtl.jobs.samples import is_ready
from mtl.services import users
from mtl.services.evidence import evidence, intervals, recalibration
from mtl.services.patients import cases
from mtl.services.users import Forbidden, User
from mtl.store import cohorts, database, models, scores
from mtl.store.cohorts import CohortError
from mtl.store.database import StoreError
from tests import two_hospitals

READER = User("reader", frozenset({"viewer"}))


def quiet(stage: str, share: float) -> None:
    pass


def run(key: str) -> None:
    """Run a waiting job as the worker does."""
    from mtl.jobs.registry import KINDS

    taken = queue.take()
    assert taken is not None and taken.key == key
    KINDS[taken.kind](taken.payload, quiet)
    queue.end(key, queue.DONE)


def test_a_new_version_is_made_shown_and_taken_back(in_hospitals: Path) -> None:
    original = models.get("first-1")
    files = {path: path.read_bytes() for path in original.folder.rglob("*") if path.is_file()}
    assert [one.method for one in recalibration.versions("later")] == [None]
    run(recalibration.begin("later", "level"))
    assert {path: path.read_bytes() for path in original.folder.rglob("*") if path.is_file()} == files
    trained, level = recalibration.versions("later")
    assert trained.shown and not level.shown and level.method == "level" and level.version != trained.version
    record = models.get(level.key)
    assert record.folds == original.folds + 5 and models.is_derived(level.key, "first-1")
    # nothing is made twice
    before = record.trained
    recalibrate({"cohort": "later", "model": "first-1", "method": "level", "key": level.key}, quiet)
    assert models.get(level.key).trained == before
    # every patient is judged by a predictor that was made without them
    for name in ("first", "later"):
        cohort = cohorts.get(name)
        fold = models.fold_of(record, cohort, encode(cohort.study, cohort.table()).X, cohort.identifiers(), 0)
        assert (fold >= 0).all() and (fold.max() < original.folds) == (name == "first")
    told = models.load(record).training_["recalibration"][0]
    assert told["parent"] == original.version and told["cohort"] == "later" and told["method"] == "level"
    # the second click
    run(recalibration.show("later", level.key))
    assert cohorts.get("later").model == level.key
    assert [one.shown for one in recalibration.versions("later")] == [False, True]
    shown = scores.scores_of(cohorts.get("later"))
    assert shown.in_training == cohorts.get("later").n
    about = subject_of(record, cohorts.get("later"))
    assert about.predicted.numbers["ill"].mean() == pytest.approx(about.truths["ill"].y.mean(), abs=0.02)
    # a case opens, with an interval, and its reasons add up to its number
    case = cases.open_case(cohorts.get("later").case_keys[3].decode())
    ill = next(one for one in case.outputs if one.task.name == "ill").headline
    assert ill.value == pytest.approx(about.predicted.numbers["ill"][3])
    assert ill.low is not None and ill.low < ill.value < ill.high
    # its patients cannot recalibrate it again
    gather({"cohort": "later", "model": level.key, "part": "recalibration"}, quiet)
    again = evidence.result("later", "recalibration")
    assert again is not None and {one["reason"] for one in again["tasks"].values()} == {"training"}
    with pytest.raises(StoreError, match="was made of another one"):
        (record.with_intervals).rename(record.folder / "aside")
        fit_intervals({"model": level.key, "refits": 2}, quiet)
    (record.folder / "aside").rename(record.with_intervals)
    assert not intervals.possible("later")
    # and back
    run(recalibration.show("later", "first-1"))
    assert cohorts.get("later").model == "first-1"


def test_a_viewer_may_look_and_not_make(in_hospitals: Path) -> None:
    with users.acting(READER):
        assert recalibration.versions("later")[0].version
        assert (
            intervals.there("later") and evidence.of_training("first") and not evidence.of_training("later")
        )
        with pytest.raises(Forbidden):
            recalibration.begin("later", "level")
        with pytest.raises(Forbidden):
            recalibration.show("later", "first-1")
        with pytest.raises(Forbidden):
            intervals.begin("later")


def test_what_is_not_there_is_refused(in_hospitals: Path) -> None:
    with pytest.raises(CohortError, match="give one of level, slope"):
        recalibration.begin("later", "../x")
    with pytest.raises(CohortError, match="no version of this cohort's model"):
        recalibration.show("later", "first-2")
    with pytest.raises(CohortError):
        recalibration.versions("own-aaaaaaaaaaaaaaaa-x")
    with pytest.raises(StoreError, match="give one of level, slope"):
        recalibrate(
            {"cohort": "later", "model": "first-1", "method": "none", "key": "first-1-rabcdef01"}, quiet
        )
    few = cohorts.register("few", "few", two_hospitals.study(), two_hospitals.table(60, 0.8, 3, 50_000))
    scores.score(few, models.get("first-1"), quiet)
    with pytest.raises(StoreError, match="no task can be recalibrated on these patients"):
        key = "first-1-rabcdef02"
        recalibrate({"cohort": "few", "model": "first-1", "method": "level", "key": key}, quiet)
    assert models.find("first-1-rabcdef02") is None


def test_a_new_version_keeps_a_sample_ready(
    sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    gbsg = cohorts.get("gbsg")
    assert is_ready("gbsg") and gbsg.model is not None and gbsg.scores is not None
    try:
        derived = f"{gbsg.model}-r01234567"
        cohorts.use_scores("gbsg", gbsg.data, derived, scores.scores_name(derived))
        assert not is_ready("gbsg")  # its numbers are not there
        (gbsg.folder / scores.scores_name(derived)).mkdir()
        assert is_ready("gbsg")
        cohorts.use_scores("gbsg", gbsg.data, "rotterdam-other", gbsg.scores)
        assert not is_ready("gbsg")
    finally:
        (gbsg.folder / scores.scores_name(derived)).rmdir()
        cohorts.use_scores("gbsg", gbsg.data, gbsg.model, gbsg.scores)
        database.close()


def test_what_a_part_lacks_is_told(in_hospitals: Path) -> None:
    with pytest.raises(StoreError, match="these are the patients of the training"):
        gather({"cohort": "first", "model": "first-1", "part": "shift"}, quiet)


def test_every_part_says_what_it_is_about() -> None:
    assert PARTS["elsewhere"].training_only
    assert {"stability", "coverage", "shift", "recalibration", "missing", "robustness"} <= set(PARTS)
