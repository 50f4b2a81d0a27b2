"""The panels of the evidence, as data; each part is computed by a job, shown while it runs, and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from mtl.figures.markup import text
from mtl.language import N_, _, number
from mtl.services.cohorts import CohortSummary
from pages.ui import accuracy, address


@dataclass(frozen=True)
class Panel:
    """A panel: its title before translation, and what shows it for a cohort."""

    title: str
    show: Callable[[CohortSummary], None]


PANELS: dict[str, Panel] = {
    "accuracy": Panel(N_("Accuracy"), accuracy.show),
}


def choose() -> str:
    """Let the reader choose a panel; its name. Only the open one runs."""
    asked = address.read(address.PANEL)
    st.session_state["panel"] = asked if asked in PANELS else next(iter(PANELS))
    st.segmented_control(
        _("Part of the evidence"),
        list(PANELS),
        format_func=lambda name: _(PANELS[name].title),
        key="panel",
        required=True,
        label_visibility="collapsed",
        on_change=lambda: address.put(panel=st.session_state["panel"]),
    )
    return str(st.session_state["panel"])


def about(cohort: CohortSummary) -> None:
    """Say whose numbers these are: data, model, and whether the patients were in the training."""
    whose = (
        _("none of these patients was in the training")
        if cohort.external
        else _("every patient judged by a model that did not see them")
    )
    model = cohort.model
    parts = [
        _("{count} patients").format(count=number(cohort.n)),
        whose,
        _("model {version}").format(version=model.version) if model is not None else "",
    ]
    st.html(f'<p class="quiet">{text(" · ".join(part for part in parts if part))}</p>')
