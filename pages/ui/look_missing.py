"""What is missing: of each finding, in which patterns, and whether it goes with an outcome."""

from __future__ import annotations

import streamlit as st

from mtl.figures import survey
from mtl.figures.markup import text
from mtl.figures.survey import Bar
from mtl.language import _, number, percent
from mtl.services.own import look_words
from mtl.services.own.look import Look, Subject
from pages.ui import say, theme

NOTABLE = 0.05  # a difference between groups that is worth a look
PATTERNS = 8


def panel(subject: Subject, found: Look, task: str) -> None:
    """Show missing values in three ways."""
    missing = found.missing
    gaps = sorted((one for one in missing.by_feature if one.missing), key=lambda one: -one.missing)
    head = _("What is missing")
    with theme.card("missing"):
        words = _("{complete} of {rows} rows are complete.").format(
            complete=number(missing.complete_rows), rows=number(found.rows)
        )
        st.html(f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>')
        if not gaps:
            return
        left, right = st.columns(2, gap="large")
        with left:
            lines = [
                Bar(
                    look_words.column_title(subject.study, one.column),
                    one.share,
                    (number(one.missing), percent(one.share, 1)),
                )
                for one in gaps
            ]
            _section(_("By finding"), (_("Finding"), _("Missing"), _("Of all")), lines)
        with right:
            _patterns(subject, found)
        if task:
            _by_outcome(subject, found, task)


def _patterns(subject: Subject, found: Look) -> None:
    lines = []
    for one in found.missing.patterns:
        share = one.rows / max(found.rows, 1)
        cells = (number(one.rows), percent(share, 1))
        lines.append(Bar(look_words.lacking(subject.study, one), share, cells))
    _section(_("Together in one row"), (_("Missing together"), _("Rows"), _("Of all")), lines, PATTERNS)
    if found.missing.other_patterns:
        words = _("{count} rarer patterns are not listed.").format(count=number(found.missing.other_patterns))
        st.html(f'<p class="quiet">{text(words)}</p>')


def _by_outcome(subject: Subject, found: Look, task: str) -> None:
    entry = subject.study.task(task)
    asked = [one for one in found.missing.by_outcome if one.task == task]
    if not asked:
        return
    names = look_words.group_labels(entry, list(asked[0].shares))
    lines = [
        Bar(
            look_words.column_title(subject.study, one.column),
            one.gap,
            (*(percent(share, 1) for share in one.shares.values()), number(100 * one.gap, 1)),
            notable=one.gap >= NOTABLE,
        )
        for one in asked
    ]
    title = _("Missing by {task}").format(task=say.title(entry))
    _section(title, (_("Finding"), *names.values(), _("Gap, points")), lines, 8)
    words = _(
        "What is missing more often with one outcome than with the other may have been recorded because of it. "
        "Bars show the gap between the groups."
    )
    st.html(f'<p class="quiet">{text(words)}</p>')


def _section(title: str, heads: tuple[str, ...], lines: list[Bar], most: int = 10) -> None:
    drawn = survey.bars(lines, heads, title, most)
    st.html(f'<h3 class="c-title">{text(title)}</h3>{drawn.html}')
