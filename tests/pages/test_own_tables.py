"""The pages for one's own data: nothing yet, a sample file, a hostile file; and what a click does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mtl.jobs import process
from mtl.language import LANGUAGES
from mtl.services import uploads
from mtl.services.own import studies, training

Open = Callable[..., AppTest]
ROOT = Path(__file__).parents[2]
MESSY = (ROOT / "sample_data" / "messy_clinic.csv").read_bytes()
HOSTILE = "<img src=x onerror=alert(1)> ![a](http://evil.example/a.png) =1+1 $x$"
PAGES = ("upload.py", "study.py", "look.py", "train.py", "score.py")
PAGE = pytest.mark.parametrize("page", PAGES)
LANGUAGE = pytest.mark.parametrize("lang", LANGUAGES)


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "ensure", lambda: None)


def well(app: AppTest) -> AppTest:
    assert not app.exception, [one.value for one in app.exception]
    assert len(app.title) == 1
    return app


def hostile() -> bytes:
    """Markup, Markdown and formulas as headings, values, units and the file's own words."""
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    rows = [
        f'{quoted[:-1]} {i}",{40 + i % 30},{quoted if i % 2 else "plain"},{i % 3 == 0:d}' for i in range(60)
    ]
    return "\n".join([f"# {HOSTILE}", f"id,age (<b>mm</b>),{quoted},died", *rows, "broken,line"]).encode()


MARKDOWN = ("markdown", "error", "warning", "info", "caption", "title")


def words(app: AppTest, kinds: tuple[str, ...] = (*MARKDOWN, "html")) -> str:
    return " ".join(str(one.value) for kind in kinds for one in app.get(kind) if hasattr(one, "value"))


@LANGUAGE
@PAGE
def test_nothing_yet(open_app: Open, page: str, lang: str) -> None:
    app = well(open_app(page, lang))
    assert len(app.info) == 1 and not app.error


@LANGUAGE
@PAGE
@pytest.mark.parametrize(
    ("data", "name"), [(MESSY, "messy_clinic.csv"), (hostile(), f"{HOSTILE}.csv")], ids=["sample", "hostile"]
)
def test_with_a_table(open_app: Open, page: str, lang: str, data: bytes, name: str) -> None:
    uploads.bring(data, name)
    app = well(open_app(page, lang))
    assert not app.error
    assert "<img" not in words(app)
    assert "](http://evil" not in words(app, MARKDOWN).replace("\\]\\(", "")  # HTML knows no such links


def test_a_table_that_teaches_nothing_says_so(open_app: Open) -> None:
    uploads.bring(b"id,age\nP1,5\n", "x.csv")
    assert not well(open_app("upload.py")).error
    for page in ("study.py", "train.py"):
        assert "at least 20 patients are needed" in well(open_app(page)).warning[0].value.replace("\\", "")


def test_questions_are_answered_together(open_app: Open) -> None:
    uploads.bring(MESSY, "messy_clinic.csv")
    app = well(open_app("upload.py"))
    assert [radio.value for radio in app.radio] == ["", ""]
    app.radio[0].set_value("999")
    app.radio[1].set_value("value")
    next(button for button in app.button if button.label == "Answer").click().run()
    well(app)
    upload = uploads.current()
    assert upload is not None and upload.answers.sentinels == {"年龄": ("999",), "阳性淋巴结数": ()}
    assert not app.radio and not upload.cleaned.questions
    next(button for button in app.button if button.label == "Ask again").click().run()
    assert len(well(app).radio) == 2


def test_another_reading_is_offered_and_a_wrong_one_told(open_app: Open) -> None:
    uploads.bring(MESSY, "messy_clinic.csv")
    app = well(open_app("upload.py"))
    app.selectbox[0].set_value("utf-8")
    next(button for button in app.button if button.label == "Read again").click().run()
    assert "does not fit the encoding utf-8" in well(app).error[0].value.replace("\\", "")
    upload = uploads.current()
    assert upload is not None and upload.raw.origin.encoding == "gb18030"


def test_training_begins_is_followed_and_cancelled(open_app: Open) -> None:
    upload = uploads.bring(MESSY, "messy_clinic.csv")
    app = well(open_app("train.py"))
    app.button(key="train").click().run()
    state = training.state(upload)
    assert state is not None and state.open
    again = well(open_app("train.py"))  # a reload
    assert again.button(key="train").disabled
    again.button(key="cancel").click().run()
    ended = well(open_app("train.py"))
    assert "cancelled" in ended.error[0].value
    ended.button(key="again").click().run()
    state = training.state(upload)
    assert state is not None and state.open


def test_a_task_is_added(open_app: Open) -> None:
    upload = uploads.bring(MESSY, "messy_clinic.csv")
    app = well(open_app("study.py"))
    app.text_input[0].set_value("nodal")
    app.text_input[1].set_value("阳性淋巴结数 >")
    add = next(button for button in app.button if button.label == "Add")
    add.click().run()
    assert "nodal" in well(app).error[0].value
    app.text_input[1].set_value("`阳性淋巴结数` > 0")
    next(button for button in app.button if button.label == "Add").click().run()
    assert not well(app).error
    assert studies.draft(upload).study.task("nodal").kind == "binary"
