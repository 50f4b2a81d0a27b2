"""The form of a new patient, made from the study: every finding by its stage of care, then what was given."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, study_language
from mtl.services.patients import private as private_cases
from mtl.services.patients.cohorts import CohortSummary, Study
from mtl.services.patients.private import Draft, Feature, Treatment
from pages.ui import address, fields, say, theme

_WARNED = "new_warned"  # the form as it was when its warnings were shown


def show(cohort: CohortSummary, draft: Draft | None) -> None:
    """Show the form; saving opens the case."""
    _limits(cohort.study)
    key = f"new_{cohort.key}_{draft.key if draft else st.session_state.get('new_forms', 0)}"
    with theme.card("new"), st.form(key, border=False):
        name, given = _fields(cohort.study, draft, key)
        label = _("Save and open") if draft is None else _("Save changes and open")
        if st.form_submit_button(label, type="primary", key=f"save_{key}"):
            _save(cohort.key, draft, name, given)
    if draft is not None:
        _removal(draft)


def _limits(study: Study) -> None:
    """For whom the model is and is not, before anything is typed."""
    language = study_language()
    parts = [(_("Limits"), study.not_for.get(language)), (_("Meant for"), study.intended_use.get(language))]
    lines = "".join(f"<p><b>{text(head)}:</b> {text(words)}</p>" for head, words in parts if words)
    words = _("Only you see this patient. Give a name or number that says nothing to others.")
    st.html(f'<div class="limits">{lines}</div><p class="quiet">{text(words)}</p>')


def _fields(study: Study, draft: Draft | None, key: str) -> tuple[str, dict[str, object]]:
    missing, unknown, kept = _("not measured"), _("not known"), draft.values if draft else {}
    given: dict[str, object] = {}

    def finding(feature: Feature) -> None:
        start = fields.held(feature, kept.get(feature.name))
        given[feature.name] = fields.field(
            feature, start, f"{key}_{feature.name}", missing, fields.ranges(feature)
        )

    def treatment(one: Treatment) -> None:
        cell = kept.get(one.column)
        start = next((level.text for level in one.levels if level.value == cell), None)
        given[one.column] = fields.given(one, start, f"{key}_{one.column}", unknown)

    name = st.text_input(
        _("Identifier"), value=draft.identifier if draft else "", key=f"{key}_identifier",
        max_chars=private_cases.LONGEST, width=320, placeholder=_("a name or number of your own"),
    )  # fmt: skip
    told = set(study.treatment_columns)
    for stage in study.stages:
        own = [one for one in study.features if one.stage == stage.name and one.name not in told]
        _section(stage.label.get(study_language()) or stage.name, [partial(finding, one) for one in own])
    _section(_("Treatment, if it was given"), [partial(treatment, one) for one in study.treatments])
    return name, given


def _section(name: str, shown: list[Callable[[], None]]) -> None:
    if shown:
        st.html(f'<h2 class="section-name">{text(name)}</h2>')
        fields.grid(shown, 4)


def _save(cohort: str, draft: Draft | None, name: str, given: dict[str, object]) -> None:
    try:
        checked = private_cases.check(cohort, name, given)
        typed = (cohort, name, tuple(given.items()))
        if checked.warnings and st.session_state.get(_WARNED) != typed:
            st.session_state[_WARNED] = typed
            for words in checked.warnings:
                st.warning(say.markdown(words))
            st.info(_("Correct what is wrong, or save again to keep it as it is."))
            return
        if draft is None:
            key = private_cases.create(cohort, name, given)
        else:
            key = draft.key
            private_cases.change(key, name, given)
    except private_cases.FormError as error:
        for problem in error.problems:
            st.error(say.markdown(problem.message))
        return
    except private_cases.PrivateCaseError as error:
        st.error(say.markdown(str(error)))
        return
    st.session_state.pop(_WARNED, None)
    st.session_state["new_forms"] = st.session_state.get("new_forms", 0) + 1  # the next form is empty
    address.open_case(key)


def _removal(draft: Draft) -> None:
    words = _("Deleting takes the values away for good. What was signed about the patient stays on record.")
    with theme.card("remove"):
        st.html(f'<p class="quiet">{text(words)}</p>')
        sure = st.checkbox(_("I want to delete this patient"), key=f"sure_{draft.key}")
        if st.button(_("Delete"), key="delete_case", disabled=not sure) and sure:
            private_cases.remove(draft.key)
            address.open_cohort(draft.cohort)
