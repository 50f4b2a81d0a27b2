"""Deleting a cohort: everything derived from it goes, whoever had it, and what must stay stays."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from mtl.data.samples import load_sample
from mtl.jobs import queue
from mtl.jobs.samples import model_key
from mtl.services import owners, retention, uploads
from mtl.services.patients import cases, cohorts, records
from mtl.services.patients import private as private_cases
from mtl.services.users import Forbidden, User, acting
from mtl.store import audit, database, schema, scores
from mtl.store import cohorts as cohort_store
from mtl.store import models as model_store
from mtl.store import retention as store
from mtl.store.cohorts import CohortError
from mtl.store.database import StoreError

ADA = User("ada", frozenset({"researcher", "clinician"}))
BEN = User("ben", frozenset({"researcher", "clinician"}))
EVE = User("eve", frozenset({"admin"}))
NAME = "zqxpatient"  # occurs nowhere else


@pytest.fixture
def key(trained_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Ada's cohort with a model of its own, which also scored Ben's; patients typed in, jobs, uploads, a trial."""
    home = tmp_path / "home"
    database.close()
    shutil.copytree(trained_home, home)
    monkeypatch.setenv("CONSILIUM_HOME", str(home))
    monkeypatch.setattr(queue.process, "ensure", lambda: None)
    study, table = load_sample("pbc")
    with acting(ADA):
        key = f"{owners.prefix()}liver"
        upload = uploads.bring(b"id,age\n1,50\n2,60\n", "liver.csv")
        upload = uploads.answer(upload.answers)  # an earlier state of the same file lies beside
        upload.stored.write("training.json", json.dumps({"cohort": key}).encode())
    with acting(BEN):
        other = f"{owners.prefix()}theirs"
        stays = uploads.bring(b"id,age\n7,70\n", "theirs.csv")
        stays.stored.write(f"scored-{key}-0123456789abcdef.parquet", b"numbers")
    made = cohort_store.register(key, "liver", study, table.iloc[:30])
    theirs = cohort_store.register(other, "theirs", study, table.iloc[30:50])
    model = f"{key}-0123456789abcdef"
    recalibrated = f"{model_key('pbc')}-r12345678"  # the sample's model, recalibrated on Ada's patients
    for copy, cohort in ((model, key), (recalibrated, "pbc")):
        shutil.copytree(home / "models" / model_key("pbc"), home / "models" / copy)
        with database.writing() as connection:
            asked = select(schema.models).where(schema.models.c.key == model_key("pbc"))
            row = connection.execute(asked).mappings().one()
            connection.execute(insert(schema.models).values(**{**row, "key": copy, "cohort": cohort}))
    told = home / "models" / recalibrated / "model" / "training.json"
    told.write_text(json.dumps({"recalibrated": {"data": made.data}}))
    for one in (made, theirs):
        scores.score(one, model_store.get(model), lambda *_: None)
    (home / "evidence" / model / f"{other}-x").mkdir(parents=True)
    (home / "evidence" / model_key("pbc") / f"{key}-x").mkdir(parents=True)
    for name, cohort in (("0" * 16, key), ("1" * 16, "pbc")):
        folder = home / "trials" / name
        folder.mkdir(parents=True)
        (folder / "trial.json").write_text(json.dumps({"cohort": cohort, "model": None}))
    with acting(ADA):
        private_cases.create(key, NAME, {"age": 61})
        records.sign(cohort_store.get(key).case_keys[0].decode(), "agree")
    queue.submit("score_cohort", {"cohort": key, "model": model}, topic=f"score:{key}")
    yield key
    database.close()


def left(key: str) -> list[str]:
    """What in the home still names the cohort, or the patient that was typed in."""
    home = Path(database.home())
    paths = [str(path.relative_to(home)) for path in home.rglob("*") if key in str(path.relative_to(home))]
    texts = [path.name for path in home.rglob("*") if path.is_file() and NAME.encode() in path.read_bytes()]
    return paths + texts


def test_everything_derived_goes_and_what_must_stay_stays(key: str) -> None:
    home = Path(database.home())
    with acting(ADA):
        opened = cases.open_case(cohort_store.get(key).case_keys[0].decode())
        assert left(key)
        told = retention.derived(key)
        found = retention.forget(key)
    assert (found.patients, found.private_cases, found.kept_records, len(found.models)) == (30, 1, 1, 2)
    assert told == found
    assert left(key) == []
    with acting(BEN):
        theirs = next(one for one in cohorts.overview() if one.name == "theirs")
        assert theirs.model is None  # their patients stay, the model's numbers do not
        assert uploads.current() is not None and not list(home.glob("uploads/*/*/scored-*"))
    with acting(ADA):
        assert uploads.current() is None
        with pytest.raises(cases.CaseError):
            cases.open_case(opened.key)
        with pytest.raises(CohortError):
            retention.forget(key)
    assert [path.name for path in (home / "trials").iterdir()] == ["1" * 16]
    assert cohort_store.get("pbc").model == model_key("pbc")
    assert not [one.key for one in model_store.every() if one.key.endswith("-r12345678")]
    assert not list((home / "models").glob("*-r12345678"))
    assert [one.decision for one in records.store.of_case(opened.key)] == ["agree"]
    assert audit.verify().wrong is None and list(audit.entries())[-1].entry.action == "forget"
    job = queue._first(queue.jobs.c.kind == "score_cohort")
    assert job is not None and (job.state, job.payload, job.topic) == ("cancelled", {}, None)


def test_its_owner_and_an_administrator_may(key: str) -> None:
    with acting(BEN):
        for asked in (retention.derived, retention.forget):
            with pytest.raises(CohortError, match="of yours"):
                asked(key)
    with acting(User("c", frozenset({"clinician"}))), pytest.raises(Forbidden):
        retention.forget(key)
    with acting(EVE):
        with pytest.raises(StoreError, match="public sample"):
            retention.forget("pbc")
        retention.forget(key)
    assert left(key) == []


def test_a_running_job_is_not_pulled_away(key: str) -> None:
    assert queue.take() is not None
    with acting(ADA), pytest.raises(StoreError, match="a job works on liver"):
        retention.forget(key)
    assert cohort_store.get(key).n == 30 and left(key)


def test_a_deletion_that_is_killed_is_finished_by_the_next_worker(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_key: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, acting(ADA), pytest.raises(KeyboardInterrupt):
        patch.setattr(store, "_remove", killed)
        retention.forget(key)
    assert left(key)
    assert store.finish() == 1
    database.settle()
    assert left(key) == [] and store.finish() == 0


def test_one_that_was_not_kept_removes_nothing(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch, acting(ADA), pytest.raises(RuntimeError):
        patch.setattr(store, "delete", fails)
        retention.forget(key)
    assert store.finish() == 1 and store.finish() == 0
    with acting(ADA):
        assert retention.derived(key).patients == 30 and cases.open_case(
            cohort_store.get(key).case_keys[0].decode()
        )
