"""Which of two models is better: paired differences on one cohort, each patient judged by a model that did not see them."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from mtl.figures import dots_plot
from mtl.figures.chart import Table
from mtl.figures.dots_plot import Dot
from mtl.figures.markup import text
from mtl.language import _, listed, number
from mtl.services.evidence import model_comparison, words
from mtl.services.patients import wording
from mtl.services.patients.cohorts import CohortSummary, ModelSummary
from mtl.services.patients.view import Task
from pages.ui import address, chart, evidence_task, theme
from pages.ui.evidence_part import Work, follow

ALIKE = frozenset(
    {"auroc", "macro_auroc", "harrell_c", "uno_c", "brier", "integrated_brier", "ici", "r2", "accuracy"}
)
"""Metrics of about one size, so that their differences can stand on one axis."""


def show(cohort: CohortSummary) -> None:
    """Let the reader choose two models and show what differs."""
    models = {model.key: model for model in model_comparison.choices(cohort.key)}
    if len(models) < 2:
        st.info(
            _(
                "There is one model for these patients so far. Train another, and the two can be compared here."
            )
        )
        return
    shown = (
        cohort.model.key if cohort.model is not None and cohort.model.key in models else next(iter(models))
    )
    asked = [address.read("first"), address.read("second")]
    first = asked[0] if asked[0] in models else shown
    others = [key for key in models if key != first]
    second = asked[1] if asked[1] in others else others[0]
    left, right = st.columns(2, gap="small")
    with left:
        _choose(_("Model"), "first", list(models), first, models)
    with right:
        _choose(_("Compared with"), "second", others, second, models)
    content = model_comparison.result(cohort.key, first, second)
    if content is None:
        given = (cohort.key, first, second)
        follow(
            Work(
                "comparison", _("Compare the two"), cohort.study, partial(model_comparison.state, *given),
                partial(model_comparison.begin, *given), partial(model_comparison.cancel, *given),
            )
        )  # fmt: skip
        return
    _shown(cohort, content, models[first], models[second])


def _choose(label: str, part: str, keys: list[str], chosen: str, models: dict[str, ModelSummary]) -> None:
    st.session_state[f"compare_{part}"] = chosen
    st.selectbox(
        label, keys, format_func=lambda key: name(models[key]), key=f"compare_{part}",
        on_change=lambda: address.put(**{part: st.session_state[f"compare_{part}"]}),
    )  # fmt: skip


def name(model: ModelSummary) -> str:
    """What a model is called in a choice: its version, when it was trained, on how many, how thoroughly."""
    effort = _("thorough") if model.effort == "thorough" else _("quick")
    return _("{version}, {date}, {count} training patients, {effort}").format(
        version=model.version, date=wording.day(model.trained), count=number(model.n_training), effort=effort
    )


def _shown(cohort: CohortSummary, content: dict[str, Any], first: ModelSummary, second: ModelSummary) -> None:
    task = evidence_task.choose(cohort, [n for n in content["tasks"] if content["tasks"][n]["n"]])
    if task is None:
        st.info(_("The two models have no task in common whose outcome these patients have."))
        return
    one = content["tasks"][task.name]
    with theme.card("comparison"):
        chart.head(_("Which of the two is better?"), _sentence(task, one, first, second))
        st.html(f'<p class="quiet">{text(_whose(content, first, second))}</p>')
        heads = [_("Metric"), first.version, second.version, _("Difference"), _("So")]
        rows, dots = [], []
        for metric, less in one["less"].items():
            label = words.metric(metric, task)
            rows.append(
                [
                    label,
                    words.value(one["first"][metric]),
                    words.value(one["second"][metric]),
                    words.value(less),
                    _so(less, metric, first, second),
                ]
            )
            if less["value"] is not None and words.parts(metric)[0] in ALIKE:
                dots.append(Dot(label, less["value"], less["low"], less["high"], words.value(less)))
        table = Table(heads, rows)
        if dots:
            label = _("{first} less {second}").format(first=first.version, second=second.version)
            drawn = dots_plot.dots(dots, label, table, theme.colours(), 0.0, _("no difference"))
            chart.show(
                drawn, "comparison_chart", _("n = {count}").format(count=number(one["n"])), folded=False
            )
        else:
            st.html(table.html(_("Which of the two is better?")))
    if content["apart"]:
        apart = _("Not in both, or not defined alike: {tasks}.").format(tasks=listed(content["apart"]))
        st.html(f'<p class="quiet">{text(apart)}</p>')


def _sentence(task: Task, one: dict[str, Any], first: ModelSummary, second: ModelSummary) -> str:
    head = words.FIRST[task.kind]
    less = one["less"].get(head)
    if less is None or less["value"] is None:
        return _("Cannot be said here.")
    return _("{metric}: {difference}, {so}.").format(
        metric=words.metric(head), difference=words.value(less), so=_so(less, head, first, second)
    )


def _so(less: dict[str, Any], metric: str, first: ModelSummary, second: ModelSummary) -> str:
    if less["value"] is None or less["low"] is None or less["high"] is None:
        return ""
    if words.parts(metric)[0] in words.NEITHER:
        return _("cannot be told apart") if less["low"] <= 0 <= less["high"] else _("they differ")
    if less["low"] <= 0 <= less["high"]:
        return _("cannot be told apart")
    better = first if (less["low"] > 0) != (words.parts(metric)[0] in words.SMALLER_IS_BETTER) else second
    return _("{version} is better").format(version=better.version)


def _whose(content: dict[str, Any], first: ModelSummary, second: ModelSummary) -> str:
    parts = [
        _("{version}: {whose}").format(
            version=model.version, whose=_("out of fold") if internal else _("patients it never saw")
        )
        for model, internal in zip((first, second), content["internal"], strict=True)
    ]
    return " · ".join([*parts, _("computed {date}").format(date=wording.day(content["finished"]))])
