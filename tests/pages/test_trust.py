"""The panels of trust: absent, offered, done; viewer and researcher; both languages; a file's words stay words."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mtl.jobs import queue
from mtl.jobs.evidence import gather
from mtl.language import LANGUAGES
from mtl.services import users
from mtl.services.users import User
from mtl.store import cohorts, database, evidence, models
from tests import two_hospitals

Open = Callable[..., AppTest]
READER = User("reader", frozenset({"viewer"}))
PANELS = {
    "stability": "first",
    "uncertainty": "later",
    "missing": "first",
    "robustness": "later",
    "shift": "later",
}


@pytest.fixture(scope="module")
def judged(hospitals: Path) -> Path:
    """Evidence of two cohorts; what is long (other hospitals) is put there as found."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONSILIUM_HOME", str(hospitals))
        for part in ("stability", "coverage", "missing"):
            gather({"cohort": "first", "model": "first-1", "part": part}, lambda *a: None)
        for part in ("coverage", "robustness", "shift", "recalibration"):
            gather({"cohort": "later", "model": "first-1", "part": part}, lambda *a: None)
        metric = {"value": 0.7, "low": 0.6, "high": 0.8}
        tasks = {"death": {"kind": "survival", "n": 90, "metrics": {"harrell_c": metric}}}
        split = {
            "site": two_hospitals.MARKUP,
            "after": None,
            "n": 100,
            "n_training": 260,
            "tasks": tasks,
            "left_out": {},
        }
        found = {
            "n": 360, "site": "hospital", "date": "when", "date_is_input": False, "whole": tasks,
            "splits": [split, {**split, "site": None, "after": 1991.5}], "small": [{"site": "Small", "n": 18}],
        }  # fmt: skip
        evidence.keep(models.get("first-1"), cohorts.get("first"), "elsewhere", 1, found)
        database.close()
    return hospitals


@pytest.fixture
def here(judged: Path, in_hospitals: Path) -> Path:
    return in_hospitals


def opened(open_app: Open, panel: str, cohort: str, lang: str | None = None, **parts: str) -> AppTest:
    app = open_app(lang=lang)
    app.switch_page("performance.py")
    for name, value in {"panel": panel, "cohort": cohort, **parts}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def markup(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_panel_shows_what_was_found(here: Path, open_app: Open, lang: str) -> None:
    head = {"en": "patients · model", "zh_Hans": "模型"}[lang]
    for panel, cohort in {**PANELS, "elsewhere": "first"}.items():
        shown = markup(opened(open_app, panel, cohort, lang))
        assert head in shown and "<table>" in shown, panel
        assert "{" not in shown.split("</style>")[-1].replace("{{", ""), panel  # nothing left unsaid


def test_the_words_follow_from_the_numbers(here: Path, open_app: Open) -> None:
    shown = markup(opened(open_app, "missing", "first", task="ill"))
    assert "Predictions get worse without: Strong" in shown
    shown = markup(opened(open_app, "uncertainty", "later", task="ill"))
    assert "Sets made to hold the truth in 90" in shown and "one threshold for everybody" in shown
    assert "of 420" in shown
    shown = markup(opened(open_app, "uncertainty", "later", task="death"))
    assert "inverse probability of censoring" in shown
    shown = markup(opened(open_app, "stability", "first", task="sort"))
    assert "Every class" in shown and "4 refits" in shown


def test_a_hospitals_name_is_no_markup(here: Path, open_app: Open) -> None:
    shown = markup(opened(open_app, "elsewhere", "first", task="death"))
    assert "&lt;b&gt;North" in shown and "<b>North" not in shown
    assert "after 1991.5" in shown and "Small (18)" in shown


def test_the_training_has_no_shift_and_others_no_training(here: Path, open_app: Open) -> None:
    app = opened(open_app, "shift", "first")
    assert any("choose another cohort" in info.value for info in app.info)
    app = opened(open_app, "elsewhere", "later")
    assert any("choose the cohort that the model was trained on" in info.value for info in app.info)


def test_a_researcher_may_make_a_version_and_a_viewer_may_not(
    here: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(open_app, "shift", "later")
    make = "Make a version with the level recalibrated"
    assert make in buttons(app)
    next(button for button in app.button if button.label == make).click().run()
    assert not app.exception
    job = queue.take()
    assert job is not None and job.kind == "recalibrate_model" and job.payload["method"] == "level"
    queue.end(job.key, queue.FAILED, "<b>no</b>")
    app = opened(open_app, "shift", "later")
    assert any("no" in error.value and "<b>" not in error.value for error in app.error)
    monkeypatch.setattr(users, "_ask", lambda: READER)
    monkeypatch.setattr(users, "LOCAL", READER)
    app = opened(open_app, "shift", "later")
    assert not any(label.startswith("Make a version") for label in buttons(app))
    assert "Before" not in buttons(app) and "Brier score" in markup(app)


def test_without_refits_they_are_offered(here: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = models.get("first-1").with_intervals
    os.rename(folder, folder.with_name("aside"))
    try:
        app = opened(open_app, "stability", "later")
        assert "Refit the model" in buttons(app)
        monkeypatch.setattr(users, "_ask", lambda: READER)
        monkeypatch.setattr(users, "LOCAL", READER)
        app = opened(open_app, "stability", "later")
        assert "Refit the model" not in buttons(app)
        assert any("has not been refitted yet" in info.value for info in app.info)
    finally:
        os.rename(folder.with_name("aside"), folder)


def test_what_was_not_computed_says_so_to_a_viewer(
    here: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "_ask", lambda: READER)
    monkeypatch.setattr(users, "LOCAL", READER)
    app = opened(open_app, "robustness", "first")
    assert any("a researcher can begin it" in info.value for info in app.info)
