"""How do these patients differ from those of the training, and what would a recalibration bring?"""

from __future__ import annotations

from functools import partial

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _
from mtl.services.evidence import evidence, recalibration, shift_sheet
from mtl.services.evidence.recalibration import Version
from mtl.services.patients import wording
from mtl.services.patients.cohorts import CohortSummary
from mtl.services.users import current
from pages.ui import evidence_part, evidence_sheet, job_button, theme


def show(cohort: CohortSummary) -> None:
    """Show the shift of a cohort other than the training's, and its recalibration."""
    if evidence.of_training(cohort.key):
        st.info(_("These are the patients of the training; choose another cohort to see how it differs."))
        return
    content = evidence_part.found(cohort, "shift", _("Compare with the training"), start=True)
    if content is not None and cohort.model is not None:
        caption = evidence_sheet.caption(cohort, content)
        evidence_sheet.show(
            shift_sheet.sheet(cohort.study, list(cohort.model.tasks), content, caption), "shift"
        )
    _recalibration(cohort)


def _recalibration(cohort: CohortSummary) -> None:
    st.subheader(_("Recalibration"), anchor=False)
    made = recalibration.versions(cohort.key)
    trained_shown = made[0].shown
    if not trained_shown:
        st.info(
            _(
                "This cohort shows a recalibrated version. Its patients are judged by a recalibration without them."
            )
        )
    else:
        judged = evidence_part.found(cohort, "recalibration", _("Judge a recalibration on these patients"))
        if judged is not None:
            evidence_sheet.show(shift_sheet.recalibration(cohort.study, judged), "recalibration")
            _make(cohort, [one.method for one in made], judged)
    _versions(cohort, made)


def _make(cohort: CohortSummary, there: list[str | None], judged: dict[str, object]) -> None:
    """Offer the versions that are not there yet, where a task can be recalibrated."""
    words = {
        "level": _("Make a version with the level recalibrated"),
        "slope": _("Make a version with level and slope recalibrated"),
    }
    for method in shift_sheet.offered(judged):
        if method not in there:
            job_button.offer(
                f"recalibrate_{method}",
                words[method],
                partial(recalibration.job, cohort.key, method),
                partial(recalibration.begin, cohort.key, method),
            )


def _versions(cohort: CohortSummary, made: list[Version]) -> None:
    """The versions there are, and a second click to let the cohort show another one."""
    if len(made) < 2:
        return
    with theme.card("versions"):
        head = _("Versions of the model")
        st.html(f'<h2 class="c-title">{text(head)}</h2>')
        for place, one in enumerate(made):
            what = _(shift_sheet.METHODS[one.method]) if one.method else _("as trained")
            line = _("{version}: {what}, {date}").format(
                version=one.version, what=what, date=wording.day(one.made)
            )
            if one.shown:
                line = " · ".join([line, _("shown now")])
            st.html(f"<p>{text(line)}</p>")
            if not one.shown and current().may(evidence.BEGIN):
                job_button.offer(
                    f"show_{place}",
                    _("Show this cohort with version {version}").format(version=one.version),
                    partial(recalibration.showing, cohort.key),
                    partial(recalibration.show, cohort.key, one.key),
                )
        quiet = _(
            "The trained model is never overwritten. A cohort of the samples is everybody's: what it shows, it shows to all."
        )
        st.html(f'<p class="quiet">{text(quiet)}</p>')
