"""How near the numbers are to what happened: every metric with its interval."""

from __future__ import annotations

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, number, span
from mtl.services.cohorts import CohortSummary
from pages.ui import evidence_part, say, theme


def show(cohort: CohortSummary) -> None:
    """Show every task's metrics."""
    content = evidence_part.found(cohort, "accuracy", _("Compute the metrics"), start=True)
    if content is None:
        return
    for place, (name, one) in enumerate(content["tasks"].items()):
        with theme.card(f"accuracy_{place}"):
            head = say.title(cohort.study.task(name))
            st.html(f'<h2 class="c-title">{text(head)}</h2>')
            lines = []
            for metric, value in one["metrics"].items():
                if value["value"] is None:
                    shown = value["reason"]
                else:
                    shown = number(value["value"], 3)
                    if value["low"] is not None:
                        shown = f"{shown} ({span(value['low'], value['high'], 3)})"
                lines.append(f"<tr><th scope='row'>{text(metric)}</th><td>{text(shown)}</td></tr>")
            st.html(f"<table>{''.join(lines)}</table>")
