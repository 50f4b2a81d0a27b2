"""The tour: every step is a view that shows what is said, in both languages; it can be left, resumed and begun afresh."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mtl import language
from mtl.jobs.evidence import gather
from mtl.language import LANGUAGES
from mtl.services import settings
from mtl.services.tour import story as service
from mtl.store import cohorts, database
from pages.ui import navigation

Open = Callable[..., AppTest]


@pytest.fixture
def samples(computed_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The samples, and the evidence that the tour begins; no worker is started behind a test's back."""
    monkeypatch.setenv("CONSILIUM_HOME", str(computed_home))
    monkeypatch.setattr("mtl.jobs.process.ensure", lambda: None)
    model = cohorts.get(service.EXTERNAL).model
    gather({"cohort": service.EXTERNAL, "model": model, "part": "accuracy"}, lambda stage, share: None)
    yield computed_home
    database.close()


def sent(app: AppTest) -> str:
    blocks = [block.proto.body for block in app.get("html") if "<style>" not in block.proto.body]
    return html.unescape("\n".join(blocks))


def click(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def expected(lang: str) -> tuple[service.Step, ...]:
    with language.use(lang):
        return service.steps([page.address for page in navigation.pages()])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_tour_walks_to_its_end_and_every_view_shows_what_is_said(
    samples: Path, open_app: Open, lang: str
) -> None:
    app = open_app(lang=lang)
    told = expected(lang)
    assert len(told) >= 5
    click(app, "story_start")
    for place, step in enumerate(told, start=1):
        page = sent(app)
        assert step.sentence in page
        others = page.replace(step.sentence, "")
        for words in step.shown:
            assert words in others, (step.name, words)
        assert app.query_params["story"] in (str(place), [str(place)])
        for name, value in step.edits.items():
            (field,) = [one for one in app.number_input if str(one.key).endswith(f"_{name}")]
            assert field.value == value
        for name, value in step.parameters.items():
            assert app.query_params[name] in (value, [value])
        click(app, "story_next")
    assert "story_bar" not in str([b.key for b in app.button])
    assert "story" not in app.query_params
    assert len(app.title) == 1


def test_it_goes_back_and_an_address_leads_to_a_step(samples: Path, open_app: Open) -> None:
    app = open_app()
    app.query_params["story"] = "2"
    app.run()
    told = expected("en")
    assert told[1].sentence in sent(app)
    assert app.query_params["case"] in (told[1].parameters["case"], [told[1].parameters["case"]])
    app.switch_page("overview.py").run()  # the reader looks elsewhere
    assert told[1].sentence in sent(app)
    click(app, "story_return")
    assert app.query_params["case"] in (told[1].parameters["case"], [told[1].parameters["case"]])
    click(app, "story_back")
    assert told[0].sentence in sent(app)
    assert app.button(key="story_back").disabled


def test_it_can_be_left_and_resumed(samples: Path, open_app: Open) -> None:
    app = open_app()
    click(click(click(app, "story_start"), "story_next"), "story_leave")
    assert "story" not in app.query_params
    app.switch_page("overview.py").run()
    assert "2" in app.button(key="story_resume").label
    click(app, "story_resume")
    assert expected("en")[1].sentence in sent(app)


def test_presenting_hides_the_house(samples: Path, open_app: Open) -> None:
    app = click(click(open_app(), "story_start"), "story_present")
    styles = "".join(block.proto.body for block in app.get("html") if "<style>" in block.proto.body)
    assert "stSidebar" in styles
    assert app.button(key="story_next").proto.shortcut == "pagedown"
    click(app, "story_present")
    assert app.button(key="story_next").proto.shortcut == "alt+pagedown"


@pytest.mark.parametrize("step", ["0", "99", "-1", "x", "²", "1" * 50])
def test_an_address_of_no_step_is_ignored(samples: Path, open_app: Open, step: str) -> None:
    app = open_app()
    app.query_params["story"] = step
    app.run()
    assert not app.exception
    assert "story" not in app.query_params


def test_a_fresh_start_forgets(samples: Path, open_app: Open) -> None:
    app = click(click(open_app(lang="zh_Hans"), "story_start"), "story_leave")
    app.session_state["query_rotterdam"] = "kept"
    settings.put(settings.OWN_ESTIMATE, True)
    app.switch_page("overview.py").run()
    click(app, "story_reset")
    assert "query_rotterdam" not in app.session_state
    assert settings.get(settings.OWN_ESTIMATE) is False
    assert app.session_state["language"] == "en"
    assert "story_resume" not in [button.key for button in app.button]


def test_without_samples_there_is_no_tour(open_app: Open) -> None:
    app = open_app()
    assert not app.exception
    assert "story_start" not in [button.key for button in app.button]
