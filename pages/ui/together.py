"""All tasks at once: which finding drives which decision."""

from __future__ import annotations

import numpy as np
import streamlit as st

from mtl.figures import heatmap
from mtl.figures.markup import text
from mtl.language import _
from mtl.services.patients import cases
from mtl.services.patients.cases import Case
from pages.ui import say, theme

ROWS = 10


def panel(case: Case, chosen: str) -> None:
    """Show the patient's contributions to every task."""
    found = cases.heatmap(case)
    order = np.argsort(-np.abs(found.values).max(axis=1, initial=0), kind="stable")
    names = [task.name for task in found.tasks]
    head = _("Which finding drives which decision")
    drawn = heatmap.heatmap(
        [found.findings[place] for place in order],
        [say.title(task) for task in found.tasks],
        found.values[order].tolist(),
        found.hidden[order].tolist(),
        chosen=names.index(chosen) if chosen in names else None,
        most=ROWS,
        caption=head,
    )
    words = _("Contribution in units of each task's own spread. Hatched: the task may not see it.")
    with theme.card("together"):
        st.html(f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>{drawn.html}')
