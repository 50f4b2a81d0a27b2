"""Private cases, records and settings: for their owner, append-only, on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from mtl.store import database, private_cases, records, settings
from mtl.store.keys import CASE_KEY, new_key
from mtl.store.private_cases import PrivateCaseError
from mtl.store.records import Record


def record(**parts: object) -> Record:
    plain = Record(
        key=new_key(), time=database.now(), user="a", case_key="k" * 20, cohort="c", task=None, model="m", version="1",
        inputs="00", decision="agree", own={"t": {"value": 0.3}}, reason="", note="注", shown={"t": "58\u00a0%"},
        warnings=[{"code": "out_of_range", "feature": "x"}],
    )  # fmt: skip
    return replace(plain, **parts)


def test_a_case_comes_back_to_its_owner_alone(either: str) -> None:
    made = private_cases.add("ada", "pbc", "bed 7", {"age": 54.0, "sex": "f", "ascites": True})
    assert CASE_KEY.fullmatch(made.key)
    found = private_cases.find(made.key, "ada")
    assert found is not None and found.values == {"age": 54.0, "sex": "f", "ascites": True}
    assert [one.key for one in private_cases.of("ada", "pbc")] == [made.key]
    assert private_cases.find(made.key, "ben") is None
    assert private_cases.of("ben", "pbc") == private_cases.of("ada", "gbsg") == []
    for attempt in (
        lambda: private_cases.change(made.key, "ben", "x", {}),
        lambda: private_cases.remove(made.key, "ben"),
    ):
        with pytest.raises(PrivateCaseError, match="no such patient"):
            attempt()
    private_cases.change(made.key, "ada", "bed 8", {"age": 55.0})
    changed = private_cases.find(made.key, "ada")
    assert changed is not None and (changed.identifier, changed.values) == ("bed 8", {"age": 55.0})
    private_cases.remove(made.key, "ada")
    assert private_cases.find(made.key, "ada") is None


def test_a_name_is_used_once_by_an_owner_in_a_cohort(either: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = private_cases.add("ada", "pbc", "a", {})
    private_cases.add("ben", "pbc", "a", {})
    private_cases.add("ada", "gbsg", "a", {})
    with pytest.raises(PrivateCaseError, match="of that name"):
        private_cases.add("ada", "pbc", "a", {})
    private_cases.add("ada", "pbc", "b", {})
    with pytest.raises(PrivateCaseError, match="of that name"):
        private_cases.change(first.key, "ada", "b", {})
    monkeypatch.setattr(private_cases, "MOST", 2)
    with pytest.raises(PrivateCaseError, match="delete one first"):
        private_cases.add("ada", "pbc", "c", {})


def test_records_are_appended_and_the_database_refuses_a_change(either: str) -> None:
    first, second = record(), record(decision="override", task="t", reason="=1+1 '; DROP TABLE records; --")
    records.append(first, second)
    assert [one.canonical() for one in records.of_case("k" * 20)] == [first.canonical(), second.canonical()]
    last = {"sqlite": "REPLACE INTO records SELECT * FROM records", "postgresql": "TRUNCATE records"}
    for change in ("UPDATE records SET note = 'x'", "DELETE FROM records", last[either]):
        with pytest.raises(DBAPIError, match="cannot be changed"), database.writing() as connection:
            connection.execute(text(change))
    with pytest.raises(IntegrityError):
        records.append(record(), first)  # all or none
    assert len(records.of_case("k" * 20)) == 2


def test_an_estimate_alone_is_no_decision(either: str) -> None:
    records.append(record(decision="estimate"), record(case_key="j" * 20))
    assert records.decided(["k" * 20, "j" * 20, "i" * 20]) == {"j" * 20: "c"}
    assert records.decided([]) == {}


def test_settings_are_each_users_own(either: str) -> None:
    assert settings.get("ada", "x") is None
    settings.put("ada", "x", True)
    settings.put("ada", "x", False)
    assert settings.get("ada", "x") is False and settings.get("ben", "x") is None
