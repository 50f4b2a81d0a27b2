"""What if a value were another? Every value on one form, every task before and after."""

from __future__ import annotations

from functools import partial

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, clauses
from mtl.services.patients import cases
from mtl.services.patients.cases import Case, Finding, WhatIf
from pages.ui import answers, cards, fields, say


def panel(case: Case, chosen: str) -> None:
    """Show the form and, beside it, every task's number as recorded and as edited."""
    left, right = st.columns([5, 6], gap="medium")
    with left:
        edits = _form(case)
    with right, st.container(key="answers"):
        try:
            answer = (
                cases.what_if(case.key, edits, cards.chosen_horizons(case))
                if edits
                else WhatIf(case, case, {}, ())
            )
        except cases.EditError as error:
            st.error(say.markdown(str(error)))
            answer = WhatIf(case, case, {}, ())
        for warning in answer.warnings:
            st.warning(say.markdown(warning))
        st.html(answers.table(answer))
        if answer.edits:
            st.html(answers.changes(answer, chosen))


def _editable(case: Case) -> list[Finding]:
    locked = set(case.study.treatment_columns)
    return [finding for finding in case.findings if finding.feature.name not in locked]


def _form(case: Case) -> dict[str, object]:
    kept = f"edits_{case.key}"
    tries = st.session_state.get(f"tries_{case.key}", 0)
    with st.form(f"what_if_{case.key}_{tries}", border=False):
        given: dict[str, object] = {}
        tried: dict[str, object] = st.session_state.get(kept, {})

        def show(finding: Finding) -> None:
            feature, key = finding.feature, f"edit_{case.key}_{tries}_{finding.feature.name}"
            name = feature.name  # what is tried already, perhaps by the tour, stands in its field
            start = fields.held(feature, tried[name]) if name in tried else fields.start(finding)
            given[name] = fields.field(feature, start, key, _("not measured"), fields.usual(feature))

        fields.grid(partial(show, finding) for finding in _editable(case))
        locked = clauses(
            _("{label}: {value}").format(label=say.title(one.treatment), value=one.text)
            for one in case.treatments
        )
        if locked:
            words = _(
                "Locked: {treatments}. What was given is no finding, and changing it here would not show its effect."
            )
            st.html(f'<p class="quiet">{text(words.format(treatments=locked))}</p>')
        with st.container(horizontal=True):
            if st.form_submit_button(_("Predict again"), type="primary", key=f"predict_{case.key}"):
                st.session_state[kept] = {
                    name: value for name, value in given.items() if value != fields.start(case.finding(name))
                }
            if st.form_submit_button(_("Back to the record"), key=f"restore_{case.key}"):
                st.session_state.pop(kept, None)
                st.session_state[f"tries_{case.key}"] = tries + 1
                st.rerun()
    found: dict[str, object] = st.session_state.get(kept, {})
    return found
