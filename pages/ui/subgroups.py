"""For whom is it good: metrics with intervals by the levels or bands of a feature, each against the rest."""

from __future__ import annotations

from typing import Any

import streamlit as st

from mtl.figures import dots_plot
from mtl.figures.chart import Table
from mtl.figures.dots_plot import Dot
from mtl.figures.markup import text
from mtl.language import _, clauses, number
from mtl.services.evidence import subgroup_words as groups
from mtl.services.evidence import words
from mtl.services.patients.cohorts import CohortSummary
from pages.ui import address, chart, evidence_part, evidence_task, theme


def show(cohort: CohortSummary) -> None:
    """Show one task's metrics by one feature."""
    content = evidence_part.found(cohort, "subgroups", _("Compute the subgroups"), start=True)
    if content is None:
        return
    told = [name for name, one in content["tasks"].items() if "reason" not in one]
    task = evidence_task.choose(cohort, told)
    if task is None:
        st.info(_("No task has outcomes enough here."))
        return
    one = content["tasks"][task.name]
    study, features = cohort.study, one["features"]
    left, right = st.columns(2, gap="small", vertical_alignment="bottom")
    asked = address.read("feature")
    st.session_state["subgroup_feature"] = asked if asked in features else next(iter(features))
    with left:
        by = st.selectbox(
            _("By"), list(features), format_func=lambda name: groups.feature(study, name),
            key="subgroup_feature", on_change=lambda: address.put(feature=st.session_state["subgroup_feature"]),
        )  # fmt: skip
    names = list(one["metrics"])
    with right:
        metric = st.segmented_control(
            _("Metric"), names, default=names[0], format_func=words.metric, key=f"subgroup_metric_{task.kind}",
            required=True,
        ) or names[0]  # fmt: skip
    found = features[by]
    with theme.card("subgroups"):
        chart.head(
            _("Is it as good for everybody?"),
            _("{label}: {value}").format(
                label=words.event(study, one["key"]), value=groups.feature(study, by)
            ),
        )
        st.html(f'<p class="quiet">{text(words.about(metric))}</p>')
        _figure(cohort, content, one, metric, by, found)
    small = [entry for entry in found["groups"] if "few" in entry]
    if small:
        listed = clauses(
            _("{group} (n = {count})").format(
                group=groups.group(study, by, found["kind"], entry["name"]), count=number(entry["n"])
            )
            for entry in small
        )
        note = _("Not shown, {why}: {groups}.").format(why=groups.few(), groups=listed)
        st.html(f'<p class="quiet">{text(note)}</p>')
    caution = _(
        "Intervals are not corrected for the number of groups looked at: of twenty equal groups one differs by chance."
    )
    st.html(f'<p class="quiet">{text(caution)}</p>')


def _figure(
    cohort: CohortSummary, content: dict[str, Any], one: dict[str, Any], metric: str, by: str, found: dict[str, Any]
) -> None:  # fmt: skip
    study, dots, rows = cohort.study, [], []
    overall = one["metrics"][metric]
    for entry in found["groups"]:
        name = groups.group(study, by, found["kind"], entry["name"])
        events = "" if entry["events"] is None else number(entry["events"])
        if "few" in entry:
            rows.append([name, number(entry["n"]), events, groups.few(), "", ""])
            continue
        value, less = entry["metrics"][metric], entry["less_rest"][metric]
        label = _("{group} (n = {count})").format(group=name, count=number(entry["n"]))
        dots.append(Dot(label, value["value"], value["low"], value["high"], words.value(value)))
        rows.append(
            [name, number(entry["n"]), events, words.value(value), words.value(less), groups.notable(less)]
        )
    heads = [
        _("Group"), _("Patients"), _("Events"), words.metric(metric), _("Less that of the rest"), _("So"),
    ]  # fmt: skip
    if dots:
        drawn = dots_plot.dots(
            dots, words.metric(metric), Table(heads, rows), theme.colours(), overall, _("all patients")
        )
        chart.show(drawn, "subgroup_chart", chart.caption(cohort, content, one["n"]), folded=False)
    else:
        st.html(Table(heads, rows).html(_("Is it as good for everybody?")))
