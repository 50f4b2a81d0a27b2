"""Do the numbers mean what they say: predicted against observed, and how the predictions lie."""

from __future__ import annotations

import streamlit as st

from mtl.figures import calibration_plot
from mtl.figures.markup import text
from mtl.language import _, study_language
from mtl.services.evidence import words
from mtl.services.patients.cohorts import CohortSummary
from pages.ui import chart, evidence_part, evidence_task, theme


def show(cohort: CohortSummary) -> None:
    """Show one task's calibration."""
    content = evidence_part.found(cohort, "calibration", _("Compute the calibration"), start=True)
    if content is None:
        return
    task = evidence_task.choose(cohort, content["tasks"])
    if task is None:
        return
    entry = evidence_task.event(task, content["tasks"][task.name], cohort.study)
    if entry is None:
        return
    event = words.event(cohort.study, entry["key"])
    caption = chart.caption(cohort, content, entry["n"])
    unit = task.unit.get(study_language()) if task.kind == "regression" else None
    left, right = st.columns([1.15, 1], gap="small")
    with left, theme.card("calibration_curve"):
        question = (
            _("When it predicts an amount, is that what is measured?")
            if unit is not None
            else _("When it says 30 %, does it happen to 30 of 100?")
        )
        chart.head(question)
        chart.show(
            calibration_plot.calibration(entry, event, unit, theme.colours()), "calibration_chart", caption
        )
        if entry["curve"] is None:
            why = words.reason(entry["curve_reason"])
            note = _("No smooth curve: {reason}.").format(reason=why)
            st.html(f'<p class="quiet">{text(note)}</p>')
    if "counts" in entry:
        with right, theme.card("calibration_spread"):
            chart.head(_("How far apart does it set those with the event and those without?"))
            chart.show(
                calibration_plot.spread(entry["counts"], event, theme.colours()), "spread_chart", caption
            )
    _metrics(cohort, task.name, entry["key"])


def _metrics(cohort: CohortSummary, task: str, key: str) -> None:
    """The calibration metrics beside the picture, where they are there."""
    from mtl.services.evidence import evidence

    content = evidence.result(cohort.key, "accuracy")
    if content is None or task not in content["tasks"]:
        return
    found = content["tasks"][task]["metrics"]
    at = key.partition("@")[2]
    names = (f"ici@{at}", f"observed_expected@{at}") if at else ("calibration_intercept", "ici")
    told = [name for name in (*names, "calibration_slope") if name in found]
    if not told:
        return
    with theme.card("calibration_numbers"):
        facts = "".join(
            f"<div><b>{text(words.value(found[name], 3))}</b>"
            f"<span>{text(words.metric(name))}: {text(words.about(name))}</span></div>"
            for name in told
        )
        st.html(f'<div class="facts e-facts">{facts}</div>')
