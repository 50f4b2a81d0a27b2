"""What if a value were another? Every value on one form, every task before and after."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from mtl.figures import gauge
from mtl.figures.markup import text
from mtl.language import _, signed, study_language
from mtl.services import cases
from mtl.services.cases import Case, Finding, Number, TaskOutput, WhatIf
from pages.ui import findings, say

_COLUMNS = 3


def panel(case: Case, chosen: str) -> None:
    """Show the form and, beside it, every task's number as recorded and as edited."""
    left, right = st.columns([5, 6], gap="medium")
    with left:
        edits = _form(case)
    with right, st.container(key="answers"):
        try:
            answer = cases.what_if(case.key, edits, _horizons(case)) if edits else WhatIf(case, case, {}, ())
        except cases.EditError as error:
            st.error(say.markdown(str(error)))
            answer = WhatIf(case, case, {}, ())
        for warning in answer.warnings:
            st.warning(say.markdown(warning))
        st.html(_answers(answer))
        if answer.edits:
            st.html(_changes(answer, chosen))


def _horizons(case: Case) -> dict[str, float]:
    found = ((output.task.name, output.headline.horizon) for output in case.outputs)
    return {name: years for name, years in found if years is not None}


def _editable(case: Case) -> list[Finding]:
    locked = set(case.study.treatment_columns)
    return [finding for finding in case.findings if finding.feature.name not in locked]


def _form(case: Case) -> dict[str, object]:
    kept = f"edits_{case.key}"
    tries = st.session_state.get(f"tries_{case.key}", 0)
    with st.form(f"what_if_{case.key}_{tries}", border=False):
        editable = _editable(case)
        given: dict[str, object] = {}
        for start in range(0, len(editable), _COLUMNS):
            for column, finding in zip(
                st.columns(_COLUMNS), editable[start : start + _COLUMNS], strict=False
            ):
                with column, st.container(gap="xxsmall"):
                    given[finding.feature.name] = field(case, finding, tries)
        locked = "; ".join(
            _("{label}: {value}").format(label=say.title(one.treatment), value=one.text)
            for one in case.treatments
        )
        if locked:
            words = _(
                "Locked: {treatments}. What was given is no finding, and changing it here would not show its effect."
            )
            st.html(f'<p class="quiet">{text(words.format(treatments=locked))}</p>')
        with st.container(horizontal=True):
            if st.form_submit_button(_("Predict again"), type="primary", key=f"predict_{case.key}"):
                st.session_state[kept] = {
                    name: value
                    for name, value in given.items()
                    if not same(value, recorded(case.finding(name)))
                }
            if st.form_submit_button(_("Back to the record"), key=f"restore_{case.key}"):
                st.session_state.pop(kept, None)
                st.session_state[f"tries_{case.key}"] = tries + 1
                st.rerun()
    found: dict[str, object] = st.session_state.get(kept, {})
    return found


def field(case: Case, finding: Finding, tries: int) -> object:
    """Show the field of a finding and return its value; an empty one means not measured."""
    feature, key = finding.feature, f"edit_{case.key}_{tries}_{finding.feature.name}"
    unit = feature.unit.get(study_language())
    label = say.markdown(f"{say.title(feature)} ({unit})" if unit else say.title(feature))
    missing = _("not measured")
    start = recorded(finding)
    if feature.kind == "numeric":
        value = st.number_input(
            label, value=start, key=key, placeholder=missing, format="%g", step=_step(feature.decimals)
        )
        range_ = _("usual {range}").format(range=findings.usual(feature)) if feature.typical else "\u00a0"
        st.html(f'<p class="quiet">{text(range_)}</p>')
        return value
    words = {"true": _("yes"), "false": _("no")}
    if feature.kind != "boolean":
        words = {level.text: level.get(study_language()) for level in feature.levels}
    options: list[object] = [*words, None]
    choice = st.selectbox(
        label, options, index=options.index(start) if start in options else len(options) - 1, key=key,
        format_func=lambda value: missing if value is None else words[value],
    )  # fmt: skip
    st.html('<p class="quiet">\u00a0</p>')  # keeps the fields of a row level
    return choice


def _step(decimals: int | None) -> float:
    return float(10.0 ** -(decimals or 0))


def recorded(finding: Finding) -> object:
    """Return the recorded value as its field takes it: a number, a level's text, "true", "false" or None."""
    if finding.missing or finding.value is None:
        return None
    feature, value = finding.feature, finding.value
    if feature.kind == "numeric":
        return float(value)  # type: ignore[arg-type]
    if feature.kind == "boolean":
        return "true" if str(value).strip().lower() in ("true", "yes", "y", "1", "1.0") else "false"
    for level in feature.levels:
        if level.text == str(value).strip() or level.value == value or _equal_numbers(level.text, value):
            return level.text
    return None


def _equal_numbers(one: object, other: object) -> bool:
    try:
        return float(one) == float(other)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def same(one: object, other: object) -> bool:
    """Return whether two values of a field are the same; not measured equals itself."""
    return one == other or (one is None and other is None)


def _pairs(answer: WhatIf) -> Iterator[tuple[TaskOutput, Number, Number]]:
    for before in answer.before.outputs:
        shown = before.headline
        after = answer.after.output(before.task.name)
        numbers = {one.column: one for one in after.numbers}
        yield before, shown, numbers[shown.column]


def _answers(answer: WhatIf) -> str:
    edited = bool(answer.edits)
    heads = [_("Task"), _("As recorded")] + ([_("As edited"), _("Difference")] if edited else [])
    rows = []
    for output, before, after in _pairs(answer):
        name = say.question(output, before) + (f": {before.label}" if before.category else "")
        picture = ""
        if before.value is not None and output.kind != "regression":
            picture = (
                gauge.gauge(after.value or 0.0, middle=before.value).html
                if edited
                else gauge.gauge(before.value).html
            )
        cells = [before.text] + ([after.text, _difference(output, before, after)] if edited else [])
        columns = "".join(
            f'<td class="amount" data-what="{place}" data-number="{text(before.column)}">{text(cell)}</td>'
            for place, cell in zip(("before", "after", "difference"), cells, strict=False)
        )
        changed = "changed" if len(set(cells[:2])) > 1 else ""
        rows.append(f'<tr class="{changed}"><th scope="row">{text(name)}{picture}</th>{columns}</tr>')
    head = "".join(
        f'<th scope="col"{" class=amount" if i else ""}>{text(h)}</th>' for i, h in enumerate(heads)
    )
    words = (
        _("The thin line marks the record. A task does not move when it may not see what was changed.")
        if edited
        else _(
            "Change a value and predict again: every task answers at once. An empty field means not measured."
        )
    )
    name = _("Every task as recorded and as edited")
    return (
        f'<div class="plain-table" tabindex="0" role="region" aria-label="{text(name)}"><table><thead><tr>{head}</tr>'
        f'</thead><tbody>{"".join(rows)}</tbody></table></div><p class="quiet">{text(words)}</p>'
    )


def _difference(output: TaskOutput, before: Number, after: Number) -> str:
    if before.value is None or after.value is None:
        return ""
    if output.kind == "regression":
        return signed(after.value - before.value, output.task.decimals or 0)
    # of the printed figures, so that the line adds up
    return signed(round(100 * after.value) - round(100 * before.value))


def _changes(answer: WhatIf, chosen: str) -> str:
    """Return how the contributions to the chosen task changed, the largest change first."""
    shown = answer.before.output(chosen).headline
    one = cases.why(answer.before, chosen, shown.horizon, shown.category)
    other = cases.why(answer.after, chosen, shown.horizon, shown.category)
    if one.story is None or other.story is None:
        return ""
    factor, decimals = (1.0, one.story.decimals) if one.link == "identity" else (100.0, 1)
    was, is_now = (factor * found.table.set_index("feature")["points"] for found in (one, other))
    moved = (is_now - was).abs().sort_values(ascending=False, kind="stable").head(3)
    told, pair = other.table.set_index("feature"), _("{label}: {value}")
    findings_now = {
        name: pair.format(label=a, value=b)
        for name, a, b in zip(told.index, told["label"], told["finding"], strict=True)
    }
    lines = "".join(
        f"<li>{text(findings_now[name])}: {text(signed(was[name], max(decimals, 0)))} → "
        f"<b>{text(signed(is_now[name], max(decimals, 0)))}</b></li>"
        for name, change in moved.items()
        if change > 0
    )
    head = _("Contributions that changed most: {task}").format(
        task=say.question(answer.before.output(chosen), shown)
    )
    return f'<p class="quiet">{text(head)}</p><ul class="reasons">{lines}</ul>' if lines else ""
