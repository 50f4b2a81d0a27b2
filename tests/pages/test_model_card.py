"""The page Model card: what is filled, who may complete it, and the files to take away; the report on Performance."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mtl.language import LANGUAGES, gettext, use
from mtl.services.card import card
from mtl.store import cohorts, database

from .test_roles import AUTH, person

Open = Callable[..., AppTest]
HOSTILE = "<img src=x onerror=alert(1)> ![a](http://evil.example/a.png)"


@pytest.fixture
def home(judged_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(judged_home))
    yield judged_home
    database.close()
    shutil.rmtree(judged_home / "cards", ignore_errors=True)


def opened(open_app: Open, model: str, lang: str | None = None, **more: object) -> AppTest:
    app = open_app(lang=lang, **more)
    app.switch_page("model_card.py")
    app.query_params["model"] = model
    return app.run()


def markup(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html") if "<style>" not in block.proto.body)


def key_of(cohort: str) -> str:
    return str(cohorts.get(cohort).model)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_item_is_there_in_every_language(home: Path, open_app: Open, lang: str) -> None:
    app = opened(open_app, key_of("rotterdam"), lang)
    assert not app.exception and not app.error and len(app.title) == 1
    sent = markup(app)
    with use(lang):
        found = card.open_card(key_of("rotterdam"))
        for answer in found.lists[0][1]:
            assert f'<span class="number">{answer.item.number}</span>{gettext(answer.item.title)}' in sent
        for checklist, _answers in found.lists:
            assert found.counted(checklist) in sent
    assert "0.501" in sent and "0.301" in sent
    assert len(app.get("download_button")) == len(card.FORMATS)


def test_the_other_list(home: Path, open_app: Open) -> None:
    app = opened(open_app, key_of("rotterdam"))
    app.query_params["list"] = "hti"
    app.run()
    assert "(B)(9)(ii)" in markup(app) and ">12c<" not in markup(app)


def test_a_researcher_completes_an_item(home: Path, open_app: Open) -> None:
    app = opened(open_app, key_of("cytology"))
    app.selectbox(key="card_item_tripod").set_value("tripod 17").run()
    app.text_area[0].set_value(HOSTILE)
    app.button(key="card_save").click().run()
    assert not app.exception and not app.error and len(app.success) == 1
    written = card.open_card(key_of("cytology")).written
    assert written is not None and written.answers == {"tripod 17": HOSTILE}
    assert "<img" not in markup(app) and "&lt;img src=x" in markup(app)
    # somebody else saves meanwhile: the words stay in the form, and it is said
    app.text_area[0].set_value("mine")
    card.save(key_of("cytology"), 1, {"tripod 17": "theirs"})
    app.button(key="card_save").click().run()
    assert len(app.error) == 1 and "saved meanwhile" in app.error[0].value
    latest = card.open_card(key_of("cytology")).written
    assert latest is not None and latest.answers["tripod 17"] == "theirs"


@pytest.mark.parametrize("role", ["viewer", "clinician", "researcher"])
def test_who_may_write(home: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    monkeypatch.setattr(st, "user", person("vic", role))
    app = opened(open_app, key_of("pbc"), secrets=AUTH)
    assert not app.exception and not app.error
    assert bool(app.text_area) == (role == "researcher")
    assert bool(app.info) == (role != "researcher")
    assert len(app.get("download_button")) == len(card.FORMATS)


def test_nothing_yet(open_app: Open) -> None:
    app = open_app("model_card.py")
    assert not app.exception and len(app.info) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_report_is_offered_on_performance(home: Path, open_app: Open, lang: str) -> None:
    app = open_app(lang=lang)
    app.switch_page("performance.py")
    app.query_params["cohort"], app.query_params["panel"] = "gbsg", "report"
    app.run()
    assert not app.exception and not app.error
    assert len(app.get("download_button")) == 3
    with use(lang):
        assert gettext("Accuracy") in markup(app) and gettext("Not computed yet") in markup(app)
