"""Every task before and after an edit, and the contributions that changed most."""

from __future__ import annotations

from collections.abc import Iterator

from mtl.figures import gauge
from mtl.figures.markup import text
from mtl.language import _, signed
from mtl.services.patients import cases
from mtl.services.patients.cases import Number, TaskOutput, WhatIf
from pages.ui import say


def _pairs(answer: WhatIf) -> Iterator[tuple[TaskOutput, Number, Number]]:
    for before in answer.before.outputs:
        shown = before.headline
        after = answer.after.output(before.task.name)
        numbers = {one.column: one for one in after.numbers}
        yield before, shown, numbers[shown.column]


def table(answer: WhatIf) -> str:
    """Return every task's number as recorded and as edited."""
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


def changes(answer: WhatIf, chosen: str) -> str:
    """Return how the contributions to the chosen task changed, the largest change first."""
    shown = answer.before.output(chosen).headline
    one = cases.why(answer.before, chosen, shown.horizon, shown.category, told_only=True)
    other = cases.why(answer.after, chosen, shown.horizon, shown.category, told_only=True)
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
