"""The full table behind a number: every finding, what it adds, and the prediction at its typical value."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mtl.figures.markup import text
from mtl.language import _, listed, measured, signed, study_language
from mtl.services.patients.cases import Case, Why
from pages.ui import export, say
from pages.ui.why import SCALES


def panel(case: Case, found: Why) -> None:
    """Show all findings of a case with their contributions to the chosen number."""
    st.html(_markup(case, found))
    st.download_button(
        _("Download CSV"), export.csv_bytes(table(case, found)), file_name=f"{found.task.name}.csv",
        mime="text/csv", key="findings_csv", on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def table(case: Case, found: Why) -> pd.DataFrame:
    """Return the numbers of the table, unrounded, for a spreadsheet."""
    lines = found.table.set_index("feature")
    rows = []
    for finding in case.findings:
        name = finding.feature.name
        seen = name in lines.index
        one = lines.loc[name] if seen else None
        rows.append(
            {
                _("feature"): name,
                _("label"): say.title(finding.feature),
                _("value"): None if finding.missing else finding.value,
                _("unit"): finding.feature.unit.get(study_language()),
                _("seen by the task"): _("yes") if seen else _("no"),
                _("contribution"): None if one is None else float(one["points"]),
                _("contribution, additive scale"): None if one is None else float(one["margin"]),
                _("typical value"): None if one is None else one["typical"],
                _("prediction if typical"): None if one is None else float(one["if_typical"]),
            }
        )
    return pd.DataFrame(rows)


def _markup(case: Case, found: Why) -> str:
    lines = found.table.set_index("feature")
    hidden = [one.feature.name for one in case.findings if one.feature.name not in lines.index]
    scale = _(SCALES[found.link]) if found.link in SCALES else ""
    heads = [
        _("Finding"),
        _("Value"),
        _("Usual range"),
        _("Contribution"),
        _("Typical value"),
        _("If typical"),
    ]
    heads[4:4] = [scale] if scale else []
    head = "".join(f'<th scope="col"{_side(place)}>{text(words)}</th>' for place, words in enumerate(heads))
    body = []
    for name in [*lines.index, *hidden]:
        cells = (
            _contribution(found, name, bool(scale)) if name in lines.index else [_("not seen by this task")]
        )
        cells = [case.finding(name).text, usual(case.finding(name).feature), *cells]
        cells += [""] * (len(heads) - 1 - len(cells))
        columns = "".join(f"<td{_side(place)}>{text(cell)}</td>" for place, cell in enumerate(cells, start=1))
        body.append(f'<tr><th scope="row">{text(say.title(case.finding(name).feature))}</th>{columns}</tr>')
    caption = _("Every finding and its contribution to {task}, in points.").format(task=say.title(found.task))
    return (
        f'<p class="quiet">{text(caption)}</p><div class="plain-table" tabindex="0" role="region" '
        f'aria-label="{text(caption)}"><table><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'
    )


def _side(place: int) -> str:
    return ' class="amount"' if place > 2 else ""


def _contribution(found: Why, name: str, on_margin: bool) -> list[str]:
    one = found.table.set_index("feature").loc[name]
    typical = found.typical.get(name)
    if found.link == "identity":
        cells = [signed(float(one["points"]), max(found.story.decimals if found.story else 0, 0))]
    else:
        cells = [signed(100 * float(one["points"]), 1)]
    cells += [signed(float(one["margin"]), 2)] if on_margin else []
    return [*cells, typical.text if typical else "", typical.number_text if typical else ""]


def usual(feature: object) -> str:
    """Say the usual range of a feature, or what it may be."""
    typical = getattr(feature, "typical", None)
    if typical:
        return _("{low} to {high}").format(low=measured(typical[0]), high=measured(typical[1]))
    levels = getattr(feature, "levels", None)
    return listed(level.get(study_language()) for level in levels) if levels and len(levels) <= 4 else ""
