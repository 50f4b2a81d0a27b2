"""What takes longer: which task helps which, and what sharing brings when a task has fewer labels."""

from __future__ import annotations

import streamlit as st

from mtl.figures import heatmap, plane
from mtl.figures.markup import text
from mtl.language import _, clauses, listed, number, percent
from mtl.services.evidence import sharing
from mtl.services.patients.cohorts import CohortSummary
from pages.ui import evidence_part, evidence_task, say, theme

FULL = 0.03  # the difference of the strongest colour


def pairs(cohort: CohortSummary) -> None:
    """Show which task helps which."""
    with theme.card("pairs"):
        head = _("Which task helps which")
        st.html(f'<h2 class="c-title">{text(head)}</h2>')
        content = evidence_part.found(cohort, "pairs", _("Try every pair of tasks"))
        if content is None:
            return
        found = sharing.pairs(cohort.study, content)
        words = _(
            "Each row is a task, each column the only other task that shapes its shared trees; the number is how much the "
            "measure of the row's task changes against linear and own trees alone. Hatched: the task itself, and tasks that "
            "may not share its trees. {folds} folds."
        ).format(folds=number(content["folds"]))
        names = [*found.tasks]
        drawn = heatmap.heatmap(
            names, names, found.values, found.hidden, caption=head, decimals=3, full=FULL,
            why=_("not tried: they may not share trees"),
        )  # fmt: skip
        st.html(f'<p class="quiet">{text(words)}</p>{drawn.html}')
        beyond = _(
            "Beyond chance, and beyond what that task brings with its labels shuffled ({deals} times): {pairs}."
        ).format(deals=number(content["deals"]), pairs=listed(found.beyond) or _("none"))
        heads = (_("Task"), _("Helper"), _("Difference (95 % interval)"), _("against the helper shuffled"))
        st.html(f"<p>{text(beyond)}</p>")
        st.html(plane.folded(plane.Grid(head, heads, found.table)))


def curve(cohort: CohortSummary) -> None:
    """Show the learning curve of a task."""
    with theme.card("learning"):
        head = _("With fewer labels")
        words = _(
            "The task keeps a part of its own labels, the other tasks keep all of theirs; every patient is judged, by a "
            "model that has not seen them."
        )
        st.html(f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>')
        content = evidence_part.found(cohort, "learning", _("Learn with fewer labels"))
        if content is None:
            return
        task = evidence_task.choose(cohort, content["tasks"])
        if task is not None:
            _curve(say.title(task), content, task.name)


def _curve(title: str, content: dict, task: str) -> None:
    points = sharing.curve(content, task)
    metric = sharing.metric(content["tasks"][task]["metric"])
    drawn = [one for one in points if one.blend is not None and one.without is not None]
    heads = (
        _("Labels kept"),
        _("patients"),
        _("all three"),
        _("linear + own trees"),
        _("Difference (95 % interval)"),
    )
    rows = [
        [percent(one.share), number(one.labels), _number(one.blend), _number(one.without), one.gain]
        for one in points
    ]
    if len(drawn) > 1:
        ends = [value for one in drawn for value in (one.blend, one.without) if value is not None]
        room = 0.1 * (max(ends) - min(ends) or 0.01)
        layers = [
            plane.Layer("solid", [(one.share, one.blend or 0.0) for one in drawn], _("all three parts")),
            plane.Layer(
                "dashed", [(one.share, one.without or 0.0) for one in drawn], _("linear + own trees")
            ),
        ]
        alt = clauses(f"{row[0]}: {row[4]}" for row in rows)
        chart = plane.Plane(
            plane.Axis(_("share of the task's labels"), 0.0, 1.0, percent=True),
            plane.Axis(metric, min(ends) - room, max(ends) + room),
            layers,
            _("{label}: {value}").format(label=title, value=alt),
            plane.Grid(title, heads, rows),
        )
        st.html(plane.draw(chart, theme.colours()).html)
    else:
        st.html(plane.table(plane.Grid(title, heads, rows)))


def _number(value: float | None) -> str:
    return "–" if value is None else number(value, 3)
