"""How another cohort differs, finding by finding."""

from __future__ import annotations

import math

import streamlit as st

from mtl.figures import survey
from mtl.figures.markup import text
from mtl.figures.survey import Bar
from mtl.language import N_, _, measured, number, percent, study_language
from mtl.services.own import look, look_words
from mtl.services.own.look import Drift, Subject
from pages.ui import theme

VERDICTS = {
    "stable": N_("stable"),
    "some": N_("some drift"),
    "shifted": N_("shifted"),
    "absent": N_("not recorded in one of them"),
}
FULL = 0.5  # of the index, where a bar is full


def panel(subject: Subject) -> None:
    """Let the reader choose another cohort, and show how it differs."""
    others = {one.key: one for one in look.others(subject.key)}
    head = _("Another cohort beside it")
    with theme.card("drift"):
        st.html(f'<h2 class="c-title">{text(head)}</h2>')
        if not others:
            none = _("No other cohort here has at least half of these findings.")
            st.html(f'<p class="quiet">{text(none)}</p>')
            return
        chosen = st.selectbox(
            _("Compare with"),
            list(others),
            index=None,
            format_func=lambda key: others[key].title.get(study_language()),
            key=f"look_other_{subject.key}",
        )
        if chosen not in others:
            return
        found = look.drifted(subject.key, chosen)
        words = _(
            "Population stability index over tenths of the first cohort, missing apart: below 0.1 stable, above 0.25 "
            "shifted, and never shifted where two samples of one population would show as much once in twenty."
        )
        heads = (
            _("Finding"),
            _("Middle here"),
            _("Middle there"),
            _("Missing here"),
            _("Missing there"),
            _("Index"),
            _("Verdict"),
        )
        drawn = survey.bars([_line(subject, one) for one in found], heads, head, 20)
        st.html(f'<p class="quiet">{text(words)}</p>{drawn.html}')


def _line(subject: Subject, one: Drift) -> Bar:
    numeric = (
        next(feature for feature in subject.study.features if feature.name == one.column).kind == "numeric"
    )
    said = [
        "–" if math.isnan(value) else measured(value, None) if numeric else percent(value)
        for value in one.typical
    ]
    index = number(one.psi, 2) if math.isfinite(one.psi) else "–"
    return Bar(
        look_words.column_title(subject.study, one.column),
        min(one.psi / FULL, 1.0) if math.isfinite(one.psi) else 0.0,
        (*said, *(percent(share) for share in one.missing), index, _(VERDICTS[one.verdict])),
        note="" if numeric else _("middle: share of the commonest level"),
        notable=one.verdict in ("shifted", "absent"),
    )
