"""Patients like this one, the explanation of the whole model, and the flags of the worklist, as a visitor meets them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mtl.language import LANGUAGES
from mtl.services.patients import cohorts
from mtl.store import database

Open = Callable[..., AppTest]
LANGUAGE = pytest.mark.parametrize("lang", LANGUAGES)


@pytest.fixture(autouse=True)
def samples(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield sample_home
    database.close()


def markup(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html") if "<style>" not in block.proto.body)


def clean(app: AppTest) -> None:
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1


def key_of(cohort: str, place: int) -> str:
    return str(cohorts.worklist(cohort, cohorts.Query(offset=place, limit=1)).rows["case_key"].iloc[0])


def opened(open_app: Open, page: str, lang: str | None = None, **address: str) -> AppTest:
    app = open_app(lang=lang)
    app.switch_page(page)
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    return app


@LANGUAGE
@pytest.mark.parametrize(
    ("cohort", "task"),
    [("rotterdam", "recurrence"), ("gbsg", "death"), ("cytology", "malignant"), ("pbc", "oedema")],
)
def test_similar_patients_of_every_kind_of_task(open_app: Open, cohort: str, task: str, lang: str) -> None:
    app = opened(open_app, "case.py", lang, case=key_of(cohort, 3), task=task)
    app.session_state["detail"] = app.tabs[1].label
    app.run()
    clean(app)
    assert 'class="near"' in markup(app)
    assert len([one for one in app.button if str(one.key).startswith("open_near_")]) == 10


def test_a_neighbour_opens_and_the_group_can_be_larger(open_app: Open) -> None:
    app = opened(open_app, "case.py", case=key_of("rotterdam", 3), task="recurrence")
    app.session_state["detail"] = app.tabs[1].label
    app.run()
    assert "The 50 patients" in markup(app)
    app.get("segmented_control")
    app.session_state["similar_group"] = 200
    app.run()
    assert "The 200 patients" in markup(app)
    before = app.title[0].value
    app.button(key="open_near_0").click().run()
    clean(app)
    assert app.title[0].value != before
    assert app.query_params["task"] in ("recurrence", ["recurrence"])


@LANGUAGE
@pytest.mark.parametrize(
    ("cohort", "task"),
    [("rotterdam", "death"), ("gbsg", "high_grade"), ("cytology", "worst_area"), ("pbc", "oedema")],
)
def test_the_model_as_a_whole(open_app: Open, cohort: str, task: str, lang: str) -> None:
    app = opened(open_app, "explain.py", lang, cohort=cohort, task=task)
    clean(app)
    sent = markup(app)
    assert sent.count('class="swarm"') == 1 and sent.count('class="depend"') == 1
    assert sent.count("<details") >= 2  # a table below each drawing


def test_the_address_chooses_finding_and_patient_and_says_nothing_of_them(open_app: Open) -> None:
    key = key_of("rotterdam", 30)
    app = opened(open_app, "explain.py", cohort="rotterdam", task="death", feature="pgr", case=key)
    clean(app)
    assert app.selectbox(key="explain_feature").value == "pgr"
    assert 'class="y-mark"' in markup(app)
    app.button(key="explain_back").click().run()
    assert app.query_params["case"] in (key, [key])
    elsewhere = opened(open_app, "explain.py", cohort="pbc", case=key)
    clean(elsewhere)
    assert 'class="y-mark"' not in markup(elsewhere)


@pytest.mark.parametrize(
    "address",
    [{"cohort": "<b>"}, {"task": "no such"}, {"feature": "nodes", "task": "nodal_metastasis"}, {"case": "x"}],
)
def test_an_address_of_nothing_shows_what_there_is(open_app: Open, address: dict[str, str]) -> None:
    clean(opened(open_app, "explain.py", **address))


def test_a_patient_open_on_the_page_of_cases_is_marked(open_app: Open) -> None:
    app = opened(open_app, "case.py", case=key_of("rotterdam", 3), task="recurrence")
    app.switch_page("explain.py").run()
    clean(app)
    assert 'class="y-mark"' in markup(app)


def test_flags_are_shown_and_filtered(open_app: Open) -> None:
    app = opened(open_app, "patients.py", cohort="pbc")
    total = cohorts.worklist("pbc", cohorts.Query(limit=1)).n_total
    app.multiselect(key="flags_pbc").set_value(["missing_that_matters"]).run()
    clean(app)
    n = cohorts.worklist("pbc", cohorts.Query(flags=("missing_that_matters",), limit=1)).n_subset
    assert f"subset {n} of {total} patients" in markup(app)
    assert markup(app).count("lacks an input that matters") == min(n, 25)
    app.multiselect(key="flags_pbc").set_value([]).run()
    assert f"subset {total} of {total} patients" in markup(app)
