"""What the services write into the audit trail: everything that happens, once, without a patient's value."""

from __future__ import annotations

import ast
import datetime
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtl.services import access, audit, settings, trail, uploads
from mtl.services.audit import Choice
from mtl.services.paper import reports
from mtl.services.patients import cases, cohorts, records, witness
from mtl.services.patients import private as private_cases
from mtl.services.patients.cohorts import Query
from mtl.services.treatment import treatments
from mtl.services.users import Forbidden, User, acting
from mtl.store import audit as store
from mtl.store import cohorts as cohort_store
from mtl.store import database

ADA = User("ada", frozenset({"clinician", "researcher"}), label="Ada", session="s1")
EVE = User("eve", frozenset({"admin"}), label="Eve")


@pytest.fixture(scope="module")
def prepared(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("audited") / "home"
    database.close()
    shutil.copytree(trained_home, home)
    return home


@pytest.fixture
def case(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("CONSILIUM_HOME", str(prepared))
    trail._views.clear()
    yield cohort_store.get("pbc").case_keys[7].decode()
    database.close()


def since(count: int) -> list[store.Entry]:
    return [one.entry for one in store.entries()][count:]


def so_far() -> int:
    return store.verify().entries


def test_an_opened_case_says_what_was_shown_once(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = so_far()
    with acting(ADA):
        opened = cases.open_case(case)
        cases.open_case(case)
        assert len(since(before)) == 1
        cases.what_if(case, {"age": 40.0})
        cases.what_if(case, {"age": 40.0})
        cases.open_case(case, {"age": 40.0})
        assert len(since(before)) == 2
        moment = trail.time.monotonic()
        monkeypatch.setattr(trail.time, "monotonic", lambda: moment + trail.AGAIN + 1)
        cases.open_case(case)
    first, edited, again = since(before)
    assert (first.user, first.action, first.case_key, first.cohort) == ("ada", "open case", case, "pbc")
    assert first.version == opened.model.version and len(str(first.inputs)) == 64
    assert first.shown == {k: v for k, v in witness.shown_of(opened, None).items()} != {}
    assert first.warnings == witness.warnings_of(opened)
    assert (edited.action, edited.detail) == ("what if", {"edited": ["age"]})
    assert edited.inputs != first.inputs and again.inputs == first.inputs
    assert store.verify().wrong is None


def test_another_visit_is_another_entry(case: str) -> None:
    before = so_far()
    for session in ("s1", "s2"):
        with acting(User("ada", ADA.roles, session=session)):
            cases.open_case(case)
    assert len(since(before)) == 2


def test_each_thing_is_written_under_its_name(case: str) -> None:
    before = so_far()
    with acting(ADA):
        access.arrived(ADA)
        cohorts.worklist("pbc", Query())
        opened = cases.open_case(case)
        treatments.view(case, "trt")
        cases.own_outcome(case)
        reports.page_pdf(opened)
        reports.page_pdf(opened)
        records.estimate(case, {"death_or_transplant": 40})
        signed = records.sign(case, "override", "death_or_transplant", reason="A transplant is planned")
        key = private_cases.create("pbc", "bed 4", {"age": 61})
        private_cases.change(key, "bed 5", {"age": 62})
        private_cases.remove(key)
        uploads.bring(b"id,age\n1,50\n2,60\n", "Frau Huber.csv")
        uploads.discard()
    found = since(before)
    assert [one.action for one in found] == [
        "sign in", "list", "open case", "treatment", "own outcome", "print", "print", "estimate", "sign", "new patient",
        "change patient", "delete patient", "upload", "discard",
    ]  # fmt: skip
    assert set(one.action for one in found) <= set(audit.ACTIONS)
    sign = found[8]
    assert (sign.decision, sign.reason) == ("override", "A transplant is planned")
    assert (
        sign.detail["record"] == signed.key
        and sign.shown == signed.shown
        and sign.warnings == signed.warnings
    )


def test_no_finding_of_a_patient_is_in_it(case: str) -> None:
    """Values that occur nowhere else, typed in, edited and brought."""
    before = so_far()
    with acting(ADA):
        key = private_cases.create("pbc", "Frau Obermoser", {"age": 61.7391, "bili": 7.7353})
        cases.open_case(key)
        cases.what_if(key, {"bili": 9.1937})
        uploads.bring(b"id,name,bili\n1,Obermoser,3.7373\n2,Xaver,4.2\n", "Obermoser.csv")
        private_cases.remove(key)
    kept = json.dumps([one.__dict__ for one in since(before)])
    assert len(since(before)) == 5
    for value in ("Obermoser", "61.7", "7.735", "9.19", "3.737", "Xaver"):
        assert value not in kept


def test_numbers_held_back_for_an_own_estimate_are_marked(case: str) -> None:
    before = so_far()
    with acting(User("fay", ADA.roles)):
        settings.put(settings.OWN_ESTIMATE, True)
        cases.open_case(case)
    assert since(before)[0].detail == {"own_estimate_first": True}


def test_what_cannot_be_signed_leaves_neither_record_nor_entry(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, signed = so_far(), len(records.store.of_case(case))

    def fails(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(store, "_append", fails)
    with acting(ADA), pytest.raises(RuntimeError):
        records.sign(case, "agree")
    assert so_far() == before and len(records.store.of_case(case)) == signed


def test_an_administrator_reads_chooses_and_takes_away(case: str) -> None:
    with acting(ADA):
        cases.open_case(case)
        for refused in (
            lambda: audit.page(Choice()),
            lambda: audit.export(Choice()),
            audit.verify,
            audit.actions,
        ):
            with pytest.raises(Forbidden):
                refused()
    today = datetime.datetime.now(datetime.UTC).date()
    with acting(EVE):
        assert audit.page(Choice(user="ada", action="open case", case_key=case), limit=1).total >= 1
        assert {one.entry.case_key for one in audit.page(Choice(case_key=case)).entries} == {case}
        assert audit.page(Choice(case_key="' OR 1=1 --")).total == 0
        assert audit.page(Choice(first=today + datetime.timedelta(1))).total == 0
        everything = audit.page(Choice(first=today, last=today), limit=500)
        assert everything.total == so_far() and everything.entries[0].number == so_far()
        assert "ada" in audit.users_named() and "open case" in audit.actions()
        table = audit.export(Choice(user="ada"))
        assert set(table["user"]) == {"ada"} and table["number"].is_monotonic_increasing
    assert since(so_far() - 1)[0].action == "export audit"


def test_every_action_that_is_written_has_a_name() -> None:
    """The words in the code beside the list that the page reads."""

    folder = Path(trail.__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py") if path.stem != "audit"]
    asked = r"(?:trail|witness)\.(?:note|note_view|about|instead)\((?:case, )?\"([a-z ]+)\""
    written = {name for text in texts for name in re.findall(asked, text)}
    assert len(written) > 15 and written <= set(audit.ACTIONS)


def test_whatever_begins_or_stops_a_job_is_written_down() -> None:
    """Every function of the services that puts a job into the queue, runs one again or stops one."""
    silent = []
    for path in Path(trail.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                words = ast.unparse(node)
                acts = re.search(r"\bjobs\.(submit|retry|cancel)\(", words)
                if acts and "trail.note" not in words and f"{path.stem}.{node.name}" != "samples.start":
                    silent.append(f"{path.stem}.{node.name}")
    assert silent == []
