"""Signed records: what was shown is the model's own, nothing changes afterwards, and inputs stay secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mtl.services import settings, users
from mtl.services.patients import cases, records
from mtl.services.patients import private as private_cases
from mtl.services.patients.records import RecordError
from mtl.services.settings import OWN_ESTIMATE, SettingError
from mtl.store import cohorts as stored
from mtl.store import database
from mtl.store.keys import input_digest

ADA, BEN = (users.User(name, frozenset({"clinician"})) for name in ("ada", "ben"))


def key_of(name: str, place: int) -> str:
    return stored.get(name).case_keys[place].decode()


@pytest.fixture(autouse=True)
def ada(home: Path) -> Iterator[users.User]:
    with users.acting(ADA) as user:
        yield user
    database.close()


def test_a_record_holds_what_was_shown_at_the_horizon_shown() -> None:
    key = key_of("pbc", 31)
    horizon = {"death_or_transplant": 10.0}
    case = cases.open_case(key, horizons=horizon)
    signed = records.sign(key, records.AGREE, note=" seen with ward \x07", horizons=horizon)
    for output in case.outputs:
        assert signed.shown[output.headline.column] == output.headline.text
    assert "death_or_transplant@10y" in signed.shown and "death_or_transplant@5y" not in signed.shown
    stage = next(output for output in case.outputs if output.kind == "multiclass")
    assert {number.column for number in stage.numbers} <= set(signed.shown)
    assert (signed.user, signed.version, signed.note) == ("ada", case.model.version, "seen with ward")
    assert {"code": "training_patient"} in signed.warnings
    one = records.history(case)[0]
    assert one.record == signed and one.mine and one.current and one.corrected_by is None
    assert records.decided([key, key_of("pbc", 32)]) == {key}


def test_an_override_needs_a_reason_and_a_correction_is_a_new_record() -> None:
    key = key_of("pbc", 33)
    with pytest.raises(RecordError, match="reason"):
        records.sign(key, records.OVERRIDE, "ascites", "  ")
    first = records.sign(key, records.OVERRIDE, "ascites", "ultrasound shows none")
    second = records.sign(key, records.AGREE, "ascites", corrects=first.key)
    told = {one.record.key: one for one in records.history(cases.open_case(key))}
    assert told[first.key].corrected_by == second.key and told[second.key].record.corrects == first.key
    assert list(first.shown) == ["ascites"]
    with users.acting(BEN), pytest.raises(RecordError, match="of your own"):
        records.sign(key, records.AGREE, corrects=first.key)


@pytest.mark.parametrize(
    ("decision", "parts", "field"),
    [
        ("", {}, "decision"),
        ("estimate", {}, "decision"),
        ("agree", {"task": "no such"}, "task"),
        ("agree", {"note": "x" * 5000}, "note"),
        ("agree", {"corrects": "x" * 20}, "corrects"),
    ],
)
def test_what_cannot_be_signed(decision: str, parts: dict[str, str], field: str) -> None:
    with pytest.raises(RecordError) as found:
        records.sign(key_of("pbc", 34), decision, **parts)  # type: ignore[arg-type]
    assert found.value.field == field
    assert records.history(cases.open_case(key_of("pbc", 34))) == []


def test_own_estimates_come_before_and_go_into_the_decision() -> None:
    key = key_of("pbc", 35)
    case = cases.open_case(key)
    assert records.estimates(case) == {}
    assert records.estimate(key, {"ascites": None}) is None
    stage = next(output for output in case.outputs if output.kind == "multiclass")
    category = stage.task.classes[0].text
    kept = records.estimate(key, {"ascites": 40, "death_or_transplant": 100, stage.task.name: category})
    assert kept is not None and kept.shown == {}
    assert records.estimates(case) == {
        "ascites": {"value": 0.4},
        "death_or_transplant": {"value": 1.0, "horizon": 5.0},
        stage.task.name: {"category": category},
    }
    records.estimate(key, {"ascites": 45})  # the latest counts
    signed = records.sign(key, records.AGREE, "ascites")
    assert signed.own == {"ascites": {"value": 0.45}}
    assert records.history(case)[0].own == {"ascites": "45\u00a0%"}
    assert records.decided([key]) == {key}
    with users.acting(BEN):
        assert records.estimates(case) == {}
        assert [one.record.decision for one in records.history(case)] == ["agree"]


@pytest.mark.parametrize("value", [-1, 101, "40", True, float("nan"), [1], 10**400])
def test_estimates_that_cannot_be(value: object) -> None:
    with pytest.raises(RecordError):
        records.estimate(key_of("pbc", 36), {"ascites": value})
    with pytest.raises(RecordError, match="classes"):
        case = cases.open_case(key_of("pbc", 36))
        stage = next(output for output in case.outputs if output.kind == "multiclass")
        records.estimate(key_of("pbc", 36), {stage.task.name: "no such class"})


def test_a_record_of_other_values_says_so() -> None:
    key = private_cases.create("pbc", "changed later", {"bili": 1.0})
    records.estimate(key, {"ascites": 5})
    records.sign(key, records.AGREE)
    private_cases.change(key, "changed later", {"bili": 9.0})
    case = cases.open_case(key)
    assert [one.current for one in records.history(case)] == [False, False]
    assert records.estimates(case) == {}  # asked again, of the new values
    with users.acting(BEN), pytest.raises(cases.CaseError):
        records.sign(key, records.AGREE)
    private_cases.remove(key)


def test_the_digest_of_inputs_needs_the_secret(home: Path) -> None:
    X = np.array([[1.0, np.nan, 0.0]])
    one = input_digest(b"s" * 32, "v", X, [True, None])
    assert one == input_digest(b"s" * 32, "v", np.array([[1.0, np.nan, -0.0]]), [True, None])
    others = [
        input_digest(b"t" * 32, "v", X, [True, None]),
        input_digest(b"s" * 32, "w", X, [True, None]),
        input_digest(b"s" * 32, "v", X + 1, [True, None]),
        input_digest(b"s" * 32, "v", X, [False, None]),
    ]
    assert len({one, *others}) == 5
    signed = records.sign(key_of("pbc", 37), records.AGREE)
    assert len(signed.inputs) == 64
    assert signed.inputs == records.sign(key_of("pbc", 37), records.AGREE).inputs


def test_who_may_sign() -> None:
    key = key_of("pbc", 38)
    for role, may in (("viewer", False), ("researcher", False), ("clinician", True), ("admin", True)):
        with users.acting(users.User(role, frozenset({role}))):
            for ask in (
                lambda: records.sign(key, records.AGREE),
                lambda: records.estimate(key, {"ascites": 1}),
            ):
                if may:
                    ask()
                else:
                    with pytest.raises(users.Forbidden):
                        ask()


def test_settings_are_off_until_chosen_and_each_users_own() -> None:
    assert settings.get(OWN_ESTIMATE) is False
    settings.put(OWN_ESTIMATE, True)
    assert settings.get(OWN_ESTIMATE) is True
    with users.acting(BEN):
        assert settings.get(OWN_ESTIMATE) is False
    with pytest.raises(SettingError):
        settings.put(OWN_ESTIMATE, "yes")  # type: ignore[arg-type]
    with pytest.raises(SettingError):
        settings.get("no such")
    settings.put(OWN_ESTIMATE, False)
