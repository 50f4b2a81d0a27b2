"""How the findings of many patients move one task: a beeswarm, and the same in a table."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from mtl.figures import beeswarm
from mtl.figures.markup import text
from mtl.language import _, clauses, number, signed, study_language
from mtl.services.patients import global_view
from mtl.services.patients.global_view import Swarm, SwarmRow
from mtl.services.patients.view import Task
from pages.ui import address, say, theme


def panel(cohort: str, tasks: Mapping[str, Task], chosen: str, category: str | None) -> Swarm:
    """Show the choice of task (and class), and its beeswarm; return what was drawn."""
    found = global_view.swarm(cohort, chosen, category)
    with theme.card("swarm"):
        head = _("How the findings move a task")
        st.html(f'<h2 class="c-title">{text(head)}</h2>')
        st.session_state["explain_task"] = chosen
        st.segmented_control(
            _("Task"), list(tasks), format_func=lambda name: say.markdown(say.title(tasks[name])),
            key="explain_task", required=True, wrap=True, label_visibility="collapsed",
            on_change=lambda: address.put(task=st.session_state["explain_task"], category=None),
        )  # fmt: skip
        if found.category is not None:
            names = {level.text: level.get(study_language()) for level in found.task.classes}
            st.session_state["explain_class"] = found.category
            st.segmented_control(
                _("Class"), list(names), format_func=lambda name: say.markdown(names[name]), key="explain_class",
                required=True, wrap=True, label_visibility="collapsed",
                on_change=lambda: address.put(category=st.session_state["explain_class"]),
            )  # fmt: skip
        st.html(_about(found) + _drawn(found) + _table(found))
    return found


def decimals(values: float) -> int:
    """Return the digits with which contributions of this size are written."""
    return 0 if abs(values) >= 20 else 1 if abs(values) >= 5 else 2


def _about(found: Swarm) -> str:
    words = _(
        "A point is a patient; right of the line the finding speaks for more than in the reference patient."
    )
    if found.n_features > len(found.rows):
        words += " " + _("The {count} findings that matter most, of {total}.").format(
            count=number(len(found.rows)), total=number(found.n_features)
        )
    return f'<p class="quiet">{text(words)}</p>'


def _drawn(found: Swarm) -> str:
    lines = [
        beeswarm.Line(say.title(row.feature), row.contributions.tolist(), row.ranks.tolist(), _words(row))
        for row in found.rows
    ]
    axis = _("contribution, {scale}").format(scale=found.scale)
    return beeswarm.beeswarm(lines, axis, theme.colours()).html


def _words(row: SwarmRow) -> str:
    digits = decimals(row.importance)
    return clauses(
        _("{value}: {contribution}").format(value=words, contribution=signed(band.quartiles[1], digits))
        for words, band in row.bands
    )


def _table(found: Swarm) -> str:
    head = _("The numbers")
    names = (_("Finding"), _("Mean absolute"), _("Value"), _("Patients"), _("Median contribution"))
    heads = "".join(f'<th scope="col">{text(words)}</th>' for words in names)
    body = []
    for row in found.rows:
        digits = decimals(row.importance)
        for place, (words, band) in enumerate(row.bands):
            first = (
                f'<th scope="rowgroup" rowspan="{len(row.bands)}">{text(say.title(row.feature))}</th>'
                f'<td rowspan="{len(row.bands)}">{text(number(row.importance, digits))}</td>'
                if place == 0
                else ""
            )
            body.append(
                f"<tr>{first}<td>{text(words)}</td><td>{text(number(band.n))}</td>"
                f"<td>{text(signed(band.quartiles[1], digits))}</td></tr>"
            )
    return (
        f'<details class="more"><summary>{text(head)}</summary><div class="plain-table" tabindex="0" role="region" '
        f'aria-label="{text(head)}"><table><thead><tr>{heads}</tr></thead><tbody>{"".join(body)}</tbody></table></div></details>'
    )
