"""What follows at a cut-off: one control, the rates beside it, the curves on which it lies."""

from __future__ import annotations

from typing import Any

import streamlit as st

from mtl.figures import calibration_plot, cutoff_plot
from mtl.figures.chart import Table
from mtl.figures.cutoff_plot import Decision, Mark
from mtl.figures.markup import text
from mtl.language import _, number, percent
from mtl.services.evidence import cutoffs, evidence, words
from mtl.services.evidence.cutoffs import AtCutoff
from mtl.services.patients.cohorts import CohortSummary
from mtl.services.patients.view import Task
from pages.ui import address, chart, evidence_part, evidence_task, theme

SHOWN = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def show(cohort: CohortSummary) -> None:
    """Show one task at one cut-off."""
    content = evidence_part.found(cohort, "cutoff", _("Compute the cut-offs"), start=True)
    if content is None:
        return
    task = evidence_task.choose(cohort, content["tasks"])
    if task is None:
        st.info(_("A cut-off is for a probability; this model predicts amounts."))
        return
    entry = evidence_task.event(task, content["tasks"][task.name], cohort.study)
    if entry is None:
        return
    with theme.card("cutoff_choice"):
        chart.head(_("Whom would it flag, and rightly so?"), words.event(cohort.study, entry["key"]))
        found = cutoffs.at(content, entry, _choose(task, content["cutoffs"]))
        st.html(_numbers(found))
    caption = chart.caption(cohort, content, entry["n"])
    label = _("cut-off {cutoff}").format(cutoff=_percent(found.cutoff))
    _curves(cohort, task, content, entry, found, label, caption)


def _choose(task: Task, options: list[float]) -> float:
    try:
        asked = float(address.read(address.CUTOFF) or "")
    except ValueError:
        asked = -1.0
    st.session_state["cutoff"] = asked if asked in options else cutoffs.beginning(task, options)
    chosen: float = st.select_slider(
        _("Cut-off: flag from this risk on"), options, key="cutoff", format_func=_percent,
        on_change=lambda: address.put(cutoff=float(st.session_state["cutoff"])),
    )  # fmt: skip
    return chosen


def _percent(value: float) -> str:
    return percent(value, 0 if value >= 0.01 else 1)


def _numbers(found: AtCutoff) -> str:
    facts = "".join(
        f"<div><b>{text(cutoffs.printed(name, found.rates[name]))}</b>"
        f"<span>{text(_(title))}: {text(_(cutoffs.ABOUT[name]))}</span></div>"
        for name, title in cutoffs.RATES.items()
    )
    return (
        f'<p class="e-words">{text(cutoffs.of_hundred(found))}</p><p class="quiet">{text(cutoffs.useful(found))}</p>'
        f'<div class="facts e-facts">{facts}</div>'
    )


def _curves(
    cohort: CohortSummary, task: Task, content: dict[str, Any], entry: dict[str, Any], found: AtCutoff, label: str,
    caption: str,
) -> None:  # fmt: skip
    colours, rates = theme.colours(), found.rates
    specificity = rates["specificity"][0]
    table = _table(content, entry)
    left, right = st.columns(2, gap="small")
    with left, theme.card("cutoff_decision"):
        chart.head(_("Is acting on it worth it?"))
        values, limits = entry["rates"], entry["limits"]["net_benefit"]
        curve = Decision(
            content["cutoffs"], values["net_benefit"], [low for low, _h in limits], [high for _l, high in limits],
            values["treat_all"],
        )  # fmt: skip
        mark = Mark(found.cutoff, rates["net_benefit"][0], label)
        chart.show(cutoff_plot.decision(curve, mark, table, colours), "decision_chart", caption)
    with right, theme.card("cutoff_roc"):
        chart.head(_("How many does it find, at how many false alarms?"))
        mark = Mark(None if specificity is None else 1 - specificity, rates["sensitivity"][0], label)
        area = _area(cohort, task.name, entry["key"])
        chart.show(cutoff_plot.roc(entry["roc"], mark, area, table, colours), "roc_chart", caption)
    left, right = st.columns(2, gap="small")
    with left, theme.card("cutoff_precision"):
        chart.head(_("Of those it flags, how many have the event?"))
        mark = Mark(rates["sensitivity"][0], rates["ppv"][0], label)
        drawn = cutoff_plot.precision(entry["precision"], mark, found.prevalence, table, colours)
        chart.show(drawn, "precision_chart", caption)
    counts = _counts(cohort, task.name, entry["key"])
    if counts is not None:
        with right, theme.card("cutoff_spread"):
            chart.head(_("Where does the cut-off lie among the patients?"))
            event = words.event(cohort.study, entry["key"])
            chart.show(
                calibration_plot.spread(counts, event, colours, found.cutoff), "cutoff_spread_chart", caption
            )


def _table(content: dict[str, Any], entry: dict[str, Any]) -> Table:
    rows = []
    for cutoff in SHOWN:
        found = cutoffs.at(content, entry, cutoff)
        rows.append([_percent(cutoff), *(cutoffs.printed(name, found.rates[name]) for name in cutoffs.RATES)])
        everybody = "–" if found.treat_all is None else number(found.treat_all, 3)
        rows[-1].append(everybody)
    return Table(
        [_("Cut-off"), *(_(title) for title in cutoffs.RATES.values()), _("Net benefit, treat all")], rows
    )


def _area(cohort: CohortSummary, task: str, key: str) -> str:
    """The AUROC as the metrics have it, where they are there."""
    content = evidence.result(cohort.key, "accuracy")
    if content is None or task not in content["tasks"]:
        return "–"
    _name, at, years = key.partition("@")
    _name, equals, category = key.partition("=")
    name = f"auroc@{years}" if at else f"auroc={category}" if equals else "auroc"
    metric = content["tasks"][task]["metrics"].get(name)
    return "–" if metric is None else words.value(metric)


def _counts(cohort: CohortSummary, task: str, key: str) -> dict[str, Any] | None:
    content = evidence.result(cohort.key, "calibration")
    entries = [] if content is None else content["tasks"].get(task, [])
    return next((entry.get("counts") for entry in entries if entry["key"] == key), None)
