"""What the tasks share: where their contributions come from, and how alike they are in the shared trees' leaves."""

from __future__ import annotations

import numpy as np
import streamlit as st

from mtl.figures import heatmap, shares
from mtl.figures.markup import text
from mtl.language import N_, _
from mtl.services import global_view
from mtl.services.global_view import Shares
from pages.ui import say, theme

EXPERTS = (N_("linear"), N_("own trees"), N_("shared trees"))


def panel(cohort: str) -> None:
    """Show the experts' shares and the tasks' likeness."""
    found = global_view.shares(cohort)
    with theme.card("sharing"):
        head = _("Where contributions come from")
        rows = [
            (say.title(task), [float(share) for share in line])
            for task, line in zip(found.tasks, found.experts, strict=True)
        ]
        drawn = shares.stacked(rows, [_(name) for name in EXPERTS], head)
        words = _("Share of the three parts of the model in each task's mean absolute contributions.")
        st.html(f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>{drawn.html}')
        st.html(_likeness(found))


def _likeness(found: Shares) -> str:
    head = _("How alike the tasks are in the shared trees")
    # A task that shares its trees with no other has no line: there is nothing to compare.
    kept = [k for k in range(len(found.outputs)) if (~found.apart[k]).sum() > 1]
    if not kept:
        words = _("No two tasks of this model see the same findings, so none share a tree.")
        return f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>'
    values = found.likeness[np.ix_(kept, kept)]
    drawn = heatmap.heatmap(
        [found.outputs[k] for k in kept],
        [found.outputs[k] for k in kept],
        values.tolist(),
        found.apart[np.ix_(kept, kept)].tolist(),
        caption=head,
        decimals=2,
        full=1.0,
        unseen=_("no shared tree"),
    )
    words = _(
        "Correlation of the values that two tasks give to the same leaves: +1, the same patients are high in both; "
        "−1, high in one is low in the other; 0, they share the questions but not the answers. "
        "Hatched: the two see different findings and share no tree."
    )
    alone = [found.outputs[k] for k in range(len(found.outputs)) if k not in kept]
    note = _("Alone in their trees: {tasks}.").format(tasks=", ".join(alone)) if alone else ""
    return (
        f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>{drawn.html}'
        f'<p class="quiet">{text(note)}</p>'
    )
