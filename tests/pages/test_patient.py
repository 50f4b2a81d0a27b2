"""A new patient's form, the reader's own estimate and the record, in both languages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mtl.language import LANGUAGES, gettext, use
from mtl.services import settings, users
from mtl.services.patients import cases, cohorts, records
from mtl.services.patients import private as private_cases
from mtl.store import cohorts as stored
from mtl.store import database
from mtl.store import private_cases as store

Open = Callable[..., AppTest]
LANGUAGE = pytest.mark.parametrize("lang", LANGUAGES)
COHORT = "rotterdam"
HOSTILE = "<img src=x onerror=alert(1)> ![a](http://evil.example/a.png) =1+1"


@pytest.fixture(autouse=True)
def samples(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield
    for one in store.of(users.LOCAL.name, COHORT):
        store.remove(one.key, users.LOCAL.name)
    settings.put(settings.OWN_ESTIMATE, False)
    database.close()


def clean(app: AppTest) -> None:
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1


def markup(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html") if "<style>" not in block.proto.body)


def one(app: AppTest, name: str) -> str:
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def save(app: AppTest) -> AppTest:
    return next(button for button in app.button if str(button.key).startswith("save_")).click().run()


def number(app: AppTest, label: str) -> Any:
    return next(widget for widget in app.number_input if widget.label.startswith(label))


def opened(open_app: Open, page: str, lang: str | None = None, **parts: str) -> AppTest:
    app = open_app(lang=lang)
    app.switch_page(page)
    for name, value in parts.items():
        app.query_params[name] = value
    return app.run()


@LANGUAGE
def test_from_the_form_to_the_case_and_the_list(open_app: Open, lang: str) -> None:
    app = opened(open_app, "new_patient.py", lang, cohort=COHORT)
    clean(app)
    with use(lang):
        language = lang.split("_")[0]
        study = stored.get(COHORT).study
        assert study.not_for.get(language)[:10] in markup(app)
        labels = [widget.label for widget in [*app.number_input, *app.selectbox]]
        for feature in study.features:
            assert any(feature.title(language)[:4] in label for label in labels)
        none = gettext("not measured")
        assert all(widget.value is None for widget in app.number_input)
        assert app.selectbox[0].options[-1] == none
    app.text_input[0].set_value(f"Bed 7 {lang}")
    app.number_input[1].set_value(54)
    save(app)
    clean(app)
    key = one(app, "case")
    assert cases.open_case(key).private
    assert f"Bed 7 {lang}" in app.title[0].value.replace("\\", "")
    listed = opened(open_app, "patients.py", lang, cohort=COHORT)
    clean(listed)
    assert any(button.key == f"open_{key}" for button in listed.button)


def test_an_error_says_what_to_do_and_a_warning_lets_the_user_decide(open_app: Open) -> None:
    app = opened(open_app, "new_patient.py", cohort=COHORT)
    save(app)
    assert "recognise" in app.error[0].value
    app.text_input[0].set_value(HOSTILE)
    number(app, "Age").set_value(540)
    number(app, "Positive").set_value(-3)
    save(app)
    assert [error for error in app.error if "below zero" in error.value]
    number(app, "Positive").set_value(3)
    save(app)
    assert not app.error
    assert any("540" in warning.value for warning in app.warning)
    assert private_cases.mine(COHORT).n_total == 0
    save(app)
    clean(app)
    assert "out of range" in markup(app)
    assert "<img src=x" not in markup(app)
    assert "![a]" not in app.title[0].value


def test_an_own_patient_is_edited_and_deleted(open_app: Open) -> None:
    key = private_cases.create(COHORT, "bed 9", {"age": 54, "grade": 3, "hormon": 1})
    app = opened(open_app, "case.py", case=key)
    clean(app)
    assert "your own patient" in markup(app)
    app.button(key="edit_case").click().run()
    clean(app)
    app = opened(open_app, "new_patient.py", case=key)  # a test's app stays on the page it was opened at
    assert app.text_input[0].value == "bed 9"
    grade = next(widget for widget in app.selectbox if widget.label == "Histological grade")
    assert grade.value == "3"
    number(app, "Age").set_value(61)
    save(app)
    clean(app)
    assert one(app, "case") == key
    assert cases.open_case(key).finding("age").value == 61
    app = opened(open_app, "new_patient.py", case=key)
    assert app.button(key="delete_case").disabled
    app.checkbox[0].check().run()
    app.button(key="delete_case").click().run()
    clean(app)
    assert private_cases.mine(COHORT).n_total == 0


def test_somebody_elses_patient_is_not_found(open_app: Open) -> None:
    with users.acting(users.User("ada", frozenset({"clinician"}))):
        key = private_cases.create(COHORT, "hers", {"age": 54})
    for page in ("case.py", "new_patient.py"):
        app = opened(open_app, page, case=key)
        assert not app.exception
        assert "leads to no" in app.error[0].value
        assert "hers" not in markup(app)
    store.remove(key, "ada")


AUTH = {
    "auth": {
        "redirect_uri": "http://127.0.0.1/oauth2callback",
        "cookie_secret": "a test's secret, no one else's",
        "client_id": "consilium",
        "client_secret": "a test's secret",
        "server_metadata_url": "http://127.0.0.1/none",
    }
}


class SignedIn(dict[str, object]):
    """What Streamlit knows of a visitor."""


def signed_in(sub: str) -> SignedIn:
    """A clinician whose sign-in holds for an hour."""
    return SignedIn(is_logged_in=True, sub=sub, name="Ada", roles=["clinician"], exp=time.time() + 3600)


def test_who_is_signed_in_owns_what_they_type(open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "user", signed_in("ada"))
    app = open_app("new_patient.py", secrets=AUTH)
    app.text_input[0].set_value("hers")
    save(app)
    clean(app)
    key = one(app, "case")
    assert store.find(key, "ada") is not None
    assert store.find(key, users.LOCAL.name) is None
    monkeypatch.setattr(st, "user", signed_in("ben"))
    other = open_app(secrets=AUTH)
    other.switch_page("case.py")
    other.query_params["case"] = key
    other.run()
    assert other.error
    owner = store.find(key, "ada")
    assert owner is not None
    store.remove(key, owner.owner)


@LANGUAGE
def test_agree_or_decide_otherwise_and_sign(open_app: Open, lang: str) -> None:
    key = private_cases.create(COHORT, f"signed {lang}", {"age": 54, "nodes": 4})
    app = opened(open_app, "case.py", lang, case=key, task="recurrence")
    with use(lang):
        tab = gettext("Record")
    app.session_state["detail"] = tab
    app.run()
    clean(app)
    app.button(key="sign_record").click().run()
    assert app.error
    with use(lang):  # the test's own look at the words of a choice asks for the language here
        app.radio[0].set_value(records.OVERRIDE)
        app.button(key="sign_record").click().run()
        assert app.error
        app.radio[0].set_value(records.OVERRIDE)
        app.text_area[0].set_value(HOSTILE)
        app.button(key="sign_record").click().run()
    clean(app)
    sent = markup(app)
    assert "<img src=x" not in sent
    shown = cases.open_case(key).output("recurrence").headline
    with use(lang):
        signed = records.history(cases.open_case(key))[0].record
        assert signed.shown == {shown.column: cases.open_case(key).output("recurrence").headline.text}
        assert gettext("decided otherwise") in sent
    listed = opened(open_app, "patients.py", lang, cohort=COHORT)
    with use(lang):
        assert gettext("signed") in markup(listed)


@LANGUAGE
def test_the_own_estimate_comes_before_any_number(open_app: Open, lang: str) -> None:
    settings.put(settings.OWN_ESTIMATE, True)
    key = cohorts.worklist(COHORT, cohorts.Query(offset=len(lang), limit=1)).rows["case_key"].iloc[0]
    app = opened(open_app, "case.py", lang, case=key)
    clean(app)
    assert "data-number" not in markup(app)
    assert not re.search(r"\d\s*%", markup(app))
    treatment = opened(open_app, "treatment.py", lang, case=key)
    assert treatment.info and not re.search(r"\d\s*%", markup(treatment))
    with use(lang):
        after = gettext("after yours")
    listed = opened(open_app, "patients.py", lang, cohort=COHORT)
    before = markup(listed).count(f">{after}<")
    assert before and before % 6 == 0
    app.button(key="keep_estimate").click().run()
    assert app.info
    app.number_input[0].set_value(400)
    app.button(key="keep_estimate").click().run()
    assert app.error
    assert "data-number" not in markup(app)
    app.number_input[0].set_value(40)
    app.button(key="keep_estimate").click().run()
    clean(app)
    assert "data-number" in markup(app)
    assert opened(open_app, "case.py", lang, case=key).title  # and it is not asked for twice
    treatment = opened(open_app, "treatment.py", lang, case=key, treatment="hormon")
    assert re.search(r"\d\s*%", markup(treatment))
    listed = opened(open_app, "patients.py", lang, cohort=COHORT)
    assert markup(listed).count(f">{after}<") == before - 6  # this patient's
    app.button(key="next_case").click().run()
    assert "data-number" not in markup(app)
    app.button(key="skip_estimate").click().run()
    clean(app)
    assert "data-number" in markup(app)


def test_no_order_and_no_filter_tells_a_number_that_waits(open_app: Open) -> None:
    chosen = cohorts.Query(sort="recurrence@5y", filters=(cohorts.Filter("death@5y", low=0.5),), limit=25)

    def ordered(app: AppTest) -> list[str]:
        return [button.key for button in app.button if (button.key or "").startswith("open_")]

    settings.put(settings.OWN_ESTIMATE, False)
    app = opened(open_app, "patients.py", cohort=COHORT)
    app.selectbox(key=f"sort_{COHORT}").set_value("recurrence@5y").run()
    sorted_by_risk = ordered(app)
    settings.put(settings.OWN_ESTIMATE, True)
    app.session_state[f"query_{COHORT}"] = chosen  # as another tab may have left it
    app.run()
    clean(app)
    offered = app.selectbox(key=f"sort_{COHORT}").options
    assert not [one for one in offered if "within" in one or "Chemotherapy" in one]
    assert app.selectbox(key=f"sort_{COHORT}").value == "" and not app.slider
    as_recorded = cohorts.worklist(COHORT, cohorts.Query(limit=25)).rows["case_key"]
    assert ordered(app) == [f"open_{key}" for key in as_recorded] != sorted_by_risk
    assert "while they wait for your own" in markup(app)
    app.session_state[f"query_{COHORT}"] = chosen
    app.query_params["case"] = as_recorded.iloc[1]
    app.switch_page("case.py").run()
    app.button(key="next_case").click().run()  # nor does the way to the next one
    assert app.query_params["case"] in (as_recorded.iloc[2], [as_recorded.iloc[2]])


def test_the_setting_is_changed_where_the_record_is(open_app: Open) -> None:
    key = private_cases.create(COHORT, "switch", {})
    app = opened(open_app, "case.py", case=key)
    app.session_state["detail"] = "Record"
    app.run()
    assert app.toggle[0].value is False
    app.toggle[0].set_value(True).run()
    assert settings.get(settings.OWN_ESTIMATE) is True
    assert "data-number" not in markup(app)
    app.toggle[0].set_value(False).run()
    assert "data-number" in markup(app)
