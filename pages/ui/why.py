"""Why this number? The waterfall of the chosen task, in points or on the additive scale."""

from __future__ import annotations

import streamlit as st

from mtl.figures import contributions, waterfall
from mtl.figures.markup import text
from mtl.language import N_, _, number, percent
from mtl.services.patients import cases
from mtl.services.patients.cases import Case, Why
from pages.ui import address, say, theme

POINTS, MARGIN = "points", "margin"
SCALES = {"logistic": N_("log-odds"), "softmax": N_("logit"), "survival": N_("log hazard")}
AT_FIRST_SIGHT = 5


def panel(case: Case, chosen: str, category: str | None) -> Why:
    """Show the waterfall of the chosen task and return what it was drawn from."""
    output = case.output(chosen)
    shown = say.at(output, category)
    found = cases.why(case, chosen, shown.horizon, shown.category, told_only=True)
    with theme.card("why"):
        head = _("Why {number}?").format(number=found.number.text) if found.story else _("Why?")
        about = say.question(output, found.number) + (
            f": {found.number.label}" if found.number.category else ""
        )
        st.html(f'<h2 class="c-title">{text(head)} <span class="quiet">{text(about)}</span></h2>')
        _choices(case, chosen, found)
        if found.story is None:
            st.html(f'<p class="quiet">{text(found.number.reason)}</p>')
        else:
            in_points = found.link == "identity" or st.session_state.get("scale", POINTS) == POINTS
            st.html(_in_points(found) if in_points else _on_margin(found))
    return found


def _choices(case: Case, chosen: str, found: Why) -> None:
    with st.container(horizontal=True, gap="small"):
        names = [output.task.name for output in case.outputs]
        st.session_state["task"] = chosen
        st.segmented_control(
            _("Task"),
            names,
            format_func=lambda name: say.markdown(say.title(case.output(name).task)),
            key="task",
            required=True,
            wrap=True,
            label_visibility="collapsed",
            on_change=lambda: address.put(task=st.session_state["task"], category=None),
        )
        if found.link != "identity":
            st.segmented_control(
                _("Scale"),
                [POINTS, MARGIN],
                format_func=lambda scale: _("points") if scale == POINTS else _(SCALES[found.link]),
                key="scale",
                default=POINTS,
                required=True,
                persist_state="session",
                label_visibility="collapsed",
            )
    classes = [one for one in case.output(chosen).numbers if one.category is not None]
    if classes:
        st.session_state["category"] = found.number.category
        st.segmented_control(
            _("Class"),
            [one.category for one in classes],
            format_func=lambda name: say.markdown(next(one.label for one in classes if one.category == name)),
            key="category",
            required=True,
            wrap=True,
            label_visibility="collapsed",
            on_change=lambda: address.put(category=st.session_state["category"]),
        )


def _in_points(found: Why) -> str:
    story = found.story
    assert story is not None
    factor = 1.0 if found.link == "identity" else 100.0
    notes = {name: one.sentence for name, one in found.typical.items()}
    marks = {name: factor * one.number for name, one in found.typical.items() if one.number is not None}
    steps = contributions.in_points(story, notes, marks)
    start = factor * (found.reference.value or 0.0)
    end = factor * (found.number.value or 0.0)
    drawn = waterfall.waterfall(
        (_("Reference patient"), start, found.reference.text), steps,
        (_("This patient"), end, found.number.text), "{}" if found.link == "identity" else percent(0.5).replace("50", "{}"),
    )  # fmt: skip
    mark, caution = _("the prediction if this value were typical"), _("Association, not cause.")
    key = f"<span><i></i>{text(mark)}</span>" if marks else ""
    return f'{drawn.html}<p class="f-key">{key}<span>{text(caution)}</span></p>'


def _on_margin(found: Why) -> str:
    table = found.table[found.table["margin"] != 0].sort_values(
        "margin", key=abs, ascending=False, kind="stable"
    )
    many = len(table) > AT_FIRST_SIGHT + 1
    told = table.head(AT_FIRST_SIGHT) if many else table
    pair = _("{label}: {value}")
    labels = [pair.format(label=a, value=b) for a, b in zip(told["label"], told["finding"], strict=True)]
    margins = told["margin"].tolist()
    if many:
        rest = table.iloc[AT_FIRST_SIGHT:]
        labels.append(_("The other {count} together").format(count=number(len(rest))))
        margins.append(float(rest["margin"].sum()))
    start, steps, end = contributions.on_margin(labels, margins, found.base, found.margin)
    drawn = waterfall.waterfall(
        (_("Reference patient"), found.base, number(start, contributions.MARGIN_DECIMALS)), steps,
        (_("This patient"), found.margin, number(end, contributions.MARGIN_DECIMALS)),
    )  # fmt: skip
    words = _("Additive scale: {scale}. Association, not cause.").format(scale=_(SCALES[found.link]))
    return f'{drawn.html}<p class="f-key"><span>{text(words)}</span></p>'
