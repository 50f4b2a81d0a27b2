"""`link`: the address of a case, which does not say who it is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from mtl import load_sample
from mtl.services.users import User, acting
from mtl.store import cohorts

from .conftest import Call


@pytest.fixture(autouse=True)
def two_cohorts(private_home: Path) -> pd.DataFrame:
    study, table = load_sample("cytology")
    table = table.head(20).assign(id=[str(n) for n in range(110, 130)])
    cohorts.register("k1", "breast", study, table)
    cohorts.register("k2", "breast, second half", study, table.tail(10))
    return table


@pytest.mark.parametrize("cohort", ["breast", "k1"])
def test_the_address_is_of_the_patient(mtl: Call, cohort: str) -> None:
    result = mtl("link", cohort, "--id", "115")
    assert result.code == 0, result.err
    start, key = result.out.strip().split("=")
    assert start == "http://127.0.0.1:8501/case?case"
    found, place = cohorts.find_case(key)
    assert (found.key, found.identifiers()[place]) == ("k1", "115")
    assert (
        mtl("link", cohort, "--id=115", "--port", "9000").out.strip()
        == f"http://127.0.0.1:9000/case?case={key}"
    )
    answer = mtl("link", cohort, "--id", "115", "--base", "https://host/app/", "--json").json
    assert answer == {"cohort": "k1", "case": key, "url": f"https://host/app/case?case={key}", "warnings": []}


def test_who_is_not_there(mtl: Call) -> None:
    assert mtl("link", "breast", "--id", "11").failed == "cohort breast: no patient has the identifier given"
    assert "no patient" in mtl("link", "k2", "--id", "115").failed
    assert "there are: k1, k2" in mtl("link", "leiden", "--id", "1").failed


def test_cohorts_of_one_name(mtl: Call) -> None:
    study, table = load_sample("cytology")
    cohorts.register("k3", "breast", study, table.head(5))
    assert "2 cohorts are called 'breast'" in mtl("link", "breast", "--id", "115").failed
    assert mtl("link", "k1", "--id", "115").code == 0


def test_before_the_first_start(mtl: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSILIUM_HOME", str(tmp_path / "new"))
    assert "start the app once" in mtl("link", "rotterdam", "--id", "1").failed


def test_who_may_not_read_cases(mtl: Call) -> None:
    with acting(User("guest", frozenset({"viewer"}))):
        assert "guest may not do this" in mtl("link", "breast", "--id", "115").failed


@pytest.mark.parametrize(
    "wrong", [["--base", "javascript:alert(1)"], ["--base", "host"], ["--base", "http://["], ["--port", "x"]]
)
def test_usage(mtl: Call, wrong: list[str]) -> None:
    assert mtl("link", "breast", "--id", "115", *wrong).code == 2
