"""How near are the numbers to what happened: a line a task, one task beside other techniques, every metric."""

from __future__ import annotations

from typing import Any

import streamlit as st

from mtl.figures import dots_plot
from mtl.figures.chart import Table
from mtl.figures.dots_plot import Dot
from mtl.figures.markup import text
from mtl.language import _, number, percent, study_language
from mtl.services.evidence import words
from mtl.services.patients.cohorts import CohortSummary
from mtl.services.patients.view import Task
from pages.ui import chart, evidence_part, evidence_task, say, theme


def show(cohort: CohortSummary) -> None:
    """Show every task at a glance, then one closely."""
    content = evidence_part.found(cohort, "accuracy", _("Compute the metrics"), start=True)
    if content is None:
        return
    with theme.card("accuracy_glance"):
        chart.head(_("How good is each number?"))
        st.html(_glance(cohort, content))
    told = [name for name, one in content["tasks"].items() if one["n"]]
    task = evidence_task.choose(cohort, told)
    if task is None:
        return
    one = content["tasks"][task.name]
    with theme.card("accuracy_task"):
        _headline(cohort, content, task, one)
    _beside(cohort, task)
    with theme.card("accuracy_all"):
        chart.head(_("All metrics: {task}").format(task=say.title(task)))
        st.html(_every(task, one) + _confusion(task, one))


def _glance(cohort: CohortSummary, content: dict[str, Any]) -> str:
    heads = [_("Task"), _("Patients"), _("Tells patients apart"), _("Calibration slope"), _("Error")]
    rows = []
    for name, one in content["tasks"].items():
        metrics, first = one["metrics"], words.FIRST[one["kind"]]
        if not one["n"]:
            rows.append(
                [say.title(cohort.study.task(name)), number(0), words.reason("no labelled rows"), "", ""]
            )
            continue
        error = {"binary": "brier", "multiclass": "brier", "regression": "rmse"}.get(
            one["kind"], "integrated_brier"
        )
        rows.append(
            [
                say.title(cohort.study.task(name)),
                number(one["n"]),
                _labelled(first, metrics),
                words.value(metrics["calibration_slope"], 2) if "calibration_slope" in metrics else "–",
                _labelled(error, metrics),
            ]
        )
    return Table(heads, rows).html(_("How good is each number?"))


def _labelled(name: str, metrics: dict[str, Any]) -> str:
    value = words.value(metrics[name])
    return value if metrics[name]["value"] is None else f"{words.metric(name)} {value}"


def _headline(cohort: CohortSummary, content: dict[str, Any], task: Task, one: dict[str, Any]) -> None:
    first = words.FIRST[task.kind]
    found = one["metrics"][first]
    figure = "–" if found["value"] is None else number(found["value"], 3)
    named = words.metric(first)
    if words.limits(found):
        named = _("{value} ({interval})").format(value=named, interval=words.limits(found))
    sentences = [words.headline(task.kind, one["metrics"]), words.slope(one["metrics"])]
    said = ("" if study_language() == "zh" else " ").join(filter(None, sentences))
    st.html(
        f'<h2 class="c-title">{text(say.title(task))}</h2><p class="c-number"><b>{text(figure)}</b>'
        f'<span>{text(named)}</span></p><p class="c-words">{text(said)}</p>'
        f'<p class="quiet">{text(chart.caption(cohort, content, one["n"]))}</p>'
    )


def _beside(cohort: CohortSummary, task: Task) -> None:
    with theme.card("accuracy_beside"):
        chart.head(_("Is it better than simpler models?"))
        content = evidence_part.found(cohort, "side_by_side", _("Compare with simpler models"), start=True)
        if content is None:
            return
        if not content["known"]:
            st.info(
                _(
                    "The patients that this model was trained on are not here, so its parts cannot be judged alone."
                )
            )
            return
        one = content["tasks"][task.name]
        techniques = one["techniques"]
        names = [name for name, value in techniques["blend"]["metrics"].items() if value["value"] is not None]
        if not names:
            st.info(words.reason("no labelled rows"))
            return
        chosen = st.pills(
            _("Metric"), names, default=names[0], format_func=words.metric, key="beside_metric", required=True,
            label_visibility="collapsed",
        ) or names[0]  # fmt: skip
        heads = [_("Technique"), words.metric(chosen), _("The blend less this one"), _("So")]
        dots, rows = [], []
        for name, technique in techniques.items():
            value, less = technique["metrics"][chosen], technique.get("less", {}).get(chosen)
            label = _(words.TECHNIQUES[name])
            printed = words.value(value)
            dots.append(Dot(label, value["value"], value["low"], value["high"], printed, name == "blend"))
            rows.append(
                [
                    label,
                    printed,
                    words.value(less) if less else "",
                    words.verdict(less, chosen) if less else "",
                ]
            )
        shown = dots_plot.dots(dots, words.metric(chosen), Table(heads, rows), theme.colours())
        st.html(f'<p class="quiet">{text(words.about(chosen))}</p>')
        chart.show(shown, "beside_chart", chart.caption(cohort, content, one["n"]), folded=False)


def _every(task: Task, one: dict[str, Any]) -> str:
    """A line a metric; those at a horizon in a table of their own, a column a horizon."""
    caption = _("All metrics: {task}").format(task=say.title(task))
    metrics = one["metrics"]
    heads = [_("Metric"), _("Value (95 % interval)"), _("What it says")]
    whole = [name for name in metrics if words.parts(name)[2] is None]
    rows = [[words.metric(name, task), words.value(metrics[name]), words.about(name)] for name in whole]
    told = Table(heads, rows).html(caption)
    horizons = list(dict.fromkeys(at for at in (words.parts(name)[2] for name in metrics) if at is not None))
    if not horizons:
        return told
    names = list(dict.fromkeys(words.parts(name)[0] for name in metrics if words.parts(name)[2] is not None))
    rows = [
        [words.metric(name), *(words.value(metrics[f"{name}@{at:g}y"]) for at in horizons), words.about(name)]
        for name in names
    ]
    heads = [_("By horizon"), *(words.years(at) for at in horizons), _("What it says")]
    by_horizon = _("{label}: {value}").format(label=_("By horizon"), value=say.title(task))
    return told + Table(heads, rows).html(by_horizon)


def _confusion(task: Task, one: dict[str, Any]) -> str:
    found = one.get("confusion")
    if found is None:
        return ""
    labels = [words.class_label(task, name) for name in found["classes"]]
    rows = []
    for label, counts in zip(labels, found["counts"], strict=True):
        total = sum(counts)
        cells = [f"{number(n)} ({percent(n / total)})" if total else "–" for n in counts]
        rows.append([label, *cells])
    head = _("What happened (rows) against the most probable class (columns)")
    return f"<h3>{text(head)}</h3>" + Table([_("Class"), *labels], rows).html(head)
