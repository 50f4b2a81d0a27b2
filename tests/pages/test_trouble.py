"""Where a page fails its visitor reads a sentence and may try again; nobody reads a traceback."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

import app as server
from mtl.log import Lines
from mtl.services import samples
from mtl.services.patients import cohorts
from mtl.store import database, mishaps
from pages.ui import address, worklist

Open = Callable[..., AppTest]
SECRET = "Anna Beispiel 1951"
AWAY = "postgresql://ada@/x?unix_sock=/nowhere/.s.PGSQL.5432"
SAYS = {
    "en": ("The database cannot be reached", "something went wrong that nobody foresaw", "Try again"),
    "zh_Hans": ("无法连接数据库", "发生了未预料到的错误", "重试"),
}


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let AppTest tell the app of errors as the server does."""
    begin = LocalScriptRunner.__init__

    def begun(self: LocalScriptRunner, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        self._on_script_error = server.failed

    monkeypatch.setattr(LocalScriptRunner, "__init__", begun)
    monkeypatch.setattr(mishaps, "PATIENCE", 0.0)


@pytest.fixture
def home(sample_home: Path, private_home: Path) -> Iterator[Path]:
    """The samples."""
    shutil.copytree(sample_home, private_home, dirs_exist_ok=True)
    yield private_home
    database.close()


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What the server writes down."""
    found: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(json.loads(Lines().format(record)))

    handler, log = Keep(), logging.getLogger("consilium")
    log.addHandler(handler)
    yield found
    log.removeHandler(handler)


def read(page: AppTest) -> str:
    """Every word in the middle of the page."""
    return " ".join(str(getattr(one, "value", "")) for one in page.main)


def retry(page: AppTest, lang: str = "en") -> Any:
    """The one button by which to try again."""
    (button,) = [one for one in page.button if (one.key or "").startswith("try_again_")]
    assert button.label == SAYS[lang][2]
    return button


@pytest.mark.parametrize("lang", list(SAYS))
@pytest.mark.parametrize("file", ["patients.py", "case.py", "performance.py", "explain.py", "overview.py"])
def test_a_store_that_is_away(
    open_app: Open,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    lines: list[dict[str, Any]],
    file: str,
    lang: str,
) -> None:
    page = open_app(lang=lang)
    if file == "case.py":
        page.query_params["case"] = str(cohorts.worklist("pbc", cohorts.Query()).rows["case_key"][0])
    page.switch_page(file)
    with monkeypatch.context() as away:
        away.setenv("CONSILIUM_DATABASE_URL", AWAY)
        page.run()
        assert not page.exception
        (said,) = [one.value for one in page.error]
        assert SAYS[lang][0] in said and "pg8000" not in read(page) and "Traceback" not in read(page)
        retry(page, lang).click().run()  # it is still away
        assert [one.value for one in page.error] == [said] and not page.exception
    assert {line["level"] for line in lines if line["event"] == "page failed"} == {"warning"}
    retry(page, lang).click().run()
    assert not page.error and not page.exception
    assert not [one for one in page.button if (one.key or "").startswith("try_again_")]


@pytest.mark.parametrize("lang", list(SAYS))
def test_what_nobody_foresaw(
    open_app: Open, home: Path, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]], lang: str
) -> None:
    def fail(*_: object) -> None:
        raise KeyError(SECRET)

    with monkeypatch.context() as broken:
        broken.setattr(worklist, "show", fail)
        page = open_app("patients.py", lang)
        assert not page.exception
        (said,) = [one.value for one in page.error]
        assert SAYS[lang][1] in said and SECRET not in read(page) and "KeyError" not in read(page)
        (line,) = [line for line in lines if line["event"] == "page failed"]
        assert line["incident"] in said and line["error"] == "KeyError" and line["level"] == "error"
        assert SECRET not in json.dumps(lines)
    retry(page, lang).click().run()
    assert not page.error


def test_in_a_part_that_runs_by_itself(open_app: Open, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> list[samples.Progress]:
        raise database.Unanswered("the database did not answer")

    monkeypatch.setattr(samples, "progress", away)
    page = open_app("overview.py")
    assert not page.exception and "the database did not answer" in page.error[0].value
    retry(page)


def test_in_a_callback(open_app: Open, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_app("patients.py")
    with monkeypatch.context() as broken:
        broken.setattr(address, "put", lambda **_: 1 / 0)
        page.segmented_control(key="cohort").set_value("gbsg").run()
        assert not page.exception and SAYS["en"][1] in page.error[0].value
    retry(page).click().run()
    assert not page.error and page.title[0].value == "Patients"


def test_how_streamlit_ends_a_page_is_no_trouble(
    open_app: Open, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_app("case.py")  # no case is chosen: the page stops
    assert page.info and not page.error
    runs: list[int] = []

    def once(*_: object) -> None:
        runs.append(1)
        if len(runs) == 1:
            st.rerun()

    monkeypatch.setattr(worklist, "show", once)
    page = open_app("patients.py")
    assert len(runs) >= 2 and not page.error and not page.exception
    assert not [one for one in page.button if (one.key or "").startswith("try_again_")]


def test_an_error_of_the_page_itself_is_not_hidden_from_the_other_tests(open_app: Open) -> None:
    """Only what the server gives shows the sentence: elsewhere a failing page still fails its test."""
    assert server.app._on_script_error is server.failed
