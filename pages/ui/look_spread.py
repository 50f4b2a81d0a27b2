"""How findings are distributed: by group, far out, and with each other."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mtl.figures import heatmap, survey
from mtl.figures.markup import text
from mtl.figures.numbers import framed
from mtl.figures.survey import Group
from mtl.language import _, measured, number, study_language
from mtl.services.own import look, look_words
from mtl.services.own.look import Look, Numeric, Outliers, Subject
from pages.ui import export, say, theme

DRAWN, MATRIX, PAIRS = 4, 10, 12


def distributions(subject: Subject, found: Look, task: str) -> None:
    """Draw the findings that the reader chooses, in the groups of a task; first those that differ most."""
    if not task:
        return
    seen = set(subject.study.visible(task))  # the others may be the outcome itself
    rows = [row for row in look.described(subject.key, task).rows if row.feature.name in seen]
    differ = {row.feature.name: row.difference or 0.0 for row in rows}
    order = sorted(differ, key=lambda name: -differ[name])
    titles = {name: look_words.column_title(subject.study, name) for name in order}
    head = _("Distributions by {task}").format(task=say.title(subject.study.task(task)))
    with theme.card("distributions"):
        st.html(f'<h2 class="c-title">{text(head)}</h2>')
        chosen = st.multiselect(
            _("Findings, those that differ most first"),
            order,
            default=order[:DRAWN],
            format_func=lambda name: titles[name],
            max_selections=12,
            key=f"look_findings_{subject.key}_{task}",
        )
        names = [name for name in chosen if name in differ]
        for first in range(0, len(names), 2):
            for column, name in zip(st.columns(2, gap="large"), names[first : first + 2], strict=False):
                with column:
                    _one(subject, found, task, name, titles[name])


def _one(subject: Subject, found: Look, task: str, name: str, title: str) -> None:
    drawn = next(one for one in found.distributions if one.column == name and one.task == task)
    entry = next(feature for feature in subject.study.features if feature.name == name)
    labels = look_words.group_labels(subject.study.task(task), list(drawn.counts))
    groups = [
        Group(labels[label], counts, drawn.quartiles.get(label)) for label, counts in drawn.counts.items()
    ]
    if drawn.edges:
        picture = survey.histograms(title, drawn.edges, groups, min((entry.decimals or 0) + 1, 6))
    elif drawn.levels:
        words = study_language()
        named = {level.text: level.get(words) for level in entry.levels} | (
            {"0": _("no"), "1": _("yes")} if entry.kind == "boolean" else {}
        )
        picture = survey.levels(title, [named.get(level, level) for level in drawn.levels], groups)
    else:
        none = _("no value")
        st.html(f'<h3 class="c-title">{text(title)}</h3><p class="quiet">{text(none)}</p>')
        return
    st.html(f'<h3 class="c-title">{text(title)}</h3>{picture.html}')


def far_out(subject: Subject, found: Look) -> None:
    """List values far from the rest, and those outside the study's valid range."""
    head = _("Outliers")
    words = _(
        "Further than three interquartile ranges beyond the quartiles (on the logarithm where values are positive and "
        "long-tailed), or outside the range that the study calls valid. Nothing is removed."
    )
    with theme.card("outliers"):
        st.html(f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>')
        if not found.outliers:
            none = _("No value stands out.")
            st.html(f"<p>{text(none)}</p>")
            return
        lines = []
        seen = {
            row.feature.name: (row.overall.minimum, row.overall.maximum, row.feature.decimals or 0)
            for row in found.table_one.rows
            if isinstance(row.overall, Numeric)
        }
        for one in sorted(found.outliers, key=lambda one: -(one.count + one.invalid)):
            usual = _usual(one, *seen[one.column])
            rows = ", ".join(look.named(subject.key, one.rows[:5])) + (", …" if one.count > 5 else "")
            title = look_words.column_title(subject.study, one.column)
            lines.append((title, usual, number(one.count), number(one.invalid), rows or "–"))
        heads = (_("Finding"), _("Usual range"), _("Beyond"), _("Not valid"), _("The furthest rows"))
        st.html(framed(heads, lines, head))


def _usual(one: Outliers, least: float, most: float, digits: int) -> str:
    """Say the usual range; an end beyond every value that occurs says nothing, such as a negative count."""
    low, high = measured(one.low, digits), measured(one.high, digits)
    if one.low < least:
        return _("up to {value}").format(value=high)
    if one.high > most:
        return _("from {value}").format(value=low)
    return _("{low} to {high}").format(low=low, high=high)


def correlations(subject: Subject, found: Look) -> None:
    """Show the findings that go together most as a matrix, the strongest pairs, and the whole matrix to take away."""
    known = found.correlations
    if len(known.names) < 2:
        return
    pairs = known.strongest(least=0.0)
    names = list(dict.fromkeys(name for a, b, _r in pairs for name in (a, b)))[:MATRIX]
    titles = {one.name: say.title(one) for one in subject.study.features}
    places = [known.names.index(name) for name in names]
    shown = known.values[places][:, places]
    head = _("Correlations")
    words = _("Spearman's coefficient over {rows} rows; the findings with the strongest pairs.").format(
        rows=number(known.rows)
    )
    with theme.card("correlations"):
        st.html(f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>')
        drawn = heatmap.heatmap(
            [titles[name] for name in names], [titles[name] for name in names], shown.tolist(),
            [[False] * len(names)] * len(names), caption=head, decimals=2, full=1.0,
        )  # fmt: skip
        rows = [(f"{titles[a]} – {titles[b]}", number(r, 2)) for a, b, r in pairs[:PAIRS]]
        left, right = st.columns([68, 32], gap="large")
        left.html(f'<div class="u-matrix">{drawn.html}</div>')
        strongest = _("The strongest pairs")
        table = framed((_("Pair"), _("Coefficient")), rows, strongest)
        right.html(f'<h3 class="c-title">{text(strongest)}</h3>{table}')
        frame = pd.DataFrame(known.values, columns=list(known.names)).round(4)
        frame.insert(0, _("Finding"), list(known.names))
        st.download_button(
            _("All correlations (CSV)"), lambda: export.csv_bytes(frame), "correlations.csv", "text/csv",
            key="download_correlations", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
