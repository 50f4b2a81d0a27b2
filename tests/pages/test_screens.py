"""Every page in every language with nothing yet, with the samples and with hostile data; and what the pages do."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from mtl import MultiTaskModel, Study
from mtl.language import LANGUAGES
from mtl.services.patients import cases, cohorts
from mtl.store import cohorts as stored
from mtl.store import database, models, scores
from pages.ui import navigation

Open = Callable[..., AppTest]
HOSTILE = "<img src=x onerror=alert(1)> ![a](http://evil.example/a.png) =1+1 $x$"
PAGES = pytest.mark.parametrize("page", navigation.pages(), ids=lambda page: page.address)
LANGUAGE = pytest.mark.parametrize("lang", LANGUAGES)


@pytest.fixture
def samples(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield sample_home
    database.close()


@pytest.fixture(scope="module")
def hostile_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort whose names, labels, units, values and identifiers are markup, Markdown and formulas."""
    home = tmp_path_factory.mktemp("hostile")
    rng = np.random.default_rng(0)
    study = Study.from_dict(
        {
            "study": {
                "name": "hostile",
                "identifier": "id",
                "title": HOSTILE,
                "description": HOSTILE,
                "not_for": HOSTILE,
            },
            "stage": [{"name": "s", "label": HOSTILE}],
            "feature": [
                {"name": "=cmd()", "kind": "numeric", "stage": "s", "label": HOSTILE, "unit": "<b>"},
                {"name": "level", "kind": "categorical", "stage": "s", "levels": ["<i>a</i>", HOSTILE]},
                {"name": "yes_no", "kind": "boolean", "stage": "s", "label": "*b*"},
            ],
            "task": [
                {
                    "name": "t <b>",
                    "kind": "binary",
                    "role": "diagnosis",
                    "stage": "s",
                    "target": "y",
                    "label": HOSTILE,
                },
                {
                    "name": "r",
                    "kind": "regression",
                    "role": "prognosis",
                    "stage": "s",
                    "target": "z",
                    "unit": "<u>",
                },
            ],
        }
    )
    n = 120
    x = rng.normal(size=n)
    table = pd.DataFrame(
        {
            "id": [f"{HOSTILE} {i}" for i in range(n)],
            "=cmd()": np.where(rng.random(n) < 0.1, np.nan, x),
            "level": rng.choice(["<i>a</i>", HOSTILE, "=never seen"], n),
            "yes_no": rng.integers(0, 2, n),
            "y": (x + rng.normal(size=n) > 0).astype(int),
            "z": 3 * x + rng.normal(size=n),
        }
    )
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the level that the study does not know
        patch.setenv("CONSILIUM_HOME", str(home))
        cohort = stored.register("hostile", "hostile", study, table)
        fitted = MultiTaskModel(study).fit(table)
        record = models.register_trained("hostile-1", "hostile", fitted, cohort, table)
        scores.score(cohort, record, lambda what, share: None)
        database.close()
    return home


@pytest.fixture
def hostile(hostile_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(hostile_home))
    yield hostile_home
    database.close()


def clean(app: AppTest) -> None:
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1


def markup(app: AppTest) -> str:
    """Everything that the page sends as HTML, but the style."""
    return "\n".join(block.proto.body for block in app.get("html") if "<style>" not in block.proto.body)


def one(app: AppTest, name: str) -> str:
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def open_case(open_app: Open, cohort: str, lang: str | None = None, place: int = 3, **parts: str) -> AppTest:
    key = cohorts.worklist(cohort, cohorts.Query(offset=place, limit=1)).rows["case_key"].iloc[0]
    app = open_app(lang=lang)
    app.switch_page("case.py")
    app.query_params["case"] = key
    for name, value in parts.items():
        app.query_params[name] = value
    app.run()
    return app


@LANGUAGE
@PAGES
def test_with_nothing_yet_every_page_says_what_to_do(
    open_app: Open, page: navigation.Page, lang: str
) -> None:
    app = open_app(page.file, lang)
    clean(app)
    assert app.info
    assert "%" not in markup(app)


@LANGUAGE
@PAGES
def test_with_the_samples_every_page_opens(
    samples: Path, open_app: Open, page: navigation.Page, lang: str
) -> None:
    clean(open_app(page.file, lang))


@LANGUAGE
@pytest.mark.parametrize("cohort", ["rotterdam", "gbsg", "cytology", "pbc"])
def test_a_case_of_every_sample_opens(samples: Path, open_app: Open, cohort: str, lang: str) -> None:
    clean(open_case(open_app, cohort, lang))


@LANGUAGE
@PAGES
def test_hostile_words_are_shown_as_words(
    hostile: Path, open_app: Open, page: navigation.Page, lang: str
) -> None:
    app = open_case(open_app, "hostile", lang) if page.address == "case" else open_app(page.file, lang)
    clean(app)
    sent = markup(app)
    assert "<img src=x" not in sent
    assert not re.search(r"<(i|b|u)>(a|y)", sent)
    for widget in [*app.button, *app.title, *app.get("segmented_control")]:
        assert "![a]" not in str(getattr(widget, "label", "") or getattr(widget, "value", ""))


def test_no_patient_no_number(samples: Path, open_app: Open) -> None:
    app = open_app("case.py")
    clean(app)
    assert app.info
    assert not re.search(r"\d", markup(app))


@pytest.mark.parametrize("key", ["nosuchcase", "x" * 150, "<b>", "../../etc"])
def test_an_address_of_nobody_is_an_error_that_says_what_to_do(
    samples: Path, open_app: Open, key: str
) -> None:
    app = open_app()
    app.switch_page("case.py")
    app.query_params["case"] = key
    app.run()
    assert not app.exception
    assert "no patient" in app.error[0].value
    assert not app.get("metric")


@pytest.mark.parametrize("cohort", ["rotterdam", "cytology", "pbc"])
def test_cards_reasons_and_what_if_agree_to_the_printed_digit(
    samples: Path, open_app: Open, cohort: str
) -> None:
    key = cohorts.worklist(cohort, cohorts.Query(offset=3, limit=1)).rows["case_key"].iloc[0]
    for output in cases.open_case(key).outputs:
        app = open_case(open_app, cohort, task=output.task.name)
        sent = markup(app)
        shown = output.headline.text.replace("<", "&lt;").replace(">", "&gt;")
        assert f'data-number="{output.headline.column}">{shown}</b>' in sent
        total = re.search(r'class="f-end".*?class="f-number[^>]*>([^<]*)<', sent)
        assert total
        assert total[1] == shown
        before = re.search(
            rf'data-what="before" data-number="{re.escape(output.headline.column)}">([^<]*)<', sent
        )
        assert before
        assert before[1] == shown


def test_the_horizon_of_the_address_is_everywhere(samples: Path, open_app: Open) -> None:
    app = open_case(open_app, "rotterdam", task="death", years="10")
    sent = markup(app)
    assert 'data-number="death@10y"' in sent
    assert 'data-number="recurrence@10y"' in sent
    assert "@5y" not in sent


def test_an_edit_moves_the_tasks_that_see_it_and_no_other(samples: Path, open_app: Open) -> None:
    app = open_case(open_app, "rotterdam", task="recurrence")
    field = next(widget for widget in app.number_input if "nodes" in widget.label)
    field.set_value(field.value + 12)
    next(button for button in app.button if "Predict again" in button.label).click().run()
    clean(app)
    cells = dict(re.findall(r'data-what="after" data-number="([^"]*)">([^<]*)<', markup(app)))
    before = dict(re.findall(r'data-what="before" data-number="([^"]*)">([^<]*)<', markup(app)))
    assert cells["recurrence@5y"] != before["recurrence@5y"]
    assert cells["nodal_metastasis"] == before["nodal_metastasis"]


def test_a_value_can_be_taken_away(samples: Path, open_app: Open) -> None:
    app = open_case(open_app, "rotterdam", task="recurrence")
    grade = next(widget for widget in app.selectbox if widget.label == "Histological grade")
    assert grade.options[-1] == "not measured"
    grade.select_index(len(grade.options) - 1)
    next(button for button in app.button if "Predict again" in button.label).click().run()
    clean(app)
    assert "Histological grade: not measured" in markup(app)


def test_treatments_are_locked(samples: Path, open_app: Open) -> None:
    app = open_case(open_app, "rotterdam")
    assert "Locked: Hormone therapy" in markup(app)
    labels = [widget.label for widget in [*app.number_input, *app.selectbox]]
    assert not [label for label in labels if "therapy" in label]


def test_the_own_outcome_is_hidden_until_asked_for(samples: Path, open_app: Open) -> None:
    app = open_case(open_app, "rotterdam")
    app.session_state["detail"] = "What became of the patient"
    app.run()
    assert "no event in" not in markup(app)
    assert "years of follow-up" not in markup(app)
    app.button(key="show_outcome").click().run()
    assert "Recorded" in markup(app)


def test_the_next_case_follows_the_selection(samples: Path, open_app: Open) -> None:
    app = open_case(open_app, "cytology", place=0)
    first = app.title[0].value
    app.button(key="next_case").click().run()
    clean(app)
    assert app.title[0].value != first
    app.button(key="previous_case").click().run()
    assert app.title[0].value == first


def test_the_worklist_searches_sorts_and_pages_on_the_server(samples: Path, open_app: Open) -> None:
    app = open_app("patients.py")
    assert "subset 2,982 of 2,982" in markup(app)
    app.text_input[0].set_value("29").run()
    assert "subset 2,982" not in markup(app)
    app.text_input[0].set_value("").run()
    app.selectbox(key="sort_rotterdam").set_value("death@10y").run()
    numbers = re.findall(r'data-number="death@10y">(?:&gt;)?(\d+)', markup(app))
    assert len(numbers) == 25
    assert numbers == sorted(numbers, key=int, reverse=True)
    app.button(key="next_page").click().run()
    assert "26 to 50 of 2,982" in markup(app)


def test_a_click_on_a_row_opens_the_case_at_the_task_sorted_by(samples: Path, open_app: Open) -> None:
    app = open_app("patients.py")
    app.selectbox(key="sort_rotterdam").set_value("death@5y").run()
    next(button for button in app.button if str(button.key).startswith("open_")).click().run()
    clean(app)
    assert "death" in app.query_params["task"]
    assert app.title[0].value.startswith("Patient")


def test_a_random_case_lies_in_its_range(samples: Path, open_app: Open) -> None:
    app = open_app("patients.py")
    app.selectbox(key="random_output_rotterdam").set_value("death@5y").run()
    app.slider(key="random_range_rotterdam").set_value((30, 60)).run()
    app.button(key="random_case").click().run()
    clean(app)
    case = cases.open_case(one(app, "case"))
    assert 0.3 <= (case.output("death").headline.value or 0) <= 0.6


@LANGUAGE
def test_a_case_can_be_printed(samples: Path, open_app: Open, lang: str) -> None:
    app = open_case(open_app, "rotterdam", lang)
    clean(app)
    (button,) = [one for one in app.get("download_button") if one.proto.id.endswith("report")]
    assert button.proto.deferred_file_id
    assert ":material/print:" in button.proto.icon
