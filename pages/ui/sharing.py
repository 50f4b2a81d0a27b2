"""What the tasks share: where their contributions come from, and how alike they are in the shared trees' leaves."""

from __future__ import annotations

import numpy as np
import streamlit as st

from mtl.figures import heatmap, shares
from mtl.figures.markup import text
from mtl.language import N_, _, listed
from mtl.services.patients import global_view
from mtl.services.patients.global_view import Shares
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
    title = f'<h2 class="c-title">{text(head)}</h2>'
    told = [group for group in _groups(found) if len({found.of[k] for k in group}) > 1]
    if not told:
        words = _("No two tasks of this model see the same findings, so none share a tree.")
        return f'{title}<p class="quiet">{text(words)}</p>'
    words = _(
        "Correlation of the values that two tasks give to the same leaves: +1, the same patients are high in both; "
        "−1, high in one is low in the other; 0, they share the questions but not the answers. "
        "Tasks that see different findings share no tree and stand apart."
    )
    tables = "".join(_table(found, group, head) for group in told)
    shown = {found.of[k] for group in told for k in group}
    alone = [say.title(task) for task in found.tasks if task.name not in shown]
    note = _("Alone in their trees: {tasks}.").format(tasks=listed(alone)) if alone else ""
    return f'{title}<p class="quiet">{text(words)}</p>{tables}<p class="quiet">{text(note)}</p>'


def _groups(found: Shares) -> list[list[int]]:
    """Return the outputs that share trees, a list a forest."""
    groups: dict[tuple[bool, ...], list[int]] = {}
    for k in range(len(found.outputs)):
        groups.setdefault(tuple(found.apart[k].tolist()), []).append(k)
    return list(groups.values())


def _table(found: Shares, group: list[int], caption: str) -> str:
    names = [found.outputs[k] for k in group]
    return heatmap.heatmap(
        names,
        names,
        found.likeness[np.ix_(group, group)].tolist(),
        [[False] * len(group) for _place in group],
        caption=_("{label}: {value}").format(label=caption, value=listed(names)),
        decimals=2,
        full=1.0,
    ).html
