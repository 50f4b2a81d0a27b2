"""Which finding matters to which task, over a sample of the cohort."""

from __future__ import annotations

import streamlit as st

from mtl.figures import heatmap
from mtl.figures.markup import text
from mtl.language import _, number
from mtl.services.patients.cohorts import CohortSummary
from mtl.services.patients.global_view import Importance
from pages.ui import say, theme

ROWS = 12
FULL = 0.8  # spreads at which the colour is as strong as it gets


def about(cohort: CohortSummary, found: Importance) -> None:
    """Say whose contributions these are, and by which model."""
    words = (
        _("All {total} patients").format(total=number(found.n_cohort))
        if found.n == found.n_cohort
        else _("A fixed random sample of {n} of {total} patients").format(
            n=number(found.n), total=number(found.n_cohort)
        )
    )
    held = (
        _("{count} were in the training and are explained by a model that did not see them").format(
            count=number(found.n_held_out)
        )
        if found.n_held_out
        else _("none was in the training")
    )
    model = cohort.model
    version = _("model {version}").format(version=model.version) if model is not None else ""
    caution = _("Association, not cause.")
    st.html(f'<p class="quiet">{text(" · ".join([words, held, version, caution.rstrip(".。")]))}</p>')


def panel(found: Importance, chosen: str) -> None:
    """Show mean absolute contributions, findings by tasks."""
    names = [task.name for task in found.tasks]
    head = _("Which finding matters to which task")
    drawn = heatmap.heatmap(
        [say.title(feature) for feature in found.features],
        [say.title(task) for task in found.tasks],
        found.values.tolist(),
        found.hidden.tolist(),
        chosen=names.index(chosen) if chosen in names else None,
        most=ROWS,
        caption=head,
        decimals=2,
        with_sign=False,
        full=FULL,
    )
    words = _(
        "Mean absolute contribution in units of each task's own spread, so that tasks can be compared. "
        "Hatched: the task may not see it."
    )
    with theme.card("importance"):
        st.html(f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>{drawn.html}')
