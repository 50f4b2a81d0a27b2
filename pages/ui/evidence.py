"""The panels of the evidence, as data: each answers one question about a model; only the open one runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from mtl.figures.markup import text
from mtl.language import N_, _, number
from mtl.services.patients import wording
from mtl.services.patients.cohorts import CohortSummary
from pages.ui import (
    accuracy,
    address,
    calibration,
    compare,
    cutoff,
    elsewhere,
    missing,
    report_panel,
    risk_groups,
    robustness,
    shift,
    stability,
    subgroups,
    techniques,
    transfer,
    uncertainty,
)

#: What a reader asks, in the order in which it is asked; a panel belongs to one of them.
GROUPS = {
    "good": N_("How good is it?"),
    "whom": N_("For whom?"),
    "sure": N_("How sure is it?"),
    "sharing": N_("What did sharing bring?"),
    "documents": N_("Documents"),
}


@dataclass(frozen=True)
class Panel:
    """A panel: its title before translation, what shows it for a cohort, and the key of :data:`GROUPS` it belongs to."""

    title: str
    show: Callable[[CohortSummary], None]
    group: str = "sure"


PANELS: dict[str, Panel] = {
    "accuracy": Panel(N_("Accuracy"), accuracy.show, "good"),
    "calibration": Panel(N_("Calibration"), calibration.show, "good"),
    "cutoff": Panel(N_("Cut-off"), cutoff.show, "good"),
    "risk_groups": Panel(N_("Risk groups"), risk_groups.show, "good"),
    "techniques": Panel(N_("Related techniques"), techniques.show, "good"),
    "compare": Panel(N_("Compare models"), compare.show, "good"),
    "subgroups": Panel(N_("Subgroups"), subgroups.show, "whom"),
    "elsewhere": Panel(N_("Other hospitals and years"), elsewhere.show, "whom"),
    "shift": Panel(N_("Shift and recalibration"), shift.show, "whom"),
    "missing": Panel(N_("Missing inputs"), missing.show, "whom"),
    "stability": Panel(N_("Stability"), stability.show, "sure"),
    "uncertainty": Panel(N_("Sets and intervals"), uncertainty.show, "sure"),
    "robustness": Panel(N_("Small errors"), robustness.show, "sure"),
    "transfer": Panel(N_("Sharing between tasks"), transfer.show, "sharing"),
    "report": Panel(N_("Validation report"), report_panel.show, "documents"),
}


def choose() -> str:
    """Let the reader choose a question, then a panel; its name."""
    asked = address.read(address.PANEL)
    open_now = asked if asked in PANELS else next(iter(PANELS))
    by_group = {group: [name for name, panel in PANELS.items() if panel.group == group] for group in GROUPS}
    groups = [group for group, names in by_group.items() if names]
    st.session_state["panel_group"] = PANELS[open_now].group
    st.segmented_control(
        _("Question"),
        groups,
        format_func=lambda group: _(GROUPS[group]),
        key="panel_group",
        required=True,
        label_visibility="collapsed",
        on_change=lambda: address.put(panel=by_group[st.session_state["panel_group"]][0]),
    )
    names = by_group[PANELS[open_now].group]
    st.session_state["panel"] = open_now
    if len(names) > 1:
        st.segmented_control(
            _("Part of the evidence"),
            names,
            format_func=lambda name: _(PANELS[name].title),
            key="panel",
            required=True,
            label_visibility="collapsed",
            on_change=lambda: address.put(panel=st.session_state["panel"]),
        )
    return open_now


def about(cohort: CohortSummary) -> None:
    """Say whose numbers these are: patients, whether they were in the training, which model and of when."""
    whose = (
        _("none of these patients was in the training")
        if cohort.external
        else _("every patient judged by a model that did not see them")
    )
    model = cohort.model
    parts = [_("{count} patients").format(count=number(cohort.n)), whose]
    if model is not None:
        parts.append(
            _("model {version}, {date}").format(version=model.version, date=wording.day(model.trained))
        )
    st.html(f'<p class="quiet">{text(" · ".join(parts))}</p>')
