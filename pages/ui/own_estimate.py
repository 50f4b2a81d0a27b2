"""The reader's own estimate before the model's: asked for on the case page, where they chose so."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, study_language
from mtl.services import settings, users
from mtl.services.patients import records
from mtl.services.patients.cases import Case, TaskOutput
from pages.ui import cards, fields, say, theme

_SKIPPED = "estimate_skipped"


def wanted(case: Case) -> bool:
    """Return whether the model's numbers wait for the reader's own."""
    if not hides():
        return False
    return case.key not in st.session_state.get(_SKIPPED, ()) and not records.estimates(case)


def hides() -> bool:
    """Return whether numbers of a list may wait: then neither its order nor its choice may rest on them."""
    return users.current().may("case:sign") and settings.get(settings.OWN_ESTIMATE)


def waiting(case_keys: Collection[str]) -> set[str]:
    """Return those of some cases whose numbers wait for the reader's own, for a list."""
    if not hides():
        return set()
    return set(case_keys) - set(st.session_state.get(_SKIPPED, ())) - records.estimated(case_keys)


def ask(case: Case) -> None:
    """Show a field a task; what is given is kept before any number is shown."""
    given: dict[str, object] = {}

    def field(output: TaskOutput) -> None:
        given[output.task.name] = _field(case, output)

    with theme.card("estimate"):
        head, words = _("Your own estimate first"), _("The model's numbers come when you have given yours.")
        st.html(f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>')
        with st.form(f"estimate_{case.key}", border=False):
            fields.grid(partial(field, output) for output in case.outputs)
            with st.container(horizontal=True):
                kept = st.form_submit_button(_("Keep and show"), type="primary", key="keep_estimate")
                skipped = st.form_submit_button(_("Show without"), key="skip_estimate")
        if kept and _keep(case, given):
            st.rerun()
        if skipped:
            st.session_state[_SKIPPED] = {*st.session_state.get(_SKIPPED, ()), case.key}
            st.rerun()
        switch()


def _field(case: Case, output: TaskOutput) -> object:
    key, name = f"estimate_{case.key}_{output.task.name}", say.question(output, output.headline)
    none = _("no estimate")
    if output.kind == "multiclass":
        words = {level.text: level.get(study_language()) for level in output.task.classes}
        return fields.choice(say.markdown(say.title(output.task)), words, None, key, none)
    if output.kind == "regression":
        unit = output.task.unit.get(study_language())
        return st.number_input(
            say.markdown(f"{name} ({unit})" if unit else name), value=None, key=key, placeholder=none
        )
    # not bounded in the browser: the service says what is wrong
    return st.number_input(
        say.markdown(f"{name} (%)"), value=None, key=key, placeholder=none, format="%g", step=1.0
    )


def _keep(case: Case, given: dict[str, object]) -> bool:
    try:
        kept = records.estimate(case.key, given, cards.chosen_horizons(case))
    except records.RecordError as error:
        names = {output.task.name: say.question(output, output.headline) for output in case.outputs}
        words = _("{label}: {value}").format(label=names.get(error.field, error.field), value=str(error))
        st.error(say.markdown(words))
        return False
    if kept is None:
        st.info(_("Give at least one estimate, or show the numbers without."))
    return kept is not None


def switch() -> None:
    """Offer the setting to those who may sign."""
    if not users.current().may("case:sign"):
        return
    key = "setting_own_estimate"
    st.session_state[key] = settings.get(settings.OWN_ESTIMATE)
    st.toggle(
        _("Ask for my own estimate before showing the model's"), key=key,
        on_change=lambda: settings.put(settings.OWN_ESTIMATE, bool(st.session_state[key])),
        help=_("For every patient: the list, the case and the treatment show the model's numbers after yours."),
    )  # fmt: skip
