"""Related techniques side by side: which comes first, by how much, how well calibrated, and what each took."""

from __future__ import annotations

import streamlit as st

from mtl.figures import plane, ranges
from mtl.figures.markup import text
from mtl.language import _, number
from mtl.services.evidence import sharing as evidence_sharing
from mtl.services.evidence import techniques as evidence_techniques
from mtl.services.patients.cohorts import CohortSummary
from pages.ui import evidence_part, evidence_task, say, theme


def show(cohort: CohortSummary) -> None:
    """Show the comparison on the folds of the training behind a cohort's numbers."""
    trained = evidence_sharing.training_cohort(cohort)
    if trained is None:
        st.info(_("The patients of this model's training are not here, so nothing can be trained beside it."))
        return
    content = evidence_part.found(trained, "techniques", _("Train the related techniques"))
    if content is None:
        return
    words = _(
        "Each technique learns without one fold of the training's patients, all its choices made inside, and is judged by "
        "that fold; {folds} folds. Differences are to ours, paired, with intervals of 95 %."
    ).format(folds=number(content["folds"]))
    summary = evidence_techniques.summary(trained.study, content)
    with theme.card("techniques"):
        head = _("Ours beside related techniques")
        st.html(
            f'<h2 class="c-title">{text(head)}</h2><p><b>{text(summary)}</b></p><p class="quiet">{text(words)}</p>'
        )
        task = evidence_task.choose(trained, content["tasks"])
        if task is not None:
            _task(say.title(task), content, task.name)
    _costs(trained, content)


def _task(title: str, content: dict, task: str) -> None:
    rows = evidence_techniques.rows(content, task)
    metric = evidence_sharing.metric(content["tasks"][task]["metric"])
    drawn = []
    for row in rows:
        cells = (row.metric, row.loss, row.slope, "" if row.over is None else row.over.printed)
        value, low, high = (
            (0.0, None, None) if row.over is None else (row.over.value, row.over.low, row.over.high)
        )
        drawn.append(ranges.Range(row.name, value, low, high, cells))
    reach = evidence_sharing.reach(end for row in drawn for end in (row.value, row.low, row.high))
    heads = (_("Technique"), metric, _("loss"), _("slope"), _("Difference (95 % interval)"))
    axis = plane.Axis(_("difference to ours"), -reach, reach)
    figure = ranges.draw(ranges.Ranges(title, axis, heads, drawn, 0.0))
    sentence = evidence_techniques.first(content, task)
    caption = _(
        "Loss: error on patients held out, smaller is better. Slope: calibration, 1 is right, below 1 the numbers are too "
        "extreme."
    )
    st.html(f'<p><b>{text(sentence)}</b></p>{figure.html}<p class="quiet">{text(caption)}</p>')


def _costs(cohort: CohortSummary, content: dict) -> None:
    with theme.card("costs"):
        head = _("What each took")
        words = _(
            "Seconds of one processor to fit all tasks once, choosing included. Parameters: coefficients, decisions and "
            "leaf values. Random survival forests are not among them: their Python implementation comes under the GPL; for "
            "follow-up with censoring LightGBM has a Cox objective here."
        )
        heads = (_("Technique"), _("seconds"), _("parameters"), _("cannot do"))
        rows = [
            [one.name, one.seconds, one.parameters, one.cannot or "–"]
            for one in evidence_techniques.costs(cohort.study, content)
        ]
        table = plane.table(plane.Grid(head, heads, rows))
        st.html(f'<h2 class="c-title">{text(head)}</h2>{table}<p class="quiet">{text(words)}</p>')
