"""Do the groups it sets apart fare differently, and as it said they would?"""

from __future__ import annotations

from typing import Any

import streamlit as st

from mtl.figures import risk_groups_plot
from mtl.figures.markup import text
from mtl.language import N_, _, number, percent
from mtl.services.evidence import words
from mtl.services.patients.cohorts import CohortSummary
from pages.ui import chart, evidence_part, evidence_task, say, theme

NAMES = {
    "2": (N_("lower risk"), N_("higher risk")),
    "3": (N_("low risk"), N_("middle risk"), N_("high risk")),
    "4": (N_("lowest quarter"), N_("second quarter"), N_("third quarter"), N_("highest quarter")),
}
DIVISIONS = {"3": N_("thirds"), "4": N_("quarters")}


def show(cohort: CohortSummary) -> None:
    """Show one survival task by groups of predicted risk."""
    if not any(task.kind == "survival" for task in cohort.study.tasks):
        st.info(_("Risk groups are for outcomes over time; this study has none."))
        return
    content = evidence_part.found(cohort, "risk_groups", _("Compute the risk groups"), start=True)
    if content is None:
        return
    task = evidence_task.choose(cohort, content["tasks"])
    if task is None:
        st.info(_("Risk groups are for outcomes over time; this model has none."))
        return
    one = content["tasks"][task.name]
    if "reason" in one:
        st.info(say.markdown(words.reason(one["reason"])))
        return
    count = st.segmented_control(
        _("Groups of equal size"), list(DIVISIONS), default="3", format_func=lambda key: _(DIVISIONS[key]), required=True,
        key="risk_divisions", label_visibility="collapsed",
    ) or "3"  # fmt: skip
    division = one["divisions"][count]
    names = _names(division)
    event = say.title(task)
    caption = chart.caption(cohort, content, one["n"], words.event(cohort.study, one["key"]))
    with theme.card("groups_survival"):
        chart.head(_("Do the groups it sets apart fare differently?"), _test(division["log_rank"]))
        drawn = risk_groups_plot.survival(division, names, event, theme.colours())
        chart.show(drawn, "groups_chart", caption, folded=False)
    with theme.card("groups_predicted"):
        chart.head(_("Did as many have the event as was predicted?"))
        told = [h["horizon"] for h in division["groups"][0]["horizons"]]
        default = one["horizon"] if one["horizon"] in told else told[-1]
        horizon = st.segmented_control(
            _("Horizon"), told, default=default, format_func=words.years, required=True, key="risk_horizon",
            label_visibility="collapsed",
        ) or default  # fmt: skip
        drawn = risk_groups_plot.predicted(division, names, horizon, theme.colours())
        chart.show(drawn, "groups_observed", caption, folded=False)
        note = _("Where fewer than 20 of a group are still followed, what was observed is not told.")
        st.html(f'<p class="quiet">{text(note)}</p>')


def _names(division: dict[str, Any]) -> list[str]:
    groups, limits = division["groups"], [0.0, *division["limits"], 1.0]
    known = NAMES.get(str(len(groups)), ())
    names = []
    for place, _group in enumerate(groups):
        low, high = percent(limits[place]), percent(limits[place + 1])
        if place == 0:
            words = _("below {high}").format(high=high)
        elif place == len(groups) - 1:
            words = _("{low} and above").format(low=low)
        else:
            words = _("{low} to below {high}").format(low=low, high=high)
        name = _(known[place]) if place < len(known) else number(place + 1)
        names.append(_("{name}, {range}").format(name=name, range=words))
    return names


def _test(test: dict[str, Any]) -> str:
    if "reason" in test:
        return ""
    p = _("p < 0.001") if test["p"] < 0.001 else _("p = {p}").format(p=number(test["p"], 3))
    return _("Log-rank test: chi-squared {statistic} on {degrees} degrees of freedom, {p}.").format(
        statistic=number(test["statistic"], 1), degrees=number(test["degrees"]), p=p
    )
